//! Signing in: the attempt that is kept meanwhile, the way back, and what a success changes.
//!
//! The session that follows is made in `sessions`; what Keycloak and tokens say is judged in the adapter.

use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use super::sessions::Cookie;
use super::vault::{Place, VaultError};
use super::{Identity, hash, hex, store_fault};
use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::ports::identity::{
    Claims, Credential, DeviceAnswer, GrantedTokens, Person, SignInAttempt, Stay,
};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::time::Timestamp;

/// The longest path to come back to that is kept, in bytes.
const NEXT_CAP: usize = 2000;

/// A code flow begun.
#[derive(Debug)]
pub struct CodeSignIn {
    /// Where to send the browser.
    pub url: String,
    /// A cookie for this browser; only with it the way back is open.
    pub cookie: Cookie,
}

/// A device flow begun.
#[derive(Debug)]
pub struct DeviceSignIn {
    /// Names the attempt when it is asked about.
    pub handle: SecretString,
    /// A cookie for this browser; only with it the attempt can be asked about.
    pub cookie: Cookie,
    /// The code to type.
    pub user_code: String,
    /// Where to type it.
    pub verification_uri: String,
    /// The same with the code in it, if offered.
    pub verification_uri_complete: Option<String>,
    /// Seconds between two polls.
    pub interval_s: u64,
    /// Until when.
    pub until: Timestamp,
}

/// The parameters with which a browser comes back from Keycloak.
#[derive(Debug, Default)]
pub struct Callback {
    /// `state`
    pub state: Option<SecretString>,
    /// `code`
    pub code: Option<SecretString>,
    /// `error`
    pub error: Option<String>,
    /// `error_description`
    pub error_description: Option<String>,
}

/// Somebody signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// The session's cookie, in place of any earlier one.
    pub session: Cookie,
    /// The path of ours to go on at.
    pub next: String,
    /// How many of their imports had waited for this and go on now.
    pub woken: usize,
}

/// How a device flow is doing.
#[derive(Debug)]
pub enum DevicePoll {
    /// Not confirmed yet.
    Pending,
    /// Not confirmed yet, and asked too often: five seconds more from now on.
    SlowDown,
    /// Confirmed.
    SignedIn(Box<SignedIn>),
}

impl Identity {
    /// Begins a code flow; `next` is where the person wants to go afterwards.
    ///
    /// # Errors
    /// `renku-unknown`, named problems of Keycloak, a fault of the store.
    pub async fn begin_sign_in(
        &self,
        renku: &RenkuName,
        next: &str,
        stay: Stay,
    ) -> Result<CodeSignIn, Fault> {
        let flow = self.provider(renku)?.keycloak.begin_code_flow(&self.redirect_uri, stay).await?;
        let until = self.clock.now().plus(self.settings.attempt_life);
        let cookie = self.keep_attempt(renku, &flow.state, &flow.secrets, next, until).await?;
        Ok(CodeSignIn { url: flow.url, cookie })
    }

    /// Ends a code flow. `browser` is the attempt's cookie, `session` that of a session the browser has already.
    ///
    /// # Errors
    /// `sign-in-attempt-unknown` when it is over, was used, or began in another browser; each refusal of Keycloak or of a check
    /// by name; a fault of the store.
    pub async fn finish_sign_in(
        &self,
        callback: Callback,
        browser: Option<&SecretString>,
        session: Option<&SecretString>,
    ) -> Result<SignedIn, Fault> {
        let unknown = || Fault::user(ProblemCode::SignInAttemptUnknown);
        let state = callback.state.as_ref().ok_or_else(unknown)?;
        let attempt = self.find_attempt(state, browser).await?;
        self.take(&attempt).await?;
        if let Some(error) = &callback.error {
            return Err(refused(error, callback.error_description.as_deref().unwrap_or_default()));
        }
        let code = callback.code.ok_or_else(unknown)?;
        let secrets = self.open_attempt(&attempt)?;
        let keycloak = &self.provider(&attempt.renku)?.keycloak;
        let (tokens, claims) = keycloak.finish_code_flow(code, secrets, &self.redirect_uri).await?;
        self.welcome(&attempt, tokens, claims, session).await
    }

    /// Begins a device flow.
    ///
    /// # Errors
    /// `renku-unknown`, named problems of Keycloak, a fault of the store.
    pub async fn begin_device_sign_in(
        &self,
        renku: &RenkuName,
        next: &str,
        stay: Stay,
    ) -> Result<DeviceSignIn, Fault> {
        let flow = self.provider(renku)?.keycloak.begin_device_flow(stay).await?;
        let handle = self.secret();
        let until = self.clock.now().plus(self.settings.attempt_life).min(flow.until);
        let cookie = self.keep_attempt(renku, &handle, &flow.device_code, next, until).await?;
        Ok(DeviceSignIn {
            handle,
            cookie,
            user_code: flow.user_code,
            verification_uri: flow.verification_uri,
            verification_uri_complete: flow.verification_uri_complete,
            interval_s: flow.interval_s,
            until,
        })
    }

    /// Asks Keycloak once whether the person has confirmed.
    ///
    /// # Errors
    /// `sign-in-attempt-unknown` when it is over, was used, or began in another browser; each refusal of Keycloak or of a check
    /// by name; a fault of the store.
    pub async fn poll_device_sign_in(
        &self,
        handle: &SecretString,
        browser: Option<&SecretString>,
        session: Option<&SecretString>,
    ) -> Result<DevicePoll, Fault> {
        let attempt = self.find_attempt(handle, browser).await?;
        let device_code = self.open_attempt(&attempt)?;
        let keycloak = &self.provider(&attempt.renku)?.keycloak;
        match keycloak.poll_device_flow(&device_code).await {
            Ok(DeviceAnswer::Pending) => Ok(DevicePoll::Pending),
            Ok(DeviceAnswer::SlowDown) => Ok(DevicePoll::SlowDown),
            Ok(DeviceAnswer::Granted(tokens, claims)) => {
                self.take(&attempt).await?;
                let signed_in = self.welcome(&attempt, tokens, claims, session).await?;
                Ok(DevicePoll::SignedIn(Box::new(signed_in)))
            }
            Err(fault) => {
                if !matches!(fault.class, Class::Outage { .. } | Class::Retryable { .. }) {
                    self.take(&attempt).await?;
                }
                Err(fault)
            }
        }
    }

    async fn keep_attempt(
        &self,
        renku: &RenkuName,
        handle: &SecretString,
        secrets: &SecretString,
        next: &str,
        until: Timestamp,
    ) -> Result<Cookie, Fault> {
        let handle = hash(handle);
        let secret = self.secret();
        let attempt = SignInAttempt {
            handle,
            renku: renku.clone(),
            browser: hash(&secret),
            secrets: self.vault.seal(secrets, &attempt_place(&hex(&handle)))?,
            next: own_path(next).to_owned(),
            until,
        };
        self.store.put_attempt(attempt, self.clock.now()).await.map_err(store_fault)?;
        Ok(Cookie { secret, until })
    }

    async fn find_attempt(
        &self,
        handle: &SecretString,
        browser: Option<&SecretString>,
    ) -> Result<SignInAttempt, Fault> {
        let unknown = || Fault::user(ProblemCode::SignInAttemptUnknown);
        let found = self.store.attempt(&hash(handle), self.clock.now()).await.map_err(store_fault)?;
        let attempt = found.ok_or_else(unknown)?;
        let same_browser = browser.is_some_and(|browser| bool::from(hash(browser).ct_eq(&attempt.browser)));
        if same_browser { Ok(attempt) } else { Err(unknown()) }
    }

    /// Makes sure that it is used once.
    async fn take(&self, attempt: &SignInAttempt) -> Result<(), Fault> {
        let taken = self.store.take_attempt(&attempt.handle, self.clock.now()).await.map_err(store_fault)?;
        taken.map(|_| ()).ok_or_else(|| Fault::user(ProblemCode::SignInAttemptUnknown))
    }

    fn open_attempt(&self, attempt: &SignInAttempt) -> Result<SecretString, Fault> {
        Ok(self.vault.open(&attempt.secrets, &attempt_place(&hex(&attempt.handle)))?)
    }

    /// The same, and opens a session.
    async fn welcome(
        &self,
        attempt: &SignInAttempt,
        tokens: GrantedTokens,
        claims: Claims,
        session: Option<&SecretString>,
    ) -> Result<SignedIn, Fault> {
        let (person, woken) = self.adopt(&attempt.renku, &tokens, claims).await?;
        let session = self.session_for(&person, session).await?;
        Ok(SignedIn { person, session, next: attempt.next.clone(), woken })
    }

    /// Stores who it is and what they gave us, and lets their imports go on; how many.
    ///
    /// # Errors
    /// A fault of the store or the vault.
    pub async fn adopt(
        &self,
        renku: &RenkuName,
        tokens: &GrantedTokens,
        claims: Claims,
    ) -> Result<(Person, usize), Fault> {
        let now = self.clock.now();
        let person = Person {
            id: PersonId::new(now),
            renku: renku.clone(),
            issuer: claims.issuer,
            subject: claims.subject,
            name: claims.name,
            username: claims.username,
            created_at: now,
        };
        let seal =
            |id: PersonId, earlier: Option<&Credential>| self.new_credential(id, earlier, tokens, now).ok();
        let stored = self.store.signed_in(person, &seal, now).await.map_err(store_fault)?;
        let (person, woken) = stored.ok_or(VaultError::NoKey)?;
        tracing::info!(
            person.id = %person.id, renku = %person.renku, imports.woken = woken.len(),
            "somebody signed in"
        );
        self.nudge(&woken).await;
        Ok((person, woken.len()))
    }
}

fn attempt_place(handle: &str) -> Place<'_> {
    Place { table: "sign_in_attempts", row: handle, column: "secrets" }
}

/// A refusal that came back with the browser (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
fn refused(error: &str, description: &str) -> Fault {
    let (class, problem) = match error {
        "unauthorized_client" | "unsupported_response_type" => {
            (Class::User, Problem::new(ProblemCode::CodeFlowOff))
        }
        // A client without the optional scope, or a person without the role.
        "not_allowed" => (Class::User, Problem::new(ProblemCode::OfflineAccessRefused)),
        "invalid_scope" if description.contains("offline_access") => {
            (Class::User, Problem::new(ProblemCode::OfflineAccessRefused))
        }
        "invalid_scope" => (Class::User, Problem::new(ProblemCode::ScopeNotGranted).about("scopes")),
        // The rest of the request is the same everywhere; the kind of PKCE is what a client can be set to.
        "invalid_request" => (Class::User, Problem::new(ProblemCode::PkceRefused)),
        "server_error" | "temporarily_unavailable" => {
            (Class::Outage { after: None }, Problem::new(ProblemCode::KeycloakUnreachable))
        }
        _ => (Class::User, Problem::new(ProblemCode::SignInRefused)),
    };
    let words = if description.is_empty() { error.to_owned() } else { format!("{error}: {description}") };
    Fault::new(class, problem).saying(words)
}

/// The path if it leads to ourselves, else the front page.
///
/// Browsers read `//host` and `/\host` as another host, and drop tabs and line ends before they look.
fn own_path(next: &str) -> &str {
    let inside = next.starts_with('/') && !next.starts_with("//");
    let tame = next.len() <= NEXT_CAP && !next.contains(|c: char| c == '\\' || c.is_control());
    if inside && tame { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn the_way_back_leads_to_ourselves_alone() {
        for good in ["/", "/imports", "/launch/demo?callback=aHR0cHM6Ly94&x=//y"] {
            assert_eq!(own_path(good), good);
        }
        for bad in [
            "",
            "imports",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n",
        ] {
            assert_eq!(own_path(bad), "/", "{bad:?}");
        }
        assert_eq!(own_path(&format!("/{}", "x".repeat(2000))), "/");
    }
}

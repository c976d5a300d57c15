//! The requests to Keycloak's back channel, and the port made of them.
//!
//! Discovery belongs in `discovery`, the checking of tokens in `check`.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::{ClientId, CsrfToken, JsonWebKeySet, Nonce, PkceCodeChallenge, RedirectUrl, Scope};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::adapters::http;
use crate::domain::ports::Clock;
use crate::domain::ports::identity::{
    Claims, CodeFlow, DeviceAnswer, DeviceFlow, GrantedTokens, IdentityProvider, Renewal, Stay,
};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::time::Timestamp;

use super::check::{self, Refused};
use super::discovery::{Discovery, Provider};
use super::error::{self, Asked, OidcError};
use super::wire;
use super::{BODY_CAP, OidcSettings};

/// The grant type of RFC 8628.
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The scope of a sign-in that outlasts the person's session (`OpenID` Connect Core §11).
const OFFLINE: &str = "offline_access";
/// Seconds between polls where the server names none (RFC 8628 §3.2).
const DEVICE_INTERVAL_S: u64 = 5;

/// The Keycloak of one Renku.
pub struct OidcProvider {
    pub(super) http: reqwest::Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) discovery: Discovery,
    pub(super) settings: OidcSettings,
}

impl fmt::Debug for OidcProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcProvider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What must come back to finish a code flow, in sealed form meanwhile.
#[derive(Serialize, Deserialize)]
struct FlowSecrets {
    verifier: String,
    nonce: String,
}

impl OidcProvider {
    /// The provider with these settings; nothing is asked yet.
    ///
    /// `http` should keep no connections open ([`http::HttpSettings::keep_alive`] off): a renewal written to a connection that
    /// is just being closed leaves in the dark whether the refresh token was spent.
    pub fn new(http: reqwest::Client, clock: Arc<dyn Clock>, settings: OidcSettings) -> Self {
        let discovery = Discovery::new(http.clone(), Arc::clone(&clock), settings.clone());
        Self { http, clock, discovery, settings }
    }

    /// The issuer as discovery found it.
    ///
    /// # Errors
    /// Named problems of discovery.
    pub async fn issuer(&self) -> Result<String, Fault> {
        Ok(self.discovery.provider().await?.issuer.as_str().to_owned())
    }

    /// Posts a form with our client's credentials in it; they go into the body, since old Keycloaks and others disagree on
    /// how Basic authentication encodes special characters.
    pub(super) async fn post(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Vec<u8>, OidcError> {
        let mut form = vec![("client_id", self.settings.client_id.as_str())];
        if let Some(secret) = &self.settings.client_secret {
            form.push(("client_secret", secret.expose_secret()));
        }
        form.extend_from_slice(fields);
        let request = self.http.post(url.clone()).header("accept", "application/json").form(&form);
        let response = http::send(request).await.map_err(OidcError::sending)?;
        let status = response.status();
        let after = http::retry_after(response.headers());
        let body = http::body(response, BODY_CAP)
            .await
            .map_err(|error| OidcError::reading(error, status.as_u16()))?;
        if status.is_success() { Ok(body) } else { Err(OidcError::answered(status.as_u16(), after, &body)) }
    }

    async fn token(
        &self,
        url: &Url,
        asked: Asked,
        fields: &[(&str, &str)],
    ) -> Result<wire::TokenAnswer, OidcError> {
        let body = self.post(url, fields).await.map_err(|error| error.when(asked))?;
        // The parser's own message could quote a token.
        serde_json::from_slice(&body)
            .ok()
            .ok_or_else(|| OidcError::NotUnderstood { status: 200, detail: "no token answer".to_owned() })
    }

    pub(super) async fn checked(&self, token: &str) -> Result<Claims, Fault> {
        let now = self.clock.now();
        self.with_keys(|provider| check::access_token(token, provider, &self.settings, now)).await
    }

    /// Whether the realm signed this token, whatever it claims.
    ///
    /// # Errors
    /// Named problems of discovery: without the realm's keys nobody knows.
    pub async fn signed(&self, token: &AccessToken) -> Result<bool, Fault> {
        match self.with_keys(|provider| check::signature(token.expose(), provider)).await {
            Ok(()) => Ok(true),
            Err(fault)
                if matches!(
                    fault.problem.code,
                    ProblemCode::TokenSignatureWrong | ProblemCode::TokenUnreadable
                ) =>
            {
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Looks at a token with the realm's keys, and once more with newer ones where it was signed with one that we do not know.
    async fn with_keys<T>(&self, look: impl Fn(&Provider) -> Result<T, Refused>) -> Result<T, Fault> {
        let provider = self.discovery.provider().await?;
        match look(&provider) {
            Ok(seen) => Ok(seen),
            Err(Refused::For(fault)) => Err(fault),
            Err(Refused::KeyUnknown(_)) => {
                let provider = self.discovery.newer_than(&provider).await?;
                look(&provider).map_err(|refused| match refused {
                    Refused::KeyUnknown(fault) | Refused::For(fault) => fault,
                })
            }
        }
    }

    fn authorization_request(
        &self,
        provider: &Provider,
        redirect_uri: &str,
        stay: Stay,
    ) -> Result<CodeFlow, Fault> {
        let not_usable = |error: &dyn std::error::Error| {
            Fault::new(Class::Permanent, Problem::new(ProblemCode::ConfigurationInvalid).about("public_url"))
                .saying(error.to_string())
        };
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| not_usable(&error))?;
        let client_id = ClientId::new(self.settings.client_id.clone());
        let client = CoreClient::new(client_id, provider.issuer.clone(), JsonWebKeySet::default())
            .set_auth_uri(provider.authorization.clone())
            .set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.scopes(stay).into_iter().map(str::to_owned).map(Scope::new))
            .set_pkce_challenge(challenge)
            .url();
        let secrets = FlowSecrets { verifier: verifier.into_secret(), nonce: nonce.secret().clone() };
        let secrets = serde_json::to_string(&secrets).map_err(|error| not_usable(&error))?;
        Ok(CodeFlow { url: url.into(), state: state.into_secret().into(), secrets: secrets.into() })
    }

    /// Gets tokens for a name and a password, where the realm allows it ("Direct access grants"); for the command line alone.
    ///
    /// # Errors
    /// Each refusal is a named problem.
    pub async fn password_flow(
        &self,
        username: &str,
        password: &SecretString,
    ) -> Result<(GrantedTokens, Claims), Fault> {
        let provider = self.discovery.provider().await?;
        let scope = self.device_scope(Stay::Session);
        let fields = [
            ("grant_type", "password"),
            ("username", username),
            ("password", password.expose_secret()),
            ("scope", &scope),
        ];
        let answer = self.token(&provider.token, Asked::Password, &fields).await?;
        let claims = self.checked(answer.access_token.expose_secret()).await?;
        Ok((granted(answer, self.clock.now()), claims))
    }

    /// What is asked for beside `openid`.
    fn scopes(&self, stay: Stay) -> Vec<&str> {
        let mut scopes: Vec<_> = self.settings.scopes.iter().map(String::as_str).collect();
        if stay == Stay::Offline && !scopes.contains(&OFFLINE) {
            scopes.push(OFFLINE);
        }
        scopes
    }

    /// The scopes of a device flow, which no crate adds `openid` to.
    pub(super) fn device_scope(&self, stay: Stay) -> String {
        let mut scopes = vec!["openid"];
        scopes.extend(self.scopes(stay).into_iter().filter(|scope| *scope != "openid"));
        scopes.join(" ")
    }

    pub(super) async fn device_started(
        &self,
        stay: Stay,
    ) -> Result<(wire::DeviceAnswer, Timestamp), OidcError> {
        let provider = self.discovery.provider().await?;
        let url = provider.device.clone().ok_or(OidcError::NotOffered("device authorization"))?;
        let body = self
            .post(&url, &[("scope", &self.device_scope(stay))])
            .await
            .map_err(OidcError::at_device_endpoint)?;
        let answer = serde_json::from_slice(&body)
            .ok()
            .ok_or_else(|| OidcError::NotUnderstood { status: 200, detail: "no device answer".to_owned() })?;
        Ok((answer, self.clock.now()))
    }
}

fn granted(answer: wire::TokenAnswer, now: Timestamp) -> GrantedTokens {
    let after = |seconds: u64| now.plus(std::time::Duration::from_secs(seconds));
    let access_until = match answer.expires_in {
        Some(seconds) => after(seconds),
        None => check::expiry(answer.access_token.expose_secret()).unwrap_or(now),
    };
    GrantedTokens {
        access: answer.access_token,
        access_until,
        refresh: answer.refresh_token,
        refresh_until: answer.refresh_expires_in.filter(|seconds| *seconds > 0).map(after),
    }
}

#[async_trait]
impl IdentityProvider for OidcProvider {
    async fn begin_code_flow(&self, redirect_uri: &str, stay: Stay) -> Result<CodeFlow, Fault> {
        let provider = self.discovery.provider().await?;
        self.authorization_request(&provider, redirect_uri, stay)
    }

    async fn finish_code_flow(
        &self,
        code: SecretString,
        secrets: SecretString,
        redirect_uri: &str,
    ) -> Result<(GrantedTokens, Claims), Fault> {
        let secrets: FlowSecrets = serde_json::from_str(secrets.expose_secret())
            .map_err(|error| Fault::user(ProblemCode::SignInAttemptUnknown).caused_by(error))?;
        let provider = self.discovery.provider().await?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", &secrets.verifier),
        ];
        let mut answer = self.token(&provider.token, Asked::Code, &fields).await?;
        let claims = self.checked(answer.access_token.expose_secret()).await?;
        let id_token = answer.id_token.take().ok_or_else(|| OidcError::NotUnderstood {
            status: 200,
            detail: "no id_token in the token answer".to_owned(),
        })?;
        // Read again, since the check of the access token may have found new keys.
        let provider = self.discovery.provider().await?;
        let now = self.clock.now();
        let nonce = Nonce::new(secrets.nonce);
        let subject =
            check::id_token(&id_token, &answer.access_token, &nonce, &provider, &self.settings, now)?;
        if subject != claims.subject {
            return Err(
                Fault::user(ProblemCode::SignInRefused).saying("the two tokens name different people")
            );
        }
        Ok((granted(answer, now), claims))
    }

    async fn begin_device_flow(&self, stay: Stay) -> Result<DeviceFlow, Fault> {
        let (answer, now) = self.device_started(stay).await?;
        Ok(DeviceFlow {
            user_code: answer.user_code,
            verification_uri: answer.verification_uri,
            verification_uri_complete: answer.verification_uri_complete,
            device_code: answer.device_code,
            until: now.plus(std::time::Duration::from_secs(answer.expires_in)),
            interval_s: answer.interval.unwrap_or(DEVICE_INTERVAL_S),
        })
    }

    async fn poll_device_flow(&self, device_code: &SecretString) -> Result<DeviceAnswer, Fault> {
        let provider = self.discovery.provider().await?;
        let fields = [("grant_type", DEVICE_GRANT), ("device_code", device_code.expose_secret())];
        let answer = match self.token(&provider.token, Asked::Device, &fields).await {
            Ok(answer) => answer,
            Err(OidcError::Refused { error, .. }) if error == "authorization_pending" => {
                return Ok(DeviceAnswer::Pending);
            }
            Err(OidcError::Refused { error, .. }) if error == "slow_down" => {
                return Ok(DeviceAnswer::SlowDown);
            }
            Err(error) => return Err(error.into()),
        };
        let claims = self.checked(answer.access_token.expose_secret()).await?;
        let now = self.clock.now();
        Ok(DeviceAnswer::Granted(granted(answer, now), claims))
    }

    async fn renew(&self, refresh: &SecretString) -> Renewal {
        let provider = match self.discovery.provider().await {
            Ok(provider) => provider,
            Err(error) => return Renewal::NotSent(error.into()),
        };
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        match self.token(&provider.token, Asked::Refresh, &fields).await {
            Ok(answer) => Renewal::Renewed(granted(answer, self.clock.now())),
            Err(OidcError::Refused { asked, status, error, description })
                if error == "invalid_grant" || error == "invalid_scope" =>
            {
                let code = error::refusal(asked, status, &error, &description);
                let tells_why =
                    [ProblemCode::AccountDisabled, ProblemCode::AccountNotReady, ProblemCode::ConsentMissing];
                let code = if tells_why.contains(&code) { code } else { ProblemCode::SignInNeeded };
                Renewal::Dead(Problem::new(code).saying(format!("{error}: {description}")))
            }
            Err(error @ OidcError::NotSent(_)) => Renewal::NotSent(error.into()),
            // 504: a proxy waited in vain for a Keycloak that got the request. 200: it was done, and the tokens are lost.
            Err(
                error @ (OidcError::Cut(_)
                | OidcError::Server { status: 504, .. }
                | OidcError::NotUnderstood { status: 200..=299, .. }),
            ) => Renewal::Unclear(error.into()),
            Err(
                error @ (OidcError::Server { .. }
                | OidcError::Refused { .. }
                | OidcError::NotUnderstood { .. }
                | OidcError::IssuerNotFound { .. }
                | OidcError::IssuerMismatch { .. }
                | OidcError::NoDeviceFlow { .. }
                | OidcError::NotOffered(_)),
            ) => Renewal::NotDone(error.into()),
        }
    }

    async fn revoke(&self, refresh: &SecretString) -> Result<(), Fault> {
        let provider = self.discovery.provider().await?;
        let url = provider.revocation.clone().ok_or(OidcError::NotOffered("revocation"))?;
        let fields = [("token", refresh.expose_secret()), ("token_type_hint", "refresh_token")];
        match self.post(&url, &fields).await {
            // Keycloak answers 200 with `{"error":"invalid_token"}` for one it does not know: there is nothing left to revoke.
            Ok(_) => Ok(()),
            Err(OidcError::Refused { error, .. }) if error == "invalid_token" => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn check(&self, token: &AccessToken) -> Result<Claims, Fault> {
        self.checked(token.expose()).await
    }
}

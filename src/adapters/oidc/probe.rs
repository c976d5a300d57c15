//! Looks at a realm and our client in it without a sign-in: what each endpoint says to requests that nobody will finish.
//!
//! `error` and the way an answer comes decide, and a comparison where both are the same; texts only go along as words.

use std::collections::HashMap;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{ACCEPT, DATE, LOCATION, WWW_AUTHENTICATE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::adapters::http;
use crate::domain::ports::identity::Stay;
use crate::domain::ports::probe::{CodeFlowFacts, Realm, SignInFacts, SignInProbe};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use crate::domain::time::Timestamp;

use super::client::OidcProvider;
use super::discovery::Provider;
use super::error::OidcError;
use super::wire::AccessClaims;
use super::{BODY_CAP, check};

/// No client is called this: it shows what the realm says of one that it does not know.
const NOBODY: &str = "dataverse-renku-doctor-knows-that-there-is-no-such-client";
/// A refresh token that no realm gave out.
const NO_TOKEN: &str = "none";

/// What came of opening the authorization address.
enum Opened {
    /// The browser would be sent back to us.
    Back { error: Option<String>, words: String },
    /// The browser would see a page; its visible text.
    Page { status: u16, text: String },
}

#[derive(Deserialize)]
struct Introspected {
    active: bool,
    #[serde(flatten)]
    claims: AccessClaims,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
}

impl OidcProvider {
    async fn open(
        &self,
        provider: &Provider,
        client_id: &str,
        redirect_uri: &str,
        scope: &str,
        pkce: bool,
    ) -> Result<Opened, OidcError> {
        let mut url = provider.authorization.url().clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("client_id", client_id)
                .append_pair("redirect_uri", redirect_uri)
                .append_pair("response_type", "code")
                .append_pair("scope", scope)
                .append_pair("state", "doctor")
                .append_pair("nonce", "doctor")
                .append_pair("prompt", "none");
            if pkce {
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(NOBODY));
                query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
            }
        }
        let response = http::send(self.http.get(url)).await.map_err(OidcError::sending)?;
        let status = response.status();
        let after = http::retry_after(response.headers());
        if status.is_server_error() {
            return Err(OidcError::Server { status: status.as_u16(), after });
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        if let Some(target) = location.filter(|target| target.starts_with(redirect_uri)) {
            let query: HashMap<String, String> = Url::parse(target)
                .map(|target| target.query_pairs().into_owned().collect())
                .unwrap_or_default();
            let words = query.get("error_description").cloned().unwrap_or_default();
            return Ok(Opened::Back { error: query.get("error").cloned(), words });
        }
        let body = http::body(response, BODY_CAP)
            .await
            .map_err(|error| OidcError::reading(error, status.as_u16()))?;
        Ok(Opened::Page { status: status.as_u16(), text: visible(&String::from_utf8_lossy(&body)) })
    }

    fn scope(&self) -> String {
        self.device_scope(Stay::Session)
    }

    /// Keycloak says the same of a client that it does not know, of one that is switched off and of one that has to show in another
    /// way than by its secret who it is; its pages do not.
    async fn unknown_or_disabled(
        &self,
        provider: &Provider,
        redirect_uri: Option<&str>,
        words: String,
    ) -> Result<Fault, OidcError> {
        if let Some(at) = redirect_uri
            && let Opened::Back { .. } =
                self.open(provider, &self.settings.client_id, at, "openid", true).await?
        {
            return Ok(Fault::user(ProblemCode::ClientRefused).saying(format!(
                "{words}; the client is known and on, and does not show by a secret who it is"
            )));
        }
        let at = "https://client.invalid/";
        let ours = self.open(provider, &self.settings.client_id, at, "openid", true).await?;
        let nobodys = self.open(provider, NOBODY, at, "openid", true).await?;
        let code = match (ours, nobodys) {
            (Opened::Page { text: ours, .. }, Opened::Page { text: nobodys, .. }) if ours != nobodys => {
                ProblemCode::ClientDisabled
            }
            (Opened::Page { .. } | Opened::Back { .. }, _) => ProblemCode::ClientUnknown,
        };
        Ok(Fault::user(code).saying(format!("{}: {words}", self.settings.client_id)))
    }

    async fn missing_scopes(&self, provider: &Provider, at: &str) -> Result<Vec<String>, OidcError> {
        let mut missing = Vec::new();
        for scope in self.settings.scopes.iter().filter(|scope| *scope != "openid") {
            let asked = format!("openid {scope}");
            let opened = self.open(provider, &self.settings.client_id, at, &asked, true).await?;
            if matches!(opened, Opened::Back { error: Some(error), .. } if error == "invalid_scope") {
                missing.push(scope.clone());
            }
        }
        Ok(missing)
    }

    async fn what_stands_against(
        &self,
        provider: &Provider,
        at: &str,
        opened: Opened,
    ) -> Result<Option<Fault>, OidcError> {
        let fault = |code, words: String| Some(Fault::user(code).saying(words));
        Ok(match opened {
            Opened::Back { error: None, .. } => None,
            Opened::Back { error: Some(error), words } => match error.as_str() {
                "login_required" | "interaction_required" | "consent_required" => None,
                "unauthorized_client" => fault(ProblemCode::CodeFlowOff, words),
                "invalid_request" => fault(ProblemCode::PkceRefused, words),
                "invalid_scope" => {
                    let missing = self.missing_scopes(provider, at).await?;
                    let fault = Fault::user(ProblemCode::ScopeNotGranted).saying(missing.join(", "));
                    Some(Fault {
                        problem: fault.problem.about(missing.first().cloned().unwrap_or_default()),
                        ..fault
                    })
                }
                "server_error" | "temporarily_unavailable" => Some(Fault::new(
                    Class::Outage { after: None },
                    Problem::new(ProblemCode::KeycloakUnreachable).saying(error),
                )),
                _ => fault(ProblemCode::FlowNotAllowed, format!("{error}: {words}")),
            },
            // Our client is known by now: a page can only mean that there is nowhere to send the browser.
            Opened::Page { status: 400..=403, .. } => {
                let fault = Fault::user(ProblemCode::RedirectNotRegistered).saying(at);
                Some(Fault { problem: fault.problem.about("redirect_uri"), ..fault })
            }
            Opened::Page { status, text } => {
                let start: String = text.chars().take(100).collect();
                fault(ProblemCode::KeycloakNotUnderstood, format!("HTTP {status}: {start}"))
            }
        })
    }

    /// The issuer that a discovery document at this address names.
    async fn issuer_named_at(&self, issuer: &str) -> Option<(String, Option<i64>)> {
        let url = format!("{issuer}/.well-known/openid-configuration");
        let response = http::send(self.http.get(url).header(ACCEPT, "application/json")).await.ok()?;
        let ahead = response.headers().get(DATE).and_then(|date| self.ahead(date.to_str().ok()?));
        let body = http::body(response, BODY_CAP).await.ok()?;
        let document: Document = serde_json::from_slice(&body).ok()?;
        Some((document.issuer, ahead))
    }

    fn ahead(&self, date: &str) -> Option<i64> {
        let theirs = chrono::DateTime::parse_from_rfc2822(date).ok()?.timestamp_millis();
        // The header has whole seconds: anything between them is no difference.
        let ours = self.clock.now().as_millis();
        let apart = theirs - ours;
        Some(if (-1000..=0).contains(&apart) { 0 } else { apart })
    }

    /// Where the Renku's own sign-in leads: a redirect to its realm's authorization endpoint.
    async fn issuer_of_renku(&self) -> Option<String> {
        let renku = self.settings.renku_url.as_str().trim_end_matches('/');
        let response = http::send(self.http.get(format!("{renku}/api/auth/login"))).await.ok()?;
        let target = response.headers().get(LOCATION)?.to_str().ok()?;
        let (issuer, _) = target.split_once("/protocol/openid-connect/")?;
        Some(issuer.to_owned())
    }

    async fn ask_about(&self, provider: &Provider, refresh: &str) -> Result<Option<Introspected>, OidcError> {
        let url = provider.introspection.clone().filter(|_| self.settings.client_secret.is_some());
        let Some(url) = url else { return Ok(None) };
        let body = self.post(&url, &[("token", refresh), ("token_type_hint", "refresh_token")]).await?;
        Ok(serde_json::from_slice(&body).ok())
    }

    /// Why a sign-in is over, as far as it can be seen.
    async fn why_over(
        &self,
        provider: &Provider,
        access: &AccessToken,
        refresh: Option<&SecretString>,
    ) -> Fault {
        let now = self.clock.now();
        let ended = |token: &str| check::expiry(token).filter(|until| *until <= now);
        if let Some(until) = refresh.and_then(|refresh| ended(refresh.expose_secret())) {
            let words = format!("not used for longer than the realm allows; it ended at {until}");
            return over(ProblemCode::SignInNeeded, &words);
        }
        if ended(access.expose()).is_none()
            && let Some(words) = self.userinfo_refusal(provider, access).await
        {
            // RFC 6750 has one `error` for all of this; only the words tell these two apart.
            let code = if words.contains("disabled") {
                ProblemCode::AccountDisabled
            } else {
                ProblemCode::SignInNeeded
            };
            return over(code, &words);
        }
        over(ProblemCode::SignInNeeded, "the realm has ended it")
    }

    /// `None`: it is accepted, or nothing is known.
    async fn userinfo_refusal(&self, provider: &Provider, access: &AccessToken) -> Option<String> {
        let url = provider.userinfo.clone()?;
        let response = http::send(self.http.get(url).bearer_auth(access.expose())).await.ok()?;
        if response.status() != reqwest::StatusCode::UNAUTHORIZED {
            return None;
        }
        let header = response.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?;
        let words = header.split("error_description=\"").nth(1)?.split('"').next()?;
        Some(words.to_owned())
    }
}

fn over(code: ProblemCode, words: &str) -> Fault {
    Fault::new(Class::SignIn(SignInAt::Connector), Problem::new(code).saying(words))
}

/// A page's text without markup, scripts and what differs each time.
fn visible(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        text.push(' ');
        let skipped = ["script", "style"]
            .into_iter()
            .find(|name| tag.get(1..=name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
        let end = skipped.and_then(|name| tag.find(&format!("</{name}"))).unwrap_or(0);
        let tail = tag.get(end..).unwrap_or("");
        rest = tail.find('>').and_then(|close| tail.get(close + 1..)).unwrap_or("");
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl SignInProbe for OidcProvider {
    async fn realm(&self) -> Result<Realm, Fault> {
        let provider = self.discovery.provider().await?;
        let issuer = provider.issuer.as_str().to_owned();
        let ahead_ms = self.issuer_named_at(&issuer).await.and_then(|(_, ahead)| ahead);
        Ok(Realm { issuer, ahead_ms })
    }

    async fn issuer_that_answers(&self) -> Option<String> {
        let mut candidates = self.settings.issuers();
        for issuer in candidates.clone() {
            let Some((host, realm)) = issuer.split_once("/realms/") else { continue };
            let other = match host.strip_suffix("/auth") {
                Some(bare) => bare.to_owned(),
                None => format!("{host}/auth"),
            };
            candidates.push(format!("{other}/realms/{realm}"));
            candidates.push(format!("{host}/realms/{}", self.settings.realm));
            candidates.push(format!("{other}/realms/{}", self.settings.realm));
        }
        candidates.extend(self.issuer_of_renku().await);
        for candidate in candidates {
            if let Some((issuer, _)) = self.issuer_named_at(&candidate).await {
                return Some(issuer);
            }
        }
        None
    }

    async fn client(&self, redirect_uri: &str) -> Result<(), Fault> {
        let provider = self.discovery.provider().await?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", NO_TOKEN)];
        match self.post(&provider.token, &fields).await {
            Ok(_) => Ok(()),
            // The token is none, and that is said only to a client that has shown who it is.
            Err(OidcError::Refused { error, .. }) if error == "invalid_grant" => Ok(()),
            Err(error) if error.code() == ProblemCode::ClientUnknown => Err(self
                .unknown_or_disabled(
                    &provider,
                    Some(redirect_uri),
                    Fault::from(error).problem.words.unwrap_or_default(),
                )
                .await?),
            Err(error) => Err(error.into()),
        }
    }

    async fn code_flow(&self, redirect_uri: &str) -> Result<CodeFlowFacts, Fault> {
        let provider = self.discovery.provider().await?;
        let client_id = &self.settings.client_id;
        let opened = self.open(&provider, client_id, redirect_uri, &self.scope(), true).await?;
        if let Some(fault) = self.what_stands_against(&provider, redirect_uri, opened).await? {
            return Err(fault);
        }
        if provider.basic {
            let basic = self.open(&provider, client_id, redirect_uri, "openid basic", true).await?;
            if matches!(basic, Opened::Back { error: Some(error), .. } if error == "invalid_scope") {
                return Err(
                    Fault::user(ProblemCode::TokenWithoutSubject).saying("the client lacks the scope basic")
                );
            }
        }
        let without = self.open(&provider, client_id, redirect_uri, &self.scope(), false).await?;
        let pkce_enforced =
            matches!(without, Opened::Back { error: Some(error), .. } if error == "invalid_request");
        Ok(CodeFlowFacts { pkce_enforced })
    }

    async fn device_flow(&self) -> Result<(), Fault> {
        let provider = self.discovery.provider().await?;
        match self.device_started(Stay::Session).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == ProblemCode::ClientUnknown => Err(self
                .unknown_or_disabled(&provider, None, Fault::from(error).problem.words.unwrap_or_default())
                .await?),
            Err(error) => Err(error.into()),
        }
    }

    async fn sign_in(
        &self,
        access: &AccessToken,
        refresh: Option<&SecretString>,
    ) -> Result<SignInFacts, Fault> {
        let provider = self.discovery.provider().await?;
        let now: Timestamp = self.clock.now();
        let asked = match refresh {
            Some(refresh) => self.ask_about(&provider, refresh.expose_secret()).await?,
            None => None,
        };
        match asked {
            // What it says of the person and the audience is what the next access token will say.
            Some(found) if found.active => {
                check::complete(&found.claims, &self.settings)?;
                Ok(if self.signed(access).await? { SignInFacts::Whole } else { SignInFacts::KeyGone })
            }
            Some(_) => Err(self.why_over(&provider, access, refresh).await),
            None if check::expiry(access.expose()).is_some_and(|until| until > now) => {
                match self.userinfo_refusal(&provider, access).await {
                    Some(_) => Err(self.why_over(&provider, access, refresh).await),
                    None => self.checked(access.expose()).await.map(|_| SignInFacts::Whole),
                }
            }
            None => Ok(SignInFacts::NotSeen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn of_a_page_only_what_is_seen_is_compared() {
        let page = "<html><script nonce=\"1\">let a = '<b>';</script><style>p{}</style><p>Client <b>not</b> found.</p>";
        assert_eq!(visible(page), "Client not found.");
        assert_eq!(visible("plain < "), "plain");
    }
}

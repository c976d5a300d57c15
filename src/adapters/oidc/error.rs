//! Why a call to Keycloak did not go well, by meaning, and the problem each refusal is.
//!
//! Keycloak's texts vary between versions: `error` decides, a part of the description only where one code means several things.

use std::time::Duration;

use crate::adapters::http;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};

use super::wire::ErrorAnswer;

/// Why a call to Keycloak did not go well.
#[derive(Debug, thiserror::Error)]
pub(super) enum OidcError {
    /// It surely did not reach Keycloak.
    #[error("Keycloak could not be connected to")]
    NotSent(#[source] reqwest::Error),
    /// It may have reached Keycloak; no whole answer came.
    #[error("the answer of Keycloak did not arrive")]
    Cut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An answer of 500 or above, or 429.
    #[error("Keycloak answered HTTP {status}")]
    Server { status: u16, after: Option<Duration> },
    /// A refusal as OAuth 2.0 words it.
    #[error("Keycloak refused (HTTP {status}): {error}: {description}")]
    Refused { status: u16, error: String, description: String },
    /// An answer in no shape that OpenID Connect provides for; `status` 200 means that Keycloak may have done it.
    #[error("Keycloak's answer (HTTP {status}) cannot be understood: {detail}")]
    NotUnderstood { status: u16, detail: String },
    /// No discovery document.
    #[error("no OpenID discovery document at {}", tried.join(" nor at "))]
    IssuerNotFound { tried: Vec<String> },
    /// The discovery document is another issuer's.
    #[error("the discovery document of {expected} does not fit: {detail}")]
    IssuerMismatch { expected: String, detail: String },
    /// The provider offers no such endpoint.
    #[error("the provider offers no {0} endpoint")]
    NotOffered(&'static str),
    /// The client may not begin a device flow: told by the endpoint that it was asked for at, whatever the words.
    #[error("no device flow for this client: {words}")]
    NoDeviceFlow { words: String },
}

impl OidcError {
    pub(super) fn sending(error: reqwest::Error) -> Self {
        if http::surely_not_sent(&error) { Self::NotSent(error) } else { Self::Cut(Box::new(error)) }
    }

    pub(super) fn reading(error: http::BodyError, status: u16) -> Self {
        match error {
            http::BodyError::TooLarge { cap } => {
                Self::NotUnderstood { status, detail: format!("larger than {cap} bytes") }
            }
            http::BodyError::Broken(error) => Self::Cut(Box::new(error)),
        }
    }

    /// What an answer without success means.
    pub(super) fn answered(status: u16, after: Option<Duration>, body: &[u8]) -> Self {
        if status >= 500 || status == 429 {
            return Self::Server { status, after };
        }
        match serde_json::from_slice::<ErrorAnswer>(body) {
            Ok(answer) => {
                Self::Refused { status, error: answer.error, description: answer.error_description }
            }
            Err(_) => Self::NotUnderstood { status, detail: "no OAuth error in it".to_owned() },
        }
    }

    /// The same refusal, of the endpoint that begins a device flow (Keycloak before 26 says `invalid_grant` there).
    pub(super) fn at_device_endpoint(self) -> Self {
        let off = matches!(&self, Self::Refused { status: 400, error, .. }
            if matches!(error.as_str(), "unauthorized_client" | "invalid_grant"));
        if off { Self::NoDeviceFlow { words: self.words() } } else { self }
    }

    pub(super) fn code(&self) -> ProblemCode {
        match self {
            Self::NotSent(error) if distrusts(error) => ProblemCode::KeycloakNotTrusted,
            Self::NotSent(_) | Self::Cut(_) | Self::Server { .. } => ProblemCode::KeycloakUnreachable,
            Self::Refused { status, error, description } => refusal(*status, error, description),
            Self::NotUnderstood { .. } => ProblemCode::KeycloakNotUnderstood,
            Self::IssuerNotFound { .. } => ProblemCode::IssuerNotFound,
            Self::IssuerMismatch { .. } => ProblemCode::IssuerMismatch,
            Self::NotOffered(_) => ProblemCode::FlowNotAllowed,
            Self::NoDeviceFlow { .. } => ProblemCode::DeviceFlowOff,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::NotSent(_) | Self::Cut(_) => Class::Outage { after: None },
            Self::Server { after, .. } => Class::Outage { after: *after },
            Self::Refused { error, .. } if error == "invalid_grant" || error == "not_allowed" => {
                Class::SignIn(SignInAt::Connector)
            }
            Self::Refused { .. } if self.code() == ProblemCode::ConsentMissing => {
                Class::SignIn(SignInAt::Connector)
            }
            Self::Refused { error, .. } if is_temporary(error) => Class::Outage { after: None },
            // A setting that somebody can mend: worth some more attempts, so that a slip does not end every import at once. An
            // ingress also answers 404 for a Keycloak that is being replaced.
            Self::Refused { .. }
            | Self::NotUnderstood { .. }
            | Self::IssuerNotFound { .. }
            | Self::IssuerMismatch { .. }
            | Self::NotOffered(_)
            | Self::NoDeviceFlow { .. } => Class::Retryable { after: None },
        }
    }

    fn words(&self) -> String {
        match self {
            Self::NoDeviceFlow { words } => words.clone(),
            Self::Refused { error, description, .. } if description.is_empty() => error.clone(),
            Self::Refused { error, description, .. } => format!("{error}: {description}"),
            // "No connection" alone helps nobody.
            Self::NotSent(_) | Self::Cut(_) => http::causes(self),
            Self::Server { .. }
            | Self::NotUnderstood { .. }
            | Self::IssuerNotFound { .. }
            | Self::IssuerMismatch { .. }
            | Self::NotOffered(_) => self.to_string(),
        }
    }
}

impl From<OidcError> for Fault {
    fn from(error: OidcError) -> Self {
        let problem = Problem::new(error.code()).saying(error.words());
        Self::new(error.class(), problem).caused_by(error)
    }
}

fn is_temporary(error: &str) -> bool {
    matches!(error, "server_error" | "temporarily_unavailable")
}

/// Whether no connection was made because the other side's certificate is not one that we trust.
fn distrusts(error: &(dyn std::error::Error + 'static)) -> bool {
    if matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
        return true;
    }
    // An I/O error is no source of what it wraps, and the layers wrap one in another.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.is_some_and(|inner| distrusts(inner)) || error.source().is_some_and(distrusts)
}

/// The problem that a refusal is (Keycloak: `TokenEndpoint`, `TokenManager`, `ClientIdAndSecretAuthenticator`, `DeviceGrantType`).
///
/// 401 is about who our client is, 400 about what it may do; both can be called `unauthorized_client`.
pub(super) fn refusal(status: u16, error: &str, description: &str) -> ProblemCode {
    let says = |part: &str| description.contains(part);
    match error {
        "unauthorized_client" if says("service account") => ProblemCode::FlowNotAllowed,
        "unauthorized_client" if status == 401 || says("Invalid client") => ProblemCode::ClientRefused,
        "unauthorized_client" if says("direct access") => ProblemCode::PasswordFlowOff,
        "unauthorized_client" => ProblemCode::FlowNotAllowed,
        "invalid_client" if says("requires user consent") || says("Bearer-only") => {
            ProblemCode::FlowNotAllowed
        }
        // Old Keycloaks say so of a wrong secret, too, in these words; and new ones where a signed assertion is wanted instead of it.
        "invalid_client" if says("client secret") || says("client_assertion") => ProblemCode::ClientRefused,
        "invalid_client" => ProblemCode::ClientUnknown,
        "invalid_grant" if says("Client not allowed") => ProblemCode::DeviceFlowOff,
        "invalid_grant" if says("disabled") => ProblemCode::AccountDisabled,
        "invalid_grant" if says("not fully set up") => ProblemCode::AccountNotReady,
        "invalid_grant" if says("Invalid user") => ProblemCode::SignInRefused,
        "invalid_grant" if says("Code") || says("code") => ProblemCode::SignInAttemptUnknown,
        "invalid_grant" => ProblemCode::SignInNeeded,
        "expired_token" => ProblemCode::SignInAttemptUnknown,
        "invalid_scope" if says("consent") => ProblemCode::ConsentMissing,
        "invalid_scope" => ProblemCode::ScopeNotGranted,
        "not_allowed" => ProblemCode::OfflineAccessRefused,
        "invalid_request" => ProblemCode::ConfigurationInvalid,
        "access_denied" if says("Realm not enabled") => ProblemCode::RealmDisabled,
        "access_denied" => ProblemCode::SignInRefused,
        "Realm does not exist" => ProblemCode::IssuerNotFound,
        error if is_temporary(error) => ProblemCode::KeycloakUnreachable,
        _ => ProblemCode::KeycloakNotUnderstood,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_keycloak_has_its_name() {
        let cases = [
            (
                400,
                "unauthorized_client",
                "Client not allowed for direct access grants",
                ProblemCode::PasswordFlowOff,
            ),
            (401, "unauthorized_client", "Invalid client secret", ProblemCode::ClientRefused),
            (
                401,
                "unauthorized_client",
                "Invalid client or Invalid client credentials",
                ProblemCode::ClientRefused,
            ),
            (
                401,
                "invalid_client",
                "Invalid client or Invalid client credentials",
                ProblemCode::ClientUnknown,
            ),
            (400, "invalid_client", "Invalid client secret", ProblemCode::ClientRefused),
            (400, "invalid_client", "Parameter client_assertion_type is missing", ProblemCode::ClientRefused),
            (
                401,
                "unauthorized_client",
                "Client not enabled to retrieve service account",
                ProblemCode::FlowNotAllowed,
            ),
            (400, "invalid_client", "Client requires user consent", ProblemCode::FlowNotAllowed),
            (
                400,
                "invalid_grant",
                "Client not allowed OAuth 2.0 Device Authorization Grant",
                ProblemCode::DeviceFlowOff,
            ),
            (400, "invalid_grant", "Code not valid", ProblemCode::SignInAttemptUnknown),
            (400, "invalid_grant", "PKCE code verifier not specified", ProblemCode::SignInAttemptUnknown),
            (400, "invalid_grant", "Session not active", ProblemCode::SignInNeeded),
            (400, "invalid_grant", "Stale token", ProblemCode::SignInNeeded),
            (400, "invalid_grant", "User disabled", ProblemCode::AccountDisabled),
            (400, "invalid_grant", "Account disabled", ProblemCode::AccountDisabled),
            (400, "invalid_grant", "Account is not fully set up", ProblemCode::AccountNotReady),
            (401, "invalid_grant", "Invalid user credentials", ProblemCode::SignInRefused),
            (400, "invalid_scope", "Invalid scopes: openid x", ProblemCode::ScopeNotGranted),
            (
                400,
                "invalid_scope",
                "Client no longer has requested consent from user",
                ProblemCode::ConsentMissing,
            ),
            (400, "not_allowed", "Offline tokens not allowed", ProblemCode::OfflineAccessRefused),
            (403, "invalid_request", "HTTPS required", ProblemCode::ConfigurationInvalid),
            (403, "access_denied", "Realm not enabled", ProblemCode::RealmDisabled),
            (400, "access_denied", "", ProblemCode::SignInRefused),
            (400, "expired_token", "", ProblemCode::SignInAttemptUnknown),
            (404, "Realm does not exist", "", ProblemCode::IssuerNotFound),
            (400, "temporarily_unavailable", "", ProblemCode::KeycloakUnreachable),
            (400, "something_new", "", ProblemCode::KeycloakNotUnderstood),
        ];
        for (status, error, description, code) in cases {
            let body = serde_json::json!({"error": error, "error_description": description}).to_string();
            let fault = Fault::from(OidcError::answered(status, None, body.as_bytes()));
            assert_eq!(fault.problem.code, code, "{error}: {description}");
            assert!(fault.problem.words.unwrap().contains(error));
        }
    }

    #[test]
    fn an_outage_is_told_from_a_wrong_setting() {
        let after = Some(Duration::from_secs(7));
        let fault = Fault::from(OidcError::answered(503, after, b"<html>"));
        assert_eq!(fault.class, Class::Outage { after });
        let fault = Fault::from(OidcError::answered(404, None, b"<html>"));
        assert_eq!(fault.class, Class::Retryable { after: None });
        assert_eq!(fault.problem.code, ProblemCode::KeycloakNotUnderstood);
    }
}

//! Why a call to Keycloak did not go well, by meaning, and the problem each refusal is.
//!
//! Keycloak's texts vary between versions: `error` decides, a part of the description only where one code means several things.

use std::time::Duration;

use crate::adapters::http;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};

use super::wire::ErrorAnswer;

/// What was asked for: it decides where one `error` means several things, in whatever words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Tokens for a code that came back with a browser.
    Code,
    /// Tokens for a refresh token.
    Refresh,
    /// Tokens for a device's code.
    Device,
    /// Tokens for a name and a password.
    Password,
    /// Anything else, also of another endpoint.
    Else,
}

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
    Refused { asked: Asked, status: u16, error: String, description: String },
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
                let (error, description) = (answer.error, answer.error_description);
                Self::Refused { asked: Asked::Else, status, error, description }
            }
            Err(_) => Self::NotUnderstood { status, detail: "no OAuth error in it".to_owned() },
        }
    }

    /// The same, of a call that asked for this.
    pub(super) fn when(mut self, by: Asked) -> Self {
        if let Self::Refused { asked, .. } = &mut self {
            *asked = by;
        }
        self
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
            Self::Refused { asked, status, error, description } => {
                refusal(*asked, *status, error, description)
            }
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
/// 401 is about who our client is, 400 about what it may do; both can be called `unauthorized_client`. Words only make a name finer:
/// without the ones we know, `error`, the status and what was asked for decide.
pub(super) fn refusal(asked: Asked, status: u16, error: &str, description: &str) -> ProblemCode {
    let says = |part: &str| description.contains(part);
    match error {
        "unauthorized_client" if says("service account") => ProblemCode::FlowNotAllowed,
        "unauthorized_client" if status == 401 || says("Invalid client") => ProblemCode::ClientRefused,
        "unauthorized_client" if asked == Asked::Password => ProblemCode::PasswordFlowOff,
        "unauthorized_client" if asked == Asked::Device => ProblemCode::DeviceFlowOff,
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
        "invalid_grant" => match asked {
            Asked::Password => ProblemCode::SignInRefused,
            Asked::Code | Asked::Device => ProblemCode::SignInAttemptUnknown,
            Asked::Refresh | Asked::Else => ProblemCode::SignInNeeded,
        },
        "expired_token" => ProblemCode::SignInAttemptUnknown,
        // For a refresh token we ask for no scope: only one that had been granted can be missing.
        "invalid_scope" if asked == Asked::Refresh || says("consent") => ProblemCode::ConsentMissing,
        "invalid_scope" => ProblemCode::ScopeNotGranted,
        "not_allowed" => ProblemCode::OfflineAccessRefused,
        "invalid_request" => ProblemCode::ConfigurationInvalid,
        // 400 is a person's refusal.
        "access_denied" if status == 403 => ProblemCode::RealmDisabled,
        "access_denied" => ProblemCode::SignInRefused,
        "Realm does not exist" => ProblemCode::IssuerNotFound,
        error if is_temporary(error) => ProblemCode::KeycloakUnreachable,
        _ => ProblemCode::KeycloakNotUnderstood,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Asked::{Code, Device, Else, Password, Refresh};

    /// What Keycloak says of whom, and what that is.
    const REFUSALS: [(Asked, u16, &str, &str, ProblemCode); 27] = [
        (
            Password,
            400,
            "unauthorized_client",
            "Client not allowed for direct access grants",
            ProblemCode::PasswordFlowOff,
        ),
        (Else, 401, "unauthorized_client", "Invalid client secret", ProblemCode::ClientRefused),
        (
            Else,
            401,
            "unauthorized_client",
            "Invalid client or Invalid client credentials",
            ProblemCode::ClientRefused,
        ),
        (
            Else,
            401,
            "invalid_client",
            "Invalid client or Invalid client credentials",
            ProblemCode::ClientUnknown,
        ),
        (Else, 400, "invalid_client", "Invalid client secret", ProblemCode::ClientRefused),
        (
            Else,
            400,
            "invalid_client",
            "Parameter client_assertion_type is missing",
            ProblemCode::ClientRefused,
        ),
        (
            Else,
            401,
            "unauthorized_client",
            "Client not enabled to retrieve service account",
            ProblemCode::FlowNotAllowed,
        ),
        (Else, 400, "invalid_client", "Client requires user consent", ProblemCode::FlowNotAllowed),
        (
            Device,
            400,
            "invalid_grant",
            "Client not allowed OAuth 2.0 Device Authorization Grant",
            ProblemCode::DeviceFlowOff,
        ),
        (Code, 400, "invalid_grant", "Code not valid", ProblemCode::SignInAttemptUnknown),
        (Code, 400, "invalid_grant", "PKCE code verifier not specified", ProblemCode::SignInAttemptUnknown),
        (Refresh, 400, "invalid_grant", "Session not active", ProblemCode::SignInNeeded),
        (Refresh, 400, "invalid_grant", "Stale token", ProblemCode::SignInNeeded),
        (Refresh, 400, "invalid_grant", "User disabled", ProblemCode::AccountDisabled),
        (Refresh, 400, "invalid_grant", "Account disabled", ProblemCode::AccountDisabled),
        (Refresh, 400, "invalid_grant", "Account is not fully set up", ProblemCode::AccountNotReady),
        (Password, 401, "invalid_grant", "Invalid user credentials", ProblemCode::SignInRefused),
        (Else, 400, "invalid_scope", "Invalid scopes: openid x", ProblemCode::ScopeNotGranted),
        (
            Refresh,
            400,
            "invalid_scope",
            "Client no longer has requested consent from user",
            ProblemCode::ConsentMissing,
        ),
        (Code, 400, "not_allowed", "Offline tokens not allowed", ProblemCode::OfflineAccessRefused),
        (Else, 403, "invalid_request", "HTTPS required", ProblemCode::ConfigurationInvalid),
        (Else, 403, "access_denied", "Realm not enabled", ProblemCode::RealmDisabled),
        (Device, 400, "access_denied", "", ProblemCode::SignInRefused),
        (Device, 400, "expired_token", "", ProblemCode::SignInAttemptUnknown),
        (Else, 404, "Realm does not exist", "", ProblemCode::IssuerNotFound),
        (Else, 400, "temporarily_unavailable", "", ProblemCode::KeycloakUnreachable),
        (Else, 400, "something_new", "", ProblemCode::KeycloakNotUnderstood),
    ];

    #[test]
    fn every_refusal_of_keycloak_has_its_name() {
        for (asked, status, error, description, code) in REFUSALS {
            let body = serde_json::json!({"error": error, "error_description": description}).to_string();
            let fault = Fault::from(OidcError::answered(status, None, body.as_bytes()).when(asked));
            assert_eq!(fault.problem.code, code, "{error}: {description}");
            assert!(fault.problem.words.unwrap().contains(error));
        }
    }

    #[test]
    fn what_is_said_in_other_words_or_none_has_its_name_by_what_was_asked_for() {
        let cases = [
            (Password, 400, "unauthorized_client", ProblemCode::PasswordFlowOff),
            (Device, 400, "unauthorized_client", ProblemCode::DeviceFlowOff),
            (Code, 400, "unauthorized_client", ProblemCode::FlowNotAllowed),
            (Code, 401, "unauthorized_client", ProblemCode::ClientRefused),
            (Refresh, 401, "unauthorized_client", ProblemCode::ClientRefused),
            (Refresh, 401, "invalid_client", ProblemCode::ClientUnknown),
            (Code, 400, "invalid_grant", ProblemCode::SignInAttemptUnknown),
            (Device, 400, "invalid_grant", ProblemCode::SignInAttemptUnknown),
            (Password, 401, "invalid_grant", ProblemCode::SignInRefused),
            (Refresh, 400, "invalid_grant", ProblemCode::SignInNeeded),
            (Refresh, 400, "invalid_scope", ProblemCode::ConsentMissing),
            (Code, 400, "invalid_scope", ProblemCode::ScopeNotGranted),
            (Code, 400, "not_allowed", ProblemCode::OfflineAccessRefused),
            (Device, 400, "access_denied", ProblemCode::SignInRefused),
            (Device, 400, "expired_token", ProblemCode::SignInAttemptUnknown),
            (Else, 403, "access_denied", ProblemCode::RealmDisabled),
        ];
        for (asked, status, error, code) in cases {
            for description in ["", "Das darf nicht sein", "\u{4e0d}\u{884c}"] {
                let body = serde_json::json!({"error": error, "error_description": description}).to_string();
                let refused = OidcError::answered(status, None, body.as_bytes()).when(asked);
                assert_eq!(refused.code(), code, "{asked:?} {status} {error} \"{description}\"");
            }
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

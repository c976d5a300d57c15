//! The shapes of Keycloak's answers that no crate gives us in the form we need; they never leave this adapter.
//!
//! Discovery, keys and ID tokens are read with the types of the crate `openidconnect`.

use secrecy::SecretString;
use serde::Deserialize;

/// An answer of the token endpoint (RFC 6749 §5.1) with Keycloak's `refresh_expires_in`.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) expires_in: Option<u64>,
    pub(super) refresh_token: Option<SecretString>,
    /// Seconds; Keycloak says 0 for offline tokens, which have an idle limit all the same.
    pub(super) refresh_expires_in: Option<u64>,
    pub(super) id_token: Option<SecretString>,
}

/// A refusal (RFC 6749 §5.2).
#[derive(Debug, Deserialize)]
pub(super) struct ErrorAnswer {
    pub(super) error: String,
    #[serde(default)]
    pub(super) error_description: String,
}

/// The start of a device flow (RFC 8628 §3.2).
#[derive(Deserialize)]
pub(super) struct DeviceAnswer {
    pub(super) device_code: SecretString,
    pub(super) user_code: String,
    pub(super) verification_uri: String,
    pub(super) verification_uri_complete: Option<String>,
    pub(super) expires_in: u64,
    pub(super) interval: Option<u64>,
}

/// The header of a compact JWS.
#[derive(Debug, Deserialize)]
pub(super) struct JwsHeader {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
}

/// The claims of an access token that decide whether Renku takes it (facts of Renku's gateways and services).
#[derive(Debug, Default, Deserialize)]
pub(super) struct AccessClaims {
    #[serde(default)]
    pub(super) iss: String,
    #[serde(default)]
    pub(super) aud: Audience,
    pub(super) azp: Option<String>,
    pub(super) exp: Option<i64>,
    #[serde(default)]
    pub(super) sub: String,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) preferred_username: Option<String>,
    #[serde(default)]
    pub(super) realm_access: RealmAccess,
}

/// `realm_access` (Keycloak's "realm roles" mapper of the scope `roles`).
#[derive(Debug, Default, Deserialize)]
pub(super) struct RealmAccess {
    #[serde(default)]
    pub(super) roles: Vec<String>,
}

/// `aud`: a text or a list of texts (RFC 7519 §4.1.3).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Audience {
    pub(super) fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }

    pub(super) fn listed(&self) -> String {
        match self {
            Self::One(one) => one.clone(),
            Self::Many(many) => many.join(", "),
        }
    }
}

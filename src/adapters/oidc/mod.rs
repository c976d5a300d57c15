//! Renku's Keycloak through OpenID Connect: discovery, code flow with PKCE, device flow, renewal, revocation, checks.
//!
//! Who is signed in with us, and how tokens are kept, is the business of the use cases in `identity`.

mod check;
mod client;
mod discovery;
mod error;
mod probe;
#[cfg(test)]
mod tests;
mod wire;

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

pub use client::OidcProvider;

/// The most that is read of any answer, in bytes; Keycloak's largest, the discovery document, has about 8 KiB.
const BODY_CAP: usize = 512 * 1024;

/// Where the realm is and as which client we speak to it.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// Address of the Renku, from which the issuer is found where none is given.
    pub renku_url: Url,
    /// The realm's issuer, if it was configured.
    pub issuer: Option<Url>,
    /// The realm's name, for finding the issuer.
    pub realm: String,
    /// Our client's id.
    pub client_id: String,
    /// Our client's secret; a public client has none.
    pub client_secret: Option<SecretString>,
    /// Scopes beside `openid`.
    pub scopes: Vec<String>,
    /// What `aud` of an access token must contain: the id of the Renku gateway's own client.
    pub audience: String,
    /// Clients (`azp`) that this Renku's gateway accepts; `None` where it does not look.
    ///
    /// Stock Go gateways (Renku charts from 0.57) accept `renku` and `renku-cli` only.
    pub accepted_clients: Option<Vec<String>>,
    /// How long the discovery document and the keys are used without looking again.
    pub metadata_ttl: Duration,
    /// For a token with an unknown key, the keys are read again if they are older than this.
    pub keys_min_age: Duration,
    /// By how much clocks may differ.
    pub leeway: Duration,
}

impl OidcSettings {
    /// Settings with the defaults of Renku's chart, for this client.
    pub fn new(renku_url: Url, client_id: impl Into<String>) -> Self {
        Self {
            renku_url,
            issuer: None,
            realm: "Renku".to_owned(),
            client_id: client_id.into(),
            client_secret: None,
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            audience: "renku".to_owned(),
            accepted_clients: None,
            metadata_ttl: Duration::from_hours(1),
            keys_min_age: Duration::from_secs(10),
            leeway: Duration::from_secs(30),
        }
    }

    /// Where to look for the issuer, in this order: as configured; else below the Renku with `/auth`, as the chart sets it up;
    /// else without.
    fn issuers(&self) -> Vec<String> {
        if let Some(issuer) = &self.issuer {
            return vec![issuer.as_str().trim_end_matches('/').to_owned()];
        }
        let renku = self.renku_url.as_str().trim_end_matches('/');
        ["/auth", ""].map(|prefix| format!("{renku}{prefix}/realms/{}", self.realm)).to_vec()
    }
}

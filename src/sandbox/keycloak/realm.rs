//! The clients of the simulated realm, as Renku's chart and its administrator set them up.
//! Requests made by clients are judged in `client_auth`, `authorize` and `token`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CLIENT_SECRET, Options};

/// A client of the realm; also the shape `POST /_sim/clients` takes, where missing fields mean off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "these are the switches of Keycloak's admin console")]
pub struct Client {
    /// The client's id.
    pub client_id: String,
    /// The secret of a confidential client; a public one has none.
    #[serde(skip_serializing)]
    pub secret: Option<String>,
    /// Authorization code flow ("Standard flow").
    pub standard_flow: bool,
    /// Resource owner password grant ("Direct access grants").
    pub direct_access_grants: bool,
    /// Device authorization grant.
    pub device_flow: bool,
    /// Whether PKCE with S256 is demanded.
    pub pkce_required: bool,
    /// Whether an audience mapper puts `renku` into the access token.
    pub audience_renku: bool,
    /// Whether the optional scope `offline_access` is on the client.
    pub offline_access: bool,
    /// Redirect addresses; a final `*` matches any rest.
    pub redirect_uris: Vec<String>,
    /// Life of its access tokens in seconds, where it differs from the realm's.
    pub access_ttl_s: Option<u64>,
}

impl Client {
    /// Whether scripts of this origin may read answers: Keycloak's web origin `+`, that is those of the redirect addresses.
    pub(super) fn allows_origin(&self, origin: &str) -> bool {
        self.secret.is_none() && self.allows_redirect(&format!("{origin}/"))
    }

    /// Whether the redirect address is one of those registered.
    pub(super) fn allows_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(start) => uri.starts_with(start),
            None => uri == allowed,
        })
    }
}

/// The clients a realm starts with.
pub(super) fn clients(options: &Options) -> BTreeMap<String, Client> {
    let below_renku = vec![format!("{}/*", options.renku_url.trim_end_matches('/'))];
    let secret = Some(CLIENT_SECRET.to_owned());
    let connector = Client {
        client_id: "dataverse-connector".to_owned(),
        secret: secret.clone(),
        standard_flow: true,
        pkce_required: true,
        audience_renku: true,
        offline_access: true,
        redirect_uris: options.redirect_uris.clone(),
        ..Client::default()
    };
    let no_audience =
        Client { client_id: "no-audience".to_owned(), audience_renku: false, ..connector.clone() };
    let no_code = Client { client_id: "no-code".to_owned(), standard_flow: false, ..connector.clone() };
    let docs = Client {
        client_id: "dataverse-connector-docs".to_owned(),
        secret: None,
        offline_access: false,
        ..connector.clone()
    };
    let renku = Client {
        client_id: "renku".to_owned(),
        secret,
        standard_flow: true,
        audience_renku: true,
        redirect_uris: below_renku.clone(),
        ..Client::default()
    };
    let renku_cli = Client {
        client_id: "renku-cli".to_owned(),
        device_flow: true,
        audience_renku: true,
        redirect_uris: below_renku.clone(),
        access_ttl_s: Some(options.cli_access_ttl_s),
        ..Client::default()
    };
    let swagger = Client {
        client_id: "swagger".to_owned(),
        standard_flow: true,
        pkce_required: true,
        audience_renku: true,
        redirect_uris: below_renku,
        ..Client::default()
    };
    let admin_cli =
        Client { client_id: "admin-cli".to_owned(), direct_access_grants: true, ..Client::default() };
    [connector, docs, no_audience, no_code, renku, renku_cli, swagger, admin_cli]
        .into_iter()
        .map(|client| (client.client_id.clone(), client))
        .collect()
}

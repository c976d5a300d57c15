//! `[renku.NAME]` and `[renku.NAME.oidc]`: where datasets go, and how people sign in there.

use secrecy::SecretString;
use serde::Serialize;

use super::dataverse::check_encryption;
use super::section::Section;
use super::setting::{Unfit, words};
use super::values::{Bytes, WebAddress, hidden_if_set};

words! {
    /// Which of Renku's services takes the dataset.
    RenkuApi, "\"auto\", \"core\" or \"data\"" {
        /// Asks which of them is there.
        Auto = "auto",
        /// Renku 1's core service, which copies.
        Core = "core",
        /// Renku 2's data services, which link.
        Data = "data",
    }
}

words! {
    /// How people sign in.
    Flow, "\"code\" or \"device\"" {
        /// Authorization Code with PKCE.
        Code = "code",
        /// Device authorization (RFC 8628).
        Device = "device",
    }
}

/// `[renku.NAME.oidc]`
#[derive(Clone, Debug, Serialize)]
pub struct OidcConfig {
    /// The realm's issuer. Where none is configured it is `/auth/realms/Renku` below the Renku's address, as in Renku's chart.
    pub issuer: WebAddress,
    /// Whether the issuer was configured, and not guessed.
    #[serde(skip)]
    pub issuer_given: bool,
    /// Our client.
    pub client_id: String,
    /// A public client with which the page `/api/docs` signs people in from their browser, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docs_client_id: Option<String>,
    /// Its secret; only a public client has none.
    #[serde(serialize_with = "hidden_if_set", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretString>,
    /// How people sign in.
    pub flow: Flow,
    /// What is asked of Keycloak.
    pub scopes: Vec<String>,
    /// What `aud` must contain.
    pub audience: String,
    /// Which `azp` the gateway accepts; empty: it does not look.
    pub accepted_clients: Vec<String>,
}

/// `[renku.NAME]`
#[derive(Clone, Debug, Serialize)]
pub struct RenkuConfig {
    /// The address of its front page.
    pub url: WebAddress,
    /// What people call it.
    pub title: String,
    /// Which of its services takes the dataset.
    pub api: RenkuApi,
    /// On which hosts (`host` or `host:port`) projects may lie.
    pub git_hosts: Vec<String>,
    /// How many jobs of ours it has at once.
    pub outstanding: u32,
    /// The most files of an import into Renku 1.
    pub most_files: u32,
    /// The most bytes of an import into Renku 1.
    pub most_bytes: Bytes,
    /// The resolver that Renku 2 is told to ask for DOIs instead of the real one; only for tests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doi_resolver: Option<WebAddress>,
    /// How people sign in.
    pub oidc: OidcConfig,
}

impl RenkuConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let url = section.required::<WebAddress>("url");
        let title = section.optional("title");
        let api = section.or("api", RenkuApi::Auto);
        let git_hosts = section.optional::<Vec<String>>("git_hosts");
        let outstanding = section.or("outstanding", 3);
        let most_files = section.or("most_files", 500);
        let most_bytes = section.or("most_bytes", Bytes(10 << 30));
        let doi_resolver = section.optional::<WebAddress>("doi_resolver");
        let allow_http = section.or("allow_http", false);
        if outstanding == Some(0) {
            section.fault("outstanding", Unfit::new("It is too small", "Set it to 1 or more."));
        }
        if let (Some(address), Some(allow)) = (&url, allow_http) {
            check_encryption(&section, "url", address, allow);
        }
        let git_hosts = git_hosts.and_then(|given| checked_hosts(&section, given, url.as_ref()?));
        let oidc = OidcConfig::read(section.section("oidc"), url.as_ref(), allow_http == Some(true));
        section.finish();
        let url = url?;
        Some(Self {
            title: title?.unwrap_or_else(|| url.host().to_owned()),
            url,
            api: api?,
            git_hosts: git_hosts?,
            outstanding: outstanding?,
            most_files: most_files?,
            most_bytes: most_bytes?,
            doi_resolver: doi_resolver?,
            oidc: oidc?,
        })
    }
}

fn checked_hosts(section: &Section<'_>, given: Option<Vec<String>>, url: &WebAddress) -> Option<Vec<String>> {
    let Some(hosts) = given else {
        let mut hosts = vec![url.host_and_port()];
        if url.url().domain().is_some() {
            hosts.push(format!("gitlab.{}", url.host_and_port()));
        }
        return Some(hosts);
    };
    let plain = |host: &String| {
        format!("https://{host}").parse::<WebAddress>().is_ok_and(|address| address.host_and_port() == *host)
    };
    if hosts.is_empty() || !hosts.iter().all(plain) {
        section.fault(
            "git_hosts",
            Unfit::new(
                "It is not a list of hosts, so that no project could be chosen",
                "Write hosts without https:// and without a path, such as [\"gitlab.example.org\"]; leave it out for the default.",
            ),
        );
        return None;
    }
    Some(hosts)
}

impl OidcConfig {
    fn read(mut section: Section<'_>, renku: Option<&WebAddress>, allow_http: bool) -> Option<Self> {
        let issuer = section.optional::<WebAddress>("issuer");
        let flow = section.or("flow", Flow::Code);
        let client_id = section.optional::<String>("client_id");
        let docs_client_id = section.optional::<String>("docs_client_id");
        let client_secret = section.secret("client_secret");
        let scopes = section.or("scopes", ["openid", "profile", "email"].map(str::to_owned).to_vec());
        let audience = section.or("audience", "renku".to_owned());
        let accepted_clients = section.or("accepted_clients", Vec::new());
        if let Some(Some(address)) = &issuer {
            check_encryption(&section, "issuer", address, allow_http);
        }
        if let (Some(Flow::Code), Some(None)) = (flow, &client_secret) {
            section.fault(
                "client_secret",
                Unfit::new(
                    "It is missing, and with the flow \"code\" our client at Keycloak has one",
                    "Copy it from Keycloak's console: Clients → the client → Credentials; or put it into a file and name that in \
                     client_secret_file.",
                ),
            );
        }
        if scopes.as_ref().is_some_and(|scopes| !scopes.iter().any(|scope| scope == "openid")) {
            section.fault("scopes", Unfit::new("\"openid\" is not among them", "Add \"openid\"."));
        }
        let client_id =
            client_id.map(|given| given.unwrap_or_else(|| flow.map_or("", default_client).to_owned()));
        if let (Some(client), Some(accepted)) = (&client_id, &accepted_clients)
            && !accepted.is_empty()
            && !accepted.contains(client)
        {
            section.warn(
                "client_id",
                "it is not among accepted_clients, so that Renku will refuse every token; use the flow \"device\" with one of them",
            );
        }
        section.finish();
        let issuer = issuer?;
        Some(Self {
            issuer_given: issuer.is_some(),
            issuer: match issuer {
                Some(issuer) => issuer,
                None => renku?.join("/auth/realms/Renku").parse().ok()?,
            },
            client_id: client_id?,
            docs_client_id: docs_client_id?,
            client_secret: client_secret?,
            flow: flow?,
            scopes: scopes?,
            audience: audience?,
            accepted_clients: accepted_clients?,
        })
    }
}

const fn default_client(flow: Flow) -> &'static str {
    match flow {
        Flow::Code => "dataverse-connector",
        Flow::Device => "renku-cli",
    }
}

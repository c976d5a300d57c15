//! A simulated Keycloak with the realm `Renku`: sign-in page, tokens, rotation, device flow, faults on demand.
//! What knows the connector does not belong here: the two meet by HTTP alone.

mod authorize;
mod client_auth;
mod control;
mod device;
mod discovery;
mod keys;
mod people;
mod realm;
mod session;
mod state;
mod token;
mod tokens;

use std::io;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};

pub use people::{PEOPLE, Person};
pub use realm::Client;

use super::http;
use state::Sim;

/// The realm the chart of Renku creates.
pub const REALM: &str = "Renku";

/// The secret of the confidential clients `dataverse-connector`, `no-audience`, `no-code` and `renku`.
pub const CLIENT_SECRET: &str = "sandbox-secret";

/// How the simulated Keycloak behaves; [`Options::default`] is what Renku's chart sets up.
#[derive(Debug, Clone)]
pub struct Options {
    /// TCP port on loopback; 0 takes a free one.
    pub port: u16,
    /// Whether the issuer lies under `/auth`, as with the Keycloak that Renku's chart brings.
    pub auth_path: bool,
    /// Life of an access token in seconds (the chart sets 1800).
    pub access_ttl_s: u64,
    /// Life of an access token of the client `renku-cli` in seconds (the chart sets 86400).
    pub cli_access_ttl_s: u64,
    /// How long an unused refresh token lives, in seconds (the chart sets 86400, the idle time of a session).
    pub refresh_idle_s: u64,
    /// Whether refresh tokens are rotated with reuse count 0: a second use ends the session.
    pub rotate: bool,
    /// Whether a refresh gives back the very same refresh token; only looked at when `rotate` is off.
    ///
    /// Keycloak itself always writes a new one, even where the old one stays usable.
    pub same_refresh_token: bool,
    /// Life of an authorization code in seconds.
    pub code_ttl_s: u64,
    /// Seconds a device has to leave between two polls.
    pub device_interval_s: u64,
    /// Life of a device code in seconds.
    pub device_ttl_s: u64,
    /// Redirect addresses of `dataverse-connector`, `no-audience` and `no-code`; a final `*` matches any rest.
    pub redirect_uris: Vec<String>,
    /// Address of the Renku whose clients the chart made; their redirects are limited to what lies below it.
    pub renku_url: String,
    /// Which of this process's signing keys to start with.
    ///
    /// Making one takes a second, so simulators with the same number share it; another number is another realm's key.
    pub key: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            auth_path: true,
            access_ttl_s: 1800,
            cli_access_ttl_s: 86_400,
            refresh_idle_s: 86_400,
            rotate: true,
            same_refresh_token: false,
            code_ttl_s: 60,
            device_interval_s: 5,
            device_ttl_s: 600,
            redirect_uris: vec!["http://127.0.0.1*".to_owned(), "http://localhost*".to_owned()],
            renku_url: "http://127.0.0.1".to_owned(),
            key: 0,
        }
    }
}

/// A simulated Keycloak that listens; it ends when this is dropped or [`Running::stop`] is called.
#[derive(Debug)]
pub struct Running {
    /// Address of the server without a path, `http://127.0.0.1:PORT`; the controls lie below it at `/_sim/`.
    pub base_url: String,
    /// The realm's issuer, with or without `/auth` as the options say.
    pub issuer: String,
    /// The port it listens on.
    pub port: u16,
    handle: ServerHandle,
}

impl Running {
    /// Stops listening at once and waits until the port is free again.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The order is given by the call; the future only waits for it to have been carried out.
        drop(self.handle.stop(false));
    }
}

/// Starts a simulated Keycloak on loopback.
///
/// # Errors
/// When the port is taken, or no signing key could be made.
pub async fn start(options: Options) -> io::Result<Running> {
    let number = options.key;
    let key =
        tokio::task::spawn_blocking(move || keys::numbered(number)).await.map_err(io::Error::other)??;
    let (listener, port) = http::bind(options.port)?;
    let base_url = format!("http://127.0.0.1:{port}");
    let sim = web::Data::new(Sim::new(options, &base_url, key));
    let issuer = sim.issuer.clone();
    let prefix = if sim.options.auth_path { "/auth" } else { "" };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(sim.clone())
            .service(web::scope("/_sim").configure(control::routes))
            .service(web::scope(&format!("{prefix}/realms/{REALM}")).configure(realm_routes))
            .route(&format!("{prefix}/realms/{{other:.*}}"), web::to(no_such_realm))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    let handle = server.handle();
    http::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the simulated Keycloak ended");
        }
    });
    Ok(Running { base_url, issuer, port, handle })
}

fn realm_routes(config: &mut web::ServiceConfig) {
    discovery::routes(config);
    authorize::routes(config);
    device::routes(config);
    token::routes(config);
    session::routes(config);
}

async fn no_such_realm() -> HttpResponse {
    HttpResponse::NotFound().json(serde_json::json!({"error": "Realm does not exist"}))
}

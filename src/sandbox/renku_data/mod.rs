//! A simulated Renku 2: its data services behind a gateway, as far as a connector of datasets meets them, with their traps.
//! Nothing is mounted in it, and there are no sessions.
//!
//! People are those of the simulated Keycloak. `alice` owns `alice/first-project`, is an editor of `bob/shared`, may read
//! `bob/public-notes`, and is an editor of the group `glaciology`, in which she may make projects and not write to those of others.
//! A token that does not count makes its holder anonymous. DOIs are resolved by HTTP, and datasets read from where they lead.
//!
//! | call | does |
//! | --- | --- |
//! | `POST /_sim/data/projects` | `{path, owner?, editors?, visibility?}` |
//! | `POST /_sim/data/connectors` | `{doi, slug?, old?}` plants a global connector; `old` ones do not tell their DOI but in the configuration |
//! | `DELETE /_sim/data/connectors/{slug}` | what an administrator may do: its links go too |
//! | `GET /_sim/data/state` | `{connectors, links, projects, users}` |
//! | `GET`, `DELETE /_sim/data/exchanges` | every call to the API with its answer |
//! | `POST /_sim/data/faults` | `{name, times?, seconds?}`, names below; `DELETE` clears all |
//!
//! Faults: `absent` (no data services: 404 of the gateway), `down` (503, a page), `bad_gateway` (502, a page, nothing was done),
//! `lost_answer` (done, and 504, a page), `cut` (done, and the connection breaks off), `rate_limited` (429), `server_error` (500 of the services, nothing was
//! done), `lost_race` (somebody else makes the connector at the same moment: 500), `doi_unresolvable`, `doi_elsewhere` (it leads to no Dataverse), `doi_slow` (`seconds`
//! before a connector is made), `not_listable`, `garbage` (200 with a page), `slow` (20 s before each answer).

mod api;
mod connectors;
mod control;
mod doi;
mod projects;
mod state;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::HttpResponse;
use tokio::runtime::Handle;

use self::state::State;
use super::http::{self, Ask, Server, Site};
use super::tokens::Realm;

/// How a simulated Renku 2 is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The Keycloak realm whose tokens count.
    pub issuer: String,
    /// What its delays are multiplied with: 1.0 is real time.
    pub pace: f64,
    /// The resolver of DOIs, as `https://doi.org/api`, unless a call names another; empty: no DOI is known.
    pub doi_resolver: String,
    /// The release that it tells.
    pub version: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            issuer: String::new(),
            pace: 1.0,
            doi_resolver: String::new(),
            version: "0.80.1".into(),
        }
    }
}

/// A running simulated Renku 2.
#[derive(Debug)]
pub struct Running {
    /// The address of its front page; the API is at `{url}/api/data/…`.
    pub url: String,
    server: Server,
}

impl Running {
    /// Stops it at once.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// The data services themselves, to be served by another simulator that has a front door; clones are the same services.
#[derive(Debug, Clone)]
pub struct Services(Arc<Sim>);

impl Services {
    /// Data services that nobody serves yet.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(options: Options) -> io::Result<Self> {
        Ok(Self(Arc::new(Sim {
            realm: Realm::new(options.issuer.clone(), http::client(Duration::from_secs(30))?),
            client: http::client(Duration::from_secs(30))?,
            runtime: Handle::current(),
            state: Mutex::new(State::with_built_in()),
            options,
        })))
    }

    /// Whether a request is theirs.
    pub fn answers(ask: &Ask) -> bool {
        ["/api/data/", "/p/", "/_sim/data/"].iter().any(|theirs| ask.path.starts_with(theirs))
    }

    pub(super) async fn answer(self, ask: Ask) -> HttpResponse {
        self.0.answered(&ask).await
    }
}

/// Starts a simulated Renku 2 with a front door of its own.
///
/// # Errors
/// When the port is taken.
#[expect(
    clippy::unused_async,
    reason = "it needs a runtime to start on, and is started like the other simulators"
)]
pub async fn start(options: Options) -> io::Result<Running> {
    let (listener, port) = http::bind(options.port)?;
    let server = http::serve(listener, Arc::new(Services::new(options)?))?;
    Ok(Running { url: format!("http://127.0.0.1:{port}"), server })
}

impl Site for Services {
    async fn answer(self: Arc<Self>, ask: Ask) -> HttpResponse {
        self.0.answered(&ask).await
    }
}

#[derive(Debug)]
struct Sim {
    options: Options,
    realm: Realm,
    client: reqwest::Client,
    /// Where timers run: the servers' own threads have none of tokio's.
    runtime: Handle,
    state: Mutex<State>,
}

impl Sim {
    fn state(&self) -> MutexGuard<'_, State> {
        http::lock(&self.state)
    }

    async fn wait(&self, seconds: f64) {
        let pause = Duration::from_secs_f64((seconds * self.options.pace).max(0.0));
        let slept = self.runtime.spawn(async move { tokio::time::sleep(pause).await });
        drop(slept.await);
    }

    async fn answered(self: &Arc<Self>, ask: &Ask) -> HttpResponse {
        if let Some(rest) = ask.path.strip_prefix("/_sim/data/") {
            return self.control(rest, ask);
        }
        if let Some(place) = ask.path.strip_prefix("/p/") {
            return self.project_page(place);
        }
        self.gateway(ask).await
    }
}

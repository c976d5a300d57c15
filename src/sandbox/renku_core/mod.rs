//! A simulated Renku 1: core service 2.9.4 behind a Python or a Go gateway, and a git host, with their traps.
//! It really downloads what it imports; there is no git and no GitLab in it.
//!
//! People are those of the simulated Keycloak, told apart by `preferred_username`: `alice` may write `alice/*`, `bob`
//! may read but not push, `carol`'s GitLab token is refused, `dave` never signed in to Renku. Control and inspection:
//!
//! GitLab answers through the gateway only at `/api/user` and `/api/projects`.
//!
//! | call | does |
//! | --- | --- |
//! | `POST /_sim/projects` | `{path, template?: renku \| plain \| outdated \| toonew \| future, readers?, writers?, protected?, delay?, branches?}` |
//! | `GET /_sim/repos/{owner}/{name}` (both ports) | `{branches: {branch: {path: {size, md5, sha256}}}}` |
//! | `POST /_sim/people` | `{name, signed_in, gitlab: good \| refused \| gone}` |
//! | `GET /_sim/submits` | accepted submits by person, project and `dataset_uri`; totals; git hosts that were sent a token wrongly |
//! | `GET`, `DELETE /_sim/hits` | requests to the API so far |
//! | `POST /_sim/mode` | any of `{job_ms, workers, odd_every, sticky, everyone_signed_in}` |
//! | `POST /_sim/faults` | `{name, times?, user?, seconds?}`, names below; `DELETE` clears all |
//!
//! Faults: `gitlab_token_gone` (of `user`), `post_504_but_enqueued`, `post_timeout_but_enqueued`, `core_down`, `retry_after`
//! (429 with `seconds`), `error_2900`, `error_3030`, `error_3200` … `error_3203` (on the import call), `job_lost`
//! (stays `ENQUEUED`), `job_stuck` (`IN_PROGRESS` for ever), `null_results`, `old_errors` (errors of core < 1.2), `dirty_clone`,
//! `slow` (20 s before each answer), `malformed`, `no_gitlab` (404 for the list of projects).

mod control;
mod core;
mod download;
mod errors;
mod gateway;
mod jobs;
mod projects;
mod read;
mod slug;
mod state;
mod versions;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::HttpResponse;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::state::State;
use super::http::{self, Ask, Server, Site};
use super::renku_data;
use super::tokens::Realm;

/// Which gateway stands in front of the core service: they accept different tokens and refuse differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// Up to 0.24.0: looks at signature, `aud` and `exp`; refuses with 401.
    Python,
    /// From 1.0.0: looks at `iss` and `azp` too; what it does not like goes on anonymously.
    Go,
}

/// How a simulated Renku 1 is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the gateway on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Port of the git host; 0 takes a free one.
    pub git_port: u16,
    /// The Keycloak realm whose tokens count; keys come from `{issuer}/protocol/openid-connect/certs`.
    pub issuer: String,
    /// The gateway in front.
    pub gateway: Gateway,
    /// Its version: the Python gateway changed its words at 0.15 and 0.18.
    pub gateway_version: String,
    /// Values of `azp` the Go gateway takes beside `renku` and `renku-cli`.
    pub extra_azp: Vec<String>,
    /// The release of the core service; error model, routes and fields follow from it.
    pub core_version: String,
    /// What its delays are multiplied with: 1.0 is real time.
    pub pace: f64,
    /// Jobs are known only to whoever sends back the cookie of the first answer.
    pub sticky: bool,
    /// Every how many polls of a job there is an odd answer (`null`, or now and then error 2900); 0 = never.
    pub odd_every: u64,
    /// Where bare DOIs are looked up, as `https://doi.org/`; empty = no DOI is known.
    pub doi_resolver: String,
    /// Renku 2's data services, where the deployment has both: then they answer below `/api/data` and `/p`.
    pub beside: Option<renku_data::Services>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            git_port: 0,
            issuer: String::new(),
            gateway: Gateway::Python,
            gateway_version: "0.24.0".into(),
            extra_azp: vec![],
            core_version: "2.9.4".into(),
            pace: 1.0,
            sticky: false,
            odd_every: 50,
            doi_resolver: String::new(),
            beside: None,
        }
    }
}

/// A running simulated Renku 1.
#[derive(Debug)]
pub struct Running {
    /// The base address; the API is at `{url}/api/renku/…`.
    pub url: String,
    /// The git host; projects are at `{git_url}/{owner}/{name}`.
    pub git_url: String,
    servers: [Server; 2],
    stop: CancellationToken,
}

impl Running {
    /// Stops it at once; running jobs are lost.
    pub async fn stop(self) {
        self.stop.cancel();
        for server in self.servers {
            server.stop().await;
        }
    }
}

/// Starts a simulated Renku 1.
///
/// # Errors
/// When a port is taken.
#[expect(
    clippy::unused_async,
    reason = "it needs a runtime to start on, and is started like the other simulators"
)]
pub async fn start(options: Options) -> io::Result<Running> {
    let (listener, port) = http::bind(options.port)?;
    let (git_listener, git_port) = http::bind(options.git_port)?;
    let (url, git_url) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{git_port}"));
    let stop = CancellationToken::new();
    let sim = Arc::new(Sim {
        url: url.clone(),
        git_url: git_url.clone(),
        realm: Realm::new(options.issuer.clone(), http::client(Duration::from_secs(30))?),
        client: http::client(Duration::from_mins(20))?,
        runtime: Handle::current(),
        stop: stop.clone(),
        workers: Semaphore::new(1),
        state: Mutex::new(State::new(options.sticky, options.odd_every)),
        options,
    });
    let git = http::serve(git_listener, Arc::new(GitHost(Arc::clone(&sim))))?;
    let servers = [http::serve(listener, sim)?, git];
    Ok(Running { url, git_url, servers, stop })
}

#[derive(Debug)]
struct Sim {
    options: Options,
    url: String,
    git_url: String,
    client: reqwest::Client,
    runtime: Handle,
    stop: CancellationToken,
    /// The worker processes: one job each at a time, for everybody.
    workers: Semaphore,
    realm: Realm,
    state: Mutex<State>,
}

impl Sim {
    fn state(&self) -> MutexGuard<'_, State> {
        http::lock(&self.state)
    }

    fn seconds(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds * self.options.pace).max(0.0))
    }
}

impl Site for Sim {
    async fn answer(self: Arc<Self>, ask: Ask) -> HttpResponse {
        if let Some(data) = self.options.beside.clone().filter(|_| renku_data::Services::answers(&ask)) {
            return data.answer(ask).await;
        }
        if let Some(rest) = ask.path.strip_prefix("/_sim/") {
            return self.control(rest, &ask);
        }
        self.through_gateway(&ask).await
    }
}

/// The git host: only what a person or a test looks at; clones are simulated inside.
#[derive(Debug)]
struct GitHost(Arc<Sim>);

impl Site for GitHost {
    async fn answer(self: Arc<Self>, ask: Ask) -> HttpResponse {
        match ask.path.strip_prefix("/_sim/") {
            Some(rest) => self.0.control(rest, &ask),
            None => self.0.repository_page(&ask),
        }
    }
}

//! A simulated Dataverse 6.11: read API, export, external tools, a post-publish workflow, with their traps.
//! It edits no metadata and takes no uploads.
//!
//! Control and inspection, all JSON, never to be called by the service itself:
//!
//! | call | does |
//! | --- | --- |
//! | `POST /_sim/datasets` | adds a dataset `{pid, title?, files: [{name, dir?, text \| size, …}], …}`; fields as in `model.rs` |
//! | `GET /_sim/datasets` | what is there |
//! | `POST /_sim/publish` | `{pid, major \| minor: true, export_lag_ms?, files?}` releases a version, then runs the workflow |
//! | `POST /_sim/export` | `{pid}` lets a lagging export catch up |
//! | `POST /_sim/update_current` | `{pid}` changes the current version under its number, without any workflow |
//! | `POST /_sim/deaccession` | `{pid, version}` |
//! | `POST /_sim/workflow` | `{url, body?, expected_response?, resume_addresses?, content_type?, rest_ms?}`; `DELETE` removes it |
//! | `GET /_sim/workflow/invocations` | every invocation with its state, calls and resumes |
//! | `GET`, `DELETE /_sim/hits` | the requests so far: method, path, whether a key or a token came along |
//! | `POST /_sim/faults` | `{name, times?}`: `down`, `rate_limited`, `slow`, `malformed`, `huge`, `resume_in_vain`, `resume_answer_lost` (504 each); `DELETE` clears all |
//! | `GET /_sim/launch?pid=…&tool=…&as=fiona` | what a click on the tool's button does; `&answer=json` tells the address instead |

mod access;
mod admin;
mod api;
mod control;
mod fixtures;
mod json;
mod model;
mod pages;
mod signing;
mod state;
mod tools;
mod workflow;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::HttpResponse;
use tokio::runtime::Handle;

use self::state::{State, User};
use super::http::{self, Ask, Server, Site};

/// The API token of its superuser `dataverseAdmin`, who may register tools.
pub const ADMIN_API_TOKEN: &str = "99999999-8888-7777-6666-555555555555";

/// How a simulated Dataverse is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The address it calls itself; `http://127.0.0.1:{port}` when none.
    pub site_url: Option<String>,
    /// What its delays are multiplied with: 1.0 is real time.
    pub pace: f64,
    /// The version it says it is. 6.10 and 6.11 sign URLs with special characters in the query wrongly.
    pub version: String,
    /// The secret its signed URLs are made with.
    pub signing_secret: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            site_url: None,
            pace: 1.0,
            version: "6.11".into(),
            signing_secret: "sample-signing-secret".into(),
        }
    }
}

/// A running simulated Dataverse.
#[derive(Debug)]
pub struct Running {
    /// Where it is, without a slash at the end.
    pub site_url: String,
    server: Server,
}

impl Running {
    /// Stops it at once.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// Starts a simulated Dataverse.
///
/// # Errors
/// When the port is taken.
pub async fn start(options: Options) -> io::Result<Running> {
    let (listener, port) = http::bind(options.port)?;
    let site_url = options.site_url.clone().unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
    let sim = Arc::new(Sim {
        site_url: site_url.clone(),
        reset_url: access::closing_port().await?,
        client: http::client(Duration::from_mins(3))?,
        runtime: Handle::current(),
        state: Mutex::new(State::with_built_in()),
        options,
    });
    let server = http::serve(listener, sim)?;
    Ok(Running { site_url, server })
}

/// Who asks, as Dataverse found out.
#[derive(Debug, Clone, Copy)]
enum Caller {
    Guest,
    Person(&'static User),
}

impl Caller {
    fn person(self) -> Option<&'static User> {
        match self {
            Self::Guest => None,
            Self::Person(user) => Some(user),
        }
    }
}

#[derive(Debug)]
struct Sim {
    options: Options,
    site_url: String,
    /// A port that closes every connection without an answer.
    reset_url: String,
    client: reqwest::Client,
    runtime: Handle,
    state: Mutex<State>,
}

impl Sim {
    fn state(&self) -> MutexGuard<'_, State> {
        http::lock(&self.state)
    }

    fn seconds(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds * self.options.pace).max(0.0))
    }

    /// API key first, then a signed URL (`CompoundAuthMechanism`).
    fn caller(&self, ask: &Ask) -> Result<Caller, json::Refused> {
        if let Some(key) = ask.header("X-Dataverse-key").or_else(|| ask.query("key")) {
            let user = state::USERS.iter().find(|user| user.api_token == key);
            return user.map(Caller::Person).ok_or_else(|| json::refused(401, "Bad API key"));
        }
        if ask.query("token").is_none() {
            return Ok(Caller::Guest);
        }
        if ask.query("user").is_none() {
            return Err(json::broken());
        }
        let name = self.signer(ask).ok_or_else(|| json::refused(401, "Bad signed URL"))?;
        state::user(&name).map(Caller::Person).ok_or_else(|| json::refused(401, "Bad signed URL"))
    }

    /// The user whose signature the request's URL carries. Dataverse sees the host it was called by, and `/api/…`
    /// already turned into `/api/v1/…`.
    fn signer(&self, ask: &Ask) -> Option<String> {
        let scheme = self.site_url.split_once("://").map_or("http", |(scheme, _)| scheme);
        let target = match ask.target.strip_prefix("/api/") {
            Some(rest) if !rest.starts_with("v1/") => format!("/api/v1/{rest}"),
            _ => ask.target.clone(),
        };
        let seen = format!("{scheme}://{}{target}", ask.host);
        let token = |name: &str| state::user(name).map(|user| user.api_token.to_owned());
        signing::verified(&seen, &ask.method, http::now(), &self.options.signing_secret, token)
    }

    /// The general faults, before anything else is looked at.
    async fn faulty(&self, ask: &Ask) -> Option<HttpResponse> {
        let (down, limited, slow, malformed) = {
            let mut state = self.state();
            (state.plays("down"), state.plays("rate_limited"), state.plays("slow"), state.plays("malformed"))
        };
        if down {
            let page = "<html><body><h1>503 Service Unavailable</h1></body></html>";
            return Some(http::text(503, "text/html", page));
        }
        if limited {
            return Some(json::error(
                429,
                "GetDatasetCommand failed: Rate limited due to too many requests.",
            ));
        }
        if slow {
            tokio::time::sleep(self.seconds(20.0)).await;
        }
        if malformed {
            return Some(http::text(200, "application/json", "{\"status\":\"OK\",\"data\":{\"versi"));
        }
        if ask.path.ends_with("/files") && self.state().plays("huge") {
            return Some(json::huge());
        }
        None
    }
}

impl Site for Sim {
    async fn answer(self: Arc<Self>, ask: Ask) -> HttpResponse {
        if let Some(rest) = ask.path.strip_prefix("/_sim/") {
            return self.control(rest, &ask);
        }
        self.state().note_hit(control::hit(&ask));
        if let Some(answer) = self.faulty(&ask).await {
            return answer;
        }
        let path = ask.path.clone();
        if let Some(rest) = path.strip_prefix("/api/") {
            return self.api(rest.strip_prefix("v1/").unwrap_or(rest), &ask).await;
        }
        match path.as_str() {
            "/" => self.front_page(),
            "/dataset.xhtml" | "/citation" => self.dataset_page(&ask),
            "/publish" if ask.method == "POST" => self.publish_from_page(&ask),
            _ if path.starts_with("/s3/") => self.object_storage(&ask),
            _ if path.starts_with("/_doi/api/handles/") => self.resolve_handle(&ask),
            _ if path.starts_with("/_doi/") => self.resolve_doi(&ask),
            _ => {
                http::text(404, "text/html", "<html><title>Page Not Found - Sandbox Dataverse</title></html>")
            }
        }
    }
}

//! `/_sim/data/…`: what tests and the sandbox command use to turn the simulated Renku 2 and to look into it.
//! The list of calls stands in the module's own documentation.

use actix_web::HttpResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Sim;
use super::state::{Connector, Fault, Link, Project};
use crate::sandbox::http::{self, Ask};

const FAULTS: [&str; 14] = [
    "absent",
    "bad_gateway",
    "cut",
    "doi_elsewhere",
    "doi_slow",
    "doi_unresolvable",
    "down",
    "garbage",
    "lost_answer",
    "lost_race",
    "not_listable",
    "rate_limited",
    "server_error",
    "slow",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectSpec {
    path: String,
    owner: Option<String>,
    #[serde(default)]
    editors: Vec<String>,
    visibility: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectorSpec {
    doi: String,
    slug: Option<String>,
    #[serde(default)]
    old: bool,
}

fn with<T: DeserializeOwned>(ask: &Ask, then: impl FnOnce(T) -> HttpResponse) -> HttpResponse {
    match serde_json::from_slice(&ask.body) {
        Ok(value) => then(value),
        Err(error) => http::json(400, &json!({ "error": error.to_string() })),
    }
}

fn done() -> HttpResponse {
    http::json(200, &json!({ "ok": true }))
}

impl Sim {
    pub(super) fn control(&self, what: &str, ask: &Ask) -> HttpResponse {
        match (ask.method.as_str(), what) {
            ("POST", "projects") => with(ask, |spec: ProjectSpec| {
                let owner = spec.owner.unwrap_or_else(|| "alice".into());
                let editors: Vec<&str> = spec.editors.iter().map(String::as_str).collect();
                let public = spec.visibility.as_deref() == Some("public");
                let project = self.state().add_project(&spec.path, &owner, &editors, public);
                http::json(200, &project.json())
            }),
            ("POST", "connectors") => with(ask, |spec: ConnectorSpec| {
                http::json(200, &self.plant(&spec.doi, spec.slug.as_deref(), spec.old).json())
            }),
            ("DELETE", path) if path.starts_with("connectors/") => {
                let slug = path.trim_start_matches("connectors/");
                let mut state = self.state();
                let Some(id) = state.connector(slug).map(|connector| connector.id.clone()) else {
                    return http::json(404, &json!({ "error": "no such connector" }));
                };
                state.connectors.retain(|connector| connector.id != id);
                state.links.retain(|link| link.connector != id);
                done()
            }
            ("GET", "state") => {
                let state = self.state();
                let connectors: Vec<Value> = state.connectors.iter().map(Connector::json).collect();
                let links: Vec<Value> = state.links.iter().map(Link::json).collect();
                let projects: Vec<Value> = state.projects.iter().map(Project::json).collect();
                http::json(
                    200,
                    &json!({ "connectors": connectors, "links": links, "projects": projects, "users": state.users }),
                )
            }
            ("GET", "exchanges") => {
                let exchanges: Vec<Value> = self.state().exchanges.iter().cloned().collect();
                http::json(200, &Value::Array(exchanges))
            }
            ("DELETE", "exchanges") => {
                self.state().exchanges.clear();
                done()
            }
            ("POST", "faults") => with(ask, |fault: Fault| {
                if !FAULTS.contains(&fault.name.as_str()) {
                    return http::json(400, &json!({ "error": "unknown fault", "faults": FAULTS }));
                }
                self.state().order_fault(fault);
                done()
            }),
            ("DELETE", "faults") => {
                self.state().clear_faults();
                done()
            }
            _ => http::json(404, &json!({ "error": "no such control" })),
        }
    }
}

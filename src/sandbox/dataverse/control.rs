//! `/_sim/…`: what tests and the sandbox command use to turn the simulated Dataverse and to look into it.
//! The list of calls stands in the module's own documentation.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Sim;
use super::model::{DatasetSpec, FileSpec};
use crate::sandbox::http::{self, Ask, now};

const FAULTS: [&str; 7] =
    ["down", "rate_limited", "slow", "malformed", "huge", "resume_in_vain", "resume_answer_lost"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    pid: String,
    #[serde(default)]
    major: bool,
    #[serde(default)]
    minor: bool,
    #[serde(default)]
    export_lag_ms: u64,
    files: Option<Vec<FileSpec>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    name: String,
    times: Option<u64>,
}

/// A request as it is remembered: whether secrets came along, never which.
pub(super) fn hit(ask: &Ask) -> Value {
    json!({
        "method": ask.method, "path": ask.path, "persistentId": ask.query("persistentId"),
        "key": ask.header("X-Dataverse-key").is_some() || ask.query("key").is_some(),
        "token": ask.query("token").is_some(),
        "authorization": ask.header("Authorization").is_some(),
    })
}

fn wrong(error: &serde_json::Error) -> HttpResponse {
    http::json(400, &json!({ "error": error.to_string() }))
}

fn with<T: DeserializeOwned>(ask: &Ask, then: impl FnOnce(T) -> HttpResponse) -> HttpResponse {
    match serde_json::from_slice(&ask.body) {
        Ok(value) => then(value),
        Err(error) => wrong(&error),
    }
}

fn done() -> HttpResponse {
    http::json(200, &json!({ "ok": true }))
}

fn missing(what: &str) -> HttpResponse {
    http::json(404, &json!({ "error": format!("no {what}") }))
}

impl Sim {
    pub(super) fn control(self: &Arc<Self>, what: &str, ask: &Ask) -> HttpResponse {
        let pid =
            |ask: &Ask| ask.json().get("pid").and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
        match (ask.method.as_str(), what) {
            ("GET", "datasets") => http::json(200, &self.state().summary()),
            ("POST", "datasets") => with(ask, |spec: DatasetSpec| {
                let pid = spec.pid.clone();
                let id = self.state().add(spec);
                let url = format!("{}/dataset.xhtml?persistentId={pid}", self.site_url);
                http::json(200, &json!({ "id": id, "pid": pid, "url": url }))
            }),
            ("POST", "publish") => with(ask, |order: Publish| self.publish(order)),
            ("POST", "export") => match self.state().by_pid(&pid(ask)) {
                Some(dataset) => {
                    dataset.exported = dataset.versions.len();
                    done()
                }
                None => missing("dataset"),
            },
            ("POST", "update_current") => {
                let mut state = self.state();
                match state.by_pid(&pid(ask)).and_then(|dataset| dataset.versions.last_mut()) {
                    Some(version) => {
                        version.updated = Some(now());
                        done()
                    }
                    None => missing("dataset"),
                }
            }
            ("POST", "deaccession") => self.deaccession(&pid(ask), ask),
            ("POST", "workflow") => with(ask, |definition| {
                self.state().workflow = Some(definition);
                done()
            }),
            ("DELETE", "workflow") => {
                self.state().workflow = None;
                done()
            }
            ("GET", "workflow/invocations") => {
                let all: Vec<_> =
                    self.state().invocations.iter().map(super::workflow::Invocation::summary).collect();
                http::json(200, &json!(all))
            }
            ("GET", "hits") => {
                let state = self.state();
                http::json(200, &json!({ "total": state.hit_count, "hits": state.hits }))
            }
            ("DELETE", "hits") => {
                self.state().hits.clear();
                done()
            }
            ("POST", "faults") => with(ask, |fault: Fault| {
                if !FAULTS.contains(&fault.name.as_str()) {
                    return http::json(400, &json!({ "error": "unknown fault", "faults": FAULTS }));
                }
                self.state().faults.insert(fault.name, fault.times.unwrap_or(u64::MAX).max(1));
                done()
            }),
            ("DELETE", "faults") => {
                self.state().faults.clear();
                done()
            }
            ("GET", "launch") => self.launch(ask),
            ("GET", "health") => done(),
            _ => missing("such control"),
        }
    }

    fn publish(self: &Arc<Self>, order: Publish) -> HttpResponse {
        let lag = Duration::from_millis(order.export_lag_ms);
        let major = order.major && !order.minor;
        let released = self.state().release(&order.pid, major, order.files, lag);
        let Some((dataset, major, minor)) = released else { return missing("dataset") };
        let invocation = self.start_workflow(dataset, &order.pid, (major, minor));
        let body =
            json!({ "pid": order.pid, "version": format!("{major}.{minor}"), "invocationId": invocation });
        http::json(200, &body)
    }

    fn deaccession(&self, pid: &str, ask: &Ask) -> HttpResponse {
        let wanted = ask.json();
        let wanted = wanted.get("version").and_then(Value::as_str).unwrap_or_default();
        let mut state = self.state();
        let versions = state.by_pid(pid).map(|dataset| dataset.versions.iter_mut());
        match versions.and_then(|mut all| all.find(|v| v.name() == wanted)) {
            Some(version) => {
                version.deaccessioned = true;
                done()
            }
            None => missing("such version"),
        }
    }
}

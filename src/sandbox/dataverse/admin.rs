//! The admin API as far as registering needs it: workflows, the default one, who may resume them, and tools
//! (`WorkflowsAdmin.java`, `ExternalTools.java`). From this machine only, as Dataverse's installer sets it up.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::json as shapes;
use super::state::State;
use super::{Caller, Sim};
use crate::sandbox::http::{self, Ask};

/// Who may resume where nobody set it.
const LOOPBACK: &str = "127.0.0.1;::1";

/// What administrators registered.
#[derive(Debug, Default)]
pub(super) struct Registered {
    workflows: Vec<(u64, Value)>,
    /// The default of each trigger.
    defaults: Map<String, Value>,
    addresses: Option<String>,
}

impl Sim {
    /// `rest` is the path below `/api/admin/`.
    pub(super) fn admin(&self, rest: &[&str], ask: &Ask) -> HttpResponse {
        if !ask.peer.is_some_and(|peer| peer.is_loopback()) {
            let message =
                "Endpoint available from localhost only. Please contact the dataverse administrator";
            return http::json(503, &json!({ "status": "error", "message": message }));
        }
        if let ["externalTools", rest @ ..] = rest {
            // Whoever gets this far is an administrator.
            return self.external_tools(rest, ask, Caller::Person(super::state::administrator()));
        }
        let mut state = self.state();
        let answer = match (ask.method.as_str(), rest) {
            ("GET", ["workflows"]) => {
                let brief = |(id, workflow): &(u64, Value)| json!({ "id": id, "name": workflow.get("name") });
                shapes::ok(&state.registered.workflows.iter().map(brief).collect())
            }
            ("POST", ["workflows"]) => add(&mut state, ask),
            (method, ["workflows", "ip-whitelist"]) => addresses(&mut state, method, ask),
            (method, ["workflows", "default", trigger]) => default(&mut state, method, trigger, ask),
            (method, ["workflows", id]) => one(&mut state, method, id.parse().ok()),
            _ => shapes::error(404, super::api::NO_SUCH_ENDPOINT),
        };
        state.workflow_follows_the_registered();
        answer
    }
}

fn add(state: &mut State, ask: &Ask) -> HttpResponse {
    let definition = ask.json();
    let steps = definition.get("steps").and_then(Value::as_array);
    let whole = |step: &Value| step.get("provider").is_some() && step.get("stepType").is_some();
    if definition.get("name").is_none() || !steps.is_some_and(|steps| steps.iter().all(whole)) {
        return shapes::error(400, "Workflow definition is not complete");
    }
    let id = state.next_id();
    let mut stored = definition;
    if let Some(fields) = stored.as_object_mut() {
        fields.insert("id".into(), id.into());
    }
    state.registered.workflows.push((id, stored.clone()));
    http::json(201, &json!({ "status": "OK", "data": stored }))
}

fn one(state: &mut State, method: &str, id: Option<u64>) -> HttpResponse {
    let found = state.registered.workflows.iter().find(|(known, _)| Some(*known) == id).cloned();
    let Some((id, definition)) = found else { return shapes::error(404, "Can't find workflow") };
    if method != "DELETE" {
        return shapes::ok(&definition);
    }
    if state.registered.defaults.values().any(|default| *default == json!(id)) {
        return shapes::error(403, "Please unassign the default workflow before deleting it.");
    }
    state.registered.workflows.retain(|(known, _)| *known != id);
    shapes::ok(&json!({ "message": format!("Workflow {id} deleted") }))
}

fn default(state: &mut State, method: &str, trigger: &str, ask: &Ask) -> HttpResponse {
    if !["PrePublishDataset", "PostPublishDataset"].contains(&trigger) {
        return shapes::error(400, "Illegal trigger type");
    }
    match method {
        "PUT" => {
            let id: Option<u64> = String::from_utf8_lossy(&ask.body).trim().parse().ok();
            let Some(id) = id.filter(|id| state.registered.workflows.iter().any(|(known, _)| known == id))
            else {
                return shapes::error(404, "Can't find workflow with that id");
            };
            state.registered.defaults.insert(trigger.to_owned(), id.into());
            shapes::ok(
                &json!({ "message": format!("Default workflow id for trigger {trigger} set to {id}") }),
            )
        }
        "DELETE" => {
            state.registered.defaults.remove(trigger);
            shapes::ok(&json!({ "message": format!("default workflow for trigger {trigger} unset") }))
        }
        _ => {
            let id = state.registered.defaults.get(trigger);
            let found = state.registered.workflows.iter().find(|(known, _)| id == Some(&json!(known)));
            found.map_or_else(|| shapes::error(404, "no default workflow"), |(_, found)| shapes::ok(found))
        }
    }
}

fn addresses(state: &mut State, method: &str, ask: &Ask) -> HttpResponse {
    match method {
        "PUT" => {
            let wanted = String::from_utf8_lossy(&ask.body).trim().to_owned();
            if !wanted.split(';').all(|address| address.parse::<std::net::IpAddr>().is_ok()) {
                return shapes::error(400, "Request contains illegal IP addresses.");
            }
            state.registered.addresses = Some(wanted);
        }
        "DELETE" => state.registered.addresses = None,
        _ => {}
    }
    shapes::ok(&json!({ "message": state.registered.addresses.as_deref().unwrap_or(LOOPBACK) }))
}

impl State {
    /// The registered default is what runs; what `_sim/workflow` set before is not looked at once something was registered.
    fn workflow_follows_the_registered(&mut self) {
        let id = self.registered.defaults.get("PostPublishDataset");
        let found = self.registered.workflows.iter().find(|(known, _)| id == Some(&json!(known)));
        let Some((_, found)) = found else { return };
        let parameter = |name: &str| found.pointer(&format!("/steps/0/parameters/{name}")).cloned();
        let addresses = self.registered.addresses.as_deref().unwrap_or(LOOPBACK);
        let runs = json!({
            "url": parameter("url"), "body": parameter("body"), "expected_response": parameter("expectedResponse"),
            "content_type": parameter("contentType"), "resume_addresses": addresses.split(';').collect::<Vec<_>>(),
        });
        self.workflow = serde_json::from_value(runs).ok();
    }
}

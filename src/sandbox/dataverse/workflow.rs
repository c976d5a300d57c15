//! The post-publish workflow with one `http/sr` step: the call out, the lock, the resume (`WorkflowServiceBean`, `Workflows`).
//! Fire-once as in Dataverse: a failed call is seen in the simulator's records only, never repeated.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::Lock;
use super::{Sim, json as shapes};
use crate::sandbox::http::{self, Ask, now};

/// A configured workflow.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Definition {
    url: String,
    body: Option<String>,
    /// A literal, or a literal followed by `.*`; the whole trimmed resume body has to match.
    #[serde(default = "anything_ok")]
    expected_response: String,
    #[serde(default = "loopback")]
    resume_addresses: Vec<String>,
    #[serde(default = "json_type")]
    content_type: String,
    /// How long the rest of the workflow takes after a resume.
    #[serde(default)]
    rest_ms: u64,
}

fn anything_ok() -> String {
    "OK.*".into()
}

fn loopback() -> Vec<String> {
    vec!["127.0.0.1".into(), "::1".into()]
}

fn json_type() -> String {
    "application/json".into()
}

/// Where an invocation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The call is out, or its answer is not committed yet: invisible to a resume.
    Calling,
    /// Waits for the resume; the dataset is locked.
    Pending,
    /// Resumed, not yet processed. A second resume is accepted too.
    Resumed,
    /// Over, well or not.
    Succeeded,
    Failed,
    /// The call out failed: the event is lost.
    CallFailed,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Calling => "calling",
            Self::Pending => "pending",
            Self::Resumed => "resumed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::CallFailed => "call_failed",
        }
    }
}

/// One run of the workflow.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    pub(super) id: String,
    dataset: u64,
    pid: String,
    version: (u64, u64),
    definition: Definition,
    stage: Stage,
    calls: u32,
    call_status: Option<u16>,
    early_resumes: u32,
    resumes: u32,
    resume_body: Option<String>,
}

impl Invocation {
    pub(super) fn summary(&self) -> Value {
        json!({
            "invocationId": self.id, "datasetId": self.dataset, "globalId": self.pid,
            "version": format!("{}.{}", self.version.0, self.version.1), "state": self.stage.name(),
            "calls": self.calls, "call_status": self.call_status, "early_resumes": self.early_resumes,
            "resumes": self.resumes, "resume_body": self.resume_body,
        })
    }

    /// Plain replacement without any escaping, as Dataverse does it.
    fn filled(&self, template: &str) -> String {
        let identifier = self.pid.split_once('/').map_or("", |(_, rest)| rest);
        template
            .replace("${invocationId}", &self.id)
            .replace("${dataset.id}", &self.dataset.to_string())
            .replace("${dataset.identifier}", identifier)
            .replace("${dataset.globalId}", &self.pid)
            .replace("${majorVersion}", &self.version.0.to_string())
            .replace("${minorVersion}", &self.version.1.to_string())
            .replace("${releaseStatus}", "done")
    }
}

impl Sim {
    /// Starts the workflow, if there is one, for a version just released. Tells the invocation's id.
    pub(super) fn start_workflow(
        self: &Arc<Self>,
        dataset: u64,
        pid: &str,
        version: (u64, u64),
    ) -> Option<String> {
        let definition = self.state().workflow.clone()?;
        let invocation = Invocation {
            id: uuid::Uuid::now_v7().to_string(),
            dataset,
            pid: pid.to_owned(),
            version,
            definition,
            stage: Stage::Calling,
            calls: 0,
            call_status: None,
            early_resumes: 0,
            resumes: 0,
            resume_body: None,
        };
        let id = invocation.id.clone();
        self.state().invocations.push(invocation.clone());
        let sim = Arc::clone(self);
        self.runtime.spawn(async move { sim.run_workflow(invocation).await });
        Some(id)
    }

    /// Calls out, and makes the invocation visible some time after the 2xx, when Dataverse has committed it.
    async fn run_workflow(&self, invocation: Invocation) {
        tokio::time::sleep(self.seconds(1.0)).await;
        let mut status = self.call_out(&invocation).await;
        if matches!(status, Some(429 | 503)) {
            tokio::time::sleep(self.seconds(1.0)).await;
            status = self.call_out(&invocation).await;
        }
        let good = status.is_some_and(|status| (200..300).contains(&status));
        if !good {
            self.change(&invocation.id, |i| i.stage = Stage::CallFailed);
            return;
        }
        tokio::time::sleep(self.seconds(1.0)).await;
        self.change(&invocation.id, |i| i.stage = Stage::Pending);
        if let Some(dataset) = self.state().by_id(invocation.dataset) {
            dataset.locks.push(Lock { kind: "Workflow", since: now(), user: "fiona".into() });
        }
    }

    async fn call_out(&self, invocation: &Invocation) -> Option<u16> {
        let definition = &invocation.definition;
        // Java's client writes ISO-8859-1 when the content type names no character set.
        let text = invocation.filled(definition.body.as_deref().unwrap_or_default());
        let body: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        let request = self
            .client
            .post(invocation.filled(&definition.url))
            .header("Content-Type", &definition.content_type)
            .header("User-Agent", "Apache-HttpClient/5.2.1 (Java/21.0.7)")
            .body(body);
        let status = request.send().await.ok().map(|answer| answer.status().as_u16());
        self.change(&invocation.id, |i| {
            i.calls += 1;
            i.call_status = status;
        });
        status
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Invocation)) {
        if let Some(invocation) = self.state().invocations.iter_mut().find(|i| i.id == id) {
            change(invocation);
        }
    }

    /// `POST /api/workflows/{invocationId}`: no user, only the caller's address counts.
    pub(super) fn resume(self: &Arc<Self>, id: &str, ask: &Ask) -> HttpResponse {
        let mut state = self.state();
        let (in_vain, lost) = (state.plays("resume_in_vain"), state.plays("resume_answer_lost"));
        let allowed = state.workflow.as_ref().map_or_else(loopback, |w| w.resume_addresses.clone());
        if !ask.peer.is_some_and(|peer| allowed.contains(&peer.to_string())) {
            let message =
                "Sorry, your IP address is not authorized to send resume requests. Please contact an admin.";
            return shapes::error(401, message);
        }
        let unknown = || shapes::error(404, &format!("Cannot find workflow invocation with id {id}"));
        let Some(invocation) = state.invocations.iter_mut().find(|i| i.id == id) else { return unknown() };
        if invocation.stage == Stage::Calling {
            invocation.early_resumes += 1;
        }
        if !matches!(invocation.stage, Stage::Pending | Stage::Resumed) {
            return unknown();
        }
        let page = "<html><body><h1>504 Gateway Time-out</h1></body></html>";
        let timed_out = || http::text(504, "text/html", page);
        if in_vain {
            return timed_out();
        }
        let body = String::from_utf8_lossy(&ask.body).trim().to_owned();
        invocation.resumes += 1;
        invocation.resume_body = Some(body.clone());
        invocation.stage = Stage::Resumed;
        let good = matches(&invocation.definition.expected_response, &body);
        let (dataset, rest) = (invocation.dataset, Duration::from_millis(invocation.definition.rest_ms));
        drop(state);
        let (sim, id) = (Arc::clone(self), id.to_owned());
        self.runtime.spawn(async move {
            tokio::time::sleep(rest).await;
            sim.finish(&id, dataset, good).await;
        });
        if lost {
            return timed_out();
        }
        http::text(202, "text/plain", format!("/api/datasets/{dataset}"))
    }

    async fn finish(&self, id: &str, dataset: u64, good: bool) {
        tokio::time::sleep(self.seconds(0.3)).await;
        self.change(id, |i| i.stage = if good { Stage::Succeeded } else { Stage::Failed });
        if let Some(dataset) = self.state().by_id(dataset) {
            dataset.locks.retain(|lock| lock.kind != "Workflow");
        }
    }
}

/// Whether the whole text matches; `.` stops at a line end.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(start) => text.strip_prefix(start).is_some_and(|rest| !rest.contains(['\n', '\r'])),
        None => pattern == text,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_resume_body_matches_as_a_whole_and_on_one_line() {
        assert!(matches("OK.*", "OK"));
        assert!(matches("OK.*", "OK queued"));
        assert!(!matches("OK.*", "FAILED"));
        assert!(!matches("OK.*", "OK\nqueued"));
        assert!(!matches("OK", "OK queued"));
    }
}

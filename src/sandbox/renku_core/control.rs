//! `/_sim/…`: what tests and the sandbox command use to turn the simulated Renku 1 and to look into it.
//! The list of calls stands in the module's own documentation.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Sim;
use super::projects::{Project, ProjectSpec};
use super::state::{Fault, GitLab, Job, JobState, Person};
use crate::sandbox::http::{self, Ask};

const FAULTS: [&str; 19] = [
    "core_down",
    "dirty_clone",
    "error_2900",
    "error_3030",
    "error_3200",
    "error_3201",
    "error_3202",
    "error_3203",
    "gitlab_token_gone",
    "job_lost",
    "job_stuck",
    "malformed",
    "no_gitlab",
    "null_results",
    "old_errors",
    "post_504_but_enqueued",
    "post_timeout_but_enqueued",
    "retry_after",
    "slow",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    job_ms: Option<u64>,
    workers: Option<usize>,
    odd_every: Option<u64>,
    sticky: Option<bool>,
    everyone_signed_in: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonSpec {
    name: String,
    signed_in: bool,
    gitlab: GitLab,
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
                let project = Project::from(spec);
                let url = format!("{}/{}", self.git_url, project.path);
                let path = project.path.clone();
                self.state().projects.insert(path.clone(), project);
                http::json(200, &json!({ "git_url": url, "path": path }))
            }),
            ("GET", "projects") => {
                let paths: Vec<_> = self.state().projects.keys().cloned().collect();
                http::json(200, &json!(paths))
            }
            ("POST", "people") => with(ask, |spec: PersonSpec| {
                let person = Person { signed_in: spec.signed_in, gitlab: spec.gitlab };
                self.state().people.insert(spec.name, person);
                done()
            }),
            ("POST", "mode") => with(ask, |mode| self.turn(&mode)),
            ("POST", "faults") => with(ask, |fault| self.order(fault)),
            ("DELETE", "faults") => {
                self.state().clear_faults();
                done()
            }
            ("GET", "submits") => http::json(200, &self.submits()),
            ("GET", "hits") => {
                let state = self.state();
                http::json(200, &json!({ "total": state.hit_count, "hits": state.hits }))
            }
            ("DELETE", "hits") => {
                self.state().hits.clear();
                done()
            }
            ("GET", "health") => done(),
            ("GET", path) if path.starts_with("repos/") => {
                let path = path.trim_start_matches("repos/");
                let found = self.state().projects.get(path).map(Project::contents);
                found.map_or_else(|| missing("project"), |contents| http::json(200, &contents))
            }
            _ => missing("such control"),
        }
    }

    fn turn(&self, mode: &Mode) -> HttpResponse {
        let mut state = self.state();
        if let Some(ms) = mode.job_ms {
            state.mode.job_ms = (ms > 0).then_some(ms);
        }
        if let Some(workers) = mode.workers.map(|workers| workers.max(1)) {
            self.workers.add_permits(workers.saturating_sub(state.workers));
            let fewer = state.workers.saturating_sub(workers);
            let gone = self.workers.forget_permits(fewer);
            state.workers = workers + (fewer - gone);
        }
        state.odd_every = mode.odd_every.unwrap_or(state.odd_every);
        state.sticky = mode.sticky.unwrap_or(state.sticky);
        state.mode.everyone_signed_in = mode.everyone_signed_in.unwrap_or(state.mode.everyone_signed_in);
        done()
    }

    fn order(&self, fault: Fault) -> HttpResponse {
        if !FAULTS.contains(&fault.name.as_str()) {
            return http::json(400, &json!({ "error": "unknown fault", "faults": FAULTS }));
        }
        let mut state = self.state();
        if fault.name == "gitlab_token_gone" {
            let name = fault.user.unwrap_or_else(|| "alice".into());
            if let Some(person) = state.people.get_mut(&name) {
                person.gitlab = GitLab::Gone;
            }
        } else {
            state.order_fault(fault);
        }
        done()
    }

    /// What was accepted, by person, project and `dataset_uri`, and how it ended.
    fn submits(&self) -> Value {
        let state = self.state();
        let jobs: Vec<&Job> = state.order.iter().filter_map(|id| state.jobs.get(id)).collect();
        let mut submits: BTreeMap<(&str, &str, &str), Vec<Value>> = BTreeMap::new();
        for job in &jobs {
            submits.entry((&job.user, &job.project, &job.dataset_uri)).or_default().push(json!({
                "job_id": job.id, "created_at": job.created_at, "ended_at": job.ended_at, "state": job.state,
                "pushed": job.pushed(), "ended": job.ended, "disturbed": job.disturbed, "slug": job.slug,
                "extras": job.extras,
            }));
        }
        let submits: Vec<Value> = submits
            .into_iter()
            .map(|((user, project, uri), jobs)| {
                json!({ "user": user, "project": project, "dataset_uri": uri, "accepted": jobs.len(), "jobs": jobs })
            })
            .collect();
        let count = |test: &dyn Fn(&Job) -> bool| jobs.iter().filter(|job| test(job)).count();
        json!({
            "submits": submits,
            "totals": {
                "accepted": jobs.len(), "ended": count(&|j| j.ended), "running": count(&|j| j.running),
                "completed": count(&|j| j.state == JobState::Completed && j.pushed()),
                "failed": count(&|j| j.state == JobState::Failed), "disturbed": state.disturbed,
            },
            "foreign_git_hosts": state.foreign_hosts,
        })
    }
}

fn missing(what: &str) -> HttpResponse {
    http::json(404, &json!({ "error": format!("no {what}") }))
}

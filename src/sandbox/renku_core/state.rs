//! What the simulated Renku 1 keeps in memory: people, projects, jobs, faults, counters.
//! Only data and look-ups; how a job lives is in `jobs.rs`, how a project changes in `projects.rs`.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::download::Metadata;
use super::projects::{Project, Template};
use crate::sandbox::http::{Ask, now};

/// What GitLab thinks of the token the gateway keeps for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum GitLab {
    Good,
    /// The gateway has one, GitLab says 401.
    Refused,
    /// The gateway has none any more.
    Gone,
}

/// A person as Renku knows them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    /// Signed in to Renku at least once.
    pub(super) signed_in: bool,
    pub(super) gitlab: GitLab,
}

/// A fault that is on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    pub(super) name: String,
    pub(super) times: Option<u64>,
    /// Whose, for `gitlab_token_gone`.
    pub(super) user: Option<String>,
    /// For `retry_after`.
    pub(super) seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum JobState {
    Enqueued,
    InProgress,
    Completed,
    Failed,
}

/// An import job.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what a job says and what becomes of it are independent")]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) project: String,
    pub(super) branch: String,
    pub(super) dataset_uri: String,
    pub(super) slug: Option<String>,
    pub(super) data_directory: Option<String>,
    /// Without zone, as core writes it.
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) state: JobState,
    pub(super) extras: Option<Map<String, Value>>,
    /// Polls see nothing of it, ever (`is_delayed`).
    pub(super) hidden: bool,
    /// A worker has it.
    pub(super) running: bool,
    /// Its clone was reset under it.
    pub(super) disturbed: bool,
    /// Nothing will happen to it any more, whatever its state says.
    pub(super) ended: bool,
    pub(super) ended_at: Option<String>,
}

impl Job {
    /// Pushed: the only real success.
    pub(super) fn pushed(&self) -> bool {
        self.extras.as_ref().is_some_and(|extras| extras.contains_key("remote_branch"))
    }

    pub(super) fn extra(&mut self, key: &str, value: impl Into<Value>) {
        self.extras.get_or_insert_default().insert(key.to_owned(), value.into());
    }

    /// As `GET jobs/{id}` shows it.
    pub(super) fn wire(&self, project_id: &str) -> Value {
        let (owner, name) = self.project.split_once('/').unwrap_or(("", &self.project));
        json!({
            "job_id": self.id, "created_at": self.created_at, "updated_at": self.updated_at,
            "renku_op": "dataset_import", "state": self.state, "extras": self.extras, "client_extras": "",
            "project": { "project_id": project_id, "owner": owner, "name": name },
        })
    }
}

/// Fixed lives for load tests.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mode {
    pub(super) job_ms: Option<u64>,
    pub(super) everyone_signed_in: bool,
}

/// Requests remembered one by one; older ones are only counted.
const HITS_KEPT: usize = 20_000;

#[derive(Debug)]
pub(super) struct State {
    pub(super) people: BTreeMap<String, Person>,
    pub(super) projects: BTreeMap<String, Project>,
    pub(super) jobs: HashMap<String, Job>,
    /// Job ids in the order they came.
    pub(super) order: Vec<String>,
    faults: HashMap<String, Fault>,
    pub(super) mode: Mode,
    pub(super) workers: usize,
    pub(super) sticky: bool,
    pub(super) odd_every: u64,
    polls: u64,
    /// Exports read for load tests, by `dataset_uri`.
    pub(super) known: HashMap<String, Arc<Metadata>>,
    pub(super) disturbed: u64,
    /// Hosts that would have been sent a GitLab token although they are not the git host.
    pub(super) foreign_hosts: BTreeSet<String>,
    pub(super) hits: VecDeque<Value>,
    pub(super) hit_count: u64,
    started: Instant,
}

impl State {
    pub(super) fn new(sticky: bool, odd_every: u64) -> Self {
        let person = |signed_in, gitlab| Person { signed_in, gitlab };
        let people = [
            ("alice", person(true, GitLab::Good)),
            ("bob", person(true, GitLab::Good)),
            ("carol", person(true, GitLab::Refused)),
            ("dave", person(false, GitLab::Gone)),
        ];
        let project = |name: &str, template, protected: &[&str]| {
            let path = format!("alice/{name}");
            let protected = protected.iter().map(ToString::to_string).collect();
            (path.clone(), Project { template, protected, ..Project::new(&path) })
        };
        let projects = [
            project("first-project", Template::Renku, &[]),
            project("second-project", Template::Renku, &[]),
            project("protected-main", Template::Renku, &["master"]),
            project("outdated", Template::Outdated, &[]),
        ];
        Self {
            people: people.map(|(name, person)| (name.to_owned(), person)).into(),
            projects: projects.into(),
            jobs: HashMap::new(),
            order: vec![],
            faults: HashMap::new(),
            mode: Mode::default(),
            workers: 1,
            sticky,
            odd_every,
            polls: 0,
            known: HashMap::new(),
            disturbed: 0,
            foreign_hosts: BTreeSet::new(),
            hits: VecDeque::new(),
            hit_count: 0,
            started: Instant::now(),
        }
    }

    pub(super) fn person(&self, name: &str) -> Option<Person> {
        let stranger = Person { signed_in: true, gitlab: GitLab::Good };
        self.people.get(name).copied().or_else(|| self.mode.everyone_signed_in.then_some(stranger))
    }

    /// A login at Renku: the gateway stores fresh tokens. GitLab goes on refusing whom it refuses.
    pub(super) fn sign_in(&mut self, name: &str) {
        let person =
            self.people.entry(name.to_owned()).or_insert(Person { signed_in: true, gitlab: GitLab::Good });
        person.signed_in = true;
        if person.gitlab == GitLab::Gone {
            person.gitlab = GitLab::Good;
        }
    }

    pub(super) fn order_fault(&mut self, fault: Fault) {
        self.faults.insert(fault.name.clone(), fault);
    }

    pub(super) fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Plays a fault once if it is on.
    pub(super) fn plays(&mut self, name: &str) -> Option<Fault> {
        let fault = self.faults.get_mut(name)?;
        let played = fault.clone();
        if let Some(left) = &mut fault.times {
            *left = left.saturating_sub(1);
        }
        if fault.times == Some(0) {
            self.faults.remove(name);
        }
        Some(played)
    }

    /// Plays one of the `error_<code>` faults.
    pub(super) fn plays_error(&mut self) -> Option<String> {
        let name = self.faults.keys().find(|name| name.starts_with("error_")).cloned()?;
        self.plays(&name).and_then(|fault| fault.name.strip_prefix("error_").map(str::to_owned))
    }

    /// What is odd about this poll, by count: nothing, an empty answer, or error 2900.
    pub(super) fn odd_poll(&mut self) -> Option<Odd> {
        self.polls += 1;
        if self.odd_every == 0 || !self.polls.is_multiple_of(self.odd_every) {
            return None;
        }
        let nth = self.polls / self.odd_every;
        Some(if nth.is_multiple_of(5) { Odd::NotFound } else { Odd::Null })
    }

    pub(super) fn note_hit(&mut self, ask: &Ask) {
        self.hit_count += 1;
        if self.hits.len() == HITS_KEPT {
            self.hits.pop_front();
        }
        self.hits.push_back(json!({
            "ms": u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "method": ask.method, "path": ask.path, "authorization": ask.header("Authorization").is_some(),
            "cookie": ask.header("Cookie").is_some(), "referer": ask.header("Referer").is_some(),
        }));
    }

    /// A job changes; one that was ended before stays as it is.
    pub(super) fn change_job(&mut self, id: &str, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.get_mut(id).filter(|job| !job.ended) {
            change(job);
            if job.ended {
                job.running = false;
                job.ended_at = Some(stamp());
            }
        }
    }

    /// Somebody's call reset a clone: whatever runs on it is disturbed.
    pub(super) fn disturb(&mut self, user: &str, project: &str, branch: &str) {
        let hit = self.jobs.values_mut().filter(|job| {
            job.running
                && !job.disturbed
                && job.user == user
                && job.project == project
                && job.branch == branch
        });
        for job in hit {
            job.disturbed = true;
            self.disturbed += 1;
        }
    }
}

/// An odd answer to a poll of a living job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Odd {
    Null,
    NotFound,
}

/// Now, as core writes times: UTC without zone.
pub(super) fn stamp() -> String {
    now().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// 32 hexadecimal digits.
pub(super) fn hex_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

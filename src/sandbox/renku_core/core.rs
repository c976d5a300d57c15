//! The core service's endpoints: routing by version, and taking an import. HTTP 200 for every answer.
//! Endpoints that only read are in `read.rs`; what a job does afterwards in `jobs.rs`.

use std::sync::Arc;

use actix_web::HttpResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use url::Url;

use super::Sim;
use super::errors::{self, ServiceError};
use super::gateway::Identity;
use super::projects::Template;
use super::state::{GitLab, Job, JobState, hex_id, stamp};
use super::versions::Core;
use crate::sandbox::http::{self, Ask};

/// Seconds between two fetches of a working copy.
const STALE_AFTER: f64 = 30.0;

/// A project looked up for somebody, its working copy up to date.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) path: String,
    pub(super) branch: String,
}

type Outcome = Result<Value, ServiceError>;

impl Sim {
    pub(super) fn release(&self) -> Core {
        Core::of(&self.options.core_version)
    }

    /// One call, already through the gateway. `at_home` = it came back to the pod that knows the caller's jobs.
    pub(super) async fn core(
        self: &Arc<Self>,
        ask: &Ask,
        identity: Option<&Identity>,
        at_home: bool,
    ) -> HttpResponse {
        let parts = ask.segments();
        let mut rest = parts.get(2..).unwrap_or_default();
        if let Some(metadata) = rest.first().and_then(|part| part.parse::<u64>().ok()) {
            if metadata != self.release().metadata() {
                return http::json(404, &json!({ "message": "Not Found" }));
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        let (oldest, newest) = self.release().api();
        let mut api = newest;
        if let Some(wanted) = rest.first().and_then(|part| api_version(part)) {
            if wanted < oldest || wanted > newest {
                return self.failed(&errors::no_such_route());
            }
            api = wanted;
            rest = rest.get(1..).unwrap_or_default();
        }
        self.endpoint(rest, api, ask, identity, at_home).await
    }

    async fn endpoint(
        self: &Arc<Self>,
        rest: &[&str],
        api: (u64, u64),
        ask: &Ask,
        identity: Option<&Identity>,
        at_home: bool,
    ) -> HttpResponse {
        let post = ask.method == "POST";
        match rest {
            [] => http::json(
                200,
                &json!({ "service_version": self.options.core_version, "spec_url": "/api/renku/spec.json" }),
            ),
            ["apiversion"] if self.release().has_apiversion() => self.told(Ok(self.api_version_info())),
            ["version"] if !self.release().has_apiversion() => self.told(Ok(self.api_version_info())),
            ["version"] if !self.release().has_versions() => http::json(200, &self.versions_info()),
            ["versions"] if self.release().has_versions() => self.told(Ok(self.versions_info())),
            ["datasets.import"] if post => self.import(api, ask, identity).await,
            ["cache.migrate"] if post => self.told(self.migrate(ask, identity).await),
            ["datasets.import" | "cache.migrate"] => self.failed(&errors::wrong_method()),
            ["cache.files_list"] => {
                self.told(identity.map(|_| json!({ "files": [] })).ok_or_else(errors::anonymous))
            }
            ["cache.migrations_check"] => self.told(self.migrations_check(api, ask, identity).await),
            ["datasets.list"] => self.told(self.datasets(api, ask, identity).await),
            ["datasets.files_list"] => self.told(self.dataset_files(api, ask, identity).await),
            ["jobs"] => self.told(self.jobs(identity, at_home)),
            ["jobs", id] => self.told(self.job(id, identity, at_home)),
            _ => self.failed(&errors::no_such_route()),
        }
    }

    fn told(&self, outcome: Outcome) -> HttpResponse {
        match outcome {
            Ok(result) => http::json(200, &json!({ "result": result })),
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &ServiceError) -> HttpResponse {
        let old = self.release().old_errors() || self.state().plays("old_errors").is_some();
        http::json(200, &error.body(old))
    }

    /// Looks a project up and brings the person's working copy of it up to date, which resets it under a running job when
    /// the last fetch is too old.
    pub(super) async fn open(
        &self,
        git_url: &str,
        branch: Option<&str>,
        person: &Identity,
    ) -> Result<Opened, ServiceError> {
        let opened = self.look_up(git_url, branch, person).await?;
        let mut state = self.state();
        let project = state.projects.get_mut(&opened.path);
        let limit = self.seconds(STALE_AFTER);
        if project.is_some_and(|project| project.bring_up_to_date(&person.name, &opened.branch, limit)) {
            state.disturb(&person.name, &opened.path, &opened.branch);
        }
        Ok(opened)
    }

    /// Looks a project up as its clone is made: git host, token, read right, kind, branch. Touches no working copy.
    pub(super) async fn look_up(
        &self,
        git_url: &str,
        branch: Option<&str>,
        person: &Identity,
    ) -> Result<Opened, ServiceError> {
        let path = self.project_path(git_url, person)?;
        let into = |words: &str| cloning(person, &path, words);
        if person.gitlab != GitLab::Good {
            let words = "remote: http basic: access denied. the provided password or token is incorrect or your account has 2fa enabled and you must use a personal access token instead of a password. fatal: authentication failed for";
            return Err(errors::access_denied(&into(&format!("{words} '{git_url}/'"))));
        }
        let seen = |path: &str| {
            let state = self.state();
            state.projects.get(path).filter(|p| p.may_read(&person.name)).map(|p| (p.delay, p.template))
        };
        let Some((delay, template)) = seen(&path) else {
            let words = "remote: the project you were looking for could not be found or you don't have permission to view it. fatal: repository";
            return Err(errors::repository_not_found(&into(&format!("{words} '{git_url}/' not found"))));
        };
        tokio::time::sleep(self.seconds(delay)).await;
        let release = self.release();
        let state = self.state();
        let Some(project) = state.projects.get(&path) else {
            return Err(errors::repository_not_found(""));
        };
        let wanted = branch.filter(|_| release.heeds_branch());
        let branch = wanted.unwrap_or(&project.default_branch).to_owned();
        if !project.branches.contains_key(&branch) {
            let (scheme, rest) = git_url.split_once("://").unwrap_or(("http", git_url));
            return Err(errors::no_such_branch(
                &branch,
                &format!("{scheme}://oauth2:{}@{rest}", person.git_token()),
            ));
        }
        if template == Template::Plain {
            return Err(errors::not_renku());
        }
        Ok(Opened { path, branch })
    }

    /// The project's path of a `git_url`. A token for a foreign host would have left the house: that is remembered.
    fn project_path(&self, git_url: &str, person: &Identity) -> Result<String, ServiceError> {
        let invalid = || errors::repository_not_found("Invalid `git_url`");
        let url =
            Url::parse(git_url).ok().filter(|url| url.scheme().starts_with("http")).ok_or_else(invalid)?;
        let Some(path) = git_url.strip_prefix(&format!("{}/", self.git_url)) else {
            let host = url.host_str().unwrap_or_default().to_owned();
            let port = url.port_or_known_default().unwrap_or(0);
            self.state().foreign_hosts.insert(format!("{host}:{port}"));
            let refused =
                format!("failed to connect to {host} port {port} after 0 ms: couldn't connect to server");
            let words = format!("fatal: unable to access '{git_url}/': {refused}");
            return Err(errors::repository_not_found(&cloning(person, url.path().trim_matches('/'), &words)));
        };
        let plain = || path.trim_end_matches('/').trim_end_matches(".git");
        Ok(if self.release().by_git_url() { plain() } else { path }.to_owned())
    }

    /// Whether the content type is exactly what core compares with.
    pub(super) fn json_body(ask: &Ask) -> Result<Map<String, Value>, ServiceError> {
        match ask.header("Content-Type") {
            Some("application/json") => Ok(ask.json().as_object().cloned().unwrap_or_default()),
            other => Err(errors::content_type(other)),
        }
    }

    async fn import(
        self: &Arc<Self>,
        api: (u64, u64),
        ask: &Ask,
        identity: Option<&Identity>,
    ) -> HttpResponse {
        let (code, odd) = {
            let mut state = self.state();
            let odd = ["post_504_but_enqueued", "post_timeout_but_enqueued"]
                .map(|name| state.plays(name).is_some());
            (state.plays_error(), odd)
        };
        if let Some(error) = code.as_deref().and_then(errors::ordered) {
            return self.failed(&error);
        }
        let outcome = self.take_import(api, ask, identity).await;
        match odd {
            [true, _] => {
                http::text(504, "text/html", "<html><head><title>504 Gateway Time-out</title></head></html>")
            }
            [_, true] => {
                self.stop.cancelled().await;
                http::text(504, "text/html", "")
            }
            _ => self.told(outcome),
        }
    }

    async fn take_import(
        self: &Arc<Self>,
        api: (u64, u64),
        ask: &Ask,
        identity: Option<&Identity>,
    ) -> Outcome {
        let body = Self::json_body(ask)?;
        let person = identity.ok_or_else(errors::anonymous)?;
        let release = self.release();
        checked_fields(&body, &release.import_fields(api), release)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let flag = |name: &str| body.get(name).and_then(Value::as_bool) == Some(true);
        let opened = self.open(text("git_url").unwrap_or_default(), text("branch"), person).await?;
        let mut state = self.state();
        if flag("migrate_project")
            && let Some(project) =
                state.projects.get_mut(&opened.path).filter(|p| p.template == Template::Outdated)
        {
            project.template = Template::Renku;
        }
        let created_at = stamp();
        let job = Job {
            id: hex_id(),
            user: person.name.clone(),
            project: opened.path,
            branch: opened.branch,
            dataset_uri: text("dataset_uri").unwrap_or_default().to_owned(),
            slug: text("slug").or_else(|| text("name")).map(str::to_owned),
            data_directory: text("data_directory").map(str::to_owned),
            updated_at: created_at.clone(),
            created_at,
            state: JobState::Enqueued,
            extras: None,
            hidden: flag("is_delayed"),
            running: false,
            disturbed: false,
            ended: false,
            ended_at: None,
        };
        let answer = json!({ "job_id": job.id, "created_at": job.created_at });
        let lost = job.hidden || state.plays("job_lost").is_some();
        let id = job.id.clone();
        state.order.push(id.clone());
        state.jobs.insert(id.clone(), job);
        if lost {
            state.change_job(&id, |job| job.ended = true);
        } else {
            let (sim, stop) = (Arc::clone(self), self.stop.clone());
            self.runtime.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = sim.run_job(id) => {}
                }
            });
        }
        Ok(answer)
    }

    fn jobs(&self, identity: Option<&Identity>, at_home: bool) -> Outcome {
        let person = identity.ok_or_else(errors::anonymous)?;
        let state = self.state();
        let mine = state.order.iter().filter_map(|id| state.jobs.get(id));
        let mine = mine.filter(|job| at_home && !job.hidden && job.user == person.name);
        let jobs: Vec<Value> = mine.map(|job| job.wire(state.project_id(job))).collect();
        Ok(json!({ "jobs": jobs }))
    }

    fn job(&self, id: &str, identity: Option<&Identity>, at_home: bool) -> Outcome {
        let person = identity.ok_or_else(errors::anonymous)?;
        let mut state = self.state();
        if state.plays("null_results").is_some() {
            return Ok(Value::Null);
        }
        let odd = state.odd_poll();
        let known = state.jobs.get(id).filter(|job| at_home && !job.hidden && job.user == person.name);
        match (known, odd) {
            (None, _) | (_, Some(super::state::Odd::Null)) => Ok(Value::Null),
            (_, Some(super::state::Odd::NotFound)) => Err(errors::internal("'Object not found.'")),
            (Some(job), None) => Ok(job.wire(state.project_id(job))),
        }
    }
}

/// What git said, as core hands it on.
fn cloning(person: &Identity, path: &str, words: &str) -> String {
    let user = STANDARD.encode(&person.email).to_lowercase();
    format!("stderr: 'cloning into '/svc/cache/projects/{user}/{path}/__default_branch__'... {words} '")
}

impl super::state::State {
    fn project_id(&self, job: &Job) -> &str {
        let project = self.projects.get(&job.project);
        project.and_then(|p| p.copy(&job.user, &job.branch)).map_or("", |copy| copy.project_id.as_str())
    }
}

fn api_version(part: &str) -> Option<(u64, u64)> {
    let (major, minor) = part.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The strict schema of the import: unknown fields are refused, missing ones named.
fn checked_fields(body: &Map<String, Value>, known: &[&str], release: Core) -> Result<(), ServiceError> {
    if body.contains_key("project_id") && release.by_git_url() {
        return Err(errors::project_id());
    }
    let unknown: Vec<_> = body.keys().filter(|key| !known.contains(&key.as_str())).collect();
    if !unknown.is_empty() {
        let details: Vec<_> = unknown.iter().map(|key| format!("'{key}': Unknown field.")).collect();
        return Err(errors::unknown_fields(&details.join(", ")));
    }
    for key in ["dataset_uri", "git_url"] {
        let details = match body.get(key) {
            None => format!("'{key}': Missing data for required field."),
            Some(Value::String(_)) => continue,
            Some(Value::Null) => format!("'{key}': Field may not be null."),
            Some(_) => format!("'{key}': Not a valid string."),
        };
        return Err(errors::wrong_values(&details));
    }
    Ok(())
}

//! Renku 1: hands a dataset's address to the core service, follows its job, and looks into the project afterwards.
//! Waiting, repeating and deciding what to do about a failure are the use cases'.

mod capabilities;
mod client;
mod codes;
mod error;
mod jobs;
mod projects;
mod wire;

#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use tokio::sync::Mutex;

use self::capabilities::{Offer, is_no_such_route};
use self::client::{Call, Client, PAGE, Reply};
pub use self::codes::CoreError;
pub use self::error::RenkuCoreError;
use super::exchange::Exchange;
use crate::domain::import::{Plan, RemoteJob};
use crate::domain::ports::Clock;
use crate::domain::ports::renku::{
    AccessToken, Arrived, ArrivedFiles, Capabilities, JobStatus, Renku, SubmitFailure,
};
use crate::domain::problem::{Class, Fault, ProblemCode};
use crate::domain::project::{Project, ProjectAddress};
use crate::domain::time::Timestamp;

use RenkuCoreError as Error;

/// For how long the core is taken to be the release that it told.
const OFFER_KEPT: Duration = Duration::from_mins(10);

/// How many times the list of jobs is asked for where several pods may each have their own.
const PODS_ASKED: usize = 4;

/// One Renku 1, as configured.
#[derive(Clone, Debug)]
pub struct RenkuCoreSettings {
    /// The address of its front page; the service is below `/api/renku` there.
    pub url: String,
    /// On which hosts (`host` or `host:port`) projects may lie: the core sends the person's Git token there.
    pub git_hosts: Vec<String>,
    /// The clients (`azp`) of which its gateway takes tokens, if it looks at that.
    pub accepted_clients: Vec<String>,
    /// Most bytes that are read of an answer.
    pub max_answer: usize,
    /// For calls that touch no repository.
    pub ask_timeout: Duration,
    /// For calls before whose answer the core clones the project: two minutes or more, since an early end leaves unclear what became of it.
    pub project_timeout: Duration,
    /// Most files that fit into its 30-minute job.
    pub most_files: u32,
    /// Most bytes that fit into its 30-minute job.
    pub most_bytes: u64,
    /// How many jobs of ours it has at once.
    pub outstanding: u32,
}

/// A Renku 1 through its gateway.
pub struct RenkuCore {
    client: Client,
    settings: RenkuCoreSettings,
    offer: Mutex<Option<(Offer, Timestamp)>>,
}

impl fmt::Debug for RenkuCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenkuCore").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl RenkuCore {
    /// `http` comes from [`http::client`](super::http::client) with a read timeout not below `project_timeout`, and best keeps no
    /// connections: a submit written to one that is just being closed leaves unclear whether it arrived.
    pub fn new(settings: RenkuCoreSettings, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        let exchange = Exchange::new(http, settings.max_answer);
        let client = Client::new(&settings.url, settings.accepted_clients.clone(), exchange, clock);
        Self { client, settings, offer: Mutex::new(None) }
    }

    async fn offer(&self) -> Result<Offer, Error> {
        let now = self.client.clock().now();
        let mut kept = self.offer.lock().await;
        if let Some((offer, until)) = &*kept
            && now < *until
        {
            return Ok(offer.clone());
        }
        let offer = self.asked_offer().await?;
        *kept = Some((offer.clone(), now.plus(OFFER_KEPT)));
        Ok(offer)
    }

    async fn asked_offer(&self) -> Result<Offer, Error> {
        let reply = match self.ask_version("apiversion").await {
            // Before 1.2.0 it is called `version`.
            Err(Error::Core(error)) if is_no_such_route(&error) => self.ask_version("version").await,
            other => other,
        };
        let told = match reply.and_then(Reply::read) {
            // A page of another service: none of Renku 1 is behind this address.
            Err(Error::NotUnderstood { what, .. }) => return Err(Error::ApiNotOffered { words: what }),
            other => other?,
        };
        Offer::of(&told)
    }

    async fn ask_version(&self, endpoint: &str) -> Result<Reply, Error> {
        let call = Call::get(format!("/api/renku/{endpoint}"), Vec::new());
        self.client.call(call, self.settings.ask_timeout).await
    }

    /// A call whose refusals are read with regard to the release; one that shows that the release changed makes us ask for it again.
    async fn call(&self, call: Call<'_>, timeout: Duration, offer: &Offer) -> Result<Reply, Error> {
        let outcome = self.client.call(call, timeout).await;
        let error = match outcome {
            Err(Error::Failing { status: 500, words, .. }) if words == PAGE && offer.has_old_gateway() => {
                Error::GitSignInGone { words }
            }
            Err(error) => error,
            Ok(reply) => return Ok(reply),
        };
        let moved = if let Error::Core(core) = &error {
            is_no_such_route(core) || core.code == 2001
        } else {
            matches!(error, Error::ApiNotOffered { .. })
        };
        if moved {
            *self.offer.lock().await = None;
        }
        Err(error)
    }

    /// The core puts the person's Git token into the address it clones from (renku-python: `serializers/cache.py`).
    fn allowed(&self, project: &ProjectAddress) -> Result<(), Error> {
        let host = project.host();
        let listed = self.settings.git_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host));
        let safe = project.as_str().starts_with("https://") || is_loopback(project);
        if listed && safe { Ok(()) } else { Err(Error::HostNotAllowed { host }) }
    }

    /// Looks that the core knows who asks: the cheapest call that must be told.
    ///
    /// What the Go gateway does not like goes on as nobody's call. Reading is allowed to nobody too: private projects are then not
    /// found, and the check of migrations ends in error 2900 (core 2.9.4).
    async fn known(&self, token: &AccessToken, offer: &Offer) -> Result<(), Error> {
        let call = Call::get(format!("{}/cache.files_list", offer.base), Vec::new()).by(token);
        self.call(call, self.settings.ask_timeout, offer).await.map(|_uploads| ())
    }

    async fn checked(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Error> {
        self.allowed(project)?;
        let offer = self.offer().await?;
        self.known(token, &offer).await?;
        let path = format!("{}/cache.migrations_check", offer.base);
        let call = Call::get(path, vec![("git_url", project.as_str())]).by(token);
        let told: wire::MigrationsCheck =
            self.call(call, self.settings.project_timeout, &offer).await?.read()?;
        if told.project_supported == Some(false) {
            return Err(Error::Core(CoreError {
                code: 1141,
                user: "The project is not supported by this version of Renku.".to_owned(),
                ..CoreError::default()
            }));
        }
        if let Some(error) = told.error() {
            return Err(Error::Core(error));
        }
        if told.migration_required() {
            return Err(Error::Core(CoreError {
                code: 1140,
                user: "The project's metadata are of an older version.".to_owned(),
                ..CoreError::default()
            }));
        }
        Ok(())
    }

    async fn migrated(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Error> {
        self.allowed(project)?;
        let offer = self.offer().await?;
        let body = wire::Migrate {
            git_url: project.as_str(),
            force_template_update: false,
            skip_template_update: true,
            skip_docker_update: true,
        };
        let call = Call::post(format!("{}/cache.migrate", offer.base), &body)?.by(token);
        let told: wire::Migrated = match self.call(call, self.settings.project_timeout, &offer).await {
            // 1140 means "project update failed" here (renku-python: `ui/service/errors.py` has the number twice).
            Err(Error::Core(error)) if matches!(error.code, 1140 | 2200 | -32100) => {
                return Err(Error::MigrationFailed { words: error.to_string() });
            }
            other => other?.read()?,
        };
        let errors = told.errors.unwrap_or_default();
        if !errors.is_empty() {
            let words = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            return Err(Error::MigrationFailed { words });
        }
        match told.remote_branch {
            Some(branch) if branch.starts_with("renku/autobranch/") => Err(Error::MigrationFailed {
                words: format!("it was pushed to {branch}, which must be merged first"),
            }),
            _ => Ok(()),
        }
    }

    async fn handed_in(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
        offer: &Offer,
    ) -> Result<RemoteJob, Error> {
        let name = Some(plan.name.as_str());
        let body = wire::Import {
            dataset_uri: &plan.dataset_uri,
            git_url: project.as_str(),
            name: name.filter(|_| !offer.slug),
            slug: name.filter(|_| offer.slug),
        };
        let call = Call::post(format!("{}/datasets.import", offer.base), &body)?.by(token);
        let reply = self.call(call, self.settings.project_timeout, offer).await?;
        let sticky = reply.sticky.clone();
        let accepted: jobs::Accepted = reply.read()?;
        if !jobs::is_plain(&accepted.job_id) {
            return Err(Error::unexpected("a job without a usable id"));
        }
        Ok(RemoteJob {
            id: accepted.job_id,
            base: Some(offer.base.clone()),
            sticky,
            accepted_at: self.client.clock().now(),
            working_since: None,
        })
    }

    /// Jobs are kept by the pod that took them, and without its cookie we may reach any: so the list is asked for again as long as
    /// the gateway leads us to pods that we have not seen.
    async fn candidates(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        begun: Timestamp,
    ) -> Result<Vec<RemoteJob>, Error> {
        let offer = self.offer().await?;
        let (mut found, mut pods) = (Vec::<RemoteJob>::new(), Vec::new());
        for _ in 0..PODS_ASKED {
            let (jobs, pod) = self.jobs_at(token, &offer, None).await?;
            let mut listed = vec![(jobs, pod.clone())];
            let seen = pod.is_none() || pods.contains(&pod);
            if !seen {
                // With its cookie we surely reach the pod that the gateway has just led us to.
                listed.push((self.jobs_at(token, &offer, pod.as_deref()).await?.0, pod.clone()));
                pods.push(pod);
            }
            for (jobs, pod) in listed {
                for job in jobs.into_iter().filter(|job| job.may_be(project, begun)) {
                    if !found.iter().any(|known| known.id == job.id) {
                        found.push(job.into_remote(&offer.base, pod.clone(), begun));
                    }
                }
            }
            if seen {
                break;
            }
        }
        found.sort_by_key(|job| job.accepted_at);
        Ok(found)
    }

    /// The person's jobs as one pod lists them, and the cookie that leads to it.
    async fn jobs_at(
        &self,
        token: &AccessToken,
        offer: &Offer,
        pod: Option<&str>,
    ) -> Result<(Vec<jobs::Job>, Option<String>), Error> {
        let call = Call::get(format!("{}/jobs", offer.base), Vec::new()).by(token).at(pod);
        let reply = self.call(call, self.settings.ask_timeout, offer).await?;
        let cookie = reply.sticky.clone();
        let listed: jobs::Jobs = reply.read()?;
        Ok((listed.jobs, cookie))
    }

    async fn followed(&self, token: &AccessToken, job: &RemoteJob) -> Result<JobStatus, Error> {
        if !jobs::is_plain(&job.id) {
            return Err(Error::unexpected("a job without a usable id"));
        }
        let offer = self.offer().await?;
        let base = job.base.as_deref().unwrap_or(&offer.base);
        let call =
            Call::get(format!("{base}/jobs/{}", job.id), Vec::new()).by(token).at(job.sticky.as_deref());
        match self.call(call, self.settings.ask_timeout, &offer).await {
            Ok(reply) if reply.result.is_null() => Ok(JobStatus::NoAnswer),
            Ok(reply) => {
                let job: jobs::Job = reply.read()?;
                job.status().ok_or_else(|| Error::unexpected("a job in a state that the core does not have"))
            }
            Err(Error::Core(error)) if error.is_object_not_found() => Ok(JobStatus::NoAnswer),
            Err(error) => Err(error),
        }
    }

    async fn found(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
        branch: Option<&str>,
    ) -> Result<Option<Arrived>, Error> {
        self.allowed(project)?;
        let offer = self.offer().await?;
        self.known(token, &offer).await?;
        let name = plan.name.as_str();
        let mut query = vec![("git_url", project.as_str())];
        query.extend(branch.filter(|_| offer.reads_branches()).map(|branch| ("branch", branch)));
        let call = Call::get(format!("{}/datasets.list", offer.base), query.clone()).by(token);
        let list: wire::Datasets = self.call(call, self.settings.project_timeout, &offer).await?.read()?;
        let Some(dataset) = list.datasets.into_iter().find(|dataset| dataset.is_called(name)) else {
            return Ok(None);
        };
        query.push((offer.name_key(), name));
        let call = Call::get(format!("{}/datasets.files_list", offer.base), query).by(token);
        let files: wire::Files = self.call(call, self.settings.project_timeout, &offer).await?.read()?;
        let version = dataset.version.and_then(|version| version.parse().ok());
        Ok(Some(Arrived::Files(ArrivedFiles { files: files.into_domain(), version, flat: true })))
    }
}

fn is_loopback(project: &ProjectAddress) -> bool {
    let host = Url::parse(project.as_str()).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// Which part of the request it is about.
fn about_project(error: Error) -> Fault {
    let mut fault = Fault::from(error);
    if fault.class == Class::User && fault.problem.code != ProblemCode::TokenWithoutAudience {
        fault.problem = fault.problem.about("project");
    }
    fault
}

#[async_trait]
impl Renku for RenkuCore {
    async fn version(&self) -> Result<Option<String>, Fault> {
        match self.asked_offer().await {
            Ok(Offer { core: (major, minor), .. }) => Ok(Some(format!("{major}.{minor}"))),
            Err(Error::ApiNotOffered { .. } | Error::NotUnderstood { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            needs_open_files: true,
            flat: true,
            latest_only: true,
            reads_export: true,
            only_dois: false,
            test_dois: true,
            repeatable: false,
            most_files: self.settings.most_files,
            most_bytes: self.settings.most_bytes,
            outstanding: self.settings.outstanding,
        }
    }

    fn accepts(&self, project: &ProjectAddress) -> Result<ProjectAddress, Fault> {
        self.allowed(project).map(|()| project.clone()).map_err(about_project)
    }

    async fn projects(&self, token: &AccessToken, search: &str, limit: u32) -> Result<Vec<Project>, Fault> {
        Ok(self.listed(token, search, limit).await?)
    }

    async fn may_write(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault> {
        self.allowed(project).map_err(about_project)?;
        if self.may_push_to(token, project).await? {
            return Ok(());
        }
        Err(Fault::user(ProblemCode::ProjectNotWritable))
    }

    async fn check_project(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault> {
        self.checked(token, project).await.map_err(about_project)
    }

    async fn migrate(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault> {
        self.migrated(token, project).await.map_err(about_project)
    }

    async fn submit(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
    ) -> Result<RemoteJob, SubmitFailure> {
        let not_begun = |error: Error| SubmitFailure::NotAccepted(about_project(error));
        self.allowed(project).map_err(not_begun)?;
        let offer = self.offer().await.map_err(not_begun)?;
        self.handed_in(token, project, plan, &offer).await.map_err(|error| {
            if error.may_have_been_taken() {
                SubmitFailure::Unclear(error.into())
            } else {
                SubmitFailure::NotAccepted(about_project(error))
            }
        })
    }

    async fn submitted_since(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        _plan: &Plan,
        begun: Timestamp,
    ) -> Result<Vec<RemoteJob>, Fault> {
        Ok(self.candidates(token, project, begun).await?)
    }

    async fn follow(&self, token: &AccessToken, job: &RemoteJob) -> Result<JobStatus, Fault> {
        Ok(self.followed(token, job).await?)
    }

    async fn arrived(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
        branch: Option<&str>,
    ) -> Result<Option<Arrived>, Fault> {
        self.found(token, project, plan, branch).await.map_err(about_project)
    }

    fn link(&self, project: &ProjectAddress, plan: &Plan) -> Option<String> {
        let path = jobs::path_in_gitlab(project);
        Some(format!("{}/projects/{path}/datasets/{}/", self.client.url(), plan.name))
    }
}

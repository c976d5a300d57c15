//! Renku 2: one connector for a DOI, a link from it to the project, and a look that the link is there. Nothing is copied.
//!
//! Waiting and repeating are the use cases'.

mod client;
mod connect;
mod error;
mod projects;
mod reason;
mod slug;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::client::{Call, Client};
pub use self::error::RenkuDataError;
use super::exchange::Exchange;
use crate::domain::import::{Landed, Plan, RemoteJob};
use crate::domain::pid::Pid;
use crate::domain::ports::Clock;
use crate::domain::ports::linking::{Linking, Namespace, NewProject};
use crate::domain::ports::renku::{
    AccessToken, Arrived, ArrivedLink, Capabilities, JobStatus, Renku, SubmitFailure,
};
use crate::domain::problem::{Fault, ProblemCode};
use crate::domain::project::{Project, ProjectAddress};
use crate::domain::time::Timestamp;

use RenkuDataError as Error;

/// One Renku 2, as configured.
#[derive(Clone, Debug)]
pub struct RenkuDataSettings {
    /// The address of its front page; the data services are below `/api/data` there, projects below `/p`.
    pub url: String,
    /// Most bytes that are read of an answer.
    pub max_answer: usize,
    /// For calls that Renku answers by itself.
    pub ask_timeout: Duration,
    /// For making a connector, before whose answer Renku asks the resolver and Dataverse: 90 seconds or more.
    pub connect_timeout: Duration,
    /// For having Renku list a dataset.
    pub test_timeout: Duration,
    /// The resolver that Renku is told to ask instead of `https://doi.org/api`; only for tests, since it is kept in the connector.
    pub doi_resolver: Option<String>,
    /// How many imports we have there at once.
    pub outstanding: u32,
}

/// A Renku 2 through its gateway.
pub struct RenkuData {
    client: Client,
    settings: RenkuDataSettings,
}

impl fmt::Debug for RenkuData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenkuData").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl RenkuData {
    /// `http` comes from [`http::client`](super::http::client) with timeouts not below `connect_timeout`.
    pub fn new(settings: RenkuDataSettings, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        let client = Client::new(&settings.url, Exchange::new(http, settings.max_answer), clock);
        Self { client, settings }
    }

    /// Namespace and name of a project of this Renku. Older pages had `/v2/projects/…`.
    fn place<'a>(&self, project: &'a ProjectAddress) -> Result<(&'a str, &'a str), Error> {
        let below = self.client.url().parse::<url::Url>().ok().map(|url| url.origin().ascii_serialization());
        let text = project.as_str();
        let path = below.as_deref().and_then(|origin| text.strip_prefix(origin)).unwrap_or_default();
        let path = path.trim_matches('/');
        let path = path.strip_prefix("p/").or_else(|| path.strip_prefix("v2/projects/")).unwrap_or_default();
        let mut parts = path.split('/');
        match (parts.next(), parts.next()) {
            (Some(namespace), Some(name)) if !namespace.is_empty() && !name.is_empty() => {
                Ok((namespace, name))
            }
            _ => Err(Error::ForeignAddress { example: format!("{}/p/namespace/project", self.client.url()) }),
        }
    }

    async fn checked(&self, token: &AccessToken, address: &ProjectAddress) -> Result<(), Error> {
        self.known(token).await?;
        let project = self.project(token, address).await?;
        self.check_writable(token, &project).await
    }

    /// A link has no id that lasts: it is known by the project's place and the dataset's name.
    fn job(&self, address: &ProjectAddress, pid: &Pid) -> Result<RemoteJob, Error> {
        let (namespace, name) = self.place(address)?;
        Ok(RemoteJob {
            id: format!("{namespace}/{name}#{}", slug::of_doi(&pid.bare())),
            base: None,
            sticky: None,
            accepted_at: self.client.clock().now(),
            working_since: None,
        })
    }

    async fn looked_for(
        &self,
        token: &AccessToken,
        address: &ProjectAddress,
        pid: &Pid,
    ) -> Result<Option<RemoteJob>, Error> {
        self.known(token).await?;
        let project = self.project(token, address).await?;
        let found = self.link_of(token, &project, pid).await?;
        found.map(|_link| self.job(address, pid)).transpose()
    }

    async fn found(
        &self,
        token: &AccessToken,
        address: &ProjectAddress,
        pid: &Pid,
    ) -> Result<Option<Arrived>, Error> {
        self.known(token).await?;
        let project = self.project(token, address).await?;
        let Some((connector, _link)) = self.link_of(token, &project, pid).await? else { return Ok(None) };
        let readable = match self.test(token, &pid.bare()).await {
            Ok(()) => Some(true),
            Err(Error::NotResolvable { .. } | Error::NotRecognised { .. } | Error::CannotList { .. }) => {
                Some(false)
            }
            // The link is there; that Renku could not be asked about the files takes nothing from it.
            Err(_) => None,
        };
        let page = format!("{}/p/{}/{}", self.client.url(), project.namespace, project.slug);
        Ok(Some(Arrived::Link(ArrivedLink {
            folder: connector.storage.target_path,
            readable,
            address: format!("{page}#data-connector-{}", connector.id),
        })))
    }
}

/// The dataset that a plan is about.
fn doi(plan: &Plan) -> Result<Pid, Error> {
    match plan.dataset_uri.parse::<Pid>() {
        Ok(pid) if pid.is_doi() => Ok(pid),
        Ok(_) | Err(_) => Err(Error::unexpected("a plan without a DOI")),
    }
}

#[async_trait]
impl Renku for RenkuData {
    async fn version(&self) -> Result<Option<String>, Fault> {
        match self.client.ask::<wire::Version>(Call::get("version"), self.settings.ask_timeout).await {
            Ok(told) => Ok(Some(told.version)),
            Err(Error::ApiNotOffered { .. } | Error::NotFound { .. } | Error::NotUnderstood { .. }) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            needs_open_files: false,
            flat: false,
            latest_only: true,
            reads_export: false,
            only_dois: true,
            test_dois: self.settings.doi_resolver.is_some(),
            repeatable: true,
            most_files: u32::MAX,
            most_bytes: u64::MAX,
            outstanding: self.settings.outstanding,
        }
    }

    fn accepts(&self, project: &ProjectAddress) -> Result<ProjectAddress, Fault> {
        let (namespace, name) = self.place(project)?;
        let plain = format!("{}/p/{namespace}/{name}", self.client.url()).to_lowercase();
        let invalid = || Fault::user(ProblemCode::ProjectAddressInvalid);
        plain.parse().map_err(|_not_one| invalid())
    }

    async fn projects(&self, token: &AccessToken, search: &str, limit: u32) -> Result<Vec<Project>, Fault> {
        Ok(self.writable(token, search, limit).await?)
    }

    async fn may_write(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault> {
        Ok(self.checked(token, project).await?)
    }

    async fn check_project(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault> {
        Ok(self.checked(token, project).await?)
    }

    async fn migrate(&self, _token: &AccessToken, _project: &ProjectAddress) -> Result<(), Fault> {
        // Projects of Renku 2 never say that they must be migrated.
        Ok(())
    }

    async fn submit(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
    ) -> Result<RemoteJob, SubmitFailure> {
        let not_begun = |error: Error| SubmitFailure::NotAccepted(error.into());
        let pid = doi(plan).map_err(not_begun)?;
        let job = self.job(project, &pid).map_err(not_begun)?;
        match self.linked(token, project, &pid).await {
            Ok(_connector) => Ok(job),
            Err(failed) if failed.may_be_there => Err(SubmitFailure::Unclear(failed.error.into())),
            Err(failed) => Err(SubmitFailure::NotAccepted(failed.error.into())),
        }
    }

    async fn submitted_since(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
        _begun: Timestamp,
    ) -> Result<Vec<RemoteJob>, Fault> {
        Ok(self.looked_for(token, project, &doi(plan)?).await?.into_iter().collect())
    }

    /// A link that was accepted is there, and whether it still is shows when it is compared.
    async fn follow(&self, _token: &AccessToken, _job: &RemoteJob) -> Result<JobStatus, Fault> {
        Ok(JobStatus::Landed(Landed { branch: None, aside: false }))
    }

    async fn arrived(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
        _branch: Option<&str>,
    ) -> Result<Option<Arrived>, Fault> {
        Ok(self.found(token, project, &doi(plan)?).await?)
    }

    fn linking(&self) -> Option<&dyn Linking> {
        Some(self)
    }

    /// The page on which the link stands; its own place there is known once it was looked for.
    fn link(&self, project: &ProjectAddress, _plan: &Plan) -> Option<String> {
        Some(project.as_str().to_owned())
    }
}

#[async_trait]
impl Linking for RenkuData {
    async fn recognises(&self, token: &AccessToken, pid: &Pid) -> Result<(), Fault> {
        Ok(self.test(token, &pid.bare()).await?)
    }

    async fn follows(&self, pid: &Pid) -> Result<bool, Fault> {
        Ok(self.connector_for_anybody(pid).await?.is_some())
    }

    async fn unlink(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
    ) -> Result<bool, Fault> {
        Ok(self.unlinked(token, project, &doi(plan)?).await?)
    }

    async fn namespaces(&self, token: &AccessToken) -> Result<Vec<Namespace>, Fault> {
        Ok(self.own_places(token).await?)
    }

    fn can_be_made(&self, new: &NewProject) -> Result<(), Fault> {
        Ok(Self::names_of(new).map(|_fit| ())?)
    }

    async fn create_project(&self, token: &AccessToken, new: &NewProject) -> Result<Project, Fault> {
        Ok(self.project_made(token, new).await?)
    }
}

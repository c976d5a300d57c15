//! Before an import: what a person should know of the dataset and of their projects. Nothing is written anywhere.
//!
//! What starts it is in `confirm`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Engine;
use super::breaker::Upstream;
use super::launch::Launches;
use super::offers::Offer;
use super::run_step::store_fault;
use crate::domain::dataset::{DatasetVersion, VersionNumber, WhichVersion};
use crate::domain::ids::{InstallationName, PersonId, RenkuName};
use crate::domain::import::{End, Phase, State};
use crate::domain::launch::{Launch, Standing};
use crate::domain::pid::Pid;
use crate::domain::ports::launch::Choice;
use crate::domain::ports::linking::Namespace;
use crate::domain::ports::renku::{Objection, objections};
use crate::domain::ports::store::ImportFilter;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::{Project, ProjectAddress, RenkuApi};
use crate::domain::time::Timestamp;

/// A person waits for the list of their projects so long, and pastes the address where it is longer.
const PROJECTS_TIMEOUT: Duration = Duration::from_secs(6);

/// Most projects on the page; who has more searches.
pub const PROJECTS_SHOWN: u32 = 50;

/// For so long a version is shown again without being read again.
const VERSION_KEPT: Duration = Duration::from_mins(2);

/// So many versions are kept, and only those with fewer files than [`FILES_KEPT`].
const VERSIONS_KEPT: usize = 64;
const FILES_KEPT: usize = 5_000;

/// How many earlier imports of a dataset are looked through.
const EARLIER: u32 = 200;

type Dataset = (InstallationName, Pid);

/// Versions read lately, since a page is loaded several times before somebody confirms.
#[derive(Debug, Default)]
pub(super) struct Versions(Mutex<HashMap<Dataset, (Arc<DatasetVersion>, Timestamp)>>);

impl Versions {
    fn get(&self, installation: &InstallationName, pid: &Pid, now: Timestamp) -> Option<Arc<DatasetVersion>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, at) = kept.get(&(installation.clone(), pid.clone()))?;
        (now.since(*at) < VERSION_KEPT).then(|| Arc::clone(version))
    }

    fn put(&self, installation: &InstallationName, version: &Arc<DatasetVersion>, now: Timestamp) {
        if version.files.len() > FILES_KEPT {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, at)| now.since(*at) < VERSION_KEPT);
        if kept.len() < VERSIONS_KEPT {
            kept.insert((installation.clone(), version.pid.clone()), (Arc::clone(version), now));
        }
    }
}

/// When a Renku that links last recognised a dataset. A refusal is not kept: what stood in the way may be mended by now.
#[derive(Debug, Default)]
pub(super) struct Recognised(Mutex<HashMap<(RenkuName, Pid), Timestamp>>);

impl Recognised {
    fn lately(&self, renku: &RenkuName, pid: &Pid, now: Timestamp) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(renku.clone(), pid.clone())).is_some_and(|at| now.since(*at) < VERSION_KEPT)
    }

    fn note(&self, renku: &RenkuName, pid: &Pid, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, at| now.since(*at) < VERSION_KEPT);
        if kept.len() < VERSIONS_KEPT {
            kept.insert((renku.clone(), pid.clone()), now);
        }
    }
}

/// A Renku's service, and what can be said against importing the dataset with it.
#[derive(Clone, Debug)]
pub struct Way {
    /// Which.
    pub offer: Offer,
    /// What stands in the way or will not come along.
    pub objections: Vec<Objection>,
}

impl Way {
    /// Whether nothing forbids the import.
    pub fn is_open(&self) -> bool {
        !self.objections.iter().any(|objection| objection.forbids)
    }
}

/// What a person should know before they confirm.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Where the dataset is.
    pub launch: Launch,
    /// The address of its page.
    pub page: String,
    /// The version that would be imported.
    pub version: Arc<DatasetVersion>,
    /// Whether the person looked at a draft that is newer.
    pub newer_draft: bool,
    /// What can be chosen, the preferred first.
    pub ways: Vec<Way>,
}

/// A project that can be chosen.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which.
    pub project: Project,
    /// The version of the dataset that one of our imports brought there.
    pub has: Option<VersionNumber>,
}

impl Launches {
    /// What a person should know of the dataset.
    ///
    /// # Errors
    /// Why there is nothing to import, or a fault of the installation.
    pub async fn sheet(&self, launch: &Launch) -> Result<Sheet, Fault> {
        let (version, offers) = tokio::join!(self.version(launch), self.engine.offers());
        let version = version.map_err(|fault| better_named(fault, launch))?;
        let mut ways = Vec::with_capacity(offers.len());
        for offer in offers {
            let can = self.engine.service(&offer.renku, offer.api)?.capabilities();
            ways.push(Way { objections: objections(&version, None, &can), offer });
        }
        let newer_draft = launch.version.as_deref() == Some(":draft");
        let page = self.page_of(launch)?;
        Ok(Sheet { launch: launch.clone(), page, version, newer_draft, ways })
    }

    /// The address of the dataset's page.
    ///
    /// # Errors
    /// `installation-unknown` when it is configured no more.
    pub fn page_of(&self, launch: &Launch) -> Result<String, Fault> {
        Ok(self.engine.dataverse(&launch.installation)?.landing_page(&launch.pid))
    }

    pub(super) async fn version(&self, launch: &Launch) -> Result<Arc<DatasetVersion>, Fault> {
        let (installation, pid) = (&launch.installation, &launch.pid);
        let now = self.engine.clock.now();
        if let Some(version) = self.versions.get(installation, pid, now) {
            return Ok(version);
        }
        let dataverse = self.engine.dataverse(installation)?;
        let upstream = Upstream::Dataverse(installation.clone());
        let read = self.engine.guarded(upstream, dataverse.version(pid, WhichVersion::LatestPublished));
        let version = Arc::new(read.await?);
        self.versions.put(installation, &version, now);
        Ok(version)
    }

    /// The projects that this person may write to, the last used first, and which of them have the dataset already.
    ///
    /// # Errors
    /// A sign-in that is needed, or why they cannot be listed: the address is pasted then.
    pub async fn candidates(
        &self,
        person: PersonId,
        offer: &Offer,
        pid: &Pid,
        search: &str,
    ) -> Result<Vec<Candidate>, Fault> {
        let listed = async {
            let token = self.engine.tokens.access_token(person).await?;
            let service = self.engine.service(&offer.renku, offer.api)?;
            let upstream = Upstream::Renku(offer.renku.clone(), offer.api);
            self.engine.guarded(upstream, service.projects(&token, search, PROJECTS_SHOWN)).await
        };
        let timed = tokio::time::timeout(PROJECTS_TIMEOUT, listed).await;
        let slow = || Fault::new(Class::Outage { after: None }, Problem::new(ProblemCode::RenkuUnreachable));
        let projects = timed.map_err(|_elapsed| slow())??;
        let there = self.engine.versions_there(&offer.renku, pid).await?;
        Ok(projects
            .into_iter()
            .map(|project| Candidate { has: there.get(&project.address).copied(), project })
            .collect())
    }

    /// What a Renku that links says against this dataset now, seen from where it runs; nothing where it copies, and where it
    /// could not be asked or takes long: then the import finds out.
    pub async fn unrecognised(&self, person: PersonId, offer: &Offer, pid: &Pid) -> Option<Objection> {
        let now = self.engine.clock.now();
        if offer.api != RenkuApi::Data || self.recognised.lately(&offer.renku, pid, now) {
            return None;
        }
        let asked = self.engine.recognised(person, &offer.renku, pid);
        match tokio::time::timeout(PROJECTS_TIMEOUT, asked).await {
            Ok(Ok(())) => {
                self.recognised.note(&offer.renku, pid, now);
                None
            }
            Ok(Err(fault)) => objection_of(fault),
            Err(_elapsed) => None,
        }
    }

    /// What these people chose when they last came from that installation, the latest first.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn last_choices(
        &self,
        people: &[PersonId],
        installation: &InstallationName,
    ) -> Result<Vec<Choice>, Fault> {
        let mut choices = Vec::new();
        for person in people {
            choices.extend(self.store.choice(*person, installation).await.map_err(store_fault)?);
        }
        choices.sort_by_key(|choice| std::cmp::Reverse(choice.at));
        Ok(choices)
    }

    /// Everything that is remembered of this person's choices, the latest first.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn choices(&self, person: PersonId) -> Result<Vec<Choice>, Fault> {
        self.store.choices(person).await.map_err(store_fault)
    }

    /// Forgets what this person chose when they came from that installation; it is as well if nothing was remembered.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn forget_choice(
        &self,
        person: PersonId,
        installation: &InstallationName,
    ) -> Result<(), Fault> {
        self.store.forget_choice(person, installation).await.map_err(store_fault)?;
        Ok(())
    }
}

impl Launches {
    /// Where this person may make projects; none where that cannot be found out, for then one is chosen from the list.
    pub async fn namespaces(&self, person: PersonId, offer: &Offer) -> Vec<Namespace> {
        if offer.api != RenkuApi::Data {
            return Vec::new();
        }
        let asked =
            tokio::time::timeout(PROJECTS_TIMEOUT, self.engine.namespaces(person, &offer.renku)).await;
        match asked {
            Ok(Ok(namespaces)) => namespaces,
            Ok(Err(fault)) => {
                tracing::info!(renku = %offer.renku, problem.code = %fault.problem.code, "namespaces cannot be listed");
                Vec::new()
            }
            Err(_elapsed) => Vec::new(),
        }
    }
}

impl Engine {
    /// Which version of a dataset our imports brought into which project of this Renku.
    async fn versions_there(
        &self,
        renku: &RenkuName,
        pid: &Pid,
    ) -> Result<BTreeMap<ProjectAddress, VersionNumber>, Fault> {
        let filter = ImportFilter {
            phase: Some(Phase::Succeeded),
            pid: Some(pid.clone()),
            limit: EARLIER,
            ..ImportFilter::default()
        };
        let mut there = BTreeMap::new();
        for import in self.store.imports(&filter).await.map_err(store_fault)? {
            if import.order.renku == *renku
                && let State::Ended { end: End::Succeeded { result, .. } } = &import.state
            {
                // Newest first: what came last is what is there.
                there.entry(import.order.project.clone()).or_insert(result.version);
            }
        }
        Ok(there)
    }
}

/// What is not recognised never arrives; what cannot be resolved or listed now is waited for.
fn objection_of(fault: Fault) -> Option<Objection> {
    let code = fault.problem.code;
    let forbids = code == ProblemCode::DatasetNotRecognised;
    let may_pass = matches!(code, ProblemCode::DoiNotResolvable | ProblemCode::RenkuCannotReachDataverse);
    if !forbids && !may_pass {
        tracing::info!(problem.code = %code, "Renku cannot be asked whether it recognises the dataset");
        return None;
    }
    Some(Objection { problem: fault.problem, forbids })
}

/// What everybody is told is "unknown" or "not published" has a better name where the person who came sees more.
pub(super) fn better_named(fault: Fault, launch: &Launch) -> Fault {
    let hidden = matches!(
        fault.problem.code,
        ProblemCode::DatasetUnknown | ProblemCode::DatasetNotPublished | ProblemCode::VersionUnknown
    );
    let Some(seen) = launch.seen.as_ref().filter(|_| hidden) else { return fault };
    let code = match seen.standing {
        Standing::Draft => ProblemCode::DatasetNotPublished,
        Standing::Published => ProblemCode::DatasetNotPublic,
        Standing::Deaccessioned => ProblemCode::DatasetDeaccessioned,
    };
    Fault::user(code).saying(seen.title.as_deref().unwrap_or_default())
}

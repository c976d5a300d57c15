//! A world for the engine: the real store on SQLite, a turned clock, a queue that a test empties by hand, and fakes of Dataverse and Renku.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use dataverse_renku::domain::dataset::{DataFile, DatasetVersion, VersionNumber, WhichVersion};
use dataverse_renku::domain::ids::PersonId;
use dataverse_renku::domain::import::verdict::Patience;
use dataverse_renku::domain::import::{Import, Landed, Phase, Plan, RemoteJob};
use dataverse_renku::domain::pid::Pid;
use dataverse_renku::domain::ports::dataverse::{Dataverse, ExportState, FileAnswer};
use dataverse_renku::domain::ports::identity::Tokens;
use dataverse_renku::domain::ports::queue::{Delivery, Lane, Message, Queue, QueueError, When};
use dataverse_renku::domain::ports::renku::{
    AccessToken, Arrived, ArrivedFile, ArrivedFiles, Capabilities, JobPatience, JobStatus, Renku,
    SubmitFailure,
};
use dataverse_renku::domain::ports::store::{Created, ImportStore};
use dataverse_renku::domain::ports::subscriptions::SubscriptionStore;
use dataverse_renku::domain::ports::{Chance, Clock};
use dataverse_renku::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use dataverse_renku::domain::project::{Project, ProjectAddress, RenkuApi};
use dataverse_renku::domain::retry::RetryPolicy;
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::imports::breaker::Breakers;
use dataverse_renku::imports::breakpoints::{Breakpoints, Point};
use dataverse_renku::imports::start::Request;
use dataverse_renku::imports::{Engine, Installation, Parts, RenkuSite, Settings};
use tokio::sync::Notify;

pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn turn(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct FixedChance;

impl Chance for FixedChance {
    fn share(&self) -> f64 {
        0.5
    }
    fn secret_bytes(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// Keeps messages until the test takes them.
#[derive(Default)]
pub(crate) struct HandQueue {
    pub(crate) messages: Mutex<VecDeque<(Message, When)>>,
    pub(crate) parked: Mutex<Vec<(Message, Problem)>>,
    pub(crate) broken: Mutex<bool>,
}

#[async_trait]
impl Queue for HandQueue {
    async fn publish(&self, message: &Message, when: When) -> Result<(), QueueError> {
        if *self.broken.lock().unwrap() {
            return Err(QueueError::Unreachable(None));
        }
        self.messages.lock().unwrap().push_back((message.clone(), when));
        Ok(())
    }
    async fn park(&self, message: &Message, problem: &Problem) -> Result<(), QueueError> {
        self.parked.lock().unwrap().push((message.clone(), problem.clone()));
        Ok(())
    }
    async fn next(&self, _lane: Lane) -> Option<Delivery> {
        std::future::pending().await
    }
    async fn ready(&self) -> Result<(), QueueError> {
        Ok(())
    }
    async fn stop_consuming(&self) {}
    async fn close(&self) {}
}

/// What asking for a token comes to (`None`: a token), the token, and after how many more there are none.
pub(crate) struct FakeTokens(pub(crate) Mutex<Option<Class>>, String, pub(crate) Mutex<Option<u32>>);

#[async_trait]
impl Tokens for FakeTokens {
    async fn access_token(&self, _person: PersonId) -> Result<AccessToken, Fault> {
        let mut left = self.2.lock().unwrap();
        if *left == Some(0) {
            *self.0.lock().unwrap() = Some(Class::SignIn(SignInAt::Connector));
        }
        *left = left.map(|left| left.saturating_sub(1));
        let class = *self.0.lock().unwrap();
        match class {
            None => Ok(AccessToken::new(self.1.clone().into())),
            Some(class) => Err(Fault::new(class, Problem::new(ProblemCode::SignInNeeded))),
        }
    }
}

pub(crate) struct FakeDataverse {
    pub(crate) version: Mutex<DatasetVersion>,
    pub(crate) export: Mutex<ExportState>,
    pub(crate) file: Mutex<FileAnswer>,
    pub(crate) down: Mutex<bool>,
    /// Nobody may see it.
    pub(crate) unknown: Mutex<bool>,
}

impl FakeDataverse {
    fn up(&self) -> Result<(), Fault> {
        if *self.down.lock().unwrap() {
            return Err(Fault::new(
                Class::Outage { after: None },
                Problem::new(ProblemCode::DataverseUnreachable),
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl Dataverse for FakeDataverse {
    async fn dataset_of_file(&self, _pid: &Pid) -> Result<Option<Pid>, Fault> {
        Ok(None)
    }

    async fn version(&self, _pid: &Pid, _which: WhichVersion) -> Result<DatasetVersion, Fault> {
        self.up()?;
        if *self.unknown.lock().unwrap() {
            return Err(Fault::user(ProblemCode::DatasetUnknown));
        }
        Ok(self.version.lock().unwrap().clone())
    }
    async fn export(&self, _version: &DatasetVersion) -> Result<ExportState, Fault> {
        self.up()?;
        Ok(self.export.lock().unwrap().clone())
    }
    async fn file(&self, _file_id: i64) -> Result<FileAnswer, Fault> {
        self.up()?;
        Ok(self.file.lock().unwrap().clone())
    }
    fn landing_page(&self, pid: &Pid) -> String {
        format!("https://dv.example/dataset.xhtml?persistentId={pid}")
    }
}

/// What the fake Renku answers to the next submits; afterwards it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubmitAnswer {
    Refused(ProblemCode, Class),
    /// Accepted, and the answer is lost.
    Lost,
    /// Not accepted, and the answer is lost.
    LostBefore,
}

#[derive(Default)]
pub(crate) struct RenkuState {
    pub(crate) answers: VecDeque<SubmitAnswer>,
    /// Accepted jobs: id, project, dataset's name, when.
    pub(crate) jobs: Vec<(String, String, String, Timestamp)>,
    pub(crate) status: Option<JobStatus>,
    pub(crate) files: Vec<ArrivedFile>,
    pub(crate) absent: bool,
    pub(crate) project: Option<(ProblemCode, Class)>,
    pub(crate) migrated: u32,
    pub(crate) down: bool,
    pub(crate) follows: u32,
}

pub(crate) struct FakeRenku {
    pub(crate) state: Mutex<RenkuState>,
    clock: Arc<TestClock>,
    outstanding: u32,
}

impl FakeRenku {
    fn up(&self) -> Result<(), Fault> {
        if self.state.lock().unwrap().down {
            return Err(Fault::new(
                Class::Outage { after: None },
                Problem::new(ProblemCode::RenkuUnreachable),
            ));
        }
        Ok(())
    }

    fn job(&self, id: &str) -> RemoteJob {
        RemoteJob {
            id: id.to_owned(),
            base: None,
            sticky: None,
            accepted_at: self.clock.now(),
            working_since: None,
        }
    }
}

#[async_trait]
impl Renku for FakeRenku {
    async fn version(&self) -> Result<Option<String>, Fault> {
        self.up()?;
        Ok(Some("2.9".into()))
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
            most_files: 1_000,
            most_bytes: 1_000_000,
            outstanding: self.outstanding,
        }
    }
    fn accepts(&self, project: &ProjectAddress) -> Result<ProjectAddress, Fault> {
        if project.host() == "git.example" {
            Ok(project.clone())
        } else {
            Err(Fault::user(ProblemCode::ProjectHostNotAllowed))
        }
    }
    async fn projects(
        &self,
        _token: &AccessToken,
        _search: &str,
        _limit: u32,
    ) -> Result<Vec<Project>, Fault> {
        self.up().map(|()| Vec::new())
    }
    async fn may_write(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault> {
        self.check_project(token, project).await
    }
    async fn check_project(&self, _token: &AccessToken, _project: &ProjectAddress) -> Result<(), Fault> {
        self.up()?;
        let project = self.state.lock().unwrap().project;
        match project {
            None => Ok(()),
            Some((code, class)) => Err(Fault::new(class, Problem::new(code))),
        }
    }
    async fn migrate(&self, _token: &AccessToken, _project: &ProjectAddress) -> Result<(), Fault> {
        let mut state = self.state.lock().unwrap();
        state.migrated += 1;
        state.project = None;
        Ok(())
    }
    async fn submit(
        &self,
        _token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
    ) -> Result<RemoteJob, SubmitFailure> {
        self.up().map_err(SubmitFailure::NotAccepted)?;
        let mut state = self.state.lock().unwrap();
        let unclear = || {
            SubmitFailure::Unclear(Fault::new(
                Class::Outage { after: None },
                Problem::new(ProblemCode::RenkuUnreachable),
            ))
        };
        let answer = state.answers.pop_front();
        match answer {
            Some(SubmitAnswer::Refused(code, class)) => {
                return Err(SubmitFailure::NotAccepted(Fault::new(class, Problem::new(code))));
            }
            Some(SubmitAnswer::LostBefore) => return Err(unclear()),
            Some(SubmitAnswer::Lost) | None => {}
        }
        let id = format!("job-{}", state.jobs.len() + 1);
        state.jobs.push((id.clone(), project.to_string(), plan.name.to_string(), self.clock.now()));
        if answer == Some(SubmitAnswer::Lost) { Err(unclear()) } else { Ok(self.job(&id)) }
    }
    async fn submitted_since(
        &self,
        _token: &AccessToken,
        project: &ProjectAddress,
        _plan: &Plan,
        begun: Timestamp,
    ) -> Result<Vec<RemoteJob>, Fault> {
        self.up()?;
        let state = self.state.lock().unwrap();
        Ok(state
            .jobs
            .iter()
            .filter(|job| job.1 == project.as_str() && job.3 >= begun)
            .map(|job| self.job(&job.0))
            .collect())
    }
    async fn follow(&self, _token: &AccessToken, _job: &RemoteJob) -> Result<JobStatus, Fault> {
        self.up()?;
        let mut state = self.state.lock().unwrap();
        state.follows += 1;
        let first = state.follows == 1;
        Ok(state.status.clone().unwrap_or_else(|| {
            if first {
                JobStatus::AtWork
            } else {
                JobStatus::Landed(Landed { branch: Some("master".into()), aside: false })
            }
        }))
    }
    async fn arrived(
        &self,
        _token: &AccessToken,
        _project: &ProjectAddress,
        _plan: &Plan,
        _branch: Option<&str>,
    ) -> Result<Option<Arrived>, Fault> {
        self.up()?;
        let state = self.state.lock().unwrap();
        Ok((!state.absent)
            .then(|| Arrived::Files(ArrivedFiles { files: state.files.clone(), version: None, flat: true })))
    }
    fn link(&self, _project: &ProjectAddress, _plan: &Plan) -> Option<String> {
        None
    }
}

/// Aborts a step at one place, as a death of the process there would.
pub(crate) struct DieAt {
    pub(crate) place: Mutex<Option<(Phase, Point)>>,
    pub(crate) died: Notify,
}

#[async_trait]
impl Breakpoints for DieAt {
    async fn reached(&self, phase: Phase, point: Point) {
        let here = {
            let mut place = self.place.lock().unwrap();
            let here = *place == Some((phase, point));
            if here {
                *place = None;
            }
            here
        };
        if here {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<dyn ImportStore>,
    pub(crate) subscriptions: Arc<dyn SubscriptionStore>,
    pub(crate) queue: Arc<HandQueue>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) dataverse: Arc<FakeDataverse>,
    pub(crate) renku: Arc<FakeRenku>,
    pub(crate) tokens: Arc<FakeTokens>,
    pub(crate) deaths: Arc<DieAt>,
    pub(crate) person: PersonId,
    _dir: tempfile::TempDir,
}

pub(crate) const LEASE: Duration = Duration::from_secs(120);

fn settings() -> Settings {
    Settings {
        patience: Patience {
            retry: RetryPolicy {
                first: Duration::from_secs(10),
                longest: Duration::from_secs(600),
                attempts: 3,
            },
            dataset: Duration::from_secs(60),
            renku_sign_in: Duration::from_secs(900),
        },
        jobs: JobPatience {
            poll_first: Duration::from_secs(5),
            poll_later: Duration::from_secs(15),
            looks_per_second: 200,
            young: Duration::from_secs(60),
            waiting: Duration::from_secs(2_100),
            at_work: Duration::from_secs(2_100),
            unclear: Duration::from_secs(180),
            dirty_clone: Duration::from_secs(2_160),
            settle: Duration::from_secs(35),
        },
        lease: LEASE,
        step: Duration::from_secs(100),
        give_up_after: Duration::from_secs(7 * 86_400),
        line: Duration::from_secs(60),
        sweep_grace: Duration::from_secs(30),
        sweep_batch: 100,
    }
}

pub(crate) fn version() -> DatasetVersion {
    let file = |id, name: &str| DataFile {
        id,
        name: name.into(),
        folder: None,
        size: 3,
        checksum: None,
        tabular: false,
        closed: None,
    };
    DatasetVersion {
        pid: "doi:10.5072/FK2/X".parse().unwrap(),
        dataset_id: 1,
        version_id: 2,
        number: VersionNumber { major: 1, minor: 0 },
        last_update: None,
        released: None,
        title: "A title".into(),
        authors: vec![],
        licence: None,
        guestbook: false,
        files: vec![file(1, "a.csv"), file(2, "b.csv")],
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_outstanding(3).await
    }

    pub(crate) async fn with_outstanding(outstanding: u32) -> Self {
        Self::offering(outstanding, None, "token".to_owned()).await
    }

    /// With Renku 2 beside the fake Renku 1, and this as everybody's token.
    pub(crate) async fn with_data(data: Arc<dyn Renku>, token: String) -> Self {
        Self::offering(3, Some(data), token).await
    }

    async fn offering(outstanding: u32, data: Option<Arc<dyn Renku>>, token: String) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let whole = crate::harness::sqlite(dir.path()).await;
        let subscriptions: Arc<dyn SubscriptionStore> = Arc::clone(&whole) as _;
        let store: Arc<dyn ImportStore> = whole;
        let clock = Arc::new(TestClock(Mutex::new(Timestamp::from_millis(1_800_000_000_000))));
        let dataverse = Arc::new(FakeDataverse {
            version: Mutex::new(version()),
            export: Mutex::new(ExportState::Shows),
            file: Mutex::new(FileAnswer::Fetchable),
            down: Mutex::new(false),
            unknown: Mutex::new(false),
        });
        let arrived = |name: &str| ArrivedFile { name: name.into(), size: None };
        let state = RenkuState { files: vec![arrived("a.csv"), arrived("b.csv")], ..RenkuState::default() };
        let renku = Arc::new(FakeRenku { state: Mutex::new(state), clock: Arc::clone(&clock), outstanding });
        let queue = Arc::new(HandQueue::default());
        let tokens = Arc::new(FakeTokens(Mutex::new(None), token, Mutex::new(None)));
        let deaths = Arc::new(DieAt { place: Mutex::new(None), died: Notify::new() });
        let installation = Installation {
            site_url: "https://dv.example".into(),
            dataverse: Arc::clone(&dataverse) as Arc<dyn Dataverse>,
        };
        let mut services = BTreeMap::from([(RenkuApi::Core, Arc::clone(&renku) as Arc<dyn Renku>)]);
        let fixed = data.is_none().then_some(RenkuApi::Core);
        services.extend(data.map(|data| (RenkuApi::Data, data)));
        let site = RenkuSite { title: "Renku".into(), services, fixed };
        let parts = Parts {
            store: Arc::clone(&store),
            queue: Arc::clone(&queue) as Arc<dyn Queue>,
            tokens: Arc::clone(&tokens) as Arc<dyn Tokens>,
            dataverses: BTreeMap::from([("demo".parse().unwrap(), installation)]),
            renkus: BTreeMap::from([("main".parse().unwrap(), site)]),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            chance: Arc::new(FixedChance),
            breakpoints: Arc::clone(&deaths) as Arc<dyn Breakpoints>,
            breakers: Breakers::new(5, Duration::from_secs(10), Duration::from_secs(300)),
        };
        let person = PersonId::new(clock.now());
        Self {
            engine: Engine::new(parts, settings()),
            store,
            subscriptions,
            queue,
            clock,
            dataverse,
            renku,
            tokens,
            deaths,
            person,
            _dir: dir,
        }
    }

    pub(crate) fn request(project: &str) -> Request {
        Request {
            dataset: "doi:10.5072/FK2/X".into(),
            installation: None,
            version: None,
            project: format!("https://git.example/alice/{project}"),
            name: None,
            migrate: false,
            api: None,
        }
    }

    pub(crate) async fn start(&self, request: &Request) -> Import {
        self.start_for(self.person, request).await
    }

    pub(crate) async fn start_for(&self, person: PersonId, request: &Request) -> Import {
        match self.engine.start(person, &"main".parse().unwrap(), request, None).await.unwrap() {
            Created::New(import) => import,
            Created::Existing(_) | Created::KeyReused => panic!("it is new"),
        }
    }

    pub(crate) async fn import(&self, import: &Import) -> Import {
        self.store.import(import.id).await.unwrap().unwrap()
    }

    /// Delivers the message that is due first, turning the clock to it. `false`: there is none.
    pub(crate) async fn deliver(&self) -> bool {
        let wait = |when: &When| match when {
            When::Now => Duration::ZERO,
            When::Poll(wait) | When::Retry(wait) => *wait,
        };
        let next = {
            let mut messages = self.queue.messages.lock().unwrap();
            let first = messages.iter().enumerate().min_by_key(|(_, (_, when))| wait(when)).map(|(at, _)| at);
            first.and_then(|at| messages.remove(at))
        };
        let Some((message, when)) = next else { return false };
        self.clock.turn(wait(&when));
        let step = self.engine.run_step(&message);
        tokio::select! {
            settled = step => { settled.unwrap(); }
            () = self.deaths.died.notified() => {}
        }
        true
    }

    /// Delivers until nothing is left, sweeping where messages were lost, and returns the import as it then is.
    pub(crate) async fn run(&self, import: &Import) -> Import {
        for _ in 0..200 {
            while self.deliver().await {
                if self.import(import).await.state.phase().is_end() {
                    return self.import(import).await;
                }
            }
            let now = self.import(import).await;
            if now.state.phase().is_end() || now.due_at.is_none() {
                return now;
            }
            self.clock.turn(LEASE);
            self.engine.sweep().await.unwrap();
            if self.queue.messages.lock().unwrap().is_empty() {
                let due = now.due_at.unwrap().since(self.clock.now());
                self.clock.turn(due + Duration::from_secs(31));
                self.engine.sweep().await.unwrap();
            }
        }
        panic!("no end: {:?}", self.import(import).await);
    }

    pub(crate) async fn events(&self, import: &Import) -> Vec<String> {
        let lines = self.store.timeline(import.id, 0, 100).await.unwrap();
        lines.into_iter().map(|line| line.event).collect()
    }

    pub(crate) fn jobs(&self) -> usize {
        self.renku.state.lock().unwrap().jobs.len()
    }
}

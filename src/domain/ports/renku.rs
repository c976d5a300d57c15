//! What we ask of a Renku, the same for Renku 1 (a job that copies) and Renku 2 (a link that is there at once).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use super::linking::Linking;
use crate::domain::dataset::{DatasetVersion, VersionNumber};
use crate::domain::import::{Landed, Plan, RemoteJob};
use crate::domain::pid::Pid;
use crate::domain::problem::{Fault, Problem};
use crate::domain::project::{Project, ProjectAddress};
use crate::domain::time::Timestamp;

/// A person's access token for one Renku; never printed.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Wraps the token.
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }

    /// The token itself, for an `Authorization` header only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What it says, if it is a JWT; to be believed of a token that Keycloak gave to us, which nobody else can have made.
    pub fn claims(&self) -> Option<serde_json::Value> {
        let payload = self.expose().split('.').nth(1)?;
        let claims = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&claims).ok()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// Why a submit did not end in a job.
#[derive(Debug)]
pub enum SubmitFailure {
    /// Renku surely did not accept it: refused, or never reached.
    NotAccepted(Fault),
    /// It may have reached Renku: look before it is repeated.
    Unclear(Fault),
}

/// How a job at Renku is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Accepted and not begun.
    Waiting,
    /// At work.
    AtWork,
    /// Renku has no answer at this moment; living jobs sometimes have none.
    NoAnswer,
    /// Done.
    Landed(Landed),
    /// Ended without success.
    Failed {
        /// What the job's words mean.
        problem: Problem,
        /// Whether another look or try is worth it.
        remedy: Remedy,
    },
}

/// What may be done about a failed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing: it would fail again.
    None,
    /// One further try, later than Renku keeps its dirty clone.
    OnceLater,
    /// Dataverse knows why: ask it about the file.
    AskDataverse {
        /// The file's number, if the words name one.
        file: Option<i64>,
    },
}

/// A file found in the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedFile {
    /// Its name, with folders where Renku keeps them.
    pub name: String,
    /// Bytes, where Renku tells.
    pub size: Option<u64>,
}

/// The dataset as the project has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// Copied.
    Files(ArrivedFiles),
    /// Linked: this DOI and no other.
    Link(ArrivedLink),
}

/// A copy of the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedFiles {
    /// Its files.
    pub files: Vec<ArrivedFile>,
    /// The version that Renku noted, if it did.
    pub version: Option<VersionNumber>,
    /// Whether Renku drops folders, so that only names can be compared.
    pub flat: bool,
}

/// A link to the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedLink {
    /// The folder in a session's working directory.
    pub folder: Option<String>,
    /// Whether Renku can list its files now; `None` if that cannot be found out.
    pub readable: Option<bool>,
    /// Where a person finds it.
    pub address: String,
}

/// What this Renku can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent traits of a Renku, not a state")]
pub struct Capabilities {
    /// Fails as a whole on one closed file.
    pub needs_open_files: bool,
    /// Drops folders.
    pub flat: bool,
    /// Always takes the latest published version.
    pub latest_only: bool,
    /// Reads the schema.org export.
    pub reads_export: bool,
    /// Takes datasets by their DOI only.
    pub only_dois: bool,
    /// Resolves DOIs with prefixes for tests too.
    pub test_dois: bool,
    /// A submit may be repeated: it leaves one and the same thing.
    pub repeatable: bool,
    /// Most files it can fetch before its own deadline.
    pub most_files: u32,
    /// Most bytes it can fetch before its own deadline.
    pub most_bytes: u64,
    /// How many jobs we keep there at once.
    pub outstanding: u32,
}

/// One Renku, through one of its two APIs.
#[async_trait]
pub trait Renku: Send + Sync {
    /// The release of this service, or `None` where it is not offered; for whoever chooses between Renku's services. Asks each time.
    ///
    /// # Errors
    /// A fault of Renku: then nothing is known.
    async fn version(&self) -> Result<Option<String>, Fault>;

    /// What it can take.
    fn capabilities(&self) -> Capabilities;

    /// The address in the form under which the project is kept, if it may be one of this Renku; asks nobody.
    ///
    /// # Errors
    /// `project-host-not-allowed` or `project-address-invalid`.
    fn accepts(&self, project: &ProjectAddress) -> Result<ProjectAddress, Fault>;

    /// Projects that the person may write to, the most recently used first; `search` narrows by title and place, and may be empty.
    /// At most `limit`, and never more than one page of a hundred: who has more searches.
    ///
    /// # Errors
    /// A sign-in that is needed; `renku-api-not-offered` where projects cannot be listed, so that the address is to be pasted; a
    /// fault of Renku.
    async fn projects(&self, token: &AccessToken, search: &str, limit: u32) -> Result<Vec<Project>, Fault>;

    /// Looks whether the person may write to the project. Touches no clone.
    ///
    /// # Errors
    /// `project-not-writable`, `project-not-found`; as `projects`.
    async fn may_write(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault>;

    /// Looks whether the project can take the dataset, without changing anything. Only called while we hold the project's slot.
    ///
    /// # Errors
    /// A named problem of the project or a fault of Renku.
    async fn check_project(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault>;

    /// Migrates the project; only called with the person's consent, after `check_project` said `project-needs-migration`.
    ///
    /// # Errors
    /// A named problem of the project or a fault of Renku.
    async fn migrate(&self, token: &AccessToken, project: &ProjectAddress) -> Result<(), Fault>;

    /// Hands the dataset to Renku.
    ///
    /// # Errors
    /// Says whether it may have reached Renku all the same.
    async fn submit(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
    ) -> Result<RemoteJob, SubmitFailure>;

    /// Jobs of this person on this project since `begun`: candidates for what an unclear submit left behind. Touches no clone.
    ///
    /// # Errors
    /// A fault of Renku: then nothing is known.
    async fn submitted_since(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
        begun: Timestamp,
    ) -> Result<Vec<RemoteJob>, Fault>;

    /// How the job is doing. Touches no clone.
    ///
    /// # Errors
    /// A fault of Renku: then nothing is known of the job.
    async fn follow(&self, token: &AccessToken, job: &RemoteJob) -> Result<JobStatus, Fault>;

    /// The dataset in the project, or `None` if the project has none of that name. Only called when no job of ours runs on the project.
    ///
    /// # Errors
    /// A fault of Renku: then nothing is known.
    async fn arrived(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        plan: &Plan,
        branch: Option<&str>,
    ) -> Result<Option<Arrived>, Fault>;

    /// What only a Renku that links offers.
    fn linking(&self) -> Option<&dyn Linking> {
        None
    }

    /// Where a person finds the dataset.
    fn link(&self, project: &ProjectAddress, plan: &Plan) -> Option<String>;
}

/// When a job at Renku is followed and when it is called lost.
#[derive(Clone, Copy, Debug)]
pub struct JobPatience {
    /// Between two looks while the job is young.
    pub poll_first: Duration,
    /// Between two looks later.
    pub poll_later: Duration,
    /// Most looks a second at one Renku's jobs, of all processes together: with many jobs each is looked at less often.
    pub looks_per_second: u32,
    /// How long it is young.
    pub young: Duration,
    /// Waiting longer than this, it was dropped (Renku 1 drops what waited 30 minutes).
    pub waiting: Duration,
    /// At work longer than this, it is stuck (Renku 1 ends a job after 30 minutes and does not say so).
    pub at_work: Duration,
    /// After an unclear submit: how long its job may take to show.
    pub unclear: Duration,
    /// How long Renku keeps a clone that a failed job left dirty.
    pub dirty_clone: Duration,
    /// After a failed job: how long nothing else is sent to the project, so that no half-done commit is pushed along.
    pub settle: Duration,
}

/// Why this dataset version cannot or should not go to a Renku of these capabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// What stands in the way or will not come along.
    pub problem: Problem,
    /// Whether it makes the import impossible; else it is a warning.
    pub forbids: bool,
}

/// The prefix that is for tests everywhere (`DataCite`), and that of Dataverse's own fake provider.
const TEST_PREFIX: &str = "10.5072";

/// Everything that can be said against importing this version before it is tried.
pub fn objections(
    version: &DatasetVersion,
    wanted: Option<VersionNumber>,
    can: &Capabilities,
) -> Vec<Objection> {
    use crate::domain::problem::ProblemCode;
    let mut found = Vec::new();
    // The words are names and numbers, since they stand in pages of every language.
    let mut object = |code, forbids, words: String| {
        found.push(Objection { problem: Problem::new(code).saying(words), forbids });
    };
    if can.latest_only && wanted.is_some_and(|wanted| wanted != version.number) {
        object(ProblemCode::VersionNotLatest, true, version.number.to_string());
    }
    match &version.pid {
        Pid::Doi { prefix, .. } if can.only_dois && !can.test_dois && prefix == TEST_PREFIX => {
            object(ProblemCode::DoiForTests, true, version.pid.to_string());
        }
        Pid::Doi { .. } => {}
        Pid::Handle { .. } | Pid::Perma(_) => {
            if can.only_dois {
                object(ProblemCode::DoiNeeded, true, version.pid.to_string());
            }
        }
    }
    if version.files.is_empty() {
        object(ProblemCode::DatasetEmpty, true, String::new());
    }
    let closed: Vec<_> = version.closed_files().map(|(file, _)| file.path()).collect();
    if !closed.is_empty() {
        let named = closed.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        object(
            ProblemCode::DatasetHasClosedFiles,
            can.needs_open_files,
            format!("{} / {}: {named}", closed.len(), version.files.len()),
        );
    }
    if version.guestbook {
        object(ProblemCode::DatasetHasGuestbook, can.needs_open_files, String::new());
    }
    if version.files.len() > can.most_files as usize {
        object(
            ProblemCode::DatasetHasTooManyFiles,
            true,
            format!("{} > {}", version.files.len(), can.most_files),
        );
    }
    if version.bytes() > can.most_bytes {
        object(ProblemCode::DatasetTooLarge, true, format!("{} B > {} B", version.bytes(), can.most_bytes));
    }
    if can.flat {
        let names = version.equal_names();
        if !names.is_empty() {
            object(
                ProblemCode::DatasetHasEqualNames,
                false,
                names.into_iter().take(5).collect::<Vec<_>>().join(", "),
            );
        }
    }
    found
}

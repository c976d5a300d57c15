//! An import: one dataset version into one project for one person, from the order to its end.
//!
//! `state` holds what may follow what, `step` what is to be done next, `verdict` what a step came to.

pub mod state;
pub mod step;
pub mod verdict;

use serde::{Deserialize, Serialize};

use super::dataset::VersionNumber;
use super::ids::{ImportId, InstallationName, PersonId, RenkuName};
use super::pid::Pid;
use super::project::{DatasetName, ProjectAddress, RenkuApi};
use super::time::Timestamp;

pub use state::{Condition, End, Event, IllegalEvent, Landed, Outcome, Phase, Plan, RemoteJob, Stage, State};

/// How far the result was compared with Dataverse's list of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// That the project has a link to the dataset of this DOI. Nothing was copied, so that there are no files to compare.
    Link,
    /// The names of the files.
    Names,
    /// Names and sizes.
    Sizes,
    /// Names, sizes and checksums.
    Checksums,
}

impl Compared {
    /// From the least to the most.
    pub const ALL: [Self; 4] = [Self::Link, Self::Names, Self::Sizes, Self::Checksums];

    /// The name in the API and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Names => "names",
            Self::Sizes => "sizes",
            Self::Checksums => "checksums",
        }
    }
}

/// What came of an import that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportResult {
    /// How well it succeeded.
    pub outcome: Outcome,
    /// What was compared to say so.
    pub compared: Compared,
    /// How many files Dataverse lists.
    pub expected: u32,
    /// How many of them were found in the project; none where it has a link and no files.
    pub found: u32,
    /// Some of the paths that were not found (at most 20).
    #[serde(default)]
    pub missing: Vec<String>,
    /// The version that came, as Renku reports it or, where it does not, as planned; of a link the one that was current then.
    pub version: VersionNumber,
    /// The branch that has the data.
    pub branch: Option<String>,
    /// Where to look in Renku.
    pub link: Option<String>,
    /// What there is to say where the project was given a link and no files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<Linked>,
}

/// A link from a project to a dataset. Sessions that are started after it show the latest published version at each start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The folder in a session's working directory, as Renku tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Whether Renku could list the dataset's files when it was asked; `None` if that could not be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readable: Option<bool>,
    /// When the person had the link taken away again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<Timestamp>,
}

/// What was asked for; never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Where the dataset is.
    pub installation: InstallationName,
    /// Which dataset.
    pub pid: Pid,
    /// Which version, or the latest published one.
    pub version: Option<VersionNumber>,
    /// Which Renku.
    pub renku: RenkuName,
    /// Which of its services; chosen when the import is started, and kept whatever the Renku offers later.
    pub api: RenkuApi,
    /// Which project.
    pub project: ProjectAddress,
    /// The wished name in the project, or one made from title, PID and version.
    pub name: Option<DatasetName>,
    /// Whether the person agreed to the project being migrated if it must be.
    pub migrate: bool,
}

/// An import as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its number, which people may quote.
    pub id: ImportId,
    /// For whom; the work is done with this person's stored credential.
    pub person: PersonId,
    /// What was asked for.
    pub order: Order,
    /// The dataset's title, once it is known.
    pub title: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Grows by one with each change; the compare-and-set runs on it.
    pub revision: i64,
    /// Failed attempts since it last got further.
    pub attempts: u32,
    /// When the next step is due; `None` when nothing is to be done.
    pub due_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// After this it is parked, whatever it waits for.
    pub give_up_at: Timestamp,
    /// Whether it holds its project's slot at Renku.
    pub has_slot: bool,
}

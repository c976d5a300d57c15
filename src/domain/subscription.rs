//! A subscription (keep this project up to date with this dataset) and its ledger: which version arrived when, through which import.
//!
//! When a version is handed on, and what pauses a subscription, is decided here; reading and storing is the use cases'.

use super::dataset::{DatasetVersion, VersionNumber};
use super::ids::{ImportId, InstallationName, PersonId, RenkuName, SubscriptionId};
use super::pid::Pid;
use super::problem::{Problem, ProblemCode};
use super::project::{ProjectAddress, RenkuApi};
use super::time::Timestamp;

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriptionState {
    /// Each new version is imported.
    Active,
    /// Nothing is imported until its owner lets it go on, or signs in where that was lacking.
    Paused,
    /// Unsubscribed; kept for its ledger.
    Ended,
}

impl SubscriptionState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Ended];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }
}

/// Somebody wants a project kept up to date with a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its number.
    pub id: SubscriptionId,
    /// Whose.
    pub person: PersonId,
    /// Whether imports are made with the stored sign-in of the Renku's service person, instead of the owner's.
    pub service: bool,
    /// Which Renku.
    pub renku: RenkuName,
    /// Through which of its services.
    pub api: RenkuApi,
    /// Where the dataset is.
    pub installation: InstallationName,
    /// Which dataset.
    pub pid: Pid,
    /// Which project.
    pub project: ProjectAddress,
    /// Where it stands.
    pub state: SubscriptionState,
    /// Why it is paused; `None` when its owner paused it.
    pub problem: Option<Problem>,
    /// Grows by one with each change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// The published version of a dataset, without its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// The version's number.
    pub number: VersionNumber,
    /// Dataverse's number of the dataset.
    pub dataset_id: i64,
    /// Dataverse's number of the version.
    pub version_id: i64,
    /// When it was last changed. "Update current version" changes it and leaves the numbers as they are.
    pub last_update: Option<Timestamp>,
    /// The title.
    pub title: String,
}

impl Edition {
    /// Of a version that was read with its files.
    pub fn of(version: &DatasetVersion) -> Self {
        Self {
            number: version.number,
            dataset_id: version.dataset_id,
            version_id: version.version_id,
            last_update: version.last_update,
            title: version.title.clone(),
        }
    }
}

/// What became of a version for one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LedgerOutcome {
    /// Its import has not ended.
    Open,
    /// It is in the project.
    Arrived,
    /// Its import failed.
    Failed,
    /// A newer version made it unnecessary.
    Superseded,
    /// Somebody called its import off.
    Cancelled,
    /// Only the metadata changed under a version number that is in the project already; Renku 1 is not sent the same files again.
    MetadataOnly,
    /// The project is linked to the dataset and its data follow by themselves; looked at as anybody may, since the sign-in that serves it is over.
    Followed,
}

impl LedgerOutcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Arrived,
        Self::Failed,
        Self::Superseded,
        Self::Cancelled,
        Self::MetadataOnly,
        Self::Followed,
    ];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Arrived => "arrived",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
            Self::MetadataOnly => "metadata_only",
            Self::Followed => "followed",
        }
    }
}

/// A line of a subscription's ledger. One for each version id and time of change: the key by which nothing is handed on twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Of which subscription.
    pub subscription: SubscriptionId,
    /// The version's number.
    pub version: VersionNumber,
    /// Dataverse's number of the version.
    pub version_id: i64,
    /// When the version was last changed.
    pub last_update: Option<Timestamp>,
    /// When it was handed on.
    pub noticed_at: Timestamp,
    /// The import that takes it.
    pub import: Option<ImportId>,
    /// What became of it.
    pub outcome: LedgerOutcome,
    /// Why not.
    pub problem: Option<Problem>,
    /// When that was known.
    pub settled_at: Option<Timestamp>,
}

/// Whether a failed import is no accident but the end of the right to import there: the subscription pauses until its owner acts.
pub const fn pauses(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::ProjectNotFound
            | ProblemCode::ProjectNotReadable
            | ProblemCode::ProjectNotWritable
            | ProblemCode::PushFailed
            | ProblemCode::ProjectNotRenku
            | ProblemCode::ProjectNeedsMigration
            | ProblemCode::ProjectTooNew
            | ProblemCode::ProjectDamaged
            | ProblemCode::ProjectHostNotAllowed
            | ProblemCode::RenkuUnknown
            | ProblemCode::InstallationUnknown
            | ProblemCode::SignInNeeded
            | ProblemCode::RenkuSignInNeeded
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_rights_pause_and_accidents_do_not() {
        assert!(pauses(ProblemCode::ProjectNotWritable));
        assert!(pauses(ProblemCode::SignInNeeded));
        for accident in
            [ProblemCode::DatasetHasClosedFiles, ProblemCode::RenkuImportFailed, ProblemCode::DatasetTooLarge]
        {
            assert!(!pauses(accident), "{accident}");
        }
    }
}

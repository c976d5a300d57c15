//! Publications, invocations and the datasets that are watched, as the store keeps them.
//!
//! Who wants which dataset is in `subscriptions`.

use std::time::Duration;

use async_trait::async_trait;

use super::store::StoreError;
use crate::domain::dataset::VersionNumber;
use crate::domain::ids::{InstallationName, InvocationId, PublicationId};
use crate::domain::pid::Pid;
use crate::domain::problem::Problem;
use crate::domain::publication::{
    Invocation, InvocationChange, InvocationState, Publication, PublicationState, Source,
};
use crate::domain::subscription::Edition;
use crate::domain::time::Timestamp;

/// A dataset, as an installation names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetRef {
    /// Where.
    pub installation: InstallationName,
    /// Which.
    pub pid: Pid,
}

/// A publication that we heard of.
#[derive(Clone, Debug)]
pub struct NewPublication {
    /// Which dataset.
    pub dataset: DatasetRef,
    /// Dataverse's number of it.
    pub dataset_id: Option<i64>,
    /// The version that was announced.
    pub announced: Option<VersionNumber>,
    /// How we heard of it.
    pub source: Source,
    /// The invocation that waits for us, by Dataverse's name, and when it is to be resumed first.
    pub invocation: Option<(String, Timestamp)>,
    /// Now.
    pub now: Timestamp,
}

/// What became of an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announced {
    /// Stored.
    New(Box<Publication>, Option<Box<Invocation>>),
    /// The same invocation announced it before, or the dataset's last notice is still being dealt with.
    Known,
}

/// A change of a publication.
#[derive(Clone, Debug)]
pub struct PublicationChange {
    /// The new state.
    pub state: PublicationState,
    /// What it waits for, or why it was refused.
    pub problem: Option<Problem>,
    /// The version that was found.
    pub found: Option<VersionNumber>,
    /// Imports that were started because of it, altogether.
    pub imports: u32,
    /// Failed attempts.
    pub attempts: u32,
    /// When it is looked at next; `None` at its end.
    pub due_at: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// A dataset that somebody is subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Which.
    pub dataset: DatasetRef,
    /// When it was last looked at with success.
    pub looked_at: Option<Timestamp>,
    /// Looks in a row that failed.
    pub failures: u32,
    /// What the last look showed.
    pub edition: Option<Edition>,
    /// Since when it is known to be deaccessioned.
    pub deaccessioned_at: Option<Timestamp>,
    /// Why the last look failed.
    pub problem: Option<Problem>,
}

/// What a look at a watched dataset came to.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was seen; `None` leaves what is known.
    pub edition: Option<Edition>,
    /// Whether it is deaccessioned; `None` leaves what is known.
    pub deaccessioned: Option<bool>,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// Failures in a row.
    pub failures: u32,
    /// The next look.
    pub next: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// Which publications to list; newest first.
#[derive(Clone, Debug, Default)]
pub struct PublicationFilter {
    /// Only of this dataset.
    pub dataset: Option<DatasetRef>,
    /// Only older than this one (the cursor).
    pub before: Option<PublicationId>,
    /// At most so many.
    pub limit: u32,
}

/// Numbers for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicationCounts {
    /// Publications that are still to be dealt with.
    pub open: i64,
    /// When the oldest of them was heard of.
    pub oldest_open: Option<Timestamp>,
    /// Invocations that have not ended, by installation and state.
    pub waiting: Vec<(InstallationName, InvocationState, i64)>,
    /// When the oldest of them called, by installation.
    pub oldest_waiting: Vec<(InstallationName, Timestamp)>,
    /// Invocations that were given up in the last 30 days: their datasets may still be locked.
    pub given_up: i64,
    /// How long ago the watched dataset that waits longest was due for a look.
    pub catch_up_lag: Option<Duration>,
}

/// Publications, invocations, watched datasets.
#[async_trait]
pub trait PublicationStore: Send + Sync {
    /// Stores an announcement and the invocation that made it, in one transaction. The same invocation again changes nothing, and
    /// neither does a notice without invocation while another publication of its dataset is open.
    async fn announce(&self, new: NewPublication) -> Result<Announced, StoreError>;

    /// One publication.
    async fn publication(&self, id: PublicationId) -> Result<Option<Publication>, StoreError>;

    /// Publications, newest first.
    async fn publications(&self, filter: &PublicationFilter) -> Result<Vec<Publication>, StoreError>;

    /// Takes a publication to work on until `until`, if it still has this revision and is due: its revision grows, so that no other
    /// message finds it. `None`: it has moved on, or is not due.
    async fn take_publication(
        &self,
        id: PublicationId,
        revision: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Publication>, StoreError>;

    /// Changes the publication if its revision is still the given one's. `None`: it is not.
    async fn change_publication(
        &self,
        publication: &Publication,
        change: PublicationChange,
    ) -> Result<Option<Publication>, StoreError>;

    /// One invocation.
    async fn invocation(&self, id: InvocationId) -> Result<Option<Invocation>, StoreError>;

    /// An invocation by Dataverse's name for it.
    async fn invocation_named(
        &self,
        installation: &InstallationName,
        name: &str,
    ) -> Result<Option<Invocation>, StoreError>;

    /// Changes the invocation if its revision is still the given one's. `None`: it is not.
    async fn change_invocation(
        &self,
        invocation: &Invocation,
        change: InvocationChange,
        now: Timestamp,
    ) -> Result<Option<Invocation>, StoreError>;

    /// Publications that were due before `due_before` and not nudged since `nudged_before`; marks them nudged now.
    async fn overdue_publications(
        &self,
        due_before: Timestamp,
        nudged_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Publication>, StoreError>;

    /// Invocations that were due before `due_before` and not nudged since `nudged_before`; marks them nudged now.
    async fn overdue_invocations(
        &self,
        due_before: Timestamp,
        nudged_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Invocation>, StoreError>;

    /// Publications with something due, in pages by id; for the embedded queue at start.
    async fn open_publications(
        &self,
        after: Option<PublicationId>,
        limit: u32,
    ) -> Result<Vec<Publication>, StoreError>;

    /// Invocations with something due, in pages by id; for the embedded queue at start.
    async fn open_invocations(
        &self,
        after: Option<InvocationId>,
        limit: u32,
    ) -> Result<Vec<Invocation>, StoreError>;

    /// Takes up to `limit` watched datasets of this installation whose look is due, longest due first, and puts their next look
    /// off until `until`, so that no other process looks at the same time.
    async fn take_due_looks(
        &self,
        installation: &InstallationName,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Watched>, StoreError>;

    /// Notes what a look came to. Nothing happens if nobody watches the dataset any more.
    async fn looked(&self, dataset: &DatasetRef, look: Look) -> Result<(), StoreError>;

    /// No dataset of this installation is looked at before `until`: it limits how often we may ask.
    async fn put_off_looks(
        &self,
        installation: &InstallationName,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// Has every dataset looked at now that was not looked at since `looked_before`; for a start after a time away.
    async fn look_again(&self, looked_before: Timestamp, now: Timestamp) -> Result<(), StoreError>;

    /// A watched dataset.
    async fn watched(&self, dataset: &DatasetRef) -> Result<Option<Watched>, StoreError>;

    /// Numbers for metrics.
    async fn publication_counts(&self, now: Timestamp) -> Result<PublicationCounts, StoreError>;
}

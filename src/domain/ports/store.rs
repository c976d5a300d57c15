//! The store is the truth: every change is one transaction with a compare-and-set, and appended to the timeline.

use async_trait::async_trait;

use super::subscriptions::{NewSubscription, Subscribed};
use crate::domain::ids::{ImportId, InstallationName, LeaseId, PersonId, RenkuName};
use crate::domain::import::{Import, Order, Phase, State};
use crate::domain::pid::Pid;
use crate::domain::problem::Problem;
use crate::domain::project::ProjectAddress;
use crate::domain::project::RenkuApi;
use crate::domain::subscription::Edition;
use crate::domain::time::Timestamp;

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or it broke.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row is not what this program writes.
    #[error("a row of the database cannot be read: {0}")]
    Unreadable(String),
}

/// A new import.
#[derive(Clone, Debug)]
pub struct NewImport {
    /// Its number.
    pub id: ImportId,
    /// For whom.
    pub person: PersonId,
    /// What is asked for.
    pub order: Order,
    /// The dataset's title, if it is known.
    pub title: Option<String>,
    /// Now.
    pub now: Timestamp,
    /// When to give up.
    pub give_up_at: Timestamp,
    /// The client's key for asking twice without importing twice.
    pub idempotency_key: Option<String>,
}

/// What became of a new import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was stored.
    New(Import),
    /// The same key came before, with the same order: here is that import.
    Existing(Import),
    /// The same key came before, with another order.
    KeyReused,
}

/// What becomes of the project's slot at Renku with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Stays as it is.
    Keep,
    /// Is given back.
    Release,
    /// Is given back at that time, since Renku may still be at work on the project.
    ReleaseAt(Timestamp),
}

/// A change of an import: state, what is due, and the line for the timeline.
#[derive(Clone, Debug)]
pub struct Change {
    /// The new state.
    pub state: State,
    /// When the next step is due.
    pub due_at: Option<Timestamp>,
    /// Failed attempts from now on.
    pub attempts: u32,
    /// The project's slot.
    pub slot: Slot,
    /// Whether the lease is kept, since the step goes on.
    pub keep_lease: bool,
    /// The event's name for the timeline; `None` writes no line (only `due_at` changes).
    pub event: Option<&'static str>,
    /// The problem for the timeline.
    pub problem: Option<Problem>,
    /// Now.
    pub now: Timestamp,
}

/// A line of an import's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// Grows; the id of the live event.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What happened (`Event::as_str`, or `created`).
    pub event: String,
    /// The phase after it.
    pub phase: Phase,
    /// The condition after it.
    pub condition: String,
    /// The problem, with the upstream's cleaned words.
    pub problem: Option<Problem>,
}

/// The answer to a request for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Taken: the import, and the lease that its changes must name.
    Taken(Box<Import>, LeaseId),
    /// The row has moved on since the message was made.
    Stale,
    /// Another worker is at it.
    Busy,
    /// It is not due before then.
    NotDue(Timestamp),
    /// No such import.
    Unknown,
}

/// The answer to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Done: the row now.
    Done(Box<Import>),
    /// The row or the lease is not what was expected; nothing was changed.
    Conflict,
}

/// The answer to a request for a project's slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotAnswer {
    /// Taken, and the change made.
    Taken(Box<Import>),
    /// All of this Renku's slots, or the project's, are taken, or it is others' turn; nothing was changed.
    Wait,
    /// The row or the lease is not what was expected; nothing was changed.
    Conflict,
}

/// Imports as their owners sort them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateGroup {
    /// Not ended.
    UnderWay,
    /// Nothing goes on before its owner does something: waits for a sign-in, is parked, or failed with what its owner can mend
    /// and was not asked for again.
    NeedsOwner,
    /// Succeeded.
    Arrived,
    /// Failed, cancelled or made unnecessary.
    NotArrived,
}

/// Which imports to list; newest first.
#[derive(Clone, Debug, Default)]
pub struct ImportFilter {
    /// Only this person's.
    pub person: Option<PersonId>,
    /// Only in this phase.
    pub phase: Option<Phase>,
    /// Only of this group.
    pub group: Option<StateGroup>,
    /// Only those with each of these words, whatever their case, in the dataset's title or PID. Every import that the other
    /// conditions leave is looked at, so it is meant for one person's.
    pub search: Option<String>,
    /// Only in this condition (`Condition::NAMES`).
    pub condition: Option<&'static str>,
    /// Only into this Renku.
    pub renku: Option<RenkuName>,
    /// Only into this project.
    pub project: Option<ProjectAddress>,
    /// Only of this installation.
    pub installation: Option<InstallationName>,
    /// Only of this dataset.
    pub pid: Option<Pid>,
    /// Only older than this one (the cursor).
    pub before: Option<ImportId>,
    /// At most so many.
    pub limit: u32,
}

/// Numbers for metrics and the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Imports by phase and condition.
    pub by_state: Vec<(String, String, i64)>,
    /// Slots taken at each service of each Renku.
    pub slots: Vec<(String, String, i64)>,
    /// When the oldest import that has not ended was asked for.
    pub oldest_open: Option<Timestamp>,
}

/// Imports, their timelines, leases and slots.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Stores a new import, due at once, with its first line in the timeline (`created`).
    async fn create(&self, new: NewImport) -> Result<Created, StoreError>;

    /// The same in place of an import that failed or was called off: a ledger's line that told of that one waits for this one from
    /// now on, in one transaction.
    async fn create_instead_of(&self, earlier: ImportId, new: NewImport) -> Result<Created, StoreError>;

    /// The same with a subscription that keeps the project up to date from this version on, in one transaction. A subscription that
    /// there was already goes on, and learns which import brings the version; where the key was used for another order
    /// nothing is stored.
    async fn create_and_subscribe(
        &self,
        new: NewImport,
        edition: &Edition,
        subscription: NewSubscription,
    ) -> Result<(Created, Option<Subscribed>), StoreError>;

    /// One import.
    async fn import(&self, id: ImportId) -> Result<Option<Import>, StoreError>;

    /// The import that this person asked for with this key.
    async fn import_of_key(&self, person: PersonId, key: &str) -> Result<Option<Import>, StoreError>;

    /// Imports, newest first.
    async fn imports(&self, filter: &ImportFilter) -> Result<Vec<Import>, StoreError>;

    /// The timeline after this line, oldest first; at most `limit` lines.
    async fn timeline(&self, id: ImportId, after: i64, limit: u32) -> Result<Vec<TimelineEntry>, StoreError>;

    /// For each of these imports that has lines after the one named, the last line's `seq`.
    async fn news(&self, after: &[(ImportId, i64)]) -> Result<Vec<(ImportId, i64)>, StoreError>;

    /// Takes the right to work on the import until `until`, if the row still has this revision, is due and nobody else has it.
    async fn lease(
        &self,
        id: ImportId,
        revision: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Lease, StoreError>;

    /// Gives the lease back with the row unchanged.
    async fn hand_back(&self, id: ImportId, lease: LeaseId) -> Result<(), StoreError>;

    /// Changes the import if its revision is still `import.revision` and, where one is given, the lease still ours.
    /// Without a lease any other worker's lease is broken: its own change will then conflict.
    async fn change(
        &self,
        import: &Import,
        lease: Option<LeaseId>,
        change: Change,
    ) -> Result<Changed, StoreError>;

    /// Whether it is this import's turn at its service of its Renku: fewer than `outstanding` slots are taken, its project's is free, and among
    /// those that wait it comes first: people with fewer slots before others, then who was served longest ago, then the oldest.
    /// An import that is not queued any more had its turn before and stands in no line.
    async fn is_next(&self, import: &Import, outstanding: u32) -> Result<bool, StoreError>;

    /// Takes the slot and makes the change in one transaction. Two callers can never have one project or more than `outstanding` slots.
    async fn take_slot(
        &self,
        import: &Import,
        lease: LeaseId,
        change: Change,
        outstanding: u32,
    ) -> Result<SlotAnswer, StoreError>;

    /// Imports that wait for a slot of this service of this Renku and would get one now, best first; to be nudged after one was given back.
    /// Those that a worker is at are left out (it asks by itself), and still come before others.
    async fn next_in_line(
        &self,
        renku: &RenkuName,
        api: RenkuApi,
        outstanding: u32,
    ) -> Result<Vec<Import>, StoreError>;

    /// Those of these jobs of that Renku which one of our imports has already.
    async fn known_jobs(&self, renku: &RenkuName, jobs: &[String]) -> Result<Vec<String>, StoreError>;

    /// Gives back slots whose time is over. Returns the Renkus and services concerned.
    async fn release_due_slots(&self, now: Timestamp) -> Result<Vec<(RenkuName, RenkuApi)>, StoreError>;

    /// Imports that were due before `due_before`, are nobody's, and were not nudged since `nudged_before`; marks them nudged now.
    async fn overdue(
        &self,
        due_before: Timestamp,
        nudged_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError>;

    /// All imports with something due, in pages by id; for the embedded queue at start.
    async fn due(&self, after: Option<ImportId>, limit: u32) -> Result<Vec<Import>, StoreError>;

    /// Lets go on what waits for this person's sign-in at the connector, if it does; returns what was woken.
    async fn wake(&self, person: PersonId, now: Timestamp) -> Result<Vec<Import>, StoreError>;

    /// How many imports this person ever asked for.
    async fn count_of(&self, person: PersonId) -> Result<u64, StoreError>;

    /// Numbers for metrics.
    async fn counts(&self) -> Result<ImportCounts, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

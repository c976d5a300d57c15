//! Subscriptions, their ledgers, and the mails that wait to be sent, as the store keeps them.
//!
//! What is in a mail is the use cases'; sending it is in `mail`.

use async_trait::async_trait;

use super::mail::{MailKind, Outgoing};
use super::publications::DatasetRef;
use super::store::{NewImport, StoreError};
use crate::domain::ids::{ImportId, PersonId, PublicationId, SubscriptionId};
use crate::domain::import::{Import, Plan};
use crate::domain::problem::Problem;
use crate::domain::subscription::{Edition, LedgerEntry, LedgerOutcome, Subscription, SubscriptionState};
use crate::domain::time::Timestamp;

/// A new subscription.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// Itself, active, at revision 1.
    pub subscription: Subscription,
    /// Where its owner gets mail and in which language, if they get any.
    pub mail: Option<(String, String)>,
    /// The key in the unsubscribe link of its mails.
    pub unsubscribe_key: String,
    /// The version that the project has, or gets through an import of its own.
    pub has: Option<(Edition, Import)>,
}

/// What became of a new subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// It was stored.
    New(Subscription),
    /// The person has one for this dataset and project already; here it is.
    Existing(Subscription),
}

/// Which subscriptions to list; newest first.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionFilter {
    /// Only this person's.
    pub person: Option<PersonId>,
    /// Only of this dataset.
    pub dataset: Option<DatasetRef>,
    /// Only those that a service person serves.
    pub only_service: bool,
    /// Also those that have ended.
    pub with_ended: bool,
    /// Only older than this one (the cursor).
    pub before: Option<SubscriptionId>,
    /// At most so many.
    pub limit: u32,
}

/// What a version that is handed on becomes for one subscription.
#[derive(Clone, Debug)]
pub enum HandedOn {
    /// An import.
    Import(Box<NewImport>),
    /// Nothing but a line that says so: it is there without an import.
    Noted(LedgerOutcome),
}

/// A ledger's line that has not been settled, with its import and subscription.
#[derive(Clone, Debug)]
pub struct Unsettled {
    /// The line.
    pub entry: LedgerEntry,
    /// Its import.
    pub import: Import,
    /// Its subscription.
    pub subscription: Subscription,
}

/// How a ledger's line is settled, with what follows from it, in one transaction.
#[derive(Clone, Debug)]
pub struct Settling {
    /// What became of it.
    pub outcome: LedgerOutcome,
    /// Another version that the import brought instead, since it was out by then: it arrived.
    pub brought: Option<Plan>,
    /// Why not.
    pub problem: Option<Problem>,
    /// Whether the subscription pauses, and why.
    pub pauses: Option<Problem>,
    /// What its owner is told.
    pub mail: Option<MailKind>,
    /// Now.
    pub now: Timestamp,
}

/// Subscriptions, ledgers, mails.
#[async_trait]
pub trait SubscriptionStore: Send + Sync {
    /// Stores a subscription, and has its dataset watched from now on.
    async fn subscribe(&self, new: NewSubscription) -> Result<Subscribed, StoreError>;

    /// One subscription.
    async fn subscription(&self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError>;

    /// Subscriptions, newest first.
    async fn subscriptions(&self, filter: &SubscriptionFilter) -> Result<Vec<Subscription>, StoreError>;

    /// Changes the state if the revision is still the given one's; `None`: it is not. `mail` is told to the owner in the same
    /// transaction. An ended one forgets its mail address, and a dataset that nobody wants is not watched any more.
    async fn set_subscription(
        &self,
        subscription: &Subscription,
        state: SubscriptionState,
        problem: Option<Problem>,
        mail: Option<MailKind>,
        now: Timestamp,
    ) -> Result<Option<Subscription>, StoreError>;

    /// Whether this is the key in the unsubscribe link of that subscription.
    async fn has_unsubscribe_key(&self, id: SubscriptionId, key: &str) -> Result<bool, StoreError>;

    /// Active subscriptions of the dataset to which neither this version, in this state of change, nor a newer one was handed on yet;
    /// oldest first.
    async fn unserved(
        &self,
        dataset: &DatasetRef,
        edition: &Edition,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError>;

    /// Whether the ledger knows this version, in whatever state of change, as arrived or on its way.
    async fn has_version(&self, id: SubscriptionId, edition: &Edition) -> Result<bool, StoreError>;

    /// Writes the line and makes the import in one transaction; `None` when this version or a newer one was handed on before, and
    /// nothing is made.
    async fn hand_on(
        &self,
        subscription: &Subscription,
        edition: &Edition,
        what: HandedOn,
        publication: Option<PublicationId>,
        now: Timestamp,
    ) -> Result<Option<Option<Import>>, StoreError>;

    /// A subscription's ledger, newest first.
    async fn ledger(&self, id: SubscriptionId, limit: u32) -> Result<Vec<LedgerEntry>, StoreError>;

    /// Lines that are open although their import has come to its end; oldest first.
    async fn unsettled(&self, limit: u32) -> Result<Vec<Unsettled>, StoreError>;

    /// Lines whose import waits for a sign-in or is parked, and whose owner gets mail and was not told; oldest first.
    async fn untold(&self, limit: u32) -> Result<Vec<Unsettled>, StoreError>;

    /// Lines of this subscription that are open, and their imports.
    async fn open_entries(&self, id: SubscriptionId) -> Result<Vec<Unsettled>, StoreError>;

    /// Settles a line that is open. `false`: somebody else did.
    async fn settle(&self, line: &Unsettled, settling: Settling) -> Result<bool, StoreError>;

    /// Tells the owner about the line's import: of each import each kind once.
    async fn tell(
        &self,
        line: &Unsettled,
        kind: MailKind,
        problem: Option<Problem>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Lines that told of an import that failed or was called off wait for this one from now on.
    async fn take_over(&self, earlier: ImportId, import: ImportId) -> Result<(), StoreError>;

    /// Lets those go on that are paused for want of a sign-in and whose owner, or the Renku's service person who serves them, has
    /// signed in since.
    async fn wake_signed_in(&self, now: Timestamp) -> Result<Vec<Subscription>, StoreError>;

    /// Takes mails that are due, and puts them off until `until`, so that no other process sends the same at the same time.
    async fn take_mails(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError>;

    /// The mail was taken by the mail server, or is given up; its address and words are forgotten.
    async fn mail_is_over(
        &self,
        mail: &Outgoing,
        problem: Option<Problem>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The mail is tried again then.
    async fn mail_later(&self, mail: &Outgoing, problem: Problem, at: Timestamp) -> Result<(), StoreError>;
}

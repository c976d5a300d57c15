//! The queue: carries nudges, never truth. Losing every message costs time only, since the store's sweeper nudges again.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{ImportId, InstallationName, InvocationId, PublicationId, RenkuName};
use crate::domain::import::{Condition, End, Import, Phase, Stage, State};
use crate::domain::pid::Pid;
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::publication::{Invocation, Publication};
use crate::domain::time::Timestamp;

/// What a worker consumes from; each lane has its own queue and its own slots, so that none holds up another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Imports that wait to be handed to Renku.
    ImportsToSubmit,
    /// Imports that run at Renku and are due to be looked at.
    ImportsAtRenku,
    /// Publications whose subscriptions wait for their imports.
    PublicationsToFanOut,
    /// Dataverse's workflows that wait for us, with their datasets locked. Apart from all else, so that nothing holds them up.
    WorkflowsToResume,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 4] =
        [Self::ImportsToSubmit, Self::ImportsAtRenku, Self::PublicationsToFanOut, Self::WorkflowsToResume];

    /// The queue's name after the prefix, as an operator reads it in the dashboard.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImportsToSubmit => "imports-to-submit",
            Self::ImportsAtRenku => "imports-at-renku",
            Self::PublicationsToFanOut => "publications-to-fan-out",
            Self::WorkflowsToResume => "workflows-to-resume",
        }
    }

    /// The lane in which an import of this state is worked on.
    pub const fn of(state: &State) -> Self {
        match state {
            State::Open { stage: Stage::Queued { .. } | Stage::Submitting { .. }, .. }
            | State::Ended {
                end:
                    End::Succeeded { .. }
                    | End::Failed { .. }
                    | End::Superseded { .. }
                    | End::Cancelled { left: None },
            } => Self::ImportsToSubmit,
            State::Open { stage: Stage::Running { .. } | Stage::Verifying { .. }, .. }
            | State::Ended { end: End::Cancelled { left: Some(_) } } => Self::ImportsAtRenku,
            State::Ended { end: End::Parked { was, .. } } => match was {
                Stage::Queued { .. } | Stage::Submitting { .. } => Self::ImportsToSubmit,
                Stage::Running { .. } | Stage::Verifying { .. } => Self::ImportsAtRenku,
            },
        }
    }
}

/// Why a message waits, which decides in which waiting queue the dashboard shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It does not wait.
    Now,
    /// Until the next look at a remote that is at work, or until its turn.
    Poll(Duration),
    /// Until the next try after a failure.
    Retry(Duration),
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An import: do its next step.
    Import(ImportId),
    /// A publication: look at its dataset and serve its subscriptions.
    Publication(PublicationId),
    /// A workflow's invocation: resume it.
    Invocation(InvocationId),
}

impl Subject {
    /// The number of the row.
    pub const fn as_uuid(self) -> uuid::Uuid {
        match self {
            Self::Import(id) => id.as_uuid(),
            Self::Publication(id) => id.as_uuid(),
            Self::Invocation(id) => id.as_uuid(),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_uuid().fmt(f)
    }
}

/// What a message says; the wire form is the adapter's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is about.
    pub subject: Subject,
    /// The revision of the row when the message was made; an older message than the row is dropped.
    pub revision: i64,
    /// Where it is consumed.
    pub lane: Lane,
    /// Whether the import is parked: delivered (moved back by hand), it sends the import on.
    pub parked: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// What an operator reads in the dashboard.
    pub story: Story,
}

/// For the eyes of an operator in the dashboard; nothing depends on it. No secret, no mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Which dataset.
    pub dataset: Pid,
    /// Of which installation.
    pub installation: InstallationName,
    /// To which Renku, for an import.
    pub renku: Option<RenkuName>,
    /// In which phase, for an import.
    pub phase: Option<Phase>,
    /// Which attempt.
    pub attempt: u32,
    /// What it waits or was parked because of.
    pub problem: Option<ProblemCode>,
}

impl Message {
    /// The message that nudges this import.
    pub fn about(import: &Import, now: Timestamp) -> Self {
        Self {
            subject: Subject::Import(import.id),
            revision: import.revision,
            lane: Lane::of(&import.state),
            parked: import.state.phase() == Phase::Parked,
            made_at: now,
            story: Story {
                dataset: import.order.pid.clone(),
                installation: import.order.installation.clone(),
                renku: Some(import.order.renku.clone()),
                phase: Some(import.state.phase()),
                attempt: import.attempts + 1,
                problem: import.state.problem().map(|problem| problem.code),
            },
        }
    }

    /// The message that has a publication handed on.
    pub fn of_publication(publication: &Publication, now: Timestamp) -> Self {
        Self {
            subject: Subject::Publication(publication.id),
            revision: publication.revision,
            lane: Lane::PublicationsToFanOut,
            parked: false,
            made_at: now,
            story: Story {
                dataset: publication.pid.clone(),
                installation: publication.installation.clone(),
                renku: None,
                phase: None,
                attempt: publication.attempts + 1,
                problem: publication.problem.as_ref().map(|problem| problem.code),
            },
        }
    }

    /// The message that has a workflow resumed.
    pub fn of_invocation(invocation: &Invocation, now: Timestamp) -> Self {
        Self {
            subject: Subject::Invocation(invocation.id),
            revision: invocation.revision,
            lane: Lane::WorkflowsToResume,
            parked: false,
            made_at: now,
            story: Story {
                dataset: invocation.pid.clone(),
                installation: invocation.installation.clone(),
                renku: None,
                phase: None,
                attempt: invocation.attempts + 1,
                problem: invocation.problem.as_ref().map(|problem| problem.code),
            },
        }
    }
}

impl When {
    /// After a wait that is the other side's or a failure's, or at once when it is over.
    pub fn at(due: Timestamp, now: Timestamp) -> Self {
        let wait = due.since(now);
        if wait.is_zero() { Self::Now } else { Self::Retry(wait) }
    }

    /// When this import's next step is due, seen from `now`; `None` if nothing is due.
    pub fn due(import: &Import, now: Timestamp) -> Option<Self> {
        let wait = import.due_at?.since(now);
        Some(match import.state.condition() {
            _ if wait.is_zero() => Self::Now,
            Condition::None => Self::Poll(wait),
            Condition::RetryAt { .. } | Condition::SignIn { .. } | Condition::Dataset { .. } => {
                Self::Retry(wait)
            }
        })
    }
}

/// The queue could not do it; the sweeper makes good for it.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// No connection to the broker.
    #[error("the message broker cannot be reached")]
    Unreachable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// The broker did not confirm the message.
    #[error("the message broker did not take the message: {0}")]
    NotConfirmed(String),
    /// The queue is closed, we are shutting down.
    #[error("the queue is closed")]
    Closed,
}

/// A message in hand: it must be settled, and what is dropped unsettled comes again.
#[async_trait]
pub trait Settle: Send + Sync {
    /// It is dealt with. `Ok(false)`: the broker did not hear of it and will deliver it again.
    ///
    /// # Errors
    /// When the broker cannot be told; it will deliver again.
    async fn ack(self: Box<Self>) -> Result<bool, QueueError>;

    /// It goes back unchanged, for another worker.
    ///
    /// # Errors
    /// When the broker cannot be told; it will deliver again.
    async fn hand_back(self: Box<Self>) -> Result<(), QueueError>;
}

/// A delivered message.
pub struct Delivery {
    /// What it says.
    pub message: Message,
    /// Whether the broker delivered it before.
    pub again: bool,
    /// How to settle it.
    pub settle: Box<dyn Settle>,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("message", &self.message)
            .field("again", &self.again)
            .finish_non_exhaustive()
    }
}

/// The queue, embedded or a broker.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Hands over a message and waits until the queue has it for good.
    ///
    /// # Errors
    /// When the queue did not take it; nothing is lost, the sweeper nudges again.
    async fn publish(&self, message: &Message, when: When) -> Result<(), QueueError>;

    /// Shows a parked import to the operator, with the reason. Moved back to its work queue by hand it sends the import on.
    ///
    /// # Errors
    /// When the queue did not take it.
    async fn park(&self, message: &Message, problem: &Problem) -> Result<(), QueueError>;

    /// The next message of this lane; waits for one, through broken connections. `None` after `stop_consuming` or `close`.
    async fn next(&self, lane: Lane) -> Option<Delivery>;

    /// Whether messages can be published and consumed now.
    ///
    /// # Errors
    /// Says what is wrong.
    async fn ready(&self) -> Result<(), QueueError>;

    /// Stops consuming; deliveries in hand can still be settled.
    async fn stop_consuming(&self);

    /// Closes everything; unsettled deliveries come again elsewhere.
    async fn close(&self);
}

//! Where an import stands, and the only ways in which that may change.
//!
//! What causes an event is decided elsewhere; here it is only said whether it may happen and what follows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ImportResult;
use crate::domain::dataset::VersionNumber;
use crate::domain::ids::ImportId;
use crate::domain::problem::{Problem, SignInAt};
use crate::domain::project::DatasetName;
use crate::domain::time::Timestamp;

/// The phase as people, programs and queries see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waits for its turn.
    Queued,
    /// Being handed to Renku.
    Submitting,
    /// Renku works on it.
    Running,
    /// Renku says it is done; being compared with Dataverse.
    Verifying,
    /// Arrived.
    Succeeded,
    /// Ended with a problem.
    Failed,
    /// Called off.
    Cancelled,
    /// Made unnecessary by a newer import.
    Superseded,
    /// Its budget is used up; its owner or an operator may send it on.
    Parked,
}

impl Phase {
    /// Every phase, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Submitting,
        Self::Running,
        Self::Verifying,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Superseded,
        Self::Parked,
    ];

    /// The name in the store, the API and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::Running => "running",
            Self::Verifying => "verifying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Parked => "parked",
        }
    }

    /// Whether nothing follows by itself.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Superseded | Self::Parked)
    }

    /// Whether the life of an import has this edge. Only `parked` may be left again, by hand.
    pub const fn may_become(self, next: Self) -> bool {
        use Phase::{
            Cancelled, Failed, Parked, Queued, Running, Submitting, Succeeded, Superseded, Verifying,
        };
        match self {
            Queued => matches!(next, Queued | Submitting | Failed | Cancelled | Superseded | Parked),
            Submitting => {
                matches!(next, Submitting | Queued | Running | Failed | Cancelled | Superseded | Parked)
            }
            Running => {
                matches!(next, Running | Queued | Verifying | Failed | Cancelled | Superseded | Parked)
            }
            Verifying => matches!(next, Verifying | Succeeded | Failed | Cancelled | Superseded | Parked),
            Parked => matches!(next, Queued | Submitting | Running | Verifying | Cancelled),
            Cancelled => matches!(next, Cancelled),
            Succeeded => matches!(next, Succeeded),
            Failed | Superseded => false,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is going to be imported, fixed just before it is handed to Renku.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version's number.
    pub version: VersionNumber,
    /// Dataverse's number of the version.
    pub version_id: i64,
    /// Dataverse's last update of the version.
    pub last_update: Option<Timestamp>,
    /// The title, for people.
    pub title: String,
    /// The name in the project.
    pub name: DatasetName,
    /// The address that Renku is given.
    pub dataset_uri: String,
    /// Number of files.
    pub files: u32,
    /// Their bytes together.
    pub bytes: u64,
}

/// A job at Renku.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteJob {
    /// Renku's id of it.
    pub id: String,
    /// The path below which it must be asked for again, where Renku has several (`/api/renku/10/1.0`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The gateway's cookie (`name=value`) that leads back to the same server; kept for this job only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<String>,
    /// When Renku accepted it, by our clock.
    pub accepted_at: Timestamp,
    /// When it was first seen at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_since: Option<Timestamp>,
}

/// Renku says that the dataset is in the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// The branch that Renku pushed to, where it has branches.
    pub branch: Option<String>,
    /// Whether that is another branch than the project's own: the person must merge it.
    pub aside: bool,
}

/// How well an import succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that was compared is there.
    Complete,
    /// Some files of the version are not there.
    Incomplete,
    /// Everything is there, on a branch that the person must merge.
    OnSideBranch,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Incomplete, Self::OnSideBranch];

    /// The name in the API and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::OnSideBranch => "on_side_branch",
        }
    }
}

/// The work that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Waits for its turn.
    Queued {
        /// Whether a failed job was followed by its one further try.
        #[serde(default)]
        redone: bool,
    },
    /// Being handed to Renku.
    Submitting {
        /// What.
        plan: Plan,
        /// When the call was begun; from then on it may have reached Renku.
        begun: Option<Timestamp>,
        /// Whether this is the one further try.
        #[serde(default)]
        redone: bool,
    },
    /// Renku works on it.
    Running {
        /// What.
        plan: Plan,
        /// Renku's job.
        job: RemoteJob,
        /// Whether this is the one further try.
        #[serde(default)]
        redone: bool,
    },
    /// Being compared with Dataverse.
    Verifying {
        /// What.
        plan: Plan,
        /// Where it is.
        landed: Landed,
    },
}

impl Stage {
    /// The phase of this work.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Queued { .. } => Phase::Queued,
            Self::Submitting { .. } => Phase::Submitting,
            Self::Running { .. } => Phase::Running,
            Self::Verifying { .. } => Phase::Verifying,
        }
    }

    /// Whether Renku may still be working on it, so that the project's slot must not be given to another.
    pub const fn may_run_at_renku(&self) -> bool {
        match self {
            Self::Submitting { begun, .. } => begun.is_some(),
            Self::Running { .. } => true,
            Self::Queued { .. } | Self::Verifying { .. } => false,
        }
    }
}

/// What the work waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "snake_case")]
pub enum Condition {
    /// For nothing but its turn.
    None,
    /// For the next try after a failure.
    RetryAt {
        /// When.
        at: Timestamp,
        /// After what.
        problem: Problem,
    },
    /// For the person to sign in.
    SignIn {
        /// Where.
        at: SignInAt,
        /// Why.
        problem: Problem,
    },
    /// For Dataverse or its DOI to show what it will show.
    Dataset {
        /// When we look again.
        at: Timestamp,
        /// What is not to be seen yet.
        problem: Problem,
    },
}

impl Condition {
    /// The names of all conditions.
    pub const NAMES: [&'static str; 4] = ["none", "retry_at", "sign_in", "dataset"];

    /// The name in the store, the API and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::RetryAt { .. } => "retry_at",
            Self::SignIn { .. } => "sign_in",
            Self::Dataset { .. } => "dataset",
        }
    }

    /// The problem behind it, if there is one.
    pub const fn problem(&self) -> Option<&Problem> {
        match self {
            Self::None => None,
            Self::RetryAt { problem, .. } | Self::SignIn { problem, .. } | Self::Dataset { problem, .. } => {
                Some(problem)
            }
        }
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    /// Arrived.
    Succeeded {
        /// What.
        plan: Plan,
        /// How well.
        result: ImportResult,
    },
    /// Ended with a problem.
    Failed {
        /// Which.
        problem: Problem,
        /// What had been planned, if it came that far.
        plan: Option<Plan>,
    },
    /// Called off.
    Cancelled {
        /// Work that may still go on at Renku; watched until it is over, since it blocks the project.
        left: Option<Stage>,
    },
    /// Made unnecessary.
    Superseded {
        /// By which import.
        by: ImportId,
    },
    /// Budget used up.
    Parked {
        /// By what.
        problem: Problem,
        /// Where it stood.
        was: Stage,
    },
}

/// Where an import stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Work goes on.
    Open {
        /// Which.
        stage: Stage,
        /// What it waits for.
        condition: Condition,
    },
    /// It ended.
    Ended {
        /// How.
        end: End,
    },
}

/// What happens to an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It got its turn: the slot is taken and the plan made.
    Planned(Plan),
    /// The call to Renku is about to be made.
    Begun(Timestamp),
    /// The call surely left nothing at Renku.
    LeftNothing,
    /// Nothing is at Renku; it gives its slot back and waits for its turn again.
    StoodBack,
    /// Renku accepted it as this job.
    Submitted(RemoteJob),
    /// The job was first seen at work.
    SeenAtWork(Timestamp),
    /// The job failed in a way that deserves its one further try.
    TriesAgain,
    /// Renku has it.
    Landed(Landed),
    /// It was compared.
    Verified(ImportResult),
    /// It waits for something (or, with `Condition::None`, for nothing more).
    Waits(Condition),
    /// It failed.
    Failed(Problem),
    /// Its budget is used up.
    Parked(Problem),
    /// It was called off.
    Cancelled,
    /// What a cancelled import left at Renku was found to be this job.
    LeftJob(RemoteJob),
    /// What a cancelled import left at Renku is over.
    LeftIsOver,
    /// A newer import makes it unnecessary.
    Superseded(ImportId),
    /// Somebody sends a parked import on.
    SentOn,
    /// Somebody had what it left in the project taken away again.
    Undone(Timestamp),
}

impl Event {
    /// The name of the first line of a timeline, before any event.
    pub const CREATED: &'static str = "created";

    /// The name of the line that somebody's "try now" writes; where the import stands does not change.
    pub const RETRIED: &'static str = "retried";

    /// The names of all events.
    pub const NAMES: [&'static str; 18] = [
        "planned",
        "begun",
        "left_nothing",
        "stood_back",
        "submitted",
        "seen_at_work",
        "tries_again",
        "landed",
        "verified",
        "waits",
        "failed",
        "parked",
        "cancelled",
        "left_job",
        "left_is_over",
        "superseded",
        "sent_on",
        "undone",
    ];

    /// The name in the timeline.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Planned(_) => "planned",
            Self::Begun(_) => "begun",
            Self::LeftNothing => "left_nothing",
            Self::StoodBack => "stood_back",
            Self::Submitted(_) => "submitted",
            Self::SeenAtWork(_) => "seen_at_work",
            Self::TriesAgain => "tries_again",
            Self::Landed(_) => "landed",
            Self::Verified(_) => "verified",
            Self::Waits(_) => "waits",
            Self::Failed(_) => "failed",
            Self::Parked(_) => "parked",
            Self::Cancelled => "cancelled",
            Self::LeftJob(_) => "left_job",
            Self::LeftIsOver => "left_is_over",
            Self::Superseded(_) => "superseded",
            Self::SentOn => "sent_on",
            Self::Undone(_) => "undone",
        }
    }
}

/// An event that cannot happen in this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an import that is {phase} cannot be {event}")]
pub struct IllegalEvent {
    /// The phase it is in.
    pub phase: Phase,
    /// The event's name.
    pub event: &'static str,
}

impl State {
    /// A new import's state.
    pub const fn new() -> Self {
        Self::Open { stage: Stage::Queued { redone: false }, condition: Condition::None }
    }

    /// The phase.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Open { stage, .. } => stage.phase(),
            Self::Ended { end } => match end {
                End::Succeeded { .. } => Phase::Succeeded,
                End::Failed { .. } => Phase::Failed,
                End::Cancelled { .. } => Phase::Cancelled,
                End::Superseded { .. } => Phase::Superseded,
                End::Parked { .. } => Phase::Parked,
            },
        }
    }

    /// The condition; ends have none.
    pub const fn condition(&self) -> &Condition {
        match self {
            Self::Open { condition, .. } => condition,
            Self::Ended { .. } => &Condition::None,
        }
    }

    /// The problem that it ended with or waits because of.
    pub const fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Open { condition, .. } => condition.problem(),
            Self::Ended { end: End::Failed { problem, .. } | End::Parked { problem, .. } } => Some(problem),
            Self::Ended { end: End::Succeeded { .. } | End::Cancelled { .. } | End::Superseded { .. } } => {
                None
            }
        }
    }

    /// The plan, once there is one.
    pub const fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Open { stage, .. }
            | Self::Ended { end: End::Parked { was: stage, .. } | End::Cancelled { left: Some(stage) } } => {
                match stage {
                    Stage::Queued { .. } => None,
                    Stage::Submitting { plan, .. }
                    | Stage::Running { plan, .. }
                    | Stage::Verifying { plan, .. } => Some(plan),
                }
            }
            Self::Ended { end: End::Succeeded { plan, .. } } => Some(plan),
            Self::Ended { end: End::Failed { plan, .. } } => plan.as_ref(),
            Self::Ended { end: End::Cancelled { left: None } | End::Superseded { .. } } => None,
        }
    }

    /// The job at Renku, while one is known.
    pub const fn job(&self) -> Option<&RemoteJob> {
        match self {
            Self::Open { stage: Stage::Running { job, .. }, .. }
            | Self::Ended {
                end:
                    End::Parked { was: Stage::Running { job, .. }, .. }
                    | End::Cancelled { left: Some(Stage::Running { job, .. }) },
            } => Some(job),
            Self::Open { .. } | Self::Ended { .. } => None,
        }
    }

    /// The state after the event.
    ///
    /// # Errors
    /// When the event cannot happen in this state; the import stays as it is.
    pub fn after(&self, event: Event) -> Result<Self, IllegalEvent> {
        let illegal = IllegalEvent { phase: self.phase(), event: event.as_str() };
        match self {
            Self::Open { stage, .. } => after_open(stage, event).ok_or(illegal),
            Self::Ended { end } => after_end(end, event).ok_or(illegal),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

const fn open(stage: Stage) -> State {
    State::Open { stage, condition: Condition::None }
}

const fn ended(end: End) -> State {
    State::Ended { end }
}

fn after_open(stage: &Stage, event: Event) -> Option<State> {
    let stage = stage.clone();
    Some(match (event, stage) {
        (Event::Waits(condition), stage) => State::Open { stage, condition },
        (Event::Failed(problem), stage) => {
            let plan = open(stage).plan().cloned();
            ended(End::Failed { problem, plan })
        }
        (Event::Parked(problem), was) => ended(End::Parked { problem, was }),
        (Event::Superseded(by), stage) if !stage.may_run_at_renku() => ended(End::Superseded { by }),
        (Event::Cancelled, stage) => {
            ended(End::Cancelled { left: stage.may_run_at_renku().then_some(stage) })
        }
        (Event::Planned(plan), Stage::Queued { redone })
        | (Event::LeftNothing, Stage::Submitting { plan, begun: Some(_), redone }) => {
            open(Stage::Submitting { plan, begun: None, redone })
        }
        (Event::Begun(at), Stage::Submitting { plan, begun: None, redone }) => {
            open(Stage::Submitting { plan, begun: Some(at), redone })
        }
        (Event::StoodBack, Stage::Submitting { begun: None, redone, .. }) => open(Stage::Queued { redone }),
        (Event::Submitted(job), Stage::Submitting { plan, begun: Some(_), redone }) => {
            open(Stage::Running { plan, job, redone })
        }
        (Event::SeenAtWork(at), Stage::Running { plan, mut job, redone }) => {
            job.working_since.get_or_insert(at);
            open(Stage::Running { plan, job, redone })
        }
        (Event::TriesAgain, Stage::Running { redone: false, .. }) => open(Stage::Queued { redone: true }),
        (Event::Landed(landed), Stage::Running { plan, .. }) => open(Stage::Verifying { plan, landed }),
        (Event::Verified(result), Stage::Verifying { plan, .. }) => ended(End::Succeeded { plan, result }),
        _ => return None,
    })
}

fn after_end(end: &End, event: Event) -> Option<State> {
    Some(match (end, event) {
        (End::Parked { was, .. }, Event::SentOn) => open(was.clone()),
        (End::Parked { was, .. }, Event::Cancelled) => {
            ended(End::Cancelled { left: was.may_run_at_renku().then(|| was.clone()) })
        }
        (End::Cancelled { left: Some(Stage::Submitting { plan, redone, .. }) }, Event::LeftJob(job)) => {
            ended(End::Cancelled { left: Some(Stage::Running { plan: plan.clone(), job, redone: *redone }) })
        }
        (End::Succeeded { plan, result }, Event::Undone(at)) => {
            let mut result = result.clone();
            result.linked.as_mut()?.undone_at.get_or_insert(at);
            ended(End::Succeeded { plan: plan.clone(), result })
        }
        (End::Cancelled { left: Some(_) }, Event::LeftIsOver) => ended(End::Cancelled { left: None }),
        _ => return None,
    })
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;

//! What is to be done next with an import: a pure decision, taken anew from the row at each delivery.
//!
//! Doing it is the use case `imports::run_step`.

use super::state::{End, Stage, State};
use super::{Import, RemoteJob};
use crate::domain::time::Timestamp;

/// The one thing that a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the dataset, take the slot, make the plan.
    Plan,
    /// Hand it to Renku.
    Submit,
    /// A call was begun and its end is not known: look for what it left behind.
    LookForSubmitted {
        /// When the call was begun.
        begun: Timestamp,
    },
    /// Ask Renku how the job is doing.
    Follow {
        /// Which job.
        job: RemoteJob,
    },
    /// Compare what arrived.
    Verify,
    /// It was open for too long.
    GiveUp,
    /// Nothing is to be done.
    Nothing,
}

/// The next action for this import at this moment.
pub fn next_action(import: &Import, now: Timestamp) -> Action {
    let stage = match &import.state {
        State::Open { .. } if now >= import.give_up_at => return Action::GiveUp,
        State::Open { stage, .. } | State::Ended { end: End::Cancelled { left: Some(stage) } } => stage,
        State::Ended { .. } => return Action::Nothing,
    };
    match stage {
        Stage::Queued { .. } => Action::Plan,
        Stage::Submitting { begun: None, .. } => Action::Submit,
        Stage::Submitting { begun: Some(begun), .. } => Action::LookForSubmitted { begun: *begun },
        Stage::Running { job, .. } => Action::Follow { job: job.clone() },
        Stage::Verifying { .. } => Action::Verify,
    }
}

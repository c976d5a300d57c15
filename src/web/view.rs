//! How imports look to programs: the JSON of API v1. Field names are part of the contract.
//!
//! Sentences are the catalogue's; nothing here decides anything.

use serde::Serialize;

use crate::domain::import::{End, Import, ImportResult, State};
use crate::domain::ports::store::TimelineEntry;
use crate::domain::problem::{Problem, Turn};
use crate::texts::{Language, problem_remedy, problem_title};

/// An import.
#[derive(Debug, Serialize)]
pub struct ImportView {
    /// Its number.
    pub id: String,
    /// `queued`, `submitting`, `running`, `verifying`, or an end: `succeeded`, `failed`, `cancelled`, `superseded`, `parked`.
    pub phase: &'static str,
    /// What it waits for: `none`, `retry_at`, `sign_in`, `dataset`.
    pub condition: &'static str,
    /// Whether nothing follows by itself.
    pub ended: bool,
    /// The dataset's PID.
    pub dataset: String,
    /// The dataset's title, once it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The installation's name.
    pub installation: String,
    /// The Renku's name.
    pub renku: String,
    /// Which of its services: `data` (Renku 2) or `core` (Renku 1).
    pub api: &'static str,
    /// The project's address.
    pub project: String,
    /// The version that is being or was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The dataset's name in the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How well it succeeded: `complete`, `incomplete`, `on_side_branch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    /// What was compared to say so: `link`, `names`, `sizes`, `checksums`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<crate::domain::import::Compared>,
    /// Everything that is known of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ImportResult>,
    /// What it ended with or waits because of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
    /// When the next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// Grows with each change.
    pub revision: i64,
}

/// A problem beside an import.
#[derive(Debug, Serialize)]
pub struct ProblemView {
    /// The stable code.
    pub code: &'static str,
    /// What happened.
    pub title: String,
    /// What to do.
    pub remedy: String,
    /// Whose turn it is.
    pub turn: Turn,
    /// The part of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the other side said, cleaned of secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// A line of a timeline.
#[derive(Debug, Serialize)]
pub struct TimelineView {
    /// Grows; the id of the live event.
    pub seq: i64,
    /// When.
    pub at: String,
    /// What happened.
    pub event: String,
    /// The phase after it.
    pub phase: &'static str,
    /// The condition after it.
    pub condition: String,
    /// The problem, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
}

/// The problem in this language.
pub fn problem_view(problem: &Problem, language: Language) -> ProblemView {
    ProblemView {
        code: problem.code.as_str(),
        title: problem_title(language, problem.code),
        remedy: problem_remedy(language, problem.code),
        turn: problem.code.turn(),
        field: problem.field.clone(),
        words: problem.words.clone(),
    }
}

/// The import in this language.
pub fn import_view(import: &Import, language: Language) -> ImportView {
    let plan = import.state.plan();
    let result = match &import.state {
        State::Ended { end: End::Succeeded { result, .. } } => Some(result.clone()),
        State::Open { .. } | State::Ended { .. } => None,
    };
    let order = &import.order;
    ImportView {
        id: import.id.to_string(),
        phase: import.state.phase().as_str(),
        condition: import.state.condition().as_str(),
        ended: import.state.phase().is_end(),
        dataset: order.pid.to_string(),
        title: plan.map(|plan| plan.title.clone()),
        installation: order.installation.to_string(),
        renku: order.renku.to_string(),
        api: order.api.as_str(),
        project: order.project.to_string(),
        version: plan.map(|plan| plan.version).or(order.version).map(|version| version.to_string()),
        name: plan.map(|plan| &plan.name).or(order.name.as_ref()).map(ToString::to_string),
        outcome: result.as_ref().map(|result| result.outcome.as_str()),
        compared: result.as_ref().map(|result| result.compared),
        result,
        problem: import.state.problem().map(|problem| problem_view(problem, language)),
        due_at: import.due_at.map(|at| at.to_string()),
        created_at: import.created_at.to_string(),
        updated_at: import.updated_at.to_string(),
        revision: import.revision,
    }
}

/// The line in this language.
pub fn timeline_view(entry: &TimelineEntry, language: Language) -> TimelineView {
    TimelineView {
        seq: entry.seq,
        at: entry.at.to_string(),
        event: entry.event.clone(),
        phase: entry.phase.as_str(),
        condition: entry.condition.clone(),
        problem: entry.problem.as_ref().map(|problem| problem_view(problem, language)),
    }
}

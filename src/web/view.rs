//! How imports look to programs: the JSON of API v1. Field names are part of the contract.
//!
//! Sentences are the catalogue's; nothing here decides anything.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::problem::status;
use crate::domain::import::{Compared, Condition, End, Import, ImportResult, Outcome, Phase, State};
use crate::domain::ports::store::TimelineEntry;
use crate::domain::problem::{Problem, ProblemCode, Turn};
use crate::domain::project::RenkuApi;
use crate::texts::{Language, problem_remedy, problem_title};

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// Its number.
    #[schema(format = "uuid")]
    pub id: String,
    /// `queued`, `submitting`, `running`, `verifying`, or an end: `succeeded`, `failed`, `cancelled`, `superseded`, `parked`.
    #[schema(schema_with = phase)]
    pub phase: &'static str,
    /// What it waits for: `none`, `retry_at`, `sign_in`, `dataset`.
    #[schema(schema_with = condition)]
    pub condition: &'static str,
    /// Whether nothing follows by itself.
    pub ended: bool,
    /// The dataset's PID.
    #[schema(example = "doi:10.5072/FK2/GLACIER")]
    pub dataset: String,
    /// The dataset's title, once it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The installation's name.
    pub installation: String,
    /// The Renku's name.
    pub renku: String,
    /// Which of its services: `data` (Renku 2) or `core` (Renku 1).
    #[schema(schema_with = api)]
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
    #[schema(schema_with = outcome, required = false)]
    pub outcome: Option<&'static str>,
    /// What was compared to say so: `link`, `names`, `sizes`, `checksums`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = compared, required = false)]
    pub compared: Option<&'static str>,
    /// Everything that is known of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultView>,
    /// What it ended with or waits because of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
    /// When the next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Grows with each change.
    pub revision: i64,
    /// For whom; told to operators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    pub person: Option<String>,
}

/// What came of an import that succeeded.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultView {
    /// How well it succeeded.
    #[schema(schema_with = outcome)]
    pub outcome: &'static str,
    /// What was compared to say so.
    #[schema(schema_with = compared)]
    pub compared: &'static str,
    /// How many files Dataverse lists.
    pub expected: u32,
    /// How many of them were found in the project.
    pub found: u32,
    /// Some of the paths that were not found, at most 20.
    pub missing: Vec<String>,
    /// The version that came.
    #[schema(example = "1.0")]
    pub version: String,
    /// The branch that has the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where to look in Renku.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Of a link: the folder in a session's working directory, as Renku tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Of a link: whether Renku could list the dataset's files when it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readable: Option<bool>,
    /// Of a link: when it was taken away again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub undone_at: Option<String>,
}

/// A page of imports, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportPage {
    /// The imports.
    pub imports: Vec<ImportView>,
    /// What to ask as `before` for the next page; none when this is the last one.
    #[schema(format = "uuid")]
    pub next: Option<String>,
}

/// A page of a timeline, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelinePage {
    /// The lines.
    pub entries: Vec<TimelineView>,
    /// What to ask as `after` for the next page; none when this is the last one for now.
    pub next: Option<i64>,
}

/// The catalogue of problems.
#[derive(Debug, Serialize, ToSchema)]
pub struct Catalogue {
    /// Every problem there is.
    pub problems: Vec<CatalogueEntry>,
}

/// A problem of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueEntry {
    /// The stable code.
    #[schema(example = "dataset-not-published")]
    pub code: &'static str,
    /// What happened.
    pub title: String,
    /// What to do.
    pub remedy: String,
    /// Whose turn it is.
    #[schema(schema_with = turn)]
    pub turn: &'static str,
    /// The HTTP status of a request that ends with it.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
}

/// A problem beside an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemView {
    /// The stable code. New ones may come.
    #[schema(example = "sign-in-needed")]
    pub code: &'static str,
    /// What happened.
    pub title: String,
    /// What to do.
    pub remedy: String,
    /// Whose turn it is.
    #[schema(schema_with = turn)]
    pub turn: &'static str,
    /// The part of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the other side said, cleaned of secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// A line of a timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineView {
    /// Grows; the id of the live event.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What happened, such as `created`, `planned`, `begun`, `submitted`, `landed`, `verified`, `waits`, `failed`. New ones may come.
    #[schema(example = "submitted")]
    pub event: String,
    /// The phase after it.
    #[schema(schema_with = phase)]
    pub phase: &'static str,
    /// The condition after it.
    #[schema(schema_with = condition)]
    pub condition: String,
    /// The problem, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
}

/// A live event. A stream without news has comments between them.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the description's words for what the stream writes line by line")]
pub(crate) struct LiveEvent {
    /// To come back with; an event `import` has none.
    #[schema(pattern = "^[0-9]{1,18}(-end)?$")]
    id: Option<String>,
    /// `timeline` (data: a `TimelineView`), `import` or `end` (data: an `ImportView`).
    event: Option<String>,
    /// JSON.
    data: Option<String>,
}

/// The problem in this language.
pub fn problem_view(problem: &Problem, language: Language) -> ProblemView {
    ProblemView {
        code: problem.code.as_str(),
        title: problem_title(language, problem.code),
        remedy: problem_remedy(language, problem.code),
        turn: problem.code.turn().as_str(),
        field: problem.field.clone(),
        words: problem.words.clone(),
    }
}

/// The catalogue's entry in this language.
pub fn catalogue_entry(code: ProblemCode, language: Language) -> CatalogueEntry {
    CatalogueEntry {
        code: code.as_str(),
        title: problem_title(language, code),
        remedy: problem_remedy(language, code),
        turn: code.turn().as_str(),
        status: status(code).as_u16(),
    }
}

fn result_view(result: &ImportResult) -> ResultView {
    let linked = result.linked.as_ref();
    ResultView {
        outcome: result.outcome.as_str(),
        compared: result.compared.as_str(),
        expected: result.expected,
        found: result.found,
        missing: result.missing.clone(),
        version: result.version.to_string(),
        branch: result.branch.clone(),
        link: result.link.clone(),
        folder: linked.and_then(|linked| linked.folder.clone()),
        readable: linked.and_then(|linked| linked.readable),
        undone_at: linked.and_then(|linked| linked.undone_at).map(|at| at.to_string()),
    }
}

/// The import in this language.
pub fn import_view(import: &Import, language: Language) -> ImportView {
    let plan = import.state.plan();
    let result = match &import.state {
        State::Ended { end: End::Succeeded { result, .. } } => Some(result_view(result)),
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
        outcome: result.as_ref().map(|result| result.outcome),
        compared: result.as_ref().map(|result| result.compared),
        result,
        problem: import.state.problem().map(|problem| problem_view(problem, language)),
        due_at: import.due_at.map(|at| at.to_string()),
        created_at: import.created_at.to_string(),
        updated_at: import.updated_at.to_string(),
        revision: import.revision,
        person: None,
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

/// One of these words.
pub(crate) fn one_of(words: impl IntoIterator<Item = &'static str>, what: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(what))
}

fn phase() -> ObjectBuilder {
    one_of(
        Phase::ALL.map(Phase::as_str),
        "Where it stands: at work (`queued`, `submitting`, `running`, `verifying`) or at an end. Only `parked` may be left again.",
    )
}

fn condition() -> ObjectBuilder {
    one_of(
        Condition::NAMES,
        "What it waits for: nothing but its turn, the next try, a sign-in of its person, or Dataverse.",
    )
}

pub(crate) fn api() -> ObjectBuilder {
    one_of(
        RenkuApi::ALL.map(RenkuApi::as_str),
        "Which of the Renku's services: `data` (Renku 2) or `core` (Renku 1).",
    )
}

fn outcome() -> ObjectBuilder {
    one_of(Outcome::ALL.map(Outcome::as_str), "How well it succeeded.")
}

fn compared() -> ObjectBuilder {
    one_of(Compared::ALL.map(Compared::as_str), "What was compared with Dataverse's list of files to say so.")
}

pub(crate) fn turn() -> ObjectBuilder {
    one_of(Turn::ALL.map(Turn::as_str), "Whose turn it is.")
}

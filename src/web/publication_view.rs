//! How subscriptions and publications look to programs: the JSON of API v1. Field names are part of the contract.
//!
//! Nothing here decides anything.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::ObjectBuilder;

use super::view::{ProblemView, api, one_of, problem_view};
use crate::domain::ports::publications::Watched;
use crate::domain::publication::{Invocation, InvocationState, Publication, PublicationState, Source};
use crate::domain::subscription::{LedgerEntry, LedgerOutcome, Subscription, SubscriptionState};
use crate::domain::time::Timestamp;
use crate::texts::Language;

/// A project that is kept up to date with a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionView {
    /// Its number.
    #[schema(format = "uuid")]
    id: String,
    /// Whose.
    #[schema(format = "uuid")]
    person: String,
    /// Whether the Renku's service person imports instead of the owner.
    service: bool,
    /// The Renku's name.
    renku: String,
    /// Which of its services.
    #[schema(schema_with = api)]
    api: &'static str,
    /// The installation's name.
    installation: String,
    /// The dataset's PID.
    #[schema(example = "doi:10.5072/FK2/GLACIER")]
    dataset: String,
    /// The project's address.
    project: String,
    /// Where it stands.
    #[schema(schema_with = state)]
    state: &'static str,
    /// Why it is paused; none when its owner paused it.
    problem: Option<ProblemView>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    changed_at: String,
}

/// A subscription with what is known of its dataset, and its ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionDetails {
    #[serde(flatten)]
    subscription: SubscriptionView,
    /// Which version arrived when, through which import.
    ledger: Vec<LedgerLine>,
    /// What is known of the dataset, once it was looked at.
    dataset_state: Option<DatasetState>,
}

/// A version for a subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerLine {
    /// The version's number.
    #[schema(example = "2.1")]
    version: String,
    /// Dataverse's number of the version.
    version_id: i64,
    /// When the version was last changed.
    #[schema(format = DateTime)]
    last_update: Option<String>,
    /// When it was handed on.
    #[schema(format = DateTime)]
    noticed_at: String,
    /// The import that takes it.
    #[schema(format = "uuid")]
    import: Option<String>,
    /// What became of it.
    #[schema(schema_with = ledger_outcome)]
    outcome: &'static str,
    /// Why not.
    problem: Option<ProblemView>,
    /// When that was known.
    #[schema(format = DateTime)]
    settled_at: Option<String>,
}

/// What is known of a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DatasetState {
    /// The version that is out.
    version: Option<String>,
    /// Its title.
    title: Option<String>,
    /// When it was last looked at with success.
    #[schema(format = DateTime)]
    looked_at: Option<String>,
    /// Since when it is known to be deaccessioned.
    #[schema(format = DateTime)]
    deaccessioned_at: Option<String>,
    /// Why the last look failed.
    problem: Option<ProblemView>,
}

/// A page of subscriptions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionPage {
    /// The subscriptions.
    pub(crate) subscriptions: Vec<SubscriptionView>,
    /// What to ask as `before` for the next page; none when this is the last one.
    #[schema(format = "uuid")]
    pub(crate) next: Option<String>,
}

/// Dataverse said that a version is out, or we noticed it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicationView {
    /// Its number.
    #[schema(format = "uuid")]
    id: String,
    /// The installation's name.
    installation: String,
    /// The dataset's PID.
    dataset: String,
    /// How we heard of it.
    #[schema(schema_with = source)]
    source: &'static str,
    /// Where it stands.
    #[schema(schema_with = publication_state)]
    state: &'static str,
    /// The version that was announced.
    announced: Option<String>,
    /// The version that was found and handed on.
    found: Option<String>,
    /// Imports that were started because of it.
    imports: u32,
    /// What it waits for, or why it was refused.
    problem: Option<ProblemView>,
    /// When we heard of it.
    #[schema(format = DateTime)]
    received_at: String,
    /// When it came to its end.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// The workflow in Dataverse that waited for us.
    workflow: Option<WorkflowView>,
}

/// A workflow in Dataverse that waits for us, or did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkflowView {
    /// Dataverse's name of the invocation.
    invocation: String,
    /// Where it stands.
    #[schema(schema_with = invocation_state)]
    state: &'static str,
    /// Failed attempts to let it go on.
    attempts: u32,
    /// Why it does not go on.
    problem: Option<ProblemView>,
    /// When it came to its end.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// A page of publications, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicationPage {
    /// The publications.
    pub(crate) publications: Vec<PublicationView>,
    /// What to ask as `before` for the next page; none when this is the last one.
    #[schema(format = "uuid")]
    pub(crate) next: Option<String>,
}

fn told(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// The subscription in this language.
pub(crate) fn subscription_view(it: &Subscription, language: Language) -> SubscriptionView {
    SubscriptionView {
        id: it.id.to_string(),
        person: it.person.to_string(),
        service: it.service,
        renku: it.renku.to_string(),
        api: it.api.as_str(),
        installation: it.installation.to_string(),
        dataset: it.pid.to_string(),
        project: it.project.to_string(),
        state: it.state.as_str(),
        problem: it.problem.as_ref().map(|why| problem_view(why, language)),
        created_at: it.created_at.to_string(),
        changed_at: it.changed_at.to_string(),
    }
}

/// The subscription with all that is known, in this language.
pub(crate) fn subscription_details(
    it: &Subscription,
    ledger: &[LedgerEntry],
    watched: Option<&Watched>,
    language: Language,
) -> SubscriptionDetails {
    SubscriptionDetails {
        subscription: subscription_view(it, language),
        ledger: ledger.iter().map(|entry| ledger_line(entry, language)).collect(),
        dataset_state: watched.map(|watched| DatasetState {
            version: watched.edition.as_ref().map(|edition| edition.number.to_string()),
            title: watched.edition.as_ref().map(|edition| edition.title.clone()),
            looked_at: told(watched.looked_at),
            deaccessioned_at: told(watched.deaccessioned_at),
            problem: watched.problem.as_ref().map(|why| problem_view(why, language)),
        }),
    }
}

fn ledger_line(entry: &LedgerEntry, language: Language) -> LedgerLine {
    LedgerLine {
        version: entry.version.to_string(),
        version_id: entry.version_id,
        last_update: told(entry.last_update),
        noticed_at: entry.noticed_at.to_string(),
        import: entry.import.map(|import| import.to_string()),
        outcome: entry.outcome.as_str(),
        problem: entry.problem.as_ref().map(|why| problem_view(why, language)),
        settled_at: told(entry.settled_at),
    }
}

/// The publication in this language, with the workflow that announced it.
pub(crate) fn publication_view(
    it: &Publication,
    workflow: Option<&Invocation>,
    language: Language,
) -> PublicationView {
    PublicationView {
        id: it.id.to_string(),
        installation: it.installation.to_string(),
        dataset: it.pid.to_string(),
        source: it.source.as_str(),
        state: it.state.as_str(),
        announced: it.announced.map(|version| version.to_string()),
        found: it.found.map(|version| version.to_string()),
        imports: it.imports,
        problem: it.problem.as_ref().map(|why| problem_view(why, language)),
        received_at: it.received_at.to_string(),
        ended_at: told(it.ended_at),
        workflow: workflow.map(|workflow| WorkflowView {
            invocation: workflow.name.clone(),
            state: workflow.state.as_str(),
            attempts: workflow.attempts,
            problem: workflow.problem.as_ref().map(|why| problem_view(why, language)),
            ended_at: told(workflow.ended_at),
        }),
    }
}

fn state() -> ObjectBuilder {
    one_of(
        SubscriptionState::ALL.map(SubscriptionState::as_str),
        "Where it stands: imports each new version, rests, or is over.",
    )
}

fn ledger_outcome() -> ObjectBuilder {
    one_of(LedgerOutcome::ALL.map(LedgerOutcome::as_str), "What became of the version.")
}

fn source() -> ObjectBuilder {
    one_of(Source::ALL.map(Source::as_str), "How we heard of it.")
}

fn publication_state() -> ObjectBuilder {
    one_of(PublicationState::ALL.map(PublicationState::as_str), "Where it stands.")
}

fn invocation_state() -> ObjectBuilder {
    one_of(InvocationState::ALL.map(InvocationState::as_str), "Where it stands.")
}

//! `/subscriptions`: the visitor's subscriptions with their ledgers, and the page with a button that mails lead to.
//!
//! What programs get is in `subscriptions`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::ids::SubscriptionId;
use crate::domain::ports::subscriptions::SubscriptionFilter;
use crate::domain::problem::ProblemCode;
use crate::domain::subscription::{LedgerOutcome, Subscription, SubscriptionState};
use crate::publications::subscribe::Wish;
use crate::texts::{Language, problem_remedy, problem_title, text};
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::forms::{Checked, Nothing};
use crate::web::pages::{Button, Link, Page, Shell, lead_to, render};
use crate::web::problem::ApiProblem;

/// Subscriptions on the page.
const SHOWN: u32 = 100;

/// Versions shown of each.
const VERSIONS: u32 = 10;

/// A line of a ledger, to be read.
#[derive(Debug)]
pub(crate) struct Version {
    number: String,
    noticed: String,
    outcome: String,
    import: Option<String>,
}

/// A subscription, to be read.
#[derive(Debug)]
pub(crate) struct Entry {
    id: String,
    dataset: String,
    project: String,
    active: bool,
    /// Why it is paused, and what to do.
    problem: Option<String>,
    versions: Vec<Version>,
}

/// The visitor's subscriptions.
#[derive(Debug, Template)]
#[template(path = "subscriptions.html")]
pub(crate) struct SubscriptionsPage {
    shell: Shell,
    entries: Vec<Entry>,
    /// The Renkus at which the visitor is signed in: name and title.
    renkus: Vec<(String, String)>,
}

/// Shows the visitor's subscriptions.
#[get("/subscriptions")]
pub(crate) async fn list(context: web::Data<Context>, visitor: Visitor) -> Result<HttpResponse, ApiProblem> {
    visitor.session()?;
    let mut entries = Vec::new();
    for person in visitor.people() {
        let filter =
            SubscriptionFilter { person: Some(person.id), limit: SHOWN, ..SubscriptionFilter::default() };
        for subscription in context.publications.subscriptions().subscriptions(&filter).await? {
            entries.push(entry(&context, &subscription, visitor.language).await?);
        }
    }
    let title = |person: &crate::domain::ports::identity::Person| {
        (person.renku.to_string(), context.renku_title(&person.renku).to_owned())
    };
    let renkus = visitor.people().iter().map(title).collect();
    let shell = Shell::new(&visitor, text(visitor.language, "subscriptions-title", &[]));
    Ok(render(&SubscriptionsPage { shell, entries, renkus }, StatusCode::OK))
}

async fn entry(
    context: &Context,
    subscription: &Subscription,
    language: Language,
) -> Result<Entry, ApiProblem> {
    let ledger = context.publications.subscriptions().ledger(subscription.id, VERSIONS).await?;
    let versions = ledger.into_iter().map(|line| Version {
        number: line.version.to_string(),
        noticed: line.noticed_at.to_string().get(..10).unwrap_or_default().to_owned(),
        outcome: outcome(language, line.outcome),
        import: line.import.map(|import| import.to_string()),
    });
    let problem = subscription.problem.as_ref().map(|problem| {
        format!("{} {}", problem_title(language, problem.code), problem_remedy(language, problem.code))
    });
    Ok(Entry {
        id: subscription.id.to_string(),
        dataset: subscription.pid.to_string(),
        project: subscription.project.to_string(),
        active: subscription.state == SubscriptionState::Active,
        problem,
        versions: versions.collect(),
    })
}

fn outcome(language: Language, outcome: LedgerOutcome) -> String {
    let name = match outcome {
        LedgerOutcome::Open => "subscriptions-open",
        LedgerOutcome::Arrived => "subscriptions-arrived",
        LedgerOutcome::Failed => "subscriptions-failed",
        LedgerOutcome::Superseded => "subscriptions-superseded",
        LedgerOutcome::Cancelled => "subscriptions-cancelled",
        LedgerOutcome::MetadataOnly => "subscriptions-metadata-only",
    };
    text(language, name, &[])
}

/// What was typed.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    dataset: String,
    project: String,
    renku: String,
}

/// Subscribes.
#[post("/subscriptions")]
pub(crate) async fn create(
    context: web::Data<Context>,
    checked: Checked<Typed>,
) -> Result<HttpResponse, ApiProblem> {
    let Checked { visitor, form } = checked;
    let renku = form.renku.parse().map_err(|_no_name| ApiProblem::from(ProblemCode::RenkuUnknown))?;
    let person = visitor.person_at(&renku).ok_or(ProblemCode::SignInNeeded)?.id;
    let wish = Wish { dataset: form.dataset, project: form.project, ..Wish::default() };
    context.publications.subscribe(person, &renku, &wish, visitor.language.as_str()).await?;
    Ok(lead_to("/subscriptions"))
}

/// Pauses, lets go on, or ends a subscription of the visitor.
#[post("/subscriptions/{id}/{what}")]
pub(crate) async fn act(
    context: web::Data<Context>,
    path: web::Path<(String, String)>,
    checked: Checked<Nothing>,
) -> Result<HttpResponse, ApiProblem> {
    let (id, what) = path.into_inner();
    let unknown = || ApiProblem::from(ProblemCode::SubscriptionUnknown);
    let id: SubscriptionId = id.parse().map_err(|_no_id| unknown())?;
    let found = context.publications.subscriptions().subscription(id).await?;
    found.filter(|found| checked.visitor.is(found.person)).ok_or_else(unknown)?;
    match what.as_str() {
        "pause" => context.publications.pause(id).await?,
        "resume" => context.publications.unpause(id).await?,
        "end" => context.publications.unsubscribe(id).await?,
        _ => return Err(ProblemCode::NoSuchPage.into()),
    };
    Ok(lead_to("/subscriptions"))
}

/// The key of a mail's link.
#[derive(Debug, Deserialize)]
pub(crate) struct KeyQuery {
    key: String,
}

/// What the unsubscribe link of a mail leads to: a page with a button, since mail scanners follow links.
#[get("/subscriptions/{id}/unsubscribe")]
pub(crate) async fn ask_unsubscribe(
    context: web::Data<Context>,
    id: web::Path<String>,
    query: web::Query<KeyQuery>,
    visitor: Visitor,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = mailed(&context, &id, &query.key).await?;
    let language = visitor.language;
    let mut page = Page::new(&visitor, text(language, "subscriptions-unsubscribe-title", &[]));
    let values = [
        ("dataset", subscription.pid.to_string().into()),
        ("project", subscription.project.to_string().into()),
    ];
    page.paragraphs.push(text(language, "subscriptions-unsubscribe-question", &values));
    let key: String = url::form_urlencoded::byte_serialize(query.key.as_bytes()).collect();
    page.buttons.push(Button {
        action: format!("/subscriptions/{}/unsubscribe?key={key}", subscription.id),
        label: text(language, "subscriptions-end", &[]),
    });
    Ok(page.answer(StatusCode::OK))
}

/// Unsubscribes; the key is the right to it, so that mail programs can do it with one press (RFC 8058).
#[post("/subscriptions/{id}/unsubscribe")]
pub(crate) async fn unsubscribe(
    context: web::Data<Context>,
    id: web::Path<String>,
    query: web::Query<KeyQuery>,
    visitor: Visitor,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = mailed(&context, &id, &query.key).await?;
    context.publications.unsubscribe(subscription.id).await?;
    let language = visitor.language;
    let mut page = Page::new(&visitor, text(language, "subscriptions-ended-title", &[]));
    page.paragraphs.push(text(language, "subscriptions-ended", &[]));
    page.links.push(Link { to: "/".to_owned(), label: text(language, "page-home", &[]) });
    Ok(page.answer(StatusCode::OK))
}

async fn mailed(context: &Context, id: &str, key: &str) -> Result<Subscription, ApiProblem> {
    let id = id.parse().map_err(|_no_id| ApiProblem::from(ProblemCode::SubscriptionUnknown))?;
    Ok(context.publications.by_mailed_key(id, key).await?)
}

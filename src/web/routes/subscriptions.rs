//! `/api/v1/subscriptions`: subscribe, list, show with the ledger, pause, let go on, unsubscribe. People see their own; operators see all.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, post, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::ids::SubscriptionId;
use crate::domain::ports::publications::{DatasetRef, Watched};
use crate::domain::ports::subscriptions::{Subscribed, SubscriptionFilter};
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::subscription::{LedgerEntry, Subscription};
use crate::publications::subscribe::Wish;
use crate::texts::{Language, problem_remedy, problem_title};
use crate::web::Context;
use crate::web::extract::{Caller, Lang};
use crate::web::problem::ApiProblem;

/// Most subscriptions in one answer.
const PAGE: u32 = 100;

/// Lines of a ledger that are shown.
pub(crate) const LEDGER: u32 = 200;

/// A subscription that is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubscription {
    dataset: String,
    project: String,
    #[serde(default)]
    installation: Option<String>,
    #[serde(default)]
    renku: Option<String>,
    #[serde(default)]
    api: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    ended: bool,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// Subscribes: the version that is out now is imported unless it is there or on its way, and each new one from then on.
#[post("/api/v1/subscriptions")]
pub(crate) async fn create(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    new: web::Json<NewSubscription>,
) -> Result<HttpResponse, ApiProblem> {
    let new = new.into_inner();
    if new.renku.as_ref().is_some_and(|named| named != caller.renku.as_str()) {
        let words = format!("the token is of {}", caller.renku);
        return Err(Problem::new(ProblemCode::RenkuUnknown).about("renku").saying(words).into());
    }
    let person = caller.person_with_sign_in(&context).await?;
    let wish =
        Wish { dataset: new.dataset, installation: new.installation, project: new.project, api: new.api };
    let subscribed = context.publications.subscribe(person, &caller.renku, &wish, language.as_str()).await?;
    let (mut answer, subscription) = match subscribed {
        Subscribed::New(subscription) => (HttpResponse::Created(), subscription),
        Subscribed::Existing(subscription) => (HttpResponse::Ok(), subscription),
    };
    let address = format!("{}/api/v1/subscriptions/{}", context.public_url, subscription.id);
    Ok(answer.insert_header((LOCATION, address)).json(view(&subscription, language)))
}

/// Lists subscriptions, newest first.
#[get("/api/v1/subscriptions")]
pub(crate) async fn list(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let wrong =
        |field: &str, words: &str| Problem::new(ProblemCode::RequestInvalid).about(field).saying(words);
    let limit = query.limit.unwrap_or(20);
    if !(1..=PAGE).contains(&limit) {
        return Err(wrong("limit", "it is 1 to 100").into());
    }
    let before = query.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_no_id| wrong("before", "this is not the number of a subscription"))?;
    let person = match (&caller.person, caller.operator) {
        (_, true) => None,
        (Some(person), false) => Some(person.id),
        (None, false) => return Ok(HttpResponse::Ok().json(json!({"subscriptions": [], "next": null}))),
    };
    let filter = SubscriptionFilter { person, dataset: None, with_ended: query.ended, before, limit };
    let found = context.publications.subscriptions().subscriptions(&filter).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id.to_string());
    let views: Vec<_> = found.iter().map(|subscription| view(subscription, language)).collect();
    Ok(HttpResponse::Ok().json(json!({"subscriptions": views, "next": next})))
}

/// Shows a subscription, what is known of its dataset, and its ledger: which version arrived when, through which import.
#[get("/api/v1/subscriptions/{id}")]
pub(crate) async fn show(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    let store = context.publications.subscriptions();
    let ledger = store.ledger(subscription.id, LEDGER).await?;
    let dataset =
        DatasetRef { installation: subscription.installation.clone(), pid: subscription.pid.clone() };
    let watched = context.publications.store().watched(&dataset).await?;
    let mut shown = view(&subscription, language);
    if let Some(fields) = shown.as_object_mut() {
        let lines = ledger.iter().map(|entry| line(entry, language)).collect();
        fields.insert("ledger".to_owned(), Value::Array(lines));
        fields.insert("dataset_state".to_owned(), watched.as_ref().map_or(Value::Null, known));
    }
    Ok(HttpResponse::Ok().json(shown))
}

/// Lets a subscription rest.
#[post("/api/v1/subscriptions/{id}/pause")]
pub(crate) async fn pause(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    let paused = context.publications.pause(subscription.id).await?;
    Ok(HttpResponse::Ok().json(view(&paused, language)))
}

/// Lets a paused subscription go on; what came out meanwhile is imported.
#[post("/api/v1/subscriptions/{id}/resume")]
pub(crate) async fn resume(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    let active = context.publications.unpause(subscription.id).await?;
    Ok(HttpResponse::Ok().json(view(&active, language)))
}

/// Unsubscribes. What was imported stays in the project.
#[delete("/api/v1/subscriptions/{id}")]
pub(crate) async fn remove(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    let ended = context.publications.unsubscribe(subscription.id).await?;
    Ok(HttpResponse::Ok().json(view(&ended, language)))
}

/// The subscription if the caller may see it; else it is as if there were none.
async fn theirs(context: &Context, caller: &Caller, id: &str) -> Result<Subscription, ApiProblem> {
    let unknown = || ApiProblem::from(ProblemCode::SubscriptionUnknown);
    let id: SubscriptionId = id.parse().map_err(|_not_an_id| unknown())?;
    let found = context.publications.subscriptions().subscription(id).await?.ok_or_else(unknown)?;
    let own = caller.person.as_ref().is_some_and(|person| person.id == found.person);
    if own || caller.operator { Ok(found) } else { Err(unknown()) }
}

fn problem(problem: &Problem, language: Language) -> Value {
    json!({
        "code": problem.code.as_str(), "title": problem_title(language, problem.code),
        "remedy": problem_remedy(language, problem.code), "turn": problem.code.turn().as_str(),
        "detail": problem.words,
    })
}

/// A subscription as the API and the command line show it.
pub(crate) fn view(it: &Subscription, language: Language) -> Value {
    json!({
        "id": it.id.to_string(), "person": it.person.to_string(), "renku": it.renku, "api": it.api.as_str(),
        "installation": it.installation, "dataset": it.pid, "project": it.project, "state": it.state.as_str(),
        "problem": it.problem.as_ref().map(|why| problem(why, language)),
        "created_at": it.created_at.to_string(), "changed_at": it.changed_at.to_string(),
    })
}

/// A line of a ledger.
pub(crate) fn line(entry: &LedgerEntry, language: Language) -> Value {
    json!({
        "version": entry.version, "version_id": entry.version_id,
        "last_update": entry.last_update.map(|at| at.to_string()), "noticed_at": entry.noticed_at.to_string(),
        "import": entry.import.map(|import| import.to_string()), "outcome": entry.outcome.as_str(),
        "problem": entry.problem.as_ref().map(|why| problem(why, language)),
        "settled_at": entry.settled_at.map(|at| at.to_string()),
    })
}

fn known(watched: &Watched) -> Value {
    json!({
        "version": watched.edition.as_ref().map(|edition| edition.number),
        "title": watched.edition.as_ref().map(|edition| edition.title.clone()),
        "looked_at": watched.looked_at.map(|at| at.to_string()),
        "deaccessioned_at": watched.deaccessioned_at.map(|at| at.to_string()),
        "problem": watched.problem,
    })
}

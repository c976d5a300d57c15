//! `/api/v1/subscriptions`: subscribe, list, show with the ledger, pause, let go on, unsubscribe. People see their own; operators see all.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::domain::ids::SubscriptionId;
use crate::domain::ports::publications::DatasetRef;
use crate::domain::ports::subscriptions::{Subscribed, SubscriptionFilter};
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::subscription::Subscription;
use crate::publications::subscribe::Wish;
use crate::web::Context;
use crate::web::extract::{Caller, Lang};
use crate::web::problem::ApiProblem;
use crate::web::publication_view::{
    SubscriptionDetails, SubscriptionPage, SubscriptionView, subscription_details, subscription_view,
};

/// Most subscriptions in one answer.
const PAGE: u32 = 100;

/// Lines of a ledger that are shown.
pub(crate) const LEDGER: u32 = 200;

/// A subscription that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubscription {
    /// A PID in any form, or the address of a dataset page.
    #[schema(min_length = 1, max_length = 2000, example = "doi:10.5072/FK2/GLACIER")]
    dataset: String,
    /// The project's address.
    #[schema(min_length = 1, max_length = 2000)]
    project: String,
    /// The name of the Dataverse installation; needed only where several are configured and `dataset` does not tell.
    #[serde(default)]
    installation: Option<String>,
    /// The name of the Renku; it is that of the token and may be left out.
    #[serde(default)]
    renku: Option<String>,
    /// Which of the Renku's services, `data` or `core`; without it the preferred one that takes the project.
    #[serde(default)]
    api: Option<String>,
    /// Whether the Renku's service person imports instead of you; for operators who may write to the project themselves.
    #[serde(default)]
    service: bool,
}

/// Which subscriptions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Whether those that are over are among them.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    ended: Option<String>,
    /// Only older than this subscription: `next` of the page before.
    #[serde(default)]
    #[param(format = "uuid")]
    before: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// The language of sentences instead of `Accept-Language`: `en`, `fr`, `de`.
    #[serde(default, rename = "locale")]
    _locale: Option<String>,
}

/// Subscribe
///
/// The version that is out now is imported unless it is there or on its way, and each new one from then on.
#[utoipa::path(
    post, path = "/api/v1/subscriptions", operation_id = "createSubscription", tag = "subscriptions",
    request_body(content = NewSubscription),
    responses(
        (status = 201, body = SubscriptionView, description = "The subscription.", headers(("Location" = String, description = "Its address."))),
        (status = 200, body = SubscriptionView, description = "The subscription that there was already.", headers(("Location" = String, description = "Its address."))),
    ),
)]
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
    if new.service && !caller.operator {
        return Err(Problem::new(ProblemCode::OperatorsOnly).about("service").into());
    }
    let person = caller.person_with_sign_in(&context).await?;
    let wish = Wish {
        dataset: new.dataset,
        installation: new.installation,
        project: new.project,
        api: new.api,
        service: new.service,
    };
    let subscribed = context.publications.subscribe(person, &caller.renku, &wish, language.as_str()).await?;
    let (mut answer, subscription) = match subscribed {
        Subscribed::New(subscription) => (HttpResponse::Created(), subscription),
        Subscribed::Existing(subscription) => (HttpResponse::Ok(), subscription),
    };
    let address = format!("{}/api/v1/subscriptions/{}", context.public_url, subscription.id);
    Ok(answer.insert_header((LOCATION, address)).json(subscription_view(&subscription, language)))
}

/// List subscriptions
///
/// The newest first: your own, or everybody's for operators.
#[utoipa::path(
    get, path = "/api/v1/subscriptions", operation_id = "listSubscriptions", tag = "subscriptions",
    params(ListQuery),
    responses((status = 200, body = SubscriptionPage, description = "A page of subscriptions.")),
)]
pub(crate) async fn list(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    query: web::Query<ListQuery>,
) -> Result<Json<SubscriptionPage>, ApiProblem> {
    let wrong =
        |field: &str, words: &str| Problem::new(ProblemCode::RequestInvalid).about(field).saying(words);
    let limit = query.limit.as_deref().map_or(Some(20), |text| text.parse().ok());
    let limit =
        limit.filter(|limit| (1..=PAGE).contains(limit)).ok_or_else(|| wrong("limit", "it is 1 to 100"))?;
    let with_ended = match query.ended.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong("ended", "it is true or false").into()),
    };
    let before = query.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_no_id| wrong("before", "this is not the number of a subscription"))?;
    let person = match (&caller.person, caller.operator) {
        (_, true) => None,
        (Some(person), false) => Some(person.id),
        (None, false) => return Ok(Json(SubscriptionPage { subscriptions: Vec::new(), next: None })),
    };
    let filter = SubscriptionFilter { person, with_ended, before, limit, ..SubscriptionFilter::default() };
    let found = context.publications.subscriptions().subscriptions(&filter).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id.to_string());
    let subscriptions = found.iter().map(|subscription| subscription_view(subscription, language)).collect();
    Ok(Json(SubscriptionPage { subscriptions, next }))
}

/// Show a subscription
///
/// With what is known of its dataset, and its ledger: which version arrived when, through which import.
#[utoipa::path(
    get, path = "/api/v1/subscriptions/{id}", operation_id = "showSubscription", tag = "subscriptions",
    params(("id" = String, Path, format = "uuid", description = "The subscription's number.")),
    responses((status = 200, body = SubscriptionDetails, description = "The subscription.")),
)]
pub(crate) async fn show(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<Json<SubscriptionDetails>, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    let store = context.publications.subscriptions();
    let ledger = store.ledger(subscription.id, LEDGER).await?;
    let dataset =
        DatasetRef { installation: subscription.installation.clone(), pid: subscription.pid.clone() };
    let watched = context.publications.store().watched(&dataset).await?;
    Ok(Json(subscription_details(&subscription, &ledger, watched.as_ref(), language)))
}

/// Let a subscription rest
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{id}/pause", operation_id = "pauseSubscription", tag = "subscriptions",
    params(("id" = String, Path, format = "uuid", description = "The subscription's number.")),
    responses((status = 200, body = SubscriptionView, description = "The subscription, which rests.")),
)]
pub(crate) async fn pause(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<Json<SubscriptionView>, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    let paused = context.publications.pause(subscription.id).await?;
    Ok(Json(subscription_view(&paused, language)))
}

/// Let a paused subscription go on
///
/// What came out meanwhile is imported. What the service person serves is let go on by operators alone.
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{id}/resume", operation_id = "resumeSubscription", tag = "subscriptions",
    params(("id" = String, Path, format = "uuid", description = "The subscription's number.")),
    responses((status = 200, body = SubscriptionView, description = "The subscription, which goes on.")),
)]
pub(crate) async fn resume(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<Json<SubscriptionView>, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    if subscription.service && !caller.operator {
        return Err(ProblemCode::OperatorsOnly.into());
    }
    let active = context.publications.unpause(subscription.id).await?;
    Ok(Json(subscription_view(&active, language)))
}

/// Unsubscribe
///
/// What was imported stays in the project.
#[utoipa::path(
    delete, path = "/api/v1/subscriptions/{id}", operation_id = "endSubscription", tag = "subscriptions",
    params(("id" = String, Path, format = "uuid", description = "The subscription's number.")),
    responses((status = 200, body = SubscriptionView, description = "The subscription, which is over.")),
)]
pub(crate) async fn remove(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<Json<SubscriptionView>, ApiProblem> {
    let subscription = theirs(&context, &caller, &id).await?;
    let ended = context.publications.unsubscribe(subscription.id).await?;
    Ok(Json(subscription_view(&ended, language)))
}

/// The subscription if the caller may see it; else it is as if there were none.
async fn theirs(context: &Context, caller: &Caller, id: &str) -> Result<Subscription, ApiProblem> {
    let unknown = || ApiProblem::from(ProblemCode::SubscriptionUnknown);
    let id: SubscriptionId = id.parse().map_err(|_not_an_id| unknown())?;
    let found = context.publications.subscriptions().subscription(id).await?.ok_or_else(unknown)?;
    let own = caller.person.as_ref().is_some_and(|person| person.id == found.person);
    if own || caller.operator { Ok(found) } else { Err(unknown()) }
}

//! `/api/v1/imports`: start, list, show, timeline, live events, cancel, retry. People see their own; operators see all.

use actix_web::http::header::LOCATION;
use actix_web::web::{self, Json};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::domain::ids::{ImportId, PersonId};
use crate::domain::import::{Condition, Import, Phase};
use crate::domain::ports::store::{Created, ImportFilter};
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::imports::Engine;
use crate::imports::start::Request;
use crate::texts::Language;
use crate::web::Context;
use crate::web::addresses::WasHead;
use crate::web::events::{LastEventId, stream};
use crate::web::extract::{Caller, Lang};
use crate::web::problem::ApiProblem;
use crate::web::view::{ImportPage, ImportView, LiveEvent, TimelinePage, import_view, timeline_view};

/// An import that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "dataset": "doi:10.5072/FK2/GLACIER",
    "project": "https://gitlab.renku.example.org/alice/first-project"
}))]
pub(crate) struct NewImport {
    /// A PID in any form (`doi:…`, `hdl:…`, an address of a resolver), or the address of a dataset page.
    #[schema(min_length = 1, max_length = 2000)]
    dataset: String,
    /// The project's address, as a browser shows it.
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
    #[schema(example = "data")]
    api: Option<String>,
    /// A version's number such as `2.1`; without it the latest published one.
    #[serde(default)]
    version: Option<String>,
    /// The dataset's name in the project; without it one is made from title and version.
    #[serde(default)]
    name: Option<String>,
    /// Whether the project may be migrated if Renku 1 demands it.
    #[serde(default)]
    migrate: bool,
}

/// Which imports.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only in this phase, such as `running`.
    #[serde(default)]
    #[param(example = "running")]
    phase: Option<String>,
    /// Only in this condition, such as `sign_in`.
    #[serde(default)]
    #[param(example = "sign_in")]
    condition: Option<String>,
    /// Only of the Dataverse installation of this name.
    #[serde(default)]
    installation: Option<String>,
    /// Only of this dataset: its PID.
    #[serde(default)]
    dataset: Option<String>,
    /// Only into the Renku of this name.
    #[serde(default)]
    renku: Option<String>,
    /// Only into this project: its address.
    #[serde(default)]
    project: Option<String>,
    /// Only this person's; for operators.
    #[serde(default)]
    #[param(format = "uuid")]
    person: Option<String>,
    /// Only older than this import: `next` of the page before.
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

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineQuery {
    /// Only lines after this one: `next` of the page before, or the `seq` of the last line that you have.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0, default = 0)]
    after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 100)]
    limit: Option<String>,
    /// The language of sentences instead of `Accept-Language`: `en`, `fr`, `de`.
    #[serde(default, rename = "locale")]
    _locale: Option<String>,
}

/// Most lines or imports in one answer.
const PAGE: u32 = 100;

/// Start an import
///
/// Checks everything that can be checked at once, stores the import and answers; the work is done in the background with the sign-in that the
/// token's owner has stored here. With an `Idempotency-Key` the same request may be sent again: it gives the same import.
#[utoipa::path(
    post, path = "/api/v1/imports", operation_id = "createImport", tag = "imports",
    params((
        "Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128, pattern = "^[!-~]+$",
        description = "1 to 128 visible ASCII characters, new for each new import.",
    )),
    request_body(content = NewImport),
    responses(
        (status = 201, body = ImportView, description = "The import, which is queued now.",
         headers(("Location" = String, description = "Its address."))),
        (status = 200, body = ImportView, description = "The import that the same key asked for before.",
         headers(("Location" = String, description = "Its address."))),
    ),
)]
pub(crate) async fn create(
    context: web::Data<Context>,
    request: HttpRequest,
    caller: Caller,
    Lang(language): Lang,
    new: Json<NewImport>,
) -> Result<HttpResponse, ApiProblem> {
    let new = new.into_inner();
    if new.renku.as_ref().is_some_and(|named| named != caller.renku.as_str()) {
        let words = format!("the token is of {}", caller.renku);
        return Err(Problem::new(ProblemCode::RenkuUnknown).about("renku").saying(words).into());
    }
    let person = caller.person_with_sign_in(&context).await?;
    let order = Request {
        dataset: new.dataset,
        installation: new.installation,
        version: new.version,
        api: new.api,
        project: new.project,
        name: new.name,
        migrate: new.migrate,
    };
    let key = idempotency_key(&request)?;
    match context.engine.start(person, &caller.renku, &order, key).await? {
        Created::New(import) => Ok(made(&context, &caller, &import, language)),
        Created::Existing(import) => {
            let address = address(&context, &import);
            let view = view(&caller, &import, language);
            Ok(HttpResponse::Ok().insert_header((LOCATION, address)).json(view))
        }
        Created::KeyReused => Err(Problem::new(ProblemCode::IdempotencyKeyReused).into()),
    }
}

/// List imports
///
/// The newest first: your own, or everybody's for operators.
#[utoipa::path(
    get, path = "/api/v1/imports", operation_id = "listImports", tag = "imports",
    params(ListQuery),
    responses((status = 200, body = ImportPage, description = "A page of imports.")),
)]
pub(crate) async fn list(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    query: web::Query<ListQuery>,
) -> Result<Json<ImportPage>, ApiProblem> {
    let mut filter = filter(&query)?;
    let own = caller.person.as_ref().map(|person| person.id);
    match (caller.operator, filter.person, own) {
        (true, _, _) => {}
        (false, Some(other), own) if own != Some(other) => {
            return Err(wrong("person", "only operators may ask for the imports of others").into());
        }
        (false, _, Some(own)) => filter.person = Some(own),
        (false, _, None) => return Ok(Json(ImportPage { imports: Vec::new(), next: None })),
    }
    let imports = context.engine.store().imports(&filter).await?;
    let full = u32::try_from(imports.len()).is_ok_and(|count| count == filter.limit);
    let next = imports.last().filter(|_| full).map(|import| import.id.to_string());
    let imports = imports.iter().map(|import| view(&caller, import, language)).collect();
    Ok(Json(ImportPage { imports, next }))
}

/// Show an import
#[utoipa::path(
    get, path = "/api/v1/imports/{id}", operation_id = "showImport", tag = "imports",
    params(("id" = String, Path, format = "uuid", description = "The import's number.")),
    responses((status = 200, body = ImportView, description = "The import.")),
)]
pub(crate) async fn show(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<Json<ImportView>, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    Ok(Json(view(&caller, &import, language)))
}

/// Show an import's timeline
///
/// Everything that happened to it, the oldest first. Lines are only ever added.
#[utoipa::path(
    get, path = "/api/v1/imports/{id}/timeline", operation_id = "showTimeline", tag = "imports",
    params(("id" = String, Path, format = "uuid", description = "The import's number."), TimelineQuery),
    responses((status = 200, body = TimelinePage, description = "A page of the timeline.")),
)]
pub(crate) async fn timeline(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
    query: web::Query<TimelineQuery>,
) -> Result<Json<TimelinePage>, ApiProblem> {
    let after = match query.after.as_deref() {
        None => 0,
        Some(text) => {
            let after = text.parse().ok().filter(|after: &i64| *after >= 0);
            after.ok_or_else(|| wrong("after", "this is not the number of a line"))?
        }
    };
    let limit = limit(query.limit.as_deref(), PAGE)?;
    let import = theirs(&context, &caller, &id).await?;
    let lines = context.engine.store().timeline(import.id, after, limit).await?;
    let full = u32::try_from(lines.len()).is_ok_and(|count| count == limit);
    let next = lines.last().filter(|_| full).map(|line| line.seq);
    let entries = lines.iter().map(|line| timeline_view(line, language)).collect();
    Ok(Json(TimelinePage { entries, next }))
}

/// Follow an import live
///
/// Server-sent events: first the timeline after the last event that you have, then what happens, until the import ends.
///
/// - `timeline`: a line of the timeline (`TimelineView`); its `id` is the line's `seq`
/// - `import`: the import as it stands after the lines before (`ImportView`)
/// - `end`: the import as it ended (`ImportView`); the stream is over
///
/// A stream without news sends a comment now and then, and ends after some minutes in any case: come back with the `id` of the last event
/// that you have, and nothing is missed or told twice. Browsers do that by themselves.
#[utoipa::path(
    get, path = "/api/v1/imports/{id}/events", operation_id = "followImport", tag = "imports",
    params(
        ("id" = String, Path, format = "uuid", description = "The import's number."),
        ("Last-Event-ID" = Option<String>, Header, pattern = "^([0-9]{1,18}(-end)?)?$",
         description = "The `id` of the last event that you have; empty is as if it were not there."),
        ("after" = Option<String>, Query, pattern = "^[0-9]{1,18}(-end)?$",
         description = "The same, for readers that cannot send that header."),
    ),
    responses(
        (status = 200, body = LiveEvent, content_type = "text/event-stream", description = "The events.",
         example = "id: 7\nevent: timeline\ndata: {\"seq\":7,\"at\":\"2026-11-24T09:00:00.000Z\",\"event\":\"created\",\"phase\":\"queued\",\"condition\":\"none\"}\n\n"),
        (status = 204, description = "The import has ended and you have its `end`: there is nothing to come back for."),
    ),
)]
pub(crate) async fn events(
    context: web::Data<Context>,
    request: HttpRequest,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
    last: LastEventId,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    if request.extensions().contains::<WasHead>() {
        return Ok(HttpResponse::Ok().content_type("text/event-stream").finish());
    }
    stream(&context, import.id, &caller.viewer(), last, language).await
}

/// Call an import off
///
/// What may already run at Renku cannot be stopped there; it is watched until it is over.
#[utoipa::path(
    post, path = "/api/v1/imports/{id}/cancel", operation_id = "cancelImport", tag = "imports",
    params(("id" = String, Path, format = "uuid", description = "The import's number.")),
    responses((status = 200, body = ImportView, description = "The import, called off.")),
)]
pub(crate) async fn cancel(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    by_hand(&context, &caller, &id, language, Engine::cancel).await
}

/// Try an import again
///
/// Sends a parked import on, has a waiting one tried now, or starts a failed, cancelled or superseded one anew, as a new import.
#[utoipa::path(
    post, path = "/api/v1/imports/{id}/retry", operation_id = "retryImport", tag = "imports",
    params(("id" = String, Path, format = "uuid", description = "The import's number.")),
    responses(
        (status = 200, body = ImportView, description = "The same import, which goes on."),
        (status = 201, body = ImportView, description = "A new import of the same dataset into the same project.",
         headers(("Location" = String, description = "Its address."))),
    ),
)]
pub(crate) async fn retry(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    by_hand(&context, &caller, &id, language, Engine::retry).await
}

async fn by_hand(
    context: &Context,
    caller: &Caller,
    id: &str,
    language: Language,
    act: impl AsyncFn(&Engine, ImportId) -> Result<Import, Fault>,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(context, caller, id).await?;
    let after = act(&context.engine, import.id).await?;
    if after.id != import.id {
        return Ok(made(context, caller, &after, language));
    }
    Ok(HttpResponse::Ok().json(view(caller, &after, language)))
}

fn made(context: &Context, caller: &Caller, import: &Import, language: Language) -> HttpResponse {
    let address = address(context, import);
    HttpResponse::Created().insert_header((LOCATION, address)).json(view(caller, import, language))
}

fn address(context: &Context, import: &Import) -> String {
    format!("{}/api/v1/imports/{}", context.public_url, import.id)
}

fn view(caller: &Caller, import: &Import, language: Language) -> ImportView {
    let mut view = import_view(import, language);
    view.person = caller.operator.then(|| import.person.to_string());
    view
}

/// Take an import back
///
/// Takes the link out of the project again (Renku 2 only); Renku's own entry of the dataset stays.
#[utoipa::path(
    post, path = "/api/v1/imports/{id}/undo", operation_id = "undoImport", tag = "imports",
    params(("id" = String, Path, format = "uuid", description = "The import's number.")),
    responses((status = 200, body = ImportView, description = "The import, whose link is taken out.")),
)]
pub(crate) async fn undo(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    by_hand(&context, &caller, &id, language, Engine::undo).await
}

/// The import if the caller may see it; else it is as if there were none.
async fn theirs(context: &Context, caller: &Caller, id: &str) -> Result<Import, ApiProblem> {
    let unknown = || ApiProblem::from(Problem::new(ProblemCode::ImportUnknown));
    let id: ImportId = id.parse().map_err(|_not_an_id| unknown())?;
    let import = context.engine.store().import(id).await?.ok_or_else(unknown)?;
    let own = caller.person.as_ref().is_some_and(|person| person.id == import.person);
    if own || caller.operator { Ok(import) } else { Err(unknown()) }
}

fn filter(query: &ListQuery) -> Result<ImportFilter, Problem> {
    let phase = |text: &str| Phase::ALL.into_iter().find(|phase| phase.as_str() == text);
    let condition = |text: &str| Condition::NAMES.into_iter().find(|name| *name == text);
    Ok(ImportFilter {
        person: read("person", query.person.as_deref(), |text| text.parse::<PersonId>().ok())?,
        phase: read("phase", query.phase.as_deref(), phase)?,
        condition: read("condition", query.condition.as_deref(), condition)?,
        installation: read("installation", query.installation.as_deref(), |text| text.parse().ok())?,
        pid: read("dataset", query.dataset.as_deref(), |text| text.parse().ok())?,
        renku: read("renku", query.renku.as_deref(), |text| text.parse().ok())?,
        project: read("project", query.project.as_deref(), |text| text.parse().ok())?,
        before: read("before", query.before.as_deref(), |text| text.parse().ok())?,
        limit: limit(query.limit.as_deref(), 20)?,
        ..ImportFilter::default()
    })
}

fn read<T>(
    field: &str,
    given: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let unfit = || wrong(field, "this is not a value that it can have");
    given.map(|text| parse(text).ok_or_else(unfit)).transpose()
}

fn limit(given: Option<&str>, default: u32) -> Result<u32, Problem> {
    let given = given.map_or(Some(default), |text| text.parse().ok());
    given.filter(|limit| (1..=PAGE).contains(limit)).ok_or_else(|| wrong("limit", "it is 1 to 100"))
}

fn wrong(field: &str, words: &str) -> Problem {
    Problem::new(ProblemCode::RequestInvalid).about(field).saying(words)
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ApiProblem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    let wrong = || wrong("Idempotency-Key", "it is 1 to 128 visible ASCII characters");
    Ok(Some(key.ok_or_else(wrong)?.to_owned()))
}

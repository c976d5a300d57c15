//! `/api/v1/imports`: start, list, show, cancel, retry, timeline. People see their own; operators see all.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::json;

use crate::domain::ids::ImportId;
use crate::domain::import::{Import, Phase};
use crate::domain::ports::store::{Created, ImportFilter};
use crate::domain::problem::{Problem, ProblemCode};
use crate::imports::start::Request;
use crate::web::Context;
use crate::web::events::{LastEventId, stream};
use crate::web::extract::{Caller, Lang};
use crate::web::problem::ApiProblem;
use crate::web::view::{import_view, timeline_view};

/// An import that is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewImport {
    dataset: String,
    project: String,
    #[serde(default)]
    installation: Option<String>,
    #[serde(default)]
    renku: Option<String>,
    /// Which of the Renku's services, `data` or `core`; without it the preferred one that takes the project.
    #[serde(default)]
    api: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    migrate: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    phase: Option<String>,
    #[serde(default)]
    dataset: Option<String>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimelineQuery {
    #[serde(default)]
    after: i64,
    #[serde(default)]
    limit: Option<u32>,
}

/// Most lines or imports in one answer.
const PAGE: u32 = 100;

/// Starts an import.
#[post("/api/v1/imports")]
pub(crate) async fn create(
    context: web::Data<Context>,
    request: HttpRequest,
    caller: Caller,
    Lang(language): Lang,
    new: web::Json<NewImport>,
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
    let (status, import) = match context.engine.start(person, &caller.renku, &order, key).await? {
        Created::New(import) => (HttpResponse::Created(), import),
        Created::Existing(import) => (HttpResponse::Ok(), import),
        Created::KeyReused => return Err(Problem::new(ProblemCode::IdempotencyKeyReused).into()),
    };
    let mut answer = status;
    answer.insert_header((LOCATION, format!("{}/api/v1/imports/{}", context.public_url, import.id)));
    Ok(answer.json(import_view(&import, language)))
}

/// Lists imports, newest first.
#[get("/api/v1/imports")]
pub(crate) async fn list(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let wrong =
        |field: &str, words: &str| Problem::new(ProblemCode::RequestInvalid).about(field).saying(words);
    let phase = match query.phase.as_deref() {
        None => None,
        Some(text) => {
            let known = Phase::ALL.into_iter().find(|phase| phase.as_str() == text);
            Some(known.ok_or_else(|| wrong("phase", "there is no such phase"))?)
        }
    };
    let pid = match query.dataset.as_deref() {
        None => None,
        Some(text) => Some(
            text.parse().map_err(|why: crate::domain::pid::InvalidPid| wrong("dataset", &why.to_string()))?,
        ),
    };
    let before = match query.before.as_deref() {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|_not_an_id| wrong("before", "this is not the number of an import"))?)
        }
    };
    let limit = query.limit.unwrap_or(20);
    if !(1..=PAGE).contains(&limit) {
        return Err(wrong("limit", "it is 1 to 100").into());
    }
    let owner = match (&caller.person, caller.operator) {
        (_, true) => None,
        (Some(person), false) => Some(person.id),
        (None, false) => return Ok(HttpResponse::Ok().json(json!({"imports": []}))),
    };
    let filter = ImportFilter { person: owner, phase, pid, before, limit, ..ImportFilter::default() };
    let imports = context.engine.store().imports(&filter).await?;
    let next = (imports.len() == limit as usize)
        .then(|| imports.last().map(|import| import.id.to_string()))
        .flatten();
    let views: Vec<_> = imports.iter().map(|import| import_view(import, language)).collect();
    Ok(HttpResponse::Ok().json(json!({"imports": views, "next": next})))
}

/// Shows an import.
#[get("/api/v1/imports/{id}")]
pub(crate) async fn show(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    Ok(HttpResponse::Ok().json(import_view(&import, language)))
}

/// Shows an import's timeline.
#[get("/api/v1/imports/{id}/timeline")]
pub(crate) async fn timeline(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
    query: web::Query<TimelineQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let entries = context.engine.store().timeline(import.id, query.after, limit).await?;
    let views: Vec<_> = entries.iter().map(|entry| timeline_view(entry, language)).collect();
    Ok(HttpResponse::Ok().json(json!({"entries": views})))
}

/// Shows an import live.
#[get("/api/v1/imports/{id}/events")]
pub(crate) async fn events(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
    last: LastEventId,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    stream(&context, import.id, &caller.viewer(), last, language).await
}

/// Calls an import off.
#[post("/api/v1/imports/{id}/cancel")]
pub(crate) async fn cancel(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    let import = context.engine.cancel(import.id).await?;
    Ok(HttpResponse::Ok().json(import_view(&import, language)))
}

/// Sends a parked import on, tries a waiting one now, or starts a failed one anew.
#[post("/api/v1/imports/{id}/retry")]
pub(crate) async fn retry(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    let import = context.engine.retry(import.id).await?;
    Ok(HttpResponse::Ok().json(import_view(&import, language)))
}

/// Takes the link out of the project again (Renku 2); Renku's own entry of the dataset stays.
#[post("/api/v1/imports/{id}/undo")]
pub(crate) async fn undo(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let import = theirs(&context, &caller, &id).await?;
    let import = context.engine.undo(import.id).await?;
    Ok(HttpResponse::Ok().json(import_view(&import, language)))
}

/// The import if the caller may see it; else it is as if there were none.
async fn theirs(context: &Context, caller: &Caller, id: &str) -> Result<Import, ApiProblem> {
    let unknown = || ApiProblem::from(Problem::new(ProblemCode::ImportUnknown));
    let id: ImportId = id.parse().map_err(|_not_an_id| unknown())?;
    let import = context.engine.store().import(id).await?.ok_or_else(unknown)?;
    let own = caller.person.as_ref().is_some_and(|person| person.id == import.person);
    if own || caller.operator { Ok(import) } else { Err(unknown()) }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ApiProblem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    let wrong = || {
        Problem::new(ProblemCode::RequestInvalid)
            .about("Idempotency-Key")
            .saying("it is 1 to 128 visible ASCII characters")
    };
    Ok(Some(key.ok_or_else(wrong)?.to_owned()))
}

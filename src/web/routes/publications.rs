//! For Dataverse: the workflow's definition and its callback; for operators: what was announced.
//!
//! Stored and answered at once; all that follows is the workers'.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::web::{self, Json};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, get, post};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use crate::domain::ids::InstallationName;
use crate::domain::ports::publications::{DatasetRef, PublicationFilter};
use crate::domain::problem::{Class, Problem, ProblemCode};
use crate::publications::definition;
use crate::publications::receive::{Announcement, Received};
use crate::web::extract::{Caller, Lang, Visitor};
use crate::web::pages::is_for_people;
use crate::web::problem::ApiProblem;
use crate::web::publication_view::{PublicationPage, publication_view};
use crate::web::{Context, Door};

/// Dataverse sends 503 once more after this, and gives up.
const ASK_AGAIN_S: u64 = 5;

/// Most publications in one answer.
const PAGE: u32 = 100;

/// The workflow, ready to be registered. It holds the callback's secret, so that only operators may see it.
#[get("/dataverse/{installation}/workflow.json")]
pub(crate) async fn workflow_definition(
    context: web::Data<Context>,
    request: HttpRequest,
    installation: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    operator(&context, &request).await?;
    let unknown = || ApiProblem::from(Problem::new(ProblemCode::InstallationUnknown).about("installation"));
    let name: InstallationName = installation.parse().map_err(|_no_name| unknown())?;
    let door = context.doors.get(&name).ok_or_else(unknown)?;
    let secret = door.secret.as_ref().ok_or(ProblemCode::WorkflowSecretMissing)?;
    Ok(HttpResponse::Ok().json(definition::workflow(&context.public_url, &name, secret.expose_secret())))
}

/// Dataverse says that a version is out.
#[post("/dataverse/{installation}/published/{secret}")]
pub(crate) async fn published(
    context: web::Data<Context>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> Result<HttpResponse, ApiProblem> {
    let name = admitted(&context, &request, &path)?;
    let announcement = Announcement::parse(&body).map_err(|problem| {
        tracing::warn!(installation = %name, problem = %problem, "an announcement cannot be read; Dataverse drops its workflow");
        ApiProblem::from(problem)
    })?;
    match context.publications.receive(&name, announcement).await {
        Ok(Received::New | Received::Again) => {
            Ok(HttpResponse::Accepted().json(json!({"status": "accepted"})))
        }
        Err(fault) if matches!(fault.class, Class::Outage { .. }) => {
            tracing::error!(installation = %name, problem = %fault.problem, "an announcement cannot be kept; the catch-up will find the version");
            let problem = ApiProblem::from(fault);
            let mut answer = HttpResponse::ServiceUnavailable();
            answer.insert_header((RETRY_AFTER, ASK_AGAIN_S));
            Ok(answer.content_type("application/problem+json").json(problem.body()))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Dataverse never asks so by itself: something on the way made a GET of its POST, or the step was registered without its method.
#[get("/dataverse/{installation}/published/{secret}")]
pub(crate) async fn published_by_get(
    context: web::Data<Context>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiProblem> {
    let name = admitted(&context, &request, &path)?;
    tracing::warn!(installation = %name, "an announcement came as GET: a redirect before us drops its body, or the workflow is registered without \"method\": \"POST\"");
    let problem = ApiProblem::from(
        Problem::new(ProblemCode::MethodNotAllowed)
            .saying("announcements are sent by POST, to this very address and without a redirect in between"),
    );
    let mut answer = HttpResponse::build(StatusCode::METHOD_NOT_ALLOWED);
    answer.insert_header((ALLOW, "POST"));
    Ok(answer.content_type("application/problem+json").json(problem.body()))
}

/// Which publications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only of this installation; together with `dataset`.
    #[serde(default)]
    installation: Option<String>,
    /// Only of the dataset with this PID; together with `installation`.
    #[serde(default)]
    dataset: Option<String>,
    /// Only older than this publication: `next` of the page before.
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

/// List publications
///
/// What was announced or noticed, the newest first, with the workflow that waited for us; for operators.
#[utoipa::path(
    get, path = "/api/v1/publications", operation_id = "listPublications", tag = "publications",
    params(ListQuery),
    responses((status = 200, body = PublicationPage, description = "A page of publications.")),
)]
pub(crate) async fn list(
    context: web::Data<Context>,
    caller: Caller,
    Lang(language): Lang,
    query: web::Query<ListQuery>,
) -> Result<Json<PublicationPage>, ApiProblem> {
    if !caller.operator {
        return Err(ProblemCode::OperatorsOnly.into());
    }
    let filter = filter(&query)?;
    let store = context.publications.store();
    let found = store.publications(&filter).await?;
    let full = u32::try_from(found.len()).is_ok_and(|count| count == filter.limit);
    let next = found.last().filter(|_| full).map(|last| last.id.to_string());
    let mut publications = Vec::new();
    for publication in &found {
        let workflow = match &publication.invocation {
            None => None,
            Some(name) => store.invocation_named(&publication.installation, name).await?,
        };
        publications.push(publication_view(publication, workflow.as_ref(), language));
    }
    Ok(Json(PublicationPage { publications, next }))
}

fn filter(query: &ListQuery) -> Result<PublicationFilter, Problem> {
    let wrong =
        |field: &str, words: &str| Problem::new(ProblemCode::RequestInvalid).about(field).saying(words);
    let dataset = match (query.installation.as_deref(), query.dataset.as_deref()) {
        (None, None) => None,
        (Some(installation), Some(pid)) => Some(DatasetRef {
            installation: installation
                .parse()
                .map_err(|_no_name| wrong("installation", "this is no name"))?,
            pid: pid.parse().map_err(|_no_pid| wrong("dataset", "this is no PID"))?,
        }),
        (None, Some(_)) => return Err(wrong("installation", "it is needed beside dataset")),
        (Some(_), None) => return Err(wrong("dataset", "it is needed beside installation")),
    };
    let before = query.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_no_id| wrong("before", "this is not the number of a publication"))?;
    let limit = query.limit.as_deref().map_or(Some(20), |text| text.parse().ok());
    let limit =
        limit.filter(|limit| (1..=PAGE).contains(limit)).ok_or_else(|| wrong("limit", "it is 1 to 100"))?;
    Ok(PublicationFilter { dataset, before, limit })
}

/// The installation, if the secret is its own and it is called from where that is allowed. An unknown name and a wrong secret are
/// answered alike.
fn admitted(
    context: &Context,
    request: &HttpRequest,
    (installation, secret): &(String, String),
) -> Result<InstallationName, ApiProblem> {
    let Some(name) = context.publications.admits(installation, secret) else {
        tracing::warn!("an announcement with an unknown installation or a wrong secret");
        metrics::counter!("dataverse_renku_announcements_refused_total", "why" => "secret").increment(1);
        return Err(ProblemCode::NoSuchPage.into());
    };
    let door = context.doors.get(&name).ok_or(ProblemCode::NoSuchPage)?;
    let from = sender(request, door);
    if from.is_some_and(|address| (door.allows)(address)) {
        return Ok(name);
    }
    let from = from.map(|address| address.to_string());
    tracing::warn!(installation = %name, from, "an announcement from an address that is not allowed");
    metrics::counter!("dataverse_renku_announcements_refused_total", "why" => "address").increment(1);
    Err(Problem::new(ProblemCode::CallbackAddressRefused).saying(from.unwrap_or_default()).into())
}

/// Who sent the request: the peer, or, where that is a trusted proxy, the last address of `X-Forwarded-For` that is none.
fn sender(request: &HttpRequest, door: &Door) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let headers = request.headers().get_all("x-forwarded-for");
    let forwarded: Vec<IpAddr> = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|part| part.trim().parse())
        // What cannot be read hides what stands before it.
        .fold(Vec::new(), |mut known, part| {
            match part {
                Ok(address) => known.push(address),
                Err(_) => known.clear(),
            }
            known
        });
    let mut chain = forwarded.into_iter().chain([peer]).rev();
    let first = chain.clone().find(|address| !(door.is_proxy)(*address));
    // All of them proxies of ours: the farthest.
    first.or_else(|| chain.next_back())
}

async fn operator(context: &web::Data<Context>, request: &HttpRequest) -> Result<(), ApiProblem> {
    let by_token = !is_for_people(request) || request.headers().contains_key("authorization");
    let allowed = if by_token {
        Caller::extract(request).await?.operator
    } else {
        let visitor = Visitor::of(context, request).await?;
        visitor.session()?;
        let mut one = false;
        for person in visitor.people() {
            one |= context.is_operator(person).await;
        }
        one
    };
    if allowed { Ok(()) } else { Err(ProblemCode::OperatorsOnly.into()) }
}

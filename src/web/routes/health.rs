//! `/healthz` (alive), `/readyz` (which part is not ready), `/metrics`.

use actix_web::web::{self, Json};
use actix_web::{HttpResponse, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::monitor::Monitored;

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    /// `alive`
    #[schema(example = "alive")]
    status: &'static str,
}

/// Whether the service can work, part by part: `ready`, or what is the matter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready` or `not ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// The database.
    #[schema(example = "ready")]
    store: String,
    /// What carries the work.
    #[schema(example = "ready")]
    queue: String,
    /// This process, which is not ready while it shuts down.
    #[schema(example = "ready")]
    process: String,
}

/// Whether the process is alive
///
/// It is when it answers; a supervisor restarts it when it does not.
#[utoipa::path(
    get, path = "/healthz", operation_id = "alive", tag = "operation", security(()),
    responses((status = 200, body = Alive, description = "Alive.")),
)]
pub(crate) async fn healthz() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

/// Whether the service can work
///
/// The store and the queue can be used, and it is not shutting down. A load balancer sends requests only to processes that are ready.
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "operation", security(()),
    responses(
        (status = 200, body = Readiness, description = "Ready."),
        (status = 503, body = Readiness, description = "Not ready; each part says why."),
    ),
)]
pub(crate) async fn readyz(monitored: web::Data<Monitored>) -> HttpResponse {
    let told = |problem: Option<String>| problem.unwrap_or_else(|| "ready".to_owned());
    let store = monitored.engine.store().ping().await.err().map(|error| error.to_string());
    let queue = monitored.queue.ready().await.err().map(|error| error.to_string());
    let stopping = monitored.stopping.is_cancelled().then(|| "shutting down".to_owned());
    let ready = store.is_none() && queue.is_none() && stopping.is_none();
    let (code, status) =
        if ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    let body = Readiness { status, store: told(store), queue: told(queue), process: told(stopping) };
    HttpResponse::build(code).json(body)
}

/// Metrics
///
/// In Prometheus' text form.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operation", security(()),
    responses((status = 200, body = String, content_type = "text/plain", description = "The metrics.")),
)]
pub(crate) async fn metrics(monitored: web::Data<Monitored>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body((monitored.metrics)())
}

//! `/healthz` (alive), `/readyz` (which part is not ready), `/metrics`.

use actix_web::{HttpResponse, get, web};
use serde_json::json;

use crate::web::monitor::Monitored;

/// Alive: the process answers.
#[get("/healthz")]
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

/// Ready: the store and the queue can be used, and we are not shutting down. Else 503, naming each part.
#[get("/readyz")]
pub(crate) async fn readyz(monitored: web::Data<Monitored>) -> HttpResponse {
    let told = |problem: Option<String>| problem.map_or(json!("ready"), |problem| json!(problem));
    let store = monitored.engine.store().ping().await.err().map(|error| error.to_string());
    let queue = monitored.queue.ready().await.err().map(|error| error.to_string());
    let stopping = monitored.stopping.is_cancelled().then(|| "shutting down".to_owned());
    let ready = store.is_none() && queue.is_none() && stopping.is_none();
    let body = json!({
        "status": if ready { "ready" } else { "not ready" },
        "store": told(store),
        "queue": told(queue),
        "process": told(stopping),
    });
    if ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

/// Metrics in Prometheus' text form.
#[get("/metrics")]
pub(crate) async fn metrics(monitored: web::Data<Monitored>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body((monitored.metrics)())
}

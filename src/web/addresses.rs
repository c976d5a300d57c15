//! The addresses for programs in one table: path, methods, handlers. What the table does not have is refused with what it has.
//!
//! Pages are registered beside it by their own attributes; what is documented of the table is `openapi`'s.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};

use super::openapi;
use super::problem::ApiProblem;
use super::routes::{health, imports, problems, publications, subscriptions};
use crate::domain::problem::{Problem, ProblemCode};

macro_rules! addresses {
    ($($path:literal => { $($method:ident $handler:path),+ })+) => {
        /// Each path with its methods, in lower case as in an `OpenAPI` document.
        pub const ADDRESSES: &[(&str, &[&str])] = &[$(($path, &[$(stringify!($method)),+])),+];

        /// Registers every one of them.
        pub(super) fn register(config: &mut web::ServiceConfig) {
            $(config.service(
                web::resource($path)$(.route(web::$method().to($handler)))+.default_service(web::to(other_method)),
            );)+
        }
    };
}

addresses! {
    "/api/v1/imports" => { get imports::list, post imports::create }
    "/api/v1/imports/{id}" => { get imports::show }
    "/api/v1/imports/{id}/timeline" => { get imports::timeline }
    "/api/v1/imports/{id}/events" => { get imports::events }
    "/api/v1/imports/{id}/cancel" => { post imports::cancel }
    "/api/v1/imports/{id}/retry" => { post imports::retry }
    "/api/v1/imports/{id}/undo" => { post imports::undo }
    "/api/v1/subscriptions" => { get subscriptions::list, post subscriptions::create }
    "/api/v1/subscriptions/{id}" => { get subscriptions::show, delete subscriptions::remove }
    "/api/v1/subscriptions/{id}/pause" => { post subscriptions::pause }
    "/api/v1/subscriptions/{id}/resume" => { post subscriptions::resume }
    "/api/v1/publications" => { get publications::list }
    "/api/v1/problems" => { get problems::list }
    "/api/v1/problems/{code}" => { get problems::show }
    "/api/openapi.json" => { get openapi::document }
    "/healthz" => { get health::healthz }
    "/readyz" => { get health::readyz }
    "/metrics" => { get health::metrics }
}

/// The request was a HEAD before it was taken for a GET.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WasHead;

/// HEAD is GET without the body, which the server leaves out by itself.
pub(super) async fn head_as_get(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if *request.method() == Method::HEAD {
        request.extensions_mut().insert(WasHead);
        request.head_mut().method = Method::GET;
    }
    next.call(request).await
}

/// An address of the table, with a method that it does not have. OPTIONS is told which it has.
async fn other_method(request: HttpRequest) -> Result<HttpResponse, ApiProblem> {
    let pattern = request.match_pattern().unwrap_or_default();
    let methods = ADDRESSES.iter().find(|(path, _)| *path == pattern).map_or(&[][..], |(_, methods)| methods);
    refused(&request, &allow(methods))
}

/// No page, or a page with a method that it does not have.
pub(super) async fn other_address(request: HttpRequest) -> Result<HttpResponse, ApiProblem> {
    if !request.resource_map().has_resource(request.path()) {
        return Err(Problem::new(ProblemCode::NoSuchPage).into());
    }
    // Pages are either shown or posted to.
    let shown = matches!(*request.method(), Method::GET);
    refused(&request, if shown { "POST, OPTIONS" } else { "GET, HEAD, OPTIONS" })
}

fn allow(methods: &[&str]) -> String {
    let mut told = Vec::new();
    for method in methods {
        told.push(method.to_ascii_uppercase());
        if *method == "get" {
            told.push("HEAD".to_owned());
        }
    }
    told.push("OPTIONS".to_owned());
    told.join(", ")
}

fn refused(request: &HttpRequest, allow: &str) -> Result<HttpResponse, ApiProblem> {
    if *request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((ALLOW, allow)).finish());
    }
    Err(ApiProblem::from(ProblemCode::MethodNotAllowed).allowing(allow))
}

//! Problems on their way out: in the reader's language, with the path they happened to; and the refusals that actix makes itself.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{JsonPayloadError, QueryPayloadError};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, ResponseError, web};

use super::Context;
use super::extract::Lang;
use super::pages;
use super::problem::ApiProblem;
use crate::domain::problem::{Problem, ProblemCode};

/// Gives problems the reader's language and our address.
pub(super) async fn localized(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut answer = next.call(request).await?.map_into_boxed_body();
    let asked = answer.request().clone();
    pages::remember_language(&asked, answer.response_mut());
    let problem = answer.response().error().and_then(|error| error.as_error::<ApiProblem>());
    let Some(problem) = problem else { return Ok(answer) };
    let request = answer.request();
    if pages::is_for_people(request) {
        let page = pages::of_api_problem(problem, request).await;
        return Ok(answer.into_response(page));
    }
    let public_url = request
        .app_data::<web::Data<Context>>()
        .map(|context| context.public_url.clone())
        .unwrap_or_default();
    let told = problem.told(Lang::of(request), &public_url).at(request.path());
    Ok(answer.into_response(told.error_response()).map_into_boxed_body())
}

/// A JSON body that cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "actix hands it over")]
pub(super) fn json_refused(error: JsonPayloadError, _request: &HttpRequest) -> actix_web::Error {
    let code = match &error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            ProblemCode::RequestTooLarge
        }
        JsonPayloadError::ContentType => ProblemCode::ContentTypeNotSupported,
        JsonPayloadError::Deserialize(_)
        | JsonPayloadError::Serialize(_)
        | JsonPayloadError::Payload(_)
        | _ => ProblemCode::RequestInvalid,
    };
    ApiProblem::from(Problem::new(code).saying(error.to_string())).into()
}

/// A query that cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "actix hands it over")]
pub(super) fn query_refused(error: QueryPayloadError, _request: &HttpRequest) -> actix_web::Error {
    ApiProblem::from(Problem::new(ProblemCode::RequestInvalid).saying(error.to_string())).into()
}

/// No such page, or not with this method.
pub(super) async fn no_such_page() -> Result<&'static str, ApiProblem> {
    Err(Problem::new(ProblemCode::NoSuchPage).into())
}

//! Problems on their way out: in the reader's language, with the path they happened to; and the refusals that actix makes itself.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, ResponseError, web};
use futures_util::FutureExt as _;

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
    let Ok(answer) = AssertUnwindSafe(next.call(request)).catch_unwind().await else {
        tracing::error!("a request ended in a panic");
        return Err(ApiProblem::from(ProblemCode::Internal).into());
    };
    let mut answer = answer?.map_into_boxed_body();
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

/// A JSON body that cannot be read: the words say where.
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
    let words =
        if let JsonPayloadError::Deserialize(why) = &error { why.to_string() } else { error.to_string() };
    refused(code, &words)
}

/// A query that cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "actix hands it over")]
pub(super) fn query_refused(error: QueryPayloadError, _request: &HttpRequest) -> actix_web::Error {
    let words = match &error {
        QueryPayloadError::Deserialize(why) => why.to_string(),
        other => other.to_string(),
    };
    refused(ProblemCode::RequestInvalid, &words)
}

/// A path that cannot be read, such as one that is not UTF-8.
pub(super) fn path_refused(_error: PathError, _request: &HttpRequest) -> actix_web::Error {
    ApiProblem::from(ProblemCode::NoSuchPage).into()
}

fn refused(code: ProblemCode, words: &str) -> actix_web::Error {
    let problem = Problem::new(code).saying(words);
    ApiProblem::from(match field_in(words) {
        Some(field) => problem.about(field),
        None => problem,
    })
    .into()
}

/// The field that serde's words name: "missing field `dataset` at line 1 column 2".
fn field_in(words: &str) -> Option<&str> {
    let rest = ["unknown field `", "missing field `", "duplicate field `"];
    let rest = rest.iter().find_map(|start| words.strip_prefix(start))?;
    rest.split_once('`').map(|(field, _)| field).filter(|field| field.len() <= 100)
}

#[cfg(test)]
mod tests {
    use super::field_in;

    #[test]
    fn the_field_is_read_from_what_serde_says() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Order {
            #[expect(dead_code, reason = "only read by the parser")]
            dataset: String,
        }
        for (json, field) in [
            (r"{}", Some("dataset")),
            (r#"{"dataset": "a", "wish": 1}"#, Some("wish")),
            (r#"{"dataset": "a", "dataset": "b"}"#, Some("dataset")),
            (r#"{"dataset": 1}"#, None),
            (r"{", None),
        ] {
            let words = serde_json::from_str::<Order>(json).unwrap_err().to_string();
            assert_eq!(field_in(&words), field, "{words}");
            assert!(words.contains("line 1 column"), "{words}");
        }
    }
}

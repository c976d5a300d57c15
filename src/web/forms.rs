//! Forms that change something: only ours, only from our own pages, only with the session's token.
//!
//! What a form holds and what it does is its handler's business.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::ORIGIN;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use crate::domain::problem::{Problem, ProblemCode};
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::problem::ApiProblem;

/// A form with nothing but the token.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Nothing {}

/// A form that somebody signed in sent from one of our pages.
#[derive(Debug)]
pub(crate) struct Checked<T> {
    /// Who.
    pub(crate) visitor: Visitor,
    /// What stands in it.
    pub(crate) form: T,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> Checked<T> {
    async fn of(
        context: &Context,
        request: &HttpRequest,
        body: Result<web::Bytes, actix_web::Error>,
    ) -> Result<Self, ApiProblem> {
        if !is_from_us(context, request) {
            return Err(refused());
        }
        let visitor = Visitor::of(context, request).await?;
        visitor.session()?;
        let body = body.map_err(|error| too_large_or_broken(&error))?;
        let broken = || ApiProblem::from(ProblemCode::RequestInvalid);
        let body = std::str::from_utf8(&body).map_err(|_not_text| broken())?;
        let token = web::Query::<Token>::from_query(body).map_err(|_not_a_form| broken())?;
        if !bool::from(token.csrf.as_bytes().ct_eq(visitor.csrf().as_bytes())) {
            return Err(refused());
        }
        let form = web::Query::<T>::from_query(body).map_err(|error| {
            ApiProblem::from(Problem::new(ProblemCode::RequestInvalid).saying(error.to_string()))
        })?;
        Ok(Self { visitor, form: form.into_inner() })
    }
}

fn refused() -> ApiProblem {
    ProblemCode::FormNotOurs.into()
}

/// Browsers say where a form was sent from; those that do not are held to the token alone.
fn is_from_us(context: &Context, request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).map(|value| value.as_bytes().to_vec());
    let origin = header(ORIGIN.as_str());
    let site = header("sec-fetch-site");
    origin.is_none_or(|origin| origin.eq_ignore_ascii_case(context.origin().as_bytes()))
        && site.is_none_or(|site| site == b"same-origin")
}

fn too_large_or_broken(error: &actix_web::Error) -> ApiProblem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => ProblemCode::RequestTooLarge.into(),
        Some(_) | None => ProblemCode::RequestInvalid.into(),
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Checked<T> {
    type Error = ApiProblem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiProblem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), web::Bytes::from_request(request, payload));
        Box::pin(async move {
            let context = request.app_data::<web::Data<Context>>().cloned();
            let context = context.ok_or_else(|| ApiProblem::from(ProblemCode::Internal))?;
            Self::of(&context, &request, body.await).await
        })
    }
}

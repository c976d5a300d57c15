//! The language of an answer: the one that was chosen, else the one that the browser likes best among those we have.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpRequest};

use crate::texts::Language;
use crate::web::cookies;

/// From `?locale=`, else what was chosen earlier in this browser, else `Accept-Language`; English if nothing fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lang(pub(crate) Language);

impl Lang {
    /// The language of this request.
    pub(crate) fn of(request: &HttpRequest) -> Language {
        Self::chosen(request).or_else(|| cookies::language(request)).unwrap_or_else(|| {
            let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            Language::of_header(header.unwrap_or_default())
        })
    }

    /// The language that this request's address asks for.
    pub(crate) fn chosen(request: &HttpRequest) -> Option<Language> {
        let mut pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        pairs.find(|(key, _)| key == "locale").and_then(|(_, value)| Language::of_tag(&value))
    }
}

impl FromRequest for Lang {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(Self::of(request))))
    }
}

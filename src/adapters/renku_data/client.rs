//! Calls to a Renku 2's data services through its gateway, and which answers are refusals.
//! What is asked, and what a refusal means there, is put together in the other modules.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::RenkuDataError as Error;
use super::wire::Refusal;
use crate::adapters::exchange::{Answer, Exchange};
use crate::domain::ports::Clock;
use crate::domain::ports::renku::AccessToken;

/// The most items of one page.
pub(super) const PAGE: u32 = 100;

/// One call. No cookie is ever sent: a session's would take precedence over the token.
pub(super) struct Call<'a> {
    method: Method,
    path: String,
    query: Vec<(&'a str, String)>,
    body: Option<Vec<u8>>,
    token: Option<&'a AccessToken>,
}

impl<'a> Call<'a> {
    /// A `GET` below `/api/data`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: Vec::new(), body: None, token: None }
    }

    /// A `POST` of JSON.
    pub(super) fn post(path: impl Into<String>, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|source| Error::NotUnderstood {
            what: "our own request".to_owned(),
            source: Some(source),
        })?;
        Ok(Self { method: Method::POST, body: Some(body), ..Self::get(path) })
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    pub(super) fn by(self, token: &'a AccessToken) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(super) fn with(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

pub(super) struct Client {
    url: String,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
}

impl Client {
    pub(super) fn new(url: &str, exchange: Exchange, clock: Arc<dyn Clock>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), exchange, clock }
    }

    /// The address of Renku's front page, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The answer's content.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        timeout: Duration,
    ) -> Result<T, Error> {
        let path = call.path.clone();
        let answer = self.call(call, timeout).await?;
        serde_json::from_slice(&answer.body).map_err(|source| Error::NotUnderstood {
            what: format!("{path}: {} ({source})", readable(&answer)),
            source: Some(source),
        })
    }

    /// The answer, which is none of the refusals.
    pub(super) async fn call(&self, call: Call<'_>, timeout: Duration) -> Result<Answer, Error> {
        let url = format!("{}/api/data/{}", self.url, call.path);
        let mut request = self.exchange.request(call.method, &url).timeout(timeout);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        request = request.header(ACCEPT, "application/json");
        if let Some(token) = call.token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let answer = self.exchange.send(request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let refused = self.refused(&answer);
        tracing::debug!(
            http.status = answer.status.as_u16(), renku.request_id = answer.header("x-request-id"),
            error = %refused, "Renku refuses a call"
        );
        Err(refused)
    }

    /// Refusals of the data services have their envelope; all others are the gateway's or of what stands before it.
    fn refused(&self, answer: &Answer) -> Error {
        let after = answer.retry_after(self.clock.now());
        let own = serde_json::from_slice::<Refusal>(&answer.body).ok().map(|refusal| refusal.error);
        let code = own.as_ref().map(|error| error.code);
        let words = own.map_or_else(|| readable(answer), |error| error.words());
        match (answer.status.as_u16(), code) {
            (401, _) => Error::NotAuthenticated { words },
            (403, Some(_)) => Error::Forbidden { words },
            (404, Some(_)) => Error::NotFound { words },
            (404, None) => Error::ApiNotOffered { words },
            (409, _) => Error::Conflict { words },
            (422, Some(_)) => Error::Invalid { words },
            (429, _) => Error::RateLimited { after, words },
            (status @ 500..=599, _) => Error::Failing { status, after, words },
            (300..=399, _) => {
                let to = answer.header("location").unwrap_or("nowhere");
                let to = to.split(['?', '#']).next().unwrap_or(to);
                Error::ApiNotOffered { words: format!("it redirects to {to}") }
            }
            (status, _) => Error::unexpected(format!("status {status}: {words}")),
        }
    }
}

/// The body's first words; a page of HTML is nobody's words.
fn readable(answer: &Answer) -> String {
    let start = answer.start();
    if start.starts_with('<') { "a page of HTML".to_owned() } else { start }
}

//! The questions to a Dataverse over HTTP, and which answers are refusals.
//! What a dataset is made of the answers is put together in the parent module.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;

use super::error::DataverseError as Error;
use super::wire::{Envelope, Refusal};
use crate::adapters::exchange::{Answer, Exchange, Transport};
use crate::domain::ports::Clock;

/// One line, since it must match `OK.*` as a whole.
const RESUME: &str = "OK the Renku connector has taken note";

/// An answer of the native API.
pub(super) enum Reply<T> {
    /// 200 with data.
    Data(Envelope<T>),
    /// A 4xx that the caller must make sense of: what was asked for is not there, or not for everyone.
    No(StatusCode, Refusal),
}

pub(super) struct Client {
    site_url: String,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
}

impl Client {
    pub(super) fn new(site_url: &str, exchange: Exchange, clock: Arc<dyn Clock>) -> Self {
        Self { site_url: site_url.trim_end_matches('/').to_owned(), exchange, clock }
    }

    pub(super) fn site_url(&self) -> &str {
        &self.site_url
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    async fn answer(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Error> {
        let url = format!("{}/api/v1/{path}", self.site_url);
        let request = self.exchange.request(Method::GET, &url).query(query);
        let answer = self.exchange.send(request.header("accept", "application/json")).await?;
        self.not_failing(&answer)?;
        Ok(answer)
    }

    /// Sorts out what says something of the installation rather than of what was asked for.
    fn not_failing(&self, answer: &Answer) -> Result<(), Error> {
        let after = answer.retry_after(self.clock.now());
        let status = answer.status.as_u16();
        if status == 429 {
            return Err(Error::RateLimited { after, words: words_of(answer) });
        }
        if answer.status.is_server_error() {
            return Err(Error::Failing { status, after, words: words_of(answer) });
        }
        Ok(())
    }

    /// A call of the native API.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Reply<T>, Error> {
        let answer = self.answer(path, query).await?;
        if answer.status.is_client_error() {
            let refusal = serde_json::from_slice::<Refusal>(&answer.body).map_err(|error| {
                // A refusal without Dataverse's envelope is that of a proxy or a wall before it.
                match answer.status.as_u16() {
                    status @ (401 | 403) => Error::Refused { status, words: readable(&answer) },
                    status => Error::NotUnderstood {
                        what: format!("{path}: {status} without a message"),
                        source: Some(error),
                    },
                }
            })?;
            if answer.status == StatusCode::NOT_FOUND && refusal.code.is_some() {
                return Err(Error::unexpected(format!("{path}: this Dataverse has no such endpoint")));
            }
            return Ok(Reply::No(answer.status, refusal));
        }
        ok(&answer, path)?;
        let envelope: Envelope<T> = parsed(&answer, path)?;
        if !envelope.status.eq_ignore_ascii_case("ok") {
            return Err(Error::unexpected(format!("{path}: status {}", envelope.status)));
        }
        Ok(Reply::Data(envelope))
    }

    /// Resumes a workflow. The status and the words; 202 has a bare text and no envelope (Dataverse: `api/Workflows.java`).
    pub(super) async fn resume(&self, invocation: &str) -> Result<(StatusCode, Option<String>), Transport> {
        // Not below `/api/v1`, as the administrators' allow-lists and Dataverse's own documentation have it.
        let url = format!("{}/api/workflows/{invocation}", self.site_url);
        let request = self.exchange.request(Method::POST, &url);
        let request = request.header("content-type", "text/plain; charset=utf-8").body(RESUME);
        let answer = self.exchange.send(request).await?;
        let words = serde_json::from_slice::<Refusal>(&answer.body).ok().and_then(|refusal| refusal.message);
        Ok((answer.status, words))
    }

    /// The export, which has no envelope; `None` while there is none to be had.
    pub(super) async fn export<T: DeserializeOwned>(&self, pid: &str) -> Result<Option<T>, Error> {
        let path = "datasets/export";
        let answer = self.answer(path, &[("exporter", "schema.org"), ("persistentId", pid)]).await?;
        match answer.status.as_u16() {
            // Exports are made after the publication; until then: 403 "Export Failed", or 404 or 400 before the first one.
            400 | 403 | 404 if serde_json::from_slice::<Refusal>(&answer.body).is_ok() => Ok(None),
            status @ (401 | 403) => Err(Error::Refused { status, words: readable(&answer) }),
            _ => {
                ok(&answer, path)?;
                parsed(&answer, path).map(Some)
            }
        }
    }

    /// The status of a file's address. A redirect to an object store is not followed: Dataverse has decided by then.
    pub(super) async fn file(&self, file_id: i64) -> Result<StatusCode, Error> {
        let url = format!("{}/api/v1/access/datafile/{file_id}", self.site_url);
        let mut answer = self.exchange.head_of(self.exchange.request(Method::HEAD, &url)).await?;
        if matches!(answer.status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED) {
            let first_byte = self.exchange.request(Method::GET, &url).header("range", "bytes=0-0");
            answer = self.exchange.head_of(first_byte).await?;
        }
        self.not_failing(&answer)?;
        Ok(answer.status)
    }
}

fn ok(answer: &Answer, path: &str) -> Result<(), Error> {
    if answer.status.is_redirection() {
        let to = answer.header("location").unwrap_or("nowhere");
        let to = to.split(['?', '#']).next().unwrap_or(to);
        return Err(Error::unexpected(format!(
            "{path}: it redirects to {to}; the configured address is not Dataverse's own"
        )));
    }
    if answer.status != StatusCode::OK {
        return Err(Error::unexpected(format!("{path}: status {}", answer.status)));
    }
    Ok(())
}

fn parsed<T: DeserializeOwned>(answer: &Answer, path: &str) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| Error::NotUnderstood {
        what: format!("{path}: not the JSON that was expected ({error})"),
        source: Some(error),
    })
}

/// Dataverse's message if there is one; a page of HTML is nobody's words.
pub(super) fn words_of(answer: &Answer) -> String {
    serde_json::from_slice::<Refusal>(&answer.body)
        .ok()
        .and_then(|refusal| refusal.message)
        .unwrap_or_else(|| readable(answer))
}

pub(super) fn readable(answer: &Answer) -> String {
    let start = answer.start();
    if start.starts_with('<') { "a page of HTML".to_owned() } else { start }
}

//! Changes the external tools of a Dataverse, with a superuser's API token (Dataverse 6.6 and later).
//!
//! What is registered already is read in `probe`; what should be is said by the domain's manifest.

use std::fmt;

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::exchange::Exchange;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};

/// The most that is read of an answer, in bytes.
const BODY_CAP: usize = 1 << 20;

/// The tools of one Dataverse, as its superuser may change them.
pub struct ToolRegistry {
    url: String,
    token: SecretString,
    exchange: Exchange,
}

impl fmt::Debug for ToolRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolRegistry").field("url", &self.url).finish_non_exhaustive()
    }
}

impl ToolRegistry {
    /// The registry of the Dataverse at this address.
    pub fn new(site_url: &str, token: SecretString, http: reqwest::Client) -> Self {
        let url = format!("{}/api/externalTools", site_url.trim_end_matches('/'));
        Self { url, token, exchange: Exchange::new(http, BODY_CAP) }
    }

    /// Registers a tool; Dataverse gives it a number of its own.
    ///
    /// # Errors
    /// `dataverse-refused` with Dataverse's words, or an outage.
    pub async fn add(&self, tool: &Value) -> Result<(), Fault> {
        self.send(self.exchange.request(Method::POST, &self.url).json(tool)).await
    }

    /// Takes a tool away.
    ///
    /// # Errors
    /// `dataverse-refused` with Dataverse's words, or an outage.
    pub async fn remove(&self, id: i64) -> Result<(), Fault> {
        self.send(self.exchange.request(Method::DELETE, &format!("{}/{id}", self.url))).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<(), Fault> {
        let request = request.header("X-Dataverse-key", self.token.expose_secret());
        let answer = self.exchange.send(request).await.map_err(|error| {
            let problem = Problem::new(ProblemCode::DataverseUnreachable).saying(error.to_string());
            Fault::new(Class::Outage { after: None }, problem).caused_by(error)
        })?;
        if answer.status.is_success() {
            return Ok(());
        }
        let words = format!("HTTP {}: {}", answer.status.as_u16(), answer.start());
        Err(Fault::user(ProblemCode::DataverseRefused).saying(words))
    }
}

//! A client of our own API, for the command line: `import` and `imports` against a running service.
//!
//! What the answers mean is the API's; here they are only fetched.

use std::time::Duration;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::adapters::http::{self, HttpSettings};

/// Answers larger than this are not read.
const LARGEST_ANSWER: usize = 8 << 20;

/// A running service and who asks it.
#[derive(Debug)]
pub(crate) struct Api {
    server: String,
    token: SecretString,
    http: reqwest::Client,
}

/// The service refused: its problem+json.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {title}{}", detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default())]
pub(crate) struct Refused {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The problem's code.
    pub(crate) code: String,
    /// The problem's sentence.
    pub(crate) title: String,
    /// What is known beside it.
    pub(crate) detail: Option<String>,
    /// The whole body.
    pub(crate) body: Value,
}

impl Api {
    /// A client for the service at this address.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(server: &str, token: SecretString) -> anyhow::Result<Self> {
        let settings = HttpSettings { total_timeout: Duration::from_secs(150), ..HttpSettings::default() };
        Ok(Self { server: server.trim_end_matches('/').to_owned(), token, http: http::client(&settings)? })
    }

    /// Asks.
    ///
    /// # Errors
    /// [`Refused`] with the service's problem, or that it could not be asked.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.http.get(self.address(path))).await
    }

    /// Asks for something to be done.
    ///
    /// # Errors
    /// As `get`.
    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let request = self.http.post(self.address(path));
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// Asks for something to be taken away.
    ///
    /// # Errors
    /// As `get`.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.http.delete(self.address(path))).await
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.server)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let answer = request.bearer_auth(self.token.expose_secret()).send().await;
        let answer = answer.with_context(|| format!("{} cannot be reached", self.server))?;
        let status = answer.status();
        let body = http::body(answer, LARGEST_ANSWER).await.context("the answer could not be read")?;
        let body: Value = serde_json::from_slice(&body).with_context(|| {
            format!(
                "{} answered {status} with something that is not JSON; is this the connector?",
                self.server
            )
        })?;
        if status.is_success() {
            return Ok(body);
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(code) = text("code") else { bail!("{} answered {status}", self.server) };
        let title = text("title").unwrap_or_default();
        Err(Refused { status: status.as_u16(), code, title, detail: text("detail"), body }.into())
    }
}

//! A client of our own API, for the command line: `import` and `imports` against a running service.
//!
//! What the answers mean is the API's; here they are only fetched.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

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
    /// When it is no address, or TLS cannot be set up.
    pub(crate) fn new(server: &str, token: SecretString) -> anyhow::Result<Self> {
        let readable = Url::parse(server).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        ensure!(readable, "--server is no address: “{server}”; it looks like https://connector.example.org");
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
        let answer = answer.map_err(|error| away(&self.server, error))?;
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

/// The last cause alone: what stands before it only says again that nothing was answered.
fn away(server: &str, error: reqwest::Error) -> anyhow::Error {
    let timeout = error.is_timeout();
    let error = anyhow::Error::new(error.without_url());
    let why = if timeout { "no answer in time".to_owned() } else { error.root_cause().to_string() };
    anyhow::anyhow!(
        "{server} cannot be reached ({why}): is the service running, and is --server its address?"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_said_before_anything_is_asked() {
        for server in ["kaese", "connector.example.org", "ftp://connector.example.org", ""] {
            let told = Api::new(server, "token".into()).unwrap_err().to_string();
            assert!(told.contains("--server") && told.contains(&format!("“{server}”")), "{told}");
        }
        Api::new("https://connector.example.org/", "token".into()).unwrap();
    }

    #[tokio::test]
    async fn a_service_that_is_away_is_named_with_one_reason() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let api = Api::new(&format!("http://{closed}"), "token".into()).unwrap();
        let told = format!("{:#}", api.get("/imports").await.unwrap_err());
        assert!(
            told.starts_with(&format!("http://{closed} cannot be reached (Connection refused")),
            "{told}"
        );
        assert_eq!(told.matches("refused").count(), 1, "{told}");
    }
}

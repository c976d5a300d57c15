//! Calls to a Renku 1 through its gateway, and which answers are refusals.
//! What is asked and what results mean is put together in the parent module.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::codes::CoreError;
use super::error::RenkuCoreError as Error;
use crate::adapters::exchange::{Answer, Exchange};
use crate::domain::ports::Clock;
use crate::domain::ports::renku::AccessToken;

/// The gateway's cookie that leads back to the same core pod, which alone knows its jobs (renku-gateway ≥ 0.21).
///
/// No other cookie is ever sent: `_renku_session` would take precedence over the token and make the call anonymous.
const STICKY: &str = "reverse-proxy-sticky-session-";

/// One call. There is no `Referer` (the Python gateway answers 403) and no `Renku-User…` header (the Go gateway would mix identities).
pub(super) struct Call<'a> {
    method: Method,
    path: String,
    query: Vec<(&'a str, &'a str)>,
    body: Option<Vec<u8>>,
    token: Option<&'a AccessToken>,
    sticky: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A `GET` of a path below Renku's address.
    pub(super) fn get(path: String, query: Vec<(&'a str, &'a str)>) -> Self {
        Self { method: Method::GET, path, query, body: None, token: None, sticky: None }
    }

    /// A `POST` of JSON.
    pub(super) fn post(path: String, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|source| Error::NotUnderstood {
            what: "our own request".to_owned(),
            source: Some(source),
        })?;
        Ok(Self { method: Method::POST, body: Some(body), ..Self::get(path, Vec::new()) })
    }

    pub(super) fn by(self, token: &'a AccessToken) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(super) fn at(self, sticky: Option<&'a str>) -> Self {
        Self { sticky, ..self }
    }
}

/// The value of `result`, and the sticky cookie that came with it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) result: Value,
    pub(super) sticky: Option<String>,
}

impl Reply {
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        serde_json::from_value(self.result).map_err(|source| Error::NotUnderstood {
            what: format!("a result of another shape ({source})"),
            source: Some(source),
        })
    }
}

pub(super) struct Client {
    url: String,
    /// The clients of which the Go gateway takes tokens.
    accepted: Vec<String>,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
}

impl Client {
    pub(super) fn new(url: &str, accepted: Vec<String>, exchange: Exchange, clock: Arc<dyn Clock>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), accepted, exchange, clock }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) async fn call(&self, call: Call<'_>, timeout: Duration) -> Result<Reply, Error> {
        let token = call.token;
        let answer = self.sent(call, timeout).await?;
        let sticky = sticky(&answer);
        let told = result(&answer, answer.retry_after(self.clock.now()));
        if let Err(Error::Core(core)) = &told
            && core.is_nobodys()
            && let Some(foreign) = self.foreign(token, &answer)
        {
            return Err(foreign);
        }
        Ok(Reply { result: told?, sticky })
    }

    /// The Go gateway passes on as nobody's what it does not take, without a word, and begins a session of its own for it. Most likely
    /// it does not take the client then, if that is none of its own.
    fn foreign(&self, token: Option<&AccessToken>, answer: &Answer) -> Option<Error> {
        let mut cookies = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let client = client_of(token?)?;
        (cookies.any(|cookie| cookie.starts_with("_renku_session=")) && !self.accepted.contains(&client))
            .then_some(Error::ClientNotAccepted { client })
    }

    /// A call of `GitLab`'s API, which stands behind the gateway below `/api` and wraps nothing in `result`.
    pub(super) async fn gitlab<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        timeout: Duration,
    ) -> Result<T, Error> {
        let token = call.token;
        let answer = self.sent(call, timeout).await?;
        let parsed = serde_json::from_slice::<Value>(&answer.body);
        if answer.status.as_u16() != 200 {
            let refused = refused(&answer, parsed.as_ref().ok(), answer.retry_after(self.clock.now()));
            // GitLab's own 401: the Go gateway passes on what it does not take, and GitLab does not know our token.
            if let Error::TokenRefused { words } = &refused
                && (words.contains("401 Unauthorized") || words.contains("token"))
            {
                let gone = Error::GitSignInGone { words: words.clone() };
                return Err(self.foreign(token, &answer).unwrap_or(gone));
            }
            return Err(refused);
        }
        // A page answers where no GitLab is behind the gateway any more (Renku from chart 2.13 on).
        let body = parsed.map_err(|_no_json| Error::ApiNotOffered { words: readable(&answer) })?;
        serde_json::from_value(body).map_err(|source| Error::NotUnderstood {
            what: format!("GitLab's answer has another shape ({source})"),
            source: Some(source),
        })
    }

    async fn sent(&self, call: Call<'_>, timeout: Duration) -> Result<Answer, Error> {
        let url = format!("{}{}", self.url, call.path);
        let mut request = self.exchange.request(call.method, &url).query(&call.query).timeout(timeout);
        request = request.header(ACCEPT, "application/json");
        if let Some(token) = call.token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(sticky) = call.sticky {
            request = request.header(COOKIE, sticky);
        }
        if let Some(body) = call.body {
            // Exactly this text: with a charset behind it the core refuses (renku-python: `views/decorators.py::accepts_json`).
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        Ok(self.exchange.send(request).await?)
    }
}

/// `azp` of a token, which the gateway looks at; nothing is proven by it here.
fn client_of(token: &AccessToken) -> Option<String> {
    Some(token.claims()?.get("azp")?.as_str()?.to_owned())
}

fn sticky(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .filter_map(|cookie| cookie.split(';').next().map(str::trim))
        .find(|pair| pair.starts_with(STICKY) && pair.len() <= 300 && !pair.ends_with('='))
        .map(str::to_owned)
}

/// Old gateways call JSON `text/html`, so that the content decides and not the header (renku-gateway < 0.18).
fn result(answer: &Answer, after: Option<Duration>) -> Result<Value, Error> {
    let status = answer.status.as_u16();
    let parsed = serde_json::from_slice::<Value>(&answer.body);
    if status != 200 {
        return Err(refused(answer, parsed.ok().as_ref(), after));
    }
    let mut body = parsed.map_err(|source| Error::NotUnderstood {
        what: format!("no JSON: {}", readable(answer)),
        source: Some(source),
    })?;
    if let Some(error) = body.get("error") {
        return Err(match CoreError::read(error) {
            Some(error) => Error::Core(error),
            None => Error::unexpected(format!("an error without a code: {error}")),
        });
    }
    match body.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(Error::unexpected("neither a result nor an error")),
    }
}

/// What is not 200 comes from the gateway or from before it.
fn refused(answer: &Answer, body: Option<&Value>, after: Option<Duration>) -> Error {
    let text = |key: &str| body.and_then(|body| body.get(key)).and_then(Value::as_str);
    let said = [text("error"), text("message"), text("exception")];
    let said: Vec<_> = said.into_iter().flatten().collect();
    let words = if said.is_empty() { readable(answer) } else { said.join(": ") };
    match answer.status.as_u16() {
        401 => unauthorized(words),
        403 => Error::Forbidden { words },
        404 => Error::ApiNotOffered { words },
        429 => Error::RateLimited { after, words },
        502 | 503 if words.contains("no upstream servers are available") => Error::NoUpstream { words },
        status @ 500..=599 => Error::Failing { status, after, words },
        300..=399 => {
            let to = answer.header("location").unwrap_or("nowhere");
            let to = to.split(['?', '#']).next().unwrap_or(to);
            Error::ApiNotOffered { words: format!("it redirects to {to}") }
        }
        status => Error::unexpected(format!("status {status}: {words}")),
    }
}

/// The Python gateway's words (renku-gateway 0.9–0.24: `app/__init__.py`); `exception` came with 0.10.1–0.17.0 only.
fn unauthorized(words: String) -> Error {
    let lower = words.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if says(&["expired"]) {
        Error::TokenExpired { words }
    } else if says(&["can't refresh access token", "id_token"]) || lower == "authentication: unknown" {
        // It says "unknown" to a token in which it finds something wrong, and to a person who never signed in to Renku itself, for
        // whom it has no word of its own (renku-gateway 0.15: `KeyError: 'id_token'`). Tokens are looked at by us before.
        Error::GitSignInGone { words }
    } else if says(&["audience"]) {
        Error::WrongAudience { words }
    } else {
        Error::TokenRefused { words }
    }
}

/// The body's first words; a page of HTML is nobody's words.
pub(super) const PAGE: &str = "a page of HTML";

fn readable(answer: &Answer) -> String {
    let start = answer.start();
    if start.starts_with('<') { PAGE.to_owned() } else { start }
}

//! What a Renku and a Dataverse tell everybody of themselves; for the doctor, and with its patience.
//!
//! Imports ask in the adapters of each service. A realm is looked at in `oidc`, since our client is needed for it.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, DATE, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::exchange::{Answer, Exchange, Transport};
use super::http;
use crate::domain::ports::Clock;
use crate::domain::ports::probe::{DataverseFacts, DataverseProbe, Gateway, Offered, RenkuProbe};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};

/// The most that is read of an answer, in bytes: a list of tools with long descriptions fits.
const BODY_CAP: usize = 1 << 20;

/// A bearer token that is none: each gateway refuses it in a way of its own.
const NO_TOKEN: &str = "Bearer none";

fn ahead(answer: &Answer, clock: &Arc<dyn Clock>) -> Option<i64> {
    let date = answer.header(DATE.as_str())?;
    let theirs = chrono::DateTime::parse_from_rfc2822(date).ok()?.timestamp_millis();
    let apart = theirs - clock.now().as_millis();
    // The header has whole seconds: anything between them is no difference.
    Some(if (-1000..=0).contains(&apart) { 0 } else { apart })
}

fn silent(error: Transport, code: ProblemCode) -> Fault {
    let problem = Problem::new(code).saying(http::causes(&error));
    Fault::new(Class::Outage { after: None }, problem).caused_by(error)
}

fn before_1_8(release: &str) -> bool {
    let mut numbers = release.trim_start_matches('v').split('.').map(str::parse::<u32>);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < (1, 8))
}

fn json(answer: &Answer) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok()
}

/// A Renku, asked as anybody may ask it.
#[derive(Clone)]
pub struct RenkuLook {
    url: String,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for RenkuLook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenkuLook").field("url", &self.url).finish_non_exhaustive()
    }
}

impl RenkuLook {
    /// The Renku at this address.
    pub fn new(url: &str, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), exchange: Exchange::new(http, BODY_CAP), clock }
    }

    async fn ask(&self, path: &str, bearer: Option<&str>) -> Result<Answer, Fault> {
        let mut request = self.exchange.request(Method::GET, &format!("{}{path}", self.url));
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        self.exchange.send(request).await.map_err(|error| silent(error, ProblemCode::RenkuUnreachable))
    }

    async fn core(&self) -> Result<(Option<String>, Option<i64>), Fault> {
        let mut answer = self.ask("/api/renku/apiversion", None).await?;
        let found = |answer: &Answer| {
            let told = json(answer)?;
            Some(told.pointer("/result/latest_version")?.as_str()?.to_owned())
        };
        if found(&answer).is_none() {
            // Before 1.2.0 it is called `version`.
            answer = self.ask("/api/renku/version", None).await?;
        }
        Ok((found(&answer), ahead(&answer, &self.clock)))
    }

    async fn data(&self) -> Result<Option<String>, Fault> {
        let answer = self.ask("/api/data/version", None).await?;
        let told = json(&answer).filter(|_| answer.status == StatusCode::OK);
        Ok(told.and_then(|told| Some(told.get("version")?.as_str()?.to_owned())))
    }

    /// The Python gateway says itself that it refuses a token; the Go gateway lets it pass, and what is behind answers.
    async fn gateway(&self) -> Result<Option<Gateway>, Fault> {
        let answer = self.ask("/api/user", Some(NO_TOKEN)).await?;
        let told = json(&answer).unwrap_or_default();
        let session = answer
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .any(|cookie| cookie.to_str().is_ok_and(|cookie| cookie.starts_with("_renku_session=")));
        Ok(match answer.status {
            StatusCode::UNAUTHORIZED if told.get("error").is_some_and(|error| error == "authentication") => {
                Some(Gateway::Python)
            }
            StatusCode::UNAUTHORIZED => Some(Gateway::Go),
            _ if session => Some(Gateway::Go),
            _ => None,
        })
    }
}

#[async_trait]
impl RenkuProbe for RenkuLook {
    async fn offered(&self) -> Result<Offered, Fault> {
        let (core, ahead_ms) = self.core().await?;
        let data = self.data().await?;
        let gateway = if core.is_some() { self.gateway().await? } else { None };
        Ok(Offered { core, data, gateway, ahead_ms })
    }

    async fn knows(&self, token: &AccessToken, data: bool) -> Result<(), Fault> {
        let path = if data { "/api/data/user" } else { "/api/user" };
        let answer = self.ask(path, Some(&format!("Bearer {}", token.expose()))).await?;
        let words = answer.start();
        let at_renku = |code| Fault::new(Class::SignIn(SignInAt::Renku), Problem::new(code).saying(&words));
        // A page of an old Python gateway, which breaks for people who never signed in to Renku itself (renku-gateway up to 0.14,
        // delivered with core up to 1.7).
        if answer.status == StatusCode::INTERNAL_SERVER_ERROR
            && !data
            && words.starts_with('<')
            && self.core().await?.0.as_deref().is_some_and(before_1_8)
        {
            return Err(at_renku(ProblemCode::RenkuSignInNeeded));
        }
        match answer.status {
            status if status.is_success() && json(&answer).is_some() => Ok(()),
            StatusCode::UNAUTHORIZED if words.contains("token expired") => {
                Err(Fault::new(Class::SignIn(SignInAt::Connector), Problem::new(ProblemCode::TokenExpired)))
            }
            StatusCode::UNAUTHORIZED if words.contains("Invalid audience") => {
                Err(Fault::user(ProblemCode::TokenWithoutAudience).saying(words))
            }
            // A Renku 2 that does not know a good token; a Python gateway that says "unknown" to a person it has nothing of.
            StatusCode::UNAUTHORIZED if data => Err(at_renku(ProblemCode::TokenRefusedByRenku)),
            StatusCode::UNAUTHORIZED => Err(at_renku(ProblemCode::RenkuSignInNeeded)),
            StatusCode::FORBIDDEN if words.contains("origin not allowed") => Err(Fault::new(
                Class::Permanent,
                Problem::new(ProblemCode::RenkuOriginRefused).saying(&words),
            )),
            status if status.is_server_error() => Err(Fault::new(
                Class::Outage { after: None },
                Problem::new(ProblemCode::RenkuUnreachable).saying(format!("HTTP {}", status.as_u16())),
            )),
            status => Err(Fault::new(
                Class::Permanent,
                Problem::new(ProblemCode::RenkuNotUnderstood)
                    .saying(format!("HTTP {}: {words}", status.as_u16())),
            )),
        }
    }
}

/// A Dataverse, asked as anybody may ask it.
#[derive(Clone)]
pub struct DataverseLook {
    url: String,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for DataverseLook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataverseLook").field("url", &self.url).finish_non_exhaustive()
    }
}

impl DataverseLook {
    /// The Dataverse at this address.
    pub fn new(site_url: &str, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            url: site_url.trim_end_matches('/').to_owned(),
            exchange: Exchange::new(http, BODY_CAP),
            clock,
        }
    }

    async fn ask(&self, path: &str) -> Result<(Answer, Value), Fault> {
        let request = self.exchange.request(Method::GET, &format!("{}{path}", self.url));
        let unreachable = ProblemCode::DataverseUnreachable;
        let answer = self.exchange.send(request).await.map_err(|error| silent(error, unreachable))?;
        let words = format!("{path}: HTTP {}: {}", answer.status.as_u16(), answer.start());
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
            let problem = Problem::new(unreachable).saying(words);
            return Err(Fault::new(Class::Outage { after: None }, problem));
        }
        let data = json(&answer)
            .filter(|_| answer.status == StatusCode::OK)
            .and_then(|mut told| told.get_mut("data").map(Value::take));
        let not_understood =
            || Fault::new(Class::Permanent, Problem::new(ProblemCode::DataverseNotUnderstood).saying(words));
        data.map(|data| (answer, data)).ok_or_else(not_understood)
    }
}

#[async_trait]
impl DataverseProbe for DataverseLook {
    async fn facts(&self) -> Result<DataverseFacts, Fault> {
        let (answer, data) = self.ask("/api/info/version").await?;
        let version = data.get("version").and_then(Value::as_str).unwrap_or_default().to_owned();
        if version.is_empty() {
            let problem =
                Problem::new(ProblemCode::DataverseNotUnderstood).saying("/api/info/version tells none");
            return Err(Fault::new(Class::Permanent, problem));
        }
        Ok(DataverseFacts { version, ahead_ms: ahead(&answer, &self.clock) })
    }

    async fn tools(&self) -> Result<Vec<Value>, Fault> {
        let (_, data) = self.ask("/api/externalTools").await?;
        if let Value::Array(tools) = data {
            return Ok(tools);
        }
        let words = format!("/api/externalTools is no list: {data}");
        Err(Fault::new(Class::Permanent, Problem::new(ProblemCode::DataverseNotUnderstood).saying(words)))
    }
}

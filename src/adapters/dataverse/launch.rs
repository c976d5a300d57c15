//! Asking a Dataverse what a launch is about. Addresses come checked from the domain, are rights of people, and never reach an
//! error or a log.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::client::{readable, words_of};
use super::error::DataverseError as Error;
use super::wire::{Edition, Envelope, Refusal};
use crate::adapters::exchange::{Answer, Exchange};
use crate::domain::launch::{Callback, Redeemed, Seen, SignedLook, Standing};
use crate::domain::pid::Pid;
use crate::domain::ports::Clock;
use crate::domain::ports::launch::LaunchSource;
use crate::domain::problem::Fault;

/// The name under which the manifest asks for a look at the version.
const LOOK: &str = "getVersion";

/// A Dataverse that sends people to us.
pub struct HttpLaunchSource {
    site: Url,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for HttpLaunchSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpLaunchSource").field("site", &self.site.as_str()).finish_non_exhaustive()
    }
}

/// The answer to a callback (Dataverse: `Datasets.java`, `URLTokenUtil.java`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query_parameters: Query,
    #[serde(default)]
    signed_urls: Vec<SignedUrl>,
}

/// What our manifest asks for; numbers are numbers where they fit.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    dataset_id: Option<Value>,
    dataset_pid: Option<String>,
    dataset_version: Option<Value>,
    locale: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedUrl {
    name: String,
    signed_url: SecretString,
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl HttpLaunchSource {
    /// The installation at this address. `http` comes from [`http::client`](crate::adapters::http::client), with short times: a
    /// person waits.
    pub fn new(site: Url, http: reqwest::Client, max_answer: usize, clock: Arc<dyn Clock>) -> Self {
        Self { site, exchange: Exchange::new(http, max_answer), clock }
    }

    async fn ask(&self, address: &str) -> Result<Answer, Error> {
        let request = self.exchange.request(Method::GET, address).header("accept", "application/json");
        let answer = self.exchange.send(request).await?;
        let (status, after) = (answer.status.as_u16(), answer.retry_after(self.clock.now()));
        match status {
            200 => Ok(answer),
            // "Bad signed URL": expired, altered, or signed for another address than the one that Dataverse sees.
            // 400: the tool was registered anew meanwhile. Clicking again mends what can be mended.
            400 | 401 => Err(Error::LaunchExpired { words: words_of(&answer) }),
            403 => Err(Error::Refused { status, words: words_of(&answer) }),
            404 => Err(missing(&answer)),
            429 => Err(Error::RateLimited { after, words: words_of(&answer) }),
            500..=599 => Err(Error::Failing { status, after, words: words_of(&answer) }),
            300..=399 => {
                Err(Error::unexpected("it redirects; the configured address is not Dataverse's own"))
            }
            _ => Err(Error::unexpected(format!("status {status}: {}", readable(&answer)))),
        }
    }

    async fn redeemed(&self, callback: &Callback, locale: Option<&str>) -> Result<Redeemed, Error> {
        let answer = self.ask(&callback.address(locale)).await?;
        let Parameters { query_parameters: query, signed_urls } = data(&answer)?;
        let id = callback.dataset_id();
        if query.dataset_id.is_some_and(|told| text(&told) != id.to_string()) {
            return Err(Error::unexpected("the parameters are those of another dataset"));
        }
        let pid = query.dataset_pid.ok_or_else(|| Error::unexpected("the parameters name no datasetPid"))?;
        let pid: Pid = pid.parse().map_err(|_no_pid| Error::unexpected("the datasetPid is none"))?;
        let look = signed_urls.iter().find(|url| url.name == LOOK);
        Ok(Redeemed {
            pid,
            version: query.dataset_version.as_ref().map(text),
            locale: query.locale,
            look: look.and_then(|url| {
                use secrecy::ExposeSecret as _;
                SignedLook::check(url.signed_url.expose_secret(), &self.site, id)
            }),
        })
    }

    async fn seen(&self, look: &SignedLook) -> Result<Seen, Error> {
        let answer = self.ask(look.address()).await?;
        let version: Edition = data(&answer)?;
        let standing = match version.version_state.as_str() {
            "RELEASED" | "ARCHIVED" => Standing::Published,
            "DEACCESSIONED" => Standing::Deaccessioned,
            _ => Standing::Draft,
        };
        Ok(Seen { title: version.title().map(str::to_owned), standing })
    }
}

fn data<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Error> {
    // Not the parser's words: it quotes what it does not understand.
    let envelope: Envelope<T> = serde_json::from_slice(&answer.body)
        .map_err(|_other_shape| Error::unexpected("the answer to a launch has another shape"))?;
    envelope.data.ok_or_else(|| Error::unexpected("the answer to a launch has no data"))
}

/// Only a dataset that was never published is unknown to a guest; a 404 with a code is that of an endpoint that is not there.
fn missing(answer: &Answer) -> Error {
    match serde_json::from_slice::<Refusal>(&answer.body) {
        Ok(Refusal { code: None, .. }) => Error::NotPublished,
        Ok(_) | Err(_) => Error::unexpected("this Dataverse has no such endpoint"),
    }
}

#[async_trait]
impl LaunchSource for HttpLaunchSource {
    async fn redeem(&self, callback: &Callback, locale: Option<&str>) -> Result<Redeemed, Fault> {
        Ok(self.redeemed(callback, locale).await?)
    }

    async fn look(&self, look: &SignedLook) -> Result<Seen, Fault> {
        Ok(self.seen(look).await?)
    }
}

//! Changes what is registered at a Dataverse.
//!
//! Its external tools with a superuser's API token (Dataverse 6.6 and later); everything with the admin API, on Dataverse's own
//! machine or with its unblock key.
//!
//! What should be registered is said by the domain's manifest and by `publications`; what has to be done for it, by `domain::registered`.

use std::fmt;

use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::exchange::{Answer, Exchange};
use super::http;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::registered::Registered;

/// The most that is read of an answer, in bytes.
const BODY_CAP: usize = 1 << 20;

/// By which right something is changed.
enum Right {
    /// A superuser's API token.
    Superuser(SecretString),
    /// The admin API lets us in for where we are, or for this key.
    Admin(Option<SecretString>),
}

/// One Dataverse, as its administrator may change it.
pub struct Registry {
    url: String,
    right: Right,
    exchange: Exchange,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("url", &self.url).finish_non_exhaustive()
    }
}

fn not_understood(path: &str, answer: &Answer) -> Fault {
    let words = format!("{path}: HTTP {}: {}", answer.status.as_u16(), answer.start());
    Fault::new(Class::Permanent, Problem::new(ProblemCode::DataverseNotUnderstood).saying(words))
}

fn data(path: &str, answer: &Answer) -> Result<Value, Fault> {
    let told: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let data = told.and_then(|mut told| told.get_mut("data").map(Value::take));
    data.ok_or_else(|| not_understood(path, answer))
}

fn id(value: &Value) -> Option<i64> {
    value.get("id").and_then(Value::as_i64)
}

impl Registry {
    /// The tools of the Dataverse at this address, with a superuser's token.
    pub fn of_superuser(site_url: &str, token: SecretString, http: reqwest::Client) -> Self {
        Self::new(&format!("{}/api", site_url.trim_end_matches('/')), Right::Superuser(token), http)
    }

    /// Everything, by the admin API at this address (`http://localhost:8080` on Dataverse's own machine).
    pub fn of_admin(url: &str, unblock_key: Option<SecretString>, http: reqwest::Client) -> Self {
        Self::new(&format!("{}/api/admin", url.trim_end_matches('/')), Right::Admin(unblock_key), http)
    }

    fn new(url: &str, right: Right, http: reqwest::Client) -> Self {
        Self { url: url.to_owned(), right, exchange: Exchange::new(http, BODY_CAP) }
    }

    /// The tools.
    ///
    /// # Errors
    /// `dataverse-refused` with Dataverse's words, or an outage.
    pub async fn tools(&self) -> Result<Vec<Value>, Fault> {
        let answer = self.send(Method::GET, "/externalTools", |request| request).await?;
        let Value::Array(tools) = data("/externalTools", &answer)? else {
            return Err(not_understood("/externalTools", &answer));
        };
        Ok(tools)
    }

    /// Registers a tool; Dataverse gives it a number of its own.
    ///
    /// # Errors
    /// As above.
    pub async fn add_tool(&self, tool: &Value) -> Result<(), Fault> {
        self.send(Method::POST, "/externalTools", |request| request.json(tool)).await.map(drop)
    }

    /// Takes a tool away.
    ///
    /// # Errors
    /// As above.
    pub async fn remove_tool(&self, id: i64) -> Result<(), Fault> {
        self.send(Method::DELETE, &format!("/externalTools/{id}"), |request| request).await.map(drop)
    }

    /// What is registered of workflows; the admin API alone tells it.
    ///
    /// # Errors
    /// As above.
    pub async fn workflows(&self) -> Result<Registered, Fault> {
        let mut found = Registered::default();
        let answer = self.send(Method::GET, "/workflows", |request| request).await?;
        let list = data("/workflows", &answer)?;
        for id in list.as_array().ok_or_else(|| not_understood("/workflows", &answer))?.iter().filter_map(id)
        {
            let path = format!("/workflows/{id}");
            let answer = self.send(Method::GET, &path, |request| request).await?;
            found.workflows.push((id, data(&path, &answer)?));
        }
        found.default = match self.ask(Method::GET, DEFAULT, |request| request).await? {
            answer if answer.status == StatusCode::NOT_FOUND => None,
            answer => id(&data(DEFAULT, &accepted(answer)?)?),
        };
        let answer = self.send(Method::GET, ADDRESSES, |request| request).await?;
        let told = data(ADDRESSES, &answer)?;
        let told =
            told.get("message").and_then(Value::as_str).ok_or_else(|| not_understood(ADDRESSES, &answer))?;
        found.addresses =
            told.split(';').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
        Ok(found)
    }

    /// Registers a workflow; its number.
    ///
    /// # Errors
    /// As above.
    pub async fn add_workflow(&self, workflow: &Value) -> Result<i64, Fault> {
        let answer = self.send(Method::POST, "/workflows", |request| request.json(workflow)).await?;
        id(&data("/workflows", &answer)?).ok_or_else(|| not_understood("/workflows", &answer))
    }

    /// Takes a workflow away.
    ///
    /// # Errors
    /// As above; Dataverse refuses while it is a default, or while invocations of it wait.
    pub async fn remove_workflow(&self, id: i64) -> Result<(), Fault> {
        self.send(Method::DELETE, &format!("/workflows/{id}"), |request| request).await.map(drop)
    }

    /// Sets the default workflow after publications, or takes it away.
    ///
    /// # Errors
    /// As above.
    pub async fn set_default(&self, id: Option<i64>) -> Result<(), Fault> {
        let answer = match id {
            Some(id) => self.send(Method::PUT, DEFAULT, |request| request.body(id.to_string())).await,
            None => self.send(Method::DELETE, DEFAULT, |request| request).await,
        };
        answer.map(drop)
    }

    /// Sets from which addresses workflows are resumed; none: from where Dataverse would by itself.
    ///
    /// # Errors
    /// As above.
    pub async fn set_addresses(&self, addresses: &[String]) -> Result<(), Fault> {
        let answer = if addresses.is_empty() {
            self.send(Method::DELETE, ADDRESSES, |request| request).await
        } else {
            self.send(Method::PUT, ADDRESSES, |request| request.body(addresses.join(";"))).await
        };
        answer.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        more: impl FnOnce(RequestBuilder) -> RequestBuilder + Send,
    ) -> Result<Answer, Fault> {
        let request = more(self.exchange.request(method, &format!("{}{path}", self.url)));
        let request = match &self.right {
            Right::Superuser(token) => request.header("X-Dataverse-key", token.expose_secret()),
            Right::Admin(None) => request,
            // The header is known from 6.7 on; before, only a query is, which logs would keep.
            Right::Admin(Some(key)) => request.header("X-Dataverse-unblock-key", key.expose_secret()),
        };
        self.exchange.send(request).await.map_err(|error| {
            let problem = Problem::new(ProblemCode::DataverseUnreachable).saying(http::causes(&error));
            Fault::new(Class::Outage { after: None }, problem).caused_by(error)
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        more: impl FnOnce(RequestBuilder) -> RequestBuilder + Send,
    ) -> Result<Answer, Fault> {
        accepted(self.ask(method, path, more).await?)
    }
}

/// Where the default workflow after publications is set.
const DEFAULT: &str = "/workflows/default/PostPublishDataset";
/// Where the addresses are set from which workflows may be resumed.
const ADDRESSES: &str = "/workflows/ip-whitelist";

fn accepted(answer: Answer) -> Result<Answer, Fault> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let words = format!("HTTP {}: {}", answer.status.as_u16(), answer.start());
    Err(Fault::user(ProblemCode::DataverseRefused).saying(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::{HttpSettings, client};

    #[tokio::test]
    async fn each_right_is_shown_in_its_own_header_and_refusals_keep_their_words() {
        let mut server = mockito::Server::new_async().await;
        let http = client(&HttpSettings::default()).unwrap();
        let by_token = server.mock("GET", "/api/externalTools").match_header("X-Dataverse-key", "secret");
        let by_token = by_token.with_body(r#"{"status":"OK","data":[]}"#).create_async().await;
        let by_key = server.mock("PUT", "/api/admin/workflows/default/PostPublishDataset");
        let by_key =
            by_key.match_header("X-Dataverse-unblock-key", "open").match_body("7").create_async().await;
        let blocked = server.mock("GET", "/api/admin/workflows").with_status(503);
        blocked.with_body(r#"{"status":"error","message":"localhost only"}"#).create_async().await;
        assert!(
            Registry::of_superuser(&server.url(), "secret".into(), http.clone())
                .tools()
                .await
                .unwrap()
                .is_empty()
        );
        let admin = Registry::of_admin(&server.url(), Some("open".into()), http);
        admin.set_default(Some(7)).await.unwrap();
        let refused = admin.workflows().await.unwrap_err();
        assert_eq!(refused.problem.code, ProblemCode::DataverseRefused);
        assert!(refused.problem.words.unwrap().contains("localhost only"));
        by_token.assert_async().await;
        by_key.assert_async().await;
    }
}

//! The simulated Dataverse and Renku 1 answer as the real ones do; they are spoken to by HTTP alone.
//! How the connector copes with them is tested elsewhere.

mod dataverse;
mod gateway;
mod imports;
mod launches;
mod recorded;

use std::future::Future;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dataverse_renku::sandbox::{dataverse as dv, keycloak, renku_core};
use reqwest::header::LOCATION;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

/// Twenty times faster than the real services.
const PACE: f64 = 0.05;
const CALLBACK: &str = "http://127.0.0.1:9/oidc/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rule-of-43-characters";

#[expect(clippy::disallowed_methods, reason = "the test plays a browser and programs of its own")]
fn http() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.timeout(Duration::from_secs(30)).build().unwrap()
}

/// Asks again until there is an answer; fails after half a minute.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    for _ in 0..3000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

pub(crate) struct World {
    keycloak: keycloak::Running,
    pub(crate) dataverse: dv::Running,
    pub(crate) renku: renku_core::Running,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut renku_core::Options)) -> Self {
        let keycloak = keycloak::start(keycloak::Options::default()).await.unwrap();
        let dataverse = dv::start(dv::Options { pace: PACE, ..dv::Options::default() }).await.unwrap();
        let mut options = renku_core::Options {
            issuer: keycloak.issuer.clone(),
            pace: PACE,
            odd_every: 0,
            doi_resolver: format!("{}/_doi/", dataverse.site_url),
            ..renku_core::Options::default()
        };
        change(&mut options);
        let renku = renku_core::start(options).await.unwrap();
        Self { keycloak, dataverse, renku, http: http() }
    }

    pub(crate) async fn stop(self) {
        self.renku.stop().await;
        self.dataverse.stop().await;
        self.keycloak.stop().await;
    }

    /// An access token by the code flow, as the named client gets it.
    pub(crate) async fn token_of(&self, user: &str, client: &str) -> String {
        self.token_from(&self.keycloak, user, client).await
    }

    async fn token_from(&self, keycloak: &keycloak::Running, user: &str, client: &str) -> String {
        let redirects = json!({ "client_id": client, "redirect_uris": [CALLBACK] });
        let control = format!("{}/_sim/clients", keycloak.base_url);
        self.http.post(control).json(&redirects).send().await.unwrap();
        let oidc = format!("{}/protocol/openid-connect", keycloak.issuer);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let parameters = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("login_hint", user),
            ("sandbox_auto", "1"),
        ];
        let login = Url::parse_with_params(&format!("{oidc}/auth"), parameters).unwrap();
        let answer = self.http.get(login).send().await.unwrap();
        let back = Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
        let code = back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("client_secret", keycloak::CLIENT_SECRET),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.http.post(format!("{oidc}/token")).form(&form).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn token(&self, user: &str) -> String {
        self.token_of(user, "dataverse-connector").await
    }

    pub(crate) fn landing_page(&self, name: &str) -> String {
        format!("{}/dataset.xhtml?persistentId=doi:10.5072/FK2/{name}", self.dataverse.site_url)
    }

    fn import_body(&self, project: &str, name: &str) -> Value {
        let git_url = format!("{}/{project}", self.renku.git_url);
        json!({ "git_url": git_url, "dataset_uri": self.landing_page(name) })
    }

    /// Calls the core service; the answer's status and body.
    async fn core(&self, token: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}/api/renku/{path}", self.renku.url);
        let request = body.map_or_else(|| self.http.get(&url), |body| self.http.post(&url).json(body));
        let answer = request.bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    async fn submit(&self, token: &str, body: &Value) -> String {
        let (_, answer) = self.core(token, "datasets.import", Some(body)).await;
        answer["result"]["job_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The job as the simulator itself knows it, once nothing happens to it any more.
    async fn ended(&self, job: &str) -> Value {
        eventually("the job ends", || async {
            let submits = self.renku_sim("submits").await;
            let jobs =
                submits["submits"].as_array().unwrap().iter().flat_map(|s| s["jobs"].as_array().unwrap());
            jobs.clone().find(|j| j["job_id"] == job && j["ended"] == true).cloned()
        })
        .await
    }

    async fn import(&self, token: &str, project: &str, name: &str) -> Value {
        let job = self.submit(token, &self.import_body(project, name)).await;
        self.ended(&job).await
    }

    pub(crate) async fn renku_sim(&self, what: &str) -> Value {
        self.http.get(format!("{}/_sim/{what}", self.renku.url)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn tell_renku(&self, what: &str, order: Value) -> Value {
        let url = format!("{}/_sim/{what}", self.renku.url);
        let answer = self.http.post(url).json(&order).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what} {order}");
        answer.json().await.unwrap()
    }

    async fn dataverse_get(&self, path: &str) -> (u16, Value) {
        let answer = self.http.get(format!("{}{path}", self.dataverse.site_url)).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn tell_dataverse(&self, what: &str, order: Value) -> Value {
        let url = format!("{}/_sim/{what}", self.dataverse.site_url);
        let answer = self.http.post(url).json(&order).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what} {order}");
        answer.json().await.unwrap()
    }

    /// The files on a branch of a project.
    pub(crate) async fn branch(&self, project: &str, branch: &str) -> Value {
        self.renku_sim(&format!("repos/{project}")).await["branches"][branch].clone()
    }
}

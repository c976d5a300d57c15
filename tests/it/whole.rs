//! The whole application as its users have it: our binary in processes of its own, simulated systems around it, HTTP between them.
//!
//! What is done to it belongs in the tests.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use dataverse_renku::adapters::http::{self, HttpSettings};
use dataverse_renku::adapters::rabbitmq::{RabbitQueue, Settings as RabbitSettings};
use dataverse_renku::domain::ports::queue::{Lane, Queue as _};
use dataverse_renku::sandbox::{dataverse, keycloak, renku_core, renku_data};
use lapin::options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::needs_rabbitmq_queue::broker;
use crate::store_suite::bench;

/// For whatever must come to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where state and work are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In a file, and in the process.
    Here,
    /// On PostgreSQL and RabbitMQ.
    OnServers,
    /// State in a file, work on RabbitMQ.
    OnBroker,
}

/// What a test wants otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    pub(crate) kept: Kept,
    /// How long Renku takes over a job, in milliseconds.
    pub(crate) job_ms: u64,
    /// How many imports are handed to Renku at once by one process, and how many are followed.
    pub(crate) slots: u32,
    /// Life of an access token in seconds.
    pub(crate) access_ttl_s: u64,
    /// How slow the simulated Dataverse is; 1 is as the real one.
    pub(crate) dataverse_pace: f64,
    /// How often subscribed datasets are looked at.
    pub(crate) catch_up_every: &'static str,
    /// Whose `X-Forwarded-For` is believed, as a list in TOML.
    pub(crate) trusted_proxies: &'static str,
    /// More of the configuration.
    pub(crate) more: &'static str,
    /// Which of Renku's services: `core`, or `data`.
    pub(crate) api: &'static str,
    /// How long a lock counts as the rest of a workflow running, after a resume without a clear answer.
    pub(crate) resume_unclear: &'static str,
    /// How often what lies is looked for.
    pub(crate) sweep_every: &'static str,
    /// How long what is due may lie before it is nudged again.
    pub(crate) sweep_grace: &'static str,
    /// The subject of who may see everything.
    pub(crate) operator: &'static str,
    /// A real Keycloak's realm; empty: the simulated one's.
    pub(crate) issuer: &'static str,
}

/// The secret in the address that the simulated Dataverse's workflow calls.
pub(crate) const WORKFLOW_SECRET: &str = "0123456789abcdef0123456789abcdef";

impl Wishes {
    pub(crate) const fn on(kept: Kept) -> Self {
        Self {
            kept,
            job_ms: 300,
            slots: 4,
            access_ttl_s: 1800,
            dataverse_pace: 0.0,
            catch_up_every: "1h",
            trusted_proxies: "[]",
            more: "",
            api: "core",
            resume_unclear: "1s",
            sweep_every: "500ms",
            sweep_grace: "500ms",
            operator: "0ca20100-5f1c-4d0e-9c38-7a6c4a4f0003",
            issuer: "",
        }
    }
}

/// Simulated systems, a configuration, and whoever drives it all.
pub(crate) struct Whole {
    dataverse: dataverse::Running,
    keycloak: keycloak::Running,
    issuer: String,
    renku: renku_core::Running,
    folder: tempfile::TempDir,
    port: u16,
    pub(crate) http: reqwest::Client,
    schema: Option<(String, String)>,
    prefix: Option<String>,
    token: Option<String>,
    started: AtomicU32,
}

/// A process of ours, killed when dropped.
pub(crate) struct App {
    child: Child,
    log: PathBuf,
}

impl App {
    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// How many lines of its log have these words.
    pub(crate) fn lines_with(&self, words: &str) -> usize {
        self.log().lines().filter(|line| line.contains(words)).count()
    }

    pub(crate) async fn logs(&self, words: &str) {
        let until = Instant::now() + PATIENCE;
        while self.lines_with(words) == 0 {
            assert!(Instant::now() < until, "never logged: {words}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// SIGKILL, as the kernel does it when memory runs out.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, as every supervisor does it.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let number = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &number]).status().await.unwrap().success());
        self.end().await
    }

    pub(crate) async fn end(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("the process does not end\n{}", self.log())).unwrap()
    }

    fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

/// What Renku and the connector say of many imports, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) asked: usize,
    /// Submits that Renku accepted.
    pub(crate) submitted: usize,
    /// Imports that arrived whole.
    pub(crate) ended: usize,
    /// Imports that Renku accepted more than once.
    pub(crate) doubled: usize,
    /// Imports that Renku never heard of, or that have not arrived whole.
    pub(crate) lost: usize,
}

impl Tally {
    pub(crate) const fn clean(asked: usize) -> Self {
        Self { asked, submitted: asked, ended: asked, doubled: 0, lost: 0 }
    }

    pub(crate) const fn and(self, other: &Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            submitted: self.submitted + other.submitted,
            ended: self.ended + other.ended,
            doubled: self.doubled + other.doubled,
            lost: self.lost + other.lost,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, submitted, ended, doubled, lost } = self;
        write!(f, "asked {asked} / submitted {submitted} / ended {ended} / doubled {doubled} / lost {lost}")
    }
}

impl Whole {
    pub(crate) async fn new(wishes: Wishes) -> Self {
        let dataverse =
            dataverse::start(dataverse::Options { pace: wishes.dataverse_pace, ..Default::default() });
        let dataverse = dataverse.await.unwrap();
        let keycloak = keycloak::Options {
            access_ttl_s: wishes.access_ttl_s,
            device_interval_s: 0,
            ..Default::default()
        };
        let keycloak = keycloak::start(keycloak).await.unwrap();
        let issuer =
            if wishes.issuer.is_empty() { keycloak.issuer.clone() } else { wishes.issuer.to_owned() };
        let data = renku_data::Options { issuer: issuer.clone(), pace: 0.02, ..Default::default() };
        let renku = renku_core::Options {
            issuer: issuer.clone(),
            beside: (wishes.api != "core").then(|| renku_data::Services::new(data).unwrap()),
            pace: 0.05,
            sticky: true,
            ..Default::default()
        };
        let renku = renku_core::start(renku).await.unwrap();
        let schema = match wishes.kept {
            Kept::OnServers => {
                let (server, name) = (bench::postgres_server(), format!("whole_{}", Uuid::now_v7().simple()));
                bench::run(&server, format!("CREATE SCHEMA {name}")).await.unwrap();
                Some((server, name))
            }
            Kept::Here | Kept::OnBroker => None,
        };
        let prefix = (wishes.kept != Kept::Here).then(|| format!("whole-{}", Uuid::now_v7().simple()));
        let whole = Self {
            dataverse,
            keycloak,
            issuer,
            renku,
            folder: tempfile::tempdir().unwrap(),
            port: free_port(),
            http: http::client(&HttpSettings::default()).unwrap(),
            schema,
            prefix,
            token: None,
            started: AtomicU32::new(0),
        };
        std::fs::write(whole.file(), whole.configuration(&wishes)).unwrap();
        let mode = json!({"job_ms": wishes.job_ms, "workers": 50});
        whole.post(&format!("{}/_sim/mode", whole.renku.url), &mode).await;
        whole
    }

    /// The configuration.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("whole.toml")
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The simulated Dataverse.
    pub(crate) fn dataverse(&self) -> &str {
        &self.dataverse.site_url
    }

    /// The simulated Renku.
    pub(crate) fn renku(&self) -> &str {
        &self.renku.url
    }

    /// Its git host.
    pub(crate) fn renku_git(&self) -> &str {
        &self.renku.git_url
    }

    /// Tells a simulator something.
    pub(crate) async fn tell(&self, control: &str, order: &Value) {
        self.post(control, order).await;
    }

    /// Where the state is kept.
    pub(crate) fn store_url(&self) -> String {
        match &self.schema {
            Some((server, schema)) => {
                let sign = if server.contains('?') { '&' } else { '?' };
                format!("{server}{sign}options=-csearch_path={schema}")
            }
            None => self.database(),
        }
    }

    /// Every wait short, and the lease still longer than the longest call.
    fn configuration(&self, wishes: &Wishes) -> String {
        let folder = self.folder.path().display();
        let store = self.store_url();
        let queue = match &self.prefix {
            Some(prefix) => format!("url = \"{}\"\nprefix = \"{prefix}\"", broker::url()),
            None => "url = \"embedded:\"".to_owned(),
        };
        format!(
            r#"public_url = "{address}"
[http]
bind = "127.0.0.1:{port}"
trusted_proxies = {trusted_proxies}
workers = 1
live_heartbeat = "100ms"
live_streams_per_person = 20
[store]
url = "{store}"
[queue]
{queue}
[vault]
key_file = "{folder}/vault.key"
[worker]
submit_slots = {slots}
follow_slots = {slots}
lease = "5s"
connect_timeout = "1s"
dataverse_timeout = "3s"
renku_timeout = "3s"
keycloak_timeout = "3s"
poll_first = "200ms"
poll_later = "500ms"
unclear = "4s"
dirty_clone = "3s"
settle = "500ms"
sweep_every = "{sweep_every}"
sweep_grace = "{sweep_grace}"
dataset_recheck = "500ms"
shutdown_deadline = "10s"
[worker.retry]
first = "200ms"
longest = "2s"
[worker.breaker]
first = "500ms"
longest = "2s"
[publications]
resume_first = "100ms"
resume_longest = "400ms"
resume_unclear = "{resume_unclear}"
resume_settled = "1500ms"
visible_within = "4s"
catch_up_every = "{catch_up_every}"
catch_up_pause = "10ms"
[admin]
people = ["{operator}"]
[dataverse.demo]
site_url = "{dataverse}"
workflow_secrets = ["an-older-secret-that-is-still-valid", "{WORKFLOW_SECRET}"]
[renku.sandbox]
url = "{renku}"
api = "{api}"
{data}git_hosts = ["{git}"]
{outstanding}[renku.sandbox.oidc]
issuer = "{issuer}"
client_id = "dataverse-connector"
client_secret = "sandbox-secret"
{more}
"#,
            operator = wishes.operator,
            api = wishes.api,
            resume_unclear = wishes.resume_unclear,
            sweep_every = wishes.sweep_every,
            sweep_grace = wishes.sweep_grace,
            // Renku 2 keeps its own limits.
            outstanding = if wishes.api == "core" { "outstanding = 10\n" } else { "" },
            data = if wishes.api == "core" {
                String::new()
            } else {
                format!("doi_resolver = \"{}/_doi/api\"\n", self.dataverse.site_url)
            },
            trusted_proxies = wishes.trusted_proxies,
            more = wishes.more,
            catch_up_every = wishes.catch_up_every,
            address = self.address(),
            port = self.port,
            slots = wishes.slots,
            dataverse = self.dataverse.site_url,
            renku = self.renku.url,
            git = self.renku.git_url.trim_start_matches("http://"),
            issuer = self.issuer,
        )
    }

    /// A file beside the configuration.
    pub(crate) fn file_with(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// A process of ours with these words after `serve`.
    pub(crate) fn start(&self, words: &[&str]) -> App {
        self.start_bound(words, self.port)
    }

    /// The file with the vault's keys.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("vault.key")
    }

    /// Runs a command of ours to its end; what it printed.
    pub(crate) async fn run(&self, words: &[&str]) -> (ExitStatus, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
        let output = command.arg("--config").arg(self.file()).args(words).output().await.unwrap();
        (output.status, String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// A port for a second process with pages, and its address.
    pub(crate) fn another_address() -> (u16, String) {
        let port = free_port();
        (port, format!("http://127.0.0.1:{port}"))
    }

    /// The same on a port of its own.
    pub(crate) fn start_bound(&self, words: &[&str], port: u16) -> App {
        self.start_with(words, port, &[])
    }

    /// The same with some settings otherwise, as an environment tells them.
    fn start_with(&self, words: &[&str], port: u16, settings: &[(&str, &str)]) -> App {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.path().join(format!("{number}.log"));
        let child = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"))
            .arg("--config")
            .arg(self.file())
            .arg("serve")
            .args(words)
            .env("DATAVERSE_RENKU__HTTP__BIND", format!("127.0.0.1:{port}"))
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn();
        App { child: child.unwrap(), log }
    }

    /// A process that answers requests.
    pub(crate) async fn serve(&self, words: &[&str]) -> App {
        self.answering(self.start(words)).await
    }

    /// The same with some settings otherwise.
    pub(crate) async fn serve_with(&self, settings: &[(&str, &str)]) -> App {
        self.answering(self.start_with(&[], self.port, settings)).await
    }

    async fn answering(&self, mut app: App) -> App {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.http.get(format!("{}/healthz", self.address())).send().await.is_ok() {
                return app;
            }
            assert!(!app.is_over() && Instant::now() < until, "it does not serve\n{}", app.log());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Alice's browser signs in at the connector, as it does when she comes to the page.
    pub(crate) async fn sign_in(&self) {
        self.sign_in_as("alice").await;
    }

    pub(crate) async fn sign_in_as(&self, person: &str) {
        let begun = self.http.get(format!("{}/sign-in?next=/", self.address())).send().await.unwrap();
        let cookies: Vec<_> = begun
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned())
            .collect();
        let at_keycloak = format!("{}&login_hint={person}&sandbox_auto=1", location(&begun));
        let at_keycloak = self.http.get(at_keycloak).send().await.unwrap();
        let back = self.http.get(location(&at_keycloak)).header(COOKIE, cookies.join("; "));
        let done = back.send().await.unwrap();
        assert!(done.status().is_redirection(), "{}", done.text().await.unwrap());
    }

    /// Alice's programs ask with a token of the kind that `renku login` gets.
    pub(crate) async fn log_in_a_program(&mut self) {
        self.token = Some(self.token_of("alice").await);
    }

    /// Somebody's token of that kind.
    pub(crate) async fn token_of(&self, person: &str) -> String {
        let oidc = format!("{}/protocol/openid-connect", self.keycloak.issuer);
        let begin = [("client_id", "renku-cli"), ("scope", "openid profile email")];
        let device = self.http.post(format!("{oidc}/auth/device")).form(&begin).send().await.unwrap();
        let device: Value = device.json().await.unwrap();
        let approve = json!({"user_code": device["user_code"], "user": person});
        self.post(&format!("{}/_sim/device/approve", self.keycloak.base_url), &approve).await;
        let poll = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "renku-cli"),
            ("device_code", device["device_code"].as_str().unwrap()),
        ];
        let tokens = self.http.post(format!("{oidc}/token")).form(&poll).send().await.unwrap();
        let tokens: Value = tokens.json().await.unwrap();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// Tells the simulated Dataverse something.
    pub(crate) async fn tell_dataverse(&self, what: &str, body: &Value) -> Value {
        let url = format!("{}/_sim/{what}", self.dataverse.site_url);
        let answer = self.http.post(&url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{url} answered {}", answer.status());
        answer.json().await.unwrap()
    }

    /// Tells the simulated Renku something.
    pub(crate) async fn tell_renku(&self, what: &str, body: &Value) {
        self.post(&format!("{}/_sim/{what}", self.renku.url), body).await;
    }

    /// Asks the simulated Dataverse something.
    pub(crate) async fn ask_dataverse(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}/{path}", self.dataverse.site_url)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The address of one of alice's projects.
    pub(crate) fn project(&self, name: &str) -> String {
        format!("{}/alice/{name}", self.renku.git_url)
    }

    /// The file in which the state is kept.
    pub(crate) fn database(&self) -> String {
        format!("sqlite://{}/whole.db", self.folder.path().display())
    }

    async fn post(&self, url: &str, body: &Value) {
        let answer = self.http.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{url} answered {}", answer.status());
    }

    /// Lets the simulated Keycloak send people back to this address.
    pub(crate) async fn register_at_keycloak(&self, redirect_uri: &str) {
        let client = json!({ "client_id": "dataverse-connector", "redirect_uris": [redirect_uri] });
        self.post(&format!("{}/_sim/clients", self.keycloak.base_url), &client).await;
    }

    /// Gives the simulated Keycloak this client, in the place of one with the same name.
    pub(crate) async fn put_client(&self, client: &Value) {
        self.post(&format!("{}/_sim/clients", self.keycloak.base_url), client).await;
    }

    /// Answers the simulated Keycloak's question about a device, as its person does there.
    pub(crate) async fn answer_device(&self, answer: &str, user_code: &str, user: &str) {
        let body = json!({ "user_code": user_code, "user": user });
        self.post(&format!("{}/_sim/device/{answer}", self.keycloak.base_url), &body).await;
    }

    /// Plays a fault of the simulated Keycloak.
    pub(crate) async fn keycloak_fault(&self, fault: &Value) {
        self.post(&format!("{}/_sim/faults", self.keycloak.base_url), fault).await;
    }

    /// Every token request that the simulated Keycloak saw.
    pub(crate) async fn keycloak_events(&self) -> Vec<Value> {
        let events = self.http.get(format!("{}/_sim/events", self.keycloak.base_url)).send().await;
        events.unwrap().json().await.unwrap()
    }

    pub(crate) async fn submits(&self) -> Value {
        let submits = self.http.get(format!("{}/_sim/submits", self.renku.url)).send().await.unwrap();
        submits.json().await.unwrap()
    }

    /// How many submits Renku has accepted.
    pub(crate) async fn accepted(&self) -> usize {
        number(&self.submits().await["totals"]["accepted"])
    }

    /// Waits until Renku has accepted so many.
    pub(crate) async fn renku_accepts(&self, count: usize) {
        self.eventually(&format!("{count} submits"), async || self.accepted().await >= count).await;
    }

    pub(crate) async fn eventually(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(Instant::now() < until, "did not come to pass: {what}\n{}", self.last_log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn last_log(&self) -> String {
        let number = self.started.load(Ordering::Relaxed).saturating_sub(1);
        let log =
            std::fs::read_to_string(self.folder.path().join(format!("{number}.log"))).unwrap_or_default();
        let from = log.len().saturating_sub(6_000);
        log.get(from..).unwrap_or(&log).to_owned()
    }

    /// The service's address as its pages know it.
    pub(crate) fn public_url(&self) -> String {
        self.address()
    }

    /// Where somebody is sent on from an address elsewhere.
    pub(crate) async fn elsewhere(&self, address: &str) -> String {
        location(&self.http.get(address).send().await.unwrap())
    }

    /// A request to the API in alice's name, to be added to and sent.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request_without_token(method, path).bearer_auth(self.token.as_ref().unwrap())
    }

    /// A request to the API in nobody's name.
    pub(crate) fn request_without_token(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("{}{path}", self.address()))
    }

    pub(crate) async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let answer = request.bearer_auth(self.token.as_ref().unwrap()).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = answer.text().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status}: {body}"));
        }
        serde_json::from_str(&body).map_err(|error| error.to_string())
    }

    /// Asks for an import of one of Dataverse's datasets into one of alice's projects; its number.
    pub(crate) async fn import(&self, dataset: &str, project: &str) -> String {
        let order = json!({
            "dataset": format!("doi:10.5072/FK2/{dataset}"),
            "project": format!("{}/alice/{project}", self.renku.git_url),
        });
        let imports = format!("{}/api/v1/imports", self.address());
        let import = self.ask(self.http.post(imports).json(&order)).await;
        import.unwrap_or_else(|refused| panic!("{refused}\n{}", self.last_log()))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// `count` imports, at most three into each project.
    pub(crate) async fn imports(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for number in 0..count {
            let (dataset, project) = self.nth(number).await;
            ids.push(self.import(dataset, &project).await);
        }
        ids
    }

    /// The dataset and the project of the import with this number, of which three go into each project; the project is made.
    async fn nth(&self, number: usize) -> (&'static str, String) {
        let datasets = ["GLACIER", "SMALL3", "DRAFT2"];
        let project = format!("project-{}", number / datasets.len());
        if number.is_multiple_of(datasets.len()) {
            let path = json!({"path": format!("alice/{project}")});
            self.post(&format!("{}/_sim/projects", self.renku.url), &path).await;
        }
        (datasets[number % datasets.len()], project)
    }

    /// Asks for the import with this number at these addresses in turn until one answers, always with the same key.
    pub(crate) async fn import_somewhere(&self, addresses: &[String], number: usize) -> String {
        let (dataset, project) = self.nth(number).await;
        let order = json!({
            "dataset": format!("doi:10.5072/FK2/{dataset}"),
            "project": format!("{}/alice/{project}", self.renku.git_url),
        });
        let until = Instant::now() + PATIENCE;
        for address in addresses.iter().cycle().skip(number) {
            let request = self.http.post(format!("{address}/api/v1/imports")).json(&order);
            match self.ask(request.header("idempotency-key", format!("number-{number}"))).await {
                Ok(import) => return text(&import["id"]),
                Err(refused) => assert!(Instant::now() < until, "{refused}\n{}", self.last_log()),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no address was given");
    }

    /// Empties every queue of ours, as an operator may in the dashboard; how many messages are gone.
    pub(crate) async fn purge_queues(&self) -> u32 {
        let (names, _) = self.names_at_broker().await;
        let connection = Connection::connect(&broker::url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let mut gone = 0;
        for name in names {
            gone += channel.queue_purge(name.as_str().into(), QueuePurgeOptions::default()).await.unwrap();
        }
        gone
    }

    /// How many consumers each lane has.
    pub(crate) async fn consumers(&self) -> Vec<u32> {
        let connection = Connection::connect(&broker::url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let mut consumers = Vec::new();
        for lane in Lane::ALL {
            let name = format!("{}.{}", self.prefix.as_ref().unwrap(), lane.as_str());
            let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
            let queue = channel.queue_declare(name.into(), options, FieldTable::default()).await.unwrap();
            consumers.push(queue.consumer_count());
        }
        consumers
    }

    /// Our queues and exchanges.
    async fn names_at_broker(&self) -> (Vec<String>, [String; 2]) {
        let mut settings = RabbitSettings::new(SecretString::from(broker::url()));
        settings.prefix = format!("{}.", self.prefix.as_ref().unwrap());
        settings.prefetch = None;
        let queue = RabbitQueue::start(settings, &TaskTracker::new(), &CancellationToken::new()).unwrap();
        let names = (queue.queue_names(), queue.exchange_names());
        queue.close().await;
        names
    }

    /// The import as the API shows it.
    pub(crate) async fn look(&self, id: &str) -> Result<Value, String> {
        self.ask(self.http.get(format!("{}/api/v1/imports/{id}", self.address()))).await
    }

    /// Waits until the import is so.
    pub(crate) async fn import_is(&self, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = async || match self.look(id).await {
            Ok(import) => {
                last = import;
                is(&last)
            }
            Err(_) => false,
        };
        let until = Instant::now() + PATIENCE;
        let mut found = found;
        while !found().await {
            if Instant::now() > until {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(is(&last), "the import is not {what}: {last}\n{}", self.last_log());
        last
    }

    /// Waits until all have ended, and counts.
    pub(crate) async fn all_end(&self, ids: &[String]) -> Tally {
        let mut arrived: BTreeMap<(String, String), bool> = BTreeMap::new();
        for id in ids {
            let import = self.import_is(id, "at its end", |import| import["ended"] == true).await;
            let whole = import["phase"] == "succeeded" && import["outcome"] == "complete";
            if !whole {
                println!("{import}");
            }
            let (project, dataset) = (text(&import["project"]), text(&import["dataset"]));
            let path = project.trim_start_matches(&self.renku.git_url).trim_start_matches('/').to_owned();
            arrived.insert((path, dataset), whole);
        }
        let submits = self.submits().await;
        let mut accepted: BTreeMap<(String, String), usize> = BTreeMap::new();
        for submit in submits["submits"].as_array().unwrap() {
            let uri = text(&submit["dataset_uri"]);
            let dataset = arrived.keys().find(|(_, dataset)| uri.contains(dataset.as_str()));
            let dataset = dataset.unwrap_or_else(|| panic!("nobody asked for {submit}")).1.clone();
            *accepted.entry((text(&submit["project"]), dataset)).or_default() += number(&submit["accepted"]);
        }
        let lost = arrived.iter().filter(|(key, whole)| !**whole || !accepted.contains_key(*key)).count();
        let tally = Tally {
            asked: ids.len(),
            submitted: accepted.values().sum(),
            ended: arrived.values().filter(|whole| **whole).count(),
            doubled: accepted.values().filter(|times| **times > 1).count(),
            lost,
        };
        if tally != Tally::clean(ids.len()) {
            println!("{submits}\n{}", self.last_log());
        }
        tally
    }

    /// Stops the simulators and leaves nothing on the servers; the processes must be over.
    pub(crate) async fn clear(self) {
        let names = if self.prefix.is_some() { Some(self.names_at_broker().await) } else { None };
        self.renku.stop().await;
        self.keycloak.stop().await;
        self.dataverse.stop().await;
        if let Some((server, name)) = &self.schema {
            bench::run(server, format!("DROP SCHEMA {name} CASCADE")).await.unwrap();
        }
        let Some(names) = names else { return };
        let connection = Connection::connect(&broker::url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        for name in names.0 {
            channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
        }
        for name in names.1 {
            channel.exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default()).await.unwrap();
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

pub(crate) fn location(answer: &reqwest::Response) -> String {
    let location = answer.headers().get(LOCATION);
    location.unwrap_or_else(|| panic!("{} leads nowhere", answer.url())).to_str().unwrap().to_owned()
}

/// A port that stays the same over a restart: below those that the system gives to connections.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 8_000).unwrap();
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

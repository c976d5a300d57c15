//! A deployment for the doctor: our configuration and database, a Keycloak (simulated, or a real one named by
//! `TEST_KEYCLOAK_ISSUER`), and simulated systems beside it.
//!
//! What is broken in it belongs in the tests.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::app::{self, Access, Parts};
use dataverse_renku::config::Config;
use dataverse_renku::doctor::{Finding, Mark};
use dataverse_renku::domain::import::{Condition, End, Stage, State};
use dataverse_renku::domain::ports::Clock as _;
use dataverse_renku::domain::ports::identity::{Credential, Stay};
use dataverse_renku::domain::ports::queue::Message;
use dataverse_renku::domain::ports::store::Created;
use dataverse_renku::domain::problem::ProblemCode;
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::identity::Callback;
use dataverse_renku::imports::start::Request;
use dataverse_renku::lifecycle::SystemClock;
use dataverse_renku::sandbox::{dataverse, keycloak, renku_core};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::browser::Browser;

pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/sign-in/callback";
pub(crate) const SUPERUSER: &str = "99999999-8888-7777-6666-555555555555";

/// A healthy deployment, until something is changed in it.
pub(crate) struct World {
    pub(crate) keycloak: Option<keycloak::Running>,
    pub(crate) issuer: String,
    pub(crate) password: String,
    pub(crate) dataverse: dataverse::Running,
    pub(crate) renku: renku_core::Running,
    pub(crate) folder: TempDir,
}

#[expect(clippy::disallowed_methods, reason = "names the servers to test against, as for the databases")]
pub(crate) fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(crate) fn kcadm() -> Option<PathBuf> {
    from_environment("TEST_KEYCLOAK_KCADM").map(PathBuf::from)
}

/// What is different in a configuration.
#[derive(Clone, Copy, Default)]
pub(crate) struct Changed<'a> {
    /// Lines of `[renku.main]`.
    pub(crate) renku: &'a str,
    /// Lines of `[renku.main.oidc]`; without any the usual ones stand.
    pub(crate) oidc: &'a str,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) renku_url: Option<&'a str>,
    pub(crate) dataverse_url: Option<&'a str>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(renku_core::Options::default(), dataverse::Options::default()).await
    }

    pub(crate) async fn with(renku: renku_core::Options, dataverse: dataverse::Options) -> Self {
        match from_environment("TEST_KEYCLOAK_ISSUER") {
            Some(issuer) => {
                let password = from_environment("TEST_KEYCLOAK_PASSWORD").unwrap();
                Self::around((None, issuer, password), renku, dataverse).await
            }
            None => Self::around(simulated_keycloak().await, renku, dataverse).await,
        }
    }

    /// For what only the simulated Keycloak can play.
    pub(crate) async fn with_simulated_keycloak() -> Self {
        let (renku, dataverse) = (renku_core::Options::default(), dataverse::Options::default());
        Self::around(simulated_keycloak().await, renku, dataverse).await
    }

    async fn around(
        (running, issuer, password): (Option<keycloak::Running>, String, String),
        renku: renku_core::Options,
        dataverse: dataverse::Options,
    ) -> Self {
        let renku = renku_core::Options { issuer: issuer.clone(), pace: 0.1, ..renku };
        let world = Self {
            keycloak: running,
            issuer,
            password,
            dataverse: dataverse::start(dataverse).await.unwrap(),
            renku: renku_core::start(renku).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        world.write(Changed::default());
        Parts::connect(&world.config(), Access::Serve, None).await.unwrap().close().await;
        world
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("connector.toml")
    }

    pub(crate) fn write(&self, changed: Changed<'_>) {
        let usual = "client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"";
        let text = format!(
            "public_url = \"http://127.0.0.1:9\"\n[store]\nurl = \"sqlite://{folder}/test.db\"\n[vault]\n\
             key_file = \"{folder}/vault.key\"\n[dataverse.demo]\nsite_url = \"{dataverse}\"\n\
             api_token = \"{SUPERUSER}\"\n[renku.main]\nurl = \"{renku}\"\n{more}\n\
             git_hosts = [\"{git}\"]\noutstanding = 50\n[renku.main.oidc]\n\
             issuer = \"{issuer}\"\n{oidc}\n",
            folder = self.folder.path().display(),
            dataverse = changed.dataverse_url.unwrap_or(&self.dataverse.site_url),
            renku = changed.renku_url.unwrap_or(&self.renku.url),
            more = changed.renku,
            git = self.renku.git_url.trim_start_matches("http://"),
            issuer = changed.issuer.unwrap_or(&self.issuer),
            oidc = if changed.oidc.is_empty() { usual } else { changed.oidc },
        );
        std::fs::write(self.file(), text).unwrap();
    }

    /// The usual configuration, and these sections.
    pub(crate) fn write_with(&self, more: &str) {
        self.write(Changed::default());
        let text = std::fs::read_to_string(self.file()).unwrap();
        std::fs::write(self.file(), format!("{text}{more}")).unwrap();
    }

    /// Announcements of publications come with this secret, until the configuration is written anew.
    pub(crate) fn add_workflow_secret(&self, secret: &str) {
        self.write(Changed::default());
        let text = std::fs::read_to_string(self.file()).unwrap();
        let changed = text
            .replace("[dataverse.demo]\n", &format!("[dataverse.demo]\nworkflow_secrets = [\"{secret}\"]\n"));
        std::fs::write(self.file(), changed).unwrap();
    }

    pub(crate) fn config(&self) -> Config {
        Config::load(Some(&self.file()), []).unwrap().0
    }

    pub(crate) async fn examine(&self) -> Vec<Finding> {
        app::doctor(&self.config()).unwrap().examine().await
    }

    /// The codes of everything that is ✗.
    pub(crate) async fn wrong(&self) -> BTreeSet<&'static str> {
        codes(&self.examine().await)
    }

    pub(crate) async fn sign_in(&self, username: &str) {
        let parts = Parts::connect(&self.config(), Access::Serve, None).await.unwrap();
        let begun = parts.identity.begin_sign_in(&"main".parse().unwrap(), "/", Stay::Session).await.unwrap();
        let mut back = Browser::new().sign_in(&begun.url, CALLBACK, username, &self.password).await;
        let mut field = |name| back.remove(name).map(Into::into);
        let callback = Callback { state: field("state"), code: field("code"), ..Callback::default() };
        parts.identity.finish_sign_in(callback, Some(&begun.cookie.secret), None).await.unwrap();
        parts.close().await;
    }

    /// What an import is told that needs a fresh token: a real one, worked on until it waits, ends, or is at Renku. `None`: nothing.
    pub(crate) async fn at_an_import(&self) -> Option<ProblemCode> {
        let parts = Parts::connect(&self.config(), Access::Serve, None).await.unwrap();
        let person = parts.people.people(1).await.unwrap().remove(0);
        let stored = parts.people.credential(person.id).await.unwrap().unwrap();
        let over = Credential { access_until: Timestamp::from_millis(0), ..stored };
        assert!(parts.people.change_credential(&over, over.signed_in_at).await.unwrap());
        let path = format!("alice/project-{}", Uuid::now_v7().simple());
        let http = client(&HttpSettings::default()).unwrap();
        let made = http.post(format!("{}/_sim/projects", self.renku.url)).json(&json!({"path": path}));
        assert!(made.send().await.unwrap().status().is_success());
        let request = Request {
            dataset: "doi:10.5072/FK2/GLACIER".to_owned(),
            installation: None,
            version: None,
            api: None,
            project: format!("{}/{path}", self.renku.git_url),
            name: None,
            migrate: false,
        };
        let created = parts.engine.start(person.id, &person.renku, &request, None).await.unwrap();
        let Created::New(mut import) = created else { panic!("{created:?}") };
        let mut told = None;
        for _ in 0..6 {
            let message = Message::about(&import, SystemClock.now());
            parts.engine.run_step(&message).await.unwrap();
            import = parts.engine.store().import(import.id).await.unwrap().unwrap();
            told = match &import.state {
                State::Open { stage: Stage::Running { .. } | Stage::Verifying { .. }, .. } => break,
                State::Open { condition: Condition::None, .. } => continue,
                State::Open { condition, .. } => condition.problem().cloned(),
                State::Ended { end: End::Failed { problem, .. } | End::Parked { problem, .. } } => {
                    Some(problem.clone())
                }
                State::Ended { .. } => break,
            };
            break;
        }
        assert!(
            told.is_some() || matches!(&import.state, State::Open { stage: Stage::Running { .. }, .. }),
            "the import got nowhere: {:?}",
            import.state
        );
        parts.close().await;
        told.map(|problem| problem.code)
    }

    pub(crate) async fn simulated(&self, path: &str, body: Value) {
        let base = &self.keycloak.as_ref().unwrap().base_url;
        let http = client(&HttpSettings::default()).unwrap();
        let answer = http.post(format!("{base}/_sim/{path}")).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
    }

    pub(crate) fn ours(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
        command.arg("--config").arg(self.file()).args(arguments).output().unwrap()
    }

    /// A command of ours that goes on while the test talks to it.
    pub(crate) fn spawned(&self, arguments: &[&str]) -> std::process::Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
        command.arg("--config").arg(self.file()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn fed(&self, arguments: &[&str], input: &str) -> Output {
        use std::io::Write as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
        command.arg("--config").arg(self.file()).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs what an administrator of the real Keycloak types; `$C` and `$U` are our client's and alice's numbers.
    pub(crate) fn administrator(&self, line: &str) {
        let tools = kcadm().unwrap();
        let ours = PathBuf::from(env!("CARGO_BIN_EXE_dataverse-renku"));
        let path = format!(
            "{}:{}:/usr/local/bin:/usr/bin:/bin",
            tools.parent().unwrap().display(),
            ours.parent().unwrap().display()
        );
        // Numbers are looked up once: each kcadm.sh is a Java program of its own.
        let numbers = self.folder.path().join("numbers.sh");
        let find = format!(
            "N='{}'; [ -f \"$N\" ] || {{ \
             echo C=$(kcadm.sh get clients -r Renku -q clientId=dataverse-connector --fields id --format csv --noquotes) >\"$N\"; \
             echo U=$(kcadm.sh get users -r Renku -q username=alice --fields id --format csv --noquotes) >>\"$N\"; \
             kcadm.sh get client-scopes -r Renku --fields id,name --format csv --noquotes | sed 's/^/# /' >>\"$N\"; }}; \
             . \"$N\"; scope() {{ sed -n \"s/^# \\(.*\\),$1$/\\1/p\" \"$N\"; }}; ",
            numbers.display()
        );
        let find = if line.starts_with("kcadm.sh") && line.contains('$') { find } else { String::new() };
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &format!("{find}{line}")]);
        command.env("PATH", path).env("DATAVERSE_RENKU_CONFIG", self.file());
        let done = command.output().unwrap();
        assert!(done.status.success(), "{line}\n{}", String::from_utf8_lossy(&done.stderr));
    }
}

async fn simulated_keycloak() -> (Option<keycloak::Running>, String, String) {
    let running = keycloak::start(keycloak::Options::default()).await.unwrap();
    let issuer = running.issuer.clone();
    (Some(running), issuer, "any".to_owned())
}

pub(crate) fn codes(findings: &[Finding]) -> BTreeSet<&'static str> {
    let broken = findings.iter().filter(|finding| finding.mark == Mark::Broken);
    broken.map(|finding| finding.problem.as_ref().unwrap().code.as_str()).collect()
}

pub(crate) fn only(code: &'static str) -> BTreeSet<&'static str> {
    BTreeSet::from([code])
}

pub(crate) async fn healthy() -> World {
    let world = World::start().await;
    let registered = world.ours(&["register", "--installation", "demo", "--apply"]);
    assert!(registered.status.success(), "{}", String::from_utf8_lossy(&registered.stderr));
    world
}

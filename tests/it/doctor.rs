//! The doctor names what is wrong and nothing else, and what it prints mends it: at the simulated systems, and with
//! `TEST_KEYCLOAK_ISSUER` at a real Keycloak, whose settings `TEST_KEYCLOAK_KCADM` changes (see `tests/real/keycloak`).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::app::{self, Access, Parts};
use dataverse_renku::config::Config;
use dataverse_renku::doctor::{Check, Finding, Mark, Note};
use dataverse_renku::domain::manifest;
use dataverse_renku::domain::ports::identity::{Credential, Stay, Tokens as _};
use dataverse_renku::domain::problem::ProblemCode;
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::identity::Callback;
use dataverse_renku::sandbox::{dataverse, keycloak, renku_core};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;

const CALLBACK: &str = "http://127.0.0.1:9/sign-in/callback";
const SUPERUSER: &str = "99999999-8888-7777-6666-555555555555";

/// A healthy deployment, until something is changed in it.
struct World {
    keycloak: Option<keycloak::Running>,
    issuer: String,
    password: String,
    dataverse: dataverse::Running,
    renku: renku_core::Running,
    folder: TempDir,
}

#[expect(clippy::disallowed_methods, reason = "names the servers to test against, as for the databases")]
fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn kcadm() -> Option<PathBuf> {
    from_environment("TEST_KEYCLOAK_KCADM").map(PathBuf::from)
}

/// What is different in a configuration.
#[derive(Clone, Copy, Default)]
struct Changed<'a> {
    /// Lines of `[renku.main]`.
    renku: &'a str,
    /// Lines of `[renku.main.oidc]`; without any the usual ones stand.
    oidc: &'a str,
    issuer: Option<&'a str>,
    renku_url: Option<&'a str>,
    dataverse_url: Option<&'a str>,
}

impl World {
    async fn start() -> Self {
        Self::with(renku_core::Options::default(), dataverse::Options::default()).await
    }

    async fn with(renku: renku_core::Options, dataverse: dataverse::Options) -> Self {
        let (running, issuer, password) = if let Some(issuer) = from_environment("TEST_KEYCLOAK_ISSUER") {
            (None, issuer, from_environment("TEST_KEYCLOAK_PASSWORD").unwrap())
        } else {
            let running = keycloak::start(keycloak::Options::default()).await.unwrap();
            let issuer = running.issuer.clone();
            (Some(running), issuer, "any".to_owned())
        };
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

    fn file(&self) -> PathBuf {
        self.folder.path().join("connector.toml")
    }

    fn write(&self, changed: Changed<'_>) {
        let usual = "client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"";
        let text = format!(
            "public_url = \"http://127.0.0.1:9\"\n[store]\nurl = \"sqlite://{folder}/test.db\"\n[vault]\n\
             key_file = \"{folder}/vault.key\"\n[dataverse.demo]\nsite_url = \"{dataverse}\"\n\
             api_token = \"{SUPERUSER}\"\n[renku.main]\nurl = \"{renku}\"\n{more}\n[renku.main.oidc]\n\
             issuer = \"{issuer}\"\n{oidc}\n",
            folder = self.folder.path().display(),
            dataverse = changed.dataverse_url.unwrap_or(&self.dataverse.site_url),
            renku = changed.renku_url.unwrap_or(&self.renku.url),
            more = changed.renku,
            issuer = changed.issuer.unwrap_or(&self.issuer),
            oidc = if changed.oidc.is_empty() { usual } else { changed.oidc },
        );
        std::fs::write(self.file(), text).unwrap();
    }

    fn config(&self) -> Config {
        Config::load(Some(&self.file()), []).unwrap().0
    }

    async fn examine(&self) -> Vec<Finding> {
        app::doctor(&self.config()).unwrap().examine().await
    }

    /// The codes of everything that is ✗.
    async fn wrong(&self) -> BTreeSet<&'static str> {
        codes(&self.examine().await)
    }

    async fn sign_in(&self, username: &str) {
        let parts = Parts::connect(&self.config(), Access::Serve, None).await.unwrap();
        let begun = parts.identity.begin_sign_in(&"main".parse().unwrap(), "/", Stay::Session).await.unwrap();
        let mut back = Browser::new().sign_in(&begun.url, CALLBACK, username, &self.password).await;
        let mut field = |name| back.remove(name).map(Into::into);
        let callback = Callback { state: field("state"), code: field("code"), ..Callback::default() };
        parts.identity.finish_sign_in(callback, Some(&begun.cookie.secret), None).await.unwrap();
        parts.close().await;
    }

    /// What an import is told when it needs a token and the stored one is over.
    async fn at_an_import(&self) -> Option<ProblemCode> {
        let parts = Parts::connect(&self.config(), Access::Serve, None).await.unwrap();
        let person = parts.people.people(1).await.unwrap().remove(0);
        let stored = parts.people.credential(person.id).await.unwrap().unwrap();
        let over = Credential { access_until: Timestamp::from_millis(0), ..stored };
        assert!(parts.people.change_credential(&over, over.signed_in_at).await.unwrap());
        let told = parts.identity.access_token(person.id).await.err().map(|fault| fault.problem.code);
        parts.close().await;
        told
    }

    async fn simulated(&self, path: &str, body: Value) {
        let base = &self.keycloak.as_ref().unwrap().base_url;
        let http = client(&HttpSettings::default()).unwrap();
        let answer = http.post(format!("{base}/_sim/{path}")).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
    }

    fn ours(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
        command.arg("--config").arg(self.file()).args(arguments).output().unwrap()
    }

    fn fed(&self, arguments: &[&str], input: &str) -> Output {
        use std::io::Write as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
        command.arg("--config").arg(self.file()).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs what an administrator of the real Keycloak types; `$C` and `$U` are our client's and alice's numbers.
    fn administrator(&self, line: &str) {
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

fn codes(findings: &[Finding]) -> BTreeSet<&'static str> {
    let broken = findings.iter().filter(|finding| finding.mark == Mark::Broken);
    broken.map(|finding| finding.problem.as_ref().unwrap().code.as_str()).collect()
}

fn only(code: &'static str) -> BTreeSet<&'static str> {
    BTreeSet::from([code])
}

async fn healthy() -> World {
    let world = World::start().await;
    let registered = world.ours(&["register", "--installation", "demo", "--apply"]);
    assert!(registered.status.success(), "{}", String::from_utf8_lossy(&registered.stderr));
    world
}

#[tokio::test]
async fn a_healthy_deployment_has_nothing_wrong_before_and_after_somebody_signed_in() {
    let world = healthy().await;
    let findings = world.examine().await;
    assert_eq!(codes(&findings), BTreeSet::new(), "{findings:#?}");
    let noted = |note| findings.iter().any(|finding| finding.note == Some(note));
    assert!(noted(Note::NobodySignedIn), "whether the audience is there cannot be seen yet");
    assert!(!noted(Note::PkceNotEnforced), "the realm demands PKCE");
    world.sign_in("alice").await;
    let findings = world.examine().await;
    assert_eq!(codes(&findings), BTreeSet::new(), "{findings:#?}");
    for check in [Check::SignIn, Check::Person] {
        let fine = |finding: &Finding| {
            finding.check == check && finding.mark == Mark::Fine && finding.seen == "alice"
        };
        assert!(findings.iter().any(fine), "{check:?}: {findings:#?}");
    }
    assert_eq!(world.at_an_import().await, None);
}

/// Broken set-ups that are made by the configuration or by the simulators, each with its cause.
#[tokio::test]
async fn each_wrong_setting_gives_its_own_cause_and_no_other() {
    let world = healthy().await;
    let elsewhere = format!("{}x", world.issuer);
    let bare = world.issuer.replace("/auth/", "/");
    let oidc = |line: &str| {
        format!("client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"\n{line}")
    };
    let accepted = oidc("accepted_clients = [\"renku\"]");
    let scopes = oidc("scopes = [\"openid\", \"profile\", \"email\", \"nonsense\"]");
    let changed = Changed::default();
    let table = [
        (Changed { issuer: Some(&elsewhere), ..changed }, "issuer-not-found"),
        (Changed { issuer: Some(&bare), ..changed }, "issuer-not-found"),
        (Changed { issuer: Some("http://127.0.0.1:1/auth/realms/Renku"), ..changed }, "keycloak-unreachable"),
        (
            Changed { oidc: "client_id = \"nobody\"\nclient_secret = \"sandbox-secret\"", ..changed },
            "client-unknown",
        ),
        (
            Changed { oidc: "client_id = \"dataverse-connector\"\nclient_secret = \"other\"", ..changed },
            "client-refused",
        ),
        (
            Changed { oidc: "client_id = \"no-code\"\nclient_secret = \"sandbox-secret\"", ..changed },
            "code-flow-off",
        ),
        (Changed { oidc: &accepted, ..changed }, "token-client-not-accepted"),
        (Changed { oidc: &scopes, ..changed }, "scope-not-granted"),
        (Changed { oidc: "flow = \"device\"\nclient_id = \"swagger\"", ..changed }, "device-flow-off"),
        (Changed { renku_url: Some("http://127.0.0.1:1"), ..changed }, "renku-unreachable"),
        (Changed { renku: "api = \"data\"", ..changed }, "renku-api-not-offered"),
        (Changed { dataverse_url: Some("http://127.0.0.1:1"), ..changed }, "dataverse-unreachable"),
        (Changed { dataverse_url: Some(&world.renku.url), ..changed }, "dataverse-answer-not-understood"),
    ];
    for (changed, code) in table {
        world.write(changed);
        let findings = world.examine().await;
        assert_eq!(codes(&findings), only(code), "{findings:#?}");
        if code == "issuer-not-found" {
            let issuer = format!("issuer = \"{}\"", world.issuer);
            let told = |finding: &Finding| finding.commands.iter().any(|command| command.ends_with(&issuer));
            assert!(findings.iter().any(told), "where the realm is, is told: {findings:#?}");
        }
    }
    world.write(Changed { oidc: "flow = \"device\"\nclient_id = \"renku-cli\"", ..changed });
    assert_eq!(world.wrong().await, BTreeSet::new());
}

#[tokio::test]
async fn our_own_ground_is_looked_at_first() {
    let world = healthy().await;
    world.sign_in("alice").await;
    let key = world.folder.path().join("vault.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    assert_eq!(world.wrong().await, only("vault-key-wrong"));
    std::fs::write(&key, kept).unwrap();
    for file in ["test.db", "test.db-wal", "test.db-shm"] {
        drop(std::fs::remove_file(world.folder.path().join(file)));
    }
    assert_eq!(world.wrong().await, only("store-unavailable"));
    std::fs::write(world.folder.path().join("test.db"), "").unwrap();
    assert_eq!(world.wrong().await, only("schema-not-current"));
    std::fs::write(world.file(), "public_url = \"nonsense\"\n").unwrap();
    let told = world.ours(&["doctor", "--json"]);
    assert_eq!(told.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["findings"][0]["code"], "configuration-invalid", "{told}");
}

#[tokio::test]
async fn a_go_gateway_does_not_take_our_client_and_the_way_out_is_told() {
    let options = renku_core::Options { gateway: renku_core::Gateway::Go, ..renku_core::Options::default() };
    let world = World::with(options, dataverse::Options::default()).await;
    assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
    let findings = world.examine().await;
    assert_eq!(codes(&findings), only("token-client-not-accepted"), "{findings:#?}");
    let told: Vec<_> = findings.iter().flat_map(|finding| &finding.commands).collect();
    assert!(told.iter().any(|command| command.contains("flow = \"device\"")), "{told:?}");
    assert!(told.iter().any(|command| command.contains("authorizedParty: dataverse-connector")), "{told:?}");
    world.write(Changed { oidc: "flow = \"device\"\nclient_id = \"renku-cli\"", ..Changed::default() });
    assert_eq!(world.wrong().await, BTreeSet::new());
}

/// What only the simulated Keycloak is asked to play here; at the real one its administrator does it, below.
#[tokio::test]
async fn what_happens_to_a_client_and_a_person_is_seen_without_spending_their_sign_in() {
    if from_environment("TEST_KEYCLOAK_ISSUER").is_some() {
        return;
    }
    let world = healthy().await;
    world
        .simulated(
            "clients",
            json!({"client_id": "dataverse-connector", "redirect_uris": ["https://c.example/x"]}),
        )
        .await;
    assert_eq!(world.wrong().await, only("redirect-address-not-registered"));
    world
        .simulated(
            "clients",
            json!({"client_id": "dataverse-connector", "redirect_uris": ["http://127.0.0.1*"]}),
        )
        .await;
    world.sign_in("alice").await;
    world.simulated("faults", json!({"name": "disable_user", "user": "alice"})).await;
    assert_eq!(world.wrong().await, only("account-disabled"));
    assert_eq!(world.at_an_import().await, Some(ProblemCode::AccountDisabled));
    world.simulated("faults", json!({"name": "enable_user", "user": "alice"})).await;
    world.sign_in("alice").await;
    assert_eq!(world.wrong().await, BTreeSet::new());
    world.simulated("faults", json!({"name": "end_session", "user": "alice"})).await;
    assert_eq!(world.wrong().await, only("sign-in-needed"));
    world.sign_in("alice").await;
    let without = json!({
        "client_id": "dataverse-connector", "secret": "sandbox-secret", "standard_flow": true, "pkce_required": false,
        "audience_renku": false, "redirect_uris": ["http://127.0.0.1*"],
    });
    world.simulated("clients", without).await;
    let findings = world.examine().await;
    assert_eq!(codes(&findings), only("token-without-audience"), "{findings:#?}");
    assert!(findings.iter().any(|finding| finding.note == Some(Note::PkceNotEnforced)));
    assert_eq!(world.at_an_import().await, Some(ProblemCode::TokenWithoutAudience));
}

/// A change at the real Keycloak: who it is seen by, what mends it where no printed command does.
struct Provoked {
    /// Whether somebody signed in before.
    signed_in: bool,
    line: &'static str,
    code: &'static str,
    /// What an import is told; `None` where it does not meet it.
    import: Option<&'static str>,
    /// What undoes it, where the doctor's own command does not.
    undo: Option<&'static str>,
    oidc: &'static str,
}

const fn provoked(line: &'static str, code: &'static str) -> Provoked {
    Provoked { signed_in: false, line, code, import: None, undo: None, oidc: "" }
}

const fn at_an_import(line: &'static str, code: &'static str, import: &'static str) -> Provoked {
    Provoked { signed_in: true, line, code, import: Some(import), undo: None, oidc: "" }
}

const fn undone(case: Provoked, undo: &'static str) -> Provoked {
    Provoked { undo: Some(undo), ..case }
}

const OFFLINE: &str = "client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"\n\
                       scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]";
const DEVICE: &str = "flow = \"device\"\nclient_id = \"renku-cli\"";

fn provoked_at_keycloak() -> Vec<Provoked> {
    vec![
        at_an_import(
            "kcadm.sh update clients/$C -r Renku -s enabled=false",
            "client-disabled",
            "client-unknown",
        ),
        at_an_import(
            "kcadm.sh update clients/$C -r Renku -s secret=another",
            "client-refused",
            "client-refused",
        ),
        provoked(
            "kcadm.sh update clients/$C -r Renku -s 'redirectUris=[\"https://elsewhere.example/x\"]'",
            "redirect-address-not-registered",
        ),
        provoked("kcadm.sh update clients/$C -r Renku -s standardFlowEnabled=false", "code-flow-off"),
        provoked(
            "kcadm.sh update clients/$C -r Renku -s 'attributes.\"pkce.code.challenge.method\"=plain'",
            "pkce-refused",
        ),
        provoked(
            "kcadm.sh delete clients/$C/default-client-scopes/$(scope email) -r Renku",
            "scope-not-granted",
        ),
        provoked(
            "kcadm.sh delete clients/$C/default-client-scopes/$(scope profile) -r Renku",
            "scope-not-granted",
        ),
        at_an_import(
            "kcadm.sh delete clients/$C/default-client-scopes/$(scope basic) -r Renku",
            "token-without-subject",
            "token-without-subject",
        ),
        Provoked {
            oidc: OFFLINE,
            ..provoked(
                "kcadm.sh delete clients/$C/optional-client-scopes/$(scope offline_access) -r Renku",
                "scope-not-granted",
            )
        },
        Provoked {
            oidc: DEVICE,
            ..provoked(
                "kcadm.sh update clients/$(kcadm.sh get clients -r Renku -q clientId=renku-cli --fields id --format csv --noquotes) \
                 -r Renku -s 'attributes.\"oauth2.device.authorization.grant.enabled\"=false'",
                "device-flow-off",
            )
        },
        at_an_import("kcadm.sh update realms/Renku -s enabled=false", "realm-disabled", "realm-disabled"),
        undone(
            at_an_import(
                "kcadm.sh update realms/Renku -s attributes.frontendUrl=https://renku.example.org/auth",
                "issuer-mismatch",
                "issuer-mismatch",
            ),
            "kcadm.sh update realms/Renku -s attributes.frontendUrl=",
        ),
        at_an_import(
            "kcadm.sh delete clients/$C/protocol-mappers/models/$(kcadm.sh get clients/$C/protocol-mappers/models -r Renku \
             --fields id --format csv --noquotes) -r Renku",
            "token-without-audience",
            "token-without-audience",
        ),
        undone(
            at_an_import(
                "kcadm.sh update users/$U -r Renku -s firstName= -s lastName=",
                "token-without-name",
                "token-without-name",
            ),
            "kcadm.sh update users/$U -r Renku -s firstName=Alice -s lastName=Amsler",
        ),
        undone(
            at_an_import(
                "kcadm.sh update users/$U -r Renku -s email=",
                "token-without-email",
                "token-without-email",
            ),
            "kcadm.sh update users/$U -r Renku -s email=alice@example.org -s emailVerified=true",
        ),
        at_an_import(
            "kcadm.sh update users/$U -r Renku -s enabled=false",
            "account-disabled",
            "account-disabled",
        ),
        undone(
            at_an_import(
                "kcadm.sh create users/$U/logout -r Renku -b '{}'",
                "sign-in-needed",
                "sign-in-needed",
            ),
            "true",
        ),
        undone(
            at_an_import("kcadm.sh create logout-all -r Renku -b '{}'", "sign-in-needed", "sign-in-needed"),
            "true",
        ),
        Provoked {
            import: Some("consent-missing"),
            signed_in: true,
            ..provoked("kcadm.sh update clients/$C -r Renku -s consentRequired=true", "")
        },
        provoked("kcadm.sh delete clients/$C -r Renku", "client-unknown"),
    ]
}

#[tokio::test]
async fn what_an_administrator_can_break_at_the_real_keycloak_is_named_and_mended_by_the_printed_commands() {
    if kcadm().is_none() {
        return;
    }
    let world = healthy().await;
    let mut named = 0;
    for case in provoked_at_keycloak() {
        world.write(Changed { oidc: case.oidc, ..Changed::default() });
        if case.signed_in {
            world.sign_in("alice").await;
        } else {
            for file in ["test.db", "test.db-wal", "test.db-shm"] {
                drop(std::fs::remove_file(world.folder.path().join(file)));
            }
            Parts::connect(&world.config(), Access::Serve, None).await.unwrap().close().await;
        }
        assert_eq!(world.wrong().await, BTreeSet::new(), "before: {}", case.line);
        world.administrator(case.line);
        let findings = world.examine().await;
        let wanted = if case.code.is_empty() { BTreeSet::new() } else { only(case.code) };
        assert_eq!(codes(&findings), wanted, "{}: {findings:#?}", case.line);
        named += usize::from(!case.code.is_empty());
        if let Some(import) = case.import {
            let told = world.at_an_import().await.map(ProblemCode::as_str);
            assert_eq!(told, Some(import), "{}", case.line);
        }
        let commands: Vec<_> = findings
            .iter()
            .filter(|finding| finding.mark == Mark::Broken)
            .flat_map(|finding| finding.commands.clone())
            .filter(|command| command.contains("kcadm.sh"))
            .collect();
        match case.undo {
            Some(undo) => world.administrator(undo),
            None if commands.is_empty() => {
                assert_eq!(case.import, Some("consent-missing"), "{}: no command", case.line);
                world.administrator("kcadm.sh update clients/$C -r Renku -s consentRequired=false");
            }
            None => commands.iter().for_each(|command| world.administrator(command)),
        }
        let left = world.wrong().await;
        // A sign-in that was ended stays ended; the person signs in again.
        let left: Vec<_> = left
            .into_iter()
            .filter(|code| !matches!(*code, "sign-in-needed" | "account-disabled" | "consent-missing"))
            .collect();
        assert!(left.is_empty(), "{} is not mended by {commands:?}: {left:?}", case.line);
        println!("named and mended: {:<32} {}", case.code, case.line);
    }
    println!("{named} failures provoked at the real Keycloak");
    assert!(named >= 18, "{named}");
}

#[tokio::test]
async fn whoever_never_answers_is_named_within_half_a_minute() {
    let world = healthy().await;
    // Takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let issuer = format!("{address}/auth/realms/Renku");
    world.write(Changed {
        issuer: Some(&issuer),
        renku_url: Some(&address),
        dataverse_url: Some(&address),
        ..Changed::default()
    });
    let began = Instant::now();
    let wrong = world.wrong().await;
    assert_eq!(wrong, BTreeSet::from(["dataverse-unreachable", "keycloak-unreachable", "renku-unreachable"]));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_button_is_registered_once_and_taken_away_without_a_trace() {
    let world = World::start().await;
    let http = client(&HttpSettings::default()).unwrap();
    let url = format!("{}/api/externalTools", world.dataverse.site_url);
    let tools = async || -> Vec<Value> {
        let told: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
        told["data"].as_array().unwrap().clone()
    };
    let foreign = tools().await;
    assert_eq!(world.wrong().await, only("tool-not-registered"));
    let shown = world.ours(&["register", "--installation", "demo"]);
    assert!(shown.status.success());
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("curl -X POST") && shown.contains("/api/admin/externalTools"), "{shown}");
    assert!(!shown.contains(SUPERUSER), "the token is not printed");
    assert_eq!(tools().await, foreign, "it was only shown");
    for _ in 0..2 {
        assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
        assert_eq!(tools().await.len(), foreign.len() + 1, "twice is once");
    }
    assert_eq!(world.wrong().await, BTreeSet::new());

    // Somebody changed it by hand.
    let ours = manifest::external_tool("http://127.0.0.1:9", &"demo".parse().unwrap());
    let id = tools().await.iter().find(|tool| tool["toolUrl"] == ours["toolUrl"]).unwrap()["id"].clone();
    let one = format!("{url}/{id}");
    assert!(
        http.delete(&one).header("X-Dataverse-key", SUPERUSER).send().await.unwrap().status().is_success()
    );
    let mut other = ours.clone();
    other["displayName"] = json!("Something else");
    let post = http.post(&url).header("X-Dataverse-key", SUPERUSER).json(&other);
    assert!(post.send().await.unwrap().status().is_success());
    assert_eq!(world.wrong().await, only("tool-differs"));
    let shown = String::from_utf8(world.ours(&["register", "--installation", "demo"]).stdout).unwrap();
    assert!(shown.contains("displayName: \"Something else\" instead of"), "{shown}");
    assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
    assert_eq!(world.wrong().await, BTreeSet::new());

    for _ in 0..2 {
        assert!(world.ours(&["register", "--installation", "demo", "--remove"]).status.success());
        assert_eq!(tools().await, foreign);
    }
}

#[tokio::test]
async fn the_client_for_keycloak_has_our_address_and_shows_its_secret_only_when_asked() {
    let world = World::start().await;
    let told = world.ours(&["register", "--keycloak", "main", "--json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["redirectUris"], json!([CALLBACK]));
    assert_eq!(told["protocolMappers"][0]["config"]["included.client.audience"], "renku");
    assert_eq!((told.get("secret"), &told["directAccessGrantsEnabled"]), (None, &json!(false)));
    let told = world.ours(&["register", "--keycloak", "main", "--json", "--with-secret"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["secret"], "sandbox-secret");
    let told = String::from_utf8(world.ours(&["register", "--keycloak", "main"]).stdout).unwrap();
    assert!(told.contains("kcadm.sh create clients") && told.contains("Clients → Create client"), "{told}");
    assert!(!told.contains("sandbox-secret"));
}

#[tokio::test]
async fn a_token_is_got_and_read_and_each_door_says_what_it_thinks_of_it() {
    let world = World::start().await;
    let off = world.fed(&["token", "get", "--password", "alice"], "any\n");
    assert_eq!(off.status.code(), Some(1));
    let said = String::from_utf8(off.stderr).unwrap();
    assert!(said.contains("password-flow-off") && said.contains("directAccessGrantsEnabled=true"), "{said}");
    assert!(off.stdout.is_empty());

    let admin = ["token", "get", "--password", "alice", "--client-id", "admin-cli"];
    let refused = world.fed(&admin, &format!("{}\n", world.password));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("token-without-audience"), "{said}");

    let http = client(&HttpSettings::default()).unwrap();
    let form = [
        ("grant_type", "password"),
        ("client_id", "admin-cli"),
        ("username", "alice"),
        ("password", &world.password),
        ("scope", "openid profile email"),
    ];
    let answer = http.post(format!("{}/protocol/openid-connect/token", world.issuer)).form(&form);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    let read = world.fed(&["token", "inspect", "--json"], answer["access_token"].as_str().unwrap());
    assert_eq!(read.status.code(), Some(1));
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!((&read["signature"], &read["claims"]["azp"]), (&json!(true), &json!("admin-cli")));
    for door in read["doors"].as_array().unwrap() {
        assert_eq!(door["problem"]["code"], "token-without-audience", "{door}");
    }
    for (text, words) in [("glpat-abcdef", "GitLab"), ("alice:secret", "no JWT")] {
        let read = world.fed(&["token", "inspect"], text);
        let said = String::from_utf8(read.stderr).unwrap();
        assert!(said.contains("token-unreadable") && said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn what_is_printed_and_recorded_is_for_people_and_without_secrets() {
    let world = World::start().await;
    let record = world.folder.path().join("report.txt");
    let told = world.ours(&["doctor", "--language", "de", "--record", record.to_str().unwrap()]);
    assert_eq!(told.status.code(), Some(1));
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("✓ renku.main") && told.contains("✗ dataverse.demo"), "{told}");
    assert!(told.contains("Es ist Sache") || told.contains("tool-not-registered"), "{told}");
    assert!(told.contains("dataverse-renku register --installation demo"), "{told}");
    let recorded = std::fs::read_to_string(record).unwrap();
    assert!(recorded.contains("tool-not-registered") && recorded.contains("[renku.main.oidc]"), "{recorded}");
    for text in [&told, &recorded] {
        assert!(!text.contains("sandbox-secret") && !text.contains(SUPERUSER));
    }
}

#[test]
fn every_check_and_every_note_has_its_words_in_each_language() {
    let names = |language: &str| -> BTreeSet<String> {
        let path = format!("{}/locales/{language}/doctor.ftl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
    };
    let english = names("en");
    for language in ["fr", "de"] {
        assert_eq!(names(language), english, "{language}");
    }
    let checks = Check::ALL.iter().map(|check| format!("doctor-check-{}", check.as_str()));
    let notes = Note::ALL.iter().map(|note| format!("doctor-note-{}", note.as_str()));
    for name in checks.chain(notes) {
        assert!(english.contains(&name), "{name}");
    }
}

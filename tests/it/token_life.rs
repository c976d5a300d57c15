//! Sign-ins at a real Keycloak that live for seconds and rotate with reuse count 0, used by four worker processes at once.
//!
//! Needs `TEST_KEYCLOAK_ISSUER` and `TEST_KEYCLOAK_KCADM`, PostgreSQL and RabbitMQ: run by `tests/real/keycloak/run`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};

use dataverse_renku::app::{Access, Parts};
use dataverse_renku::config::Config;
use dataverse_renku::domain::ids::ImportId;
use dataverse_renku::domain::import::{Condition, End, Stage, State};
use dataverse_renku::domain::ports::Clock as _;
use dataverse_renku::domain::ports::identity::Stay;
use dataverse_renku::domain::ports::store::Created;
use dataverse_renku::domain::problem::ProblemCode;
use dataverse_renku::identity::Callback;
use dataverse_renku::imports::start::Request;
use dataverse_renku::lifecycle::SystemClock;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::doctor_world::{from_environment, kcadm};
use crate::whole::{App, Kept, Whole, Wishes};

const PEOPLE: usize = 20;
const WORKERS: usize = 4;
/// Seconds.
const LIVES: [&str; 6] =
    ["-s", "accessTokenLifespan=5", "-s", "ssoSessionIdleTimeout=20", "-s", "ssoSessionMaxLifespan=150"];
/// As the realm has them otherwise.
const USUAL: [&str; 6] = [
    "-s",
    "accessTokenLifespan=1800",
    "-s",
    "ssoSessionIdleTimeout=86400",
    "-s",
    "ssoSessionMaxLifespan=604800",
];
/// A job longer than a session may idle, and shorter than one may last.
const JOB_MS: u64 = 80_000;
/// Past the longest life, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn administrator(words: &[&str]) -> String {
    let done = Command::new(kcadm().unwrap()).args(words).output().unwrap();
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The realm's settings are put back, also when the test fails.
struct ShortLives;

impl ShortLives {
    fn begin() -> Self {
        // As `realm.py` made it: other tests change it, and mend it for their own address.
        let asked = ["get", "clients", "-r", "Renku", "-q", "clientId=dataverse-connector", "--fields", "id"];
        let found: Value = serde_json::from_str(&administrator(&asked)).unwrap();
        let client = format!("clients/{}", found[0]["id"].as_str().unwrap());
        let loopback = "redirectUris=[\"http://127.0.0.1*\",\"http://localhost*\"]";
        administrator(&["update", &client, "-r", "Renku", "-s", loopback]);
        administrator(&[&["update", "realms/Renku"], &LIVES[..]].concat());
        Self
    }
}

impl Drop for ShortLives {
    fn drop(&mut self) {
        let mut command = Command::new(kcadm().unwrap());
        drop(command.args(["update", "realms/Renku"]).args(USUAL).status());
    }
}

struct Somebody {
    name: String,
    project: u32,
}

struct Scene {
    whole: Whole,
    parts: Parts,
    password: String,
    callback: String,
}

impl Scene {
    async fn sign_in(&self, name: &str) -> dataverse_renku::domain::ids::PersonId {
        let begun =
            self.parts.identity.begin_sign_in(&"sandbox".parse().unwrap(), "/", Stay::Session).await.unwrap();
        let mut back = Browser::new().sign_in(&begun.url, &self.callback, name, &self.password).await;
        let mut field = |key| back.remove(key).map(Into::into);
        let callback = Callback { state: field("state"), code: field("code"), ..Callback::default() };
        self.parts
            .identity
            .finish_sign_in(callback, Some(&begun.cookie.secret), None)
            .await
            .unwrap()
            .person
            .id
    }

    async fn import(&self, somebody: &mut Somebody) -> ImportId {
        let person = self.sign_in(&somebody.name).await;
        somebody.project += 1;
        let path = format!("{}/project-{}", somebody.name, somebody.project);
        self.whole.tell_renku("projects", &json!({"path": path})).await;
        let request = Request {
            dataset: "doi:10.5072/FK2/GLACIER".to_owned(),
            installation: None,
            version: None,
            api: None,
            project: format!("{}/{path}", self.whole.renku_git()),
            name: None,
            migrate: false,
        };
        let created =
            self.parts.engine.start(person, &"sandbox".parse().unwrap(), &request, None).await.unwrap();
        let Created::New(import) = created else { panic!("{created:?}") };
        import.id
    }

    async fn state(&self, import: ImportId) -> State {
        self.parts.engine.store().import(import).await.unwrap().unwrap().state
    }

    /// Waits until all of them are so.
    async fn all(&self, imports: &[ImportId], what: &str, is: impl Fn(&State) -> bool) {
        let until = Instant::now() + PATIENCE;
        for import in imports {
            loop {
                let state = self.state(*import).await;
                if is(&state) {
                    break;
                }
                assert!(Instant::now() < until, "not {what}: {state:?}\n{}", self.whole.last_log());
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Keycloak's own record of renewals since then.
struct Events(Vec<Value>);

impl Events {
    fn since(began_ms: i64) -> Self {
        // As one address: of several `-q type=…` kcadm.sh sends the last alone.
        let asked = "events?type=REFRESH_TOKEN&type=REFRESH_TOKEN_ERROR&max=1000000";
        let all: Vec<Value> = serde_json::from_str(&administrator(&["get", asked, "-r", "Renku"])).unwrap();
        let ours = |event: &Value| {
            event["clientId"] == "dataverse-connector" && event["time"].as_i64().unwrap() >= began_ms
        };
        Self(all.into_iter().filter(ours).collect())
    }

    fn errors(&self) -> Vec<&Value> {
        self.0.iter().filter(|event| event["type"] == "REFRESH_TOKEN_ERROR").collect()
    }

    /// The refresh tokens that were used, and for how many people.
    fn used(&self) -> (Vec<&str>, usize) {
        let done: Vec<_> = self.0.iter().filter(|event| event["type"] == "REFRESH_TOKEN").collect();
        let people: BTreeSet<_> = done.iter().filter_map(|event| event["userId"].as_str()).collect();
        (
            done.iter().map(|event| event["details"]["refresh_token_id"].as_str().unwrap()).collect(),
            people.len(),
        )
    }

    fn assert_no_token_twice(&self) {
        let (used, _) = self.used();
        let mut times: BTreeMap<&str, u32> = BTreeMap::new();
        for token in used {
            *times.entry(token).or_default() += 1;
        }
        let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
        for error in self.errors() {
            let told = error["details"]["refresh_token_id"].as_str();
            assert!(
                !told.is_some_and(|token| times.contains_key(token)),
                "a spent token was shown again: {error}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Keycloak, PostgreSQL and RabbitMQ: run tests/real/keycloak/run"]
async fn needs_postgres_rabbitmq_nobody_is_signed_out_by_us_and_no_refresh_token_is_used_twice() {
    let issuer = from_environment("TEST_KEYCLOAK_ISSUER").expect("tests/real/keycloak/run names one");
    let lives = ShortLives::begin();
    let began_ms = SystemClock.now().as_millis();
    let wishes = Wishes { issuer: issuer.leak(), job_ms: JOB_MS, slots: 8, ..Wishes::on(Kept::OnServers) };
    let whole = Whole::new(wishes).await;
    let text = std::fs::read_to_string(whole.file()).unwrap();
    let text = text.replace("outstanding = 10", "outstanding = 100");
    let text = text.replace("poll_first = \"200ms\"", "poll_first = \"1s\"");
    let text = text.replace("poll_later = \"500ms\"", "poll_later = \"2s\"");
    // A busy machine is slow; an answer given up would be a sign-in lost by the test's own doing.
    let text = text.replace("keycloak_timeout = \"3s\"", "keycloak_timeout = \"30s\"");
    let text = text.replace("lease = \"5s\"", "lease = \"60s\"");
    std::fs::write(whole.file(), text).unwrap();
    let config = Config::load(Some(&whole.file()), []).unwrap().0;
    let parts = Parts::connect(&config, Access::Serve, None).await.unwrap();
    let callback = format!("{}/sign-in/callback", whole.address());
    let scene =
        Scene { whole, parts, password: from_environment("TEST_KEYCLOAK_PASSWORD").unwrap(), callback };
    let workers: Vec<App> = (0..WORKERS).map(|_| scene.whole.start(&["--role", "worker"])).collect();
    for worker in &workers {
        worker.logs("connected to the message broker").await;
    }

    let mut people: Vec<_> =
        (0..PEOPLE).map(|number| Somebody { name: format!("person-{number:02}"), project: 0 }).collect();
    let mut imports = Vec::new();
    for somebody in &mut people {
        let told = json!({"name": somebody.name, "signed_in": true, "gitlab": "good"});
        scene.whole.tell_renku("people", &told).await;
        imports.push(scene.import(somebody).await);
    }
    // Longer than a session may idle: only our renewals keep them alive.
    let over = |state: &State| matches!(state, State::Ended { .. });
    let signed_out = |state: &State| matches!(state, State::Open { condition: Condition::SignIn { .. }, .. });
    scene
        .all(&imports, "at its end", |state| {
            assert!(!signed_out(state), "somebody was signed out: {state:?}");
            over(state)
        })
        .await;
    for import in &imports {
        let state = scene.state(*import).await;
        assert!(matches!(state, State::Ended { end: End::Succeeded { .. } }), "{state:?}");
    }
    let events = Events::since(began_ms);
    assert_eq!(events.errors(), Vec::<&Value>::new(), "a renewal was refused");
    events.assert_no_token_twice();
    let (used, of) = events.used();
    assert_eq!(of, PEOPLE);
    assert!(used.len() >= PEOPLE * 5, "{} renewals", used.len());
    println!(
        "{of} people, {WORKERS} worker processes: {} renewals, none refused, no refresh token twice",
        used.len()
    );

    // Now the longest life ends under jobs that last longer: each is told to sign in, is asked nothing more, and goes on after it.
    scene.whole.tell_renku("mode", &json!({"job_ms": 10 * JOB_MS, "workers": 100})).await;
    let mut imports = Vec::new();
    for somebody in &mut people {
        imports.push(scene.import(somebody).await);
    }
    scene.all(&imports, "waiting for a sign-in", signed_out).await;
    for import in &imports {
        let State::Open { condition: Condition::SignIn { problem, .. }, .. } = scene.state(*import).await
        else {
            panic!("it does not wait for a sign-in any more");
        };
        // Whether a renewal is refused or brings a token that is cut to what is left of the session: it is one thing to the person.
        assert_eq!(problem.code, ProblemCode::SignInNeeded, "{problem:?}");
    }
    let events = Events::since(began_ms);
    events.assert_no_token_twice();
    let refused = events.errors().len();
    assert!(refused <= PEOPLE, "{refused} renewals were tried in vain");
    for somebody in &people {
        scene.sign_in(&somebody.name).await;
    }
    scene
        .all(&imports, "at work again", |state| {
            matches!(state, State::Open { stage: Stage::Running { .. }, condition: Condition::None })
        })
        .await;
    let events = Events::since(began_ms);
    events.assert_no_token_twice();
    println!(
        "after the longest life: {refused} of {PEOPLE} renewals refused, the other sessions seen to end; all went on after a sign-in; {} renewals in all",
        events.used().0.len()
    );

    for worker in workers {
        worker.kill().await;
    }
    scene.parts.close().await;
    scene.whole.clear().await;
    drop(lives);
}

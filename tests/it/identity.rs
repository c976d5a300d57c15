//! Sign-in, renewal and disconnecting with a real store and the simulated Keycloak, several processes at once.
//!
//! What Keycloak saw is counted at Keycloak, since that is where a refresh token used twice does its harm.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::adapters::oidc::{OidcProvider, OidcSettings};
use dataverse_renku::adapters::store::{Access, Store, open};
use dataverse_renku::domain::ids::{PersonId, RenkuName};
use dataverse_renku::domain::ports::identity::{IdentityStore, Stay, Tokens as _};
use dataverse_renku::domain::ports::queue::{Delivery, Lane, Message, Queue, QueueError, Subject, When};
use dataverse_renku::domain::ports::{Chance, Clock};
use dataverse_renku::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use dataverse_renku::identity::vault::{Vault, VaultKey};
use dataverse_renku::identity::{Callback, DevicePoll, Flow, Identity, Parts, Provider, Settings, SignedIn};
use dataverse_renku::lifecycle::{SystemChance, SystemClock};
use dataverse_renku::sandbox::keycloak::{self, CLIENT_SECRET, Options, Running};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::browser::Browser;
use crate::store_suite::bench::{self, Bench};

const CALLBACK: &str = "http://127.0.0.1:9/sign-in/callback";

/// Remembers whom it was to nudge.
#[derive(Default)]
struct Nudged(Mutex<Vec<Message>>);

#[async_trait]
impl Queue for Nudged {
    async fn publish(&self, message: &Message, _: When) -> Result<(), QueueError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
    async fn park(&self, _: &Message, _: &Problem) -> Result<(), QueueError> {
        Ok(())
    }
    async fn next(&self, _: Lane) -> Option<Delivery> {
        None
    }
    async fn ready(&self) -> Result<(), QueueError> {
        Ok(())
    }
    async fn stop_consuming(&self) {}
    async fn close(&self) {}
}

struct World<'a> {
    bench: &'a Bench,
    keycloak: Running,
    key: VaultKey,
    queue: Arc<Nudged>,
    settings: Settings,
}

fn renku(name: &str) -> RenkuName {
    name.parse().unwrap()
}

impl<'a> World<'a> {
    async fn new(bench: &'a Bench, options: Options) -> Self {
        let keycloak = keycloak::start(options).await.unwrap();
        let settings = Settings {
            // Whatever Keycloak gives is due at once, so that every call renews or waits.
            renew_ahead: Duration::from_hours(100),
            least_left: Duration::from_hours(100),
            wait: Duration::from_secs(30),
            look_every: Duration::from_millis(5),
            ..Settings::default()
        };
        Self { bench, keycloak, key: VaultKey::generate(), queue: Arc::default(), settings }
    }

    fn provider(&self, client_id: &str, flow: Flow) -> Provider {
        let (url, _) = self.keycloak.issuer.split_once("/auth/").unwrap();
        let mut settings = OidcSettings::new(url.parse().unwrap(), client_id);
        if flow == Flow::Code {
            settings.client_secret = Some(CLIENT_SECRET.into());
        }
        let http = client(&HttpSettings { keep_alive: false, ..HttpSettings::default() }).unwrap();
        Provider { keycloak: Arc::new(OidcProvider::new(http, Arc::new(SystemClock), settings)), flow }
    }

    /// The use cases as a process of its own would have them, on its own connections.
    async fn process(&self) -> (Identity, Arc<Store>) {
        let store = open(&self.bench.url, Access::Tool).await.unwrap();
        (self.identity(&store), store)
    }

    fn identity(&self, store: &Arc<Store>) -> Identity {
        let providers = BTreeMap::from([
            (renku("main"), self.provider("dataverse-connector", Flow::Code)),
            (renku("go"), self.provider("renku-cli", Flow::Device)),
        ]);
        let parts = Parts {
            store: Arc::clone(store) as Arc<dyn IdentityStore>,
            providers,
            vault: Arc::new(Vault::new(vec![self.key.clone()]).unwrap()),
            queue: Arc::clone(&self.queue) as Arc<dyn Queue>,
            clock: Arc::new(SystemClock) as Arc<dyn Clock>,
            chance: Arc::new(SystemChance) as Arc<dyn Chance>,
            tasks: TaskTracker::new(),
            redirect_uri: CALLBACK.to_owned(),
        };
        Identity::new(parts, self.settings)
    }

    async fn sign_in(&self, identity: &Identity) -> SignedIn {
        self.sign_in_for(identity, Stay::Session).await.unwrap()
    }

    async fn sign_in_for(&self, identity: &Identity, stay: Stay) -> Result<SignedIn, Fault> {
        let begun = identity.begin_sign_in(&renku("main"), "/imports", stay).await.unwrap();
        let mut back = Browser::new().sign_in(&begun.url, CALLBACK, "alice", "any").await;
        let error = back.remove("error");
        let mut field = |name| back.remove(name).map(Into::into);
        let callback = Callback { state: field("state"), code: field("code"), error, ..Callback::default() };
        identity.finish_sign_in(callback, Some(&begun.cookie.secret), None).await
    }

    async fn fault(&self, fault: Value) {
        self.control("faults", fault).await;
    }

    async fn control(&self, path: &str, body: Value) {
        let url = format!("{}/_sim/{path}", self.keycloak.base_url);
        let http = client(&HttpSettings::default()).unwrap();
        assert!(http.post(url).json(&body).send().await.unwrap().status().is_success());
    }

    /// Which refresh tokens were presented at Keycloak, and what came of it.
    async fn renewals(&self) -> Vec<(String, String)> {
        let url = format!("{}/_sim/events", self.keycloak.base_url);
        let http = client(&HttpSettings::default()).unwrap();
        let events: Vec<Value> = http.get(url).send().await.unwrap().json().await.unwrap();
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let renewals = events.iter().filter(|event| event["grant"] == "refresh_token");
        renewals.map(|event| (text(event, "refresh_token"), text(event, "outcome"))).collect()
    }

    async fn userinfo(&self, token: &str) -> u16 {
        let url = format!("{}/protocol/openid-connect/userinfo", self.keycloak.issuer);
        let http = client(&HttpSettings::default()).unwrap();
        http.get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
    }
}

fn assert_sign_in_needed<T: std::fmt::Debug>(result: Result<T, Fault>) {
    let fault = result.unwrap_err();
    assert_eq!(fault.class, Class::SignIn(SignInAt::Connector), "{fault:?}");
    assert_eq!(fault.problem.code, ProblemCode::SignInNeeded);
}

async fn a_sign_in_that_lasts_is_not_lost_to_one_that_does_not(bench: &Bench) {
    let world = World::new(bench, Options::default()).await;
    let identity = world.identity(&bench.store);
    let person = world.sign_in(&identity).await.person.id;
    assert!(!identity.works_unattended(person).await.unwrap());
    world.sign_in_for(&identity, Stay::Offline).await.unwrap();
    assert!(identity.works_unattended(person).await.unwrap());
    world.sign_in(&identity).await;
    assert!(identity.works_unattended(person).await.unwrap(), "it still lasts");
    identity.access_token(person).await.unwrap();
    assert!(identity.works_unattended(person).await.unwrap(), "a renewed one lasts as well");
}

async fn a_lasting_sign_in_that_keycloak_refuses_has_its_name_and_leaves_the_other(bench: &Bench) {
    let world = World::new(bench, Options::default()).await;
    let identity = world.identity(&bench.store);
    let person = world.sign_in(&identity).await.person.id;
    let http = client(&HttpSettings::default()).unwrap();
    let url = format!("{}/_sim/clients", world.keycloak.base_url);
    let clients: Vec<Value> = http.get(url).send().await.unwrap().json().await.unwrap();
    let mut ours = clients.into_iter().find(|one| one["client_id"] == "dataverse-connector").unwrap();
    ours["offline_access"] = json!(false);
    world.control("clients", ours).await;
    let refused = world.sign_in_for(&identity, Stay::Offline).await.unwrap_err();
    assert_eq!(refused.problem.code, ProblemCode::OfflineAccessRefused, "{refused:?}");
    identity.access_token(person).await.unwrap();
    assert!(!identity.works_unattended(person).await.unwrap());
}

#[expect(clippy::print_stdout, reason = "the count is what the test is about")]
async fn many_workers_of_many_processes_never_use_a_refresh_token_twice(bench: &Bench) {
    const PROCESSES: usize = 3;
    const WORKERS: usize = 5;
    const TOKENS: usize = 4;
    let world = World::new(bench, Options::default()).await;
    let person = world.sign_in(&world.identity(&bench.store)).await.person.id;
    let mut workers = Vec::new();
    for _ in 0..PROCESSES {
        let (identity, _) = world.process().await;
        for _ in 0..WORKERS {
            let identity = identity.clone();
            workers.push(async move {
                for _ in 0..TOKENS {
                    identity.access_token(person).await.unwrap();
                }
            });
        }
    }
    futures_util::future::join_all(workers).await;
    let renewals = world.renewals().await;
    let tokens: BTreeSet<_> = renewals.iter().map(|(token, _)| token).collect();
    println!(
        "asked {} · renewed {} · tokens used twice {}",
        PROCESSES * WORKERS * TOKENS,
        renewals.len(),
        renewals.len() - tokens.len()
    );
    assert_eq!(tokens.len(), renewals.len(), "a refresh token was used twice");
    assert!(renewals.iter().all(|(_, outcome)| outcome == "ok"), "{renewals:?}");
    assert!(renewals.len() >= TOKENS);
}

async fn a_lost_answer_ends_in_a_sign_in_after_which_waiting_imports_go_on(bench: &Bench) {
    let world = World::new(bench, Options::default()).await;
    let identity = world.identity(&bench.store);
    let person = world.sign_in(&identity).await.person.id;
    world.fault(json!({"name": "answer_lost"})).await;
    let (other, _) = world.process().await;
    for process in [&identity, &other, &identity] {
        assert_sign_in_needed(process.access_token(person).await);
    }
    let renewals = world.renewals().await;
    assert_eq!(renewals.len(), 1, "the token may be spent and is not tried again: {renewals:?}");
    assert_eq!(renewals[0].1, "answer lost");

    let now = SystemClock.now();
    let import = bench.create(person, "p", now).await;
    bench.change(&import, bench::on(&import, bench::sign_in(SignInAt::Connector), now)).await;
    assert_eq!(world.sign_in(&identity).await.woken, 1);
    assert_eq!(world.queue.0.lock().unwrap()[0].subject, Subject::Import(import.id));
    other.access_token(person).await.unwrap();
}

async fn an_outage_of_keycloak_costs_nobody_their_sign_in(bench: &Bench) {
    let world = World::new(bench, Options::default()).await;
    let identity = world.identity(&bench.store);
    let person = world.sign_in(&identity).await.person.id;
    world.fault(json!({"name": "token_endpoint_down", "times": 2})).await;
    for _ in 0..2 {
        let fault = identity.access_token(person).await.unwrap_err();
        assert_eq!(fault.class, Class::Outage { after: None });
    }
    identity.access_token(person).await.unwrap();
}

async fn a_session_ended_at_keycloak_ends_in_a_sign_in(bench: &Bench) {
    let world = World::new(bench, Options::default()).await;
    let identity = world.identity(&bench.store);
    let person = world.sign_in(&identity).await.person.id;
    world.fault(json!({"name": "end_session", "user": "alice"})).await;
    for _ in 0..2 {
        assert_sign_in_needed(identity.access_token(person).await);
    }
    assert_eq!(world.renewals().await.len(), 1);
}

async fn a_process_that_dies_after_keycloaks_answer_leaves_no_second_use(bench: &Bench) {
    let mut world = World::new(bench, Options::default()).await;
    world.settings.renewal_deadline = Duration::from_secs(2);
    let person = world.sign_in(&world.identity(&bench.store)).await.person.id;
    world.fault(json!({"name": "slow_answer", "ms": 60_000})).await;
    let doomed = dying(&world, person).await;
    eventually(async || world.renewals().await.len() == 1).await;
    doomed.shutdown_background();

    let (survivor, _) = world.process().await;
    assert_sign_in_needed(survivor.access_token(person).await);
    let renewals = world.renewals().await;
    assert_eq!(renewals.len(), 1, "{renewals:?}");
    world.sign_in(&survivor).await;
    survivor.access_token(person).await.unwrap();
}

/// A process that renews and is about to die: a runtime of its own, with its connections on it.
async fn dying(world: &World<'_>, person: PersonId) -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let url = world.bench.url.clone();
    let store = runtime.spawn(async move { open(&url, Access::Tool).await.unwrap() }).await.unwrap();
    let identity = world.identity(&store);
    drop(runtime.spawn(async move { identity.access_token(person).await.map(|_| ()) }));
    runtime
}

async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never came to hold");
}

async fn a_device_sign_in_goes_through_to_a_token(bench: &Bench) {
    let mut world = World::new(bench, Options { device_interval_s: 0, ..Options::default() }).await;
    // Both tokens of `renku-cli` live for a day, as in the chart: that is no session that ends.
    world.settings.least_left = Settings::default().least_left;
    let identity = world.identity(&bench.store);
    let begun = identity.begin_device_sign_in(&renku("go"), "/account", Stay::Session).await.unwrap();
    let poll = || identity.poll_device_sign_in(&begun.handle, Some(&begun.cookie.secret), None);
    assert!(matches!(poll().await.unwrap(), DevicePoll::Pending));
    world.control("device/approve", json!({"user_code": begun.user_code, "user": "carol"})).await;
    let DevicePoll::SignedIn(done) = poll().await.unwrap() else { panic!("not signed in") };
    assert_eq!((done.person.username.as_str(), done.next.as_str()), ("carol", "/account"));
    let token = identity.access_token(done.person.id).await.unwrap();
    assert_eq!(world.userinfo(token.expose()).await, 200);
}

async fn disconnecting_leaves_nothing_here_and_nothing_usable_at_keycloak(bench: &Bench) {
    let world = World::new(bench, Options::default()).await;
    let identity = world.identity(&bench.store);
    let done = world.sign_in(&identity).await;
    let token = identity.access_token(done.person.id).await.unwrap();
    assert_eq!(world.userinfo(token.expose()).await, 200);
    identity.disconnect(done.person.id).await.unwrap();
    assert_sign_in_needed(identity.access_token(done.person.id).await);
    assert_eq!(identity.revoke_marked().await.unwrap(), 0);
    assert_eq!(world.userinfo(token.expose()).await, 401);
    assert!(bench.store.credential(done.person.id).await.unwrap().is_none());
    assert!(identity.session(&done.session.secret).await.unwrap().is_none());
}

/// Each case once on SQLite and once on PostgreSQL.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod sqlite_identity {
            use crate::store_suite::bench::Bench;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(&Bench::sqlite().await).await;
            })+
        }
        mod needs_postgres_identity {
            use crate::store_suite::bench::Bench;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs a server: run scripts/test"]
            async fn $case() {
                super::$case(&Bench::postgres().await).await;
            })+
        }
    };
}

on_both! {
    many_workers_of_many_processes_never_use_a_refresh_token_twice,
    a_lost_answer_ends_in_a_sign_in_after_which_waiting_imports_go_on,
    an_outage_of_keycloak_costs_nobody_their_sign_in,
    a_session_ended_at_keycloak_ends_in_a_sign_in,
    a_process_that_dies_after_keycloaks_answer_leaves_no_second_use,
    a_sign_in_that_lasts_is_not_lost_to_one_that_does_not,
    a_lasting_sign_in_that_keycloak_refuses_has_its_name_and_leaves_the_other,
    a_device_sign_in_goes_through_to_a_token,
    disconnecting_leaves_nothing_here_and_nothing_usable_at_keycloak,
}

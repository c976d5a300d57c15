//! The life of a launch: redeemed before anybody signs in, kept sealed for an hour, used up by an import. The clock is the test's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataverse_renku::adapters::store::Store;
use dataverse_renku::domain::ids::PersonId;
use dataverse_renku::domain::launch::{Callback, Redeemed, Seen, SignedLook, Standing};
use dataverse_renku::domain::ports::Clock as _;
use dataverse_renku::domain::ports::launch::{Kept, LaunchSource, LaunchStore as _};
use dataverse_renku::domain::ports::linking::NewProject;
use dataverse_renku::domain::ports::renku::Renku as _;
use dataverse_renku::domain::ports::subscriptions::SubscriptionFilter;
use dataverse_renku::domain::problem::{Class, Fault, ProblemCode, SignInAt};
use dataverse_renku::domain::project::{RenkuApi, Visibility};
use dataverse_renku::identity::vault::{Vault, VaultKey};
use dataverse_renku::imports::Engine;
use dataverse_renku::imports::confirm::{Confirmation, Target};
use dataverse_renku::imports::launch::{Door, Launches, Opened};
use dataverse_renku::imports::start::Keep;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::engine_world::World;
use crate::renku_data_on_sandbox::Place;

const SITE: &str = "https://dv.example";

/// A Dataverse that says what it is told to, and counts.
struct FakeSource {
    standing: Mutex<Option<Standing>>,
    redeemed: AtomicUsize,
    looked: AtomicUsize,
}

#[async_trait]
impl LaunchSource for FakeSource {
    async fn redeem(&self, callback: &Callback, _locale: Option<&str>) -> Result<Redeemed, Fault> {
        self.redeemed.fetch_add(1, Ordering::SeqCst);
        let site = SITE.parse().unwrap();
        let signed = format!("{SITE}/api/v1/datasets/1/versions/:latest?token=secret-of-fiona");
        let look = callback.is_signed().then(|| SignedLook::check(&signed, &site, 1).unwrap());
        let pid = "doi:10.5072/FK2/X".parse().unwrap();
        Ok(Redeemed { pid, version: Some("1.0".into()), locale: None, look })
    }

    async fn look(&self, _look: &SignedLook) -> Result<Seen, Fault> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        let standing = *self.standing.lock().unwrap();
        match standing {
            Some(standing) => Ok(Seen { title: Some("A title".into()), standing }),
            None => Err(Fault::user(ProblemCode::LaunchExpired)),
        }
    }
}

struct Stage {
    world: World,
    store: Arc<Store>,
    source: Arc<FakeSource>,
    vault: Arc<Vault>,
    launches: Launches,
    _dir: tempfile::TempDir,
}

fn launches(engine: Engine, store: &Arc<Store>, source: &Arc<FakeSource>, vault: &Arc<Vault>) -> Launches {
    let door = Door { title: "Demo".into(), site: SITE.parse().unwrap(), source: Arc::clone(source) as _ };
    let doors = BTreeMap::from([("demo".parse().unwrap(), door)]);
    Launches::new(engine, Arc::clone(store) as _, Arc::clone(vault) as _, doors)
}

impl Stage {
    async fn set() -> Self {
        Self::over(World::new().await).await
    }

    async fn over(world: World) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::harness::sqlite(dir.path()).await;
        let source = Arc::new(FakeSource {
            standing: Mutex::new(Some(Standing::Published)),
            redeemed: AtomicUsize::new(0),
            looked: AtomicUsize::new(0),
        });
        let vault = Arc::new(Vault::new(vec![VaultKey::generate()]).unwrap());
        let launches = launches(world.engine.clone(), &store, &source, &vault);
        Self { world, store, source, vault, launches, _dir: dir }
    }

    /// Another process of the same service: it shares the store and the key, and nothing else.
    fn other_process(&self) -> Launches {
        launches(self.world.engine.clone(), &self.store, &self.source, &self.vault)
    }

    async fn launch(&self) -> SecretString {
        let callback = format!(
            "{SITE}/api/v1/datasets/1/versions/:latest/toolparams/7?until=2026-11-24T12:00:00.000&user=fiona&method=GET&token={}",
            "ab".repeat(64)
        );
        let query = format!("callback={}", STANDARD.encode(callback));
        self.launches.receive("demo", &query).await.unwrap().handle
    }

    fn confirmation(&self, project: &str) -> Confirmation {
        Confirmation {
            person: self.world.person,
            renku: "main".parse().unwrap(),
            api: RenkuApi::Core,
            target: Target::Address(format!("https://git.example/alice/{project}")),
            name: String::new(),
            migrate: false,
            keep: None,
        }
    }

    async fn code(&self, handle: &SecretString) -> Option<ProblemCode> {
        self.launches.open(handle).await.err().map(|fault| fault.problem.code)
    }
}

fn row(handle: &SecretString) -> [u8; 32] {
    Sha256::digest(handle.expose_secret().as_bytes()).into()
}

#[tokio::test]
async fn a_sign_in_of_twenty_minutes_still_succeeds_and_after_an_hour_nothing_is_left() {
    let stage = Stage::set().await;
    let handle = stage.launch().await;
    assert_eq!(stage.source.redeemed.load(Ordering::SeqCst), 1, "redeemed at once");
    assert_eq!(stage.source.looked.load(Ordering::SeqCst), 1, "the right to look is used at once");
    stage.world.clock.turn(Duration::from_mins(20));
    let Opened::Fresh(launch) = stage.launches.open(&handle).await.unwrap() else { panic!("it is fresh") };
    assert_eq!(launch.pid.to_string(), "doi:10.5072/FK2/X");
    let sheet = stage.launches.sheet(&launch).await.unwrap();
    assert_eq!((sheet.version.title.as_str(), sheet.ways.len()), ("A title", 1));
    assert_eq!(
        stage.source.redeemed.load(Ordering::SeqCst),
        1,
        "never asked again: the callback is long over"
    );
    assert_eq!(stage.launches.forget_old().await.unwrap(), 0);
    stage.world.clock.turn(Duration::from_mins(41));
    assert_eq!(stage.code(&handle).await, Some(ProblemCode::LaunchUnknown));
    assert_eq!(stage.launches.forget_old().await.unwrap(), 1, "erased in the background");
}

#[tokio::test]
async fn what_is_kept_is_sealed_and_holds_no_right_of_anybody() {
    let stage = Stage::set().await;
    let handle = stage.launch().await;
    let kept = stage.store.launch(&row(&handle), stage.world.clock.now()).await.unwrap().unwrap();
    let Kept::Open(sealed) = kept else { panic!("it is open") };
    let stored = String::from_utf8_lossy(&sealed.0).into_owned();
    assert!(!stored.contains("FK2") && !stored.contains("token"), "{stored}");
    let Opened::Fresh(launch) = stage.launches.open(&handle).await.unwrap() else { panic!("it is fresh") };
    let opened = serde_json::to_string(&launch).unwrap();
    assert!(!opened.contains("token") && !opened.contains("fiona") && !opened.contains("secret"), "{opened}");
}

#[tokio::test]
async fn a_confirmation_counts_once_and_uses_the_launch_up() {
    let stage = Stage::set().await;
    let handle = stage.launch().await;
    let first = stage.launches.confirm(&handle, stage.confirmation("one")).await.unwrap();
    let again = stage.launches.confirm(&handle, stage.confirmation("two")).await.unwrap();
    assert_eq!(again, first, "the same import, whatever was chosen the second time");
    assert_eq!(stage.world.queue.messages.lock().unwrap().len(), 1);
    let kept = stage.store.launch(&row(&handle), stage.world.clock.now()).await.unwrap();
    assert_eq!(
        kept,
        Some(Kept::Used { person: stage.world.person, import: first }),
        "what was kept is erased"
    );
    let other = PersonId::new(stage.world.clock.now());
    let confirmation = Confirmation { person: other, ..stage.confirmation("one") };
    let refused = stage.launches.confirm(&handle, confirmation).await.unwrap_err();
    assert_eq!(refused.problem.code, ProblemCode::LaunchUsed);
}

#[tokio::test]
async fn what_is_to_be_kept_up_to_date_is_stored_with_the_import_and_once() {
    let stage = Stage::set().await;
    let handle = stage.launch().await;
    let mail = Some(("ada@example.org".to_owned(), "de".to_owned()));
    let confirmation =
        || Confirmation { keep: Some(Keep { mail: mail.clone() }), ..stage.confirmation("one") };
    let (first, again) = tokio::join!(
        stage.launches.confirm(&handle, confirmation()),
        stage.launches.confirm(&handle, confirmation()),
    );
    let import = first.unwrap();
    assert_eq!(again.unwrap(), import);
    let all = SubscriptionFilter { limit: 10, ..SubscriptionFilter::default() };
    let kept = stage.world.subscriptions.subscriptions(&all).await.unwrap();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0].project.as_str(), "https://git.example/alice/one");
    let ledger = stage.world.subscriptions.ledger(kept[0].id, 10).await.unwrap();
    assert_eq!((ledger.len(), ledger[0].import), (1, Some(import)));
}

#[tokio::test]
async fn dying_between_the_import_and_the_note_of_it_imports_once() {
    let stage = Stage::set().await;
    let handle = stage.launch().await;
    let first = stage.launches.confirm(&handle, stage.confirmation("one")).await.unwrap();
    // As if the note had never been written.
    let other = stage.launch_again_with(&handle).await;
    assert_eq!(stage.launches.confirm(&other, stage.confirmation("one")).await.unwrap(), first);
    assert_eq!(stage.world.queue.messages.lock().unwrap().len(), 1);
}

impl Stage {
    /// The handle's row as it was before it was used: chance is fixed, so that a new launch has the same handle.
    async fn launch_again_with(&self, handle: &SecretString) -> SecretString {
        self.world.clock.turn(Duration::from_mins(61));
        self.launches.forget_old().await.unwrap();
        let again = self.launch().await;
        assert_eq!(again.expose_secret(), handle.expose_secret());
        again
    }
}

#[tokio::test]
async fn nothing_is_started_where_a_sign_in_is_needed_or_something_forbids_it() {
    let stage = Stage::set().await;
    let handle = stage.launch().await;
    *stage.world.tokens.0.lock().unwrap() = Some(Class::SignIn(SignInAt::Connector));
    let refused = stage.launches.confirm(&handle, stage.confirmation("one")).await.unwrap_err();
    assert_eq!(refused.class, Class::SignIn(SignInAt::Connector));
    *stage.world.tokens.0.lock().unwrap() = None;
    let target = Target::Address("https://evil.example/a/b".into());
    let confirmation = Confirmation { target, ..stage.confirmation("") };
    let refused = stage.launches.confirm(&handle, confirmation).await.unwrap_err();
    assert_eq!(refused.problem.code, ProblemCode::ProjectHostNotAllowed);
    assert!(stage.world.queue.messages.lock().unwrap().is_empty());
    assert!(
        matches!(stage.launches.open(&handle).await.unwrap(), Opened::Fresh(_)),
        "still there to be corrected"
    );
}

#[tokio::test]
async fn a_dataset_that_only_the_person_sees_is_named_for_what_it_is() {
    let stage = Stage::set().await;
    for (standing, signed_code) in [
        (Some(Standing::Draft), ProblemCode::DatasetNotPublished),
        (Some(Standing::Published), ProblemCode::DatasetNotPublic),
        (Some(Standing::Deaccessioned), ProblemCode::DatasetDeaccessioned),
        (None, ProblemCode::DatasetUnknown),
    ] {
        *stage.source.standing.lock().unwrap() = standing;
        stage.world.clock.turn(Duration::from_mins(61));
        stage.launches.forget_old().await.unwrap();
        let handle = stage.launch().await;
        let Opened::Fresh(launch) = stage.launches.open(&handle).await.unwrap() else {
            panic!("it is fresh")
        };
        *stage.world.dataverse.unknown.lock().unwrap() = true;
        let fault = stage.launches.sheet(&launch).await.unwrap_err();
        assert_eq!(fault.problem.code, signed_code, "{standing:?}");
    }
}

#[tokio::test]
async fn confirmations_in_two_processes_make_one_project_and_one_import_whatever_they_call_it() {
    let place = Place::start().await;
    let token = place.token("alice").await;
    let projects = async || place.data.projects(&token, "", 50).await.unwrap().len();
    for titles in [["Ice", "Ice"], ["Snow", "Rain"]] {
        let before = projects().await;
        let world = World::with_data(Arc::clone(&place.data) as _, place.world.token("alice").await).await;
        let stage = Stage::over(world).await;
        let handle = stage.launch().await;
        let confirmation = |title: &str| Confirmation {
            api: RenkuApi::Data,
            target: Target::New(NewProject {
                title: title.to_owned(),
                namespace: "alice".to_owned(),
                visibility: Visibility::Private,
            }),
            ..stage.confirmation("")
        };
        let (here, there) = (&stage.launches, stage.other_process());
        let (one, two) = tokio::join!(
            here.confirm(&handle, confirmation(titles[0])),
            there.confirm(&handle, confirmation(titles[1])),
        );
        assert_eq!(one.unwrap(), two.unwrap(), "{titles:?}");
        assert_eq!(projects().await, before + 1, "{titles:?}");
        assert_eq!(stage.world.queue.messages.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_confirmation_whose_process_died_is_carried_out_by_the_next_when_its_turn_is_over() {
    let stage = Stage::set().await;
    let handle = stage.launch().await;
    let now = stage.world.clock.now();
    assert!(stage.store.claim_launch(&row(&handle), now, now.plus(Duration::from_secs(60))).await.unwrap());
    let confirmed = stage.launches.confirm(&handle, stage.confirmation("one"));
    let (import, ()) = tokio::join!(confirmed, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(stage.world.queue.messages.lock().unwrap().is_empty(), "it waits for its turn");
        stage.world.clock.turn(Duration::from_secs(61));
    });
    import.unwrap();
    assert_eq!(stage.world.queue.messages.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_all_at_once() {
    let stage = Stage::set().await;
    let renku = "main".parse().unwrap();
    let wrong = async |target: Option<&str>, name: &str| {
        let target = target.map(|address| Target::Address(address.to_owned()));
        let found = stage.launches.mistakes(&renku, RenkuApi::Core, target.as_ref(), name).await;
        let told = found.into_iter().map(|fault| (fault.problem.code.as_str(), fault.problem.field.unwrap()));
        told.collect::<Vec<_>>()
    };
    let (foreign, own) = ("https://evil.example/a/b", "https://git.example/alice/one");
    let name = ("dataset-name-invalid", "name".to_owned());
    let project = |code| (code, "project".to_owned());
    assert_eq!(wrong(Some(foreign), "no name!").await, [project("project-host-not-allowed"), name.clone()]);
    assert_eq!(wrong(Some("git@x:y"), "no name!").await, [project("project-address-invalid"), name.clone()]);
    assert_eq!(wrong(None, "no name!").await, [name]);
    assert_eq!(wrong(Some(own), "").await, []);
}

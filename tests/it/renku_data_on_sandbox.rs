//! The Renku 2 adapter, alone and under the engine, against the simulated Renku 2: whatever dies, gets lost or comes twice, one
//! dataset has one connector and one link.

use std::sync::Arc;
use std::time::Duration;

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::adapters::renku_data::{RenkuData, RenkuDataSettings};
use dataverse_renku::domain::dataset::VersionNumber;
use dataverse_renku::domain::ids::PersonId;
use dataverse_renku::domain::import::{Compared, End, Import, ImportResult, Phase, Plan, State};
use dataverse_renku::domain::pid::Pid;
use dataverse_renku::domain::ports::Clock;
use dataverse_renku::domain::ports::linking::{Linking as _, NamespaceKind, NewProject};
use dataverse_renku::domain::ports::renku::{AccessToken, Arrived, ArrivedLink, Renku, SubmitFailure};
use dataverse_renku::domain::ports::store::Created;
use dataverse_renku::domain::problem::{Class, Fault, ProblemCode, SignInAt};
use dataverse_renku::domain::project::{ProjectAddress, RenkuApi, Visibility};
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::imports::breakpoints::Point;
use dataverse_renku::imports::start::Request;
use dataverse_renku::sandbox::renku_data;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::engine_world::World as EngineWorld;
use crate::sandbox_sims::World;

#[derive(Debug)]
struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "tokens of a simulated Keycloak live in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(chrono::Utc::now().timestamp_millis())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "names the file that a check of what was said reads afterwards"
)]
fn exchanges_file() -> Option<String> {
    std::env::var("TEST_RENKU_EXCHANGES").ok().filter(|value| !value.is_empty())
}

pub(crate) struct Place {
    pub(crate) data: Arc<RenkuData>,
    pub(crate) world: World,
}

impl Place {
    pub(crate) async fn start() -> Self {
        Self::with(true, Duration::from_secs(20)).await
    }

    async fn with(resolver: bool, timeout: Duration) -> Self {
        let world = World::with(|options| {
            let data = renku_data::Options {
                issuer: options.issuer.clone(),
                pace: 0.02,
                ..renku_data::Options::default()
            };
            options.beside = Some(renku_data::Services::new(data).unwrap());
        })
        .await;
        let settings = RenkuDataSettings {
            url: world.renku.url.clone(),
            max_answer: 1 << 20,
            ask_timeout: timeout,
            connect_timeout: timeout,
            test_timeout: timeout,
            doi_resolver: resolver.then(|| format!("{}/_doi/api", world.dataverse.site_url)),
            outstanding: 16,
        };
        let http = client(&HttpSettings::default()).unwrap();
        Self { data: Arc::new(RenkuData::new(settings, http, Arc::new(WallClock))), world }
    }

    pub(crate) async fn token(&self, user: &str) -> AccessToken {
        AccessToken::new(SecretString::from(self.world.token(user).await))
    }

    fn project(&self, path: &str) -> ProjectAddress {
        format!("{}/p/{path}", self.world.renku.url).parse().unwrap()
    }

    fn plan(&self, dataset: &str) -> Plan {
        Plan {
            version: "1.0".parse().unwrap(),
            version_id: 1,
            last_update: None,
            title: "A title".into(),
            name: "a-title".parse().unwrap(),
            dataset_uri: self.world.landing_page(dataset),
            files: 3,
            bytes: 100,
        }
    }

    async fn fault(&self, fault: Value) {
        self.world.tell_renku("data/faults", fault).await;
    }

    async fn no_faults(&self) {
        let url = format!("{}/_sim/data/faults", self.world.renku.url);
        client(&HttpSettings::default()).unwrap().delete(url).send().await.unwrap();
    }

    /// How many connectors and links there are.
    async fn counts(&self) -> (usize, usize) {
        let state = self.world.renku_sim("data/state").await;
        let number = |list: &str| state[list].as_array().unwrap().len();
        (number("connectors"), number("links"))
    }

    async fn arrived(
        &self,
        token: &AccessToken,
        project: &ProjectAddress,
        dataset: &str,
    ) -> Option<ArrivedLink> {
        match self.data.arrived(token, project, &self.plan(dataset), None).await.unwrap() {
            Some(Arrived::Link(link)) => Some(link),
            Some(Arrived::Files(files)) => panic!("{files:?}"),
            None => None,
        }
    }

    /// Keeps what was said for whoever compares it with Renku's own description of its API.
    async fn stop(self) {
        if let Some(file) = exchanges_file() {
            use std::io::Write as _;
            let exchanges = self.world.renku_sim("data/exchanges").await;
            let lines: String = exchanges
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|one| [one.to_string(), "\n".to_owned()])
                .collect();
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
            file.write_all(lines.as_bytes()).unwrap();
        }
        self.world.stop().await;
    }
}

fn told(fault: &Fault) -> (Class, &'static str) {
    (fault.class, fault.problem.code.as_str())
}

/// Whether the outcome is unclear, and what is told.
fn refused<T: std::fmt::Debug>(outcome: Result<T, SubmitFailure>) -> (bool, Class, &'static str) {
    let (unclear, fault) = match outcome.unwrap_err() {
        SubmitFailure::NotAccepted(fault) => (false, fault),
        SubmitFailure::Unclear(fault) => (true, fault),
    };
    (unclear, fault.class, fault.problem.code.as_str())
}

const AGAIN: Class = Class::Retryable { after: None };
const OUTAGE: Class = Class::Outage { after: None };

#[tokio::test]
async fn a_dataset_is_linked_and_its_link_found_again() {
    let place = Place::start().await;
    let (token, project, plan) =
        (place.token("alice").await, place.project("alice/first-project"), place.plan("GLACIER"));
    assert!(place.data.version().await.unwrap().is_some());
    place.data.check_project(&token, &project).await.unwrap();
    assert_eq!(place.arrived(&token, &project, "GLACIER").await, None);
    let job = place.data.submit(&token, &project, &plan).await.unwrap();
    assert_eq!(
        job.id, "alice/first-project#doi-10.5072-fk2-glacier",
        "no id of Renku's that another may replace"
    );
    let link = place.arrived(&token, &project, "GLACIER").await.unwrap();
    assert_eq!(link.readable, Some(true));
    assert_eq!(link.folder.as_deref(), Some("glacier-mass-balance-measureme-doi-10.5072-fk2-glacier"));
    assert!(
        link.address
            .starts_with(&format!("{}/p/alice/first-project#data-connector-01J", place.world.renku.url)),
        "{}",
        link.address
    );
    place.stop().await;
}

#[tokio::test]
async fn every_step_repeated_a_hundred_times_leaves_one_connector_and_one_link() {
    let place = Place::start().await;
    let (token, project, plan) =
        (place.token("alice").await, place.project("alice/first-project"), place.plan("SMALL3"));
    for _ in 0..100 {
        place.data.check_project(&token, &project).await.unwrap();
        place.data.submit(&token, &project, &plan).await.unwrap();
        assert_eq!(
            place.data.submitted_since(&token, &project, &plan, Timestamp::default()).await.unwrap().len(),
            1
        );
        assert!(place.arrived(&token, &project, "SMALL3").await.is_some());
    }
    assert_eq!(place.counts().await, (1, 1));
    let mut gone = 0;
    for _ in 0..100 {
        gone += usize::from(place.data.unlink(&token, &project, &plan).await.unwrap());
    }
    assert_eq!((gone, place.counts().await), (1, (1, 0)), "the connector stays: it is everybody's");
    place.stop().await;
}

#[tokio::test]
async fn many_at_once_share_one_connector() {
    let place = Place::start().await;
    let (alice, bob) = (place.token("alice").await, place.token("bob").await);
    for user in [&alice, &bob] {
        place.data.namespaces(user).await.unwrap();
    }
    let (first, second) = (place.project("alice/first-project"), place.project("bob/shared"));
    let plan = place.plan("GLACIER");
    let two = [(&alice, &first), (&bob, &second)];
    let all = two.iter().cycle().take(20).map(|(token, project)| place.data.submit(token, project, &plan));
    for outcome in futures_util::future::join_all(all).await {
        outcome.unwrap();
    }
    assert_eq!(place.counts().await, (1, 2));
    place.stop().await;
}

#[tokio::test]
async fn a_token_that_does_not_count_is_told_as_such_and_not_as_a_missing_project() {
    let place = Place::start().await;
    let project = place.project("alice/first-project");
    let bad = AccessToken::new(SecretString::from("not-a-token".to_owned()));
    let fault = place.data.check_project(&bad, &project).await.unwrap_err();
    assert_eq!(told(&fault), (Class::SignIn(SignInAt::Connector), "token-refused-by-renku"));
    let fault = place.data.arrived(&bad, &project, &place.plan("GLACIER"), None).await.unwrap_err();
    assert_eq!(told(&fault).1, "token-refused-by-renku");
    let fault = place.data.projects(&bad, "", 10).await.unwrap_err();
    assert_eq!(told(&fault).1, "token-refused-by-renku", "nobody's list is not an empty list");
    place.stop().await;
}

#[tokio::test]
async fn no_right_to_write_and_no_such_project_are_told_apart() {
    let place = Place::start().await;
    let token = place.token("alice").await;
    for (path, code) in [
        ("bob/public-notes", Some("project-not-writable")),
        ("glaciology/fieldwork", Some("project-not-writable")),
        ("alice/no-such", Some("project-not-found")),
        ("bob/shared", None),
    ] {
        let checked = place.data.check_project(&token, &place.project(path)).await;
        assert_eq!(checked.err().map(|fault| told(&fault).1), code, "{path}");
        let submitted = place.data.submit(&token, &place.project(path), &place.plan("GLACIER")).await;
        assert_eq!(submitted.err().map(|failure| refused::<()>(Err(failure)).2), code, "{path}");
    }
    place.stop().await;
}

#[tokio::test]
async fn a_short_name_that_another_doi_has_is_never_linked() {
    let place = Place::start().await;
    let (token, project) = (place.token("alice").await, place.project("alice/first-project"));
    place.data.check_project(&token, &project).await.unwrap();
    place.world.tell_renku("data/connectors", json!({"doi": "10.5072/FK2-GLACIER"})).await;
    let refusal = refused(place.data.submit(&token, &project, &place.plan("GLACIER")).await);
    assert_eq!(refusal, (false, Class::User, "connector-of-another-doi"));
    assert_eq!(place.counts().await, (1, 0));
    // Connectors of old tell their DOI in their configuration only, in whatever spelling.
    place.world.tell_renku("data/connectors", json!({"doi": "10.5072/fk2/small3", "old": true})).await;
    place.data.submit(&token, &project, &place.plan("SMALL3")).await.unwrap();
    assert_eq!(place.counts().await, (2, 1));
    place.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_effect_leaves_nothing_twice() {
    let place = Place::start().await;
    let (token, project) = (place.token("alice").await, place.project("alice/first-project"));
    place.data.check_project(&token, &project).await.unwrap();
    for (at, fault) in ["lost_answer", "cut", "lost_race"].into_iter().enumerate() {
        let dataset = ["GLACIER", "SMALL3", "MANY20"][at];
        // The connector is there although its answer is lost, and is found by its name.
        place.fault(json!({"name": fault, "times": 1})).await;
        place.data.submit(&token, &project, &place.plan(dataset)).await.unwrap();
        assert_eq!(place.counts().await, (at + 1, at + 1), "{fault}");
    }
    // Now the link's answer is lost: unclear, found by a look, and as good the second time.
    let second = place.project("bob/shared");
    for (fault, links) in [("lost_answer", 4), ("cut", 4)] {
        place.fault(json!({"name": fault, "times": 1})).await;
        let outcome = place.data.submit(&token, &second, &place.plan("GLACIER")).await;
        match outcome {
            Err(failure) => {
                assert_eq!(refused::<()>(Err(failure)), (true, OUTAGE, "renku-unreachable"), "{fault}");
            }
            Ok(_) => assert_eq!(fault, "cut", "by then the link was there"),
        }
        let plan = place.plan("GLACIER");
        let found = place.data.submitted_since(&token, &second, &plan, Timestamp::default()).await;
        assert_eq!(found.unwrap().len(), 1, "{fault}");
        assert_eq!(place.counts().await.1, links, "{fault}");
    }
    place.stop().await;
}

#[tokio::test]
async fn each_trouble_of_renku_has_its_problem_and_class() {
    let place = Place::start().await;
    let (token, project, plan) =
        (place.token("alice").await, place.project("alice/first-project"), place.plan("GLACIER"));
    place.data.check_project(&token, &project).await.unwrap();
    let limited = Class::Outage { after: Some(Duration::from_secs(1)) };
    for (fault, class, code) in [
        ("down", OUTAGE, "renku-unreachable"),
        ("bad_gateway", OUTAGE, "renku-unreachable"),
        ("rate_limited", limited, "renku-rate-limited"),
        ("garbage", Class::Permanent, "renku-answer-not-understood"),
        ("absent", Class::Permanent, "renku-api-not-offered"),
        ("server_error", OUTAGE, "renku-unreachable"),
        ("doi_unresolvable", Class::NotYet, "doi-not-resolvable"),
        ("doi_elsewhere", Class::User, "dataset-not-recognised-by-renku"),
        ("not_listable", AGAIN, "renku-cannot-reach-dataverse"),
    ] {
        place.fault(json!({"name": fault})).await;
        assert_eq!(
            refused(place.data.submit(&token, &project, &plan).await),
            (false, class, code),
            "{fault}"
        );
        place.no_faults().await;
        assert_eq!(place.counts().await, (0, 0), "{fault}");
    }
    place.data.submit(&token, &project, &plan).await.unwrap();
    assert_eq!(place.counts().await, (1, 1));
    place.stop().await;
}

#[tokio::test]
async fn what_renku_cannot_recognise_is_told_with_its_reason() {
    let place = Place::start().await;
    let token = place.token("alice").await;
    for (doi, class, code) in [
        ("doi:10.5072/FK2/GLACIER", None, None),
        ("doi:10.5072/FK2/NOSUCH", Some(Class::NotYet), Some("doi-not-resolvable")),
        ("doi:10.5072/FK2/NODOI", Some(Class::NotYet), Some("doi-not-resolvable")),
        ("doi:10.5072/FK2/GLACIER/FILE1", Some(Class::User), Some("dataset-not-recognised-by-renku")),
    ] {
        let pid: Pid = doi.parse().unwrap();
        let outcome = place.data.recognises(&token, &pid).await.err();
        assert_eq!(outcome.as_ref().map(|fault| fault.class), class, "{doi}");
        assert_eq!(outcome.as_ref().map(|fault| fault.problem.code.as_str()), code, "{doi}");
        assert!(outcome.is_none_or(|fault| fault.problem.words.is_some()), "Renku's own words are kept");
    }
    place.stop().await;
    let without = Place::with(false, Duration::from_secs(5)).await;
    let token = without.token("alice").await;
    let fault =
        without.data.recognises(&token, &"doi:10.5072/FK2/GLACIER".parse().unwrap()).await.unwrap_err();
    assert_eq!(
        told(&fault),
        (Class::NotYet, "doi-not-resolvable"),
        "the real resolver knows no DOI for tests"
    );
    assert!(!without.data.capabilities().test_dois);
    without.stop().await;
}

#[tokio::test]
async fn a_slow_resolver_is_left_in_time_and_the_dataset_linked_all_the_same() {
    let place = Place::with(true, Duration::from_millis(700)).await;
    let (token, project, plan) =
        (place.token("alice").await, place.project("alice/first-project"), place.plan("GLACIER"));
    place.data.check_project(&token, &project).await.unwrap();
    place.fault(json!({"name": "doi_slow", "times": 1, "seconds": 60})).await;
    let refusal = refused(place.data.submit(&token, &project, &plan).await);
    assert_eq!(refusal, (false, OUTAGE, "renku-unreachable"), "no link was asked for yet");
    crate::sandbox_sims::eventually("it is linked", || async {
        place.data.submit(&token, &project, &plan).await.ok()
    })
    .await;
    assert_eq!(place.counts().await, (1, 1));
    place.stop().await;
}

#[tokio::test]
async fn an_administrator_may_delete_the_connector_and_the_next_import_makes_another() {
    let place = Place::start().await;
    let (token, project, plan) =
        (place.token("alice").await, place.project("alice/first-project"), place.plan("GLACIER"));
    place.data.check_project(&token, &project).await.unwrap();
    let job = place.data.submit(&token, &project, &plan).await.unwrap();
    let before = place.arrived(&token, &project, "GLACIER").await.unwrap().address;
    let url = format!("{}/_sim/data/connectors/doi-10.5072-fk2-glacier", place.world.renku.url);
    client(&HttpSettings::default()).unwrap().delete(url).send().await.unwrap();
    assert_eq!(place.arrived(&token, &project, "GLACIER").await, None);
    assert_eq!(place.data.submit(&token, &project, &plan).await.unwrap().id, job.id);
    assert_ne!(place.arrived(&token, &project, "GLACIER").await.unwrap().address, before);
    place.stop().await;
}

#[tokio::test]
async fn pasted_addresses_become_one_and_others_are_refused() {
    let place = Place::start().await;
    let base = &place.world.renku.url;
    let plain = format!("{base}/p/alice/first-project");
    for pasted in [
        "/p/alice/first-project",
        "/p/Alice/First-Project/",
        "/v2/projects/alice/first-project",
        "/p/alice/first-project/settings",
    ] {
        let address: ProjectAddress = format!("{base}{pasted}").parse().unwrap();
        assert_eq!(place.data.accepts(&address).unwrap().as_str(), plain, "{pasted}");
    }
    for other in [
        format!("{base}/projects/alice/x"),
        "https://gitlab.example/alice/x".to_owned(),
        format!("{base}/p/alice"),
    ] {
        let fault = place.data.accepts(&other.parse().unwrap()).unwrap_err();
        assert_eq!(
            (told(&fault), fault.problem.field.as_deref()),
            ((Class::User, "project-address-invalid"), Some("project")),
            "{other}"
        );
    }
    place.stop().await;
}

#[tokio::test]
async fn a_person_sees_what_they_may_write_to_and_may_make_more() {
    let place = Place::start().await;
    let token = place.token("alice").await;
    for n in 0..130 {
        let path = format!("bob/shared-{n}");
        place
            .world
            .tell_renku("data/projects", json!({"path": path, "owner": "bob", "editors": ["alice"]}))
            .await;
    }
    let paths = |projects: &[dataverse_renku::domain::project::Project]| {
        projects.iter().map(|project| project.path.clone()).collect::<Vec<_>>()
    };
    let found = place.data.projects(&token, "", 100).await.unwrap();
    assert_eq!((found.len(), found[0].path.as_str()), (100, "bob/shared-129"), "the last changed first");
    assert!(found[0].visibility == Some(Visibility::Private) && found[0].last_activity.is_some());
    let found = place.data.projects(&token, "FIRST", 100).await.unwrap();
    assert_eq!(paths(&found), ["alice/first-project"], "also from the second page");
    let found = place.data.projects(&token, "public-notes", 100).await.unwrap();
    assert_eq!(paths(&found), [""; 0], "reading is not enough");

    let places = place.data.namespaces(&token).await.unwrap();
    let places: Vec<_> = places.iter().map(|place| (place.slug.as_str(), place.kind)).collect();
    assert_eq!(places, [("alice", NamespaceKind::Own), ("glaciology", NamespaceKind::Group)]);
    let new = |title: &str, namespace: &str| NewProject {
        title: title.into(),
        namespace: namespace.into(),
        visibility: Visibility::Private,
    };
    let made = place.data.create_project(&token, &new("Zürich \u{0}glaciers", "alice")).await.unwrap();
    assert_eq!((made.title.as_str(), made.path.as_str()), ("Zürich glaciers", "alice/zurich-glaciers"));
    place.data.check_project(&token, &made.address).await.unwrap();
    for (title, namespace, code) in [
        ("Zurich Glaciers", "alice", "project-name-taken"),
        ("氷河", "alice", "project-name-invalid"),
        ("Mine", "bob", "project-creation-refused"),
        ("Mine", "no-such-place", "project-creation-refused"),
        ("Mine", "../user", "project-creation-refused"),
    ] {
        let fault = place.data.create_project(&token, &new(title, namespace)).await.unwrap_err();
        assert_eq!(told(&fault), (Class::User, code), "{title} in {namespace}");
    }
    place.stop().await;
}

#[tokio::test]
async fn a_project_whose_answer_is_lost_is_found_and_not_made_again() {
    let place = Place::start().await;
    let token = place.token("alice").await;
    for fault in ["lost_answer", "cut"] {
        let new =
            NewProject { title: fault.into(), namespace: "alice".into(), visibility: Visibility::Public };
        place.fault(json!({"name": fault, "times": 1})).await;
        let made = place.data.create_project(&token, &new).await.unwrap();
        assert_eq!(made.visibility, Some(Visibility::Public));
        let state = place.world.renku_sim("data/state").await;
        let same = state["projects"].as_array().unwrap().iter().filter(|project| project["name"] == fault);
        assert_eq!(same.count(), 1);
    }
    let new = NewProject { title: "never".into(), namespace: "alice".into(), visibility: Visibility::Public };
    place.fault(json!({"name": "server_error", "times": 1})).await;
    assert_eq!(
        told(&place.data.create_project(&token, &new).await.unwrap_err()),
        (OUTAGE, "renku-unreachable")
    );
    place.data.create_project(&token, &new).await.unwrap();
    place.stop().await;
}

// Under the engine.

async fn engine(place: &Place) -> EngineWorld {
    let data = Arc::clone(&place.data) as Arc<dyn Renku>;
    let world = EngineWorld::with_data(data, place.world.token("alice").await).await;
    world.dataverse.version.lock().unwrap().pid = "doi:10.5072/FK2/GLACIER".parse().unwrap();
    world
}

fn request(place: &Place, project: &str) -> Request {
    Request {
        dataset: "doi:10.5072/FK2/GLACIER".into(),
        project: format!("{}/v2/projects/{project}", place.world.renku.url),
        ..EngineWorld::request("x")
    }
}

fn result(import: &Import) -> &ImportResult {
    match &import.state {
        State::Ended { end: End::Succeeded { result, .. } } => result,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_import_says_that_a_link_was_compared_and_no_files() {
    let place = Place::start().await;
    let world = engine(&place).await;
    let import = world.start(&request(&place, "alice/first-project")).await;
    assert_eq!(import.order.api, RenkuApi::Data);
    assert_eq!(import.order.project, place.project("alice/first-project"), "kept in one form");
    // A version that comes out before the link is looked at is the one that sessions show.
    while world.import(&import).await.state.phase() != Phase::Verifying {
        assert!(world.deliver().await);
    }
    world.dataverse.version.lock().unwrap().number = VersionNumber { major: 2, minor: 0 };
    let end = world.run(&import).await;
    let result = result(&end);
    assert_eq!((result.compared, result.found), (Compared::Link, 0));
    assert_eq!(result.version.to_string(), "2.0");
    assert_eq!(result.linked.as_ref().unwrap().readable, Some(true));
    assert_eq!(
        world.events(&import).await,
        ["created", "planned", "begun", "submitted", "landed", "verified"]
    );
    place.stop().await;
}

#[tokio::test]
async fn a_death_at_any_place_ends_in_one_connector_and_one_link() {
    for phase in [Phase::Queued, Phase::Submitting, Phase::Running, Phase::Verifying] {
        for point in [Point::BeforeEffect, Point::AfterEffect, Point::AfterCommit, Point::AfterPublish] {
            let place = Place::start().await;
            let world = engine(&place).await;
            *world.deaths.place.lock().unwrap() = Some((phase, point));
            let import = world.start(&request(&place, "alice/first-project")).await;
            let end = world.run(&import).await;
            assert_eq!(end.state.phase(), Phase::Succeeded, "{phase:?} {point:?}: {end:?}");
            assert_eq!(place.counts().await, (1, 1), "{phase:?} {point:?}");
            place.stop().await;
        }
    }
}

#[tokio::test]
async fn two_imports_of_one_dataset_into_one_project_both_succeed_also_over_a_lost_answer() {
    let place = Place::start().await;
    let world = engine(&place).await;
    let first = world.start(&request(&place, "alice/first-project")).await;
    result(&world.run(&first).await);
    let second =
        world.start_for(PersonId::new(world.clock.now()), &request(&place, "alice/first-project")).await;
    *world.deaths.place.lock().unwrap() = Some((Phase::Submitting, Point::AfterEffect));
    result(&world.run(&second).await);
    assert_eq!(place.counts().await, (1, 1));
    place.stop().await;
}

#[tokio::test]
async fn a_doi_that_is_not_resolvable_yet_is_waited_for_unless_the_dataset_is_old() {
    let place = Place::start().await;
    let world = engine(&place).await;
    place.fault(json!({"name": "doi_unresolvable", "times": 4})).await;
    world.dataverse.version.lock().unwrap().last_update = Some(world.clock.now());
    let import = world.start(&request(&place, "alice/first-project")).await;
    let end = world.run(&import).await;
    assert_eq!(end.state.phase(), Phase::Succeeded, "{end:?}");
    let lines = world.store.timeline(import.id, 0, 100).await.unwrap();
    assert!(lines.iter().any(|line| line.condition == "dataset"), "{lines:?}");

    place.world.renku_sim("data/state").await;
    let url = format!("{}/_sim/data/connectors/doi-10.5072-fk2-glacier", place.world.renku.url);
    client(&HttpSettings::default()).unwrap().delete(url).send().await.unwrap();
    place.fault(json!({"name": "doi_unresolvable"})).await;
    world.dataverse.version.lock().unwrap().last_update =
        Some(world.clock.now().minus(Duration::from_secs(90_000)));
    let import = world.start(&request(&place, "alice/first-project")).await;
    let end = world.run(&import).await;
    assert_eq!(
        (end.state.phase(), end.state.problem().map(|problem| problem.code)),
        (Phase::Failed, Some(ProblemCode::DoiNotResolvable))
    );
    place.stop().await;
}

#[tokio::test]
async fn undoing_takes_the_link_away_once_and_keeps_the_connector() {
    let place = Place::start().await;
    let world = engine(&place).await;
    let import = world.start(&request(&place, "alice/first-project")).await;
    world.run(&import).await;
    assert_eq!(place.counts().await, (1, 1));
    let undone = world.engine.undo(import.id).await.unwrap();
    let at = result(&undone).linked.as_ref().unwrap().undone_at;
    assert!(at.is_some());
    assert_eq!(place.counts().await, (1, 0));
    assert_eq!(result(&world.engine.undo(import.id).await.unwrap()).linked.as_ref().unwrap().undone_at, at);
    assert_eq!(world.events(&import).await.iter().filter(|event| *event == "undone").count(), 1);
    // What copied files cannot be undone from here.
    let copied = world.start(&EngineWorld::request("one")).await;
    world.run(&copied).await;
    let fault = world.engine.undo(copied.id).await.unwrap_err();
    assert_eq!(told(&fault), (Class::User, "not-possible-now"));
    place.stop().await;
}

#[tokio::test]
async fn what_is_offered_follows_the_renku_and_an_import_stays_where_it_was_started() {
    let place = Place::start().await;
    let world = engine(&place).await;
    let apis = |offers: Vec<dataverse_renku::imports::offers::Offer>| {
        offers.into_iter().map(|offer| offer.api).collect::<Vec<_>>()
    };
    assert_eq!(apis(world.engine.offers().await), [RenkuApi::Data, RenkuApi::Core]);
    let import = world.start(&request(&place, "alice/first-project")).await;
    // Down is not gone.
    place.fault(json!({"name": "down"})).await;
    world.engine.ask_again().await;
    assert_eq!(apis(world.engine.offers().await), [RenkuApi::Data, RenkuApi::Core]);
    place.no_faults().await;
    place.fault(json!({"name": "absent"})).await;
    world.engine.ask_again().await;
    assert_eq!(apis(world.engine.offers().await), [RenkuApi::Core], "noticed without a restart");
    let refused = world
        .engine
        .start(world.person, &"main".parse().unwrap(), &request(&place, "alice/first-project"), None)
        .await
        .unwrap_err();
    assert_eq!(
        refused.problem.code,
        ProblemCode::ProjectHostNotAllowed,
        "Renku 1 does not take addresses of Renku 2"
    );
    let named = Request { api: Some("data".into()), ..request(&place, "alice/first-project") };
    let refused = world.engine.start(world.person, &"main".parse().unwrap(), &named, None).await.unwrap_err();
    assert_eq!(
        (refused.problem.code, refused.problem.field.as_deref()),
        (ProblemCode::RequestInvalid, Some("api"))
    );
    place.no_faults().await;
    assert_eq!(result(&world.run(&import).await).compared, Compared::Link, "it stayed with Renku 2");
    // The address alone says which of the services is meant.
    world.engine.ask_again().await;
    let Created::New(other) = world
        .engine
        .start(world.person, &"main".parse().unwrap(), &EngineWorld::request("one"), None)
        .await
        .unwrap()
    else {
        panic!("it is new")
    };
    assert_eq!(other.order.api, RenkuApi::Core);
    place.stop().await;
}

#[tokio::test]
async fn only_dois_go_to_renku_2_and_closed_files_are_a_warning_there() {
    let place = Place::start().await;
    let world = engine(&place).await;
    let renku = "main".parse().unwrap();
    let order = |dataset: &str| Request { dataset: dataset.into(), ..request(&place, "alice/first-project") };
    for pid in ["hdl:20.500.12345/XYZ", "perma:DANS-42"] {
        world.dataverse.version.lock().unwrap().pid = pid.parse().unwrap();
        let fault = world.engine.preflight(&renku, &order(pid)).await.unwrap_err();
        assert_eq!(
            (fault.problem.code, fault.problem.field.as_deref()),
            (ProblemCode::DoiNeeded, Some("dataset"))
        );
    }
    let mut version = crate::engine_world::version();
    version.pid = "doi:10.5072/FK2/GLACIER".parse().unwrap();
    version.files[0].closed = Some(dataverse_renku::domain::dataset::Closed::Restricted);
    version.guestbook = true;
    *world.dataverse.version.lock().unwrap() = version;
    let preflight = world.engine.preflight(&renku, &order("doi:10.5072/FK2/GLACIER")).await.unwrap();
    let warnings: Vec<_> = preflight.warnings.iter().map(|warning| warning.problem.code).collect();
    assert_eq!(warnings, [ProblemCode::DatasetHasClosedFiles, ProblemCode::DatasetHasGuestbook]);
    let superseded = Request { version: Some("0.9".into()), ..order("doi:10.5072/FK2/GLACIER") };
    let fault = world.engine.preflight(&renku, &superseded).await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::VersionNotLatest, "no version can be pinned");
    world.engine.recognised(world.person, &renku, &preflight.order.pid).await.unwrap();
    place.fault(json!({"name": "doi_unresolvable"})).await;
    let fault = world.engine.recognised(world.person, &renku, &preflight.order.pid).await.unwrap_err();
    assert_eq!(told(&fault), (Class::NotYet, "doi-not-resolvable"));
    place.stop().await;
}

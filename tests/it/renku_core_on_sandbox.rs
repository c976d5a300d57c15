//! The adapter for Renku 1 keeps its promises at the simulated Renku 1, and, by the same functions, at the real core service of
//! `tests/real/renku-core` where `TEST_RENKU_CORE` names its gateway (`RIG_RUN` and `RIG_PORT_BASE` as for that rig's scripts).
//!
//! What only the simulated one can play, faults and the other gateway, is left out at the real one.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::adapters::renku_core::{RenkuCore, RenkuCoreSettings};
use dataverse_renku::domain::import::{Plan, RemoteJob};
use dataverse_renku::domain::ports::Clock;
use dataverse_renku::domain::ports::renku::{
    AccessToken, Arrived, JobStatus, Remedy, Renku as _, SubmitFailure,
};
use dataverse_renku::domain::problem::{Class, Fault, ProblemCode, SignInAt};
use dataverse_renku::domain::project::ProjectAddress;
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::sandbox::renku_core::Gateway;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use crate::sandbox_sims::{World, eventually};

struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "tokens and jobs of a real Renku live in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(chrono::Utc::now().timestamp_millis())
    }
}

#[expect(clippy::disallowed_methods, reason = "names the servers to test against, as for the databases")]
fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The Renku under test.
struct Place {
    core: RenkuCore,
    /// Absent when it is the real one.
    world: Option<World>,
    /// The real one's gateway.
    gateway: String,
}

fn core_at(url: &str, git_url: &str, timeout: Duration) -> RenkuCore {
    let git = Url::parse(git_url).unwrap();
    let settings = RenkuCoreSettings {
        url: url.to_owned(),
        git_hosts: vec![format!("{}:{}", git.host_str().unwrap(), git.port().unwrap())],
        accepted_clients: vec!["renku".to_owned(), "renku-cli".to_owned()],
        max_answer: 1 << 20,
        ask_timeout: timeout,
        project_timeout: timeout,
        most_files: 1_500,
        most_bytes: 10 << 30,
        outstanding: 3,
    };
    let http = HttpSettings { keep_alive: false, ..HttpSettings::default() };
    RenkuCore::new(settings, client(&http).unwrap(), Arc::new(WallClock))
}

impl Place {
    async fn find() -> Self {
        let Some(gateway) = from_environment("TEST_RENKU_CORE") else {
            return Self::of(World::start().await);
        };
        let mut git = Url::parse(&gateway).unwrap();
        git.set_port(git.port().map(|port| port + 2)).unwrap();
        let core = core_at(&gateway, git.as_str(), Duration::from_secs(120));
        Self { core, world: None, gateway }
    }

    fn of(world: World) -> Self {
        let core = core_at(&world.renku.url, &world.renku.git_url, Duration::from_secs(20));
        Self { core, world: Some(world), gateway: String::new() }
    }

    fn sim(&self) -> &World {
        self.world.as_ref().unwrap()
    }

    async fn token(&self, user: &str) -> AccessToken {
        let token = if let Some(world) = &self.world {
            world.token(user).await
        } else {
            let http = client(&HttpSettings::default()).unwrap();
            let url = format!("{}/_rig/token?user={user}", self.gateway);
            let minted: Value = http.get(url).send().await.unwrap().json().await.unwrap();
            minted["access_token"].as_str().unwrap().to_owned()
        };
        AccessToken::new(SecretString::from(token))
    }

    /// A new project of alice's.
    async fn project(&self, template: &str, protected: Option<&str>) -> ProjectAddress {
        let path = format!("alice/{}", uuid::Uuid::now_v7().simple());
        let address = if let Some(world) = &self.world {
            let protected: Vec<_> = protected.into_iter().collect();
            world
                    .tell_renku("projects", json!({ "path": path, "template": template, "protected": protected, "readers": ["alice", "bob", "carol", "dave"] }))
                    .await;
            format!("{}/{path}", world.renku.git_url)
        } else {
            let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/renku-core/rigtool.py");
            let venv = from_environment("RIG_VENV").unwrap_or_else(|| "/opt/renku-core/venv".to_owned());
            let made = Command::new(format!("{venv}/bin/python"))
                .args([tool, "new-project", &path, "--template", template])
                .args(["--protected", protected.unwrap_or_default()])
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            String::from_utf8(made.stdout).unwrap()
        };
        address.parse().unwrap()
    }

    fn plan(&self, dataset: &str, name: &str) -> Plan {
        let site = self
            .world
            .as_ref()
            .map_or("https://demo.dataverse.example", |world| world.dataverse.site_url.as_str());
        Plan {
            version: "1.0".parse().unwrap(),
            version_id: 1,
            last_update: None,
            title: "A title".into(),
            name: name.parse().unwrap(),
            dataset_uri: format!("{site}/dataset.xhtml?persistentId=doi:10.5072/FK2/{dataset}"),
            files: 3,
            bytes: 100,
        }
    }

    /// Hands it in and follows it to its end.
    async fn import(&self, token: &AccessToken, project: &ProjectAddress, plan: &Plan) -> JobStatus {
        let job = self.core.submit(token, project, plan).await.unwrap();
        self.end_of(token, &job).await
    }

    async fn end_of(&self, token: &AccessToken, job: &RemoteJob) -> JobStatus {
        eventually("the job ends", || async {
            let status = self.core.follow(token, job).await.unwrap();
            matches!(status, JobStatus::Landed(_) | JobStatus::Failed { .. }).then_some(status)
        })
        .await
    }

    async fn stop(self) {
        if let Some(world) = self.world {
            world.stop().await;
        }
    }
}

fn why(status: JobStatus) -> (&'static str, Remedy) {
    let JobStatus::Failed { problem, remedy } = status else { panic!("it did not fail: {status:?}") };
    (problem.code.as_str(), remedy)
}

fn code(outcome: Result<(), Fault>) -> Option<&'static str> {
    outcome.err().map(|fault| fault.problem.code.as_str())
}

fn refused(outcome: Result<RemoteJob, SubmitFailure>) -> (bool, Class, &'static str) {
    let (unclear, fault) = match outcome.unwrap_err() {
        SubmitFailure::NotAccepted(fault) => (false, fault),
        SubmitFailure::Unclear(fault) => (true, fault),
    };
    (unclear, fault.class, fault.problem.code.as_str())
}

#[tokio::test]
async fn an_import_is_handed_in_followed_found_again_and_seen_in_the_project() {
    let place = Place::find().await;
    let (token, project) = (place.token("alice").await, place.project("renku", None).await);
    let plan = place.plan("SMALL3", "first-try-v1.0");
    assert_eq!(code(place.core.check_project(&token, &project).await), None);
    assert_eq!(place.core.arrived(&token, &project, &plan, None).await.unwrap(), None);
    let begun = WallClock.now();
    let job = place.core.submit(&token, &project, &plan).await.unwrap();
    let left = place.core.submitted_since(&token, &project, &plan, begun).await.unwrap();
    assert_eq!(left.iter().map(|left| &left.id).collect::<Vec<_>>(), [&job.id]);
    let JobStatus::Landed(landed) = place.end_of(&token, &job).await else { panic!("it failed") };
    assert_eq!((landed.branch.as_deref(), landed.aside), (Some("master"), false));
    let arrived = place.core.arrived(&token, &project, &plan, landed.branch.as_deref()).await.unwrap();
    let Some(Arrived::Files(arrived)) = arrived else { panic!("{arrived:?}") };
    let mut names: Vec<_> = arrived.files.iter().map(|file| file.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["notes.txt", "params.json", "readings.csv"]);
    assert_eq!(arrived.version, Some(plan.version));
    place.stop().await;
}

#[tokio::test]
async fn what_a_protected_branch_pushed_aside_is_found_there() {
    let place = Place::find().await;
    let (token, project) = (place.token("alice").await, place.project("renku", Some("master")).await);
    let plan = place.plan("SMALL3", "aside");
    let JobStatus::Landed(landed) = place.import(&token, &project, &plan).await else { panic!("it failed") };
    assert!(landed.aside, "{landed:?}");
    let there = place.core.arrived(&token, &project, &plan, landed.branch.as_deref()).await.unwrap();
    assert!(matches!(there, Some(Arrived::Files(there)) if there.files.len() == 3));
    place.stop().await;
}

#[tokio::test]
async fn projects_that_cannot_take_it_are_told_apart_beforehand() {
    let place = Place::find().await;
    let token = place.token("alice").await;
    for (template, want) in [
        ("renku", None),
        ("plain", Some("project-not-renku")),
        ("outdated", Some("project-needs-migration")),
        ("future", Some("project-too-new")),
        ("toonew", Some("project-too-new")),
    ] {
        let project = place.project(template, None).await;
        assert_eq!(code(place.core.check_project(&token, &project).await), want, "{template}");
    }
    let project = place.project("renku", None).await;
    let missing: ProjectAddress = format!("{project}-missing").parse().unwrap();
    assert_eq!(code(place.core.check_project(&token, &missing).await), Some("project-not-found"));
    place.stop().await;
}

#[tokio::test]
async fn an_outdated_project_is_migrated_on_demand_and_then_takes_the_dataset() {
    let place = Place::find().await;
    let (token, project) = (place.token("alice").await, place.project("outdated", None).await);
    place.core.migrate(&token, &project).await.unwrap();
    assert_eq!(code(place.core.check_project(&token, &project).await), None);
    let status = place.import(&token, &project, &place.plan("SMALL3", "after-migration")).await;
    assert!(matches!(status, JobStatus::Landed(_)), "{status:?}");
    place.stop().await;
}

#[tokio::test]
async fn people_whom_renku_lost_are_sent_there_to_sign_in() {
    let place = Place::find().await;
    let project = place.project("renku", None).await;
    for user in ["carol", "dave"] {
        let token = place.token(user).await;
        let fault = place.core.check_project(&token, &project).await.unwrap_err();
        let wanted = (Class::SignIn(SignInAt::Renku), ProblemCode::RenkuSignInNeeded);
        assert_eq!((fault.class, fault.problem.code), wanted, "{user}: {fault}");
        let (unclear, class, _) =
            refused(place.core.submit(&token, &project, &place.plan("SMALL3", "x")).await);
        assert_eq!((unclear, class), (false, Class::SignIn(SignInAt::Renku)), "{user}");
    }
    place.stop().await;
}

#[tokio::test]
async fn failed_jobs_say_why() {
    let place = Place::find().await;
    let (alice, bob) = (place.token("alice").await, place.token("bob").await);
    let project = place.project("renku", None).await;
    let first = place.import(&alice, &project, &place.plan("SMALL3", "taken")).await;
    assert!(matches!(first, JobStatus::Landed(_)), "{first:?}");
    let again = place.import(&alice, &project, &place.plan("UTF8", "taken")).await;
    assert_eq!(why(again), ("dataset-name-taken", Remedy::None));
    let unknown = place.import(&alice, &project, &place.plan("NOSUCH", "unknown")).await;
    assert_eq!(why(unknown), ("dataset-unknown", Remedy::None));
    let draft = place.import(&alice, &project, &place.plan("DRAFT1", "draft")).await;
    assert_eq!(why(draft), ("dataset-not-published", Remedy::None));
    let closed = why(place.import(&alice, &project, &place.plan("RESTRD", "closed")).await);
    assert!(
        matches!(closed, ("file-not-downloadable", Remedy::AskDataverse { file: Some(_) })),
        "{closed:?}"
    );
    let reader = place.project("renku", None).await;
    let refused = place.import(&bob, &reader, &place.plan("SMALL3", "not-his")).await;
    assert_eq!(why(refused), ("push-failed", Remedy::None));
    place.stop().await;
}

#[tokio::test]
async fn nobody_elses_and_no_unknown_job_is_answered() {
    let place = Place::find().await;
    let (alice, bob) = (place.token("alice").await, place.token("bob").await);
    let project = place.project("renku", None).await;
    let plan = place.plan("SMALL3", "mine");
    let begun = WallClock.now();
    let job = place.core.submit(&alice, &project, &plan).await.unwrap();
    assert_eq!(place.core.follow(&bob, &job).await.unwrap(), JobStatus::NoAnswer);
    assert_eq!(place.core.submitted_since(&bob, &project, &plan, begun).await.unwrap(), []);
    let unknown = RemoteJob { id: "0".repeat(32), ..job.clone() };
    assert_eq!(place.core.follow(&alice, &unknown).await.unwrap(), JobStatus::NoAnswer);
    place.end_of(&alice, &job).await;
    place.stop().await;
}

#[tokio::test]
async fn a_submit_whose_answer_was_lost_is_found_again() {
    for fault in ["post_504_but_enqueued", "post_timeout_but_enqueued"] {
        let world = World::start().await;
        let impatient = core_at(&world.renku.url, &world.renku.git_url, Duration::from_secs(3));
        let place = Place { core: impatient, ..Place::of(world) };
        let (token, project) = (place.token("alice").await, place.project("renku", None).await);
        let plan = place.plan("SMALL3", "lost-answer");
        place.sim().tell_renku("faults", json!({ "name": fault, "times": 1 })).await;
        let begun = WallClock.now();
        let (unclear, class, code) = refused(place.core.submit(&token, &project, &plan).await);
        assert_eq!(
            (unclear, class, code),
            (true, Class::Outage { after: None }, "renku-unreachable"),
            "{fault}"
        );
        let left = place.core.submitted_since(&token, &project, &plan, begun).await.unwrap();
        assert_eq!(left.len(), 1, "{fault}");
        assert!(matches!(place.end_of(&token, &left[0]).await, JobStatus::Landed(_)), "{fault}");
        place.stop().await;
    }
}

#[tokio::test]
async fn trouble_at_renku_is_told_by_its_kind() {
    let place = Place::of(World::start().await);
    let world = place.sim();
    let (token, project) = (place.token("alice").await, place.project("renku", None).await);
    let plan = place.plan("SMALL3", "in-trouble");
    // Known beforehand, so that only the submit meets the trouble.
    place.core.check_project(&token, &project).await.unwrap();
    let again = Class::Retryable { after: None };
    let limited = Class::Outage { after: Some(Duration::from_secs(40)) };
    for (fault, want) in [
        (json!({ "name": "core_down" }), (false, Class::Outage { after: None }, "renku-unreachable")),
        (json!({ "name": "retry_after", "seconds": 40 }), (false, limited, "renku-rate-limited")),
        (json!({ "name": "error_2900" }), (true, again, "renku-internal-error")),
        (json!({ "name": "error_3030" }), (false, Class::SignIn(SignInAt::Renku), "renku-sign-in-needed")),
        (json!({ "name": "error_3200" }), (true, again, "renku-internal-error")),
        (json!({ "name": "error_3201" }), (false, again, "project-busy")),
        (json!({ "name": "error_3202" }), (true, Class::Outage { after: None }, "renku-internal-error")),
        (json!({ "name": "error_3203" }), (false, again, "renku-internal-error")),
        (json!({ "name": "malformed" }), (true, Class::Permanent, "renku-answer-not-understood")),
    ] {
        world.tell_renku("faults", fault.clone()).await;
        assert_eq!(refused(place.core.submit(&token, &project, &plan).await), want, "{fault}");
        let faults = format!("{}/_sim/faults", world.renku.url);
        client(&HttpSettings::default()).unwrap().delete(faults).send().await.unwrap();
    }
    place.stop().await;
}

#[tokio::test]
async fn a_core_with_the_old_errors_is_understood() {
    let place = Place::of(World::with(|options| options.core_version = "1.1.4".into()).await);
    let token = place.token("alice").await;
    let project = place.project("renku", None).await;
    assert_eq!(place.core.version().await.unwrap().as_deref(), Some("1.1"));
    let plan = place.plan("SMALL3", "by-an-old-core");
    assert!(matches!(place.import(&token, &project, &plan).await, JobStatus::Landed(_)));
    let no_project = place.project("plain", None).await;
    let (unclear, class, code) = refused(place.core.submit(&token, &no_project, &plan).await);
    assert_eq!((unclear, class, code), (false, Class::User, "project-not-renku"));
    place.stop().await;
}

#[tokio::test]
async fn jobs_are_followed_on_their_pod_and_through_answers_without_content() {
    let world = World::with(|options| {
        options.sticky = true;
        options.odd_every = 2;
    })
    .await;
    let place = Place::of(world);
    let (token, project) = (place.token("alice").await, place.project("renku", None).await);
    let job = place.core.submit(&token, &project, &place.plan("SMALL3", "on-a-pod")).await.unwrap();
    assert!(job.sticky.as_deref().is_some_and(|cookie| cookie.starts_with("reverse-proxy-sticky-session-")));
    let lost = RemoteJob { sticky: None, ..job.clone() };
    assert_eq!(place.core.follow(&token, &lost).await.unwrap(), JobStatus::NoAnswer);
    assert!(matches!(place.end_of(&token, &job).await, JobStatus::Landed(_)));
    place.stop().await;
}

#[tokio::test]
async fn a_gateway_that_lets_nobodys_call_pass_does_not_hide_the_sign_in() {
    let world = World::with(|options| {
        options.gateway = Gateway::Go;
        options.gateway_version = "1.7.0".into();
    })
    .await;
    let place = Place::of(world);
    let project = place.project("renku", None).await;
    for (user, client, class, code) in [
        ("dave", "renku", Class::SignIn(SignInAt::Renku), ProblemCode::RenkuSignInNeeded),
        // Whether she signed in to Renku itself or not, this is what stands in the way.
        ("alice", "dataverse-connector", Class::User, ProblemCode::TokenClientNotAccepted),
        ("dave", "dataverse-connector", Class::User, ProblemCode::TokenClientNotAccepted),
    ] {
        let token = AccessToken::new(SecretString::from(place.sim().token_of(user, client).await));
        let told = |fault: Fault| (fault.class, fault.problem.code);
        let fault = place.core.check_project(&token, &project).await.unwrap_err();
        assert_eq!(told(fault), (class, code), "{user} with {client}");
        let fault = place.core.projects(&token, "", 10).await.unwrap_err();
        assert_eq!(told(fault), (class, code), "{user} with {client}");
    }
    place.stop().await;
}

#[tokio::test]
async fn own_projects_are_listed_the_last_used_first_and_a_search_narrows_them() {
    let place = Place::of(World::start().await);
    let alice = place.token("alice").await;
    let used = place.project("renku", None).await;
    place.import(&alice, &used, &place.plan("GLACIER", "glaciers")).await;
    let listed = place.core.projects(&alice, "", 100).await.unwrap();
    assert_eq!(listed.first().unwrap().address, used);
    assert!(listed.iter().all(|project| project.path.starts_with("alice/")), "{listed:?}");
    let found = place.core.projects(&alice, "second", 100).await.unwrap();
    assert_eq!(found.iter().map(|project| project.title.as_str()).collect::<Vec<_>>(), ["second-project"]);
    assert!(place.core.projects(&place.token("bob").await, "", 100).await.unwrap().is_empty(), "only reads");
    let never_there = place.core.projects(&place.token("dave").await, "", 100).await.unwrap_err();
    assert_eq!(never_there.class, Class::SignIn(SignInAt::Renku));
    place.sim().tell_renku("faults", json!({ "name": "no_gitlab", "times": 1 })).await;
    let gone = place.core.projects(&alice, "", 100).await.unwrap_err();
    assert_eq!(gone.problem.code, ProblemCode::RenkuApiNotOffered);
    place.stop().await;
}

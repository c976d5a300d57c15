//! The adapter against a mock gateway: what is sent, and one test per answer and trap.

use mockito::{Matcher, Mock, Server, ServerGuard};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::adapters::http::{HttpSettings, client};
use crate::domain::dataset::VersionNumber;
use crate::domain::problem::SignInAt;

pub(super) const JOB: &str = "c7fc4f94c14040a3a4db092c74e35413";
const STICKY: &str = "reverse-proxy-sticky-session-renku-core=pod-1";
const PROJECT: &str = "https://git.example/alice/demo";

pub(super) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-24T12:00:00Z").unwrap()
    }
}

fn core_at(url: &str, timeout: Duration) -> RenkuCore {
    let settings = RenkuCoreSettings {
        url: url.to_owned(),
        git_hosts: vec!["git.example".into(), "127.0.0.1:18482".into()],
        accepted_clients: vec!["renku".into(), "renku-cli".into()],
        max_answer: 20_000,
        ask_timeout: timeout,
        project_timeout: timeout,
        most_files: 1_500,
        most_bytes: 10 << 30,
        outstanding: 3,
    };
    RenkuCore::new(settings, client(&HttpSettings::default()).unwrap(), Arc::new(Noon))
}

pub(super) fn core(server: &ServerGuard) -> RenkuCore {
    core_at(&format!("{}/", server.url()), Duration::from_secs(2))
}

pub(super) fn token() -> AccessToken {
    AccessToken::new(SecretString::from("the-token"))
}

fn project() -> ProjectAddress {
    PROJECT.parse().unwrap()
}

fn plan() -> Plan {
    Plan {
        version: VersionNumber { major: 1, minor: 0 },
        version_id: 1,
        last_update: None,
        title: "Finches".into(),
        name: "Finches-10.5072_X-v1.0".parse().unwrap(),
        dataset_uri: "https://dv.example/dataset.xhtml?persistentId=doi:10.5072/X".into(),
        files: 1,
        bytes: 1,
    }
}

pub(super) fn job() -> RemoteJob {
    RemoteJob {
        id: JOB.into(),
        base: Some("/api/renku/10/1.0".into()),
        sticky: Some(STICKY.into()),
        accepted_at: Noon.now(),
        working_since: None,
    }
}

pub(super) async fn with_release(release: &str) -> ServerGuard {
    let mut server = Server::new_async().await;
    let told = json!({ "result": { "latest_version": release, "supported_project_version": 10,
        "minimum_api_version": "1.0", "maximum_api_version": "2.2" } });
    server.mock("GET", "/api/renku/apiversion").with_body(told.to_string()).create_async().await;
    let uploads = json!({ "result": { "files": [] } }).to_string();
    server.mock("GET", PROBE).with_body(uploads).create_async().await;
    server
}

fn error(code: i64, user: &str, dev: &str) -> Value {
    json!({ "error": { "code": code, "userMessage": user, "devMessage": dev, "devReference": "https://x" } })
}

pub(super) async fn answer(
    server: &mut ServerGuard,
    method: &str,
    path: &str,
    status: usize,
    body: &str,
) -> Mock {
    server
        .mock(method, path)
        .match_query(Matcher::Any)
        .with_status(status)
        .with_header("content-type", "text/html")
        .with_body(body)
        .create_async()
        .await
}

pub(super) const IMPORT: &str = "/api/renku/1.0/datasets.import";
const PROBE: &str = "/api/renku/1.0/cache.files_list";
const CHECK: &str = "/api/renku/1.0/cache.migrations_check";

pub(super) async fn submit(server: &ServerGuard) -> Result<RemoteJob, SubmitFailure> {
    core(server).submit(&token(), &project(), &plan()).await
}

pub(super) fn refused(outcome: Result<RemoteJob, SubmitFailure>) -> (bool, Fault) {
    match outcome.unwrap_err() {
        SubmitFailure::NotAccepted(fault) => (false, fault),
        SubmitFailure::Unclear(fault) => (true, fault),
    }
}

fn nothing_more(mock: Mock) -> Mock {
    ["referer", "cookie", "x-requested-with", "renku-user", "renku-user-id", "renku-user-email"]
        .into_iter()
        .fold(mock, |mock, header| mock.match_header(header, Matcher::Missing))
}

#[tokio::test]
async fn a_submit_sends_exactly_what_every_core_takes() {
    let mut server = with_release("2.9.4").await;
    let mock = server.mock("POST", IMPORT);
    let mock = nothing_more(mock)
        .match_header("authorization", "Bearer the-token")
        .match_header("content-type", "application/json")
        .match_header("accept", "application/json")
        .match_body(Matcher::Json(json!({
            "dataset_uri": plan().dataset_uri, "git_url": PROJECT, "name": plan().name.as_str(),
        })))
        .with_header("set-cookie", "_renku_session=anonymous; Path=/; HttpOnly")
        .with_header("set-cookie", &format!("{STICKY}; Path=/"))
        .with_body(
            json!({ "result": { "job_id": JOB, "created_at": "2026-11-24T00:52:32.091305" } }).to_string(),
        )
        .create_async()
        .await;
    let accepted = submit(&server).await.unwrap();
    mock.assert_async().await;
    let base = Some("/api/renku/1.0".to_owned());
    assert_eq!(accepted, RemoteJob { base, ..job() });
}

#[tokio::test]
async fn a_poll_goes_back_to_the_same_pod_and_path_with_no_other_cookie() {
    let mut server = with_release("2.9.4").await;
    let body = json!({ "result": { "job_id": JOB, "state": "ENQUEUED", "extras": null } }).to_string();
    let mock = server
        .mock("GET", format!("/api/renku/10/1.0/jobs/{JOB}").as_str())
        .match_header("cookie", STICKY)
        .match_header("authorization", "Bearer the-token")
        .match_header("referer", Matcher::Missing)
        .match_header("content-type", Matcher::Missing)
        .with_header("set-cookie", "_renku_session=anonymous")
        .with_body(body)
        .expect(2)
        .create_async()
        .await;
    let core = core(&server);
    for _ in 0..2 {
        assert_eq!(core.follow(&token(), &job()).await.unwrap(), JobStatus::Waiting);
    }
    mock.assert_async().await;
}

#[tokio::test]
async fn a_job_may_be_without_an_answer_for_a_moment() {
    let gone =
        error(2900, "Our servers generated an unexpected error", "Further information: 'Object not found.'");
    for body in [json!({ "result": null }), gone] {
        let mut server = with_release("2.9.4").await;
        let path = format!("/api/renku/10/1.0/jobs/{JOB}");
        answer(&mut server, "GET", &path, 200, &body.to_string()).await;
        assert_eq!(core(&server).follow(&token(), &job()).await.unwrap(), JobStatus::NoAnswer);
    }
}

#[tokio::test]
async fn the_release_is_asked_once_and_again_when_a_call_shows_that_it_changed() {
    let mut server = Server::new_async().await;
    let told = json!({ "result": { "latest_version": "2.9.4", "minimum_api_version": "1.0", "maximum_api_version": "2.2" } });
    let asked = server
        .mock("GET", "/api/renku/apiversion")
        .match_header("authorization", Matcher::Missing)
        .with_body(told.to_string())
        .expect(2)
        .create_async()
        .await;
    let path = format!("/api/renku/10/1.0/jobs/{JOB}");
    let poll = answer(&mut server, "GET", &path, 200, &json!({ "result": null }).to_string()).await;
    let core = core(&server);
    for _ in 0..3 {
        core.follow(&token(), &job()).await.unwrap();
    }
    poll.remove_async().await;
    answer(&mut server, "GET", &path, 200, &error(2404, "gone", "").to_string()).await;
    for _ in 0..2 {
        core.follow(&token(), &job()).await.unwrap_err();
    }
    asked.assert_async().await;
    assert_eq!(core.version().await.unwrap().as_deref(), Some("2.9"));
}

#[tokio::test]
async fn a_core_before_1_2_tells_its_release_elsewhere() {
    let mut server = Server::new_async().await;
    let missing = json!({ "error": { "code": -32404, "reason": "not found" } }).to_string();
    answer(&mut server, "GET", "/api/renku/apiversion", 200, &missing).await;
    let told = json!({ "result": { "latest_version": "1.0.5", "minimum_api_version": "0.9", "maximum_api_version": "1.0" } });
    answer(&mut server, "GET", "/api/renku/version", 200, &told.to_string()).await;
    assert_eq!(core(&server).version().await.unwrap().as_deref(), Some("1.0"));
}

#[tokio::test]
async fn a_renku_without_the_service_is_told_as_such() {
    for (status, body) in [
        (404, "{\"message\":\"Not Found\"}"),
        (200, "<!doctype html><title>Renku</title>"),
        (200, "{\"message\":\"hello\"}"),
        (302, ""),
    ] {
        let mut server = Server::new_async().await;
        answer(&mut server, "GET", "/api/renku/apiversion", status, body).await;
        let fault = core(&server).check_project(&token(), &project()).await.unwrap_err();
        assert_eq!(
            (fault.problem.code.as_str(), fault.class),
            ("renku-api-not-offered", Class::Permanent),
            "{status} {body}"
        );
    }
    let mut server = Server::new_async().await;
    answer(&mut server, "GET", "/api/renku/apiversion", 502, "no upstream servers are available").await;
    let (unclear, fault) = refused(submit(&server).await);
    assert_eq!((unclear, fault.class), (false, Class::Outage { after: None }));
}

#[tokio::test]
async fn no_call_is_made_for_a_project_on_another_host() {
    let mut server = Server::new_async().await;
    let any = server.mock("GET", Matcher::Any).expect(0).create_async().await;
    let core = core(&server);
    for address in [
        "https://evil.example/alice/demo",
        "https://git.example:8443/alice/demo",
        "https://127.0.0.1/alice/demo",
        "http://git.example/alice/demo",
    ] {
        let project: ProjectAddress = address.parse().unwrap();
        let faults = [
            core.accepts(&project).unwrap_err(),
            core.check_project(&token(), &project).await.unwrap_err(),
            core.migrate(&token(), &project).await.unwrap_err(),
            core.arrived(&token(), &project, &plan(), None).await.unwrap_err(),
            refused(core.submit(&token(), &project, &plan()).await).1,
        ];
        for fault in faults {
            assert_eq!((fault.problem.code.as_str(), fault.class), ("project-host-not-allowed", Class::User));
            assert_eq!(fault.problem.field.as_deref(), Some("project"));
        }
    }
    core.accepts(&"http://127.0.0.1:18482/alice/demo".parse().unwrap()).unwrap();
    any.assert_async().await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn each_way_in_which_a_submit_can_fail_says_whether_it_may_have_been_taken() {
    let outage = |seconds: Option<u64>| Class::Outage { after: seconds.map(Duration::from_secs) };
    let (here, renku) = (Class::SignIn(SignInAt::Connector), Class::SignIn(SignInAt::Renku));
    let again = Class::Retryable { after: None };
    let gateway = |message: &str| {
        json!({ "error": "authentication", "message": message, "target": "renku" }).to_string()
    };
    let core_says = |code| error(code, "user", "dev").to_string();
    let page = "<html>oops</html>".to_owned();
    for (status, body, unclear, class, code) in [
        (401, gateway("token expired"), false, here, "token-expired"),
        (
            401,
            json!({ "error": "invalid token: Signature has expired" }).to_string(),
            false,
            here,
            "token-expired",
        ),
        (401, gateway("can't refresh access token"), false, renku, "renku-sign-in-needed"),
        (401, gateway("unknown"), false, renku, "renku-sign-in-needed"),
        (
            401,
            json!({ "error": "authentication", "message": "unknown", "exception": "Invalid audience" })
                .to_string(),
            false,
            Class::User,
            "token-without-audience",
        ),
        (
            401,
            json!({ "error": "authentication", "message": "unknown", "exception": "'id_token'" }).to_string(),
            false,
            renku,
            "renku-sign-in-needed",
        ),
        (
            401,
            json!({ "error": "authentication", "message": "unknown", "exception": "Signature verification failed" })
                .to_string(),
            false,
            renku,
            "token-refused-by-renku",
        ),
        (401, "Unauthorized".to_owned(), false, renku, "token-refused-by-renku"),
        (
            403,
            json!({ "error": "origin not allowed: x" }).to_string(),
            false,
            Class::Permanent,
            "renku-origin-refused",
        ),
        (
            404,
            json!({ "message": "Not Found" }).to_string(),
            false,
            Class::Permanent,
            "renku-api-not-offered",
        ),
        (429, json!({ "message": "slow down" }).to_string(), false, outage(Some(40)), "renku-rate-limited"),
        (502, "no upstream servers are available".to_owned(), false, outage(None), "renku-unreachable"),
        (500, page.clone(), true, outage(Some(40)), "renku-unreachable"),
        (502, page.clone(), true, outage(Some(40)), "renku-unreachable"),
        (504, page.clone(), true, outage(Some(40)), "renku-unreachable"),
        (200, page, true, Class::Permanent, "renku-answer-not-understood"),
        (200, "{\"result\":{\"job".to_owned(), true, Class::Permanent, "renku-answer-not-understood"),
        (200, json!({ "result": {} }).to_string(), true, Class::Permanent, "renku-answer-not-understood"),
        (
            200,
            json!({ "result": { "job_id": "../x" } }).to_string(),
            true,
            Class::Permanent,
            "renku-answer-not-understood",
        ),
        (200, "x".repeat(30_000), true, Class::Permanent, "renku-answer-not-understood"),
        (200, core_says(1010), false, Class::User, "project-not-found"),
        (200, core_says(1030), false, renku, "renku-sign-in-needed"),
        (200, core_says(3030), false, renku, "renku-sign-in-needed"),
        (200, core_says(2001), false, Class::Permanent, "renku-answer-not-understood"),
        (200, core_says(3201), false, again, "project-busy"),
        (200, core_says(3203), false, again, "renku-internal-error"),
        (200, core_says(2900), true, again, "renku-internal-error"),
        (
            200,
            json!({ "error": { "code": -32100, "reason": "no", "project_initialization_required": true } })
                .to_string(),
            false,
            Class::User,
            "project-not-renku",
        ),
    ] {
        let mut server = with_release("2.9.4").await;
        server
            .mock("POST", IMPORT)
            .with_status(status)
            .with_header("retry-after", "40")
            .with_body(&body)
            .expect(1)
            .create_async()
            .await;
        let (got_unclear, fault) = refused(submit(&server).await);
        assert_eq!(
            (got_unclear, fault.class, fault.problem.code.as_str()),
            (unclear, class, code),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn an_old_gateway_answers_a_page_to_people_who_never_signed_in_to_renku() {
    let mut server = with_release("1.7.1").await;
    answer(&mut server, "POST", IMPORT, 500, "<html>Internal Server Error</html>").await;
    let (unclear, fault) = refused(submit(&server).await);
    assert_eq!(
        (unclear, fault.class, fault.problem.code.as_str()),
        (false, Class::SignIn(SignInAt::Renku), "renku-sign-in-needed")
    );
}

#[tokio::test]
async fn a_submit_that_gets_no_answer_is_unclear_unless_nobody_was_there() {
    let mut server = with_release("2.9.4").await;
    let slow = server
        .mock("POST", IMPORT)
        .with_chunked_body(|_| {
            std::thread::sleep(Duration::from_secs(1));
            Ok(())
        })
        .create_async()
        .await;
    let impatient = core_at(&server.url(), Duration::from_millis(300));
    let (unclear, fault) = refused(impatient.submit(&token(), &project(), &plan()).await);
    assert_eq!((unclear, fault.class), (true, Class::Outage { after: None }));
    slow.assert_async().await;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (unclear, fault) =
        refused(core_at(&url, Duration::from_secs(2)).submit(&token(), &project(), &plan()).await);
    assert_eq!(
        (unclear, fault.class, fault.problem.code.as_str()),
        (false, Class::Outage { after: None }, "renku-unreachable")
    );
}

#[tokio::test]
async fn a_project_is_checked_before_anything_is_sent() {
    let fit = json!({ "project_supported": true, "core_compatibility_status": { "migration_required": false },
        "template_status": { "type": "error", "code": 3140 } });
    let old = json!({ "project_supported": true, "core_compatibility_status": { "type": "detail", "migration_required": true } });
    let new =
        json!({ "project_supported": false, "core_compatibility_status": { "migration_required": false } });
    let error_in_place = json!({ "project_supported": true, "core_compatibility_status": { "type": "error", "code": 1120, "userMessage": "corrupt" } });
    for (body, want) in [
        (json!({ "result": fit }), None),
        (json!({ "result": {} }), None),
        (json!({ "result": old }), Some("project-needs-migration")),
        (json!({ "result": new }), Some("project-too-new")),
        (json!({ "result": error_in_place }), Some("project-damaged")),
        (error(1010, "no repository", ""), Some("project-not-found")),
        (error(1011, "no permission", ""), Some("project-not-readable")),
        (error(1110, "The target project is not a Renku project.", ""), Some("project-not-renku")),
        (error(1030, "It's necessary to be authenticated", ""), Some("renku-sign-in-needed")),
    ] {
        let mut server = with_release("2.9.4").await;
        let mock = server
            .mock("GET", CHECK)
            .match_query(Matcher::UrlEncoded("git_url".into(), PROJECT.into()))
            .match_header("authorization", "Bearer the-token")
            .with_body(body.to_string())
            .create_async()
            .await;
        let outcome = core(&server).check_project(&token(), &project()).await;
        let code = outcome.err().map(|fault| fault.problem.code.as_str());
        assert_eq!(code, want, "{body}");
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn nobodys_call_is_noticed_before_a_private_project_seems_to_be_missing() {
    let mut server = Server::new_async().await;
    let told = json!({ "result": { "latest_version": "2.9.4", "minimum_api_version": "1.0", "maximum_api_version": "2.2" } });
    answer(&mut server, "GET", "/api/renku/apiversion", 200, &told.to_string()).await;
    answer(
        &mut server,
        "GET",
        PROBE,
        200,
        &error(1030, "It's necessary to be authenticated", "").to_string(),
    )
    .await;
    let missing = error(1010, "no repository", "").to_string();
    let check = answer(&mut server, "GET", CHECK, 200, &missing).await.expect(0);
    let list = answer(&mut server, "GET", "/api/renku/1.0/datasets.list", 200, &missing).await.expect(0);
    let core = core(&server);
    let faults = [
        core.check_project(&token(), &project()).await.unwrap_err(),
        core.arrived(&token(), &project(), &plan(), None).await.unwrap_err(),
    ];
    for fault in faults {
        assert_eq!(
            (fault.class, fault.problem.code.as_str()),
            (Class::SignIn(SignInAt::Renku), "renku-sign-in-needed")
        );
    }
    check.assert_async().await;
    list.assert_async().await;
}

#[tokio::test]
async fn a_migration_leaves_template_and_dockerfile_alone() {
    let done = json!({ "result": { "was_migrated": true, "errors": [], "remote_branch": "master" } });
    let failed = json!({ "result": { "was_migrated": false, "errors": ["it broke"] } });
    let aside = json!({ "result": { "was_migrated": true, "remote_branch": "renku/autobranch/master/1" } });
    for (body, want) in [
        (done, None),
        (failed, Some(("project-migration-failed", Class::User))),
        (aside, Some(("project-migration-failed", Class::User))),
        (error(1140, "update failed", ""), Some(("project-migration-failed", Class::User))),
        (error(2200, "cannot migrate", ""), Some(("project-migration-failed", Class::User))),
        (error(3201, "locked", ""), Some(("project-busy", Class::Retryable { after: None }))),
    ] {
        let mut server = with_release("2.9.4").await;
        let mock = server
            .mock("POST", "/api/renku/1.0/cache.migrate")
            .match_header("content-type", "application/json")
            .match_body(Matcher::Json(json!({
                "git_url": PROJECT, "force_template_update": false, "skip_template_update": true, "skip_docker_update": true,
            })))
            .with_body(body.to_string())
            .create_async()
            .await;
        let outcome = core(&server).migrate(&token(), &project()).await;
        let got = outcome.err().map(|fault| (fault.problem.code.as_str(), fault.class));
        assert_eq!(got, want, "{body}");
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn what_an_unclear_submit_left_is_looked_for_on_every_pod() {
    let begun = Noon.now();
    let listed = |id: &str| {
        let job = |id: &str, created: &str| {
            json!({ "job_id": id, "state": "IN_PROGRESS", "renku_op": "dataset_import",
            "created_at": created, "project": { "owner": "alice", "name": "demo" } })
        };
        json!({ "result": { "jobs": [job(id, "2026-11-24T12:00:03.5"), job("older", "2026-11-24T11:00:00")] } }).to_string()
    };
    let mut server = with_release("2.9.4").await;
    let mut pods = Vec::new();
    for (pod, id) in [("pod-1", "aa"), ("pod-2", "bb"), ("pod-1", "aa")] {
        let cookie = format!("reverse-proxy-sticky-session-renku-core={pod}; Path=/");
        let mock = server
            .mock("GET", "/api/renku/1.0/jobs")
            .match_header("cookie", Matcher::Missing)
            .with_header("set-cookie", &cookie)
            .with_body(listed(id))
            .expect(1)
            .create_async()
            .await;
        pods.push(mock);
    }
    // Once more at each pod, with its cookie, since nothing says that the first answer came from there.
    for (pod, id) in [("pod-1", "aa"), ("pod-2", "bb")] {
        let mock = server
            .mock("GET", "/api/renku/1.0/jobs")
            .match_header("cookie", format!("reverse-proxy-sticky-session-renku-core={pod}").as_str())
            .with_body(listed(id))
            .expect(1)
            .create_async()
            .await;
        pods.push(mock);
    }
    let found = core(&server).submitted_since(&token(), &project(), &plan(), begun).await.unwrap();
    let ids: Vec<_> = found.iter().map(|job| (job.id.as_str(), job.sticky.as_deref().unwrap())).collect();
    assert_eq!(
        ids,
        [
            ("aa", "reverse-proxy-sticky-session-renku-core=pod-1"),
            ("bb", "reverse-proxy-sticky-session-renku-core=pod-2")
        ]
    );
    for pod in pods {
        pod.assert_async().await;
    }
    let mut server = with_release("2.9.4").await;
    let once = answer(&mut server, "GET", "/api/renku/1.0/jobs", 200, &listed("aa")).await;
    assert_eq!(
        core(&server).submitted_since(&token(), &project(), &plan(), begun).await.unwrap().len(),
        1,
        "a gateway without pods is asked once"
    );
    once.assert_async().await;
}

#[tokio::test]
async fn the_dataset_is_found_in_the_project_by_its_name() {
    let name = plan().name;
    let list = json!({ "result": { "datasets": [{ "name": "other" }, { "name": name, "title": "T", "version": "1.0" }] } });
    let files = json!({ "result": { "files": [
        { "name": "a.txt", "path": "data/x/a.txt", "added": "2026" }, { "path": "data/x/b.txt" } ] } });
    for (release, branch) in [("2.9.4", Some("master")), ("2.6.2", None)] {
        let mut server = with_release(release).await;
        let query = |more: &[(&str, &str)]| {
            let pairs = [("git_url", PROJECT)]
                .into_iter()
                .chain(branch.map(|b| ("branch", b)))
                .chain(more.iter().copied());
            let text = pairs
                .fold(url::form_urlencoded::Serializer::new(String::new()), |mut out, (k, v)| {
                    out.append_pair(k, v);
                    out
                })
                .finish();
            Matcher::Exact(text)
        };
        let listed = server
            .mock("GET", "/api/renku/1.0/datasets.list")
            .match_query(query(&[]))
            .with_body(list.to_string())
            .create_async()
            .await;
        server
            .mock("GET", "/api/renku/1.0/datasets.files_list")
            .match_query(query(&[("name", name.as_str())]))
            .with_body(files.to_string())
            .create_async()
            .await;
        let arrived = core(&server).arrived(&token(), &project(), &plan(), Some("master")).await.unwrap();
        let Some(Arrived::Files(arrived)) = arrived else { panic!("{arrived:?}") };
        listed.assert_async().await;
        let names: Vec<_> = arrived.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
        assert_eq!(names, [("a.txt", None), ("b.txt", None)]);
        assert_eq!((arrived.version, arrived.flat), (Some(plan().version), true));
        let absent = Plan { name: "something-else".parse().unwrap(), ..plan() };
        assert_eq!(core(&server).arrived(&token(), &project(), &absent, Some("master")).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_a_renku_says_is_shown_without_the_git_token() {
    let mut server = with_release("2.9.4").await;
    let said =
        "Cannot checkout reference 'nope' in repository: http://oauth2:gltok-alice@127.0.0.1:18482/alice/ok";
    answer(&mut server, "POST", IMPORT, 200, &error(2200, said, said).to_string()).await;
    let (_, fault) = refused(submit(&server).await);
    let words = fault.problem.words.unwrap();
    assert!(words.contains("Cannot checkout reference") && !words.contains("gltok-alice"), "{words}");
    assert!(!format!("{:?}", core(&server)).contains("the-token"));
}

#[test]
fn the_link_leads_to_the_dataset_in_renkus_pages() {
    let core = core_at("https://renku.example/", Duration::from_secs(1));
    for (project, path) in [
        ("https://git.example/alice/demo", "alice/demo"),
        ("https://renku.example/gitlab/group/sub/demo", "group/sub/demo"),
    ] {
        assert_eq!(
            core.link(&project.parse().unwrap(), &plan()).unwrap(),
            format!("https://renku.example/projects/{path}/datasets/Finches-10.5072_X-v1.0/")
        );
    }
}

//! Publications from Dataverse's call to the version in the project: no workflow is left waiting, and nothing is missed or done twice.
//!
//! How processes are started and driven is `whole`'s.

mod burst;
mod mails;
mod renku_2;
mod service;

use dataverse_renku::publications::definition;
use futures_util::StreamExt as _;
use futures_util::stream;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::store_suite::bench;
use crate::whole::{App, Kept, WORKFLOW_SECRET, Whole, Wishes};

const PID: &str = "doi:10.5072/FK2/GLACIER";

/// More at once would only slow each other down.
const AT_ONCE: usize = 4;

/// Registers our own definition, as an administrator does, letting these addresses resume.
async fn register(whole: &Whole, addresses: &[&str]) {
    register_with(whole, addresses, 0).await;
}

/// The same with more steps after ours, which take so long.
async fn register_with(whole: &Whole, addresses: &[&str], rest_ms: u64) {
    let ours = definition::workflow(&whole.address(), &"demo".parse().unwrap(), WORKFLOW_SECRET);
    let parameters = &ours["steps"][0]["parameters"];
    let workflow = json!({
        "url": parameters["url"], "body": parameters["body"], "content_type": parameters["contentType"],
        "expected_response": parameters["expectedResponse"], "resume_addresses": addresses, "rest_ms": rest_ms,
    });
    whole.tell_dataverse("workflow", &workflow).await;
}

/// A new major version; what its workflow's invocation is called.
async fn publish(whole: &Whole, pid: &str) -> Option<String> {
    let published = whole.tell_dataverse("publish", &json!({"pid": pid, "major": true})).await;
    published["invocationId"].as_str().map(str::to_owned)
}

async fn invocation(whole: &Whole, id: &str) -> Value {
    let all = whole.ask_dataverse("_sim/workflow/invocations").await;
    all.as_array().unwrap().iter().find(|one| one["invocationId"] == id).unwrap().clone()
}

async fn locks(whole: &Whole, pid: &str) -> usize {
    let path = format!("api/v1/datasets/:persistentId/locks?persistentId={pid}");
    whole.ask_dataverse(&path).await["data"].as_array().unwrap().len()
}

/// Subscribes alice's project and waits for the version that is out now.
async fn subscribe(whole: &Whole, pid: &str, project: &str) -> String {
    let wish = json!({"dataset": pid, "project": whole.project(project)});
    let made = whole.ask(whole.request("POST", "/api/v1/subscriptions").json(&wish)).await;
    let id =
        made.unwrap_or_else(|why| panic!("{why}\n{}", whole.last_log()))["id"].as_str().unwrap().to_owned();
    arrived(whole, &id, &["1.0"]).await;
    id
}

async fn shown(whole: &Whole, id: &str) -> Value {
    whole.ask(whole.request("GET", &format!("/api/v1/subscriptions/{id}"))).await.unwrap_or_default()
}

/// Waits until the ledger has exactly these versions, newest first, all of them arrived.
async fn arrived(whole: &Whole, id: &str, versions: &[&str]) {
    let mut last = Value::Null;
    let as_wanted = |shown: &Value| {
        let ledger = shown["ledger"].as_array().cloned().unwrap_or_default();
        let found: Vec<_> = ledger.iter().map(|line| line["version"].as_str().unwrap().to_owned()).collect();
        found == versions && ledger.iter().all(|line| line["outcome"] == "arrived")
    };
    whole
        .eventually(&format!("{versions:?} arrived"), async || {
            last = shown(whole, id).await;
            as_wanted(&last)
        })
        .await;
}

async fn publications(whole: &Whole) -> Vec<Value> {
    let answer = whole.ask(whole.request("GET", "/api/v1/publications?limit=100")).await;
    answer.unwrap()["publications"].as_array().unwrap().clone()
}

/// How often Renku accepted a dataset of this version.
async fn accepted(whole: &Whole, version: &str) -> usize {
    let submits = whole.submits().await;
    let jobs =
        submits["submits"].as_array().unwrap().iter().flat_map(|submit| submit["jobs"].as_array().unwrap());
    jobs.filter(|job| job["slug"].as_str().unwrap().ends_with(&format!("-v{version}"))).count()
}

/// Alice may see everything.
const ALICE: &str = "0a11ce00-5f1c-4d0e-9c38-7a6c4a4f0001";

const fn wishes(kept: Kept) -> Wishes {
    Wishes { operator: ALICE, ..Wishes::on(kept) }
}

async fn ready(wishes: Wishes) -> (Whole, App, String) {
    let mut whole = Whole::new(wishes).await;
    let app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    let subscription = subscribe(&whole, PID, "first-project").await;
    (whole, app, subscription)
}

/// What became of a run in which a process was killed at a place.
#[derive(Debug, PartialEq, Eq)]
struct End {
    state: String,
    resumes: u64,
    locks: usize,
    submits: usize,
}

async fn killed_at(kept: Kept, place: &'static str) -> (&'static str, End) {
    // What Dataverse was never told "yes" for is found by the catch-up; all else must not need it.
    let lost = place == "callback.before-commit";
    let wishes = Wishes { catch_up_every: if lost { "1s" } else { "1h" }, ..wishes(kept) };
    let (whole, app, subscription) = ready(wishes).await;
    app.kill().await;
    let app = whole.serve(&["--halt-at", place]).await;
    register(&whole, &["127.0.0.1"]).await;
    let id = publish(&whole, PID).await.unwrap();
    app.logs("halted as asked").await;
    app.kill().await;
    let app = whole.serve(&[]).await;
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    whole
        .eventually("the workflow is over", async || {
            let state = invocation(&whole, &id).await["state"].clone();
            let known =
                publications(&whole).await.into_iter().find(|it| it["workflow"]["invocation"] == id.as_str());
            let ours = known.is_none_or(|known| known["workflow"]["state"] == "resumed");
            (state == "succeeded" || state == "call_failed") && ours && locks(&whole, PID).await == 0
        })
        .await;
    let seen = invocation(&whole, &id).await;
    let end = End {
        state: seen["state"].as_str().unwrap().to_owned(),
        resumes: seen["resumes"].as_u64().unwrap(),
        locks: locks(&whole, PID).await,
        submits: accepted(&whole, "2.0").await,
    };
    println!("{place:<24} {end:?}");
    app.kill().await;
    whole.clear().await;
    (place, end)
}

const PLACES: [&str; 10] = [
    "callback.before-commit",
    "callback.after-commit",
    "resume.before-begin",
    "resume.after-begin",
    "resume.after-send",
    "resume.after-commit",
    "fan-out.after-read",
    "fan-out.after-create",
    "fan-out.before-commit",
    "fan-out.after-commit",
];

async fn killed_everywhere(kept: Kept) {
    let runs = PLACES.map(|place| killed_at(kept, place));
    let ends: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    assert_eq!(ends.len(), PLACES.len());
    for (place, end) in ends {
        // Killed before it answered, Dataverse takes its step for failed and lets the dataset go by itself.
        let (state, resumes) =
            if place.starts_with("callback") { ("call_failed", 0) } else { ("succeeded", 1) };
        assert_eq!(end, End { state: state.to_owned(), resumes, locks: 0, submits: 1 }, "killed at {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_place_leaves_no_dataset_locked_and_no_version_behind() {
    killed_everywhere(Kept::Here).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_comes_too_early_is_repeated_and_the_rest_of_the_workflow_runs_once() {
    let (whole, app, subscription) = ready(Wishes { dataverse_pace: 1.0, ..wishes(Kept::Here) }).await;
    register(&whole, &["127.0.0.1"]).await;
    let id = publish(&whole, PID).await.unwrap();
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    whole
        .eventually("the dataset is free", async || invocation(&whole, &id).await["state"] == "succeeded")
        .await;
    let seen = invocation(&whole, &id).await;
    println!("{seen}");
    assert!(seen["early_resumes"].as_u64().unwrap() > 0, "{seen}");
    assert_eq!((seen["resumes"].as_u64(), seen["calls"].as_u64()), (Some(1), Some(1)), "{seen}");
    assert_eq!(locks(&whole, PID).await, 0);
    assert!(app.log().contains(&id), "the invocation's name is in the log");
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_whose_answer_is_lost_is_not_repeated_while_the_rest_of_the_workflow_runs() {
    let (whole, app, _) = ready(Wishes { resume_unclear: "20s", ..wishes(Kept::Here) }).await;
    register_with(&whole, &["127.0.0.1"], 3_000).await;
    whole.tell_dataverse("faults", &json!({"name": "resume_answer_lost", "times": 1})).await;
    let id = publish(&whole, PID).await.unwrap();
    let ours = async || {
        let all = publications(&whole).await;
        let known = all.into_iter().find(|it| it["workflow"]["invocation"] == id.as_str());
        known.map_or(Value::Null, |known| known["workflow"].clone())
    };
    whole.eventually("it is known to be over", async || ours().await["state"] == "resumed").await;
    let seen = invocation(&whole, &id).await;
    println!("{seen}");
    assert_eq!((seen["resumes"].as_u64(), &seen["state"]), (Some(1), &json!("succeeded")), "{seen}");
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_was_lost_on_its_way_is_repeated() {
    let (whole, app, _) = ready(wishes(Kept::Here)).await;
    register(&whole, &["127.0.0.1"]).await;
    whole.tell_dataverse("faults", &json!({"name": "resume_in_vain", "times": 2})).await;
    let id = publish(&whole, PID).await.unwrap();
    whole
        .eventually("the dataset is free", async || invocation(&whole, &id).await["state"] == "succeeded")
        .await;
    assert_eq!(invocation(&whole, &id).await["resumes"], 1);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_and_is_tried_again_by_hand_arrives_in_the_ledger_too() {
    let (whole, app, subscription) = ready(wishes(Kept::Here)).await;
    let writers = async |writers: Value| {
        let rights = json!({"path": "alice/first-project", "readers": ["alice"], "writers": writers});
        whole.tell_renku("projects", &rights).await;
    };
    writers(json!([])).await;
    register(&whole, &["127.0.0.1"]).await;
    publish(&whole, PID).await;
    whole
        .eventually("it failed", async || {
            shown(&whole, &subscription).await["ledger"][0]["outcome"] == "failed"
        })
        .await;
    let failed = shown(&whole, &subscription).await["ledger"][0]["import"].as_str().unwrap().to_owned();
    writers(json!(["alice"])).await;
    let path = format!("/api/v1/imports/{failed}/retry");
    let anew = whole.ask(whole.request("POST", &path)).await.unwrap();
    assert_ne!(anew["id"], failed.as_str());
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    assert_eq!(shown(&whole, &subscription).await["ledger"][0]["import"], anew["id"]);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_updated_current_version_is_noticed_and_not_copied_again() {
    let (whole, app, subscription) = ready(Wishes { catch_up_every: "1s", ..wishes(Kept::Here) }).await;
    whole.tell_dataverse("update_current", &json!({"pid": PID})).await;
    let outcomes = async || {
        let ledger = shown(&whole, &subscription).await["ledger"].as_array().cloned().unwrap_or_default();
        let line = |line: &Value| (line["version"].clone(), line["outcome"].clone());
        ledger.iter().map(line).collect::<Vec<_>>()
    };
    let wanted = [(json!("1.0"), json!("metadata_only")), (json!("1.0"), json!("arrived"))].to_vec();
    whole.eventually("it is noted", async || outcomes().await == wanted).await;
    assert_eq!(accepted(&whole, "1.0").await, 1);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_waits_until_the_export_that_renku_reads_shows_it() {
    let (whole, app, subscription) = ready(wishes(Kept::Here)).await;
    register(&whole, &["127.0.0.1"]).await;
    let files = json!([{"name": "new-in-v2.csv", "text": "2"}]);
    let order = json!({"pid": PID, "major": true, "export_lag_ms": 600_000, "files": files});
    whole.tell_dataverse("publish", &order).await;
    let line = async || shown(&whole, &subscription).await["ledger"][0].clone();
    whole.eventually("it is handed on", async || line().await["version"] == "2.0").await;
    let import = line().await["import"].as_str().unwrap().to_owned();
    whole.import_is(&import, "waiting for the export", |import| import["condition"] == "dataset").await;
    assert_eq!(accepted(&whole, "2.0").await, 0, "Renku is not sent there before");
    whole.tell_dataverse("export", &json!({"pid": PID})).await;
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    assert_eq!(accepted(&whole, "2.0").await, 1);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_that_cannot_be_looked_at_keeps_no_other_waiting_and_limits_are_kept() {
    let (whole, app, subscription) = ready(Wishes { catch_up_every: "2s", ..wishes(Kept::Here) }).await;
    let failing = subscribe(&whole, "doi:10.5072/FK2/SMALL3", "second-project").await;
    let problem = async |id: &str| shown(&whole, id).await["dataset_state"]["problem"]["code"].clone();
    whole.tell_dataverse("datasets", &json!({"pid": "doi:10.5072/FK2/SMALL3", "unpublished": true})).await;
    whole.eventually("it fails", async || problem(&failing).await == "dataset-not-published").await;
    assert_eq!(publish(&whole, PID).await, None);
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    // As long as it limits us every look ends there, and none of the others is tried.
    whole.tell_dataverse("faults", &json!({"name": "rate_limited"})).await;
    whole
        .eventually("it is limited", async || {
            [problem(&subscription).await, problem(&failing).await].contains(&json!("dataverse-rate-limited"))
        })
        .await;
    let http = &whole.http;
    http.delete(format!("{}/_sim/faults", whole.dataverse())).send().await.unwrap();
    publish(&whole, PID).await;
    arrived(&whole, &subscription, &["3.0", "2.0", "1.0"]).await;
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_does_what_the_pages_do() {
    let (whole, app, subscription) = ready(wishes(Kept::Here)).await;
    let token = whole.token_of("alice").await;
    let file = whole.file_with("token", &token);
    let server = whole.address();
    let remote = ["--server", server.as_str(), "--token-file", file.to_str().unwrap()];
    for place in [&remote[..], &[]] {
        let run = async |words: &[&str]| {
            let words = [&["subscriptions"], words, place].concat();
            let (status, printed) = whole.run(&words).await;
            assert!(status.success(), "{words:?}: {printed}");
            printed
        };
        assert!(run(&["list"]).await.contains(&subscription));
        assert!(run(&["pause", &subscription]).await.contains("paused"));
        assert!(run(&["resume", &subscription]).await.contains("active"));
        assert!(run(&["show", &subscription]).await.contains("arrived"));
        let project = whole.project("first-project");
        let again = run(&["add", PID, "--project", &project, "--json"]).await;
        assert!(again.contains(&subscription), "it is the one that there is: {again}");
    }
    let (status, printed) = whole.run(&["subscriptions", "remove", &subscription]).await;
    assert!(status.success() && printed.contains("ended"), "{printed}");
    let (status, printed) = whole.run(&["subscriptions", "pause", &subscription]).await;
    assert!(!status.success() && printed.contains("not-possible-now"), "{printed}");
    let (_, printed) = whole.run(&["subscriptions", "list"]).await;
    assert!(printed.contains("There are no subscriptions."), "{printed}");
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_nobody_announced_arrives_with_the_next_look() {
    let (whole, app, subscription) = ready(Wishes { catch_up_every: "1s", ..wishes(Kept::Here) }).await;
    assert_eq!(publish(&whole, PID).await, None);
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    let noticed = publications(&whole).await;
    assert!(noticed.iter().any(|it| it["source"] == "catch_up" && it["found"] == "2.0"), "{noticed:?}");
    assert_eq!(accepted(&whole, "2.0").await, 1);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deaccessioned_dataset_is_noticed_and_imports_nothing() {
    let (whole, app, subscription) = ready(Wishes { catch_up_every: "1s", ..wishes(Kept::Here) }).await;
    whole.tell_dataverse("deaccession", &json!({"pid": PID, "version": "1.0"})).await;
    whole
        .eventually("it is noticed", async || {
            shown(&whole, &subscription).await["dataset_state"]["deaccessioned_at"].is_string()
        })
        .await;
    assert_eq!(shown(&whole, &subscription).await["state"], "active");
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_reads_what_to_do_when_our_address_is_not_allowed() {
    let (whole, app, subscription) = ready(wishes(Kept::Here)).await;
    register(&whole, &[]).await;
    let id = publish(&whole, PID).await.unwrap();
    let workflow = async || {
        let all = publications(&whole).await;
        let known = all.into_iter().find(|it| it["workflow"]["invocation"] == id.as_str());
        known.map_or(Value::Null, |known| known["workflow"].clone())
    };
    whole.eventually("it is refused", async || workflow().await["state"] == "refused").await;
    assert_eq!(workflow().await["problem"]["code"], "resume-address-refused");
    // The version does not wait for the lock.
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    let metrics = whole.request_without_token("GET", "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"dataverse_renku_datasets_locked_by_us{installation="demo"} 1"#), "{metrics}");
    register(&whole, &["127.0.0.1"]).await;
    whole.eventually("it goes on", async || workflow().await["state"] == "resumed").await;
    assert_eq!(invocation(&whole, &id).await["resumes"], 1);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_subscription_rests_and_catches_up_when_it_goes_on() {
    let (whole, app, subscription) = ready(wishes(Kept::Here)).await;
    register(&whole, &["127.0.0.1"]).await;
    let path = format!("/api/v1/subscriptions/{subscription}");
    let paused = whole.ask(whole.request("POST", &format!("{path}/pause"))).await.unwrap();
    assert_eq!(paused["state"], "paused");
    let id = publish(&whole, PID).await.unwrap();
    whole
        .eventually("the dataset is free", async || invocation(&whole, &id).await["state"] == "succeeded")
        .await;
    whole
        .eventually("it is dealt with", async || {
            publications(&whole).await.iter().all(|it| it["state"] == "done")
        })
        .await;
    arrived(&whole, &subscription, &["1.0"]).await;
    whole.ask(whole.request("POST", &format!("{path}/resume"))).await.unwrap();
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    let ended = whole.ask(whole.request("DELETE", &path)).await.unwrap();
    assert_eq!(ended["state"], "ended");
    let again = whole.request("POST", &format!("{path}/resume")).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::CONFLICT);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_right_to_write_pauses_the_subscription_and_says_so() {
    let (whole, app, subscription) = ready(wishes(Kept::Here)).await;
    whole
        .tell_renku("projects", &json!({"path": "alice/first-project", "readers": ["alice"], "writers": []}))
        .await;
    register(&whole, &["127.0.0.1"]).await;
    publish(&whole, PID).await;
    whole.eventually("it is paused", async || shown(&whole, &subscription).await["state"] == "paused").await;
    let shown = shown(&whole, &subscription).await;
    assert_eq!(shown["problem"]["code"], "push-failed", "{shown}");
    assert_eq!(shown["ledger"][0]["outcome"], "failed");
    app.kill().await;
    whole.clear().await;
}

fn call(whole: &Whole, secret: &str, body: &[u8]) -> reqwest::RequestBuilder {
    let path = format!("/dataverse/demo/published/{secret}");
    whole.request_without_token("POST", &path).header("content-type", "application/json").body(body.to_vec())
}

fn body(invocation: &str) -> Vec<u8> {
    format!(
        r#"{{"invocationId":"{invocation}","datasetId":42,"globalId":"{PID}","majorVersion":9,"minorVersion":0,"releaseStatus":"done"}}"#
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_answers_only_those_who_know_the_secret_and_says_yes_once_it_is_stored() {
    let mut whole = Whole::new(wishes(Kept::Here)).await;
    let app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    for secret in [WORKFLOW_SECRET, "an-older-secret-that-is-still-valid"] {
        assert_eq!(status(call(&whole, secret, &body("one"))).await, StatusCode::ACCEPTED);
    }
    let announced = publications(&whole).await;
    assert_eq!(announced.len(), 1, "the same invocation is stored once: {announced:?}");
    // A wrong secret and an unknown installation are answered alike.
    let answer = async |path: &str| {
        let answer = whole.request_without_token("POST", path).body(body("two")).send().await.unwrap();
        let status = answer.status();
        let mut told: Value = answer.json().await.unwrap();
        told.as_object_mut().unwrap().remove("instance");
        (status, told)
    };
    let wrong = answer("/dataverse/demo/published/0123456789abcdef0123456789abcdeX").await;
    let unknown = answer(&format!("/dataverse/other/published/{WORKFLOW_SECRET}")).await;
    assert_eq!(wrong.0, StatusCode::NOT_FOUND);
    assert_eq!(wrong, unknown);
    // Latin-1, as Dataverse's client sends it.
    let latin: Vec<u8> = String::from_utf8(body("three"))
        .unwrap()
        .replace("done", "termin\u{e9}")
        .chars()
        .map(|c| c as u8)
        .collect();
    assert_eq!(status(call(&whole, WORKFLOW_SECRET, &latin)).await, StatusCode::ACCEPTED);
    assert_eq!(status(call(&whole, WORKFLOW_SECRET, b"hello")).await, StatusCode::BAD_REQUEST);
    let large = vec![b' '; 10 << 20];
    assert_eq!(status(call(&whole, WORKFLOW_SECRET, &large)).await, StatusCode::PAYLOAD_TOO_LARGE);
    let path = format!("/dataverse/demo/published/{WORKFLOW_SECRET}");
    let by_get = whole.request_without_token("GET", &path).send().await.unwrap();
    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(by_get.headers()["allow"], "POST");
    assert_eq!(publications(&whole).await.len(), 2);
    assert!(!app.log().contains(WORKFLOW_SECRET), "the secret stays out of the log");
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_that_cannot_be_kept_is_refused_at_once_and_kept_when_it_comes_again() {
    let whole = Whole::new(wishes(Kept::Here)).await;
    let app = whole.serve(&[]).await;
    let held = bench::hold_sqlite(&whole.database()).await;
    let refused = call(&whole, WORKFLOW_SECRET, &body("one")).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "5");
    held.let_go().await;
    let again = call(&whole, WORKFLOW_SECRET, &body("one")).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::ACCEPTED);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn announcements_are_taken_from_allowed_addresses_only_also_behind_a_proxy() {
    let more = "[dataverse.walled]\nsite_url = \"http://127.0.0.1:9\"\nallowed_addresses = [\"192.0.2.0/24\"]\n\
                workflow_secrets = [\"walled-0123456789abcdef\"]\n";
    let whole =
        Whole::new(Wishes { more, trusted_proxies: "[\"127.0.0.1\"]", ..Wishes::on(Kept::Here) }).await;
    let app = whole.serve(&[]).await;
    let path = "/dataverse/walled/published/walled-0123456789abcdef";
    let from = async |forwarded: Option<&str>| {
        let mut request = whole.request_without_token("POST", path).body(body("one"));
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        request.send().await.unwrap().status()
    };
    assert_eq!(from(None).await, StatusCode::FORBIDDEN);
    // 127.0.0.1 is a proxy of ours in this configuration.
    assert_eq!(from(Some("192.0.2.7")).await, StatusCode::ACCEPTED);
    assert_eq!(from(Some("192.0.2.7, 198.51.100.9")).await, StatusCode::FORBIDDEN);
    assert_eq!(from(Some("198.51.100.9, 192.0.2.7")).await, StatusCode::ACCEPTED);
    assert_eq!(from(Some("nonsense")).await, StatusCode::FORBIDDEN);
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definition_is_for_operators_alone() {
    let (whole, app, _subscription) = ready(wishes(Kept::Here)).await;
    let path = "/dataverse/demo/workflow.json";
    let nobody = whole.request_without_token("GET", path).send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    let stranger = whole.request_without_token("GET", path).bearer_auth(whole.token_of("bob").await);
    assert_eq!(stranger.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let definition = whole.ask(whole.request("GET", path)).await.unwrap();
    assert_eq!(definition["steps"][0]["stepType"], "http/sr");
    assert!(
        definition["steps"][0]["parameters"]["url"]
            .as_str()
            .unwrap()
            .ends_with("an-older-secret-that-is-still-valid")
    );
    app.kill().await;
    whole.clear().await;
}

mod needs_postgres_rabbitmq_publications {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn a_process_killed_at_any_place_leaves_no_dataset_locked_and_no_version_behind() {
        killed_everywhere(Kept::OnServers).await;
    }
}

mod needs_rabbitmq_publications {
    use super::*;
    use crate::needs_rabbitmq_queue::broker::Ctl;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn controls_broker_a_dataset_is_freed_while_our_broker_is_away() {
        let (whole, app, subscription) = ready(wishes(Kept::OnBroker)).await;
        register(&whole, &["127.0.0.1"]).await;
        Ctl.run(&["stop"]).await;
        let id = publish(&whole, PID).await.unwrap();
        whole
            .eventually("the dataset is free", async || invocation(&whole, &id).await["state"] == "succeeded")
            .await;
        assert_eq!(invocation(&whole, &id).await["resumes"], 1);
        Ctl.run(&["start"]).await;
        arrived(&whole, &subscription, &["2.0", "1.0"]).await;
        assert_eq!(accepted(&whole, "2.0").await, 1);
        app.kill().await;
        whole.clear().await;
    }
}

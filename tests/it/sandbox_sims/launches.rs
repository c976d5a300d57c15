//! The simulated Dataverse: tools, launches with signed callbacks, and the post-publish workflow.
//! Reading is in `dataverse`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::dataverse::{ADMIN, FIONA, Site};
use super::eventually;

fn manifest() -> Value {
    json!({
        "displayName": "Import into Renku", "description": "Takes this dataset into a Renku project.",
        "scope": "dataset", "types": ["explore"], "toolUrl": "https://bridge.example/launch/demo",
        "toolParameters": { "queryParameters": [
            { "siteUrl": "{siteUrl}" }, { "datasetId": "{datasetId}" }, { "datasetPid": "{datasetPid}" },
            { "datasetVersion": "{datasetVersion}" }, { "locale": "{localeCode}" } ] },
        "allowedApiCalls": [
            { "name": "getUser", "httpMethod": "GET", "urlTemplate": "/api/v1/users/:me", "timeOut": 10 },
            { "name": "getDataset", "httpMethod": "GET", "urlTemplate": "/api/v1/datasets/{datasetId}", "timeOut": 60 },
            { "name": "byPid", "httpMethod": "GET", "timeOut": 60,
              "urlTemplate": "/api/v1/datasets/:persistentId/?persistentId={datasetPid}" },
            { "name": "unversioned", "httpMethod": "GET", "urlTemplate": "/api/datasets/{datasetId}", "timeOut": 60 } ],
    })
}

async fn register(site: &Site, manifest: &Value, key: &str) -> (u16, Value) {
    let request = site.http.post(site.url("/api/externalTools")).header("X-Dataverse-key", key);
    let answer = request.json(manifest).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// What the browser would open for a click.
async fn launched(site: &Site, query: &str) -> String {
    let (_, told) = site.get(&format!("/_sim/launch?answer=json&{query}")).await;
    told["url"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
}

/// The callback in it, as a path of this site.
async fn callback(site: &Site, query: &str) -> String {
    let url = launched(site, query).await;
    let encoded = url.split_once("callback=").unwrap().1.split('&').next().unwrap();
    let decoded = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    decoded.strip_prefix(&site.running.site_url).unwrap().to_owned()
}

const GLACIER: &str = "pid=doi:10.5072/FK2/GLACIER";

#[tokio::test]
async fn tools_are_registered_by_superusers_and_listed_for_anybody() {
    let site = Site::start().await;
    assert_eq!(register(&site, &manifest(), FIONA).await.0, 403);
    let (status, stored) = register(&site, &manifest(), ADMIN).await;
    assert_eq!(status, 200);
    let (_, list) = site.get("/api/externalTools").await;
    assert_eq!(list["data"], json!([stored["data"]]));
    let mut wrong = manifest();
    wrong["toolParameters"]["queryParameters"][0]["siteUrl"] = "constant".into();
    let refused = register(&site, &wrong, ADMIN).await;
    assert_eq!(refused, (400, json!({ "status": "ERROR", "message": "Unknown reserved word: constant" })));
    let mut long = manifest();
    long["toolParameters"]["queryParameters"][0] = json!({ "k".repeat(200): "{siteUrl}" });
    assert_eq!(register(&site, &long, ADMIN).await.0, 400);
    site.running.stop().await;
}

#[tokio::test]
async fn a_signed_callback_tells_who_launched_and_mints_urls_that_work() {
    let site = Site::start().await;
    register(&site, &manifest(), ADMIN).await;
    let callback = callback(&site, &format!("{GLACIER}&as=fiona")).await;
    let (status, answer) = site.get(&format!("{callback}&locale=de")).await;
    assert_eq!(status, 200, "{answer}");
    let parameters = &answer["data"]["queryParameters"];
    assert!(parameters["datasetId"].is_u64());
    assert_eq!(parameters["datasetPid"], "doi:10.5072/FK2/GLACIER");
    assert_eq!((&parameters["datasetVersion"], &parameters["locale"]), (&json!("1.0"), &json!("de")));
    let signed = |index: usize| {
        let url = answer["data"]["signedUrls"][index]["signedUrl"].as_str().unwrap();
        url.strip_prefix(&site.running.site_url).unwrap().to_owned()
    };
    assert_eq!(site.get(&signed(0)).await.1["data"]["identifier"], "@fiona");
    assert_eq!(site.get(&signed(1)).await.0, 200);
    // Signed with the query encoded, checked with it decoded.
    assert_eq!(site.get(&signed(2)).await.0, 401);
    // Forwarded to `/api/v1/…` before it is checked, so Dataverse sees another address than it signed.
    assert_eq!(site.get(&signed(3)).await.0, 401);
    let (_, without) = site.get(&callback).await;
    assert_eq!(without["data"]["queryParameters"].get("locale"), None);
    site.running.stop().await;
}

#[tokio::test]
async fn identifiers_in_signed_queries_work_again_after_6_11() {
    let site = Site::with(|options| options.version = "6.12".into()).await;
    register(&site, &manifest(), ADMIN).await;
    let callback = callback(&site, &format!("{GLACIER}&as=fiona")).await;
    let (_, answer) = site.get(&callback).await;
    let url = answer["data"]["signedUrls"][2]["signedUrl"].as_str().unwrap();
    assert_eq!(site.get(url.strip_prefix(&site.running.site_url).unwrap()).await.0, 200);
    site.running.stop().await;
}

#[tokio::test]
async fn altered_callbacks_are_bad_signed_urls() {
    let site = Site::start().await;
    register(&site, &manifest(), ADMIN).await;
    let callback = callback(&site, &format!("{GLACIER}&as=fiona")).await;
    let bad = (401, json!({ "status": "ERROR", "message": "Bad signed URL" }));
    assert_eq!(site.get(&callback.replace("user=fiona", "user=dataverseAdmin")).await, bad);
    assert_eq!(site.get(&callback.replace("method=GET", "method=POST")).await, bad);
    assert_eq!(site.get(&callback.replace("until=20", "until=21")).await, bad);
    assert_eq!(site.get(&callback.replace("user=fiona&", "")).await.0, 500);
    site.running.stop().await;
}

#[tokio::test]
async fn guests_launch_without_a_signature_and_only_what_is_published() {
    let site = Site::start().await;
    let (_, stored) = register(&site, &manifest(), ADMIN).await;
    let plain = callback(&site, GLACIER).await;
    assert!(!plain.contains('?'));
    let (_, answer) = site.get(&format!("{plain}?locale=en")).await;
    let url = answer["data"]["signedUrls"][0]["signedUrl"].as_str().unwrap();
    assert_eq!(url, site.url("/api/v1/users/:me"));
    let draft = callback(&site, "pid=doi:10.5072/FK2/DRAFT1").await;
    assert_eq!(site.get(&draft).await.0, 404);
    let signed = callback(&site, "pid=doi:10.5072/FK2/DRAFT1&as=fiona").await;
    assert_eq!(site.get(&signed).await.1["data"]["queryParameters"]["datasetVersion"], ":draft");
    let tool = site.url(&format!("/api/externalTools/{}", stored["data"]["id"]));
    site.http.delete(tool).header("X-Dataverse-key", ADMIN).send().await.unwrap();
    let gone = site.get(&plain).await;
    assert_eq!(gone, (400, json!({ "status": "ERROR", "message": "External tool not found." })));
    site.running.stop().await;
}

#[tokio::test]
async fn tools_without_allowed_calls_get_plain_parameters() {
    let site = Site::start().await;
    let mut legacy = manifest();
    legacy.as_object_mut().unwrap().remove("allowedApiCalls");
    register(&site, &legacy, ADMIN).await;
    let url = launched(&site, GLACIER).await;
    assert!(url.starts_with("https://bridge.example/launch/demo?datasetId="), "{url}");
    assert!(
        url.contains("&datasetPid=doi:10.5072/FK2/GLACIER&datasetVersion=1.0&locale=en&siteUrl=http"),
        "{url}"
    );
    site.running.stop().await;
}

#[tokio::test]
async fn the_dataset_page_offers_the_tool_to_whoever_can_download_something() {
    let site = Site::start().await;
    register(&site, &manifest(), ADMIN).await;
    let page = async |query: &str| {
        let url = site.url(&format!("/dataset.xhtml?persistentId=doi:10.5072/FK2/{query}"));
        site.http.get(url).send().await.unwrap().text().await.unwrap()
    };
    assert!(page("GLACIER&as=fiona").await.contains("Import into Renku"));
    assert!(page("GLACIER").await.contains("Import into Renku"));
    assert!(!page("NOFILE").await.contains("Import into Renku"));
    site.running.stop().await;
}

struct Workflow {
    site: Site,
    receiver: mockito::ServerGuard,
}

impl Workflow {
    async fn start(status: usize, calls: usize, changes: &Value) -> (Self, mockito::Mock) {
        // Slow enough to be caught between the call and its commit.
        let site = Site::with(|options| options.pace = 0.4).await;
        let mut receiver = mockito::Server::new_async().await;
        let call = receiver.mock("POST", "/published").match_header("content-type", "application/json");
        let call = call.match_body(mockito::Matcher::PartialJsonString(
            json!({ "globalId": "doi:10.5072/FK2/GLACIER", "majorVersion": 2, "minorVersion": 0 })
                .to_string(),
        ));
        let call = call.with_status(status).expect(calls).create_async().await;
        let body = r#"{"invocationId":"${invocationId}","datasetId":${dataset.id},"globalId":"${dataset.globalId}","majorVersion":${majorVersion},"minorVersion":${minorVersion},"releaseStatus":"${releaseStatus}"}"#;
        let mut definition = json!({ "url": format!("{}/published", receiver.url()), "body": body });
        definition.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        site.tell("workflow", &definition).await;
        (Self { site, receiver }, call)
    }

    async fn publish(&self) -> String {
        let order = json!({ "pid": "doi:10.5072/FK2/GLACIER", "major": true });
        self.site.tell("publish", &order).await["invocationId"].as_str().unwrap().to_owned()
    }

    async fn resume(&self, invocation: &str, text: &'static str) -> (u16, String) {
        let url = self.site.url(&format!("/api/workflows/{invocation}"));
        let answer = self.site.http.post(url).body(text).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn reaches(&self, state: &str) {
        eventually(state, || async {
            let (_, all) = self.site.get("/_sim/workflow/invocations").await;
            (all[0]["state"] == state).then_some(())
        })
        .await;
    }

    async fn locks(&self) -> usize {
        let (_, locks) =
            self.site.get("/api/datasets/:persistentId/locks?persistentId=doi:10.5072/FK2/GLACIER").await;
        locks["data"].as_array().unwrap().len()
    }

    async fn stop(self) {
        self.site.running.stop().await;
        drop(self.receiver);
    }
}

#[tokio::test]
async fn a_publication_waits_for_the_resume_and_cannot_be_resumed_too_early() {
    let (workflow, call) = Workflow::start(202, 1, &json!({})).await;
    let invocation = workflow.publish().await;
    assert_eq!(workflow.resume(&invocation, "OK").await.0, 404);
    assert_eq!(workflow.locks().await, 0);
    workflow.reaches("pending").await;
    assert_eq!(workflow.locks().await, 1);
    let (status, text) = workflow.resume(&invocation, "OK queued").await;
    assert_eq!(status, 202);
    assert!(text.starts_with("/api/datasets/"));
    workflow.reaches("succeeded").await;
    assert_eq!(workflow.locks().await, 0);
    assert_eq!(workflow.resume(&invocation, "OK").await.0, 404);
    let (_, all) = workflow.site.get("/_sim/workflow/invocations").await;
    assert_eq!((&all[0]["early_resumes"], &all[0]["resumes"]), (&json!(1), &json!(1)));
    call.assert_async().await;
    workflow.stop().await;
}

#[tokio::test]
async fn a_resume_that_does_not_match_fails_the_step() {
    let (workflow, _call) = Workflow::start(200, 1, &json!({})).await;
    let invocation = workflow.publish().await;
    workflow.reaches("pending").await;
    assert_eq!(workflow.resume(&invocation, "FAILED quota exceeded").await.0, 202);
    workflow.reaches("failed").await;
    workflow.stop().await;
}

#[tokio::test]
async fn only_listed_addresses_may_resume() {
    let (workflow, _call) = Workflow::start(202, 1, &json!({ "resume_addresses": ["203.0.113.17"] })).await;
    let invocation = workflow.publish().await;
    workflow.reaches("pending").await;
    let (status, text) = workflow.resume(&invocation, "OK").await;
    assert_eq!(status, 401);
    assert!(text.contains("your IP address is not authorized"));
    assert_eq!(workflow.locks().await, 1);
    workflow.stop().await;
}

#[tokio::test]
async fn a_refused_call_loses_the_event_after_one_more_try_when_busy() {
    let (workflow, call) = Workflow::start(503, 2, &json!({})).await;
    workflow.publish().await;
    workflow.reaches("call_failed").await;
    assert_eq!(workflow.locks().await, 0);
    call.assert_async().await;
    workflow.stop().await;
    let (workflow, call) = Workflow::start(500, 1, &json!({})).await;
    workflow.publish().await;
    workflow.reaches("call_failed").await;
    call.assert_async().await;
    workflow.stop().await;
}

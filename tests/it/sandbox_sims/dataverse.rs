//! The simulated Dataverse: versions, files, bytes, exports, and the general faults.
//! Launches and workflows are in `launches`.

use dataverse_renku::sandbox::dataverse::{Options, Running, start};
use serde_json::{Value, json};

use super::{PACE, http};

pub(super) const FIONA: &str = "11111111-2222-3333-4444-555555555555";
pub(super) const ADMIN: &str = "99999999-8888-7777-6666-555555555555";

/// A Dataverse alone, and somebody who asks it.
pub(super) struct Site {
    pub(super) running: Running,
    pub(super) http: reqwest::Client,
}

impl Site {
    pub(super) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { pace: PACE, ..Options::default() };
        change(&mut options);
        Self { running: start(options).await.unwrap(), http: http() }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.site_url)
    }

    pub(super) async fn get_as(&self, key: Option<&str>, path: &str) -> (u16, Value) {
        let request = self.http.get(self.url(path));
        let request = key.into_iter().fold(request, |request, key| request.header("X-Dataverse-key", key));
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.get_as(None, path).await
    }

    pub(super) async fn tell(&self, what: &str, order: &Value) -> Value {
        let answer = self.http.post(self.url(&format!("/_sim/{what}"))).json(order).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what} {order}");
        answer.json().await.unwrap()
    }

    async fn file_ids(&self, name: &str) -> Vec<u64> {
        let path =
            format!("/api/datasets/:persistentId/versions/:latest?persistentId=doi:10.5072/FK2/{name}");
        let (_, version) = self.get(&path).await;
        let files = version["data"]["files"].as_array().unwrap().clone();
        files.iter().map(|file| file["dataFile"]["id"].as_u64().unwrap()).collect()
    }
}

fn version_path(name: &str, version: &str) -> String {
    format!("/api/v1/datasets/:persistentId/versions/{version}?persistentId=doi:10.5072/FK2/{name}")
}

#[tokio::test]
async fn versions_are_found_by_number_and_by_name() {
    let site = Site::start().await;
    for (name, version, status) in [
        ("GLACIER", ":latest", 200),
        ("GLACIER", ":latest-published", 200),
        ("GLACIER", "1", 200),
        ("GLACIER", "1.0", 200),
        ("GLACIER", "1.1", 404),
        ("GLACIER", ":draft", 401),
        ("GLACIER", "newest", 400),
        ("DRAFT1", ":latest", 404),
        ("LAGGED", "1.1", 200),
        ("NOSUCH", ":latest", 404),
    ] {
        assert_eq!(site.get(&version_path(name, version)).await.0, status, "{name} {version}");
    }
    let (_, found) =
        site.get("/api/datasets/:persistentId/?persistentId=https://doi.org/10.5072/fk2/glacier").await;
    assert_eq!(found["data"]["latestVersion"]["versionState"], "RELEASED");
    assert_eq!(found["data"]["identifier"], "FK2/GLACIER");
    let bare = format!("{}&excludeFiles=true", version_path("GLACIER", "1.0"));
    assert_eq!(site.get(&bare).await.1["data"].get("files"), None);
    site.running.stop().await;
}

#[tokio::test]
async fn drafts_are_for_those_with_a_key_and_a_wrong_key_breaks_even_public_reads() {
    let site = Site::start().await;
    let path = "/api/datasets/:persistentId?persistentId=doi:10.5072/FK2/DRAFT1";
    let (status, refused) = site.get(path).await;
    assert_eq!(status, 401);
    assert_eq!(refused["message"], "User :guest is not permitted to perform requested action.");
    let (_, draft) = site.get_as(Some(FIONA), path).await;
    assert_eq!(draft["data"]["latestVersion"]["versionState"], "DRAFT");
    assert_eq!(draft["data"]["latestVersion"].get("versionNumber"), None);
    let refused = site.get_as(Some("no-key"), "/api/info/version").await;
    assert_eq!(refused, (401, json!({ "status": "ERROR", "message": "Bad API key" })));
    assert_eq!(site.get("/api/users/:me").await.0, 400);
    assert_eq!(site.get_as(Some(FIONA), "/api/users/:me").await.1["data"]["identifier"], "@fiona");
    site.running.stop().await;
}

#[tokio::test]
async fn files_come_in_pages_with_their_checksums_and_access() {
    let site = Site::start().await;
    let query = "persistentId=doi:10.5072/FK2/MANYBIG&limit=10&offset=2495";
    let (_, page) = site.get(&format!("/api/datasets/:persistentId/versions/1.0/files?{query}")).await;
    assert_eq!(page["totalCount"], 2500);
    assert_eq!(page["data"].as_array().unwrap().len(), 5);
    assert_eq!(page["data"][4]["label"], "f2499.txt");
    let of = |what: &str, name: &str| {
        format!("/api/datasets/:persistentId/versions/1.0/{what}?persistentId=doi:10.5072/FK2/{name}")
    };
    let (_, counts) = site.get(&of("files/counts", "EMBARG")).await;
    assert_eq!(counts["data"]["perAccessStatus"], json!({ "Public": 2, "EmbargoedThenPublic": 1 }));
    let (_, table) = site.get(&of("files", "TABULR")).await;
    let file = &table["data"][0]["dataFile"];
    assert_eq!(file["originalFileName"], "beaks.csv");
    assert_ne!(file["originalFileSize"], file["filesize"]);
    let (_, archival) = site.get(&format!("{}&mode=Archival", of("downloadsize", "TABULR"))).await;
    let (_, original) = site.get(&format!("{}&mode=Original", of("downloadsize", "TABULR"))).await;
    assert_ne!(archival["data"]["storageSize"], original["data"]["storageSize"]);
    site.running.stop().await;
}

#[tokio::test]
async fn closed_files_say_why() {
    let site = Site::start().await;
    for (name, key, status) in [
        ("RESTRD", None, 403),
        ("RESTRD", Some(FIONA), 200),
        ("EMBARG", None, 403),
        ("RETENT", Some(FIONA), 403),
        ("GUESTB", None, 400),
        ("FLAKY", None, 503),
        ("MISSNG", None, 404),
        ("S3REDIR", None, 303),
    ] {
        let last = *site.file_ids(name).await.last().unwrap();
        let answer = site.get_as(key, &format!("/api/access/datafile/{last}")).await;
        assert_eq!(answer.0, status, "{name}");
        if name == "GUESTB" {
            let message =
                "You may not download this file without the required Guestbook response for guestbookID 3.";
            assert_eq!(answer.1["message"], message);
        }
    }
    site.running.stop().await;
}

#[tokio::test]
async fn tables_are_given_as_made_and_as_uploaded() {
    let site = Site::start().await;
    let id = site.file_ids("TABULR").await[0];
    let text = async |query: &str| {
        let url = site.url(&format!("/api/access/datafile/{id}{query}"));
        site.http.get(url).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(text("").await, "species\tlength\n\"fortis\"\t10.3\n");
    assert_eq!(text("?format=original").await, "species,length\nfortis,10.3\n");
    site.running.stop().await;
}

#[tokio::test]
async fn connections_break_half_way_or_before_the_answer() {
    let site = Site::start().await;
    let last = *site.file_ids("DROPPD").await.last().unwrap();
    let answer = site.http.get(site.url(&format!("/api/access/datafile/{last}"))).send().await.unwrap();
    assert_eq!(answer.content_length(), Some(200_000));
    assert!(answer.bytes().await.is_err());
    let last = *site.file_ids("RESET").await.last().unwrap();
    let answer = site.http.get(site.url(&format!("/api/access/datafile/{last}"))).send().await.unwrap();
    let elsewhere = answer.headers()["location"].to_str().unwrap();
    assert!(site.http.get(elsewhere).send().await.unwrap_err().is_request());
    site.running.stop().await;
}

#[tokio::test]
async fn the_export_lags_behind_the_version_until_told() {
    let site = Site::start().await;
    let order = json!({ "pid": "doi:10.5072/FK2/GLACIER", "minor": true, "export_lag_ms": 3_600_000,
        "files": [{ "name": "new.txt", "text": "new\n" }] });
    assert_eq!(site.tell("publish", &order).await["version"], "1.1");
    let export = "/api/datasets/export?exporter=schema.org&persistentId=doi:10.5072/FK2/GLACIER";
    let files = async || site.get(export).await.1["distribution"].as_array().unwrap().len();
    assert_eq!(site.get(&version_path("GLACIER", ":latest")).await.1["data"]["versionMinorNumber"], 1);
    assert_eq!(files().await, 5);
    site.tell("export", &json!({ "pid": "doi:10.5072/FK2/GLACIER" })).await;
    assert_eq!(files().await, 1);
    let lagging = async || {
        site.get(&export.replace("GLACIER", "LAGGED")).await.1["distribution"].as_array().unwrap().len()
    };
    assert_eq!(site.file_ids("LAGGED").await.len(), 3);
    assert_eq!(lagging().await, 2);
    site.tell("export", &json!({ "pid": "doi:10.5072/FK2/LAGGED" })).await;
    assert_eq!(lagging().await, 3);
    site.running.stop().await;
}

#[tokio::test]
async fn deaccessioned_versions_are_hidden_unless_asked_for() {
    let site = Site::start().await;
    site.tell("deaccession", &json!({ "pid": "doi:10.5072/FK2/LAGGED", "version": "1.1" })).await;
    assert_eq!(site.get(&version_path("LAGGED", "1.1")).await.0, 404);
    assert_eq!(site.get(&version_path("LAGGED", ":latest")).await.1["data"]["versionMinorNumber"], 0);
    let (_, found) = site.get(&format!("{}&includeDeaccessioned=true", version_path("LAGGED", "1.1"))).await;
    assert_eq!(found["data"]["versionState"], "DEACCESSIONED");
    site.running.stop().await;
}

#[tokio::test]
async fn faults_play_as_often_as_ordered() {
    let site = Site::start().await;
    site.tell("faults", &json!({ "name": "rate_limited", "times": 2 })).await;
    for status in [429, 429, 200] {
        assert_eq!(site.get("/api/info/version").await.0, status);
    }
    site.tell("faults", &json!({ "name": "down" })).await;
    let answer = site.http.get(site.url("/api/info/version")).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
    site.http.delete(site.url("/_sim/faults")).send().await.unwrap();
    site.tell("faults", &json!({ "name": "malformed", "times": 1 })).await;
    assert_eq!(site.get("/api/info/version").await, (200, Value::Null));
    site.tell("faults", &json!({ "name": "huge", "times": 1 })).await;
    let path = "/api/datasets/:persistentId/versions/1.0/files?persistentId=doi:10.5072/FK2/SMALL3";
    let answer = site.http.get(site.url(path)).send().await.unwrap();
    assert!(answer.content_length().unwrap() > 49_000_000);
    site.running.stop().await;
}

#[tokio::test]
async fn requests_are_remembered_without_their_secrets() {
    let site = Site::start().await;
    site.get_as(Some(FIONA), "/api/info/version").await;
    site.get("/api/info/server").await;
    let (_, hits) = site.get("/_sim/hits").await;
    assert_eq!(hits["total"], 2);
    assert_eq!(hits["hits"][0]["path"], "/api/info/version");
    assert_eq!((&hits["hits"][0]["key"], &hits["hits"][1]["key"]), (&json!(true), &json!(false)));
    assert!(!hits.to_string().contains(FIONA));
    site.running.stop().await;
}

#[tokio::test]
async fn unknown_endpoints_and_objects_differ_in_their_envelopes() {
    let site = Site::start().await;
    let (status, endpoint) = site.get("/api/nope").await;
    assert_eq!((status, &endpoint["code"]), (404, &json!(404)));
    let (status, object) = site.get("/api/datasets/999999").await;
    assert_eq!(
        (status, object),
        (404, json!({ "status": "ERROR", "message": "Dataset with ID 999999 not found." }))
    );
    site.running.stop().await;
}

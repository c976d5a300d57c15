//! The reader against a mock server: one test per answer that a Dataverse, or a wall before it, may give.

use mockito::{Matcher, Mock, Server, ServerGuard};
use serde_json::{Value, json};

use super::*;
use crate::adapters::http::{HttpSettings, client};
use crate::domain::dataset::{Checksum, Closed, DataFile, VersionNumber};
use crate::domain::ports::dataverse::ExportState::{Behind, Shows, WithoutAddresses};
use crate::domain::problem::Class;

const PID: &str = "doi:10.70122/FK2/ABCDEF";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-24T12:00:00Z").unwrap()
    }
}

fn reader(server: &ServerGuard, limits: ReadLimits) -> HttpDataverse {
    let timeout = Duration::from_millis(1_500);
    let http = client(&HttpSettings { total_timeout: timeout, ..HttpSettings::default() }).unwrap();
    HttpDataverse::new(&format!("{}/", server.url()), http, limits, Arc::new(Noon))
}

fn pid() -> Pid {
    PID.parse().unwrap()
}

fn of_pid(more: &[(&str, &str)]) -> Matcher {
    let pairs = [("persistentId", PID)].iter().chain(more);
    Matcher::AllOf(pairs.map(|(k, v)| Matcher::UrlEncoded((*k).into(), (*v).into())).collect())
}

async fn mock(server: &mut ServerGuard, path: &str, query: Matcher, status: usize, body: &Value) -> Mock {
    server
        .mock("GET", path)
        .match_query(query)
        .with_status(status)
        .with_body(body.to_string())
        .create_async()
        .await
}

fn ok(data: &Value) -> Value {
    json!({ "status": "OK", "data": data })
}

fn refusal(message: &str) -> Value {
    json!({ "status": "ERROR", "message": message })
}

fn version_object() -> Value {
    json!({
        "id": 108, "datasetId": 42, "datasetPersistentId": "doi:10.70122/fk2/abcdef", "versionNumber": 1, "versionMinorNumber": 0,
        "versionState": "RELEASED", "lastUpdateTime": "2026-07-22T14:51:27Z", "releaseTime": "2026-07-22T14:51:27Z",
        "license": { "name": "CC BY 4.0" }, "somethingNew": { "a": 1 },
        "metadataBlocks": { "citation": { "name": "citation", "fields": [
            { "typeName": "title", "multiple": false, "typeClass": "primitive", "value": "Finch measurements" },
            { "typeName": "author", "multiple": true, "typeClass": "compound", "value": [
                { "authorName": { "typeName": "authorName", "value": "Finch, Fiona" } },
                { "authorName": { "typeName": "authorName", "value": "Darwin, Charles" } } ] } ] } }
    })
}

fn item(id: i64, name: &str) -> Value {
    json!({ "label": name, "restricted": false, "dataFile": { "id": id, "filename": name, "filesize": 10 } })
}

const VERSION: &str = "/api/v1/datasets/:persistentId/versions/:latest-published";
const FILES: &str = "/api/v1/datasets/42/versions/1.0/files";

async fn read(server: &ServerGuard) -> Result<DatasetVersion, Fault> {
    reader(server, ReadLimits::default()).version(&pid(), WhichVersion::LatestPublished).await
}

async fn with_files(server: &mut ServerGuard, files: Value) -> DatasetVersion {
    let mut version = version_object();
    version["files"] = files;
    mock(server, VERSION, Matcher::Any, 200, &ok(&version)).await;
    read(server).await.unwrap()
}

#[tokio::test]
async fn a_version_is_read_with_its_files_and_nobody_is_named() {
    let mut server = Server::new_async().await;
    let first = server
        .mock("GET", VERSION)
        .match_query(of_pid(&[("excludeFiles", "true")]))
        .match_header("x-dataverse-key", Matcher::Missing)
        .match_header("authorization", Matcher::Missing)
        .match_header("cookie", Matcher::Missing)
        .with_body(ok(&version_object()).to_string())
        .create_async()
        .await;
    let list = json!({ "status": "OK", "totalCount": 2, "data": [
        { "label": "beaks.tab", "restricted": false, "directoryLabel": "data/2026", "dataFile": {
            "id": 314, "filesize": 20480, "tabularData": true, "checksum": { "type": "MD5", "value": "0CC175B9" } } },
        { "label": "raw.zip", "restricted": true, "dataFile": {
            "id": 315, "filesize": 734_003_200_u64, "checksum": { "type": "SHA-256", "value": "e3b0" } } } ] });
    mock(&mut server, FILES, Matcher::Any, 200, &list).await;
    let version = read(&server).await.unwrap();
    first.assert_async().await;
    let at = Timestamp::parse_rfc3339("2026-07-22T14:51:27Z");
    let sum = |kind: &str, hex: &str| Some(Checksum { kind: kind.into(), hex: hex.into() });
    let want = DatasetVersion {
        pid: pid(),
        dataset_id: 42,
        version_id: 108,
        number: VersionNumber { major: 1, minor: 0 },
        last_update: at,
        released: at,
        title: "Finch measurements".into(),
        authors: vec!["Finch, Fiona".into(), "Darwin, Charles".into()],
        licence: Some("CC BY 4.0".into()),
        guestbook: false,
        files: vec![
            DataFile {
                id: 314,
                name: "beaks.tab".into(),
                folder: Some("data/2026".into()),
                size: 20_480,
                checksum: sum("MD5", "0cc175b9"),
                tabular: true,
                closed: None,
            },
            DataFile {
                id: 315,
                name: "raw.zip".into(),
                folder: None,
                size: 734_003_200,
                checksum: sum("SHA-256", "e3b0"),
                tabular: false,
                closed: Some(Closed::Restricted),
            },
        ],
    };
    assert_eq!(version, want);
}

#[tokio::test]
async fn embargo_and_retention_count_by_their_day() {
    let mut server = Server::new_async().await;
    let stored = |id: i64, key: &str, day: Value| json!({ "label": "f", "dataFile": { "id": id, key: day } });
    let embargo = |id, day: &str| stored(id, "embargo", json!({ "dateAvailable": day }));
    let retention = |id, day: &str| stored(id, "retention", json!({ "dateUnavailable": day }));
    let files = json!([
        embargo(1, "2026-11-25"),
        embargo(2, "2026-11-24"),
        stored(3, "embargo", json!({})),
        retention(4, "2026-11-23"),
        retention(5, "2026-11-24"),
        { "label": "t", "dataFile": { "id": 6, "originalFileFormat": "text/csv" } },
    ]);
    let version = with_files(&mut server, files).await;
    let closed: Vec<_> = version.files.iter().map(|file| file.closed).collect();
    assert_eq!(
        closed,
        [Some(Closed::Embargoed), None, Some(Closed::Embargoed), Some(Closed::RetentionOver), None, None]
    );
    assert!(version.files[5].tabular, "releases before 6.1 tell a table by its original's format");
}

#[tokio::test]
async fn pages_are_read_until_the_total_or_a_short_page() {
    for totals in [true, false] {
        let mut server = Server::new_async().await;
        mock(&mut server, VERSION, Matcher::Any, 200, &ok(&version_object())).await;
        let mut pages = Vec::new();
        for (offset, ids) in [(0, 0..2), (2, 2..4), (4, 4..5)] {
            let data: Vec<_> = ids.map(|id| item(id, &format!("f{id}"))).collect();
            let body = if totals {
                json!({ "status": "OK", "totalCount": 5, "data": data })
            } else {
                ok(&json!(data))
            };
            let query = Matcher::AllOf(vec![
                Matcher::UrlEncoded("limit".into(), "2".into()),
                Matcher::UrlEncoded("offset".into(), offset.to_string()),
            ]);
            pages.push(mock(&mut server, FILES, query, 200, &body).await.expect(1));
        }
        let limits = ReadLimits { page: 2, ..ReadLimits::default() };
        let version = reader(&server, limits).version(&pid(), WhichVersion::LatestPublished).await.unwrap();
        assert_eq!(version.files.iter().map(|file| file.id).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        for page in pages {
            page.assert_async().await;
        }
    }
}

#[tokio::test]
async fn a_release_that_ignores_paging_is_not_asked_for_ever() {
    for files in [2, 3] {
        let mut server = Server::new_async().await;
        mock(&mut server, VERSION, Matcher::Any, 200, &ok(&version_object())).await;
        let all: Vec<_> = (0..files).map(|id| item(id, "f")).collect();
        let list = mock(&mut server, FILES, Matcher::Any, 200, &ok(&json!(all))).await.expect_at_most(2);
        let limits = ReadLimits { page: 2, ..ReadLimits::default() };
        let version = reader(&server, limits).version(&pid(), WhichVersion::LatestPublished).await.unwrap();
        assert_eq!(version.files.len(), usize::try_from(files).unwrap());
        list.assert_async().await;
    }
}

#[tokio::test]
async fn a_list_that_shrinks_while_it_is_read_is_read_again_later() {
    let mut server = Server::new_async().await;
    mock(&mut server, VERSION, Matcher::Any, 200, &ok(&version_object())).await;
    let list = json!({ "status": "OK", "totalCount": 3, "data": [item(1, "a")] });
    mock(&mut server, FILES, Matcher::Any, 200, &list).await;
    let fault = read(&server).await.unwrap_err();
    assert_eq!(fault.class, Class::Retryable { after: None });
    assert_eq!(fault.problem.code.as_str(), "dataverse-answer-not-understood");
}

#[tokio::test]
async fn more_files_or_bytes_than_we_read_are_refused() {
    let mut server = Server::new_async().await;
    mock(&mut server, VERSION, Matcher::Any, 200, &ok(&version_object())).await;
    let list = json!({ "status": "OK", "totalCount": 3, "data": [item(1, "a"), item(2, "b"), item(3, "c")] });
    mock(&mut server, FILES, Matcher::Any, 200, &list).await;
    for limits in [
        ReadLimits { files: 2, ..ReadLimits::default() },
        ReadLimits { answer: 300, ..ReadLimits::default() },
    ] {
        let fault = reader(&server, limits).version(&pid(), WhichVersion::LatestPublished).await.unwrap_err();
        assert_eq!(
            (fault.problem.code.as_str(), fault.class),
            ("dataverse-answer-too-large", Class::Permanent)
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let absent = refusal("Dataset version 1.0 of dataset 42 not found");
    let unknown = refusal("Dataset with Persistent ID doi:10.70122/FK2/ABCDEF not found.");
    let draft = refusal("User :guest is not permitted to perform requested action.");
    let dataset = ok(&json!({ "id": 42 }));
    let mut deaccessioned = version_object();
    deaccessioned["versionState"] = "DEACCESSIONED".into();
    let deaccessioned = ok(&deaccessioned);
    let number = WhichVersion::Number(VersionNumber { major: 1, minor: 0 });
    let latest = WhichVersion::LatestPublished;
    for (which, with_deaccessioned, dataset, code) in [
        (latest, (404, &absent), (404, &unknown), "dataset-unknown"),
        (latest, (404, &absent), (401, &draft), "dataset-not-published"),
        (number, (404, &absent), (401, &draft), "dataset-not-published"),
        (latest, (404, &absent), (200, &dataset), "dataset-not-published"),
        (number, (404, &absent), (200, &dataset), "version-unknown"),
        (number, (200, &deaccessioned), (200, &dataset), "dataset-deaccessioned"),
        (latest, (200, &deaccessioned), (401, &draft), "dataset-deaccessioned"),
    ] {
        let mut server = Server::new_async().await;
        let path = match which {
            WhichVersion::LatestPublished => VERSION,
            WhichVersion::Number(_) => "/api/v1/datasets/:persistentId/versions/1.0",
        };
        mock(&mut server, path, of_pid(&[("excludeFiles", "true")]), 404, &absent).await;
        let more = of_pid(&[("includeDeaccessioned", "true")]);
        mock(&mut server, path, more, with_deaccessioned.0, with_deaccessioned.1).await;
        let outer = "/api/v1/datasets/:persistentId/";
        mock(&mut server, outer, of_pid(&[]), dataset.0, dataset.1).await;
        let fault = reader(&server, ReadLimits::default()).version(&pid(), which).await.unwrap_err();
        assert_eq!((fault.problem.code.as_str(), fault.class), (code, Class::User), "{fault}");
    }
}

#[tokio::test]
async fn the_dataset_of_a_file_is_what_its_version_tells() {
    let file = |version: Value| {
        let mut item = item(7, "params.json");
        item["datasetVersion"] = version;
        ok(&item)
    };
    let unknown = refusal("File with Persistent ID doi:10.70122/FK2/ABCDEF not found.");
    let parent = "doi:10.70122/FK2/PARENT";
    let told = Some(parent.parse::<Pid>().unwrap());
    for (status, answer, dataset) in [
        (200, file(json!({ "id": 1, "datasetPersistentId": parent, "versionState": "RELEASED" })), told),
        // Before 6.2 the version is not told.
        (200, ok(&item(7, "params.json")), None),
        (200, file(json!({ "datasetPersistentId": "no identifier" })), None),
        (401, refusal("User :guest is not permitted to perform requested action."), None),
        (404, unknown, None),
    ] {
        let mut server = Server::new_async().await;
        let query = of_pid(&[("returnDatasetVersion", "true")]);
        mock(&mut server, "/api/v1/files/:persistentId", query, status, &answer).await;
        let found = reader(&server, ReadLimits::default()).dataset_of_file(&pid()).await.unwrap();
        assert_eq!(found, dataset, "{status} {answer}");
    }
}

#[tokio::test]
async fn an_answer_about_something_else_is_refused() {
    let change = |key: &str, value: Value| {
        let mut version = version_object();
        version[key] = value;
        ok(&version).to_string()
    };
    let framework = json!({ "status": "ERROR", "code": 404, "message": "API endpoint does not exist" });
    for (status, body) in [
        (200, change("datasetPersistentId", "doi:10.70122/FK2/OTHER".into())),
        (200, change("versionState", "STRANGE".into())),
        (200, change("versionNumber", Value::Null)),
        (200, "{\"status\":\"OK\",\"data\":{\"versi".to_owned()),
        (200, "<html>maintenance</html>".to_owned()),
        (200, json!({ "status": "ERROR", "message": "no" }).to_string()),
        (200, json!({ "status": "OK" }).to_string()),
        (302, String::new()),
        (404, "<html>not found</html>".to_owned()),
        (404, framework.to_string()),
    ] {
        let mut server = Server::new_async().await;
        server.mock("GET", VERSION).match_query(Matcher::Any).with_status(status).with_body(&body).create();
        let fault = read(&server).await.unwrap_err();
        assert_eq!(
            (fault.problem.code.as_str(), fault.class),
            ("dataverse-answer-not-understood", Class::Permanent),
            "{status} {body}"
        );
    }
    let mut server = Server::new_async().await;
    server
        .mock("GET", VERSION)
        .match_query(Matcher::Any)
        .with_body(change("versionState", "DRAFT".into()))
        .create();
    assert_eq!(read(&server).await.unwrap_err().problem.code.as_str(), "dataset-not-published");
}

#[tokio::test]
async fn an_installation_in_trouble_is_told_by_its_status() {
    let limited = refusal("GetDatasetCommand failed: Rate limited due to too many requests.").to_string();
    let page = "<html><body><h1>503 Service Unavailable</h1></body></html>".to_owned();
    for (status, body, code, class, words) in [
        (
            429,
            &limited,
            "dataverse-rate-limited",
            Class::Outage { after: Some(Duration::from_secs(30)) },
            "GetDatasetCommand failed: Rate limited due to too many requests.",
        ),
        (
            503,
            &page,
            "dataverse-unreachable",
            Class::Outage { after: Some(Duration::from_secs(30)) },
            "answers with 503: a page of HTML",
        ),
        (403, &page, "dataverse-refused", Class::User, "refused with 403: a page of HTML"),
    ] {
        let mut server = Server::new_async().await;
        server
            .mock("GET", VERSION)
            .match_query(Matcher::Any)
            .with_status(status)
            .with_header("retry-after", "30")
            .with_body(body)
            .create();
        let fault = read(&server).await.unwrap_err();
        assert_eq!((fault.problem.code.as_str(), fault.class), (code, class));
        assert_eq!(fault.problem.words.as_deref(), Some(words));
    }
}

#[tokio::test]
async fn a_silent_or_absent_installation_is_an_outage() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let short = Duration::from_millis(150);
    let http = client(&HttpSettings { total_timeout: short, ..HttpSettings::default() }).unwrap();
    let silent = HttpDataverse::new(&url, http, ReadLimits::default(), Arc::new(Noon));
    let slow = silent.version(&pid(), WhichVersion::LatestPublished).await.unwrap_err();
    drop(listener);
    let gone = silent.file(1).await.unwrap_err();
    for (fault, words) in [(slow, "no answer in time"), (gone, "no connection")] {
        assert_eq!(fault.class, Class::Outage { after: None });
        assert_eq!(fault.problem.code.as_str(), "dataverse-unreachable");
        assert_eq!(fault.problem.words.as_deref(), Some(words));
    }
}

#[tokio::test]
async fn a_guestbook_counts_where_the_release_and_the_file_ask_for_it() {
    for (release, file_status, want) in
        [("6.11", 400, true), ("6.10-SNAPSHOT", 400, true), ("6.11", 200, false), ("6.9", 400, false)]
    {
        let mut server = Server::new_async().await;
        let info = mock(
            &mut server,
            "/api/v1/info/version",
            Matcher::Any,
            200,
            &ok(&json!({ "version": release, "build": null })),
        )
        .await
        .expect(1);
        server.mock("HEAD", "/api/v1/access/datafile/7").with_status(file_status).create();
        let mut version = version_object();
        version["guestbookId"] = 3.into();
        version["files"] = json!([item(7, "a")]);
        mock(&mut server, VERSION, Matcher::Any, 200, &ok(&version)).await;
        let reader = reader(&server, ReadLimits::default());
        for _ in 0..2 {
            let read = reader.version(&pid(), WhichVersion::LatestPublished).await.unwrap();
            assert_eq!(read.guestbook, want, "{release} {file_status}");
        }
        info.assert_async().await;
    }
}

#[tokio::test]
async fn a_file_is_asked_for_without_being_read() {
    for (status, want) in [
        (200, FileAnswer::Fetchable),
        (303, FileAnswer::Fetchable),
        (400, FileAnswer::Guestbook),
        (401, FileAnswer::Closed),
        (403, FileAnswer::Closed),
        (404, FileAnswer::Missing),
    ] {
        let mut server = Server::new_async().await;
        let storage = server.mock("HEAD", "/s3/7").expect(0).create_async().await;
        server
            .mock("HEAD", "/api/v1/access/datafile/7")
            .with_status(status)
            .with_header("location", &format!("{}/s3/7", server.url()))
            .create();
        let answer = reader(&server, ReadLimits::default()).file(7).await.unwrap();
        assert_eq!(answer, want, "{status}");
        storage.assert_async().await;
    }
    let mut server = Server::new_async().await;
    server.mock("HEAD", "/api/v1/access/datafile/7").with_status(405).create();
    let first_byte = server
        .mock("GET", "/api/v1/access/datafile/7")
        .match_header("range", "bytes=0-0")
        .with_status(206)
        .with_body("x")
        .create();
    assert_eq!(reader(&server, ReadLimits::default()).file(7).await.unwrap(), FileAnswer::Fetchable);
    first_byte.assert();
    let mut server = Server::new_async().await;
    server.mock("HEAD", "/api/v1/access/datafile/7").with_status(503).create();
    let fault = reader(&server, ReadLimits::default()).file(7).await.unwrap_err();
    assert_eq!(fault.class, Class::Outage { after: None });
}

#[tokio::test]
async fn the_export_is_compared_with_the_version() {
    let url = "https://demo.dataverse.example/api/access/datafile";
    let entry =
        |name: &str, id: i64| json!({ "name": name, "contentUrl": format!("{url}/{id}"), "sha256": "0" });
    let export = |version: Value, files: Value| json!({ "@type": "Dataset", "version": version, "distribution": files });
    let both = json!([entry("b", 2), entry("a", 1)]);
    let with_pid = json!([{ "name": "a", "identifier": "https://doi.org/10.1/A" }, entry("b", 2)]);
    let by_pid = json!([{ "name": "a", "contentUrl": format!("{url}/:persistentId?persistentId=doi:10.1/A") }, entry("b", 2)]);
    for (status, body, want) in [
        (200, export("1".into(), both.clone()), Shows),
        (200, export(1.into(), both.clone()), Shows),
        (200, export("1".into(), with_pid), Shows),
        (200, export("1".into(), by_pid), Shows),
        (200, export("2".into(), both.clone()), Behind),
        (200, export(Value::Null, both), Behind),
        (200, export("1".into(), json!([entry("a", 1)])), Behind),
        (200, export("1".into(), json!([entry("a", 1), entry("c", 2)])), Behind),
        (200, export("1".into(), json!([entry("a", 1), entry("b", 3)])), Behind),
        (200, export("1".into(), json!([{ "name": "a" }, entry("b", 2)])), WithoutAddresses),
        (200, json!({ "version": "1" }), WithoutAddresses),
        (403, refusal("Export Failed"), Behind),
        (404, refusal("A dataset with the persistentId x could not be found."), Behind),
        (400, refusal("Unable to look up dataset based on version."), Behind),
    ] {
        let mut server = Server::new_async().await;
        let version = with_files(&mut server, json!([item(1, "a"), item(2, "b")])).await;
        let query = of_pid(&[("exporter", "schema.org")]);
        mock(&mut server, "/api/v1/datasets/export", query, status, &body).await;
        let state = reader(&server, ReadLimits::default()).export(&version).await.unwrap();
        assert_eq!(state, want, "{status} {body}");
    }
    for (status, body, code) in [
        (200, "<html>", "dataverse-answer-not-understood"),
        (403, "<html>blocked</html>", "dataverse-refused"),
        (500, "{}", "dataverse-unreachable"),
    ] {
        let mut server = Server::new_async().await;
        let version = with_files(&mut server, json!([item(1, "a")])).await;
        let path = "/api/v1/datasets/export";
        server.mock("GET", path).match_query(Matcher::Any).with_status(status).with_body(body).create();
        let fault = reader(&server, ReadLimits::default()).export(&version).await.unwrap_err();
        assert_eq!(fault.problem.code.as_str(), code);
    }
}

#[tokio::test]
async fn the_landing_page_is_written_as_renku_reads_it() {
    let http = client(&HttpSettings::default()).unwrap();
    let limits = ReadLimits::default();
    let reader = HttpDataverse::new("https://demo.dataverse.example/", http, limits, Arc::new(Noon));
    assert_eq!(
        reader.landing_page(&pid()),
        "https://demo.dataverse.example/dataset.xhtml?persistentId=doi:10.70122/FK2/ABCDEF"
    );
}

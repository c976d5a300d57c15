//! API v1 over HTTP, as a program meets it: who may do what, lists in pages, and a problem for everything that is refused.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use dataverse_renku::web::addresses::ADDRESSES;
use dataverse_renku::web::openapi::{SignIn, description};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::whole::{App, Kept, Whole, Wishes};

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

async fn send(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.text().await.unwrap();
    Answer { status, headers, body: serde_json::from_str(&body).unwrap_or(Value::Null) }
}

/// Sends a request that must be refused with this status and code, in every respect as RFC 9457 has it.
async fn refused(request: reqwest::RequestBuilder, status: u16, code: &str) -> Answer {
    let answer = send(request).await;
    assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.body["status"], status);
    assert!(answer.body["type"].as_str().unwrap().ends_with(&format!("/problems/{code}")));
    for member in ["title", "remedy", "instance", "turn"] {
        assert!(
            answer.body[member].as_str().is_some_and(|text| !text.is_empty()),
            "{member}: {}",
            answer.body
        );
    }
    answer
}

async fn with_alice() -> (Whole, App) {
    let mut whole = Whole::new(Wishes::on(Kept::Here)).await;
    let app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    (whole, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_cannot_be_read_is_refused_as_a_problem_that_says_what_and_where() {
    let (whole, app) = with_alice().await;
    let post = |body: &str| {
        let request = whole.request("POST", "/api/v1/imports").header("content-type", "application/json");
        request.body(body.to_owned())
    };
    refused(whole.request("GET", "/api/v1/nothing"), 404, "no-such-page").await;
    refused(whole.request("GET", "/api/v1/imports/"), 404, "no-such-page").await;
    refused(whole.request("GET", "/api/v1/imports/%FF%FE"), 404, "import-unknown").await;
    refused(whole.request("GET", "/api/v1/imports/7"), 404, "import-unknown").await;
    refused(whole.request("GET", "/api/v1/problems/none"), 404, "no-such-page").await;
    refused(whole.request("GET", "/api/docs/none.js"), 404, "no-such-page").await;

    let malformed = refused(post(r#"{"dataset": }"#), 400, "request-invalid").await;
    assert!(malformed.body["detail"].as_str().unwrap().contains("line 1 column 13"), "{}", malformed.body);
    let missing = refused(post(r#"{"dataset": "doi:10.5072/FK2/A"}"#), 400, "request-invalid").await;
    assert_eq!(missing.body["field"], "project");
    let unknown =
        refused(post(r#"{"dataset": "a", "project": "b", "wish": 1}"#), 400, "request-invalid").await;
    assert_eq!(unknown.body["field"], "wish");
    refused(post("[]"), 400, "request-invalid").await;
    refused(post(""), 400, "request-invalid").await;
    refused(post("{\"dataset\": \"\u{0}\"}"), 400, "request-invalid").await;
    let bytes = whole.request("POST", "/api/v1/imports").header("content-type", "application/json");
    refused(bytes.body(vec![b'"', 0xff, 0xfe, b'"']), 400, "request-invalid").await;
    refused(post(&format!("\"{}\"", "x".repeat(70_000))), 413, "request-too-large").await;
    let plain = whole.request("POST", "/api/v1/imports");
    refused(plain.body("{}"), 415, "content-type-not-supported").await;
    let form = whole.request("POST", "/api/v1/imports").form(&[("dataset", "a")]);
    refused(form, 415, "content-type-not-supported").await;
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    refused(post(&deep), 400, "request-invalid").await;

    let pid = refused(post(r#"{"dataset": "x", "project": "y"}"#), 400, "pid-invalid").await;
    assert_eq!(pid.body["field"], "dataset");
    let order = r#"{"dataset": "doi:10.5072/FK2/GLACIER", "project": "http://a/b/c"}"#;
    for key in ["", "a b", &"k".repeat(129)] {
        let refusal = refused(post(order).header("Idempotency-Key", key), 400, "request-invalid").await;
        assert_eq!(refusal.body["field"], "Idempotency-Key");
    }
    for (query, field) in [
        ("phase=none", "phase"),
        ("condition=x", "condition"),
        ("installation=A", "installation"),
        ("dataset=x", "dataset"),
        ("renku=%20", "renku"),
        ("project=x", "project"),
        ("person=7", "person"),
        ("before=7", "before"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("wish=1", "wish"),
        ("limit=1&limit=2", "limit"),
    ] {
        let refusal =
            refused(whole.request("GET", &format!("/api/v1/imports?{query}")), 400, "request-invalid");
        assert_eq!(refusal.await.body["field"], field, "{query}");
    }
    drop(app);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_methods_are_told_which_there_are() {
    let (whole, app) = with_alice().await;
    for (path, methods) in ADDRESSES {
        let path =
            path.replace("{id}", "01920000-0000-7000-8000-000000000000").replace("{code}", "pid-invalid");
        let mut allowed: BTreeSet<String> = methods.iter().map(|method| method.to_uppercase()).collect();
        if allowed.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        allowed.insert("OPTIONS".to_owned());
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            if allowed.contains(method) {
                continue;
            }
            let request = whole.request(method, &path);
            let answer = if method == "HEAD" {
                let answer = send(request).await;
                assert_eq!(answer.status, 405, "{method} {path}");
                answer
            } else {
                refused(request, 405, "method-not-allowed").await
            };
            let told = answer.headers["allow"].to_str().unwrap();
            assert_eq!(
                told.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(),
                allowed,
                "{method} {path}"
            );
        }
        let options = send(whole.request_without_token("OPTIONS", &path)).await;
        assert_eq!((options.status, options.headers.contains_key("allow")), (204, true), "{path}");
    }
    let page = refused(whole.request("DELETE", "/"), 405, "method-not-allowed").await;
    assert_eq!(page.headers["allow"], "GET, HEAD, OPTIONS");
    let head = whole.request("HEAD", "/api/v1/imports").send().await.unwrap();
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    assert_eq!(head.text().await.unwrap(), "");
    drop(app);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_no_http_or_have_too_much_of_it_are_refused_and_the_next_is_served() {
    let (whole, app) = with_alice().await;
    let address = whole.address().trim_start_matches("http://").to_owned();
    let many = (0..200).fold(String::new(), |text, n| format!("{text}X-H{n}: 1\r\n"));
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(300_000));
    for request in [
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        "NO\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        long,
    ] {
        let address = address.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let mut connection = TcpStream::connect(address).unwrap();
            connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            // The server may hang up before it has read it all.
            drop(connection.write_all(request.as_bytes()));
            let mut answer = Vec::new();
            drop(connection.read_to_end(&mut answer));
            String::from_utf8_lossy(&answer).into_owned()
        });
        let answer = answer.await.unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(send(whole.request("GET", "/healthz")).await.status, 200);
    drop(app);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_says_who_asks_and_nothing_but_a_good_one_does() {
    let (whole, app) = with_alice().await;
    let imports = "/api/v1/imports";
    let none = refused(whole.request_without_token("GET", imports), 401, "token-missing").await;
    assert_eq!(none.headers["www-authenticate"], "Bearer");
    for header in ["Basic YTpi", "Bearer", "Token x"] {
        let request = whole.request_without_token("GET", imports).header("authorization", header);
        refused(request, 401, "token-missing").await;
    }
    let bad =
        refused(whole.request_without_token("GET", imports).bearer_auth("x.y.z"), 401, "token-unreadable")
            .await;
    assert_eq!(bad.headers["www-authenticate"], "Bearer error=\"invalid_token\"");

    // Bob has a token and never signed in here: he may look, at nothing, and is told where to sign in.
    let bob = whole.token_of("bob").await;
    let as_bob = |method: &str, path: &str| whole.request_without_token(method, path).bearer_auth(&bob);
    assert_eq!(send(as_bob("GET", imports)).await.body["imports"], json!([]));
    let order = json!({"dataset": "doi:10.5072/FK2/GLACIER", "project": "http://a/b/c"});
    let needed = refused(as_bob("POST", imports).json(&order), 409, "sign-in-needed").await;
    assert!(
        needed.body["detail"].as_str().unwrap().starts_with(&format!("{}/sign-in?renku=", whole.address()))
    );

    // What is alice's does not exist for him.
    let id = whole.import("GLACIER", "first-project").await;
    whole.sign_in_as("bob").await;
    for (method, path) in
        [("GET", ""), ("GET", "/timeline"), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")]
    {
        refused(as_bob(method, &format!("{imports}/{id}{path}")), 404, "import-unknown").await;
    }
    assert_eq!(send(as_bob("GET", imports)).await.body["imports"], json!([]));
    let alice = send(whole.request("GET", imports)).await.body["imports"].clone();
    assert_eq!((alice[0]["id"].as_str(), alice[0].get("person")), (Some(id.as_str()), None));

    // Carol is an operator: she sees all, says whose, and may act.
    let carol = whole.token_of("carol").await;
    let as_carol = |method: &str, path: &str| whole.request_without_token(method, path).bearer_auth(&carol);
    let seen = send(as_carol("GET", imports)).await.body["imports"][0].clone();
    assert_eq!(seen["id"], json!(id));
    let person = seen["person"].as_str().unwrap().to_owned();
    let of_alice = send(as_carol("GET", &format!("{imports}?person={person}"))).await.body["imports"].clone();
    assert_eq!(of_alice.as_array().unwrap().len(), 1);
    let refusal = refused(as_bob("GET", &format!("{imports}?person={person}")), 400, "request-invalid").await;
    assert_eq!(refusal.body["field"], "person");
    let own = send(whole.request("GET", &format!("{imports}?person={person}"))).await.body["imports"].clone();
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(send(as_carol("GET", &format!("{imports}/{id}"))).await.status, 200);
    drop(app);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_filtered_and_read_in_pages_without_a_gap() {
    let (whole, app) = with_alice().await;
    let mut ids = whole.imports(7).await;
    whole.all_end(&ids).await;
    ids.reverse();
    let imports = "/api/v1/imports";
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = send(whole.request("GET", &format!("{imports}?limit=3{next}"))).await.body;
        found.extend(
            page["imports"]
                .as_array()
                .unwrap()
                .iter()
                .map(|import| import["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&before={cursor}");
    }
    assert_eq!(found, ids);
    let count = async |query: &str| {
        let page = send(whole.request("GET", &format!("{imports}?{query}"))).await.body;
        page["imports"].as_array().unwrap_or_else(|| panic!("{page}")).len()
    };
    let first = whole.look(&ids[0]).await.unwrap();
    let project = first["project"].as_str().unwrap();
    assert_eq!(count("phase=succeeded&condition=none").await, 7);
    assert_eq!(count("phase=running").await, 0);
    assert_eq!(count("dataset=doi:10.5072/FK2/GLACIER").await, 3);
    assert_eq!(count(&format!("project={project}")).await, 1);
    assert_eq!(count("renku=sandbox&installation=demo").await, 7);
    assert_eq!(count("renku=other").await, 0);

    let timeline = format!("{imports}/{}/timeline", ids[0]);
    let all = send(whole.request("GET", &timeline)).await.body;
    assert_eq!(all["next"], Value::Null);
    let (mut lines, mut after) = (Vec::new(), 0);
    loop {
        let page = send(whole.request("GET", &format!("{timeline}?limit=2&after={after}"))).await.body;
        lines.extend(page["entries"].as_array().unwrap().clone());
        let Some(cursor) = page["next"].as_i64() else { break };
        after = cursor;
    }
    assert_eq!(&json!(lines), &all["entries"]);
    refused(whole.request("GET", &format!("{timeline}?after=-1")), 400, "request-invalid").await;
    drop(app);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_twice_is_done_once() {
    let (whole, app) = with_alice().await;
    let imports = "/api/v1/imports";
    let id = whole.import("GLACIER", "first-project").await;
    let done = whole.import_is(&id, "arrived", |import| import["phase"] == "succeeded").await;
    let order = json!({"dataset": done["dataset"], "project": done["project"], "name": "twice"});
    let ask = |order: &Value| whole.request("POST", imports).header("Idempotency-Key", "k1").json(order);
    let first = send(ask(&order)).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let address = format!("{}{imports}/{}", whole.address(), first.body["id"].as_str().unwrap());
    assert_eq!(first.headers["location"], address.as_str());
    let again = send(ask(&order)).await;
    assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]));
    assert_eq!(again.headers["location"], address.as_str());
    let other = json!({"dataset": done["dataset"], "project": done["project"], "name": "thrice"});
    refused(ask(&other), 422, "idempotency-key-reused").await;

    refused(whole.request("POST", &format!("{imports}/{id}/cancel")), 409, "not-possible-now").await;
    refused(whole.request("POST", &format!("{imports}/{id}/retry")), 409, "not-possible-now").await;
    let second = first.body["id"].as_str().unwrap();
    let cancelled = send(whole.request("POST", &format!("{imports}/{second}/cancel"))).await;
    if cancelled.status == 200 {
        assert_eq!(cancelled.body["phase"], "cancelled");
        let retried = send(whole.request("POST", &format!("{imports}/{second}/retry"))).await;
        assert_eq!(retried.status, 201, "{}", retried.body);
        let once = send(whole.request("POST", &format!("{imports}/{second}/retry"))).await;
        assert_eq!(once.body["id"], retried.body["id"]);
    } else {
        assert_eq!(cancelled.body["code"], "not-possible-now", "it had arrived already");
    }
    drop(app);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalogue_and_refusals_speak_the_readers_language() {
    let (whole, app) = with_alice().await;
    let get = |path: &str| whole.request_without_token("GET", path);
    let english = send(get("/api/v1/problems")).await.body["problems"].clone();
    assert!(english.as_array().unwrap().len() > 60);
    let german =
        send(get("/api/v1/problems/pid-invalid").header("accept-language", "de-CH, en;q=0.5")).await.body;
    assert_eq!(german["title"], "Das ist weder die Kennung noch die Adresse eines Datensatzes.");
    assert_eq!(german["status"], 400);
    let french = refused(get("/api/v1/imports").header("accept-language", "fr"), 401, "token-missing").await;
    assert_ne!(
        french.body["title"],
        refused(get("/api/v1/imports"), 401, "token-missing").await.body["title"]
    );
    drop(app);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_to_try_the_api_out_is_served_and_may_do_no_more_than_it_must() {
    let (whole, app) = with_alice().await;
    let docs = whole.request_without_token("GET", "/api/docs").send().await.unwrap();
    assert_eq!(
        (docs.status().as_u16(), docs.headers()["location"].to_str().unwrap()),
        (303, &*format!("{}/api/docs/", whole.address()))
    );
    let page = whole.request_without_token("GET", "/api/docs/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    assert!(page.contains("swagger-initializer.js") && !page.contains("<script>"), "{page}");
    let script = whole.request_without_token("GET", "/api/docs/swagger-initializer.js").send().await.unwrap();
    let script = script.text().await.unwrap();
    assert!(script.contains("../openapi.json") && !script.contains("petstore"), "{script}");
    let redirect = whole.request_without_token("GET", "/api/docs/oauth2-redirect.html").send().await.unwrap();
    assert_eq!(redirect.headers()["cross-origin-opener-policy"], "unsafe-none");
    let served = send(whole.request_without_token("GET", "/api/openapi.json")).await.body;
    assert_eq!(served, description(&whole.address(), None));
    drop(app);
    whole.clear().await;
}

/// The paths in attributes such as `#[get("/api/…")]` of the handlers.
fn attributes() -> BTreeSet<String> {
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let mut files = vec![routes];
    let mut found = BTreeSet::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for method in ["get", "post", "put", "delete", "patch", "head", "route"] {
            for (at, start) in text.match_indices(&format!("#[{method}(\"")) {
                let rest = &text[at + start.len()..];
                found.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn every_registered_address_is_documented_and_every_documented_one_registered() {
    let sign_in =
        SignIn { issuer: "https://renku.example.org/auth/realms/Renku".into(), client_id: "docs".into() };
    let api = description("https://connector.example.org", Some(&sign_in));
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1."));
    let registered: BTreeSet<(String, String)> = ADDRESSES
        .iter()
        .flat_map(|(path, methods)| methods.iter().map(|method| ((*path).to_owned(), (*method).to_owned())))
        .collect();
    let mut documented = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            documented.insert((path.clone(), method.clone()));
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "two operations are {name}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
            let answers = operation["responses"].as_object().unwrap();
            for (status, answer) in answers {
                assert!(
                    answer["description"].as_str().is_some_and(|text| !text.is_empty()),
                    "{name} {status}"
                );
                if status.as_str() >= "400" && name != "ready" {
                    assert!(answer["content"]["application/problem+json"].is_object(), "{name} {status}");
                }
            }
            let open = operation["security"] == json!([{}]);
            assert_eq!(answers.contains_key("401"), !open, "{name} says whether it needs a token");
        }
    }
    assert_eq!(documented, registered);
    // The page that shows the description is for people; it is the one thing below /api that is not described.
    let beside: BTreeSet<_> = attributes().into_iter().filter(|path| path.starts_with("/api/")).collect();
    assert_eq!(
        beside,
        ["/api/docs", "/api/docs/{file:.*}"].map(str::to_owned).into(),
        "register programs' addresses in web::addresses"
    );
    let flow = &api["components"]["securitySchemes"]["sign-in"]["flows"]["authorizationCode"];
    assert_eq!(flow["tokenUrl"], "https://renku.example.org/auth/realms/Renku/protocol/openid-connect/token");
    let without = description("https://connector.example.org", None);
    assert_eq!(without["components"]["securitySchemes"].as_object().unwrap().len(), 1);
}

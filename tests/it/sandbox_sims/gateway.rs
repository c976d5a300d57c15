//! The two gateways before the simulated core service: whom they let through, and how they refuse.
//! What the core service then says is in `imports` and `recorded`.

use dataverse_renku::sandbox::keycloak;
use dataverse_renku::sandbox::renku_core::Gateway;
use serde_json::{Value, json};

use super::World;

const ANONYMOUS: u64 = 1030;

fn refused(message: &str) -> (u16, Value) {
    (401, json!({ "error": "authentication", "message": message, "target": "renku" }))
}

async fn user(world: &World, token: &str) -> (u16, Value) {
    let answer =
        world.http.get(format!("{}/api/user", world.renku.url)).bearer_auth(token).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

#[tokio::test]
async fn the_python_gateway_takes_any_client_of_the_realm_with_the_audience() {
    let world = World::start().await;
    let token = world.token("alice").await;
    assert_eq!(
        world.core(&token, "cache.files_list", None).await,
        (200, json!({ "result": { "files": [] } }))
    );
    assert_eq!(user(&world, &token).await.1["username"], "alice");
    let wrong = world.token_of("alice", "no-audience").await;
    assert_eq!(world.core(&wrong, "jobs", None).await, refused("unknown"));
    assert_eq!(world.core("opaque", "jobs", None).await, refused("unknown"));
    world.stop().await;
}

#[tokio::test]
async fn the_python_gateway_names_expired_tokens_and_no_other_cause() {
    let world = World::start().await;
    let brief = keycloak::Options { access_ttl_s: 0, ..keycloak::Options::default() };
    let brief = keycloak::start(brief).await.unwrap();
    // The same key signs for both, so only the expiry differs.
    let brief = world.token_from(&brief, "alice", "dataverse-connector").await;
    assert_eq!(world.core(&brief, "jobs", None).await, refused("token expired"));
    let foreign = keycloak::Options { key: 1, ..keycloak::Options::default() };
    let foreign = keycloak::start(foreign).await.unwrap();
    let token = world.token_from(&foreign, "alice", "dataverse-connector").await;
    assert_eq!(world.core(&token, "jobs", None).await, refused("unknown"));
    world.stop().await;
}

#[tokio::test]
async fn calls_without_a_bearer_go_on_anonymously() {
    let world = World::start().await;
    let url = format!("{}/api/renku/jobs", world.renku.url);
    for request in [world.http.get(&url), world.http.get(&url).basic_auth("alice", Some("x"))] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], ANONYMOUS);
    }
    let scripted = world.http.get(&url).header("X-Requested-With", "XMLHttpRequest").send().await.unwrap();
    assert_eq!(scripted.status(), 401);
    world.stop().await;
}

#[tokio::test]
async fn a_referer_is_an_origin_not_allowed() {
    let world = World::start().await;
    let request =
        world.http.get(format!("{}/api/renku/jobs", world.renku.url)).bearer_auth(world.token("alice").await);
    let answer = request.header("Referer", "https://connector.example.org/").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: Value = answer.json().await.unwrap();
    assert!(
        body["error"].as_str().unwrap().starts_with("origin not allowed: https://connector.example.org/")
    );
    world.stop().await;
}

#[tokio::test]
async fn who_lost_the_gitlab_token_gets_it_back_by_signing_in_at_renku() {
    let world = World::start().await;
    let token = world.token("alice").await;
    world.tell_renku("faults", json!({ "name": "gitlab_token_gone", "user": "alice" })).await;
    assert_eq!(world.core(&token, "jobs", None).await, refused("can't refresh access token"));
    assert_eq!(user(&world, &token).await.0, 401);
    let login = format!("{}/api/auth/login?redirect_url=http://127.0.0.1:9/back&as=alice", world.renku.url);
    let answer = world.http.get(login).send().await.unwrap();
    assert_eq!(answer.headers()["location"], "http://127.0.0.1:9/back");
    assert_eq!(world.core(&token, "jobs", None).await, (200, json!({ "result": { "jobs": [] } })));
    world.stop().await;
}

#[tokio::test]
async fn who_never_signed_in_to_renku_is_unknown_and_a_refused_gitlab_token_is_not() {
    let world = World::start().await;
    let dave = world.token("dave").await;
    assert_eq!(world.core(&dave, "jobs", None).await, refused("unknown"));
    let carol = world.token("carol").await;
    assert_eq!(world.core(&carol, "jobs", None).await.0, 200);
    assert_eq!(user(&world, &carol).await, (401, json!({ "message": "401 Unauthorized" })));
    world.stop().await;
}

#[tokio::test]
async fn old_python_gateways_label_json_as_html_and_break_for_strangers() {
    let world = World::with(|options| options.gateway_version = "0.14.0".into()).await;
    let url = format!("{}/api/renku/jobs", world.renku.url);
    let answer = world.http.get(&url).bearer_auth("opaque").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["exception"], "Signature verification failed");
    let answer = world.http.get(&url).bearer_auth(world.token("dave").await).send().await.unwrap();
    assert_eq!(answer.status(), 500);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
    world.stop().await;
}

#[tokio::test]
async fn the_go_gateway_makes_a_foreign_client_anonymous_unless_it_is_listed() {
    let world = World::with(|options| options.gateway = Gateway::Go).await;
    let own = world.token("alice").await;
    let (status, body) = world.core(&own, "jobs", None).await;
    assert_eq!((status, &body["error"]["code"]), (200, &json!(ANONYMOUS)));
    let chart_made = world.token_of("alice", "renku").await;
    assert_eq!(world.core(&chart_made, "jobs", None).await.1, json!({ "result": { "jobs": [] } }));
    world.stop().await;
    let patched = |options: &mut dataverse_renku::sandbox::renku_core::Options| {
        options.gateway = Gateway::Go;
        options.extra_azp = vec!["dataverse-connector".into()];
    };
    let world = World::with(patched).await;
    let own = world.token("alice").await;
    assert_eq!(world.core(&own, "jobs", None).await.1, json!({ "result": { "jobs": [] } }));
    let dave = world.token("dave").await;
    assert_eq!(world.core(&dave, "jobs", None).await.1["error"]["code"], ANONYMOUS);
    world.stop().await;
}

#[tokio::test]
async fn the_anonymous_session_of_the_go_gateway_outweighs_a_token() {
    let world = World::with(|options| options.gateway = Gateway::Go).await;
    let url = format!("{}/api/renku/jobs", world.renku.url);
    let answer = world.http.get(&url).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("_renku_session="));
    let token = world.token_of("alice", "renku").await;
    let answer = world.http.get(&url).bearer_auth(&token).header("Cookie", cookie).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], ANONYMOUS);
    world.stop().await;
}

#[tokio::test]
async fn jobs_are_known_only_with_the_cookie_of_the_first_answer() {
    let world = World::with(|options| options.sticky = true).await;
    let token = world.token("alice").await;
    let url = format!("{}/api/renku/datasets.import", world.renku.url);
    let body = world.import_body("alice/first-project", "SMALL3");
    let answer = world.http.post(url).bearer_auth(&token).json(&body).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("reverse-proxy-sticky-session-renku-core="));
    let job = answer.json::<Value>().await.unwrap()["result"]["job_id"].as_str().unwrap().to_owned();
    let poll = async |cookie: Option<&str>| {
        let request = world.http.get(format!("{}/api/renku/jobs/{job}", world.renku.url)).bearer_auth(&token);
        let request = cookie.into_iter().fold(request, |request, cookie| request.header("Cookie", cookie));
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(poll(None).await, json!({ "result": null }));
    assert_eq!(poll(Some("reverse-proxy-sticky-session-renku-core=other")).await, json!({ "result": null }));
    assert_eq!(poll(Some(&cookie)).await["result"]["job_id"], job);
    world.stop().await;
}

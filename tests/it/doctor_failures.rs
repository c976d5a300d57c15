//! Failures of authentication that need another gateway, another clock or another request than the usual ones: each has its own name,
//! for the doctor and for an import that meets it. The Keycloak is a real one where `TEST_KEYCLOAK_ISSUER` names it; gateways are simulated.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::app::{self, Access, Parts};
use dataverse_renku::domain::ports::Clock;
use dataverse_renku::domain::ports::identity::Stay;
use dataverse_renku::domain::ports::renku::AccessToken;
use dataverse_renku::domain::problem::ProblemCode;
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::identity::Callback;
use dataverse_renku::lifecycle::SystemClock;
use dataverse_renku::sandbox::dataverse;
use dataverse_renku::sandbox::renku_core::{Gateway, Options};
use serde_json::{Value, json};

use crate::doctor_world::{Changed, World, codes, healthy, only};

/// Our clock when it is slow.
struct Slow;

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        SystemClock.now().minus(Duration::from_mins(10))
    }
}

async fn behind(gateway: Gateway, version: &str, core: &str, patched: bool) -> World {
    let options = Options {
        gateway,
        gateway_version: version.to_owned(),
        core_version: core.to_owned(),
        extra_azp: patched.then(|| "dataverse-connector".to_owned()).into_iter().collect(),
        ..Options::default()
    };
    let world = World::with(options, dataverse::Options::default()).await;
    assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
    world
}

async fn stored_access(world: &World) -> AccessToken {
    let ground = app::doctor(&world.config()).unwrap().ground;
    ground.sign_ins(&"main".parse().unwrap(), 1).await.unwrap().remove(0).access
}

/// The simulated Keycloak tells its time. A real one does not unless a proxy adds it; then the Renku's counts, which runs beside it.
#[tokio::test]
async fn a_clock_that_differs_from_the_renkus_is_named() {
    let world = healthy().await;
    world.sign_in("alice").await;
    let doctor = app::doctor_by(&world.config(), &(Arc::new(Slow) as Arc<dyn Clock>)).unwrap();
    let findings = doctor.examine().await;
    assert_eq!(codes(&findings), only("clock-differs"), "{findings:#?}");
    let told = findings.iter().find(|finding| finding.problem.is_some()).unwrap();
    let words = told.problem.as_ref().unwrap().to_string();
    assert!(["+599 s", "+600 s"].iter().any(|ahead| words.contains(ahead)), "{told:?}");
    assert_eq!(told.commands, ["timedatectl set-ntp true"]);
}

/// The realm demands PKCE: what it says to a request without it, as the browser would bring it back.
#[tokio::test]
async fn a_sign_in_without_pkce_is_refused_by_that_name() {
    let world = healthy().await;
    let parts = Parts::connect(&world.config(), Access::Serve, None).await.unwrap();
    let begun = parts.identity.begin_sign_in(&"main".parse().unwrap(), "/", Stay::Session).await.unwrap();
    let mut without = url::Url::parse(&begun.url).unwrap();
    let kept: Vec<(String, String)> = without
        .query_pairs()
        .filter(|(name, _)| !name.starts_with("code_challenge"))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    without.query_pairs_mut().clear().extend_pairs(kept);
    let http = client(&HttpSettings::default()).unwrap();
    let answer = http.get(without).send().await.unwrap();
    let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let field = |wanted: &str| {
        back.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    assert_eq!(field("error").as_deref(), Some("invalid_request"), "{back}");
    let callback = Callback {
        state: field("state").map(Into::into),
        error: field("error"),
        error_description: field("error_description"),
        ..Callback::default()
    };
    let refused =
        parts.identity.finish_sign_in(callback, Some(&begun.cookie.secret), None).await.unwrap_err();
    assert_eq!(refused.problem.code, ProblemCode::PkceRefused);
    parts.close().await;
}

/// Dave never signed in to the simulated Renku itself; each gateway has its own way of saying so.
#[tokio::test]
async fn whoever_never_signed_in_to_renku_itself_is_sent_there_whatever_the_gateway_says() {
    for (gateway, version, core, status) in [
        (Gateway::Python, "0.24.0", "2.9.4", 401),
        // A page with an internal error.
        (Gateway::Python, "0.14.0", "1.7.1", 500),
        (Gateway::Go, "1.7.0", "2.9.4", 401),
    ] {
        // The Go gateway was told of our client, and we of that.
        let world = behind(gateway, version, core, true).await;
        let oidc = "client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"\n\
                    accepted_clients = [\"dataverse-connector\"]";
        world.write(Changed { oidc, ..Changed::default() });
        world.sign_in("dave").await;
        let http = client(&HttpSettings::default()).unwrap();
        let user = http.get(format!("{}/api/user", world.renku.url));
        let answer = user.bearer_auth(stored_access(&world).await.expose()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{version}");
        let findings = world.examine().await;
        assert_eq!(codes(&findings), only("renku-sign-in-needed"), "{version}: {findings:#?}");
        assert_eq!(world.at_an_import().await, Some(ProblemCode::RenkuSignInNeeded), "{version}");
    }
}

#[tokio::test]
async fn a_go_gateway_that_does_not_take_our_client_is_named_by_an_import_too() {
    let world = behind(Gateway::Go, "1.7.0", "2.9.4", false).await;
    world.sign_in("alice").await;
    assert_eq!(world.wrong().await, only("token-client-not-accepted"));
    assert_eq!(world.at_an_import().await, Some(ProblemCode::TokenClientNotAccepted));
}

/// What programs bring along that is no token of the realm, and what Renku says to it: the connector sends none of these, and whoever
/// tries it by hand finds here what the answers mean.
#[tokio::test]
async fn what_is_no_token_of_this_realm_gets_renkus_word_unknown_or_nobodys_answer() {
    let http = client(&HttpSettings::default()).unwrap();
    let unknown = json!({"error": "authentication", "message": "unknown", "target": "renku"});
    for (core, code) in [("1.1.4", -32601), ("2.9.4", 1030)] {
        let world = behind(Gateway::Python, "0.24.0", core, false).await;
        let jobs = format!("{}/api/renku/jobs", world.renku.url);
        let basic = http.get(&jobs).basic_auth("alice", Some("secret")).send().await.unwrap();
        assert_eq!(basic.status().as_u16(), 200);
        let basic: Value = basic.json().await.unwrap();
        assert_eq!(basic["error"]["code"], code, "{basic}");
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", "alice"),
            ("password", &world.password),
            ("scope", "openid profile email"),
        ];
        let token = http.post(format!("{}/protocol/openid-connect/token", world.issuer)).form(&form);
        let token: Value = token.send().await.unwrap().json().await.unwrap();
        let admin_cli = token["access_token"].as_str().unwrap();
        for (bearer, code) in [
            (admin_cli, "token-without-audience"),
            ("glpat-abcdefghijklmnopqrst", "token-unreadable"),
            ("0123456789abcdef0123456789abcdef", "token-unreadable"),
        ] {
            let answer = http.get(&jobs).bearer_auth(bearer).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 401);
            assert_eq!(answer.json::<Value>().await.unwrap(), unknown);
            // Here the same has its own name.
            let parts = Parts::connect(&world.config(), Access::Serve, None).await.unwrap();
            let bearer = AccessToken::new(bearer.to_owned().into());
            let refused = parts.identity.bearer(&bearer).await.unwrap_err();
            assert_eq!(refused.problem.code.as_str(), code);
            parts.close().await;
        }
    }
}

/// A proxy that adds a `Referer` between us and the Python gateway; our own requests have none.
#[tokio::test]
async fn a_referer_is_refused_by_the_python_gateway_and_we_send_none() {
    let world = healthy().await;
    world.sign_in("alice").await;
    let token = stored_access(&world).await;
    let http = client(&HttpSettings::default()).unwrap();
    let user = format!("{}/api/user", world.renku.url);
    let asked = async |referer: Option<&str>| {
        let request = http.get(&user).bearer_auth(token.expose());
        let request = match referer {
            Some(referer) => request.header("Referer", referer),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(asked(None).await.0, 200);
    let (status, words) = asked(Some("https://connector.example.org/")).await;
    assert_eq!(status, 403);
    let mut proxy = mockito::Server::new_async().await;
    for (path, status, body) in [
        ("/api/renku/apiversion", 200, json!({"result": {"latest_version": "2.9.4"}}).to_string()),
        ("/api/user", usize::from(status), words),
    ] {
        proxy.mock("GET", path).with_status(status).with_body(body).create_async().await;
    }
    let url = proxy.url();
    world.write(Changed { renku_url: Some(&url), ..Changed::default() });
    assert_eq!(world.wrong().await, BTreeSet::from(["renku-origin-refused"]));
}

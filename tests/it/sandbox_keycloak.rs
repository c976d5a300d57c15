//! The simulated Keycloak answers as the real one does; its own behaviour, spoken to by HTTP alone.
//! How the connector copes with it is tested in `oidc`.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dataverse_renku::sandbox::keycloak::{self, CLIENT_SECRET, Options, Running};
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

const CALLBACK: &str = "http://127.0.0.1:9/oidc/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rule-of-43-characters";
/// Parameters to replace, or to leave out, in a request.
type Changes<'a> = &'a [(&'a str, Option<&'a str>)];

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[expect(clippy::disallowed_methods, reason = "the test plays a browser and a program of its own")]
fn http() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

struct Realm {
    keycloak: Running,
    http: reqwest::Client,
}

impl Realm {
    async fn start(options: Options) -> Self {
        Self { keycloak: keycloak::start(options).await.unwrap(), http: http() }
    }

    fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.keycloak.issuer)
    }

    fn authorization_url(&self, client_id: &str, changes: Changes<'_>) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut parameters: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("login_hint", "alice"),
            ("sandbox_auto", "1"),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.extend(value.map(|value| (*name, value)));
        }
        Url::parse_with_params(&self.endpoint("auth"), parameters).unwrap()
    }

    /// Opens the authorization address and reads the parameters the browser is sent back with.
    async fn sent_back(&self, url: Url) -> HashMap<String, String> {
        let answer = self.http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FOUND);
        let target = Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
        assert!(target.as_str().starts_with(CALLBACK));
        target.query_pairs().into_owned().collect()
    }

    async fn code(&self, client_id: &str) -> String {
        self.sent_back(self.authorization_url(client_id, &[])).await["code"].clone()
    }

    async fn token(&self, client_id: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut form = vec![("client_id", client_id)];
        if !["renku-cli", "swagger", "admin-cli"].contains(&client_id) {
            form.push(("client_secret", CLIENT_SECRET));
        }
        form.extend(fields);
        let answer = self.http.post(self.endpoint("token")).form(&form).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn exchange(&self, client_id: &str) -> Value {
        let code = self.code(client_id).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let (status, body) = self.token(client_id, &fields).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    async fn refresh(&self, client_id: &str, token: &Value) -> (StatusCode, Value) {
        let token = token.as_str().unwrap();
        self.token(client_id, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn control(&self, path: &str, body: Value) -> StatusCode {
        let url = format!("{}/_sim/{path}", self.keycloak.base_url);
        self.http.post(url).json(&body).send().await.unwrap().status()
    }

    async fn events(&self) -> Vec<Value> {
        let url = format!("{}/_sim/events", self.keycloak.base_url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn assert_refused(answer: &(StatusCode, Value), status: u16, error: &str, description: &str) {
    assert_eq!(answer.0.as_u16(), status, "{}", answer.1);
    assert_eq!(answer.1["error"], error);
    let said = answer.1["error_description"].as_str().unwrap_or_default();
    assert!(said.contains(description), "{said}");
}

#[tokio::test]
async fn discovery_names_the_issuer_under_auth_or_not_as_the_deployment_has_it() {
    for (auth_path, prefix) in [(true, "/auth"), (false, "")] {
        let realm = Realm::start(Options { auth_path, ..Options::default() }).await;
        let base = realm.keycloak.base_url.clone();
        assert_eq!(realm.keycloak.issuer, format!("{base}{prefix}/realms/Renku"));
        let well_known = format!("{}/.well-known/openid-configuration", realm.keycloak.issuer);
        let document: Value = realm.http.get(well_known).send().await.unwrap().json().await.unwrap();
        assert_eq!(document["issuer"], realm.keycloak.issuer);
        let wrong = format!("{base}{prefix}/realms/renku/.well-known/openid-configuration");
        let answer = realm.http.get(wrong).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"error": "Realm does not exist"}));
        let other = if auth_path { "" } else { "/auth" };
        let misplaced = format!("{base}{other}/realms/Renku/.well-known/openid-configuration");
        assert_eq!(realm.http.get(misplaced).send().await.unwrap().status(), StatusCode::NOT_FOUND);
        realm.keycloak.stop().await;
    }
}

#[tokio::test]
async fn a_code_buys_tokens_with_the_audience_renku_and_the_nonce_once() {
    let realm = Realm::start(Options::default()).await;
    let code = realm.code("dataverse-connector").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let (status, body) = realm.token("dataverse-connector", &fields).await;
    assert_eq!(status, StatusCode::OK);
    let access = claims(&body["access_token"]);
    assert_eq!(access["iss"], realm.keycloak.issuer);
    assert_eq!(access["aud"], json!(["renku", "account"]));
    assert_eq!(access["azp"], "dataverse-connector");
    assert_eq!(access["sub"], keycloak::PEOPLE[0].sub);
    assert_eq!((&access["email"], &access["name"]), (&json!("alice@example.org"), &json!("Alice Amsler")));
    assert_eq!(access["exp"].as_u64().unwrap() - access["iat"].as_u64().unwrap(), 1800);
    assert_eq!(claims(&body["id_token"])["nonce"], "the-nonce");
    assert_eq!(body["refresh_expires_in"], 86_400);
    let again = realm.token("dataverse-connector", &fields).await;
    assert_refused(&again, 400, "invalid_grant", "Code not valid");
}

#[tokio::test]
async fn the_sign_in_page_lists_the_people_and_works_without_script() {
    let realm = Realm::start(Options::default()).await;
    let url = realm.authorization_url("dataverse-connector", &[("sandbox_auto", None)]);
    let page = realm.http.get(url).send().await.unwrap().text().await.unwrap();
    for name in ["alice", "bob", "carol", "dave"] {
        assert!(page.contains(&format!("value=\"{name}\"")), "{page}");
    }
    assert!(!page.contains("<script"));
    let field = |name: &str| page.split(name).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let action = field("action=\"");
    let ticket = field("name=\"session_code\" value=\"");
    let form = [("session_code", ticket.as_str()), ("username", "carol")];
    let answer = realm.http.post(&action).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    let target = answer.headers()[LOCATION].to_str().unwrap();
    assert!(target.contains("state=the-state") && target.contains("code="), "{target}");
    let twice = realm.http.post(&action).form(&form).send().await.unwrap();
    assert_eq!(twice.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn requests_for_a_code_are_refused_in_keycloaks_words() {
    let realm = Realm::start(Options::default()).await;
    let cases: [(&str, Changes<'_>, &str, &str); 5] = [
        ("no-code", &[], "unauthorized_client", "Client is not allowed to initiate browser login"),
        (
            "dataverse-connector",
            &[("code_challenge", None), ("code_challenge_method", None)],
            "invalid_request",
            "Missing parameter: code_challenge_method",
        ),
        (
            "dataverse-connector",
            &[("code_challenge_method", Some("plain"))],
            "invalid_request",
            "code challenge",
        ),
        ("dataverse-connector", &[("scope", Some("openid nonsense"))], "invalid_scope", "Invalid scopes"),
        ("dataverse-connector", &[("sandbox_auto", None), ("prompt", Some("none"))], "login_required", ""),
    ];
    for (client, changes, error, description) in cases {
        let back = realm.sent_back(realm.authorization_url(client, changes)).await;
        assert_eq!(back["error"], error);
        assert!(back.get("error_description").map_or("", String::as_str).contains(description), "{back:?}");
        assert_eq!(back["state"], "the-state");
    }
    let elsewhere = [("redirect_uri", Some("https://evil.example/"))];
    let url = realm.authorization_url("dataverse-connector", &elsewhere);
    let answer = realm.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(answer.text().await.unwrap().contains("Invalid parameter: redirect_uri"));
}

#[tokio::test]
async fn redirect_addresses_can_be_set_exactly() {
    let realm = Realm::start(Options::default()).await;
    let only = json!({"client_id": "dataverse-connector", "redirect_uris": ["https://c.example/cb"]});
    assert_eq!(realm.control("clients", only).await, StatusCode::NO_CONTENT);
    let refused = realm.http.get(realm.authorization_url("dataverse-connector", &[])).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let exact = [("redirect_uri", Some("https://c.example/cb"))];
    let url = realm.authorization_url("dataverse-connector", &exact);
    assert_eq!(realm.http.get(url).send().await.unwrap().status(), StatusCode::FOUND);
}

#[tokio::test]
async fn grants_and_clients_are_refused_in_keycloaks_words() {
    let realm = Realm::start(Options::default()).await;
    let password = [("grant_type", "password"), ("username", "alice"), ("password", "x")];
    let answer = realm.token("dataverse-connector", &password).await;
    assert_refused(&answer, 400, "unauthorized_client", "Client not allowed for direct access grants");
    let (status, body) = realm.token("admin-cli", &password).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(claims(&body["access_token"])["aud"], "account");

    let code = realm.code("dataverse-connector").await;
    let wrong = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "another-verifier-that-is-long-enough-for-the-rule"),
    ];
    let answer = realm.token("dataverse-connector", &wrong).await;
    assert_refused(&answer, 400, "invalid_grant", "PKCE verification failed");

    let answer = realm.token("nobody", &password).await;
    assert_refused(&answer, 401, "invalid_client", "Invalid client or Invalid client credentials");
    let basic = realm.http.post(realm.endpoint("token")).basic_auth("dataverse-connector", Some("wrong"));
    let answer = basic.form(&[("grant_type", "refresh_token")]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"], "unauthorized_client");
}

#[tokio::test]
async fn a_client_without_the_mapper_gets_no_audience_renku() {
    let realm = Realm::start(Options::default()).await;
    let body = realm.exchange("no-audience").await;
    assert_eq!(claims(&body["access_token"])["aud"], "account");
}

#[tokio::test]
async fn a_rotated_refresh_token_used_again_ends_the_session() {
    let realm = Realm::start(Options::default()).await;
    let first = realm.exchange("dataverse-connector").await;
    let (status, second) = realm.refresh("dataverse-connector", &first["refresh_token"]).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let reuse = realm.refresh("dataverse-connector", &first["refresh_token"]).await;
    assert_refused(&reuse, 400, "invalid_grant", "Maximum allowed refresh token reuse exceeded");
    let after = realm.refresh("dataverse-connector", &second["refresh_token"]).await;
    assert_refused(&after, 400, "invalid_grant", "Session doesn't have required client");
    let events = realm.events().await;
    let used: Vec<_> = events.iter().filter(|event| event["grant"] == "refresh_token").collect();
    assert_eq!(used.len(), 3);
    assert_eq!(used[0]["refresh_token"], used[1]["refresh_token"]);
    assert_eq!((&used[0]["outcome"], &used[0]["user"]), (&json!("ok"), &json!("alice")));
}

#[tokio::test]
async fn without_rotation_an_older_refresh_token_stays_usable() {
    let realm = Realm::start(Options { rotate: false, ..Options::default() }).await;
    let first = realm.exchange("dataverse-connector").await;
    for _ in 0..2 {
        let (status, next) = realm.refresh("dataverse-connector", &first["refresh_token"]).await;
        assert_eq!(status, StatusCode::OK);
        assert_ne!(first["refresh_token"], next["refresh_token"]);
    }
}

#[tokio::test]
async fn faults_hit_as_often_as_ordered() {
    let realm = Realm::start(Options::default()).await;
    let first = realm.exchange("dataverse-connector").await;
    realm.control("faults", json!({"name": "token_endpoint_down", "times": 1})).await;
    let form = [("client_id", "dataverse-connector"), ("client_secret", CLIENT_SECRET)];
    let down = realm.http.post(realm.endpoint("token")).form(&form).send().await.unwrap();
    assert_eq!(down.status(), StatusCode::SERVICE_UNAVAILABLE);

    realm.control("faults", json!({"name": "answer_lost", "times": 1})).await;
    let mut refresh = form.to_vec();
    refresh.extend([
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().unwrap()),
    ]);
    let cut = realm.http.post(realm.endpoint("token")).form(&refresh).send().await;
    assert!(cut.is_err(), "{cut:?}");
    let spent = realm.refresh("dataverse-connector", &first["refresh_token"]).await;
    assert_refused(&spent, 400, "invalid_grant", "reuse exceeded");

    let first = realm.exchange("dataverse-connector").await;
    realm.control("faults", json!({"name": "end_session", "user": "alice"})).await;
    let ended = realm.refresh("dataverse-connector", &first["refresh_token"]).await;
    assert_refused(&ended, 400, "invalid_grant", "Session not active");

    let first = realm.exchange("dataverse-connector").await;
    realm.control("faults", json!({"name": "disable_user", "user": "alice"})).await;
    let disabled = realm.refresh("dataverse-connector", &first["refresh_token"]).await;
    assert_refused(&disabled, 400, "invalid_grant", "User disabled");
    assert_eq!(realm.control("faults", json!({"name": "nonsense"})).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_idle_refresh_token_dies() {
    let realm = Realm::start(Options { refresh_idle_s: 60, ..Options::default() }).await;
    let first = realm.exchange("dataverse-connector").await;
    realm.control("clock", json!({"advance_s": 61})).await;
    let idle = realm.refresh("dataverse-connector", &first["refresh_token"]).await;
    assert_refused(&idle, 400, "invalid_grant", "Token is not active");
}

#[tokio::test]
async fn a_new_signing_key_is_published_beside_the_old_one() {
    let realm = Realm::start(Options::default()).await;
    realm.control("faults", json!({"name": "rotate_keys"})).await;
    let answer = realm.http.get(realm.endpoint("certs")).send().await.unwrap();
    let set: Value = answer.json().await.unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0]["kid"], keys[1]["kid"]);
    let body = realm.exchange("dataverse-connector").await;
    let header = body["access_token"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(header["kid"], keys[1]["kid"]);
}

#[tokio::test]
async fn a_device_waits_for_its_person() {
    let realm = Realm::start(Options { device_interval_s: 0, ..Options::default() }).await;
    let ask = async || -> Value {
        let form = [("client_id", "renku-cli"), ("scope", "openid profile email")];
        let answer = realm.http.post(realm.endpoint("auth/device")).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    };
    let poll = async |begun: &Value| {
        let code = begun["device_code"].as_str().unwrap();
        realm.token("renku-cli", &[("grant_type", DEVICE_GRANT), ("device_code", code)]).await
    };
    let begun = ask().await;
    assert_refused(&poll(&begun).await, 400, "authorization_pending", "still pending");
    let page = begun["verification_uri_complete"].as_str().unwrap();
    let shown = realm.http.get(page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains(begun["user_code"].as_str().unwrap()));
    let approval = json!({"user_code": begun["user_code"], "user": "bob"});
    assert_eq!(realm.control("device/approve", approval).await, StatusCode::NO_CONTENT);
    let (status, body) = poll(&begun).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let access = claims(&body["access_token"]);
    assert_eq!((&access["azp"], &access["preferred_username"]), (&json!("renku-cli"), &json!("bob")));
    assert_eq!(body["expires_in"], 86_400);

    let begun = ask().await;
    let form = [("user_code", begun["user_code"].as_str().unwrap()), ("deny", "1")];
    let page = begun["verification_uri"].as_str().unwrap();
    assert_eq!(realm.http.post(page).form(&form).send().await.unwrap().status(), StatusCode::OK);
    assert_refused(&poll(&begun).await, 400, "access_denied", "denied");

    let begun = ask().await;
    realm.control("clock", json!({"advance_s": 601})).await;
    assert_refused(&poll(&begun).await, 400, "expired_token", "expired");
}

#[tokio::test]
async fn a_device_that_polls_too_fast_is_slowed_down() {
    let realm = Realm::start(Options::default()).await;
    let form = [("client_id", "renku-cli"), ("scope", "openid")];
    let answer = realm.http.post(realm.endpoint("auth/device")).form(&form).send().await.unwrap();
    let begun: Value = answer.json().await.unwrap();
    assert_eq!(begun["interval"], 5);
    let code = begun["device_code"].as_str().unwrap();
    let poll = [("grant_type", DEVICE_GRANT), ("device_code", code)];
    assert_refused(&realm.token("renku-cli", &poll).await, 400, "authorization_pending", "");
    assert_refused(&realm.token("renku-cli", &poll).await, 400, "slow_down", "");
    let form = [("client_id", "dataverse-connector"), ("client_secret", CLIENT_SECRET)];
    let answer = realm.http.post(realm.endpoint("auth/device")).form(&form).send().await.unwrap();
    let refused = (answer.status(), answer.json().await.unwrap());
    assert_refused(&refused, 400, "unauthorized_client", "The flow is disabled for the client.");
}

#[tokio::test]
async fn revocation_answers_200_also_for_an_unknown_token() {
    let realm = Realm::start(Options::default()).await;
    let body = realm.exchange("dataverse-connector").await;
    let userinfo = |token: String| realm.http.get(realm.endpoint("userinfo")).bearer_auth(token).send();
    let access = body["access_token"].as_str().unwrap().to_owned();
    let info: Value = userinfo(access.clone()).await.unwrap().json().await.unwrap();
    assert_eq!(info["email"], "alice@example.org");
    let revoke = async |token: &str| {
        let form = [("token", token), ("token_type_hint", "refresh_token")];
        let request = realm.http.post(realm.endpoint("revoke"));
        let request = request.basic_auth("dataverse-connector", Some(CLIENT_SECRET));
        request.form(&form).send().await.unwrap()
    };
    let unknown = revoke("nonsense").await;
    assert_eq!(unknown.status(), StatusCode::OK);
    assert_eq!(unknown.json::<Value>().await.unwrap()["error"], "invalid_token");
    assert_eq!(revoke(body["refresh_token"].as_str().unwrap()).await.status(), StatusCode::OK);
    let refused = realm.refresh("dataverse-connector", &body["refresh_token"]).await;
    assert_refused(&refused, 400, "invalid_grant", "Session not active");
    assert_eq!(userinfo(access).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn logout_ends_the_session() {
    let realm = Realm::start(Options::default()).await;
    let body = realm.exchange("dataverse-connector").await;
    let form = [
        ("client_id", "dataverse-connector"),
        ("client_secret", CLIENT_SECRET),
        ("refresh_token", body["refresh_token"].as_str().unwrap()),
    ];
    let answer = realm.http.post(realm.endpoint("logout")).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let refused = realm.refresh("dataverse-connector", &body["refresh_token"]).await;
    assert_refused(&refused, 400, "invalid_grant", "Session not active");
}

//! One test for each answer that Keycloak or the network can give.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mockito::{Matcher, Mock, Server, ServerGuard};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{OidcProvider, OidcSettings};
use crate::adapters::http::{HttpSettings, client};
use crate::domain::ports::Clock;
use crate::domain::ports::identity::{DeviceAnswer, IdentityProvider as _, Renewal, Stay};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Class, Fault, ProblemCode};
use crate::domain::time::Timestamp;

const START: i64 = 1_800_000_000_000;

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// One key for the realm, another that is not published.
static KEYS: LazyLock<[RsaPrivateKey; 2]> =
    LazyLock::new(|| [(); 2].map(|()| RsaPrivateKey::new(&mut rand::rngs::OsRng, 2048).unwrap()));

fn jwk(kid: &str, key: &RsaPrivateKey) -> Value {
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
        "n": URL_SAFE_NO_PAD.encode(key.n().to_bytes_be()), "e": URL_SAFE_NO_PAD.encode(key.e().to_bytes_be())})
}

fn signed(kid: &str, key: &RsaPrivateKey, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let input = format!("{}.{}", encode(&json!({"alg": "RS256", "kid": kid})), encode(claims));
    let digest = Sha256::digest(input.as_bytes());
    let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

struct Realm {
    server: ServerGuard,
    clock: Arc<HandClock>,
    /// Below which path the realm's issuer is.
    prefix: &'static str,
}

impl Realm {
    async fn start(prefix: &'static str) -> Self {
        Self { server: Server::new_async().await, clock: Arc::new(HandClock(AtomicI64::new(START))), prefix }
    }

    fn issuer(&self) -> String {
        format!("{}{}/realms/Renku", self.server.url(), self.prefix)
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/realms/Renku/{rest}", self.prefix)
    }

    async fn discovery(&mut self, issuer: &str, keys: Value, times: usize) -> [Mock; 2] {
        let at = |rest: &str| format!("{}/{rest}", self.issuer());
        let document = json!({
            "issuer": issuer, "authorization_endpoint": at("auth"), "token_endpoint": at("token"),
            "jwks_uri": at("certs"), "revocation_endpoint": at("revoke"),
            "device_authorization_endpoint": at("device"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        });
        let well_known = self.path(".well-known/openid-configuration");
        let certs = self.path("certs");
        let document = self
            .server
            .mock("GET", &*well_known)
            .with_body(document.to_string())
            .expect(times)
            .create_async();
        let document = document.await;
        let keys = self.server.mock("GET", &*certs).with_body(keys.to_string()).expect(times).create_async();
        [document, keys.await]
    }

    async fn with_discovery(prefix: &'static str) -> Self {
        let mut realm = Self::start(prefix).await;
        let issuer = realm.issuer();
        realm.discovery(&issuer, json!({"keys": [jwk("main", &KEYS[0])]}), 1).await;
        realm
    }

    fn settings(&self) -> OidcSettings {
        let mut settings = OidcSettings::new(self.server.url().parse().unwrap(), "dataverse-connector");
        settings.client_secret = Some("the-secret".into());
        settings
    }

    fn provider_with(&self, change: impl FnOnce(&mut OidcSettings)) -> OidcProvider {
        let mut settings = self.settings();
        change(&mut settings);
        provider(settings, Arc::clone(&self.clock))
    }

    fn provider(&self) -> OidcProvider {
        self.provider_with(|_| ())
    }

    async fn on_token(&mut self, status: usize, body: &str) -> Mock {
        let path = self.path("token");
        self.server.mock("POST", &*path).with_status(status).with_body(body).create_async().await
    }

    fn claims(&self) -> Value {
        json!({"iss": self.issuer(), "aud": ["renku", "account"], "azp": "dataverse-connector", "sub": "s-1",
            "exp": START / 1000 + 300, "email": "a@example.org", "name": "Alice", "preferred_username": "alice"})
    }
}

fn provider(settings: OidcSettings, clock: Arc<HandClock>) -> OidcProvider {
    impatient(settings, clock, HttpSettings::default().read_timeout)
}

/// One that takes longer silence than this for an answer that does not come; a busy machine is silent at times, too.
fn impatient(settings: OidcSettings, clock: Arc<HandClock>, read_timeout: Duration) -> OidcProvider {
    let http = client(&HttpSettings { read_timeout, keep_alive: false, ..HttpSettings::default() }).unwrap();
    OidcProvider::new(http, clock, settings)
}

fn refresh_token() -> SecretString {
    "old-refresh".into()
}

#[tokio::test]
async fn the_issuer_is_found_with_and_without_auth_and_remembered_until_its_time_is_over() {
    for prefix in ["/auth", ""] {
        let mut realm = Realm::start(prefix).await;
        let issuer = realm.issuer();
        let mocks = realm.discovery(&issuer, json!({"keys": []}), 2).await;
        let provider = realm.provider();
        for _ in 0..3 {
            assert_eq!(provider.issuer().await.unwrap(), issuer);
        }
        realm.clock.0.fetch_add(3_600_000, Ordering::SeqCst);
        provider.issuer().await.unwrap();
        for mock in mocks {
            mock.assert_async().await;
        }
    }
}

#[tokio::test]
async fn an_issuer_that_is_nowhere_is_named_with_every_place_looked_at() {
    let realm = Realm::start("").await;
    let fault = realm.provider().issuer().await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::IssuerNotFound);
    let words = fault.problem.words.unwrap();
    assert!(words.contains("/auth/realms/Renku") && words.contains(&realm.issuer()), "{words}");
}

#[tokio::test]
async fn a_document_of_another_issuer_is_refused() {
    let mut realm = Realm::start("/auth").await;
    realm.discovery("https://evil.example/realms/Renku", json!({"keys": []}), 1).await;
    let configured = realm.issuer().parse().unwrap();
    let fault =
        realm.provider_with(|settings| settings.issuer = Some(configured)).issuer().await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::IssuerMismatch);
}

#[tokio::test]
async fn an_old_document_serves_while_keycloak_is_down() {
    let mut realm = Realm::with_discovery("/auth").await;
    let provider = realm.provider();
    let issuer = provider.issuer().await.unwrap();
    realm.server.reset();
    let down = realm.path(".well-known/openid-configuration");
    realm.server.mock("GET", &*down).with_status(503).create_async().await;
    realm.clock.0.fetch_add(3_600_000, Ordering::SeqCst);
    assert_eq!(provider.issuer().await.unwrap(), issuer);
}

#[tokio::test]
async fn the_authorization_address_carries_pkce_state_and_nonce() {
    let realm = Realm::with_discovery("/auth").await;
    let flow =
        realm.provider().begin_code_flow("https://c.example/sign-in/callback", Stay::Session).await.unwrap();
    let url = url::Url::parse(&flow.url).unwrap();
    let sent: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(sent["response_type"], "code");
    assert_eq!(sent["client_id"], "dataverse-connector");
    assert_eq!(sent["redirect_uri"], "https://c.example/sign-in/callback");
    assert_eq!(sent["scope"], "openid profile email");
    assert_eq!(sent["code_challenge_method"], "S256");
    assert_eq!(sent["state"], flow.state.expose_secret());
    let secrets: Value = serde_json::from_str(flow.secrets.expose_secret()).unwrap();
    assert_eq!(sent["nonce"], secrets["nonce"]);
    let digest = Sha256::digest(secrets["verifier"].as_str().unwrap());
    assert_eq!(sent["code_challenge"], URL_SAFE_NO_PAD.encode(digest));
}

/// A code flow whose answer has an ID token with these claims changed.
async fn finished(change: impl FnOnce(&mut Value)) -> Result<String, Fault> {
    let mut realm = Realm::with_discovery("/auth").await;
    let access = signed("main", &KEYS[0], &realm.claims());
    let hash = Sha256::digest(access.as_bytes());
    let mut id = json!({"iss": realm.issuer(), "aud": ["dataverse-connector", "account"], "sub": "s-1",
        "azp": "dataverse-connector", "exp": START / 1000 + 300, "iat": START / 1000, "nonce": "the-nonce",
        "at_hash": URL_SAFE_NO_PAD.encode(&hash[..16])});
    change(&mut id);
    let id_token = signed("main", &KEYS[0], &id);
    let body = json!({"access_token": access, "expires_in": 300, "refresh_token": "r", "id_token": id_token,
        "refresh_expires_in": 86_400, "token_type": "Bearer"});
    let path = realm.path("token");
    let sent = [
        ("grant_type", "authorization_code"),
        ("code", "the-code"),
        ("redirect_uri", "https://c.example/cb"),
        ("code_verifier", "the-verifier"),
        ("client_id", "dataverse-connector"),
        ("client_secret", "the-secret"),
    ]
    .map(|(name, value)| Matcher::UrlEncoded(name.to_owned(), value.to_owned()));
    let mock = realm.server.mock("POST", &*path).match_body(Matcher::AllOf(sent.to_vec()));
    mock.with_body(body.to_string()).create_async().await;
    let secrets = json!({"verifier": "the-verifier", "nonce": "the-nonce"}).to_string();
    let done =
        realm.provider().finish_code_flow("the-code".into(), secrets.into(), "https://c.example/cb").await?;
    assert_eq!(done.0.refresh_until, Some(Timestamp::from_millis(START + 86_400_000)));
    Ok(done.1.subject)
}

#[tokio::test]
async fn an_id_token_is_accepted_with_other_audiences_beside_ours() {
    assert_eq!(finished(|_| ()).await.unwrap(), "s-1");
}

#[tokio::test]
async fn an_id_token_that_is_not_for_this_sign_in_is_refused() {
    for (claim, value) in [
        ("nonce", json!("another")),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("aud", json!("somebody-else")),
        ("iss", json!("https://evil.example")),
        ("exp", json!(START / 1000 - 31)),
        ("sub", json!("s-2")),
    ] {
        let fault = finished(|id| id[claim] = value).await.unwrap_err();
        assert_eq!(fault.problem.code, ProblemCode::SignInRefused, "{claim}: {fault:?}");
    }
}

async fn renewal(status: usize, body: &str) -> Renewal {
    let mut realm = Realm::with_discovery("/auth").await;
    let mock = realm.on_token(status, body).await;
    let renewal = realm.provider().renew(&refresh_token()).await;
    mock.assert_async().await;
    renewal
}

#[tokio::test]
async fn a_renewal_gives_new_tokens() {
    let body =
        json!({"access_token": "a", "expires_in": 1800, "refresh_token": "r2", "refresh_expires_in": 0});
    let Renewal::Renewed(tokens) = renewal(200, &body.to_string()).await else { panic!("not renewed") };
    assert_eq!(tokens.refresh.unwrap().expose_secret(), "r2");
    assert_eq!(tokens.access_until, Timestamp::from_millis(START + 1_800_000));
    assert_eq!(tokens.refresh_until, None);
}

#[tokio::test]
async fn a_refused_refresh_token_is_dead() {
    let body =
        r#"{"error":"invalid_grant","error_description":"Maximum allowed refresh token reuse exceeded"}"#;
    let Renewal::Dead(problem) = renewal(400, body).await else { panic!("not dead") };
    assert_eq!(problem.code, ProblemCode::SignInNeeded);
    assert!(problem.words.unwrap().contains("reuse exceeded"));
}

#[tokio::test]
async fn an_answer_that_did_nothing_leaves_the_token_unspent() {
    for (status, body, code) in [
        (500, "", ProblemCode::KeycloakUnreachable),
        (502, "<html>", ProblemCode::KeycloakUnreachable),
        (503, "<html>", ProblemCode::KeycloakUnreachable),
        (429, "", ProblemCode::KeycloakUnreachable),
        (401, r#"{"error":"invalid_client"}"#, ProblemCode::ClientUnknown),
        (401, r#"{"error":"unauthorized_client"}"#, ProblemCode::ClientRefused),
        (
            403,
            r#"{"error":"access_denied","error_description":"Realm not enabled"}"#,
            ProblemCode::RealmDisabled,
        ),
        (404, r#"{"error":"Realm does not exist"}"#, ProblemCode::IssuerNotFound),
        (302, "", ProblemCode::KeycloakNotUnderstood),
    ] {
        let Renewal::NotDone(fault) = renewal(status, body).await else { panic!("{status}") };
        assert_eq!(fault.problem.code, code, "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_or_unreadable_leaves_it_unclear() {
    for (status, body) in [(504, "<html>"), (200, "<html>"), (200, "{}"), (200, "")] {
        let answer = renewal(status, body).await;
        assert!(matches!(answer, Renewal::Unclear(_)), "{status} {body}: {answer:?}");
    }
}

/// A renewal at a server that takes the request and then cuts the connection, or stays silent.
async fn renewal_at_a_bad_server(silent: bool) -> Renewal {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let token = format!("http://{}/token", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let mut seen = 0;
        while seen == 0 || (silent && seen != usize::MAX) {
            seen = match stream.read(&mut buffer).unwrap_or(0) {
                0 => usize::MAX,
                read => read,
            };
        }
    });
    let mut realm = Realm::start("/auth").await;
    let document = json!({"issuer": realm.issuer(), "authorization_endpoint": token, "token_endpoint": token,
        "jwks_uri": format!("{}/certs", realm.issuer()), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]});
    let (path, certs) = (realm.path(".well-known/openid-configuration"), realm.path("certs"));
    realm.server.mock("GET", &*path).with_body(document.to_string()).create_async().await;
    realm.server.mock("GET", &*certs).with_body(r#"{"keys":[]}"#).create_async().await;
    let provider = impatient(realm.settings(), Arc::clone(&realm.clock), Duration::from_secs(2));
    let renewal = provider.renew(&refresh_token()).await;
    server.join().unwrap();
    renewal
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_or_silent_after_sending_leaves_it_unclear() {
    for silent in [false, true] {
        let renewal = renewal_at_a_bad_server(silent).await;
        let Renewal::Unclear(fault) = renewal else { panic!("silent {silent}: {renewal:?}") };
        assert_eq!(fault.class, Class::Outage { after: None });
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let clock = Arc::new(HandClock(AtomicI64::new(START)));
    let settings = OidcSettings::new("http://127.0.0.1:1".parse().unwrap(), "x");
    let renewal = provider(settings, clock).renew(&refresh_token()).await;
    let Renewal::NotSent(fault) = renewal else { panic!("{renewal:?}") };
    assert_eq!(fault.problem.code, ProblemCode::KeycloakUnreachable);
}

#[tokio::test]
async fn retry_after_of_an_outage_is_kept() {
    let mut realm = Realm::with_discovery("/auth").await;
    let path = realm.path("token");
    let mock = realm.server.mock("POST", &*path).with_status(503).with_header("retry-after", "7");
    mock.create_async().await;
    let renewal = realm.provider().renew(&refresh_token()).await;
    let Renewal::NotDone(fault) = renewal else { panic!("{renewal:?}") };
    assert_eq!(fault.class, Class::Outage { after: Some(Duration::from_secs(7)) });
}

#[tokio::test]
async fn an_answer_larger_than_we_read_is_refused() {
    let renewal = renewal(200, &" ".repeat(super::BODY_CAP + 1)).await;
    let Renewal::Unclear(fault) = renewal else { panic!("{renewal:?}") };
    assert_eq!(fault.problem.code, ProblemCode::KeycloakNotUnderstood);
}

#[tokio::test]
async fn revocation_is_done_also_when_there_is_nothing_left_to_revoke() {
    for (status, body, done) in [
        (200, "", true),
        (200, r#"{"error":"invalid_token"}"#, true),
        (400, r#"{"error":"invalid_token"}"#, true),
        (503, "", false),
        (401, r#"{"error":"unauthorized_client"}"#, false),
    ] {
        let mut realm = Realm::with_discovery("/auth").await;
        let path = realm.path("revoke");
        let sent = Matcher::AllOf(vec![
            Matcher::UrlEncoded("token".to_owned(), "old-refresh".to_owned()),
            Matcher::UrlEncoded("token_type_hint".to_owned(), "refresh_token".to_owned()),
        ]);
        let mock = realm.server.mock("POST", &*path).match_body(sent).with_status(status).with_body(body);
        mock.create_async().await;
        assert_eq!(realm.provider().revoke(&refresh_token()).await.is_ok(), done, "{status} {body}");
    }
}

#[tokio::test]
async fn a_device_flow_begins_with_what_the_person_has_to_do() {
    let mut realm = Realm::with_discovery("/auth").await;
    let path = realm.path("device");
    let body = json!({"device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": "https://k/device",
        "expires_in": 600});
    let scope = Matcher::UrlEncoded("scope".to_owned(), "openid profile email".to_owned());
    let mock = realm.server.mock("POST", &*path).match_body(scope).with_body(body.to_string());
    mock.create_async().await;
    let flow = realm.provider().begin_device_flow(Stay::Session).await.unwrap();
    assert_eq!((flow.user_code.as_str(), flow.interval_s), ("ABCD-EFGH", 5));
    assert_eq!(flow.until, Timestamp::from_millis(START + 600_000));
}

#[tokio::test]
async fn a_device_flow_answers_each_poll() {
    let pending = r#"{"error":"authorization_pending"}"#;
    let slow = r#"{"error":"slow_down"}"#;
    for (body, code) in [
        (pending, None),
        (slow, None),
        (r#"{"error":"access_denied"}"#, Some(ProblemCode::SignInRefused)),
        (r#"{"error":"expired_token"}"#, Some(ProblemCode::SignInAttemptUnknown)),
    ] {
        let mut realm = Realm::with_discovery("/auth").await;
        realm.on_token(400, body).await;
        match (realm.provider().poll_device_flow(&"d".into()).await, code) {
            (Ok(DeviceAnswer::Pending), None) => assert_eq!(body, pending),
            (Ok(DeviceAnswer::SlowDown), None) => assert_eq!(body, slow),
            (Err(fault), Some(code)) => assert_eq!(fault.problem.code, code),
            (other, _) => panic!("{body}: {other:?}"),
        }
    }
    let mut realm = Realm::with_discovery("/auth").await;
    let access = signed("main", &KEYS[0], &realm.claims());
    realm.on_token(200, &json!({"access_token": access, "refresh_token": "r"}).to_string()).await;
    let Ok(DeviceAnswer::Granted(tokens, claims)) = realm.provider().poll_device_flow(&"d".into()).await
    else {
        panic!("not granted")
    };
    assert_eq!(claims.username, "alice");
    assert_eq!(tokens.access_until, claims.until, "without expires_in the token's own end counts");
}

async fn checked(realm: &Realm, token: String) -> Result<String, ProblemCode> {
    let provider = realm.provider_with(|settings| {
        settings.accepted_clients = Some(vec!["dataverse-connector".to_owned()]);
    });
    let token = AccessToken::new(token.into());
    provider.check(&token).await.map(|claims| claims.subject).map_err(|fault| fault.problem.code)
}

#[tokio::test]
async fn each_refusal_of_an_access_token_has_its_name() {
    let realm = Realm::with_discovery("/auth").await;
    let good = realm.claims();
    assert_eq!(checked(&realm, signed("main", &KEYS[0], &good)).await, Ok("s-1".to_owned()));
    for (claim, value, code) in [
        ("iss", json!("https://other.example/realms/master"), ProblemCode::TokenIssuerMismatch),
        ("exp", json!(START / 1000 - 31), ProblemCode::TokenExpired),
        ("exp", Value::Null, ProblemCode::TokenExpired),
        ("aud", json!("account"), ProblemCode::TokenWithoutAudience),
        ("aud", json!(["account", "renku-ui"]), ProblemCode::TokenWithoutAudience),
        ("azp", json!("somebody"), ProblemCode::TokenClientNotAccepted),
        ("sub", json!(""), ProblemCode::TokenWithoutSubject),
        ("email", json!(""), ProblemCode::TokenWithoutEmail),
        ("name", json!(" "), ProblemCode::TokenWithoutName),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let token = signed("main", &KEYS[0], &claims);
        assert_eq!(checked(&realm, token).await, Err(code), "{claim}");
    }
    let token = signed("main", &KEYS[0], &good);
    let (body, _) = token.rsplit_once('.').unwrap();
    for (token, code) in [
        ("glpat-abcdef".to_owned(), ProblemCode::TokenUnreadable),
        ("a.b.c".to_owned(), ProblemCode::TokenUnreadable),
        (signed("main", &KEYS[1], &good), ProblemCode::TokenSignatureWrong),
        (signed("unknown", &KEYS[1], &good), ProblemCode::TokenSignatureWrong),
        (format!("{body}.{}", URL_SAFE_NO_PAD.encode("nonsense")), ProblemCode::TokenSignatureWrong),
        (
            format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), body.split('.').nth(1).unwrap()),
            ProblemCode::TokenSignatureWrong,
        ),
    ] {
        assert_eq!(checked(&realm, token).await, Err(code));
    }
}

#[tokio::test]
async fn an_unknown_key_makes_us_read_the_keys_again_once_in_a_while() {
    let mut realm = Realm::with_discovery("/auth").await;
    let provider = realm.provider();
    let token = AccessToken::new(signed("new", &KEYS[1], &realm.claims()).into());
    for _ in 0..3 {
        assert!(provider.check(&token).await.is_err());
    }
    realm.server.reset();
    let issuer = realm.issuer();
    let mocks = realm.discovery(&issuer, json!({"keys": [jwk("new", &KEYS[1])]}), 1).await;
    realm.clock.0.fetch_add(10_000, Ordering::SeqCst);
    assert_eq!(provider.check(&token).await.unwrap().subject, "s-1");
    for mock in mocks {
        mock.assert_async().await;
    }
}

#[test]
fn no_secret_is_printed() {
    let mut settings = OidcSettings::new("https://renku.example".parse().unwrap(), "x");
    settings.client_secret = Some("the-secret".into());
    assert!(!format!("{settings:?}").contains("the-secret"));
}

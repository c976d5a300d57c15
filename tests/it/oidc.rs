//! The adapter for Keycloak keeps its promises at the simulated Keycloak, or at a real one named by
//! `TEST_KEYCLOAK_ISSUER` (with the clients and people of the simulated one; `TEST_KEYCLOAK_PASSWORD` for all of them).
//!
//! The real one must rotate refresh tokens with reuse count 0; what only the simulated one can play is left out there.

use std::sync::Arc;
use std::time::Duration;

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::adapters::oidc::{OidcProvider, OidcSettings};
use dataverse_renku::domain::ports::Clock;
use dataverse_renku::domain::ports::identity::{
    Claims, DeviceAnswer, GrantedTokens, IdentityProvider as _, Renewal, Stay,
};
use dataverse_renku::domain::ports::renku::AccessToken;
use dataverse_renku::domain::problem::{Fault, ProblemCode};
use dataverse_renku::domain::time::Timestamp;
use dataverse_renku::sandbox::keycloak::{self, CLIENT_SECRET, Options, Running};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::browser::Browser;

const CALLBACK: &str = "http://127.0.0.1:9/sign-in/callback";

struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "tokens of a real Keycloak are valid in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(chrono::Utc::now().timestamp_millis())
    }
}

/// The Keycloak under test.
struct Realm {
    issuer: String,
    password: String,
    /// Absent when it is a real one.
    simulated: Option<Running>,
}

#[expect(clippy::disallowed_methods, reason = "names the servers to test against, as for the databases")]
fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn provider_with(settings: OidcSettings) -> OidcProvider {
    let http = client(&HttpSettings { keep_alive: false, ..HttpSettings::default() }).unwrap();
    OidcProvider::new(http, Arc::new(WallClock), settings)
}

impl Realm {
    async fn start() -> Self {
        Self::start_with(Options { device_interval_s: 0, ..Options::default() }).await
    }

    /// The simulated one so; the real one is as it is.
    async fn start_with(options: Options) -> Self {
        match from_environment("TEST_KEYCLOAK_ISSUER") {
            Some(issuer) => {
                let password = from_environment("TEST_KEYCLOAK_PASSWORD").unwrap();
                Self { issuer, password, simulated: None }
            }
            None => Self::simulated(options).await,
        }
    }

    async fn simulated(options: Options) -> Self {
        let running = keycloak::start(options).await.unwrap();
        Self { issuer: running.issuer.clone(), password: "any".to_owned(), simulated: Some(running) }
    }

    fn settings(&self, client_id: &str) -> OidcSettings {
        let (url, _) = self.issuer.split_once("/realms/").unwrap();
        let mut settings = OidcSettings::new(url.trim_end_matches("/auth").parse().unwrap(), client_id);
        if client_id != "renku-cli" {
            settings.client_secret = Some(CLIENT_SECRET.into());
        }
        settings
    }

    fn provider(&self, client_id: &str) -> OidcProvider {
        provider_with(self.settings(client_id))
    }

    async fn sign_in(&self, provider: &OidcProvider) -> Result<(GrantedTokens, Claims), Fault> {
        let flow = provider.begin_code_flow(CALLBACK, Stay::Session).await.unwrap();
        let back = Browser::new().sign_in(&flow.url, CALLBACK, "alice", &self.password).await;
        assert_eq!(back["state"], flow.state.expose_secret());
        provider.finish_code_flow(back["code"].clone().into(), flow.secrets, CALLBACK).await
    }

    async fn control(&self, path: &str, body: serde_json::Value) {
        let base = &self.simulated.as_ref().unwrap().base_url;
        let http = client(&HttpSettings::default()).unwrap();
        let answer = http.post(format!("{base}/_sim/{path}")).json(&body).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

#[tokio::test]
async fn the_issuer_is_found_from_the_address_of_renku_alone() {
    let realm = Realm::start().await;
    assert_eq!(realm.provider("dataverse-connector").issuer().await.unwrap(), realm.issuer);
    let without = Realm::simulated(Options { auth_path: false, ..Options::default() }).await;
    assert_eq!(without.provider("dataverse-connector").issuer().await.unwrap(), without.issuer);
}

#[tokio::test]
async fn a_wrong_realm_is_named() {
    let realm = Realm::start().await;
    let mut settings = realm.settings("dataverse-connector");
    settings.issuer = Some(format!("{}x", realm.issuer).parse().unwrap());
    let fault = provider_with(settings).issuer().await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::IssuerNotFound);
}

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_the_token_passes_every_check() {
    let realm = Realm::start().await;
    let provider = realm.provider("dataverse-connector");
    let (tokens, claims) = realm.sign_in(&provider).await.unwrap();
    assert_eq!(claims.issuer, realm.issuer);
    assert_eq!((claims.username.as_str(), claims.client.as_deref()), ("alice", Some("dataverse-connector")));
    assert!(tokens.refresh.is_some() && tokens.access_until > WallClock.now());
    let checked = provider.check(&AccessToken::new(tokens.access)).await.unwrap();
    assert_eq!(checked.subject, claims.subject);
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_its_verifier_or_a_second_time() {
    let realm = Realm::start().await;
    let provider = realm.provider("dataverse-connector");
    let flow = provider.begin_code_flow(CALLBACK, Stay::Session).await.unwrap();
    let another = provider.begin_code_flow(CALLBACK, Stay::Session).await.unwrap();
    let back = Browser::new().sign_in(&flow.url, CALLBACK, "alice", &realm.password).await;
    let finish = |secrets| provider.finish_code_flow(back["code"].clone().into(), secrets, CALLBACK);
    for secrets in [another.secrets, flow.secrets] {
        let refused = finish(secrets).await.unwrap_err();
        assert_eq!(refused.problem.code, ProblemCode::SignInAttemptUnknown, "{refused}");
    }
}

#[tokio::test]
async fn a_client_without_the_audience_mapper_is_found_out_at_sign_in() {
    let realm = Realm::start().await;
    let fault = realm.sign_in(&realm.provider("no-audience")).await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::TokenWithoutAudience);
}

#[tokio::test]
async fn a_wrong_secret_is_named() {
    let realm = Realm::start().await;
    let mut settings = realm.settings("dataverse-connector");
    settings.client_secret = Some("wrong".into());
    let fault = realm.sign_in(&provider_with(settings)).await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::ClientRefused);
}

#[tokio::test]
async fn a_client_that_the_gateway_does_not_accept_is_named() {
    let realm = Realm::start().await;
    let mut settings = realm.settings("dataverse-connector");
    settings.accepted_clients = Some(vec!["renku".to_owned(), "renku-cli".to_owned()]);
    let fault = realm.sign_in(&provider_with(settings)).await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::TokenClientNotAccepted);
}

#[tokio::test]
async fn tokens_are_renewed_and_a_spent_refresh_token_is_dead() {
    let realm = Realm::start().await;
    let provider = realm.provider("dataverse-connector");
    let (tokens, claims) = realm.sign_in(&provider).await.unwrap();
    let first = tokens.refresh.unwrap();
    let Renewal::Renewed(second) = provider.renew(&first).await else { panic!("not renewed") };
    let checked = provider.check(&AccessToken::new(second.access)).await.unwrap();
    assert_eq!(checked.subject, claims.subject);
    let Renewal::Dead(problem) = provider.renew(&first).await else { panic!("the first token still lives") };
    assert_eq!(problem.code, ProblemCode::SignInNeeded);
}

#[tokio::test]
async fn a_revoked_refresh_token_is_dead_and_can_be_revoked_again() {
    let realm = Realm::start().await;
    let provider = realm.provider("dataverse-connector");
    let (tokens, _) = realm.sign_in(&provider).await.unwrap();
    let refresh = tokens.refresh.unwrap();
    for _ in 0..2 {
        provider.revoke(&refresh).await.unwrap();
    }
    let Renewal::Dead(problem) = provider.renew(&refresh).await else { panic!("it still lives") };
    assert_eq!(problem.code, ProblemCode::SignInNeeded);
}

#[tokio::test]
async fn keys_that_were_changed_are_read_again() {
    let realm = Realm::simulated(Options::default()).await;
    let mut settings = realm.settings("dataverse-connector");
    settings.keys_min_age = Duration::ZERO;
    let provider = provider_with(settings);
    provider.issuer().await.unwrap();
    realm.control("faults", json!({"name": "rotate_keys"})).await;
    realm.sign_in(&provider).await.unwrap();
}

#[tokio::test]
async fn a_token_of_another_realms_key_is_refused() {
    let realm = Realm::simulated(Options::default()).await;
    let other = Realm::simulated(Options { key: 1, ..Options::default() }).await;
    let (tokens, _) = other.sign_in(&other.provider("dataverse-connector")).await.unwrap();
    let foreign = AccessToken::new(tokens.access);
    let fault = realm.provider("dataverse-connector").check(&foreign).await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::TokenIssuerMismatch);
}

#[tokio::test]
async fn an_outage_leaves_the_refresh_token_unspent_and_a_lost_answer_leaves_it_unclear() {
    let realm = Realm::simulated(Options::default()).await;
    let provider = realm.provider("dataverse-connector");
    let (tokens, _) = realm.sign_in(&provider).await.unwrap();
    let refresh = tokens.refresh.unwrap();
    realm.control("faults", json!({"name": "token_endpoint_down"})).await;
    assert!(matches!(provider.renew(&refresh).await, Renewal::NotDone(_)));
    realm.control("faults", json!({"name": "answer_lost"})).await;
    assert!(matches!(provider.renew(&refresh).await, Renewal::Unclear(_)));
}

#[tokio::test]
async fn a_device_is_told_to_slow_down_and_signs_in_after_its_person_confirmed() {
    let realm = Realm::start_with(Options::default()).await;
    let provider = realm.provider("renku-cli");
    let flow = provider.begin_device_flow(Stay::Session).await.unwrap();
    assert_eq!(flow.interval_s, 5, "the chart's");
    assert!(matches!(provider.poll_device_flow(&flow.device_code).await.unwrap(), DeviceAnswer::Pending));
    assert!(matches!(provider.poll_device_flow(&flow.device_code).await.unwrap(), DeviceAnswer::SlowDown));
    let address = flow.verification_uri_complete.unwrap();
    let page = Browser::new().at_device(&address, "bob", &realm.password, true).await;
    assert!(page.contains("Device Login Successful"), "{page}");
    tokio::time::sleep(Duration::from_secs(6)).await;
    let answer = provider.poll_device_flow(&flow.device_code).await.unwrap();
    let DeviceAnswer::Granted(_, claims) = answer else { panic!("{answer:?}") };
    assert_eq!((claims.username.as_str(), claims.client.as_deref()), ("bob", Some("renku-cli")));
}

#[tokio::test]
async fn a_device_that_is_refused_or_unknown_or_not_allowed_is_told_so() {
    let realm = Realm::start().await;
    let provider = realm.provider("renku-cli");
    let flow = provider.begin_device_flow(Stay::Session).await.unwrap();
    let address = flow.verification_uri_complete.unwrap();
    Browser::new().at_device(&address, "bob", &realm.password, false).await;
    let refused = provider.poll_device_flow(&flow.device_code).await.unwrap_err();
    assert_eq!(refused.problem.code, ProblemCode::SignInRefused, "{refused}");
    let unknown = provider.poll_device_flow(&"of-nobody".into()).await.unwrap_err();
    assert_eq!(unknown.problem.code, ProblemCode::SignInAttemptUnknown, "{unknown}");
    let refused = realm.provider("dataverse-connector").begin_device_flow(Stay::Session).await.unwrap_err();
    assert_eq!(refused.problem.code, ProblemCode::DeviceFlowOff);
}

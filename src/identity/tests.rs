//! Sign-in, sessions, renewal and disconnecting over stand-ins.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;

use super::fakes::{Stage, renku, tokens};
use super::vault::VaultKey;
use super::{Callback, CodeSignIn, DevicePoll, Identity, Rotation, SignedIn};
use crate::domain::ids::{LeaseId, PersonId};
use crate::domain::ports::Clock as _;
use crate::domain::ports::identity::{
    Credential, CredentialState, DeviceAnswer, IdentityStore as _, Renewal, Stay, Tokens as _,
};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};

fn came_back(begun: &CodeSignIn, code: &str) -> Callback {
    let state = begun.url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    Callback { state: Some(state.into()), code: Some(code.into()), ..Callback::default() }
}

async fn signed_in(identity: &Identity, old: Option<&SecretString>) -> SignedIn {
    let begun = identity.begin_sign_in(&renku("main"), "/imports", Stay::Session).await.unwrap();
    identity.finish_sign_in(came_back(&begun, "good"), Some(&begun.cookie.secret), old).await.unwrap()
}

fn code_of<T: std::fmt::Debug>(result: Result<T, Fault>) -> ProblemCode {
    result.unwrap_err().problem.code
}

#[tokio::test]
async fn a_sign_in_opens_a_session_and_goes_on_where_the_person_wanted() {
    let stage = Stage::new();
    let identity = stage.identity();
    let done = signed_in(&identity, None).await;
    assert_eq!((done.next.as_str(), done.person.name.as_str()), ("/imports", "Alice"));
    let session = identity.session(&done.session.secret).await.unwrap().unwrap();
    assert_eq!(session.people[0].id, done.person.id);
    let token = identity.access_token(done.person.id).await.unwrap();
    assert_eq!(token.expose(), "access-0");
    identity.sign_out(&done.session.secret).await.unwrap();
    assert!(identity.session(&done.session.secret).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let stage = Stage::new();
    let identity = stage.identity();
    let done = signed_in(&identity, None).await;
    stage.clock.forward(Duration::from_hours(12));
    assert!(identity.session(&done.session.secret).await.unwrap().is_none());
}

#[tokio::test]
async fn nothing_stored_shows_a_secret() {
    let stage = Stage::new();
    let identity = stage.identity();
    let begun = identity.begin_sign_in(&renku("main"), "/", Stay::Session).await.unwrap();
    let stored = format!("{:?}", stage.store.attempts.lock().unwrap());
    let bytes = |text: &str| format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned();
    assert!(!stored.contains(&bytes("the-verifier")) && !stored.contains("state-0"));
    let browser = begun.cookie.secret.clone();
    let done = identity.finish_sign_in(came_back(&begun, "good"), Some(&browser), None).await.unwrap();
    let credentials = format!("{:?}", stage.store.credentials.lock().unwrap());
    assert!(!credentials.contains(&bytes("access-0")) && !credentials.contains(&bytes("refresh-0")));
    let sessions = format!("{:?}", stage.store.sessions.lock().unwrap());
    assert!(!sessions.contains(done.session.secret.expose_secret()));
}

#[tokio::test]
async fn a_way_back_works_once_in_its_own_browser_and_in_time() {
    let stage = Stage::new();
    let identity = stage.identity();
    let begun = identity.begin_sign_in(&renku("main"), "/", Stay::Session).await.unwrap();
    let cookie = &begun.cookie.secret;
    let finish = |browser| identity.finish_sign_in(came_back(&begun, "good"), browser, None);
    let stranger = SecretString::from("another");
    for browser in [None, Some(&stranger)] {
        assert_eq!(code_of(finish(browser).await), ProblemCode::SignInAttemptUnknown);
    }
    finish(Some(cookie)).await.unwrap();
    assert_eq!(code_of(finish(Some(cookie)).await), ProblemCode::SignInAttemptUnknown);

    let late = identity.begin_sign_in(&renku("main"), "/", Stay::Session).await.unwrap();
    stage.clock.forward(Duration::from_mins(30));
    let finish = identity.finish_sign_in(came_back(&late, "good"), Some(&late.cookie.secret), None);
    assert_eq!(code_of(finish.await), ProblemCode::SignInAttemptUnknown);
    let nothing = identity.finish_sign_in(Callback::default(), None, None);
    assert_eq!(code_of(nothing.await), ProblemCode::SignInAttemptUnknown);
}

#[tokio::test]
async fn a_refusal_that_comes_back_with_the_browser_has_its_name() {
    let stage = Stage::new();
    let identity = stage.identity();
    for (error, code) in [
        ("access_denied", ProblemCode::SignInRefused),
        ("login_required", ProblemCode::SignInRefused),
        ("unauthorized_client", ProblemCode::CodeFlowOff),
        ("invalid_scope", ProblemCode::ScopeNotGranted),
        ("invalid_request", ProblemCode::PkceRefused),
        ("temporarily_unavailable", ProblemCode::KeycloakUnreachable),
    ] {
        let begun = identity.begin_sign_in(&renku("main"), "/", Stay::Session).await.unwrap();
        let callback = Callback { code: None, error: Some(error.to_owned()), ..came_back(&begun, "") };
        let finish = identity.finish_sign_in(callback, Some(&begun.cookie.secret), None);
        assert_eq!(code_of(finish.await), code, "{error}");
    }
}

#[tokio::test]
async fn a_new_sign_in_replaces_the_cookie_and_keeps_people_of_other_renkus() {
    let stage = Stage::new();
    let identity = stage.identity();
    let first = signed_in(&identity, None).await;
    let begun = identity.begin_device_sign_in(&renku("other"), "/", Stay::Session).await.unwrap();
    let old = Some(&first.session.secret);
    let polled = identity.poll_device_sign_in(&begun.handle, Some(&begun.cookie.secret), old).await.unwrap();
    let DevicePoll::SignedIn(second) = polled else { panic!("{polled:?}") };
    assert!(identity.session(&first.session.secret).await.unwrap().is_none());
    let session = identity.session(&second.session.secret).await.unwrap().unwrap();
    let ids: Vec<_> = session.people.iter().map(|person| person.id).collect();
    assert_eq!(ids, [first.person.id, second.person.id]);

    let third = signed_in(&identity, Some(&second.session.secret)).await;
    let session = identity.session(&third.session.secret).await.unwrap().unwrap();
    assert_eq!(session.people.len(), 2, "one person per Renku");
}

#[tokio::test]
async fn a_device_flow_is_asked_about_until_it_ends_once() {
    let stage = Stage::new();
    let identity = stage.identity();
    stage.keycloak.polls.lock().unwrap().extend([DeviceAnswer::Pending, DeviceAnswer::SlowDown]);
    let begun = identity.begin_device_sign_in(&renku("other"), "/account", Stay::Session).await.unwrap();
    let poll = || identity.poll_device_sign_in(&begun.handle, Some(&begun.cookie.secret), None);
    assert!(matches!(poll().await.unwrap(), DevicePoll::Pending));
    assert!(matches!(poll().await.unwrap(), DevicePoll::SlowDown));
    let elsewhere = identity.poll_device_sign_in(&begun.handle, None, None);
    assert_eq!(code_of(elsewhere.await), ProblemCode::SignInAttemptUnknown);
    let DevicePoll::SignedIn(done) = poll().await.unwrap() else { panic!("not signed in") };
    assert_eq!(done.next, "/account");
    assert_eq!(code_of(poll().await), ProblemCode::SignInAttemptUnknown);
}

/// Somebody whose access token is about to end.
async fn about_to_end(stage: &Stage) -> PersonId {
    let done = signed_in(&stage.identity(), None).await;
    stage.clock.forward(Duration::from_mins(28));
    done.person.id
}

fn in_half_an_hour(stage: &Stage, number: u32) -> Renewal {
    Renewal::Renewed(tokens(number, stage.clock.now().plus(Duration::from_mins(30))))
}

fn will(stage: &Stage, renewal: Renewal) {
    stage.keycloak.renewals.lock().unwrap().push_back(renewal);
}

async fn stored(stage: &Stage, person: PersonId) -> Credential {
    stage.store.credential(person).await.unwrap().unwrap()
}

fn outage() -> Fault {
    Fault::new(Class::Outage { after: None }, Problem::new(ProblemCode::KeycloakUnreachable))
}

#[tokio::test]
async fn many_that_need_a_token_at_once_in_two_processes_make_one_renewal() {
    let stage = Stage::new();
    let person = about_to_end(&stage).await;
    will(&stage, in_half_an_hour(&stage, 1));
    let processes = [stage.identity(), stage.identity()];
    let asking = (0..20).map(|at| {
        let identity = processes[at % 2].clone();
        async move { identity.access_token(person).await.unwrap().expose().to_owned() }
    });
    // Whoever comes while it is renewed may still get the old one, which has more than a minute left.
    let given = futures_util::future::join_all(asking).await;
    assert!(given.iter().all(|token| token == "access-0" || token == "access-1"), "{given:?}");
    assert_eq!(*stage.keycloak.spent.lock().unwrap(), ["refresh-0"]);
    assert_eq!(processes[1].access_token(person).await.unwrap().expose(), "access-1");
    assert_eq!(stored(&stage, person).await.rotates, Some(true));
}

#[tokio::test]
async fn those_whose_token_is_over_wait_for_the_one_that_renews() {
    let stage = Stage::new();
    let person = about_to_end(&stage).await;
    stage.clock.forward(Duration::from_mins(5));
    will(&stage, in_half_an_hour(&stage, 1));
    let gate = [(); 2].map(|()| Arc::new(Notify::new()));
    *stage.keycloak.gate.lock().unwrap() = Some(gate.clone());
    let identity = stage.identity();
    let ask = || async { identity.access_token(person).await.unwrap().expose().to_owned() };
    let open = async {
        gate[0].notified().await;
        gate[1].notify_one();
    };
    let (one, two, ()) = tokio::join!(ask(), ask(), open);
    assert_eq!((one.as_str(), two.as_str()), ("access-1", "access-1"));
    assert_eq!(stage.keycloak.spent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn new_tokens_are_kept_although_the_one_who_asked_went_away() {
    let stage = Stage::new();
    let person = about_to_end(&stage).await;
    will(&stage, in_half_an_hour(&stage, 1));
    let gate = [(); 2].map(|()| Arc::new(Notify::new()));
    *stage.keycloak.gate.lock().unwrap() = Some(gate.clone());
    let identity = stage.identity();
    tokio::select! {
        _ = identity.access_token(person) => panic!("it cannot be done yet"),
        () = gate[0].notified() => {}
    }
    gate[1].notify_one();
    identity.tasks.close();
    identity.tasks.wait().await;
    assert_eq!(stored(&stage, person).await.state, CredentialState::Active);
    assert_eq!(identity.access_token(person).await.unwrap().expose(), "access-1");
}

#[tokio::test]
async fn new_tokens_are_kept_through_an_outage_of_the_store() {
    let stage = Stage::new();
    let person = about_to_end(&stage).await;
    will(&stage, in_half_an_hour(&stage, 1));
    let gate = [(); 2].map(|()| Arc::new(Notify::new()));
    *stage.keycloak.gate.lock().unwrap() = Some(gate.clone());
    let identity = stage.identity();
    let outage = async {
        gate[0].notified().await;
        stage.store.failing_changes.store(3, Ordering::SeqCst);
        gate[1].notify_one();
    };
    let (token, ()) = tokio::join!(identity.access_token(person), outage);
    assert_eq!(token.unwrap().expose(), "access-1");
}

#[tokio::test]
async fn a_token_that_renku_would_refuse_is_renewed_since_what_it_lacked_may_be_mended() {
    let stage = Stage::new();
    let person = signed_in(&stage.identity(), None).await.person.id;
    *stage.keycloak.lacking.lock().unwrap() = vec!["access-0".to_owned(), "access-1".to_owned()];
    will(&stage, in_half_an_hour(&stage, 1));
    let fault = stage.identity().access_token(person).await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::TokenWithoutAudience, "not mended yet");
    will(&stage, in_half_an_hour(&stage, 2));
    assert_eq!(stage.identity().access_token(person).await.unwrap().expose(), "access-2");
    assert_eq!(*stage.keycloak.spent.lock().unwrap(), ["refresh-0", "refresh-1"]);
}

#[tokio::test]
async fn whoever_finds_a_lacking_token_while_another_renews_it_waits_for_that() {
    let stage = Stage::new();
    let person = signed_in(&stage.identity(), None).await.person.id;
    *stage.keycloak.lacking.lock().unwrap() = vec!["access-0".to_owned()];
    will(&stage, in_half_an_hour(&stage, 1));
    let gate = [(); 2].map(|()| Arc::new(Notify::new()));
    *stage.keycloak.gate.lock().unwrap() = Some(gate.clone());
    let processes = [stage.identity(), stage.identity()];
    let second = async {
        gate[0].notified().await;
        let asked = processes[1].access_token(person);
        let go_on = async {
            tokio::task::yield_now().await;
            gate[1].notify_one();
        };
        tokio::join!(asked, go_on).0
    };
    let (one, other) = tokio::join!(processes[0].access_token(person), second);
    assert_eq!((one.unwrap().expose(), other.unwrap().expose()), ("access-1", "access-1"));
    assert_eq!(*stage.keycloak.spent.lock().unwrap(), ["refresh-0"], "no token is used twice");
}

#[tokio::test]
async fn an_unspent_refresh_token_is_used_again_and_the_old_access_token_meanwhile() {
    for unspent in [Renewal::NotSent as fn(Fault) -> Renewal, Renewal::NotDone] {
        let stage = Stage::new();
        let person = about_to_end(&stage).await;
        let identity = stage.identity();
        will(&stage, unspent(outage()));
        assert_eq!(identity.access_token(person).await.unwrap().expose(), "access-0");
        stage.clock.forward(Duration::from_mins(1));
        will(&stage, unspent(outage()));
        let fault = identity.access_token(person).await.unwrap_err();
        assert_eq!(fault.class, Class::Outage { after: None });
        will(&stage, in_half_an_hour(&stage, 1));
        assert_eq!(identity.access_token(person).await.unwrap().expose(), "access-1");
        assert_eq!(*stage.keycloak.spent.lock().unwrap(), ["refresh-0"; 3]);
    }
}

async fn assert_needs_sign_in(stage: &Stage, person: PersonId, asked: usize) {
    for _ in 0..2 {
        let fault = stage.identity().access_token(person).await.unwrap_err();
        assert_eq!(fault.class, Class::SignIn(SignInAt::Connector));
        assert_eq!(fault.problem.code, ProblemCode::SignInNeeded);
    }
    assert_eq!(stage.keycloak.spent.lock().unwrap().len(), asked, "no token is tried twice");
}

#[tokio::test]
async fn a_dead_or_possibly_spent_refresh_token_is_never_tried_again() {
    for answer in [Renewal::Dead(Problem::new(ProblemCode::SignInNeeded)), Renewal::Unclear(outage())] {
        let stage = Stage::new();
        let person = about_to_end(&stage).await;
        will(&stage, answer);
        assert_needs_sign_in(&stage, person, 1).await;
        let again = signed_in(&stage.identity(), None).await;
        assert_eq!(again.person.id, person, "the same person comes back");
        assert_eq!(stored(&stage, person).await.state, CredentialState::Active);
    }
}

/// Keycloak's answer when the access token has so many seconds, and the refresh token so many.
fn in_seconds(stage: &Stage, access: u64, refresh: Option<u64>) -> Renewal {
    let after = |seconds| stage.clock.now().plus(Duration::from_secs(seconds));
    let mut granted = tokens(1, after(access));
    granted.refresh_until = refresh.map(after);
    Renewal::Renewed(granted)
}

#[tokio::test]
async fn the_last_tokens_of_a_session_are_its_end_and_not_a_token_that_is_over() {
    for (access, refresh) in [(50, Some(50)), (3, Some(3)), (0, Some(0)), (0, None)] {
        let stage = Stage::new();
        let person = about_to_end(&stage).await;
        will(&stage, in_seconds(&stage, access, refresh));
        assert_needs_sign_in(&stage, person, 1).await;
        let CredentialState::Dead { problem } = stored(&stage, person).await.state else { panic!("alive") };
        assert!(problem.words.unwrap().contains("session"));
    }
}

#[tokio::test]
async fn tokens_that_live_for_seconds_serve_as_long_as_they_can_be_renewed() {
    for (access, refresh) in [(5, Some(20)), (5, None), (1800, Some(1800))] {
        let stage = Stage::new();
        let person = about_to_end(&stage).await;
        will(&stage, in_seconds(&stage, access, refresh));
        assert_eq!(stage.identity().access_token(person).await.unwrap().expose(), "access-1");
        assert_eq!(stored(&stage, person).await.state, CredentialState::Active);
    }
}

/// What a process leaves that dies between its mark and its commit.
async fn crashed(stage: &Stage, rotates: Option<bool>) -> PersonId {
    let person = about_to_end(stage).await;
    let now = stage.clock.now();
    let until = now.plus(Duration::from_mins(3));
    let refreshing = CredentialState::Refreshing { owner: LeaseId::new(now), until };
    let left = Credential { state: refreshing, rotates, ..stored(stage, person).await };
    assert!(stage.store.change_credential(&left, now).await.unwrap());
    stage.clock.forward(Duration::from_mins(3));
    person
}

#[tokio::test]
async fn a_crash_in_between_ends_in_a_sign_in_where_tokens_rotate() {
    for rotates in [None, Some(true)] {
        let stage = Stage::new();
        let person = crashed(&stage, rotates).await;
        assert_needs_sign_in(&stage, person, 0).await;
    }
}

#[tokio::test]
async fn a_crash_in_between_is_made_good_where_tokens_do_not_rotate() {
    let stage = Stage::new();
    let person = crashed(&stage, Some(false)).await;
    will(&stage, Renewal::Unclear(outage()));
    let fault = stage.identity().access_token(person).await.unwrap_err();
    assert_eq!(fault.class, Class::Outage { after: None });
    let mut same = tokens(0, stage.clock.now().plus(Duration::from_mins(30)));
    same.access = "access-1".into();
    will(&stage, Renewal::Renewed(same));
    assert_eq!(stage.identity().access_token(person).await.unwrap().expose(), "access-1");
    assert_eq!(stored(&stage, person).await.rotates, Some(false));
}

#[tokio::test]
async fn a_sign_in_during_a_renewal_wins() {
    let stage = Stage::new();
    let person = about_to_end(&stage).await;
    stage.clock.forward(Duration::from_mins(5));
    will(&stage, Renewal::Dead(Problem::new(ProblemCode::SignInNeeded)));
    let gate = [(); 2].map(|()| Arc::new(Notify::new()));
    *stage.keycloak.gate.lock().unwrap() = Some(gate.clone());
    let identity = stage.identity();
    let meanwhile = async {
        gate[0].notified().await;
        signed_in(&identity, None).await;
        let renewed = stored(&stage, person).await;
        let later = stage.clock.now().plus(Duration::from_mins(30));
        let renewed = Credential { access_until: later, ..renewed };
        assert!(stage.store.change_credential(&renewed, stage.clock.now()).await.unwrap());
        gate[1].notify_one();
    };
    let (asked, ()) = tokio::join!(identity.access_token(person), meanwhile);
    assert_eq!(asked.unwrap().expose(), "access-0", "the end of the old token hurts nobody any more");
}

#[tokio::test]
async fn without_the_key_everybody_is_asked_to_sign_in_again() {
    let stage = Stage::new();
    let done = signed_in(&stage.identity(), None).await;
    let other = stage.identity_with(vec![VaultKey::generate()]);
    let fault = other.access_token(done.person.id).await.unwrap_err();
    assert_eq!(fault.problem.code, ProblemCode::VaultKeyWrong);
    assert_eq!(fault.class, Class::SignIn(SignInAt::Connector));
}

#[tokio::test]
async fn after_a_rotation_the_newest_key_alone_opens_everything() {
    let stage = Stage::new();
    let person = signed_in(&stage.identity(), None).await.person.id;
    let newest = VaultKey::generate();
    let both = stage.identity_with(vec![newest.clone(), stage.key.clone()]);
    assert_eq!(both.rotate_vault().await.unwrap(), Rotation { resealed: 1, unchanged: 0, left: 0 });
    assert_eq!(both.rotate_vault().await.unwrap(), Rotation { resealed: 0, unchanged: 1, left: 0 });
    let alone = stage.identity_with(vec![newest]);
    assert_eq!(alone.access_token(person).await.unwrap().expose(), "access-0");
    let stranger = stage.identity_with(vec![VaultKey::generate()]);
    assert_eq!(stranger.rotate_vault().await.unwrap(), Rotation { resealed: 0, unchanged: 0, left: 1 });
}

#[tokio::test]
async fn nobody_unknown_gets_a_token() {
    let stage = Stage::new();
    let nobody = PersonId::new(stage.clock.now());
    assert_eq!(code_of(stage.identity().access_token(nobody).await), ProblemCode::SignInNeeded);
}

#[tokio::test]
async fn disconnecting_revokes_until_it_is_done_then_erases() {
    let stage = Stage::new();
    let identity = stage.identity();
    let done = signed_in(&identity, None).await;
    identity.disconnect(done.person.id).await.unwrap();
    assert_eq!(code_of(identity.access_token(done.person.id).await), ProblemCode::SignInNeeded);
    stage.keycloak.revocation_down.store(true, Ordering::SeqCst);
    assert_eq!(identity.revoke_marked().await.unwrap(), 1);
    assert!(stage.store.credential(done.person.id).await.unwrap().is_some());
    stage.keycloak.revocation_down.store(false, Ordering::SeqCst);
    assert_eq!(identity.revoke_marked().await.unwrap(), 0);
    assert_eq!(*stage.keycloak.revoked.lock().unwrap(), ["refresh-0"]);
    assert!(stage.store.credential(done.person.id).await.unwrap().is_none());
    assert!(identity.session(&done.session.secret).await.unwrap().is_none());
}

#[tokio::test]
async fn disconnecting_waits_for_a_renewal_and_revokes_the_newest_token() {
    let stage = Stage::new();
    let person = about_to_end(&stage).await;
    will(&stage, in_half_an_hour(&stage, 1));
    let gate = [(); 2].map(|()| Arc::new(Notify::new()));
    *stage.keycloak.gate.lock().unwrap() = Some(gate.clone());
    let identity = stage.identity();
    let disconnect = async {
        gate[0].notified().await;
        let open = async { gate[1].notify_one() };
        tokio::join!(identity.disconnect(person), open).0.unwrap();
    };
    let (_, ()) = tokio::join!(identity.access_token(person), disconnect);
    identity.revoke_marked().await.unwrap();
    assert_eq!(*stage.keycloak.revoked.lock().unwrap(), ["refresh-1"]);
}

#[tokio::test]
async fn a_bearer_token_says_who_asks() {
    let stage = Stage::new();
    let identity = stage.identity();
    let token = AccessToken::new("a".into());
    assert!(identity.bearer(&token).await.unwrap().person.is_none());
    let done = signed_in(&identity, None).await;
    let bearer = identity.bearer(&token).await.unwrap();
    assert_eq!((bearer.renku, bearer.person.unwrap().id), (renku("main"), done.person.id));
    let foreign = AccessToken::new("foreign".into());
    assert_eq!(code_of(identity.bearer(&foreign).await), ProblemCode::TokenIssuerMismatch);
}

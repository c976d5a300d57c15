//! People, credentials, sign-in attempts and sessions.

use dataverse_renku::domain::ids::{LeaseId, PersonId};
use dataverse_renku::domain::import::Condition;
use dataverse_renku::domain::ports::identity::{
    Credential, CredentialState, IdentityStore as _, Person, Sealed, Session, SignInAttempt,
};
use dataverse_renku::domain::problem::{Problem, ProblemCode, SignInAt};
use dataverse_renku::domain::time::Timestamp;
use futures_util::future::join_all;

use super::bench::{Bench, T0, after, on, person, sign_in};

pub(super) fn somebody(subject: &str) -> Person {
    Person {
        id: person(),
        renku: "main".parse().unwrap(),
        issuer: "https://kc.example/realms/renku".into(),
        subject: subject.into(),
        name: "Anna Muster".into(),
        username: "anna".into(),
        created_at: T0,
    }
}

fn credential(person: PersonId, now: Timestamp) -> Credential {
    Credential {
        person,
        access: Sealed(vec![0, 1, 255]),
        access_until: now.plus(std::time::Duration::from_secs(300)),
        refresh: Some(Sealed(vec![7; 90])),
        refresh_until: None,
        rotates: None,
        state: CredentialState::Active,
        revision: 0,
        signed_in_at: now,
    }
}

pub(super) async fn sign_in_as(bench: &Bench, person: Person, now: Timestamp) -> Person {
    let seal = move |id, _: Option<&Credential>| Some(credential(id, now));
    bench.store.signed_in(person, &seal, now).await.unwrap().unwrap().0
}

async fn stored(bench: &Bench, person: &Person) -> Credential {
    bench.store.credential(person.id).await.unwrap().unwrap()
}

pub(super) async fn a_first_sign_in_makes_the_person_and_a_second_finds_them(bench: &Bench) {
    let anna = somebody("s-1");
    assert_eq!(sign_in_as(bench, anna.clone(), T0).await, anna);
    let first = stored(bench, &anna).await;
    assert_eq!(Credential { revision: 0, ..first.clone() }, credential(anna.id, T0));
    let renamed = Person { id: person(), name: "Anna Neu".into(), created_at: after(9), ..somebody("s-1") };
    let again = sign_in_as(bench, renamed, after(9)).await;
    assert_eq!(again, Person { name: "Anna Neu".into(), ..anna.clone() });
    assert!(stored(bench, &anna).await.revision > first.revision);
    let elsewhere = Person { renku: "other".parse().unwrap(), ..somebody("s-1") };
    let elsewhere = sign_in_as(bench, elsewhere, after(10)).await;
    assert_ne!(elsewhere.id, anna.id);
    assert_eq!(bench.store.person(anna.id).await.unwrap(), Some(again.clone()));
    assert_eq!(bench.store.person(person()).await.unwrap(), None);
    let by_subject =
        async |subject| bench.store.person_by_subject(&anna.renku, &anna.issuer, subject).await.unwrap();
    assert_eq!(by_subject("s-1").await, Some(again.clone()));
    assert_eq!(by_subject("s-2").await, None);
    assert_eq!(bench.store.people(10).await.unwrap(), [elsewhere.clone(), again]);
    assert_eq!(bench.store.people(1).await.unwrap(), [elsewhere]);
}

pub(super) async fn a_sign_in_wakes_the_imports_in_the_same_transaction(bench: &Bench) {
    let anna = sign_in_as(bench, somebody("s-1"), T0).await;
    let import = bench.create(anna.id, "p", T0).await;
    let waiting = bench.change(&import, on(&import, sign_in(SignInAt::Connector), after(1))).await;
    let sealed = |id, _: Option<&Credential>| Some(credential(id, after(5)));
    let (person, woken) = bench.store.signed_in(somebody("s-1"), &sealed, after(5)).await.unwrap().unwrap();
    assert_eq!(person.id, anna.id);
    assert_eq!(woken.len(), 1);
    let now = bench.read(&import).await;
    assert_eq!(woken[0], now);
    assert_eq!((now.state.condition(), now.due_at), (&Condition::None, Some(after(5))));
    assert_eq!(now.revision, waiting.revision + 1);
}

pub(super) async fn a_sign_in_that_cannot_be_sealed_leaves_nothing(bench: &Bench) {
    let anna = somebody("s-1");
    assert_eq!(bench.store.signed_in(anna.clone(), &|_, _| None, T0).await.unwrap(), None);
    assert_eq!(bench.store.person(anna.id).await.unwrap(), None);
    let anna = sign_in_as(bench, anna, T0).await;
    let import = bench.create(anna.id, "p", T0).await;
    let waiting = bench.change(&import, on(&import, sign_in(SignInAt::Connector), after(1))).await;
    let before = stored(bench, &anna).await;
    assert_eq!(bench.store.signed_in(anna.clone(), &|_, _| None, after(2)).await.unwrap(), None);
    assert_eq!(stored(bench, &anna).await, before);
    assert_eq!(bench.read(&import).await, waiting);
}

pub(super) async fn of_two_renewals_at_once_one_is_stored(bench: &Bench) {
    let anna = sign_in_as(bench, somebody("s-1"), T0).await;
    let old = stored(bench, &anna).await;
    let claims = (0..20).map(async |n| {
        let owner = LeaseId::new(after(n));
        let state = CredentialState::Refreshing { owner, until: after(30) };
        let claim = Credential { state, ..old.clone() };
        (owner, bench.store.change_credential(&claim, after(n)).await.unwrap())
    });
    let won: Vec<_> = join_all(claims).await.into_iter().filter(|(_, won)| *won).collect();
    assert_eq!(won.len(), 1);
    let now = stored(bench, &anna).await;
    assert_eq!(now.state, CredentialState::Refreshing { owner: won[0].0, until: after(30) });
    assert_eq!(now.revision, old.revision + 1);
    let renewed = Credential { access: Sealed(vec![9]), state: CredentialState::Active, ..now };
    assert!(bench.store.change_credential(&renewed, after(21)).await.unwrap());
    assert!(!bench.store.change_credential(&renewed, after(22)).await.unwrap());
    assert_eq!(stored(bench, &anna).await, Credential { revision: renewed.revision + 1, ..renewed });
}

pub(super) async fn every_state_of_a_credential_comes_back(bench: &Bench) {
    let anna = sign_in_as(bench, somebody("s-1"), T0).await;
    for state in [
        CredentialState::Dead { problem: Problem::new(ProblemCode::SignInNeeded).saying("revoked") },
        CredentialState::Disconnecting,
        CredentialState::Active,
    ] {
        let old = stored(bench, &anna).await;
        let now = Credential {
            state,
            refresh: None,
            refresh_until: Some(after(7)),
            rotates: Some(true),
            ..old.clone()
        };
        assert!(bench.store.change_credential(&now, after(1)).await.unwrap());
        assert_eq!(stored(bench, &anna).await, Credential { revision: old.revision + 1, ..now });
    }
}

fn session(hash: u8, people: &[PersonId]) -> Session {
    Session { hash: [hash; 32], csrf: "token".into(), people: people.to_vec(), until: after(100) }
}

pub(super) async fn disconnected_credentials_are_found_and_erased_with_their_sessions(bench: &Bench) {
    let anna = sign_in_as(bench, somebody("s-1"), T0).await;
    let ben = sign_in_as(bench, somebody("s-2"), T0).await;
    for (hash, people) in [(1, vec![anna.id]), (2, vec![ben.id]), (3, vec![ben.id, anna.id])] {
        bench.store.put_session(&session(hash, &people), T0).await.unwrap();
    }
    assert_eq!(bench.store.disconnecting(10).await.unwrap(), []);
    let leaving = Credential { state: CredentialState::Disconnecting, ..stored(bench, &anna).await };
    assert!(bench.store.change_credential(&leaving, after(1)).await.unwrap());
    let found = bench.store.disconnecting(10).await.unwrap();
    assert_eq!(found, [stored(bench, &anna).await]);
    bench.store.erase(anna.id).await.unwrap();
    assert_eq!(bench.store.credential(anna.id).await.unwrap(), None);
    assert_eq!(bench.store.disconnecting(10).await.unwrap(), []);
    assert_eq!(bench.store.people(10).await.unwrap(), std::slice::from_ref(&ben));
    let at = async |hash: u8| bench.store.session(&[hash; 32], after(2)).await.unwrap();
    assert_eq!((at(1).await, at(2).await), (None, Some(session(2, &[ben.id]))));
    assert_eq!(at(3).await, Some(session(3, &[ben.id])), "whoever else is signed in stays so");
    bench.store.erase(anna.id).await.unwrap();
}

pub(super) async fn a_change_meant_for_an_erased_credential_does_not_fit_the_next(bench: &Bench) {
    let anna = sign_in_as(bench, somebody("s-1"), T0).await;
    let old = stored(bench, &anna).await;
    bench.store.erase(anna.id).await.unwrap();
    let back = sign_in_as(bench, anna, after(1)).await;
    assert!(!bench.store.change_credential(&old, after(2)).await.unwrap());
    assert_eq!(stored(bench, &back).await.access_until, after(301));
}

pub(super) async fn a_sign_in_attempt_is_taken_once_and_in_time(bench: &Bench) {
    let attempt = |handle: u8| SignInAttempt {
        handle: [handle; 32],
        renku: "main".parse().unwrap(),
        browser: [9; 32],
        secrets: Sealed(vec![1, 2]),
        next: "/imports?x=1".into(),
        until: after(60),
    };
    for handle in [1, 2] {
        bench.store.put_attempt(attempt(handle), T0).await.unwrap();
    }
    let look = async |handle: u8, now| bench.store.attempt(&[handle; 32], after(now)).await.unwrap();
    let take = async |handle: u8, now| bench.store.take_attempt(&[handle; 32], after(now)).await.unwrap();
    assert_eq!((look(1, 59).await, look(1, 60).await, look(3, 0).await), (Some(attempt(1)), None, None));
    assert_eq!((take(1, 60).await, take(3, 0).await), (None, None));
    let taken = join_all((0..20).map(|_| take(1, 59))).await;
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [attempt(1)]);
    assert_eq!(look(1, 0).await, None);
    // A later one sweeps out what is over.
    bench.store.put_attempt(SignInAttempt { until: after(200), ..attempt(4) }, after(60)).await.unwrap();
    assert_eq!((look(2, 0).await, look(4, 61).await.is_some()), (None, true));
}

pub(super) async fn a_session_lasts_until_its_end_or_its_sign_out(bench: &Bench) {
    let (anna, ben) = (person(), person());
    bench.store.put_session(&session(1, &[]), T0).await.unwrap();
    bench.store.put_session(&session(2, &[ben, anna]), T0).await.unwrap();
    let at = async |hash: u8, now| bench.store.session(&[hash; 32], after(now)).await.unwrap();
    assert_eq!((at(1, 99).await, at(1, 100).await, at(3, 0).await), (Some(session(1, &[])), None, None));
    assert_eq!(at(2, 0).await, Some(session(2, &[ben, anna])));
    let longer = Session { csrf: "other".into(), people: vec![anna], until: after(500), ..session(2, &[]) };
    bench.store.put_session(&longer, after(1)).await.unwrap();
    assert_eq!(at(2, 200).await, Some(longer.clone()));
    bench.store.end_session(&[2; 32]).await.unwrap();
    assert_eq!(at(2, 1).await, None);
    bench.store.put_session(&Session { hash: [5; 32], ..longer }, after(100)).await.unwrap();
    assert_eq!(at(1, 0).await, None, "a later one sweeps out what is over");
}

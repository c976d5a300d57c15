//! Publications, invocations, subscriptions, ledgers and mails: stored once, taken by one, settled once.

use dataverse_renku::domain::ids::{ImportId, PersonId, SubscriptionId};
use dataverse_renku::domain::import::{Condition, Event, Order};
use dataverse_renku::domain::ports::identity::IdentityStore as _;
use dataverse_renku::domain::ports::mail::MailKind;
use dataverse_renku::domain::ports::publications::{
    Announced, DatasetRef, Look, NewPublication, PublicationChange, PublicationFilter, PublicationStore as _,
};
use dataverse_renku::domain::ports::store::{Created, ImportStore as _, NewImport};
use dataverse_renku::domain::ports::subscriptions::{
    HandedOn, NewSubscription, Settling, Subscribed, SubscriptionFilter, SubscriptionStore as _,
};
use dataverse_renku::domain::problem::{Problem, ProblemCode, SignInAt};
use dataverse_renku::domain::project::RenkuApi;
use dataverse_renku::domain::publication::{
    Invocation, InvocationChange, InvocationState, Publication, PublicationState, Source,
};
use dataverse_renku::domain::subscription::{Edition, LedgerOutcome, Subscription, SubscriptionState};
use futures_util::future::join_all;

use super::bench::{Bench, T0, after, on, sign_in};
use super::identity::{sign_in_as, somebody};

fn dataset() -> DatasetRef {
    DatasetRef { installation: "demo".parse().unwrap(), pid: "doi:10.5072/FK2/GLACIER".parse().unwrap() }
}

fn announcement(invocation: Option<&str>) -> NewPublication {
    NewPublication {
        dataset: dataset(),
        dataset_id: Some(42),
        announced: Some("2.0".parse().unwrap()),
        source: if invocation.is_some() { Source::Workflow } else { Source::CatchUp },
        invocation: invocation.map(|name| (name.to_owned(), after(2))),
        now: T0,
    }
}

fn new(announced: Announced) -> (Publication, Option<Invocation>) {
    match announced {
        Announced::New(publication, invocation) => (*publication, invocation.map(|it| *it)),
        Announced::Known => panic!("it was known"),
    }
}

fn edition(version_id: i64, number: &str, updated: u64) -> Edition {
    Edition {
        number: number.parse().unwrap(),
        dataset_id: 42,
        version_id,
        last_update: Some(after(updated)),
        title: "Glacier".to_owned(),
    }
}

fn order(project: &str) -> Order {
    Order {
        installation: dataset().installation,
        pid: dataset().pid,
        version: None,
        renku: "main".parse().unwrap(),
        api: RenkuApi::Core,
        project: format!("https://git.example/{project}").parse().unwrap(),
        name: None,
        migrate: false,
    }
}

async fn subscribed(bench: &Bench, project: &str) -> Subscription {
    let new = wanted(project);
    match bench.store.subscribe(new).await.unwrap() {
        Subscribed::New(subscription) => subscription,
        Subscribed::Existing(_) => panic!("it was there"),
    }
}

fn wanted(project: &str) -> NewSubscription {
    let order = order(project);
    NewSubscription {
        subscription: Subscription {
            id: SubscriptionId::new(T0),
            person: "01900000-0000-7000-8000-00000000000a".parse().unwrap(),
            service: false,
            renku: order.renku,
            api: order.api,
            installation: order.installation,
            pid: order.pid,
            project: order.project,
            state: SubscriptionState::Active,
            problem: None,
            revision: 1,
            created_at: T0,
            changed_at: T0,
        },
        mail: Some(("ada@example.org".to_owned(), "fr".to_owned())),
        unsubscribe_key: "a-key".to_owned(),
        has: None,
    }
}

fn import_for(subscription: &Subscription) -> HandedOn {
    let new = NewImport {
        id: ImportId::new(T0),
        person: subscription.person,
        order: Order { project: subscription.project.clone(), ..order("x/y") },
        now: T0,
        give_up_at: after(9_999),
        idempotency_key: None,
        title: None,
    };
    HandedOn::Import(Box::new(new))
}

pub(crate) async fn the_same_invocation_is_announced_once(bench: &Bench) {
    let store = &bench.store;
    let all = join_all((0..20).map(|_| store.announce(announcement(Some("one"))))).await;
    let made: Vec<_> =
        all.into_iter().filter(|it| !matches!(it.as_ref().unwrap(), Announced::Known)).collect();
    assert_eq!(made.len(), 1);
    let (publication, invocation) = new(made.into_iter().next().unwrap().unwrap());
    let invocation = invocation.unwrap();
    assert_eq!(store.publication(publication.id).await.unwrap(), Some(publication.clone()));
    assert_eq!(store.invocation(invocation.id).await.unwrap(), Some(invocation.clone()));
    let named = store.invocation_named(&dataset().installation, "one").await.unwrap();
    assert_eq!(named, Some(invocation.clone()));
    assert_eq!((invocation.due_at, publication.due_at), (Some(after(2)), Some(T0)));
    // A notice adds nothing while that one is open; another call of Dataverse does.
    assert_eq!(store.announce(announcement(None)).await.unwrap(), Announced::Known);
    new(store.announce(announcement(Some("two"))).await.unwrap());
    let listed = store.publications(&PublicationFilter { limit: 10, ..Default::default() }).await.unwrap();
    assert_eq!(listed.len(), 2);
}

pub(crate) async fn of_many_workers_one_takes_a_publication(bench: &Bench) {
    let store = &bench.store;
    let (publication, _) = new(store.announce(announcement(Some("one"))).await.unwrap());
    let attempts = (0..10).map(|_| store.take_publication(publication.id, 1, after(1), after(60)));
    let taken: Vec<_> = join_all(attempts).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken.len(), 1);
    // Not due before its holder's time is over, whoever asks.
    assert_eq!(store.take_publication(publication.id, 2, after(2), after(90)).await.unwrap(), None);
    let change = PublicationChange {
        state: PublicationState::Done,
        problem: None,
        found: Some("2.0".parse().unwrap()),
        imports: 3,
        attempts: 0,
        due_at: None,
        now: after(3),
    };
    let done = store.change_publication(&taken[0], change.clone()).await.unwrap().unwrap();
    assert_eq!((done.state, done.imports, done.ended_at), (PublicationState::Done, 3, Some(after(3))));
    assert_eq!(store.change_publication(&taken[0], change).await.unwrap(), None, "its revision has moved on");
    assert!(store.open_publications(None, 10).await.unwrap().is_empty());
}

pub(crate) async fn of_two_resumes_at_once_one_begins(bench: &Bench) {
    let store = &bench.store;
    let (_, invocation) = new(store.announce(announcement(Some("one"))).await.unwrap());
    let invocation = invocation.unwrap();
    let begins = InvocationChange {
        state: InvocationState::Resuming,
        problem: Some(Problem::new(ProblemCode::DataverseUnreachable).saying("gone")),
        attempts: 1,
        sent_at: Some(after(3)),
        due_at: Some(after(60)),
    };
    let tries = (0..10).map(|_| store.change_invocation(&invocation, begins.clone(), after(3)));
    let begun: Vec<_> = join_all(tries).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].sent_at, Some(after(3)));
    assert!(store.overdue_invocations(after(50), after(50), after(51), 10).await.unwrap().is_empty());
    assert_eq!(store.overdue_invocations(after(99), after(99), after(100), 10).await.unwrap().len(), 1);
    assert!(
        store.overdue_invocations(after(99), after(99), after(101), 10).await.unwrap().is_empty(),
        "marked"
    );
    let counts = store.publication_counts(after(100)).await.unwrap();
    assert_eq!(counts.waiting, [(dataset().installation, InvocationState::Resuming, 1)]);
    assert_eq!(counts.oldest_waiting, [(dataset().installation, T0)]);
    let given_up = InvocationChange { state: InvocationState::GivenUp, due_at: None, ..begins };
    store.change_invocation(&begun[0], given_up, after(100)).await.unwrap().unwrap();
    let counts = store.publication_counts(after(101)).await.unwrap();
    assert_eq!((counts.waiting.len(), counts.given_up), (0, 1));
}

pub(crate) async fn a_version_is_handed_on_once_and_an_older_one_not_after_it(bench: &Bench) {
    let store = &bench.store;
    let one = subscribed(bench, "a/one").await;
    let two = edition(108, "2.0", 5);
    assert_eq!(store.unserved(&dataset(), &two, 10).await.unwrap(), [one.clone()]);
    let tries = (0..10).map(|_| store.hand_on(&one, &two, import_for(&one), None, after(6)));
    let made: Vec<_> = join_all(tries).await.into_iter().filter_map(Result::unwrap).flatten().collect();
    assert_eq!(made.len(), 1);
    assert_eq!(store.import(made[0].id).await.unwrap(), Some(made[0].clone()));
    assert!(store.unserved(&dataset(), &two, 10).await.unwrap().is_empty());
    assert!(store.has_version(one.id, &two).await.unwrap());
    for older in [edition(101, "1.0", 1), edition(108, "2.0", 4)] {
        assert!(store.unserved(&dataset(), &older, 10).await.unwrap().is_empty(), "{older:?}");
    }
    assert_eq!(store.hand_on(&one, &edition(101, "1.0", 1), import_for(&one), None, T0).await.unwrap(), None);
    // "Update current version": the same number, changed later.
    let updated = edition(108, "2.0", 9);
    assert_eq!(store.unserved(&dataset(), &updated, 10).await.unwrap().len(), 1);
    let given = store
        .hand_on(&one, &updated, HandedOn::Noted(LedgerOutcome::MetadataOnly), None, after(10))
        .await
        .unwrap();
    assert_eq!(given, Some(None));
    let ledger = store.ledger(one.id, 10).await.unwrap();
    let outcomes: Vec<_> = ledger.iter().map(|line| line.outcome).collect();
    assert_eq!(outcomes, [LedgerOutcome::MetadataOnly, LedgerOutcome::Open]);
}

pub(crate) async fn a_line_is_settled_once_with_its_pause_and_its_mail(bench: &Bench) {
    let store = &bench.store;
    let one = subscribed(bench, "a/one").await;
    let import = store
        .hand_on(&one, &edition(108, "2.0", 5), import_for(&one), None, T0)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(store.unsettled(10).await.unwrap().is_empty(), "its import has not ended");
    let problem = Problem::new(ProblemCode::ProjectNotWritable);
    bench.change(&import, on(&import, Event::Failed(problem.clone()), after(6))).await;
    let lines = store.unsettled(10).await.unwrap();
    assert_eq!(lines.len(), 1);
    let settling = Settling {
        outcome: LedgerOutcome::Failed,
        brought: None,
        problem: Some(problem.clone()),
        pauses: Some(problem.clone()),
        mail: None,
        now: after(7),
    };
    let settled = join_all((0..5).map(|_| store.settle(&lines[0], settling.clone()))).await;
    assert_eq!(settled.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 1);
    let paused = store.subscription(one.id).await.unwrap().unwrap();
    assert_eq!((paused.state, paused.problem), (SubscriptionState::Paused, Some(problem)));
    assert!(
        store.unserved(&dataset(), &edition(109, "3.0", 9), 10).await.unwrap().is_empty(),
        "it is paused"
    );
    let takes = join_all((0..3).map(|_| store.take_mails(after(8), after(90), 10))).await;
    let mails: Vec<_> = takes.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        (mails[0].kind, mails[0].to.as_str(), mails[0].language.as_str()),
        (MailKind::Paused, "ada@example.org", "fr")
    );
    store.mail_later(&mails[0], Problem::new(ProblemCode::MailNotSent), after(20)).await.unwrap();
    assert!(store.take_mails(after(19), after(90), 10).await.unwrap().is_empty());
    let again = store.take_mails(after(20), after(90), 10).await.unwrap();
    assert_eq!(again[0].attempts, 2);
    store.mail_is_over(&again[0], None, after(21)).await.unwrap();
    assert!(store.take_mails(after(999), after(9_999), 10).await.unwrap().is_empty());
}

pub(crate) async fn a_project_is_subscribed_once_and_again_after_its_end(bench: &Bench) {
    let store = &bench.store;
    let one = subscribed(bench, "a/one").await;
    assert_eq!(store.subscribe(wanted("a/one")).await.unwrap(), Subscribed::Existing(one.clone()));
    assert!(store.watched(&dataset()).await.unwrap().is_some());
    assert!(store.has_unsubscribe_key(one.id, "a-key").await.unwrap());
    assert!(!store.has_unsubscribe_key(one.id, "b-key").await.unwrap());
    let ended =
        store.set_subscription(&one, SubscriptionState::Ended, None, None, after(1)).await.unwrap().unwrap();
    assert_eq!(
        store.set_subscription(&one, SubscriptionState::Active, None, None, after(1)).await.unwrap(),
        None
    );
    assert!(store.watched(&dataset()).await.unwrap().is_none(), "nobody wants it any more");
    let again = subscribed(bench, "a/one").await;
    let list = async |with_ended| {
        let filter = SubscriptionFilter { with_ended, limit: 10, ..Default::default() };
        store.subscriptions(&filter).await.unwrap()
    };
    assert_eq!(list(false).await, [again.clone()]);
    let all = list(true).await;
    assert!(all.len() == 2 && all.contains(&again) && all.contains(&ended), "{all:?}");
}

pub(super) async fn what_a_service_person_serves_goes_on_with_the_next_who_is_named(bench: &Bench) {
    let store = &bench.store;
    let main = "main".parse().unwrap();
    assert_eq!(store.service_person(&main).await.unwrap(), None);
    let of_service = |project: &str| {
        let mut new = wanted(project);
        new.subscription.id = SubscriptionId::new(T0);
        new.subscription.service = true;
        new
    };
    let Subscribed::New(served) = store.subscribe(of_service("a/served")).await.unwrap() else { panic!() };
    let mut by_another = of_service("a/served");
    by_another.subscription.person = "01900000-0000-7000-8000-00000000000b".parse().unwrap();
    assert_eq!(store.subscribe(by_another).await.unwrap(), Subscribed::Existing(served.clone()));
    let own = subscribed(bench, "a/own").await;
    let only = SubscriptionFilter { only_service: true, limit: 10, ..Default::default() };
    assert_eq!(store.subscriptions(&only).await.unwrap(), [served.clone()]);
    let paused = async |subscription: &Subscription, code, at| {
        let (state, problem) = (SubscriptionState::Paused, Some(Problem::new(code)));
        store.set_subscription(subscription, state, problem, None, at).await.unwrap().unwrap()
    };
    let served = paused(&served, ProblemCode::ServiceSignInNeeded, after(10)).await;
    paused(&own, ProblemCode::ServiceSignInNeeded, after(10)).await;
    let bob = sign_in_as(bench, somebody("bob"), after(20)).await;
    assert_eq!(store.wake_signed_in(after(21)).await.unwrap(), [], "nobody is named yet");
    assert_eq!(store.set_service_person(&bob, after(22)).await.unwrap(), None);
    assert_eq!(store.set_service_person(&bob, after(23)).await.unwrap(), None, "it is the same as before");
    assert_eq!(store.service_person(&main).await.unwrap(), Some(bob.clone()));
    assert_eq!(store.service_person(&"other".parse().unwrap()).await.unwrap(), None);
    let woken = store.wake_signed_in(after(24)).await.unwrap();
    assert_eq!(
        woken.iter().map(|it| it.id).collect::<Vec<_>>(),
        [served.id],
        "not what somebody else serves"
    );

    // One who has been signed in for long is named in their place.
    let served = paused(&woken[0], ProblemCode::ServiceRenkuSignInNeeded, after(30)).await;
    assert_eq!(store.wake_signed_in(after(31)).await.unwrap(), []);
    let carol = sign_in_as(bench, somebody("carol"), after(5)).await;
    // What waits for the earlier one's sign-in goes on in the new one's name; the owner's own import does not.
    let waiting = async |person: PersonId, version_id, number| {
        let HandedOn::Import(new) = import_for(&served) else { panic!() };
        let new = HandedOn::Import(Box::new(NewImport { person, id: ImportId::new(T0), ..*new }));
        let edition = edition(version_id, number, 1);
        let made = store.hand_on(&served, &edition, new, None, after(30)).await.unwrap().unwrap().unwrap();
        bench.change(&made, on(&made, sign_in(SignInAt::Connector), after(30))).await
    };
    let theirs = waiting(bob.id, 201, "1.0").await;
    let owners = waiting(served.person, 202, "2.0").await;
    assert_eq!(store.set_service_person(&carol, after(32)).await.unwrap(), Some(bob));
    let theirs = store.import(theirs.id).await.unwrap().unwrap();
    assert_eq!((theirs.person, theirs.state.condition()), (carol.id, &Condition::None));
    assert_eq!(store.import(owners.id).await.unwrap().unwrap(), owners);
    let woken = store.wake_signed_in(after(33)).await.unwrap();
    assert_eq!(woken.iter().map(|it| it.id).collect::<Vec<_>>(), [served.id]);
    store.erase(carol.id).await.unwrap();
    assert_eq!(store.service_person(&main).await.unwrap(), None);
}

pub(crate) async fn looks_that_are_due_are_shared_and_put_off(bench: &Bench) {
    let store = &bench.store;
    subscribed(bench, "a/one").await;
    let demo = dataset().installation;
    let takes = join_all((0..5).map(|_| store.take_due_looks(&demo, after(1), after(60), 10))).await;
    assert_eq!(takes.into_iter().map(|taken| taken.unwrap().len()).sum::<usize>(), 1);
    let seen = Look {
        edition: Some(edition(108, "2.0", 5)),
        deaccessioned: Some(false),
        problem: None,
        failures: 0,
        next: after(100),
        now: after(2),
    };
    store.looked(&dataset(), seen.clone()).await.unwrap();
    let failed = Look {
        edition: None,
        deaccessioned: None,
        problem: Some(Problem::new(ProblemCode::DataverseUnreachable)),
        failures: 1,
        next: after(110),
        now: after(3),
    };
    store.looked(&dataset(), failed).await.unwrap();
    let watched = store.watched(&dataset()).await.unwrap().unwrap();
    assert_eq!((watched.edition, watched.looked_at, watched.failures), (seen.edition, Some(after(2)), 1));
    store.put_off_looks(&demo, after(200)).await.unwrap();
    assert!(store.take_due_looks(&demo, after(199), after(300), 10).await.unwrap().is_empty());
    assert_eq!(store.take_due_looks(&demo, after(200), after(300), 10).await.unwrap().len(), 1);
    let gone = Look {
        edition: None,
        deaccessioned: Some(true),
        problem: None,
        failures: 0,
        next: after(400),
        now: after(201),
    };
    store.looked(&dataset(), gone.clone()).await.unwrap();
    store.looked(&dataset(), Look { now: after(300), ..gone }).await.unwrap();
    assert_eq!(store.watched(&dataset()).await.unwrap().unwrap().deaccessioned_at, Some(after(201)));
    store.look_again(after(500), after(350)).await.unwrap();
    assert_eq!(store.take_due_looks(&demo, after(350), after(500), 10).await.unwrap().len(), 1);
}

pub(super) async fn an_import_and_its_subscription_are_stored_together_and_once(bench: &Bench) {
    let asked = |project: &str, key: &str| NewImport {
        id: ImportId::new(T0),
        person: wanted("a/b").subscription.person,
        order: order(project),
        now: T0,
        give_up_at: after(9_999),
        idempotency_key: Some(key.to_owned()),
        title: None,
    };
    let v1 = edition(7, "1.0", 1);
    let twice = (0..2).map(|_| async {
        bench.store.create_and_subscribe(asked("a/b", "one"), &v1, wanted("a/b")).await.unwrap()
    });
    let answers = join_all(twice).await;
    let made = |answer: &&(Created, Option<Subscribed>)| {
        matches!(answer, (Created::New(_), Some(Subscribed::New(_))))
    };
    assert_eq!(answers.iter().filter(made).count(), 1, "{answers:?}");
    let (Created::New(import), Some(Subscribed::New(subscription))) = answers.iter().find(made).unwrap()
    else {
        panic!("found as made")
    };
    let lines = bench.store.ledger(subscription.id, 10).await.unwrap();
    let line = (lines[0].version, lines[0].import, lines[0].outcome);
    assert_eq!((lines.len(), line), (1, ("1.0".parse().unwrap(), Some(import.id), LedgerOutcome::Open)));
    assert!(bench.store.unserved(&dataset(), &v1, 9).await.unwrap().is_empty(), "it is on its way already");
    // The same key for another project: neither.
    let reused = bench.store.create_and_subscribe(asked("c/d", "one"), &v1, wanted("c/d")).await.unwrap();
    assert_eq!(reused, (Created::KeyReused, None));
    let all = SubscriptionFilter { limit: 10, ..SubscriptionFilter::default() };
    assert_eq!(bench.store.subscriptions(&all).await.unwrap().len(), 1);
    // One that was paused goes on, and knows of the import.
    let paused = SubscriptionState::Paused;
    bench.store.set_subscription(subscription, paused, None, None, after(5)).await.unwrap().unwrap();
    let v2 = edition(8, "2.0", 6);
    let (second, again) =
        bench.store.create_and_subscribe(asked("a/b", "two"), &v2, wanted("a/b")).await.unwrap();
    let (Created::New(second), Some(Subscribed::Existing(again))) = (second, again) else {
        panic!("a new import, and the subscription that there was")
    };
    assert_eq!((again.id, again.state), (subscription.id, SubscriptionState::Active));
    assert_eq!(bench.store.ledger(again.id, 10).await.unwrap()[0].import, Some(second.id));
}

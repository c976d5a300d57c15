//! Imports, their timelines, changes and leases.

use std::time::Duration;

use dataverse_renku::domain::ids::{ImportId, LeaseId};
use dataverse_renku::domain::import::{
    Compared, Condition, Event, ImportResult, Landed, Linked, Outcome, Phase, State,
};
use dataverse_renku::domain::ports::store::{
    Changed, Created, ImportFilter, ImportStore as _, Lease, StateGroup, StoreError,
};
use dataverse_renku::domain::problem::{Problem, ProblemCode, SignInAt, Turn};
use futures_util::future::join_all;

use super::bench::{Bench, T0, after, again, done, job, new, on, order, person, plan, sign_in};

pub(super) async fn a_new_import_is_stored_due_at_once_and_with_a_first_line(bench: &Bench) {
    let (person, order) = (person(), order("p"));
    let wish = new(person, order.clone(), T0);
    let Created::New(import) = bench.store.create(wish.clone()).await.unwrap() else { panic!("not new") };
    assert_eq!((import.id, import.person, &import.order), (wish.id, person, &order));
    assert_eq!((&import.state, import.attempts, import.has_slot), (&State::new(), 0, false));
    assert_eq!((import.due_at, import.created_at, import.updated_at), (Some(T0), T0, T0));
    assert_eq!(import.give_up_at, wish.give_up_at);
    assert_eq!(bench.read(&import).await, import);
    let lines = bench.store.timeline(import.id, 0, 10).await.unwrap();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(
        (line.event.as_str(), line.phase, line.condition.as_str()),
        ("created", Phase::Queued, "none")
    );
    assert_eq!((line.at, &line.problem), (T0, &None));
    assert_eq!(bench.store.import(ImportId::new(T0)).await.unwrap(), None);
    bench.store.ping().await.unwrap();
}

pub(super) async fn every_part_of_an_order_and_a_state_comes_back_as_it_was_stored(bench: &Bench) {
    let mut wish = new(person(), order("p"), T0);
    wish.order.version = Some("2.1".parse().unwrap());
    wish.order.name = Some("my-name".parse().unwrap());
    wish.order.pid = "hdl:1902.1/Abc".parse().unwrap();
    wish.order.migrate = true;
    let Created::New(mut import) = bench.store.create(wish.clone()).await.unwrap() else { panic!("not new") };
    assert_eq!(import.order, wish.order);
    let mut remote = job("j-1");
    remote.sticky = Some("route=a".into());
    remote.base = Some("/api/renku/10".into());
    let result = ImportResult {
        outcome: Outcome::OnSideBranch,
        compared: Compared::Checksums,
        expected: 3,
        found: 2,
        missing: vec!["a/b.tab".into()],
        version: "1.0".parse().unwrap(),
        branch: Some("side".into()),
        link: None,
        linked: Some(Linked { folder: Some("a".into()), readable: Some(true), undone_at: None }),
    };
    let problem = Problem::new(ProblemCode::RenkuUnreachable).saying("naïve \u{0} text").about("project");
    let events = [
        Event::Waits(Condition::RetryAt { at: after(9), problem: problem.clone() }),
        Event::Planned(plan()),
        Event::Begun(after(2)),
        Event::Submitted(remote),
        Event::SeenAtWork(after(3)),
        Event::Landed(Landed { branch: Some("side".into()), aside: true }),
        Event::Verified(result),
    ];
    for (step, event) in (1..).zip(events) {
        let mut change = on(&import, event, after(step));
        change.attempts = u32::try_from(step).unwrap();
        change.due_at = (!change.state.phase().is_end()).then(|| after(step + 1));
        change.problem = Some(problem.clone());
        let now = bench.change(&import, change.clone()).await;
        assert_eq!((&now.state, now.attempts, now.due_at), (&change.state, change.attempts, change.due_at));
        assert_eq!((now.revision, now.updated_at), (import.revision + 1, after(step)));
        assert_eq!(bench.read(&now).await, now);
        import = now;
    }
    let last = bench.store.timeline(import.id, 0, 100).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.event.as_str(), last.phase, last.problem),
        ("verified", Phase::Succeeded, Some(problem))
    );
}

pub(super) async fn the_same_key_gives_the_same_import_and_another_order_is_refused(bench: &Bench) {
    let (anna, ben) = (person(), person());
    let with_key = |person, project: &str| {
        let mut wish = new(person, order(project), T0);
        wish.idempotency_key = Some("k1".into());
        wish
    };
    let Created::New(first) = bench.store.create(with_key(anna, "p")).await.unwrap() else {
        panic!("not new")
    };
    assert_eq!(bench.store.create(with_key(anna, "p")).await.unwrap(), Created::Existing(first.clone()));
    assert_eq!(bench.store.create(with_key(anna, "q")).await.unwrap(), Created::KeyReused);
    assert!(matches!(bench.store.create(with_key(ben, "p")).await.unwrap(), Created::New(_)));
    assert_eq!(bench.store.timeline(first.id, 0, 10).await.unwrap().len(), 1);
    let all = bench.store.imports(&ImportFilter { limit: 10, ..ImportFilter::default() }).await.unwrap();
    assert_eq!(all.len(), 2);
}

pub(super) async fn fifty_requests_with_one_key_make_one_import(bench: &Bench) {
    let anna = person();
    let answers = join_all((0..50).map(|_| {
        let mut wish = new(anna, order("p"), T0);
        wish.idempotency_key = Some("k".into());
        bench.store.create(wish)
    }))
    .await;
    let created = answers.iter().filter(|answer| matches!(answer, Ok(Created::New(_)))).count();
    let existing = answers.iter().filter(|answer| matches!(answer, Ok(Created::Existing(_)))).count();
    assert_eq!((created, existing), (1, 49));
}

pub(super) async fn lists_are_newest_first_filtered_and_paged(bench: &Bench) {
    let (anna, ben) = (person(), person());
    let mut made = Vec::new();
    for n in 0..6 {
        let mut wish = new(if n % 2 == 0 { anna } else { ben }, order("p"), after(n));
        if n == 4 {
            wish.title = Some("Gletscher im Ötztal, 100 % vermessen".to_owned());
        }
        if n == 5 {
            wish.order.installation = "other".parse().unwrap();
            wish.order.pid = "doi:10.5072/FK2/B".parse().unwrap();
        }
        let Created::New(import) = bench.store.create(wish).await.unwrap() else { panic!("not new") };
        made.push(import);
    }
    bench.change(&made[0], on(&made[0], Event::Cancelled, after(9))).await;
    let list = async |filter: ImportFilter| {
        let found = bench.store.imports(&filter).await.unwrap();
        found.iter().map(|import| made.iter().position(|m| m.id == import.id).unwrap()).collect::<Vec<_>>()
    };
    let all = || ImportFilter { limit: 100, ..ImportFilter::default() };
    assert_eq!(list(all()).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(list(ImportFilter { limit: 2, ..all() }).await, [5, 4]);
    assert_eq!(list(ImportFilter { limit: 2, before: Some(made[4].id), ..all() }).await, [3, 2]);
    assert_eq!(list(ImportFilter { person: Some(anna), ..all() }).await, [4, 2, 0]);
    assert_eq!(list(ImportFilter { phase: Some(Phase::Cancelled), ..all() }).await, [0]);
    assert_eq!(list(ImportFilter { person: Some(anna), phase: Some(Phase::Queued), ..all() }).await, [4, 2]);
    assert_eq!(list(ImportFilter { installation: Some("other".parse().unwrap()), ..all() }).await, [5]);
    assert_eq!(list(ImportFilter { pid: Some("doi:10.5072/fk2/b".parse().unwrap()), ..all() }).await, [5]);
    assert_eq!(list(ImportFilter { person: Some(person()), ..all() }).await, [0_usize; 0]);
    let grouped = |group| ImportFilter { person: Some(anna), group: Some(group), ..all() };
    assert_eq!(list(grouped(StateGroup::UnderWay)).await, [4, 2]);
    assert_eq!(list(grouped(StateGroup::NotArrived)).await, [0]);
    assert_eq!(list(grouped(StateGroup::NeedsOwner)).await, [0_usize; 0]);
    assert_eq!(list(grouped(StateGroup::Arrived)).await, [0_usize; 0]);
    let found = |words: &str| ImportFilter { search: Some(words.to_owned()), ..all() };
    assert_eq!(list(found("10.5072/fk2/B")).await, [5]);
    assert_eq!(list(found("DOI 10.5072 fk2/b")).await, [5]);
    assert_eq!(list(found("ÖTZTAL 10.5072")).await, [4]);
    assert_eq!(list(found("100 %")).await, [4]);
    for nothing in ["10.5072/fk2/b elsewhere", "100_", "_", "\\"] {
        assert_eq!(list(found(nothing)).await, [0_usize; 0], "{nothing}");
    }
}

pub(super) async fn what_waits_for_its_owner_is_what_its_owner_can_mend_and_has_not_asked_for_again(
    bench: &Bench,
) {
    let anna = person();
    let failed = async |pid: &str, project: &str, code: ProblemCode, n: u64| {
        let mut wish = new(anna, order(project), after(n));
        wish.order.pid = pid.parse().unwrap();
        let Created::New(import) = bench.store.create(wish).await.unwrap() else { panic!("not new") };
        bench.change(&import, on(&import, Event::Failed(Problem::new(code)), after(n))).await
    };
    let mine = failed("doi:10.5072/FK2/A", "p", ProblemCode::ProjectNotWritable, 1).await;
    let theirs = failed("doi:10.5072/FK2/B", "p", ProblemCode::RenkuInternalError, 2).await;
    assert_ne!(ProblemCode::RenkuInternalError.turn(), Turn::Researcher);
    let waits = bench.create(anna, "q", after(3)).await;
    bench.change(&waits, on(&waits, sign_in(SignInAt::Renku), after(4))).await;
    let list = async || {
        let filter = ImportFilter {
            person: Some(anna),
            group: Some(StateGroup::NeedsOwner),
            limit: 10,
            ..ImportFilter::default()
        };
        let found = bench.store.imports(&filter).await.unwrap();
        found.iter().map(|import| import.id).collect::<Vec<_>>()
    };
    // The one that waits is of the same dataset as the first failure, and newer.
    assert_eq!(list().await, [waits.id]);
    let other = failed("doi:10.5072/FK2/C", "p", ProblemCode::DatasetNameTaken, 5).await;
    assert_eq!(list().await, [other.id, waits.id]);
    // Asked for again, into another project, it is done with; somebody else's import changes nothing.
    let mut again = new(person(), order("elsewhere"), after(6));
    again.order.pid = other.order.pid.clone();
    bench.store.create(again).await.unwrap();
    assert_eq!(list().await, [other.id, waits.id]);
    let mut again = new(anna, order("elsewhere"), after(7));
    again.order.pid = other.order.pid.clone();
    bench.store.create(again).await.unwrap();
    assert_eq!(list().await, [waits.id]);
    let not_arrived = ImportFilter {
        person: Some(anna),
        group: Some(StateGroup::NotArrived),
        limit: 10,
        ..ImportFilter::default()
    };
    let not_arrived = bench.store.imports(&not_arrived).await.unwrap();
    let not_arrived: Vec<_> = not_arrived.iter().map(|import| import.id).collect();
    assert_eq!(not_arrived, [other.id, theirs.id, mine.id], "they are still listed as what they are");
}

pub(super) async fn a_change_needs_the_revision_that_is_stored(bench: &Bench) {
    let old = bench.create(person(), "p", T0).await;
    let now = bench.change(&old, on(&old, Event::Planned(plan()), after(1))).await;
    let late = on(&old, Event::Cancelled, after(2));
    assert_eq!(bench.store.change(&old, None, late).await.unwrap(), Changed::Conflict);
    assert_eq!(bench.read(&old).await, now);
    assert_eq!(bench.store.timeline(old.id, 0, 10).await.unwrap().len(), 2);
    let mut unknown = now.clone();
    unknown.id = ImportId::new(T0);
    let change = on(&now, Event::Cancelled, after(2));
    assert_eq!(bench.store.change(&unknown, None, change).await.unwrap(), Changed::Conflict);
}

pub(super) async fn of_many_changes_at_once_one_is_made(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let changes =
        (0..30).map(|_| bench.store.change(&import, None, on(&import, Event::Planned(plan()), after(1))));
    let done =
        join_all(changes).await.iter().filter(|changed| matches!(changed, Ok(Changed::Done(_)))).count();
    assert_eq!(done, 1);
    assert_eq!(bench.store.timeline(import.id, 0, 100).await.unwrap().len(), 2);
}

pub(super) async fn a_change_without_an_event_writes_no_line(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let now = bench.change(&import, again(&import, None, after(1))).await;
    assert_eq!((now.due_at, now.revision), (None, import.revision + 1));
    assert_eq!(bench.store.timeline(import.id, 0, 10).await.unwrap().len(), 1);
}

pub(super) async fn timelines_are_read_from_a_line_on(bench: &Bench) {
    let other = bench.create(person(), "q", T0).await;
    let mut import = bench.create(person(), "p", T0).await;
    for n in 1..=4 {
        bench.change(&bench.read(&other).await, on(&other, Event::Waits(Condition::None), after(n))).await;
        import = bench.change(&import, on(&import, Event::Waits(Condition::None), after(n))).await;
    }
    let all = bench.store.timeline(import.id, 0, 100).await.unwrap();
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by(|a, b| a.seq < b.seq && a.at < b.at), "{all:?}");
    assert_eq!(bench.store.timeline(import.id, all[1].seq, 2).await.unwrap(), all[2..4]);
    assert_eq!(bench.store.timeline(import.id, all[4].seq, 100).await.unwrap(), []);
}

pub(super) async fn of_many_timelines_those_with_news_are_told(bench: &Bench) {
    let mut seen = Vec::new();
    for n in 0..1_100 {
        let import = bench.create(person(), &format!("p{n}"), T0).await;
        let last = bench.store.timeline(import.id, 0, 10).await.unwrap().last().unwrap().seq;
        seen.push((import.id, last));
    }
    assert_eq!(bench.store.news(&seen).await.unwrap(), []);
    assert_eq!(bench.store.news(&[]).await.unwrap(), []);
    let mut expected = Vec::new();
    for n in [3, 700, 1_099] {
        let import = bench.store.import(seen[n].0).await.unwrap().unwrap();
        let import = bench.change(&import, on(&import, Event::Waits(Condition::None), after(1))).await;
        bench.change(&import, on(&import, Event::Waits(Condition::None), after(2))).await;
        let last = bench.store.timeline(import.id, seen[n].1, 10).await.unwrap();
        assert_eq!(last.len(), 2);
        expected.push((import.id, last[1].seq));
    }
    seen.push((ImportId::new(T0), 0));
    let mut news = bench.store.news(&seen).await.unwrap();
    news.sort();
    expected.sort();
    assert_eq!(news, expected);
}

pub(super) async fn the_timeline_cannot_be_rewritten(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    for sql in ["UPDATE timeline SET event = 'x'", "DELETE FROM timeline"] {
        let refusal = bench.run(sql).await.unwrap_err().to_string();
        assert!(refusal.contains("append-only"), "{refusal}");
    }
    assert_eq!(bench.store.timeline(import.id, 0, 10).await.unwrap()[0].event, "created");
}

pub(super) async fn a_lease_says_why_it_is_refused(bench: &Bench) {
    let import = bench.create(person(), "p", after(10)).await;
    let ask = async |revision, now| {
        bench.store.lease(import.id, revision, after(now), after(now + 60)).await.unwrap()
    };
    assert_eq!(ask(import.revision, 9).await, Lease::NotDue(after(10)));
    assert_eq!(ask(import.revision + 1, 10).await, Lease::Stale);
    assert!(matches!(ask(import.revision, 10).await, Lease::Taken(got, _) if *got == import));
    assert_eq!(ask(import.revision, 11).await, Lease::Busy);
    let unknown = bench.store.lease(ImportId::new(T0), 1, T0, after(1)).await.unwrap();
    assert_eq!(unknown, Lease::Unknown);
    let idle = bench.change(&import, again(&import, None, after(12))).await;
    assert_eq!(ask(idle.revision, 13).await, Lease::Stale);
    assert_eq!(ask(import.revision, 13).await, Lease::Stale);
}

pub(super) async fn one_of_many_workers_gets_the_lease(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let answers =
        join_all((0..30).map(|_| bench.store.lease(import.id, import.revision, T0, after(60)))).await;
    let taken = answers.iter().filter(|answer| matches!(answer, Ok(Lease::Taken(..)))).count();
    let busy = answers.iter().filter(|answer| matches!(answer, Ok(Lease::Busy))).count();
    assert_eq!((taken, busy), (1, 29));
}

pub(super) async fn a_lease_that_is_over_goes_to_the_next_and_the_late_worker_conflicts(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let (held, late) = bench.lease(&import, T0).await;
    assert_eq!(
        bench.store.lease(import.id, import.revision, after(59), after(99)).await.unwrap(),
        Lease::Busy
    );
    let (_, next) = bench.lease(&import, after(60)).await;
    let change = on(&held, Event::Planned(plan()), after(61));
    assert_eq!(bench.store.change(&held, Some(late), change.clone()).await.unwrap(), Changed::Conflict);
    bench.store.hand_back(import.id, late).await.unwrap();
    done(bench.store.change(&held, Some(next), change).await.unwrap());
}

pub(super) async fn a_late_worker_whose_lease_nobody_took_may_still_store_its_result(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let (held, lease) = bench.lease(&import, T0).await;
    let change = on(&held, Event::Planned(plan()), after(500));
    done(bench.store.change(&held, Some(lease), change).await.unwrap());
}

pub(super) async fn a_change_without_a_lease_breaks_the_lease(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let (held, lease) = bench.lease(&import, T0).await;
    let cancelled = bench.change(&import, on(&import, Event::Cancelled, after(1))).await;
    let change = on(&held, Event::Planned(plan()), after(2));
    assert_eq!(bench.store.change(&held, Some(lease), change).await.unwrap(), Changed::Conflict);
    let free = bench.change(&cancelled, again(&cancelled, Some(after(3)), after(3))).await;
    bench.lease(&free, after(3)).await;
}

pub(super) async fn a_kept_lease_goes_on_over_a_change(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let (held, lease) = bench.lease(&import, T0).await;
    let mut change = on(&held, Event::Planned(plan()), after(1));
    change.keep_lease = true;
    let now = done(bench.store.change(&held, Some(lease), change).await.unwrap());
    assert_eq!(bench.store.lease(now.id, now.revision, after(1), after(99)).await.unwrap(), Lease::Busy);
    let now = done(
        bench.store.change(&now, Some(lease), on(&now, Event::Begun(after(2)), after(2))).await.unwrap(),
    );
    bench.lease(&now, after(2)).await;
    let other = on(&now, Event::LeftNothing, after(3));
    assert_eq!(bench.store.change(&now, Some(lease), other).await.unwrap(), Changed::Conflict);
}

pub(super) async fn a_lease_handed_back_leaves_the_row_as_it_was(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let (_, lease) = bench.lease(&import, T0).await;
    bench.store.hand_back(import.id, LeaseId::new(T0)).await.unwrap();
    assert_eq!(bench.store.lease(import.id, import.revision, T0, after(9)).await.unwrap(), Lease::Busy);
    bench.store.hand_back(import.id, lease).await.unwrap();
    assert_eq!(bench.read(&import).await, import);
    bench.lease(&import, T0).await;
}

pub(super) async fn overdue_imports_are_marked_and_not_given_twice(bench: &Bench) {
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(bench.create(person(), "p", after(10 - n)).await);
    }
    bench.lease(&made[0], after(10)).await; // somebody's until 70
    let idle = bench.change(&made[1], again(&made[1], None, after(10))).await;
    let sweep = async |now, limit| {
        let ago = |seconds| after(now).minus(Duration::from_secs(seconds));
        let found = bench.store.overdue(ago(20), ago(30), after(now), limit).await.unwrap();
        found.iter().map(|import| import.id).collect::<Vec<_>>()
    };
    assert_eq!(sweep(26, 10).await, []); // what is due at 6 is not older than 20 s
    assert_eq!(sweep(28, 10).await, [made[4].id, made[3].id]);
    assert_eq!(sweep(31, 10).await, [made[2].id]);
    assert_eq!(sweep(32, 10).await, []);
    assert_eq!(sweep(58, 10).await, []); // last nudged 30 s ago, not longer
    assert_eq!(sweep(62, 1).await, [made[4].id]);
    assert_eq!(sweep(71, 10).await, [made[3].id, made[2].id, made[0].id]); // the lease is over
    assert_eq!(bench.read(&idle).await, idle);
    // Going on takes the mark away: the next nudge may be lost as well.
    let now = bench.read(&made[3]).await;
    bench.change(&now, again(&now, Some(after(72)), after(72))).await;
    assert_eq!(sweep(93, 10).await, [made[4].id, made[3].id]);
}

pub(super) async fn two_sweepers_at_once_share_what_is_overdue(bench: &Bench) {
    for n in 0..40 {
        bench.create(person(), &format!("p{n}"), T0).await;
    }
    let sweeps = join_all((0..4).map(|_| bench.store.overdue(after(20), after(20), after(20), 100))).await;
    let mut ids: Vec<_> = sweeps.into_iter().flat_map(Result::unwrap).map(|import| import.id).collect();
    assert_eq!(ids.len(), 40);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 40);
}

pub(super) async fn everything_due_is_listed_in_pages(bench: &Bench) {
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(bench.create(person(), "p", after(n)).await);
    }
    bench.change(&made[3], again(&made[3], None, after(9))).await;
    let cancelled = on(&made[4], Event::Cancelled, after(9));
    bench.change(&made[4], cancelled).await; // an end with something left to do
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = bench.store.due(cursor, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some(last.id);
        seen.extend(page.iter().map(|import| import.id));
    }
    let due: Vec<_> = [0, 1, 2, 4, 5, 6].iter().map(|n| made[*n].id).collect();
    assert_eq!(seen, due);
}

pub(super) async fn jobs_stay_known_after_the_import_went_on(bench: &Bench) {
    let mut import = bench.create(person(), "p", T0).await;
    let landed = Landed { branch: None, aside: false };
    for event in [
        Event::Planned(plan()),
        Event::Begun(T0),
        Event::Submitted(job("j-1")),
        Event::TriesAgain,
        Event::Planned(plan()),
        Event::Begun(T0),
        Event::Submitted(job("j-2")),
        Event::SeenAtWork(T0),
        Event::Landed(landed),
    ] {
        import = bench.change(&import, on(&import, event, T0)).await;
    }
    let asked: Vec<_> = ["j-0", "j-1", "j-2"].map(str::to_owned).into();
    let known = async |renku: &str, asked: &[String]| {
        let mut known = bench.store.known_jobs(&renku.parse().unwrap(), asked).await.unwrap();
        known.sort_unstable();
        known
    };
    assert_eq!(known("main", &asked).await, ["j-1", "j-2"]);
    assert_eq!(known("other", &asked).await, [""; 0]);
    assert_eq!(known("main", &[]).await, [""; 0]);
    let mut many: Vec<_> = (0..1_200).map(|n| format!("x-{n}")).collect();
    many.push("j-2".into());
    assert_eq!(known("main", &many).await, ["j-2"]);
}

pub(super) async fn counts_say_how_many_wait_and_since_when(bench: &Bench) {
    assert_eq!(bench.store.counts().await.unwrap().oldest_open, None);
    let first = bench.create(person(), "p", T0).await;
    let second = bench.create(person(), "p", after(5)).await;
    bench.create(person(), "p", after(6)).await;
    bench.change(&first, on(&first, Event::Cancelled, after(9))).await;
    bench.change(&second, on(&second, sign_in(SignInAt::Connector), after(9))).await;
    let counts = bench.store.counts().await.unwrap();
    let line = |phase: &str, condition: &str, n| (phase.to_owned(), condition.to_owned(), n);
    assert_eq!(
        counts.by_state,
        [line("cancelled", "none", 1), line("queued", "none", 1), line("queued", "sign_in", 1)]
    );
    assert_eq!(counts.oldest_open, Some(after(5)));
}

pub(super) async fn waking_a_person_wakes_only_what_waits_for_the_connectors_sign_in(bench: &Bench) {
    let (anna, ben) = (person(), person());
    let waiting = async |person, event| {
        let import = bench.create(person, "p", T0).await;
        let mut change = on(&import, event, after(1));
        change.due_at = Some(import.give_up_at);
        change.attempts = 2;
        bench.change(&import, change).await
    };
    let here = waiting(anna, sign_in(SignInAt::Connector)).await;
    let there = waiting(anna, sign_in(SignInAt::Renku)).await;
    let problem = Problem::new(ProblemCode::RenkuUnreachable);
    let retry = waiting(anna, Event::Waits(Condition::RetryAt { at: after(99), problem })).await;
    let others = waiting(ben, sign_in(SignInAt::Connector)).await;
    let woken = bench.store.wake(anna, after(7)).await.unwrap();
    assert_eq!(woken.iter().map(|import| import.id).collect::<Vec<_>>(), [here.id]);
    let now = bench.read(&here).await;
    assert_eq!(now, woken[0]);
    assert_eq!((now.state.condition(), now.due_at, now.attempts), (&Condition::None, Some(after(7)), 2));
    let line = bench.store.timeline(here.id, 0, 10).await.unwrap().pop().unwrap();
    assert_eq!((line.event.as_str(), line.condition.as_str(), line.at), ("waits", "none", after(7)));
    for same in [there, retry, others] {
        assert_eq!(bench.read(&same).await, same);
    }
    assert_eq!(bench.store.wake(anna, after(8)).await.unwrap(), []);
}

pub(super) async fn migrating_again_changes_nothing(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    bench.store.migrate().await.unwrap();
    bench.store.check_schema().await.unwrap();
    assert_eq!(bench.read(&import).await, import);
}

pub(super) async fn a_closed_store_is_unavailable(bench: &Bench) {
    bench.store.ping().await.unwrap();
    bench.store.close().await;
    assert!(matches!(bench.store.ping().await, Err(StoreError::Unavailable(_))));
    let wish = new(person(), order("p"), T0);
    assert!(matches!(bench.store.create(wish).await, Err(StoreError::Unavailable(_))));
}

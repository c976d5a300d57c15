//! Slots: who may be at work at a Renku, and who comes next.

use std::collections::HashSet;

use dataverse_renku::domain::ids::PersonId;
use dataverse_renku::domain::import::{Condition, Event, Import, Phase};
use dataverse_renku::domain::ports::store::{ImportStore as _, Slot, SlotAnswer};
use dataverse_renku::domain::problem::{Problem, ProblemCode, SignInAt};
use dataverse_renku::domain::project::RenkuApi;
use futures_util::future::join_all;

use super::bench::{Bench, T0, after, again, done, new, on, order, person, plan, sign_in};

async fn line(bench: &Bench, outstanding: u32) -> Vec<Import> {
    bench.store.next_in_line(&"main".parse().unwrap(), RenkuApi::Core, outstanding).await.unwrap()
}

/// The line as positions in `made`; each of its imports must also be told so when it asks itself, and no other that is queued.
async fn places(bench: &Bench, made: &[Import], outstanding: u32) -> Vec<usize> {
    let line = line(bench, outstanding).await;
    let places: Vec<_> =
        line.iter().map(|import| made.iter().position(|m| m.id == import.id).unwrap()).collect();
    for (n, import) in made.iter().enumerate() {
        let import = bench.read(import).await;
        if import.state.phase() == Phase::Queued {
            let next = bench.store.is_next(&import, outstanding).await.unwrap();
            assert_eq!(next, places.contains(&n), "import {n} of the line {places:?}");
        }
    }
    places
}

pub(super) async fn a_slot_is_taken_with_the_change_or_not_at_all(bench: &Bench) {
    let import = bench.create(person(), "p", T0).await;
    let (held, lease) = bench.lease(&import, T0).await;
    let change = on(&held, Event::Planned(plan()), after(1));
    let ask =
        async |outstanding| bench.store.take_slot(&held, lease, change.clone(), outstanding).await.unwrap();
    assert_eq!(ask(0).await, SlotAnswer::Wait);
    assert_eq!(bench.read(&import).await, import);
    let SlotAnswer::Taken(now) = ask(1).await else { panic!("not taken") };
    assert_eq!((&now.state, now.has_slot, now.revision), (&change.state, true, import.revision + 1));
    assert_eq!(bench.read(&import).await, *now);
    assert_eq!(ask(1).await, SlotAnswer::Conflict);
    let lines = bench.store.timeline(import.id, 0, 10).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.event.as_str()).collect::<Vec<_>>(), ["created", "planned"]);
}

pub(super) async fn fifty_callers_at_once_never_share_a_project_nor_exceed_the_limit(bench: &Bench) {
    let mut held = Vec::new();
    for n in 0..50 {
        let import = bench.create(person(), &format!("p{}", n % 10), after(n)).await;
        held.push(bench.lease(&import, after(n)).await);
    }
    let mut taken: Vec<Import> = Vec::new();
    // Also with several rounds, in which those that had to wait ask again.
    for round in 0..3 {
        let answers =
            join_all(held.iter().filter(|(import, _)| taken.iter().all(|t| t.id != import.id)).map(
                async |(import, lease)| {
                    let change = on(import, Event::Planned(plan()), after(60 + round));
                    bench.store.take_slot(import, *lease, change, 4).await.unwrap()
                },
            ))
            .await;
        for answer in answers {
            match answer {
                SlotAnswer::Taken(import) => taken.push(*import),
                SlotAnswer::Wait => {}
                SlotAnswer::Conflict => panic!("nobody else was at this import"),
            }
        }
    }
    let projects: HashSet<_> = taken.iter().map(|import| import.order.project.as_str()).collect();
    assert_eq!((taken.len(), projects.len()), (4, 4));
}

/// What it shows; imports as (person, project), oldest first; the free places; the line expected.
type Case = (&'static str, &'static [(usize, &'static str)], u32, &'static [usize]);

pub(super) async fn places_go_round_between_people(bench: &Bench) {
    let cases: &[Case] = &[
        ("one person: oldest first", &[(0, "a"), (0, "b"), (0, "c")], 2, &[0, 1]),
        (
            "the second of one comes after the first of another",
            &[(0, "a"), (0, "b"), (0, "c"), (1, "d")],
            2,
            &[0, 3],
        ),
        ("then in turns", &[(0, "a"), (0, "b"), (0, "c"), (1, "d"), (1, "e")], 5, &[0, 3, 1, 4, 2]),
        ("one project once, its oldest first", &[(0, "a"), (1, "a"), (2, "a"), (2, "b")], 4, &[0, 3]),
        (
            "who waits for a project as well as for a place comes a little later",
            &[(0, "a"), (1, "a"), (1, "b"), (2, "c")],
            3,
            &[0, 3, 2],
        ),
    ];
    for (n, (title, imports, free, want)) in (0_u64..).zip(cases) {
        let people: Vec<PersonId> = (0..3).map(|_| person()).collect();
        let renku: dataverse_renku::domain::ids::RenkuName = format!("renku-{n}").parse().unwrap();
        let mut made = Vec::new();
        for (age, (who, project)) in (0_u64..).zip(*imports) {
            let mut wish = new(people[*who], order(project), after(100 * n + age));
            wish.order.renku = renku.clone();
            bench.store.create(wish.clone()).await.unwrap();
            made.push(wish.id);
        }
        let line = bench.store.next_in_line(&renku, RenkuApi::Core, *free).await.unwrap();
        let places: Vec<_> = line.iter().map(|i| made.iter().position(|id| *id == i.id).unwrap()).collect();
        assert_eq!(places, *want, "{title}");
    }
    let (anna, ben) = (person(), person());
    let mut made = Vec::new();
    for (n, (who, project)) in (0..).zip([(anna, "a"), (anna, "b"), (ben, "c"), (ben, "d"), (ben, "e")]) {
        made.push(bench.create(who, project, after(n)).await);
    }
    assert_eq!(places(bench, &made, 1).await, [0]);
    let first = bench.take(&made[0], 1, after(10)).await;
    assert_eq!(places(bench, &made, 1).await, [0_usize; 0]);
    assert_eq!(places(bench, &made, 2).await, [2], "who has a slot comes after who has none");
    assert_eq!(bench.ask(&made[1], 2, after(11)).await, SlotAnswer::Wait);
    let second = bench.take(&made[2], 2, after(12)).await;
    for done in [first, second] {
        let mut change = on(&done, Event::Failed(Problem::new(ProblemCode::DatasetUnknown)), after(20));
        (change.slot, change.due_at) = (Slot::Release, None);
        bench.change(&done, change).await;
    }
    assert_eq!(places(bench, &made, 1).await, [1], "who was served longest ago comes first");
    assert_eq!(places(bench, &made, 3).await, [1, 3, 4]);
}

pub(super) async fn a_project_is_worked_on_by_one_import_at_a_time(bench: &Bench) {
    let mut made = Vec::new();
    for (n, project) in (0..).zip(["a", "a", "b"]) {
        made.push(bench.create(person(), project, after(n)).await);
    }
    assert_eq!(places(bench, &made, 9).await, [0, 2]);
    bench.take(&made[0], 9, after(5)).await;
    assert_eq!(bench.ask(&made[1], 9, after(5)).await, SlotAnswer::Wait);
    assert_eq!(places(bench, &made, 9).await, [2]);
}

pub(super) async fn who_is_being_worked_on_is_not_called_and_keeps_its_place(bench: &Bench) {
    let mut made = Vec::new();
    for n in 0..3 {
        made.push(bench.create(person(), &format!("p{n}"), after(n)).await);
    }
    let (_, lease) = bench.lease(&made[0], after(5)).await;
    let called = async || line(bench, 2).await.iter().map(|import| import.id).collect::<Vec<_>>();
    assert_eq!(called().await, [made[1].id]);
    assert!(!bench.store.is_next(&made[2], 2).await.unwrap());
    bench.store.hand_back(made[0].id, lease).await.unwrap();
    assert_eq!(called().await, [made[0].id, made[1].id]);
}

pub(super) async fn many_that_wait_for_one_project_hide_nobody(bench: &Bench) {
    let (anna, ben) = (person(), person());
    let mut made = Vec::new();
    for n in 0..30 {
        made.push(bench.create(anna, "a", after(n)).await);
    }
    for n in 30..130 {
        made.push(bench.create(person(), "b", after(n)).await);
    }
    made.push(bench.create(anna, "c", after(130)).await);
    made.push(bench.create(ben, "d", after(131)).await);
    let line = line(bench, 5).await;
    let places: Vec<_> =
        line.iter().map(|import| made.iter().position(|m| m.id == import.id).unwrap()).collect();
    assert_eq!(places, [0, 30, 131, 130]);
}

pub(super) async fn what_cannot_go_on_holds_nobody_up(bench: &Bench) {
    let mut made = Vec::new();
    for n in 0..4 {
        made.push(bench.create(person(), &format!("p{n}"), after(n)).await);
    }
    bench.change(&made[0], on(&made[0], sign_in(SignInAt::Connector), after(5))).await;
    let problem = Problem::new(ProblemCode::DataverseUnreachable);
    let waits = Condition::RetryAt { at: after(50), problem };
    let retried = bench.change(&made[1], on(&made[1], Event::Waits(waits), after(50))).await;
    bench.change(&made[2], again(&made[2], None, after(5))).await;
    let line: Vec<_> = line(bench, 1).await.iter().map(|import| import.id).collect();
    assert_eq!(line, [made[3].id]);
    // When its time has come it asks by itself, and then it is the oldest.
    bench.take(&retried, 1, after(50)).await;
}

pub(super) async fn a_slot_goes_back_with_the_change_or_when_its_time_is_over(bench: &Bench) {
    let first = bench.create(person(), "a", T0).await;
    let second = bench.create(person(), "a", after(1)).await;
    let third = bench.create(person(), "a", after(2)).await;
    let taken = bench.take(&first, 1, after(5)).await;
    let failed = Event::Failed(Problem::new(ProblemCode::RenkuJobStuck));
    let mut change = on(&taken, failed, after(6));
    (change.slot, change.due_at) = (Slot::ReleaseAt(after(100)), None);
    assert!(bench.change(&taken, change).await.has_slot, "Renku may still be at work");
    assert_eq!(bench.ask(&second, 1, after(50)).await, SlotAnswer::Wait);
    assert_eq!(bench.store.release_due_slots(after(99)).await.unwrap(), []);
    assert_eq!(
        bench.store.release_due_slots(after(100)).await.unwrap(),
        [("main".parse().unwrap(), RenkuApi::Core)]
    );
    assert_eq!(bench.store.release_due_slots(after(100)).await.unwrap(), []);
    assert!(!bench.read(&first).await.has_slot);
    let taken = bench.take(&second, 1, after(101)).await;
    let mut change = on(&taken, Event::Cancelled, after(102));
    (change.slot, change.due_at) = (Slot::Release, None);
    assert!(!bench.change(&taken, change).await.has_slot);
    bench.take(&third, 1, after(103)).await;
}

pub(super) async fn an_import_that_has_its_slot_keeps_it_when_it_asks_again(bench: &Bench) {
    let import = bench.create(person(), "a", T0).await;
    let other = bench.create(person(), "b", after(1)).await;
    let taken = bench.take(&import, 1, after(2)).await;
    let mut change = on(&taken, Event::StoodBack, after(3));
    change.slot = Slot::ReleaseAt(after(50));
    let back = bench.change(&taken, change).await;
    assert_eq!(bench.ask(&other, 1, after(4)).await, SlotAnswer::Wait);
    assert!(bench.store.is_next(&back, 1).await.unwrap());
    let again = bench.take(&back, 1, after(5)).await;
    assert_eq!(bench.store.release_due_slots(after(60)).await.unwrap(), [], "its time no longer counts");
    assert!(bench.read(&again).await.has_slot);
}

pub(super) async fn what_comes_back_stands_in_no_line_and_takes_no_place_that_is_not_free(bench: &Bench) {
    let mut made = Vec::new();
    for (n, project) in (0..).zip(["a", "b", "a"]) {
        made.push(bench.create(person(), project, after(n)).await);
    }
    let taken = bench.take(&made[1], 2, after(5)).await;
    let mut change = on(&taken, Event::Begun(after(6)), after(6));
    change.slot = Slot::Release;
    let back = bench.change(&taken, change).await;
    assert_eq!(places(bench, &made, 1).await, [0]);
    assert!(bench.store.is_next(&back, 1).await.unwrap());
    bench.take(&made[0], 1, after(7)).await;
    assert!(!bench.store.is_next(&back, 1).await.unwrap());
    assert!(bench.store.is_next(&back, 2).await.unwrap());
}

pub(super) async fn renkus_have_limits_of_their_own(bench: &Bench) {
    let here = bench.create(person(), "a", T0).await;
    let mut wish = new(person(), order("a"), T0);
    wish.order.renku = "other".parse().unwrap();
    let created = bench.store.create(wish.clone()).await.unwrap();
    bench.take(&here, 1, T0).await;
    let there = bench.store.import(wish.id).await.unwrap().unwrap();
    assert_eq!(created, dataverse_renku::domain::ports::store::Created::New(there.clone()));
    bench.take(&there, 1, T0).await;
}

pub(super) async fn a_lowered_limit_is_kept_although_places_look_free(bench: &Bench) {
    let mut made = Vec::new();
    for n in 0..4 {
        made.push(bench.create(person(), &format!("p{n}"), after(n)).await);
    }
    let mut taken = Vec::new();
    for import in &made[..3] {
        taken.push(bench.take(import, 3, after(9)).await);
    }
    let mut change = on(&taken[0], Event::Cancelled, after(10));
    (change.slot, change.due_at) = (Slot::Release, None);
    done(bench.store.change(&taken[0], None, change).await.unwrap());
    assert_eq!(bench.ask(&made[3], 2, after(11)).await, SlotAnswer::Wait, "two others are at work");
    bench.take(&made[3], 3, after(12)).await;
}

pub(super) async fn ten_thousand_in_line_are_put_in_order_by_one_query(bench: &Bench) {
    let import = bench.create(person(), "first", T0).await;
    let columns = "person, installation, pid, renku, project, migrate, phase, condition, state, revision, attempts, \
                   due_at, created_at, updated_at, give_up_at";
    let (id, series) = match bench.url_kind() {
        "sqlite" => (
            "randomblob(16)",
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000) ",
        ),
        _ => ("gen_random_uuid()", "WITH n AS (SELECT generate_series(1, 10000) AS n) "),
    };
    let copies = columns.replacen("person", id, 1).replacen("project", "project || n.n", 1);
    bench
        .run(&format!("INSERT INTO imports (id, {columns}) {series} SELECT {id}, {copies} FROM imports, n"))
        .await
        .unwrap();
    let line = line(bench, 3).await;
    assert_eq!(line.len(), 3);
    assert!(line.iter().all(|import| !import.has_slot));
    let counts = bench.store.counts().await.unwrap();
    assert_eq!(counts.by_state, [("queued".to_owned(), "none".to_owned(), 10_001)]);
    assert!(!bench.store.is_next(&import, 0).await.unwrap());
}

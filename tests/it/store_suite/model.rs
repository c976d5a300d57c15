//! Random histories of a few imports, on the store and on a model of it in memory: every answer and every row must agree.

use std::time::Duration;

use dataverse_renku::domain::ids::{LeaseId, PersonId};
use dataverse_renku::domain::import::{Condition, Event, Import, Phase};
use dataverse_renku::domain::ports::store::{Change, Changed, ImportStore as _, Lease, Slot, SlotAnswer};
use dataverse_renku::domain::problem::{Problem, ProblemCode, SignInAt};
use dataverse_renku::domain::project::RenkuApi;
use dataverse_renku::domain::time::Timestamp;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::bench::{Bench, T0, job, on, person, plan, sign_in};

const OUTSTANDING: u32 = 2;
const HISTORIES: u64 = 6;
const STEPS: usize = 120;

/// An import as the model has it.
struct Row {
    now: Import,
    lease: Option<(LeaseId, Timestamp)>,
    release_at: Option<Timestamp>,
    nudged_at: Option<Timestamp>,
    lines: usize,
    /// Earlier rows and leases, for those who come late.
    past: Vec<Import>,
    leases: Vec<LeaseId>,
}

struct Model<'b> {
    bench: &'b Bench,
    rng: StdRng,
    rows: Vec<Row>,
    people: Vec<PersonId>,
    served: Vec<(PersonId, Timestamp)>,
    clock: Timestamp,
}

pub(super) async fn random_histories_agree_with_the_model(bench: &Bench) {
    for seed in 0..HISTORIES {
        // Each history is further on in time and ends with nothing due, so that it does not meet those before.
        let clock = T0.plus(Duration::from_secs(seed * 100_000));
        let people: Vec<_> = (0..3).map(|_| person()).collect();
        let rng = StdRng::seed_from_u64(seed);
        let mut model = Model { bench, rng, rows: Vec::new(), people, served: Vec::new(), clock };
        for n in 0..7 {
            let who = model.people[n % 3];
            let now = bench.create(who, &format!("p{}", n % 4), clock).await;
            model.rows.push(Row {
                past: vec![now.clone()],
                now,
                lease: None,
                release_at: None,
                nudged_at: None,
                lines: 1,
                leases: vec![LeaseId::new(clock)],
            });
        }
        model.rows.sort_by_key(|row| row.now.id);
        for step in 0..STEPS {
            let what = model.step().await;
            model.compare(&format!("seed {seed}, step {step}: {what}")).await;
        }
        model.end().await;
    }
}

impl Model<'_> {
    async fn step(&mut self) -> String {
        let seconds = self.rng.gen_range(0..8);
        self.clock = self.clock.plus(Duration::from_secs(seconds));
        let k = self.rng.gen_range(0..self.rows.len());
        match self.rng.gen_range(0..20) {
            0..=5 => self.lease(k).await,
            6 => self.hand_back(k).await,
            7..=10 => self.change(k).await,
            11..=15 => self.take_slot(k).await,
            16 => self.release_due().await,
            17 => self.overdue().await,
            18 => self.wake(k).await,
            _ => self.next_in_line().await,
        }
    }

    async fn lease(&mut self, k: usize) -> String {
        let (now, until) = (self.clock, self.clock.plus(Duration::from_secs(20)));
        let late = self.rng.gen_bool(0.1);
        let row = &mut self.rows[k];
        let revision = row.now.revision - i64::from(late);
        let answer = self.bench.store.lease(row.now.id, revision, now, until).await.unwrap();
        let held = row.lease.is_some_and(|(_, end)| end > now);
        let fits = match (&answer, row.now.due_at) {
            (Lease::Stale, due) => late || due.is_none(),
            (Lease::Busy, Some(_)) => !late && held,
            (Lease::NotDue(at), Some(due)) => !late && !held && due > now && *at == due,
            (Lease::Taken(import, _), Some(due)) => !late && !held && due <= now && **import == row.now,
            (Lease::Busy | Lease::NotDue(_) | Lease::Taken(..) | Lease::Unknown, _) => false,
        };
        assert!(fits, "{answer:?} for {:?}, late {late}, held {held}, at {now}", row.now);
        if let Lease::Taken(_, lease) = answer {
            row.lease = Some((lease, until));
            row.leases.push(lease);
        }
        format!("lease {k}")
    }

    async fn hand_back(&mut self, k: usize) -> String {
        let row = &mut self.rows[k];
        let lease = *row.leases.choose(&mut self.rng).unwrap();
        self.bench.store.hand_back(row.now.id, lease).await.unwrap();
        if row.lease.is_some_and(|(held, _)| held == lease) {
            row.lease = None;
        }
        format!("hand back {k}")
    }

    /// A change that may happen to this import, or none of its state.
    fn some_change(&mut self, k: usize) -> Change {
        let problem = || Problem::new(ProblemCode::RenkuUnreachable);
        let retry = Condition::RetryAt { at: self.clock, problem: problem() };
        let mut events = vec![
            Event::Planned(plan()),
            Event::Begun(self.clock),
            Event::LeftNothing,
            Event::StoodBack,
            Event::Submitted(job("j")),
            Event::TriesAgain,
            Event::Waits(Condition::None),
            Event::Waits(retry),
            sign_in(SignInAt::Connector),
            sign_in(SignInAt::Renku),
            Event::SentOn,
        ];
        if self.rng.gen_bool(0.2) {
            events.extend([Event::Cancelled, Event::Parked(problem())]);
        }
        events.shuffle(&mut self.rng);
        let import = &self.rows[k].now;
        let event = events.into_iter().find(|event| import.state.after(event.clone()).is_ok());
        let mut change = match event {
            Some(event) => on(import, event, self.clock),
            None => super::bench::again(import, None, self.clock),
        };
        let later = self.clock.plus(Duration::from_secs(self.rng.gen_range(0..20)));
        change.due_at = self.rng.gen_bool(0.9).then_some(later);
        change.attempts = self.rng.gen_range(0..5);
        change.keep_lease = self.rng.gen_bool(0.3);
        change.slot = match self.rng.gen_range(0..6) {
            0 => Slot::Release,
            1 => Slot::ReleaseAt(later),
            _ => Slot::Keep,
        };
        change
    }

    async fn change(&mut self, k: usize) -> String {
        let change = self.some_change(k);
        let row = &self.rows[k];
        let lease = match self.rng.gen_range(0..3) {
            0 => None,
            1 => row.lease.map(|(lease, _)| lease),
            _ => row.leases.choose(&mut self.rng).copied(),
        };
        let from = if self.rng.gen_bool(0.8) {
            row.now.clone()
        } else {
            row.past.choose(&mut self.rng).unwrap().clone()
        };
        let fits = from.revision == row.now.revision
            && (lease.is_none() || lease == row.lease.map(|(lease, _)| lease));
        let answer = self.bench.store.change(&from, lease, change.clone()).await.unwrap();
        if fits {
            self.apply(k, &change, lease.is_some());
            assert_eq!(answer, Changed::Done(Box::new(self.rows[k].now.clone())));
        } else {
            assert_eq!(answer, Changed::Conflict);
        }
        format!("change {k}: {change:?} with {lease:?}, fits {fits}")
    }

    fn apply(&mut self, k: usize, change: &Change, with_lease: bool) {
        let row = &mut self.rows[k];
        row.past.push(row.now.clone());
        row.now.state = change.state.clone();
        if let Some(plan) = change.state.plan() {
            row.now.title = Some(plan.title.clone());
        }
        row.now.revision += 1;
        (row.now.attempts, row.now.due_at, row.now.updated_at) = (change.attempts, change.due_at, change.now);
        row.nudged_at = None;
        row.lines += usize::from(change.event.is_some());
        if !(change.keep_lease && with_lease) {
            row.lease = None;
        }
        match change.slot {
            Slot::Release => (row.now.has_slot, row.release_at) = (false, None),
            Slot::ReleaseAt(at) if row.now.has_slot => row.release_at = Some(at),
            Slot::Keep | Slot::ReleaseAt(_) => {}
        }
    }

    fn slots_of(&self, person: PersonId) -> usize {
        self.rows.iter().filter(|row| row.now.has_slot && row.now.person == person).count()
    }

    /// The line by its definition, as positions.
    fn line(&self, asking: Option<usize>) -> Vec<usize> {
        let taken: Vec<_> =
            self.rows.iter().filter(|row| row.now.has_slot).map(|row| &row.now.order.project).collect();
        let waits = |k: &usize| {
            let import = &self.rows[*k].now;
            import.state.phase() == Phase::Queued
                && import.due_at.is_some()
                && (import.state.condition() == &Condition::None || Some(*k) == asking)
                && !taken.contains(&&import.order.project)
        };
        let mut line = Vec::new();
        let mut before = std::collections::HashMap::new();
        for k in (0..self.rows.len()).filter(waits) {
            let person = self.rows[k].now.person;
            let nth: &mut usize = before.entry(person).or_default();
            let served = self.served.iter().find(|(who, _)| *who == person).map(|(_, at)| *at);
            line.push((self.slots_of(person) + *nth, *nth > 0, served, k));
            *nth += 1;
        }
        line.sort_unstable();
        let mut projects = Vec::new();
        line.retain(|(.., k)| {
            let project = &self.rows[*k].now.order.project;
            let first = !projects.contains(&project);
            projects.push(project);
            first
        });
        let free = (OUTSTANDING as usize).saturating_sub(taken.len());
        line.into_iter().map(|(.., k)| k).take(free).collect()
    }

    fn is_next(&self, k: usize) -> bool {
        let import = &self.rows[k].now;
        if import.has_slot || import.state.phase() == Phase::Queued {
            return import.has_slot || self.line(Some(k)).contains(&k);
        }
        let mut taken = self.rows.iter().filter(|row| row.now.has_slot);
        taken.clone().count() < OUTSTANDING as usize
            && taken.all(|row| row.now.order.project != import.order.project)
    }

    async fn take_slot(&mut self, k: usize) -> String {
        let (import, store) = (self.rows[k].now.clone(), &self.bench.store);
        assert_eq!(store.is_next(&import, OUTSTANDING).await.unwrap(), self.is_next(k), "is {k} next?");
        let Ok(state) = import.state.after(Event::Planned(plan())) else {
            return format!("{k} needs no slot");
        };
        let lease = match self.rows[k].lease {
            Some((lease, _)) if self.rng.gen_bool(0.9) => lease,
            _ => self.rows[k].leases[0],
        };
        let mut change = on(&import, Event::Planned(plan()), self.clock);
        change.state = state;
        let answer = store.take_slot(&import, lease, change.clone(), OUTSTANDING).await.unwrap();
        if self.rows[k].lease.is_none_or(|(held, _)| held != lease) {
            assert_eq!(answer, SlotAnswer::Conflict);
        } else if self.is_next(k) {
            self.apply(k, &change, true);
            let row = &mut self.rows[k];
            if !row.now.has_slot {
                self.served.retain(|(who, _)| *who != row.now.person);
                self.served.push((row.now.person, self.clock));
            }
            (row.now.has_slot, row.release_at) = (true, None);
            assert_eq!(answer, SlotAnswer::Taken(Box::new(row.now.clone())));
        } else {
            assert_eq!(answer, SlotAnswer::Wait);
        }
        format!("take the slot of {k}: {answer:?}")
    }

    async fn release_due(&mut self) -> String {
        let renkus = self.bench.store.release_due_slots(self.clock).await.unwrap();
        let clock = self.clock;
        let due = self.rows.iter_mut().filter(|row| row.release_at.is_some_and(|at| at <= clock));
        let released = due.map(|row| (row.now.has_slot, row.release_at) = (false, None)).count();
        assert_eq!(renkus.len(), released.min(1));
        format!("release {released}")
    }

    async fn overdue(&mut self) -> String {
        let ago = |seconds| self.clock.minus(Duration::from_secs(seconds));
        let (due_before, nudged_before, clock) = (ago(5), ago(10), self.clock);
        let found = self.bench.store.overdue(due_before, nudged_before, clock, 100).await.unwrap();
        let mut want = Vec::new();
        for row in &mut self.rows {
            let waits = row.now.due_at.is_some_and(|due| due < due_before)
                && row.nudged_at.is_none_or(|at| at < nudged_before)
                && row.lease.is_none_or(|(_, until)| until <= clock);
            if waits {
                row.nudged_at = Some(clock);
                want.push(row.now.clone());
            }
        }
        want.sort_by_key(|import| (import.due_at, import.id));
        assert_eq!(found, want);
        format!("{} overdue", found.len())
    }

    async fn wake(&mut self, k: usize) -> String {
        let (person, clock) = (self.rows[k].now.person, self.clock);
        let woken = self.bench.store.wake(person, clock).await.unwrap();
        let mut want = Vec::new();
        for k in 0..self.rows.len() {
            let import = self.rows[k].now.clone();
            let waits = matches!(import.state.condition(), Condition::SignIn { at: SignInAt::Connector, .. });
            if import.person == person && waits {
                self.apply(k, &on(&import, Event::Waits(Condition::None), clock), false);
                want.push(self.rows[k].now.clone());
            }
        }
        assert_eq!(woken, want);
        format!("{} woken", woken.len())
    }

    async fn next_in_line(&mut self) -> String {
        let found = self
            .bench
            .store
            .next_in_line(&"main".parse().unwrap(), RenkuApi::Core, OUTSTANDING)
            .await
            .unwrap();
        let line = self.line(None);
        let idle = line.iter().filter(|k| self.rows[**k].lease.is_none());
        let want: Vec<_> = idle.map(|k| self.rows[*k].now.clone()).collect();
        assert_eq!(found, want);
        format!("line {line:?}")
    }

    async fn compare(&self, what: &str) {
        for (k, row) in self.rows.iter().enumerate() {
            assert_eq!(self.bench.read(&row.now).await, row.now, "import {k} after {what}");
        }
        let taken = self.rows.iter().filter(|row| row.now.has_slot).count();
        assert!(taken <= OUTSTANDING as usize, "{what}");
    }

    async fn end(&mut self) {
        for row in &self.rows {
            let lines = self.bench.store.timeline(row.now.id, 0, 1_000).await.unwrap();
            assert_eq!(lines.len(), row.lines);
            let mut change = super::bench::again(&row.now, None, self.clock);
            change.slot = Slot::Release;
            self.bench.change(&row.now, change).await;
        }
        assert_eq!(self.bench.store.due(None, 10).await.unwrap(), []);
    }
}

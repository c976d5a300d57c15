//! One step of one import: take the lease, do the one thing that is next, store what came of it, nudge what follows.
//!
//! What each action does is in `plan`, `submit`, `follow` and `verify`; here is what all have in common.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::Engine;
use super::breakpoints::Point;
use crate::domain::ids::{ImportId, LeaseId};
use crate::domain::import::step::{Action, next_action};
use crate::domain::import::verdict::{Verdict, on_fault};
use crate::domain::import::{Condition, End, Event, Import, Phase, Stage, State};
use crate::domain::ports::queue::{Message, Subject, When};
use crate::domain::ports::store::{Change, Changed, Lease, Slot, StoreError};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use crate::domain::time::Timestamp;

/// How a delivery is to be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is dealt with.
    Ack,
    /// It goes back unchanged.
    HandBack,
}

/// What an action came to.
pub(super) enum Done {
    /// A verdict, to be stored with this slot.
    Verdict(Verdict, Slot),
    /// What is to be stored, made by the action itself.
    Change(Box<Change>),
    /// The action stored it itself; here is the row.
    Stored(Box<Import>),
    /// Somebody else changed the row meanwhile; theirs holds.
    Overtaken,
}

/// A message for an import that the store does not know is kept for so long: the store may be restored a moment later.
const UNKNOWN_PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    /// Runs the step that a message asks for. Safe to be called twice, late, or for what is no longer so.
    ///
    /// # Errors
    /// When the store cannot be asked; the message must be handed back.
    pub async fn run_step(&self, message: &Message) -> Result<Settlement, StoreError> {
        let now = self.clock.now();
        let Subject::Import(id) = message.subject else {
            tracing::error!(subject = %message.subject, "a message that is about no import came to imports and is dropped");
            return Ok(Settlement::Ack);
        };
        if message.parked {
            return self.send_parked_on(id).await;
        }
        match self.store.lease(id, message.revision, now, now.plus(self.settings.lease)).await? {
            Lease::Stale | Lease::Busy => Ok(Settlement::Ack),
            Lease::NotDue(at) => self.wait_on(message, at.since(now)).await,
            Lease::Unknown if now.since(message.made_at) < UNKNOWN_PATIENCE => {
                self.wait_on(message, Duration::from_secs(5)).await
            }
            Lease::Unknown => {
                tracing::error!(import.id = %id, "a message speaks of an import that the store does not have");
                let problem = Problem::new(ProblemCode::ImportUnknown);
                Ok(if self.queue.park(message, &problem).await.is_ok() {
                    Settlement::Ack
                } else {
                    Settlement::HandBack
                })
            }
            Lease::Taken(import, lease) => {
                let late = import.due_at.map_or(Duration::ZERO, |due| now.since(due));
                let phase = import.state.phase().as_str();
                metrics::histogram!("dataverse_renku_step_lateness_seconds", "phase" => phase)
                    .record(late.as_secs_f64());
                self.work(*import, lease).await
            }
        }
    }

    async fn wait_on(&self, message: &Message, delay: Duration) -> Result<Settlement, StoreError> {
        let taken = self.queue.publish(message, When::Poll(delay)).await.is_ok();
        Ok(if taken { Settlement::Ack } else { Settlement::HandBack })
    }

    async fn send_parked_on(&self, id: ImportId) -> Result<Settlement, StoreError> {
        if let Some(import) = self.store.import(id).await?
            && import.state.phase() == Phase::Parked
        {
            tracing::info!(import.id = %import.id, "a parked import was moved back by hand and goes on");
            if let Err(fault) = self.retry(import.id).await {
                log_fault(&import, &fault);
                // Somebody else sent it on at the same time, or it is tried again.
                return Ok(if fault.class == Class::User { Settlement::Ack } else { Settlement::HandBack });
            }
        }
        Ok(Settlement::Ack)
    }

    async fn work(&self, import: Import, lease: LeaseId) -> Result<Settlement, StoreError> {
        let (began_in, began) = (import.state.phase(), Instant::now());
        let action = next_action(&import, self.clock.now());
        let bounded = tokio::time::timeout(self.settings.step, self.tried(&import, lease, action));
        // A panic is a fault of ours in this one step: counted, retried within the budget, never the end of the worker.
        let outcome = match AssertUnwindSafe(bounded).catch_unwind().await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_elapsed)) => Err(internal("the step took too long")),
            Err(_panic) => Err(internal("the step panicked")),
        };
        metrics::histogram!("dataverse_renku_step_seconds", "phase" => began_in.as_str(), "verdict" => verdict_of(&outcome))
            .record(began.elapsed().as_secs_f64());
        let now = self.clock.now();
        // What an action began and stored itself (`begun`) is on a newer row than the one it started from.
        let import = match &outcome {
            Err(StepFault { on: Some(newer), .. }) => (**newer).clone(),
            _ => import,
        };
        let change = match outcome {
            Ok(Done::Change(change)) => *change,
            Ok(Done::Stored(after)) => return Ok(self.follow_up(began_in, &after, false).await),
            Ok(Done::Overtaken) => return Ok(Settlement::Ack),
            Ok(Done::Verdict(verdict, slot)) => self.change_for(&import, verdict, slot, now),
            Err(StepFault { fault, slot, .. }) => {
                log_fault(&import, &fault);
                let (verdict, slot) =
                    if let State::Ended { end: End::Cancelled { left: Some(left) } } = &import.state {
                        self.left_behind(left, now)
                    } else {
                        let (patience, chance) = (&self.settings.patience, self.chance.share());
                        (on_fault(&fault, import.attempts, now, import.give_up_at, patience, chance), slot)
                    };
                self.change_for(&import, verdict, slot, now)
            }
        };
        let released = matches!(change.slot, Slot::Release);
        match self.commit(&import, Some(lease), change).await? {
            Changed::Done(after) => Ok(self.follow_up(began_in, &after, released && import.has_slot).await),
            Changed::Conflict => {
                tracing::info!(import.id = %import.id, "somebody else changed the import during the step; theirs holds");
                Ok(Settlement::Ack)
            }
        }
    }

    async fn tried(&self, import: &Import, lease: LeaseId, action: Action) -> Result<Done, StepFault> {
        match self.act(import, lease, action).await {
            Err(at) => Err(StepFault { fault: self.looked_into(import, at.fault).await, ..at }),
            done => done,
        }
    }

    /// Where Renku refuses a token that Keycloak had vouched for, Keycloak is asked once more: a sign-in that ended meanwhile is told
    /// as that. If it lives, nobody needs to sign in: the token may have ended on its way, and what stays refused uses up the budget.
    async fn looked_into(&self, import: &Import, fault: Fault) -> Fault {
        let refused =
            matches!(fault.problem.code, ProblemCode::TokenExpired | ProblemCode::TokenRefusedByRenku);
        if !refused || fault.class != Class::SignIn(SignInAt::Connector) {
            return fault;
        }
        match self.token(import).await {
            Ok(_) => Fault { class: Class::Retryable { after: None }, ..fault },
            Err(ended) => ended,
        }
    }

    async fn act(&self, import: &Import, lease: LeaseId, action: Action) -> Result<Done, StepFault> {
        match action {
            Action::Plan => self.plan(import, lease).await,
            Action::Submit => self.submit(import, lease).await,
            Action::LookForSubmitted { begun } => {
                self.look_for_submitted(import, begun).await.map_err(StepFault::from)
            }
            Action::Follow { job } => self.follow(import, &job).await.map_err(StepFault::from),
            Action::Verify => self.verify(import, lease).await.map_err(StepFault::from),
            Action::GiveUp => {
                let words = import.state.problem().map(ToString::to_string).unwrap_or_default();
                let problem = Problem::new(ProblemCode::GivenUp).saying(words);
                Ok(Done::Verdict(Verdict::Park { problem }, Slot::Keep))
            }
            Action::Nothing => Ok(Done::Verdict(Verdict::Again { at: import.give_up_at }, Slot::Release)),
        }
    }

    /// Stores a change and tries again for a while when the database is away: what was just done elsewhere must not be forgotten.
    pub(super) async fn commit(
        &self,
        import: &Import,
        lease: Option<LeaseId>,
        change: Change,
    ) -> Result<Changed, StoreError> {
        let mut pause = Duration::from_millis(100);
        for _ in 0..6 {
            match self.store.change(import, lease, change.clone()).await {
                Err(StoreError::Unavailable(error)) => {
                    tracing::warn!(import.id = %import.id, error = %error, "the database is away; the result is stored in a moment");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                settled => return settled,
            }
        }
        self.store.change(import, lease, change).await
    }

    /// The row after this verdict.
    pub(super) fn change_for(&self, import: &Import, verdict: Verdict, slot: Slot, now: Timestamp) -> Change {
        let same = import.attempts;
        // In an outage of Renku nobody gets on, so that it keeps its place; whatever else it waits for, others go first.
        let outage =
            matches!(&verdict, Verdict::Retry { condition: Condition::RetryAt { .. }, burns: false, .. });
        let (event, due_at, attempts, slot) = match verdict {
            Verdict::Further { event, next } => {
                // Only what Renku did proves that it got further; else a refused submit would never use up its budget.
                let further = matches!(event, Event::Submitted(_) | Event::SeenAtWork(_) | Event::Landed(_));
                (Some(event), next, if further { 0 } else { same }, slot)
            }
            Verdict::Again { at } => {
                let waited = !matches!(import.state.condition(), Condition::None);
                (waited.then_some(Event::Waits(Condition::None)), Some(at), same, slot)
            }
            Verdict::Retry { condition, at, burns } => {
                (Some(Event::Waits(condition)), Some(at), same + u32::from(burns), slot)
            }
            Verdict::SignIn { condition, look_at } => {
                (Some(Event::Waits(condition)), Some(look_at), same, slot)
            }
            Verdict::Park { problem } => {
                (Some(Event::Parked(problem)), None, same, self.slot_at_end(import, slot, now))
            }
            Verdict::Fail { problem } => {
                (Some(Event::Failed(problem)), None, same, self.slot_at_end(import, slot, now))
            }
        };
        let name = event.as_ref().map(Event::as_str);
        let (state, slot, due_at) = settle(import, event, slot, due_at, !outage);
        let is_repeat = name == Some("waits") && waits_for_the_same(&state, &import.state);
        let problem = state.problem().cloned();
        Change {
            state,
            due_at,
            attempts,
            slot,
            keep_lease: false,
            event: name.filter(|_| !is_repeat),
            problem,
            now,
        }
    }

    /// At its end an import gives its slot back, but not while Renku may still be at work on the project.
    fn slot_at_end(&self, import: &Import, slot: Slot, now: Timestamp) -> Slot {
        let running = matches!(&import.state, State::Open { stage, .. } if stage.may_run_at_renku());
        match slot {
            Slot::Keep if running => Slot::ReleaseAt(now.plus(self.longest_at_renku())),
            Slot::Keep => Slot::Release,
            Slot::Release | Slot::ReleaseAt(_) => slot,
        }
    }

    /// After this no job of ours can still be alive at Renku.
    pub(super) fn longest_at_renku(&self) -> Duration {
        let jobs = &self.settings.jobs;
        jobs.unclear + jobs.waiting + jobs.at_work
    }

    /// After the commit: nudges the next step, and those whose turn has come. Returns how to settle the delivery.
    async fn follow_up(&self, began_in: Phase, after: &Import, slot_released: bool) -> Settlement {
        self.breakpoints.reached(began_in, Point::AfterCommit).await;
        if let State::Ended { end } = &after.state {
            self.tell_end(after, end).await;
        }
        self.nudge(after).await;
        if matches!(after.state.condition(), Condition::SignIn { at: SignInAt::Connector, .. }) {
            self.wake_if_signed_in(after).await;
        }
        if slot_released {
            self.nudge_next_in_line(&after.order.renku, after.order.api).await;
        }
        self.breakpoints.reached(began_in, Point::AfterPublish).await;
        Settlement::Ack
    }

    /// A sign-in that came between the failed step and the stored condition has woken nothing: it is looked for once more.
    async fn wake_if_signed_in(&self, import: &Import) {
        if self.tokens.access_token(import.person).await.is_err() {
            return;
        }
        match self.store.wake(import.person, self.clock.now()).await {
            Ok(woken) => {
                for import in &woken {
                    self.nudge(import).await;
                }
            }
            Err(error) => {
                tracing::warn!(import.id = %import.id, error = %error, "cannot be woken now; it looks by itself");
            }
        }
    }

    /// What a cancelled import may have left at Renku is watched until it is over, at the latest until no job can be alive any more.
    pub(super) fn left_behind(&self, left: &Stage, now: Timestamp) -> (Verdict, Slot) {
        let since = match left {
            Stage::Submitting { begun, .. } => begun.unwrap_or(now),
            Stage::Running { job, .. } => job.accepted_at,
            Stage::Queued { .. } | Stage::Verifying { .. } => Timestamp::default(),
        };
        let over = since.plus(self.longest_at_renku());
        if now >= over {
            (Verdict::Further { event: Event::LeftIsOver, next: None }, Slot::Release)
        } else {
            (
                Verdict::Again { at: now.plus(self.settings.jobs.poll_later.saturating_mul(4)).min(over) },
                Slot::Keep,
            )
        }
    }

    async fn tell_end(&self, import: &Import, end: &End) {
        let phase = import.state.phase();
        let problem = import.state.problem().map_or("none", |problem| problem.code.as_str());
        metrics::counter!("dataverse_renku_imports_ended_total", "phase" => phase.as_str(), "problem" => problem)
            .increment(1);
        match end {
            End::Parked { problem, .. } => {
                tracing::error!(import.id = %import.id, problem.code = %problem.code, problem.words = problem.words, "the import is parked");
                if let Err(error) = self.queue.park(&Message::about(import, self.clock.now()), problem).await
                {
                    tracing::warn!(import.id = %import.id, error = %error, "the parked import cannot be shown in the broker's dashboard");
                }
            }
            End::Failed { problem, .. } => {
                tracing::warn!(import.id = %import.id, problem.code = %problem.code, problem.words = problem.words, "the import failed");
            }
            End::Succeeded { result, .. } => {
                tracing::info!(import.id = %import.id, outcome = result.outcome.as_str(), files = result.found, "the import arrived");
            }
            End::Cancelled { .. } | End::Superseded { .. } => {
                tracing::info!(import.id = %import.id, phase = %phase, "the import ended");
            }
        }
    }
}

/// What a step came to, in a word for metrics.
const fn verdict_of(outcome: &Result<Done, StepFault>) -> &'static str {
    match outcome {
        Ok(Done::Overtaken) => "overtaken",
        Ok(Done::Change(_) | Done::Stored(_)) => "further",
        Ok(Done::Verdict(verdict, _)) => match verdict {
            Verdict::Further { .. } => "further",
            Verdict::Again { .. } => "again",
            Verdict::Retry { .. } => "retry",
            Verdict::SignIn { .. } => "sign-in",
            Verdict::Park { .. } => "parked",
            Verdict::Fail { .. } => "failed",
        },
        Err(StepFault { fault, .. }) => match fault.class {
            Class::Outage { .. } => "outage",
            Class::Retryable { .. } => "retryable",
            Class::NotYet => "not-yet",
            Class::SignIn(_) => "sign-in",
            Class::User => "user",
            Class::Permanent => "permanent",
        },
    }
}

/// Applies the event; where an import has to wait before anything reached Renku it gives its slot back and plans anew.
fn settle(
    import: &Import,
    event: Option<Event>,
    slot: Slot,
    due_at: Option<Timestamp>,
    stands_back: bool,
) -> (State, Slot, Option<Timestamp>) {
    let Some(event) = event else { return (import.state.clone(), slot, due_at) };
    let waits = matches!(&event, Event::Waits(condition) if !matches!(condition, Condition::None));
    let before_renku =
        matches!(&import.state, State::Open { stage: Stage::Submitting { begun: None, .. }, .. });
    let (state, slot) = if waits && before_renku && stands_back {
        (import.state.after(Event::StoodBack).unwrap_or_else(|_| import.state.clone()), Slot::Release)
    } else {
        (import.state.clone(), slot)
    };
    match state.after(event) {
        Ok(next) => (next, slot, due_at),
        Err(illegal) => {
            // What was called off meanwhile takes no events of its former life; it only looks again.
            tracing::debug!(import.id = %import.id, %illegal, "nothing to record");
            (import.state.clone(), slot, due_at.or(import.due_at))
        }
    }
}

/// One line in the timeline is enough for an outage that lasts for hours.
fn waits_for_the_same(one: &State, other: &State) -> bool {
    one.phase() == other.phase()
        && one.condition().as_str() == other.condition().as_str()
        && one.problem() == other.problem()
}

/// A fault in a step, with what must become of the slot and the row that it happened on.
pub(super) struct StepFault {
    pub(super) fault: Fault,
    pub(super) slot: Slot,
    pub(super) on: Option<Box<Import>>,
}

impl From<Fault> for StepFault {
    fn from(fault: Fault) -> Self {
        Self { fault, slot: Slot::Keep, on: None }
    }
}

impl From<StoreError> for StepFault {
    fn from(error: StoreError) -> Self {
        store_fault(error).into()
    }
}

/// A store that is away is an outage of ours: it burns no attempt.
pub(super) fn store_fault(error: StoreError) -> Fault {
    let class = match &error {
        StoreError::Unavailable(_) => Class::Outage { after: None },
        StoreError::Unreadable(_) => Class::Permanent,
    };
    Fault::new(class, Problem::new(ProblemCode::StoreUnavailable)).caused_by(error)
}

fn internal(words: &str) -> StepFault {
    Fault::new(Class::Retryable { after: None }, Problem::new(ProblemCode::Internal).saying(words)).into()
}

fn log_fault(import: &Import, fault: &Fault) {
    let source = fault.source.as_ref().map(ToString::to_string);
    let id = import.id;
    let (code, words) = (fault.problem.code, fault.problem.words.as_deref());
    match fault.class {
        Class::Permanent => {
            tracing::error!(import.id = %id, problem.code = %code, problem.words = words, source, "a step failed for good");
        }
        Class::User => {
            tracing::info!(import.id = %id, problem.code = %code, problem.words = words, source, "a step was refused");
        }
        Class::Outage { .. } | Class::Retryable { .. } | Class::NotYet | Class::SignIn(_) => {
            tracing::warn!(import.id = %id, problem.code = %code, problem.words = words, source, "a step failed and comes back");
        }
    }
}

//! What a person may do with an import: call it off, send it on, or have it tried now.

use super::Engine;
use super::breaker::Upstream;
use crate::domain::ids::ImportId;
use crate::domain::import::{Condition, End, Event, Import, Phase, State};
use crate::domain::ports::store::{Change, Changed, Created, NewImport, Slot, StoreError};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};

/// So often a change is tried against somebody else's.
const TRIES: u32 = 5;

impl Engine {
    /// Calls an import off. What may already run at Renku cannot be stopped there; it is watched until it is over.
    ///
    /// # Errors
    /// `import-unknown`, `not-possible-now` for what has ended, or a fault of the store.
    pub async fn cancel(&self, id: ImportId) -> Result<Import, Fault> {
        self.change_by_hand(id, |import| {
            let state = import.state.after(Event::Cancelled).map_err(|_ended| not_possible(import))?;
            let left = matches!(&state, State::Ended { end: End::Cancelled { left: Some(_) } });
            let (due, slot) = if left { (true, Slot::Keep) } else { (false, Slot::Release) };
            Ok((state, due, slot, "cancelled"))
        })
        .await
    }

    /// Sends a parked import on, has a waiting one tried now, or starts a failed or cancelled one anew.
    ///
    /// # Errors
    /// `import-unknown`, `not-possible-now` for what succeeded or is at work, or a fault of the store.
    pub async fn retry(&self, id: ImportId) -> Result<Import, Fault> {
        let import = self.store.import(id).await.map_err(super::run_step::store_fault)?;
        let import = import.ok_or_else(|| Fault::user(ProblemCode::ImportUnknown))?;
        let given_up = import.state.problem().is_some_and(|problem| problem.code == ProblemCode::GivenUp);
        match import.state.phase() {
            // Its time is over: sent on it would be parked again at once.
            Phase::Parked if given_up => self.start_anew(&import).await,
            Phase::Parked => self.send_on(&import).await.map_err(super::run_step::store_fault),
            Phase::Failed | Phase::Cancelled | Phase::Superseded => self.start_anew(&import).await,
            Phase::Succeeded => Err(not_possible(&import)),
            Phase::Queued | Phase::Submitting | Phase::Running | Phase::Verifying => {
                self.change_by_hand(id, |import| {
                    if matches!(import.state.condition(), Condition::None) {
                        return Err(not_possible(import));
                    }
                    let state = import
                        .state
                        .after(Event::Waits(Condition::None))
                        .map_err(|_ended| not_possible(import))?;
                    Ok((state, true, Slot::Keep, Event::RETRIED))
                })
                .await
            }
        }
    }

    /// Takes the link out of the project again, where the import left one. Done twice it is as if done once.
    ///
    /// # Errors
    /// `import-unknown`; `not-possible-now` for what has no link to take away; a sign-in that is needed; a fault of Renku.
    pub async fn undo(&self, id: ImportId) -> Result<Import, Fault> {
        let import = self.store.import(id).await.map_err(super::run_step::store_fault)?;
        let import = import.ok_or_else(|| Fault::user(ProblemCode::ImportUnknown))?;
        let State::Ended { end: End::Succeeded { plan, result } } = &import.state else {
            return Err(not_possible(&import));
        };
        let Some(linked) = &result.linked else {
            let words = "Renku has a copy of the files; take it away in Renku";
            return Err(Fault::user(ProblemCode::NotPossibleNow).saying(words));
        };
        if linked.undone_at.is_some() {
            return Ok(import);
        }
        let order = &import.order;
        let linking = self.renku(order)?.linking().ok_or_else(|| not_possible(&import))?;
        let token = self.token(&import).await?;
        self.guarded(Upstream::of_renku(order), linking.unlink(&token, &order.project, plan)).await?;
        let now = self.clock.now();
        self.change_by_hand(id, |import| {
            let state = import.state.after(Event::Undone(now)).map_err(|_illegal| not_possible(import))?;
            Ok((state, false, Slot::Keep, "undone"))
        })
        .await
    }

    /// Ends an import that a newer one makes unnecessary, if nothing of it may be at Renku yet. Returns whether it did.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub(crate) async fn supersede(&self, id: ImportId, by: ImportId) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let Some(import) = self.store.import(id).await? else { return Ok(false) };
            let Ok(state) = import.state.after(Event::Superseded(by)) else { return Ok(false) };
            let change = Change {
                state,
                due_at: None,
                attempts: import.attempts,
                slot: Slot::Release,
                keep_lease: false,
                event: Some("superseded"),
                problem: None,
                now: self.clock.now(),
            };
            if let Changed::Done(_) = self.store.change(&import, None, change).await? {
                metrics::counter!("dataverse_renku_imports_ended_total", "phase" => Phase::Superseded.as_str()).increment(1);
                if import.has_slot {
                    self.nudge_next_in_line(&import.order.renku, import.order.api).await;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets a parked import go on where it stood, with a new budget.
    pub(super) async fn send_on(&self, import: &Import) -> Result<Import, StoreError> {
        let Ok(state) = import.state.after(Event::SentOn) else { return Ok(import.clone()) };
        let now = self.clock.now();
        let change = Change {
            state,
            due_at: Some(now),
            attempts: 0,
            slot: Slot::Keep,
            keep_lease: false,
            event: Some("sent_on"),
            problem: None,
            now,
        };
        match self.store.change(import, None, change).await? {
            Changed::Done(import) => {
                self.nudge(&import).await;
                Ok(*import)
            }
            // Somebody else sent it on at the same time.
            Changed::Conflict => Ok(import.clone()),
        }
    }

    async fn start_anew(&self, import: &Import) -> Result<Import, Fault> {
        let now = self.clock.now();
        let new = NewImport {
            id: ImportId::new(now),
            person: import.person,
            order: import.order.clone(),
            title: import.title.clone(),
            now,
            give_up_at: now.plus(self.settings.give_up_after),
            // Asked for twice, it is started once.
            idempotency_key: Some(format!("again-{}", import.id)),
        };
        let created = self.store.create_instead_of(import.id, new).await;
        match created.map_err(super::run_step::store_fault)? {
            Created::New(import) => {
                self.nudge(&import).await;
                Ok(import)
            }
            Created::Existing(import) => Ok(import),
            Created::KeyReused => Err(not_possible(import)),
        }
    }

    async fn change_by_hand(
        &self,
        id: ImportId,
        decide: impl Fn(&Import) -> Result<(State, bool, Slot, &'static str), Fault>,
    ) -> Result<Import, Fault> {
        for _ in 0..TRIES {
            let import = self.store.import(id).await.map_err(super::run_step::store_fault)?;
            let import = import.ok_or_else(|| Fault::user(ProblemCode::ImportUnknown))?;
            let (state, due, slot, event) = decide(&import)?;
            let now = self.clock.now();
            let change = Change {
                state,
                due_at: due.then_some(now),
                attempts: import.attempts,
                slot,
                keep_lease: false,
                event: Some(event),
                problem: None,
                now,
            };
            let changed =
                self.store.change(&import, None, change).await.map_err(super::run_step::store_fault)?;
            if let Changed::Done(after) = changed {
                self.nudge(&after).await;
                if import.has_slot && matches!(slot, Slot::Release) {
                    self.nudge_next_in_line(&after.order.renku, after.order.api).await;
                }
                return Ok(*after);
            }
        }
        Err(Fault::new(
            Class::Retryable { after: None },
            Problem::new(ProblemCode::NotPossibleNow).saying("it changes too quickly"),
        ))
    }
}

fn not_possible(import: &Import) -> Fault {
    Fault::new(
        Class::User,
        Problem::new(ProblemCode::NotPossibleNow).saying(format!("it is {}", import.state.phase())),
    )
}

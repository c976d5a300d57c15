//! The actions that hand a dataset to Renku: the call itself, and the look for what an unclear call left behind.
//!
//! That a call was begun is stored before it is made, so that a death in between ends in a look and not in a second call.

use std::time::Duration;

use super::Engine;
use super::breaker::Upstream;
use super::breakpoints::Point;
use super::run_step::{Done, StepFault};
use crate::domain::ids::LeaseId;
use crate::domain::import::verdict::Verdict;
use crate::domain::import::{Condition, End, Event, Import, Phase, Plan, RemoteJob, Stage, State};
use crate::domain::ports::renku::{AccessToken, SubmitFailure};
use crate::domain::ports::store::{Change, Changed, Slot};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::time::Timestamp;

impl Engine {
    /// The person's token, behind Keycloak's circuit.
    pub(super) async fn token(&self, import: &Import) -> Result<AccessToken, Fault> {
        self.guarded(Upstream::Keycloak(import.order.renku.clone()), self.tokens.access_token(import.person))
            .await
    }

    pub(super) async fn submit(&self, import: &Import, lease: LeaseId) -> Result<Done, StepFault> {
        let order = &import.order;
        let renku = self.renku(order)?;
        let upstream = Upstream::of_renku(order);
        let Some(plan) = import.state.plan().cloned() else { return Ok(Done::Overtaken) };
        if !import.has_slot {
            // It was parked meanwhile and sent on: it takes its turn again.
            let again = Verdict::Further { event: Event::StoodBack, next: Some(self.clock.now()) };
            return Ok(Done::Verdict(again, Slot::Keep));
        }
        let token = self.token(import).await?;
        match self.guarded(upstream.clone(), renku.check_project(&token, &order.project)).await {
            Err(fault) if fault.problem.code == ProblemCode::ProjectNeedsMigration && order.migrate => {
                tracing::info!(import.id = %import.id, "migrating the project, as the person agreed");
                self.guarded(upstream.clone(), renku.migrate(&token, &order.project)).await?;
            }
            checked => checked?,
        }

        let now = self.clock.now();
        let Some(begun) = self.begin(import, lease, now).await? else { return Ok(Done::Overtaken) };
        self.breakpoints.reached(Phase::Submitting, Point::BeforeEffect).await;
        self.breakers.admit(&upstream, now).map_err(|fault| left_nothing(&begun, fault))?;
        let answer = renku.submit(&token, &order.project, &plan).await;
        self.breakpoints.reached(Phase::Submitting, Point::AfterEffect).await;
        let now = self.clock.now();
        match answer {
            Ok(job) => {
                self.breakers.report(&upstream, false, now);
                tracing::info!(import.id = %import.id, remote.job_id = %job.id, "Renku accepted the import");
                let change = self.submitted(&begun, job, now);
                match self.commit(&begun, Some(lease), change).await? {
                    Changed::Done(after) => Ok(Done::Stored(after)),
                    Changed::Conflict => Ok(Done::Overtaken),
                }
            }
            Err(SubmitFailure::NotAccepted(fault)) => {
                let fault = no_longer_new(fault, &plan, now);
                self.breakers.report(&upstream, matches!(fault.class, Class::Outage { .. }), now);
                Err(left_nothing(&begun, fault))
            }
            Err(SubmitFailure::Unclear(fault)) => {
                self.breakers.report(&upstream, true, now);
                // Whatever the fault's class: nothing is decided before it was looked for.
                let at = now.plus(self.settings.jobs.poll_later);
                let fault = Fault { class: Class::Outage { after: Some(at.since(now)) }, ..fault };
                Err(StepFault { fault, slot: Slot::Keep, on: Some(Box::new(begun)) })
            }
        }
    }

    /// Stores that the call is begun; `None` when somebody else changed the import.
    async fn begin(
        &self,
        import: &Import,
        lease: LeaseId,
        now: Timestamp,
    ) -> Result<Option<Import>, StepFault> {
        let state = import.state.after(Event::Begun(now)).map_err(|illegal| {
            Fault::new(Class::Permanent, Problem::new(ProblemCode::Internal)).caused_by(illegal)
        })?;
        let change = Change {
            state,
            due_at: Some(now),
            attempts: import.attempts,
            slot: Slot::ReleaseAt(now.plus(self.longest_at_renku())),
            keep_lease: true,
            event: Some("begun"),
            problem: None,
            now,
        };
        Ok(match self.store.change(import, Some(lease), change).await? {
            Changed::Done(begun) => Some(*begun),
            Changed::Conflict => None,
        })
    }

    fn submitted(&self, import: &Import, job: RemoteJob, now: Timestamp) -> Change {
        let next = now.plus(self.settings.jobs.poll_first);
        let slot = Slot::ReleaseAt(now.plus(self.longest_at_renku()));
        self.change_for(
            import,
            Verdict::Further { event: Event::Submitted(job), next: Some(next) },
            slot,
            now,
        )
    }

    pub(super) async fn look_for_submitted(&self, import: &Import, begun: Timestamp) -> Result<Done, Fault> {
        let order = &import.order;
        let Some(plan) = import.state.plan() else { return Ok(Done::Overtaken) };
        let can = self.renku(order)?.capabilities();
        let job = self.left_job(import, plan, begun).await?;
        let now = self.clock.now();
        let cancelled = match &import.state {
            State::Ended { end: End::Cancelled { left: Some(left) } } => Some(left),
            State::Open { .. } | State::Ended { .. } => None,
        };
        let verdict = match (job, cancelled) {
            (Some(job), None) => {
                tracing::info!(import.id = %import.id, remote.job_id = %job.id, "an unclear call had reached Renku");
                return Ok(Done::Verdict(
                    Verdict::Further {
                        event: Event::Submitted(job),
                        next: Some(now.plus(self.settings.jobs.poll_first)),
                    },
                    Slot::ReleaseAt(now.plus(self.longest_at_renku())),
                ));
            }
            (Some(job), Some(_)) => Verdict::Further {
                event: Event::LeftJob(job),
                next: Some(now.plus(self.settings.jobs.poll_later)),
            },
            (None, None) if can.repeatable || now.since(begun) >= self.settings.jobs.unclear => {
                tracing::info!(import.id = %import.id, renku = %order.renku, "an unclear call left nothing at Renku and is repeated");
                return Ok(self.call_again(import, now));
            }
            (None, Some(_)) if can.repeatable || now.since(begun) >= self.settings.jobs.unclear => {
                return Ok(Done::Verdict(
                    Verdict::Further { event: Event::LeftIsOver, next: None },
                    Slot::Release,
                ));
            }
            (None, None) => {
                let at = now.plus(self.settings.jobs.poll_later);
                let problem =
                    import.state.problem().cloned().unwrap_or(Problem::new(ProblemCode::RenkuUnreachable));
                Verdict::Retry { condition: Condition::RetryAt { at, problem }, at, burns: false }
            }
            (None, Some(left)) => {
                let (verdict, slot) = self.left_behind(left, now);
                return Ok(Done::Verdict(verdict, slot));
            }
        };
        Ok(Done::Verdict(verdict, Slot::Keep))
    }

    /// Each unclear call that left nothing burns an attempt.
    fn call_again(&self, import: &Import, now: Timestamp) -> Done {
        let problem = import.state.problem().cloned().unwrap_or(Problem::new(ProblemCode::RenkuUnreachable));
        let attempts = import.attempts + 1;
        let again = import
            .state
            .after(Event::LeftNothing)
            .ok()
            .filter(|_| attempts < self.settings.patience.retry.attempts);
        let Some(state) = again else { return Done::Verdict(Verdict::Park { problem }, Slot::Release) };
        Done::Change(Box::new(Change {
            state,
            due_at: Some(now),
            attempts,
            slot: Slot::Keep,
            keep_lease: false,
            event: Some("left_nothing"),
            problem: None,
            now,
        }))
    }

    /// The job that an unclear call left behind: one on this project since then which none of our imports has. Where a call may be
    /// repeated, several imports of one dataset into one project share what is there.
    async fn left_job(
        &self,
        import: &Import,
        plan: &Plan,
        begun: Timestamp,
    ) -> Result<Option<RemoteJob>, Fault> {
        let order = &import.order;
        let token = self.token(import).await?;
        let renku = self.renku(order)?;
        let upstream = Upstream::of_renku(order);
        let found =
            self.guarded(upstream, renku.submitted_since(&token, &order.project, plan, begun)).await?;
        if renku.capabilities().repeatable {
            return Ok(found.into_iter().next());
        }
        let ids: Vec<_> = found.iter().map(|job| job.id.clone()).collect();
        let known = self.store.known_jobs(&order.renku, &ids).await.map_err(super::run_step::store_fault)?;
        Ok(found.into_iter().find(|job| !known.contains(&job.id)))
    }
}

/// A dataset that was published so long ago is not one whose DOI is just being registered.
const NEW_FOR: Duration = Duration::from_hours(24);

/// What a new dataset does not show yet, an old one never will.
fn no_longer_new(fault: Fault, plan: &Plan, now: Timestamp) -> Fault {
    let old = plan.last_update.is_some_and(|updated| now.since(updated) >= NEW_FOR);
    if old && fault.class == Class::NotYet { Fault { class: Class::User, ..fault } } else { fault }
}

/// The call surely left nothing at Renku: the next try is a call again, and not a look.
fn left_nothing(begun: &Import, fault: Fault) -> StepFault {
    let mut import = begun.clone();
    if let State::Open { stage: Stage::Submitting { begun, .. }, .. } = &mut import.state {
        *begun = None;
    }
    // What comes of the slot follows from the fault; Renku may not be at work for it any more.
    StepFault { fault, slot: Slot::Keep, on: Some(Box::new(import)) }
}

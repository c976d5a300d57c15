//! The action that asks Renku how a job is doing, and decides what a failed or endless job means.
//!
//! While a job may be alive nothing but the job itself is asked for: any other call of the same person on the same
//! project can reset the clone under it (renku-python: `gateways/repository_cache.py`).

use std::time::Duration;

use super::Engine;
use super::breaker::Upstream;
use super::breakpoints::Point;
use super::crowd::interval;
use super::run_step::Done;
use crate::domain::dataset::WhichVersion;
use crate::domain::import::verdict::Verdict;
use crate::domain::import::{Condition, End, Event, Import, Landed, Order, RemoteJob, Stage, State};
use crate::domain::ports::dataverse::FileAnswer;
use crate::domain::ports::renku::{JobStatus, Remedy};
use crate::domain::ports::store::{Change, Slot};
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::domain::time::Timestamp;

impl Engine {
    pub(super) async fn follow(&self, import: &Import, job: &RemoteJob) -> Result<Done, Fault> {
        let order = &import.order;
        let token = self.token(import).await?;
        let renku = self.renku(order)?;
        let phase = import.state.phase();
        self.breakpoints.reached(phase, Point::BeforeEffect).await;
        let status = self.guarded(Upstream::of_renku(order), renku.follow(&token, job)).await?;
        self.breakpoints.reached(phase, Point::AfterEffect).await;
        let now = self.clock.now();
        if let State::Ended { end: End::Cancelled { left: Some(left) } } = &import.state {
            return Ok(self.follow_cancelled(left, &status, now));
        }
        match status {
            JobStatus::Landed(landed) => Ok(Done::Verdict(
                Verdict::Further { event: Event::Landed(landed), next: Some(now) },
                Slot::Keep,
            )),
            JobStatus::Failed { problem, remedy } => {
                self.after_failed_job(import, problem, remedy, now).await
            }
            JobStatus::AtWork if job.working_since.is_none() => {
                let next = Some(self.next_look(order, job, now));
                Ok(Done::Verdict(Verdict::Further { event: Event::SeenAtWork(now), next }, Slot::Keep))
            }
            JobStatus::AtWork | JobStatus::Waiting | JobStatus::NoAnswer => match self.overdue(job, now) {
                None => Ok(Done::Verdict(Verdict::Again { at: self.next_look(order, job, now) }, Slot::Keep)),
                Some(problem) => self.after_endless_job(import, problem).await,
            },
        }
    }

    fn follow_cancelled(&self, left: &Stage, status: &JobStatus, now: Timestamp) -> Done {
        let (verdict, slot) = match status {
            JobStatus::Landed(_) => {
                (Verdict::Further { event: Event::LeftIsOver, next: None }, Slot::Release)
            }
            JobStatus::Failed { .. } => {
                let settled = Slot::ReleaseAt(now.plus(self.settings.jobs.settle));
                (Verdict::Further { event: Event::LeftIsOver, next: None }, settled)
            }
            JobStatus::AtWork | JobStatus::Waiting | JobStatus::NoAnswer => self.left_behind(left, now),
        };
        Done::Verdict(verdict, slot)
    }

    fn next_look(&self, order: &Order, job: &RemoteJob, now: Timestamp) -> Timestamp {
        let jobs = &self.settings.jobs;
        let interval = interval(jobs, now.since(job.accepted_at), self.crowds.at(&order.renku, order.api));
        if interval <= jobs.poll_first {
            now.plus(interval)
        } else {
            // Spread, so that thousands of jobs accepted together are not asked for together for ever.
            now.plus(interval.mul_f64(0.9 + 0.2 * self.chance.share()))
        }
    }

    /// Renku drops what waited for 30 minutes and ends what ran for 30 without saying so (renku-python: `controllers/datasets_import.py`).
    fn overdue(&self, job: &RemoteJob, now: Timestamp) -> Option<ProblemCode> {
        let (since, limit, code) = match job.working_since {
            None => (job.accepted_at, self.settings.jobs.waiting, ProblemCode::RenkuJobLost),
            Some(since) => (since, self.settings.jobs.at_work, ProblemCode::RenkuJobStuck),
        };
        (now.since(since) >= limit).then_some(code)
    }

    /// Only now, when the job cannot be alive any more, the project itself may be looked into.
    async fn after_endless_job(&self, import: &Import, code: ProblemCode) -> Result<Done, Fault> {
        let order = &import.order;
        let Some(plan) = import.state.plan() else { return Ok(Done::Overtaken) };
        let token = self.token(import).await?;
        let renku = self.renku(order)?;
        let arrived = self
            .guarded(Upstream::of_renku(order), renku.arrived(&token, &order.project, plan, None))
            .await?;
        let now = self.clock.now();
        if arrived.is_some() {
            tracing::info!(import.id = %import.id, "the job never ended, and its dataset is in the project");
            let landed = Landed { branch: None, aside: false };
            return Ok(Done::Verdict(
                Verdict::Further { event: Event::Landed(landed), next: Some(now) },
                Slot::Keep,
            ));
        }
        Ok(Done::Verdict(Verdict::Fail { problem: Problem::new(code) }, Slot::Release))
    }

    async fn after_failed_job(
        &self,
        import: &Import,
        problem: Problem,
        remedy: Remedy,
        now: Timestamp,
    ) -> Result<Done, Fault> {
        let settled = Slot::ReleaseAt(now.plus(self.settings.jobs.settle));
        let fail = |problem| Ok(Done::Verdict(Verdict::Fail { problem }, settled));
        match remedy {
            Remedy::None => fail(problem),
            Remedy::OnceLater => Ok(self.once_later(import, problem, now, settled)),
            Remedy::AskDataverse { file } => match self.why_not_downloadable(import, file, &problem).await {
                Some(known) => fail(known),
                None => Ok(self.once_later(import, problem, now, settled)),
            },
        }
    }

    /// What Dataverse says about a file that Renku could not download; `None` when it can be downloaded now or nothing is known.
    async fn why_not_downloadable(
        &self,
        import: &Import,
        file: Option<i64>,
        said: &Problem,
    ) -> Option<Problem> {
        let order = &import.order;
        let dataverse = self.dataverse(&order.installation).ok()?;
        let upstream = Upstream::Dataverse(order.installation.clone());
        let with_words = |code| Problem { code, ..said.clone() };
        let version = self
            .guarded(upstream.clone(), dataverse.version(&order.pid, WhichVersion::LatestPublished))
            .await;
        match version {
            Ok(version) if version.closed_files().next().is_some() => {
                return Some(with_words(ProblemCode::DatasetHasClosedFiles));
            }
            Ok(_) => {}
            Err(fault) => {
                tracing::info!(import.id = %import.id, problem.code = %fault.problem.code, "Dataverse does not say why");
            }
        }
        match self.guarded(upstream, dataverse.file(file?)).await {
            Ok(FileAnswer::Closed) => Some(with_words(ProblemCode::DatasetHasClosedFiles)),
            Ok(FileAnswer::Guestbook) => Some(with_words(ProblemCode::DatasetHasGuestbook)),
            Ok(FileAnswer::Missing) => Some(with_words(ProblemCode::FileNotDownloadable)),
            Ok(FileAnswer::Fetchable) | Err(_) => None,
        }
    }

    /// One further try, later than Renku keeps the clone that the failed job left dirty.
    fn once_later(&self, import: &Import, problem: Problem, now: Timestamp, slot: Slot) -> Done {
        let once = matches!(&import.state, State::Open { stage: Stage::Running { redone: false, .. }, .. });
        if !once {
            return Done::Verdict(Verdict::Fail { problem }, slot);
        }
        let at =
            now.plus(self.settings.jobs.dirty_clone.max(self.settings.jobs.settle + Duration::from_secs(1)));
        let condition = Condition::RetryAt { at, problem: problem.clone() };
        let again =
            import.state.after(Event::TriesAgain).and_then(|state| state.after(Event::Waits(condition)));
        match again {
            Ok(state) => Done::Change(Box::new(Change {
                state,
                due_at: Some(at),
                attempts: import.attempts,
                slot,
                keep_lease: false,
                event: Some("tries_again"),
                problem: Some(problem),
                now,
            })),
            Err(_already_tried) => Done::Verdict(Verdict::Fail { problem }, slot),
        }
    }
}

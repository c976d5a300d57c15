//! Settling ledgers: what became of each import that a subscription started, and what its owner is told.
//!
//! Looked for in the store and not reported by the imports, so that a death in between loses nothing.

use super::Publications;
use super::serving::told_to_owner;
use crate::domain::import::{Condition, End, State};
use crate::domain::ports::mail::MailKind;
use crate::domain::ports::publications::DatasetRef;
use crate::domain::ports::store::StoreError;
use crate::domain::ports::subscriptions::{Settling, Unsettled};
use crate::domain::problem::ProblemCode;
use crate::domain::subscription::{LedgerOutcome, pauses};
use crate::domain::time::Timestamp;

impl Publications {
    /// Settles what has ended, and tells owners whose import waits for them.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn settle_ended(&self) -> Result<(), StoreError> {
        loop {
            let lines = self.subscriptions.unsettled(self.settings.batch).await?;
            for line in &lines {
                let Some(mut settling) = settling(line, self.now()) else { continue };
                let told = |problem| told_to_owner(line, problem);
                settling.problem = settling.problem.map(told);
                settling.pauses = settling.pauses.map(told);
                let (outcome, problem) = (settling.outcome, settling.problem.clone());
                if !self.subscriptions.settle(line, settling).await? {
                    continue;
                }
                metrics::counter!("dataverse_renku_subscribed_versions_total", "outcome" => outcome.as_str())
                    .increment(1);
                if problem.is_some_and(|problem| problem.code == ProblemCode::VersionNotLatest) {
                    // A newer one is out, whether it was announced or not.
                    let subscription = &line.subscription;
                    let (installation, pid) = (subscription.installation.clone(), subscription.pid.clone());
                    self.look_now(DatasetRef { installation, pid }).await?;
                }
            }
            if lines.len() < self.settings.batch as usize {
                break;
            }
        }
        for line in self.subscriptions.untold(self.settings.batch).await? {
            let (kind, problem) = match (&line.import.state, line.import.state.condition()) {
                (State::Ended { end: End::Parked { problem, .. } }, _) => (MailKind::Failed, problem.clone()),
                (_, Condition::SignIn { problem, .. }) => (MailKind::SignIn, problem.clone()),
                _ => continue,
            };
            let problem = told_to_owner(&line, problem);
            self.subscriptions.tell(&line, kind, Some(problem), self.now()).await?;
        }
        Ok(())
    }
}

/// How a line is settled; `None` while its import has not ended.
fn settling(line: &Unsettled, now: Timestamp) -> Option<Settling> {
    let State::Ended { end } = &line.import.state else { return None };
    let plain = |outcome, mail| Settling { outcome, brought: None, problem: None, pauses: None, mail, now };
    Some(match end {
        // Asked for without a version, it took the one that was out when its turn came.
        End::Succeeded { plan, .. } if plan.version_id > line.entry.version_id => Settling {
            brought: Some(plan.clone()),
            ..plain(LedgerOutcome::Superseded, Some(MailKind::Arrived))
        },
        End::Succeeded { .. } => plain(LedgerOutcome::Arrived, Some(MailKind::Arrived)),
        End::Superseded { .. } => plain(LedgerOutcome::Superseded, None),
        End::Cancelled { .. } => plain(LedgerOutcome::Cancelled, None),
        End::Failed { problem, .. } if problem.code == ProblemCode::VersionNotLatest => {
            Settling { problem: Some(problem.clone()), ..plain(LedgerOutcome::Superseded, None) }
        }
        End::Failed { problem, .. } => {
            let stops = pauses(problem.code);
            Settling {
                problem: Some(problem.clone()),
                pauses: stops.then(|| problem.clone()),
                // A pause is told in a mail of its own.
                ..plain(LedgerOutcome::Failed, (!stops).then_some(MailKind::Failed))
            }
        }
        End::Parked { .. } => return None,
    })
}

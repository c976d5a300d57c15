//! Resuming a workflow that waits for us: one delivery, one question to Dataverse, one change.
//!
//! What an answer means is the domain's; here it is asked, stored and told.

use super::Publications;
use crate::domain::ids::InvocationId;
use crate::domain::ports::queue::{Message, When};
use crate::domain::ports::store::StoreError;
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::publication::{Invocation, InvocationChange, InvocationState, ResumeAction, ResumeAnswer};
use crate::imports::run_step::Settlement;

impl Publications {
    /// Does what is next about an invocation. Safe to be called twice, late, or for what is no longer so.
    ///
    /// # Errors
    /// When the store cannot be asked; the message must be handed back.
    pub async fn resume(&self, id: InvocationId, message: &Message) -> Result<Settlement, StoreError> {
        let Some(invocation) = self.rows.invocation(id).await? else {
            tracing::error!(row.id = %id, "a message speaks of an invocation that the store does not have");
            return Ok(Settlement::Ack);
        };
        let now = self.now();
        match invocation.due_at {
            Some(due) if invocation.revision == message.revision && due > now => {
                let taken = self.engine.queue.publish(message, When::Retry(due.since(now))).await.is_ok();
                Ok(if taken { Settlement::Ack } else { Settlement::HandBack })
            }
            Some(_) if invocation.revision == message.revision => {
                self.advance(invocation).await?;
                Ok(Settlement::Ack)
            }
            Some(_) | None => Ok(Settlement::Ack),
        }
    }

    /// Asks Dataverse what is next to be asked, and stores what came of it.
    pub(super) async fn advance(&self, invocation: Invocation) -> Result<(), StoreError> {
        let patience = &self.settings.resume;
        match invocation.action(self.now(), patience) {
            ResumeAction::Nothing => Ok(()),
            ResumeAction::GiveUp => {
                let change = invocation.given_up();
                self.keep(&invocation, change).await
            }
            ResumeAction::LookAtLock => {
                let locked = match self.engine.dataverse(&invocation.installation) {
                    Ok(dataverse) => {
                        dataverse.is_locked_by_workflow(&invocation.pid, invocation.dataset_id).await
                    }
                    Err(unknown) => Err(unknown),
                };
                if let Err(fault) = &locked {
                    tracing::warn!(invocation.id = %invocation.name, problem = %fault.problem, "cannot see whether the dataset is still locked");
                }
                let spread = self.engine.chance.share();
                let change = invocation.looked(locked.ok(), self.now(), patience, spread);
                self.keep(&invocation, change).await
            }
            ResumeAction::Send => {
                self.engine.breakpoints.passes("resume.before-begin").await;
                // The compare-and-set lets one worker through, and leaves a trace if that one dies.
                let begins = invocation.begins(self.now(), patience);
                let begun = self.rows.change_invocation(&invocation, begins, self.now()).await?;
                let Some(begun) = begun else { return Ok(()) };
                self.engine.breakpoints.passes("resume.after-begin").await;
                let answer = match self.engine.dataverse(&begun.installation) {
                    Ok(dataverse) => {
                        let sent = dataverse.resume(&begun.name);
                        // Shorter than the time after which another worker takes it for cut off.
                        match tokio::time::timeout(patience.request.mul_f64(0.8), sent).await {
                            Ok(answer) => answer,
                            Err(_elapsed) => ResumeAnswer::Unclear(
                                Problem::new(ProblemCode::DataverseUnreachable).saying("no answer in time"),
                            ),
                        }
                    }
                    Err(unknown) => ResumeAnswer::Refused(unknown.problem),
                };
                self.engine.breakpoints.passes("resume.after-send").await;
                let spread = self.engine.chance.share();
                let change = begun.answered(answer, self.now(), patience, spread);
                self.keep(&begun, change).await
            }
        }
    }

    async fn keep(&self, before: &Invocation, change: InvocationChange) -> Result<(), StoreError> {
        let Some(after) = self.rows.change_invocation(before, change, self.now()).await? else {
            tracing::info!(invocation.id = %before.name, "somebody else changed the invocation meanwhile; theirs holds");
            return Ok(());
        };
        self.engine.breakpoints.passes("resume.after-commit").await;
        tell(before, &after);
        self.nudge_invocation(&after).await;
        Ok(())
    }
}

/// The invocation's name is always in the log: with it an administrator can unlock the dataset by hand.
fn tell(before: &Invocation, after: &Invocation) {
    let (id, installation, dataset) = (&after.name, &after.installation, &after.pid);
    let problem = after.problem.as_ref().map(ToString::to_string);
    let attempts = after.attempts;
    match after.state {
        InvocationState::Resumed => {
            let waited = after.ended_at.unwrap_or(after.received_at).since(after.received_at);
            metrics::counter!("dataverse_renku_workflows_resumed_total", "installation" => installation.to_string())
                .increment(1);
            metrics::histogram!("dataverse_renku_workflow_resume_seconds").record(waited.as_secs_f64());
            tracing::info!(invocation.id = %id, %installation, %dataset, attempts, elapsed_ms = waited.as_millis(), "the workflow goes on and the dataset is free");
        }
        InvocationState::GivenUp => {
            metrics::counter!("dataverse_renku_workflows_given_up_total", "installation" => installation.to_string())
                .increment(1);
            tracing::error!(
                invocation.id = %id, %installation, %dataset, attempts, problem,
                "the workflow was not resumed and is given up; the dataset may stay locked until somebody runs, on Dataverse's machine: \
                 curl -X POST -H 'Content-Type: text/plain' -d OK http://localhost:8080/api/workflows/{id}"
            );
        }
        InvocationState::Refused if before.problem != after.problem => {
            tracing::error!(invocation.id = %id, %installation, %dataset, attempts, problem, "Dataverse does not let us resume its workflow; the dataset stays locked until it does");
        }
        InvocationState::Waiting | InvocationState::Resuming | InvocationState::Refused => {
            tracing::info!(invocation.id = %id, %installation, %dataset, attempts, state = after.state.as_str(), problem, "the workflow is resumed later");
        }
    }
}

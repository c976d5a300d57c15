//! What goes round: nudges again what was due and not worked on, settles ledgers, and lets go on who has signed in.
//!
//! It makes good for every lost message, wiped broker and dead worker.

use super::Publications;
use crate::domain::ports::publications::{DatasetRef, NewPublication};
use crate::domain::ports::queue::{Message, When};
use crate::domain::ports::store::StoreError;
use crate::domain::publication::Source;

impl Publications {
    /// One round.
    ///
    /// # Errors
    /// When the store cannot be asked; the next round will.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        self.sweep_invocations().await?;
        let (now, grace, batch) = (self.now(), self.settings.sweep_grace, self.settings.batch);
        let before = now.minus(grace);
        for publication in self.rows.overdue_publications(before, before, now, batch).await? {
            tracing::info!(publication.id = %publication.id, "was due and is nudged again");
            self.nudge_publication(&publication).await;
        }
        self.settle_ended().await?;
        for woken in self.subscriptions.wake_signed_in(now).await? {
            tracing::info!(subscription.id = %woken.id, "who serves it has signed in and it goes on");
            self.look_now(DatasetRef { installation: woken.installation, pid: woken.pid }).await?;
        }
        self.tell_numbers().await
    }

    /// Those that the broker does not take are worked on here and now: a dataset stays locked no longer because our broker is away.
    async fn sweep_invocations(&self) -> Result<(), StoreError> {
        let (now, grace, batch) = (self.now(), self.settings.sweep_grace, self.settings.batch);
        let before = now.minus(grace);
        for invocation in self.rows.overdue_invocations(before, before, now, batch).await? {
            tracing::info!(invocation.id = %invocation.name, "was due and is nudged again");
            if !self.nudge_invocation(&invocation).await {
                self.advance(invocation).await?;
            }
        }
        Ok(())
    }

    /// Has a dataset looked at as if it had just been published.
    pub(super) async fn look_now(&self, dataset: DatasetRef) -> Result<(), StoreError> {
        let new = NewPublication {
            dataset,
            dataset_id: None,
            announced: None,
            source: Source::Subscription,
            invocation: None,
            now: self.now(),
        };
        self.notice(new).await.map(drop)
    }

    /// Puts everything that is due some time on the queue; for a queue that forgets with the process.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn nudge_everything(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.rows.open_invocations(after, self.settings.batch).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for invocation in &page {
                self.nudge_invocation(invocation).await;
            }
        }
        let mut after = None;
        loop {
            let page = self.rows.open_publications(after, self.settings.batch).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for publication in &page {
                self.nudge_publication(publication).await;
            }
        }
    }

    /// Puts a message that came too early back for the rest of its time.
    pub(super) async fn comes_later(&self, message: &Message, when: When) -> bool {
        self.engine.queue.publish(message, when).await.is_ok()
    }

    async fn tell_numbers(&self) -> Result<(), StoreError> {
        let now = self.now();
        let counts = self.rows.publication_counts(now).await?;
        let age = |since: Option<crate::domain::time::Timestamp>| {
            since.map_or(0.0, |since| now.since(since).as_secs_f64())
        };
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and these numbers are small")]
        let number = |count: i64| count as f64;
        metrics::gauge!("dataverse_renku_publications_open").set(number(counts.open));
        metrics::gauge!("dataverse_renku_publications_oldest_open_seconds").set(age(counts.oldest_open));
        metrics::gauge!("dataverse_renku_workflows_given_up").set(number(counts.given_up));
        metrics::gauge!("dataverse_renku_catch_up_lag_seconds")
            .set(counts.catch_up_lag.unwrap_or_default().as_secs_f64());
        for installation in self.engine.installations().keys() {
            let locked = counts.waiting.iter().filter(|(name, _, _)| name == installation);
            let locked: i64 = locked.map(|(_, _, number)| number).sum();
            let oldest = counts.oldest_waiting.iter().find(|(name, _)| name == installation);
            let label = installation.to_string();
            metrics::gauge!("dataverse_renku_datasets_locked_by_us", "installation" => label.clone())
                .set(number(locked));
            metrics::gauge!("dataverse_renku_dataset_locked_by_us_oldest_seconds", "installation" => label)
                .set(age(oldest.map(|(_, since)| *since)));
        }
        Ok(())
    }
}

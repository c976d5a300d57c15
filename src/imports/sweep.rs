//! The sweeper: nudges again what was due and not worked on, and gives back slots whose time is over.
//!
//! It makes good for every lost message, wiped broker and dead worker.

use super::Engine;
use crate::domain::ports::store::StoreError;

impl Engine {
    /// One round. Returns how many imports were nudged again.
    ///
    /// # Errors
    /// When the store cannot be asked; the next round will.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        for (renku, api) in self.store.release_due_slots(now).await? {
            self.nudge_next_in_line(&renku, api).await;
        }
        let grace = self.settings.sweep_grace;
        let overdue =
            self.store.overdue(now.minus(grace), now.minus(grace), now, self.settings.sweep_batch).await?;
        for import in &overdue {
            tracing::info!(import.id = %import.id, phase = %import.state.phase(), "was due and is nudged again");
            self.nudge(import).await;
        }
        if !overdue.is_empty() {
            metrics::counter!("dataverse_renku_imports_nudged_again_total").increment(overdue.len() as u64);
        }
        Ok(overdue.len())
    }

    /// Puts everything that is due some time on the queue; for a queue that forgets with the process.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn nudge_everything(&self) -> Result<usize, StoreError> {
        let mut nudged = 0;
        let mut after = None;
        loop {
            let page = self.store.due(after, self.settings.sweep_batch).await?;
            let Some(last) = page.last() else { return Ok(nudged) };
            after = Some(last.id);
            nudged += page.len();
            for import in &page {
                self.nudge(import).await;
            }
        }
    }
}

//! The worker pool: takes deliveries off the queue, runs one step for each in a bounded slot, settles them; and the sweeper's clock.
//!
//! What a step does is the use case's (`imports::run_step`); what a broker does is the adapter's.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::domain::ids::InstallationName;
use crate::domain::ports::queue::{Delivery, Lane, Message, Queue, Subject};
use crate::domain::ports::store::StoreError;
use crate::imports::Engine;
use crate::imports::run_step::Settlement;
use crate::publications::Publications;

/// How much a worker does at once.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Imports that are being handed to Renku at once; each may take a minute.
    pub submit_slots: usize,
    /// Imports that are being looked at at once.
    pub follow_slots: usize,
    /// Publications that are being handed on at once.
    pub fan_out_slots: usize,
    /// Workflows that are being resumed at once.
    pub resume_slots: usize,
    /// How often the sweeper goes round.
    pub sweep_every: Duration,
}

impl Settings {
    const fn slots(&self, lane: Lane) -> usize {
        match lane {
            Lane::ImportsToSubmit => self.submit_slots,
            Lane::ImportsAtRenku => self.follow_slots,
            Lane::PublicationsToFanOut => self.fan_out_slots,
            Lane::WorkflowsToResume => self.resume_slots,
        }
    }
}

/// A slot in use, counted for as long as it lives, so that a panic cannot leak it.
struct InUse(metrics::Gauge);

impl InUse {
    fn of(lane: Lane) -> Self {
        let gauge = metrics::gauge!("dataverse_renku_worker_slots_in_use", "lane" => lane.as_str());
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// The pool of one process.
#[derive(Clone)]
pub struct Pool {
    engine: Engine,
    publications: Publications,
    queue: Arc<dyn Queue>,
    settings: Settings,
    steps: TaskTracker,
}

impl Pool {
    /// A pool that is not running yet.
    pub fn new(
        engine: Engine,
        publications: Publications,
        queue: Arc<dyn Queue>,
        settings: Settings,
    ) -> Self {
        Self { engine, publications, queue, settings, steps: TaskTracker::new() }
    }

    /// Consumes one lane until `stop`, then lets what is in hand go on; see [`Pool::drain`].
    pub async fn consume(self, lane: Lane, stop: CancellationToken) {
        let places = self.settings.slots(lane).max(1);
        let slots = Arc::new(Semaphore::new(places));
        metrics::gauge!("dataverse_renku_worker_slots", "lane" => lane.as_str())
            .set(f64::from(u32::try_from(places).unwrap_or(u32::MAX)));
        loop {
            // The slot first: what is not worked on at once stays with the queue, for others.
            let slot = tokio::select! {
                () = stop.cancelled() => return,
                slot = Arc::clone(&slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { return };
            let delivery = tokio::select! {
                () = stop.cancelled() => return,
                delivery = self.queue.next(lane) => delivery,
            };
            let Some(delivery) = delivery else { return };
            let pool = self.clone();
            self.steps.spawn(async move {
                let in_use = InUse::of(lane);
                pool.deal_with(delivery).await;
                drop((in_use, slot));
            });
        }
    }

    /// Runs the step that a delivery asks for, and settles it.
    async fn deal_with(&self, delivery: Delivery) {
        let Delivery { message, again, settle } = delivery;
        let span = tracing::info_span!(
            "step",
            subject = %message.subject,
            lane = message.lane.as_str(),
            attempt = message.story.attempt,
            again
        );
        async {
            let settled = match self.step(&message).await {
                Ok(Settlement::Ack) => settle.ack().await.map(|_known| ()),
                Ok(Settlement::HandBack) => settle.hand_back().await,
                Err(error) => {
                    tracing::warn!(error = %error, "the step cannot be run now and its message goes back");
                    // Else a database that is away would be asked as fast as the broker delivers.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    settle.hand_back().await
                }
            };
            if let Err(error) = settled {
                tracing::warn!(error = %error, "the broker was not told; it will deliver again, and the store knows better");
            }
        }
        .instrument(span)
        .await;
    }

    async fn step(&self, message: &Message) -> Result<Settlement, StoreError> {
        match message.subject {
            Subject::Import(_) => self.engine.run_step(message).await,
            Subject::Publication(id) => self.publications.fan_out(id, message).await,
            Subject::Invocation(id) => self.publications.resume(id, message).await,
        }
    }

    /// The sweeper of publications, workflows and ledgers: at once and then every `sweep_every`, until `stop`.
    pub async fn sweep_publications(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.publications.sweep().await {
                tracing::warn!(error = %error, "the sweeper of publications cannot see the database; it goes round again");
            }
            if self.waits(&stop).await {
                return;
            }
        }
    }

    /// Sends what is in the outbox, until `stop`.
    pub async fn send_mails(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.publications.send_mails().await {
                tracing::warn!(error = %error, "mails cannot be read from the database; they are sent later");
            }
            if self.waits(&stop).await {
                return;
            }
        }
    }

    /// Looks at subscribed datasets of one installation when they are due, until `stop`.
    pub async fn catch_up(self, installation: InstallationName, stop: CancellationToken) {
        loop {
            let round = self.publications.catch_up(&installation);
            tokio::select! {
                // A look that is cut off is due again after its lease.
                () = stop.cancelled() => return,
                looked = round => if let Err(error) = looked {
                    tracing::warn!(error = %error, "the catch-up cannot see the database; it goes round again");
                },
            }
            if self.waits(&stop).await {
                return;
            }
        }
    }

    /// Waits for the next round; whether it is the end instead.
    async fn waits(&self, stop: &CancellationToken) -> bool {
        tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(self.settings.sweep_every) => false,
        }
    }

    /// The sweeper: at once and then every `sweep_every`, until `stop`.
    pub async fn sweep(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.engine.sweep().await {
                tracing::warn!(error = %error, "the sweeper cannot see the database; it goes round again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.settings.sweep_every) => {}
            }
        }
    }

    /// Takes nothing new off the queue and waits until every step in hand is settled.
    pub async fn drain(&self) {
        self.queue.stop_consuming().await;
        self.steps.close();
        self.steps.wait().await;
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("settings", &self.settings)
            .field("steps", &self.steps.len())
            .finish_non_exhaustive()
    }
}

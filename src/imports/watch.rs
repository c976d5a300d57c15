//! Watches imports for whoever shows them live: one question to the store each second for all of them together, whatever process
//! made the change.
//!
//! It only says that there is something new. What is new is read from the timeline, so nothing gets lost and nothing piles up here.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::Engine;
use crate::domain::ids::ImportId;
use crate::domain::ports::store::{ImportStore, StoreError};

/// The imports that somebody looks at.
pub struct Watch {
    store: Arc<dyn ImportStore>,
    every: Duration,
    watched: Mutex<HashMap<ImportId, watch::Sender<i64>>>,
    somebody: Notify,
}

/// A look at one import; dropping it ends the look.
#[derive(Debug)]
pub struct Watching {
    news: watch::Receiver<i64>,
}

impl Watching {
    /// Waits until the timeline may have a line that was not there before this look began, or since the last news.
    ///
    /// Cancel safe.
    pub async fn news(&mut self) {
        if self.news.changed().await.is_err() {
            // Nobody watches any more; whoever waits ends with the process.
            std::future::pending::<()>().await;
        }
    }
}

impl Watch {
    /// Asks the store so often, as long as somebody looks at something.
    pub fn new(engine: &Engine, every: Duration) -> Self {
        Self { store: Arc::clone(&engine.store), every, watched: Mutex::default(), somebody: Notify::new() }
    }

    /// Begins to look at an import. A line that is committed after this call is told; those before are there to be read.
    pub fn look_at(&self, import: ImportId) -> Watching {
        let mut watched = self.watched();
        let news = watched.entry(import).or_insert_with(|| watch::Sender::new(0)).subscribe();
        drop(watched);
        self.somebody.notify_one();
        Watching { news }
    }

    /// How many imports are looked at.
    pub fn len(&self) -> usize {
        let mut watched = self.watched();
        watched.retain(|_, news| news.receiver_count() > 0);
        watched.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Watches until `stop`.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut failing = false;
        let watching = async {
            loop {
                if self.is_empty() {
                    self.somebody.notified().await;
                }
                match self.ask().await {
                    Ok(()) => failing = false,
                    Err(error) if failing => tracing::debug!(error = %error, "still no news of imports"),
                    Err(error) => {
                        failing = true;
                        tracing::warn!(error = %error, "imports that are shown live show no news until the store can be read again");
                    }
                }
                tokio::time::sleep(self.every).await;
            }
        };
        tokio::select! {
            () = watching => {}
            () = stop.cancelled() => {}
        }
    }

    async fn ask(&self) -> Result<(), StoreError> {
        let seen: Vec<_> = self.watched().iter().map(|(import, news)| (*import, *news.borrow())).collect();
        for (import, last) in self.store.news(&seen).await? {
            if let Some(news) = self.watched().get(&import) {
                news.send_replace(last);
            }
        }
        Ok(())
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<ImportId, watch::Sender<i64>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("every", &self.every).finish_non_exhaustive()
    }
}

//! Gauges of what the store and the queue say, read now and then by every process. The engine spaces its looks at Renku by the same counts.
//!
//! What is counted as it happens is counted where it happens; `docs/OPERATIONS.md` lists every metric.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use tokio_util::sync::CancellationToken;

use super::Parts;
use crate::domain::ports::Clock as _;
use crate::domain::ports::queue::Queue;
use crate::domain::ports::store::{ImportCounts, ImportStore};
use crate::lifecycle::SystemClock;

/// How often: as often as Prometheus usually asks.
const EVERY: Duration = Duration::from_secs(15);

/// Labels of gauges that were set once and would keep their value when there is nothing left to count.
#[derive(Default)]
struct Known {
    states: BTreeSet<(String, String)>,
    renkus: BTreeSet<(String, String)>,
}

/// Keeps the gauges until `stop`.
pub(super) fn keep(parts: &Parts, stop: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
    let (store, queue, engine) = (Arc::clone(&parts.store), Arc::clone(&parts.queue), parts.engine.clone());
    async move {
        let mut known = Known::default();
        loop {
            if let Some(counts) = read(&*store, &*queue, &mut known).await {
                engine.crowds.count(&counts.slots);
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }
}

async fn read(store: &dyn ImportStore, queue: &dyn Queue, known: &mut Known) -> Option<ImportCounts> {
    gauge!("dataverse_renku_queue_ready").set(truth(queue.ready().await.is_ok()));
    let counts = store.counts().await;
    gauge!("dataverse_renku_store_ready").set(truth(counts.is_ok()));
    match counts {
        Ok(counts) => {
            tell(&counts, known);
            Some(counts)
        }
        Err(error) => {
            tracing::debug!(error = %error, "the store does not count for the gauges");
            None
        }
    }
}

fn tell(counts: &ImportCounts, known: &mut Known) {
    let mut gone = std::mem::take(&mut known.states);
    for (phase, condition, count) in &counts.by_state {
        set_imports(phase, condition, *count);
        gone.remove(&(phase.clone(), condition.clone()));
        known.states.insert((phase.clone(), condition.clone()));
    }
    for (phase, condition) in gone {
        set_imports(&phase, &condition, 0);
        known.states.insert((phase, condition));
    }
    let mut empty = std::mem::take(&mut known.renkus);
    for (renku, api, count) in &counts.slots {
        set_slots(renku, api, *count);
        empty.remove(&(renku.clone(), api.clone()));
        known.renkus.insert((renku.clone(), api.clone()));
    }
    for (renku, api) in empty {
        set_slots(&renku, &api, 0);
        known.renkus.insert((renku, api));
    }
    let age = counts.oldest_open.map_or(Duration::ZERO, |oldest| SystemClock.now().since(oldest));
    gauge!("dataverse_renku_oldest_open_import_seconds").set(age.as_secs_f64());
}

fn set_imports(phase: &str, condition: &str, count: i64) {
    gauge!("dataverse_renku_imports", "phase" => phase.to_owned(), "condition" => condition.to_owned())
        .set(number(count));
}

fn set_slots(renku: &str, api: &str, count: i64) {
    gauge!("dataverse_renku_renku_slots_taken", "renku" => renku.to_owned(), "api" => api.to_owned())
        .set(number(count));
}

fn number(count: i64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

const fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;

    #[test]
    fn what_is_gone_is_counted_as_none() {
        let metrics = Metrics::start().unwrap();
        let mut known = Known::default();
        let some = ImportCounts {
            by_state: vec![("queued".to_owned(), "gauges_test".to_owned(), 3)],
            slots: vec![("gauges-test".to_owned(), "core".to_owned(), 2)],
            oldest_open: Some(SystemClock.now().minus(Duration::from_secs(90))),
        };
        let (imports, slots) = (
            "dataverse_renku_imports{phase=\"queued\",condition=\"gauges_test\"}",
            "dataverse_renku_renku_slots_taken{renku=\"gauges-test\",api=\"core\"}",
        );
        for (counts, numbers) in [(&some, (3, 2)), (&ImportCounts::default(), (0, 0)), (&some, (3, 2))] {
            tell(counts, &mut known);
            let text = metrics.render();
            assert!(text.contains(&format!("{imports} {}", numbers.0)), "{text}");
            assert!(text.contains(&format!("{slots} {}", numbers.1)), "{text}");
        }
        assert!(metrics.render().contains("dataverse_renku_oldest_open_import_seconds 9"));
    }
}

//! The life of the process: who hears signals, who owns tasks, when it ends and with which code; and the system's clock and chance.
//!
//! What is opened and closed in which order is `app`'s.

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use rand::rngs::OsRng;
use rand::{Rng as _, RngCore as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::ports::{Chance, Clock};
use crate::domain::time::Timestamp;

/// How long tasks have after the hard cancel to be dropped.
const AFTER_HARD: Duration = Duration::from_secs(2);

/// Two tokens that everything listens to.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Stop accepting and finish what is in hand, or hand it back.
    pub soft: CancellationToken,
    /// Stop now. It follows the soft one after the deadline or at a second signal.
    pub hard: CancellationToken,
}

impl Shutdown {
    /// Begins the shutdown, as a signal would.
    pub fn begin(&self) {
        self.soft.cancel();
    }
}

/// Spawns tasks by name, so that shutdown waits for each of them and none ends unnoticed.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    shutdown: Shutdown,
    failed: Arc<AtomicBool>,
}

impl Tasks {
    /// Tasks that listen to this shutdown.
    pub fn new(shutdown: Shutdown) -> Self {
        Self { tracker: TaskTracker::new(), shutdown, failed: Arc::default() }
    }

    /// What the tasks listen to.
    pub const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Spawns a task that lasts until the shutdown. If it ends before, or panics, the process goes down with a failing code.
    ///
    /// At the hard cancel it is dropped where it stands.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (shutdown, failed) = (self.shutdown.clone(), Arc::clone(&self.failed));
        self.tracker.spawn(async move {
            let Some(ended) = guarded(&shutdown, task).await else { return };
            match ended {
                Ok(()) if shutdown.soft.is_cancelled() => return,
                Ok(()) => tracing::error!(task.name = name, "The task {name} ended unasked; shutting down"),
                Err(words) => {
                    tracing::error!(task.name = name, "The task {name} panicked ({words}); shutting down");
                }
            }
            failed.store(true, Ordering::SeqCst);
            shutdown.begin();
        });
    }

    /// Spawns a piece of work that ends by itself, such as one step. A panic in it is logged and touches nothing else.
    ///
    /// At the hard cancel it is dropped where it stands.
    pub fn spawn_passing<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = self.shutdown.clone();
        self.tracker.spawn(async move {
            if let Some(Err(words)) = guarded(&shutdown, task).await {
                metrics::counter!("dataverse_renku_panics_total", "task" => name).increment(1);
                tracing::error!(task.name = name, "The piece of work {name} panicked ({words})");
            }
        });
    }

    /// How many tasks are alive.
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }
}

/// `None`: the hard cancel came first. `Err`: it panicked, with the panic's words.
async fn guarded<F>(shutdown: &Shutdown, task: F) -> Option<Result<(), String>>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::select! {
        biased;
        ended = AssertUnwindSafe(task).catch_unwind() => Some(ended.map_err(|panic| {
            let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
            crate::domain::secret_words::cleaned(&words.unwrap_or_default())
        })),
        () = shutdown.hard.cancelled() => None,
    }
}

/// The one that hears signals.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen to SIGTERM and SIGINT; from now on they do not end the process by themselves.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The name of the next one that comes.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Runs until a signal, or until a task ends unasked, and then winds down.
///
/// Soft cancel first; hard cancel after `deadline` or at a second signal. Returns when every task is over, or shortly after the hard
/// cancel; then broker, store and telemetry may be closed. The code is a failure if a task failed or the deadline passed.
pub async fn run(tasks: &Tasks, mut signals: Signals, deadline: Duration) -> ExitCode {
    if wind_down(tasks, async || signals.next().await, deadline).await {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn wind_down(
    tasks: &Tasks,
    mut next_signal: impl AsyncFnMut() -> &'static str,
    deadline: Duration,
) -> bool {
    let shutdown = tasks.shutdown();
    tokio::select! {
        name = next_signal() => tracing::info!(signal = name, "Shutting down on {name}"),
        () = shutdown.soft.cancelled() => {}
    }
    shutdown.begin();
    tasks.tracker.close();
    let in_time = tokio::select! {
        biased;
        () = tasks.tracker.wait() => true,
        name = next_signal() => {
            tracing::warn!(signal = name, "Stopping at once on a second {name}");
            false
        }
        () = tokio::time::sleep(deadline) => {
            let left = tasks.len();
            tracing::warn!(tasks.left = left, "The deadline of the shutdown passed with {left} tasks left; stopping at once");
            false
        }
    };
    shutdown.hard.cancel();
    if tokio::time::timeout(AFTER_HARD, tasks.tracker.wait()).await.is_err() {
        tracing::error!(tasks.left = tasks.len(), "Some tasks do not let themselves be stopped");
    }
    in_time && !tasks.failed.load(Ordering::SeqCst)
}

/// The system's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(chrono::Utc::now().timestamp_millis())
    }
}

/// The system's source of randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn share(&self) -> f64 {
        OsRng.gen_range(0.0..1.0)
    }

    fn secret_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(25);

    /// Signals that come at these times, counted from one another.
    fn signals_after(waits: &'static [u64]) -> impl AsyncFnMut() -> &'static str {
        let mut waits =
            waits.iter().map(|seconds| tokio::time::Instant::now() + Duration::from_secs(*seconds));
        let mut next = waits.next();
        async move || {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => pending().await,
            }
            next = waits.next();
            "SIGTERM"
        }
    }

    fn polite(tasks: &Tasks) -> impl Future<Output = ()> + Send + 'static {
        tasks.shutdown().soft.clone().cancelled_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_ends_polite_tasks_softly_and_well() {
        let tasks = Tasks::default();
        tasks.spawn("polite", polite(&tasks));
        assert!(wind_down(&tasks, signals_after(&[1]), DEADLINE).await);
        assert!(tasks.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_listen_is_dropped_after_the_deadline() {
        let tasks = Tasks::default();
        tasks.spawn("deaf", pending());
        let begun = tokio::time::Instant::now();
        assert!(!wind_down(&tasks, signals_after(&[1]), DEADLINE).await);
        assert_eq!(begun.elapsed().as_secs(), 26);
        assert!(tasks.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_does_not_wait_for_the_deadline() {
        let tasks = Tasks::default();
        tasks.spawn("deaf", pending());
        let begun = tokio::time::Instant::now();
        assert!(!wind_down(&tasks, signals_after(&[1, 2]), DEADLINE).await);
        assert_eq!(begun.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_unasked_brings_everything_down_as_failed() {
        let tasks = Tasks::default();
        tasks.spawn("polite", polite(&tasks));
        tasks.spawn("short", async {});
        assert!(!wind_down(&tasks, signals_after(&[]), DEADLINE).await);
        assert!(tasks.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_in_a_lasting_task_brings_everything_down_and_in_a_passing_one_nothing() {
        let tasks = Tasks::default();
        tasks.spawn("polite", polite(&tasks));
        tasks.spawn_passing("step", async { panic!("in a step") });
        tasks.spawn_passing("step", async {});
        assert!(wind_down(&tasks, signals_after(&[1]), DEADLINE).await);

        let tasks = Tasks::default();
        tasks.spawn("lasting", async { panic!("in a consumer") });
        assert!(!wind_down(&tasks, signals_after(&[]), DEADLINE).await);
    }

    #[tokio::test(start_paused = true)]
    async fn work_in_hand_is_finished_before_the_end() {
        let tasks = Tasks::default();
        let done = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&done);
        tasks.spawn_passing("step", async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            flag.store(true, Ordering::SeqCst);
        });
        assert!(wind_down(&tasks, signals_after(&[1]), DEADLINE).await);
        assert!(done.load(Ordering::SeqCst));
    }

    #[test]
    fn chance_is_within_its_bounds_and_never_twice_the_same() {
        let shares: Vec<_> = (0..100).map(|_| SystemChance.share()).collect();
        assert!(shares.iter().all(|share| (0.0..1.0).contains(share)));
        assert_ne!(SystemChance.secret_bytes(), SystemChance.secret_bytes());
        assert!(SystemClock.now() > Timestamp::from_millis(1_700_000_000_000));
    }
}

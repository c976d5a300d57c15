//! The queue for one machine: lanes and timers in memory, nothing to install.
//!
//! Nothing here outlives the process; at start, and whenever the bound is reached, the store's sweeper nudges again.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::ports::queue::{Delivery, Lane, Message, Queue, QueueError, Settle, When};
use crate::domain::problem::Problem;

/// The farthest a timer is set; what waits longer comes early, is not yet due, and waits again.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Messages that are ready or wait. Beyond it `publish` answers `NotConfirmed`, and the sweeper nudges when there is room again.
    pub messages: usize,
    /// Parked messages kept for display, the newest.
    pub parked: usize,
}

impl Default for Bounds {
    /// 200,000 messages are about 100 MB.
    fn default() -> Self {
        Self { messages: 200_000, parked: 1_000 }
    }
}

/// The queue of one process; clones share it.
#[derive(Clone, Debug)]
pub struct EmbeddedQueue {
    shared: Arc<Shared>,
}

impl EmbeddedQueue {
    /// An empty queue; its timers run on `tracker` until `stop` is cancelled or the queue is closed.
    pub fn start(bounds: Bounds, tracker: &TaskTracker, stop: &CancellationToken) -> Self {
        let shared = Arc::new(Shared {
            bounds,
            held: Mutex::new(Held::default()),
            bells: Lanes::default(),
            timer_set: Notify::new(),
            closed: stop.child_token(),
            consuming: stop.child_token(),
        });
        tracker.spawn(run_timers(Arc::clone(&shared)));
        Self { shared }
    }

    /// The parked messages with their reasons, oldest first.
    pub fn parked(&self) -> Vec<(Message, Problem)> {
        self.shared.held().parked.iter().cloned().collect()
    }

    /// How many messages are ready in this lane, not counting those that wait or are in hand.
    pub fn ready_in(&self, lane: Lane) -> usize {
        self.shared.held().lane(lane).len()
    }

    /// How many messages wait for their time.
    pub fn waiting(&self) -> usize {
        self.shared.held().waiting.len()
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn publish(&self, message: &Message, when: When) -> Result<(), QueueError> {
        if self.shared.closed.is_cancelled() {
            return Err(QueueError::Closed);
        }
        let wait = match when {
            When::Now => Duration::ZERO,
            When::Poll(wait) | When::Retry(wait) => wait,
        };
        let lane = message.lane;
        let first = {
            let mut held = self.shared.held();
            if held.messages() >= self.shared.bounds.messages {
                return Err(QueueError::NotConfirmed(format!(
                    "the embedded queue holds {} messages, its bound",
                    self.shared.bounds.messages
                )));
            }
            if wait.is_zero() {
                held.lane_mut(lane).push_back(Ready { message: message.clone(), again: false });
                None
            } else {
                Some(held.wait(Instant::now() + wait.min(LONGEST_WAIT), message.clone()))
            }
        };
        match first {
            None => self.shared.bell(lane).notify_one(),
            Some(true) => self.shared.timer_set.notify_one(),
            Some(false) => {}
        }
        Ok(())
    }

    async fn park(&self, message: &Message, problem: &Problem) -> Result<(), QueueError> {
        if self.shared.closed.is_cancelled() {
            return Err(QueueError::Closed);
        }
        let mut held = self.shared.held();
        while held.parked.len() >= self.shared.bounds.parked.max(1) {
            held.parked.pop_front();
        }
        held.parked.push_back((Message { parked: true, ..message.clone() }, problem.clone()));
        Ok(())
    }

    async fn next(&self, lane: Lane) -> Option<Delivery> {
        loop {
            if self.shared.consuming.is_cancelled() {
                return None;
            }
            if let Some(delivery) = self.shared.take(lane) {
                return Some(delivery);
            }
            tokio::select! {
                () = self.shared.consuming.cancelled() => return None,
                () = self.shared.bell(lane).notified() => {}
            }
        }
    }

    async fn ready(&self) -> Result<(), QueueError> {
        if self.shared.closed.is_cancelled() { Err(QueueError::Closed) } else { Ok(()) }
    }

    async fn stop_consuming(&self) {
        self.shared.consuming.cancel();
    }

    async fn close(&self) {
        self.shared.consuming.cancel();
        self.shared.closed.cancel();
    }
}

#[derive(Debug)]
struct Shared {
    bounds: Bounds,
    held: Mutex<Held>,
    bells: Lanes<Notify>,
    timer_set: Notify,
    closed: CancellationToken,
    consuming: CancellationToken,
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bell(&self, lane: Lane) -> &Notify {
        self.bells.of(lane)
    }

    fn take(self: &Arc<Self>, lane: Lane) -> Option<Delivery> {
        let (ready, more) = {
            let mut held = self.held();
            let queue = held.lane_mut(lane);
            (queue.pop_front()?, !queue.is_empty())
        };
        if more {
            // Several messages may have come before one consumer was woken: it wakes the next.
            self.bell(lane).notify_one();
        }
        let Ready { message, again } = ready;
        let in_hand = InHand { message: Some(message.clone()), shared: Arc::clone(self) };
        Some(Delivery { message, again, settle: Box::new(in_hand) })
    }

    fn hand_back(&self, message: Message) {
        let lane = message.lane;
        self.held().lane_mut(lane).push_front(Ready { message, again: true });
        self.bell(lane).notify_one();
    }
}

/// One thing for each lane.
#[derive(Debug, Default)]
struct Lanes<T> {
    to_submit: T,
    at_renku: T,
    to_fan_out: T,
    to_resume: T,
}

impl<T> Lanes<T> {
    const fn of(&self, lane: Lane) -> &T {
        match lane {
            Lane::ImportsToSubmit => &self.to_submit,
            Lane::ImportsAtRenku => &self.at_renku,
            Lane::PublicationsToFanOut => &self.to_fan_out,
            Lane::WorkflowsToResume => &self.to_resume,
        }
    }

    const fn of_mut(&mut self, lane: Lane) -> &mut T {
        match lane {
            Lane::ImportsToSubmit => &mut self.to_submit,
            Lane::ImportsAtRenku => &mut self.at_renku,
            Lane::PublicationsToFanOut => &mut self.to_fan_out,
            Lane::WorkflowsToResume => &mut self.to_resume,
        }
    }
}

#[derive(Debug, Default)]
struct Held {
    ready: Lanes<VecDeque<Ready>>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    parked: VecDeque<(Message, Problem)>,
    made: u64,
}

impl Held {
    const fn lane(&self, lane: Lane) -> &VecDeque<Ready> {
        self.ready.of(lane)
    }

    const fn lane_mut(&mut self, lane: Lane) -> &mut VecDeque<Ready> {
        self.ready.of_mut(lane)
    }

    fn messages(&self) -> usize {
        Lane::ALL.into_iter().map(|lane| self.lane(lane).len()).sum::<usize>() + self.waiting.len()
    }

    /// Whether it is now the first to come due.
    fn wait(&mut self, due: Instant, message: Message) -> bool {
        let first = self.waiting.peek().is_none_or(|Reverse(next)| due < next.due);
        self.made += 1;
        self.waiting.push(Reverse(Waiting { due, number: self.made, message }));
        first
    }

    fn take_due(&mut self, now: Instant) -> Option<Message> {
        if self.waiting.peek()?.0.due > now {
            return None;
        }
        self.waiting.pop().map(|Reverse(waiting)| waiting.message)
    }
}

#[derive(Debug)]
struct Ready {
    message: Message,
    again: bool,
}

#[derive(Debug)]
struct Waiting {
    due: Instant,
    number: u64,
    message: Message,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Waiting {}

async fn run_timers(shared: Arc<Shared>) {
    loop {
        let now = Instant::now();
        let next = {
            let mut held = shared.held();
            while let Some(message) = held.take_due(now) {
                let lane = message.lane;
                held.lane_mut(lane).push_back(Ready { message, again: false });
                shared.bell(lane).notify_one();
            }
            held.waiting.peek().map(|Reverse(waiting)| waiting.due)
        };
        let sleep = tokio::time::sleep_until(next.unwrap_or_else(|| now + LONGEST_WAIT));
        tokio::select! {
            () = shared.closed.cancelled() => return,
            () = shared.timer_set.notified() => {}
            () = sleep => {}
        }
    }
}

/// A message that a worker has; dropped unsettled it goes back.
#[derive(Debug)]
struct InHand {
    message: Option<Message>,
    shared: Arc<Shared>,
}

#[async_trait]
impl Settle for InHand {
    async fn ack(mut self: Box<Self>) -> Result<bool, QueueError> {
        self.message = None;
        Ok(true)
    }

    async fn hand_back(self: Box<Self>) -> Result<(), QueueError> {
        Ok(())
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            self.shared.hand_back(message);
        }
    }
}

//! What every queue behind the port must do: the same functions run on the embedded queue and on RabbitMQ.
//!
//! What only a broker can suffer (stopped, wiped, cut off) is in `needs_rabbitmq_queue`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dataverse_renku::domain::ids::ImportId;
use dataverse_renku::domain::import::Phase;
use dataverse_renku::domain::ports::queue::{
    Delivery, Lane, Message, Queue, QueueError, Story, Subject, When,
};
use dataverse_renku::domain::problem::{Problem, ProblemCode};
use dataverse_renku::domain::time::Timestamp;
use tokio_util::task::TaskTracker;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How long nothing must come for us to say that nothing comes.
const SILENCE: Duration = Duration::from_millis(300);

pub(crate) fn message(lane: Lane, revision: i64) -> Message {
    let now = Timestamp::from_millis(1_700_000_000_000 + revision);
    Message {
        subject: Subject::Import(ImportId::new(now)),
        revision,
        lane,
        parked: false,
        made_at: now,
        story: Story {
            dataset: "doi:10.5072/FK2/QUEUE1".parse().unwrap(),
            installation: "demo".parse().unwrap(),
            renku: Some("main".parse().unwrap()),
            phase: Some(Phase::Running),
            attempt: 2,
            problem: Some(ProblemCode::RenkuUnreachable),
        },
    }
}

pub(crate) async fn next(queue: &dyn Queue, lane: Lane) -> Delivery {
    tokio::time::timeout(PATIENCE, queue.next(lane)).await.expect("no message came").expect("the queue ended")
}

pub(crate) async fn ack(delivery: Delivery) -> Message {
    assert!(delivery.settle.ack().await.unwrap(), "the acknowledgement did not count");
    delivery.message
}

async fn nothing_comes(queue: &dyn Queue, lane: Lane) {
    if let Ok(delivery) = tokio::time::timeout(SILENCE, queue.next(lane)).await {
        panic!("unexpected: {delivery:?}");
    }
}

/// Polls until it holds, at most [`PATIENCE`].
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < until, "did not come to pass: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn a_published_message_arrives_whole_and_once(queue: &dyn Queue) {
    queue.ready().await.unwrap();
    for lane in Lane::ALL {
        let sent = message(lane, 7);
        queue.publish(&sent, When::Now).await.unwrap();
        let delivery = next(queue, lane).await;
        assert!(!delivery.again);
        assert_eq!(ack(delivery).await, sent);
        nothing_comes(queue, lane).await;
    }
}

pub(crate) async fn messages_come_in_the_order_of_publishing(queue: &dyn Queue) {
    let lane = Lane::ImportsToSubmit;
    for revision in 1..=2 {
        queue.publish(&message(lane, revision), When::Now).await.unwrap();
    }
    for revision in 1..=2 {
        assert_eq!(ack(next(queue, lane).await).await.revision, revision);
    }
}

pub(crate) async fn what_is_handed_back_or_dropped_comes_again(queue: &dyn Queue) {
    let lane = Lane::ImportsAtRenku;
    let sent = message(lane, 3);
    queue.publish(&sent, When::Now).await.unwrap();
    let first = next(queue, lane).await;
    first.settle.hand_back().await.unwrap();
    let second = next(queue, lane).await;
    assert_eq!(second.message, sent);
    assert!(second.again);
    drop(second);
    let third = next(queue, lane).await;
    assert!(third.again);
    assert_eq!(ack(third).await, sent);
}

/// `short` and `long` must be lengths that the queue keeps exactly, `short` the smaller by far.
pub(crate) async fn delayed_messages_come_when_their_time_is_over(
    queue: &dyn Queue,
    short: Duration,
    long: Duration,
) {
    for (lane, make) in [
        (Lane::ImportsAtRenku, When::Poll as fn(Duration) -> When),
        (Lane::ImportsToSubmit, When::Poll),
        (Lane::ImportsAtRenku, When::Retry),
        (Lane::ImportsToSubmit, When::Retry),
    ] {
        let began = Instant::now();
        queue.publish(&message(lane, 2), make(long)).await.unwrap();
        queue.publish(&message(lane, 1), make(short)).await.unwrap();
        for (revision, delay) in [(1, short), (2, long)] {
            let delivery = next(queue, lane).await;
            assert!(began.elapsed() >= delay, "{revision} came after {:?}", began.elapsed());
            assert!(!delivery.again, "waiting is no redelivery");
            assert_eq!(ack(delivery).await.revision, revision, "{lane:?}");
        }
    }
}

/// `move_back` does what an operator does in the dashboard: takes the one parked message and puts it, untouched, on its lane.
pub(crate) async fn a_parked_message_moved_back_by_hand_says_that_it_was_parked(
    queue: &dyn Queue,
    move_back: impl AsyncFnOnce() -> Problem,
) {
    let lane = Lane::ImportsAtRenku;
    let sent = message(lane, 9);
    let problem = Problem::new(ProblemCode::RenkuUnreachable).saying("tried for three days");
    queue.park(&sent, &problem).await.unwrap();
    nothing_comes(queue, lane).await;
    assert_eq!(move_back().await.words, problem.words);
    assert_eq!(ack(next(queue, lane).await).await, Message { parked: true, ..sent });
}

/// Two handles (for a broker: two processes) share a lane: everything arrives, nothing twice, and neither stays idle.
pub(crate) async fn two_consumers_share_a_lane(one: &dyn Queue, other: &dyn Queue) {
    let lane = Lane::ImportsToSubmit;
    for revision in 1..=2 {
        one.publish(&message(lane, revision), When::Now).await.unwrap();
    }
    let mut first = next(one, lane).await;
    let mut second = next(other, lane).await;
    if first.message.revision > second.message.revision {
        std::mem::swap(&mut first, &mut second);
    }
    assert_eq!((ack(first).await.revision, ack(second).await.revision), (1, 2));
    nothing_comes(one, lane).await;
    nothing_comes(other, lane).await;
}

/// Publishers and consumers at work together; every fifth message takes the way through a waiting queue.
pub(crate) async fn nothing_is_lost_among_many(queue: Arc<dyn Queue>, count: i64, short: Duration) {
    let seen: Arc<Mutex<HashMap<(Lane, i64), usize>>> = Arc::default();
    let mut consumers = tokio::task::JoinSet::new();
    for lane in Lane::ALL {
        for _ in 0..4 {
            let (queue, seen) = (Arc::clone(&queue), Arc::clone(&seen));
            consumers.spawn(async move {
                while let Some(delivery) = queue.next(lane).await {
                    if delivery.message.revision % 7 == 0 && !delivery.again {
                        delivery.settle.hand_back().await.unwrap();
                    } else if delivery.settle.ack().await.unwrap() {
                        *seen.lock().unwrap().entry((lane, delivery.message.revision)).or_default() += 1;
                    }
                }
            });
        }
    }
    let mut publishers = tokio::task::JoinSet::new();
    for publisher in 0..8 {
        let queue = Arc::clone(&queue);
        publishers.spawn(async move {
            for number in (publisher..count).step_by(8) {
                let lane = Lane::ALL[usize::try_from(number % 4).unwrap()];
                let when = if number % 5 == 0 { When::Poll(short) } else { When::Now };
                queue.publish(&message(lane, number), when).await.unwrap();
            }
        });
    }
    while let Some(ended) = publishers.join_next().await {
        ended.unwrap();
    }
    let total = usize::try_from(count).unwrap();
    eventually("every message has come", async || seen.lock().unwrap().len() == total).await;
    queue.stop_consuming().await;
    while let Some(ended) = consumers.join_next().await {
        ended.unwrap();
    }
    let doubled = seen.lock().unwrap().values().filter(|times| **times > 1).count();
    assert_eq!(doubled, 0, "an acknowledged message came again");
}

pub(crate) async fn stopping_ends_consumption_and_lets_work_in_hand_finish(queue: Arc<dyn Queue>) {
    let lane = Lane::ImportsToSubmit;
    queue.publish(&message(lane, 1), When::Now).await.unwrap();
    let in_hand = next(queue.as_ref(), lane).await;
    let waiter = TaskTracker::new().spawn({
        let queue = Arc::clone(&queue);
        async move { queue.next(Lane::ImportsAtRenku).await.is_none() }
    });
    queue.stop_consuming().await;
    assert!(tokio::time::timeout(PATIENCE, waiter).await.unwrap().unwrap(), "a waiting consumer is let go");
    assert!(queue.next(lane).await.is_none());
    queue.publish(&message(lane, 2), When::Now).await.unwrap();
    ack(in_hand).await;
    queue.close().await;
    assert!(matches!(queue.publish(&message(lane, 3), When::Now).await, Err(QueueError::Closed)));
    assert!(matches!(queue.ready().await, Err(QueueError::Closed)));
    assert!(queue.next(lane).await.is_none());
}

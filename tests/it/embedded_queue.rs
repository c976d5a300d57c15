//! The queue suite on the embedded queue, and what is special to it. Needs no server.

use std::sync::Arc;
use std::time::Duration;

use dataverse_renku::adapters::embedded_queue::{Bounds, EmbeddedQueue};
use dataverse_renku::domain::ports::queue::{Lane, Queue, QueueError, When};
use dataverse_renku::domain::problem::{Problem, ProblemCode};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::queue_suite as suite;

fn queue(bounds: Bounds) -> EmbeddedQueue {
    EmbeddedQueue::start(bounds, &TaskTracker::new(), &CancellationToken::new())
}

fn usual() -> EmbeddedQueue {
    queue(Bounds::default())
}

#[tokio::test]
async fn a_published_message_arrives_whole_and_once() {
    suite::a_published_message_arrives_whole_and_once(&usual()).await;
}

#[tokio::test]
async fn messages_come_in_the_order_of_publishing() {
    suite::messages_come_in_the_order_of_publishing(&usual()).await;
}

#[tokio::test]
async fn what_is_handed_back_or_dropped_comes_again() {
    suite::what_is_handed_back_or_dropped_comes_again(&usual()).await;
}

#[tokio::test]
async fn delayed_messages_come_when_their_time_is_over() {
    let (short, long) = (Duration::from_millis(100), Duration::from_millis(600));
    suite::delayed_messages_come_when_their_time_is_over(&usual(), short, long).await;
}

#[tokio::test]
async fn a_parked_message_moved_back_by_hand_says_that_it_was_parked() {
    let queue = usual();
    suite::a_parked_message_moved_back_by_hand_says_that_it_was_parked(&queue, async || {
        let (message, problem) = queue.parked().pop().unwrap();
        queue.publish(&message, When::Now).await.unwrap();
        problem
    })
    .await;
}

#[tokio::test]
async fn two_consumers_share_a_lane() {
    let queue = usual();
    suite::two_consumers_share_a_lane(&queue, &queue.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_among_many() {
    suite::nothing_is_lost_among_many(Arc::new(usual()), 2_000, Duration::from_millis(100)).await;
}

#[tokio::test]
async fn stopping_ends_consumption_and_lets_work_in_hand_finish() {
    suite::stopping_ends_consumption_and_lets_work_in_hand_finish(Arc::new(usual())).await;
}

#[tokio::test]
async fn beyond_its_bound_a_message_is_refused_and_taken_again_when_there_is_room() {
    let queue = queue(Bounds { messages: 2, parked: 2 });
    let lane = Lane::ImportsToSubmit;
    queue.publish(&suite::message(lane, 1), When::Now).await.unwrap();
    queue.publish(&suite::message(lane, 2), When::Retry(Duration::from_secs(3_600))).await.unwrap();
    let refused = queue.publish(&suite::message(lane, 3), When::Now).await;
    assert!(matches!(refused, Err(QueueError::NotConfirmed(_))), "{refused:?}");
    suite::ack(suite::next(&queue, lane).await).await;
    queue.publish(&suite::message(lane, 3), When::Now).await.unwrap();
    assert_eq!((queue.ready_in(lane), queue.waiting()), (1, 1));
}

#[tokio::test]
async fn only_the_newest_parked_messages_are_kept() {
    let queue = queue(Bounds { messages: 2, parked: 2 });
    let problem = Problem::new(ProblemCode::RenkuUnreachable);
    for revision in 1..=3 {
        queue.park(&suite::message(Lane::ImportsAtRenku, revision), &problem).await.unwrap();
    }
    let kept: Vec<_> = queue.parked().iter().map(|(message, _)| message.revision).collect();
    assert_eq!(kept, [2, 3]);
}

#[tokio::test]
async fn its_task_ends_with_the_process_token() {
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let queue = EmbeddedQueue::start(Bounds::default(), &tracker, &stop);
    stop.cancel();
    tracker.close();
    tokio::time::timeout(suite::PATIENCE, tracker.wait()).await.unwrap();
    assert!(queue.next(Lane::ImportsToSubmit).await.is_none());
}

//! The queue suite on RabbitMQ, and what only a broker can suffer. Each test has queues of its own and deletes them.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use dataverse_renku::adapters::rabbitmq::{RabbitQueue, Rungs, Settings};
use dataverse_renku::domain::ports::queue::{Lane, Message, Queue, QueueError, When};
use dataverse_renku::domain::problem::{Problem, ProblemCode};
use lapin::message::BasicGetMessage;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicPublishOptions, ExchangeDeleteOptions, QueueDeleteOptions,
};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chaos_proxy::ChaosProxy;
use crate::queue_suite::{self as suite, ack, eventually, message, next};

pub(crate) mod broker;
mod outages;

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(1);

/// A prefix of its own, and a queue on it; whatever was made is deleted by `clear`.
struct Rig {
    url: String,
    settings: Settings,
    queue: RabbitQueue,
}

impl Rig {
    async fn new() -> Self {
        let url = broker::url();
        Self::at(&url, &url).await
    }

    /// The queue reaches the broker at `through`, the test itself at `url`.
    async fn at(url: &str, through: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut settings = Settings::new(SecretString::from(through));
        settings.prefix = format!("test-{}-{number}.", std::process::id());
        settings.prefetch = NonZeroU16::new(10);
        settings.rungs = Rungs { poll: vec![SHORT, LONG], retry: vec![SHORT, LONG] };
        settings.heartbeat = Duration::from_secs(1);
        let queue = Self::start(&settings);
        let rig = Self { url: url.to_owned(), settings, queue };
        rig.is_ready().await;
        rig
    }

    fn start(settings: &Settings) -> RabbitQueue {
        RabbitQueue::start(settings.clone(), &TaskTracker::new(), &CancellationToken::new()).unwrap()
    }

    /// A second process on the same queues.
    async fn another(&self, change: impl FnOnce(&mut Settings)) -> RabbitQueue {
        let mut settings = self.settings.clone();
        change(&mut settings);
        let queue = Self::start(&settings);
        eventually("the second queue is ready", async || queue.ready().await.is_ok()).await;
        queue
    }

    async fn is_ready(&self) {
        eventually("the queue is ready", async || self.queue.ready().await.is_ok()).await;
    }

    /// A connection without our adapter, as the dashboard or another program has.
    async fn raw(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
    }

    async fn take_parked(&self, channel: &Channel) -> BasicGetMessage {
        let queue = self.name("imports-parked");
        for _ in 0..600 {
            let got = channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await.unwrap();
            if let Some(got) = got {
                got.delivery.ack(BasicAckOptions::default()).await.unwrap();
                return got;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing was parked");
    }

    async fn delete_queues(&self) {
        let (_connection, channel) = self.raw().await;
        for name in self.queue.queue_names() {
            channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
        }
    }

    /// Closes the queue and leaves nothing behind.
    async fn clear(self) {
        self.queue.close().await;
        self.delete_queues().await;
        let (_connection, channel) = self.raw().await;
        for name in self.queue.exchange_names() {
            channel.exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default()).await.unwrap();
        }
    }
}

fn header(properties: &BasicProperties, name: &str) -> String {
    match properties.headers().as_ref().and_then(|headers| headers.inner().get(name)) {
        Some(AMQPValue::LongString(value)) => value.to_string(),
        other => panic!("header {name}: {other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_published_message_arrives_whole_and_once() {
    let rig = Rig::new().await;
    suite::a_published_message_arrives_whole_and_once(&rig.queue).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn messages_come_in_the_order_of_publishing() {
    let rig = Rig::new().await;
    suite::messages_come_in_the_order_of_publishing(&rig.queue).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn what_is_handed_back_or_dropped_comes_again() {
    let rig = Rig::new().await;
    suite::what_is_handed_back_or_dropped_comes_again(&rig.queue).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn delayed_messages_come_when_their_time_is_over() {
    let rig = Rig::new().await;
    suite::delayed_messages_come_when_their_time_is_over(&rig.queue, SHORT, LONG).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_parked_message_moved_back_by_hand_says_that_it_was_parked() {
    let rig = Rig::new().await;
    let (_connection, channel) = rig.raw().await;
    suite::a_parked_message_moved_back_by_hand_says_that_it_was_parked(&rig.queue, async || {
        // What the dashboard's "move messages" does: body, properties and headers as they are, by the default exchange.
        let BasicGetMessage { delivery, .. } = rig.take_parked(&channel).await;
        let properties = delivery.properties;
        assert_eq!(properties.kind().as_ref().unwrap().as_str(), "import.parked");
        let code = header(&properties, "problem").parse_code();
        let problem = Problem::new(code).saying(header(&properties, "reason"));
        let lane = rig.name("imports-at-renku");
        let options = BasicPublishOptions::default();
        let sent =
            channel.basic_publish("".into(), lane.as_str().into(), options, &delivery.data, properties);
        sent.await.unwrap().await.unwrap();
        problem
    })
    .await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn two_consumers_share_a_lane() {
    let rig = Rig::new().await;
    let other = rig.another(|settings| settings.prefetch = NonZeroU16::new(1)).await;
    suite::two_consumers_share_a_lane(&rig.queue, &other).await;
    other.close().await;
    rig.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server: run scripts/test"]
async fn nothing_is_lost_among_many() {
    let rig = Rig::new().await;
    suite::nothing_is_lost_among_many(Arc::new(rig.queue.clone()), 2_000, SHORT).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn stopping_ends_consumption_and_lets_work_in_hand_finish() {
    let rig = Rig::new().await;
    suite::stopping_ends_consumption_and_lets_work_in_hand_finish(Arc::new(rig.queue.clone())).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn what_a_stopping_process_fetched_and_did_not_take_goes_to_another() {
    let rig = Rig::new().await;
    let lane = Lane::ImportsToSubmit;
    for revision in 1..=5 {
        rig.queue.publish(&message(lane, revision), When::Now).await.unwrap();
    }
    let in_hand = next(&rig.queue, lane).await;
    rig.queue.stop_consuming().await;
    let other = rig.another(|_| {}).await;
    for _ in 2..=5 {
        ack(next(&other, lane).await).await;
    }
    assert_eq!(ack(in_hand).await.revision, 1);
    other.close().await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn an_unreadable_message_is_parked_with_the_reason_and_holds_nobody_up() {
    let rig = Rig::new().await;
    let (_connection, channel) = rig.raw().await;
    let lane = rig.name("imports-at-renku");
    for body in [r#"{"v":99}"#, "nonsense"] {
        let properties = BasicProperties::default().with_message_id("from-elsewhere".into());
        let options = BasicPublishOptions::default();
        let sent =
            channel.basic_publish("".into(), lane.as_str().into(), options, body.as_bytes(), properties);
        sent.await.unwrap().await.unwrap();
    }
    let sent = message(Lane::ImportsAtRenku, 1);
    rig.queue.publish(&sent, When::Now).await.unwrap();
    assert_eq!(ack(next(&rig.queue, Lane::ImportsAtRenku).await).await, sent);
    for (body, words) in [(r#"{"v":99}"#, "version 99"), ("nonsense", "not JSON")] {
        let BasicGetMessage { delivery, .. } = rig.take_parked(&channel).await;
        assert_eq!(delivery.data, body.as_bytes());
        assert_eq!(header(&delivery.properties, "came-from"), lane);
        let reason = header(&delivery.properties, "reason");
        assert!(reason.contains(words), "{reason}");
        assert_eq!(delivery.properties.message_id().as_ref().unwrap().as_str(), "from-elsewhere");
    }
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_message_that_nobody_ever_acknowledges_is_parked() {
    let rig = Rig::new().await;
    let lane = Lane::ImportsAtRenku;
    let sent = message(lane, 4);
    rig.queue.publish(&sent, When::Now).await.unwrap();
    let poison = TaskTracker::new();
    poison.spawn({
        let queue = rig.queue.clone();
        async move { while queue.next(lane).await.is_some() {} }
    });
    let (_connection, channel) = rig.raw().await;
    let BasicGetMessage { delivery, .. } = rig.take_parked(&channel).await;
    assert_eq!(header(&delivery.properties, "x-first-death-reason"), "delivery_limit");
    assert!(String::from_utf8_lossy(&delivery.data).contains(&sent.subject.to_string()));
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn the_messages_of_a_consumer_that_dies_go_to_another() {
    let upstream = broker::host_and_port();
    let proxy = ChaosProxy::before(upstream.clone()).await;
    let url = broker::url();
    let rig = Rig::at(&url, &url.replace(&upstream, &proxy.address().to_string())).await;
    let lane = Lane::ImportsToSubmit;
    let sent = message(lane, 1);
    rig.queue.publish(&sent, When::Now).await.unwrap();
    let dying = next(&rig.queue, lane).await;
    proxy.refuse();
    let other = rig.another(|settings| settings.url = SecretString::from(url.as_str())).await;
    let delivery = next(&other, lane).await;
    assert!(delivery.again);
    assert_eq!(ack(delivery).await, sent);
    assert!(!matches!(dying.settle.ack().await, Ok(true)), "the dead consumer believes its acknowledgement");
    other.close().await;
    proxy.heal();
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_process_without_slots_publishes_and_does_not_consume() {
    let rig = Rig::new().await;
    let web = rig.another(|settings| settings.prefetch = None).await;
    let sent = message(Lane::ImportsToSubmit, 1);
    web.publish(&sent, When::Now).await.unwrap();
    assert!(web.next(Lane::ImportsToSubmit).await.is_none());
    assert_eq!(ack(next(&rig.queue, Lane::ImportsToSubmit).await).await, sent);
    web.close().await;
    rig.clear().await;
}

trait ParseCode {
    fn parse_code(&self) -> ProblemCode;
}

impl ParseCode for String {
    fn parse_code(&self) -> ProblemCode {
        *ProblemCode::ALL.iter().find(|code| code.as_str() == self).unwrap()
    }
}

/// Publishes again until it is taken, as the sweeper does.
async fn publish_in_the_end(queue: &RabbitQueue, message: &Message) {
    let until = Instant::now() + suite::PATIENCE;
    while let Err(error) = queue.publish(message, When::Now).await {
        assert!(Instant::now() < until, "never taken: {error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Takes messages until each of `wanted` has come; others may come twice.
async fn all_come(queue: &RabbitQueue, lane: Lane, wanted: impl IntoIterator<Item = i64>) {
    let mut missing: std::collections::BTreeSet<_> = wanted.into_iter().collect();
    while !missing.is_empty() {
        let delivery = next(queue, lane).await;
        let revision = delivery.message.revision;
        if matches!(delivery.settle.ack().await, Ok(true)) {
            missing.remove(&revision);
        }
    }
}

fn counter() -> Arc<AtomicI64> {
    Arc::default()
}

fn is_outage(result: &Result<(), QueueError>) -> bool {
    matches!(result, Err(QueueError::Unreachable(_) | QueueError::NotConfirmed(_)))
}

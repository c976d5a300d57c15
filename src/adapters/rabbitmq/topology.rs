//! The exchanges and queues, a sentence for each flag; the one place that names or declares them.
//!
//! ```text
//! publish now ──► work (topic) ──► imports-to-submit, imports-at-renku ──────────────┐ rejected, or delivered too often
//!                  ▲        └────► publications-to-fan-out, workflows-to-resume ────┴─────────► imports-parked
//!                  │ when their time is over
//! publish later ─► wait (topic) ─► imports-at-renku.poll-15s, imports-to-submit.turn-15s, imports-wait-for-retry-30s,
//!                                  publications-to-fan-out.wait-30s, workflows-to-resume.wait-5s, …
//! ```

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ErrorKind, ExchangeKind};
use serde_json::json;

use super::error::RabbitError;
use crate::domain::ports::queue::{Lane, When};

/// Deliveries after which a message is parked: a worker that dies of it must not die of it for ever. Handing back counts as well.
const DELIVERY_LIMIT: i32 = 20;

/// `RabbitMQ` 4 drops a message after 20 looks with "requeue" in the dashboard unless told otherwise; 3 knows no "unlimited".
const LOOKS_AT_PARKED: i32 = 1_000_000;

/// The largest wait that the broker takes (it counts milliseconds in an `i32` here).
const LONGEST_RUNG: Duration = Duration::from_secs(24 * 24 * 3600);

/// The lengths of waiting that have a queue each.
///
/// A delay takes the longest rung that fits into it. What comes back early is not yet due and waits again for the rest.
/// No message has a time of its own, since in a queue a short one would wait behind a long one.
#[derive(Clone, Debug)]
pub struct Rungs {
    /// Until the next look, or the next try to get a turn.
    pub poll: Vec<Duration>,
    /// Until the next try after a failure.
    pub retry: Vec<Duration>,
}

impl Default for Rungs {
    fn default() -> Self {
        Self {
            poll: [1, 5, 15, 60].map(Duration::from_secs).to_vec(),
            retry: [5, 30, 120, 600, 3_600].map(Duration::from_secs).to_vec(),
        }
    }
}

/// Names and ways.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    prefix: String,
    rungs: Rungs,
}

impl Topology {
    pub(super) fn new(prefix: &str, mut rungs: Rungs) -> Result<Self, RabbitError> {
        let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if prefix.len() > 100 || !prefix.chars().all(tame) {
            return Err(RabbitError::Prefix);
        }
        for ladder in [&mut rungs.poll, &mut rungs.retry] {
            ladder.sort_unstable();
            ladder.dedup();
            let fits = |rung: &Duration| (Duration::from_millis(1)..=LONGEST_RUNG).contains(rung);
            if ladder.is_empty() || !ladder.iter().all(fits) {
                return Err(RabbitError::Rungs);
            }
        }
        Ok(Self { prefix: prefix.to_owned(), rungs })
    }

    fn named(&self, name: impl std::fmt::Display) -> ShortString {
        format!("{}{name}", self.prefix).into()
    }

    /// Where messages go that are due.
    pub(super) fn work(&self) -> ShortString {
        self.named("work")
    }

    /// Where messages go that wait.
    pub(super) fn wait(&self) -> ShortString {
        self.named("wait")
    }

    /// The queue that workers of this lane consume.
    pub(super) fn lane(&self, lane: Lane) -> ShortString {
        self.named(lane.as_str())
    }

    /// The queue for the operator.
    pub(super) fn parked(&self) -> ShortString {
        self.named("imports-parked")
    }

    /// Exchange and routing key for a message of this lane.
    pub(super) fn way(&self, lane: Lane, when: When) -> (ShortString, ShortString) {
        match (when, polled_for(lane)) {
            (When::Now, _) => (self.work(), lane.as_str().into()),
            (When::Poll(delay), Some(_)) => {
                (self.wait(), poll_key(fitting(&self.rungs.poll, delay), lane).into())
            }
            (When::Retry(delay), Some(_)) => {
                (self.wait(), retry_key(fitting(&self.rungs.retry, delay), lane.as_str()).into())
            }
            (When::Poll(delay) | When::Retry(delay), None) => {
                (self.wait(), wait_key(fitting(&self.waits(), delay), lane).into())
            }
        }
    }

    /// The lengths of waiting in lanes that have one kind of it: as after a failure, and a short one, since a workflow waits for us.
    fn waits(&self) -> Vec<Duration> {
        let mut rungs = self.rungs.retry.clone();
        rungs.extend(self.rungs.poll.first());
        rungs.sort_unstable();
        rungs.dedup();
        rungs
    }

    /// Every waiting queue with the keys that lead into it and its time.
    fn waiting_queues(&self) -> Vec<(ShortString, String, Duration)> {
        let polled = Lane::ALL.into_iter().filter_map(|lane| Some((lane, polled_for(lane)?)));
        let polls = polled.flat_map(|(lane, word)| {
            self.rungs.poll.iter().map(move |rung| {
                let name = format!("{}.{word}-{}", lane.as_str(), label(*rung));
                (self.named(name), poll_key(*rung, lane), *rung)
            })
        });
        let plain = Lane::ALL.into_iter().filter(|lane| polled_for(*lane).is_none());
        let waits = plain.flat_map(|lane| {
            self.waits().into_iter().map(move |rung| {
                let name = format!("{}.wait-{}", lane.as_str(), label(rung));
                (self.named(name), wait_key(rung, lane), rung)
            })
        });
        let retries = self.rungs.retry.iter().map(|rung| {
            let name = format!("imports-wait-for-retry-{}", label(*rung));
            (self.named(name), retry_key(*rung, "*"), *rung)
        });
        polls.chain(retries).chain(waits).collect()
    }

    /// Every queue of ours, for tests and tools that clean up.
    pub(super) fn queues(&self) -> Vec<ShortString> {
        let waiting = self.waiting_queues().into_iter().map(|(name, _, _)| name);
        Lane::ALL.map(|lane| self.lane(lane)).into_iter().chain(waiting).chain([self.parked()]).collect()
    }

    /// Every queue with its arguments, and from which exchange under which key messages come into it.
    fn wanted(&self) -> Vec<Wanted> {
        let mut arguments = quorum();
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(LOOKS_AT_PARKED));
        let parked = Wanted { queue: self.parked(), arguments, from: None };
        let lanes = Lane::ALL.map(|lane| Wanted {
            queue: self.lane(lane),
            arguments: self.lane_arguments(),
            from: Some((self.work(), format!("#.{}", lane.as_str()))),
        });
        let waiting = self.waiting_queues().into_iter().map(|(queue, key, rung)| Wanted {
            queue,
            arguments: self.waiting_arguments(rung),
            from: Some((self.wait(), key)),
        });
        [parked].into_iter().chain(lanes).chain(waiting).collect()
    }

    /// The same as a file of definitions for `RabbitMQ`'s management, for the vhost `/`.
    pub(super) fn definitions(&self) -> serde_json::Value {
        let exchange = |name: ShortString| {
            json!({
                "name": name.as_str(), "vhost": "/", "type": "topic", "durable": true, "auto_delete": false,
                "internal": false, "arguments": {},
            })
        };
        let exchanges = [self.work(), self.wait()].map(exchange);
        let wanted = self.wanted();
        let queues = wanted.iter().map(|wanted| {
            json!({
                "name": wanted.queue.as_str(), "vhost": "/", "durable": true, "auto_delete": false,
                "arguments": as_json(&wanted.arguments),
            })
        });
        let bindings = wanted.iter().filter_map(|Wanted { queue, from, .. }| {
            let (exchange, key) = from.as_ref()?;
            Some(json!({
                "source": exchange.as_str(), "vhost": "/", "destination": queue.as_str(), "destination_type": "queue",
                "routing_key": key, "arguments": {},
            }))
        });
        json!({
            "vhosts": [{"name": "/"}],
            "exchanges": exchanges,
            "queues": queues.collect::<Vec<_>>(),
            "bindings": bindings.collect::<Vec<_>>(),
        })
    }

    /// Makes what is missing; what is there stays as it is.
    pub(super) async fn declare(&self, channel: &Channel) -> Result<(), RabbitError> {
        for exchange in [self.work(), self.wait()] {
            // Topic: a message that comes out of a waiting queue keeps its key, `poll-5s.imports-at-renku`, and finds its lane by
            // the key's end. Durable: survives the broker's restart. Not internal: operators may publish by hand.
            let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            channel
                .exchange_declare(exchange.clone(), ExchangeKind::Topic, options, FieldTable::default())
                .await
                .map_err(|source| refused(exchange.as_str(), source))?;
        }
        for Wanted { queue, arguments, from } in self.wanted() {
            declare_queue(channel, &queue, arguments).await?;
            if let Some((exchange, key)) = from {
                bind(channel, &queue, &exchange, &key).await?;
            }
        }
        Ok(())
    }

    fn lane_arguments(&self) -> FieldTable {
        let mut arguments = quorum();
        // A message that was delivered this often and never acknowledged goes to the parked queue, with `delivery_limit` in `x-death`.
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
        // By the default exchange straight into the parked queue.
        arguments.insert("x-dead-letter-exchange".into(), text(""));
        arguments.insert("x-dead-letter-routing-key".into(), text(self.parked().as_str()));
        safe_dead_letters(&mut arguments);
        arguments
    }

    fn waiting_arguments(&self, rung: Duration) -> FieldTable {
        let mut arguments = quorum();
        // One time for the whole queue, so that the first in is the first out.
        let millis = i32::try_from(rung.as_millis()).unwrap_or(i32::MAX);
        arguments.insert("x-message-ttl".into(), AMQPValue::LongInt(millis));
        // Back to work under the key that it came with.
        arguments.insert("x-dead-letter-exchange".into(), text(self.work().as_str()));
        safe_dead_letters(&mut arguments);
        arguments
    }
}

/// A queue as it has to be.
struct Wanted {
    queue: ShortString,
    arguments: FieldTable,
    from: Option<(ShortString, String)>,
}

/// Replicated and written to disk before it is confirmed.
fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

/// A message leaves its queue only when the next has confirmed it, be the broker stopped in between; `RabbitMQ` demands `reject-publish`
/// for it, which says what happens at a length limit, and there is none.
fn safe_dead_letters(arguments: &mut FieldTable) {
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Arguments as the management writes them; there are texts and numbers only.
fn as_json(arguments: &FieldTable) -> serde_json::Value {
    let each = arguments.inner().iter().filter_map(|(name, value)| {
        let value = if let AMQPValue::LongInt(number) = value {
            json!(number)
        } else {
            json!(String::from_utf8_lossy(value.as_long_string()?.as_bytes()))
        };
        Some((name.to_string(), value))
    });
    each.collect::<serde_json::Map<_, _>>().into()
}

async fn declare_queue(
    channel: &Channel,
    name: &ShortString,
    arguments: FieldTable,
) -> Result<(), RabbitError> {
    // Durable, shared and kept when unused: quorum queues know nothing else.
    channel
        .queue_declare(name.clone(), QueueDeclareOptions::durable(), arguments)
        .await
        .map(drop)
        .map_err(|source| refused(name.as_str(), source))
}

async fn bind(
    channel: &Channel,
    queue: &ShortString,
    exchange: &ShortString,
    key: &str,
) -> Result<(), RabbitError> {
    channel
        .queue_bind(
            queue.clone(),
            exchange.clone(),
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(|source| refused(queue.as_str(), source))
}

/// 406 `PRECONDITION_FAILED`: it exists and its settings differ.
fn refused(name: &str, source: lapin::Error) -> RabbitError {
    const PRECONDITION_FAILED: u16 = 406;
    if let ErrorKind::ProtocolError(error) = source.kind()
        && error.get_id() == PRECONDITION_FAILED
    {
        return RabbitError::Mismatch { name: name.to_owned(), source };
    }
    RabbitError::Amqp { doing: "declare its queues", source }
}

/// What an import of this lane waits for when nothing failed. The other lanes have one kind of waiting, in queues of their own.
const fn polled_for(lane: Lane) -> Option<&'static str> {
    match lane {
        Lane::ImportsToSubmit => Some("turn"),
        Lane::ImportsAtRenku => Some("poll"),
        Lane::PublicationsToFanOut | Lane::WorkflowsToResume => None,
    }
}

/// Not `retry-…`: `imports-wait-for-retry-…` takes those of every lane.
fn wait_key(rung: Duration, lane: Lane) -> String {
    format!("wait-{}.{}", label(rung), lane.as_str())
}

fn poll_key(rung: Duration, lane: Lane) -> String {
    format!("poll-{}.{}", label(rung), lane.as_str())
}

fn retry_key(rung: Duration, lane: &str) -> String {
    format!("retry-{}.{lane}", label(rung))
}

/// The longest rung that is not longer than the delay, or else the shortest.
///
/// The rest of a delay that was 60 s a moment ago is 59.99 s: an eighth of it, at most two seconds, is overlooked, since otherwise it
/// would take several shorter rungs. So a look is late by no more than that, or by the shortest rung.
fn fitting(ladder: &[Duration], delay: Duration) -> Duration {
    let overlooked = (delay / 8).min(Duration::from_secs(2));
    let shortest = ladder.first().copied().unwrap_or_default();
    ladder.iter().rev().copied().find(|rung| *rung <= delay + overlooked).unwrap_or(shortest)
}

/// The shortest whole unit: `100ms`, `15s`, `2m`, `1h`.
fn label(rung: Duration) -> String {
    let millis = rung.as_millis();
    match millis {
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) && millis != 60_000 => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology() -> Topology {
        Topology::new("dataverse-renku.", Rungs::default()).unwrap()
    }

    #[test]
    fn the_dashboard_reads_as_sentences() {
        let names: Vec<_> = topology().queues().iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "dataverse-renku.imports-to-submit",
                "dataverse-renku.imports-at-renku",
                "dataverse-renku.publications-to-fan-out",
                "dataverse-renku.workflows-to-resume",
                "dataverse-renku.imports-to-submit.turn-1s",
                "dataverse-renku.imports-to-submit.turn-5s",
                "dataverse-renku.imports-to-submit.turn-15s",
                "dataverse-renku.imports-to-submit.turn-60s",
                "dataverse-renku.imports-at-renku.poll-1s",
                "dataverse-renku.imports-at-renku.poll-5s",
                "dataverse-renku.imports-at-renku.poll-15s",
                "dataverse-renku.imports-at-renku.poll-60s",
                "dataverse-renku.imports-wait-for-retry-5s",
                "dataverse-renku.imports-wait-for-retry-30s",
                "dataverse-renku.imports-wait-for-retry-2m",
                "dataverse-renku.imports-wait-for-retry-10m",
                "dataverse-renku.imports-wait-for-retry-1h",
                "dataverse-renku.publications-to-fan-out.wait-1s",
                "dataverse-renku.publications-to-fan-out.wait-5s",
                "dataverse-renku.publications-to-fan-out.wait-30s",
                "dataverse-renku.publications-to-fan-out.wait-2m",
                "dataverse-renku.publications-to-fan-out.wait-10m",
                "dataverse-renku.publications-to-fan-out.wait-1h",
                "dataverse-renku.workflows-to-resume.wait-1s",
                "dataverse-renku.workflows-to-resume.wait-5s",
                "dataverse-renku.workflows-to-resume.wait-30s",
                "dataverse-renku.workflows-to-resume.wait-2m",
                "dataverse-renku.workflows-to-resume.wait-10m",
                "dataverse-renku.workflows-to-resume.wait-1h",
                "dataverse-renku.imports-parked",
            ]
        );
    }

    #[test]
    fn a_delay_takes_the_longest_rung_that_fits() {
        let ladder = &Rungs::default().poll;
        for (delay_ms, rung_s) in [
            (0, 1),
            (900, 1),
            (4_000, 1),
            (4_500, 5),
            (13_000, 5),
            (13_500, 15),
            (20_000, 15),
            (57_900, 15),
            (59_990, 60),
            (9_999_000, 60),
        ] {
            let fits = fitting(ladder, Duration::from_millis(delay_ms));
            assert_eq!(fits, Duration::from_secs(rung_s), "{delay_ms} ms");
        }
    }

    #[test]
    fn every_way_leads_into_a_declared_queue() {
        let topology = topology();
        let keys: Vec<_> = topology.waiting_queues().into_iter().map(|(_, key, _)| key).collect();
        for lane in Lane::ALL {
            assert_eq!(topology.way(lane, When::Now), (topology.work(), lane.as_str().into()));
            for seconds in [0, 5, 29, 61, 4_000, 100_000] {
                let delay = Duration::from_secs(seconds);
                let (_, poll) = topology.way(lane, When::Poll(delay));
                assert!(keys.iter().any(|key| key == poll.as_str()), "{poll}");
                let (_, retry) = topology.way(lane, When::Retry(delay));
                let bound = retry.as_str().replace(lane.as_str(), "*");
                assert!(keys.iter().any(|key| *key == bound || key == retry.as_str()), "{retry}");
            }
        }
    }

    #[test]
    fn settings_that_cannot_become_queues_are_refused() {
        let rungs = |poll: &[u64]| Rungs {
            poll: poll.iter().map(|s| Duration::from_secs(*s)).collect(),
            ..Rungs::default()
        };
        assert!(matches!(Topology::new("p q", Rungs::default()), Err(RabbitError::Prefix)));
        assert!(matches!(Topology::new(&"p".repeat(101), Rungs::default()), Err(RabbitError::Prefix)));
        assert!(matches!(Topology::new("p", rungs(&[])), Err(RabbitError::Rungs)));
        assert!(matches!(Topology::new("p", rungs(&[0])), Err(RabbitError::Rungs)));
        assert!(matches!(Topology::new("p", rungs(&[99_999_999])), Err(RabbitError::Rungs)));
    }
}

//! The queue on RabbitMQ, for any number of machines: quorum queues, confirms, waiting queues, a parked queue for the operator.
//!
//! Names and flags are in `topology`, the wire form in `envelope`; what a message means for an import is not known here.

mod consume;
mod envelope;
mod error;
mod look;
mod publish;
mod supervisor;
mod topology;

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::uri::AMQPUri;
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::error::RabbitError;
pub use self::look::{look, management, words};
pub use self::topology::Rungs;

use self::consume::InHand;
use self::envelope::Letter;
use self::error::unreachable;
use self::supervisor::{Link, Session};
use self::topology::Topology;
use crate::domain::ports::queue::{Delivery, Lane, Message, Queue, QueueError, When};
use crate::domain::problem::Problem;

/// How many times a publish is tried within its time when the session breaks under it.
const TRIES: u32 = 3;

/// Where the broker is and how it is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `amqp://user:password@host:5672/vhost`, or `amqps://`, whose certificate is checked as the operating system does.
    pub url: SecretString,
    /// Before every name of an exchange or queue.
    pub prefix: String,
    /// Deliveries in hand per lane, as many as the worker has slots; `None` in a process that only publishes.
    pub prefetch: Option<NonZeroU16>,
    /// The lengths of waiting. A change makes new queues; the old ones empty themselves and can then be deleted.
    pub rungs: Rungs,
    /// How the dashboard names our connections.
    pub connection_name: String,
    /// How often each side shows that it lives, in whole seconds; after two without a sign the connection is dead.
    pub heartbeat: Duration,
    /// For a publish to be confirmed.
    pub publish_timeout: Duration,
    /// For the connection to stand and the queues to be declared.
    pub open_timeout: Duration,
    /// Publishes in flight at once.
    pub publish_channels: u16,
}

impl Settings {
    /// The usual settings for this broker.
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            prefix: "dataverse-renku.".to_owned(),
            prefetch: None,
            rungs: Rungs::default(),
            connection_name: "dataverse-renku".to_owned(),
            heartbeat: Duration::from_secs(10),
            publish_timeout: Duration::from_secs(5),
            open_timeout: Duration::from_secs(20),
            publish_channels: 32,
        }
    }
}

/// The queue on a RabbitMQ; clones share its connections.
#[derive(Clone)]
pub struct RabbitQueue {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    address: AMQPUri,
    topology: Topology,
    link: watch::Sender<Link>,
    consuming: CancellationToken,
    closed: CancellationToken,
    tracker: TaskTracker,
}

impl RabbitQueue {
    /// Starts to connect, on `tracker`, and returns at once; `ready` tells when it is connected. It goes on until `stop` is
    /// cancelled or the queue is closed.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn start(
        settings: Settings,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Self, RabbitError> {
        // Fails only when a provider is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let topology = Topology::new(&settings.prefix, settings.rungs.clone())?;
        let address = supervisor::address(&settings.url, settings.heartbeat)?;
        let shared = Arc::new(Shared {
            settings,
            address,
            topology,
            link: watch::Sender::new(Link::Connecting),
            consuming: stop.child_token(),
            closed: stop.child_token(),
            tracker: tracker.clone(),
        });
        tracker.spawn(supervisor::supervise(Arc::clone(&shared)));
        Ok(Self { shared })
    }

    /// The names of all queues, for whoever looks at them or cleans up.
    pub fn queue_names(&self) -> Vec<String> {
        self.shared.topology.queues().iter().map(ToString::to_string).collect()
    }

    /// The names of both exchanges.
    pub fn exchange_names(&self) -> [String; 2] {
        [self.shared.topology.work().to_string(), self.shared.topology.wait().to_string()]
    }
}

/// Exchanges, queues and bindings under the usual prefix as definitions that `RabbitMQ`'s management takes.
///
/// # Errors
/// Never with the usual settings.
pub fn definitions() -> Result<serde_json::Value, RabbitError> {
    let usual = Settings::new(SecretString::from(String::new()));
    Ok(Topology::new(&usual.prefix, usual.rungs)?.definitions())
}

impl std::fmt::Debug for RabbitQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitQueue").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl Shared {
    /// A session to publish with; waits for one that is being made, not for a broker that is down.
    async fn session(&self, until: Instant) -> Result<Arc<Session>, QueueError> {
        let mut link = self.link.subscribe();
        let settled = link.wait_for(|link| match link {
            Link::Connecting => false,
            Link::Up(session) => !session.is_broken(),
            Link::Down(_) | Link::Closed => true,
        });
        match tokio::time::timeout_at(until, settled).await {
            Ok(Ok(link)) => match &*link {
                Link::Up(session) => Ok(Arc::clone(session)),
                Link::Down(why) => Err(unreachable(why)),
                Link::Connecting => Err(QueueError::Unreachable(None)),
                Link::Closed => Err(QueueError::Closed),
            },
            Ok(Err(_)) => Err(QueueError::Closed),
            Err(_elapsed) => Err(QueueError::Unreachable(None)),
        }
    }

    async fn send(&self, letter: &Letter) -> Result<(), QueueError> {
        let within = self.settings.publish_timeout;
        let until = Instant::now() + within;
        let mut tries = 0;
        loop {
            tries += 1;
            let session = self.session(until).await?;
            if let Some(why) = session.blocked() {
                return Err(RabbitError::Blocked { why }.into());
            }
            match session.publisher.publish(letter, until).await {
                Ok(()) => return Ok(()),
                // Twice in the queue is as good as once; not at all is not.
                Err(error) if error.needs_rebuild() && tries < TRIES => session.break_off(error),
                Err(error) => {
                    let silent = matches!(error, RabbitError::Silent { .. }) && session.blocked().is_none();
                    if silent && session.publisher.silence() >= within {
                        // Nothing at all was confirmed while we waited: the broker is frozen or gone without a word.
                        session.break_off(RabbitError::Silent { doing: "confirm any message", within });
                    }
                    return Err(error.into());
                }
            }
        }
    }

    /// The next delivery of the session that is up, or whatever comes next.
    async fn fetch(&self, lane: Lane) -> Option<lapin::message::Delivery> {
        let mut link = self.link.subscribe();
        loop {
            let session =
                match &*link.wait_for(|link| !matches!(link, Link::Up(s) if s.is_broken())).await.ok()? {
                    Link::Up(session) => Some(Arc::clone(session)),
                    Link::Closed => return None,
                    Link::Connecting | Link::Down(_) => None,
                };
            let Some(session) = session else {
                link.changed().await.ok()?;
                continue;
            };
            let source = session.source(lane)?;
            tokio::select! {
                () = session.broken() => {}
                next = source.next() => match next {
                    Ok(delivery) => return Some(delivery),
                    Err(error) => session.break_off(error),
                },
            }
        }
    }

    /// Puts a message that cannot be read where the operator sees it, and takes it off the lane.
    async fn set_aside(
        &self,
        delivery: lapin::message::Delivery,
        lane: Lane,
        reason: &envelope::Undecodable,
    ) {
        let came_from = self.topology.lane(lane);
        tracing::error!(queue.name = %came_from, queue.error = %reason, "a message cannot be read and is parked");
        let in_hand = self.in_hand(delivery.acker);
        let way = (String::new().into(), self.topology.parked());
        let letter =
            envelope::unreadable(delivery.data, delivery.properties, reason, came_from.as_str(), way);
        let settled = match self.send(&letter).await {
            Ok(()) => in_hand.ack().await.map(drop),
            Err(error) => {
                // It comes again, and after too many times the broker itself parks it.
                tracing::warn!(queue.error = %error, "the unreadable message could not be parked");
                in_hand.hand_back().await
            }
        };
        if let Err(error) = settled {
            tracing::debug!(queue.error = %error, "the unreadable message comes again");
        }
    }

    fn in_hand(&self, acker: lapin::Acker) -> Box<dyn crate::domain::ports::queue::Settle> {
        Box::new(InHand::new(acker, self.settings.publish_timeout, self.tracker.clone()))
    }
}

#[async_trait]
impl Queue for RabbitQueue {
    async fn publish(&self, message: &Message, when: When) -> Result<(), QueueError> {
        let letter = envelope::nudge(message, self.shared.topology.way(message.lane, when))?;
        self.shared.send(&letter).await
    }

    async fn park(&self, message: &Message, problem: &Problem) -> Result<(), QueueError> {
        // The default exchange leads to the queue that the key names.
        let way = (String::new().into(), self.shared.topology.parked());
        self.shared.send(&envelope::parked(message, problem, way)?).await
    }

    async fn next(&self, lane: Lane) -> Option<Delivery> {
        let shared = &self.shared;
        loop {
            let delivery = tokio::select! {
                biased;
                () = shared.consuming.cancelled() => return None,
                delivery = shared.fetch(lane) => delivery?,
            };
            match envelope::decode(&delivery.data, lane) {
                Ok(message) => {
                    let settle = shared.in_hand(delivery.acker);
                    return Some(Delivery { message, again: delivery.redelivered, settle });
                }
                Err(reason) => shared.set_aside(delivery, lane, &reason).await,
            }
        }
    }

    async fn ready(&self) -> Result<(), QueueError> {
        let link = self.shared.link.borrow().clone();
        match link {
            Link::Up(session) if session.is_broken() => Err(QueueError::Unreachable(None)),
            Link::Up(session) => match session.blocked() {
                Some(why) => Err(RabbitError::Blocked { why }.into()),
                None => Ok(()),
            },
            Link::Down(why) => Err(unreachable(&why)),
            Link::Connecting => Err(QueueError::Unreachable(None)),
            Link::Closed => Err(QueueError::Closed),
        }
    }

    async fn stop_consuming(&self) {
        self.shared.consuming.cancel();
        let link = self.shared.link.borrow().clone();
        if let Link::Up(session) = link {
            session.stop_consuming(self.shared.settings.publish_timeout).await;
        }
    }

    async fn close(&self) {
        self.stop_consuming().await;
        self.shared.closed.cancel();
        let mut link = self.shared.link.subscribe();
        // The supervisor says goodbye to the broker and then is gone.
        let gone = link.wait_for(|link| matches!(link, Link::Closed));
        if tokio::time::timeout(self.shared.settings.publish_timeout, gone).await.is_err() {
            tracing::debug!("the message broker did not say goodbye in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_password_is_not_shown() {
        let settings = Settings::new(SecretString::from("amqp://renku:geheim@127.0.0.1:9"));
        let stop = CancellationToken::new();
        let queue = RabbitQueue::start(settings, &TaskTracker::new(), &stop).unwrap();
        assert!(!format!("{queue:?}").contains("geheim"));
        let why = loop {
            if let Err(QueueError::Unreachable(Some(why))) = queue.ready().await {
                break why;
            }
            tokio::task::yield_now().await;
        };
        assert!(!format!("{why:?} {why}").contains("geheim"), "{why:?}");
        queue.close().await;
    }
}

//! Keeps connections, channels, queues and consumers alive: whatever breaks, all of it is made anew, after growing pauses.
//!
//! lapin's own recovery is off: after some errors it waits for ever, and it brings back no queue that was deleted.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, Event};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::consume::Source;
use super::error::RabbitError;
use super::publish::Publisher;
use crate::domain::ports::queue::Lane;

/// The first pause before connecting again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// A session that lived this long starts the pauses anew.
const STABLE: Duration = Duration::from_secs(10);

/// How often the connections are looked at: a close by the broker raises no event.
const LOOK: Duration = Duration::from_secs(1);

/// How long a connection is given to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// How it stands with the broker.
#[derive(Clone)]
pub(super) enum Link {
    /// Connecting, for the first time or after a session broke.
    Connecting,
    /// Connected and everything declared; may be broken and not yet replaced.
    Up(Arc<Session>),
    /// The last try failed.
    Down(Arc<RabbitError>),
    /// Closed by us.
    Closed,
}

/// Everything that lives and dies with its connections.
///
/// Two connections: the broker stops reading from one that publishes when it is short of memory, and acknowledgements must go on.
pub(super) struct Session {
    pub(super) publisher: Publisher,
    sources: Vec<(Lane, Source)>,
    connections: Vec<Arc<Connection>>,
    broken: CancellationToken,
    why: OnceLock<RabbitError>,
    blocked: Mutex<Option<String>>,
}

impl Session {
    /// The source of this lane's messages; none in a process that only publishes.
    pub(super) fn source(&self, lane: Lane) -> Option<&Source> {
        self.sources.iter().find(|(of, _)| *of == lane).map(|(_, source)| source)
    }

    /// Asks the supervisor for a new session.
    pub(super) fn break_off(&self, why: RabbitError) {
        // Whoever comes first says why.
        drop(self.why.set(why));
        self.broken.cancel();
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_cancelled()
    }

    /// Waits until somebody broke it off.
    pub(super) async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Why the broker takes nothing for now.
    pub(super) fn blocked(&self) -> Option<String> {
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_blocked(&self, why: Option<String>) {
        if let Some(why) = &why {
            tracing::warn!(queue.blocked = %why, "the message broker takes no messages for now");
        } else {
            tracing::info!("the message broker takes messages again");
        }
        *self.blocked.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Ends all consumers and hands back what was fetched and not taken.
    pub(super) async fn stop_consuming(&self, patience: Duration) {
        for (lane, source) in &self.sources {
            match tokio::time::timeout(patience, source.stop()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(queue.lane = lane.as_str(), %error, "the consumer is gone already");
                }
                Err(_elapsed) => {
                    tracing::warn!(queue.lane = lane.as_str(), "the broker does not end the consumer");
                }
            }
        }
    }

    /// Closes the connections; the broker takes back what is unsettled.
    pub(super) async fn close(&self) {
        for connection in &self.connections {
            if connection.status().connected()
                && !matches!(
                    tokio::time::timeout(GOODBYE, connection.close(200, "OK".into())).await,
                    Ok(Ok(()))
                )
            {
                tracing::debug!("a connection to the message broker ended without goodbye");
            }
        }
    }

    /// Follows the connections' events until the session is broken.
    async fn watch(&self, mut events: BoxStream<'static, Event>) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = self.broken.cancelled() => return,
                _ = look.tick() => {
                    if !self.connections.iter().all(|connection| connection.status().connected()) {
                        self.break_off(RabbitError::Disconnected);
                    }
                }
                Some(event) = events.next() => match event {
                    Event::ConnectionBlocked(why) => self.set_blocked(Some(why)),
                    Event::ConnectionUnblocked => self.set_blocked(None),
                    Event::Error(source) => {
                        self.break_off(RabbitError::Amqp { doing: "keep the connection", source });
                    }
                    Event::Connected | Event::SendFlow(_) | _ => {}
                },
            }
        }
    }
}

/// Connects, watches and connects again until the queue is closed.
pub(super) async fn supervise(shared: Arc<Shared>) {
    let mut failures = 0_u32;
    loop {
        let opened = tokio::select! {
            () = shared.closed.cancelled() => break,
            opened = open(&shared) => opened,
        };
        match opened {
            Ok((session, events)) => {
                let since = Instant::now();
                shared.link.send_replace(Link::Up(Arc::clone(&session)));
                tracing::info!(queue.prefix = %shared.settings.prefix, "connected to the message broker");
                if shared.consuming.is_cancelled() {
                    // Told to stop while the consumers were being made.
                    session.stop_consuming(shared.settings.publish_timeout).await;
                }
                tokio::select! {
                    () = shared.closed.cancelled() => break,
                    () = session.watch(events) => {}
                }
                shared.link.send_replace(Link::Connecting);
                let why = session.why.get().map(chain).unwrap_or_default();
                tracing::warn!(queue.error = %why, "the session with the message broker broke; a new one is made");
                shared.tracker.spawn(async move { session.close().await });
                failures = if since.elapsed() >= STABLE { 0 } else { failures + 1 };
            }
            Err(error) => {
                // The first of a row is worth a warning, the rest would only repeat it.
                if failures == 0 || failures % 10 == 9 {
                    tracing::warn!(queue.error = %chain(&error), "the message broker cannot be used; tried again");
                }
                shared.link.send_replace(Link::Down(Arc::new(error)));
                failures += 1;
            }
        }
        let pause = pause(failures, rand::random());
        if tokio::time::timeout(pause, shared.closed.cancelled()).await.is_ok() {
            break;
        }
    }
    if let Link::Up(session) = shared.link.send_replace(Link::Closed) {
        session.break_off(RabbitError::Disconnected);
        session.close().await;
    }
}

/// The pause before the next try: doubles with each failure up to the cap; `share` (0..1) takes up to half of it away, so that
/// processes which lost the same broker do not come back together.
fn pause(failures: u32, share: f64) -> Duration {
    let (first, longest) = PAUSES;
    let full = first.saturating_mul(2_u32.saturating_pow(failures.min(16))).min(longest);
    full.mul_f64(1.0 - share.clamp(0.0, 1.0) / 2.0)
}

async fn open(shared: &Shared) -> Result<(Arc<Session>, BoxStream<'static, Event>), RabbitError> {
    let settings = &shared.settings;
    // A peer that accepts the connection and then says nothing keeps lapin's thread until the connection dies; with this
    // bound and the pauses that is about one thread in half a minute.
    let within = settings.open_timeout;
    let publishing = async {
        let connection = connect(shared, "publishes").await?;
        let channel = connection.create_channel().await.map_err(RabbitError::amqp("open a channel"))?;
        shared.topology.declare(&channel).await?;
        Ok(connection)
    };
    let publishing = in_time(within, "let us in and declare our queues", publishing).await?;
    let mut events = publishing.events_listener().boxed();
    let mut connections = vec![Arc::clone(&publishing)];
    let mut sources = Vec::new();
    if let Some(prefetch) = settings.prefetch.filter(|_| !shared.consuming.is_cancelled()) {
        let consuming = async {
            let connection = connect(shared, "consumes").await?;
            let mut sources = Vec::new();
            for lane in Lane::ALL {
                let queue = shared.topology.lane(lane);
                sources.push((lane, Source::open(&connection, lane, queue, prefetch.get()).await?));
            }
            Ok((connection, sources))
        };
        let (connection, opened) = in_time(within, "start our consumers", consuming).await?;
        events = futures_util::stream::select(events, connection.events_listener()).boxed();
        connections.push(connection);
        sources = opened;
    }
    let session = Session {
        publisher: Publisher::new(publishing, settings.publish_channels),
        sources,
        connections,
        broken: CancellationToken::new(),
        why: OnceLock::new(),
        blocked: Mutex::default(),
    };
    Ok((Arc::new(session), events))
}

async fn in_time<T>(
    within: Duration,
    doing: &'static str,
    work: impl Future<Output = Result<T, RabbitError>>,
) -> Result<T, RabbitError> {
    tokio::time::timeout(within, work).await.unwrap_or(Err(RabbitError::Silent { doing, within }))
}

async fn connect(shared: &Shared, role: &str) -> Result<Arc<Connection>, RabbitError> {
    let name = format!("{} ({role})", shared.settings.connection_name);
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connected = Connection::connect_uri(shared.address.clone(), properties).await;
    connected.map(Arc::new).map_err(RabbitError::connecting(&shared.address))
}

/// Reads the address and fills in what is left out.
pub(super) fn address(url: &SecretString, heartbeat: Duration) -> Result<AMQPUri, RabbitError> {
    let url = url.expose_secret();
    // The parser's own errors quote the address with its password.
    let parsed = url::Url::parse(url).ok().ok_or(RabbitError::Address)?;
    let mut address = url.parse::<AMQPUri>().ok().ok_or(RabbitError::Address)?;
    if let Some(url::Host::Ipv6(ip)) = parsed.host() {
        // The parser takes no IPv6 address and falls back to `localhost`.
        address.authority.host = ip.to_string();
    }
    if address.vhost.is_empty() {
        // A slash at the end means the vhost with the empty name, which nobody has.
        "/".clone_into(&mut address.vhost);
    }
    let seconds = u16::try_from(heartbeat.as_secs()).unwrap_or(u16::MAX).max(1);
    address.query.heartbeat.get_or_insert(seconds);
    Ok(address)
}

/// The error with its causes in one line.
pub(super) fn chain(error: &RabbitError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<AMQPUri, RabbitError> {
        address(&SecretString::from(url), Duration::from_secs(10))
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (url, host, port, vhost) in [
            ("amqp://broker", "broker", 5672, "/"),
            ("amqp://u:p@broker:1234/", "broker", 1234, "/"),
            ("amqps://broker/%2f", "broker", 5671, "/"),
            ("amqp://127.0.0.1/renku", "127.0.0.1", 5672, "renku"),
            ("amqp://[::1]:7/x", "::1", 7, "x"),
        ] {
            let address = read(url).unwrap();
            let got = (address.authority.host.as_str(), address.authority.port, address.vhost.as_str());
            assert_eq!(got, (host, port, vhost), "{url}");
            assert_eq!(address.query.heartbeat, Some(10), "{url}");
        }
        assert_eq!(read("amqp://broker?heartbeat=3").unwrap().query.heartbeat, Some(3));
    }

    #[test]
    fn a_wrong_address_is_refused_without_quoting_its_password() {
        for url in ["", "broker", "http://u:geheim@broker", "amqp://u:geheim@broker:99999", "amqp:geheim"] {
            let error = read(url).unwrap_err();
            assert!(matches!(error, RabbitError::Address), "{url}");
            assert!(!format!("{error:?} {}", chain(&error)).contains("geheim"));
        }
    }

    #[test]
    fn pauses_grow_to_a_cap_and_differ_between_processes() {
        let longest: Vec<_> = (0..8).map(|failures| pause(failures, 0.0).as_millis()).collect();
        assert_eq!(longest, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert_eq!(pause(u32::MAX, 1.0), Duration::from_secs(5));
    }
}

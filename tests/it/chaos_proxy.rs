//! A TCP proxy that cuts, freezes and refuses connections, for tests of what happens between us and a server.
//!
//! It knows no protocol.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    Fair,
    /// Connections stand and are taken, nothing passes.
    Frozen,
    /// Connections are closed at once.
    Refusing,
}

/// Stands between a client and `upstream`; ends with its last handle.
pub(crate) struct ChaosProxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    /// Counts cuts: a connection ends when it changes.
    cuts: watch::Sender<u64>,
    /// Bytes that went to the upstream; a test waits for traffic with it.
    sent: Arc<watch::Sender<u64>>,
    gone: CancellationToken,
}

impl ChaosProxy {
    /// Listens on a free loopback port.
    pub(crate) async fn before(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            weather: watch::Sender::new(Weather::Fair),
            cuts: watch::Sender::new(0),
            sent: Arc::new(watch::Sender::new(0)),
            gone: CancellationToken::new(),
        };
        let (weather, cuts) = (proxy.weather.subscribe(), proxy.cuts.subscribe());
        let (sent, gone) = (Arc::clone(&proxy.sent), proxy.gone.clone());
        TaskTracker::new().spawn(async move {
            loop {
                let client = tokio::select! {
                    () = gone.cancelled() => return,
                    client = listener.accept() => client.unwrap().0,
                };
                let link = Link { weather: weather.clone(), cuts: cuts.clone(), sent: Arc::clone(&sent) };
                let (upstream, gone) = (upstream.clone(), gone.clone());
                TaskTracker::new().spawn(async move {
                    tokio::select! {
                        () = gone.cancelled() => {}
                        () = link.run(client, upstream) => {}
                    }
                });
            }
        });
        proxy
    }

    /// Where clients connect to.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection in the middle of whatever it does; new ones are taken.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets nothing pass any more, without closing anything.
    pub(crate) fn freeze(&self) {
        self.weather.send_replace(Weather::Frozen);
    }

    /// Cuts, and takes no connection any more.
    pub(crate) fn refuse(&self) {
        self.weather.send_replace(Weather::Refusing);
        self.cut();
    }

    /// Everything passes again.
    pub(crate) fn heal(&self) {
        self.weather.send_replace(Weather::Fair);
    }

    /// Waits until this many further bytes went to the upstream.
    pub(crate) async fn traffic(&self, bytes: u64) {
        let mut sent = self.sent.subscribe();
        let goal = *sent.borrow() + bytes;
        sent.wait_for(|sent| *sent >= goal).await.unwrap();
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.gone.cancel();
    }
}

struct Link {
    weather: watch::Receiver<Weather>,
    cuts: watch::Receiver<u64>,
    sent: Arc<watch::Sender<u64>>,
}

impl Link {
    async fn run(mut self, client: TcpStream, upstream: String) {
        if *self.weather.borrow() == Weather::Refusing {
            return;
        }
        self.cuts.mark_unchanged();
        let Ok(server) = TcpStream::connect(upstream).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            _ = self.cuts.changed() => {}
            () = pump(from_client, to_server, self.weather.clone(), Some(self.sent)) => {}
            () = pump(from_server, to_client, self.weather, None) => {}
        }
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    count: Option<Arc<watch::Sender<u64>>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if weather.wait_for(|weather| *weather == Weather::Fair).await.is_err()
            || to.write_all(&buffer[..read]).await.is_err()
        {
            return;
        }
        if let Some(count) = &count {
            count.send_modify(|sent| *sent += read as u64);
        }
    }
}

//! What monitoring asks for, and a server that answers to it alone, for processes without pages.
//!
//! The answers are in `routes/health`.

use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use tokio_util::sync::CancellationToken;

use super::routes::health;
use crate::domain::ports::queue::Queue;
use crate::imports::Engine;

/// Renders the metrics in Prometheus' text form.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// What monitoring asks for.
#[derive(Clone)]
pub struct Monitored {
    /// Has the store.
    pub engine: Engine,
    /// The queue.
    pub queue: Arc<dyn Queue>,
    /// Renders the metrics.
    pub metrics: Render,
    /// Cancelled when we are shutting down.
    pub stopping: CancellationToken,
}

impl fmt::Debug for Monitored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitored").finish_non_exhaustive()
    }
}

/// Answers whether the process is alive and ready, and with its metrics. Runs when awaited, and ends when `stopping` is cancelled.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(monitored: Monitored, listener: TcpListener) -> std::io::Result<Server> {
    let stopping = monitored.stopping.clone();
    let monitored = web::Data::new(monitored);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(monitored.clone())
            .route("/healthz", web::get().to(health::healthz))
            .route("/readyz", web::get().to(health::readyz))
            .route("/metrics", web::get().to(health::metrics))
    });
    let server = server.disable_signals().shutdown_signal(stopping.cancelled_owned()).shutdown_timeout(1);
    Ok(server.listen(listener)?.workers(1).run())
}

//! The composition root: the only place that names concrete adapters. Maps the configuration onto what each part needs, opens
//! everything in order, runs it, and closes it in the opposite order.

mod doctor;
mod gauges;
mod launches;
mod parts;
mod settings;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU16;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

pub use doctor::{doctor, doctor_by, http_client, keycloak, place};
pub use parts::{Parts, open_store};

pub use crate::adapters::store::Access;
use crate::adapters::store::OpenError;
use crate::config::{Config, QueueKind, Role, StoreKind};
use crate::domain::ports::queue::Lane;
use crate::imports::Engine;
use crate::imports::offers::ASK_EVERY;
use crate::imports::watch::Watch;
use crate::lifecycle::{self, Shutdown, Signals, Tasks};
use crate::telemetry::Metrics;
use crate::web::{self, monitor::Monitored};
use crate::worker::Pool;

/// How often sign-ins that people gave up are revoked at Keycloak, until it is done.
const REVOKE_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// How long after a change an import that is shown live shows it, at most.
const LOOK_FOR_NEWS_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Listens there.
///
/// # Errors
/// Where that is not possible, with the reason and the setting or option that names another address.
pub fn listen(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            anyhow::anyhow!(
                "another program listens at {address} already: end it, or choose another port ({setting})"
            )
        } else {
            anyhow::anyhow!("{address} cannot be listened on ({error}): choose another address ({setting})")
        }
    })
}

/// Whether the store is a file that another process serves with.
pub fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<OpenError>(), Some(OpenError::InUse(_)))
}

/// Whether a process that opened the store is the one that does the work: with SQLite it is, since there can be no other.
pub fn works_in_this_process(config: &Config) -> bool {
    config.store.kind() == StoreKind::Sqlite
}

/// How a service is run.
#[derive(Debug, Default)]
pub struct Serving {
    /// What this process does.
    pub role: Role,
    /// Listens already, where a port had to be known before.
    pub listener: Option<TcpListener>,
}

/// Runs the service until a signal, a failed task, or `shutdown` from elsewhere.
///
/// # Errors
/// When the address cannot be listened on, or the store not be read at start.
pub async fn serve(
    parts: Parts,
    config: &Config,
    serving: Serving,
    shutdown: Shutdown,
) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen().context("signals cannot be listened to")?;
    let metrics = Metrics::start()?;
    let tasks = Tasks::new(shutdown.clone());
    let monitored = Monitored {
        engine: parts.engine.clone(),
        queue: Arc::clone(&parts.queue),
        metrics: Arc::new(move || metrics.render()),
        stopping: shutdown.soft.clone(),
    };
    if serving.role != Role::Worker {
        let listener = match serving.listener {
            Some(listener) => listener,
            None => listen(config.http.bind, "http.bind")?,
        };
        let address = listener.local_addr()?;
        let watch = Arc::new(Watch::new(&parts.engine, LOOK_FOR_NEWS_EVERY));
        let server = web::server(
            web_context(&parts, config, monitored.clone(), Arc::clone(&watch), shutdown.soft.clone()),
            listener,
            settings::web(config),
        )?;
        tasks.spawn("web", async move {
            if let Err(error) = server.await {
                tracing::error!(error = %error, "the web server ended");
            }
        });
        let stop = shutdown.soft.clone();
        tasks.spawn("live events", async move { watch.run(&stop).await });
        tracing::info!(%address, public_url = config.public_url.as_str(), "listening");
        tasks.spawn("launches", launches::forget(parts.launches.clone(), shutdown.soft.clone()));
    }
    if let Some(address) = config.http.monitor {
        spawn_monitor(address, monitored, &tasks)?;
    }
    tasks.spawn("gauges", gauges::keep(&parts, shutdown.soft.clone()));
    let mut pool = None;
    if serving.role != Role::Web {
        if config.queue.kind() == QueueKind::Embedded {
            parts.engine.nudge_everything().await.context("the store cannot be read")?;
            parts.publications.nudge_everything().await.context("the store cannot be read")?;
        }
        parts.publications.catch_up_from_start().await.context("the store cannot be read")?;
        pool = Some(spawn_workers(&parts, config, &tasks, &shutdown.soft));
    }
    let identity = parts.identity.clone();
    let stop = shutdown.soft.clone();
    tasks.spawn("disconnects", async move {
        loop {
            if let Err(fault) = identity.revoke_marked().await {
                tracing::warn!(problem.code = %fault.problem.code, "sign-ins that were given up cannot be revoked yet");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(REVOKE_EVERY) => {}
            }
        }
    });
    if serving.role != Role::Worker {
        spawn_offers(&parts, &tasks, shutdown.soft.clone());
    }
    tell_what_is_missing(config);
    let code = lifecycle::run(&tasks, signals, config.worker.shutdown_deadline).await;
    drop(pool);
    parts.close().await;
    crate::telemetry::flush();
    Ok(code)
}

fn spawn_monitor(address: SocketAddr, monitored: Monitored, tasks: &Tasks) -> anyhow::Result<()> {
    let listener = listen(address, "http.monitor")?;
    let server = web::monitor::server(monitored, listener)?;
    tasks.spawn("monitor", async move {
        if let Err(error) = server.await {
            tracing::error!(error = %error, "the server for monitoring ended");
        }
    });
    tracing::info!(%address, "answers to monitoring");
    Ok(())
}

fn spawn_offers(parts: &Parts, tasks: &Tasks, stop: CancellationToken) {
    let engine = parts.engine.clone();
    tasks.spawn("offers", async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = engine.ask_again() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(ASK_EVERY) => {}
            }
        }
    });
}

fn spawn_workers(parts: &Parts, config: &Config, tasks: &Tasks, stop: &CancellationToken) -> Pool {
    let (engine, publications) = (parts.engine.clone(), parts.publications.clone());
    let pool = Pool::new(engine, publications, Arc::clone(&parts.queue), settings::pool(config));
    let mut consumers = Vec::new();
    for lane in Lane::ALL {
        let (done, ended) = tokio::sync::oneshot::channel::<()>();
        consumers.push(ended);
        let consumer = pool.clone().consume(lane, stop.clone());
        tasks.spawn(lane.as_str(), async move {
            consumer.await;
            drop(done);
        });
    }
    tasks.spawn("sweeper", pool.clone().sweep(stop.clone()));
    tasks.spawn("publications", pool.clone().sweep_publications(stop.clone()));
    tasks.spawn("mails", pool.clone().send_mails(stop.clone()));
    for installation in config.dataverse.keys() {
        tasks.spawn("catch-up", pool.clone().catch_up(installation.clone(), stop.clone()));
    }
    let drain = pool.clone();
    let stop = stop.clone();
    tasks.spawn("drain", async move {
        stop.cancelled().await;
        // The consumers first, so that nothing is taken off the queue while the last steps are settled.
        for ended in consumers {
            drop(ended.await);
        }
        drain.drain().await;
    });
    pool
}

/// Works on imports in this process until `stop`, without pages; for the command line.
///
/// # Errors
/// When the store cannot be read.
pub async fn work(parts: &Parts, config: &Config, stop: &CancellationToken) -> anyhow::Result<Pool> {
    parts.engine.nudge_everything().await.context("the store cannot be read")?;
    let tasks = Tasks::new(Shutdown { soft: stop.clone(), hard: CancellationToken::new() });
    Ok(spawn_workers(parts, config, &tasks, stop))
}

fn web_context(
    parts: &Parts,
    config: &Config,
    monitored: Monitored,
    watch: Arc<Watch>,
    stopping: CancellationToken,
) -> web::Context {
    let admin = config.admin.clone();
    let proxies = config.http.trusted_proxies.clone();
    let origin = |renku: &crate::config::RenkuConfig| renku.oidc.issuer.url().origin().ascii_serialization();
    let docs_sign_in = config.renku.values().find_map(|renku| {
        Some(web::openapi::SignIn {
            issuer: renku.oidc.issuer.as_str().to_owned(),
            client_id: renku.oidc.docs_client_id.clone()?,
        })
    });
    web::Context {
        docs_sign_in,
        live: web::events::Live::new(watch, settings::live(config)),
        engine: parts.engine.clone(),
        publications: parts.publications.clone(),
        doors: config
            .dataverse
            .iter()
            .map(|(name, one)| (name.clone(), settings::door(config, one)))
            .collect(),
        identity: parts.identity.clone(),
        people: Arc::clone(&parts.people),
        launches: parts.launches.clone(),
        monitored,
        public_url: config.public_url.as_str().trim_end_matches('/').to_owned(),
        keycloaks: config.renku.values().map(origin).collect(),
        renku_titles: config.renku.iter().map(|(name, renku)| (name.clone(), renku.title.clone())).collect(),
        renku_urls: config
            .renku
            .iter()
            .map(|(name, renku)| (name.clone(), renku.url.as_str().to_owned()))
            .collect(),
        installation_titles: config
            .dataverse
            .iter()
            .map(|(name, dataverse)| (name.clone(), dataverse.title.clone()))
            .collect(),
        secure: config.public_url.is_https(),
        operators: web::Operators {
            role: admin.role.clone(),
            named: Box::new(move |renku, subject| admin.names(renku, subject)),
        },
        is_proxy: Box::new(move |address| proxies.iter().any(|range| range.contains(address))),
        gates: web::limits::Gates::new(settings::rates(config)),
        stopping,
    }
}

fn tell_what_is_missing(config: &Config) {
    if config.dataverse.is_empty() {
        tracing::warn!("no Dataverse is configured: add a section [dataverse.NAME] with its site_url");
    }
    if config.renku.is_empty() {
        tracing::warn!(
            "no Renku is configured: add a section [renku.NAME] with its url and [renku.NAME.oidc]"
        );
    }
}

/// Slots as the broker's prefetch.
fn prefetch(config: &Config) -> Option<NonZeroU16> {
    let most = config.worker.submit_slots.max(config.worker.follow_slots);
    let most = most.max(config.publications.fan_out_slots).max(config.publications.resume_slots);
    NonZeroU16::new(u16::try_from(most).unwrap_or(u16::MAX))
}

/// The engine alone, for tests that drive it without pages.
pub fn engine(parts: &Parts) -> &Engine {
    &parts.engine
}

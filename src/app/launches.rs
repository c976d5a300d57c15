//! Launches as configured: the installations as doors, with a client of their own that nobody waits long for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::adapters::dataverse::HttpLaunchSource;
use crate::adapters::http::{self, HttpSettings};
use crate::adapters::store::Store;
use crate::config::Config;
use crate::domain::ports::Clock;
use crate::domain::ports::launch::{LaunchSource, LaunchStore, Sealer};
use crate::identity::vault::Vault;
use crate::imports::Engine;
use crate::imports::launch::{Door, Launches};

/// A person waits for the answer, and a callback's address comes from outside.
const LONGEST: Duration = Duration::from_secs(15);

/// The largest answer to a launch, in bytes: parameters, or one version without its files.
const LARGEST: usize = 1 << 20;

/// How often launches are forgotten whose hour is over.
const FORGET_EVERY: Duration = Duration::from_secs(60);

pub(super) fn launches(
    config: &Config,
    engine: Engine,
    store: &Arc<Store>,
    vault: Arc<Vault>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Launches> {
    let longest = config.worker.dataverse_timeout.min(LONGEST);
    let http = http::client(&HttpSettings {
        connect_timeout: config.worker.connect_timeout.min(longest),
        read_timeout: longest,
        total_timeout: longest,
        keep_alive: true,
    })?;
    let doors: BTreeMap<_, _> = config
        .dataverse
        .iter()
        .map(|(name, dataverse)| {
            let site = dataverse.site_url.url().clone();
            let source = HttpLaunchSource::new(site.clone(), http.clone(), LARGEST, Arc::clone(clock));
            let source = Arc::new(source) as Arc<dyn LaunchSource>;
            (name.clone(), Door { title: dataverse.title.clone(), site, source })
        })
        .collect();
    let store = Arc::clone(store) as Arc<dyn LaunchStore>;
    Ok(Launches::new(engine, store, vault as Arc<dyn Sealer>, doors))
}

/// Erases old launches again and again until `stop`.
pub(super) async fn forget(launches: Launches, stop: CancellationToken) {
    loop {
        if let Err(fault) = launches.forget_old().await {
            tracing::warn!(problem.code = %fault.problem.code, "old launches cannot be erased yet");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FORGET_EVERY) => {}
        }
    }
}

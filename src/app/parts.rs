//! Opening and closing: store, vault, queue, clients of the remote services, and the use cases over them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{launches, prefetch, settings};
use crate::adapters::dataverse::{HttpDataverse, ReadLimits};
use crate::adapters::embedded_queue::{Bounds, EmbeddedQueue};
use crate::adapters::http;
use crate::adapters::mail::SmtpMailer;
use crate::adapters::oidc::OidcProvider;
use crate::adapters::rabbitmq::{self, RabbitQueue};
use crate::adapters::renku_core::RenkuCore;
use crate::adapters::renku_data::RenkuData;
use crate::adapters::store::{self, Access, Store};
use crate::config::{Config, Flow, QueueKind, Role};
use crate::domain::ports::identity::{IdentityProvider, IdentityStore, Tokens};
use crate::domain::ports::mail::Mailer;
use crate::domain::ports::publications::PublicationStore;
use crate::domain::ports::queue::Queue;
use crate::domain::ports::renku::Renku;
use crate::domain::ports::store::ImportStore;
use crate::domain::ports::subscriptions::SubscriptionStore;
use crate::domain::ports::{Chance, Clock};
use crate::domain::project::RenkuApi;
use crate::identity::vault::key_file;
use crate::identity::vault::{Vault, VaultKey};
use crate::identity::{self, Identity, Provider};
use crate::imports::breaker::Breakers;
use crate::imports::breakpoints::{Breakpoints, HaltAt, NoBreakpoints};
use crate::imports::launch::Launches;
use crate::imports::{self, Engine, Installation, RenkuSite};
use crate::lifecycle::{SystemChance, SystemClock};
use crate::publications::{self, Publications};
use crate::texts;

/// How long closing waits for what still runs.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// Everything that is open.
pub struct Parts {
    /// The use cases of imports.
    pub engine: Engine,
    /// The use cases of publications and subscriptions.
    pub publications: Publications,
    /// The use cases of people.
    pub identity: Identity,
    /// People, for reading.
    pub people: Arc<dyn IdentityStore>,
    /// From the button in Dataverse to an import.
    pub launches: Launches,
    /// The queue.
    pub queue: Arc<dyn Queue>,
    pub(super) store: Arc<Store>,
    background: TaskTracker,
    stop: CancellationToken,
}

/// Opens the database that is configured.
///
/// # Errors
/// When it cannot be opened; `OpenError::InUse` when another process serves with the SQLite file.
pub async fn open_store(config: &Config, access: Access) -> anyhow::Result<Arc<Store>> {
    Ok(store::open(&SecretString::from(config.store.url.expose().to_owned()), access).await?)
}

impl Parts {
    /// Opens everything for a command. The broker may be away: the queue connects when it is there.
    ///
    /// # Errors
    /// When the database or the key cannot be opened, or a setting cannot be used.
    pub async fn connect(config: &Config, access: Access, halt_at: Option<String>) -> anyhow::Result<Self> {
        let works = access == Access::Serve && super::works_in_this_process(config);
        Self::open(config, access, halt_at, works).await
    }

    /// The same for a process of the service.
    ///
    /// # Errors
    /// As above.
    pub async fn connect_to_serve(
        config: &Config,
        role: Role,
        halt_at: Option<String>,
    ) -> anyhow::Result<Self> {
        Self::open(config, Access::Serve, halt_at, role != Role::Web).await
    }

    /// Who does not work must not consume: the broker would hand it messages that nobody takes.
    async fn open(
        config: &Config,
        access: Access,
        halt_at: Option<String>,
        works: bool,
    ) -> anyhow::Result<Self> {
        let store = open_store(config, access).await?;
        match access {
            Access::Serve => store.migrate().await?,
            Access::Tool => store.check_schema().await?,
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let chance: Arc<dyn Chance> = Arc::new(SystemChance);
        let background = TaskTracker::new();
        let stop = CancellationToken::new();
        let queue = queue(config, works, &background, &stop)?;
        let vault = Arc::new(Vault::new(vault_keys(config)?)?);
        let identity = Identity::new(
            identity::Parts {
                store: Arc::clone(&store) as Arc<dyn IdentityStore>,
                providers: providers(config, &clock)?,
                vault: Arc::clone(&vault),
                queue: Arc::clone(&queue),
                clock: Arc::clone(&clock),
                chance: Arc::clone(&chance),
                tasks: background.clone(),
                redirect_uri: format!(
                    "{}/sign-in/callback",
                    config.public_url.as_str().trim_end_matches('/')
                ),
            },
            settings::identity(config),
        );
        let breakpoints: Arc<dyn Breakpoints> = match halt_at {
            Some(place) => Arc::new(HaltAt { place }),
            None => Arc::new(NoBreakpoints),
        };
        let breaker = &config.worker.breaker;
        let engine = Engine::new(
            imports::Parts {
                store: Arc::clone(&store) as Arc<dyn ImportStore>,
                queue: Arc::clone(&queue),
                tokens: Arc::new(identity.clone()) as Arc<dyn Tokens>,
                dataverses: dataverses(config, &clock)?,
                renkus: renkus(config, &clock)?,
                clock: Arc::clone(&clock),
                chance,
                breakpoints,
                breakers: Breakers::new(breaker.failures, breaker.first, breaker.longest),
            },
            settings::engine(config),
        );
        let people = Arc::clone(&store) as Arc<dyn IdentityStore>;
        let launches = launches::launches(config, engine.clone(), &store, vault, &clock)?;
        let publications = Publications::new(
            publications::Parts {
                engine: engine.clone(),
                publications: Arc::clone(&store) as Arc<dyn PublicationStore>,
                subscriptions: Arc::clone(&store) as Arc<dyn SubscriptionStore>,
                tokens: Arc::new(identity.clone()) as Arc<dyn Tokens>,
                people: Arc::clone(&people),
                secrets: secrets(config),
                mailer: mailer(config)?,
                words: Arc::new(texts::mail),
                public_url: config.public_url.as_str().trim_end_matches('/').to_owned(),
                tasks: background.clone(),
            },
            settings::publications(config),
        );
        Ok(Self { engine, publications, identity, people, launches, queue, store, background, stop })
    }

    /// Closes the broker, then the store; what is unsettled comes again.
    pub async fn close(self) {
        self.queue.close().await;
        self.background.close();
        let waited = tokio::time::timeout(CLOSE_WAIT, self.background.wait()).await;
        self.stop.cancel();
        if waited.is_err() {
            tracing::warn!("something in the background did not end in time");
        }
        self.store.close().await;
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("engine", &self.engine).finish_non_exhaustive()
    }
}

fn queue(
    config: &Config,
    works: bool,
    tracker: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<Arc<dyn Queue>> {
    Ok(match config.queue.kind() {
        QueueKind::Embedded => Arc::new(EmbeddedQueue::start(Bounds::default(), tracker, stop)),
        QueueKind::Rabbit => {
            let mut broker =
                rabbitmq::Settings::new(SecretString::from(config.queue.url.expose().to_owned()));
            broker.prefix = format!("{}.", config.queue.prefix.trim_end_matches('.'));
            broker.prefetch = prefetch(config).filter(|_| works);
            Arc::new(RabbitQueue::start(broker, tracker, stop)?)
        }
    })
}

fn secrets(config: &Config) -> BTreeMap<crate::domain::ids::InstallationName, Vec<SecretString>> {
    config.dataverse.iter().map(|(name, one)| (name.clone(), one.workflow_secrets.clone())).collect()
}

fn mailer(config: &Config) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    Ok(match (&config.mail.server, &config.mail.from) {
        (Some(server), Some(from)) => Some(Arc::new(SmtpMailer::new(server, from)?)),
        (Some(_) | None, _) => None,
    })
}

fn vault_keys(config: &Config) -> anyhow::Result<Vec<VaultKey>> {
    if let Some(path) = &config.vault.make_at {
        let (keys, made) = key_file::read_or_make(path)?;
        if made {
            tracing::warn!(file = %path.display(), "made a new key for stored sign-ins; if it gets lost, everybody signs in again");
        }
        return Ok(keys);
    }
    Ok(config.vault.keys.iter().map(|key| VaultKey::from_bytes(*key.expose())).collect())
}

fn providers(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<BTreeMap<crate::domain::ids::RenkuName, Provider>> {
    // A refresh must not be written to a connection that is just being closed: whether it arrived could not be told.
    let http = http::client(&settings::http(config, config.worker.keycloak_timeout, false))?;
    let provider = |renku: &crate::config::RenkuConfig| {
        let keycloak = OidcProvider::new(http.clone(), Arc::clone(clock), settings::oidc(renku));
        let flow = match renku.oidc.flow {
            Flow::Code => identity::Flow::Code,
            Flow::Device => identity::Flow::Device,
        };
        Provider { keycloak: Arc::new(keycloak) as Arc<dyn IdentityProvider>, flow }
    };
    Ok(config.renku.iter().map(|(name, renku)| (name.clone(), provider(renku))).collect())
}

fn dataverses(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<BTreeMap<crate::domain::ids::InstallationName, Installation>> {
    let http = http::client(&settings::http(config, config.worker.dataverse_timeout, true))?;
    let installation = |dataverse: &crate::config::DataverseConfig| {
        let site_url = dataverse.site_url.as_str().trim_end_matches('/').to_owned();
        let reader = HttpDataverse::new(&site_url, http.clone(), ReadLimits::default(), Arc::clone(clock));
        Installation { site_url, dataverse: Arc::new(reader) }
    };
    Ok(config.dataverse.iter().map(|(name, dataverse)| (name.clone(), installation(dataverse))).collect())
}

fn renkus(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<BTreeMap<crate::domain::ids::RenkuName, RenkuSite>> {
    let http = http::client(&settings::http(config, config.worker.renku_timeout, true))?;
    let renku = |renku: &crate::config::RenkuConfig| {
        let core = RenkuCore::new(settings::renku_core(config, renku), http.clone(), Arc::clone(clock));
        let data = RenkuData::new(settings::renku_data(config, renku), http.clone(), Arc::clone(clock));
        RenkuSite {
            title: renku.title.clone(),
            services: BTreeMap::from([
                (RenkuApi::Core, Arc::new(core) as Arc<dyn Renku>),
                (RenkuApi::Data, Arc::new(data) as Arc<dyn Renku>),
            ]),
            fixed: settings::fixed_api(renku),
        }
    };
    Ok(config.renku.iter().map(|(name, settings)| (name.clone(), renku(settings))).collect())
}

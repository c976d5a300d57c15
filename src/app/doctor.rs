//! What the doctor looks at, made from the configuration: probes with short patience, and this service's own ground.
//!
//! What findings mean is in the room `doctor`.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::{Access, open_store, settings};
use crate::adapters::http::{self, HttpSettings};
use crate::adapters::oidc::OidcProvider;
use crate::adapters::probe::{DataverseLook, RenkuLook};
use crate::adapters::rabbitmq;
use crate::adapters::renku_core::RenkuCore;
use crate::adapters::renku_data::RenkuData;
use crate::adapters::store::{OpenError, Store, lock_path};
use crate::config::{Config, Flow, QueueKind, RenkuApi, RenkuConfig};
use crate::doctor::{self, Doctor, PATIENCE, Place, Program};
use crate::domain::ids::RenkuName;
use crate::domain::import::Phase;
use crate::domain::manifest;
use crate::domain::ports::Clock;
use crate::domain::ports::identity::{CredentialState, IdentityStore as _};
use crate::domain::ports::probe::{Broker, Ground, Made, Management, ServicePerson, StoredSignIn};
use crate::domain::ports::renku::Renku;
use crate::domain::ports::store::{ImportFilter, ImportStore as _};
use crate::domain::ports::subscriptions::{SubscriptionFilter, SubscriptionStore as _};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::ProjectAddress;
use crate::identity::vault::{Vault, VaultKey, key_file};
use crate::identity::{opened, store_fault};
use crate::lifecycle::SystemClock;

/// So many subscriptions are read to find one of one Renku.
const SERVED: u32 = 1_000;

/// So many people are read to find those of one Renku.
const PEOPLE: u32 = 1_000;

/// The doctor for this configuration; nothing is asked yet.
///
/// # Errors
/// When TLS cannot be set up.
pub fn doctor(config: &Config) -> anyhow::Result<Doctor> {
    doctor_by(config, &(Arc::new(SystemClock) as Arc<dyn Clock>))
}

/// The same by another clock than this machine's.
///
/// # Errors
/// When TLS cannot be set up.
pub fn doctor_by(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Doctor> {
    let http = http::client(&HttpSettings {
        connect_timeout: PATIENCE.mul_f64(0.75),
        read_timeout: PATIENCE,
        total_timeout: PATIENCE,
        keep_alive: false,
    })?;
    let services = http::client(&settings::http(config, config.worker.renku_timeout, true))?;
    let renkus = config.renku.iter().map(|(name, renku)| {
        let core = RenkuCore::new(settings::renku_core(config, renku), services.clone(), Arc::clone(clock));
        let data = RenkuData::new(settings::renku_data(config, renku), services.clone(), Arc::clone(clock));
        let both = [
            (RenkuApi::Data, Arc::new(data) as Arc<dyn Renku>),
            (RenkuApi::Core, Arc::new(core) as Arc<dyn Renku>),
        ];
        let keycloak = OidcProvider::new(http.clone(), Arc::clone(clock), settings::oidc(renku));
        doctor::Renku {
            name: name.clone(),
            probe: Arc::new(RenkuLook::new(renku.url.as_str(), http.clone(), Arc::clone(clock))),
            keycloak: Arc::new(keycloak),
            flow: match renku.oidc.flow {
                Flow::Code => doctor::Flow::Code,
                Flow::Device => doctor::Flow::Device,
            },
            place: place(config, name, renku),
            accepted_clients: renku.oidc.accepted_clients.clone(),
            core_wanted: matches!(renku.api, RenkuApi::Auto | RenkuApi::Core),
            data_wanted: matches!(renku.api, RenkuApi::Auto | RenkuApi::Data),
            services: both
                .into_iter()
                .filter(|(api, _)| renku.api == RenkuApi::Auto || renku.api == *api)
                .map(|(_, service)| service)
                .collect(),
        }
    });
    let installations = config.dataverse.iter().map(|(name, dataverse)| doctor::Installation {
        name: name.clone(),
        probe: Arc::new(DataverseLook::new(dataverse.site_url.as_str(), http.clone(), Arc::clone(clock))),
        https: dataverse.site_url.is_https(),
        tool: manifest::external_tool(config.public_url.as_str(), name),
        announces: !dataverse.workflow_secrets.is_empty(),
    });
    let (renkus, installations) = (renkus.collect(), installations.collect());
    Ok(Doctor {
        ground: Arc::new(Own { config: config.clone(), http }),
        renkus,
        installations,
        program: Program::default(),
        present: Vec::new(),
        project: None,
        patience: PATIENCE,
    })
}

/// A client for what the command line asks once.
///
/// # Errors
/// When TLS cannot be set up.
pub fn http_client(config: &Config) -> anyhow::Result<reqwest::Client> {
    Ok(http::client(&settings::http(config, config.worker.dataverse_timeout, false))?)
}

/// The Keycloak of a Renku, for a sign-in at the command line; another client than ours is a public one.
///
/// # Errors
/// When TLS cannot be set up.
pub fn keycloak(
    config: &Config,
    renku: &RenkuConfig,
    client_id: Option<&str>,
) -> anyhow::Result<OidcProvider> {
    let mut oidc = settings::oidc(renku);
    if let Some(client_id) = client_id.filter(|client_id| *client_id != oidc.client_id) {
        client_id.clone_into(&mut oidc.client_id);
        oidc.client_secret = None;
    }
    let http = http::client(&settings::http(config, config.worker.keycloak_timeout, false))?;
    Ok(OidcProvider::new(http, Arc::new(SystemClock), oidc))
}

/// The realm and our client there, as commands need them.
pub fn place(config: &Config, name: &RenkuName, renku: &RenkuConfig) -> Place {
    let issuer = renku.oidc.issuer.as_str().trim_end_matches('/');
    Place {
        program: Program::default(),
        renku: name.clone(),
        issuer: issuer.to_owned(),
        realm: issuer.rsplit('/').next().unwrap_or("Renku").to_owned(),
        client_id: renku.oidc.client_id.clone(),
        redirect_uri: format!("{}/sign-in/callback", config.public_url.as_str().trim_end_matches('/')),
        audience: renku.oidc.audience.clone(),
        username: None,
    }
}

struct Own {
    config: Config,
    http: reqwest::Client,
}

/// The way there from the root; a relative one means nothing to somebody who does not know where we were started.
fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_error| path.to_owned())
}

/// Whether a file can be made there: in its folder, or in the nearest one above it that exists.
///
/// Only making one tells, since a file system may be read-only, full or somebody else's; it is taken away at once.
fn can_be_made(path: &Path) -> Result<(), String> {
    let folder = path.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or_else(|| Path::new("/"));
    let trial =
        folder.join(format!(".dataverse-renku-{}-{}", std::process::id(), uuid::Uuid::now_v7().simple()));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&trial)
        .and_then(|_file| fs::remove_file(&trial))
        .map_err(|error| format!("{} cannot be made: in {} {error}", path.display(), folder.display()))
}

fn own(code: ProblemCode, words: String) -> Fault {
    Fault::new(Class::Permanent, Problem::new(code).saying(words))
}

impl Own {
    fn keys(&self) -> Result<Vec<VaultKey>, Fault> {
        let Some(path) = &self.config.vault.make_at else {
            return Ok(self
                .config
                .vault
                .keys
                .iter()
                .map(|key| VaultKey::from_bytes(*key.expose()))
                .collect());
        };
        key_file::read(path).map_err(|error| own(ProblemCode::VaultKeyWrong, error.to_string()))
    }

    /// The database; where none was made yet, the file that the first start makes.
    async fn opened(&self) -> Result<Result<Arc<Store>, PathBuf>, Fault> {
        let store = match open_store(&self.config, Access::Tool).await {
            Ok(store) => store,
            Err(error) => {
                return match error.downcast_ref::<OpenError>() {
                    // Whoever served here before left the lock: then the database is lost.
                    Some(OpenError::File(path, why))
                        if why.kind() == ErrorKind::NotFound && !lock_path(path).exists() =>
                    {
                        Ok(Err(whole(path)))
                    }
                    Some(_) | None => Err(own(ProblemCode::StoreUnavailable, format!("{error:#}"))),
                };
            }
        };
        store.check_schema().await.map_err(|error| {
            let code = match &error {
                OpenError::SchemaTooNew { .. } | OpenError::SchemaTooOld { .. } => {
                    ProblemCode::SchemaNotCurrent
                }
                OpenError::Address(..)
                | OpenError::InUse(_)
                | OpenError::File(..)
                | OpenError::Connect(_)
                | OpenError::Migrate(_) => ProblemCode::StoreUnavailable,
            };
            own(code, error.to_string())
        })?;
        Ok(Ok(store))
    }

    /// Whether somebody's sign-in may be lost with the key.
    async fn keeps_sign_ins(&self) -> Result<bool, Fault> {
        let Ok(store) = self.opened().await? else { return Ok(false) };
        for person in store.people(PEOPLE).await.map_err(store_fault)? {
            if store.credential(person.id).await.map_err(store_fault)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl Ground for Own {
    async fn key(&self) -> Result<Made, Fault> {
        let missing = self.config.vault.make_at.as_ref().filter(|path| !path.exists());
        let Some(path) = missing else { return self.keys().map(|_keys| Made::There) };
        // A database that cannot be looked into has a line of its own, and may hold sign-ins.
        if self.keeps_sign_ins().await.unwrap_or(true) {
            return self.keys().map(|_keys| Made::There);
        }
        let path = whole(path);
        can_be_made(&path).map_err(|words| own(ProblemCode::VaultKeyWrong, words))?;
        Ok(Made::NotYet(path))
    }

    async fn store(&self) -> Result<Made, Fault> {
        let Err(path) = self.opened().await? else { return Ok(Made::There) };
        can_be_made(&path).map_err(|words| own(ProblemCode::StoreUnavailable, words))?;
        Ok(Made::NotYet(path))
    }

    async fn broker(&self) -> Result<Broker, Fault> {
        if self.config.queue.kind() == QueueKind::Embedded {
            return Ok(Broker::Embedded);
        }
        let url = SecretString::from(self.config.queue.url.expose().to_owned());
        let prefix = format!("{}.", self.config.queue.prefix.trim_end_matches('.'));
        let seen = rabbitmq::look(&url, &prefix, Duration::from_secs(10)).await;
        seen.map_err(|error| own(ProblemCode::QueueUnavailable, rabbitmq::words(&error)))
    }

    async fn management(&self) -> Option<(Management, String)> {
        if self.config.queue.kind() == QueueKind::Embedded {
            return None;
        }
        let Some(address) = &self.config.queue.management_url else {
            return Some((Management::NotNamed, String::new()));
        };
        let url = SecretString::from(self.config.queue.url.expose().to_owned());
        let seen = rabbitmq::management(self.http.clone(), address.as_str(), &url).await;
        Some((seen, address.to_string()))
    }

    async fn at_work(&self, project: &ProjectAddress) -> Result<bool, Fault> {
        let Ok(store) = self.opened().await? else { return Ok(false) };
        for phase in [Phase::Submitting, Phase::Running, Phase::Verifying] {
            let filter = ImportFilter {
                phase: Some(phase),
                project: Some(project.clone()),
                limit: 1,
                ..ImportFilter::default()
            };
            if !store.imports(&filter).await.map_err(store_fault)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn service_person(&self, renku: &RenkuName) -> Result<ServicePerson, Fault> {
        let Ok(store) = self.opened().await? else { return Ok(ServicePerson::NotNeeded) };
        if let Some(person) = store.service_person(renku).await.map_err(store_fault)? {
            let credential = store.credential(person.id).await.map_err(store_fault)?;
            let state = credential.map(|credential| credential.state);
            let signed_in =
                matches!(state, Some(CredentialState::Active | CredentialState::Refreshing { .. }));
            return Ok(ServicePerson::Named { username: person.username, signed_in });
        }
        let served =
            SubscriptionFilter { only_service: true, limit: SERVED, ..SubscriptionFilter::default() };
        let served = store.subscriptions(&served).await.map_err(store_fault)?;
        let waits = served.iter().any(|subscription| subscription.renku == *renku);
        Ok(if waits { ServicePerson::Missing } else { ServicePerson::NotNeeded })
    }

    async fn sign_ins(&self, renku: &RenkuName, limit: u32) -> Result<Vec<StoredSignIn>, Fault> {
        let Ok(store) = self.opened().await? else { return Ok(Vec::new()) };
        let people = store.people(PEOPLE).await.map_err(store_fault)?;
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let vault = Vault::new(self.keys()?)?;
        let mut found = Vec::new();
        for person in people {
            if person.renku != *renku || found.len() >= limit as usize {
                continue;
            }
            let Some(credential) = store.credential(person.id).await.map_err(store_fault)? else { continue };
            let (access, refresh) = opened(&vault, &credential)?;
            found.push(StoredSignIn {
                username: person.username,
                access,
                access_until: credential.access_until,
                refresh,
                state: credential.state,
            });
        }
        Ok(found)
    }
}

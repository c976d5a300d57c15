//! The configuration: built-in defaults, a file, the environment; typed, checked, with all faults told at once.
//!
//! Depends on nothing of ours but names. `app` maps it onto what each part needs. `config/default.toml` is the manual.

mod admin;
mod dataverse;
mod fault;
mod http;
mod layers;
mod log;
mod mail;
mod publications;
mod queue;
mod renku;
mod section;
mod setting;
mod store;
mod values;
mod vault;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use admin::{AdminConfig, AdminPerson};
pub use dataverse::DataverseConfig;
pub use fault::{ConfigFault, Warning};
pub use http::HttpConfig;
pub use layers::DEFAULT;
pub use log::{LogConfig, LogFormat};
pub use mail::MailConfig;
pub use publications::PublicationsConfig;
pub use queue::{QueueConfig, QueueKind};
pub use renku::{Flow, OidcConfig, RenkuApi, RenkuConfig};
pub use store::{StoreConfig, StoreKind};
pub use values::{Bytes, ConnectionUrl, IpRange, NotARange, NotASize, NotAnAddress, WebAddress};
pub use vault::{VaultConfig, VaultKey};
pub use worker::{BreakerConfig, RetryConfig, WorkerConfig};

use crate::domain::ids::{InstallationName, RenkuName};
use fault::Report;
use layers::Layers;
use section::Section;
use setting::Unfit;

/// The environment variable that names the configuration file.
pub const FILE_VARIABLE: &str = "DATAVERSE_RENKU_CONFIG";

/// Which part of the service a process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything in one process.
    #[default]
    All,
    /// Pages and API only.
    Web,
    /// The work only.
    Worker,
}

/// The whole configuration, checked.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The address under which people and other services reach this one.
    pub public_url: WebAddress,
    /// `[http]`
    pub http: HttpConfig,
    /// `[store]`
    pub store: StoreConfig,
    /// `[queue]`
    pub queue: QueueConfig,
    /// `[vault]`
    pub vault: VaultConfig,
    /// `[worker]`
    pub worker: WorkerConfig,
    /// `[publications]`
    pub publications: PublicationsConfig,
    /// `[mail]`
    pub mail: MailConfig,
    /// `[dataverse.NAME]`
    pub dataverse: BTreeMap<InstallationName, DataverseConfig>,
    /// `[renku.NAME]`
    pub renku: BTreeMap<RenkuName, RenkuConfig>,
    /// `[admin]`
    pub admin: AdminConfig,
    /// `[log]`
    pub log: LogConfig,
}

/// The environment of this process; what is not Unicode is left out. The only place that reads it.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

impl Config {
    /// Reads the built-in defaults, the file (or the one that `DATAVERSE_RENKU_CONFIG` names) and the environment.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first fault.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<Warning>), Vec<ConfigFault>> {
        let environment: Vec<_> = environment.into_iter().collect();
        let variable = |wanted: &str| {
            let found = environment.iter().find(|(name, value)| name == wanted && !value.is_empty());
            found.map(|(_, value)| value.as_str())
        };
        let file = file.map(Path::to_owned).or_else(|| variable(FILE_VARIABLE).map(PathBuf::from));
        // systemd may give several, separated by colons.
        let state = variable("STATE_DIRECTORY").and_then(|all| all.split(':').next()).unwrap_or("");
        let report = Report::default();
        let layers = Layers::read(file.as_deref(), &environment, &report);
        let config = Self::read(Section::root(&layers, &report), Path::new(state));
        let (faults, warnings) = report.into_parts();
        match config {
            Some(config) if faults.is_empty() => Ok((config, warnings)),
            Some(_) | None => Err(faults),
        }
    }

    fn read(mut root: Section<'_>, state: &Path) -> Option<Self> {
        let http = HttpConfig::read(root.section("http"));
        let public_url = public_url(&mut root, http.as_ref());
        let here = public_url.as_ref().is_none_or(WebAddress::is_loopback);
        let store = StoreConfig::read(root.section("store"), state);
        let queue = QueueConfig::read(root.section("queue"));
        let vault = VaultConfig::read(root.section("vault"), state, here);
        let worker = WorkerConfig::read(root.section("worker"));
        let publications = PublicationsConfig::read(root.section("publications"));
        let mail = MailConfig::read(root.section("mail"));
        let (dataverse, dataverses_whole) =
            all(root.named::<InstallationName>("dataverse"), DataverseConfig::read);
        let (renku, renkus_whole) = all(root.named::<RenkuName>("renku"), RenkuConfig::read);
        let admin = AdminConfig::read(root.section("admin"), &renku);
        let log = LogConfig::read(root.section("log"));
        alone(&root, "dataverse", dataverse.iter().map(|(name, one)| (name.as_str(), &one.site_url)));
        alone(&root, "renku", renku.iter().map(|(name, one)| (name.as_str(), &one.url)));
        if dataverse.is_empty() && dataverses_whole {
            root.warn(
                "dataverse",
                "none is configured, so that no dataset can be imported; add a section [dataverse.NAME]",
            );
        }
        if renku.is_empty() && renkus_whole {
            root.warn("renku", "none is configured, so that nobody can sign in; add a section [renku.NAME]");
        }
        root.finish();
        Some(Self {
            public_url: public_url?,
            http: http?,
            store: store?,
            queue: queue?,
            vault: vault?,
            worker: worker?,
            publications: publications?,
            mail: mail?,
            dataverse: Some(dataverse).filter(|_| dataverses_whole)?,
            renku: Some(renku).filter(|_| renkus_whole)?,
            admin: admin?,
            log: log?,
        })
    }

    /// Whether this configuration can be shared by several processes, as `role` wants.
    ///
    /// # Errors
    /// What stands against it.
    pub fn check_role(&self, role: Role) -> Result<(), Vec<ConfigFault>> {
        if role == Role::All {
            return Ok(());
        }
        let fault = |key: &str, message: &str, remedy: &str| ConfigFault {
            key: key.to_owned(),
            origin: None,
            message: message.to_owned(),
            remedy: remedy.to_owned(),
        };
        let mut faults = Vec::new();
        if self.store.kind() == StoreKind::Sqlite {
            faults.push(fault(
                "store.url",
                "A SQLite file serves one process, and --role splits the work among several",
                "Use postgres://, or start it with --role all.",
            ));
        }
        if self.queue.kind() == QueueKind::Embedded {
            faults.push(fault(
                "queue.url",
                "The embedded queue lives in one process, and --role splits the work among several",
                "Use amqps://, or start it with --role all.",
            ));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// What is in force, as TOML, with `…` in place of secrets.
    pub fn show(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }
}

fn public_url(root: &mut Section<'_>, http: Option<&HttpConfig>) -> Option<WebAddress> {
    let Some(url) = root.optional::<WebAddress>("public_url")? else {
        let url = format!("http://{}", http?.bind).parse::<WebAddress>().ok().filter(WebAddress::is_loopback);
        if url.is_none() {
            root.fault(
                "public_url",
                Unfit::new(
                    "It is missing, and http.bind is not on this machine alone",
                    "Set it to the address that people type, such as \"https://connector.example.org\".",
                ),
            );
        }
        return url;
    };
    if !url.is_https() && !url.is_loopback() {
        root.warn(
            "public_url",
            "sign-ins go over the network unencrypted; put a reverse proxy with https:// in front",
        );
    }
    Some(url)
}

/// Reads all sections of a kind; the second value says whether each of them could be read.
fn all<N: Ord, T>(
    sections: Vec<(N, Section<'_>)>,
    read: impl Fn(Section<'_>) -> Option<T>,
) -> (BTreeMap<N, T>, bool) {
    let wanted = sections.len();
    let read: BTreeMap<_, _> =
        sections.into_iter().filter_map(|(name, section)| Some((name, read(section)?))).collect();
    let whole = read.len() == wanted;
    (read, whole)
}

/// Two sections with one address would be two names for the same thing.
fn alone<'a>(root: &Section<'_>, key: &str, addresses: impl Iterator<Item = (&'a str, &'a WebAddress)>) {
    let mut seen = BTreeMap::new();
    for (name, address) in addresses {
        if let Some(other) = seen.insert(address, name) {
            root.fault(
                &format!("{key}.{name}"),
                Unfit::new(
                    format!("It has the same address as [{key}.{other}]"),
                    "Keep one of the two sections.",
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests;

//! Starting an import: what was typed becomes an order, the dataset is looked at, and a row is stored.
//!
//! Everything that can be refused is refused here, with the field and before anything is written.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Engine;
use crate::domain::dataset::{DatasetVersion, VersionNumber};
use crate::domain::ids::{ImportId, InstallationName, PersonId, RenkuName, SubscriptionId};
use crate::domain::import::Order;
use crate::domain::pid::{InvalidPid, Pid};
use crate::domain::ports::renku::{Objection, objections};
use crate::domain::ports::store::{Created, NewImport};
use crate::domain::ports::subscriptions::{NewSubscription, Subscribed};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::{ProjectAddress, RenkuApi};
use crate::domain::subscription::{Edition, Subscription, SubscriptionState};

/// What somebody asks for, as it was typed.
#[derive(Clone, Debug)]
pub struct Request {
    /// A PID in any form, or the address of a dataset page.
    pub dataset: String,
    /// The installation's name, if several are configured.
    pub installation: Option<String>,
    /// A version's number; without it the latest published one.
    pub version: Option<String>,
    /// Which of the Renku's services, `data` or `core`; without it the preferred one that takes the project.
    pub api: Option<String>,
    /// The project's address.
    pub project: String,
    /// The name in the project; without it one is made.
    pub name: Option<String>,
    /// Whether the person agrees to the project being migrated.
    pub migrate: bool,
}

/// That a project is to be kept up to date from an import on.
#[derive(Clone, Debug)]
pub struct Keep {
    /// Where the person gets mail about it and in which language, if they get any.
    pub mail: Option<(String, String)>,
}

/// A request that was understood.
#[derive(Clone, Debug)]
pub struct Preflight {
    /// What is going to be ordered.
    pub order: Order,
    /// The version as it is now.
    pub version: DatasetVersion,
    /// What will not come along, though nothing forbids the import.
    pub warnings: Vec<Objection>,
}

impl Engine {
    /// Understands a request and looks at the dataset, without storing anything.
    ///
    /// # Errors
    /// The first thing that forbids the import, with the field it is about.
    pub async fn preflight(&self, renku: &RenkuName, request: &Request) -> Result<Preflight, Fault> {
        let mut order = self.order(renku, request).await?;
        let read = match self.readable_version(&order).await {
            Err(fault) if fault.problem.code == ProblemCode::DatasetUnknown => {
                match self.dataset_of_file(&order).await {
                    Some(dataset) => {
                        order.pid = dataset;
                        self.readable_version(&order).await
                    }
                    None => Err(fault),
                }
            }
            read => read,
        };
        let version = match read {
            Ok(version) => version,
            // It will be there in a moment: the import waits for it.
            Err(fault) if fault.class == Class::NotYet => self.plain_version(&order).await?,
            Err(fault) => return Err(about(fault, "dataset")),
        };
        let can = self.renku(&order)?.capabilities();
        let warnings = objections(&version, order.version, &can)
            .into_iter()
            .filter(|objection| !objection.forbids)
            .collect();
        Ok(Preflight { order, version, warnings })
    }

    /// Stores a new import and nudges it. With the same `idempotency_key` the same import is given again.
    ///
    /// # Errors
    /// As `preflight`; `idempotency-key-reused`; a fault of the store.
    pub async fn start(
        &self,
        person: PersonId,
        renku: &RenkuName,
        request: &Request,
        idempotency_key: Option<String>,
    ) -> Result<Created, Fault> {
        self.start_and_keep(person, renku, request, idempotency_key, None).await
    }

    /// As `start`; with `keep`, the project is kept up to date from this import on: both are stored or none is.
    ///
    /// # Errors
    /// As `start`.
    pub async fn start_and_keep(
        &self,
        person: PersonId,
        renku: &RenkuName,
        request: &Request,
        idempotency_key: Option<String>,
        keep: Option<Keep>,
    ) -> Result<Created, Fault> {
        let Preflight { order, version, warnings: _ } = self.preflight(renku, request).await?;
        let now = self.clock.now();
        let edition = Edition::of(&version);
        let subscription = keep.map(|keep| self.subscription(person, &order, keep.mail));
        let new = NewImport {
            id: ImportId::new(now),
            person,
            order,
            title: Some(version.title),
            now,
            give_up_at: now.plus(self.settings.give_up_after),
            idempotency_key,
        };
        let created = match subscription {
            None => self.store.create(new).await,
            Some(new_subscription) => {
                let stored = self.store.create_and_subscribe(new, &edition, new_subscription).await;
                stored.map(|(created, subscribed)| {
                    subscribed.iter().for_each(tell_subscribed);
                    created
                })
            }
        };
        let created = created.map_err(super::run_step::store_fault)?;
        match &created {
            Created::New(import) => {
                metrics::counter!("dataverse_renku_imports_started_total").increment(1);
                tracing::info!(import.id = %import.id, dataset = %import.order.pid, "an import is queued");
                self.nudge(import).await;
            }
            Created::Existing(_) => {}
            Created::KeyReused => return Err(Fault::user(ProblemCode::IdempotencyKeyReused)),
        }
        Ok(created)
    }

    /// A subscription of this person to what is ordered, beginning now.
    pub(crate) fn subscription(
        &self,
        person: PersonId,
        order: &Order,
        mail: Option<(String, String)>,
    ) -> NewSubscription {
        let now = self.clock.now();
        NewSubscription {
            subscription: Subscription {
                id: SubscriptionId::new(now),
                person,
                service: false,
                renku: order.renku.clone(),
                api: order.api,
                installation: order.installation.clone(),
                pid: order.pid.clone(),
                project: order.project.clone(),
                state: SubscriptionState::Active,
                problem: None,
                revision: 1,
                created_at: now,
                changed_at: now,
            },
            mail,
            unsubscribe_key: URL_SAFE_NO_PAD.encode(self.chance.secret_bytes()),
            has: None,
        }
    }

    /// Somebody may have given the PID of a file: the dataset that it belongs to, if Dataverse tells.
    async fn dataset_of_file(&self, order: &Order) -> Option<Pid> {
        let dataverse = self.dataverse(&order.installation).ok()?;
        dataverse.dataset_of_file(&order.pid).await.ok().flatten().filter(|dataset| *dataset != order.pid)
    }

    async fn plain_version(&self, order: &Order) -> Result<DatasetVersion, Fault> {
        let dataverse = self.dataverse(&order.installation)?;
        dataverse.version(&order.pid, crate::domain::dataset::WhichVersion::LatestPublished).await
    }

    pub(crate) async fn order(&self, renku: &RenkuName, request: &Request) -> Result<Order, Fault> {
        let refuse = |code, field: &str, words: &str| {
            Fault::new(Class::User, Problem::new(code).about(field).saying(words))
        };
        let pid: Pid = request
            .dataset
            .parse()
            .map_err(|why: InvalidPid| refuse(ProblemCode::PidInvalid, "dataset", &why.to_string()))?;
        let installation = self.installation_of(&request.dataset, request.installation.as_deref())?;
        let project: ProjectAddress =
            request.project.parse().map_err(|why: crate::domain::project::InvalidAddress| {
                refuse(ProblemCode::ProjectAddressInvalid, "project", &why.to_string())
            })?;
        let api = match request.api.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(
                text.parse::<RenkuApi>()
                    .map_err(|why| refuse(ProblemCode::RequestInvalid, "api", &why.to_string()))?,
            ),
        };
        let (api, project) =
            self.choose(renku, api, &project).await.map_err(|fault| about(fault, "project"))?;
        let version = match request.version.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None | Some(":latest-published") => None,
            Some(":draft") => {
                return Err(refuse(
                    ProblemCode::DatasetNotPublished,
                    "version",
                    "a draft cannot be imported",
                ));
            }
            Some(text) => Some(
                text.parse::<VersionNumber>()
                    .map_err(|why| refuse(ProblemCode::VersionUnknown, "version", &why.to_string()))?,
            ),
        };
        let name = match request.name.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(text.parse().map_err(|why: crate::domain::project::InvalidDatasetName| {
                refuse(ProblemCode::DatasetNameInvalid, "name", &why.to_string())
            })?),
        };
        Ok(Order {
            installation,
            pid,
            version,
            renku: renku.clone(),
            api,
            project,
            name,
            migrate: request.migrate,
        })
    }

    /// The named installation; else the one whose address was pasted; else the only one.
    fn installation_of(&self, dataset: &str, named: Option<&str>) -> Result<InstallationName, Fault> {
        let refuse = |code, field: &str, words: String| {
            Fault::new(Class::User, Problem::new(code).about(field).saying(words))
        };
        let pasted = dataset_host(dataset);
        let of_pasted = pasted.as_deref().and_then(|host| {
            self.dataverses
                .iter()
                .find(|(_, installation)| dataset_host(&installation.site_url).as_deref() == Some(host))
                .map(|(name, _)| name)
        });
        let known = || self.dataverses.keys().map(InstallationName::as_str).collect::<Vec<_>>().join(", ");
        let chosen = match named.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => {
                let name = text.parse().ok().and_then(|name: InstallationName| {
                    self.dataverses.get_key_value(&name).map(|(name, _)| name)
                });
                name.ok_or_else(|| {
                    refuse(
                        ProblemCode::InstallationUnknown,
                        "installation",
                        format!("known are: {}", known()),
                    )
                })?
            }
            None => match (of_pasted, self.dataverses.len()) {
                (Some(name), _) => name,
                (None, 1) => self
                    .dataverses
                    .keys()
                    .next()
                    .ok_or_else(|| Fault::user(ProblemCode::InstallationUnknown))?,
                (None, _) => {
                    return Err(refuse(
                        ProblemCode::InstallationNotNamed,
                        "installation",
                        format!("known are: {}", known()),
                    ));
                }
            },
        };
        match pasted {
            Some(host) if of_pasted != Some(chosen) => {
                Err(refuse(ProblemCode::PidOfAnotherInstallation, "dataset", host))
            }
            _ => Ok(chosen.clone()),
        }
    }
}

/// Tells of a subscription that was made just now.
pub(crate) fn tell_subscribed(subscribed: &Subscribed) {
    if let Subscribed::New(subscription) = subscribed {
        metrics::counter!("dataverse_renku_subscriptions_made_total").increment(1);
        tracing::info!(subscription.id = %subscription.id, dataset = %subscription.pid, service = subscription.service, "a project is kept up to date from now on");
    }
}

/// Host and port of a pasted dataset page; resolvers name no installation.
fn dataset_host(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?;
    if matches!(host, "doi.org" | "dx.doi.org" | "www.doi.org" | "hdl.handle.net") {
        return None;
    }
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// What somebody mistook, with the field that it is about.
pub(super) fn about(mut fault: Fault, field: &str) -> Fault {
    if fault.class == Class::User {
        fault.problem.field.get_or_insert_with(|| field.to_owned());
    }
    fault
}

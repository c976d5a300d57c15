//! Use cases of imports: start one, run one step of one, cancel, retry, sweep. They know ports, never adapters.
//!
//! One delivery, one step, one verdict: `run_step` loads the row, does one thing, stores what came of it and nudges the next.

pub mod breaker;
pub mod breakpoints;
pub mod confirm;
mod crowd;
mod follow;
pub mod launch;
pub mod linking;
pub mod offers;
mod plan;
pub mod preflight;
mod retry;
pub mod run_step;
pub mod start;
mod submit;
pub mod sweep;
mod verify;
pub mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::ids::{ImportId, InstallationName, PersonId, RenkuName};
use crate::domain::import::verdict::Patience;
use crate::domain::import::{Import, Order};
use crate::domain::ports::dataverse::Dataverse;
use crate::domain::ports::identity::Tokens;
use crate::domain::ports::queue::{Message, Queue, When};
use crate::domain::ports::renku::{JobPatience, Renku};
use crate::domain::ports::store::{Change, Changed, ImportStore, NewImport, Slot};
use crate::domain::ports::{Chance, Clock};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::RenkuApi;
use breaker::{Breakers, Upstream};
use breakpoints::Breakpoints;
use offers::Known;

/// How patient the engine is.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Failures, datasets that do not show yet, sign-ins at Renku.
    pub patience: Patience,
    /// Jobs at Renku.
    pub jobs: JobPatience,
    /// How long a worker may have an import for one step; longer than the longest request.
    pub lease: Duration,
    /// A step that takes longer is given up; shorter than the lease.
    pub step: Duration,
    /// After this an import that is still open is parked.
    pub give_up_after: Duration,
    /// How long an import waits for its turn before it looks by itself; whoever gives a slot back nudges the next at once.
    pub line: Duration,
    /// An import that was due for longer than this without being worked on is nudged again.
    pub sweep_grace: Duration,
    /// At most so many imports are nudged in one round of the sweeper.
    pub sweep_batch: u32,
}

/// The outside as the engine sees it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) store: Arc<dyn ImportStore>,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) dataverses: Arc<BTreeMap<InstallationName, Installation>>,
    pub(crate) renkus: Arc<BTreeMap<RenkuName, RenkuSite>>,
    pub(crate) known: Arc<Known>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Arc<dyn Chance>,
    pub(crate) breakpoints: Arc<dyn Breakpoints>,
    pub(crate) breakers: Arc<Breakers>,
    pub(crate) crowds: Arc<crowd::Crowds>,
    pub(crate) settings: Settings,
}

/// A configured Dataverse installation.
#[derive(Clone)]
pub struct Installation {
    /// Its address without a trailing slash, to recognise pasted addresses.
    pub site_url: String,
    /// How to ask it.
    pub dataverse: Arc<dyn Dataverse>,
}

/// A configured Renku.
#[derive(Clone)]
pub struct RenkuSite {
    /// What people call it.
    pub title: String,
    /// How to ask each of its services that may be there. Both are kept where one is chosen by the configuration, for imports that
    /// were started before.
    pub services: BTreeMap<RenkuApi, Arc<dyn Renku>>,
    /// The service that the configuration names; `None` asks which are there.
    pub fixed: Option<RenkuApi>,
}

/// What an [`Engine`] is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<dyn ImportStore>,
    /// The queue.
    pub queue: Arc<dyn Queue>,
    /// People's tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The installations.
    pub dataverses: BTreeMap<InstallationName, Installation>,
    /// The Renkus.
    pub renkus: BTreeMap<RenkuName, RenkuSite>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// Where tests may stop a step.
    pub breakpoints: Arc<dyn Breakpoints>,
    /// When an upstream is left alone.
    pub breakers: Breakers,
}

impl Engine {
    /// An engine of these parts.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        Self {
            store: parts.store,
            queue: parts.queue,
            tokens: parts.tokens,
            dataverses: Arc::new(parts.dataverses),
            renkus: Arc::new(parts.renkus),
            known: Arc::default(),
            clock: parts.clock,
            chance: parts.chance,
            breakpoints: parts.breakpoints,
            breakers: Arc::new(parts.breakers),
            crowds: Arc::default(),
            settings,
        }
    }

    /// The installations, by name.
    pub fn installations(&self) -> &BTreeMap<InstallationName, Installation> {
        &self.dataverses
    }

    /// The names of the Renkus.
    pub fn renku_names(&self) -> impl Iterator<Item = &RenkuName> {
        self.renkus.keys()
    }

    /// The store, for reading imports and timelines.
    pub fn store(&self) -> &dyn ImportStore {
        self.store.as_ref()
    }

    pub(crate) fn dataverse(&self, name: &InstallationName) -> Result<&dyn Dataverse, Fault> {
        let unknown = || {
            Fault::new(Class::Permanent, Problem::new(ProblemCode::InstallationUnknown).saying(name.as_str()))
        };
        self.dataverses.get(name).map(|installation| installation.dataverse.as_ref()).ok_or_else(unknown)
    }

    /// The service that the order was started for, whatever the Renku offers meanwhile.
    fn renku(&self, order: &Order) -> Result<&dyn Renku, Fault> {
        self.service(&order.renku, order.api)
    }

    fn service(&self, name: &RenkuName, api: RenkuApi) -> Result<&dyn Renku, Fault> {
        let code = match self.renkus.get(name) {
            None => ProblemCode::RenkuUnknown,
            Some(site) => match site.services.get(&api) {
                Some(service) => return Ok(service.as_ref()),
                None => ProblemCode::RenkuApiNotOffered,
            },
        };
        Err(Fault::new(Class::Permanent, Problem::new(code).saying(name.as_str())))
    }

    /// An import that is ready to be stored.
    pub(crate) fn prepared(&self, person: PersonId, order: Order) -> NewImport {
        let now = self.clock.now();
        NewImport {
            id: ImportId::new(now),
            person,
            order,
            now,
            give_up_at: now.plus(self.settings.give_up_after),
            idempotency_key: None,
            // Known when the import is planned.
            title: None,
        }
    }

    /// Makes a call to an upstream unless its circuit is open, and tells the circuit what came of it.
    pub(crate) async fn guarded<T>(
        &self,
        upstream: Upstream,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.breakers.admit(&upstream, self.clock.now())?;
        let outcome = call.await;
        let down = matches!(&outcome, Err(fault) if matches!(fault.class, Class::Outage { .. }));
        self.breakers.report(&upstream, down, self.clock.now());
        outcome
    }

    /// Nudges the import for its next step, if one is due some time. A queue that fails costs time only: the sweeper nudges again.
    pub(crate) async fn nudge(&self, import: &Import) {
        let now = self.clock.now();
        let Some(when) = When::due(import, now) else { return };
        if let Err(error) = self.queue.publish(&Message::about(import, now), when).await {
            tracing::warn!(import.id = %import.id, error = %error, "the queue did not take a nudge; the sweeper will");
        }
    }

    /// Nudges those whose turn has come at this service of this Renku since a slot was given back.
    pub(crate) async fn nudge_next_in_line(&self, renku: &RenkuName, api: RenkuApi) {
        let Ok(service) = self.service(renku, api) else { return };
        let next = match self.store.next_in_line(renku, api, service.capabilities().outstanding).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(renku = %renku, error = %error, "cannot see whose turn it is; each looks by itself");
                return;
            }
        };
        for import in next {
            let now = self.clock.now();
            let due = Change {
                state: import.state.clone(),
                due_at: Some(now),
                attempts: import.attempts,
                slot: Slot::Keep,
                keep_lease: false,
                event: None,
                problem: None,
                now,
            };
            match self.store.change(&import, None, due).await {
                Ok(Changed::Done(import)) => self.nudge(&import).await,
                Ok(Changed::Conflict) => {}
                Err(error) => {
                    tracing::warn!(import.id = %import.id, error = %error, "cannot call it to its turn; it looks by itself");
                }
            }
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("installations", &self.dataverses.keys().collect::<Vec<_>>())
            .field("renkus", &self.renkus.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation").field("site_url", &self.site_url).finish_non_exhaustive()
    }
}

impl fmt::Debug for RenkuSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenkuSite")
            .field("title", &self.title)
            .field("fixed", &self.fixed)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

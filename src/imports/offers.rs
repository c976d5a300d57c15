//! What can be chosen: which services the configured Renkus offer, found out by asking and kept for a while.
//!
//! Only new imports ask here; one that was started stays with its service.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::breaker::Upstream;
use super::start::about;
use super::{Engine, RenkuSite};
use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::import::Order;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::{ProjectAddress, RenkuApi};
use crate::domain::time::Timestamp;

/// A service that does not answer by then counts as not heard; nobody waits longer for a page.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);

/// For so long an answer is taken without asking again.
const KEPT: Duration = Duration::from_secs(300);

/// How often a service that never answered is asked again by somebody who waits for it.
const SILENT_FOR: Duration = Duration::from_secs(30);

/// How often a running service should call [`Engine::ask_again`].
pub const ASK_EVERY: Duration = Duration::from_secs(60);

/// A service of a Renku that an import can be started for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The Renku's name in the configuration.
    pub renku: RenkuName,
    /// What people call it.
    pub title: String,
    /// Which of its services.
    pub api: RenkuApi,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    /// Whether the service is there; `None`: it never answered.
    there: Option<bool>,
    at: Timestamp,
}

impl Heard {
    /// Whether it may be used without asking.
    fn holds(self, now: Timestamp) -> bool {
        now.since(self.at) < if self.there.is_some() { KEPT } else { SILENT_FOR }
    }
}

/// What is known of the services, by Renku and service.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<(RenkuName, RenkuApi), Heard>>);

impl Known {
    fn of(&self, renku: &RenkuName, api: RenkuApi) -> Option<Heard> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(renku.clone(), api)).copied()
    }

    /// Keeps an answer; a service that does not answer now is taken to be as it was.
    fn hear(&self, renku: &RenkuName, api: RenkuApi, answer: Option<bool>, at: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = known.entry((renku.clone(), api)).or_insert(Heard { there: None, at });
        heard.at = at;
        if answer.is_some() && answer != heard.there {
            tracing::info!(renku = %renku, api = %api, there = answer, "found out whether the service is offered");
            heard.there = answer;
        }
    }
}

impl Engine {
    /// What an import can be started for now: by Renku, the preferred service of each first. A Renku that was never heard of
    /// is asked, not longer than a few seconds and all at once; one that is down is offered as it was when it last answered.
    pub async fn offers(&self) -> Vec<Offer> {
        self.ask(|heard, now| !heard.is_some_and(|heard| heard.holds(now))).await;
        self.renkus
            .iter()
            .flat_map(|(name, site)| {
                self.there(name, site).into_iter().map(|api| Offer {
                    renku: name.clone(),
                    title: site.title.clone(),
                    api,
                })
            })
            .collect()
    }

    /// Asks every service again whether it is there, so that [`Engine::offers`] need not; for a running service's background.
    pub async fn ask_again(&self) {
        self.ask(|_heard, _now| true).await;
    }

    /// The services of this Renku that are there as far as we heard, the preferred one first.
    fn there(&self, name: &RenkuName, site: &RenkuSite) -> Vec<RenkuApi> {
        let heard = |api: &RenkuApi| self.known.of(name, *api).and_then(|heard| heard.there) == Some(true);
        let offered = |api: &RenkuApi| match site.fixed {
            Some(fixed) => fixed == *api,
            None => heard(api),
        };
        RenkuApi::ALL.into_iter().filter(|api| site.services.contains_key(api)).filter(offered).collect()
    }

    async fn ask(&self, wanted: impl Fn(Option<Heard>, Timestamp) -> bool) {
        let now = self.clock.now();
        let undecided = self.renkus.iter().filter(|(_, site)| site.fixed.is_none());
        let services =
            undecided.flat_map(|(name, site)| site.services.iter().map(move |service| (name, service)));
        let asked = services.filter(|(name, (api, _))| wanted(self.known.of(name, **api), now));
        join_all(asked.map(async |(name, (api, service))| {
            let answer = match tokio::time::timeout(ASK_TIMEOUT, service.version()).await {
                Ok(Ok(version)) => Some(version.is_some()),
                Ok(Err(fault)) => {
                    tracing::debug!(renku = %name, api = %api, problem.code = %fault.problem.code, "cannot be asked whether it is there");
                    None
                }
                Err(_elapsed) => None,
            };
            self.known.hear(name, *api, answer, self.clock.now());
        }))
        .await;
    }

    /// Looks whether the person may write to the order's project, with their own sign-in.
    ///
    /// # Errors
    /// `project-not-writable` and its like, about the field `project`; a sign-in that is needed; a fault of Renku.
    pub(crate) async fn may_write(&self, person: PersonId, order: &Order) -> Result<(), Fault> {
        let token = self.tokens.access_token(person).await?;
        let asked = self.renku(order)?.may_write(&token, &order.project);
        let upstream = Upstream::Renku(order.renku.clone(), order.api);
        self.guarded(upstream, asked).await.map_err(|fault| about(fault, "project"))
    }

    /// The service for a new import: the one that is asked for, else the preferred one of those that take this project; and the
    /// project's address as it is kept.
    ///
    /// # Errors
    /// `renku-unknown`; `request-invalid` for a service that is not there, `renku-api-not-offered` where none is; `renku-unreachable` while none ever answered; why no service takes the project.
    pub(super) async fn choose(
        &self,
        renku: &RenkuName,
        wanted: Option<RenkuApi>,
        project: &ProjectAddress,
    ) -> Result<(RenkuApi, ProjectAddress), Fault> {
        let refuse = |class, code, words: &str| Fault::new(class, Problem::new(code).saying(words));
        let Some(site) = self.renkus.get(renku) else {
            return Err(refuse(Class::Permanent, ProblemCode::RenkuUnknown, renku.as_str()));
        };
        if site.fixed.is_none() {
            self.ask(|heard, now| !heard.is_some_and(|heard| heard.holds(now))).await;
        }
        let there = self.there(renku, site);
        let choice: Vec<_> =
            there.iter().copied().filter(|api| wanted.is_none_or(|wanted| wanted == *api)).collect();
        let mut first_refusal = None;
        for api in choice {
            match self.service(renku, api)?.accepts(project) {
                Ok(project) => return Ok((api, project)),
                Err(fault) => first_refusal = first_refusal.or(Some(fault)),
            }
        }
        if let Some(fault) = first_refusal {
            return Err(fault);
        }
        let silent = site.services.keys().any(|api| {
            wanted.is_none_or(|wanted| wanted == *api)
                && self.known.of(renku, *api).is_none_or(|heard| heard.there.is_none())
        });
        if site.fixed.is_none() && silent {
            return Err(refuse(Class::Outage { after: None }, ProblemCode::RenkuUnreachable, renku.as_str()));
        }
        let words = there.iter().map(|api| api.as_str()).collect::<Vec<_>>().join(", ");
        // Who names a service that is not there has mistaken it; who names none meets a Renku that has none.
        let code =
            if wanted.is_some() { ProblemCode::RequestInvalid } else { ProblemCode::RenkuApiNotOffered };
        let mut fault = refuse(Class::User, code, &format!("{renku} offers: {words}"));
        fault.problem = fault.problem.about("api");
        Err(fault)
    }
}

//! What a person does with subscriptions: subscribe, pause, let go on, unsubscribe.
//!
//! Everything that can be refused is refused here, with the field and before anything is written.

use super::Publications;
use super::receive::store_fault;
use crate::domain::ids::{PersonId, RenkuName, SubscriptionId};
use crate::domain::import::{Import, Phase, Plan};
use crate::domain::ports::publications::DatasetRef;
use crate::domain::ports::renku::AccessToken;
use crate::domain::ports::store::ImportFilter;
use crate::domain::ports::subscriptions::{NewSubscription, Subscribed, SubscriptionFilter};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::subscription::{Edition, Subscription, SubscriptionState};
use crate::imports::start::{Request, tell_subscribed};

/// Imports among which the one is looked for that brings the current version.
const LATELY: u32 = 50;

/// Subscriptions to a dataset among which that of one project is looked for.
pub(super) const PROJECTS: u32 = 500;

/// So often a change is tried against somebody else's.
const TRIES: u32 = 5;

/// What somebody wants kept up to date, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// A PID in any form, or the address of a dataset page.
    pub dataset: String,
    /// The installation's name, if several are configured.
    pub installation: Option<String>,
    /// The project's address.
    pub project: String,
    /// Which of Renku's services, if not the preferred one.
    pub api: Option<String>,
    /// Whether the service person's sign-in is to serve it; the caller has checked that an administrator asks.
    pub service: bool,
}

impl Publications {
    /// Subscribes. The version that is out now is imported at once, unless an import of this person brought it or is bringing it.
    ///
    /// # Errors
    /// What forbids it, with the field; a fault of Dataverse or the store.
    pub async fn subscribe(
        &self,
        person: PersonId,
        renku: &RenkuName,
        wish: &Wish,
        language: &str,
    ) -> Result<Subscribed, Fault> {
        let request = Request {
            dataset: wish.dataset.clone(),
            installation: wish.installation.clone(),
            version: None,
            project: wish.project.clone(),
            name: None,
            migrate: false,
            api: wish.api.clone(),
        };
        let order = self.engine.order(renku, &request).await?;
        let importer = if wish.service {
            self.server_for(person, &order).await?
        } else {
            match self.engine.may_write(person, &order).await {
                Err(fault) if fault.class == Class::User => return Err(fault),
                // What Renku cannot tell now shows at the first import.
                Ok(()) | Err(_) => person,
            }
        };
        let dataset = DatasetRef { installation: order.installation.clone(), pid: order.pid.clone() };
        let edition = self.latest(&dataset).await.map_err(about_dataset)?;
        let imports = ImportFilter {
            person: Some(importer),
            installation: Some(order.installation.clone()),
            pid: Some(order.pid.clone()),
            limit: LATELY,
            ..ImportFilter::default()
        };
        let imports = self.engine.store().imports(&imports).await.map_err(store_fault)?;
        let into_this = |import: &Import| {
            let it = &import.order;
            (&it.project, &it.renku, it.api) == (&order.project, renku, order.api)
        };
        let has = imports.into_iter().filter(into_this).find(|import| brings(import, &edition));
        let mail = self.mail_of(person, language).await;
        let has_it = has.is_some();
        let mut new = NewSubscription {
            has: has.map(|import| (edition, import)),
            ..self.engine.subscription(person, &order, mail)
        };
        new.subscription.service = wish.service;
        let subscribed = self.subscriptions.subscribe(new).await.map_err(store_fault)?;
        if let Subscribed::Existing(own) = &subscribed
            && wish.service
            && !own.service
        {
            let problem = Problem::new(ProblemCode::SubscribedOtherwise).about("service");
            return Err(Fault::new(Class::User, problem.saying(own.id.to_string())));
        }
        tell_subscribed(&subscribed);
        if matches!(subscribed, Subscribed::New(_)) && !has_it {
            // Lost in between, the catch-up finds it: a new subscription's dataset is due for a look.
            self.look_now(dataset).await.map_err(store_fault)?;
        }
        Ok(subscribed)
    }

    /// Subscribes to what an import brought into its project; a paused subscription goes on.
    ///
    /// # Errors
    /// As `subscribe`.
    pub async fn keep_up_to_date(&self, import: &Import, language: &str) -> Result<Subscription, Fault> {
        let order = &import.order;
        let wish = Wish {
            dataset: order.pid.to_string(),
            installation: Some(order.installation.to_string()),
            project: order.project.to_string(),
            api: Some(order.api.to_string()),
            service: false,
        };
        match self.subscribe(import.person, &order.renku, &wish, language).await? {
            // Who lets go on what a service person serves is an administrator.
            Subscribed::Existing(paused) if paused.state == SubscriptionState::Paused && !paused.service => {
                self.unpause(paused.id).await
            }
            Subscribed::New(subscription) | Subscribed::Existing(subscription) => Ok(subscription),
        }
    }

    /// What was asked for otherwise, after it failed or was called off, is what the ledger waits for if it goes to the same place.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn asked_otherwise(&self, earlier: &Import, import: &Import) -> Result<(), Fault> {
        let place = |import: &Import| {
            let it = &import.order;
            (import.person, it.installation.clone(), it.pid.clone(), it.project.clone())
        };
        if place(earlier) == place(import) {
            self.subscriptions.take_over(earlier.id, import.id).await.map_err(store_fault)?;
        }
        Ok(())
    }

    /// Lets a subscription rest; what runs already ends as it ends.
    ///
    /// # Errors
    /// `subscription-unknown`, `not-possible-now`, or a fault of the store.
    pub async fn pause(&self, id: SubscriptionId) -> Result<Subscription, Fault> {
        self.set(id, SubscriptionState::Paused).await
    }

    /// Lets a paused subscription go on; what came out meanwhile is imported now.
    ///
    /// # Errors
    /// As `pause`.
    pub async fn unpause(&self, id: SubscriptionId) -> Result<Subscription, Fault> {
        let subscription = self.set(id, SubscriptionState::Active).await?;
        let (installation, pid) = (subscription.installation.clone(), subscription.pid.clone());
        self.look_now(DatasetRef { installation, pid }).await.map_err(store_fault)?;
        Ok(subscription)
    }

    /// Ends a subscription for good. What it brought stays in the project.
    ///
    /// # Errors
    /// As `pause`.
    pub async fn unsubscribe(&self, id: SubscriptionId) -> Result<Subscription, Fault> {
        self.set(id, SubscriptionState::Ended).await
    }

    /// The subscription if this is the key from one of its mails; else it is as if there were none.
    ///
    /// # Errors
    /// `subscription-unknown`, or a fault of the store.
    pub async fn by_mailed_key(&self, id: SubscriptionId, key: &str) -> Result<Subscription, Fault> {
        let known = self.subscriptions.has_unsubscribe_key(id, key).await.map_err(store_fault)?;
        let found = self.subscriptions.subscription(id).await.map_err(store_fault)?;
        found.filter(|_| known).ok_or_else(|| Fault::user(ProblemCode::SubscriptionUnknown))
    }

    async fn set(&self, id: SubscriptionId, state: SubscriptionState) -> Result<Subscription, Fault> {
        for _ in 0..TRIES {
            let found = self.subscriptions.subscription(id).await.map_err(store_fault)?;
            let found = found.ok_or_else(|| Fault::user(ProblemCode::SubscriptionUnknown))?;
            if found.state == SubscriptionState::Ended && state != SubscriptionState::Ended {
                let words = format!("it is {}", found.state.as_str());
                return Err(Fault::new(Class::User, Problem::new(ProblemCode::NotPossibleNow).saying(words)));
            }
            if found.state == state && found.problem.is_none() {
                return Ok(found);
            }
            let set = self.subscriptions.set_subscription(&found, state, None, None, self.now()).await;
            if let Some(changed) = set.map_err(store_fault)? {
                tracing::info!(subscription.id = %id, state = state.as_str(), "a subscription was changed by hand");
                return Ok(changed);
            }
        }
        let problem = Problem::new(ProblemCode::NotPossibleNow).saying("it changes too quickly");
        Err(Fault::new(Class::Retryable { after: None }, problem))
    }

    /// Where the person gets mail about their subscriptions and in which language; `None` where no mail is sent.
    pub async fn mail_of(&self, person: PersonId, language: &str) -> Option<(String, String)> {
        if !self.sends_mail() {
            return None;
        }
        self.mail_address(person).await.map(|address| (address, language.to_owned()))
    }

    /// The person's subscription that keeps this import's project up to date with its dataset, if there is one.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn subscription_of(&self, import: &Import) -> Result<Option<Subscription>, Fault> {
        let order = &import.order;
        let dataset = DatasetRef { installation: order.installation.clone(), pid: order.pid.clone() };
        let filter = SubscriptionFilter {
            person: Some(import.person),
            dataset: Some(dataset),
            limit: PROJECTS,
            ..SubscriptionFilter::default()
        };
        let found = self.subscriptions.subscriptions(&filter).await.map_err(store_fault)?;
        Ok(found.into_iter().find(|subscription| subscription.project == order.project))
    }

    /// Where the person gets mail, as their own sign-in says.
    async fn mail_address(&self, person: PersonId) -> Option<String> {
        let token = self.tokens.access_token(person).await.ok()?;
        email_in(&token)
    }
}

/// The `email` of a token that Keycloak gave to us.
fn email_in(token: &AccessToken) -> Option<String> {
    let claims = token.claims()?;
    let address = claims.get("email")?.as_str()?.trim();
    (address.contains('@') && address.len() <= 254).then(|| address.to_owned())
}

/// Whether the import brought this version as it is now, or is about to.
fn brings(import: &Import, edition: &Edition) -> bool {
    let fits = |plan: &Plan| plan.version_id == edition.version_id && plan.last_update == edition.last_update;
    match import.state.phase() {
        Phase::Failed | Phase::Cancelled | Phase::Superseded | Phase::Parked => false,
        Phase::Queued | Phase::Submitting | Phase::Running | Phase::Verifying | Phase::Succeeded => {
            match import.state.plan() {
                Some(plan) => fits(plan),
                None => import.order.version.is_none_or(|version| version == edition.number),
            }
        }
    }
}

fn about_dataset(mut fault: Fault) -> Fault {
    if fault.class == Class::User {
        fault.problem.field.get_or_insert_with(|| "dataset".to_owned());
    }
    fault
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn the_mail_address_is_the_one_in_the_token() {
        let token = |claims: &str| AccessToken::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims)).into());
        assert_eq!(email_in(&token(r#"{"email":"ada@example.org"}"#)).as_deref(), Some("ada@example.org"));
        for none in [r#"{"email":"ada"}"#, r#"{"sub":"x"}"#, "no json"] {
            assert_eq!(email_in(&token(none)), None, "{none}");
        }
        assert_eq!(email_in(&AccessToken::new("opaque".to_owned().into())), None);
    }
}

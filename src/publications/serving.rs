//! Whose sign-in serves a subscription: its owner's, or that of the Renku's service person.
//!
//! A service person is a real user of Renku whose sign-in an administrator keeps here (`token get --store --service`).

use super::Publications;
use super::receive::store_fault;
use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::import::Order;
use crate::domain::ports::mail::MailKind;
use crate::domain::ports::store::StoreError;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::subscription::{Subscription, SubscriptionState};

impl Publications {
    /// Whose sign-in makes this subscription's imports. Where a service person is to and none is named, it pauses until one is.
    pub(super) async fn serving(&self, subscription: &Subscription) -> Result<Option<PersonId>, StoreError> {
        if !subscription.service {
            return Ok(Some(subscription.person));
        }
        if let Some(person) = self.people.service_person(&subscription.renku).await? {
            return Ok(Some(person.id));
        }
        let problem = Problem::new(ProblemCode::ServiceSignInNeeded);
        tracing::warn!(subscription.id = %subscription.id, problem = %problem, "a subscription is paused");
        let (state, mail) = (SubscriptionState::Paused, Some(MailKind::Paused));
        self.subscriptions.set_subscription(subscription, state, Some(problem), mail, self.now()).await?;
        Ok(None)
    }

    /// The service person who is to serve a subscription to this that `owner` asks for; both must be allowed to write to the project.
    ///
    /// # Errors
    /// `service-sign-in-needed`, or what forbids one of them the project.
    pub(super) async fn admitted(&self, owner: PersonId, order: &Order) -> Result<PersonId, Fault> {
        let named = self.people.service_person(&order.renku).await.map_err(store_fault)?;
        let service = named.ok_or_else(|| about_service(ProblemCode::ServiceSignInNeeded, ""))?;
        self.engine.may_write(owner, order).await?;
        match self.engine.may_write(service.id, order).await {
            Ok(()) => Ok(service.id),
            Err(Fault { class: Class::SignIn(_), .. }) => {
                Err(about_service(ProblemCode::ServiceSignInNeeded, &service.username))
            }
            // Told at the box that asks for this person, with their name: it is not the owner who lacks the right.
            Err(mut fault) => {
                fault.problem = fault.problem.about("service").saying(service.username);
                Err(fault)
            }
        }
    }

    /// The name of the person who serves what administrators keep up to date at this Renku.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn service_name(&self, renku: &RenkuName) -> Result<Option<String>, Fault> {
        let person = self.people.service_person(renku).await.map_err(store_fault)?;
        Ok(person.map(|person| person.name))
    }
}

fn about_service(code: ProblemCode, words: &str) -> Fault {
    let problem = Problem::new(code).about("service");
    Fault::new(Class::User, if words.is_empty() { problem } else { problem.saying(words) })
}

/// What its owner is told of an import that waits for a sign-in or failed for want of one: theirs, or the service person's.
pub(super) fn of_service(subscription: &Subscription, problem: Problem) -> Problem {
    let lacks_sign_in = matches!(problem.code, ProblemCode::SignInNeeded | ProblemCode::RenkuSignInNeeded);
    if !subscription.service || !lacks_sign_in {
        return problem;
    }
    Problem { code: ProblemCode::ServiceSignInNeeded, ..problem }
}

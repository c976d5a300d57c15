//! Whose sign-in serves a subscription: its owner's, or that of the Renku's service person.
//!
//! A service person is a user of Renku like any other, whose sign-in an administrator keeps here (`token get --store --service`).

use super::Publications;
use super::receive::store_fault;
use super::subscribe::PROJECTS;
use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::import::{Condition, Import, Order};
use crate::domain::ports::identity::Person;
use crate::domain::ports::mail::MailKind;
use crate::domain::ports::publications::DatasetRef;
use crate::domain::ports::store::StoreError;
use crate::domain::ports::subscriptions::{SubscriptionFilter, Unsettled};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use crate::domain::subscription::{Subscription, SubscriptionState};

impl Publications {
    /// Whose sign-in makes this subscription's imports. Where a service person is to and none is named, it pauses until one is.
    pub(super) async fn server_or_pause(
        &self,
        subscription: &Subscription,
    ) -> Result<Option<PersonId>, StoreError> {
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

    /// The service person who is to serve a subscription that `owner` asks for; both must be allowed to write to the project.
    ///
    /// # Errors
    /// `service-sign-in-needed` and its like, or what forbids the owner the project.
    pub(super) async fn server_for(&self, owner: PersonId, order: &Order) -> Result<PersonId, Fault> {
        let refused =
            |code, words: &str| Fault::new(Class::User, Problem::new(code).about("service").saying(words));
        let named = self.service_person(&order.renku).await?;
        let service = named.ok_or_else(|| refused(ProblemCode::ServiceSignInNeeded, ""))?;
        self.engine.may_write(owner, order).await?;
        self.engine.may_write(service.id, order).await.map_err(|fault| match fault.class {
            Class::SignIn(at) => refused(lacks_sign_in(at), &service.name),
            Class::User => refused(ProblemCode::ServiceProjectNotWritable, &service.name),
            Class::NotYet | Class::Permanent | Class::Retryable { .. } | Class::Outage { .. } => fault,
        })?;
        Ok(service.id)
    }

    /// The person who serves what administrators keep up to date at this Renku, if one is named.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn service_person(&self, renku: &RenkuName) -> Result<Option<Person>, Fault> {
        self.people.service_person(renku).await.map_err(store_fault)
    }

    /// Whether the import is the service person's, for a subscription that somebody else made.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn is_served_for_others(&self, import: &Import) -> Result<bool, Fault> {
        let order = &import.order;
        let service = self.service_person(&order.renku).await?;
        if service.is_none_or(|service| service.id != import.person) {
            return Ok(false);
        }
        let filter = SubscriptionFilter {
            dataset: Some(DatasetRef { installation: order.installation.clone(), pid: order.pid.clone() }),
            only_service: true,
            limit: PROJECTS,
            ..SubscriptionFilter::default()
        };
        let found = self.subscriptions.subscriptions(&filter).await.map_err(store_fault)?;
        Ok(found.into_iter().any(|it| it.project == order.project && it.person != import.person))
    }
}

const fn lacks_sign_in(at: SignInAt) -> ProblemCode {
    match at {
        SignInAt::Connector => ProblemCode::ServiceSignInNeeded,
        SignInAt::Renku => ProblemCode::ServiceRenkuSignInNeeded,
    }
}

/// What the owner of a subscription is told of its import: where that is the service person's, it is not the owner who must sign in or
/// lacks the right.
pub(super) fn told_to_owner(line: &Unsettled, problem: Problem) -> Problem {
    if line.import.person == line.subscription.person {
        return problem;
    }
    let code = match (line.import.state.condition(), problem.code) {
        (Condition::SignIn { at, .. }, _) => lacks_sign_in(*at),
        (_, ProblemCode::SignInNeeded) => ProblemCode::ServiceSignInNeeded,
        (_, ProblemCode::RenkuSignInNeeded) => ProblemCode::ServiceRenkuSignInNeeded,
        (_, ProblemCode::ProjectNotWritable | ProblemCode::ProjectNotReadable) => {
            ProblemCode::ServiceProjectNotWritable
        }
        (_, code) => code,
    };
    Problem { code, ..problem }
}

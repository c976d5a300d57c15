//! Handing a version on: what was announced is looked up at Dataverse, and each subscription gets an import of what is there.
//!
//! The ledger's key decides what was handed on before, so that a publication may be dealt with twice, late, or by two workers.

use super::Publications;
use crate::domain::ids::{PersonId, PublicationId};
use crate::domain::import::Order;
use crate::domain::ports::publications::{DatasetRef, Look, PublicationChange};
use crate::domain::ports::queue::{Message, When};
use crate::domain::ports::store::{NewImport, StoreError};
use crate::domain::ports::subscriptions::{HandedOn, SubscriptionFilter};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::RenkuApi;
use crate::domain::publication::{Publication, PublicationState};
use crate::domain::subscription::{Edition, LedgerEntry, LedgerOutcome, Subscription};
use crate::imports::breaker::Upstream;
use crate::imports::run_step::Settlement;

/// Subscriptions read at once.
const PAGE: u32 = 50;

/// Lines of a ledger among which one is looked for that says that the dataset is linked.
const LINES: u32 = 200;

/// What a publication came to.
enum Handed {
    /// So many imports, of this version.
    On(Edition, u32),
    /// Nobody wants the dataset.
    ToNobody,
}

impl Publications {
    /// Deals with a publication. Safe to be called twice, late, or for what is no longer so.
    ///
    /// # Errors
    /// When the store cannot be asked; the message must be handed back.
    pub async fn fan_out(&self, id: PublicationId, message: &Message) -> Result<Settlement, StoreError> {
        let now = self.now();
        let until = now.plus(self.settings.lease);
        let taken = self.rows.take_publication(id, message.revision, now, until).await?;
        let Some(publication) = taken else {
            let early = self.rows.publication(id).await?.filter(|it| it.revision == message.revision);
            let due = early.and_then(|publication| publication.due_at).filter(|due| *due > now);
            let Some(due) = due else { return Ok(Settlement::Ack) };
            let later = self.comes_later(message, When::Retry(due.since(now))).await;
            return Ok(if later { Settlement::Ack } else { Settlement::HandBack });
        };
        let mut version = None;
        let change = match self.hand_on(&publication).await? {
            Ok(Handed::On(edition, imports)) => {
                version = Some(edition.number);
                self.ends(&publication, PublicationState::Done, None, Some(edition), imports)
            }
            Ok(Handed::ToNobody) => self.ends(&publication, PublicationState::Done, None, None, 0),
            Err(fault) => self.after_fault(&publication, fault).await?,
        };
        self.engine.breakpoints.passes("fan-out.before-commit").await;
        if let Some(after) = self.rows.change_publication(&publication, change).await? {
            self.engine.breakpoints.passes("fan-out.after-commit").await;
            // Told once it is stored: whoever lost the row to another has handed nothing on.
            if let Some(version) = version {
                let imports = after.imports;
                tracing::info!(publication.id = %id, dataset = %after.pid, %version, imports, "a publication is handed on");
            }
            self.nudge_publication(&after).await;
        }
        Ok(Settlement::Ack)
    }

    async fn hand_on(&self, publication: &Publication) -> Result<Result<Handed, Fault>, StoreError> {
        let dataset =
            DatasetRef { installation: publication.installation.clone(), pid: publication.pid.clone() };
        let wanted =
            SubscriptionFilter { dataset: Some(dataset.clone()), limit: 1, ..SubscriptionFilter::default() };
        if self.subscriptions.subscriptions(&wanted).await?.is_empty() {
            return Ok(Ok(Handed::ToNobody));
        }
        let edition = match self.latest(&dataset).await {
            Ok(edition) => edition,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Some(fault) = contradiction(publication, &edition) {
            return Ok(Err(fault));
        }
        self.engine.breakpoints.passes("fan-out.after-read").await;
        let imports = self.serve(&dataset, &edition, Some(publication.id)).await?;
        self.rows.looked(&dataset, self.seen(&edition)).await?;
        Ok(Ok(Handed::On(edition, publication.imports.saturating_add(imports))))
    }

    /// The version that everyone sees now.
    pub(super) async fn latest(&self, dataset: &DatasetRef) -> Result<Edition, Fault> {
        let dataverse = self.engine.dataverse(&dataset.installation)?;
        let upstream = Upstream::Dataverse(dataset.installation.clone());
        self.engine.guarded(upstream, dataverse.latest(&dataset.pid)).await
    }

    /// The look to note after a version was seen.
    pub(super) fn seen(&self, edition: &Edition) -> Look {
        let now = self.now();
        // Spread, so that what was subscribed to at once is not looked at at once for ever.
        let next = now.plus(self.settings.catch_up_every.mul_f64(0.9 + 0.2 * self.engine.chance.share()));
        Look {
            edition: Some(edition.clone()),
            deaccessioned: Some(false),
            problem: None,
            failures: 0,
            next,
            now,
        }
    }

    /// Gives the version to every active subscription that has not got it. Returns how many imports were started.
    pub(super) async fn serve(
        &self,
        dataset: &DatasetRef,
        edition: &Edition,
        publication: Option<PublicationId>,
    ) -> Result<u32, StoreError> {
        let mut imports = 0;
        loop {
            let page = self.subscriptions.unserved(dataset, edition, PAGE).await?;
            if page.is_empty() {
                return Ok(imports);
            }
            for subscription in &page {
                if self.give(subscription, edition, publication).await? {
                    imports += 1;
                }
                self.engine.breakpoints.passes("fan-out.after-create").await;
            }
        }
    }

    async fn give(
        &self,
        subscription: &Subscription,
        edition: &Edition,
        publication: Option<PublicationId>,
    ) -> Result<bool, StoreError> {
        let Some(person) = self.server_or_pause(subscription).await? else { return Ok(false) };
        let noted = match subscription.api {
            // It copies, and would be sent the same files under the same name again.
            RenkuApi::Core if self.subscriptions.has_version(subscription.id, edition).await? => {
                Some(LedgerOutcome::MetadataOnly)
            }
            RenkuApi::Data if self.follows_by_itself(subscription, person).await? => {
                Some(LedgerOutcome::Followed)
            }
            RenkuApi::Core | RenkuApi::Data => None,
        };
        let what = match noted {
            Some(outcome) => HandedOn::Noted(outcome),
            None => HandedOn::Import(Box::new(self.import_of(subscription, person, edition))),
        };
        let given = self.subscriptions.hand_on(subscription, edition, what, publication, self.now()).await?;
        let Some(Some(import)) = given else { return Ok(false) };
        metrics::counter!("dataverse_renku_imports_started_total").increment(1);
        tracing::info!(import.id = %import.id, subscription.id = %subscription.id, dataset = %edition.dataset_id, version = %edition.number, "an import for a subscription is queued");
        self.engine.nudge(&import).await;
        for older in self.subscriptions.open_entries(subscription.id).await? {
            if older.import.id != import.id && self.engine.supersede(older.import.id, import.id).await? {
                tracing::info!(import.id = %older.import.id, by = %import.id, "a waiting import is made unnecessary by a newer version");
            }
        }
        Ok(true)
    }

    /// Whether nobody is signed in to look in their own name, and the dataset is linked since an earlier version: Renku shows the
    /// connector to everybody, and the data follow without us. In doubt an import is started, which waits for the sign-in.
    async fn follows_by_itself(
        &self,
        subscription: &Subscription,
        person: PersonId,
    ) -> Result<bool, StoreError> {
        let signed_out = match self.tokens.access_token(person).await {
            Err(fault) => matches!(fault.class, Class::SignIn(_)),
            Ok(_) => false,
        };
        if !signed_out {
            return Ok(false);
        }
        let ledger = self.subscriptions.ledger(subscription.id, LINES).await?;
        let linked =
            |line: &LedgerEntry| matches!(line.outcome, LedgerOutcome::Arrived | LedgerOutcome::Followed);
        if !ledger.iter().any(linked) {
            return Ok(false);
        }
        let followed = self.engine.follows(&subscription.renku, &subscription.pid).await;
        if let Err(fault) = &followed {
            tracing::info!(subscription.id = %subscription.id, problem = %fault.problem, "whether linked data follow cannot be seen");
        }
        Ok(followed.unwrap_or(false))
    }

    fn import_of(&self, subscription: &Subscription, person: PersonId, edition: &Edition) -> NewImport {
        self.engine.prepared(
            person,
            Order {
                installation: subscription.installation.clone(),
                pid: subscription.pid.clone(),
                // Named, so that a still newer one is not taken for this one; that has an import of its own.
                version: Some(edition.number),
                renku: subscription.renku.clone(),
                api: subscription.api,
                project: subscription.project.clone(),
                // Made from title, PID and version: Renku 1 cannot renew a dataset, each version comes beside the others.
                name: None,
                migrate: false,
            },
        )
    }

    fn ends(
        &self,
        publication: &Publication,
        state: PublicationState,
        problem: Option<Problem>,
        found: Option<Edition>,
        imports: u32,
    ) -> PublicationChange {
        PublicationChange {
            state,
            problem,
            found: found.map(|edition| edition.number),
            imports,
            attempts: publication.attempts,
            due_at: None,
            now: self.now(),
        }
    }

    async fn after_fault(
        &self,
        publication: &Publication,
        fault: Fault,
    ) -> Result<PublicationChange, StoreError> {
        let (now, code) = (self.now(), fault.problem.code);
        let young = now < publication.received_at.plus(self.settings.visible_within);
        let imports = publication.imports;
        let comes_again = match fault.class {
            Class::Outage { .. } | Class::Retryable { .. } => true,
            Class::User | Class::NotYet | Class::Permanent | Class::SignIn(_) => {
                young
                    && !matches!(
                        code,
                        ProblemCode::DatasetDeaccessioned | ProblemCode::PublicationNotConfirmed
                    )
            }
        };
        if comes_again {
            let after = match fault.class {
                Class::Outage { after } | Class::Retryable { after } => after,
                Class::User | Class::NotYet | Class::Permanent | Class::SignIn(_) => None,
            };
            let attempts = publication.attempts.saturating_add(1);
            let pause = self.settings.retry.pause(attempts, after, self.engine.chance.share());
            tracing::info!(publication.id = %publication.id, problem = %fault.problem, "the publication is dealt with later");
            return Ok(PublicationChange {
                state: PublicationState::Open,
                problem: Some(fault.problem),
                found: None,
                imports,
                attempts,
                due_at: Some(now.plus(pause)),
                now,
            });
        }
        tracing::warn!(publication.id = %publication.id, problem = %fault.problem, "the publication cannot be followed");
        let state = if code == ProblemCode::DatasetDeaccessioned {
            let dataset =
                DatasetRef { installation: publication.installation.clone(), pid: publication.pid.clone() };
            self.note_deaccessioned(&dataset).await?;
            PublicationState::Done
        } else {
            PublicationState::Refused
        };
        Ok(self.ends(publication, state, Some(fault.problem), None, imports))
    }
}

/// What Dataverse shows, when it is not what was announced.
fn contradiction(publication: &Publication, edition: &Edition) -> Option<Fault> {
    if publication.dataset_id.is_some_and(|id| id != edition.dataset_id) {
        let words = format!(
            "announced was dataset {:?}, the PID is of {}",
            publication.dataset_id, edition.dataset_id
        );
        let problem = Problem::new(ProblemCode::PublicationNotConfirmed).saying(words);
        return Some(Fault::new(Class::User, problem));
    }
    let announced = publication.announced.filter(|announced| *announced > edition.number)?;
    // Right after a publication the version may not be visible to others yet.
    let words = format!("announced was version {announced}, the latest published one is {}", edition.number);
    Some(Fault::new(Class::NotYet, Problem::new(ProblemCode::VersionUnknown).saying(words)))
}

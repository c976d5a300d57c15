//! Use cases of publications and subscriptions: receive an announcement, resume its workflow, hand the version on, catch up.
//!
//! They know ports and the use cases of imports, never adapters. Resuming depends on nothing else here: not on imports, tokens or Renku.

mod catch_up;
pub mod definition;
mod fan_out;
mod post;
pub mod receive;
mod resume;
mod serving;
mod settle;
pub mod subscribe;
mod sweep;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio_util::task::TaskTracker;

use crate::domain::ids::InstallationName;
use crate::domain::ports::identity::{IdentityStore, Tokens};
use crate::domain::ports::mail::{MailKind, Mailer};
use crate::domain::ports::publications::{Announced, NewPublication, PublicationStore};
use crate::domain::ports::queue::{Message, When};
use crate::domain::ports::store::StoreError;
use crate::domain::ports::subscriptions::SubscriptionStore;
use crate::domain::publication::{Invocation, Publication, ResumePatience};
use crate::domain::retry::RetryPolicy;
use crate::domain::time::Timestamp;
use crate::imports::Engine;

pub use post::Words;

/// How patient these use cases are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// With workflows that are to be resumed.
    pub resume: ResumePatience,
    /// Pauses between looks for a publication that does not show yet, or while Dataverse is away. Its attempts do not count.
    pub retry: RetryPolicy,
    /// So long after an announcement a version may still be invisible; then the announcement is refused.
    pub visible_within: Duration,
    /// How long a worker may take to hand one publication on before another one may; longer than the longest request.
    pub lease: Duration,
    /// So often each subscribed dataset is looked at without being announced.
    pub catch_up_every: Duration,
    /// Between two such looks at one installation.
    pub catch_up_pause: Duration,
    /// The store is given so long to keep an announcement before Dataverse is told that we cannot.
    pub commit_within: Duration,
    /// What was due for longer than this without being worked on is nudged again.
    pub sweep_grace: Duration,
    /// At most so many rows of a kind in one round.
    pub batch: u32,
    /// Which mails are sent.
    pub mails: Vec<MailKind>,
}

/// What the use cases are made of.
pub struct Parts {
    /// Imports, Dataverses, queue, clock.
    pub engine: Engine,
    /// Publications.
    pub publications: Arc<dyn PublicationStore>,
    /// Subscriptions.
    pub subscriptions: Arc<dyn SubscriptionStore>,
    /// People's tokens, for the mail address in them and for what is looked at in their name.
    pub tokens: Arc<dyn Tokens>,
    /// People, for who serves what administrators keep up to date.
    pub people: Arc<dyn IdentityStore>,
    /// The secrets in the callback's address.
    pub secrets: BTreeMap<InstallationName, Vec<SecretString>>,
    /// Sends mails, if that is configured.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// The sentences of mails.
    pub words: Words,
    /// Our address, without a slash at the end.
    pub public_url: String,
    /// For what goes on after an answer was given.
    pub tasks: TaskTracker,
}

/// The use cases; clones share everything.
#[derive(Clone)]
pub struct Publications {
    engine: Engine,
    rows: Arc<dyn PublicationStore>,
    subscriptions: Arc<dyn SubscriptionStore>,
    tokens: Arc<dyn Tokens>,
    people: Arc<dyn IdentityStore>,
    /// Digests, so that all are of one length and none is kept in clear.
    secrets: Arc<Vec<(InstallationName, [u8; 32])>>,
    mailer: Option<Arc<dyn Mailer>>,
    words: Words,
    public_url: Arc<str>,
    tasks: TaskTracker,
    settings: Arc<Settings>,
}

impl Publications {
    /// The use cases over these parts.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let digests = parts.secrets.iter().flat_map(|(name, secrets)| {
            secrets.iter().map(|secret| (name.clone(), Sha256::digest(secret.expose_secret()).into()))
        });
        Self {
            engine: parts.engine,
            rows: parts.publications,
            subscriptions: parts.subscriptions,
            tokens: parts.tokens,
            people: parts.people,
            secrets: Arc::new(digests.collect()),
            mailer: parts.mailer,
            words: parts.words,
            public_url: parts.public_url.into(),
            tasks: parts.tasks,
            settings: Arc::new(settings),
        }
    }

    /// Publications and invocations, for reading.
    pub fn store(&self) -> &dyn PublicationStore {
        self.rows.as_ref()
    }

    /// Subscriptions, for reading.
    pub fn subscriptions(&self) -> &dyn SubscriptionStore {
        self.subscriptions.as_ref()
    }

    /// Whether mails are sent.
    pub fn sends_mail(&self) -> bool {
        self.mailer.is_some()
    }

    fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    async fn nudge_publication(&self, publication: &Publication) {
        let now = self.now();
        let Some(due) = publication.due_at else { return };
        let message = Message::of_publication(publication, now);
        if let Err(error) = self.engine.queue.publish(&message, When::at(due, now)).await {
            tracing::warn!(publication.id = %publication.id, error = %error, "the queue did not take a nudge; the sweeper will");
        }
    }

    /// Whether the queue took it.
    async fn nudge_invocation(&self, invocation: &Invocation) -> bool {
        let now = self.now();
        let Some(due) = invocation.due_at else { return true };
        let message = Message::of_invocation(invocation, now);
        let taken = self.engine.queue.publish(&message, When::at(due, now)).await;
        if let Err(error) = &taken {
            tracing::warn!(invocation.id = %invocation.name, error = %error, "the queue did not take a nudge; the sweeper will");
        }
        taken.is_ok()
    }

    /// Stores a notice of our own and nudges it. Returns whether it is new.
    async fn notice(&self, new: NewPublication) -> Result<bool, StoreError> {
        match self.rows.announce(new).await? {
            Announced::New(publication, _) => {
                self.nudge_publication(&publication).await;
                Ok(true)
            }
            Announced::Known => Ok(false),
        }
    }
}

impl fmt::Debug for Publications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publications").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

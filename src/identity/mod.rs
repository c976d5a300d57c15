//! Use cases of who is who: sign-in, sessions, renewal of tokens, disconnecting; and the vault that seals what is stored.
//!
//! They know ports, never adapters. How pages and cookies look is the web's; what Keycloak says is the adapter's.

mod bearer;
mod credential;
mod disconnect;
#[cfg(test)]
mod fakes;
mod renew;
mod rotate;
mod sessions;
mod sign_in;
#[cfg(test)]
mod tests;
pub mod vault;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use tokio_util::task::TaskTracker;

use crate::domain::ids::RenkuName;
use crate::domain::import::Import;
use crate::domain::ports::identity::{IdentityProvider, IdentityStore};
use crate::domain::ports::queue::{Message, Queue, When};
use crate::domain::ports::store::StoreError;
use crate::domain::ports::{Chance, Clock};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use vault::Vault;

pub use bearer::Bearer;
pub use credential::opened;
pub use rotate::Rotation;
pub use sessions::{Cookie, OpenSession};
pub use sign_in::{Callback, CodeSignIn, DevicePoll, DeviceSignIn, SignedIn};

/// Lives and patience.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a sign-in may take from the first click to the way back.
    pub attempt_life: Duration,
    /// How long a browser stays signed in with us.
    pub session_life: Duration,
    /// A token that ends sooner than this is renewed.
    pub renew_ahead: Duration,
    /// A token that ends later than this may still be handed out while it cannot be renewed.
    pub least_left: Duration,
    /// How long one renewal may take before its owner counts as dead; longer than the HTTP client's total timeout.
    pub renewal_deadline: Duration,
    /// How long a caller waits for somebody else's renewal.
    pub wait: Duration,
    /// Between two looks while it waits.
    pub look_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempt_life: Duration::from_mins(30),
            session_life: Duration::from_hours(12),
            renew_ahead: Duration::from_mins(2),
            least_left: Duration::from_mins(1),
            renewal_deadline: Duration::from_mins(3),
            wait: Duration::from_secs(10),
            look_every: Duration::from_millis(150),
        }
    }
}

/// How people sign in at a Renku.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The browser goes to Keycloak and comes back with a code.
    Code,
    /// The person types a code at Keycloak while we poll.
    Device,
}

/// One Renku's Keycloak and how people sign in there.
#[derive(Clone)]
pub struct Provider {
    /// How to speak to it.
    pub keycloak: Arc<dyn IdentityProvider>,
    /// Which flow its deployment accepts.
    pub flow: Flow,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("flow", &self.flow).finish_non_exhaustive()
    }
}

/// What an [`Identity`] is made of.
pub struct Parts {
    /// People, credentials, attempts, sessions.
    pub store: Arc<dyn IdentityStore>,
    /// The Keycloaks by Renku.
    pub providers: BTreeMap<RenkuName, Provider>,
    /// Seals what is stored.
    pub vault: Arc<Vault>,
    /// To nudge imports that waited for a sign-in.
    pub queue: Arc<dyn Queue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// Renewals run on it to their end, whoever stops waiting; shutdown waits for it.
    pub tasks: TaskTracker,
    /// Our address for the way back from Keycloak.
    pub redirect_uri: String,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("providers", &self.providers).finish_non_exhaustive()
    }
}

/// The outside as these use cases see it; clones share it.
#[derive(Clone)]
pub struct Identity {
    store: Arc<dyn IdentityStore>,
    providers: Arc<BTreeMap<RenkuName, Provider>>,
    vault: Arc<Vault>,
    queue: Arc<dyn Queue>,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    tasks: TaskTracker,
    redirect_uri: Arc<str>,
    settings: Settings,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Identity {
    /// The use cases over these parts.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        Self {
            store: parts.store,
            providers: Arc::new(parts.providers),
            vault: parts.vault,
            queue: parts.queue,
            clock: parts.clock,
            chance: parts.chance,
            tasks: parts.tasks,
            redirect_uri: parts.redirect_uri.into(),
            settings,
        }
    }

    /// How people sign in at this Renku.
    ///
    /// # Errors
    /// `renku-unknown`.
    pub fn flow(&self, renku: &RenkuName) -> Result<Flow, Fault> {
        Ok(self.provider(renku)?.flow)
    }

    fn provider(&self, renku: &RenkuName) -> Result<&Provider, Fault> {
        self.providers.get(renku).ok_or_else(|| Fault::user(ProblemCode::RenkuUnknown).saying(renku.as_str()))
    }

    /// Lets those go on at once that the store has woken; whom the queue does not take, the sweeper finds.
    async fn nudge(&self, woken: &[Import]) {
        for import in woken {
            let now = self.clock.now();
            let Some(when) = When::due(import, now) else { continue };
            if let Err(error) = self.queue.publish(&Message::about(import, now), when).await {
                tracing::warn!(import.id = %import.id, %error, "the queue did not take a nudge; the sweeper will");
            }
        }
    }

    /// A text of 256 bits that nobody can guess, for cookies and handles.
    fn secret(&self) -> SecretString {
        URL_SAFE_NO_PAD.encode(self.chance.secret_bytes()).into()
    }
}

/// What is stored of a secret that somebody else holds.
fn hash(secret: &SecretString) -> [u8; 32] {
    Sha256::digest(secret.expose_secret().as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// What a failure of the store means for whoever needs people.
pub fn store_fault(error: StoreError) -> Fault {
    match error {
        StoreError::Unavailable(_) => {
            Fault::new(Class::Outage { after: None }, Problem::new(ProblemCode::StoreUnavailable))
                .caused_by(error)
        }
        StoreError::Unreadable(_) => {
            Fault::new(Class::Permanent, Problem::new(ProblemCode::Internal)).caused_by(error)
        }
    }
}

/// The person has to sign in at Keycloak for us.
fn sign_in_needed(problem: Problem) -> Fault {
    Fault::new(Class::SignIn(SignInAt::Connector), problem)
}

//! What launches need from outside: Dataverse's answer to a callback, a place where they are kept for an hour, and what somebody
//! chose the last time.

use async_trait::async_trait;
use secrecy::SecretString;

use super::identity::Sealed;
use super::store::StoreError;
use crate::domain::ids::{ImportId, InstallationName, PersonId, RenkuName};
use crate::domain::launch::{Callback, Redeemed, Seen, SignedLook};
use crate::domain::problem::Fault;
use crate::domain::project::{ProjectAddress, RenkuApi};
use crate::domain::time::Timestamp;

/// A Dataverse that sends people to us.
#[async_trait]
pub trait LaunchSource: Send + Sync {
    /// Asks what a checked callback stands for. It may be asked again while it lives, which is five minutes.
    ///
    /// # Errors
    /// `launch-expired`, `dataset-not-published`, or a fault of the installation.
    async fn redeem(&self, callback: &Callback, locale: Option<&str>) -> Result<Redeemed, Fault>;

    /// How the version looks to the person who was sent.
    ///
    /// # Errors
    /// A fault of the installation.
    async fn look(&self, look: &SignedLook) -> Result<Seen, Fault>;
}

/// Seals what is kept of a launch, bound to its row.
pub trait Sealer: Send + Sync {
    /// Seals a text for the row of this handle.
    ///
    /// # Errors
    /// When there is no key.
    fn seal(&self, text: &SecretString, row: &str) -> Result<Sealed, Fault>;

    /// Opens it again.
    ///
    /// # Errors
    /// When the key is gone, or it belongs to another row.
    fn open(&self, sealed: &Sealed, row: &str) -> Result<SecretString, Fault>;
}

/// What is left of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Not used yet.
    Open(Sealed),
    /// An import came of it; what was kept is erased.
    Used {
        /// By whom.
        person: PersonId,
        /// Which import.
        import: ImportId,
    },
}

/// What somebody chose when they last came from an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Who.
    pub person: PersonId,
    /// From where they came.
    pub installation: InstallationName,
    /// Which Renku.
    pub renku: RenkuName,
    /// Which of its services.
    pub api: RenkuApi,
    /// Which project.
    pub project: ProjectAddress,
    /// When.
    pub at: Timestamp,
}

/// Launches under way, found by the hash of a handle that only the browser has; and last choices.
#[async_trait]
pub trait LaunchStore: Send + Sync {
    /// Keeps a launch until `until`.
    async fn put_launch(
        &self,
        handle: &[u8; 32],
        sealed: &Sealed,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// A launch whose time is not over.
    async fn launch(&self, handle: &[u8; 32], now: Timestamp) -> Result<Option<Kept>, StoreError>;

    /// Takes the turn to confirm a launch, in whichever process, until `until`; `false` while it is somebody's, or where nothing is
    /// to be confirmed any more.
    async fn claim_launch(
        &self,
        handle: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives the turn that was taken until `until` back; changes nothing where it is another's meanwhile.
    async fn release_launch(&self, handle: &[u8; 32], until: Timestamp) -> Result<(), StoreError>;

    /// Erases what was kept and notes what came of it; changes nothing on a launch that was used already.
    async fn use_launch(
        &self,
        handle: &[u8; 32],
        person: PersonId,
        import: ImportId,
    ) -> Result<(), StoreError>;

    /// Forgets launches whose time is over; how many.
    async fn forget_launches(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// What this person chose when they last came from there.
    async fn choice(
        &self,
        person: PersonId,
        installation: &InstallationName,
    ) -> Result<Option<Choice>, StoreError>;

    /// Everything that this person's choices are remembered for, the latest first.
    async fn choices(&self, person: PersonId) -> Result<Vec<Choice>, StoreError>;

    /// Forgets what this person chose when they came from there; `false` where nothing was remembered.
    async fn forget_choice(
        &self,
        person: PersonId,
        installation: &InstallationName,
    ) -> Result<bool, StoreError>;

    /// Remembers a choice in place of an earlier one.
    async fn remember_choice(&self, choice: &Choice) -> Result<(), StoreError>;
}

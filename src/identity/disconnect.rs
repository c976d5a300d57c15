//! Disconnecting: what we hold of a person is revoked at Keycloak, for as long as it takes, then erased.
//!
//! Signing out of the browser alone is in `sessions`.

use tokio::time::{Instant, sleep};

use super::{Identity, store_fault};
use crate::domain::ids::PersonId;
use crate::domain::ports::identity::{Credential, CredentialState};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};

/// At most so many are revoked in one round.
const BATCH: u32 = 50;

impl Identity {
    /// Marks the person's credential for revocation; from now on no import gets a token. A renewal under way is waited for, so
    /// that what is revoked is the newest token.
    ///
    /// # Errors
    /// A fault of the store, or other changes that do not cease.
    pub async fn disconnect(&self, person: PersonId) -> Result<(), Fault> {
        let give_up = Instant::now() + self.settings.wait;
        loop {
            let now = self.clock.now();
            let found = self.store.credential(person).await.map_err(store_fault)?;
            let Some(credential) = found else { return Ok(()) };
            let busy = match &credential.state {
                CredentialState::Disconnecting => return Ok(()),
                CredentialState::Refreshing { until, .. } => *until > now,
                CredentialState::Active | CredentialState::Dead { .. } => false,
            };
            if !busy || Instant::now() >= give_up {
                let marked = Credential { state: CredentialState::Disconnecting, ..credential };
                if self.store.change_credential(&marked, now).await.map_err(store_fault)? {
                    return Ok(());
                }
            }
            if Instant::now() >= give_up + self.settings.wait {
                let class = Class::Retryable { after: None };
                return Err(Fault::new(class, Problem::new(ProblemCode::NotPossibleNow)));
            }
            sleep(self.settings.look_every).await;
        }
    }

    /// Revokes and erases what is marked; what Keycloak does not take now stays for the next round. Says how many are left.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn revoke_marked(&self) -> Result<usize, Fault> {
        let marked = self.store.disconnecting(BATCH).await.map_err(store_fault)?;
        let mut left = 0;
        for credential in marked {
            match self.revoke(&credential).await {
                Ok(()) => {
                    self.store.erase(credential.person).await.map_err(store_fault)?;
                    tracing::info!(person.id = %credential.person, "somebody disconnected; nothing of theirs is kept");
                }
                Err(fault) => {
                    left += 1;
                    tracing::warn!(person.id = %credential.person, error = %fault, "a token could not be revoked yet");
                }
            }
        }
        Ok(left)
    }

    async fn revoke(&self, credential: &Credential) -> Result<(), Fault> {
        let person = self.store.person(credential.person).await.map_err(store_fault)?;
        let Some(provider) = person.and_then(|person| self.providers.get(&person.renku)) else {
            tracing::warn!(person.id = %credential.person, "erased without revocation: its Renku is not configured any more");
            return Ok(());
        };
        match self.open_refresh(credential) {
            Ok(Some(refresh)) => provider.keycloak.revoke(&refresh).await,
            Ok(None) => Ok(()),
            // Nobody can open it, so there is nothing that could be used or revoked.
            Err(fault) => {
                tracing::warn!(person.id = %credential.person, error = %fault, "erased without revocation");
                Ok(())
            }
        }
    }
}

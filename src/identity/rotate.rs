//! Rotation of the vault's keys: everything sealed with an older key is sealed anew with the newest.
//!
//! Which keys there are is the configuration's; after this an older one may go.

use super::{Identity, store_fault};
use crate::domain::ports::identity::{Credential, CredentialState, GrantedTokens};
use crate::domain::problem::Fault;

/// What a rotation came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Sealed anew.
    pub resealed: usize,
    /// Sealed with the newest key already.
    pub unchanged: usize,
    /// Sealed with a key that we do not have, or being changed by somebody else at this moment.
    pub left: usize,
}

impl Identity {
    /// Seals every stored sign-in with the newest key. Can be repeated, also beside a running service.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn rotate_vault(&self) -> Result<Rotation, Fault> {
        let mut rotation = Rotation::default();
        // No limit: this is asked for by hand, and a person's row is short.
        for person in self.store.people(u32::MAX).await.map_err(store_fault)? {
            let found = self.store.credential(person.id).await.map_err(store_fault)?;
            let Some(credential) = found else { continue };
            let sealed = [Some(&credential.access), credential.refresh.as_ref()];
            if sealed.into_iter().flatten().all(|sealed| self.vault.is_newest(sealed)) {
                rotation.unchanged += 1;
            } else if self.reseal(credential).await? {
                rotation.resealed += 1;
            } else {
                rotation.left += 1;
            }
        }
        Ok(rotation)
    }

    async fn reseal(&self, credential: Credential) -> Result<bool, Fault> {
        // Its owner will store new tokens; a change now would make that fail and lose them.
        if matches!(credential.state, CredentialState::Refreshing { .. }) {
            return Ok(false);
        }
        let opened =
            self.open_access(&credential).and_then(|access| Ok((access, self.open_refresh(&credential)?)));
        let Ok((access, refresh)) = opened else { return Ok(false) };
        let tokens = GrantedTokens {
            access: access.expose().to_owned().into(),
            access_until: credential.access_until,
            refresh,
            refresh_until: credential.refresh_until,
        };
        let (access, refresh) = self.sealed(credential.person, &tokens)?;
        let resealed = Credential { access, refresh, ..credential };
        self.store.change_credential(&resealed, self.clock.now()).await.map_err(store_fault)
    }
}

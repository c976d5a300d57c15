//! A person's stored sign-in, sealed and opened: each token is bound to its person's row and its column.
//!
//! When one is renewed or erased is decided in `renew` and `disconnect`.

use secrecy::SecretString;

use super::Identity;
use super::vault::{Place, Vault, VaultError};
use crate::domain::ids::PersonId;
use crate::domain::ports::identity::{Credential, CredentialState, GrantedTokens, Sealed};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::Fault;
use crate::domain::time::Timestamp;

fn place<'a>(row: &'a str, column: &'static str) -> Place<'a> {
    Place { table: "credentials", row, column }
}

/// A stored sign-in's access and refresh token, opened for a look.
///
/// # Errors
/// When the vault has not the key with which they were sealed.
pub fn opened(
    vault: &Vault,
    credential: &Credential,
) -> Result<(AccessToken, Option<SecretString>), VaultError> {
    let row = credential.person.to_string();
    let access = AccessToken::new(vault.open(&credential.access, &place(&row, "access"))?);
    let open = |sealed| vault.open(sealed, &place(&row, "refresh"));
    Ok((access, credential.refresh.as_ref().map(open).transpose()?))
}

impl Identity {
    /// The access and the refresh token, sealed for their person's row.
    pub(super) fn sealed(
        &self,
        person: PersonId,
        tokens: &GrantedTokens,
    ) -> Result<(Sealed, Option<Sealed>), VaultError> {
        let row = person.to_string();
        let access = self.vault.seal(&tokens.access, &place(&row, "access"))?;
        let refresh = tokens.refresh.as_ref();
        let refresh = refresh.map(|token| self.vault.seal(token, &place(&row, "refresh"))).transpose()?;
        Ok((access, refresh))
    }

    /// The credential of somebody who signed in now.
    pub(super) fn new_credential(
        &self,
        person: PersonId,
        tokens: &GrantedTokens,
        now: Timestamp,
    ) -> Result<Credential, VaultError> {
        let (access, refresh) = self.sealed(person, tokens)?;
        Ok(Credential {
            person,
            access,
            access_until: tokens.access_until,
            refresh,
            refresh_until: tokens.refresh_until,
            rotates: None,
            state: CredentialState::Active,
            revision: 1,
            signed_in_at: now,
        })
    }

    /// The stored access token, opened.
    pub(super) fn open_access(&self, credential: &Credential) -> Result<AccessToken, Fault> {
        let row = credential.person.to_string();
        Ok(AccessToken::new(self.vault.open(&credential.access, &place(&row, "access"))?))
    }

    /// The stored refresh token, opened.
    pub(super) fn open_refresh(&self, credential: &Credential) -> Result<Option<SecretString>, Fault> {
        let row = credential.person.to_string();
        let open = |sealed| self.vault.open(sealed, &place(&row, "refresh"));
        Ok(credential.refresh.as_ref().map(open).transpose()?)
    }
}

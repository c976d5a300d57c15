//! A person's stored sign-in, sealed and opened: each token is bound to its person's row and its column.
//!
//! When one is renewed or erased is decided in `renew` and `disconnect`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use super::vault::{Place, Vault, VaultError};
use super::{Identity, store_fault};
use crate::domain::ids::PersonId;
use crate::domain::ports::identity::{Credential, CredentialState, GrantedTokens, Sealed, Tokens as _};
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

/// Whether a refresh token outlasts the person's session: Keycloak says so in its claims (Keycloak: `TokenUtil.TOKEN_TYPE_OFFLINE`).
fn is_offline(refresh: &SecretString) -> bool {
    let payload = refresh.expose_secret().split('.').nth(1).map(|part| part.trim_end_matches('='));
    let claims = payload.and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = claims.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    claims.is_some_and(|claims| claims.get("typ").and_then(serde_json::Value::as_str) == Some("Offline"))
}

impl Identity {
    /// Whether we can work for this person while they are away: their stored sign-in outlasts their session at Keycloak.
    ///
    /// # Errors
    /// A fault of the store or the vault.
    pub async fn works_unattended(&self, person: PersonId) -> Result<bool, Fault> {
        let Some(credential) = self.store.credential(person).await.map_err(store_fault)? else {
            return Ok(false);
        };
        if matches!(credential.state, CredentialState::Dead { .. } | CredentialState::Disconnecting) {
            return Ok(false);
        }
        Ok(self.open_refresh(&credential)?.as_ref().is_some_and(is_offline))
    }

    /// The person's realm roles at Keycloak, as their newest token has them; none while they are not signed in.
    pub async fn roles(&self, person: PersonId) -> Vec<String> {
        let token = self.access_token(person).await.ok();
        let claims = token.and_then(|token| token.claims()).unwrap_or_default();
        let roles = claims.pointer("/realm_access/roles").and_then(|roles| roles.as_array());
        let words = roles.into_iter().flatten().filter_map(|role| role.as_str());
        words.map(str::to_owned).collect()
    }

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

    /// The credential of somebody who signed in now. An `earlier` one that outlasts the person's session is not lost to one that does
    /// not: what works for them while they are away goes on.
    pub(super) fn new_credential(
        &self,
        person: PersonId,
        earlier: Option<&Credential>,
        tokens: &GrantedTokens,
        now: Timestamp,
    ) -> Result<Credential, VaultError> {
        let (access, refresh) = self.sealed(person, tokens)?;
        if let Some(earlier) = earlier
            && earlier.state == CredentialState::Active
            && !tokens.refresh.as_ref().is_some_and(is_offline)
            && opened(&self.vault, earlier).is_ok_and(|(_, refresh)| refresh.as_ref().is_some_and(is_offline))
        {
            return Ok(Credential {
                access,
                access_until: tokens.access_until,
                revision: 1,
                signed_in_at: now,
                ..earlier.clone()
            });
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keycloaks_offline_tokens_outlast_a_session() {
        let token = |claims: &str| SecretString::from(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims)));
        assert!(is_offline(&token(r#"{"typ":"Offline"}"#)));
        assert!(!is_offline(&token(r#"{"typ":"Refresh"}"#)));
        assert!(!is_offline(&token("no json")));
        assert!(!is_offline(&SecretString::from("opaque")));
    }
}

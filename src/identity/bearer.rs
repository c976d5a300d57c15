//! Programs: a Renku access token as bearer says who asks; the work is done with that person's stored sign-in.
//!
//! Browsers have sessions, see `sessions`.

use super::{Identity, sign_in_needed, store_fault};
use crate::domain::ids::RenkuName;
use crate::domain::ports::identity::{Claims, Person};
use crate::domain::ports::renku::AccessToken;
use crate::domain::problem::{Fault, Problem, ProblemCode};

/// Who a bearer token names.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// At which Renku the token is valid.
    pub renku: RenkuName,
    /// What it says.
    pub claims: Claims,
    /// The person we know by it, if they ever signed in with us.
    pub person: Option<Person>,
}

impl Identity {
    /// Checks a bearer token as its Renku would; among several Renkus the token's issuer decides.
    ///
    /// # Errors
    /// Each refusal by name; an outage of Keycloak; a fault of the store.
    pub async fn bearer(&self, token: &AccessToken) -> Result<Bearer, Fault> {
        let mut refusal = None;
        for (renku, provider) in self.providers.iter() {
            match provider.keycloak.check(token).await {
                Ok(claims) => {
                    let person = self
                        .store
                        .person_by_subject(renku, &claims.issuer, &claims.subject)
                        .await
                        .map_err(store_fault)?;
                    return Ok(Bearer { renku: renku.clone(), claims, person });
                }
                Err(fault) if fault.problem.code == ProblemCode::TokenIssuerMismatch => {
                    refusal.get_or_insert(fault);
                }
                // It says more than that some other Keycloak did not issue the token.
                Err(fault) => refusal = Some(fault),
            }
        }
        Err(refusal.unwrap_or_else(|| sign_in_needed(Problem::new(ProblemCode::TokenIssuerMismatch))))
    }
}

//! Access tokens for people who are not there: renewed ahead of their end, by one of us at a time, never with a spent token.
//!
//! The stored row is the lock, so that it also holds between processes: it says who renews and until when. What is found there
//! after that time was left by a crash between Keycloak's answer and our commit, and the refresh token may be spent.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};

use super::{Identity, sign_in_needed, store_fault};
use crate::domain::ids::{LeaseId, PersonId};
use crate::domain::ports::identity::{Credential, CredentialState, GrantedTokens, Renewal, Tokens};
use crate::domain::ports::renku::AccessToken;
use crate::domain::ports::store::StoreError;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::time::Timestamp;

/// How often a commit is tried whose loss would cost the person a sign-in.
const COMMIT_TRIES: u32 = 20;

/// What to do with a credential as it was found.
enum Look {
    /// Its access token will do.
    Use,
    /// It is ours to renew.
    Renew,
    /// Somebody renews it.
    Wait,
    /// Its renewer died, and the refresh token may be spent.
    GiveUp,
    /// It is of no use.
    Refuse(Problem),
}

#[async_trait]
impl Tokens for Identity {
    async fn access_token(&self, person: PersonId) -> Result<AccessToken, Fault> {
        let give_up = Instant::now() + self.settings.wait;
        loop {
            let found = self.store.credential(person).await.map_err(store_fault)?;
            let Some(credential) = found else {
                return Err(sign_in_needed(Problem::new(ProblemCode::SignInNeeded)));
            };
            match self.look(&credential, self.clock.now()) {
                Look::Use => {
                    let token = self.open_access(&credential)?;
                    match self.still_fits(person, &token).await {
                        Ok(()) => return Ok(token),
                        // Another renews it right now.
                        Err(_) if credential.state != CredentialState::Active => self.wait(give_up).await?,
                        // The realm has given up the key that signed it, or what it lacks was mended since: a renewed one shows.
                        Err(_) => {
                            if let Some(token) = self.renew_to_the_end(credential).await? {
                                self.still_fits(person, &token).await?;
                                return Ok(token);
                            }
                        }
                    }
                }
                Look::Refuse(problem) => return Err(sign_in_needed(problem)),
                Look::Renew => {
                    if let Some(token) = self.renew_to_the_end(credential).await? {
                        self.still_fits(person, &token).await?;
                        return Ok(token);
                    }
                }
                Look::GiveUp => self.bury(&credential).await?,
                Look::Wait => self.wait(give_up).await?,
            }
        }
    }
}

impl Identity {
    fn look(&self, credential: &Credential, now: Timestamp) -> Look {
        let ends_after = |margin: Duration| credential.access_until > now.plus(margin);
        match &credential.state {
            CredentialState::Dead { problem } => Look::Refuse(problem.clone()),
            CredentialState::Disconnecting => Look::Refuse(Problem::new(ProblemCode::SignInNeeded)),
            CredentialState::Active if ends_after(self.settings.renew_ahead) => Look::Use,
            CredentialState::Active => Look::Renew,
            CredentialState::Refreshing { until, .. } if *until > now => {
                if ends_after(self.settings.least_left) { Look::Use } else { Look::Wait }
            }
            CredentialState::Refreshing { .. } if credential.rotates == Some(false) => Look::Renew,
            CredentialState::Refreshing { .. } => Look::GiveUp,
        }
    }

    /// Waits a moment for whoever renews.
    async fn wait(&self, give_up: Instant) -> Result<(), Fault> {
        if Instant::now() >= give_up {
            let problem = Problem::new(ProblemCode::KeycloakUnreachable);
            let class = Class::Retryable { after: Some(self.settings.wait) };
            return Err(Fault::new(class, problem.saying("a renewal is under way for long")));
        }
        sleep(self.settings.look_every).await;
        Ok(())
    }

    /// Whether Renku would take the token: a mapper or a scope that was taken away shows in the next one, and Renku would say
    /// "unknown" or nothing at all. While Keycloak cannot be asked for its keys nothing is held against the token.
    async fn still_fits(&self, person: PersonId, token: &AccessToken) -> Result<(), Fault> {
        let found = self.store.person(person).await.map_err(store_fault)?;
        let Some(found) = found else {
            return Err(sign_in_needed(Problem::new(ProblemCode::SignInNeeded)));
        };
        match self.provider(&found.renku)?.keycloak.check(token).await {
            Ok(_) | Err(Fault { class: Class::Outage { .. } | Class::Retryable { .. }, .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Renews on a task of its own: whoever waits may stop waiting between Keycloak's answer and our commit, and the new tokens
    /// must not be lost with them. `None`: somebody else was faster.
    async fn renew_to_the_end(&self, credential: Credential) -> Result<Option<AccessToken>, Fault> {
        let identity = self.clone();
        let task = self.tasks.spawn(async move { identity.renew(credential).await });
        match task.await {
            Ok(renewed) => renewed,
            Err(error) => {
                Err(Fault::new(Class::Permanent, Problem::new(ProblemCode::Internal)).caused_by(error))
            }
        }
    }

    async fn renew(&self, credential: Credential) -> Result<Option<AccessToken>, Fault> {
        let person = self.store.person(credential.person).await.map_err(store_fault)?;
        let Some(person) = person else {
            return Err(sign_in_needed(Problem::new(ProblemCode::SignInNeeded)));
        };
        let keycloak = &self.provider(&person.renku)?.keycloak;
        let Some(refresh) = self.open_refresh(&credential)? else {
            return self.without_refresh_token(&credential).await;
        };
        let now = self.clock.now();
        let until = now.plus(self.settings.renewal_deadline);
        let state = CredentialState::Refreshing { owner: LeaseId::new(now), until };
        let marked = Credential { state, ..credential.clone() };
        if !self.store.change_credential(&marked, now).await.map_err(store_fault)? {
            return Ok(None);
        }
        let marked = Credential { revision: credential.revision + 1, ..marked };
        let answer = keycloak.renew(&refresh).await;
        self.settle(marked, &refresh, answer).await
    }

    /// Commits what came of a renewal.
    async fn settle(
        &self,
        marked: Credential,
        old: &SecretString,
        answer: Renewal,
    ) -> Result<Option<AccessToken>, Fault> {
        match answer {
            Renewal::Renewed(tokens) => {
                let renewed = self.renewed(&marked, old, &tokens)?;
                if self.ends_with_its_session(&renewed) {
                    return self.died(&renewed, session_over()).await;
                }
                if !self.commit(&renewed).await? {
                    return Ok(None);
                }
                tracing::debug!(person.id = %marked.person, "an access token was renewed");
                Ok(Some(AccessToken::new(tokens.access)))
            }
            Renewal::Dead(problem) => self.died(&marked, problem).await,
            Renewal::NotSent(fault) | Renewal::NotDone(fault) => self.unspent(marked, fault).await,
            Renewal::Unclear(fault) if marked.rotates == Some(false) => self.unspent(marked, fault).await,
            Renewal::Unclear(fault) => {
                tracing::warn!(person.id = %marked.person, error = %fault, "whether a token was renewed is not known");
                self.died(&marked, possibly_spent("the answer to the last renewal was lost")).await
            }
        }
    }

    /// Whether these are a session's last tokens: Keycloak cuts both to what is left of it, so that the next access token would come too
    /// late (Keycloak: `TokenManager.getTokenExpiration`, and `refresh_expires_in` by the same bound). One that lives for seconds by the
    /// realm's will is another thing: its refresh token outlasts it.
    fn ends_with_its_session(&self, renewed: &Credential) -> bool {
        let now = self.clock.now();
        let last = renewed.refresh_until.is_some_and(|until| until <= renewed.access_until);
        renewed.access_until <= now || (last && renewed.access_until <= now.plus(self.settings.least_left))
    }

    fn renewed(
        &self,
        marked: &Credential,
        old: &SecretString,
        tokens: &GrantedTokens,
    ) -> Result<Credential, Fault> {
        let (access, refresh) = self.sealed(marked.person, tokens)?;
        let same = tokens.refresh.as_ref().is_none_or(|new| new.expose_secret() == old.expose_secret());
        Ok(Credential {
            access,
            access_until: tokens.access_until,
            // RFC 6749 §6: without a new one the old one goes on.
            refresh: refresh.or_else(|| marked.refresh.clone()),
            refresh_until: tokens.refresh_until.or(marked.refresh_until),
            rotates: Some(!same),
            state: CredentialState::Active,
            ..marked.clone()
        })
    }

    /// Keycloak did not do it: the mark goes, and the token in hand serves while it can.
    async fn unspent(&self, marked: Credential, fault: Fault) -> Result<Option<AccessToken>, Fault> {
        let active = Credential { state: CredentialState::Active, ..marked };
        if !self.commit(&active).await? {
            return Ok(None);
        }
        if active.access_until > self.clock.now().plus(self.settings.least_left) {
            tracing::warn!(person.id = %active.person, error = %fault, "a token is renewed later, since Keycloak cannot now");
            return self.open_access(&active).map(Some);
        }
        Err(fault)
    }

    /// Signed in without a refresh token: the access token serves to its end, then the person has to sign in.
    async fn without_refresh_token(&self, credential: &Credential) -> Result<Option<AccessToken>, Fault> {
        if credential.access_until > self.clock.now().plus(self.settings.least_left) {
            return self.open_access(credential).map(Some);
        }
        let problem = Problem::new(ProblemCode::SignInNeeded).saying("Keycloak gave no refresh token");
        self.died(credential, problem).await
    }

    /// The renewer died in between: never a second try with a token that may be spent, since Keycloak would take it for stolen.
    async fn bury(&self, credential: &Credential) -> Result<(), Fault> {
        let dead = self.died(credential, possibly_spent("a renewal was cut off by a crash")).await;
        match dead {
            Ok(_) => Ok(()),
            Err(fault) => {
                tracing::warn!(person.id = %credential.person, "a renewal was cut off by a crash; a sign-in is needed");
                Err(fault)
            }
        }
    }

    /// The person has to sign in; `None` if they just did.
    async fn died(&self, credential: &Credential, problem: Problem) -> Result<Option<AccessToken>, Fault> {
        let dead =
            Credential { state: CredentialState::Dead { problem: problem.clone() }, ..credential.clone() };
        if self.commit(&dead).await? { Err(sign_in_needed(problem)) } else { Ok(None) }
    }

    /// Stores what must not be lost, through short outages of the store. `false`: the row is another one by now.
    async fn commit(&self, credential: &Credential) -> Result<bool, Fault> {
        let mut tries = 1;
        loop {
            match self.store.change_credential(credential, self.clock.now()).await {
                Ok(changed) => return Ok(changed),
                Err(error @ StoreError::Unavailable(_)) if tries < COMMIT_TRIES => {
                    tracing::warn!(person.id = %credential.person, %error, "renewed tokens are not stored yet");
                    tries += 1;
                    sleep(self.settings.look_every * tries).await;
                }
                Err(error) => return Err(store_fault(error)),
            }
        }
    }
}

fn session_over() -> Problem {
    Problem::new(ProblemCode::SignInNeeded).saying("the session at Keycloak is at its end")
}

fn possibly_spent(words: &str) -> Problem {
    Problem::new(ProblemCode::SignInNeeded).saying(format!("{words}, and the refresh token may be spent"))
}

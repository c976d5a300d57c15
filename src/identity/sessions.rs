//! Browser sessions: a random cookie of which only the hash is kept, who is signed in with it, until when.
//!
//! The cookie's attributes are the web's; programs have no session, see `bearer`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use super::{Identity, hash, store_fault};
use crate::domain::ids::PersonId;
use crate::domain::ports::identity::{Person, Session};
use crate::domain::problem::Fault;
use crate::domain::time::Timestamp;

/// A cookie to be set: the only place where its secret is known.
#[derive(Debug)]
pub struct Cookie {
    /// Its value.
    pub secret: SecretString,
    /// Until when it is worth anything.
    pub until: Timestamp,
}

/// A session with the people in it.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Who is signed in, at most one per Renku.
    pub people: Vec<Person>,
    /// The token that each form must carry.
    pub csrf: String,
    /// Until when it lasts.
    pub until: Timestamp,
}

impl Identity {
    /// Who sits at the browser with this cookie; `None` if nobody, or not any more.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn session(&self, cookie: &SecretString) -> Result<Option<OpenSession>, Fault> {
        let found = self.store.session(&hash(cookie), self.clock.now()).await.map_err(store_fault)?;
        let Some(session) = found else { return Ok(None) };
        let mut people = Vec::with_capacity(session.people.len());
        for id in &session.people {
            people.extend(self.store.person(*id).await.map_err(store_fault)?);
        }
        if people.is_empty() {
            return Ok(None);
        }
        Ok(Some(OpenSession { people, csrf: session.csrf, until: session.until }))
    }

    /// Ends the session of this cookie; what is stored of the people for their imports stays.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn sign_out(&self, cookie: &SecretString) -> Result<(), Fault> {
        self.store.end_session(&hash(cookie)).await.map_err(store_fault)
    }

    /// A session for somebody who just signed in, with a new cookie: one known before the sign-in must not be worth more after
    /// it. People signed in at other Renkus in the old session stay.
    pub(super) async fn session_for(
        &self,
        person: &Person,
        old: Option<&SecretString>,
    ) -> Result<Cookie, Fault> {
        let now = self.clock.now();
        let mut people: Vec<PersonId> = Vec::new();
        if let Some(old) = old {
            let others = self.session(old).await?.map(|session| session.people).unwrap_or_default();
            people.extend(others.iter().filter(|other| other.renku != person.renku).map(|other| other.id));
            self.sign_out(old).await?;
        }
        people.push(person.id);
        let secret = self.secret();
        let until = now.plus(self.settings.session_life);
        let csrf = URL_SAFE_NO_PAD.encode(self.chance.secret_bytes());
        let session = Session { hash: hash(&secret), csrf, people, until };
        self.store.put_session(&session, now).await.map_err(store_fault)?;
        Ok(Cookie { secret, until })
    }
}

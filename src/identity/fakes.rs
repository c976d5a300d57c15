//! Stand-ins for what the identity use cases need: a store in memory, a Keycloak that answers as told, a clock to turn.
//!
//! They are for this module's tests; the real store and the simulated Keycloak are used in `tests/it`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::vault::{Vault, VaultKey};
use super::{Flow, Identity, Parts, Provider, Settings};
use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::import::Import;
use crate::domain::ports::identity::{
    Claims, CodeFlow, Credential, CredentialState, DeviceAnswer, DeviceFlow, GrantedTokens, IdentityProvider,
    IdentityStore, Person, Renewal, Session, SignInAttempt, Stay,
};
use crate::domain::ports::queue::{Delivery, Lane, Message, Queue, QueueError, When};
use crate::domain::ports::renku::AccessToken;
use crate::domain::ports::store::StoreError;
use crate::domain::ports::{Chance, Clock};
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::domain::time::Timestamp;

pub(super) const START: i64 = 1_800_000_000_000;

pub(super) struct HandClock(AtomicI64);

impl HandClock {
    pub(super) fn forward(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Never the same twice.
#[derive(Default)]
pub(super) struct Counting(AtomicU8);

impl Chance for Counting {
    fn share(&self) -> f64 {
        0.5
    }
    fn secret_bytes(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::SeqCst); 32]
    }
}

pub(super) struct NoQueue;

#[async_trait]
impl Queue for NoQueue {
    async fn publish(&self, _: &Message, _: When) -> Result<(), QueueError> {
        Ok(())
    }
    async fn park(&self, _: &Message, _: &Problem) -> Result<(), QueueError> {
        Ok(())
    }
    async fn next(&self, _: Lane) -> Option<Delivery> {
        None
    }
    async fn ready(&self) -> Result<(), QueueError> {
        Ok(())
    }
    async fn stop_consuming(&self) {}
    async fn close(&self) {}
}

/// A store in memory.
#[derive(Default)]
pub(super) struct FakeStore {
    people: Mutex<Vec<Person>>,
    pub(super) credentials: Mutex<HashMap<PersonId, Credential>>,
    pub(super) attempts: Mutex<Vec<SignInAttempt>>,
    pub(super) sessions: Mutex<Vec<Session>>,
    /// So many changes from now on fail as if the database were away.
    pub(super) failing_changes: AtomicU32,
}

#[async_trait]
impl IdentityStore for FakeStore {
    async fn put_attempt(&self, attempt: SignInAttempt, _: Timestamp) -> Result<(), StoreError> {
        self.attempts.lock().unwrap().push(attempt);
        Ok(())
    }

    async fn attempt(&self, handle: &[u8; 32], now: Timestamp) -> Result<Option<SignInAttempt>, StoreError> {
        let attempts = self.attempts.lock().unwrap();
        Ok(attempts.iter().find(|kept| &kept.handle == handle && kept.until > now).cloned())
    }

    async fn take_attempt(
        &self,
        handle: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<SignInAttempt>, StoreError> {
        let mut attempts = self.attempts.lock().unwrap();
        let at = attempts.iter().position(|kept| &kept.handle == handle && kept.until > now);
        Ok(at.map(|at| attempts.remove(at)))
    }

    async fn signed_in(
        &self,
        person: Person,
        seal: &(dyn for<'a> Fn(PersonId, Option<&'a Credential>) -> Option<Credential> + Send + Sync),
        _: Timestamp,
    ) -> Result<Option<(Person, Vec<Import>)>, StoreError> {
        let mut people = self.people.lock().unwrap();
        let known = people.iter().find(|one| one.subject == person.subject && one.renku == person.renku);
        let person = known.cloned().unwrap_or(person);
        let mut credentials = self.credentials.lock().unwrap();
        let Some(mut credential) = seal(person.id, credentials.get(&person.id)) else { return Ok(None) };
        credential.revision = credentials.get(&person.id).map_or(1, |old| old.revision + 1);
        credentials.insert(person.id, credential);
        people.retain(|one| one.id != person.id);
        people.push(person.clone());
        Ok(Some((person, Vec::new())))
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        Ok(self.people.lock().unwrap().iter().find(|person| person.id == id).cloned())
    }

    async fn person_by_subject(
        &self,
        renku: &RenkuName,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Person>, StoreError> {
        let people = self.people.lock().unwrap();
        let is = |one: &&Person| &one.renku == renku && one.issuer == issuer && one.subject == subject;
        Ok(people.iter().find(is).cloned())
    }

    async fn people(&self, _: u32) -> Result<Vec<Person>, StoreError> {
        Ok(self.people.lock().unwrap().clone())
    }

    async fn credential(&self, person: PersonId) -> Result<Option<Credential>, StoreError> {
        Ok(self.credentials.lock().unwrap().get(&person).cloned())
    }

    async fn change_credential(&self, credential: &Credential, _: Timestamp) -> Result<bool, StoreError> {
        let fails = |left: u32| left.checked_sub(1);
        if self.failing_changes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(StoreError::Unavailable("away".into()));
        }
        let mut credentials = self.credentials.lock().unwrap();
        let Some(stored) = credentials.get_mut(&credential.person) else { return Ok(false) };
        if stored.revision != credential.revision {
            return Ok(false);
        }
        *stored = Credential { revision: stored.revision + 1, ..credential.clone() };
        Ok(true)
    }

    async fn disconnecting(&self, _: u32) -> Result<Vec<Credential>, StoreError> {
        let credentials = self.credentials.lock().unwrap();
        let is = |one: &&Credential| one.state == CredentialState::Disconnecting;
        Ok(credentials.values().filter(is).cloned().collect())
    }

    async fn service_person(&self, _: &RenkuName) -> Result<Option<Person>, StoreError> {
        Ok(None)
    }

    async fn set_service_person(&self, _: &Person, _: Timestamp) -> Result<Option<Person>, StoreError> {
        Ok(None)
    }

    async fn erase(&self, person: PersonId) -> Result<(), StoreError> {
        self.credentials.lock().unwrap().remove(&person);
        self.sessions.lock().unwrap().retain(|session| !session.people.contains(&person));
        Ok(())
    }

    async fn put_session(&self, session: &Session, _: Timestamp) -> Result<(), StoreError> {
        self.sessions.lock().unwrap().push(session.clone());
        Ok(())
    }

    async fn session(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError> {
        let sessions = self.sessions.lock().unwrap();
        Ok(sessions.iter().find(|one| &one.hash == hash && one.until > now).cloned())
    }

    async fn end_session(&self, hash: &[u8; 32]) -> Result<(), StoreError> {
        self.sessions.lock().unwrap().retain(|one| &one.hash != hash);
        Ok(())
    }
}

/// A Keycloak that gives what it was told to, in turn, and remembers what it was asked.
#[derive(Default)]
pub(super) struct FakeKeycloak {
    pub(super) renewals: Mutex<VecDeque<Renewal>>,
    pub(super) polls: Mutex<VecDeque<DeviceAnswer>>,
    pub(super) spent: Mutex<Vec<String>>,
    pub(super) revoked: Mutex<Vec<String>>,
    pub(super) revocation_down: AtomicBool,
    /// Access tokens without Renku's audience.
    pub(super) lacking: Mutex<Vec<String>>,
    /// When set, a renewal says on the first that it was reached, and answers after the second.
    pub(super) gate: Mutex<Option<[Arc<Notify>; 2]>>,
    pub(super) subject: Mutex<String>,
    flows: AtomicU32,
}

pub(super) fn tokens(number: u32, until: Timestamp) -> GrantedTokens {
    GrantedTokens {
        access: format!("access-{number}").into(),
        access_until: until,
        refresh: Some(format!("refresh-{number}").into()),
        refresh_until: None,
    }
}

impl FakeKeycloak {
    fn claims(&self) -> Claims {
        Claims {
            issuer: "https://k.example/realms/Renku".to_owned(),
            subject: format!("subject{}", self.subject.lock().unwrap()),
            name: "Alice".to_owned(),
            username: "alice".to_owned(),
            client: None,
            until: Timestamp::from_millis(START),
            roles: Vec::new(),
        }
    }
}

#[async_trait]
impl IdentityProvider for FakeKeycloak {
    async fn begin_code_flow(&self, redirect_uri: &str, _: Stay) -> Result<CodeFlow, Fault> {
        let state = format!("state-{}", self.flows.fetch_add(1, Ordering::SeqCst));
        let url = format!("https://k.example/auth?state={state}&redirect_uri={redirect_uri}");
        Ok(CodeFlow { url, state: state.into(), secrets: "the-verifier".into() })
    }

    async fn finish_code_flow(
        &self,
        code: SecretString,
        secrets: SecretString,
        _: &str,
    ) -> Result<(GrantedTokens, Claims), Fault> {
        assert_eq!(secrets.expose_secret(), "the-verifier");
        if code.expose_secret() != "good" {
            return Err(Fault::user(ProblemCode::SignInRefused));
        }
        let until = Timestamp::from_millis(START).plus(Duration::from_mins(30));
        Ok((tokens(0, until), self.claims()))
    }

    async fn begin_device_flow(&self, _: Stay) -> Result<DeviceFlow, Fault> {
        Ok(DeviceFlow {
            user_code: "ABCD-EFGH".to_owned(),
            verification_uri: "https://k.example/device".to_owned(),
            verification_uri_complete: None,
            device_code: "the-device-code".into(),
            until: Timestamp::from_millis(START).plus(Duration::from_hours(1)),
            interval_s: 5,
        })
    }

    async fn poll_device_flow(&self, device_code: &SecretString) -> Result<DeviceAnswer, Fault> {
        assert_eq!(device_code.expose_secret(), "the-device-code");
        let told = self.polls.lock().unwrap().pop_front();
        Ok(told.unwrap_or_else(|| {
            let until = Timestamp::from_millis(START).plus(Duration::from_mins(30));
            DeviceAnswer::Granted(tokens(0, until), self.claims())
        }))
    }

    async fn renew(&self, refresh: &SecretString) -> Renewal {
        self.spent.lock().unwrap().push(refresh.expose_secret().to_owned());
        let gate = self.gate.lock().unwrap().clone();
        if let Some([reached, go_on]) = gate {
            reached.notify_one();
            go_on.notified().await;
        }
        self.renewals.lock().unwrap().pop_front().unwrap()
    }

    async fn revoke(&self, refresh: &SecretString) -> Result<(), Fault> {
        if self.revocation_down.load(Ordering::SeqCst) {
            return Err(Fault::user(ProblemCode::KeycloakUnreachable));
        }
        self.revoked.lock().unwrap().push(refresh.expose_secret().to_owned());
        Ok(())
    }

    async fn check(&self, token: &AccessToken) -> Result<Claims, Fault> {
        if token.expose() == "foreign" {
            return Err(Fault::user(ProblemCode::TokenIssuerMismatch));
        }
        if self.lacking.lock().unwrap().iter().any(|lacking| lacking == token.expose()) {
            return Err(Fault::user(ProblemCode::TokenWithoutAudience));
        }
        Ok(self.claims())
    }
}

/// The use cases over stand-ins.
pub(super) struct Stage {
    pub(super) store: Arc<FakeStore>,
    pub(super) keycloak: Arc<FakeKeycloak>,
    pub(super) clock: Arc<HandClock>,
    chance: Arc<Counting>,
    pub(super) key: VaultKey,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            store: Arc::default(),
            keycloak: Arc::default(),
            clock: Arc::new(HandClock(AtomicI64::new(START))),
            chance: Arc::default(),
            key: VaultKey::generate(),
        }
    }

    /// One process's use cases; a second call is a second process on the same store.
    pub(super) fn identity(&self) -> Identity {
        self.identity_with(vec![self.key.clone()])
    }

    pub(super) fn identity_with(&self, keys: Vec<VaultKey>) -> Identity {
        let provider =
            |flow| Provider { keycloak: Arc::clone(&self.keycloak) as Arc<dyn IdentityProvider>, flow };
        let providers =
            BTreeMap::from([(renku("main"), provider(Flow::Code)), (renku("other"), provider(Flow::Device))]);
        let parts = Parts {
            store: Arc::clone(&self.store) as Arc<dyn IdentityStore>,
            providers,
            vault: Arc::new(Vault::new(keys).unwrap()),
            queue: Arc::new(NoQueue),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            chance: Arc::clone(&self.chance) as Arc<dyn Chance>,
            tasks: TaskTracker::new(),
            redirect_uri: "https://c.example/sign-in/callback".to_owned(),
        };
        let settings = Settings { look_every: Duration::from_millis(5), ..Settings::default() };
        Identity::new(parts, settings)
    }
}

pub(super) fn renku(name: &str) -> RenkuName {
    name.parse().unwrap()
}

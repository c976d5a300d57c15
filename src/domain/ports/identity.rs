//! People, their sealed sign-ins, browser sessions, and the identity provider behind them.

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::renku::AccessToken;
use super::store::StoreError;
use crate::domain::ids::{LeaseId, PersonId, RenkuName};
use crate::domain::import::Import;
use crate::domain::problem::{Fault, Problem};
use crate::domain::time::Timestamp;

/// Gives an access token for a person, renewed if need be.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// A token that is valid for at least the next minute.
    ///
    /// # Errors
    /// `Class::SignIn(Connector)` when the person has to sign in again; an outage of Keycloak; a fault of the store.
    async fn access_token(&self, person: PersonId) -> Result<AccessToken, Fault>;
}

/// Bytes that only the vault can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// A person as one Renku's identity provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Our number for them.
    pub id: PersonId,
    /// At which Renku.
    pub renku: RenkuName,
    /// The issuer (`iss`).
    pub issuer: String,
    /// The subject (`sub`).
    pub subject: String,
    /// The name to greet them with (`name`).
    pub name: String,
    /// The user name (`preferred_username`), for lists.
    pub username: String,
    /// When they first signed in.
    pub created_at: Timestamp,
}

/// What is going on with a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CredentialState {
    /// Usable.
    Active,
    /// Somebody is renewing it; found after `until`, that somebody died and the refresh token may be spent.
    Refreshing {
        /// Who.
        owner: LeaseId,
        /// Until when they may take.
        until: Timestamp,
    },
    /// Not usable any more; the person has to sign in.
    Dead {
        /// Why.
        problem: Problem,
    },
    /// The person disconnected: to be revoked at Keycloak, then erased.
    Disconnecting,
}

/// A person's stored sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub person: PersonId,
    /// The access token, sealed.
    pub access: Sealed,
    /// When it ends.
    pub access_until: Timestamp,
    /// The refresh token, sealed, if there is one.
    pub refresh: Option<Sealed>,
    /// When it ends, if Keycloak says.
    pub refresh_until: Option<Timestamp>,
    /// Whether Keycloak gives a new refresh token each time; `None` before the first renewal.
    pub rotates: Option<bool>,
    /// What is going on with it.
    pub state: CredentialState,
    /// Grows with each change; the compare-and-set runs on it.
    pub revision: i64,
    /// When the person signed in.
    pub signed_in_at: Timestamp,
}

/// A sign-in under way, single use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInAttempt {
    /// SHA-256 of the `state` parameter (code flow) or of our own handle (device flow).
    pub handle: [u8; 32],
    /// At which Renku.
    pub renku: RenkuName,
    /// SHA-256 of the browser's short-lived cookie that began it; the callback must come from the same browser.
    pub browser: [u8; 32],
    /// PKCE verifier and nonce, or device code, sealed.
    pub secrets: Sealed,
    /// Where to go afterwards, a path of ours.
    pub next: String,
    /// Until when it may be finished.
    pub until: Timestamp,
}

/// A browser's session; the cookie holds the secret whose SHA-256 is kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the cookie's secret.
    pub hash: [u8; 32],
    /// The token that each form must carry.
    pub csrf: String,
    /// Who is signed in, at most one per Renku.
    pub people: Vec<PersonId>,
    /// Until when it lasts.
    pub until: Timestamp,
}

/// People, credentials, sign-in attempts and sessions.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Keeps a sign-in attempt; forgets those whose time is over.
    async fn put_attempt(&self, attempt: SignInAttempt, now: Timestamp) -> Result<(), StoreError>;

    /// The attempt without taking it, for the device flow's polling; `None` if unknown or over.
    async fn attempt(&self, handle: &[u8; 32], now: Timestamp) -> Result<Option<SignInAttempt>, StoreError>;

    /// Takes the attempt away; `None` if it is unknown, over or was taken before.
    async fn take_attempt(
        &self,
        handle: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<SignInAttempt>, StoreError>;

    /// In one transaction: finds or makes the person (by Renku, issuer and subject; `person.id` is used only for a new one), replaces the
    /// credential, and wakes the person's imports that wait for a sign-in at the connector. `seal` gets the person's id, since
    /// sealing binds it, and the credential that is replaced. Returns the person and what was woken.
    async fn signed_in(
        &self,
        person: Person,
        seal: &(dyn for<'a> Fn(PersonId, Option<&'a Credential>) -> Option<Credential> + Send + Sync),
        now: Timestamp,
    ) -> Result<Option<(Person, Vec<Import>)>, StoreError>;

    /// A person by number.
    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError>;

    /// A person by what a token says.
    async fn person_by_subject(
        &self,
        renku: &RenkuName,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Person>, StoreError>;

    /// Everybody who has a credential, newest sign-in first; for the command line.
    async fn people(&self, limit: u32) -> Result<Vec<Person>, StoreError>;

    /// The person whose sign-in serves the subscriptions that administrators made at this Renku, if one was named.
    async fn service_person(&self, renku: &RenkuName) -> Result<Option<Person>, StoreError>;

    /// Names the person so, in place of an earlier one, whom it returns.
    async fn set_service_person(&self, person: &Person, now: Timestamp)
    -> Result<Option<Person>, StoreError>;

    /// A person's credential.
    async fn credential(&self, person: PersonId) -> Result<Option<Credential>, StoreError>;

    /// Replaces the credential if its revision is still `credential.revision` (the stored one becomes one higher). `false`: somebody was faster.
    async fn change_credential(&self, credential: &Credential, now: Timestamp) -> Result<bool, StoreError>;

    /// Credentials that are to be revoked and erased.
    async fn disconnecting(&self, limit: u32) -> Result<Vec<Credential>, StoreError>;

    /// Erases the person's credential, sessions and remembered choices; they are no service person any more.
    async fn erase(&self, person: PersonId) -> Result<(), StoreError>;

    /// Keeps a session, replacing one of the same hash; forgets those whose time is over.
    async fn put_session(&self, session: &Session, now: Timestamp) -> Result<(), StoreError>;

    /// A session that is not over.
    async fn session(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// Ends a session.
    async fn end_session(&self, hash: &[u8; 32]) -> Result<(), StoreError>;
}

/// Tokens as the provider gave them; never printed.
#[derive(Clone)]
pub struct GrantedTokens {
    /// For Renku.
    pub access: SecretString,
    /// When it ends.
    pub access_until: Timestamp,
    /// To get the next.
    pub refresh: Option<SecretString>,
    /// When that ends, if said.
    pub refresh_until: Option<Timestamp>,
}

impl std::fmt::Debug for GrantedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrantedTokens")
            .field("access_until", &self.access_until)
            .field("refresh_until", &self.refresh_until)
            .finish_non_exhaustive()
    }
}

/// What a checked access token says about its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `iss`
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `name`
    pub name: String,
    /// `preferred_username`, or the subject.
    pub username: String,
    /// `azp`, the client it was given to.
    pub client: Option<String>,
    /// `exp`
    pub until: Timestamp,
    /// The realm roles (`realm_access.roles`, as Keycloak writes them).
    pub roles: Vec<String>,
}

/// How long a sign-in is to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// As long as the person's session at the provider.
    Session,
    /// Also while they are away: `offline_access` is asked for (`OpenID` Connect Core §11).
    Offline,
}

/// The start of a code flow.
#[derive(Debug)]
pub struct CodeFlow {
    /// Where to send the browser.
    pub url: String,
    /// The `state` in that address.
    pub state: SecretString,
    /// PKCE verifier and nonce, as the provider wants them back.
    pub secrets: SecretString,
}

/// The start of a device flow.
#[derive(Debug)]
pub struct DeviceFlow {
    /// The code that the person types.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// The same with the code in it, if offered.
    pub verification_uri_complete: Option<String>,
    /// What we poll with.
    pub device_code: SecretString,
    /// Until when.
    pub until: Timestamp,
    /// Seconds between two polls.
    pub interval_s: u64,
}

/// How a device flow is doing.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, on its way to whoever asked")]
pub enum DeviceAnswer {
    /// The person has not confirmed yet.
    Pending,
    /// We ask too often; five seconds more between polls from now on (RFC 8628).
    SlowDown,
    /// Confirmed.
    Granted(GrantedTokens, Claims),
}

/// What came of a renewal.
#[derive(Debug)]
pub enum Renewal {
    /// New tokens.
    Renewed(GrantedTokens),
    /// The refresh token is not accepted any more: the person has to sign in.
    Dead(Problem),
    /// It surely did not reach Keycloak.
    NotSent(Fault),
    /// Keycloak answered with an error of its own (5xx): the token is not spent.
    NotDone(Fault),
    /// It may have reached Keycloak and the answer is lost: with rotation the token may be spent.
    Unclear(Fault),
}

/// One Renku's identity provider (Keycloak).
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Begins a code flow with PKCE (S256), state and nonce.
    ///
    /// # Errors
    /// Named problems of discovery.
    async fn begin_code_flow(&self, redirect_uri: &str, stay: Stay) -> Result<CodeFlow, Fault>;

    /// Exchanges the code, checks the ID token and the access token's claims.
    ///
    /// # Errors
    /// Each refusal is a named problem.
    async fn finish_code_flow(
        &self,
        code: SecretString,
        secrets: SecretString,
        redirect_uri: &str,
    ) -> Result<(GrantedTokens, Claims), Fault>;

    /// Begins a device flow.
    ///
    /// # Errors
    /// Each refusal is a named problem.
    async fn begin_device_flow(&self, stay: Stay) -> Result<DeviceFlow, Fault>;

    /// Asks whether the person confirmed.
    ///
    /// # Errors
    /// Each refusal is a named problem.
    async fn poll_device_flow(&self, device_code: &SecretString) -> Result<DeviceAnswer, Fault>;

    /// Renews with a refresh token.
    async fn renew(&self, refresh: &SecretString) -> Renewal;

    /// Revokes a refresh token and with it our session of that person.
    ///
    /// # Errors
    /// When it has to be tried again.
    async fn revoke(&self, refresh: &SecretString) -> Result<(), Fault>;

    /// Checks an access token as Renku would (signature, issuer, audience, time, subject, mail, name).
    ///
    /// # Errors
    /// Each refusal is a named problem.
    async fn check(&self, token: &AccessToken) -> Result<Claims, Fault>;
}

//! What a diagnosis asks of the outside: facts, read without changing anything and without a sign-in of its own.
//!
//! What the facts mean for an import, and who has to do what about them, is the doctor's business.

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;

use super::identity::CredentialState;
use super::renku::AccessToken;
use crate::domain::ids::RenkuName;
use crate::domain::problem::Fault;
use crate::domain::project::ProjectAddress;
use crate::domain::time::Timestamp;

/// A realm as its discovery document describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// The issuer by its own words.
    pub issuer: String,
    /// By how many milliseconds the server's clock is ahead of ours, to the second; `None` where it tells no time.
    pub ahead_ms: Option<i64>,
}

/// What the authorization endpoint says of our client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeFlowFacts {
    /// Whether a request without PKCE is refused.
    pub pkce_enforced: bool,
}

/// What can be known of a stored sign-in without spending it, where nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInFacts {
    /// The next access token will be given and accepted.
    Whole,
    /// The same; the stored access token was signed with a key that the realm has given up since, and is worth nothing by now.
    KeyGone,
    /// It cannot be asked about: the client is a public one, and the access token's time is over.
    NotSeen,
}

/// One realm and our client in it.
#[async_trait]
pub trait SignInProbe: Send + Sync {
    /// Reads the discovery document and the keys.
    ///
    /// # Errors
    /// `issuer-not-found`, `issuer-mismatch`, `keycloak-not-trusted`, or an outage.
    async fn realm(&self) -> Result<Realm, Fault>;

    /// The issuer at which a discovery document is found when the configured one has none or another: with or without `/auth`,
    /// or as the Renku's own sign-in leads there.
    async fn issuer_that_answers(&self) -> Option<String>;

    /// Whether our client is known, switched on, and its secret right. A registered `redirect_uri` helps to tell these apart.
    ///
    /// # Errors
    /// `client-unknown`, `client-disabled`, `client-refused`, `realm-disabled`, or an outage.
    async fn client(&self, redirect_uri: &str) -> Result<(), Fault>;

    /// Begins a code flow as a browser would and gives it up before anybody is asked.
    ///
    /// # Errors
    /// `redirect-address-not-registered`, `code-flow-off`, `pkce-refused`, `scope-not-granted`, or an outage.
    async fn code_flow(&self, redirect_uri: &str) -> Result<CodeFlowFacts, Fault>;

    /// Begins a device flow that nobody will finish.
    ///
    /// # Errors
    /// `device-flow-off` and the refusals of a client, or an outage.
    async fn device_flow(&self) -> Result<(), Fault>;

    /// Looks at a stored sign-in by asking about it, without spending its refresh token.
    ///
    /// # Errors
    /// What keeps its next access token from being accepted, by name.
    async fn sign_in(
        &self,
        access: &AccessToken,
        refresh: Option<&SecretString>,
    ) -> Result<SignInFacts, Fault>;
}

/// Which gateway stands before a Renku.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// Renku charts up to 0.56: looks at `aud`, not at `azp`.
    Python,
    /// Renku charts from 0.57: for Renku 1 it looks at `azp` as well.
    Go,
}

/// What a Renku offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The release of Renku 1's core service.
    pub core: Option<String>,
    /// The release of Renku 2's data services.
    pub data: Option<String>,
    /// The gateway, where it shows itself.
    pub gateway: Option<Gateway>,
    /// By how many milliseconds its clock is ahead of ours.
    pub ahead_ms: Option<i64>,
}

/// One Renku as it looks from outside.
#[async_trait]
pub trait RenkuProbe: Send + Sync {
    /// What is there.
    ///
    /// # Errors
    /// `renku-api-not-offered`, or an outage.
    async fn offered(&self) -> Result<Offered, Fault>;

    /// Whether Renku itself knows the bearer of this token.
    ///
    /// # Errors
    /// `renku-sign-in-needed`, `token-refused-by-renku`, `token-without-audience`, or an outage.
    async fn knows(&self, token: &AccessToken, data: bool) -> Result<(), Fault>;
}

/// A Dataverse as it tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataverseFacts {
    /// The version, as it is written.
    pub version: String,
    /// By how many milliseconds its clock is ahead of ours.
    pub ahead_ms: Option<i64>,
}

impl DataverseFacts {
    /// Whether the version is at least this one; what cannot be read counts as new.
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.trim_start_matches('v').split(['.', '-', ' ', '+']);
        let mut next = || numbers.next().and_then(|number| number.parse::<u32>().ok());
        match (next(), next()) {
            (Some(found), minor_found) => (found, minor_found.unwrap_or(0)) >= (major, minor),
            (None, _) => true,
        }
    }
}

/// One Dataverse as it looks from outside.
#[async_trait]
pub trait DataverseProbe: Send + Sync {
    /// Its version.
    ///
    /// # Errors
    /// An outage, or an answer that no Dataverse gives.
    async fn facts(&self) -> Result<DataverseFacts, Fault>;

    /// The external tools that are registered (Dataverse 6.6 and later tell everybody).
    ///
    /// # Errors
    /// An outage, or an answer that no Dataverse gives.
    async fn tools(&self) -> Result<Vec<Value>, Fault>;
}

/// The broker as it tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broker {
    /// The queue lives in the process that serves.
    Embedded,
    /// A broker was reached.
    Reached {
        /// What it calls itself; empty where it says nothing of it.
        product: String,
        /// Its version; empty where it says nothing of it.
        version: String,
        /// Our queues that are not there yet; a worker makes them when it starts.
        missing: Vec<String>,
    },
}

/// The broker's management interface, by which operators look into the queues; nothing of ours depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Management {
    /// The configuration does not say where it is.
    NotNamed,
    /// It answers.
    Answers {
        /// Its version.
        version: String,
    },
    /// It answers, and not to our user.
    Refused {
        /// Whom it refused.
        user: String,
    },
    /// It does not answer, or something else does.
    Silent {
        /// What happened instead.
        words: String,
    },
}

/// Somebody's stored sign-in, opened for a look.
pub struct StoredSignIn {
    /// The user name.
    pub username: String,
    /// The access token.
    pub access: AccessToken,
    /// When that ends.
    pub access_until: Timestamp,
    /// The refresh token.
    pub refresh: Option<SecretString>,
    /// What is going on with it.
    pub state: CredentialState,
}

impl std::fmt::Debug for StoredSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredSignIn").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Something of ours that the first start makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is there.
    There,
    /// Nothing was started yet; it will be made here.
    NotYet(std::path::PathBuf),
}

/// This service's own ground: key, database, broker.
#[async_trait]
pub trait Ground: Send + Sync {
    /// Whether the key that opens stored sign-ins can be read, or will be made.
    ///
    /// # Errors
    /// `vault-key-wrong`, also when it cannot be made.
    async fn key(&self) -> Result<Made, Fault>;

    /// Whether the database can be opened and has this program's form, or will be made.
    ///
    /// # Errors
    /// `store-unavailable`, also when it cannot be made; `schema-not-current`.
    async fn store(&self) -> Result<Made, Fault>;

    /// Whether the broker can be reached.
    ///
    /// # Errors
    /// `queue-unavailable`.
    async fn broker(&self) -> Result<Broker, Fault>;

    /// Whether the broker's management interface answers; `None` where there is no broker.
    async fn management(&self) -> Option<(Management, String)>;

    /// Whether an import of ours is at work in this project, which any other call on the project can disturb.
    ///
    /// # Errors
    /// A fault of the store.
    async fn at_work(&self, project: &ProjectAddress) -> Result<bool, Fault>;

    /// The newest stored sign-ins at a Renku, at most so many.
    ///
    /// # Errors
    /// `vault-key-wrong` when one cannot be opened; a fault of the store.
    async fn sign_ins(&self, renku: &RenkuName, limit: u32) -> Result<Vec<StoredSignIn>, Fault>;

    /// Who serves what administrators keep up to date at a Renku.
    ///
    /// # Errors
    /// A fault of the store.
    async fn service_person(&self, renku: &RenkuName) -> Result<ServicePerson, Fault>;
}

/// Who serves what administrators keep up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServicePerson {
    /// Nobody, and there is nothing to serve.
    NotNeeded,
    /// Nobody, though something waits to be served.
    Missing,
    /// This user.
    Named {
        /// Their name.
        username: String,
        /// Whether their sign-in is kept and not over.
        signed_in: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (version, major, minor, want) in [
            ("6.10", 6, 9, true),
            ("6.9", 6, 10, false),
            ("v5.14", 5, 14, true),
            ("5.13-iqss", 5, 14, false),
            ("7", 6, 99, true),
            ("6.6.1 build 3", 6, 6, true),
            ("develop", 6, 6, true),
        ] {
            let facts = DataverseFacts { version: version.to_owned(), ahead_ms: None };
            assert_eq!(facts.at_least(major, minor), want, "{version}");
        }
    }
}

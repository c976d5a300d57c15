//! The closed catalogue of everything that can go wrong: stable code, whose turn it is, and what kind of failure it is.
//!
//! The sentences that people read are in `locales/*/problems.ftl` under the same codes; HTTP statuses are the web's.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::secret_words;

/// Who can do something about a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The person who asked for the import.
    Researcher,
    /// Whoever runs the Renku, its Keycloak or its `GitLab`.
    RenkuAdmin,
    /// Whoever runs the Dataverse or curates the dataset.
    DataverseAdmin,
    /// Whoever runs this connector.
    Operator,
    /// Nobody: it is tried again by itself.
    Nobody,
}

impl Turn {
    /// Everybody whose turn it can be.
    pub const ALL: [Self; 5] =
        [Self::Researcher, Self::RenkuAdmin, Self::DataverseAdmin, Self::Operator, Self::Nobody];

    /// The name in the API and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Researcher => "researcher",
            Self::RenkuAdmin => "renku_admin",
            Self::DataverseAdmin => "dataverse_admin",
            Self::Operator => "operator",
            Self::Nobody => "nobody",
        }
    }
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $turn:ident;)+) => {
        /// The stable name of a problem, as in `docs/PROBLEMS.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl ProblemCode {
            /// Every problem there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, as in the API's `type` and in the locales.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Whose turn it is.
            pub const fn turn(self) -> Turn {
                match self { $(Self::$variant => Turn::$turn,)+ }
            }
        }
    };
}

catalogue! {
    // What was asked of us.
    /// The text is no DOI, Handle, `PermaID` or address of a dataset page.
    PidInvalid = "pid-invalid", Researcher;
    /// The dataset belongs to a Dataverse that is not configured, or not to the named one.
    PidOfAnotherInstallation = "pid-of-another-installation", Researcher;
    /// Several installations are configured and none was named.
    InstallationNotNamed = "installation-not-named", Researcher;
    /// No installation of that name is configured.
    InstallationUnknown = "installation-unknown", Researcher;
    /// No Renku of that name is configured, or several are and none was named.
    RenkuUnknown = "renku-unknown", Researcher;
    /// The text is not the address of a project.
    ProjectAddressInvalid = "project-address-invalid", Researcher;
    /// The project lies on a host that is not on the allow-list; Renku would send the person's Git token there.
    ProjectHostNotAllowed = "project-host-not-allowed", Researcher;
    /// The wished dataset name has characters that Renku refuses.
    DatasetNameInvalid = "dataset-name-invalid", Researcher;
    /// A request of a program is not what the API takes.
    RequestInvalid = "request-invalid", Researcher;
    /// A request is larger than we read.
    RequestTooLarge = "request-too-large", Researcher;
    /// There is no such page or endpoint.
    NoSuchPage = "no-such-page", Researcher;
    /// The endpoint exists, not with this method.
    MethodNotAllowed = "method-not-allowed", Researcher;
    /// The request's content type is not JSON.
    ContentTypeNotSupported = "content-type-not-supported", Researcher;
    /// The same `Idempotency-Key` came with another request.
    IdempotencyKeyReused = "idempotency-key-reused", Researcher;
    /// The link by which somebody came from Dataverse is incomplete or damaged.
    LaunchInvalid = "launch-invalid", Researcher;
    /// The link by which somebody came leads to another place than the installation; nothing was asked there.
    LaunchForeign = "launch-foreign", Researcher;
    /// Dataverse does not take the link any more: it lives for five minutes.
    LaunchExpired = "launch-expired", Researcher;
    /// There is no such launch, or its hour is over.
    LaunchUnknown = "launch-unknown", Researcher;
    /// Somebody else imported with this launch.
    LaunchUsed = "launch-used", Researcher;
    /// Another confirmation of this launch is being carried out.
    LaunchBusy = "launch-busy", Nobody;
    /// No such import, or not this person's.
    ImportUnknown = "import-unknown", Researcher;
    /// No such subscription, or not this person's.
    SubscriptionUnknown = "subscription-unknown", Researcher;
    /// Only those whom the configuration names operators may do this.
    OperatorsOnly = "operators-only", Researcher;
    /// The import is in a phase in which this cannot be done.
    NotPossibleNow = "not-possible-now", Researcher;
    /// A form was sent from elsewhere, or belongs to a session that is over.
    FormNotOurs = "form-not-ours", Researcher;
    /// Too many requests from one place.
    TooManyRequests = "too-many-requests", Nobody;
    /// As many as we serve at the same time are being served.
    ServiceBusy = "service-busy", Nobody;

    /// The person has a subscription to this already, which another sign-in serves than the one that was asked for.
    SubscribedOtherwise = "subscribed-otherwise", Researcher;
    /// Nobody whose sign-in serves what administrators keep up to date is named, or their sign-in is over.
    ServiceSignInNeeded = "service-sign-in-needed", Operator;
    /// The person whose sign-in serves it has to sign in to Renku itself: Renku's own stored Git sign-in is gone.
    ServiceRenkuSignInNeeded = "service-renku-sign-in-needed", Operator;
    /// The person whose sign-in serves it may not write to the project.
    ServiceProjectNotWritable = "service-project-not-writable", Researcher;

    // Who asked: Keycloak, tokens.
    /// The person has to sign in to Renku's Keycloak for us (again).
    SignInNeeded = "sign-in-needed", Researcher;
    /// The sign-in took too long, was used already or began in another browser.
    SignInAttemptUnknown = "sign-in-attempt-unknown", Researcher;
    /// The person or Keycloak refused the sign-in.
    SignInRefused = "sign-in-refused", Researcher;
    /// The person has to sign in to Renku itself: Renku's own stored Git sign-in is gone.
    RenkuSignInNeeded = "renku-sign-in-needed", Researcher;
    /// No bearer token came with the request.
    TokenMissing = "token-missing", Researcher;
    /// The token is no JWT of this realm (for instance a `GitLab` or `JupyterHub` token).
    TokenUnreadable = "token-unreadable", Researcher;
    /// The token's signature does not fit the realm's keys.
    TokenSignatureWrong = "token-signature-wrong", Researcher;
    /// The token's time is over.
    TokenExpired = "token-expired", Researcher;
    /// The token's `iss` is another issuer.
    TokenIssuerMismatch = "token-issuer-mismatch", Researcher;
    /// The token's `aud` does not contain Renku's audience: the client lacks the audience mapper.
    TokenWithoutAudience = "token-without-audience", RenkuAdmin;
    /// The token's `azp` is a client that this Renku's gateway does not accept.
    TokenClientNotAccepted = "token-client-not-accepted", RenkuAdmin;
    /// The token has no `sub`.
    TokenWithoutSubject = "token-without-subject", RenkuAdmin;
    /// The token has no `email`: Renku would refuse it or invent one.
    TokenWithoutEmail = "token-without-email", RenkuAdmin;
    /// The token has no `name`: the person has no first and last name in Keycloak.
    TokenWithoutName = "token-without-name", RenkuAdmin;
    /// Renku refuses a token in which we find nothing wrong.
    TokenRefusedByRenku = "token-refused-by-renku", RenkuAdmin;
    /// No OpenID discovery document at the issuer (wrong realm, `/auth` missing or too much).
    IssuerNotFound = "issuer-not-found", Operator;
    /// The discovery document names another issuer.
    IssuerMismatch = "issuer-mismatch", Operator;
    /// Keycloak does not accept our client's secret.
    ClientRefused = "client-refused", Operator;
    /// Keycloak does not let our client use this flow.
    FlowNotAllowed = "flow-not-allowed", RenkuAdmin;
    /// Keycloak knows no client of our id, or it is switched off; only a second look can tell which.
    ClientUnknown = "client-unknown", RenkuAdmin;
    /// Our client exists at Keycloak and is switched off.
    ClientDisabled = "client-disabled", RenkuAdmin;
    /// Our address for the way back is not among the client's redirect addresses.
    RedirectNotRegistered = "redirect-address-not-registered", RenkuAdmin;
    /// The authorization code flow ("Standard flow") is off for our client.
    CodeFlowOff = "code-flow-off", RenkuAdmin;
    /// The device authorization grant is off for our client.
    DeviceFlowOff = "device-flow-off", RenkuAdmin;
    /// The password grant ("Direct access grants") is off for the client, as Renku's chart has it.
    PasswordFlowOff = "password-flow-off", RenkuAdmin;
    /// The client is set to another PKCE method than S256.
    PkceRefused = "pkce-refused", RenkuAdmin;
    /// A scope that we ask for is not on the client.
    ScopeNotGranted = "scope-not-granted", RenkuAdmin;
    /// The person lacks the realm role `offline_access`.
    OfflineAccessRefused = "offline-access-refused", RenkuAdmin;
    /// The client demands consent that the person has not given.
    ConsentMissing = "consent-missing", Researcher;
    /// The realm is switched off.
    RealmDisabled = "realm-disabled", RenkuAdmin;
    /// The person's account is switched off.
    AccountDisabled = "account-disabled", RenkuAdmin;
    /// The account has a required action open (password, second factor).
    AccountNotReady = "account-not-ready", Researcher;
    /// The TLS certificate of Keycloak does not lead to a root that we trust, or is not valid.
    KeycloakNotTrusted = "keycloak-not-trusted", Operator;
    /// The other side's clock differs from ours by more than tokens forgive.
    ClockDiffers = "clock-differs", Operator;
    /// Keycloak answered something that OpenID Connect does not provide for.
    KeycloakNotUnderstood = "keycloak-answer-not-understood", RenkuAdmin;
    /// Keycloak cannot be reached or answers with an error.
    KeycloakUnreachable = "keycloak-unreachable", Nobody;

    // The dataset, Dataverse.
    /// The installation has no such dataset, or it is not public.
    DatasetUnknown = "dataset-unknown", Researcher;
    /// The dataset has only a draft.
    DatasetNotPublished = "dataset-not-published", Researcher;
    /// The dataset is published, and not for everybody: Renku, which reads without a sign-in, cannot see it.
    DatasetNotPublic = "dataset-not-public", DataverseAdmin;
    /// The dataset was deaccessioned.
    DatasetDeaccessioned = "dataset-deaccessioned", DataverseAdmin;
    /// The dataset has no such version.
    VersionUnknown = "version-unknown", Researcher;
    /// Renku always takes the latest published version, and another was asked for.
    VersionNotLatest = "version-not-latest", Researcher;
    /// Some files are restricted, embargoed or past their retention; Renku 1 fails as a whole on one.
    DatasetHasClosedFiles = "dataset-has-closed-files", DataverseAdmin;
    /// A guestbook must be answered before each download.
    DatasetHasGuestbook = "dataset-has-guestbook", DataverseAdmin;
    /// The version has no files.
    DatasetEmpty = "dataset-empty", Researcher;
    /// More files than Renku's 30-minute job can fetch.
    DatasetHasTooManyFiles = "dataset-has-too-many-files", Researcher;
    /// More bytes than Renku's 30-minute job can fetch.
    DatasetTooLarge = "dataset-too-large", Researcher;
    /// Files of one name in several folders: Renku 1 drops folders and keeps one of them.
    DatasetHasEqualNames = "dataset-has-equal-names", Researcher;
    /// The export that Renku reads does not show this version yet.
    ExportBehind = "export-behind", Nobody;
    /// The export that Renku reads lacks the addresses of some files.
    ExportWithoutFiles = "export-without-files", DataverseAdmin;
    /// Renku could not download a file that Dataverse lists.
    FileNotDownloadable = "file-not-downloadable", DataverseAdmin;
    /// Dataverse cannot be reached or answers with an error.
    DataverseUnreachable = "dataverse-unreachable", Nobody;
    /// Dataverse limits how often we may ask.
    DataverseRateLimited = "dataverse-rate-limited", Nobody;
    /// Dataverse refused to answer us.
    DataverseRefused = "dataverse-refused", DataverseAdmin;
    /// The installation has no external tool with our address.
    ToolNotRegistered = "tool-not-registered", DataverseAdmin;
    /// The installation's external tool with our address differs from the one we give out.
    ToolDiffers = "tool-differs", DataverseAdmin;
    /// Dataverse's answer is not what its API promises.
    DataverseNotUnderstood = "dataverse-answer-not-understood", DataverseAdmin;
    /// Dataverse's answer is larger than we read.
    DataverseAnswerTooLarge = "dataverse-answer-too-large", Operator;

    /// Renku 2 takes DOIs only.
    DoiNeeded = "doi-needed", Researcher;
    /// The DOI is one for tests, which no resolver knows.
    DoiForTests = "doi-for-tests", DataverseAdmin;
    /// Renku cannot resolve the DOI; right after a publication that may take some minutes.
    DoiNotResolvable = "doi-not-resolvable", DataverseAdmin;
    // Publications and the workflow that announces them.
    /// What was announced is not what Dataverse shows.
    PublicationNotConfirmed = "publication-not-confirmed", DataverseAdmin;
    /// An announcement came from an address that is not allowed.
    CallbackAddressRefused = "callback-address-refused", Operator;
    /// No secret is configured for the announcements of this installation.
    WorkflowSecretMissing = "workflow-secret-missing", Operator;
    /// Our address is not on the list of those that may resume a workflow.
    ResumeAddressRefused = "resume-address-refused", DataverseAdmin;
    /// The endpoint that resumes a workflow is blocked.
    ResumeBlocked = "resume-blocked", DataverseAdmin;
    /// Dataverse refuses to resume its workflow, with another answer than those that its API has.
    ResumeRefused = "resume-refused", DataverseAdmin;
    /// A workflow was not resumed within the time allowed; its dataset may stay locked.
    ResumeGivenUp = "resume-given-up", DataverseAdmin;

    // The project, Renku.
    /// Renku finds no such project, or the person may not see it.
    ProjectNotFound = "project-not-found", Researcher;
    /// The person may not read the project's repository.
    ProjectNotReadable = "project-not-readable", Researcher;
    /// The person may not write to the project, or its branches are protected against it.
    ProjectNotWritable = "project-not-writable", Researcher;
    /// The repository is not a Renku project.
    ProjectNotRenku = "project-not-renku", Researcher;
    /// A project that was to be made has the name of one that is there.
    ProjectNameTaken = "project-name-taken", Researcher;
    /// A project that was to be made has a name that Renku cannot take.
    ProjectNameInvalid = "project-name-invalid", Researcher;
    /// The person may not make projects in that place, or nobody but Renku's administrators may.
    ProjectCreationRefused = "project-creation-refused", RenkuAdmin;
    /// Renku has the dataset's place taken by a dataset of another DOI: both DOIs have one short name there.
    ConnectorOfAnotherDoi = "connector-of-another-doi", RenkuAdmin;
    /// The project must be migrated to this Renku's version first.
    ProjectNeedsMigration = "project-needs-migration", Researcher;
    /// The migration that was asked for failed.
    ProjectMigrationFailed = "project-migration-failed", Researcher;
    /// The project needs a newer Renku than this one.
    ProjectTooNew = "project-too-new", RenkuAdmin;
    /// The project's Renku metadata are damaged.
    ProjectDamaged = "project-damaged", Researcher;
    /// The project is locked by another operation.
    ProjectBusy = "project-busy", Nobody;
    /// The project's clone inside Renku has left-overs of a failed import.
    ProjectCloneDirty = "project-clone-dirty", Nobody;
    /// The project has a dataset of that name already.
    DatasetNameTaken = "dataset-name-taken", Researcher;
    /// Renku does not recognise the address as a Dataverse dataset.
    DatasetNotRecognised = "dataset-not-recognised-by-renku", RenkuAdmin;
    /// Renku cannot reach Dataverse.
    RenkuCannotReachDataverse = "renku-cannot-reach-dataverse", RenkuAdmin;
    /// Renku fetched the files and could not push them.
    PushFailed = "push-failed", Researcher;
    /// Renku's disk or the project's quota is full.
    RenkuOutOfSpace = "renku-out-of-space", RenkuAdmin;
    /// The import ended in Renku with words that we do not know.
    RenkuImportFailed = "renku-import-failed", RenkuAdmin;
    /// The job waited in Renku's queue until Renku dropped it.
    RenkuJobLost = "renku-job-lost", Nobody;
    /// The job runs longer than Renku lets any job run.
    RenkuJobStuck = "renku-job-stuck", RenkuAdmin;
    /// Renku says it is done, and the dataset is not in the project.
    DatasetNotInProject = "dataset-not-in-project", RenkuAdmin;
    /// Renku cannot be reached or answers with an error.
    RenkuUnreachable = "renku-unreachable", Nobody;
    /// Renku limits how often we may ask.
    RenkuRateLimited = "renku-rate-limited", Nobody;
    /// Renku reports an internal error.
    RenkuInternalError = "renku-internal-error", Nobody;
    /// The Python gateway refuses a request with a `Referer` that is not the client's.
    RenkuOriginRefused = "renku-origin-refused", Operator;
    /// Renku's answer is not what its API promises.
    RenkuNotUnderstood = "renku-answer-not-understood", RenkuAdmin;
    /// This Renku does not offer the API that is needed.
    RenkuApiNotOffered = "renku-api-not-offered", Operator;

    // Ourselves.
    /// A configuration key is unknown or its value unusable.
    ConfigurationInvalid = "configuration-invalid", Operator;
    /// The key that opens the stored sign-ins is missing or another one.
    VaultKeyWrong = "vault-key-wrong", Operator;
    /// Our database cannot be reached.
    StoreUnavailable = "store-unavailable", Operator;
    /// The database's schema is older or newer than this program's.
    SchemaNotCurrent = "schema-not-current", Operator;
    /// Our message broker cannot be reached.
    QueueUnavailable = "queue-unavailable", Operator;
    /// The mail server did not take a mail.
    MailNotSent = "mail-not-sent", Operator;
    /// The import was tried for longer than it may take altogether.
    GivenUp = "given-up", Operator;
    /// A message on the queue cannot be read.
    MessageUnreadable = "message-unreadable", Operator;
    /// A fault of ours.
    Internal = "internal-error", Operator;
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A problem as it is stored, logged and shown: its code, and what the upstream said, cleaned of secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which entry of the catalogue.
    pub code: ProblemCode,
    /// The part of the request or setting that it is about, if one can be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The upstream's own words or the detail, cleaned; never shown instead of the catalogue's sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

impl Problem {
    /// The problem without any words beside it.
    pub const fn new(code: ProblemCode) -> Self {
        Self { code, field: None, words: None }
    }

    /// The same problem with the upstream's words, which are cleaned here.
    #[must_use]
    pub fn saying(mut self, words: impl AsRef<str>) -> Self {
        let words = secret_words::cleaned(words.as_ref().trim());
        self.words = (!words.is_empty()).then_some(words);
        self
    }

    /// The same problem with the field that it is about.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if let Some(field) = &self.field {
            write!(f, " ({field})")?;
        }
        if let Some(words) = &self.words {
            write!(f, ": {words}")?;
        }
        Ok(())
    }
}

/// At which door a person has to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInAt {
    /// At Keycloak, for this connector.
    Connector,
    /// At Renku itself, which lost its stored Git sign-in for the person.
    Renku,
}

impl SignInAt {
    /// Both doors.
    pub const ALL: [Self; 2] = [Self::Connector, Self::Renku];

    /// The name in the API and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Renku => "renku",
        }
    }
}

/// What kind of failure it is, decided where the answer is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The upstream as a whole does not work: burns no attempt and counts for the circuit breaker.
    Outage {
        /// The upstream's `Retry-After`, if it sent one.
        after: Option<Duration>,
    },
    /// This one call failed and may go well later: burns an attempt.
    Retryable {
        /// The upstream's `Retry-After`, if it sent one.
        after: Option<Duration>,
    },
    /// It cannot be seen yet (a DOI, a version, its export): asked again for a while.
    NotYet,
    /// A sign-in is needed: pauses, burns no attempt.
    SignIn(SignInAt),
    /// A person has to change something: ends the import.
    User,
    /// The remote broke its contract, or we did: ends the import and deserves an alert.
    Permanent,
}

/// A failed call to the outside: the problem, its class and what caused it.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct Fault {
    /// The problem to show.
    pub problem: Problem,
    /// What to do about it.
    pub class: Class,
    /// The technical cause, for logs only.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault without a technical cause.
    pub const fn new(class: Class, problem: Problem) -> Self {
        Self { problem, class, source: None }
    }

    /// A person has to change something.
    pub const fn user(code: ProblemCode) -> Self {
        Self::new(Class::User, Problem::new(code))
    }

    /// The same fault with the upstream's words, which are cleaned.
    #[must_use]
    pub fn saying(mut self, words: impl AsRef<str>) -> Self {
        self.problem = self.problem.saying(words);
        self
    }

    /// The same fault with its technical cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_fit_for_addresses() {
        let codes: HashSet<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ProblemCode::ALL.len());
        assert!(
            codes
                .iter()
                .all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
        );
    }

    #[test]
    fn a_problem_survives_its_stored_form_and_keeps_no_secret() {
        let problem = Problem::new(ProblemCode::ProjectNotFound)
            .about("project")
            .saying("at http://oauth2:secret@host/x");
        let json = serde_json::to_string(&problem).unwrap();
        assert!(!json.contains("secret"), "{json}");
        assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
    }
}

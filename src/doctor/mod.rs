//! The doctor: looks at everything that an import needs, in order, and names what is wrong, whose turn it is and what mends it.
//!
//! It only reads, over ports; how a finding is worded and printed is the command line's.

mod dataverse;
mod ground;
mod mend;
mod renku;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use serde::Serialize;
use tokio::time::{Instant, timeout};

use crate::domain::ids::{InstallationName, RenkuName};
use crate::domain::ports::probe::{DataverseProbe, Ground, RenkuProbe, SignInProbe, StoredSignIn};
use crate::domain::ports::renku as renku_port;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};
use crate::domain::project::ProjectAddress;

pub use dataverse::drift;
pub use mend::{Place, Program, commands, quoted};
pub use token::{Decoded, Door, decode, refused_by};

/// Clocks that differ by less than this are the same: tokens forgive as much.
const CLOCKS_APART_MS: i64 = 30_000;

/// What is looked at, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The configuration as a whole.
    Configuration,
    /// The key that opens stored sign-ins.
    Key,
    /// The database and its form.
    Store,
    /// The broker and our queues there.
    Broker,
    /// The broker's management interface.
    Management,
    /// A Renku: whether it answers, which API and release.
    Renku,
    /// Its Keycloak: the discovery document.
    Discovery,
    /// The difference between the clocks.
    Clock,
    /// Our client there and its secret.
    Client,
    /// Signing in through the browser: redirect address, scopes, PKCE.
    CodeFlow,
    /// Signing in with a code.
    DeviceFlow,
    /// Whether the gateway accepts tokens of our client.
    Gateway,
    /// A person's stored sign-in, and what its tokens say.
    SignIn,
    /// Whether Renku itself knows the person.
    Person,
    /// Whether the person may bring datasets into the project that was named.
    Project,
    /// Who serves what administrators keep up to date.
    ServicePerson,
    /// A Dataverse: whether it answers, and its version.
    Dataverse,
    /// Our button there.
    Tool,
    /// Signed addresses behind a proxy.
    SignedAddresses,
    /// The workflow that tells of publications.
    Workflow,
    /// The addresses from which a workflow may be resumed.
    ResumeAddresses,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 21] = [
        Self::Configuration,
        Self::Key,
        Self::Store,
        Self::Broker,
        Self::Management,
        Self::Renku,
        Self::Discovery,
        Self::Clock,
        Self::Client,
        Self::CodeFlow,
        Self::DeviceFlow,
        Self::Gateway,
        Self::SignIn,
        Self::Person,
        Self::Project,
        Self::ServicePerson,
        Self::Dataverse,
        Self::Tool,
        Self::SignedAddresses,
        Self::Workflow,
        Self::ResumeAddresses,
    ];

    /// The name in JSON and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Key => "key",
            Self::Store => "store",
            Self::Broker => "broker",
            Self::Management => "management",
            Self::Renku => "renku",
            Self::Discovery => "discovery",
            Self::Clock => "clock",
            Self::Client => "client",
            Self::CodeFlow => "code-flow",
            Self::DeviceFlow => "device-flow",
            Self::Gateway => "gateway",
            Self::SignIn => "sign-in",
            Self::Person => "person",
            Self::Project => "project",
            Self::ServicePerson => "service-person",
            Self::Dataverse => "dataverse",
            Self::Tool => "tool",
            Self::SignedAddresses => "signed-addresses",
            Self::Workflow => "workflow",
            Self::ResumeAddresses => "resume-addresses",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// ✓
    Fine,
    /// ! It works, or cannot be seen from here; somebody should look.
    Look,
    /// ✗ Something is wrong.
    Broken,
    /// – Not looked at, since something before it is wrong.
    Skipped,
}

/// What is said beside a mark that is no problem of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// A warning of the configuration.
    Risky,
    /// No Dataverse or no Renku is configured.
    NothingToImport,
    /// The first start makes it.
    NotYet,
    /// Queues are made when a worker starts.
    QueuesMissing,
    /// The broker is older than what our queues need.
    BrokerOld,
    /// Where the broker's management interface is, is not configured.
    ManagementUnseen,
    /// It does not let our user look.
    ManagementRefused,
    /// It does not answer.
    ManagementSilent,
    /// Our client works without PKCE as well.
    PkceNotEnforced,
    /// Only a token shows whether Renku's audience is in it.
    NobodySignedIn,
    /// The stored sign-in cannot be asked about without spending it.
    NotSeen,
    /// The access token's time is over; it is renewed at its next use.
    NotFresh,
    /// Nobody is signed in who could be asked about the project.
    ProjectUnasked,
    /// An import of ours is at work in the project, so that nobody else may call there.
    ProjectAtWork,
    /// Dataverse before 6.10 may announce a version that it does not show yet.
    AnnouncesEarly,
    /// Dataverse 6.10 and 6.11 sign addresses with special characters wrongly.
    SignsWrongly,
    /// Before 5.14 there is no usable callback for tools.
    ToolsTooOld,
    /// Before 6.6 the tools are told to administrators only.
    ToolsHidden,
    /// Before 6.10 addresses are signed wrongly behind a proxy that ends TLS.
    ProxyBefore,
    /// From 6.10 the proxy must say that it ended TLS.
    ProxyHeader,
    /// Before 5.4 workflows do not work.
    WorkflowsTooOld,
    /// No secret is configured, so that no announcement is accepted.
    NoWorkflowSecret,
    /// The workflow is seen on the Dataverse's own machine only.
    WorkflowUnseen,
    /// The list of addresses is seen on the Dataverse's own machine only.
    ResumeUnseen,
    /// Something before it is wrong.
    AfterTheAbove,
}

impl Note {
    /// Every note.
    pub const ALL: [Self; 25] = [
        Self::Risky,
        Self::NothingToImport,
        Self::NotYet,
        Self::QueuesMissing,
        Self::BrokerOld,
        Self::ManagementUnseen,
        Self::ManagementRefused,
        Self::ManagementSilent,
        Self::PkceNotEnforced,
        Self::NobodySignedIn,
        Self::NotSeen,
        Self::NotFresh,
        Self::ProjectUnasked,
        Self::ProjectAtWork,
        Self::AnnouncesEarly,
        Self::SignsWrongly,
        Self::ToolsTooOld,
        Self::ToolsHidden,
        Self::ProxyBefore,
        Self::ProxyHeader,
        Self::WorkflowsTooOld,
        Self::NoWorkflowSecret,
        Self::WorkflowUnseen,
        Self::ResumeUnseen,
        Self::AfterTheAbove,
    ];

    /// The name in JSON and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Risky => "risky",
            Self::NothingToImport => "nothing-to-import",
            Self::NotYet => "not-yet",
            Self::QueuesMissing => "queues-missing",
            Self::BrokerOld => "broker-old",
            Self::ManagementUnseen => "management-unseen",
            Self::ManagementRefused => "management-refused",
            Self::ManagementSilent => "management-silent",
            Self::PkceNotEnforced => "pkce-not-enforced",
            Self::NobodySignedIn => "nobody-signed-in",
            Self::NotSeen => "not-seen",
            Self::NotFresh => "not-fresh",
            Self::ProjectUnasked => "project-unasked",
            Self::ProjectAtWork => "project-at-work",
            Self::AnnouncesEarly => "announces-early",
            Self::SignsWrongly => "signs-wrongly",
            Self::ToolsTooOld => "tools-too-old",
            Self::ToolsHidden => "tools-hidden",
            Self::ProxyBefore => "proxy-before",
            Self::ProxyHeader => "proxy-header",
            Self::WorkflowsTooOld => "workflows-too-old",
            Self::NoWorkflowSecret => "no-workflow-secret",
            Self::WorkflowUnseen => "workflow-unseen",
            Self::ResumeUnseen => "resume-unseen",
            Self::AfterTheAbove => "after-the-above",
        }
    }
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: `here`, `renku.NAME`, `dataverse.NAME`.
    pub subject: String,
    /// What was looked at.
    pub check: Check,
    /// How it ended.
    pub mark: Mark,
    /// What was seen: versions, addresses, names. No sentence, no secret.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// The problem, with a ✗.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// What is there (`-`) and should be there (`+`), a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<String>,
    /// What is said beside the mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Commands that mend it or show more, ready to be run by whose turn it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// How long it took.
    pub elapsed_ms: u64,
}

impl Finding {
    fn new(subject: &str, check: Check, mark: Mark) -> Self {
        Self {
            subject: subject.to_owned(),
            check,
            mark,
            seen: String::new(),
            problem: None,
            diff: Vec::new(),
            note: None,
            commands: Vec::new(),
            elapsed_ms: 0,
        }
    }

    /// ✓ with what was seen.
    pub fn fine(subject: &str, check: Check, seen: impl Into<String>) -> Self {
        Self { seen: seen.into(), ..Self::new(subject, check, Mark::Fine) }
    }

    /// ! with a sentence.
    pub fn look(subject: &str, check: Check, note: Note, seen: impl Into<String>) -> Self {
        Self { note: Some(note), seen: seen.into(), ..Self::new(subject, check, Mark::Look) }
    }

    /// ✗ with its problem.
    pub fn broken(subject: &str, check: Check, problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::new(subject, check, Mark::Broken) }
    }

    fn skipped(subject: &str, check: Check) -> Self {
        Self { note: Some(Note::AfterTheAbove), ..Self::new(subject, check, Mark::Skipped) }
    }

    /// The same with the commands that mend it.
    #[must_use]
    pub fn with(self, commands: Vec<String>) -> Self {
        Self { commands, ..self }
    }

    fn noting(self, note: Option<Note>) -> Self {
        Self { note, ..self }
    }

    fn after(self, elapsed: Duration) -> Self {
        Self { elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX), ..self }
    }
}

/// How people sign in at a Renku.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Through the browser.
    Code,
    /// With a code that is typed.
    Device,
}

/// A configured Renku.
pub struct Renku {
    /// Its name in the configuration.
    pub name: RenkuName,
    /// How it looks from outside.
    pub probe: Arc<dyn RenkuProbe>,
    /// Its Keycloak and our client there.
    pub keycloak: Arc<dyn SignInProbe>,
    /// How people sign in.
    pub flow: Flow,
    /// The realm, our client, our address for the way back.
    pub place: Place,
    /// Which clients (`azp`) its gateway is said to accept; empty: nothing is said.
    pub accepted_clients: Vec<String>,
    /// Whether Renku 1 may be what takes datasets here.
    pub core_wanted: bool,
    /// Whether Renku 2 may be.
    pub data_wanted: bool,
    /// Its services that may take datasets, in the order in which they are preferred.
    pub services: Vec<Arc<dyn renku_port::Renku>>,
}

impl fmt::Debug for Renku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renku").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A configured Dataverse.
pub struct Installation {
    /// Its name in the configuration.
    pub name: InstallationName,
    /// How it looks from outside.
    pub probe: Arc<dyn DataverseProbe>,
    /// Whether it is spoken to by HTTPS.
    pub https: bool,
    /// The external tool as we give it out.
    pub tool: serde_json::Value,
    /// Whether announcements of publications are accepted.
    pub announces: bool,
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Everything that is looked at.
pub struct Doctor {
    /// How this program is called in the commands that mend something.
    pub program: Program,
    /// This service's own ground.
    pub ground: Arc<dyn Ground>,
    /// The Renkus.
    pub renkus: Vec<Renku>,
    /// The Dataverses.
    pub installations: Vec<Installation>,
    /// People who just signed in for this look, and where; the stored sign-ins are left aside there.
    pub present: Vec<(RenkuName, StoredSignIn)>,
    /// The project that it is about.
    pub project: Option<ProjectAddress>,
    /// How long one check may take.
    pub patience: Duration,
}

impl fmt::Debug for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doctor").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// A check may take so long by default; no chain of checks has more than seven that depend on each other.
pub const PATIENCE: Duration = Duration::from_secs(4);

impl Doctor {
    /// Looks at everything; systems that do not answer cost time only once, since they are looked at side by side.
    pub async fn examine(&self) -> Vec<Finding> {
        let renkus = future::join_all(self.renkus.iter().map(|renku| self.renku(renku)));
        let installations = self.installations.iter().map(|installation| self.installation(installation));
        let installations = future::join_all(installations);
        let (ground, renkus, installations) = future::join3(self.here(), renkus, installations).await;
        let mut findings = ground;
        findings.extend(renkus.into_iter().flatten());
        findings.extend(installations.into_iter().flatten());
        findings
    }

    /// Waits for an answer as long as one check may take.
    async fn within<T>(
        &self,
        silent: ProblemCode,
        ask: impl Future<Output = Result<T, Fault>>,
    ) -> (Result<T, Fault>, Duration) {
        let began = Instant::now();
        let answer = timeout(self.patience, ask).await.unwrap_or_else(|_elapsed| {
            let words = format!("no answer within {} s", self.patience.as_secs_f32());
            Err(Fault::new(Class::Outage { after: None }, Problem::new(silent).saying(words)))
        });
        (answer, began.elapsed())
    }
}

/// The finding about a clock that goes differently; none where it goes the same or is not told.
fn clock(subject: &str, ahead_ms: Option<i64>) -> Option<Finding> {
    let ahead = ahead_ms?;
    if ahead.abs() < CLOCKS_APART_MS {
        return Some(Finding::fine(subject, Check::Clock, format!("{:+.0} s", seconds(ahead))));
    }
    let words = format!("its clock is {:+.0} s against ours", seconds(ahead));
    let problem = Problem::new(ProblemCode::ClockDiffers).saying(words);
    let here = vec!["timedatectl set-ntp true".to_owned()];
    Some(Finding::broken(subject, Check::Clock, problem).with(here))
}

#[expect(clippy::cast_precision_loss, reason = "seconds for a person to read")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

//! What can go wrong between us and a Renku 1, by meaning, and which problem and class each is.
//! What the core service's own error codes mean is in `codes`.

use std::time::Duration;

use super::codes::{CoreError, meaning};
use crate::adapters::exchange::Transport;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};

/// Why a Renku 1 did not do what we asked for.
#[derive(Debug, thiserror::Error)]
pub enum RenkuCoreError {
    /// The project lies on a host that is not on the allow-list; the core would send the person's Git token there.
    #[error("projects on {host} are not allowed")]
    HostNotAllowed {
        /// The host, with its port if it has one.
        host: String,
    },
    /// `/api/renku` is not there (chart 2.13 and later, or switched off), or something else answers.
    #[error("no Renku 1 service here: {words}")]
    ApiNotOffered {
        /// What answered instead.
        words: String,
    },
    /// The gateway says that our token's time is over.
    #[error("the gateway says that the token is expired: {words}")]
    TokenExpired {
        /// The gateway's words.
        words: String,
    },
    /// The gateway has no Git sign-in of the person any more.
    #[error("Renku has no sign-in of the person: {words}")]
    GitSignInGone {
        /// The gateway's words.
        words: String,
    },
    /// The Go gateway passed the call on as nobody's, and the token is one of a client that it does not take.
    #[error("the gateway does not take tokens of {client}")]
    ClientNotAccepted {
        /// The client, as `azp` has it.
        client: String,
    },
    /// The gateway says that the audience is another.
    #[error("the gateway refuses the token's audience: {words}")]
    WrongAudience {
        /// The gateway's words.
        words: String,
    },
    /// The gateway refuses the token and does not say why.
    #[error("the gateway refuses the token: {words}")]
    TokenRefused {
        /// The gateway's words.
        words: String,
    },
    /// 403: the gateway took offence at the request's origin, or a wall stands before it.
    #[error("refused with 403: {words}")]
    Forbidden {
        /// The answer's words.
        words: String,
    },
    /// 429, by the gateway, per address: all of our calls are meant.
    #[error("asked too often: {words}")]
    RateLimited {
        /// `Retry-After`.
        after: Option<Duration>,
        /// The gateway's words.
        words: String,
    },
    /// The gateway has no running core service to pass the call on to.
    #[error("no core service is running: {words}")]
    NoUpstream {
        /// The gateway's words.
        words: String,
    },
    /// 5xx, from the gateway or from what stands before it; the core itself answers 200 to everything.
    #[error("answers with {status}: {words}")]
    Failing {
        /// The status.
        status: u16,
        /// `Retry-After`.
        after: Option<Duration>,
        /// The answer's words.
        words: String,
    },
    /// No answer.
    #[error("cannot be reached")]
    Unreachable(#[source] Transport),
    /// The core service's own refusal.
    #[error("{0}")]
    Core(CoreError),
    /// The project could not be migrated.
    #[error("the migration failed: {words}")]
    MigrationFailed {
        /// The core's words.
        words: String,
    },
    /// The answer is not what the API promises.
    #[error("{what}")]
    NotUnderstood {
        /// What was expected and what came.
        what: String,
        /// The parser's complaint.
        #[source]
        source: Option<serde_json::Error>,
    },
}

impl RenkuCoreError {
    pub(super) fn unexpected(what: impl Into<String>) -> Self {
        Self::NotUnderstood { what: what.into(), source: None }
    }

    /// Whether a submit that ended like this may have been taken all the same.
    pub(super) fn may_have_been_taken(&self) -> bool {
        match self {
            Self::Failing { .. } | Self::NotUnderstood { .. } => true,
            Self::Unreachable(transport) => match transport {
                Transport::NotReached(_) => false,
                Transport::Timeout(_) | Transport::Broken(_) | Transport::TooLarge { .. } => true,
            },
            Self::Core(error) => error.may_have_been_taken(),
            Self::HostNotAllowed { .. }
            | Self::ApiNotOffered { .. }
            | Self::TokenExpired { .. }
            | Self::GitSignInGone { .. }
            | Self::ClientNotAccepted { .. }
            | Self::WrongAudience { .. }
            | Self::TokenRefused { .. }
            | Self::Forbidden { .. }
            | Self::RateLimited { .. }
            | Self::NoUpstream { .. }
            | Self::MigrationFailed { .. } => false,
        }
    }
}

impl From<Transport> for RenkuCoreError {
    fn from(error: Transport) -> Self {
        Self::Unreachable(error)
    }
}

impl From<RenkuCoreError> for Fault {
    fn from(error: RenkuCoreError) -> Self {
        use RenkuCoreError as E;
        let outage = |after| Class::Outage { after };
        let (class, code, words) = match &error {
            E::HostNotAllowed { .. } => (Class::User, ProblemCode::ProjectHostNotAllowed, error.to_string()),
            E::ApiNotOffered { words } => (Class::Permanent, ProblemCode::RenkuApiNotOffered, words.clone()),
            E::TokenExpired { words } => {
                (Class::SignIn(SignInAt::Connector), ProblemCode::TokenExpired, words.clone())
            }
            E::GitSignInGone { words } => {
                (Class::SignIn(SignInAt::Renku), ProblemCode::RenkuSignInNeeded, words.clone())
            }
            E::ClientNotAccepted { client } => {
                (Class::User, ProblemCode::TokenClientNotAccepted, format!("azp is \"{client}\""))
            }
            E::WrongAudience { words } => (Class::User, ProblemCode::TokenWithoutAudience, words.clone()),
            E::TokenRefused { words } => {
                (Class::SignIn(SignInAt::Renku), ProblemCode::TokenRefusedByRenku, words.clone())
            }
            E::Forbidden { words } if words.contains("origin not allowed") => {
                (Class::Permanent, ProblemCode::RenkuOriginRefused, words.clone())
            }
            E::Forbidden { .. } => (Class::Permanent, ProblemCode::RenkuNotUnderstood, error.to_string()),
            E::RateLimited { after, words } => (outage(*after), ProblemCode::RenkuRateLimited, words.clone()),
            E::NoUpstream { words } => (outage(None), ProblemCode::RenkuUnreachable, words.clone()),
            E::Failing { after, .. } => (outage(*after), ProblemCode::RenkuUnreachable, error.to_string()),
            E::Unreachable(Transport::TooLarge { max }) => (
                Class::Permanent,
                ProblemCode::RenkuNotUnderstood,
                format!("the answer is longer than {max} bytes"),
            ),
            E::Unreachable(transport) => (outage(None), ProblemCode::RenkuUnreachable, transport.to_string()),
            E::Core(error) => {
                let (class, problem) = meaning(error);
                (class, problem, error.to_string())
            }
            E::MigrationFailed { words } => (Class::User, ProblemCode::ProjectMigrationFailed, words.clone()),
            E::NotUnderstood { what, .. } => {
                (Class::Permanent, ProblemCode::RenkuNotUnderstood, what.clone())
            }
        };
        Self::new(class, Problem::new(code).saying(words)).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_problem_and_class_and_says_whether_a_submit_is_unclear() {
        use RenkuCoreError as E;
        let after = Some(Duration::from_secs(7));
        let words = || String::from("their words");
        let outage = |after| Class::Outage { after };
        let (here, renku) = (Class::SignIn(SignInAt::Connector), Class::SignIn(SignInAt::Renku));
        let syntax = serde_json::from_str::<u8>("{").unwrap_err();
        let core = CoreError { code: 1110, ..CoreError::default() };
        let table = [
            (E::HostNotAllowed { host: "evil".into() }, "project-host-not-allowed", Class::User, false),
            (E::ApiNotOffered { words: words() }, "renku-api-not-offered", Class::Permanent, false),
            (E::TokenExpired { words: words() }, "token-expired", here, false),
            (E::GitSignInGone { words: words() }, "renku-sign-in-needed", renku, false),
            (E::ClientNotAccepted { client: "ours".into() }, "token-client-not-accepted", Class::User, false),
            (E::WrongAudience { words: words() }, "token-without-audience", Class::User, false),
            (E::TokenRefused { words: words() }, "token-refused-by-renku", renku, false),
            (E::Forbidden { words: words() }, "renku-answer-not-understood", Class::Permanent, false),
            (
                E::Forbidden { words: "origin not allowed: https://x not matching []".into() },
                "renku-origin-refused",
                Class::Permanent,
                false,
            ),
            (E::RateLimited { after, words: words() }, "renku-rate-limited", outage(after), false),
            (E::NoUpstream { words: words() }, "renku-unreachable", outage(None), false),
            (E::Failing { status: 504, after, words: words() }, "renku-unreachable", outage(after), true),
            (
                E::Unreachable(Transport::TooLarge { max: 9 }),
                "renku-answer-not-understood",
                Class::Permanent,
                true,
            ),
            (E::Core(core), "project-not-renku", Class::User, false),
            (E::MigrationFailed { words: words() }, "project-migration-failed", Class::User, false),
            (
                E::NotUnderstood { what: words(), source: Some(syntax) },
                "renku-answer-not-understood",
                Class::Permanent,
                true,
            ),
        ];
        for (error, code, class, unclear) in table {
            assert_eq!(error.may_have_been_taken(), unclear, "{error}");
            let fault = Fault::from(error);
            assert_eq!((fault.problem.code.as_str(), fault.class), (code, class), "{fault}");
            assert!(fault.source.is_some(), "the cause is kept for the log: {fault}");
        }
    }
}

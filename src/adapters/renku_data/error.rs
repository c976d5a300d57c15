//! What can go wrong between us and a Renku 2, by meaning, and which problem and class each is.
//! Which refusal has which of these meanings is found out where the call is made.

use std::time::Duration;

use crate::adapters::exchange::Transport;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};

/// Why a Renku 2 did not do what we asked for.
#[derive(Debug, thiserror::Error)]
pub enum RenkuDataError {
    /// The address is not one of a project of this Renku.
    #[error("not a project of this Renku: its addresses look like {example}")]
    ForeignAddress {
        /// How they look.
        example: String,
    },
    /// `/api/data` is not there, or something else answers.
    #[error("no data services here: {words}")]
    ApiNotOffered {
        /// What answered instead.
        words: String,
    },
    /// 401: the token is expired, of another realm or of another audience; Renku does not tell which.
    #[error("the token does not count: {words}")]
    NotAuthenticated {
        /// Renku's words.
        words: String,
    },
    /// 403 of the data services: no right to create something in that place.
    #[error("not allowed: {words}")]
    Forbidden {
        /// Renku's words.
        words: String,
    },
    /// 404 of the data services: not there, or not for this person.
    #[error("not found: {words}")]
    NotFound {
        /// Renku's words.
        words: String,
    },
    /// 409 of the data services: it is there already.
    #[error("a conflict: {words}")]
    Conflict {
        /// Renku's words.
        words: String,
    },
    /// 422 of the data services, where nothing more is known.
    #[error("refused: {words}")]
    Invalid {
        /// Renku's words.
        words: String,
    },
    /// 429 of the gateway, which counts per address: all of our calls are meant.
    #[error("asked too often: {words}")]
    RateLimited {
        /// `Retry-After`.
        after: Option<Duration>,
        /// The gateway's words.
        words: String,
    },
    /// 5xx.
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
    /// The project is not there, or not for this person.
    #[error("no such project")]
    ProjectNotFound,
    /// The person may read the project and not write to it.
    #[error("no right to write to the project")]
    ProjectNotWritable,
    /// The global connector of that name is one of another DOI.
    #[error("{slug} is the connector of {other}")]
    AnotherDoi {
        /// The name that both DOIs have.
        slug: String,
        /// What the connector stands for.
        other: String,
    },
    /// The resolver does not know the DOI.
    #[error("the DOI is not resolvable: {words}")]
    NotResolvable {
        /// rclone's words.
        words: String,
    },
    /// The DOI leads to something in which Renku sees no dataset of a Dataverse.
    #[error("not recognised: {words}")]
    NotRecognised {
        /// Renku's or rclone's words.
        words: String,
    },
    /// Renku recognises the dataset and cannot list it at the moment.
    #[error("Renku cannot list the dataset: {words}")]
    CannotList {
        /// Renku's or rclone's words.
        words: String,
    },
    /// A project of that name is there already.
    #[error("{path} is there already")]
    NameTaken {
        /// The project's path.
        path: String,
    },
    /// No short name can be made of the project's name.
    #[error("the name has no letter or digit that can stand in an address, or is too long")]
    NameInvalid,
    /// The person may not make a project there.
    #[error("no project may be made there: {words}")]
    CreationRefused {
        /// Renku's words.
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

impl RenkuDataError {
    pub(super) fn unexpected(what: impl Into<String>) -> Self {
        Self::NotUnderstood { what: what.into(), source: None }
    }

    /// Whether a call that ended like this may have had its effect all the same. A conflict is somebody else's effect, which is as
    /// good.
    pub(super) fn may_have_worked(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Failing { .. } | Self::NotUnderstood { .. } => true,
            Self::Unreachable(transport) => match transport {
                Transport::NotReached(_) => false,
                Transport::Timeout(_) | Transport::Broken(_) | Transport::TooLarge { .. } => true,
            },
            Self::ForeignAddress { .. }
            | Self::ApiNotOffered { .. }
            | Self::NotAuthenticated { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Invalid { .. }
            | Self::RateLimited { .. }
            | Self::ProjectNotFound
            | Self::ProjectNotWritable
            | Self::AnotherDoi { .. }
            | Self::NotResolvable { .. }
            | Self::NotRecognised { .. }
            | Self::CannotList { .. }
            | Self::NameTaken { .. }
            | Self::NameInvalid
            | Self::CreationRefused { .. } => false,
        }
    }
}

impl From<Transport> for RenkuDataError {
    fn from(error: Transport) -> Self {
        Self::Unreachable(error)
    }
}

impl From<RenkuDataError> for Fault {
    fn from(error: RenkuDataError) -> Self {
        use RenkuDataError as E;
        let outage = |after| Class::Outage { after };
        let user = Class::User;
        let (class, code) = match &error {
            E::ForeignAddress { .. } => (user, ProblemCode::ProjectAddressInvalid),
            E::ApiNotOffered { .. } => (Class::Permanent, ProblemCode::RenkuApiNotOffered),
            E::NotAuthenticated { .. } => {
                (Class::SignIn(SignInAt::Connector), ProblemCode::TokenRefusedByRenku)
            }
            E::RateLimited { after, .. } => (outage(*after), ProblemCode::RenkuRateLimited),
            E::Failing { after, .. } => (outage(*after), ProblemCode::RenkuUnreachable),
            E::Unreachable(Transport::TooLarge { .. })
            | E::NotUnderstood { .. }
            | E::Forbidden { .. }
            | E::NotFound { .. }
            | E::Invalid { .. } => (Class::Permanent, ProblemCode::RenkuNotUnderstood),
            E::Unreachable(_) => (outage(None), ProblemCode::RenkuUnreachable),
            // Somebody else made the same at the same moment: it is there the next time.
            E::Conflict { .. } => (Class::Retryable { after: None }, ProblemCode::RenkuInternalError),
            E::ProjectNotFound => (user, ProblemCode::ProjectNotFound),
            E::ProjectNotWritable => (user, ProblemCode::ProjectNotWritable),
            E::AnotherDoi { .. } => (user, ProblemCode::ConnectorOfAnotherDoi),
            E::NotResolvable { .. } => (Class::NotYet, ProblemCode::DoiNotResolvable),
            E::NotRecognised { .. } => (user, ProblemCode::DatasetNotRecognised),
            E::CannotList { .. } => {
                (Class::Retryable { after: None }, ProblemCode::RenkuCannotReachDataverse)
            }
            E::NameTaken { .. } => (user, ProblemCode::ProjectNameTaken),
            E::NameInvalid => (user, ProblemCode::ProjectNameInvalid),
            E::CreationRefused { .. } => (user, ProblemCode::ProjectCreationRefused),
        };
        let words = match &error {
            E::Unreachable(transport) => transport.to_string(),
            E::NotAuthenticated { words }
            | E::RateLimited { words, .. }
            | E::ApiNotOffered { words }
            | E::NotResolvable { words }
            | E::NotRecognised { words }
            | E::CannotList { words }
            | E::CreationRefused { words } => words.clone(),
            E::NameTaken { path } => path.clone(),
            E::ProjectNotFound | E::ProjectNotWritable => String::new(),
            E::ForeignAddress { .. }
            | E::Forbidden { .. }
            | E::NotFound { .. }
            | E::Conflict { .. }
            | E::Invalid { .. }
            | E::Failing { .. }
            | E::AnotherDoi { .. }
            | E::NameInvalid
            | E::NotUnderstood { .. } => error.to_string(),
        };
        let mut problem = Problem::new(code).saying(words);
        if matches!(&error, E::ForeignAddress { .. } | E::ProjectNotFound | E::ProjectNotWritable) {
            problem = problem.about("project");
        } else if matches!(&error, E::NameTaken { .. } | E::NameInvalid) {
            problem = problem.about("title");
        } else if matches!(&error, E::CreationRefused { .. }) {
            problem = problem.about("namespace");
        }
        Self::new(class, problem).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_problem_and_class_and_says_whether_it_may_have_worked() {
        use RenkuDataError as E;
        let after = Some(Duration::from_secs(7));
        let words = || String::from("their words");
        let outage = |after| Class::Outage { after };
        let again = Class::Retryable { after: None };
        let not_understood = "renku-answer-not-understood";
        let table = [
            (E::ForeignAddress { example: words() }, "project-address-invalid", Class::User, false),
            (E::ApiNotOffered { words: words() }, "renku-api-not-offered", Class::Permanent, false),
            (
                E::NotAuthenticated { words: words() },
                "token-refused-by-renku",
                Class::SignIn(SignInAt::Connector),
                false,
            ),
            (E::Forbidden { words: words() }, not_understood, Class::Permanent, false),
            (E::NotFound { words: words() }, not_understood, Class::Permanent, false),
            (E::Conflict { words: words() }, "renku-internal-error", again, true),
            (E::Invalid { words: words() }, not_understood, Class::Permanent, false),
            (E::RateLimited { after, words: words() }, "renku-rate-limited", outage(after), false),
            (E::Failing { status: 504, after, words: words() }, "renku-unreachable", outage(after), true),
            (E::Unreachable(Transport::TooLarge { max: 9 }), not_understood, Class::Permanent, true),
            (E::ProjectNotFound, "project-not-found", Class::User, false),
            (E::ProjectNotWritable, "project-not-writable", Class::User, false),
            (E::AnotherDoi { slug: words(), other: words() }, "connector-of-another-doi", Class::User, false),
            (E::NotResolvable { words: words() }, "doi-not-resolvable", Class::NotYet, false),
            (E::NotRecognised { words: words() }, "dataset-not-recognised-by-renku", Class::User, false),
            (E::CannotList { words: words() }, "renku-cannot-reach-dataverse", again, false),
            (E::NameTaken { path: words() }, "project-name-taken", Class::User, false),
            (E::NameInvalid, "project-name-invalid", Class::User, false),
            (E::CreationRefused { words: words() }, "project-creation-refused", Class::User, false),
            (E::unexpected("odd"), not_understood, Class::Permanent, true),
        ];
        for (error, code, class, worked) in table {
            assert_eq!(error.may_have_worked(), worked, "{error}");
            let fault = Fault::from(error);
            assert_eq!((fault.problem.code.as_str(), fault.class), (code, class), "{fault}");
            assert!(fault.source.is_some(), "the cause is kept for the log: {fault}");
        }
    }
}

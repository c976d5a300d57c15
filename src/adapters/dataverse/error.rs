//! What can go wrong when a Dataverse is read, by meaning, and which problem and class each is.
//! Nothing is decided elsewhere: the client only finds out which of these it was.

use std::time::Duration;

use crate::adapters::exchange::Transport;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};

/// Why a Dataverse did not give what we asked for.
#[derive(Debug, thiserror::Error)]
pub enum DataverseError {
    /// No dataset of that PID.
    #[error("no such dataset: {words}")]
    DatasetUnknown {
        /// Dataverse's words.
        words: String,
    },
    /// The dataset is there and has nothing that the public may see.
    #[error("the dataset is not published")]
    NotPublished,
    /// The version, or every version, was deaccessioned.
    #[error("the dataset is deaccessioned")]
    Deaccessioned,
    /// The dataset has no such published version.
    #[error("no such version: {words}")]
    VersionUnknown {
        /// Dataverse's words.
        words: String,
    },
    /// Dataverse does not take a launch's address (any more): it says the same whatever the reason.
    #[error("the launch is not accepted: {words}")]
    LaunchExpired {
        /// Dataverse's words.
        words: String,
    },
    /// 401 or 403 where nothing of the kind is to be expected.
    #[error("refused with {status}: {words}")]
    Refused {
        /// The status.
        status: u16,
        /// Dataverse's words.
        words: String,
    },
    /// 429. All anonymous callers of an installation share one bucket (Dataverse: `RateLimitUtil.java`).
    #[error("asked too often: {words}")]
    RateLimited {
        /// `Retry-After`, which Dataverse itself does not send.
        after: Option<Duration>,
        /// Dataverse's words.
        words: String,
    },
    /// 5xx, from Dataverse or from what stands before it.
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
    /// The answer, or the list of files, is longer than we read.
    #[error("{what}")]
    TooLarge {
        /// What is longer than what.
        what: String,
    },
    /// The list of files changed while its pages were read.
    #[error("the list of files changed while it was read: {found} of {expected}")]
    ListChanged {
        /// How many files were found.
        found: usize,
        /// How many were announced.
        expected: usize,
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

impl DataverseError {
    pub(super) fn unexpected(what: impl Into<String>) -> Self {
        Self::NotUnderstood { what: what.into(), source: None }
    }
}

impl From<Transport> for DataverseError {
    fn from(error: Transport) -> Self {
        match error {
            Transport::TooLarge { max } => {
                Self::TooLarge { what: format!("an answer is longer than {max} bytes") }
            }
            Transport::NotReached(_) | Transport::Timeout(_) | Transport::Broken(_) => {
                Self::Unreachable(error)
            }
        }
    }
}

impl From<DataverseError> for Fault {
    fn from(error: DataverseError) -> Self {
        use DataverseError as E;
        let (class, code, words) = match &error {
            E::DatasetUnknown { words } => (Class::User, ProblemCode::DatasetUnknown, words.clone()),
            E::NotPublished => (Class::User, ProblemCode::DatasetNotPublished, String::new()),
            E::Deaccessioned => (Class::User, ProblemCode::DatasetDeaccessioned, String::new()),
            E::VersionUnknown { words } => (Class::User, ProblemCode::VersionUnknown, words.clone()),
            E::LaunchExpired { words } => (Class::User, ProblemCode::LaunchExpired, words.clone()),
            E::Refused { .. } => (Class::User, ProblemCode::DataverseRefused, error.to_string()),
            E::RateLimited { after, words } => {
                (Class::Outage { after: *after }, ProblemCode::DataverseRateLimited, words.clone())
            }
            E::Failing { after, .. } => {
                (Class::Outage { after: *after }, ProblemCode::DataverseUnreachable, error.to_string())
            }
            E::Unreachable(transport) => {
                (Class::Outage { after: None }, ProblemCode::DataverseUnreachable, transport.to_string())
            }
            E::TooLarge { what } => (Class::Permanent, ProblemCode::DataverseAnswerTooLarge, what.clone()),
            E::ListChanged { .. } => {
                (Class::Retryable { after: None }, ProblemCode::DataverseNotUnderstood, error.to_string())
            }
            E::NotUnderstood { what, .. } => {
                (Class::Permanent, ProblemCode::DataverseNotUnderstood, what.clone())
            }
        };
        Self::new(class, Problem::new(code).saying(words)).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_problem_and_class() {
        use DataverseError as E;
        let after = Some(Duration::from_secs(7));
        let words = || String::from("their words");
        let outage = |after| Class::Outage { after };
        let syntax = serde_json::from_str::<u8>("{").unwrap_err();
        let table = [
            (E::DatasetUnknown { words: words() }, "dataset-unknown", Class::User, "their words"),
            (E::NotPublished, "dataset-not-published", Class::User, ""),
            (E::Deaccessioned, "dataset-deaccessioned", Class::User, ""),
            (E::VersionUnknown { words: words() }, "version-unknown", Class::User, "their words"),
            (E::LaunchExpired { words: words() }, "launch-expired", Class::User, "their words"),
            (
                E::Refused { status: 403, words: words() },
                "dataverse-refused",
                Class::User,
                "refused with 403: their words",
            ),
            (
                E::RateLimited { after, words: words() },
                "dataverse-rate-limited",
                outage(after),
                "their words",
            ),
            (
                E::Failing { status: 503, after, words: words() },
                "dataverse-unreachable",
                outage(after),
                "answers with 503: their words",
            ),
            (
                E::from(Transport::TooLarge { max: 9 }),
                "dataverse-answer-too-large",
                Class::Permanent,
                "an answer is longer than 9 bytes",
            ),
            (E::TooLarge { what: words() }, "dataverse-answer-too-large", Class::Permanent, "their words"),
            (
                E::ListChanged { found: 1, expected: 2 },
                "dataverse-answer-not-understood",
                Class::Retryable { after: None },
                "the list of files changed while it was read: 1 of 2",
            ),
            (
                E::NotUnderstood { what: words(), source: Some(syntax) },
                "dataverse-answer-not-understood",
                Class::Permanent,
                "their words",
            ),
        ];
        for (error, code, class, said) in table {
            let fault = Fault::from(error);
            assert_eq!((fault.problem.code.as_str(), fault.class), (code, class), "{fault}");
            assert_eq!(fault.problem.words.as_deref().unwrap_or(""), said);
            assert!(fault.source.is_some(), "the cause is kept for the log: {fault}");
        }
    }
}

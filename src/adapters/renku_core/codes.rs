//! The core service's two error envelopes and what each of their codes means for an import.
//! A core answers HTTP 200 even then (renku-python: `ui/service/errors.py`; before 1.2.0 `service/config.py`).

use std::fmt;

use serde_json::Value;

use super::jobs;
use crate::domain::problem::{Class, ProblemCode, SignInAt};

/// An error of the core service, from either envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreError {
    /// Positive since core 1.2.0, negative before.
    pub code: i64,
    /// For people: `userMessage`, before 1.2.0 `reason`.
    pub user: String,
    /// For programmers: `devMessage`; has Git's own words, tokens included.
    pub dev: String,
    /// Before 1.2.0: the project must be migrated.
    pub migration_required: bool,
    /// Before 1.2.0: the repository is no Renku project.
    pub initialization_required: bool,
}

impl CoreError {
    /// Reads the value of the key `error`.
    pub(super) fn read(error: &Value) -> Option<Self> {
        let text = |key: &str| match error.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            // Before 1.2.0 a reason may be a structure of fields and complaints.
            Some(other) => other.to_string(),
        };
        let flag = |key: &str| error.get(key).and_then(Value::as_bool).unwrap_or(false);
        let user = match text("userMessage") {
            empty if empty.is_empty() => text("reason"),
            user => user,
        };
        Some(Self {
            code: error.get("code")?.as_i64()?,
            user,
            dev: text("devMessage"),
            migration_required: flag("migration_required"),
            initialization_required: flag("project_initialization_required"),
        })
    }

    fn says(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        self.user.to_lowercase().contains(&words) || self.dev.to_lowercase().contains(&words)
    }

    /// Whether a living job may answer so for a moment (seen once in 3,853 polls of core 2.9.4).
    pub(super) fn is_object_not_found(&self) -> bool {
        self.code == 2900 && self.says("object not found")
    }

    /// Whether the core was not told who asks.
    pub(super) fn is_nobodys(&self) -> bool {
        self.code == 1030 || (self.code == -32601 && self.says("user identification"))
    }

    /// Whether the call may have been carried out, at least in part: an internal error, a time-out or a lost Redis can come after the
    /// job was put into its queue.
    pub(super) fn may_have_been_taken(&self) -> bool {
        matches!(self.code, 0 | 2408 | 2500..=2599 | 2900 | 3200 | 3202 | -32200 | -32603 | -32599..=-32500)
    }
}

impl fmt::Display for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", self.user.trim(), self.code)?;
        if !self.dev.is_empty() && self.dev != self.user {
            write!(f, " {}", self.dev.trim())?;
        }
        Ok(())
    }
}

impl std::error::Error for CoreError {}

/// What an error of the core means.
pub(super) fn meaning(error: &CoreError) -> (Class, ProblemCode) {
    use ProblemCode as P;
    let again = Class::Retryable { after: None };
    let down = Class::Outage { after: None };
    let renku = Class::SignIn(SignInAt::Renku);
    match error.code {
        // GitLab's words for a token that it does not know any more; a person without rights gets others.
        1011 | -32000 if error.says("password or token is incorrect") => (renku, P::RenkuSignInNeeded),
        1010 | 1012 | 1013 => (Class::User, P::ProjectNotFound),
        1011 | -32000 => (Class::User, P::ProjectNotReadable),
        // Our token was looked at before, and by the gateway: what is missing, expired or refused is the sign-in that Renku itself
        // keeps of the person.
        1030 | 3030 => (renku, P::RenkuSignInNeeded),
        1110 => (Class::User, P::ProjectNotRenku),
        1120 => (Class::User, P::ProjectDamaged),
        1133 => (Class::User, P::DatasetNotInProject),
        1140 => (Class::User, P::ProjectNeedsMigration),
        1141 => (Class::Permanent, P::ProjectTooNew),
        3130 => (Class::User, P::DatasetNameTaken),
        2120 | 2121 => (Class::Permanent, P::ProjectDamaged),
        0 | 2010 | 2020 | 2408 | 2500..=2599 | 2900 | -32603 | -32599..=-32500 => {
            (again, P::RenkuInternalError)
        }
        -32001 if error.says("not found") => (Class::User, P::ProjectNotFound),
        3201 => (again, P::ProjectBusy),
        // 3001: its note of the clone is gone. We always send the repository's address, so that the next call makes another.
        -32001 | 3001 | 3200 | 3203 => (again, P::RenkuInternalError),
        3202 | -32200 => (down, P::RenkuInternalError),
        -32601 if error.says("user identification") || error.says("invalid web token") => {
            (renku, P::RenkuSignInNeeded)
        }
        2200 => by_words(error),
        -32100 if error.initialization_required => (Class::User, P::ProjectNotRenku),
        -32100 if error.migration_required => (Class::User, P::ProjectNeedsMigration),
        -32100 if error.says("lock") => (again, P::ProjectBusy),
        -32100 => by_words(error),
        // Left of these: 1001, 1040, 2001, 2030, 2102, 2400, 2404, 2405, −32601, −32602, −32404: we sent what it does not take.
        1001 | 1040 | 2000..=2999 | -32999..=-32000 => (Class::Permanent, P::RenkuNotUnderstood),
        1000..=1999 => (Class::User, P::RenkuImportFailed),
        3000..=3999 => (again, P::RenkuInternalError),
        _ => (Class::Permanent, P::RenkuNotUnderstood),
    }
}

/// 2200 and −32100 stand for any error of the domain; the words are those of failed jobs.
fn by_words(error: &CoreError) -> (Class, ProblemCode) {
    let words = format!("{}\n{}", error.user, error.dev);
    match jobs::named(&words) {
        Some(code) => (Class::User, code),
        None => (Class::Permanent, ProblemCode::RenkuImportFailed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(code: i64, user: &str, dev: &str) -> CoreError {
        CoreError::read(&json!({ "code": code, "userMessage": user, "devMessage": dev })).unwrap()
    }

    #[test]
    fn every_code_has_its_class_and_problem() {
        let again = Class::Retryable { after: None };
        let down = Class::Outage { after: None };
        let renku = Class::SignIn(SignInAt::Renku);
        let (user, permanent) = (Class::User, Class::Permanent);
        let table = [
            (0, again, "renku-internal-error"),
            (1001, permanent, "renku-answer-not-understood"),
            (1010, user, "project-not-found"),
            (1011, user, "project-not-readable"),
            (1012, user, "project-not-found"),
            (1013, user, "project-not-found"),
            (1030, renku, "renku-sign-in-needed"),
            (1040, permanent, "renku-answer-not-understood"),
            (1101, user, "renku-import-failed"),
            (1102, user, "renku-import-failed"),
            (1110, user, "project-not-renku"),
            (1120, user, "project-damaged"),
            (1130, user, "renku-import-failed"),
            (1131, user, "renku-import-failed"),
            (1132, user, "renku-import-failed"),
            (1133, user, "dataset-not-in-project"),
            (1140, user, "project-needs-migration"),
            (1141, permanent, "project-too-new"),
            (1150, user, "renku-import-failed"),
            (2001, permanent, "renku-answer-not-understood"),
            (2010, again, "renku-internal-error"),
            (2020, again, "renku-internal-error"),
            (2030, permanent, "renku-answer-not-understood"),
            (2102, permanent, "renku-answer-not-understood"),
            (2120, permanent, "project-damaged"),
            (2121, permanent, "project-damaged"),
            (2200, permanent, "renku-import-failed"),
            (2400, permanent, "renku-answer-not-understood"),
            (2404, permanent, "renku-answer-not-understood"),
            (2405, permanent, "renku-answer-not-understood"),
            (2408, again, "renku-internal-error"),
            (2413, permanent, "renku-answer-not-understood"),
            (2500, again, "renku-internal-error"),
            (2900, again, "renku-internal-error"),
            (3001, again, "renku-internal-error"),
            (3030, renku, "renku-sign-in-needed"),
            (3110, again, "renku-internal-error"),
            (3130, user, "dataset-name-taken"),
            (3140, again, "renku-internal-error"),
            (3150, again, "renku-internal-error"),
            (3200, again, "renku-internal-error"),
            (3201, again, "project-busy"),
            (3202, down, "renku-internal-error"),
            (3203, again, "renku-internal-error"),
            (-32000, user, "project-not-readable"),
            (-32001, again, "renku-internal-error"),
            (-32100, permanent, "renku-import-failed"),
            (-32200, down, "renku-internal-error"),
            (-32404, permanent, "renku-answer-not-understood"),
            (-32500, again, "renku-internal-error"),
            (-32503, again, "renku-internal-error"),
            (-32601, permanent, "renku-answer-not-understood"),
            (-32602, permanent, "renku-answer-not-understood"),
            (-32603, again, "renku-internal-error"),
            (7, permanent, "renku-answer-not-understood"),
        ];
        for (code, class, problem) in table {
            let got = meaning(&read(code, "words", "more words"));
            assert_eq!((got.0, got.1.as_str()), (class, problem), "{code}");
        }
    }

    #[test]
    fn some_codes_are_told_apart_by_their_words() {
        let renku = Class::SignIn(SignInAt::Renku);
        let again = Class::Retryable { after: None };
        for (code, words, class, problem) in [
            (
                1011,
                "http basic: access denied. the provided password or token is incorrect",
                renku,
                "renku-sign-in-needed",
            ),
            (2200, "Cannot checkout reference 'nope' in repository", Class::User, "project-not-found"),
            (
                2200,
                "Project version is outdated and a migration is required",
                Class::User,
                "project-needs-migration",
            ),
            (-32001, "repository not found", Class::User, "project-not-found"),
            (-32100, "Unable to acquire lock", again, "project-busy"),
            (-32601, "user identification is incorrect or missing", renku, "renku-sign-in-needed"),
            (-32601, "invalid web token", renku, "renku-sign-in-needed"),
            (-32601, "invalid request payload", Class::Permanent, "renku-answer-not-understood"),
        ] {
            let got = meaning(&read(code, "", words));
            assert_eq!((got.0, got.1.as_str()), (class, problem), "{code} {words}");
        }
    }

    #[test]
    fn the_old_envelope_has_a_reason_and_flags() {
        let old = |error| CoreError::read(&error).unwrap();
        let error = old(json!({ "code": -32100, "reason": "x", "project_initialization_required": true }));
        assert_eq!(meaning(&error).1, ProblemCode::ProjectNotRenku);
        let error = old(json!({ "code": -32100, "reason": "x", "migration_required": true }));
        assert_eq!(meaning(&error).1, ProblemCode::ProjectNeedsMigration);
        let error = old(json!({ "code": -32602, "reason": { "git_url": ["Missing data"] } }));
        assert_eq!(error.to_string(), "{\"git_url\":[\"Missing data\"]} (code -32602)");
        assert_eq!(CoreError::read(&json!({ "reason": "no code" })), None);
    }

    #[test]
    fn only_what_may_come_after_the_queue_leaves_a_submit_unclear() {
        for (code, unclear) in [
            (0, true),
            (2900, true),
            (2500, true),
            (3200, true),
            (3202, true),
            (-32200, true),
            (-32603, true),
            (-32500, true),
            (1010, false),
            (1030, false),
            (2001, false),
            (3201, false),
            (3203, false),
            (-32100, false),
        ] {
            assert_eq!(read(code, "", "").may_have_been_taken(), unclear, "{code}");
        }
    }
}

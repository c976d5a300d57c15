//! How a problem of the catalogue goes out over HTTP: its status, and RFC 9457 `application/problem+json` for programs.
//!
//! The sentences come from the caller, in the reader's language; pages for people are elsewhere.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ports::store::StoreError;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, Turn};
use crate::texts::{Language, problem_remedy, problem_title};

/// The HTTP status that a problem is answered with when it ends a request.
#[expect(clippy::too_many_lines, reason = "one exhaustive table")]
pub const fn status(code: ProblemCode) -> StatusCode {
    use ProblemCode as P;
    match code {
        P::PidInvalid
        | P::PidOfAnotherInstallation
        | P::InstallationNotNamed
        | P::ProjectAddressInvalid
        | P::ProjectNameInvalid
        | P::ProjectHostNotAllowed
        | P::DatasetNameInvalid
        | P::RequestInvalid
        | P::LaunchInvalid
        | P::LaunchForeign
        | P::SignInAttemptUnknown => StatusCode::BAD_REQUEST,
        P::TokenMissing
        | P::TokenUnreadable
        | P::TokenSignatureWrong
        | P::TokenExpired
        | P::TokenIssuerMismatch
        | P::TokenWithoutAudience
        | P::TokenClientNotAccepted
        | P::TokenWithoutSubject
        | P::TokenWithoutEmail
        | P::TokenWithoutName
        | P::TokenRefusedByRenku => StatusCode::UNAUTHORIZED,
        P::FormNotOurs
        | P::SignInRefused
        | P::AccountDisabled
        | P::AccountNotReady
        | P::OperatorsOnly
        | P::CallbackAddressRefused
        | P::ProjectNotReadable
        | P::ProjectNotWritable
        | P::ServiceProjectNotWritable
        | P::ProjectCreationRefused => StatusCode::FORBIDDEN,
        P::InstallationUnknown
        | P::RenkuUnknown
        | P::NoSuchPage
        | P::ImportUnknown
        | P::LaunchUnknown
        | P::SubscriptionUnknown
        | P::DatasetUnknown
        | P::VersionUnknown
        | P::ProjectNotFound => StatusCode::NOT_FOUND,
        P::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        P::NotPossibleNow
        | P::LaunchUsed
        | P::LaunchBusy
        | P::WorkflowSecretMissing
        | P::SignInNeeded
        | P::ServiceSignInNeeded
        | P::ServiceRenkuSignInNeeded
        | P::SubscribedOtherwise
        | P::ConsentMissing
        | P::RenkuSignInNeeded
        | P::DatasetNameTaken
        | P::ProjectNameTaken
        | P::ConnectorOfAnotherDoi
        | P::ProjectBusy
        | P::ProjectCloneDirty => StatusCode::CONFLICT,
        P::DatasetDeaccessioned | P::LaunchExpired => StatusCode::GONE,
        P::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        P::ContentTypeNotSupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        P::IdempotencyKeyReused
        | P::DatasetNotPublished
        | P::DatasetNotPublic
        | P::VersionNotLatest
        | P::DatasetHasClosedFiles
        | P::DatasetHasGuestbook
        | P::DatasetEmpty
        | P::DatasetHasTooManyFiles
        | P::DatasetTooLarge
        | P::DatasetHasEqualNames
        | P::ExportWithoutFiles
        | P::DoiNeeded
        | P::DoiForTests
        | P::DoiNotResolvable
        | P::PublicationNotConfirmed
        | P::FileNotDownloadable
        | P::ProjectNotRenku
        | P::ProjectNeedsMigration
        | P::ProjectMigrationFailed
        | P::ProjectTooNew
        | P::ProjectDamaged
        | P::DatasetNotRecognised
        | P::PushFailed
        | P::DatasetNotInProject => StatusCode::UNPROCESSABLE_ENTITY,
        P::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        P::KeycloakNotUnderstood
        | P::IssuerNotFound
        | P::IssuerMismatch
        | P::ClientRefused
        | P::FlowNotAllowed
        | P::ClientUnknown
        | P::ClientDisabled
        | P::RedirectNotRegistered
        | P::CodeFlowOff
        | P::DeviceFlowOff
        | P::PasswordFlowOff
        | P::PkceRefused
        | P::ScopeNotGranted
        | P::OfflineAccessRefused
        | P::RealmDisabled
        | P::KeycloakNotTrusted
        | P::ClockDiffers
        | P::RenkuOriginRefused
        | P::ToolNotRegistered
        | P::ToolDiffers
        | P::DataverseRefused
        | P::ResumeAddressRefused
        | P::ResumeBlocked
        | P::ResumeRefused
        | P::ResumeGivenUp
        | P::DataverseNotUnderstood
        | P::DataverseAnswerTooLarge
        | P::RenkuCannotReachDataverse
        | P::RenkuOutOfSpace
        | P::RenkuImportFailed
        | P::RenkuJobLost
        | P::RenkuJobStuck
        | P::RenkuInternalError
        | P::RenkuNotUnderstood
        | P::RenkuApiNotOffered => StatusCode::BAD_GATEWAY,
        P::KeycloakUnreachable
        | P::ExportBehind
        | P::DataverseUnreachable
        | P::DataverseRateLimited
        | P::RenkuUnreachable
        | P::RenkuRateLimited
        | P::StoreUnavailable
        | P::QueueUnavailable
        | P::ServiceBusy
        | P::SchemaNotCurrent
        | P::MailNotSent
        | P::GivenUp => StatusCode::SERVICE_UNAVAILABLE,
        P::ConfigurationInvalid | P::VaultKeyWrong | P::MessageUnreadable | P::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// The body of an answer that tells a problem (RFC 9457, with the members that ours have beside).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(title = "Problem")]
pub struct ProblemBody {
    /// Where the problem is explained: `/problems/{code}`, below the public address if one is known.
    #[serde(rename = "type")]
    #[schema(example = "https://connector.example.org/problems/request-invalid")]
    pub kind: String,
    /// What happened, in the reader's language.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// The upstream's own words or the detail, cleaned of secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The stable code; `/api/v1/problems` has all of them. New ones may come.
    #[schema(value_type = String, example = "request-invalid")]
    pub code: ProblemCode,
    /// The part of the request or setting that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whose turn it is.
    #[schema(schema_with = super::view::turn)]
    pub turn: Turn,
    /// What to do, in the reader's language.
    pub remedy: String,
    /// What the problem happened to, such as the path of an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl ProblemBody {
    /// The body for a problem; `public_url` has no slash at the end and may be empty.
    pub fn new(problem: &Problem, language: Language, public_url: &str) -> Self {
        let code = problem.code;
        Self {
            kind: format!("{public_url}/problems/{code}"),
            title: problem_title(language, code),
            status: status(code).as_u16(),
            detail: problem.words.clone(),
            code,
            field: problem.field.clone(),
            turn: code.turn(),
            remedy: problem_remedy(language, code),
            instance: None,
        }
    }
}

/// A problem on its way to a program that asked: the error type of API handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiProblem {
    body: Box<ProblemBody>,
    retry_after: Option<Duration>,
    allow: Option<String>,
}

impl ApiProblem {
    /// The problem in this language; its `type` is relative.
    pub fn new(problem: &Problem, language: Language) -> Self {
        Self { body: Box::new(ProblemBody::new(problem, language, "")), retry_after: None, allow: None }
    }

    /// The same with `type` below this public address.
    #[must_use]
    pub fn below(mut self, public_url: &str) -> Self {
        self.body.kind = format!("{public_url}/problems/{}", self.body.code);
        self
    }

    /// The same with the path of what it happened to.
    #[must_use]
    pub fn at(mut self, instance: impl Into<String>) -> Self {
        self.body.instance = Some(instance.into());
        self
    }

    /// The same with the time after which it is worth another try, in whole seconds rounded up.
    #[must_use]
    pub const fn again_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same with the methods that the address has (the header `Allow`).
    #[must_use]
    pub fn allowing(mut self, methods: impl Into<String>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    /// The methods that the address does have, where another was used (RFC 9110, 15.5.6).
    pub(crate) fn allowed(&self) -> Option<&str> {
        self.allow.as_deref()
    }

    /// The same problem in this language, with `type` below this public address.
    #[must_use]
    pub fn told(&self, language: Language, public_url: &str) -> Self {
        let body = &self.body;
        let problem = Problem { code: body.code, field: body.field.clone(), words: body.detail.clone() };
        Self {
            body: Box::new(ProblemBody::new(&problem, language, public_url)),
            retry_after: self.retry_after,
            allow: self.allow.clone(),
        }
    }

    /// The time after which it is worth another try, if one is known.
    pub const fn wait(&self) -> Option<Duration> {
        match self.retry_after {
            None if matches!(self.body.turn, Turn::Nobody) => Some(Duration::from_secs(30)),
            given => given,
        }
    }

    /// The body.
    pub const fn body(&self) -> &ProblemBody {
        &self.body
    }
}

impl From<Problem> for ApiProblem {
    fn from(problem: Problem) -> Self {
        Self::new(&problem, Language::default())
    }
}

impl From<ProblemCode> for ApiProblem {
    fn from(code: ProblemCode) -> Self {
        Problem::new(code).into()
    }
}

impl From<Fault> for ApiProblem {
    /// The technical cause is for the log; what an upstream asks us to wait is passed on.
    fn from(fault: Fault) -> Self {
        let source = fault.source.as_ref().map(ToString::to_string);
        tracing::info!(problem.code = %fault.problem.code, source, "a request is refused");
        let told = Self::from(fault.problem);
        match fault.class {
            Class::Outage { after } | Class::Retryable { after } => {
                told.again_after(after.unwrap_or(Duration::from_secs(10)))
            }
            Class::NotYet | Class::SignIn(_) | Class::User | Class::Permanent => told,
        }
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, source = std::error::Error::source(&error).map(ToString::to_string), "the store failed a request");
        Self::from(ProblemCode::StoreUnavailable).again_after(Duration::from_secs(10))
    }
}

impl fmt::Display for ApiProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.body.code, self.body.title)
    }
}

impl std::error::Error for ApiProblem {}

impl ResponseError for ApiProblem {
    fn status_code(&self) -> StatusCode {
        status(self.body.code)
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type("application/problem+json");
        if self.status_code() == StatusCode::UNAUTHORIZED {
            let missing = self.body.code == ProblemCode::TokenMissing;
            let told = if missing { "Bearer" } else { "Bearer error=\"invalid_token\"" };
            answer.insert_header(("WWW-Authenticate", told));
        }
        if let Some(methods) = &self.allow {
            answer.insert_header((ALLOW, methods.as_str()));
        }
        if let Some(wait) = self.wait() {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        match serde_json::to_string(&self.body) {
            Ok(body) => answer.body(body),
            Err(_never) => answer.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody as _;

    use super::*;

    #[test]
    fn every_problem_is_answered_with_a_status_that_fits_whose_turn_it_is() {
        for code in ProblemCode::ALL.iter().copied() {
            let status = status(code);
            assert!(status.is_client_error() || status.is_server_error(), "{code}");
            match code.turn() {
                Turn::Researcher => assert!(status.is_client_error(), "{code} is {status}"),
                // A call is refused until the operator has set up what it needs: that is no fault of the service.
                Turn::Operator
                    if matches!(
                        code,
                        ProblemCode::CallbackAddressRefused
                            | ProblemCode::WorkflowSecretMissing
                            | ProblemCode::ServiceSignInNeeded
                            | ProblemCode::ServiceRenkuSignInNeeded
                    ) =>
                {
                    assert!(matches!(status.as_u16(), 403 | 409), "{code} is {status}");
                }
                Turn::Operator => assert!(status.is_server_error(), "{code} is {status}"),
                Turn::Nobody => assert!(
                    matches!(status.as_u16(), 409 | 429 | 502 | 503),
                    "{code} is {status}, and it is tried again"
                ),
                Turn::RenkuAdmin | Turn::DataverseAdmin => {
                    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{code} is no fault of ours");
                }
            }
        }
    }

    #[test]
    fn statuses_that_programs_rely_on() {
        for (code, expected) in [
            (ProblemCode::PidInvalid, 400),
            (ProblemCode::TokenMissing, 401),
            (ProblemCode::TokenExpired, 401),
            (ProblemCode::ProjectNotWritable, 403),
            (ProblemCode::ImportUnknown, 404),
            (ProblemCode::DatasetUnknown, 404),
            (ProblemCode::MethodNotAllowed, 405),
            (ProblemCode::NotPossibleNow, 409),
            (ProblemCode::DatasetDeaccessioned, 410),
            (ProblemCode::RequestTooLarge, 413),
            (ProblemCode::ContentTypeNotSupported, 415),
            (ProblemCode::IdempotencyKeyReused, 422),
            (ProblemCode::DatasetHasClosedFiles, 422),
            (ProblemCode::TooManyRequests, 429),
            (ProblemCode::Internal, 500),
            (ProblemCode::RenkuNotUnderstood, 502),
            (ProblemCode::DataverseUnreachable, 503),
        ] {
            assert_eq!(status(code).as_u16(), expected, "{code}");
        }
    }

    #[test]
    fn the_body_says_what_happened_whose_turn_it_is_and_what_to_do() {
        let problem =
            Problem::new(ProblemCode::ProjectHostNotAllowed).about("project").saying("git.evil.example");
        let answer = ApiProblem::new(&problem, Language::En)
            .below("https://connector.example.org")
            .at("/api/v1/imports")
            .error_response();
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.headers().get("content-type").unwrap(), "application/problem+json");
        let bytes = answer.into_body().try_into_bytes().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(body["type"], "https://connector.example.org/problems/project-host-not-allowed");
        assert_eq!(body["code"], "project-host-not-allowed");
        assert_eq!(body["status"], 400);
        assert_eq!(body["detail"], "git.evil.example");
        assert_eq!(body["field"], "project");
        assert_eq!(body["turn"], "researcher");
        assert_eq!(body["instance"], "/api/v1/imports");
        assert_eq!(body["title"], problem_title(Language::En, ProblemCode::ProjectHostNotAllowed));
        assert_eq!(body["remedy"], problem_remedy(Language::En, ProblemCode::ProjectHostNotAllowed));
    }

    #[test]
    fn what_passes_by_itself_says_when_to_come_back_and_401_how_to_sign_in() {
        let header = |problem: ApiProblem, name: &str| {
            problem.error_response().headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let down: ApiProblem = ProblemCode::RenkuUnreachable.into();
        assert_eq!(header(down.clone(), "retry-after").as_deref(), Some("30"));
        assert_eq!(
            header(down.again_after(Duration::from_millis(1_200)), "retry-after").as_deref(),
            Some("2")
        );
        assert_eq!(header(ProblemCode::PidInvalid.into(), "retry-after"), None);
        assert_eq!(header(ProblemCode::TokenMissing.into(), "www-authenticate").as_deref(), Some("Bearer"));
    }
}

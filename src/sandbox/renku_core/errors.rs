//! The error envelopes of the core service: HTTP 200 with an `error` object, in its two generations.
//! Texts are those of core 2.9.4 (`renku/ui/service/errors.py`) and, before 1.2.0, of its `config.py`.

use serde_json::{Value, json};

const REFERENCE: &str =
    "https://renku-python.readthedocs.io/en/latest/service_errors.html#renku.ui.service.errors.";

/// An error as the service says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceError {
    pub(super) code: i64,
    class: &'static str,
    user: String,
    dev: String,
    /// The code before 1.2.0.
    old: i64,
}

fn error(code: i64, class: &'static str, old: i64, user: &str, dev: &str) -> ServiceError {
    ServiceError { code, class, user: user.to_owned(), dev: dev.to_owned(), old }
}

impl ServiceError {
    /// The body that carries it.
    pub(super) fn body(&self, old_model: bool) -> Value {
        if old_model {
            let mut body = json!({ "code": self.old, "reason": self.dev });
            if let (1110, Some(map)) = (self.code, body.as_object_mut()) {
                map.insert("project_initialization_required".into(), true.into());
            }
            return json!({ "error": body });
        }
        json!({ "error": {
            "code": self.code, "userMessage": self.user, "devMessage": self.dev,
            "devReference": format!("{REFERENCE}{}", self.class),
        } })
    }
}

pub(super) fn wrong_values(details: &str) -> ServiceError {
    let user = format!("Some of the provided values are wrong: {details}");
    let dev = format!("Wrong values have been provided: {details}");
    error(1001, "UserInvalidGenericFieldsError", -32602, &user, &dev)
}

pub(super) fn unknown_fields(details: &str) -> ServiceError {
    let user = "There was an unexpected error while handling project data.";
    let dev = format!("Unexpected fields have been provided: {details}");
    error(2001, "ProgramInvalidGenericFieldsError", -32602, user, &dev)
}

pub(super) fn repository_not_found(git: &str) -> ServiceError {
    let user = "A valid Git repository is not available at the target URL, or the user does not have the required permissions to access it.";
    let dev = format!("Repository not found. Git error message: {git}");
    error(1010, "UserRepoUrlInvalidError", -32001, user, &dev)
}

pub(super) fn access_denied(git: &str) -> ServiceError {
    let user = "Error accessing the repository due to lack of permissions.";
    let dev = format!("Access denied to the repository. Git error message: {git}");
    error(1011, "UserRepoNoAccessError", -32000, user, &dev)
}

pub(super) fn anonymous() -> ServiceError {
    let user = "It's necessary to be authenticated to access the target data.";
    error(1030, "UserAnonymousError", -32601, user, "User identification is incorrect or missing.")
}

pub(super) fn not_renku() -> ServiceError {
    let user = "The target project is not a Renku project.";
    error(1110, "UserNonRenkuProjectError", -32100, user, "Cannot work on a non Renku project.")
}

pub(super) fn no_such_dataset() -> ServiceError {
    let user = "The dataset doesn't exist in the project. Please check your inputs or create the target dataset first.";
    let dev = "The dataset couldn't be found in the project.";
    error(1133, "UserDatasetsNotFoundError", -32100, user, dev)
}

pub(super) fn content_type(given: Option<&str>) -> ServiceError {
    let user = "Our servers could not process the received data.";
    let dev = match given {
        Some(given) => {
            format!(
                "Invalid requests headers. The content type should be set to 'application/json' instead of '{given}'"
            )
        }
        None => {
            "Invalid requests headers. The content type should be set to 'application/json' instead of 'None'"
                .into()
        }
    };
    error(2030, "ProgramContentTypeError", -32601, user, &dev)
}

/// Core puts the clone URL with the person's GitLab token into this one, in clear.
pub(super) fn no_such_branch(branch: &str, url_with_token: &str) -> ServiceError {
    let what = format!("Cannot checkout reference '{branch}' in repository: {url_with_token}");
    let user = format!(
        "Our servers could not process the requested operation. The following details may help: {what}"
    );
    let dev = format!("Unexpected Renku exception from a service operation: {what}");
    error(2200, "ProgramRenkuError", -32100, &user, &dev)
}

pub(super) fn no_such_route() -> ServiceError {
    let user = "One of the resources on our servers is not available at the moment.";
    let dev = "Error 404 - not found. The resources are currently unavailable. This may happen when the user doesn't have permissions to access the target endpoint, or the endpoint URL is wrong or has been renamed.";
    error(2404, "ProgramHttpMissingError", -32404, user, dev)
}

pub(super) fn wrong_method() -> ServiceError {
    let user = "One of the resources on our servers could not process the data properly.";
    let dev = "Error 405 - method not allowed. Check if you are using GET or POST as specified in the API documentation. Mind that the service doesn't support any other method.";
    error(2405, "ProgramHttpMethodError", -32404, user, dev)
}

pub(super) fn internal(details: &str) -> ServiceError {
    let user = "Our servers generated an unexpected error while processing data.";
    let dev = format!("Renku service internal error. Further information: {details}");
    error(2900, "ProgramInternalError", -32603, user, &dev)
}

pub(super) fn project_id() -> ServiceError {
    let user =
        "An unexpected error occurred. This may be a temporary problem. Please try again in a few minutes.";
    let dev = "Project id cannot be found. It may be a temporary problem. Check the Sentry exception for further details.";
    error(3001, "IntermittentProjectIdError", -32100, user, dev)
}

/// The faults `error_<code>` that can be ordered.
pub(super) fn ordered(code: &str) -> Option<ServiceError> {
    let slow = "The operation was taking too long. Please try it again.";
    Some(match code {
        "2900" => internal("'Object not found.'"),
        "3030" => error(
            3030,
            "IntermittentAuthenticationError",
            -32601,
            "Invalid user credentials. Please try to log out and in again.",
            "Authentication error. Check the Sentry exception to inspect the headers",
        ),
        "3200" => error(
            3200,
            "IntermittentTimeoutError",
            -32603,
            slow,
            "Timeout error. See Sentry exceptions for details.",
        ),
        "3201" => error(
            3201,
            "IntermittentLockError",
            -32100,
            slow,
            "Deadlocked operation. See Sentry exceptions for details.",
        ),
        "3202" => error(
            3202,
            "IntermittentRedisError",
            -32200,
            "The servers could not run the request operation. Please try it again.",
            "Redis error. See Sentry exceptions for details.",
        ),
        "3203" => error(
            3203,
            "IntermittentCacheError",
            -32100,
            "A server-side operation unexpectedly failed. Please try again.",
            "Cache error. See Sentry exceptions for details.",
        ),
        _ => return None,
    })
}

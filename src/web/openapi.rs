//! The API's description (`OpenAPI` 3.1), made from the handlers, and the page to try it out.
//!
//! A handler says what it gives when all goes well; refusals are the same everywhere and are added here.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpResponse, get, web};
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, oauth};

use super::Context;
use super::problem::{ApiProblem, ProblemBody};
use super::routes::{health, imports, problems, publications, subscriptions};
use super::view;
use crate::domain::problem::ProblemCode;

/// How the page that tries the API out signs people in: a public client of a Renku's Keycloak, since a browser cannot keep a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The realm's issuer, without a slash at the end.
    pub issuer: String,
    /// The client.
    pub client_id: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dataverse–Renku connector",
        description = "Takes datasets from Dataverse repositories into Renku projects.\n\n\
            **Who asks** is said by a Renku access token as bearer. **With what the work is done** is another matter: the sign-in that this \
            person has stored here, by signing in on the connector's own pages once. Without one, starting an import answers 409 \
            `sign-in-needed` with the address to sign in at.\n\n\
            **Every refusal** is `application/problem+json` (RFC 9457) with a stable `code` of the catalogue, whose turn it is and what to do, in \
            the language of `Accept-Language` (English, French, German).\n\n\
            **Lists** give `next`, the cursor for the next page, until there is none.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "imports", description = "One dataset version into one project for one person."),
        (name = "subscriptions", description = "Projects that are kept up to date with a dataset."),
        (name = "publications", description = "What Dataverse announced, and what we noticed; for operators."),
        (name = "problems", description = "The catalogue of everything that can go wrong."),
        (name = "operation", description = "For those who run the service."),
    ),
    paths(
        imports::create, imports::list, imports::show, imports::timeline, imports::events, imports::cancel, imports::retry, imports::undo,
        subscriptions::create, subscriptions::list, subscriptions::show, subscriptions::pause, subscriptions::resume,
        subscriptions::remove, publications::list, problems::list, problems::show, health::healthz, health::readyz, health::metrics, document,
    ),
    components(schemas(ProblemBody, view::TimelineView)),
)]
struct Api;

/// The statuses of refusals that each operation may give, beside those that all have.
const REFUSALS: [(&str, &[u16]); 16] = [
    ("createImport", &[400, 401, 403, 404, 409, 410, 413, 415, 422, 502, 503]),
    ("listImports", &[400, 401, 502, 503]),
    ("showImport", &[401, 404, 502, 503]),
    ("showTimeline", &[400, 401, 404, 502, 503]),
    ("followImport", &[400, 401, 404, 502, 503]),
    ("cancelImport", &[401, 404, 409, 502, 503]),
    ("retryImport", &[401, 404, 409, 502, 503]),
    ("undoImport", &[401, 403, 404, 409, 422, 502, 503]),
    ("createSubscription", &[400, 401, 403, 404, 409, 410, 413, 415, 422, 502, 503]),
    ("listSubscriptions", &[400, 401, 502, 503]),
    ("showSubscription", &[401, 404, 502, 503]),
    ("pauseSubscription", &[401, 404, 409, 502, 503]),
    ("resumeSubscription", &[401, 404, 409, 502, 503]),
    ("endSubscription", &[401, 404, 409, 502, 503]),
    ("listPublications", &[400, 401, 403, 502, 503]),
    ("showProblem", &[404]),
];

/// Every operation may be called too often, or meet a fault of ours.
const EVERYWHERE: [u16; 2] = [429, 500];

/// What is asked of Keycloak.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// What the description and its page are made of.
pub(crate) struct Docs {
    json: String,
    page: Arc<Config<'static>>,
    policy: String,
}

impl Docs {
    pub(crate) fn new(context: &Context) -> Self {
        let sign_in = context.docs_sign_in.as_ref();
        let mut oauth = oauth::Config::new();
        // What the page may talk to: ourselves and, to swap the code for a token, that one Keycloak.
        let mut connect = "'self'".to_owned();
        if let Some(sign_in) = sign_in {
            oauth = oauth
                .client_id(&sign_in.client_id)
                .scopes(SCOPES.map(str::to_owned).to_vec())
                .use_pkce_with_authorization_code_grant(true);
            if let Ok(issuer) = url::Url::parse(&sign_in.issuer) {
                connect = format!("{connect} {}", issuer.origin().ascii_serialization());
            }
        }
        let page = Config::with_oauth_config(["../openapi.json"], oauth)
            .oauth2_redirect_url(format!("{}/api/docs/oauth2-redirect.html", context.public_url))
            .validator_url("none")
            .display_request_duration(true)
            .try_it_out_enabled(true);
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             connect-src {connect}; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
        );
        Self { json: description(&context.public_url, sign_in).to_string(), page: Arc::new(page), policy }
    }
}

/// The description, with this deployment's address and ways to sign in.
#[expect(clippy::indexing_slicing, reason = "a JSON object takes any key")]
pub fn description(public_url: &str, sign_in: Option<&SignIn>) -> Value {
    let mut api = serde_json::to_value(Api::openapi()).unwrap_or_default();
    api["info"]["version"] = json!("1");
    api["servers"] = json!([{ "url": public_url }]);
    api["components"]["securitySchemes"] = schemes(sign_in);
    let mut security = vec![json!({ "token": [] })];
    if sign_in.is_some() {
        security.push(json!({ "sign-in": SCOPES }));
    }
    api["security"] = json!(security);
    let paths = api.get_mut("paths").and_then(Value::as_object_mut);
    for operation in paths.into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in operation.as_object_mut().into_iter().flat_map(|methods| methods.values_mut()) {
            add_refusals(operation);
        }
    }
    api
}

#[expect(clippy::indexing_slicing, reason = "a JSON object takes any key")]
fn schemes(sign_in: Option<&SignIn>) -> Value {
    let mut schemes = json!({ "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of Renku's Keycloak, such as `dataverse-renku token get` or `renku login` gets.",
    }});
    if let Some(SignIn { issuer, .. }) = sign_in {
        schemes["sign-in"] = json!({
            "type": "oauth2",
            "description": "Sign in at Renku's Keycloak (Authorization Code with PKCE). Leave the secret empty.",
            "flows": { "authorizationCode": {
                "authorizationUrl": format!("{issuer}/protocol/openid-connect/auth"),
                "tokenUrl": format!("{issuer}/protocol/openid-connect/token"),
                "scopes": { "openid": "who you are", "profile": "your name", "email": "your address" },
            }},
        });
    }
    schemes
}

fn add_refusals(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let own = REFUSALS.iter().find(|(operation, _)| *operation == id).map_or(&[][..], |(_, own)| own);
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for status in own.iter().chain(&EVERYWHERE) {
        responses.entry(status.to_string()).or_insert_with(|| refusal(*status));
    }
}

#[expect(clippy::indexing_slicing, reason = "a JSON object takes any key")]
fn refusal(status: u16) -> Value {
    let (what, header) = match status {
        400 => ("Something in the request cannot be used; `field` names it.", None),
        401 => ("No token, or one that says not who asks.", Some("WWW-Authenticate")),
        403 => ("The person may not do that at Renku.", None),
        404 => ("There is no such thing, or it is somebody else's.", None),
        409 => ("It is not possible as things stand; `sign-in-needed` says where to sign in.", None),
        410 => ("The dataset was deaccessioned.", None),
        413 => ("The request is too large.", None),
        415 => ("The request is not JSON.", None),
        422 => ("It was understood and cannot be done; the code says why.", None),
        429 => ("Too many requests.", Some("Retry-After")),
        502 => ("Dataverse, Renku or Keycloak answered something that cannot be used.", None),
        503 => ("Something that is needed cannot be reached at the moment.", Some("Retry-After")),
        _ => ("A fault of ours.", None),
    };
    let mut answer = json!({
        "description": what,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/ProblemBody" } } },
    });
    if let Some(header) = header {
        answer["headers"] = json!({ header: { "schema": { "type": "string" } } });
    }
    answer
}

/// This description
///
/// `OpenAPI` 3.1.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "describe", tag = "operation", security(()),
    responses((status = 200, body = Object, description = "The description.")),
)]
pub(crate) async fn document(docs: web::Data<Docs>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(docs.json.clone())
}

/// Leads to the page to try the API out.
#[get("/api/docs")]
pub(crate) async fn docs_address(context: web::Data<Context>) -> HttpResponse {
    let address = format!("{}/api/docs/", context.public_url);
    HttpResponse::SeeOther().insert_header((LOCATION, address)).finish()
}

/// The page to try the API out, and its files.
#[get("/api/docs/{file:.*}")]
pub(crate) async fn docs_file(
    docs: web::Data<Docs>,
    file: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let found = utoipa_swagger_ui::serve(&file, Arc::clone(&docs.page)).map_err(|error| {
        tracing::error!(error = %error, "the page to try the API out cannot be made");
        ApiProblem::from(ProblemCode::Internal)
    })?;
    let found = found.ok_or_else(|| ApiProblem::from(ProblemCode::NoSuchPage))?;
    let mut answer = HttpResponse::Ok();
    if found.gzpipped {
        answer.insert_header(("content-encoding", "gzip"));
    }
    // The window in which people sign in is at Keycloak and tells this one, so that both must know each other.
    let opener = if file.starts_with("oauth2-redirect") { "unsafe-none" } else { "same-origin-allow-popups" };
    answer
        .insert_header((CONTENT_SECURITY_POLICY, docs.policy.as_str()))
        .insert_header(("cross-origin-opener-policy", opener))
        .content_type(found.content_type);
    Ok(answer.body(found.bytes.into_owned()))
}

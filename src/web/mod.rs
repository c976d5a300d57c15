//! Pages and API over the use cases: extract, authorize by type, call one use case, render.
//!
//! No adapter and no worker is known here; `app` fills the [`Context`].

pub mod addresses;
pub(crate) mod assets;
pub(crate) mod cookies;
pub mod events;
pub(crate) mod extract;
pub(crate) mod forms;
pub mod limits;
pub(crate) mod localized;
pub mod monitor;
pub mod openapi;
pub(crate) mod pages;
pub mod problem;
pub(crate) mod progress;
pub(crate) mod publication_view;
pub(crate) mod routes;
pub mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpServer, web};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::domain::ids::{InstallationName, RenkuName};
use crate::domain::ports::identity::{IdentityStore, Person};
use crate::identity::Identity;
use crate::imports::Engine;
use crate::imports::launch::Launches;
use crate::publications::Publications;

/// Says whether the configuration names a subject at a Renku an operator of ours.
pub type IsNamed = Box<dyn Fn(&RenkuName, &str) -> bool + Send + Sync>;

/// Who may see and do everything here.
pub struct Operators {
    /// Whom the configuration names.
    pub named: IsNamed,
    /// The realm role that makes somebody one.
    pub role: Option<String>,
}

impl std::fmt::Debug for Operators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operators").field("role", &self.role).finish_non_exhaustive()
    }
}

impl Operators {
    /// Whether somebody of these realm roles is one.
    pub fn admit(&self, renku: &RenkuName, subject: &str, roles: &[String]) -> bool {
        (self.named)(renku, subject) || self.role.as_ref().is_some_and(|role| roles.contains(role))
    }
}

/// Says whether an address is a reverse proxy of ours.
pub type IsProxy = Box<dyn Fn(std::net::IpAddr) -> bool + Send + Sync>;
/// Who may announce publications of an installation.
pub struct Door {
    /// The current secret in the address that its workflow calls.
    pub secret: Option<SecretString>,
    /// Whether announcements are taken from this address.
    pub allows: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Whether this is a proxy whose `X-Forwarded-For` is believed.
    pub is_proxy: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

/// What the web needs, and nothing more.
pub struct Context {
    /// The use cases of imports.
    pub engine: Engine,
    /// The use cases of publications and subscriptions.
    pub publications: Publications,
    /// Who may announce publications of which installation.
    pub doors: BTreeMap<InstallationName, Door>,
    /// The use cases of people.
    pub identity: Identity,
    /// People, for reading.
    pub people: Arc<dyn IdentityStore>,
    /// Imports shown live.
    pub live: events::Live,
    /// From the button in Dataverse to an import.
    pub launches: Launches,
    /// What monitoring asks for.
    pub monitored: monitor::Monitored,
    /// Our address, without a slash at the end.
    pub public_url: String,
    /// Addresses (scheme, host and port) of the Keycloaks, the only ones to which a page may lead away.
    pub keycloaks: Vec<String>,
    /// What people call the configured Renkus.
    pub renku_titles: BTreeMap<RenkuName, String>,
    /// The addresses of the configured Renkus.
    pub renku_urls: BTreeMap<RenkuName, String>,
    /// What people call the configured installations.
    pub installation_titles: BTreeMap<InstallationName, String>,
    /// How the page that tries the API out signs people in, if it can.
    pub docs_sign_in: Option<openapi::SignIn>,
    /// Whether the browser may be asked for `Secure` cookies.
    pub secure: bool,
    /// Whether a subject at a Renku is an operator of ours.
    pub operators: Operators,
    /// Whether an address is one of our own reverse proxies, whose word on addresses is believed.
    pub is_proxy: IsProxy,
    /// How often one address may do what costs us something.
    pub gates: limits::Gates,
    /// Cancelled when we are shutting down.
    pub stopping: CancellationToken,
}

impl Context {
    /// Whether the person, who is signed in here, is an operator.
    pub(crate) async fn is_operator(&self, person: &Person) -> bool {
        let operators = &self.operators;
        if operators.role.is_none() {
            return operators.admit(&person.renku, &person.subject, &[]);
        }
        operators.admit(&person.renku, &person.subject, &self.identity.roles(person.id).await)
    }

    /// What people call this Renku.
    pub(crate) fn renku_title<'a>(&'a self, name: &'a RenkuName) -> &'a str {
        self.renku_titles.get(name).map_or(name.as_str(), String::as_str)
    }

    /// What people call this installation.
    pub(crate) fn installation_title<'a>(&'a self, name: &'a InstallationName) -> &'a str {
        self.installation_titles.get(name).map_or(name.as_str(), String::as_str)
    }

    /// Scheme, host and port of our address, as browsers write an origin.
    pub(crate) fn origin(&self) -> String {
        url::Url::parse(&self.public_url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// How the server listens.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads that answer; 0 takes one for each processor.
    pub workers: usize,
    /// The largest body that is read, in bytes.
    pub max_body: usize,
}

/// The server on this listener; it runs when awaited, and ends softly when the context's `stopping` is cancelled.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(context: Context, listener: TcpListener, limits: Limits) -> std::io::Result<Server> {
    let stopping = context.stopping.clone();
    let secure = context.secure;
    let monitored = web::Data::new(context.monitored.clone());
    let docs = web::Data::new(openapi::Docs::new(&context));
    let context = web::Data::new(context);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(context.clone())
            .app_data(monitored.clone())
            .app_data(docs.clone())
            .app_data(
                web::JsonConfig::default().limit(limits.max_body).error_handler(localized::json_refused),
            )
            .app_data(web::QueryConfig::default().error_handler(localized::query_refused))
            .app_data(web::PathConfig::default().error_handler(localized::path_refused))
            .app_data(web::PayloadConfig::new(limits.max_body))
            .wrap(from_fn(limits::limited))
            .wrap(from_fn(localized::localized))
            .wrap(security_headers(secure))
            .wrap(from_fn(trace))
            .wrap(from_fn(addresses::head_as_get))
            .configure(routes)
            .default_service(web::to(addresses::other_address))
    })
    .disable_signals()
    .shutdown_signal(stopping.cancelled_owned())
    .shutdown_timeout(10)
    .listen(listener)?;
    let server = if limits.workers == 0 { server } else { server.workers(limits.workers) };
    Ok(server.run())
}

fn routes(config: &mut web::ServiceConfig) {
    use routes::{
        account, dataverse, home, import_list, import_pages, launch, preflight, publications, sign_in,
        subscription_pages,
    };
    config
        .service(assets::serve)
        .configure(addresses::register)
        .service(openapi::docs_address)
        .service(openapi::docs_file)
        .service(dataverse::external_tool)
        .service(launch::receive)
        .service(preflight::show)
        .service(preflight::confirm)
        .service(home::home)
        .service(import_list::list)
        .service(import_pages::show)
        .service(import_pages::events)
        .service(import_pages::cancel)
        .service(import_pages::retry)
        .service(import_pages::undo)
        .service(import_pages::keep_project)
        .service(import_pages::again)
        .service(import_pages::ask_again)
        .service(publications::workflow_definition)
        .service(publications::published)
        .service(publications::published_by_get)
        .service(subscription_pages::list)
        .service(subscription_pages::create)
        .service(subscription_pages::ask_unsubscribe)
        .service(subscription_pages::unsubscribe)
        .service(subscription_pages::act)
        .service(sign_in::begin)
        .service(sign_in::callback)
        .service(sign_in::device)
        .service(sign_in::sign_out)
        .service(account::account)
        .service(account::forget)
        .service(account::confirm)
        .service(account::disconnect)
        .service(account::disconnected);
}

/// Nothing but our own files runs or is shown, nothing of ours is framed, and no address of ours is told to others.
///
/// The referrer stays with us, and is not `no-referrer`: with that, browsers say of our own forms that they come from nowhere.
fn security_headers(secure: bool) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add((
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ))
        .add(("x-content-type-options", "nosniff"))
        .add(("referrer-policy", "same-origin"))
        .add(("cross-origin-opener-policy", "same-origin"))
        .add(("cross-origin-resource-policy", "same-origin"))
        .add(("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"))
        .add(("cache-control", "no-store"));
    if secure { headers.add(("strict-transport-security", "max-age=31536000")) } else { headers }
}

/// One span for each request, with an id that the answer carries too.
async fn trace(
    request: actix_web::dev::ServiceRequest,
    next: actix_web::middleware::Next<impl actix_web::body::MessageBody>,
) -> Result<actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>, actix_web::Error> {
    use tracing::Instrument;
    let id = uuid::Uuid::now_v7().simple().to_string();
    // The pattern and not the path: paths may hold secrets and codes.
    let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let span = tracing::info_span!("request", request.id = %id, http.method = %request.method(), http.route = %route);
    let started = tokio::time::Instant::now();
    async move {
        let mut answer = next.call(request).await?;
        let status = answer.status().as_u16();
        tracing::debug!(http.status = status, elapsed_ms = started.elapsed().as_millis(), "answered");
        metrics::histogram!("dataverse_renku_http_request_seconds", "route" => route, "status" => status.to_string())
            .record(started.elapsed().as_secs_f64());
        if let Ok(value) = actix_web::http::header::HeaderValue::from_str(&id) {
            answer
                .headers_mut()
                .insert(actix_web::http::header::HeaderName::from_static("x-request-id"), value);
        }
        Ok(answer)
    }
    .instrument(span)
    .await
}

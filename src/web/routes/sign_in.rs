//! `/sign-in…` and `/sign-out`: signing in by code or device flow, and out. Pages for people, no script needed.
//!
//! What is kept of a person and how they get rid of it is in `account`.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::domain::ids::RenkuName;
use crate::domain::ports::identity::Stay;
use crate::domain::problem::{Fault, ProblemCode};
use crate::identity::{Callback, Cookie, DevicePoll, Flow, SignedIn};
use crate::texts::text;
use crate::web::Context;
use crate::web::cookies::{Kind, now};
use crate::web::extract::Visitor;
use crate::web::forms::{Checked, Nothing};
use crate::web::pages::{Link, Page, Shell, next_query, render};
use crate::web::problem::ApiProblem;

#[derive(Debug, Deserialize)]
pub(crate) struct BeginQuery {
    #[serde(default)]
    renku: Option<String>,
    #[serde(default)]
    next: Option<String>,
    /// Set where the sign-in is to last while the person is away.
    #[serde(default)]
    lasting: Option<String>,
}

/// The address at which a sign-in is given that lasts while the person is away, and leads back.
pub(crate) fn lasting_sign_in(renku: &RenkuName, next: &str) -> String {
    format!("/sign-in?renku={renku}&lasting=1&{}", next_query(next))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CallbackQuery {
    #[serde(default)]
    state: Option<SecretString>,
    #[serde(default)]
    code: Option<SecretString>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    error_description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DeviceQuery {
    handle: SecretString,
    #[serde(default)]
    code: String,
    #[serde(default)]
    to: String,
}

/// The page of a device flow.
#[derive(Debug, Template)]
#[template(path = "device.html")]
struct Device {
    shell: Shell,
    code: String,
    to: Option<String>,
    /// The address as a QR code, an SVG of ours.
    qr: Option<String>,
    interval_s: u64,
}

/// A link for each Renku at which nobody is signed in in this browser.
pub(crate) fn ways(context: &Context, visitor: &Visitor, next: &str) -> Vec<Link> {
    let way = |renku: &RenkuName| Link {
        to: format!("/sign-in?renku={renku}&{}", next_query(next)),
        label: text(visitor.language, "page-sign-in-at", &[("renku", context.renku_title(renku).into())]),
    };
    context.engine.renku_names().filter(|renku| visitor.person_at(renku).is_none()).map(way).collect()
}

/// Begins a sign-in by the flow that this Renku's deployment accepts; where there are several Renkus, asks which.
#[get("/sign-in")]
pub(crate) async fn begin(
    context: web::Data<Context>,
    query: web::Query<BeginQuery>,
    visitor: Visitor,
) -> Result<HttpResponse, ApiProblem> {
    let next = query.next.as_deref().unwrap_or("/");
    let Some(renku) = chosen(&context, query.renku.as_deref())? else {
        let mut page = Page::new(&visitor, text(visitor.language, "page-choose-renku", &[]));
        page.links = ways(&context, &visitor, next);
        return Ok(page.answer(StatusCode::OK));
    };
    let stay = if query.lasting.is_some() { Stay::Offline } else { Stay::Session };
    match context.identity.flow(&renku)? {
        Flow::Code => {
            let begun = context.identity.begin_sign_in(&renku, next, stay).await?;
            Ok(go(&begun.url, &[(Kind::SignIn, &begun.cookie)], context.secure))
        }
        Flow::Device => {
            let begun = context.identity.begin_device_sign_in(&renku, next, stay).await?;
            let to = begun.verification_uri_complete.as_deref().unwrap_or(&begun.verification_uri);
            let pairs =
                [("handle", begun.handle.expose_secret()), ("code", begun.user_code.as_str()), ("to", to)];
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            Ok(go(&format!("/sign-in/device?{query}"), &[(Kind::SignIn, &begun.cookie)], context.secure))
        }
    }
}

/// The way back from Keycloak.
#[get("/sign-in/callback")]
pub(crate) async fn callback(
    context: web::Data<Context>,
    request: HttpRequest,
    query: web::Query<CallbackQuery>,
) -> Result<HttpResponse, ApiProblem> {
    let query = query.into_inner();
    let back = Callback {
        state: query.state,
        code: query.code,
        error: query.error,
        error_description: query.error_description,
    };
    let browser = Kind::SignIn.read(&request, context.secure);
    let session = Kind::Session.read(&request, context.secure);
    let signed_in = context.identity.finish_sign_in(back, browser.as_ref(), session.as_ref()).await?;
    Ok(welcome(&signed_in, context.secure))
}

/// The page of a device flow: the code to type, and a look at Keycloak each time it loads itself again.
#[get("/sign-in/device")]
pub(crate) async fn device(
    context: web::Data<Context>,
    request: HttpRequest,
    query: web::Query<DeviceQuery>,
    visitor: Visitor,
) -> Result<HttpResponse, ApiProblem> {
    let browser = Kind::SignIn.read(&request, context.secure);
    let session = Kind::Session.read(&request, context.secure);
    let poll = context.identity.poll_device_sign_in(&query.handle, browser.as_ref(), session.as_ref());
    let interval_s = match poll.await? {
        DevicePoll::SignedIn(signed_in) => return Ok(welcome(&signed_in, context.secure)),
        DevicePoll::Pending => 5,
        DevicePoll::SlowDown => 10,
    };
    // Only Keycloak's own address may stand there, whatever the link that led here says.
    let is_keycloaks = |to: &str| {
        let inside =
            |address: &String| to.strip_prefix(address.as_str()).is_some_and(|rest| rest.starts_with('/'));
        context.keycloaks.iter().any(inside)
    };
    let to = Some(query.to.clone()).filter(|to| is_keycloaks(to));
    let title = text(visitor.language, "page-device-title", &[]);
    let page = Device {
        shell: Shell::new(&visitor, title).refreshed_after(interval_s),
        code: query.code.chars().take(40).collect(),
        qr: to.as_deref().and_then(qr),
        to,
        interval_s,
    };
    Ok(render(&page, StatusCode::OK))
}

/// Ends the session; the stored sign-in stays, for imports that wait.
#[post("/sign-out")]
pub(crate) async fn sign_out(
    context: web::Data<Context>,
    form: Result<Checked<Nothing>, ApiProblem>,
) -> Result<HttpResponse, ApiProblem> {
    match form {
        Ok(checked) => {
            if let Some(cookie) = checked.visitor.cookie() {
                context.identity.sign_out(cookie).await?;
            }
        }
        // Nobody is signed in any more, which is what was wanted.
        Err(problem) if problem.body().code == ProblemCode::SignInNeeded => {}
        Err(problem) => return Err(problem),
    }
    Ok(home_without_session(context.secure))
}

/// The named Renku, or the only one; `None` where one of several has to be chosen.
fn chosen(context: &Context, named: Option<&str>) -> Result<Option<RenkuName>, Fault> {
    let unknown = || Fault::user(ProblemCode::RenkuUnknown);
    let mut known = context.engine.renku_names();
    if let Some(named) = named {
        return known.find(|name| name.as_str() == named).cloned().map(Some).ok_or_else(unknown);
    }
    let first = known.next().ok_or_else(unknown)?;
    Ok(if known.next().is_some() { None } else { Some(first.clone()) })
}

fn qr(address: &str) -> Option<String> {
    let code = QrCode::new(address.as_bytes()).ok()?;
    let drawn = code.render::<svg::Color<'_>>().quiet_zone(false).build();
    // The XML declaration has no place inside a page.
    Some(drawn.split_once("?>").map_or(drawn.as_str(), |(_, svg)| svg).to_owned())
}

fn go(to: &str, cookies: &[(Kind, &Cookie)], secure: bool) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, to));
    for (kind, cookie) in cookies {
        answer.cookie(kind.set(&cookie.secret, cookie.until, now(), secure));
    }
    answer.finish()
}

fn welcome(signed_in: &SignedIn, secure: bool) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, signed_in.next.as_str()));
    answer.cookie(Kind::Session.set(&signed_in.session.secret, signed_in.session.until, now(), secure));
    answer.cookie(Kind::SignIn.clear(secure));
    answer.finish()
}

/// Leads to the front page and takes the session's cookie away.
fn home_without_session(secure: bool) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, "/"));
    answer.cookie(Kind::Session.clear(secure));
    answer.finish()
}

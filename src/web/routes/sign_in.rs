//! `/` and `/sign-in…`: signing in by code or device flow, signing out, disconnecting. Pages for people, no script needed.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::domain::ids::RenkuName;
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::identity::{Callback, Cookie, DevicePoll, Flow, OpenSession, SignedIn};
use crate::texts::{Language, text};
use crate::web::Context;
use crate::web::cookies::{Kind, now};
use crate::web::extract::Lang;
use crate::web::pages::{Button, Link, Page};
use crate::web::problem::status;

#[derive(Debug, Deserialize)]
pub(crate) struct BeginQuery {
    #[serde(default)]
    renku: Option<String>,
    #[serde(default)]
    next: Option<String>,
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

#[derive(Debug, Deserialize)]
pub(crate) struct Confirmed {
    csrf: String,
}

/// Who is signed in, and the way to sign in or out.
#[get("/")]
pub(crate) async fn home(
    context: web::Data<Context>,
    request: HttpRequest,
    Lang(language): Lang,
) -> HttpResponse {
    let say = |id: &str| text(language, id, &[]);
    let mut page = Page::new(language, say("page-title"));
    page.paragraphs.push(say("page-intro"));
    match session(&context, &request).await {
        Ok(Some(open)) => {
            for person in &open.people {
                page.paragraphs.push(text(
                    language,
                    "page-signed-in-as",
                    &[("name", person.name.as_str().into()), ("renku", person.renku.as_str().into())],
                ));
            }
            let button = |action: &str, label: &str| Button {
                action: action.to_owned(),
                label: say(label),
                csrf: open.csrf.clone(),
            };
            page.buttons =
                vec![button("/sign-out", "page-sign-out"), button("/disconnect", "page-disconnect")];
        }
        Ok(None) => {
            for renku in context.engine.renku_names() {
                let label = text(language, "page-sign-in-at", &[("renku", renku.as_str().into())]);
                page.links.push(Link { to: format!("/sign-in?renku={renku}"), label });
            }
        }
        Err(fault) => return refused(language, &fault),
    }
    page.answer(StatusCode::OK)
}

/// Begins a sign-in by the flow that this Renku's deployment accepts.
#[get("/sign-in")]
pub(crate) async fn begin(
    context: web::Data<Context>,
    query: web::Query<BeginQuery>,
    Lang(language): Lang,
) -> HttpResponse {
    let next = query.next.as_deref().unwrap_or("/");
    let begun = async {
        let renku = chosen(&context, query.renku.as_deref())?;
        match context.identity.flow(&renku)? {
            Flow::Code => {
                let begun = context.identity.begin_sign_in(&renku, next).await?;
                Ok(go(&begun.url, &[(Kind::SignIn, &begun.cookie)], context.secure))
            }
            Flow::Device => {
                let begun = context.identity.begin_device_sign_in(&renku, next).await?;
                let to = begun.verification_uri_complete.as_deref().unwrap_or(&begun.verification_uri);
                let pairs = [
                    ("handle", begun.handle.expose_secret()),
                    ("code", begun.user_code.as_str()),
                    ("to", to),
                ];
                let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                Ok(go(&format!("/sign-in/device?{query}"), &[(Kind::SignIn, &begun.cookie)], context.secure))
            }
        }
    };
    begun.await.unwrap_or_else(|fault: Fault| refused(language, &fault))
}

/// The way back from Keycloak.
#[get("/sign-in/callback")]
pub(crate) async fn callback(
    context: web::Data<Context>,
    request: HttpRequest,
    query: web::Query<CallbackQuery>,
    Lang(language): Lang,
) -> HttpResponse {
    let query = query.into_inner();
    let back = Callback {
        state: query.state,
        code: query.code,
        error: query.error,
        error_description: query.error_description,
    };
    let browser = Kind::SignIn.read(&request, context.secure);
    let session = Kind::Session.read(&request, context.secure);
    match context.identity.finish_sign_in(back, browser.as_ref(), session.as_ref()).await {
        Ok(signed_in) => welcome(&signed_in, context.secure),
        Err(fault) => refused(language, &fault),
    }
}

/// The page of a device flow: the code to type, and a look at Keycloak each time it loads itself again.
#[get("/sign-in/device")]
pub(crate) async fn device(
    context: web::Data<Context>,
    request: HttpRequest,
    query: web::Query<DeviceQuery>,
    Lang(language): Lang,
) -> HttpResponse {
    let browser = Kind::SignIn.read(&request, context.secure);
    let session = Kind::Session.read(&request, context.secure);
    let interval_s =
        match context.identity.poll_device_sign_in(&query.handle, browser.as_ref(), session.as_ref()).await {
            Ok(DevicePoll::SignedIn(signed_in)) => return welcome(&signed_in, context.secure),
            Ok(DevicePoll::Pending) => 5,
            Ok(DevicePoll::SlowDown) => 10,
            Err(fault) => return refused(language, &fault),
        };
    let say = |id: &str| text(language, id, &[]);
    let mut page = Page::new(language, say("page-device-title"));
    page.paragraphs.push(say("page-device-intro"));
    page.code = Some(query.code.clone()).filter(|code| !code.is_empty());
    // Only Keycloak's own address may stand there, whatever the link that led here says.
    if context
        .keycloaks
        .iter()
        .any(|address| query.to.strip_prefix(address.as_str()).is_some_and(|rest| rest.starts_with('/')))
    {
        page.links.push(Link { to: query.to.clone(), label: say("page-device-link") });
    }
    page.refresh_s = Some(interval_s);
    page.answer(StatusCode::OK)
}

/// Ends the session; the stored sign-in stays, for imports that wait.
#[post("/sign-out")]
pub(crate) async fn sign_out(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<Confirmed>,
    Lang(language): Lang,
) -> HttpResponse {
    let ended = async {
        if let Some(cookie) = confirmed(&context, &request, &form).await?.0 {
            context.identity.sign_out(&cookie).await?;
        }
        Ok(home_without_session(context.secure))
    };
    ended.await.unwrap_or_else(|fault: Fault| refused(language, &fault))
}

/// Revokes the stored sign-in at Keycloak and erases it here.
#[post("/disconnect")]
pub(crate) async fn disconnect(
    context: web::Data<Context>,
    request: HttpRequest,
    form: web::Form<Confirmed>,
    Lang(language): Lang,
) -> HttpResponse {
    let ended = async {
        let (_, open) = confirmed(&context, &request, &form).await?;
        for person in &open.people {
            context.identity.disconnect(person.id).await?;
        }
        Ok(home_without_session(context.secure))
    };
    ended.await.unwrap_or_else(|fault: Fault| refused(language, &fault))
}

/// The session, if the form carries its CSRF token.
async fn confirmed(
    context: &Context,
    request: &HttpRequest,
    form: &Confirmed,
) -> Result<(Option<SecretString>, OpenSession), Fault> {
    use subtle::ConstantTimeEq;
    let unknown = || Fault::user(ProblemCode::SignInAttemptUnknown);
    let cookie = Kind::Session.read(request, context.secure);
    let open = session(context, request).await?.ok_or_else(unknown)?;
    if bool::from(open.csrf.as_bytes().ct_eq(form.csrf.as_bytes())) {
        Ok((cookie, open))
    } else {
        Err(unknown())
    }
}

async fn session(context: &Context, request: &HttpRequest) -> Result<Option<OpenSession>, Fault> {
    match Kind::Session.read(request, context.secure) {
        Some(cookie) => context.identity.session(&cookie).await,
        None => Ok(None),
    }
}

/// The named Renku, or the only one.
fn chosen(context: &Context, named: Option<&str>) -> Result<RenkuName, Fault> {
    let mut known = context.engine.renku_names();
    let found = match named {
        Some(named) => known.find(|name| name.as_str() == named),
        None => known.next().filter(|_| known.next().is_none()),
    };
    found.cloned().ok_or_else(|| Fault::user(ProblemCode::RenkuUnknown))
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

fn home_without_session(secure: bool) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, "/"));
    answer.cookie(Kind::Session.clear(secure));
    answer.finish()
}

fn refused(language: Language, fault: &Fault) -> HttpResponse {
    tracing::info!(problem.code = %fault.problem.code, problem.words = fault.problem.words, "a sign-in did not go well");
    let problem: &Problem = &fault.problem;
    Page::of_problem(problem, language).answer(status(problem.code))
}

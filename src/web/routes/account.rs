//! `/account` and `/disconnect`: what is kept of a person here, and how they get rid of it.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::ports::identity::{CredentialState, Person};
use crate::domain::ports::launch::Choice;
use crate::domain::problem::{Problem, ProblemCode};
use crate::texts::amounts::moment;
use crate::texts::{Language, text};
use crate::web::Context;
use crate::web::cookies::Kind;
use crate::web::extract::Visitor;
use crate::web::forms::{Checked, Nothing};
use crate::web::pages::{Link, Page, Place, Shell, lead_to, next_query, render};
use crate::web::problem::ApiProblem;
use crate::web::progress::Tone;
use crate::web::routes::sign_in::ways;

#[derive(Debug, Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    people: Vec<Known>,
    choices: Vec<Remembered>,
    session_until: String,
    /// One for each Renku at which nobody is signed in here.
    sign_ins: Vec<Link>,
}

/// What is known of a person.
#[derive(Debug)]
struct Known {
    name: String,
    username: String,
    renku: String,
    state: String,
    tone: &'static str,
    since: Option<String>,
    until: Option<String>,
    first_seen: String,
    imports: String,
    /// Where to sign in again, if the stored sign-in does not serve any more.
    again: Option<String>,
}

/// What somebody chose when they last came from an installation.
#[derive(Debug)]
struct Remembered {
    installation: String,
    installation_title: String,
    renku: String,
    renku_title: String,
    project: String,
    address: String,
    at: String,
}

impl Remembered {
    fn of(context: &Context, choice: &Choice, language: Language) -> Self {
        Self {
            installation: choice.installation.to_string(),
            installation_title: context.installation_title(&choice.installation).to_owned(),
            renku: choice.renku.to_string(),
            renku_title: context.renku_title(&choice.renku).to_owned(),
            project: choice.project.path().to_owned(),
            address: choice.project.to_string(),
            at: moment(language, choice.at),
        }
    }
}

/// What is kept of me.
#[get("/account")]
pub(crate) async fn account(
    context: web::Data<Context>,
    visitor: Visitor,
) -> Result<HttpResponse, ApiProblem> {
    let until = visitor.session()?.until;
    let language = visitor.language;
    let (mut people, mut choices) = (Vec::new(), Vec::new());
    for person in visitor.people() {
        people.push(known(&context, person, language).await?);
        choices.extend(context.launches.choices(person.id).await?);
    }
    let page = AccountPage {
        shell: Shell::new(&visitor, text(language, "account-title", &[])).at(Place::Account),
        people,
        choices: choices.iter().map(|choice| Remembered::of(&context, choice, language)).collect(),
        session_until: text(language, "account-session", &[("time", moment(language, until).into())]),
        sign_ins: ways(&context, &visitor, "/account"),
    };
    Ok(render(&page, StatusCode::OK))
}

/// What is to be forgotten.
#[derive(Debug, Deserialize)]
pub(crate) struct Forget {
    /// At which Renku the project is.
    renku: String,
    /// From where the person came.
    installation: String,
}

/// Forgets what was chosen last for an installation; the next time nothing is chosen beforehand.
#[post("/account/forget")]
pub(crate) async fn forget(
    context: web::Data<Context>,
    checked: Checked<Forget>,
) -> Result<HttpResponse, ApiProblem> {
    let Checked { visitor, form } = checked;
    let wrong = |field: &str| ApiProblem::from(Problem::new(ProblemCode::RequestInvalid).about(field));
    let renku = form.renku.parse().map_err(|_no_name| wrong("renku"))?;
    let installation = form.installation.parse().map_err(|_no_name| wrong("installation"))?;
    // Of somebody who is signed in here no more, nothing is shown that could be forgotten.
    if let Some(person) = visitor.person_at(&renku) {
        context.launches.forget_choice(person.id, &installation).await?;
    }
    Ok(lead_to("/account"))
}

async fn known(context: &Context, person: &Person, language: Language) -> Result<Known, ApiProblem> {
    let credential = context.people.credential(person.id).await?;
    let imports = context.engine.store().count_of(person.id).await?;
    let (state, tone) = match credential.as_ref().map(|credential| &credential.state) {
        Some(CredentialState::Active | CredentialState::Refreshing { .. }) => ("account-works", Tone::Good),
        Some(CredentialState::Dead { .. }) => ("account-over", Tone::Warn),
        Some(CredentialState::Disconnecting) => ("account-disconnecting", Tone::Plain),
        None => ("account-nothing", Tone::Plain),
    };
    Ok(Known {
        name: person.name.clone(),
        username: person.username.clone(),
        renku: context.renku_title(&person.renku).to_owned(),
        state: text(language, state, &[]),
        tone: tone.class(),
        since: credential.as_ref().map(|credential| moment(language, credential.signed_in_at)),
        until: credential
            .as_ref()
            .and_then(|credential| credential.refresh_until)
            .map(|at| moment(language, at)),
        first_seen: moment(language, person.created_at),
        imports: text(language, "account-imports-number", &[("count", imports.into())]),
        again: (tone != Tone::Good)
            .then(|| format!("/sign-in?renku={}&{}", person.renku, next_query("/account"))),
    })
}

#[derive(Debug, Template)]
#[template(path = "disconnect.html")]
struct DisconnectPage {
    shell: Shell,
}

/// Asks whether it is really wanted.
#[get("/disconnect")]
pub(crate) async fn confirm(visitor: Visitor) -> Result<HttpResponse, ApiProblem> {
    visitor.session()?;
    let title = text(visitor.language, "disconnect-title", &[]);
    let page = DisconnectPage { shell: Shell::new(&visitor, title).at(Place::Account) };
    Ok(render(&page, StatusCode::OK))
}

/// Marks the stored sign-ins: from now on nothing uses them; they are revoked at Keycloak for as long as it takes, then erased.
#[post("/disconnect")]
pub(crate) async fn disconnect(
    context: web::Data<Context>,
    checked: Checked<Nothing>,
) -> Result<HttpResponse, ApiProblem> {
    for person in checked.visitor.people() {
        context.identity.disconnect(person.id).await?;
    }
    // The stored sign-in is erased with every session of that person; this browser's ends now.
    if let Some(cookie) = checked.visitor.cookie() {
        context.identity.sign_out(cookie).await?;
    }
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, "/disconnected"));
    answer.cookie(Kind::Session.clear(context.secure));
    Ok(answer.finish())
}

/// Says what happens now.
#[get("/disconnected")]
pub(crate) async fn disconnected(visitor: Visitor) -> HttpResponse {
    let say = |name: &str| text(visitor.language, name, &[]);
    let mut page = Page::new(&visitor, say("disconnected-title"));
    page.paragraphs = vec![say("disconnected-what"), say("disconnected-back")];
    page.links.push(Link { to: "/".to_owned(), label: say("page-home") });
    page.answer(StatusCode::OK)
}

//! `/preflight/{handle}`: what somebody should know before they import, the choice of a project, and the confirmation.
//!
//! The page is put together in `preflight_page`; that a confirmation counts once is the use case's.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::launch::ways_back;
use super::preflight_page::{Asked, Mistake, Preflight};
use crate::domain::ids::RenkuName;
use crate::domain::launch::Launch;
use crate::domain::ports::linking::NewProject;
use crate::domain::problem::{Class, Fault, ProblemCode};
use crate::domain::project::{RenkuApi, Visibility};
use crate::imports::confirm::{Confirmation, Target};
use crate::imports::launch::Opened;
use crate::imports::start::Keep;
use crate::texts::text;
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::forms::Checked;
use crate::web::pages::{Link, Page, lead_to, render};
use crate::web::problem::{ApiProblem, status};

/// What the page's address may say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PreflightQuery {
    /// The chosen service of a Renku, `main.core`.
    #[serde(default)]
    way: Option<String>,
    /// What projects are searched for.
    #[serde(default)]
    q: Option<String>,
    /// Set where a form came with the token of a session that is over.
    #[serde(default)]
    again: Option<String>,
}

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    pub(crate) way: String,
    /// The address of a project of the list.
    #[serde(default)]
    pub(crate) project: String,
    /// A pasted address; it counts where there is one.
    #[serde(default)]
    pub(crate) address: String,
    /// The wished name of the dataset in the project.
    #[serde(default)]
    pub(crate) name: String,
    /// A ticked box.
    #[serde(default)]
    pub(crate) migrate: Option<String>,
    /// A ticked box: the project is to be kept up to date.
    #[serde(default)]
    pub(crate) keep: Option<String>,
    /// What a project that is to be made is called; it is made where there is one.
    #[serde(default)]
    pub(crate) new_title: String,
    /// The short name of its place.
    #[serde(default)]
    pub(crate) new_namespace: String,
    /// `public`, else it is for its members.
    #[serde(default)]
    pub(crate) new_visibility: String,
    /// What the list was narrowed by.
    #[serde(default)]
    pub(crate) q: String,
    /// Pressed to narrow the list, or, as `all`, to widen it again: nothing is confirmed then.
    #[serde(default)]
    pub(crate) search: Option<String>,
}

/// A service of a Renku as it stands in addresses and forms; names of Renkus have no dots.
pub(super) fn way_of(text: &str) -> Option<(RenkuName, RenkuApi)> {
    let (renku, api) = text.split_once('.')?;
    Some((renku.parse().ok()?, api.parse().ok()?))
}

/// What somebody should know before they import.
#[get("/preflight/{handle}")]
pub(crate) async fn show(
    context: web::Data<Context>,
    handle: web::Path<SecretString>,
    query: web::Query<PreflightQuery>,
    visitor: Visitor,
) -> HttpResponse {
    let query = query.into_inner();
    let launch = match opened(&context, &visitor, &handle).await {
        Ok(launch) => launch,
        Err(answer) => return answer,
    };
    let typed =
        Typed { way: query.way.unwrap_or_default(), q: query.q.unwrap_or_default(), ..Typed::default() };
    let asked = Asked { again: query.again.is_some(), ..Asked::new(&handle, &launch, typed) };
    page(&context, &visitor, asked, StatusCode::OK).await
}

/// Starts the import.
#[post("/preflight/{handle}")]
pub(crate) async fn confirm(
    context: web::Data<Context>,
    handle: web::Path<SecretString>,
    form: Result<Checked<Typed>, ApiProblem>,
) -> Result<HttpResponse, ApiProblem> {
    let here = format!("/preflight/{}", handle.expose_secret());
    let Checked { visitor, form: mut typed } = match form {
        Ok(checked) => checked,
        // The session is over, or somebody signed in meanwhile in another tab, which gives all forms another token. The page itself
        // has the way to the sign-in: a browser does not follow a form from here to Keycloak (`form-action`, also for redirects).
        Err(problem)
            if matches!(problem.body().code, ProblemCode::SignInNeeded | ProblemCode::FormNotOurs) =>
        {
            return Ok(lead_to(&format!("{here}?again=1")));
        }
        Err(problem) => return Err(problem),
    };
    let launch = match opened(&context, &visitor, &handle).await {
        Ok(launch) => launch,
        Err(answer) => return Ok(answer),
    };
    if let Some(search) = typed.search.take() {
        if search == "all" {
            typed.q.clear();
        }
        let asked = Asked::new(&handle, &launch, typed).searching();
        return Ok(page(&context, &visitor, asked, StatusCode::OK).await);
    }
    let mistakes = match confirmed(&context, &visitor, &handle, &typed).await {
        Ok(to) => return Ok(lead_to(&to)),
        Err(Refusal::Mistakes(mistakes)) => mistakes,
        Err(Refusal::Fault(fault)) => {
            let over = matches!(fault.problem.code, ProblemCode::LaunchUnknown | ProblemCode::LaunchUsed);
            if over {
                return Ok(refused(&context, &visitor, &launch, &fault));
            }
            tracing::info!(problem.code = %fault.problem.code, problem.words = fault.problem.words, "a confirmation is refused");
            vec![Mistake::of(&fault, visitor.language)]
        }
    };
    let code = mistakes.first().map_or(StatusCode::BAD_REQUEST, |mistake| mistake.status);
    let asked = Asked { mistakes, ..Asked::new(&handle, &launch, typed) };
    Ok(page(&context, &visitor, asked, code).await)
}

enum Refusal {
    Mistakes(Vec<Mistake>),
    Fault(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The address to go on at.
async fn confirmed(
    context: &Context,
    visitor: &Visitor,
    handle: &SecretString,
    typed: &Typed,
) -> Result<String, Refusal> {
    let (renku, api) = way_of(&typed.way).ok_or_else(|| Fault::user(ProblemCode::RenkuUnknown))?;
    let Some(person) = visitor.person_at(&renku) else {
        return Ok(format!("/preflight/{}?way={}&again=1", handle.expose_secret(), typed.way));
    };
    let (target, name) = (target(typed), typed.name.trim());
    let found = context.launches.mistakes(&renku, api, target.as_ref().ok(), name).await;
    let found = found.iter().map(|fault| Mistake::of(fault, visitor.language));
    let target = match target {
        Ok(target) if found.len() == 0 => target,
        Ok(_) => return Err(Refusal::Mistakes(found.collect())),
        Err(sentence) => {
            let first = Mistake::at("project", text(visitor.language, sentence, &[]));
            return Err(Refusal::Mistakes(std::iter::once(first).chain(found).collect()));
        }
    };
    let keep = match typed.keep {
        Some(_) => {
            Some(Keep { mail: context.publications.mail_of(person.id, visitor.language.as_str()).await })
        }
        None => None,
    };
    let confirmation = Confirmation {
        person: person.id,
        renku,
        api,
        target,
        name: name.to_owned(),
        migrate: typed.migrate.is_some(),
        keep,
    };
    let import = context.launches.confirm(handle, confirmation).await?;
    Ok(format!("/imports/{import}"))
}

/// Into which project; else which sentence says what is wrong. A pasted address counts before the list, and only one of a pasted
/// address and a new project can be meant.
fn target(typed: &Typed) -> Result<Target, &'static str> {
    let (title, address) = (typed.new_title.trim(), typed.address.trim());
    if !title.is_empty() && !address.is_empty() {
        return Err("launch-new-or-address");
    }
    if !title.is_empty() {
        let public = typed.new_visibility == Visibility::Public.as_str();
        return Ok(Target::New(NewProject {
            title: title.to_owned(),
            namespace: typed.new_namespace.trim().to_owned(),
            visibility: if public { Visibility::Public } else { Visibility::Private },
        }));
    }
    let project = if address.is_empty() { typed.project.trim() } else { address };
    if project.is_empty() { Err("launch-choose-project") } else { Ok(Target::Address(project.to_owned())) }
}

/// The launch, or the answer where there is none to be confirmed any more.
async fn opened(context: &Context, visitor: &Visitor, handle: &SecretString) -> Result<Launch, HttpResponse> {
    let fault = match context.launches.open(handle).await {
        Ok(Opened::Fresh(launch)) => return Ok(launch),
        Ok(Opened::Used { person, import }) if visitor.is(person) => {
            return Err(lead_to(&format!("/imports/{import}")));
        }
        Ok(Opened::Used { .. }) => Fault::user(ProblemCode::LaunchUsed),
        Err(fault) => fault,
    };
    let mut page = Page::of_problem(&fault.problem, visitor);
    page.links.splice(0..0, ways_back(context, visitor, "", None));
    Err(page.answer(status(fault.problem.code)))
}

async fn page(context: &Context, visitor: &Visitor, asked: Asked<'_>, code: StatusCode) -> HttpResponse {
    let launch = asked.launch;
    match Preflight::of(context, visitor, asked).await {
        Ok(page) => render(&page, code),
        Err(fault) => refused(context, visitor, launch, &fault),
    }
}

/// Why this dataset cannot be imported, and the way back to it.
fn refused(context: &Context, visitor: &Visitor, launch: &Launch, fault: &Fault) -> HttpResponse {
    tracing::info!(problem.code = %fault.problem.code, dataset = %launch.pid, "a launched dataset cannot be imported");
    let mut page = Page::of_problem(&fault.problem, visitor);
    let back = context.launches.page_of(launch).ok();
    let mut links = ways_back(context, visitor, launch.installation.as_str(), back);
    if matches!(fault.class, Class::Outage { .. } | Class::Retryable { .. } | Class::NotYet) {
        let again = Link { to: visitor.here().to_owned(), label: text(visitor.language, "page-reload", &[]) };
        links.insert(0, again);
    }
    page.links.splice(0..0, links);
    page.answer(status(fault.problem.code))
}

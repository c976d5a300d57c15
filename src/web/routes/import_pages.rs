//! `/imports/{id}`: one import, for the person it is for; what they may do with it; and its live events.
//!
//! The list is in `import_list`. What stands on the page is made in `progress`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;

use super::subscription_pages::{KeepUp, keep_up};
use crate::domain::ids::ImportId;
use crate::domain::import::Import;
use crate::domain::ports::store::TimelineEntry;
use crate::domain::problem::{Fault, Problem, ProblemCode};
use crate::domain::project::RenkuApi;
use crate::imports::confirm::Target;
use crate::imports::start::Request;
use crate::texts::{Language, problem_remedy, problem_title, text};
use crate::web::Context;
use crate::web::cookies::now;
use crate::web::events::{LastEventId, stream};
use crate::web::extract::Visitor;
use crate::web::forms::Checked;
use crate::web::pages::{Place, Shell, lead_to, render};
use crate::web::problem::{ApiProblem, status};
use crate::web::progress::{Look, Progress};

/// Lines of a timeline that are read at once, and how often.
const LINES: u32 = 200;
const READS: usize = 10;

/// Seconds after which a page that is not told of changes looks by itself.
const LOOK_EVERY_S: u64 = 15;

#[derive(Debug, Template)]
#[template(path = "import.html")]
struct ImportPage {
    shell: Shell,
    id: String,
    pid: String,
    dataset: Option<String>,
    installation: String,
    progress: Progress,
    /// Whether the project is or can be kept up to date.
    keep: Option<KeepUp>,
    /// The last line that the page shows.
    seen: i64,
    look_every_s: u64,
}

/// Where the buttons of an import stand, to come back there.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    #[serde(default)]
    from: String,
}

/// An import.
#[get("/imports/{id}")]
pub(crate) async fn show(
    context: web::Data<Context>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let import = own(&context, &visitor, &id).await?;
    let timeline = timeline(&context, import.id).await?;
    let look = Look {
        context: &context,
        language: visitor.language,
        import: &import,
        timeline: &timeline,
        now: now(),
    };
    let progress = look.progress();
    let title = import.title.clone().unwrap_or_else(|| import.order.pid.to_string());
    let mut shell = Shell::new(&visitor, title).at(Place::Imports);
    if progress.open {
        shell = shell.refreshed_after(LOOK_EVERY_S);
    }
    let page = ImportPage {
        shell,
        id: import.id.to_string(),
        pid: import.order.pid.to_string(),
        dataset: dataset_page(&context, &import),
        installation: context.installation_title(&import.order.installation).to_owned(),
        progress,
        keep: keep_up(&context, visitor.language, &import).await?,
        seen: timeline.last().map_or(0, |line| line.seq),
        look_every_s: LOOK_EVERY_S,
    };
    Ok(render(&page, StatusCode::OK))
}

/// What happens to an import, live, for the script of its page.
#[get("/imports/{id}/events")]
pub(crate) async fn events(
    context: web::Data<Context>,
    visitor: Visitor,
    id: web::Path<String>,
    last: LastEventId,
) -> Result<HttpResponse, ApiProblem> {
    let import = own(&context, &visitor, &id).await?;
    stream(&context, import.id, &import.person.to_string(), last, visitor.language).await
}

/// Calls an import off.
#[post("/imports/{id}/cancel")]
pub(crate) async fn cancel(
    context: web::Data<Context>,
    id: web::Path<String>,
    checked: Checked<Pressed>,
) -> Result<HttpResponse, ApiProblem> {
    let import = own(&context, &checked.visitor, &id).await?;
    let done = context.engine.cancel(import.id).await;
    after(done, &import, &checked.form)
}

/// Sends a parked import on, tries a waiting one now, or starts a failed one anew.
#[post("/imports/{id}/retry")]
pub(crate) async fn retry(
    context: web::Data<Context>,
    id: web::Path<String>,
    checked: Checked<Pressed>,
) -> Result<HttpResponse, ApiProblem> {
    let import = own(&context, &checked.visitor, &id).await?;
    let done = context.engine.retry(import.id).await;
    after(done, &import, &checked.form)
}

/// Takes the link out of the project again, where the import left one.
#[post("/imports/{id}/undo")]
pub(crate) async fn undo(
    context: web::Data<Context>,
    id: web::Path<String>,
    checked: Checked<Pressed>,
) -> Result<HttpResponse, ApiProblem> {
    let import = own(&context, &checked.visitor, &id).await?;
    let done = context.engine.undo(import.id).await;
    after(done, &import, &checked.form)
}

/// Keeps the project of an import up to date from now on.
#[post("/imports/{id}/keep")]
pub(crate) async fn keep_project(
    context: web::Data<Context>,
    id: web::Path<String>,
    checked: Checked<Pressed>,
) -> Result<HttpResponse, ApiProblem> {
    let import = own(&context, &checked.visitor, &id).await?;
    context.publications.keep_up_to_date(&import, checked.visitor.language.as_str()).await?;
    Ok(lead_to(&format!("/imports/{}", import.id)))
}

/// Leads on to the import that came of it. Where it had moved on meanwhile, its page shows that better than a refusal.
fn after(
    done: Result<Import, Fault>,
    import: &Import,
    pressed: &Pressed,
) -> Result<HttpResponse, ApiProblem> {
    let id = match done {
        Ok(now) => now.id,
        Err(fault) if fault.problem.code == ProblemCode::NotPossibleNow => import.id,
        Err(fault) => return Err(fault.into()),
    };
    Ok(if pressed.from == "list" { lead_to("/imports") } else { lead_to(&format!("/imports/{id}")) })
}

#[derive(Debug, Template)]
#[template(path = "import_again.html")]
struct AgainPage {
    shell: Shell,
    id: String,
    title: String,
    project: String,
    name: String,
    migrate: bool,
    /// Whether this Renku migrates projects and names datasets.
    copies: bool,
    /// Makes two clicks one import.
    once: String,
    refusals: Vec<Refusal>,
}

#[derive(Debug)]
struct Refusal {
    /// `project`, `name`, or empty where it is about neither.
    field: String,
    title: String,
    remedy: String,
    words: Option<String>,
}

impl Refusal {
    fn of(problem: &Problem, language: Language) -> Self {
        let field = problem.field.clone().filter(|field| matches!(field.as_str(), "project" | "name"));
        Self {
            field: field.unwrap_or_default(),
            title: problem_title(language, problem.code),
            remedy: problem_remedy(language, problem.code),
            words: problem.words.clone(),
        }
    }
}

impl AgainPage {
    fn refusal(&self, field: &str) -> Option<&Refusal> {
        self.refusals.iter().find(|refusal| refusal.field == field)
    }
}

/// What may be asked for otherwise.
#[derive(Debug, Deserialize)]
pub(crate) struct Again {
    project: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    migrate: Option<String>,
    once: String,
}

/// The form with which the same dataset is asked for otherwise.
#[get("/imports/{id}/again")]
pub(crate) async fn again(
    context: web::Data<Context>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let import = own(&context, &visitor, &id).await?;
    let order = &import.order;
    let wish = Again {
        project: order.project.to_string(),
        name: order.name.as_ref().map(ToString::to_string).unwrap_or_default(),
        migrate: order.migrate.then(String::new),
        once: uuid::Uuid::now_v7().simple().to_string(),
    };
    Ok(render(&again_page(&visitor, &import, wish, &[]), StatusCode::OK))
}

fn again_page(visitor: &Visitor, import: &Import, wish: Again, problems: &[Problem]) -> AgainPage {
    let language = visitor.language;
    let here = format!("/imports/{}/again", import.id);
    AgainPage {
        shell: Shell::new(visitor, text(language, "again-title", &[])).at(Place::Imports).found_at(&here),
        id: import.id.to_string(),
        title: import.title.clone().unwrap_or_else(|| import.order.pid.to_string()),
        project: wish.project,
        name: wish.name,
        migrate: wish.migrate.is_some(),
        copies: import.order.api == RenkuApi::Core,
        once: wish.once,
        refusals: problems.iter().map(|problem| Refusal::of(problem, language)).collect(),
    }
}

/// Asks for the same dataset otherwise: a new import.
#[post("/imports/{id}/again")]
pub(crate) async fn ask_again(
    context: web::Data<Context>,
    id: web::Path<String>,
    checked: Checked<Again>,
) -> Result<HttpResponse, ApiProblem> {
    let Checked { visitor, form } = checked;
    let import = own(&context, &visitor, &id).await?;
    let order = &import.order;
    let target = Target::Address(form.project.clone());
    let mistakes = context.launches.mistakes(&order.renku, order.api, Some(&target), form.name.trim()).await;
    if !mistakes.is_empty() {
        let problems: Vec<_> = mistakes.into_iter().map(|fault| fault.problem).collect();
        return Ok(render(&again_page(&visitor, &import, form, &problems), StatusCode::BAD_REQUEST));
    }
    let request = Request {
        dataset: order.pid.to_string(),
        installation: Some(order.installation.to_string()),
        version: order.version.map(|version| version.to_string()),
        api: Some(order.api.as_str().to_owned()),
        project: form.project.clone(),
        name: Some(form.name.clone()),
        migrate: form.migrate.is_some(),
    };
    let key = format!("again-{}-{}", import.id, form.once.chars().take(40).collect::<String>());
    match context.engine.start(import.person, &order.renku, &request, Some(key)).await {
        Ok(created) => match created {
            crate::domain::ports::store::Created::New(made)
            | crate::domain::ports::store::Created::Existing(made) => {
                context.publications.asked_otherwise(&import, &made).await?;
                Ok(lead_to(&format!("/imports/{}", made.id)))
            }
            crate::domain::ports::store::Created::KeyReused => Err(ProblemCode::IdempotencyKeyReused.into()),
        },
        Err(fault) => {
            let problem = fault.problem;
            let code = status(problem.code);
            Ok(render(&again_page(&visitor, &import, form, &[problem]), code))
        }
    }
}

/// The import if it is one of the visitor's; else it is as if there were none.
async fn own(context: &Context, visitor: &Visitor, id: &str) -> Result<Import, ApiProblem> {
    visitor.session()?;
    let unknown = || ApiProblem::from(ProblemCode::ImportUnknown);
    let id: ImportId = id.parse().map_err(|_not_an_id| unknown())?;
    let import = context.engine.store().import(id).await?.ok_or_else(unknown)?;
    if visitor.is(import.person) { Ok(import) } else { Err(unknown()) }
}

async fn timeline(context: &Context, id: ImportId) -> Result<Vec<TimelineEntry>, ApiProblem> {
    let mut lines: Vec<TimelineEntry> = Vec::new();
    for _ in 0..READS {
        let after = lines.last().map_or(0, |line| line.seq);
        let more = context.engine.store().timeline(id, after, LINES).await?;
        let done = more.len() < LINES as usize;
        lines.extend(more);
        if done {
            break;
        }
    }
    Ok(lines)
}

/// The dataset's page at its installation, while that is configured.
pub(crate) fn dataset_page(context: &Context, import: &Import) -> Option<String> {
    let installation = context.engine.installations().get(&import.order.installation)?;
    Some(installation.dataverse.landing_page(&import.order.pid))
}

//! What stands on the page before an import: the dataset, what is to be said against it, and the projects to choose from.
//!
//! Who may see it and what a confirmation does is in `preflight`.

use actix_web::http::StatusCode;
use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};

use super::preflight::{Typed, way_of};
use super::subscription_pages::honest;
use crate::domain::dataset::DatasetVersion;
use crate::domain::ids::PersonId;
use crate::domain::launch::Launch;
use crate::domain::ports::launch::Choice;
use crate::domain::ports::renku::Objection;
use crate::domain::problem::{Class, Fault, Problem, SignInAt};
use crate::domain::project::{DatasetName, Project, RenkuApi};
use crate::imports::preflight::{Candidate, PROJECTS_SHOWN, Sheet, Way};
use crate::texts::amounts::{day as date, size};
use crate::texts::{Language, problem_remedy, problem_title, sign_in_at, text, turn};
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::pages::{Link, Shell, next_query};
use crate::web::problem::status;

/// A list of projects this long gets a search box.
const SEARCHED_FROM: usize = 6;

/// The longest list of authors.
const AUTHORS_SHOWN: usize = 8;

/// What is wrong with what was typed, and where.
#[derive(Debug)]
pub(super) struct Mistake {
    /// The field, `project`, `name` or `way`.
    pub(super) field: &'static str,
    /// What is wrong.
    pub(super) text: String,
    /// What to do.
    pub(super) remedy: String,
    /// Their words.
    pub(super) words: Option<String>,
    /// What the answer's status is.
    pub(super) status: StatusCode,
}

impl Mistake {
    pub(super) fn at(field: &'static str, text: String) -> Self {
        Self { field, text, remedy: String::new(), words: None, status: StatusCode::BAD_REQUEST }
    }

    pub(super) fn of(fault: &Fault, language: Language) -> Self {
        let code = fault.problem.code;
        let field = match fault.problem.field.as_deref() {
            Some("name") => "name",
            Some("project") => "project",
            Some("title") => "new-title",
            Some("namespace") => "new-namespace",
            Some(_) | None => "way",
        };
        Self {
            field,
            text: problem_title(language, code),
            remedy: problem_remedy(language, code),
            words: fault.problem.words.clone(),
            status: status(code),
        }
    }
}

/// What was asked for, with what was typed.
pub(super) struct Asked<'a> {
    pub(super) handle: &'a SecretString,
    pub(super) launch: &'a Launch,
    pub(super) typed: Typed,
    pub(super) mistakes: Vec<Mistake>,
    /// Whether a form came with the token of a session that is over.
    pub(super) again: bool,
    /// Whether the list was just searched, so that it is what somebody looks at next.
    pub(super) searching: bool,
}

impl<'a> Asked<'a> {
    pub(super) const fn new(handle: &'a SecretString, launch: &'a Launch, typed: Typed) -> Self {
        Self { handle, launch, typed, mistakes: Vec::new(), again: false, searching: false }
    }

    pub(super) const fn searching(mut self) -> Self {
        self.searching = true;
        self
    }
}

/// A service to choose, as a link.
#[derive(Debug)]
struct Tab {
    to: String,
    title: String,
    current: bool,
}

/// An objection for people.
#[derive(Debug)]
struct Said {
    title: String,
    remedy: String,
    turn: String,
    words: Option<String>,
}

/// A project to choose.
#[derive(Debug)]
struct Row {
    address: String,
    title: String,
    path: String,
    about: String,
    has: Option<String>,
    chosen: bool,
}

/// A place for a new project.
#[derive(Debug)]
struct Place {
    slug: String,
    title: String,
    chosen: bool,
}

/// What can be chosen from.
#[derive(Debug)]
enum Projects {
    /// Nobody is signed in at this Renku, or not any more: where to.
    SignIn(String),
    /// These; empty where none was found.
    Listed(Vec<Row>),
    /// They cannot be listed: why, and the address is pasted. With the way to Renku's own sign-in, where that is what is missing.
    Unlisted { said: Said, sign_in: Option<Link> },
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "preflight.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a sentence that stands on the page or does not")]
pub(super) struct Preflight {
    shell: Shell,
    here: String,
    title: String,
    repository: String,
    page: String,
    pid: String,
    authors: String,
    version: String,
    licence: Option<String>,
    files: String,
    newer_draft: bool,
    again: bool,
    mistakes: Vec<Mistake>,
    /// What can be chosen, if there is a choice.
    tabs: Vec<Tab>,
    /// The chosen service, as in addresses; empty where none is there.
    way: String,
    /// What people call the chosen Renku.
    renku: String,
    /// What the chosen service does with the dataset.
    promise: Vec<String>,
    forbids: Vec<Said>,
    warns: Vec<Said>,
    /// Who is signed in there.
    signed_in_as: Option<String>,
    projects: Projects,
    searched: bool,
    searching: bool,
    /// Whether there may be more projects than are listed.
    capped: bool,
    /// What keeping the project up to date means and needs with the chosen service.
    keep_says: Vec<String>,
    /// Whether the dataset gets a name and the project may be migrated: a link has and needs neither.
    copies: bool,
    /// Where a new project can be made; empty where none can.
    places: Vec<Place>,
    default_name: String,
    /// The options are open where something in them is wrong.
    options_open: bool,
    typed: Typed,
}

impl Preflight {
    pub(super) async fn of(context: &Context, visitor: &Visitor, asked: Asked<'_>) -> Result<Self, Fault> {
        let Asked { handle, launch, typed, mistakes, again, searching } = asked;
        let sheet = context.launches.sheet(launch).await?;
        let people: Vec<PersonId> = visitor.people().iter().map(|person| person.id).collect();
        let last = context.launches.last_choices(&people, &launch.installation).await?;
        let way = chosen(&sheet, visitor, &typed.way, &last).cloned();
        let language = visitor.language;
        let here = format!("/preflight/{}", handle.expose_secret());
        let door = context.launches.doors().get(&launch.installation);
        let mut page = Self::about(visitor, &sheet, door.map_or("", |door| door.title.as_str()));
        page.tabs = tabs(&sheet, way.as_ref(), &here, language);
        let chosen = way.as_ref().map_or_else(|| here.clone(), |way| format!("{here}?way={}", way_text(way)));
        page.shell = page.shell.found_at(&chosen);
        page.here = here;
        page.again = again;
        page.searching = searching;
        page.options_open = mistakes.iter().any(|mistake| mistake.field == "name")
            || !typed.name.is_empty()
            || typed.migrate.is_some();
        page.mistakes = mistakes;
        page.searched = !typed.q.trim().is_empty();
        page.typed = typed;
        if let Some(way) = way {
            page.choose(context, visitor, &sheet, way, &last).await;
        }
        Ok(page)
    }

    /// The page with the dataset alone.
    fn about(visitor: &Visitor, sheet: &Sheet, repository: &str) -> Self {
        let (language, version) = (visitor.language, sheet.version.as_ref());
        Self {
            shell: Shell::new(visitor, text(language, "launch-title", &[])),
            here: String::new(),
            title: version.title.clone(),
            repository: repository.to_owned(),
            page: sheet.page.clone(),
            pid: version.pid.to_string(),
            authors: authors(language, version),
            version: version_and_day(language, version),
            licence: version.licence.clone(),
            files: files(language, version),
            newer_draft: sheet.newer_draft,
            again: false,
            mistakes: Vec::new(),
            tabs: Vec::new(),
            way: String::new(),
            renku: String::new(),
            promise: Vec::new(),
            forbids: Vec::new(),
            warns: Vec::new(),
            signed_in_as: None,
            projects: Projects::Listed(Vec::new()),
            searched: false,
            searching: false,
            capped: false,
            keep_says: Vec::new(),
            copies: false,
            places: Vec::new(),
            default_name: DatasetName::derived(&version.title, &version.pid, version.number).to_string(),
            options_open: false,
            typed: Typed::default(),
        }
    }

    async fn choose(
        &mut self,
        context: &Context,
        visitor: &Visitor,
        sheet: &Sheet,
        way: Way,
        last: &[Choice],
    ) {
        let language = visitor.language;
        self.way = way_text(&way);
        self.renku.clone_from(&way.offer.title);
        let promises: &[&str] = match way.offer.api {
            RenkuApi::Core => &["launch-core-copies"],
            RenkuApi::Data => &["launch-data-links", "launch-data-latest", "launch-data-session"],
        };
        self.promise = promises.iter().map(|name| text(language, name, &[])).collect();
        let (forbids, warns): (Vec<_>, Vec<_>) =
            way.objections.iter().partition(|objection| objection.forbids);
        self.forbids = forbids.into_iter().map(|objection| said(language, objection)).collect();
        self.warns = warns.into_iter().map(|objection| said(language, objection)).collect();
        self.keep_says = honest(language, way.offer.api, context.publications.sends_mail());
        self.copies = way.offer.api == RenkuApi::Core;
        let back = format!("{}?way={}", self.here, self.way);
        let sign_in = format!("/sign-in?renku={}&{}", way.offer.renku, next_query(&back));
        let Some(person) = visitor.person_at(&way.offer.renku) else {
            self.projects = Projects::SignIn(sign_in);
            return;
        };
        self.signed_in_as = Some(person.name.clone());
        if !way.is_open() {
            return;
        }
        let pid = &sheet.version.pid;
        let (listed, namespaces, unrecognised) = tokio::join!(
            context.launches.candidates(person.id, &way.offer, pid, &self.typed.q),
            context.launches.namespaces(person.id, &way.offer),
            context.launches.unrecognised(person.id, &way.offer, pid),
        );
        if let Some(objection) = unrecognised {
            let place = if objection.forbids { &mut self.forbids } else { &mut self.warns };
            place.push(said(language, &objection));
        }
        self.places = namespaces
            .into_iter()
            .map(|namespace| Place {
                chosen: namespace.slug == self.typed.new_namespace,
                slug: namespace.slug,
                title: namespace.title,
            })
            .collect();
        self.projects = match listed {
            Ok(candidates) => {
                self.capped = candidates.len() >= PROJECTS_SHOWN as usize;
                let last = last.iter().find(|choice| {
                    choice.person == person.id
                        && choice.renku == way.offer.renku
                        && choice.api == way.offer.api
                });
                Projects::Listed(self.rows(language, candidates, last))
            }
            Err(fault) if fault.class == Class::SignIn(SignInAt::Connector) => Projects::SignIn(sign_in),
            Err(fault) => {
                tracing::info!(renku = %way.offer.renku, problem.code = %fault.problem.code, "projects cannot be listed");
                let at_renku = fault.class == Class::SignIn(SignInAt::Renku);
                let url = context.renku_urls.get(&way.offer.renku).filter(|_| at_renku);
                let label = || sign_in_at(language, SignInAt::Renku);
                let sign_in = url.map(|url| Link { to: url.clone(), label: label() });
                Projects::Unlisted { said: of_problem(language, &fault.problem), sign_in }
            }
        };
    }

    fn rows(&self, language: Language, mut candidates: Vec<Candidate>, last: Option<&Choice>) -> Vec<Row> {
        let listed = |candidates: &[Candidate], address: &str| {
            candidates.iter().any(|c| c.project.address.as_str() == address)
        };
        // The last choice is offered even where it lies far down the list.
        if let Some(last) = last.filter(|last| !self.searched && !listed(&candidates, last.project.as_str()))
        {
            let (_, name) = last.project.owner_and_name();
            let project = Project {
                address: last.project.clone(),
                title: name.to_owned(),
                path: last.project.path().to_owned(),
                visibility: None,
                last_activity: None,
            };
            candidates.insert(0, Candidate { project, has: None });
        }
        let only = candidates.len() == 1 && !self.searched;
        let wanted = match (self.typed.project.as_str(), last) {
            ("", Some(last)) => last.project.as_str(),
            (typed, _) => typed,
        };
        let elsewhere = !self.typed.address.is_empty() || !self.typed.new_title.is_empty();
        let chosen = |address: &str| !elsewhere && (only || address == wanted);
        candidates
            .into_iter()
            .map(|Candidate { project, has }| Row {
                chosen: chosen(project.address.as_str()),
                about: about(language, &project),
                has: has
                    .map(|version| text(language, "launch-has", &[("version", version.to_string().into())])),
                address: project.address.to_string(),
                title: project.title,
                path: project.path,
            })
            .collect()
    }

    fn mistake(&self, field: &str) -> Option<&Mistake> {
        self.mistakes.iter().find(|mistake| mistake.field == field)
    }

    /// Whether the form that imports is shown.
    fn is_ready(&self) -> bool {
        !self.way.is_empty() && self.forbids.is_empty() && !matches!(self.projects, Projects::SignIn(_))
    }

    /// Where an error's link leads: the field, or the summary itself.
    fn place(&self, field: &str) -> &'static str {
        let rows = matches!(&self.projects, Projects::Listed(rows) if !rows.is_empty());
        match field {
            "name" => "name",
            "new-title" if !self.places.is_empty() => "new-title",
            "new-namespace" if !self.places.is_empty() => "new-namespace",
            "project" if rows && self.typed.address.is_empty() => "project-0",
            "project" => "address",
            _ => "to",
        }
    }

    fn has_search(&self) -> bool {
        let many = matches!(&self.projects, Projects::Listed(rows) if rows.len() >= SEARCHED_FROM);
        many || self.searched || self.capped
    }

    fn say_count(&self, name: &str, count: &str) -> String {
        self.shell.say_with(name, "count", count)
    }
}

fn way_text(way: &Way) -> String {
    format!("{}.{}", way.offer.renku, way.offer.api)
}

/// The asked for service; else the last chosen; else the first that takes it where somebody is signed in; else the first that
/// takes it; else the first.
fn chosen<'a>(sheet: &'a Sheet, visitor: &Visitor, asked: &str, last: &[Choice]) -> Option<&'a Way> {
    let find = |renku: &crate::domain::ids::RenkuName, api: RenkuApi| {
        sheet.ways.iter().find(|way| way.offer.renku == *renku && way.offer.api == api)
    };
    way_of(asked)
        .and_then(|(renku, api)| find(&renku, api))
        .or_else(|| last.iter().find_map(|choice| find(&choice.renku, choice.api)))
        .or_else(|| {
            sheet.ways.iter().find(|way| way.is_open() && visitor.person_at(&way.offer.renku).is_some())
        })
        .or_else(|| sheet.ways.iter().find(|way| way.is_open()))
        .or_else(|| sheet.ways.first())
}

fn tabs(sheet: &Sheet, chosen: Option<&Way>, here: &str, language: Language) -> Vec<Tab> {
    if sheet.ways.len() < 2 {
        return Vec::new();
    }
    let both = |way: &Way| {
        sheet
            .ways
            .iter()
            .any(|other| other.offer.renku == way.offer.renku && other.offer.api != way.offer.api)
    };
    let tab = |way: &Way| {
        let title = if both(way) {
            let name = match way.offer.api {
                RenkuApi::Core => "launch-way-core",
                RenkuApi::Data => "launch-way-data",
            };
            text(language, name, &[("renku", way.offer.title.as_str().into())])
        } else {
            way.offer.title.clone()
        };
        let current = chosen.is_some_and(|chosen| chosen.offer == way.offer);
        Tab { to: format!("{here}?way={}", way_text(way)), title, current }
    };
    sheet.ways.iter().map(tab).collect()
}

fn said(language: Language, objection: &Objection) -> Said {
    of_problem(language, &objection.problem)
}

fn of_problem(language: Language, problem: &Problem) -> Said {
    Said {
        title: problem_title(language, problem.code),
        remedy: problem_remedy(language, problem.code),
        turn: format!("{}.", turn(language, problem.code.turn())),
        words: problem.words.clone(),
    }
}

fn authors(language: Language, version: &DatasetVersion) -> String {
    let shown: Vec<_> = version.authors.iter().take(AUTHORS_SHOWN).map(String::as_str).collect();
    let more = version.authors.len().saturating_sub(AUTHORS_SHOWN);
    let names = shown.join("; ");
    if more == 0 {
        names
    } else {
        text(language, "launch-authors-more", &[("names", names.into()), ("count", more.into())])
    }
}

fn version_and_day(language: Language, version: &DatasetVersion) -> String {
    let number = version.number.to_string();
    match version.released {
        Some(at) => {
            let values = [("version", number.into()), ("date", date(language, at).into())];
            text(language, "launch-version-of", &values)
        }
        None => number,
    }
}

fn files(language: Language, version: &DatasetVersion) -> String {
    let values = [("count", version.files.len().into()), ("size", size(language, version.bytes()).into())];
    text(language, "launch-files", &values)
}

fn about(language: Language, project: &Project) -> String {
    let visibility = project.visibility.map(|visibility| {
        let name = match visibility {
            crate::domain::project::Visibility::Public => "launch-public",
            crate::domain::project::Visibility::Internal => "launch-internal",
            crate::domain::project::Visibility::Private => "launch-private",
        };
        text(language, name, &[])
    });
    let used = project
        .last_activity
        .map(|at| text(language, "launch-used-on", &[("date", date(language, at).into())]));
    visibility.into_iter().chain(used).collect::<Vec<_>>().join(" · ")
}

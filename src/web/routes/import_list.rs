//! `/imports`: a person's imports, newest first, by group and by words.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::import::Import;
use crate::domain::ports::store::{ImportFilter, StateGroup};
use crate::domain::problem::{Problem, ProblemCode};
use crate::texts::Language;
use crate::texts::amounts::moment;
use crate::texts::text;
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::pages::{Place, Shell, render};
use crate::web::problem::ApiProblem;
use crate::web::progress::{badge, can_be_cancelled, can_be_retried};

/// Imports on one page.
const PAGE: usize = 20;

/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;

/// The groups with their names in the address and on the page.
const GROUPS: [(&str, &str, Option<StateGroup>); 5] = [
    ("", "list-all", None),
    ("under-way", "list-under-way", Some(StateGroup::UnderWay)),
    ("needs-you", "list-needs-you", Some(StateGroup::NeedsOwner)),
    ("arrived", "list-arrived", Some(StateGroup::Arrived)),
    ("not-arrived", "list-not-arrived", Some(StateGroup::NotArrived)),
];

#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    show: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    before: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "imports.html")]
struct ListPage {
    shell: Shell,
    tabs: Vec<Tab>,
    show: String,
    q: String,
    items: Vec<Item>,
    /// Whether nothing was left out, so that an empty list means that there is nothing yet.
    is_everything: bool,
    older: Option<String>,
    newest: Option<String>,
}

#[derive(Debug)]
struct Tab {
    to: String,
    label: String,
    current: bool,
}

#[derive(Debug)]
struct Item {
    id: String,
    title: String,
    pid: String,
    project: String,
    badge: String,
    tone: &'static str,
    iso: String,
    asked_for: String,
    can_be_cancelled: bool,
    can_be_retried: bool,
}

impl Item {
    fn of(import: &Import, language: Language) -> Self {
        let (badge, tone) = badge(language, import);
        let pid = import.order.pid.to_string();
        Self {
            id: import.id.to_string(),
            title: import.title.clone().unwrap_or_else(|| pid.clone()),
            pid,
            project: import.order.project.path().to_owned(),
            badge,
            tone: tone.class(),
            iso: import.created_at.to_string(),
            asked_for: moment(language, import.created_at),
            can_be_cancelled: can_be_cancelled(import),
            can_be_retried: can_be_retried(import),
        }
    }
}

/// My imports.
#[get("/imports")]
pub(crate) async fn list(
    context: web::Data<Context>,
    visitor: Visitor,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiProblem> {
    visitor.session()?;
    let wrong = |field: &str| Problem::new(ProblemCode::RequestInvalid).about(field);
    let group = GROUPS.iter().find(|(name, _, _)| *name == query.show).ok_or_else(|| wrong("show"))?.2;
    let before = query.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_not_an_id| wrong("before"))?;
    let q: String = query.q.trim().chars().filter(|c| !c.is_control()).take(LONGEST_SEARCH).collect();
    let mut imports = Vec::new();
    for person in visitor.people() {
        let filter = ImportFilter {
            person: Some(person.id),
            group,
            search: Some(q.clone()).filter(|q| !q.is_empty()),
            before,
            limit: u32::try_from(PAGE).unwrap_or(20) + 1,
            ..ImportFilter::default()
        };
        imports.extend(context.engine.store().imports(&filter).await?);
    }
    // Somebody signed in at two Renkus sees the imports of both in one list.
    imports.sort_by_key(|import: &Import| std::cmp::Reverse(import.id));
    let more = imports.len() > PAGE;
    imports.truncate(PAGE);
    let language = visitor.language;
    let to = |show: &str, before: Option<String>| address(show, &q, before.as_deref());
    let page = ListPage {
        shell: Shell::new(&visitor, text(language, "list-title", &[])).at(Place::Imports),
        tabs: GROUPS
            .iter()
            .map(|(name, label, _)| Tab {
                to: to(name, None),
                label: text(language, label, &[]),
                current: *name == query.show,
            })
            .collect(),
        older: imports.last().filter(|_| more).map(|last| to(&query.show, Some(last.id.to_string()))),
        newest: before.is_some().then(|| to(&query.show, None)),
        items: imports.iter().map(|import| Item::of(import, language)).collect(),
        is_everything: group.is_none() && q.is_empty() && before.is_none(),
        show: query.show.clone(),
        q: q.clone(),
    };
    Ok(render(&page, StatusCode::OK))
}

fn address(show: &str, q: &str, before: Option<&str>) -> String {
    let given = [("show", show), ("q", q), ("before", before.unwrap_or_default())];
    let given = given.into_iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { "/imports".to_owned() } else { format!("/imports?{query}") }
}

//! Pages for people: the frame around each, the plain page of a few sentences, and problems as pages.
//!
//! What stands on them comes from the locales; escaping is the template engine's; pages of one subject are in `routes`.

use actix_web::http::header::{ACCEPT, ALLOW, HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::problem::{Problem, ProblemCode, Turn};
use crate::texts::{Language, problem_remedy, problem_title, text, turn};
use crate::web::extract::{Lang, Visitor};
use crate::web::problem::{ApiProblem, status};
use crate::web::{Context, assets};

/// Which entry of the navigation a page belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// None of them.
    #[default]
    Elsewhere,
    /// My imports.
    Imports,
    /// Subscriptions.
    Subscriptions,
    /// Account.
    Account,
}

/// One language in the switch at the foot of each page.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Its tag.
    pub(crate) tag: &'static str,
    /// Its own name for itself.
    pub(crate) name: &'static str,
    /// This page in that language.
    pub(crate) to: String,
    /// Whether it is the one in use.
    pub(crate) current: bool,
}

/// The frame of a page; `templates/layout.html` draws it. Every page's template has it as its field `shell`.
#[derive(Debug)]
pub(crate) struct Shell {
    /// The language of the page.
    pub(crate) language: Language,
    /// What stands in the window's title before the product's name.
    pub(crate) title: String,
    /// Where in the navigation it is.
    pub(crate) place: Place,
    /// Whether somebody is signed in.
    pub(crate) signed_in: bool,
    /// The session's CSRF token; empty for guests.
    pub(crate) csrf: String,
    /// This page in each language.
    pub(crate) languages: Vec<Choice>,
    /// Seconds after which the page is loaded again where there is no script.
    pub(crate) refresh_s: Option<u64>,
}

impl Shell {
    /// The frame for this visitor.
    pub(crate) fn new(visitor: &Visitor, title: impl Into<String>) -> Self {
        Self {
            language: visitor.language,
            title: title.into(),
            place: Place::Elsewhere,
            signed_in: visitor.session().is_ok(),
            csrf: visitor.csrf().to_owned(),
            languages: choices(visitor.language, visitor.here()),
            refresh_s: None,
        }
    }

    /// The same at this entry of the navigation.
    #[must_use]
    pub(crate) const fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same for the answer to a form, which can be seen in another language at this address.
    #[must_use]
    pub(crate) fn found_at(mut self, here: &str) -> Self {
        self.languages = choices(self.language, here);
        self
    }

    /// The same, loaded again after so many seconds where there is no script.
    #[must_use]
    pub(crate) const fn refreshed_after(mut self, seconds: u64) -> Self {
        self.refresh_s = Some(seconds);
        self
    }

    /// The sentence of this name, for templates.
    pub(crate) fn say(&self, name: &str) -> String {
        text(self.language, name, &[])
    }

    /// The sentence of this name with one value, for templates.
    pub(crate) fn say_with(&self, name: &str, key: &'static str, value: &str) -> String {
        text(self.language, name, &[(key, value.into())])
    }

    /// The language's tag, for `<html lang>`.
    pub(crate) const fn tag(&self) -> &'static str {
        self.language.as_str()
    }

    /// The path of a file of `static/`.
    #[expect(clippy::unused_self, reason = "templates reach functions through the shell alone")]
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// Whether the page is at My imports.
    pub(crate) fn at_imports(&self) -> bool {
        self.place == Place::Imports
    }

    /// Whether the page is at Subscriptions.
    pub(crate) fn at_subscriptions(&self) -> bool {
        self.place == Place::Subscriptions
    }

    /// Whether the page is at Account.
    pub(crate) fn at_account(&self) -> bool {
        self.place == Place::Account
    }
}

/// The page at this address in each language.
fn choices(current: Language, here: &str) -> Vec<Choice> {
    let sign = if here.contains('?') { '&' } else { '?' };
    let choice = |language: Language| Choice {
        tag: language.as_str(),
        name: language.own_name(),
        to: format!("{here}{sign}locale={}", language.as_str()),
        current: language == current,
    };
    Language::ALL.into_iter().map(choice).collect()
}

/// The answer with this page.
pub(crate) fn render(page: &impl Template, status: StatusCode) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(error = %error, "a page cannot be rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The answer that leads the browser on with a GET.
pub(crate) fn lead_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// A form with one button.
#[derive(Debug)]
pub(crate) struct Button {
    /// Where it posts to.
    pub(crate) action: String,
    /// What stands on it.
    pub(crate) label: String,
}

/// A link.
#[derive(Debug)]
pub(crate) struct Link {
    /// Where to.
    pub(crate) to: String,
    /// What stands on it.
    pub(crate) label: String,
}

/// A page of a heading, paragraphs, links and buttons.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub(crate) struct Page {
    pub(crate) shell: Shell,
    pub(crate) paragraphs: Vec<String>,
    /// The first is what most people want.
    pub(crate) links: Vec<Link>,
    pub(crate) buttons: Vec<Button>,
    /// What the other side said, and what to quote; folded away.
    pub(crate) details: Vec<String>,
    /// The problem's code, if the page tells one.
    pub(crate) code: Option<&'static str>,
}

impl Page {
    /// A page with a heading and nothing else yet.
    pub(crate) fn new(visitor: &Visitor, heading: String) -> Self {
        Self {
            shell: Shell::new(visitor, heading),
            paragraphs: Vec::new(),
            links: Vec::new(),
            buttons: Vec::new(),
            details: Vec::new(),
            code: None,
        }
    }

    /// The page of a problem: what happened, what to do, whose turn it is, whose words.
    pub(crate) fn of_problem(problem: &Problem, visitor: &Visitor) -> Self {
        let language = visitor.language;
        let mut page = Self::new(visitor, problem_title(language, problem.code));
        page.paragraphs.push(problem_remedy(language, problem.code));
        // Whoever reads the page knows without being told that it is their turn.
        if !matches!(problem.code.turn(), Turn::Researcher | Turn::Nobody) {
            page.paragraphs.push(format!("{}.", turn(language, problem.code.turn())));
        }
        page.details.extend(problem.words.clone());
        page.code = Some(problem.code.as_str());
        let label = |name: &str| text(language, name, &[]);
        if problem.code == ProblemCode::SignInNeeded {
            let to = format!("/sign-in?{}", next_query(visitor.here()));
            page.links.push(Link { to, label: label("page-sign-in") });
        }
        page.links.push(Link { to: "/".to_owned(), label: label("page-home") });
        page
    }

    /// The answer with this page.
    pub(crate) fn answer(&self, status: StatusCode) -> HttpResponse {
        render(self, status)
    }
}

/// `next=…`, for links to the sign-in.
pub(crate) fn next_query(path: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish()
}

/// Whether a person in front of a browser waits for the answer.
pub(crate) fn is_for_people(request: &HttpRequest) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepts.contains("text/html") && !request.path().starts_with("/api/")
}

/// A problem as a page. A sign-in that is needed to see a page is begun at once and leads back to it.
pub(crate) async fn of_api_problem(problem: &ApiProblem, request: &HttpRequest) -> HttpResponse {
    let body = problem.body();
    if body.code == ProblemCode::SignInNeeded && *request.method() == Method::GET {
        return lead_to(&format!("/sign-in?{}", next_query(Visitor::guest(request).here())));
    }
    let visitor = match request.app_data::<web::Data<Context>>() {
        // Whoever asks too often is not worth a look into the store.
        Some(context) if body.code != ProblemCode::TooManyRequests => {
            Visitor::of(context, request).await.unwrap_or_else(|_store_is_away| Visitor::guest(request))
        }
        Some(_) | None => Visitor::guest(request),
    };
    let told = Problem { code: body.code, field: body.field.clone(), words: body.detail.clone() };
    let mut answer = Page::of_problem(&told, &visitor).answer(status(body.code));
    if let Some(wait) = problem.wait().map(|wait| wait.as_secs()) {
        answer.headers_mut().insert(RETRY_AFTER, wait.max(1).into());
    }
    if let Some(methods) = problem.allowed().and_then(|methods| HeaderValue::from_str(methods).ok()) {
        answer.headers_mut().insert(ALLOW, methods);
    }
    answer
}

/// Sets the cookie that remembers a language, where the address asked for one.
pub(crate) fn remember_language(request: &HttpRequest, answer: &mut HttpResponse) {
    let Some(language) = Lang::chosen(request).filter(|_| !request.path().starts_with("/api/")) else {
        return;
    };
    let secure = request.app_data::<web::Data<Context>>().is_some_and(|context| context.secure);
    if let Err(error) = answer.add_cookie(&crate::web::cookies::remembered(language, secure)) {
        tracing::warn!(error = %error, "the language cannot be remembered");
    }
}

//! The few pages there are: plain, short, in the person's language, without script.
//!
//! What stands on them comes from the locales; escaping is the template engine's.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::problem::Problem;
use crate::texts::{Language, problem_remedy, problem_title, text};

/// A form with one button.
#[derive(Debug)]
pub(crate) struct Button {
    /// Where it posts to.
    pub(crate) action: String,
    /// What stands on it.
    pub(crate) label: String,
    /// The session's CSRF token.
    pub(crate) csrf: String,
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
    pub(crate) language: &'static str,
    pub(crate) heading: String,
    pub(crate) paragraphs: Vec<String>,
    /// Shown large, to be typed elsewhere.
    pub(crate) code: Option<String>,
    pub(crate) links: Vec<Link>,
    pub(crate) buttons: Vec<Button>,
    /// Small print: the problem's code and what the other side said.
    pub(crate) small: Option<String>,
    /// Seconds after which the page loads itself again; works without script.
    pub(crate) refresh_s: Option<u64>,
}

impl Page {
    /// A page with a heading and nothing else yet.
    pub(crate) fn new(language: Language, heading: String) -> Self {
        Self {
            language: language.as_str(),
            heading,
            paragraphs: Vec::new(),
            code: None,
            links: Vec::new(),
            buttons: Vec::new(),
            small: None,
            refresh_s: None,
        }
    }

    /// The page of a problem: what happened, what to do, whose words.
    pub(crate) fn of_problem(problem: &Problem, language: Language) -> Self {
        let mut page = Self::new(language, problem_title(language, problem.code));
        page.paragraphs.push(problem_remedy(language, problem.code));
        let words = problem.words.as_ref().map(|words| format!(" – “{words}”")).unwrap_or_default();
        page.small = Some(format!("{}{words}", problem.code));
        page.links.push(Link { to: "/".to_owned(), label: text(language, "page-home", &[]) });
        page
    }

    /// The answer with this page.
    pub(crate) fn answer(&self, status: StatusCode) -> HttpResponse {
        match self.render() {
            Ok(html) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html),
            Err(error) => {
                tracing::error!(error = %error, "a page cannot be rendered");
                HttpResponse::InternalServerError().finish()
            }
        }
    }
}

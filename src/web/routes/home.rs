//! `/`: what this service is for, and the way to sign in; for people signed in, the way to their imports.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use askama::Template;

use crate::texts::text;
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::pages::{Link, Shell, render};

#[derive(Debug, Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    greeting: Option<String>,
    /// One for each Renku at which nobody is signed in here.
    sign_ins: Vec<Link>,
}

/// The front page.
#[get("/")]
pub(crate) async fn home(context: web::Data<Context>, visitor: Visitor) -> HttpResponse {
    let language = visitor.language;
    let names: Vec<_> = visitor.people().iter().map(|person| person.name.as_str()).collect();
    let greeting = names.first().map(|name| text(language, "page-greeting", &[("name", (*name).into())]));
    let sign_ins = super::sign_in::ways(&context, &visitor, "/");
    let page = Home { shell: Shell::new(&visitor, text(language, "page-title", &[])), greeting, sign_ins };
    render(&page, StatusCode::OK)
}

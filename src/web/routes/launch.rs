//! `/launch/{installation}`: a browser arrives from a Dataverse. What it brought is redeemed and kept; nothing else happens.
//!
//! What can be done with it is on the page that it leads to, see `preflight`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use secrecy::ExposeSecret as _;

use crate::domain::ids::InstallationName;
use crate::texts::text;
use crate::web::Context;
use crate::web::extract::Visitor;
use crate::web::pages::{Link, Page, lead_to};
use crate::web::problem::status;

/// Takes what Dataverse sent along.
#[get("/launch/{installation}")]
pub(crate) async fn receive(
    context: web::Data<Context>,
    request: HttpRequest,
    installation: web::Path<String>,
    visitor: Visitor,
) -> HttpResponse {
    let query = request.query_string();
    match context.launches.receive(&installation, query).await {
        Ok(received) => {
            let page = format!("/preflight/{}", received.handle.expose_secret());
            // What the address says is remembered by itself; what only Dataverse's answer says goes along.
            let told = received.locale.filter(|_| !query.contains("locale="));
            match told.filter(|locale| locale.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
                Some(locale) => lead_to(&format!("{page}?locale={locale}")),
                None => lead_to(&page),
            }
        }
        Err(refused) => {
            let problem = &refused.fault.problem;
            tracing::info!(problem.code = %problem.code, "a launch leads nowhere");
            let mut page = Page::of_problem(problem, &visitor);
            page.links.splice(0..0, ways_back(&context, &visitor, &installation, refused.back));
            page.answer(status(problem.code))
        }
    }
}

/// The dataset's page or the repository's; where not even that is known, every repository there is.
pub(super) fn ways_back(
    context: &Context,
    visitor: &Visitor,
    installation: &str,
    back: Option<String>,
) -> Vec<Link> {
    let label = |title: &str| text(visitor.language, "launch-back-to", &[("repository", title.into())]);
    let doors = context.launches.doors();
    let known = installation.parse().ok().and_then(|name: InstallationName| doors.get(&name));
    match (known, back) {
        (Some(door), Some(to)) => vec![Link { to, label: label(&door.title) }],
        (Some(door), None) => vec![Link { to: door.front_page().to_owned(), label: label(&door.title) }],
        (None, _) => doors
            .values()
            .map(|door| Link { to: door.front_page().to_owned(), label: label(&door.title) })
            .collect(),
    }
}

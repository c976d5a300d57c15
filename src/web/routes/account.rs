//! `/account` and `/disconnect`: what is kept of a person here, and how they get rid of it.

use actix_web::{HttpResponse, post, web};

use crate::web::Context;
use crate::web::forms::{Checked, Nothing};
use crate::web::problem::ApiProblem;
use crate::web::routes::sign_in::home_without_session;

/// Revokes the stored sign-in at Keycloak and erases it here.
#[post("/disconnect")]
pub(crate) async fn disconnect(
    context: web::Data<Context>,
    checked: Checked<Nothing>,
) -> Result<HttpResponse, ApiProblem> {
    for person in checked.visitor.people() {
        context.identity.disconnect(person.id).await?;
    }
    Ok(home_without_session(context.secure))
}

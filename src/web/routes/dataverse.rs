//! `/dataverse/{installation}/…`: what an administrator of a Dataverse fetches from here to register it there.

use actix_web::{HttpResponse, get, web};

use crate::domain::manifest;
use crate::domain::problem::{Problem, ProblemCode};
use crate::web::Context;
use crate::web::problem::ApiProblem;

/// The manifest of the external tool, ready to be registered.
#[get("/dataverse/{installation}/external-tool.json")]
pub(crate) async fn external_tool(
    context: web::Data<Context>,
    installation: web::Path<String>,
) -> Result<HttpResponse, ApiProblem> {
    let doors = context.launches.doors();
    let known = installation.parse().ok().and_then(|name| doors.get_key_value(&name));
    let (name, _door) = known.ok_or_else(|| {
        ApiProblem::from(Problem::new(ProblemCode::InstallationUnknown).saying(installation.as_str()))
    })?;
    Ok(HttpResponse::Ok().json(manifest::external_tool(&context.public_url, name)))
}

//! `/api/v1/problems`: the catalogue, in the language that is asked for.

use actix_web::web::{self, Json};

use crate::domain::problem::{Problem, ProblemCode};
use crate::web::extract::Lang;
use crate::web::problem::ApiProblem;
use crate::web::view::{Catalogue, CatalogueEntry, catalogue_entry};

/// Every problem there is
///
/// What happened, whose turn it is and what to do, in the language of `Accept-Language` (English, French, German). Needs no token.
#[utoipa::path(
    get, path = "/api/v1/problems", operation_id = "listProblems", tag = "problems", security(()),
    responses((status = 200, body = Catalogue, description = "The catalogue.")),
)]
pub(crate) async fn list(Lang(language): Lang) -> Json<Catalogue> {
    let problems = ProblemCode::ALL.iter().map(|code| catalogue_entry(*code, language)).collect();
    Json(Catalogue { problems })
}

/// One problem
///
/// Needs no token.
#[utoipa::path(
    get, path = "/api/v1/problems/{code}", operation_id = "showProblem", tag = "problems", security(()),
    params(("code" = String, Path, description = "The stable code.", example = "dataset-not-published")),
    responses((status = 200, body = CatalogueEntry, description = "The problem.")),
)]
pub(crate) async fn show(
    code: web::Path<String>,
    Lang(language): Lang,
) -> Result<Json<CatalogueEntry>, ApiProblem> {
    let code = ProblemCode::ALL.iter().find(|known| known.as_str() == code.as_str());
    let code = code.ok_or_else(|| ApiProblem::from(Problem::new(ProblemCode::NoSuchPage)))?;
    Ok(Json(catalogue_entry(*code, language)))
}

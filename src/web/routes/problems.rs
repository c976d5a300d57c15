//! `/api/v1/problems`: the catalogue, in the language that is asked for.

use actix_web::{HttpResponse, get, web};
use serde_json::json;

use crate::domain::problem::{Problem, ProblemCode};
use crate::web::extract::Lang;
use crate::web::problem::ApiProblem;
use crate::web::view::problem_view;

/// Every problem there is.
#[get("/api/v1/problems")]
pub(crate) async fn list(Lang(language): Lang) -> HttpResponse {
    let view = |code: &ProblemCode| problem_view(&Problem::new(*code), language);
    HttpResponse::Ok().json(json!({"problems": ProblemCode::ALL.iter().map(view).collect::<Vec<_>>()}))
}

/// One problem.
#[get("/api/v1/problems/{code}")]
pub(crate) async fn show(code: web::Path<String>, Lang(language): Lang) -> Result<HttpResponse, ApiProblem> {
    let code = ProblemCode::ALL.iter().find(|known| known.as_str() == code.as_str());
    let code = code.ok_or_else(|| ApiProblem::from(Problem::new(ProblemCode::NoSuchPage)))?;
    Ok(HttpResponse::Ok().json(problem_view(&Problem::new(*code), language)))
}

//! Stylesheet, script and icon: built into the binary, served with a mark of their content, so that browsers may keep them.
//!
//! What they hold is in `static/`; who refers to them is the layout's business.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, get, web};
use rust_embed::Embed;

use crate::domain::problem::ProblemCode;
use crate::web::problem::ApiProblem;

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// The first digits of each file's SHA-256, by name.
static MARKS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mark = |name: &str| {
        let hash = Files::get(name)?.metadata.sha256_hash();
        let digits: Vec<_> = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Some(digits.concat())
    };
    Files::iter().filter_map(|name| Some((name.to_string(), mark(&name)?))).collect()
});

/// The path of a file under which a browser may keep it for ever.
pub(crate) fn path(name: &str) -> String {
    let mark = MARKS.get(name).map_or("", String::as_str);
    format!("/static/{name}?v={mark}")
}

/// One file; under its path with the mark it never changes, under any other it is asked for again.
#[get("/static/{name}")]
pub(crate) async fn serve(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, ApiProblem> {
    let missing = || ApiProblem::from(ProblemCode::NoSuchPage);
    let mark = MARKS.get(name.as_str()).ok_or_else(missing)?;
    let file = Files::get(&name).ok_or_else(missing)?;
    let etag = format!("\"{mark}\"");
    let keep = if request.query_string() == format!("v={mark}") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, etag)).insert_header((CACHE_CONTROL, keep));
    if known {
        return Ok(answer.finish());
    }
    Ok(answer.content_type(file.metadata.mimetype()).body(file.data.into_owned()))
}

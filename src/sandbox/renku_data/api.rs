//! The gateway, which passes calls on, and the data services' routes and refusals.
//! What calls do is in `projects` and `connectors`.

use std::sync::Arc;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::Sim;
use crate::sandbox::http::{self, Ask};

/// Audiences that count (renku-data-services: `components/renku_data_services/authn/keycloak.py`).
const AUDIENCES: [&str; 4] = ["renku", "renku-ui", "renku-cli", "swagger"];

const PAGE: &str = "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>";

/// Somebody whose token counts.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) email: String,
}

/// An answer of the data services.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    /// The paging headers: page, per page, total.
    pub(super) paging: Option<(usize, usize, usize)>,
}

pub(super) type Answered = Result<Reply, Reply>;

pub(super) fn ok(status: u16, body: Value) -> Reply {
    Reply { status, body: Some(body), paging: None }
}

pub(super) const fn empty() -> Reply {
    Reply { status: 204, body: None, paging: None }
}

pub(super) fn refused(status: u16, message: &str) -> Reply {
    ok(status, json!({ "error": { "code": 1000 + i64::from(status), "message": message } }))
}

pub(super) fn invalid(message: &str, detail: &str) -> Reply {
    ok(422, json!({ "error": { "code": 1422, "message": message, "detail": detail } }))
}

pub(super) fn not_found(what: &str) -> Reply {
    refused(404, &format!("{what} does not exist or you do not have access to it."))
}

impl Sim {
    pub(super) async fn gateway(self: &Arc<Self>, ask: &Ask) -> HttpResponse {
        let writes = ask.method != "GET";
        let played = |name| self.state().plays(name);
        if played("absent").is_some() {
            return http::json(404, &json!({ "message": "Not Found" }));
        }
        if played("down").is_some() {
            return self.page(ask, 503);
        }
        if played("bad_gateway").is_some() {
            return self.page(ask, 502);
        }
        if played("garbage").is_some() {
            return self.page(ask, 200);
        }
        if played("rate_limited").is_some() {
            let mut answer = http::json(429, &json!({ "message": "rate limit exceeded" }));
            let value = actix_web::http::header::HeaderValue::from_static("1");
            answer.headers_mut().insert(actix_web::http::header::RETRY_AFTER, value);
            return answer;
        }
        if played("slow").is_some() {
            self.wait(20.0).await;
        }
        let path = ask.path.trim_start_matches("/api/data/").to_owned();
        let caller = self.caller(ask).await;
        let reply = if writes && self.state().plays("server_error").is_some() {
            refused(500, "An unexpected error occurred: the database went away.")
        } else {
            match self.route(&path, ask, caller.as_ref()).await {
                Ok(reply) | Err(reply) => reply,
            }
        };
        self.note(ask, &path, &reply);
        let effect = writes && reply.status < 300;
        if effect && self.state().plays("lost_answer").is_some() {
            return self.page(ask, 504);
        }
        if effect && self.state().plays("cut").is_some() {
            let broken = futures_util::stream::once(async {
                Err::<actix_web::web::Bytes, _>(std::io::Error::other("cut"))
            });
            let body = actix_web::body::SizedStream::new(1_000, Box::pin(broken));
            return HttpResponse::build(http::code(reply.status)).body(body);
        }
        sent(&reply)
    }

    fn page(&self, ask: &Ask, status: u16) -> HttpResponse {
        let path = ask.path.trim_start_matches("/api/data/");
        self.state().note(json!({
            "gateway": true, "method": ask.method, "path": path, "query": pairs(ask), "request": body(ask), "status": status,
        }));
        http::text(status, "text/html", PAGE)
    }

    fn note(&self, ask: &Ask, path: &str, reply: &Reply) {
        let exchange = json!({
            "gateway": false, "method": ask.method, "path": path, "query": pairs(ask), "request": body(ask),
            "status": reply.status, "response": reply.body, "paged": reply.paging.is_some(),
        });
        self.state().note(exchange);
    }

    /// Whatever is wrong with a token, the caller is then nobody.
    async fn caller(&self, ask: &Ask) -> Option<Caller> {
        let header = ask.header("authorization")?;
        let token =
            header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("bearer ")).unwrap_or(header);
        let claims = self.realm.claims(token).await.ok()?;
        if !AUDIENCES.iter().any(|audience| claims.has_audience(audience)) {
            return None;
        }
        let azp = claims.text("azp").unwrap_or_default();
        let email =
            claims.text("email").map_or_else(|| format!("service-account-{azp}@renku.local"), str::to_owned);
        Some(Caller { name: claims.person().to_owned(), id: claims.text("sub")?.to_owned(), email })
    }

    async fn route(self: &Arc<Self>, path: &str, ask: &Ask, caller: Option<&Caller>) -> Answered {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let method = ask.method.as_str();
        match (method, parts.as_slice()) {
            ("GET", ["version"]) => Ok(ok(200, json!({ "version": self.options.version }))),
            ("GET", ["user"]) => Ok(self.user(known(caller)?)),
            ("GET", ["namespaces"]) => self.namespaces(ask, known(caller)?),
            ("GET", ["projects"]) => self.projects(ask, caller),
            ("POST", ["projects"]) => self.make_project(ask, known(caller)?),
            ("GET", ["namespaces", namespace, "projects", slug]) => self.project(namespace, slug, caller),
            ("GET", ["projects", id, "permissions"]) => self.permissions(id, caller),
            ("GET", ["projects", id, "data_connector_links"]) => self.links_of(id, caller),
            ("GET", ["data_connectors", "global", slug]) => self.connector(slug),
            ("POST", ["data_connectors", "global"]) => self.make_connector(ask, known(caller)?).await,
            ("POST", ["data_connectors", id, "project_links"]) => self.make_link(id, ask, known(caller)?),
            ("DELETE", ["data_connectors", id, "project_links", link]) => {
                self.delete_link(id, link, known(caller)?)
            }
            ("POST", ["storage_schema", "test_connection"]) => self.test_connection(ask).await,
            _ => Err(refused(404, "The requested resource was not found.")),
        }
    }

    /// Whoever writes must have asked for themselves before: Renku's own entry of the person is made then.
    pub(super) fn must_have_entry(&self, caller: &Caller) -> Result<(), Reply> {
        if self.state().users.contains_key(&caller.id) {
            Ok(())
        } else {
            let message =
                "Database error occurred: insert violates foreign key constraint (users.keycloak_id)";
            Err(ok(500, json!({ "error": { "code": 1500, "message": message } })))
        }
    }
}

fn known(caller: Option<&Caller>) -> Result<&Caller, Reply> {
    caller.ok_or_else(|| refused(401, "You have to be authenticated to perform this operation."))
}

fn sent(reply: &Reply) -> HttpResponse {
    let mut answer = HttpResponse::build(http::code(reply.status));
    answer.insert_header(("X-Request-ID", "01JSJM0000000000000000REQ0"));
    // A bearer's call opens an anonymous session at the gateway all the same; who sends it back is anonymous from then on.
    answer.insert_header(("Set-Cookie", "_renku_session=anonymous; Path=/; HttpOnly; SameSite=Lax"));
    if let Some((page, per_page, total)) = reply.paging {
        answer.insert_header(("page", page.to_string()));
        answer.insert_header(("per-page", per_page.to_string()));
        answer.insert_header(("total", total.to_string()));
        answer.insert_header(("total-pages", total.div_ceil(per_page.max(1)).to_string()));
    }
    match &reply.body {
        Some(body) => answer.content_type("application/json").body(body.to_string()),
        None => answer.finish(),
    }
}

fn body(ask: &Ask) -> Value {
    if ask.body.is_empty() { Value::Null } else { ask.json() }
}

/// The query as it was sent, in order.
pub(super) fn pairs(ask: &Ask) -> Vec<(String, String)> {
    let query = ask.target.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Refuses query parameters that are not listed, and gives page and items per page.
pub(super) fn paging(ask: &Ask, listed: &[&str]) -> Result<(usize, usize), Reply> {
    if let Some((other, _)) = pairs(ask).iter().find(|(key, _)| !listed.contains(&key.as_str())) {
        let message =
            format!("There are errors in the following fields, {other}: Extra inputs are not permitted");
        return Err(refused(422, &message));
    }
    let number = |name: &str, usual: usize| ask.query(name).map_or(Some(usual), |text| text.parse().ok());
    match (number("page", 1), number("per_page", 20)) {
        (Some(page), Some(per_page)) if page >= 1 && (1..=100).contains(&per_page) => Ok((page, per_page)),
        _ => Err(refused(422, "There are errors in the following fields, page, per_page")),
    }
}

/// One page of a list.
pub(super) fn paged(all: Vec<Value>, (page, per_page): (usize, usize)) -> Reply {
    let total = all.len();
    let items: Vec<_> = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    Reply { status: 200, body: Some(Value::Array(items)), paging: Some((page, per_page, total)) }
}

/// The object in a body; unknown keys, missing ones and an escaped NUL are refused.
pub(super) fn object(
    value: &Value,
    required: &[&str],
    allowed: &[&str],
    at: &str,
) -> Result<Map<String, Value>, Reply> {
    let wrong = |key: &str, why: &str| {
        refused(422, &format!("There are errors in the following fields, {at}{key}: {why}"))
    };
    let map = value.as_object().ok_or_else(|| wrong("body", "Input should be a valid dictionary"))?;
    if value.to_string().contains("\\u0000") {
        return Err(refused(422, "Null bytes are not allowed"));
    }
    if let Some(missing) = required.iter().find(|key| !map.contains_key(**key)) {
        return Err(wrong(missing, "Field required"));
    }
    match map.keys().find(|key| !required.contains(&key.as_str()) && !allowed.contains(&key.as_str())) {
        Some(other) => Err(wrong(other, "Extra inputs are not permitted")),
        None => Ok(map.clone()),
    }
}

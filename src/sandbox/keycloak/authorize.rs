//! The authorization endpoint and its sign-in page.
//! The exchange of the code belongs in `token`, the device's page in `device`.

use actix_web::{HttpRequest, HttpResponse, web};
use url::Url;

use super::client_auth::{Form, Refusal};
use super::people::{PEOPLE, Person};
use super::state::{AuthRequest, Code, Inner, Sim, random};
use super::tokens;
use crate::sandbox::http::html_escaped as escape;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/protocol/openid-connect/auth", web::get().to(authorize))
        .route("/login-actions/authenticate", web::post().to(sign_in));
}

async fn authorize(sim: web::Data<Sim>, request: HttpRequest, query: web::Query<Form>) -> HttpResponse {
    let asked = match asked(&sim, &query) {
        Ok(asked) => asked,
        Err(Turned::Page(text)) => return error_page(&text),
        Err(Turned::Back(asked, refusal)) => return send_back(&sim, &asked, &refused(&refusal)),
    };
    let automatic = query.get("sandbox_auto").is_some_and(|value| value == "1")
        || ["sandbox-auto", "sandbox_auto"].iter().any(|name| request.headers().contains_key(*name));
    let hinted = query.get("login_hint").and_then(|hint| Person::find(hint));
    if let (true, Some(person)) = (automatic, hinted) {
        return sim.with(|inner| admit(&sim, inner, asked, person));
    }
    if query.get("prompt").is_some_and(|prompt| prompt == "none") {
        return send_back(&sim, &asked, &[("error", "login_required".to_owned())]);
    }
    let title = format!("Sign in to {}", asked.client_id);
    let ticket = random(16);
    sim.with(|inner| inner.asked.insert(ticket.clone(), asked));
    let action = format!("{}/login-actions/authenticate", sim.issuer);
    let hint = query.get("login_hint").map_or("", String::as_str);
    let hidden = format!("<input type=\"hidden\" name=\"session_code\" value=\"{ticket}\">");
    page(&title, &people_form(&action, &hidden, hint, "Sign in", "Refuse"))
}

async fn sign_in(sim: web::Data<Sim>, form: web::Form<Form>) -> HttpResponse {
    let asked = form.get("session_code").and_then(|ticket| sim.with(|inner| inner.asked.remove(ticket)));
    let Some(asked) = asked else {
        return error_page("Cookie not found. Please make sure cookies are enabled in your browser.");
    };
    if form.contains_key("deny") {
        return send_back(&sim, &asked, &[("error", "access_denied".to_owned())]);
    }
    match form.get("username").and_then(|name| Person::find(name)) {
        Some(person) => sim.with(|inner| admit(&sim, inner, asked, person)),
        None => error_page("Invalid username or password."),
    }
}

/// Where a request that is refused goes: to a page here, or back to the client with the error.
enum Turned {
    Page(String),
    Back(Box<AuthRequest>, Refusal),
}

fn asked(sim: &Sim, query: &Form) -> Result<AuthRequest, Turned> {
    let client = query.get("client_id").and_then(|id| sim.with(|inner| inner.clients.get(id).cloned()));
    let Some(client) = client else {
        return Err(Turned::Page("Client not found.".to_owned()));
    };
    let redirect_uri = query.get("redirect_uri").filter(|uri| client.allows_redirect(uri));
    let Some(redirect_uri) = redirect_uri else {
        return Err(Turned::Page("Invalid parameter: redirect_uri".to_owned()));
    };
    let mut asked = AuthRequest {
        client_id: client.client_id.clone(),
        redirect_uri: redirect_uri.clone(),
        scope: String::new(),
        state: query.get("state").cloned(),
        nonce: query.get("nonce").cloned(),
        challenge: query.get("code_challenge").cloned(),
    };
    let back = |asked: &AuthRequest, refusal| Err(Turned::Back(Box::new(asked.clone()), refusal));
    if !client.standard_flow {
        let text = "Client is not allowed to initiate browser login with given response_type. \
                    Standard flow is disabled for the client.";
        return back(&asked, Refusal::new(302, "unauthorized_client", text));
    }
    if query.get("response_type").is_none_or(|kind| kind != "code") {
        return back(&asked, Refusal::new(302, "unsupported_response_type", ""));
    }
    let method = query.get("code_challenge_method").map_or("plain", String::as_str);
    if client.pkce_required && asked.challenge.is_none() {
        let text = "Missing parameter: code_challenge_method";
        return back(&asked, Refusal::new(302, "invalid_request", text));
    }
    if asked.challenge.is_some() && method != "S256" {
        let text = "Invalid parameter: code challenge method is not matching the configured one";
        return back(&asked, Refusal::new(302, "invalid_request", text));
    }
    match tokens::granted_scope(&client, query.get("scope").map_or("", String::as_str)) {
        Ok(scope) => asked.scope = scope,
        Err(refusal) => return back(&asked, refusal),
    }
    Ok(asked)
}

/// Signs the person in and sends the browser back with a code.
fn admit(sim: &Sim, inner: &mut Inner, asked: AuthRequest, person: &'static Person) -> HttpResponse {
    if inner.disabled.contains(person.username) {
        return error_page("Account is disabled, contact your administrator.");
    }
    let sid = inner.open_session(person, &asked.client_id, &asked.scope);
    let code = format!("{}.{sid}", random(24));
    let expires_at = inner.now() + sim.options.code_ttl_s;
    let parameters = [("session_state", sid.clone()), ("code", code.clone())];
    let answer = send_back(sim, &asked, &parameters);
    inner.codes.insert(code, Code { request: asked, sid, expires_at });
    answer
}

fn refused(refusal: &Refusal) -> Vec<(&'static str, String)> {
    let mut parameters = vec![("error", refusal.error.to_owned())];
    if !refusal.description.is_empty() {
        parameters.push(("error_description", refusal.description.clone()));
    }
    parameters
}

fn send_back(sim: &Sim, asked: &AuthRequest, parameters: &[(&'static str, String)]) -> HttpResponse {
    let Ok(mut target) = Url::parse(&asked.redirect_uri) else {
        return error_page("Invalid parameter: redirect_uri");
    };
    {
        let mut pairs = target.query_pairs_mut();
        if let Some(state) = &asked.state {
            pairs.append_pair("state", state);
        }
        for (name, value) in parameters {
            pairs.append_pair(name, value);
        }
        pairs.append_pair("iss", &sim.issuer);
    }
    HttpResponse::Found().insert_header(("Location", target.as_str())).finish()
}

/// A form that asks who one is and works without script.
pub(super) fn people_form(action: &str, hidden: &str, chosen: &str, yes: &str, no: &str) -> String {
    let choices: Vec<String> = PEOPLE
        .iter()
        .map(|person| {
            let checked = if person.username == chosen { " checked" } else { "" };
            format!(
                "<p><label><input type=\"radio\" name=\"username\" value=\"{0}\"{checked}> {1} ({0})</label></p>",
                person.username,
                escape(&person.name()),
            )
        })
        .collect();
    let choices = choices.concat();
    format!(
        "<form method=\"post\" action=\"{}\">{hidden}{choices}<button>{yes}</button> \
         <button name=\"deny\" value=\"1\">{no}</button></form>",
        escape(action),
    )
}

/// A whole page of the simulated Keycloak.
pub(super) fn page(title: &str, content: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(document(title, content))
}

/// A page that says what is wrong, as Keycloak does when it cannot send the browser back.
pub(super) fn error_page(text: &str) -> HttpResponse {
    let content = format!("<p>{}</p>", escape(text));
    HttpResponse::BadRequest()
        .content_type("text/html; charset=utf-8")
        .body(document("We are sorry...", &content))
}

fn document(title: &str, content: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><h1>{title}</h1><p>Simulated Keycloak, realm Renku. No password is asked for.</p>{content}</body></html>"
    )
}

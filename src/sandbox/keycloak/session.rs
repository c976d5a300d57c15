//! What can be done with tokens already given out: userinfo, revocation and logout.
//! New tokens belong in `token`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::authorize::page;
use super::client_auth::{Form, Refusal, authenticate, bearer};
use super::keys;
use super::state::{Inner, Sim};
use super::tokens;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/protocol/openid-connect/userinfo", web::get().to(userinfo))
        .route("/protocol/openid-connect/userinfo", web::post().to(userinfo))
        .route("/protocol/openid-connect/revoke", web::post().to(revoke))
        .route("/protocol/openid-connect/token/introspect", web::post().to(introspect))
        .route("/protocol/openid-connect/logout", web::post().to(logout))
        .route("/protocol/openid-connect/logout", web::get().to(logout_page));
}

async fn userinfo(sim: web::Data<Sim>, request: HttpRequest) -> HttpResponse {
    let claims = sim.with(|inner| {
        let token = bearer(&request).and_then(|token| read_access(inner, token));
        let token = token.ok_or("Token verification failed")?;
        let sid = token.get("sid").and_then(Value::as_str).unwrap_or_default();
        let session = inner.sessions.get(sid).ok_or("user_session_not_found")?;
        if inner.disabled.contains(session.person.username) {
            return Err("User disabled");
        }
        Ok(tokens::person_claims(session))
    });
    match claims {
        Ok(claims) => HttpResponse::Ok().json(claims),
        Err(words) => {
            let challenge =
                format!("Bearer realm=\"Renku\", error=\"invalid_token\", error_description=\"{words}\"");
            HttpResponse::Unauthorized().insert_header(("WWW-Authenticate", challenge)).finish()
        }
    }
}

/// Says whether a refresh token of the calling client still lives, and what the next access token would say.
async fn introspect(sim: web::Data<Sim>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    let told = sim.with(|inner| {
        let client = authenticate(inner, &request, &form)?;
        let living = form.get("token").and_then(|token| {
            let known = inner.refresh.values().find(|known| &known.token == token)?;
            let session = inner.sessions.get(&known.sid)?;
            let usable = known.expires_at > inner.now()
                && !known.spent
                && session.client_id == client.client_id
                && !inner.disabled.contains(session.person.username);
            usable.then(|| tokens::introspected(&sim, session, &client, known.expires_at))
        });
        Ok::<Value, Refusal>(living.unwrap_or_else(|| json!({"active": false})))
    });
    match told {
        Ok(told) => HttpResponse::Ok().json(told),
        Err(refusal) => refusal.answer(),
    }
}

/// The claims of a living access token of this realm.
fn read_access(inner: &Inner, token: &str) -> Option<Value> {
    let claims = inner.keys.iter().find_map(|key| key.read(token))?;
    (claims.get("exp")?.as_u64()? > inner.now()).then_some(claims)
}

async fn revoke(sim: web::Data<Sim>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    let done = sim.with(|inner| {
        let client = authenticate(inner, &request, &form)?;
        let Some(token) = form.get("token") else {
            return Err(Refusal::new(400, "invalid_request", "Token not provided"));
        };
        // Keycloak answers 200 with an error in the body for a token it does not know.
        let unknown = || Refusal::new(200, "invalid_token", "Invalid token");
        let sid = session_of(inner, token).ok_or_else(unknown)?;
        let session = inner.sessions.get(&sid).cloned().ok_or_else(unknown)?;
        if session.client_id != client.client_id {
            return Err(Refusal::new(400, "invalid_token", "Unmatching clients"));
        }
        if inner.refresh.values().any(|known| &known.token == token) {
            let (person, client_id) = (session.person.username, session.client_id);
            inner.sessions.retain(|_, other| other.person.username != person || other.client_id != client_id);
        }
        Ok(())
    });
    match done {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(refusal) => refusal.answer(),
    }
}

async fn logout(sim: web::Data<Sim>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    let done = sim.with(|inner| {
        authenticate(inner, &request, &form)?;
        let sid = form
            .get("refresh_token")
            .and_then(|token| session_of(inner, token))
            .ok_or_else(|| Refusal::grant("Invalid refresh token"))?;
        inner.sessions.remove(&sid);
        Ok::<(), Refusal>(())
    });
    match done {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(refusal) => refusal.answer(),
    }
}

async fn logout_page(sim: web::Data<Sim>, query: web::Query<Form>) -> HttpResponse {
    let ended = query.get("id_token_hint").and_then(|token| {
        let sid = keys::claims(token)?.get("sid")?.as_str()?.to_owned();
        sim.with(|inner| inner.sessions.remove(&sid))
    });
    match (ended, query.get("post_logout_redirect_uri")) {
        (Some(_), Some(target)) => {
            HttpResponse::Found().insert_header(("Location", target.as_str())).finish()
        }
        (Some(_) | None, Some(_) | None) => page("Logging out", "<p>You are logged out.</p>"),
    }
}

/// The session a refresh or access token belongs to.
fn session_of(inner: &Inner, token: &str) -> Option<String> {
    if let Some(known) = inner.refresh.values().find(|known| known.token == token) {
        return Some(known.sid.clone());
    }
    Some(json!(read_access(inner, token)?).get("sid")?.as_str()?.to_owned())
}

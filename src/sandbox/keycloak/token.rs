//! The token endpoint: code, refresh token, device code and password, judged as Keycloak judges them.
//! What the tokens say belongs in `tokens`.

use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::client_auth::{Form, Refusal, authenticate, credentials};
use super::keys;
use super::realm::Client;
use super::state::{Answer, Event, Inner, Sim};
use super::tokens;

/// The grant type of RFC 8628.
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/protocol/openid-connect/token", web::post().to(token));
    config.route("/protocol/openid-connect/token", web::method(Method::OPTIONS).to(preflight));
}

/// A browser asks whether a script of another origin may call; Keycloak lets any, and judges the origin with the call itself.
async fn preflight(request: HttpRequest) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    if let Some(origin) = request.headers().get(ORIGIN) {
        answer.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, origin));
    }
    answer
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"))
        .insert_header((
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Origin, Accept, X-Requested-With, Content-Type, Authorization",
        ))
        .finish()
}

async fn token(sim: web::Data<Sim>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    let origin = request.headers().get(ORIGIN).cloned();
    let client = form.get("client_id").and_then(|id| sim.with(|inner| inner.clients.get(id).cloned()));
    let mut answer = granted(sim, request, form).await;
    if let (Some(origin), Some(client)) = (origin, client)
        && origin.to_str().is_ok_and(|origin| client.allows_origin(origin))
    {
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    answer
}

async fn granted(sim: web::Data<Sim>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    if sim.with(|inner| inner.take_fault("token_endpoint_down")).is_some() {
        let page = "<html><body><h1>503 Service Unavailable</h1></body></html>";
        sim.with(|inner| note(inner, &request, &form, None, "503".to_owned()));
        return HttpResponse::ServiceUnavailable().content_type("text/html").body(page);
    }
    if let Some(ms) = sim.with(|inner| inner.take_fault("slow")) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let (result, lost, late) = sim.with(|inner| {
        let user = user_of(inner, &form);
        let result = judge(&sim, inner, &request, &form);
        let lost = result.is_ok() && inner.take_fault("answer_lost").is_some();
        let outcome = match &result {
            Ok(_) if lost => "answer lost".to_owned(),
            Ok(_) => "ok".to_owned(),
            Err(refusal) => refusal.outcome(),
        };
        note(inner, &request, &form, user, outcome);
        (result, lost, inner.take_fault("slow_answer"))
    });
    if let Some(ms) = late {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    match result {
        Ok(_) if lost => HttpResponse::Ok().body(Cut),
        Ok(body) => HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(body),
        Err(refusal) => refusal.answer(),
    }
}

/// A body that breaks before its first byte: the server closes the connection with nothing sent.
struct Cut;

impl MessageBody for Cut {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(1)
    }

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, Self::Error>>> {
        std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

fn judge(sim: &Sim, inner: &mut Inner, request: &HttpRequest, form: &Form) -> Result<Value, Refusal> {
    let client = authenticate(inner, request, form)?;
    match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => code(sim, inner, &client, form),
        Some("refresh_token") => refresh(sim, inner, &client, form),
        Some(DEVICE_GRANT) => device(sim, inner, &client, form),
        Some("password") if !client.direct_access_grants => {
            Err(Refusal::new(400, "unauthorized_client", "Client not allowed for direct access grants"))
        }
        Some("password") => password(sim, inner, &client, form),
        Some("client_credentials") if client.secret.is_none() => Err(Refusal::new(
            401,
            "unauthorized_client",
            "Public client not allowed to retrieve service account",
        )),
        Some("client_credentials") => {
            Err(Refusal::new(401, "unauthorized_client", "Client not enabled to retrieve service account"))
        }
        Some(_) => Err(Refusal::new(400, "unsupported_grant_type", "Unsupported grant_type")),
        None => Err(Refusal::new(400, "invalid_request", "Missing form parameter: grant_type")),
    }
}

fn code(sim: &Sim, inner: &mut Inner, client: &Client, form: &Form) -> Result<Value, Refusal> {
    let now = inner.now();
    let code = form
        .get("code")
        .and_then(|code| inner.codes.remove(code))
        .filter(|code| code.request.client_id == client.client_id)
        .ok_or_else(|| Refusal::grant("Code not valid"))?;
    if code.expires_at < now {
        return Err(Refusal::grant("Code is expired"));
    }
    if form.get("redirect_uri") != Some(&code.request.redirect_uri) {
        return Err(Refusal::grant("Incorrect redirect_uri"));
    }
    if let Some(challenge) = &code.request.challenge {
        let Some(verifier) = form.get("code_verifier") else {
            return Err(Refusal::grant("PKCE code verifier not specified"));
        };
        if &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) != challenge {
            return Err(Refusal::grant("PKCE verification failed"));
        }
    }
    enabled(inner, &code.sid)?;
    tokens::answer(sim, inner, &code.sid, code.request.nonce.as_deref(), None)
}

fn refresh(sim: &Sim, inner: &mut Inner, client: &Client, form: &Form) -> Result<Value, Refusal> {
    let now = inner.now();
    let presented =
        form.get("refresh_token").ok_or_else(|| Refusal::new(400, "invalid_request", "No refresh token"))?;
    let jti = jti_of(presented).ok_or_else(|| Refusal::grant("Invalid refresh token"))?;
    let known = inner
        .refresh
        .get(&jti)
        .filter(|known| &known.token == presented)
        .cloned()
        .ok_or_else(|| Refusal::grant("Invalid refresh token"))?;
    let Some(session) = inner.sessions.get(&known.sid).cloned() else {
        let reused = inner.reused.contains(&known.sid);
        // A token used twice takes the client out of the session; the session itself stays.
        let words = if reused { "Session doesn't have required client" } else { "Session not active" };
        return Err(Refusal::grant(words));
    };
    if session.client_id != client.client_id {
        return Err(Refusal::grant("Invalid refresh token. Token client and authorized client don't match"));
    }
    if known.expires_at < now {
        return Err(Refusal::grant("Token is not active"));
    }
    enabled(inner, &known.sid)?;
    if sim.options.rotate && known.spent {
        inner.sessions.remove(&known.sid);
        inner.reused.insert(known.sid);
        return Err(Refusal::grant("Maximum allowed refresh token reuse exceeded"));
    }
    if let Some(known) = inner.refresh.get_mut(&jti) {
        known.spent = true;
    }
    tokens::answer(sim, inner, &known.sid, None, Some(&known))
}

fn device(sim: &Sim, inner: &mut Inner, client: &Client, form: &Form) -> Result<Value, Refusal> {
    if !client.device_flow {
        return Err(Refusal::grant("Client not allowed OAuth 2.0 Device Authorization Grant"));
    }
    let now = inner.now();
    let ordered = inner.take_fault("slow_down").is_some();
    let code = form.get("device_code").cloned().unwrap_or_default();
    let Some(device) = inner.devices.get_mut(&code).filter(|device| device.client_id == client.client_id)
    else {
        return Err(Refusal::grant("Device code not valid"));
    };
    if device.expires_at < now {
        return Err(Refusal::new(400, "expired_token", "Device code is expired"));
    }
    let too_soon = device.last_poll.is_some_and(|last| last + sim.options.device_interval_s > now);
    device.last_poll = Some(now);
    if too_soon || ordered {
        return Err(Refusal::new(400, "slow_down", "Slow down"));
    }
    let scope = device.scope.clone();
    match device.answer {
        None => Err(Refusal::new(400, "authorization_pending", "The authorization request is still pending")),
        Some(Answer::Denied) => {
            Err(Refusal::new(400, "access_denied", "The end user denied the authorization request"))
        }
        Some(Answer::Approved(person)) => {
            inner.devices.remove(&code);
            let sid = inner.open_session(person, &client.client_id, &scope);
            enabled(inner, &sid)?;
            tokens::answer(sim, inner, &sid, None, None)
        }
    }
}

/// The simulated people have no passwords: any is right but `wrong`.
fn password(sim: &Sim, inner: &mut Inner, client: &Client, form: &Form) -> Result<Value, Refusal> {
    let person = form.get("username").and_then(|name| super::Person::find(name));
    let wrong = form.get("password").is_none_or(|password| password == "wrong");
    let Some(person) = person.filter(|_| !wrong) else {
        return Err(Refusal::new(401, "invalid_grant", "Invalid user credentials"));
    };
    let scope = tokens::granted_scope(client, form.get("scope").map_or("", String::as_str))?;
    let sid = inner.open_session(person, &client.client_id, &scope);
    enabled(inner, &sid)?;
    tokens::answer(sim, inner, &sid, None, None)
}

fn enabled(inner: &Inner, sid: &str) -> Result<(), Refusal> {
    let Some(session) = inner.sessions.get(sid) else {
        return Err(Refusal::grant("Session not active"));
    };
    if inner.disabled.contains(session.person.username) {
        return Err(Refusal::grant("User disabled"));
    }
    Ok(())
}

fn jti_of(token: &str) -> Option<String> {
    keys::claims(token)?.get("jti")?.as_str().map(str::to_owned)
}

fn user_of(inner: &Inner, form: &Form) -> Option<String> {
    let sid = match form.get("refresh_token") {
        Some(token) => inner.refresh.get(&jti_of(token)?)?.sid.clone(),
        None => inner.codes.get(form.get("code")?)?.sid.clone(),
    };
    Some(inner.sessions.get(&sid)?.person.username.to_owned())
}

fn note(inner: &mut Inner, request: &HttpRequest, form: &Form, user: Option<String>, outcome: String) {
    let event = Event {
        grant: form.get("grant_type").cloned().unwrap_or_default(),
        client: credentials(request, form).map_or_else(String::new, |(client_id, _)| client_id),
        user,
        refresh_token: form.get("refresh_token").and_then(|token| jti_of(token)),
        outcome,
    };
    inner.events.push(event);
}

//! The device flow (RFC 8628): its start, and the page on which the person enters the code.
//! The polling belongs in `token`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::authorize::{error_page, page, people_form};
use super::client_auth::{Form, Refusal, authenticate};
use super::people::Person;
use super::state::{Answer, Device, Inner, Sim, random};
use super::tokens;
use crate::sandbox::http::html_escaped as escape;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/protocol/openid-connect/auth/device", web::post().to(start))
        .route("/device", web::get().to(ask))
        .route("/device", web::post().to(answered));
}

async fn start(sim: web::Data<Sim>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    match sim.with(|inner| begin(&sim, inner, &request, &form)) {
        Ok(body) => HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(body),
        Err(refusal) => refusal.answer(),
    }
}

fn begin(sim: &Sim, inner: &mut Inner, request: &HttpRequest, form: &Form) -> Result<Value, Refusal> {
    let client = authenticate(inner, request, form)?;
    if !client.device_flow {
        let text = "Client is not allowed to initiate OAuth 2.0 Device Authorization Grant. \
                    The flow is disabled for the client.";
        return Err(Refusal::new(400, "unauthorized_client", text));
    }
    let scope = tokens::granted_scope(&client, form.get("scope").map_or("", String::as_str))?;
    let device_code = random(32);
    let user_code = user_code();
    let device = Device {
        user_code: user_code.clone(),
        client_id: client.client_id,
        scope,
        expires_at: inner.now() + sim.options.device_ttl_s,
        last_poll: None,
        answer: None,
    };
    inner.devices.insert(device_code.clone(), device);
    let page = format!("{}/device", sim.issuer);
    Ok(json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": sim.options.device_ttl_s, "interval": sim.options.device_interval_s,
    }))
}

async fn ask(sim: web::Data<Sim>, query: web::Query<Form>) -> HttpResponse {
    let code = query.get("user_code").map_or("", String::as_str);
    let field = format!(
        "<p><label>Code from your device <input name=\"user_code\" value=\"{}\"></label></p>",
        escape(code)
    );
    let action = format!("{}/device", sim.issuer);
    let hint = query.get("login_hint").map_or("", String::as_str);
    page("Device login", &people_form(&action, &field, hint, "Yes, let the device in", "No"))
}

async fn answered(sim: web::Data<Sim>, form: web::Form<Form>) -> HttpResponse {
    let code = form.get("user_code").map_or("", String::as_str);
    let answer = if form.contains_key("deny") {
        Some(Answer::Denied)
    } else {
        form.get("username").and_then(|name| Person::find(name)).map(Answer::Approved)
    };
    let Some(answer) = answer else {
        return error_page("Invalid username or password.");
    };
    if !sim.with(|inner| settle(inner, code, answer)) {
        return error_page("Invalid code, please try again.");
    }
    match answer {
        Answer::Approved(_) => {
            page("Device Login Successful", "<p>You may close this window and go back to your device.</p>")
        }
        Answer::Denied => page("Device Login Refused", "<p>Consent denied for connecting the device.</p>"),
    }
}

/// Gives a waiting device its answer; `false` when no living device shows that code.
pub(super) fn settle(inner: &mut Inner, user_code: &str, answer: Answer) -> bool {
    let now = inner.now();
    let typed = user_code.trim().to_uppercase();
    let waiting = inner
        .devices
        .values_mut()
        .find(|device| device.user_code == typed && device.expires_at >= now && device.answer.is_none());
    match waiting {
        Some(device) => {
            device.answer = Some(answer);
            true
        }
        None => false,
    }
}

/// Eight letters without vowels, so that no word comes out, as Keycloak makes them.
fn user_code() -> String {
    use rand::Rng as _;
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut rng = rand::rngs::OsRng;
    let mut code = String::with_capacity(9);
    for position in 0..8 {
        if position == 4 {
            code.push('-');
        }
        code.extend(LETTERS.get(rng.gen_range(0..LETTERS.len())).map(|letter| char::from(*letter)));
    }
    code
}

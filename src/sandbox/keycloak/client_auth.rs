//! Who a client is that calls an endpoint of the back channel, and the refusals Keycloak words for it.
//! What the client may do belongs in the endpoint's module.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::realm::Client;
use super::state::Inner;

/// The fields of a form.
pub(super) type Form = HashMap<String, String>;

/// A refusal in the shape of OAuth 2.0 (RFC 6749 §5.2), with Keycloak's words.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) description: String,
}

impl Refusal {
    pub(super) fn new(status: u16, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into() }
    }

    /// A dead or unusable grant: HTTP 400 `invalid_grant`.
    pub(super) fn grant(description: &str) -> Self {
        Self::new(400, "invalid_grant", description)
    }

    /// The refusal as one line for the list of events.
    pub(super) fn outcome(&self) -> String {
        format!("{}: {}", self.error, self.description)
    }

    pub(super) fn answer(&self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = if self.description.is_empty() {
            json!({"error": self.error})
        } else {
            json!({"error": self.error, "error_description": self.description})
        };
        HttpResponse::build(status).insert_header(("Cache-Control", "no-store")).json(body)
    }
}

/// The client that calls, by Basic authentication or by fields of the form.
pub(super) fn authenticate(inner: &Inner, request: &HttpRequest, form: &Form) -> Result<Client, Refusal> {
    let Some((client_id, secret)) = credentials(request, form) else {
        return Err(Refusal::new(400, "invalid_client", "Missing client_id parameter"));
    };
    let Some(client) = inner.clients.get(&client_id) else {
        return Err(Refusal::new(401, "invalid_client", "Invalid client or Invalid client credentials"));
    };
    if client.secret.is_some() && client.secret != secret {
        return Err(Refusal::new(401, "unauthorized_client", "Invalid client or Invalid client credentials"));
    }
    Ok(client.clone())
}

/// The client's id and secret as they were given, right or wrong.
pub(super) fn credentials(request: &HttpRequest, form: &Form) -> Option<(String, Option<String>)> {
    basic(request).or_else(|| Some((form.get("client_id")?.clone(), form.get("client_secret").cloned())))
}

fn basic(request: &HttpRequest) -> Option<(String, Option<String>)> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let encoded = header.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
    let decode = |text: &str| {
        url::form_urlencoded::parse(format!("v={text}").as_bytes())
            .next()
            .map_or_else(String::new, |(_, value)| value.into_owned())
    };
    Some((decode(id), Some(decode(secret))))
}

/// The bearer token of a request.
pub(super) fn bearer(request: &HttpRequest) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

//! What the tokens of the simulated realm say.
//! When they are given out belongs in `token`; their signature in `keys`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::client_auth::Refusal;
use super::keys;
use super::realm::Client;
use super::state::{Inner, Refresh, Session, Sim, random};

/// Days an offline refresh token may lie unused (Keycloak's default).
const OFFLINE_IDLE_S: u64 = 30 * 86_400;

/// The scopes a client gets for what it asked: its default ones, plus those asked for.
///
/// # Errors
/// `invalid_scope` for a scope the client does not have; `not_allowed` for a refused `offline_access`.
pub(super) fn granted_scope(client: &Client, asked: &str) -> Result<String, Refusal> {
    const KNOWN: [&str; 9] =
        ["openid", "profile", "email", "roles", "web-origins", "basic", "acr", "address", "phone"];
    let mut granted = Vec::new();
    for scope in asked.split_whitespace() {
        match scope {
            "offline_access" if client.offline_access => granted.push(scope),
            "offline_access" => {
                return Err(Refusal::new(
                    400,
                    "not_allowed",
                    "Offline tokens not allowed for the user or client",
                ));
            }
            _ if KNOWN.contains(&scope) => granted.push(scope),
            _ => return Err(Refusal::new(400, "invalid_scope", format!("Invalid scopes: {asked}"))),
        }
    }
    for default in ["profile", "email"] {
        if !granted.contains(&default) {
            granted.push(default);
        }
    }
    Ok(granted.join(" "))
}

/// The body of a successful token answer for a session; `old` is the refresh token that was presented.
pub(super) fn answer(
    sim: &Sim,
    inner: &mut Inner,
    sid: &str,
    nonce: Option<&str>,
    old: Option<&Refresh>,
) -> Result<Value, Refusal> {
    let session = inner.sessions.get(sid).cloned().ok_or_else(|| Refusal::grant("Session not active"))?;
    let client = inner
        .clients
        .get(&session.client_id)
        .cloned()
        .ok_or_else(|| Refusal::grant("Session doesn't have required client"))?;
    let key = inner.signing_key().ok_or_else(|| Refusal::new(500, "server_error", "no key"))?;
    let now = inner.now();
    let ttl = client.access_ttl_s.unwrap_or(sim.options.access_ttl_s);
    let access = key.sign(&access_claims(sim, &session, &client, sid, (now, ttl)));
    let idle = if session.offline { OFFLINE_IDLE_S } else { sim.options.refresh_idle_s };
    let refresh = match old {
        Some(old) if !sim.options.rotate && sim.options.same_refresh_token => old.token.clone(),
        Some(_) | None => new_refresh(sim, inner, &session, sid, now + idle),
    };
    let mut body = json!({
        "access_token": access, "expires_in": ttl,
        "refresh_token": refresh, "refresh_expires_in": if session.offline { 0 } else { idle },
        "token_type": "Bearer", "not-before-policy": 0, "session_state": sid, "scope": session.scope,
    });
    if session.scope.split(' ').any(|scope| scope == "openid") {
        let id = key.sign(&id_claims(sim, &session, sid, nonce, &access, (now, ttl)));
        if let Some(fields) = body.as_object_mut() {
            fields.insert("id_token".to_owned(), Value::String(id));
        }
    }
    Ok(body)
}

/// The claims about the person that tokens and `userinfo` share.
pub(super) fn person_claims(session: &Session) -> Value {
    json!({
        "sub": session.person.sub,
        "email_verified": true,
        "name": session.person.name(),
        "preferred_username": session.person.username,
        "given_name": session.person.given_name,
        "family_name": session.person.family_name,
        "email": session.person.email(),
    })
}

/// What introspection tells of a refresh token: its own times, and the claims of the access token that it would buy.
pub(super) fn introspected(sim: &Sim, session: &Session, client: &Client, exp: u64) -> Value {
    let mut audience = vec![sim.issuer.as_str()];
    audience.extend(client.audience_renku.then_some("renku"));
    audience.push("account");
    let claims = json!({
        "active": true, "exp": exp, "iss": sim.issuer, "aud": audience, "typ": "Refresh", "azp": session.client_id,
        "client_id": session.client_id, "username": session.person.username, "scope": session.scope,
    });
    merged(claims, person_claims(session))
}

fn access_claims(sim: &Sim, session: &Session, client: &Client, sid: &str, (now, ttl): (u64, u64)) -> Value {
    let audience = if client.audience_renku { json!(["renku", "account"]) } else { json!("account") };
    let claims = json!({
        "exp": now + ttl, "iat": now, "nbf": now, "auth_time": session.auth_time,
        "jti": random(16), "iss": sim.issuer, "aud": audience, "typ": "Bearer",
        "azp": session.client_id, "sid": sid, "session_state": sid, "acr": "1",
        "realm_access": {"roles": ["default-roles-renku", "offline_access", "uma_authorization"]},
        "scope": session.scope,
    });
    merged(claims, person_claims(session))
}

fn id_claims(
    sim: &Sim,
    session: &Session,
    sid: &str,
    nonce: Option<&str>,
    access: &str,
    (now, ttl): (u64, u64),
) -> Value {
    let digest = Sha256::digest(access.as_bytes());
    let half = digest.get(..16).unwrap_or_default();
    let mut claims = json!({
        "exp": now + ttl, "iat": now, "auth_time": session.auth_time, "jti": random(16),
        "iss": sim.issuer, "aud": session.client_id, "typ": "ID", "azp": session.client_id,
        "sid": sid, "session_state": sid, "acr": "1", "at_hash": URL_SAFE_NO_PAD.encode(half),
    });
    if let (Some(nonce), Some(fields)) = (nonce, claims.as_object_mut()) {
        fields.insert("nonce".to_owned(), json!(nonce));
    }
    merged(claims, person_claims(session))
}

fn new_refresh(sim: &Sim, inner: &mut Inner, session: &Session, sid: &str, expires_at: u64) -> String {
    let jti = random(16);
    let claims = json!({
        "exp": expires_at, "iat": inner.now(), "jti": jti, "iss": sim.issuer, "aud": sim.issuer,
        "sub": session.person.sub, "typ": if session.offline { "Offline" } else { "Refresh" },
        "azp": session.client_id, "sid": sid, "scope": session.scope,
    });
    let header = json!({"alg": "HS512", "typ": "JWT", "kid": "refresh"});
    let token = format!("{}.{}", keys::unsigned(&header, &claims), random(64));
    let kept = Refresh { token: token.clone(), sid: sid.to_owned(), spent: false, expires_at };
    inner.refresh.insert(jti, kept);
    token
}

fn merged(mut claims: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (claims.as_object_mut(), more) {
        fields.extend(more);
    }
    claims
}

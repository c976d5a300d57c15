//! The realm's discovery document and key set.
//! The endpoints named in it belong in the modules of their own.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::state::Sim;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/.well-known/openid-configuration", web::get().to(document))
        .route("/protocol/openid-connect/certs", web::get().to(certs));
}

async fn document(sim: web::Data<Sim>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "issuer": sim.issuer,
        "authorization_endpoint": sim.endpoint("auth"),
        "token_endpoint": sim.endpoint("token"),
        "userinfo_endpoint": sim.endpoint("userinfo"),
        "end_session_endpoint": sim.endpoint("logout"),
        "jwks_uri": sim.endpoint("certs"),
        "revocation_endpoint": sim.endpoint("revoke"),
        "introspection_endpoint": sim.endpoint("token/introspect"),
        "device_authorization_endpoint": sim.endpoint("auth/device"),
        "grant_types_supported": ["authorization_code", "refresh_token", "password",
            "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ["openid", "profile", "email", "roles", "web-origins", "basic", "offline_access"],
        "claims_supported": ["aud", "sub", "iss", "auth_time", "name", "given_name", "family_name",
            "preferred_username", "email"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }))
}

async fn certs(sim: web::Data<Sim>) -> HttpResponse {
    let keys: Vec<Value> = sim.with(|inner| inner.keys.iter().map(|key| key.jwk()).collect());
    HttpResponse::Ok().json(json!({"keys": keys}))
}

//! Checks tokens: an access token as Renku's gateways and services do, an ID token as OpenID Connect demands.
//!
//! Where the tokens come from belongs in `client`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken as OidcAccessToken, AccessTokenHash, ClientId, ClientSecret, JsonWebKey, Nonce,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use crate::domain::ports::identity::Claims;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};
use crate::domain::time::Timestamp;

use super::OidcSettings;
use super::discovery::Provider;
use super::wire::{AccessClaims, JwsHeader};

/// Why a token is not accepted.
#[derive(Debug)]
pub(super) enum Refused {
    /// The key that signed it is not among those we know; the keys may have changed.
    KeyUnknown(Fault),
    /// Any other refusal.
    For(Fault),
}

fn again(code: ProblemCode) -> Fault {
    Fault::new(Class::SignIn(SignInAt::Connector), Problem::new(code))
}

/// The claims of an access token, if Renku would accept it.
pub(super) fn access_token(
    token: &str,
    provider: &Provider,
    settings: &OidcSettings,
    now: Timestamp,
) -> Result<Claims, Refused> {
    let parts = taken_apart(token).ok_or_else(|| Refused::For(again(ProblemCode::TokenUnreadable)))?;
    let claims: AccessClaims =
        decoded(parts.claims).ok_or_else(|| Refused::For(again(ProblemCode::TokenUnreadable)))?;
    // Before the signature, so that a token of another realm is called that.
    if claims.iss != provider.issuer.as_str() {
        let words = format!("{} instead of {}", claims.iss, provider.issuer.as_str());
        return Err(Refused::For(again(ProblemCode::TokenIssuerMismatch).saying(words)));
    }
    signature_fits(&parts, provider)?;
    claims_fit(claims, settings, now).map_err(Refused::For)
}

/// Whether the realm signed it, whoever it says that it is from and whatever it claims.
pub(super) fn signature(token: &str, provider: &Provider) -> Result<(), Refused> {
    let parts = taken_apart(token).ok_or_else(|| Refused::For(again(ProblemCode::TokenUnreadable)))?;
    signature_fits(&parts, provider)
}

/// A token in its three parts; nothing in it is proven.
struct Parts<'a> {
    header: JwsHeader,
    claims: &'a str,
    signed: &'a str,
    signature: Vec<u8>,
}

fn taken_apart(token: &str) -> Option<Parts<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    Some(Parts { header: decoded(header)?, claims, signed, signature })
}

fn signature_fits(
    Parts { header, signed, signature, .. }: &Parts<'_>,
    provider: &Provider,
) -> Result<(), Refused> {
    let wrong = |words: &str| again(ProblemCode::TokenSignatureWrong).saying(words);
    // Renku's gateways and services accept this algorithm alone.
    if header.alg != "RS256" {
        return Err(Refused::For(wrong("not signed with RS256")));
    }
    let key = provider.keys.keys().iter().find(|key| match (key.key_id(), &header.kid) {
        (Some(known), Some(named)) => known.as_str() == named,
        (Some(_) | None, Some(_) | None) => false,
    });
    let Some(key) = key else {
        return Err(Refused::KeyUnknown(wrong("signed with a key that the realm does not publish")));
    };
    key.verify_signature(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, signed.as_bytes(), signature)
        .map_err(|error| Refused::For(wrong("the signature does not fit").caused_by(error)))
}

fn claims_fit(claims: AccessClaims, settings: &OidcSettings, now: Timestamp) -> Result<Claims, Fault> {
    let until = Timestamp::from_millis(claims.exp.unwrap_or(0).saturating_mul(1000));
    if until.plus(settings.leeway) <= now {
        return Err(again(ProblemCode::TokenExpired).saying(format!("since {until}")));
    }
    complete(&claims, settings)?;
    let username = claims.preferred_username.unwrap_or_else(|| claims.sub.clone());
    Ok(Claims {
        issuer: claims.iss,
        subject: claims.sub,
        name: claims.name,
        username,
        client: claims.azp,
        until,
        roles: claims.realm_access.roles,
    })
}

/// Whether the claims name everything that Renku wants to know, whenever they end.
pub(super) fn complete(claims: &AccessClaims, settings: &OidcSettings) -> Result<(), Fault> {
    if !claims.aud.contains(&settings.audience) {
        let words = format!("aud is \"{}\", without \"{}\"", claims.aud.listed(), settings.audience);
        return Err(Fault::user(ProblemCode::TokenWithoutAudience).saying(words));
    }
    let accepted = settings.accepted_clients.as_ref();
    let client = claims.azp.as_deref().unwrap_or_default();
    if accepted.is_some_and(|accepted| !accepted.iter().any(|one| one == client)) {
        let words = format!("azp is \"{client}\"");
        return Err(Fault::user(ProblemCode::TokenClientNotAccepted).saying(words));
    }
    for (claim, code) in [
        (&claims.sub, ProblemCode::TokenWithoutSubject),
        (&claims.email, ProblemCode::TokenWithoutEmail),
        (&claims.name, ProblemCode::TokenWithoutName),
    ] {
        if claim.trim().is_empty() {
            return Err(Fault::user(code));
        }
    }
    Ok(())
}

/// When a token ends by its own words; for answers without `expires_in`.
pub(super) fn expiry(token: &str) -> Option<Timestamp> {
    let claims: AccessClaims = decoded(token.split('.').nth(1)?)?;
    Some(Timestamp::from_millis(claims.exp?.saturating_mul(1000)))
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Checks the ID token of a code flow and says its subject.
///
/// Other audiences beside our client are accepted: Keycloak adds some by mappers.
pub(super) fn id_token(
    id_token: &SecretString,
    access: &SecretString,
    nonce: &Nonce,
    provider: &Provider,
    settings: &OidcSettings,
    now: Timestamp,
) -> Result<String, Fault> {
    let refused = |words: String| {
        Fault::new(Class::User, Problem::new(ProblemCode::SignInRefused)).saying(format!("ID token: {words}"))
    };
    let token: CoreIdToken =
        id_token.expose_secret().parse().ok().ok_or_else(|| refused("unreadable".to_owned()))?;
    let client = ClientId::new(settings.client_id.clone());
    let (issuer, keys) = (provider.issuer.clone(), provider.keys.clone());
    let verifier = match &settings.client_secret {
        Some(secret) => {
            let secret = ClientSecret::new(secret.expose_secret().to_owned());
            CoreIdTokenVerifier::new_confidential_client(client, secret, issuer, keys)
        }
        None => CoreIdTokenVerifier::new_public_client(client, issuer, keys),
    };
    // The leeway is for clocks that differ.
    let moment = now.minus(settings.leeway);
    let verifier = verifier
        .set_other_audience_verifier_fn(|_| true)
        .set_time_fn(move || DateTime::from_timestamp_millis(moment.as_millis()).unwrap_or_default());
    let claims = token.claims(&verifier, nonce).map_err(|error| refused(error.to_string()))?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(|error| refused(error.to_string()))?;
        let key = token.signing_key(&verifier).map_err(|error| refused(error.to_string()))?;
        let access = OidcAccessToken::new(access.expose_secret().to_owned());
        let found = AccessTokenHash::from_token(&access, algorithm, key)
            .map_err(|error| refused(error.to_string()))?;
        if &found != expected {
            return Err(refused("at_hash belongs to another access token".to_owned()));
        }
    }
    Ok(claims.subject().as_str().to_owned())
}

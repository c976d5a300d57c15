//! Access tokens as simulated services check them: RS256 signature against the realm's keys, then expiry.
//! Which claims count is each service's business.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::http::now;

/// The ASN.1 head of a SHA-256 digest in a PKCS#1 v1.5 signature (RFC 8017, 9.2).
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// A Keycloak realm, as a service that takes its tokens knows it.
#[derive(Debug)]
pub(super) struct Realm {
    issuer: String,
    client: reqwest::Client,
    keys: tokio::sync::Mutex<Vec<RealmKey>>,
}

/// A signing key of the realm.
#[derive(Debug, Clone)]
struct RealmKey {
    kid: String,
    key: RsaPublicKey,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// Not a token of this realm.
    Unknown,
    /// It was one.
    Expired,
    /// The realm's keys cannot be had.
    NoKeys,
}

/// The claims of a good token.
#[derive(Debug, Clone)]
pub(super) struct Claims(Value);

impl Claims {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn has_audience(&self, wanted: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::String(one)) => one == wanted,
            Some(Value::Array(many)) => many.iter().any(|one| one == wanted),
            _ => false,
        }
    }

    /// The name people are known by here.
    pub(super) fn person(&self) -> &str {
        self.text("preferred_username").or_else(|| self.text("sub")).unwrap_or_default()
    }
}

impl Realm {
    /// The realm of this issuer; its keys are asked for when they are needed.
    pub(super) fn new(issuer: String, client: reqwest::Client) -> Self {
        Self { issuer, client, keys: tokio::sync::Mutex::new(vec![]) }
    }

    /// Signature and expiry; nothing else is looked at.
    pub(super) async fn claims(&self, token: &str) -> Result<Claims, Bad> {
        let parsed = Parsed::of(token).ok_or(Bad::Unknown)?;
        let key = self.realm_key(&parsed.kid).await?.ok_or(Bad::Unknown)?;
        let digest = Sha256::digest(parsed.signed.as_bytes());
        let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX.into() };
        if key.verify(scheme, &digest, &parsed.signature).is_err() {
            return Err(Bad::Unknown);
        }
        let expires = parsed.claims.get("exp").and_then(Value::as_i64).ok_or(Bad::Unknown)?;
        if expires <= now().timestamp() { Err(Bad::Expired) } else { Ok(Claims(parsed.claims)) }
    }

    /// The realm's key of that id; asked for again when it is not known yet.
    async fn realm_key(&self, kid: &str) -> Result<Option<RsaPublicKey>, Bad> {
        let mut keys = self.keys.lock().await;
        let known = |keys: &[RealmKey]| keys.iter().find(|key| key.kid == kid).map(|key| key.key.clone());
        if let Some(key) = known(&keys) {
            return Ok(Some(key));
        }
        let url = format!("{}/protocol/openid-connect/certs", self.issuer);
        let answer = self.client.get(url).send().await.ok().filter(|answer| answer.status().is_success());
        let set: Value = answer.ok_or(Bad::NoKeys)?.json().await.ok().ok_or(Bad::NoKeys)?;
        *keys =
            set.get("keys").and_then(Value::as_array).into_iter().flatten().filter_map(realm_key).collect();
        Ok(known(&keys))
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn realm_key(jwk: &Value) -> Option<RealmKey> {
    let field = |name: &str| jwk.get(name).and_then(Value::as_str);
    let number = |name: &str| field(name).and_then(decoded).map(|bytes| BigUint::from_bytes_be(&bytes));
    let key = RsaPublicKey::new(number("n")?, number("e")?).ok()?;
    Some(RealmKey { kid: field("kid").unwrap_or_default().to_owned(), key })
}

struct Parsed<'t> {
    kid: String,
    claims: Value,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Parsed<'t> {
    fn of(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, body) = signed.split_once('.')?;
        let head: Value = serde_json::from_slice(&decoded(head)?).ok()?;
        if head.get("alg").and_then(Value::as_str) != Some("RS256") {
            return None;
        }
        let claims = serde_json::from_slice(&decoded(body)?).ok()?;
        let kid = head.get("kid").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self { kid, claims, signed, signature: decoded(signature)? })
    }
}

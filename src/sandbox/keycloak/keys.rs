//! Signing keys of the simulated realm and the signing and reading of its tokens.
//! What the tokens say belongs in `tokens`.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// An RSA key with its id.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) kid: String,
    private: RsaPrivateKey,
}

static MADE: Mutex<Vec<Arc<Key>>> = Mutex::new(Vec::new());

/// The key of that number of this process, made when first asked for.
///
/// # Errors
/// When the system gave no randomness.
pub(super) fn numbered(number: usize) -> io::Result<Arc<Key>> {
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(key) = made.get(number) {
            return Ok(Arc::clone(key));
        }
        let private = RsaPrivateKey::new(&mut rand::rngs::OsRng, 2048).map_err(io::Error::other)?;
        let digest = Sha256::digest(private.n().to_bytes_be());
        let kid = URL_SAFE_NO_PAD.encode(digest);
        made.push(Arc::new(Key { kid, private }));
    }
}

impl Key {
    /// The public half as an entry of the key set.
    pub(super) fn jwk(&self) -> Value {
        json!({
            "kid": self.kid, "kty": "RSA", "alg": "RS256", "use": "sig",
            "n": URL_SAFE_NO_PAD.encode(self.private.n().to_bytes_be()),
            "e": URL_SAFE_NO_PAD.encode(self.private.e().to_bytes_be()),
        })
    }

    /// Signs claims as a compact RS256 token.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.kid});
        let input = unsigned(&header, claims);
        let digest = Sha256::digest(input.as_bytes());
        // Signing fails only for keys too short for the digest; an unsigned token would be refused all the same.
        let signature = self.private.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap_or_default();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a compact token that this key signed.
    pub(super) fn read(&self, token: &str) -> Option<Value> {
        let (input, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let digest = Sha256::digest(input.as_bytes());
        self.private.to_public_key().verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &signature).ok()?;
        claims(token)
    }
}

/// The first two parts of a compact token.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// The claims of a compact token, whoever signed it.
pub(super) fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

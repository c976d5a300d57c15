//! Reads an access token as each of Renku's doors reads it, and says which would turn it away, and why. Asks nobody.
//!
//! Whether the signature fits is found out with the realm's keys, by the adapter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::time::Timestamp;

/// Who looks at a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Renku 1 behind the Python gateway (charts up to 0.56): `aud`, `exp`, the person's claims; not `iss`, not `azp`.
    Python,
    /// Renku 1 behind the Go gateway (charts from 0.57): `iss`, `aud`, `azp`, `exp`.
    Go,
    /// Renku 2's data services: `aud`, `exp`, the person's claims; not `iss`, not `azp`.
    Data,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 3] = [Self::Python, Self::Go, Self::Data];

    /// The name in JSON and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Go => "go",
            Self::Data => "data",
        }
    }
}

/// Audiences that Renku 2 takes (renku-data-services: `authn/keycloak.py`).
const DATA_AUDIENCES: [&str; 4] = ["renku", "renku-ui", "renku-cli", "swagger"];
/// Clients that the Go gateway takes (renku: `templates/gateway/configmap.yaml`).
const GO_CLIENTS: [&str; 2] = ["renku", "renku-cli"];

/// A token taken apart; nothing in it is proven.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

impl Decoded {
    fn text(&self, claim: &str) -> &str {
        self.claims.get(claim).and_then(Value::as_str).unwrap_or_default()
    }

    fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            Some(_) | None => Vec::new(),
        }
    }

    /// When it ends, if it says so.
    pub fn until(&self) -> Option<Timestamp> {
        let seconds = self.claims.get("exp")?.as_i64()?;
        Some(Timestamp::from_millis(seconds.saturating_mul(1000)))
    }
}

/// Takes a token apart.
///
/// # Errors
/// `token-unreadable`, saying what it looks like instead.
pub fn decode(text: &str) -> Result<Decoded, Problem> {
    let unreadable = |words: &str| Problem::new(ProblemCode::TokenUnreadable).saying(words);
    let text = text.trim();
    if text.starts_with("glpat-") || text.starts_with("gloas-") {
        return Err(unreadable("it is a token of GitLab"));
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, _signature] = parts.as_slice() else {
        let hexadecimal = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let words = if hexadecimal { "it looks like a token of JupyterHub" } else { "it is no JWT" };
        return Err(unreadable(words));
    };
    let part = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    match (part(header), part(claims)) {
        (Some(header @ Value::Object(_)), Some(claims @ Value::Object(_))) => Ok(Decoded { header, claims }),
        (_, _) => Err(unreadable("it is no JWT")),
    }
}

/// Why this door turns the token away; `None`: it lets it in, if the signature fits.
pub fn refused_by(
    door: Door,
    token: &Decoded,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Option<Problem> {
    let refused = |code, words: String| Some(Problem::new(code).saying(words));
    let algorithm = token.header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let kind = token.text("typ");
    if !kind.is_empty() && kind != "Bearer" {
        return refused(ProblemCode::TokenUnreadable, format!("it is no access token, typ is \"{kind}\""));
    }
    if algorithm != "RS256" {
        return refused(ProblemCode::TokenSignatureWrong, format!("signed with {algorithm}, not with RS256"));
    }
    if token.until().is_none_or(|until| until <= now) {
        let since = token.until().map(|until| until.to_string()).unwrap_or_default();
        return refused(ProblemCode::TokenExpired, format!("since {since}"));
    }
    if door == Door::Go && token.text("iss") != issuer.trim_end_matches('/') {
        return refused(
            ProblemCode::TokenIssuerMismatch,
            format!("{} instead of {issuer}", token.text("iss")),
        );
    }
    let found = token.audiences();
    let fits = match door {
        Door::Python | Door::Go => found.contains(&audience),
        Door::Data => found.iter().any(|found| DATA_AUDIENCES.contains(found)),
    };
    if !fits {
        let words = format!("aud is \"{}\", without \"{audience}\"", found.join(", "));
        return refused(ProblemCode::TokenWithoutAudience, words);
    }
    if door == Door::Go && !GO_CLIENTS.contains(&token.text("azp")) {
        return refused(ProblemCode::TokenClientNotAccepted, format!("azp is \"{}\"", token.text("azp")));
    }
    [
        ("sub", ProblemCode::TokenWithoutSubject),
        ("email", ProblemCode::TokenWithoutEmail),
        ("name", ProblemCode::TokenWithoutName),
    ]
    .into_iter()
    .find(|(claim, _)| token.text(claim).is_empty())
    .map(|(_, code)| Problem::new(code))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://renku.example/auth/realms/Renku";
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn token(changes: &Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "aud": ["renku", "account"], "azp": "renku-cli", "exp": 1_800_000_060, "sub": "s",
            "email": "a@example.org", "name": "A B", "typ": "Bearer",
        });
        for (key, value) in changes.as_object().unwrap() {
            claims.as_object_mut().unwrap().insert(key.clone(), value.clone());
        }
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}.c2ln", encode(&json!({"alg": "RS256"})), encode(&claims))
    }

    #[test]
    fn each_door_turns_away_what_it_looks_at() {
        let fine = None;
        let table = [
            (json!({}), [fine, fine, fine]),
            (json!({"azp": "dataverse-connector"}), [fine, Some("token-client-not-accepted"), fine]),
            (json!({"aud": "account"}), [Some("token-without-audience"); 3]),
            (
                json!({"aud": ["swagger"]}),
                [Some("token-without-audience"), Some("token-without-audience"), fine],
            ),
            (json!({"iss": "https://other.example"}), [fine, Some("token-issuer-mismatch"), fine]),
            (json!({"exp": 1_799_999_999}), [Some("token-expired"); 3]),
            (json!({"email": ""}), [Some("token-without-email"); 3]),
            (json!({"name": null}), [Some("token-without-name"); 3]),
            (json!({"sub": null}), [Some("token-without-subject"); 3]),
            (json!({"typ": "Refresh"}), [Some("token-unreadable"); 3]),
        ];
        for (changes, wanted) in table {
            let decoded = decode(&token(&changes)).unwrap();
            let found = Door::ALL.map(|door| {
                refused_by(door, &decoded, ISSUER, "renku", NOW).map(|problem| problem.code.as_str())
            });
            assert_eq!(found, wanted, "{changes}");
        }
    }

    #[test]
    fn what_is_no_token_of_a_realm_is_said_to_be_what_it_looks_like() {
        for (text, words) in [
            ("glpat-abcdefgh", "GitLab"),
            ("0123456789abcdef0123456789abcdef", "JupyterHub"),
            ("alice:secret", "no JWT"),
            ("a.b.c", "no JWT"),
        ] {
            let problem = decode(text).unwrap_err();
            assert_eq!(problem.code, ProblemCode::TokenUnreadable);
            assert!(problem.words.unwrap().contains(words), "{text}");
        }
    }
}

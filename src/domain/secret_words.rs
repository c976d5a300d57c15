//! Takes secrets out of other people's texts before they are stored, logged or shown.
//!
//! Our own secrets never get into texts: they live in `SecretString`.

/// Longest text that is kept of an upstream's words, in characters.
const LONGEST: usize = 1_500;

/// Query parameters whose value is a right: signed Dataverse and object-store URLs, API keys, codes.
const SECRET_PARAMETERS: [&str; 15] = [
    "token",
    "key",
    "unblock-key",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "signature",
    "sig",
    "access_token",
    "refresh_token",
    "id_token",
    "code",
    "client_secret",
    "private_token",
    "password",
];

/// The text without credentials in URLs, secret parameters, bearer tokens and JWTs, cut to 1,500 characters.
///
/// Renku's core prints the person's Git token in clear in some errors (`http://oauth2:<token>@host/…`).
pub fn cleaned(text: &str) -> String {
    let text = without_userinfo(text);
    let text = without_parameters(&text);
    let mut words = Vec::new();
    let mut hide_next = false;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let tail = word.get(bare.len()..).unwrap_or("");
        if (hide_next && bare.len() > 6)
            || looks_like_jwt(bare)
            || bare.starts_with("gltok-")
            || bare.starts_with("glpat-")
        {
            words.push(format!("…{tail}"));
        } else {
            words.push(word.to_owned());
        }
        hide_next = bare.to_ascii_lowercase().trim_end_matches(':').ends_with("bearer");
    }
    let text: String = words.concat();
    if text.chars().count() > LONGEST { text.chars().take(LONGEST).chain(['…']).collect() } else { text }
}

fn without_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let authority = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '\'' | '"' | '<' | '>'))
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(authority);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str("…@");
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn without_parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        let name_start = before
            .trim_end_matches('=')
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .map_or(0, |i| i + 1);
        let name = before.get(name_start..before.len() - 1).unwrap_or("").to_ascii_lowercase();
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '&' | '\'' | '"' | '<' | '>' | ')' | ','))
            .unwrap_or(after.len());
        let (value, tail) = after.split_at(end);
        out.push_str(if SECRET_PARAMETERS.contains(&name.as_str()) && !value.is_empty() {
            "…"
        } else {
            value
        });
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn looks_like_jwt(word: &str) -> bool {
    word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).starts_with("eyJ") && word.len() > 40
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_git_token_that_renku_prints_is_taken_out() {
        let said = "Cannot checkout reference 'nope' in repository: http://oauth2:gltok-alice@127.0.0.1:18482/alice/ok";
        assert_eq!(
            cleaned(said),
            "Cannot checkout reference 'nope' in repository: http://…@127.0.0.1:18482/alice/ok"
        );
    }

    #[test]
    fn signed_addresses_keep_their_shape_and_lose_their_right() {
        let said = "Cannot download from https://s3.example/x?X-Amz-Expires=3600&X-Amz-Signature=topsecret and https://dv.example/a?until=1&user=f&method=GET&token=abc";
        let clean = cleaned(said);
        assert!(!clean.contains("topsecret") && !clean.contains("abc"), "{clean}");
        assert!(clean.contains("X-Amz-Expires=3600"), "{clean}");
    }

    #[test]
    fn bearer_tokens_and_jwts_are_taken_out() {
        let clean = cleaned(
            "refused: Bearer 0123456789 and eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlc2lnbmF0dXJl",
        );
        assert_eq!(clean, "refused: Bearer … and …");
    }

    proptest! {
        #[test]
        fn any_text_survives_and_stays_bounded(text in ".{0,3000}") {
            prop_assert!(cleaned(&text).chars().count() <= LONGEST + 1);
        }

        #[test]
        fn a_password_in_an_address_never_survives(secret in "[a-zA-Z0-9]{8,20}", rest in "[a-z /?&=]{0,30}") {
            let text = format!("at https://oauth2:{secret}@git.example/{rest}");
            let clean = cleaned(&text);
            prop_assert!(!clean.contains(&secret), "{}", clean);
        }
    }
}

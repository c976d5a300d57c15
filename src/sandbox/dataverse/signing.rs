//! Signed URLs: how Dataverse makes them and how it checks them (`UrlSignerUtil`, `SignedUrlAuthMechanism`).
//! Who has which API token is the state's business.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use sha2::{Digest, Sha512};

use super::model::hex;
use crate::sandbox::http::percent_decoded;

/// Times in signed URLs carry no zone; only Dataverse compares them.
const UNTIL: &str = "%Y-%m-%dT%H:%M:%S%.3f";

/// The 128 hex digits that follow `token=`.
fn token(url_up_to_token: &str, secret: &str, api_token: &str) -> String {
    let mut hash = Sha512::new();
    hash.update(url_up_to_token);
    hash.update(secret);
    hash.update(api_token);
    hex(&hash.finalize())
}

/// What a URL is signed with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) secret: &'a str,
    pub(super) user: &'a str,
    pub(super) api_token: &'a str,
}

/// Signs `base` for one method and `minutes` from `now`.
pub(super) fn sign(base: &str, method: &str, minutes: i64, now: DateTime<Utc>, key: Key<'_>) -> String {
    let until = (now + Duration::minutes(minutes)).format(UNTIL).to_string();
    sign_until(base, method, &until, key)
}

fn sign_until(base: &str, method: &str, until: &str, key: Key<'_>) -> String {
    let separator = if base.contains('?') { '&' } else { '?' };
    let open = format!("{base}{separator}until={until}&user={}&method={method}&token=", key.user);
    let token = token(&open, key.secret, key.api_token);
    format!("{open}{token}")
}

/// Versions 6.10 and 6.11 encode the query as a form before they sign, but check the decoded text:
/// a persistent identifier in the query makes a URL that never works (IQSS/dataverse#12435).
pub(super) fn encoded_before_signing(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{encoded}")
}

/// Checks a URL as Dataverse sees it. `api_token` tells the token of a user; the answer is the user's name.
pub(super) fn verified(
    seen: &str,
    method: &str,
    now: DateTime<Utc>,
    secret: &str,
    api_token: impl FnOnce(&str) -> Option<String>,
) -> Option<String> {
    let url = percent_decoded(&seen.replace('+', " "));
    let at = url.find("token=")? + "token=".len();
    let (open, rest) = url.split_at_checked(at)?;
    let given = rest.split('&').next().unwrap_or_default();
    let query = open.split_once('?')?.1;
    let field =
        |name: &str| query.split('&').filter_map(|pair| pair.split_once('=')).rfind(|(k, _)| *k == name);
    let (_, user) = field("user")?;
    let (_, until) = field("until")?;
    let (_, signed_method) = field("method")?;
    let expected = token(open, secret, &api_token(user)?);
    let until = NaiveDateTime::parse_from_str(until, UNTIL).ok()?;
    let good = expected == given && signed_method == method && now.naive_utc() < until;
    good.then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    const FIONA: Key<'_> = Key {
        secret: "sample-signing-secret",
        user: "fiona",
        api_token: "11111111-2222-3333-4444-555555555555",
    };
    const DATASET: &str = "https://demo.dataverse.example/api/v1/datasets/42/versions/:latest/toolparams/7";

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 7, 22, hour, minute, 0).single().unwrap()
    }

    fn verify(url: &str, method: &str, now: DateTime<Utc>) -> Option<String> {
        verified(url, method, now, FIONA.secret, |_| Some(FIONA.api_token.to_owned()))
    }

    #[test]
    fn callbacks_get_the_tokens_that_dataverse_gives_them() {
        for (base, token) in [
            (
                DATASET,
                "541b0f528f34e40af68eec293aa46ee622751d5dbe8fa4056c2a97f374c96ff32a2357937a160bd90c36d5e8cd40b445da7803927b48ad3673359627d08f6804",
            ),
            (
                "https://demo.dataverse.example/api/v1/files/314/metadata/159/toolparams/8",
                "a65ba73434981cab6a80a8ab60ac456cb387624eac97746c49cb58b2582f5486f263998eee8eb8a48e956b4b5995eab3b340e02f98c55fd652ffd679891ab1bb",
            ),
        ] {
            let signed = sign_until(base, "GET", "2026-07-22T16:56:27.123", FIONA);
            assert_eq!(
                signed,
                format!("{base}?until=2026-07-22T16:56:27.123&user=fiona&method=GET&token={token}")
            );
        }
    }

    #[test]
    fn a_signed_url_is_good_until_it_expires_and_for_its_method_only() {
        let signed = sign(DATASET, "GET", 5, at(12, 0), FIONA);
        assert_eq!(verify(&signed, "GET", at(12, 4)).as_deref(), Some("fiona"));
        assert_eq!(verify(&signed, "GET", at(12, 5)), None);
        assert_eq!(verify(&signed, "POST", at(12, 4)), None);
        assert_eq!(verify(&signed.replace("/42/", "/43/"), "GET", at(12, 4)), None);
        assert_eq!(verify(&signed.replace("https:", "http:"), "GET", at(12, 4)), None);
    }

    #[test]
    fn what_follows_the_token_is_not_covered_and_percent_encoding_does_no_harm() {
        let signed = sign(DATASET, "GET", 5, at(12, 0), FIONA);
        assert_eq!(verify(&format!("{signed}&locale=en"), "GET", at(12, 1)).as_deref(), Some("fiona"));
        assert_eq!(
            verify(&signed.replace(":latest", "%3Alatest"), "GET", at(12, 1)).as_deref(),
            Some("fiona")
        );
    }

    #[test]
    fn an_identifier_in_the_query_breaks_the_signature_of_6_10_and_6_11() {
        let base = "https://demo.dataverse.example/api/v1/datasets/:persistentId/?persistentId=doi:10.70122/FK2/ABCDEF";
        let broken = sign(&encoded_before_signing(base), "GET", 5, at(12, 0), FIONA);
        assert!(broken.contains("persistentId=doi%3A10.70122%2FFK2%2FABCDEF"));
        assert_eq!(verify(&broken, "GET", at(12, 1)), None);
        let sound = sign(base, "GET", 5, at(12, 0), FIONA);
        assert_eq!(verify(&sound, "GET", at(12, 1)).as_deref(), Some("fiona"));
    }
}

//! Callbacks in every form in which they arrive, and those that are not followed.

use base64::engine::general_purpose::{STANDARD as PADDED, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

const PLAIN: &str = "https://demo.dataverse.example/api/v1/datasets/42/versions/:latest/toolparams/7";
/// As a browser sends it: standard alphabet, padding kept, not percent-encoded.
const SAMPLE: &str = "callback=aHR0cHM6Ly9kZW1vLmRhdGF2ZXJzZS5leGFtcGxlL2FwaS92MS9kYXRhc2V0cy80Mi92ZXJzaW9ucy86bGF0ZXN0L3Rvb2xwYXJhbXMvNz91bnRpbD0yMDI2LTA3LTIyVDE2OjU2OjI3LjEyMyZ1c2VyPWZpb25hJm1ldGhvZD1HRVQmdG9rZW49NTQxYjBmNTI4ZjM0ZTQwYWY2OGVlYzI5M2FhNDZlZTYyMjc1MWQ1ZGJlOGZhNDA1NmMyYTk3ZjM3NGM5NmZmMzJhMjM1NzkzN2ExNjBiZDkwYzM2ZDVlOGNkNDBiNDQ1ZGE3ODAzOTI3YjQ4YWQzNjczMzU5NjI3ZDA4ZjY4MDQ=&locale=en";

fn site() -> Url {
    Url::parse("https://demo.dataverse.example").unwrap()
}

fn signed(user: &str) -> String {
    format!("{PLAIN}?until=2026-07-22T16:56:27.123&user={user}&method=GET&token={}", "5a".repeat(64))
}

fn decode(text: &str) -> Result<Callback, CallbackRefused> {
    Callback::decode(text, &site())
}

fn of_query(query: &str) -> Result<Callback, CallbackRefused> {
    match Arrival::of_query(query) {
        Arrival::Callback(text) => decode(&text),
        other @ (Arrival::Hints { .. } | Arrival::Nothing) => panic!("{other:?}"),
    }
}

#[test]
fn a_callback_is_read_as_dataverse_sends_it_and_called_as_it_was_given() {
    let callback = of_query(SAMPLE).unwrap();
    assert_eq!((callback.dataset_id(), callback.is_signed()), (42, true));
    let address = callback.address(Some("fr"));
    assert!(
        address
            .starts_with(&format!("{PLAIN}?until=2026-07-22T16:56:27.123&user=fiona&method=GET&token=541b"))
    );
    assert!(address.ends_with("f6804&locale=fr"), "{address}");
    assert!(!format!("{callback:?}").contains("541b"), "a right is never printed");
    let guest = decode(&PADDED.encode(PLAIN)).unwrap();
    assert_eq!(guest.address(Some("de_CH")), format!("{PLAIN}?locale=de_CH"));
    assert_eq!(guest.address(Some("x&user=admin")), PLAIN, "only a language is appended");
}

#[test]
fn what_a_query_holds_is_told_apart() {
    let hints = Arrival::of_query(
        "siteUrl=https://demo.dataverse.example&datasetId=42&datasetPid=doi:10.70122/FK2/ABCDEF&datasetVersion=1.0&locale=en",
    );
    let dataset = "doi:10.70122/FK2/ABCDEF".to_owned();
    assert_eq!(hints, Arrival::Hints { dataset, version: Some("1.0".to_owned()) });
    for nothing in ["", "locale=en", "callback=", "datasetPid="] {
        assert_eq!(Arrival::of_query(nothing), Arrival::Nothing, "{nothing}");
    }
}

#[test]
fn a_callback_that_leads_elsewhere_is_refused() {
    for (text, origin) in [
        (PLAIN.replace("demo.", "evil."), "https://evil.dataverse.example"),
        (PLAIN.replace("https:", "http:"), "http://demo.dataverse.example"),
        (PLAIN.replace(".example/", ".example:8443/"), "https://demo.dataverse.example:8443"),
        (PLAIN.replace(".example/", ".example.evil/"), "https://demo.dataverse.example.evil"),
        (
            PLAIN.replace("demo.dataverse.example", "demo.dataverse.example@evil.example"),
            "https://evil.example",
        ),
        (PLAIN.replace("demo.", "user@demo."), "https://demo.dataverse.example"),
        (PLAIN.replace("demo.dataverse.example", "127.0.0.1"), "https://127.0.0.1"),
        (PLAIN.replace("https:", "file:"), "null"),
    ] {
        let refused = decode(&PADDED.encode(&text)).unwrap_err();
        assert_eq!(refused, CallbackRefused::Foreign(origin.to_owned()), "{text}");
    }
}

#[test]
fn a_callback_to_anything_but_a_dataset_tools_parameters_is_refused() {
    for text in [
        "https://demo.dataverse.example/".to_owned(),
        PLAIN.replace("toolparams/7", "toolparams/7/../../../../users/:me"),
        PLAIN.replace("toolparams/7", "toolparams/"),
        PLAIN.replace("toolparams/7", "toolparams/x"),
        PLAIN.replace("datasets/42", "datasets/%34%32"),
        PLAIN.replace(":latest", "1.0"),
        PLAIN.replace("/v1", ""),
        "https://demo.dataverse.example/api/v1/files/314/metadata/159/toolparams/8".to_owned(),
        format!("{PLAIN}?key=secret"),
        format!("{PLAIN}?user=fiona"),
        format!("{PLAIN}#x"),
        format!("{PLAIN}\\x"),
        format!("https://demo.dataverse.example\\@evil.example/{PLAIN}"),
        signed("fiona").replace("method=GET", "method=DELETE"),
        signed("fiona") + "&key=x",
        "javascript:alert(1)".to_owned(),
        "no address".to_owned(),
    ] {
        let refused = decode(&PADDED.encode(&text)).unwrap_err();
        let foreign = matches!(refused, CallbackRefused::Foreign(_));
        assert!(!foreign || text.starts_with("javascript"), "{text}: {refused}");
    }
    for text in ["", "####", "aHR0", &"a".repeat(5_000)] {
        assert!(decode(text).is_err(), "{text}");
    }
}

#[test]
fn an_installation_below_a_path_and_with_a_port_is_one_too() {
    let site = Url::parse("http://127.0.0.1:8080/dv/").unwrap();
    let text = "http://127.0.0.1:8080/dv/api/v1/datasets/42/versions/:latest/toolparams/7";
    assert!(Callback::decode(&PADDED.encode(text), &site).is_ok());
    let outside = text.replace("/dv/", "/");
    assert!(matches!(Callback::decode(&PADDED.encode(outside), &site), Err(CallbackRefused::Foreign(_))));
    let plain_port = PLAIN.replace(".example/", ".example:443/");
    assert!(decode(&PADDED.encode(plain_port)).is_ok(), "the port that https has anyway");
}

#[test]
fn a_signed_look_is_taken_only_where_it_shows_that_dataset() {
    let good = "https://demo.dataverse.example/api/v1/datasets/42/versions/:latest?excludeFiles=true&until=x&user=fiona&method=GET&token=ab";
    let check = |text: &str| SignedLook::check(text, &site(), 42);
    assert_eq!(check(good).unwrap().address(), good);
    assert!(!format!("{:?}", check(good)).contains("token"), "a right is never printed");
    for bad in [
        good.replace("demo.", "evil."),
        good.replace("42", "43"),
        good.replace(":latest", ":latest/files"),
        good.replace("token", "nothing"),
    ] {
        assert_eq!(check(&bad), None, "{bad}");
    }
}

/// The ways in which the value reaches us.
fn spellings(url: &str) -> Vec<String> {
    let standard = PADDED.encode(url);
    vec![
        format!("callback={standard}"),
        format!("callback={standard}&locale=en&preview=true"),
        format!("locale=en&callback={}", STANDARD_NO_PAD.encode(url)),
        format!("callback={}", URL_SAFE.encode(url)),
        format!("callback={}", URL_SAFE_NO_PAD.encode(url)),
        format!("callback={}", standard.replace('=', "%3D").replace('+', "%2B").replace('/', "%2F")),
        format!("callback={}", standard.replace('=', "%253D")),
        format!("callback={}", standard.replace('+', "%20")),
    ]
}

proptest! {
    #[test]
    fn every_spelling_of_a_callback_is_read(user in "[A-Za-z0-9._~>@-]{1,40}", dataset in 1_i64..1_000_000_000) {
        let url = signed(&user).replace("/42/", &format!("/{dataset}/"));
        let expected = Url::parse(&url).unwrap();
        for query in spellings(&url) {
            let callback = of_query(&query).map_err(|why| TestCaseError::fail(format!("{query}: {why}")))?;
            prop_assert_eq!(callback.dataset_id(), dataset);
            prop_assert_eq!(callback.address(None), expected.as_str());
        }
    }

    #[test]
    fn whatever_comes_is_refused_or_leads_to_the_installation(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(callback) = decode(&PADDED.encode(&bytes)) {
            prop_assert!(callback.address(None).starts_with("https://demo.dataverse.example/api/v1/datasets/"));
        }
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(decode(&text).is_err());
    }

    #[test]
    fn a_host_that_only_looks_like_the_installations_is_refused(host in "[a-z0-9.@:/\\\\-]{0,30}") {
        let url = PLAIN.replace("demo.dataverse.example", &format!("demo.dataverse.example{host}"));
        if let Ok(callback) = decode(&PADDED.encode(&url)) {
            let parsed = Url::parse(&callback.address(None)).unwrap();
            prop_assert_eq!(parsed.host_str(), Some("demo.dataverse.example"));
            prop_assert_eq!(parsed.port_or_known_default(), Some(443));
        }
    }
}

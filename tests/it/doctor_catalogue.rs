//! The one list of everything that can go wrong when somebody signs in or shows a token: what it is called, and where it is provoked,
//! at a real Keycloak or, where no real system can be had, at one that answers as the real one's sources say. No code of authentication
//! may be missing, and every case that is provoked at the real Keycloak is listed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use dataverse_renku::doctor::{Place, Program, commands};
use dataverse_renku::domain::problem::{Problem, ProblemCode, Turn};
use dataverse_renku::texts::{Language, problem_remedy, problem_title, turn};
use reqwest::header::ACCEPT_LANGUAGE;
use serde_json::{Value, json};

use crate::doctor_cases::cases;
use crate::pages::Tab;
use crate::whole::{Kept, Whole, Wishes};

/// Where a failure is provoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the real Keycloak: the case of this name in `doctor_cases`, gone through in `doctor_keycloak`.
    Case,
    /// At the real Keycloak as at the simulated one: a test that `tests/real/keycloak/run` runs.
    Keycloak(&'static str),
    /// At a simulator, by this test; and why not at a real system.
    Simulated(&'static str, &'static str),
}
use At::{Case, Keycloak, Simulated};

const NO_GATEWAY: &str = "Renku's gateways run in its cluster alone";
const OURS: &str = "it is our own door";
const AT_TOKEN_GET: &str = "at_token_get";
const NOT_OF_THE_REALM: &str = "what_is_no_token_of_this_realm_gets_renkus_word_unknown_or_nobodys_answer";
const NEVER_AT_RENKU: &str =
    "whoever_never_signed_in_to_renku_itself_is_sent_there_whatever_the_gateway_says";
const OUR_DOOR: &str = "a_token_says_who_asks_and_nothing_but_a_good_one_does";

/// What happens, its code, where it is provoked.
const FAILURES: [(&str, &str, At); 60] = [
    // The realm.
    ("the realm has another name", "issuer-not-found", Case),
    ("/auth is missing", "issuer-not-found", Case),
    ("/auth is superfluous", "issuer-not-found", Case),
    ("the realm calls itself otherwise", "issuer-mismatch", Case),
    ("the certificate is not trusted", "keycloak-not-trusted", Case),
    (
        "the clocks differ",
        "clock-differs",
        Simulated("a_clock_that_differs_from_the_renkus_is_named", "a real Keycloak tells no time"),
    ),
    ("the realm is switched off", "realm-disabled", Case),
    ("Keycloak is down", "keycloak-unreachable", Case),
    ("Keycloak is slow", "keycloak-unreachable", Case),
    (
        "something else answers instead of Keycloak",
        "keycloak-answer-not-understood",
        Simulated("an_outage_is_told_from_a_wrong_setting", "a real Keycloak answers as it should"),
    ),
    // Our client.
    ("the client is unknown", "client-unknown", Case),
    ("the client was deleted", "client-unknown", Case),
    ("the client is switched off", "client-disabled", Case),
    ("the secret is wrong here", "client-refused", Case),
    ("the secret is wrong at Keycloak", "client-refused", Case),
    ("the client shows in another way who it is", "client-refused", Case),
    ("consent is needed, and only a password comes", "flow-not-allowed", Keycloak(AT_TOKEN_GET)),
    ("the redirect address is not registered", "redirect-address-not-registered", Case),
    ("the standard flow is off", "code-flow-off", Case),
    ("the device flow is off", "device-flow-off", Case),
    ("direct access grants are off", "password-flow-off", Keycloak(AT_TOKEN_GET)),
    (
        "PKCE is required and does not come",
        "pkce-refused",
        Keycloak("a_sign_in_without_pkce_is_refused_by_that_name"),
    ),
    ("another kind of PKCE is wanted", "pkce-refused", Case),
    ("offline_access is not on the client", "scope-not-granted", Case),
    ("the scope email is not on the client", "scope-not-granted", Case),
    ("the scope profile is not on the client", "scope-not-granted", Case),
    ("the scope basic is not on the client", "token-without-subject", Case),
    ("offline_access is not the person's", "offline-access-refused", Keycloak(AT_TOKEN_GET)),
    // What tokens say.
    ("no audience mapper", "token-without-audience", Case),
    ("a token of admin-cli", "token-without-audience", Keycloak(NOT_OF_THE_REALM)),
    (
        "the Go gateway does not take our client",
        "token-client-not-accepted",
        Simulated("a_go_gateway_that_does_not_take_our_client_is_named_by_an_import_too", NO_GATEWAY),
    ),
    ("the person has no name", "token-without-name", Case),
    ("the person has no e-mail address", "token-without-email", Case),
    ("a token of GitLab as bearer", "token-unreadable", Keycloak(NOT_OF_THE_REALM)),
    ("a token of JupyterHub as bearer", "token-unreadable", Keycloak(NOT_OF_THE_REALM)),
    ("Basic authentication at our API", "token-missing", Simulated(OUR_DOOR, OURS)),
    ("Basic authentication at Renku", "-32601", Simulated(NOT_OF_THE_REALM, NO_GATEWAY)),
    ("Basic authentication at a newer Renku", "1030", Simulated(NOT_OF_THE_REALM, NO_GATEWAY)),
    (
        "a Referer is sent",
        "renku-origin-refused",
        Simulated("a_referer_is_refused_by_the_python_gateway_and_we_send_none", NO_GATEWAY),
    ),
    ("the token's time is over", "token-expired", Keycloak(AT_TOKEN_GET)),
    (
        "a token of another realm",
        "token-issuer-mismatch",
        Simulated("a_token_of_another_realms_key_is_refused", "two Keycloaks are needed"),
    ),
    ("the realm's keys are rotated", "token-signature-wrong", Keycloak("after_new_keys")),
    // The sign-in that is kept.
    ("the realm's key for refresh tokens is gone", "sign-in-needed", Case),
    ("the person was signed out", "sign-in-needed", Case),
    ("everybody was signed out", "sign-in-needed", Case),
    ("all tokens before now are void", "sign-in-needed", Case),
    ("the session is over", "sign-in-needed", Case),
    ("the sign-in was idle too long", "sign-in-needed", Case),
    ("the refresh token was used twice", "sign-in-needed", Case),
    (
        "it was revoked",
        "sign-in-needed",
        Keycloak("a_revoked_refresh_token_is_dead_and_can_be_revoked_again"),
    ),
    // The person.
    ("the person is switched off", "account-disabled", Case),
    ("consent is needed", "consent-missing", Case),
    ("a second factor is to be set up", "account-not-ready", Keycloak(AT_TOKEN_GET)),
    ("the password is wrong", "sign-in-refused", Keycloak(AT_TOKEN_GET)),
    (
        "a code comes a second time, or without its verifier",
        "sign-in-attempt-unknown",
        Keycloak("a_code_is_worth_nothing_without_its_verifier_or_a_second_time"),
    ),
    // Renku itself.
    (
        "never signed in to a Renku 1 with the Python gateway from 0.15",
        "renku-sign-in-needed",
        Simulated(NEVER_AT_RENKU, NO_GATEWAY),
    ),
    (
        "never signed in to a Renku 1 with the Python gateway up to 0.14",
        "renku-sign-in-needed",
        Simulated(NEVER_AT_RENKU, NO_GATEWAY),
    ),
    (
        "never signed in to a Renku 1 with the Go gateway",
        "renku-sign-in-needed",
        Simulated(NEVER_AT_RENKU, NO_GATEWAY),
    ),
    (
        "Renku 1 has lost its sign-in at GitLab",
        "renku-sign-in-needed",
        Simulated("people_whom_renku_lost_are_sent_there_to_sign_in", NO_GATEWAY),
    ),
    (
        "a Renku 2 does not take a good token",
        "token-refused-by-renku",
        Simulated("a_token_that_does_not_count_is_told_as_such_and_not_as_a_missing_project", NO_GATEWAY),
    ),
];

/// Codes of authentication: what stands in the catalogue between these two, and a refusal of the gateway.
fn of_authentication() -> impl Iterator<Item = ProblemCode> {
    let (first, last) = (ProblemCode::SignInNeeded, ProblemCode::KeycloakUnreachable);
    let between = ProblemCode::ALL.iter().copied().filter(move |code| (first..=last).contains(code));
    between.chain([ProblemCode::RenkuOriginRefused])
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path.file_name().is_some_and(|name| name != "doctor_catalogue.rs")
        {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// The function of this name, to the end of its text.
fn function<'a>(sources: &'a [String], name: &str) -> &'a str {
    let begin = format!("fn {name}(");
    let found = sources.iter().find_map(|text| text.split_once(&begin));
    let (before, text) = found.unwrap_or_else(|| panic!("there is no {name}"));
    let inside = before.lines().last().is_some_and(|line| line.starts_with("    "));
    let end = text.find(if inside { "\n    }\n" } else { "\n}\n" });
    &text[..end.unwrap_or_else(|| panic!("{name} has no end"))]
}

#[test]
fn every_failure_of_authentication_is_provoked_somewhere_under_its_name() {
    let listed: BTreeSet<_> = FAILURES.iter().map(|(what, _, _)| *what).collect();
    assert_eq!(listed.len(), FAILURES.len(), "one stands twice");
    for code in of_authentication() {
        assert!(FAILURES.iter().any(|(_, listed, _)| *listed == code.as_str()), "{code} is not provoked");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut program = Vec::new();
    sources(&root.join("src"), &mut program);
    sources(&root.join("tests"), &mut program);
    let cases = cases();
    for (what, code, at) in FAILURES {
        match at {
            Case => {
                let case = cases.iter().find(|case| case.what == what);
                assert_eq!(case.map(|case| case.code), Some(code), "{what}");
            }
            Keycloak(test) | Simulated(test, _) => {
                let variant = ProblemCode::ALL.iter().find(|known| known.as_str() == code);
                let variant = variant.map_or_else(|| code.to_owned(), |variant| format!("{variant:?}"));
                let told = function(&program, test);
                assert!(
                    told.contains(code) || told.contains(&variant),
                    "{what}: {test} says nothing of {code}"
                );
            }
        }
    }
    for case in &cases {
        assert!(listed.contains(case.what), "{} is not listed", case.what);
    }
    let simulated = |at: At| matches!(at, Simulated(..));
    let real = FAILURES.iter().filter(|(_, _, at)| !simulated(*at)).count();
    println!(
        "{} failures: {real} at the real Keycloak, {} at a simulator",
        FAILURES.len(),
        FAILURES.len() - real
    );
    for (what, code, at) in FAILURES {
        if let Simulated(test, why) = at {
            println!("at a simulator, since {why}: {what} ({code}), {test}");
        }
    }
}

#[test]
fn every_failure_of_authentication_says_what_whose_turn_and_what_mends_it_in_each_language() {
    let place = Place {
        program: Program::default(),
        renku: "main".parse().unwrap(),
        issuer: "https://renku.example/auth/realms/Renku".to_owned(),
        realm: "Renku".to_owned(),
        client_id: "dataverse-connector".to_owned(),
        redirect_uri: "https://c.example/sign-in/callback".to_owned(),
        audience: "renku".to_owned(),
        username: None,
    };
    let mut at_keycloak = 0;
    for code in of_authentication() {
        let commands = commands(&Problem::new(code), &place);
        let by_kcadm = commands.iter().any(|command| command.contains("kcadm.sh"));
        at_keycloak += usize::from(by_kcadm);
        for language in Language::ALL {
            let (title, remedy) = (problem_title(language, code), problem_remedy(language, code));
            assert!(title.ends_with('.') && !title.trim_end_matches('.').contains(". "), "{code}: {title}");
            assert!(!turn(language, code.turn()).is_empty());
            // What is mended at Keycloak is told twice: the way through its console, and the command.
            let console = ["Clients →", "Users →", "Realm settings"].iter().any(|way| remedy.contains(way));
            assert_eq!(console, by_kcadm, "{language:?} {code}: {remedy}");
            assert_eq!(remedy.contains("kcadm.sh"), by_kcadm, "{language:?} {code}: {remedy}");
        }
    }
    assert!(at_keycloak >= 15, "{at_keycloak}");
    let told = commands(&Problem::new(ProblemCode::TokenClientNotAccepted), &place).join("\n");
    assert!(told.contains("flow = \"device\"") && told.contains("authorizedParty: dataverse-connector"));
}

/// The text of a page without markup's signs.
fn unescaped(page: &str) -> String {
    [("&#39;", "'"), ("&#34;", "\""), ("&quot;", "\""), ("&#38;", "&"), ("&amp;", "&")]
        .iter()
        .fold(page.to_owned(), |text, (sign, plain)| text.replace(sign, plain))
}

/// The audience mapper is lost while somebody is signed in: the import that meets it fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_imports_page_the_api_the_log_and_the_doctor_say_the_same_in_each_language() {
    let code = ProblemCode::TokenWithoutAudience;
    let mut whole = Whole::new(Wishes { access_ttl_s: 2, ..Wishes::on(Kept::Here) }).await;
    let app = whole.serve(&[]).await;
    whole.log_in_a_program().await;
    let tab = Tab::new(&whole);
    tab.sign_in("alice").await;
    whole.put_client(&json!({
        "client_id": "dataverse-connector", "secret": "sandbox-secret", "standard_flow": true, "pkce_required": true,
        "audience_renku": false, "redirect_uris": ["http://127.0.0.1*"],
    }))
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let id = whole.import("GLACIER", "first-project").await;
    whole.import_is(&id, "failed", |import| import["phase"] == "failed").await;
    app.logs(code.as_str()).await;
    assert!(
        app.log().lines().any(|line| line.contains(&id) && line.contains(code.as_str())),
        "{}",
        app.log()
    );
    for (tag, language) in [("en", Language::En), ("fr", Language::Fr), ("de", Language::De)] {
        let (title, remedy) = (problem_title(language, code), problem_remedy(language, code));
        let turn_of = turn(language, code.turn());
        let page = unescaped(&tab.get(&format!("/imports/{id}?locale={tag}")).await.text);
        for words in [title.as_str(), turn_of.as_str(), code.as_str()] {
            assert!(page.contains(words), "{tag}: {words}: {page}");
        }
        let asked = whole.request("GET", &format!("/api/v1/imports/{id}")).header(ACCEPT_LANGUAGE, tag);
        let problem = whole.ask(asked).await.unwrap()["problem"].clone();
        assert_eq!((&problem["code"], &problem["title"]), (&code.as_str().into(), &title.as_str().into()));
        assert_eq!(
            (&problem["turn"], &problem["remedy"]),
            (&code.turn().as_str().into(), &remedy.as_str().into())
        );
        let doctor = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"))
            .args(["--config", whole.file().to_str().unwrap(), "doctor", "--json", "--language", tag])
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&doctor.stdout).unwrap();
        let findings = told["findings"].as_array().unwrap();
        let same = findings.iter().find(|finding| finding["code"] == code.as_str());
        let same = same.unwrap_or_else(|| panic!("{told:#}"));
        assert_eq!((&same["what"], &same["remedy"]), (&title.as_str().into(), &remedy.as_str().into()));
    }
    assert_eq!(code.turn(), Turn::RenkuAdmin);
    whole.clear().await;
}

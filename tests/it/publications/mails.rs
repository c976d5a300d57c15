//! Mails as their readers get them, through a real mail server.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{PID, arrived, publish, register, shown, wishes};
use crate::whole::{Kept, Whole, Wishes};

#[expect(clippy::disallowed_methods, reason = "scripts/test says in the environment where its servers are")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test"))
}

/// The mails of this connector, of all that the server took.
pub(super) async fn mails(whole: &Whole) -> Vec<Value> {
    let command = variable("TEST_SMTP_MAILS");
    let mut words = command.split_whitespace();
    let output = tokio::process::Command::new(words.next().unwrap()).args(words).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let ours = whole.address();
    all.into_iter().filter(|mail| mail["text"].as_str().unwrap().contains(&ours)).collect()
}

/// The section of a configuration in which every mail is sent.
pub(super) fn with_mails() -> &'static str {
    let more = format!(
        "[mail]\nserver = \"{}\"\nfrom = \"Renku connector <connector@example.org>\"\n\
         kinds = [\"sign-in\", \"paused\", \"failed\", \"arrived\"]\n",
        variable("TEST_SMTP_URL")
    );
    Box::leak(more.into_boxed_str())
}

async fn subscribed(whole: &Whole, project: &str, language: &str) -> String {
    whole.tell_renku("projects", &json!({"path": format!("alice/{project}")})).await;
    let wish = json!({"dataset": PID, "project": whole.project(project)});
    let request = whole.request("POST", "/api/v1/subscriptions").header("accept-language", language);
    let made = whole.ask(request.json(&wish)).await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

mod needs_smtp {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn each_is_read_back_once_in_its_readers_language_and_ends_a_subscription_with_a_button() {
        // Each token is so near its end that the next use renews it.
        let mut whole =
            Whole::new(Wishes { more: with_mails(), access_ttl_s: 90, ..wishes(Kept::Here) }).await;
        let app = whole.serve(&[]).await;
        whole.sign_in().await;
        whole.log_in_a_program().await;
        let mut ids = Vec::new();
        for language in ["en", "fr", "de"] {
            let id = subscribed(&whole, &format!("in-{language}"), language).await;
            arrived(&whole, &id, &["1.0"]).await;
            ids.push(id);
        }
        whole.eventually("three arrivals are told", async || mails(&whole).await.len() == 3).await;

        // One project may not be written to any more, and pauses.
        let closed = json!({"path": "alice/in-fr", "readers": ["alice"], "writers": []});
        whole.tell_renku("projects", &closed).await;
        register(&whole, &["127.0.0.1"]).await;
        publish(&whole, PID).await.unwrap();
        for id in [&ids[0], &ids[2]] {
            arrived(&whole, id, &["2.0", "1.0"]).await;
        }
        whole.eventually("one is paused", async || shown(&whole, &ids[1]).await["state"] == "paused").await;
        whole.eventually("that is told", async || mails(&whole).await.len() == 6).await;

        // The sign-in is over.
        whole.keycloak_fault(&json!({"name": "end_session", "user": "alice"})).await;
        publish(&whole, PID).await.unwrap();
        whole.eventually("two wait for a sign-in", async || mails(&whole).await.len() == 8).await;

        let all = mails(&whole).await;
        let with = |words: &str| {
            let subject = |mail: &&Value| mail["headers"]["subject"].as_str().unwrap().contains(words);
            all.iter().filter(subject).collect::<Vec<_>>()
        };
        let subjects: Vec<_> = all.iter().map(|mail| mail["headers"]["subject"].as_str().unwrap()).collect();
        println!("{subjects:#?}");
        assert_eq!(with("has arrived").len(), 2, "{subjects:?}");
        assert_eq!(with("Please sign in again: version 3.0").len(), 1, "{subjects:?}");
        let paused: Vec<_> = all
            .iter()
            .filter(|mail| mail["text"].as_str().unwrap().contains(&format!("/subscriptions/{}/", ids[1])))
            .collect();
        assert_eq!(paused.len(), 2, "arrived once, paused once: {paused:?}");
        assert!(
            paused.iter().all(|mail| mail["text"].as_str().unwrap().starts_with("Bonjour")),
            "{paused:?}"
        );
        for mail in &all {
            let header =
                |name: &str| mail["headers"][name].as_str().unwrap_or_else(|| panic!("no {name}: {mail}"));
            assert_eq!(header("to"), "alice@example.org");
            assert_eq!(header("from"), "Renku connector <connector@example.org>");
            assert_eq!(header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
            assert_eq!(header("auto-submitted"), "auto-generated");
            let link = header("list-unsubscribe").trim_matches(['<', '>']);
            assert!(mail["text"].as_str().unwrap().contains(link), "{mail}");
        }

        // A mail scanner follows the link, and nothing ends; the button ends it.
        let link = with("has arrived")[0]["headers"]["list-unsubscribe"].as_str().unwrap();
        let link = link.trim_matches(['<', '>']).to_owned();
        let page = whole.http.get(&link).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.text().await.unwrap();
        let button = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        assert_eq!(shown(&whole, &ids[0]).await["state"], "active");
        let pressed = whole.http.post(format!("{}{button}", whole.address())).send().await.unwrap();
        assert_eq!(pressed.status(), StatusCode::OK);
        assert_eq!(shown(&whole, &ids[0]).await["state"], "ended");
        app.kill().await;
        whole.clear().await;
    }
}

//! Subscriptions that an administrator made and the service person serves: both must have the right, and only the service person's
//! sign-in is used from then on.

use std::process::Stdio;

use dataverse_renku::adapters::store::{Access, open};
use dataverse_renku::domain::ports::identity::IdentityStore as _;
use futures_util::future::join_all;
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use super::mails::{mails, with_mails};
use super::{PID, arrived, publish, register, shown, wishes};
use crate::whole::{Kept, Whole, Wishes, location};

/// An administrator signs in as this person on the command line, and names them the service person. What was said.
async fn serve_as(whole: &Whole, person: &str) -> String {
    let (port, back) = Whole::another_address();
    whole.register_at_keycloak(&format!("{back}/")).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"))
        .arg("--config")
        .arg(whole.file())
        .args(["token", "get", "--store", "--service", "--port", &port.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    let address = loop {
        let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("no address: {said}"));
        said.push_str(&line);
        if line.trim().starts_with("http") {
            break line;
        }
    };
    let at_keycloak = format!("{}&login_hint={person}&sandbox_auto=1", address.trim());
    let at_keycloak = whole.http.get(at_keycloak).send().await.unwrap();
    assert!(whole.http.get(location(&at_keycloak)).send().await.unwrap().status().is_success());
    while let Some(line) = lines.next_line().await.unwrap() {
        said.push('\n');
        said.push_str(&line);
    }
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).await.unwrap();
    assert!(child.wait().await.unwrap().success(), "{said}");
    assert_eq!(printed, "", "what is kept is not printed");
    said
}

/// Asks for a subscription that the service person serves; status and answer.
async fn wished(whole: &Whole, token: &str, project: &str) -> (StatusCode, Value) {
    let wish = json!({"dataset": PID, "project": project, "service": true});
    let request = whole.request_without_token("POST", "/api/v1/subscriptions").bearer_auth(token);
    let answer = request.json(&wish).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

fn refusal(answer: &Value) -> (&str, &str) {
    (answer["code"].as_str().unwrap_or_default(), answer["field"].as_str().unwrap_or_default())
}

/// How many submits of this person Renku 1 accepted.
async fn submitted_by(whole: &Whole, person: &str) -> usize {
    let submits = whole.submits().await;
    let theirs = submits["submits"].as_array().unwrap().iter().filter(|submit| submit["user"] == person);
    theirs.map(|submit| submit["jobs"].as_array().unwrap().len()).sum()
}

mod needs_smtp_service {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn what_an_administrator_keeps_up_to_date_goes_on_without_them_as_long_as_the_service_person_is_signed_in()
     {
        // Each token is so near its end that the next use renews it.
        let wishes = Wishes { access_ttl_s: 90, more: with_mails(), ..wishes(Kept::Here) };
        let mut whole = Whole::new(wishes).await;
        let app = whole.serve(&[]).await;
        whole.sign_in().await;
        whole.log_in_a_program().await;
        register(&whole, &["127.0.0.1"]).await;
        for (path, writers) in [
            ("alice/shared", vec!["alice", "bob", "carol"]),
            ("alice/own", vec!["alice"]),
            ("bob/own", vec!["bob"]),
        ] {
            whole.tell_renku("projects", &json!({"path": path, "writers": writers})).await;
        }
        let git = |path: &str| format!("{}/{path}", whole.renku_git());
        let (alice, shared) = (whole.token_of("alice").await, git("alice/shared"));

        let (status, answer) = wished(&whole, &alice, &shared).await;
        assert_eq!(
            (status.as_u16(), refusal(&answer)),
            (409, ("service-sign-in-needed", "service")),
            "{answer}"
        );
        let said = serve_as(&whole, "bob").await;
        assert!(said.contains("imported from now on by bob") && !said.contains("no longer"), "{said}");
        let carol = whole.token_of("carol").await;
        for (token, project, code, field) in [
            (&carol, &shared, "operators-only", "service"),
            (&alice, &git("alice/own"), "service-project-not-writable", "service"),
            (&alice, &git("bob/own"), "project-not-writable", "project"),
        ] {
            let (status, answer) = wished(&whole, token, project).await;
            assert_eq!((status.as_u16(), refusal(&answer)), (403, (code, field)), "{answer}");
        }
        let own = json!({"dataset": PID, "project": shared});
        let own = whole.ask(whole.request("POST", "/api/v1/subscriptions").json(&own)).await.unwrap();
        let (status, answer) = wished(&whole, &alice, &shared).await;
        assert_eq!(
            (status.as_u16(), refusal(&answer)),
            (409, ("subscribed-otherwise", "service")),
            "{answer}"
        );
        let own = own["id"].as_str().unwrap();
        arrived(&whole, own, &["1.0"]).await;
        whole.run(&["subscriptions", "remove", own]).await;

        // Their own imports are not the service person's: it gets the version that is out.
        let name = json!({"path": "alice/shared", "writers": ["alice", "bob", "carol"]});
        whole.tell_renku("projects", &name).await;
        let (status, made) = wished(&whole, &alice, &shared).await;
        assert_eq!((status.as_u16(), &made["service"]), (201, &json!(true)), "{made}");
        let id = made["id"].as_str().unwrap();
        arrived(&whole, id, &["1.0"]).await;
        let again = wished(&whole, &alice, &shared).await;
        assert_eq!((again.0.as_u16(), again.1["id"].as_str()), (200, Some(id)), "{again:?}");
        let (_, listed) = whole.run(&["subscriptions", "list"]).await;
        assert!(listed.contains(id) && listed.contains("(service person)"), "{listed}");
        for (person, words) in [("alice", id), ("bob", "operators-only")] {
            let add = ["subscriptions", "add", PID, "--project", &shared, "--service", "--person", person];
            let (_, printed) = whole.run(&add).await;
            assert!(printed.contains(words), "{person}: {printed}");
        }

        // Whoever asked for it is gone.
        whole.keycloak_fault(&json!({"name": "end_session", "user": "alice"})).await;
        publish(&whole, PID).await.unwrap();
        arrived(&whole, id, &["2.0", "1.0"]).await;
        assert_eq!((submitted_by(&whole, "alice").await, submitted_by(&whole, "bob").await), (1, 2));

        // The service person's sign-in ends: the version waits, and its owner is told whose turn it is.
        whole.keycloak_fault(&json!({"name": "end_session", "user": "bob"})).await;
        publish(&whole, PID).await.unwrap();
        let first = async || shown(&whole, id).await["ledger"][0].clone();
        whole.eventually("it waits", async || first().await["version"] == "3.0").await;
        let told = async |words: &str| {
            let all = mails(&whole).await;
            all.into_iter().find(|mail| mail["headers"]["subject"].as_str().unwrap().contains(words))
        };
        whole
            .eventually("the mail", async || told("The service person has to sign in").await.is_some())
            .await;
        let mail = told("The service person has to sign in").await.unwrap();
        assert_eq!(mail["headers"]["to"], "alice@example.org", "{mail}");
        let text = mail["text"].as_str().unwrap();
        assert!(text.contains("token get --store --service") && text.contains("/subscriptions"), "{text}");
        assert!(!text.contains("/imports/"), "that page is the service person's: {text}");
        serve_as(&whole, "bob").await;
        arrived(&whole, id, &["3.0", "2.0", "1.0"]).await;

        // Renku itself has forgotten the service person: that is another remedy.
        let at_renku = async |person: &str, gitlab: &str| {
            let told = json!({"name": person, "signed_in": true, "gitlab": gitlab});
            whole.tell_renku("people", &told).await;
        };
        at_renku("bob", "gone").await;
        publish(&whole, PID).await.unwrap();
        let told_where = async || {
            let all = mails(&whole).await;
            all.iter()
                .any(|mail| mail["text"].as_str().unwrap().contains("as the service person, sign out and"))
        };
        whole.eventually("that is told", told_where).await;

        // Somebody else is named, and what waits goes on in their name.
        at_renku("carol", "good").await;
        whole.keycloak_fault(&json!({"name": "end_session", "user": "bob"})).await;
        let said = serve_as(&whole, "carol").await;
        assert!(said.contains("no longer by bob"), "{said}");
        arrived(&whole, id, &["4.0", "3.0", "2.0", "1.0"]).await;
        assert_eq!(submitted_by(&whole, "carol").await, 1);

        // Nobody serves it any more: it pauses, and goes on with the next one.
        let store = open(&SecretString::from(whole.store_url()), Access::Tool).await.unwrap();
        let carol = store.service_person(&"sandbox".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(carol.username, "carol");
        let doctor = async || {
            let (_, told) = whole.run(&["doctor"]).await;
            told.lines().find(|line| line.contains("The service person")).unwrap_or_default().to_owned()
        };
        assert!(doctor().await.starts_with('✓'), "{}", doctor().await);
        store.erase(carol.id).await.unwrap();
        assert!(doctor().await.starts_with('✗'), "{}", doctor().await);
        publish(&whole, PID).await.unwrap();
        whole.eventually("it pauses", async || shown(&whole, id).await["state"] == "paused").await;
        assert_eq!(shown(&whole, id).await["problem"]["code"], "service-sign-in-needed");
        at_renku("bob", "good").await;
        serve_as(&whole, "bob").await;
        arrived(&whole, id, &["5.0", "4.0", "3.0", "2.0", "1.0"]).await;
        assert_eq!(shown(&whole, id).await["state"], "active");
        let submitted = ["alice", "bob", "carol"].map(|person| async { submitted_by(&whole, person).await });
        assert_eq!(join_all(submitted).await, [1, 4, 1], "each version once");
        store.close().await;
        app.kill().await;

        // Who is no administrator any more may let it rest, and not let it go on.
        let app = whole.serve_with(&[("DATAVERSE_RENKU__ADMIN__PEOPLE", "somebody-else")]).await;
        let act = async |what: &str| {
            let request = whole.request("POST", &format!("/api/v1/subscriptions/{id}/{what}"));
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!([act("pause").await, act("resume").await], [200, 403]);
        app.kill().await;
        // Everybody at the simulated Keycloak has this role.
        let nobody = ("DATAVERSE_RENKU__ADMIN__PEOPLE", "somebody-else");
        let role = ("DATAVERSE_RENKU__ADMIN__ROLE", "uma_authorization");
        let app = whole.serve_with(&[nobody, role]).await;
        assert_eq!(act("resume").await, 200);
        app.kill().await;
        whole.clear().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_renku_2_the_service_person_links_and_the_rights_of_both_are_renkus_own() {
    let mut whole = Whole::new(Wishes { api: "data", ..wishes(Kept::Here) }).await;
    let app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    serve_as(&whole, "bob").await;
    let alice = whole.token_of("alice").await;
    let project = |path: &str| format!("{}/p/{path}", whole.renku());
    for (path, field) in [("alice/first-project", "service"), ("bob/public-notes", "project")] {
        let (status, answer) = wished(&whole, &alice, &project(path)).await;
        assert!(status.is_client_error() && answer["field"] == field, "{path}: {status} {answer}");
    }
    let (status, made) = wished(&whole, &alice, &project("bob/shared")).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let id = made["id"].as_str().unwrap();
    arrived(&whole, id, &["1.0"]).await;
    let import = shown(&whole, id).await["ledger"][0]["import"].as_str().unwrap().to_owned();
    let import = whole.look(&import).await.unwrap();
    assert_ne!(import["person"], made["person"], "it is made in the service person's name");
    app.kill().await;
    whole.clear().await;
}

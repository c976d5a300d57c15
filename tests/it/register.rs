//! `register`: what is shown, what is done, and that twice is once and nothing is left, at the simulated Dataverse.

use std::collections::BTreeSet;

use dataverse_renku::adapters::http::{HttpSettings, client};

use serde_json::{Value, json};

use crate::doctor_world::{Changed, SUPERUSER, World, only};

const SECRET: &str = "a-secret-that-is-long-enough-0123456789";

/// What an administrator of the simulated Dataverse sees: tools, workflows in full, the default one, the addresses.
async fn everything(world: &World) -> Value {
    let http = client(&HttpSettings::default()).unwrap();
    let get = async |path: &str| -> Value {
        let url = format!("{}/api/admin/{path}", world.dataverse.site_url);
        let told: Value = http.get(url).send().await.unwrap().json().await.unwrap();
        told.get("data").cloned().unwrap_or_default()
    };
    let mut workflows = Vec::new();
    for brief in get("workflows").await.as_array().unwrap() {
        workflows.push(get(&format!("workflows/{}", brief["id"])).await);
    }
    json!({
        "tools": get("externalTools").await, "workflows": workflows,
        "default": get("workflows/default/PostPublishDataset").await, "addresses": get("workflows/ip-whitelist").await,
    })
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

impl World {
    fn register(&self, more: &[&str]) -> (Option<i32>, String) {
        let words =
            [&["register", "--installation", "demo", "--admin-url", &self.dataverse.site_url], more].concat();
        let done = self.ours(&words);
        (done.status.code(), said(&done))
    }
}

const OURS: [&str; 4] = ["--resume-address", "192.0.2.7", "--resume-address", "127.0.0.1"];

#[tokio::test]
async fn workflow_button_and_addresses_are_registered_once_and_go_without_a_trace() {
    let world = World::start().await;
    world.add_workflow_secret(SECRET);
    let before = everything(&world).await;
    let apply = [&OURS[..], &["--apply"]].concat();

    let (status, shown) = world.register(&OURS);
    assert_eq!(status, Some(0), "{shown}");
    assert!(
        shown.contains("--workflow-json | curl -X POST") && shown.contains("127.0.0.1;::1;192.0.2.7"),
        "{shown}"
    );
    assert_eq!(everything(&world).await, before, "it was only shown");

    let (status, told) = world.register(&apply);
    assert_eq!(status, Some(0), "{told}");
    let undo = undo_line(&told);
    let once = everything(&world).await;
    assert_eq!(once["addresses"]["message"], "127.0.0.1;::1;192.0.2.7");
    assert_eq!(once["default"], once["workflows"][0]);
    let url = once["default"]["steps"][0]["parameters"]["url"].as_str().unwrap();
    assert_eq!(url, format!("http://127.0.0.1:9/dataverse/demo/published/{SECRET}"));
    assert_eq!(world.wrong().await, BTreeSet::new());
    let (status, again) = world.register(&apply);
    assert_eq!((status, everything(&world).await), (Some(0), once), "twice is once: {again}");
    for text in [shown, told, again] {
        assert!(!text.contains(SECRET) && !text.contains(SUPERUSER), "{text}");
    }
    let printed = world.ours(&["register", "--installation", "demo", "--workflow-json"]);
    assert!(said(&printed).contains(SECRET), "for a pipe into curl");

    // The secret is changed: the new workflow takes the place of the old one.
    world.add_workflow_secret("another-secret-that-is-long-enough-987654");
    let (status, told) = world.register(&apply);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("published/…") && !told.contains(SECRET), "{told}");
    let changed = everything(&world).await;
    assert_eq!(changed["workflows"].as_array().unwrap().len(), 1);
    assert!(changed["default"].to_string().contains("another-secret"));

    let (status, told) = world.register(&[&OURS[..2], &["--remove"]].concat());
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(told.matches("curl -X DELETE ").count(), 4, "button, default, workflow and addresses: {told}");
    assert!(told.contains("/api/admin/externalTools/") && told.contains("--apply"), "{told}");
    assert_eq!(everything(&world).await, changed, "it was only shown");
    for _ in 0..2 {
        let undone = pasted(&undo);
        assert!(undone.status.success(), "{undone:?}");
        assert_eq!(everything(&world).await, before);
    }
}

/// What `register` prints to undo what it did.
fn undo_line(told: &str) -> String {
    told.lines().find(|line| line.contains("--remove --apply")).unwrap().to_owned()
}

/// What comes of a printed line in a shell, in another folder than the one where it was printed.
fn pasted(line: &str) -> std::process::Output {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_dataverse-renku"));
    let words = format!("set -o pipefail; PATH={}:$PATH; {line}", program.parent().unwrap().display());
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", &words]).current_dir("/");
    shell.output().unwrap()
}

#[tokio::test]
async fn undoing_leaves_addresses_that_were_there_before() {
    let world = World::start().await;
    world.add_workflow_secret(SECRET);
    let http = client(&HttpSettings::default()).unwrap();
    let list = format!("{}/api/admin/workflows/ip-whitelist", world.dataverse.site_url);
    let set = http.put(&list).body("127.0.0.1;192.0.2.7").send().await.unwrap();
    assert!(set.status().is_success());
    let before = everything(&world).await;
    let (status, told) = world.register(&[&OURS[..], &["--resume-address", "192.0.2.8", "--apply"]].concat());
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(everything(&world).await["addresses"]["message"], "127.0.0.1;192.0.2.7;192.0.2.8");
    let undo = undo_line(&told);
    assert!(undo.contains("192.0.2.8") && !undo.contains("192.0.2.7"), "{undo}");
    let undone = pasted(&undo);
    assert!(undone.status.success(), "{undone:?}");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn printed_commands_read_the_configuration_that_was_given() {
    let world = World::start().await;
    world.add_workflow_secret(SECRET);
    let called = format!("dataverse-renku --config {} ", world.file().display());
    let (_, told) = world.register(&[]);
    let piped = told.lines().find(|line| line.contains("--workflow-json | curl")).unwrap().trim().to_owned();
    assert!(piped.starts_with(&called), "{piped}");
    let added = pasted(&piped);
    assert!(added.status.success() && said(&added).contains(r#""id""#), "{added:?}");

    let told = said(&world.ours(&["register", "--keycloak", "main"]));
    let piped = told.lines().find(|line| line.contains("--with-secret | kcadm.sh")).unwrap();
    assert!(piped.starts_with(&called), "{piped}");
    let json = pasted(piped.split(" | ").next().unwrap());
    assert_eq!(serde_json::from_slice::<Value>(&json.stdout).unwrap()["secret"], "sandbox-secret");
    for command in [" -s redirectUris+=http://127.0.0.1:8474/", "/optional-client-scopes/$("] {
        assert!(told.contains(command), "{command}: {told}");
    }

    // What mends a client that Keycloak does not know.
    world.write(Changed {
        oidc: "client_id = \"nosuch\"\nclient_secret = \"sandbox-secret\"",
        ..Changed::default()
    });
    let mends = format!("{called}register --keycloak main --json --with-secret | kcadm.sh create clients");
    for (words, lines) in [(&["doctor"][..], 1), (&["token", "get", "--password", "alice"], 1)] {
        let told = said(&world.fed(words, "any\n"));
        assert_eq!(told.matches(&mends).count(), lines, "{words:?}: {told}");
    }

    // Whoever named the file in the environment has it there for the next command.
    let mut by_environment = std::process::Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
    by_environment.args(["register", "--keycloak", "main"]).env("DATAVERSE_RENKU_CONFIG", world.file());
    let told = said(&by_environment.output().unwrap());
    assert!(told.contains("\ndataverse-renku register --keycloak main --json --with-secret | "), "{told}");
}

#[tokio::test]
async fn what_register_would_not_heed_is_refused_as_wrong_usage() {
    let world = World::start().await;
    let (at, keycloak) = (["register", "--installation", "demo"], ["register", "--keycloak", "main"]);
    let usage: [(&[&str], &[&str], &str); 12] = [
        (&["register"], &[], "--installation <NAME>|--keycloak <NAME>"),
        (&at, &["--keycloak", "main"], "--keycloak"),
        (&keycloak, &["--apply"], "paste what is printed"),
        (&keycloak, &["--remove"], "--remove"),
        (&keycloak, &["--admin-url", "http://localhost:8080"], "--admin-url"),
        (&keycloak, &["--unblock-key-file", "key"], "--unblock-key-file"),
        (&keycloak, &["--apply", "--replace"], "--replace"),
        (&keycloak, &["--resume-address", "192.0.2.7"], "--resume-address"),
        (&keycloak, &["--workflow-json"], "--workflow-json"),
        (&at, &["--with-secret"], "--with-secret"),
        (&at, &["--json", "--apply"], "--apply"),
        (&at, &["--remove", "--apply", "--replace"], "--replace"),
    ];
    let before = everything(&world).await;
    for (words, more, named) in usage {
        let done = world.ours(&[words, more].concat());
        let told = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{words:?} {more:?}: {told}");
        assert!(told.contains(named) && done.stdout.is_empty(), "{words:?} {more:?}: {told}");
    }
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn a_name_that_is_not_configured_is_answered_with_those_that_are() {
    let world = World::start().await;
    let named: [(&[&str], &str, &str); 5] = [
        (
            &["register", "--keycloak", "nosuch"],
            "renku-unknown (--keycloak)",
            "\"nosuch\"; configured are: main",
        ),
        (
            &["register", "--installation", "No such"],
            "installation-unknown (--installation)",
            "\"No such\"; configured are: demo",
        ),
        (
            &["token", "get", "--renku", "nosuch"],
            "renku-unknown (--renku)",
            "\"nosuch\"; configured are: main",
        ),
        (&["token", "inspect", "--renku", "nosuch"], "renku-unknown (--renku)", "configured are: main"),
        (&["doctor", "--sign-in", "--renku", "nosuch"], "renku-unknown (--renku)", "configured are: main"),
    ];
    for (words, code, known) in named {
        let done = world.fed(words, "");
        let told = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{told}");
        assert!(told.contains(code) && told.contains(known), "{told}");
    }
    let mut bare = std::process::Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
    bare.args(["token", "get"])
        .env_remove("DATAVERSE_RENKU_CONFIG")
        .current_dir(world.file().parent().unwrap());
    let told = said(&bare.output().unwrap());
    assert!(told.contains("renku-unknown (--renku)") && told.contains("none is configured"), "{told}");
}

#[tokio::test]
async fn a_client_that_was_mistyped_is_not_told_to_be_made() {
    let world = World::start().await;
    let refused = world.fed(&["token", "get", "--password", "alice", "--client-id", "nosuch"], "any\n");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    let (mistyped, named) = (told.find("--client-id mistyped? It is: nosuch"), told.find("client-unknown:"));
    assert!(mistyped.is_some() && mistyped < named, "{told}");
    assert!(
        !told.contains("register --keycloak main"),
        "the configured client is not the one that is missing: {told}"
    );
}

#[tokio::test]
async fn somebody_elses_default_workflow_stays_unless_it_is_to_be_replaced() {
    let world = World::start().await;
    world.add_workflow_secret(SECRET);
    let http = client(&HttpSettings::default()).unwrap();
    let admin = format!("{}/api/admin/workflows", world.dataverse.site_url);
    let archive = json!({"name": "Archive", "steps": [{"provider": ":internal", "stepType": "archiver", "parameters": {}}]});
    let added: Value = http.post(&admin).json(&archive).send().await.unwrap().json().await.unwrap();
    let theirs = added["data"]["id"].to_string();
    let default = format!("{admin}/default/PostPublishDataset");
    assert!(http.put(&default).body(theirs.clone()).send().await.unwrap().status().is_success());
    let before = everything(&world).await;

    for _ in 0..2 {
        let (status, told) = world.register(&["--apply"]);
        assert_eq!(status, Some(1), "{told}");
        assert!(told.contains(&format!("{theirs}: Archive")) && told.contains("--replace"), "{told}");
        let after = everything(&world).await;
        assert_eq!(after["default"], before["default"], "it is left as it is");
        assert_eq!(after["workflows"].as_array().unwrap().len(), 2);
    }
    let (status, told) = world.register(&["--apply", "--replace"]);
    assert_eq!(status, Some(0), "{told}");
    assert!(everything(&world).await["default"].to_string().contains(SECRET));
    let undo = told.lines().find(|line| line.contains(&format!("curl -X PUT -d {theirs} "))).unwrap();
    let undone = pasted(undo);
    assert!(undone.status.success(), "{undone:?}");
    let (status, told) = world.register(&["--remove", "--apply"]);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(everything(&world).await, before, "what is others' is as it was");
}

#[tokio::test]
async fn without_the_admin_api_the_lines_for_dataverses_own_machine_are_printed() {
    let world = World::start().await;
    world.add_workflow_secret(SECRET);
    let shown = said(&world.ours(&["register", "--installation", "demo"]));
    for line in [
        "--admin-url http://localhost:8080 --apply",
        "--workflow-json | curl -X POST",
        "curl -X PUT -d ID http://localhost:8080/api/admin/workflows/default/PostPublishDataset",
        "ip-whitelist",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(!shown.contains(SECRET), "{shown}");
    assert_eq!(world.wrong().await, only("tool-not-registered"));
}

//! `register`: what is shown, what is done, and that twice is once and nothing is left, at the simulated Dataverse.

use std::collections::BTreeSet;

use dataverse_renku::adapters::http::{HttpSettings, client};

use serde_json::{Value, json};

use crate::doctor_world::{SUPERUSER, World, only};

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

    for _ in 0..2 {
        let (status, told) = world.register(&[&OURS[..2], &["--remove"]].concat());
        assert_eq!(status, Some(0), "{told}");
        assert_eq!(everything(&world).await, before);
    }
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
    let undone = std::process::Command::new("bash").args(["-c", undo.trim()]).output().unwrap();
    assert!(undone.status.success(), "{undone:?}");
    let (status, told) = world.register(&["--remove"]);
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

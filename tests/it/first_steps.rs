//! What a newcomer meets: nothing is there yet, a port is taken, a server is away. Each is said in words, with what helps.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};

use dataverse_renku::adapters::rabbitmq;
use serde_json::Value;

use crate::doctor_world::World;

fn ours(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
    command.current_dir(folder).env_clear().args(arguments).output().unwrap()
}

fn said(output: Output) -> String {
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// Somebody listens there as long as it is kept.
fn taken() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    let told = ours(&here, &["doctor"]);
    assert_eq!(told.status.code(), Some(0));
    let told = said(told);
    for (title, file) in [("Key to stored sign-ins", "vault.key"), ("Database", "dataverse-renku.db")] {
        let wanted = format!("{title}: {}", here.join(file).display());
        let line = told.lines().find(|line| line.ends_with(&wanted)).unwrap_or_else(|| panic!("{told}"));
        assert!(line.starts_with("! here"), "{told}");
    }
    assert_eq!(told.matches("Not there yet: it is made at the first start.").count(), 2, "{told}");
    assert!(!told.contains('✗'), "{told}");
    assert!(told.trim_end().ends_with("a Dataverse or a Renku is not configured."), "{told}");
    assert_eq!(names(&here), Vec::<String>::new());
    let french = said(ours(&here, &["doctor", "--language", "fr"]));
    assert!(
        french.contains("Pas encore là") && french.contains("rien ne peut encore être importé"),
        "{french}"
    );
}

#[test]
fn where_nothing_can_be_made_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody makes a file there, not even root.
    let state = ("STATE_DIRECTORY", "/proc/1");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dataverse-renku"));
    let told =
        command.current_dir(folder.path()).env_clear().env(state.0, state.1).args(["doctor", "--json"]);
    let told = told.output().unwrap();
    assert_eq!(told.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    for (check, code) in [("key", "vault-key-wrong"), ("store", "store-unavailable")] {
        let found = told["findings"].as_array().unwrap().iter().find(|one| one["check"] == check).unwrap();
        assert_eq!((&found["mark"], &found["code"]), (&"broken".into(), &code.into()), "{found}");
        assert!(found["problem"]["words"].as_str().unwrap().contains("/proc/1"), "{found}");
    }
}

#[tokio::test]
async fn a_database_or_a_key_that_was_there_is_lost_and_that_is_wrong() {
    let world = World::with_simulated_keycloak().await;
    world.sign_in("alice").await;
    std::fs::remove_file(world.folder.path().join("vault.key")).unwrap();
    assert!(world.wrong().await.contains("vault-key-wrong"), "sign-ins are sealed with it");
    for file in ["test.db", "test.db-wal", "test.db-shm"] {
        drop(std::fs::remove_file(world.folder.path().join(file)));
    }
    let wrong = world.wrong().await;
    assert!(wrong.contains("store-unavailable") && wrong.contains("vault-key-wrong"), "{wrong:?}");
}

#[test]
fn a_mistyped_folder_of_the_key_is_a_fault_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("nosuch/key");
    std::fs::write(folder.path().join("c.toml"), format!("[vault]\nkey_file = {key:?}\n")).unwrap();
    for command in [&["config", "check"][..], &["serve"], &["doctor"]] {
        let told = ours(folder.path(), &[&["--config", "c.toml"], command].concat());
        assert_eq!(told.status.code(), Some(1), "{command:?}");
        let told = said(told);
        assert!(told.contains("vault.key_file") && told.contains("mistyped"), "{told}");
    }
    assert_eq!(names(folder.path()), ["c.toml"]);
}

#[test]
fn a_port_that_is_taken_is_named_with_the_setting_that_names_another() {
    let folder = tempfile::tempdir().unwrap();
    let (_kept, address) = taken();
    let port = address.port().to_string();
    std::fs::write(folder.path().join("c.toml"), format!("[http]\nbind = \"{address}\"\n")).unwrap();
    let served = ours(folder.path(), &["--config", "c.toml", "serve"]);
    let played = ours(folder.path(), &["sandbox", "--port", &port]);
    for (told, setting) in [(served, "http.bind"), (played, "--port")] {
        assert_eq!(told.status.code(), Some(1));
        let told = said(told);
        let line = told.lines().last().unwrap();
        assert!(line.contains(&address.to_string()) && line.contains(setting), "{told}");
    }
}

#[test]
fn a_service_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, address) = taken();
    drop(kept);
    std::fs::write(folder.path().join("c.toml"), format!("[http]\nbind = \"{address}\"\n")).unwrap();
    let told = ours(folder.path(), &["--config", "c.toml", "health"]);
    assert_eq!(told.status.code(), Some(1));
    let told = said(told);
    let wanted = format!(
        "no service answers at {address}: is it started, with the same address in its configuration (http.bind)?"
    );
    assert_eq!(told.lines().last(), Some(wanted.as_str()), "{told}");
}

#[tokio::test]
async fn a_broker_that_is_away_is_named_without_its_password_and_with_one_reason() {
    let (kept, address) = taken();
    drop(kept);
    let url = format!("amqp://u:hidden@{address}").into();
    let error = rabbitmq::look(&url, "x.", std::time::Duration::from_secs(10)).await.unwrap_err();
    let told = rabbitmq::words(&error);
    assert!(
        told.starts_with(&format!("no broker answers at {address}, which `queue.url` names: ")),
        "{told}"
    );
    assert_eq!(told.matches("refused").count(), 1, "{told}");
    assert!(!format!("{error:?}").contains("hidden"));
}

#[test]
fn a_postgres_that_is_away_is_named_by_the_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, address) = taken();
    drop(kept);
    let text = format!("[store]\nurl = \"postgres://u:hidden@{address}/x\"\n");
    std::fs::write(folder.path().join("c.toml"), text).unwrap();
    let told = said(ours(folder.path(), &["--config", "c.toml", "doctor"]));
    assert!(told.contains(&format!("no PostgreSQL answers at {address}, which `store.url` names")), "{told}");
    assert!(told.contains("refused") && !told.contains("hidden"), "{told}");
}

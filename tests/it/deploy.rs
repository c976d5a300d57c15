//! What an installation is made from: the broker's definitions, the realm, the settings in Compose's file and in the examples.
//!
//! That the files are well formed by themselves is checked by `scripts/check-deploy`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dataverse_renku::adapters::rabbitmq;
use dataverse_renku::config::Config;
use serde_json::Value;

/// A key of the vault that seals nothing.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_brokers_definitions_are_those_that_the_program_declares() {
    let name = "deploy/rabbitmq/definitions.json";
    let wanted = format!("{}\n", serde_json::to_string_pretty(&rabbitmq::definitions().unwrap()).unwrap());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(name), &wanted).unwrap();
    }
    assert!(read(name) == wanted, "{name} is out of date: UPDATE_DOCS=1 cargo test the_brokers_definitions");
}

/// Names and values of our variables in the YAML of Compose's file, `${NAME:-default}` read as its default.
fn variables_in_compose() -> BTreeSet<(String, String)> {
    let text = read("docker-compose.yml");
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("DATAVERSE_RENKU__"));
    let pairs = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        let value = match value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(inner) => inner.split_once(":-").unwrap_or_else(|| panic!("{name} has no default")).1,
            None => value,
        };
        (name.to_owned(), value.to_owned())
    });
    pairs.collect()
}

#[test]
fn composes_settings_are_a_whole_configuration_once_the_secrets_are_there() {
    let secrets = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("store_url", "postgres://connector:secret@postgres/connector"),
        ("queue_url", "amqp://connector:secret@rabbitmq/%2f"),
        ("vault_key", KEY),
        ("oidc_client", "secret"),
    ] {
        std::fs::write(secrets.path().join(name), content).unwrap();
    }
    let text = read("deploy/compose/connector.toml");
    let mentioned = text.matches("/run/secrets/").count();
    assert_eq!(mentioned, 4, "a secret that the test does not know");
    let file = secrets.path().join("config.toml");
    std::fs::write(&file, text.replace("/run/secrets", secrets.path().to_str().unwrap())).unwrap();
    let variables = variables_in_compose();
    assert!(variables.len() >= 6, "{variables:?}");
    let (config, _) = Config::load(Some(&file), variables).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(config.http.monitor.map(|address| address.port()), Some(8081));
    for role in [dataverse_renku::config::Role::Web, dataverse_renku::config::Role::Worker] {
        assert_eq!(config.check_role(role), Ok(()));
    }
}

#[test]
fn the_realm_has_our_client_as_the_configuration_and_renku_expect_it() {
    let realm: Value = serde_json::from_str(&read("deploy/keycloak/realm.json")).unwrap();
    assert_eq!(realm["realm"], "Renku");
    let clients = realm["clients"].as_array().unwrap();
    let named = |id: &str| clients.iter().find(|client| client["clientId"] == id).unwrap();
    let ours = named("dataverse-connector");
    assert_eq!((&ours["publicClient"], &ours["standardFlowEnabled"]), (&false.into(), &true.into()));
    assert_eq!(ours["attributes"]["pkce.code.challenge.method"], "S256");
    assert_eq!(ours["redirectUris"], serde_json::json!(["/sign-in/callback"]));
    for client in [ours, named("renku-cli")] {
        let audiences = client["protocolMappers"].as_array().unwrap().iter().filter(|mapper| {
            mapper["protocolMapper"] == "oidc-audience-mapper"
                && mapper["config"]["included.custom.audience"] == "renku"
                && mapper["config"]["access.token.claim"] == "true"
        });
        assert_eq!(audiences.count(), 1, "{client}");
    }
    // An administrator of the connector is whoever has this role.
    let example = read("config/production.example.toml");
    let role = &realm["roles"]["realm"][0]["name"];
    assert!(example.contains(&format!("role = {role}")), "{role}");
}

/// Names of our metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = parts.filter(|word| word.starts_with("dataverse_renku_") && *word != "dataverse_renku_");
    // What Prometheus makes of a histogram.
    let plain = |word: &str| {
        let ends = ["_bucket", "_count", "_sum"];
        ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned()
    };
    ours.map(plain).collect()
}

fn in_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            in_sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            for kind in ["counter!(", "gauge!(", "histogram!("] {
                for after in code.split(kind).skip(1) {
                    found.insert(
                        after.trim_start().trim_start_matches('"').split('"').next().unwrap().to_owned(),
                    );
                }
            }
        }
    }
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_exist_and_the_manual_has_all_of_them() {
    let mut measured = BTreeSet::new();
    in_sources(&path("src"), &mut measured);
    assert!(measured.len() > 10, "{measured:?}");
    assert!(measured.iter().all(|name| name.starts_with("dataverse_renku_")), "{measured:?}");
    for name in ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboard.json"] {
        let asked = metrics_in(&read(name));
        assert!(!asked.is_empty(), "{name} asks for nothing");
        let unknown: Vec<_> = asked.difference(&measured).collect();
        assert!(unknown.is_empty(), "{name} asks for {unknown:?}");
    }
    let explained = metrics_in(&read("docs/OPERATIONS.md"));
    let untold: Vec<_> = measured.difference(&explained).collect();
    assert!(untold.is_empty(), "docs/OPERATIONS.md does not tell of {untold:?}");
}

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::*;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A valid file, to which a test adds what it is about.
const GOOD: &str = r#"
public_url = "https://connector.example.org"
[dataverse.demo]
site_url = "https://demo.example/"
[renku.main]
url = "https://renku.example"
[renku.main.oidc]
client_secret = "s3cret-of-the-client"
"#;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let key = [("DATAVERSE_RENKU__VAULT__KEY", KEY)];
    key.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

type Loaded = Result<(Config, Vec<Warning>), Vec<ConfigFault>>;

fn load(text: &str, environment: &[(&str, &str)]) -> Loaded {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(Some(&file), variables(environment))
}

fn good(environment: &[(&str, &str)]) -> Config {
    load(GOOD, environment).unwrap().0
}

fn faults(text: &str, environment: &[(&str, &str)]) -> Vec<ConfigFault> {
    load(text, environment).unwrap_err()
}

/// Asserts that exactly this key is at fault, and that something is said and advised about it.
fn only(faults: &[ConfigFault], key: &str) {
    let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, [key], "{faults:#?}");
    assert!(faults.iter().all(|fault| !fault.message.is_empty() && fault.remedy.ends_with(['.', '?'])));
}

#[test]
fn without_any_configuration_it_starts_on_loopback_and_says_what_is_missing() {
    let (config, warnings) = Config::load(None, []).unwrap();
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:8473");
    assert_eq!(config.store.url.expose(), "sqlite://dataverse-renku.db");
    assert_eq!(config.store.kind(), StoreKind::Sqlite);
    assert_eq!(config.queue.kind(), QueueKind::Embedded);
    assert_eq!(config.vault.make_at.as_deref(), Some(Path::new("vault.key")));
    let keys: Vec<_> = warnings.iter().map(|warning| warning.key.as_str()).collect();
    assert_eq!(keys, ["dataverse", "renku"]);
}

#[test]
fn files_of_the_service_lie_in_the_state_directory() {
    let environment = [("STATE_DIRECTORY".to_owned(), "/var/lib/x:/var/lib/y".to_owned())];
    let (config, _) = Config::load(None, environment).unwrap();
    assert_eq!(config.store.url.expose(), "sqlite:///var/lib/x/dataverse-renku.db");
    assert_eq!(config.vault.make_at.as_deref(), Some(Path::new("/var/lib/x/vault.key")));
}

#[test]
fn a_small_file_is_enough_and_the_rest_has_defaults() {
    let config = good(&[]);
    let demo = config.dataverse.get(&"demo".parse().unwrap()).unwrap();
    assert_eq!((demo.site_url.as_str(), demo.title.as_str()), ("https://demo.example", "demo.example"));
    let renku = config.renku.get(&"main".parse().unwrap()).unwrap();
    assert_eq!(renku.git_hosts, ["renku.example", "gitlab.renku.example"]);
    assert_eq!(renku.oidc.issuer.as_str(), "https://renku.example/auth/realms/Renku");
    assert!(!renku.oidc.issuer_given);
    assert_eq!((renku.outstanding, renku.api, renku.oidc.flow), (3, RenkuApi::Auto, Flow::Code));
    assert_eq!(renku.oidc.client_id, "dataverse-connector");
    assert_eq!(config.worker.lease, Duration::from_secs(300));
    assert_eq!(config.worker.retry.attempts, 8);
}

#[test]
fn a_list_as_in_a_file_is_refused_in_a_variable() {
    let people = [("DATAVERSE_RENKU__ADMIN__PEOPLE", r#"["0a11ce00-5f1c", "0b0b0000-5f1c"]"#)];
    only(&faults(GOOD, &people), "admin.people");
    let people = [("DATAVERSE_RENKU__ADMIN__PEOPLE", "0a11ce00-5f1c,0b0b0000-5f1c")];
    assert_eq!(good(&people).admin.people.len(), 2);
}

#[test]
fn the_environment_wins_over_the_file_and_every_kind_of_value_can_be_set_there() {
    let config = good(&[
        ("DATAVERSE_RENKU__PUBLIC_URL", "https://other.example/"),
        ("DATAVERSE_RENKU__HTTP__BIND", "[::1]:9000"),
        ("DATAVERSE_RENKU__HTTP__TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        ("DATAVERSE_RENKU__HTTP__MAX_BODY", "1MiB"),
        ("DATAVERSE_RENKU__WORKER__LEASE", "35m"),
        ("DATAVERSE_RENKU__WORKER__RETRY__ATTEMPTS", "2"),
        ("DATAVERSE_RENKU__RENKU__MAIN__OIDC__FLOW", "device"),
        ("DATAVERSE_RENKU__DATAVERSE__DEMO__ALLOW_HTTP", "TRUE"),
        ("DATAVERSE_RENKU__DATAVERSE__MY_OTHER__SITE_URL", "https://other-data.example"),
        ("DATAVERSE_RENKU__LOG__FILTER", ""),
        ("DATAVERSE_RENKU_PORT", "tcp://10.0.0.1:80"),
    ]);
    assert_eq!(config.public_url.as_str(), "https://other.example");
    assert_eq!(config.http.bind.to_string(), "[::1]:9000");
    assert_eq!(config.http.trusted_proxies.len(), 2);
    assert_eq!(config.http.max_body, Bytes(1 << 20));
    assert_eq!(config.worker.lease, Duration::from_secs(35 * 60));
    assert_eq!(config.worker.retry.attempts, 2);
    assert_eq!(config.renku.get(&"main".parse().unwrap()).unwrap().oidc.flow, Flow::Device);
    assert!(config.dataverse.contains_key(&"my-other".parse().unwrap()));
    assert_eq!(config.log.filter, "info");
}

#[test]
fn secrets_from_variables_are_taken_letter_by_letter() {
    for secret in ["00123", "1e5", "true", " spaced ", "a,b"] {
        let config = good(&[("DATAVERSE_RENKU__RENKU__MAIN__OIDC__CLIENT_SECRET", secret)]);
        let renku = config.renku.get(&"main".parse().unwrap()).unwrap();
        assert_eq!(renku.oidc.client_secret.as_ref().unwrap().expose_secret(), secret);
    }
}

#[test]
fn secrets_may_stand_in_files_and_the_upper_layer_decides() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, "from-a-file\n").unwrap();
    let path = file.to_str().unwrap();
    let secret = |config: &Config| {
        let renku = config.renku.get(&"main".parse().unwrap()).unwrap();
        renku.oidc.client_secret.as_ref().unwrap().expose_secret().to_owned()
    };
    let by_variable = good(&[("DATAVERSE_RENKU__RENKU__MAIN__OIDC__CLIENT_SECRET_FILE", path)]);
    assert_eq!(secret(&by_variable), "from-a-file");

    let in_file =
        GOOD.replace("client_secret = \"s3cret-of-the-client\"", &format!("client_secret_file = {path:?}"));
    let (config, warnings) = load(&in_file, &[]).unwrap();
    assert_eq!(secret(&config), "from-a-file");
    assert!(
        warnings.iter().any(|warning| warning.message.contains("everybody on this machine")),
        "{warnings:?}"
    );
    let (config, _) =
        load(&in_file, &[("DATAVERSE_RENKU__RENKU__MAIN__OIDC__CLIENT_SECRET", "nearer")]).unwrap();
    assert_eq!(secret(&config), "nearer");

    let both = format!("{GOOD}\nclient_secret_file = {path:?}");
    only(&faults(&both, &[]), "renku.main.oidc.client_secret");
    let missing = in_file.replace("/secret\"", "/not-there\"");
    only(&faults(&missing, &[]), "renku.main.oidc.client_secret_file");
    std::fs::write(&file, " \n").unwrap();
    only(&faults(&in_file, &[]), "renku.main.oidc.client_secret_file");
}

#[test]
fn workflow_secrets_come_as_list_variable_or_lines_of_a_file() {
    let (one, two) = ("a".repeat(24), "b".repeat(24));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets");
    std::fs::write(&file, format!("{one}\n{two}\n")).unwrap();
    let in_file = |line: String| GOOD.replace("[renku.main]\n", &format!("{line}\n[renku.main]\n"));
    let count =
        |config: Config| config.dataverse.get(&"demo".parse().unwrap()).unwrap().workflow_secrets.len();
    assert_eq!(count(load(&in_file(format!("workflow_secrets = [{one:?}, {two:?}]")), &[]).unwrap().0), 2);
    assert_eq!(count(load(&in_file(format!("workflow_secrets_file = {file:?}")), &[]).unwrap().0), 2);
    assert_eq!(
        count(good(&[("DATAVERSE_RENKU__DATAVERSE__DEMO__WORKFLOW_SECRETS", &format!("{one},{two}"))])),
        2
    );
    only(&faults(&in_file("workflow_secrets = [\"short\"]".into()), &[]), "dataverse.demo.workflow_secrets");
    only(&faults(&in_file("workflow_secrets = [1]".into()), &[]), "dataverse.demo.workflow_secrets");
}

#[test]
fn every_unusable_value_is_named_with_its_key() {
    for (key, value) in [
        ("PUBLIC_URL", "connector.example.org"),
        ("PUBLIC_URL", "https://me:pw@connector.example.org"),
        ("PUBLIC_URL", "https://connector.example.org/?x"),
        ("HTTP__BIND", "8473"),
        ("HTTP__TRUSTED_PROXIES", "proxy.example"),
        ("HTTP__TRUSTED_PROXIES", "0.0.0.0/0"),
        ("HTTP__WORKERS", "-1"),
        ("HTTP__MAX_BODY", "many"),
        ("HTTP__MAX_BODY", "10"),
        ("STORE__URL", "mysql://x"),
        ("QUEUE__URL", "kafka://x"),
        ("QUEUE__PREFIX", "with space"),
        ("VAULT__KEY", "too-short"),
        ("VAULT__KEY_FILE", "/not/there"),
        ("WORKER__SUBMIT_SLOTS", "0"),
        ("WORKER__FOLLOW_SLOTS", "many"),
        ("WORKER__LEASE", "5"),
        ("WORKER__LEASE", "65s"),
        ("WORKER__POLL_FIRST", "0s"),
        ("WORKER__SETTLE", "soon"),
        ("WORKER__RETRY__ATTEMPTS", "0"),
        ("WORKER__RETRY__LONGEST", "1s"),
        ("WORKER__BREAKER__FAILURES", "x"),
        ("WORKER__BREAKER__LONGEST", "1ms"),
        ("DATAVERSE__DEMO__SITE_URL", "http://demo.example"),
        ("DATAVERSE__DEMO__ALLOW_HTTP", "perhaps"),
        ("DATAVERSE__DEMO__ALLOWED_ADDRESSES", "all"),
        ("RENKU__MAIN__URL", "http://renku.example"),
        ("RENKU__MAIN__API", "new"),
        ("RENKU__MAIN__GIT_HOSTS", "https://gitlab.example"),
        ("RENKU__MAIN__GIT_HOSTS", "gitlab.example/group"),
        ("RENKU__MAIN__OUTSTANDING", "0"),
        ("RENKU__MAIN__MOST_FILES", "x"),
        ("RENKU__MAIN__MOST_BYTES", "x"),
        ("RENKU__MAIN__OIDC__ISSUER", "http://keycloak.example/realms/Renku"),
        ("RENKU__MAIN__OIDC__FLOW", "password"),
        ("RENKU__MAIN__OIDC__SCOPES", "profile"),
        ("ADMIN__PEOPLE", "elsewhere:abc"),
        ("LOG__FORMAT", "xml"),
        ("LOG__FILTER", "dataverse_renku=loud"),
    ] {
        let variable = format!("DATAVERSE_RENKU__{key}");
        let found = faults(GOOD, &[(&variable, value)]);
        let path = key.to_lowercase().replace("__", ".");
        only(&found, &path);
        assert_eq!(found[0].origin, Some(format!("variable {variable}")));
        let may_show = value.len() < 5 || value.starts_with('/');
        assert!(may_show || !found[0].message.contains(value), "no value in a message: {}", found[0]);
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let text = r#"
        public_url = "nonsense"
        unknown = 1
        [worker]
        lease = true
        poll_frist = "5s"
        [dataverse.Demo]
        site_url = "https://demo.example"
        [renku.main]
        api = "core"
        [renku.main.oidc]
    "#;
    let keys: Vec<_> = faults(text, &[]).into_iter().map(|fault| fault.key).collect();
    assert_eq!(
        keys,
        [
            "public_url",
            "worker.lease",
            "worker.poll_frist",
            "dataverse.Demo",
            "renku.main.url",
            "renku.main.oidc.client_secret",
            "unknown"
        ]
    );
}

#[test]
fn an_unknown_key_gets_a_guess_and_a_name_of_where_it_stands() {
    let found = faults(&format!("{GOOD}\nclient_secrt = \"x\""), &[]);
    only(&found, "renku.main.oidc.client_secrt");
    assert_eq!(found[0].remedy, "Did you mean renku.main.oidc.client_secret?");
    assert!(found[0].origin.as_ref().unwrap().ends_with("config.toml"));
    let found = faults(GOOD, &[("DATAVERSE_RENKU__WORKER__BANANA", "1")]);
    only(&found, "worker.banana");
    assert!(found[0].remedy.contains("docs/CONFIG.md"));
    only(&faults(GOOD, &[("DATAVERSE_RENKU__WORKER", "1")]), "worker");
    only(&faults(&format!("worker = 1\n{GOOD}"), &[]), "worker");
    only(&faults(GOOD, &[("DATAVERSE_RENKU__WORKER____LEASE", "1")]), "worker..lease");
    only(&faults(GOOD, &[("DATAVERSE_RENKU__PUBLIC_URL__X", "1")]), "public_url.x");
    let both =
        [("DATAVERSE_RENKU__RENKU__MAIN__TITLE", "A"), ("DATAVERSE_RENKU__RENKU__MAIN__TITLE__X", "B")];
    only(&faults(GOOD, &both), "renku.main.title.x");
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named_without_its_content() {
    let missing = Config::load(Some(Path::new("/not/there.toml")), variables(&[])).unwrap_err();
    assert!(missing[0].to_string().starts_with("/not/there.toml: "), "{}", missing[0]);
    let named = Config::load(None, variables(&[(FILE_VARIABLE, "/not/here.toml")])).unwrap_err();
    assert!(named[0].to_string().starts_with("/not/here.toml: "), "{}", named[0]);
    let broken = faults("\n[vault]\nkey = hunter2hunter2\n", &[]);
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].to_string().contains("config.toml, line 3"), "{}", broken[0]);
    assert!(!broken[0].to_string().contains("hunter2"), "{}", broken[0]);
}

#[test]
fn the_vault_takes_keys_in_every_usual_form() {
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".to_owned();
    for text in [KEY, KEY.trim_end_matches('='), &KEY.replace('+', "-").replace('/', "_"), &hex] {
        let config = good(&[("DATAVERSE_RENKU__VAULT__KEY", text)]);
        assert_eq!(config.vault.keys[0].expose()[31], 31);
        assert_eq!(config.vault.make_at, None);
    }
    let two = format!("{hex},{KEY}");
    assert_eq!(good(&[("DATAVERSE_RENKU__VAULT__KEYS", &two)]).vault.keys.len(), 3);
    assert!(!format!("{:?}", good(&[]).vault).contains("31"));
}

#[test]
fn a_missing_key_is_made_on_loopback_only() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("vault.key");
    let load = |url: &str| {
        let text =
            GOOD.replace("https://connector.example.org", url) + &format!("[vault]\nkey_file = {file:?}");
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path), [])
    };
    assert_eq!(load("http://127.0.0.1:8473").unwrap().0.vault.make_at, Some(file.clone()));
    only(&load("https://connector.example.org").unwrap_err(), "vault.key_file");
    std::fs::write(&file, KEY).unwrap();
    assert_eq!(load("https://connector.example.org").unwrap().0.vault.keys.len(), 1);
}

#[test]
fn a_key_file_in_a_folder_that_does_not_exist_is_a_fault_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("nosuch");
    let named = format!("[vault]\nkey_file = {:?}\n", folder.join("key"));
    for url in ["http://127.0.0.1:8473", "https://connector.example.org"] {
        let path = dir.path().join("config.toml");
        std::fs::write(&path, GOOD.replace("https://connector.example.org", url) + &named).unwrap();
        let faults = Config::load(Some(&path), []).unwrap_err();
        only(&faults, "vault.key_file");
        assert!(faults[0].message.contains(&folder.display().to_string()), "{}", faults[0]);
        assert!(faults[0].remedy.contains("mistyped"), "{}", faults[0]);
    }
    assert!(!folder.exists());
}

#[test]
fn http_to_other_machines_needs_a_word_and_warns() {
    let text = GOOD.replace("https://renku.example\"", "http://renku.example\"\nallow_http = true");
    let (_, warnings) = load(&text, &[]).unwrap();
    assert_eq!(warnings.iter().map(|warning| warning.key.as_str()).collect::<Vec<_>>(), ["renku.main.url"]);
    let (_, warnings) = load(GOOD, &[("DATAVERSE_RENKU__PUBLIC_URL", "http://connector.example")]).unwrap();
    assert_eq!(warnings[0].key, "public_url");
    let (_, warnings) = load(GOOD, &[("DATAVERSE_RENKU__QUEUE__URL", "amqp://u:p@rabbit.example")]).unwrap();
    assert_eq!(warnings[0].key, "queue.url");
    assert!(!warnings[0].message.contains("u:p"));
}

#[test]
fn risky_spans_and_clients_are_warned_of() {
    let keys = |environment: &[(&str, &str)]| -> Vec<String> {
        load(GOOD, environment).unwrap().1.into_iter().map(|warning| warning.key).collect()
    };
    assert_eq!(keys(&[]), [] as [&str; 0]);
    assert_eq!(keys(&[("DATAVERSE_RENKU__WORKER__GIVE_UP_AFTER", "1h")]), ["worker.give_up_after"]);
    assert_eq!(keys(&[("DATAVERSE_RENKU__WORKER__POLL_LATER", "1s")]), ["worker.poll_later"]);
    let accepted = ("DATAVERSE_RENKU__RENKU__MAIN__OIDC__ACCEPTED_CLIENTS", "renku,renku-cli");
    assert_eq!(keys(&[accepted]), ["renku.main.oidc.client_id"]);
    assert_eq!(keys(&[accepted, ("DATAVERSE_RENKU__RENKU__MAIN__OIDC__FLOW", "device")]), [] as [&str; 0]);
}

#[test]
fn a_bind_address_for_others_needs_a_public_address() {
    let text = GOOD.replace("public_url = \"https://connector.example.org\"", "");
    only(&faults(&text, &[("DATAVERSE_RENKU__HTTP__BIND", "0.0.0.0:80")]), "public_url");
}

#[test]
fn two_names_for_one_address_are_refused() {
    let text = format!("{GOOD}[dataverse.twin]\nsite_url = \"https://demo.example\"");
    only(&faults(&text, &[]), "dataverse.twin");
    let text = format!("{GOOD}[renku.twin]\nurl = \"https://renku.example/\"\noidc.client_secret = \"x\"");
    only(&faults(&text, &[]), "renku.twin");
}

#[test]
fn administrators_are_named_with_their_renku_where_there_are_several() {
    let config = good(&[("DATAVERSE_RENKU__ADMIN__PEOPLE", "abc,main:def")]);
    let (main, other) = ("main".parse().unwrap(), "other".parse().unwrap());
    assert!(config.admin.names(&main, "abc") && config.admin.names(&main, "def"));
    assert!(!config.admin.names(&main, "ghi") && !config.admin.names(&other, "def"));
    let two = format!("{GOOD}[renku.other]\nurl = \"https://two.example\"\noidc.client_secret = \"x\"");
    only(&faults(&two, &[("DATAVERSE_RENKU__ADMIN__PEOPLE", "abc")]), "admin.people");
    let (config, _) = load(&two, &[("DATAVERSE_RENKU__ADMIN__PEOPLE", "other:abc")]).unwrap();
    assert!(config.admin.names(&other, "abc") && !config.admin.names(&main, "abc"));
}

#[test]
fn split_roles_need_a_server_for_store_and_queue() {
    let keys = |environment: &[(&str, &str)], role| -> Vec<String> {
        let result = good(environment).check_role(role);
        result.err().unwrap_or_default().into_iter().map(|fault| fault.key).collect()
    };
    let postgres = ("DATAVERSE_RENKU__STORE__URL", "postgres://u:p@db.example/x");
    let rabbit = ("DATAVERSE_RENKU__QUEUE__URL", "amqps://u:p@rabbit.example");
    assert_eq!(keys(&[], Role::All), [] as [&str; 0]);
    assert_eq!(keys(&[], Role::Web), ["store.url", "queue.url"]);
    assert_eq!(keys(&[postgres], Role::Worker), ["queue.url"]);
    assert_eq!(keys(&[rabbit], Role::Worker), ["store.url"]);
    assert_eq!(keys(&[postgres, rabbit], Role::Worker), [] as [&str; 0]);
}

#[test]
fn what_is_shown_and_debugged_has_no_secret_in_it() {
    let secret = "q".repeat(24);
    let config = good(&[
        ("DATAVERSE_RENKU__STORE__URL", &format!("postgres://me:{secret}@db.example/x")),
        ("DATAVERSE_RENKU__QUEUE__URL", &format!("amqps://me:{secret}@rabbit.example/v")),
        ("DATAVERSE_RENKU__DATAVERSE__DEMO__WORKFLOW_SECRETS", &secret),
        ("DATAVERSE_RENKU__DATAVERSE__DEMO__API_TOKEN", &secret),
        ("DATAVERSE_RENKU__RENKU__MAIN__OIDC__CLIENT_SECRET", &secret),
    ]);
    let shown = config.show();
    for text in [&shown, &format!("{config:?}"), &serde_json::to_string(&config).unwrap()] {
        assert!(!text.contains(&secret) && !text.contains(KEY), "{text}");
    }
    assert!(shown.contains("amqps://me:…@rabbit.example/v"), "{shown}");
    assert!(shown.contains("lease = \"5m\""), "{shown}");
    assert_eq!(shown.matches('…').count(), 6, "{shown}");
}

/// Paths of all keys that hold a value.
fn paths(table: &toml::Table, prefix: &str) -> Vec<String> {
    let path = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    let each = table.iter().flat_map(|(key, value)| match value.as_table() {
        Some(inner) => paths(inner, &path(key)),
        None => vec![path(key)],
    });
    each.collect()
}

#[test]
fn the_manual_names_every_key_and_its_commented_sections_are_the_defaults() {
    // Taking the `# ` away in front of the sections for Dataverse and Renku must give a file that changes no default.
    let mut manual = String::new();
    for line in DEFAULT.lines() {
        let active = line.strip_prefix("# ").filter(|rest| {
            let key = rest.split(" = ").next().unwrap_or_default();
            let is_key = rest.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            rest.starts_with('[') || is_key
        });
        manual.push_str(active.unwrap_or(line));
        manual.push('\n');
    }
    let manual = manual.replace(".NAME", ".some");
    // An example of what has no default.
    let manual = manual.replace("docs_client_id = \"dataverse-connector-docs\"", "docs_client_id = \"\"");
    let full = load(&manual, &[("DATAVERSE_RENKU__RENKU__SOME__OIDC__CLIENT_SECRET", "x")]).unwrap().0;
    let bare = "[dataverse.some]\nsite_url = \"https://demo.dataverse.org\"\ntitle = \"Demo Dataverse\"\n[renku.some]\n\
                url = \"https://renku.example.org\"\ntitle = \"Example Renku\"\n";
    let bare = load(bare, &[("DATAVERSE_RENKU__RENKU__SOME__OIDC__CLIENT_SECRET", "x")]).unwrap().0;
    assert_eq!(full.show(), bare.show());

    let in_force: toml::Table = full.show().parse().unwrap();
    let explained: toml::Table = manual.parse().unwrap();
    let explained = paths(&explained, "");
    let told_in_words = ["vault.keys", "renku.some.oidc.issuer"];
    for path in paths(&in_force, "") {
        assert!(
            explained.contains(&path) || told_in_words.contains(&path.as_str()),
            "{path} is not explained"
        );
    }
}

#[test]
fn the_examples_load_when_their_secrets_are_there() {
    for text in [
        include_str!("../../config/production.example.toml"),
        include_str!("../../config/two-renkus.example.toml"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().to_str().unwrap();
        for (name, content) in [
            ("store-url", "postgres://connector:secret@db.example/connector"),
            ("queue-url", "amqps://connector:secret@rabbit.example/%2f"),
            ("vault.key", KEY),
            ("workflow", "0123456789abcdef0123456789abcdef"),
            ("oidc-client", "one"),
            ("new-client", "two"),
        ] {
            std::fs::write(dir.path().join(name), content).unwrap();
        }
        let file = dir.path().join("config.toml");
        std::fs::write(&file, text.replace("/etc/dataverse-renku/secrets", here)).unwrap();
        let (config, warnings) = Config::load(Some(&file), []).unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert!(!config.renku.is_empty());
        let risky = warnings.iter().filter(|warning| !warning.message.contains("everybody on this machine"));
        assert_eq!(risky.count(), 0, "{warnings:?}");
    }
}

#[test]
fn the_key_file_that_a_first_start_makes_is_read_at_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vault.key");
    let text = "# Key of the vault for stored sign-ins.\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    std::fs::write(&file, text).unwrap();
    let key_file = ("DATAVERSE_RENKU__VAULT__KEY_FILE".to_owned(), file.display().to_string());
    let (config, _) = Config::load(None, [key_file]).unwrap();
    assert_eq!((config.vault.keys.len(), config.vault.make_at), (1, None));
}

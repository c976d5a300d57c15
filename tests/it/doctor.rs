//! The doctor names what is wrong and nothing else, and what it prints mends it: at the simulated systems, and with
//! `TEST_KEYCLOAK_ISSUER` as far as that goes at a real Keycloak. What an administrator breaks there is in `doctor_keycloak`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::doctor::{Check, Finding, Mark, Note};
use dataverse_renku::domain::manifest;
use dataverse_renku::domain::ports::Clock as _;
use dataverse_renku::domain::problem::ProblemCode;
use dataverse_renku::lifecycle::SystemClock;
use dataverse_renku::sandbox::{dataverse, renku_core};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::doctor_world::{CALLBACK, Changed, SUPERUSER, World, codes, from_environment, healthy, only};

#[tokio::test]
async fn a_healthy_deployment_has_nothing_wrong_before_and_after_somebody_signed_in() {
    let world = healthy().await;
    let findings = world.examine().await;
    assert_eq!(codes(&findings), BTreeSet::new(), "{findings:#?}");
    let noted = |note| findings.iter().any(|finding| finding.note == Some(note));
    assert!(noted(Note::NobodySignedIn), "whether the audience is there cannot be seen yet");
    assert!(!noted(Note::PkceNotEnforced), "the realm demands PKCE");
    world.sign_in("alice").await;
    let findings = world.examine().await;
    assert_eq!(codes(&findings), BTreeSet::new(), "{findings:#?}");
    for check in [Check::SignIn, Check::Person] {
        let fine = |finding: &Finding| {
            finding.check == check && finding.mark == Mark::Fine && finding.seen == "alice"
        };
        assert!(findings.iter().any(fine), "{check:?}: {findings:#?}");
    }
    assert_eq!(world.at_an_import().await, None);
}

/// Broken set-ups that are made by the configuration or by the simulators, each with its cause.
#[tokio::test]
async fn each_wrong_setting_gives_its_own_cause_and_no_other() {
    let world = healthy().await;
    let elsewhere = format!("{}x", world.issuer);
    let bare = world.issuer.replace("/auth/", "/");
    let oidc = |line: &str| {
        format!("client_id = \"dataverse-connector\"\nclient_secret = \"sandbox-secret\"\n{line}")
    };
    let accepted = oidc("accepted_clients = [\"renku\"]");
    let scopes = oidc("scopes = [\"openid\", \"profile\", \"email\", \"nonsense\"]");
    let changed = Changed::default();
    let table = [
        (Changed { issuer: Some(&elsewhere), ..changed }, "issuer-not-found"),
        (Changed { issuer: Some(&bare), ..changed }, "issuer-not-found"),
        (Changed { issuer: Some("http://127.0.0.1:1/auth/realms/Renku"), ..changed }, "keycloak-unreachable"),
        (
            Changed { oidc: "client_id = \"nobody\"\nclient_secret = \"sandbox-secret\"", ..changed },
            "client-unknown",
        ),
        (
            Changed { oidc: "client_id = \"dataverse-connector\"\nclient_secret = \"other\"", ..changed },
            "client-refused",
        ),
        (
            Changed { oidc: "client_id = \"no-code\"\nclient_secret = \"sandbox-secret\"", ..changed },
            "code-flow-off",
        ),
        (Changed { oidc: &accepted, ..changed }, "token-client-not-accepted"),
        (Changed { oidc: &scopes, ..changed }, "scope-not-granted"),
        (Changed { oidc: "flow = \"device\"\nclient_id = \"swagger\"", ..changed }, "device-flow-off"),
        (Changed { renku_url: Some("http://127.0.0.1:1"), ..changed }, "renku-unreachable"),
        (Changed { renku: "api = \"data\"", ..changed }, "renku-api-not-offered"),
        (Changed { dataverse_url: Some("http://127.0.0.1:1"), ..changed }, "dataverse-unreachable"),
        (Changed { dataverse_url: Some(&world.renku.url), ..changed }, "dataverse-answer-not-understood"),
    ];
    for (changed, code) in table {
        world.write(changed);
        let findings = world.examine().await;
        assert_eq!(codes(&findings), only(code), "{findings:#?}");
        if code == "issuer-not-found" {
            let issuer = format!("issuer = \"{}\"", world.issuer);
            let told = |finding: &Finding| finding.commands.iter().any(|command| command.ends_with(&issuer));
            assert!(findings.iter().any(told), "where the realm is, is told: {findings:#?}");
        }
    }
    world.write(Changed { oidc: "flow = \"device\"\nclient_id = \"renku-cli\"", ..changed });
    assert_eq!(world.wrong().await, BTreeSet::new());
}

#[tokio::test]
async fn our_own_ground_is_looked_at_first() {
    let world = healthy().await;
    world.sign_in("alice").await;
    let key = world.folder.path().join("vault.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    assert_eq!(world.wrong().await, only("vault-key-wrong"));
    std::fs::write(&key, kept).unwrap();
    for file in ["test.db", "test.db-wal", "test.db-shm"] {
        drop(std::fs::remove_file(world.folder.path().join(file)));
    }
    assert_eq!(world.wrong().await, only("store-unavailable"));
    std::fs::write(world.folder.path().join("test.db"), "").unwrap();
    assert_eq!(world.wrong().await, only("schema-not-current"));
    std::fs::write(world.file(), "public_url = \"nonsense\"\n").unwrap();
    let told = world.ours(&["doctor", "--json"]);
    assert_eq!(told.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["findings"][0]["code"], "configuration-invalid", "{told}");
}

#[tokio::test]
async fn a_go_gateway_does_not_take_our_client_and_the_way_out_is_told() {
    let options = renku_core::Options { gateway: renku_core::Gateway::Go, ..renku_core::Options::default() };
    let world = World::with(options, dataverse::Options::default()).await;
    assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
    let findings = world.examine().await;
    assert_eq!(codes(&findings), only("token-client-not-accepted"), "{findings:#?}");
    let told: Vec<_> = findings.iter().flat_map(|finding| &finding.commands).collect();
    assert!(told.iter().any(|command| command.contains("flow = \"device\"")), "{told:?}");
    assert!(told.iter().any(|command| command.contains("authorizedParty: dataverse-connector")), "{told:?}");
    world.write(Changed { oidc: "flow = \"device\"\nclient_id = \"renku-cli\"", ..Changed::default() });
    assert_eq!(world.wrong().await, BTreeSet::new());
}

/// What only the simulated Keycloak is asked to play here; at the real one its administrator does it, below.
#[tokio::test]
async fn what_happens_to_a_client_and_a_person_is_seen_without_spending_their_sign_in() {
    if from_environment("TEST_KEYCLOAK_ISSUER").is_some() {
        return;
    }
    let world = healthy().await;
    world
        .simulated(
            "clients",
            json!({"client_id": "dataverse-connector", "redirect_uris": ["https://c.example/x"]}),
        )
        .await;
    assert_eq!(world.wrong().await, only("redirect-address-not-registered"));
    world
        .simulated(
            "clients",
            json!({"client_id": "dataverse-connector", "redirect_uris": ["http://127.0.0.1*"]}),
        )
        .await;
    world.sign_in("alice").await;
    world.simulated("faults", json!({"name": "disable_user", "user": "alice"})).await;
    assert_eq!(world.wrong().await, only("account-disabled"));
    assert_eq!(world.at_an_import().await, Some(ProblemCode::AccountDisabled));
    world.simulated("faults", json!({"name": "enable_user", "user": "alice"})).await;
    world.sign_in("alice").await;
    assert_eq!(world.wrong().await, BTreeSet::new());
    world.simulated("faults", json!({"name": "end_session", "user": "alice"})).await;
    assert_eq!(world.wrong().await, only("sign-in-needed"));
    world.sign_in("alice").await;
    let without = json!({
        "client_id": "dataverse-connector", "secret": "sandbox-secret", "standard_flow": true, "pkce_required": false,
        "audience_renku": false, "redirect_uris": ["http://127.0.0.1*"],
    });
    world.simulated("clients", without).await;
    let findings = world.examine().await;
    assert_eq!(codes(&findings), only("token-without-audience"), "{findings:#?}");
    assert!(findings.iter().any(|finding| finding.note == Some(Note::PkceNotEnforced)));
    assert_eq!(world.at_an_import().await, Some(ProblemCode::TokenWithoutAudience));
}

#[tokio::test]
async fn whoever_never_answers_is_named_within_half_a_minute() {
    let world = healthy().await;
    // Takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let issuer = format!("{address}/auth/realms/Renku");
    world.write(Changed {
        issuer: Some(&issuer),
        renku_url: Some(&address),
        dataverse_url: Some(&address),
        ..Changed::default()
    });
    let text = std::fs::read_to_string(world.file()).unwrap();
    let (before, store) = text.split_once("[store]\nurl = \"").unwrap();
    let (_, after) = store.split_once('"').unwrap();
    let host = address.trim_start_matches("http://");
    let silent_store = format!("{before}[store]\nurl = \"postgres://us:secret@{host}/x\"{after}");
    let silent_queue =
        format!("[queue]\nurl = \"amqp://us:secret@{host}\"\nmanagement_url = \"{address}\"\n");
    std::fs::write(world.file(), format!("{silent_store}{silent_queue}")).unwrap();
    let began = Instant::now();
    // The process itself, to its end.
    let told = world.ours(&["doctor", "--json"]);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(told.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let findings = told["findings"].as_array().unwrap();
    let wrong: BTreeSet<_> = findings.iter().filter_map(|finding| finding["code"].as_str()).collect();
    let silent = ["store", "queue", "keycloak", "renku", "dataverse"];
    let silent = silent.map(|name| match name {
        "store" | "queue" => format!("{name}-unavailable"),
        _ => format!("{name}-unreachable"),
    });
    assert_eq!(wrong, silent.iter().map(String::as_str).collect(), "{told}");
    assert!(findings.iter().any(|finding| finding["note"] == "management-silent"), "{told}");
    assert!(!told.to_string().contains("secret@"), "{told}");
}

#[tokio::test]
async fn the_button_is_registered_once_and_taken_away_without_a_trace() {
    let world = World::start().await;
    let http = client(&HttpSettings::default()).unwrap();
    let url = format!("{}/api/externalTools", world.dataverse.site_url);
    let tools = async || -> Vec<Value> {
        let told: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
        told["data"].as_array().unwrap().clone()
    };
    let foreign = tools().await;
    assert_eq!(world.wrong().await, only("tool-not-registered"));
    let shown = world.ours(&["register", "--installation", "demo"]);
    assert!(shown.status.success());
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("curl -X POST") && shown.contains("/api/admin/externalTools"), "{shown}");
    assert!(!shown.contains(SUPERUSER), "the token is not printed");
    assert_eq!(tools().await, foreign, "it was only shown");
    for _ in 0..2 {
        assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
        assert_eq!(tools().await.len(), foreign.len() + 1, "twice is once");
    }
    assert_eq!(world.wrong().await, BTreeSet::new());

    // Somebody changed it by hand.
    let ours = manifest::external_tool("http://127.0.0.1:9", &"demo".parse().unwrap());
    let id = tools().await.iter().find(|tool| tool["toolUrl"] == ours["toolUrl"]).unwrap()["id"].clone();
    let one = format!("{url}/{id}");
    assert!(
        http.delete(&one).header("X-Dataverse-key", SUPERUSER).send().await.unwrap().status().is_success()
    );
    let mut other = ours.clone();
    other["displayName"] = json!("Something else");
    let post = http.post(&url).header("X-Dataverse-key", SUPERUSER).json(&other);
    assert!(post.send().await.unwrap().status().is_success());
    assert_eq!(world.wrong().await, only("tool-differs"));
    let shown = String::from_utf8(world.ours(&["register", "--installation", "demo"]).stdout).unwrap();
    let diff = ["- displayName: \"Something else\"\n", "+ displayName: \"Import into Renku\"\n"];
    assert!(diff.iter().all(|line| shown.contains(line)), "{shown}");
    assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
    assert_eq!(world.wrong().await, BTreeSet::new());

    for _ in 0..2 {
        assert!(world.ours(&["register", "--installation", "demo", "--remove", "--apply"]).status.success());
        assert_eq!(tools().await, foreign);
    }
}

#[tokio::test]
async fn the_client_for_keycloak_has_our_address_and_shows_its_secret_only_when_asked() {
    let world = World::start().await;
    let told = world.ours(&["register", "--keycloak", "main", "--json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["redirectUris"], json!([CALLBACK]));
    assert_eq!(told["protocolMappers"][0]["config"]["included.client.audience"], "renku");
    assert_eq!((told.get("secret"), &told["directAccessGrantsEnabled"]), (None, &json!(false)));
    let told = world.ours(&["register", "--keycloak", "main", "--json", "--with-secret"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["secret"], "sandbox-secret");
    let told = String::from_utf8(world.ours(&["register", "--keycloak", "main"]).stdout).unwrap();
    assert!(told.contains("kcadm.sh create clients") && told.contains("Clients → Create client"), "{told}");
    assert!(!told.contains("sandbox-secret"));
}

#[tokio::test]
async fn a_token_is_got_and_read_and_each_door_says_what_it_thinks_of_it() {
    let world = World::start().await;
    let off = world.fed(&["token", "get", "--password", "alice"], "any\n");
    assert_eq!(off.status.code(), Some(1));
    let said = String::from_utf8(off.stderr).unwrap();
    assert!(said.contains("password-flow-off") && said.contains("directAccessGrantsEnabled=true"), "{said}");
    assert!(off.stdout.is_empty());

    let admin = ["token", "get", "--password", "alice", "--client-id", "admin-cli"];
    let refused = world.fed(&admin, &format!("{}\n", world.password));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("token-without-audience"), "{said}");

    let http = client(&HttpSettings::default()).unwrap();
    let form = [
        ("grant_type", "password"),
        ("client_id", "admin-cli"),
        ("username", "alice"),
        ("password", &world.password),
        ("scope", "openid profile email"),
    ];
    let answer = http.post(format!("{}/protocol/openid-connect/token", world.issuer)).form(&form);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    let read = world.fed(&["token", "inspect", "--json"], answer["access_token"].as_str().unwrap());
    assert_eq!(read.status.code(), Some(1));
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!((&read["signature"], &read["claims"]["azp"]), (&json!(true), &json!("admin-cli")));
    for door in read["doors"].as_array().unwrap() {
        assert_eq!(door["problem"]["code"], "token-without-audience", "{door}");
    }
    for (text, words) in [("glpat-abcdef", "GitLab"), ("alice:secret", "no JWT")] {
        let read = world.fed(&["token", "inspect"], text);
        let said = String::from_utf8(read.stderr).unwrap();
        assert!(said.contains("token-unreadable") && said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn a_clock_that_differs_and_a_gateway_that_refuses_where_we_come_from_have_their_own_names() {
    let world = healthy().await;
    world.sign_in("alice").await;
    let mut server = mockito::Server::new_async().await;
    let later = SystemClock.now().plus(Duration::from_mins(10)).as_millis();
    let later = chrono::DateTime::from_timestamp_millis(later).unwrap().to_rfc2822();
    let tool = manifest::external_tool("http://127.0.0.1:9", &"demo".parse().unwrap());
    let version = json!({"status": "OK", "data": {"version": "6.11"}}).to_string();
    let tools = json!({"status": "OK", "data": [tool]}).to_string();
    let offered = json!({"result": {"latest_version": "2.0"}}).to_string();
    let refused = json!({"error": "origin not allowed: https://x not matching []"}).to_string();
    for (path, status, body) in [
        ("/api/info/version", 200, version),
        ("/api/externalTools", 200, tools),
        ("/api/renku/apiversion", 200, offered),
        ("/api/user", 403, refused),
    ] {
        let mock = server.mock("GET", path).with_status(status).with_body(body);
        let mock = if path == "/api/info/version" { mock.with_header("date", &later) } else { mock };
        mock.create_async().await;
    }
    let url = server.url();
    world.write(Changed { dataverse_url: Some(&url), ..Changed::default() });
    let findings = world.examine().await;
    assert_eq!(codes(&findings), only("clock-differs"), "{findings:#?}");
    world.write(Changed { renku_url: Some(&url), ..Changed::default() });
    let findings = world.examine().await;
    assert_eq!(codes(&findings), only("renku-origin-refused"), "{findings:#?}");
}

#[test]
fn both_files_for_keycloak_make_the_same_client() {
    let read = |name: &str| -> Value {
        let path = format!("{}/deploy/keycloak/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let (client, realm) = (read("dataverse-connector.json"), read("realm.json"));
    let clients = realm["clients"].as_array().unwrap();
    let tried = clients.iter().find(|one| one["clientId"] == client["clientId"]).unwrap();
    for (key, value) in client.as_object().unwrap() {
        match key.as_str() {
            // Addresses and texts are a deployment's own.
            "name" | "redirectUris" => {}
            "attributes" => {
                for (name, value) in value.as_object().unwrap() {
                    assert_eq!(&tried["attributes"][name], value, "{name}");
                }
            }
            "protocolMappers" => {
                // A realm that has no client `renku` names the audience itself.
                let of = |mapper: &Value, kind: &str| {
                    mapper["config"][format!("included.{kind}.audience")].clone()
                };
                let (ours, theirs) = (&value[0], &tried["protocolMappers"][0]);
                assert_eq!(of(ours, "client"), of(theirs, "custom"));
                assert_eq!(ours["config"]["access.token.claim"], theirs["config"]["access.token.claim"]);
            }
            _ => assert_eq!(&tried[key], value, "{key}"),
        }
    }
    assert_eq!((&realm["revokeRefreshToken"], &realm["refreshTokenMaxReuse"]), (&json!(true), &json!(0)));
}

/// A command of ours that waits for a browser: its output up to the address that is to be opened, then the browser's way through it.
async fn through_a_browser(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    use std::io::{BufRead as _, Read as _};
    let mut child = world.spawned(arguments);
    let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
    let (mut seen, mut address) = (String::new(), String::new());
    while address.is_empty() {
        let mut line = String::new();
        assert!(said.read_line(&mut line).unwrap() > 0, "no address: {seen}");
        if line.trim().starts_with("http") {
            line.trim().clone_into(&mut address);
        }
        seen.push_str(&line);
    }
    let url = url::Url::parse(&address).unwrap();
    let back = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let method = url.query_pairs().any(|(name, value)| name == "code_challenge_method" && value == "S256");
    assert!(back.starts_with("http://127.0.0.1:") && method, "{address}");
    let query = Browser::new().sign_in(&address, &back, "alice", &world.password).await;
    let http = client(&HttpSettings::default()).unwrap();
    // Somebody else's knock first: it is turned away, and the command goes on waiting.
    let foreign = http.get(&back).query(&[("state", "another"), ("code", "stolen")]).send().await.unwrap();
    assert_eq!(foreign.status().as_u16(), 404);
    assert!(http.get(&back).query(&query).send().await.unwrap().status().is_success());
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    said.read_to_string(&mut seen).unwrap();
    (child.wait().unwrap().code(), printed, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_got_through_a_browser_and_kept_where_that_is_asked_for() {
    let world = healthy().await;
    let (status, token, said) = through_a_browser(&world, &["token", "get"]).await;
    assert_eq!(status, Some(0), "{said}");
    assert!(token.starts_with("ey") && !said.contains(token.trim()), "the token is on standard output alone");
    let read = world.fed(&["token", "inspect", "--json"], &token);
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!((&read["signature"], &read["claims"]["preferred_username"]), (&json!(true), &json!("alice")));
    assert!(
        world.examine().await.iter().any(|finding| finding.note == Some(Note::NobodySignedIn)),
        "nothing is kept"
    );

    let (status, printed, said) = through_a_browser(&world, &["token", "get", "--store"]).await;
    assert_eq!((status, printed.as_str()), (Some(0), ""), "{said}");
    let findings = world.examine().await;
    assert_eq!(codes(&findings), BTreeSet::new(), "{findings:#?}");
    let fine = |finding: &Finding| finding.check == Check::Person && finding.mark == Mark::Fine;
    assert!(findings.iter().any(fine), "{findings:#?}");
    assert_eq!(world.at_an_import().await, None, "imports go on with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_for_the_doctor_shows_that_persons_way_to_the_project() {
    let world = healthy().await;
    let project = |name: &str| format!("{}/alice/{name}", world.renku.git_url);
    for (name, status, words) in [("first-project", 0, "✓ renku.main"), ("nowhere", 1, "project-not-")] {
        let record = world.folder.path().join("record.txt");
        let asked = project(name);
        let arguments = ["doctor", "--sign-in", "--project", &asked, "--record", record.to_str().unwrap()];
        let (ended, told, said) = through_a_browser(&world, &arguments).await;
        assert_eq!(ended, Some(status), "{told}{said}");
        let line = told.lines().find(|line| line.contains("The person's project")).unwrap();
        assert!(line.starts_with(if status == 0 { "✓" } else { "✗" }) && told.contains(words), "{told}");
        let recorded = std::fs::read_to_string(record).unwrap();
        for exchange in ["GET ", "/.well-known/openid-configuration", "redirect_uri=…", "cache.files_list"]
        {
            assert!(recorded.contains(exchange), "{exchange}: {recorded}");
        }
        assert!(!recorded.contains("sandbox-secret") && !recorded.contains("eyJ"), "{recorded}");
    }
    assert!(
        world.examine().await.iter().any(|finding| finding.note == Some(Note::NobodySignedIn)),
        "nothing is kept"
    );
}

#[tokio::test]
async fn what_is_printed_and_recorded_is_for_people_and_without_secrets() {
    let world = World::start().await;
    let record = world.folder.path().join("report.txt");
    let told = world.ours(&["doctor", "--language", "de", "--record", record.to_str().unwrap()]);
    assert_eq!(told.status.code(), Some(1));
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("✓ renku.main") && told.contains("✗ dataverse.demo"), "{told}");
    assert!(told.contains("Es ist Sache") || told.contains("tool-not-registered"), "{told}");
    let mends = format!("dataverse-renku --config {} register --installation demo", world.file().display());
    assert!(told.contains(&mends), "{told}");
    let recorded = std::fs::read_to_string(record).unwrap();
    assert!(recorded.contains("tool-not-registered") && recorded.contains("[renku.main.oidc]"), "{recorded}");
    for text in [&told, &recorded] {
        assert!(!text.contains("sandbox-secret") && !text.contains(SUPERUSER));
    }
}

#[test]
fn every_check_and_every_note_has_its_words_in_each_language() {
    let names = |language: &str| -> BTreeSet<String> {
        let path = format!("{}/locales/{language}/doctor.ftl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
    };
    let english = names("en");
    for language in ["fr", "de"] {
        assert_eq!(names(language), english, "{language}");
    }
    let checks = Check::ALL.iter().map(|check| format!("doctor-check-{}", check.as_str()));
    let notes = Note::ALL.iter().map(|note| format!("doctor-note-{}", note.as_str()));
    for name in checks.chain(notes) {
        assert!(english.contains(&name), "{name}");
    }
}

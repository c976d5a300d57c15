//! What the doctor leaves behind and tells programs: nothing but its answer, as JSON for those who want that.

use std::collections::BTreeMap;

use dataverse_renku::adapters::http::{HttpSettings, client};
use dataverse_renku::app::{self, Access, Parts};
use dataverse_renku::domain::import::Phase;
use dataverse_renku::domain::ports::store::ImportFilter;
use dataverse_renku::texts::{Language, problem_remedy, problem_title};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use uuid::Uuid;

use crate::doctor_world::{World, healthy};

impl World {
    /// Every row of every table, as text.
    async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let file = SqliteConnectOptions::new().filename(self.folder.path().join("test.db")).read_only(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(file).await.unwrap();
        let tables = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            .fetch_all(&pool)
            .await
            .unwrap();
        let mut rows = BTreeMap::new();
        for table in tables {
            let table: String = table.get(0);
            let columns = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(&table);
            let columns: Vec<String> =
                columns.fetch_all(&pool).await.unwrap().iter().map(|row| row.get(0)).collect();
            let shown: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let all = format!("SELECT {} FROM \"{table}\"", shown.join(" || ',' || "));
            let all = sqlx::query(sqlx::AssertSqlSafe(all)).fetch_all(&pool).await.unwrap();
            rows.insert(table, all.iter().map(|row| row.get(0)).collect());
        }
        pool.close().await;
        rows
    }
}

#[tokio::test]
async fn a_diagnosis_only_reads() {
    let world = healthy().await;
    world.sign_in("alice").await;
    let stored = async || {
        let ground = app::doctor(&world.config()).unwrap().ground;
        let stored = ground.sign_ins(&"main".parse().unwrap(), 1).await.unwrap().remove(0);
        (stored.access.expose().to_owned(), stored.refresh.unwrap().expose_secret().to_owned())
    };
    let (rows, sign_in) = (world.rows().await, stored().await);
    assert!(rows.values().map(Vec::len).sum::<usize>() > 1, "{rows:?}");
    let record = world.folder.path().join("record.txt");
    let project = format!("{}/alice/first-project", world.renku.git_url);
    let told = world.ours(&["doctor", "--project", &project, "--record", record.to_str().unwrap()]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
    let recorded = std::fs::read_to_string(record).unwrap();
    let mut lines = recorded.lines().peekable();
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    while let Some(line) = lines.next() {
        let Some((method, address)) = line.split_once(" http://") else { continue };
        if !method.chars().all(|c| c.is_ascii_uppercase()) {
            continue;
        }
        *asked.entry(method).or_default() += 1;
        let status = lines.peek().unwrap().trim();
        match method {
            "GET" => {}
            // With a refresh token that is none, to see whether our client is known: nothing is given out for it.
            "POST" if address.ends_with("/protocol/openid-connect/token") => {
                assert!(status.starts_with("400"), "{line}: {status}");
            }
            "POST" if address.ends_with("/protocol/openid-connect/token/introspect") => {}
            _ => panic!("it does more than read: {line}"),
        }
    }
    assert!(asked["GET"] > 8 && asked["POST"] == 2, "{asked:?}\n{recorded}");
    assert_eq!(world.rows().await, rows, "the database is as it was");
    assert_eq!(stored().await, sign_in);
    assert_eq!(world.at_an_import().await, None, "the refresh token was not spent");

    // That import is at Renku now: another call on its project could reset the clone under it.
    let parts = Parts::connect(&world.config(), Access::Serve, None).await.unwrap();
    let running = ImportFilter { phase: Some(Phase::Running), limit: 1, ..ImportFilter::default() };
    let running = parts.engine.store().imports(&running).await.unwrap().remove(0);
    parts.close().await;
    let told = world.ours(&["doctor", "--json", "--project", running.order.project.as_str()]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let of_project = |finding: &&Value| finding["check"] == "project";
    let project = told["findings"].as_array().unwrap().iter().find(of_project).unwrap();
    assert_eq!(project["note"], "project-at-work", "{told}");
}

#[tokio::test]
async fn whoever_may_only_read_a_project_is_told_so() {
    let world = healthy().await;
    world.sign_in("bob").await;
    let http = client(&HttpSettings::default()).unwrap();
    for (owner, code) in [("alice", "project-not-writable"), ("bob", "")] {
        let path = format!("{owner}/{}", Uuid::now_v7().simple());
        let made = http
            .post(format!("{}/_sim/projects", world.renku.url))
            .json(&json!({"path": path, "readers": ["alice", "bob"]}));
        assert!(made.send().await.unwrap().status().is_success());
        let project = format!("{}/{path}", world.renku.git_url);
        let told = world.ours(&["doctor", "--json", "--project", &project]);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let of_project = |finding: &&Value| finding["check"] == "project";
        let found = told["findings"].as_array().unwrap().iter().find(of_project).unwrap();
        assert_eq!(found["code"].as_str().unwrap_or_default(), code, "{told}");
    }
}

#[tokio::test]
async fn programs_get_every_finding_with_its_words_in_the_language_they_ask_for() {
    let world = World::start().await;
    for (tag, language) in [("en", Language::En), ("fr", Language::Fr), ("de", Language::De)] {
        let told = world.ours(&["doctor", "--json", "--language", tag]);
        assert_eq!(told.status.code(), Some(1));
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(told["sound"], false);
        let findings = told["findings"].as_array().unwrap();
        let order: Vec<_> = findings
            .iter()
            .map(|finding| (finding["subject"].as_str().unwrap(), finding["check"].as_str().unwrap()))
            // Where it stands depends on who tells the time: the simulated Keycloak does, the real one leaves it to the Renku.
            .filter(|(_, check)| *check != "clock")
            .collect();
        let clocks = findings.iter().filter(|finding| finding["check"] == "clock");
        assert_eq!(clocks.count(), 2, "one of the Renku, one of the Dataverse: {told}");
        assert_eq!(
            order,
            [
                ("here", "configuration"),
                ("here", "key"),
                ("here", "store"),
                ("here", "broker"),
                ("renku.main", "renku"),
                ("renku.main", "discovery"),
                ("renku.main", "client"),
                ("renku.main", "code-flow"),
                ("renku.main", "gateway"),
                ("renku.main", "sign-in"),
                ("dataverse.demo", "dataverse"),
                ("dataverse.demo", "tool"),
                ("dataverse.demo", "workflow"),
            ]
        );
        for finding in findings {
            assert!(finding["elapsed_ms"].is_u64() && !finding["title"].as_str().unwrap().is_empty());
            let mark = finding["mark"].as_str().unwrap();
            assert_eq!(mark == "broken", finding["code"].is_string(), "{finding}");
            assert_eq!(finding["note"].is_string(), finding["said"].is_string(), "{finding}");
        }
        let broken = findings.iter().find(|finding| finding["mark"] == "broken").unwrap();
        let code = dataverse_renku::domain::problem::ProblemCode::ToolNotRegistered;
        assert_eq!((&broken["code"], &broken["turn"]), (&code.as_str().into(), &"dataverse_admin".into()));
        assert_eq!(broken["what"], problem_title(language, code));
        assert_eq!(broken["remedy"], problem_remedy(language, code));
        let mends =
            format!("dataverse-renku --config {} register --installation demo", world.file().display());
        assert_eq!(broken["commands"][0], mends);
    }
    assert!(world.ours(&["register", "--installation", "demo", "--apply"]).status.success());
    let told = world.ours(&["doctor", "--json"]);
    assert!(told.status.success());
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["sound"], true);
}

//! What becomes of imports in the simulated Renku 1: where the data end up, and every way that goes wrong.
//! The words of refusals are held to the recordings in `recorded`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{World, eventually};

const PROJECT: &str = "alice/first-project";

#[tokio::test]
async fn a_friendly_dataset_arrives_whole_and_without_its_folders() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let job = world.import(&token, PROJECT, "GLACIER").await;
    assert_eq!(job["extras"]["remote_branch"], "master");
    let (_, files) = world
        .dataverse_get("/api/datasets/:persistentId/versions/1.0/files?persistentId=doi:10.5072/FK2/GLACIER")
        .await;
    let arrived = world.branch(PROJECT, "master").await;
    assert_eq!(arrived.as_object().unwrap().len(), 5);
    for file in files["data"].as_array().unwrap() {
        let stat = &arrived[format!("data/glacier_mass_balance_1.0/{}", file["label"].as_str().unwrap())];
        assert_eq!(stat["size"], file["dataFile"]["filesize"], "{file}");
        let checksum = &file["dataFile"]["checksum"];
        let kind = if checksum["type"] == "MD5" { "md5" } else { "sha256" };
        assert_eq!(stat[kind], checksum["value"], "{file}");
    }
    let list = format!("datasets.list?git_url={}/{PROJECT}", world.renku.git_url);
    assert_eq!(
        world.core(&token, &list, None).await.1["result"]["datasets"][0]["slug"],
        "glacier_mass_balance_1.0"
    );
    let old = world.core(&token, &format!("10/1.0/{list}"), None).await.1;
    assert_eq!(old["result"]["datasets"][0]["name"], "glacier_mass_balance_1.0");
    world.stop().await;
}

#[tokio::test]
async fn a_job_says_completed_long_before_it_is_pushed() {
    let world = World::with(|options| options.pace = 1.0).await;
    let token = world.token("alice").await;
    let job = world.submit(&token, &world.import_body(PROJECT, "SLOW3")).await;
    let seen = std::cell::RefCell::new(Vec::<String>::new());
    eventually("the branch is named", || async {
        let poll = world.core(&token, &format!("jobs/{job}"), None).await.1["result"].clone();
        let pushed = poll["extras"]["remote_branch"].is_string();
        let what = format!("{} {pushed}", poll["state"].as_str().unwrap());
        if seen.borrow().last() != Some(&what) {
            seen.borrow_mut().push(what);
        }
        pushed.then_some(())
    })
    .await;
    let states = ["IN_PROGRESS false", "COMPLETED false", "COMPLETED true"];
    assert!(seen.into_inner().ends_with(&states.map(str::to_owned)));
    world.stop().await;
}

#[tokio::test]
async fn a_file_cut_half_way_is_kept_short_and_equal_names_overwrite_each_other() {
    let world = World::start().await;
    let token = world.token("alice").await;
    assert_eq!(world.import(&token, PROJECT, "DROPPD").await["pushed"], true);
    assert_eq!(world.import(&token, PROJECT, "DUPNAM").await["pushed"], true);
    let arrived = world.branch(PROJECT, "master").await;
    assert_eq!(arrived["data/fake_dataset_dr_1.0/params.json"]["size"], 100_010);
    let names: Vec<_> = arrived.as_object().unwrap().keys().filter(|path| path.contains("_du_")).collect();
    assert_eq!(names, ["data/fake_dataset_du_1.0/data.csv", "data/fake_dataset_du_1.0/x.txt"]);
    world.stop().await;
}

#[tokio::test]
async fn one_worker_serves_everybody_in_turn() {
    let world = World::start().await;
    let (alice, bob) = (world.token("alice").await, world.token("bob").await);
    world.tell_renku("projects", json!({ "path": "bob/own" })).await;
    world.tell_renku("mode", json!({ "job_ms": 1500 })).await;
    let first = world.submit(&alice, &world.import_body(PROJECT, "SMALL3")).await;
    let state = async |token: &str, job: &str| {
        world.core(token, &format!("jobs/{job}"), None).await.1["result"]["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    eventually("the first runs", || async { (state(&alice, &first).await != "ENQUEUED").then_some(()) })
        .await;
    let second = world.submit(&bob, &world.import_body("bob/own", "SMALL3")).await;
    assert_eq!(state(&bob, &second).await, "ENQUEUED");
    assert_eq!(world.core(&alice, &format!("jobs/{second}"), None).await.1, json!({ "result": null }));
    assert_eq!(world.ended(&second).await["pushed"], true);
    assert_eq!(world.renku_sim("submits").await["totals"]["completed"], 2);
    world.stop().await;
}

#[tokio::test]
async fn looking_into_the_project_too_early_destroys_the_running_import() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let slow = json!({ "pid": "doi:10.5072/FK2/VERYSLOW", "files": [{ "name": "a.txt", "text": "a", "delay": 60 }] });
    world.tell_dataverse("datasets", slow).await;
    let job = world.submit(&token, &world.import_body(PROJECT, "VERYSLOW")).await;
    let list = format!("datasets.list?git_url={}/{PROJECT}", world.renku.git_url);
    eventually("the clone is reset", || async {
        world.core(&token, &list, None).await;
        (world.renku_sim("submits").await["totals"]["disturbed"] == 1).then_some(())
    })
    .await;
    let ended = world.ended(&job).await;
    assert_eq!(ended["extras"]["error"], "Cannot pull changes from remote");
    assert_eq!(world.branch(PROJECT, "master").await, json!({}));
    world.stop().await;
}

#[tokio::test]
async fn polls_checks_and_other_accounts_disturb_nothing() {
    let world = World::start().await;
    let (alice, bob) = (world.token("alice").await, world.token("bob").await);
    let slow = json!({ "pid": "doi:10.5072/FK2/VERYSLOW", "files": [{ "name": "a.txt", "text": "a", "delay": 60 }] });
    world.tell_dataverse("datasets", slow).await;
    let job = world.submit(&alice, &world.import_body(PROJECT, "VERYSLOW")).await;
    let list = format!("datasets.list?git_url={}/{PROJECT}", world.renku.git_url);
    let check = format!("cache.migrations_check?git_url={}/{PROJECT}", world.renku.git_url);
    eventually("the import is over", || async {
        world.core(&bob, &list, None).await;
        world.core(&alice, &check, None).await;
        let poll = world.core(&alice, &format!("jobs/{job}"), None).await.1;
        poll["result"]["extras"]["remote_branch"].is_string().then_some(())
    })
    .await;
    assert_eq!(world.renku_sim("submits").await["totals"]["disturbed"], 0);
    world.stop().await;
}

#[tokio::test]
async fn a_push_that_failed_blocks_its_slug_for_a_while() {
    let world = World::start().await;
    let bob = world.token("bob").await;
    let first = world.import(&bob, PROJECT, "SMALL3").await;
    assert_eq!(first["extras"]["error"], "Cannot push changes");
    let second = world.import(&bob, PROJECT, "SMALL3").await;
    assert_eq!(second["extras"]["error"], "Dataset exists: 'fake_dataset_sm_1.0'");
    // Core shows what it failed to push until the clone is reset.
    let list = format!("datasets.list?git_url={}/{PROJECT}", world.renku.git_url);
    eventually("the phantom goes", || async {
        let listed = world.core(&bob, &list, None).await.1["result"]["datasets"].clone();
        listed.as_array().unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(world.branch(PROJECT, "master").await, json!({}));
    world.stop().await;
}

#[tokio::test]
async fn an_import_goes_to_the_branch_it_names_and_beside_a_protected_one() {
    let world = World::start().await;
    let token = world.token("alice").await;
    world.tell_renku("projects", json!({ "path": "alice/branches", "branches": ["dev"] })).await;
    let mut body = world.import_body("alice/branches", "SMALL3");
    body["branch"] = "dev".into();
    body["slug"] = "my-slug".into();
    let job = world.submit(&token, &body).await;
    assert_eq!(world.ended(&job).await["extras"]["remote_branch"], "dev");
    assert_eq!(world.branch("alice/branches", "dev").await["data/my-slug/notes.txt"]["size"], 28);
    let beside = world.import(&token, "alice/protected-main", "SMALL3").await;
    let branch = beside["extras"]["remote_branch"].as_str().unwrap();
    assert!(branch.starts_with("renku/autobranch/master/"));
    assert_eq!(world.branch("alice/protected-main", branch).await.as_object().unwrap().len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn the_paths_choose_the_version_and_the_version_the_field_names() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let mut body = world.import_body(PROJECT, "SMALL3");
    body["name"] = "by-name".into();
    let code = async |path: &str| world.core(&token, path, Some(&body)).await.1["error"]["code"].clone();
    assert_eq!(code("datasets.import").await, 2001);
    assert_eq!(code("10/2.2/datasets.import").await, 2001);
    assert_eq!(code("9.9/datasets.import").await, 2404);
    let (status, missing) = world.core(&token, "9/1.0/datasets.import", Some(&body)).await;
    assert_eq!((status, missing), (404, json!({ "message": "Not Found" })));
    let (_, good) = world.core(&token, "10/1.0/datasets.import", Some(&body)).await;
    assert_eq!(world.ended(good["result"]["job_id"].as_str().unwrap()).await["slug"], "by-name");
    let typed = world.http.post(format!("{}/api/renku/datasets.import", world.renku.url)).bearer_auth(&token);
    let typed = typed.header("Content-Type", "application/json; charset=utf-8").body(body.to_string());
    assert_eq!(typed.send().await.unwrap().json::<Value>().await.unwrap()["error"]["code"], 2030);
    world.stop().await;
}

#[tokio::test]
async fn a_token_sent_to_another_git_host_is_remembered() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let body =
        json!({ "git_url": "https://git.evil.example/alice/p", "dataset_uri": world.landing_page("SMALL3") });
    assert_eq!(world.core(&token, "datasets.import", Some(&body)).await.1["error"]["code"], 1010);
    assert_eq!(world.renku_sim("submits").await["foreign_git_hosts"], json!(["git.evil.example:443"]));
    world.stop().await;
}

#[tokio::test]
async fn an_outdated_project_is_told_before_and_can_be_migrated() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let git_url = format!("{}/alice/outdated", world.renku.git_url);
    let check = format!("cache.migrations_check?git_url={git_url}");
    let needed = async || {
        let checked = world.core(&token, &check, None).await.1;
        checked["result"]["core_compatibility_status"]["migration_required"].as_bool().unwrap()
    };
    assert!(needed().await);
    let refused = world.import(&token, "alice/outdated", "SMALL3").await;
    assert!(refused["extras"]["error"].as_str().unwrap().contains("a migration is required"));
    let migrated = world.core(&token, "cache.migrate", Some(&json!({ "git_url": git_url }))).await.1;
    assert_eq!(migrated["result"]["was_migrated"], true);
    assert!(!needed().await);
    assert_eq!(world.import(&token, "alice/outdated", "SMALL3").await["pushed"], true);
    world.stop().await;
}

#[tokio::test]
async fn an_answer_lost_on_the_way_does_not_mean_that_nothing_was_accepted() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let url = format!("{}/api/renku/datasets.import", world.renku.url);
    world.tell_renku("faults", json!({ "name": "post_504_but_enqueued", "times": 1 })).await;
    let body = world.import_body(PROJECT, "SMALL3");
    let answer = world.http.post(&url).bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 504);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
    world.tell_renku("faults", json!({ "name": "post_timeout_but_enqueued", "times": 1 })).await;
    let body = world.import_body("alice/second-project", "SMALL3");
    let request = world.http.post(&url).bearer_auth(&token).json(&body).timeout(Duration::from_secs(2));
    assert!(request.send().await.unwrap_err().is_timeout());
    let jobs = world.core(&token, "jobs", None).await.1["result"]["jobs"].clone();
    let names: Vec<_> = jobs.as_array().unwrap().iter().map(|job| &job["project"]["name"]).collect();
    assert_eq!(names, ["first-project", "second-project"]);
    world.stop().await;
}

#[tokio::test]
async fn errors_are_played_as_often_as_ordered() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let body = world.import_body(PROJECT, "SMALL3");
    for code in [2900, 3030, 3200, 3201, 3202, 3203] {
        world.tell_renku("faults", json!({ "name": format!("error_{code}"), "times": 1 })).await;
        assert_eq!(world.core(&token, "datasets.import", Some(&body)).await.1["error"]["code"], code);
    }
    world.tell_renku("faults", json!({ "name": "dirty_clone", "times": 1 })).await;
    let dirty = world.import(&token, PROJECT, "SMALL3").await;
    assert!(dirty["extras"]["error"].as_str().unwrap().contains("contains uncommitted changes"));
    world.tell_renku("faults", json!({ "name": "old_errors" })).await;
    let old = world.core(&token, "datasets.import", Some(&json!({}))).await.1;
    assert_eq!(old["error"]["code"], -32602);
    assert!(old["error"]["reason"].is_string());
    world.stop().await;
}

#[tokio::test]
async fn the_service_can_be_down_busy_or_babbling() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let get = async || {
        let url = format!("{}/api/renku/jobs", world.renku.url);
        world.http.get(url).bearer_auth(&token).send().await.unwrap()
    };
    world.tell_renku("faults", json!({ "name": "core_down", "times": 1 })).await;
    let down = get().await;
    assert_eq!(down.status(), 502);
    assert_eq!(down.text().await.unwrap(), "no upstream servers are available");
    world.tell_renku("faults", json!({ "name": "retry_after", "times": 1, "seconds": 7 })).await;
    let busy = get().await;
    assert_eq!((busy.status().as_u16(), &busy.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    world.tell_renku("faults", json!({ "name": "malformed", "times": 1 })).await;
    assert!(get().await.json::<Value>().await.is_err());
    assert_eq!(get().await.status(), 200);
    world.stop().await;
}

#[tokio::test]
async fn jobs_can_be_lost_or_stuck_and_polls_can_be_odd() {
    let world = World::with(|options| options.odd_every = 3).await;
    let token = world.token("alice").await;
    for (fault, state) in [("job_lost", "ENQUEUED"), ("job_stuck", "IN_PROGRESS")] {
        world.tell_renku("faults", json!({ "name": fault, "times": 1 })).await;
        assert_eq!(world.import(&token, PROJECT, "SMALL3").await["state"], state);
    }
    let job = world.import(&token, PROJECT, "SMALL3").await["job_id"].as_str().unwrap().to_owned();
    let mut polls = vec![];
    for _ in 0..15 {
        polls.push(world.core(&token, &format!("jobs/{job}"), None).await.1);
    }
    let odd = polls.iter().filter(|poll| poll["result"].is_null() && poll["error"].is_null()).count();
    assert_eq!(odd, 4);
    assert_eq!(polls[14]["error"]["code"], 2900);
    world.tell_renku("faults", json!({ "name": "null_results", "times": 1 })).await;
    assert_eq!(world.core(&token, &format!("jobs/{job}"), None).await.1, json!({ "result": null }));
    world.stop().await;
}

#[tokio::test]
async fn an_old_core_has_its_own_routes_fields_and_errors() {
    let world = World::with(|options| options.core_version = "1.1.4".into()).await;
    let token = world.token("alice").await;
    assert_eq!(world.core(&token, "version", None).await.1["result"]["maximum_api_version"], "1.1");
    assert_eq!(world.core(&token, "apiversion", None).await.1["error"]["code"], -32404);
    let mut body = world.import_body(PROJECT, "SMALL3");
    body["tag"] = "x".into();
    assert_eq!(world.core(&token, "1.0/datasets.import", Some(&body)).await.1["error"]["code"], -32602);
    world.stop().await;
}

#[tokio::test]
async fn hundreds_of_jobs_can_run_at_once_without_a_download() {
    let world = World::start().await;
    let token = world.token("alice").await;
    world.tell_renku("mode", json!({ "job_ms": 500, "workers": 10_000 })).await;
    for number in 0..200 {
        let path = format!("alice/load-{number}");
        world.tell_renku("projects", json!({ "path": path })).await;
        world.submit(&token, &world.import_body(&path, "GLACIER")).await;
    }
    let totals = eventually("all are through", || async {
        let totals = world.renku_sim("submits").await["totals"].clone();
        (totals["ended"] == 200).then_some(totals)
    })
    .await;
    assert_eq!((&totals["accepted"], &totals["completed"]), (&json!(200), &json!(200)));
    assert_eq!(world.branch("alice/load-7", "master").await.as_object().unwrap().len(), 5);
    world.stop().await;
}

//! What the real core service 2.9.4 answered, replayed against the simulated one.
//! The recordings are in `tests/recorded/renku-core/`, one call each, with what varies replaced by names in braces.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::World;

fn recordings() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/renku-core");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

/// Names in braces become this world's values.
fn filled(value: &Value, world: &World, project: &str) -> Value {
    let text = value.to_string();
    let text = text.replace("{git}", &world.renku.git_url).replace("{dataverse}", &world.dataverse.site_url);
    serde_json::from_str(&text.replace("{project}", project)).unwrap()
}

/// This world's values become names in braces, where they look as they should.
fn emptied(value: &Value, key: &str, world: &World, project: &str) -> Value {
    let is_hex = |text: &str| text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    let is_naive_time = |text: &str| text.len() == "2026-11-24T00:52:03.958293".len() && text.contains('T');
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), emptied(v, k, world, project))).collect(),
        Value::Array(items) => items.iter().map(|item| emptied(item, "", world, project)).collect(),
        Value::String(text) => match key {
            "job_id" | "project_id" if is_hex(text) => format!("{{{key}}}").into(),
            "created_at" | "updated_at" if is_naive_time(text) => format!("{{{key}}}").into(),
            "description" => "{description}".into(),
            "name" if project.ends_with(text.as_str()) => "{name}".into(),
            _ => generalised(text, world, project).into(),
        },
        Value::Number(_) if ["total_size", "progress_size"].contains(&key) => format!("{{{key}}}").into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn generalised(text: &str, world: &World, project: &str) -> String {
    let host = world.renku.git_url.trim_start_matches("http://");
    let mut text = text
        .replace(&world.renku.git_url, "{git}")
        .replace(host, "{git_host}")
        .replace(&world.dataverse.site_url, "{dataverse}")
        .replace(project, "{project}");
    if let Some((start, rest)) = text.clone().split_once("/svc/cache/projects/") {
        text = format!("{start}{{cache}}/{}", rest.split_once('/').unwrap().1);
    }
    if let Some((start, sha)) = text.clone().split_once("autobranch/master/") {
        assert_eq!(sha.len(), 8);
        text = format!("{start}autobranch/master/{{sha8}}");
    }
    if let Some((start, id)) = text.clone().split_once("datafile/") {
        assert!(id.chars().all(|c| c.is_ascii_digit()));
        text = format!("{start}datafile/{{id}}");
    }
    text
}

async fn replay(world: &World, name: &str, recording: &Value) {
    let project = format!("alice/replay-{name}");
    let wanted = recording.get("project");
    if wanted != Some(&Value::Null) {
        let mut spec = wanted.cloned().unwrap_or_else(|| json!({}));
        spec["path"] = project.clone().into();
        world.tell_renku("projects", spec).await;
    }
    let body = recording.get("body").map(|body| filled(body, world, &project));
    let path = recording["path"].as_str().unwrap();
    let url = format!("{}/api/renku/{path}", world.renku.url);
    let mut request = match recording["method"].as_str() {
        Some("POST") => world.http.post(&url).json(&body),
        _ => world.http.get(&url),
    };
    if let Some(user) = recording["user"].as_str() {
        request = request.bearer_auth(world.token(user).await);
    }
    if recording["twice"] == true {
        let first = request.try_clone().unwrap().send().await.unwrap().json::<Value>().await.unwrap();
        world.ended(first["result"]["job_id"].as_str().unwrap()).await;
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{name}");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(emptied(&answer, "", world, &project), recording["answer"], "{name}");
    if let Some(job) = recording.get("job") {
        let id = answer["result"]["job_id"].as_str().unwrap();
        world.ended(id).await;
        let token = world.token(recording["user"].as_str().unwrap()).await;
        let (_, last) = world.core(&token, &format!("jobs/{id}"), None).await;
        assert_eq!(emptied(&last, "", world, &project), *job, "{name}");
    }
}

#[tokio::test]
async fn every_recorded_call_is_answered_with_the_same_keys_and_words() {
    let world = World::start().await;
    let recordings = recordings();
    assert!(recordings.len() > 50);
    for (name, recording) in &recordings {
        replay(&world, name, recording).await;
    }
    world.stop().await;
}

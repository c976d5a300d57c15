//! What becomes of imports in the simulated Renku 1: where the data end up, and every way that goes wrong.
//! The words of refusals are held to the recordings in `recorded`.

use serde_json::{Value, json};

use super::{World, eventually};

#[tokio::test]
async fn a_friendly_dataset_arrives_whole_and_without_its_folders() {
    let world = World::start().await;
    let token = world.token("alice").await;
    let job = world.import(&token, "alice/first-project", "GLACIER").await;
    assert_eq!(job["extras"]["remote_branch"], "master");
    let (_, files) = world
        .dataverse_get("/api/datasets/:persistentId/versions/1.0/files?persistentId=doi:10.5072/FK2/GLACIER")
        .await;
    let arrived = world.branch("alice/first-project", "master").await;
    assert_eq!(arrived.as_object().unwrap().len(), 5);
    for file in files["data"].as_array().unwrap() {
        let slug = "glacier_mass_balance_1.0";
        let stat = &arrived[format!("data/{slug}/{}", file["label"].as_str().unwrap())];
        assert_eq!(stat["size"], file["dataFile"]["filesize"], "{file}");
        let checksum = &file["dataFile"]["checksum"];
        let kind = if checksum["type"] == "MD5" { "md5" } else { "sha256" };
        assert_eq!(stat[kind], checksum["value"], "{file}");
    }
    world.stop().await;
}

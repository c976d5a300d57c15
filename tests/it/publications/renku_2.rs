//! At Renku 2 the data follow by themselves: each new version is looked at and noted, and nobody has to be signed in for it.

use serde_json::{Value, json};

use super::{PID, arrived, invocation, publish, register, shown, wishes};
use crate::whole::{App, Kept, Whole, Wishes};

fn project(whole: &Whole) -> String {
    format!("{}/p/alice/first-project", whole.renku())
}

async fn ready(wishes: Wishes) -> (Whole, App, String) {
    let mut whole = Whole::new(Wishes { api: "data", ..wishes }).await;
    let app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    let wish = json!({"dataset": PID, "project": project(&whole)});
    let made = whole.ask(whole.request("POST", "/api/v1/subscriptions").json(&wish)).await;
    let id = made.unwrap_or_else(|why| panic!("{why}\n{}", whole.last_log()));
    let id = id["id"].as_str().unwrap().to_owned();
    arrived(&whole, &id, &["1.0"]).await;
    register(&whole, &["127.0.0.1"]).await;
    (whole, app, id)
}

async fn links(whole: &Whole) -> usize {
    let state = whole.http.get(format!("{}/_sim/data/state", whole.renku())).send().await.unwrap();
    let state: Value = state.json().await.unwrap();
    state["links"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_verified_and_noted_with_one_link_as_before() {
    let (whole, app, subscription) = ready(wishes(Kept::Here)).await;
    let workflow = publish(&whole, PID).await.unwrap();
    arrived(&whole, &subscription, &["2.0", "1.0"]).await;
    let line = shown(&whole, &subscription).await["ledger"][0].clone();
    let import = whole.look(line["import"].as_str().unwrap()).await.unwrap();
    assert_eq!(
        (&import["phase"], &import["result"]["version"]),
        (&json!("succeeded"), &json!("2.0")),
        "{import}"
    );
    assert!(import["result"]["link"].as_str().unwrap().contains("#data-connector-"), "{import}");
    assert_eq!(links(&whole).await, 1, "linked once and for all");
    whole
        .eventually("the dataset is free", async || {
            invocation(&whole, &workflow).await["state"] == "succeeded"
        })
        .await;
    app.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sign_in_the_data_follow_all_the_same_and_it_is_said_so() {
    // Each token is so near its end that the next use renews it.
    let (whole, app, subscription) = ready(Wishes { access_ttl_s: 90, ..wishes(Kept::Here) }).await;
    whole.keycloak_fault(&json!({"name": "end_session", "user": "alice"})).await;
    publish(&whole, PID).await.unwrap();
    let outcome = async || shown(&whole, &subscription).await["ledger"][0].clone();
    whole.eventually("it is noted", async || outcome().await["version"] == "2.0").await;
    assert_eq!(outcome().await["outcome"], "followed");
    assert_eq!(shown(&whole, &subscription).await["state"], "active");
    // Where Renku shows the connector no more, somebody has to look: an import waits for the sign-in.
    let state = whole.http.get(format!("{}/_sim/data/state", whole.renku())).send().await.unwrap();
    let state: Value = state.json().await.unwrap();
    let slug = state["connectors"][0]["slug"].as_str().unwrap();
    let gone =
        whole.http.delete(format!("{}/_sim/data/connectors/{slug}", whole.renku())).send().await.unwrap();
    assert!(gone.status().is_success());
    publish(&whole, PID).await.unwrap();
    whole.eventually("an import waits", async || outcome().await["version"] == "3.0").await;
    let import = outcome().await["import"].as_str().unwrap().to_owned();
    whole.import_is(&import, "waiting for the sign-in", |import| import["condition"] == "sign_in").await;
    whole.sign_in().await;
    whole.eventually("it arrived", async || outcome().await["outcome"] == "arrived").await;
    assert_eq!(links(&whole).await, 1);
    app.kill().await;
    whole.clear().await;
}

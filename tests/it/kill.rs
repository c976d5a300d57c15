//! Processes of ours are killed, stopped, multiplied, and robbed of their broker: every import is handed to Renku once and ends once.
//!
//! How a process is started and driven is `whole`'s.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::json;

use crate::whole::{Kept, Tally, Whole, Wishes};

const PHASES: [&str; 4] = ["queued", "submitting", "running", "verifying"];
const POINTS: [&str; 4] = ["before-effect", "after-effect", "after-commit", "after-publish"];

/// More at once would only slow each other down.
const AT_ONCE: usize = 4;

async fn killed_at(kept: Kept, place: String) -> (String, Tally) {
    let mut whole = Whole::new(Wishes::on(kept)).await;
    let app = whole.serve(&["--halt-at", &place]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    let import = whole.import("GLACIER", "first-project").await;
    app.logs("halted as asked").await;
    app.kill().await;
    let app = whole.serve(&[]).await;
    let tally = whole.all_end(&[import]).await;
    app.kill().await;
    whole.clear().await;
    println!("{place:<26} {tally}");
    (place, tally)
}

async fn killed_everywhere(kept: Kept) {
    let places = PHASES.iter().flat_map(|phase| POINTS.map(|point| format!("{phase}.{point}")));
    let runs = places.map(|place| killed_at(kept, place));
    let ends: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let all = ends.iter().fold(Tally::default(), |all, (_, tally)| all.and(tally));
    println!("killed at {} places: {all}", ends.len());
    for (place, tally) in ends {
        assert_eq!(tally, Tally::clean(1), "killed at {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_place_of_any_step_submits_once_and_ends_once() {
    killed_everywhere(Kept::Here).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_told_to_end_finishes_its_steps_and_the_next_goes_on() {
    let mut whole = Whole::new(Wishes::on(Kept::Here)).await;
    let mut app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    let imports = whole.imports(20).await;
    whole.renku_accepts(3).await;
    assert_eq!(app.terminate().await.code(), Some(0), "{}", app.log());
    let accepted = whole.accepted().await;
    assert!(accepted < imports.len(), "it was to end in the middle");
    // What Renku accepted the process has stored before it ended.
    assert_eq!(app.lines_with("Renku accepted the import"), accepted);
    let next = whole.serve(&[]).await;
    let tally = whole.all_end(&imports).await;
    println!("SIGTERM after {accepted} submits: {tally}");
    assert_eq!(tally, Tally::clean(20));
    assert_eq!(next.lines_with("an unclear call"), 0, "{}", next.log());
    next.kill().await;
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_not_shared_between_processes_of_different_roles() {
    let whole = Whole::new(Wishes::on(Kept::Here)).await;
    for role in ["web", "worker"] {
        let mut app = whole.start(&["--role", role]);
        assert_eq!(app.end().await.code(), Some(1), "{}", app.log());
        assert!(app.log().contains("configuration-invalid"), "{}", app.log());
    }
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_whose_answer_is_lost_asks_the_person_in_again_and_uses_no_token_twice() {
    // So short a life is always about to be over: each step would renew.
    let mut whole = Whole::new(Wishes { access_ttl_s: 5, ..Wishes::on(Kept::Here) }).await;
    let app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    whole.keycloak_fault(&json!({"name": "answer_lost", "times": 1})).await;
    let import = whole.import("GLACIER", "first-project").await;
    let waits = whole
        .import_is(&import, "waiting for a sign-in", |import| {
            import["condition"] == "sign_in" || import["ended"] == true
        })
        .await;
    assert_eq!(waits["condition"], "sign_in", "{waits}");
    whole.sign_in().await;
    let tally = whole.all_end(&[import]).await;
    assert_eq!(tally, Tally::clean(1));
    let events = whole.keycloak_events().await;
    assert!(events.iter().any(|event| event["outcome"] == "answer lost"), "{events:?}");
    let presented: Vec<_> = events.iter().filter_map(|event| event["refresh_token"].as_str()).collect();
    let different: BTreeSet<_> = presented.iter().collect();
    assert!(presented.len() > 1, "{events:?}");
    assert_eq!(presented.len(), different.len(), "{events:?}");
    println!("{} renewals, no refresh token twice: {tally}", presented.len());
    app.kill().await;
    whole.clear().await;
}

mod needs_postgres_rabbitmq_kill {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn a_process_killed_at_any_place_of_any_step_submits_once_and_ends_once() {
        killed_everywhere(Kept::OnServers).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn two_workers_share_what_one_web_process_takes() {
        let mut whole = Whole::new(Wishes { slots: 2, ..Wishes::on(Kept::OnServers) }).await;
        let web = whole.serve(&["--role", "web"]).await;
        let workers = [whole.start(&["--role", "worker"]), whole.start(&["--role", "worker"])];
        for worker in &workers {
            worker.logs("connected to the message broker").await;
        }
        whole.sign_in().await;
        whole.log_in_a_program().await;
        let imports = whole.imports(20).await;
        let tally = whole.all_end(&imports).await;
        let shares = workers.each_ref().map(|worker| worker.lines_with("Renku accepted the import"));
        println!("two workers: {} and {} submits: {tally}", shares[0], shares[1]);
        assert_eq!(tally, Tally::clean(20));
        assert_eq!(web.lines_with("Renku accepted the import"), 0, "the web process works");
        assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
        for app in workers.into_iter().chain([web]) {
            app.kill().await;
        }
        whole.clear().await;
    }
}

mod needs_rabbitmq_kill {
    use super::*;
    use crate::needs_rabbitmq_queue::broker::Ctl;

    async fn in_the_middle(trouble: &[&[&str]]) {
        let ctl = Ctl;
        let mut whole = Whole::new(Wishes { job_ms: 500, ..Wishes::on(Kept::OnBroker) }).await;
        let app = whole.serve(&[]).await;
        app.logs("connected to the message broker").await;
        whole.sign_in().await;
        whole.log_in_a_program().await;
        let imports = whole.imports(30).await;
        whole.renku_accepts(3).await;
        for words in trouble {
            ctl.run(words).await;
        }
        let accepted = whole.accepted().await;
        let tally = whole.all_end(&imports).await;
        println!("broker {trouble:?} after {accepted} submits: {tally}");
        assert_eq!(tally, Tally::clean(30));
        app.kill().await;
        whole.clear().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn controls_broker_one_that_stops_and_starts_doubles_and_loses_no_import() {
        in_the_middle(&[&["stop"], &["start"]]).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn controls_broker_one_that_comes_back_empty_doubles_and_loses_no_import() {
        in_the_middle(&[&["wipe"]]).await;
    }
}

//! Web processes and workers of their own, two of each on PostgreSQL and RabbitMQ, killed under load; and queues purged under load.
//!
//! One process that does everything is killed in `kill`. Commands that work beside running processes are tried here too.

use dataverse_renku::domain::ports::queue::Lane;

use crate::whole::{App, Kept, Tally, Whole, Wishes};

/// How many imports a run asks for.
const IMPORTS: usize = 40;

/// Asks as a careful program does: at whichever address answers, again with the same key until it has an answer.
async fn ask_for_all(whole: &Whole, addresses: &[String]) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..IMPORTS {
        ids.push(whole.import_somewhere(addresses, number).await);
    }
    ids
}

/// How many lines of their logs say that Renku took an import from one of them.
fn submits_of(apps: &[&App]) -> usize {
    apps.iter().map(|app| app.lines_with("Renku accepted the import")).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vaults_key_is_changed_beside_a_running_service_and_nobody_signs_in_again() {
    let mut whole = Whole::new(Wishes::on(Kept::Here)).await;
    let app = whole.serve(&[]).await;
    whole.sign_in().await;
    whole.log_in_a_program().await;
    app.kill().await;
    let old = std::fs::read_to_string(whole.key_file()).unwrap();
    let new = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    std::fs::write(whole.key_file(), format!("{new}{old}")).unwrap();

    let app = whole.serve(&[]).await;
    let (status, told) = whole.run(&["vault", "rotate"]).await;
    assert!(status.success() && told.contains("1 sign-ins sealed anew, 0 were"), "{told}");
    let (status, told) = whole.run(&["vault", "rotate"]).await;
    assert!(status.success() && told.contains("0 sign-ins sealed anew, 1 were"), "{told}");
    app.kill().await;
    std::fs::write(whole.key_file(), new).unwrap();

    let app = whole.serve(&[]).await;
    let import = whole.import("GLACIER", "first-project").await;
    assert_eq!(whole.all_end(&[import]).await, Tally::clean(1));
    app.kill().await;
    whole.clear().await;
}

mod needs_postgres_rabbitmq_roles {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn of_two_web_processes_and_two_workers_one_each_is_killed_and_nothing_is_doubled_or_lost() {
        let wishes = Wishes { slots: 2, job_ms: 500, ..Wishes::on(Kept::OnServers) };
        let mut whole = Whole::new(wishes).await;
        let (second, address) = Whole::another_address();
        let web = whole.serve(&["--role", "web"]).await;
        let other_web = whole.start_bound(&["--role", "web"], second);
        let workers = [whole.start(&["--role", "worker"]), whole.start(&["--role", "worker"])];
        for app in workers.iter().chain([&other_web]) {
            app.logs("connected to the message broker").await;
        }
        assert_eq!(
            whole.consumers().await,
            [2; Lane::ALL.len()],
            "who does not work must not be handed messages"
        );
        whole.sign_in().await;
        whole.log_in_a_program().await;
        let addresses = [whole.address(), address];

        let (imports, (dead, alive, reborn)) =
            tokio::join!(ask_for_all(&whole, &addresses), killing(&whole, web, workers));
        let tally = whole.all_end(&imports).await;
        let shares = [&dead, &alive.0, &alive.1].map(|log| log.matches("Renku accepted the import").count());
        println!("two web, two workers, one of each killed: shares {shares:?}, {tally}");
        assert_eq!(tally, Tally::clean(IMPORTS));
        assert!(shares[0] > 0 && shares[1] > 0, "both workers had a share: {shares:?}");
        assert_eq!(submits_of(&[&other_web]), 0, "a web process works");
        for app in reborn.into_iter().chain([other_web]) {
            app.kill().await;
        }
        whole.clear().await;
    }

    /// Kills one worker and one web process while imports are asked for and worked on, and starts them again. Gives the dead
    /// worker's log, those of the surviving and the new one, and all that run.
    async fn killing(
        whole: &Whole,
        web: App,
        [dying, surviving]: [App; 2],
    ) -> (String, (String, String), Vec<App>) {
        whole.renku_accepts(6).await;
        let dead = dying.log();
        dying.kill().await;
        let new_worker = whole.start(&["--role", "worker"]);
        whole.renku_accepts(12).await;
        web.kill().await;
        let new_web = whole.serve(&["--role", "web"]).await;
        whole.renku_accepts(IMPORTS).await;
        let logs = (surviving.log(), new_worker.log());
        (dead, logs, vec![surviving, new_worker, new_web])
    }
}

mod needs_rabbitmq_roles {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn whichever_queue_an_operator_purges_nothing_is_doubled_or_lost() {
        let mut whole = Whole::new(Wishes { job_ms: 500, ..Wishes::on(Kept::OnBroker) }).await;
        let app = whole.serve(&[]).await;
        app.logs("connected to the message broker").await;
        whole.sign_in().await;
        whole.log_in_a_program().await;
        let imports = whole.imports(IMPORTS).await;
        let mut purged = 0;
        for accepted in [3, 10, 20, 30] {
            whole.renku_accepts(accepted).await;
            purged += whole.purge_queues().await;
        }
        let tally = whole.all_end(&imports).await;
        println!("{purged} messages purged: {tally}");
        assert!(purged > 0, "there was nothing to purge");
        assert_eq!(tally, Tally::clean(IMPORTS));
        app.kill().await;
        whole.clear().await;
    }
}

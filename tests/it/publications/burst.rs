//! Many publications at once, each with several subscriptions, on Renku 2's limits and on real servers: every version ends in every
//! project once, every workflow is resumed once, whatever happens to the broker meanwhile and however many processes share the work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dataverse_renku::adapters::store::{Access, Store, open};
use dataverse_renku::domain::ids::{PersonId, SubscriptionId};
use dataverse_renku::domain::ports::identity::IdentityStore as _;
use dataverse_renku::domain::ports::publications::{PublicationFilter, PublicationStore as _};
use dataverse_renku::domain::ports::store::ImportStore as _;
use dataverse_renku::domain::ports::subscriptions::{
    HandedOn, NewSubscription, Subscribed, SubscriptionFilter, SubscriptionStore as _,
};
use dataverse_renku::domain::project::RenkuApi;
use dataverse_renku::domain::publication::PublicationState;
use dataverse_renku::domain::subscription::{Edition, LedgerOutcome, Subscription, SubscriptionState};
use dataverse_renku::domain::time::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{register, wishes};
use crate::needs_rabbitmq_queue::broker::Ctl;
use crate::whole::{App, Kept, Whole, Wishes};

/// Nothing got further for so long: it never will.
const STANDSTILL: Duration = Duration::from_secs(180);

/// How many publications, and how many subscriptions each has.
#[expect(clippy::disallowed_methods, reason = "the whole burst is asked for in the environment")]
fn size() -> (usize, usize) {
    let Ok(wanted) = std::env::var("TEST_BURST") else { return (60, 5) };
    let (publications, subscriptions) = wanted.split_once('x').expect("TEST_BURST is like 1000x5");
    (publications.parse().unwrap(), subscriptions.parse().unwrap())
}

struct Burst {
    whole: Whole,
    store: Arc<Store>,
    publications: usize,
    /// Subscriptions of each.
    each: usize,
}

/// One project takes one import at a time; among so many times as many projects as a dataset has, none waits for another.
const SPREAD: usize = 40;

fn pid(number: usize) -> String {
    format!("doi:10.5072/FK2/BURST{number}")
}

impl Burst {
    /// Everything is there but the new versions: datasets, projects, and subscriptions that have version 1.0.
    async fn ready(publications: usize, each: usize) -> (Self, App) {
        // As patient as a real one: thousands that wait for their turn are not lost.
        let swept = Wishes { sweep_every: "60s", sweep_grace: "30s", ..wishes(Kept::OnServers) };
        let wishes = Wishes { api: "data", slots: 16, ..swept };
        let mut whole = Whole::new(wishes).await;
        let app = whole.serve(&[]).await;
        whole.sign_in().await;
        whole.log_in_a_program().await;
        let store = open(&SecretString::from(whole.store_url()), Access::Tool).await.unwrap();
        let burst = Self { whole, store, publications, each };
        let person = burst.store.people(1).await.unwrap()[0].id;
        for project in 0..each * SPREAD {
            let path = json!({"path": format!("alice/project-{project}")});
            burst.whole.tell(&format!("{}/_sim/data/projects", burst.whole.renku()), &path).await;
        }
        for number in 0..publications {
            let files = json!([{"name": "a.csv", "text": "1"}]);
            let dataset = json!({"pid": pid(number), "title": format!("Burst {number}"), "files": files});
            burst.whole.tell_dataverse("datasets", &dataset).await;
            burst.subscribe(person, number).await;
        }
        register(&burst.whole, &["127.0.0.1"]).await;
        (burst, app)
    }

    async fn subscribe(&self, person: PersonId, number: usize) {
        let path =
            format!("api/v1/datasets/:persistentId/versions/:latest-published?persistentId={}", pid(number));
        let version = self.whole.ask_dataverse(&path).await["data"].clone();
        let edition = Edition {
            number: "1.0".parse().unwrap(),
            dataset_id: version["datasetId"].as_i64().unwrap(),
            version_id: version["id"].as_i64().unwrap(),
            last_update: Timestamp::parse_rfc3339(version["lastUpdateTime"].as_str().unwrap()),
            title: String::new(),
        };
        let now = edition.last_update.unwrap();
        for place in 0..self.each {
            let project = (number * self.each + place) % (self.each * SPREAD);
            let subscription = Subscription {
                id: SubscriptionId::new(now),
                person,
                service: false,
                renku: "sandbox".parse().unwrap(),
                api: RenkuApi::Data,
                installation: "demo".parse().unwrap(),
                pid: pid(number).parse().unwrap(),
                project: format!("{}/p/alice/project-{project}", self.whole.renku()).parse().unwrap(),
                // Until it has version 1.0, which the running service would import else.
                state: SubscriptionState::Paused,
                problem: None,
                revision: 1,
                created_at: now,
                changed_at: now,
            };
            let new =
                NewSubscription { subscription, mail: None, unsubscribe_key: "a-key".to_owned(), has: None };
            let Subscribed::New(stored) = self.store.subscribe(new).await.unwrap() else {
                panic!("it was there")
            };
            let there = HandedOn::Noted(LedgerOutcome::MetadataOnly);
            self.store.hand_on(&stored, &edition, there, None, now).await.unwrap().unwrap();
            let active = SubscriptionState::Active;
            self.store.set_subscription(&stored, active, None, None, now).await.unwrap().unwrap();
        }
    }

    const fn wanted(&self) -> usize {
        self.publications * self.each
    }

    async fn publish_all(&self) {
        for number in 0..self.publications {
            let order = json!({"pid": pid(number), "major": true});
            assert!(self.whole.tell_dataverse("publish", &order).await["invocationId"].is_string());
        }
    }

    async fn succeeded(&self) -> usize {
        let counts = self.store.counts().await.unwrap();
        let of = counts.by_state.iter().filter(|(phase, _, _)| phase == "succeeded");
        usize::try_from(of.map(|(_, _, number)| number).sum::<i64>()).unwrap()
    }

    async fn invocations(&self) -> BTreeMap<String, usize> {
        let all = self.whole.ask_dataverse("_sim/workflow/invocations").await;
        let mut states = BTreeMap::new();
        for one in all.as_array().unwrap() {
            *states.entry(one["state"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        states
    }

    /// Waits until it holds, for as long as anything gets further.
    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let (mut further, mut last) = (Instant::now(), (0, BTreeMap::new(), 0));
        while !holds().await {
            let open = self.store.publication_counts(Timestamp::default()).await.unwrap().open;
            let now = (self.succeeded().await, self.invocations().await, open);
            if now != last {
                further = Instant::now();
                last = now;
            }
            assert!(further.elapsed() < STANDSTILL, "not {what}: {last:?}\n{}", self.whole.last_log());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn all_end(&self) {
        self.until("all arrived", async || {
            let counts = self.store.publication_counts(Timestamp::default()).await.unwrap();
            counts.open == 0 && self.succeeded().await >= self.wanted()
        })
        .await;
        let resumed = BTreeMap::from([("succeeded".to_owned(), self.publications)]);
        self.until("all resumed", async || self.invocations().await == resumed).await;
        self.until("all settled", async || self.store.unsettled(1).await.unwrap().is_empty()).await;
    }

    /// Counts at both ends, and prints it. Returns how many publications are stored: a look of the catch-up between publication and
    /// callback makes one of its own, which finds nothing left to do or leaves nothing to the other.
    async fn check(&self) -> usize {
        let mut lines = Vec::new();
        let mut filter = SubscriptionFilter { limit: 500, ..SubscriptionFilter::default() };
        loop {
            let page = self.store.subscriptions(&filter).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.before = Some(last.id);
            for subscription in &page {
                let ledger = self.store.ledger(subscription.id, 10).await.unwrap();
                let new: Vec<_> =
                    ledger.into_iter().filter(|line| line.version.to_string() == "2.0").collect();
                lines.push(new);
            }
        }
        let arrived =
            lines.iter().filter(|of| of.len() == 1 && of[0].outcome == LedgerOutcome::Arrived).count();
        let without = lines.iter().filter(|of| of.is_empty()).count();
        let imports: BTreeSet<_> = lines.iter().flatten().filter_map(|line| line.import).collect();
        let made: i64 = self.store.counts().await.unwrap().by_state.iter().map(|(_, _, number)| number).sum();
        let state =
            self.whole.http.get(format!("{}/_sim/data/state", self.whole.renku())).send().await.unwrap();
        let state: Value = state.json().await.unwrap();
        let linked = state["links"].as_array().unwrap();
        let pairs: BTreeSet<_> = linked
            .iter()
            .map(|link| (link["project_id"].to_string(), link["data_connector_id"].to_string()))
            .collect();
        let all = self.whole.ask_dataverse("_sim/workflow/invocations").await;
        let once =
            all.as_array().unwrap().iter().filter(|one| one["resumes"] == 1 && one["calls"] == 1).count();
        let (mut served, mut stored, mut called) = (0, 0, 0);
        let mut filter = PublicationFilter { limit: 500, ..PublicationFilter::default() };
        loop {
            let page = self.store.publications(&filter).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.before = Some(last.id);
            assert!(page.iter().all(|it| it.state == PublicationState::Done), "{page:?}");
            served += page.iter().map(|it| it.imports as usize).sum::<usize>();
            stored += page.len();
            called += page.iter().filter(|it| it.invocation.is_some()).count();
        }
        println!(
            "{} publications x {} subscriptions: ends {arrived} / lost {without} / doubled {} / imports made {made} / links {} \
             / workflows resumed once {once}",
            self.publications,
            self.each,
            usize::try_from(made).unwrap() - imports.len(),
            linked.len()
        );
        let wanted = self.wanted();
        assert_eq!((lines.len(), arrived, without, imports.len()), (wanted, wanted, 0, wanted));
        assert_eq!((usize::try_from(made).unwrap(), served), (wanted, wanted));
        assert_eq!((linked.len(), pairs.len()), (wanted, wanted));
        assert_eq!((once, called), (self.publications, self.publications));
        stored
    }
}

mod needs_postgres_rabbitmq_burst {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn controls_broker_every_version_ends_in_every_project_once_though_the_broker_is_restarted() {
        let (publications, each) = size();
        let (burst, app) = Burst::ready(publications, each).await;
        let began = Instant::now();
        burst.publish_all().await;
        let some = burst.wanted() / 4;
        burst.until("a quarter arrived", async || burst.succeeded().await >= some).await;
        assert!(burst.succeeded().await < burst.wanted(), "it is in the middle of it");
        Ctl.run(&["stop"]).await;
        println!("the broker is stopped at {} of {}", burst.succeeded().await, burst.wanted());
        Ctl.run(&["start"]).await;
        burst.all_end().await;
        println!("all ended after {} s", began.elapsed().as_secs());
        burst.check().await;
        app.kill().await;
        let Burst { whole, store, .. } = burst;
        store.close().await;
        whole.clear().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a server: run scripts/test"]
    async fn two_processes_share_the_work() {
        let (burst, app) = Burst::ready(20, 2).await;
        let (port, _) = Whole::another_address();
        let other = burst.whole.start_bound(&["--role", "worker"], port);
        burst
            .whole
            .eventually("both consume", async || burst.whole.consumers().await.iter().all(|it| *it >= 2))
            .await;
        burst.publish_all().await;
        burst.all_end().await;
        let stored = burst.check().await;
        let words = [
            ("a publication is handed on", stored),
            ("the workflow goes on and the dataset is free", 20),
            ("the import arrived", 40),
        ];
        for (words, all) in words {
            let shares = (app.lines_with(words), other.lines_with(words));
            println!("{words}: {shares:?}");
            assert!(shares.0 > 0 && shares.1 > 0, "{words}: {shares:?}");
            assert_eq!(shares.0 + shares.1, all, "{words}: {shares:?}");
        }
        app.kill().await;
        other.kill().await;
        let Burst { whole, store, .. } = burst;
        store.close().await;
        whole.clear().await;
    }
}

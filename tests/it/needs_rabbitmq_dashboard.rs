//! What operators see and do in RabbitMQ's own management page, asked for over its API, as the page itself does.
//!
//! Each test has a vhost of its own and deletes it.

use std::num::NonZeroU16;
use std::time::Duration;

use dataverse_renku::adapters::http::{self, HttpSettings};
use dataverse_renku::adapters::rabbitmq::{self, RabbitQueue, Settings};
use dataverse_renku::doctor::{Check, Finding, Mark, Note};
use dataverse_renku::domain::ports::queue::{Lane, Queue as _, When};
use dataverse_renku::domain::problem::{Problem, ProblemCode};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::doctor_world::{World, codes, only};
use crate::needs_rabbitmq_queue::broker;
use crate::queue_suite::{ack, eventually, message, next};

/// The management of the broker, as somebody sees it who is signed in there.
struct Dashboard {
    http: reqwest::Client,
    address: url::Url,
    vhost: String,
}

impl Dashboard {
    async fn new() -> Self {
        let address = url::Url::parse(&broker::dashboard()).unwrap();
        let vhost = format!("test-{}", uuid::Uuid::now_v7().simple());
        let dashboard = Self { http: http::client(&HttpSettings::default()).unwrap(), address, vhost };
        let vhost = &dashboard.vhost;
        dashboard.call(Method::PUT, &format!("vhosts/{vhost}"), &json!({})).await;
        let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
        let user = dashboard.address.username();
        dashboard.call(Method::PUT, &format!("permissions/{vhost}/{user}"), &everything).await;
        dashboard
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let mut url = self.address.join(&format!("/api/{path}")).unwrap();
        url.set_username("").unwrap();
        url.set_password(None).unwrap();
        let request = self.http.request(method, url);
        let request = request.basic_auth(self.address.username(), self.address.password()).json(body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// What "Get messages" shows of a queue: one message, which stays there or is taken.
    async fn get_message(&self, queue: &str, take: bool) -> Option<Value> {
        let ackmode = if take { "ack_requeue_false" } else { "ack_requeue_true" };
        let ask = json!({"count": 1, "ackmode": ackmode, "encoding": "auto"});
        let path = format!("queues/{}/dataverse-renku.{queue}/get", self.vhost);
        let got = self.call(Method::POST, &path, &ask).await;
        got.as_array().unwrap().first().cloned()
    }

    /// Our program's queue in this vhost.
    async fn queue(&self) -> RabbitQueue {
        let mut url = url::Url::parse(&broker::url()).unwrap();
        url.set_path(&self.vhost);
        let mut settings = Settings::new(SecretString::from(url.to_string()));
        settings.prefetch = NonZeroU16::new(1);
        let queue = RabbitQueue::start(settings, &TaskTracker::new(), &CancellationToken::new()).unwrap();
        eventually("the program takes the queues that are there", async || queue.ready().await.is_ok()).await;
        queue
    }

    /// The broker's address with this vhost, for this user.
    fn broker(&self, user: &str, password: &str) -> String {
        let mut url = url::Url::parse(&broker::url()).unwrap();
        url.set_path(&self.vhost);
        url.set_username(user).unwrap();
        url.set_password(Some(password)).unwrap();
        url.to_string()
    }

    async fn clear(self) {
        self.call(Method::DELETE, &format!("vhosts/{}", self.vhost), &Value::Null).await;
    }
}

/// These fields of each that has this beginning of a name in the first one, in a fixed order.
fn of_ours(list: &Value, fields: &[&str]) -> Vec<Value> {
    let ours = list.as_array().unwrap().iter();
    let ours = ours.filter(|one| one[fields[0]].as_str().unwrap().starts_with("dataverse-renku."));
    let mut all: Vec<Value> =
        ours.map(|one| fields.iter().map(|field| one[*field].clone()).collect()).collect();
    all.sort_by_key(ToString::to_string);
    all
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn the_definitions_that_we_ship_make_the_queues_with_which_the_program_starts() {
    let dashboard = Dashboard::new().await;
    let vhost = &dashboard.vhost;
    let shipped = rabbitmq::definitions().unwrap();
    let here = shipped.to_string().replace(r#""vhost":"/""#, &format!(r#""vhost":"{vhost}""#));
    let mut here: Value = serde_json::from_str(&here).unwrap();
    here.as_object_mut().unwrap().remove("vhosts");
    dashboard.call(Method::POST, "definitions", &here).await;

    let queue = dashboard.queue().await;
    for (kind, fields) in [
        ("queues", &["name", "durable", "arguments"][..]),
        ("exchanges", &["name", "type", "durable", "internal"][..]),
        ("bindings", &["source", "destination", "routing_key", "arguments"][..]),
    ] {
        let there = dashboard.get(&format!("{kind}/{vhost}")).await;
        let wanted = of_ours(&shipped[kind], fields);
        assert!(!wanted.is_empty());
        assert_eq!(of_ours(&there, fields), wanted, "{kind}");
    }
    assert_eq!(dashboard.get(&format!("policies/{vhost}")).await, json!([]));

    // They work, and are not only alike.
    let sent = message(Lane::ImportsToSubmit, 1);
    queue.publish(&sent, When::Poll(Duration::from_millis(1))).await.unwrap();
    assert_eq!(ack(next(&queue, Lane::ImportsToSubmit).await).await, sent);
    queue.close().await;
    dashboard.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn get_messages_tells_an_operator_the_story_of_an_import() {
    let dashboard = Dashboard::new().await;
    let queue = dashboard.queue().await;
    let sent = message(Lane::ImportsAtRenku, 7);
    queue.publish(&sent, When::Retry(Duration::from_secs(3_600))).await.unwrap();
    let seen = dashboard.get_message("imports-wait-for-retry-1h", false).await.unwrap();
    let properties = &seen["properties"];
    assert_eq!(properties["type"], "import.advance");
    assert_eq!(properties["message_id"], sent.subject.as_uuid().to_string());
    assert_eq!(properties["timestamp"], sent.made_at.as_millis() / 1_000);
    assert_eq!(properties["app_id"], concat!("dataverse-renku/", env!("CARGO_PKG_VERSION")));
    // The broker counts deliveries in a header of its own.
    let mut headers = properties["headers"].clone();
    headers.as_object_mut().unwrap().retain(|name, _| !name.starts_with("x-"));
    assert_eq!(
        headers,
        json!({
            "dataset": "doi:10.5072/FK2/QUEUE1", "installation": "demo", "renku": "main", "phase": "running",
            "attempt": 2, "problem": "renku-unreachable",
        })
    );
    eventually("the message is back: a look takes nothing away", async || {
        dashboard.get_message("imports-wait-for-retry-1h", false).await.is_some()
    })
    .await;
    queue.close().await;
    dashboard.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_parked_message_tells_why_and_moved_by_hand_it_sends_the_import_on() {
    let dashboard = Dashboard::new().await;
    let queue = dashboard.queue().await;
    let parked = message(Lane::ImportsToSubmit, 9);
    let problem = Problem::new(ProblemCode::GivenUp).saying("seven days of no");
    queue.park(&parked, &problem).await.unwrap();
    let seen = dashboard.get_message("imports-parked", true).await.unwrap();
    assert_eq!(seen["properties"]["type"], "import.parked");
    assert_eq!(seen["properties"]["headers"]["problem"], "given-up");
    assert_eq!(seen["properties"]["headers"]["reason"], "seven days of no");
    // "Publish message" with what "Get messages" showed.
    let moved = json!({
        "properties": seen["properties"], "payload": seen["payload"], "payload_encoding": "string",
        "routing_key": "dataverse-renku.imports-to-submit",
    });
    let path = format!("exchanges/{}/amq.default/publish", dashboard.vhost);
    assert_eq!(dashboard.call(Method::POST, &path, &moved).await["routed"], true);
    let taken = ack(next(&queue, Lane::ImportsToSubmit).await).await;
    assert!(taken.parked, "{taken:?}");
    assert_eq!(taken.subject, parked.subject);
    queue.close().await;
    dashboard.clear().await;
}

/// What the doctor sees of a broker.
async fn looked_at(world: &World, url: &str, management: &str) -> Vec<Finding> {
    let management =
        if management.is_empty() { String::new() } else { format!("management_url = \"{management}\"\n") };
    world.write_with(&format!("[queue]\nurl = \"{url}\"\n{management}"));
    let findings = world.examine().await;
    findings
        .into_iter()
        .filter(|finding| matches!(finding.check, Check::Broker | Check::Management))
        .collect()
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_look_from_outside_tells_the_brokers_version_our_queues_and_whether_its_management_answers() {
    let (dashboard, world) = (Dashboard::new().await, World::start().await);
    let overview = dashboard.get("overview").await;
    let version = overview["rabbitmq_version"].as_str().unwrap();
    let address = dashboard.address.origin().ascii_serialization();
    let url = dashboard.broker(dashboard.address.username(), dashboard.address.password().unwrap());

    let seen = looked_at(&world, &url, "").await;
    let [broker, management] = &seen[..] else { panic!("{seen:#?}") };
    assert_eq!((broker.mark, broker.note), (Mark::Look, Some(Note::QueuesMissing)));
    let named = format!("RabbitMQ {version}: dataverse-renku.");
    assert!(broker.seen.starts_with(&named) && broker.seen.matches(", ").count() > 5, "{broker:?}");
    assert_eq!(management.note, Some(Note::ManagementUnseen));
    assert_eq!(dashboard.get(&format!("queues/{}", dashboard.vhost)).await, json!([]), "it only looks");

    let queue = dashboard.queue().await;
    let seen = looked_at(&world, &url, &address).await;
    let told: Vec<_> = seen.iter().map(|finding| (finding.mark, finding.seen.as_str())).collect();
    let managed = format!("{address}, {}", overview["management_version"].as_str().unwrap());
    assert_eq!(told, [(Mark::Fine, format!("RabbitMQ {version}").as_str()), (Mark::Fine, managed.as_str())]);
    queue.close().await;

    // Somebody who may use the queues and not look at them, until what is printed is done.
    let user = format!("connector-{}", dashboard.vhost);
    dashboard
        .call(Method::PUT, &format!("users/{user}"), &json!({"password": "p@ss/word", "tags": ""}))
        .await;
    let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
    dashboard.call(Method::PUT, &format!("permissions/{}/{user}", dashboard.vhost), &everything).await;
    let url = dashboard.broker(&user, "p@ss/word");
    let refused = &looked_at(&world, &url, &address).await[1];
    assert_eq!(refused.note, Some(Note::ManagementRefused), "{refused:?}");
    let printed: Vec<_> = refused.commands[0].split(' ').collect();
    assert_eq!(printed[0], "rabbitmqctl");
    broker::Ctl.run(&[&["ctl"], &printed[1..]].concat()).await;
    let let_in = &looked_at(&world, &url, &address).await[1];
    assert_eq!((let_in.mark, &let_in.seen), (Mark::Fine, &managed));

    let silent = &looked_at(&world, &url, "http://127.0.0.1:1").await[1];
    assert_eq!(silent.note, Some(Note::ManagementSilent));
    let another = &looked_at(&world, &url, &world.dataverse.site_url).await[1];
    assert_eq!(another.note, Some(Note::ManagementSilent), "a server of another kind: {another:?}");
    assert!(another.commands[0].contains("rabbitmq-plugins enable"));

    let wrong = dashboard.broker(&user, "another");
    let shown = world.ours(&["doctor", "--json"]);
    assert!(!String::from_utf8(shown.stdout).unwrap().contains("p%40ss"), "no password is told");
    let seen = looked_at(&world, &wrong, &address).await;
    assert_eq!(codes(&seen), only("queue-unavailable"), "{seen:#?}");
    dashboard.call(Method::DELETE, &format!("users/{user}"), &Value::Null).await;
    dashboard.clear().await;
}

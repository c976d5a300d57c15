//! The broker goes away, comes back, comes back empty, freezes, runs short of memory; connections are cut.
//!
//! A message that was confirmed is there afterwards, and nobody has to restart anything of ours.

use super::*;

const LANE: Lane = Lane::ImportsToSubmit;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server: run scripts/test"]
async fn connections_cut_in_the_middle_of_publishing_lose_nothing() {
    let upstream = broker::host_and_port();
    let proxy = ChaosProxy::before(upstream.clone()).await;
    let url = broker::url();
    let rig = Rig::at(&url, &url.replace(&upstream, &proxy.address().to_string())).await;
    let (count, done) = (400, counter());
    let mut publishers = tokio::task::JoinSet::new();
    for publisher in 0..8 {
        let (queue, done) = (rig.queue.clone(), Arc::clone(&done));
        publishers.spawn(async move {
            for revision in (publisher..count).step_by(8) {
                publish_in_the_end(&queue, &message(LANE, revision)).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for _ in 0..4 {
        proxy.traffic(20_000).await;
        assert!(done.load(Ordering::Relaxed) < count, "cut while publishing goes on");
        proxy.cut();
    }
    let consumer = tokio::time::timeout(suite::PATIENCE, all_come(&rig.queue, LANE, 0..count));
    consumer.await.expect("a confirmed message was lost");
    while let Some(ended) = publishers.join_next().await {
        ended.unwrap();
    }
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_broker_that_freezes_is_noticed_and_used_again_when_it_thaws() {
    let upstream = broker::host_and_port();
    let proxy = ChaosProxy::before(upstream.clone()).await;
    let url = broker::url();
    let rig = Rig::at(&url, &url.replace(&upstream, &proxy.address().to_string())).await;
    let impatient = rig
        .another(|settings| {
            settings.publish_timeout = Duration::from_millis(500);
            settings.open_timeout = Duration::from_secs(2);
        })
        .await;
    rig.queue.close().await;
    impatient.publish(&message(LANE, 1), When::Now).await.unwrap();
    proxy.freeze();
    assert!(is_outage(&impatient.publish(&message(LANE, 2), When::Now).await));
    eventually("the frozen broker is noticed", async || impatient.ready().await.is_err()).await;
    proxy.heal();
    publish_in_the_end(&impatient, &message(LANE, 3)).await;
    all_come(&impatient, LANE, [1, 3]).await;
    impatient.close().await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn deleted_queues_are_made_again() {
    let rig = Rig::new().await;
    ack_one(&rig.queue, 1).await;
    rig.delete_queues().await;
    // Both ways of noticing: the consumers are ended by the broker, and what is published comes back.
    publish_in_the_end(&rig.queue, &message(LANE, 2)).await;
    all_come(&rig.queue, LANE, [2]).await;
    let later = message(LANE, 3);
    rig.queue.publish(&later, When::Retry(SHORT)).await.unwrap();
    all_come(&rig.queue, LANE, [3]).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_message_for_a_deleted_waiting_queue_is_never_called_taken() {
    let rig = Rig::new().await;
    let (_connection, channel) = rig.raw().await;
    let waiting = rig.name("imports-wait-for-retry-200ms");
    channel.queue_delete(waiting.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    // Nobody consumes it, so only the returned message tells; with many at once, each must be told right.
    let mut publishers = tokio::task::JoinSet::new();
    for revision in 0..50 {
        let queue = rig.queue.clone();
        publishers.spawn(async move {
            let when = if revision % 2 == 0 { When::Retry(SHORT) } else { When::Now };
            queue.publish(&message(LANE, revision), when).await.map(|()| revision)
        });
    }
    let mut taken = Vec::new();
    while let Some(ended) = publishers.join_next().await {
        if let Ok(revision) = ended.unwrap() {
            taken.push(revision);
        }
    }
    assert!(taken.len() >= 25, "what can be published is: {}", taken.len());
    all_come(&rig.queue, LANE, taken).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn a_queue_with_other_settings_is_named_to_the_operator() {
    let rig = Rig::new().await;
    let mut settings = rig.settings.clone();
    settings.rungs = Rungs { poll: vec![SHORT], retry: vec![SHORT] };
    settings.prefix = rig.name("other.");
    let (_connection, channel) = rig.raw().await;
    let foreign = format!("{}imports-parked", settings.prefix);
    let options = lapin::options::QueueDeclareOptions::durable();
    channel
        .queue_declare(foreign.as_str().into(), options, lapin::types::FieldTable::default())
        .await
        .unwrap();
    let queue = Rig::start(&settings);
    let mut said = String::new();
    eventually("the mismatch is told", async || {
        if let Err(QueueError::Unreachable(Some(why))) = queue.ready().await {
            said = why.to_string();
        }
        said.contains(&foreign)
    })
    .await;
    assert!(said.contains("other settings"), "{said}");
    assert!(is_outage(&queue.publish(&message(LANE, 1), When::Now).await));
    queue.close().await;
    Rig { queue, settings, url: rig.url.clone() }.clear().await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn controls_broker_stopped_and_started_again_has_every_confirmed_message() {
    let ctl = broker::Ctl;
    let rig = Rig::new().await;
    rig.queue.publish(&message(LANE, 1), When::Now).await.unwrap();
    rig.queue.publish(&message(LANE, 2), When::Retry(LONG)).await.unwrap();
    rig.queue.park(&message(LANE, 3), &Problem::new(ProblemCode::ProjectBusy)).await.unwrap();
    ctl.run(&["stop"]).await;
    assert!(is_outage(&rig.queue.publish(&message(LANE, 4), When::Now).await));
    eventually("it is said that the broker is away", async || rig.queue.ready().await.is_err()).await;
    ctl.run(&["start"]).await;
    publish_in_the_end(&rig.queue, &message(LANE, 5)).await;
    all_come(&rig.queue, LANE, [1, 2, 5]).await;
    let (_connection, channel) = rig.raw().await;
    let parked = rig.take_parked(&channel).await;
    assert_eq!(header(&parked.delivery.properties, "problem"), "project-busy");
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn controls_broker_killed_has_every_confirmed_message() {
    let ctl = broker::Ctl;
    let rig = Rig::new().await;
    for revision in 0..100 {
        let when = if revision % 2 == 0 { When::Now } else { When::Poll(LONG) };
        rig.queue.publish(&message(LANE, revision), when).await.unwrap();
    }
    ctl.run(&["kill"]).await;
    ctl.run(&["start"]).await;
    all_come(&rig.queue, LANE, 0..100).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn controls_broker_wiped_gets_its_queues_again() {
    let ctl = broker::Ctl;
    let rig = Rig::new().await;
    ack_one(&rig.queue, 1).await;
    ctl.run(&["wipe"]).await;
    publish_in_the_end(&rig.queue, &message(LANE, 2)).await;
    all_come(&rig.queue, LANE, [2]).await;
    rig.queue.publish(&message(LANE, 3), When::Poll(SHORT)).await.unwrap();
    all_come(&rig.queue, LANE, [3]).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn controls_broker_short_of_memory_takes_nothing_and_still_hears_acknowledgements() {
    let ctl = broker::Ctl;
    let rig = Rig::new().await;
    rig.queue.publish(&message(LANE, 1), When::Now).await.unwrap();
    let in_hand = next(&rig.queue, LANE).await;
    ctl.run(&["ctl", "set_vm_memory_high_watermark", "0.00001"]).await;
    eventually("the broker is said to take nothing", async || {
        // The broker tells only who publishes.
        is_outage(&rig.queue.publish(&message(LANE, 2), When::Now).await) && rig.queue.ready().await.is_err()
    })
    .await;
    let why = rig.queue.ready().await.unwrap_err().to_string();
    assert!(why.contains("takes no messages for now"), "{why}");
    ack(in_hand).await;
    ctl.run(&["ctl", "set_vm_memory_high_watermark", "0.8"]).await;
    publish_in_the_end(&rig.queue, &message(LANE, 3)).await;
    all_come(&rig.queue, LANE, [3]).await;
    rig.clear().await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn controls_broker_that_takes_back_a_delivery_held_too_long_goes_on_delivering() {
    let ctl = broker::Ctl;
    // Channels ask for these when they are opened; half an hour and a minute are the broker's own.
    let patience = |timeout: u32, tick: u32| {
        let set = |name: &str, value: u32| format!("application:set_env(rabbit, {name}, {value})");
        format!("{}, {}.", set("consumer_timeout", timeout), set("channel_tick_interval", tick))
    };
    ctl.run(&["ctl", "eval", &patience(500, 200)]).await;
    let rig = Rig::new().await;
    rig.queue.publish(&message(LANE, 1), When::Now).await.unwrap();
    let held = next(&rig.queue, LANE).await;
    let again = next(&rig.queue, LANE).await;
    assert!(again.again);
    assert_eq!(ack(again).await.revision, 1);
    assert!(!matches!(held.settle.ack().await, Ok(true)), "an acknowledgement that came too late counted");
    ctl.run(&["ctl", "eval", &patience(1_800_000, 60_000)]).await;
    rig.clear().await;
}

async fn ack_one(queue: &RabbitQueue, revision: i64) {
    queue.publish(&message(LANE, revision), When::Now).await.unwrap();
    assert_eq!(ack(next(queue, LANE).await).await.revision, revision);
}

//! Imports shown live over HTTP: no line is missed or shown twice, whoever is cut off and whichever process made the change.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::whole::{Kept, Whole, Wishes};

/// For whatever must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// An event as it came over the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Event {
    name: String,
    id: String,
    data: String,
    comment: bool,
    retry: String,
}

impl Event {
    fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }

    fn seq(&self) -> i64 {
        assert_eq!(self.name, "timeline");
        self.id.parse().unwrap()
    }
}

/// A reader of one stream.
struct Reader {
    answer: reqwest::Response,
    buffer: String,
}

impl Reader {
    async fn open(whole: &Whole, id: &str, last: Option<&str>) -> Self {
        let mut request = whole.request("GET", &format!("/api/v1/imports/{id}/events"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, buffer: String::new() }
    }

    /// The next event, comments and hints included; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (parsed(block), rest.to_owned());
                self.buffer = rest;
                return Some(event);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("nothing comes");
            let chunk = chunk.unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event with a name.
    async fn event(&mut self) -> Option<Event> {
        loop {
            let event = self.next().await?;
            if !event.name.is_empty() {
                return Some(event);
            }
        }
    }

    async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }
}

fn parsed(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap();
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            "event" => event.name = value,
            "id" => event.id = value,
            "data" => event.data.push_str(&value),
            "retry" => event.retry = value,
            "" => event.comment = true,
            other => panic!("a field {other}"),
        }
    }
    event
}

async fn with_alice(kept: Kept, job_ms: u64, roles: &[&[&str]]) -> (Whole, Vec<crate::whole::App>) {
    let mut whole = Whole::new(Wishes { job_ms, ..Wishes::on(kept) }).await;
    let mut apps = Vec::new();
    for (number, role) in roles.iter().enumerate() {
        apps.push(if number == 0 { whole.serve(role).await } else { whole.start(role) });
    }
    whole.sign_in().await;
    whole.log_in_a_program().await;
    (whole, apps)
}

async fn lines_of(whole: &Whole, id: &str) -> Vec<Value> {
    let answer = whole.request("GET", &format!("/api/v1/imports/{id}/timeline")).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["entries"].as_array().unwrap().clone()
}

/// Reads an import's whole life, coming back after every line; what came must be what the timeline has.
async fn lived(whole: &Whole, id: &str) {
    let watched = Reader::open(whole, id, None).await;
    let interrupted = async {
        let mut lines: Vec<Event> = Vec::new();
        loop {
            let last = lines.last().map(|line| line.id.clone());
            let mut reader = Reader::open(whole, id, last.as_deref()).await;
            loop {
                let event = reader.event().await.expect("the stream goes on to the end of the import");
                match event.name.as_str() {
                    "timeline" => {
                        lines.push(event);
                        break;
                    }
                    "end" => return lines,
                    "import" => {}
                    other => panic!("an event {other}"),
                }
            }
        }
    };
    let (watched, interrupted) = tokio::join!(watched.rest(), interrupted);
    let stored = lines_of(whole, id).await;
    assert!(stored.len() > 5, "{stored:?}");
    let lines: Vec<_> = watched.iter().filter(|event| event.name == "timeline").collect();
    assert_eq!(lines.iter().map(|line| line.json()).collect::<Vec<_>>(), stored);
    assert_eq!(interrupted.iter().map(Event::json).collect::<Vec<_>>(), stored);
    for line in &lines {
        assert_eq!(line.seq(), line.json()["seq"].as_i64().unwrap());
    }
    let end = watched.last().unwrap();
    let shown: Value = whole.look(id).await.unwrap();
    assert_eq!((end.name.as_str(), &end.json()), ("end", &shown));
    assert_eq!(end.id, format!("{}-end", lines.last().unwrap().id));
    assert_eq!(shown["phase"], "succeeded");

    // Whoever comes late sees it all at once, and whoever has it all is told not to come back.
    let late = Reader::open(whole, id, Some("0")).await.rest().await;
    let late: Vec<_> = late.iter().filter(|event| event.name != "import").collect();
    assert_eq!(late, watched.iter().filter(|event| event.name != "import").collect::<Vec<_>>());
    let again =
        whole.request("GET", &format!("/api/v1/imports/{id}/events")).header("Last-Event-ID", &end.id);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    // Who was cut off between the last line and the end still gets the end.
    let path = format!("/api/v1/imports/{id}/events?after={}", lines.last().unwrap().id);
    let tail = whole.request("GET", &path).send().await.unwrap();
    let tail = Reader { answer: tail, buffer: String::new() }.rest().await;
    assert_eq!(tail, [end.clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_every_line_once_however_often_it_is_cut_off() {
    let (whole, apps) = with_alice(Kept::Here, 1_500, &[&[]]).await;
    let id = whole.import("GLACIER", "first-project").await;
    lived(&whole, &id).await;
    drop(apps);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: run scripts/test"]
async fn needs_postgres_needs_rabbitmq_what_another_process_does_is_shown_too() {
    let (whole, apps) =
        with_alice(Kept::OnServers, 1_500, &[&["--role", "web"], &["--role", "worker"]]).await;
    let id = whole.import("GLACIER", "first-project").await;
    lived(&whole, &id).await;
    drop(apps);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_news_says_that_it_is_alive_and_when_to_come_back() {
    let (whole, mut apps) = with_alice(Kept::Here, 600_000, &[&[]]).await;
    let id = whole.import("GLACIER", "first-project").await;
    whole.import_is(&id, "at Renku", |import| import["phase"] == "running").await;
    let mut reader = Reader::open(&whole, &id, None).await;
    assert_eq!(reader.next().await.unwrap().retry, "3000");
    let mut comments = 0;
    while comments < 3 {
        comments += usize::from(reader.next().await.unwrap().comment);
    }
    // The process goes down while somebody looks on: the stream ends without an end of the import.
    let (ended, exit) = tokio::join!(reader.rest(), apps[0].terminate());
    assert!(exit.success());
    assert!(ended.iter().all(|event| event.name != "end"));
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_so_many_streams_and_gets_new_ones_when_old_ones_are_closed() {
    let (whole, apps) = with_alice(Kept::Here, 600_000, &[&[]]).await;
    let id = whole.import("GLACIER", "first-project").await;
    let mut readers = Vec::new();
    for _ in 0..20 {
        readers.push(Reader::open(&whole, &id, None).await);
    }
    let path = format!("/api/v1/imports/{id}/events");
    let refused = whole.request("GET", &path).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "30");
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["code"], "too-many-requests");
    readers.clear();
    let until = std::time::Instant::now() + PATIENCE;
    while whole.request("GET", &path).send().await.unwrap().status() != StatusCode::OK {
        assert!(std::time::Instant::now() < until, "the places do not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(apps);
    whole.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_looks_on_and_only_from_an_event_that_there_was() {
    let (whole, apps) = with_alice(Kept::Here, 300, &[&[]]).await;
    let id = whole.import("GLACIER", "first-project").await;
    let path = format!("/api/v1/imports/{id}/events");
    let refusal = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let bob = whole.token_of("bob").await;
    let (status, body) = refusal(whole.request_without_token("GET", &path).bearer_auth(&bob)).await;
    assert_eq!((status, &body["code"]), (404, &json!("import-unknown")));
    let (status, body) = refusal(whole.request_without_token("GET", &path)).await;
    assert_eq!((status, &body["code"]), (401, &json!("token-missing")));
    for (request, field) in [
        (whole.request("GET", &path).header("Last-Event-ID", "yesterday"), "Last-Event-ID"),
        (whole.request("GET", &format!("{path}?after=-1")), "after"),
    ] {
        let (status, body) = refusal(request).await;
        assert_eq!((status, &body["code"], &body["field"]), (400, &json!("request-invalid"), &json!(field)));
    }
    drop(apps);
    whole.clear().await;
}

//! A look at the broker from outside the service: what it is, whether it lets us in, which of our queues are there, and whether its
//! management interface answers.
//!
//! Nothing is declared here; that is the supervisor's.

use std::time::Duration;

use futures_util::{AsyncReadExt as _, AsyncWriteExt as _, future};
use lapin::options::QueueDeclareOptions;
use lapin::protocol::{AMQPClass, connection, parse_class};
use lapin::tcp::AMQPUriTcpExt as _;
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties};
use reqwest::{Client, Method, StatusCode};
use secrecy::SecretString;
use serde_json::Value;

use super::error::RabbitError;
use super::supervisor;
use super::topology::{Rungs, Topology};
use crate::adapters::exchange::Exchange;
use crate::adapters::http;
use crate::domain::ports::probe::{Broker, Management};

/// What a client of AMQP 0-9-1 says first (specification §4.2.2).
const GREETING: &[u8; 8] = b"AMQP\0\0\x09\x01";
/// Type, channel and size before what a frame holds, and the octet after it (§4.2.3).
const FRAME_HEAD: usize = 7;
/// The broker's first frame tells of itself and its features; RabbitMQ's has some hundred octets.
const LONGEST_START: usize = 64 << 10;
/// The most that is read of the management's overview, in bytes.
const LONGEST_OVERVIEW: usize = 1 << 20;

/// Connects, tells what the broker is, and names the queues of ours that are missing.
///
/// # Errors
/// When the broker cannot be reached, or refuses us.
pub async fn look(url: &SecretString, prefix: &str, heartbeat: Duration) -> Result<Broker, RabbitError> {
    let address = supervisor::address(url, heartbeat)?;
    // The library keeps to itself what the broker told when it began.
    let (told, missing) = future::join(introduced(&address), missing(address.clone(), prefix)).await;
    let (product, version) = told.unwrap_or_default();
    Ok(Broker::Reached { product, version, missing: missing? })
}

async fn missing(address: AMQPUri, prefix: &str) -> Result<Vec<String>, RabbitError> {
    let failed = |doing| move |source| RabbitError::Amqp { doing, source };
    let properties = ConnectionProperties::default().with_connection_name("dataverse-renku doctor".into());
    let away = RabbitError::connecting(&address);
    let connection = Connection::connect_uri(address, properties).await.map_err(away)?;
    let topology = Topology::new(prefix, Rungs::default())?;
    // Side by side, since the broker may be far away.
    let connected = &connection;
    let asked = topology.queues().into_iter().map(|queue| async move {
        // A refusal closes the channel.
        let channel = connected.create_channel().await.map_err(failed("open a channel"))?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let there = channel.queue_declare(queue.clone(), options, FieldTable::default()).await.is_ok();
        Ok::<_, RabbitError>((!there).then(|| queue.to_string()))
    });
    let missing = future::try_join_all(asked).await?.into_iter().flatten().collect();
    if let Err(error) = connection.close(200, "OK".into()).await {
        tracing::debug!(%error, "the look at the broker ended without goodbye");
    }
    Ok(missing)
}

/// How the broker introduces itself to whoever connects, before anybody signs in: its product and version.
async fn introduced(address: &AMQPUri) -> Option<(String, String)> {
    let runtime = lapin::runtime::default_runtime().ok()?;
    let mut stream = address.connect_async(&runtime).await.ok()?;
    stream.write_all(GREETING).await.ok()?;
    stream.flush().await.ok()?;
    let mut head = [0; FRAME_HEAD];
    stream.read_exact(&mut head).await.ok()?;
    let [_kind, _channel, _number, size @ ..] = head;
    let size = usize::try_from(u32::from_be_bytes(size)).ok().filter(|size| *size <= LONGEST_START)?;
    let mut told = vec![0; size];
    stream.read_exact(&mut told).await.ok()?;
    start(&told)
}

/// Product and version in the payload of `connection.start` (§1.4.2.1, `server-properties`).
fn start(payload: &[u8]) -> Option<(String, String)> {
    let (_, class) = parse_class(payload).ok()?;
    let AMQPClass::Connection(connection::AMQPMethod::Start(start)) = class else { return None };
    let property = |name: &str| match start.server_properties.inner().get(name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        Some(_) | None => String::new(),
    };
    Some((property("product"), property("version")))
}

/// Asks the management interface at this address (a plugin with a port of its own) as the user of the broker's address.
pub async fn management(http: Client, management_url: &str, broker: &SecretString) -> Management {
    let address = match supervisor::address(broker, Duration::from_secs(1)) {
        Ok(address) => address,
        Err(error) => return Management::Silent { words: error.to_string() },
    };
    let user = address.authority.userinfo;
    let exchange = Exchange::new(http, LONGEST_OVERVIEW);
    let url = format!("{}/api/overview", management_url.trim_end_matches('/'));
    let request = exchange.request(Method::GET, &url).basic_auth(&user.username, Some(&user.password));
    let answer = match exchange.send(request).await {
        Ok(answer) => answer,
        Err(error) => return Management::Silent { words: http::causes(&error) },
    };
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let version = told.get("management_version").and_then(Value::as_str);
    match (answer.status, version) {
        (StatusCode::OK, Some(version)) => Management::Answers { version: version.to_owned() },
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => Management::Refused { user: user.username },
        (status, _) => {
            Management::Silent { words: format!("HTTP {}, and it is not RabbitMQ's", status.as_u16()) }
        }
    }
}

/// The error with its causes; no address is in it.
pub fn words(error: &RabbitError) -> String {
    supervisor::chain(error)
}

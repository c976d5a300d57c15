//! A look at the broker from outside the service: whether it lets us in, and which of our queues are there.
//!
//! Nothing is declared here; that is the supervisor's.

use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use secrecy::SecretString;

use super::error::RabbitError;
use super::supervisor;
use super::topology::{Rungs, Topology};

/// Connects, and names the queues of ours that are missing.
///
/// # Errors
/// When the broker cannot be reached, or refuses us.
pub async fn look(url: &SecretString, prefix: &str, heartbeat: Duration) -> Result<Vec<String>, RabbitError> {
    let failed = |doing| move |source| RabbitError::Amqp { doing, source };
    let address = supervisor::address(url, heartbeat)?;
    let properties = ConnectionProperties::default().with_connection_name("dataverse-renku doctor".into());
    let connection = Connection::connect_uri(address, properties).await.map_err(failed("let us in"))?;
    let mut missing = Vec::new();
    for queue in Topology::new(prefix, Rungs::default())?.queues() {
        // A refusal closes the channel.
        let channel = connection.create_channel().await.map_err(failed("open a channel"))?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        if channel.queue_declare(queue.clone(), options, FieldTable::default()).await.is_err() {
            missing.push(queue.to_string());
        }
    }
    if let Err(error) = connection.close(200, "OK".into()).await {
        tracing::debug!(%error, "the look at the broker ended without goodbye");
    }
    Ok(missing)
}

/// The error with its causes; no address is in it.
pub fn words(error: &RabbitError) -> String {
    supervisor::chain(error)
}

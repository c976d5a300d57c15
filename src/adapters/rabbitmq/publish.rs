//! Publishing with confirms: a message counts as taken when every replica that must have it has it.
//!
//! Which message goes where is the topology's business; making connections the supervisor's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation, Connection};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::envelope::Letter;
use super::error::RabbitError;

/// A pool of channels with one publish in flight on each.
///
/// lapin gives a returned message to whichever confirm completes next, so on a shared channel a publish could be told "taken" although
/// its message came back. Channels are made as needed; one whose publish did not end cleanly is thrown away.
pub(super) struct Publisher {
    connection: Arc<Connection>,
    idle: Mutex<Vec<Channel>>,
    permits: Semaphore,
    last_confirm: Mutex<Instant>,
}

impl Publisher {
    pub(super) fn new(connection: Arc<Connection>, channels: u16) -> Self {
        Self {
            connection,
            idle: Mutex::default(),
            permits: Semaphore::new(usize::from(channels.max(1))),
            last_confirm: Mutex::new(Instant::now()),
        }
    }

    /// Publishes and waits until the broker has confirmed, at most until `until`.
    pub(super) async fn publish(&self, letter: &Letter, until: Instant) -> Result<(), RabbitError> {
        let began = Instant::now();
        match tokio::time::timeout_at(until, self.publish_unbounded(letter)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(RabbitError::Silent { doing: "confirm a message", within: began.elapsed() }),
        }
    }

    /// How long ago the broker last confirmed anything.
    pub(super) fn silence(&self) -> Duration {
        self.last_confirm.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    async fn publish_unbounded(&self, letter: &Letter) -> Result<(), RabbitError> {
        // Never closed.
        let _permit = self.permits.acquire().await;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let channel = match idle {
            Some(channel) => channel,
            None => self.new_channel().await?,
        };
        // Mandatory: what no queue takes comes back instead of vanishing.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let Letter { exchange, key, body, properties } = letter;
        let confirmation = channel
            .basic_publish(exchange.clone(), key.clone(), options, body, properties.clone())
            .await
            .map_err(RabbitError::amqp("take a message"))?
            .await
            .map_err(RabbitError::amqp("confirm a message"))?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
        *self.last_confirm.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        match confirmation {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                Err(RabbitError::Returned { exchange: exchange.to_string(), key: key.to_string() })
            }
            // `NotRequested` would mean that confirms were not switched on: then nothing is known, so nothing was taken.
            Confirmation::Nack(None) | Confirmation::NotRequested => {
                Err(RabbitError::Refused { exchange: exchange.to_string() })
            }
        }
    }

    async fn new_channel(&self) -> Result<Channel, RabbitError> {
        let failed = RabbitError::amqp("open a channel");
        let channel = self.connection.create_channel().await.map_err(&failed)?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(&failed)?;
        Ok(channel)
    }
}

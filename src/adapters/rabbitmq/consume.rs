//! Consuming: a channel and a consumer for each lane, and the settling of what was delivered.
//!
//! What a message says is the envelope's business; what follows from a broken consumer the supervisor's.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{Acker, Channel, Connection, Consumer};
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

use super::error::RabbitError;
use crate::domain::ports::queue::{Lane, QueueError, Settle};

/// What comes out of one lane's queue.
pub(super) struct Source {
    lane: Lane,
    channel: Channel,
    tag: ShortString,
    consumer: Mutex<Consumer>,
}

impl Source {
    /// A consumer that holds `prefetch` unsettled deliveries at most, as many as the lane has slots.
    pub(super) async fn open(
        connection: &Connection,
        lane: Lane,
        queue: ShortString,
        prefetch: u16,
    ) -> Result<Self, RabbitError> {
        let failed = RabbitError::amqp("start a consumer");
        let channel = connection.create_channel().await.map_err(&failed)?;
        channel.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(&failed)?;
        let tag = ShortString::from(lane.as_str());
        let options = BasicConsumeOptions::default();
        let consumer = channel
            .basic_consume(queue, tag.clone(), options, FieldTable::default())
            .await
            .map_err(&failed)?;
        Ok(Self { lane, channel, tag, consumer: Mutex::new(consumer) })
    }

    /// The next delivery. An error means that this source is dry for good.
    pub(super) async fn next(&self) -> Result<Delivery, RabbitError> {
        match self.consumer.lock().await.next().await {
            Some(Ok(delivery)) => Ok(delivery),
            Some(Err(source)) => Err(RabbitError::Amqp { doing: "keep a consumer", source }),
            None => Err(RabbitError::Cancelled { lane: self.lane }),
        }
    }

    /// Ends the consumer and hands back what was fetched and not taken; deliveries in hand can still be settled.
    pub(super) async fn stop(&self) -> Result<(), RabbitError> {
        let failed = RabbitError::amqp("end a consumer");
        self.channel.basic_cancel(self.tag.clone(), BasicCancelOptions::default()).await.map_err(&failed)?;
        let mut consumer = self.consumer.lock().await;
        while let Some(Some(Ok(fetched))) = consumer.next().now_or_never() {
            fetched.nack(REQUEUE).await.map_err(&failed)?;
        }
        Ok(())
    }
}

const REQUEUE: BasicNackOptions = BasicNackOptions { multiple: false, requeue: true };

/// A delivery that was not settled yet; dropped, it goes back.
pub(super) struct InHand {
    acker: Option<Acker>,
    patience: Duration,
    tracker: TaskTracker,
}

impl InHand {
    pub(super) const fn new(acker: Acker, patience: Duration, tracker: TaskTracker) -> Self {
        Self { acker: Some(acker), patience, tracker }
    }
}

#[async_trait]
impl Settle for InHand {
    async fn ack(mut self: Box<Self>) -> Result<bool, QueueError> {
        let Some(acker) = self.acker.take() else { return Ok(false) };
        let told = tokio::time::timeout(self.patience, acker.ack(BasicAckOptions::default())).await;
        match told {
            Ok(Ok(acknowledged)) => Ok(acknowledged),
            Ok(Err(source)) => Err(RabbitError::Amqp { doing: "take an acknowledgement", source }.into()),
            Err(_elapsed) => Err(silent("take an acknowledgement", self.patience)),
        }
    }

    async fn hand_back(mut self: Box<Self>) -> Result<(), QueueError> {
        let Some(acker) = self.acker.take() else { return Ok(()) };
        match tokio::time::timeout(self.patience, acker.nack(REQUEUE)).await {
            // `false`: the channel is gone, and with it the delivery goes back anyway.
            Ok(Ok(_)) => Ok(()),
            Ok(Err(source)) => Err(RabbitError::Amqp { doing: "take a message back", source }.into()),
            Err(_elapsed) => Err(silent("take a message back", self.patience)),
        }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        let Some(acker) = self.acker.take().filter(Acker::usable) else { return };
        // Without a runtime the process is ending, and the broker takes back what the connection held.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let patience = self.patience;
        let give_back = async move {
            if !matches!(tokio::time::timeout(patience, acker.nack(REQUEUE)).await, Ok(Ok(_))) {
                tracing::debug!("an unsettled delivery comes back only when its channel closes");
            }
        };
        self.tracker.spawn_on(give_back, &runtime);
    }
}

fn silent(doing: &'static str, within: Duration) -> QueueError {
    RabbitError::Silent { doing, within }.into()
}

//! What can go wrong between us and the broker.
//!
//! Nothing here quotes the broker's address, since that holds a password.

use std::sync::Arc;
use std::time::Duration;

use lapin::uri::AMQPUri;

use crate::domain::ports::queue::{Lane, QueueError};

/// Why the broker could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RabbitError {
    /// The configured address cannot be read.
    #[error("the queue's address is none of a RabbitMQ (amqp://user:password@host:5672 or amqps://…)")]
    Address,
    /// The configured prefix does not fit into names of queues.
    #[error(
        "the prefix of the queues' names may have letters, digits, dots, hyphens and underscores, 100 at most"
    )]
    Prefix,
    /// The configured lengths of waiting cannot be made into queues.
    #[error(
        "for polls and for retries at least one length of waiting is needed, each between 1 ms and 24 days"
    )]
    Rungs,
    /// Nobody answers where the broker should be.
    #[error("no broker answers at {address}, which `queue.url` names")]
    Away {
        /// Host and port, without user and password.
        address: String,
        /// What happened instead.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// No answer in time; the broker may be frozen or overloaded.
    #[error("the broker did not {doing} within {within:?}")]
    Silent {
        /// What it was asked to do.
        doing: &'static str,
        /// How long we waited.
        within: Duration,
    },
    /// Connection or channel broke, or the broker refused.
    #[error("the broker did not {doing}")]
    Amqp {
        /// What it was asked to do.
        doing: &'static str,
        /// The protocol's error.
        #[source]
        source: lapin::Error,
    },
    /// A queue or exchange of ours exists with other settings; RabbitMQ never changes them.
    #[error(
        "{name} exists with other settings than this version uses; move its messages away, delete it, and it is made anew"
    )]
    Mismatch {
        /// The queue or exchange.
        name: String,
        /// The broker's words.
        #[source]
        source: lapin::Error,
    },
    /// Nobody is bound to the exchange for this key: a queue was deleted.
    #[error("no queue takes {key} from {exchange}")]
    Returned {
        /// The exchange.
        exchange: String,
        /// The routing key.
        key: String,
    },
    /// The broker said no: the queue has no leader at present, or is full.
    #[error("the queue behind {exchange} refused the message")]
    Refused {
        /// The exchange.
        exchange: String,
    },
    /// The broker is short of memory or disk and takes nothing.
    #[error("the broker takes no messages for now: {why}")]
    Blocked {
        /// The broker's words.
        why: String,
    },
    /// The broker ended our consumer, as it does when the queue is deleted.
    #[error("the broker ended the consumption of {}", .lane.as_str())]
    Cancelled {
        /// Which lane.
        lane: Lane,
    },
    /// A connection was found dead.
    #[error("the broker closed the connection")]
    Disconnected,
    /// A message could not be written as JSON.
    #[error("the message could not be written")]
    Unwritable(#[source] serde_json::Error),
}

impl RabbitError {
    /// The error that wraps lapin's for this action.
    pub(super) const fn amqp(doing: &'static str) -> impl Fn(lapin::Error) -> Self {
        move |source| Self::Amqp { doing, source }
    }

    /// The error of a connection to this address that did not come about.
    pub(super) fn connecting(address: &AMQPUri) -> impl Fn(lapin::Error) -> Self + use<> {
        let address = format!("{}:{}", address.authority.host, address.authority.port);
        move |error| {
            if let lapin::ErrorKind::IOError(source) = error.kind() {
                return Self::Away { address: address.clone(), source: Arc::clone(source) };
            }
            Self::Amqp { doing: "let us in", source: error }
        }
    }

    /// Whether connection, channels, queues or consumers have to be made anew before it can go on.
    pub(super) const fn needs_rebuild(&self) -> bool {
        match self {
            Self::Away { .. }
            | Self::Amqp { .. }
            | Self::Returned { .. }
            | Self::Cancelled { .. }
            | Self::Disconnected => true,
            Self::Address
            | Self::Prefix
            | Self::Rungs
            | Self::Silent { .. }
            | Self::Mismatch { .. }
            | Self::Refused { .. }
            | Self::Blocked { .. }
            | Self::Unwritable(_) => false,
        }
    }
}

impl From<RabbitError> for QueueError {
    fn from(error: RabbitError) -> Self {
        match error {
            RabbitError::Silent { .. }
            | RabbitError::Returned { .. }
            | RabbitError::Refused { .. }
            | RabbitError::Blocked { .. }
            | RabbitError::Unwritable(_) => Self::NotConfirmed(error.to_string()),
            RabbitError::Address
            | RabbitError::Prefix
            | RabbitError::Rungs
            | RabbitError::Away { .. }
            | RabbitError::Amqp { .. }
            | RabbitError::Mismatch { .. }
            | RabbitError::Cancelled { .. }
            | RabbitError::Disconnected => Self::Unreachable(Some(Box::new(error))),
        }
    }
}

/// The same for an error that several callers get.
pub(super) fn unreachable(why: &Arc<RabbitError>) -> QueueError {
    QueueError::Unreachable(Some(Box::new(Arc::clone(why))))
}

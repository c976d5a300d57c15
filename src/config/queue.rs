//! `[queue]`: what carries the work.

use serde::Serialize;

use super::section::Section;
use super::setting::Unfit;
use super::values::{ConnectionUrl, WebAddress};

/// A kind of queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// Within this process.
    Embedded,
    /// A `RabbitMQ`, for many processes.
    Rabbit,
}

/// `[queue]`
#[derive(Clone, Debug, Serialize)]
pub struct QueueConfig {
    /// The broker's address, or `embedded:`.
    pub url: ConnectionUrl,
    /// How the names of queues and exchanges begin.
    pub prefix: String,
    /// Where the broker's management interface answers; only `doctor` asks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub management_url: Option<WebAddress>,
    #[serde(skip)]
    kind: QueueKind,
}

impl QueueConfig {
    /// Which kind of queue it is.
    pub const fn kind(&self) -> QueueKind {
        self.kind
    }

    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        use secrecy::ExposeSecret as _;
        let given = section.secret("url");
        let prefix: Option<String> = section.required("prefix");
        if let Some(prefix) = &prefix {
            let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if prefix.len() > 60 || !prefix.chars().all(tame) {
                section.fault(
                    "prefix",
                    Unfit::new(
                        "It does not fit into the names of queues",
                        "Use up to 60 letters, digits, - . and _.",
                    ),
                );
            }
        }
        let management_url = section.optional::<WebAddress>("management_url");
        let url =
            given.map(|url| ConnectionUrl::new(url.as_ref().map_or("embedded:", |url| url.expose_secret())));
        let kind = url.as_ref().and_then(|url| kind_of(url, &section));
        if let Some(Some(address)) = &management_url
            && !address.is_https()
            && !address.is_loopback()
        {
            section.warn(
                "management_url",
                "the broker's password goes over the network unencrypted; use https://",
            );
        }
        section.finish();
        Some(Self { url: url?, prefix: prefix?, management_url: management_url?, kind: kind? })
    }
}

fn kind_of(url: &ConnectionUrl, section: &Section<'_>) -> Option<QueueKind> {
    match url.scheme() {
        "embedded" => Some(QueueKind::Embedded),
        "amqps" => Some(QueueKind::Rabbit),
        "amqp" => {
            if !url.is_loopback() {
                section.warn(
                    "url",
                    "messages and the broker's password go over the network unencrypted; use amqps://",
                );
            }
            Some(QueueKind::Rabbit)
        }
        _ => {
            section.fault(
                "url",
                Unfit::new(
                    "There is no such kind of queue",
                    "Set it to embedded: (one process) or to amqps://user:password@host/vhost.",
                ),
            );
            None
        }
    }
}

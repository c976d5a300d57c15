//! Mails to people about their subscriptions: what they are about, and whoever sends them.
//!
//! Their sentences are in `locales/*/mail.ftl`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::ids::SubscriptionId;
use crate::domain::problem::Problem;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// An import waits for a sign-in.
    SignIn,
    /// A subscription is paused.
    Paused,
    /// An import of a new version failed.
    Failed,
    /// A new version arrived.
    Arrived,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::SignIn, Self::Paused, Self::Failed, Self::Arrived];

    /// The name in the store, in `[mail] kinds` and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Arrived => "arrived",
        }
    }
}

/// What a mail is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The dataset's PID.
    pub dataset: String,
    /// The project's address.
    pub project: String,
    /// The version.
    #[serde(default)]
    pub version: Option<String>,
    /// The import's number.
    #[serde(default)]
    pub import: Option<String>,
    /// The problem.
    #[serde(default)]
    pub problem: Option<Problem>,
}

/// A mail that waits to be sent. Its address is not shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number.
    pub id: Uuid,
    /// About which subscription.
    pub subscription: SubscriptionId,
    /// What about.
    pub kind: MailKind,
    /// To whom.
    pub to: String,
    /// In which language, a tag.
    pub language: String,
    /// The key of the unsubscribe link.
    pub unsubscribe_key: String,
    /// What it is made of.
    pub letter: Letter,
    /// How often it was tried.
    pub attempts: u32,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// Addresses of ours in a mail.
#[derive(Clone, Debug)]
pub struct Links {
    /// The list of subscriptions.
    pub subscriptions: String,
    /// The import, or where to sign in.
    pub page: String,
    /// A page with a button that unsubscribes.
    pub unsubscribe: String,
}

/// A mail as it goes out.
#[derive(Clone, Debug)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Where one press unsubscribes (RFC 8058).
    pub unsubscribe: String,
    /// Its number, the same at each try, so that a mail program can tell a copy.
    pub id: Uuid,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct NotSent {
    /// What the mail server said.
    pub problem: Problem,
    /// Whether another try is in vain.
    pub for_good: bool,
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands the mail to the mail server.
    ///
    /// # Errors
    /// When it did not take it.
    async fn send(&self, mail: &Mail) -> Result<(), NotSent>;
}

//! Sends mails through an SMTP server.
//!
//! What is in them and when they are sent again is the use cases'.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::ports::mail::{Mail, Mailer, NotSent};
use crate::domain::problem::{Problem, ProblemCode};

/// For an answer of the mail server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The settings do not make a mail server and a sender.
#[derive(Debug, thiserror::Error)]
pub enum MailSetup {
    /// Not an address of a mail server that we understand.
    #[error("[mail] server cannot be used: {0}")]
    Server(lettre::transport::smtp::Error),
    /// Not a mail address.
    #[error("[mail] from is no mail address")]
    From(#[source] lettre::address::AddressError),
}

/// An SMTP server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// The host in the numbers of our mails.
    host: String,
}

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpMailer").field("host", &self.host).finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// A mailer for `smtps://user:password@host` or `smtp://host:port?tls=required`.
    ///
    /// # Errors
    /// When the settings cannot be used; no connection is made here.
    pub fn new(server: &SecretString, from: &str) -> Result<Self, MailSetup> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.expose_secret())
            .map_err(MailSetup::Server)?
            .timeout(Some(TIMEOUT))
            .build();
        let from: Mailbox = from.parse().map_err(MailSetup::From)?;
        let host = from.email.domain().to_owned();
        Ok(Self { transport, from, host })
    }

    fn message(&self, mail: &Mail) -> Result<Message, NotSent> {
        let unusable = |words: String| NotSent {
            problem: Problem::new(ProblemCode::MailNotSent).saying(words),
            for_good: true,
        };
        let to = mail.to.parse().map_err(|_no_address| unusable("the address cannot be used".to_owned()))?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            // The same at each try: a mail program can tell the copy that a lost answer makes.
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            .header(Unsubscribe(format!("<{}>", mail.unsubscribe)))
            .header(OneClick("List-Unsubscribe=One-Click".to_owned()))
            .header(Automatic("auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| unusable(error.to_string()))
    }
}

macro_rules! plain_header {
    ($(#[$doc:meta])* $name:ident = $text:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $name(String);

        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($text)
            }
            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(text.to_owned()))
            }
            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

plain_header! {
    /// RFC 2369
    Unsubscribe = "List-Unsubscribe"
}
plain_header! {
    /// RFC 8058: the address takes a POST of exactly this.
    OneClick = "List-Unsubscribe-Post"
}
plain_header! {
    /// RFC 3834: no out-of-office answers.
    Automatic = "Auto-Submitted"
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), NotSent> {
        let message = self.message(mail)?;
        match self.transport.send(message).await {
            Ok(_taken) => Ok(()),
            Err(error) => {
                let words = error.to_string().replace(&mail.to, "…");
                let problem = Problem::new(ProblemCode::MailNotSent).saying(words);
                Err(NotSent { problem, for_good: error.is_permanent() })
            }
        }
    }
}

//! Sending the mails of the outbox: each at least once, none lost, and none that nobody wants any more.
//!
//! Their sentences come from outside (`Words`), in the reader's language.

use std::sync::Arc;
use std::time::Duration;

use super::Publications;
use crate::domain::ports::mail::{Links, Mail, Outgoing};
use crate::domain::ports::store::StoreError;

/// Makes subject and text of a mail; gets the address of its page here, and the one that unsubscribes.
pub type Words = Arc<dyn Fn(&Outgoing, &Links) -> (String, String) + Send + Sync>;

/// Mails taken at once.
const TAKEN: u32 = 20;

/// No other process sends the same mail within this time; longer than a mail server may take.
const HELD: Duration = Duration::from_secs(120);

/// After this many tries a mail is given up: by then it tells of nothing new.
const TRIES: u32 = 12;

impl Publications {
    /// Sends what is due. Returns how many mails the server took.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn send_mails(&self) -> Result<usize, StoreError> {
        let Some(mailer) = &self.mailer else { return Ok(0) };
        let mut sent = 0;
        loop {
            let now = self.now();
            let mails = self.subscriptions.take_mails(now, now.plus(HELD), TAKEN).await?;
            for outgoing in &mails {
                if !self.settings.mails.contains(&outgoing.kind) || outgoing.to.is_empty() {
                    self.subscriptions.mail_is_over(outgoing, None, self.now()).await?;
                    continue;
                }
                let mail = self.mail(outgoing);
                self.engine.breakpoints.passes("mail.before-send").await;
                let answer = mailer.send(&mail).await;
                self.engine.breakpoints.passes("mail.after-send").await;
                match answer {
                    Ok(()) => {
                        sent += 1;
                        metrics::counter!("dataverse_renku_mails_sent_total", "kind" => outgoing.kind.as_str()).increment(1);
                        tracing::info!(mail.id = %outgoing.id, kind = outgoing.kind.as_str(), "a mail is sent");
                        self.subscriptions.mail_is_over(outgoing, None, self.now()).await?;
                    }
                    Err(refused) if refused.for_good || outgoing.attempts >= TRIES => {
                        metrics::counter!("dataverse_renku_mails_given_up_total").increment(1);
                        tracing::error!(mail.id = %outgoing.id, problem = %refused.problem, "a mail cannot be sent and is given up");
                        self.subscriptions.mail_is_over(outgoing, Some(refused.problem), self.now()).await?;
                    }
                    Err(refused) => {
                        tracing::warn!(mail.id = %outgoing.id, problem = %refused.problem, "a mail is sent later");
                        let chance = self.engine.chance.share();
                        let pause = self.settings.retry.pause(outgoing.attempts, None, chance);
                        self.subscriptions
                            .mail_later(outgoing, refused.problem, self.now().plus(pause))
                            .await?;
                    }
                }
            }
            if mails.len() < TAKEN as usize {
                return Ok(sent);
            }
        }
    }

    fn mail(&self, outgoing: &Outgoing) -> Mail {
        let ours = &self.public_url;
        let links = Links {
            subscriptions: format!("{ours}/subscriptions"),
            page: match &outgoing.letter.import {
                Some(import) => format!("{ours}/imports/{import}"),
                None => format!("{ours}/subscriptions"),
            },
            unsubscribe: format!(
                "{ours}/subscriptions/{}/unsubscribe?key={}",
                outgoing.subscription, outgoing.unsubscribe_key
            ),
        };
        let (subject, text) = (self.words)(outgoing, &links);
        Mail { to: outgoing.to.clone(), subject, text, unsubscribe: links.unsubscribe, id: outgoing.id }
    }
}

//! Mails that wait to be sent: stored with what they tell of, so that none is lost and none is told twice.
//!
//! Sending them is a worker's.

use uuid::Uuid;

use super::error::unreadable;
use super::rows::{counter, from_json, to_json};
use super::sql::{Database, Tx, values};
use crate::domain::ids::{ImportId, SubscriptionId};
use crate::domain::ports::mail::{Letter, MailKind, Outgoing};
use crate::domain::ports::store::StoreError;
use crate::domain::ports::subscriptions::Unsettled;
use crate::domain::problem::Problem;
use crate::domain::subscription::Subscription;
use crate::domain::time::Timestamp;

pub(super) fn letter(
    subscription: &Subscription,
    line: Option<&Unsettled>,
    problem: Option<Problem>,
) -> Letter {
    Letter {
        dataset: subscription.pid.to_string(),
        project: subscription.project.to_string(),
        version: line.map(|line| line.entry.version.to_string()),
        // The page of an import is for whose sign-in makes it, which may be a service person's.
        import: line
            .filter(|line| line.import.person == subscription.person)
            .map(|line| line.import.id.to_string()),
        problem,
    }
}

/// Puts a mail into the outbox, unless its owner gets none or was told.
pub(super) async fn put(
    tx: &mut Tx,
    subscription: &Subscription,
    kind: MailKind,
    import: Option<ImportId>,
    letter: &Letter,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Of each import each kind once; a pause is told each time.
    let told = match import {
        Some(import) => format!("{}:{import}", kind.as_str()),
        None => format!("{}:{}:{}", kind.as_str(), subscription.id, subscription.revision),
    };
    tx.execute(
        "INSERT INTO outbox (id, told, subscription, import, kind, mail_to, language, letter, attempts, created_at, due_at) \
         SELECT $1, $2, $3, $4, $5, mail_to, language, $6, 0, $7, $7 FROM subscriptions \
         WHERE id = $3 AND mail_to IS NOT NULL ON CONFLICT DO NOTHING",
        values![
            Uuid::now_v7(),
            told,
            subscription.id.as_uuid(),
            import.map(ImportId::as_uuid),
            kind.as_str(),
            to_json(letter, "outbox.letter")?,
            now,
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn take(
    db: &Database,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Outgoing>, StoreError> {
    let mut tx = db.begin().await?;
    let rows = tx
        .rows(
            "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE due_at <= $1 AND id IN \
             (SELECT due.id FROM outbox AS due WHERE due.due_at <= $1 ORDER BY due.due_at, due.id LIMIT $3) \
             RETURNING id, subscription, kind, mail_to, language, letter, attempts, \
             (SELECT unsubscribe_key FROM subscriptions WHERE subscriptions.id = outbox.subscription) AS unsubscribe_key",
            values![now, until, limit],
        )
        .await?;
    let mut taken = Vec::new();
    for row in &rows {
        let kind = row.text("kind")?;
        taken.push(Outgoing {
            id: row.uuid("id")?,
            subscription: SubscriptionId::from_uuid(row.uuid("subscription")?),
            kind: MailKind::ALL
                .into_iter()
                .find(|known| known.as_str() == kind)
                .ok_or_else(|| unreadable("outbox.kind"))?,
            to: row.opt_text("mail_to")?.unwrap_or_default(),
            language: row.opt_text("language")?.unwrap_or_default(),
            unsubscribe_key: row.text("unsubscribe_key")?,
            letter: from_json(&row.opt_text("letter")?.unwrap_or_default(), "outbox.letter")?,
            attempts: counter(row.int("attempts")?, "outbox.attempts")?,
        });
    }
    tx.commit().await?;
    Ok(taken)
}

/// Sent or given up: the line stays, so that nothing is told twice; the address and the words go.
pub(super) async fn over(
    db: &Database,
    mail: &Outgoing,
    problem: Option<Problem>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let problem = problem.as_ref().map(|it| to_json(it, "outbox.problem")).transpose()?;
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE outbox SET due_at = NULL, over_at = $2, problem = $3, mail_to = NULL, letter = NULL WHERE id = $1",
        values![mail.id, now, problem],
    )
    .await?;
    tx.commit().await
}

pub(super) async fn later(
    db: &Database,
    mail: &Outgoing,
    problem: Problem,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE outbox SET due_at = $2, problem = $3 WHERE id = $1 AND due_at IS NOT NULL",
        values![mail.id, at, to_json(&problem, "outbox.problem")?],
    )
    .await?;
    tx.commit().await
}

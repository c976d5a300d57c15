//! Sign-ins under way and browser sessions, both found by the hash of a secret that only the browser has.
//!
//! Cookies and their secrets are the web's.

use super::error::unreadable;
use super::rows;
use super::sql::{Database, Row, values};
use crate::domain::ids::PersonId;
use crate::domain::ports::identity::{Sealed, Session, SignInAttempt};
use crate::domain::ports::store::StoreError;
use crate::domain::time::Timestamp;

macro_rules! attempt_columns {
    () => {
        "handle, renku, browser, secrets, next_path, ends_at"
    };
}

pub(super) async fn put_attempt(
    db: &Database,
    attempt: SignInAttempt,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute("DELETE FROM sign_in_attempts WHERE ends_at <= $1", values![now]).await?;
    tx.execute(
        "INSERT INTO sign_in_attempts (handle, renku, browser, secrets, next_path, ends_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        values![
            attempt.handle.as_slice(),
            attempt.renku.as_str(),
            attempt.browser.as_slice(),
            attempt.secrets.0.as_slice(),
            attempt.next,
            attempt.until,
        ],
    )
    .await?;
    tx.commit().await
}

pub(super) async fn attempt(
    db: &Database,
    handle: &[u8; 32],
    now: Timestamp,
) -> Result<Option<SignInAttempt>, StoreError> {
    let row = db
        .row(
            concat!(
                "SELECT ",
                attempt_columns!(),
                " FROM sign_in_attempts WHERE handle = $1 AND ends_at > $2"
            ),
            values![handle.as_slice(), now],
        )
        .await?;
    row.as_ref().map(attempt_of).transpose()
}

pub(super) async fn take_attempt(
    db: &Database,
    handle: &[u8; 32],
    now: Timestamp,
) -> Result<Option<SignInAttempt>, StoreError> {
    let mut tx = db.begin().await?;
    let row = tx
        .row(
            concat!(
                "DELETE FROM sign_in_attempts WHERE handle = $1 AND ends_at > $2 RETURNING ",
                attempt_columns!()
            ),
            values![handle.as_slice(), now],
        )
        .await?;
    let attempt = row.as_ref().map(attempt_of).transpose()?;
    tx.commit().await?;
    Ok(attempt)
}

fn attempt_of(row: &Row) -> Result<SignInAttempt, StoreError> {
    Ok(SignInAttempt {
        handle: hash(row, "handle")?,
        renku: rows::parsed(&row.text("renku")?, "sign_in_attempts.renku")?,
        browser: hash(row, "browser")?,
        secrets: Sealed(row.bytes("secrets")?),
        next: row.text("next_path")?,
        until: row.time("ends_at")?,
    })
}

fn hash(row: &Row, column: &str) -> Result<[u8; 32], StoreError> {
    row.bytes(column)?.try_into().map_err(|_other_length| unreadable("a hash has another length"))
}

pub(super) async fn put_session(db: &Database, session: &Session, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute("DELETE FROM sessions WHERE ends_at <= $1", values![now]).await?;
    let hash = session.hash.as_slice();
    tx.execute(
        "INSERT INTO sessions (hash, csrf, ends_at) VALUES ($1, $2, $3) \
         ON CONFLICT (hash) DO UPDATE SET csrf = excluded.csrf, ends_at = excluded.ends_at",
        values![hash, session.csrf.as_str(), session.until],
    )
    .await?;
    tx.execute("DELETE FROM session_people WHERE session = $1", values![hash]).await?;
    for (position, person) in (0_u32..).zip(&session.people) {
        tx.execute(
            "INSERT INTO session_people (session, position, person) VALUES ($1, $2, $3)",
            values![hash, position, person.as_uuid()],
        )
        .await?;
    }
    tx.commit().await
}

pub(super) async fn session(
    db: &Database,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let rows = db
        .rows(
            "SELECT csrf, ends_at, person FROM sessions \
             LEFT JOIN session_people ON session_people.session = sessions.hash \
             WHERE hash = $1 AND ends_at > $2 ORDER BY position",
            values![hash.as_slice(), now],
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut session =
        Session { hash: *hash, csrf: first.text("csrf")?, people: Vec::new(), until: first.time("ends_at")? };
    for row in &rows {
        session.people.extend(row.opt_uuid("person")?.map(PersonId::from_uuid));
    }
    Ok(Some(session))
}

pub(super) async fn end_session(db: &Database, hash: &[u8; 32]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute("DELETE FROM sessions WHERE hash = $1", values![hash.as_slice()]).await?;
    tx.commit().await
}

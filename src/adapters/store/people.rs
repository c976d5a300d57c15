//! People and their sealed sign-ins.
//!
//! Sealing and opening is the vault's; browser sessions are in `sessions`.

use super::error::unreadable;
use super::rows;
use super::sql::{Database, Row, Tx, values};
use super::{changes, ledger};
use crate::domain::ids::{PersonId, RenkuName};
use crate::domain::import::Import;
use crate::domain::ports::identity::{Credential, CredentialState, Person, Sealed};
use crate::domain::ports::store::StoreError;
use crate::domain::time::Timestamp;

macro_rules! person_columns {
    () => {
        "people.id, people.renku, people.issuer, people.subject, people.name, people.username, people.created_at"
    };
}

macro_rules! credential_columns {
    () => {
        "person, access, access_until, refresh, refresh_until, rotates, state, revision, signed_in_at"
    };
}

/// Whose sign-in serves what administrators keep up to date at the Renku `$1`.
const SERVICE_PERSON: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM service_people JOIN people ON people.id = service_people.person WHERE service_people.renku = $1"
);

/// What makes the credential once the person's number is known, or says that it must not be.
pub(super) type Seal<'s> =
    &'s (dyn for<'a> Fn(PersonId, Option<&'a Credential>) -> Option<Credential> + Send + Sync);

pub(super) async fn signed_in(
    db: &Database,
    person: Person,
    seal: Seal<'_>,
    now: Timestamp,
) -> Result<Option<(Person, Vec<Import>)>, StoreError> {
    let mut tx = db.begin().await?;
    let row = tx
        .row(
            concat!(
                "INSERT INTO people (id, renku, issuer, subject, name, username, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (renku, issuer, subject) \
                 DO UPDATE SET name = excluded.name, username = excluded.username RETURNING ",
                person_columns!()
            ),
            values![
                person.id.as_uuid(),
                person.renku.as_str(),
                person.issuer,
                person.subject,
                person.name,
                person.username,
                person.created_at,
            ],
        )
        .await?
        .ok_or_else(|| unreadable("a person was stored and is not there"))?;
    let person = person_of(&row)?;
    // An update that changes nothing: it locks the row, so that what is kept of it is not renewed meanwhile.
    let earlier = tx
        .row(
            concat!(
                "UPDATE credentials SET updated_at = updated_at WHERE person = $1 RETURNING ",
                credential_columns!()
            ),
            values![person.id.as_uuid()],
        )
        .await?;
    let earlier = earlier.as_ref().map(credential_of).transpose()?;
    let Some(credential) = seal(person.id, earlier.as_ref()) else { return Ok(None) };
    replace(&mut tx, &credential, now).await?;
    let woken = changes::wake_in(&mut tx, person.id, now).await?;
    tx.commit().await?;
    Ok(Some((person, woken)))
}

/// A first revision is the time, not 1: after a disconnect and a new sign-in, a change meant for the old credential must not fit.
async fn replace(tx: &mut Tx, credential: &Credential, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO credentials (person, access, access_until, refresh, refresh_until, rotates, state_name, \
         state, revision, signed_in_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9) ON CONFLICT (person) DO UPDATE SET \
         access = excluded.access, access_until = excluded.access_until, refresh = excluded.refresh, \
         refresh_until = excluded.refresh_until, rotates = excluded.rotates, state_name = excluded.state_name, \
         state = excluded.state, revision = credentials.revision + 1, signed_in_at = excluded.signed_in_at, \
         updated_at = excluded.updated_at",
        values![
            credential.person.as_uuid(),
            credential.access.0.as_slice(),
            credential.access_until,
            credential.refresh.as_ref().map(|sealed| sealed.0.as_slice()),
            credential.refresh_until,
            credential.rotates,
            state_name(&credential.state),
            rows::to_json(&credential.state, "credentials.state")?,
            now,
            credential.signed_in_at,
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn person(db: &Database, id: PersonId) -> Result<Option<Person>, StoreError> {
    let row = db
        .row(concat!("SELECT ", person_columns!(), " FROM people WHERE id = $1"), values![id.as_uuid()])
        .await?;
    row.as_ref().map(person_of).transpose()
}

pub(super) async fn person_by_subject(
    db: &Database,
    renku: &RenkuName,
    issuer: &str,
    subject: &str,
) -> Result<Option<Person>, StoreError> {
    let row = db
        .row(
            concat!(
                "SELECT ",
                person_columns!(),
                " FROM people WHERE renku = $1 AND issuer = $2 AND subject = $3"
            ),
            values![renku.as_str(), issuer, subject],
        )
        .await?;
    row.as_ref().map(person_of).transpose()
}

pub(super) async fn people(db: &Database, limit: u32) -> Result<Vec<Person>, StoreError> {
    let rows = db
        .rows(
            concat!(
                "SELECT ",
                person_columns!(),
                " FROM people JOIN credentials ON credentials.person = people.id \
                 ORDER BY credentials.signed_in_at DESC, people.id DESC LIMIT $1"
            ),
            values![limit],
        )
        .await?;
    rows.iter().map(person_of).collect()
}

pub(super) async fn credential(db: &Database, person: PersonId) -> Result<Option<Credential>, StoreError> {
    let row = db
        .row(
            concat!("SELECT ", credential_columns!(), " FROM credentials WHERE person = $1"),
            values![person.as_uuid()],
        )
        .await?;
    row.as_ref().map(credential_of).transpose()
}

pub(super) async fn change_credential(
    db: &Database,
    credential: &Credential,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let changed = tx
        .execute(
            "UPDATE credentials SET access = $3, access_until = $4, refresh = $5, refresh_until = $6, \
             rotates = $7, state_name = $8, state = $9, revision = revision + 1, signed_in_at = $10, \
             updated_at = $11 WHERE person = $1 AND revision = $2",
            values![
                credential.person.as_uuid(),
                credential.revision,
                credential.access.0.as_slice(),
                credential.access_until,
                credential.refresh.as_ref().map(|sealed| sealed.0.as_slice()),
                credential.refresh_until,
                credential.rotates,
                state_name(&credential.state),
                rows::to_json(&credential.state, "credentials.state")?,
                credential.signed_in_at,
                now,
            ],
        )
        .await?;
    tx.commit().await?;
    Ok(changed == 1)
}

pub(super) async fn disconnecting(db: &Database, limit: u32) -> Result<Vec<Credential>, StoreError> {
    let rows = db
        .rows(
            concat!(
                "SELECT ",
                credential_columns!(),
                " FROM credentials WHERE state_name = 'disconnecting' ORDER BY updated_at, person LIMIT $1"
            ),
            values![limit],
        )
        .await?;
    rows.iter().map(credential_of).collect()
}

pub(super) async fn service_person(db: &Database, renku: &RenkuName) -> Result<Option<Person>, StoreError> {
    db.row(SERVICE_PERSON, values![renku.as_str()]).await?.as_ref().map(person_of).transpose()
}

/// Names the person, and lets go on in their name what waits for the sign-in of an earlier one and was never sent to Renku.
pub(super) async fn set_service_person(
    db: &Database,
    person: &Person,
    now: Timestamp,
) -> Result<Option<Person>, StoreError> {
    let mut tx = db.begin().await?;
    let (renku, id) = (person.renku.as_str(), person.id.as_uuid());
    let earlier = tx.row(SERVICE_PERSON, values![renku]).await?.as_ref().map(person_of).transpose()?;
    tx.execute(
        "INSERT INTO service_people (renku, person, since) VALUES ($1, $2, $3) \
         ON CONFLICT (renku) DO UPDATE SET person = excluded.person, since = excluded.since",
        values![renku, id, now],
    )
    .await?;
    for import in ledger::waiting_for_service(&mut tx, person).await? {
        tx.execute(
            "UPDATE imports SET person = $3 WHERE id = $1 AND revision = $2",
            values![import.id.as_uuid(), import.revision, id],
        )
        .await?;
        changes::go_on(&mut tx, &import, now).await?;
    }
    tx.commit().await?;
    Ok(earlier.filter(|earlier| earlier.id != person.id))
}

/// A session in which others are signed in as well goes on without this person.
pub(super) async fn erase(db: &Database, person: PersonId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute("DELETE FROM credentials WHERE person = $1", values![person.as_uuid()]).await?;
    tx.execute("DELETE FROM launch_choices WHERE person = $1", values![person.as_uuid()]).await?;
    tx.execute("DELETE FROM service_people WHERE person = $1", values![person.as_uuid()]).await?;
    // Subscriptions stay, and wait for a sign-in; whoever is gone gets no mail.
    tx.execute("UPDATE subscriptions SET mail_to = NULL WHERE person = $1", values![person.as_uuid()])
        .await?;
    tx.execute(
        "UPDATE outbox SET mail_to = NULL WHERE subscription IN (SELECT id FROM subscriptions WHERE person = $1)",
        values![person.as_uuid()],
    )
    .await?;
    let sessions = tx
        .rows("DELETE FROM session_people WHERE person = $1 RETURNING session", values![person.as_uuid()])
        .await?;
    for session in &sessions {
        tx.execute(
            "DELETE FROM sessions WHERE hash = $1 \
             AND NOT EXISTS (SELECT 1 FROM session_people WHERE session = $1)",
            values![session.bytes("session")?.as_slice()],
        )
        .await?;
    }
    tx.commit().await
}

fn person_of(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: PersonId::from_uuid(row.uuid("id")?),
        renku: rows::parsed(&row.text("renku")?, "people.renku")?,
        issuer: row.text("issuer")?,
        subject: row.text("subject")?,
        name: row.text("name")?,
        username: row.text("username")?,
        created_at: row.time("created_at")?,
    })
}

fn credential_of(row: &Row) -> Result<Credential, StoreError> {
    Ok(Credential {
        person: PersonId::from_uuid(row.uuid("person")?),
        access: Sealed(row.bytes("access")?),
        access_until: row.time("access_until")?,
        refresh: row.opt_bytes("refresh")?.map(Sealed),
        refresh_until: row.opt_time("refresh_until")?,
        rotates: row.opt_flag("rotates")?,
        state: rows::from_json(&row.text("state")?, "credentials.state")?,
        revision: row.int("revision")?,
        signed_in_at: row.time("signed_in_at")?,
    })
}

const fn state_name(state: &CredentialState) -> &'static str {
    match state {
        CredentialState::Active => "active",
        CredentialState::Refreshing { .. } => "refreshing",
        CredentialState::Dead { .. } => "dead",
        CredentialState::Disconnecting => "disconnecting",
    }
}

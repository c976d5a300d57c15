//! Launches under way, and what people chose the last time they came.
//!
//! What is sealed in a launch, and for how long it is kept, is the use case's.

use super::rows;
use super::sql::{Database, Row, values};
use crate::domain::ids::{ImportId, InstallationName, PersonId};
use crate::domain::ports::identity::Sealed;
use crate::domain::ports::launch::{Choice, Kept};
use crate::domain::ports::store::StoreError;
use crate::domain::time::Timestamp;

pub(super) async fn put(
    db: &Database,
    handle: &[u8; 32],
    sealed: &Sealed,
    until: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "INSERT INTO launches (handle, content, ends_at) VALUES ($1, $2, $3)",
        values![handle.as_slice(), sealed.0.as_slice(), until],
    )
    .await?;
    tx.commit().await
}

pub(super) async fn launch(
    db: &Database,
    handle: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Kept>, StoreError> {
    let row = db
        .row(
            "SELECT content, person, import FROM launches WHERE handle = $1 AND ends_at > $2",
            values![handle.as_slice(), now],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(match (row.opt_bytes("content")?, row.opt_uuid("person")?, row.opt_uuid("import")?) {
        (Some(sealed), _, _) => Some(Kept::Open(Sealed(sealed))),
        (None, Some(person), Some(import)) => {
            Some(Kept::Used { person: PersonId::from_uuid(person), import: ImportId::from_uuid(import) })
        }
        (None, _, _) => None,
    })
}

pub(super) async fn claim(
    db: &Database,
    handle: &[u8; 32],
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let claimed = tx
        .execute(
            "UPDATE launches SET claimed_until = $3 WHERE handle = $1 AND content IS NOT NULL AND ends_at > $2 \
             AND (claimed_until IS NULL OR claimed_until <= $2)",
            values![handle.as_slice(), now, until],
        )
        .await?;
    tx.commit().await?;
    Ok(claimed > 0)
}

pub(super) async fn release(db: &Database, handle: &[u8; 32], until: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE launches SET claimed_until = NULL WHERE handle = $1 AND claimed_until = $2",
        values![handle.as_slice(), until],
    )
    .await?;
    tx.commit().await
}

pub(super) async fn use_up(
    db: &Database,
    handle: &[u8; 32],
    person: PersonId,
    import: ImportId,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE launches SET content = NULL, person = $2, import = $3 WHERE handle = $1 AND content IS NOT NULL",
        values![handle.as_slice(), person.as_uuid(), import.as_uuid()],
    )
    .await?;
    tx.commit().await
}

pub(super) async fn forget(db: &Database, now: Timestamp) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let forgotten = tx.execute("DELETE FROM launches WHERE ends_at <= $1", values![now]).await?;
    tx.commit().await?;
    Ok(forgotten)
}

pub(super) async fn choice(
    db: &Database,
    person: PersonId,
    installation: &InstallationName,
) -> Result<Option<Choice>, StoreError> {
    let row = db
        .row(
            "SELECT installation, renku, api, project, chosen_at FROM launch_choices \
             WHERE person = $1 AND installation = $2",
            values![person.as_uuid(), installation.as_str()],
        )
        .await?;
    row.map(|row| choice_of(person, &row)).transpose()
}

pub(super) async fn choices(db: &Database, person: PersonId) -> Result<Vec<Choice>, StoreError> {
    let rows = db
        .rows(
            "SELECT installation, renku, api, project, chosen_at FROM launch_choices WHERE person = $1 \
             ORDER BY chosen_at DESC, installation",
            values![person.as_uuid()],
        )
        .await?;
    rows.iter().map(|row| choice_of(person, row)).collect()
}

fn choice_of(person: PersonId, row: &Row) -> Result<Choice, StoreError> {
    Ok(Choice {
        person,
        installation: rows::parsed(&row.text("installation")?, "launch_choices.installation")?,
        renku: rows::parsed(&row.text("renku")?, "launch_choices.renku")?,
        api: rows::parsed(&row.text("api")?, "launch_choices.api")?,
        project: rows::parsed(&row.text("project")?, "launch_choices.project")?,
        at: row.time("chosen_at")?,
    })
}

pub(super) async fn forget_choice(
    db: &Database,
    person: PersonId,
    installation: &InstallationName,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let forgotten = tx
        .execute(
            "DELETE FROM launch_choices WHERE person = $1 AND installation = $2",
            values![person.as_uuid(), installation.as_str()],
        )
        .await?;
    tx.commit().await?;
    Ok(forgotten > 0)
}

pub(super) async fn remember(db: &Database, choice: &Choice) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "INSERT INTO launch_choices (person, installation, renku, api, project, chosen_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person, installation) DO UPDATE SET \
         renku = excluded.renku, api = excluded.api, project = excluded.project, chosen_at = excluded.chosen_at",
        values![
            choice.person.as_uuid(),
            choice.installation.as_str(),
            choice.renku.as_str(),
            choice.api.as_str(),
            choice.project.as_str(),
            choice.at,
        ],
    )
    .await?;
    tx.commit().await
}

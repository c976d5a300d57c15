//! Leases: the right of one worker at a time to work on an import.
//!
//! They end by themselves, so that a dead worker holds up nobody.

use super::changes;
use super::rows::{self, import_columns};
use super::sql::{Database, values};
use crate::domain::ids::{ImportId, LeaseId};
use crate::domain::ports::store::{Lease, StoreError};
use crate::domain::time::Timestamp;

pub(super) async fn lease(
    db: &Database,
    id: ImportId,
    revision: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<Lease, StoreError> {
    let mut tx = db.begin().await?;
    let lease = LeaseId::new(now);
    let row = tx
        .row(
            concat!(
                "UPDATE imports SET lease_id = $4, lease_until = $5 \
                 WHERE id = $1 AND revision = $2 AND due_at <= $3 AND (lease_until IS NULL OR lease_until <= $3) \
                 RETURNING ",
                import_columns!()
            ),
            values![id.as_uuid(), revision, now, lease.as_uuid(), until],
        )
        .await?;
    if let Some(row) = row {
        let import = rows::import(&row)?;
        tx.commit().await?;
        return Ok(Lease::Taken(Box::new(import), lease));
    }
    let Some(import) = changes::read(&mut tx, id).await? else { return Ok(Lease::Unknown) };
    let row = tx.row("SELECT lease_until FROM imports WHERE id = $1", values![id.as_uuid()]).await?;
    let held_until = row.map(|row| row.opt_time("lease_until")).transpose()?.flatten();
    Ok(match import.due_at {
        _ if import.revision != revision => Lease::Stale,
        None => Lease::Stale,
        _ if held_until.is_some_and(|end| end > now) => Lease::Busy,
        Some(due) if due > now => Lease::NotDue(due),
        // It was given back between the two statements.
        Some(_) => Lease::Busy,
    })
}

pub(super) async fn hand_back(db: &Database, id: ImportId, lease: LeaseId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(
        "UPDATE imports SET lease_id = NULL, lease_until = NULL WHERE id = $1 AND lease_id = $2",
        values![id.as_uuid(), lease.as_uuid()],
    )
    .await?;
    tx.commit().await
}

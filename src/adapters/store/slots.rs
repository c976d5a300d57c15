//! Slots: which imports may be at work at a Renku, one per project and a limited number altogether, in a fair order.
//!
//! The rule is in the table's keys; what is looked up before only spares attempts in vain.

use super::changes;
use super::rows::{self, import_columns};
use super::sql::{Database, Tx, values};
use crate::domain::ids::{ImportId, LeaseId, RenkuName};
use crate::domain::import::{Import, Phase};
use crate::domain::ports::store::{Change, SlotAnswer, StoreError};
use crate::domain::time::Timestamp;

/// The line of those that wait at one Renku, best first.
///
/// Of several imports into one project only the best stands in the line. A person's second import is placed as if the first
/// had its slot already (`nth`), so that the first free places go to different people. `$2` waits whatever its condition: it asks.
macro_rules! line {
    ($what:expr) => {
        concat!(
            "WITH held AS (SELECT person, COUNT(*) AS number FROM slots WHERE renku = $1 GROUP BY person), \
             waiting AS (\
             SELECT i.id, i.person, i.project, COALESCE(held.number, 0) AS held, \
             COALESCE(served.last_at, 0) AS served FROM imports AS i \
             LEFT JOIN held ON held.person = i.person \
             LEFT JOIN served ON served.renku = $1 AND served.person = i.person \
             WHERE i.renku = $1 AND i.phase = 'queued' AND (i.condition = 'none' OR i.id = $2) \
             AND i.due_at IS NOT NULL \
             AND i.project NOT IN (SELECT project FROM slots WHERE renku = $1)), \
             heads AS (SELECT id, person, held, served, \
             ROW_NUMBER() OVER (PARTITION BY project ORDER BY held, served, id) AS place FROM waiting), \
             turns AS (SELECT id, held, served, \
             ROW_NUMBER() OVER (PARTITION BY person ORDER BY id) AS nth FROM heads WHERE place = 1), \
             line AS (SELECT id, ROW_NUMBER() OVER (\
             ORDER BY held + nth, CASE WHEN nth = 1 THEN 0 ELSE 1 END, served, id) AS position FROM turns) ",
            $what
        )
    };
}

pub(super) async fn is_next(db: &Database, import: &Import, outstanding: u32) -> Result<bool, StoreError> {
    let mut tx = db.begin_reading().await?;
    may_take(&mut tx, import, outstanding).await
}

pub(super) async fn next_in_line(
    db: &Database,
    renku: &RenkuName,
    outstanding: u32,
) -> Result<Vec<Import>, StoreError> {
    let mut tx = db.begin_reading().await?;
    let free = i64::from(outstanding) - taken(&mut tx, renku).await?.count();
    if free <= 0 {
        return Ok(Vec::new());
    }
    let rows = tx
        .rows(
            line!(concat!(
                "SELECT ",
                import_columns!(),
                " FROM line JOIN imports ON imports.id = line.id WHERE line.position <= $3 ORDER BY line.position"
            )),
            values![renku.as_str(), None::<uuid::Uuid>, free],
        )
        .await?;
    rows::imports(&rows)
}

async fn may_take(tx: &mut Tx, import: &Import, outstanding: u32) -> Result<bool, StoreError> {
    let renku = &import.order.renku;
    let taken = taken(tx, renku).await?;
    if taken.has(import.id) {
        return Ok(true);
    }
    let free = i64::from(outstanding) - taken.count();
    if free <= 0 || taken.has_project(import.order.project.as_str()) {
        return Ok(false);
    }
    if import.state.phase() != Phase::Queued {
        // It had its turn before and only comes back; it stands in no line.
        return Ok(true);
    }
    let row = tx
        .row(
            line!("SELECT position FROM line WHERE id = $2 AND position <= $3"),
            values![renku.as_str(), Some(import.id.as_uuid()), free],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn take_slot(
    db: &Database,
    import: &Import,
    lease: LeaseId,
    change: Change,
    outstanding: u32,
) -> Result<SlotAnswer, StoreError> {
    let mut tx = db.begin().await?;
    if !still_ours(&mut tx, import, lease).await? {
        return Ok(SlotAnswer::Conflict);
    }
    if !may_take(&mut tx, import, outstanding).await? {
        return Ok(SlotAnswer::Wait);
    }
    let Some(mut now) = changes::apply(&mut tx, import, Some(lease), &change).await? else {
        return Ok(SlotAnswer::Conflict);
    };
    if !occupy(&mut tx, import, change.now, outstanding).await? {
        return Ok(SlotAnswer::Wait);
    }
    now.has_slot = true;
    tx.commit().await?;
    Ok(SlotAnswer::Taken(Box::new(now)))
}

async fn still_ours(tx: &mut Tx, import: &Import, lease: LeaseId) -> Result<bool, StoreError> {
    let row = tx
        .row(
            "SELECT id FROM imports WHERE id = $1 AND revision = $2 AND lease_id = $3",
            values![import.id.as_uuid(), import.revision, lease.as_uuid()],
        )
        .await?;
    Ok(row.is_some())
}

/// Puts the import on the lowest free ordinal; `false` when somebody else was faster.
async fn occupy(tx: &mut Tx, import: &Import, now: Timestamp, outstanding: u32) -> Result<bool, StoreError> {
    let renku = &import.order.renku;
    // Each round that fails means that somebody else got an ordinal, so there are never more rounds than ordinals.
    for _ in 0..=outstanding {
        let taken = taken(tx, renku).await?;
        if taken.has(import.id) {
            tx.execute("UPDATE slots SET release_at = NULL WHERE import = $1", values![import.id.as_uuid()])
                .await?;
            return Ok(true);
        }
        let Some(ordinal) = taken.lowest_free(outstanding) else { return Ok(false) };
        if taken.has_project(import.order.project.as_str()) {
            return Ok(false);
        }
        let inserted = tx
            .execute(
                "INSERT INTO slots (renku, ordinal, project, import, person, taken_at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                values![
                    renku.as_str(),
                    ordinal,
                    import.order.project.as_str(),
                    import.id.as_uuid(),
                    import.person.as_uuid(),
                    now,
                ],
            )
            .await?;
        if inserted == 1 {
            tx.execute(
                "INSERT INTO served (renku, person, last_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (renku, person) DO UPDATE SET last_at = excluded.last_at",
                values![renku.as_str(), import.person.as_uuid(), now],
            )
            .await?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// The slots of one Renku that are taken; never more than a handful.
struct Taken(Vec<(i64, String, ImportId)>);

impl Taken {
    fn count(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    fn has(&self, id: ImportId) -> bool {
        self.0.iter().any(|(_, _, import)| *import == id)
    }

    fn has_project(&self, project: &str) -> bool {
        self.0.iter().any(|(_, taken, _)| taken == project)
    }

    fn lowest_free(&self, outstanding: u32) -> Option<i64> {
        if self.count() >= i64::from(outstanding) {
            return None; // some may lie above the limit, from before it was lowered
        }
        (0..i64::from(outstanding)).find(|free| self.0.iter().all(|(ordinal, _, _)| ordinal != free))
    }
}

async fn taken(tx: &mut Tx, renku: &RenkuName) -> Result<Taken, StoreError> {
    let rows = tx
        .rows("SELECT ordinal, project, import FROM slots WHERE renku = $1", values![renku.as_str()])
        .await?;
    let slots = rows
        .iter()
        .map(|row| Ok((row.int("ordinal")?, row.text("project")?, ImportId::from_uuid(row.uuid("import")?))));
    Ok(Taken(slots.collect::<Result<_, StoreError>>()?))
}

pub(super) async fn release_due(db: &Database, now: Timestamp) -> Result<Vec<RenkuName>, StoreError> {
    let mut tx = db.begin().await?;
    let rows = tx.rows("DELETE FROM slots WHERE release_at <= $1 RETURNING renku", values![now]).await?;
    let mut renkus: Vec<RenkuName> =
        rows.iter().map(|row| rows::parsed(&row.text("renku")?, "slots.renku")).collect::<Result<_, _>>()?;
    tx.commit().await?;
    renkus.sort_unstable();
    renkus.dedup();
    Ok(renkus)
}

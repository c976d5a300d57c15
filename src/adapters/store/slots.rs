//! Slots: which imports may be at work at a Renku, one per project and a limited number altogether, in a fair order.
//!
//! The rule is in the table's keys; what is looked up before only spares attempts in vain.

use std::collections::HashSet;

use super::changes;
use super::rows::{self, import_columns};
use super::sql::{Database, Row, Tx, values};
use crate::domain::ids::{ImportId, LeaseId, RenkuName};
use crate::domain::import::{Import, Phase};
use crate::domain::ports::store::{Change, SlotAnswer, StoreError};
use crate::domain::project::RenkuApi;
use crate::domain::time::Timestamp;

/// An import that waits at its Renku for a slot; `$2` waits whatever its condition, since it asks.
macro_rules! waiting {
    ($column:literal, $which:literal) => {
        concat!(
            "(SELECT i.",
            $column,
            " FROM imports AS i WHERE i.renku = $1 AND i.api = $5 AND i.phase = 'queued' AND i.due_at IS NOT NULL \
             AND (i.condition = 'none' OR i.id = $2) \
             AND i.project NOT IN (SELECT slots.project FROM slots WHERE slots.renku = $1 AND slots.api = $5) AND ",
            $which,
            " ORDER BY i.person, i.id LIMIT 1)"
        )
    };
}

/// Those that wait at one service (`$5`) of one Renku for a slot, best first: at most `$3` of each person, `$4` altogether.
///
/// A person's second import is placed as if the first had its slot already (`nth`), so that free places go to different people.
/// It jumps from person to person and then to the oldest of each by the index `imports_queued`, and leaves the rest unread.
const WAITING: &str = concat!(
    "WITH RECURSIVE people (person) AS (SELECT ",
    waiting!("person", "1 = 1"),
    " UNION ALL SELECT ",
    waiting!("person", "i.person > people.person"),
    " FROM people WHERE people.person IS NOT NULL), \
     turns (person, nth, id) AS (SELECT people.person, CAST(1 AS BIGINT), ",
    waiting!("id", "i.person = people.person"),
    " FROM people WHERE people.person IS NOT NULL UNION ALL SELECT turns.person, turns.nth + 1, ",
    waiting!("id", "i.person = turns.person AND i.id > turns.id"),
    " FROM turns WHERE turns.id IS NOT NULL AND turns.nth < $3), \
     held AS (SELECT person, COUNT(*) AS number FROM slots WHERE renku = $1 AND api = $5 GROUP BY person), \
     line AS (\
     SELECT turns.id, turns.nth, COALESCE(held.number, 0) + turns.nth AS number, \
     CASE WHEN turns.nth = 1 THEN 0 ELSE 1 END AS later, COALESCE(served.last_at, 0) AS last_at FROM turns \
     LEFT JOIN held ON held.person = turns.person \
     LEFT JOIN served ON served.renku = $1 AND served.person = turns.person \
     WHERE turns.id IS NOT NULL ORDER BY number, later, last_at, turns.id LIMIT $4) \
     SELECT line.nth, imports.lease_id IS NULL AS idle, ",
    import_columns!(),
    " FROM line JOIN imports ON imports.id = line.id ORDER BY line.number, line.later, line.last_at, line.id"
);

/// A service of a Renku: each has slots and a line of its own.
pub(super) type Place<'a> = (&'a RenkuName, RenkuApi);

fn place(import: &Import) -> Place<'_> {
    (&import.order.renku, import.order.api)
}

/// Of a line no more than so many are called up at once, since each that asks reads the line.
const FRONT: usize = 64;

/// The first `free` in line, each for another project, and whether nobody is at it.
async fn line(
    tx: &mut Tx,
    (renku, api): Place<'_>,
    asking: Option<ImportId>,
    free: usize,
) -> Result<Vec<(Import, bool)>, StoreError> {
    // Where thousands of slots are free, whoever asks is near the front: messages come in about the same order.
    let free = free.min(FRONT);
    let few = i64::try_from(free).unwrap_or(i64::MAX);
    let mut line = Vec::new();
    // Nobody gets more than the free places: so many of each are enough, unless several wait for one project. Then more are read, and all
    // only at last: somebody may have thousands that wait, and each of them asks.
    for of_each in [few, few.saturating_mul(8), few.saturating_mul(64), i64::MAX] {
        let altogether = of_each.saturating_mul(4).saturating_add(16);
        let asking = asking.map(ImportId::as_uuid);
        let rows =
            tx.rows(WAITING, values![renku.as_str(), asking, of_each, altogether, api.as_str()]).await?;
        let mut cut_off = i64::try_from(rows.len()).is_ok_and(|number| number == altogether);
        let mut projects = HashSet::new();
        line.clear();
        for row in &rows {
            cut_off |= row.int("nth")? == of_each;
            let import = rows::import(row)?;
            if line.len() < free && projects.insert(import.order.project.clone()) {
                line.push((import, row.flag("idle")?));
            }
        }
        if line.len() == free || !cut_off {
            break;
        }
    }
    Ok(line)
}

pub(super) async fn is_next(db: &Database, import: &Import, outstanding: u32) -> Result<bool, StoreError> {
    let mut tx = db.begin_reading().await?;
    may_take(&mut tx, import, outstanding).await
}

pub(super) async fn next_in_line(
    db: &Database,
    place: Place<'_>,
    outstanding: u32,
) -> Result<Vec<Import>, StoreError> {
    let mut tx = db.begin_reading().await?;
    let free = taken(&mut tx, place).await?.free(outstanding);
    if free == 0 {
        return Ok(Vec::new());
    }
    let line = line(&mut tx, place, None, free).await?;
    Ok(line.into_iter().filter_map(|(import, idle)| idle.then_some(import)).collect())
}

async fn may_take(tx: &mut Tx, import: &Import, outstanding: u32) -> Result<bool, StoreError> {
    let place = place(import);
    match holder(tx, import).await? {
        Holder::Itself => return Ok(true),
        Holder::Another => return Ok(false),
        Holder::Nobody => {}
    }
    let free = taken(tx, place).await?.free(outstanding);
    if free == 0 {
        return Ok(false);
    }
    if import.state.phase() != Phase::Queued {
        // It had its turn before and only comes back; it stands in no line.
        return Ok(true);
    }
    let line = line(tx, place, Some(import.id), free).await?;
    Ok(line.iter().any(|(next, _)| next.id == import.id))
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
    let (renku, api) = place(import);
    // Each round that fails means that somebody else got an ordinal, so there are never more rounds than ordinals.
    for _ in 0..=outstanding {
        match holder(tx, import).await? {
            Holder::Itself => {
                tx.execute(
                    "UPDATE slots SET release_at = NULL WHERE import = $1",
                    values![import.id.as_uuid()],
                )
                .await?;
                return Ok(true);
            }
            Holder::Another => return Ok(false),
            Holder::Nobody => {}
        }
        let Some(ordinal) = lowest_free(tx, (renku, api), outstanding).await? else { return Ok(false) };
        let inserted = tx
            .execute(
                "INSERT INTO slots (renku, api, ordinal, project, import, person, taken_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
                values![
                    renku.as_str(),
                    api.as_str(),
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

/// How many slots of one service of one Renku are taken, which may be thousands: they are counted and not read.
struct Taken {
    number: i64,
    highest: Option<i64>,
}

impl Taken {
    fn free(&self, outstanding: u32) -> usize {
        usize::try_from(i64::from(outstanding) - self.number).unwrap_or(0)
    }
}

async fn taken(tx: &mut Tx, (renku, api): Place<'_>) -> Result<Taken, StoreError> {
    let row = tx
        .row(
            "SELECT COUNT(*) AS number, MAX(ordinal) AS highest FROM slots WHERE renku = $1 AND api = $2",
            values![renku.as_str(), api.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(Taken { number: 0, highest: None }) };
    Ok(Taken { number: row.int("number")?, highest: row.opt_int("highest")? })
}

/// Who has the slot of this import's project.
enum Holder {
    Itself,
    Another,
    Nobody,
}

async fn holder(tx: &mut Tx, import: &Import) -> Result<Holder, StoreError> {
    let (renku, api) = place(import);
    let rows = tx
        .rows(
            "SELECT import FROM slots WHERE import = $1 \
             UNION ALL SELECT import FROM slots WHERE renku = $2 AND api = $3 AND project = $4",
            values![import.id.as_uuid(), renku.as_str(), api.as_str(), import.order.project.as_str()],
        )
        .await?;
    let mut holder = Holder::Nobody;
    for row in &rows {
        if row.uuid("import")? == import.id.as_uuid() {
            return Ok(Holder::Itself);
        }
        holder = Holder::Another;
    }
    Ok(holder)
}

/// The lowest free ordinal; `None` when all are taken, of which some may lie above the limit from before it was lowered.
async fn lowest_free(
    tx: &mut Tx,
    (renku, api): Place<'_>,
    outstanding: u32,
) -> Result<Option<i64>, StoreError> {
    let taken = taken(tx, (renku, api)).await?;
    if taken.free(outstanding) == 0 {
        return Ok(None);
    }
    if taken.highest.is_none_or(|highest| highest + 1 == taken.number) {
        return Ok(Some(taken.number)); // no gap
    }
    let row = tx
        .row(
            "SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM slots WHERE renku = $1 AND api = $2 AND ordinal = 0) \
             THEN CAST(0 AS BIGINT) ELSE (SELECT s.ordinal + 1 FROM slots AS s WHERE s.renku = $1 AND s.api = $2 \
             AND NOT EXISTS (SELECT 1 FROM slots AS t WHERE t.renku = $1 AND t.api = $2 AND t.ordinal = s.ordinal + 1) \
             ORDER BY s.ordinal LIMIT 1) END AS free",
            values![renku.as_str(), api.as_str()],
        )
        .await?;
    row.map(|row| row.int("free")).transpose()
}

pub(super) async fn release_due(
    db: &Database,
    now: Timestamp,
) -> Result<Vec<(RenkuName, RenkuApi)>, StoreError> {
    let mut tx = db.begin().await?;
    let rows = tx.rows("DELETE FROM slots WHERE release_at <= $1 RETURNING renku, api", values![now]).await?;
    let place = |row: &Row| {
        Ok((rows::parsed(&row.text("renku")?, "slots.renku")?, rows::parsed(&row.text("api")?, "slots.api")?))
    };
    let mut places = rows.iter().map(place).collect::<Result<Vec<_>, StoreError>>()?;
    tx.commit().await?;
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

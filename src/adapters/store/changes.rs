//! Changing an import: compare-and-set, the line in the timeline, the job it owns and its slot, all or nothing.
//!
//! Which change to make is the use cases' business.

use super::imports::search_text;
use super::rows::{self, import_columns};
use super::sql::{Database, Tx, values};
use crate::domain::ids::{ImportId, LeaseId, PersonId};
use crate::domain::import::{Condition, Event, Import};
use crate::domain::ports::store::{Change, Changed, Slot, StoreError};
use crate::domain::problem::{Problem, SignInAt};
use crate::domain::time::Timestamp;

pub(super) async fn change(
    db: &Database,
    import: &Import,
    lease: Option<LeaseId>,
    change: Change,
) -> Result<Changed, StoreError> {
    let mut tx = db.begin().await?;
    let Some(now) = apply(&mut tx, import, lease, &change).await? else { return Ok(Changed::Conflict) };
    tx.commit().await?;
    Ok(Changed::Done(Box::new(now)))
}

/// Makes the change inside the transaction; `None` when the row or the lease is not what was expected, and nothing was changed.
///
/// The import's row is always touched before its slot, by everybody, so that no two transactions wait for each other.
pub(super) async fn apply(
    tx: &mut Tx,
    import: &Import,
    lease: Option<LeaseId>,
    change: &Change,
) -> Result<Option<Import>, StoreError> {
    let state = &change.state;
    let title = state.plan().map(|plan| plan.title.as_str());
    let keeps_lease = change.keep_lease && lease.is_some();
    let changed = tx
        .execute(
            "UPDATE imports SET phase = $4, condition = $5, state = $6, revision = revision + 1, \
             attempts = $7, due_at = $8, nudged_at = NULL, updated_at = $9, \
             lease_id = CASE WHEN $10 THEN lease_id END, lease_until = CASE WHEN $10 THEN lease_until END, \
             title = COALESCE($11, title), search = COALESCE($12, search), problem = $13 \
             WHERE id = $1 AND revision = $2 AND ($3 IS NULL OR lease_id = $3)",
            values![
                import.id.as_uuid(),
                import.revision,
                lease.map(LeaseId::as_uuid),
                state.phase().as_str(),
                state.condition().as_str(),
                rows::to_json(state, "imports.state")?,
                change.attempts,
                change.due_at,
                change.now,
                keeps_lease,
                title.map(str::to_owned),
                title.map(|title| search_text(Some(title), &import.order.pid)),
                state.problem().map(|problem| problem.code.as_str().to_owned()),
            ],
        )
        .await?;
    if changed == 0 {
        return Ok(None);
    }
    if let Some(job) = state.job() {
        tx.execute(
            "INSERT INTO remote_jobs (renku, job, import) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            values![import.order.renku.as_str(), job.id.as_str(), import.id.as_uuid()],
        )
        .await?;
    }
    match change.slot {
        Slot::Keep => {}
        Slot::Release => {
            tx.execute("DELETE FROM slots WHERE import = $1", values![import.id.as_uuid()]).await?;
        }
        Slot::ReleaseAt(at) => {
            tx.execute(
                "UPDATE slots SET release_at = $2 WHERE import = $1",
                values![import.id.as_uuid(), at],
            )
            .await?;
        }
    }
    let now = read(tx, import.id).await?;
    if let (Some(event), Some(import)) = (change.event, &now) {
        add_line(tx, import, event, change.problem.as_ref(), change.now).await?;
    }
    Ok(now)
}

/// Appends a line with the state that the import has now.
pub(super) async fn add_line(
    tx: &mut Tx,
    import: &Import,
    event: &str,
    problem: Option<&Problem>,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO timeline (import, at, event, phase, condition, problem) VALUES ($1, $2, $3, $4, $5, $6)",
        values![
            import.id.as_uuid(),
            at,
            event,
            import.state.phase().as_str(),
            import.state.condition().as_str(),
            problem.map(|problem| rows::to_json(problem, "timeline.problem")).transpose()?,
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn read(tx: &mut Tx, id: ImportId) -> Result<Option<Import>, StoreError> {
    let row = tx
        .row(
            concat!("SELECT ", import_columns!(), " FROM imports WHERE imports.id = $1"),
            values![id.as_uuid()],
        )
        .await?;
    row.as_ref().map(rows::import).transpose()
}

pub(super) async fn wake(db: &Database, person: PersonId, now: Timestamp) -> Result<Vec<Import>, StoreError> {
    let mut tx = db.begin().await?;
    let woken = wake_in(&mut tx, person, now).await?;
    tx.commit().await?;
    Ok(woken)
}

/// Lets go on what waits for this person's sign-in at the connector; what waits for one at Renku itself stays.
pub(super) async fn wake_in(
    tx: &mut Tx,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<Import>, StoreError> {
    // In the order of their ids: two at once wait for each other in one direction only.
    let rows = tx
        .rows(
            concat!(
                "SELECT ",
                import_columns!(),
                " FROM imports WHERE imports.person = $1 AND imports.condition = 'sign_in' ORDER BY imports.id"
            ),
            values![person.as_uuid()],
        )
        .await?;
    let mut woken = Vec::new();
    for mut import in rows::imports(&rows)? {
        // A row that moves while we look is looked at again; one that was changed twice meanwhile is somebody's at work.
        for _ in 0..2 {
            let waits = matches!(import.state.condition(), Condition::SignIn { at: SignInAt::Connector, .. });
            if !waits {
                break;
            }
            if let Some(changed) = go_on(tx, &import, now).await? {
                woken.push(changed);
                break;
            }
            let Some(moved) = read(tx, import.id).await? else { break };
            import = moved;
        }
    }
    Ok(woken)
}

/// Lets the import wait for nothing any more. `None`: it moved meanwhile, or has ended.
pub(super) async fn go_on(
    tx: &mut Tx,
    import: &Import,
    now: Timestamp,
) -> Result<Option<Import>, StoreError> {
    let event = Event::Waits(Condition::None);
    let name = event.as_str();
    let Ok(state) = import.state.after(event) else { return Ok(None) };
    let change = Change {
        state,
        due_at: Some(now),
        attempts: import.attempts,
        slot: Slot::Keep,
        keep_lease: false,
        event: Some(name),
        problem: None,
        now,
    };
    apply(tx, import, None, &change).await
}

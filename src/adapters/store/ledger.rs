//! Ledgers of subscriptions: which version was handed on when, through which import, and what became of it.
//!
//! Subscriptions themselves are in `subscriptions`, the mails that follow in `outbox`.

use super::error::unreadable;
use super::rows::{self, from_json, import_columns, parsed, to_json};
use super::sql::{Database, Row, Tx, values};
use super::subscriptions::{set, subscription_columns, subscription_of};
use super::{imports, outbox};
use crate::domain::ids::{ImportId, PersonId, PublicationId, SubscriptionId};
use crate::domain::import::{End, Import, Plan, State};
use crate::domain::ports::identity::Person;
use crate::domain::ports::mail::MailKind;
use crate::domain::ports::store::{Created, NewImport, StoreError};
use crate::domain::ports::subscriptions::{HandedOn, Settling, Unsettled};
use crate::domain::problem::Problem;
use crate::domain::subscription::{Edition, LedgerEntry, LedgerOutcome, Subscription, SubscriptionState};
use crate::domain::time::Timestamp;

macro_rules! ledger_columns {
    () => {
        "ledger.subscription AS l_subscription, ledger.version_id AS l_version_id, ledger.last_update AS l_last_update, \
         ledger.version AS l_version, ledger.noticed_at AS l_noticed_at, ledger.import AS l_import, \
         ledger.outcome AS l_outcome, ledger.problem AS l_problem, ledger.settled_at AS l_settled_at"
    };
}

/// Lines with their imports and subscriptions, of which something holds.
macro_rules! lines_where {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            import_columns!(),
            ", ",
            ledger_columns!(),
            ", ",
            subscription_columns!(),
            " FROM ledger JOIN imports ON imports.id = ledger.import \
             JOIN subscriptions ON subscriptions.id = ledger.subscription WHERE ledger.outcome = 'open' AND ",
            $condition
        )
    };
}

pub(super) async fn has_version(
    db: &Database,
    id: SubscriptionId,
    edition: &Edition,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS one FROM ledger WHERE subscription = $1 AND version_id = $2 AND version = $3 \
               AND outcome IN ('open', 'arrived', 'metadata_only') LIMIT 1";
    let values = values![id.as_uuid(), edition.version_id, edition.number.to_string()];
    Ok(db.row(sql, values).await?.is_some())
}

pub(super) async fn hand_on(
    db: &Database,
    subscription: &Subscription,
    edition: &Edition,
    what: HandedOn,
    publication: Option<PublicationId>,
    now: Timestamp,
) -> Result<Option<Option<Import>>, StoreError> {
    let mut tx = db.begin().await?;
    let line = Line { outcome: LedgerOutcome::Open, import: None, publication, now };
    let line = match &what {
        HandedOn::Import(_) => line,
        HandedOn::Noted(outcome) => Line { outcome: *outcome, ..line },
    };
    if !add_line(&mut tx, subscription.id, edition, &line).await? {
        return Ok(None);
    }
    let import = match what {
        HandedOn::Noted(_) => None,
        HandedOn::Import(new) => {
            let Created::New(import) = imports::create_in(&mut tx, *new).await? else {
                return Err(unreadable("an import of a subscription that was made before its ledger's line"));
            };
            tx.execute(
                "UPDATE ledger SET import = $4 WHERE subscription = $1 AND version_id = $2 AND last_update = $3",
                values![
                    subscription.id.as_uuid(),
                    edition.version_id,
                    edition.last_update.unwrap_or_default(),
                    import.id.as_uuid()
                ],
            )
            .await?;
            Some(import)
        }
    };
    tx.commit().await?;
    Ok(Some(import))
}

pub(super) async fn ledger(
    db: &Database,
    id: SubscriptionId,
    limit: u32,
) -> Result<Vec<LedgerEntry>, StoreError> {
    let sql = concat!(
        "SELECT ",
        ledger_columns!(),
        " FROM ledger WHERE subscription = $1 ORDER BY noticed_at DESC, version_id DESC LIMIT $2"
    );
    db.rows(sql, values![id.as_uuid(), limit]).await?.iter().map(entry).collect()
}

pub(super) async fn unsettled(db: &Database, limit: u32) -> Result<Vec<Unsettled>, StoreError> {
    let sql = lines_where!(
        "imports.phase IN ('succeeded', 'failed', 'cancelled', 'superseded') ORDER BY imports.updated_at LIMIT $1"
    );
    db.rows(sql, values![limit]).await?.iter().map(unsettled_of).collect()
}

pub(super) async fn untold(db: &Database, limit: u32) -> Result<Vec<Unsettled>, StoreError> {
    let sql = lines_where!(
        "subscriptions.mail_to IS NOT NULL AND ((imports.condition = 'sign_in' AND NOT EXISTS \
         (SELECT 1 FROM outbox WHERE outbox.import = imports.id AND outbox.kind = 'sign-in')) \
         OR (imports.phase = 'parked' AND NOT EXISTS \
         (SELECT 1 FROM outbox WHERE outbox.import = imports.id AND outbox.kind = 'failed'))) \
         ORDER BY imports.updated_at LIMIT $1"
    );
    db.rows(sql, values![limit]).await?.iter().map(unsettled_of).collect()
}

pub(super) async fn open_entries(db: &Database, id: SubscriptionId) -> Result<Vec<Unsettled>, StoreError> {
    let sql = lines_where!("ledger.subscription = $1 ORDER BY ledger.noticed_at");
    db.rows(sql, values![id.as_uuid()]).await?.iter().map(unsettled_of).collect()
}

pub(super) async fn settle(db: &Database, line: &Unsettled, settling: Settling) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let entry = &line.entry;
    let settled = tx
        .execute(
            "UPDATE ledger SET outcome = $4, problem = $5, settled_at = $6 \
             WHERE subscription = $1 AND version_id = $2 AND last_update = $3 AND outcome = 'open'",
            values![
                entry.subscription.as_uuid(),
                entry.version_id,
                entry.last_update.unwrap_or_default(),
                settling.outcome.as_str(),
                settling.problem.as_ref().map(|it| to_json(it, "ledger.problem")).transpose()?,
                settling.now,
            ],
        )
        .await?;
    if settled == 0 {
        return Ok(false);
    }
    if let Some(plan) = &settling.brought {
        add_arrived(&mut tx, line, plan, settling.now).await?;
    }
    if let Some(kind) = settling.mail {
        let mut letter = outbox::letter(&line.subscription, Some(line), settling.problem.clone());
        if let Some(plan) = &settling.brought {
            letter.version = Some(plan.version.to_string());
        }
        outbox::put(&mut tx, &line.subscription, kind, Some(line.import.id), &letter, settling.now).await?;
    }
    if let Some(problem) = settling.pauses
        && line.subscription.state == SubscriptionState::Active
    {
        // Somebody who changed it meanwhile has the last word.
        let kind = Some(MailKind::Paused);
        let paused = SubscriptionState::Paused;
        set(&mut tx, &line.subscription, paused, Some(problem), kind, settling.now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn tell(
    db: &Database,
    line: &Unsettled,
    kind: MailKind,
    problem: Option<Problem>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let letter = outbox::letter(&line.subscription, Some(line), problem);
    outbox::put(&mut tx, &line.subscription, kind, Some(line.import.id), &letter, now).await?;
    tx.commit().await
}

pub(super) async fn take_over(db: &Database, earlier: ImportId, import: ImportId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    take_over_in(&mut tx, earlier, import).await?;
    tx.commit().await
}

/// Imports of subscriptions that this service person serves now, which wait for the sign-in of an earlier one and were never sent to
/// Renku.
pub(super) async fn waiting_for_service(tx: &mut Tx, person: &Person) -> Result<Vec<Import>, StoreError> {
    let sql = lines_where!(
        "subscriptions.service AND subscriptions.renku = $1 AND imports.person NOT IN ($2, subscriptions.person) \
         AND (imports.phase = 'queued' AND imports.condition = 'sign_in' OR imports.phase = 'parked') ORDER BY imports.id"
    );
    let rows = tx.rows(sql, values![person.renku.as_str(), person.id.as_uuid()]).await?;
    let mut waiting = rows::imports(&rows)?;
    waiting.retain(|import| match &import.state {
        State::Ended { end: End::Parked { was, .. } } => !was.may_run_at_renku(),
        State::Ended { .. } | State::Open { .. } => true,
    });
    Ok(waiting)
}

/// An import in place of one that did not arrive, whose line in a ledger it takes over. Where a service person served that, the one who
/// is named now does.
pub(super) async fn create_instead_of(
    db: &Database,
    earlier: ImportId,
    mut new: NewImport,
) -> Result<Created, StoreError> {
    let mut tx = db.begin().await?;
    let sql = "SELECT service_people.person AS person FROM ledger JOIN subscriptions ON subscriptions.id = ledger.subscription \
               JOIN service_people ON service_people.renku = subscriptions.renku \
               WHERE ledger.import = $1 AND subscriptions.service AND subscriptions.person <> $2";
    if let Some(row) = tx.row(sql, values![earlier.as_uuid(), new.person.as_uuid()]).await? {
        new.person = PersonId::from_uuid(row.uuid("person")?);
    }
    let created = imports::create_in(&mut tx, new).await?;
    if let Created::New(import) | Created::Existing(import) = &created {
        take_over_in(&mut tx, earlier, import.id).await?;
    }
    tx.commit().await?;
    Ok(created)
}

async fn take_over_in(tx: &mut Tx, earlier: ImportId, import: ImportId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE ledger SET import = $2, outcome = 'open', problem = NULL, settled_at = NULL \
         WHERE import = $1 AND outcome IN ('failed', 'cancelled')",
        values![earlier.as_uuid(), import.as_uuid()],
    )
    .await?;
    Ok(())
}

/// The version that an import brought in place of the one that its line was about.
async fn add_arrived(tx: &mut Tx, line: &Unsettled, plan: &Plan, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO ledger (subscription, version_id, last_update, version, noticed_at, import, outcome, settled_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'arrived', $5) ON CONFLICT DO NOTHING",
        values![
            line.entry.subscription.as_uuid(),
            plan.version_id,
            plan.last_update.unwrap_or_default(),
            plan.version.to_string(),
            now,
            line.import.id.as_uuid(),
        ],
    )
    .await?;
    Ok(())
}

/// A new line of a ledger.
pub(super) struct Line {
    pub(super) outcome: LedgerOutcome,
    pub(super) import: Option<ImportId>,
    pub(super) publication: Option<PublicationId>,
    pub(super) now: Timestamp,
}

/// `false`: there is one.
pub(super) async fn add_line(
    tx: &mut Tx,
    subscription: SubscriptionId,
    edition: &Edition,
    line: &Line,
) -> Result<bool, StoreError> {
    let settled = (line.outcome != LedgerOutcome::Open).then_some(line.now);
    let added = tx
        .execute(
            "INSERT INTO ledger (subscription, version_id, last_update, version, noticed_at, publication, import, outcome, \
             settled_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE NOT EXISTS (SELECT 1 FROM ledger AS newer \
             WHERE newer.subscription = $1 AND newer.version_id > $2) ON CONFLICT DO NOTHING",
            values![
                subscription.as_uuid(),
                edition.version_id,
                edition.last_update.unwrap_or_default(),
                edition.number.to_string(),
                line.now,
                line.publication.map(PublicationId::as_uuid),
                line.import.map(ImportId::as_uuid),
                line.outcome.as_str(),
                settled,
            ],
        )
        .await?;
    Ok(added > 0)
}

fn entry(row: &Row) -> Result<LedgerEntry, StoreError> {
    let outcome = |text: &str| LedgerOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == text);
    let problem = row.opt_text("l_problem")?;
    Ok(LedgerEntry {
        subscription: SubscriptionId::from_uuid(row.uuid("l_subscription")?),
        version: parsed(&row.text("l_version")?, "ledger.version")?,
        version_id: row.int("l_version_id")?,
        last_update: Some(row.time("l_last_update")?).filter(|at| *at != Timestamp::default()),
        noticed_at: row.time("l_noticed_at")?,
        import: row.opt_uuid("l_import")?.map(ImportId::from_uuid),
        outcome: outcome(&row.text("l_outcome")?).ok_or_else(|| unreadable("ledger.outcome"))?,
        problem: problem.map(|text| from_json(&text, "ledger.problem")).transpose()?,
        settled_at: row.opt_time("l_settled_at")?,
    })
}

fn unsettled_of(row: &Row) -> Result<Unsettled, StoreError> {
    Ok(Unsettled { entry: entry(row)?, import: rows::import(row)?, subscription: subscription_of(row)? })
}

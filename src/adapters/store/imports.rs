//! Imports and their timelines: making them, reading them, finding those that are due.
//!
//! Changing one is in `changes`, working on one in `leases`, its project's turn in `slots`.

use sqlx::AssertSqlSafe;

use super::changes;
use super::rows::{self, import_columns};
use super::sql::{Database, Tx, Value, values};
use crate::domain::ids::{ImportId, PersonId, RenkuName};
use crate::domain::import::{Import, State};
use crate::domain::pid::Pid;
use crate::domain::ports::store::{
    Created, ImportCounts, ImportFilter, NewImport, StateGroup, StoreError, TimelineEntry,
};
use crate::domain::problem::{ProblemCode, Turn};
use crate::domain::time::Timestamp;

/// Placeholders in one statement; SQLite takes 32,766, PostgreSQL 65,535.
const CHUNK: usize = 500;

/// More words of a search are not looked for.
const MOST_WORDS: usize = 8;

pub(super) async fn create(db: &Database, new: NewImport) -> Result<Created, StoreError> {
    let mut tx = db.begin().await?;
    let created = create_in(&mut tx, new).await?;
    tx.commit().await?;
    Ok(created)
}

/// Makes the import inside the transaction, which the caller commits.
pub(super) async fn create_in(tx: &mut Tx, new: NewImport) -> Result<Created, StoreError> {
    let state = State::new();
    let order = &new.order;
    let row = tx
        .row(
            concat!(
                "INSERT INTO imports (id, person, installation, pid, version, renku, project, name, migrate, \
                 phase, condition, state, revision, attempts, due_at, created_at, updated_at, give_up_at, \
                 idempotency_key, api, title, search) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, 0, $13, $13, $13, $14, $15, $16, $17, $18) \
                 ON CONFLICT (person, idempotency_key) DO NOTHING RETURNING ",
                import_columns!()
            ),
            values![
                new.id.as_uuid(),
                new.person.as_uuid(),
                order.installation.as_str(),
                order.pid.to_string(),
                order.version.map(|version| version.to_string()),
                order.renku.as_str(),
                order.project.as_str(),
                order.name.as_ref().map(|name| name.as_str().to_owned()),
                order.migrate,
                state.phase().as_str(),
                state.condition().as_str(),
                rows::to_json(&state, "imports.state")?,
                new.now,
                new.give_up_at,
                new.idempotency_key.clone(),
                order.api.as_str(),
                new.title.clone(),
                search_text(new.title.as_deref(), &order.pid),
            ],
        )
        .await?;
    if let Some(row) = row {
        let import = rows::import(&row)?;
        changes::add_line(tx, &import, "created", None, new.now).await?;
        return Ok(Created::New(import));
    }
    let earlier = tx
        .row(
            concat!(
                "SELECT ",
                import_columns!(),
                " FROM imports WHERE imports.person = $1 AND imports.idempotency_key = $2"
            ),
            values![new.person.as_uuid(), new.idempotency_key],
        )
        .await?;
    let earlier = earlier.as_ref().map(rows::import).transpose()?;
    Ok(earlier.filter(|earlier| earlier.order == new.order).map_or(Created::KeyReused, Created::Existing))
}

pub(super) async fn import(db: &Database, id: ImportId) -> Result<Option<Import>, StoreError> {
    let row = db
        .row(
            concat!("SELECT ", import_columns!(), " FROM imports WHERE imports.id = $1"),
            values![id.as_uuid()],
        )
        .await?;
    row.as_ref().map(rows::import).transpose()
}

pub(super) async fn import_of_key(
    db: &Database,
    person: PersonId,
    key: &str,
) -> Result<Option<Import>, StoreError> {
    let row = db
        .row(
            concat!(
                "SELECT ",
                import_columns!(),
                " FROM imports WHERE imports.person = $1 AND imports.idempotency_key = $2"
            ),
            values![person.as_uuid(), key],
        )
        .await?;
    row.as_ref().map(rows::import).transpose()
}

pub(super) async fn imports(db: &Database, filter: &ImportFilter) -> Result<Vec<Import>, StoreError> {
    // Only conditions that apply are in the text, so that each list finds its index.
    let conditions = [
        ("person =", filter.person.map(|person| Value::from(person.as_uuid()))),
        ("phase =", filter.phase.map(|phase| Value::from(phase.as_str()))),
        ("condition =", filter.condition.map(Value::from)),
        ("renku =", filter.renku.as_ref().map(|name| Value::from(name.as_str()))),
        ("project =", filter.project.as_ref().map(|address| Value::from(address.as_str()))),
        ("installation =", filter.installation.as_ref().map(|name| Value::from(name.as_str()))),
        ("pid =", filter.pid.as_ref().map(|pid| Value::from(pid.to_string()))),
        ("id <", filter.before.map(|before| Value::from(before.as_uuid()))),
    ];
    let (mut clauses, mut values) = (Vec::new(), values![filter.limit]);
    for (condition, value) in conditions {
        let Some(value) = value else { continue };
        values.push(value);
        clauses.push(format!("imports.{condition} ${}", values.len()));
    }
    clauses.extend(filter.group.map(clause_of));
    for word in filter.search.as_deref().unwrap_or_default().split_whitespace().take(MOST_WORDS) {
        values.push(Value::from(pattern(word)));
        clauses.push(format!("imports.search LIKE ${} ESCAPE '\\'", values.len()));
    }
    let clauses = if clauses.is_empty() { String::new() } else { format!("WHERE {}", clauses.join(" AND ")) };
    let sql = format!(
        concat!("SELECT ", import_columns!(), " FROM imports {} ORDER BY imports.id DESC LIMIT $1"),
        clauses
    );
    // Safe: the text is made of the constants above; everything from outside is a bound value.
    rows::imports(&db.rows(AssertSqlSafe(sql), values).await?)
}

fn clause_of(group: StateGroup) -> String {
    let clause = match group {
        StateGroup::UnderWay => "imports.phase IN ('queued', 'submitting', 'running', 'verifying')",
        StateGroup::NeedsOwner => return needs_owner(),
        StateGroup::Arrived => "imports.phase = 'succeeded'",
        StateGroup::NotArrived => "imports.phase IN ('failed', 'cancelled', 'superseded')",
    };
    clause.to_owned()
}

/// A failure is its owner's turn no more once the dataset was asked for again, into whichever project.
fn needs_owner() -> String {
    let theirs = ProblemCode::ALL.iter().filter(|code| code.turn() == Turn::Researcher);
    let codes: Vec<_> = theirs.map(|code| format!("'{}'", code.as_str())).collect();
    format!(
        "(imports.condition = 'sign_in' OR imports.phase = 'parked' \
         OR (imports.phase = 'failed' AND imports.problem IN ({}) AND NOT EXISTS (SELECT 1 FROM imports AS later \
         WHERE later.person = imports.person AND later.installation = imports.installation \
         AND later.pid = imports.pid AND later.id > imports.id)))",
        codes.join(", ")
    )
}

/// What an import is found by. Lower case is made here: SQLite's own knows ASCII alone.
pub(super) fn search_text(title: Option<&str>, pid: &Pid) -> String {
    format!("{} {pid}", title.unwrap_or_default()).trim_start().to_lowercase()
}

/// The word anywhere in a text, with nothing in it that LIKE takes for a sign of its own.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern + "%"
}

pub(super) async fn timeline(
    db: &Database,
    id: ImportId,
    after: i64,
    limit: u32,
) -> Result<Vec<TimelineEntry>, StoreError> {
    let rows = db
        .rows(
            "SELECT seq, at, event, phase, condition, problem FROM timeline \
             WHERE import = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            values![id.as_uuid(), after, limit],
        )
        .await?;
    rows.iter().map(rows::timeline_entry).collect()
}

pub(super) async fn news(
    db: &Database,
    after: &[(ImportId, i64)],
) -> Result<Vec<(ImportId, i64)>, StoreError> {
    let mut news = Vec::new();
    for chunk in after.chunks(CHUNK) {
        let places: Vec<_> = (0..chunk.len()).map(|n| format!("(${}, ${})", 2 * n + 1, 2 * n + 2)).collect();
        // One look at the end of the index timeline_of_import for each.
        let sql = format!(
            "WITH watched (import, seen) AS (VALUES {}) \
             SELECT import, (SELECT MAX(seq) FROM timeline \
             WHERE timeline.import = watched.import AND timeline.seq > watched.seen) AS last FROM watched",
            places.join(", ")
        );
        let values =
            chunk.iter().flat_map(|(id, seen)| [Value::from(id.as_uuid()), Value::from(*seen)]).collect();
        // Safe: the text has numbered placeholders only.
        for row in db.rows(AssertSqlSafe(sql), values).await? {
            if let Some(last) = row.opt_int("last")? {
                news.push((ImportId::from_uuid(row.uuid("import")?), last));
            }
        }
    }
    Ok(news)
}

pub(super) async fn known_jobs(
    db: &Database,
    renku: &RenkuName,
    jobs: &[String],
) -> Result<Vec<String>, StoreError> {
    let mut known = Vec::new();
    for chunk in jobs.chunks(CHUNK) {
        let places: Vec<_> = (2..chunk.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT job FROM remote_jobs WHERE renku = $1 AND job IN ({})", places.join(", "));
        let mut values = values![renku.as_str()];
        values.extend(chunk.iter().map(|job| Value::from(job.as_str())));
        // Safe: the text has numbered placeholders only.
        for row in db.rows(AssertSqlSafe(sql), values).await? {
            known.push(row.text("job")?);
        }
    }
    Ok(known)
}

pub(super) async fn overdue(
    db: &Database,
    due_before: Timestamp,
    nudged_before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Import>, StoreError> {
    let mut tx = db.begin().await?;
    // The conditions stand twice: of two sweepers at once, the second finds the rows marked when its turn comes.
    let rows = tx
        .rows(
            concat!(
                "UPDATE imports SET nudged_at = $3 WHERE id IN (\
                 SELECT due.id FROM imports AS due WHERE due.due_at < $1 \
                 AND (due.nudged_at IS NULL OR due.nudged_at < $2) \
                 AND (due.lease_until IS NULL OR due.lease_until <= $3) \
                 ORDER BY due.due_at, due.id LIMIT $4) \
                 AND (nudged_at IS NULL OR nudged_at < $2) AND (lease_until IS NULL OR lease_until <= $3) \
                 RETURNING ",
                import_columns!()
            ),
            values![due_before, nudged_before, now, limit],
        )
        .await?;
    let mut found = rows::imports(&rows)?;
    tx.commit().await?;
    found.sort_by_key(|import| (import.due_at, import.id));
    Ok(found)
}

pub(super) async fn due(
    db: &Database,
    after: Option<ImportId>,
    limit: u32,
) -> Result<Vec<Import>, StoreError> {
    let after = after.map_or(uuid::Uuid::nil(), ImportId::as_uuid);
    let rows = db
        .rows(
            concat!(
                "SELECT ",
                import_columns!(),
                " FROM imports WHERE imports.due_at IS NOT NULL AND imports.id > $1 \
                 ORDER BY imports.id LIMIT $2"
            ),
            values![after, limit],
        )
        .await?;
    rows::imports(&rows)
}

pub(super) async fn count_of(db: &Database, person: PersonId) -> Result<u64, StoreError> {
    let row =
        db.row("SELECT COUNT(*) AS number FROM imports WHERE person = $1", values![person.as_uuid()]).await?;
    let number = row.map_or(Ok(0), |row| row.int("number"))?;
    Ok(u64::try_from(number).unwrap_or(0))
}

pub(super) async fn counts(db: &Database) -> Result<ImportCounts, StoreError> {
    let mut counts = ImportCounts::default();
    let rows = db
        .rows(
            "SELECT phase, condition, COUNT(*) AS number, MIN(created_at) AS oldest FROM imports \
             GROUP BY phase, condition ORDER BY phase, condition",
            values![],
        )
        .await?;
    for row in rows {
        let phase = rows::phase(&row.text("phase")?)?;
        if !phase.is_end() {
            let oldest = row.time("oldest")?;
            counts.oldest_open = Some(counts.oldest_open.map_or(oldest, |earlier| earlier.min(oldest)));
        }
        counts.by_state.push((phase.as_str().to_owned(), row.text("condition")?, row.int("number")?));
    }
    let taken = db
        .rows(
            "SELECT renku, api, COUNT(*) AS number FROM slots GROUP BY renku, api ORDER BY renku, api",
            values![],
        )
        .await?;
    for row in taken {
        counts.slots.push((row.text("renku")?, row.text("api")?, row.int("number")?));
    }
    Ok(counts)
}

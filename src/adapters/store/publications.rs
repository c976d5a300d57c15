//! Publications, invocations and watched datasets.
//!
//! Who is subscribed to what is in `subscriptions`.

use async_trait::async_trait;

use super::Store;
use super::error::unreadable;
use super::rows::{counter, from_json, parsed, to_json};
use super::sql::{Database, Row, Tx, Value, values};
use crate::domain::ids::{InstallationName, InvocationId, PublicationId};
use crate::domain::ports::publications::{
    Announced, DatasetRef, Look, NewPublication, PublicationChange, PublicationCounts, PublicationFilter,
    PublicationStore, Watched,
};
use crate::domain::ports::store::StoreError;
use crate::domain::publication::{
    Invocation, InvocationChange, InvocationState, Publication, PublicationState, Source,
};
use crate::domain::subscription::Edition;
use crate::domain::time::Timestamp;

macro_rules! publication_columns {
    () => {
        "id, installation, pid, dataset_id, announced, source, invocation, state, problem, found, imports, \
         revision, attempts, due_at, received_at, ended_at"
    };
}

macro_rules! invocation_columns {
    () => {
        "id, installation, name, pid, dataset_id, state, problem, revision, attempts, sent_at, due_at, received_at, \
         ended_at"
    };
}

macro_rules! watched_columns {
    () => {
        "installation, pid, looked_at, failures, version, dataset_id, version_id, last_update, title, \
         deaccessioned_at, problem"
    };
}

#[async_trait]
impl PublicationStore for Store {
    async fn announce(&self, new: NewPublication) -> Result<Announced, StoreError> {
        let mut tx = self.db.begin().await?;
        let answer = announce(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(answer)
    }

    async fn publication(&self, id: PublicationId) -> Result<Option<Publication>, StoreError> {
        let sql = concat!("SELECT ", publication_columns!(), " FROM publications WHERE id = $1");
        self.db.row(sql, values![id.as_uuid()]).await?.as_ref().map(publication).transpose()
    }

    async fn publications(&self, filter: &PublicationFilter) -> Result<Vec<Publication>, StoreError> {
        let dataset = filter.dataset.as_ref();
        let rows = self
            .db
            .rows(
                concat!(
                    "SELECT ",
                    publication_columns!(),
                    " FROM publications WHERE ($1 IS NULL OR installation = $1) AND ($2 IS NULL OR pid = $2) \
                     AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
                ),
                values![
                    dataset.map(|dataset| dataset.installation.as_str().to_owned()),
                    dataset.map(|dataset| dataset.pid.to_string()),
                    filter.before.map(PublicationId::as_uuid),
                    filter.limit
                ],
            )
            .await?;
        rows.iter().map(publication).collect()
    }

    async fn take_publication(
        &self,
        id: PublicationId,
        revision: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Publication>, StoreError> {
        let sql = concat!(
            "UPDATE publications SET revision = revision + 1, due_at = $4, nudged_at = NULL \
             WHERE id = $1 AND revision = $2 AND due_at <= $3 RETURNING ",
            publication_columns!()
        );
        changed(&self.db, sql, values![id.as_uuid(), revision, now, until], publication).await
    }

    async fn change_publication(
        &self,
        old: &Publication,
        change: PublicationChange,
    ) -> Result<Option<Publication>, StoreError> {
        let sql = concat!(
            "UPDATE publications SET revision = revision + 1, state = $3, problem = $4, found = $5, imports = $6, \
             attempts = $7, due_at = $8, nudged_at = NULL, ended_at = $9 WHERE id = $1 AND revision = $2 RETURNING ",
            publication_columns!()
        );
        let problem = change.problem.as_ref().map(|it| to_json(it, "publications.problem")).transpose()?;
        let values = values![
            old.id.as_uuid(),
            old.revision,
            change.state.as_str(),
            problem,
            change.found.map(|version| version.to_string()),
            change.imports,
            change.attempts,
            change.due_at,
            (change.state != PublicationState::Open).then_some(change.now),
        ];
        changed(&self.db, sql, values, publication).await
    }

    async fn invocation(&self, id: InvocationId) -> Result<Option<Invocation>, StoreError> {
        let sql = concat!("SELECT ", invocation_columns!(), " FROM invocations WHERE id = $1");
        self.db.row(sql, values![id.as_uuid()]).await?.as_ref().map(invocation).transpose()
    }

    async fn invocation_named(
        &self,
        installation: &InstallationName,
        name: &str,
    ) -> Result<Option<Invocation>, StoreError> {
        let sql = concat!(
            "SELECT ",
            invocation_columns!(),
            " FROM invocations WHERE installation = $1 AND name = $2"
        );
        self.db.row(sql, values![installation.as_str(), name]).await?.as_ref().map(invocation).transpose()
    }

    async fn change_invocation(
        &self,
        old: &Invocation,
        change: InvocationChange,
        now: Timestamp,
    ) -> Result<Option<Invocation>, StoreError> {
        let sql = concat!(
            "UPDATE invocations SET revision = revision + 1, state = $3, problem = $4, attempts = $5, due_at = $6, \
             nudged_at = NULL, ended_at = $7, sent_at = $8 WHERE id = $1 AND revision = $2 RETURNING ",
            invocation_columns!()
        );
        let problem = change.problem.as_ref().map(|it| to_json(it, "invocations.problem")).transpose()?;
        let values = values![
            old.id.as_uuid(),
            old.revision,
            change.state.as_str(),
            problem,
            change.attempts,
            change.due_at,
            change.state.is_end().then_some(now),
            change.sent_at,
        ];
        changed(&self.db, sql, values, invocation).await
    }

    async fn overdue_publications(
        &self,
        due_before: Timestamp,
        nudged_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Publication>, StoreError> {
        let sql = concat!(
            "UPDATE publications SET nudged_at = $3 WHERE id IN (SELECT due.id FROM publications AS due \
             WHERE due.due_at < $1 AND (due.nudged_at IS NULL OR due.nudged_at < $2) ORDER BY due.due_at LIMIT $4) \
             AND (nudged_at IS NULL OR nudged_at < $2) RETURNING ",
            publication_columns!()
        );
        all_changed(&self.db, sql, values![due_before, nudged_before, now, limit], publication).await
    }

    async fn overdue_invocations(
        &self,
        due_before: Timestamp,
        nudged_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Invocation>, StoreError> {
        let sql = concat!(
            "UPDATE invocations SET nudged_at = $3 WHERE id IN (SELECT due.id FROM invocations AS due \
             WHERE due.due_at < $1 AND (due.nudged_at IS NULL OR due.nudged_at < $2) ORDER BY due.due_at LIMIT $4) \
             AND (nudged_at IS NULL OR nudged_at < $2) RETURNING ",
            invocation_columns!()
        );
        all_changed(&self.db, sql, values![due_before, nudged_before, now, limit], invocation).await
    }

    async fn open_publications(
        &self,
        after: Option<PublicationId>,
        limit: u32,
    ) -> Result<Vec<Publication>, StoreError> {
        let sql = concat!(
            "SELECT ",
            publication_columns!(),
            " FROM publications WHERE due_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2"
        );
        let after = after.map_or(uuid::Uuid::nil(), PublicationId::as_uuid);
        self.db.rows(sql, values![after, limit]).await?.iter().map(publication).collect()
    }

    async fn open_invocations(
        &self,
        after: Option<InvocationId>,
        limit: u32,
    ) -> Result<Vec<Invocation>, StoreError> {
        let sql = concat!(
            "SELECT ",
            invocation_columns!(),
            " FROM invocations WHERE due_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2"
        );
        let after = after.map_or(uuid::Uuid::nil(), InvocationId::as_uuid);
        self.db.rows(sql, values![after, limit]).await?.iter().map(invocation).collect()
    }

    async fn take_due_looks(
        &self,
        installation: &InstallationName,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Watched>, StoreError> {
        let sql = concat!(
            "UPDATE watched SET look_at = $3 WHERE installation = $1 AND look_at <= $2 AND pid IN \
             (SELECT due.pid FROM watched AS due WHERE due.installation = $1 AND due.look_at <= $2 \
             ORDER BY due.look_at, due.pid LIMIT $4) RETURNING ",
            watched_columns!()
        );
        all_changed(&self.db, sql, values![installation.as_str(), now, until, limit], watched).await
    }

    async fn looked(&self, dataset: &DatasetRef, look: Look) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE watched SET look_at = $3, failures = $4, problem = $5, \
             looked_at = CASE WHEN $5 IS NULL THEN $6 ELSE looked_at END, \
             deaccessioned_at = CASE WHEN $7 IS NULL THEN deaccessioned_at WHEN $7 THEN COALESCE(deaccessioned_at, $6) END \
             WHERE installation = $1 AND pid = $2",
            values![
                dataset.installation.as_str(),
                dataset.pid.to_string(),
                look.next,
                look.failures,
                look.problem.as_ref().map(|it| to_json(it, "watched.problem")).transpose()?,
                look.now,
                look.deaccessioned,
            ],
        )
        .await?;
        if let Some(edition) = &look.edition {
            tx.execute(
                "UPDATE watched SET version = $3, dataset_id = $4, version_id = $5, last_update = $6, title = $7 \
                 WHERE installation = $1 AND pid = $2",
                values![
                    dataset.installation.as_str(),
                    dataset.pid.to_string(),
                    edition.number.to_string(),
                    edition.dataset_id,
                    edition.version_id,
                    edition.last_update,
                    edition.title.as_str(),
                ],
            )
            .await?;
        }
        tx.commit().await
    }

    async fn put_off_looks(
        &self,
        installation: &InstallationName,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE watched SET look_at = $2 WHERE installation = $1 AND look_at < $2",
            values![installation.as_str(), until],
        )
        .await?;
        tx.commit().await
    }

    async fn look_again(&self, looked_before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "UPDATE watched SET look_at = $2 WHERE look_at > $2 AND failures = 0 \
             AND (looked_at IS NULL OR looked_at < $1)",
            values![looked_before, now],
        )
        .await?;
        tx.commit().await
    }

    async fn watched(&self, dataset: &DatasetRef) -> Result<Option<Watched>, StoreError> {
        let sql =
            concat!("SELECT ", watched_columns!(), " FROM watched WHERE installation = $1 AND pid = $2");
        let row = self.db.row(sql, values![dataset.installation.as_str(), dataset.pid.to_string()]).await?;
        row.as_ref().map(watched).transpose()
    }

    async fn publication_counts(&self, now: Timestamp) -> Result<PublicationCounts, StoreError> {
        counts(&self.db, now).await
    }
}

async fn announce(tx: &mut Tx, new: &NewPublication) -> Result<Announced, StoreError> {
    let id = PublicationId::new(new.now);
    let name = new.invocation.as_ref().map(|(name, _)| name.clone());
    let dataset = &new.dataset;
    let row = tx
        .row(
            concat!(
                "INSERT INTO publications (id, installation, pid, dataset_id, announced, source, invocation, state, \
                 imports, revision, attempts, due_at, received_at) \
                 SELECT $1, $2, $3, $4, $5, $6, $7, 'open', 0, 1, 0, $8, $8 \
                 WHERE $7 IS NOT NULL OR NOT EXISTS (SELECT 1 FROM publications AS other \
                 WHERE other.installation = $2 AND other.pid = $3 AND other.due_at IS NOT NULL) \
                 ON CONFLICT DO NOTHING RETURNING ",
                publication_columns!()
            ),
            values![
                id.as_uuid(),
                dataset.installation.as_str(),
                dataset.pid.to_string(),
                Value::Int(new.dataset_id),
                new.announced.map(|version| version.to_string()),
                new.source.as_str(),
                name,
                new.now,
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(Announced::Known) };
    let publication = Box::new(publication(&row)?);
    let Some((name, due_at)) = &new.invocation else { return Ok(Announced::New(publication, None)) };
    let row = tx
        .row(
            concat!(
                "INSERT INTO invocations (id, installation, name, pid, dataset_id, state, revision, attempts, due_at, \
                 received_at) VALUES ($1, $2, $3, $4, $5, 'waiting', 1, 0, $6, $7) ON CONFLICT DO NOTHING RETURNING ",
                invocation_columns!()
            ),
            values![
                InvocationId::new(new.now).as_uuid(),
                dataset.installation.as_str(),
                name.as_str(),
                dataset.pid.to_string(),
                Value::Int(new.dataset_id),
                *due_at,
                new.now,
            ],
        )
        .await?;
    let invocation = row.as_ref().map(invocation).transpose()?.map(Box::new);
    Ok(Announced::New(publication, invocation))
}

async fn counts(db: &Database, now: Timestamp) -> Result<PublicationCounts, StoreError> {
    let mut counts = PublicationCounts::default();
    let open =
        "SELECT COUNT(*) AS number, MIN(received_at) AS oldest FROM publications WHERE due_at IS NOT NULL";
    if let Some(row) = db.row(open, values![]).await? {
        counts.open = row.int("number")?;
        counts.oldest_open = row.opt_time("oldest")?;
    }
    let waiting = "SELECT installation, state, COUNT(*) AS number, MIN(received_at) AS oldest FROM invocations \
                   WHERE due_at IS NOT NULL GROUP BY installation, state ORDER BY installation, state";
    for row in db.rows(waiting, values![]).await? {
        let name: InstallationName = parsed(&row.text("installation")?, "invocations.installation")?;
        let oldest = row.time("oldest")?;
        match counts.oldest_waiting.iter_mut().find(|(known, _)| *known == name) {
            Some((_, earlier)) => *earlier = oldest.min(*earlier),
            None => counts.oldest_waiting.push((name.clone(), oldest)),
        }
        counts.waiting.push((name, invocation_state(&row.text("state")?)?, row.int("number")?));
    }
    let month_ago = now.minus(std::time::Duration::from_secs(30 * 86_400));
    let given_up = "SELECT COUNT(*) AS number FROM invocations WHERE state = 'given_up' AND ended_at > $1";
    if let Some(row) = db.row(given_up, values![month_ago]).await? {
        counts.given_up = row.int("number")?;
    }
    if let Some(row) = db.row("SELECT MIN(look_at) AS first FROM watched", values![]).await? {
        counts.catch_up_lag = row.opt_time("first")?.map(|first| now.since(first));
    }
    Ok(counts)
}

/// One UPDATE … RETURNING in a transaction of its own.
async fn changed<T>(
    db: &Database,
    sql: &'static str,
    values: Vec<Value>,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    Ok(all_changed(db, sql, values, read).await?.into_iter().next())
}

async fn all_changed<T>(
    db: &Database,
    sql: &'static str,
    values: Vec<Value>,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut tx = db.begin().await?;
    let rows = tx.rows(sql, values).await?;
    let found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    tx.commit().await?;
    Ok(found)
}

fn publication(row: &Row) -> Result<Publication, StoreError> {
    let named = |text: &str| Source::ALL.into_iter().find(|source| source.as_str() == text);
    let state = |text: &str| PublicationState::ALL.into_iter().find(|state| state.as_str() == text);
    let version = |column| -> Result<_, StoreError> {
        row.opt_text(column)?.map(|text| parsed(&text, "publications: a version")).transpose()
    };
    Ok(Publication {
        id: PublicationId::from_uuid(row.uuid("id")?),
        installation: parsed(&row.text("installation")?, "publications.installation")?,
        pid: parsed(&row.text("pid")?, "publications.pid")?,
        dataset_id: row.opt_int("dataset_id")?,
        announced: version("announced")?,
        source: named(&row.text("source")?).ok_or_else(|| unreadable("publications.source"))?,
        invocation: row.opt_text("invocation")?,
        state: state(&row.text("state")?).ok_or_else(|| unreadable("publications.state"))?,
        problem: row.opt_text("problem")?.map(|text| from_json(&text, "publications.problem")).transpose()?,
        found: version("found")?,
        imports: counter(row.int("imports")?, "publications.imports")?,
        revision: row.int("revision")?,
        attempts: counter(row.int("attempts")?, "publications.attempts")?,
        due_at: row.opt_time("due_at")?,
        received_at: row.time("received_at")?,
        ended_at: row.opt_time("ended_at")?,
    })
}

fn invocation(row: &Row) -> Result<Invocation, StoreError> {
    Ok(Invocation {
        id: InvocationId::from_uuid(row.uuid("id")?),
        installation: parsed(&row.text("installation")?, "invocations.installation")?,
        name: row.text("name")?,
        pid: parsed(&row.text("pid")?, "invocations.pid")?,
        dataset_id: row.opt_int("dataset_id")?,
        state: invocation_state(&row.text("state")?)?,
        problem: row.opt_text("problem")?.map(|text| from_json(&text, "invocations.problem")).transpose()?,
        revision: row.int("revision")?,
        attempts: counter(row.int("attempts")?, "invocations.attempts")?,
        sent_at: row.opt_time("sent_at")?,
        due_at: row.opt_time("due_at")?,
        received_at: row.time("received_at")?,
        ended_at: row.opt_time("ended_at")?,
    })
}

fn invocation_state(text: &str) -> Result<InvocationState, StoreError> {
    let found = InvocationState::ALL.into_iter().find(|state| state.as_str() == text);
    found.ok_or_else(|| unreadable("invocations.state"))
}

fn watched(row: &Row) -> Result<Watched, StoreError> {
    let edition = match (row.opt_text("version")?, row.opt_int("version_id")?, row.opt_int("dataset_id")?) {
        (Some(version), Some(version_id), Some(dataset_id)) => Some(Edition {
            number: parsed(&version, "watched.version")?,
            dataset_id,
            version_id,
            last_update: row.opt_time("last_update")?,
            title: row.opt_text("title")?.unwrap_or_default(),
        }),
        _ => None,
    };
    Ok(Watched {
        dataset: DatasetRef {
            installation: parsed(&row.text("installation")?, "watched.installation")?,
            pid: parsed(&row.text("pid")?, "watched.pid")?,
        },
        looked_at: row.opt_time("looked_at")?,
        failures: counter(row.int("failures")?, "watched.failures")?,
        edition,
        deaccessioned_at: row.opt_time("deaccessioned_at")?,
        problem: row.opt_text("problem")?.map(|text| from_json(&text, "watched.problem")).transpose()?,
    })
}

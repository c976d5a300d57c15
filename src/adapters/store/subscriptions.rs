//! Subscriptions and their ledgers.
//!
//! The mails that follow from them are in `outbox`, publications in `publications`.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use subtle::ConstantTimeEq as _;

use super::error::unreadable;
use super::rows::{self, from_json, import_columns, parsed, to_json};
use super::sql::{Database, Row, Tx, Value, values};
use super::{Store, imports, outbox};
use crate::domain::ids::{ImportId, PersonId, PublicationId, SubscriptionId};
use crate::domain::import::{Import, Plan};
use crate::domain::ports::mail::{MailKind, Outgoing};
use crate::domain::ports::publications::DatasetRef;
use crate::domain::ports::store::{Created, NewImport, StoreError};
use crate::domain::ports::subscriptions::{
    HandedOn, NewSubscription, Settling, Subscribed, SubscriptionFilter, SubscriptionStore, Unsettled,
};
use crate::domain::problem::{Problem, ProblemCode};
use crate::domain::subscription::{Edition, LedgerEntry, LedgerOutcome, Subscription, SubscriptionState};
use crate::domain::time::Timestamp;

macro_rules! subscription_columns {
    () => {
        "subscriptions.id AS s_id, subscriptions.person AS s_person, subscriptions.service AS s_service, subscriptions.renku AS s_renku, subscriptions.api AS s_api, \
         subscriptions.installation AS s_installation, subscriptions.pid AS s_pid, subscriptions.project AS s_project, \
         subscriptions.state AS s_state, subscriptions.problem AS s_problem, subscriptions.revision AS s_revision, \
         subscriptions.created_at AS s_created_at, subscriptions.changed_at AS s_changed_at"
    };
}

macro_rules! ledger_columns {
    () => {
        "ledger.subscription AS l_subscription, ledger.version_id AS l_version_id, ledger.last_update AS l_last_update, \
         ledger.version AS l_version, ledger.noticed_at AS l_noticed_at, ledger.import AS l_import, \
         ledger.outcome AS l_outcome, ledger.problem AS l_problem, ledger.settled_at AS l_settled_at"
    };
}

#[async_trait]
impl SubscriptionStore for Store {
    async fn subscribe(&self, new: NewSubscription) -> Result<Subscribed, StoreError> {
        let mut tx = self.db.begin().await?;
        let answer = subscribe(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(answer)
    }

    async fn subscription(&self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        let sql = concat!("SELECT ", subscription_columns!(), " FROM subscriptions WHERE id = $1");
        self.db.row(sql, values![id.as_uuid()]).await?.as_ref().map(subscription).transpose()
    }

    async fn subscriptions(&self, filter: &SubscriptionFilter) -> Result<Vec<Subscription>, StoreError> {
        let dataset = filter.dataset.as_ref();
        let conditions = [
            ("person =", filter.person.map(|person| Value::from(person.as_uuid()))),
            ("installation =", dataset.map(|dataset| Value::from(dataset.installation.as_str()))),
            ("pid =", dataset.map(|dataset| Value::from(dataset.pid.to_string()))),
            ("service =", filter.service.then(|| Value::from(true))),
            ("id <", filter.before.map(|before| Value::from(before.as_uuid()))),
            ("state <>", (!filter.with_ended).then(|| Value::from("ended"))),
        ];
        let (mut clauses, mut values) = (vec!["1 = 1".to_owned()], values![filter.limit]);
        for (condition, value) in conditions {
            let Some(value) = value else { continue };
            values.push(value);
            clauses.push(format!("{condition} ${}", values.len()));
        }
        let sql = format!(
            concat!(
                "SELECT ",
                subscription_columns!(),
                " FROM subscriptions WHERE {} ORDER BY id DESC LIMIT $1"
            ),
            clauses.join(" AND ")
        );
        // Safe: the text is made of the constants above; everything from outside is a bound value.
        self.db.rows(AssertSqlSafe(sql), values).await?.iter().map(subscription).collect()
    }

    async fn set_subscription(
        &self,
        old: &Subscription,
        state: SubscriptionState,
        problem: Option<Problem>,
        mail: Option<MailKind>,
        now: Timestamp,
    ) -> Result<Option<Subscription>, StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(changed) = set(&mut tx, old, state, problem, mail, now).await? else { return Ok(None) };
        tx.commit().await?;
        Ok(Some(changed))
    }

    async fn has_unsubscribe_key(&self, id: SubscriptionId, key: &str) -> Result<bool, StoreError> {
        let sql = "SELECT unsubscribe_key FROM subscriptions WHERE id = $1";
        let Some(row) = self.db.row(sql, values![id.as_uuid()]).await? else { return Ok(false) };
        Ok(row.text("unsubscribe_key")?.as_bytes().ct_eq(key.as_bytes()).into())
    }

    async fn unserved(
        &self,
        dataset: &DatasetRef,
        edition: &Edition,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let rows = self
            .db
            .rows(
                concat!(
                    "SELECT ",
                    subscription_columns!(),
                    " FROM subscriptions WHERE installation = $1 AND pid = $2 AND state = 'active' \
                     AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.subscription = subscriptions.id \
                     AND (ledger.version_id = $3 AND ledger.last_update >= $4 OR ledger.version_id > $3)) \
                     ORDER BY id LIMIT $5"
                ),
                values![
                    dataset.installation.as_str(),
                    dataset.pid.to_string(),
                    edition.version_id,
                    edition.last_update.unwrap_or_default(),
                    limit
                ],
            )
            .await?;
        rows.iter().map(subscription).collect()
    }

    async fn has_version(&self, id: SubscriptionId, edition: &Edition) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS one FROM ledger WHERE subscription = $1 AND version_id = $2 AND version = $3 \
                   AND outcome IN ('open', 'arrived', 'metadata_only') LIMIT 1";
        let values = values![id.as_uuid(), edition.version_id, edition.number.to_string()];
        Ok(self.db.row(sql, values).await?.is_some())
    }

    async fn hand_on(
        &self,
        subscription: &Subscription,
        edition: &Edition,
        what: HandedOn,
        publication: Option<PublicationId>,
        now: Timestamp,
    ) -> Result<Option<Option<Import>>, StoreError> {
        let mut tx = self.db.begin().await?;
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
                    return Err(unreadable(
                        "an import of a subscription that was made before its ledger's line",
                    ));
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

    async fn ledger(&self, id: SubscriptionId, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        let sql = concat!(
            "SELECT ",
            ledger_columns!(),
            " FROM ledger WHERE subscription = $1 ORDER BY noticed_at DESC, version_id DESC LIMIT $2"
        );
        self.db.rows(sql, values![id.as_uuid(), limit]).await?.iter().map(entry).collect()
    }

    async fn unsettled(&self, limit: u32) -> Result<Vec<Unsettled>, StoreError> {
        let rows = self
            .db
            .rows(
                concat!(
                    "SELECT ",
                    import_columns!(),
                    ", ",
                    ledger_columns!(),
                    ", ",
                    subscription_columns!(),
                    " FROM ledger JOIN imports ON imports.id = ledger.import \
                     JOIN subscriptions ON subscriptions.id = ledger.subscription \
                     WHERE ledger.outcome = 'open' \
                     AND imports.phase IN ('succeeded', 'failed', 'cancelled', 'superseded') \
                     ORDER BY imports.updated_at LIMIT $1"
                ),
                values![limit],
            )
            .await?;
        rows.iter().map(unsettled).collect()
    }

    async fn untold(&self, limit: u32) -> Result<Vec<Unsettled>, StoreError> {
        let rows = self
            .db
            .rows(
                concat!(
                    "SELECT ",
                    import_columns!(),
                    ", ",
                    ledger_columns!(),
                    ", ",
                    subscription_columns!(),
                    " FROM ledger JOIN imports ON imports.id = ledger.import \
                     JOIN subscriptions ON subscriptions.id = ledger.subscription \
                     WHERE ledger.outcome = 'open' AND subscriptions.mail_to IS NOT NULL \
                     AND ((imports.condition = 'sign_in' AND NOT EXISTS \
                     (SELECT 1 FROM outbox WHERE outbox.import = imports.id AND outbox.kind = 'sign-in')) \
                     OR (imports.phase = 'parked' AND NOT EXISTS \
                     (SELECT 1 FROM outbox WHERE outbox.import = imports.id AND outbox.kind = 'failed'))) \
                     ORDER BY imports.updated_at LIMIT $1"
                ),
                values![limit],
            )
            .await?;
        rows.iter().map(unsettled).collect()
    }

    async fn open_entries(&self, id: SubscriptionId) -> Result<Vec<Unsettled>, StoreError> {
        let rows = self
            .db
            .rows(
                concat!(
                    "SELECT ",
                    import_columns!(),
                    ", ",
                    ledger_columns!(),
                    ", ",
                    subscription_columns!(),
                    " FROM ledger JOIN imports ON imports.id = ledger.import \
                     JOIN subscriptions ON subscriptions.id = ledger.subscription \
                     WHERE ledger.outcome = 'open' AND ledger.subscription = $1 ORDER BY ledger.noticed_at"
                ),
                values![id.as_uuid()],
            )
            .await?;
        rows.iter().map(unsettled).collect()
    }

    async fn settle(&self, line: &Unsettled, settling: Settling) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
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
            outbox::put(&mut tx, &line.subscription, kind, Some(line.import.id), &letter, settling.now)
                .await?;
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

    async fn tell(
        &self,
        line: &Unsettled,
        kind: MailKind,
        problem: Option<Problem>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let letter = outbox::letter(&line.subscription, Some(line), problem);
        outbox::put(&mut tx, &line.subscription, kind, Some(line.import.id), &letter, now).await?;
        tx.commit().await
    }

    async fn take_over(&self, earlier: ImportId, import: ImportId) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        take_over(&mut tx, earlier, import).await?;
        tx.commit().await
    }

    async fn wake_signed_in(&self, now: Timestamp) -> Result<Vec<Subscription>, StoreError> {
        let mut tx = self.db.begin().await?;
        let rows = tx
            .rows(
                concat!(
                    "SELECT ",
                    subscription_columns!(),
                    " FROM subscriptions \
                     LEFT JOIN service_people ON service_people.renku = subscriptions.renku AND subscriptions.service \
                     JOIN credentials ON credentials.person = \
                     CASE WHEN subscriptions.service THEN service_people.person ELSE subscriptions.person END \
                     WHERE subscriptions.state = 'paused' AND credentials.state_name IN ('active', 'refreshing') \
                     AND (credentials.signed_in_at > subscriptions.changed_at OR service_people.since > subscriptions.changed_at) \
                     AND (subscriptions.problem LIKE $1 OR subscriptions.problem LIKE $2 OR subscriptions.problem LIKE $3) \
                     ORDER BY subscriptions.id LIMIT 500"
                ),
                values![
                    format!("%\"{}\"%", ProblemCode::SignInNeeded),
                    format!("%\"{}\"%", ProblemCode::RenkuSignInNeeded),
                    format!("%\"{}\"%", ProblemCode::ServiceSignInNeeded),
                ],
            )
            .await?;
        let mut woken = Vec::new();
        for row in &rows {
            let paused = subscription(row)?;
            woken.extend(set(&mut tx, &paused, SubscriptionState::Active, None, None, now).await?);
        }
        tx.commit().await?;
        Ok(woken)
    }

    async fn take_mails(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError> {
        outbox::take(&self.db, now, until, limit).await
    }

    async fn mail_is_over(
        &self,
        mail: &Outgoing,
        problem: Option<Problem>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        outbox::over(&self.db, mail, problem, now).await
    }

    async fn mail_later(&self, mail: &Outgoing, problem: Problem, at: Timestamp) -> Result<(), StoreError> {
        outbox::later(&self.db, mail, problem, at).await
    }
}

/// An import in place of one that did not arrive, whose line in a ledger it takes over.
pub(super) async fn create_instead_of(
    db: &Database,
    earlier: ImportId,
    new: NewImport,
) -> Result<Created, StoreError> {
    let mut tx = db.begin().await?;
    let created = imports::create_in(&mut tx, new).await?;
    if let Created::New(import) | Created::Existing(import) = &created {
        take_over(&mut tx, earlier, import.id).await?;
    }
    tx.commit().await?;
    Ok(created)
}

async fn take_over(tx: &mut Tx, earlier: ImportId, import: ImportId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE ledger SET import = $2, outcome = 'open', problem = NULL, settled_at = NULL \
         WHERE import = $1 AND outcome IN ('failed', 'cancelled')",
        values![earlier.as_uuid(), import.as_uuid()],
    )
    .await?;
    Ok(())
}

/// An import, and the subscription that begins with it.
pub(super) async fn create_with_import(
    db: &Database,
    new: NewImport,
    edition: &Edition,
    subscription: NewSubscription,
) -> Result<(Created, Option<Subscribed>), StoreError> {
    let mut tx = db.begin().await?;
    let created = imports::create_in(&mut tx, new).await?;
    let import = match &created {
        Created::New(import) | Created::Existing(import) => import.clone(),
        Created::KeyReused => return Ok((created, None)),
    };
    let (id, has) = (import.id, Some((edition.clone(), import)));
    let new = NewSubscription { has, ..subscription };
    let now = new.subscription.created_at;
    let subscribed = match subscribe(&mut tx, &new).await? {
        Subscribed::New(stored) => Subscribed::New(stored),
        Subscribed::Existing(earlier) => {
            let line = Line { outcome: LedgerOutcome::Open, import: Some(id), publication: None, now };
            add_line(&mut tx, earlier.id, edition, &line).await?;
            let goes_on = match earlier.state {
                SubscriptionState::Active => None,
                SubscriptionState::Paused | SubscriptionState::Ended => {
                    set(&mut tx, &earlier, SubscriptionState::Active, None, None, now).await?
                }
            };
            Subscribed::Existing(goes_on.unwrap_or(earlier))
        }
    };
    tx.commit().await?;
    Ok((created, Some(subscribed)))
}

async fn subscribe(tx: &mut Tx, new: &NewSubscription) -> Result<Subscribed, StoreError> {
    let it = &new.subscription;
    let (mail_to, language) = new.mail.clone().unzip();
    let row = tx
        .row(
            concat!(
                "INSERT INTO subscriptions (id, person, renku, api, installation, pid, project, state, revision, created_at, \
                 changed_at, mail_to, language, unsubscribe_key, service) \
                 VALUES ($1, $2, $3, $12, $4, $5, $6, $7, 1, $8, $8, $9, $10, $11, $13) ON CONFLICT DO NOTHING RETURNING ",
                subscription_columns!()
            ),
            values![
                it.id.as_uuid(),
                it.person.as_uuid(),
                it.renku.as_str(),
                it.installation.as_str(),
                it.pid.to_string(),
                it.project.as_str(),
                it.state.as_str(),
                it.created_at,
                mail_to,
                language,
                new.unsubscribe_key.as_str(),
                it.api.as_str(),
                it.service,
            ],
        )
        .await?;
    let Some(row) = row else {
        let sql = concat!(
            "SELECT ",
            subscription_columns!(),
            " FROM subscriptions WHERE person = $1 AND installation = $2 AND pid = $3 AND project = $4 AND state <> 'ended'"
        );
        let key =
            values![it.person.as_uuid(), it.installation.as_str(), it.pid.to_string(), it.project.as_str()];
        let row = tx.row(sql, key).await?.ok_or_else(|| unreadable("a subscription that came and went"))?;
        return Ok(Subscribed::Existing(subscription(&row)?));
    };
    let stored = subscription(&row)?;
    tx.execute(
        "INSERT INTO watched (installation, pid, look_at, failures) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING",
        values![it.installation.as_str(), it.pid.to_string(), it.created_at],
    )
    .await?;
    if let Some((edition, import)) = &new.has {
        let line = Line {
            outcome: LedgerOutcome::Open,
            import: Some(import.id),
            publication: None,
            now: it.created_at,
        };
        add_line(tx, stored.id, edition, &line).await?;
    }
    Ok(Subscribed::New(stored))
}

async fn set(
    tx: &mut Tx,
    old: &Subscription,
    state: SubscriptionState,
    problem: Option<Problem>,
    mail: Option<MailKind>,
    now: Timestamp,
) -> Result<Option<Subscription>, StoreError> {
    let ends = state == SubscriptionState::Ended;
    let row = tx
        .row(
            concat!(
                "UPDATE subscriptions SET state = $3, problem = $4, revision = revision + 1, changed_at = $5, \
                 mail_to = CASE WHEN $6 THEN NULL ELSE mail_to END WHERE id = $1 AND revision = $2 RETURNING ",
                subscription_columns!()
            ),
            values![
                old.id.as_uuid(),
                old.revision,
                state.as_str(),
                problem.as_ref().map(|it| to_json(it, "subscriptions.problem")).transpose()?,
                now,
                ends,
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let changed = subscription(&row)?;
    if let Some(kind) = mail {
        let letter = outbox::letter(&changed, None, problem);
        outbox::put(tx, &changed, kind, None, &letter, now).await?;
    }
    if ends {
        tx.execute(
            "DELETE FROM watched WHERE installation = $1 AND pid = $2 AND NOT EXISTS (SELECT 1 FROM subscriptions AS other \
             WHERE other.installation = $1 AND other.pid = $2 AND other.state <> 'ended')",
            values![old.installation.as_str(), old.pid.to_string()],
        )
        .await?;
    }
    Ok(Some(changed))
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

struct Line {
    outcome: LedgerOutcome,
    import: Option<ImportId>,
    publication: Option<PublicationId>,
    now: Timestamp,
}

/// `false`: there is one.
async fn add_line(
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

fn subscription(row: &Row) -> Result<Subscription, StoreError> {
    let state = |text: &str| SubscriptionState::ALL.into_iter().find(|state| state.as_str() == text);
    let problem = row.opt_text("s_problem")?;
    Ok(Subscription {
        id: SubscriptionId::from_uuid(row.uuid("s_id")?),
        person: PersonId::from_uuid(row.uuid("s_person")?),
        service: row.opt_flag("s_service")?.unwrap_or_default(),
        renku: parsed(&row.text("s_renku")?, "subscriptions.renku")?,
        api: parsed(&row.text("s_api")?, "subscriptions.api")?,
        installation: parsed(&row.text("s_installation")?, "subscriptions.installation")?,
        pid: parsed(&row.text("s_pid")?, "subscriptions.pid")?,
        project: parsed(&row.text("s_project")?, "subscriptions.project")?,
        state: state(&row.text("s_state")?).ok_or_else(|| unreadable("subscriptions.state"))?,
        problem: problem.map(|text| from_json(&text, "subscriptions.problem")).transpose()?,
        revision: row.int("s_revision")?,
        created_at: row.time("s_created_at")?,
        changed_at: row.time("s_changed_at")?,
    })
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

fn unsettled(row: &Row) -> Result<Unsettled, StoreError> {
    Ok(Unsettled { entry: entry(row)?, import: rows::import(row)?, subscription: subscription(row)? })
}

//! Subscriptions.
//!
//! Their ledgers are in `ledger`, the mails that follow in `outbox`, publications in `publications`.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use subtle::ConstantTimeEq as _;

use super::error::unreadable;
use super::ledger::{self, Line};
use super::rows::{from_json, parsed, to_json};
use super::sql::{Database, Row, Tx, Value, values};
use super::{Store, imports, outbox};
use crate::domain::ids::{ImportId, PersonId, PublicationId, SubscriptionId};
use crate::domain::import::Import;
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
        "subscriptions.id AS s_id, subscriptions.person AS s_person, subscriptions.service AS s_service, \
         subscriptions.renku AS s_renku, subscriptions.api AS s_api, subscriptions.installation AS s_installation, subscriptions.pid AS s_pid, subscriptions.project AS s_project, \
         subscriptions.state AS s_state, subscriptions.problem AS s_problem, subscriptions.revision AS s_revision, \
         subscriptions.created_at AS s_created_at, subscriptions.changed_at AS s_changed_at"
    };
}
pub(super) use subscription_columns;

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
        self.db.row(sql, values![id.as_uuid()]).await?.as_ref().map(subscription_of).transpose()
    }

    async fn subscriptions(&self, filter: &SubscriptionFilter) -> Result<Vec<Subscription>, StoreError> {
        let dataset = filter.dataset.as_ref();
        let conditions = [
            ("person =", filter.person.map(|person| Value::from(person.as_uuid()))),
            ("installation =", dataset.map(|dataset| Value::from(dataset.installation.as_str()))),
            ("pid =", dataset.map(|dataset| Value::from(dataset.pid.to_string()))),
            ("service =", filter.only_service.then(|| Value::from(true))),
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
        self.db.rows(AssertSqlSafe(sql), values).await?.iter().map(subscription_of).collect()
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
        rows.iter().map(subscription_of).collect()
    }

    async fn has_version(&self, id: SubscriptionId, edition: &Edition) -> Result<bool, StoreError> {
        ledger::has_version(&self.db, id, edition).await
    }

    async fn hand_on(
        &self,
        subscription: &Subscription,
        edition: &Edition,
        what: HandedOn,
        publication: Option<PublicationId>,
        now: Timestamp,
    ) -> Result<Option<Option<Import>>, StoreError> {
        ledger::hand_on(&self.db, subscription, edition, what, publication, now).await
    }

    async fn ledger(&self, id: SubscriptionId, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        ledger::ledger(&self.db, id, limit).await
    }

    async fn unsettled(&self, limit: u32) -> Result<Vec<Unsettled>, StoreError> {
        ledger::unsettled(&self.db, limit).await
    }

    async fn untold(&self, limit: u32) -> Result<Vec<Unsettled>, StoreError> {
        ledger::untold(&self.db, limit).await
    }

    async fn open_entries(&self, id: SubscriptionId) -> Result<Vec<Unsettled>, StoreError> {
        ledger::open_entries(&self.db, id).await
    }

    async fn settle(&self, line: &Unsettled, settling: Settling) -> Result<bool, StoreError> {
        ledger::settle(&self.db, line, settling).await
    }

    async fn tell(
        &self,
        line: &Unsettled,
        kind: MailKind,
        problem: Option<Problem>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        ledger::tell(&self.db, line, kind, problem, now).await
    }

    async fn take_over(&self, earlier: ImportId, import: ImportId) -> Result<(), StoreError> {
        ledger::take_over(&self.db, earlier, import).await
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
                     AND (subscriptions.problem LIKE $1 \
                     OR (credentials.signed_in_at > subscriptions.changed_at OR service_people.since > subscriptions.changed_at) \
                     AND (subscriptions.problem LIKE $2 OR subscriptions.problem LIKE $3 OR subscriptions.problem LIKE $4)) \
                     ORDER BY subscriptions.id LIMIT 500"
                ),
                values![
                    // Paused for want of somebody: whoever is there now will do.
                    format!("%\"{}\"%", ProblemCode::ServiceSignInNeeded),
                    format!("%\"{}\"%", ProblemCode::SignInNeeded),
                    format!("%\"{}\"%", ProblemCode::RenkuSignInNeeded),
                    format!("%\"{}\"%", ProblemCode::ServiceRenkuSignInNeeded),
                ],
            )
            .await?;
        let mut woken = Vec::new();
        for row in &rows {
            let paused = subscription_of(row)?;
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
            ledger::add_line(&mut tx, earlier.id, edition, &line).await?;
            let goes_on = match earlier.state {
                SubscriptionState::Active => None,
                // Who lets that go on is an administrator.
                SubscriptionState::Paused if earlier.service => None,
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
            " FROM subscriptions WHERE installation = $2 AND pid = $3 AND project = $4 AND state <> 'ended' \
             AND (person = $1 OR $5 AND service) ORDER BY id LIMIT 1"
        );
        let key = values![
            it.person.as_uuid(),
            it.installation.as_str(),
            it.pid.to_string(),
            it.project.as_str(),
            it.service,
        ];
        let row = tx.row(sql, key).await?.ok_or_else(|| unreadable("a subscription that came and went"))?;
        return Ok(Subscribed::Existing(subscription_of(&row)?));
    };
    let stored = subscription_of(&row)?;
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
        ledger::add_line(tx, stored.id, edition, &line).await?;
    }
    Ok(Subscribed::New(stored))
}

pub(super) async fn set(
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
    let changed = subscription_of(&row)?;
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

pub(super) fn subscription_of(row: &Row) -> Result<Subscription, StoreError> {
    let state = |text: &str| SubscriptionState::ALL.into_iter().find(|state| state.as_str() == text);
    let problem = row.opt_text("s_problem")?;
    Ok(Subscription {
        id: SubscriptionId::from_uuid(row.uuid("s_id")?),
        person: PersonId::from_uuid(row.uuid("s_person")?),
        service: row.flag("s_service")?,
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

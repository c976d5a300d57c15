//! A store of its own for each case, and the words in which the cases are told.

use std::sync::Arc;
use std::time::Duration;

use dataverse_renku::adapters::store::{Access, Store, open};
use dataverse_renku::domain::ids::{ImportId, LeaseId, PersonId};
use dataverse_renku::domain::import::{Condition, Event, Import, Order, Plan, RemoteJob};
use dataverse_renku::domain::ports::store::{
    Change, Changed, Created, ImportStore as _, Lease, NewImport, Slot, SlotAnswer,
};
use dataverse_renku::domain::problem::{Problem, ProblemCode, SignInAt};
use dataverse_renku::domain::project::RenkuApi;
use dataverse_renku::domain::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// When every case begins.
pub(crate) const T0: Timestamp = Timestamp::from_millis(1_764_000_000_000);

pub(crate) fn after(seconds: u64) -> Timestamp {
    T0.plus(Duration::from_secs(seconds))
}

pub(crate) struct Bench {
    pub(crate) store: Arc<Store>,
    pub(crate) url: SecretString,
    _place: Place,
}

/// Where the store is; goes away with the bench.
enum Place {
    Directory { _kept: tempfile::TempDir },
    Schema { server: String, name: String },
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Schema { server, name } = self else { return };
        let (server, sql) = (server.clone(), format!("DROP SCHEMA {name} CASCADE"));
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(run(&server, sql))
        });
        let dropped = dropped.join();
        assert!(std::thread::panicking() || matches!(dropped, Ok(Ok(()))), "{dropped:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the address of the test server comes from scripts/test")]
pub(crate) fn postgres_server() -> String {
    std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL is not set: run scripts/test")
}

/// Runs a statement past the store.
pub(crate) async fn run(url: &str, sql: String) -> Result<(), sqlx::Error> {
    use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
    let sql = AssertSqlSafe(sql);
    if url.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(url).await?;
        connection.execute(sqlx::raw_sql(sql)).await?;
        connection.close().await
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await?;
        connection.execute(sqlx::raw_sql(sql)).await?;
        connection.close().await
    }
}

/// An SQLite file that nobody else can write to.
pub(crate) struct Held(sqlx::SqliteConnection);

pub(crate) async fn hold_sqlite(url: &str) -> Held {
    use sqlx::{Connection as _, Executor as _};
    let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
    connection.execute("BEGIN IMMEDIATE").await.unwrap();
    Held(connection)
}

impl Held {
    pub(crate) async fn let_go(self) {
        use sqlx::Connection as _;
        self.0.close().await.unwrap();
    }
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        let bench = Self::sqlite_without_tables().await;
        bench.store.migrate().await.unwrap();
        bench
    }

    pub(super) async fn sqlite_without_tables() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("store.db").display());
        Self::at(url, Place::Directory { _kept: directory }).await
    }

    pub(crate) async fn postgres() -> Self {
        let bench = Self::postgres_without_tables().await;
        bench.store.migrate().await.unwrap();
        bench
    }

    pub(super) async fn postgres_without_tables() -> Self {
        let server = postgres_server();
        let name = format!("store_{}", Uuid::now_v7().simple());
        run(&server, format!("CREATE SCHEMA {name}")).await.unwrap();
        let sign = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{sign}options=-csearch_path={name}");
        Self::at(url, Place::Schema { server, name }).await
    }

    async fn at(url: String, place: Place) -> Self {
        let url = SecretString::from(url);
        let store = open(&url, Access::Serve).await.unwrap();
        Self { store, url, _place: place }
    }

    pub(crate) fn url_kind(&self) -> &str {
        self.url.expose_secret().split_once(':').map_or("", |(scheme, _)| scheme)
    }

    pub(crate) async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        run(self.url.expose_secret(), sql.to_owned()).await
    }

    pub(crate) async fn create(&self, person: PersonId, project: &str, now: Timestamp) -> Import {
        match self.store.create(new(person, order(project), now)).await.unwrap() {
            Created::New(import) => import,
            other @ (Created::Existing(_) | Created::KeyReused) => panic!("{other:?}"),
        }
    }

    pub(crate) async fn lease(&self, import: &Import, now: Timestamp) -> (Import, LeaseId) {
        let until = now.plus(Duration::from_secs(60));
        match self.store.lease(import.id, import.revision, now, until).await.unwrap() {
            Lease::Taken(import, lease) => (*import, lease),
            other @ (Lease::Stale | Lease::Busy | Lease::NotDue(_) | Lease::Unknown) => panic!("{other:?}"),
        }
    }

    pub(crate) async fn change(&self, import: &Import, change: Change) -> Import {
        done(self.store.change(import, None, change).await.unwrap())
    }

    pub(crate) async fn read(&self, import: &Import) -> Import {
        self.store.import(import.id).await.unwrap().unwrap()
    }

    /// Leases the import and asks for its slot.
    pub(crate) async fn ask(&self, import: &Import, outstanding: u32, now: Timestamp) -> SlotAnswer {
        let (import, lease) = self.lease(import, now).await;
        let answer =
            self.store.take_slot(&import, lease, on(&import, Event::Planned(plan()), now), outstanding).await;
        self.store.hand_back(import.id, lease).await.unwrap();
        answer.unwrap()
    }

    pub(crate) async fn take(&self, import: &Import, outstanding: u32, now: Timestamp) -> Import {
        match self.ask(import, outstanding, now).await {
            SlotAnswer::Taken(import) => *import,
            other @ (SlotAnswer::Wait | SlotAnswer::Conflict) => panic!("{other:?}"),
        }
    }
}

pub(crate) fn done(changed: Changed) -> Import {
    match changed {
        Changed::Done(import) => *import,
        Changed::Conflict => panic!("a conflict"),
    }
}

pub(crate) fn person() -> PersonId {
    PersonId::new(T0)
}

pub(crate) fn order(project: &str) -> Order {
    Order {
        installation: "demo".parse().unwrap(),
        pid: "doi:10.5072/FK2/A".parse().unwrap(),
        version: None,
        renku: "main".parse().unwrap(),
        api: RenkuApi::Core,
        project: format!("https://git.example/group/{project}").parse().unwrap(),
        name: None,
        migrate: false,
    }
}

pub(crate) fn new(person: PersonId, order: Order, now: Timestamp) -> NewImport {
    NewImport {
        id: ImportId::new(now),
        person,
        order,
        title: None,
        now,
        give_up_at: now.plus(Duration::from_secs(86_400)),
        idempotency_key: None,
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        version: "1.0".parse().unwrap(),
        version_id: 7,
        last_update: Some(T0),
        title: "Gletscher – 氷河".into(),
        name: "glacier".parse().unwrap(),
        dataset_uri: "https://dv.example/dataset.xhtml?persistentId=doi:10.5072/FK2/A".into(),
        files: 3,
        bytes: 9,
    }
}

pub(crate) fn job(id: &str) -> RemoteJob {
    RemoteJob { id: id.into(), base: None, sticky: None, accepted_at: T0, working_since: None }
}

pub(crate) fn sign_in(at: SignInAt) -> Event {
    Event::Waits(Condition::SignIn { at, problem: Problem::new(ProblemCode::SignInNeeded) })
}

/// The change that this event makes, with something due at once.
pub(crate) fn on(import: &Import, event: Event, now: Timestamp) -> Change {
    let name = event.as_str();
    Change {
        state: import.state.after(event).unwrap(),
        due_at: Some(now),
        attempts: import.attempts,
        slot: Slot::Keep,
        keep_lease: false,
        event: Some(name),
        problem: None,
        now,
    }
}

/// A change of nothing but when it is due.
pub(crate) fn again(import: &Import, due_at: Option<Timestamp>, now: Timestamp) -> Change {
    Change {
        state: import.state.clone(),
        due_at,
        attempts: import.attempts,
        slot: Slot::Keep,
        keep_lease: false,
        event: None,
        problem: None,
        now,
    }
}

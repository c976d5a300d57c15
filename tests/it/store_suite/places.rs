//! What only one of the two has: SQLite's file and lock, PostgreSQL's server that is away.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use dataverse_renku::adapters::store::{Access, OpenError, open};
use dataverse_renku::domain::ports::store::{
    Changed, ImportFilter, ImportStore as _, StateGroup, StoreError,
};
use secrecy::ExposeSecret as _;
use tokio_util::task::TaskTracker;

use super::bench::{Bench, T0, again, person};

#[tokio::test]
async fn an_sqlite_file_serves_one_process_and_is_for_its_eyes_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made/for/us/store.db");
    let url = format!("sqlite://{}", path.display()).into();
    let missing = open(&url, Access::Tool).await.unwrap_err();
    assert!(matches!(missing, OpenError::File(..)), "{missing}");
    assert!(!path.exists());
    let store = open(&url, Access::Serve).await.unwrap();
    store.migrate().await.unwrap();
    for file in ["store.db", "store.db-wal", "store.db.lock"] {
        let mode = path.with_file_name(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let second = open(&url, Access::Serve).await.unwrap_err();
    assert!(matches!(second, OpenError::InUse(_)), "{second}");
    assert!(second.to_string().contains("store.db is in use by another process"), "{second}");
    drop(store);
    open(&url, Access::Serve).await.unwrap();
}

#[tokio::test]
async fn a_command_works_beside_the_service_on_one_sqlite_file() {
    let bench = Bench::sqlite().await;
    let tool = open(&bench.url, Access::Tool).await.unwrap();
    tool.check_schema().await.unwrap();
    let mine = bench.create(person(), "p", T0).await;
    assert_eq!(tool.import(mine.id).await.unwrap(), Some(mine.clone()));
    let (_, lease) = bench.lease(&mine, T0).await;
    tool.hand_back(mine.id, lease).await.unwrap();
    bench.lease(&mine, T0).await;
}

#[tokio::test]
async fn a_schema_that_does_not_fit_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("store.db").display()).into();
    let store = open(&url, Access::Serve).await.unwrap();
    assert!(matches!(store.check_schema().await, Err(OpenError::SchemaTooOld { found: 0, .. })));
    drop(store);
    let bench = Bench::sqlite().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'to come', 1, x'00', 1)";
    bench.run(newer).await.unwrap();
    assert!(matches!(bench.store.check_schema().await, Err(OpenError::SchemaTooNew { found: 9999, .. })));
    assert!(matches!(bench.store.migrate().await, Err(OpenError::SchemaTooNew { .. })));
}

/// Rows of the first schema, which knew neither titles nor what lists look for, are found by both.
async fn what_was_stored_before_is_found_afterwards(bench: &Bench, kind: &str, bytes: &str) {
    let folder = format!("{}/migrations/{kind}", env!("CARGO_MANIFEST_DIR"));
    let mut changes: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    changes.sort();
    let (before, since) = changes.split_at(1);
    let apply = async |changes: &[std::path::PathBuf]| {
        for change in changes {
            let sql = std::fs::read_to_string(change).unwrap();
            bench.run(&sql).await.unwrap_or_else(|error| panic!("{}: {error}", change.display()));
        }
    };
    apply(before).await;
    let anna = person();
    let rows = [
        (
            r#"{"is":"ended","end":{"end":"failed","problem":{"code":"project-not-writable"},"plan":null}}"#,
            "failed",
        ),
        (
            r#"{"is":"ended","end":{"end":"failed","problem":{"code":"renku-internal-error"},"plan":null}}"#,
            "failed",
        ),
        (r#"{"is":"open","stage":{"stage":"queued"},"condition":{"condition":"none"}}"#, "queued"),
    ];
    for (n, (state, phase)) in rows.iter().enumerate() {
        let id =
            bytes.replace('?', &format!("00000000-0000-7000-8000-00000000000{n}").replace(dash(kind), ""));
        let person = bytes.replace('?', &anna.to_string().replace(dash(kind), ""));
        let yes = if kind == "sqlite" { "1" } else { "true" };
        let row = format!(
            "INSERT INTO imports (id, person, installation, pid, renku, project, migrate, phase, condition, state, \
             revision, attempts, created_at, updated_at, give_up_at) VALUES ({id}, {person}, 'demo', \
             'doi:10.5072/FK2/{n}', 'main', 'https://git.example/a/b', {yes}, '{phase}', 'none', '{state}', 1, 0, 1, 1, 9)"
        );
        bench.run(&row).await.unwrap();
    }
    apply(since).await;
    let list = async |filter: ImportFilter| {
        let filter = ImportFilter { person: Some(anna), limit: 10, ..filter };
        let found = bench.store.imports(&filter).await.unwrap();
        found.iter().map(|import| import.order.pid.to_string()).collect::<Vec<_>>()
    };
    let mine = ImportFilter { group: Some(StateGroup::NeedsOwner), ..ImportFilter::default() };
    assert_eq!(list(mine).await, ["doi:10.5072/FK2/0"]);
    let words = ImportFilter { search: Some("fk2/1".into()), ..ImportFilter::default() };
    assert_eq!(list(words).await, ["doi:10.5072/FK2/1"]);
    assert_eq!(list(ImportFilter::default()).await.len(), 3);
}

/// SQLite writes bytes as hexadecimal digits alone.
fn dash(kind: &str) -> &'static str {
    if kind == "sqlite" { "-" } else { "none" }
}

#[tokio::test]
async fn sqlite_rows_from_before_are_found_afterwards() {
    let bench = Bench::sqlite_without_tables().await;
    what_was_stored_before_is_found_afterwards(&bench, "sqlite", "X'?'").await;
}

#[tokio::test]
#[ignore = "needs a server: run scripts/test"]
async fn needs_postgres_rows_from_before_are_found_afterwards() {
    let bench = Bench::postgres_without_tables().await;
    what_was_stored_before_is_found_afterwards(&bench, "postgres", "'?'").await;
}

#[tokio::test]
async fn addresses_that_cannot_be_meant_are_refused() {
    for url in
        ["mysql://x", "store.db", "", "sqlite::memory:", "sqlite://x?mode=memory", "postgres://h:port/x"]
    {
        let refusal = open(&url.to_owned().into(), Access::Serve).await.unwrap_err();
        assert!(matches!(refusal, OpenError::Address(..)), "{url}: {refusal}");
    }
}

#[tokio::test]
async fn a_row_that_is_not_ours_is_unreadable_and_keeps_its_secrets() {
    let bench = Bench::sqlite().await;
    let import = bench.create(person(), "p", T0).await;
    bench.run(r#"UPDATE imports SET state = '{"is":"route=secret"}'"#).await.unwrap();
    let error = bench.store.import(import.id).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable(_)), "{error}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn a_postgres_that_is_away_is_said_within_seconds() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let begun = Instant::now();
    let url = format!("postgres://u:hidden@127.0.0.1:{closed}/x").into();
    let refusal = open(&url, Access::Serve).await.unwrap_err();
    assert!(matches!(refusal, OpenError::Connect(_)), "{refusal}");
    let why = std::error::Error::source(&refusal).unwrap();
    assert!(why.to_string().contains(&format!("127.0.0.1:{closed}")), "{why}");
    assert!(std::error::Error::source(why).unwrap().to_string().contains("refused"), "{why:?}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(!format!("{refusal:?}").contains("hidden"));
}

/// What a killed process leaves is what the file and its log hold at that moment.
#[tokio::test]
async fn what_was_stored_is_there_after_the_process_was_killed() {
    let bench = Bench::sqlite().await;
    let mut import = bench.create(person(), "p", T0).await;
    let elsewhere = tempfile::tempdir().unwrap();
    for round in 0..5 {
        import = bench.change(&import, again(&import, Some(T0), T0)).await;
        let path = bench.url.expose_secret().strip_prefix("sqlite://").unwrap().to_owned();
        let copy = elsewhere.path().join(format!("{round}.db"));
        for suffix in ["", "-wal"] {
            std::fs::copy(format!("{path}{suffix}"), format!("{}{suffix}", copy.display())).unwrap();
        }
        let found = open(&format!("sqlite://{}", copy.display()).into(), Access::Serve).await.unwrap();
        assert_eq!(found.import(import.id).await.unwrap(), Some(import.clone()));
    }
}

/// Passes bytes on to the server until it is told to let none through.
async fn proxy(server: String, open: tokio::sync::watch::Receiver<bool>, tasks: &TaskTracker) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let inner = tasks.clone();
    tasks.spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let (server, mut open) = (server.clone(), open.clone());
            inner.spawn(async move {
                if !*open.borrow_and_update() {
                    return;
                }
                let mut far = tokio::net::TcpStream::connect(server).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = open.wait_for(|open| !open) => {}
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: run scripts/test"]
async fn needs_postgres_an_outage_has_a_name_within_seconds_and_ends_by_itself() {
    let bench = Bench::postgres().await;
    let import = bench.create(person(), "p", T0).await;
    let (switch, state) = tokio::sync::watch::channel(true);
    let mut url = url::Url::parse(bench.url.expose_secret()).unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let port = proxy(server, state, &TaskTracker::new()).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(port)).unwrap();
    let store = open(&url.to_string().into(), Access::Serve).await.unwrap();
    assert_eq!(store.import(import.id).await.unwrap(), Some(import.clone()));
    switch.send(false).unwrap();
    for _ in 0..3 {
        let begun = Instant::now();
        let change = store.change(&import, None, again(&import, None, T0)).await;
        assert!(matches!(change, Err(StoreError::Unavailable(_))), "{change:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
    assert_eq!(bench.read(&import).await, import);
    switch.send(true).unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(error) = store.ping().await {
        assert!(Instant::now() < until, "{error}");
    }
    assert!(matches!(store.change(&import, None, again(&import, None, T0)).await, Ok(Changed::Done(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: run scripts/test"]
async fn needs_postgres_many_processes_may_migrate_at_once() {
    let bench = Bench::postgres_without_tables().await;
    assert!(matches!(bench.store.check_schema().await, Err(OpenError::SchemaTooOld { found: 0, .. })));
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(open(&bench.url, Access::Serve).await.unwrap());
    }
    let done = futures_util::future::join_all(stores.iter().map(|store| store.migrate())).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    bench.store.check_schema().await.unwrap();
}

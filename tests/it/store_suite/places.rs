//! What only one of the two has: SQLite's file and lock, PostgreSQL's server that is away.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use dataverse_renku::adapters::store::{Access, OpenError, open};
use dataverse_renku::domain::ports::store::{ImportStore as _, StoreError};

use super::bench::{Bench, T0, person};

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
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(!format!("{refusal:?}").contains("hidden"));
}

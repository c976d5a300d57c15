//! Opening a database: where it is, how connections are set up, and who may have it.
//!
//! Bringing the schema up to date is in `schema`.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use super::error::{Away, OpenError};
use super::sql::Database;

/// Who opens the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The service: one process per SQLite file, which is made if it is missing.
    Serve,
    /// A command that reads or adds something beside a running service; a missing SQLite file stays missing.
    Tool,
}

/// Connections to PostgreSQL per process.
const POSTGRES_CONNECTIONS: u32 = 10;
/// Readers of an SQLite file per process.
const SQLITE_READERS: u32 = 4;
/// After this an outage of PostgreSQL has a name instead of a queue of waiting requests.
const POSTGRES_WAIT: Duration = Duration::from_secs(4);
/// Within this PostgreSQL tells a single connection what is wrong.
const POSTGRES_ANSWER: Duration = Duration::from_secs(3);
/// Writers of an SQLite file stand in a queue, each for some milliseconds.
const SQLITE_WAIT: Duration = Duration::from_secs(30);

/// Opens what the address names; the file is the lock to be held as long as the database is.
pub(super) async fn open(url: &str, access: Access) -> Result<(Database, Option<File>), OpenError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => sqlite(url, access).await,
        Some("postgres" | "postgresql") => Ok((postgres(url, access).await?, None)),
        _ => Err(OpenError::Address("it begins with sqlite: or postgres:", None)),
    }
}

async fn sqlite(url: &str, access: Access) -> Result<(Database, Option<File>), OpenError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(OpenError::Address("a database in memory would lose everything: name a file", None));
    }
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| OpenError::Address("it is not sqlite://PATH", Some(Box::new(error))))?
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10));
    let path = options.get_filename().to_owned();
    let lock = match access {
        Access::Serve => Some(make(&path).map_err(|error| match error {
            Refused::InUse => OpenError::InUse(path.clone()),
            Refused::Io(error) => OpenError::File(path.clone(), error),
        })?),
        Access::Tool => {
            fs::metadata(&path).map_err(|error| OpenError::File(path.clone(), error))?;
            None
        }
    };
    // FULL: with WAL, NORMAL survives a killed process but may forget the last commits at a power failure. What is forgotten could
    // be that a call to Renku was begun, which would then be repeated, or a refresh token that Keycloak gives only once.
    let writing = options
        .clone()
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let connect = |error| OpenError::Connect(Box::new(error));
    let pool = || SqlitePoolOptions::new().acquire_timeout(SQLITE_WAIT).idle_timeout(None).max_lifetime(None);
    let writer = pool().max_connections(1).connect_with(writing).await.map_err(connect)?;
    let readers = pool().max_connections(SQLITE_READERS).connect_lazy_with(options.read_only(true));
    Ok((Database::Sqlite { writer, readers }, lock))
}

enum Refused {
    InUse,
    Io(std::io::Error),
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Makes directory and file if they are missing, for our eyes only, and takes the lock beside the file.
///
/// The kernel gives the lock back when the process ends, however it ends. SQLite makes its own files with the database's mode.
fn make(path: &Path) -> Result<File, Refused> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let ours = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options
    };
    let lock = ours().open(lock_path(path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Refused::InUse),
        Err(TryLockError::Error(error)) => return Err(Refused::Io(error)),
    }
    ours().open(path)?;
    Ok(lock)
}

/// The file beside an SQLite database that whoever serves with it locks; it stays when the service ends.
pub fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

async fn postgres(url: &str, access: Access) -> Result<Database, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|error| {
        OpenError::Address("it is not postgres://USER@HOST/DATABASE", Some(Box::new(error)))
    })?;
    let name = options.get_application_name().unwrap_or("dataverse-renku").to_owned();
    let options = options.application_name(&name).options([
        ("statement_timeout", "10s"),
        ("lock_timeout", "8s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ]);
    // A pool tries until its time is over and does not say why; a tool, and whoever looks at it, wants to know at once.
    if access == Access::Tool {
        told(&options).await?;
    }
    let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(POSTGRES_WAIT);
    match pool.connect_with(options.clone()).await {
        Ok(pool) => Ok(Database::Postgres(pool)),
        Err(error @ sqlx::Error::PoolTimedOut) => {
            told(&options).await?;
            Err(OpenError::Connect(Box::new(error)))
        }
        Err(error) => Err(OpenError::Connect(Box::new(error))),
    }
}

/// What PostgreSQL says to one connection, or that it is not there.
async fn told(options: &PgConnectOptions) -> Result<(), OpenError> {
    let away = |source| {
        let address = format!("{}:{}", options.get_host(), options.get_port());
        OpenError::Connect(Box::new(Away { address, source }))
    };
    match timeout(POSTGRES_ANSWER, options.connect()).await {
        Ok(Ok(connection)) => {
            drop(connection.close().await);
            Ok(())
        }
        Ok(Err(sqlx::Error::Io(source))) => Err(away(source)),
        Ok(Err(error)) => Err(OpenError::Connect(Box::new(error))),
        Err(_elapsed) => Err(away(std::io::ErrorKind::TimedOut.into())),
    }
}

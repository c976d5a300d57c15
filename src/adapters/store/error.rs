//! What goes wrong with a database, sorted by meaning.
//!
//! What becomes of an import then is decided where the store is used.

use std::error::Error;
use std::path::PathBuf;

use sqlx::error::ErrorKind;

use crate::domain::ports::store::StoreError;

/// The store cannot be opened or brought up to date. No message holds the database's password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not `sqlite://PATH` or `postgres://…`, or has a part that is not understood.
    #[error("the address of the database cannot be used: {0}")]
    Address(&'static str, #[source] Option<Box<dyn Error + Send + Sync>>),
    /// Another process serves with this SQLite file; several processes need PostgreSQL.
    #[error("the database {} is in use by another process; only one may serve with an SQLite file", .0.display())]
    InUse(PathBuf),
    /// The file or its directory cannot be made or opened.
    #[error("the database file {} cannot be opened", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// It cannot be reached or refuses us.
    #[error("the database cannot be opened")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// It was written by a newer version of this program.
    #[error(
        "the database has schema {found}, which is newer than this program's {known}: run the newer program"
    )]
    SchemaTooNew {
        /// The newest migration that it has.
        found: i64,
        /// The newest one that we know.
        known: i64,
    },
    /// It has to be brought up to date first (`migrate`).
    #[error("the database has schema {found}, this program needs {known}: run `dataverse-renku migrate`")]
    SchemaTooOld {
        /// The newest migration that it has; 0 for an empty database.
        found: i64,
        /// The newest one that we know.
        known: i64,
    },
    /// A migration failed, or one that was applied differs from ours.
    #[error("the database cannot be brought up to date")]
    Migrate(#[source] Box<dyn Error + Send + Sync>),
}

/// Nobody answers at this host and port.
#[derive(Debug, thiserror::Error)]
#[error("no PostgreSQL answers at {address}, which `store.url` names")]
pub(super) struct Away {
    /// Without user and password.
    pub(super) address: String,
    /// What happened instead.
    #[source]
    pub(super) source: std::io::Error,
}

pub(super) fn unavailable(source: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(source))
}

pub(super) fn unreadable(what: impl Into<String>) -> StoreError {
    StoreError::Unreadable(what.into())
}

/// What the database's own refusal means.
///
/// Only what a statement or a row of ours gets wrong can never go well later. All else (no connection, a timeout, a deadlock, a
/// full disk, missing rights, a missing table) is for the operator to mend, and the work goes on then.
pub(super) fn from_sqlx(error: sqlx::Error) -> StoreError {
    use sqlx::Error as E;
    match &error {
        E::Database(refusal) => {
            let ours = matches!(
                refusal.kind(),
                ErrorKind::UniqueViolation
                    | ErrorKind::ForeignKeyViolation
                    | ErrorKind::NotNullViolation
                    | ErrorKind::CheckViolation
                    | ErrorKind::ExclusionViolation
            ) || refusal.code().is_some_and(|code| is_bad_value(&code));
            if ours {
                unreadable(format!("refused ({})", refusal.code().unwrap_or_default()))
            } else {
                unavailable(error)
            }
        }
        E::ColumnDecode { index, .. } => unreadable(format!("column {index}")),
        E::ColumnNotFound(name) => unreadable(format!("column {name} is missing")),
        E::RowNotFound
        | E::TypeNotFound { .. }
        | E::ColumnIndexOutOfBounds { .. }
        | E::Encode(_)
        | E::Decode(_)
        | E::InvalidArgument(_) => unreadable(error.to_string()),
        E::Configuration(_)
        | E::Io(_)
        | E::Tls(_)
        | E::Protocol(_)
        | E::AnyDriverError(_)
        | E::PoolTimedOut
        | E::PoolClosed
        | E::WorkerCrashed
        | E::Migrate(_)
        | E::InvalidSavePointStatement
        | E::BeginFailed
        | _ => unavailable(error),
    }
}

/// PostgreSQL's class 22 (data exceptions), SQLite's `MISMATCH`, and both databases' code for a trigger that refuses.
fn is_bad_value(code: &str) -> bool {
    code.len() == 5 && code.starts_with("22") || matches!(code, "20" | "1811" | "P0001")
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

    use super::*;

    fn is_outage(error: sqlx::Error) -> bool {
        match from_sqlx(error) {
            StoreError::Unavailable(_) => true,
            StoreError::Unreadable(_) => false,
        }
    }

    #[test]
    fn a_lost_connection_is_an_outage_and_a_bad_row_is_not() {
        use sqlx::Error as E;
        let io = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        for outage in [E::PoolTimedOut, E::PoolClosed, E::Io(io()), E::Tls(Box::new(io())), E::WorkerCrashed]
        {
            assert!(is_outage(outage));
        }
        let decode = || E::ColumnDecode { index: "state".into(), source: "x".into() };
        for row in [decode(), E::RowNotFound, E::ColumnNotFound("a".into()), E::Decode("x".into())] {
            assert!(!is_outage(row));
        }
    }

    #[test]
    fn codes_of_bad_values_are_told_from_the_rest() {
        for code in ["22P02", "22001", "20", "1811", "P0001"] {
            assert!(is_bad_value(code), "{code}");
        }
        for code in ["57014", "40P01", "53300", "08006", "25006", "42P01", "5", "13", "2", "22"] {
            assert!(!is_bad_value(code), "{code}");
        }
    }

    #[tokio::test]
    async fn what_sqlite_refuses_is_sorted() {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(SqliteConnectOptions::new().in_memory(true))
            .await
            .unwrap();
        sqlx::query("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER NOT NULL) STRICT")
            .execute(&pool)
            .await
            .unwrap();
        let failure = async |sql: &'static str| sqlx::query(sql).execute(&pool).await.unwrap_err();
        assert!(is_outage(failure("SELECT * FROM missing").await));
        assert!(!is_outage(failure("INSERT INTO t VALUES (1, NULL)").await));
        assert!(!is_outage(failure("INSERT INTO t VALUES ('x', 1)").await));
        pool.close().await;
        assert!(is_outage(failure("SELECT 1").await));
    }
}

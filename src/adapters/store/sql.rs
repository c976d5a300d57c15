//! One way to speak SQL to both databases: the same text, values and rows, so that no statement is written twice.
//!
//! What the statements say is in the files of their tables.

use std::future::Future;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{PgPool, Postgres, Row as _, SqlSafeStr, Sqlite, SqlitePool, Transaction};
use uuid::Uuid;

use super::error::{from_sqlx, unavailable};
use crate::domain::ports::store::StoreError;
use crate::domain::time::Timestamp;

/// Longer than PostgreSQL's own statement timeout: this one ends the wait for a server that does not answer at all.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// A value for a placeholder; `None` is NULL of that type.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Int(Option<i64>),
    Flag(Option<bool>),
    Text(Option<String>),
    Uuid(Option<Uuid>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => |$given:ident| $variant:ident($value:expr);)+) => {$(
        impl From<$from> for Value {
            fn from($given: $from) -> Self {
                Self::$variant($value)
            }
        }
    )+};
}

value_from! {
    i64 => |n| Int(Some(n));
    u32 => |n| Int(Some(i64::from(n)));
    Timestamp => |at| Int(Some(at.as_millis()));
    Option<Timestamp> => |at| Int(at.map(Timestamp::as_millis));
    bool => |flag| Flag(Some(flag));
    Option<bool> => |flag| Flag(flag);
    &str => |text| Text(Some(text.to_owned()));
    String => |text| Text(Some(text));
    Option<String> => |text| Text(text);
    Uuid => |uuid| Uuid(Some(uuid));
    Option<Uuid> => |uuid| Uuid(uuid);
    &[u8] => |bytes| Bytes(Some(bytes.to_vec()));
    Option<&[u8]> => |bytes| Bytes(bytes.map(<[u8]>::to_vec));
}

/// The values for `$1`, `$2`, … in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::adapters::store::sql::Value::from($value)),*] };
}
pub(super) use values;

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Flag(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Uuid(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

/// The pools behind a store.
#[derive(Debug)]
pub(super) enum Database {
    /// One connection writes, so that writers queue up here and not inside SQLite, where waiting means polling.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl Database {
    /// A transaction that may write.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            // IMMEDIATE: a transaction that reads first and writes later cannot be refused half way.
            Self::Sqlite { writer, .. } => {
                Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(from_sqlx)?))
            }
            Self::Postgres(pool) => Ok(Tx::Postgres(within(pool.begin()).await?)),
        }
    }

    /// A transaction that only reads.
    pub(super) async fn begin_reading(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(readers.begin().await.map_err(from_sqlx)?)),
            Self::Postgres(pool) => Ok(Tx::Postgres(within(pool.begin()).await?)),
        }
    }

    /// The rows of one statement that only reads.
    pub(super) async fn rows(
        &self,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into_sql_str();
        match self {
            Self::Sqlite { readers, .. } => {
                let rows = bound!(sql, values).fetch_all(readers).await.map_err(from_sqlx)?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(pool) => {
                let rows = within(bound!(sql, values).fetch_all(pool)).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row of one statement that only reads.
    pub(super) async fn row(
        &self,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }
}

/// A transaction; dropping it undoes it.
#[derive(Debug)]
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.map_err(from_sqlx),
            Self::Postgres(tx) => within(tx.commit()).await,
        }
    }

    /// Runs a statement; the number of rows that it changed.
    pub(super) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let sql = sql.into_sql_str();
        match self {
            Self::Sqlite(tx) => {
                let done = bound!(sql, values).execute(&mut **tx).await.map_err(from_sqlx)?;
                Ok(done.rows_affected())
            }
            Self::Postgres(tx) => Ok(within(bound!(sql, values).execute(&mut **tx)).await?.rows_affected()),
        }
    }

    /// Runs a statement; its rows.
    pub(super) async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into_sql_str();
        match self {
            Self::Sqlite(tx) => {
                let rows = bound!(sql, values).fetch_all(&mut **tx).await.map_err(from_sqlx)?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let rows = within(bound!(sql, values).fetch_all(&mut **tx)).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a statement; its first row.
    pub(super) async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }
}

async fn within<T>(work: impl Future<Output = Result<T, sqlx::Error>> + Send) -> Result<T, StoreError> {
    match tokio::time::timeout(LONGEST_WAIT, work).await {
        Ok(done) => done.map_err(from_sqlx),
        Err(over) => Err(unavailable(over)),
    }
}

/// A row, read by column name.
#[derive(Debug)]
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! getter {
    ($name:ident, $type:ty) => {
        pub(super) fn $name(&self, column: &str) -> Result<$type, StoreError> {
            match self {
                Self::Sqlite(row) => row.try_get(column),
                Self::Postgres(row) => row.try_get(column),
            }
            .map_err(from_sqlx)
        }
    };
}

impl Row {
    getter!(int, i64);
    getter!(opt_int, Option<i64>);
    getter!(flag, bool);
    getter!(opt_flag, Option<bool>);
    getter!(text, String);
    getter!(opt_text, Option<String>);
    getter!(uuid, Uuid);
    getter!(opt_uuid, Option<Uuid>);
    getter!(bytes, Vec<u8>);
    getter!(opt_bytes, Option<Vec<u8>>);

    pub(super) fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_millis)
    }

    pub(super) fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_int(column)?.map(Timestamp::from_millis))
    }
}

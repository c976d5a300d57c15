//! The schema's version: bringing it up to date, and refusing one that does not fit this program.
//!
//! The changes themselves are in `migrations`, embedded into the program.

use sqlx::migrate::{MigrateError, Migrator};

use super::error::OpenError;
use super::sql::{Database, values};
use crate::domain::ports::store::StoreError;

// Cargo notices a change of an embedded file, not a new one: touch this file when adding a migration.
static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

const fn migrations(db: &Database) -> &'static Migrator {
    match db {
        Database::Sqlite { .. } => &SQLITE,
        Database::Postgres(_) => &POSTGRES,
    }
}

fn newest(db: &Database) -> i64 {
    migrations(db).iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Applies what is missing. Several processes may do so at once on PostgreSQL: they wait for each other.
pub(super) async fn migrate(db: &Database) -> Result<(), OpenError> {
    let (found, known) = (applied(db).await?, newest(db));
    if found > known {
        return Err(OpenError::SchemaTooNew { found, known });
    }
    let done = match db {
        Database::Sqlite { writer, .. } => SQLITE.run(writer).await,
        Database::Postgres(pool) => {
            let failed = |error| OpenError::Migrate(Box::new(error));
            // A connection of its own, thrown away afterwards: building an index may take longer than a statement may.
            let mut connection = pool.acquire().await.map_err(failed)?.detach();
            sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = 0")
                .execute(&mut connection)
                .await
                .map_err(failed)?;
            POSTGRES.run(&mut connection).await
        }
    };
    done.map_err(|error: MigrateError| OpenError::Migrate(Box::new(error)))
}

/// Whether the schema is the one that this program works with.
pub(super) async fn check(db: &Database) -> Result<(), OpenError> {
    let (found, known) = (applied(db).await?, newest(db));
    match found.cmp(&known) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(OpenError::SchemaTooOld { found, known }),
        std::cmp::Ordering::Greater => Err(OpenError::SchemaTooNew { found, known }),
    }
}

/// The newest migration that was applied; 0 when none was.
async fn applied(db: &Database) -> Result<i64, OpenError> {
    let exists = match db {
        Database::Sqlite { .. } => {
            "SELECT COUNT(*) AS number FROM sqlite_master WHERE name = '_sqlx_migrations'"
        }
        Database::Postgres(_) => "SELECT COUNT(to_regclass('_sqlx_migrations')) AS number",
    };
    let failed = |error: StoreError| OpenError::Connect(Box::new(error));
    let number = async |sql: &'static str| match db.row(sql, values![]).await? {
        Some(row) => row.opt_int("number"),
        None => Ok(None),
    };
    if number(exists).await.map_err(failed)?.unwrap_or(0) == 0 {
        return Ok(0);
    }
    let newest = number("SELECT MAX(version) AS number FROM _sqlx_migrations WHERE success").await;
    Ok(newest.map_err(failed)?.unwrap_or(0))
}

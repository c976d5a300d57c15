//! The store on SQLite (one machine) or PostgreSQL (many), behind the ports `ImportStore` and `IdentityStore`.
//!
//! Each statement stands once, for both; `sql` is where they differ. No rule of an import's life belongs here.

mod changes;
mod error;
mod imports;
mod launches;
mod leases;
mod ledger;
mod open;
mod outbox;
mod people;
mod ports;
mod publications;
mod rows;
mod schema;
mod sessions;
mod slots;
mod sql;
mod subscriptions;

use std::fs::File;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

pub use error::OpenError;
pub use open::{Access, lock_path};

/// Imports, people and sessions in a database.
#[derive(Debug)]
pub struct Store {
    db: sql::Database,
    /// Held for life: no second process serves with this SQLite file.
    _lock: Option<File>,
}

/// Opens the database at `sqlite://PATH` or `postgres://…`; the schema is left as it is (see [`Store::migrate`] and
/// [`Store::check_schema`]).
///
/// A schema of PostgreSQL may be chosen with `?options=-csearch_path=NAME`.
///
/// # Errors
/// When the address cannot be used, the database cannot be reached, or another process serves with the SQLite file.
pub async fn open(url: &SecretString, access: Access) -> Result<Arc<Store>, OpenError> {
    let (db, lock) = open::open(url.expose_secret(), access).await?;
    Ok(Arc::new(Store { db, _lock: lock }))
}

impl Store {
    /// Brings the schema up to date; does nothing when it is. Safe to be run by several processes at once on PostgreSQL.
    ///
    /// # Errors
    /// When the schema is newer than this program's, or a migration fails.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        schema::migrate(&self.db).await
    }

    /// Says whether the schema is the one that this program works with.
    ///
    /// # Errors
    /// When it is older or newer.
    pub async fn check_schema(&self) -> Result<(), OpenError> {
        schema::check(&self.db).await
    }

    /// Closes every connection after its transaction; what is asked of the store afterwards fails as unavailable.
    pub async fn close(&self) {
        match &self.db {
            sql::Database::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            sql::Database::Postgres(pool) => pool.close().await,
        }
    }
}

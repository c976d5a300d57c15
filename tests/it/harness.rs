//! What integration tests of several features share.

use std::path::Path;
use std::sync::Arc;

use dataverse_renku::adapters::store::{self, Access, Store};
use secrecy::SecretString;

/// A migrated SQLite store in this folder.
pub(crate) async fn sqlite(dir: &Path) -> Arc<Store> {
    let url = SecretString::from(format!("sqlite://{}", dir.join("test.db").display()));
    let store = store::open(&url, Access::Serve).await.unwrap();
    store.migrate().await.unwrap();
    store
}

//! `[store]`: which database.

use std::path::Path;

use serde::Serialize;

use super::section::Section;
use super::setting::Unfit;
use super::values::ConnectionUrl;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// A file, for one process.
    Sqlite,
    /// A server, for many.
    Postgres,
}

/// `[store]`
#[derive(Clone, Debug, Serialize)]
pub struct StoreConfig {
    /// The database's address.
    pub url: ConnectionUrl,
    #[serde(skip)]
    kind: StoreKind,
}

impl StoreConfig {
    /// Which kind of database it is.
    pub const fn kind(&self) -> StoreKind {
        self.kind
    }

    pub(super) fn read(mut section: Section<'_>, state: &Path) -> Option<Self> {
        use secrecy::ExposeSecret as _;
        let given = section.secret("url");
        let url = match given? {
            Some(secret) => ConnectionUrl::new(secret.expose_secret().trim()),
            None => ConnectionUrl::new(&format!("sqlite://{}", state.join("dataverse-renku.db").display())),
        };
        let kind = match url.scheme() {
            "sqlite" => Some(StoreKind::Sqlite),
            "postgres" | "postgresql" => Some(StoreKind::Postgres),
            _ => {
                section.fault(
                    "url",
                    Unfit::new(
                        "There is no such kind of database",
                        "Begin it with sqlite:// (one process) or postgres:// (many).",
                    ),
                );
                None
            }
        };
        section.finish();
        Some(Self { url, kind: kind? })
    }
}

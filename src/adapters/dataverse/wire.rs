//! The shapes of Dataverse's native API and of its schema.org export, as far as we read them; unknown keys are ignored.
//! They never leave this adapter: the functions here turn them into the domain's types.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::dataset::{Checksum, Closed, DataFile, VersionNumber};
use crate::domain::pid::Pid;

/// What wraps each answer (Dataverse: `AbstractApiBean.java`).
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) status: String,
    pub(super) data: Option<T>,
    /// Since 6.2, on lists of files.
    #[serde(rename = "totalCount")]
    pub(super) total_count: Option<usize>,
}

/// A refusal. One with a `code` comes from the framework: a 404 of it means that there is no such endpoint.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: Option<u16>,
    pub(super) message: Option<String>,
}

/// `GET /api/info/version`
#[derive(Debug, Deserialize)]
pub(super) struct Info {
    pub(super) version: Option<String>,
}

/// An item of `GET /api/datasets/{id}/locks`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lock {
    pub(super) lock_type: String,
}

/// A file of `GET /api/files/{id}?returnDatasetVersion=true`, of which only its dataset is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileOf {
    /// Told since 6.2.
    pub(super) dataset_version: Option<VersionOf>,
}

/// The version that a file was asked for in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionOf {
    pub(super) dataset_persistent_id: String,
}

/// A version object (Dataverse: `JsonPrinter.java`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Edition {
    pub(super) id: i64,
    pub(super) dataset_id: i64,
    pub(super) dataset_persistent_id: String,
    pub(super) version_number: Option<u32>,
    pub(super) version_minor_number: Option<u32>,
    pub(super) version_state: String,
    pub(super) last_update_time: Option<String>,
    pub(super) release_time: Option<String>,
    pub(super) license: Option<License>,
    pub(super) guestbook_id: Option<i64>,
    #[serde(default)]
    pub(super) metadata_blocks: Blocks,
    /// There with releases before 6.2, which do not know `excludeFiles`.
    pub(super) files: Option<Vec<Item>>,
}

impl Edition {
    pub(super) fn number(&self) -> Option<VersionNumber> {
        Some(VersionNumber { major: self.version_number?, minor: self.version_minor_number.unwrap_or(0) })
    }

    pub(super) fn is_of(&self, pid: &Pid) -> bool {
        self.dataset_persistent_id.parse::<Pid>().as_ref() == Ok(pid)
    }

    fn field(&self, name: &str) -> Option<&Value> {
        let fields = &self.metadata_blocks.citation.as_ref()?.fields;
        fields.iter().find(|field| field.type_name == name)?.value.as_ref()
    }

    pub(super) fn title(&self) -> Option<&str> {
        self.field("title")?.as_str()
    }

    pub(super) fn authors(&self) -> Vec<String> {
        let names = self.field("author").and_then(Value::as_array).into_iter().flatten();
        names
            .filter_map(|author| author.get("authorName")?.get("value")?.as_str().map(str::to_owned))
            .collect()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct License {
    pub(super) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Blocks {
    citation: Option<Block>,
}

#[derive(Debug, Deserialize)]
struct Block {
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    type_name: String,
    value: Option<Value>,
}

/// An item of a version's list of files.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    label: String,
    directory_label: Option<String>,
    #[serde(default)]
    restricted: bool,
    data_file: Stored,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    id: i64,
    filesize: Option<u64>,
    checksum: Option<Sum>,
    /// Since 6.1; before, only the `original…` keys tell an ingested table.
    tabular_data: Option<bool>,
    original_file_format: Option<String>,
    embargo: Option<Embargo>,
    retention: Option<Retention>,
}

#[derive(Debug, Deserialize)]
struct Sum {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Embargo {
    date_available: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Retention {
    date_unavailable: Option<String>,
}

impl Item {
    pub(super) fn id(&self) -> i64 {
        self.data_file.id
    }

    /// `today` is a UTC day, `2026-11-24`. Dataverse compares with the day of its own zone, so that around an embargo's last
    /// day we may be wrong by one; what then cannot be downloaded is found out by asking for the file.
    pub(super) fn into_domain(self, today: &str) -> DataFile {
        let stored = self.data_file;
        let embargoed = stored.embargo.is_some_and(|embargo| {
            // An embargo without a readable day is taken for one that lasts.
            embargo.date_available.is_none_or(|day| day.get(..10).is_none_or(|day| day > today))
        });
        let over = stored
            .retention
            .and_then(|retention| retention.date_unavailable)
            .is_some_and(|day| day.get(..10).is_some_and(|day| day < today));
        let closed = if over {
            Some(Closed::RetentionOver)
        } else if embargoed {
            Some(Closed::Embargoed)
        } else {
            self.restricted.then_some(Closed::Restricted)
        };
        DataFile {
            id: stored.id,
            name: self.label,
            folder: self.directory_label.filter(|folder| !folder.is_empty()),
            size: stored.filesize.unwrap_or(0),
            checksum: stored
                .checksum
                .map(|sum| Checksum { kind: sum.kind, hex: sum.value.to_ascii_lowercase() }),
            tabular: stored.tabular_data.unwrap_or_else(|| stored.original_file_format.is_some()),
            closed,
        }
    }
}

/// The schema.org export (Dataverse: `DatasetVersion.getJsonLd`).
#[derive(Debug, Deserialize)]
pub(super) struct Export {
    /// The major number alone.
    version: Option<Value>,
    distribution: Option<Vec<Distribution>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Distribution {
    name: Option<String>,
    content_url: Option<String>,
    /// The file's own PID; Renku makes an address of it where there is none.
    identifier: Option<String>,
}

impl Export {
    pub(super) fn major(&self) -> Option<u32> {
        match self.version.as_ref()? {
            Value::String(text) => text.parse::<VersionNumber>().ok().map(|number| number.major),
            Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Whether it has a list of files at all; Renku fails on an export without one.
    pub(super) fn has_list(&self) -> bool {
        self.distribution.is_some()
    }

    fn list(&self) -> &[Distribution] {
        self.distribution.as_deref().unwrap_or_default()
    }

    pub(super) fn all_have_addresses(&self) -> bool {
        self.list().iter().all(|file| file.content_url.is_some() || file.identifier.is_some())
    }

    /// Whether it lists these files: the same names, and the same numbers where its addresses end in one.
    pub(super) fn lists(&self, files: &[DataFile]) -> bool {
        let mut listed: Vec<_> = self.list().iter().map(|file| file.name.as_deref().unwrap_or("")).collect();
        let mut wanted: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        listed.sort_unstable();
        wanted.sort_unstable();
        let number = |file: &Distribution| -> Option<i64> {
            file.content_url.as_deref()?.rsplit_once('/')?.1.parse().ok()
        };
        listed == wanted
            && self.list().iter().filter_map(number).all(|id| files.iter().any(|file| file.id == id))
    }
}

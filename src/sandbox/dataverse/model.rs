//! Datasets, versions and files as the simulated Dataverse keeps them, and how a new one is described.
//! JSON for the outside is made in `json.rs`.

use std::sync::Arc;

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use md5::Md5;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// A file asked for, as `POST /_sim/datasets` and the built-in datasets describe it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "traps are independent of each other")]
pub(super) struct FileSpec {
    pub(super) name: String,
    pub(super) dir: Option<String>,
    /// A persistent identifier of its own, which few installations give to files.
    pub(super) pid: Option<String>,
    pub(super) text: Option<String>,
    /// Bytes of a repeated pattern, when there is no `text`.
    pub(super) size: usize,
    #[serde(rename = "type")]
    pub(super) content_type: Option<String>,
    /// Seconds before the bytes begin.
    pub(super) delay: f64,
    /// Seconds spread over the bytes.
    pub(super) trickle: f64,
    pub(super) missing: bool,
    pub(super) restricted: bool,
    /// A status to answer downloads with.
    pub(super) status: Option<u16>,
    /// The connection breaks half way.
    pub(super) drop: bool,
    /// The connection closes without an answer.
    pub(super) reset: bool,
    /// 303 to a signed address that refuses HEAD, as object storage does.
    pub(super) s3: bool,
    /// The day an embargo ends.
    pub(super) embargo: Option<String>,
    /// The day a retention period ends.
    pub(super) retention: Option<String>,
    /// SHA-256 in place of MD5.
    pub(super) sha256: bool,
    /// What was uploaded, when `text` is the table made of it.
    pub(super) original: Option<OriginalSpec>,
}

/// The upload behind a tabular file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OriginalSpec {
    pub(super) name: String,
    pub(super) text: String,
    #[serde(rename = "type")]
    pub(super) content_type: String,
    pub(super) label: String,
}

/// A dataset asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "traps are independent of each other")]
pub(super) struct DatasetSpec {
    pub(super) pid: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) files: Vec<FileSpec>,
    /// Only a draft exists.
    pub(super) unpublished: bool,
    /// A draft exists beside the released versions.
    pub(super) with_draft: bool,
    pub(super) versions_status: Option<u16>,
    pub(super) export_status: Option<u16>,
    pub(super) no_distribution: bool,
    pub(super) no_doi: bool,
    /// Keys added to each `distribution` entry of the export.
    pub(super) extra: Map<String, Value>,
    /// The export names no `contentUrl`.
    pub(super) hide_urls: bool,
    pub(super) guestbook: Option<u64>,
    /// Terms of the depositor's own, in place of a licence.
    pub(super) terms: Option<String>,
    /// The export stays at the version before until `POST /_sim/export`.
    pub(super) lagging: bool,
}

/// A stored file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) id: u64,
    pub(super) spec: FileSpec,
    pub(super) bytes: Bytes,
    pub(super) checksum: String,
}

impl File {
    pub(super) fn new(id: u64, spec: FileSpec) -> Self {
        let bytes = match &spec.text {
            Some(text) => Bytes::from(text.clone()),
            None => {
                Bytes::from(b"0123456789abcdef".iter().copied().cycle().take(spec.size).collect::<Vec<_>>())
            }
        };
        // Dataverse keeps the checksum of the upload, also for the table it makes of it.
        let uploaded = spec.original.as_ref().map_or_else(|| bytes.clone(), |o| Bytes::from(o.text.clone()));
        let checksum =
            if spec.sha256 { hex(&Sha256::digest(&uploaded)) } else { hex(&Md5::digest(&uploaded)) };
        Self { id, spec, bytes, checksum }
    }

    pub(super) fn content_type(&self) -> &str {
        match (&self.spec.content_type, &self.spec.original) {
            (Some(given), _) => given,
            (None, Some(_)) => "text/tab-separated-values",
            (None, None) => "text/plain",
        }
    }

    /// Whether this is the file's own persistent identifier.
    pub(super) fn has_pid(&self, pid: &str) -> bool {
        self.spec.pid.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(pid))
    }

    /// Dataverse's word for who may have the bytes on `today`.
    pub(super) fn access(&self, today: &str) -> &'static str {
        let expired = self.spec.retention.as_deref().is_some_and(|day| day < today);
        let embargoed = self.spec.embargo.as_deref().is_some_and(|day| day > today);
        match (expired, embargoed, self.spec.restricted) {
            (true, _, _) => "RetentionPeriodExpired",
            (false, true, true) => "EmbargoedThenRestricted",
            (false, true, false) => "EmbargoedThenPublic",
            (false, false, true) => "Restricted",
            (false, false, false) => "Public",
        }
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

/// A released version or the draft.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: u64,
    /// Major and minor number; none for a draft.
    pub(super) number: Option<(u64, u64)>,
    pub(super) deaccessioned: bool,
    pub(super) files: Vec<Arc<File>>,
    pub(super) created: DateTime<Utc>,
    pub(super) released: Option<DateTime<Utc>>,
    /// When a superuser last changed it under its number ("update current version").
    pub(super) updated: Option<DateTime<Utc>>,
}

impl Version {
    pub(super) fn state(&self) -> &'static str {
        match (self.number, self.deaccessioned) {
            (None, _) => "DRAFT",
            (Some(_), true) => "DEACCESSIONED",
            (Some(_), false) => "RELEASED",
        }
    }

    pub(super) fn name(&self) -> String {
        self.number.map_or_else(|| ":draft".to_owned(), |(major, minor)| format!("{major}.{minor}"))
    }
}

/// A lock of a dataset.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    pub(super) kind: &'static str,
    pub(super) since: DateTime<Utc>,
    pub(super) user: String,
}

/// A dataset with its versions.
#[derive(Debug)]
pub(super) struct Dataset {
    pub(super) id: u64,
    pub(super) spec: DatasetSpec,
    /// Oldest first.
    pub(super) versions: Vec<Version>,
    pub(super) draft: Option<Version>,
    pub(super) locks: Vec<Lock>,
    /// How many of `versions` the export knows now.
    pub(super) exported: usize,
    /// When the export catches up; none = not until told.
    pub(super) export_due: Option<Instant>,
}

impl Dataset {
    pub(super) fn title(&self) -> String {
        let name = self.spec.pid.rsplit('/').next().unwrap_or_default();
        self.spec.title.clone().unwrap_or_else(|| format!("Fake dataset {name}"))
    }

    pub(super) fn description(&self) -> &str {
        self.spec.description.as_deref().unwrap_or("A dataset of the sandbox.")
    }

    pub(super) fn newest_released(&self) -> Option<&Version> {
        self.versions.iter().rev().find(|v| !v.deaccessioned)
    }

    /// The version the export shows at this moment.
    pub(super) fn exported_version(&mut self) -> Option<&Version> {
        if self.export_due.is_some_and(|due| due <= Instant::now()) {
            self.exported = self.versions.len();
            self.export_due = None;
        }
        self.versions.iter().take(self.exported).rev().find(|v| !v.deaccessioned)
    }

    /// Protocol, authority and identifier of the persistent identifier.
    pub(super) fn pid_parts(&self) -> (&str, &str, &str) {
        let (protocol, rest) = self.spec.pid.split_once(':').unwrap_or(("doi", &self.spec.pid));
        let (authority, identifier) = rest.split_once('/').unwrap_or((rest, ""));
        (protocol, authority, identifier)
    }

    pub(super) fn pid_url(&self) -> String {
        let (protocol, authority, identifier) = self.pid_parts();
        let host = if protocol == "hdl" { "https://hdl.handle.net" } else { "https://doi.org" };
        format!("{host}/{authority}/{identifier}")
    }
}

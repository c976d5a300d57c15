//! The shapes of the core service's requests and answers as far as we use them; unknown keys are ignored.
//! Jobs have a module of their own, since they take some reading.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::codes::CoreError;
use crate::domain::ports::renku::ArrivedFile;

/// The body of `datasets.import`: nothing but what every core since 0.15 takes, for it refuses fields that it does not know.
///
/// Left out on purpose: `is_delayed` makes the job invisible, `migrate_project` changes the project unasked, `tag` is ignored for
/// Dataverse, `branch` is ignored by some releases (renku-python: `serializers/datasets.py`).
#[derive(Debug, Serialize)]
pub(super) struct Import<'a> {
    pub(super) dataset_uri: &'a str,
    pub(super) git_url: &'a str,
    /// API ≤ 2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    /// API ≥ 2.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slug: Option<&'a str>,
}

/// The body of `cache.migrate`: the metadata only, the person's template and Dockerfile stay.
#[derive(Debug, Serialize)]
pub(super) struct Migrate<'a> {
    pub(super) git_url: &'a str,
    pub(super) force_template_update: bool,
    pub(super) skip_template_update: bool,
    pub(super) skip_docker_update: bool,
}

/// `GET apiversion`, and `GET version` before core 1.2.0.
#[derive(Debug, Deserialize)]
pub(super) struct Release {
    #[serde(rename = "latest_version")]
    pub(super) core: String,
    #[serde(rename = "minimum_api_version")]
    pub(super) oldest_api: Option<String>,
    #[serde(rename = "maximum_api_version")]
    pub(super) newest_api: Option<String>,
}

/// `GET cache.migrations_check`, read leniently: its parts differ between releases and may each be an error.
#[derive(Debug, Deserialize)]
pub(super) struct MigrationsCheck {
    pub(super) project_supported: Option<bool>,
    core_compatibility_status: Option<Value>,
}

impl MigrationsCheck {
    pub(super) fn migration_required(&self) -> bool {
        let part = self.core_compatibility_status.as_ref();
        part.and_then(|part| part.get("migration_required")).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The error in place of the metadata's state (API ≥ 2.0); those of template and Dockerfile do not concern us.
    pub(super) fn error(&self) -> Option<CoreError> {
        self.core_compatibility_status.as_ref().and_then(CoreError::read)
    }
}

/// `POST cache.migrate`
#[derive(Debug, Deserialize)]
pub(super) struct Migrated {
    #[serde(default)]
    pub(super) errors: Option<Vec<Value>>,
    pub(super) remote_branch: Option<String>,
}

/// `GET datasets.list`
#[derive(Debug, Deserialize)]
pub(super) struct Datasets {
    pub(super) datasets: Vec<Dataset>,
}

/// A dataset in a project. Before API 2.2 `name` is what is called `slug` later, when `name` becomes the title.
#[derive(Debug, Deserialize)]
pub(super) struct Dataset {
    slug: Option<String>,
    name: Option<String>,
    pub(super) version: Option<String>,
}

impl Dataset {
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.slug.as_ref().or(self.name.as_ref()).is_some_and(|own| own == name)
    }
}

/// `GET datasets.files_list`
#[derive(Debug, Deserialize)]
pub(super) struct Files {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    name: Option<String>,
    path: Option<String>,
}

impl Files {
    pub(super) fn into_domain(self) -> Vec<ArrivedFile> {
        let last = |path: String| path.rsplit('/').next().map(str::to_owned);
        let mut paths = HashSet::new();
        self.files
            .into_iter()
            // The core lists each of two files that overwrote each other, both with the one path that is left (core 2.9.4).
            .filter(|file| file.path.as_ref().is_none_or(|path| paths.insert(path.clone())))
            .filter_map(|file| file.name.or_else(|| file.path.and_then(last)))
            .map(|name| ArrivedFile { name, size: None })
            .collect()
    }
}

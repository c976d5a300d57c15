//! The shapes of the data services' requests and answers as far as we use them; unknown keys are ignored, absent ones are common,
//! since Renku leaves out what is null.

use serde::{Deserialize, Serialize};

use crate::domain::pid::Pid;

/// `GET version`
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) version: String,
}

/// `GET user`: only who it is.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: String,
}

/// `GET namespaces/{namespace}/projects/{slug}`, `GET projects`
#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) slug: String,
    pub(super) created_by: Option<String>,
    pub(super) visibility: Option<String>,
    pub(super) creation_date: Option<String>,
    pub(super) updated_at: Option<String>,
}

/// `GET projects/{project}/permissions`
#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    #[serde(default)]
    pub(super) write: bool,
}

/// An item of `GET namespaces`. Of a project its `id` is that of the place around it, so that only the path is of use.
#[derive(Debug, Deserialize)]
pub(super) struct Namespace {
    pub(super) name: Option<String>,
    pub(super) slug: String,
    pub(super) path: String,
    #[serde(rename = "namespace_kind")]
    pub(super) kind: String,
}

/// A data connector.
#[derive(Debug, Deserialize)]
pub(super) struct Connector {
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) doi: Option<String>,
    pub(super) storage: Storage,
}

#[derive(Debug, Deserialize)]
pub(super) struct Storage {
    configuration: Option<serde_json::Value>,
    pub(super) target_path: Option<String>,
}

impl Connector {
    /// The DOI that it stands for. Connectors made before data-services 0.65.0 tell it in their configuration only, in the
    /// spelling of whoever made them.
    pub(super) fn doi(&self) -> Option<Pid> {
        let configured = || self.storage.configuration.as_ref()?.get("doi")?.as_str();
        self.doi.as_deref().or_else(configured)?.parse().ok()
    }
}

/// A link from a connector to a project.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) id: String,
    pub(super) data_connector_id: String,
}

/// The body of `POST data_connectors/global`: exactly what Renku's own pages send; other keys are refused.
#[derive(Debug, Serialize)]
pub(super) struct NewConnector<'a> {
    pub(super) storage: NewStorage<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct NewStorage<'a> {
    pub(super) configuration: Configuration<'a>,
    pub(super) source_path: &'a str,
    pub(super) target_path: &'a str,
    pub(super) readonly: bool,
}

/// How rclone finds the dataset.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Configuration<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) doi: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) doi_resolver_api_url: Option<&'a str>,
}

/// The body of `POST storage_schema/test_connection`
#[derive(Debug, Serialize)]
pub(super) struct TestConnection<'a> {
    pub(super) configuration: Configuration<'a>,
    pub(super) source_path: &'a str,
}

/// The body of `POST data_connectors/{connector}/project_links`
#[derive(Debug, Serialize)]
pub(super) struct NewLink<'a> {
    pub(super) project_id: &'a str,
}

/// The body of `POST projects`
#[derive(Debug, Serialize)]
pub(super) struct NewProject<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) slug: &'a str,
    pub(super) visibility: &'a str,
}

/// The envelope of every refusal by the data services themselves.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) error: Refused,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refused {
    pub(super) code: i64,
    pub(super) message: String,
    pub(super) detail: Option<serde_json::Value>,
}

impl Refused {
    /// Message and detail as one text.
    pub(super) fn words(&self) -> String {
        match &self.detail {
            None => self.message.clone(),
            Some(serde_json::Value::String(detail)) => format!("{}: {detail}", self.message),
            Some(detail) => format!("{}: {detail}", self.message),
        }
    }
}

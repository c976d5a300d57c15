//! `[dataverse.NAME]`: the installations from which datasets come.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::section::Section;
use super::setting::Unfit;
use super::values::{IpRange, WebAddress, hidden_each, hidden_if_set};

/// `[dataverse.NAME]`
#[derive(Clone, Debug, Serialize)]
pub struct DataverseConfig {
    /// The address of its front page.
    pub site_url: WebAddress,
    /// What people call it.
    pub title: String,
    /// The secrets in the address to which its workflow announces publications; the first is the current one.
    #[serde(serialize_with = "hidden_each")]
    pub workflow_secrets: Vec<SecretString>,
    /// From where announcements are accepted; empty: from everywhere.
    pub allowed_addresses: Vec<IpRange>,
    /// For what the installation tells only to its administrators.
    #[serde(serialize_with = "hidden_if_set", skip_serializing_if = "Option::is_none")]
    pub api_token: Option<SecretString>,
}

impl DataverseConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let site_url = section.required("site_url");
        let title = section.optional("title");
        let workflow_secrets = section.secrets("workflow_secrets");
        let allowed_addresses = section.or("allowed_addresses", Vec::new());
        let api_token = section.secret("api_token");
        let allow_http = section.or("allow_http", false);
        if let (Some(address), Some(allow)) = (&site_url, allow_http) {
            check_encryption(&section, "site_url", address, allow);
        }
        if workflow_secrets.iter().flatten().any(|secret| !is_fit_for_address(secret.expose_secret())) {
            section.fault(
                "workflow_secrets",
                Unfit::new(
                    "A secret is shorter than 20 characters or has others than A-Z a-z 0-9 - _",
                    "Make one with `openssl rand -hex 24`.",
                ),
            );
        }
        section.finish();
        let site_url = site_url?;
        let title = title?.unwrap_or_else(|| site_url.host().to_owned());
        Some(Self {
            title,
            site_url,
            workflow_secrets: workflow_secrets?,
            allowed_addresses: allowed_addresses?,
            api_token: api_token?,
        })
    }
}

fn is_fit_for_address(secret: &str) -> bool {
    let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    secret.len() >= 20 && secret.chars().all(tame)
}

/// Refuses http:// to another machine unless it is wished.
pub(super) fn check_encryption(section: &Section<'_>, key: &str, address: &WebAddress, allow_http: bool) {
    if address.is_https() || address.is_loopback() {
        return;
    }
    if allow_http {
        section
            .warn(key, "everything can be read and changed on the way; use https:// as soon as it is there");
    } else {
        section.fault(
            key,
            Unfit::new(
                "It is http:// and not this machine, so that tokens and data could be read and changed on the way",
                "Use https://, or set allow_http = true in this section.",
            ),
        );
    }
}

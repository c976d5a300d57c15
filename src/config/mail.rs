//! `[mail]`: through which server people are told about their subscriptions.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::section::Section;
use super::setting::Unfit;
use super::values::hidden_if_set;
use crate::domain::ports::mail::MailKind;

/// `[mail]`
#[derive(Clone, Debug, Serialize)]
pub struct MailConfig {
    /// The mail server, with user and password; without one no mail is sent.
    #[serde(serialize_with = "hidden_if_set", skip_serializing_if = "Option::is_none")]
    pub server: Option<SecretString>,
    /// The sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What is told.
    pub kinds: Vec<String>,
}

impl MailConfig {
    /// What is told.
    pub fn kinds(&self) -> Vec<MailKind> {
        MailKind::ALL.into_iter().filter(|kind| self.kinds.iter().any(|name| name == kind.as_str())).collect()
    }

    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let server =
            section.secret("server").map(|secret| secret.filter(|it| !it.expose_secret().is_empty()));
        let from = section.optional::<String>("from");
        let kinds: Option<Vec<String>> = section.required("kinds");
        let unknown = |name: &&String| !MailKind::ALL.iter().any(|kind| kind.as_str() == name.as_str());
        if let Some(name) = kinds.iter().flatten().find(unknown) {
            section.fault(
                "kinds",
                Unfit::new(
                    format!("There is no kind {name:?}"),
                    "Write some of \"sign-in\", \"paused\", \"failed\", \"arrived\".",
                ),
            );
        }
        if let (Some(Some(server)), Some(from)) = (&server, &from) {
            let scheme = server.expose_secret().split_once("://").map_or("", |(scheme, _)| scheme);
            if !matches!(scheme, "smtp" | "smtps") {
                section.fault(
                    "server",
                    Unfit::new(
                        "It is not the address of a mail server",
                        "Begin it with smtps://, or with smtp:// and end it with ?tls=required for STARTTLS.",
                    ),
                );
            }
            if !from.as_ref().is_some_and(|from| from.contains('@')) {
                section.fault(
                    "from",
                    Unfit::new(
                        "It is missing or no mail address, and `server` is set",
                        "Set it to the sender, such as \"Renku connector <connector@example.org>\".",
                    ),
                );
            }
        }
        section.finish();
        Some(Self { server: server?, from: from?, kinds: kinds? })
    }
}

//! `[log]`: how much is logged and in which form.

use serde::Serialize;
use tracing_subscriber::EnvFilter;

use super::section::Section;
use super::setting::{Unfit, words};

words! {
    /// The form of log lines.
    LogFormat, "\"auto\", \"pretty\" or \"json\"" {
        /// Pretty on a terminal, JSON elsewhere.
        Auto = "auto",
        /// For people.
        Pretty = "pretty",
        /// For machines.
        Json = "json",
    }
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogConfig {
    /// The form.
    pub format: LogFormat,
    /// What is logged, in the language of `RUST_LOG`; checked.
    pub filter: String,
}

impl LogConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let format = section.required("format");
        let filter: Option<String> = section.required("filter");
        if filter.as_ref().is_some_and(|filter| EnvFilter::builder().parse(filter).is_err()) {
            section.fault(
                "filter",
                Unfit::new(
                    "It is not a filter",
                    "Write a level such as \"info\", or \"warn,dataverse_renku=debug\".",
                ),
            );
        }
        section.finish();
        Some(Self { format: format?, filter: filter? })
    }
}

//! What is wrong or risky in a configuration, each with its key and what to do about it.
//!
//! A fault never repeats a value: it could be a secret at the wrong place.

use std::cell::RefCell;
use std::fmt;

/// Something that keeps the service from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The path of the key, `worker.lease`; empty if it is about a layer as a whole.
    pub key: String,
    /// Where it was set: a file, a variable, or nowhere.
    pub origin: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, &self.origin) {
            (key, None) if key.is_empty() => {}
            (key, Some(origin)) if key.is_empty() => write!(f, "{origin}: ")?,
            (key, None) => write!(f, "{key}: ")?,
            (key, Some(origin)) => write!(f, "{key} ({origin}): ")?,
        }
        write!(f, "{}. {}", self.message, self.remedy)
    }
}

impl std::error::Error for ConfigFault {}

/// Something that is allowed and should be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The path of the key.
    pub key: String,
    /// What the risk is and how to get rid of it.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// Collects what is found while the sections are read, so that everything is told at once.
#[derive(Debug, Default)]
pub(super) struct Report {
    faults: RefCell<Vec<ConfigFault>>,
    warnings: RefCell<Vec<Warning>>,
}

impl Report {
    /// Notes a fault.
    pub(super) fn fault(&self, fault: ConfigFault) {
        self.faults.borrow_mut().push(fault);
    }

    /// Notes a warning.
    pub(super) fn warn(&self, key: impl Into<String>, message: impl Into<String>) {
        self.warnings.borrow_mut().push(Warning { key: key.into(), message: message.into() });
    }

    /// What was found.
    pub(super) fn into_parts(self) -> (Vec<ConfigFault>, Vec<Warning>) {
        (self.faults.into_inner(), self.warnings.into_inner())
    }
}

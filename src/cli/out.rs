//! Where the command line prints: standard output for answers, standard error for everything else.
//!
//! A closed pipe (`| head`) is not an error.

use std::io::{self, Write};

use serde::Serialize;

/// Prints one line to standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    drop(writeln!(out, "{}", text.as_ref()));
    drop(out.flush());
}

/// Prints a value as JSON.
///
/// # Errors
/// When the value cannot be written as JSON.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<()> {
    line(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints one line to standard error.
pub(crate) fn note(text: impl AsRef<str>) {
    drop(writeln!(io::stderr().lock(), "{}", text.as_ref()));
}

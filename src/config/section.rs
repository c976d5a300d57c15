//! Reads one section key by key and reports what is wrong with it, without stopping at the first fault.
//!
//! Which keys there are is said by the sections' own files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use config::{Value, ValueKind};
use secrecy::SecretString;

use super::fault::{ConfigFault, Report};
use super::layers::{self, Layers};
use super::setting::{Setting, Unfit, text};

/// A section while it is read. Every key that was not asked for is reported by `finish`.
pub(super) struct Section<'l> {
    path: String,
    table: BTreeMap<String, Value>,
    asked: Vec<String>,
    layers: &'l Layers,
    pub(super) report: &'l Report,
}

impl<'l> Section<'l> {
    /// The whole configuration.
    pub(super) fn root(layers: &'l Layers, report: &'l Report) -> Self {
        Self { path: String::new(), table: layers.root(), asked: Vec::new(), layers, report }
    }

    /// The path of a key of this section.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Reports that the value of this key is unusable.
    pub(super) fn fault(&self, key: &str, unfit: Unfit) {
        let key = self.path_of(key);
        let origin = self.layers.origin(&key);
        self.report.fault(ConfigFault { key, origin, message: unfit.message, remedy: unfit.remedy });
    }

    /// Reports that this key's value is risky.
    pub(super) fn warn(&self, key: &str, message: impl Into<String>) {
        self.report.warn(self.path_of(key), message);
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.asked.push(key.to_owned());
        self.table.remove(key).filter(|value| text(value) != Some(""))
    }

    fn read<T: Setting>(&self, key: &str, value: &Value) -> Option<T> {
        T::read(value).map_err(|unfit| self.fault(key, unfit)).ok()
    }

    /// A value that may be missing or empty. The outer `None`: it is there and unusable, which was reported.
    #[expect(clippy::option_option, reason = "unusable and absent are different, and only one is a fault")]
    pub(super) fn optional<T: Setting>(&mut self, key: &str) -> Option<Option<T>> {
        match self.take(key) {
            None => Some(None),
            Some(value) => self.read(key, &value).map(Some),
        }
    }

    /// A value that must be there.
    pub(super) fn required<T: Setting>(&mut self, key: &str) -> Option<T> {
        let Some(found) = self.optional(key)? else {
            self.fault(key, Unfit::new("It is missing", format!("Set it to {}.", T::WANTED)));
            return None;
        };
        Some(found)
    }

    /// A value with a default that cannot stand in `default.toml`, because the section's name is not known there.
    pub(super) fn or<T: Setting>(&mut self, key: &str, default: T) -> Option<T> {
        self.optional(key).map(|found| found.unwrap_or(default))
    }

    /// A value that must be there and not below `least`, which `written` says in words.
    pub(super) fn at_least<T: Setting + PartialOrd>(
        &mut self,
        key: &str,
        least: &T,
        written: &str,
    ) -> Option<T> {
        let found: T = self.required(key)?;
        if found < *least {
            self.fault(key, Unfit::new("It is too small", format!("Set it to {written} or more.")));
            return None;
        }
        Some(found)
    }

    /// A secret, given by `key` or by the file `key_file`; of two layers the upper one counts.
    #[expect(clippy::option_option, reason = "unusable and absent are different, and only one is a fault")]
    pub(super) fn secret(&mut self, key: &str) -> Option<Option<SecretString>> {
        let file_key = format!("{key}_file");
        let plain = self.take(key);
        let file = self.optional::<PathBuf>(&file_key);
        let (plain_rank, file_rank) =
            (self.layers.rank(&self.path_of(key)), self.layers.rank(&self.path_of(&file_key)));
        let file = file?;
        if plain.is_some() && file.is_some() && plain_rank == file_rank {
            let remedy = format!("Keep {file_key} and delete {key}.");
            self.fault(key, Unfit::new(format!("Both {key} and {file_key} are set"), remedy));
            return None;
        }
        match (plain, file) {
            (None, None) => Some(None),
            (Some(value), file) if file.is_none() || plain_rank > file_rank => {
                let ValueKind::String(text) = value.kind else {
                    self.fault(key, Unfit::new("It is not a text", "Put it in quotation marks."));
                    return None;
                };
                Some(Some(text.into()))
            }
            (_, file) => self.secret_file(&file_key, &file?).map(Some),
        }
    }

    /// Several secrets: a list, or commas between them, or a file with one on each line.
    pub(super) fn secrets(&mut self, key: &str) -> Option<Vec<SecretString>> {
        use secrecy::ExposeSecret as _;
        if let Some(ValueKind::Array(items)) = self.table.get(key).map(|value| value.kind.clone()) {
            let file_key = format!("{key}_file");
            if self.table.contains_key(&file_key)
                && self.layers.rank(&self.path_of(&file_key)) > self.layers.rank(&self.path_of(key))
            {
                self.table.remove(key);
                return self.secrets(key);
            }
            self.take(key);
            self.asked.push(file_key);
            let texts: Option<Vec<_>> = items.iter().map(|item| text(item).map(SecretString::from)).collect();
            if texts.is_none() {
                self.fault(key, Unfit::new("It is not a list of texts", "Write [\"…\", \"…\"]."));
            }
            return texts;
        }
        let all = self.secret(key)?;
        Some(all.map_or_else(Vec::new, |all| {
            let parts = all.expose_secret().split(|c: char| c == ',' || c.is_whitespace());
            parts.filter(|part| !part.is_empty()).map(SecretString::from).collect()
        }))
    }

    /// The secret in a file, without white space around it.
    pub(super) fn secret_file(&self, key: &str, file: &Path) -> Option<SecretString> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("The file {} cannot be read ({error})", file.display());
                self.fault(key, Unfit::new(message, "Correct the path or the file's rights."));
                return None;
            }
        };
        if text.trim().is_empty() {
            let message = format!("The file {} is empty", file.display());
            self.fault(key, Unfit::new(message, "Put the secret into it, alone."));
            return None;
        }
        if everybody_may_read(file) {
            self.warn(
                key,
                format!("everybody on this machine may read {0}; `chmod o-rwx {0}`", file.display()),
            );
        }
        Some(text.trim().into())
    }

    /// A section in this section; empty if it is not there.
    pub(super) fn section(&mut self, key: &str) -> Self {
        let found = self.take(key);
        if found.as_ref().is_some_and(|value| layers::sections(value).is_none()) {
            self.fault(key, Unfit::new("It is a section", format!("Write [{}].", self.path_of(key))));
        }
        let table = found.as_ref().map(layers::table).unwrap_or_default();
        Self { path: self.path_of(key), table, asked: Vec::new(), layers: self.layers, report: self.report }
    }

    /// The sections below a key that people name themselves, `[dataverse.NAME]`.
    pub(super) fn named<N: FromStr>(&mut self, key: &str) -> Vec<(N, Self)>
    where
        N::Err: std::fmt::Display,
    {
        let mut parent = self.section(key);
        let names: Vec<String> = parent.table.keys().cloned().collect();
        names
            .into_iter()
            .filter_map(|name| {
                let section = parent.section(&name);
                match name.parse() {
                    Ok(parsed) => Some((parsed, section)),
                    Err(error) => {
                        let remedy = format!("Rename the section: {error}.");
                        parent.fault(&name, Unfit::new("The section's name is not allowed", remedy));
                        None
                    }
                }
            })
            .collect()
    }

    /// Reports every key that was not asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let near = self.asked.iter().min_by_key(|known| distance(known, key));
            let remedy = match near {
                Some(near) if distance(near, key) <= 3 => format!("Did you mean {}?", self.path_of(near)),
                Some(_) | None => "Delete it, or look it up in docs/CONFIG.md.".to_owned(),
            };
            self.fault(key, Unfit::new("There is no such key", remedy));
        }
    }
}

#[cfg(unix)]
fn everybody_may_read(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn everybody_may_read(_file: &Path) -> bool {
    false
}

/// Levenshtein's distance, to guess which key was meant.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((r, above), diagonal) in right.chars().zip(row.iter().skip(1)).zip(&row) {
            let before = next.last().copied().unwrap_or_default();
            next.push((before + 1).min(above + 1).min(diagonal + usize::from(l != r)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

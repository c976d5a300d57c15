//! Lays the file and the environment over the built-in defaults, and remembers where each key came from.
//!
//! What the keys mean is not known here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::fault::{ConfigFault, Report};

/// The lowest layer and the manual of every option.
pub const DEFAULT: &str = include_str!("../../config/default.toml");

const PREFIX: &str = "DATAVERSE_RENKU__";

/// Who set a key; a later one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Built in.
    Default,
    /// The file.
    File,
    /// The environment.
    Environment,
}

/// All layers together.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The values in force.
    pub(super) merged: Table,
    file: Option<(PathBuf, Table)>,
    variables: BTreeMap<String, String>,
}

impl Layers {
    /// Reads the layers; what cannot be read is reported and left out.
    pub(super) fn read(file: Option<&Path>, environment: &[(String, String)], report: &Report) -> Self {
        let mut layers = Self { merged: parse(DEFAULT, "the built-in defaults", report), ..Self::default() };
        if let Some(path) = file {
            let origin = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    let table = parse(&text, &origin, report);
                    lay_over(&mut layers.merged, table.clone(), "", &origin, report);
                    layers.file = Some((path.to_owned(), table));
                }
                Err(error) => report.fault(ConfigFault {
                    key: String::new(),
                    origin: Some(origin),
                    message: format!("The configuration file cannot be read ({error})"),
                    remedy:
                        "Correct the path given by --config or DATAVERSE_RENKU_CONFIG, or the file's rights."
                            .into(),
                }),
            }
        }
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if !value.is_empty() {
                layers.put_variable(name, rest, value, report);
            }
        }
        layers
    }

    fn put_variable(&mut self, name: &str, rest: &str, value: &str, report: &Report) {
        let rest = rest.to_ascii_lowercase();
        let mut parts: Vec<String> = rest.split("__").map(str::to_owned).collect();
        if let [kind, installation, ..] = parts.as_mut_slice()
            && matches!(kind.as_str(), "dataverse" | "renku")
        {
            *installation = installation.replace('_', "-");
        }
        let path = parts.join(".");
        if put(&mut self.merged, &parts, value) {
            self.variables.insert(path, name.to_owned());
        } else {
            report.fault(ConfigFault {
                key: path,
                origin: Some(format!("variable {name}")),
                message: "The variable's name does not lead to a key".into(),
                remedy: "Write DATAVERSE_RENKU__SECTION__KEY, with two underscores between the parts.".into(),
            });
        }
    }

    /// Who set this key.
    pub(super) fn rank(&self, path: &str) -> Rank {
        if self.variables.contains_key(path) {
            return Rank::Environment;
        }
        match &self.file {
            Some((_, table)) if has(table, path) => Rank::File,
            Some(_) | None => Rank::Default,
        }
    }

    /// Where this key was set, for people.
    pub(super) fn origin(&self, path: &str) -> Option<String> {
        match (self.rank(path), &self.file) {
            (Rank::Environment, _) => self.variables.get(path).map(|name| format!("variable {name}")),
            (Rank::File, Some((file, _))) => Some(file.display().to_string()),
            (Rank::File | Rank::Default, _) => None,
        }
    }
}

fn parse(text: &str, origin: &str, report: &Report) -> Table {
    text.parse().unwrap_or_else(|error: toml::de::Error| {
        // The error's own display shows the line, which may hold a secret.
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        report.fault(ConfigFault {
            key: String::new(),
            origin: Some(format!("{origin}, line {line}")),
            message: format!("This is not valid TOML ({})", error.message().replace('\n', ", ")),
            remedy: "Correct that line; text values stand in quotation marks.".into(),
        });
        Table::new()
    })
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn lay_over(lower: &mut Table, upper: Table, path: &str, origin: &str, report: &Report) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => {
                lay_over(below, above, &join(path, &key), origin, report);
            }
            (Some(Value::Table(_)), _) => report.fault(ConfigFault {
                message: "It is a section".into(),
                remedy: format!("Write [{}] and its keys below.", join(path, &key)),
                key: join(path, &key),
                origin: Some(origin.to_owned()),
            }),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

fn put(table: &mut Table, parts: &[String], value: &str) -> bool {
    match parts {
        [] => false,
        [key, ..] if key.is_empty() => false,
        [key] if table.get(key).is_some_and(Value::is_table) => false,
        [key] => {
            table.insert(key.clone(), Value::String(value.to_owned()));
            true
        }
        [key, rest @ ..] => match table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => put(inner, rest, value),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => false,
        },
    }
}

fn has(table: &Table, path: &str) -> bool {
    match path.split_once('.') {
        None => table.contains_key(path),
        Some((key, rest)) => table.get(key).and_then(Value::as_table).is_some_and(|inner| has(inner, rest)),
    }
}

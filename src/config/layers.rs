//! Lays the file and the environment over the built-in defaults with the crate `config`, which remembers where each value came from.
//!
//! What the keys mean is not known here.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use config::{Config, Environment, FileFormat, Format as _, Map, Source, Value, ValueKind};

use super::fault::{ConfigFault, Report};

/// The lowest layer and the manual of every option.
pub const DEFAULT: &str = include_str!("../../config/default.toml");

const PREFIX: &str = "DATAVERSE_RENKU__";

/// What `config` calls the origin of every variable.
const ENVIRONMENT: &str = "the environment";

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
#[derive(Debug)]
pub(super) struct Layers {
    merged: Value,
}

/// One layer; its values know their origin.
#[derive(Clone, Debug)]
struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

impl Layers {
    /// Reads the layers; what cannot be read is reported and left out.
    pub(super) fn read(file: Option<&Path>, environment: &[(String, String)], report: &Report) -> Self {
        let mut layers = Self { merged: Value::new(None, Map::<String, Value>::new()) };
        layers.lay_over(Layer(parse(DEFAULT, None, report)), report);
        if let Some(path) = file {
            let origin = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    let mut values = parse(&text, Some(&origin), report);
                    keep_sections(&layers.merged, &mut values, "", &origin, report);
                    layers.lay_over(Layer(values), report);
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
        let variables = layers.variables(environment, report);
        // Without `try_parsing`: a secret `00123` stays what it is.
        let environment = Environment::with_prefix(PREFIX).prefix_separator("").separator("__");
        layers.lay_over(environment.source(Some(variables)), report);
        layers
    }

    fn lay_over(&mut self, upper: impl Source + Send + Sync + 'static, report: &Report) {
        let lower = Layer(sections(&self.merged).cloned().unwrap_or_default());
        match Config::builder().add_source(lower).add_source(upper).build() {
            Ok(both) => self.merged = both.cache,
            Err(error) => report.fault(ConfigFault {
                key: String::new(),
                origin: None,
                message: format!("The layers do not fit together ({error})"),
                remedy: "Please report this.".into(),
            }),
        }
    }

    /// The variables that are ours and lead to a key. In names of a Dataverse or a Renku the underscore becomes a hyphen.
    fn variables(&self, environment: &[(String, String)], report: &Report) -> HashMap<String, String> {
        let mut taken: BTreeMap<Vec<String>, (String, String)> = BTreeMap::new();
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix(PREFIX).filter(|_| !value.is_empty()) else { continue };
            let mut parts: Vec<String> = rest.to_ascii_lowercase().split("__").map(str::to_owned).collect();
            if let [kind, installation, ..] = parts.as_mut_slice()
                && matches!(kind.as_str(), "dataverse" | "renku")
            {
                *installation = installation.replace('_', "-");
            }
            // `A__B` and `A__B__C` cannot both be.
            let clashes = taken
                .keys()
                .any(|other| *other != parts && (other.starts_with(&parts) || parts.starts_with(other)));
            if clashes || parts.iter().any(String::is_empty) || !self.has_room(&parts) {
                report.fault(ConfigFault {
                    key: parts.join("."),
                    origin: Some(format!("variable {name}")),
                    message: "The variable's name does not lead to a key".into(),
                    remedy: "Write DATAVERSE_RENKU__SECTION__KEY, with two underscores between the parts."
                        .into(),
                });
                continue;
            }
            let key = format!("{PREFIX}{}", parts.join("__"));
            taken.insert(parts, (key, value.clone()));
        }
        taken.into_values().collect()
    }

    /// Whether a value can stand at this path without taking the place of a section, or a section that of a value.
    fn has_room(&self, parts: &[String]) -> bool {
        let mut here = Some(&self.merged);
        for part in parts {
            match here.map(|value| &value.kind) {
                Some(ValueKind::Table(table)) => here = table.get(part),
                Some(_) => return false,
                None => return true,
            }
        }
        here.is_none_or(|value| sections(value).is_none())
    }

    /// The values in force.
    pub(super) fn root(&self) -> BTreeMap<String, Value> {
        table(&self.merged)
    }

    fn find(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.merged, |value, key| sections(value)?.get(key))
    }

    /// Who set this key.
    pub(super) fn rank(&self, path: &str) -> Rank {
        match self.find(path).and_then(Value::origin) {
            None => Rank::Default,
            Some(ENVIRONMENT) => Rank::Environment,
            Some(_) => Rank::File,
        }
    }

    /// Where this key was set, for people.
    pub(super) fn origin(&self, path: &str) -> Option<String> {
        match self.find(path)?.origin()? {
            ENVIRONMENT => {
                Some(format!("variable {PREFIX}{}", path.replace('.', "__").replace('-', "_").to_uppercase()))
            }
            file => Some(file.to_owned()),
        }
    }
}

/// The keys of a section in a fixed order, so that faults are told in the same order each time; empty for what is no section.
pub(super) fn table(value: &Value) -> BTreeMap<String, Value> {
    let keys = sections(value).into_iter().flatten();
    keys.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The keys of a section; `None` for a value that is none.
pub(super) fn sections(value: &Value) -> Option<&Map<String, Value>> {
    if let ValueKind::Table(table) = &value.kind { Some(table) } else { None }
}

fn parse(text: &str, origin: Option<&String>, report: &Report) -> Map<String, Value> {
    FileFormat::Toml.parse(origin, text).unwrap_or_else(|error| {
        // The error's own display shows the line, which may hold a secret.
        let said = error.downcast_ref::<toml::de::Error>();
        let line = said
            .and_then(toml::de::Error::span)
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        let message = said.map_or("a number is out of range", toml::de::Error::message);
        let origin = origin.map_or("the built-in defaults", String::as_str);
        report.fault(ConfigFault {
            key: String::new(),
            origin: Some(format!("{origin}, line {line}")),
            message: format!("This is not valid TOML ({})", message.replace('\n', ", ")),
            remedy: "Correct that line; text values stand in quotation marks.".into(),
        });
        Map::new()
    })
}

/// Reports and takes away each value that would stand where a section is below.
fn keep_sections(lower: &Value, upper: &mut Map<String, Value>, path: &str, origin: &str, report: &Report) {
    let Some(below) = sections(lower) else { return };
    upper.retain(|key, value| {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (below.get(key), &mut value.kind) {
            (Some(section), ValueKind::Table(above)) => {
                keep_sections(section, above, &here, origin, report);
                true
            }
            (Some(section), _) if sections(section).is_some() => {
                report.fault(ConfigFault {
                    message: "It is a section".into(),
                    remedy: format!("Write [{here}] and its keys below."),
                    key: here,
                    origin: Some(origin.to_owned()),
                });
                false
            }
            (_, _) => true,
        }
    });
}

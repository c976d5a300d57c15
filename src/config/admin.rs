//! `[admin]`: who may see and do everything here.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::renku::RenkuConfig;
use super::section::Section;
use super::setting::Unfit;
use crate::domain::ids::RenkuName;

/// Somebody who may see and do everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminPerson {
    /// At which Renku; `None` if there is only one.
    pub renku: Option<RenkuName>,
    /// The subject (`sub`) there.
    pub subject: String,
}

impl Serialize for AdminPerson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.renku {
            Some(renku) => serializer.collect_str(&format_args!("{renku}:{}", self.subject)),
            None => serializer.serialize_str(&self.subject),
        }
    }
}

/// `[admin]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdminConfig {
    /// Who.
    pub people: Vec<AdminPerson>,
    /// The role that allows the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl AdminConfig {
    /// Whether this person may see and do everything, apart from the role.
    pub fn names(&self, renku: &RenkuName, subject: &str) -> bool {
        self.people
            .iter()
            .any(|person| person.subject == subject && person.renku.as_ref().is_none_or(|at| at == renku))
    }

    pub(super) fn read(mut section: Section<'_>, renkus: &BTreeMap<RenkuName, RenkuConfig>) -> Option<Self> {
        let people = section.required::<Vec<String>>("people");
        let role = section.optional("role");
        let people = people.and_then(|people| {
            people.iter().map(|text| person(&section, text, renkus)).collect::<Option<Vec<_>>>()
        });
        section.finish();
        Some(Self { people: people?, role: role? })
    }
}

fn person(
    section: &Section<'_>,
    text: &str,
    renkus: &BTreeMap<RenkuName, RenkuConfig>,
) -> Option<AdminPerson> {
    let (renku, subject) = match text.split_once(':') {
        None => (None, text),
        Some((renku, subject)) => (Some(renku), subject),
    };
    match renku {
        // The same subject at another Renku may be somebody else.
        None if renkus.len() > 1 => {
            let remedy = "Write \"NAME:SUBJECT\" with the name of the Renku.";
            section.fault(
                "people",
                Unfit::new("There are several Renkus, and somebody is named without one", remedy),
            );
            None
        }
        None => Some(AdminPerson { renku: None, subject: subject.to_owned() }),
        Some(name) => {
            let known = name.parse().ok().filter(|name| renkus.contains_key(name));
            if known.is_none() {
                let remedy = "Write \"NAME:SUBJECT\" with a NAME that has a section [renku.NAME].";
                section.fault(
                    "people",
                    Unfit::new("Somebody is named at a Renku that is not configured", remedy),
                );
            }
            known.map(|renku| AdminPerson { renku: Some(renku), subject: subject.to_owned() })
        }
    }
}

//! Identifiers: rows are named by version 7 UUIDs, configured things by short names.
//!
//! Persistent identifiers of datasets are in `pid`; addresses of Renku projects in `project`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Timestamp;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id that sorts by `now`.
            pub fn new(now: Timestamp) -> Self {
                let millis = u64::try_from(now.as_millis()).unwrap_or(0);
                let nanos = u32::try_from(millis % 1_000).unwrap_or(0) * 1_000_000;
                Self(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, millis / 1_000, nanos)))
            }

            /// The id that the store keeps as this UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID for the store.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

row_id! {
    /// An import: one dataset version into one project for one person.
    ImportId
}
row_id! {
    /// A person as one Renku knows them (issuer and subject).
    PersonId
}
row_id! {
    /// A publication: Dataverse said, or we noticed, that a version is out.
    PublicationId
}
row_id! {
    /// An invocation of a Dataverse's workflow that waits for us; Dataverse has a name of its own for it.
    InvocationId
}
row_id! {
    /// A subscription: keep this project up to date with this dataset.
    SubscriptionId
}
row_id! {
    /// The right of one worker to run one step; a new one each time.
    LeaseId
}

/// A name is 1 to 40 lower-case letters, digits or hyphens and starts with a letter or digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 40 lower-case letters, digits or hyphens, and starts with a letter or digit")]
pub struct InvalidName;

macro_rules! configured_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as it stands in configuration, paths and the store.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let tame = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                let fits = (1..=40).contains(&text.len()) && text.chars().all(tame) && !text.starts_with('-');
                if fits { Ok(Self(text.to_owned())) } else { Err(InvalidName) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

configured_name! {
    /// The configured name of a Dataverse installation (`[dataverse.NAME]`).
    InstallationName
}
configured_name! {
    /// The configured name of a Renku (`[renku.NAME]`).
    RenkuName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let early = ImportId::new(Timestamp::from_millis(1_700_000_000_000));
        let late = ImportId::new(Timestamp::from_millis(1_700_000_000_001));
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn names_are_short_and_tame() {
        assert!("demo".parse::<InstallationName>().is_ok());
        for bad in ["", "-a", "A", "a b", "a/b", &"x".repeat(41)] {
            assert_eq!(bad.parse::<RenkuName>(), Err(InvalidName), "{bad}");
        }
    }
}

//! A dataset version as Dataverse describes it, and what can be said about it before anything is imported.
//!
//! Reading it over HTTP is the Dataverse adapter's.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::pid::Pid;
use super::time::Timestamp;

/// A published version's number, `2.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionNumber {
    /// The part before the dot.
    pub major: u32,
    /// The part after the dot.
    pub minor: u32,
}

/// The text is not a version number like `2` or `2.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is a number like 2 or 2.1")]
pub struct InvalidVersion;

impl FromStr for VersionNumber {
    type Err = InvalidVersion;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_start_matches(['v', 'V']);
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        let number =
            |part: &str| if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None };
        match (number(major), number(minor)) {
            (Some(major), Some(minor)) => Ok(Self { major, minor }),
            _ => Err(InvalidVersion),
        }
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl TryFrom<String> for VersionNumber {
    type Error = InvalidVersion;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<VersionNumber> for String {
    fn from(version: VersionNumber) -> Self {
        version.to_string()
    }
}

/// Which version of a dataset to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichVersion {
    /// The latest published one, which is what Renku takes.
    LatestPublished,
    /// One published version by its number.
    Number(VersionNumber),
}

/// Why a file cannot be fetched by everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// Restricted: access must be granted.
    Restricted,
    /// Under embargo until a day to come.
    Embargoed,
    /// Its retention period is over; nobody can fetch it.
    RetentionOver,
}

/// A checksum as Dataverse names it: type `MD5`, `SHA-1`, `SHA-256` or `SHA-512`, and lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// The algorithm, in Dataverse's spelling.
    pub kind: String,
    /// The sum in lower-case hex.
    pub hex: String,
}

/// One file of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Dataverse's number of the file.
    pub id: i64,
    /// The file's name as Dataverse serves it (for an ingested table: the `.tab`).
    pub name: String,
    /// The folder inside the dataset, if any.
    pub folder: Option<String>,
    /// Bytes of what Dataverse serves under that name.
    pub size: u64,
    /// The sum of the *uploaded* file; for an ingested table it is not the sum of what is served.
    pub checksum: Option<Checksum>,
    /// Whether Dataverse ingested the upload into a `.tab` table.
    pub tabular: bool,
    /// Why not everyone can fetch it, if so.
    pub closed: Option<Closed>,
}

impl DataFile {
    /// Folder and name.
    pub fn path(&self) -> String {
        match &self.folder {
            Some(folder) if !folder.is_empty() => format!("{folder}/{}", self.name),
            _ => self.name.clone(),
        }
    }
}

/// A published version of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetVersion {
    /// The dataset's PID as Dataverse writes it, parsed.
    pub pid: Pid,
    /// Dataverse's number of the dataset.
    pub dataset_id: i64,
    /// Dataverse's number of the version.
    pub version_id: i64,
    /// `1.0`
    pub number: VersionNumber,
    /// Changes when an administrator updates the current version under an unchanged number.
    pub last_update: Option<Timestamp>,
    /// When it was published.
    pub released: Option<Timestamp>,
    /// The title, as given.
    pub title: String,
    /// Names of the authors, as given.
    pub authors: Vec<String>,
    /// Name of the licence, if it is a standard one.
    pub licence: Option<String>,
    /// Whether a guestbook must be answered before a download (Dataverse ≥ 6.10).
    pub guestbook: bool,
    /// Every file.
    pub files: Vec<DataFile>,
}

impl DatasetVersion {
    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Files that not everyone can fetch.
    pub fn closed_files(&self) -> impl Iterator<Item = (&DataFile, Closed)> {
        self.files.iter().filter_map(|file| file.closed.map(|why| (file, why)))
    }

    /// Names that occur in more than one folder, sorted; Renku 1 keeps one file of each.
    pub fn equal_names(&self) -> Vec<&str> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for file in &self.files {
            *seen.entry(&file.name).or_default() += 1;
        }
        let mut names: Vec<_> =
            seen.into_iter().filter(|(_, times)| *times > 1).map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_printed() {
        for (text, want) in [("2", "2.0"), ("2.1", "2.1"), ("v3.10", "3.10")] {
            assert_eq!(text.parse::<VersionNumber>().unwrap().to_string(), want);
        }
        for bad in ["", ".", "1.", "a", "1.2.3", "-1", "+1", ":draft"] {
            assert_eq!(bad.parse::<VersionNumber>(), Err(InvalidVersion), "{bad}");
        }
    }
}

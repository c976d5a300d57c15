//! Addresses of Renku projects, and names of datasets inside them.
//!
//! Whether a project exists or may be written to is the Renku adapters' to find out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::dataset::VersionNumber;
use super::pid::Pid;
use super::time::Timestamp;

/// A project's web address in plain form: no user, query or fragment, no `.git`, no trailing slash.
///
/// Renku's core keeps another clone for another spelling, and sends the person's Git token to the address's host
/// (renku-python: `serializers/cache.py`, `gateways/repository_cache.py`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectAddress(String);

/// Why a text is not a project's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Not an http(s) address; Git over SSH does not work with Renku.
    #[error("a project's address begins with https:// (addresses like git@… do not work)")]
    NotHttp,
    /// No path with a group and a name.
    #[error("a project's address ends in /group/name")]
    NoPath,
    /// Has a user name, query or fragment, or is too long.
    #[error("a project's address is at most 500 characters long and has no user name, no ? and no #")]
    NotPlain,
}

impl ProjectAddress {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, `gitlab.example.org` or `127.0.0.1:8080`, for the allow-list.
    pub fn host(&self) -> String {
        Url::parse(&self.0)
            .ok()
            .and_then(|url| {
                url.host_str()
                    .map(|host| url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
            })
            .unwrap_or_default()
    }

    /// The path without slashes around it: `group/subgroup/name`.
    pub fn path(&self) -> &str {
        self.0.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path)
    }

    /// Group (all but the last part of the path) and name, as Renku's jobs report them.
    pub fn owner_and_name(&self) -> (&str, &str) {
        self.path().rsplit_once('/').unwrap_or(("", self.path()))
    }
}

/// Who may see a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Everybody who is signed in.
    Internal,
    /// Its members.
    Private,
}

impl Visibility {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Public, Self::Internal, Self::Private];

    /// The name in `GitLab`'s and Renku's APIs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Private => "private",
        }
    }
}

/// A project that a person may write to, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its address.
    pub address: ProjectAddress,
    /// Its name for people.
    pub title: String,
    /// Its place, `group/name`.
    pub path: String,
    /// Who may see it, if Renku tells.
    pub visibility: Option<Visibility>,
    /// When something last happened in it, if Renku tells.
    pub last_activity: Option<Timestamp>,
}

impl FromStr for ProjectAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > 500 {
            return Err(InvalidAddress::NotPlain);
        }
        let url = Url::parse(text).map_err(|_not_a_url| InvalidAddress::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(InvalidAddress::NotHttp);
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(InvalidAddress::NotPlain);
        }
        let path = url.path().trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
        let parts: Vec<_> = path.split('/').collect();
        if parts.len() < 2 || parts.iter().any(|part| part.is_empty() || *part == "..") || path.contains('%')
        {
            return Err(InvalidAddress::NoPath);
        }
        Ok(Self(format!("{}/{path}", url.origin().ascii_serialization())))
    }
}

impl fmt::Display for ProjectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ProjectAddress {
    type Error = InvalidAddress;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProjectAddress> for String {
    fn from(address: ProjectAddress) -> Self {
        address.0
    }
}

/// Which of Renku's two services takes the dataset; a Renku may offer both (Renku's charts 0.68 – 2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenkuApi {
    /// Renku 2's data services, which link: sessions then read from Dataverse.
    Data,
    /// Renku 1's core service, which copies.
    Core,
}

impl RenkuApi {
    /// Both, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Data, Self::Core];

    /// The name in the configuration, the store, the API and in locales.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Core => "core",
        }
    }
}

impl fmt::Display for RenkuApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names none of Renku's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is \"data\" (Renku 2) or \"core\" (Renku 1)")]
pub struct InvalidRenkuApi;

impl FromStr for RenkuApi {
    type Err = InvalidRenkuApi;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|api| api.as_str() == text.trim()).ok_or(InvalidRenkuApi)
    }
}

/// The name (Renku: slug) under which a dataset lies in a project.
///
/// ASCII letters, digits and single `_ . -` between them, not ending in `.lock` (renku-python: `core/util/urls.py::get_slug`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatasetName(String);

/// The text cannot be a dataset's name in Renku.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a dataset's name is 1 to 200 ASCII letters and digits, with single . - _ between them, and does not end in .lock"
)]
pub struct InvalidDatasetName;

impl DatasetName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which we import: words of the title for people, the whole PID and the version so that no two datasets share one.
    ///
    /// Renku's own default is cut to 24 characters of the title, so that similar titles collide.
    pub fn derived(title: &str, pid: &Pid, version: VersionNumber) -> Self {
        let words = squeezed(title, 32);
        let bare = pid.bare().replace('/', "_");
        let id = squeezed(&bare, 200);
        // Two PIDs may squeeze to one text; a short sum of the exact PID keeps them apart.
        let id = if id == bare { id } else { format!("{id}-{:08x}", fnv(&pid.to_string())) };
        let name =
            if words.is_empty() { format!("{id}-v{version}") } else { format!("{words}-{id}-v{version}") };
        Self(name)
    }
}

/// Lower-case words joined by single hyphens would lose the PID's letters, so case is kept; cut at a word's end where possible.
fn squeezed(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(['-', '_', '.']) {
            out.push(if matches!(c, '_' | '.') { c } else { '-' });
        }
    }
    if out.len() > longest {
        let cut = out.get(..longest).unwrap_or(&out);
        out = cut
            .rfind('-')
            .filter(|at| *at > longest / 2)
            .and_then(|at| cut.get(..at))
            .unwrap_or(cut)
            .to_owned();
    }
    out.trim_matches(['-', '_', '.']).to_owned()
}

/// FNV-1a, 32 bits: only to tell apart, not to protect.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl FromStr for DatasetName {
    type Err = InvalidDatasetName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let separator = |c: char| matches!(c, '.' | '_' | '-');
        let fits = (1..=200).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || separator(c))
            && !text.starts_with(separator)
            && !text.ends_with(separator)
            && !text.as_bytes().windows(2).any(|pair| pair.iter().all(|b| separator(char::from(*b))))
            && text.rsplit('.').next() != Some("lock");
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidDatasetName) }
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DatasetName {
    type Error = InvalidDatasetName;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DatasetName> for String {
    fn from(name: DatasetName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_project_has_one_spelling() {
        for text in [
            "https://git.example/alice/demo",
            "https://git.example/alice/demo.git",
            " https://git.example/alice/demo/ ",
            "https://GIT.example:443/alice/demo",
        ] {
            assert_eq!(
                text.parse::<ProjectAddress>().unwrap().as_str(),
                "https://git.example/alice/demo",
                "{text}"
            );
        }
        let address: ProjectAddress = "http://127.0.0.1:8080/group/sub/demo".parse().unwrap();
        assert_eq!(
            (address.host().as_str(), address.owner_and_name()),
            ("127.0.0.1:8080", ("group/sub", "demo"))
        );
    }

    #[test]
    fn what_is_no_project_is_refused() {
        for (text, why) in [
            ("git@git.example:alice/demo.git", InvalidAddress::NotHttp),
            ("hello", InvalidAddress::NotHttp),
            ("https://git.example/alice", InvalidAddress::NoPath),
            ("https://git.example/", InvalidAddress::NoPath),
            ("https://u:p@git.example/alice/demo", InvalidAddress::NotPlain),
            ("https://git.example/alice/demo?x=1", InvalidAddress::NotPlain),
        ] {
            assert_eq!(text.parse::<ProjectAddress>(), Err(why), "{text}");
        }
    }

    #[test]
    fn similar_titles_get_different_names() {
        let version = VersionNumber { major: 1, minor: 0 };
        let name = |title: &str, pid: &str| DatasetName::derived(title, &pid.parse().unwrap(), version);
        assert_eq!(
            name("Glacier mass balance 2019", "doi:10.5072/FK2/COLL1").as_str(),
            "Glacier-mass-balance-2019-10.5072_FK2_COLL1-v1.0"
        );
        assert_ne!(name("Same", "doi:10.5072/A-B"), name("Same", "doi:10.5072/A/B"));
        assert_ne!(name("Same", "doi:10.5072/A:B"), name("Same", "doi:10.5072/A-B"));
        assert_eq!(name("氷河", "doi:10.5072/X").as_str(), "10.5072_X-v1.0");
    }

    proptest! {
        #[test]
        fn derived_names_are_always_valid(title in ".{0,300}", suffix in "[A-Za-z0-9./_();:-]{1,60}", major in 0_u32..100, minor in 0_u32..100) {
            let pid: Pid = format!("doi:10.5072/{suffix}").parse().unwrap();
            let name = DatasetName::derived(&title, &pid, VersionNumber { major, minor });
            prop_assert!(name.as_str().parse::<DatasetName>().is_ok(), "{}", name);
        }

        #[test]
        fn parsing_a_printed_address_gives_the_same_address(path in "[a-z][a-z0-9-]{0,10}(/[a-z][a-z0-9.-]{0,10}[a-z]){1,3}") {
            let address: ProjectAddress = format!("https://git.example/{path}").parse().unwrap();
            prop_assert_eq!(address.as_str().parse::<ProjectAddress>().unwrap(), address);
        }
    }
}

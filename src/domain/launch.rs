//! What a browser brings along that a Dataverse sent, and what a launch is once Dataverse has answered.
//!
//! A callback is decoded tolerantly and trusted only after a check against the installation. Asking Dataverse is the adapter's.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use url::Url;

use super::ids::InstallationName;
use super::pid::Pid;

/// The longest callback that is looked at, in characters of its encoded form.
const LONGEST: usize = 4_096;

/// Padding and the last bits may be as they are: what was decoded is checked, not how it was written.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What stands in the query of a launch (Dataverse: `ExternalToolHandler.java`).
#[derive(Clone, PartialEq, Eq)]
pub enum Arrival {
    /// `callback=…`: an encoded address of Dataverse that tells everything else. It may hold the person's rights.
    Callback(String),
    /// The parameters of a tool that was registered without `allowedApiCalls`: anybody can write them.
    Hints {
        /// `datasetPid`, or whatever else names a dataset.
        dataset: String,
        /// `datasetVersion`
        version: Option<String>,
    },
    /// Neither: somebody opened the bare address.
    Nothing,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Callback(_) => "Callback(…)",
            Self::Hints { .. } => "Hints(…)",
            Self::Nothing => "Nothing",
        })
    }
}

impl Arrival {
    /// Reads a query as the browser sent it.
    pub fn of_query(query: &str) -> Self {
        let value = |wanted: &[&str]| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(key, value)| wanted.contains(&key.as_ref()) && !value.is_empty())
                .map(|(_, value)| value.into_owned())
        };
        if let Some(callback) = value(&["callback"]) {
            return Self::Callback(callback);
        }
        match value(&["datasetPid", "persistentId", "pid"]) {
            Some(dataset) => Self::Hints { dataset, version: value(&["datasetVersion"]) },
            None => Self::Nothing,
        }
    }
}

/// Why a callback is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefused {
    /// It cannot be decoded, or is not the address of a dataset tool's callback.
    #[error("{0}")]
    Unreadable(&'static str),
    /// It leads to another place than the installation.
    #[error("it leads to {0}")]
    Foreign(String),
}

/// A callback that leads to the installation and to nothing but the parameters of a dataset tool. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    url: Url,
    dataset_id: i64,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback(dataset {})", self.dataset_id)
    }
}

impl Callback {
    /// Decodes and checks the value of `callback`; `site` is the installation's address.
    ///
    /// Dataverse inserts standard Base64 without percent-encoding it, so that on its way `+` becomes a space; padding gets lost or
    /// encoded; and some rewrite it in the alphabet for addresses.
    ///
    /// # Errors
    /// When it cannot be read, or leads anywhere but to that installation.
    pub fn decode(text: &str, site: &Url) -> Result<Self, CallbackRefused> {
        if text.len() > LONGEST {
            return Err(CallbackRefused::Unreadable("it is too long"));
        }
        let plain: String = text
            .trim_end_matches(['\r', '\n'])
            .replace("%3D", "=")
            .replace("%3d", "=")
            .chars()
            .map(|c| match c {
                ' ' | '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect();
        let text =
            TOLERANT.decode(plain.trim_end_matches('=')).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        Self::check(&text.ok_or(CallbackRefused::Unreadable("it cannot be decoded"))?, site)
    }

    fn check(text: &str, site: &Url) -> Result<Self, CallbackRefused> {
        // A parser for addresses drops or turns such characters: what it read would not be what is there.
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '#')) {
            return Err(CallbackRefused::Unreadable("it has characters that no address has"));
        }
        let url = Url::parse(text).map_err(|_no_url| CallbackRefused::Unreadable("it is not an address"))?;
        let rest = path_at(&url, site)?;
        let not_ours = CallbackRefused::Unreadable("it is not the address of a dataset tool's parameters");
        let dataset_id = tool_of_dataset(rest).ok_or(not_ours)?;
        if !is_unsigned_or_well_signed(&url) {
            return Err(CallbackRefused::Unreadable("its signature is not complete"));
        }
        Ok(Self { url, dataset_id })
    }

    /// Dataverse's number of the dataset.
    pub fn dataset_id(&self) -> i64 {
        self.dataset_id
    }

    /// Whether somebody who is logged in to Dataverse was sent: only Dataverse can check it.
    pub fn is_signed(&self) -> bool {
        self.url.query().is_some()
    }

    /// The address to call: as it was given, with the language behind it, which no signature covers.
    pub fn address(&self, locale: Option<&str>) -> String {
        let tame = |text: &&str| {
            (2..=12).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        match locale.filter(tame) {
            None => self.url.as_str().to_owned(),
            Some(locale) => {
                format!("{}{}locale={locale}", self.url, if self.is_signed() { '&' } else { '?' })
            }
        }
    }
}

/// An address that Dataverse signed for us to look at the version that the person sees: a right of theirs. Never printed or kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedLook(Url);

impl fmt::Debug for SignedLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedLook(…)")
    }
}

impl SignedLook {
    /// Takes the address if it leads to that dataset's latest version at the installation, and is signed.
    pub fn check(text: &str, site: &Url, dataset_id: i64) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let fits =
            tame(path_at(&url, site).ok()?) == format!("/api/v1/datasets/{dataset_id}/versions/:latest");
        let signed = url.query_pairs().any(|(key, _)| key == "token");
        (fits && signed).then_some(Self(url))
    }

    /// The address to call.
    pub fn address(&self) -> &str {
        self.0.as_str()
    }
}

/// The path behind the installation's own address.
fn path_at<'a>(url: &'a Url, site: &Url) -> Result<&'a str, CallbackRefused> {
    let foreign = || CallbackRefused::Foreign(url.origin().ascii_serialization());
    let same = url.scheme() == site.scheme()
        && url.host() == site.host()
        && url.port_or_known_default() == site.port_or_known_default()
        && url.username().is_empty()
        && url.password().is_none();
    if !same || !matches!(url.scheme(), "http" | "https") {
        return Err(foreign());
    }
    url.path().strip_prefix(site.path().trim_end_matches('/')).ok_or_else(foreign)
}

/// A colon may be percent-encoded; nothing else in these paths needs to be.
fn tame(path: &str) -> String {
    path.replace("%3A", ":").replace("%3a", ":")
}

/// `/api/v1/datasets/42/versions/:latest/toolparams/7` (Dataverse: `Datasets.java`); the number of the dataset.
fn tool_of_dataset(path: &str) -> Option<i64> {
    let path = tame(path);
    let rest = path.strip_prefix("/api/v1/datasets/")?;
    let (dataset, tool) = rest.split_once("/versions/:latest/toolparams/")?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(dataset) && digits(tool) { dataset.parse().ok() } else { None }
}

/// Either nothing, or what Dataverse appends, in its order (Dataverse: `UrlSignerUtil.java`).
fn is_unsigned_or_well_signed(url: &Url) -> bool {
    let Some(query) = url.query() else { return true };
    let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    let [("until", until), ("user", user), ("method", "GET"), ("token", token)] = pairs.as_slice() else {
        return false;
    };
    let hex = token.len() >= 64 && token.len() <= 256 && token.bytes().all(|b| b.is_ascii_hexdigit());
    !until.is_empty() && !user.is_empty() && hex
}

/// What Dataverse answered to a callback.
#[derive(Debug)]
pub struct Redeemed {
    /// The dataset.
    pub pid: Pid,
    /// The version that the person looked at, as Dataverse writes it: `1.0` or `:draft`.
    pub version: Option<String>,
    /// The language of Dataverse's pages.
    pub locale: Option<String>,
    /// For a look at the version with the person's eyes, if somebody is logged in there.
    pub look: Option<SignedLook>,
}

/// How the version is to the person who was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Not published (yet).
    Draft,
    /// Published, which does not mean for everybody.
    Published,
    /// Taken back.
    Deaccessioned,
}

/// The version with the eyes of the person who was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its title.
    pub title: Option<String>,
    /// How it stands.
    pub standing: Standing,
}

/// Somebody came from a Dataverse: what is kept of it for an hour. It holds no right of anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// From which installation.
    pub installation: InstallationName,
    /// With which dataset.
    pub pid: Pid,
    /// The version that they looked at: `1.0` or `:draft`.
    pub version: Option<String>,
    /// What they saw there, if Dataverse said so.
    pub seen: Option<Seen>,
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;

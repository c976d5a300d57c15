//! Persistent identifiers of datasets in every form that people paste: DOI, Handle and `PermaID`.
//!
//! Which installation a PID belongs to is not decided here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

/// Longest identifier that is accepted, in bytes; Dataverse's own column holds 255.
const LONGEST: usize = 255;

/// A dataset's persistent identifier, in the one form in which we compare and store it.
///
/// DOIs and `PermaID`s are compared without regard to case, so they are kept in upper case; a Handle's suffix keeps its
/// letters (Dataverse: `GlobalId.java`, `PermaLinkPidProvider.java`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pid {
    /// `doi:10.70122/FK2/ABCDEF`
    Doi {
        /// The registrant's prefix, `10.70122`.
        prefix: String,
        /// What follows the first slash, in upper case.
        suffix: String,
    },
    /// `hdl:20.500.12345/XYZ`
    Handle {
        /// The naming authority, `20.500.12345`.
        prefix: String,
        /// What follows the first slash.
        suffix: String,
    },
    /// `perma:DANSLINK-123`: a local identifier with a separator that only its installation knows.
    Perma(String),
}

/// Why a text is not a persistent identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPid {
    /// Nothing was given.
    #[error("the dataset's identifier is empty")]
    Empty,
    /// Longer than 255 characters.
    #[error("the dataset's identifier is longer than 255 characters")]
    TooLong,
    /// Neither DOI, Handle, `PermaID` nor an address that holds one.
    #[error(
        "this is neither a DOI (doi:10.…/…), a Handle (hdl:…/…), a PermaID (perma:…) nor the address of a dataset page"
    )]
    Unknown,
}

impl Pid {
    /// Whether this is a DOI, the only kind that Renku 2 takes.
    pub fn is_doi(&self) -> bool {
        matches!(self, Self::Doi { .. })
    }

    /// The identifier without its scheme, as it stands in a file name or a resolver's path.
    pub fn bare(&self) -> String {
        match self {
            Self::Doi { prefix, suffix } | Self::Handle { prefix, suffix } => format!("{prefix}/{suffix}"),
            Self::Perma(id) => id.clone(),
        }
    }

    fn doi(bare: &str) -> Option<Self> {
        let (prefix, suffix) = bare.split_once('/')?;
        let registrant = prefix.strip_prefix("10.")?;
        let digits =
            registrant.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        (digits && tame(suffix))
            .then(|| Self::Doi { prefix: prefix.to_owned(), suffix: suffix.to_uppercase() })
    }

    fn handle(bare: &str) -> Option<Self> {
        let (prefix, suffix) = bare.split_once('/')?;
        let fits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        (fits && tame(suffix)).then(|| Self::Handle { prefix: prefix.to_owned(), suffix: suffix.to_owned() })
    }

    fn perma(bare: &str) -> Option<Self> {
        tame(bare).then(|| Self::Perma(bare.to_uppercase()))
    }

    fn from_address(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        if let Some((_, value)) = url.query_pairs().find(|(key, _)| key == "persistentId") {
            return Self::scheme_and_rest(&value);
        }
        let path = percent_decoded(url.path().trim_start_matches('/'))?;
        match url.host_str()? {
            "doi.org" | "dx.doi.org" | "www.doi.org" => Self::doi(&path),
            "hdl.handle.net" => Self::handle(&path),
            _ => None,
        }
    }

    fn scheme_and_rest(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let rest = rest.trim_start();
        match scheme.to_ascii_lowercase().as_str() {
            "doi" => Self::doi(rest),
            "hdl" | "handle" => Self::handle(rest),
            "perma" => Self::perma(rest),
            _ => None,
        }
    }
}

/// No blanks, no control characters, nothing that would end a query or a path early.
fn tame(part: &str) -> bool {
    !part.is_empty()
        && part.chars().all(|c| {
            !c.is_whitespace()
                && !c.is_control()
                && !matches!(c, '?' | '#' | '"' | '<' | '>' | '\\' | '%' | '&')
        })
}

fn percent_decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

impl FromStr for Pid {
    type Err = InvalidPid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidPid::Empty);
        }
        // An address may be longer than the identifier in it; the identifier is measured below.
        if text.len() > 4 * LONGEST {
            return Err(InvalidPid::TooLong);
        }
        let lower = text.to_ascii_lowercase();
        let bare_resolver = ["doi.org/", "dx.doi.org/", "www.doi.org/", "hdl.handle.net/"];
        let pid = if lower.starts_with("http://") || lower.starts_with("https://") {
            Self::from_address(text)
        } else if bare_resolver.iter().any(|host| lower.starts_with(host)) {
            Self::from_address(&format!("https://{text}"))
        } else {
            Self::scheme_and_rest(text).or_else(|| Self::doi(text))
        };
        let pid = pid.ok_or(InvalidPid::Unknown)?;
        if pid.to_string().len() > LONGEST { Err(InvalidPid::TooLong) } else { Ok(pid) }
    }
}

/// Dataverse's text form (`persistentId=`): `doi:…`, `hdl:…`, `perma:…`.
impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self {
            Self::Doi { .. } => "doi",
            Self::Handle { .. } => "hdl",
            Self::Perma(_) => "perma",
        };
        write!(f, "{scheme}:{}", self.bare())
    }
}

impl TryFrom<String> for Pid {
    type Error = InvalidPid;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Pid> for String {
    fn from(pid: Pid) -> Self {
        pid.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_written_form_of_a_doi_is_the_same_doi() {
        let want: Pid = "doi:10.70122/FK2/ABCDEF".parse().unwrap();
        for text in [
            "10.70122/FK2/ABCDEF",
            "10.70122/fk2/abcdef",
            "DOI: 10.70122/FK2/ABCDEF",
            "doi.org/10.70122/FK2/ABCDEF",
            "https://doi.org/10.70122/FK2/ABCDEF",
            "http://dx.doi.org/10.70122/FK2/ABCDEF",
            "https://www.doi.org/10.70122/FK2%2FABCDEF",
            " https://demo.dataverse.example/dataset.xhtml?persistentId=doi:10.70122/FK2/ABCDEF&version=1.0 ",
            "https://demo.dataverse.example/citation?persistentId=doi%3A10.70122%2FFK2%2FABCDEF",
        ] {
            assert_eq!(text.parse::<Pid>().as_ref(), Ok(&want), "{text}");
        }
    }

    #[test]
    fn handles_and_perma_ids_are_read_too() {
        for (text, want) in [
            ("hdl:20.500.12345/Xyz", "hdl:20.500.12345/Xyz"),
            ("https://hdl.handle.net/20.500.12345/Xyz", "hdl:20.500.12345/Xyz"),
            ("perma:dans-42", "perma:DANS-42"),
            ("https://dv.example/citation?persistentId=perma:dans-42", "perma:DANS-42"),
        ] {
            assert_eq!(text.parse::<Pid>().unwrap().to_string(), want);
        }
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in [
            "hello",
            "doi:",
            "doi:10.x/y",
            "10.1",
            "https://example.org/page",
            "ftp://doi.org/10.1/A",
            "doi:10.1/a b",
            "doi:10.1/a?b",
        ] {
            assert_eq!(text.parse::<Pid>(), Err(InvalidPid::Unknown), "{text}");
        }
        assert_eq!("  ".parse::<Pid>(), Err(InvalidPid::Empty));
        assert_eq!(format!("doi:10.1/{}", "A".repeat(300)).parse::<Pid>(), Err(InvalidPid::TooLong));
    }

    proptest! {
        #[test]
        fn parsing_what_was_printed_gives_the_same_pid(text in prop_oneof![
            r"doi:10\.[0-9]{4,6}/[A-Za-z0-9./_();:-]{1,40}",
            r"hdl:[0-9]{2}\.[0-9]{3}/[A-Za-z0-9._-]{1,30}",
            r"perma:[A-Za-z0-9._-]{1,30}",
        ]) {
            let pid: Pid = text.parse().unwrap();
            prop_assert_eq!(pid.to_string().parse::<Pid>().unwrap(), pid);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,300}") {
            let _outcome = text.parse::<Pid>();
        }
    }
}

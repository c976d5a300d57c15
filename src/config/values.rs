//! Kinds of values that only configuration has: addresses, ranges, sizes, and connection strings with a password in them.
//!
//! Nothing here connects anywhere.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use url::{Host, Url};

/// A web address in plain form: http(s), no user, query or fragment, no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebAddress(Url);

/// Why a text is not a plain web address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// Not http(s).
    #[error("It is not a web address")]
    NotHttp,
    /// Has a user name or password.
    #[error("It has a user name or password in it")]
    WithUser,
    /// Has a query or fragment.
    #[error("It has a ? or # in it")]
    WithQuery,
}

impl WebAddress {
    /// The address without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The address as a URL.
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The address of something below this one; `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }

    /// The host's name or number.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host with its port, if that is a special one: `127.0.0.1:8080`.
    pub fn host_and_port(&self) -> String {
        self.0.port().map_or_else(|| self.host().to_owned(), |port| format!("{}:{port}", self.host()))
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
}

impl FromStr for WebAddress {
    type Err = NotAnAddress;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_not_a_url| NotAnAddress::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(NotAnAddress::NotHttp);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAnAddress::WithUser);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NotAnAddress::WithQuery);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for WebAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The address of a database or broker, with a password in it that is never shown.
#[derive(Clone)]
pub struct ConnectionUrl(SecretString);

impl ConnectionUrl {
    /// Wraps the address.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The whole address, for the driver only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The part before the first colon.
    pub fn scheme(&self) -> &str {
        self.expose().split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// Whether it is this machine; `false` if that cannot be seen.
    pub fn is_loopback(&self) -> bool {
        match Url::parse(self.expose()).map(|url| url.host_str().map(str::to_owned)) {
            // Schemes that are not the web's keep even a number as a name.
            Ok(Some(host)) => {
                host == "localhost"
                    || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
            Ok(None) | Err(_) => false,
        }
    }
}

/// The address with the password, and everything in the query, replaced by `…`.
impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme() == "sqlite" || self.scheme() == "embedded" {
            return f.write_str(self.expose());
        }
        let Ok(url) = Url::parse(self.expose()) else { return f.write_str("…") };
        write!(f, "{}://", url.scheme())?;
        if !url.username().is_empty() {
            write!(f, "{}", url.username())?;
            f.write_str(if url.password().is_some() { ":…@" } else { "@" })?;
        }
        f.write_str(url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        f.write_str(if url.query().is_some() { "?…" } else { "" })
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionUrl({self})")
    }
}

impl Serialize for ConnectionUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An IP address or a range of them, `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    address: IpAddr,
    prefix: u8,
}

/// The text is neither an address nor a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IP address or range")]
pub struct NotARange;

impl IpRange {
    /// Whether the address is in the range. IPv4 written as IPv6 (`::ffff:10.0.0.1`) is taken as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(range), IpAddr::V4(one)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                (range.to_bits() ^ one.to_bits()) & mask == 0
            }
            (IpAddr::V6(range), IpAddr::V6(one)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                (range.to_bits() ^ one.to_bits()) & mask == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for IpRange {
    type Err = NotARange;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.trim().split_once('/') {
            None => (text.trim(), None),
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_number| NotARange)?)),
        };
        let address: IpAddr = address.parse().map_err(|_address| NotARange)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest { Err(NotARange) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for IpRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// The text is not a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a size")]
pub struct NotASize;

impl FromStr for Bytes {
    type Err = NotASize;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "kib" => 1 << 10,
            "mb" => 1_000_000,
            "mib" => 1 << 20,
            "gb" => 1_000_000_000,
            "gib" => 1 << 30,
            "tb" => 1_000_000_000_000,
            "tib" => 1 << 40,
            _ => return Err(NotASize),
        };
        let number: u64 = number.parse().map_err(|_number| NotASize)?;
        number.checked_mul(factor).map(Self).ok_or(NotASize)
    }
}

/// Writes `…` for each secret of a list.
pub(super) fn hidden_each<T, S: Serializer>(secrets: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(|_| "…"))
}

/// Writes `…` if there is a secret.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(super) fn hidden_if_set<T, S: Serializer>(secret: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => serializer.serialize_some("…"),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_lose_their_last_slash_and_nothing_else() {
        for (text, plain) in [
            ("https://renku.example/", "https://renku.example"),
            ("https://renku.example", "https://renku.example"),
            ("http://127.0.0.1:8080/auth/realms/Renku/", "http://127.0.0.1:8080/auth/realms/Renku"),
        ] {
            assert_eq!(text.parse::<WebAddress>().unwrap().as_str(), plain);
        }
        for (text, why) in [
            ("renku.example", NotAnAddress::NotHttp),
            ("ftp://renku.example", NotAnAddress::NotHttp),
            ("https://me:pw@renku.example", NotAnAddress::WithUser),
            ("https://renku.example?a=b", NotAnAddress::WithQuery),
        ] {
            assert_eq!(text.parse::<WebAddress>(), Err(why), "{text}");
        }
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for (text, here) in [
            ("http://127.0.0.1:1", true),
            ("http://localhost", true),
            ("http://[::1]:8", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(text.parse::<WebAddress>().unwrap().is_loopback(), here, "{text}");
        }
        assert!(ConnectionUrl::new("amqp://guest:guest@127.0.0.1:5672/%2f").is_loopback());
        assert!(ConnectionUrl::new("amqp://[::1]").is_loopback());
        assert!(!ConnectionUrl::new("amqp://rabbit.example").is_loopback());
    }

    #[test]
    fn connection_addresses_never_show_their_password() {
        let url = ConnectionUrl::new("postgres://me:hunter2@db.example:5433/data?password=hunter2");
        assert_eq!(url.to_string(), "postgres://me:…@db.example:5433/data?…");
        assert!(!format!("{url:?}").contains("hunter2"));
        assert_eq!(ConnectionUrl::new("hunter2").to_string(), "…");
    }

    #[test]
    fn ranges_hold_their_addresses() {
        let inside = |range: &str, ip: &str| range.parse::<IpRange>().unwrap().contains(ip.parse().unwrap());
        assert!(inside("10.0.0.0/8", "10.255.1.2"));
        assert!(!inside("10.0.0.0/8", "11.0.0.1"));
        assert!(inside("192.0.2.7", "192.0.2.7") && !inside("192.0.2.7", "192.0.2.8"));
        assert!(inside("0.0.0.0/0", "8.8.8.8") && !inside("0.0.0.0/0", "2001:db8::1"));
        assert!(inside("2001:db8::/32", "2001:db8:1::1"));
        assert!(inside("10.0.0.0/8", "::ffff:10.1.2.3"));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "example.org", "::1/129", "10.0.0.0/"] {
            assert_eq!(bad.parse::<IpRange>(), Err(NotARange), "{bad}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("10", 10), ("64KiB", 65_536), ("2 MB", 2_000_000), ("10GiB", 10 << 30)] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for bad in ["", "KiB", "1.5GiB", "-1", "99999999999TiB", "1 parsec"] {
            assert_eq!(bad.parse::<Bytes>(), Err(NotASize), "{bad}");
        }
    }
}

//! How a value in a file or a variable becomes a typed one, and what is said if it does not.
//!
//! Variables are always texts; numbers, truth values and lists are read from texts too.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use config::{Value, ValueKind};

use super::values::{Bytes, ConnectionUrl, IpRange, WebAddress};

/// Why a value is unusable, and what would be usable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    /// What is wrong, without the value.
    pub(super) message: String,
    /// What to write instead.
    pub(super) remedy: String,
}

impl Unfit {
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }

    fn not(wanted: &str) -> Self {
        Self::new(format!("It is not {wanted}"), format!("Set it to {wanted}."))
    }
}

/// The text, if it is one. The conversions of `config` itself would take a number for a text and `on` for a 1.
pub(super) fn text(value: &Value) -> Option<&str> {
    if let ValueKind::String(text) = &value.kind { Some(text) } else { None }
}

/// The number that stands in a file without quotation marks, or in a text.
fn number<T: TryFrom<i64> + std::str::FromStr>(value: &Value) -> Option<T> {
    if let ValueKind::I64(number) = value.kind {
        return T::try_from(number).ok();
    }
    text(value)?.trim().parse().ok()
}

/// A value that can be configured.
pub(super) trait Setting: Sized {
    /// What is wanted, with an example.
    const WANTED: &'static str;

    /// Reads the value.
    fn read(value: &Value) -> Result<Self, Unfit>;
}

impl Setting for String {
    const WANTED: &'static str = "a text in quotation marks";
    fn read(value: &Value) -> Result<Self, Unfit> {
        text(value).map(|text| text.trim().to_owned()).ok_or_else(|| Unfit::not(Self::WANTED))
    }
}

impl Setting for bool {
    const WANTED: &'static str = "true or false";
    fn read(value: &Value) -> Result<Self, Unfit> {
        if let ValueKind::Boolean(set) = value.kind {
            return Ok(set);
        }
        let word = text(value).and_then(|text| text.trim().to_ascii_lowercase().parse().ok());
        word.ok_or_else(|| Unfit::not(Self::WANTED))
    }
}

impl Setting for u32 {
    const WANTED: &'static str = "a whole number like 8";
    fn read(value: &Value) -> Result<Self, Unfit> {
        number(value).ok_or_else(|| Unfit::not(Self::WANTED))
    }
}

macro_rules! from_text {
    ($($type:ty, $wanted:literal, $parse:expr;)+) => {$(
        impl Setting for $type {
            const WANTED: &'static str = $wanted;
            fn read(value: &Value) -> Result<Self, Unfit> {
                let parse: fn(&str) -> Option<Self> = $parse;
                text(value).and_then(|text| parse(text.trim())).ok_or_else(|| Unfit::not(Self::WANTED))
            }
        }
    )+};
}

from_text! {
    Duration, "a duration like \"30s\", \"35m\" or \"7d\"",
        |text| humantime_serde::re::humantime::parse_duration(text).ok();
    SocketAddr, "an IP address with a port like \"127.0.0.1:8473\"", |text| text.parse().ok();
    IpRange, "an IP address or range like \"10.0.0.0/8\"", |text| text.parse().ok();
    PathBuf, "the path of a file", |text| (!text.is_empty()).then(|| text.into());
}

impl Setting for Bytes {
    const WANTED: &'static str = "a size like \"64KiB\", \"10GiB\" or a number of bytes";
    fn read(value: &Value) -> Result<Self, Unfit> {
        let plain = number(value).map(Self);
        plain.or_else(|| text(value)?.parse().ok()).ok_or_else(|| Unfit::not(Self::WANTED))
    }
}

impl Setting for WebAddress {
    const WANTED: &'static str = "an address like \"https://renku.example.org\"";
    fn read(value: &Value) -> Result<Self, Unfit> {
        let text = text(value).ok_or_else(|| Unfit::not(Self::WANTED))?;
        text.parse().map_err(|why: super::values::NotAnAddress| {
            Unfit::new(why.to_string(), format!("Set it to {}.", Self::WANTED))
        })
    }
}

impl Setting for ConnectionUrl {
    const WANTED: &'static str = "an address like \"postgres://user:password@host/database\"";
    fn read(value: &Value) -> Result<Self, Unfit> {
        text(value).map(|text| Self::new(text.trim())).ok_or_else(|| Unfit::not(Self::WANTED))
    }
}

impl<T: Setting> Setting for Vec<T> {
    const WANTED: &'static str = "a list like [\"a\", \"b\"], in a variable a,b";
    fn read(value: &Value) -> Result<Self, Unfit> {
        if let ValueKind::Array(items) = &value.kind {
            return items.iter().map(T::read).collect();
        }
        let text = text(value).ok_or_else(|| Unfit::not(Self::WANTED))?;
        // A list as in a file, written into a variable, would be one strange item.
        if text.contains(['"', '\'']) {
            return Err(Unfit::new(
                "There are quotation marks in it",
                "In a variable write a,b without them.",
            ));
        }
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| T::read(&part.into())).collect()
    }
}

/// Makes an enum of words a setting, with `as_str` and serialization by the same words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $wanted:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The word in the configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::config::setting::Setting for $name {
            const WANTED: &'static str = $wanted;
            fn read(value: &config::Value) -> Result<Self, $crate::config::setting::Unfit> {
                match $crate::config::setting::text(value) {
                    $(Some($word) => Ok(Self::$variant),)+
                    Some(_) | None => Err($crate::config::setting::Unfit::new(
                        concat!("It is not ", $wanted), concat!("Set it to ", $wanted, "."),
                    )),
                }
            }
        }
    };
}
pub(super) use words;

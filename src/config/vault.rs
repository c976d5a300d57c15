//! `[vault]`: the keys that seal stored sign-ins.
//!
//! Sealing itself is done by the vault; making a first key by whoever starts the service.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use super::section::Section;
use super::setting::Unfit;
use super::values::hidden_each;

/// A key of 32 bytes; never printed.
#[derive(Clone)]
pub struct VaultKey(Zeroizing<[u8; 32]>);

impl VaultKey {
    /// The key itself, for the cipher only.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads base64 (with either alphabet, padded or not) or 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let bytes = Zeroizing::new(if text.len() == 64 {
            (0..32)
                .map(|at| text.get(2 * at..2 * at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
                .collect::<Option<Vec<u8>>>()?
        } else {
            GeneralPurpose::new(&STANDARD, config)
                .decode(text)
                .or_else(|_| GeneralPurpose::new(&URL_SAFE, config).decode(text))
                .ok()?
        });
        bytes.as_slice().try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

/// `[vault]`
#[derive(Clone, Debug, Serialize)]
pub struct VaultConfig {
    /// The first key seals, all of them open. Empty only if `make_at` is set.
    #[serde(serialize_with = "hidden_each")]
    pub keys: Vec<VaultKey>,
    /// The file that is to be made with a new key: there is none yet, and people reach the service on loopback only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub make_at: Option<PathBuf>,
}

impl VaultConfig {
    /// `may_make`: whether a missing key may be made at the first start.
    pub(super) fn read(mut section: Section<'_>, state: &Path, may_make: bool) -> Option<Self> {
        let file = section.optional::<PathBuf>("key_file");
        let one = section.secrets("key");
        let several = section.secrets("keys");
        let read = (|| {
            let texts = [several?, one?].concat();
            let mut keys = Vec::with_capacity(texts.len() + 1);
            for text in &texts {
                keys.push(section.key("key", text)?);
            }
            let file = file?;
            let named = file.is_some();
            let path = match file {
                None if !keys.is_empty() => return Some(Self { keys, make_at: None }),
                path => path.unwrap_or_else(|| state.join("vault.key")),
            };
            if path.exists() {
                let text = section.secret_file("key_file", &path)?;
                // A key a line, as the vault itself writes the file; `#` begins a comment.
                let lines = text.expose_secret().lines().map(str::trim);
                for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
                    keys.push(section.key("key_file", &line.into())?);
                }
                if keys.is_empty() {
                    let remedy = "Write one into it with `openssl rand -base64 32`.";
                    section.fault("key_file", Unfit::new("There is no key in it", remedy));
                    return None;
                }
                return Some(Self { keys, make_at: None });
            }
            // Where not even the folder exists, the name is more likely mistyped, or a mount is missing.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| named && !folder.is_dir()) {
                let remedy = format!(
                    "Look whether it is mistyped; otherwise make the folder {} first.",
                    folder.display()
                );
                let message =
                    format!("There is no file {}, and no folder {} either", path.display(), folder.display());
                section.fault("key_file", Unfit::new(message, remedy));
                return None;
            }
            if may_make && keys.is_empty() {
                return Some(Self { keys, make_at: Some(path) });
            }
            let remedy = format!(
                "Make one with `(umask 077; openssl rand -base64 32 > {})`; keep a copy.",
                path.display()
            );
            section.fault("key_file", Unfit::new(format!("There is no file {}", path.display()), remedy));
            None
        })();
        section.finish();
        read
    }
}

impl Section<'_> {
    fn key(&self, key: &str, text: &SecretString) -> Option<VaultKey> {
        let parsed = VaultKey::parse(text.expose_secret());
        if parsed.is_none() {
            let remedy = "Make one with `openssl rand -base64 32`.";
            self.fault(key, Unfit::new("It is not a key of 32 bytes", remedy));
        }
        parsed
    }
}

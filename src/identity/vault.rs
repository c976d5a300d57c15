//! The vault seals tokens before they are stored, each bound to its place in the database, and opens them again.
//!
//! XChaCha20-Poly1305; a sealed text is version, key id, nonce, ciphertext. Reading key files is in `key_file`.

pub mod key_file;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::RngCore as _;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::ports::identity::Sealed;
use crate::domain::ports::launch::Sealer;
use crate::domain::problem::{Class, Fault, Problem, ProblemCode, SignInAt};

/// The form of a sealed text; another first byte is another form.
const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

/// A key of 256 bits with the id that its texts carry.
#[derive(Clone)]
pub struct VaultKey {
    id: [u8; ID_BYTES],
    cipher: XChaCha20Poly1305,
    secret: Zeroizing<[u8; KEY_BYTES]>,
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultKey({})", self.id())
    }
}

impl VaultKey {
    fn new(secret: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        // The id says which key it is and nothing about it.
        let mut digest = Sha256::new();
        digest.update(b"dataverse-renku vault key id");
        digest.update(secret.as_slice());
        let mut id = [0; ID_BYTES];
        id.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        let cipher = XChaCha20Poly1305::new(&Key::from(*secret));
        Self { id, cipher, secret }
    }

    /// A new key that nobody knows.
    pub fn generate() -> Self {
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        rand::rngs::OsRng.fill_bytes(secret.as_mut_slice());
        Self::new(secret)
    }

    /// The key of these bytes.
    pub fn from_bytes(secret: [u8; KEY_BYTES]) -> Self {
        Self::new(Zeroizing::new(secret))
    }

    /// Reads a key from its Base64 (either alphabet, with or without padding).
    ///
    /// # Errors
    /// When it is not Base64 of 32 bytes.
    pub fn parse(text: &SecretString) -> Result<Self, VaultError> {
        let text = text.expose_secret().trim();
        let bytes = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
            .iter()
            .find_map(|alphabet| alphabet.decode(text).ok())
            .map(Zeroizing::new)
            .ok_or(VaultError::KeyMalformed)?;
        let secret: [u8; KEY_BYTES] = bytes.as_slice().try_into().ok().ok_or(VaultError::KeyMalformed)?;
        Ok(Self::new(Zeroizing::new(secret)))
    }

    /// The key as it stands in a key file.
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.secret.as_slice()).into()
    }

    /// The key's id, for logs.
    pub fn id(&self) -> String {
        super::hex(&self.id)
    }
}

/// Where a sealed text belongs; opened anywhere else it does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The row's id.
    pub row: &'a str,
    /// The column.
    pub column: &'static str,
}

impl Place<'_> {
    fn associated(&self) -> Vec<u8> {
        // No part contains a zero byte, so no two places give the same bytes.
        [self.table, self.row, self.column].join("\0").into_bytes()
    }
}

/// Why the vault cannot do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no key at all.
    #[error("the vault has no key")]
    NoKey,
    /// A key is not Base64 of 32 bytes.
    #[error("a vault key is Base64 of 32 bytes, as `head -c 32 /dev/urandom | base64` makes it")]
    KeyMalformed,
    /// The text was sealed with a key that we do not have.
    #[error("it was sealed with another key")]
    AnotherKey,
    /// The text is damaged or was moved from another row.
    #[error("it does not open: damaged, or moved from another place")]
    DoesNotOpen,
}

impl From<VaultError> for Fault {
    /// Without the key everybody signs in again, after which it goes on: so it pauses like a dead token.
    fn from(error: VaultError) -> Self {
        let problem = Problem::new(ProblemCode::VaultKeyWrong).saying(error.to_string());
        Self::new(Class::SignIn(SignInAt::Connector), problem).caused_by(error)
    }
}

/// Seals with the first of its keys, opens with all of them.
#[derive(Debug)]
pub struct Vault {
    keys: Vec<VaultKey>,
}

impl Vault {
    /// A vault with these keys, the newest first.
    ///
    /// # Errors
    /// Without any key.
    pub fn new(keys: Vec<VaultKey>) -> Result<Self, VaultError> {
        if keys.is_empty() { Err(VaultError::NoKey) } else { Ok(Self { keys }) }
    }

    fn newest(&self) -> Result<&VaultKey, VaultError> {
        self.keys.first().ok_or(VaultError::NoKey)
    }

    /// Seals a text for its place.
    ///
    /// # Errors
    /// Only for texts beyond 256 GiB.
    pub fn seal(&self, text: &SecretString, place: &Place<'_>) -> Result<Sealed, VaultError> {
        let key = self.newest()?;
        let mut nonce = [0; NONCE_BYTES];
        rand::rngs::OsRng.fill_bytes(&mut nonce);
        let payload = Payload { msg: text.expose_secret().as_bytes(), aad: &place.associated() };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).ok().ok_or(VaultError::DoesNotOpen)?;
        let mut blob = Vec::with_capacity(1 + ID_BYTES + NONCE_BYTES + sealed.len());
        blob.push(VERSION);
        blob.extend_from_slice(&key.id);
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        Ok(Sealed(blob))
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// When it was sealed with a key that is not ours, is damaged, or belongs elsewhere.
    pub fn open(&self, sealed: &Sealed, place: &Place<'_>) -> Result<SecretString, VaultError> {
        let (id, rest) = key_id(sealed)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::DoesNotOpen)?;
        let key = self.keys.iter().find(|key| &key.id == id).ok_or(VaultError::AnotherKey)?;
        let payload = Payload { msg: text, aad: &place.associated() };
        let opened = key
            .cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .ok()
            .ok_or(VaultError::DoesNotOpen)?;
        let text = std::str::from_utf8(&opened).ok().ok_or(VaultError::DoesNotOpen)?;
        Ok(text.to_owned().into())
    }

    /// Whether it was sealed with the newest key, so that a rotation has nothing to do.
    pub fn is_newest(&self, sealed: &Sealed) -> bool {
        match (key_id(sealed), self.newest()) {
            (Ok((id, _)), Ok(newest)) => *id == newest.id,
            (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
        }
    }
}

impl Sealer for Vault {
    fn seal(&self, text: &SecretString, row: &str) -> Result<Sealed, Fault> {
        Ok(Self::seal(self, text, &Place { table: "launches", row, column: "content" })?)
    }

    fn open(&self, sealed: &Sealed, row: &str) -> Result<SecretString, Fault> {
        Ok(Self::open(self, sealed, &Place { table: "launches", row, column: "content" })?)
    }
}

fn key_id(sealed: &Sealed) -> Result<(&[u8; ID_BYTES], &[u8]), VaultError> {
    match sealed.0.split_first() {
        Some((&VERSION, rest)) => rest.split_first_chunk::<ID_BYTES>().ok_or(VaultError::DoesNotOpen),
        Some(_) | None => Err(VaultError::DoesNotOpen),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: Place<'_> = Place { table: "credentials", row: "7", column: "refresh" };

    fn vault(keys: &[&VaultKey]) -> Vault {
        Vault::new(keys.iter().copied().cloned().collect()).unwrap()
    }

    #[test]
    fn a_sealed_text_opens_in_its_own_place_alone() {
        let vault = vault(&[&VaultKey::generate()]);
        let sealed = vault.seal(&"the token".into(), &HERE).unwrap();
        assert_eq!(vault.open(&sealed, &HERE).unwrap().expose_secret(), "the token");
        for elsewhere in [
            Place { table: "sessions", ..HERE },
            Place { row: "8", ..HERE },
            Place { column: "access", ..HERE },
        ] {
            assert_eq!(vault.open(&sealed, &elsewhere).unwrap_err(), VaultError::DoesNotOpen);
        }
    }

    #[test]
    fn the_same_text_never_looks_the_same_and_is_not_in_it() {
        let vault = vault(&[&VaultKey::generate()]);
        let [one, two] = [(); 2].map(|()| vault.seal(&"the token".into(), &HERE).unwrap());
        assert_ne!(one, two);
        assert!(!one.0.windows(9).any(|window| window == b"the token"));
    }

    #[test]
    fn an_older_key_still_opens_and_the_newest_seals() {
        let (old, new) = (VaultKey::generate(), VaultKey::generate());
        let sealed = vault(&[&old]).seal(&"x".into(), &HERE).unwrap();
        let rotated = vault(&[&new, &old]);
        assert_eq!(rotated.open(&sealed, &HERE).unwrap().expose_secret(), "x");
        assert!(!rotated.is_newest(&sealed));
        assert!(rotated.is_newest(&rotated.seal(&"x".into(), &HERE).unwrap()));
    }

    #[test]
    fn a_wrong_key_is_told_from_damage() {
        let sealed = vault(&[&VaultKey::generate()]).seal(&"x".into(), &HERE).unwrap();
        let other = vault(&[&VaultKey::generate()]);
        assert_eq!(other.open(&sealed, &HERE).unwrap_err(), VaultError::AnotherKey);
        let fault = Fault::from(VaultError::AnotherKey);
        assert_eq!(fault.problem.code, ProblemCode::VaultKeyWrong);
    }

    #[test]
    fn a_key_survives_its_written_form_and_is_never_printed() {
        let key = VaultKey::generate();
        let written = key.to_base64();
        assert_eq!(VaultKey::parse(&written).unwrap().id(), key.id());
        assert!(!format!("{key:?}").contains(written.expose_secret()));
        for bad in ["", "short", "!!!", &STANDARD.encode([0; 31])] {
            assert_eq!(VaultKey::parse(&bad.into()).unwrap_err(), VaultError::KeyMalformed);
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_sealed_and_any_flipped_bit_is_noticed(text in ".{0,200}", at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let vault = vault(&[&VaultKey::generate()]);
            let mut sealed = vault.seal(&text.clone().into(), &HERE).unwrap();
            let opened = vault.open(&sealed, &HERE).unwrap();
            prop_assert_eq!(opened.expose_secret(), text.as_str());
            let at = at.index(sealed.0.len());
            sealed.0[at] ^= 1_u8 << bit;
            prop_assert!(vault.open(&sealed, &HERE).is_err());
        }
    }
}

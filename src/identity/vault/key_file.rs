//! The file that holds the vault's keys: Base64, a key a line, the newest first; `#` begins a comment.
//!
//! Which file it is, and whether it may be made, the configuration decides.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::{VaultError, VaultKey};

/// Why the key file gives no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is not there, and must not be made by us.
    #[error("the vault's key file {0} is missing")]
    Missing(PathBuf),
    /// Others than its owner may read it.
    #[error("the vault's key file {path} may be read by others (mode {mode:o}): chmod 600 it")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It cannot be read or made.
    #[error("the vault's key file {0} cannot be read or made")]
    Io(PathBuf, #[source] std::io::Error),
    /// A line is no key, or there is none.
    #[error("the vault's key file {0} holds no usable key")]
    Unusable(PathBuf, #[source] VaultError),
}

/// The keys of a file, the newest first.
///
/// # Errors
/// When it is missing, open to others, or holds no keys.
pub fn read(path: &Path) -> Result<Vec<VaultKey>, KeyFileError> {
    let io = |error: std::io::Error| {
        if error.kind() == ErrorKind::NotFound {
            KeyFileError::Missing(path.to_owned())
        } else {
            KeyFileError::Io(path.to_owned(), error)
        }
    };
    let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
    // The group may read it: container platforms mount secrets that way.
    if mode & 0o007 != 0 {
        return Err(KeyFileError::Open { path: path.to_owned(), mode });
    }
    let text = SecretString::from(fs::read_to_string(path).map_err(io)?);
    let unusable = |error| KeyFileError::Unusable(path.to_owned(), error);
    let keys = text
        .expose_secret()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| VaultKey::parse(&line.into()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unusable)?;
    if keys.is_empty() { Err(unusable(VaultError::NoKey)) } else { Ok(keys) }
}

/// The keys of a file; if there is none, a new one that only we may read. Says whether it was made now.
///
/// Only for a server on loopback: anywhere else a missing key is more likely a forgotten mount, and a new key would make
/// everybody's stored sign-in unreadable.
///
/// # Errors
/// As [`read`], or when it cannot be made.
pub fn read_or_make(path: &Path) -> Result<(Vec<VaultKey>, bool), KeyFileError> {
    match read(path) {
        Ok(keys) => Ok((keys, false)),
        Err(KeyFileError::Missing(_)) => {
            make(path)?;
            Ok((read(path)?, true))
        }
        Err(error) => Err(error),
    }
}

fn make(path: &Path) -> Result<(), KeyFileError> {
    let io = |error| KeyFileError::Io(path.to_owned(), error);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(io)?;
    }
    // Written beside it and linked in whole: two processes that start together end up with one key.
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(io)?;
    let key = VaultKey::generate();
    let text = format!(
        "# Key of the vault for stored sign-ins. Without it everybody has to sign in again.\n{}\n",
        key.to_base64().expose_secret()
    );
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(io)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(io(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_for_our_eyes_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/vault.key");
        assert!(matches!(read(&path), Err(KeyFileError::Missing(_))));
        let (made, now) = read_or_make(&path).unwrap();
        assert!(now);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (again, now) = read_or_make(&path).unwrap();
        assert!(!now);
        assert_eq!(again[0].id(), made[0].id());
    }

    #[test]
    fn several_keys_stand_in_one_file_and_a_bad_line_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vault.key");
        let keys = [VaultKey::generate(), VaultKey::generate()];
        let written = keys.each_ref().map(|key| key.to_base64().expose_secret().to_owned());
        fs::write(&path, format!("# newest first\n{}\n\n{}\n", written[0], written[1])).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let ids: Vec<_> = read(&path).unwrap().iter().map(VaultKey::id).collect();
        assert_eq!(ids, keys.each_ref().map(VaultKey::id));
        fs::write(&path, "nonsense").unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Unusable(_, VaultError::KeyMalformed))));
        fs::write(&path, "# nothing").unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Unusable(_, VaultError::NoKey))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Open { mode: 0o644, .. })));
    }
}

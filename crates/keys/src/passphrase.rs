//! Where a passphrase may come from: a file that others cannot read, the environment, a prompt.
//! Never an argument: arguments are shown to every user of the machine.

use crate::file;
use base::{Problem, labels};
use std::{env, fmt, io, os::unix::ffi::OsStringExt, path::Path};
use zeroize::Zeroizing;

/// A passphrase of 1 to 1024 bytes, wiped when dropped.
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// These bytes. Empty: `passphrase_missing`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Problem> {
        let bytes = Zeroizing::new(bytes);
        if bytes.is_empty() {
            return Err(Problem::new(&labels::PASSPHRASE_MISSING, "it is empty"));
        }
        if bytes.len() > LENGTH_MAX {
            return Err(Problem::new(&labels::KEYSTORE_PASSPHRASE, "it is longer than 1024 bytes"));
        }
        Ok(Self(bytes))
    }

    /// The content of a file, without one line end. The file must be the user's or root's and
    /// closed to others (`keystore_permissions`). Links are followed: secrets are mounted that way.
    pub fn from_file(path: &Path) -> Result<Self, Problem> {
        let mut bytes = file::read_secret(path, LENGTH_MAX + 2)?;
        for end in [b'\n', b'\r'] {
            if bytes.last() == Some(&end) {
                bytes.pop();
            }
        }
        Self::new(std::mem::take(&mut *bytes)).map_err(|problem| at(problem, path))
    }

    /// The value of an environment variable. Unset or empty: `passphrase_missing`.
    pub fn from_environment(name: &str) -> Result<Self, Problem> {
        Self::new(env::var_os(name).unwrap_or_default().into_vec())
            .map_err(|problem| problem.detail(format!("environment variable {name}")))
    }

    /// What somebody answers. An unanswered prompt (no terminal, end of input) is
    /// `passphrase_missing`.
    pub fn from_prompt(ask: impl FnOnce() -> io::Result<String>) -> Result<Self, Problem> {
        let missing =
            |error: io::Error| Problem::new(&labels::PASSPHRASE_MISSING, error.kind().to_string());
        Self::new(ask().map_err(missing)?.into_bytes())
    }

    /// Whether both are the same, for a prompt that asks twice.
    pub fn agrees_with(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }

    /// Its bytes, for whom it opens something.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

fn at(problem: Problem, path: &Path) -> Problem {
    let why = problem.detail_text().to_owned();
    problem.detail(format!("{}: {why}", path.display()))
}

const LENGTH_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    fn file_with(content: &[u8], mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passphrase");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    fn label(result: Result<Passphrase, Problem>) -> &'static str {
        result.unwrap_err().label()
    }

    #[test]
    fn one_line_end_is_not_part_of_it() {
        for (content, expected) in
            [("a b", "a b"), ("a b\n", "a b"), ("a b\r\n", "a b"), ("a b\n\n", "a b\n")]
        {
            let (_dir, path) = file_with(content.as_bytes(), 0o400);
            assert_eq!(Passphrase::from_file(&path).unwrap().reveal(), expected.as_bytes());
        }
    }

    #[test]
    fn a_file_open_to_others_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o666] {
            let (_dir, path) = file_with(b"secret", mode);
            assert_eq!(label(Passphrase::from_file(&path)), "keystore_permissions", "{mode:o}");
        }
    }

    #[test]
    fn a_link_is_followed_to_a_file_that_is_checked() {
        let (dir, path) = file_with(b"secret", 0o600);
        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(Passphrase::from_file(&link).unwrap().reveal(), b"secret");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(label(Passphrase::from_file(&link)), "keystore_permissions");
    }

    #[test]
    fn nothing_is_missing_and_too_much_is_refused() {
        for content in ["", "\n", "\r\n"] {
            let (_dir, path) = file_with(content.as_bytes(), 0o600);
            assert_eq!(label(Passphrase::from_file(&path)), "passphrase_missing");
        }
        let (_dir, path) = file_with(&[b'a'; 1_024], 0o600);
        assert!(Passphrase::from_file(&path).is_ok());
        let (_dir, path) = file_with(&[b'a'; 5_000], 0o600);
        assert_eq!(label(Passphrase::from_file(&path)), "keystore_passphrase");
        assert_eq!(label(Passphrase::from_file(Path::new("/no/such/file"))), "io");
    }

    #[test]
    fn the_environment_and_the_prompt() {
        assert_eq!(label(Passphrase::from_environment("NO_SUCH_VARIABLE")), "passphrase_missing");
        assert!(Passphrase::from_environment("PATH").is_ok());
        assert_eq!(Passphrase::from_prompt(|| Ok("a".into())).unwrap().reveal(), b"a");
        let no_terminal = || Err(io::ErrorKind::NotConnected.into());
        assert_eq!(label(Passphrase::from_prompt(no_terminal)), "passphrase_missing");
    }

    #[test]
    fn debug_shows_nothing() {
        let (one, other) = (b"hunter2".to_vec(), b"hunter3".to_vec());
        let one = Passphrase::new(one).unwrap();
        assert_eq!(format!("{one:?}"), "Passphrase(..)");
        assert!(one.agrees_with(&one) && !one.agrees_with(&Passphrase::new(other).unwrap()));
    }
}

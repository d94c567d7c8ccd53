//! OpenSSL, GnuTLS and key pairs for the tests.

use crate::x509::{KeyAlgorithm, PublicKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a tool said.
pub(crate) struct Answer {
    pub(crate) good: bool,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
}

/// A folder for one test, in which the tools run.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn put(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    /// Runs a tool with the words of the line; both its outputs are its text.
    pub(crate) fn run(&self, line: &str, input: &[u8]) -> Answer {
        let mut words = line.split_whitespace();
        let mut tool = Command::new(words.next().unwrap());
        tool.args(words).current_dir(self.path()).env("LC_ALL", "C.UTF-8");
        tool.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = tool.spawn().unwrap_or_else(|error| panic!("{line}: {error}"));
        // A tool that refuses may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let text = [&output.stdout[..], &output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Answer { good: output.status.success(), text, bytes: output.stdout }
    }

    /// Runs a tool that must succeed.
    pub(crate) fn must(&self, line: &str, input: &[u8]) -> Answer {
        let answer = self.run(line, input);
        assert!(answer.good, "{line}: {}", answer.text);
        answer
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A key pair on P-256.
pub(crate) struct Pair(EcdsaKeyPair);

impl Pair {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub(crate) fn public(&self) -> PublicKey {
        let bits = self.0.public_key().as_ref().to_vec();
        let key = PublicKey::new(KeyAlgorithm::P256, bits).unwrap();
        // The key as the library writes it is the key as it is written here.
        assert_eq!(self.0.public_key().as_der().unwrap().as_ref(), key.to_spki());
        key
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

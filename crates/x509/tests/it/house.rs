//! A small authority with keys of every algorithm, a folder, and the programs that judge.

use crate::x509::{
    COMMON_NAME, COUNTRY, Certificate, Extension, KeyAlgorithm, KeyUsage, Name, PublicKey, Serial,
    TbsCertificate, assemble,
};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256,
};
use base::Moment;
use der::pem::{LineEnding, encode_string};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// A key that signs.
pub(crate) enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// Somebody with a key and a certificate.
pub(crate) struct Holder {
    pub(crate) name: Name,
    pub(crate) pair: Pair,
    pub(crate) key: PublicKey,
    pub(crate) certificate: Vec<u8>,
}

/// A folder that goes with the test.
pub(crate) struct Folder(tempfile::TempDir);

/// What a program said.
pub(crate) struct Said {
    pub(crate) well: bool,
    pub(crate) text: String,
}

impl Pair {
    pub(crate) fn new(algorithm: KeyAlgorithm) -> Self {
        match algorithm {
            KeyAlgorithm::Ed25519 => Self::Ed25519(Ed25519KeyPair::generate().unwrap()),
            KeyAlgorithm::P256 => {
                Self::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
            }
            KeyAlgorithm::P384 => {
                Self::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap())
            }
            KeyAlgorithm::Rsa2048 => Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        }
    }

    fn bits(&self) -> Vec<u8> {
        match self {
            Self::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut out).unwrap();
                out
            }
        }
    }
}

impl Holder {
    /// An authority that signs itself.
    pub(crate) fn authority(algorithm: KeyAlgorithm) -> Self {
        let name = named("Test authority");
        let pair = Pair::new(algorithm);
        let key = PublicKey::new(algorithm, pair.bits()).unwrap();
        let extensions = vec![
            Extension::key_usage(KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN)),
            Extension::authority(None),
            Extension::subject_key(&key.key_identifier()),
        ];
        let tbs = tbs((&name, &key), serial(1), (&name, &key), extensions);
        let certificate = sealed(&tbs, &pair);
        Self { name, pair, key, certificate }
    }

    /// Somebody with a certificate by this authority.
    pub(crate) fn issue(
        &self,
        algorithm: KeyAlgorithm,
        number: u64,
        extensions: Vec<Extension>,
    ) -> Self {
        let name = named(&format!("Subject {number}"));
        let pair = Pair::new(algorithm);
        let key = PublicKey::new(algorithm, pair.bits()).unwrap();
        let tbs = tbs((&self.name, &self.key), serial(number), (&name, &key), extensions);
        let certificate = sealed(&tbs, &self.pair);
        Self { name, pair, key, certificate }
    }

    pub(crate) fn read(&self) -> Certificate<'_> {
        Certificate::parse(&self.certificate).unwrap()
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn put_pem(&self, name: &str, label: &str, der: &[u8]) {
        self.put(name, encode_string(label, LineEnding::LF, der).unwrap().as_bytes());
    }

    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs a command line of words in the folder.
    pub(crate) fn run(&self, line: &str) -> Said {
        let mut words = line.split_whitespace();
        let program = words.next().unwrap();
        let out = Command::new(program).args(words).current_dir(self.0.path()).output();
        let out = out.unwrap_or_else(|error| panic!("{program}: {error} (see deps.sh)"));
        let text = [out.stdout, out.stderr].concat();
        Said { well: out.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
    }
}

impl Said {
    /// The program is content and says this.
    #[track_caller]
    pub(crate) fn accepts(&self, words: &str) -> &Self {
        assert!(self.well && self.text.contains(words), "{words}: {}", self.text);
        self
    }

    /// The program does not say this.
    #[track_caller]
    pub(crate) fn accepts_not(&self, words: &str) {
        assert!(!self.text.contains(words) && !self.text.is_empty(), "{}", self.text);
    }

    /// The program says this and does not say all is well.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &str) {
        assert!(self.text.contains(words), "{words}: {}", self.text);
        assert!(!self.text.contains(": OK") && !self.text.contains("verify OK"), "{}", self.text);
    }
}

/// An authority of each algorithm, made once per process.
pub(crate) fn authority(algorithm: KeyAlgorithm) -> &'static Holder {
    static MADE: LazyLock<Mutex<Vec<(KeyAlgorithm, &'static Holder)>>> =
        LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    if let Some((_, holder)) = made.iter().find(|(known, _)| *known == algorithm) {
        return holder;
    }
    let holder: &'static Holder = Box::leak(Box::new(Holder::authority(algorithm)));
    made.push((algorithm, holder));
    holder
}

/// The present moment: the programs look at the same clock.
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Moment::from_us(i64::try_from(since.as_secs()).unwrap() * 1_000_000)
}

pub(crate) const HOUR_US: i64 = 3_600_000_000;

pub(crate) fn serial(number: u64) -> Serial {
    Serial::try_from(number).unwrap()
}

pub(crate) fn named(common: &str) -> Name {
    Name::new([(COUNTRY, "JP"), (COMMON_NAME, common)]).unwrap()
}

fn tbs(
    (issuer, issuer_key): (&Name, &PublicKey),
    serial: Serial,
    (subject, key): (&Name, &PublicKey),
    extensions: Vec<Extension>,
) -> TbsCertificate {
    TbsCertificate {
        serial,
        algorithm: issuer_key.algorithm(),
        issuer: issuer.clone(),
        not_before: now().plus_us(-2 * HOUR_US),
        not_after: now().plus_us(48 * HOUR_US),
        subject: subject.clone(),
        public_key: key.clone(),
        extensions,
    }
}

fn sealed(tbs: &TbsCertificate, pair: &Pair) -> Vec<u8> {
    let message = tbs.encode();
    assemble(&message, tbs.algorithm, &pair.sign(&message))
}

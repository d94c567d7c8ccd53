//! The key store: who may use a key holds its label, the key itself stays inside (invariant K2).
//!
//! Every operation names a key by label. Nothing here returns private bytes, and nothing takes
//! them except a data key on its way into its wrapping. Calls are synchronous and may come from
//! any number of threads at once.

use base::{Entropy, Moment, Problem, labels};
use seal::{DataKey, WrapPlace};
use std::{fmt, str::FromStr};
use x509::{KeyAlgorithm, PublicKey};

/// A place where keys are made, used and destroyed, and which they never leave.
///
/// Every refusal is a problem with one of the labels `key_absent` (no key of this label),
/// `key_exists`, `key_kind` (the key is for something else) and `key_operation` (the input cannot
/// be worked on, or the store failed); stores in files add `io` and the `keystore_…` labels.
pub trait KeyStore: Send + Sync {
    /// Makes a key. It is durable when this returns.
    fn generate(
        &self,
        label: &KeyLabel,
        kind: KeyKind,
        at: Moment,
        entropy: &mut dyn Entropy,
    ) -> Result<KeyInfo, Problem>;

    /// What is known of every key, by label.
    fn list(&self) -> Result<Vec<KeyInfo>, Problem>;

    /// What holds the keys, and how each part of it fares: one entry for a file, one for each
    /// device. Asks nothing of a device that is known to be sick, so that it answers at once.
    fn status(&self) -> Vec<DeviceState>;

    /// Replaces each value with its image under the permutation of `0..domain.below`: FF1 over
    /// `domain.digits` decimal digits, walked until the image lies below. Either all values are
    /// replaced or, when one lies outside (`key_operation`), none. Needs a key of kind
    /// `Permutation`.
    fn permute(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem>;

    /// Takes back what [`Self::permute`] did, under the same conditions.
    fn invert(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem>;

    /// HMAC-SHA-256 of the message. Needs a key of kind `Mac`.
    fn mac(&self, label: &KeyLabel, message: &[u8]) -> Result<[u8; 32], Problem>;

    /// Wraps a data key for its place and the label's epoch. Needs a key of kind `Wrap`.
    fn wrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        key: &DataKey,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Problem>;

    /// Opens what [`Self::wrap`] made under the same label for the same place; anything else is
    /// refused with `key_operation`.
    fn unwrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        wrapped: &[u8],
    ) -> Result<DataKey, Problem>;

    /// The signature of the message as a certificate holds it: by the algorithm of the key, with
    /// the hash that belongs to it, ECDSA in DER. Needs a key of kind `Sign`.
    fn sign(&self, label: &KeyLabel, message: &[u8]) -> Result<Vec<u8>, Problem>;

    /// The same for a caller who verifies each signature before it counts, as a certification
    /// authority does, so that it is not verified twice: a signature that `accept` refuses is a
    /// wrong answer (`signing_signature`, `hsm_answer_wrong`), and where others hold the key too
    /// they are asked.
    fn sign_accepted(
        &self,
        label: &KeyLabel,
        message: &[u8],
        accept: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Problem> {
        let signature = self.sign(label, message)?;
        if accept(&signature) {
            return Ok(signature);
        }
        Err(Problem::new(&labels::SIGNING_SIGNATURE, label.as_str()))
    }

    /// The public half of a key of kind `Sign`.
    fn public_key(&self, label: &KeyLabel) -> Result<PublicKey, Problem>;

    /// Destroys a key for good: when this returns, neither the store nor its medium holds it.
    /// Copies that were made of the medium before are outside its reach.
    fn destroy(&self, label: &KeyLabel) -> Result<(), Problem>;
}

/// What a key is for. A key is for one thing only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyKind {
    /// AES-256 for FF1 permutations (NIST SP 800-38G).
    Permutation,
    /// HMAC-SHA-256: blind indexes, pseudonyms, digests.
    Mac,
    /// AES-256 that wraps data keys.
    Wrap,
    /// Signatures by this algorithm.
    Sign(KeyAlgorithm),
}

/// What may be known of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// Its label.
    pub label: KeyLabel,
    /// What it is for.
    pub kind: KeyKind,
    /// When it was made.
    pub created: Moment,
    /// The public half, where there is one.
    pub public: Option<PublicKey>,
}

/// A part of a key store: the file, or a device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceState {
    /// Its name for people: a path, or the device's name in the configuration.
    pub name: String,
    /// What it is: `soft-file`, `soft-memory`, `pkcs11`.
    pub kind: &'static str,
    /// Whether it works.
    pub condition: DeviceCondition,
    /// More, for people; no secret.
    pub detail: String,
}

/// How a part of a key store fares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DeviceCondition {
    /// It answers.
    Ready,
    /// It failed and is being tried again.
    Probing,
    /// It fails; nothing is asked of it for a while.
    Failing,
    /// It is gone until somebody brings it back.
    Gone,
}

/// The set that a permutation maps onto itself: the numbers below `below`, as decimals of
/// `digits` digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Domain {
    /// Decimal digits that FF1 works on.
    pub digits: u32,
    /// The first number outside.
    pub below: u64,
}

/// The name of a key, with its epoch where keys of that name follow each other: `kek/1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyLabel(String);

/// The text is not a key label: `a-z 0-9 -`, 1 to 40 of them, optionally `/` and an epoch from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyLabelRefusal;

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Permutation,
        Self::Mac,
        Self::Wrap,
        Self::Sign(KeyAlgorithm::Ed25519),
        Self::Sign(KeyAlgorithm::P256),
        Self::Sign(KeyAlgorithm::P384),
        Self::Sign(KeyAlgorithm::Rsa2048),
    ];

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Permutation => "permutation",
            Self::Mac => "mac",
            Self::Wrap => "wrap",
            Self::Sign(KeyAlgorithm::Ed25519) => "sign-ed25519",
            Self::Sign(KeyAlgorithm::P256) => "sign-p256",
            Self::Sign(KeyAlgorithm::P384) => "sign-p384",
            Self::Sign(KeyAlgorithm::Rsa2048) => "sign-rsa2048",
        }
    }
}

impl DeviceCondition {
    /// The word for people and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Probing => "probing",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }
}

impl KeyLabel {
    /// The part before the epoch.
    pub fn name(&self) -> &str {
        self.parts().0
    }

    /// The epoch, counted from 1; absent where the label names none.
    pub fn epoch(&self) -> Option<u32> {
        self.parts().1.and_then(|epoch| epoch.parse().ok())
    }

    /// The label of another epoch of the same name; epoch 0 is refused.
    pub fn with_epoch(&self, epoch: u32) -> Result<Self, KeyLabelRefusal> {
        format!("{}/{epoch}", self.name()).parse()
    }

    /// The whole label.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> (&str, Option<&str>) {
        split(&self.0)
    }
}

impl KeyLabelRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "key_operation"
    }
}

impl FromStr for KeyLabel {
    type Err = KeyLabelRefusal;

    fn from_str(text: &str) -> Result<Self, KeyLabelRefusal> {
        let (name, epoch) = split(text);
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.bytes().all(plain);
        if !fits || !epoch.is_none_or(is_epoch) {
            return Err(KeyLabelRefusal);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for KeyLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for KeyLabelRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key label is 1 to 40 of a-z 0-9 -, optionally followed by / and an epoch")
    }
}

impl std::error::Error for KeyLabelRefusal {}

impl From<KeyLabelRefusal> for Problem {
    fn from(refusal: KeyLabelRefusal) -> Self {
        Self::from_refusal(refusal.label()).detail(refusal.to_string())
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((name, epoch)) => (name, Some(epoch)),
        None => (text, None),
    }
}

/// A number from 1 in its only spelling, so that one epoch has one label.
fn is_epoch(text: &str) -> bool {
    text.parse().is_ok_and(|epoch: u32| epoch > 0 && epoch.to_string() == text)
}

const NAME_LENGTH_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_back() {
        for (text, name, epoch) in [
            ("numbering", "numbering", None),
            ("kek/1", "kek", Some(1)),
            ("blind-2/4294967295", "blind-2", Some(u32::MAX)),
        ] {
            let label: KeyLabel = text.parse().unwrap();
            assert_eq!((label.name(), label.epoch()), (name, epoch));
            assert_eq!(label.to_string(), text);
        }
    }

    #[test]
    fn kinds_read_back() {
        for kind in KeyKind::ALL {
            assert_eq!(KeyKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(KeyKind::from_word("sign"), None);
    }

    #[test]
    fn labels_that_are_refused() {
        let long = "a".repeat(41);
        let texts = [
            "",
            "/1",
            "Kek",
            "kek/",
            "kek/0",
            "kek/01",
            "kek/+1",
            "kek/1/2",
            "k_k",
            "鍵",
            &long,
            "kek/4294967296",
        ];
        for text in texts {
            assert_eq!(text.parse::<KeyLabel>(), Err(KeyLabelRefusal), "{text}");
        }
        assert_eq!(Problem::from(KeyLabelRefusal).label(), "key_operation");
    }

    #[test]
    fn epochs_follow_each_other() {
        let first: KeyLabel = "kek/1".parse().unwrap();
        assert_eq!(first.with_epoch(2).unwrap().as_str(), "kek/2");
        assert_eq!(first.with_epoch(0), Err(KeyLabelRefusal));
    }

    #[test]
    fn a_key_store_can_be_handed_around_as_an_object() {
        fn takes(_: Option<&dyn KeyStore>) {}
        takes(None);
    }
}

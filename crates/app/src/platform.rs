//! The platform as the use cases see it: its store, its keys, its clock, and the names of its keys.

use crate::certificate_profile::CertificateProfile;
use base::{Clock, Entropy, PersonId, Problem, labels};
use numbers::{IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
use ports::{Domain, KeyKind, KeyLabel, KeyStore, Store};
use seal::{BlindIndex, DigestKey};
use std::sync::Arc;
use x509::KeyAlgorithm;
use zeroize::Zeroizing;

/// Makes a source of chance for one transaction.
pub type EntropySource = Arc<dyn Fn() -> Box<dyn Entropy> + Send + Sync>;

/// Everything a use case may reach.
#[derive(Clone)]
pub struct Platform {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where the keys are.
    pub keys: Arc<dyn KeyStore>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: EntropySource,
    /// The keys in use.
    pub names: Arc<KeyNames>,
    /// What certificates say.
    pub profile: Arc<CertificateProfile>,
}

/// Labels of the platform's keys.
#[derive(Clone, Debug)]
pub struct KeyNames {
    /// Permutation from record code and generation to the number.
    pub numbering: KeyLabel,
    /// Permutation from the stock counter to the record code.
    pub record_code: KeyLabel,
    /// MAC of the blind indexes.
    pub index: KeyLabel,
    /// MAC of the subjects' pseudonyms.
    pub pseudonym: KeyLabel,
    /// MAC from which the municipalities' digest keys come.
    pub set_digest: KeyLabel,
    /// MAC that recognises repeated messages and requests.
    pub repeat: KeyLabel,
    /// Key-encryption key; its epoch is a setting.
    pub kek: KeyLabel,
    /// Signs checkpoints.
    pub ledger: KeyLabel,
    /// Signs callers' tokens.
    pub token: KeyLabel,
}

impl KeyNames {
    /// The names a new platform starts with.
    pub fn first() -> Result<Self, Problem> {
        let label = |text: &str| -> Result<KeyLabel, Problem> {
            text.parse().map_err(|_| Problem::new(&labels::INTERNAL, "key label"))
        };
        Ok(Self {
            numbering: label("numbering/1")?,
            record_code: label("record-code/1")?,
            index: label("index/1")?,
            pseudonym: label("pseudonym/1")?,
            set_digest: label("set-digest/1")?,
            repeat: label("repeat/1")?,
            kek: label("kek/1")?,
            ledger: label("ledger/1")?,
            token: label("token/1")?,
        })
    }

    /// Every key with its kind: what a key ceremony makes.
    pub fn all(&self) -> [(&KeyLabel, KeyKind); 9] {
        [
            (&self.numbering, KeyKind::Permutation),
            (&self.record_code, KeyKind::Permutation),
            (&self.index, KeyKind::Mac),
            (&self.pseudonym, KeyKind::Mac),
            (&self.set_digest, KeyKind::Mac),
            (&self.repeat, KeyKind::Mac),
            (&self.kek, KeyKind::Wrap),
            (&self.ledger, KeyKind::Sign(KeyAlgorithm::Ed25519)),
            (&self.token, KeyKind::Sign(KeyAlgorithm::Ed25519)),
        ]
    }
}

impl Platform {
    /// Blind index of a value of a column.
    pub fn blind_index(&self, column: &'static str, value: &[u8]) -> Result<BlindIndex, Problem> {
        seal::blind_index(|message| self.keys.mac(&self.names.index, message), column, value)
    }

    /// Blind index of a resident record code.
    pub fn code_index(&self, code: &ResidentRecordCode) -> Result<BlindIndex, Problem> {
        self.blind_index("record_code.code_index", code.reveal().as_str().as_bytes())
    }

    /// Blind index of an Individual Number.
    pub fn number_index(&self, number: &IndividualNumber) -> Result<BlindIndex, Problem> {
        self.blind_index("individual_number.number_index", number.reveal().as_str().as_bytes())
    }

    /// The public half of a key that signs with Ed25519.
    pub fn ed25519_key(&self, label: &KeyLabel) -> Result<[u8; 32], Problem> {
        ed25519(&*self.keys, label)
    }

    /// The pseudonym under which the acts about a person are found.
    pub(crate) fn pseudonym(&self, person: PersonId) -> Result<[u8; 16], Problem> {
        let mac = self.keys.mac(&self.names.pseudonym, &seal::subject_message(person.0))?;
        let mut out = [0; 16];
        out.copy_from_slice(&mac[..16]);
        Ok(out)
    }

    /// The digest key that the platform and one municipality share, to compare their records.
    pub fn digest_key(&self, municipality: LocalGovernmentCode) -> Result<DigestKey, Problem> {
        self.digest_key_bytes(municipality).map(|bytes| DigestKey::new(*bytes))
    }

    /// The bytes of that key, for the municipality itself.
    pub(crate) fn digest_key_bytes(
        &self,
        municipality: LocalGovernmentCode,
    ) -> Result<Zeroizing<[u8; 32]>, Problem> {
        let message = format!("municipality:{municipality}");
        self.keys.mac(&self.names.set_digest, message.as_bytes()).map(Zeroizing::new)
    }

    /// Keyed digest that recognises a repeated message.
    pub fn repeat_digest(&self, content: &[u8]) -> Result<[u8; 16], Problem> {
        let mac = self.keys.mac(&self.names.repeat, content)?;
        let mut out = [0; 16];
        out.copy_from_slice(&mac[..16]);
        Ok(out)
    }
}

/// The public half of a key that signs with Ed25519; `key_kind` for any other.
pub fn ed25519(keys: &dyn KeyStore, label: &KeyLabel) -> Result<[u8; 32], Problem> {
    let other = || Problem::new(&labels::KEY_KIND, format!("{label} is not an Ed25519 key"));
    keys.public_key(label)?.ed25519().ok_or_else(other)
}

/// Counters of resident record codes: ten digits, all of them.
pub const CODE_DOMAIN: Domain = Domain { digits: 10, below: 10_000_000_000 };

/// Slots of Individual Numbers: 8·10¹⁰ of the 10¹¹ eleven-digit decimals.
pub const NUMBER_DOMAIN: Domain = Domain { digits: 11, below: 80_000_000_000 };

//! The platform as the use cases see it: its store, its keys, its clock, and the names of its keys.

use crate::certificate_profile::CertificateProfile;
use crate::epochs::Latest;
use crate::key_roles::KeyRole;
use base::{Clock, Entropy, PersonId, Problem, labels};
use numbers::{IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
use ports::{Domain, KeyKind, KeyLabel, KeyStore, Store};
use seal::{BlindIndex, DigestKey};
use std::sync::Arc;
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

/// Labels of the platform's keys, each of the first epoch; which one is in use says
/// [`crate::epochs::Epochs`].
#[derive(Clone, Debug)]
pub struct KeyNames {
    /// Permutation from record code and generation to the number; has no other epoch.
    pub numbering: KeyLabel,
    /// Permutation from the stock counter to the record code; has no other epoch.
    pub record_code: KeyLabel,
    /// MAC of the blind indexes; has no other epoch.
    pub index: KeyLabel,
    /// Key-encryption key.
    pub kek: KeyLabel,
    /// Signs checkpoints.
    pub ledger: KeyLabel,
    /// Signs callers' tokens.
    pub token: KeyLabel,
    /// What was read of the epochs last.
    pub(crate) latest: Arc<Latest>,
}

impl KeyNames {
    /// The names a new platform starts with.
    pub fn first() -> Result<Self, Problem> {
        Ok(Self {
            numbering: KeyRole::Numbering.label(1)?,
            record_code: KeyRole::RecordCode.label(1)?,
            index: KeyRole::Index.label(1)?,
            kek: KeyRole::Kek.label(1)?,
            ledger: KeyRole::Ledger.label(1)?,
            token: KeyRole::Token.label(1)?,
            latest: Arc::default(),
        })
    }

    /// Every key with its kind: what the first key ceremony makes.
    pub fn all(&self) -> Result<Vec<(KeyLabel, KeyKind)>, Problem> {
        let first = |role: KeyRole| Ok((role.label(1)?, role.kind()));
        KeyRole::ALL.into_iter().map(first).collect()
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

    /// The pseudonym under which the acts about a person are found, by one epoch's key.
    pub(crate) fn pseudonym(&self, key: &KeyLabel, person: PersonId) -> Result<[u8; 16], Problem> {
        self.half_mac(key, &seal::subject_message(person.0))
    }

    /// The digest key that the platform and one municipality share in this epoch, to compare their
    /// records.
    pub fn digest_key(
        &self,
        epoch: u32,
        municipality: LocalGovernmentCode,
    ) -> Result<DigestKey, Problem> {
        self.digest_key_bytes(epoch, municipality).map(|bytes| DigestKey::new(*bytes))
    }

    /// The bytes of that key, for the municipality itself.
    pub(crate) fn digest_key_bytes(
        &self,
        epoch: u32,
        municipality: LocalGovernmentCode,
    ) -> Result<Zeroizing<[u8; 32]>, Problem> {
        let message = format!("municipality:{municipality}");
        let key = KeyRole::SetDigest.label(epoch)?;
        self.keys.mac(&key, message.as_bytes()).map(Zeroizing::new)
    }

    /// Keyed digest that recognises a repeated message, by one epoch's key.
    pub(crate) fn repeat_digest(
        &self,
        key: &KeyLabel,
        content: &[u8],
    ) -> Result<[u8; 16], Problem> {
        self.half_mac(key, content)
    }

    fn half_mac(&self, key: &KeyLabel, message: &[u8]) -> Result<[u8; 16], Problem> {
        let mac = self.keys.mac(key, message)?;
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

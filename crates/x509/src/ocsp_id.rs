//! How OCSP names a certificate (RFC 6960 §4.1.1): by hashes of its issuer's name and key, and its
//! serial.
//!
//! Owns the two hashes in use. SHA-1 is asked for by nearly every client (RFC 5019 §2.1.1) and
//! guards nothing here: whoever finds two issuers of one hash still cannot sign for either.

use crate::decode::{DerFault, Reader};
use crate::encode::{self, tag};
use crate::fields;
use crate::{Name, PublicKey, Serial};
use aws_lc_rs::digest::{self, Algorithm};
use const_oid::{ObjectIdentifier, db::rfc5912};

/// Which hash a CertID is made with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IdHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// A CertID: which certificate is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CertId {
    hash: IdHash,
    /// Hashes shorter than 32 bytes are followed by zeros.
    issuer_name: [u8; 32],
    issuer_key: [u8; 32],
    serial: Serial,
}

/// What an issuer is called in CertIDs of either hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IssuerId {
    sha1: [[u8; 32]; 2],
    sha256: [[u8; 32]; 2],
}

/// Why a CertID names no certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CertIdFault {
    Der(DerFault),
    Hash,
    Serial,
}

impl IdHash {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    /// Length of its values in bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::ID_SHA_1,
            Self::Sha256 => rfc5912::ID_SHA_256,
        }
    }

    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        }
    }

    fn of(self, bytes: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out[..self.length()].copy_from_slice(digest::digest(self.algorithm(), bytes).as_ref());
        out
    }
}

impl IssuerId {
    /// The issuer of this name with this key.
    pub fn new(name: &Name, key: &PublicKey) -> Self {
        let both = |hash: IdHash| [hash.of(name.der()), hash.of(key.bits())];
        Self { sha1: both(IdHash::Sha1), sha256: both(IdHash::Sha256) }
    }

    /// Its certificate of this serial.
    pub const fn certificate(&self, hash: IdHash, serial: Serial) -> CertId {
        let [issuer_name, issuer_key] = self.hashes(hash);
        CertId { hash, issuer_name, issuer_key, serial }
    }

    /// Whether the CertID means a certificate of this issuer.
    pub fn issued(&self, id: &CertId) -> bool {
        self.hashes(id.hash) == [id.issuer_name, id.issuer_key]
    }

    const fn hashes(&self, hash: IdHash) -> [[u8; 32]; 2] {
        match hash {
            IdHash::Sha1 => self.sha1,
            IdHash::Sha256 => self.sha256,
        }
    }
}

impl CertId {
    /// Its hash.
    pub const fn hash(&self) -> IdHash {
        self.hash
    }

    /// The hash of the issuer's Name.
    pub fn issuer_name(&self) -> &[u8] {
        &self.issuer_name[..self.hash.length()]
    }

    /// The hash of the issuer's key, without tag and length of its BIT STRING.
    pub fn issuer_key(&self) -> &[u8] {
        &self.issuer_key[..self.hash.length()]
    }

    /// The serial.
    pub const fn serial(&self) -> Serial {
        self.serial
    }

    /// Reads the next CertID. The parameters of the hash are NULL or absent.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, CertIdFault> {
        let mut inner = reader.sequence()?;
        let (oid, parameters) = fields::algorithm(&mut inner)?;
        let issuer_name = inner.take(tag::OCTET_STRING)?;
        let issuer_key = inner.take(tag::OCTET_STRING)?;
        let serial = inner.integer(SERIAL_BYTES_READ)?;
        inner.end()?;
        let known = IdHash::ALL.into_iter().find(|hash| hash.oid().as_bytes() == oid);
        let hash = known.ok_or(CertIdFault::Hash)?;
        if !matches!(parameters, None | Some([tag::NULL, 0])) {
            return Err(CertIdFault::Der(DerFault::Value));
        }
        Ok(Self {
            hash,
            issuer_name: padded(hash, issuer_name)?,
            issuer_key: padded(hash, issuer_key)?,
            serial: Serial::from_integer(serial).map_err(|_| CertIdFault::Serial)?,
        })
    }

    /// Writes it, the parameters of the hash as NULL: the form of nearly every client.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        encode::nested(out, tag::SEQUENCE, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::oid(out, &self.hash.oid());
                encode::value(out, tag::NULL, &[]);
            });
            encode::value(out, tag::OCTET_STRING, self.issuer_name());
            encode::value(out, tag::OCTET_STRING, self.issuer_key());
            encode::unsigned(out, tag::INTEGER, self.serial.as_bytes());
        });
    }
}

impl From<DerFault> for CertIdFault {
    fn from(fault: DerFault) -> Self {
        Self::Der(fault)
    }
}

fn padded(hash: IdHash, bytes: &[u8]) -> Result<[u8; 32], DerFault> {
    let mut out = [0; 32];
    if bytes.len() != hash.length() {
        return Err(DerFault::Value);
    }
    out[..bytes.len()].copy_from_slice(bytes);
    Ok(out)
}

/// Long enough for a serial that is none of ours to be told as such, not as broken DER.
const SERIAL_BYTES_READ: usize = 64;

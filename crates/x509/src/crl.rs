//! Certificate revocation lists (RFC 5280 §5) of our own: built by writing forwards into one
//! buffer, so that a list of a million entries costs its own bytes and little more.
//!
//! Owns what a list of ours may be: version 2, entries in the order of their serials and each
//! once, one scope, never indirect. Assumes that whoever calls knows what is revoked.

use crate::encode::{self, tag};
use crate::extension::distribution_point_name;
use crate::fields::{ENUMERATED, front, write_extension};
use crate::{Extension, GeneralName, KeyAlgorithm, Name, Serial};
use base::Moment;
use const_oid::{ObjectIdentifier, db::rfc5280};
use std::fmt;

/// What a list says besides its entries.
#[derive(Clone, Debug)]
pub struct CrlProfile<'a> {
    /// How it will be signed.
    pub algorithm: KeyAlgorithm,
    /// The authority: signer of the list and of the certificates on it.
    pub issuer: &'a Name,
    /// The key identifier of the authority's key.
    pub authority_key: &'a [u8],
    /// When it was made.
    pub this_update: Moment,
    /// When the next one will be there at the latest.
    pub next_update: Moment,
    /// Its number; the lists of one scope, complete or delta, count together.
    pub number: CrlNumber,
    /// Of a delta list: the number of the complete list that it goes on from.
    pub delta_of: Option<CrlNumber>,
    /// Which certificates it is about, if not all of the authority's.
    pub scope: Option<&'a CrlScope>,
    /// Where delta lists to this complete one are; may be empty.
    pub freshest: &'a [GeneralName],
    /// Expired certificates stay on the list from this moment on (expiredCertsOnCRL, ITU-T X.509
    /// §9.5.2.8).
    pub expired_since: Option<Moment>,
}

/// An issuingDistributionPoint (RFC 5280 §5.2.5) of our own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CrlScope {
    /// The names of the point, the same as in the certificates; may be empty.
    pub names: Vec<GeneralName>,
    /// Whose certificates.
    pub covers: Covers,
}

/// Whose certificates a list is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Covers {
    /// All of them.
    All,
    /// Those of subjects that are no authorities (onlyContainsUserCerts).
    EndEntities,
    /// Those of authorities (onlyContainsCACerts): an authority revocation list.
    Authorities,
}

/// One entry of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CrlEntry {
    /// The certificate.
    pub serial: Serial,
    /// When the authority revoked it.
    pub revoked_at: Moment,
    /// Why, if a reason is told.
    pub reason: Option<RevocationReason>,
    /// Since when the key is doubted, where that is known.
    pub invalid_since: Option<Moment>,
}

/// Why a certificate was revoked (RFC 5280 §5.3.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum RevocationReason {
    /// unspecified (0): no entry of ours says so, it leaves the reason out.
    Unspecified = 0,
    /// keyCompromise (1).
    KeyCompromise = 1,
    /// cACompromise (2).
    CaCompromise = 2,
    /// affiliationChanged (3): something that the certificate says is no longer so.
    AffiliationChanged = 3,
    /// superseded (4).
    Superseded = 4,
    /// cessationOfOperation (5).
    CessationOfOperation = 5,
    /// certificateHold (6).
    CertificateHold = 6,
    /// removeFromCRL (8), in delta lists alone: released, or expired meanwhile.
    RemoveFromCrl = 8,
    /// privilegeWithdrawn (9).
    PrivilegeWithdrawn = 9,
    /// aACompromise (10).
    AaCompromise = 10,
}

/// The number of a list: at most 20 bytes (RFC 5280 §5.2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrlNumber([u8; 20]);

/// A list that is being written.
#[derive(Debug)]
pub struct CrlBuilder {
    out: Vec<u8>,
    entries_start: usize,
    last: Option<Serial>,
    entries: usize,
    extensions: Vec<u8>,
    algorithm: KeyAlgorithm,
    delta: bool,
}

/// A TBSCertList that waits for its signature.
#[derive(Debug)]
pub struct CrlToBeSigned {
    out: Vec<u8>,
    entries: usize,
    algorithm: KeyAlgorithm,
}

/// Why there is no such list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrlRefusal {
    /// The next update is not after this one.
    Times,
    /// A delta list whose number is not above that of its base.
    DeltaBase,
    /// A scope that says nothing.
    ScopeEmpty,
    /// A delta list that names delta lists.
    FreshestInDelta,
    /// A serial that is not above the one before it.
    Order,
    /// removeFromCRL in a complete list.
    RemoveOutsideDelta,
}

impl CrlBuilder {
    /// Begins a list; `entries` is how many are expected and costs memory only.
    pub fn new(profile: &CrlProfile<'_>, entries: usize) -> Result<Self, CrlRefusal> {
        profile.check()?;
        let mut out = Vec::with_capacity(entries * ENTRY_BYTES + FRAME_BYTES);
        // Version 2 is written as 1.
        encode::unsigned(&mut out, tag::INTEGER, &[1]);
        out.extend_from_slice(encode::signature_identifier(profile.algorithm));
        out.extend_from_slice(profile.issuer.der());
        encode::time(&mut out, profile.this_update);
        encode::time(&mut out, profile.next_update);
        Ok(Self {
            entries_start: out.len(),
            out,
            last: None,
            entries: 0,
            extensions: profile.extensions(),
            algorithm: profile.algorithm,
            delta: profile.delta_of.is_some(),
        })
    }

    /// Appends an entry. Serials come in ascending order, so that none can stand twice.
    pub fn push(&mut self, entry: &CrlEntry) -> Result<(), CrlRefusal> {
        if self.last.is_some_and(|last| last >= entry.serial) {
            return Err(CrlRefusal::Order);
        }
        if entry.reason == Some(RevocationReason::RemoveFromCrl) && !self.delta {
            return Err(CrlRefusal::RemoveOutsideDelta);
        }
        self.last = Some(entry.serial);
        self.entries += 1;
        entry.encode(&mut self.out);
        Ok(())
    }

    /// The bytes to be signed.
    pub fn finish(mut self) -> CrlToBeSigned {
        // An empty list of entries is left out (RFC 5280 §5.1.2.6).
        if self.entries > 0 {
            front(&mut self.out, self.entries_start, tag::SEQUENCE);
        }
        let extensions = &self.extensions;
        encode::nested(&mut self.out, tag::constructed(0), |out| {
            encode::value(out, tag::SEQUENCE, extensions);
        });
        front(&mut self.out, 0, tag::SEQUENCE);
        CrlToBeSigned { out: self.out, entries: self.entries, algorithm: self.algorithm }
    }
}

impl CrlToBeSigned {
    /// The bytes that the signature is over: TBSCertList.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// How many entries it has.
    pub const fn entries(&self) -> usize {
        self.entries
    }

    /// The CertificateList with this signature over `as_bytes` (ECDSA in DER).
    pub fn assemble(self, signature: &[u8]) -> Vec<u8> {
        let mut out = self.out;
        out.extend_from_slice(encode::signature_identifier(self.algorithm));
        encode::bit_string(&mut out, signature);
        front(&mut out, 0, tag::SEQUENCE);
        out
    }
}

impl CrlProfile<'_> {
    fn check(&self) -> Result<(), CrlRefusal> {
        let says_nothing = |scope: &CrlScope| scope.names.is_empty() && scope.covers == Covers::All;
        if self.next_update.seconds() <= self.this_update.seconds() {
            Err(CrlRefusal::Times)
        } else if self.delta_of.is_some_and(|base| base >= self.number) {
            Err(CrlRefusal::DeltaBase)
        } else if self.scope.is_some_and(says_nothing) {
            Err(CrlRefusal::ScopeEmpty)
        } else if self.delta_of.is_some() && !self.freshest.is_empty() {
            Err(CrlRefusal::FreshestInDelta)
        } else {
            Ok(())
        }
    }

    /// The contents of its Extensions.
    fn extensions(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FRAME_BYTES / 2);
        Extension::authority_key(self.authority_key).encode(&mut out);
        write_extension(&mut out, &rfc5280::ID_CE_CRL_NUMBER, false, |out| self.number.encode(out));
        if let Some(base) = self.delta_of {
            let id = &rfc5280::ID_CE_DELTA_CRL_INDICATOR;
            write_extension(&mut out, id, true, |out| base.encode(out));
        }
        if let Some(scope) = self.scope {
            let id = &rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT;
            write_extension(&mut out, id, true, |out| scope.encode(out));
        }
        if !self.freshest.is_empty() {
            Extension::freshest_crl(self.freshest).encode(&mut out);
        }
        if let Some(since) = self.expired_since {
            write_extension(&mut out, &EXPIRED_CERTS_ON_CRL, false, |out| {
                encode::generalized_time(out, tag::GENERALIZED_TIME, since);
            });
        }
        out
    }
}

impl CrlScope {
    fn encode(&self, out: &mut Vec<u8>) {
        encode::nested(out, tag::SEQUENCE, |out| {
            if !self.names.is_empty() {
                distribution_point_name(out, &self.names);
            }
            match self.covers {
                Covers::All => {}
                Covers::EndEntities => encode::boolean_true(out, tag::context(1)),
                Covers::Authorities => encode::boolean_true(out, tag::context(2)),
            }
        });
    }
}

impl CrlEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        let reason = self.reason.filter(|reason| *reason != RevocationReason::Unspecified);
        encode::nested(out, tag::SEQUENCE, |out| {
            encode::unsigned(out, tag::INTEGER, self.serial.as_bytes());
            encode::time(out, self.revoked_at);
            if reason.is_none() && self.invalid_since.is_none() {
                return;
            }
            encode::nested(out, tag::SEQUENCE, |out| {
                if let Some(reason) = reason {
                    write_extension(out, &rfc5280::ID_CE_CRL_REASONS, false, |out| {
                        encode::value(out, ENUMERATED, &[reason.code()]);
                    });
                }
                if let Some(since) = self.invalid_since {
                    write_extension(out, &rfc5280::ID_CE_INVALIDITY_DATE, false, |out| {
                        encode::generalized_time(out, tag::GENERALIZED_TIME, since);
                    });
                }
            });
        });
    }
}

impl RevocationReason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::RemoveFromCrl,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The number in lists and OCSP responses.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason of this number.
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| u64::from(reason.code()) == code)
    }

    /// The word for people and files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::CertificateHold => "certificate-hold",
            Self::RemoveFromCrl => "remove-from-crl",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
            Self::AaCompromise => "aa-compromise",
        }
    }

    /// The reason of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

impl CrlNumber {
    /// The number of these big-endian bytes, if they are not too many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut out = [0; 20];
        out.get_mut(20_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
        Some(Self(out))
    }

    /// Its 20 bytes, big-endian.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    fn encode(&self, out: &mut Vec<u8>) {
        encode::unsigned(out, tag::INTEGER, &self.0);
    }
}

impl From<u64> for CrlNumber {
    fn from(number: u64) -> Self {
        let mut out = [0; 20];
        out[12..].copy_from_slice(&number.to_be_bytes());
        Self(out)
    }
}

impl CrlRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Times => "crl_times",
            Self::DeltaBase => "crl_delta_base",
            Self::ScopeEmpty => "crl_scope_empty",
            Self::FreshestInDelta => "crl_freshest_in_delta",
            Self::Order => "crl_order",
            Self::RemoveOutsideDelta => "crl_remove_outside_delta",
        }
    }
}

/// In hexadecimal digits, as `openssl crl` shows it.
impl fmt::Display for CrlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let short = digits.trim_start_matches('0');
        write!(f, "0x{}", if short.is_empty() { "0" } else { short })
    }
}

impl fmt::Debug for CrlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CrlNumber({self})")
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for CrlRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Times => "the next update of a list comes after this one",
            Self::DeltaBase => "a delta list has a number above that of its base",
            Self::ScopeEmpty => "a scope names a point or whose certificates it is about",
            Self::FreshestInDelta => "a delta list names no delta lists",
            Self::Order => "the entries of a list come in the order of their serials, each once",
            Self::RemoveOutsideDelta => "only a delta list takes an entry back",
        })
    }
}

impl std::error::Error for CrlRefusal {}

/// id-ce-expiredCertsOnCRL (ITU-T X.509 §9.5.2.8).
pub(crate) const EXPIRED_CERTS_ON_CRL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.60");
/// An entry with a reason and a serial of eight bytes needs 41.
const ENTRY_BYTES: usize = 42;
/// Names, times, extensions, the signature: room that is seldom outgrown.
const FRAME_BYTES: usize = 2_048;

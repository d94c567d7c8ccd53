//! A certificate of anybody's, read for validation: every byte is kept, and what decides about a
//! path stands beside them.

use super::extension::Extensions;
use super::key::Key;
use super::name::Name;
use super::refusal::{Reason, Refusal};
use crate::decode::DerFault;
use crate::signature::SignatureScheme;
use crate::{CertificateRefusal, KeyUsage};
use base::Moment;
use std::fmt;
use std::ops::Range;

/// A certificate (RFC 5280 §4.1).
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Range<usize>,
    pub(super) signed: Signed,
    pub(super) version: u8,
    pub(super) serial: Vec<u8>,
    pub(super) issuer: Name,
    pub(super) not_before: Moment,
    pub(super) not_after: Moment,
    pub(super) subject: Name,
    pub(super) key: Key,
    pub(super) extensions: Extensions,
    fingerprint: [u8; 32],
}

/// The signature around a certificate or a list.
#[derive(Clone)]
pub(super) struct Signed {
    /// The AlgorithmIdentifier in DER.
    algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate in DER, with nothing behind it. Refused with `path_malformed`, or
    /// with `path_signature_algorithm` when it names two algorithms for its signature.
    pub fn parse(der: &[u8]) -> Result<Self, Refusal> {
        let read = crate::Certificate::parse(der).map_err(|refusal| match refusal {
            CertificateRefusal::AlgorithmMismatch => Refusal::unread(Reason::Algorithm),
            refusal => Refusal::unread(Reason::Malformed).about(refusal.label()),
        })?;
        let malformed = |fault: DerFault| Refusal::unread(Reason::Malformed).about(fault.label());
        Self::of(&read).map_err(malformed)
    }

    fn of(read: &crate::Certificate<'_>) -> Result<Self, DerFault> {
        let (issuer, subject) = (Name::read(read.issuer())?, Name::read(read.subject())?);
        let extensions = Extensions::read(read.extensions())?;
        // A name is in the subject or in a subjectAltName (RFC 5280 §4.1.2.6).
        if issuer.is_empty() || (subject.is_empty() && extensions.alternative_names.is_empty()) {
            return Err(DerFault::Value);
        }
        Ok(Self {
            tbs: place_in(read.der(), read.tbs()),
            signed: Signed::new(read.signature_algorithm(), read.signature()),
            version: read.version(),
            serial: read.serial_bytes().to_vec(),
            issuer,
            not_before: read.not_before(),
            not_after: read.not_after(),
            subject,
            key: Key::read(read.spki())?,
            extensions,
            fingerprint: crate::sha256(read.der()),
            der: read.der().to_vec(),
        })
    }

    /// Its bytes as they came.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of its bytes.
    pub const fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The contents of its serial number's INTEGER.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The last second of its validity.
    pub const fn not_after(&self) -> Moment {
        self.not_after
    }

    /// The bytes of its subject's Name.
    pub fn subject(&self) -> &[u8] {
        self.subject.der()
    }

    /// The bytes that are signed.
    pub(super) fn tbs(&self) -> &[u8] {
        &self.der[self.tbs.clone()]
    }

    /// Issuer and subject are the same name (RFC 5280 §6.1): the issuer changes its key.
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    pub(super) fn is_ca(&self) -> bool {
        self.version == 3 && self.extensions.basic.is_some_and(|basic| basic.ca)
    }

    /// Whether keyUsage, where there is one, has any of these uses.
    pub(super) fn may(&self, usage: KeyUsage) -> bool {
        self.extensions.key_usage.is_none_or(|own| own.has_any(usage))
    }

    /// Whether name and key identifier are those of `child`'s issuer.
    pub(super) fn may_have_issued(&self, child: &Self) -> bool {
        self.subject == child.issuer && self.has_key_id(child.extensions.authority_key.as_deref())
    }

    /// Whether it is the key of this identifier, as far as both are given.
    pub(super) fn has_key_id(&self, identifier: Option<&[u8]>) -> bool {
        let own = self.extensions.subject_key.as_deref();
        own.zip(identifier).is_none_or(|(own, wanted)| own == wanted)
    }
}

impl Signed {
    pub(super) fn new(algorithm: &[u8], signature: &[u8]) -> Self {
        Self { algorithm: algorithm.to_vec(), signature: signature.to_vec() }
    }

    pub(super) fn check(&self, key: &Key, message: &[u8]) -> Result<(), Reason> {
        key.check(SignatureScheme::read(&self.algorithm)?, message, &self.signature)
    }
}

/// Where a part of all these bytes stands in them.
pub(super) fn place_in(all: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - all.as_ptr().addr();
    start..start + part.len()
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    /// Its fingerprint: the names in it may be those of persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(")?;
        self.fingerprint.iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}

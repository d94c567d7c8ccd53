//! A certificate of anybody's, read for validation: every byte is kept, and what decides about a
//! path stands beside them.

use super::der::{self, BIT_STRING, Malformed, Reader};
use super::extension::Extensions;
use super::name::Name;
use super::refusal::{Reason, Refusal};
use super::signature::{self, Key};
use aws_lc_rs::digest;
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
    /// The contents of the outer AlgorithmIdentifier.
    outer: Vec<u8>,
    /// Those of the one inside, which is signed.
    inner: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate in DER, with nothing behind it. Refused with `path_malformed`.
    pub fn parse(der: &[u8]) -> Result<Self, Refusal> {
        read(der).map_err(|_| Refusal::unread(Reason::Malformed))
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

    /// Whether keyUsage, where there is one, has this bit.
    pub(super) fn may(&self, usage: u16) -> bool {
        self.extensions.key_usage.is_none_or(|bits| bits & usage != 0)
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
    pub(super) fn new(outer: &[u8], inner: &[u8], signature: &[u8]) -> Self {
        Self { outer: outer.to_vec(), inner: inner.to_vec(), signature: signature.to_vec() }
    }

    /// Whether the algorithm is accepted and stands the same in both places.
    pub(super) fn check_algorithm(&self) -> Result<(), Reason> {
        signature::accepted(&self.inner)?;
        if self.inner == self.outer { Ok(()) } else { Err(Reason::Algorithm) }
    }

    pub(super) fn check(&self, key: &Key, message: &[u8]) -> Result<(), Reason> {
        self.check_algorithm()?;
        key.check(&self.inner, message, &self.signature)
    }
}

/// The three parts of a signed object: the signed bytes, and what signs them.
pub(super) struct Parts<'a> {
    pub(super) tbs: der::Element<'a>,
    pub(super) algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// Opens a certificate or a list.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts<'_>, Malformed> {
    let mut fields = Reader::new(der::only(bytes, der::SEQUENCE)?.value);
    let tbs = fields.expect(der::SEQUENCE)?;
    let algorithm = fields.expect(der::SEQUENCE)?.value;
    let signature = fields.expect(BIT_STRING)?;
    fields.end()?;
    // A signature of other than whole octets is none of those accepted, so it is a wrong one: it
    // verifies no more than an empty one does.
    let signature = signature.octets().unwrap_or_default();
    Ok(Parts { tbs, algorithm, signature })
}

fn read(bytes: &[u8]) -> Result<Certificate, Malformed> {
    let parts = parts(bytes)?;
    let mut fields = Reader::new(parts.tbs.value);
    let version = version(&mut fields)?;
    let serial = serial(fields.integer()?)?.to_vec();
    let inner = fields.expect(der::SEQUENCE)?.value;
    let issuer = Name::next(&mut fields)?;
    let mut validity = fields.sequence()?;
    let (not_before, not_after) = (validity.time()?, validity.time()?);
    validity.end()?;
    let subject = Name::next(&mut fields)?;
    let key = Key::read(fields.expect(der::SEQUENCE)?.value)?;
    let identifiers = [fields.optional(der::tagged(1))?, fields.optional(der::tagged(2))?];
    let extensions = fields.optional(der::constructed(3))?;
    fields.end()?;
    // Extensions came with version 3, the unique identifiers with version 2 (RFC 5280 §4.1.2).
    let early = (extensions.is_some() && version < 3)
        || (identifiers.iter().any(Option::is_some) && version < 2);
    if early || issuer.is_empty() {
        return Err(Malformed);
    }
    let extensions = match extensions {
        Some(list) => Extensions::read(der::only(list.value, der::SEQUENCE)?.value)?,
        None => Extensions::default(),
    };
    // A name is in the subject or in a critical subjectAltName (RFC 5280 §4.1.2.6).
    if subject.is_empty() && extensions.alternative_names.is_empty() {
        return Err(Malformed);
    }
    Ok(Certificate {
        tbs: der::place_in(bytes, parts.tbs.whole),
        signed: Signed::new(parts.algorithm, inner, parts.signature),
        version,
        serial,
        issuer,
        not_before,
        not_after,
        subject,
        key,
        extensions,
        fingerprint: fingerprint(bytes),
        der: bytes.to_vec(),
    })
}

/// Version 1 is left out, 2 and 3 are written as 1 and 2.
fn version(fields: &mut Reader<'_>) -> Result<u8, Malformed> {
    match fields.optional(der::constructed(0))? {
        None => Ok(1),
        Some(tagged) => match der::only(tagged.value, der::INTEGER)?.value {
            [1] => Ok(2),
            [2] => Ok(3),
            _ => Err(Malformed),
        },
    }
}

/// At most 20 octets (RFC 5280 §4.1.2.2). Zero and below are not well-formed either, but
/// "certificate users SHOULD be prepared to gracefully handle such certificates".
pub(super) const fn serial(digits: &[u8]) -> Result<&[u8], Malformed> {
    if digits.len() <= SERIAL_MAX { Ok(digits) } else { Err(Malformed) }
}

fn fingerprint(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
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

const SERIAL_MAX: usize = 20;

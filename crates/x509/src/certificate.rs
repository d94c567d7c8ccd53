//! Certificates (RFC 5280 §4.1): what is to be signed, the signed whole, and reading either.
//!
//! Writing takes values that are sound by their types and cannot fail. Reading copies nothing: a
//! `Certificate` is the slices of the bytes that it came from. It says what stands there; whether
//! that is good for anything is for the path validation.

use crate::decode::{DerFault, Reader};
use crate::encode::{self, tag};
use crate::{Extension, KeyAlgorithm, Name, NameRefusal, PublicKey, PublicKeyRefusal, Serial};
use base::Moment;
use const_oid::ObjectIdentifier;
use std::fmt;

/// What an authority is about to sign: version 3.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TbsCertificate {
    /// The serial number.
    pub serial: Serial,
    /// What the issuer signs with.
    pub algorithm: KeyAlgorithm,
    /// Who issues.
    pub issuer: Name,
    /// From when on it is valid; parts of a second are not written.
    pub not_before: Moment,
    /// Until when it is valid, this second included.
    pub not_after: Moment,
    /// Whom it is about.
    pub subject: Name,
    /// The subject's key.
    pub public_key: PublicKey,
    /// The extensions in the order in which they are written.
    pub extensions: Vec<Extension>,
}

impl TbsCertificate {
    /// The DER that is signed.
    pub fn encode(&self) -> Vec<u8> {
        let extensions: usize = self.extensions.iter().map(|one| one.value.len() + 24).sum();
        let names = self.issuer.der().len() + self.subject.der().len();
        let mut out = Vec::with_capacity(extensions + names + self.public_key.bits().len() + 128);
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            out.extend_from_slice(VERSION_3);
            encode::unsigned(out, tag::INTEGER, self.serial.as_bytes());
            out.extend_from_slice(encode::signature_identifier(self.algorithm));
            out.extend_from_slice(self.issuer.der());
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::time(out, self.not_before);
                encode::time(out, self.not_after);
            });
            out.extend_from_slice(self.subject.der());
            out.extend_from_slice(&self.public_key.to_spki());
            if !self.extensions.is_empty() {
                encode::nested(out, tag::constructed(3), |out| {
                    encode::nested(out, tag::SEQUENCE, |out| {
                        self.extensions.iter().for_each(|one| one.encode(out));
                    });
                });
            }
        });
        out
    }
}

/// The certificate: what was signed, with what, and the signature (ECDSA in DER).
pub fn assemble(tbs: &[u8], algorithm: KeyAlgorithm, signature: &[u8]) -> Vec<u8> {
    encode::signed(tbs, algorithm, signature)
}

/// A certificate as it was read.
#[derive(Clone)]
pub struct Certificate<'a> {
    whole: &'a [u8],
    tbs: &'a [u8],
    body: Body<'a>,
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
}

/// What stands in the signed part.
#[derive(Clone)]
struct Body<'a> {
    version: u8,
    serial: &'a [u8],
    algorithm: &'a [u8],
    issuer: &'a [u8],
    not_before: Moment,
    not_after: Moment,
    subject: &'a [u8],
    public_key: &'a [u8],
    extensions: Vec<RawExtension<'a>>,
}

/// An extension as it stands in a certificate or list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawExtension<'a> {
    /// The contents of its OBJECT IDENTIFIER.
    pub oid: &'a [u8],
    /// Whether a reader that does not know it must refuse the whole.
    pub critical: bool,
    /// The contents of its OCTET STRING.
    pub value: &'a [u8],
}

/// Why bytes are not a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CertificateRefusal {
    /// Not a Certificate in DER.
    Der(DerFault),
    /// A version other than 1, 2 and 3, or fields that its version does not have.
    Version,
    /// The algorithm within the signed part is another than that outside.
    AlgorithmMismatch,
    /// An extension stands twice, or the list of extensions is there and empty.
    Extensions,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate in DER, and nothing after it.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateRefusal> {
        let mut outer = Reader::new(Reader::only(der, tag::SEQUENCE)?);
        let tbs = outer.whole(tag::SEQUENCE)?;
        let signature_algorithm = outer.whole(tag::SEQUENCE)?.whole;
        let signature = outer.whole_bits()?;
        outer.end()?;
        let body = Body::parse(tbs.contents)?;
        if body.algorithm != signature_algorithm {
            return Err(CertificateRefusal::AlgorithmMismatch);
        }
        Ok(Self { whole: der, tbs: tbs.whole, body, signature_algorithm, signature })
    }

    /// All of it.
    pub const fn der(&self) -> &'a [u8] {
        self.whole
    }

    /// The bytes that were signed.
    pub const fn tbs(&self) -> &'a [u8] {
        self.tbs
    }

    /// 1, 2 or 3.
    pub const fn version(&self) -> u8 {
        self.body.version
    }

    /// The contents of the INTEGER: 1 to 20 octets in shortest form, of whatever sign.
    pub const fn serial_bytes(&self) -> &'a [u8] {
        self.body.serial
    }

    /// The serial number; `None` if it is not positive.
    pub fn serial(&self) -> Option<Serial> {
        Serial::from_integer(self.body.serial).ok()
    }

    /// The AlgorithmIdentifier of the signature in DER.
    pub const fn signature_algorithm(&self) -> &'a [u8] {
        self.signature_algorithm
    }

    /// The platform's algorithm with this AlgorithmIdentifier.
    pub fn algorithm(&self) -> Option<KeyAlgorithm> {
        encode::algorithm_signed_with(self.signature_algorithm)
    }

    /// The issuer's Name in DER.
    pub const fn issuer(&self) -> &'a [u8] {
        self.body.issuer
    }

    /// The issuer.
    pub fn issuer_name(&self) -> Result<Name, NameRefusal> {
        Name::parse(self.body.issuer)
    }

    /// From when on it is valid.
    pub const fn not_before(&self) -> Moment {
        self.body.not_before
    }

    /// Until when it is valid; the second that begins then is the last.
    pub const fn not_after(&self) -> Moment {
        self.body.not_after
    }

    /// The subject's Name in DER.
    pub const fn subject(&self) -> &'a [u8] {
        self.body.subject
    }

    /// The subject.
    pub fn subject_name(&self) -> Result<Name, NameRefusal> {
        Name::parse(self.body.subject)
    }

    /// The SubjectPublicKeyInfo in DER.
    pub const fn spki(&self) -> &'a [u8] {
        self.body.public_key
    }

    /// The subject's key, if it is of an algorithm of the platform.
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyRefusal> {
        PublicKey::from_spki(self.body.public_key)
    }

    /// The extensions in the order in which they stand.
    pub fn extensions(&self) -> &[RawExtension<'a>] {
        &self.body.extensions
    }

    /// The extension with this identifier.
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<RawExtension<'a>> {
        self.body.extensions.iter().copied().find(|extension| extension.is(oid))
    }

    /// The bytes of the signature.
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// Whether this key has signed it, with the algorithm that it names.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        self.algorithm() == Some(issuer.algorithm()) && issuer.has_signed(self.tbs, self.signature)
    }
}

impl<'a> Body<'a> {
    fn parse(contents: &'a [u8]) -> Result<Self, CertificateRefusal> {
        let mut fields = Reader::new(contents);
        let version = version(&mut fields)?;
        let serial = fields.integer(SERIAL_CONTENTS_MAX)?;
        let algorithm = fields.whole(tag::SEQUENCE)?.whole;
        let issuer = fields.whole(tag::SEQUENCE)?.whole;
        let mut validity = fields.sequence()?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.end()?;
        let subject = fields.whole(tag::SEQUENCE)?.whole;
        let public_key = fields.whole(tag::SEQUENCE)?.whole;
        // issuerUniqueID and subjectUniqueID: no certificate of ours has them, and none needs them.
        for number in [1, 2] {
            if fields.optional(tag::context(number))?.is_some() && version < 2 {
                return Err(CertificateRefusal::Version);
            }
        }
        let extensions = match fields.optional(tag::constructed(3))? {
            None => Vec::new(),
            Some(_) if version < 3 => return Err(CertificateRefusal::Version),
            Some(list) => RawExtension::parse_list(Reader::only(list, tag::SEQUENCE)?)?,
        };
        fields.end()?;
        Ok(Self {
            version,
            serial,
            algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            extensions,
        })
    }
}

impl<'a> RawExtension<'a> {
    /// Whether it is the extension with this identifier.
    pub fn is(&self, oid: &ObjectIdentifier) -> bool {
        self.oid == oid.as_bytes()
    }

    /// Reads the contents of an Extensions: at least one, none twice.
    pub(crate) fn parse_list(contents: &'a [u8]) -> Result<Vec<Self>, CertificateRefusal> {
        let mut list = Reader::new(contents);
        let mut read: Vec<Self> = Vec::with_capacity(8);
        while !list.is_empty() {
            let mut fields = list.sequence()?;
            let oid = fields.oid()?;
            let critical = fields.flag()?;
            let value = fields.take(tag::OCTET_STRING)?;
            fields.end()?;
            if read.iter().any(|other| other.oid == oid) || read.len() == EXTENSIONS_MAX {
                return Err(CertificateRefusal::Extensions);
            }
            read.push(Self { oid, critical, value });
        }
        if read.is_empty() { Err(CertificateRefusal::Extensions) } else { Ok(read) }
    }
}

/// 1 if none is written; 1 must not be.
fn version(fields: &mut Reader<'_>) -> Result<u8, CertificateRefusal> {
    let Some(explicit) = fields.optional(tag::constructed(0))? else {
        return Ok(1);
    };
    match Reader::only(explicit, tag::INTEGER)? {
        [1] => Ok(2),
        [2] => Ok(3),
        _ => Err(CertificateRefusal::Version),
    }
}

impl CertificateRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Der(fault) => fault.label(),
            Self::Version => "certificate_version",
            Self::AlgorithmMismatch => "certificate_algorithm_mismatch",
            Self::Extensions => "certificate_extensions",
        }
    }
}

impl From<DerFault> for CertificateRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Der(fault)
    }
}

impl fmt::Display for CertificateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Der(fault) => write!(f, "not a certificate in DER: {fault}"),
            Self::Version => f.write_str("no version of certificates has these fields"),
            Self::AlgorithmMismatch => f.write_str("names two algorithms for its signature"),
            Self::Extensions => f.write_str("an extension stands twice, or an empty list of them"),
        }
    }
}

impl std::error::Error for CertificateRefusal {}

/// Shows nothing of the holder.
impl fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes, ", self.whole.len())?;
        match self.serial() {
            Some(serial) => write!(f, "serial {serial})"),
            None => f.write_str("no positive serial)"),
        }
    }
}

impl fmt::Debug for RawExtension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawExtension({:02x?}, {} bytes)", self.oid, self.value.len())
    }
}

/// `[0] EXPLICIT INTEGER 2`.
const VERSION_3: &[u8] = b"\xa0\x03\x02\x01\x02";
/// Octets of the longest serial number that is read. RFC 5280 allows 20; some have one more for
/// the sign, and readers are asked to bear that.
const SERIAL_CONTENTS_MAX: usize = 21;
/// More extensions than any certificate has; each is compared with those before it.
const EXTENSIONS_MAX: usize = 64;

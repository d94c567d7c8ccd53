//! OCSP requests (RFC 6960 §4.1, nonces by RFC 9654).
//!
//! Owns what is taken: several certificates, SHA-1 and SHA-256, a nonce of 1 to 128 bytes. A
//! signature on a request is looked at for its form and otherwise not asked for (RFC 5019 §2.1.2):
//! the answer is the same for everybody.

use crate::decode::{DerFault, Reader};
use crate::encode::{self, tag};
use crate::fields::{self, all_whole, read_extensions, write_extension};
use crate::ocsp::OcspStatus;
use crate::ocsp_id::{CertId, CertIdFault};
use const_oid::db::rfc6960::ID_PKIX_OCSP_NONCE;
use std::fmt;

/// What a client asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OcspRequest<'a> {
    /// The certificates in the order in which they are asked for; at least one.
    pub certificates: Vec<CertId>,
    /// The nonce that the answer must repeat.
    pub nonce: Option<&'a [u8]>,
    /// Whether the request is signed. Who signed it is not looked at.
    pub signed: bool,
}

/// Why a request is not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OcspRequestRefusal {
    /// Not an OCSPRequest in DER.
    Malformed(DerFault),
    /// Longer than `OCSP_REQUEST_BYTES_MAX`.
    TooLong,
    /// Another version than 1.
    Version,
    /// No certificate, or more than `OCSP_CERTIFICATES_MAX`.
    Count,
    /// A certificate named by another hash than SHA-1 and SHA-256.
    Hash,
    /// A serial that no certificate has: zero, negative or of more than 20 bytes.
    Serial,
    /// A nonce of no bytes or of more than 128.
    Nonce,
    /// A critical extension that is not known here.
    CriticalExtension,
}

/// Longest request, in bytes; a signed one brings certificates.
pub const OCSP_REQUEST_BYTES_MAX: usize = 16 * 1024;

/// Most certificates in one request.
pub const OCSP_CERTIFICATES_MAX: usize = 64;

/// Longest nonce, in bytes (RFC 9654 §2.1).
pub const OCSP_NONCE_BYTES_MAX: usize = 128;

impl<'a> OcspRequest<'a> {
    /// Reads an OCSPRequest in DER.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OcspRequestRefusal> {
        if bytes.len() > OCSP_REQUEST_BYTES_MAX {
            return Err(OcspRequestRefusal::TooLong);
        }
        let mut whole = Reader::new(Reader::only(bytes, tag::SEQUENCE)?);
        let tbs = whole.sequence()?;
        let signature = whole.optional(tag::constructed(0))?;
        whole.end()?;
        if let Some(signature) = signature {
            check_signature(signature)?;
        }
        let mut out = Self::parse_tbs(tbs)?;
        out.signed = signature.is_some();
        Ok(out)
    }

    fn parse_tbs(mut tbs: Reader<'a>) -> Result<Self, OcspRequestRefusal> {
        if let Some(version) = tbs.optional(tag::constructed(0))? {
            // Version 1 is the default, which DER leaves out.
            return match Reader::only(version, tag::INTEGER)? {
                [0] => Err(OcspRequestRefusal::Malformed(DerFault::Value)),
                _ => Err(OcspRequestRefusal::Version),
            };
        }
        if let Some(requestor) = tbs.optional(tag::constructed(1))? {
            let mut name = Reader::new(requestor);
            name.any()?;
            name.end()?;
        }
        let certificates = parse_list(tbs.sequence()?)?;
        let extensions = tbs.optional(tag::constructed(2))?;
        tbs.end()?;
        let nonce = extensions.map(parse_extensions).transpose()?.flatten();
        Ok(Self { certificates, nonce, signed: false })
    }

    /// Writes a request that is not signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 * (1 + self.certificates.len()));
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::nested(out, tag::SEQUENCE, |out| {
                    for id in &self.certificates {
                        encode::nested(out, tag::SEQUENCE, |out| id.encode(out));
                    }
                });
                if let Some(nonce) = self.nonce {
                    encode::nested(out, tag::constructed(2), |out| {
                        encode::nested(out, tag::SEQUENCE, |out| write_nonce(out, nonce));
                    });
                }
            });
        });
        out
    }
}

impl OcspRequestRefusal {
    /// What the client is told (RFC 6960 §2.3): a hash that is not known here may be known
    /// elsewhere, all else is a fault of the request.
    pub const fn status(self) -> OcspStatus {
        match self {
            Self::Hash => OcspStatus::Unauthorized,
            _ => OcspStatus::MalformedRequest,
        }
    }

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed(_) => "ocsp_request_malformed",
            Self::TooLong => "ocsp_request_too_long",
            Self::Version => "ocsp_request_version",
            Self::Count => "ocsp_request_count",
            Self::Hash => "ocsp_request_hash",
            Self::Serial => "ocsp_request_serial",
            Self::Nonce => "ocsp_request_nonce",
            Self::CriticalExtension => "ocsp_request_critical_extension",
        }
    }
}

impl From<DerFault> for OcspRequestRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Malformed(fault)
    }
}

impl From<CertIdFault> for OcspRequestRefusal {
    fn from(fault: CertIdFault) -> Self {
        match fault {
            CertIdFault::Der(fault) => Self::Malformed(fault),
            CertIdFault::Hash => Self::Hash,
            CertIdFault::Serial => Self::Serial,
        }
    }
}

impl fmt::Display for OcspRequestRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => write!(f, "not an OCSP request: {fault}"),
            Self::TooLong => write!(f, "the request has more than {OCSP_REQUEST_BYTES_MAX} bytes"),
            Self::Version => f.write_str("the request has another version than 1"),
            Self::Count => {
                write!(f, "a request asks for 1 to {OCSP_CERTIFICATES_MAX} certificates")
            }
            Self::Hash => f.write_str("certificates are named by SHA-1 or SHA-256"),
            Self::Serial => f.write_str("no certificate has this serial"),
            Self::Nonce => write!(f, "a nonce has 1 to {OCSP_NONCE_BYTES_MAX} bytes"),
            Self::CriticalExtension => f.write_str("a critical extension is not known here"),
        }
    }
}

impl std::error::Error for OcspRequestRefusal {}

/// Writes the extension with this nonce (RFC 9654 §2.1).
pub(crate) fn write_nonce(out: &mut Vec<u8>, nonce: &[u8]) {
    write_extension(out, &ID_PKIX_OCSP_NONCE, false, |out| {
        encode::value(out, tag::OCTET_STRING, nonce);
    });
}

/// Reads the value of the extension: an OCTET STRING of 1 to 128 bytes.
pub(crate) fn read_nonce(value: &[u8]) -> Option<&[u8]> {
    let nonce = Reader::only(value, tag::OCTET_STRING).ok()?;
    (1..=OCSP_NONCE_BYTES_MAX).contains(&nonce.len()).then_some(nonce)
}

fn parse_list(mut list: Reader<'_>) -> Result<Vec<CertId>, OcspRequestRefusal> {
    let mut out = Vec::with_capacity(1);
    while !list.is_empty() {
        if out.len() == OCSP_CERTIFICATES_MAX {
            return Err(OcspRequestRefusal::Count);
        }
        let mut request = list.sequence()?;
        out.push(CertId::read(&mut request)?);
        let extensions = request.optional(tag::constructed(0))?;
        request.end()?;
        if let Some(extensions) = extensions {
            let extensions = read_extensions(Reader::only(extensions, tag::SEQUENCE)?)?;
            if extensions.iter().any(|extension| extension.critical) {
                return Err(OcspRequestRefusal::CriticalExtension);
            }
        }
    }
    if out.is_empty() { Err(OcspRequestRefusal::Count) } else { Ok(out) }
}

/// Reads requestExtensions: the nonce.
fn parse_extensions(explicit: &[u8]) -> Result<Option<&[u8]>, OcspRequestRefusal> {
    let mut nonce = None;
    for extension in read_extensions(Reader::only(explicit, tag::SEQUENCE)?)? {
        if extension.is(&ID_PKIX_OCSP_NONCE) {
            nonce = Some(read_nonce(extension.value).ok_or(OcspRequestRefusal::Nonce)?);
        } else if extension.critical {
            return Err(OcspRequestRefusal::CriticalExtension);
        }
    }
    Ok(nonce)
}

/// Looks at the form of a Signature.
fn check_signature(explicit: &[u8]) -> Result<(), DerFault> {
    let mut signature = Reader::new(Reader::only(explicit, tag::SEQUENCE)?);
    fields::algorithm(&mut signature)?;
    signature.whole_bits()?;
    if let Some(certificates) = signature.optional(tag::constructed(0))? {
        all_whole(Reader::only(certificates, tag::SEQUENCE)?)?;
    }
    signature.end()
}

//! Requests for time stamps (RFC 3161 §2.4.1) and the refusals of them.
//!
//! Owns what is stamped: values of SHA-256, SHA-384 and SHA-512 and no others. Which policies there
//! are is for the caller to say.

use crate::decode::{DerFault, Reader};
use crate::encode::{self, tag};
use crate::fields;
use const_oid::{ObjectIdentifier, db::rfc5912};
use std::fmt;

/// What a client wants stamped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeStampRequest<'a> {
    /// The hash of what is stamped.
    pub imprint: Imprint,
    /// The policy asked for, if any.
    pub policy: Option<ObjectIdentifier>,
    /// The contents of the INTEGER that the stamp must repeat.
    pub nonce: Option<&'a [u8]>,
    /// Whether the stamp shall bring the certificate of who made it.
    pub certificate_asked: bool,
}

/// A hash of data, with its algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Imprint {
    hash: ImprintHash,
    /// Hashes shorter than 64 bytes are followed by zeros.
    bytes: [u8; 64],
}

/// Algorithms of imprints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ImprintHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Why a request is not understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeStampRequestRefusal {
    /// Not a TimeStampReq in DER, or a hash of another length than its algorithm's.
    Malformed(DerFault),
    /// Longer than `TIME_STAMP_REQUEST_BYTES_MAX`.
    TooLong,
    /// Another version than 1.
    Version,
    /// A hash by another algorithm.
    Hash,
    /// An extension: none is known, and none may be passed over (RFC 3161 §2.4.1).
    Extension,
}

/// What a client is told that gets no stamp: PKIFailureInfo, by its bits (RFC 3161 §2.4.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum TimeStampFailure {
    /// The hash algorithm is not taken.
    BadAlg = 0,
    /// The request is not allowed or not supported.
    BadRequest = 2,
    /// The request is not in the right form.
    BadDataFormat = 5,
    /// The source of time is not there.
    TimeNotAvailable = 14,
    /// The policy is not this authority's.
    UnacceptedPolicy = 15,
    /// The extension is not known.
    UnacceptedExtension = 16,
    /// What is asked for besides is not there.
    AddInfoNotAvailable = 17,
    /// The authority is broken.
    SystemFailure = 25,
}

/// Longest request, in bytes.
pub const TIME_STAMP_REQUEST_BYTES_MAX: usize = 4 * 1024;

impl<'a> TimeStampRequest<'a> {
    /// Reads a TimeStampReq in DER.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TimeStampRequestRefusal> {
        if bytes.len() > TIME_STAMP_REQUEST_BYTES_MAX {
            return Err(TimeStampRequestRefusal::TooLong);
        }
        let mut whole = Reader::new(Reader::only(bytes, tag::SEQUENCE)?);
        if fields::small(whole.take(tag::INTEGER)?)? != 1 {
            return Err(TimeStampRequestRefusal::Version);
        }
        let imprint = Imprint::read(&mut whole)?;
        let policy = if whole.is_next(tag::OID) { Some(whole.small_oid()?) } else { None };
        let nonce = whole.optional_integer(NONCE_BYTES_MAX)?;
        let certificate_asked = whole.flag()?;
        let extensions = whole.optional(tag::constructed(0))?;
        whole.end()?;
        if extensions.is_some() {
            return Err(TimeStampRequestRefusal::Extension);
        }
        Ok(Self { imprint, policy, nonce, certificate_asked })
    }

    /// Writes it.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            encode::unsigned(out, tag::INTEGER, &[1]);
            self.imprint.encode(out);
            if let Some(policy) = &self.policy {
                encode::oid(out, policy);
            }
            if let Some(nonce) = self.nonce {
                encode::value(out, tag::INTEGER, nonce);
            }
            if self.certificate_asked {
                encode::boolean_true(out, tag::BOOLEAN);
            }
        });
        out
    }
}

impl Imprint {
    /// This hash, if it has the length of its algorithm.
    pub fn new(hash: ImprintHash, value: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        if value.len() != hash.length() {
            return None;
        }
        bytes[..value.len()].copy_from_slice(value);
        Some(Self { hash, bytes })
    }

    /// Its algorithm.
    pub const fn hash(&self) -> ImprintHash {
        self.hash
    }

    /// The hash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.hash.length()]
    }

    /// Reads the next MessageImprint.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, TimeStampRequestRefusal> {
        let mut inner = reader.sequence()?;
        let (oid, parameters) = fields::algorithm(&mut inner)?;
        let value = inner.take(tag::OCTET_STRING)?;
        inner.end()?;
        let known = ImprintHash::ALL.into_iter().find(|hash| hash.oid().as_bytes() == oid);
        let hash = known.ok_or(TimeStampRequestRefusal::Hash)?;
        if !matches!(parameters, None | Some([tag::NULL, 0])) {
            return Err(DerFault::Value.into());
        }
        Ok(Self::new(hash, value).ok_or(DerFault::Value)?)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        encode::nested(out, tag::SEQUENCE, |out| {
            self.hash.encode(out);
            encode::value(out, tag::OCTET_STRING, self.as_bytes());
        });
    }
}

impl ImprintHash {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Length of its values in bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(crate) const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        }
    }

    /// Writes its AlgorithmIdentifier, without parameters (RFC 5754 §2).
    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        encode::nested(out, tag::SEQUENCE, |out| encode::oid(out, &self.oid()));
    }
}

impl TimeStampFailure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BadAlg,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];

    /// A TimeStampResp that says so, with one sentence for people. It is not signed.
    pub fn response(self, sentence: &str) -> Vec<u8> {
        let bit = self as usize;
        let mut info = vec![0; bit / 8 + 2];
        info[0] = 7 - (bit % 8) as u8;
        info[bit / 8 + 1] = 0x80 >> (bit % 8);
        let mut out = Vec::with_capacity(sentence.len() + 24);
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::unsigned(out, tag::INTEGER, &[REJECTION]);
                encode::nested(out, tag::SEQUENCE, |out| {
                    encode::value(out, tag::UTF8_STRING, sentence.as_bytes());
                });
                encode::value(out, tag::BIT_STRING, &info);
            });
        });
        out
    }
}

impl TimeStampRequestRefusal {
    /// What the client is told.
    pub const fn failure(self) -> TimeStampFailure {
        match self {
            Self::Malformed(_) => TimeStampFailure::BadDataFormat,
            Self::TooLong | Self::Version => TimeStampFailure::BadRequest,
            Self::Hash => TimeStampFailure::BadAlg,
            Self::Extension => TimeStampFailure::UnacceptedExtension,
        }
    }

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed(_) => "time_stamp_request_malformed",
            Self::TooLong => "time_stamp_request_too_long",
            Self::Version => "time_stamp_request_version",
            Self::Hash => "time_stamp_request_hash",
            Self::Extension => "time_stamp_request_extension",
        }
    }
}

impl From<DerFault> for TimeStampRequestRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Malformed(fault)
    }
}

impl fmt::Display for TimeStampRequestRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => write!(f, "not a request for a time stamp: {fault}"),
            Self::TooLong => {
                write!(f, "the request has more than {TIME_STAMP_REQUEST_BYTES_MAX} bytes")
            }
            Self::Version => f.write_str("the request has another version than 1"),
            Self::Hash => f.write_str("hashes by SHA-256, SHA-384 and SHA-512 are stamped"),
            Self::Extension => f.write_str("no extension of requests is known here"),
        }
    }
}

impl std::error::Error for TimeStampRequestRefusal {}

/// Longest nonce, in bytes; clients send 8 to 20.
pub(crate) const NONCE_BYTES_MAX: usize = 64;
/// PKIStatus: no stamp.
const REJECTION: u8 = 2;

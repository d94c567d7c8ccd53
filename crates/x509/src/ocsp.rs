//! OCSP responses of our own (RFC 6960 §4.2): what is to be signed, the signed whole, and the
//! refusals that nobody signs.
//!
//! The responder is named by the hash of its key, times are written to the second, reasons that
//! say nothing are left out: the form of RFC 5019. Writing cannot fail.

use crate::KeyAlgorithm;
use crate::crl::RevocationReason;
use crate::encode::{self, tag};
use crate::fields::ENUMERATED;
use crate::ocsp_id::CertId;
use crate::ocsp_request::write_nonce;
use base::Moment;
use const_oid::db::rfc6960::ID_PKIX_OCSP_BASIC;

/// What is known of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CertStatus {
    /// Issued and not revoked.
    Good,
    /// Revoked, or held.
    Revoked {
        /// When.
        at: Moment,
        /// Why, if a reason is told.
        reason: Option<RevocationReason>,
    },
    /// Not a certificate that this responder knows of.
    Unknown,
}

/// The answer about one certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OcspAnswer {
    /// The certificate, named as the client did.
    pub certificate: CertId,
    /// What is known of it.
    pub status: CertStatus,
    /// When this was known to be so.
    pub this_update: Moment,
    /// When newer knowledge will be there at the latest.
    pub next_update: Option<Moment>,
}

/// What a responder is about to sign.
#[derive(Clone, Copy, Debug)]
pub struct OcspResponseData<'a> {
    /// SHA-1 of the responder's key: its key identifier.
    pub responder_key: [u8; 20],
    /// When the response is made.
    pub produced_at: Moment,
    /// The answers in the order of the request.
    pub answers: &'a [OcspAnswer],
    /// The request's nonce.
    pub nonce: Option<&'a [u8]>,
}

/// How a response begins (RFC 6960 §4.2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum OcspStatus {
    /// There is an answer.
    Successful = 0,
    /// The request is broken.
    MalformedRequest = 1,
    /// The responder is broken.
    InternalError = 2,
    /// The responder cannot answer now.
    TryLater = 3,
    /// Requests must be signed.
    SigRequired = 5,
    /// The responder does not answer this client, or not about this issuer.
    Unauthorized = 6,
}

impl OcspResponseData<'_> {
    /// The bytes that are signed: ResponseData in DER.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160 * (1 + self.answers.len()));
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            encode::nested(out, tag::constructed(2), |out| {
                encode::value(out, tag::OCTET_STRING, &self.responder_key);
            });
            encode::generalized_time(out, tag::GENERALIZED_TIME, self.produced_at);
            encode::nested(out, tag::SEQUENCE, |out| {
                self.answers.iter().for_each(|answer| answer.encode(out));
            });
            if let Some(nonce) = self.nonce {
                encode::nested(out, tag::constructed(1), |out| {
                    encode::nested(out, tag::SEQUENCE, |out| write_nonce(out, nonce));
                });
            }
        });
        out
    }

    /// The OCSPResponse: these bytes, their signature (ECDSA in DER), and certificates in DER that
    /// say who signed, the delegate's among them.
    pub fn assemble(
        data: &[u8],
        algorithm: KeyAlgorithm,
        signature: &[u8],
        certificates: &[&[u8]],
    ) -> Vec<u8> {
        let brought: usize = certificates.iter().map(|certificate| certificate.len()).sum();
        let mut out = Vec::with_capacity(data.len() + signature.len() + brought + 96);
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            encode::value(out, ENUMERATED, &[OcspStatus::Successful as u8]);
            encode::nested(out, tag::constructed(0), |out| {
                encode::nested(out, tag::SEQUENCE, |out| {
                    encode::oid(out, &ID_PKIX_OCSP_BASIC);
                    encode::nested(out, tag::OCTET_STRING, |out| {
                        write_basic(out, data, algorithm, signature, certificates);
                    });
                });
            });
        });
        out
    }
}

impl OcspAnswer {
    /// Writes a SingleResponse.
    fn encode(&self, out: &mut Vec<u8>) {
        encode::nested(out, tag::SEQUENCE, |out| {
            self.certificate.encode(out);
            self.status.encode(out);
            encode::generalized_time(out, tag::GENERALIZED_TIME, self.this_update);
            if let Some(next) = self.next_update {
                encode::nested(out, tag::constructed(0), |out| {
                    encode::generalized_time(out, tag::GENERALIZED_TIME, next);
                });
            }
        });
    }
}

impl CertStatus {
    fn encode(self, out: &mut Vec<u8>) {
        match self {
            Self::Good => encode::value(out, tag::context(0), &[]),
            Self::Unknown => encode::value(out, tag::context(2), &[]),
            Self::Revoked { at, reason } => encode::nested(out, tag::constructed(1), |out| {
                encode::generalized_time(out, tag::GENERALIZED_TIME, at);
                if let Some(reason) = reason.filter(|it| *it != RevocationReason::Unspecified) {
                    encode::nested(out, tag::constructed(0), |out| {
                        encode::value(out, ENUMERATED, &[reason.code()]);
                    });
                }
            }),
        }
    }
}

impl OcspStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Successful,
        Self::MalformedRequest,
        Self::InternalError,
        Self::TryLater,
        Self::SigRequired,
        Self::Unauthorized,
    ];

    /// A response without an answer, in DER. It is not signed: nobody could check it before the
    /// request was understood.
    pub const fn response(self) -> [u8; 5] {
        [tag::SEQUENCE, 3, ENUMERATED, 1, self as u8]
    }

    /// The name in RFC 6960.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Successful => "successful",
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::SigRequired => "sigRequired",
            Self::Unauthorized => "unauthorized",
        }
    }
}

/// Writes a BasicOCSPResponse.
fn write_basic(
    out: &mut Vec<u8>,
    data: &[u8],
    algorithm: KeyAlgorithm,
    signature: &[u8],
    certificates: &[&[u8]],
) {
    encode::nested(out, tag::SEQUENCE, |out| {
        out.extend_from_slice(data);
        out.extend_from_slice(encode::signature_identifier(algorithm));
        encode::bit_string(out, signature);
        if !certificates.is_empty() {
            encode::nested(out, tag::constructed(0), |out| {
                encode::nested(out, tag::SEQUENCE, |out| {
                    certificates.iter().for_each(|one| out.extend_from_slice(one));
                });
            });
        }
    });
}

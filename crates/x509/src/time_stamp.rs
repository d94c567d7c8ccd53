//! Time stamps of our own (RFC 3161 §2.4.2): a TSTInfo within a SignedData of CMS (RFC 5652), whose
//! one signer is bound to its certificate by ESSCertIDv2 (RFC 5816).
//!
//! What is signed are the signed attributes, which hold the hash of the TSTInfo. Assumes that the
//! caller's key is the certificate's; a reader finds out otherwise.

use crate::encode::{self, tag};
use crate::time_stamp_request::{Imprint, ImprintHash};
use crate::{Certificate, KeyAlgorithm, Name, Serial};
use aws_lc_rs::digest;
use base::Moment;
use const_oid::{ObjectIdentifier, db};
use std::fmt;

/// What a time stamp says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeStampInfo<'a> {
    /// The policy under which it is made.
    pub policy: ObjectIdentifier,
    /// The hash of what is stamped.
    pub imprint: Imprint,
    /// The stamp's own number.
    pub serial: Serial,
    /// When.
    pub at: Moment,
    /// How far the clock may be off, in microseconds, if that is said.
    pub accuracy_us: Option<u64>,
    /// Whether stamps of this authority are in order of their times alone.
    pub ordering: bool,
    /// The contents of the request's INTEGER.
    pub nonce: Option<&'a [u8]>,
    /// The authority, as in the subject of its certificate.
    pub authority: Option<Name>,
}

/// A time stamp that waits for its signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeStampToBeSigned {
    info: Vec<u8>,
    /// The contents of SignedAttributes in the order of DER.
    attributes: Vec<u8>,
    /// The contents of IssuerAndSerialNumber.
    signer: Vec<u8>,
    algorithm: KeyAlgorithm,
    hash: ImprintHash,
}

/// Why no time stamp can be made with a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeStampRefusal {
    /// Its key is of no algorithm that time stamps are made with here: ECDSA and RSA.
    Algorithm,
}

impl TimeStampInfo<'_> {
    /// TSTInfo in DER.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            encode::unsigned(out, tag::INTEGER, &[1]);
            encode::oid(out, &self.policy);
            self.imprint.encode(out);
            encode::unsigned(out, tag::INTEGER, self.serial.as_bytes());
            write_exact_time(out, self.at);
            if let Some(accuracy) = self.accuracy_us {
                write_accuracy(out, accuracy);
            }
            if self.ordering {
                encode::boolean_true(out, tag::BOOLEAN);
            }
            if let Some(nonce) = self.nonce {
                encode::value(out, tag::INTEGER, nonce);
            }
            if let Some(authority) = &self.authority {
                encode::nested(out, tag::constructed(0), |out| {
                    encode::value(out, crate::fields::DIRECTORY_NAME, authority.der());
                });
            }
        });
        out
    }
}

impl TimeStampToBeSigned {
    /// Prepares the signature of the holder of this certificate.
    pub fn new(
        info: &TimeStampInfo<'_>,
        signer: &Certificate<'_>,
    ) -> Result<Self, TimeStampRefusal> {
        let key = signer.public_key().map_err(|_| TimeStampRefusal::Algorithm)?;
        let algorithm = key.algorithm();
        let hash = hash_with(algorithm).ok_or(TimeStampRefusal::Algorithm)?;
        let info = info.encode();
        let mut attributes = [
            attribute(&db::rfc5911::ID_CONTENT_TYPE, |out| {
                encode::oid(out, &db::rfc3161::ID_CT_TST_INFO);
            }),
            attribute(&db::rfc5911::ID_MESSAGE_DIGEST, |out| {
                encode::value(out, tag::OCTET_STRING, hash.of(&info).as_ref());
            }),
            attribute(&db::rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2, |out| {
                write_signing_certificate(out, signer);
            }),
        ];
        attributes.sort();
        Ok(Self {
            info,
            attributes: attributes.concat(),
            signer: issuer_and_serial(signer),
            algorithm,
            hash,
        })
    }

    /// The bytes that the signature is over: SignedAttributes as a SET (RFC 5652 §5.4).
    pub fn message(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.attributes.len() + 4);
        encode::value(&mut out, tag::SET, &self.attributes);
        out
    }

    /// The TimeStampResp with this signature over `message` (ECDSA in DER), and certificates in
    /// DER, which are asked for or not.
    pub fn assemble(&self, signature: &[u8], certificates: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        encode::nested(&mut out, tag::SEQUENCE, |out| {
            // PKIStatus: granted.
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::unsigned(out, tag::INTEGER, &[0]);
            });
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::oid(out, &db::rfc5911::ID_SIGNED_DATA);
                encode::nested(out, tag::constructed(0), |out| {
                    encode::nested(out, tag::SEQUENCE, |out| {
                        self.write_signed_data(out, signature, certificates);
                    });
                });
            });
        });
        out
    }

    fn write_signed_data(&self, out: &mut Vec<u8>, signature: &[u8], certificates: &[&[u8]]) {
        // Version 3: the contents are no plain data (RFC 5652 §5.1).
        encode::unsigned(out, tag::INTEGER, &[3]);
        encode::nested(out, tag::SET, |out| self.hash.encode(out));
        encode::nested(out, tag::SEQUENCE, |out| {
            encode::oid(out, &db::rfc3161::ID_CT_TST_INFO);
            encode::nested(out, tag::constructed(0), |out| {
                encode::value(out, tag::OCTET_STRING, &self.info);
            });
        });
        if !certificates.is_empty() {
            let mut ordered = certificates.to_vec();
            ordered.sort_unstable();
            encode::value(out, tag::constructed(0), &ordered.concat());
        }
        encode::nested(out, tag::SET, |out| {
            encode::nested(out, tag::SEQUENCE, |out| self.write_signer(out, signature));
        });
    }

    /// Writes the fields of SignerInfo.
    fn write_signer(&self, out: &mut Vec<u8>, signature: &[u8]) {
        encode::unsigned(out, tag::INTEGER, &[1]);
        encode::value(out, tag::SEQUENCE, &self.signer);
        self.hash.encode(out);
        encode::value(out, tag::constructed(0), &self.attributes);
        out.extend_from_slice(encode::signature_identifier(self.algorithm));
        encode::value(out, tag::OCTET_STRING, signature);
    }
}

impl ImprintHash {
    pub(crate) fn of(self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes)
    }
}

impl TimeStampRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Algorithm => "time_stamp_algorithm",
        }
    }
}

impl fmt::Display for TimeStampRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("time stamps are signed with ECDSA or RSA")
    }
}

impl std::error::Error for TimeStampRefusal {}

/// The hash that goes with a signature: the one within it.
pub(crate) const fn hash_with(algorithm: KeyAlgorithm) -> Option<ImprintHash> {
    match algorithm {
        KeyAlgorithm::P256 | KeyAlgorithm::Rsa2048 => Some(ImprintHash::Sha256),
        KeyAlgorithm::P384 => Some(ImprintHash::Sha384),
        KeyAlgorithm::Ed25519 => None,
    }
}

/// The contents of an IssuerAndSerialNumber.
pub(crate) fn issuer_and_serial(signer: &Certificate<'_>) -> Vec<u8> {
    let mut out = signer.issuer().to_vec();
    encode::value(&mut out, tag::INTEGER, signer.serial_bytes());
    out
}

/// An Attribute of one value.
fn attribute(oid: &ObjectIdentifier, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    encode::nested(&mut out, tag::SEQUENCE, |out| {
        encode::oid(out, oid);
        encode::nested(out, tag::SET, fill);
    });
    out
}

/// Writes a SigningCertificateV2 (RFC 5035 §3): SHA-256, which is the default and left out.
fn write_signing_certificate(out: &mut Vec<u8>, signer: &Certificate<'_>) {
    encode::nested(out, tag::SEQUENCE, |out| {
        encode::nested(out, tag::SEQUENCE, |out| {
            encode::nested(out, tag::SEQUENCE, |out| {
                let hash = ImprintHash::Sha256.of(signer.der());
                encode::value(out, tag::OCTET_STRING, hash.as_ref());
                encode::nested(out, tag::SEQUENCE, |out| {
                    encode::nested(out, tag::SEQUENCE, |out| {
                        encode::value(out, crate::fields::DIRECTORY_NAME, signer.issuer());
                    });
                    encode::value(out, tag::INTEGER, signer.serial_bytes());
                });
            });
        });
    });
}

/// Writes an Accuracy; parts that are zero are left out.
fn write_accuracy(out: &mut Vec<u8>, us: u64) {
    encode::nested(out, tag::SEQUENCE, |out| {
        let parts = [
            (tag::INTEGER, us / 1_000_000),
            (tag::context(0), us / 1_000 % 1_000),
            (tag::context(1), us % 1_000),
        ];
        for (tag, part) in parts.into_iter().filter(|(_, part)| *part > 0) {
            encode::unsigned(out, tag, &part.to_be_bytes());
        }
    });
}

/// Writes a GeneralizedTime to the microsecond, without zeros at its end.
pub(crate) fn write_exact_time(out: &mut Vec<u8>, at: Moment) {
    let mut whole = Vec::with_capacity(17);
    encode::generalized_time(&mut whole, tag::GENERALIZED_TIME, at);
    let us = at.us().rem_euclid(1_000_000);
    let fraction = format!(".{us:06}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let text = [&whole[2..16], fraction.as_bytes(), b"Z"].concat();
    encode::value(out, tag::GENERALIZED_TIME, &text);
}

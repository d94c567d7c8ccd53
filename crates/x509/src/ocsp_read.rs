//! OCSP responses read and checked as a verifier does (RFC 6960 §3.2, §4.2.2.2).
//!
//! Owns the question who may answer: the issuer itself, or a delegate whose certificate the issuer
//! signed for this purpose. Assumes an issuer with a key of the platform's algorithms, whom the
//! caller trusts.

use crate::crl::RevocationReason;
use crate::decode::{self, DerFault, Reader};
use crate::encode::{self, tag};
use crate::fields::{self, ENUMERATED, read_extensions};
use crate::ocsp::{CertStatus, OcspAnswer, OcspStatus};
use crate::ocsp_id::{CertId, CertIdFault, IssuerId};
use crate::ocsp_request::read_nonce;
use crate::{Certificate, KeyUsage, Name, PublicKey, Serial};
use base::Moment;
use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE,
    ID_KP_OCSP_SIGNING,
};
use const_oid::db::rfc6960::{ID_PKIX_OCSP_BASIC, ID_PKIX_OCSP_NONCE};
use std::fmt;

/// A response as it stands.
#[derive(Clone, Debug)]
pub struct OcspResponse<'a> {
    tbs: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    responder: Responder<'a>,
    produced_at: Moment,
    answers: Vec<OcspAnswer>,
    nonce: Option<&'a [u8]>,
    certificates: Vec<&'a [u8]>,
}

/// What a verifier wants to know.
#[derive(Clone, Copy, Debug)]
pub struct OcspQuestion<'a> {
    /// The certificate's issuer.
    pub issuer: &'a Name,
    /// The issuer's key.
    pub issuer_key: &'a PublicKey,
    /// The certificate.
    pub serial: Serial,
    /// The nonce that was asked with; the answer must have the same.
    pub nonce: Option<&'a [u8]>,
    /// The present moment.
    pub at: Moment,
    /// How far the clocks may be apart, in microseconds.
    pub skew_us: i64,
}

/// An answer that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OcspChecked<'a> {
    /// The answer.
    pub answer: OcspAnswer,
    /// The delegate's certificate in DER, if it was not the issuer who signed. Without
    /// id-pkix-ocsp-nocheck in it, it is for the caller to see that it is not revoked.
    pub delegate: Option<&'a [u8]>,
}

/// Why a response says nothing about the certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OcspReadRefusal {
    /// Not an OCSPResponse in DER.
    Malformed(DerFault),
    /// The responder has not answered, and says so.
    Status(OcspStatus),
    /// Another type of response than basic, or another version.
    Type,
    /// A critical extension that is not known here.
    CriticalExtension,
    /// Neither the issuer nor a delegate of it.
    Responder,
    /// The delegate's certificate is not valid now.
    ResponderExpired,
    /// The signature is not the responder's.
    Signature,
    /// No answer about this certificate.
    NotAnswered,
    /// Another nonce, or none.
    Nonce,
    /// The answer is too old.
    Stale,
    /// The answer is from the future.
    Early,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Responder<'a> {
    /// A Name in DER.
    Name(&'a [u8]),
    /// SHA-1 of the key.
    Key(&'a [u8]),
}

impl<'a> OcspResponse<'a> {
    /// Reads an OCSPResponse in DER.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OcspReadRefusal> {
        let mut whole = Reader::new(Reader::only(bytes, tag::SEQUENCE)?);
        let status = fields::small(whole.take(ENUMERATED)?)?;
        let body = whole.optional(tag::constructed(0))?;
        whole.end()?;
        let is = |known: &OcspStatus| u64::from(*known as u8) == status;
        let status = OcspStatus::ALL.into_iter().find(is).ok_or(DerFault::Value)?;
        match (status, body) {
            (OcspStatus::Successful, Some(body)) => Self::parse_bytes(body),
            (OcspStatus::Successful, None) | (_, Some(_)) => Err(DerFault::Value.into()),
            (status, None) => Err(OcspReadRefusal::Status(status)),
        }
    }

    /// Reads ResponseBytes.
    fn parse_bytes(explicit: &'a [u8]) -> Result<Self, OcspReadRefusal> {
        let mut bytes = Reader::new(Reader::only(explicit, tag::SEQUENCE)?);
        let kind = bytes.oid()?;
        let basic = bytes.take(tag::OCTET_STRING)?;
        bytes.end()?;
        if kind != ID_PKIX_OCSP_BASIC.as_bytes() {
            return Err(OcspReadRefusal::Type);
        }
        let mut basic = Reader::new(Reader::only(basic, tag::SEQUENCE)?);
        let tbs = basic.whole(tag::SEQUENCE)?;
        let algorithm = basic.whole(tag::SEQUENCE)?.whole;
        let signature = basic.whole_bits()?;
        let certificates = basic.optional(tag::constructed(0))?;
        basic.end()?;
        let mut out = Self::parse_data(tbs.contents)?;
        (out.tbs, out.algorithm, out.signature) = (tbs.whole, algorithm, signature);
        if let Some(certificates) = certificates {
            let mut list = Reader::new(Reader::only(certificates, tag::SEQUENCE)?);
            while !list.is_empty() {
                out.certificates.push(list.whole(tag::SEQUENCE)?.whole);
            }
        }
        Ok(out)
    }

    /// Reads the contents of ResponseData.
    fn parse_data(contents: &'a [u8]) -> Result<Self, OcspReadRefusal> {
        let mut data = Reader::new(contents);
        if data.optional(tag::constructed(0))?.is_some() {
            return Err(OcspReadRefusal::Type);
        }
        let responder = data.any()?;
        let responder = match responder.tag {
            BY_NAME => Responder::Name(responder.contents),
            BY_KEY => Responder::Key(Reader::only(responder.contents, tag::OCTET_STRING)?),
            _ => return Err(DerFault::Tag.into()),
        };
        let produced_at = decode::generalized_time(data.take(tag::GENERALIZED_TIME)?)?;
        let mut list = data.sequence()?;
        let extensions = data.optional(tag::constructed(1))?;
        data.end()?;
        let mut answers = Vec::with_capacity(1);
        while !list.is_empty() {
            answers.extend(parse_answer(&mut list)?);
        }
        Ok(Self {
            tbs: &[],
            algorithm: &[],
            signature: &[],
            responder,
            produced_at,
            answers,
            nonce: extensions.map(parse_nonce).transpose()?.flatten(),
            certificates: Vec::new(),
        })
    }

    /// The bytes that the signature is over: ResponseData.
    pub const fn tbs(&self) -> &'a [u8] {
        self.tbs
    }

    /// When it was made.
    pub const fn produced_at(&self) -> Moment {
        self.produced_at
    }

    /// Its answers; those that name certificates in other ways than here are left out.
    pub fn answers(&self) -> &[OcspAnswer] {
        &self.answers
    }

    /// Its nonce.
    pub const fn nonce(&self) -> Option<&'a [u8]> {
        self.nonce
    }

    /// The certificates that it brings, in DER.
    pub fn certificates(&self) -> &[&'a [u8]] {
        &self.certificates
    }

    /// Whether this key has signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.algorithm == encode::signature_identifier(key.algorithm())
            && key.has_signed(self.tbs, self.signature)
    }

    /// The answer to the question, if the response gives it and may.
    pub fn check(&self, asked: &OcspQuestion<'_>) -> Result<OcspChecked<'a>, OcspReadRefusal> {
        let delegate = self.signer(asked)?;
        if asked.nonce.is_some() && asked.nonce != self.nonce {
            return Err(OcspReadRefusal::Nonce);
        }
        let issuer = IssuerId::new(asked.issuer, asked.issuer_key);
        let is_asked = |answer: &&OcspAnswer| {
            answer.certificate.serial() == asked.serial && issuer.issued(&answer.certificate)
        };
        let answer = *self.answers.iter().find(is_asked).ok_or(OcspReadRefusal::NotAnswered)?;
        // Without a next update newer knowledge is always there (RFC 6960 §4.2.2.1).
        let until = answer.next_update.unwrap_or(answer.this_update);
        if answer.this_update > asked.at.plus_us(asked.skew_us) {
            return Err(OcspReadRefusal::Early);
        }
        if until < asked.at.plus_us(asked.skew_us.saturating_neg()) {
            return Err(OcspReadRefusal::Stale);
        }
        Ok(OcspChecked { answer, delegate })
    }

    /// Who signed: a delegate's certificate, or nothing if it was the issuer.
    fn signer(&self, asked: &OcspQuestion<'_>) -> Result<Option<&'a [u8]>, OcspReadRefusal> {
        if self.responder.is(asked.issuer.der(), asked.issuer_key) {
            let signed = self.is_signed_by(asked.issuer_key);
            return if signed { Ok(None) } else { Err(OcspReadRefusal::Signature) };
        }
        let mut refusal = OcspReadRefusal::Responder;
        for &der in &self.certificates {
            let Some((certificate, key)) = delegate(der, asked) else { continue };
            if !self.responder.is(certificate.subject(), &key) {
                continue;
            }
            if !is_valid_at(&certificate, asked.at) {
                refusal = OcspReadRefusal::ResponderExpired;
            } else if self.is_signed_by(&key) {
                return Ok(Some(der));
            } else {
                refusal = OcspReadRefusal::Signature;
            }
        }
        Err(refusal)
    }
}

impl Responder<'_> {
    fn is(self, name: &[u8], key: &PublicKey) -> bool {
        match self {
            Self::Name(named) => named == name,
            Self::Key(hash) => hash == key.key_identifier(),
        }
    }
}

impl OcspReadRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed(_) => "ocsp_response_malformed",
            Self::Status(_) => "ocsp_response_status",
            Self::Type => "ocsp_response_type",
            Self::CriticalExtension => "ocsp_response_critical_extension",
            Self::Responder => "ocsp_response_responder",
            Self::ResponderExpired => "ocsp_response_responder_expired",
            Self::Signature => "ocsp_response_signature",
            Self::NotAnswered => "ocsp_response_not_answered",
            Self::Nonce => "ocsp_response_nonce",
            Self::Stale => "ocsp_response_stale",
            Self::Early => "ocsp_response_early",
        }
    }
}

impl From<DerFault> for OcspReadRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Malformed(fault)
    }
}

impl fmt::Display for OcspReadRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(fault) => return write!(f, "not an OCSP response: {fault}"),
            Self::Status(status) => return write!(f, "the responder says {}", status.word()),
            Self::Type => "another kind of response than the basic one",
            Self::CriticalExtension => "a critical extension is not known here",
            Self::Responder => "signed by neither the issuer nor a delegate of it",
            Self::ResponderExpired => "the delegate's certificate is not valid now",
            Self::Signature => "the signature is not the responder's",
            Self::NotAnswered => "no answer about this certificate",
            Self::Nonce => "another nonce than the request's",
            Self::Stale => "the answer is too old",
            Self::Early => "the answer is from the future",
        })
    }
}

impl std::error::Error for OcspReadRefusal {}

/// The certificate and key of somebody to whom the issuer has given the right to answer.
fn delegate<'a>(der: &'a [u8], asked: &OcspQuestion<'_>) -> Option<(Certificate<'a>, PublicKey)> {
    let certificate = Certificate::parse(der).ok()?;
    let known =
        [ID_CE_KEY_USAGE, ID_CE_EXT_KEY_USAGE, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES];
    let all_known = certificate
        .extensions()
        .iter()
        .all(|extension| !extension.critical || known.iter().any(|oid| extension.is(oid)));
    let issued =
        certificate.issuer() == asked.issuer.der() && certificate.is_signed_by(asked.issuer_key);
    let may_sign = certificate.extension(&ID_CE_KEY_USAGE).is_none_or(|extension| {
        KeyUsage::parse(extension.value).is_some_and(|usage| usage.has(KeyUsage::DIGITAL_SIGNATURE))
    });
    if !all_known || !issued || !may_sign || !answers_ocsp(&certificate) {
        return None;
    }
    let key = certificate.public_key().ok()?;
    Some((certificate, key))
}

/// Whether extKeyUsage names OCSPSigning; "any" does not count (RFC 6960 §4.2.2.2).
fn answers_ocsp(certificate: &Certificate<'_>) -> bool {
    let Some(extension) = certificate.extension(&ID_CE_EXT_KEY_USAGE) else { return false };
    let Ok(purposes) = Reader::only(extension.value, tag::SEQUENCE) else { return false };
    let mut purposes = Reader::new(purposes);
    std::iter::from_fn(|| purposes.oid().ok()).any(|oid| oid == ID_KP_OCSP_SIGNING.as_bytes())
}

/// Validity ends with the end of its last second.
fn is_valid_at(certificate: &Certificate<'_>, at: Moment) -> bool {
    (certificate.not_before().seconds()..=certificate.not_after().seconds()).contains(&at.seconds())
}

/// Reads a SingleResponse; nothing if it names the certificate in a way that is not asked here.
fn parse_answer(list: &mut Reader<'_>) -> Result<Option<OcspAnswer>, OcspReadRefusal> {
    let mut answer = list.sequence()?;
    let certificate = match CertId::read(&mut answer) {
        Ok(certificate) => Some(certificate),
        Err(CertIdFault::Der(fault)) => return Err(fault.into()),
        Err(CertIdFault::Hash | CertIdFault::Serial) => None,
    };
    let status = parse_status(&mut answer)?;
    let this_update = decode::generalized_time(answer.take(tag::GENERALIZED_TIME)?)?;
    let next_update = match answer.optional(tag::constructed(0))? {
        None => None,
        Some(time) => Some(decode::generalized_time(Reader::only(time, tag::GENERALIZED_TIME)?)?),
    };
    let extensions = answer.optional(tag::constructed(1))?;
    answer.end()?;
    if let Some(extensions) = extensions {
        let extensions = read_extensions(Reader::only(extensions, tag::SEQUENCE)?)?;
        if extensions.iter().any(|extension| extension.critical) {
            return Err(OcspReadRefusal::CriticalExtension);
        }
    }
    Ok(certificate.map(|certificate| OcspAnswer { certificate, status, this_update, next_update }))
}

fn parse_status(answer: &mut Reader<'_>) -> Result<CertStatus, DerFault> {
    let status = answer.any()?;
    match (status.tag, status.contents) {
        (GOOD, []) => Ok(CertStatus::Good),
        (UNKNOWN, []) => Ok(CertStatus::Unknown),
        (REVOKED, contents) => {
            let mut revoked = Reader::new(contents);
            let at = decode::generalized_time(revoked.take(tag::GENERALIZED_TIME)?)?;
            let reason = match revoked.optional(tag::constructed(0))? {
                None => None,
                Some(reason) => {
                    let code = fields::small(Reader::only(reason, ENUMERATED)?)?;
                    Some(RevocationReason::from_code(code).ok_or(DerFault::Value)?)
                }
            };
            revoked.end()?;
            Ok(CertStatus::Revoked { at, reason })
        }
        _ => Err(DerFault::Tag),
    }
}

/// Reads responseExtensions: the nonce.
fn parse_nonce(explicit: &[u8]) -> Result<Option<&[u8]>, OcspReadRefusal> {
    let mut nonce = None;
    for extension in read_extensions(Reader::only(explicit, tag::SEQUENCE)?)? {
        if extension.is(&ID_PKIX_OCSP_NONCE) {
            nonce = Some(read_nonce(extension.value).ok_or(OcspReadRefusal::Nonce)?);
        } else if extension.critical {
            return Err(OcspReadRefusal::CriticalExtension);
        }
    }
    Ok(nonce)
}

/// ResponderID and CertStatus are choices by these tags.
const BY_NAME: u8 = tag::constructed(1);
const BY_KEY: u8 = tag::constructed(2);
const GOOD: u8 = tag::context(0);
const REVOKED: u8 = tag::constructed(1);
const UNKNOWN: u8 = tag::context(2);

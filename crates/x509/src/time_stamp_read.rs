//! Time stamps read and checked as a verifier does (RFC 3161 §2.2, RFC 5816).
//!
//! Owns the bonds between the parts: stamp and signed attributes, attributes and signature,
//! attributes and certificate, certificate and purpose. Whether the certificate is to be trusted is
//! the question of whoever validates its path.

use crate::decode::{self, DerFault, Reader, Value};
use crate::encode::{self, tag};
use crate::fields::{self, DIRECTORY_NAME, all_whole};
use crate::time_stamp::{TimeStampInfo, hash_with, issuer_and_serial};
use crate::time_stamp_request::{
    Imprint, ImprintHash, NONCE_BYTES_MAX, TimeStampRequest, TimeStampRequestRefusal,
};
use crate::{Certificate, KeyAlgorithm, Name, Serial};
use base::Moment;
use const_oid::db::{self, rfc5280::ID_CE_EXT_KEY_USAGE, rfc5280::ID_KP_TIME_STAMPING};
use std::fmt;

/// A time stamp as it stands.
#[derive(Clone, Debug)]
pub struct TimeStamp<'a> {
    info: TimeStampInfo<'a>,
    info_der: &'a [u8],
    certificates: Vec<&'a [u8]>,
    /// The contents of IssuerAndSerialNumber.
    issuer_and_serial: &'a [u8],
    hash: ImprintHash,
    /// The contents of SignedAttributes.
    attributes: &'a [u8],
    digest: &'a [u8],
    certificate_hash: (ImprintHash, &'a [u8]),
    algorithm: &'a [u8],
    signature: &'a [u8],
}

/// Why a response holds no time stamp, or not this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeStampReadRefusal {
    /// Not a TimeStampResp with one signer in DER.
    Malformed(DerFault),
    /// The authority has not stamped: PKIStatus and the bits of PKIFailureInfo, from the first.
    Rejected(u64, u32),
    /// What is signed is no TSTInfo of version 1, or not in this way.
    Type,
    /// Another algorithm than the platform's, or hashes that do not go with it.
    Algorithm,
    /// The hash in the signed attributes is not that of the stamp.
    Digest,
    /// Another certificate than the one that the stamp names.
    Certificate,
    /// The certificate is not one for time stamps alone (RFC 3161 §2.3).
    Purpose,
    /// The certificate was not valid when the stamp was made.
    Expired,
    /// The signature is not by the certificate's key.
    Signature,
    /// The stamp is about something else.
    Imprint,
    /// Another nonce than the request's.
    Nonce,
    /// Another policy than the one that was asked for.
    Policy,
}

impl<'a> TimeStamp<'a> {
    /// Reads a TimeStampResp in DER.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TimeStampReadRefusal> {
        let mut response = Reader::new(Reader::only(bytes, tag::SEQUENCE)?);
        let mut status = response.sequence()?;
        let code = fields::small(status.take(tag::INTEGER)?)?;
        let failure = failure_bits(status)?;
        if code > u64::from(GRANTED_WITH_MODS) {
            response.end()?;
            return Err(TimeStampReadRefusal::Rejected(code, failure));
        }
        let token = response.whole(tag::SEQUENCE)?.whole;
        response.end()?;
        Self::parse_token(token)
    }

    /// Reads a TimeStampToken in DER: a response without its status.
    pub fn parse_token(bytes: &'a [u8]) -> Result<Self, TimeStampReadRefusal> {
        let mut token = Reader::new(Reader::only(bytes, tag::SEQUENCE)?);
        let kind = token.oid()?;
        let data = token.take(tag::constructed(0))?;
        token.end()?;
        if kind != db::rfc5911::ID_SIGNED_DATA.as_bytes() {
            return Err(TimeStampReadRefusal::Type);
        }
        let mut data = Reader::new(Reader::only(data, tag::SEQUENCE)?);
        if fields::small(data.take(tag::INTEGER)?)? != 3 {
            return Err(TimeStampReadRefusal::Type);
        }
        let mut hashes = Reader::new(data.take(tag::SET)?);
        let info_der = contents(data.sequence()?)?;
        let certificates = data.optional(tag::constructed(0))?.unwrap_or_default();
        all_whole(data.optional(tag::constructed(1))?.unwrap_or_default())?;
        let mut signers = Reader::new(data.take(tag::SET)?);
        data.end()?;
        let signer = signers.sequence()?;
        signers.end()?;
        let mut out = Self::parse_signer(signer, info_der)?;
        // One signer, one hash: the set before the contents says the same as the signer.
        if hash_named(fields::algorithm(&mut hashes)?.0)? != out.hash {
            return Err(TimeStampReadRefusal::Algorithm);
        }
        hashes.end()?;
        let mut list = Reader::new(certificates);
        while !list.is_empty() {
            out.certificates.push(list.any()?.whole);
        }
        Ok(out)
    }

    /// Reads the fields of a SignerInfo.
    fn parse_signer(
        mut signer: Reader<'a>,
        info_der: &'a [u8],
    ) -> Result<Self, TimeStampReadRefusal> {
        if fields::small(signer.take(tag::INTEGER)?)? != 1 {
            return Err(TimeStampReadRefusal::Type);
        }
        let issuer_and_serial = signer.take(tag::SEQUENCE)?;
        let (oid, _) = fields::algorithm(&mut signer)?;
        let attributes = signer.take(tag::constructed(0))?;
        let algorithm = signer.whole(tag::SEQUENCE)?.whole;
        let signature = signer.take(tag::OCTET_STRING)?;
        all_whole(signer.optional(tag::constructed(1))?.unwrap_or_default())?;
        signer.end()?;
        let kind = only_value(attributes, &db::rfc5911::ID_CONTENT_TYPE)?;
        if Reader::only(kind, tag::OID)? != db::rfc3161::ID_CT_TST_INFO.as_bytes() {
            return Err(TimeStampReadRefusal::Type);
        }
        let digest = only_value(attributes, &db::rfc5911::ID_MESSAGE_DIGEST)?;
        let signing = only_value(attributes, &db::rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2)?;
        Ok(Self {
            info: TimeStampInfo::parse(info_der)?,
            info_der,
            certificates: Vec::new(),
            issuer_and_serial,
            hash: hash_named(oid)?,
            attributes,
            digest: Reader::only(digest, tag::OCTET_STRING)?,
            certificate_hash: certificate_hash(signing)?,
            algorithm,
            signature,
        })
    }

    /// What it says.
    pub const fn info(&self) -> &TimeStampInfo<'a> {
        &self.info
    }

    /// The certificates that it brings, in DER.
    pub fn certificates(&self) -> &[&'a [u8]] {
        &self.certificates
    }

    /// Whether the holder of the certificate has stamped this hash, and, where it was asked for
    /// here, whether it is the stamp that the request got.
    pub fn check(
        &self,
        signer: &Certificate<'_>,
        imprint: &Imprint,
        asked: Option<&TimeStampRequest<'_>>,
    ) -> Result<(), TimeStampReadRefusal> {
        self.check_signer(signer)?;
        if self.info.imprint != *imprint {
            return Err(TimeStampReadRefusal::Imprint);
        }
        let Some(asked) = asked else { return Ok(()) };
        if self.info.nonce != asked.nonce {
            return Err(TimeStampReadRefusal::Nonce);
        }
        if asked.policy.is_some_and(|policy| policy != self.info.policy) {
            return Err(TimeStampReadRefusal::Policy);
        }
        Ok(())
    }

    fn check_signer(&self, signer: &Certificate<'_>) -> Result<(), TimeStampReadRefusal> {
        let (hash, value) = self.certificate_hash;
        let named = issuer_and_serial(signer) == self.issuer_and_serial;
        if !named || hash.of(signer.der()).as_ref() != value {
            return Err(TimeStampReadRefusal::Certificate);
        }
        if !is_for_time_stamps(signer) {
            return Err(TimeStampReadRefusal::Purpose);
        }
        let valid = signer.not_before().seconds()..=signer.not_after().seconds();
        if !valid.contains(&self.info.at.seconds()) {
            return Err(TimeStampReadRefusal::Expired);
        }
        let key = signer.public_key().map_err(|_| TimeStampReadRefusal::Algorithm)?;
        let named = encode::signature_identifier(key.algorithm()) == self.algorithm
            || (key.algorithm() == KeyAlgorithm::Rsa2048 && self.algorithm == RSA_ENCRYPTION);
        if !named || hash_with(key.algorithm()) != Some(self.hash) {
            return Err(TimeStampReadRefusal::Algorithm);
        }
        if self.hash.of(self.info_der).as_ref() != self.digest {
            return Err(TimeStampReadRefusal::Digest);
        }
        let mut message = Vec::with_capacity(self.attributes.len() + 4);
        encode::value(&mut message, tag::SET, self.attributes);
        let signed = key.has_signed(&message, self.signature);
        if signed { Ok(()) } else { Err(TimeStampReadRefusal::Signature) }
    }
}

impl<'a> TimeStampInfo<'a> {
    /// Reads a TSTInfo in DER.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TimeStampReadRefusal> {
        let mut info = Reader::new(Reader::only(bytes, tag::SEQUENCE)?);
        if fields::small(info.take(tag::INTEGER)?)? != 1 {
            return Err(TimeStampReadRefusal::Type);
        }
        let policy = info.small_oid()?;
        let imprint = Imprint::read(&mut info)?;
        let serial = info.integer(SERIAL_BYTES_MAX)?;
        let at = exact_time(info.take(tag::GENERALIZED_TIME)?)?;
        let accuracy_us = info.optional(tag::SEQUENCE)?.map(accuracy).transpose()?;
        let ordering = info.flag()?;
        let nonce = info.optional_integer(NONCE_BYTES_MAX)?;
        let authority = match info.optional(tag::constructed(0))? {
            None => None,
            Some(name) => authority(name)?,
        };
        let extensions = info.optional(tag::constructed(1))?;
        info.end()?;
        for extension in extensions.map(fields::read_extensions).transpose()?.unwrap_or_default() {
            if extension.critical {
                return Err(TimeStampReadRefusal::Type);
            }
        }
        let serial = Serial::from_integer(serial).map_err(|_| DerFault::Integer)?;
        Ok(Self { policy, imprint, serial, at, accuracy_us, ordering, nonce, authority })
    }
}

impl TimeStampReadRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed(_) => "time_stamp_malformed",
            Self::Rejected(..) => "time_stamp_rejected",
            Self::Type => "time_stamp_type",
            Self::Algorithm => "time_stamp_algorithm",
            Self::Digest => "time_stamp_digest",
            Self::Certificate => "time_stamp_certificate",
            Self::Purpose => "time_stamp_purpose",
            Self::Expired => "time_stamp_expired",
            Self::Signature => "time_stamp_signature",
            Self::Imprint => "time_stamp_imprint",
            Self::Nonce => "time_stamp_nonce",
            Self::Policy => "time_stamp_policy",
        }
    }
}

impl From<DerFault> for TimeStampReadRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Malformed(fault)
    }
}

impl From<TimeStampRequestRefusal> for TimeStampReadRefusal {
    fn from(refusal: TimeStampRequestRefusal) -> Self {
        match refusal {
            TimeStampRequestRefusal::Malformed(fault) => Self::Malformed(fault),
            _ => Self::Algorithm,
        }
    }
}

impl fmt::Display for TimeStampReadRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(fault) => return write!(f, "not a time stamp: {fault}"),
            Self::Rejected(status, bits) => {
                return write!(f, "not stamped: status {status}, failure {bits:08x}");
            }
            Self::Type => "another thing than a time stamp is signed",
            Self::Algorithm => "the algorithms are not the platform's, or do not go together",
            Self::Digest => "the signed hash is not that of the stamp",
            Self::Certificate => "the stamp names another certificate",
            Self::Purpose => "the certificate is not one for time stamps alone",
            Self::Expired => "the certificate was not valid when the stamp was made",
            Self::Signature => "the signature is not by the certificate's key",
            Self::Imprint => "the stamp is about something else",
            Self::Nonce => "another nonce than the request's",
            Self::Policy => "another policy than the one asked for",
        })
    }
}

impl std::error::Error for TimeStampReadRefusal {}

/// The bits of PKIFailureInfo in the rest of a PKIStatusInfo.
fn failure_bits(mut status: Reader<'_>) -> Result<u32, DerFault> {
    all_whole(status.optional(tag::SEQUENCE)?.unwrap_or_default())?;
    let bits = match status.optional(tag::BIT_STRING)? {
        None => 0,
        Some(contents) if (2..=5).contains(&contents.len()) => {
            let bytes = contents[1..].iter().chain([0; 4].iter()).take(4);
            bytes.fold(0, |bits, byte| bits << 8 | u32::from(*byte))
        }
        Some(_) => return Err(DerFault::Value),
    };
    status.end()?;
    Ok(bits)
}

/// The TSTInfo within an EncapsulatedContentInfo.
fn contents(mut encapsulated: Reader<'_>) -> Result<&[u8], TimeStampReadRefusal> {
    let kind = encapsulated.oid()?;
    let explicit = encapsulated.take(tag::constructed(0))?;
    encapsulated.end()?;
    if kind != db::rfc3161::ID_CT_TST_INFO.as_bytes() {
        return Err(TimeStampReadRefusal::Type);
    }
    Ok(Reader::only(explicit, tag::OCTET_STRING)?)
}

/// The one value of the one attribute of this kind, in DER.
fn only_value<'a>(
    attributes: &'a [u8],
    kind: &const_oid::ObjectIdentifier,
) -> Result<&'a [u8], DerFault> {
    let mut list = Reader::new(attributes);
    let mut found = None;
    while !list.is_empty() {
        let mut attribute = list.sequence()?;
        let oid = attribute.oid()?;
        let mut values = Reader::new(attribute.take(tag::SET)?);
        attribute.end()?;
        if oid == kind.as_bytes() {
            let Value { whole, .. } = values.any()?;
            values.end()?;
            if found.replace(whole).is_some() {
                return Err(DerFault::Value);
            }
        }
    }
    found.ok_or(DerFault::Value)
}

/// The hash of the first certificate in a SigningCertificateV2: that of the signer.
fn certificate_hash(value: &[u8]) -> Result<(ImprintHash, &[u8]), TimeStampReadRefusal> {
    let mut signing = Reader::new(Reader::only(value, tag::SEQUENCE)?);
    let mut certificate = signing.sequence()?.sequence()?;
    let hash = if certificate.is_next(tag::SEQUENCE) {
        hash_named(fields::algorithm(&mut certificate)?.0)?
    } else {
        ImprintHash::Sha256
    };
    Ok((hash, certificate.take(tag::OCTET_STRING)?))
}

fn hash_named(oid: &[u8]) -> Result<ImprintHash, TimeStampReadRefusal> {
    let known = ImprintHash::ALL.into_iter().find(|hash| hash.oid().as_bytes() == oid);
    known.ok_or(TimeStampReadRefusal::Algorithm)
}

/// Whether extKeyUsage is critical and names time stamps and nothing else.
fn is_for_time_stamps(signer: &Certificate<'_>) -> bool {
    let only = |value| {
        let mut purposes = Reader::new(Reader::only(value, tag::SEQUENCE).ok()?);
        let purpose = purposes.oid().ok()?;
        purposes.end().ok()?;
        Some(purpose == ID_KP_TIME_STAMPING.as_bytes())
    };
    signer
        .extension(&ID_CE_EXT_KEY_USAGE)
        .is_some_and(|extension| extension.critical && only(extension.value) == Some(true))
}

/// The name of the authority, if it is a distinguished one.
fn authority(explicit: &[u8]) -> Result<Option<Name>, DerFault> {
    let mut reader = Reader::new(explicit);
    let name = reader.any()?;
    reader.end()?;
    if name.tag != DIRECTORY_NAME {
        return Ok(None);
    }
    Name::parse(name.contents).map(Some).map_err(|_| DerFault::Value)
}

/// The contents of an Accuracy in microseconds.
fn accuracy(contents: &[u8]) -> Result<u64, DerFault> {
    let mut reader = Reader::new(contents);
    let mut us = 0;
    for (tag, unit_us) in
        [(tag::INTEGER, 1_000_000), (tag::context(0), 1_000), (tag::context(1), 1)]
    {
        let Some(part) = reader.optional(tag)? else { continue };
        let part = fields::small(part)?;
        if part > ACCURACY_SECONDS_MAX || (unit_us < 1_000_000 && !(1..1_000).contains(&part)) {
            return Err(DerFault::Value);
        }
        us += part * unit_us;
    }
    reader.end()?;
    Ok(us)
}

/// The contents of a GeneralizedTime that may have a fraction: at most six digits, the last of
/// them not a zero (RFC 3161 §2.4.2).
fn exact_time(contents: &[u8]) -> Result<Moment, DerFault> {
    let (digits, rest) = contents.split_at_checked(14).ok_or(DerFault::Value)?;
    let whole = decode::generalized_time(&[digits, b"Z"].concat())?;
    let fraction = match rest.strip_suffix(b"Z") {
        Some([]) => return Ok(whole),
        Some([b'.', fraction @ ..]) => fraction,
        _ => return Err(DerFault::Value),
    };
    let shortest = fraction.last().is_some_and(|last| *last != b'0');
    if !shortest || fraction.len() > 6 || !fraction.iter().all(u8::is_ascii_digit) {
        return Err(DerFault::Value);
    }
    let padded = fraction.iter().chain([b'0'; 6].iter()).take(6);
    Ok(whole.plus_us(padded.fold(0, |us, digit| us * 10 + i64::from(digit - b'0'))))
}

/// The AlgorithmIdentifier of RSA keys, which SignerInfo may have in place of the one of signatures
/// (RFC 5754 §3.2): the hash stands beside it.
const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// PKIStatus: granted, though not in every way as asked for.
const GRANTED_WITH_MODS: u8 = 1;
const SERIAL_BYTES_MAX: usize = 20;
/// A day; no clock is worth more.
const ACCURACY_SECONDS_MAX: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_stamp::write_exact_time;
    use proptest::prelude::*;

    fn exact(us: i64) -> String {
        let mut out = Vec::new();
        write_exact_time(&mut out, Moment::from_us(us));
        String::from_utf8(out[2..].to_vec()).unwrap()
    }

    #[test]
    fn a_fraction_has_no_zeros_at_its_end() {
        assert_eq!(exact(0), "19700101000000Z");
        assert_eq!(exact(120_000), "19700101000000.12Z");
        assert_eq!(exact(-1), "19691231235959.999999Z");
        let refused = [
            "19700101000000.Z",
            "19700101000000.10Z",
            "19700101000000.1234567Z",
            "19700101000000.1",
            "19700101000000,1Z",
            "1970010100Z",
        ];
        for text in refused {
            assert_eq!(exact_time(text.as_bytes()), Err(DerFault::Value), "{text}");
        }
    }

    proptest! {
        #[test]
        fn exact_times_read_back(us in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
            prop_assert_eq!(exact_time(exact(us).as_bytes()), Ok(Moment::from_us(us)));
        }
    }
}

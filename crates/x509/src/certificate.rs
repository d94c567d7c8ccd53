//! Certificates (RFC 5280 §4.1): what is to be signed, the signed whole, and reading either.
//!
//! Writing takes values that are sound by their types and cannot fail. Reading copies nothing: a
//! `Certificate` is the slices of the bytes that it came from. It says what stands there; whether
//! that is good for anything is for the path validation.

use crate::decode::{DerFault, Reader};
use crate::encode::{self, tag};
use crate::fields::{self, ExtensionsFault, list_extensions};
use crate::oid::extension_id::AUTHORITY_KEY_IDENTIFIER;
use crate::{
    Extension, KeyAlgorithm, Name, NameRefusal, PublicKey, PublicKeyRefusal, SERIAL_BYTES_MAX,
    Serial,
};
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
            self.public_key.encode(out);
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
    pub(crate) body: Body<'a>,
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
}

/// What stands in the signed part.
#[derive(Clone)]
pub(crate) struct Body<'a> {
    pub(crate) version: u8,
    pub(crate) serial: &'a [u8],
    pub(crate) algorithm: &'a [u8],
    pub(crate) issuer: &'a [u8],
    /// The contents of the Validity.
    pub(crate) validity: &'a [u8],
    pub(crate) not_before: Moment,
    pub(crate) not_after: Moment,
    pub(crate) subject: &'a [u8],
    pub(crate) public_key: &'a [u8],
    pub(crate) extensions: Vec<RawExtension<'a>>,
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
        let signature = outer.signature()?;
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

    /// The contents of the INTEGER: 1 to 20 octets in shortest form, of whatever sign (RFC 5280
    /// §4.1.2.2 asks readers to bear zero and below).
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

    /// The keyIdentifier of authorityKeyIdentifier, if it has one.
    pub fn authority_key(&self) -> Option<&'a [u8]> {
        let named = self.extension(&AUTHORITY_KEY_IDENTIFIER)?;
        fields::authority_key(named.value).ok().flatten()
    }

    /// The bytes of the signature; none if its BIT STRING does not end with a whole byte.
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// Whether this key has signed it, with the algorithm that it names.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        self.algorithm() == Some(issuer.algorithm()) && issuer.has_signed(self.tbs, self.signature)
    }
}

impl<'a> Body<'a> {
    /// Reads the contents of a TBSCertificate.
    pub(crate) fn parse(contents: &'a [u8]) -> Result<Self, CertificateRefusal> {
        let mut fields = Reader::new(contents);
        let version = version(&mut fields)?;
        let serial = fields.integer(SERIAL_BYTES_MAX)?;
        let algorithm = fields.whole(tag::SEQUENCE)?.whole;
        let issuer = fields.whole(tag::SEQUENCE)?.whole;
        let validity = fields.take(tag::SEQUENCE)?;
        let mut times = Reader::new(validity);
        let (not_before, not_after) = (times.time()?, times.time()?);
        times.end()?;
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
            Some(list) => list_extensions(Reader::only(list, tag::SEQUENCE)?)?,
        };
        fields.end()?;
        Ok(Self {
            version,
            serial,
            algorithm,
            issuer,
            validity,
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

impl From<ExtensionsFault> for CertificateRefusal {
    fn from(fault: ExtensionsFault) -> Self {
        match fault {
            ExtensionsFault::Der(fault) => Self::Der(fault),
            ExtensionsFault::Count => Self::Extensions,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::{COMMON_NAME, COUNTRY, KeyUsage};
    use der::{Decode, Encode};
    use proptest::prelude::*;

    #[test]
    fn certificates_read_back_and_another_reader_agrees() {
        for pair in testing::pairs() {
            let tbs = self_signed(pair.public());
            let encoded = tbs.encode();
            let der = assemble(&encoded, tbs.algorithm, &pair.sign(&encoded));
            let read = Certificate::parse(&der).unwrap();
            assert_eq!((read.der(), read.tbs()), (&der[..], &encoded[..]));
            assert_eq!((read.version(), read.serial()), (3, Some(tbs.serial)));
            assert_eq!((read.not_before(), read.not_after()), (tbs.not_before, tbs.not_after));
            assert_eq!(read.issuer_name().as_ref(), Ok(&tbs.issuer));
            assert_eq!(read.subject_name().as_ref(), Ok(&tbs.subject));
            assert_eq!(read.public_key().as_ref(), Ok(&tbs.public_key));
            assert_eq!(read.algorithm(), Some(tbs.algorithm));
            assert!(read.is_signed_by(pair.public()));
            assert!(!read.is_signed_by(testing::p256().public()));
            for (raw, written) in read.extensions().iter().zip(&tbs.extensions) {
                assert!(raw.is(&written.oid) && read.extension(&written.oid) == Some(*raw));
                assert_eq!((raw.critical, raw.value), (written.critical, &written.value[..]));
            }
            assert_eq!(read.authority_key(), Some(&[7; 20][..]));
            let theirs = x509_cert::Certificate::from_der(&der).unwrap();
            assert_eq!(theirs.to_der().unwrap(), der);
            let shown = theirs.tbs_certificate().subject().to_string();
            assert_eq!(shown, tbs.subject.to_string());
        }
    }

    #[test]
    fn versions_and_their_fields_go_together() {
        let fields = |version: &[u8], extensions: &[u8]| {
            let pair = testing::p256();
            let mut tbs = self_signed(pair.public());
            tbs.extensions.clear();
            let encoded = tbs.encode();
            // SEQUENCE with two bytes of length, and the version after it.
            let body = [version, &encoded[3 + VERSION_3.len()..], extensions].concat();
            let mut changed = Vec::new();
            encode::value(&mut changed, tag::SEQUENCE, &body);
            let der = assemble(&changed, tbs.algorithm, &[1]);
            Certificate::parse(&der).map(|read| read.version())
        };
        let usage = b"\xa3\x0f\x30\x0d\x30\x0b\x06\x03\x55\x1d\x0f\x04\x04\x03\x02\x07\x80";
        assert_eq!(fields(&[], &[]), Ok(1));
        assert_eq!(fields(VERSION_3, usage), Ok(3));
        assert_eq!(fields(b"\xa0\x03\x02\x01\x01", b"\x81\x02\0\x01"), Ok(2));
        assert_eq!(fields(&[], usage), Err(CertificateRefusal::Version));
        assert_eq!(fields(&[], b"\x81\x02\0\x01"), Err(CertificateRefusal::Version));
        assert_eq!(fields(b"\xa0\x03\x02\x01\x00", &[]), Err(CertificateRefusal::Version));
        assert_eq!(fields(b"\xa0\x03\x02\x01\x03", &[]), Err(CertificateRefusal::Version));
        assert_eq!(fields(VERSION_3, b"\xa3\x02\x30\0"), Err(CertificateRefusal::Extensions));
        let twice = [&b"\xa3\x1c\x30\x1a"[..], &usage[4..], &usage[4..]].concat();
        assert_eq!(fields(VERSION_3, &twice), Err(CertificateRefusal::Extensions));
        let trailing = [&usage[..], &[5, 0]].concat();
        assert_eq!(fields(VERSION_3, &trailing), Err(DerFault::Trailing.into()));
    }

    #[test]
    fn the_algorithm_within_is_the_one_outside() {
        let pair = testing::p256();
        let encoded = self_signed(pair.public()).encode();
        let der = assemble(&encoded, KeyAlgorithm::P384, &pair.sign(&encoded));
        let refused = Certificate::parse(&der).unwrap_err();
        assert_eq!(refused, CertificateRefusal::AlgorithmMismatch);
    }

    #[test]
    fn serial_numbers_have_twenty_octets_at_most() {
        let mut tbs = self_signed(testing::p256().public());
        tbs.serial = Serial::from_bytes(&[0x7f; 20]).unwrap();
        let encoded = tbs.encode();
        let whole = |tbs: &[u8]| assemble(tbs, KeyAlgorithm::P256, &[1]);
        assert_eq!(Certificate::parse(&whole(&encoded)).unwrap().serial(), Some(tbs.serial));
        let contents = Reader::only(&encoded, tag::SEQUENCE).unwrap();
        let at = VERSION_3.len() + 2;
        let (before, after) = (&contents[..VERSION_3.len()], &contents[at..]);
        let mut longer = Vec::new();
        let body = [before, &[tag::INTEGER, 21, 0x7f], after].concat();
        encode::value(&mut longer, tag::SEQUENCE, &body);
        let refused = Certificate::parse(&whole(&longer)).unwrap_err();
        assert_eq!(refused, CertificateRefusal::Der(DerFault::Integer));
    }

    #[test]
    fn long_validities_change_their_form() {
        let mut tbs = self_signed(testing::p256().public());
        tbs.not_after = Moment::from_us(253_402_300_799_000_000);
        let encoded = tbs.encode();
        let text = b"99991231235959Z";
        assert!(encoded.windows(text.len()).any(|window| window == text));
    }

    proptest! {
        #[test]
        fn changed_certificates_never_panic_nor_verify(
            at in any::<prop::sample::Index>(),
            change in 1..=255_u8,
            cut in any::<bool>(),
        ) {
            let (mut der, key) = sound();
            if cut {
                der.truncate(at.index(der.len()));
            } else {
                *at.get_mut(&mut der) ^= change;
            }
            if let Ok(read) = Certificate::parse(&der) {
                prop_assert!(!read.is_signed_by(&key));
                let _ = (read.issuer_name(), read.subject_name(), read.public_key());
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>()) {
            prop_assert!(Certificate::parse(&bytes).is_err());
        }
    }

    fn sound() -> (Vec<u8>, PublicKey) {
        static SOUND: std::sync::OnceLock<(Vec<u8>, PublicKey)> = std::sync::OnceLock::new();
        let made = SOUND.get_or_init(|| {
            let pair = testing::p256();
            let tbs = self_signed(pair.public()).encode();
            (assemble(&tbs, KeyAlgorithm::P256, &pair.sign(&tbs)), pair.public().clone())
        });
        made.clone()
    }

    fn self_signed(key: &PublicKey) -> TbsCertificate {
        let name = Name::new([(COUNTRY, "JP"), (COMMON_NAME, "試験")]).unwrap();
        TbsCertificate {
            serial: Serial::try_from(0x80).unwrap(),
            algorithm: key.algorithm(),
            issuer: name.clone(),
            not_before: Moment::from_us(1_700_000_000_000_000),
            not_after: Moment::from_us(1_800_000_000_000_000),
            subject: name,
            public_key: key.clone(),
            extensions: vec![
                Extension::key_usage(KeyUsage::KEY_CERT_SIGN),
                Extension::authority(None),
                Extension::subject_key(&key.key_identifier()),
                Extension::authority_key(&[7; 20]),
            ],
        }
    }
}

//! Certification requests (PKCS#10, RFC 2986) and keys whose holder has shown that it has them.
//!
//! A request is read strictly and judged whole: its key must be one that the platform certifies and
//! that nobody can break, and its signature must be that key's, over whichever hash of SHA-2 the
//! holder's tool took (`openssl req` takes SHA-256 under every curve). What comes out is a value
//! that nothing else makes: a `PossessedKey` is a key whose holder signed with it. Of what else a
//! request asks for (name, extensions) nothing is believed.

use crate::decode::{DerFault, Reader};
use crate::encode::{self, tag};
use crate::signature::SignatureScheme;
use crate::{Name, NameRefusal, PublicKey, PublicKeyRefusal, Weakness, pem};
use std::fmt;

/// A public key whose holder has shown that it has the private key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PossessedKey(PublicKey);

/// A certification request whose signature is its key's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificationRequest {
    key: PossessedKey,
    subject: Name,
}

/// Why a request is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequestRefusal {
    /// Longer than `REQUEST_BYTES_MAX`.
    TooLong,
    /// Not PEM, or PEM of something else.
    Pem,
    /// Not a CertificationRequest in DER.
    Der(DerFault),
    /// A version other than 1 (written 0).
    Version,
    /// The subject is not a name.
    Subject(NameRefusal),
    /// Not a key that the platform certifies.
    Key(PublicKeyRefusal),
    /// A key that anybody can break.
    Weak(Weakness),
    /// Signed in a way in which such a key gives no proof: other than ECDSA or RSA (PKCS #1) over
    /// SHA-256, SHA-384 or SHA-512, and Ed25519.
    SignatureAlgorithm,
    /// The signature is not the key's: who asks does not have the private key.
    Possession,
}

impl CertificationRequest {
    /// Reads a request in DER, checks its key and that the key signed it.
    pub fn parse(der: &[u8]) -> Result<Self, RequestRefusal> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(RequestRefusal::TooLong);
        }
        let mut outer = Reader::new(Reader::only(der, tag::SEQUENCE)?);
        let info = outer.whole(tag::SEQUENCE)?;
        let algorithm = outer.whole(tag::SEQUENCE)?.whole;
        let signature = outer.whole_bits()?;
        outer.end()?;
        let (subject, key) = request_info(info.contents)?;
        let key = if algorithm == encode::signature_identifier(key.algorithm()) {
            PossessedKey::prove(key, info.whole, signature)?
        } else {
            PossessedKey::prove_as(algorithm, key, info.whole, signature)?
        };
        Ok(Self { key, subject })
    }

    /// Reads a request in PEM, labelled `CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST`.
    pub fn from_pem(text: &str) -> Result<Self, RequestRefusal> {
        if text.len() > 2 * REQUEST_BYTES_MAX {
            return Err(RequestRefusal::TooLong);
        }
        match pem::decode(text) {
            Some((pem::CERTIFICATE_REQUEST | OLD_LABEL, der)) => Self::parse(&der),
            _ => Err(RequestRefusal::Pem),
        }
    }

    /// The key, which who asks has.
    pub const fn key(&self) -> &PossessedKey {
        &self.key
    }

    /// The key, without the rest.
    pub fn into_key(self) -> PossessedKey {
        self.key
    }

    /// The name that is asked for.
    pub const fn subject(&self) -> &Name {
        &self.subject
    }
}

impl PossessedKey {
    /// Takes a key whose holder has signed a message that was chosen for it, such as a challenge
    /// that a card was given.
    pub fn prove(key: PublicKey, message: &[u8], signature: &[u8]) -> Result<Self, RequestRefusal> {
        let signed = key.has_signed(message, signature);
        Self::of(key, signed)
    }

    /// The same with another algorithm than the one of the platform's own signatures.
    fn prove_as(
        algorithm: &[u8],
        key: PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Self, RequestRefusal> {
        let scheme = match SignatureScheme::read(algorithm) {
            Ok(scheme @ (SignatureScheme::Ecdsa(_) | SignatureScheme::Pkcs1(_))) => scheme,
            _ => return Err(RequestRefusal::SignatureAlgorithm),
        };
        let signed = key.has_signed_as(scheme, message, signature);
        Self::of(key, signed.ok_or(RequestRefusal::SignatureAlgorithm)?)
    }

    fn of(key: PublicKey, signed: bool) -> Result<Self, RequestRefusal> {
        if let Some(weakness) = Weakness::of(&key) {
            Err(RequestRefusal::Weak(weakness))
        } else if signed {
            Ok(Self(key))
        } else {
            Err(RequestRefusal::Possession)
        }
    }

    /// The key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.0
    }

    /// The key, to be put into a certificate.
    pub fn into_public_key(self) -> PublicKey {
        self.0
    }
}

/// The CertificationRequestInfo that the key's holder signs; `assemble` joins it with the
/// signature.
pub fn encode_request_info(subject: &Name, key: &PublicKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(subject.der().len() + key.bits().len() + 64);
    encode::nested(&mut out, tag::SEQUENCE, |out| {
        encode::unsigned(out, tag::INTEGER, &[]);
        out.extend_from_slice(subject.der());
        key.encode(out);
        encode::value(out, tag::constructed(0), &[]);
    });
    out
}

impl RequestRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooLong => "request_too_long",
            Self::Pem => "request_pem",
            Self::Der(fault) => fault.label(),
            Self::Version => "request_version",
            Self::Subject(refusal) => refusal.label(),
            Self::Key(refusal) => refusal.label(),
            Self::Weak(weakness) => weakness.label(),
            Self::SignatureAlgorithm => "request_signature_algorithm",
            Self::Possession => "proof_of_possession",
        }
    }
}

impl From<DerFault> for RequestRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Der(fault)
    }
}

impl From<PublicKeyRefusal> for RequestRefusal {
    fn from(refusal: PublicKeyRefusal) -> Self {
        match refusal {
            PublicKeyRefusal::Malformed(fault) => Self::Der(fault),
            PublicKeyRefusal::Weak(weakness) => Self::Weak(weakness),
            refusal => Self::Key(refusal),
        }
    }
}

impl fmt::Display for RequestRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a request has at most {REQUEST_BYTES_MAX} bytes"),
            Self::Pem => f.write_str("not a certification request in PEM"),
            Self::Der(fault) => write!(f, "not a certification request in DER: {fault}"),
            Self::Version => f.write_str("a request has version 1"),
            Self::Subject(refusal) => write!(f, "the subject: {refusal}"),
            Self::Key(refusal) => refusal.fmt(f),
            Self::Weak(weakness) => write!(f, "anybody can break this key: {weakness}"),
            Self::SignatureAlgorithm => {
                f.write_str("signed with an algorithm in which such a key gives no proof")
            }
            Self::Possession => f.write_str("the signature is not that of the key"),
        }
    }
}

impl std::error::Error for RequestRefusal {}

/// The subject and its key out of a CertificationRequestInfo.
fn request_info(contents: &[u8]) -> Result<(Name, PublicKey), RequestRefusal> {
    let mut fields = Reader::new(contents);
    if fields.integer(VERSION_BYTES_MAX)? != [0] {
        return Err(RequestRefusal::Version);
    }
    let subject = Name::parse(fields.whole(tag::SEQUENCE)?.whole);
    let subject = subject.map_err(RequestRefusal::Subject)?;
    let key = PublicKey::from_spki(fields.whole(tag::SEQUENCE)?.whole)?;
    attributes(fields.take(tag::constructed(0))?)?;
    fields.end()?;
    Ok((subject, key))
}

/// Attributes must be well-formed, though nothing is taken from them.
fn attributes(contents: &[u8]) -> Result<(), DerFault> {
    let mut list = Reader::new(contents);
    while !list.is_empty() {
        let mut attribute = list.sequence()?;
        attribute.oid()?;
        Reader::new(attribute.take(tag::SET)?).each(Reader::any)?;
        attribute.end()?;
    }
    Ok(())
}

/// Bytes of the longest request that is read: a key, a name and a few attributes take far less.
pub const REQUEST_BYTES_MAX: usize = 16_384;
/// Bytes of the longest version that is told from a huge integer.
const VERSION_BYTES_MAX: usize = 8;
const OLD_LABEL: &str = "NEW CERTIFICATE REQUEST";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Pair};
    use crate::{COMMON_NAME, KeyAlgorithm, assemble};
    use proptest::prelude::*;

    #[test]
    fn requests_of_every_algorithm_are_taken() {
        for pair in testing::pairs() {
            let der = request(&pair);
            let taken = CertificationRequest::parse(&der).unwrap();
            assert_eq!(taken.key().public_key(), pair.public());
            assert_eq!(taken.subject().to_string(), "CN=holder");
            let text = pem::encode(pem::CERTIFICATE_REQUEST, &der);
            assert_eq!(CertificationRequest::from_pem(&text), Ok(taken.clone()));
            let text = pem::encode(OLD_LABEL, &der);
            assert_eq!(CertificationRequest::from_pem(&text), Ok(taken));
            let text = pem::encode(pem::CERTIFICATE, &der);
            assert_eq!(CertificationRequest::from_pem(&text), Err(RequestRefusal::Pem));
        }
    }

    #[test]
    fn a_signature_of_another_key_or_algorithm_proves_nothing() {
        let [p256, other] = [testing::p256(), testing::p256()];
        let info = encode_request_info(&subject(), p256.public());
        let signed = |algorithm, signature: &[u8]| {
            CertificationRequest::parse(&assemble(&info, algorithm, signature)).unwrap_err()
        };
        let theirs = other.sign(&info);
        assert_eq!(signed(KeyAlgorithm::P256, &theirs), RequestRefusal::Possession);
        assert_eq!(signed(KeyAlgorithm::P256, &[]), RequestRefusal::Possession);
        let own = p256.sign(&info);
        // Over another hash than the one that is named, and with what such a key does not do.
        assert_eq!(signed(KeyAlgorithm::P384, &own), RequestRefusal::Possession);
        assert_eq!(signed(KeyAlgorithm::Rsa2048, &own), RequestRefusal::SignatureAlgorithm);
        assert_eq!(signed(KeyAlgorithm::Ed25519, &own), RequestRefusal::SignatureAlgorithm);
        let proved = PossessedKey::prove(p256.public().clone(), b"challenge", &own);
        assert_eq!(proved, Err(RequestRefusal::Possession));
    }

    #[test]
    fn der_is_taken_in_one_form_alone() {
        let der = request(&testing::p256());
        let refused = |der: &[u8]| CertificationRequest::parse(der).unwrap_err().label();
        assert_eq!(refused(&[&der[..], &[0]].concat()), "der_trailing_bytes");
        assert_eq!(refused(&der[..der.len() - 1]), "der_truncated");
        assert_eq!(refused(&[&[0x30, 0x80], &der[3..], &[0, 0]].concat()), "der_indefinite_length");
        assert_eq!(refused(&vec![0x30; REQUEST_BYTES_MAX + 1]), "request_too_long");
        assert_eq!(refused(&[]), "der_truncated");
        let long = "x".repeat(2 * REQUEST_BYTES_MAX + 1);
        assert_eq!(CertificationRequest::from_pem(&long), Err(RequestRefusal::TooLong));
    }

    #[test]
    fn versions_and_integers_are_bounded() {
        let refused = |version: &[u8]| refused_info(|out| encode::value(out, 2, version));
        assert_eq!(refused(&[1]), RequestRefusal::Version);
        assert_eq!(refused(&[0xff]), RequestRefusal::Version);
        assert_eq!(refused(&[0, 0]), RequestRefusal::Der(DerFault::Integer));
        assert_eq!(refused(&vec![1; 3000]), RequestRefusal::Der(DerFault::Integer));
    }

    #[test]
    fn attributes_have_a_kind_and_values() {
        let pair = testing::p256();
        let refused = |attributes: &[u8]| {
            refused_info(|out| {
                encode::unsigned(out, tag::INTEGER, &[]);
                out.extend_from_slice(subject().der());
                pair.public().encode(out);
                encode::value(out, tag::constructed(0), attributes);
            })
        };
        // They are read first; the proof, which is none, comes after them.
        assert_eq!(refused(&[]), RequestRefusal::Possession);
        assert_eq!(refused(&[0x30, 7, 6, 1, 0x29, 0x31, 2, 5, 0]), RequestRefusal::Possession);
        for (bad, fault) in [
            (&[0x30, 5, 6, 1, 0x29, 0x31, 0][..], DerFault::Value),
            (&[0x30, 3, 6, 1, 0x29], DerFault::Truncated),
            (&[0x30, 4, 0x31, 2, 5, 0], DerFault::Tag),
            (&[0x30, 9, 6, 1, 0x29, 0x31, 2, 5, 0, 5, 0], DerFault::Trailing),
            (&[0x30, 0x80, 6, 1, 0x29, 0x31, 2, 5, 0, 0, 0], DerFault::IndefiniteLength),
        ] {
            assert_eq!(refused(bad), RequestRefusal::Der(fault), "{bad:x?}");
        }
    }

    #[test]
    fn keys_that_are_not_certified_are_named_by_their_fault() {
        let ec = "06072a8648ce3d0201";
        let point = "00".to_owned() + &hex(testing::p256().public().bits());
        for (identifier, bits, label) in [
            // secp256k1, no curve, a curve of the holder's own, DSA.
            (format!("{ec}06052b8104000a"), point.clone(), "public_key_curve"),
            (ec.to_owned(), point.clone(), "public_key_curve"),
            (format!("{ec}3003020101"), point.clone(), "public_key_curve"),
            ("06072a8648ce380401".to_owned(), point.clone(), "public_key_algorithm"),
            // P-256 with the point of nothing, compressed, with unused bits.
            (format!("{ec}06082a8648ce3d030107"), "0000".to_owned(), "public_key_value"),
            (
                format!("{ec}06082a8648ce3d030107"),
                format!("0002{}", &point[4..68]),
                "public_key_value",
            ),
            (format!("{ec}06082a8648ce3d030107"), format!("01{}", &point[2..]), "der_value"),
            // Ed25519 with parameters, RSA without.
            ("06032b65700500".to_owned(), "00".repeat(33), "public_key_algorithm"),
            ("06092a864886f70d010101".to_owned(), "00".to_owned(), "public_key_algorithm"),
        ] {
            let refused = refused_key(&unhex(&identifier), &unhex(&bits));
            assert_eq!(refused.label(), label, "{identifier}");
        }
    }

    #[test]
    fn rsa_keys_have_one_length_and_one_exponent_and_no_small_factor() {
        let modulus = testing::rsa().public().bits()[9..265].to_vec();
        let refused = |modulus: &[u8], exponent: &[u8]| refused_rsa(modulus, exponent).label();
        assert_eq!(refused(&modulus[..128], &[1, 0, 1]), "public_key_rsa_length");
        assert_eq!(refused(&[&[1][..], &modulus].concat(), &[1, 0, 1]), "public_key_rsa_length");
        assert_eq!(refused(&modulus, &[3]), "public_key_rsa_exponent");
        assert_eq!(refused(&modulus, &[1, 0, 1, 0, 1]), "public_key_rsa_exponent");
        assert_eq!(refused(&[0xff; 256], &[1, 0, 1]), "key_weak_factor");
        let mut even = modulus;
        even[255] &= 0xfe;
        assert_eq!(refused(&even, &[1, 0, 1]), "key_weak_factor");
        assert_eq!(refused(&crate::weakness::tests::roca_modulus(0), &[1, 0, 1]), "key_weak_roca");
        assert_eq!(refused(&[1; 4000], &[1, 0, 1]), "der_integer");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn changed_requests_are_refused_or_the_same(
            at in any::<prop::sample::Index>(),
            change in 1..=255_u8,
            cut in any::<prop::sample::Index>(),
            which in 0..3,
        ) {
            let sound = sound_request();
            let mut der = sound.clone();
            match which {
                0 => *at.get_mut(&mut der) ^= change,
                1 => der.truncate(cut.index(der.len())),
                _ => der.insert(at.index(der.len()), change),
            }
            // ECDSA signatures and everything signed by them have one encoding.
            prop_assert!(CertificationRequest::parse(&der).is_err());
        }

        #[test]
        fn anything_is_judged_without_a_panic(
            bytes in any::<Vec<u8>>(),
            text in any::<String>(),
        ) {
            prop_assert!(CertificationRequest::parse(&bytes).is_err());
            prop_assert!(CertificationRequest::from_pem(&text).is_err());
        }
    }

    fn sound_request() -> &'static Vec<u8> {
        static REQUEST: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        REQUEST.get_or_init(|| request(&testing::p256()))
    }

    fn subject() -> Name {
        Name::new([(COMMON_NAME, "holder")]).unwrap()
    }

    fn request(pair: &Pair) -> Vec<u8> {
        let info = encode_request_info(&subject(), pair.public());
        assemble(&info, pair.public().algorithm(), &pair.sign(&info))
    }

    fn refused_info(fill: impl FnOnce(&mut Vec<u8>)) -> RequestRefusal {
        let mut info = Vec::new();
        encode::nested(&mut info, tag::SEQUENCE, fill);
        let der = assemble(&info, KeyAlgorithm::P256, &[]);
        CertificationRequest::parse(&der).unwrap_err()
    }

    fn refused_key(identifier: &[u8], bits: &[u8]) -> RequestRefusal {
        refused_info(|out| {
            encode::unsigned(out, tag::INTEGER, &[]);
            out.extend_from_slice(subject().der());
            encode::nested(out, tag::SEQUENCE, |out| {
                encode::value(out, tag::SEQUENCE, identifier);
                encode::value(out, tag::BIT_STRING, bits);
            });
            encode::value(out, tag::constructed(0), &[]);
        })
    }

    fn refused_rsa(modulus: &[u8], exponent: &[u8]) -> RequestRefusal {
        let mut bits = vec![0];
        encode::nested(&mut bits, tag::SEQUENCE, |out| {
            encode::unsigned(out, tag::INTEGER, modulus);
            encode::unsigned(out, tag::INTEGER, exponent);
        });
        let key = PublicKey::new(KeyAlgorithm::Rsa2048, bits[1..].to_vec());
        let refused = refused_key(&unhex("06092a864886f70d0101010500"), &bits);
        if refused == RequestRefusal::SignatureAlgorithm {
            // The key was taken; what is left is the proof.
            return PossessedKey::prove(key.unwrap(), b"", b"").unwrap_err();
        }
        refused
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(text: &str) -> Vec<u8> {
        let pairs = (0..text.len()).step_by(2);
        pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }
}

//! Public keys and the algorithms of the platform's own keys.
//!
//! A key signs in one way only, so the key's algorithm names the signature's too. What strangers
//! may have signed with is wider and stands in `signature`.

use crate::Weakness;
use crate::decode::{DerFault, Reader};
use crate::encode::{self, tag};
use crate::fields;
use crate::signature::{KeyKind, SignatureScheme};
use aws_lc_rs::{
    digest,
    signature::{self, ParsedPublicKey, VerificationAlgorithm},
};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a key of the platform is, and with it how it signs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8032, RFC 8410).
    Ed25519,
    /// ECDSA on P-256 with SHA-256 (RFC 5758).
    P256,
    /// ECDSA on P-384 with SHA-384 (RFC 5758).
    P384,
    /// RSA with a modulus of 2,048 bits and exponent 65537; RSASSA-PKCS1-v1_5 with SHA-256
    /// (RFC 8017, RFC 4055).
    Rsa2048,
}

/// A public key of one of the platform's algorithms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    /// What stands in the BIT STRING of the SubjectPublicKeyInfo: 32 bytes for Ed25519, the
    /// uncompressed point for P-256 (65 bytes) and P-384 (97), an RSAPublicKey in DER for RSA.
    bits: Vec<u8>,
    parsed: Parsed,
}

/// The key as the library verifies with it: made of the bits, and the same wherever they are.
#[derive(Clone)]
struct Parsed(Arc<ParsedPublicKey>);

/// Why bytes are not a public key that the platform works with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PublicKeyRefusal {
    /// Not a SubjectPublicKeyInfo in DER.
    Malformed(DerFault),
    /// Another algorithm, or parameters that do not belong there.
    Algorithm,
    /// An elliptic curve other than P-256 and P-384.
    Curve,
    /// An RSA modulus of another length than 2,048 bits.
    RsaLength,
    /// An RSA exponent other than 65537.
    RsaExponent,
    /// No key has this value: a point that is not on the curve, or compressed.
    Value,
    /// An even RSA modulus. Other weaknesses are for who asks for them (`Weakness::of`).
    Weak(Weakness),
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ed25519, Self::P256, Self::P384, Self::Rsa2048];

    /// The word for people and files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa2048",
        }
    }

    /// The algorithm of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.word() == word)
    }

    /// The kind of key that it is of.
    pub(crate) const fn kind(self) -> KeyKind {
        match self {
            Self::Ed25519 => KeyKind::Ed25519,
            Self::P256 => KeyKind::P256,
            Self::P384 => KeyKind::P384,
            Self::Rsa2048 => KeyKind::Rsa,
        }
    }

    fn verifying(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Ed25519 => &signature::ED25519,
            Self::P256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::P384 => &signature::ECDSA_P384_SHA384_ASN1,
            Self::Rsa2048 => &signature::RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

impl PublicKey {
    /// Takes the contents of the BIT STRING.
    pub fn new(algorithm: KeyAlgorithm, bits: Vec<u8>) -> Result<Self, PublicKeyRefusal> {
        let fits = match algorithm {
            KeyAlgorithm::Ed25519 => bits.len() == 32 && !has_small_order(&bits),
            KeyAlgorithm::P256 => bits.len() == 65 && bits[0] == UNCOMPRESSED,
            KeyAlgorithm::P384 => bits.len() == 97 && bits[0] == UNCOMPRESSED,
            KeyAlgorithm::Rsa2048 => check_rsa_2048(&bits).map(|()| true)?,
        };
        if !fits {
            return Err(PublicKeyRefusal::Value);
        }
        let parsed = ParsedPublicKey::new(algorithm.verifying(), &bits);
        let parsed = Parsed(Arc::new(parsed.map_err(|_| PublicKeyRefusal::Value)?));
        Ok(Self { algorithm, bits, parsed })
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    pub fn from_spki(der: &[u8]) -> Result<Self, PublicKeyRefusal> {
        let (identifier, bits) = fields::subject_public_key(der)?;
        let kind = KeyKind::named(identifier);
        let known = KeyAlgorithm::ALL.into_iter().find(|known| Some(known.kind()) == kind);
        match known {
            Some(algorithm) => Self::new(algorithm, bits.to_vec()),
            None if identifier.starts_with(EC_PUBLIC_KEY) => Err(PublicKeyRefusal::Curve),
            None => Err(PublicKeyRefusal::Algorithm),
        }
    }

    /// Its SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    pub fn to_spki(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bits.len() + 32);
        self.encode(&mut out);
        out
    }

    /// Writes its SubjectPublicKeyInfo.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        encode::nested(out, tag::SEQUENCE, |out| {
            encode::value(out, tag::SEQUENCE, self.algorithm.kind().identifier());
            encode::bit_string(out, &self.bits);
        });
    }

    /// What it is.
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The contents of the BIT STRING.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The 32 bytes of an Ed25519 key.
    pub fn ed25519(&self) -> Option<[u8; 32]> {
        if self.algorithm == KeyAlgorithm::Ed25519 { self.bits[..].try_into().ok() } else { None }
    }

    /// The key identifier: SHA-1 of the contents of the BIT STRING (RFC 5280 §4.2.1.2, method 1).
    pub fn key_identifier(&self) -> [u8; 20] {
        let mut out = [0; 20];
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.bits);
        out.copy_from_slice(hash.as_ref());
        out
    }

    /// Whether the signature, as a certificate holds it (ECDSA in DER), is this key's.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.0.verify_sig(message, signature).is_ok()
    }

    /// Whether the signature is this key's in another way of signing than the platform's own;
    /// `None` if such keys do not sign so.
    pub(crate) fn has_signed_as(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        let algorithm = scheme.verification(self.algorithm.kind())?;
        let parsed = ParsedPublicKey::new(algorithm, &self.bits);
        Some(parsed.is_ok_and(|key| key.verify_sig(message, signature).is_ok()))
    }
}

/// Two keys are told apart by algorithm and bits alone.
impl PartialEq for Parsed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Parsed {}

impl PartialOrd for Parsed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Parsed {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for Parsed {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PublicKeyRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed(_) => "public_key_malformed",
            Self::Algorithm => "public_key_algorithm",
            Self::Curve => "public_key_curve",
            Self::RsaLength => "public_key_rsa_length",
            Self::RsaExponent => "public_key_rsa_exponent",
            Self::Value => "public_key_value",
            Self::Weak(weakness) => weakness.label(),
        }
    }
}

impl From<DerFault> for PublicKeyRefusal {
    fn from(fault: DerFault) -> Self {
        Self::Malformed(fault)
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} ", self.algorithm)?;
        self.key_identifier().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl fmt::Display for PublicKeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => write!(f, "not a public key in DER: {fault}"),
            Self::Algorithm => f.write_str("no certificate is given for keys of this algorithm"),
            Self::Curve => f.write_str("another curve than P-256 and P-384"),
            Self::RsaLength => f.write_str("an RSA modulus has 2,048 bits"),
            Self::RsaExponent => f.write_str("an RSA exponent is 65537"),
            Self::Value => f.write_str("no key has this value"),
            Self::Weak(weakness) => write!(f, "anybody can break this key: {weakness}"),
        }
    }
}

impl std::error::Error for PublicKeyRefusal {}

/// Whether these are an RSAPublicKey (RFC 8017 A.1.1) in DER with a modulus of exactly 2,048 bits,
/// which is odd, and the exponent 65537.
fn check_rsa_2048(der: &[u8]) -> Result<(), PublicKeyRefusal> {
    let mut fields = Reader::new(Reader::only(der, tag::SEQUENCE)?);
    let modulus = fields.integer(INTEGER_BYTES_MAX)?;
    let exponent = fields.integer(INTEGER_BYTES_MAX)?;
    fields.end()?;
    match (modulus, exponent) {
        // In its shortest form a zero comes before a top bit that is set.
        ([0, digits @ ..], _) if digits.len() != 256 => Err(PublicKeyRefusal::RsaLength),
        ([0, .., last], [1, 0, 1]) if last & 1 == 1 => Ok(()),
        ([0, ..], [1, 0, 1]) => Err(PublicKeyRefusal::Weak(Weakness::SmallFactor)),
        ([0, ..], _) => Err(PublicKeyRefusal::RsaExponent),
        _ => Err(PublicKeyRefusal::RsaLength),
    }
}

/// Whether a point of Ed25519, whatever the sign of its x, is one of the eight whose order divides
/// 8: no private key belongs to them, and signatures for them need none.
pub(crate) fn has_small_order(point: &[u8]) -> bool {
    let Ok(mut y) = <[u8; 32]>::try_from(point) else { return false };
    y[31] &= 0x7f;
    SMALL_ORDER.contains(&y)
}

/// Bytes of the longest INTEGER that is told from a huge one: an RSA modulus of 8,192 bits.
const INTEGER_BYTES_MAX: usize = 1_025;
const UNCOMPRESSED: u8 = 4;
/// The y of every point of Ed25519 whose order divides 8, little-endian; the last two in a second
/// form beyond the field's prime.
const SMALL_ORDER: [[u8; 32]; 7] = [
    *b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
      \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    *b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
      \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\
      \xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\
      \x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    *b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
      \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    *b"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
      \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    *b"\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
      \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
];
/// How the AlgorithmIdentifier of a key on a curve begins.
const EC_PUBLIC_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
    };
    use der::{Decode, Encode};
    use x509_cert::spki::SubjectPublicKeyInfoOwned;

    #[test]
    fn keys_read_back_and_verify_what_their_pairs_signed() {
        for (key, signature) in signed(b"message") {
            let spki = key.to_spki();
            assert_eq!(PublicKey::from_spki(&spki), Ok(key.clone()));
            let theirs = SubjectPublicKeyInfoOwned::from_der(&spki).unwrap();
            assert_eq!(theirs.subject_public_key.raw_bytes(), key.bits());
            assert_eq!(theirs.to_der().unwrap(), spki);
            assert!(key.has_signed(b"message", &signature), "{key:?}");
            assert!(!key.has_signed(b"massage", &signature));
            let mut changed = signature.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert!(!key.has_signed(b"message", &changed));
            assert_eq!(key.ed25519().is_some(), key.algorithm() == KeyAlgorithm::Ed25519);
            let wrong = KeyAlgorithm::ALL.into_iter().filter(|other| *other != key.algorithm());
            for other in wrong {
                assert!(PublicKey::new(other, key.bits().to_vec()).is_err());
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (key, _) in signed(b"") {
            let spki = key.to_spki();
            let read = PublicKey::from_spki;
            let malformed = |fault| Err(PublicKeyRefusal::Malformed(fault));
            assert_eq!(read(&spki[..spki.len() - 1]), malformed(DerFault::Truncated));
            assert_eq!(read(&[&spki[..], &[0]].concat()), malformed(DerFault::Trailing));
        }
        let mut point = vec![UNCOMPRESSED];
        point.extend([1; 64]);
        let off_the_curve = PublicKey::new(KeyAlgorithm::P256, point);
        assert_eq!(off_the_curve, Err(PublicKeyRefusal::Value));
        let (rsa, _) = signed(b"").pop().unwrap();
        let mut short = rsa.bits().to_vec();
        short[9] &= 0x7f;
        let short = PublicKey::new(KeyAlgorithm::Rsa2048, short);
        assert_eq!(short, Err(PublicKeyRefusal::Malformed(DerFault::Integer)));
        let mut even = rsa.bits().to_vec();
        even[264] &= 0xfe;
        let even = PublicKey::new(KeyAlgorithm::Rsa2048, even);
        assert_eq!(even, Err(PublicKeyRefusal::Weak(Weakness::SmallFactor)));
    }

    /// Anybody signs for a point of small order: here the neutral one, with nothing but it.
    #[test]
    fn a_point_that_anybody_signs_for_is_no_key() {
        for point in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut bits = point.to_vec();
                bits[31] ^= sign;
                let refused = PublicKey::new(KeyAlgorithm::Ed25519, bits);
                assert_eq!(refused, Err(PublicKeyRefusal::Value), "{point:02x?}");
            }
        }
        let neutral = [&[1][..], &[0; 31]].concat();
        let forged = [&neutral[..], &[0; 32]].concat();
        let library = ParsedPublicKey::new(&signature::ED25519, &neutral).unwrap();
        assert!(library.verify_sig(b"anything", &forged).is_ok(), "the library has the rule now");
    }

    #[test]
    fn words_read_back() {
        for algorithm in KeyAlgorithm::ALL {
            assert_eq!(KeyAlgorithm::from_word(algorithm.word()), Some(algorithm));
        }
        assert_eq!(KeyAlgorithm::from_word("rsa1024"), None);
    }

    /// A key of each kind with its signature of the message; RSA comes last.
    fn signed(message: &[u8]) -> Vec<(PublicKey, Vec<u8>)> {
        let random = SystemRandom::new();
        let ed25519 = Ed25519KeyPair::generate().unwrap();
        let mut out = vec![(
            PublicKey::new(KeyAlgorithm::Ed25519, ed25519.public_key().as_ref().to_vec()).unwrap(),
            ed25519.sign(message).as_ref().to_vec(),
        )];
        for (algorithm, signing) in [
            (KeyAlgorithm::P256, &signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            (KeyAlgorithm::P384, &signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        ] {
            let pair = EcdsaKeyPair::generate(signing).unwrap();
            let key = PublicKey::new(algorithm, pair.public_key().as_ref().to_vec()).unwrap();
            out.push((key, pair.sign(&random, message).unwrap().as_ref().to_vec()));
        }
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
        let bits = pair.public_key().as_ref().to_vec();
        out.push((PublicKey::new(KeyAlgorithm::Rsa2048, bits).unwrap(), signature));
        out
    }
}

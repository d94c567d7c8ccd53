//! Public keys and the algorithms of the platform's own keys.
//!
//! A key signs in one way only, so the key's algorithm names the signature's too. What strangers
//! may have signed with is wider and stands with the path validation.

use aws_lc_rs::{
    digest,
    signature::{self, ParsedPublicKey, VerificationAlgorithm},
};
use const_oid::ObjectIdentifier;
use der::{
    Any, Decode, Encode,
    asn1::{BitString, Null},
};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

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
    Malformed,
    /// Another algorithm, curve or key length, or parameters that do not belong there.
    Algorithm,
    /// Of the right kind, and yet no such key: a point that is not on the curve, an even modulus.
    Value,
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

    /// The AlgorithmIdentifier of its signatures, as in a certificate.
    pub fn signature_identifier(self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Self::Ed25519 => (ED25519, None),
            Self::P256 => (ECDSA_SHA256, None),
            Self::P384 => (ECDSA_SHA384, None),
            Self::Rsa2048 => (RSA_SHA256, Some(Any::from(Null))),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }

    fn key_identifier(self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Self::Ed25519 => (ED25519, None),
            Self::P256 => (EC_PUBLIC_KEY, Some(Any::from(CURVE_P256))),
            Self::P384 => (EC_PUBLIC_KEY, Some(Any::from(CURVE_P384))),
            Self::Rsa2048 => (RSA, Some(Any::from(Null))),
        };
        AlgorithmIdentifierOwned { oid, parameters }
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
            KeyAlgorithm::Ed25519 => bits.len() == 32,
            KeyAlgorithm::P256 => bits.len() == 65 && bits[0] == UNCOMPRESSED,
            KeyAlgorithm::P384 => bits.len() == 97 && bits[0] == UNCOMPRESSED,
            KeyAlgorithm::Rsa2048 => is_rsa_2048(&bits),
        };
        if !fits {
            return Err(PublicKeyRefusal::Algorithm);
        }
        let parsed = ParsedPublicKey::new(algorithm.verifying(), &bits);
        let parsed = Parsed(Arc::new(parsed.map_err(|_| PublicKeyRefusal::Value)?));
        Ok(Self { algorithm, bits, parsed })
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    pub fn from_spki(der: &[u8]) -> Result<Self, PublicKeyRefusal> {
        let spki = SubjectPublicKeyInfoOwned::from_der(der);
        let spki = spki.map_err(|_| PublicKeyRefusal::Malformed)?;
        let is = |algorithm: &KeyAlgorithm| algorithm.key_identifier() == spki.algorithm;
        let algorithm =
            KeyAlgorithm::ALL.into_iter().find(is).ok_or(PublicKeyRefusal::Algorithm)?;
        let bits = spki.subject_public_key.as_bytes().ok_or(PublicKeyRefusal::Malformed)?;
        Self::new(algorithm, bits.to_vec())
    }

    /// Its SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    pub fn to_spki(&self) -> Vec<u8> {
        let subject_public_key = BitString::from_bytes(&self.bits);
        let whole = subject_public_key.and_then(|subject_public_key| {
            let algorithm = self.algorithm.key_identifier();
            SubjectPublicKeyInfoOwned { algorithm, subject_public_key }.to_der()
        });
        // A key has at most some hundreds of bytes, and DER encodes every length below 2³² bytes.
        whole.unwrap_or_default()
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
            Self::Malformed => "public_key_malformed",
            Self::Algorithm => "public_key_algorithm",
            Self::Value => "public_key_value",
        }
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
        f.write_str(match self {
            Self::Malformed => "not a SubjectPublicKeyInfo in DER",
            Self::Algorithm => "not a key of P-256, P-384, Ed25519 or RSA with 2,048 bits",
            Self::Value => "no key has this value",
        })
    }
}

impl std::error::Error for PublicKeyRefusal {}

/// An RSAPublicKey (RFC 8017 A.1.1) in DER with a modulus of exactly 2,048 bits and the exponent
/// 65537: 270 bytes of which all but the modulus are given, and its top bit is set.
fn is_rsa_2048(der: &[u8]) -> bool {
    der.len() == 270
        && der.starts_with(&RSA_2048_HEAD)
        && der.ends_with(&RSA_2048_TAIL)
        && der[RSA_2048_HEAD.len()] & 0x80 != 0
}

/// SEQUENCE of 266 bytes, INTEGER of 257 bytes, the zero before the modulus.
const RSA_2048_HEAD: [u8; 9] = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
/// INTEGER 65537.
const RSA_2048_TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
const UNCOMPRESSED: u8 = 4;

const ED25519: ObjectIdentifier = const_oid::db::rfc8410::ID_ED_25519;
const EC_PUBLIC_KEY: ObjectIdentifier = const_oid::db::rfc5912::ID_EC_PUBLIC_KEY;
const CURVE_P256: ObjectIdentifier = const_oid::db::rfc5912::SECP_256_R_1;
const CURVE_P384: ObjectIdentifier = const_oid::db::rfc5912::SECP_384_R_1;
const RSA: ObjectIdentifier = const_oid::db::rfc5912::RSA_ENCRYPTION;
const ECDSA_SHA256: ObjectIdentifier = const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
const ECDSA_SHA384: ObjectIdentifier = const_oid::db::rfc5912::ECDSA_WITH_SHA_384;
const RSA_SHA256: ObjectIdentifier = const_oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION;

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
    };

    #[test]
    fn keys_read_back_and_verify_what_their_pairs_signed() {
        for (key, signature) in signed(b"message") {
            let spki = key.to_spki();
            assert_eq!(PublicKey::from_spki(&spki), Ok(key.clone()));
            assert!(key.has_signed(b"message", &signature), "{key:?}");
            assert!(!key.has_signed(b"massage", &signature));
            let mut changed = signature.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert!(!key.has_signed(b"message", &changed));
            assert_eq!(key.ed25519().is_some(), key.algorithm() == KeyAlgorithm::Ed25519);
            let wrong = KeyAlgorithm::ALL.into_iter().filter(|other| *other != key.algorithm());
            for other in wrong {
                let taken = PublicKey::new(other, key.bits().to_vec());
                assert_eq!(taken, Err(PublicKeyRefusal::Algorithm));
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (key, _) in signed(b"") {
            let spki = key.to_spki();
            let read = PublicKey::from_spki;
            assert_eq!(read(&spki[..spki.len() - 1]), Err(PublicKeyRefusal::Malformed));
            assert_eq!(read(&[&spki[..], &[0]].concat()), Err(PublicKeyRefusal::Malformed));
        }
        let mut point = vec![UNCOMPRESSED];
        point.extend([1; 64]);
        let off_the_curve = PublicKey::new(KeyAlgorithm::P256, point);
        assert_eq!(off_the_curve, Err(PublicKeyRefusal::Value));
        let (rsa, _) = signed(b"").pop().unwrap();
        let mut short = rsa.bits().to_vec();
        short[9] &= 0x7f;
        let short = PublicKey::new(KeyAlgorithm::Rsa2048, short);
        assert_eq!(short, Err(PublicKeyRefusal::Algorithm));
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

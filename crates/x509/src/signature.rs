//! Signature algorithms that strangers may have used, with their parameters.
//!
//! An AlgorithmIdentifier is compared with the few encodings that RFC 4055, 5758 and 8410 know;
//! there is no decoding of parameters that could mean two things. Everything over SHA-1 or MD5 is
//! told apart, so that it is refused by its own name. Which kind of key signs how stands here too.

use crate::decode::{DerFault, Reader};
use crate::encode::tag;
use aws_lc_rs::signature::{self, VerificationAlgorithm};

/// A signature algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1(SignatureHash),
    /// RSASSA-PSS, one hash for everything.
    Pss(SignatureHash),
    Ecdsa(SignatureHash),
    Ed25519,
}

/// The hash within a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SignatureHash {
    Sha256,
    Sha384,
    Sha512,
}

/// A kind of key that signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KeyKind {
    Rsa,
    /// An RSA key that may be used for PSS only (RFC 4055 §1.2).
    RsaPss,
    P256,
    P384,
    P521,
    Ed25519,
}

impl KeyKind {
    const ALL: [Self; 6] =
        [Self::Rsa, Self::RsaPss, Self::P256, Self::P384, Self::P521, Self::Ed25519];

    /// The kind of the keys with these contents of an AlgorithmIdentifier.
    pub(crate) fn named(identifier: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.identifier() == identifier)
    }

    /// The contents of the AlgorithmIdentifier of such keys (RFC 3279 §2.3.1, RFC 4055 §1.2,
    /// RFC 5480 §2.1, RFC 8410 §3).
    pub(crate) const fn identifier(self) -> &'static [u8] {
        match self {
            Self::Rsa => b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00",
            Self::RsaPss => RSA_PSS,
            Self::P256 => {
                b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
            }
            Self::P384 => b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22",
            Self::P521 => b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23",
            Self::Ed25519 => ED25519,
        }
    }
}

/// Why an AlgorithmIdentifier names no scheme.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SchemeFault {
    /// Over SHA-1 or an older hash.
    Weak,
    /// None that is known here.
    Unknown,
}

impl SignatureScheme {
    /// Reads an AlgorithmIdentifier in DER.
    pub(crate) fn read(identifier: &[u8]) -> Result<Self, SchemeFault> {
        let identifier =
            Reader::only(identifier, tag::SEQUENCE).map_err(|_| SchemeFault::Unknown)?;
        if let Some((_, scheme)) = SCHEMES.iter().find(|(bytes, _)| identifier == *bytes) {
            return Ok(*scheme);
        }
        if let Some(parameters) = identifier.strip_prefix(RSA_PSS) {
            return pss(parameters);
        }
        let weak = WEAK.iter().any(|oid| identifier.starts_with(oid));
        Err(if weak { SchemeFault::Weak } else { SchemeFault::Unknown })
    }

    /// How signatures of a key of this kind are verified, if it signs in this way.
    pub(crate) fn verification(self, kind: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
        use SignatureHash::{Sha256, Sha384, Sha512};
        Some(match (kind, self) {
            (KeyKind::Rsa, Self::Pkcs1(Sha256)) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (KeyKind::Rsa, Self::Pkcs1(Sha384)) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, Self::Pkcs1(Sha512)) => &signature::RSA_PKCS1_2048_8192_SHA512,
            (KeyKind::Rsa | KeyKind::RsaPss, Self::Pss(Sha256)) => {
                &signature::RSA_PSS_2048_8192_SHA256
            }
            (KeyKind::Rsa | KeyKind::RsaPss, Self::Pss(Sha384)) => {
                &signature::RSA_PSS_2048_8192_SHA384
            }
            (KeyKind::Rsa | KeyKind::RsaPss, Self::Pss(Sha512)) => {
                &signature::RSA_PSS_2048_8192_SHA512
            }
            (KeyKind::P256, Self::Ecdsa(Sha256)) => &signature::ECDSA_P256_SHA256_ASN1,
            (KeyKind::P256, Self::Ecdsa(Sha384)) => &signature::ECDSA_P256_SHA384_ASN1,
            (KeyKind::P256, Self::Ecdsa(Sha512)) => &signature::ECDSA_P256_SHA512_ASN1,
            (KeyKind::P384, Self::Ecdsa(Sha256)) => &signature::ECDSA_P384_SHA256_ASN1,
            (KeyKind::P384, Self::Ecdsa(Sha384)) => &signature::ECDSA_P384_SHA384_ASN1,
            (KeyKind::P384, Self::Ecdsa(Sha512)) => &signature::ECDSA_P384_SHA512_ASN1,
            (KeyKind::P521, Self::Ecdsa(Sha256)) => &signature::ECDSA_P521_SHA256_ASN1,
            (KeyKind::P521, Self::Ecdsa(Sha384)) => &signature::ECDSA_P521_SHA384_ASN1,
            (KeyKind::P521, Self::Ecdsa(Sha512)) => &signature::ECDSA_P521_SHA512_ASN1,
            (KeyKind::Ed25519, Self::Ed25519) => &signature::ED25519,
            _ => return None,
        })
    }
}

/// RSASSA-PSS-params (RFC 4055 §3.1): one hash for both, a salt as long as it, the one trailer.
/// The default hash is SHA-1.
fn pss(parameters: &[u8]) -> Result<SignatureScheme, SchemeFault> {
    let read = || -> Result<_, DerFault> {
        let mut fields = Reader::new(Reader::only(parameters, tag::SEQUENCE)?);
        let hash = pss_hash(fields.take(tag::constructed(0))?)?;
        let mask = fields.take(tag::constructed(1))?;
        let mut mask = Reader::new(Reader::only(mask, tag::SEQUENCE)?);
        let is_mgf1 = mask.oid()? == MGF1;
        let masks = pss_hash(mask.whole(tag::SEQUENCE)?.whole)?;
        mask.end()?;
        let salt = Reader::only(fields.take(tag::constructed(2))?, tag::INTEGER)?;
        fields.end()?;
        if is_mgf1 { Ok((hash, masks, salt)) } else { Err(DerFault::Value) }
    };
    if parameters == EMPTY_SEQUENCE {
        return Err(SchemeFault::Weak);
    }
    let (hash, masks, salt) = read().map_err(|_| SchemeFault::Unknown)?;
    let long = match hash {
        SignatureHash::Sha256 => 32,
        SignatureHash::Sha384 => 48,
        SignatureHash::Sha512 => 64,
    };
    if hash == masks && *salt == [long] {
        Ok(SignatureScheme::Pss(hash))
    } else {
        Err(SchemeFault::Unknown)
    }
}

/// The hash of an AlgorithmIdentifier, with or without NULL (RFC 4055 §2.1).
fn pss_hash(whole: &[u8]) -> Result<SignatureHash, DerFault> {
    let contents = Reader::only(whole, tag::SEQUENCE)?;
    let bare = contents.strip_suffix(&[5, 0]).unwrap_or(contents);
    match bare {
        [head @ .., 1] if head == SHA2 => Ok(SignatureHash::Sha256),
        [head @ .., 2] if head == SHA2 => Ok(SignatureHash::Sha384),
        [head @ .., 3] if head == SHA2 => Ok(SignatureHash::Sha512),
        _ => Err(DerFault::Value),
    }
}

/// The contents of AlgorithmIdentifiers: RSA with NULL, ECDSA and Ed25519 without parameters.
const SCHEMES: [(&[u8], SignatureScheme); 7] = [
    (
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
        SignatureScheme::Pkcs1(SignatureHash::Sha256),
    ),
    (
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00",
        SignatureScheme::Pkcs1(SignatureHash::Sha384),
    ),
    (
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00",
        SignatureScheme::Pkcs1(SignatureHash::Sha512),
    ),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", SignatureScheme::Ecdsa(SignatureHash::Sha256)),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", SignatureScheme::Ecdsa(SignatureHash::Sha384)),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", SignatureScheme::Ecdsa(SignatureHash::Sha512)),
    (ED25519, SignatureScheme::Ed25519),
];

/// RSA over MD2, MD4, MD5 and SHA-1; ECDSA and DSA over SHA-1; the OIW names of RSA over SHA-1.
const WEAK: [&[u8]; 7] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x03",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05",
    b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01",
    b"\x06\x07\x2a\x86\x48\xce\x38\x04\x03",
    b"\x06\x05\x2b\x0e\x03\x02\x1d",
];

const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
const RSA_PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const MGF1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
/// The OID of SHA-256, SHA-384 and SHA-512 without its last arc.
const SHA2: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02";
const EMPTY_SEQUENCE: &[u8] = &[tag::SEQUENCE, 0];

#[cfg(test)]
mod tests {
    use super::*;
    use SignatureHash::{Sha256, Sha384, Sha512};

    fn read(parts: &[&[u8]]) -> Result<SignatureScheme, SchemeFault> {
        let body = parts.concat();
        SignatureScheme::read(&[&[0x30, body.len() as u8][..], &body].concat())
    }

    #[test]
    fn parameters_have_one_encoding() {
        let rsa = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
        assert_eq!(read(&[rsa, &[5, 0]]), Ok(SignatureScheme::Pkcs1(Sha256)));
        assert_eq!(read(&[rsa]), Err(SchemeFault::Unknown));
        let ecdsa = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
        assert_eq!(read(&[ecdsa]), Ok(SignatureScheme::Ecdsa(Sha256)));
        assert_eq!(read(&[ecdsa, &[5, 0]]), Err(SchemeFault::Unknown));
        let ed25519 = b"\x06\x03\x2b\x65\x70";
        assert_eq!(read(&[ed25519]), Ok(SignatureScheme::Ed25519));
        assert_eq!(read(&[ed25519, &[5, 0]]), Err(SchemeFault::Unknown));
        let sha1 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";
        assert_eq!(read(&[sha1]), Err(SchemeFault::Weak));
        assert_eq!(read(&[]), Err(SchemeFault::Unknown));
        assert_eq!(SignatureScheme::read(ecdsa), Err(SchemeFault::Unknown));
    }

    #[test]
    fn every_algorithm_of_the_platform_is_among_them() {
        for algorithm in crate::KeyAlgorithm::ALL {
            let scheme = SignatureScheme::read(crate::encode::signature_identifier(algorithm));
            assert!(scheme.unwrap().verification(algorithm.kind()).is_some());
        }
    }

    #[test]
    fn pss_takes_one_hash_for_everything() {
        let hash = |last: u8| [&[0x30, 11][..], SHA2, &[last]].concat();
        let with = |first: u8, second: u8, salt: u8| {
            let mask = [&[6, 9][..], MGF1, &hash(second)].concat();
            let mask = [&[0x30, mask.len() as u8][..], &mask].concat();
            let fields = [
                &[0xa0, 13][..],
                &hash(first),
                &[0xa1, mask.len() as u8],
                &mask,
                &[0xa2, 3, 2, 1, salt],
            ];
            let fields = fields.concat();
            pss(&[&[0x30, fields.len() as u8][..], &fields].concat())
        };
        assert_eq!(with(1, 1, 32), Ok(SignatureScheme::Pss(Sha256)));
        assert_eq!(with(2, 2, 48), Ok(SignatureScheme::Pss(Sha384)));
        assert_eq!(with(3, 3, 64), Ok(SignatureScheme::Pss(Sha512)));
        for (first, second, salt) in [(1, 2, 32), (1, 1, 20), (4, 4, 28), (2, 2, 32)] {
            assert_eq!(with(first, second, salt), Err(SchemeFault::Unknown));
        }
        assert_eq!(pss(EMPTY_SEQUENCE), Err(SchemeFault::Weak));
        assert_eq!(pss(&[]), Err(SchemeFault::Unknown));
    }
}

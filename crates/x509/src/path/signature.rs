//! Signature algorithms that strangers may have used, with their parameters.
//!
//! An AlgorithmIdentifier is compared with the few encodings that RFC 4055, 5758 and 8410 know;
//! there is no decoding of parameters that could mean two things. Everything over SHA-1 or MD5 is
//! told apart, so that it is refused by its own name.

use super::der::{self, BIT_STRING, Malformed, Reader};
use super::refusal::Reason;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};

/// The key of a SubjectPublicKeyInfo, as far as signatures are checked with it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    kind: Result<Kind, Reason>,
    bits: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Rsa,
    /// A key that may be used for PSS only (RFC 4055 §1.2).
    RsaPss,
    P256,
    P384,
    P521,
    Ed25519,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// A signature algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scheme {
    Pkcs1(Hash),
    Pss(Hash),
    Ecdsa(Hash),
    Ed25519,
}

impl Key {
    /// Reads the contents of a SubjectPublicKeyInfo. A key of another kind is kept, with the
    /// reason why nothing is checked with it.
    pub(super) fn read(contents: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(contents);
        let algorithm = reader.expect(der::SEQUENCE)?.value;
        let bits = reader.expect(BIT_STRING)?;
        reader.end()?;
        let bits = bits.octets()?.to_vec();
        Ok(Self { kind: kind(algorithm, &bits), bits })
    }

    /// Why no signature is checked with it, if so.
    pub(super) fn fits(&self) -> Result<(), Reason> {
        self.kind.map(drop)
    }

    pub(super) fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Checks a signature over `message`; `identifier` is the contents of its AlgorithmIdentifier.
    pub(super) fn check(
        &self,
        identifier: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Reason> {
        let algorithm = verification(self.kind?, scheme(identifier)?).ok_or(Reason::Algorithm)?;
        let key = ParsedPublicKey::new(algorithm, &self.bits).map_err(|_| Reason::Key)?;
        key.verify_sig(message, signature).map_err(|_| Reason::Signature)
    }
}

/// Whether an AlgorithmIdentifier is one of those accepted.
pub(super) fn accepted(identifier: &[u8]) -> Result<(), Reason> {
    scheme(identifier).map(drop)
}

fn kind(algorithm: &[u8], bits: &[u8]) -> Result<Kind, Reason> {
    let kind = match algorithm {
        RSA_KEY => Kind::Rsa,
        RSA_PSS_KEY => Kind::RsaPss,
        P256_KEY => Kind::P256,
        P384_KEY => Kind::P384,
        P521_KEY => Kind::P521,
        ED25519 => Kind::Ed25519,
        _ => return Err(Reason::Key),
    };
    if matches!(kind, Kind::Rsa | Kind::RsaPss) {
        match modulus_bits(bits)? {
            ..2048 => return Err(Reason::WeakKey),
            2048..=8192 => {}
            _ => return Err(Reason::Key),
        }
    }
    let known = representative(kind);
    ParsedPublicKey::new(known, bits).map_err(|_| Reason::Key)?;
    Ok(kind)
}

/// The length of the modulus of an RSAPublicKey (RFC 8017 A.1.1).
fn modulus_bits(bits: &[u8]) -> Result<usize, Reason> {
    let read = || -> Result<usize, Malformed> {
        let mut pair = Reader::new(der::only(bits, der::SEQUENCE)?.value);
        let modulus = pair.integer()?;
        pair.integer()?;
        pair.end()?;
        let digits = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        let zeros = digits.first().map_or(0, |first| first.leading_zeros());
        Ok(8 * digits.len() - zeros as usize)
    };
    read().map_err(|_| Reason::Key)
}

fn representative(kind: Kind) -> &'static dyn VerificationAlgorithm {
    match kind {
        Kind::Rsa | Kind::RsaPss => &signature::RSA_PKCS1_2048_8192_SHA256,
        Kind::P256 => &signature::ECDSA_P256_SHA256_ASN1,
        Kind::P384 => &signature::ECDSA_P384_SHA384_ASN1,
        Kind::P521 => &signature::ECDSA_P521_SHA512_ASN1,
        Kind::Ed25519 => &signature::ED25519,
    }
}

fn scheme(identifier: &[u8]) -> Result<Scheme, Reason> {
    let known = SCHEMES.iter().find(|(bytes, _)| identifier == *bytes);
    if let Some((_, scheme)) = known {
        return Ok(*scheme);
    }
    if let Some(parameters) = identifier.strip_prefix(RSA_PSS_KEY) {
        return pss(parameters);
    }
    let weak = WEAK.iter().any(|oid| identifier.starts_with(oid));
    Err(if weak { Reason::WeakHash } else { Reason::Algorithm })
}

/// RSASSA-PSS-params (RFC 4055 §3.1): one hash for both, a salt as long as it, the one trailer.
/// The default hash is SHA-1.
fn pss(parameters: &[u8]) -> Result<Scheme, Reason> {
    let read = || -> Result<(Hash, Hash, Vec<u8>), Malformed> {
        let mut fields = Reader::new(der::only(parameters, der::SEQUENCE)?.value);
        let hash = pss_hash(fields.expect(der::constructed(0))?.value)?;
        let mask = fields.expect(der::constructed(1))?.value;
        let mut mask = Reader::new(der::only(mask, der::SEQUENCE)?.value);
        let is_mgf1 = mask.expect(der::OID)?.whole == MGF1;
        let masks = pss_hash(mask.expect(der::SEQUENCE)?.whole)?;
        mask.end()?;
        let salt = fields.expect(der::constructed(2))?.value;
        let salt = der::integer(der::only(salt, der::INTEGER)?.value)?.to_vec();
        fields.end()?;
        if is_mgf1 { Ok((hash, masks, salt)) } else { Err(Malformed) }
    };
    if parameters == EMPTY_SEQUENCE {
        return Err(Reason::WeakHash);
    }
    let (hash, masks, salt) = read().map_err(|_| Reason::Algorithm)?;
    let long = match hash {
        Hash::Sha256 => 32,
        Hash::Sha384 => 48,
        Hash::Sha512 => 64,
    };
    if hash == masks && salt == [long] { Ok(Scheme::Pss(hash)) } else { Err(Reason::Algorithm) }
}

/// The hash of an AlgorithmIdentifier, with or without NULL (RFC 4055 §2.1).
fn pss_hash(whole: &[u8]) -> Result<Hash, Malformed> {
    let contents = der::only(whole, der::SEQUENCE)?.value;
    let bare = contents.strip_suffix(&[5, 0]).unwrap_or(contents);
    match bare {
        [head @ .., 1] if head == SHA2 => Ok(Hash::Sha256),
        [head @ .., 2] if head == SHA2 => Ok(Hash::Sha384),
        [head @ .., 3] if head == SHA2 => Ok(Hash::Sha512),
        _ => Err(Malformed),
    }
}

fn verification(kind: Kind, scheme: Scheme) -> Option<&'static dyn VerificationAlgorithm> {
    use Hash::{Sha256, Sha384, Sha512};
    Some(match (kind, scheme) {
        (Kind::Rsa, Scheme::Pkcs1(Sha256)) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Kind::Rsa, Scheme::Pkcs1(Sha384)) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Kind::Rsa, Scheme::Pkcs1(Sha512)) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Kind::Rsa | Kind::RsaPss, Scheme::Pss(Sha256)) => &signature::RSA_PSS_2048_8192_SHA256,
        (Kind::Rsa | Kind::RsaPss, Scheme::Pss(Sha384)) => &signature::RSA_PSS_2048_8192_SHA384,
        (Kind::Rsa | Kind::RsaPss, Scheme::Pss(Sha512)) => &signature::RSA_PSS_2048_8192_SHA512,
        (Kind::P256, Scheme::Ecdsa(Sha256)) => &signature::ECDSA_P256_SHA256_ASN1,
        (Kind::P256, Scheme::Ecdsa(Sha384)) => &signature::ECDSA_P256_SHA384_ASN1,
        (Kind::P256, Scheme::Ecdsa(Sha512)) => &signature::ECDSA_P256_SHA512_ASN1,
        (Kind::P384, Scheme::Ecdsa(Sha256)) => &signature::ECDSA_P384_SHA256_ASN1,
        (Kind::P384, Scheme::Ecdsa(Sha384)) => &signature::ECDSA_P384_SHA384_ASN1,
        (Kind::P384, Scheme::Ecdsa(Sha512)) => &signature::ECDSA_P384_SHA512_ASN1,
        (Kind::P521, Scheme::Ecdsa(Sha256)) => &signature::ECDSA_P521_SHA256_ASN1,
        (Kind::P521, Scheme::Ecdsa(Sha384)) => &signature::ECDSA_P521_SHA384_ASN1,
        (Kind::P521, Scheme::Ecdsa(Sha512)) => &signature::ECDSA_P521_SHA512_ASN1,
        (Kind::Ed25519, Scheme::Ed25519) => &signature::ED25519,
        _ => return None,
    })
}

/// The contents of AlgorithmIdentifiers: RSA with NULL, ECDSA and Ed25519 without parameters.
const SCHEMES: [(&[u8], Scheme); 7] = [
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", Scheme::Pkcs1(Hash::Sha256)),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00", Scheme::Pkcs1(Hash::Sha384)),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00", Scheme::Pkcs1(Hash::Sha512)),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", Scheme::Ecdsa(Hash::Sha256)),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", Scheme::Ecdsa(Hash::Sha384)),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", Scheme::Ecdsa(Hash::Sha512)),
    (ED25519, Scheme::Ed25519),
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

const RSA_KEY: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const RSA_PSS_KEY: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const MGF1: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
const P256_KEY: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const P521_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
/// The OID of SHA-256, SHA-384 and SHA-512 without its last arc.
const SHA2: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02";
const EMPTY_SEQUENCE: &[u8] = &[der::SEQUENCE, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_one_encoding() {
        let rsa = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
        assert_eq!(scheme(&[&rsa[..], &[5, 0]].concat()), Ok(Scheme::Pkcs1(Hash::Sha256)));
        assert_eq!(scheme(rsa), Err(Reason::Algorithm));
        let ecdsa = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
        assert_eq!(scheme(ecdsa), Ok(Scheme::Ecdsa(Hash::Sha256)));
        assert_eq!(scheme(&[&ecdsa[..], &[5, 0]].concat()), Err(Reason::Algorithm));
        assert_eq!(scheme(&[ED25519, &[5, 0]].concat()), Err(Reason::Algorithm));
        let sha1 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";
        assert_eq!(scheme(sha1), Err(Reason::WeakHash));
        assert_eq!(scheme(&[]), Err(Reason::Algorithm));
    }

    #[test]
    fn pss_takes_one_hash_for_everything() {
        let hash = |last: u8| [&[0x30, 11][..], SHA2, &[last]].concat();
        let with = |first: u8, second: u8, salt: u8| {
            let mask = [MGF1, &hash(second)].concat();
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
        assert_eq!(with(1, 1, 32), Ok(Scheme::Pss(Hash::Sha256)));
        assert_eq!(with(2, 2, 48), Ok(Scheme::Pss(Hash::Sha384)));
        assert_eq!(with(3, 3, 64), Ok(Scheme::Pss(Hash::Sha512)));
        for (first, second, salt) in [(1, 2, 32), (1, 1, 20), (4, 4, 28), (2, 2, 32)] {
            assert_eq!(with(first, second, salt), Err(Reason::Algorithm));
        }
        assert_eq!(pss(EMPTY_SEQUENCE), Err(Reason::WeakHash));
        assert_eq!(pss(&[]), Err(Reason::Algorithm));
    }

    #[test]
    fn short_rsa_keys_are_weak() {
        let key = |octets: usize| {
            let modulus = [vec![0, 0xc1], vec![1; octets - 1]].concat();
            let length = |n: usize| [0x82, (n >> 8) as u8, n as u8];
            let body = [&[2][..], &length(modulus.len()), &modulus, &[2, 3, 1, 0, 1]].concat();
            let bits = [&[0x30][..], &length(body.len()), &body].concat();
            kind(RSA_KEY, &bits)
        };
        assert_eq!(key(255), Err(Reason::WeakKey));
        assert_eq!(key(256), Ok(Kind::Rsa));
        assert_eq!(key(1025), Err(Reason::Key));
        assert_eq!(kind(P256_KEY, &[4; 65]), Err(Reason::Key));
        assert_eq!(kind(RSA_KEY, &[]), Err(Reason::Key));
    }
}

//! The key of a certificate of anybody's, as far as signatures are checked with it.

use super::refusal::Reason;
use crate::decode::{DerFault, Reader};
use crate::encode::tag;
use crate::fields;
use crate::key::has_small_order;
use crate::signature::{KeyKind, SchemeFault, SignatureHash, SignatureScheme};
use aws_lc_rs::signature::{ParsedPublicKey, VerificationAlgorithm};

/// A key, and why nothing is checked with it if so.
#[derive(Clone, Debug)]
pub(super) struct Key {
    kind: Result<KeyKind, Reason>,
    bits: Vec<u8>,
}

impl Key {
    /// Reads a SubjectPublicKeyInfo in DER. A key of another kind is kept, with the reason why
    /// nothing is checked with it.
    pub(super) fn read(spki: &[u8]) -> Result<Self, DerFault> {
        let (identifier, bits) = fields::subject_public_key(spki)?;
        Ok(Self { kind: kind(identifier, bits), bits: bits.to_vec() })
    }

    /// Why no signature is checked with it, if so.
    pub(super) fn fits(&self) -> Result<(), Reason> {
        self.kind.map(drop)
    }

    pub(super) fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Checks a signature over `message`.
    pub(super) fn check(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Reason> {
        let algorithm = scheme.verification(self.kind?).ok_or(Reason::Algorithm)?;
        let key = ParsedPublicKey::new(algorithm, &self.bits).map_err(|_| Reason::Key)?;
        key.verify_sig(message, signature).map_err(|_| Reason::Signature)
    }
}

impl From<SchemeFault> for Reason {
    fn from(fault: SchemeFault) -> Self {
        match fault {
            SchemeFault::Weak => Self::WeakHash,
            SchemeFault::Unknown => Self::Algorithm,
        }
    }
}

fn kind(identifier: &[u8], bits: &[u8]) -> Result<KeyKind, Reason> {
    let kind = KeyKind::named(identifier).ok_or(Reason::Key)?;
    if matches!(kind, KeyKind::Rsa | KeyKind::RsaPss) {
        match modulus_bits(bits).map_err(|_| Reason::Key)? {
            ..2048 => return Err(Reason::WeakKey),
            2048..=8192 => {}
            _ => return Err(Reason::Key),
        }
    }
    if kind == KeyKind::Ed25519 && has_small_order(bits) {
        return Err(Reason::Key);
    }
    let known = representative(kind).ok_or(Reason::Key)?;
    ParsedPublicKey::new(known, bits).map_err(|_| Reason::Key)?;
    Ok(kind)
}

/// The length of the modulus of an RSAPublicKey (RFC 8017 A.1.1).
fn modulus_bits(bits: &[u8]) -> Result<usize, DerFault> {
    let mut pair = Reader::new(Reader::only(bits, tag::SEQUENCE)?);
    let modulus = pair.integer(bits.len())?;
    pair.integer(bits.len())?;
    pair.end()?;
    let digits = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let zeros = digits.first().map_or(0, |first| first.leading_zeros());
    Ok(8 * digits.len() - zeros as usize)
}

/// One way in which keys of this kind sign, to find out whether the key is one.
fn representative(kind: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
    let scheme = match kind {
        KeyKind::Rsa => SignatureScheme::Pkcs1(SignatureHash::Sha256),
        KeyKind::RsaPss => SignatureScheme::Pss(SignatureHash::Sha256),
        KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => {
            SignatureScheme::Ecdsa(SignatureHash::Sha512)
        }
        KeyKind::Ed25519 => SignatureScheme::Ed25519,
    };
    scheme.verification(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_rsa_keys_are_weak() {
        let key = |octets: usize| {
            let modulus = [vec![0, 0xc1], vec![1; octets - 1]].concat();
            let length = |n: usize| [0x82, (n >> 8) as u8, n as u8];
            let body = [&[2][..], &length(modulus.len()), &modulus, &[2, 3, 1, 0, 1]].concat();
            let bits = [&[0x30][..], &length(body.len()), &body].concat();
            kind(KeyKind::Rsa.identifier(), &bits)
        };
        assert_eq!(key(255), Err(Reason::WeakKey));
        assert_eq!(key(256), Ok(KeyKind::Rsa));
        assert_eq!(key(1025), Err(Reason::Key));
        assert_eq!(kind(KeyKind::P256.identifier(), &[4; 65]), Err(Reason::Key));
        assert_eq!(kind(KeyKind::Rsa.identifier(), &[]), Err(Reason::Key));
        assert_eq!(kind(KeyKind::Ed25519.identifier(), &[0; 32]), Err(Reason::Key));
    }
}

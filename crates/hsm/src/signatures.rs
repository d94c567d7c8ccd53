//! Between a mechanism and a signature as X.509 holds it. Hashing is done here: a mechanism is
//! given the digest (ECDSA), the DigestInfo (RSA, RFC 8017 §9.2) or all of the message (Ed25519).

use aws_lc_rs::digest;
use der::asn1::UintRef;
use der::{Encode, Sequence};
use std::borrow::Cow;
use x509::KeyAlgorithm;

/// What the mechanism of the algorithm is given.
pub(crate) fn input_of(algorithm: KeyAlgorithm, message: &[u8]) -> Cow<'_, [u8]> {
    let hash = |by| digest::digest(by, message);
    match algorithm {
        KeyAlgorithm::Ed25519 => Cow::Borrowed(message),
        KeyAlgorithm::P256 => Cow::Owned(hash(&digest::SHA256).as_ref().to_vec()),
        KeyAlgorithm::P384 => Cow::Owned(hash(&digest::SHA384).as_ref().to_vec()),
        KeyAlgorithm::Rsa2048 => {
            Cow::Owned([&DIGEST_INFO_SHA256[..], hash(&digest::SHA256).as_ref()].concat())
        }
    }
}

/// The signature as X.509 holds it: ECDSA as a SEQUENCE of r and s (RFC 3279 §2.2.3), everything
/// else as it is; `None` where the mechanism gave no signature of the algorithm.
pub(crate) fn signature_of(algorithm: KeyAlgorithm, raw: Vec<u8>) -> Option<Vec<u8>> {
    let half = match algorithm {
        KeyAlgorithm::P256 => 32,
        KeyAlgorithm::P384 => 48,
        KeyAlgorithm::Ed25519 => return (raw.len() == 64).then_some(raw),
        KeyAlgorithm::Rsa2048 => return (raw.len() == 256).then_some(raw),
    };
    if raw.len() != 2 * half {
        return None;
    }
    let (r, s) = raw.split_at(half);
    EcdsaSignature { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}

#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// SEQUENCE { SEQUENCE { sha256, NULL }, OCTET STRING of 32 bytes that follow }.
const DIGEST_INFO_SHA256: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair};
    use x509::PublicKey;

    #[test]
    fn raw_signatures_become_what_x509_holds() {
        let random = SystemRandom::new();
        for (algorithm, fixed) in [
            (KeyAlgorithm::P256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            (KeyAlgorithm::P384, &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        ] {
            let pair = EcdsaKeyPair::generate(fixed).unwrap();
            let key = PublicKey::new(algorithm, pair.public_key().as_ref().to_vec()).unwrap();
            // Often enough for halves with leading zeros and with a leading one.
            for message in 0..600_u32 {
                let message = message.to_be_bytes();
                let raw = pair.sign(&random, &message).unwrap().as_ref().to_vec();
                let signature = signature_of(algorithm, raw).unwrap();
                assert!(key.has_signed(&message, &signature));
            }
        }
    }

    #[test]
    fn what_has_another_length_is_no_signature() {
        for (algorithm, length) in [
            (KeyAlgorithm::Ed25519, 64),
            (KeyAlgorithm::P256, 64),
            (KeyAlgorithm::P384, 96),
            (KeyAlgorithm::Rsa2048, 256),
        ] {
            for other in [0, length - 1, length + 1] {
                assert_eq!(signature_of(algorithm, vec![1; other]), None);
            }
            assert!(signature_of(algorithm, vec![1; length]).is_some());
        }
    }
}

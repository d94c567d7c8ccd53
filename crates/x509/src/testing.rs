//! Key pairs for the tests of this crate, made anew in each run.

use crate::{KeyAlgorithm, PublicKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

/// A key pair that signs as its algorithm does.
pub(crate) struct Pair {
    public: PublicKey,
    private: Private,
}

enum Private {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Pair {
    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Private::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Private::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                let padding = &signature::RSA_PKCS1_SHA256;
                pair.sign(padding, &random, message, &mut out).unwrap();
                out
            }
        }
    }
}

/// One of each algorithm.
pub(crate) fn pairs() -> [Pair; 4] {
    [ed25519(), p256(), p384(), rsa()]
}

pub(crate) fn ed25519() -> Pair {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = public(KeyAlgorithm::Ed25519, pair.public_key().as_ref());
    Pair { public, private: Private::Ed25519(pair) }
}

pub(crate) fn p256() -> Pair {
    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let public = public(KeyAlgorithm::P256, pair.public_key().as_ref());
    Pair { public, private: Private::Ecdsa(pair) }
}

pub(crate) fn p384() -> Pair {
    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
    let public = public(KeyAlgorithm::P384, pair.public_key().as_ref());
    Pair { public, private: Private::Ecdsa(pair) }
}

pub(crate) fn rsa() -> Pair {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = public(KeyAlgorithm::Rsa2048, pair.public_key().as_ref());
    Pair { public, private: Private::Rsa(pair) }
}

fn public(algorithm: KeyAlgorithm, bits: &[u8]) -> PublicKey {
    PublicKey::new(algorithm, bits.to_vec()).unwrap()
}

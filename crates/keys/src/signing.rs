//! Signing keys at work: what a key's secret bytes are for each algorithm, and the pair made of
//! them.
//!
//! Ed25519 keys are a seed from the caller's entropy. ECDSA and RSA keys are made by the
//! cryptographic library, which draws its own chance, as it does for each ECDSA signature.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    },
};
use base::{Entropy, Problem, labels};
use x509::{KeyAlgorithm, PublicKey};
use zeroize::Zeroizing;

/// A private key ready to sign.
pub(crate) enum SigningKey {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl SigningKey {
    /// The secret bytes of a new key.
    pub(crate) fn make(
        algorithm: KeyAlgorithm,
        entropy: &mut dyn Entropy,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        match algorithm {
            KeyAlgorithm::Ed25519 => {
                let mut seed = Zeroizing::new(vec![0; 32]);
                entropy.fill(&mut seed);
                Ok(seed)
            }
            KeyAlgorithm::P256 => make_ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::P384 => make_ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyAlgorithm::Rsa2048 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| not_made())?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| not_made())?;
                Ok(Zeroizing::new(der.as_ref().to_vec()))
            }
        }
    }

    /// Makes a key ready.
    pub(crate) fn open(algorithm: KeyAlgorithm, secret: &[u8]) -> Result<Self, Problem> {
        let opened = match algorithm {
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::from_seed_unchecked(secret).map(Self::Ed25519),
            KeyAlgorithm::P256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, secret).map(Self::Ecdsa)
            }
            KeyAlgorithm::P384 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, secret).map(Self::Ecdsa)
            }
            KeyAlgorithm::Rsa2048 => {
                RsaKeyPair::from_pkcs8(secret).map(|pair| Self::Rsa(Box::new(pair)))
            }
        };
        opened.map_err(|_| failed("the signing key is not usable"))
    }

    /// Its public half.
    pub(crate) fn public(&self, algorithm: KeyAlgorithm) -> Result<PublicKey, Problem> {
        let bits = match self {
            Self::Ed25519(pair) => pair.public_key().as_ref(),
            Self::Ecdsa(pair) => pair.public_key().as_ref(),
            Self::Rsa(pair) => pair.public_key().as_ref(),
        };
        PublicKey::new(algorithm, bits.to_vec()).map_err(|refusal| failed(refusal.label()))
    }

    /// The signature as a certificate holds it.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let random = SystemRandom::new();
        let not_signed = |_| failed("the library did not sign");
        match self {
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Ecdsa(pair) => {
                pair.sign(&random, message).map(|done| done.as_ref().to_vec()).map_err(not_signed)
            }
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                let done = pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut out);
                done.map(|()| out).map_err(not_signed)
            }
        }
    }
}

fn make_ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
    document.map(|der| Zeroizing::new(der.as_ref().to_vec())).map_err(|_| not_made())
}

fn not_made() -> Problem {
    failed("the library did not make a key")
}

fn failed(why: &str) -> Problem {
    Problem::new(&labels::KEY_OPERATION, why)
}

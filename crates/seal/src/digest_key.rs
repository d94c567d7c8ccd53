//! Keyed digests of records, by which two holders of the same records find where they differ.
//!
//! Both sides hold the key; nobody else can tell a record by its digest or place one on purpose.

use crate::prf::Prf;
use std::fmt;
use zeroize::Zeroizing;

/// The key that two sides share to compare their records.
pub struct DigestKey(Prf);

impl DigestKey {
    /// The key made of these bytes (an answer of the key store's HMAC).
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Prf::new(&Zeroizing::new(bytes)))
    }

    /// Where a record stands among all: spread evenly, fixed by what identifies it.
    pub fn position(&self, identifier: &[u8]) -> u64 {
        u64::from_be_bytes(first(self.0.mac(POSITION_DOMAIN, identifier)))
    }

    /// The digest of a record's canonical bytes.
    pub fn digest(&self, record: &[u8]) -> [u8; 16] {
        first(self.0.mac(DIGEST_DOMAIN, record))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(..)")
    }
}

fn first<const N: usize>(mac: [u8; 32]) -> [u8; N] {
    std::array::from_fn(|i| mac[i])
}

const POSITION_DOMAIN: &[u8] = b"sekisho/position/1";
const DIGEST_DOMAIN: &[u8] = b"sekisho/digest/1";

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with another implementation (Python's `hmac`): municipalities compute the same.
    #[test]
    fn digest_and_position_are_fixed() {
        let key = DigestKey::new([1; 32]);
        assert_eq!(u128::from_be_bytes(key.digest(b"abc")), DIGEST);
        assert_eq!(key.position(b"abc"), POSITION);
        assert_eq!(format!("{key:?}"), "DigestKey(..)");
    }

    #[test]
    fn another_key_gives_another_digest() {
        let (one, other) = (DigestKey::new([1; 32]), DigestKey::new([2; 32]));
        assert_ne!(one.digest(b"abc"), other.digest(b"abc"));
        assert_ne!(one.position(b"abc"), other.position(b"abc"));
    }

    const DIGEST: u128 = 0x4bf0_4bf1_8784_85a9_d410_83a5_d8a4_9a28;
    const POSITION: u64 = 0x7893_5925_99c3_c0af;
}

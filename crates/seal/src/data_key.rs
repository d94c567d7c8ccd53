//! The data key of a person: everything that is sealed for the person hangs on it, and to destroy
//! it is to destroy the person's content.
//!
//! The 32 bytes key HMAC-SHA-256 and nothing else; the cipher's key and the ledger's salts are
//! drawn from it under different words (as NIST SP 800-108 derives keys).

use crate::{Place, SealRefusal, SealingKey, prf::Prf};
use aws_lc_rs::constant_time;
use base::Entropy;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A person's data key: 32 bytes, wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DataKey([u8; 32]);

/// A data key made ready: the schedules are computed once for many values.
pub struct OpenedKey {
    cipher: SealingKey,
    prf: Prf,
}

/// Seals `plain` at `place`. For several values of one person see [`OpenedKey::seal`].
pub fn seal(key: &DataKey, place: &Place, plain: &[u8], entropy: &mut dyn Entropy) -> Vec<u8> {
    key.opened().seal(place, plain, entropy)
}

/// Opens a value sealed at `place`. For several values of one person see [`OpenedKey::open`].
pub fn open(
    key: &DataKey,
    place: &Place,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealRefusal> {
    key.opened().open(place, sealed)
}

impl DataKey {
    /// A new key.
    pub fn from_entropy(entropy: &mut dyn Entropy) -> Self {
        let mut key = Self([0; 32]);
        entropy.fill(&mut key.0);
        key
    }

    /// The key that a wrapped key was opened to; anything but 32 bytes is refused.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SealRefusal> {
        let mut key = Self([0; 32]);
        if bytes.len() != key.0.len() {
            return Err(SealRefusal::Fields);
        }
        key.0.copy_from_slice(bytes);
        Ok(key)
    }

    /// The bytes, for a key store to wrap.
    pub const fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key made ready for many values.
    pub fn opened(&self) -> OpenedKey {
        let prf = self.prf();
        let bytes = Zeroizing::new(prf.mac(CIPHER_DOMAIN, &[]));
        OpenedKey { cipher: SealingKey::new(&bytes), prf }
    }

    fn prf(&self) -> Prf {
        Prf::new(&self.0)
    }
}

impl OpenedKey {
    /// Seals `plain` at `place`.
    pub fn seal(&self, place: &Place, plain: &[u8], entropy: &mut dyn Entropy) -> Vec<u8> {
        self.cipher.seal(&place.additional(), plain, entropy)
    }

    /// Opens a value sealed at `place`.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealRefusal> {
        self.cipher.open(&place.additional(), sealed)
    }

    /// The salt of the leaf of act number `act`. It goes with the data key: once that is destroyed,
    /// nobody can show, or guess, what the leaf commits to.
    pub fn leaf_salt(&self, act: u64) -> [u8; 32] {
        salt(&self.prf, act)
    }
}

impl PartialEq for DataKey {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for DataKey {}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

impl fmt::Debug for OpenedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedKey(..)")
    }
}

fn salt(prf: &Prf, act: u64) -> [u8; 32] {
    prf.mac(LEAF_DOMAIN, &act.to_be_bytes())
}

const CIPHER_DOMAIN: &[u8] = b"sekisho/cipher/1";
const LEAF_DOMAIN: &[u8] = b"leaf-salt";

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DataKey {
        DataKey::from_slice(&[byte; 32]).unwrap()
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?} {:?}", key(1), key(1).opened()), "DataKey(..) OpenedKey(..)");
    }

    #[test]
    fn only_thirty_two_bytes_are_a_key() {
        for length in [0, 31, 33] {
            assert_eq!(DataKey::from_slice(&vec![1; length]), Err(SealRefusal::Fields));
        }
        assert_eq!(key(1).reveal(), &[1; 32]);
        assert_ne!(key(1), key(2));
    }

    #[test]
    fn is_wiped() {
        let mut key = key(1);
        key.zeroize();
        assert_eq!(key.reveal(), &[0; 32]);
    }

    /// Computed with another implementation (Python's `hmac`), so that a release never changes it.
    #[test]
    fn the_leaf_salt_is_fixed() {
        let salt = key(1).opened().leaf_salt(258);
        assert_eq!(hex(&salt), LEAF_SALT);
        assert_ne!(salt, key(1).opened().leaf_salt(259));
        assert_ne!(salt, key(2).opened().leaf_salt(258));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    const LEAF_SALT: &str = "6e048ba218e97a5a724cd6677c31f88884204fad138acc457f4fed68ea1fa360";
}

//! The permutation of `WalkingFf1` with a key that lives elsewhere: whoever holds the key only
//! encrypts AES blocks, whole batches of them at a time. The images are the same.

use std::fmt;

use zeroize::Zeroizing;

use super::AssignmentRefusal;
use super::walking::check_domain;
use crate::ff1::{RemoteCipher, RemoteFf1};

/// A permutation of `0..below` under a key that is not here.
pub struct RemoteWalkingFf1 {
    ff1: RemoteFf1,
    below: u64,
}

/// Why nothing was permuted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteRefusal<E> {
    /// The input does not fit.
    Assignment(AssignmentRefusal),
    /// The cipher did not work.
    Cipher(E),
}

impl RemoteWalkingFf1 {
    /// As `WalkingFf1::new`, for the key that `cipher` has. One block is encrypted.
    pub fn new<C: RemoteCipher>(
        cipher: &mut C,
        digits: u32,
        below: u64,
    ) -> Result<Self, RemoteRefusal<C::Error>> {
        check_domain(digits, below).map_err(RemoteRefusal::Assignment)?;
        let ff1 = RemoteFf1::new(digits, cipher).map_err(RemoteRefusal::Cipher)?;
        Ok(Self { ff1, below })
    }

    /// Permutes each value in place: ten calls of the cipher, with as many blocks as there are
    /// values, and ten more for those that still walk. After a refusal nothing has changed.
    pub fn permute<C: RemoteCipher>(
        &self,
        cipher: &mut C,
        values: &mut [u64],
    ) -> Result<(), RemoteRefusal<C::Error>> {
        self.walk(values, |numbers| self.ff1.encrypt(cipher, numbers))
    }

    /// The inverse of [`Self::permute`].
    pub fn invert<C: RemoteCipher>(
        &self,
        cipher: &mut C,
        values: &mut [u64],
    ) -> Result<(), RemoteRefusal<C::Error>> {
        self.walk(values, |numbers| self.ff1.decrypt(cipher, numbers))
    }

    /// Steps every value until it is below `below`: it cannot but come back to where it started.
    fn walk<E>(
        &self,
        values: &mut [u64],
        mut step: impl FnMut(&mut [u64]) -> Result<(), E>,
    ) -> Result<(), RemoteRefusal<E>> {
        if let Some(index) = values.iter().position(|value| *value >= self.below) {
            let refusal = AssignmentRefusal::Outside { position: index + 1 };
            return Err(RemoteRefusal::Assignment(refusal));
        }
        let mut images = Zeroizing::new(values.to_vec());
        let mut homes: Vec<usize> = (0..values.len()).collect();
        let mut lanes = Zeroizing::new(values.to_vec());
        while !lanes.is_empty() {
            step(&mut lanes).map_err(RemoteRefusal::Cipher)?;
            let mut kept = 0;
            for lane in 0..lanes.len() {
                let (value, home) = (lanes[lane], homes[lane]);
                if value < self.below {
                    images[home] = value;
                } else {
                    (lanes[kept], homes[kept]) = (value, home);
                    kept += 1;
                }
            }
            // Wiped with the rest when the vector goes: its length shrinks, its room does not.
            lanes[kept..].fill(0);
            lanes.truncate(kept);
        }
        values.copy_from_slice(&images);
        Ok(())
    }
}

impl fmt::Debug for RemoteWalkingFf1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteWalkingFf1(0..{})", self.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignment::{CODE_DOMAIN, NUMBER_DOMAIN, WalkingFf1};
    use aes::cipher::{BlockCipherEncrypt, KeyInit};
    use aes::{Aes256Enc, Block};
    use proptest::prelude::*;

    /// AES under a known key, which stops working after so many calls.
    struct Known {
        aes: Aes256Enc,
        calls_left: usize,
    }

    impl Known {
        fn new(key: &[u8; 32]) -> Self {
            Self { aes: Aes256Enc::new_from_slice(key).unwrap(), calls_left: usize::MAX }
        }
    }

    impl RemoteCipher for Known {
        type Error = &'static str;

        fn encrypt(&mut self, blocks: &mut [[u8; 16]]) -> Result<(), &'static str> {
            self.calls_left = self.calls_left.checked_sub(1).ok_or("tired")?;
            for block in blocks {
                let mut held = Block::from(*block);
                self.aes.encrypt_block(&mut held);
                *block = held.into();
            }
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn the_same_permutation_as_with_the_key_at_hand(
            key: [u8; 32],
            at in 0..3_usize,
            seeds in prop::collection::vec(any::<u64>(), 0..300),
        ) {
            let (digits, below) =
                [(11, NUMBER_DOMAIN), (10, CODE_DOMAIN), (10, 1_234_567_890)][at];
            let values: Vec<u64> = seeds.iter().map(|seed| seed % below).collect();
            let mut cipher = Known::new(&key);
            let remote = RemoteWalkingFf1::new(&mut cipher, digits, below).unwrap();
            let (mut there, mut here) = (values.clone(), values.clone());
            remote.permute(&mut cipher, &mut there).unwrap();
            WalkingFf1::new(&key, digits, below).unwrap().permute(&mut here).unwrap();
            prop_assert_eq!(&there, &here);
            remote.invert(&mut cipher, &mut there).unwrap();
            prop_assert_eq!(there, values);
        }
    }

    #[test]
    fn a_round_is_one_call() {
        let mut cipher = Known::new(&[7; 32]);
        let remote = RemoteWalkingFf1::new(&mut cipher, 10, CODE_DOMAIN).unwrap();
        assert_eq!(usize::MAX - cipher.calls_left, 1);
        let mut values: Vec<u64> = (0..5_000).collect();
        remote.permute(&mut cipher, &mut values).unwrap();
        assert_eq!(usize::MAX - cipher.calls_left, 11, "nobody walks where the domain is whole");
    }

    #[test]
    fn a_refusal_changes_nothing() {
        let mut cipher = Known::new(&[7; 32]);
        for (digits, below) in [(11, 0), (11, 100_000_000_001), (64, 10), (9, 1_000_000_000)] {
            let refusal = RemoteWalkingFf1::new(&mut cipher, digits, below).unwrap_err();
            let expected = AssignmentRefusal::Domain { digits, below };
            assert_eq!(refusal, RemoteRefusal::Assignment(expected));
        }
        let remote = RemoteWalkingFf1::new(&mut cipher, 11, NUMBER_DOMAIN).unwrap();
        let start = [5, NUMBER_DOMAIN, 6];
        let mut values = start;
        let refusal = remote.permute(&mut cipher, &mut values).unwrap_err();
        let expected = AssignmentRefusal::Outside { position: 2 };
        assert_eq!((refusal, values), (RemoteRefusal::Assignment(expected), start));
        let start: Vec<u64> = (0..1_000).collect();
        for calls in [0, 9, 15] {
            cipher.calls_left = calls;
            let mut values = start.clone();
            let refusal = remote.permute(&mut cipher, &mut values).unwrap_err();
            assert_eq!(refusal, RemoteRefusal::Cipher("tired"));
            assert_eq!(values, start);
        }
    }
}

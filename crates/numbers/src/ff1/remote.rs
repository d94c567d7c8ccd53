//! FF1 on short decimal numbers with an AES key that lives elsewhere, in a token for one: radix 10,
//! 10 or 11 digits, empty tweak, the same permutation as `DecimalFf1` under the same key. All
//! numbers go through the rounds in lock-step, so that a round of any number of them is one call
//! for the cipher. Holds AES(P), which depends on the key and the length only.

use zeroize::Zeroizing;

use super::decimal::{add, subtract};
use super::first_block;

/// An AES key that is asked to work and never seen.
pub trait RemoteCipher {
    /// Why it could not.
    type Error;

    /// Encrypts each block in place, each by itself (ECB).
    fn encrypt(&mut self, blocks: &mut [[u8; 16]]) -> Result<(), Self::Error>;
}

/// FF1 over the decimal numbers of so many digits.
pub(crate) struct RemoteFf1 {
    /// 10^u and 10^v.
    left: u32,
    right: u32,
    /// Where Q holds the round number: before the b bytes of NUM(B).
    round_shift: u32,
    /// AES(P).
    chain: u128,
}

/// The halves of all numbers.
struct Halves {
    left: Zeroizing<Vec<u32>>,
    right: Zeroizing<Vec<u32>>,
    blocks: Zeroizing<Vec<[u8; 16]>>,
}

impl RemoteFf1 {
    /// Asks the cipher for AES(P). `digits` is 6 to 18.
    pub(crate) fn new<C: RemoteCipher>(digits: u32, cipher: &mut C) -> Result<Self, C::Error> {
        let mut first = [first_block(10, digits as usize, 0)];
        cipher.encrypt(&mut first)?;
        let right = 10_u32.pow(digits - digits / 2);
        Ok(Self {
            left: 10_u32.pow(digits / 2),
            right,
            round_shift: (u32::BITS - (right - 1).leading_zeros()).div_ceil(8) * 8,
            chain: u128::from_be_bytes(first[0]),
        })
    }

    /// Encrypts numbers that are known to be in the domain. After an error they are as before.
    pub(crate) fn encrypt<C: RemoteCipher>(
        &self,
        cipher: &mut C,
        numbers: &mut [u64],
    ) -> Result<(), C::Error> {
        let mut halves = self.split(numbers);
        for round in 0..10 {
            self.turn(&mut halves, round, cipher, add)?;
        }
        self.join(&halves, numbers);
        Ok(())
    }

    /// Takes [`Self::encrypt`] back, likewise.
    pub(crate) fn decrypt<C: RemoteCipher>(
        &self,
        cipher: &mut C,
        numbers: &mut [u64],
    ) -> Result<(), C::Error> {
        let mut halves = self.split(numbers);
        for round in (0..10).rev() {
            self.turn(&mut halves, round, cipher, subtract)?;
        }
        self.join(&halves, numbers);
        Ok(())
    }

    /// One round of all numbers. The halves stay where they are and take turns.
    fn turn<C: RemoteCipher>(
        &self,
        halves: &mut Halves,
        round: u32,
        cipher: &mut C,
        combine: fn(u32, u64, u32) -> u32,
    ) -> Result<(), C::Error> {
        let (source, target, modulus) = match round % 2 {
            0 => (&halves.right, &mut halves.left, self.left),
            _ => (&halves.left, &mut halves.right, self.right),
        };
        for (block, half) in halves.blocks.iter_mut().zip(source.iter()) {
            let question = u64::from(round) << self.round_shift | u64::from(*half);
            *block = (self.chain ^ u128::from(question)).to_be_bytes();
        }
        cipher.encrypt(&mut halves.blocks)?;
        for (half, block) in target.iter_mut().zip(halves.blocks.iter()) {
            let answer = (u128::from_be_bytes(*block) >> 64) as u64;
            *half = combine(*half, answer, modulus);
        }
        Ok(())
    }

    fn split(&self, numbers: &[u64]) -> Halves {
        let right = u64::from(self.right);
        Halves {
            left: Zeroizing::new(numbers.iter().map(|number| (number / right) as u32).collect()),
            right: Zeroizing::new(numbers.iter().map(|number| (number % right) as u32).collect()),
            blocks: Zeroizing::new(vec![[0; 16]; numbers.len()]),
        }
    }

    fn join(&self, halves: &Halves, numbers: &mut [u64]) {
        let both = halves.left.iter().zip(halves.right.iter());
        for (number, (left, right)) in numbers.iter_mut().zip(both) {
            *number = u64::from(*left) * u64::from(self.right) + u64::from(*right);
        }
    }
}

//! FF1 on short decimal numbers held in machine integers: radix 10, 6 to 18 digits, empty tweak.
//! For these the first block P is the same for every input, so AES(P) is computed once per key, and
//! one AES block per Feistel round remains. Many numbers go through the rounds side by side,
//! so that the processor's AES pipeline stays full. Nothing is allocated.

use std::fmt;

use aes::Block;
use aes::cipher::consts::U16;
use aes::cipher::inout::InOutBuf;
use aes::cipher::{BlockCipherEncBackend, BlockCipherEncClosure, BlockSizeUser};
use zeroize::Zeroize;

use super::key::AesKey;
use super::{Ff1Refusal, first_block};

/// FF1 over the decimal numbers of `DIGITS` digits: a permutation of `0..10^DIGITS`.
pub struct DecimalFf1<const DIGITS: u32> {
    key: AesKey,
    /// AES(P).
    chain: u128,
}

impl<const DIGITS: u32> DecimalFf1<DIGITS> {
    /// How many numbers there are: 10^`DIGITS`.
    pub const DOMAIN: u64 = {
        // Within these bounds b ≤ 4 and d = 8 bytes, so that y is one machine word, and the domain
        // is as large as the specification wants it.
        assert!(DIGITS >= 6 && DIGITS <= 18);
        10u64.pow(DIGITS)
    };

    /// Expands a key of 16, 24 or 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, Ff1Refusal> {
        let key = AesKey::new(key)?;
        let mut chain = first_block(10, DIGITS as usize, 0);
        key.encrypt(&mut chain);
        Ok(Self { key, chain: u128::from_be_bytes(chain) })
    }

    /// Encrypts each number in place. All must be below [`Self::DOMAIN`]; one that is not is
    /// refused by its position, counted from 1, and then nothing has changed.
    pub fn encrypt(&self, numbers: &mut [u64]) -> Result<(), Ff1Refusal> {
        self.check(numbers)?;
        self.encrypt_checked(numbers);
        Ok(())
    }

    /// Decrypts each number in place; as [`Self::encrypt`].
    pub fn decrypt(&self, numbers: &mut [u64]) -> Result<(), Ff1Refusal> {
        self.check(numbers)?;
        self.decrypt_checked(numbers);
        Ok(())
    }

    /// [`Self::encrypt`] for numbers known to be in the domain.
    pub(crate) fn encrypt_checked(&self, numbers: &mut [u64]) {
        self.key.run(Rounds::<DIGITS, true> { chain: self.chain, numbers });
    }

    /// [`Self::decrypt`] for numbers known to be in the domain.
    pub(crate) fn decrypt_checked(&self, numbers: &mut [u64]) {
        self.key.run(Rounds::<DIGITS, false> { chain: self.chain, numbers });
    }

    fn check(&self, numbers: &[u64]) -> Result<(), Ff1Refusal> {
        match numbers.iter().position(|number| *number >= Self::DOMAIN) {
            Some(index) => Err(Ff1Refusal::Digit { position: index + 1 }),
            None => Ok(()),
        }
    }
}

impl<const DIGITS: u32> fmt::Debug for DecimalFf1<DIGITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecimalFf1({DIGITS} digits, key ••••)")
    }
}

/// The work on one slice of numbers, in the form in which the AES backend takes it in.
struct Rounds<'a, const DIGITS: u32, const FORWARD: bool> {
    chain: u128,
    numbers: &'a mut [u64],
}

impl<const DIGITS: u32, const FORWARD: bool> BlockSizeUser for Rounds<'_, DIGITS, FORWARD> {
    type BlockSize = U16;
}

impl<const DIGITS: u32, const FORWARD: bool> BlockCipherEncClosure for Rounds<'_, DIGITS, FORWARD> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let mut lanes = Lanes::<DIGITS>::new(self.chain);
        let used = self.numbers.len().min(LANES);
        for numbers in self.numbers.chunks_mut(LANES) {
            lanes.load(numbers);
            if FORWARD {
                lanes.forward(backend, numbers.len());
            } else {
                lanes.backward(backend, numbers.len());
            }
            lanes.store(numbers);
        }
        lanes.left[..used].zeroize();
        lanes.right[..used].zeroize();
    }
}

/// The Feistel halves of many numbers, and one AES block for each. The halves stay where they are
/// and take turns, which is the same as the specification's swapping of A and B.
struct Lanes<const DIGITS: u32> {
    chain: u128,
    left: [u32; LANES],
    right: [u32; LANES],
    blocks: [Block; LANES],
}

impl<const DIGITS: u32> Lanes<DIGITS> {
    /// 10^u and 10^v.
    const LEFT: u32 = 10u32.pow(DIGITS / 2);
    const RIGHT: u32 = 10u32.pow(DIGITS - DIGITS / 2);
    /// Q ends in the round number and the b bytes of NUM(B); with an empty tweak the rest is zero.
    const ROUND_SHIFT: u32 = (u32::BITS - (Self::RIGHT - 1).leading_zeros()).div_ceil(8) * 8;

    #[inline(always)]
    fn new(chain: u128) -> Self {
        Self { chain, left: [0; LANES], right: [0; LANES], blocks: [Block::default(); LANES] }
    }

    #[inline(always)]
    fn load(&mut self, numbers: &[u64]) {
        let halves = self.left.iter_mut().zip(&mut self.right);
        for (number, (left, right)) in numbers.iter().zip(halves) {
            *left = (number / u64::from(Self::RIGHT)) as u32;
            *right = (number % u64::from(Self::RIGHT)) as u32;
        }
    }

    #[inline(always)]
    fn store(&self, numbers: &mut [u64]) {
        let halves = self.left.iter().zip(&self.right);
        for (number, (left, right)) in numbers.iter_mut().zip(halves) {
            *number = u64::from(*left) * u64::from(Self::RIGHT) + u64::from(*right);
        }
    }

    #[inline(always)]
    fn forward<B: BlockCipherEncBackend<BlockSize = U16>>(&mut self, backend: &B, live: usize) {
        let blocks = &mut self.blocks[..live];
        for (block, right) in blocks.iter_mut().zip(&self.right) {
            *block = Self::question(self.chain, 0, *right);
        }
        for round in (0..10).step_by(2) {
            encrypt_all(backend, blocks);
            for (block, left) in blocks.iter_mut().zip(&mut self.left) {
                *left = add(*left, answer(block), Self::LEFT);
                *block = Self::question(self.chain, round + 1, *left);
            }
            encrypt_all(backend, blocks);
            for (block, right) in blocks.iter_mut().zip(&mut self.right) {
                *right = add(*right, answer(block), Self::RIGHT);
                *block = Self::question(self.chain, round + 2, *right);
            }
        }
    }

    #[inline(always)]
    fn backward<B: BlockCipherEncBackend<BlockSize = U16>>(&mut self, backend: &B, live: usize) {
        let blocks = &mut self.blocks[..live];
        for (block, left) in blocks.iter_mut().zip(&self.left) {
            *block = Self::question(self.chain, 9, *left);
        }
        for round in (0..10).step_by(2).rev() {
            encrypt_all(backend, blocks);
            for (block, right) in blocks.iter_mut().zip(&mut self.right) {
                *right = subtract(*right, answer(block), Self::RIGHT);
                *block = Self::question(self.chain, round, *right);
            }
            encrypt_all(backend, blocks);
            for (block, left) in blocks.iter_mut().zip(&mut self.left) {
                *left = subtract(*left, answer(block), Self::LEFT);
                *block = Self::question(self.chain, round.wrapping_sub(1), *left);
            }
        }
    }

    /// AES(P) ⊕ Q. The last one of a text, with no round to follow, is never encrypted.
    #[inline(always)]
    fn question(chain: u128, round: u32, half: u32) -> Block {
        let q = u64::from(round & 0xF) << Self::ROUND_SHIFT | u64::from(half);
        (chain ^ u128::from(q)).to_be_bytes().into()
    }
}

#[inline(always)]
fn encrypt_all<B: BlockCipherEncBackend<BlockSize = U16>>(backend: &B, blocks: &mut [Block]) {
    let (chunks, tail) = InOutBuf::from(blocks).into_chunks();
    for chunk in chunks {
        backend.encrypt_par_blocks(chunk);
    }
    backend.encrypt_tail_blocks(tail);
}

/// y: the first d = 8 bytes.
#[inline(always)]
fn answer(block: &Block) -> u64 {
    (u128::from_be_bytes((*block).into()) >> 64) as u64
}

/// half + y modulo `modulus`, for half < modulus ≤ 10⁹. Below the modulus the subtraction wraps to
/// something larger, so the minimum is the reduced sum without a branch.
#[inline(always)]
pub(super) fn add(half: u32, y: u64, modulus: u32) -> u32 {
    let sum = half + (y % u64::from(modulus)) as u32;
    sum.min(sum.wrapping_sub(modulus))
}

/// half − y modulo `modulus`, likewise.
#[inline(always)]
pub(super) fn subtract(half: u32, y: u64, modulus: u32) -> u32 {
    let sum = half + modulus - (y % u64::from(modulus)) as u32;
    sum.min(sum.wrapping_sub(modulus))
}

/// Two fills of the widest AES backend (64 blocks). The arrays take 3 KiB of stack.
const LANES: usize = 128;

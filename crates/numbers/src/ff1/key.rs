//! The AES key of FF1: its three lengths behind one type.
//! Owns the expanded key and wipes it on drop. Only the forward cipher is kept: FF1 decrypts
//! with AES encryption too (SP 800-38G, algorithm 8).

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncClosure, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes192Enc, Aes256Enc, Block};

use super::Ff1Refusal;

/// An expanded AES key of 128, 192 or 256 bits.
pub(super) enum AesKey {
    Aes128(Aes128Enc),
    Aes192(Aes192Enc),
    Aes256(Aes256Enc),
}

impl AesKey {
    pub(super) fn new(key: &[u8]) -> Result<Self, Ff1Refusal> {
        let refusal = Ff1Refusal::KeyLength { found: key.len() };
        match key.len() {
            16 => Aes128Enc::new_from_slice(key).map(Self::Aes128).map_err(|_| refusal),
            24 => Aes192Enc::new_from_slice(key).map(Self::Aes192).map_err(|_| refusal),
            32 => Aes256Enc::new_from_slice(key).map(Self::Aes256).map_err(|_| refusal),
            _ => Err(refusal),
        }
    }

    /// One block in place.
    pub(super) fn encrypt(&self, block: &mut [u8; 16]) {
        let mut held = Block::from(*block);
        match self {
            Self::Aes128(aes) => aes.encrypt_block(&mut held),
            Self::Aes192(aes) => aes.encrypt_block(&mut held),
            Self::Aes256(aes) => aes.encrypt_block(&mut held),
        }
        *block = held.into();
    }

    /// Runs `work` next to the fastest AES this processor has; the whole of `work` is compiled
    /// once per backend, so its arithmetic may use the same vector instructions.
    pub(super) fn run(&self, work: impl BlockCipherEncClosure<BlockSize = U16>) {
        match self {
            Self::Aes128(aes) => aes.encrypt_with_backend(work),
            Self::Aes192(aes) => aes.encrypt_with_backend(work),
            Self::Aes256(aes) => aes.encrypt_with_backend(work),
        }
    }
}

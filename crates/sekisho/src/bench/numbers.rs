//! FF1 on eleven digits, one core, against the `fpe` crate and against the AES limit.

use super::{Bars, failed};
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use base::Problem;
use numbers::ff1::DecimalFf1;
use std::hint::black_box;
use std::time::Instant;

/// Measures turn and turn about, and keeps the best of each side.
pub(super) fn bench() -> Result<Bars, Problem> {
    let (mut ours, mut peer, mut limit) = (0.0_f64, 0.0_f64, 0.0_f64);
    let fast = DecimalFf1::<11>::new(&KEY).map_err(|refusal| failed(refusal.label()))?;
    let other = fpe::ff1::FF1::<aes::Aes128>::new(&KEY, 10).map_err(|_| failed("fpe: radix"))?;
    let cipher = aes::Aes128::new(&Array(KEY));
    agree(&fast, &other)?;
    for _ in 0..ROUNDS {
        limit = limit.max(aes_blocks_per_s(&cipher));
        ours = ours.max(ours_per_s(&fast)?);
        peer = peer.max(peer_per_s(&other)?);
    }
    let mut bars = Bars::new("numbers");
    bars.figure("ff1_11_digits", ours, "per second and core");
    bars.figure("fpe_crate_11_digits", peer, "per second and core");
    bars.figure("aes_128_blocks_pipelined", limit, "per second and core");
    bars.at_least("ratio_to_fpe_crate", ours / peer, 20.0);
    bars.at_least("share_of_aes_limit", ours / (limit / AES_CALLS_PER_FF1), 0.15);
    Ok(bars)
}

fn ours_per_s(ff1: &DecimalFf1<11>) -> Result<f64, Problem> {
    let mut values: Vec<u64> = (0..OURS as u64).map(|n| n * 90_001 % 100_000_000_000).collect();
    let started = Instant::now();
    for _ in 0..OURS_REPEATS {
        ff1.encrypt(&mut values).map_err(|refusal| failed(refusal.label()))?;
    }
    black_box(&values);
    Ok((OURS * OURS_REPEATS) as f64 / started.elapsed().as_secs_f64())
}

fn peer_per_s(ff1: &Peer) -> Result<f64, Problem> {
    let numerals: Vec<_> = (0..PEERS).map(|n| numerals(n as u64 * 90_001)).collect();
    let started = Instant::now();
    for numeral in &numerals {
        black_box(ff1.encrypt(&[], numeral).map_err(|_| failed("fpe: numerals"))?);
    }
    Ok(PEERS as f64 / started.elapsed().as_secs_f64())
}

fn aes_blocks_per_s(cipher: &aes::Aes128) -> f64 {
    let mut blocks = vec![Array([0_u8; 16]); BLOCKS];
    let started = Instant::now();
    for _ in 0..BLOCK_REPEATS {
        cipher.encrypt_blocks(&mut blocks);
    }
    black_box(&blocks);
    (BLOCKS * BLOCK_REPEATS) as f64 / started.elapsed().as_secs_f64()
}

/// A benchmark of two things that do not agree would compare nothing.
fn agree(ours: &DecimalFf1<11>, peer: &Peer) -> Result<(), Problem> {
    for n in [0_u64, 1, 99_999_999_999, 12_345_678_901] {
        let mut value = [n];
        ours.encrypt(&mut value).map_err(|refusal| failed(refusal.label()))?;
        let other = peer.encrypt(&[], &numerals(n)).map_err(|_| failed("fpe: numerals"))?;
        let digits = |numerals| Vec::<u16>::from(numerals);
        if digits(numerals(value[0])) != digits(other) {
            return Err(failed("ours and the peer disagree"));
        }
    }
    Ok(())
}

fn numerals(mut n: u64) -> fpe::ff1::FlexibleNumeralString {
    let mut digits = [0_u16; 11];
    for digit in digits.iter_mut().rev() {
        *digit = (n % 10) as u16;
        n /= 10;
    }
    fpe::ff1::FlexibleNumeralString::from(digits.to_vec())
}

type Peer = fpe::ff1::FF1<aes::Aes128>;

const KEY: [u8; 16] = *b"a benchmark key!";
const ROUNDS: usize = 7;
const OURS: usize = 4_096;
const OURS_REPEATS: usize = 500;
const PEERS: usize = 20_000;
const BLOCKS: usize = 512;
const BLOCK_REPEATS: usize = 60_000;
/// Ten rounds, one AES call each: the first block is the same for all and kept.
const AES_CALLS_PER_FF1: f64 = 10.0;

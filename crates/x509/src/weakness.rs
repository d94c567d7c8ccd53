//! Keys that anybody can break, told from the public key alone.
//!
//! An RSA modulus is divided by the small primes, and held against the fingerprint of the chips
//! that drew their primes from too few (CVE-2017-15361, "ROCA").

use crate::{KeyAlgorithm, PublicKey};
use std::fmt;

/// Why a key gives no protection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weakness {
    /// The RSA modulus has a prime factor below 752 (NIST SP 800-89 §5.3.3).
    SmallFactor,
    /// The RSA modulus bears the fingerprint of CVE-2017-15361.
    Roca,
}

impl Weakness {
    /// What is weak about the key, if anything is.
    pub fn of(key: &PublicKey) -> Option<Self> {
        match key.algorithm() {
            KeyAlgorithm::Rsa2048 => {
                let before_exponent = key.bits().len().checked_sub(EXPONENT_BYTES)?;
                let start = before_exponent.checked_sub(MODULUS_BYTES)?;
                Self::of_modulus(key.bits()[start..before_exponent].try_into().ok()?)
            }
            KeyAlgorithm::Ed25519 | KeyAlgorithm::P256 | KeyAlgorithm::P384 => None,
        }
    }

    /// What is weak about an RSA modulus of 2,048 bits, big-endian.
    pub(crate) fn of_modulus(modulus: &[u8; MODULUS_BYTES]) -> Option<Self> {
        let (words, _) = modulus.as_chunks();
        let words: Vec<_> = words.iter().map(|word| u32::from_be_bytes(*word)).collect();
        let mut fingerprint = true;
        for group in &GROUPS {
            let rest = group.remainder(&words);
            for prime in &PRIMES[group.from..group.to] {
                let rest = rest % prime;
                if rest == 0 {
                    return Some(Self::SmallFactor);
                }
                fingerprint = fingerprint && (*prime > ROCA_PRIME_MAX || is_power(rest, *prime));
            }
        }
        fingerprint.then_some(Self::Roca)
    }

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SmallFactor => "key_weak_factor",
            Self::Roca => "key_weak_roca",
        }
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SmallFactor => "the modulus has a small prime factor",
            Self::Roca => "the modulus bears the fingerprint of CVE-2017-15361",
        })
    }
}

/// Whether this is a power of 65537 modulo the prime. The weak chips' primes are such a power
/// modulo the product of the first primes, and so is every product of two of them.
fn is_power(number: u32, prime: u32) -> bool {
    let base = 65_537 % prime;
    let powers = std::iter::successors(Some(1), |power| Some(power * base % prime));
    let mut seen = powers.take(prime as usize);
    seen.any(|power| power == number)
}

const fn primes() -> [u32; 133] {
    let mut out = [0; 133];
    let (mut count, mut candidate) = (0, 2);
    while count < out.len() {
        let mut divisor = 2;
        while divisor * divisor <= candidate && candidate % divisor != 0 {
            divisor += 1;
        }
        if divisor * divisor > candidate {
            out[count] = candidate;
            count += 1;
        }
        candidate += 1;
    }
    out
}

/// A run of the primes whose product is below 2²⁵, with what each word of a modulus is worth
/// modulo this product: the words' worths add up in 64 bits, and one division serves the run.
struct Group {
    from: usize,
    to: usize,
    product: u32,
    worth: [u32; WORDS],
}

impl Group {
    const fn new(from: usize) -> Self {
        let (mut to, mut product) = (from, 1);
        while to < PRIMES.len() && product < PRODUCT_LIMIT / PRIMES[to] {
            product *= PRIMES[to];
            to += 1;
        }
        let (mut worth, mut at) = ([1; WORDS], WORDS - 1);
        while at > 0 {
            at -= 1;
            worth[at] = (((worth[at + 1] as u64) << 32) % product as u64) as u32;
        }
        Self { from, to, product, worth }
    }

    fn remainder(&self, words: &[u32]) -> u32 {
        let worths =
            words.iter().zip(self.worth).map(|(word, worth)| u64::from(*word) * u64::from(worth));
        (worths.sum::<u64>() % u64::from(self.product)) as u32
    }
}

const fn groups() -> [Group; GROUP_COUNT] {
    let mut out = [const { Group::new(0) }; GROUP_COUNT];
    let (mut count, mut from) = (0, 0);
    while from < PRIMES.len() {
        out[count] = Group::new(from);
        from = out[count].to;
        count += 1;
    }
    assert!(count == GROUP_COUNT);
    out
}

static GROUPS: [Group; GROUP_COUNT] = groups();
const GROUP_COUNT: usize = 53;
const PRODUCT_LIMIT: u32 = 1 << 25;
/// The primes below 752.
const PRIMES: [u32; 133] = primes();
/// The last of the 126 primes whose product the weak chips used for keys of 1,984 to 3,936 bits.
const ROCA_PRIME_MAX: u32 = 701;
const MODULUS_BYTES: usize = 256;
const WORDS: usize = MODULUS_BYTES / 4;
/// INTEGER 65537 with tag and length.
const EXPONENT_BYTES: usize = 5;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::KeyPair as _;

    #[test]
    fn the_primes_are_those_below_752() {
        assert_eq!((PRIMES[0], PRIMES[125], PRIMES[132]), (2, ROCA_PRIME_MAX, 751));
    }

    #[test]
    fn sound_keys_are_sound() {
        for _ in 0..3 {
            let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
            let bits = pair.public_key().as_ref().to_vec();
            let key = PublicKey::new(KeyAlgorithm::Rsa2048, bits).unwrap();
            assert_eq!(Weakness::of(&key), None);
        }
    }

    #[test]
    fn small_factors_are_found() {
        let mut modulus = [0xff; 256];
        modulus[255] = 0xfe;
        assert_eq!(Weakness::of_modulus(&modulus), Some(Weakness::SmallFactor));
        // 2²⁰⁴⁸ − 1 is divisible by 3.
        assert_eq!(Weakness::of_modulus(&[0xff; 256]), Some(Weakness::SmallFactor));
        // Every prime alone, as the factor of a number that no smaller prime divides.
        for (at, prime) in PRIMES.iter().enumerate().skip(1) {
            let mut multiple = vec![*prime];
            while multiple.len() < WORDS {
                multiply(&mut multiple, 65_537);
                multiply(&mut multiple, u32::MAX - 4);
            }
            multiple.truncate(WORDS);
            let group = GROUPS.iter().find(|group| group.to > at).unwrap();
            let plain = multiple
                .iter()
                .rev()
                .fold(0, |rest, word| (rest << 32 | u64::from(*word)) % u64::from(*prime));
            let words: Vec<_> = multiple.into_iter().rev().collect();
            assert_eq!(u64::from(group.remainder(&words) % prime), plain);
        }
    }

    #[test]
    fn the_fingerprint_is_found_and_broken_by_any_other_step() {
        let weak = roca_modulus(0);
        assert_eq!(weak[0] & 0x80, 0x80);
        assert_eq!(Weakness::of_modulus(weak[..].try_into().unwrap()), Some(Weakness::Roca));
        let others = [2, 6, 10, 26]
            .map(|added| Weakness::of_modulus(roca_modulus(added)[..].try_into().unwrap()));
        assert!(others.iter().all(|found| *found != Some(Weakness::Roca)), "{others:?}");
    }

    /// 65537¹⁰⁰ + `added` + a multiple of the odd primes' product, of 2,048 bits.
    pub(crate) fn roca_modulus(added: u32) -> Vec<u8> {
        let mut multiple = vec![1];
        PRIMES[1..126].iter().for_each(|prime| multiply(&mut multiple, *prime));
        while multiple.len() < 64 || multiple[63] & 0x8000_0000 == 0 {
            multiply(&mut multiple, 2);
        }
        let mut sum = vec![1];
        (0..100).for_each(|_| multiply(&mut sum, 65_537));
        sum[0] += added;
        let mut carry = 0;
        for (at, limb) in multiple.iter_mut().enumerate() {
            let next = u64::from(*limb) + u64::from(sum.get(at).copied().unwrap_or(0)) + carry;
            *limb = next as u32;
            carry = next >> 32;
        }
        big_endian(&multiple)
    }

    fn multiply(little_endian: &mut Vec<u32>, factor: u32) {
        let mut carry = 0;
        for limb in little_endian.iter_mut() {
            let next = u64::from(*limb) * u64::from(factor) + carry;
            *limb = next as u32;
            carry = next >> 32;
        }
        if carry > 0 {
            little_endian.push(carry as u32);
        }
    }

    fn big_endian(limbs: &[u32]) -> Vec<u8> {
        limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
    }
}

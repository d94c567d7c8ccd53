//! FF1, the format-preserving encryption of NIST SP 800-38G: strings of digits to strings of digits
//! of the same length. [`Ff1`] takes any radix, length and tweak of the specification;
//! [`DecimalFf1`] is the fast road for short decimal numbers with an empty tweak, and through
//! [`RemoteCipher`] the same numbers are worked on with a key kept elsewhere. Owns a key that it
//! was given for as long as it lives and wipes it on drop. Assumes that the caller keeps one key
//! per purpose: the tweak is not a key.

mod decimal;
mod key;
mod limbs;
mod remote;

use std::fmt;

use zeroize::Zeroizing;

pub use self::decimal::DecimalFf1;
use self::key::AesKey;
use self::limbs::Limbs;
pub use self::remote::RemoteCipher;
pub(crate) use self::remote::RemoteFf1;

/// FF1 with one key and one radix (SP 800-38G, algorithms 7 and 8).
pub struct Ff1 {
    key: AesKey,
    radix: u32,
    domain_min: u64,
}

impl Ff1 {
    /// Expands a key of 16, 24 or 32 bytes for digits `0..radix`, 2 ≤ radix ≤ 65,536.
    pub fn new(key: &[u8], radix: u32) -> Result<Self, Ff1Refusal> {
        let key = AesKey::new(key)?;
        if !(2..=65_536).contains(&radix) {
            return Err(Ff1Refusal::Radix { found: radix });
        }
        Ok(Self { key, radix, domain_min: DOMAIN_MIN })
    }

    /// Also accepts domains of 100 to 999,999 strings, which the first edition of SP 800-38G (2016)
    /// allowed and revision 1 forbids because they can be searched. For checking old data only.
    #[must_use]
    pub fn accepting_legacy_domains(mut self) -> Self {
        self.domain_min = DOMAIN_MIN_LEGACY;
        self
    }

    /// Encrypts `digits`, most significant first.
    pub fn encrypt(&self, tweak: &[u8], digits: &[u16]) -> Result<Vec<u16>, Ff1Refusal> {
        self.check(tweak, digits)?;
        let mut state = State::new(self, tweak, digits);
        (0..10).for_each(|round| state.turn(round, add));
        Ok(state.text)
    }

    /// Decrypts `digits`, most significant first.
    pub fn decrypt(&self, tweak: &[u8], digits: &[u16]) -> Result<Vec<u16>, Ff1Refusal> {
        self.check(tweak, digits)?;
        let mut state = State::new(self, tweak, digits);
        (0..10).rev().for_each(|round| state.turn(round, subtract));
        Ok(state.text)
    }

    fn check(&self, tweak: &[u8], digits: &[u16]) -> Result<(), Ff1Refusal> {
        let found = digits.len();
        if !(2..=LENGTH_MAX).contains(&found) {
            return Err(Ff1Refusal::Length { found });
        }
        if tweak.len() > TWEAK_MAX {
            return Err(Ff1Refusal::TweakLength { found: tweak.len() });
        }
        // From the 20th digit on, even radix 2 is past the minimum.
        let domain = u64::from(self.radix).saturating_pow(found.min(20) as u32);
        if domain < self.domain_min {
            return Err(Ff1Refusal::Domain);
        }
        match digits.iter().position(|digit| u32::from(*digit) >= self.radix) {
            Some(index) => Err(Ff1Refusal::Digit { position: index + 1 }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Ff1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ff1(radix {}, key ••••)", self.radix)
    }
}

/// [`Ff1::encrypt`] with a key used once.
pub fn ff1_encrypt(
    key: &[u8],
    radix: u32,
    tweak: &[u8],
    digits: &[u16],
) -> Result<Vec<u16>, Ff1Refusal> {
    Ff1::new(key, radix)?.encrypt(tweak, digits)
}

/// [`Ff1::decrypt`] with a key used once.
pub fn ff1_decrypt(
    key: &[u8],
    radix: u32,
    tweak: &[u8],
    digits: &[u16],
) -> Result<Vec<u16>, Ff1Refusal> {
    Ff1::new(key, radix)?.decrypt(tweak, digits)
}

/// Why FF1 does not take an input. Lengths and positions only, never a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ff1Refusal {
    /// The key is not 16, 24 or 32 bytes long.
    KeyLength {
        /// Bytes given.
        found: usize,
    },
    /// The radix is outside 2..=65,536.
    Radix {
        /// Radix given.
        found: u32,
    },
    /// Fewer than 2 digits, or more than 4,096 (a limit of this implementation).
    Length {
        /// Digits given.
        found: usize,
    },
    /// radix^length is below the minimum of the specification (1,000,000).
    Domain,
    /// The tweak is longer than 65,535 bytes (a limit of this implementation).
    TweakLength {
        /// Bytes given.
        found: usize,
    },
    /// A digit is not below the radix.
    Digit {
        /// Which one, counted from 1.
        position: usize,
    },
}

impl Ff1Refusal {
    /// A stable name for logs and answers.
    pub fn label(&self) -> &'static str {
        match self {
            Self::KeyLength { .. } => "ff1_key_length",
            Self::Radix { .. } => "ff1_radix",
            Self::Length { .. } => "ff1_length",
            Self::Domain => "ff1_domain",
            Self::TweakLength { .. } => "ff1_tweak_length",
            Self::Digit { .. } => "ff1_digit",
        }
    }
}

impl fmt::Display for Ff1Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyLength { found } => write!(f, "a key of {found} bytes; give 16, 24 or 32"),
            Self::Radix { found } => write!(f, "radix {found}; give 2 to 65536"),
            Self::Length { found } => write!(f, "{found} digits; give 2 to {LENGTH_MAX}"),
            Self::Domain => write!(f, "fewer than {DOMAIN_MIN} strings of this length"),
            Self::TweakLength { found } => {
                write!(f, "a tweak of {found} bytes; give at most {TWEAK_MAX}")
            }
            Self::Digit { position } => write!(f, "digit {position} is not below the radix"),
        }
    }
}

impl std::error::Error for Ff1Refusal {}

/// One text on its way through the ten rounds. The halves stay where they are and take turns, which
/// is the same as the specification's swapping of A and B.
struct State<'a> {
    ff1: &'a Ff1,
    tweak: &'a [u8],
    text: Vec<u16>,
    left_len: usize,
    /// AES(P): the CBC state in front of Q.
    chain: [u8; 16],
    /// b: bytes of NUM(B).
    number_len: usize,
}

impl<'a> State<'a> {
    fn new(ff1: &'a Ff1, tweak: &'a [u8], digits: &[u16]) -> Self {
        let left_len = digits.len() / 2;
        let mut chain = first_block(ff1.radix, digits.len(), tweak.len());
        ff1.key.encrypt(&mut chain);
        let largest = vec![(ff1.radix - 1) as u16; digits.len() - left_len];
        let number_len = Limbs::from_digits(&largest, ff1.radix).byte_len();
        Self { ff1, tweak, text: digits.to_vec(), left_len, chain, number_len }
    }

    fn turn(&mut self, round: u8, combine: fn(&mut [u16], Limbs, u32)) {
        let (left, right) = self.text.split_at(self.left_len);
        let source = if round.is_multiple_of(2) { right } else { left };
        let y = self.round_value(round, source);
        let (left, right) = self.text.split_at_mut(self.left_len);
        let target = if round.is_multiple_of(2) { left } else { right };
        combine(target, y, self.ff1.radix);
    }

    /// y of the round: PRF(P ‖ Q), stretched to d bytes.
    fn round_value(&self, round: u8, source: &[u16]) -> Limbs {
        let mut block = self.chain;
        for chunk in self.question(round, source).chunks_exact(16) {
            xor(&mut block, chunk);
            self.ff1.key.encrypt(&mut block);
        }
        let wanted = self.number_len.div_ceil(4) * 4 + 4;
        let mut stretched = Zeroizing::new(block.to_vec());
        for counter in 1..wanted.div_ceil(16) as u128 {
            let mut more = block;
            xor(&mut more, &counter.to_be_bytes());
            self.ff1.key.encrypt(&mut more);
            stretched.extend_from_slice(&more);
        }
        Limbs::from_be_bytes(&stretched[..wanted])
    }

    /// Q: tweak, zeros up to a whole number of blocks, round, NUM(B).
    fn question(&self, round: u8, source: &[u16]) -> Zeroizing<Vec<u8>> {
        let length = (self.tweak.len() + 1 + self.number_len).next_multiple_of(16);
        let mut q = Zeroizing::new(vec![0; length]);
        q[..self.tweak.len()].copy_from_slice(self.tweak);
        q[length - self.number_len - 1] = round;
        Limbs::from_digits(source, self.ff1.radix)
            .write_be_bytes(&mut q[length - self.number_len..]);
        q
    }
}

/// P: the block that depends only on radix, length and tweak length.
fn first_block(radix: u32, length: usize, tweak_len: usize) -> [u8; 16] {
    let mut p = [0; 16];
    p[..2].copy_from_slice(&[1, 2]);
    p[2..6].copy_from_slice(&(1 << 24 | radix).to_be_bytes());
    p[6..8].copy_from_slice(&[10, (length / 2) as u8]);
    p[8..12].copy_from_slice(&(length as u32).to_be_bytes());
    p[12..].copy_from_slice(&(tweak_len as u32).to_be_bytes());
    p
}

fn xor(block: &mut [u8; 16], other: &[u8]) {
    block.iter_mut().zip(other).for_each(|(a, b)| *a ^= b);
}

/// `digits` + y, modulo radix^length: the carry out of the top is dropped.
fn add(digits: &mut [u16], mut y: Limbs, radix: u32) {
    let mut carry = 0;
    for digit in digits.iter_mut().rev() {
        let sum = u32::from(*digit) + y.take_digit(radix) + carry;
        carry = u32::from(sum >= radix);
        *digit = (sum - carry * radix) as u16;
    }
}

/// `digits` − y, modulo radix^length: the borrow out of the top is dropped.
fn subtract(digits: &mut [u16], mut y: Limbs, radix: u32) {
    let mut borrow = 0;
    for digit in digits.iter_mut().rev() {
        let sum = u32::from(*digit) + radix - y.take_digit(radix) - borrow;
        borrow = u32::from(sum < radix);
        *digit = (sum - (1 - borrow) * radix) as u16;
    }
}

const DOMAIN_MIN: u64 = 1_000_000;
const DOMAIN_MIN_LEGACY: u64 = 100;
const LENGTH_MAX: usize = 4096;
const TWEAK_MAX: usize = 65_535;

#[cfg(test)]
mod tests;

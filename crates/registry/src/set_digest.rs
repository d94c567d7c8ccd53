//! Set digests: how two sides that each hold a municipality's records find the records that differ
//! in a few small exchanges.
//!
//! Every record has a position and a digest, both made by HMAC under the municipality's digest key,
//! by the caller: the position from the resident record code, the digest from code and content.
//! Positions spread the records evenly over a tree of 16 branches per level; a node of the tree is
//! digested as the count and the sum modulo 2^128 of the digests below it. Addition is enough here,
//! and unlike XOR it is not blind to pairs of equal records: who cannot compute the keyed digests
//! cannot choose records whose sums collide.

mod exchange;

pub use exchange::{
    Answer, Exchange, ExchangeRefusal, Findings, Question, QuestionRefusal, respond,
};
use std::{fmt, ops::Range, str::FromStr};

/// One record of a set. Entries are ordered by position, then digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Entry {
    /// Where the record stands: keyed, so it says nothing about the person.
    pub position: u64,
    /// The keyed digest of code and content. It must cover the code: records of two persons with
    /// one digest would be interchangeable in a sum.
    pub digest: [u8; 16],
}

/// The part of the tree whose positions begin with the same hexadecimal digits, written as those
/// digits; the whole tree is the empty text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Prefix {
    /// The digits at the top, zeros below.
    first: u64,
    digits: u8,
}

/// The text is longer than 16 characters or not of hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PrefixRefusal;

/// The digest of all records under a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NodeDigest {
    /// How many records.
    pub count: u64,
    /// The sum of their digests, read as big-endian numbers, modulo 2^128.
    pub sum: u128,
}

/// The 16 nodes below a prefix of at most 15 digits, in the order of the next digit. `None` for a
/// prefix of 16 digits: below it there is no level. `sorted` is the whole set in order.
pub fn children(prefix: Prefix, sorted: &[Entry]) -> Option<[NodeDigest; 16]> {
    let mut nodes = [NodeDigest::default(); 16];
    prefix.child(0)?;
    for entry in &sorted[prefix.range(sorted)] {
        nodes[prefix.next_digit(entry.position)].add(entry);
    }
    Some(nodes)
}

/// The records under a prefix. `sorted` is the whole set in order.
pub fn entries(prefix: Prefix, sorted: &[Entry]) -> &[Entry] {
    &sorted[prefix.range(sorted)]
}

impl NodeDigest {
    /// The digest of these records.
    pub fn of(entries: &[Entry]) -> Self {
        let mut node = Self::default();
        entries.iter().for_each(|entry| node.add(entry));
        node
    }

    /// Takes one more record in.
    pub fn add(&mut self, entry: &Entry) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(entry.digest));
    }

    /// The digest of two disjoint sets together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { count: self.count.wrapping_add(other.count), sum: self.sum.wrapping_add(other.sum) }
    }
}

impl Prefix {
    /// The whole tree.
    pub const ROOT: Self = Self { first: 0, digits: 0 };

    /// The prefix one digit (0 to 15) longer, if there is room for it.
    #[must_use]
    pub fn child(self, digit: u8) -> Option<Self> {
        if self.digits >= DIGITS_MAX || digit > 15 {
            return None;
        }
        let digits = self.digits + 1;
        Some(Self { first: self.first | (u64::from(digit) << (64 - 4 * digits)), digits })
    }

    /// How many digits, 0 to 16.
    pub const fn digits(self) -> u8 {
        self.digits
    }

    /// Whether a position lies under this prefix.
    pub const fn covers(self, position: u64) -> bool {
        position >= self.first && position <= self.last()
    }

    /// The first and the last position under this prefix.
    pub const fn bounds(self) -> (u64, u64) {
        (self.first, self.last())
    }

    const fn last(self) -> u64 {
        match u64::MAX.checked_shr(4 * self.digits as u32) {
            Some(below) => self.first | below,
            None => self.first,
        }
    }

    fn range(self, sorted: &[Entry]) -> Range<usize> {
        let start = sorted.partition_point(|entry| entry.position < self.first);
        let end = sorted.partition_point(|entry| entry.position <= self.last());
        start..end
    }

    fn next_digit(self, position: u64) -> usize {
        usize::from((position >> (60 - 4 * self.digits)) as u8 & 15)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = format!("{:016x}", self.first);
        f.write_str(&whole[..usize::from(self.digits)])
    }
}

impl FromStr for Prefix {
    type Err = PrefixRefusal;

    fn from_str(text: &str) -> Result<Self, PrefixRefusal> {
        text.bytes().try_fold(Self::ROOT, |prefix, byte| {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                _ => return Err(PrefixRefusal),
            };
            prefix.child(digit).ok_or(PrefixRefusal)
        })
    }
}

impl PrefixRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "set_digest_prefix"
    }
}

/// A position has 64 bits.
const DIGITS_MAX: u8 = 16;

#[cfg(test)]
mod tests;

//! The Merkle tree of RFC 6962 §2.1 over SHA-256: hashes, roots, and the accumulator that grows a
//! root without keeping the leaves.
//!
//! Owns the two hash prefixes and the shape of the tree. Assumes nothing of what a leaf means.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};

/// A SHA-256 hash of a leaf, a node or a whole tree. Shown as lowercase hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_BYTES]);

/// What a log says of itself at one moment: how many leaves, and the root over them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root over exactly those leaves.
    pub root: Hash,
}

/// An append-only tree reduced to the roots of its complete subtrees (its peaks), largest first:
/// at most 63 hashes however long the log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Why bytes or text are not what they claim to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TreeRefusal {
    /// Not 64 hex digits, or not the base64 of 32 bytes.
    HashForm,
    /// The stored accumulator does not hold exactly the peaks of its size.
    FrontierForm,
    /// A log of 2⁶³ leaves or more; C2SP proofs end at 63 hashes.
    Size,
}

impl Hash {
    /// Root of the tree without leaves: SHA-256 of nothing.
    pub const EMPTY: Self = Self([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55,
    ]);

    /// Takes 32 bytes that are already a hash.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// Hash of a leaf: SHA-256(0x00 ‖ entry).
    pub fn leaf(entry: &[u8]) -> Self {
        let length = entry.len() + 1;
        if length > STACK_BYTES {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(&[LEAF_PREFIX]);
            context.update(entry);
            return Self::from_digest(&context.finish());
        }
        let mut message = [LEAF_PREFIX; STACK_BYTES];
        message[1..length].copy_from_slice(entry);
        Self::of(&message[..length])
    }

    /// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut message = [NODE_PREFIX; 1 + 2 * HASH_BYTES];
        message[1..=HASH_BYTES].copy_from_slice(&left.0);
        message[1 + HASH_BYTES..].copy_from_slice(&right.0);
        Self::of(&message)
    }

    /// Standard base64 with padding, as checkpoints and proofs carry it (44 characters).
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads what [`Hash::to_base64`] writes, and nothing else.
    ///
    /// # Errors
    /// [`TreeRefusal::HashForm`].
    pub fn from_base64(text: &str) -> Result<Self, TreeRefusal> {
        let bytes = STANDARD.decode(text).map_err(|_| TreeRefusal::HashForm)?;
        bytes.try_into().map(Self).map_err(|_| TreeRefusal::HashForm)
    }

    /// Splits concatenated hashes, as in a tile; a rest shorter than 32 bytes is left out.
    pub fn split(bytes: &[u8]) -> impl ExactSizeIterator<Item = Self> + '_ {
        bytes.as_chunks::<HASH_BYTES>().0.iter().map(|chunk| Self(*chunk))
    }

    /// SHA-256 of any bytes; no leaf and no node of a tree.
    pub fn of(message: &[u8]) -> Self {
        Self::from_digest(&digest::digest(&digest::SHA256, message))
    }

    fn from_digest(digest: &digest::Digest) -> Self {
        let mut bytes = [0; HASH_BYTES];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl TreeHead {
    /// The head of the log without leaves.
    pub const EMPTY: Self = Self { size: 0, root: Hash::EMPTY };
}

impl Frontier {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The RFC 6962 root.
    pub fn root(&self) -> Hash {
        fold_peaks(self.peaks.iter().copied())
    }

    /// Size and root together.
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }

    /// Adds one leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        self.append_watching(leaf, |_, _| {});
    }

    /// Adds one leaf and tells of every inner node that became complete: its height, its hash.
    pub(crate) fn append_watching(&mut self, leaf: Hash, mut complete: impl FnMut(u32, &Hash)) {
        let mut hash = leaf;
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::node(&left, &hash);
            complete(height, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Puts an accumulator together from its peaks, largest first.
    ///
    /// # Errors
    /// [`TreeRefusal`] if their number does not fit the size, or the size is out of range.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Result<Self, TreeRefusal> {
        if size > SIZE_MAX {
            return Err(TreeRefusal::Size);
        }
        if peaks.len() as u64 != u64::from(size.count_ones()) {
            return Err(TreeRefusal::FrontierForm);
        }
        Ok(Self { size, peaks })
    }

    /// For storage: size as eight big-endian bytes, then the peaks, largest first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + HASH_BYTES * self.peaks.len());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for peak in &self.peaks {
            bytes.extend_from_slice(&peak.0);
        }
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`TreeRefusal`] if the length does not fit the size, or the size is out of range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreeRefusal> {
        let (size, rest) = bytes.split_first_chunk().ok_or(TreeRefusal::FrontierForm)?;
        if !rest.len().is_multiple_of(HASH_BYTES) {
            return Err(TreeRefusal::FrontierForm);
        }
        Self::from_peaks(u64::from_be_bytes(*size), Hash::split(rest).collect())
    }
}

impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut frontier = Self::new();
        leaves.into_iter().for_each(|leaf| frontier.append(leaf));
        frontier
    }
}

impl TreeRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::HashForm => "hash_form",
            Self::FrontierForm => "frontier_form",
            Self::Size => "tree_size",
        }
    }
}

impl fmt::Display for TreeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for TreeRefusal {}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = TreeRefusal;

    fn from_str(text: &str) -> Result<Self, TreeRefusal> {
        read_hex(text.as_bytes()).map(Self).ok_or(TreeRefusal::HashForm)
    }
}

/// The RFC 6962 root over leaf hashes.
pub fn root_of(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Frontier>().root()
}

/// Joins complete neighbouring subtrees, largest first, into one root.
pub(crate) fn fold_peaks(peaks: impl DoubleEndedIterator<Item = Hash>) -> Hash {
    peaks.rev().reduce(|right, left| Hash::node(&left, &right)).unwrap_or(Hash::EMPTY)
}

/// Reads exactly 64 lowercase hex digits.
pub(crate) fn read_hex(text: &[u8]) -> Option<[u8; HASH_BYTES]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs: &[[u8; 2]; HASH_BYTES] = text.as_chunks().0.try_into().ok()?;
    if text.len() != 2 * HASH_BYTES {
        return None;
    }
    let mut bytes = [0; HASH_BYTES];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
}

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// Largest log: signed 64-bit databases hold it and C2SP proofs of 63 hashes reach it.
pub const SIZE_MAX: u64 = i64::MAX as u64;
const LEAF_PREFIX: u8 = 0;
const NODE_PREFIX: u8 = 1;
/// Entries up to this are hashed in one call from the stack, which is most of the speed.
const STACK_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(Hash::of(b""), Hash::EMPTY);
        assert_eq!(root_of(&[]), Hash::EMPTY);
        assert_eq!(Frontier::new().head(), TreeHead::EMPTY);
    }

    #[test]
    fn long_and_short_entries_hash_alike() {
        for length in [0, 1, 1022, 1023, 1024, 1025, 65_535] {
            let entry = vec![7; length];
            let message: Vec<u8> = std::iter::once(0).chain(entry.iter().copied()).collect();
            assert_eq!(Hash::leaf(&entry), Hash::of(&message), "{length}");
        }
    }

    #[test]
    fn a_leaf_is_never_a_node() {
        let (a, b) = (Hash::leaf(b"a"), Hash::leaf(b"b"));
        let joined = [*a.as_bytes(), *b.as_bytes()].concat();
        assert_ne!(Hash::leaf(&joined), Hash::node(&a, &b));
        assert_ne!(Hash::node(&a, &b), Hash::node(&b, &a));
    }

    #[test]
    fn text_forms_read_back_and_only_they() {
        let hash = Hash::leaf(b"x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(Hash::from_base64(&hash.to_base64()), Ok(hash));
        let upper = hash.to_string().to_uppercase();
        let (short, odd) = (&upper[1..], format!("{hash}0"));
        for text in [upper.as_str(), short, &odd, "", "zz"] {
            assert_eq!(text.parse::<Hash>(), Err(TreeRefusal::HashForm), "{text}");
        }
        for text in ["", "AAAA", &hash.to_base64()[..43], &format!("{}=", hash.to_base64())] {
            assert_eq!(Hash::from_base64(text), Err(TreeRefusal::HashForm), "{text}");
        }
    }

    #[test]
    fn the_accumulator_survives_storage() {
        let mut frontier = Frontier::new();
        for leaf in 0..300_u32 {
            assert_eq!(Frontier::from_bytes(&frontier.to_bytes()), Ok(frontier.clone()));
            frontier.append(Hash::leaf(&leaf.to_be_bytes()));
        }
    }

    #[test]
    fn a_damaged_accumulator_is_refused() {
        let frontier: Frontier = (0..7_u8).map(|leaf| Hash::leaf(&[leaf])).collect();
        let bytes = frontier.to_bytes();
        let mut other_size = bytes.clone();
        other_size[7] = 8;
        for bad in [&[][..], &bytes[..bytes.len() - 1], &bytes[..40], &other_size] {
            assert_eq!(Frontier::from_bytes(bad), Err(TreeRefusal::FrontierForm));
        }
        let huge = (SIZE_MAX + 1).to_be_bytes();
        assert_eq!(Frontier::from_bytes(&huge), Err(TreeRefusal::Size));
    }
}

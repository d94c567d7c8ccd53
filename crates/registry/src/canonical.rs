//! Canonical bytes: the one byte string of a value, for keyed digests.
//!
//! Every part carries its length (4 bytes, big-endian) before its bytes, and what may be missing
//! carries a byte 0 or 1 before it, so two different values never share a byte string. The buffer
//! holds personal values and wipes itself.

use zeroize::Zeroizing;

pub(crate) struct Canonical(Zeroizing<Vec<u8>>);

impl Canonical {
    /// Begins with a tag that says of which kind of value and version the bytes are. `size` is an
    /// upper bound, so that no half-written copy is left behind by growing.
    pub(crate) fn new(tag: &str, size: usize) -> Self {
        let mut canonical = Self(Zeroizing::new(Vec::with_capacity(tag.len() + 4 + size)));
        canonical.text(tag);
        canonical
    }

    pub(crate) fn text(&mut self, text: &str) {
        // Lengths are bounded by the limits of a feed line, far below 2^32.
        self.0.extend_from_slice(&(text.len() as u32).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    /// Marks whether a part follows.
    pub(crate) fn present(&mut self, present: bool) {
        self.0.push(u8::from(present));
    }

    pub(crate) fn bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

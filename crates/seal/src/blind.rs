//! What the key store's MAC is asked for: blind indexes and the subjects' pseudonyms.
//!
//! A blind index lets equal values of one column be found without opening any of them; equal
//! values of two columns have nothing in common. The MAC itself happens where its key lives, in
//! the key store. Each message opens with its own word, so one key could serve both without mixing.

use crate::place::push_text;
use std::fmt;
use zeroize::Zeroizing;

/// A keyed fingerprint of a value within one column: HMAC-SHA-256 cut to 128 bits.
///
/// Whoever holds two of them can tell whether two rows are about the same value; `Debug`
/// therefore shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlindIndex([u8; 16]);

/// The blind index of a canonical value, asked of `mac` (the key store's HMAC-SHA-256).
pub fn blind_index<E>(
    mac: impl FnOnce(&[u8]) -> Result<[u8; 32], E>,
    column: &'static str,
    canonical: &[u8],
) -> Result<BlindIndex, E> {
    mac(&blind_message(column, canonical)).map(BlindIndex::from_mac)
}

/// The message whose MAC is the blind index: `"sekisho/blind/1"` ‖ len ‖ column ‖ value.
/// It holds the value in the clear and is wiped when dropped.
pub fn blind_message(column: &'static str, canonical: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = BLIND_DOMAIN.len() + 8 + column.len() + canonical.len();
    let mut out = Zeroizing::new(Vec::with_capacity(length));
    out.extend_from_slice(BLIND_DOMAIN);
    push_text(&mut out, column);
    out.extend_from_slice(canonical);
    out
}

/// The message whose MAC is a person's pseudonym in the ledger: `"sekisho/subject/1"` ‖ person.
pub fn subject_message(person: i64) -> [u8; 25] {
    let mut out = [0; 25];
    out[..17].copy_from_slice(SUBJECT_DOMAIN);
    out[17..].copy_from_slice(&person.to_be_bytes());
    out
}

impl BlindIndex {
    /// The first half of the key store's answer to [`blind_message`].
    pub fn from_mac(mac: [u8; 32]) -> Self {
        let mut out = [0; 16];
        out.copy_from_slice(&mac[..16]);
        Self(out)
    }

    /// The index read back from the store.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, as they are stored.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex(..)")
    }
}

const BLIND_DOMAIN: &[u8] = b"sekisho/blind/1";
const SUBJECT_DOMAIN: &[u8; 17] = b"sekisho/subject/1";

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn the_messages_are_fixed() {
        let message = blind_message("ab", b"c");
        assert_eq!(message[..], b"sekisho/blind/1\0\0\0\0\0\0\0\x02abc"[..]);
        assert_eq!(subject_message(258), *b"sekisho/subject/1\0\0\0\0\0\0\x01\x02");
    }

    #[test]
    fn a_value_cannot_wander_between_columns() {
        assert_ne!(blind_message("ab", b"c"), blind_message("a", b"bc"));
        assert_ne!(blind_message("a", b""), blind_message("", b"a"));
    }

    #[test]
    fn the_index_is_the_first_half_of_the_mac() {
        let mac: [u8; 32] = std::array::from_fn(|i| i as u8);
        let mut asked = Vec::new();
        let index = blind_index(
            |message| {
                asked = message.to_vec();
                Ok::<_, Infallible>(mac)
            },
            "ab",
            b"c",
        );
        let index = index.unwrap();
        assert_eq!(asked[..], blind_message("ab", b"c")[..]);
        assert_eq!(index.as_bytes()[..], mac[..16]);
        assert_eq!(BlindIndex::from_bytes(*index.as_bytes()), index);
        assert_eq!(format!("{index:?}"), "BlindIndex(..)");
    }

    #[test]
    fn a_refusal_of_the_key_store_is_passed_on() {
        assert_eq!(blind_index(|_| Err("no"), "ab", b"c"), Err("no"));
    }
}

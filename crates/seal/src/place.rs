//! Where a sealed value belongs. The place is bound into the seal: a value that is moved to
//! another row, column, table or data key generation no longer opens.
//!
//! The encodings open with a domain word and give every text its length, so that two different
//! places, or a place and a wrap, never share their bytes.

/// The home of a sealed value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// Row number within the table.
    pub row: i64,
    /// Generation of the data key that the value is sealed under.
    pub generation: u32,
}

/// The home of a wrapped data key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WrapPlace {
    /// The person whose data key it is.
    pub person: i64,
    /// Generation of the data key, counted per person.
    pub generation: u32,
}

impl Place {
    /// The bytes that a value sealed here is bound to:
    /// `"sekisho/value/1"` ‖ len ‖ table ‖ len ‖ column ‖ row ‖ generation, numbers big-endian.
    pub fn additional(&self) -> Vec<u8> {
        let texts = self.table.len() + self.column.len();
        let mut out = Vec::with_capacity(VALUE_DOMAIN.len() + texts + 28);
        out.extend_from_slice(VALUE_DOMAIN);
        push_text(&mut out, self.table);
        push_text(&mut out, self.column);
        out.extend_from_slice(&self.row.to_be_bytes());
        out.extend_from_slice(&self.generation.to_be_bytes());
        out
    }
}

impl WrapPlace {
    /// The bytes that a data key wrapped here is bound to:
    /// `"sekisho/wrap/1"` ‖ person ‖ generation ‖ epoch of the wrapping key, big-endian.
    pub fn additional(&self, epoch: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(WRAP_DOMAIN.len() + 16);
        out.extend_from_slice(WRAP_DOMAIN);
        out.extend_from_slice(&self.person.to_be_bytes());
        out.extend_from_slice(&self.generation.to_be_bytes());
        out.extend_from_slice(&epoch.to_be_bytes());
        out
    }
}

/// Appends the text after its length in bytes (64 bits, big-endian).
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u64).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

const VALUE_DOMAIN: &[u8] = b"sekisho/value/1";
const WRAP_DOMAIN: &[u8] = b"sekisho/wrap/1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_are_fixed() {
        let place = Place { table: "ab", column: "c", row: -2, generation: 3 };
        let expected = [
            &b"sekisho/value/1"[..],
            &[0, 0, 0, 0, 0, 0, 0, 2],
            b"ab",
            &[0, 0, 0, 0, 0, 0, 0, 1],
            b"c",
            &[255, 255, 255, 255, 255, 255, 255, 254],
            &[0, 0, 0, 3],
        ];
        assert_eq!(place.additional(), expected.concat());
        let wrap = WrapPlace { person: 258, generation: 1 };
        let expected =
            [&b"sekisho/wrap/1"[..], &[0, 0, 0, 0, 0, 0, 1, 2], &[0, 0, 0, 1], &[0, 0, 0, 9]];
        assert_eq!(wrap.additional(9), expected.concat());
    }

    #[test]
    fn letters_cannot_wander_between_table_and_column() {
        let places = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")];
        let encoded = places
            .map(|(table, column)| Place { table, column, row: 1, generation: 1 }.additional());
        for (i, one) in encoded.iter().enumerate() {
            assert!(encoded[i + 1..].iter().all(|other| other != one));
        }
    }
}

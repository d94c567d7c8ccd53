//! Object identifiers of strangers: of any size, compared by their bytes, shown dotted.

use std::fmt;

/// An object identifier as the contents of its encoding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Oid(Box<[u8]>);

impl Oid {
    /// Keeps contents that the reader found sound.
    pub(super) fn of(contents: &[u8]) -> Self {
        Self(contents.into())
    }

    pub(super) fn is(&self, contents: &[u8]) -> bool {
        *self.0 == *contents
    }
}

impl fmt::Display for Oid {
    /// Dotted; arcs beyond 64 bits as `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for arc in self.0.split_inclusive(|octet| octet & 0x80 == 0) {
            let value = if arc.len() > 9 {
                None
            } else {
                Some(arc.iter().fold(0_u64, |sum, octet| sum << 7 | u64::from(octet & 0x7f)))
            };
            match value {
                Some(value) if first => {
                    let root = (value / 40).min(2);
                    write!(f, "{root}.{}", value - 40 * root)?;
                }
                Some(value) => write!(f, ".{value}")?,
                None => f.write_str(".?")?,
            }
            first = false;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oids_are_shown_dotted() {
        let shown = |contents: &[u8]| Oid::of(contents).to_string();
        assert_eq!(shown(&[0x55, 0x1d, 0x20, 0]), "2.5.29.32.0");
        assert_eq!(shown(&[0x2a, 0x86, 0x48]), "1.2.840");
        assert_eq!(shown(&[0x88, 0x37, 1]), "2.999.1");
        assert_eq!(shown(&[&[0x2a], &[0xff; 9][..], &[0x7f, 1]].concat()), "1.2.?.1");
    }
}

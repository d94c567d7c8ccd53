//! Entry bundles of a tiled log: up to 256 entries, each after its length as two big-endian bytes.
//!
//! Owns the framing only; what an entry says is its own affair. Assumes bundles from outside may
//! be cut short or carry a rest, so reading ends with a refusal and never beyond the bytes.

use crate::tile::TileRefusal;

/// The entries of a bundle, in order. After a refusal nothing follows.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
}

/// Reads the entries of a bundle.
pub const fn entries(bundle: &[u8]) -> Entries<'_> {
    Entries { rest: bundle }
}

/// Puts entries behind those of a bundle under construction.
///
/// # Errors
/// [`TileRefusal::EntryLength`] for an entry over 65,535 bytes; the bundle is then unchanged.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TileRefusal> {
    let length = u16::try_from(entry.len()).map_err(|_| TileRefusal::EntryLength)?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Makes a bundle of entries.
///
/// # Errors
/// [`TileRefusal::EntryLength`] for an entry over 65,535 bytes.
pub fn encode<E: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = E>,
) -> Result<Vec<u8>, TileRefusal> {
    let mut bundle = Vec::new();
    for entry in entries {
        push_entry(&mut bundle, entry.as_ref())?;
    }
    Ok(bundle)
}

/// The first `width` entries of a bundle, as bytes; none if it holds fewer or is damaged before.
pub fn cut(bundle: &[u8], width: u16) -> Option<&[u8]> {
    let mut entries = entries(bundle);
    for _ in 0..width {
        entries.next()?.ok()?;
    }
    bundle.get(..bundle.len() - entries.rest.len())
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<&'a [u8], TileRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((entry, rest)) = split_entry(self.rest) else {
            self.rest = &[];
            return Some(Err(TileRefusal::BundleForm));
        };
        self.rest = rest;
        Some(Ok(entry))
    }
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Longest entry in bytes.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_is_two_big_endian_bytes() {
        let long = vec![b'x'; 258];
        let bundle = encode([&b""[..], b"ab", &long]).unwrap();
        assert_eq!(&bundle[..8], b"\0\0\0\x02ab\x01\x02");
        let read: Result<Vec<_>, _> = entries(&bundle).collect();
        assert_eq!(read.unwrap(), [&b""[..], b"ab", &long]);
        assert_eq!(cut(&bundle, 2), Some(&b"\0\0\0\x02ab"[..]));
        assert_eq!(cut(&bundle, 3), Some(&bundle[..]));
        assert_eq!(cut(&bundle, 4), None);
    }

    #[test]
    fn every_cut_within_an_entry_is_refused_once() {
        let bundle = encode([&b"abc"[..], b"defg"]).unwrap();
        for end in 0..bundle.len() {
            let read: Vec<_> = entries(&bundle[..end]).collect();
            let whole = [0, 5].contains(&end);
            assert_eq!(read.iter().all(Result::is_ok), whole, "{end}");
            assert_eq!(read.iter().filter(|r| r.is_err()).count(), usize::from(!whole));
        }
    }

    #[test]
    fn the_longest_entry_fits_and_no_longer() {
        let mut bundle = Vec::new();
        push_entry(&mut bundle, &vec![0; ENTRY_BYTES_MAX]).unwrap();
        let before = bundle.len();
        let refused = push_entry(&mut bundle, &vec![0; ENTRY_BYTES_MAX + 1]);
        assert_eq!(refused, Err(TileRefusal::EntryLength));
        assert_eq!(bundle.len(), before);
    }
}

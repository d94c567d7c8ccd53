//! Several texts in one sealed column, packed so that one list of fields has one encoding.
//!
//! The form is version byte ‖ (length ‖ UTF-8)*, the length in bytes as an unsigned LEB128 number
//! in as few bytes as it needs. Reading is strict: whatever `pack` could not have written is
//! refused. Meaning and order of the fields belong to the table that holds them.

use crate::SealRefusal;
use zeroize::Zeroizing;

/// Packs the fields in their order. The result is wiped when dropped.
pub fn pack<T: AsRef<str>>(fields: &[T]) -> Zeroizing<Vec<u8>> {
    let texts = || fields.iter().map(AsRef::as_ref);
    let length: usize = texts().map(|text| length_of(text.len()) + text.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(1 + length));
    out.push(VERSION);
    for text in texts() {
        push_length(&mut out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
    out
}

/// The fields, each wiped when dropped.
pub fn unpack(packed: &[u8]) -> Result<Vec<Zeroizing<String>>, SealRefusal> {
    read(packed)?.map(|field| field.map(|text| Zeroizing::new(text.to_owned()))).collect()
}

/// The fields, if there are exactly `N`.
pub fn unpack_exactly<const N: usize>(
    packed: &[u8],
) -> Result<[Zeroizing<String>; N], SealRefusal> {
    unpack(packed)?.try_into().map_err(|_| SealRefusal::Fields)
}

/// Reads the fields one by one in place. After a refusal nothing more is read.
pub fn read(packed: &[u8]) -> Result<Reader<'_>, SealRefusal> {
    match packed.split_first() {
        Some((&VERSION, rest)) => Ok(Reader { rest }),
        _ => Err(SealRefusal::Fields),
    }
}

/// An iterator over packed fields.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<&'a str, SealRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.take();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(SealRefusal::Fields))
    }
}

impl<'a> Reader<'a> {
    fn take(&mut self) -> Option<&'a str> {
        let length = self.take_length()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    fn take_length(&mut self) -> Option<usize> {
        let mut length = 0u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let digit = u64::from(byte & 0x7f);
            if digit << shift >> shift != digit || (byte == 0 && shift > 0) {
                return None;
            }
            length |= digit << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(length).ok();
            }
        }
        None
    }
}

fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// How many bytes a length takes.
fn length_of(length: usize) -> usize {
    (length.max(1).ilog2() / 7) as usize + 1
}

const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_fixed() {
        assert_eq!(pack::<&str>(&[])[..], [1]);
        assert_eq!(pack(&["", "a", "邉"])[..], [1, 0, 1, b'a', 3, 0xe9, 0x82, 0x89]);
        let long = "x".repeat(300);
        assert_eq!(pack(&[&long])[..3], [1, 0xac, 0x02]);
    }

    #[test]
    fn no_room_is_left_over() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_152] {
            let packed = pack(&["x".repeat(length)]);
            assert_eq!(packed.len(), 1 + length_of(length) + length);
            assert_eq!(unpack_exactly::<1>(&packed).unwrap()[0].len(), length);
        }
    }

    #[test]
    fn refusals() {
        let overlong = [1, 0x80, 0x00];
        let too_large = [[1].as_slice(), &[0xff; 9], &[0x02]].concat();
        let endless = [[1].as_slice(), &[0xff; 11]].concat();
        let beyond = [[1].as_slice(), &[0xff; 9], &[0x01]].concat();
        let cases: [&[u8]; 10] = [
            &[],
            &[0],
            &[2, 0],
            &[1, 1],
            &[1, 0x80],
            &[1, 1, 0xff],
            &overlong,
            &too_large,
            &endless,
            &beyond,
        ];
        for case in cases {
            assert_eq!(unpack(case), Err(SealRefusal::Fields), "{case:?}");
        }
    }

    #[test]
    fn nothing_is_read_after_a_refusal() {
        let mut reader = read(&[1, 1, 0xff, 1, b'a']).unwrap();
        assert_eq!(reader.next(), Some(Err(SealRefusal::Fields)));
        assert_eq!(reader.next(), None);
    }

    #[test]
    fn the_number_of_fields_is_held() {
        let packed = pack(&["a", "b"]);
        assert!(unpack_exactly::<2>(&packed).is_ok());
        assert_eq!(unpack_exactly::<1>(&packed), Err(SealRefusal::Fields));
        assert_eq!(unpack_exactly::<3>(&packed), Err(SealRefusal::Fields));
    }
}

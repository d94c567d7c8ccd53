//! A strict reader of DER (ITU-T X.690 chapter 10) that hands out slices of what it was given.
//!
//! Signatures are checked over bytes as received and names are compared as bytes, so nothing is
//! decoded and encoded again. Refused: indefinite and overlong lengths, tags above 30, trailing
//! bytes, integers and booleans in other than their one form.

use base::Moment;
use calendar::seconds_of;
use std::fmt;
use std::ops::Range;

/// Bytes that are not the DER that was expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

/// What remains to be read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// One element: its tag, its contents, and all of its bytes.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// An object identifier as the contents octets of its encoding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Oid(Box<[u8]>);

impl<'a> Reader<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Refuses what is left over.
    pub(super) const fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// The next element, whatever it is.
    pub(super) fn any(&mut self) -> Result<Element<'a>, Malformed> {
        let (&tag, &first) = self.rest.first().zip(self.rest.get(1)).ok_or(Malformed)?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let (head, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let digits = self.rest.get(2..2 + count).ok_or(Malformed)?;
                let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
                let shortest = length > 0x7f && digits[0] != 0;
                (2 + count, if shortest { length } else { return Err(Malformed) })
            }
            _ => return Err(Malformed),
        };
        let end = length.checked_add(head).ok_or(Malformed)?;
        let whole = self.rest.get(..end).ok_or(Malformed)?;
        self.rest = &self.rest[end..];
        Ok(Element { tag, value: &whole[head..], whole })
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        self.optional(tag)?.ok_or(Malformed)
    }

    /// The next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Malformed> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// The tag of the next element.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The contents of the SEQUENCE that comes next.
    pub(super) fn sequence(&mut self) -> Result<Self, Malformed> {
        Ok(Self::new(self.expect(SEQUENCE)?.value))
    }

    /// The contents of the INTEGER that comes next, in their shortest form.
    pub(super) fn integer(&mut self) -> Result<&'a [u8], Malformed> {
        integer(self.expect(INTEGER)?.value)
    }

    pub(super) fn oid(&mut self) -> Result<Oid, Malformed> {
        Oid::new(self.expect(OID)?.value)
    }

    /// A BOOLEAN that defaults to FALSE, which DER leaves out.
    pub(super) fn flag(&mut self, tag: u8) -> Result<bool, Malformed> {
        match self.optional(tag)? {
            None => Ok(false),
            Some(Element { value: [0xff], .. }) => Ok(true),
            Some(_) => Err(Malformed),
        }
    }

    /// A UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 writes them.
    pub(super) fn time(&mut self) -> Result<Moment, Malformed> {
        time(self.any()?)
    }

    pub(super) const fn is_time_next(&self) -> bool {
        matches!(self.rest.first(), Some(&(UTC_TIME | GENERALIZED_TIME)))
    }
}

impl<'a> Element<'a> {
    /// The octets of a BIT STRING of whole octets.
    pub(super) const fn octets(&self) -> Result<&'a [u8], Malformed> {
        match self.value {
            [0, octets @ ..] => Ok(octets),
            _ => Err(Malformed),
        }
    }
}

/// Where a part, handed out by a reader of `all`, stands in it.
pub(super) fn place_in(all: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - all.as_ptr().addr();
    start..start + part.len()
}

/// The one element that the bytes are, with nothing behind it.
pub(super) fn only(bytes: &[u8], tag: u8) -> Result<Element<'_>, Malformed> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag)?;
    reader.end()?;
    Ok(element)
}

/// Reads the contents of a SEQUENCE OF to their end, at least one of them.
pub(super) fn each<'a, T>(
    mut list: Reader<'a>,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut out = Vec::new();
    while !list.is_empty() {
        out.push(read(&mut list)?);
    }
    if out.is_empty() { Err(Malformed) } else { Ok(out) }
}

/// Checks that contents are those of an INTEGER in its shortest form.
pub(super) const fn integer(value: &[u8]) -> Result<&[u8], Malformed> {
    match value {
        [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Malformed),
        _ => Ok(value),
    }
}

/// An INTEGER that is not negative and not large: counts of certificates.
pub(super) fn count(value: &[u8]) -> Result<u32, Malformed> {
    match integer(value)? {
        [0x80..=0xff, ..] => Err(Malformed),
        // As many certificates as this are in no path.
        digits if digits.len() > 4 => Ok(u32::MAX),
        digits => Ok(digits.iter().fold(0, |sum, digit| sum << 8 | u32::from(*digit))),
    }
}

/// A BIT STRING of named bits: trailing zero bits are left out (X.690 §11.2.2). Bit 0 becomes the
/// lowest.
pub(super) fn named_bits(value: &[u8]) -> Result<u16, Malformed> {
    let (&unused, octets) = value.split_first().ok_or(Malformed)?;
    let tidy = match octets.last() {
        None => unused == 0,
        Some(last) => unused < 8 && last.trailing_zeros() == u32::from(unused),
    };
    if !tidy || octets.len() > 2 {
        return Err(Malformed);
    }
    let bits = octets.iter().enumerate();
    Ok(bits.fold(0, |sum, (at, octet)| sum | u16::from(octet.reverse_bits()) << (8 * at)))
}

fn time(element: Element<'_>) -> Result<Moment, Malformed> {
    let text = element.value.strip_suffix(b"Z").ok_or(Malformed)?;
    let (century, text) = match element.tag {
        UTC_TIME if text.len() == 12 => (if two(text)? < 50 { 2000 } else { 1900 }, text),
        GENERALIZED_TIME if text.len() == 14 => (two(text)? * 100, &text[2..]),
        _ => return Err(Malformed),
    };
    let mut fields = [0; 6];
    for (field, digits) in fields.iter_mut().zip(text.chunks_exact(2)) {
        *field = two(digits)?;
    }
    fields[0] += century;
    let seconds = seconds_of(fields).ok_or(Malformed)?;
    Ok(Moment::from_us(seconds * 1_000_000))
}

fn two(digits: &[u8]) -> Result<i64, Malformed> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => {
            Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        }
        _ => Err(Malformed),
    }
}

impl Oid {
    fn new(contents: &[u8]) -> Result<Self, Malformed> {
        Self::check(contents).map(Self::from_contents)
    }

    /// Checks contents that are kept as they are.
    pub(super) fn check(contents: &[u8]) -> Result<&[u8], Malformed> {
        // No arc begins with a zero group, and the last octet ends an arc.
        let mut start = true;
        for octet in contents {
            if start && *octet == 0x80 {
                return Err(Malformed);
            }
            start = octet & 0x80 == 0;
        }
        if contents.is_empty() || !start { Err(Malformed) } else { Ok(contents) }
    }

    pub(super) fn is(&self, contents: &[u8]) -> bool {
        *self.0 == *contents
    }

    pub(super) fn from_contents(contents: &[u8]) -> Self {
        Self(contents.into())
    }

    pub(super) fn contents(&self) -> &[u8] {
        &self.0
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

/// The calendar, by arithmetic alone.
mod calendar {
    /// Seconds since 1970 of year, month, day, hour, minute and second (UTC, proleptic Gregorian).
    pub(super) fn seconds_of([year, month, day, hour, minute, second]: [i64; 6]) -> Option<i64> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days_of_month = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        let whole = (1..=days_of_month).contains(&day) && hour < 24 && minute < 60 && second < 60;
        if !whole {
            return None;
        }
        // Years begin in March, so that the leap day is the last of its year.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let era_days =
            365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = era_days + (153 * month + 2) / 5 + day - 1 - DAYS_TO_1970;
        Some(((days * 24 + hour) * 60 + minute) * 60 + second)
    }

    /// Days from 0000-03-01 to 1970-01-01.
    const DAYS_TO_1970: i64 = 719_468;
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// A context-specific tag of a primitive value.
pub(super) const fn tagged(number: u8) -> u8 {
    0x80 | number
}

/// A context-specific tag of a constructed value.
pub(super) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_form() {
        let read = |bytes: &[u8]| Reader::new(bytes).any().map(|element| element.value.len());
        assert_eq!(read(&[0x30, 0]), Ok(0));
        let long = [&[0x04, 0x81, 0x80][..], &[0; 128]].concat();
        assert_eq!(read(&long), Ok(128));
        for wrong in [
            &[0x30][..],
            &[0x30, 0x80, 0, 0],
            &[0x30, 1],
            &[0x30, 0x81, 1, 0],
            &[0x30, 0x82, 0, 0x80],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x1f, 0x81, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(read(wrong), Err(Malformed), "{wrong:x?}");
        }
        assert!(only(&[0x30, 0, 0], SEQUENCE).is_err());
    }

    #[test]
    fn integers_and_bits_have_one_form() {
        for good in [&[0][..], &[0x7f], &[0, 0x80], &[0x80], &[0xff, 0x7f]] {
            assert_eq!(integer(good), Ok(good));
        }
        for wrong in [&[][..], &[0, 1], &[0, 0x7f], &[0xff, 0x80], &[0xff, 0xff]] {
            assert!(integer(wrong).is_err(), "{wrong:x?}");
        }
        assert_eq!((count(&[0]), count(&[1, 0])), (Ok(0), Ok(256)));
        assert_eq!((count(&[0xff]), count(&[1, 0, 0, 0, 0])), (Err(Malformed), Ok(u32::MAX)));
        // keyCertSign and cRLSign; decipherOnly alone.
        assert_eq!(named_bits(&[1, 0x06]), Ok(1 << 5 | 1 << 6));
        assert_eq!(named_bits(&[7, 0, 0x80]), Ok(1 << 8));
        for wrong in [&[][..], &[1], &[0, 0x06], &[2, 0x06], &[8, 0], &[0, 1, 1, 1]] {
            assert!(named_bits(wrong).is_err(), "{wrong:x?}");
        }
    }

    #[test]
    fn times_are_whole_seconds_of_real_days() {
        let read = |tag: u8, text: &str| {
            let bytes = [&[tag, text.len() as u8], text.as_bytes()].concat();
            Reader::new(&bytes).time().map(|moment| moment.to_string())
        };
        let good = |tag, text, shown: &str| assert_eq!(read(tag, text), Ok(shown.to_owned()));
        good(UTC_TIME, "700101000000Z", "1970-01-01T00:00:00Z");
        good(UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z");
        good(UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z");
        good(UTC_TIME, "240229120000Z", "2024-02-29T12:00:00Z");
        good(GENERALIZED_TIME, "20000229000000Z", "2000-02-29T00:00:00Z");
        good(GENERALIZED_TIME, "99991230000000Z", "9999-12-30T00:00:00Z");
        for wrong in [
            "7001010000Z",
            "700101000000",
            "700101000000+0000",
            "230229000000Z",
            "700001000000Z",
            "701301000000Z",
            "700100000000Z",
            "700101240000Z",
            "700101006000Z",
            "700101000060Z",
            "70010100000 Z",
        ] {
            assert_eq!(read(UTC_TIME, wrong), Err(Malformed), "{wrong}");
        }
        for wrong in ["19000229000000Z", "20000101000000.5Z", "700101000000Z"] {
            assert_eq!(read(GENERALIZED_TIME, wrong), Err(Malformed), "{wrong}");
        }
    }

    #[test]
    fn oids_are_shown_dotted() {
        let shown = |contents: &[u8]| Oid::new(contents).map(|oid| oid.to_string());
        assert_eq!(shown(&[0x55, 0x1d, 0x20, 0]), Ok("2.5.29.32.0".into()));
        assert_eq!(shown(&[0x2a, 0x86, 0x48]), Ok("1.2.840".into()));
        assert_eq!(shown(&[0x88, 0x37, 1]), Ok("2.999.1".into()));
        for wrong in [&[][..], &[0x2a, 0x80, 1], &[0x2a, 0x86]] {
            assert_eq!(shown(wrong), Err(Malformed), "{wrong:x?}");
        }
    }
}

//! Reading DER strictly, without copying: every value is a slice of what was handed in.
//!
//! Only what DER allows is taken (ITU-T X.690 chapter 10): definite lengths in their shortest form,
//! tags of one byte, integers without needless bytes. Nothing here recurses, so deeply nested input
//! costs no stack.

use crate::encode::tag;
use base::Moment;
use const_oid::ObjectIdentifier;
use std::fmt;

/// Why bytes are not the DER that was expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DerFault {
    /// Ends before its length says.
    Truncated,
    /// Bytes after the end of a value.
    Trailing,
    /// An indefinite length, which BER alone knows.
    IndefiniteLength,
    /// A length in more bytes than it needs, or beyond four bytes.
    Length,
    /// Another tag than the one that belongs there.
    Tag,
    /// An INTEGER in more bytes than it needs, without any, or longer than any that belongs there.
    Integer,
    /// A value that its type does not have: a truth value other than 00 and FF, a broken time.
    Value,
}

/// What is left to be read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

/// One value: its tag, its contents, and both with the length between them.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
    pub(crate) whole: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The contents of the one value of this tag that the bytes are.
    pub(crate) fn only(bytes: &'a [u8], tag: u8) -> Result<&'a [u8], DerFault> {
        let mut reader = Self(bytes);
        let contents = reader.take(tag)?;
        reader.end()?;
        Ok(contents)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Nothing may be left.
    pub(crate) const fn end(self) -> Result<(), DerFault> {
        if self.0.is_empty() { Ok(()) } else { Err(DerFault::Trailing) }
    }

    /// The next value, whatever it is.
    pub(crate) fn any(&mut self) -> Result<Value<'a>, DerFault> {
        let (&tag, rest) = self.0.split_first().ok_or(DerFault::Truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(DerFault::Tag);
        }
        let (length, rest) = length(rest)?;
        let contents = rest.get(..length).ok_or(DerFault::Truncated)?;
        let (whole, rest) = self.0.split_at(self.0.len() - (rest.len() - length));
        self.0 = rest;
        Ok(Value { tag, contents, whole })
    }

    /// The contents of the next value, which has this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<&'a [u8], DerFault> {
        Ok(self.whole(tag)?.contents)
    }

    /// The next value, which has this tag.
    pub(crate) fn whole(&mut self, tag: u8) -> Result<Value<'a>, DerFault> {
        // The tag is judged first: what is of another kind need not be whole.
        match self.0.first() {
            Some(first) if *first == tag => self.any(),
            Some(_) => Err(DerFault::Tag),
            None => Err(DerFault::Truncated),
        }
    }

    /// Whether the next value has this tag.
    pub(crate) fn is_next(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The contents of the next value if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, DerFault> {
        if self.is_next(tag) { self.take(tag).map(Some) } else { Ok(None) }
    }

    /// A SEQUENCE, to be read on its own.
    pub(crate) fn sequence(&mut self) -> Result<Self, DerFault> {
        self.take(tag::SEQUENCE).map(Self)
    }

    /// The contents of an INTEGER in its shortest form, of at most `bytes_max` bytes.
    pub(crate) fn integer(&mut self, bytes_max: usize) -> Result<&'a [u8], DerFault> {
        let contents = self.take(tag::INTEGER)?;
        shortest_integer(contents, bytes_max)?;
        Ok(contents)
    }

    /// The same, if an INTEGER comes next.
    pub(crate) fn optional_integer(
        &mut self,
        bytes_max: usize,
    ) -> Result<Option<&'a [u8]>, DerFault> {
        if self.is_next(tag::INTEGER) { self.integer(bytes_max).map(Some) } else { Ok(None) }
    }

    /// Reads a SEQUENCE OF or SET OF to its end: at least one.
    pub(crate) fn each<T>(
        mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, DerFault>,
    ) -> Result<Vec<T>, DerFault> {
        let mut out = Vec::new();
        while !self.is_empty() {
            out.push(read(&mut self)?);
        }
        if out.is_empty() { Err(DerFault::Value) } else { Ok(out) }
    }

    /// A BOOLEAN that is FALSE if it is left out, and then must be left out.
    pub(crate) fn flag(&mut self) -> Result<bool, DerFault> {
        self.flag_as(tag::BOOLEAN)
    }

    /// The same under another, implicit tag.
    pub(crate) fn flag_as(&mut self, tag: u8) -> Result<bool, DerFault> {
        match self.optional(tag)? {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(DerFault::Value),
        }
    }

    /// The bytes of a BIT STRING without unused bits.
    pub(crate) fn whole_bits(&mut self) -> Result<&'a [u8], DerFault> {
        match bits(self.take(tag::BIT_STRING)?)? {
            (0, bytes) => Ok(bytes),
            _ => Err(DerFault::Value),
        }
    }

    /// The bytes of the BIT STRING around a certificate's or list's signature. One with unused bits
    /// is sound DER and no algorithm's signature: it is read as one of no bytes, which is nobody's.
    pub(crate) fn signature(&mut self) -> Result<&'a [u8], DerFault> {
        match bits(self.take(tag::BIT_STRING)?)? {
            (0, bytes) => Ok(bytes),
            _ => Ok(&[]),
        }
    }

    /// A UTCTime or GeneralizedTime of RFC 5280 §4.1.2.5: in UTC, in whole seconds.
    pub(crate) fn time(&mut self) -> Result<Moment, DerFault> {
        let value = self.any()?;
        match value.tag {
            tag::UTC_TIME => utc_time(value.contents),
            tag::GENERALIZED_TIME => generalized_time(value.contents),
            _ => Err(DerFault::Tag),
        }
    }

    /// The same, if a time comes next.
    pub(crate) fn optional_time(&mut self) -> Result<Option<Moment>, DerFault> {
        let comes = self.is_next(tag::UTC_TIME) || self.is_next(tag::GENERALIZED_TIME);
        if comes { self.time().map(Some) } else { Ok(None) }
    }

    /// An OBJECT IDENTIFIER as it stands: big numbers in it are no fault of the encoding.
    pub(crate) fn oid(&mut self) -> Result<&'a [u8], DerFault> {
        let contents = self.take(tag::OID)?;
        // Every number ends with a byte whose top bit is clear, and begins with another than 80.
        let ends = contents.last().is_some_and(|last| last & 0x80 == 0);
        let starts = [0].iter().chain(contents).zip(contents);
        let padded = starts.clone().any(|(before, byte)| before & 0x80 == 0 && *byte == 0x80);
        if ends && !padded { Ok(contents) } else { Err(DerFault::Value) }
    }

    /// An OBJECT IDENTIFIER of numbers below 2³².
    pub(crate) fn small_oid(&mut self) -> Result<ObjectIdentifier, DerFault> {
        ObjectIdentifier::from_bytes(self.oid()?).map_err(|_| DerFault::Value)
    }
}

impl DerFault {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Truncated => "der_truncated",
            Self::Trailing => "der_trailing_bytes",
            Self::IndefiniteLength => "der_indefinite_length",
            Self::Length => "der_length",
            Self::Tag => "der_tag",
            Self::Integer => "der_integer",
            Self::Value => "der_value",
        }
    }
}

impl fmt::Display for DerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "ends before its length says",
            Self::Trailing => "bytes after the end of a value",
            Self::IndefiniteLength => "an indefinite length, which DER does not know",
            Self::Length => "a length in more bytes than it needs",
            Self::Tag => "another type than the one that belongs there",
            Self::Integer => "an integer in more bytes than it needs or than belong there",
            Self::Value => "a value that its type does not have",
        })
    }
}

impl std::error::Error for DerFault {}

/// Whether these contents of an INTEGER are in their shortest form and not too long.
pub(crate) fn shortest_integer(contents: &[u8], bytes_max: usize) -> Result<(), DerFault> {
    let padded = match contents {
        [] => true,
        [0x00, second, ..] => second & 0x80 == 0,
        [0xff, second, ..] => second & 0x80 != 0,
        _ => false,
    };
    if padded || contents.len() > bytes_max { Err(DerFault::Integer) } else { Ok(()) }
}

/// The contents of a BIT STRING of named bits, of which there are at most 16: bit 0 becomes the top
/// one. Zeros at the end are left out (X.690 §11.2.2).
pub(crate) fn named_bits(contents: &[u8]) -> Result<u16, DerFault> {
    let (unused, bytes) = bits(contents)?;
    let tidy = bytes.last().is_none_or(|last| last.trailing_zeros() == u32::from(unused));
    match *bytes {
        _ if !tidy => Err(DerFault::Value),
        [] => Ok(0),
        [first] => Ok(u16::from_be_bytes([first, 0])),
        [first, second] => Ok(u16::from_be_bytes([first, second])),
        _ => Err(DerFault::Value),
    }
}

/// How many bits of a BIT STRING's last byte say nothing, which are zeros (X.690 §11.2.1), and its
/// bytes.
fn bits(contents: &[u8]) -> Result<(u8, &[u8]), DerFault> {
    let (&unused, bytes) = contents.split_first().ok_or(DerFault::Value)?;
    let zeros = bytes.last().map_or(0, |last| last.trailing_zeros());
    if unused < 8 && u32::from(unused) <= zeros {
        Ok((unused, bytes))
    } else {
        Err(DerFault::Value)
    }
}

/// The contents of a GeneralizedTime in UTC and whole seconds.
pub(crate) fn generalized_time(contents: &[u8]) -> Result<Moment, DerFault> {
    let (century, rest) = contents.split_at_checked(2).ok_or(DerFault::Value)?;
    year_and_rest(digits(century)? * 100, rest)
}

fn utc_time(contents: &[u8]) -> Result<Moment, DerFault> {
    let year = digits(contents.get(..2).ok_or(DerFault::Value)?)?;
    year_and_rest(if year < 50 { 2000 } else { 1900 }, contents)
}

/// `YYMMDDhhmmssZ` of a century.
fn year_and_rest(century: i64, text: &[u8]) -> Result<Moment, DerFault> {
    if text.len() != 13 || text[12] != b'Z' {
        return Err(DerFault::Value);
    }
    let mut parts = [0; 6];
    for (part, pair) in parts.iter_mut().zip(text.chunks_exact(2)) {
        *part = digits(pair)?;
    }
    let [year, month, day, hour, minute, second] = parts;
    let year = century + year;
    let sound = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !sound {
        return Err(DerFault::Value);
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Ok(Moment::from_us(seconds * 1_000_000))
}

fn digits(text: &[u8]) -> Result<i64, DerFault> {
    text.iter().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Ok(number * 10 + i64::from(byte - b'0')),
        _ => Err(DerFault::Value),
    })
}

const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, counted in years that begin on 1 March.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The length at the start, and what follows it.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), DerFault> {
    let (&first, rest) = bytes.split_first().ok_or(DerFault::Truncated)?;
    match first {
        0..=0x7f => Ok((usize::from(first), rest)),
        0x80 => Err(DerFault::IndefiniteLength),
        0x81..=0x84 => {
            let (digits, rest) =
                rest.split_at_checked(usize::from(first & 0x7f)).ok_or(DerFault::Truncated)?;
            let length = digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            if digits[0] == 0 || length < 0x80 {
                return Err(DerFault::Length);
            }
            Ok((length, rest))
        }
        _ => Err(DerFault::Length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode;
    use proptest::prelude::*;

    #[test]
    fn lengths_have_one_form() {
        let fault = |bytes: &[u8]| Reader::new(bytes).any().map(|_| ()).unwrap_err();
        assert_eq!(fault(&[]), DerFault::Truncated);
        assert_eq!(fault(&[0x04]), DerFault::Truncated);
        assert_eq!(fault(&[0x04, 1]), DerFault::Truncated);
        assert_eq!(fault(&[0x30, 0x80, 0, 0]), DerFault::IndefiniteLength);
        assert_eq!(fault(&[0x04, 0x81, 1, 0]), DerFault::Length);
        assert_eq!(fault(&[0x04, 0x82, 0, 0x80]), DerFault::Length);
        assert_eq!(fault(&[0x04, 0x85, 1, 0, 0, 0, 0]), DerFault::Length);
        assert_eq!(fault(&[0x04, 0xff]), DerFault::Length);
        assert_eq!(fault(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff]), DerFault::Truncated);
        assert_eq!(fault(&[0x1f, 0x81, 1, 0]), DerFault::Tag);
        let two = [4, 1, 7, 5, 0];
        assert_eq!(Reader::only(&two, 4), Err(DerFault::Trailing));
        assert_eq!(Reader::only(&two[..3], 4), Ok(&[7][..]));
        assert_eq!(Reader::only(&two[..3], 2), Err(DerFault::Tag));
    }

    #[test]
    fn bits_have_one_form() {
        // keyCertSign and cRLSign; decipherOnly alone; none.
        assert_eq!(named_bits(&[1, 0x06]), Ok(0x0600));
        assert_eq!(named_bits(&[7, 0, 0x80]), Ok(0x0080));
        assert_eq!(named_bits(&[0]), Ok(0));
        for bad in [&[][..], &[1], &[0, 0x06], &[2, 0x06], &[8, 0], &[0, 0], &[0, 1, 1, 1]] {
            assert_eq!(named_bits(bad), Err(DerFault::Value), "{bad:x?}");
        }
        let [whole, part] = [[3, 2, 0, 0xfe], [3, 2, 1, 0xfe]];
        assert_eq!(Reader::new(&whole).whole_bits(), Ok(&[0xfe][..]));
        assert_eq!(Reader::new(&whole).signature(), Ok(&[0xfe][..]));
        assert_eq!(Reader::new(&part).whole_bits(), Err(DerFault::Value));
        assert_eq!(Reader::new(&part).signature(), Ok(&[][..]));
        for bad in [&[3, 0][..], &[3, 1, 1], &[3, 2, 1, 0xff], &[3, 2, 8, 0]] {
            assert_eq!(Reader::new(bad).signature(), Err(DerFault::Value), "{bad:x?}");
        }
    }

    #[test]
    fn integers_truth_values_and_identifiers_have_one_form() {
        let integer = |bytes: &[u8]| Reader::new(bytes).integer(4).map(|_| ());
        assert_eq!(integer(&[2, 1, 0]), Ok(()));
        assert_eq!(integer(&[2, 2, 0, 0x80]), Ok(()));
        assert_eq!(integer(&[2, 1, 0x80]), Ok(()));
        for bad in [&[2, 0][..], &[2, 2, 0, 0x7f], &[2, 2, 0xff, 0x80], &[2, 5, 1, 2, 3, 4, 5]] {
            assert_eq!(integer(bad), Err(DerFault::Integer));
        }
        let flag = |bytes: &[u8]| Reader::new(bytes).flag();
        assert_eq!(flag(&[]), Ok(false));
        assert_eq!(flag(&[1, 1, 0xff]), Ok(true));
        assert_eq!(flag(&[1, 1, 0]), Err(DerFault::Value));
        assert_eq!(flag(&[1, 1, 1]), Err(DerFault::Value));
        let each = |bytes: &[u8]| Reader::new(bytes).each(|list| list.oid().map(<[u8]>::len));
        assert_eq!(each(&[6, 1, 0x29, 6, 2, 0x2a, 3]), Ok(vec![1, 2]));
        assert_eq!(each(&[6, 1, 0x29, 5, 0]), Err(DerFault::Tag));
        assert_eq!(each(&[]), Err(DerFault::Value));
        let oid = |bytes: &[u8]| Reader::new(bytes).oid().map(<[u8]>::len);
        assert_eq!(oid(&[6, 3, 0x55, 0x1d, 0x0f]), Ok(3));
        for bad in [&[6, 0][..], &[6, 1, 0x80], &[6, 2, 0x55, 0x80], &[6, 3, 0x55, 0x80, 0x01]] {
            assert_eq!(oid(bad), Err(DerFault::Value), "{bad:?}");
        }
    }

    #[test]
    fn times_that_no_calendar_has_are_refused() {
        for bad in [
            "261321000000Z",
            "260132000000Z",
            "260229000000Z",
            "260101240000Z",
            "260101006000Z",
            "260101000060Z",
            "260100000000Z",
            "2601010000Z",
            "260101000000+0900",
            "26010100000xZ",
            "",
            "2",
            "260101000000",
        ] {
            let mut der = Vec::new();
            encode::value(&mut der, tag::UTC_TIME, bad.as_bytes());
            assert_eq!(Reader::new(&der).time(), Err(DerFault::Value), "{bad}");
        }
        for bad in ["21000229000000Z", "20260101000000.5Z", "202601010000Z", "2"] {
            assert_eq!(generalized_time(bad.as_bytes()), Err(DerFault::Value), "{bad}");
        }
        assert!(generalized_time(b"24000229000000Z").is_ok());
    }

    proptest! {
        #[test]
        fn times_read_back(seconds in -62_167_219_200_i64..=253_402_300_799) {
            let at = Moment::from_us(seconds * 1_000_000);
            let mut der = Vec::new();
            encode::time(&mut der, at);
            prop_assert_eq!(Reader::new(&der).time(), Ok(at));
        }

        #[test]
        fn values_are_slices_that_join_to_the_whole(bytes in any::<Vec<u8>>()) {
            let mut reader = Reader::new(&bytes);
            let mut read = 0;
            while let Ok(value) = reader.any() {
                prop_assert_eq!(&bytes[read..read + value.whole.len()], value.whole);
                prop_assert!(value.whole.ends_with(value.contents));
                let mut again = Vec::new();
                encode::value(&mut again, value.tag, value.contents);
                prop_assert_eq!(again, value.whole);
                read += value.whole.len();
            }
        }
    }
}

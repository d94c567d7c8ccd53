//! The common names of subjects.
//!
//! A signature certificate is named by when and where it was asked for, an authentication
//! certificate by chance and where. Neither says who the holder is.

use crate::{
    content::{AUTHENTICATION_NAME_LENGTH, CertificateKind, SIGNATURE_NAME_LENGTH, SubjectName},
    romaji,
};
use base::{Entropy, Moment};
use jiff::{Timestamp, tz::TimeZone};
use numbers::LocalGovernmentCode;
use std::{fmt, str::FromStr};

/// The office that took the request (受付窓口): nine characters, of which the first five are the
/// code of its municipality without check digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Office {
    municipality: LocalGovernmentCode,
    suffix: OfficeSuffix,
}

/// The last four characters of an office: digits and upper-case letters. `003A` if nothing else is
/// said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfficeSuffix([u8; 4]);

/// The text is not four digits and upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfficeSuffixRefusal;

/// The place of a request among those of its second: 0 to 99,999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestSequence(u32);

impl SubjectName {
    /// The subject of a signature certificate: C=JP with prefecture and municipality as L=, and as
    /// CN= the time of the request in Japan (`YYYYMMDDhhmmss`), its sequence and its office. `None`
    /// where no municipality has the office's code.
    pub fn of_signature(
        requested: Moment,
        sequence: RequestSequence,
        office: Office,
    ) -> Option<Self> {
        let locality = Some(romaji::locality(office.municipality)?);
        let common_name = format!("{}{:05}{office}", japanese_time(requested), sequence.0);
        debug_assert_eq!(common_name.len(), SIGNATURE_NAME_LENGTH);
        Some(Self { locality, common_name })
    }

    /// The subject of an authentication certificate: C=JP, and as CN= fourteen characters drawn
    /// from `entropy` (72 bits) and the office.
    pub fn of_authentication(entropy: &mut impl Entropy, office: Office) -> Self {
        let mut common_name: String = (0..DRAWN).map(|_| draw(entropy)).collect();
        common_name.push_str(&office.to_string());
        debug_assert_eq!(common_name.len(), AUTHENTICATION_NAME_LENGTH);
        Self { locality: None, common_name }
    }

    /// The kind of certificate that has a subject of this form.
    pub const fn kind(&self) -> CertificateKind {
        match self.locality {
            Some(_) => CertificateKind::Signature,
            None => CertificateKind::Authentication,
        }
    }
}

impl Office {
    /// An office of a municipality.
    pub const fn new(municipality: LocalGovernmentCode, suffix: OfficeSuffix) -> Self {
        Self { municipality, suffix }
    }

    /// The municipality it belongs to.
    pub const fn municipality(self) -> LocalGovernmentCode {
        self.municipality
    }
}

impl RequestSequence {
    /// The sequence `value`; `None` from 100,000 on.
    pub const fn new(value: u32) -> Option<Self> {
        if value < 100_000 { Some(Self(value)) } else { None }
    }

    /// The number.
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl Default for OfficeSuffix {
    fn default() -> Self {
        Self(*b"003A")
    }
}

impl FromStr for OfficeSuffix {
    type Err = OfficeSuffixRefusal;

    fn from_str(text: &str) -> Result<Self, OfficeSuffixRefusal> {
        let signs: [u8; 4] = text.as_bytes().try_into().map_err(|_| OfficeSuffixRefusal)?;
        let fits = signs.iter().all(|sign| ALPHABET.contains(sign));
        fits.then_some(Self(signs)).ok_or(OfficeSuffixRefusal)
    }
}

impl OfficeSuffixRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "office_suffix"
    }
}

impl fmt::Display for OfficeSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|sign| write!(f, "{}", char::from(*sign)))
    }
}

impl fmt::Debug for OfficeSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OfficeSuffix({self})")
    }
}

impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}{}", self.municipality.five_u32(), self.suffix)
    }
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Office({self})")
    }
}

impl fmt::Display for OfficeSuffixRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for OfficeSuffixRefusal {}

fn japanese_time(at: Moment) -> String {
    let japan = TimeZone::fixed(jiff::tz::offset(9));
    let at = Timestamp::from_second(at.seconds()).unwrap_or_default().to_zoned(japan);
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

/// One character of the alphabet, each as likely as any other: bytes beyond the last multiple of
/// its length are drawn again.
fn draw(entropy: &mut impl Entropy) -> char {
    loop {
        let [byte] = entropy.bytes::<1>();
        if usize::from(byte) < ALPHABET.len() * (256 / ALPHABET.len()) {
            return char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]);
        }
    }
}

const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DRAWN: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, out: &mut [u8]) {
            for byte in out {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    fn office(code: &str) -> Office {
        Office::new(code.parse().unwrap(), OfficeSuffix::default())
    }

    fn moment(text: &str) -> Moment {
        Moment::from_us(text.parse::<Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn a_signature_subject_says_when_and_where() {
        let at = moment("2025-10-26T23:05:09.999999Z");
        let sequence = RequestSequence::new(42).unwrap();
        let subject = SubjectName::of_signature(at, sequence, office("132217")).unwrap();
        assert_eq!(subject.common_name, "202510270805090004213221003A");
        assert_eq!(subject.common_name.len(), SIGNATURE_NAME_LENGTH);
        let locality = subject.locality.as_ref().unwrap();
        assert_eq!((&*locality.prefecture, &*locality.municipality), ("Tokyo-to", "Kiyose-shi"));
        assert_eq!(subject.kind(), CertificateKind::Signature);
    }

    #[test]
    fn codes_keep_their_leading_zero() {
        let subject = SubjectName::of_authentication(&mut Counting(0), office("011011"));
        assert_eq!(subject.common_name, "0123456789ABCD01101003A");
        assert_eq!(subject.common_name.len(), AUTHENTICATION_NAME_LENGTH);
        assert_eq!((subject.locality.is_none(), subject.kind()), (true, CertificateKind::ALL[1]));
    }

    #[test]
    fn what_would_favour_some_characters_is_drawn_again() {
        let subject = SubjectName::of_authentication(&mut Counting(250), office("131016"));
        assert_eq!(&subject.common_name[..14], "YZ0123456789AB");
    }

    #[test]
    fn every_character_is_drawn_equally_often() {
        let mut counts = [0_u32; 36];
        let mut entropy = Counting(0);
        for _ in 0..252 {
            let drawn = draw(&mut entropy) as u8;
            counts[ALPHABET.iter().position(|sign| *sign == drawn).unwrap()] += 1;
        }
        assert_eq!(counts, [7; 36]);
    }

    #[test]
    fn places_without_a_register_have_no_subject() {
        let sequence = RequestSequence::new(0).unwrap();
        let prefecture = SubjectName::of_signature(moment("2026-01-01T00:00:00Z"), sequence, {
            office("130001")
        });
        assert_eq!(prefecture, None);
    }

    #[test]
    fn suffixes_and_sequences_have_their_gate() {
        for text in ["003A", "0000", "ZZZZ"] {
            assert_eq!(text.parse::<OfficeSuffix>().unwrap().to_string(), text);
        }
        for text in ["", "003", "003a", "003-A", "00３A", "0 3A"] {
            assert_eq!(text.parse::<OfficeSuffix>(), Err(OfficeSuffixRefusal), "{text}");
        }
        assert_eq!(RequestSequence::new(99_999).map(RequestSequence::value), Some(99_999));
        assert_eq!(RequestSequence::new(100_000), None);
    }
}

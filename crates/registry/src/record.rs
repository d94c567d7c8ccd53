//! A resident's record: the four basic items with reading and postal code.
//!
//! Holds text exactly as the municipality wrote it: no normalisation, every variation selector
//! kept. Assumes that the texts came through the gate of the feed or out of the store.

use crate::canonical::Canonical;
use base::{Date, Personal};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// What is held of a resident besides the codes (Basic Resident Register Act art. 30-6: name,
/// birth date, sex, address; the reading since 2025-05-26, art. 7 item 1-2).
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentRecord {
    /// The name in its original characters.
    pub name: Personal,
    /// The reading. Empty where none is registered, as for many foreign residents.
    pub name_kana: Personal,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex as registered.
    pub sex: Sex,
    /// Postal code of the address.
    pub postal_code: Option<PostalCode>,
    /// The address in its original characters.
    pub address: Personal,
}

/// Sex as registered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
    /// Not stated.
    Unknown,
}

/// The text is not one of the three words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SexRefusal;

/// A postal code of seven digits. Part of an address, so it does not show itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostalCode(u32);

/// The text is not seven digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PostalCodeRefusal;

impl ResidentRecord {
    /// The one byte string of this record, for keyed digests.
    pub fn canonical_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut canonical = Canonical::new("sekisho.resident-record.v1", self.canonical_size());
        self.write(&mut canonical);
        canonical.bytes()
    }

    pub(crate) fn write(&self, canonical: &mut Canonical) {
        canonical.text(self.name.reveal());
        canonical.text(self.name_kana.reveal());
        canonical.text(&date_text(self.birth_date));
        canonical.text(self.sex.word());
        canonical.present(self.postal_code.is_some());
        if let Some(code) = self.postal_code {
            canonical.number(u64::from(code.0));
        }
        canonical.text(self.address.reveal());
    }

    pub(crate) fn canonical_size(&self) -> usize {
        let texts = [&self.name, &self.name_kana, &self.address];
        texts.iter().map(|text| text.reveal().len() + 4).sum::<usize>() + 64
    }
}

impl fmt::Debug for ResidentRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentRecord(..)")
    }
}

impl Sex {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Male, Self::Female, Self::Unknown];

    /// The word of the feed and the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for Sex {
    type Err = SexRefusal;

    fn from_str(text: &str) -> Result<Self, SexRefusal> {
        Self::ALL.into_iter().find(|sex| sex.word() == text).ok_or(SexRefusal)
    }
}

impl SexRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "feed_sex"
    }
}

impl PostalCode {
    /// The seven digits.
    pub fn reveal(self) -> String {
        format!("{:07}", self.0)
    }
}

impl FromStr for PostalCode {
    type Err = PostalCodeRefusal;

    fn from_str(text: &str) -> Result<Self, PostalCodeRefusal> {
        if text.len() != 7 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PostalCodeRefusal);
        }
        text.parse().map(Self).map_err(|_| PostalCodeRefusal)
    }
}

impl PostalCodeRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "feed_postal_code"
    }
}

impl fmt::Debug for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostalCode(..)")
    }
}

/// `YYYY-MM-DD`, for the years 0 to 9999 that the feed takes.
pub(crate) fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn record() -> ResidentRecord {
        ResidentRecord {
            name: Personal::new("山田　太郎"),
            name_kana: Personal::new("ヤマダ　タロウ"),
            birth_date: jiff_date("1990-04-01"),
            sex: Sex::Male,
            postal_code: Some("1000013".parse().unwrap()),
            address: Personal::new("東京都千代田区霞が関一丁目２番３号"),
        }
    }

    pub(crate) fn jiff_date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn words_and_codes_read_back() {
        for sex in Sex::ALL {
            assert_eq!(sex.word().parse(), Ok(sex));
        }
        assert_eq!("男".parse::<Sex>(), Err(SexRefusal));
        let code: PostalCode = "0600001".parse().unwrap();
        assert_eq!(code.reveal(), "0600001");
        for text in ["", "060001", "06000011", "060-0001", "+600001", "０６００００１"] {
            assert_eq!(text.parse::<PostalCode>(), Err(PostalCodeRefusal), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let record = record();
        assert_eq!(format!("{record:?}"), "ResidentRecord(..)");
        assert_eq!(format!("{:?}", record.postal_code), "Some(PostalCode(..))");
    }

    #[test]
    fn every_item_counts_in_the_canonical_bytes() {
        let base = record();
        let mut changed = vec![base.clone(); 7];
        changed[1].name = Personal::new("山田　太郎 ");
        changed[2].name_kana = Personal::default();
        changed[3].birth_date = jiff_date("1990-04-02");
        changed[4].sex = Sex::Unknown;
        changed[5].postal_code = None;
        changed[6].address = Personal::new("東京都千代田区霞が関一丁目2番３号");
        let mut bytes: Vec<_> = changed.iter().map(|r| r.canonical_bytes().to_vec()).collect();
        assert_eq!(bytes[0], *base.canonical_bytes());
        bytes.sort();
        bytes.dedup();
        assert_eq!(bytes.len(), 7);
    }

    #[test]
    fn text_does_not_flow_between_items() {
        let (mut one, mut other) = (record(), record());
        one.name = Personal::new("ab");
        one.name_kana = Personal::new("c");
        other.name = Personal::new("a");
        other.name_kana = Personal::new("bc");
        assert_ne!(one.canonical_bytes(), other.canonical_bytes());
    }

    #[test]
    fn the_buffer_never_grows() {
        let record = record();
        let size = "sekisho.resident-record.v1".len() + 4 + record.canonical_size();
        assert!(record.canonical_bytes().len() <= size);
    }
}

//! The local government code (全国地方公共団体コード): prefecture, municipality and a check digit.
//! Public, so it may be printed, ordered and copied. Whether a municipality of that code exists is
//! not known here; the prefecture is.

use std::fmt;
use std::str::FromStr;

use crate::digits::Digits;
use crate::family::{Family, Fault, NumberRefusal};
use crate::reading::{self, Manner};

/// A local government code with a right check digit and an existing prefecture (JIS X 0401, 0402).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalGovernmentCode(u32);

impl LocalGovernmentCode {
    /// Takes the six-digit code as an integer; a leading zero is implied.
    pub fn from_u32(code: u32) -> Result<Self, NumberRefusal> {
        Family::LocalGovernmentCode.check(u64::from(code)).and_then(Self::gate)
    }

    /// Adds the check digit to the five-digit form, given as ASCII digits.
    pub fn from_five(text: &str) -> Result<Self, NumberRefusal> {
        let five = reading::read(text, 5, Manner::Strict);
        let five = five.map_err(|fault| Family::LocalGovernmentCode.refuse(fault))?;
        Family::LocalGovernmentCode.complete(five).and_then(Self::gate)
    }

    /// Adds the check digit to the five-digit form, given as an integer.
    pub fn from_five_u32(five: u32) -> Result<Self, NumberRefusal> {
        Family::LocalGovernmentCode.complete(u64::from(five)).and_then(Self::gate)
    }

    /// Reads what a person typed: full-width digits, spaces and hyphens are folded.
    pub fn parse_lenient(text: &str) -> Result<Self, NumberRefusal> {
        Family::LocalGovernmentCode.parse(text, Manner::Lenient).and_then(Self::gate)
    }

    /// The six-digit code as an integer.
    pub fn as_u32(self) -> u32 {
        self.0
    }

    /// The five-digit form, without the check digit.
    pub fn five(self) -> Digits<5> {
        Digits::of(u64::from(self.five_u32()))
    }

    /// The five-digit form as an integer.
    pub fn five_u32(self) -> u32 {
        self.0 / 10
    }

    /// The prefecture, 1 (北海道) to 47 (沖縄県).
    pub fn prefecture(self) -> u8 {
        (self.0 / 10_000) as u8
    }

    /// Whether this is the prefecture itself: municipality 000.
    pub fn is_prefecture(self) -> bool {
        self.five_u32().is_multiple_of(1000)
    }

    fn gate(code: u64) -> Result<Self, NumberRefusal> {
        let code = Self(code as u32);
        if (1..=47).contains(&code.prefecture()) {
            Ok(code)
        } else {
            Err(Family::LocalGovernmentCode.refuse(Fault::Prefecture))
        }
    }
}

impl FromStr for LocalGovernmentCode {
    type Err = NumberRefusal;

    /// Reads exactly six ASCII digits.
    fn from_str(text: &str) -> Result<Self, NumberRefusal> {
        Family::LocalGovernmentCode.parse(text, Manner::Strict).and_then(Self::gate)
    }
}

impl fmt::Display for LocalGovernmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for LocalGovernmentCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for LocalGovernmentCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        reading::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_codes_are_taken() {
        for text in [
            "010006", "011002", "131016", "131130", "132217", "141003", "231002", "271004",
            "401307", "472018", "402311", "042161",
        ] {
            let code: LocalGovernmentCode = text.parse().unwrap();
            assert_eq!(code.to_string(), text);
            assert_eq!(code.five().as_str(), &text[..5]);
            assert_eq!(code.prefecture(), text[..2].parse::<u8>().unwrap());
            assert_eq!(code.is_prefecture(), text == "010006");
            assert_eq!(LocalGovernmentCode::from_u32(code.as_u32()), Ok(code));
            assert_eq!(LocalGovernmentCode::from_five(&text[..5]), Ok(code));
            assert_eq!(LocalGovernmentCode::from_five_u32(code.five_u32()), Ok(code));
        }
    }

    #[test]
    fn refusals() {
        for (text, fault) in [
            ("", Fault::Empty),
            ("13101", Fault::Length { found: 5 }),
            ("1310166", Fault::Length { found: 7 }),
            ("13101x", Fault::NotADigit { position: 6 }),
            ("131017", Fault::CheckDigit),
            ("000001", Fault::Prefecture),
            ("480002", Fault::Prefecture),
        ] {
            assert_eq!(text.parse::<LocalGovernmentCode>().unwrap_err().fault, fault, "{text}");
        }
        let refusal = LocalGovernmentCode::from_five("131016").unwrap_err();
        assert_eq!(refusal.fault, Fault::Length { found: 6 });
        let refusal = LocalGovernmentCode::from_five_u32(99_000).unwrap_err();
        assert_eq!(refusal.label(), "local_government_code_prefecture");
    }

    #[test]
    fn lenient_reading_folds() {
        assert_eq!(LocalGovernmentCode::parse_lenient("13101-6"), "131016".parse());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn serde_uses_the_text() {
        let code: LocalGovernmentCode = serde_json::from_str("\"010006\"").unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"010006\"");
        assert!(serde_json::from_str::<LocalGovernmentCode>("10006").is_err());
    }
}

//! The corporate number (法人番号): a check digit and a base number of 12 digits.
//! Public by law (番号法 art. 39(4)), so it may be printed, ordered and copied.

use std::fmt;
use std::str::FromStr;

use crate::family::{Family, NumberRefusal};
use crate::local_government_code::LocalGovernmentCode;
use crate::reading::Manner;

/// A corporate number with a right check digit (平成26年財務省令第70号 art. 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CorporateNumber(u64);

impl CorporateNumber {
    /// Takes the number as an integer of 13 digits; the first one is never 0.
    pub fn from_u64(number: u64) -> Result<Self, NumberRefusal> {
        Family::CorporateNumber.check(number).map(Self)
    }

    /// Puts the check digit before a base number (基礎番号) below 10¹².
    pub fn from_base(base: u64) -> Result<Self, NumberRefusal> {
        Family::CorporateNumber.complete(base).map(Self)
    }

    /// The corporate number of a local government: base number `000020` and its six-digit code.
    pub fn of_local_government(code: LocalGovernmentCode) -> Self {
        let base = LOCAL_GOVERNMENT_BASE + u64::from(code.as_u32());
        let check_digit = Family::CorporateNumber.check_digit_of(base);
        Self(u64::from(check_digit) * BASES + base)
    }

    /// Reads what a person typed: full-width digits, spaces and hyphens are folded.
    pub fn parse_lenient(text: &str) -> Result<Self, NumberRefusal> {
        Family::CorporateNumber.parse(text, Manner::Lenient).map(Self)
    }

    /// The number as an integer of 13 digits.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The base number (基礎番号), without the check digit.
    pub fn base(self) -> u64 {
        Family::CorporateNumber.payload_of(self.0)
    }
}

impl FromStr for CorporateNumber {
    type Err = NumberRefusal;

    /// Reads exactly thirteen ASCII digits.
    fn from_str(text: &str) -> Result<Self, NumberRefusal> {
        Family::CorporateNumber.parse(text, Manner::Strict).map(Self)
    }
}

impl fmt::Display for CorporateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}", self.0)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for CorporateNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for CorporateNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::reading::deserialize(deserializer)
    }
}

const BASES: u64 = 1_000_000_000_000;
const LOCAL_GOVERNMENT_BASE: u64 = 20_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Fault;

    #[test]
    fn published_numbers_are_taken() {
        for text in [
            "5835678256246",
            "4011001098993",
            "7123456789012",
            "2120901007402",
            "7010705000725",
            "7000012050002",
            "1180301018771",
            "8000020131016",
        ] {
            let number: CorporateNumber = text.parse().unwrap();
            assert_eq!(number.to_string(), text);
            assert_eq!(CorporateNumber::from_u64(number.as_u64()), Ok(number));
            assert_eq!(CorporateNumber::from_base(number.base()), Ok(number));
            assert_eq!(CorporateNumber::parse_lenient(&format!("\u{3000}{text}")), Ok(number));
        }
    }

    #[test]
    fn a_local_government_has_its_own() {
        let chiyoda: LocalGovernmentCode = "131016".parse().unwrap();
        assert_eq!(CorporateNumber::of_local_government(chiyoda).to_string(), "8000020131016");
    }

    #[test]
    fn refusals() {
        for (text, fault) in [
            ("2835678256246", Fault::CheckDigit),
            ("0835678256246", Fault::CheckDigit),
            ("", Fault::Empty),
            ("835678256246", Fault::Length { found: 12 }),
            ("T5835678256246", Fault::NotADigit { position: 1 }),
        ] {
            assert_eq!(text.parse::<CorporateNumber>().unwrap_err().fault, fault, "{text}");
        }
    }

    #[test]
    fn nine_for_zero_passes_as_the_rule_has_it() {
        // 9 ≡ 0 modulo 9: a weakness of the published rule, kept.
        for base in [12_050_002, 20_131_016] {
            let with_nine = base + 9 * 100_000_000;
            let lead = |base| CorporateNumber::from_base(base).unwrap().as_u64() / BASES;
            assert_eq!(lead(base), lead(with_nine));
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn serde_uses_the_text() {
        let number: CorporateNumber = serde_json::from_str("\"8000020131016\"").unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"8000020131016\"");
        assert!(serde_json::from_str::<CorporateNumber>("\"8000020131017\"").is_err());
    }
}

//! The Individual Number (個人番号): 11 digits and a check digit.
//! A personal value: revealed only by name, redacted in `Debug`, wiped on drop.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::Digits;
use crate::family::{Family, NumberRefusal};
use crate::reading::Manner;

/// An Individual Number with a right check digit (番号法 art. 2(5); 平成26年総務省令第85号 art. 5).
///
/// ```
/// use sekisho_numbers::IndividualNumber;
///
/// let number: IndividualNumber = "123456789018".parse()?;
/// assert_eq!(number.reveal().as_str(), "123456789018");
/// assert_eq!(format!("{number:?}"), "IndividualNumber(••••)");
///
/// let refusal = "123456789012".parse::<IndividualNumber>().unwrap_err();
/// assert_eq!(refusal.label(), "individual_number_check_digit");
/// # Ok::<(), sekisho_numbers::NumberRefusal>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop)]
pub struct IndividualNumber(u64);

impl IndividualNumber {
    /// Takes the number as an integer below 10¹²; leading zeros are implied.
    pub fn from_u64(number: u64) -> Result<Self, NumberRefusal> {
        Family::IndividualNumber.check(number).map(Self)
    }

    /// Adds the check digit to a payload below 10¹¹.
    pub fn from_payload(payload: u64) -> Result<Self, NumberRefusal> {
        Family::IndividualNumber.complete(payload).map(Self)
    }

    /// Reads what a person typed: full-width digits, spaces and hyphens are folded.
    pub fn parse_lenient(text: &str) -> Result<Self, NumberRefusal> {
        Family::IndividualNumber.parse(text, Manner::Lenient).map(Self)
    }

    /// The twelve digits.
    pub fn reveal(&self) -> Digits<12> {
        Digits::of(self.0)
    }

    /// The number as an integer below 10¹².
    pub fn reveal_u64(&self) -> u64 {
        self.0
    }

    /// For numbers whose check digit was computed by this crate.
    pub(crate) fn computed(number: u64) -> Self {
        debug_assert!(Family::IndividualNumber.check(number).is_ok());
        Self(number)
    }
}

impl FromStr for IndividualNumber {
    type Err = NumberRefusal;

    /// Reads exactly twelve ASCII digits.
    fn from_str(text: &str) -> Result<Self, NumberRefusal> {
        Family::IndividualNumber.parse(text, Manner::Strict).map(Self)
    }
}

impl fmt::Debug for IndividualNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndividualNumber(••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Fault;

    #[test]
    fn published_numbers_are_taken() {
        for text in [
            "621498320257",
            "123456789018",
            "983205673214",
            "379474484458",
            "454972364860",
            "507957100721",
            "537686677188",
        ] {
            let number: IndividualNumber = text.parse().unwrap();
            assert_eq!(number.reveal().as_str(), text);
            assert_eq!(IndividualNumber::from_u64(number.reveal_u64()), Ok(number.clone()));
            assert_eq!(IndividualNumber::from_payload(number.reveal_u64() / 10), Ok(number));
        }
    }

    #[test]
    fn wrong_check_digits_are_refused() {
        for (text, right) in [
            ("621498320258", None),
            ("123456789012", None),
            ("983205673210", None),
            ("507957100722", Some(1)),
            ("923456789018", Some(4)),
        ] {
            let refusal = text.parse::<IndividualNumber>().unwrap_err();
            assert_eq!(refusal.fault, Fault::CheckDigit, "{text}");
            assert_eq!(refusal.label(), "individual_number_check_digit");
            if let Some(right) = right {
                assert_eq!(Family::IndividualNumber.check_digit(&text[..11]), Ok(right));
            }
        }
    }

    #[test]
    fn malformed_text_is_refused_without_showing_it() {
        for (text, label) in [
            ("", "individual_number_empty"),
            ("62149832025", "individual_number_length"),
            ("6214983202577", "individual_number_length"),
            ("6214-9832-0257", "individual_number_not_a_digit"),
            ("\u{FF16}21498320257", "individual_number_not_a_digit"),
            ("62149832025X", "individual_number_not_a_digit"),
        ] {
            let refusal = text.parse::<IndividualNumber>().unwrap_err();
            assert_eq!(refusal.label(), label);
            assert!(!refusal.to_string().contains("6214"), "{refusal}");
        }
    }

    #[test]
    fn people_may_write_it_as_on_the_card() {
        for text in ["6214 9832 0257", "6214-9832-0257", "\u{FF16}\u{FF12}14\u{3000}9832 0257"] {
            assert_eq!(IndividualNumber::parse_lenient(text), "621498320257".parse());
        }
        let refusal = IndividualNumber::parse_lenient("6214 9832 0258").unwrap_err();
        assert_eq!(refusal.fault, Fault::CheckDigit);
    }

    #[test]
    fn debug_is_redacted_and_wiping_wipes() {
        let mut number: IndividualNumber = "621498320257".parse().unwrap();
        assert_eq!(format!("{number:?} {number:#?}"), ["IndividualNumber(••••)"; 2].join(" "));
        number.zeroize();
        assert_eq!(number.reveal_u64(), 0);
    }
}

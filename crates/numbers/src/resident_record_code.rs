//! The resident record code (住民票コード): 10 digits and a check digit.
//! A personal value: revealed only by name, redacted in `Debug`, wiped on drop.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::Digits;
use crate::family::{Family, NumberRefusal};
use crate::reading::Manner;

/// A resident record code with a right check digit (住民基本台帳法施行規則 art. 1;
/// 平成14年総務省告示第436号).
#[derive(Clone, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop)]
pub struct ResidentRecordCode(u64);

impl ResidentRecordCode {
    /// Takes the code as an integer below 10¹¹; leading zeros are implied.
    pub fn from_u64(code: u64) -> Result<Self, NumberRefusal> {
        Family::ResidentRecordCode.check(code).map(Self)
    }

    /// Adds the check digit to a payload below 10¹⁰.
    pub fn from_payload(payload: u64) -> Result<Self, NumberRefusal> {
        Family::ResidentRecordCode.complete(payload).map(Self)
    }

    /// Reads what a person typed: full-width digits, spaces and hyphens are folded.
    pub fn parse_lenient(text: &str) -> Result<Self, NumberRefusal> {
        Family::ResidentRecordCode.parse(text, Manner::Lenient).map(Self)
    }

    /// The eleven digits.
    pub fn reveal(&self) -> Digits<11> {
        Digits::of(self.0)
    }

    /// The code as an integer below 10¹¹.
    pub fn reveal_u64(&self) -> u64 {
        self.0
    }

    /// The first ten digits, without the check digit: as secret as the code.
    pub fn payload(&self) -> u64 {
        Family::ResidentRecordCode.payload_of(self.0)
    }
}

impl FromStr for ResidentRecordCode {
    type Err = NumberRefusal;

    /// Reads exactly eleven ASCII digits.
    fn from_str(text: &str) -> Result<Self, NumberRefusal> {
        Family::ResidentRecordCode.parse(text, Manner::Strict).map(Self)
    }
}

impl fmt::Debug for ResidentRecordCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentRecordCode(••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Fault;

    #[test]
    fn published_and_computed_codes_are_taken() {
        for text in ["24727059608", "24846016224", "25208017643", "12345678903", "00000000019"] {
            let code: ResidentRecordCode = text.parse().unwrap();
            assert_eq!(code.reveal().as_str(), text);
            assert_eq!(code.payload(), code.reveal_u64() / 10);
            assert_eq!(ResidentRecordCode::from_u64(code.reveal_u64()), Ok(code.clone()));
            assert_eq!(ResidentRecordCode::from_payload(code.payload()), Ok(code));
        }
    }

    #[test]
    fn wrong_check_digits_are_refused() {
        for text in ["25208017644", "12345678901"] {
            let refusal = text.parse::<ResidentRecordCode>().unwrap_err();
            assert_eq!(refusal.label(), "resident_record_code_check_digit");
            assert_eq!(Family::ResidentRecordCode.check_digit(&text[..10]), Ok(3));
        }
    }

    #[test]
    fn malformed_text_is_refused() {
        for (text, fault) in [
            ("", Fault::Empty),
            ("2472705960", Fault::Length { found: 10 }),
            ("247270596080", Fault::Length { found: 12 }),
            ("24727-59608", Fault::NotADigit { position: 6 }),
        ] {
            assert_eq!(text.parse::<ResidentRecordCode>().unwrap_err().fault, fault);
        }
        assert_eq!(ResidentRecordCode::parse_lenient("247-2705-9608"), "24727059608".parse());
    }

    #[test]
    fn debug_is_redacted_and_wiping_wipes() {
        let mut code: ResidentRecordCode = "24727059608".parse().unwrap();
        assert_eq!(format!("{code:?}"), "ResidentRecordCode(••••)");
        code.zeroize();
        assert_eq!(code.reveal_u64(), 0);
    }
}

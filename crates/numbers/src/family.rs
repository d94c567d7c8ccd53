//! The four families of numbers: how long they are, where the check digit stands and how it comes
//! about. Owns every weight and modulus, and the refusal that all families share. A payload is the
//! number without its check digit, as an integer.

use std::fmt;

use crate::reading::{self, Manner};

/// A family of numbers with a check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// 個人番号, 12 digits; 平成26年総務省令第85号 art. 5.
    IndividualNumber,
    /// 住民票コード, 11 digits; 平成14年総務省告示第436号.
    ResidentRecordCode,
    /// 法人番号, 13 digits; 平成26年財務省令第70号 art. 2.
    CorporateNumber,
    /// 全国地方公共団体コード, 6 digits; JIS X 0401 and 0402.
    LocalGovernmentCode,
}

impl Family {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::IndividualNumber,
        Self::ResidentRecordCode,
        Self::CorporateNumber,
        Self::LocalGovernmentCode,
    ];

    /// The family whose numbers have `length` digits, check digit included; no two share a length.
    pub fn of_length(length: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.length() == length)
    }

    /// A stable name.
    pub fn label(self) -> &'static str {
        match self {
            Self::IndividualNumber => "individual_number",
            Self::ResidentRecordCode => "resident_record_code",
            Self::CorporateNumber => "corporate_number",
            Self::LocalGovernmentCode => "local_government_code",
        }
    }

    /// Digits, check digit included.
    pub fn length(self) -> usize {
        self.weights().len() + 1
    }

    /// One weight per payload digit, left to right.
    pub fn weights(self) -> &'static [u8] {
        match self {
            Self::IndividualNumber => &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2],
            Self::ResidentRecordCode => &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2],
            Self::CorporateNumber => &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1],
            Self::LocalGovernmentCode => &[6, 5, 4, 3, 2],
        }
    }

    /// What the weighted sum is divided by.
    pub fn modulus(self) -> u32 {
        match self {
            Self::CorporateNumber => 9,
            _ => 11,
        }
    }

    /// Whether the check digit stands before the payload, not after it.
    pub fn check_digit_leads(self) -> bool {
        self == Self::CorporateNumber
    }

    /// How the remainder becomes the check digit, in words.
    pub fn rule(self) -> &'static str {
        match self {
            Self::IndividualNumber | Self::ResidentRecordCode => {
                "11 minus the remainder; 0 when the remainder is 0 or 1"
            }
            Self::CorporateNumber => "9 minus the remainder",
            Self::LocalGovernmentCode => "the last digit of 11 minus the remainder",
        }
    }

    /// The check digit of a payload written as ASCII digits.
    pub fn check_digit(self, payload: &str) -> Result<u8, NumberRefusal> {
        reading::read(payload, self.length() - 1, Manner::Strict)
            .map(|payload| self.check_digit_of(payload))
            .map_err(|fault| self.refuse(fault))
    }

    /// The check digit for a remainder of the weighted sum.
    pub(crate) fn check_digit_for(self, remainder: u32) -> u8 {
        let digit = match (self, remainder) {
            (Self::IndividualNumber | Self::ResidentRecordCode, 0 | 1) => 0,
            (Self::LocalGovernmentCode, 0) => 1,
            (Self::LocalGovernmentCode, 1) => 0,
            _ => self.modulus() - remainder,
        };
        digit as u8
    }

    pub(crate) fn check_digit_of(self, mut payload: u64) -> u8 {
        let mut sum = 0;
        for weight in self.weights().iter().rev() {
            sum += u32::from(*weight) * (payload % 10) as u32;
            payload /= 10;
        }
        self.check_digit_for(sum % self.modulus())
    }

    /// Puts the check digit in its place.
    pub(crate) fn complete(self, payload: u64) -> Result<u64, NumberRefusal> {
        if payload >= self.payloads() {
            return Err(self.refuse(Fault::Length { found: count_digits(payload) }));
        }
        let check_digit = u64::from(self.check_digit_of(payload));
        Ok(if self.check_digit_leads() {
            check_digit * self.payloads() + payload
        } else {
            payload * 10 + check_digit
        })
    }

    /// Whether a whole number has the right check digit.
    pub(crate) fn check(self, number: u64) -> Result<u64, NumberRefusal> {
        if number >= self.payloads() * 10 {
            return Err(self.refuse(Fault::Length { found: count_digits(number) }));
        }
        match self.complete(self.payload_of(number)) {
            Ok(completed) if completed == number => Ok(number),
            _ => Err(self.refuse(Fault::CheckDigit)),
        }
    }

    pub(crate) fn payload_of(self, number: u64) -> u64 {
        if self.check_digit_leads() { number % self.payloads() } else { number / 10 }
    }

    /// Reads and checks a whole number.
    pub(crate) fn parse(self, text: &str, manner: Manner) -> Result<u64, NumberRefusal> {
        let number = reading::read(text, self.length(), manner);
        number.map_err(|fault| self.refuse(fault)).and_then(|number| self.check(number))
    }

    pub(crate) fn refuse(self, fault: Fault) -> NumberRefusal {
        NumberRefusal { family: self, fault }
    }

    /// How many payloads there are.
    fn payloads(self) -> u64 {
        10u64.pow(self.weights().len() as u32)
    }
}

/// Why something is not a number of its family. Says where, never what was written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberRefusal {
    /// What it should have been.
    pub family: Family,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing was written.
    Empty,
    /// Too few or too many digits.
    Length {
        /// How many there are.
        found: usize,
    },
    /// A character that is not a digit.
    NotADigit {
        /// Which character, counted from 1.
        position: usize,
    },
    /// The check digit does not fit the others.
    CheckDigit,
    /// No prefecture has this number (01 to 47 exist). Local government codes only.
    Prefecture,
}

impl NumberRefusal {
    /// A stable name: the family, then the fault.
    pub fn label(&self) -> &'static str {
        match self.family {
            Family::IndividualNumber => match self.fault {
                Fault::Empty => "individual_number_empty",
                Fault::Length { .. } => "individual_number_length",
                Fault::NotADigit { .. } => "individual_number_not_a_digit",
                Fault::CheckDigit => "individual_number_check_digit",
                Fault::Prefecture => "individual_number_prefecture",
            },
            Family::ResidentRecordCode => match self.fault {
                Fault::Empty => "resident_record_code_empty",
                Fault::Length { .. } => "resident_record_code_length",
                Fault::NotADigit { .. } => "resident_record_code_not_a_digit",
                Fault::CheckDigit => "resident_record_code_check_digit",
                Fault::Prefecture => "resident_record_code_prefecture",
            },
            Family::CorporateNumber => match self.fault {
                Fault::Empty => "corporate_number_empty",
                Fault::Length { .. } => "corporate_number_length",
                Fault::NotADigit { .. } => "corporate_number_not_a_digit",
                Fault::CheckDigit => "corporate_number_check_digit",
                Fault::Prefecture => "corporate_number_prefecture",
            },
            Family::LocalGovernmentCode => match self.fault {
                Fault::Empty => "local_government_code_empty",
                Fault::Length { .. } => "local_government_code_length",
                Fault::NotADigit { .. } => "local_government_code_not_a_digit",
                Fault::CheckDigit => "local_government_code_check_digit",
                Fault::Prefecture => "local_government_code_prefecture",
            },
        }
    }
}

impl fmt::Display for NumberRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = self.family.label().replace('_', " ");
        match self.fault {
            Fault::Empty => write!(f, "{family}: nothing was given"),
            Fault::Length { found } => {
                write!(f, "{family}: {found} digits where {} belong", self.family.length())
            }
            Fault::NotADigit { position } => {
                write!(f, "{family}: character {position} is not a digit")
            }
            Fault::CheckDigit => write!(f, "{family}: the check digit does not fit"),
            Fault::Prefecture => write!(f, "{family}: no such prefecture"),
        }
    }
}

impl std::error::Error for NumberRefusal {}

fn count_digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_follow_the_published_formula() {
        // 個人番号 and 住民票コード: from the right n = 1…, weight n+1 up to n = 6, then n−5.
        for family in [Family::IndividualNumber, Family::ResidentRecordCode] {
            for (n, weight) in (1..).zip(family.weights().iter().rev()) {
                assert_eq!(*weight, if n <= 6 { n + 1 } else { n - 5 });
            }
        }
        // 法人番号: from the right odd positions 1, even positions 2.
        for (n, weight) in (1..).zip(Family::CorporateNumber.weights().iter().rev()) {
            assert_eq!(*weight, if n % 2 == 1 { 1 } else { 2 });
        }
    }

    #[test]
    fn every_remainder_has_its_digit() {
        let digits = |family: Family| {
            (0..family.modulus()).map(|r| family.check_digit_for(r)).collect::<Vec<_>>()
        };
        let personal = [0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1];
        assert_eq!(digits(Family::IndividualNumber), personal);
        assert_eq!(digits(Family::ResidentRecordCode), personal);
        assert_eq!(digits(Family::CorporateNumber), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(digits(Family::LocalGovernmentCode), [1, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn payloads_of_the_fact_sheet() {
        for (payload, digit) in [
            ("00000000000", 0),
            ("00000000006", 0),
            ("00000000001", 9),
            ("99999999999", 6),
            ("10000000000", 5),
            ("55555555555", 7),
            ("98765432109", 3),
        ] {
            assert_eq!(Family::IndividualNumber.check_digit(payload), Ok(digit), "{payload}");
        }
        let refusal = Family::IndividualNumber.check_digit("123").unwrap_err();
        assert_eq!(refusal.fault, Fault::Length { found: 3 });
    }

    #[test]
    fn families_are_told_apart_by_length() {
        let found = [6, 11, 12, 13].map(Family::of_length);
        assert_eq!(
            found,
            [
                Some(Family::LocalGovernmentCode),
                Some(Family::ResidentRecordCode),
                Some(Family::IndividualNumber),
                Some(Family::CorporateNumber)
            ]
        );
        assert_eq!(Family::of_length(10), None);
    }

    #[test]
    fn labels_are_the_family_and_the_fault() {
        let faults = [
            (Fault::Empty, "empty"),
            (Fault::Length { found: 1 }, "length"),
            (Fault::NotADigit { position: 1 }, "not_a_digit"),
            (Fault::CheckDigit, "check_digit"),
            (Fault::Prefecture, "prefecture"),
        ];
        for family in Family::ALL {
            for (fault, name) in faults {
                let label = family.refuse(fault).label();
                assert_eq!(label, format!("{}_{name}", family.label()));
            }
        }
    }

    #[test]
    fn integers_too_long_for_the_family_are_refused() {
        for family in Family::ALL {
            let length = family.length();
            let refusal = family.check(10u64.pow(length as u32)).unwrap_err();
            assert_eq!(refusal.fault, Fault::Length { found: length + 1 });
            let refusal = family.complete(10u64.pow(length as u32 - 1)).unwrap_err();
            assert_eq!(refusal.fault, Fault::Length { found: length });
        }
    }
}

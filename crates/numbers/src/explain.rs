//! The arithmetic of a check digit, step by step, for people who want to follow it.
//! Holds the caller's own digits; they are redacted in `Debug` and wiped on drop.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::family::{Family, Fault, NumberRefusal};
use crate::reading::{self, Manner};

/// One payload digit and what it adds to the sum.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize)]
pub struct Step {
    /// The digit.
    pub digit: u8,
    /// Its weight.
    pub weight: u8,
    /// Digit × weight.
    pub product: u8,
}

/// How the check digit of one number comes about.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Explanation {
    /// Whose rule.
    #[zeroize(skip)]
    pub family: Family,
    /// The payload, left to right.
    pub steps: Vec<Step>,
    /// The sum of the products.
    pub sum: u32,
    /// What the sum is divided by.
    pub modulus: u32,
    /// What is left of it.
    pub remainder: u32,
    /// The right check digit.
    pub check_digit: u8,
    /// The check digit that was given, if one was.
    pub given: Option<u8>,
}

impl Explanation {
    /// Whether the given check digit is the right one; `None` if only a payload was given.
    pub fn agrees(&self) -> Option<bool> {
        self.given.map(|given| given == self.check_digit)
    }

    /// How the remainder becomes the check digit, in words.
    pub fn rule(&self) -> &'static str {
        self.family.rule()
    }
}

/// Explains a whole number or a payload of `family`; full-width digits, spaces and hyphens are
/// folded. A wrong check digit is explained, not refused.
pub fn explain(family: Family, text: &str) -> Result<Explanation, NumberRefusal> {
    let refuse = |fault| family.refuse(fault);
    let (number, found) =
        reading::read_any(text, family.length(), Manner::Lenient).map_err(refuse)?;
    let (payload, given) = if found == family.length() {
        let payload = family.payload_of(number);
        let scale = if family.check_digit_leads() { 10u64.pow(found as u32 - 1) } else { 1 };
        (payload, Some((number / scale % 10) as u8))
    } else if found + 1 == family.length() {
        (number, None)
    } else {
        return Err(refuse(Fault::Length { found }));
    };
    Ok(table(family, payload, given))
}

fn table(family: Family, mut payload: u64, given: Option<u8>) -> Explanation {
    let mut steps = vec![Step { digit: 0, weight: 0, product: 0 }; family.weights().len()];
    for (step, weight) in steps.iter_mut().zip(family.weights()).rev() {
        let digit = (payload % 10) as u8;
        *step = Step { digit, weight: *weight, product: digit * weight };
        payload /= 10;
    }
    let sum = steps.iter().map(|step| u32::from(step.product)).sum();
    let modulus = family.modulus();
    let remainder = sum % modulus;
    let check_digit = family.check_digit_for(remainder);
    Explanation { family, steps, sum, modulus, remainder, check_digit, given }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Explanation({}, ••••)", self.family.label())
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step(weight {}, ••••)", self.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_individual_number_step_by_step() {
        let explanation = explain(Family::IndividualNumber, "1234 5678 9018").unwrap();
        let products: Vec<u8> = explanation.steps.iter().map(|step| step.product).collect();
        assert_eq!(products, [6, 10, 12, 12, 10, 42, 42, 40, 36, 0, 2]);
        assert_eq!((explanation.sum, explanation.remainder), (212, 3));
        assert_eq!(explanation.check_digit, 8);
        assert_eq!(explanation.agrees(), Some(true));
    }

    #[test]
    fn a_wrong_check_digit_is_explained() {
        let explanation = explain(Family::CorporateNumber, "2835678256246").unwrap();
        assert_eq!(explanation.given, Some(2));
        assert_eq!(explanation.check_digit, 5);
        assert_eq!(explanation.agrees(), Some(false));
    }

    #[test]
    fn a_payload_is_enough() {
        for (family, payload, remainder, digit) in [
            (Family::IndividualNumber, "00000000006", 1, 0),
            (Family::ResidentRecordCode, "0000000001", 2, 9),
            (Family::CorporateNumber, "000020131016", 1, 8),
            (Family::LocalGovernmentCode, "13113", 1, 0),
        ] {
            let explanation = explain(family, payload).unwrap();
            assert_eq!(explanation.agrees(), None);
            assert_eq!((explanation.remainder, explanation.check_digit), (remainder, digit));
            assert_eq!(family.check_digit(payload), Ok(digit));
        }
    }

    #[test]
    fn refusals() {
        for (text, fault) in [
            ("", Fault::Empty),
            ("1234", Fault::Length { found: 4 }),
            ("1234567", Fault::Length { found: 7 }),
            ("1310_6", Fault::NotADigit { position: 5 }),
        ] {
            let refusal = explain(Family::LocalGovernmentCode, text).unwrap_err();
            assert_eq!(refusal.fault, fault);
        }
    }

    #[test]
    fn debug_shows_no_digit_of_the_number() {
        let explanation = explain(Family::IndividualNumber, "123456789018").unwrap();
        assert_eq!(format!("{explanation:?}"), "Explanation(individual_number, ••••)");
        assert_eq!(format!("{:?}", explanation.steps[0]), "Step(weight 6, ••••)");
    }
}

//! From a permuted slot to the twelve digits of a number and back, by small tables.
//! The tail of a number is its last two digits: the eleventh payload digit and the check digit.
//! Integers only; the types are made by the callers.

/// The number that a permuted slot below 8·10¹⁰ stands for, as an integer below 10¹².
pub(super) fn number(permuted: u64) -> u64 {
    let ten = permuted / 8;
    let tail = TAILS[number_remainder(ten)][(permuted % 8) as usize];
    ten * 100 + u64::from(tail)
}

/// The other way; `None` for a number whose tail is in no table.
pub(super) fn permuted_slot(number: u64) -> Option<u64> {
    let ten = number / 100;
    let tails = TAILS.get(number_remainder(ten))?;
    let choice = tails.iter().position(|tail| u64::from(*tail) == number % 100)?;
    Some(ten * 8 + choice as u64)
}

/// Whether an integer is a resident record code: below 10¹¹ with a right check digit.
pub(super) fn is_code(code: u64) -> bool {
    let ten = code / 10;
    if ten >= super::CODE_DOMAIN {
        return false;
    }
    let (lead, [a, b, c]) = groups(ten);
    let sum = 5 * lead + part(&SUMS_432, a) + part(&SUMS_765, b) + part(&SUMS_432, c);
    let remainder = sum % 11;
    code % 10 == if remainder < 2 { 0 } else { u64::from(11 - remainder) }
}

/// What the first ten digits of an Individual Number leave, modulo 11, under the weights
/// 6 | 5 4 3 | 2 7 6 | 5 4 3.
fn number_remainder(ten: u64) -> usize {
    let (lead, [a, b, c]) = groups(ten);
    let sum = 6 * lead + part(&SUMS_543, a) + part(&SUMS_276, b) + part(&SUMS_543, c);
    (sum % 11) as usize
}

/// Ten digits as one and three times three.
fn groups(ten: u64) -> (u32, [usize; 3]) {
    let group = |scale: u64| (ten / scale % 1000) as usize;
    ((ten / 1_000_000_000) as u32, [group(1_000_000), group(1000), group(1)])
}

fn part(sums: &[u8; 1000], group: usize) -> u32 {
    u32::from(sums[group])
}

/// The eight tails for each remainder s of the first ten digits.
///
/// There are always eight: the eleventh digit e has weight 2, so the remainder of all eleven is
/// r = s + 2e mod 11. As 2 has an inverse modulo 11, the ten digits e = 0…9 give ten different r;
/// only r = 0 and r = 1 are unwanted, so at least 10 − 2 = 8 digits are left. (Nine are left where
/// the one r that no digit gives is itself 0 or 1; then the ninth is not used.) The assertion
/// makes the compiler check it.
const TAILS: [[u8; 8]; 11] = {
    let mut tails = [[0; 8]; 11];
    let mut s = 0;
    while s < 11 {
        let (mut digit, mut found) = (0, 0);
        while digit < 10 && found < 8 {
            let remainder = (s + 2 * digit) % 11;
            if remainder >= 2 {
                tails[s][found] = (digit * 10 + 11 - remainder) as u8;
                found += 1;
            }
            digit += 1;
        }
        assert!(found == 8);
        s += 1;
    }
    tails
};

const SUMS_543: [u8; 1000] = sums(5, 4, 3);
const SUMS_276: [u8; 1000] = sums(2, 7, 6);
const SUMS_432: [u8; 1000] = sums(4, 3, 2);
const SUMS_765: [u8; 1000] = sums(7, 6, 5);

/// The weighted sum of every group of three digits; at most 9 · 18.
const fn sums(hundreds: usize, tens: usize, ones: usize) -> [u8; 1000] {
    let mut sums = [0; 1000];
    let mut group = 0;
    while group < 1000 {
        let sum = group / 100 * hundreds + group / 10 % 10 * tens + group % 10 * ones;
        sums[group] = sum as u8;
        group += 1;
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Family;

    #[test]
    fn eight_digits_always_keep_the_remainder_at_two_or_more() {
        for s in 0..11u32 {
            let good: Vec<u32> = (0..10).filter(|e| (s + 2 * e) % 11 >= 2).collect();
            assert!(good.len() == 8 || good.len() == 9, "s = {s}: {good:?}");
            let tails: Vec<u32> =
                good[..8].iter().map(|e| e * 10 + 11 - (s + 2 * e) % 11).collect();
            assert_eq!(TAILS[s as usize].map(u32::from).to_vec(), tails);
        }
    }

    proptest! {
        #[test]
        fn numbers_are_valid_and_come_back(y in 0..super::super::NUMBER_DOMAIN) {
            let number = number(y);
            prop_assert!(Family::IndividualNumber.check(number).is_ok());
            prop_assert_ne!(number % 10, 0);
            prop_assert_eq!(permuted_slot(number), Some(y));
        }

        #[test]
        fn the_tables_agree_with_the_rule(code in 0..100_000_000_000u64) {
            prop_assert_eq!(is_code(code), Family::ResidentRecordCode.check(code).is_ok());
            let right = Family::ResidentRecordCode.complete(code / 10).unwrap();
            prop_assert!(is_code(right));
            prop_assert!(!is_code(right + 100_000_000_000));
        }
    }

    #[test]
    fn numbers_outside_the_scheme_have_no_slot() {
        // Check digit 0 means remainder 0 or 1, which the scheme never gives.
        assert_eq!(permuted_slot(0), None);
        assert_eq!(permuted_slot(60), None);
        // The ten digits 0000000008 leave s = 2 and so nine good digits; the ninth, 9, is not used.
        assert_eq!(Family::IndividualNumber.complete(89), Ok(892));
        assert_eq!(permuted_slot(892), None);
        assert_eq!(permuted_slot(884), Some(8 * 8 + 7));
    }
}

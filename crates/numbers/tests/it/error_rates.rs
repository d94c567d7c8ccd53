//! How many slips of the pen the check digit lets through: every one-digit substitution and every
//! swap of two different neighbours, on a sample. Assigned numbers against numbers of any payload.

use sekisho_numbers::assignment::{Generation, Numbering};
use sekisho_numbers::{IndividualNumber, ResidentRecordCode};

const SAMPLE: u64 = 4000;

#[test]
fn assigned_numbers_let_no_wrong_digit_and_hardly_a_swap_through() {
    let numbering = Numbering::new(&[9; 16]).unwrap();
    let rates = Rates::of((0..SAMPLE).map(|i| {
        let code = ResidentRecordCode::from_payload(i * 2_499_983).unwrap();
        numbering.assign_one(&code, Generation::FIRST)
    }));
    assert_eq!(rates.substitutions_passed, 0);
    assert_eq!(rates.substitutions, SAMPLE as usize * 12 * 9);
    assert!(rates.swaps > 30_000);
    assert!(rates.swap_rate() <= 0.002, "{}", rates.swap_rate());
}

#[test]
fn unrestricted_numbers_let_more_of_both_through() {
    let rates = Rates::of((0..SAMPLE).map(|i| {
        let payload = (i * 61_803_398_875 + 27_182_818_284) % 100_000_000_000;
        IndividualNumber::from_payload(payload).unwrap()
    }));
    let substitution_rate = rates.substitutions_passed as f64 / rates.substitutions as f64;
    assert!((0.014..0.019).contains(&substitution_rate), "{substitution_rate}");
    assert!((0.015..0.021).contains(&rates.swap_rate()), "{}", rates.swap_rate());
}

#[derive(Default)]
struct Rates {
    substitutions: usize,
    substitutions_passed: usize,
    swaps: usize,
    swaps_passed: usize,
}

impl Rates {
    fn of(numbers: impl Iterator<Item = IndividualNumber>) -> Self {
        let mut rates = Self::default();
        for number in numbers {
            let digits: Vec<u8> = number.reveal().bytes().collect();
            rates.substitute(&digits);
            rates.swap(&digits);
        }
        rates
    }

    fn substitute(&mut self, digits: &[u8]) {
        for place in 0..digits.len() {
            for digit in (b'0'..=b'9').filter(|digit| *digit != digits[place]) {
                let mut wrong = digits.to_vec();
                wrong[place] = digit;
                self.substitutions += 1;
                self.substitutions_passed += usize::from(passes(&wrong));
            }
        }
    }

    fn swap(&mut self, digits: &[u8]) {
        for place in (1..digits.len()).filter(|place| digits[*place] != digits[place - 1]) {
            let mut wrong = digits.to_vec();
            wrong.swap(place - 1, place);
            self.swaps += 1;
            self.swaps_passed += usize::from(passes(&wrong));
        }
    }

    fn swap_rate(&self) -> f64 {
        self.swaps_passed as f64 / self.swaps as f64
    }
}

fn passes(digits: &[u8]) -> bool {
    std::str::from_utf8(digits).unwrap().parse::<IndividualNumber>().is_ok()
}

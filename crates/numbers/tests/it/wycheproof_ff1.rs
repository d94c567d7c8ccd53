//! Project Wycheproof's FF1 vectors: every radix, valid and invalid, forwards and back.
//! Those below a million strings are valid by the first edition of SP 800-38G only.

use sekisho_numbers::ff1::{Ff1, Ff1Refusal};
use wycheproof::{TestResult, fpe_list, fpe_str};

#[test]
fn lists_of_digits() {
    for name in fpe_list::TestName::all() {
        let set = fpe_list::TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            for test in &group.tests {
                // A digit below 0 or above 65,535 cannot even be asked for.
                let Ok(message) = test.pt.iter().map(|d| u16::try_from(*d)).collect() else {
                    assert_eq!(test.result, TestResult::Invalid);
                    continue;
                };
                let hidden = test.ct.iter().map(|d| *d as u16).collect();
                let vector = Vector {
                    id: format!("{name:?} {}", test.tc_id),
                    key: &test.key,
                    tweak: &test.tweak,
                    radix: group.radix as u32,
                    message,
                    hidden: (test.result == TestResult::Valid).then_some(hidden),
                    flag: format!("{:?}", test.flags[0]),
                };
                valid += usize::from(vector.hidden.is_some());
                vector.ask();
            }
        }
        assert!(valid > 800, "{name:?}: {valid} valid");
    }
}

#[test]
fn strings_over_an_alphabet() {
    for name in fpe_str::TestName::all() {
        let set = fpe_str::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            // A character outside the alphabet stands for a digit outside the radix.
            let digits = |text: &str| -> Vec<u16> {
                let digit = |c| group.alphabet.chars().position(|a| a == c).unwrap_or(group.radix);
                text.chars().map(|c| digit(c) as u16).collect()
            };
            for test in &group.tests {
                let hidden = digits(&test.ct);
                Vector {
                    id: format!("{name:?} {}", test.tc_id),
                    key: &test.key,
                    tweak: &test.tweak,
                    radix: group.radix as u32,
                    message: digits(&test.pt),
                    hidden: (test.result == TestResult::Valid).then_some(hidden),
                    flag: format!("{:?}", test.flags[0]),
                }
                .ask();
            }
        }
    }
}

struct Vector<'a> {
    id: String,
    key: &'a [u8],
    tweak: &'a [u8],
    radix: u32,
    message: Vec<u16>,
    /// `None` if the input is invalid.
    hidden: Option<Vec<u16>>,
    flag: String,
}

impl Vector<'_> {
    fn ask(&self) {
        match &self.hidden {
            None => self.ask_invalid(),
            Some(hidden) => self.ask_valid(hidden),
        }
    }

    fn ask_valid(&self, hidden: &[u16]) {
        let mut ff1 = Ff1::new(self.key, self.radix).unwrap();
        if self.flag == "SmallMessageSize" {
            let refusal = ff1.encrypt(self.tweak, &self.message);
            assert_eq!(refusal, Err(Ff1Refusal::Domain), "{}", self.id);
            ff1 = ff1.accepting_legacy_domains();
        }
        assert_eq!(ff1.encrypt(self.tweak, &self.message).unwrap(), hidden, "{}", self.id);
        assert_eq!(ff1.decrypt(self.tweak, hidden).unwrap(), self.message, "{}", self.id);
    }

    fn ask_invalid(&self) {
        let refusal = Ff1::new(self.key, self.radix)
            .and_then(|ff1| ff1.encrypt(self.tweak, &self.message))
            .unwrap_err();
        let fits = match self.flag.as_str() {
            "InvalidKeySize" => matches!(refusal, Ff1Refusal::KeyLength { .. }),
            "InvalidMessageSize" => matches!(refusal, Ff1Refusal::Length { .. }),
            "InvalidPlaintext" => matches!(refusal, Ff1Refusal::Digit { .. }),
            _ => false,
        };
        assert!(fits, "{}: {} → {refusal:?}", self.id, self.flag);
    }
}

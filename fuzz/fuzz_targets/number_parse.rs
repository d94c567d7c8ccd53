//! The four numbers out of any text: nothing panics, what is taken prints as it was written, and
//! the lenient reading takes the same digits as a folding written here a second time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numbers::{CorporateNumber, IndividualNumber, LocalGovernmentCode, ResidentRecordCode};

macro_rules! holds {
    ($type:ty, $text:expr, $print:expr) => {
        let strict = $text.parse::<$type>();
        let lenient = <$type>::parse_lenient($text);
        if let Ok(number) = &strict {
            assert_eq!($print(number), $text);
            assert_eq!(strict, lenient);
        }
        if let Ok(number) = &lenient {
            let written: String = $print(number);
            assert_eq!(written, folded($text));
            assert_eq!(written.parse(), lenient);
        }
        if let Err(refusal) = &lenient {
            assert!(!refusal.label().is_empty() && !refusal.to_string().is_empty());
        }
    };
}

fuzz_target!(|text: &str| {
    holds!(IndividualNumber, text, |n: &IndividualNumber| n.reveal().to_string());
    holds!(ResidentRecordCode, text, |n: &ResidentRecordCode| n.reveal().to_string());
    holds!(CorporateNumber, text, CorporateNumber::to_string);
    holds!(LocalGovernmentCode, text, LocalGovernmentCode::to_string);
    if let Ok(code) = text.parse::<LocalGovernmentCode>() {
        let unit = places::by_code(code);
        assert!(unit.is_none_or(|unit| unit.code() == code));
        assert!(LocalGovernmentCode::from_five(&code.five()).is_ok_and(|same| same == code));
    }
});

fn folded(text: &str) -> String {
    let digit = |c: char| match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        c => c.is_ascii_digit().then_some(c),
    };
    text.chars().filter_map(digit).collect()
}

//! The registry's single words out of any text: kinds of event, sexes, postal codes and prefixes of
//! positions print as they were written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::set_digest::Prefix;
use registry::{EventKind, PostalCode, Sex};

fuzz_target!(|text: &str| {
    if let Ok(kind) = text.parse::<EventKind>() {
        assert_eq!(kind.word(), text);
        assert!(!kind.japanese().is_empty());
    }
    if let Ok(sex) = text.parse::<Sex>() {
        assert_eq!(sex.word(), text);
    }
    if let Ok(code) = text.parse::<PostalCode>() {
        assert_eq!(code.reveal(), text);
        assert!(!format!("{code:?}").contains(text));
    }
    if let Ok(prefix) = text.parse::<Prefix>() {
        assert_eq!(prefix.to_string(), text);
        assert_eq!(usize::from(prefix.digits()), text.len());
        let (first, last) = prefix.bounds();
        assert!(prefix.covers(first) && prefix.covers(last));
        assert_eq!(prefix.child(0).is_none(), text.len() == 16);
    }
});

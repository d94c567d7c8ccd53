//! Actors and purposes out of any text: what is taken prints exactly as it was written.
#![no_main]

use base::{Actor, Purpose};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Actor>() {
        Ok(actor) => {
            assert_eq!(actor.to_string(), text);
            assert!(text.starts_with(actor.kind()));
            assert_eq!(actor.municipality().is_some(), text.starts_with("municipality:"));
        }
        Err(refusal) => assert!(!refusal.label().is_empty()),
    }
    if let Ok(purpose) = text.parse::<Purpose>() {
        assert_eq!(purpose.to_string(), text);
    }
});

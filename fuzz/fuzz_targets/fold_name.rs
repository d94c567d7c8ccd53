//! Search keys of names from any text: folding a key again changes nothing, and spaces around a
//! name do not matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::text::fold_name;

fuzz_target!(|text: &str| {
    let key = fold_name(text);
    assert_eq!(fold_name(&key), key);
    assert!(!key.contains(char::is_whitespace));
    assert_eq!(fold_name(&format!(" {text}\u{3000}")), key);
});

//! Search keys of addresses from any text: folding a key again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::text::fold_address;

fuzz_target!(|text: &str| {
    let key = fold_address(text);
    assert_eq!(fold_address(&key), key);
    assert!(!key.contains(char::is_whitespace));
});

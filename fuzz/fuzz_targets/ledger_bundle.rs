//! Entry bundles out of any bytes: entries that all read encode to the same bytes, and every cut is
//! a beginning of the bundle.
#![no_main]

use ledger::bundle::{cut, encode, entries};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let read: Vec<_> = entries(data).collect();
    let good: Vec<&[u8]> = read.iter().filter_map(|entry| entry.ok()).collect();
    assert!(read.len() - good.len() <= 1, "nothing follows a refusal");
    let written = encode(&good).expect("entries that fitted before");
    assert!(data.starts_with(&written));
    assert_eq!(written.len() == data.len(), good.len() == read.len());
    let width = u16::try_from(good.len()).unwrap_or(u16::MAX);
    for narrower in [0, 1, width / 2, width] {
        let cut = cut(data, narrower.min(width)).expect("entries that read");
        assert!(written.starts_with(cut));
    }
    if usize::from(width) == good.len() && width < u16::MAX {
        assert_eq!(cut(data, width + 1), None);
    }
});

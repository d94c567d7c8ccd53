//! Stored accumulators out of any bytes: what is taken writes the same bytes, and goes on growing.
#![no_main]

use ledger::{Frontier, Hash};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(mut frontier) = Frontier::from_bytes(data) else { return };
    assert_eq!(frontier.to_bytes(), data);
    let same = Frontier::from_peaks(frontier.size(), frontier.peaks().to_vec());
    assert_eq!(same.as_ref(), Ok(&frontier));
    let before = frontier.head();
    frontier.append(Hash::leaf(data));
    assert_eq!(frontier.size(), before.size + 1);
    assert_ne!(frontier.root(), before.root);
    assert_eq!(frontier.peaks().len() as u32, frontier.size().count_ones());
});

//! Leaves of the ledger out of any bytes: only the canonical spelling is a leaf, it is JSON, and it
//! stays within its limit.
#![no_main]

use ledger::Hash;
use ledger::leaf::LeafEntry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(leaf) = LeafEntry::parse(data) else { return };
    assert_eq!(leaf.to_bytes(), data);
    assert!(data.len() <= 1500 && data.is_ascii());
    assert_eq!(leaf.leaf_hash(), Hash::leaf(data));
    assert_eq!(LeafEntry::new(leaf.fields().clone()).as_ref(), Ok(&leaf));
    let json: serde_json::Value = serde_json::from_slice(data).expect("a leaf is JSON");
    assert_eq!(json["version"], 1);
    assert_eq!(json["at_us"], leaf.fields().at_us);
    assert_eq!(json["act"], *leaf.fields().act);
    assert_eq!(json["actor"], *leaf.fields().actor);
    assert_eq!(json["outcome"], *leaf.fields().outcome);
    assert_eq!(json["subject"].is_null(), leaf.fields().subject.is_none());
});

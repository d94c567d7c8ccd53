//! The exchange that finds differing records: between two sets of the bytes' making it finds
//! exactly what differs, and against an other side that answers anything it ends all the same.
#![no_main]

use ledger::Hash;
use libfuzzer_sys::fuzz_target;
use registry::set_digest::{Answer, Entry, Exchange, Findings, NodeDigest, Prefix, respond};
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let (first, second) = data.split_at(data.len() / 2);
    let (ours, theirs) = (set(first), set(second));
    let mut exchange = Exchange::new(ours.values().copied().collect());
    let sorted: Vec<Entry> = theirs.values().copied().collect();
    while let Some(question) = exchange.next_question() {
        let answer = respond(&question, &sorted).expect("a question of ours");
        exchange.answer(&answer).expect("an honest answer");
    }
    assert!(exchange.questions() <= QUESTIONS_MAX);
    assert_eq!(exchange.findings(), difference(&ours, &theirs));
    against_a_liar(&ours, data);
});

/// Three bytes a record: two for the position, at both of its ends, and one for the content.
fn set(data: &[u8]) -> BTreeMap<u64, Entry> {
    let record = |[high, low, content]: &[u8; 3]| {
        let position = u64::from(*high) << 56 | u64::from(*low);
        let hash = Hash::leaf(&[*high, *low, *content]);
        let digest = *hash.as_bytes().first_chunk().expect("32 bytes");
        (position, Entry { position, digest })
    };
    data.as_chunks().0.iter().map(record).collect()
}

fn difference(ours: &BTreeMap<u64, Entry>, theirs: &BTreeMap<u64, Entry>) -> Findings {
    let positions = |keep: &dyn Fn(&u64) -> bool, side: &BTreeMap<u64, Entry>| {
        side.keys().copied().filter(|position| keep(position)).collect()
    };
    Findings {
        differing: positions(&|p| theirs.get(p).is_some_and(|entry| ours[p] != *entry), ours),
        only_here: positions(&|p| !theirs.contains_key(p), ours),
        only_there: positions(&|p| !ours.contains_key(p), theirs),
    }
}

/// Answers with as many nodes as were asked for, each announcing what the bytes say.
fn against_a_liar(ours: &BTreeMap<u64, Entry>, data: &[u8]) {
    let mut exchange = Exchange::new(ours.values().copied().collect());
    let mut bytes = data.iter().copied();
    let mut next = || bytes.next().unwrap_or_default();
    while let Some(question) = exchange.next_question() {
        let node = |byte: u8| NodeDigest { count: byte.into(), sum: u128::from(byte) << 64 };
        let children = question.children.iter().map(|_| [(); 16].map(|()| node(next()))).collect();
        let entries = question.entries.iter().map(|prefix: &Prefix| {
            let entry = Entry { position: prefix.bounds().0, digest: [1; 16] };
            vec![entry; 3]
        });
        let answer = Answer { children, entries: entries.collect() };
        if exchange.answer(&answer).is_err() {
            return;
        }
        assert!(exchange.questions() <= QUESTIONS_MAX);
    }
}

/// The root, sixteen levels below it, and the records under the last.
const QUESTIONS_MAX: u32 = 18;

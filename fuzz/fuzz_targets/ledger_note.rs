//! Signed notes out of any bytes: what is taken prints to the same bytes, and under the test key no
//! other text opens than the one that key signed.
#![no_main]

use ledger::note::{Note, VerifierKey, read_lines};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

fuzz_target!(|data: &[u8]| {
    if let Ok(note) = Note::from_bytes(data) {
        assert_eq!(note.to_string().as_bytes(), data);
        if let Ok(verified) = note.verify(&KEYS) {
            assert_eq!(verified.text(), SIGNED);
            assert!(!verified.signers().is_empty());
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(lines) = read_lines(text)
    {
        let written: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(written, text);
    }
});

static KEYS: LazyLock<Vec<VerifierKey>> =
    LazyLock::new(|| [LOG, WITNESS].map(|key| key.parse().expect("a verifier key")).into());

const LOG: &str = "log.example+1cc758f9+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const WITNESS: &str = "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
/// The text of the seed `signed`.
const SIGNED: &str = "log.example\n3\nO2zM1+PgI/85MAbwMDFe562esRGwIrQfun5bejlz9og=\n";

//! Checkpoints out of any text: what is taken prints to the same bytes, and under the test identity
//! no other checkpoint opens than the one that its key signed.
#![no_main]

use ledger::checkpoint::{Checkpoint, Comparison, LogIdentity};
use ledger::note::VerifierKey;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

fuzz_target!(|text: &str| {
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.text(), text);
        assert!(checkpoint.to_note().is_ok());
        let with_itself = checkpoint.compare(&checkpoint, &[]);
        // A head of no leaves with another root than that of nothing is no head at all.
        let sound = [Comparison::Same, Comparison::Unproven].contains(&with_itself);
        assert!(sound, "{with_itself:?}");
    }
    if let Ok(signed) = WORLD.0.open(text, std::slice::from_ref(&WORLD.1)) {
        assert_eq!(signed.checkpoint().text(), SIGNED);
        assert_eq!(signed.to_string(), text);
        assert!(signed.cosigners().len() <= 1);
    }
});

static WORLD: LazyLock<(LogIdentity, VerifierKey)> = LazyLock::new(|| {
    let key = |text: &str| text.parse::<VerifierKey>().expect("a verifier key");
    let origin = "log.example".parse().expect("an origin");
    (LogIdentity { origin, keys: vec![key(LOG)] }, key(WITNESS))
});

const LOG: &str = "log.example+1cc758f9+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const WITNESS: &str = "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
/// The text of the seed `signed`.
const SIGNED: &str = "log.example\n3\nO2zM1+PgI/85MAbwMDFe562esRGwIrQfun5bejlz9og=\n";

//! Witness requests out of any text: what is taken prints to the same bytes, and the witness
//! cosigns nothing but the one step that the log's key signed. Bodies of answers too.
#![no_main]

use ledger::TreeHead;
use ledger::checkpoint::LogIdentity;
use ledger::note::VerifierKey;
use ledger::witness::{
    Decision, Request, WatchedLog, conflict_body, decide, read_conflict, read_cosignature,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

fuzz_target!(|text: &str| {
    if let Some(known) = read_conflict(text) {
        assert_eq!(conflict_body(known), text);
    }
    let log = &WORLD[0].identity.keys[0];
    assert!(read_cosignature(text, SIGNED, log).is_err(), "a plain key cosigns nothing");
    let Ok(request) = text.parse::<Request>() else { return };
    assert_eq!(request.to_string(), text);
    for log in [None, Some(&WORLD[0]), Some(&WORLD[1])] {
        let decision = decide(&request, log);
        assert!((200..500).contains(&decision.status()));
        if let Decision::Cosign(approved) = decision {
            assert_eq!(approved.checkpoint().checkpoint().text(), SIGNED);
            assert_eq!(request.origin(), "log.example");
        }
    }
});

/// The log before its first cosigned head, and after one of two leaves.
static WORLD: LazyLock<[WatchedLog; 2]> = LazyLock::new(|| {
    let key: VerifierKey = LOG.parse().expect("a verifier key");
    let origin = "log.example".parse().expect("an origin");
    let identity = LogIdentity { origin, keys: vec![key] };
    let two = TreeHead { size: 2, root: TWO.parse().expect("a root") };
    [None, Some(two)].map(|last| WatchedLog { identity: identity.clone(), last })
});

const LOG: &str = "log.example+1cc758f9+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
/// Root over the first two leaves.
const TWO: &str = "a20bf9a7cc2dc8a08f5f415a71b19f6ac427bab54d24eec868b5d3103449953a";
/// The text of the checkpoint in the seeds, of three leaves.
const SIGNED: &str = "log.example\n3\nO2zM1+PgI/85MAbwMDFe562esRGwIrQfun5bejlz9og=\n";

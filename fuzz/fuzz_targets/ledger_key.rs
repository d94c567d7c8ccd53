//! Verifier keys, key names, origins and hashes of the ledger out of any text: one spelling each.
#![no_main]

use ledger::Hash;
use ledger::checkpoint::Origin;
use ledger::note::{KeyName, VerifierKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
        let again = VerifierKey::new(key.name().clone(), key.kind(), *key.public());
        assert_eq!(again, key);
    }
    if let Ok(name) = text.parse::<KeyName>() {
        assert_eq!(name.to_string(), text);
    }
    if let Ok(origin) = text.parse::<Origin>() {
        assert_eq!(origin.to_string(), text);
    }
    if let Ok(hash) = text.parse::<Hash>() {
        assert_eq!(hash.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(hash) = Hash::from_base64(text) {
        assert_eq!(hash.to_base64(), text);
    }
});

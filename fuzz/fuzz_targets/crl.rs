//! Revocation lists out of any bytes: going through the entries never fails, each is found by its
//! serial, and no lists but the seeds are signed by the test key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use x509::{Crl, PublicKey};

fuzz_target!(|data: &[u8]| {
    match Crl::parse(data) {
        Ok(list) => {
            assert_eq!(list.entries().count(), list.len());
            for entry in list.entries().take(16) {
                let found = list.find_integer(entry.serial).expect("an entry of the list");
                assert_eq!(found.serial, entry.serial);
            }
            if let Some(scope) = list.scope() {
                assert!(scope.names().count() <= data.len());
            }
            assert!(!list.is_signed_by(&KEY) || SEEDS.contains(&data));
        }
        Err(refusal) => assert!(!refusal.label().is_empty()),
    }
});

static KEY: LazyLock<PublicKey> =
    LazyLock::new(|| PublicKey::from_spki(include_bytes!("../keys/x509.spki")).expect("a key"));

const SEEDS: [&[u8]; 2] =
    [include_bytes!("../corpus/crl/complete"), include_bytes!("../corpus/crl/delta")];

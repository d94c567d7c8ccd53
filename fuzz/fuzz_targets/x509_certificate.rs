//! Certificates out of any bytes: what is taken joins to the same bytes again, and only the one
//! seed is signed by the test key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use x509::{Certificate, PublicKey, Serial, assemble};

fuzz_target!(|data: &[u8]| {
    let Ok(read) = Certificate::parse(data) else {
        return;
    };
    assert_eq!(read.der(), data);
    if let Some(algorithm) = read.algorithm() {
        assert_eq!(assemble(read.tbs(), algorithm, read.signature()), data);
    }
    if let Some(serial) = read.serial() {
        assert_eq!(serial.to_string().parse::<Serial>(), Ok(serial));
    }
    for extension in read.extensions() {
        assert!(data.windows(extension.oid.len()).any(|window| window == extension.oid));
    }
    let _ = (read.issuer_name(), read.subject_name(), read.public_key());
    if read.is_signed_by(&KEY) {
        assert_eq!(read.tbs(), Certificate::parse(SEED).expect("the seed").tbs());
    }
});

static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    Certificate::parse(SEED).expect("the seed").public_key().expect("a key of ours")
});

/// A self-signed root.
const SEED: &[u8] = include_bytes!("../corpus/x509_certificate/root");

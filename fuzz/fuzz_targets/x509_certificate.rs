//! Certificates out of any bytes: what is taken joins to the same bytes again, and the test key has
//! signed nothing but the two seeds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use x509::{Certificate, PublicKey, Serial, assemble};

fuzz_target!(|data: &[u8]| {
    let Ok(read) = Certificate::parse(data) else {
        return;
    };
    assert_eq!(read.der(), data);
    // A signature of no bytes may stand for one that ends within a byte.
    if let Some(algorithm) = read.algorithm().filter(|_| !read.signature().is_empty()) {
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
        let signed = SEEDS.map(|seed| Certificate::parse(seed).expect("the seed").tbs());
        assert!(signed.contains(&read.tbs()));
    }
});

static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    Certificate::parse(SEEDS[0]).expect("the seed").public_key().expect("a key of ours")
});

/// A self-signed root, and a holder's certificate by it.
const SEEDS: [&[u8]; 2] = [
    include_bytes!("../corpus/x509_certificate/root"),
    include_bytes!("../corpus/x509_certificate/holder"),
];

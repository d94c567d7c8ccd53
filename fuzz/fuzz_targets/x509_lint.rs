//! The lint over any bytes: it has an opinion on all of them, and none but the seed passes as the
//! root that it expects.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use x509::lint::{Expected, lint};
use x509::{
    COUNTRY, Certificate, GeneralName, KeyAlgorithm, KeyUsage, Name, ORGANIZATION,
    ORGANIZATIONAL_UNIT, extension_id as id,
};

fuzz_target!(|data: &[u8]| {
    if lint(data, &EXPECTED).is_empty() {
        let seed = Certificate::parse(SEED).expect("the seed");
        // Serial number and list are free; the fields that name somebody are not.
        assert!(data.windows(seed.issuer().len()).any(|window| window == seed.issuer()));
        assert!(data.windows(seed.spki().len()).any(|window| window == seed.spki()));
    }
});

static EXPECTED: LazyLock<Expected> = LazyLock::new(|| {
    let seed = Certificate::parse(SEED).expect("the seed");
    Expected {
        algorithm: KeyAlgorithm::P256,
        issuer: seed.subject_name().expect("a name"),
        issuer_key: seed.public_key().expect("a key of ours"),
        self_issued: true,
        not_before_earliest: seed.not_before(),
        not_after_latest: seed.not_after(),
        subject: vec![COUNTRY, ORGANIZATION, ORGANIZATIONAL_UNIT, ORGANIZATIONAL_UNIT],
        key_algorithms: vec![KeyAlgorithm::P256],
        extensions: vec![
            (id::KEY_USAGE, true),
            (id::SUBJECT_ALT_NAME, false),
            (id::BASIC_CONSTRAINTS, true),
            (id::CRL_DISTRIBUTION_POINTS, false),
            (id::SUBJECT_KEY_IDENTIFIER, false),
        ],
        key_usage: KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN),
        extended_key_usage: Vec::new(),
        policy: None,
        texts: Vec::new(),
        flags: Vec::new(),
        statement: None,
        subject_alternative: Some(japanese()),
        issuer_alternative: None,
        issuer_serial: None,
        points: vec![
            GeneralName::Directory(seed.subject_name().expect("a name")),
            GeneralName::Uri(
                "http://crl.sekisho.example/signature/85beb079b1ec375c/authorities.crl".to_owned(),
            ),
        ],
        responder: None,
    }
});

fn japanese() -> Name {
    let attributes = [
        (COUNTRY, "JP"),
        (ORGANIZATION, "関所試験認証基盤"),
        (ORGANIZATIONAL_UNIT, "関所試験認証基盤署名用"),
        (ORGANIZATIONAL_UNIT, "関所試験認証機構"),
    ];
    Name::new(attributes).expect("a name")
}

/// A self-signed root.
const SEED: &[u8] = include_bytes!("../corpus/x509_certificate/root");

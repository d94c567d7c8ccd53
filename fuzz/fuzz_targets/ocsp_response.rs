//! OCSP responses out of any bytes: nothing but what the seed says is an answer by the test
//! authority.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use x509::{COMMON_NAME, Name, OcspQuestion, OcspResponse, PublicKey};

fuzz_target!(|data: &[u8]| {
    match OcspResponse::parse(data) {
        Ok(response) => {
            for answer in response.answers() {
                let question = OcspQuestion {
                    issuer: &NAME,
                    issuer_key: &KEY,
                    serial: answer.certificate.serial(),
                    nonce: None,
                    at: answer.this_update,
                    skew_us: 0,
                };
                assert!(response.check(&question).is_err() || response.tbs() == signed());
            }
        }
        Err(refusal) => assert!(!refusal.label().is_empty()),
    }
});

/// What the test authority has signed; certificates may stand beside it.
fn signed() -> &'static [u8] {
    OcspResponse::parse(SEED).expect("a response").tbs()
}

static NAME: LazyLock<Name> =
    LazyLock::new(|| Name::new([(COMMON_NAME, "Fuzz authority")]).expect("a name"));
static KEY: LazyLock<PublicKey> =
    LazyLock::new(|| PublicKey::from_spki(include_bytes!("../keys/x509.spki")).expect("a key"));

const SEED: &[u8] = include_bytes!("../corpus/ocsp_response/good");

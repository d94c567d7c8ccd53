//! Certification requests out of any bytes: a key that comes out has signed what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use x509::{CertificationRequest, Weakness, pem};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(request) = CertificationRequest::from_pem(text)
    {
        let (_, der) = pem::decode(text).expect("was read");
        assert_eq!(CertificationRequest::parse(&der), Ok(request));
    }
    match CertificationRequest::parse(data) {
        Ok(request) => {
            let key = request.key().public_key();
            assert_eq!(Weakness::of(key), None);
            assert!(data.windows(key.to_spki().len()).any(|window| window == key.to_spki()));
            let subject = request.subject().der();
            assert!(data.windows(subject.len()).any(|window| window == subject));
        }
        Err(refusal) => assert!(!refusal.label().is_empty() && !refusal.to_string().is_empty()),
    }
});

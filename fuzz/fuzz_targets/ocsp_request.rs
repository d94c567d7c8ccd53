//! OCSP requests out of any bytes: what is taken without a signature and in its shortest form
//! writes the same certificates and nonce, and every refusal has an answer for the client.
#![no_main]

use libfuzzer_sys::fuzz_target;
use x509::{OcspRequest, OcspStatus};

fuzz_target!(|data: &[u8]| {
    match OcspRequest::parse(data) {
        Ok(request) => {
            let written = request.encode();
            let read = OcspRequest::parse(&written).expect("a request of our own");
            assert_eq!(read.certificates, request.certificates);
            assert_eq!(read.nonce, request.nonce);
        }
        Err(refusal) => {
            assert!(!refusal.label().is_empty());
            assert_ne!(refusal.status(), OcspStatus::Successful);
        }
    }
});

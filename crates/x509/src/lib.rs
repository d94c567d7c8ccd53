//! X.509 as the platform speaks it: keys and algorithms, certificates, requests, revocation lists,
//! OCSP and time stamps, built and read byte for byte.
//!
//! Everything here is a pure function of bytes: who signs hands in a signature, who asks for the
//! time is handed a moment. What is read is DER and nothing else (ITU-T X.690 chapter 10): trailing
//! bytes, indefinite lengths and values in other than their shortest form are refused.

mod key;
pub mod path;

pub use key::{KeyAlgorithm, PublicKey, PublicKeyRefusal};

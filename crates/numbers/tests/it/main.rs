//! The crate from outside: published vectors, independent implementations, and the properties that
//! assignment promises.

mod against_fpe;
mod assignment;
mod error_rates;
mod nist;
mod wycheproof_ff1;

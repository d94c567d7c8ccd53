//! The crate from outside: published vectors, independent implementations, and the properties that
//! assignment promises.

#[cfg(test)]
mod against_fpe;
#[cfg(test)]
mod assignment;
#[cfg(test)]
mod error_rates;
#[cfg(test)]
mod nist;
#[cfg(test)]
mod wycheproof_ff1;

//! The numbers of Japan's Individual Number infrastructure, as a library on its own.
//!
//! - [`IndividualNumber`], [`ResidentRecordCode`], [`CorporateNumber`], [`LocalGovernmentCode`]:
//!   values   that exist only if their check digit is right; [`explain()`] shows the arithmetic.
//! - [`ff1`]: format-preserving encryption, NIST SP 800-38G.
//! - [`assignment`]: Individual Numbers as a keyed permutation of resident record codes.
//!
//! Pure: no I/O, no clock, no randomness. Personal numbers are wiped on drop, have no `Display`,
//! and never appear in `Debug` or in a refusal.

pub mod assignment;
mod corporate_number;
mod digits;
mod explain;
mod family;
pub mod ff1;
mod individual_number;
mod local_government_code;
mod reading;
mod resident_record_code;

pub use self::corporate_number::CorporateNumber;
pub use self::digits::Digits;
pub use self::explain::{Explanation, Step, explain};
pub use self::family::{Family, Fault, NumberRefusal};
pub use self::individual_number::IndividualNumber;
pub use self::local_government_code::LocalGovernmentCode;
pub use self::resident_record_code::ResidentRecordCode;

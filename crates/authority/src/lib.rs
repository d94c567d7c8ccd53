//! The certification authority's decisions: who gets which certificate, what stands in it, when it
//! ends and on which list that is told.
//!
//! Pure: what is so, what is asked and what time it is go in; a decision or a refusal comes out.

mod content;
mod personal;
pub mod romaji;
mod subject;
pub mod substitution;
pub mod validity;

pub use content::{
    CertificateContent, CertificateKind, EncodedText, Locality, PersonalAttributes, SubjectName,
};
pub use personal::{Registered, Sex};
pub use subject::{Office, OfficeSuffix, OfficeSuffixRefusal, RequestSequence};

//! The certification authority's decisions: who gets which certificate, what stands in it, when it
//! ends and on which list that is told.
//!
//! Pure: what is so, what is asked and what time it is go in; a decision or a refusal comes out.

pub mod certificate;
mod content;
pub mod explain;
pub mod forecast;
mod personal;
pub mod profile;
pub mod revocation_list;
pub mod romaji;
mod subject;
pub mod substitution;
pub mod trigger;
pub mod validity;
pub mod verifier;

pub use content::{
    CertificateContent, CertificateKind, EncodedText, Locality, PersonalAttributes, SubjectName,
};
pub use personal::{Registered, Sex};
pub use subject::{Office, OfficeSuffix, OfficeSuffixRefusal, RequestSequence};

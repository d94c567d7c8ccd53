//! Whether a certificate is to be believed: certification path validation (RFC 5280 §6, with the
//! policies of RFC 9618).
//!
//! The caller hands in everything: the leaf, a bag of intermediates in any order, trust anchors,
//! revocation lists, the time, the purpose, the policies. The answer is the path that holds, or
//! the reason why none does and at which certificate. Nothing is fetched. It enforces what common
//! defaults let pass: expired lists, keyCertSign and cRLSign of issuers, unknown critical
//! extensions, the anchor's own validity and constraints. Indirect lists are refused.

mod certificate;
mod constraint;
mod crl;
mod extension;
mod key;
mod name;
mod oid;
mod policy;
mod purpose;
mod refusal;
mod revocation;
mod search;
#[cfg(test)]
mod tests;
mod walk;

pub use certificate::Certificate;
pub use crl::Crl;
pub use policy::{PolicyQuestion, PolicySet};
pub use purpose::Purpose;
pub use refusal::{Reason, Refusal};
pub use search::Limits;

use base::Moment;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The certificate that somebody presented.
    pub leaf: &'a Certificate,
    /// Certificates that may stand between it and an anchor, or sign lists; in any order, not
    /// trusted.
    pub intermediates: &'a [Certificate],
    /// Whom the caller trusts.
    pub anchors: &'a [Certificate],
    /// Revocation lists, complete and delta; in any order, not trusted.
    pub crls: &'a [Crl],
    /// The time for which the answer holds.
    pub at: Moment,
    /// What the certificate is wanted for.
    pub purpose: Purpose,
    /// Which policies are wanted.
    pub policies: PolicyQuestion,
    /// How revocation is asked for.
    pub revocation: Revocation,
    /// What the search may spend.
    pub limits: Limits,
}

/// How revocation is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Revocation {
    /// Every certificate below the anchor must be covered by a list that holds.
    #[default]
    Required,
    /// Where lists of an issuer are given, they must hold and cover; where none are, the
    /// certificate passes.
    IfPresent,
    /// Lists are not looked at.
    None,
}

/// A certificate that is to be believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted<'a> {
    /// From the leaf to the trust anchor.
    pub path: Vec<&'a Certificate>,
    /// The policies for which it is valid.
    pub policies: PolicySet,
}

impl<'a> Question<'a> {
    /// Asks for any purpose and policy, with revocation required.
    pub fn new(leaf: &'a Certificate, anchors: &'a [Certificate], at: Moment) -> Self {
        Self {
            leaf,
            intermediates: &[],
            anchors,
            crls: &[],
            at,
            purpose: Purpose::Any,
            policies: PolicyQuestion::default(),
            revocation: Revocation::Required,
            limits: Limits::default(),
        }
    }
}

/// Validates. Refused with the reason of the path that came furthest: one that reached an anchor
/// before one that did not, and among equals the likeliest.
pub fn validate<'a>(question: &Question<'a>) -> Result<Accepted<'a>, Refusal> {
    search::Search::new(question).run()
}

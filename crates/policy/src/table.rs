//! The table of legal bases: one row per actor kind, action and purpose. Nothing else gives a
//! right.

use crate::action::Action;
use base::Purpose;

/// One row: an actor of this kind may do this for this purpose, because of this law.
#[derive(PartialEq, Eq, Debug)]
pub struct Basis {
    /// Kind of actor.
    pub actor: &'static str,
    /// The deed.
    pub action: Action,
    /// The purpose.
    pub purpose: Purpose,
    /// Short name of the legal basis: `jukihou` is the Basic Resident Register Act, `bangouhou` the
    /// My Number Act, `kojinninshouhou` the Act on Public Individual Authentication;
    /// `disclosure-log` is the practice of disclosing to people who looked, which no article names;
    /// `operation` is the operator's own rule book.
    pub id: &'static str,
    /// Whether a municipality may do it only for what is its own.
    pub own_only: bool,
}

/// Version of the table: raised with every change, recorded with every act.
pub const VERSION: u32 = 4;

const fn own(action: Action, purpose: Purpose, id: &'static str) -> Basis {
    Basis { actor: "municipality", action, purpose, id, own_only: true }
}

const fn by(actor: &'static str, action: Action, purpose: Purpose, id: &'static str) -> Basis {
    Basis { actor, action, purpose, id, own_only: false }
}

/// Every right there is.
pub static TABLE: &[Basis] = &[
    own(Action::ResidentEvent, Purpose::ResidentRegister, "jukihou-30-6"),
    own(Action::NumberProvisional, Purpose::Numbering, "bangouhou-8-1"),
    own(Action::NumberChange, Purpose::Numbering, "bangouhou-7-2"),
    // The number is an item of the resident record that the municipality keeps (art. 7(8-2)).
    own(Action::NumberAsk, Purpose::ResidentRegister, "jukihou-7"),
    own(Action::NumberAsk, Purpose::SocialSecurity, "bangouhou-9-1"),
    own(Action::NumberAsk, Purpose::Tax, "bangouhou-9-1"),
    own(Action::NumberAsk, Purpose::Disaster, "bangouhou-9-1"),
    own(Action::StockIssue, Purpose::ResidentRegister, "jukihou-30-2"),
    own(Action::FeedStatus, Purpose::ResidentRegister, "jukihou-30-6"),
    own(Action::SetDifference, Purpose::ResidentRegister, "jukihou-30-6"),
    // Art. 30-32 gives people what is held about them; who looked at it is told by custom.
    own(Action::SubjectActs, Purpose::Disclosure, "disclosure-log"),
    // Art. 3 is for signature, art. 22 for authentication certificates; what follows likewise.
    own(Action::CertificateIssue, Purpose::Certification, "kojinninshouhou-3"),
    own(Action::CertificateRevoke, Purpose::Certification, "kojinninshouhou-9"),
    // What became of the holder's key is told at the counter or by telephone.
    own(Action::CertificateHold, Purpose::Certification, "kojinninshouhou-10"),
    own(Action::CertificateRelease, Purpose::Certification, "kojinninshouhou-10"),
    own(Action::CertificateAsk, Purpose::Certification, "kojinninshouhou-3"),
    own(Action::CertificateExplain, Purpose::Certification, "kojinninshouhou-3"),
    by("agency", Action::NumberAsk, Purpose::SocialSecurity, "jukihou-30-9"),
    by("agency", Action::NumberAsk, Purpose::Tax, "jukihou-30-9"),
    by("agency", Action::NumberAsk, Purpose::Disaster, "jukihou-30-9"),
    by("operator", Action::FeedStatus, Purpose::Operation, "operation"),
    by("operator", Action::StockIssue, Purpose::Operation, "jukihou-30-2"),
    by("operator", Action::Rewrap, Purpose::Operation, "operation"),
    by("operator", Action::KeyDestroy, Purpose::Operation, "operation"),
    by("operator", Action::TokenIssue, Purpose::Operation, "operation"),
    by("operator", Action::Disposal, Purpose::Operation, "operation"),
    by("operator", Action::AuthorityInit, Purpose::Operation, "operation"),
    by("operator", Action::AuthorityRetire, Purpose::Operation, "operation"),
    by("operator", Action::KeyGenerate, Purpose::Operation, "operation"),
    by("operator", Action::KeyRotate, Purpose::Operation, "operation"),
    // The call centre takes reports of loss at any hour.
    by("operator", Action::CertificateHold, Purpose::Certification, "kojinninshouhou-10"),
    // Errors in the record, the issuer's key in wrong hands, a card that was never handed over.
    by("operator", Action::CertificateRevoke, Purpose::Certification, "kojinninshouhou-13"),
    by("operator", Action::CertificateAsk, Purpose::Certification, "kojinninshouhou-3"),
    by("operator", Action::CertificateExplain, Purpose::Certification, "kojinninshouhou-3"),
    by("operator", Action::VerifierRegister, Purpose::Certification, "kojinninshouhou-17"),
    // The register tells that a person moved, changed their name or died.
    by("platform", Action::CertificateRevoke, Purpose::Certification, "kojinninshouhou-12"),
    // Responders, time stamps: what the platform certifies of its own.
    by("platform", Action::CertificateIssue, Purpose::Operation, "operation"),
    // The hands finish what was allowed, or close the case.
    by("platform", Action::CertificateIssue, Purpose::Certification, "kojinninshouhou-3"),
    by("platform", Action::RevocationList, Purpose::Certification, "kojinninshouhou-16"),
    by(
        "verifier",
        Action::CertificateStatusAsk,
        Purpose::SignatureVerification,
        "kojinninshouhou-18-1",
    ),
    by(
        "verifier",
        Action::CertificateLinkAsk,
        Purpose::SignatureVerification,
        "kojinninshouhou-18-5",
    ),
    by("verifier", Action::AttributesAsk, Purpose::SignatureVerification, "kojinninshouhou-18-3"),
    // The mayor hears the number that was generated for a code (art. 8(2)).
    by("platform", Action::NumberList, Purpose::Notification, "bangouhou-8-2"),
    by("auditor", Action::FeedStatus, Purpose::Supervision, "bangouhou-35"),
    by("auditor", Action::SubjectActs, Purpose::Supervision, "bangouhou-35"),
];

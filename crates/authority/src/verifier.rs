//! Verifiers (署名検証者): who may ask about certificates, what, and what they owe for it
//! (公的個人認証法 arts. 17 to 21 and 50 to 52).
//!
//! A verifier is filed before it asks. What it may ask depends on the ground of its filing, and
//! every answer carries the duties that go with it. A state that is not in the table of
//! `VerifierState::after` does not exist: no way leads back from ended.

pub mod consent;
mod duty;
mod filing;
mod refusal;

pub use duty::{Duty, Keeping};
pub use filing::{Filing, PlainText, Provider};
pub use refusal::Refusal;

/// On which ground a body verifies (art. 17(1) items 1 to 6 and (5)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum VerifierKind {
    /// 行政機関等.
    AdministrativeBody,
    /// 裁判所.
    Court,
    /// Designated by law to take filings to administrative bodies or answer for them.
    FilingAgent,
    /// 認定認証事業者.
    CertifiedBusiness,
    /// 特定認証業務を行う者, recognised by the Minister.
    RecognisedBusiness,
    /// A private firm that the Minister approved.
    ApprovedFirm,
    /// 団体署名検証者: asks for its members, who are professionals before public bodies.
    ProfessionalAssociation,
    /// プラットフォーム事業者: an approved firm that verifies for service providers.
    PlatformOperator,
}

/// What a verifier may ask for (art. 18).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Right {
    /// Whether a certificate is revoked.
    Status,
    /// The lists of revoked certificates.
    Lists,
    /// The holder's present name, address, birth date and sex, with consent.
    Attributes,
    /// The number of the same holder's other certificate.
    Link,
}

/// How a verifier stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum VerifierState {
    /// It may ask.
    Registered,
    /// It may not ask for the present.
    Suspended,
    /// It will not ask again.
    Ended,
}

/// What changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Change {
    /// It is suspended.
    Suspend,
    /// A suspension ends.
    Resume,
    /// It is struck off.
    End,
}

/// Decides whether a state may change.
pub const fn decide_change(state: VerifierState, change: Change) -> Result<VerifierState, Refusal> {
    match (state.after(change), state, change) {
        (Some(after), ..) => Ok(after),
        (None, VerifierState::Ended, _) => Err(Refusal::Ended),
        (None, _, Change::Resume) => Err(Refusal::NotSuspended),
        (None, ..) => Err(Refusal::Suspended),
    }
}

/// Decides whether a verifier may ask for something now, for itself or for a provider that it
/// verifies for; the purpose that it does it for.
pub fn decide_ask<'a>(
    filing: &'a Filing,
    state: VerifierState,
    (right, provider): (Right, Option<&str>),
) -> Result<&'a PlainText, Refusal> {
    match state {
        VerifierState::Registered => {}
        VerifierState::Suspended => return Err(Refusal::Suspended),
        VerifierState::Ended => return Err(Refusal::Ended),
    }
    if !filing.kind().may(right) {
        return Err(Refusal::Right);
    }
    filing.purpose_of(provider)
}

impl VerifierKind {
    /// All kinds, in the order of the Act.
    pub const ALL: [Self; 8] = [
        Self::AdministrativeBody,
        Self::Court,
        Self::FilingAgent,
        Self::CertifiedBusiness,
        Self::RecognisedBusiness,
        Self::ApprovedFirm,
        Self::ProfessionalAssociation,
        Self::PlatformOperator,
    ];

    /// The number in the store, counted from 1.
    pub const fn code(self) -> i64 {
        match self {
            Self::AdministrativeBody => 1,
            Self::Court => 2,
            Self::FilingAgent => 3,
            Self::CertifiedBusiness => 4,
            Self::RecognisedBusiness => 5,
            Self::ApprovedFirm => 6,
            Self::ProfessionalAssociation => 7,
            Self::PlatformOperator => 8,
        }
    }

    /// The word of the API, the commands and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AdministrativeBody => "administrative_body",
            Self::Court => "court",
            Self::FilingAgent => "filing_agent",
            Self::CertifiedBusiness => "certified_business",
            Self::RecognisedBusiness => "recognised_business",
            Self::ApprovedFirm => "approved_firm",
            Self::ProfessionalAssociation => "professional_association",
            Self::PlatformOperator => "platform_operator",
        }
    }

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The name for people in Japan.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::AdministrativeBody => "行政機関等",
            Self::Court => "裁判所",
            Self::FilingAgent => "手続に関する業務を行う者",
            Self::CertifiedBusiness => "認定認証事業者",
            Self::RecognisedBusiness => "特定認証業務を行う者",
            Self::ApprovedFirm => "主務大臣の認定を受けた民間事業者",
            Self::ProfessionalAssociation => "団体署名検証者",
            Self::PlatformOperator => "プラットフォーム事業者",
        }
    }

    /// Where the Act names it.
    pub const fn article(self) -> &'static str {
        match self {
            Self::AdministrativeBody => "17(1)(1)",
            Self::Court => "17(1)(2)",
            Self::FilingAgent => "17(1)(3)",
            Self::CertifiedBusiness => "17(1)(4)",
            Self::RecognisedBusiness => "17(1)(5)",
            Self::ApprovedFirm | Self::PlatformOperator => "17(1)(6)",
            Self::ProfessionalAssociation => "17(5)",
        }
    }

    /// Whether it may ask for this. The number of the other certificate is for those who verify
    /// both certificates; an association is none of these (arts. 36(1), 52(3)).
    pub const fn may(self, right: Right) -> bool {
        !matches!((self, right), (Self::ProfessionalAssociation, Right::Link))
    }

    /// Whether its filing names the decision of an authority that it rests on: a designation, a
    /// certification or the Minister's approval.
    pub const fn needs_approval(self) -> bool {
        !matches!(self, Self::AdministrativeBody | Self::Court | Self::ProfessionalAssociation)
    }

    /// Whether it verifies for others, each named with a purpose of its own.
    pub const fn has_providers(self) -> bool {
        matches!(self, Self::PlatformOperator)
    }
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Status, Self::Lists, Self::Attributes, Self::Link];

    /// The word of the API and the commands.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Lists => "lists",
            Self::Attributes => "attributes",
            Self::Link => "link",
        }
    }

    /// Where the Act gives it.
    pub const fn article(self) -> &'static str {
        match self {
            Self::Status => "18(1)",
            Self::Lists => "18(2)",
            Self::Attributes => "18(3)",
            Self::Link => "18(5)",
        }
    }
}

impl VerifierState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Registered, Self::Suspended, Self::Ended];

    /// The state after a change; `None` where there is no such step.
    pub const fn after(self, change: Change) -> Option<Self> {
        match (self, change) {
            (Self::Registered, Change::Suspend) => Some(Self::Suspended),
            (Self::Suspended, Change::Resume) => Some(Self::Registered),
            (Self::Registered | Self::Suspended, Change::End) => Some(Self::Ended),
            _ => None,
        }
    }

    /// The word of the API and the commands.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Suspend, Self::Resume, Self::End];

    /// The word of the commands and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::End => "end",
        }
    }
}

#[cfg(test)]
mod tests;

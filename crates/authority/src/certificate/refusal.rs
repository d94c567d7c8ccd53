//! Why a request about a certificate is refused.

use std::fmt;

/// A refusal; each has its entry in the table of labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Refusal {
    /// The clock is behind what is recorded already.
    ClockBehind,
    /// The holder is under 15.
    HolderTooYoung,
    /// The holder is an adult ward.
    HolderIsWard,
    /// A card without PINs carries no signature certificate.
    CardWithoutPin,
    /// The card has expired.
    CardExpired,
    /// The authority's own certificate ends before this one would.
    IssuerEnds,
    /// A certificate of this kind, or the authentication certificate that comes first, is being
    /// issued.
    IssuanceUnderWay,
    /// There is one of this kind with three months left or more.
    InForce,
    /// The one of this kind is held: first it is released or revoked.
    Held,
    /// There is none that this could be about.
    Absent,
    /// It is not held.
    NotHeld,
    /// It is not waiting to come into force.
    NotIntended,
}

impl Refusal {
    /// All refusals.
    pub const ALL: [Self; 12] = [
        Self::ClockBehind,
        Self::HolderTooYoung,
        Self::HolderIsWard,
        Self::CardWithoutPin,
        Self::CardExpired,
        Self::IssuerEnds,
        Self::IssuanceUnderWay,
        Self::InForce,
        Self::Held,
        Self::Absent,
        Self::NotHeld,
        Self::NotIntended,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ClockBehind => "clock_behind",
            Self::HolderTooYoung => "certificate_holder_too_young",
            Self::HolderIsWard => "certificate_holder_is_ward",
            Self::CardWithoutPin => "certificate_card_without_pin",
            Self::CardExpired => "certificate_card_expired",
            Self::IssuerEnds => "certificate_issuer_ends",
            Self::IssuanceUnderWay => "certificate_issuance_under_way",
            Self::InForce => "certificate_in_force",
            Self::Held => "certificate_held",
            Self::Absent => "certificate_absent",
            Self::NotHeld => "certificate_not_held",
            Self::NotIntended => "certificate_not_intended",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for Refusal {}

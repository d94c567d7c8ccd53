//! Why a verifier is not registered, changed or answered.

use std::fmt;

/// A refusal; each has its entry in the table of labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Refusal {
    /// Nobody of this name is registered.
    Absent,
    /// The name is taken, or was once.
    Exists,
    /// It is suspended.
    Suspended,
    /// It is not suspended.
    NotSuspended,
    /// It was struck off.
    Ended,
    /// Its kind may not ask for this.
    Right,
    /// The decision that it rests on is missing, or there can be none.
    Approval,
    /// A purpose or decision is empty, too long, or more than a line.
    Text,
    /// The service providers do not fit the kind, are too many, or one stands twice.
    Providers,
    /// It verifies for others and does not say for whom.
    ProviderMissing,
    /// It does not verify for this one.
    ProviderUnknown,
}

impl Refusal {
    /// All refusals.
    pub const ALL: [Self; 11] = [
        Self::Absent,
        Self::Exists,
        Self::Suspended,
        Self::NotSuspended,
        Self::Ended,
        Self::Right,
        Self::Approval,
        Self::Text,
        Self::Providers,
        Self::ProviderMissing,
        Self::ProviderUnknown,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Absent => "verifier_absent",
            Self::Exists => "verifier_exists",
            Self::Suspended => "verifier_suspended",
            Self::NotSuspended => "verifier_not_suspended",
            Self::Ended => "verifier_ended",
            Self::Right => "verifier_right",
            Self::Approval => "verifier_approval",
            Self::Text => "verifier_text",
            Self::Providers => "verifier_providers",
            Self::ProviderMissing => "verifier_provider_missing",
            Self::ProviderUnknown => "verifier_provider_unknown",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for Refusal {}

//! What for. A purpose is named by the caller, held against the table of legal bases, and written
//! into the ledger with the act.

use std::{fmt, str::FromStr};

/// Why somebody acts or asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// Keeping the resident register (Basic Resident Register Act art. 30-6, 30-7).
    ResidentRegister,
    /// Designating Individual Numbers (My Number Act art. 7, 8).
    Numbering,
    /// Sending people their number (My Number Act art. 7).
    Notification,
    /// Social security administration (My Number Act art. 9 and its table).
    SocialSecurity,
    /// Taxation (My Number Act art. 9 and its table).
    Tax,
    /// Disaster response (My Number Act art. 9 and its table).
    Disaster,
    /// Issuing and ending the residents' certificates (公的個人認証法 art. 3 to 16).
    Certification,
    /// Finding out whether a signature or a sign-on is to be trusted (公的個人認証法 art. 17 to 21).
    SignatureVerification,
    /// A person's own request to see what is held (Basic Resident Register Act art. 30-32) or who
    /// looked at it.
    Disclosure,
    /// Supervision and audit (My Number Act art. 33 to 35).
    Supervision,
    /// Running the platform: publishing the ledger, keys, verification.
    Operation,
}

/// The text is not a purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PurposeRefusal;

impl Purpose {
    /// All purposes, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::ResidentRegister,
        Self::Numbering,
        Self::Notification,
        Self::SocialSecurity,
        Self::Tax,
        Self::Disaster,
        Self::Certification,
        Self::SignatureVerification,
        Self::Disclosure,
        Self::Supervision,
        Self::Operation,
    ];

    /// The word used in the API and in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ResidentRegister => "resident_register",
            Self::Numbering => "numbering",
            Self::Notification => "notification",
            Self::SocialSecurity => "social_security",
            Self::Tax => "tax",
            Self::Disaster => "disaster",
            Self::Certification => "certification",
            Self::SignatureVerification => "signature_verification",
            Self::Disclosure => "disclosure",
            Self::Supervision => "supervision",
            Self::Operation => "operation",
        }
    }
}

impl PurposeRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "purpose_unknown"
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Purpose {
    type Err = PurposeRefusal;

    fn from_str(text: &str) -> Result<Self, PurposeRefusal> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == text).ok_or(PurposeRefusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for purpose in Purpose::ALL {
            assert_eq!(purpose.word().parse(), Ok(purpose));
        }
        assert_eq!("curiosity".parse::<Purpose>(), Err(PurposeRefusal));
    }
}

//! What a verifier owes for an answer: duties and how long things may be kept, as data that is
//! shown at registration and goes with every answer.

use super::{Right, VerifierKind};

/// A duty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Duty {
    /// Each time: the certificate still holds, and the signature is by its key.
    CheckEachTime,
    /// The same, for an association and its members.
    CheckForMembers,
    /// The public key serves to verify that signature and nothing else.
    KeyToVerifyOnly,
    /// What was told of revocation serves that check and nothing else, and is given to nobody.
    RevocationToCheckOnly,
    /// The other certificate's number serves to know the holder again and nothing else.
    NumberToMatchOnly,
    /// The attributes serve the purpose that the holder consented to.
    AttributesForPurposeOnly,
    /// What was received is kept from leaking, getting lost and being damaged.
    KeepSafe,
}

/// How long something may be kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Keeping {
    /// Revocation data: until the check is made.
    RevocationUntilChecked,
    /// The certificate: until it is matched, unless another law has it kept.
    CertificateUntilMatched,
    /// The number of the other certificate: while it is needed to know the holder again.
    NumberWhileMatching,
    /// The attributes: while the purpose that the holder consented to needs them.
    AttributesWhilePurpose,
}

impl VerifierKind {
    /// What goes with an answer of this kind.
    pub const fn duties(self, right: Right) -> &'static [Duty] {
        match (self, right) {
            (Self::ProfessionalAssociation, Right::Status | Right::Lists) => &[
                Duty::CheckForMembers,
                Duty::KeyToVerifyOnly,
                Duty::RevocationToCheckOnly,
                Duty::KeepSafe,
            ],
            (_, Right::Status | Right::Lists) => &[
                Duty::CheckEachTime,
                Duty::KeyToVerifyOnly,
                Duty::RevocationToCheckOnly,
                Duty::KeepSafe,
            ],
            (_, Right::Attributes) => &[Duty::AttributesForPurposeOnly, Duty::KeepSafe],
            (_, Right::Link) => &[Duty::NumberToMatchOnly, Duty::KeepSafe],
        }
    }
}

impl Right {
    /// How long what is told may be kept.
    pub const fn keeping(self) -> &'static [Keeping] {
        match self {
            Self::Status | Self::Lists => {
                &[Keeping::RevocationUntilChecked, Keeping::CertificateUntilMatched]
            }
            Self::Attributes => &[Keeping::AttributesWhilePurpose],
            Self::Link => &[Keeping::NumberWhileMatching],
        }
    }
}

impl Duty {
    /// All duties.
    pub const ALL: [Self; 7] = [
        Self::CheckEachTime,
        Self::CheckForMembers,
        Self::KeyToVerifyOnly,
        Self::RevocationToCheckOnly,
        Self::NumberToMatchOnly,
        Self::AttributesForPurposeOnly,
        Self::KeepSafe,
    ];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CheckEachTime => "check_each_time",
            Self::CheckForMembers => "check_for_members",
            Self::KeyToVerifyOnly => "key_to_verify_only",
            Self::RevocationToCheckOnly => "revocation_to_check_only",
            Self::NumberToMatchOnly => "number_to_match_only",
            Self::AttributesForPurposeOnly => "attributes_for_purpose_only",
            Self::KeepSafe => "keep_safe",
        }
    }

    /// Where the Act has it.
    pub const fn article(self) -> &'static str {
        match self {
            Self::CheckEachTime | Self::KeyToVerifyOnly => "19",
            Self::CheckForMembers => "20, 21",
            Self::RevocationToCheckOnly | Self::NumberToMatchOnly => "52",
            Self::AttributesForPurposeOnly => "18(3)",
            Self::KeepSafe => "50",
        }
    }

    /// One sentence in English.
    pub const fn english(self) -> &'static str {
        match self {
            Self::CheckEachTime => {
                "Check each time that the certificate still holds and that the signature is by its \
                 key."
            }
            Self::CheckForMembers => {
                "Check for the member who asks that the certificate still holds, and answer that \
                 member."
            }
            Self::KeyToVerifyOnly => "Use the public key to verify this signature only.",
            Self::RevocationToCheckOnly => {
                "Use what is told of revocation for this check only, and give it to nobody."
            }
            Self::NumberToMatchOnly => {
                "Use the number to know the holder again only, and give it to nobody."
            }
            Self::AttributesForPurposeOnly => {
                "Use the attributes for the purpose that the holder consented to."
            }
            Self::KeepSafe => "Keep what is received from leaking, loss and damage.",
        }
    }

    /// One sentence in Japanese.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::CheckEachTime => {
                "電子証明書が失効していないことと、署名がその鍵によることをその都度確認すること。"
            }
            Self::CheckForMembers => {
                "求めのあった署名確認者のために失効の有無を確認し、その者に回答すること。"
            }
            Self::KeyToVerifyOnly => "検証符号を当該署名の確認以外に利用しないこと。",
            Self::RevocationToCheckOnly => "失効情報を当該確認以外に利用し、又は提供しないこと。",
            Self::NumberToMatchOnly => "発行の番号を本人の確認以外に利用し、又は提供しないこと。",
            Self::AttributesForPurposeOnly => "本人が同意した目的の範囲で利用すること。",
            Self::KeepSafe => "漏えい、滅失及び毀損を防止すること。",
        }
    }
}

impl Keeping {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::RevocationUntilChecked,
        Self::CertificateUntilMatched,
        Self::NumberWhileMatching,
        Self::AttributesWhilePurpose,
    ];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RevocationUntilChecked => "revocation_until_checked",
            Self::CertificateUntilMatched => "certificate_until_matched",
            Self::NumberWhileMatching => "number_while_matching",
            Self::AttributesWhilePurpose => "attributes_while_purpose",
        }
    }

    /// One sentence in English.
    pub const fn english(self) -> &'static str {
        match self {
            Self::RevocationUntilChecked => "Revocation data: until the check is made.",
            Self::CertificateUntilMatched => {
                "The certificate: until it is matched, unless another law has it kept."
            }
            Self::NumberWhileMatching => "The number: while it is needed to know the holder again.",
            Self::AttributesWhilePurpose => {
                "The attributes: while the purpose consented to needs them."
            }
        }
    }

    /// One sentence in Japanese.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::RevocationUntilChecked => "失効情報は、確認が終わるまで。",
            Self::CertificateUntilMatched => {
                "電子証明書は、照合が終わるまで（他の法令に保存の定めがあるときを除く）。"
            }
            Self::NumberWhileMatching => "発行の番号は、本人の確認に必要な間。",
            Self::AttributesWhilePurpose => "基本４情報は、同意された目的に必要な間。",
        }
    }
}

//! The deeds of the platform. The word is the name of the use case, and of the act in the ledger.

/// A deed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// A municipality reports what happened to a resident.
    ResidentEvent,
    /// Numbers are reserved for resident record codes ahead of their designation.
    NumberProvisional,
    /// A number is changed after a leak.
    NumberChange,
    /// A resident's number is asked for.
    NumberAsk,
    /// A number list and notification data are given to a municipality.
    NumberList,
    /// Resident record codes are given out to a municipality.
    StockIssue,
    /// The state of a municipality's feed is looked at.
    FeedStatus,
    /// Set digests are compared, and records that differ are named.
    SetDifference,
    /// The acts about one person are looked up.
    SubjectActs,
    /// A person's content is destroyed.
    Disposal,
    /// Data keys are wrapped under a new key epoch.
    Rewrap,
    /// A key that no data key is wrapped under any more is destroyed.
    KeyDestroy,
    /// A token is issued, with which its holder acts as somebody.
    TokenIssue,
    /// A certification authority is founded.
    AuthorityInit,
    /// A certification authority that a newer one follows issues no more.
    AuthorityRetire,
    /// A certificate is intended, and then issued.
    CertificateIssue,
    /// A certificate ends before its time.
    CertificateRevoke,
    /// A certificate is suspended.
    CertificateHold,
    /// A suspended certificate is good again.
    CertificateRelease,
    /// A certificate itself is asked for.
    CertificateAsk,
    /// Why a certificate is valid or not is asked for.
    CertificateExplain,
    /// A revocation list is made.
    RevocationList,
    /// A verifier is registered, suspended or struck off.
    VerifierRegister,
    /// Whether a certificate is valid is asked for.
    CertificateStatusAsk,
    /// The serial of the same person's other certificate is asked for.
    CertificateLinkAsk,
    /// A person's present name, address, birth date and sex are asked for, with consent.
    AttributesAsk,
    /// A key is made.
    KeyGenerate,
    /// A key is followed by one of the next epoch.
    KeyRotate,
}

impl Action {
    /// All deeds.
    pub const ALL: [Self; 28] = [
        Self::ResidentEvent,
        Self::NumberProvisional,
        Self::NumberChange,
        Self::NumberAsk,
        Self::NumberList,
        Self::StockIssue,
        Self::FeedStatus,
        Self::SetDifference,
        Self::SubjectActs,
        Self::Disposal,
        Self::Rewrap,
        Self::KeyDestroy,
        Self::TokenIssue,
        Self::AuthorityInit,
        Self::AuthorityRetire,
        Self::CertificateIssue,
        Self::CertificateRevoke,
        Self::CertificateHold,
        Self::CertificateRelease,
        Self::CertificateAsk,
        Self::CertificateExplain,
        Self::RevocationList,
        Self::VerifierRegister,
        Self::CertificateStatusAsk,
        Self::CertificateLinkAsk,
        Self::AttributesAsk,
        Self::KeyGenerate,
        Self::KeyRotate,
    ];

    /// The word of the ledger and the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ResidentEvent => "resident_event",
            Self::NumberProvisional => "number_provisional",
            Self::NumberChange => "number_change",
            Self::NumberAsk => "number_ask",
            Self::NumberList => "number_list",
            Self::StockIssue => "stock_issue",
            Self::FeedStatus => "feed_status",
            Self::SetDifference => "set_difference",
            Self::SubjectActs => "subject_acts",
            Self::Disposal => "disposal",
            Self::Rewrap => "rewrap",
            Self::KeyDestroy => "key_destroy",
            Self::TokenIssue => "token_issue",
            Self::AuthorityInit => "authority_init",
            Self::AuthorityRetire => "authority_retire",
            Self::CertificateIssue => "certificate_issue",
            Self::CertificateRevoke => "certificate_revoke",
            Self::CertificateHold => "certificate_hold",
            Self::CertificateRelease => "certificate_release",
            Self::CertificateAsk => "certificate_ask",
            Self::CertificateExplain => "certificate_explain",
            Self::RevocationList => "revocation_list",
            Self::VerifierRegister => "verifier_register",
            Self::CertificateStatusAsk => "certificate_status_ask",
            Self::CertificateLinkAsk => "certificate_link_ask",
            Self::AttributesAsk => "attributes_ask",
            Self::KeyGenerate => "key_generate",
            Self::KeyRotate => "key_rotate",
        }
    }
}

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
}

impl Action {
    /// All deeds.
    pub const ALL: [Self; 13] = [
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
        }
    }
}

//! What ends or holds a certificate: each trigger with the kinds it touches, the reason on the list
//! and the article of the law.
//!
//! 公的個人認証法 (平成14年法律第153号) has each rule twice: arts. 9 to 15 for signature
//! certificates, arts. 28 to 34 for authentication certificates. A signature certificate names its
//! holder and dies with any change of what it says; an authentication certificate names nobody and
//! lives on until the holder dies or leaves, or the card is gone.

use crate::content::CertificateKind;
use std::fmt;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trigger {
    /// 転居, 転入, 転出: the registered address is another one.
    Moved,
    /// The registered name changed or was corrected.
    NameChanged,
    /// The registered birth date was corrected.
    BirthDateChanged,
    /// The registered sex changed or was corrected.
    SexChanged,
    /// The registered address was corrected.
    AddressCorrected,
    /// 軽微な修正: a character identified anew, a block renamed, plots numbered anew. Ends nothing.
    CorrectedSlightly,
    /// The holder died.
    Died,
    /// The record was deleted ex officio.
    Deleted,
    /// The holder left the country and gave up the card.
    LeftTheCountry,
    /// The holder left the country and keeps the card (国外転出者向け, since 2024-05-27).
    LeftWithTheCard,
    /// The holder applied for the end of this certificate.
    AppliedFor(CertificateKind),
    /// The holder told by telephone that the card is missing (一時停止).
    ReportedMissing,
    /// The card is lost.
    CardLost,
    /// The holder's key became known to somebody, or may have.
    KeyCompromised(CertificateKind),
    /// The card or its keys no longer work.
    CardUnusable,
    /// The card was given back.
    CardReturned,
    /// The card lost its force by law, as without continued use within 90 days of a move.
    CardLapsed,
    /// What was recorded in this certificate is wrong.
    RecordedWrongly(CertificateKind),
    /// The authority's key for this kind became known to somebody, or may have.
    AuthorityCompromised(CertificateKind),
    /// The card was destroyed before it was handed over.
    DestroyedBeforeDelivery,
}

/// Why a certificate is on a list (RFC 5280 §5.3.1), with the codes that the authority uses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RevocationReason {
    /// 0: destroyed before delivery. The extension is then left out of the entry.
    Unspecified,
    /// 1: the holder's key.
    KeyCompromise,
    /// 2: the authority's key.
    CaCompromise,
    /// 3: what the certificate says, or whom it was issued to, changed.
    AffiliationChanged,
    /// 4: renewed.
    Superseded,
    /// 5: no longer needed.
    CessationOfOperation,
}

/// What a trigger does to a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It is held until it is released or revoked (certificateHold, 6).
    Hold,
    /// It ends.
    Revoke(RevocationReason),
}

/// Who or what brings a trigger about, and so whether it is strange that there is nothing to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A resident event: most residents have no certificate.
    Registry,
    /// The holder, or an office for the holder.
    Holder,
    /// The authority itself.
    Authority,
}

/// What the law says where a trigger ends a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LegalBasis {
    /// An article of 公的個人認証法.
    Article(u8),
    /// The authority's certification practice statement.
    Practice,
}

impl Trigger {
    /// All triggers; those that name a kind once for each.
    pub const ALL: [Self; 24] = [
        Self::Moved,
        Self::NameChanged,
        Self::BirthDateChanged,
        Self::SexChanged,
        Self::AddressCorrected,
        Self::CorrectedSlightly,
        Self::Died,
        Self::Deleted,
        Self::LeftTheCountry,
        Self::LeftWithTheCard,
        Self::AppliedFor(CertificateKind::Signature),
        Self::AppliedFor(CertificateKind::Authentication),
        Self::ReportedMissing,
        Self::CardLost,
        Self::KeyCompromised(CertificateKind::Signature),
        Self::KeyCompromised(CertificateKind::Authentication),
        Self::CardUnusable,
        Self::CardReturned,
        Self::CardLapsed,
        Self::RecordedWrongly(CertificateKind::Signature),
        Self::RecordedWrongly(CertificateKind::Authentication),
        Self::AuthorityCompromised(CertificateKind::Signature),
        Self::AuthorityCompromised(CertificateKind::Authentication),
        Self::DestroyedBeforeDelivery,
    ];

    /// What it does to a certificate of this kind; `None` if it leaves it alone.
    pub fn effect(self, kind: CertificateKind) -> Option<Effect> {
        use RevocationReason as Reason;
        let signature = kind == CertificateKind::Signature;
        let (touches, effect) = match self {
            Self::CorrectedSlightly => return None,
            Self::Moved
            | Self::NameChanged
            | Self::BirthDateChanged
            | Self::SexChanged
            | Self::AddressCorrected
            | Self::LeftWithTheCard => (signature, Effect::Revoke(Reason::AffiliationChanged)),
            Self::Died | Self::Deleted | Self::LeftTheCountry => {
                (true, Effect::Revoke(Reason::AffiliationChanged))
            }
            Self::AppliedFor(of) => (of == kind, Effect::Revoke(Reason::CessationOfOperation)),
            Self::ReportedMissing => (true, Effect::Hold),
            Self::CardLost => (true, Effect::Revoke(Reason::KeyCompromise)),
            Self::KeyCompromised(of) => (of == kind, Effect::Revoke(Reason::KeyCompromise)),
            Self::CardUnusable | Self::CardReturned | Self::CardLapsed => {
                (true, Effect::Revoke(Reason::CessationOfOperation))
            }
            Self::RecordedWrongly(of) => (of == kind, Effect::Revoke(Reason::AffiliationChanged)),
            Self::AuthorityCompromised(of) => (of == kind, Effect::Revoke(Reason::CaCompromise)),
            Self::DestroyedBeforeDelivery => (true, Effect::Revoke(Reason::Unspecified)),
        };
        touches.then_some(effect)
    }

    /// Who brings it about.
    pub const fn origin(self) -> Origin {
        match self {
            Self::Moved
            | Self::NameChanged
            | Self::BirthDateChanged
            | Self::SexChanged
            | Self::AddressCorrected
            | Self::CorrectedSlightly
            | Self::Died
            | Self::Deleted
            | Self::LeftTheCountry
            | Self::LeftWithTheCard => Origin::Registry,
            Self::AppliedFor(_)
            | Self::ReportedMissing
            | Self::CardLost
            | Self::KeyCompromised(_)
            | Self::CardUnusable
            | Self::CardReturned => Origin::Holder,
            Self::CardLapsed
            | Self::RecordedWrongly(_)
            | Self::AuthorityCompromised(_)
            | Self::DestroyedBeforeDelivery => Origin::Authority,
        }
    }

    /// The article by which a certificate of this kind ends.
    pub const fn legal_basis(self, kind: CertificateKind) -> LegalBasis {
        let for_signature = match self {
            Self::AppliedFor(_) => 9,
            Self::CardLost | Self::KeyCompromised(_) | Self::CardUnusable => 11,
            Self::Moved
            | Self::NameChanged
            | Self::BirthDateChanged
            | Self::SexChanged
            | Self::AddressCorrected
            | Self::CorrectedSlightly
            | Self::Died
            | Self::Deleted
            | Self::LeftTheCountry
            | Self::LeftWithTheCard => 12,
            Self::RecordedWrongly(_) => 13,
            Self::AuthorityCompromised(_) => 14,
            Self::CardReturned | Self::CardLapsed => 15,
            Self::ReportedMissing | Self::DestroyedBeforeDelivery => return LegalBasis::Practice,
        };
        LegalBasis::Article(match kind {
            CertificateKind::Signature => for_signature,
            CertificateKind::Authentication => for_signature + ARTICLES_BETWEEN,
        })
    }

    /// The word of the API and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::NameChanged => "name_changed",
            Self::BirthDateChanged => "birth_date_changed",
            Self::SexChanged => "sex_changed",
            Self::AddressCorrected => "address_corrected",
            Self::CorrectedSlightly => "corrected_slightly",
            Self::Died => "died",
            Self::Deleted => "deleted",
            Self::LeftTheCountry => "left_the_country",
            Self::LeftWithTheCard => "left_with_the_card",
            Self::AppliedFor(CertificateKind::Signature) => "applied_for_signature",
            Self::AppliedFor(CertificateKind::Authentication) => "applied_for_authentication",
            Self::ReportedMissing => "reported_missing",
            Self::CardLost => "card_lost",
            Self::KeyCompromised(CertificateKind::Signature) => "signature_key_compromised",
            Self::KeyCompromised(CertificateKind::Authentication) => {
                "authentication_key_compromised"
            }
            Self::CardUnusable => "card_unusable",
            Self::CardReturned => "card_returned",
            Self::CardLapsed => "card_lapsed",
            Self::RecordedWrongly(CertificateKind::Signature) => "signature_recorded_wrongly",
            Self::RecordedWrongly(CertificateKind::Authentication) => {
                "authentication_recorded_wrongly"
            }
            Self::AuthorityCompromised(CertificateKind::Signature) => {
                "signature_authority_compromised"
            }
            Self::AuthorityCompromised(CertificateKind::Authentication) => {
                "authentication_authority_compromised"
            }
            Self::DestroyedBeforeDelivery => "destroyed_before_delivery",
        }
    }

    /// What happened, in plain words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Moved => "the registered address is another one",
            Self::NameChanged => "the registered name changed or was corrected",
            Self::BirthDateChanged => "the registered birth date was corrected",
            Self::SexChanged => "the registered sex changed or was corrected",
            Self::AddressCorrected => "the registered address was corrected",
            Self::CorrectedSlightly => "a slight correction of the record",
            Self::Died => "the holder died",
            Self::Deleted => "the record was deleted ex officio",
            Self::LeftTheCountry => "the holder left the country and gave up the card",
            Self::LeftWithTheCard => "the holder left the country and keeps the card",
            Self::AppliedFor(_) => "the holder applied for its end",
            Self::ReportedMissing => "the holder told by telephone that the card is missing",
            Self::CardLost => "the card is lost",
            Self::KeyCompromised(_) => "the holder's key became known, or may have",
            Self::CardUnusable => "the card or its keys no longer work",
            Self::CardReturned => "the card was given back",
            Self::CardLapsed => "the card lost its force by law",
            Self::RecordedWrongly(_) => "what was recorded in it is wrong",
            Self::AuthorityCompromised(_) => "the authority's key became known, or may have",
            Self::DestroyedBeforeDelivery => "the card was destroyed before it was handed over",
        }
    }

    /// The trigger of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.word() == word)
    }
}

impl RevocationReason {
    /// All, in the order of their codes.
    pub const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
    ];

    /// The code of RFC 5280 §5.3.1.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason of this code; `None` for codes that the authority does not use.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The word of the API and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key_compromise",
            Self::CaCompromise => "ca_compromise",
            Self::AffiliationChanged => "affiliation_changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation_of_operation",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for LegalBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Article(number) => write!(f, "公的個人認証法第{number}条"),
            Self::Practice => f.write_str("認証業務規程"),
        }
    }
}

/// Art. 9 for signature certificates is art. 28 for authentication certificates, and so on.
const ARTICLES_BETWEEN: u8 = 19;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_reads_back() {
        let words: BTreeSet<_> = Trigger::ALL.iter().map(|trigger| trigger.word()).collect();
        assert_eq!(words.len(), Trigger::ALL.len());
        for trigger in Trigger::ALL {
            assert_eq!(Trigger::from_word(trigger.word()), Some(trigger));
        }
        for reason in RevocationReason::ALL {
            assert_eq!(RevocationReason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(RevocationReason::from_code(6), None);
        assert_eq!(RevocationReason::CessationOfOperation.code(), 5);
    }

    /// The whole table as it is published: word, effect on signature and on authentication, law.
    #[test]
    fn each_trigger_ends_what_the_law_says() {
        let shown: Vec<String> = Trigger::ALL.iter().map(|trigger| line(*trigger)).collect();
        assert_eq!(shown, TABLE);
    }

    fn line(trigger: Trigger) -> String {
        let one = |kind| match trigger.effect(kind) {
            None => "-".to_owned(),
            Some(Effect::Hold) => "hold".to_owned(),
            Some(Effect::Revoke(reason)) => reason.code().to_string(),
        };
        let basis = |kind| match trigger.legal_basis(kind) {
            LegalBasis::Article(number) => number.to_string(),
            LegalBasis::Practice => "cps".to_owned(),
        };
        let [signature, authentication] = CertificateKind::ALL;
        let (s, a) = (one(signature), one(authentication));
        format!("{trigger} {s} {a} {}/{}", basis(signature), basis(authentication))
    }

    const TABLE: [&str; 24] = [
        "moved 3 - 12/31",
        "name_changed 3 - 12/31",
        "birth_date_changed 3 - 12/31",
        "sex_changed 3 - 12/31",
        "address_corrected 3 - 12/31",
        "corrected_slightly - - 12/31",
        "died 3 3 12/31",
        "deleted 3 3 12/31",
        "left_the_country 3 3 12/31",
        "left_with_the_card 3 - 12/31",
        "applied_for_signature 5 - 9/28",
        "applied_for_authentication - 5 9/28",
        "reported_missing hold hold cps/cps",
        "card_lost 1 1 11/30",
        "signature_key_compromised 1 - 11/30",
        "authentication_key_compromised - 1 11/30",
        "card_unusable 5 5 11/30",
        "card_returned 5 5 15/34",
        "card_lapsed 5 5 15/34",
        "signature_recorded_wrongly 3 - 13/32",
        "authentication_recorded_wrongly - 3 13/32",
        "signature_authority_compromised 2 - 14/33",
        "authentication_authority_compromised - 2 14/33",
        "destroyed_before_delivery 0 0 cps/cps",
    ];

    #[test]
    fn no_resident_event_holds() {
        for trigger in Trigger::ALL.iter().filter(|trigger| trigger.origin() == Origin::Registry) {
            for kind in CertificateKind::ALL {
                assert_ne!(trigger.effect(kind), Some(Effect::Hold), "{trigger}");
            }
        }
        assert_eq!(LegalBasis::Article(12).to_string(), "公的個人認証法第12条");
        assert_eq!(LegalBasis::Practice.to_string(), "認証業務規程");
    }
}

//! Why a certificate is not valid, in plain words: English and Japanese.
//!
//! Takes what the reader of the file, the check of the signature and the records found out, and
//! says everything that stands against the certificate, the gravest first. The words name no holder
//! and nothing that the certificate in the asker's hand does not say itself.

mod offline;

pub use offline::{Files, explain_files};

use crate::{
    certificate::{Certificate, State},
    content::CertificateKind,
    trigger::RevocationReason,
};
use base::Moment;
use jiff::{Timestamp, tz::TimeZone};
use x509::{Extension, KeyUsage, extension_id, purpose};

/// What was found out about a certificate.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What its bytes say; `None` if they are not a certificate.
    pub fields: Option<Fields>,
    /// What is known of its issuer.
    pub issuer: Issuer,
    /// What the records say of its serial number.
    pub record: Record<'a>,
    /// What it is to be used for, if that was said.
    pub purpose: Option<CertificateKind>,
    /// The moment for which it is asked.
    pub now: Moment,
}

/// What the bytes of a certificate say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fields {
    /// Which of the two it is, by its key usage and policies; `None` if neither.
    pub kind: Option<CertificateKind>,
    /// From when on it is valid.
    pub not_before: Moment,
    /// The last second in which it is valid.
    pub not_after: Moment,
}

/// What is known of the issuer that a certificate names by name and key identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Issuer {
    /// No certificate of an authority was at hand.
    NotAsked,
    /// None of the authorities whose certificates the asker trusts.
    NotTrusted,
    /// No authority of ours.
    Unknown,
    /// An authority of ours that did not sign these bytes.
    SignatureWrong,
    /// It signed them, and its own certificate is revoked since then.
    Revoked(Moment),
    /// It signed them, and its own certificate ended then.
    Expired(Moment),
    /// It signed them.
    Good,
}

/// What the records say of a serial number.
#[derive(Clone, Copy)]
pub enum Record<'a> {
    /// They were not asked, and no list of revoked certificates was at hand.
    NotAsked,
    /// A list was at hand that told until then.
    ListOutOfDate(Moment),
    /// There is no such serial number.
    NoSerial,
    /// There is one, and its certificate has other bytes.
    OtherBytes,
    /// This certificate.
    Known(&'a Certificate),
}

/// One thing that stands against a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The bytes are not a certificate.
    Malformed,
    /// Nobody could say whether its authority signed it.
    IssuerNotChecked,
    /// None of the authorities that the asker trusts issued it.
    IssuerNotTrusted,
    /// No authority of ours issued it.
    IssuerUnknown,
    /// Changed after it was signed, or signed by another.
    SignatureWrong,
    /// The authority's certificate is revoked.
    IssuerRevoked(Moment),
    /// The authority's certificate has ended.
    IssuerExpired(Moment),
    /// The authority has no such certificate.
    NeverIssued,
    /// It was signed and never came into force.
    NeverInForce,
    /// The serial number is another certificate's.
    OtherBytes,
    /// It is revoked.
    Revoked(Moment, RevocationReason),
    /// It is held.
    Held(Moment),
    /// Its validity has ended.
    Expired(Moment),
    /// Its validity has not begun.
    NotYetValid(Moment),
    /// It serves another purpose.
    OtherPurpose(CertificateKind),
    /// It is neither kind.
    NoPurpose,
    /// Nobody could say whether it is revoked.
    StatusUnknown,
    /// What could be said of revocation is out of date.
    ListOutOfDate(Moment),
}

/// What the reasons come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing stands against the certificate.
    Valid,
    /// Something does.
    NotValid,
    /// Nothing that was found does, and not all that is needed to say so was at hand.
    Unknown,
}

/// Everything that stands against a certificate, the gravest first. Nothing means that it is valid.
///
/// Where no list tells of a certificate whose time is over or has not come, its time is the answer:
/// lists leave ended certificates out.
pub fn explain(facts: &Facts<'_>) -> Vec<Reason> {
    let Some(fields) = facts.fields else { return vec![Reason::Malformed] };
    if let Some(foreign) = not_ours(facts.issuer) {
        return vec![foreign];
    }
    let issuer = match facts.issuer {
        Issuer::NotAsked => Some(Reason::IssuerNotChecked),
        Issuer::Revoked(since) => Some(Reason::IssuerRevoked(since)),
        Issuer::Expired(at) => Some(Reason::IssuerExpired(at)),
        _ => None,
    };
    let of_time = if facts.now.seconds() > fields.not_after.seconds() {
        Some(Reason::Expired(fields.not_after))
    } else {
        (facts.now < fields.not_before).then_some(Reason::NotYetValid(fields.not_before))
    };
    let of_purpose = match fields.kind {
        None => Some(Reason::NoPurpose),
        Some(kind) => facts.purpose.filter(|asked| *asked != kind).map(Reason::OtherPurpose),
    };
    let of_record = of_record(facts.record);
    let of_record = of_record.filter(|reason| of_time.is_none() || !reason.is_doubt());
    let mut all: Vec<_> = [issuer, of_record, of_time, of_purpose].into_iter().flatten().collect();
    all.sort_by_key(|reason| reason.is_doubt());
    all
}

impl Verdict {
    /// What these reasons come to.
    pub fn of(reasons: &[Reason]) -> Self {
        match reasons {
            [] => Self::Valid,
            _ if reasons.iter().all(|reason| reason.is_doubt()) => Self::Unknown,
            _ => Self::NotValid,
        }
    }

    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NotValid => "not_valid",
            Self::Unknown => "unknown",
        }
    }

    /// One sentence in English, about a moment.
    pub fn english(self, at: Moment) -> String {
        let at = english_time(at);
        match self {
            Self::Valid => format!("The certificate is valid at {at}: nothing stands against it."),
            Self::NotValid => format!("The certificate is not valid at {at}."),
            Self::Unknown => {
                format!("Whether the certificate is valid at {at} cannot be said from here.")
            }
        }
    }

    /// One sentence in Japanese, about a moment.
    pub fn japanese(self, at: Moment) -> String {
        let at = japanese_time(at);
        match self {
            Self::Valid => format!("この電子証明書は、{at}現在、有効です。"),
            Self::NotValid => format!("この電子証明書は、{at}現在、有効ではありません。"),
            Self::Unknown => {
                format!("この電子証明書が{at}現在有効かどうかは、確認できませんでした。")
            }
        }
    }
}

impl Fields {
    /// What the bytes of a certificate say. Which of the two it is shows in its key usage, and in
    /// an authentication certificate in its one purpose besides.
    pub fn of_certificate(read: &x509::Certificate<'_>) -> Self {
        let usage = read.extension(&extension_id::KEY_USAGE);
        let usage = usage.and_then(|extension| KeyUsage::parse(extension.value));
        let purposes = read.extension(&extension_id::EXTENDED_KEY_USAGE);
        let sign_on = Extension::extended_key_usage(false, &[purpose::CLIENT_AUTH]);
        let kind = match (usage, purposes) {
            (Some(usage), None) if usage == SIGNS => Some(CertificateKind::Signature),
            (Some(KeyUsage::DIGITAL_SIGNATURE), Some(found)) if found.value == sign_on.value => {
                Some(CertificateKind::Authentication)
            }
            _ => None,
        };
        Self { kind, not_before: read.not_before(), not_after: read.not_after() }
    }
}

const fn not_ours(issuer: Issuer) -> Option<Reason> {
    match issuer {
        Issuer::NotTrusted => Some(Reason::IssuerNotTrusted),
        Issuer::Unknown => Some(Reason::IssuerUnknown),
        Issuer::SignatureWrong => Some(Reason::SignatureWrong),
        Issuer::NotAsked | Issuer::Revoked(_) | Issuer::Expired(_) | Issuer::Good => None,
    }
}

const fn of_record(record: Record<'_>) -> Option<Reason> {
    match record {
        Record::NotAsked => Some(Reason::StatusUnknown),
        Record::ListOutOfDate(at) => Some(Reason::ListOutOfDate(at)),
        Record::NoSerial => Some(Reason::NeverIssued),
        Record::OtherBytes => Some(Reason::OtherBytes),
        Record::Known(known) => match known.state {
            State::Intended | State::Abandoned => Some(Reason::NeverInForce),
            State::Revoked(reason) => Some(Reason::Revoked(known.since, reason)),
            State::Held => Some(Reason::Held(known.since)),
            State::InForce | State::Released => None,
        },
    }
}

impl Reason {
    /// Whether it says only that something needed was not at hand.
    pub const fn is_doubt(self) -> bool {
        matches!(self, Self::IssuerNotChecked | Self::StatusUnknown | Self::ListOutOfDate(_))
    }

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::IssuerNotChecked => "issuer_not_checked",
            Self::IssuerNotTrusted => "issuer_not_trusted",
            Self::IssuerUnknown => "issuer_unknown",
            Self::SignatureWrong => "signature_wrong",
            Self::IssuerRevoked(_) => "issuer_revoked",
            Self::IssuerExpired(_) => "issuer_expired",
            Self::NeverIssued => "never_issued",
            Self::NeverInForce => "never_in_force",
            Self::OtherBytes => "other_bytes",
            Self::Revoked(..) => "revoked",
            Self::Held(_) => "held",
            Self::Expired(_) => "expired",
            Self::NotYetValid(_) => "not_yet_valid",
            Self::OtherPurpose(_) => "other_purpose",
            Self::NoPurpose => "no_purpose",
            Self::StatusUnknown => "status_unknown",
            Self::ListOutOfDate(_) => "list_out_of_date",
        }
    }

    /// One sentence in English.
    pub fn english(self) -> String {
        match self {
            Self::Malformed => "The file is not a whole certificate in DER or PEM.".into(),
            Self::IssuerNotChecked => {
                "No authority's certificate was at hand to check who signed it.".into()
            }
            Self::IssuerNotTrusted => {
                "None of the authorities that were named as trusted issued it.".into()
            }
            Self::IssuerUnknown => "It was not issued by one of our authorities.".into(),
            Self::SignatureWrong => {
                "The authority's signature does not fit: the certificate was changed, or \
                 signed by somebody else."
                    .into()
            }
            Self::IssuerRevoked(at) => {
                format!("The authority that issued it was revoked on {}.", english_time(at))
            }
            Self::IssuerExpired(at) => {
                format!("The authority that issued it ended on {}.", english_time(at))
            }
            Self::NeverIssued => "The authority has no certificate with this number.".into(),
            Self::NeverInForce => "It was prepared and never came into force.".into(),
            Self::OtherBytes => "Its number belongs to another certificate.".into(),
            Self::Revoked(at, reason) => {
                format!("It was revoked on {}: {}.", english_time(at), english_reason(reason))
            }
            Self::Held(at) => format!(
                "It has been on hold since {}, as when a card is missing. It may be released \
                 again.",
                english_time(at)
            ),
            Self::Expired(at) => format!("It ended on {}.", english_time(at)),
            Self::NotYetValid(at) => format!("It is valid from {} on.", english_time(at)),
            Self::OtherPurpose(CertificateKind::Signature) => {
                "It is an authentication certificate: it does not serve for signing.".into()
            }
            Self::OtherPurpose(CertificateKind::Authentication) => {
                "It is a signature certificate: it does not serve for logging in.".into()
            }
            Self::NoPurpose => {
                "It is neither a signature certificate nor an authentication certificate.".into()
            }
            Self::StatusUnknown => {
                "Nothing was at hand that tells whether it has been revoked.".into()
            }
            Self::ListOutOfDate(at) => format!(
                "The list of revoked certificates at hand told only until {}.",
                english_time(at)
            ),
        }
    }

    /// One sentence in Japanese.
    pub fn japanese(self) -> String {
        match self {
            Self::Malformed => "DER形式またはPEM形式の電子証明書ではありません。".into(),
            Self::IssuerNotChecked => {
                "認証局の証明書が手元になく、発行者の署名を確認できません。".into()
            }
            Self::IssuerNotTrusted => {
                "信頼するものとして示された認証局が発行した電子証明書ではありません。".into()
            }
            Self::IssuerUnknown => "当認証局が発行した電子証明書ではありません。".into(),
            Self::SignatureWrong => {
                "認証局の署名が一致しません。改変されたか、別の者が署名したものです。".into()
            }
            Self::IssuerRevoked(at) => {
                format!("発行した認証局の証明書が{}に失効しています。", japanese_time(at))
            }
            Self::IssuerExpired(at) => {
                format!("発行した認証局の証明書は{}に有効期間が満了しました。", japanese_time(at))
            }
            Self::NeverIssued => "この発行番号の電子証明書は存在しません。".into(),
            Self::NeverInForce => "発行手続が完了せず、効力を生じていません。".into(),
            Self::OtherBytes => "この発行番号は別の電子証明書のものです。".into(),
            Self::Revoked(at, reason) => {
                format!("{}に失効しました（{}）。", japanese_time(at), japanese_reason(reason))
            }
            Self::Held(at) => format!(
                "{}から一時保留中です（カードの紛失の届出など）。解除されることがあります。",
                japanese_time(at)
            ),
            Self::Expired(at) => format!("{}に有効期間が満了しました。", japanese_time(at)),
            Self::NotYetValid(at) => format!("有効期間は{}からです。", japanese_time(at)),
            Self::OtherPurpose(CertificateKind::Signature) => {
                "利用者証明用の電子証明書であり、署名には使えません。".into()
            }
            Self::OtherPurpose(CertificateKind::Authentication) => {
                "署名用の電子証明書であり、利用者証明には使えません。".into()
            }
            Self::NoPurpose => "署名用でも利用者証明用でもない証明書です。".into(),
            Self::StatusUnknown => "失効の有無を確認できる情報がありません。".into(),
            Self::ListOutOfDate(at) => {
                format!("手元の失効情報は{}までのものです。", japanese_time(at))
            }
        }
    }
}

const fn english_reason(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "the card was destroyed before it was handed over",
        RevocationReason::KeyCompromise => "the card was lost or its key became known",
        RevocationReason::CaCompromise => "the authority's key became known",
        RevocationReason::AffiliationChanged => {
            "what is registered about the holder changed, as by a move"
        }
        RevocationReason::Superseded => "it was renewed",
        RevocationReason::CessationOfOperation => "it is no longer used",
    }
}

const fn japanese_reason(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "交付前の廃棄",
        RevocationReason::KeyCompromise => "カードの紛失または秘密鍵の漏えい",
        RevocationReason::CaCompromise => "認証局の秘密鍵の漏えい",
        RevocationReason::AffiliationChanged => "転居など登録事項の異動",
        RevocationReason::Superseded => "更新による",
        RevocationReason::CessationOfOperation => "利用の終了",
    }
}

fn english_time(at: Moment) -> String {
    in_japan(at, "%Y-%m-%d %H:%M:%S JST")
}

fn japanese_time(at: Moment) -> String {
    in_japan(at, "%Y年%-m月%-d日%-H時%M分%S秒")
}

fn in_japan(at: Moment, format: &str) -> String {
    let japan = TimeZone::fixed(jiff::tz::offset(9));
    let at = Timestamp::from_second(at.seconds()).unwrap_or_default().to_zoned(japan);
    at.strftime(format).to_string()
}

const SIGNS: KeyUsage = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION);

#[cfg(test)]
mod tests;

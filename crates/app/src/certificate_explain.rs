//! Why is this certificate not valid? Answered to the operator and to the holder's municipality,
//! who have its holder before them. Reads what was issued and revoked; writes the act. Invariants
//! touched: A1, P1.
//!
//! Verifiers ask how a certificate stands (`certificate_status_ask`) and have no part in this: a
//! refusal is explained to its holder, by whom the holder turns to.

use crate::certificate_named::{CertificateNamed, Found, find, issuer_key, issuer_revoked, known};
use crate::permits::permit;
use crate::verifiers::refuse;
use crate::work::{Outcome, PLATFORM_PERSON, Work};
use authority::CertificateKind;
use authority::explain::{Facts, Fields, Issuer, Reason, Record, explain};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use numbers::LocalGovernmentCode;
use policy::Action;
use seal::fields;
use std::fmt;
use zeroize::Zeroizing;

/// What is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct ExplainAsked {
    /// What is said to be a certificate, in DER.
    pub file: Zeroizing<Vec<u8>>,
    /// What it is to be used for, if that was said.
    pub wanted: Option<CertificateKind>,
}

/// Shows no certificate: it says who its holder is.
impl fmt::Debug for ExplainAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExplainAsked(.., {:?})", self.wanted)
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explained {
    /// The act of asking.
    pub act: ActId,
    /// What stands against the certificate, the gravest first. Nothing: it is valid.
    pub reasons: Vec<Reason>,
}

/// Explains a certificate with what the platform knows of it.
pub fn certificate_explain(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    asked: &ExplainAsked,
) -> Result<Explained, Problem> {
    let action = Action::CertificateExplain;
    let asking = permit(actor, action, purpose, actor.municipality())?;
    let content = content(asked);
    let (reasons, holder) = reasons(work, asked)?;
    let Some(person) = holder else {
        let act = work.record(&asking, Outcome::Read, Some(PLATFORM_PERSON), &content)?;
        return Ok(Explained { act, reasons });
    };
    let keeper = keeper(work, person)?;
    match permit(actor, action, purpose, Some(keeper)) {
        Ok(permit) => {
            let act = work.record(&permit, Outcome::Read, Some(person), &content)?;
            Ok(Explained { act, reasons })
        }
        // To a municipality the certificates of other towns' residents are as absent as any.
        Err(_) => {
            let absent = Problem::new(&labels::CERTIFICATE_ABSENT, "");
            Err(refuse(work, &asking, absent, (person, &content)))
        }
    }
}

/// Everything that stands against it, and whose it is.
fn reasons(
    work: &mut Work<'_>,
    asked: &ExplainAsked,
) -> Result<(Vec<Reason>, Option<PersonId>), Problem> {
    let (purpose, now) = (asked.wanted, work.now());
    let unread =
        Facts { fields: None, issuer: Issuer::Unknown, record: Record::NotAsked, purpose, now };
    let Ok(read) = x509::Certificate::parse(&asked.file) else {
        return Ok((explain(&unread), None));
    };
    let issuer = issuer(work, &read)?;
    let fields = Fields::of_certificate(&read);
    let facts = Facts { fields: Some(fields), issuer, ..unread };
    // What is not ours, or ours and no holder's, stands in no record of holders.
    if matches!(issuer, Issuer::Unknown | Issuer::SignatureWrong) || fields.kind.is_none() {
        let record = Record::NotAsked;
        let mut reasons = explain(&Facts { record, ..facts });
        reasons.retain(|reason| *reason != Reason::StatusUnknown);
        return Ok((reasons, None));
    }
    let named = CertificateNamed::Shown(asked.file.clone());
    Ok(match find(work, &named)? {
        Found::Known(held) => {
            let known = known(work, &held)?;
            let record = Record::Known(&known);
            (explain(&Facts { record, ..facts }), Some(held.intention.person))
        }
        Found::OtherBytes(person) => {
            (explain(&Facts { record: Record::OtherBytes, ..facts }), Some(person))
        }
        Found::NoSerial | Found::Foreign => {
            (explain(&Facts { record: Record::NoSerial, ..facts }), None)
        }
    })
}

fn issuer(work: &mut Work<'_>, read: &x509::Certificate<'_>) -> Result<Issuer, Problem> {
    let authorities = work.authorities()?;
    let named = match issuer_key(read) {
        Some(key) => authorities.by_key_identifier(&key),
        // An authority's own certificate names no other key than its own.
        None => authorities.iter().find(|authority| authority.row.certificate == read.der()),
    };
    let Some(authority) = named.filter(|named| named.issuer.name.der() == read.issuer()) else {
        return Ok(Issuer::Unknown);
    };
    if !read.is_signed_by(authority.public()) {
        return Ok(Issuer::SignatureWrong);
    }
    if let Some(since) = issuer_revoked(work, authority.id())? {
        return Ok(Issuer::Revoked(since));
    }
    let end = authority.issuer.not_after;
    Ok(if end.seconds() < work.now().seconds() { Issuer::Expired(end) } else { Issuer::Good })
}

/// The municipality that keeps the holder's record, or kept it last.
fn keeper(work: &mut Work<'_>, person: PersonId) -> Result<LocalGovernmentCode, Problem> {
    match work.person(person) {
        Ok(held) => Ok(held.resident().municipality),
        Err(problem) if problem.label() == labels::CONTENT_ERASED.text => work.last_keeper(person),
        Err(problem) => Err(problem),
    }
}

/// What was asked, as the ledger commits to it.
fn content(asked: &ExplainAsked) -> Zeroizing<Vec<u8>> {
    let digest = crate::certificate_named::hex(&x509::sha256(&asked.file));
    fields::pack(&["shown", &digest, asked.wanted.map_or("", CertificateKind::word)])
}

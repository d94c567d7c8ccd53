//! Whether a certificate is issued, and from its intention on whether it comes into force.
//!
//! A person has at most one living certificate of a kind. Renewing ends the old one in the moment
//! in which the new one comes into force, so that the holder is never without.

use super::{Certificate, Change, Refusal, State, check_clock};
use crate::{
    content::CertificateKind,
    trigger::RevocationReason,
    validity::{Terms, age_on, certificate_end, end_of_day, renewal_opens},
};
use base::{Date, Moment};
use std::fmt;

/// A request for a certificate.
#[derive(Clone, Copy)]
pub struct Application {
    /// Which certificate.
    pub kind: CertificateKind,
    /// The holder's date of birth.
    pub birth_date: Date,
    /// Whether the holder is an adult ward (成年被後見人).
    pub is_ward: bool,
    /// The card that the key is on.
    pub card: Card,
    /// The last second of the authority that is to issue it.
    pub issuer_end: Moment,
}

/// A card, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Its last day.
    pub end: Date,
    /// Whether it has PINs; a 顔認証マイナンバーカード has none.
    pub has_pins: bool,
}

/// A certificate that is to be issued.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Issuance {
    /// Which of the two it is.
    pub kind: CertificateKind,
    /// From when on it is valid: the moment of the decision, in whole seconds.
    pub not_before: Moment,
    /// The last second in which it is valid.
    pub not_after: Moment,
    /// The serial number of the one that it renews.
    pub renews: Option<u64>,
}

/// Decides about an application. `certificates` are all of the person's, of both kinds.
pub fn decide_issue(
    certificates: &[Certificate],
    asked: &Application,
    now: Moment,
) -> Result<Issuance, Refusal> {
    check_clock(certificates, now)?;
    let today = now.date_in_japan();
    check_holder(asked, today)?;
    let renewed = renewed(certificates, asked.kind, now)?;
    let terms = Terms {
        kind: asked.kind,
        issued: today,
        birth_date: asked.birth_date,
        renews: renewed.is_some(),
        card_end: asked.card.end,
        authentication_end: authentication_end(certificates, asked.kind, now)?,
    };
    let (not_before, end) = (Moment::from_us(now.seconds() * SECOND_US), certificate_end(&terms));
    let not_after = end_of_day(end);
    // No verifier believes a certificate longer than its issuer, and the law gives it no other end.
    if not_after > asked.issuer_end {
        return Err(Refusal::IssuerEnds);
    }
    Ok(Issuance { kind: asked.kind, not_before, not_after, renews: renewed.map(|old| old.serial) })
}

/// Decides about an intended certificate whose signed form is stored: it comes into force, and the
/// living one of its kind ends as superseded. Serial numbers and changes, in their order.
pub fn decide_put_in_force(
    certificates: &[Certificate],
    serial: u64,
    now: Moment,
) -> Result<Vec<(u64, Change)>, Refusal> {
    check_clock(certificates, now)?;
    let intended = intended(certificates, serial)?;
    if intended.has_ended(now) {
        return Err(Refusal::CardExpired);
    }
    let rivals = certificates.iter().filter(|old| old.kind == intended.kind && old.lives(now));
    let superseded = Change::Revoke(RevocationReason::Superseded);
    let mut changes: Vec<_> = rivals.map(|old| (old.serial, superseded)).collect();
    changes.push((serial, Change::PutInForce));
    Ok(changes)
}

/// Decides about an intended certificate that cannot be finished.
pub fn decide_abandon(certificates: &[Certificate], serial: u64) -> Result<Change, Refusal> {
    intended(certificates, serial).map(|_| Change::Abandon)
}

fn intended(certificates: &[Certificate], serial: u64) -> Result<&Certificate, Refusal> {
    let known = certificates.iter().find(|known| known.serial == serial);
    known.filter(|known| known.state == State::Intended).ok_or(Refusal::NotIntended)
}

/// Signature certificates are like a registered seal: not under 15, not for adult wards (公的個人
/// 認証法の事務処理要領). A card that is to be used without PINs carries none.
fn check_holder(asked: &Application, today: Date) -> Result<(), Refusal> {
    let signature = asked.kind == CertificateKind::Signature;
    if asked.card.end < today {
        Err(Refusal::CardExpired)
    } else if signature && age_on(asked.birth_date, today) < SIGNATURE_AGE_MIN {
        Err(Refusal::HolderTooYoung)
    } else if signature && asked.is_ward {
        Err(Refusal::HolderIsWard)
    } else if signature && !asked.card.has_pins {
        Err(Refusal::CardWithoutPin)
    } else {
        Ok(())
    }
}

fn renewed(
    certificates: &[Certificate],
    kind: CertificateKind,
    now: Moment,
) -> Result<Option<&Certificate>, Refusal> {
    let mut of_kind = certificates.iter().filter(|known| known.kind == kind);
    if of_kind.clone().any(|known| known.state == State::Intended) {
        return Err(Refusal::IssuanceUnderWay);
    }
    let Some(living) = of_kind.find(|known| known.lives(now)) else { return Ok(None) };
    if living.state == State::Held {
        Err(Refusal::Held)
    } else if now.date_in_japan() < renewal_opens(living.end()) {
        Err(Refusal::InForce)
    } else {
        Ok(Some(living))
    }
}

/// The end that a signature certificate must not pass: of the authentication certificate in force,
/// or of the first one while it is being issued. While one is being renewed there are two ends, and
/// the signature certificate waits for the new one.
fn authentication_end(
    certificates: &[Certificate],
    asked: CertificateKind,
    now: Moment,
) -> Result<Option<Date>, Refusal> {
    if asked == CertificateKind::Authentication {
        return Ok(None);
    }
    let beside = |known: &&Certificate| known.kind == CertificateKind::Authentication;
    let living = certificates.iter().filter(beside).find(|known| known.lives(now));
    let is_intended = |known: &&Certificate| known.state == State::Intended;
    let intended = certificates.iter().filter(beside).find(is_intended);
    match (living, intended) {
        (Some(_), Some(_)) => Err(Refusal::IssuanceUnderWay),
        (one, other) => Ok(one.or(other).map(Certificate::end)),
    }
}

/// Shows no last day: it tells a birthday.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card(has_pins {}, ..)", self.has_pins)
    }
}

impl fmt::Debug for Issuance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuance({}, renews {:?}, ..)", self.kind, self.renews)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Application({}, ..)", self.kind)
    }
}

const SIGNATURE_AGE_MIN: i32 = 15;
const SECOND_US: i64 = 1_000_000;

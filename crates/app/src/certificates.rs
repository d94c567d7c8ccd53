//! A person's certificates between their rows and the decisions of `authority`, and carrying out
//! what was decided about them.

use crate::permits::permit;
use crate::work::{Held, Outcome, Work, broken};
use authority::CertificateKind;
use authority::certificate::{Certificate, Change, Ending, Refusal, State};
use authority::trigger::RevocationReason;
use base::{ActId, Actor, Moment, PersonId, Problem, Purpose};
use policy::{Action, Permit};
use ports::rows::{CertificateId, CertificateRow, CertificateStatusRow, certificate_state};
use seal::Place;

/// All certificates of a person, as rows and as the decisions know them. To these a certificate is
/// known by its place in the list, counted from 1: serial numbers of two generations may be equal.
pub(crate) struct Certificates {
    pub(crate) held: Vec<Held>,
    pub(crate) known: Vec<Certificate>,
}

impl Certificates {
    /// Loads them.
    pub(crate) fn of(work: &mut Work<'_>, person: PersonId) -> Result<Self, Problem> {
        let authorities = work.authorities()?;
        let held = work.certificates_of(person)?;
        let mut known = Vec::with_capacity(held.len());
        for (place, one) in (1..).zip(&held) {
            let issuer = authorities.by_id(one.intention.id.authority)?;
            known.push(known_as(issuer.kind(), place, one)?);
        }
        Ok(Self { held, known })
    }

    /// The place of a certificate in the list.
    pub(crate) fn place_of(&self, id: CertificateId) -> Result<u64, Problem> {
        let place = self.held.iter().position(|one| one.intention.id == id);
        place.map(|place| place as u64 + 1).ok_or_else(|| broken("a certificate of nobody"))
    }

    /// The present for what ends certificates: what is on record of them lies in the past. A clock
    /// that is behind issues nothing, but it keeps nothing in force either.
    pub(crate) fn now(&self, work: &Work<'_>) -> Moment {
        self.known.iter().map(|known| known.since).fold(work.now(), Moment::max)
    }

    /// The certificate at a place.
    pub(crate) fn at(&self, place: u64) -> Result<&Held, Problem> {
        let at = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
        at.and_then(|at| self.held.get(at)).ok_or_else(|| broken("no certificate at this place"))
    }
}

/// A certificate as the decisions know it, under a number that tells it from others.
pub(crate) fn known_as(
    kind: CertificateKind,
    place: u64,
    held: &Held,
) -> Result<Certificate, Problem> {
    let Held { intention, outcome, status } = held;
    let since = status.as_ref().map_or(intention.not_before, |row| row.changed_at);
    let state = match (outcome, status) {
        (None, _) => State::Intended,
        (Some(CertificateRow { signature: None, .. }), _) => State::Abandoned,
        (Some(_), None) => State::InForce,
        (Some(_), Some(row)) => match row.state {
            certificate_state::REVOKED => State::Revoked(reason_of(row)?),
            certificate_state::HELD => State::Held,
            _ => State::Released,
        },
    };
    let (not_before, not_after) = (intention.not_before, intention.not_after);
    Ok(Certificate { kind, serial: place, not_before, not_after, state, since })
}

fn reason_of(row: &CertificateStatusRow) -> Result<RevocationReason, Problem> {
    let is = |reason: &RevocationReason| i64::from(reason.code()) == row.reason;
    let reason = RevocationReason::ALL.into_iter().find(is);
    reason.ok_or_else(|| broken("a revocation for no reason of the authority's"))
}

/// Carries out what was decided about a certificate, as an act about its holder.
pub(crate) fn change(
    work: &mut Work<'_>,
    permit: &Permit,
    held: &Held,
    change: Change,
    content: &[u8],
) -> Result<ActId, Problem> {
    let person = held.intention.person;
    // What the act commits to is to end with the holder's data key.
    work.load(&[person])?;
    let act = work.record(permit, Outcome::Done, Some(person), content)?;
    match change {
        Change::PutInForce => {
            return Err(broken("a certificate comes into force by its signature"));
        }
        Change::Abandon => {
            let id = held.intention.id;
            work.keep_outcome(CertificateRow { id, signature: None, act });
            // It may have been signed all the same; on the list it helps nobody.
            keep(work, held, certificate_state::REVOKED, 0, act)?;
        }
        Change::Hold => keep(work, held, certificate_state::HELD, CERTIFICATE_HOLD, act)?,
        Change::Release => {
            keep(work, held, certificate_state::RELEASED, CERTIFICATE_HOLD, act)?;
        }
        Change::Revoke(reason) => {
            keep(work, held, certificate_state::REVOKED, i64::from(reason.code()), act)?;
        }
    }
    Ok(act)
}

fn keep(
    work: &mut Work<'_>,
    held: &Held,
    state: i64,
    reason: i64,
    act: ActId,
) -> Result<(), Problem> {
    let intention = &held.intention;
    let changed_at = work.moment_of_change(held)?;
    work.keep_status(CertificateStatusRow {
        id: intention.id,
        municipality: Some(intention.municipality),
        state,
        reason,
        changed_at,
        invalid_from: None,
        not_after: intention.not_after,
        act,
    })
}

/// Carries out all endings that a trigger led to, each as an act.
pub(crate) fn end(
    work: &mut Work<'_>,
    permit: &Permit,
    certificates: &Certificates,
    endings: &[Ending],
    trigger: &str,
) -> Result<Vec<(CertificateId, ActId)>, Problem> {
    let mut ended = Vec::with_capacity(endings.len());
    for ending in endings {
        let held = certificates.at(ending.serial)?;
        let id = held.intention.id;
        let content = end_content(id, ending, trigger);
        ended.push((id, change(work, permit, held, ending.change, &content)?));
    }
    Ok(ended)
}

/// What the ledger commits to when a certificate ends: which, what becomes of it, why and by what.
fn end_content(id: CertificateId, ending: &Ending, trigger: &str) -> Vec<u8> {
    let named = [&id.authority.to_string(), &id.serial.to_string()];
    let [authority, serial] = named.map(String::as_str);
    let basis = ending.basis.to_string();
    seal::fields::pack(&[authority, serial, ending.change.word(), trigger, &basis]).to_vec()
}

/// The permit of the platform for what its own hands do about certificates.
pub(crate) fn own_permit(action: Action) -> Result<Permit, Problem> {
    permit(&Actor::Platform, action, Purpose::Certification, None)
}

/// A refusal of the decisions as a problem.
pub(crate) fn refused(refusal: Refusal) -> Problem {
    Problem::from_refusal(refusal.label())
}

/// Where the bytes to be signed are sealed to.
pub(crate) fn tbs_place(id: CertificateId, generation: u32) -> Place {
    Place { table: "certificate_intention", column: "tbs", row: id.row(), generation }
}

const CERTIFICATE_HOLD: i64 = 6;

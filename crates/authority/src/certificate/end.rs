//! What a trigger means for the certificates of a person.

use super::{Certificate, Change, Refusal, State, check_clock};
use crate::{
    content::CertificateKind,
    trigger::{Effect, LegalBasis, Origin, Trigger},
};
use base::Moment;

/// One certificate that a trigger touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Which of the two it is.
    pub kind: CertificateKind,
    /// Its serial number.
    pub serial: u64,
    /// What becomes of it.
    pub change: Change,
    /// By which law.
    pub basis: LegalBasis,
}

/// Decides what a trigger ends, holds or, where a certificate is only intended, gives up.
/// `certificates` are all of the person's. A resident event, or an act of the authority, of a
/// person without any ends nothing; a holder who asks for it is told so.
pub fn decide_end(
    certificates: &[Certificate],
    trigger: Trigger,
    now: Moment,
) -> Result<Vec<Ending>, Refusal> {
    check_clock(certificates, now)?;
    let endings: Vec<Ending> = certificates
        .iter()
        .filter_map(|known| {
            let change = change(known, trigger.effect(known.kind)?, now)?;
            let basis = trigger.legal_basis(known.kind);
            Some(Ending { kind: known.kind, serial: known.serial, change, basis })
        })
        .collect();
    if endings.is_empty() && trigger.origin() == Origin::Holder {
        return Err(Refusal::Absent);
    }
    Ok(endings)
}

/// Decides that a hold ends: at the counter, with the card in hand (一時停止解除).
pub fn decide_release(
    certificates: &[Certificate],
    kind: CertificateKind,
    now: Moment,
) -> Result<Ending, Refusal> {
    check_clock(certificates, now)?;
    let mut living = certificates.iter().filter(|known| known.kind == kind && known.lives(now));
    let known = living.next().ok_or(Refusal::Absent)?;
    known.state.after(Change::Release).ok_or(Refusal::NotHeld)?;
    let (serial, basis) = (known.serial, LegalBasis::Practice);
    Ok(Ending { kind, serial, change: Change::Release, basis })
}

/// What is still intended when its holder dies, moves or misses the card never comes into force.
fn change(known: &Certificate, effect: Effect, now: Moment) -> Option<Change> {
    let change = match (known.state, effect) {
        (State::Intended, _) => return Some(Change::Abandon),
        (_, Effect::Hold) => Change::Hold,
        (_, Effect::Revoke(reason)) => Change::Revoke(reason),
    };
    known.state.after(change).filter(|_| known.lives(now)).map(|_| change)
}

//! Certificates end before their time, are held, or come back. Reads a person's certificates;
//! writes what holds of them now, each with an act that says why. Invariants touched: A1, P1.
//!
//! Two roads lead here: an application or report (the holder at the counter, the call centre, the
//! authority itself), and the register: whoever moves, changes their name or dies takes effect in
//! the same transaction as the event (公的個人認証法 arts. 9 to 15, 28 to 34).

use crate::certificates::{self, Certificates, end, own_permit, refused};
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::permits::permit;
use crate::work::Work;
use authority::CertificateKind;
use authority::certificate::{Refusal, decide_end, decide_release};
use authority::trigger::{Effect, Origin, Trigger};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use policy::Action;
use ports::rows::CertificateId;
use registry::ResidentRecord;
use registry::difference::{DifferenceKind, differences};
use registry::resident::{Change, Decision, Resident};
use seal::fields;
use zeroize::Zeroizing;

/// A certificate that something became of, and the act.
pub type Ended = (CertificateId, ActId);

/// Ends or holds what a trigger touches, as somebody asks.
pub fn certificate_end(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    (whose, trigger): (&Whose, Trigger),
) -> Result<Vec<Ended>, Problem> {
    if trigger.origin() == Origin::Registry {
        let detail = "the register tells this by itself";
        return Err(Problem::new(&labels::TRIGGER_OF_REGISTER, detail));
    }
    let holds = trigger.effect(CertificateKind::Authentication) == Some(Effect::Hold);
    let action = if holds { Action::CertificateHold } else { Action::CertificateRevoke };
    let asking = permit(actor, action, purpose, actor.municipality())?;
    let asked = asked_content(whose, trigger.word());
    ask_about(work, &asking, whose, &asked, |work, person| {
        let permit = permit_about(work, actor, action, purpose, person)?;
        let certificates = Certificates::of(work, person)?;
        let endings =
            decide_end(&certificates.known, trigger, certificates.now(work)).map_err(untouched)?;
        if endings.is_empty() {
            return Err(untouched(Refusal::Absent));
        }
        end(work, &permit, &certificates, &endings, trigger.word())
    })
}

/// Ends the hold of a certificate.
pub fn certificate_release(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    (whose, kind): (&Whose, CertificateKind),
) -> Result<Ended, Problem> {
    let action = Action::CertificateRelease;
    let asking = permit(actor, action, purpose, actor.municipality())?;
    let asked = asked_content(whose, kind.word());
    ask_about(work, &asking, whose, &asked, |work, person| {
        let permit = permit_about(work, actor, action, purpose, person)?;
        let certificates = Certificates::of(work, person)?;
        let ending = decide_release(&certificates.known, kind, work.now()).map_err(untouched)?;
        let held = certificates.at(ending.serial)?;
        let act = certificates::change(work, &permit, held, ending.change, &asked)?;
        Ok((held.intention.id, act))
    })
}

/// There may be certificates, and none of them is one that this ends, holds or releases.
fn untouched(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Absent => refused(refusal).detail("none in force that this touches"),
        other => refused(other),
    }
}

/// Ends what a decision of the register ends.
pub(crate) fn follow_register(
    work: &mut Work<'_>,
    person: PersonId,
    before: &Resident,
    decision: &Decision,
) -> Result<(), Problem> {
    let triggers: Vec<Trigger> =
        decision.facts().flat_map(|fact| triggers_of(before, &fact.change)).collect();
    if triggers.is_empty() || work.authorities()?.is_empty() {
        return Ok(());
    }
    for trigger in triggers {
        let certificates = Certificates::of(work, person)?;
        if certificates.held.is_empty() {
            return Ok(());
        }
        let endings =
            decide_end(&certificates.known, trigger, certificates.now(work)).map_err(refused)?;
        let permit = own_permit(Action::CertificateRevoke)?;
        end(work, &permit, &certificates, &endings, trigger.word())?;
    }
    Ok(())
}

/// What a change of the register means for certificates.
fn triggers_of(before: &Resident, change: &Change) -> Vec<Trigger> {
    match change {
        Change::MovedIn { .. } | Change::MovedOut => vec![Trigger::Moved],
        Change::Died => vec![Trigger::Died],
        Change::Deleted => vec![Trigger::Deleted],
        Change::RecordChanged { record } | Change::Restored { record } => {
            before.record.as_ref().map_or(Vec::new(), |old| triggers_of_record(old, record))
        }
        Change::NumberAnnounced
        | Change::Entered { .. }
        | Change::NumberDesignated { .. }
        | Change::NumberChanged { .. } => Vec::new(),
    }
}

/// What another content of the record means. Another form of the same characters, another way of
/// writing the same house number is a slight correction, which ends nothing (art. 12).
fn triggers_of_record(before: &ResidentRecord, after: &ResidentRecord) -> Vec<Trigger> {
    let mut triggers: Vec<Trigger> = differences(before, after)
        .into_iter()
        .filter(|difference| is_another_value(difference.kind))
        .filter_map(|difference| match difference.field {
            "name" => Some(Trigger::NameChanged),
            "birth_date" => Some(Trigger::BirthDateChanged),
            "sex" => Some(Trigger::SexChanged),
            "address" => Some(Trigger::Moved),
            _ => None,
        })
        .collect();
    triggers.dedup();
    triggers
}

fn is_another_value(kind: DifferenceKind) -> bool {
    matches!(
        kind,
        DifferenceKind::Different | DifferenceKind::MissingHere | DifferenceKind::MissingThere
    )
}

/// What was asked, as the ledger commits to it.
fn asked_content(whose: &Whose, what: &str) -> Zeroizing<Vec<u8>> {
    let mut out = fields::pack(&[what]);
    out.extend_from_slice(&content(whose));
    out
}

//! A number is changed after a leak (My Number Act art. 7(2); Enforcement Order art. 3, 4). Reads
//! and writes person and number; puts the new number on the municipality's next list. Invariants
//! touched: N1, A1, P1.

use crate::enact::{enact, number_for, number_of_act, present_number};
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::work::{Outcome, Work};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use numbers::{IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
use policy::{Action, Permit};
use registry::resident::{ChangeGround, LeakReason, NumberChange, decide_number_change};
use seal::fields;

/// A change that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeAsked {
    /// The municipality of residence.
    pub municipality: LocalGovernmentCode,
    /// Whose number.
    pub code: ResidentRecordCode,
    /// On whose initiative.
    pub ground: ChangeGround,
    /// How the number leaked.
    pub reason: Option<LeakReason>,
    /// The number to be replaced; a person's own request must name it.
    pub current: Option<IndividualNumber>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberChanged {
    /// The act.
    pub act: ActId,
    /// The new number.
    pub number: IndividualNumber,
}

/// Replaces a person's number by that of the next generation.
pub fn number_change(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    asked: &ChangeAsked,
) -> Result<NumberChanged, Problem> {
    let asking =
        crate::permits::permit(actor, Action::NumberChange, purpose, Some(asked.municipality))?;
    let reason = asked.reason.map_or("", LeakReason::word);
    let code = asked.code.reveal();
    let content = fields::pack(&["change", code.as_str(), asked.ground.word(), reason]);
    let whose = Whose::Code(asked.code.clone());
    ask_about(work, &asking, &whose, &content, |work, person| {
        let permit = permit_about(work, actor, Action::NumberChange, purpose, person)?;
        change(work, &permit, person, asked, &content)
    })
}

fn change(
    work: &mut Work<'_>,
    permit: &Permit,
    person: PersonId,
    asked: &ChangeAsked,
    content: &[u8],
) -> Result<NumberChanged, Problem> {
    let present = present_number(work, person)?;
    let today = work.today();
    let ask = NumberChange {
        by: asked.municipality,
        ground: asked.ground,
        reason: asked.reason,
        current: asked.current.as_ref(),
    };
    let state = Some(work.person(person)?.resident());
    let decision = decide_number_change(state, &ask, present.as_ref(), today)
        .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    let (_, act) = enact(work, permit, Some(person), &decision, content)?;
    let generation = work.person(person)?.resident().generation();
    let generation = generation.ok_or_else(|| Problem::new(&labels::NUMBER_NOT_ASSIGNED, ""))?;
    Ok(NumberChanged { act, number: number_for(work, &asked.code, generation)? })
}

/// Tells again what a change led to, to whom it concerns now; an act of reading.
pub fn number_change_again(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    asked: &ChangeAsked,
    act: ActId,
) -> Result<NumberChanged, Problem> {
    let asking =
        crate::permits::permit(actor, Action::NumberChange, purpose, Some(asked.municipality))?;
    let whose = Whose::Code(asked.code.clone());
    let content = content(&whose);
    ask_about(work, &asking, &whose, &content, |work, person| {
        let permit = permit_about(work, actor, Action::NumberChange, purpose, person)?;
        let number = number_of_act(work, person, act)?;
        work.record(&permit, Outcome::Read, Some(person), &content)?;
        Ok(NumberChanged { act, number })
    })
}

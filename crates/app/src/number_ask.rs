//! A resident's number is asked for. Reads person and number; writes the access entry. Invariants
//! touched: A1, P1. The person is named by resident record code, or by name and birth date; these
//! must fit one person only.

use crate::enact::present_number;
use crate::permits::{may_ask, permit};
use crate::work::{Outcome, Work};
use base::{ActId, Actor, Date, PersonId, Personal, Problem, Purpose, labels};
use numbers::{IndividualNumber, ResidentRecordCode};
use policy::{Action, Permit};
use seal::fields;
use zeroize::Zeroizing;

/// Whose number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// The holder of this code.
    Code(ResidentRecordCode),
    /// The one person of this name and birth date.
    NameAndBirth(Personal, Date),
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberTold {
    /// The act of reading.
    pub act: ActId,
    /// The designated number.
    pub number: IndividualNumber,
}

/// Tells the designated number of a person.
pub fn number_ask(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    whose: &Whose,
) -> Result<NumberTold, Problem> {
    // Before anything is looked up: may this caller ask at all?
    may_ask(actor, Action::NumberAsk, purpose)?;
    let person = find(work, whose)?;
    let permit = permit_about(work, actor, Action::NumberAsk, purpose, person)?;
    let number = present_number(work, person)?;
    let number = number.ok_or_else(|| Problem::new(&labels::NUMBER_NOT_ASSIGNED, ""))?;
    let act = work.record(&permit, Outcome::Read, Some(person), &content(whose))?;
    Ok(NumberTold { act, number })
}

/// The permit for an act about this person, who belongs to a municipality.
pub(crate) fn permit_about(
    work: &mut Work<'_>,
    actor: &Actor,
    action: Action,
    purpose: Purpose,
    person: PersonId,
) -> Result<Permit, Problem> {
    let municipality = work.person(person)?.resident.municipality;
    permit(actor, action, purpose, Some(municipality))
}

/// The person meant; nobody is told whether somebody else has the same name.
pub(crate) fn find(work: &mut Work<'_>, whose: &Whose) -> Result<PersonId, Problem> {
    match whose {
        Whose::Code(code) => work.person_by_code(code)?,
        Whose::NameAndBirth(name, birth) => work.only_person_named(name, *birth)?,
    }
    .ok_or_else(|| Problem::new(&labels::RESIDENT_ABSENT, ""))
}

/// What was asked, as the ledger commits to it.
pub(crate) fn content(whose: &Whose) -> Zeroizing<Vec<u8>> {
    match whose {
        Whose::Code(code) => fields::pack(&["code", code.reveal().as_str()]),
        Whose::NameAndBirth(name, birth) => {
            fields::pack(&["name", name.reveal(), &birth.to_string()])
        }
    }
}

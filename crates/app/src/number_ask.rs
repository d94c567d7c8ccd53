//! A resident's number is asked for. Reads person and number; writes the access entry. Invariants
//! touched: A1, P1. The person is named by resident record code, or by name and birth date; these
//! must fit one person only.
//!
//! A municipality looks among its own residents only: to it a person of another town is as absent
//! as nobody. What is refused to whoever has a right to ask is on record all the same, so that
//! trying names and codes is seen.

use crate::enact::present_number;
use crate::permits::permit;
use crate::work::{Outcome, PLATFORM_PERSON, Work};
use base::{ActId, Actor, Date, PersonId, Personal, Problem, Purpose, Remedy, labels};
use numbers::{IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
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
    let asking = permit(actor, Action::NumberAsk, purpose, actor.municipality())?;
    let content = content(whose);
    ask_about(work, &asking, whose, &content, |work, person| {
        let permit = permit_about(work, actor, Action::NumberAsk, purpose, person)?;
        let number = present_number(work, person)?;
        let number = number.ok_or_else(|| Problem::new(&labels::NUMBER_NOT_ASSIGNED, ""))?;
        let act = work.record(&permit, Outcome::Read, Some(person), &content)?;
        Ok(NumberTold { act, number })
    })
}

/// Finds the person meant, among those whom the actor may know of, and goes on with them. A refusal
/// on the way is recorded under `asking`, with what was asked.
pub(crate) fn ask_about<T>(
    work: &mut Work<'_>,
    asking: &Permit,
    whose: &Whose,
    content: &[u8],
    go_on: impl FnOnce(&mut Work<'_>, PersonId) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let before = work.mark();
    let fitting = fitting(work, whose)?;
    let own = asking.actor().municipality();
    let near = fitting.iter().filter(|(_, of)| own.is_none_or(|own| own == *of));
    let told = only(near.map(|(person, _)| *person)).and_then(|person| go_on(work, person));
    let Err(refusal) = &told else { return told };
    if matches!(refusal.remedy(), Remedy::Broken | Remedy::Again) || work.mark() != before {
        return told;
    }
    // The leaf is public. Who was looked for and is there can see it; that nobody was there must
    // not be seen, so the platform itself stands in.
    let subject = match fitting[..] {
        [(person, _)] => {
            // What is committed to about a person is to end with the data key.
            work.load(&[person])?;
            person
        }
        _ => PLATFORM_PERSON,
    };
    work.record_refusal(asking, refusal, subject, content)?;
    told
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

/// The person meant, wherever they are.
pub(crate) fn find(work: &mut Work<'_>, whose: &Whose) -> Result<PersonId, Problem> {
    only(fitting(work, whose)?.into_iter().map(|(person, _)| person))
}

/// Everybody who fits, each with the municipality that keeps the record or kept it last.
fn fitting(
    work: &mut Work<'_>,
    whose: &Whose,
) -> Result<Vec<(PersonId, LocalGovernmentCode)>, Problem> {
    let code = match whose {
        Whose::Code(code) => code,
        Whose::NameAndBirth(name, birth) => return work.persons_named(name, *birth),
    };
    let Some(person) = work.person_by_code(code)? else { return Ok(Vec::new()) };
    let of = match work.person(person) {
        Ok(held) => held.resident().municipality,
        Err(problem) if problem.label() == labels::CONTENT_ERASED.text => {
            work.last_keeper(person)?
        }
        Err(problem) => return Err(problem),
    };
    Ok(vec![(person, of)])
}

fn only(mut fitting: impl Iterator<Item = PersonId>) -> Result<PersonId, Problem> {
    match (fitting.next(), fitting.next()) {
        (Some(person), None) => Ok(person),
        (None, _) => Err(Problem::new(&labels::RESIDENT_ABSENT, "")),
        _ => Err(Problem::new(&labels::RESIDENT_AMBIGUOUS, "")),
    }
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

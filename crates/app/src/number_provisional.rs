//! Provisional numbering (仮付番): a municipality sends resident record codes ahead of time and gets a
//! list with the numbers reserved for them; the first record of a code makes its number designated
//! (本付番). Reads and writes person, code, number. Invariants touched: N1, A1, P1.

use crate::enact::{enact, number_for, number_of_act};
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::stock;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Problem, labels};
use numbers::assignment::Generation;
use numbers::{IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
use policy::{Action, Permit};
use registry::resident::decide_provisional;

/// A code with what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reserved {
    /// The code that was sent.
    pub code: ResidentRecordCode,
    /// The act and the reserved number, or why there is none.
    pub result: Result<(ActId, IndividualNumber), Problem>,
}

/// Reserves a number for each code of a list. A code that is refused does not stop the others.
pub fn number_provisional(
    work: &mut Work<'_>,
    permit: &Permit,
    municipality: LocalGovernmentCode,
    codes: &[ResidentRecordCode],
) -> Result<Vec<Reserved>, Problem> {
    stock::registrar(municipality)?;
    let mut list = Vec::with_capacity(codes.len());
    for code in codes {
        let result = match reserve(work, permit, municipality, code) {
            Err(problem) if problem.is_of_the_platform() => return Err(problem),
            result => result,
        };
        list.push(Reserved { code: code.clone(), result });
    }
    Ok(list)
}

/// The same for a list as it comes in: an act of its own, about nobody, stands for the whole list.
pub fn provisional_list(
    work: &mut Work<'_>,
    permit: &Permit,
    municipality: LocalGovernmentCode,
    codes: &[ResidentRecordCode],
) -> Result<(ActId, Vec<Reserved>), Problem> {
    let list = number_provisional(work, permit, municipality, codes)?;
    let content = format!("provisional list {municipality} {}", codes.len());
    Ok((work.record(permit, Outcome::Done, None, content.as_bytes())?, list))
}

/// What is kept of a list to tell it again: for each code the act that reserved its number, or the
/// label of the refusal.
pub fn note_of(list: &[Reserved]) -> String {
    let word = |reserved: &Reserved| match &reserved.result {
        Ok((act, _)) => act.to_string(),
        Err(problem) => problem.label().to_owned(),
    };
    list.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Tells a list again to whom it concerns now: an act of reading for each number in it. A code
/// whose holder has moved, or was disposed of, is told so and does not stop the others.
pub fn provisional_list_again(
    work: &mut Work<'_>,
    permit: &Permit,
    codes: &[ResidentRecordCode],
    note: &str,
) -> Result<Vec<Reserved>, Problem> {
    let mut list = Vec::with_capacity(codes.len());
    for (code, word) in codes.iter().zip(note.split(' ')) {
        let result = match word.parse().map(ActId) {
            Ok(act) => reserved_again(work, permit, code, act).map(|number| (act, number)),
            Err(_) => {
                let label = labels::find(word).ok_or_else(|| broken("a label of a list"))?;
                Err(Problem::new(label, ""))
            }
        };
        match result {
            Err(problem) if problem.is_of_the_platform() => return Err(problem),
            result => list.push(Reserved { code: code.clone(), result }),
        }
    }
    Ok(list)
}

fn reserved_again(
    work: &mut Work<'_>,
    permit: &Permit,
    code: &ResidentRecordCode,
    act: ActId,
) -> Result<IndividualNumber, Problem> {
    let whose = Whose::Code(code.clone());
    let content = content(&whose);
    ask_about(work, permit, &whose, &content, |work, person| {
        let (actor, purpose) = (permit.actor(), permit.purpose());
        let permit = permit_about(work, actor, Action::NumberProvisional, purpose, person)?;
        let number = number_of_act(work, person, act)?;
        work.record(&permit, Outcome::Read, Some(person), &content)?;
        Ok(number)
    })
}

fn reserve(
    work: &mut Work<'_>,
    permit: &Permit,
    municipality: LocalGovernmentCode,
    code: &ResidentRecordCode,
) -> Result<(ActId, IndividualNumber), Problem> {
    let known = work.person_by_code(code)?;
    let today = work.today();
    let state = known.map(|id| work.person(id)).transpose()?.map(|held| held.resident());
    let decision = decide_provisional(state, code, municipality, today)
        .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    stock::check_free(work, municipality, code, false)?;
    let content = seal::fields::pack(&["code", code.reveal().as_str()]);
    let (_, act) = enact(work, permit, known, &decision, &content)?;
    Ok((act, number_for(work, code, Generation::FIRST)?))
}

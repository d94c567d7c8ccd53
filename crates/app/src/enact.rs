//! Carrying a decision out: one act, and every row that follows from its facts.
//!
//! All changes to persons go through here, so that a person's row, code, number, list entry and
//! ledger entry are always written together.

use crate::certificate_end::follow_register;
use crate::keyed::number_from;
use crate::people::{self, Person};
use crate::platform::NUMBER_DOMAIN;
use crate::work::{Outcome, Work, broken};
use base::{ActId, PersonId, Problem, labels};
use numbers::assignment::{self, Generation};
use numbers::{IndividualNumber, ResidentRecordCode};
use policy::Permit;
use ports::rows::{NumberRow, OutboxRow, PersonRow, RecordCodeRow, number_state, status, topic};
use registry::resident::{Change, Decision, Resident};
use seal::DataKey;

/// Carries out what was decided about a person, or about somebody not known before.
pub(crate) fn enact(
    work: &mut Work<'_>,
    permit: &Permit,
    known: Option<PersonId>,
    decision: &Decision,
    content: &[u8],
) -> Result<(PersonId, ActId), Problem> {
    let before = known.map(|id| work.person(id)).transpose()?.map(|held| held.resident.clone());
    let after = decision.apply(before.clone());
    let person = match known {
        Some(person) => person,
        None => new_person(work, &after)?,
    };
    let act = work.record(permit, Outcome::Done, Some(person), content)?;
    if known.is_none() {
        new_code(work, person, &after.code, act)?;
    }
    for fact in decision.facts() {
        follow(work, person, &after, &fact.change, (act, known.is_none()))?;
    }
    work.change_person(person, after)?;
    if let Some(before) = &before {
        follow_register(work, person, before, decision)?;
    }
    Ok((person, act))
}

/// The designated number of a person, opened.
pub(crate) fn present_number(
    work: &mut Work<'_>,
    person: PersonId,
) -> Result<Option<IndividualNumber>, Problem> {
    let rows = work.numbers_of(person)?;
    let held = work.person(person)?;
    let present = rows.iter().rfind(|row| row.state == number_state::DESIGNATED);
    present.map(|row| people::open_number(&held.key, row, FIRST_KEY_GENERATION)).transpose()
}

/// The number that an act gave a person, opened; a later act may have replaced it.
pub(crate) fn number_of_act(
    work: &mut Work<'_>,
    person: PersonId,
    act: ActId,
) -> Result<IndividualNumber, Problem> {
    let rows = work.numbers_of(person)?;
    let held = work.person(person)?;
    let given = rows.iter().find(|row| row.assigned_act == act);
    let given = given.ok_or_else(|| broken("an act that gave no number"))?;
    people::open_number(&held.key, given, FIRST_KEY_GENERATION)
}

fn new_person(work: &mut Work<'_>, after: &Resident) -> Result<PersonId, Problem> {
    let id = work.new_person_id();
    let key = DataKey::from_entropy(work.entropy);
    let opened = key.opened();
    work.keep_data_key(id, FIRST_KEY_GENERATION, key);
    let row = PersonRow {
        id,
        municipality: after.municipality,
        status: status::PROVISIONAL,
        number_generation: None,
        key_generation: i64::from(FIRST_KEY_GENERATION),
        identity: None,
        contact: None,
        name_birth_index: None,
        set_position: 0,
        set_digest: None,
    };
    work.keep_person(Person { row, key: opened, resident: after.clone(), dirty: true });
    Ok(id)
}

fn new_code(
    work: &mut Work<'_>,
    person: PersonId,
    code: &ResidentRecordCode,
    act: ActId,
) -> Result<(), Problem> {
    let code_index = work.code_index(code)?;
    let sealed = work.seal_for(person, |key, entropy| {
        people::seal_code(key, (person.0, 0), FIRST_KEY_GENERATION, code, entropy)
    })?;
    work.keep_code(RecordCodeRow {
        person,
        ordinal: 0,
        code_index,
        code: sealed,
        assigned_act: act,
        ended_act: None,
    });
    Ok(())
}

/// The number rows that follow from a change, and the list entry that tells the municipality.
fn follow(
    work: &mut Work<'_>,
    person: PersonId,
    after: &Resident,
    change: &Change,
    (act, new): (ActId, bool),
) -> Result<(), Problem> {
    match change {
        Change::NumberAnnounced => {
            let number = (Generation::FIRST, number_state::PROVISIONAL);
            new_number(work, person, &after.code, number, act)?;
        }
        Change::NumberDesignated { generation } => {
            let reserved = if new { None } else { reserved_number(work, person)? };
            match reserved {
                Some(row) => {
                    work.keep_number(NumberRow { state: number_state::DESIGNATED, ..row });
                }
                None => {
                    let number = (*generation, number_state::DESIGNATED);
                    new_number(work, person, &after.code, number, act)?;
                }
            }
        }
        Change::NumberChanged { generation, .. } => {
            end_number(work, person, act)?;
            let number = (*generation, number_state::DESIGNATED);
            new_number(work, person, &after.code, number, act)?;
        }
        _ => return Ok(()),
    }
    let municipality = after.municipality;
    work.put_out(OutboxRow { act, topic: topic::NUMBER_LIST, municipality, person });
    Ok(())
}

fn reserved_number(work: &mut Work<'_>, person: PersonId) -> Result<Option<NumberRow>, Problem> {
    let rows = work.numbers_of(person)?;
    Ok(rows.into_iter().find(|row| row.state == number_state::PROVISIONAL))
}

fn end_number(work: &mut Work<'_>, person: PersonId, act: ActId) -> Result<(), Problem> {
    let rows = work.numbers_of(person)?;
    let present = rows.into_iter().rfind(|row| row.state == number_state::DESIGNATED);
    let present = present.ok_or_else(|| Problem::new(&labels::NUMBER_NOT_ASSIGNED, ""))?;
    work.keep_number(NumberRow { state: number_state::REPLACED, ended_act: Some(act), ..present });
    Ok(())
}

fn new_number(
    work: &mut Work<'_>,
    person: PersonId,
    code: &ResidentRecordCode,
    (generation, state): (Generation, i64),
    act: ActId,
) -> Result<(), Problem> {
    let number = number_for(work, code, generation)?;
    let number_index = work.platform().number_index(&number)?;
    let ordinal = i64::from(generation.get());
    let sealed = work.seal_for(person, |key, entropy| {
        people::seal_number(key, (person.0, ordinal), FIRST_KEY_GENERATION, &number, entropy)
    })?;
    work.keep_number(NumberRow {
        person,
        generation: ordinal,
        number_index,
        number: sealed,
        state,
        assigned_act: act,
        ended_act: None,
    });
    Ok(())
}

/// The number of a code and generation under the numbering key (My Number Act art. 8(2)).
pub(crate) fn number_for(
    work: &Work<'_>,
    code: &ResidentRecordCode,
    generation: Generation,
) -> Result<IndividualNumber, Problem> {
    if generation == Generation::FIRST
        && let Some(entry) = work.keyed_entry(code)
    {
        return Ok(entry.number.clone());
    }
    let platform = work.platform();
    let mut slot = [assignment::slot(code, generation)];
    platform.keys.permute(&platform.names.numbering, NUMBER_DOMAIN, &mut slot)?;
    let [permuted] = slot;
    number_from(permuted)
}

/// Data keys start at this generation; a re-wrap keeps it, since only the wrapping changes.
pub(crate) const FIRST_KEY_GENERATION: u32 = 1;

//! Do both sides hold the same? A municipality compares its register with ours: keyed set digests,
//! halved until the differing records are found (O(log n) exchanges), then field by field. Reads
//! persons; a comparison of records is a reading and leaves an access entry.

use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::permits::permit;
use crate::platform::Platform;
use crate::stock;
use crate::work::{Outcome, Work};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use policy::{Action, Permit};
use registry::ResidentRecord;
use registry::difference::{FieldDifference, differences};
use registry::set_digest::{Answer, Entry, Question, entries, respond};

/// Answers a question about a municipality's set.
pub fn set_question(
    platform: &Platform,
    _permit: &Permit,
    municipality: LocalGovernmentCode,
    question: &Question,
) -> Result<Answer, Problem> {
    stock::registrar(municipality)?;
    let prefixes = question.children.len() + question.entries.len();
    if prefixes > QUESTION_PREFIXES_MAX {
        return Err(Problem::new(&labels::PAGE_RANGE, "too many prefixes in one question"));
    }
    let set = set_of(platform, municipality)?;
    let listed = question.entries.iter().map(|prefix| entries(*prefix, &set).len());
    if listed.sum::<usize>() > ANSWER_ENTRIES_MAX {
        return Err(Problem::new(&labels::PAGE_RANGE, "too many records under these prefixes"));
    }
    Ok(respond(question, &set))
}

/// The records of a municipality as set entries, in order.
pub fn set_of(
    platform: &Platform,
    municipality: LocalGovernmentCode,
) -> Result<Vec<Entry>, Problem> {
    let mut set = Vec::new();
    platform.store.snapshot("set_of", &mut |view| {
        set.clear();
        let mut after = PersonId(0);
        loop {
            let page = view.persons_of(municipality, after, PAGE_PERSONS)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            let entries = page.iter().filter_map(|row| {
                let position = row.set_position.cast_unsigned();
                Some(Entry { position, digest: row.set_digest? })
            });
            set.extend(entries);
        }
    })?;
    set.sort_unstable();
    Ok(set)
}

/// Compares the municipality's record of a person with ours.
pub fn record_difference(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    code: &ResidentRecordCode,
    theirs: &ResidentRecord,
) -> Result<(ActId, Vec<FieldDifference>), Problem> {
    let asking = permit(actor, Action::SetDifference, purpose, actor.municipality())?;
    let whose = Whose::Code(code.clone());
    let content = content(&whose);
    ask_about(work, &asking, &whose, &content, |work, person| {
        let permit = permit_about(work, actor, Action::SetDifference, purpose, person)?;
        let ours = work.person(person)?.resident().record.clone();
        let ours = ours.ok_or_else(|| Problem::new(&labels::RESIDENT_ABSENT, ""))?;
        let act = work.record(&permit, Outcome::Read, Some(person), &content)?;
        Ok((act, differences(&ours, theirs)))
    })
}

const PAGE_PERSONS: usize = 8_192;

/// Most prefixes in one question: as many as the registry's own exchange asks for.
const QUESTION_PREFIXES_MAX: usize = 4_096;

/// Most records listed in one answer: sixteen under each prefix.
const ANSWER_ENTRIES_MAX: usize = 16 * QUESTION_PREFIXES_MAX;

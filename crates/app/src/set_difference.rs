//! Do both sides hold the same? A municipality compares its register with ours: keyed set digests,
//! halved until the differing records are found (O(log n) exchanges), then field by field. Reads
//! persons; a comparison of records is a reading and leaves an access entry.

use crate::epochs::epochs_of;
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::permits::permit;
use crate::platform::Platform;
use crate::stock;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use policy::{Action, Permit};
use ports::View;
use ports::rows::SetRow;
use registry::ResidentRecord;
use registry::difference::{FieldDifference, differences};
use registry::set_digest::{Answer, Entry, Question, QuestionRefusal, respond};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The sets that were asked about lately, as they stood at a mark of their feed: a comparison asks
/// many questions about one set.
///
/// Only its own feed and a new digest key change a municipality's set: nobody else may touch an
/// open record, and what becomes of a closed one is not in the set (`registry` decides so, and a
/// test of it holds it).
#[derive(Default)]
pub struct SetCache {
    /// The one asked about last at the end.
    slots: Mutex<VecDeque<(LocalGovernmentCode, Slot)>>,
}

/// One set. It is locked while it is read, so that one reads and the others wait.
type Slot = Arc<Mutex<Option<Kept>>>;

struct Kept {
    mark: u64,
    epoch: u32,
    set: Arc<[Entry]>,
}

/// Answers a question about a municipality's set, with the epoch of the digest key that the answer
/// is made with. `epoch` is that of the key the municipality holds, if it says so.
///
/// # Errors
/// `set_digest_epoch` when its key is not the one its records are under; `set_digest_moving` while
/// they are on the way to the next; what is wrong with the question.
pub fn set_question(
    platform: &Platform,
    sets: &SetCache,
    _permit: &Permit,
    municipality: LocalGovernmentCode,
    (question, epoch): (&Question, Option<u32>),
) -> Result<(Answer, u32), Problem> {
    stock::registrar(municipality)?;
    question.check().map_err(refused)?;
    let (set, held) = sets.set_and_epoch(platform, municipality)?;
    if epoch.is_some_and(|epoch| epoch != held) {
        let detail = format!("the records are compared under the key of epoch {held}");
        return Err(Problem::new(&labels::SET_DIGEST_EPOCH, detail));
    }
    Ok((respond(question, &set).map_err(refused)?, held))
}

impl SetCache {
    /// The records of a municipality as set entries, in order.
    pub fn set_of(
        &self,
        platform: &Platform,
        municipality: LocalGovernmentCode,
    ) -> Result<Arc<[Entry]>, Problem> {
        self.set_and_epoch(platform, municipality).map(|(set, _)| set)
    }

    fn set_and_epoch(
        &self,
        platform: &Platform,
        municipality: LocalGovernmentCode,
    ) -> Result<(Arc<[Entry]>, u32), Problem> {
        let slot = self.slot(municipality);
        let mut kept = lock(&slot);
        platform.store.snapshot("set_of", &mut |view| {
            let epochs = epochs_of(platform, view)?;
            if epochs.digest_changes(municipality) {
                return Err(Problem::new(&labels::SET_DIGEST_MOVING, ""));
            }
            let epoch = epochs.digest_epoch(municipality);
            let cursor = view.cursors(&[municipality])?.pop().flatten();
            let mark = cursor.map_or(1, |cursor| cursor.next);
            if kept.as_ref().is_none_or(|kept| (kept.mark, kept.epoch) != (mark, epoch)) {
                *kept = Some(Kept { mark, epoch, set: read_set(view, municipality)? });
            }
            Ok(())
        })?;
        let set = kept.as_ref().map(|kept| (Arc::clone(&kept.set), kept.epoch));
        set.ok_or_else(|| broken("no snapshot"))
    }

    fn slot(&self, municipality: LocalGovernmentCode) -> Slot {
        let mut slots = lock(&self.slots);
        let known = slots.iter().position(|(of, _)| *of == municipality);
        let known = known.and_then(|at| slots.remove(at));
        let slot = known.map_or_else(Slot::default, |(_, slot)| slot);
        slots.push_back((municipality, Arc::clone(&slot)));
        if slots.len() > SETS_KEPT_MAX {
            slots.pop_front();
        }
        slot
    }
}

fn read_set(
    view: &mut dyn View,
    municipality: LocalGovernmentCode,
) -> Result<Arc<[Entry]>, Problem> {
    let (mut set, mut after) = (Vec::new(), PersonId(0));
    loop {
        let page = view.set_of(municipality, after, PAGE_PERSONS)?;
        let Some(last) = page.last() else { break };
        after = last.person;
        let entry =
            |row: &SetRow| Entry { position: row.position.cast_unsigned(), digest: row.digest };
        set.extend(page.iter().map(entry));
    }
    set.sort_unstable();
    Ok(set.into())
}

fn refused(refusal: QuestionRefusal) -> Problem {
    Problem::from_refusal(refusal.label()).detail(refusal.advice())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Sets kept: a large city's is some tens of megabytes.
const SETS_KEPT_MAX: usize = 8;

//! Who looked, when, for what: the acts about one person (Basic Resident Register Act art. 30-32). To
//! look is itself a reading and stands at the end of the list it gives.

use crate::number_ask::{Whose, content, find, permit_about};
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, Problem, Purpose, labels};
use ledger::leaf::LeafEntry;
use policy::Action;

/// An act as the subject may see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubjectAct {
    /// Its place in the ledger.
    pub act: ActId,
    /// Its leaf.
    pub leaf: LeafEntry,
}

/// A page of the acts about a person, oldest first, and the act of looking.
pub fn subject_acts(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    whose: &Whose,
    (after, limit): (Option<ActId>, usize),
) -> Result<(ActId, Vec<SubjectAct>), Problem> {
    let person = find(work, whose)?;
    let permit = permit_about(work, actor, Action::SubjectActs, purpose, person)?;
    let pseudonym = work.platform().pseudonym(person)?;
    let rows = work.tx.acts_about(&pseudonym, after, limit)?;
    let acts: Result<Vec<_>, Problem> = rows
        .into_iter()
        .map(|row| {
            let leaf = LeafEntry::parse(&row.entry).map_err(|_| broken("a leaf does not parse"))?;
            Ok(SubjectAct { act: row.id, leaf })
        })
        .collect();
    let acts = acts?;
    let act = work.record(&permit, Outcome::Read, Some(person), &content(whose))?;
    Ok((act, acts))
}

/// An act by its id: what a caller was answered with can be read back.
pub fn act_show(platform: &Platform, id: ActId) -> Result<LeafEntry, Problem> {
    let mut entry = None;
    platform.store.snapshot("act_show", &mut |view| {
        entry = view.acts(id, 1)?.into_iter().find(|row| row.id == id).map(|row| row.entry);
        Ok(())
    })?;
    let entry = entry.ok_or_else(|| Problem::new(&labels::ACT_ABSENT, ""))?;
    LeafEntry::parse(&entry).map_err(|_| broken("a leaf does not parse"))
}

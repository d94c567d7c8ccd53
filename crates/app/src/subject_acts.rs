//! Who looked, when, for what: the acts about one person. No article gives a right to this list:
//! the Basic Resident Register Act (art. 30-32) has everybody shown their own identification data,
//! not who looked at it. To look is itself a reading, and stands in the ledger before anything is
//! shown.

use crate::epochs::epochs_of;
use crate::key_roles::KeyRole;
use crate::number_ask::{Whose, ask_about, content, permit_about};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use ledger::leaf::LeafEntry;
use policy::Action;
use ports::rows::ActRow;

/// An act as the subject may see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubjectAct {
    /// Its place in the ledger.
    pub act: ActId,
    /// Its leaf.
    pub leaf: LeafEntry,
}

/// The right to see the acts about one person, up to the act that gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Looking {
    act: ActId,
    person: PersonId,
}

/// Enters the look. What it shows is to be read when that is committed, apart from the one thread
/// that commits: a search through all acts would make everybody wait.
pub fn subject_acts(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    whose: &Whose,
) -> Result<Looking, Problem> {
    let asking = permit(actor, Action::SubjectActs, purpose, actor.municipality())?;
    let content = content(whose);
    ask_about(work, &asking, whose, &content, |work, person| {
        let permit = permit_about(work, actor, Action::SubjectActs, purpose, person)?;
        let act = work.record(&permit, Outcome::Read, Some(person), &content)?;
        Ok(Looking { act, person })
    })
}

impl Looking {
    /// The act of looking.
    pub const fn act(&self) -> ActId {
        self.act
    }

    /// A page of the acts about the person before this one, oldest first.
    pub fn page(
        &self,
        platform: &Platform,
        after: Option<ActId>,
        limit: usize,
    ) -> Result<Vec<SubjectAct>, Problem> {
        let mut rows = Vec::new();
        platform.store.snapshot("subject_acts", &mut |view| {
            rows.clear();
            // Acts are final, so each stands under the pseudonym of its time; all acts of one
            // epoch come before those of the next.
            let keys = epochs_of(platform, view)?.counting(KeyRole::Pseudonym)?;
            for key in keys.iter().rev() {
                let pseudonym = platform.pseudonym(key, self.person)?;
                let after = rows.last().map_or(after, |row: &ActRow| Some(row.id));
                rows.extend(view.acts_about(&pseudonym, after, limit - rows.len())?);
                if rows.len() >= limit {
                    break;
                }
            }
            Ok(())
        })?;
        let shown = rows.into_iter().take_while(|row| row.id < self.act);
        shown
            .map(|row| {
                let leaf = LeafEntry::parse(&row.entry);
                let leaf = leaf.map_err(|_| broken("a leaf does not parse"))?;
                Ok(SubjectAct { act: row.id, leaf })
            })
            .collect()
    }
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

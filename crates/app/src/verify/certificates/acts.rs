//! The acts behind what the authority keeps: read for a page of rows, and summed up against all of
//! them, so that an act without its row is seen as well as a row without its act.

use base::{ActId, Moment, Problem};
use ledger::leaf::{LeafEntry, Salt, commit};
use policy::Action;
use ports::View;
use ports::rows::ActRow;
use seal::OpenedKey;
use std::collections::BTreeMap;

/// The acts that rows of a page name.
pub(super) struct Acts(BTreeMap<ActId, (LeafEntry, Option<[u8; 16]>)>);

/// What an act is to tell.
pub(super) struct Told<'a> {
    /// Under one of which pseudonyms it is found; none, if it is about no person.
    pub(super) subjects: &'a [[u8; 16]],
    /// What the salt of its content comes from; absent if nobody can show it any more.
    pub(super) key: Option<&'a OpenedKey>,
    /// What it commits to, where that is known.
    pub(super) content: Option<&'a [u8]>,
}

/// Acts less rows, by kind of act.
#[derive(Default)]
pub(in crate::verify) struct Tallies([Tally; KINDS.len()]);

#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    count: u64,
    sum: u128,
}

impl Acts {
    /// Reads the acts of these numbers, neighbours together.
    pub(super) fn read(
        view: &mut dyn View,
        ids: impl Iterator<Item = ActId>,
    ) -> Result<Self, Problem> {
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let mut found = BTreeMap::new();
        for run in ids.chunk_by(|a, b| b.0 - a.0 <= NEIGHBOURS) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let limit = usize::try_from(last.0 - first.0 + 1).unwrap_or(usize::MAX);
            for row in view.acts(*first, limit)? {
                if run.binary_search(&row.id).is_ok()
                    && let Ok(leaf) = LeafEntry::parse(&row.entry)
                {
                    found.insert(row.id, (leaf, row.subject));
                }
            }
        }
        Ok(Self(found))
    }

    /// When an act was recorded; `None` if it is not there.
    pub(super) fn at(&self, act: ActId) -> Option<Moment> {
        self.0.get(&act).map(|(leaf, _)| Moment::from_us(leaf.fields().at_us))
    }

    /// Whether an act is one of these actions with this outcome, and tells this.
    pub(super) fn tell(
        &self,
        act: ActId,
        told: &Told<'_>,
        actions: &[Action],
        outcome: &str,
    ) -> bool {
        let Some((leaf, subject)) = self.0.get(&act) else { return false };
        let leaf = leaf.fields();
        let committed = told.key.zip(told.content).is_none_or(|(key, content)| {
            let salt = key.leaf_salt(act.0);
            Salt::new(&salt).is_ok_and(|salt| commit(&salt, "content", content) == leaf.content)
        });
        actions.iter().any(|action| action.word() == leaf.act)
            && leaf.outcome == outcome
            && subject.map_or(told.subjects.is_empty(), |one| told.subjects.contains(&one))
            && committed
    }
}

impl Tallies {
    /// An act of the ledger.
    pub(in crate::verify) fn act(&mut self, row: &ActRow, leaf: &LeafEntry) {
        if let Some(kind) = kind_of(leaf, row.subject.is_some()) {
            self.add(kind, row.id, true);
        }
    }

    /// A row that an act is to have led to.
    pub(super) fn row(&mut self, acts: &Acts, act: ActId) {
        let found = acts.0.get(&act);
        if let Some(kind) = found.and_then(|(leaf, subject)| kind_of(leaf, subject.is_some())) {
            self.add(kind, act, false);
        }
    }

    /// Rows whose acts are not known by their numbers.
    pub(super) fn counted(&mut self, action: Action, outcome: &str, rows: u64) {
        let kind = KINDS.iter().position(|kind| *kind == (action, outcome, false));
        if let Some(tally) = kind.and_then(|kind| self.0.get_mut(kind)) {
            tally.count = tally.count.wrapping_sub(rows);
        }
    }

    /// The kinds of acts that are not each with one row.
    pub(in crate::verify) fn faults(&self) -> Vec<String> {
        let uneven = KINDS
            .iter()
            .zip(&self.0)
            .filter(|((_, _, about), tally)| tally.count != 0 || (*about && tally.sum != 0));
        let text = |((action, outcome, about), _): (&(Action, &str, bool), &Tally)| {
            let whose = if *about { "of holders" } else { "of the platform" };
            format!("acts {} {outcome} {whose}: not each with its row", action.word())
        };
        uneven.map(text).collect()
    }

    fn add(&mut self, kind: usize, act: ActId, is_act: bool) {
        let Some(tally) = self.0.get_mut(kind) else { return };
        let mut first = [0; 16];
        first.copy_from_slice(&x509::sha256(&act.0.to_be_bytes())[..16]);
        let value = u128::from_be_bytes(first);
        if is_act {
            tally.count = tally.count.wrapping_add(1);
            tally.sum = tally.sum.wrapping_add(value);
        } else {
            tally.count = tally.count.wrapping_sub(1);
            tally.sum = tally.sum.wrapping_sub(value);
        }
    }
}

fn kind_of(leaf: &LeafEntry, about: bool) -> Option<usize> {
    let leaf = leaf.fields();
    let same = |kind: &(Action, &str, bool)| {
        kind.0.word() == leaf.act && leaf.outcome == kind.1 && kind.2 == about
    };
    KINDS.iter().position(same)
}

/// Kinds of acts that stand for one row each, and whether they are about somebody.
const KINDS: [(Action, &str, bool); 8] = [
    (Action::CertificateIssue, "intended", true),
    (Action::CertificateIssue, "done", true),
    (Action::CertificateRevoke, "done", true),
    (Action::CertificateIssue, "intended", false),
    (Action::CertificateIssue, "done", false),
    (Action::AuthorityInit, "intended", false),
    (Action::AuthorityInit, "done", false),
    (Action::AuthorityRetire, "done", false),
];

/// Acts so near to each other are read at once.
const NEIGHBOURS: u64 = 64;

//! The index of acts by subject: sorted runs of acts, merged so that a look-up has few to search.
//!
//! A run of level 0 indexes the next `ACTS_PER_RUN` acts. When `RUNS_PER_MERGE` runs of a level
//! stand side by side, their entries are moved into one run of the next level, a bounded number at
//! a time: with every run that is added, one step, which is more than merging needs in the long
//! run. Each entry is in exactly one run at any time, so look-ups are complete in the midst of it.
//! A run's number tells its level and its place among the runs of the level.

use super::{Session, page};
use crate::engine::{Engine, Type};
use crate::record::{Columns, blob, count, int};
use crate::tables;
use base::{ActId, Problem};
use ports::View;

/// An entry's place in a run.
type Entry = ([u8; 16], i64);

/// A run: its number and the act behind its last.
type Run = (i64, u64);

impl<E: Engine> Session<E> {
    /// How many acts are indexed, from the first on.
    pub(super) fn covered_acts(&mut self) -> Result<u64, Problem> {
        let covered = self.number("SELECT MAX(end_act) FROM subject_run")?;
        Ok(covered.unwrap_or(0).cast_unsigned())
    }

    /// Indexes the next acts; false when they are too few for a run.
    pub(super) fn add_run(&mut self) -> Result<bool, Problem> {
        let covered = self.covered_acts()?;
        let acts = self.acts(ActId(covered), ACTS_PER_RUN)?;
        if acts.len() < ACTS_PER_RUN {
            return Ok(false);
        }
        let run = run_number(0, covered / ACTS_PER_RUN as u64);
        let mut entries: Vec<_> =
            acts.iter().filter_map(|act| Some((act.subject.as_ref()?, act.id.0))).collect();
        entries.sort_unstable();
        let mut rows = Vec::with_capacity(entries.len() * tables::SUBJECT_ACT.columns.len());
        entries.iter().for_each(|(subject, act)| {
            rows.extend([int(run), blob(&subject[..]), count(*act)]);
        });
        let end = covered + acts.len() as u64;
        self.ask(|engine| engine.write(&tables::SUBJECT_ACT, &rows))?;
        self.ask(|engine| engine.write(&tables::SUBJECT_RUN, &[int(run), count(end)]))?;
        Ok(true)
    }

    /// Takes one step of the merge that is due, if one is: that of the lowest level first, because
    /// runs gather there soonest.
    pub(super) fn merge_step(&mut self) -> Result<(), Problem> {
        let runs = self.runs()?;
        let Some((into, from)) = due(&runs) else { return Ok(()) };
        if runs.iter().all(|(run, _)| *run != into) {
            let end = from.last().map_or(0, |(_, end)| *end);
            self.ask(|engine| engine.write(&tables::SUBJECT_RUN, &[int(into), count(end)]))?;
        }
        // Of each run so many, and of none beyond the subject that another's so many end with: what
        // is moved in one step comes to lie together. Somebody with very many acts takes several.
        let ends = from.iter().map(|(run, _)| self.entry_at(*run, ENTRIES_PER_STEP - 1));
        let ends = ends.collect::<Result<Vec<_>, _>>()?;
        let upto = ends.iter().flatten().map(|(subject, _)| *subject).min();
        let bound = (upto.unwrap_or(LAST_SUBJECT), i64::MAX);
        for ((run, _), end) in from.iter().zip(&ends) {
            self.move_entries(*run, into, end.map_or(bound, |end| end.min(bound)))?;
        }
        if upto.is_none() {
            let done: Vec<_> = from.iter().map(|(run, _)| int(*run)).collect();
            self.delete(&tables::SUBJECT_RUN, &done)?;
        }
        Ok(())
    }

    fn runs(&mut self) -> Result<Vec<Run>, Problem> {
        let sql = "SELECT id, end_act FROM subject_run ORDER BY id";
        let rows = self.ask(|engine| engine.query(sql, &[], &[Type::Int, Type::Int]))?;
        let read = |row| {
            let mut columns = Columns::new(row);
            Ok((columns.int()?, columns.count()?))
        };
        rows.into_iter().map(read).collect()
    }

    /// The entry with so many before it in a run.
    pub(super) fn entry_at(&mut self, run: i64, before: usize) -> Result<Option<Entry>, Problem> {
        let sql = "SELECT subject, act FROM subject_act WHERE run = $1 \
             ORDER BY subject, act LIMIT 1 OFFSET $2";
        let types = [Type::Blob, Type::Int];
        let rows = self.ask(|engine| engine.query(sql, &[int(run), page(before)], &types))?;
        let read = |row| {
            let mut columns = Columns::new(row);
            Ok((columns.array()?, columns.int()?))
        };
        rows.into_iter().next().map(read).transpose()
    }

    /// Moves the entries of a run up to a bound, and the bound itself, into another run.
    pub(super) fn move_entries(
        &mut self,
        from: i64,
        into: i64,
        bound: Entry,
    ) -> Result<(), Problem> {
        let (subject, act) = bound;
        let copy = "INSERT INTO subject_act (run, subject, act) \
             SELECT CAST($1 AS BIGINT), subject, act FROM subject_act \
             WHERE run = $2 AND (subject, act) <= ($3, $4)";
        let drop = "DELETE FROM subject_act WHERE run = $1 AND (subject, act) <= ($2, $3)";
        let bound = [int(from), blob(&subject), int(act)];
        let copied = [&[int(into)][..], &bound].concat();
        self.ask(|engine| engine.query(copy, &copied, &[]))?;
        self.ask(|engine| engine.query(drop, &bound, &[]))?;
        Ok(())
    }
}

/// Where entries are to be moved, and from which runs, the first of the lowest level first. Runs
/// are in the order of their numbers.
fn due(runs: &[Run]) -> Option<(i64, &[Run])> {
    runs.windows(RUNS_PER_MERGE).find_map(|side_by_side| {
        let (first, last) = (side_by_side[0].0, side_by_side[RUNS_PER_MERGE - 1].0);
        let (level, place) = level_and_place(first);
        let whole = place % RUNS_PER_MERGE as u64 == 0 && last == first + RUNS_PER_MERGE as i64 - 1;
        whole.then(|| (run_number(level + 1, place / RUNS_PER_MERGE as u64), side_by_side))
    })
}

/// The number of a run: no two levels share one, and none is 0.
const fn run_number(level: u64, place: u64) -> i64 {
    ((level << PLACE_BITS) | (place + 1)).cast_signed()
}

const fn level_and_place(run: i64) -> (u64, u64) {
    let run = run.cast_unsigned();
    (run >> PLACE_BITS, (run & ((1 << PLACE_BITS) - 1)) - 1)
}

/// Acts in one run of level 0: few enough to search one by one before they are indexed.
const ACTS_PER_RUN: usize = 4_096;

/// Runs that become one: so many are searched on each level at most, and an entry is moved once per
/// level, of which 134 million acts have three.
const RUNS_PER_MERGE: usize = 32;

/// Entries moved from one run in one step: at most 20,480 in all, and five times as many as come in
/// with a new run, so that four levels keep up.
const ENTRIES_PER_STEP: usize = 640;

const LAST_SUBJECT: [u8; 16] = [0xff; 16];
const PLACE_BITS: u32 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn level(level: u64, places: std::ops::Range<u64>) -> impl Iterator<Item = Run> {
        places.map(move |place| (run_number(level, place), 0))
    }

    /// What is due, as target and the first and last source, each by level and place.
    fn due_of(runs: impl Iterator<Item = Run>) -> Option<[(u64, u64); 3]> {
        let runs: Vec<_> = runs.collect();
        let (into, from) = due(&runs)?;
        Some([into, from[0].0, from[RUNS_PER_MERGE - 1].0].map(level_and_place))
    }

    #[test]
    fn runs_are_merged_when_a_whole_group_stands_side_by_side() {
        assert_eq!(due_of(level(0, 0..31)), None);
        assert_eq!(due_of(level(0, 0..32)), Some([(1, 0), (0, 0), (0, 31)]));
        assert_eq!(due_of(level(0, 32..63).chain(level(1, 0..1))), None);
        let begun = level(0, 32..70).chain(level(1, 0..2));
        assert_eq!(due_of(begun), Some([(1, 1), (0, 32), (0, 63)]));
        let upper = level(0, 1_024..1_030).chain(level(1, 0..32));
        assert_eq!(due_of(upper), Some([(2, 0), (1, 0), (1, 31)]));
        // The last run of level 1 is not whole before level 0 has been merged into it.
        let both = level(0, 992..1_024).chain(level(1, 0..32));
        assert_eq!(due_of(both), Some([(1, 31), (0, 992), (0, 1_023)]));
        // Neighbours that are not of one group, or of two levels, are no group.
        assert_eq!(due_of(level(0, 1..33)), None);
        assert_eq!(due_of(level(0, 0..31).chain(level(1, 0..1))), None);
    }

    #[test]
    fn no_two_runs_share_a_number() {
        for (at, place) in [(0, 0), (0, 31_738), (3, 0), (7, (1 << 40) - 2)] {
            assert_eq!(level_and_place(run_number(at, place)), (at, place));
            assert!(run_number(at, place) > 0);
        }
    }
}

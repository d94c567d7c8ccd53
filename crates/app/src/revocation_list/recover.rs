//! Looks whether the files of the lists on record are in their places, and makes those lists due
//! again whose files are not. What cannot be looked at keeps nobody from looking at the others.

use super::published::{AHEAD, lasting_fault, lists_after};
use super::{RevocationLists, Unfinished, ahead, tell};
use crate::authorities::Authority;
use base::Problem;
use ports::rows::{Partition, RevocationListRow};
use std::sync::PoisonError;

impl RevocationLists {
    /// Makes those lists due whose files are not those on record; how many. What a crash explains
    /// is mended in silence, and what was lost or changed is told in the log as well. The first
    /// problem is told when all were looked at.
    pub fn recover(&self) -> Result<usize, Problem> {
        let (mut lost, mut failed, mut next) = (0, None, Some(Partition::ZERO));
        while let Some(after) = next {
            let found;
            (found, next) = self.recover_some(after);
            match found {
                Ok(count) => lost += count,
                Err(problem) => drop(failed.get_or_insert(problem)),
            }
        }
        failed.map_or(Ok(lost), Err)
    }

    /// The same for some of them, those after a partition; how many, and where the next begin.
    /// There may be gigabytes of lists to read, and what is due should not wait for that.
    pub fn recover_some(&self, after: Partition) -> (Result<usize, Problem>, Option<Partition>) {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let page = match lists_after(&self.platform, after) {
            Ok(page) => page,
            Err(problem) => return (Err(problem), None),
        };
        let next = page.last().map(|(_, row)| row.partition);
        let (mut lost, mut failed) = (0, None);
        for (authority, row) in page {
            let partition = row.partition;
            match self.look_at(&authority, row, &mut unfinished) {
                Ok(is_lost) => lost += usize::from(is_lost),
                Err(problem) => {
                    tell(partition, &problem, "a published list was not looked at");
                    failed.get_or_insert(problem);
                }
            }
        }
        for done in [self.due_again(&mut unfinished), self.confirm(&mut unfinished)] {
            if let Err(problem) = done {
                failed.get_or_insert(problem);
            }
        }
        (failed.map_or(Ok(lost), Err), next)
    }

    /// Whether the files of a list were lost.
    fn look_at(
        &self,
        authority: &Authority,
        row: RevocationListRow,
        unfinished: &mut Unfinished,
    ) -> Result<bool, Problem> {
        unfinished.ahead.remove(&row.partition);
        if row.number == 0 {
            return Ok(false);
        }
        let places = (&self.platform, &*self.place);
        let (row, fault) = lasting_fault(places, authority, row, |row| row.number)?;
        if fault.is_none() {
            if row.published < row.number {
                unfinished.placed.insert(row.partition, row.number);
            }
            return Ok(false);
        }
        let (row, fault) = lasting_fault(places, authority, row, |row| row.published)?;
        if let Some(fault) = fault {
            let of = row.partition.municipality.map(|of| of.to_string());
            let authority = authority.id();
            tracing::error!(authority, of, fault, "a published list is not the one on record");
        }
        if fault == Some(AHEAD) {
            unfinished.ahead.insert(row.partition);
            return Err(ahead());
        }
        unfinished.lost.insert(row.partition);
        Ok(true)
    }
}

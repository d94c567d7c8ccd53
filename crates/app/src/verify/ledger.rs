//! The ledger's part of the walk: every act hashed again, held against each checkpoint that was
//! signed, and every cosignature against its checkpoint.

use super::{PAGE_ROWS, Walk};
use crate::publish::every_identity;
use base::{ActId, Problem};
use ledger::checkpoint::LogIdentity;
use ledger::leaf::LeafEntry;
use ledger::note::{Note, VerifierKey};
use ledger::witness::read_cosignature;
use ledger::{Frontier, Hash, TreeHead};
use ports::View;
use ports::rows::{CheckpointRow, CosignatureRow};
use std::iter::Peekable;
use std::vec::IntoIter;

impl Walk<'_> {
    /// Hashes every act again and compares with every checkpoint that was signed.
    pub(super) fn ledger(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let identity = every_identity(self.platform, view)?;
        let (covered, entries) = view.subject_index()?;
        let mut with_subject = 0;
        let mut frontier = Frontier::new();
        let mut points = view.checkpoints(0, PAGE_ROWS)?.into_iter().peekable();
        self.checkpoint(view, &identity, &mut points, &frontier)?;
        while frontier.size() < self.acts {
            let page = view.acts(ActId(frontier.size()), PAGE_ROWS)?;
            if page.is_empty() {
                self.report.fault("ledger: a gap in the acts".to_owned());
                break;
            }
            for act in &page {
                let leaf = LeafEntry::parse(&act.entry);
                if act.id.0 != frontier.size() || leaf.is_err() {
                    self.report.fault(format!("act {}: out of place or not a leaf", act.id));
                }
                with_subject += u64::from(act.subject.is_some() && act.id.0 < covered);
                if let Ok(leaf) = leaf {
                    self.tallies.act(act, &leaf);
                    self.register.act(act, leaf);
                }
                frontier.append(Hash::leaf(&act.entry));
                self.checkpoint(view, &identity, &mut points, &frontier)?;
            }
            self.report.acts += page.len() as u64;
            (self.progress)(self.report.walked());
        }
        if with_subject != entries || covered > self.acts {
            self.report.fault("ledger: the index by subject is not complete".to_owned());
        }
        if points.next().is_some() {
            self.report.fault("ledger: a checkpoint covers more than there is".to_owned());
        }
        self.tallies.faults().into_iter().for_each(|fault| self.report.fault(fault));
        Ok(())
    }

    /// Checks the checkpoint of this size, if one was signed.
    fn checkpoint(
        &mut self,
        view: &mut dyn View,
        identity: &LogIdentity,
        points: &mut Peekable<IntoIter<CheckpointRow>>,
        frontier: &Frontier,
    ) -> Result<(), Problem> {
        let Some(point) = points.next_if(|point| point.size == frontier.size()) else {
            return Ok(());
        };
        let signed = identity.open(&point.note, &[]).map(|open| *open.head());
        let head = TreeHead { size: point.size, root: Hash::from_bytes(point.root) };
        if signed != Ok(head) || frontier.head() != head {
            self.report.fault(format!("checkpoint {}: does not add up", point.size));
        }
        self.report.checkpoints += 1;
        if points.peek().is_none() {
            *points = view.checkpoints(point.size + 1, PAGE_ROWS)?.into_iter().peekable();
        }
        Ok(())
    }

    /// Checks every cosignature against the checkpoint it stands with.
    pub(super) fn cosignatures(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let mut first = 0;
        loop {
            let points = view.checkpoints(first, PAGE_ROWS)?;
            let Some(last) = points.last() else { return Ok(()) };
            let rows = view.cosignatures(first, last.size)?;
            first = last.size + 1;
            for row in &rows {
                let found = points.binary_search_by_key(&row.size, |point| point.size);
                if !found.is_ok_and(|at| is_cosigned(&points[at], row)) {
                    let text = format!("cosignature {} of {}: wrong", row.size, row.witness);
                    self.report.fault(text);
                }
            }
            self.report.cosignatures += rows.len() as u64;
        }
    }
}

/// Whether a stored line is the witness's cosignature of that checkpoint.
fn is_cosigned(point: &CheckpointRow, row: &CosignatureRow) -> bool {
    let (Ok(note), Ok(key)) = (point.note.parse::<Note>(), row.witness.parse::<VerifierKey>())
    else {
        return false;
    };
    let body = format!("{}\n", row.line);
    point.size == row.size && read_cosignature(&body, note.text(), &key).is_ok()
}

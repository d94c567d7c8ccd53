//! Whether the lists on record tell what holds of certificates, or are due to tell it.

use crate::revocation_list::all_lists;
use authority::revocation_list::Schedule;
use base::Problem;
use ports::View;
use ports::rows::{CertificateStatusRow, IntentionHead, Partition, RevocationListRow};
use std::collections::BTreeMap;

/// All lists on record: one for each authority and municipality.
pub(super) struct Lists(BTreeMap<Partition, RevocationListRow>);

impl Lists {
    /// Reads all of them.
    pub(super) fn read(view: &mut dyn View) -> Result<Self, Problem> {
        Ok(Self(all_lists(view)?.into_iter().map(|row| (row.partition, row)).collect()))
    }

    /// What is wrong with the list that a certificate names; `None` for nothing.
    pub(super) fn fault(
        &self,
        head: &IntentionHead,
        status: Option<&CertificateStatusRow>,
    ) -> Option<&'static str> {
        let municipality = Some(head.municipality);
        let place = Partition { authority: head.id.authority, municipality };
        let Some(list) = self.0.get(&place) else { return Some("there is no list for it") };
        let told =
            |row: &CertificateStatusRow| list.number > 0 && row.changed_at <= list.this_update;
        // So it is written when a list is made: what changes later makes it due at once.
        let daily = i64::from(Schedule::DAILY.every_s) * 1_000_000;
        let waits = list.due.is_none() || list.due == list.base_at.map(|at| at.plus_us(daily));
        let untold = status.is_some_and(|row| !told(row)) && waits;
        untold.then_some("no list tells how it stands, and none is due to")
    }
}

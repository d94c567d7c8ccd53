//! The revocation lists are made and published: daily, and a few seconds after each change. Reads
//! what holds of certificates; writes the list's number and an act, and then the files. Invariants
//! touched: K1, R1.
//!
//! Each municipality has a list of its own for each authority; that of the authorities stands
//! beside them. A list's number and content are on record before its bytes are signed; a list whose
//! files did not get into place is made again, under the next number.

mod files;

use crate::authorities::{Authorities, Authority};
use crate::certificates::own_permit;
use crate::commit::transact;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use authority::revocation_list::{History, Made, Plan, Row, Schedule, Status, due, made, plan};
use authority::trigger::RevocationReason;
use base::{Moment, Problem, labels};
use policy::Action;
use ports::rows::{
    CertificateStatusRow, Partition, RevocationListRow, certificate_state, delegate_purpose,
};
use ports::{Publication, View};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes lists and puts them into their place.
pub struct RevocationLists {
    platform: Platform,
    place: Arc<dyn Publication>,
    schedule: Schedule,
    made: Arc<AtomicU64>,
}

/// What a list is made of, as one snapshot shows it.
struct Known {
    authority: Arc<Authority>,
    row: RevocationListRow,
    rows: Vec<Row>,
    /// Serial numbers of the authority's delegates.
    delegates: BTreeSet<u64>,
}

impl RevocationLists {
    /// Lists that are made daily and are published in `place`.
    pub fn new(platform: Platform, place: Arc<dyn Publication>) -> Self {
        Self { platform, place, schedule: Schedule::DAILY, made: Arc::default() }
    }

    /// How many lists were made so far; goes on counting.
    pub fn made(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.made)
    }

    /// Makes the lists that are due; how many.
    pub fn make_due(&self) -> Result<usize, Problem> {
        let mut count = 0;
        loop {
            let now = self.platform.clock.now();
            let mut rows = Vec::new();
            self.platform.store.snapshot("lists_due", &mut |view| {
                rows = view.lists_due(now.plus_us(-self.gather_us()), LISTS_AT_A_TIME)?;
                // What has a list already may wait for more changes; what has none may not.
                let first = view.lists_due(now, LISTS_AT_A_TIME)?.into_iter();
                rows.extend(first.filter(|row| row.number == 0));
                Ok(())
            })?;
            rows.sort_unstable_by_key(|row| row.partition);
            rows.dedup_by_key(|row| row.partition);
            let mut progress = 0;
            for row in rows {
                progress += usize::from(self.make(row.partition)?);
            }
            count += progress;
            if progress == 0 {
                return Ok(count);
            }
        }
    }

    /// Makes the list of a partition now, if it is due.
    pub fn make(&self, partition: Partition) -> Result<bool, Problem> {
        let mut known = None;
        self.platform.store.snapshot("list_rows", &mut |view| {
            known = Known::read(view, partition)?;
            Ok(())
        })?;
        let Some(known) = known else { return Ok(false) };
        let now = self.platform.clock.now();
        let history = history_of(&known.row);
        let Some(why) = due(&history, known.row.due, &self.schedule, now) else {
            return Ok(false);
        };
        let plan = plan(&known.rows, &history, &self.schedule, why, now)
            .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
        let drafts = files::drafts(&self.platform.profile, &known, &plan)?;
        transact(&self.platform, |work| self.record(work, &known.row, (&history, &plan), &drafts))?;
        files::publish(&self.platform, &*self.place, &known.authority, drafts)?;
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// Makes those lists due whose files are older than what is on record, or are not there.
    pub fn recover(&self) -> Result<usize, Problem> {
        let mut lost = Vec::new();
        let mut after = Partition::ZERO;
        loop {
            let mut page = Vec::new();
            self.platform.store.snapshot("lists_page", &mut |view| {
                let authorities = Authorities::read(view)?;
                page = view.revocation_lists_page(after, LISTS_AT_A_TIME)?;
                for row in page.iter().filter(|row| row.number > 0) {
                    let authority = authorities.by_id(row.partition.authority)?;
                    if !files::are_there(&*self.place, authority, row)? {
                        lost.push(row.partition);
                    }
                }
                Ok(())
            })?;
            let Some(last) = page.last() else { break };
            after = last.partition;
        }
        lost.sort_unstable();
        lost.dedup();
        if !lost.is_empty() {
            transact(&self.platform, |work| {
                lost.iter().try_for_each(|partition| work.make_list_due(*partition))
            })?;
        }
        Ok(lost.len())
    }

    fn record(
        &self,
        work: &mut Work<'_>,
        seen: &RevocationListRow,
        (history, plan): (&History, &Plan),
        drafts: &[files::Draft],
    ) -> Result<(), Problem> {
        let row = work.revocation_list(seen.partition)?;
        let row = row.filter(|row| row.number == seen.number);
        let overtaken = || Problem::new(&labels::STORE_BUSY, "another made this list");
        let row = row.ok_or_else(overtaken)?;
        let after = made(history, plan);
        // What changed since the rows were read is not told by this list.
        let changed = row.due.filter(|due| *due > plan.at);
        let scheduled = after.scheduled.unwrap_or(Made { number: plan.number, at: plan.at });
        let next = scheduled.at.plus_us(i64::from(self.schedule.every_s) * SECOND_US);
        work.keep_revocation_list(RevocationListRow {
            partition: row.partition,
            number: plan.number,
            base_number: after.scheduled.map(|made| made.number),
            base_at: after.scheduled.map(|made| made.at),
            before_number: after.scheduled_before.map(|made| made.number),
            before_at: after.scheduled_before.map(|made| made.at),
            this_update: plan.at,
            next_update: plan.next_update,
            due: Some(changed.unwrap_or(next)),
        });
        let permit = own_permit(Action::RevocationList)?;
        let content: Vec<u8> = drafts.iter().flat_map(files::Draft::digest).collect();
        work.record(&permit, Outcome::Done, None, &content).map(|_| ())
    }

    fn gather_us(&self) -> i64 {
        i64::from(self.schedule.gather_s) * SECOND_US
    }
}

impl Known {
    fn read(
        view: &mut (impl View + ?Sized),
        partition: Partition,
    ) -> Result<Option<Self>, Problem> {
        let Some(row) = view.revocation_lists(&[partition])?.pop().flatten() else {
            return Ok(None);
        };
        let authority = Arc::clone(Authorities::read(view)?.by_id(partition.authority)?);
        let (mut rows, mut after) = (Vec::new(), 0);
        loop {
            let page = view.statuses_page(partition, after, STATUSES_AT_A_TIME)?;
            let Some(last) = page.last() else { break };
            after = last.id.serial;
            rows.reserve(page.len());
            page.iter().try_for_each(|one| Ok::<_, Problem>(rows.push(row_of(one)?)))?;
        }
        let mut delegates = BTreeSet::new();
        if partition.municipality.is_none() {
            for purpose in [delegate_purpose::OCSP, delegate_purpose::TIME_STAMP] {
                let known = view.newest_delegates(partition.authority, purpose, usize::MAX)?;
                delegates.extend(known.iter().map(|row| row.key.serial));
            }
        }
        Ok(Some(Self { authority, row, rows, delegates }))
    }
}

fn row_of(row: &CertificateStatusRow) -> Result<Row, Problem> {
    let status = match row.state {
        certificate_state::HELD => Status::Held,
        certificate_state::RELEASED => Status::Released,
        _ => {
            let reason = u8::try_from(row.reason).ok().and_then(RevocationReason::from_code);
            Status::Revoked(reason.ok_or_else(|| broken("a revocation for no known reason"))?)
        }
    };
    Ok(Row { serial: row.id.serial, not_after: row.not_after, status, since: row.changed_at })
}

fn history_of(row: &RevocationListRow) -> History {
    let made = |number: Option<u64>, at: Option<Moment>| Some(Made { number: number?, at: at? });
    History {
        last: (row.number > 0).then_some(Made { number: row.number, at: row.this_update }),
        scheduled: made(row.base_number, row.base_at),
        scheduled_before: made(row.before_number, row.before_at),
    }
}

const LISTS_AT_A_TIME: usize = 256;
const STATUSES_AT_A_TIME: usize = 16_384;
const SECOND_US: i64 = 1_000_000;

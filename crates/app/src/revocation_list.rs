//! The revocation lists are made and published: daily, and a few seconds after each change. Reads
//! what holds of certificates; writes the list's number and an act, and then the files. Invariants
//! touched: K1, R1.
//!
//! Each municipality has a list of its own for each authority; that of the authorities stands
//! beside them. A list's number and content are on record before its bytes are signed, and it tells
//! all that was on record then. When its files are in their places that goes on record too: until
//! then those of an earlier list may lie there, from then on none but its own. A list whose files
//! did not get into place is made again, under the next number. None is made below a later one that
//! is published: then the store was put back to an older copy.

mod files;
mod published;
mod recover;

pub use published::{all_lists, list_paths};
pub(crate) use published::{lasting_fault, lists_after};

use crate::authorities::{Authorities, Authority};
use crate::certificates::own_permit;
use crate::commit::transact;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use authority::revocation_list::{
    Due, History, Made, Plan, Row, Schedule, Status, due, made, plan,
};
use authority::trigger::RevocationReason;
use base::{Moment, Problem, labels};
use policy::Action;
use ports::rows::{
    CertificateStatusRow, Partition, RevocationListRow, certificate_state, delegate_purpose,
};
use ports::{Publication, View};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Makes lists and puts them into their place.
pub struct RevocationLists {
    platform: Platform,
    place: Arc<dyn Publication>,
    schedule: Schedule,
    /// Held while lists are made.
    unfinished: Mutex<Unfinished>,
    made: Arc<AtomicU64>,
}

/// What is left to do about lists on record.
#[derive(Default)]
struct Unfinished {
    /// Their files did not get into place: they are to be made again.
    lost: BTreeSet<Partition>,
    /// Their files are in place under these numbers, which is to go on record.
    placed: BTreeMap<Partition, u64>,
    /// Later lists than those on record are published: nothing is made over them. They are looked
    /// at again with the others, because it takes long.
    ahead: BTreeSet<Partition>,
}

/// What a list is made of, as one snapshot shows it.
struct Known {
    authority: Arc<Authority>,
    row: RevocationListRow,
    /// Serial numbers of the authority's delegates.
    delegates: BTreeSet<u64>,
}

/// A list that is to go on record.
struct Drafted {
    known: Known,
    history: History,
    plan: Plan,
    files: Vec<files::Draft>,
}

/// What became of the files of a list.
enum Files {
    /// They are in their places.
    InPlace,
    /// Another program has made the next list meanwhile, and publishes that.
    Passed,
    /// A later list may lie under them: yet another is to be made.
    OnTop,
}

impl RevocationLists {
    /// Lists that are made daily and are published in `place`.
    pub fn new(platform: Platform, place: Arc<dyn Publication>) -> Self {
        let (made, unfinished) = (Arc::default(), Mutex::default());
        Self { platform, place, schedule: Schedule::DAILY, unfinished, made }
    }

    /// How many lists were made so far; goes on counting.
    pub fn made(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.made)
    }

    /// The same, without waiting for more changes before one is told.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.schedule.gather_s = 0;
        self
    }

    /// Makes the lists that are due; how many. One that cannot be made keeps no other authority's
    /// from being made: the first problem is told when all were tried.
    pub fn make_due(&self) -> Result<usize, Problem> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut count, mut failed) = (0, self.due_again(&mut unfinished).err());
        let (mut tried, mut sick) = (BTreeMap::new(), BTreeSet::new());
        loop {
            let due = self.due(&tried)?;
            if due.is_empty() {
                return failed.map_or(Ok(count), Err);
            }
            for RevocationListRow { partition, due, .. } in due {
                tried.insert(partition, due);
                if sick.contains(&partition.authority) {
                    continue;
                }
                if unfinished.ahead.contains(&partition) {
                    failed.get_or_insert_with(ahead);
                    continue;
                }
                match self.make_one(partition, &mut unfinished) {
                    Ok(made) => count += usize::from(made),
                    Err(problem) => {
                        tell(partition, &problem, "a list was not made");
                        if !unfinished.ahead.contains(&partition) {
                            sick.insert(partition.authority);
                        }
                        failed.get_or_insert(problem);
                    }
                }
            }
            // On record now: this may be a command that ends, and another program's to make them.
            if let Err(problem) = self.due_again(&mut unfinished) {
                failed.get_or_insert(problem);
            }
            self.confirm(&mut unfinished)?;
        }
    }

    /// Makes the list of a partition now, if it is due.
    pub fn make(&self, partition: Partition) -> Result<bool, Problem> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let made = self.make_one(partition, &mut unfinished)?;
        self.confirm(&mut unfinished)?;
        Ok(made)
    }

    /// The next lists that are due and were not tried as they are now. Those that something
    /// changed on come first: all that are due by the schedule may take longer than a revocation
    /// may wait.
    fn due(
        &self,
        tried: &BTreeMap<Partition, Option<Moment>>,
    ) -> Result<Vec<RevocationListRow>, Problem> {
        let now = self.platform.clock.now();
        let mut rows = Vec::new();
        self.platform.store.snapshot("lists_due", &mut |view| {
            rows = view.lists_due(now.plus_us(SECOND_US), LISTS_DUE_MAX)?;
            Ok(())
        })?;
        // What has a list already may wait for more changes; what has none may not.
        let waits = |due: Moment| now < due.plus_us(self.gather_us());
        let every_us = i64::from(self.schedule.every_s) * SECOND_US;
        rows.retain(|row| {
            let ready = row.number == 0 || !row.due.is_some_and(waits);
            ready && tried.get(&row.partition) != Some(&row.due)
        });
        rows.sort_by_key(|row| row.due == row.base_at.map(|at| at.plus_us(every_us)));
        rows.truncate(LISTS_AT_A_TIME);
        Ok(rows)
    }

    /// Makes those due again whose files are not in place.
    fn due_again(&self, Unfinished { lost, .. }: &mut Unfinished) -> Result<(), Problem> {
        if lost.is_empty() {
            return Ok(());
        }
        transact(&self.platform, |work| {
            lost.iter().try_for_each(|partition| work.make_list_due(*partition))
        })?;
        lost.clear();
        Ok(())
    }

    /// Enters whose files are in place, of many lists at once.
    fn confirm(&self, Unfinished { placed, .. }: &mut Unfinished) -> Result<(), Problem> {
        if placed.is_empty() {
            return Ok(());
        }
        transact(&self.platform, |work| {
            for (partition, number) in &*placed {
                let row = work.revocation_list(*partition)?;
                if let Some(row) = row.filter(|row| row.published < *number) {
                    work.keep_revocation_list(RevocationListRow { published: *number, ..row });
                }
            }
            Ok(())
        })?;
        placed.clear();
        Ok(())
    }

    fn make_one(&self, partition: Partition, unfinished: &mut Unfinished) -> Result<bool, Problem> {
        if self.is_ahead(partition)? {
            unfinished.ahead.insert(partition);
            return Err(ahead());
        }
        let mut drafted = None;
        self.platform.store.snapshot("list_rows", &mut |view| {
            drafted = self.drafted(view, partition)?;
            Ok(())
        })?;
        if drafted.is_none() {
            return Ok(false);
        }
        transact(&self.platform, |work| {
            let seen = drafted.as_ref().map(|drafted| &drafted.known.row);
            // A change since then has left its mark on the row. It is read now that nobody writes:
            // whatever is on record before a list is on that list.
            if work.revocation_list(partition)?.as_ref() != seen {
                drafted = self.drafted(work.tx, partition)?;
            }
            drafted.as_ref().map_or(Ok(()), |drafted| self.record(work, drafted))
        })?;
        let Some(Drafted { known, plan, files, .. }) = drafted else { return Ok(false) };
        unfinished.lost.insert(partition);
        let (authority, number) = (Arc::clone(&known.authority), plan.number);
        // A long list is in memory twice while it is signed: what it was made of is not there too.
        drop((known, plan));
        match self.publish((partition, number), &authority, files)? {
            Files::InPlace => {
                unfinished.lost.remove(&partition);
                unfinished.placed.insert(partition, number);
            }
            Files::Passed => drop(unfinished.lost.remove(&partition)),
            Files::OnTop => {}
        }
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// Whether a later list than the one on record is published.
    fn is_ahead(&self, partition: Partition) -> Result<bool, Problem> {
        let mut found = None;
        self.platform.store.snapshot("list_row", &mut |view| {
            let row = view.revocation_lists(&[partition])?.pop().flatten();
            let authority = Arc::clone(Authorities::read(view)?.by_id(partition.authority)?);
            found = row.map(|row| (row, authority));
            Ok(())
        })?;
        found.map_or(Ok(false), |(row, authority)| {
            published::is_ahead((&self.platform, &*self.place), &authority, &row)
        })
    }

    /// The list of a partition with all that is on record, if it is due.
    fn drafted(
        &self,
        view: &mut (impl View + ?Sized),
        partition: Partition,
    ) -> Result<Option<Drafted>, Problem> {
        let Some((known, rows)) = Known::read(view, partition)? else { return Ok(None) };
        let now = self.platform.clock.now();
        let history = history_of(&known.row);
        // What is on record lies in the past, whatever this program's clock says of it.
        let told = history.last.map(|last| last.at);
        let at = rows.iter().map(|row| row.since).chain(told).fold(now, Moment::max);
        let waits = |due: Moment| now < due.plus_us(self.gather_us());
        let changed = known.row.due.filter(|due| !waits(*due)).map(|_| Due::Change);
        let Some(why) = due(&history, None, &self.schedule, at).or(changed) else {
            return Ok(None);
        };
        let plan = plan(&rows, &history, &self.schedule, why, at)
            .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
        drop(rows);
        let files = files::drafts(&self.platform.profile, &known, &plan)?;
        Ok(Some(Drafted { known, history, plan, files }))
    }

    fn record(&self, work: &mut Work<'_>, drafted: &Drafted) -> Result<(), Problem> {
        let Drafted { known, history, plan, files } = drafted;
        let after = made(history, plan);
        let scheduled = after.scheduled.unwrap_or(Made { number: plan.number, at: plan.at });
        let next = scheduled.at.plus_us(i64::from(self.schedule.every_s) * SECOND_US);
        work.keep_revocation_list(RevocationListRow {
            partition: known.row.partition,
            number: plan.number,
            published: known.row.published,
            base_number: after.scheduled.map(|made| made.number),
            base_at: after.scheduled.map(|made| made.at),
            before_number: after.scheduled_before.map(|made| made.number),
            before_at: after.scheduled_before.map(|made| made.at),
            this_update: plan.at,
            next_update: plan.next_update,
            due: Some(next),
        });
        let permit = own_permit(Action::RevocationList)?;
        let content: Vec<u8> = files.iter().flat_map(files::Draft::digest).collect();
        work.record(&permit, Outcome::Done, None, &content).map(|_| ())
    }

    /// Signs a list that is on record and puts its files into their places.
    fn publish(
        &self,
        (partition, number): (Partition, u64),
        authority: &Authority,
        files: Vec<files::Draft>,
    ) -> Result<Files, Problem> {
        let files = files::signed(&self.platform, authority, files)?;
        let is_last = || {
            let mut last = None;
            self.platform.store.snapshot("list_number", &mut |view| {
                last = view.revocation_lists(&[partition])?.pop().flatten();
                Ok(())
            })?;
            Ok::<_, Problem>(last.is_some_and(|row| row.number == number))
        };
        if !is_last()? {
            return Ok(Files::Passed);
        }
        let files: Vec<_> = files.iter().map(|(path, bytes)| (path.clone(), &bytes[..])).collect();
        self.place.write_all(&files)?;
        Ok(if is_last()? { Files::InPlace } else { Files::OnTop })
    }

    fn gather_us(&self) -> i64 {
        i64::from(self.schedule.gather_s) * SECOND_US
    }
}

impl Known {
    fn read(
        view: &mut (impl View + ?Sized),
        partition: Partition,
    ) -> Result<Option<(Self, Vec<Row>)>, Problem> {
        let Some(row) = view.revocation_lists(&[partition])?.pop().flatten() else {
            return Ok(None);
        };
        let authority = Arc::clone(Authorities::read(view)?.by_id(partition.authority)?);
        // What the list before the last one on schedule was the last to carry is on no list again.
        let over = row.before_at.map(|at| Moment::from_us(at.seconds() * SECOND_US));
        let (mut rows, mut after) = (Vec::new(), 0);
        loop {
            let page = view.statuses_page(partition, over, after, STATUSES_AT_A_TIME)?;
            let Some(last) = page.last() else { break };
            after = last.id.serial;
            rows.reserve(page.len());
            for one in &page {
                rows.push(row_of(one)?);
            }
        }
        let mut delegates = BTreeSet::new();
        if partition.municipality.is_none() {
            for purpose in [delegate_purpose::OCSP, delegate_purpose::TIME_STAMP] {
                let known = view.newest_delegates(partition.authority, purpose, usize::MAX)?;
                delegates.extend(known.iter().map(|row| row.key.serial));
            }
        }
        Ok(Some((Self { authority, row, delegates }, rows)))
    }
}

fn ahead() -> Problem {
    Problem::new(&labels::REVOCATION_LIST_AHEAD, "")
}

fn tell(Partition { authority, municipality }: Partition, problem: &Problem, what: &str) {
    let of = municipality.map(|of| of.to_string());
    let (label, detail) = (problem.label(), problem.detail_text());
    tracing::error!(authority, of, label, detail, "{what}");
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

/// Made before it is asked again what is most urgent: a few seconds' worth.
const LISTS_AT_A_TIME: usize = 64;
/// More than there are municipalities, for each of the authorities.
const LISTS_DUE_MAX: usize = 65_536;
const STATUSES_AT_A_TIME: usize = 16_384;
const SECOND_US: i64 = 1_000_000;

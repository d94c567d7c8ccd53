//! What stands on a revocation list, and when the next one is due.
//!
//! Each municipality has its own list, and the authorities one (ARL). Every issue makes a complete
//! list and, after the first, a delta to the last complete list that was made on schedule, both
//! with one number (RFC 5280 §5.2.3, §5.2.4). Rows are what the store knows of a partition now; a
//! row counts for a list if its change was recorded up to the list's moment.

use crate::{
    certificate::{Certificate, State},
    trigger::RevocationReason,
};
use base::Moment;
use std::fmt;

/// A certificate that is or was on its partition's list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its serial number.
    pub serial: u64,
    /// The last second of its validity.
    pub not_after: Moment,
    /// How it stands.
    pub status: Status,
    /// Since when: not before any list that tells otherwise.
    pub since: Moment,
}

/// How a certificate on a list stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// certificateHold.
    Held,
    /// It was held and is in force again.
    Released,
    /// It is revoked.
    Revoked(RevocationReason),
}

/// One entry of a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// The serial number.
    pub serial: u64,
    /// The revocation date; of a removal, when it was released, or what it was before expiry.
    pub since: Moment,
    /// The reason code.
    pub reason: EntryReason,
}

/// The reason of an entry, with the codes of RFC 5280 §5.3.1 besides those of the triggers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EntryReason {
    /// Revoked, 0 to 5.
    Revoked(RevocationReason),
    /// certificateHold, 6.
    Hold,
    /// removeFromCRL, 8: in delta lists only.
    Remove,
}

/// A list that was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made {
    /// Its number.
    pub number: u64,
    /// The moment whose rows it tells.
    pub at: Moment,
}

/// What was made of a partition before.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct History {
    /// The last list.
    pub last: Option<Made>,
    /// The last list made on schedule: the base of deltas.
    pub scheduled: Option<Made>,
    /// The list made on schedule before that one.
    pub scheduled_before: Option<Made>,
}

/// When lists are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// Time between two lists on schedule, in seconds.
    pub every_s: u32,
    /// How much longer a list is good than until the next one on schedule, in seconds: time to make
    /// and fetch that one.
    pub overlap_s: u32,
    /// How long changes are gathered before a list is made besides the schedule, in seconds.
    pub gather_s: u32,
}

/// Why a list is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// By the schedule, or there was none yet.
    Schedule,
    /// Something changed.
    Change,
}

/// A list to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan {
    /// Why.
    pub due: Due,
    /// Number of the complete list and of the delta.
    pub number: u64,
    /// The moment whose rows it tells; thisUpdate is its whole second.
    pub at: Moment,
    /// nextUpdate, in whole seconds.
    pub next_update: Moment,
    /// The complete list, in the order of serial numbers.
    pub entries: Vec<Entry>,
    /// What changed since the base; `None` while there is no base.
    pub delta: Option<Delta>,
}

/// A delta list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delta {
    /// Number of the complete list that it starts from (BaseCRLNumber).
    pub base: u64,
    /// New, changed and removed entries, in the order of serial numbers.
    pub entries: Vec<Entry>,
}

/// Why no list can be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListRefusal {
    /// The clock is behind the last list.
    ClockBehind,
}

/// Whether a list is due. `first_untold` is when the first change of the partition's rows after the
/// last list was recorded.
pub fn due(
    history: &History,
    first_untold: Option<Moment>,
    schedule: &Schedule,
    now: Moment,
) -> Option<Due> {
    let Some(scheduled) = history.scheduled else { return Some(Due::Schedule) };
    if now >= later(scheduled.at, schedule.every_s) {
        return Some(Due::Schedule);
    }
    let told = history.last.unwrap_or(scheduled).at;
    let waited = |change: &Moment| *change > told && now >= later(*change, schedule.gather_s);
    first_untold.filter(waited).map(|_| Due::Change)
}

/// Makes the plan of a list. `rows` are all of the partition in any order, also those that are on
/// no list any more.
pub fn plan(
    rows: &[Row],
    history: &History,
    schedule: &Schedule,
    due: Due,
    now: Moment,
) -> Result<Plan, ListRefusal> {
    let last = history.last.or(history.scheduled);
    if last.is_some_and(|last| now < last.at) {
        return Err(ListRefusal::ClockBehind);
    }
    let told = || rows.iter().filter(|row| row.since <= now);
    // A list on schedule may drop what the one before it carried after its expiry. A list between
    // keeps to the same rule, and so to the same base.
    let carried = history.scheduled;
    let entries = told().filter(|row| !has_left(row, carried)).filter_map(Row::entry);
    let delta = history.scheduled.map(|base| Delta {
        base: base.number,
        entries: sorted(told().filter_map(|row| delta_entry(row, base, history)).collect()),
    });
    Ok(Plan {
        due,
        number: last.map_or(1, |last| last.number + 1),
        at: now,
        next_update: whole(later(now, schedule.every_s.saturating_add(schedule.overlap_s))),
        entries: sorted(entries.collect()),
        delta,
    })
}

/// The history after a plan was carried out.
#[must_use]
pub fn made(history: &History, plan: &Plan) -> History {
    let made = Made { number: plan.number, at: plan.at };
    match plan.due {
        Due::Schedule => {
            History { last: Some(made), scheduled: Some(made), scheduled_before: history.scheduled }
        }
        Due::Change => History { last: Some(made), ..*history },
    }
}

impl Row {
    /// The row of a certificate; `None` for one that never was on a list.
    pub const fn of(certificate: &Certificate) -> Option<Self> {
        let status = match certificate.state {
            State::Held => Status::Held,
            State::Released => Status::Released,
            State::Revoked(reason) => Status::Revoked(reason),
            State::Intended | State::Abandoned | State::InForce => return None,
        };
        let Certificate { serial, not_after, since, .. } = *certificate;
        Some(Self { serial, not_after, status, since })
    }

    fn entry(&self) -> Option<Entry> {
        let reason = match self.status {
            Status::Held => EntryReason::Hold,
            Status::Revoked(reason) => EntryReason::Revoked(reason),
            Status::Released => return None,
        };
        Some(Entry { serial: self.serial, since: self.since, reason })
    }
}

impl Schedule {
    /// One list a day, good for a day longer, and one a few seconds after each change: a revocation
    /// is to be seen within a minute.
    pub const DAILY: Self = Self { every_s: 86_400, overlap_s: 86_400, gather_s: 5 };
}

impl EntryReason {
    /// The code of RFC 5280 §5.3.1.
    pub const fn code(self) -> u8 {
        match self {
            Self::Revoked(reason) => reason.code(),
            Self::Hold => 6,
            Self::Remove => 8,
        }
    }
}

impl ListRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "clock_behind"
    }
}

impl fmt::Display for ListRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for ListRefusal {}

/// Shows no end of validity: it tells a birthday.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({}, {:?}, since {}, ..)", self.serial, self.status, self.since)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plan({:?} {} at {}, {} entries)", self.due, self.number, self.at, {
            self.entries.len()
        })
    }
}

/// Whether an entry is not on lists any more: a list on schedule was made after its certificate's
/// last second, and carried it (RFC 5280 §3.3).
fn has_left(row: &Row, carried: Option<Made>) -> bool {
    carried.is_some_and(|list| list.at.seconds() > row.not_after.seconds() && row.since <= list.at)
}

/// What a delta says of a row. A release is told even if the base did not have the hold: a complete
/// list between the base and now may have had it.
fn delta_entry(row: &Row, base: Made, history: &History) -> Option<Entry> {
    let on_base = row.since <= base.at && !has_left(row, history.scheduled_before);
    if row.since > base.at {
        let removed = Entry { serial: row.serial, since: row.since, reason: EntryReason::Remove };
        Some(row.entry().unwrap_or(removed))
    } else if on_base && row.entry().is_some() && has_left(row, Some(base)) {
        // Not the day of expiry, which is a birthday.
        Some(Entry { serial: row.serial, since: row.since, reason: EntryReason::Remove })
    } else {
        None
    }
}

fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_unstable();
    entries
}

const fn later(at: Moment, seconds: u32) -> Moment {
    at.plus_us(seconds as i64 * SECOND_US)
}

const fn whole(at: Moment) -> Moment {
    Moment::from_us(at.seconds() * SECOND_US)
}

const SECOND_US: i64 = 1_000_000;

#[cfg(test)]
mod tests;

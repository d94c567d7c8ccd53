//! How many certificates end in which week, and how many to renew in each, so that the
//! counters are never busier than they must be. Reads the counts that the store keeps with each
//! commit, and no person: no act.
//!
//! The store counts by weeks. All of a week are taken to end on its last day: nobody is invited
//! before their window opens, and nobody later than the week before the end.

use crate::authorities::Authorities;
use crate::platform::Platform;
use authority::forecast::{Expiring, Wave, forecast};
use base::{Date, Moment, Problem};
use numbers::LocalGovernmentCode;
use ports::View;
use ports::rows::{ExpiryRow, week_in_japan};

/// The waves that come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forecast {
    /// The day it was made, in Japan.
    pub today: Date,
    /// One for each municipality with certificates that end, in the order of their codes.
    pub waves: Vec<Wave>,
}

/// The forecast from today for so many weeks, of all municipalities or one.
pub fn certificate_forecast(
    platform: &Platform,
    weeks: u16,
    only: Option<LocalGovernmentCode>,
) -> Result<Forecast, Problem> {
    let now = platform.clock.now();
    let mut expiring = Vec::new();
    platform.store.snapshot("certificate_forecast", &mut |view| {
        expiring.clear();
        for authority in Authorities::read(view)?.iter() {
            read(view, authority.id(), (now, weeks), |row| {
                if only.is_none_or(|only| only == row.municipality) {
                    expiring.push(of_row(row));
                }
            })?;
        }
        Ok(())
    })?;
    let today = now.date_in_japan();
    Ok(Forecast { today, waves: forecast(expiring, today, weeks) })
}

fn read(
    view: &mut (impl View + ?Sized),
    authority: i64,
    (now, weeks): (Moment, u16),
    mut take: impl FnMut(&ExpiryRow),
) -> Result<(), Problem> {
    let first = week_in_japan(now);
    let last = first + i64::from(weeks) - 1;
    let mut after = (first, None);
    loop {
        let page = view.expiries(authority, after, last, ROWS_AT_A_TIME)?;
        let Some(row) = page.last() else { return Ok(()) };
        after = (row.week, Some(row.municipality));
        page.iter().for_each(&mut take);
    }
}

fn of_row(row: &ExpiryRow) -> Expiring {
    Expiring {
        municipality: row.municipality,
        not_after: week_end(row.week),
        count: row.certificates.saturating_sub(row.revoked),
    }
}

/// The last moment of a week, counted as the store does: from the Monday before 1970, in Japan.
const fn week_end(week: i64) -> Moment {
    Moment::from_us((week + 1) * WEEK_US - MONDAY_BEFORE_1970_US - 1)
}

const ROWS_AT_A_TIME: usize = 16_384;
const WEEK_US: i64 = 7 * 86_400 * 1_000_000;
/// Three days, and the nine hours by which days begin earlier in Japan.
const MONDAY_BEFORE_1970_US: i64 = (3 * 24 + 9) * 3_600 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_ends_with_its_last_moment() {
        for week in [-1, 0, 1, 2_955] {
            let end = week_end(week);
            assert_eq!(week_in_japan(end), week);
            assert_eq!(week_in_japan(end.plus_us(1)), week + 1);
        }
    }
}

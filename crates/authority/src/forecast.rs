//! Renewal waves: how many certificates end in each week, and how many to renew in each
//! so that the counters are never busier than they must be.
//!
//! Weeks begin on Monday, in Japan. A holder can renew from three months before the end; the plan
//! moves each renewal to a week within that window and finds the smallest load that suffices.

use crate::validity::renewal_opens;
use base::{Date, Moment};
use jiff::ToSpan;
use numbers::LocalGovernmentCode;
use std::collections::BTreeMap;

/// Certificates of one municipality that end at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expiring {
    /// The registrar of their holders.
    pub municipality: LocalGovernmentCode,
    /// The last second of their validity.
    pub not_after: Moment,
    /// How many.
    pub count: u64,
}

/// The weeks of one municipality.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wave {
    /// The municipality.
    pub municipality: LocalGovernmentCode,
    /// The most invitations in a week: no plan has a smaller one.
    pub level: u64,
    /// Every week from the first to the last, none left out.
    pub weeks: Vec<Week>,
}

/// One week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// Certificates that end in it.
    pub expiring: u64,
    /// Holders to invite in it.
    pub invited: u64,
}

/// The forecast from `today` for `weeks` weeks, in the order of the municipalities' codes. What has
/// ended before today, or ends after the last week, is not counted. Holders come in the weeks that
/// lie wholly between the opening of the window and the week of the end; whose window is too short
/// for that come in the week of the end.
pub fn forecast(
    expiring: impl IntoIterator<Item = Expiring>,
    today: Date,
    weeks: u16,
) -> Vec<Wave> {
    let first = monday(today);
    let mut counts: BTreeMap<LocalGovernmentCode, BTreeMap<Window, u64>> = BTreeMap::new();
    for one in expiring {
        let end = one.not_after.date_in_japan();
        let week = weeks_between(first, end);
        if end >= today && week < i64::from(weeks) {
            let of_municipality = counts.entry(one.municipality).or_default();
            *of_municipality.entry(Window::new(first, end, week as usize)).or_default() +=
                one.count;
        }
    }
    let of = |(municipality, counts): (_, BTreeMap<Window, u64>)| {
        wave(municipality, first, weeks, &counts.into_iter().collect::<Vec<_>>())
    };
    counts.into_iter().map(of).collect()
}

/// The weeks `from..=until`, counted from the first, in which a certificate can be renewed that
/// ends in the week `ends`. A later end has no earlier window, so the order of windows is that of
/// their beginnings and of their last weeks alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    until: usize,
    from: usize,
    ends: usize,
}

impl Window {
    fn new(first: Date, end: Date, ends: usize) -> Self {
        let opens = renewal_opens(end);
        // The first week that begins on the opening day or after it; none before the present one.
        let from = weeks_between(first, opens.saturating_add(6.days())).max(0) as usize;
        let until = ends.saturating_sub(1).max(from).min(ends);
        Self { from: from.min(ends), until, ends }
    }
}

fn wave(
    municipality: LocalGovernmentCode,
    first: Date,
    weeks: u16,
    counts: &[(Window, u64)],
) -> Wave {
    let weeks = usize::from(weeks);
    let level = smallest_level(counts, weeks);
    let invited = invitations(counts, weeks, level).unwrap_or_else(|| vec![0; weeks]);
    let mut expiring = vec![0; weeks];
    for (window, count) in counts {
        expiring[window.ends] += count;
    }
    let week = |(at, (expiring, invited)): (usize, (u64, u64))| Week {
        monday: first.saturating_add((at as i64 * 7).days()),
        expiring,
        invited,
    };
    let weeks = expiring.into_iter().zip(invited).enumerate().map(week).collect();
    Wave { municipality, level, weeks }
}

fn smallest_level(counts: &[(Window, u64)], weeks: usize) -> u64 {
    let (mut too_low, mut enough) = (0, counts.iter().map(|(_, count)| count).sum::<u64>());
    while too_low < enough {
        let middle = too_low + (enough - too_low) / 2;
        if invitations(counts, weeks, middle).is_some() {
            enough = middle;
        } else {
            too_low = middle + 1;
        }
    }
    enough
}

/// Fills week after week up to the level with those whose last week comes first; `None` if somebody
/// would come too late. With windows in one order this finds a plan wherever there is one.
fn invitations(counts: &[(Window, u64)], weeks: usize, level: u64) -> Option<Vec<u64>> {
    let mut waiting = counts.iter().copied().peekable();
    let mut invited = vec![0; weeks];
    for (week, sum) in invited.iter_mut().enumerate() {
        while let Some((window, left)) = waiting.peek_mut() {
            if window.from > week {
                break;
            }
            let taken = (*left).min(level - *sum);
            *left -= taken;
            *sum += taken;
            if *left > 0 {
                if window.until <= week {
                    return None;
                }
                break;
            }
            waiting.next();
        }
    }
    waiting.peek().is_none().then_some(invited)
}

fn monday(day: Date) -> Date {
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

/// Whole weeks from a Monday to the week of a day; negative for a day before it.
fn weeks_between(monday: Date, day: Date) -> i64 {
    let days = day.since(monday).map_or(0, |span| i64::from(span.get_days()));
    days.div_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validity::end_of_day;
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn ends(code: &str, day: &str, count: u64) -> Expiring {
        let (municipality, not_after) = (code.parse().unwrap(), end_of_day(date(day)));
        Expiring { municipality, not_after, count }
    }

    #[test]
    fn weeks_begin_on_monday_in_japan() {
        assert_eq!(monday(date("2026-11-21")), date("2026-11-16"));
        assert_eq!(monday(date("2026-11-16")), date("2026-11-16"));
        assert_eq!(weeks_between(date("2026-11-16"), date("2026-11-22")), 0);
        assert_eq!(weeks_between(date("2026-11-16"), date("2026-11-23")), 1);
        assert_eq!(weeks_between(date("2026-11-16"), date("2026-11-15")), -1);
    }

    #[test]
    fn one_wave_is_levelled_over_its_window() {
        let peak = [ends("131016", "2027-06-16", 1_200)];
        let waves = forecast(peak, date("2026-11-21"), 60);
        assert_eq!(waves.len(), 1);
        let wave = &waves[0];
        assert_eq!((wave.weeks.len(), wave.weeks[0].monday), (60, date("2026-11-16")));
        // Open from 17 March: the weeks of 22 March to 7 June are whole.
        assert_eq!(wave.level, 100);
        let busy: Vec<_> = wave.weeks.iter().filter(|week| week.invited > 0).collect();
        assert_eq!(busy.len(), 12);
        assert_eq!((busy[0].monday, busy[11].monday), (date("2027-03-22"), date("2027-06-07")));
        let peak = wave.weeks.iter().find(|week| week.expiring > 0).unwrap();
        assert_eq!((peak.monday, peak.expiring), (date("2027-06-14"), 1_200));
    }

    #[test]
    fn municipalities_are_kept_apart_and_in_order() {
        let all = [
            ends("132217", "2027-01-10", 5),
            ends("011011", "2027-01-10", 7),
            ends("132217", "2027-01-11", 3),
        ];
        let waves = forecast(all, date("2026-11-21"), 20);
        let expiring = |wave: &Wave| wave.weeks.iter().map(|week| week.expiring).sum::<u64>();
        let sums = waves.iter().map(|wave| (wave.municipality.as_u32(), expiring(wave)));
        assert_eq!(sums.collect::<Vec<_>>(), [(11_011, 7), (132_217, 8)]);
    }

    #[test]
    fn the_past_and_the_far_future_are_left_out() {
        let all = [
            ends("131016", "2026-11-20", 1),
            ends("131016", "2026-11-21", 2),
            ends("131016", "2026-12-06", 4),
            ends("131016", "2026-12-07", 8),
        ];
        let waves = forecast(all, date("2026-11-21"), 3);
        let expiring: Vec<_> = waves[0].weeks.iter().map(|week| week.expiring).collect();
        assert_eq!(expiring, [2, 0, 4]);
        // This week's come this week; the others have this week and the next.
        let invited: u64 = waves[0].weeks.iter().map(|week| week.invited).sum();
        assert_eq!((invited, waves[0].level, waves[0].weeks[0].invited), (6, 3, 3));
        assert!(forecast([], date("2026-11-21"), 3).is_empty());
        assert!(forecast(all, date("2026-11-21"), 0).is_empty());
    }

    proptest! {
        #[test]
        fn everybody_is_invited_in_time_and_no_level_is_lower(
            ends in proptest::collection::vec((0_i64..250, 0_u64..90), 1..25),
        ) {
            let (today, weeks) = (date("2026-11-21"), 40);
            let all = ends.iter().map(|(days, count)| Expiring {
                municipality: "131016".parse().unwrap(),
                not_after: end_of_day(today.saturating_add(days.days())),
                count: *count,
            });
            let waves = forecast(all, today, weeks);
            let wave = &waves[0];
            let total: u64 = ends.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(wave.weeks.iter().map(|week| week.invited).sum::<u64>(), total);
            prop_assert!(wave.weeks.iter().all(|week| week.invited <= wave.level));
            // Up to each week at least those must be invited whose last week it is.
            let (mut invited, mut ended) = (0, 0);
            for week in &wave.weeks {
                invited += week.invited;
                ended += week.expiring;
                prop_assert!(invited >= ended);
            }
            prop_assert_eq!(wave.level, bound(&ends, today, usize::from(weeks)));
        }
    }

    /// The load that no plan can go below: over every run of weeks, all whose window lies in it.
    fn bound(ends: &[(i64, u64)], today: Date, weeks: usize) -> u64 {
        let first = monday(today);
        let jobs: Vec<(Window, u64)> = ends
            .iter()
            .map(|(days, count)| {
                let end = today.saturating_add(days.days());
                (Window::new(first, end, weeks_between(first, end) as usize), *count)
            })
            .collect();
        let run = |from: usize, until: usize| {
            let within = jobs.iter().filter(|(job, _)| job.from >= from && job.until <= until);
            within.map(|(_, count)| count).sum::<u64>().div_ceil((until - from + 1) as u64)
        };
        let runs = (0..weeks).flat_map(|from| (from..weeks).map(move |until| (from, until)));
        runs.map(|(from, until)| run(from, until)).max().unwrap_or(0)
    }
}

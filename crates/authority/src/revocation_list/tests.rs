//! What is on complete lists and deltas, when they are due, and that a delta and its base give the
//! complete list.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const DAILY: Schedule = Schedule::DAILY;
const DAY_US: i64 = 86_400 * SECOND_US;

/// A moment `days` days and `seconds` seconds after the start of the tests.
fn at(days: i64, seconds: i64) -> Moment {
    Moment::from_us(1_760_000_000 * SECOND_US + days * DAY_US + seconds * SECOND_US)
}

fn row(serial: u64, status: Status, since: Moment) -> Row {
    Row { serial, not_after: at(1_000, 0), status, since }
}

const LOST: Status = Status::Revoked(RevocationReason::KeyCompromise);
const MOVED: Status = Status::Revoked(RevocationReason::AffiliationChanged);

fn codes(entries: &[Entry]) -> Vec<(u64, u8)> {
    entries.iter().map(|entry| (entry.serial, entry.reason.code())).collect()
}

fn planned(rows: &[Row], history: &mut History, due: Due, now: Moment) -> Plan {
    let plan = plan(rows, history, &DAILY, due, now).unwrap();
    *history = made(history, &plan);
    plan
}

#[test]
fn the_first_list_is_complete_and_has_no_delta() {
    let rows = [row(9, LOST, at(0, 1)), row(3, Status::Held, at(0, 2)), row(5, MOVED, at(1, 0))];
    let mut history = History::default();
    assert_eq!(due(&history, None, &DAILY, at(0, 10)), Some(Due::Schedule));
    let first = planned(&rows, &mut history, Due::Schedule, at(0, 10).plus_us(7));
    assert_eq!((first.number, first.delta.is_none()), (1, true));
    assert_eq!(codes(&first.entries), [(3, 6), (9, 1)], "in order, and nothing from the future");
    assert_eq!(first.next_update, at(2, 10));
}

#[test]
fn a_change_is_told_after_a_few_seconds_and_within_a_minute() {
    let made = |days| Made { number: 1, at: at(days, 0) };
    let history = History { last: Some(made(0)), scheduled: Some(made(0)), scheduled_before: None };
    for (untold, now, expected) in [
        (None, at(0, 100), None),
        (None, at(1, -1), None),
        (None, at(1, 0), Some(Due::Schedule)),
        (Some(at(0, 100)), at(0, 104), None),
        (Some(at(0, 100)), at(0, 105), Some(Due::Change)),
        (Some(at(0, 100)), at(1, 0), Some(Due::Schedule)),
        (Some(at(0, 0)), at(0, 100), None),
    ] {
        assert_eq!(due(&history, untold, &DAILY, now), expected, "{untold:?} {now}");
    }
    let between = History { last: Some(Made { number: 2, at: at(0, 100) }), ..history };
    assert_eq!(due(&between, Some(at(0, 90)), &DAILY, at(0, 200)), None, "it is told already");
}

#[test]
fn a_delta_tells_what_is_new_changed_and_released() {
    let mut history = History::default();
    let before = [row(1, LOST, at(0, 0)), row(2, Status::Held, at(0, 0)), {
        row(3, Status::Held, at(0, 0))
    }];
    planned(&before, &mut history, Due::Schedule, at(0, 10));
    let now = [
        before[0],
        row(2, LOST, at(0, 20)),
        row(3, Status::Released, at(0, 21)),
        row(4, MOVED, at(0, 22)),
        row(5, Status::Released, at(0, 23)),
    ];
    let second = planned(&now, &mut history, Due::Change, at(0, 30));
    assert_eq!(codes(&second.entries), [(1, 1), (2, 1), (4, 3)]);
    let delta = second.delta.unwrap();
    assert_eq!((delta.base, second.number), (1, 2));
    assert_eq!(codes(&delta.entries), [(2, 1), (3, 8), (4, 3), (5, 8)]);
    // The next list besides the schedule has the same base, the next one on it becomes the base.
    assert_eq!(planned(&now, &mut history, Due::Change, at(0, 60)).delta.unwrap(), delta);
    let third = planned(&now, &mut history, Due::Schedule, at(1, 10));
    assert_eq!((third.number, third.delta.unwrap().base), (4, 1));
    let quiet = planned(&now, &mut history, Due::Change, at(1, 20)).delta.unwrap();
    assert_eq!((quiet.base, quiet.entries.len()), (4, 0));
}

#[test]
fn what_has_expired_leaves_after_one_more_list_on_schedule() {
    let expiring = Row { not_after: at(1, 0), ..row(1, LOST, at(0, 0)) };
    let mut history = History::default();
    let mut on_list = |due, now| {
        let plan = planned(&[expiring], &mut history, due, now);
        let removed = plan.delta.map_or(0, |delta| delta.entries.len());
        (plan.entries.len(), removed)
    };
    assert_eq!(on_list(Due::Schedule, at(0, 10)), (1, 0));
    assert_eq!(on_list(Due::Change, at(1, 5)), (1, 0), "expired, and besides the schedule");
    assert_eq!(on_list(Due::Schedule, at(1, 10)), (1, 0), "the one list that must carry it");
    assert_eq!(on_list(Due::Change, at(1, 20)), (0, 1), "its delta removes it");
    assert_eq!(on_list(Due::Schedule, at(2, 10)), (0, 1));
    assert_eq!(on_list(Due::Change, at(2, 20)), (0, 0), "it was not on the base any more");
}

#[test]
fn a_revocation_in_the_last_hour_is_on_a_list_on_schedule() {
    let mut history = History::default();
    planned(&[], &mut history, Due::Schedule, at(0, 10));
    let late = Row { not_after: at(0, 100), ..row(1, LOST, at(0, 99)) };
    let next = planned(&[late], &mut history, Due::Schedule, at(1, 10));
    assert_eq!(codes(&next.entries), [(1, 1)]);
    assert!(planned(&[late], &mut history, Due::Schedule, at(2, 10)).entries.is_empty());
}

#[test]
fn a_clock_that_jumps_back_makes_no_list() {
    let mut history = History::default();
    planned(&[], &mut history, Due::Schedule, at(1, 0));
    let refused = plan(&[], &history, &DAILY, Due::Schedule, at(0, 0));
    assert_eq!(refused.err(), Some(ListRefusal::ClockBehind));
}

#[test]
fn rows_come_from_certificates_that_were_touched() {
    use crate::{certificate::Change, content::CertificateKind};
    let mut one = Certificate {
        kind: CertificateKind::Signature,
        serial: 7,
        not_before: at(0, 0),
        not_after: at(10, 0),
        state: State::InForce,
        since: at(0, 0),
    };
    assert_eq!(Row::of(&one), None);
    for (change, status) in [
        (Change::Hold, Status::Held),
        (Change::Release, Status::Released),
        (Change::Revoke(RevocationReason::KeyCompromise), LOST),
    ] {
        one = one.apply(change, at(1, 0));
        assert_eq!(Row::of(&one).map(|row| (row.serial, row.status)), Some((7, status)));
    }
}

/// What a verifier does with a delta (RFC 5280 §5.2.4).
fn applied(base: &[Entry], delta: &[Entry]) -> Vec<Entry> {
    let mut all: BTreeMap<u64, Entry> = base.iter().map(|entry| (entry.serial, *entry)).collect();
    for entry in delta {
        all.remove(&entry.serial);
        if entry.reason != EntryReason::Remove {
            all.insert(entry.serial, *entry);
        }
    }
    all.into_values().collect()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Change { serial: u64, status: Status },
    List { scheduled: bool },
    Pass { hours: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![Just(Status::Held), Just(Status::Released), Just(LOST), Just(MOVED)];
    prop_oneof![
        4 => (1_u64..12, status).prop_map(|(serial, status)| Step::Change { serial, status }),
        3 => any::<bool>().prop_map(|scheduled| Step::List { scheduled }),
        2 => (1_i64..40).prop_map(|hours| Step::Pass { hours }),
    ]
}

/// What happens to a certificate: a revoked or expired one stays as it is, and only a held one is
/// released.
fn change(rows: &mut BTreeMap<u64, Row>, serial: u64, status: Status, now: Moment) {
    let not_after = at((serial % 5) as i64, 0);
    let known = rows.get(&serial).map(|row| row.status);
    let possible = match (known, status) {
        (Some(Status::Revoked(_)), _) => false,
        (Some(Status::Held), Status::Held) => false,
        (known, Status::Released) => known == Some(Status::Held),
        _ => true,
    };
    if possible && now <= not_after {
        rows.insert(serial, Row { serial, not_after, status, since: now });
    }
}

proptest! {
    #[test]
    fn a_delta_applied_to_a_complete_list_gives_the_next(
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let (mut rows, mut history, mut now) = (BTreeMap::new(), History::default(), at(0, 0));
        let mut lists: Vec<Plan> = vec![];
        for step in steps {
            now = now.plus_us(1);
            match step {
                Step::Change { serial, status } => change(&mut rows, serial, status, now),
                Step::Pass { hours } => now = now.plus_us(hours * 3_600 * SECOND_US),
                Step::List { scheduled } => {
                    let due = if scheduled { Due::Schedule } else { Due::Change };
                    let all: Vec<Row> = rows.values().copied().collect();
                    let plan = planned(&all, &mut history, due, now);
                    let base = plan.delta.as_ref().map_or(u64::MAX, |delta| delta.base);
                    // Any complete list from the base on may be what a verifier has.
                    for older in lists.iter().filter(|list| list.number >= base) {
                        let delta = &plan.delta.as_ref().unwrap().entries;
                        prop_assert_eq!(applied(&older.entries, delta), plan.entries.clone());
                    }
                    prop_assert!(lists.last().is_none_or(|last| last.number + 1 == plan.number));
                    lists.push(plan);
                }
            }
        }
    }

    #[test]
    fn whoever_is_revoked_is_on_every_list_until_expiry_and_one_after(
        revoked in 0_i64..72, expires in 72_i64..120, hours in proptest::collection::vec(1_i64..30, 1..20),
    ) {
        let row = Row { not_after: at(0, expires * 3_600), ..row(1, LOST, at(0, revoked * 3_600)) };
        let (mut history, mut now, mut after) = (History::default(), at(0, 0), 0);
        for pass in hours {
            now = now.plus_us(pass * 3_600 * SECOND_US);
            let plan = planned(&[row], &mut history, Due::Schedule, now);
            after += usize::from(now > row.not_after);
            prop_assert_eq!(plan.entries.len(), usize::from(now >= row.since && after <= 1));
        }
    }
}

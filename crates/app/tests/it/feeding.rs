//! Feeds with gaps: what waits is worked off in transactions of a bounded size, and never
//! forgotten.

use crate::house::{CHIYODA, CHUO, House, feed_permit, message, on_both, town};
use base::{Actor, Purpose, limits};
use policy::Action;
use registry::FeedMessage;
use sekisho_app::feed_status::{FeedStatus, feed_status};
use sekisho_app::keyed::keyed;
use sekisho_app::resident_event::{End, resident_events};
use sekisho_app::{Committer, permit};
use serde_json::Value;

/// More than two transactions' worth of messages wait.
const WAITING: u64 = 2 * limits::FEED_DRAIN_MAX as u64 + 300;

fn status(house: &House, of: &str) -> FeedStatus {
    let (actor, purpose) = (Actor::Municipality(town(of)), Purpose::ResidentRegister);
    let permit = permit(&actor, Action::FeedStatus, purpose, Some(town(of))).unwrap();
    feed_status(&house.platform, &permit, town(of), 0, 10).unwrap()
}

/// A house whose Chiyoda has sent everything but the first message: births without codes, of which
/// the stock has fewer than are asked for.
fn with_a_gap(house: &House) {
    house.stock(CHIYODA, WAITING);
    let messages: Vec<_> =
        (2..WAITING + 2).map(|sequence| message(CHIYODA, sequence, "birth", None)).collect();
    house.take(&messages);
    let status = status(house, CHIYODA);
    assert_eq!((status.next, status.waiting, status.missing), (1, WAITING, vec![1..=1]));
}

fn first() -> Value {
    message(CHIYODA, 1, "birth", None)
}

/// Nothing waits any more, and everything was decided in its order: one code was too few.
fn is_worked_off(house: &House) {
    let status = status(house, CHIYODA);
    assert_eq!((status.next, status.waiting), (WAITING + 2, 0));
    let refused: Vec<_> = status.refused.iter().map(|(at, label, _)| (*at, &**label)).collect();
    assert_eq!(refused, [(WAITING + 1, "stock_empty")]);
}

/// Jobs that do nothing, until whatever the committer does by itself between them is done.
fn let_it_work(committer: &Committer) {
    for _ in 0..10 {
        committer.call(|_| Ok(())).unwrap();
    }
}

#[test]
fn what_waited_is_worked_off_a_bounded_part_at_a_time() {
    on_both(|house| {
        with_a_gap(house);
        let most = limits::FEED_DRAIN_MAX as u64;
        let taken = house.take(&[first()]).remove(0).unwrap();
        assert!(matches!(taken.end, End::Applied(_)));
        let half = status(house, CHIYODA);
        assert_eq!((half.next, half.waiting), (most + 2, WAITING - most));
        assert_eq!(half.missing, [], "nothing is missing, it only waits");
        // The store holds between the parts, a message that is there is known, and the next waits.
        assert_eq!(house.faults(), [""; 0]);
        let known = house.take(&[message(CHIYODA, most + 2, "birth", None)]).remove(0).unwrap();
        assert_eq!((known.end, known.repeated), (End::Waiting(most + 2), true));
        // A program that starts again goes on where the last one was stopped.
        let committer = Committer::start(house.platform.clone()).unwrap();
        let_it_work(&committer);
        is_worked_off(house);
    });
}

#[test]
fn the_committer_goes_on_by_itself() {
    on_both(|house| {
        with_a_gap(house);
        let committer = Committer::start(house.platform.clone()).unwrap();
        let_it_work(&committer);
        let read = FeedMessage::from_json(first().to_string().as_bytes()).unwrap();
        let ready = keyed(&house.platform, vec![read]).unwrap();
        committer.call(move |work| resident_events(work, &ready, &feed_permit)).unwrap();
        let_it_work(&committer);
        is_worked_off(house);
    });
}

/// A municipality that is not the first of those with something to do is not forgotten.
#[test]
fn several_feeds_are_worked_off() {
    on_both(|house| {
        for of in [CHUO, CHIYODA] {
            house.stock(of, 3_000);
            let late: Vec<_> = (2..2_002).map(|n| message(of, n, "birth", None)).collect();
            house.take(&late);
            house.take(&[message(of, 1, "birth", None)]);
            assert!(status(house, of).waiting > 0);
        }
        let_it_work(&Committer::start(house.platform.clone()).unwrap());
        for of in [CHUO, CHIYODA] {
            assert_eq!((status(house, of).next, status(house, of).waiting), (2_002, 0));
        }
    });
}

#[test]
fn an_import_leaves_nothing_behind() {
    on_both(|house| {
        with_a_gap(house);
        let report = house.import(&[first()]);
        assert_eq!((report.applied, report.waiting), (1, 0));
        is_worked_off(house);
    });
    // Nor does it when another program has left something.
    on_both(|house| {
        with_a_gap(house);
        house.take(&[first()]);
        assert!(status(house, CHIYODA).waiting > 0);
        house.import(&[]);
        is_worked_off(house);
    });
}

/// A file in the wrong order ends as one in the right order.
#[test]
fn a_file_from_its_end_to_its_beginning() {
    on_both(|house| {
        house.stock(CHIYODA, 3_000);
        let backwards: Vec<_> =
            (1..=3_000).rev().map(|n| message(CHIYODA, n, "birth", None)).collect();
        let report = house.import(&backwards);
        assert_eq!((report.applied, report.waiting), (1, 2_999));
        let status = status(house, CHIYODA);
        assert_eq!((status.next, status.waiting, status.refused), (3_001, 0, vec![]));
    });
}

//! Stocks of resident record codes: which code comes next, and what is said when there is none.

use crate::house::{CHIYODA, CHUO, House, message, on_both, town};
use base::labels;
use numbers::ResidentRecordCode;
use ports::rows::StockRow;

fn stock_rows(house: &House, of: &str) -> Vec<StockRow> {
    let mut rows = Vec::new();
    let look = &mut |view: &mut dyn ports::View| {
        rows = view.stocks_of(town(of))?;
        Ok(())
    };
    house.platform.store.snapshot("stocks", look).unwrap();
    rows
}

fn used(house: &House) -> Vec<u64> {
    stock_rows(house, CHIYODA).iter().map(|row| row.used).collect()
}

/// Enters residents under their codes, from a place of the feed on.
fn enter(house: &House, first: u64, codes: &[ResidentRecordCode]) {
    let entered = (first..).zip(codes).map(|(n, code)| message(CHIYODA, n, "birth", Some(code)));
    for taken in house.take(&entered.collect::<Vec<_>>()) {
        assert_eq!(crate::house::short(&taken.unwrap().end), "applied");
    }
}

#[test]
fn codes_that_were_named_are_passed_over_once() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 100);
        enter(house, 1, &codes[..70]);
        assert_eq!(used(house), [0]);
        assert_eq!(house.take_one(&message(CHIYODA, 71, "birth", None)), "applied");
        assert_eq!(used(house), [71]);
        enter(house, 72, &codes[71..99]);
        assert_eq!(house.take_one(&message(CHIYODA, 100, "birth", None)), "applied");
        assert_eq!(used(house), [100]);
    });
}

#[test]
fn what_was_passed_over_is_kept_when_the_event_is_refused() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 5);
        enter(house, 1, &codes[..3]);
        let mut future = message(CHIYODA, 4, "birth", None);
        future["event_date"] = "2999-01-01".into();
        assert_eq!(house.take_one(&future), "event_in_future");
        // Three were passed over; the fourth is still free.
        assert_eq!(used(house), [3]);
        enter(house, 5, &codes[3..]);
        assert_eq!(house.take_one(&message(CHIYODA, 7, "birth", None)), "stock_empty");
        assert_eq!(used(house), [5]);
    });
}

/// A refusal that is recorded is final: the same message will be answered so for ever.
#[test]
fn an_empty_stock_is_a_refusal() {
    assert_eq!(labels::STOCK_EMPTY.remedy, labels::Remedy::Refused);
    on_both(|house| {
        let first = message(CHIYODA, 1, "birth", None);
        assert_eq!(house.take_one(&first), "stock_empty");
        house.stock(CHIYODA, 1);
        assert_eq!(house.take_one(&first), "stock_empty");
        assert_eq!(house.take_one(&message(CHIYODA, 2, "birth", None)), "applied");
    });
}

/// The feeds of two towns come in any order.
#[test]
fn who_moves_in_before_the_former_town_has_told_of_them_has_not_moved_out() {
    on_both(|house| {
        house.stock(CHIYODA, 2);
        let codes = house.stock(CHUO, 2);
        let arrival = |sequence| message(CHIYODA, sequence, "move_in", Some(&codes[0]));
        assert_eq!(house.take_one(&arrival(1)), "resident_not_moved_out");
        for (sequence, event) in [(2, "birth"), (3, "ex_officio_entry")] {
            let other = message(CHIYODA, sequence, event, Some(&codes[1]));
            assert_eq!(house.take_one(&other), "record_code_not_in_stock");
        }
        // A code that was given to nobody is nobody's who could have moved.
        let unknown: ResidentRecordCode = "24727059608".parse().unwrap();
        let unknown = message(CHIYODA, 4, "move_in", Some(&unknown));
        assert_eq!(house.take_one(&unknown), "record_code_not_in_stock");
        // Once the other town has told of both, the next message does what the first could not.
        assert_eq!(house.take_one(&message(CHUO, 1, "birth", Some(&codes[0]))), "applied");
        assert_eq!(house.take_one(&message(CHUO, 2, "move_out", Some(&codes[0]))), "applied");
        assert_eq!(house.take_one(&arrival(1)), "resident_not_moved_out");
        assert_eq!(house.take_one(&arrival(5)), "applied");
    });
}

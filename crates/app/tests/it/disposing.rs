//! Disposal: what is refused, and what others in the same transaction see of it.

use crate::house::{CHIYODA, CHUO, House, message, on_both};
use base::{Actor, Problem, Purpose, labels};
use numbers::ResidentRecordCode;
use sekisho_app::Work;
use sekisho_app::disposal::disposal;
use sekisho_app::number_ask::{Whose, number_ask};
use serde_json::Value;

fn dispose(work: &mut Work<'_>, code: &ResidentRecordCode) -> Result<(), Problem> {
    let actor: Actor = "operator:k.sato".parse().unwrap();
    disposal(work, &actor, Purpose::Operation, &Whose::Code(code.clone())).map(|_| ())
}

fn ask(work: &mut Work<'_>, whose: &Whose) -> Result<(), Problem> {
    let actor: Actor = "agency:nta".parse().unwrap();
    number_ask(work, &actor, Purpose::Tax, whose).map(|_| ())
}

fn on(mut message: Value, date: &str, birth: &str) -> Value {
    message["event_date"] = date.into();
    if message.get("birth_date").is_some() {
        message["birth_date"] = birth.into();
    }
    message
}

/// Enters somebody in 1850 whose record is closed by this event on this day.
fn lived(house: &House, code: &ResidentRecordCode, sequence: u64, event: &str, closed: &str) {
    let entered = message(CHIYODA, sequence, "ex_officio_entry", Some(code));
    assert_eq!(house.take_one(&on(entered, "1850-01-01", "1850-01-01")), "applied");
    let closing = message(CHIYODA, sequence + 1, event, Some(code));
    assert_eq!(house.take_one(&on(closing, closed, "")), "applied");
}

#[test]
fn a_record_stays_as_long_as_the_law_has_it() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 6);
        // It is 2026-04-01: the last day of 150 years, the first day after them, and long after.
        for (at, (event, closed, refused)) in [
            ("death", "1876-04-01", Some("disposal_retention")),
            ("death", "1876-03-31", None),
            ("ex_officio_deletion", "1876-04-01", Some("disposal_retention")),
            ("ex_officio_deletion", "1860-01-01", None),
            ("death", "2026-03-31", Some("disposal_retention")),
            // Somebody between two towns lives, however long ago.
            ("move_out", "1860-01-01", Some("disposal_too_early")),
        ]
        .into_iter()
        .enumerate()
        {
            let sequence = 1 + 2 * u64::try_from(at).unwrap();
            lived(house, &codes[at], sequence, event, closed);
            let told = house.act(|work| dispose(work, &codes[at]));
            assert_eq!(told.err().map(|problem| problem.label()), refused, "{event} {closed}");
        }
    });
}

#[test]
fn whoever_is_disposed_of_is_gone_for_the_rest_of_the_transaction() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        lived(house, &code, 1, "death", "1860-01-01");
        let by_code = Whose::Code(code.clone());
        let by_name =
            Whose::NameAndBirth(base::Personal::new("山田　太郎"), "1850-01-01".parse().unwrap());
        let label = |told: Result<(), Problem>| told.unwrap_err().label();
        let seen = |work: &mut Work<'_>| {
            [label(ask(work, &by_code)), label(ask(work, &by_name)), label(dispose(work, &code))]
        };
        let gone = ["content_erased", "resident_absent", "content_erased"];
        let within = house.act(|work| {
            ask(work, &by_code)?;
            dispose(work, &code)?;
            Ok(seen(work))
        });
        assert_eq!(within.unwrap(), gone);
        assert_eq!(house.act(|work| Ok(seen(work))).unwrap(), gone);
    });
}

/// Entered, dead and disposed of in one transaction: one state before it and one after.
#[test]
fn a_life_in_one_transaction_ends_as_three_would() {
    on_both(|house| {
        let code = house.stock(CHIYODA, 1).remove(0);
        let entered = message(CHIYODA, 1, "ex_officio_entry", Some(&code));
        let entered = on(entered, "1850-01-01", "1850-01-01");
        let dead = on(message(CHIYODA, 2, "death", Some(&code)), "1860-01-01", "");
        let read = |message: &Value| {
            registry::FeedMessage::from_json(message.to_string().as_bytes()).unwrap()
        };
        let messages = vec![read(&entered), read(&dead)];
        let ready = sekisho_app::keyed::keyed(&house.platform, messages).unwrap();
        house
            .act(|work| {
                let permit = &crate::house::feed_permit;
                sekisho_app::resident_event::resident_events(work, &ready, permit)?;
                dispose(work, &code)?;
                let told = ask(work, &Whose::Code(code.clone()));
                assert_eq!(told.unwrap_err().label(), labels::CONTENT_ERASED.text);
                Ok(())
            })
            .unwrap();
        // The feed goes on, and the code is nobody else's.
        let again = message(CHUO, 1, "move_in", Some(&code));
        assert_eq!(house.take_one(&again), "content_erased");
    });
}

//! `verify` names what is wrong, and names it alone: each damage is done to a store that holds.

use crate::house::{CHIYODA, CHUO, House, message, stock_permit, town};
use base::Problem;
use ports::Publication;
use sekisho_app::once::{Answered, once};
use sekisho_app::stock::stock_issue;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Deliveries that nobody reads.
#[derive(Default)]
struct Drawer(Mutex<BTreeMap<String, Vec<u8>>>);

impl Publication for Drawer {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.0.lock().unwrap().get(path).cloned())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Problem> {
        self.0.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }
}

/// A store with something of everything: two persons on two lists, messages that wait, an answer.
fn full(house: &House) {
    let codes = house.stock(CHIYODA, 4);
    for (sequence, code) in [(1, &codes[0]), (2, &codes[1])] {
        assert_eq!(house.take_one(&message(CHIYODA, sequence, "birth", Some(code))), "applied");
        sekisho_app::number_list::number_lists(&house.platform, &Drawer::default(), &mut |_| ())
            .unwrap();
    }
    for (sequence, code) in [(5, &codes[2]), (6, &codes[3])] {
        assert_eq!(house.take_one(&message(CHIYODA, sequence, "birth", Some(code))), "waiting");
    }
    let actor = "operator:k.sato".parse().unwrap();
    house
        .act(|work| {
            once(work, &actor, "k", b"asked", |work, _| {
                let issued = stock_issue(work, &stock_permit(CHUO), town(CHUO), 1)?;
                Ok(Answered { act: issued.act, note: issued.id.to_string(), answer: () })
            })
        })
        .unwrap();
    assert_eq!(house.faults(), [""; 0]);
}

#[test]
fn each_damage_is_named() {
    for house in [House::sqlite(), House::postgresql()] {
        full(&house);
        for (damage, mend, fault) in DAMAGES {
            house.raw(damage);
            assert_eq!(house.faults(), fault, "{}: {damage}", house.platform.store.kind());
            house.raw(mend);
            assert_eq!(house.faults(), [""; 0], "{}: {mend}", house.platform.store.kind());
        }
    }
}

/// What is done to the store, how it is undone, and what is said meanwhile. The statements are
/// those that both databases know.
type Damage = (&'static str, &'static str, &'static [&'static str]);

const DAMAGES: [Damage; 11] = [
    (
        "CREATE TABLE kept AS SELECT * FROM feed_message; UPDATE feed_message SET content = \
         (SELECT content FROM kept WHERE sequence = 6) WHERE sequence = 5",
        "UPDATE feed_message SET content = (SELECT k.content FROM kept k WHERE k.sequence = 5) \
         WHERE sequence = 5; DROP TABLE kept",
        &["feed message 131016 5: does not open"],
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM feed_message; UPDATE feed_message SET digest = \
         (SELECT digest FROM kept WHERE sequence = 6) WHERE sequence = 5",
        "UPDATE feed_message SET digest = (SELECT k.digest FROM kept k WHERE k.sequence = 5) \
         WHERE sequence = 5; DROP TABLE kept",
        &["feed message 131016 5: is another message"],
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM feed_cursor; DELETE FROM feed_cursor",
        "INSERT INTO feed_cursor SELECT * FROM kept; DROP TABLE kept",
        &["feed 131016: messages without a cursor"],
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM feed_message; DELETE FROM feed_message WHERE sequence = 2",
        "INSERT INTO feed_message SELECT * FROM kept WHERE sequence = 2; DROP TABLE kept",
        &["feed 131016: messages before the next are missing"],
    ),
    (
        "UPDATE feed_cursor SET waiting = 3",
        "UPDATE feed_cursor SET waiting = 2",
        &["feed 131016: waiting miscounted"],
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM data_key; UPDATE data_key SET wrapped = \
         (SELECT wrapped FROM kept WHERE person = 1) WHERE person = 0",
        "UPDATE data_key SET wrapped = (SELECT k.wrapped FROM kept k WHERE k.person = 0) \
         WHERE person = 0; DROP TABLE kept",
        &["the platform's own data key: key_operation"],
    ),
    (
        "UPDATE answer SET act = act + 1",
        "UPDATE answer SET act = act - 1",
        &["answer of act 8: no such act", "answer of act 8: does not open"],
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM answer; UPDATE answer SET answer = digest",
        "UPDATE answer SET answer = (SELECT k.answer FROM kept k); DROP TABLE kept",
        &["answer of act 7: does not open"],
    ),
    (
        "UPDATE number_list SET act = act - 1 WHERE list = 2",
        "UPDATE number_list SET act = act + 1 WHERE list = 2",
        &["number list 131016 2: no act records it"],
    ),
    (
        "UPDATE number_list SET list = 3 WHERE list = 2",
        "UPDATE number_list SET list = 2 WHERE list = 3",
        &["number list 131016 2: missing"],
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM number_list; UPDATE number_list SET digest = \
         (SELECT digest FROM feed_message WHERE sequence = 1)",
        "UPDATE number_list SET digest = (SELECT k.digest FROM kept k WHERE k.list = \
         number_list.list); DROP TABLE kept",
        &["number lists: a column does not have the shape of its table"],
    ),
];

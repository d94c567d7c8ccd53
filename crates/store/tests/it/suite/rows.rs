//! Rows: what is written comes back as it was, alone and among others, and what replaces what.

use crate::harness::{Db, commit, label, look};
use crate::rows::{
    act, answer, checkpoint, code, cursor, data_key, delivery, index, list, message, number,
    outbox, person, resident, set_entry, sixteen, stock, together, waiting, ward,
};
use base::{ActId, PersonId};
use ports::rows::{
    Changes, CheckpointRow, FeedMessageRow, NumberRow, PersonRow, number_state, status, topic,
};

pub(crate) fn an_empty_store_has_an_answer_to_everything(db: &Db) {
    look(db.store(), |view| {
        assert_eq!(view.persons(&[PersonId(1)])?, [None]);
        assert_eq!(view.persons(&[])?, []);
        assert_eq!(view.persons_page(PersonId(0), 10)?, []);
        assert_eq!(view.set_of(ward(0), PersonId(0), 10)?, []);
        assert_eq!(view.persons_named(&index(1))?, []);
        assert_eq!(view.last_person()?, PersonId(0));
        assert_eq!(view.data_keys(&[PersonId(0)])?, [None]);
        assert_eq!(view.data_keys_not_of(1, PersonId(-1), 10)?, []);
        assert_eq!(view.codes(&[index(1)])?, [None]);
        assert_eq!(view.codes_of(PersonId(1))?, []);
        assert_eq!(view.numbers(&[index(1)])?, [None]);
        assert_eq!(view.numbers_of(PersonId(1))?, []);
        assert_eq!(view.messages(&[(ward(0), 1)])?, [None]);
        assert_eq!(view.messages_open(ward(0), true, 0, 10)?, []);
        assert_eq!(view.messages_open(ward(0), false, 0, 10)?, []);
        assert_eq!(view.messages_page(ward(0), 0, 10)?, []);
        assert_eq!(view.cursors(&[ward(0)])?, [None]);
        assert_eq!(view.all_cursors()?, []);
        assert_eq!(view.stocks_of(ward(0))?, []);
        assert_eq!(view.all_stocks()?, []);
        assert_eq!(view.act_count()?, 0);
        assert_eq!(view.acts(ActId(0), 10)?, []);
        assert_eq!(view.acts_about(&sixteen(0), None, 10)?, []);
        assert_eq!(view.subject_index()?, (0, 0));
        assert_eq!(view.outbox(topic::NUMBER_LIST, None, 10)?, []);
        assert_eq!(view.outbox_at(topic::NUMBER_LIST, &[ActId(0)])?, [None]);
        assert_eq!(view.deliveries(10)?, []);
        assert_eq!(view.next_sender(None)?, None);
        assert_eq!(view.lists_page(None, 10)?, []);
        assert_eq!(view.lists_of(ward(0))?, []);
        assert_eq!(view.answers(&[("a".into(), "b".into())])?, [None]);
        assert_eq!(view.answers_page(("", ""), 10)?, []);
        assert_eq!(view.last_checkpoint()?, None);
        assert_eq!(view.checkpoints(0, 10)?, []);
        assert_eq!(view.cosignatures(0, 10)?, []);
        assert_eq!(view.setting("kek_epoch")?, None);
        Ok(())
    });
}

pub(crate) fn every_row_comes_back_as_it_was_written(db: &Db) {
    let full = Changes {
        cursors: vec![cursor(0, 5)],
        stocks: vec![stock(1, 0, 0)],
        lists: vec![list(0, 1)],
        deliveries: vec![delivery(0, 1)],
        answers: vec![answer("registrar:13101", "key-1")],
        ..resident(1, 0)
    };
    let bare = bare_rows();
    commit(db.store(), &together([full.clone(), bare.clone()])).unwrap();
    let mark = checkpoint(2);
    db.store().transact("test", &mut |tx| tx.write_checkpoint(&mark)).unwrap();
    look(db.store(), |view| {
        for written in [&full, &bare] {
            assert_eq!(view.persons(&ids(&written.persons))?, there(&written.persons));
            assert_eq!(view.data_keys(&ids(&written.persons))?, there(&written.data_keys));
            let indexes: Vec<_> = written.codes.iter().map(|row| row.code_index).collect();
            assert_eq!(view.codes(&indexes)?, there(&written.codes));
            let indexes: Vec<_> = written.numbers.iter().map(|row| row.number_index).collect();
            assert_eq!(view.numbers(&indexes)?, there(&written.numbers));
            assert_eq!(view.messages(&places(&written.messages))?, there(&written.messages));
            assert_eq!(view.acts(written.acts[0].id, 1)?, written.acts);
        }
        assert_eq!(view.all_cursors()?, full.cursors);
        assert_eq!(view.all_stocks()?, full.stocks);
        assert_eq!(view.outbox(topic::NUMBER_LIST, None, 9)?, full.outbox);
        let acts: Vec<_> = full.outbox.iter().map(|row| row.act).collect();
        assert_eq!(view.outbox_at(topic::NUMBER_LIST, &acts)?, there(&full.outbox));
        assert_eq!(view.deliveries(9)?, full.deliveries);
        assert_eq!(view.lists_of(ward(0))?, full.lists);
        let key = ("registrar:13101".into(), "key-1".into());
        assert_eq!(view.answers(&[key])?, there(&full.answers));
        assert_eq!(view.last_checkpoint()?, Some(mark.clone()));
        Ok(())
    });
}

/// Rows with everything absent that may be.
fn bare_rows() -> Changes {
    let nobody = PersonRow {
        status: status::PROVISIONAL,
        number_generation: None,
        identity: None,
        contact: None,
        name_birth_index: None,
        set_digest: None,
        ..person(2)
    };
    let ended = NumberRow {
        state: number_state::REPLACED,
        ended_act: Some(ActId(1)),
        ..number(2, 0, 1002)
    };
    let mut code = code(2, 0, 1002);
    code.ended_act = Some(ActId(1));
    let mut act = act(1);
    act.subject = None;
    Changes {
        persons: vec![nobody],
        data_keys: vec![data_key(2)],
        codes: vec![code],
        numbers: vec![ended],
        messages: vec![waiting(0, 1002)],
        acts: vec![act],
        ..Changes::default()
    }
}

pub(crate) fn a_text_with_a_nul_is_refused(db: &Db) {
    commit(db.store(), &resident(1, 0)).unwrap();
    let broken = "store_constraint";
    for (actor, key) in [("a\0", "k"), ("a", "\0k")] {
        let row = Changes { answers: vec![answer(actor, key)], ..Changes::default() };
        assert_eq!(label(commit(db.store(), &row)), broken);
        let asked = [(actor.to_owned(), key.to_owned())];
        let found = db.store().snapshot("test", &mut |view| view.answers(&asked).map(drop));
        assert_eq!(label(found), broken);
    }
    let message = FeedMessageRow { label: Some("a\0b".into()), ..message(0, 9) };
    let row = Changes { messages: vec![message], ..Changes::default() };
    assert_eq!(label(commit(db.store(), &row)), broken);
    for (name, value) in [("n\0", "v"), ("n", "v\0")] {
        let set = db.store().transact("test", &mut |tx| tx.set_setting(name, value));
        assert_eq!(label(set), broken);
    }
    let mark = CheckpointRow { note: "note\0".into(), ..checkpoint(1) };
    db.store().transact("test", &mut |tx| tx.write_checkpoint(&mark)).unwrap_err();
    assert_eq!(look(db.store(), |view| view.last_checkpoint()), None);
}

pub(crate) fn values_at_the_edge_come_back(db: &Db) {
    let most = i64::MAX.cast_unsigned();
    let mut wide = resident(i64::MAX, 0);
    wide.persons[0].set_position = i64::MIN;
    wide.persons[0].key_generation = i64::MAX;
    wide.persons[0].identity = Some(Vec::new());
    wide.persons[0].contact = Some((0..=255).cycle().take(1 << 20).collect());
    wide.data_keys[0].wrapped = Vec::new();
    wide.codes[0].assigned_act = ActId(most);
    wide.messages = vec![FeedMessageRow { label: Some(ODD_TEXT.into()), ..message(1, most) }];
    wide.stocks = vec![stock(i64::MAX, 1, most)];
    wide.answers = vec![answer("", ""), answer(ODD_TEXT, ODD_TEXT)];
    commit(db.store(), &wide).unwrap();
    let set = |name: &str, value: &str| {
        db.store().transact("test", &mut |tx| tx.set_setting(name, value)).unwrap();
    };
    set(ODD_TEXT, ODD_TEXT);
    set("empty", "");
    look(db.store(), |view| {
        assert_eq!(view.last_person()?, PersonId(i64::MAX));
        assert_eq!(view.persons(&[PersonId(i64::MAX)])?, there(&wide.persons));
        assert_eq!(view.data_keys(&[PersonId(i64::MAX)])?, there(&wide.data_keys));
        assert_eq!(view.codes_of(PersonId(i64::MAX))?, wide.codes);
        assert_eq!(view.messages(&[(ward(1), most)])?, there(&wide.messages));
        assert_eq!(view.messages_page(ward(1), most - 1, 5)?, wide.messages);
        assert_eq!(view.messages_page(ward(1), most, 5)?, []);
        assert_eq!(view.stocks_of(ward(1))?, wide.stocks);
        let keys = [(String::new(), String::new()), (ODD_TEXT.into(), ODD_TEXT.into())];
        assert_eq!(view.answers(&keys)?, there(&wide.answers));
        assert_eq!(view.setting(ODD_TEXT)?.as_deref(), Some(ODD_TEXT));
        assert_eq!(view.setting("empty")?.as_deref(), Some(""));
        Ok(())
    });
}

pub(crate) fn look_ups_answer_in_the_order_of_the_question(db: &Db) {
    let mut all = together((1..=3).map(|id| resident(id, id.cast_unsigned() - 1)));
    all.cursors = (0..3).map(|of| cursor(of, 5)).collect();
    all.answers = vec![answer("a", "1"), answer("a", "2"), answer("b", "1")];
    commit(db.store(), &all).unwrap();
    // The third, one that is absent, the first twice, an absent one again, the second.
    let order = [3_u64, 77, 1, 1, 77, 2];
    fn asked<R: Clone>(rows: &[R]) -> Vec<Option<R>> {
        [2, 99, 0, 0, 99, 1].map(|at| rows.get(at).cloned()).into()
    }
    look(db.store(), |view| {
        let ids = order.map(|n| PersonId(n.cast_signed()));
        assert_eq!(view.persons(&ids)?, asked(&all.persons));
        assert_eq!(view.data_keys(&ids)?, asked(&all.data_keys));
        assert_eq!(view.codes(&order.map(index))?, asked(&all.codes));
        assert_eq!(view.numbers(&order.map(index))?, asked(&all.numbers));
        assert_eq!(view.messages(&order.map(|n| (ward(0), n)))?, asked(&all.messages));
        let wards = [2, 9, 0, 0, 9, 1].map(ward);
        assert_eq!(view.cursors(&wards)?, asked(&all.cursors));
        let keys = [("b", "1"), ("b", "2"), ("a", "1"), ("a", "1"), ("c", ""), ("a", "2")];
        let keys = keys.map(|(actor, key)| (actor.to_owned(), key.to_owned()));
        assert_eq!(view.answers(&keys)?, asked(&all.answers));
        Ok(())
    });
}

pub(crate) fn many_look_ups_at_once(db: &Db) {
    commit(db.store(), &together((1..=100).map(|id| resident(id, id.cast_unsigned() - 1))))
        .unwrap();
    let ids: Vec<_> = (0..50_000).map(|n| PersonId(n % 500 + 1)).collect();
    let found = look(db.store(), |view| view.persons(&ids));
    assert_eq!(found.len(), ids.len());
    for (id, row) in ids.iter().zip(found) {
        assert_eq!(row.map(|row| row.id), (id.0 <= 100).then_some(*id));
    }
}

pub(crate) fn whole_listings_are_in_order(db: &Db) {
    let mut changes = together([resident(1, 0)]);
    changes.codes = vec![code(1, 2, 12), code(1, 0, 10), code(1, 1, 11)];
    changes.numbers = vec![number(1, 1, 21), number(1, 0, 20)];
    changes.stocks = vec![stock(1, 0, 300), stock(3, 0, 0), stock(2, 1, 100)];
    changes.cursors = vec![cursor(2, 1), cursor(0, 7), cursor(1, 3)];
    changes.lists = vec![list(0, 3), list(1, 1), list(0, 1)];
    commit(db.store(), &changes).unwrap();
    look(db.store(), |view| {
        let ordinals = view.codes_of(PersonId(1))?.into_iter().map(|row| row.ordinal);
        assert!(ordinals.eq([0, 1, 2]));
        let generations = view.numbers_of(PersonId(1))?.into_iter().map(|row| row.generation);
        assert!(generations.eq([0, 1]));
        assert!(view.stocks_of(ward(0))?.into_iter().map(|row| row.id).eq([1, 3]));
        assert!(view.all_stocks()?.into_iter().map(|row| row.first).eq([0, 100, 300]));
        assert!(view.all_cursors()?.into_iter().map(|row| row.next).eq([7, 3, 1]));
        assert!(view.lists_of(ward(0))?.into_iter().map(|row| row.list).eq([1, 3]));
        Ok(())
    });
}

pub(crate) fn a_row_with_the_key_of_another_replaces_it(db: &Db) {
    let mut before = together([resident(1, 0)]);
    before.messages = vec![waiting(0, 1)];
    before.cursors = vec![cursor(0, 5)];
    before.stocks = vec![stock(1, 0, 0)];
    commit(db.store(), &before).unwrap();
    let mut after = before.clone();
    after.acts.clear();
    after.outbox.clear();
    after.persons[0] = PersonRow { municipality: ward(2), contact: None, ..person(1) };
    after.data_keys[0].epoch = 2;
    after.codes[0].ended_act = Some(ActId(8));
    after.numbers[0].state = number_state::REPLACED;
    after.numbers[0].ended_act = Some(ActId(8));
    after.messages = vec![message(0, 1)];
    after.cursors = vec![cursor(0, 6)];
    after.stocks[0].used = 100;
    commit(db.store(), &after).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.persons_page(PersonId(0), 9)?, after.persons);
        assert_eq!(view.set_of(ward(0), PersonId(0), 9)?, []);
        assert_eq!(view.set_of(ward(2), PersonId(0), 9)?, [set_entry(&after.persons[0]).unwrap()]);
        assert_eq!(view.data_keys_not_of(0, PersonId(-1), 9)?, after.data_keys);
        assert_eq!(view.codes_of(PersonId(1))?, after.codes);
        assert_eq!(view.numbers_of(PersonId(1))?, after.numbers);
        assert_eq!(view.messages_page(ward(0), 0, 9)?, after.messages);
        assert_eq!(view.messages_open(ward(0), true, 0, 9)?, []);
        assert_eq!(view.all_cursors()?, after.cursors);
        assert_eq!(view.all_stocks()?, after.stocks);
        Ok(())
    });
    let set = |value| db.store().transact("test", &mut |tx| tx.set_setting("kek_epoch", value));
    set("1").unwrap();
    set("2").unwrap();
    assert_eq!(look(db.store(), |view| view.setting("kek_epoch")).as_deref(), Some("2"));
}

pub(crate) fn the_last_row_of_a_key_in_a_batch_counts(db: &Db) {
    let moved = |to| PersonRow { municipality: ward(to), ..person(1) };
    let persons = vec![moved(1), person(2), moved(2), moved(0)];
    let cursors = vec![cursor(0, 9), cursor(0, 2)];
    let numbers = vec![number(1, 0, 1), number(1, 0, 2)];
    commit(db.store(), &Changes { persons, cursors, numbers, ..Changes::default() }).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.persons_page(PersonId(0), 9)?, [moved(0), person(2)]);
        assert_eq!(view.numbers(&[index(1), index(2)])?, [None, Some(number(1, 0, 2))]);
        assert_eq!(view.all_cursors()?, [cursor(0, 2)]);
        Ok(())
    });
    assert_eq!(db.store().check_integrity().unwrap(), [""; 0]);
}

pub(crate) fn keys_are_destroyed_and_work_is_done(db: &Db) {
    commit(db.store(), &together((1..=4).map(|id| resident(id, id.cast_unsigned() - 1)))).unwrap();
    let done = Changes {
        data_keys_destroyed: vec![PersonId(2), PersonId(4), PersonId(99)],
        outbox_done: vec![(ActId(3), topic::NUMBER_LIST), (ActId(0), topic::NUMBER_LIST)],
        ..Changes::default()
    };
    commit(db.store(), &done).unwrap();
    commit(db.store(), &Changes { outbox_done: vec![(ActId(1), 2)], ..Changes::default() })
        .unwrap();
    let at_once = Changes {
        data_keys: vec![data_key(1), data_key(3)],
        data_keys_destroyed: vec![PersonId(1)],
        outbox: vec![outbox(8)],
        outbox_done: vec![(ActId(8), topic::NUMBER_LIST)],
        deliveries: vec![delivery(0, 1), delivery(0, 2), delivery(1, 1)],
        delivered: vec![(ward(0), 2), (ward(2), 1)],
        ..Changes::default()
    };
    commit(db.store(), &at_once).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.data_keys_not_of(0, PersonId(0), 9)?, [data_key(3)]);
        assert_eq!(view.outbox(topic::NUMBER_LIST, None, 9)?, [1, 2].map(outbox));
        let at = view.outbox_at(topic::NUMBER_LIST, &[ActId(2), ActId(0), ActId(1)])?;
        assert_eq!(at, [Some(outbox(2)), None, Some(outbox(1))]);
        assert_eq!(view.outbox_at(2, &[ActId(2)])?, [None]);
        assert_eq!(view.deliveries(9)?, [delivery(0, 1), delivery(1, 1)]);
        assert_eq!(view.deliveries(1)?, [delivery(0, 1)]);
        Ok(())
    });
}

pub(crate) fn twenty_thousand_residents_at_once(db: &Db) {
    const COUNT: i64 = 20_000;
    let all = together((1..=COUNT).map(|id| resident(id, id.cast_unsigned() - 1)));
    commit(db.store(), &all).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.act_count()?, COUNT.cast_unsigned());
        let indexes: Vec<_> = all.codes.iter().map(|row| row.code_index).collect();
        assert_eq!(view.codes(&indexes)?, there(&all.codes));
        assert_eq!(view.persons_page(PersonId(0), usize::MAX)?, all.persons);
        Ok(())
    });
    let done = all.outbox.iter().map(|row| (row.act, row.topic)).collect();
    commit(db.store(), &Changes { persons: all.persons, outbox_done: done, ..Changes::default() })
        .unwrap();
    assert_eq!(look(db.store(), |view| view.outbox(topic::NUMBER_LIST, None, 9)), []);
}

fn there<R: Clone>(rows: &[R]) -> Vec<Option<R>> {
    rows.iter().cloned().map(Some).collect()
}

fn ids(rows: &[PersonRow]) -> Vec<PersonId> {
    rows.iter().map(|row| row.id).collect()
}

fn places(rows: &[FeedMessageRow]) -> Vec<(numbers::LocalGovernmentCode, u64)> {
    rows.iter().map(|row| (row.municipality, row.sequence)).collect()
}

/// Quotes, a character outside the basic plane with a variation selector, and what SQL uses.
const ODD_TEXT: &str = "葛\u{e0100}𠮷'\"\\$1?%_;--\n\u{fa19}";

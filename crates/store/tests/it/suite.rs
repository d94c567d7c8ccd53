//! What every store must do: each case runs on both databases.

use crate::harness::{Db, commit, label, look};
use crate::rows::{
    act, acts, answer, checkpoint, code, cosignature, cursor, data_key, delivery, index, list,
    message, number, outbox, person, refused, resident, set_entry, sixteen, stock, together,
    waiting, ward,
};
use base::{ActId, PersonId, Problem, labels};
use ports::Store;
use ports::rows::{
    ActRow, Changes, CheckpointRow, CosignatureRow, FeedMessageRow, NumberRow, PersonRow,
    number_state, status, topic,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

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

pub(crate) fn pages_of_persons(db: &Db) {
    let mut rows: Vec<_> = [2, 3, 5, 7, 11].map(person).into();
    rows[1].municipality = ward(1);
    (rows[3].status, rows[3].set_digest) = (status::DEAD, None);
    rows[4].name_birth_index = rows[0].name_birth_index;
    commit(db.store(), &Changes { persons: rows.clone(), ..Changes::default() }).unwrap();
    look(db.store(), |view| {
        let mut pages = |after, limit| view.persons_page(PersonId(after), limit);
        assert_eq!(pages(0, 2)?, rows[..2]);
        assert_eq!(pages(3, 2)?, rows[2..4]);
        assert_eq!(pages(4, 2)?, rows[2..4]);
        assert_eq!(pages(7, 2)?, rows[4..]);
        assert_eq!(pages(11, 2)?, []);
        assert_eq!(pages(i64::MAX, 2)?, []);
        assert_eq!(pages(i64::MIN, usize::MAX)?, rows);
        assert_eq!(pages(0, 0)?, []);
        let here = [0, 2, 4].map(|at| set_entry(&rows[at]).unwrap());
        assert_eq!(view.set_of(ward(0), PersonId(0), 9)?, here);
        assert_eq!(view.set_of(ward(0), PersonId(2), 1)?, here[1..2]);
        assert_eq!(view.set_of(ward(1), PersonId(0), 9)?, [set_entry(&rows[1]).unwrap()]);
        assert_eq!(view.set_of(ward(1), PersonId(3), 9)?, []);
        assert_eq!(view.persons_named(&index(2))?, [rows[0].clone(), rows[4].clone()]);
        assert_eq!(view.last_person()?, PersonId(11));
        Ok(())
    });
}

pub(crate) fn pages_of_keys_of_another_epoch(db: &Db) {
    let mut rows: Vec<_> = [0, 1, 2, 4].map(data_key).into();
    rows[2].epoch = 2;
    commit(db.store(), &Changes { data_keys: rows.clone(), ..Changes::default() }).unwrap();
    look(db.store(), |view| {
        let mut pages = |epoch, after, limit| view.data_keys_not_of(epoch, PersonId(after), limit);
        assert_eq!(pages(2, -1, 9)?, [0, 1, 3].map(|at| rows[at].clone()));
        assert_eq!(pages(2, 0, 1)?, rows[1..2]);
        assert_eq!(pages(2, 1, 9)?, rows[3..]);
        assert_eq!(pages(1, -1, 9)?, rows[2..3]);
        assert_eq!(pages(3, -1, 9)?, rows);
        assert_eq!(pages(2, 4, 9)?, []);
        Ok(())
    });
}

pub(crate) fn pages_of_messages(db: &Db) {
    let rows = vec![
        message(0, 1),
        refused(0, 2),
        waiting(0, 4),
        refused(0, 5),
        waiting(0, 9),
        waiting(1, 3),
    ];
    commit(db.store(), &Changes { messages: rows.clone(), ..Changes::default() }).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.messages_page(ward(0), 0, 9)?, rows[..5]);
        assert_eq!(view.messages_page(ward(0), 2, 2)?, rows[2..4]);
        assert_eq!(view.messages_page(ward(0), 9, 2)?, []);
        let (wait, refuse) = ([2, 4].map(|at| rows[at].clone()), [1, 3].map(|at| rows[at].clone()));
        assert_eq!(view.messages_open(ward(0), true, 0, 9)?, wait);
        assert_eq!(view.messages_open(ward(0), true, 4, 9)?, wait[1..]);
        assert_eq!(view.messages_open(ward(0), true, 0, 1)?, wait[..1]);
        assert_eq!(view.messages_open(ward(0), false, 0, 9)?, refuse);
        assert_eq!(view.messages_open(ward(0), false, 2, 9)?, refuse[1..]);
        assert_eq!(view.messages_open(ward(1), true, 0, 9)?, rows[5..]);
        assert_eq!(view.messages_open(ward(1), false, 0, 9)?, []);
        Ok(())
    });
}

pub(crate) fn pages_of_acts(db: &Db) {
    let rows = acts(0..10);
    commit(db.store(), &Changes { acts: rows.clone(), ..Changes::default() }).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.act_count()?, 10);
        assert_eq!(view.acts(ActId(0), 4)?, rows[..4]);
        assert_eq!(view.acts(ActId(4), 4)?, rows[4..8]);
        assert_eq!(view.acts(ActId(8), 4)?, rows[8..]);
        assert_eq!(view.acts(ActId(10), 4)?, []);
        let about: Vec<_> = [0, 3, 6, 9].map(|at| rows[at].clone()).into();
        assert_eq!(view.acts_about(&sixteen(0), None, 9)?, about);
        assert_eq!(view.acts_about(&sixteen(0), None, 2)?, about[..2]);
        assert_eq!(view.acts_about(&sixteen(0), Some(ActId(0)), 9)?, about[1..]);
        assert_eq!(view.acts_about(&sixteen(0), Some(ActId(4)), 1)?, about[2..3]);
        assert_eq!(view.acts_about(&sixteen(0), Some(ActId(9)), 9)?, []);
        assert_eq!(view.acts_about(&sixteen(7), None, 9)?, []);
        Ok(())
    });
}

pub(crate) fn acts_by_subject_are_found_before_and_after_they_are_indexed(db: &Db) {
    let mut rows = acts(0..9_000);
    rows.iter_mut().filter(|act| act.id.0 % 7 == 0).for_each(|act| act.subject = None);
    let (first, rest) = rows.split_at(5_000);
    let about = |subject: [u8; 16], rows: &[ActRow]| -> Vec<ActRow> {
        rows.iter().filter(|act| act.subject == Some(subject)).cloned().collect()
    };
    let index = || {
        let mut more = false;
        let done = db.store().transact("test", &mut |tx| {
            more = tx.index_subjects()?;
            Ok(())
        });
        done.unwrap();
        more
    };
    let check = |written: &[ActRow]| {
        look(db.store(), |view| {
            for subject in [0, 1, 2, 9].map(sixteen) {
                let expected = about(subject, written);
                assert_eq!(view.acts_about(&subject, None, usize::MAX)?, expected);
                for after in [0, 4_094, 4_095, 4_096, 4_097, 8_191, 8_192, 8_999] {
                    let from = expected.partition_point(|act| act.id.0 <= after);
                    let to = expected.len().min(from + 5);
                    let page = view.acts_about(&subject, Some(ActId(after)), 5)?;
                    assert_eq!(page, expected[from..to]);
                }
            }
            Ok(())
        });
    };
    commit(db.store(), &Changes { acts: first.to_vec(), ..Changes::default() }).unwrap();
    check(first);
    assert!(index() && !index() && !index());
    check(first);
    commit(db.store(), &Changes { acts: rest.to_vec(), ..Changes::default() }).unwrap();
    check(&rows);
    assert!(index() && !index());
    check(&rows);
    let entries = rows[..8_192].iter().filter(|act| act.subject.is_some()).count() as u64;
    assert_eq!(look(db.store(), |view| view.subject_index()), (8_192, entries));
}

pub(crate) fn acts_by_subject_are_found_in_the_midst_of_a_merge(db: &Db) {
    // Somebody has so many acts that a step ends among them; nobody has others.
    let mut rows = acts(0..RUN * 34);
    rows.iter_mut().filter(|act| act.id.0 % 11 == 0).for_each(|act| act.subject = None);
    let spread = |id: u64| u128::from(id).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    rows.iter_mut().filter(|act| act.id.0 % 3 == 1 && act.subject.is_some()).for_each(|act| {
        act.subject = Some((spread(act.id.0 % 5_000)).to_be_bytes());
    });
    for part in rows.chunks(40_000) {
        commit(db.store(), &Changes { acts: part.to_vec(), ..Changes::default() }).unwrap();
    }
    let subjects: Vec<_> =
        [0, 1, 100, 4_999, 90_001].into_iter().filter_map(|at: usize| rows[at].subject).collect();
    let expected = |subject: [u8; 16]| rows.iter().filter(move |row| row.subject == Some(subject));
    let check = || {
        look(db.store(), |view| {
            for subject in &subjects {
                let found = view.acts_about(subject, None, 40)?;
                assert!(found.iter().eq(expected(*subject).take(40)));
                let after = Some(ActId(70_000));
                let late = expected(*subject).filter(|row| row.id.0 > 70_000);
                assert!(view.acts_about(subject, after, 40)?.iter().eq(late.take(40)));
            }
            let (covered, entries) = view.subject_index()?;
            let indexed = rows.iter().take_while(|row| row.id.0 < covered);
            assert_eq!(entries, indexed.filter(|row| row.subject.is_some()).count() as u64);
            Ok(())
        });
    };
    let mut more = true;
    let mut index = || {
        db.store()
            .transact("test", &mut |tx| {
                more = tx.index_subjects()?;
                Ok(())
            })
            .unwrap();
        more
    };
    let mut added = 0;
    while index() {
        added += 1;
        if added >= 31 {
            check();
        }
    }
    assert_eq!((added, runs(db)), (34, 35), "32 runs and two, and the one they are moved into");
    for _ in 0..20 {
        assert!(!index());
        check();
    }
    assert_eq!(runs(db), 3);
}

/// Runs of the index by subject.
fn runs(db: &Db) -> u64 {
    // Each look-up searches them all; only the database itself can say how many there are.
    db.count("SELECT COUNT(*) FROM subject_run")
}

/// Acts in a run of the index by subject.
const RUN: u64 = 4_096;

pub(crate) fn pages_of_the_outbox_and_of_checkpoints(db: &Db) {
    let mut rows: Vec<_> = [0, 1, 4].map(outbox).into();
    let mut other = outbox(1);
    other.topic = 2;
    rows.push(other.clone());
    commit(db.store(), &Changes { outbox: rows.clone(), ..Changes::default() }).unwrap();
    let marks = [0, 1, 5].map(checkpoint);
    let publish = |mark| db.store().transact("test", &mut |tx| tx.write_checkpoint(mark));
    marks.iter().for_each(|mark| publish(mark).unwrap());
    look(db.store(), |view| {
        let mut pages = |after: Option<u64>, limit| view.outbox(1, after.map(ActId), limit);
        assert_eq!(pages(None, 9)?, rows[..3]);
        assert_eq!(pages(None, 1)?, rows[..1]);
        assert_eq!(pages(Some(0), 9)?, rows[1..3]);
        assert_eq!(pages(Some(1), 1)?, rows[2..3]);
        assert_eq!(pages(Some(4), 1)?, []);
        assert_eq!(view.outbox(2, None, 9)?, [other.clone()]);
        assert_eq!(view.checkpoints(0, 9)?, marks);
        assert_eq!(view.checkpoints(1, 1)?, marks[1..2]);
        assert_eq!(view.checkpoints(2, 9)?, marks[2..]);
        assert_eq!(view.checkpoints(6, 9)?, []);
        assert_eq!(view.last_checkpoint()?.as_ref(), marks.last());
        Ok(())
    });
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

pub(crate) fn final_rows_are_not_replaced(db: &Db) {
    let first = Changes {
        outbox: vec![outbox(0)],
        lists: vec![list(0, 1)],
        deliveries: vec![delivery(0, 1)],
        answers: vec![answer("a", "1")],
        ..Changes::default()
    };
    let acts = Changes { acts: acts(0..1), ..Changes::default() };
    for changes in [first.clone(), acts] {
        commit(db.store(), &changes).unwrap();
    }
    for changes in [
        Changes { acts: vec![act(0)], ..Changes::default() },
        Changes { acts: vec![act(1), act(1)], ..Changes::default() },
        Changes { outbox: first.outbox.clone(), ..Changes::default() },
        Changes { lists: first.lists.clone(), ..Changes::default() },
        Changes { deliveries: first.deliveries.clone(), ..Changes::default() },
        Changes { answers: first.answers.clone(), ..Changes::default() },
    ] {
        assert_eq!(label(commit(db.store(), &changes)), "store_constraint", "{changes:?}");
    }
}

pub(crate) fn a_code_is_never_given_again(db: &Db) {
    let mut first = resident(1, 0);
    first.codes[0].ended_act = Some(ActId(0));
    commit(db.store(), &first).unwrap();
    let persons = Changes { persons: vec![person(2)], ..Changes::default() };
    commit(db.store(), &persons).unwrap();
    let of = |codes| Changes { codes, ..Changes::default() };
    for codes in [
        vec![code(2, 0, 1)],
        vec![code(1, 1, 1)],
        vec![code(2, 0, 5), code(2, 1, 5)],
        // Another code in the place of the one that was there would set the old one free.
        vec![code(1, 0, 6)],
    ] {
        assert_eq!(label(commit(db.store(), &of(codes))), "store_constraint");
    }
    assert_eq!(look(db.store(), |view| view.codes_of(PersonId(1))), first.codes);
    let again = code(1, 0, 1);
    commit(db.store(), &of(vec![again.clone(), code(2, 0, 2)])).unwrap();
    assert_eq!(look(db.store(), |view| view.codes_of(PersonId(1))), [again]);
}

pub(crate) fn a_number_is_never_given_again(db: &Db) {
    let mut first = resident(1, 0);
    first.numbers[0].state = number_state::REPLACED;
    first.numbers[0].ended_act = Some(ActId(0));
    commit(db.store(), &first).unwrap();
    let persons = Changes { persons: vec![person(2)], ..Changes::default() };
    commit(db.store(), &persons).unwrap();
    let of = |numbers| Changes { numbers, ..Changes::default() };
    for numbers in [
        vec![number(2, 0, 1)],
        vec![number(1, 1, 1)],
        vec![number(2, 0, 5), number(2, 1, 5)],
        vec![number(1, 0, 6)],
    ] {
        assert_eq!(label(commit(db.store(), &of(numbers))), "store_constraint");
    }
    assert_eq!(look(db.store(), |view| view.numbers_of(PersonId(1))), first.numbers);
    commit(db.store(), &of(vec![number(1, 1, 2), number(2, 0, 3)])).unwrap();
}

pub(crate) fn acts_have_no_gaps(db: &Db) {
    let of = |acts| Changes { acts, ..Changes::default() };
    assert_eq!(label(commit(db.store(), &of(acts(1..2)))), "store_constraint");
    commit(db.store(), &of(acts(0..3))).unwrap();
    for gap in [acts(4..5), vec![act(3), act(5)], vec![act(3), act(4), act(6)]] {
        assert_eq!(label(commit(db.store(), &of(gap))), "store_constraint");
    }
    commit(db.store(), &of(acts(3..5))).unwrap();
    assert_eq!(look(db.store(), |view| view.act_count()), 5);
}

pub(crate) fn the_database_itself_refuses_to_change_what_is_final(db: &Db) {
    let rows = resident(1, 1);
    commit(db.store(), &resident(2, 0)).unwrap();
    commit(db.store(), &rows).unwrap();
    db.store()
        .transact("test", &mut |tx| {
            tx.write_checkpoint(&checkpoint(2))?;
            tx.write_cosignatures(&[cosignature(2, "w")])
        })
        .unwrap();
    let mut refused = vec![
        "UPDATE act SET entry = entry",
        "UPDATE act SET id = 9 WHERE id = 1",
        "DELETE FROM act WHERE id = 1",
        "DELETE FROM act",
        "UPDATE checkpoint SET note = ''",
        "DELETE FROM checkpoint",
        "UPDATE cosignature SET line = ''",
        "DELETE FROM cosignature",
        "DELETE FROM record_code",
        "DELETE FROM individual_number WHERE person = 1",
        "DELETE FROM code_holder",
        "UPDATE code_holder SET person = 2 WHERE person = 1",
        "DELETE FROM number_holder WHERE person = 1",
        "UPDATE number_holder SET generation = 5 WHERE person = 1",
    ];
    refused.extend(if db.is_sqlite() {
        vec![
            "REPLACE INTO checkpoint (size, root, note, at) VALUES (2, x'00', '', 0)",
            "REPLACE INTO cosignature (size, witness, line) VALUES (2, 'w', '')",
        ]
    } else {
        vec![
            "TRUNCATE act",
            "TRUNCATE checkpoint, cosignature, record_code, individual_number",
            "TRUNCATE cosignature",
            "UPDATE record_code SET code_index = '' WHERE person = 1",
            "UPDATE record_code SET person = 2, ordinal = 5 WHERE person = 1",
            "UPDATE individual_number SET number_index = '' WHERE person = 1",
            "UPDATE individual_number SET generation = 5 WHERE person = 1",
        ]
    });
    for sql in refused {
        let said = db.raw(sql).expect_err(sql);
        assert!(said.contains("final") || said.contains("never given again"), "{sql}: {said}");
    }
    look(db.store(), |view| {
        assert_eq!(view.acts(ActId(0), 9)?, acts(0..2));
        assert_eq!(view.checkpoints(0, 9)?, [checkpoint(2)]);
        assert_eq!(view.cosignatures(0, 9)?, [cosignature(2, "w")]);
        assert_eq!(view.codes_of(PersonId(1))?, rows.codes);
        assert_eq!(view.numbers_of(PersonId(1))?, rows.numbers);
        Ok(())
    });
}

pub(crate) fn a_size_is_published_once(db: &Db) {
    let publish =
        |mark: CheckpointRow| db.store().transact("test", &mut |tx| tx.write_checkpoint(&mark));
    publish(checkpoint(5)).unwrap();
    let other = CheckpointRow { root: [1; 32], ..checkpoint(5) };
    assert_eq!(label(publish(other)), "ledger_split");
    assert_eq!(label(publish(checkpoint(5))), "ledger_split");
    publish(checkpoint(6)).unwrap();
    assert_eq!(look(db.store(), |view| view.checkpoints(0, 9)), [5, 6].map(checkpoint));
}

pub(crate) fn a_witness_cosigns_a_checkpoint_that_is_there_once(db: &Db) {
    let write = |rows: &[_]| db.store().transact("test", &mut |tx| tx.write_cosignatures(rows));
    for size in [5, 6, 9] {
        db.store().transact("test", &mut |tx| tx.write_checkpoint(&checkpoint(size))).unwrap();
    }
    write(&[]).unwrap();
    let rows = [cosignature(5, "v"), cosignature(5, "w"), cosignature(9, "w")];
    write(&[rows[2].clone(), rows[1].clone()]).unwrap();
    write(&rows[..1]).unwrap();
    let again = CosignatureRow { line: "later".into(), ..rows[0].clone() };
    for refused in [again, rows[1].clone(), cosignature(7, "w")] {
        let beside = cosignature(6, "v");
        assert_eq!(label(write(&[beside, refused])), "store_constraint");
    }
    look(db.store(), |view| {
        assert_eq!(view.cosignatures(0, 9)?, rows);
        assert_eq!(view.cosignatures(5, 5)?, rows[..2]);
        assert_eq!(view.cosignatures(6, 9)?, rows[2..]);
        assert_eq!(view.cosignatures(6, 8)?, []);
        Ok(())
    });
}

pub(crate) fn pages_of_lists_answers_and_senders(db: &Db) {
    let answers = [("a", "1"), ("a", "2"), ("b", "1")].map(|(actor, key)| answer(actor, key));
    let lists = [(0, 1), (0, 2), (1, 1)].map(|(of, number)| list(of, number));
    let messages = [(0, 1), (0, 2), (2, 1)].map(|(of, at)| message(of, at));
    let (answers, lists, messages) = (answers.into(), lists.into(), messages.into());
    let all = Changes { answers, lists, messages, ..Changes::default() };
    commit(db.store(), &all).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.answers_page(("", ""), 2)?, all.answers[..2]);
        assert_eq!(view.answers_page(("a", "2"), 2)?, all.answers[2..]);
        assert_eq!(view.lists_page(None, 2)?, all.lists[..2]);
        assert_eq!(view.lists_page(Some((ward(0), 1)), 9)?, all.lists[1..]);
        assert_eq!(view.next_sender(None)?, Some(ward(0)));
        assert_eq!(view.next_sender(Some(ward(0)))?, Some(ward(2)));
        assert_eq!(view.next_sender(Some(ward(2)))?, None);
        Ok(())
    });
    let answers_forgotten = vec![("a".into(), "2".into()), ("c".into(), "1".into())];
    commit(db.store(), &Changes { answers_forgotten, ..Changes::default() }).unwrap();
    let left = [&all.answers[0], &all.answers[2]].map(Clone::clone);
    assert_eq!(look(db.store(), |view| view.answers_page(("", ""), 9)), left);
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

pub(crate) fn a_refused_transaction_leaves_nothing(db: &Db) {
    let refusal = || Problem::new(&labels::RESIDENT_ABSENT, "not here");
    let refused = db.store().transact("test", &mut |tx| {
        tx.write(&Changes { lists: vec![list(0, 1)], ..resident(1, 0) })?;
        tx.write_checkpoint(&checkpoint(1))?;
        tx.set_setting("kek_epoch", "1")?;
        Err(refusal())
    });
    assert_eq!(refused, Err(refusal()));
    let mut bad = resident(1, 0);
    bad.answers = vec![answer("a", "1"), answer("a", "1")];
    assert_eq!(label(commit(db.store(), &bad)), "store_constraint");
    an_empty_store_has_an_answer_to_everything(db);
    commit(db.store(), &resident(1, 0)).unwrap();
}

pub(crate) fn a_failed_statement_is_never_committed(db: &Db) {
    let ignored = db.store().transact("test", &mut |tx| {
        tx.set_setting("kek_epoch", "1")?;
        drop(tx.write(&Changes { acts: acts(5..6), ..Changes::default() }));
        Ok(())
    });
    assert_eq!(label(ignored), "store_constraint");
    let ignored = db.store().transact("test", &mut |tx| {
        tx.write_checkpoint(&checkpoint(1))?;
        drop(tx.write_checkpoint(&checkpoint(1)));
        Ok(())
    });
    assert_eq!(label(ignored), "store_constraint");
    an_empty_store_has_an_answer_to_everything(db);
}

pub(crate) fn a_panic_leaves_the_store_as_it_was(db: &Db) {
    let writing = catch_unwind(AssertUnwindSafe(|| {
        db.store().transact("test", &mut |tx| {
            tx.write(&resident(1, 0))?;
            panic!("in the middle of a transaction");
        })
    }));
    let looking = catch_unwind(AssertUnwindSafe(|| {
        db.store().snapshot("test", &mut |_| panic!("in the middle of a snapshot"))
    }));
    assert!(writing.is_err() && looking.is_err());
    an_empty_store_has_an_answer_to_everything(db);
    commit(db.store(), &resident(1, 0)).unwrap();
}

pub(crate) fn a_transaction_sees_its_own_rows_and_nobody_else_does(db: &Db) {
    let other = db.another();
    let count = |store: &dyn Store| look(store, |view| view.act_count());
    db.store()
        .transact("test", &mut |tx| {
            tx.write(&resident(1, 0))?;
            tx.set_setting("kek_epoch", "1")?;
            assert_eq!(tx.act_count()?, 1);
            assert_eq!(tx.persons(&[PersonId(1)])?, [Some(person(1))]);
            assert_eq!(tx.setting("kek_epoch")?.as_deref(), Some("1"));
            assert_eq!(count(db.store()), 0);
            assert_eq!(count(&*other), 0);
            Ok(())
        })
        .unwrap();
    assert_eq!(count(db.store()), 1);
    assert_eq!(count(&*other), 1);
}

pub(crate) fn a_snapshot_does_not_see_a_later_commit(db: &Db) {
    commit(db.store(), &resident(1, 0)).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.act_count()?, 1);
        commit(db.store(), &resident(2, 1))?;
        commit(db.store(), &Changes { persons: vec![moved_away()], ..Changes::default() })?;
        assert_eq!(view.act_count()?, 1);
        assert_eq!(view.persons_page(PersonId(0), 9)?, [person(1)]);
        assert_eq!(look(db.store(), |newer| newer.act_count()), 2);
        Ok(())
    });
    assert_eq!(
        look(db.store(), |view| view.persons_page(PersonId(0), 9)),
        [moved_away(), person(2)]
    );
}

fn moved_away() -> PersonRow {
    PersonRow { municipality: ward(3), ..person(1) }
}

pub(crate) fn two_writers_take_turns(db: &Db) {
    take_turns(db, db.store(), db.store());
}

pub(crate) fn two_openings_take_turns(db: &Db) {
    take_turns(db, db.store(), &*db.another());
}

/// Two threads give out the next act and add to one number: nothing gets lost between them.
fn take_turns(db: &Db, one: &dyn Store, two: &dyn Store) {
    let add = |tx: &mut dyn ports::Tx| {
        let next = tx.act_count()?;
        let sum = tx.setting("sum")?.map_or(0, |sum| sum.parse::<u64>().unwrap());
        std::thread::yield_now();
        tx.write(&Changes { acts: acts(next..next + 3), ..Changes::default() })?;
        tx.set_setting("sum", &(sum + 1).to_string())
    };
    std::thread::scope(|scope| {
        for store in [one, two] {
            let work = || (0..40).for_each(|_| store.transact("test", &mut { add }).unwrap());
            scope.spawn(work);
        }
    });
    look(db.store(), |view| {
        assert_eq!(view.setting("sum")?.as_deref(), Some("80"));
        assert_eq!(view.acts(ActId(0), 999)?, acts(0..240));
        Ok(())
    });
}

pub(crate) fn many_readers_at_once(db: &Db) {
    commit(db.store(), &resident(1, 0)).unwrap();
    let (inside, entered) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            let inside = inside.clone();
            scope.spawn(move || {
                look(db.store(), |view| {
                    inside.send(view.act_count()?).unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    Ok(())
                });
            });
        }
        drop(inside);
        assert_eq!(entered.iter().collect::<Vec<_>>(), [1; 30]);
    });
}

pub(crate) fn a_row_needs_its_person(db: &Db) {
    let codes = Changes { codes: vec![code(7, 0, 1)], ..Changes::default() };
    assert_eq!(label(commit(db.store(), &codes)), "store_constraint");
    let numbers = Changes { numbers: vec![number(7, 0, 1)], ..Changes::default() };
    assert_eq!(label(commit(db.store(), &numbers)), "store_constraint");
    commit(db.store(), &resident(7, 0)).unwrap();
    let delete = "DELETE FROM person WHERE id = 7";
    let delete =
        if db.is_sqlite() { format!("PRAGMA foreign_keys = ON; {delete}") } else { delete.into() };
    assert!(db.raw(&delete).unwrap_err().to_lowercase().contains("foreign key"));
}

pub(crate) fn each_check_of_the_schema_holds(db: &Db) {
    commit(db.store(), &resident(1, 0)).unwrap();
    let none = Changes::default;
    let mut bad: Vec<Changes> = Vec::new();
    for change in [
        (|row| row.id = PersonId(0)) as fn(&mut PersonRow),
        |row| row.id = PersonId(-1),
        |row| row.status = 6,
        |row| row.status = -1,
        |row| row.number_generation = Some(8),
        |row| row.number_generation = Some(-1),
        |row| row.identity = None,
        |row| row.status = status::DISPOSED,
    ] {
        let mut row = person(2);
        change(&mut row);
        bad.push(Changes { persons: vec![row], ..none() });
    }
    for change in [
        (|row| row.generation = 8) as fn(&mut NumberRow),
        |row| row.generation = -1,
        |row| row.state = 3,
        |row| row.state = -1,
        |row| row.state = number_state::REPLACED,
        |row| row.ended_act = Some(ActId(1)),
    ] {
        let mut row = number(1, 1, 5);
        change(&mut row);
        bad.push(Changes { numbers: vec![row], ..none() });
    }
    let message = |act, content| FeedMessageRow { act, content, ..message(0, 9) };
    let mut key = data_key(1);
    key.epoch = 0;
    let mut too_many = stock(1, 0, 0);
    too_many.used = 101;
    let mut no_codes = stock(1, 0, 0);
    no_codes.count = 0;
    let mut waits = cursor(0, 1);
    waits.waiting = u64::MAX;
    bad.extend([
        Changes { data_keys: vec![key], ..none() },
        Changes { codes: vec![code(1, -1, 5)], ..none() },
        Changes { messages: vec![message(None, None)], ..none() },
        Changes { messages: vec![message(Some(ActId(1)), Some(vec![1]))], ..none() },
        Changes { messages: vec![refused(0, 0)], ..none() },
        Changes { cursors: vec![cursor(0, 0)], ..none() },
        Changes { cursors: vec![waits], ..none() },
        Changes { stocks: vec![too_many], ..none() },
        Changes { stocks: vec![no_codes], ..none() },
        Changes { stocks: vec![stock(1, 0, 0), stock(2, 0, 0)], ..none() },
        Changes { stocks: vec![stock(1, 0, u64::MAX)], ..none() },
        Changes { lists: vec![list(0, 0)], ..none() },
        Changes { deliveries: vec![delivery(0, 0)], ..none() },
        Changes { acts: vec![act(u64::MAX)], ..none() },
    ]);
    for changes in bad {
        assert_eq!(label(commit(db.store(), &changes)), "store_constraint", "{changes:?}");
    }
}

pub(crate) fn a_disposed_person_has_no_content(db: &Db) {
    commit(db.store(), &resident(1, 0)).unwrap();
    let disposed = PersonRow {
        status: status::DISPOSED,
        identity: None,
        contact: None,
        name_birth_index: None,
        set_digest: None,
        ..person(1)
    };
    for content in [
        PersonRow { identity: Some(vec![1]), ..disposed.clone() },
        PersonRow { contact: Some(vec![1]), ..disposed.clone() },
        PersonRow { name_birth_index: Some(index(1)), ..disposed.clone() },
    ] {
        let changes = Changes { persons: vec![content], ..Changes::default() };
        assert_eq!(label(commit(db.store(), &changes)), "store_constraint");
    }
    let dispose = Changes {
        persons: vec![disposed.clone()],
        data_keys_destroyed: vec![PersonId(1)],
        ..Changes::default()
    };
    commit(db.store(), &dispose).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.persons(&[PersonId(1)])?, [Some(disposed.clone())]);
        assert_eq!(view.data_keys(&[PersonId(1)])?, [None]);
        assert_eq!(view.persons_named(&index(1))?, []);
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

/// What is done past the store to the tables of holders is named, and mended it is whole again.
pub(crate) fn holders_are_held_against_their_rows(db: &Db) {
    commit(db.store(), &together([resident(1, 0), resident(2, 1)])).unwrap();
    let harm = [
        ("INSERT INTO code_holder VALUES ($, 9, 0)", "holders without their code: 1"),
        ("INSERT INTO number_holder VALUES ($, 9, 0)", "holders without their number: 1"),
        ("INSERT INTO name_holder VALUES ($, 9)", "holders without their name: 1"),
    ];
    let stranger = if db.is_sqlite() { "x'0f'" } else { "'\\x0f'" };
    for (sql, _) in &harm {
        db.raw(&sql.replace('$', stranger)).unwrap();
    }
    let found = db.store().check_integrity().unwrap();
    assert_eq!(found, harm.map(|(_, fault)| fault));
    db.raw("DELETE FROM name_holder").unwrap();
    let found = db.store().check_integrity().unwrap();
    assert!(found.contains(&"names without their holder: 2".to_owned()), "{found:?}");
}

//! Pages: what is asked for a part at a time comes in order, and nothing twice or not at all.

use crate::harness::{Db, commit, look};
use crate::rows::{
    acts, answer, checkpoint, data_key, index, list, message, outbox, person, refused, set_entry,
    sixteen, waiting, ward,
};
use base::{ActId, PersonId};
use ports::rows::{ActRow, Changes, status};

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

/// Acts in a run of the index by subject.
const RUN: u64 = 4_096;

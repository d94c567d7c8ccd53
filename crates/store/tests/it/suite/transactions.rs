//! Transactions: all or nothing, one writer after the other, and readers who see one moment.

use super::an_empty_store_has_an_answer_to_everything;
use crate::harness::{Db, commit, label, look};
use crate::rows::{acts, answer, checkpoint, list, person, resident, ward};
use base::{ActId, PersonId, Problem, labels};
use ports::Store;
use ports::rows::{Changes, PersonRow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

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

//! Refusals: what is final, what is given once, and what the schema does not let in, whoever asks.

use crate::harness::{Db, commit, label, look};
use crate::rows::{
    act, acts, answer, checkpoint, code, cosignature, cursor, data_key, delivery, index, list,
    message, number, outbox, person, refused, resident, stock, together,
};
use base::{ActId, PersonId};
use ports::rows::{
    Changes, CheckpointRow, CosignatureRow, FeedMessageRow, NumberRow, PersonRow, number_state,
    status,
};

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

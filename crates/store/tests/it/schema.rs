//! Migrations, and that the databases, the program and the list of column classes agree.

use crate::certificate_rows::issued;
use crate::harness::{Db, NOW, commit, label, look, sqlite_options};
use crate::rows::resident;
use base::{ActId, PersonId, Problem};
use ports::rows::Changes;
use seal::columns::{Found, compare};
use sekisho_store::{PostgresStore, SCHEMA_VERSION, SqliteStore, columns_in_use};
use std::collections::BTreeSet;

type Columns = Vec<(String, String)>;

fn reopen(db: &Db) -> Result<Columns, Problem> {
    if db.is_sqlite() {
        SqliteStore::open(&db.path(), sqlite_options(), NOW)?.columns()
    } else {
        PostgresStore::open(&db.url(), NOW)?.columns()
    }
}

fn both(test: impl Fn(&Db)) {
    test(&Db::sqlite());
    test(&Db::postgresql());
}

#[test]
fn migrations_run_once_however_often_they_are_asked_to() {
    both(|db| {
        commit(db.store(), &resident(1, 0)).unwrap();
        let columns = reopen(db).unwrap();
        assert_eq!(reopen(db).unwrap(), columns);
        assert_eq!(look(&*db.another(), |view| view.act_count()), 1);
    });
}

#[test]
fn a_store_of_the_foundation_is_migrated_and_keeps_its_rows() {
    both(|db| {
        let columns = reopen(db).unwrap();
        commit(db.store(), &resident(1, 0)).unwrap();
        // A store as the program of the first migration left it.
        let tables: BTreeSet<_> =
            columns.iter().filter_map(|(name, _)| name.split('.').next()).collect();
        let newer = tables.difference(&BTreeSet::from(FOUNDATION)).copied().collect::<Vec<_>>();
        assert_eq!(newer.len(), 12, "{newer:?}");
        let cascade = if db.is_sqlite() { "" } else { " CASCADE" };
        newer.iter().for_each(|table| db.raw(&format!("DROP TABLE {table}{cascade}")).unwrap());
        db.raw("DELETE FROM migration WHERE number > 1").unwrap();
        assert_eq!(reopen(db).unwrap(), columns);
        let store = db.another();
        assert_eq!(store.check_integrity().unwrap(), [""; 0]);
        look(&*store, |view| {
            let rows = resident(1, 0);
            assert_eq!(view.persons_page(PersonId(0), 9)?, rows.persons);
            assert_eq!(view.codes_of(PersonId(1))?, rows.codes);
            assert_eq!(view.acts(ActId(0), 9)?, rows.acts);
            Ok(())
        });
        let issue = Changes { persons: vec![], ..issued(1) };
        commit(&*store, &issue).unwrap();
        assert_eq!(look(&*store, |view| view.certificates_page(1, 0, 9)), issue.certificates);
    });
}

#[test]
fn two_programs_that_start_at_once_migrate_once() {
    let db = Db::postgresql();
    db.raw("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| reopen(&db).map(drop))).collect();
        for start in starts {
            start.join().unwrap().unwrap();
        }
    });
    commit(&*db.another(), &resident(1, 0)).unwrap();
}

#[test]
fn a_migration_that_was_changed_is_refused() {
    both(|db| {
        db.raw("UPDATE migration SET digest = '0123456789abcdef'").unwrap();
        assert_eq!(label(reopen(db)), "store_schema");
    });
}

#[test]
fn a_store_of_a_newer_program_is_refused() {
    both(|db| {
        let newer = SCHEMA_VERSION + 1;
        db.raw(&format!("INSERT INTO migration VALUES ({newer}, 'x', 0)")).unwrap();
        assert_eq!(label(reopen(db)), "store_schema");
        db.raw(&format!("DELETE FROM migration WHERE number = {newer}")).unwrap();
        reopen(db).unwrap();
    });
}

#[test]
fn a_migration_that_breaks_off_leaves_nothing() {
    let db = Db::sqlite();
    let other = db.path().with_file_name("half.sqlite");
    let half = rusqlite::Connection::open(&other).unwrap();
    half.execute_batch("CREATE TABLE answer (x)").unwrap();
    assert_eq!(label(SqliteStore::open(&other, sqlite_options(), NOW).map(|_| ())), "store_broken");
    let tables = "SELECT count(*) FROM sqlite_schema";
    assert_eq!(half.query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn the_databases_and_the_program_know_the_same_columns_in_the_same_order() {
    both(|db| {
        let (names, kinds): (Vec<_>, Vec<_>) = reopen(db).unwrap().into_iter().unzip();
        let mut known = columns_in_use();
        known.sort_by_key(|(name, _)| name.split('.').next().unwrap().to_owned());
        assert_eq!(names, known.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
        let words =
            if db.is_sqlite() { ["INTEGER", "BLOB", "TEXT"] } else { ["bigint", "bytea", "text"] };
        for ((name, neutral), kind) in known.iter().zip(kinds) {
            let at = ["int", "blob", "text"].iter().position(|word| word == neutral).unwrap();
            assert_eq!(kind, words[at], "{name}");
        }
    });
}

#[test]
fn every_column_has_a_class_and_every_class_a_column() {
    both(|db| {
        let columns = reopen(db).unwrap();
        let found: Vec<_> = columns
            .iter()
            .map(|(name, kind)| {
                let (table, column) = name.split_once('.').unwrap();
                Found { table, column, bytes: matches!(kind.as_str(), "BLOB" | "bytea") }
            })
            .collect();
        assert_eq!(compare(&found), []);
    });
}

/// The tables of the first migration, and the migrations' own.
const FOUNDATION: [&str; 21] = [
    "setting",
    "person",
    "data_key",
    "record_code",
    "individual_number",
    "code_holder",
    "number_holder",
    "name_holder",
    "feed_message",
    "feed_cursor",
    "stock",
    "act",
    "subject_run",
    "subject_act",
    "outbox",
    "number_list",
    "delivery",
    "answer",
    "checkpoint",
    "cosignature",
    "migration",
];

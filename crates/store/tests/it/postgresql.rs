//! The suite on PostgreSQL, and what only PostgreSQL has.

use crate::harness::{Db, NOW, commit, label, look};
use crate::rows::resident;
use sekisho_store::PostgresStore;
use std::sync::Barrier;

run_suite!(Db::postgresql);

fn open(url: &str) -> Result<PostgresStore, base::Problem> {
    PostgresStore::open(url, NOW)
}

#[test]
fn a_url_must_be_well_formed_and_stay_on_the_machine() {
    for url in [
        "postgresql://sekisho@db.example.org/sekisho",
        "host=192.0.2.1 dbname=sekisho",
        "host=localhost hostaddr=192.0.2.1",
        "host=/run/postgresql,192.0.2.1",
        "host=localhost port=none",
        "https://localhost/",
    ] {
        let refused = open(url).map(|_| ()).unwrap_err();
        assert_eq!(refused.label(), "config_malformed", "{url}");
        assert!(!refused.detail_text().contains("192.0.2.1"));
    }
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    assert_eq!(label(open("host=/nowhere user=sekisho").map(|_| ())), "store_unreachable");
    assert_eq!(label(open("host=127.0.0.1 port=1 user=x").map(|_| ())), "store_unreachable");
}

#[test]
fn a_database_that_is_not_there_is_an_operators_matter() {
    let db = Db::postgresql();
    let url = db.url().replace("dbname=", "dbname=no_such_");
    assert_eq!(label(open(&url).map(|_| ())), "store_broken");
}

#[test]
fn a_writer_that_waits_too_long_is_told_so() {
    let db = Db::postgresql();
    let hasty = open(&format!("{} options='-c lock_timeout=50ms'", db.url())).unwrap();
    let (entered, done) = (Barrier::new(2), Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let hold = db.store().transact("test", &mut |_| {
                entered.wait();
                done.wait();
                Ok(())
            });
            hold.unwrap();
        });
        entered.wait();
        assert_eq!(label(commit(&hasty, &resident(1, 0))), "store_busy");
        assert_eq!(look(&hasty, |view| view.act_count()), 0);
        done.wait();
    });
    commit(&hasty, &resident(1, 0)).unwrap();
}

#[test]
fn a_store_of_many_readers_holds_few_connections() {
    let db = Db::postgresql();
    let all_in = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            // Eight wait for each other inside: so many there are at once, and no more.
            scope.spawn(|| {
                look(db.store(), |view| {
                    all_in.wait();
                    view.act_count()
                })
            });
        }
    });
    let sql = "DO $$ BEGIN IF (SELECT count(*) FROM pg_stat_activity \
               WHERE datname = current_database()) > 10 THEN \
               RAISE 'too many connections'; END IF; END $$";
    db.raw(sql).unwrap();
}

#[test]
fn a_server_whose_default_is_a_snapshot_per_transaction_changes_nothing() {
    let db = Db::postgresql();
    let strict = "options='-c default_transaction_isolation=serializable'";
    let strict = open(&format!("{} {strict}", db.url())).unwrap();
    std::thread::scope(|scope| {
        for store in [db.store(), &strict] {
            scope.spawn(move || {
                for _ in 0..30 {
                    let next = store.transact("test", &mut |tx| {
                        let next = tx.act_count()?;
                        tx.write(&resident(next.cast_signed() + 1, next))
                    });
                    next.unwrap();
                }
            });
        }
    });
    assert_eq!(look(&strict, |view| view.act_count()), 60);
}

#[test]
fn the_check_finds_what_was_done_past_the_store() {
    let db = Db::postgresql();
    db.raw(
        "ALTER TABLE act DISABLE TRIGGER act_is_final; DROP TRIGGER number_stays ON \
         individual_number; ALTER TABLE person ADD CHECK (status > 9) NOT VALID",
    )
    .unwrap();
    let found = db.store().check_integrity().unwrap();
    assert_eq!(
        found,
        [
            "not valid: person_status_check1",
            "does not fire: act_is_final",
            "does not fire: number_stays",
        ]
    );
}

#[test]
fn holders_are_held_against_their_rows() {
    crate::suite::holders_are_held_against_their_rows(&Db::postgresql());
}

#[test]
fn what_the_authority_did_is_final() {
    crate::certificates::the_database_itself_keeps_what_the_authority_did(&Db::postgresql());
}

#[test]
fn what_hangs_on_intentions_is_held_against_them() {
    crate::certificates::what_hangs_on_intentions_is_held_against_them(&Db::postgresql());
}

#[test]
fn an_intention_for_nobody_is_found() {
    crate::certificates::an_intention_for_nobody_is_found(&Db::postgresql());
}

//! The suite on SQLite, and what only SQLite has.

use crate::harness::{Db, NOW, commit, label, look, sqlite_options};
use crate::rows::resident;
use sekisho_store::{SqliteOptions, SqliteStore};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

run_suite!(Db::sqlite);

#[test]
fn a_store_is_made_once_and_opened_only_where_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let open = |path: &Path, create| {
        SqliteStore::open(path, SqliteOptions { create, ..sqlite_options() }, NOW).map(|_| ())
    };
    assert_eq!(label(open(&path, false)), "not_initialised");
    assert!(!path.exists());
    open(&path, true).unwrap();
    assert_eq!(label(open(&path, true)), "already_initialised");
    open(&path, false).unwrap();
    assert_eq!(label(open(&folder.path().join("no/such/folder"), true)), "data_directory");
    assert_eq!(label(open(folder.path(), false)), "data_directory");
}

#[test]
fn the_file_is_its_owners_alone() {
    let db = Db::sqlite();
    commit(db.store(), &resident(1, 0)).unwrap();
    for entry in std::fs::read_dir(db.path().parent().unwrap()).unwrap() {
        let mode = entry.as_ref().unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn a_writer_that_waits_too_long_is_told_so() {
    let db = Db::sqlite();
    let hasty = SqliteOptions { busy_timeout: Duration::from_millis(50), ..sqlite_options() };
    let hasty = SqliteStore::open(&db.path(), hasty, NOW).unwrap();
    let (inside, entered) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let store = db.store();
        scope.spawn(move || {
            let hold = store.transact("test", &mut |_| {
                inside.send(()).unwrap();
                released.recv().unwrap();
                Ok(())
            });
            hold.unwrap();
        });
        entered.recv().unwrap();
        assert_eq!(label(commit(&hasty, &resident(1, 0))), "store_busy");
        assert_eq!(look(&hasty, |view| view.act_count()), 0);
        release.send(()).unwrap();
    });
    commit(&hasty, &resident(1, 0)).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    std::fs::write(&path, [0x5a; 8192]).unwrap();
    assert_eq!(label(SqliteStore::open(&path, sqlite_options(), NOW).map(|_| ())), "store_broken");
}

#[test]
fn the_check_finds_what_was_done_past_the_store() {
    let db = Db::sqlite();
    commit(db.store(), &resident(1, 0)).unwrap();
    db.raw("PRAGMA foreign_keys = OFF; DELETE FROM person; DROP TRIGGER act_stays").unwrap();
    let found = db.store().check_integrity().unwrap();
    assert_eq!(
        found,
        [
            "a row without its parent: individual_number",
            "a row without its parent: record_code",
            "does not fire: act_stays",
            "holders without their name: 1",
        ]
    );
}

#[test]
fn holders_are_held_against_their_rows() {
    crate::suite::holders_are_held_against_their_rows(&Db::sqlite());
}

#[test]
fn what_the_authority_did_is_final() {
    crate::certificates::the_database_itself_keeps_what_the_authority_did(&Db::sqlite());
}

#[test]
fn what_hangs_on_intentions_is_held_against_them() {
    crate::certificates::what_hangs_on_intentions_is_held_against_them(&Db::sqlite());
}

#[test]
fn an_intention_for_nobody_is_found() {
    crate::certificates::an_intention_for_nobody_is_found(&Db::sqlite());
}

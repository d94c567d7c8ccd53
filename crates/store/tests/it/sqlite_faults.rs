//! What befalls the embedded store: a full disk, a killed process, a folder that cannot be written,
//! a damaged file.

use crate::harness::{Db, NOW, commit, label, look, sqlite_options};
use crate::rows::{resident, together};
use base::PersonId;
use ports::Store;
use sekisho_store::{SqliteOptions, SqliteStore};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::tempdir;

/// Commits batches until one is refused for want of room; how many acts were committed.
fn fill(store: &dyn Store) -> u64 {
    let mut acts = look(store, |view| view.act_count());
    loop {
        let fresh = (acts..acts + 50).map(|act| resident(act.cast_signed() + 1, act));
        match commit(store, &together(fresh)) {
            Ok(()) => acts += 50,
            Err(problem) => {
                assert_eq!(problem.label(), "store_full", "{problem}");
                return acts;
            }
        }
    }
}

fn assert_whole(store: &dyn Store, acts: u64) {
    look(store, |view| {
        assert_eq!(view.act_count()?, acts);
        let persons = view.persons_page(PersonId(0), usize::MAX)?;
        let ids: Vec<_> = persons.iter().map(|row| row.id).collect();
        assert!(ids.iter().map(|id| id.0).eq(1..=acts.cast_signed()));
        assert!(view.data_keys(&ids)?.iter().all(Option::is_some));
        let indexes: Vec<_> =
            ids.iter().map(|id| crate::rows::index(id.0.cast_unsigned())).collect();
        assert!(view.codes(&indexes)?.iter().all(Option::is_some));
        assert!(view.numbers(&indexes)?.iter().all(Option::is_some));
        assert_eq!(view.outbox(1, None, usize::MAX)?.len() as u64, acts);
        Ok(())
    });
    assert_eq!(store.check_integrity().unwrap(), [""; 0]);
}

#[test]
fn a_file_that_cannot_grow_is_full_and_goes_on_when_there_is_room() {
    let folder = tempdir().unwrap();
    let options = SqliteOptions { create: true, ..sqlite_options() };
    let store = SqliteStore::open(&folder.path().join("store.sqlite"), options, NOW).unwrap();
    let mut committed = 0;
    for pages in [150, 300] {
        store.limit_pages(pages).unwrap();
        let now = fill(&store);
        assert!(now > committed);
        committed = now;
        assert_whole(&store, committed);
    }
    store.limit_pages(u32::MAX - 2).unwrap();
    commit(&store, &resident(committed.cast_signed() + 1, committed)).unwrap();
    assert_whole(&store, committed + 1);
}

/// A small disk of one's own, in a mount namespace. Where the machine allows none (a container
/// without the right), the test above stands alone.
#[test]
fn a_full_disk_is_said_and_survived() {
    let folder = tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=3m tmpfs "$1" && shift && exec "$@""#;
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount").args((!is_root()).then_some("--map-root-user"));
    if !matches!(unshare.arg("true").status(), Ok(status) if status.success()) {
        skipped("no mount namespaces here: the small disk was not tried");
        return;
    }
    let child = Command::new("unshare")
        .arg("--mount")
        .args((!is_root()).then_some("--map-root-user"))
        .args(["sh", "-c", script, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite_faults::child_on_a_small_disk", "--nocapture"])
        .env(CHILD_PATH, folder.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("went on after the full disk"));
}

/// Says what was not tried; a failure where everything must be.
fn skipped(why: &str) {
    let whole = std::env::var_os("SEKISHO_SKIP").is_some_and(|may| may == "never");
    assert!(!whole, "{why}, and SEKISHO_SKIP says never");
    eprintln!("skipped: {why}");
}

/// Started by the test above.
#[test]
fn child_on_a_small_disk() {
    let Some(folder) = child_path("child_on_a_small_disk") else { return };
    fs::write(folder.join("ballast"), vec![1; 1 << 20]).unwrap();
    let path = folder.join("store.sqlite");
    let options = SqliteOptions { create: true, ..sqlite_options() };
    let store = SqliteStore::open(&path, options, NOW).unwrap();
    let committed = fill(&store);
    assert!(committed > 0);
    assert_eq!(look(&store, |view| view.act_count()), committed);
    fs::remove_file(folder.join("ballast")).unwrap();
    let more = fill(&store);
    assert!(more > committed);
    drop(store);
    assert_whole(&SqliteStore::open(&path, sqlite_options(), NOW).unwrap(), more);
    println!("went on after the full disk");
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let options = SqliteOptions { create: true, ..sqlite_options() };
    drop(SqliteStore::open(&path, options, NOW).unwrap());
    let mut delay = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..15 {
        delay =
            delay.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let acknowledged = kill_writer(&path, Duration::from_micros(delay >> 47));
        let store = SqliteStore::open(&path, sqlite_options(), NOW).unwrap();
        let batches = look(&store, |view| view.setting("batches"));
        let batches = batches.map_or(0, |batches| batches.parse::<u64>().unwrap());
        let least = acknowledged.unwrap_or(0);
        assert!(
            batches == least || batches == least + 1 || acknowledged.is_none(),
            "round {round}"
        );
        assert_whole(&store, (0..batches).map(batch_size).sum());
    }
    let store = SqliteStore::open(&path, sqlite_options(), NOW).unwrap();
    assert!(look(&store, |view| view.act_count()) > 0, "no round got as far as a commit");
}

/// Runs a writer, kills it `after` its first commit, and says which batch it acknowledged last.
fn kill_writer(path: &Path, after: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite_faults::child_that_writes", "--nocapture"])
        .env(CHILD_PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let committed = |line: String| line.split_once("committed ")?.1.parse::<u64>().ok();
    let first = lines.by_ref().map_while(Result::ok).find_map(committed);
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let rest = lines.map_while(Result::ok).filter_map(committed);
    rest.last().or(first)
}

/// Started by the test above, and killed.
#[test]
fn child_that_writes() {
    let Some(path) = child_path("child_that_writes") else { return };
    let store = SqliteStore::open(&path, sqlite_options(), NOW).unwrap();
    loop {
        let mut batch = 0;
        let done = store.transact("test", &mut |tx| {
            batch = tx.setting("batches")?.map_or(0, |batches| batches.parse().unwrap());
            let first = tx.act_count()?;
            let fresh = first..first + batch_size(batch);
            tx.write(&together(fresh.map(|act| resident(act.cast_signed() + 1, act))))?;
            tx.set_setting("batches", &(batch + 1).to_string())
        });
        done.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {}", batch + 1).unwrap();
        out.flush().unwrap();
    }
}

fn batch_size(batch: u64) -> u64 {
    1 + batch % 40
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempdir().unwrap();
    let store = folder.path().join("store.sqlite");
    let options = SqliteOptions { create: true, ..sqlite_options() };
    let made = SqliteStore::open(&store, options, NOW).unwrap();
    commit(&made, &resident(1, 0)).unwrap();
    drop(made);
    // Root may write anywhere, so somebody else looks, with a program that they can reach.
    let program = folder.path().join("tests");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let mut child = if is_root() { Command::new("setpriv") } else { Command::new("env") };
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    child.args(nobody.iter().filter(|_| is_root())).arg(&program);
    child.args(["--exact", "sqlite_faults::child_in_a_folder_to_read", "--nocapture"]);
    let child = child.env(CHILD_PATH, folder.path()).output().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("both were refused"));
}

/// Started by the test above.
#[test]
fn child_in_a_folder_to_read() {
    let Some(folder) = child_path("child_in_a_folder_to_read") else { return };
    let open = |name: &str, create| {
        let options = SqliteOptions { create, ..sqlite_options() };
        SqliteStore::open(&folder.join(name), options, NOW).map(|_| ())
    };
    assert_eq!(label(open("other.sqlite", true)), "data_directory");
    assert_eq!(label(open("store.sqlite", false)), "data_directory");
    println!("both were refused");
}

#[test]
fn a_damaged_file_is_found_out() {
    let db = Db::sqlite();
    commit(db.store(), &together((1..=500).map(|id| resident(id, id.cast_unsigned() - 1))))
        .unwrap();
    let (page, entry) = (4096, b"act 250");
    // The store copies its log too: while it does, nobody else can.
    let copied = || {
        db.raw("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let bytes = fs::read(db.path()).unwrap();
        let at = bytes.windows(entry.len()).position(|window| window == entry);
        at.map(|at| (bytes, at)).or_else(|| {
            std::thread::sleep(Duration::from_millis(20));
            None
        })
    };
    let (mut bytes, at) = (0..500).find_map(|_| copied()).unwrap();
    bytes[at / page * page..][..40].fill(0x5a);
    fs::write(db.path(), bytes).unwrap();
    let again = SqliteStore::open(&db.path(), sqlite_options(), NOW).unwrap();
    assert_ne!(again.check_integrity().unwrap(), [""; 0]);
    let read = again.snapshot("test", &mut |view| view.acts(base::ActId(0), 999).map(|_| ()));
    assert_eq!(label(read), "store_broken");
}

/// The path handed to this child, if this process is one.
fn child_path(child: &str) -> Option<PathBuf> {
    let asked = std::env::args().any(|arg| arg.ends_with(child));
    std::env::var_os(CHILD_PATH).filter(|_| asked).map(PathBuf::from)
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

const CHILD_PATH: &str = "SEKISHO_TEST_STORE_AT";

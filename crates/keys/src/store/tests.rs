//! The soft key store against its suite, and its file against everything that can befall a file.

use super::*;
use crate::testing::suite;
use proptest::{collection::vec, prelude::*};
use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    thread,
};
use tempfile::TempDir;

/// A directory with a store in it that holds one key of each kind.
struct Home {
    dir: TempDir,
    path: PathBuf,
}

impl Home {
    fn new() -> (Self, SoftKeyStore) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys").join("store");
        let store = SoftKeyStore::create(&path, &pass("a"), QUICK, &mut OsEntropy::new()).unwrap();
        for kind in KeyKind::ALL {
            make(&store, kind.word(), kind);
        }
        (Self { dir, path }, store)
    }

    fn open(&self) -> Result<SoftKeyStore, Problem> {
        SoftKeyStore::open(&self.path, &pass("a"))
    }

    fn sibling(&self, ending: &str) -> PathBuf {
        self.path.with_file_name(format!("store{ending}"))
    }

    fn mode(&self, mode: u32) {
        fs::set_permissions(&self.path, Permissions::from_mode(mode)).unwrap();
    }
}

fn pass(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes().to_vec()).unwrap()
}

fn label(text: &str) -> KeyLabel {
    text.parse().unwrap()
}

fn make(store: &SoftKeyStore, name: &str, kind: KeyKind) -> KeyInfo {
    store.generate(&label(name), kind, Moment::from_us(5), &mut OsEntropy::new()).unwrap()
}

fn refused<T>(result: Result<T, Problem>) -> &'static str {
    result.err().map_or("nothing", |problem| problem.label())
}

const QUICK: KdfParams = KdfParams { memory_kib: 8, passes: 1, lanes: 1 };

#[test]
fn both_stores_pass_the_suite() {
    suite(&SoftKeyStore::in_memory()).unwrap();
    let (_home, store) = Home::new();
    suite(&store).unwrap();
}

#[test]
fn an_opened_store_holds_the_same_keys() {
    let (home, store) = Home::new();
    let again = home.open().unwrap();
    assert_eq!(again.list().unwrap(), store.list().unwrap());
    assert_eq!(again.list().unwrap().len(), KeyKind::ALL.len());
    let domain = Domain { digits: 10, below: 10_000_000_000 };
    let (mut one, mut other) = ([1, 2, 3], [1, 2, 3]);
    store.permute(&label("permutation"), domain, &mut one).unwrap();
    again.permute(&label("permutation"), domain, &mut other).unwrap();
    assert_eq!(one, other);
    let mac = |store: &SoftKeyStore| store.mac(&label("mac"), b"x").unwrap();
    assert_eq!(mac(&store), mac(&again));
    for kind in KeyKind::ALL.into_iter().filter(|kind| matches!(kind, KeyKind::Sign(_))) {
        let signature = store.sign(&label(kind.word()), b"x").unwrap();
        let public = again.public_key(&label(kind.word())).unwrap();
        assert!(public.has_signed(b"x", &signature), "{kind}");
    }
    let (place, key) =
        (WrapPlace { person: 1, generation: 1 }, DataKey::from_entropy(&mut OsEntropy::new()));
    let wrapped = store.wrap(&label("wrap"), &place, &key, &mut OsEntropy::new()).unwrap();
    assert!(again.unwrap(&label("wrap"), &place, &wrapped).unwrap() == key);
}

/// The first release's file still opens, to the same keys.
#[test]
fn a_file_of_version_1_opens() {
    let (home, _store) = Home::new();
    fs::write(&home.path, include_bytes!("version-1.keys")).unwrap();
    let store = SoftKeyStore::open(&home.path, &pass("a passphrase of version 1")).unwrap();
    let shown: Vec<_> = store.list().unwrap().iter().map(|info| info.label.to_string()).collect();
    assert_eq!(shown, ["kek/1", "ledger", "mac", "numbering"]);
    assert_eq!(hex(&store.mac(&label("mac"), b"Hi There").unwrap()), HMAC_OF_HI_THERE);
}

#[test]
fn a_destroyed_key_does_not_come_back() {
    let (home, store) = Home::new();
    store.destroy(&label("mac")).unwrap();
    let again = home.open().unwrap();
    assert_eq!(refused(again.mac(&label("mac"), b"x")), "key_absent");
    assert_eq!(again.list().unwrap().len(), KeyKind::ALL.len() - 1);
}

/// Chance that was fixed beforehand, and with it the keys made of it.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, out: &mut [u8]) {
        out.fill(0x0b);
    }
}

#[test]
fn the_operations_are_those_of_the_standards() {
    let store = SoftKeyStore::in_memory();
    for kind in KeyKind::ALL {
        store.generate(&label(kind.word()), kind, Moment::from_us(0), &mut Fixed).unwrap();
    }
    let mac = store.mac(&label("mac"), b"Hi There").unwrap();
    assert_eq!(hex(&mac), HMAC_OF_HI_THERE);
    let domain = Domain { digits: 10, below: 10_000_000_000 };
    let mut image = [1_234_567_890];
    store.permute(&label("permutation"), domain, &mut image).unwrap();
    let ff1 = numbers::assignment::WalkingFf1::new(&[0x0b; 32], 10, domain.below).unwrap();
    let mut expected = [1_234_567_890];
    ff1.permute(&mut expected).unwrap();
    assert_eq!(image, expected);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA-256 with a key of 32 bytes 0b, computed with Python's `hmac`.
const HMAC_OF_HI_THERE: &str = "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7";

#[test]
fn a_wrong_passphrase_is_told_from_damage() {
    let (home, _store) = Home::new();
    for wrong in ["b", "A", "a ", "aa"] {
        assert_eq!(refused(SoftKeyStore::open(&home.path, &pass(wrong))), "keystore_passphrase");
    }
}

#[test]
fn every_changed_bit_is_noticed() {
    let (home, _store) = Home::new();
    let bytes = fs::read(&home.path).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(&home.path, &changed).unwrap();
        assert_eq!(refused(home.open()), "keystore_damaged", "bit {bit}");
    }
}

#[test]
fn every_cut_and_every_addition_is_noticed() {
    let (home, _store) = Home::new();
    let bytes = fs::read(&home.path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&home.path, &bytes[..length]).unwrap();
        assert_eq!(refused(home.open()), "keystore_damaged", "cut to {length}");
    }
    fs::write(&home.path, [&bytes[..], &[0]].concat()).unwrap();
    assert_eq!(refused(home.open()), "keystore_damaged");
    fs::write(&home.path, bytes).unwrap();
    assert!(home.open().is_ok());
}

#[test]
fn the_file_shows_neither_names_nor_keys() {
    let (home, store) = Home::new();
    let bytes = fs::read(&home.path).unwrap();
    let public = store.public_key(&label("sign-ed25519")).unwrap();
    for needle in [&b"permutation"[..], b"sign", public.bits()] {
        assert!(!bytes.windows(needle.len()).any(|window| window == needle));
    }
    store.destroy(&label("mac")).unwrap();
    make(&store, "mac", KeyKind::Mac);
    let nonce = |file: &[u8]| file[74..86].to_vec();
    assert_ne!(nonce(&fs::read(&home.path).unwrap()), nonce(&bytes), "a fresh one each time");
}

#[test]
fn file_and_directory_are_closed_to_others() {
    let (home, store) = Home::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    make(&store, "later", KeyKind::Mac);
    assert_eq!(mode(&home.path), 0o600);
    assert_eq!(mode(&home.sibling(".lock")), 0o600);
    assert_eq!(mode(home.path.parent().unwrap()), 0o700);
}

#[test]
fn a_store_open_to_others_is_refused() {
    let (home, store) = Home::new();
    for bit in [0o040, 0o020, 0o010, 0o004, 0o002, 0o001] {
        home.mode(0o600 | bit);
        assert_eq!(refused(home.open()), "keystore_permissions", "file {bit:o}");
        assert_eq!(refused(store.destroy(&label("mac"))), "keystore_permissions");
        home.mode(0o600);
        let directory = home.path.parent().unwrap();
        fs::set_permissions(directory, Permissions::from_mode(0o700 | bit)).unwrap();
        assert_eq!(refused(home.open()), "keystore_permissions", "directory {bit:o}");
        fs::set_permissions(directory, Permissions::from_mode(0o700)).unwrap();
    }
    assert!(home.open().is_ok());
}

#[test]
fn links_and_other_things_than_files_are_refused() {
    let (home, _store) = Home::new();
    let aside = home.sibling(".aside");
    fs::rename(&home.path, &aside).unwrap();
    assert_eq!(refused(home.open()), "not_initialised");
    symlink(&aside, &home.path).unwrap();
    assert_eq!(refused(home.open()), "keystore_permissions");
    fs::remove_file(&home.path).unwrap();
    fs::create_dir(&home.path).unwrap();
    assert_eq!(refused(home.open()), "keystore_permissions");
}

#[test]
fn a_file_of_another_user_is_refused() {
    let (home, _store) = Home::new();
    // Only root can give a file away; anybody else is refused by the system, which proves nothing.
    if std::os::unix::fs::chown(&home.path, Some(65_534), None).is_ok() {
        assert_eq!(refused(home.open()), "keystore_permissions");
        let detail = home.open().unwrap_err().detail_text().to_owned();
        assert!(detail.ends_with("it belongs to another user"), "{detail}");
    }
}

#[test]
fn a_store_is_not_made_over_anything() {
    let (home, _store) = Home::new();
    let before = fs::read(&home.path).unwrap();
    let create = |path: &Path| SoftKeyStore::create(path, &pass("b"), QUICK, &mut OsEntropy::new());
    assert_eq!(refused(create(&home.path)), "already_initialised");
    assert_eq!(fs::read(&home.path).unwrap(), before);
    let dangling = home.sibling(".dangling");
    symlink("/no/such/file", &dangling).unwrap();
    assert_eq!(refused(create(&dangling)), "already_initialised");
    let open = home.dir.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(refused(create(&open.join("store"))), "keystore_permissions");
}

#[test]
fn what_a_crash_left_behind_is_swept_away() {
    let (home, store) = Home::new();
    for leftover in [&b"half a fi"[..], &fs::read(&home.path).unwrap()] {
        fs::write(home.sibling(".new"), leftover).unwrap();
        assert!(home.open().is_ok(), "a leftover is not read");
        make(&store, "after", KeyKind::Mac);
        assert!(!home.sibling(".new").exists());
        store.destroy(&label("after")).unwrap();
    }
    let trap = home.dir.path().join("trap");
    fs::write(&trap, "untouched").unwrap();
    symlink(&trap, home.sibling(".new")).unwrap();
    make(&store, "after", KeyKind::Mac);
    assert_eq!(fs::read_to_string(&trap).unwrap(), "untouched");
    assert!(home.open().unwrap().mac(&label("after"), b"x").is_ok());
}

#[test]
fn a_failed_write_leaves_file_and_keys_as_they_were() {
    let (home, store) = Home::new();
    let before = fs::read(&home.path).unwrap();
    fs::create_dir(home.sibling(".new")).unwrap();
    let made = store.generate(&label("x"), KeyKind::Mac, Moment::from_us(0), &mut OsEntropy::new());
    assert_eq!(refused(made), "io");
    assert_eq!(refused(store.destroy(&label("mac"))), "io");
    assert_eq!(refused(store.mac(&label("x"), b"x")), "key_absent");
    assert!(store.mac(&label("mac"), b"x").is_ok());
    assert_eq!(fs::read(&home.path).unwrap(), before);
}

#[test]
fn writers_wait_for_each_other_and_lose_nothing() {
    let (home, _store) = Home::new();
    thread::scope(|scope| {
        for writer in 0..4 {
            let home = &home;
            scope.spawn(move || {
                let store = home.open().unwrap();
                for i in 0..10 {
                    make(&store, &format!("w{writer}-{i}"), KeyKind::Mac);
                    store.destroy(&label(&format!("w{writer}-{i}"))).unwrap();
                    make(&store, &format!("w{writer}-{i}"), KeyKind::Mac);
                }
            });
        }
    });
    assert_eq!(home.open().unwrap().list().unwrap().len(), KeyKind::ALL.len() + 40);
}

#[test]
fn one_label_is_given_once_among_all_writers() {
    let (home, _store) = Home::new();
    let won = thread::scope(|scope| {
        let race = || {
            let store = home.open().unwrap();
            let (name, at) = (label("contested"), Moment::from_us(0));
            store.generate(&name, KeyKind::Mac, at, &mut OsEntropy::new()).is_ok()
        };
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
}

#[test]
fn another_program_s_changes_are_taken_over() {
    let (home, store) = Home::new();
    let other = home.open().unwrap();
    make(&other, "kek/2", KeyKind::Wrap);
    other.destroy(&label("mac")).unwrap();
    assert!(store.mac(&label("mac"), b"x").is_ok(), "until it looks");
    store.refresh().unwrap();
    assert_eq!(store.list().unwrap(), other.list().unwrap());
    assert_eq!(refused(store.mac(&label("mac"), b"x")), "key_absent");
    // A refusal tells that there was a change, too.
    make(&other, "kek/3", KeyKind::Wrap);
    let again =
        store.generate(&label("kek/3"), KeyKind::Wrap, Moment::from_us(1), &mut OsEntropy::new());
    assert_eq!(refused(again), "key_exists");
    assert_eq!(store.list().unwrap(), other.list().unwrap());
}

#[test]
fn the_file_is_told_of_while_it_is_there() {
    let (home, store) = Home::new();
    let conditions = |store: &SoftKeyStore| -> Vec<_> {
        store.status().into_iter().map(|device| (device.kind, device.condition)).collect()
    };
    assert_eq!(conditions(&store), [("soft-file", DeviceCondition::Ready)]);
    home.mode(0o644);
    assert_eq!(conditions(&store), [("soft-file", DeviceCondition::Gone)]);
    let in_memory = SoftKeyStore::in_memory();
    assert_eq!(conditions(&in_memory), [("soft-memory", DeviceCondition::Ready)]);
}

#[test]
fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    let (home, store) = Home::new();
    let other = home.open().unwrap();
    let slower = KdfParams { memory_kib: 16, passes: 2, lanes: 2 };
    store.change_passphrase(&pass("new"), slower, &mut OsEntropy::new()).unwrap();
    assert_eq!(refused(home.open()), "keystore_passphrase");
    let again = SoftKeyStore::open(&home.path, &pass("new")).unwrap();
    assert_eq!(again.list().unwrap(), store.list().unwrap());
    make(&store, "after", KeyKind::Mac);
    assert_eq!(refused(other.destroy(&label("mac"))), "keystore_passphrase");
    assert_eq!(refused(other.refresh()), "keystore_passphrase");
    assert_eq!(SoftKeyStore::in_memory().refresh(), Ok(()));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (memory_kib, passes, lanes) in
        [(0, 1, 1), (8, 0, 1), (8, 1, 0), (8, 1, 2), (u32::MAX, 1, 1), (8, 1_001, 1), (8, 1, 65)]
    {
        let params = KdfParams { memory_kib, passes, lanes };
        let path = dir.path().join("keys").join("store");
        let made = SoftKeyStore::create(&path, &pass("a"), params, &mut OsEntropy::new());
        assert_eq!(refused(made), "key_operation", "{params:?}");
        assert!(!path.exists());
    }
}

#[test]
fn debug_shows_no_key() {
    let (home, store) = Home::new();
    let shown = format!("{store:?}");
    assert_eq!(shown, format!("SoftKeyStore {{ path: Some({:?}), .. }}", home.path));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever is done to a store, one that is opened afterwards holds the same.
    #[test]
    fn the_file_is_the_truth(steps in vec((any::<bool>(), 0..6u8, 0..4usize), 0..12)) {
        let (home, store) = Home::new();
        for (add, name, kind) in steps {
            let (name, kind) = (label(&format!("k/{}", name + 1)), KeyKind::ALL[kind]);
            let there = store.list().unwrap().iter().any(|info| info.label == name);
            if add {
                let at = Moment::from_us(1);
                let made = store.generate(&name, kind, at, &mut OsEntropy::new());
                prop_assert_eq!(refused(made), if there { "key_exists" } else { "nothing" });
            } else {
                let expected = if there { "nothing" } else { "key_absent" };
                prop_assert_eq!(refused(store.destroy(&name)), expected);
            }
            prop_assert_eq!(home.open().unwrap().list().unwrap(), store.list().unwrap());
        }
    }

    /// No bytes make the reader of the file stumble.
    #[test]
    fn noise_is_damage(noise in vec(any::<u8>(), 0..300), keep in 0..200usize) {
        let (home, _store) = Home::new();
        let bytes = fs::read(&home.path).unwrap();
        let changed = [&bytes[..keep.min(bytes.len())], &noise].concat();
        prop_assume!(changed != bytes);
        fs::write(&home.path, changed).unwrap();
        prop_assert_eq!(refused(home.open()), "keystore_damaged");
    }
}

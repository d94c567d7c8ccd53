//! The publication: whole files or none, no way out of the directory, and nobody else's eyes.

use crate::harness::label;
use ports::Publication;
use sekisho_store::PublicationDirectory;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::{TempDir, tempdir};

fn open() -> (TempDir, PublicationDirectory) {
    let folder = tempdir().unwrap();
    let directory = PublicationDirectory::open(folder.path()).unwrap();
    (folder, directory)
}

#[test]
fn what_is_written_is_read_and_replaced() {
    let (folder, directory) = open();
    let paths = ["checkpoint", "tile/0/000", "tile/0/x001/067.p/8", "tile/entries/000", "番号"];
    for (path, bytes) in paths.into_iter().flat_map(|path| [(path, "old"), (path, "newer")]) {
        directory.write(path, bytes.as_bytes()).unwrap();
        assert_eq!(directory.read(path).unwrap().unwrap(), bytes.as_bytes());
        assert_eq!(fs::read(folder.path().join(path)).unwrap(), bytes.as_bytes());
    }
    directory.write("checkpoint", b"").unwrap();
    assert_eq!(directory.read("checkpoint").unwrap(), Some(Vec::new()));
    let again = PublicationDirectory::open(folder.path()).unwrap();
    assert_eq!(again.read("tile/0/000").unwrap().as_deref(), Some(&b"newer"[..]));
}

#[test]
fn what_is_not_there_is_absent() {
    let (_folder, directory) = open();
    directory.write("tile/0/000", b"x").unwrap();
    for path in ["checkpoint", "tile", "tile/0", "tile/0/000/1", "tile/9/000"] {
        assert_eq!(directory.read(path).unwrap(), None, "{path}");
    }
}

#[test]
fn no_path_leads_out_of_the_directory_or_to_what_is_half_written() {
    let (folder, _) = open();
    fs::write(folder.path().join("secret"), b"secret").unwrap();
    let directory = PublicationDirectory::open(&folder.path().join("public")).unwrap();
    directory.write("tile/0/000", b"x").unwrap();
    let before = everything_below(folder.path());
    for path in [
        "",
        "/",
        "/etc/passwd",
        "..",
        "../secret",
        "tile/../../secret",
        "tile/0/../../../secret",
        ".",
        "./tile",
        ".new/1-0",
        "tile/.hidden",
        "tile\0",
        "../public/tile/0/000",
    ] {
        assert_eq!(label(directory.read(path)), "path_absent", "{path:?}");
        assert_eq!(label(directory.write(path, b"x")), "path_absent", "{path:?}");
    }
    assert_eq!(everything_below(folder.path()), before);
}

#[test]
fn a_path_that_is_a_folder_cannot_be_written_and_nothing_is_left_over() {
    let (folder, directory) = open();
    directory.write("tile/0/000", b"x").unwrap();
    let before = everything_below(folder.path());
    assert_eq!(label(directory.write("tile/0", b"x")), "io");
    assert_eq!(label(directory.write("tile/0/000/1", b"x")), "io");
    assert_eq!(everything_below(folder.path()), before);
}

#[test]
fn many_are_written_at_once_or_nothing_is_left_over() {
    let (folder, directory) = open();
    let text = |n: usize| format!("{n}\n").repeat(n);
    let texts: Vec<_> = (0..200).map(|n| (format!("{}/{}/{n}", n % 7, n % 3), text(n))).collect();
    let files: Vec<_> = texts.iter().map(|(path, text)| (path.clone(), text.as_bytes())).collect();
    directory.write_all(&files).unwrap();
    directory.write_all(&files).unwrap();
    for (path, text) in &texts {
        assert!(fs::read_to_string(folder.path().join(path)).unwrap() == *text, "{path}");
    }
    directory.write_all(&[]).unwrap();
    let before = everything_below(folder.path());
    let of = |path: &str| (path.to_owned(), &b"x"[..]);
    assert_eq!(label(directory.write_all(&[of("0/0/0"), of("1/1"), of("2/2/2")])), "io");
    assert_eq!(label(directory.write_all(&[of("3/0/3"), of("../x")])), "path_absent");
    assert_eq!(everything_below(folder.path()), before);
}

#[test]
fn a_reader_sees_the_old_file_or_the_new_one() {
    let (folder, directory) = open();
    let contents = [vec![b'a'; 300_000], vec![b'b'; 200_000]];
    directory.write("checkpoint", &contents[0]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = [&contents[0], &contents[1]]
            .map(|bytes| {
                let write = || (0..60).for_each(|_| directory.write("checkpoint", bytes).unwrap());
                scope.spawn(write)
            })
            .into();
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) || seen == 0 {
                let bytes = fs::read(folder.path().join("checkpoint")).unwrap();
                assert!(contents.contains(&bytes), "{} bytes", bytes.len());
                seen += 1;
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn a_killed_writer_leaves_the_old_file_or_the_new_one() {
    let (folder, directory) = open();
    for round in 0..15_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "directory::child_that_publishes", "--nocapture"])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20 + round * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        let Some(bytes) = directory.read("deep/er/file").unwrap() else { continue };
        assert_eq!(bytes.len(), FILE_BYTES, "round {round}");
        assert!(bytes.iter().all(|byte| *byte == bytes[0]), "round {round}");
    }
    directory.write("deep/er/file", b"at last").unwrap();
    let published: Vec<_> = everything_below(folder.path())
        .into_iter()
        .filter(|path| !path.starts_with(".new"))
        .collect();
    assert_eq!(published, ["deep", "deep/er", "deep/er/file"]);
}

/// Started by the test above, and killed.
#[test]
fn child_that_publishes() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else { return };
    let directory = PublicationDirectory::open(Path::new(&folder)).unwrap();
    for byte in (0..=255).cycle() {
        directory.write("deep/er/file", &vec![byte; FILE_BYTES]).unwrap();
    }
}

#[test]
fn what_a_killed_writer_left_is_swept_away_when_it_is_old() {
    let (folder, _) = open();
    let beside = folder.path().join(".new");
    fs::create_dir(&beside).unwrap();
    for (name, age) in [("1-0", 7200), ("2-0", 60)] {
        let mut file = fs::File::create(beside.join(name)).unwrap();
        file.write_all(b"half").unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    let directory = PublicationDirectory::open(folder.path()).unwrap();
    directory.write("checkpoint", b"x").unwrap();
    assert!(!beside.join("1-0").exists());
    assert!(beside.join("2-0").exists());
}

#[test]
fn opening_to_read_leaves_no_trace() {
    let (folder, directory) = open();
    assert_eq!(directory.read("checkpoint").unwrap(), None);
    assert_eq!(everything_below(folder.path()), [""; 0]);
}

#[test]
fn a_private_directory_is_its_owners_alone() {
    let folder = tempdir().unwrap();
    let place = folder.path().join("deliveries/lists");
    let directory = PublicationDirectory::open_private(&place).unwrap();
    directory.write("13101/list-1.csv", b"numbers").unwrap();
    directory.write("13101/list-1.csv", b"other numbers").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("deliveries")), 0o700);
    assert_eq!(mode(&place), 0o700);
    assert_eq!(mode(&place.join("13101")), 0o700);
    assert_eq!(mode(&place.join(".new")), 0o700);
    assert_eq!(mode(&place.join("13101/list-1.csv")), 0o600);
    assert_eq!(directory.read("13101/list-1.csv").unwrap().as_deref(), Some(&b"other numbers"[..]));
}

#[test]
fn a_folder_that_others_could_read_is_closed_to_them() {
    let folder = tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    PublicationDirectory::open_private(folder.path()).unwrap();
    let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_place_that_cannot_be_a_folder_is_a_problem_of_files() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("file"), b"x").unwrap();
    let below = folder.path().join("file/ledger");
    assert_eq!(label(PublicationDirectory::open(&below).map(|_| ())), "io");
    assert_eq!(label(PublicationDirectory::open_private(&below).map(|_| ())), "io");
}

/// Every path below a folder, relative to it, in order.
fn everything_below(folder: &Path) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            left.extend(path.is_dir().then_some(path));
        }
    }
    found.into_iter().collect()
}

const CHILD_FOLDER: &str = "SEKISHO_TEST_PUBLISH_IN";
const FILE_BYTES: usize = 400_000;

//! A file that only its owner can read and that is replaced as a whole or not at all.
//!
//! Writing goes to a sibling (`.new`), is forced to disk, and takes the old file's place by
//! renaming; what a crash leaves behind is swept away by the next writer. Writers exclude each
//! other by a lock on another sibling (`.lock`); readers need none. The directory must be closed
//! to others too, or they could put a file of their own in place.

use base::{Problem, labels};
use rustix::process::geteuid;
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// Held by a writer; let go when dropped.
pub(crate) struct WriteLock(#[expect(dead_code, reason = "holding it is its use")] File);

/// The whole of an owner-only file, at most `FILE_MAX` bytes of it. Links are refused.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    check_directory(directory_of(path))?;
    let seen = fs::symlink_metadata(path).map_err(|error| absent_or_io(path, &error))?;
    if !seen.is_file() {
        return Err(permissions(path, "it is a link or not a regular file"));
    }
    let file = File::open(path).map_err(|error| io_problem(path, &error))?;
    let opened = file.metadata().map_err(|error| io_problem(path, &error))?;
    if (seen.dev(), seen.ino()) != (opened.dev(), opened.ino()) {
        return Err(permissions(path, "it was exchanged while it was opened"));
    }
    check_owner_only(path, &opened, &[geteuid().as_raw()])?;
    let mut out = Vec::new();
    file.take(FILE_MAX).read_to_end(&mut out).map_err(|error| io_problem(path, &error))?;
    Ok(out)
}

/// At most `length_max` bytes of a file that others than its owner, the user or root, cannot open.
pub(crate) fn read_secret(path: &Path, length_max: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let file = File::open(path).map_err(|error| io_problem(path, &error))?;
    let opened = file.metadata().map_err(|error| io_problem(path, &error))?;
    check_owner_only(path, &opened, &[geteuid().as_raw(), ROOT])?;
    let mut out = Zeroizing::new(Vec::with_capacity(length_max));
    let read = file.take(length_max as u64).read_to_end(&mut out);
    read.map_err(|error| io_problem(path, &error))?;
    Ok(out)
}

/// Replaces the file. When this returns, the new content is on disk under the file's name.
pub(crate) fn write(path: &Path, bytes: &[u8], _lock: &WriteLock) -> Result<(), Problem> {
    let fresh = sibling(path, ".new");
    let written = remove_if_present(&fresh)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh))
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| File::open(directory_of(path))?.sync_all());
    written.map_err(|error| io_problem(path, &error))
}

/// Whether anything, were it a broken link, has this name.
pub(crate) fn is_there(path: &Path) -> Result<bool, Problem> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_problem(path, &error)),
    }
}

/// Makes the directory of `path`, closed to others, if it is not there.
pub(crate) fn make_directory(path: &Path) -> Result<(), Problem> {
    let directory = directory_of(path);
    make_private(directory).map_err(|error| io_problem(directory, &error))?;
    check_directory(directory)
}

/// Waits until no other writer is at work, for ten seconds at most.
pub(crate) fn lock(path: &Path) -> Result<WriteLock, Problem> {
    check_directory(directory_of(path))?;
    let name = sibling(path, ".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&name).map_err(|error| io_problem(&name, &error))?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(WriteLock(file)),
            Err(TryLockError::Error(error)) => return Err(io_problem(&name, &error)),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                let detail = format!("{}: another program is writing", path.display());
                return Err(Problem::new(&labels::KEY_OPERATION, detail));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
        }
    }
}

/// Makes the directory and those above it that are missing, each on disk before the next.
fn make_private(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let above = directory_of(directory);
    make_private(above)?;
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(above)?.sync_all(),
    }
}

fn check_directory(directory: &Path) -> Result<(), Problem> {
    let seen = fs::metadata(directory).map_err(|error| absent_or_io(directory, &error))?;
    check_owner_only(directory, &seen, &[geteuid().as_raw()])
}

fn check_owner_only(path: &Path, seen: &Metadata, owners: &[u32]) -> Result<(), Problem> {
    if !owners.contains(&seen.uid()) {
        return Err(permissions(path, "it belongs to another user"));
    }
    if seen.mode() & 0o077 != 0 {
        let mode = seen.mode() & 0o777;
        return Err(permissions(path, &format!("its mode is {mode:o}; take g and o away")));
    }
    Ok(())
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn permissions(path: &Path, why: &str) -> Problem {
    Problem::new(&labels::KEYSTORE_PERMISSIONS, format!("{}: {why}", path.display()))
}

fn absent_or_io(path: &Path, error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => {
            Problem::new(&labels::NOT_INITIALISED, format!("{} is not there", path.display()))
        }
        _ => io_problem(path, error),
    }
}

fn io_problem(path: &Path, error: &io::Error) -> Problem {
    let label = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => &labels::STORE_FULL,
        _ => &labels::IO,
    };
    Problem::new(label, format!("{}: {error}", path.display()))
}

const FILE_MAX: u64 = 16 << 20;
const ROOT: u32 = 0;
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

//! Publication into a directory: one file per path, replaced whole; many of them side by side,
//! because a disk that is asked for many at once answers sooner than one asked again and again.
//!
//! Owns the folder `.new` in it, where a file is written before it is moved to its place: a reader
//! sees the old file or the new one, never a part, and after a power cut as well. No published path
//! has a part that begins with a dot. Assumes that the directory is one file system.

use base::{Problem, labels};
use ports::Publication;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A directory that files are published in: the ledger, or deliveries.
pub struct PublicationDirectory {
    root: PathBuf,
    modes: Modes,
    swept: AtomicBool,
}

/// Permissions of what is made, before the process's mask.
#[derive(Clone, Copy)]
struct Modes {
    folder: u32,
    file: u32,
}

impl PublicationDirectory {
    /// Publishes below `path`, which is made if it is not there, for everybody to read.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        Self::open_with(path, PUBLIC).map_err(|error| problem(&error))
    }

    /// Publishes below `path` for this user alone (files 0600, folders 0700): for files that hold
    /// personal data. A folder that is there already is closed to others.
    pub fn open_private(path: &Path) -> Result<Self, Problem> {
        let opened = Self::open_with(path, PRIVATE).and_then(|directory| {
            fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE.folder))?;
            Ok(directory)
        });
        opened.map_err(|error| problem(&error))
    }

    fn open_with(path: &Path, modes: Modes) -> io::Result<Self> {
        let directory = Self { root: path.to_owned(), modes, swept: AtomicBool::new(false) };
        let mut grown = BTreeSet::new();
        directory.make_folder(path, &mut grown)?;
        sync_folders(grown)?;
        Ok(directory)
    }

    fn place(&self, path: &str) -> Result<PathBuf, Problem> {
        let hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
        let plain = |part| matches!(part, Component::Normal(name) if !hidden(name));
        if !path.is_empty() && !path.contains('\0') && Path::new(path).components().all(plain) {
            Ok(self.root.join(path))
        } else {
            Err(Problem::new(&labels::PATH_ABSENT, ""))
        }
    }

    /// Writes files; `grown` are folders that others may have added to as well.
    fn write_files(
        &self,
        files: &[(PathBuf, &[u8])],
        mut grown: BTreeSet<PathBuf>,
    ) -> io::Result<()> {
        let beside = self.root.join(BESIDE);
        self.make_folder(&beside, &mut grown)?;
        for (place, _) in files {
            let folder = place.parent().unwrap_or(&self.root);
            self.make_folder(folder, &mut grown)?;
            grown.insert(folder.to_owned());
        }
        if !self.swept.swap(true, Ordering::Relaxed) {
            sweep(&beside)?;
        }
        let draft = |(place, bytes)| {
            let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
            (beside.join(format!("{}-{number}", std::process::id())), place, bytes)
        };
        let drafts: Vec<_> = files.iter().map(|(place, bytes)| draft((place, *bytes))).collect();
        let moved = side_by_side(&drafts, |(beside, _, bytes)| self.write_beside(beside, bytes))
            .and_then(|()| drafts.iter().try_for_each(|(from, to, _)| fs::rename(from, to)));
        if moved.is_err() {
            drafts.iter().try_for_each(|(left, ..)| ignore_absent(fs::remove_file(left)))?;
        }
        moved?;
        sync_folders(grown)
    }

    fn write_beside(&self, beside: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(self.modes.file).open(beside)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Makes a folder and what is missing above it; the folders that have grown by that are yet to
    /// be made known to the disk.
    fn make_folder(&self, folder: &Path, grown: &mut BTreeSet<PathBuf>) -> io::Result<()> {
        match DirBuilder::new().mode(self.modes.folder).create(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make_folder(above(folder), grown)?;
                return self.make_folder(folder, grown);
            }
            made => made?,
        }
        grown.insert(above(folder).to_owned());
        Ok(())
    }
}

impl Publication for PublicationDirectory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        match fs::read(self.place(path)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if absent(error.kind()) => Ok(None),
            Err(error) => Err(problem(&error)),
        }
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Problem> {
        let place = self.place(path)?;
        self.write_files(&[(place, bytes)], BTreeSet::new()).map_err(|error| problem(&error))
    }

    fn write_all(&self, files: &[(String, &[u8])]) -> Result<(), Problem> {
        let placed = files.iter().map(|(path, bytes)| Ok((self.place(path)?, *bytes)));
        let placed = placed.collect::<Result<Vec<_>, Problem>>()?;
        // A folder that somebody else has just made need not be on the disk yet.
        let parents = placed.iter().filter_map(|(place, _)| place.parent());
        let above = parents.map(|folder| above(folder).to_owned()).collect();
        self.write_files(&placed, above).map_err(|error| problem(&error))
    }
}

/// Removes what a killed process left half-written; what is young may be somebody's at work.
fn sweep(beside: &Path) -> io::Result<()> {
    for entry in fs::read_dir(beside)? {
        let entry = entry?;
        let age = entry.metadata().and_then(|about| about.modified()).map(|at| at.elapsed());
        if matches!(age, Ok(Ok(age)) if age > LEFT_BEHIND_AFTER) {
            ignore_absent(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn sync_folders(folders: BTreeSet<PathBuf>) -> io::Result<()> {
    let folders: Vec<_> = folders.into_iter().collect();
    side_by_side(&folders, |folder| File::open(folder)?.sync_all())
}

/// Does something that waits for the disk with each of many.
fn side_by_side<T: Sync>(many: &[T], act: impl Fn(&T) -> io::Result<()> + Sync) -> io::Result<()> {
    if let [one] = many {
        return act(one);
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut left = std::iter::from_fn(|| many.get(next.fetch_add(1, Ordering::Relaxed)));
        left.try_for_each(&act)
    };
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().name("writer".to_owned()).spawn_scoped(scope, work);
        let started: Vec<_> = (0..WRITERS.min(many.len())).map(start).collect();
        let panicked = |_| Err(io::Error::other("a writer panicked"));
        let ends = started.into_iter().map(|thread| thread?.join().unwrap_or_else(panicked));
        // Each is waited for, whatever became of the others.
        ends.collect::<Vec<_>>().into_iter().collect()
    })
}

fn above(folder: &Path) -> &Path {
    match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => folder,
    }
}

fn ignore_absent(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn absent(kind: ErrorKind) -> bool {
    // A path below a file (`tile/0/000` read as a folder) is as absent as one that never was.
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

fn problem(error: &io::Error) -> Problem {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let label = if full { &labels::STORE_FULL } else { &labels::IO };
    Problem::new(label, format!("publication: {error}"))
}

const PUBLIC: Modes = Modes { folder: 0o777, file: 0o666 };
const PRIVATE: Modes = Modes { folder: 0o700, file: 0o600 };

/// Files written by this process, so that no two have the same name beside their place.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Where files are written before they are moved to their place.
const BESIDE: &str = ".new";

/// Threads that wait for the disk.
const WRITERS: usize = 16;
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(3600);

//! Publication into a directory: one file per path, replaced whole.

use base::{Problem, labels};
use ports::Publication;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

/// A directory that the ledger is published in.
pub struct PublicationDirectory {
    path: PathBuf,
    file_mode: u32,
    folder_mode: u32,
}

impl PublicationDirectory {
    /// Publishes below `path`, which is made if it is not there, for everybody to read.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        Self::open_with(path, 0o644, 0o755)
    }

    /// Puts files below `path` that only their owner can read: for what holds personal data.
    pub fn open_private(path: &Path) -> Result<Self, Problem> {
        Self::open_with(path, 0o600, 0o700)
    }

    fn open_with(path: &Path, file_mode: u32, folder_mode: u32) -> Result<Self, Problem> {
        let directory = Self { path: path.to_owned(), file_mode, folder_mode };
        directory.make_folder(path).map_err(|error| problem(&error))?;
        Ok(directory)
    }

    fn make_folder(&self, path: &Path) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(self.folder_mode).create(path)
    }

    /// Writes beside the place, waits for the disk, and renames: a reader sees the old file or the
    /// new.
    fn write_whole(&self, place: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let folder = place.parent().unwrap_or(&self.path);
        self.make_folder(folder)?;
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let beside = folder.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(self.file_mode);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&beside, place)?;
        File::open(folder)?.sync_data()
    }

    fn place(&self, path: &str) -> Result<PathBuf, Problem> {
        let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if plain && !path.is_empty() {
            Ok(self.path.join(path))
        } else {
            Err(Problem::new(&labels::PATH_ABSENT, ""))
        }
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
        self.write_whole(&place, bytes).map_err(|error| problem(&error))
    }
}

fn absent(kind: ErrorKind) -> bool {
    // A path below a file (`tile/0/000` read as a folder) is as absent as one that never was.
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

fn problem(error: &std::io::Error) -> Problem {
    let label =
        if error.kind() == ErrorKind::StorageFull { &labels::STORE_FULL } else { &labels::IO };
    Problem::new(label, format!("publication: {error}"))
}

//! Publication into a directory: one file per path, replaced whole.

use base::{Problem, labels};
use ports::Publication;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

/// A directory that the ledger is published in.
pub struct PublicationDirectory(PathBuf);

impl PublicationDirectory {
    /// Publishes below `path`, which is made if it is not there.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        fs::create_dir_all(path).map_err(|error| problem(&error))?;
        Ok(Self(path.to_owned()))
    }

    fn place(&self, path: &str) -> Result<PathBuf, Problem> {
        let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if plain && !path.is_empty() {
            Ok(self.0.join(path))
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
        write_whole(&place, bytes).map_err(|error| problem(&error))
    }
}

/// Writes beside the place, waits for the disk, and renames: a reader sees the old file or the new.
fn write_whole(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = folder.join(name);
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&beside, place)?;
    File::open(folder)?.sync_data()
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

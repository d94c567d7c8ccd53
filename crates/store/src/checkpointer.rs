//! Copying the write-ahead log back into the database file, beside the commits.
//!
//! SQLite's own checkpoint runs inside a commit, and every caller of that commit waits for it. Here a
//! thread with a connection of its own copies what is committed while the writer goes on. Only when the
//! log has grown far, because the thread cannot keep up, does the writer wait for it once.

use base::{Problem, labels};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// The thread and the way to wake it.
pub(crate) struct Checkpointer {
    log: PathBuf,
    /// Length of the log when the thread was woken last.
    copied: AtomicU64,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread on a connection of its own.
    pub(crate) fn start(path: &Path, connection: Connection) -> Result<Self, Problem> {
        let (wake, woken) = sync_channel(1);
        let run = move || serve(&connection, &woken);
        let thread = std::thread::Builder::new().name("checkpointer".to_owned()).spawn(run);
        let thread = thread.map_err(|error| Problem::new(&labels::IO, error.to_string()))?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Ok(Self {
            log: log.into(),
            copied: AtomicU64::new(0),
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Told of each commit, on the writer's connection.
    pub(crate) fn committed(&self, writer: &Connection) {
        let bytes = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        if bytes > LOG_BYTES_MAX {
            // Most of it is copied already; what is left is copied here, and the log begins anew as
            // an empty file. If readers keep it from that, the next look tries again.
            checkpoint(writer, "PRAGMA wal_checkpoint(TRUNCATE)");
            self.copied.store(0, Ordering::Relaxed);
        } else if bytes > self.copied.load(Ordering::Relaxed) + LOG_BYTES_WORTH_COPYING
            && let Some(wake) = &self.wake
        {
            // The file does not shrink when it is copied: what counts is how far it grew since.
            self.copied.store(bytes, Ordering::Relaxed);
            // Full: the thread is awake already.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)");
    }
}

/// A checkpoint that cannot be made now is made later: the log holds everything meanwhile.
fn checkpoint(connection: &Connection, pragma: &str) {
    drop(connection.query_row(pragma, [], |_| Ok(())));
}

const LOG_BYTES_WORTH_COPYING: u64 = 8 << 20;
const LOG_BYTES_MAX: u64 = 64 << 20;

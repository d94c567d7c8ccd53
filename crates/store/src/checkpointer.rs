//! Copying the write-ahead log back into the database file, beside the commits.
//!
//! SQLite's own checkpoint runs inside a commit, and every caller of that commit waits for it. Here
//! a thread with a connection of its own copies what was committed, a little at a time so that the
//! disk is never long at it, and makes each pass durable, while the writer goes on. Once the log is
//! long enough and a pass has left only a little behind, the writer copies that little between two
//! commits; then nothing is left, and the log begins anew in the space it has. Only when the log
//! has grown very far does the writer wait for the thread.

use crate::links::lock;
use base::{Problem, labels};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// The thread and the way to wake it.
pub(crate) struct Checkpointer {
    log: Arc<Log>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What writer and thread tell each other, in frames.
struct Log {
    /// Frames in the log after the writer's last commit.
    frames: AtomicU64,
    /// The thread is woken when the log is longer than this.
    worth_copying: AtomicU64,
    /// The log is begun anew when it is longer than this.
    worth_beginning_anew: AtomicU64,
    /// A pass left so little of a long log that the writer may copy the rest.
    nearly_copied: AtomicBool,
    /// Held during a pass.
    pass: Mutex<()>,
}

/// What one pass found: frames in the log when it began, and how many of them are copied.
struct Pass {
    frames: u64,
    copied: u64,
}

impl Checkpointer {
    /// Starts the thread on a connection of its own, and has the writer count its log.
    pub(crate) fn start(
        path: &Path,
        writer: &mut Connection,
        own: Connection,
    ) -> Result<Self, Problem> {
        let log = Arc::new(Log::new());
        let counted = Arc::clone(&log);
        let count = move |_: &mut _, frames: i32| {
            counted.frames.store(u64::from(frames.unsigned_abs()), Ordering::Relaxed);
            Ok(())
        };
        let hooked = writer.wal_hook(Some(count));
        hooked.map_err(|error| Problem::new(&labels::STORE_BROKEN, error.to_string()))?;
        let file = database_file(path).map_err(Problem::from_io)?;
        let (wake, woken) = sync_channel(1);
        let shared = Arc::clone(&log);
        let run = move || serve(&own, &file, &shared, &woken);
        let thread = std::thread::Builder::new().name("checkpointer".to_owned()).spawn(run);
        Ok(Self { log, wake: Some(wake), thread: Some(thread.map_err(Problem::from_io)?) })
    }

    /// Told of each commit, on the writer's connection.
    pub(crate) fn committed(&self, writer: &Connection) {
        let frames = self.log.frames.load(Ordering::Relaxed);
        if frames > FRAMES_MAX.max(self.log.worth_beginning_anew.load(Ordering::Relaxed)) {
            // The thread cannot keep up. What it has under way ends, and the rest is copied here.
            let _pass = lock(&self.log.pass);
            self.finish(writer);
        } else if self.log.nearly_copied.load(Ordering::Acquire) {
            if let Ok(_pass) = self.log.pass.try_lock() {
                self.finish(writer);
            }
        } else if frames > self.log.worth_copying.load(Ordering::Relaxed)
            && let Some(wake) = &self.wake
        {
            // While the pass is under way, what follows it is not worth another one yet.
            self.log.worth_copying.store(frames + FRAMES_WORTH_COPYING, Ordering::Relaxed);
            // Full: the thread is awake already.
            let _ = wake.try_send(());
        }
    }

    /// Copies what is left, while nobody writes. The next commit begins the log anew, unless a
    /// reader still looks at it: then it is tried again when the log has grown by as much again.
    fn finish(&self, writer: &Connection) {
        self.log.nearly_copied.store(false, Ordering::Release);
        let done = checkpoint(writer).is_some_and(|pass| pass.copied == pass.frames);
        self.log.stands_at(if done { 0 } else { self.log.frames.load(Ordering::Relaxed) });
    }
}

impl Log {
    const fn new() -> Self {
        Self {
            frames: AtomicU64::new(0),
            worth_copying: AtomicU64::new(FRAMES_WORTH_COPYING),
            worth_beginning_anew: AtomicU64::new(FRAMES_WORTH_BEGINNING_ANEW),
            nearly_copied: AtomicBool::new(false),
            pass: Mutex::new(()),
        }
    }

    /// The log is so long, and what could be copied of it is copied.
    fn stands_at(&self, frames: u64) {
        self.worth_copying.store(frames + FRAMES_WORTH_COPYING, Ordering::Relaxed);
        let anew = frames + FRAMES_WORTH_BEGINNING_ANEW;
        self.worth_beginning_anew.store(anew, Ordering::Relaxed);
    }

    /// Takes note of what a pass of the thread has done.
    fn passed(&self, pass: &Pass) {
        let frames = self.frames.load(Ordering::Relaxed);
        let left = frames.saturating_sub(pass.copied);
        if left == 0 {
            // The next commit begins the log anew by itself.
            self.stands_at(0);
        } else if pass.copied < pass.frames {
            // A reader holds it up: more passes would copy nothing soon.
            self.stands_at(frames);
        } else {
            self.worth_copying.store(pass.copied + FRAMES_WORTH_COPYING, Ordering::Relaxed);
            let long = frames > self.worth_beginning_anew.load(Ordering::Relaxed);
            self.nearly_copied.store(long && left <= FRAMES_NEARLY_COPIED, Ordering::Release);
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

fn serve(own: &Connection, file: &File, log: &Log, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        let _pass = lock(&log.pass);
        // SQLite syncs the file itself only after a pass at whose end nothing new was there.
        if let Some(pass) = checkpoint(own)
            && file.sync_data().is_ok()
        {
            log.passed(&pass);
        }
    }
}

/// One pass, which waits for nobody. A pass that cannot be made now is made later: the log holds
/// everything meanwhile.
fn checkpoint(connection: &Connection) -> Option<Pass> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let said = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], read);
    let (busy, frames, copied): (i64, i64, i64) = said.ok()?;
    let count = |frames: i64| u64::try_from(frames).ok();
    (busy == 0).then_some(Pass { frames: count(frames)?, copied: count(copied)? })
}

/// The database file, to sync it. It stays open as long as the process: closing any descriptor of
/// a file gives up all POSIX locks that the process holds on it, SQLite's own among them.
fn database_file(path: &Path) -> std::io::Result<Arc<File>> {
    static OPEN: Mutex<BTreeMap<(u64, u64), Arc<File>>> = Mutex::new(BTreeMap::new());
    let found = std::fs::metadata(path)?;
    let mut open = lock(&OPEN);
    let file = match open.get(&(found.dev(), found.ino())) {
        Some(file) => Arc::clone(file),
        None => Arc::new(File::open(path)?),
    };
    open.insert((found.dev(), found.ino()), Arc::clone(&file));
    Ok(file)
}

/// In pages of 4 KiB: 512 KiB, which a disk makes durable in the time of a commit.
const FRAMES_WORTH_COPYING: u64 = 128;
/// 16 MiB.
const FRAMES_WORTH_BEGINNING_ANEW: u64 = 4_096;
/// 2 MiB: a few large commits of callers' acts.
const FRAMES_NEARLY_COPIED: u64 = 512;
/// 1 GiB.
const FRAMES_MAX: u64 = 262_144;

//! Signed answers on their way into the store. Owns a thread that writes all that have come within
//! a moment in one transaction: a first answer costs a signature and no wait for the disk, and the
//! write door is asked a few times a second at most, however many are signed.
//!
//! A program that ends in good order has written them all. One that is killed loses those of the
//! last moment, which are signed again.

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use ports::Store;
use ports::rows::{Changes, OcspAnswerRow};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Takes answers and keeps them.
pub(super) struct Keeper {
    store: Arc<dyn Store>,
    door: Option<Door>,
}

/// The way to the thread.
struct Door {
    rows: Sender<OcspAnswerRow>,
    /// Nothing is sent through it: it ends the thread's rest when it is closed.
    open: Sender<()>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// A keeper with its thread; without one, where none can be had, each answer is written at
    /// once.
    pub(super) fn start(store: Arc<dyn Store>) -> Self {
        let (rows, coming) = bounded(QUEUE_ROWS_MAX);
        let (open, closing) = bounded(0);
        let own = Arc::clone(&store);
        let run = move || {
            while let Some(batch) = gathered(&coming, &closing) {
                write(&*own, batch);
            }
        };
        let thread = Builder::new().name("ocsp-answers".to_owned()).spawn(run);
        let door = thread.ok().map(|thread| Door { rows, open, thread });
        Self { store, door }
    }

    /// Keeps an answer soon. While more are signed than the disk takes, some are not kept: nobody
    /// waits for it.
    pub(super) fn keep(&self, row: OcspAnswerRow) {
        let sent = match &self.door {
            Some(door) => door.rows.try_send(row),
            None => Err(TrySendError::Disconnected(row)),
        };
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => tracing::warn!("an OCSP answer was not kept"),
            Err(TrySendError::Disconnected(row)) => write(&*self.store, vec![row]),
        }
    }
}

impl Drop for Keeper {
    /// What was taken is written.
    fn drop(&mut self) {
        if let Some(Door { rows, open, thread }) = self.door.take() {
            drop((rows, open));
            drop(thread.join());
        }
    }
}

/// The next answers, once there is one; `None` after the last.
fn gathered(
    coming: &Receiver<OcspAnswerRow>,
    closing: &Receiver<()>,
) -> Option<Vec<OcspAnswerRow>> {
    let mut batch = vec![coming.recv().ok()?];
    // Nothing ever comes: it is over after the time, or at the end.
    let _ = closing.recv_timeout(GATHER);
    batch.extend(coming.try_iter().take(ROWS_AT_A_TIME - 1));
    Some(batch)
}

/// An answer that is not kept in the store is an answer all the same.
fn write(store: &dyn Store, rows: Vec<OcspAnswerRow>) {
    let count = rows.len();
    let changes = Changes { ocsp_answers: rows, ..Changes::default() };
    if let Err(problem) = store.transact("ocsp_answers", &mut |tx| tx.write(&changes)) {
        tracing::warn!(label = problem.label(), count, "OCSP answers were not kept");
    }
}

/// How long answers are gathered before they are written.
const GATHER: Duration = Duration::from_millis(100);
/// So that nobody waits long behind it; a few megabytes.
const ROWS_AT_A_TIME: usize = 4_096;
const QUEUE_ROWS_MAX: usize = 8_192;

//! What the certification authority does by itself while the platform serves: revocation lists are
//! made when they are due, delegates renew themselves, what a crash left is finished, and answers
//! that ended are forgotten.
//!
//! A thread beside the sequencer. What fails is told by its label and tried again in the next
//! round: nothing here ends serving. Where there is no authority there is nothing to do.

use crate::wiring::Wired;
use app::Platform;
use app::certificate_finish::certificate_finish;
use app::revocation_list::RevocationLists;
use base::{Problem, Remedy};
use ports::rows::Partition;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// What the rounds are made on.
pub(crate) struct Rounds {
    platform: Platform,
    lists: RevocationLists,
}

impl Rounds {
    /// Rounds on a platform, with lists that gather changes for a few seconds.
    pub(crate) fn new(wired: &Wired) -> Self {
        let platform = wired.platform.clone();
        Self { lists: RevocationLists::new(platform.clone(), Arc::clone(&wired.crl)), platform }
    }

    /// How many lists were made so far.
    pub(crate) fn lists_made(&self) -> Arc<AtomicU64> {
        self.lists.made()
    }

    /// Starts them; they end after `stop`.
    pub(crate) fn start(self, stop: Arc<AtomicBool>) -> Result<JoinHandle<()>, Problem> {
        let run = move || {
            // What may have been left by a program that ended.
            self.look(0);
            let (mut looked, mut searched) = (Instant::now(), Instant::now());
            let mut search = Some(Partition::ZERO);
            while !stop.load(Ordering::Acquire) {
                said("revocation lists", self.lists.make_due());
                if looked.elapsed() >= LOOK_EVERY {
                    self.look(GRACE_US);
                    looked = Instant::now();
                }
                // Another program may have died between a list's record and its files.
                if search.is_none() && searched.elapsed() >= SEARCH_EVERY {
                    (search, searched) = (Some(Partition::ZERO), Instant::now());
                }
                match search.take() {
                    Some(after) => search = self.search(after),
                    None => std::thread::park_timeout(PAUSE),
                }
            }
        };
        Builder::new().name("authority".to_owned()).spawn(run).map_err(Problem::from_io)
    }

    /// Looks for some of the lists that lost their files; after which to go on.
    fn search(&self, after: Partition) -> Option<Partition> {
        let (lost, next) = self.lists.recover_some(after);
        said("missing revocation lists", lost);
        next
    }

    fn look(&self, grace_us: i64) {
        let finished = certificate_finish(&self.platform, grace_us);
        said("open intentions", finished.map(|done| done.issued + done.closed));
        said("delegates", app::delegate::renew(&self.platform));
        said("ended answers", app::ocsp::forget_ended(&self.platform));
    }
}

/// Tells in the log what was done. A device or store that is busy is no alarm: the next round comes
/// soon.
fn said(what: &'static str, done: Result<usize, Problem>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::info!(what, count, "the authority made its round"),
        Err(problem) if problem.remedy() == Remedy::Again => {
            tracing::warn!(what, label = problem.label(), "put off to the next round");
        }
        Err(problem) => tracing::error!(what, label = problem.label(), "a round failed"),
    }
}

const PAUSE: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(60);
const SEARCH_EVERY: Duration = Duration::from_secs(600);
/// An intention so young is on its way to the key.
const GRACE_US: i64 = 60 * 1_000_000;

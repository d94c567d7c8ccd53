//! The one write door: many acts, one transaction, one wait for the disk.
//!
//! Callers hand in jobs; a single thread takes all that have come, runs them on one unit of work
//! and commits. While the disk is busy, the next jobs gather: the batch grows with the load and the
//! wait does not. A job is answered after the commit it is part of, never before.

use crate::chores::Chores;
use crate::platform::Platform;
use crate::work::Work;
use base::{Problem, Remedy, labels, limits};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use numbers::LocalGovernmentCode;
use ports::rows::{CertificateStatusRow, Changes, certificate_state};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

/// The door: a queue and the thread behind it.
pub struct Committer {
    queue: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    tally: Arc<Tally>,
}

/// How much went through the door so far.
#[derive(Debug, Default)]
pub struct Tally {
    /// Batches, each one transaction.
    pub batches: AtomicU64,
    /// Jobs in them.
    pub jobs: AtomicU64,
    /// Certificates that came into force.
    pub issued: AtomicU64,
    /// Certificates that were revoked or held.
    pub ended: AtomicU64,
}

/// Something to do in a transaction, and someone to answer.
trait Job: Send {
    /// Runs the job; may be called again when a transaction is repeated.
    fn run(&mut self, work: &mut Work<'_>) -> Result<(), Problem>;
    /// Answers: the job's own result if its transaction was committed, else why not.
    fn settle(self: Box<Self>, committed: Result<(), Problem>);
}

struct Asked<T, F, R> {
    work: F,
    result: Option<Result<T, Problem>>,
    reply: R,
}

impl<T, F, R> Job for Asked<T, F, R>
where
    T: Send,
    F: FnMut(&mut Work<'_>) -> Result<T, Problem> + Send,
    R: FnOnce(Result<T, Problem>) + Send,
{
    fn run(&mut self, work: &mut Work<'_>) -> Result<(), Problem> {
        let before = work.mark();
        let result = (self.work)(work);
        let outcome = match &result {
            Err(problem) if problem.is_of_the_platform() => Err(problem.clone()),
            // Any other answer must not have written: what it left would be committed with the
            // rest.
            Err(_) if work.mark() != before => {
                Err(Problem::new(&labels::INTERNAL, "a refused job left changes"))
            }
            _ => Ok(()),
        };
        self.result = Some(result);
        outcome
    }

    fn settle(self: Box<Self>, committed: Result<(), Problem>) {
        let unanswered = || Err(Problem::new(&labels::INTERNAL, "a job was not run"));
        let result = self.result.unwrap_or_else(unanswered);
        (self.reply)(committed.and(result));
    }
}

impl Committer {
    /// Opens the door.
    pub fn start(platform: Platform) -> Result<Self, Problem> {
        let (queue, jobs) = bounded(QUEUE_JOBS_MAX);
        let tally = Arc::new(Tally::default());
        let counted = Arc::clone(&tally);
        let run = move || serve(&platform, &jobs, &counted);
        let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(run);
        let thread = thread.map_err(Problem::from_io)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), tally })
    }

    /// Hands in a job. `reply` is called once, on the committer's thread, after the commit; when
    /// the queue is full it is called at once with `overloaded`.
    pub fn submit<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Work<'_>) -> Result<T, Problem> + Send + 'static,
        reply: impl FnOnce(Result<T, Problem>) + Send + 'static,
    ) {
        let job = Box::new(Asked { work, result: None, reply });
        let Some(queue) = &self.queue else { return };
        if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = queue.try_send(job)
        {
            job.settle(Err(Problem::new(&labels::OVERLOADED, "the queue of commits is full")));
        }
    }

    /// How much went through so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Hands in a job and waits for its answer.
    pub fn call<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Work<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, answer) = bounded(1);
        // The receiver is held until the answer is there, so sending cannot fail.
        self.submit(work, move |result| drop(reply.send(result)));
        let gone = |_| Err(Problem::new(&labels::INTERNAL, "the committer stopped"));
        answer.recv().unwrap_or_else(gone)
    }
}

impl Drop for Committer {
    /// Closes the door: what is in the queue is still committed and answered.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(platform: &Platform, jobs: &Receiver<Box<dyn Job>>, tally: &Tally) {
    let mut chores = Chores::new(platform);
    loop {
        match jobs.recv_timeout(chores.rest()) {
            Ok(first) => {
                let mut batch = vec![first];
                batch.extend(jobs.try_iter().take(limits::COMMIT_ACTS_MAX - 1));
                tally.batches.fetch_add(1, Ordering::Relaxed);
                tally.jobs.fetch_add(batch.len() as u64, Ordering::Relaxed);
                chores.feeds_left(commit_batch(platform, batch, tally));
            }
            Err(RecvTimeoutError::Timeout) => {}
            // The door is closed: what is left to do stands in the store.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        chores.one();
    }
}

/// Commits a batch. A job that spoils it is parted from the others, so that it costs nobody else
/// the answer: at the place where it failed, or by halves where that shows at the commit only. What
/// ails the store, or comes before any job, would befall each part alike and is told to all at
/// once. Gives the feeds that were left with something to do.
fn commit_batch(
    platform: &Platform,
    batch: Vec<Box<dyn Job>>,
    tally: &Tally,
) -> BTreeSet<LocalGovernmentCode> {
    let mut feeds = BTreeSet::new();
    let mut parts = vec![batch];
    while let Some(mut batch) = parts.pop() {
        let (mut good, mut counts) = (None, (0, 0));
        let run = |work: &mut Work<'_>| {
            let good = good.insert(0);
            for job in &mut batch {
                job.run(work)?;
                *good += 1;
            }
            feeds.extend(work.feeds_left());
            Ok(())
        };
        let done = transact_observed(platform, run, |changes| counts = issued_and_ended(&changes));
        if done.is_ok() {
            tally.issued.fetch_add(counts.0, Ordering::Relaxed);
            tally.ended.fetch_add(counts.1, Ordering::Relaxed);
        }
        match done {
            Err(problem) if good.is_none() || would_meet_all(&problem) => {
                parts.push(batch);
                let jobs = parts.drain(..).rev().flatten();
                jobs.for_each(|job| job.settle(Err(problem.clone())));
            }
            Err(_) if batch.len() > 1 => {
                let failed = good.filter(|good| *good < batch.len());
                let rest = batch.split_off(failed.map_or(batch.len() / 2, |at| at.max(1)));
                parts.extend([rest, batch]);
            }
            done => batch.into_iter().for_each(|job| job.settle(done.clone())),
        }
    }
    feeds
}

/// Certificates that come into force with these changes, and those that end or are held.
fn issued_and_ended(changes: &Changes) -> (u64, u64) {
    let issued = changes.certificates.iter().filter(|row| row.signature.is_some()).count();
    let back = |row: &&CertificateStatusRow| row.state != certificate_state::RELEASED;
    (issued as u64, changes.statuses.iter().filter(back).count() as u64)
}

/// Whether any other transaction would meet it now too: what passes by itself, and ails the store
/// or the keys. What is broken may be broken for one job only.
fn would_meet_all(problem: &Problem) -> bool {
    problem.is_of_the_platform() && problem.remedy() == Remedy::Again
}

/// Runs `act` on a unit of work and commits what it left, in one transaction.
pub fn transact(
    platform: &Platform,
    act: impl FnMut(&mut Work<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    transact_observed(platform, act, |_| {})
}

/// The same, handing what was written to `observe`, before the commit; for measurements.
pub fn transact_observed(
    platform: &Platform,
    mut act: impl FnMut(&mut Work<'_>) -> Result<(), Problem>,
    mut observe: impl FnMut(Changes),
) -> Result<(), Problem> {
    platform.store.transact("commit", &mut |tx| {
        let mut entropy = (platform.entropy)();
        let mut work = Work::begin(platform, &mut *tx, &mut *entropy)?;
        act(&mut work)?;
        let changes = work.into_changes()?;
        tx.write(&changes)?;
        observe(changes);
        Ok(())
    })
}

const QUEUE_JOBS_MAX: usize = 16_384;

//! The write door: one transaction for many jobs, and what becomes of them when one of them, or the
//! store, does not play along.

use crate::house::{CHIYODA, House, on_both, stock_permit, town};
use base::{Label, Problem, labels};
use sekisho_app::stock::stock_issue;
use sekisho_app::{Committer, Work};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};

/// What a job of a test does.
type Job = Box<dyn FnMut(&mut Work<'_>) -> Result<(), Problem> + Send>;

/// Hands in jobs so that they are one batch, and gives the label of each answer; "" for done.
/// `just_before` is done when all are in the queue.
fn as_one_batch(house: &House, jobs: Vec<Job>, just_before: impl FnOnce()) -> Vec<&'static str> {
    let committer = Committer::start(house.platform.clone()).unwrap();
    let (release, held): (Sender<()>, Receiver<()>) = channel();
    let (begun, has_begun) = channel();
    let first = move |_: &mut Work<'_>| {
        // Both ends may be gone: the job may run again.
        begun.send(()).ok();
        held.recv().ok();
        Ok(())
    };
    committer.submit(first, |_| ());
    has_begun.recv().unwrap();
    let (answers, told) = channel();
    for (at, job) in jobs.into_iter().enumerate() {
        let answers = answers.clone();
        committer.submit(job, move |result| answers.send((at, result)).unwrap());
    }
    just_before();
    house.store.transactions.store(0, Ordering::SeqCst);
    drop((release, answers));
    let mut labels: Vec<_> = told.iter().collect();
    labels.sort_by_key(|(at, _)| *at);
    let label = |result: Result<(), Problem>| result.err().map_or("", |problem| problem.label());
    labels.into_iter().map(|(_, result)| label(result)).collect()
}

fn good() -> Job {
    Box::new(|work| stock_issue(work, &stock_permit(CHIYODA), town(CHIYODA), 1).map(|_| ()))
}

/// Refused before it changed anything.
fn refused(label: &'static Label) -> Job {
    Box::new(move |_| Err(Problem::new(label, "on demand")))
}

/// `count` good jobs with another one among them.
fn good_but_one(count: usize, at: usize, other: Job) -> Vec<Job> {
    let mut jobs: Vec<Job> = (0..count).map(|_| good()).collect();
    jobs[at] = other;
    jobs
}

fn stocks(house: &House) -> usize {
    let mut rows = 0;
    let count = &mut |view: &mut dyn ports::View| {
        rows = view.all_stocks()?.len();
        Ok(())
    };
    house.platform.store.snapshot("stocks", count).unwrap();
    rows
}

#[test]
fn what_ails_the_store_is_told_to_all_at_once() {
    on_both(|house| {
        for label in [&labels::STORE_BUSY, &labels::STORE_FULL, &labels::STORE_UNREACHABLE] {
            let jobs = (0..100).map(|_| good()).collect();
            let refuse = |label| *house.store.refuses.lock().unwrap() = label;
            let told = as_one_batch(house, jobs, || refuse(Some(label)));
            assert_eq!(told, vec![label.text; 100]);
            assert_eq!(house.store.transactions.load(Ordering::SeqCst), 1, "{}", label.text);
            refuse(None);
        }
        assert_eq!(stocks(house), 0);
    });
}

#[test]
fn a_job_that_is_to_come_again_is_an_ordinary_answer() {
    on_both(|house| {
        let again = refused(&labels::FEED_WAITING_FULL);
        let told = as_one_batch(house, good_but_one(64, 20, again), || ());
        let mut expected = vec![""; 64];
        expected[20] = "feed_waiting_full";
        assert_eq!(told, expected);
        assert_eq!(house.store.transactions.load(Ordering::SeqCst), 1);
        assert_eq!(stocks(house), 63);
    });
}

#[test]
fn a_broken_job_costs_nobody_else_the_answer_and_few_transactions() {
    on_both(|house| {
        for at in [0, 20, 63] {
            let before = stocks(house);
            let broken = refused(&labels::SEAL_BROKEN);
            let told = as_one_batch(house, good_but_one(64, at, broken), || ());
            let mut expected = vec![""; 64];
            expected[at] = "seal_broken";
            assert_eq!(told, expected);
            let transactions = house.store.transactions.load(Ordering::SeqCst);
            assert!(transactions <= 5, "{transactions}");
            assert_eq!(stocks(house), before + 63);
        }
    });
}

/// What shows at the commit only is found by halves.
#[test]
fn a_job_that_spoils_the_commit_is_found() {
    on_both(|house| {
        for at in [0, 20, 63] {
            let before = stocks(house);
            let store = std::sync::Arc::clone(&house.store);
            let poison: Job = Box::new(move |work| {
                store.poisoned.store(true, Ordering::SeqCst);
                stock_issue(work, &stock_permit(CHIYODA), town(CHIYODA), 1).map(|_| ())
            });
            let told = as_one_batch(house, good_but_one(64, at, poison), || ());
            let mut expected = vec![""; 64];
            expected[at] = "store_constraint";
            assert_eq!(told, expected);
            let transactions = house.store.transactions.load(Ordering::SeqCst);
            assert!(transactions <= 14, "{transactions}");
            assert_eq!(stocks(house), before + 63);
        }
    });
}

/// A refusal that left something behind would be committed with the others.
#[test]
fn a_refused_job_that_left_changes_is_a_defect() {
    on_both(|house| {
        for label in [&labels::RESIDENT_DEAD, &labels::FEED_WAITING_FULL] {
            let before = stocks(house);
            let untidy: Job = Box::new(move |work| {
                stock_issue(work, &stock_permit(CHIYODA), town(CHIYODA), 1)?;
                Err(Problem::new(label, "on demand"))
            });
            let told = as_one_batch(house, good_but_one(8, 3, untidy), || ());
            let mut expected = vec![""; 8];
            expected[3] = "internal";
            assert_eq!(told, expected);
            assert_eq!(stocks(house), before + 7);
        }
    });
}

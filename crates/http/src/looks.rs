//! Work that may take a while and must not hold up the network: done by a bounded number of
//! threads, in the order in which it came.
//!
//! A thread that is done takes what waits next, and goes back to the runtime when nothing does:
//! under load no thread is woken for a single piece of work.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something to do with what all work stands on.
pub(crate) trait Job<C>: Send {
    /// Whether anybody still waits for it.
    fn is_wanted(&self) -> bool;
    /// Does it.
    fn run(self: Box<Self>, on: &C);
}

/// What waits, and how many threads are at work.
pub(crate) struct Looks<C> {
    state: Mutex<State<C>>,
    threads_max: usize,
}

struct State<C> {
    waiting: VecDeque<Box<dyn Job<C>>>,
    threads: usize,
}

impl<C> Looks<C> {
    /// For so many threads at a time.
    pub(crate) fn new(threads_max: usize) -> Self {
        let state = State { waiting: VecDeque::new(), threads: 0 };
        Self { state: Mutex::new(state), threads_max }
    }

    /// Takes a job in. True if the caller is to have one more thread call [`Self::work`].
    #[must_use]
    pub(crate) fn push(&self, job: Box<dyn Job<C>>) -> bool {
        let mut state = self.lock();
        // While all threads hang, those who wait go and others come.
        if state.waiting.len() >= WAITING_MAX {
            state.waiting.retain(|job| job.is_wanted());
        }
        state.waiting.push_back(job);
        let more = state.threads < self.threads_max;
        state.threads += usize::from(more);
        more
    }

    /// Does what waits until nothing does.
    pub(crate) fn work(&self, on: &C) {
        while let Some(job) = self.next() {
            if job.is_wanted() {
                // Whoever waits for a job that panics is told so; the others are to be done.
                drop(catch_unwind(AssertUnwindSafe(|| job.run(on))));
            }
        }
    }

    fn next(&self) -> Option<Box<dyn Job<C>>> {
        let mut state = self.lock();
        let job = state.waiting.pop_front();
        state.threads -= usize::from(job.is_none());
        job
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        // Each change is one step: a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More than there are requests under way: when so many wait, some are nobody's any more.
const WAITING_MAX: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Sender, channel};
    use std::thread;

    /// The most that were at work at a time, and how many are.
    #[derive(Default)]
    struct Room {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    /// Does something with the room; nobody waits for it when it is not wanted.
    struct Entering<F> {
        wanted: bool,
        act: F,
    }

    impl<F: FnOnce(&Room) + Send> Job<Room> for Entering<F> {
        fn is_wanted(&self) -> bool {
            self.wanted
        }

        fn run(self: Box<Self>, on: &Room) {
            (self.act)(on);
        }
    }

    fn entering(done: Sender<usize>, number: usize) -> Box<dyn Job<Room>> {
        let act = move |room: &Room| {
            let now = room.now.fetch_add(1, Ordering::SeqCst) + 1;
            room.most.fetch_max(now, Ordering::SeqCst);
            thread::yield_now();
            room.now.fetch_sub(1, Ordering::SeqCst);
            done.send(number).unwrap();
        };
        Box::new(Entering { wanted: true, act })
    }

    #[test]
    fn everything_is_done_by_so_many_threads_at_most() {
        let (looks, room) = (Arc::new(Looks::new(3)), Arc::new(Room::default()));
        let (done, all) = channel();
        for number in 0..500 {
            if looks.push(entering(done.clone(), number)) {
                let (looks, room) = (Arc::clone(&looks), Arc::clone(&room));
                thread::spawn(move || looks.work(&room));
            }
        }
        let mut numbers: Vec<_> = all.iter().take(500).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..500));
        assert!((1..=3).contains(&room.most.load(Ordering::SeqCst)));
    }

    #[test]
    fn one_thread_keeps_the_order_and_outlives_a_panic() {
        let (looks, room) = (Looks::new(1), Room::default());
        let (done, all) = channel();
        let wanted = [
            looks.push(entering(done.clone(), 0)),
            looks.push(Box::new(Entering { wanted: true, act: |_: &Room| panic!("on purpose") })),
            looks.push(Box::new(Entering { wanted: false, act: |_: &Room| panic!("not wanted") })),
            looks.push(entering(done.clone(), 1)),
            looks.push(entering(done, 2)),
        ];
        assert_eq!(wanted, [true, false, false, false, false]);
        looks.work(&room);
        assert!(all.iter().eq(0..3));
        // The thread has gone: the next job asks for another.
        assert!(looks.push(Box::new(Entering { wanted: true, act: |_: &Room| () })));
    }

    #[test]
    fn what_nobody_waits_for_does_not_pile_up() {
        let looks = Looks::new(0);
        for number in 0..3 * WAITING_MAX {
            let job = Entering { wanted: number == 7, act: |_: &Room| () };
            assert!(!looks.push(Box::new(job)));
        }
        assert!(looks.lock().waiting.len() <= WAITING_MAX);
        assert!(looks.next().is_some_and(|job| job.is_wanted()), "the one that is wanted stays");
    }
}

//! Work on many things that do not touch each other, on all processors.
//!
//! Things are handed out a few at a time to whichever thread is free, so that one processor that
//! has other work keeps nobody waiting. What is not more than one such portion is done at once and
//! in place: a thread costs more than it does.

use base::{Problem, labels};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder, ScopedJoinHandle};

/// Maps every item, in the order of the items; `portion` of them are handed out at a time. `begin`
/// is called once on each thread.
pub(crate) fn side_by_side<T: Sync, S, U: Send>(
    items: &[T],
    portion: usize,
    begin: impl Fn() -> S + Sync,
    each: impl Fn(&mut S, &T) -> Result<U, Problem> + Sync,
) -> Result<Vec<U>, Problem> {
    let portions = Portions::new(items, portion);
    let work = || {
        let mut state = begin();
        portions.work(|item| each(&mut state, item))
    };
    let others = processors().min(portions.count()).saturating_sub(1);
    let ((), worked) = with_help(others, work, || Ok(()))?;
    worked.map(|()| portions.into_mapped())
}

/// Does one thing while other threads do what they find, and helps them when it is done: what came
/// of each.
pub(crate) fn with_help<V>(
    threads: usize,
    work: impl Fn() -> Result<(), Problem> + Sync,
    first: impl FnOnce() -> Result<V, Problem>,
) -> Result<(V, Result<(), Problem>), Problem> {
    thread::scope(|scope| {
        // Where no thread can be had, this one does all of it.
        let spawn = |_| Builder::new().spawn_scoped(scope, &work).ok();
        let others: Vec<_> = (0..threads).filter_map(spawn).collect();
        let done = first()?;
        let mut worked = work();
        for other in others {
            worked = worked.and(join(other));
        }
        Ok((done, worked))
    })
}

/// Threads that work at a time.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Things that are handed out a few at a time, and what became of them.
pub(crate) struct Portions<'i, T, U> {
    all: Vec<&'i [T]>,
    next: AtomicUsize,
    mapped: Mutex<Vec<(usize, Vec<U>)>>,
}

impl<'i, T, U> Portions<'i, T, U> {
    pub(crate) fn new(items: &'i [T], portion: usize) -> Self {
        let all = items.chunks(portion.max(1)).collect();
        Self { all, next: AtomicUsize::new(0), mapped: Mutex::default() }
    }

    fn count(&self) -> usize {
        self.all.len()
    }

    /// Takes portions until none is left.
    pub(crate) fn work(
        &self,
        mut each: impl FnMut(&T) -> Result<U, Problem>,
    ) -> Result<(), Problem> {
        let mut mapped = Vec::new();
        while let place = self.next.fetch_add(1, Ordering::Relaxed)
            && let Some(items) = self.all.get(place)
        {
            let some: Result<_, _> = items.iter().map(&mut each).collect();
            mapped.push((place, some.inspect_err(|_| self.stop())?));
        }
        self.mapped.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mapped);
        Ok(())
    }

    /// Hands out no more of them.
    pub(crate) fn stop(&self) {
        self.next.fetch_max(self.all.len(), Ordering::Relaxed);
    }

    /// All, in the order of the items, when every thread that took some has come to the end.
    pub(crate) fn into_mapped(self) -> Vec<U> {
        let mut mapped = self.mapped.into_inner().unwrap_or_else(PoisonError::into_inner);
        mapped.sort_unstable_by_key(|(place, _)| *place);
        mapped.into_iter().flat_map(|(_, some)| some).collect()
    }
}

fn join(thread: ScopedJoinHandle<'_, Result<(), Problem>>) -> Result<(), Problem> {
    let stopped = |_| Err(Problem::new(&labels::INTERNAL, "a thread stopped"));
    thread.join().unwrap_or_else(stopped)
}

/// Of things that take microseconds each.
pub(crate) const OF_SMALL: usize = 128;

/// Of things that take a signature each.
pub(crate) const OF_LARGE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_for_any_number_of_items() {
        for count in [0, 1, OF_SMALL, OF_SMALL + 1, 10 * OF_SMALL + 3] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = side_by_side(&items, OF_SMALL, || (), |(), item| Ok(item * 2)).unwrap();
            assert_eq!(doubled, (0..count).map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn after_a_problem_no_more_is_handed_out() {
        let items: Vec<usize> = (0..1_000).collect();
        let portions = Portions::new(&items, 1);
        let seen = AtomicUsize::new(0);
        let each = |item: &usize| {
            seen.fetch_add(1, Ordering::Relaxed);
            if *item == 3 { Err(Problem::new(&labels::INTERNAL, "bad")) } else { Ok(()) }
        };
        portions.work(each).unwrap_err();
        portions.work(each).unwrap();
        assert_eq!(seen.into_inner(), 4);
    }

    #[test]
    fn one_problem_is_the_result_wherever_it_is_met() {
        let items: Vec<usize> = (0..1_000).collect();
        for bad in [0, 500, 999] {
            let each = |_: &mut (), item: &usize| match item {
                item if *item == bad => Err(Problem::new(&labels::INTERNAL, "bad")),
                _ => Ok(()),
            };
            let problem = side_by_side(&items, OF_SMALL, || (), each).unwrap_err();
            assert_eq!(problem.label(), labels::INTERNAL.text);
        }
    }
}

//! Work on many things that do not touch each other, on all processors.
//!
//! Things are handed out a few at a time to whichever thread is free, so that one processor that
//! has other work keeps nobody waiting. What is not more than one such portion is done at once and
//! in place: a thread costs more than it does.

use base::{Problem, labels};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder, ScopedJoinHandle};

/// Maps every item, in the order of the items; `portion` of them are handed out at a time. `begin`
/// is called once on each thread.
pub(crate) fn side_by_side<T: Sync, S, U: Send>(
    items: &[T],
    portion: usize,
    begin: impl Fn() -> S + Sync,
    each: impl Fn(&mut S, &T) -> Result<U, Problem> + Sync,
) -> Result<Vec<U>, Problem> {
    let portions: Vec<&[T]> = items.chunks(portion.max(1)).collect();
    let next = AtomicUsize::new(0);
    let take = || {
        let mut state = begin();
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(items) = portions.get(place) else { return Ok(done) };
            let mapped = items.iter().map(|item| each(&mut state, item));
            done.push((place, mapped.collect::<Result<Vec<U>, Problem>>()?));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut done = thread::scope(|scope| {
        let spawn = |_| Builder::new().spawn_scoped(scope, take);
        let others: Vec<_> = (1..threads.min(portions.len())).map(spawn).collect();
        let mut done = take()?;
        for other in others {
            done.extend(join(other)?);
        }
        Ok::<_, Problem>(done)
    })?;
    done.sort_unstable_by_key(|(place, _)| *place);
    let mut mapped = Vec::with_capacity(items.len());
    done.into_iter().for_each(|(_, some)| mapped.extend(some));
    Ok(mapped)
}

fn join<U>(
    thread: std::io::Result<ScopedJoinHandle<'_, Result<U, Problem>>>,
) -> Result<U, Problem> {
    let thread = thread.map_err(Problem::from_io)?;
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

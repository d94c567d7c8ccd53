//! Work on many things that do not touch each other, on all processors.
//!
//! Few things are done at once and in place: a thread costs more than they do.

use base::{Problem, labels};
use std::num::NonZero;
use std::thread::{self, Builder, ScopedJoinHandle};

/// Maps every item, in the order of the items. `begin` is called once on each thread.
pub(crate) fn side_by_side<T: Sync, S, U: Send>(
    items: &[T],
    begin: impl Fn() -> S + Sync,
    each: impl Fn(&mut S, &T) -> Result<U, Problem> + Sync,
) -> Result<Vec<U>, Problem> {
    let share = |items: &[T]| {
        let mut state = begin();
        items.iter().map(|item| each(&mut state, item)).collect::<Result<Vec<U>, Problem>>()
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share_items = items.len().div_ceil(threads).max(SHARE_ITEMS_MIN);
    let (own, others) = items.split_at(share_items.min(items.len()));
    if others.is_empty() {
        return share(own);
    }
    thread::scope(|scope| {
        let share = &share;
        let spawn = |items| Builder::new().spawn_scoped(scope, move || share(items));
        let others: Vec<_> = others.chunks(share_items).map(spawn).collect();
        let mut done = share(own)?;
        done.reserve(items.len() - done.len());
        for other in others {
            done.extend(join(other)?);
        }
        Ok(done)
    })
}

fn join<U>(
    thread: std::io::Result<ScopedJoinHandle<'_, Result<U, Problem>>>,
) -> Result<U, Problem> {
    let thread = thread.map_err(Problem::from_io)?;
    let stopped = |_| Err(Problem::new(&labels::INTERNAL, "a thread stopped"));
    thread.join().unwrap_or_else(stopped)
}

const SHARE_ITEMS_MIN: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_for_any_number_of_items() {
        for count in [0, 1, SHARE_ITEMS_MIN, SHARE_ITEMS_MIN + 1, 10 * SHARE_ITEMS_MIN + 3] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = side_by_side(&items, || (), |(), item| Ok(item * 2)).unwrap();
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
            let problem = side_by_side(&items, || (), each).unwrap_err();
            assert_eq!(problem.label(), labels::INTERNAL.text);
        }
    }
}

//! Numbering a nation in memory: resident record codes in, Individual Numbers out, on every core.

use super::Bars;
use base::{Problem, labels};
use numbers::ResidentRecordCode;
use numbers::assignment::{Generation, Numbering};
use std::time::Instant;

/// Assigns `count` numbers on two threads.
pub(super) fn bench(count: u64) -> Result<Bars, Problem> {
    let numbering = Numbering::new(b"a benchmark key for 256-bit AES!").map_err(failed)?;
    let mut codes = codes(count)?;
    let half = codes.len().div_ceil(THREADS).max(1);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let parts = codes.chunks_mut(half);
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(|| numbering.assign_in_place(part, Generation::FIRST)))
            .collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(done) => done.map_err(failed),
            Err(_) => Err(Problem::new(&labels::INTERNAL, "a thread failed")),
        })
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let distinct = distinct(codes);
    let per_s = count as f64 / seconds;
    let mut bars = Bars::new("assign");
    bars.figure("numbers_assigned", count as f64, "");
    bars.figure("threads", THREADS as f64, "");
    bars.figure("rate", per_s, "per second");
    bars.at_most("seconds_for_130_million", 130e6 / per_s, 60.0);
    bars.at_least("share_of_distinct_numbers", distinct as f64 / count as f64, 1.0);
    Ok(bars)
}

fn codes(count: u64) -> Result<Vec<u64>, Problem> {
    let code = |n: u64| ResidentRecordCode::from_payload(n * 73 % 10_000_000_000);
    let codes: Result<Vec<_>, _> =
        (0..count).map(|n| code(n).map(|code| code.reveal_u64())).collect();
    codes.map_err(|refusal| Problem::from_refusal(refusal.label()))
}

fn distinct(mut numbers: Vec<u64>) -> usize {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

fn failed(refusal: numbers::assignment::AssignmentRefusal) -> Problem {
    Problem::new(&labels::INTERNAL, refusal.label())
}

const THREADS: usize = 2;

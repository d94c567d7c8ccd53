//! Durable appends to the ledger on the embedded store, and proofs in a large log.
//!
//! Appends: a thousand callers wait at any time, each for its own act; that gives the rate. With a
//! thousand in flight a wait cannot be shorter than a thousand divided by the rate (Little's law),
//! however fast the disk; so the waits that are held against the disk are those of an offered load
//! of the bar's rate, 100,000 a second. The disk is measured before each round of it, with writes
//! of the size of one commit, because callers that share a commit also share its bytes; the median
//! of the rounds counts, because others may use the same machine. Proofs: a log of ten million
//! leaves in memory, with the tile cache that the server has.

use super::disk::{fsync_waits, quantile_ms};
use super::scratch::{Scratch, platform};
use super::{Bars, failed};
use crate::cli::Bench;
use crate::progress;
use app::{Committer, Platform};
use base::{Actor, PersonId, Problem, Purpose, labels};
use crossbeam_channel::{bounded, unbounded};
use ledger::Hash;
use ledger::grow::{MemoryTiles, TileGrower};
use ledger::prove::{NodeCache, Prover};
use policy::{Action, Permit};
use std::time::{Duration, Instant};

/// Measures appends and proofs.
pub(super) fn bench(asked: &Bench, quiet: bool) -> Result<Bars, Problem> {
    let mut bars = Bars::new("ledger");
    appends(asked, quiet, &mut bars)?;
    proofs(asked.count.unwrap_or(PROOF_LEAVES), quiet, &mut bars)?;
    Ok(bars)
}

fn appends(asked: &Bench, quiet: bool, bars: &mut Bars) -> Result<(), Problem> {
    let scratch = Scratch::new(asked, "ledger")?;
    let platform = platform(scratch.sqlite("store.sqlite")?)?;
    let permit =
        app::permit(&Actor::Operator("bench".into()), Action::Rewrap, Purpose::Operation, None)?;
    append_many(&platform, &permit, WARM_UP, quiet)?;
    let before = bytes_written();
    let started = Instant::now();
    let mut waits = append_many(&platform, &permit, APPENDS, quiet)?;
    let seconds = started.elapsed().as_secs_f64();
    waits.sort_unstable();
    let rate = APPENDS as f64 / seconds;
    let wait_p50 = quantile_ms(&waits, 0.50);
    // A wait is about two commits: the one under way, and one's own.
    let commits = (seconds * 1_000.0 * 2.0 / wait_p50).max(1.0);
    let commit_bytes = ((bytes_written() - before) as f64 / commits) as usize;
    let small = fsync_waits(scratch.path(), 4_096, PROBES)?;
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let disk = fsync_waits(scratch.path(), commit_bytes.clamp(4_096, 8 << 20), PROBES)?;
        let offered = append_offered(&platform, &permit, quiet)?;
        rounds.push(Round { disk, offered });
    }
    rounds.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let Round { disk: sized, offered } = &rounds[ROUNDS / 2];
    let (wait_p99, disk_p99) = (quantile_ms(&offered.waits, 0.99), quantile_ms(sized, 0.99));
    bars.figure("appends_in_flight", IN_FLIGHT as f64, "");
    bars.figure("durable_appends", rate, "per second");
    bars.figure("wait_p50_with_1000_in_flight", wait_p50, "ms");
    bars.figure("wait_p99_with_1000_in_flight", quantile_ms(&waits, 0.99), "ms");
    bars.figure("wait_p50_at_100000_per_second", quantile_ms(&offered.waits, 0.50), "ms");
    bars.figure("wait_p99_at_100000_per_second", wait_p99, "ms");
    bars.figure("turned_away", rounds.iter().map(|round| round.offered.turned_away).sum(), "");
    bars.figure("bytes_per_commit", commit_bytes as f64, "bytes");
    bars.figure("fsync_of_a_commit_p50", quantile_ms(sized, 0.50), "ms");
    bars.figure("fsync_of_a_commit_p99", disk_p99, "ms");
    bars.figure("fsync_of_4_kib_p99", quantile_ms(&small, 0.99), "ms");
    bars.at_least("durable_appends_per_second", rate, 100_000.0);
    bars.at_most("wait_p99_at_100000_per_second_over_fsync_p99", wait_p99 / disk_p99, 3.0);
    Ok(())
}

/// Appends with a constant number of acts in flight; each one's wait.
fn append_many(
    platform: &Platform,
    permit: &Permit,
    count: usize,
    quiet: bool,
) -> Result<Vec<Duration>, Problem> {
    let committer = Committer::start(platform.clone())?;
    let (answered, answers) = bounded(IN_FLIGHT);
    let bar = progress::bar("appending to the ledger", count as u64, quiet);
    let submit = |person: i64| {
        let (permit, answered, started) = (permit.clone(), answered.clone(), Instant::now());
        committer.submit(
            move |work| {
                let subject = Some(PersonId(person));
                work.record(&permit, app::work::Outcome::Done, subject, b"an act to be measured")
            },
            // The receiver outlives every answer.
            move |done| drop(answered.send(done.map(|_| started.elapsed()))),
        );
    };
    (0..IN_FLIGHT.min(count)).for_each(|person| submit(person as i64));
    let mut waits = Vec::with_capacity(count);
    for done in 0..count {
        let gone = |_| Err(Problem::new(&labels::INTERNAL, "the committer stopped"));
        waits.push(answers.recv().unwrap_or_else(gone)?);
        if done + IN_FLIGHT < count {
            submit((done % 100_000) as i64);
        }
        if done % 10_000 == 0 {
            bar.set_position(done as u64);
        }
    }
    bar.finish_and_clear();
    Ok(waits)
}

/// A round of a steady load, and what the disk did before it.
struct Round {
    disk: Vec<Duration>,
    offered: Offered,
}

/// The waits of a steady load, sorted, and how many acts found the queue full.
struct Offered {
    waits: Vec<Duration>,
    turned_away: f64,
}

impl Round {
    fn ratio(&self) -> f64 {
        quantile_ms(&self.offered.waits, 0.99) / quantile_ms(&self.disk, 0.99)
    }
}

/// Offers a steady load for a second.
fn append_offered(platform: &Platform, permit: &Permit, quiet: bool) -> Result<Offered, Problem> {
    let committer = Committer::start(platform.clone())?;
    let (answered, answers) = unbounded();
    let bar = progress::bar("appending at a steady rate", OFFERED as u64, quiet);
    let started = Instant::now();
    let mut sent = 0;
    while sent < OFFERED {
        let due = (started.elapsed().as_secs_f64() * OFFERED_PER_S) as usize;
        if due <= sent {
            std::thread::sleep(Duration::from_micros(50));
        }
        for person in sent..due.min(OFFERED) {
            let (permit, answered, asked) = (permit.clone(), answered.clone(), Instant::now());
            let subject = Some(PersonId((person % 100_000) as i64));
            committer.submit(
                move |work| work.record(&permit, app::work::Outcome::Done, subject, b"an act"),
                move |done| drop(answered.send(done.map(|_| asked.elapsed()))),
            );
        }
        sent = sent.max(due.min(OFFERED));
        bar.set_position(sent as u64);
    }
    bar.finish_and_clear();
    let gone = |_| Err(Problem::new(&labels::INTERNAL, "the committer stopped"));
    let mut offered = Offered { waits: Vec::with_capacity(OFFERED), turned_away: 0.0 };
    for _ in 0..OFFERED {
        match answers.recv().unwrap_or_else(gone) {
            Ok(wait) => offered.waits.push(wait),
            Err(problem) if problem.label() == labels::OVERLOADED.text => {
                offered.turned_away += 1.0;
            }
            Err(problem) => return Err(problem),
        }
    }
    offered.waits.sort_unstable();
    Ok(offered)
}

fn proofs(leaves: u64, quiet: bool, bars: &mut Bars) -> Result<(), Problem> {
    let bar = progress::bar("growing a log", leaves, quiet);
    let (mut tiles, mut grower) = (MemoryTiles::new(), TileGrower::new());
    let started = Instant::now();
    while grower.size() < leaves {
        let upto = (grower.size() + LEAVES_PER_STEP).min(leaves);
        let growth = grower.append((grower.size()..upto).map(|n| Hash::leaf(&n.to_be_bytes())));
        tiles.absorb(growth);
        bar.set_position(grower.size());
    }
    let grown_s = started.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let cache = NodeCache::new(TILES_CACHED);
    let prover = Prover::new(&tiles, &cache);
    let head = grower.head();
    let mut waits = Vec::with_capacity(PROOFS as usize);
    for n in 0..WARM_PROOFS + PROOFS {
        let index = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % leaves;
        let started = Instant::now();
        let proof = prover.inclusion(index, leaves).map_err(|_| failed("no proof"))?;
        let wait = started.elapsed();
        proof.verify(&Hash::leaf(&index.to_be_bytes()), &head).map_err(|_| failed("not proved"))?;
        if n >= WARM_PROOFS {
            waits.push(wait);
        }
    }
    let mean_us = waits.iter().sum::<Duration>().as_secs_f64() * 1e6 / waits.len() as f64;
    waits.sort_unstable();
    bars.figure("log_size", leaves as f64, "leaves");
    bars.figure("leaves_grown", leaves as f64 / grown_s, "per second");
    bars.figure("inclusion_proof_mean", mean_us, "µs");
    bars.figure("inclusion_proof_p50", quantile_ms(&waits, 0.5) * 1_000.0, "µs");
    bars.figure("inclusion_proof_p99", quantile_ms(&waits, 0.99) * 1_000.0, "µs");
    bars.at_most("inclusion_proof_mean_us", mean_us, 100.0);
    Ok(())
}

/// Bytes that this process has handed to the file system so far.
fn bytes_written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

const IN_FLIGHT: usize = 1_000;
const WARM_UP: usize = 20_000;
const APPENDS: usize = 500_000;
const PROBES: usize = 500;
const ROUNDS: usize = 5;
const OFFERED: usize = 100_000;
const OFFERED_PER_S: f64 = 100_000.0;
const PROOF_LEAVES: u64 = 10_000_000;
const LEAVES_PER_STEP: u64 = 262_144;
const TILES_CACHED: usize = 1_024;
const WARM_PROOFS: u64 = 2_000;
const PROOFS: u64 = 5_000;

//! The disk's own limit, measured beside a benchmark: append, and wait until it is durable.

use base::{Problem, labels};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Waits of `rounds` appends of `bytes` each, sorted.
pub(super) fn fsync_waits(
    folder: &Path,
    bytes: usize,
    rounds: usize,
) -> Result<Vec<Duration>, Problem> {
    let path = folder.join("fsync-probe");
    let io = |error: std::io::Error| Problem::new(&labels::IO, error.kind().to_string());
    let mut file = File::create(&path).map_err(io)?;
    let block = vec![0xa5_u8; bytes];
    let mut waits = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let started = Instant::now();
        file.write_all(&block).map_err(io)?;
        file.sync_data().map_err(io)?;
        waits.push(started.elapsed());
    }
    std::fs::remove_file(&path).map_err(io)?;
    waits.sort_unstable();
    Ok(waits)
}

/// The value below which `share` of the sorted waits lie, in milliseconds.
pub(super) fn quantile_ms(sorted: &[Duration], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |wait| wait.as_secs_f64() * 1_000.0)
}

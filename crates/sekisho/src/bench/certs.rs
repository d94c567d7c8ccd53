//! Certificates issued by a production run, against what the cryptographic library alone can do.
//!
//! Every certificate is asked for by a request of its own key (of the kind that the authority has,
//! as it is in every generation of the official ones), whose signature is checked;
//! it is composed, linted, signed, verified, sealed, stored with its outcome and put on the ledger
//! by two acts. The limit is how many bare signatures, each verified (P-256), or bare signatures
//! (RSA) as many threads make in a second, before and after the run. Growth compares
//! the rate on an empty store with that on one that holds as many certificates as asked for. These
//! are written through the store's own writer, row for row as an issuance leaves them; what is
//! sealed or signed in them is noise of the same length, and they belong to persons of whom nothing
//! else is stored.

use super::applicants::{Bureau, requests};
use super::scratch::{Scratch, platform};
use super::{Bars, failed, grown, limits};
use crate::cli::Bench;
use app::Platform;
use app::certificate_batch::{BatchLine, BatchOrder, CHUNK_LINES, certificate_batch};
use app::certificate_issue::Issued;
use base::{Actor, Problem, Purpose};
use std::time::Instant;
use x509::KeyAlgorithm;

/// Measures on SQLite.
pub(super) fn bench(asked: &Bench, quiet: bool) -> Result<Bars, Problem> {
    let mut bars = Bars::new("certs");
    let scratch = Scratch::new(asked, "certs")?;
    let residents = if asked.quick { QUICK_RESIDENTS } else { RESIDENTS };
    p256(&scratch, residents, &mut bars)?;
    let keys = if asked.quick { QUICK_RSA_KEYS } else { RSA_KEYS };
    rsa(&scratch, keys, &mut bars)?;
    let issued = asked.count.unwrap_or(if asked.quick { QUICK_ISSUED } else { ISSUED });
    growth(&scratch, (residents / 2, issued), quiet, &mut bars)?;
    Ok(bars)
}

fn p256(scratch: &Scratch, residents: usize, bars: &mut Bars) -> Result<(), Problem> {
    let platform = platform(scratch.sqlite("p256.sqlite")?)?;
    let bureau = Bureau::found(scratch, platform, KeyAlgorithm::P256, residents)?;
    let lines = bureau.lines(0, residents)?;
    let (before, limit_us) = limits::p256_signed_and_verified()?;
    let ours = issue(&bureau.platform, lines)?;
    let limit = f64::midpoint(before, limits::p256_signed_and_verified()?.0);
    bars.figure("p256_certificates", ours.per_second, "per second");
    bars.figure("p256_processor_time", ours.processor_us, "µs per certificate");
    bars.figure("p256_bare_sign_and_verify", limit, "per second");
    bars.figure("p256_bare_processor_time", limit_us, "µs per pair");
    bars.at_least("p256_certificates_per_second", ours.per_second, 5_000.0);
    bars.at_least("p256_share_of_sign_and_verify", ours.per_second / limit, 0.25);
    Ok(())
}

fn rsa(scratch: &Scratch, keys: usize, bars: &mut Bars) -> Result<(), Problem> {
    let platform = platform(scratch.sqlite("rsa.sqlite")?)?;
    let bureau = Bureau::found(scratch, platform, KeyAlgorithm::Rsa2048, keys)?;
    let lines = bureau.lines_of(0, requests(KeyAlgorithm::Rsa2048, keys)?)?;
    let (before, limit_us) = limits::rsa_signed()?;
    let ours = issue_in(&bureau.platform, lines, RSA_CHUNK)?;
    let limit = f64::midpoint(before, limits::rsa_signed()?.0);
    bars.figure("rsa2048_certificates", ours.per_second, "per second");
    bars.figure("rsa2048_processor_time", ours.processor_us, "µs per certificate");
    bars.figure("rsa2048_bare_sign", limit, "per second");
    bars.figure("rsa2048_bare_processor_time", limit_us, "µs per signature");
    bars.at_least("rsa2048_share_of_sign", ours.per_second / limit, 0.7);
    Ok(())
}

fn growth(
    scratch: &Scratch,
    (residents, issued): (usize, u64),
    quiet: bool,
    bars: &mut Bars,
) -> Result<(), Problem> {
    let platform = platform(scratch.sqlite("growth.sqlite")?)?;
    let bureau = Bureau::found(scratch, platform, KeyAlgorithm::P256, 2 * residents)?;
    let small = issue(&bureau.platform, bureau.lines(0, residents)?)?;
    let started = Instant::now();
    grown::grow(&bureau.platform, (issued, None), quiet)?;
    let seconds = started.elapsed().as_secs_f64();
    let large = issue(&bureau.platform, bureau.lines(residents, residents)?)?;
    bars.figure("growth_certificates_when_empty", small.per_second, "per second");
    bars.figure(&format!("growth_certificates_at_{issued}"), large.per_second, "per second");
    bars.figure("growth_rows_written", issued as f64 / seconds, "certificates per second");
    bars.at_least("rate_kept_while_growing", large.per_second / small.per_second, 0.8);
    Ok(())
}

pub(super) struct Rate {
    pub(super) per_second: f64,
    processor_us: f64,
}

/// Issues all of it; anything that is refused is a fault of the benchmark.
pub(super) fn issue(platform: &Platform, lines: Vec<BatchLine>) -> Result<Rate, Problem> {
    issue_in(platform, lines, CHUNK_LINES)
}

fn issue_in(platform: &Platform, lines: Vec<BatchLine>, chunk: usize) -> Result<Rate, Problem> {
    let count = lines.len() as f64;
    let mut refused = None;
    let (started, processor) = (Instant::now(), processor_s());
    let lines = lines.into_iter().map(Ok);
    certificate_batch(platform, &order(chunk), lines, &mut |_, result| {
        if let Err(problem) = result {
            refused.get_or_insert(problem);
        }
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let processor_us = (processor_s() - processor) * 1e6 / count;
    match refused {
        Some(problem) => Err(failed(&format!("a line was refused: {problem}"))),
        None => Ok(Rate { per_second: count / seconds, processor_us }),
    }
}

/// Issues all of it and gives the certificates.
pub(super) fn issued(platform: &Platform, lines: Vec<BatchLine>) -> Result<Vec<Issued>, Problem> {
    let mut all = Vec::with_capacity(lines.len());
    let lines = lines.into_iter().map(Ok);
    certificate_batch(platform, &order(CHUNK_LINES), lines, &mut |_, result| all.push(result))?;
    all.into_iter().collect()
}

fn order(chunk: usize) -> BatchOrder {
    let (actor, purpose) = (Actor::Platform, Purpose::Certification);
    BatchOrder { actor, purpose, algorithm: None, chunk }
}

/// Processor time of all threads of this process so far.
pub(super) fn processor_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may hold anything up to the last parenthesis.
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    let mut fields = after.split_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
    let ticks = fields.next().unwrap_or(0.0) + fields.next().unwrap_or(0.0);
    ticks / TICKS_PER_SECOND
}

/// `USER_HZ`, which is 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;
const RESIDENTS: usize = 60_000;
const QUICK_RESIDENTS: usize = 20_000;
/// Making an RSA key takes a thousand times as long as certifying it.
const RSA_KEYS: usize = 3_000;
const QUICK_RSA_KEYS: usize = 400;
/// Enough for all processors, and several of them in a run of so few.
const RSA_CHUNK: usize = 256;
const ISSUED: u64 = 10_000_000;
const QUICK_ISSUED: u64 = 500_000;

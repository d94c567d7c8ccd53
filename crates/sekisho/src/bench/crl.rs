//! Revocation lists made from the store's rows: one of a million revoked certificates, and one of a
//! large municipality after one more revocation.
//!
//! The large list is made by a process that does nothing else, from opening the store to the file
//! in its place, so that its memory can be told: the most that it ever had. The rows before are
//! written through the store's own writer. The small list belongs to a municipality with as many
//! revoked certificates as the largest city has of that million; after each revocation, through the
//! use case, the time is taken that reading, building, signing, checking, recording and publishing
//! take.

use super::applicants::Bureau;
use super::certs::{issue, processor_s};
use super::scratch::{ForwardClock, Scratch, shared_platform};
use super::{Bars, failed, grown};
use crate::cli::Bench;
use app::Platform;
use app::certificate_end::certificate_end;
use app::commit::transact;
use app::number_ask::Whose;
use app::revocation_list::RevocationLists;
use authority::CertificateKind;
use authority::trigger::Trigger;
use base::{Actor, Problem, Purpose};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use ports::rows::Partition;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use store::PublicationDirectory;
use x509::KeyAlgorithm;

/// Measures on SQLite.
pub(super) fn bench(asked: &Bench, quiet: bool) -> Result<Bars, Problem> {
    let mut bars = Bars::new("crl");
    let scratch = Scratch::new(asked, "crl")?;
    let platform = shared_platform(scratch.path(), true)?;
    let bureau = Bureau::found(&scratch, platform, KeyAlgorithm::P256, RESIDENTS)?;
    issue(&bureau.platform, bureau.lines(0, RESIDENTS)?)?;
    rebuilt(&scratch, &bureau, quiet, &mut bars)?;
    let revoked = asked.count.unwrap_or(REVOKED);
    grown::grow(&bureau.platform, (revoked, Some(large()?)), quiet)?;
    drop(bureau);
    let made = in_own_process(scratch.path())?;
    let told = |name: &str| made[name].as_f64().ok_or_else(|| failed("the process told nothing"));
    bars.figure("revoked_certificates_on_the_list", revoked as f64, "");
    bars.figure("list_size", told("bytes")?, "bytes");
    bars.figure("list_processor_time", told("processor_s")?, "s");
    bars.at_most("list_made_s", told("made_s")?, 3.0);
    bars.at_most("list_memory_at_most_mb", told("memory_mb")?, 200.0);
    Ok(bars)
}

/// The part of the process that does nothing else: makes the large list of a store in a folder.
pub(super) fn make_large(folder: &Path) -> Result<Value, Problem> {
    let platform = shared_platform(folder, false)?;
    let (lists, started, processor) = (lists(&platform, folder)?, Instant::now(), processor_s());
    let partition = Partition { authority: 1, municipality: Some(large()?) };
    if !lists.make(partition)? {
        return Err(failed("the list was not due"));
    }
    let (made_s, processor_s) = (started.elapsed().as_secs_f64(), processor_s() - processor);
    Ok(json!({
        "made_s": made_s,
        "processor_s": processor_s,
        "memory_mb": memory_peak_mb(),
        "bytes": largest_file(&folder.join("crl")),
    }))
}

fn in_own_process(folder: &Path) -> Result<Value, Problem> {
    let program = std::env::current_exe().map_err(Problem::from_io)?;
    let mut command = Command::new(program);
    let done = command.args(["--json", "bench", "crl", "--part"]).arg(folder).output();
    let done = done.map_err(Problem::from_io)?;
    if !done.status.success() {
        return Err(failed(&String::from_utf8_lossy(&done.stderr)));
    }
    serde_json::from_slice(&done.stdout).map_err(|_| failed("the process told no JSON"))
}

/// Makes a list again and again, each time after one revocation.
fn rebuilt(
    scratch: &Scratch,
    bureau: &Bureau,
    quiet: bool,
    bars: &mut Bars,
) -> Result<(), Problem> {
    let (of, codes) = largest(bureau)?;
    grown::grow(&bureau.platform, (REVOKED_OF_ONE, Some(of)), quiet)?;
    let clock = Arc::new(ForwardClock::default());
    let platform = Platform { clock: clock.clone(), ..bureau.platform.clone() };
    let lists = lists(&platform, scratch.path())?;
    let partition = Partition { authority: 1, municipality: Some(of) };
    lists.make(partition)?;
    let mut times = Vec::new();
    for code in codes {
        clock.forward_s(60);
        revoke(&platform, of, code)?;
        clock.forward_s(60);
        let started = Instant::now();
        if !lists.make(partition)? {
            return Err(failed("the list was not due after a revocation"));
        }
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    bars.figure("rebuilt_partition", REVOKED_OF_ONE as f64, "revoked certificates");
    bars.figure("rebuilt_times", times.len() as f64, "");
    bars.figure("rebuilt_fastest", times.first().copied().unwrap_or_default(), "ms");
    bars.figure("rebuilt_slowest", times.last().copied().unwrap_or_default(), "ms");
    let median = times.get(times.len() / 2).copied().unwrap_or(f64::INFINITY);
    bars.at_most("rebuilt_after_one_revocation_median_ms", median, 50.0);
    Ok(())
}

fn revoke(
    platform: &Platform,
    of: LocalGovernmentCode,
    code: &ResidentRecordCode,
) -> Result<(), Problem> {
    let (actor, whose) = (Actor::Municipality(of), Whose::Code(code.clone()));
    let trigger = Trigger::AppliedFor(CertificateKind::Signature);
    transact(platform, |work| {
        certificate_end(work, &actor, Purpose::Certification, (&whose, trigger)).map(|_| ())
    })
}

/// The municipality with the most residents, and some of these.
fn largest(bureau: &Bureau) -> Result<(LocalGovernmentCode, Vec<&ResidentRecordCode>), Problem> {
    let mut counts = std::collections::BTreeMap::<_, usize>::new();
    bureau.codes.iter().for_each(|(of, _)| *counts.entry(*of).or_default() += 1);
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    let (of, _) = most.ok_or_else(|| failed("no residents"))?;
    let theirs = bureau.codes.iter().filter(|(at, _)| *at == of);
    Ok((of, theirs.map(|(_, code)| code).take(REBUILDS).collect()))
}

/// The municipality of the large list: one that has no residents here.
fn large() -> Result<LocalGovernmentCode, Problem> {
    let smallest = places::registrars().iter().min_by_key(|place| place.weight());
    smallest.map(|place| place.code()).ok_or_else(|| failed("no municipality"))
}

fn lists(platform: &Platform, folder: &Path) -> Result<RevocationLists, Problem> {
    let place = PublicationDirectory::open(&folder.join("crl"))?;
    Ok(RevocationLists::new(platform.clone(), Arc::new(place)))
}

/// The most memory that this process ever had, in MB.
fn memory_peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    let kib = number.and_then(|kib| kib.parse::<f64>().ok());
    kib.map_or(f64::INFINITY, |kib| kib * 1_024.0 / 1e6)
}

fn largest_file(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => largest_file(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).max().unwrap_or(0)
}

const RESIDENTS: usize = 4_000;
const REVOKED: u64 = 1_000_000;
/// Yokohama has three of a hundred residents of the country.
const REVOKED_OF_ONE: u64 = 30_000;
const REBUILDS: usize = 41;

//! Durable, sealed, ledgered resident events, against bare inserts of the same rows.
//!
//! The events are a drawn feed, read from a file and taken in as `import` does it. The peer writes
//! the very same rows in transactions of the same sizes, without reading, deciding, sealing or
//! hashing anything. Growth compares the rate at a million residents with that at ten thousand, on
//! new entries and changes in the same mix.

use super::Bars;
use super::scratch::{Scratch, platform, postgresql};
use crate::cli::{Bench, Drawn};
use crate::draw;
use crate::progress;
use app::Platform;
use app::commit::transact_observed;
use app::resident_event::resident_events;
use base::{ActId, Actor, Problem, Purpose, labels, limits};
use numbers::LocalGovernmentCode;
use policy::{Action, Permit};
use ports::Store;
use ports::rows::Changes;
use registry::FeedMessage;
use registry::feed::FeedReader;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Measures on SQLite, and on PostgreSQL if there is one.
pub(super) fn bench(asked: &Bench, quiet: bool) -> Result<Bars, Problem> {
    let mut bars = Bars::new("registry");
    let scratch = Scratch::new(asked, "registry")?;
    ratio(&scratch, "sqlite", &|name| scratch.sqlite(name), &mut bars)?;
    if let Some(url) = &asked.postgresql {
        let open = |name: &str| {
            let database = if name == BARE { "sekisho_bench_bare" } else { "sekisho_bench" };
            postgresql(&format!("{url} dbname={database}"))
        };
        ratio(&scratch, "postgresql", &open, &mut bars)?;
    }
    growth(&scratch, asked.count.unwrap_or(RESIDENTS), quiet, &mut bars)?;
    Ok(bars)
}

type Open<'a> = &'a dyn Fn(&str) -> Result<Arc<dyn Store>, Problem>;

/// The platform's rate and the bare rate, taken in turns over the same window.
fn ratio(scratch: &Scratch, kind: &str, open: Open<'_>, bars: &mut Bars) -> Result<(), Problem> {
    let platform = platform(open(OURS)?)?;
    let feed = feed(scratch, &platform, kind, SMALL + WINDOW)?;
    let bare = open(BARE)?;
    copy_acts(&platform, &*bare)?;
    let mut reader = reader(&feed)?;
    let (mut ours_s, mut bare_s, mut events) = (0.0, 0.0, 0_usize);
    loop {
        // Reading the file is part of our side's work.
        let started = Instant::now();
        let batch = next_batch(&mut reader)?;
        if batch.is_empty() {
            break;
        }
        let mut written = None;
        take_in(&platform, &batch, &mut |changes| written = Some(changes.clone()))?;
        let ours = started.elapsed().as_secs_f64();
        let changes = written.unwrap_or_default();
        let started = Instant::now();
        bare.transact("bare", &mut |tx| tx.write(&changes))?;
        if events >= SMALL as usize {
            ours_s += ours;
            bare_s += started.elapsed().as_secs_f64();
        }
        events += batch.len();
    }
    let measured = (events - SMALL as usize) as f64;
    bars.figure(&format!("{kind}_events"), measured / ours_s, "per second");
    bars.figure(
        &format!("{kind}_bare_inserts_of_the_same_rows"),
        measured / bare_s,
        "events per second",
    );
    bars.at_least(&format!("{kind}_ratio_to_bare_inserts"), bare_s / ours_s, 0.4);
    Ok(())
}

/// The acts before the feed, so that those of the feed have their places.
fn copy_acts(platform: &Platform, bare: &dyn Store) -> Result<(), Problem> {
    let mut acts = Vec::new();
    platform.store.snapshot("acts", &mut |view| {
        acts = view.acts(ActId(0), usize::MAX)?;
        Ok(())
    })?;
    let changes = Changes { acts, ..Changes::default() };
    bare.transact("acts", &mut |tx| tx.write(&changes))
}

/// The rate at ten thousand residents and at `residents`, through the import itself.
fn growth(scratch: &Scratch, residents: u64, quiet: bool, bars: &mut Bars) -> Result<(), Problem> {
    let platform = platform(scratch.sqlite("growth.sqlite")?)?;
    let feed = feed(scratch, &platform, "growth", residents + 2 * WINDOW)?;
    let bar = progress::bar("growing a registry", residents, quiet);
    let (mut small, mut large) = (Span::new(SMALL), Span::new(residents));
    let (mut memory_small, mut memory_large) = (0, 0);
    let file = File::open(&feed).map_err(|error| io(&error))?;
    app::import::import(&platform, BufReader::with_capacity(1 << 20, file), None, &mut |lines| {
        if small.see(lines) {
            memory_small = memory_kib();
        }
        if large.see(lines) {
            memory_large = memory_kib();
        }
        bar.set_position(lines);
    })?;
    bar.finish_and_clear();
    let (at_small, at_large) = (small.rate(), large.rate());
    bars.figure("events_at_10_thousand_residents", at_small, "per second");
    bars.figure(&format!("events_at_{residents}_residents"), at_large, "per second");
    bars.figure("memory_at_10_thousand_residents", memory_small as f64 / 1_024.0, "MiB");
    bars.figure(&format!("memory_at_{residents}_residents"), memory_large as f64 / 1_024.0, "MiB");
    bars.at_least("rate_kept_while_growing", at_large / at_small, 0.8);
    Ok(())
}

/// A window of the import: from the first batch at `from` lines to one `WINDOW` later.
struct Span {
    from: u64,
    begun: Option<(u64, Instant)>,
    ended: Option<(u64, f64)>,
}

impl Span {
    const fn new(from: u64) -> Self {
        Self { from, begun: None, ended: None }
    }

    /// Takes note of the progress; true when the window just closed.
    fn see(&mut self, lines: u64) -> bool {
        match (self.begun, self.ended) {
            (None, _) if lines >= self.from => self.begun = Some((lines, Instant::now())),
            (Some((first, started)), None) if lines >= first + WINDOW => {
                self.ended = Some((lines - first, started.elapsed().as_secs_f64()));
                return true;
            }
            _ => {}
        }
        false
    }

    fn rate(&self) -> f64 {
        self.ended.map_or(0.0, |(lines, seconds)| lines as f64 / seconds)
    }
}

fn feed(
    scratch: &Scratch,
    platform: &Platform,
    name: &str,
    residents: u64,
) -> Result<std::path::PathBuf, Problem> {
    let path = scratch.path().join(format!("{name}.csv"));
    let residents = u32::try_from(residents).map_err(|_| failed("too many residents"))?;
    let start = jiff::civil::date(2025, 4, 1);
    let drawn = Drawn { residents, seed: 1, start };
    let bar = progress::bar("drawing residents", u64::from(residents), true);
    draw::write_feed(platform, &drawn, &path, &bar)?;
    Ok(path)
}

fn reader(feed: &Path) -> Result<FeedReader<BufReader<File>>, Problem> {
    let file = File::open(feed).map_err(|error| io(&error))?;
    Ok(FeedReader::new(BufReader::with_capacity(1 << 20, file), None))
}

fn next_batch(reader: &mut FeedReader<BufReader<File>>) -> Result<Vec<FeedMessage>, Problem> {
    let batch = reader.take(limits::IMPORT_COMMIT_MAX);
    batch.map(|line| line.map(|(_, message)| message)).collect()
}

fn take_in(
    platform: &Platform,
    batch: &[FeedMessage],
    observe: &mut dyn FnMut(&Changes),
) -> Result<(), Problem> {
    let act = |work: &mut app::Work<'_>| {
        let taken = resident_events(work, batch, &permit)?;
        taken.into_iter().try_for_each(|one| one.map(|_| ()))
    };
    transact_observed(platform, act, observe)
}

fn permit(sender: LocalGovernmentCode) -> Result<Permit, Problem> {
    let actor = Actor::Municipality(sender);
    app::permit(&actor, Action::ResidentEvent, Purpose::ResidentRegister, Some(sender))
}

/// Memory of this process now, in KiB.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn io(error: &std::io::Error) -> Problem {
    Problem::new(&labels::IO, error.kind().to_string())
}

fn failed(what: &str) -> Problem {
    Problem::new(&labels::INTERNAL, what)
}

const OURS: &str = "ours.sqlite";
const BARE: &str = "bare.sqlite";
const SMALL: u64 = 10_000;
const WINDOW: u64 = 50_000;
const RESIDENTS: u64 = 1_000_000;

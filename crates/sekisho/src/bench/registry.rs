//! Durable, sealed, ledgered resident events, against bare inserts of the same rows.
//!
//! The events are a drawn feed, imported from a file. The peer then writes the very same rows in
//! transactions of the same sizes, without reading, deciding, sealing or hashing anything. Growth
//! compares the rate at a million residents with that at ten thousand, on new entries and changes
//! in the same mix. The sequencer's part, tiles and the index of acts by subject, follows behind
//! the commits and is not measured here.

use super::scratch::{Scratch, platform, postgresql};
use super::{Bars, failed};
use crate::cli::{Bench, Drawn};
use crate::draw;
use crate::progress;
use app::Platform;
use app::import::{import, import_observed};
use base::{ActId, Problem};
use ports::Store;
use ports::rows::Changes;
use std::fs::File;
use std::io::BufReader;
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

/// The rate of an import, and that of bare inserts of the rows that it wrote.
fn ratio(scratch: &Scratch, kind: &str, open: Open<'_>, bars: &mut Bars) -> Result<(), Problem> {
    let platform = platform(open(OURS)?)?;
    let feed = feed(scratch, &platform, kind, SMALL + RATIO_WINDOW + WINDOW)?;
    let bare = open(BARE)?;
    copy_acts(&platform, &*bare)?;
    let mut written = Vec::new();
    let mut ours = Span::new(SMALL, RATIO_WINDOW);
    let file = File::open(&feed).map_err(Problem::from_io)?;
    let file = BufReader::with_capacity(1 << 20, file);
    let mut told = |lines| {
        ours.see(lines);
    };
    import_observed(&platform, file, None, &mut told, &mut |changes| written.push(changes))?;
    let mut peer = Span::new(SMALL, RATIO_WINDOW);
    let mut events = 0;
    for changes in &written {
        bare.transact("bare", &mut |tx| tx.write(changes))?;
        events += changes.messages.len() as u64;
        peer.see(events);
    }
    let (ours, peer) = (ours.rate(), peer.rate());
    bars.figure(&format!("{kind}_events"), ours, "per second");
    bars.figure(&format!("{kind}_bare_inserts_of_the_same_rows"), peer, "events per second");
    bars.at_least(&format!("{kind}_ratio_to_bare_inserts"), ours / peer, 0.4);
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
    let (mut small, mut large) = (Span::new(SMALL, WINDOW), Span::new(residents, WINDOW));
    let (mut memory_small, mut memory_large) = (0, 0);
    let file = File::open(&feed).map_err(Problem::from_io)?;
    import(&platform, BufReader::with_capacity(1 << 20, file), None, &mut |lines| {
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
    let kept = memory_large as f64 / memory_small as f64;
    bars.at_most("memory_at_the_end_over_the_beginning", kept, 1.25);
    Ok(())
}

/// A part of the import: from the first batch at `from` lines to one that is `window` later.
struct Span {
    from: u64,
    window: u64,
    begun: Option<(u64, Instant)>,
    ended: Option<(u64, f64)>,
}

impl Span {
    const fn new(from: u64, window: u64) -> Self {
        Self { from, window, begun: None, ended: None }
    }

    /// Takes note of the progress; true when the window just closed.
    fn see(&mut self, lines: u64) -> bool {
        match (self.begun, self.ended) {
            (None, _) if lines >= self.from => self.begun = Some((lines, Instant::now())),
            (Some((first, started)), None) if lines >= first + self.window => {
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

/// Memory of this process now, in KiB.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

const OURS: &str = "ours.sqlite";
const BARE: &str = "bare.sqlite";
const SMALL: u64 = 10_000;
const WINDOW: u64 = 50_000;
const RATIO_WINDOW: u64 = 90_000;
const RESIDENTS: u64 = 1_000_000;

//! Invented residents as a feed: the population of `sim` with codes from the municipalities'
//! stocks.

use crate::cli::Drawn;
use app::Platform;
use app::stock::{stock_codes, stock_issue};
use base::{Actor, Problem, Purpose, labels};
use indicatif::ProgressBar;
use numbers::LocalGovernmentCode;
use places::LocalGovernment;
use policy::Action;
use sim::{CSV_HEADER, Population};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Unused codes by municipality.
pub(crate) type Stocks = BTreeMap<LocalGovernmentCode, std::vec::IntoIter<String>>;

/// What was drawn.
#[derive(Clone, Copy, Default)]
pub(crate) struct FeedWritten {
    pub(crate) lines: u64,
    pub(crate) municipalities: u64,
}

/// Writes the drawn feed to `path`, whole or not at all.
pub(crate) fn write_feed(
    platform: &Platform,
    drawn: &Drawn,
    path: &Path,
    bar: &ProgressBar,
) -> Result<FeedWritten, Problem> {
    let beside = path.with_extension("new");
    let mut file = BufWriter::new(File::create(&beside).map_err(Problem::from_io)?);
    let written = write_lines(platform, drawn, &mut file, bar)?;
    file.flush().map_err(Problem::from_io)?;
    file.get_ref().sync_all().map_err(Problem::from_io)?;
    std::fs::rename(&beside, path).map_err(Problem::from_io)?;
    Ok(written)
}

/// Writes the drawn feed.
pub(crate) fn write_lines(
    platform: &Platform,
    drawn: &Drawn,
    out: &mut impl Write,
    bar: &ProgressBar,
) -> Result<FeedWritten, Problem> {
    let registrars = places::registrars();
    let total: u64 = registrars.iter().map(|place| u64::from(place.weight())).sum();
    let mut stocks = stocks(platform, |place| {
        let share = u64::from(drawn.residents) * u64::from(place.weight()) / total.max(1);
        (share * 2 + STOCK_LEAST).min(base::limits::STOCK_CODES_MAX)
    })?;
    let mut dry = false;
    let codes = |of: LocalGovernmentCode| {
        let next = stocks.get_mut(&of).and_then(Iterator::next);
        dry |= next.is_none();
        next.unwrap_or_default()
    };
    let mut written = FeedWritten::default();
    out.write_all(CSV_HEADER.as_bytes()).map_err(Problem::from_io)?;
    let mut text = String::new();
    for line in Population::draw(drawn.seed, drawn.residents, registrars, drawn.start, codes) {
        text.clear();
        line.write_csv(&mut text);
        out.write_all(text.as_bytes()).map_err(Problem::from_io)?;
        written.lines += 1;
        written.municipalities += u64::from(line.sequence == 1);
        bar.set_position(written.lines);
    }
    if dry {
        return Err(Problem::new(&labels::STOCK_EMPTY, "a drawn municipality needs more codes"));
    }
    Ok(written)
}

/// Every registering municipality's codes; a stock of the size wanted where there is none.
pub(crate) fn stocks(
    platform: &Platform,
    wanted: impl Fn(&LocalGovernment) -> u64,
) -> Result<Stocks, Problem> {
    let operator: Actor = OPERATOR.parse().map_err(|_| Problem::new(&labels::INTERNAL, "actor"))?;
    let permit = app::permit(&operator, Action::StockIssue, Purpose::Operation, None)?;
    let mut stocks = Stocks::new();
    app::commit::transact(platform, |work| {
        stocks.clear();
        for place in places::registrars() {
            let mut codes = stock_codes(work, place.code())?;
            if codes.is_empty() {
                codes = stock_issue(work, &permit, place.code(), wanted(place))?.codes;
            }
            let texts: Vec<_> = codes.iter().map(|code| code.reveal().to_string()).collect();
            stocks.insert(place.code(), texts.into_iter());
        }
        Ok(())
    })?;
    Ok(stocks)
}

/// The operator in whose name a drawn country gets its stocks.
const OPERATOR: &str = "operator:ceremony";
/// Codes in the smallest stock; chance gives small places more newcomers than their share.
const STOCK_LEAST: u64 = 64;

//! `sekisho bench`: each benchmark measures the other side, or the limit, in the same run.
//!
//! These machines are noisy, so a bar is a ratio within one run, never a time on its own. Results
//! are one JSON object per benchmark and line, `{"bench", "figures", "bars"}`, or a table for
//! people.

mod applicants;
mod assign;
mod certs;
mod crl;
mod disk;
mod grown;
mod hsm;
mod ledger;
mod limits;
mod load;
mod numbers;
mod ocsp;
mod registry;
mod report;
mod scratch;
mod servers;

use crate::cli::{Bench, BenchName};
use crate::commands::Context;
use crate::output::Answer;
use base::{Problem, labels};
pub(crate) use report::Bars;
use serde_json::Value;
use std::path::Path;

/// Runs the benchmarks asked for.
pub(crate) fn bench(context: &Context, asked: &Bench) -> Result<Answer, Problem> {
    if let Some(folder) = &asked.part {
        return part(asked, folder);
    }
    let mut done = Vec::new();
    for name in names(asked.name) {
        let bars = run(context, asked, *name)?;
        if context.json {
            crate::output::print(&Answer::good("", bars.json()), true)?;
        }
        done.push(bars);
    }
    if let Some(path) = &asked.report {
        let written = std::fs::write(path, report::markdown(&done));
        written.map_err(Problem::from_io)?;
    }
    Ok(answer(&done, context.json))
}

/// What a benchmark has done by a process of its own; told in JSON alone.
fn part(asked: &Bench, folder: &Path) -> Result<Answer, Problem> {
    match asked.name {
        BenchName::Ocsp => {
            let threads = asked.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
            servers::serve(folder, threads).map(|told| Answer::good("", told))
        }
        BenchName::Hsm => Ok(Answer::good("", hsm::direct(folder)?)),
        BenchName::Crl => Ok(Answer::good("", crl::make_large(folder)?)),
        _ => Err(failed("this benchmark has no such part")),
    }
}

/// What is left to say at the end: in JSON nothing, for each line was printed when its benchmark
/// ended.
fn answer(done: &[Bars], as_json: bool) -> Answer {
    let told = if as_json { &[] } else { done };
    let text = told.iter().map(Bars::text).collect::<Vec<_>>().join("\n\n");
    Answer::good(text, Value::Null).holds_if(done.iter().all(Bars::hold))
}

fn run(context: &Context, asked: &Bench, name: BenchName) -> Result<Bars, Problem> {
    match name {
        BenchName::Numbers => numbers::bench(),
        BenchName::Assign => assign::bench(asked.count.unwrap_or(10_000_000)),
        BenchName::Ledger => ledger::bench(asked, context.quiet()),
        BenchName::Certs => certs::bench(asked, context.quiet()),
        BenchName::Crl => crl::bench(asked, context.quiet()),
        BenchName::Ocsp => ocsp::bench(asked),
        BenchName::Hsm => hsm::bench(asked),
        BenchName::Registry | BenchName::All => registry::bench(asked, context.quiet()),
    }
}

const fn names(asked: BenchName) -> &'static [BenchName] {
    match asked {
        BenchName::All => &[
            BenchName::Numbers,
            BenchName::Assign,
            BenchName::Ledger,
            BenchName::Registry,
            BenchName::Certs,
            BenchName::Crl,
            BenchName::Ocsp,
            BenchName::Hsm,
        ],
        BenchName::Numbers => &[BenchName::Numbers],
        BenchName::Assign => &[BenchName::Assign],
        BenchName::Ledger => &[BenchName::Ledger],
        BenchName::Registry => &[BenchName::Registry],
        BenchName::Certs => &[BenchName::Certs],
        BenchName::Crl => &[BenchName::Crl],
        BenchName::Ocsp => &[BenchName::Ocsp],
        BenchName::Hsm => &[BenchName::Hsm],
    }
}

/// What a benchmark met that cannot be.
fn failed(what: &str) -> Problem {
    Problem::new(&labels::INTERNAL, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_the_lines_and_the_exit_code_tells_whether_all_bars_hold() {
        let mut bars = [Bars::new("first"), Bars::new("second")];
        bars[0].at_least("rate", 2.0, 1.0);
        for (value, exit) in [(3.0, 0), (5.0, 1)] {
            bars[1] = Bars::new("second");
            bars[1].at_most("wait", value, 4.0);
            let lines = answer(&bars, true);
            assert!(lines.text.is_empty() && lines.json.is_null());
            let table = answer(&bars, false);
            assert!(table.text.contains("first") && table.text.contains("second"));
            assert_eq!((lines.exit, table.exit), (exit, exit));
        }
    }
}

//! `sekisho bench`: each benchmark measures the other side, or the limit, in the same run.
//!
//! These machines are noisy, so a bar is a ratio within one run, never a time on its own. Results
//! are one JSON object per benchmark, `{"bench", "figures", "bars"}`, or a table for people.

mod assign;
mod disk;
mod ledger;
mod numbers;
mod registry;
mod report;
mod scratch;

use crate::cli::{Bench, BenchName};
use crate::commands::Context;
use crate::output::Answer;
use base::{Problem, labels};
pub(crate) use report::Bars;
use serde_json::Value;

/// Runs the benchmarks asked for.
pub(crate) fn bench(context: &Context, asked: &Bench) -> Result<Answer, Problem> {
    let mut done = Vec::new();
    for name in names(asked.name) {
        let bars = run(context, asked, *name)?;
        if context.json && asked.name == BenchName::All {
            crate::output::print(&Answer::good("", bars.json()), true)
                .map_err(|error| Problem::new(&labels::IO, error.kind().to_string()))?;
        }
        done.push(bars);
    }
    if let Some(path) = &asked.report {
        let written = std::fs::write(path, report::markdown(&done));
        written.map_err(|error| Problem::new(&labels::IO, error.kind().to_string()))?;
    }
    let holds = done.iter().all(Bars::hold);
    let text = done.iter().map(Bars::text).collect::<Vec<_>>().join("\n\n");
    let json = match &done[..] {
        [one] => one.json(),
        many => Value::Array(many.iter().map(Bars::json).collect()),
    };
    Ok(Answer::good(text, json).holds_if(holds))
}

fn run(context: &Context, asked: &Bench, name: BenchName) -> Result<Bars, Problem> {
    match name {
        BenchName::Numbers => numbers::bench(),
        BenchName::Assign => assign::bench(asked.count.unwrap_or(10_000_000)),
        BenchName::Ledger => ledger::bench(asked, context.quiet()),
        BenchName::Registry | BenchName::All => registry::bench(asked, context.quiet()),
    }
}

const fn names(asked: BenchName) -> &'static [BenchName] {
    match asked {
        BenchName::All => {
            &[BenchName::Numbers, BenchName::Assign, BenchName::Ledger, BenchName::Registry]
        }
        BenchName::Numbers => &[BenchName::Numbers],
        BenchName::Assign => &[BenchName::Assign],
        BenchName::Ledger => &[BenchName::Ledger],
        BenchName::Registry => &[BenchName::Registry],
    }
}

//! `import`, `stock` and `population`: what goes into the registry.

use super::{Context, counted};
use crate::cli::{FeedFormat, Import, Population, Stock};
use crate::draw;
use crate::output::{Answer, Stream, problem_json, table};
use crate::progress;
use crate::wiring::Wired;
use app::import::ImportReport;
use base::{Actor, Problem, Purpose, labels};
use numbers::LocalGovernmentCode;
use policy::Action;
use registry::feed::Format;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

/// Takes in a feed file and publishes what came of it.
pub(crate) fn import(context: &Context, asked: &Import) -> Result<Answer, Problem> {
    let wired = if asked.prepare {
        let wired = context.open_or_create()?;
        draw::stocks(&wired.platform, |_| PREPARED_STOCK)?;
        wired
    } else {
        context.open_for_change()?
    };
    let format = asked.format.map(|format| match format {
        FeedFormat::Csv => Format::Csv,
        FeedFormat::Jsonl => Format::JsonLines,
    });
    let report = take_in(&wired, &asked.feed, format, context.quiet())?;
    wired.publish()?;
    let gaps = gaps(&wired)?;
    let text = report_text(&report, &gaps);
    Ok(Answer::good(text, report_json(&report, &gaps)).holds_if(report.is_clean()))
}

/// Takes in a file with a bar for its bytes.
pub(crate) fn take_in(
    wired: &Wired,
    path: &Path,
    format: Option<Format>,
    quiet: bool,
) -> Result<ImportReport, Problem> {
    let bar = progress::spinner("taking in the feed", quiet);
    let input: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| {
            let absent = error.kind() == ErrorKind::NotFound;
            let label = if absent { &labels::PATH_ABSENT } else { &labels::IO };
            Problem::new(label, format!("{}: {}", path.display(), error.kind()))
        })?)
    };
    let input = BufReader::with_capacity(1 << 20, input);
    let report = app::import::import(&wired.platform, input, format, &mut |lines| {
        bar.set_position(lines);
    });
    bar.finish_and_clear();
    report
}

/// Gives codes to a municipality.
pub(crate) fn stock(context: &Context, asked: &Stock) -> Result<Answer, Problem> {
    let municipality: LocalGovernmentCode =
        asked.municipality.parse().map_err(|refusal: numbers::NumberRefusal| {
            Problem::from_refusal(refusal.label()).in_field("municipality")
        })?;
    let wired = context.open_for_change()?;
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let purpose = Purpose::Operation;
    let permit = app::permit(&operator, Action::StockIssue, purpose, Some(municipality))?;
    let mut issued = None;
    app::commit::transact(&wired.platform, |work| {
        issued = Some(app::stock::stock_issue(work, &permit, municipality, asked.count)?);
        Ok(())
    })?;
    let issued = issued.ok_or_else(|| Problem::new(&labels::INTERNAL, "no stock"))?;
    wired.publish()?;
    let codes: Vec<String> = issued.codes.iter().map(|code| code.reveal().to_string()).collect();
    let answer = json!({ "act": issued.act.0, "codes": codes });
    Ok(Answer::good(codes.join("\n"), answer))
}

/// Draws a feed.
pub(crate) fn population(context: &Context, asked: &Population) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let bar = progress::bar("drawing residents", expected(&asked.drawn), context.quiet());
    if asked.output == Path::new("-") {
        let mut out = Stream::open();
        let mut buffer = BufWriter::new(&mut out);
        let written = draw::write_lines(&wired.platform, &asked.drawn, &mut buffer, &bar);
        let written = written.and_then(|_| buffer.flush().map_err(Problem::from_io));
        drop(buffer);
        bar.finish_and_clear();
        out.end(written)?;
        // The feed itself is the answer.
        return Ok(Answer::good("", Value::Null));
    }
    let written = draw::write_feed(&wired.platform, &asked.drawn, &asked.output, &bar)?;
    bar.finish_and_clear();
    let rows = [
        counted(u64::from(asked.drawn.residents), "residents"),
        counted(written.lines, "events"),
        counted(written.municipalities, "municipalities"),
    ];
    let answer = json!({ "events": written.lines, "municipalities": written.municipalities });
    Ok(Answer::good(table(&["drawn", ""], &rows), answer))
}

/// About how many events a draw has.
pub(crate) fn expected(drawn: &crate::cli::Drawn) -> u64 {
    u64::from(drawn.residents) * 115 / 100
}

/// The feeds that wait behind a gap, with what is missing.
fn gaps(wired: &Wired) -> Result<Vec<Value>, Problem> {
    let platform = &wired.platform;
    let mut gaps = Vec::new();
    for municipality in app::feed_status::feeds_waiting(platform)? {
        let actor = Actor::Municipality(municipality);
        let purpose = Purpose::ResidentRegister;
        let permit = app::permit(&actor, Action::FeedStatus, purpose, Some(municipality))?;
        let status = app::feed_status::feed_status(platform, &permit, municipality, 0, 0)?;
        let missing: Vec<_> =
            status.missing.iter().map(|range| [*range.start(), *range.end()]).collect();
        gaps.push(json!({
            "municipality": municipality.to_string(),
            "waiting": status.waiting,
            "missing": missing,
        }));
    }
    Ok(gaps)
}

fn report_text(report: &ImportReport, gaps: &[Value]) -> String {
    let mut rows = vec![
        counted(report.messages, "messages read"),
        counted(report.applied, "applied"),
        counted(report.repeated, "known before"),
        counted(report.waiting, "waiting behind a gap"),
    ];
    let refused = report.refused.iter().map(|(label, count)| (label.as_str(), *count));
    rows.extend(refused.map(|(label, count)| counted(count, &format!("refused: {label}"))));
    let rejected = report.rejected.iter();
    rows.extend(rejected.map(|(label, count)| counted(*count, &format!("not taken in: {label}"))));
    let mut text = table(&["import", ""], &rows);
    for problem in &report.problems {
        text.push_str(&format!("\n{problem}"));
    }
    for gap in gaps {
        text.push_str(&format!(
            "\nmunicipality {}: waiting {}, missing {}",
            gap["municipality"].as_str().unwrap_or(""),
            gap["waiting"],
            gap["missing"]
        ));
    }
    text
}

fn report_json(report: &ImportReport, gaps: &[Value]) -> Value {
    json!({
        "messages": report.messages,
        "applied": report.applied,
        "repeated": report.repeated,
        "waiting": report.waiting,
        "refused": report.refused,
        "rejected": report.rejected,
        "problems": report.problems.iter().map(problem_json).collect::<Vec<_>>(),
        "gaps": gaps,
    })
}

/// Codes of a stock that `import --prepare` gives to a municipality that has none.
const PREPARED_STOCK: u64 = 1_000;

//! A feed file is taken in: read, applied in large transactions, told of.
//!
//! Reading runs ahead of applying by a few batches, whatever the size of the file. Every message is
//! recognised by sender and sequence number, so the same file may be given again after a crash:
//! what is there is skipped, what is missing is done, and the end is the same.

use crate::commit::transact_observed;
use crate::feed_backlog::{feeds_ready, work_off_some};
use crate::keyed::{KeyedMessage, keyed};
use crate::platform::Platform;
use crate::resident_event::{End, Taken, feed_permit, resident_events};
use crate::work::Work;
use base::{Label, Problem, Remedy, limits};
use crossbeam_channel::bounded;
use numbers::LocalGovernmentCode;
use ports::rows::Changes;
use registry::feed::{FeedReader, Format};
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

/// What became of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// Messages read.
    pub messages: u64,
    /// Applied now.
    pub applied: u64,
    /// Known before.
    pub repeated: u64,
    /// Waiting behind a gap when they were read.
    pub waiting: u64,
    /// Recorded as refused, by label.
    pub refused: BTreeMap<String, u64>,
    /// Lines that were not taken in, by label.
    pub rejected: BTreeMap<&'static str, u64>,
    /// The first of what was rejected or refused, with line and field.
    pub problems: Vec<Problem>,
}

/// Some lines of a file, read and made ready.
#[derive(Default)]
struct Batch {
    /// The line of each message.
    lines: Vec<u64>,
    messages: Vec<KeyedMessage>,
    /// What was not a message.
    rejected: Vec<Problem>,
}

/// Takes in a feed. `progress` is told the number of lines done.
pub fn import(
    platform: &Platform,
    input: impl BufRead + Send,
    format: Option<Format>,
    progress: &mut dyn FnMut(u64),
) -> Result<ImportReport, Problem> {
    import_observed(platform, input, format, progress, &mut |_| {})
}

/// The same, handing what each transaction wrote to `observe`; for measurements.
pub fn import_observed(
    platform: &Platform,
    input: impl BufRead + Send,
    format: Option<Format>,
    progress: &mut dyn FnMut(u64),
    observe: &mut dyn FnMut(Changes),
) -> Result<ImportReport, Problem> {
    let (full, batches) = bounded(BATCHES_AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut reader = FeedReader::new(input, format);
            loop {
                let batch = read_batch(platform, &mut reader);
                let last = batch.as_ref().map_or(true, |batch| batch.len() == 0);
                // A closed channel: applying has failed and says why.
                if full.send(batch).is_err() || last {
                    return;
                }
            }
        });
        let mut report = ImportReport::default();
        let mut lines = 0;
        // What a program left that was stopped; nobody else may come to go on with it.
        work_off_all(platform, feeds_ready(platform)?, observe)?;
        for batch in batches {
            let batch: Batch = batch?;
            if batch.len() == 0 {
                break;
            }
            lines += batch.len() as u64;
            apply(platform, batch, &mut report, observe)?;
            progress(lines);
        }
        Ok(report)
    })
}

/// The next lines; an empty batch at the end of the file. Breaks off where nothing can be read.
fn read_batch(
    platform: &Platform,
    reader: &mut FeedReader<impl BufRead>,
) -> Result<Batch, Problem> {
    let mut batch = Batch::default();
    let mut messages = Vec::new();
    for read in reader.take(limits::IMPORT_COMMIT_MAX) {
        match read {
            Ok((line, message)) => {
                batch.lines.push(line);
                messages.push(message);
            }
            Err(problem) if problem.remedy() == Remedy::Broken => return Err(problem),
            Err(problem) => batch.rejected.push(problem),
        }
    }
    batch.messages = keyed(platform, messages)?;
    Ok(batch)
}

fn apply(
    platform: &Platform,
    batch: Batch,
    report: &mut ImportReport,
    observe: &mut dyn FnMut(Changes),
) -> Result<(), Problem> {
    let Batch { lines, messages, rejected } = batch;
    rejected.into_iter().for_each(|problem| report.reject(problem));
    let (mut taken, mut left) = (Vec::new(), BTreeSet::new());
    let act = |work: &mut Work<'_>| {
        taken = resident_events(work, &messages, &feed_permit)?;
        left.clone_from(work.feeds_left());
        Ok(())
    };
    transact_observed(platform, act, &mut *observe)?;
    work_off_all(platform, left, observe)?;
    for (line, taken) in lines.into_iter().zip(taken) {
        report.count(line, taken);
    }
    Ok(())
}

impl Batch {
    fn len(&self) -> usize {
        self.messages.len() + self.rejected.len()
    }
}

/// Works off what waits in these feeds, in transactions as large as those of the file.
fn work_off_all(
    platform: &Platform,
    feeds: BTreeSet<LocalGovernmentCode>,
    observe: &mut dyn FnMut(Changes),
) -> Result<(), Problem> {
    for of in feeds {
        while work_off_some(platform, of, limits::IMPORT_COMMIT_MAX, observe)? {}
    }
    Ok(())
}

impl ImportReport {
    /// Whether every line was taken in and nothing was refused.
    pub fn is_clean(&self) -> bool {
        self.refused.is_empty() && self.rejected.is_empty()
    }

    fn reject(&mut self, problem: Problem) {
        *self.rejected.entry(problem.label()).or_default() += 1;
        self.note(problem);
    }

    fn count(&mut self, line: u64, taken: Result<Taken, Problem>) {
        self.messages += 1;
        match taken {
            Err(problem) => self.reject(problem.at_line(line)),
            Ok(Taken { repeated: true, .. }) => self.repeated += 1,
            Ok(Taken { end: End::Applied(_), .. }) => self.applied += 1,
            Ok(Taken { end: End::Waiting(_), .. }) => self.waiting += 1,
            Ok(Taken { end: End::Refused(_, label), .. }) => {
                if let Some(label) = base::labels::find(&label) {
                    let problem = Problem::new(label, "recorded as refused").at_line(line);
                    self.note(match field_of(label) {
                        Some(field) => problem.in_field(field),
                        None => problem,
                    });
                }
                *self.refused.entry(label).or_default() += 1;
            }
        }
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_SHOWN_MAX {
            self.problems.push(problem);
        }
    }
}

/// The field that a recorded refusal is about: what the sender would have to look at.
fn field_of(label: &Label) -> Option<&'static str> {
    match label.text {
        "event_before_birth" | "event_in_future" => Some("event_date"),
        "birth_date_differs" => Some("birth_date"),
        "record_needed" => Some("name"),
        "stock_empty" => Some("resident_record_code"),
        text => {
            let is_of_code = ["resident_", "record_code_"].iter().any(|of| text.starts_with(of));
            is_of_code.then_some("resident_record_code")
        }
    }
}

const BATCHES_AHEAD: usize = 1;
const PROBLEMS_SHOWN_MAX: usize = 100;

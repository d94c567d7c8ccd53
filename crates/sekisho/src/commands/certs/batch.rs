//! `certs batch`: a production run, from a file of requests to a directory of certificates. The
//! pipeline itself is `app::certificate_batch`.
//!
//! The same again goes on where a run stopped: open intentions are finished, lines with results
//! are passed over, and a line whose certificate is there without being noted gets that one.

use super::lines::Lines;
use super::results::{Done, Entry, Results};
use super::{adding, make_lists, municipality};
use crate::cli::CertsBatch;
use crate::commands::{Context, counted, io_at};
use crate::output::{Answer, problem_json, table};
use crate::progress;
use crate::wiring::Wired;
use app::Work;
use app::certificate_ask::{CertificateTold, certificate_of_key};
use app::certificate_batch::{BatchLine, BatchOrder, CHUNK_LINES, certificate_batch};
use app::certificate_finish::certificate_finish;
use app::certificate_issue::Issued;
use app::number_ask::Whose;
use authority::CertificateKind;
use base::{ActId, Actor, Problem, Purpose, Remedy, labels};
use ports::rows::CertificateId;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use x509::CertificationRequest;

/// A line that was handed on.
struct Given {
    line: u64,
    /// SHA-256 of the request in hexadecimal digits.
    request: String,
    /// Absent for a line that could not be read.
    asked: Option<Asked>,
}

/// What a line asks for, as far as it is needed when its key is in use.
struct Asked {
    kind: CertificateKind,
    whose: Whose,
    request: Vec<u8>,
}

/// What became of a run.
#[derive(Default)]
struct Report {
    issued: u64,
    repeated: u64,
    refused: BTreeMap<&'static str, u64>,
    problems: Vec<Problem>,
}

/// Issues certificates for all lines of a file.
pub(super) fn batch(context: &Context, asked: &CertsBatch) -> Result<Answer, Problem> {
    let actor = Actor::Municipality(municipality(&asked.municipality)?);
    let input = opened(&asked.file)?;
    let mut results = Results::open(&asked.out, asked.form)?;
    let wired = context.open_for_change()?;
    certificate_finish(&wired.platform, 0)?;
    let order = BatchOrder {
        actor: actor.clone(),
        purpose: Purpose::Certification,
        algorithm: asked.algorithm.map(Into::into),
        chunk: CHUNK_LINES,
    };
    let bar = progress::spinner("issuing certificates", context.quiet());
    let mut report = Report::default();
    let mut progress = |done| bar.set_position(done);
    let mut again =
        run(&wired, &order, input, (&mut results, &mut report), &mut progress)?.into_iter();
    while again.len() > 0 {
        let some = again.by_ref().take(AGAIN_AT_A_TIME).collect();
        tell_again(&wired, &actor, some, (&mut results, &mut report))?;
    }
    results.end()?;
    bar.finish_and_clear();
    let so = |problem| adding(problem, &format!("the results are in {}", asked.out.display()));
    make_lists(&wired).map_err(so)?;
    Ok(told(&report, &asked.out))
}

/// Gives the lines to the pipeline and notes what comes back; the lines whose keys are in use.
fn run(
    wired: &Wired,
    order: &BatchOrder,
    input: impl BufRead,
    (results, report): (&mut Results, &mut Report),
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Given>, Problem> {
    let (given, passed) = (RefCell::default(), Cell::new(0));
    let (lines, done) = (Lines::new(input), results.done());
    let fresh = Fresh { lines, done, given: &given, passed: &passed };
    let mut again = Vec::new();
    let mut failed = None;
    certificate_batch(&wired.platform, order, fresh, &mut |place, result| {
        let noted = note(&given, result, (results, report), &mut again);
        failed = failed.take().or(noted.err());
        progress(place + 1);
    })?;
    report.repeated += passed.get();
    failed.map_or(Ok(again), Err)
}

/// The lines that have no certificate yet, handed on in their order.
struct Fresh<'a, R> {
    lines: Lines<R>,
    done: Done,
    /// Those that nothing was told of yet.
    given: &'a RefCell<VecDeque<Given>>,
    /// How many have one.
    passed: &'a Cell<u64>,
}

impl<R: BufRead> Iterator for Fresh<'_, R> {
    type Item = Result<BatchLine, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (line, read) = self.lines.next()?;
            let digest = read.as_ref().map_or_else(|_| String::new(), |read| hex(&read.request));
            let read = match self.done.has(line, &digest) {
                Ok(true) => {
                    self.passed.set(self.passed.get() + 1);
                    continue;
                }
                Ok(false) => read,
                Err(problem) => Err(problem),
            };
            let asked = read.as_ref().ok().map(|read| Asked {
                kind: read.kind,
                whose: read.whose.clone(),
                request: read.request.clone(),
            });
            self.given.borrow_mut().push_back(Given { line, request: digest, asked });
            return Some(read);
        }
    }
}

/// Notes what became of the next line.
fn note(
    given: &RefCell<VecDeque<Given>>,
    result: Result<Issued, Problem>,
    (results, report): (&mut Results, &mut Report),
    again: &mut Vec<Given>,
) -> Result<(), Problem> {
    let lost = || Problem::new(&labels::INTERNAL, "a line was told that was not given");
    let given = given.borrow_mut().pop_front().ok_or_else(lost)?;
    match result {
        Ok(Issued { id, act, certificate }) => {
            report.issued += 1;
            results.note(given.entry(Ok((id, act))), Some(&certificate))
        }
        // Issued by a run that was killed before it could note it, or to somebody else.
        Err(problem) if problem.label() == labels::CERTIFICATE_KEY_USED.text => {
            again.push(given);
            Ok(())
        }
        Err(problem) => report.refuse(&given, problem, results),
    }
}

/// Tells the certificates of these lines where they are theirs.
fn tell_again(
    wired: &Wired,
    actor: &Actor,
    some: Vec<Given>,
    (results, report): (&mut Results, &mut Report),
) -> Result<(), Problem> {
    let (asking, lines) = (actor.clone(), Arc::new(some));
    let asked = Arc::clone(&lines);
    let told = wired.act(move |work| {
        let tell = |given: &Given| match ask_again(work, &asking, given) {
            Err(problem) if matches!(problem.remedy(), Remedy::Broken | Remedy::Again) => {
                Err(problem)
            }
            told => Ok(told),
        };
        asked.iter().map(tell).collect::<Result<Vec<_>, _>>()
    })?;
    for (given, told) in lines.iter().zip(told) {
        match told {
            Ok((id, told)) => {
                report.repeated += 1;
                results.note(given.entry(Ok((id, told.act))), Some(&told.certificate))?;
            }
            Err(problem) => report.refuse(given, problem, results)?,
        }
    }
    Ok(())
}

fn ask_again(
    work: &mut Work<'_>,
    actor: &Actor,
    given: &Given,
) -> Result<(CertificateId, CertificateTold), Problem> {
    let asked = given.asked.as_ref().ok_or_else(|| Problem::new(&labels::INTERNAL, ""))?;
    let request = CertificationRequest::parse(&asked.request);
    let request = request.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    let key = x509::sha256(&request.key().public_key().to_spki());
    certificate_of_key(work, actor, Purpose::Certification, (&asked.whose, asked.kind, &key))
}

impl Given {
    fn entry(&self, result: Result<(CertificateId, ActId), &Problem>) -> Entry {
        let (id, act) = result.ok().unzip();
        Entry {
            line: self.line,
            request: self.request.clone(),
            authority: id.map(|id| id.authority),
            serial: id.map(|id| id.serial),
            act: act.map(|act| act.0),
            refused: result.err().map(|problem| problem.label().to_owned()),
            until: None,
        }
    }
}

impl Report {
    fn refuse(
        &mut self,
        given: &Given,
        problem: Problem,
        results: &mut Results,
    ) -> Result<(), Problem> {
        results.note(given.entry(Err(&problem)), None)?;
        *self.refused.entry(problem.label()).or_default() += 1;
        if self.problems.len() < PROBLEMS_SHOWN_MAX {
            self.problems.push(problem.at_line(given.line));
        }
        Ok(())
    }
}

fn told(report: &Report, directory: &Path) -> Answer {
    let mut rows =
        vec![counted(report.issued, "issued"), counted(report.repeated, "issued before")];
    let refused = report.refused.iter();
    rows.extend(refused.map(|(label, count)| counted(*count, &format!("refused: {label}"))));
    let mut text = table(&["certificates", ""], &rows);
    for problem in &report.problems {
        // Writing into a String cannot fail.
        let _ = write!(text, "\n{problem}");
    }
    let _ = write!(text, "\nin {}", directory.display());
    let answer = json!({
        "issued": report.issued,
        "repeated": report.repeated,
        "refused": report.refused,
        "problems": report.problems.iter().map(problem_json).collect::<Vec<_>>(),
        "directory": directory,
    });
    Answer::good(text, answer).holds_if(report.refused.is_empty())
}

fn opened(path: &Path) -> Result<Box<dyn BufRead + Send>, Problem> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path).map_err(io_at(path))?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
}

fn hex(request: &[u8]) -> String {
    x509::sha256(request).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lines that are told again in one transaction.
const AGAIN_AT_A_TIME: usize = 1_024;
const PROBLEMS_SHOWN_MAX: usize = 100;

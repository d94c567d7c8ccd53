//! A production run: certificates for many, each on the road of `certificate_issue`. Reads requests
//! line by line; writes what these write. Invariants touched: K1, K2, A1, P1.
//!
//! Lines go through in chunks. One transaction stores the intentions of a chunk together with the
//! outcomes of an earlier one; beside it, on all processors, the chunk between the two is signed
//! and the requests of the next are checked. A line is answered when what came of it is durable, in
//! the order of the lines. The first chunks are small, so that no processor waits for the first
//! lines. What is refused stops nobody else; what a crash left open is finished by
//! `certificate_finish`.

use crate::certificate_issue::{
    CertificateAsked, Intended, Issued, Keyed, Signed, check_clock, compose, conclude, decide, sign,
};
use crate::commit::transact;
use crate::number_ask::Whose;
use crate::platform::Platform;
use crate::side_by_side::{OF_LARGE, Portions, processors, with_help};
use crate::work::{Work, broken};
use authority::CertificateKind;
use authority::certificate::Card;
use base::{Actor, Problem, Purpose, Remedy, labels};
use std::collections::BTreeMap;
use x509::{CertificationRequest, KeyAlgorithm};

/// One certificate of a production run.
#[derive(Clone, Debug)]
pub struct BatchLine {
    /// Which certificate.
    pub kind: CertificateKind,
    /// For whom.
    pub whose: Whose,
    /// The request of the key's holder (PKCS#10), in DER.
    pub request: Vec<u8>,
    /// The card that the key is on.
    pub card: Card,
    /// Whether the holder is an adult ward (成年被後見人).
    pub is_ward: bool,
}

/// Who orders a production run, and how it is done.
#[derive(Clone, Debug)]
pub struct BatchOrder {
    /// Who asks.
    pub actor: Actor,
    /// What for.
    pub purpose: Purpose,
    /// What the authority is to sign with, where several sign side by side.
    pub algorithm: Option<KeyAlgorithm>,
    /// Lines in one transaction: 1 to [`CHUNK_LINES_MAX`].
    pub chunk: usize,
}

/// What came of a production run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct BatchReport {
    /// Certificates that are in force.
    pub issued: u64,
    /// Lines that were refused, by label.
    pub refused: BTreeMap<&'static str, u64>,
}

/// Issues certificates for all lines. `told` is given the place of each line, counted from 0, with
/// its certificate or why there is none. A line that could not be read is refused with its problem.
/// What befalls the store or the keys stops the run: lines that were not told may be in the store
/// as intentions.
pub fn certificate_batch(
    platform: &Platform,
    order: &BatchOrder,
    lines: impl Iterator<Item = Result<BatchLine, Problem>>,
    told: &mut dyn FnMut(u64, Result<Issued, Problem>),
) -> Result<BatchReport, Problem> {
    let mut lines = lines;
    let mut line = 0;
    let mut report = BatchReport::default();
    let most = order.chunk.clamp(1, CHUNK_LINES_MAX);
    let mut count = CHUNK_LINES_FIRST.min(most);
    let mut step = Step::default();
    loop {
        let read: Result<Chunk<_>, _> = lines.by_ref().take(count).map(of_line).collect();
        let next = read.as_deref().unwrap_or_default();
        if step.is_over() && next.is_empty() {
            return read.map(|_| report);
        }
        let signed = Portions::new(&step.stored, OF_LARGE);
        let ready = Portions::new(next, OF_LARGE);
        let beside = || {
            signed.work(|line| each(line, |intended| sign(platform, intended)))?;
            ready.work(|line| each(line, |line| keyed(order, line)))
        };
        let store = || {
            store(platform, order, &step.ready, &step.signed).inspect_err(|_| {
                signed.stop();
                ready.stop();
            })
        };
        let ((stored, issued), beside) = with_help(processors(), beside, store)?;
        for result in issued {
            report.count(&result);
            told(line, result);
            line += 1;
        }
        beside?;
        let (ready, signed) = (ready.into_mapped(), signed.into_mapped());
        read?;
        step = Step { ready, stored, signed };
        count = most.min(2 * count);
    }
}

/// Lines on their way: each is what became of it so far, or why it is refused.
type Chunk<T> = Vec<Result<T, Problem>>;

/// Three chunks, each one step further than the one before.
#[derive(Default)]
struct Step {
    ready: Chunk<Keyed>,
    stored: Chunk<Intended>,
    signed: Chunk<Signed>,
}

impl Step {
    fn is_over(&self) -> bool {
        self.ready.is_empty() && self.stored.is_empty() && self.signed.is_empty()
    }
}

impl BatchReport {
    fn count(&mut self, result: &Result<Issued, Problem>) {
        match result {
            Ok(_) => self.issued += 1,
            Err(problem) => *self.refused.entry(problem.label()).or_default() += 1,
        }
    }
}

/// A line with its request checked.
fn keyed(order: &BatchOrder, line: &BatchLine) -> Result<Keyed, Problem> {
    let request = CertificationRequest::parse(&line.request);
    let request = request.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    Ok(Keyed::new(CertificateAsked {
        kind: line.kind,
        whose: line.whose.clone(),
        key: request.into_key(),
        card: line.card,
        is_ward: line.is_ward,
        algorithm: order.algorithm,
    }))
}

/// What one transaction does: the outcomes of what was signed, then the intentions of what is
/// ready.
fn store(
    platform: &Platform,
    order: &BatchOrder,
    ready: &Chunk<Keyed>,
    signed: &Chunk<Signed>,
) -> Result<(Chunk<Intended>, Chunk<Issued>), Problem> {
    let mut stored = Vec::new();
    let mut issued = Vec::new();
    if ready.is_empty() && signed.is_empty() {
        return Ok((stored, issued));
    }
    transact(platform, |work| {
        prefetch(work, ready, signed)?;
        check_clock(work)?;
        issued.clear();
        for line in signed {
            let line = line.as_ref().map_err(Clone::clone);
            issued.push(of_line(line.and_then(|signed| conclude(work, signed)))?);
        }
        stored = intend_all(work, order, ready)?;
        Ok(())
    })?;
    Ok((stored, issued))
}

fn intend_all(
    work: &mut Work<'_>,
    order: &BatchOrder,
    ready: &Chunk<Keyed>,
) -> Result<Chunk<Intended>, Problem> {
    let mut places = Vec::with_capacity(ready.len());
    let mut decided = Vec::with_capacity(ready.len());
    for line in ready {
        let line = line.as_ref().map_err(Clone::clone);
        let line = line.and_then(|keyed| decide(work, &order.actor, order.purpose, keyed));
        places.push(of_line(line)?.map(|one| decided.push(one)));
    }
    // What the lint finds now is a defect of the program: nothing of the chunk is stored.
    let mut composed = compose(work, &decided)?.into_iter();
    let mut next = || composed.next().ok_or_else(|| broken("a line was not composed"));
    let place = |place: Result<(), Problem>| match place {
        Ok(()) => next()?.map(Ok),
        Err(problem) => Ok(Err(problem)),
    };
    places.into_iter().map(place).collect()
}

/// Loads what both halves of a transaction will need, in few round trips.
fn prefetch(
    work: &mut Work<'_>,
    ready: &Chunk<Keyed>,
    signed: &Chunk<Signed>,
) -> Result<(), Problem> {
    let (mut codes, mut keys) = (Vec::new(), Vec::new());
    for keyed in ready.iter().flatten() {
        keys.push(keyed.digest);
        if let Whose::Code(code) = &keyed.asked.whose {
            codes.push(code.clone());
        }
    }
    work.prefetch_codes(&codes)?;
    let signed: Vec<_> = signed.iter().flatten().map(|signed| signed.intended.id).collect();
    let mut persons = work.holders_of(&signed)?;
    work.load(&persons)?;
    for code in &codes {
        persons.extend(work.person_by_code(code)?);
    }
    persons.sort_unstable();
    persons.dedup();
    work.prefetch_certificates(&persons, &keys)
}

/// Goes on with a line that is not refused.
fn each<T, U>(
    line: &Result<T, Problem>,
    map: impl Fn(&T) -> Result<U, Problem>,
) -> Result<Result<U, Problem>, Problem> {
    of_line(line.as_ref().map_err(Clone::clone).and_then(map))
}

/// What is refused is the line's affair, and so is a certificate that is on its way on another
/// road; what else is broken or busy stops the run.
fn of_line<T>(line: Result<T, Problem>) -> Result<Result<T, Problem>, Problem> {
    match line {
        Err(problem) if is_of_the_run(&problem) => Err(problem),
        line => Ok(line),
    }
}

/// Two lines of one person are the second one's affair, though it may be given again later.
fn is_of_the_run(problem: &Problem) -> bool {
    match problem.remedy() {
        Remedy::Broken => true,
        Remedy::Again => problem.label() != labels::CERTIFICATE_ISSUANCE_UNDER_WAY.text,
        Remedy::Refused | Remedy::Absent => false,
    }
}

/// Lines in one transaction where nothing else is asked for.
pub const CHUNK_LINES: usize = 8_192;

/// Lines in the first transaction; each one after it may have twice as many.
const CHUNK_LINES_FIRST: usize = 64;

/// Most lines in one transaction.
pub const CHUNK_LINES_MAX: usize = 16_384;

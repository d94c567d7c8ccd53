//! The asking side of a comparison: knows its own set, asks the other side step by step.
//!
//! Holds nothing open: every question and answer is a value, so it runs over any transport. A
//! question descends one level everywhere the two sides differ; where few records are left it asks
//! for them. With n records the last question is the (log16 n + 3)rd, as long as no more than
//! `QUESTION_PREFIXES_MAX` places differ at once.

use super::{Entry, NodeDigest, Prefix, children, entries};
use std::collections::VecDeque;

/// A comparison under way.
#[derive(Debug)]
pub struct Exchange {
    ours: Vec<Entry>,
    /// Where the sides differ or may differ, with what the other side announced for it.
    open: VecDeque<Open>,
    asked: Option<Vec<Open>>,
    findings: Findings,
    questions: u32,
}

/// What is asked of the other side.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Question {
    /// Prefixes whose 16 children are wanted.
    pub children: Vec<Prefix>,
    /// Prefixes whose records are wanted; the other side holds at most 16 there, or announced more
    /// under one single position.
    pub entries: Vec<Prefix>,
}

/// What the other side says, in the order of the question.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Answer {
    /// The children of each prefix asked for.
    pub children: Vec<[NodeDigest; 16]>,
    /// The records under each prefix asked for, in order.
    pub entries: Vec<Vec<Entry>>,
}

/// The outcome: positions, in order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Findings {
    /// Both sides hold the record, with different content.
    pub differing: Vec<u64>,
    /// Only the asking side holds it.
    pub only_here: Vec<u64>,
    /// Only the other side holds it.
    pub only_there: Vec<u64>,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExchangeRefusal {
    /// No question is open.
    NotAsked,
    /// It does not fit the question, or contradicts what the other side announced before: most
    /// likely its set changed meanwhile. Begin again.
    Contradiction,
}

/// Why a question is not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuestionRefusal {
    /// It asks for children of a prefix that has none.
    TooDeep,
    /// It has too many prefixes.
    TooMany,
    /// A prefix is within another, or stands twice.
    Overlap,
    /// It asks for records where there are many.
    TooLong,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    prefix: Prefix,
    /// `None` only for the root of a comparison, about which nothing was announced yet.
    theirs: Option<NodeDigest>,
    by_entries: bool,
}

impl Exchange {
    /// A comparison of `ours`, in any order, with a set not yet known.
    pub fn new(mut ours: Vec<Entry>) -> Self {
        ours.sort_unstable();
        let root = Open { prefix: Prefix::ROOT, theirs: None, by_entries: false };
        Self {
            ours,
            open: VecDeque::from([root]),
            asked: None,
            findings: Findings::default(),
            questions: 0,
        }
    }

    /// The next question, or `None` when the comparison is complete. The same question is given
    /// again until it is answered.
    pub fn next_question(&mut self) -> Option<Question> {
        if self.asked.is_none() {
            if self.open.is_empty() {
                return None;
            }
            let taken = self.open.len().min(QUESTION_PREFIXES_MAX);
            self.asked = Some(self.open.drain(..taken).collect());
            self.questions += 1;
        }
        let mut question = Question::default();
        for open in self.asked.iter().flatten() {
            let list = if open.by_entries { &mut question.entries } else { &mut question.children };
            list.push(open.prefix);
        }
        Some(question)
    }

    /// Takes the answer to the last question. A refused answer leaves the question open.
    pub fn answer(&mut self, answer: &Answer) -> Result<(), ExchangeRefusal> {
        let asked = self.asked.take().ok_or(ExchangeRefusal::NotAsked)?;
        if let Err(refusal) = check(&asked, answer) {
            self.asked = Some(asked);
            return Err(refusal);
        }
        let (by_entries, by_children): (Vec<_>, Vec<_>) =
            asked.into_iter().partition(|open| open.by_entries);
        for (open, nodes) in by_children.iter().zip(&answer.children) {
            self.descend(open.prefix, nodes);
        }
        for (open, theirs) in by_entries.iter().zip(&answer.entries) {
            compare(entries(open.prefix, &self.ours), theirs, &mut self.findings);
        }
        Ok(())
    }

    /// What was found so far; complete when there is no further question. Positions in order.
    pub fn findings(&self) -> Findings {
        let mut findings = self.findings.clone();
        let Findings { differing, only_here, only_there } = &mut findings;
        [differing, only_here, only_there].into_iter().for_each(|list| list.sort_unstable());
        findings
    }

    /// How many questions were asked.
    pub const fn questions(&self) -> u32 {
        self.questions
    }

    fn descend(&mut self, prefix: Prefix, theirs: &[NodeDigest; 16]) {
        let Some(ours) = children(prefix, &self.ours) else { return };
        for (digit, (ours, theirs)) in (0..).zip(ours.iter().zip(theirs)) {
            if let Some(child) = prefix.child(digit).filter(|_| ours != theirs) {
                self.open_child(child, ours.count, *theirs);
            }
        }
    }

    fn open_child(&mut self, prefix: Prefix, ours: u64, theirs: NodeDigest) {
        if theirs.count == 0 {
            compare(entries(prefix, &self.ours), &[], &mut self.findings);
            return;
        }
        let by_entries = is_leaf(prefix, ours.max(theirs.count));
        self.open.push_back(Open { prefix, theirs: Some(theirs), by_entries });
    }
}

/// Answers a question about the set `sorted`, walking each record at most once; each list of the
/// answer belongs to the prefix at its place in the question.
pub fn respond(question: &Question, sorted: &[Entry]) -> Result<Answer, QuestionRefusal> {
    debug_assert!(sorted.is_sorted(), "a set is kept in order");
    question.check()?;
    let digested = question.children.iter().map(|prefix| children(*prefix, sorted));
    let listed = question.entries.iter().map(|prefix| {
        let list = entries(*prefix, sorted);
        is_leaf(*prefix, list.len() as u64).then(|| list.to_vec())
    });
    Ok(Answer {
        children: digested.collect::<Option<_>>().ok_or(QuestionRefusal::TooDeep)?,
        entries: listed.collect::<Option<_>>().ok_or(QuestionRefusal::TooLong)?,
    })
}

impl Question {
    /// Refuses what no comparison asks for, whatever the set.
    pub fn check(&self) -> Result<(), QuestionRefusal> {
        if self.children.iter().any(|prefix| prefix.child(0).is_none()) {
            return Err(QuestionRefusal::TooDeep);
        }
        if self.children.len() + self.entries.len() > QUESTION_PREFIXES_MAX {
            return Err(QuestionRefusal::TooMany);
        }
        let mut bounds: Vec<_> =
            self.children.iter().chain(&self.entries).map(|prefix| prefix.bounds()).collect();
        bounds.sort_unstable();
        let apart = bounds.windows(2).all(|pair| pair[0].1 < pair[1].0);
        if apart { Ok(()) } else { Err(QuestionRefusal::Overlap) }
    }
}

impl QuestionRefusal {
    /// All refusals.
    pub const ALL: [Self; 4] = [Self::TooDeep, Self::TooMany, Self::Overlap, Self::TooLong];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooDeep => "set_digest_prefix",
            Self::TooMany | Self::Overlap | Self::TooLong => "set_digest_question",
        }
    }

    /// What to ask instead.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TooDeep => "below 16 digits there is no level",
            Self::TooMany => "at most 4096 prefixes",
            Self::Overlap => "one prefix is within another",
            Self::TooLong => "more than 16 records under a prefix: ask for its children",
        }
    }
}

/// Whether the records under a prefix are listed rather than digested further.
fn is_leaf(prefix: Prefix, count: u64) -> bool {
    count <= LEAF_ENTRIES_MAX || prefix.child(0).is_none()
}

fn check(asked: &[Open], answer: &Answer) -> Result<(), ExchangeRefusal> {
    let by_entries = asked.iter().filter(|open| open.by_entries);
    let by_children = asked.iter().filter(|open| !open.by_entries);
    let whole = by_entries.clone().count() == answer.entries.len()
        && by_children.clone().count() == answer.children.len();
    let listed = by_entries.zip(&answer.entries).all(|(open, theirs)| {
        let within = theirs.iter().all(|entry| open.prefix.covers(entry.position));
        within && theirs.is_sorted() && announced(open, NodeDigest::of(theirs))
    });
    let added = by_children.zip(&answer.children).all(|(open, nodes)| {
        announced(open, nodes.iter().fold(NodeDigest::default(), |sum, node| sum.plus(*node)))
    });
    if whole && listed && added { Ok(()) } else { Err(ExchangeRefusal::Contradiction) }
}

fn announced(open: &Open, now: NodeDigest) -> bool {
    open.theirs.is_none_or(|before| before == now)
}

/// Merges two ordered lists. Records at one position are one record: a position is a keyed digest
/// of who it is about.
fn compare(ours: &[Entry], theirs: &[Entry], findings: &mut Findings) {
    let mut ours = ours.chunk_by(|a, b| a.position == b.position).peekable();
    let mut theirs = theirs.chunk_by(|a, b| a.position == b.position).peekable();
    loop {
        let (here, there) =
            (ours.peek().map(|c| c[0].position), theirs.peek().map(|c| c[0].position));
        match (here, there) {
            (None, None) => return,
            (Some(here), there) if there.is_none_or(|there| here < there) => {
                findings.only_here.push(here);
                ours.next();
            }
            (here, Some(there)) if here.is_none_or(|here| there < here) => {
                findings.only_there.push(there);
                theirs.next();
            }
            (position, _) => {
                if ours.next() != theirs.next() {
                    findings.differing.extend(position);
                }
            }
        }
    }
}

impl ExchangeRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotAsked | Self::Contradiction => "set_digest_answer",
        }
    }
}

/// Most prefixes in one question, so that an answer stays within a few megabytes.
pub(super) const QUESTION_PREFIXES_MAX: usize = 4_096;

/// With so few records under a prefix they are listed rather than digested further.
const LEAF_ENTRIES_MAX: u64 = 16;

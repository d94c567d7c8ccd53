//! `verify`: walks everything and says what does not hold.
//!
//! Shares with the use cases the ways to open a seal and to name a key, and nothing else: what a row
//! should be is worked out again from the others. Every test of the platform ends with it, and
//! operators call the same.

use crate::enact::FIRST_KEY_GENERATION;
use crate::people::{self, Person, set_record};
use crate::platform::{CODE_DOMAIN, NUMBER_DOMAIN, Platform};
use crate::publish::identity;
use crate::work::open_key;
use base::{ActId, PersonId, Problem};
use ledger::leaf::LeafEntry;
use ledger::{Frontier, Hash, TreeHead};
use numbers::assignment;
use ports::View;
use ports::rows::{NumberRow, PersonRow, number_state, status, topic};
use registry::resident::NumberState;

/// What was looked at, and what does not hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VerifyReport {
    /// Persons walked.
    pub persons: u64,
    /// Numbers walked, former ones included.
    pub numbers: u64,
    /// Feed messages walked.
    pub messages: u64,
    /// Acts walked.
    pub acts: u64,
    /// Checkpoints compared.
    pub checkpoints: u64,
    /// What does not hold, without personal values; the first hundred.
    pub faults: Vec<String>,
}

/// Walks the whole store on one snapshot. `progress` is told how many rows were walked.
pub fn verify(platform: &Platform, progress: &mut dyn FnMut(u64)) -> Result<VerifyReport, Problem> {
    let mut report = VerifyReport::default();
    for fault in platform.store.check_integrity()? {
        report.fault(fault);
    }
    platform.store.snapshot("verify", &mut |view| {
        let acts = view.act_count()?;
        let mut walk = Walk { platform, acts, report: &mut report, progress };
        walk.persons(view)?;
        walk.feeds(view)?;
        walk.stocks(view)?;
        walk.outbox(view)?;
        walk.ledger(view)
    })?;
    Ok(report)
}

impl VerifyReport {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, text: String) {
        if self.faults.len() < FAULTS_KEPT_MAX {
            self.faults.push(text);
        }
    }

    fn walked(&self) -> u64 {
        self.persons + self.messages + self.acts
    }
}

struct Walk<'a> {
    platform: &'a Platform,
    acts: u64,
    report: &'a mut VerifyReport,
    progress: &'a mut dyn FnMut(u64),
}

impl Walk<'_> {
    fn persons(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let mut after = PersonId(0);
        loop {
            let page = view.persons_page(after, PAGE_ROWS)?;
            let Some(last) = page.last() else { return Ok(()) };
            for (expected, row) in (after.0 + 1..).zip(&page) {
                if row.id.0 != expected {
                    self.report.fault(format!("person {expected}: missing"));
                }
                if let Some(fault) = self.person(view, row)? {
                    self.report.fault(format!("person {}: {fault}", row.id));
                }
            }
            after = last.id;
            self.report.persons += page.len() as u64;
            (self.progress)(self.report.walked());
        }
    }

    /// What is wrong with a person; `None` for nothing.
    fn person(&mut self, view: &mut dyn View, row: &PersonRow) -> Result<Option<String>, Problem> {
        let key = view.data_keys(&[row.id])?.pop().flatten();
        let codes = view.codes_of(row.id)?;
        let numbers = view.numbers_of(row.id)?;
        self.report.numbers += numbers.len() as u64;
        let acts = codes.iter().map(|code| code.assigned_act);
        let mut acts = acts.chain(
            numbers.iter().flat_map(|n| [Some(n.assigned_act), n.ended_act].into_iter().flatten()),
        );
        if acts.any(|act| act.0 >= self.acts) {
            return Ok(Some("refers to an act that does not exist".to_owned()));
        }
        let Some(key) = key else {
            let disposed = row.status == status::DISPOSED;
            return Ok((!disposed).then(|| "has no data key".to_owned()));
        };
        let Some(code) = codes.iter().rfind(|code| code.ended_act.is_none()) else {
            return Ok(Some("has no code".to_owned()));
        };
        let key = match open_key(self.platform, &self.platform.names.kek, &key) {
            Ok(key) => key,
            Err(problem) => return Ok(Some(format!("data key: {}", problem.label()))),
        };
        match Person::open(row.clone(), key, code) {
            Ok(person) => self.opened(&person, code.code_index, &numbers),
            Err(problem) => Ok(Some(format!("{}: {}", problem.label(), problem.detail_text()))),
        }
    }

    fn opened(
        &self,
        person: &Person,
        code_index: seal::BlindIndex,
        numbers: &[NumberRow],
    ) -> Result<Option<String>, Problem> {
        let resident = person.resident();
        if let Some(fault) = resident.fault() {
            return Ok(Some(fault.to_owned()));
        }
        if self.platform.code_index(&resident.code)? != code_index {
            return Ok(Some("the code's index is another one".to_owned()));
        }
        if let Some(fault) = self.indexes(person)? {
            return Ok(Some(fault.to_owned()));
        }
        for row in numbers {
            if let Some(fault) = self.number(person, row)? {
                return Ok(Some(format!("number {}: {fault}", row.generation)));
            }
        }
        Ok(number_states(resident.number, numbers).map(str::to_owned))
    }

    fn indexes(&self, person: &Person) -> Result<Option<&'static str>, Problem> {
        let (row, resident) = (&person.row, person.resident());
        let Some(record) = &resident.record else { return Ok(None) };
        let index = self.platform.name_birth_index(&record.name, record.birth_date)?;
        if row.name_birth_index != Some(index) {
            return Ok(Some("the name's index is another one"));
        }
        let key = self.platform.digest_key(resident.municipality)?;
        let code = resident.code.reveal();
        let position = key.position(code.as_str().as_bytes()).cast_signed();
        let digest = key.digest(&set_record(&resident.code, record));
        let registered = row.status == status::REGISTERED;
        if row.set_position != position || row.set_digest != registered.then_some(digest) {
            return Ok(Some("the set digest is another one"));
        }
        Ok(None)
    }

    /// The number must be the one that code and generation lead to, and be found by its index.
    fn number(&self, person: &Person, row: &NumberRow) -> Result<Option<&'static str>, Problem> {
        let Ok(number) = people::open_number(&person.key, row, FIRST_KEY_GENERATION) else {
            return Ok(Some("does not open"));
        };
        if self.platform.number_index(&number)? != row.number_index {
            return Ok(Some("its index is another one"));
        }
        let generation = u8::try_from(row.generation).unwrap_or(u8::MAX);
        let Ok(generation) = assignment::Generation::new(generation) else {
            return Ok(Some("its generation is out of range"));
        };
        let mut slot = [assignment::slot(&person.resident().code, generation)];
        let names = &self.platform.names;
        self.platform.keys.permute(&names.numbering, NUMBER_DOMAIN, &mut slot)?;
        let [permuted] = slot;
        let same = assignment::number_from(permuted).is_ok_and(|expected| expected == number);
        Ok((!same).then_some("is not the number of its code and generation"))
    }

    fn feeds(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        for cursor in view.all_cursors()? {
            let (mut after, mut waiting, mut expected) = (0, 0, 1);
            loop {
                let page = view.messages_page(cursor.municipality, after, PAGE_ROWS)?;
                let Some(last) = page.last() else { break };
                after = last.sequence;
                for row in &page {
                    waiting += u64::from(row.act.is_none());
                    let taken = row.act.is_some();
                    let in_order = taken && row.sequence == expected && expected < cursor.next;
                    let early = !taken && row.sequence >= cursor.next;
                    if !(in_order || early) || row.act.is_some_and(|act| act.0 >= self.acts) {
                        let place = (cursor.municipality, row.sequence);
                        self.report.fault(format!("feed message {place:?}: out of order"));
                    }
                    expected += 1;
                }
                self.report.messages += page.len() as u64;
                (self.progress)(self.report.walked());
            }
            if waiting != cursor.waiting {
                self.report.fault(format!("feed {}: waiting miscounted", cursor.municipality));
            }
        }
        Ok(())
    }

    fn stocks(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let mut free = 0;
        for stock in view.all_stocks()? {
            if stock.first < free || stock.used > stock.count {
                self.report.fault(format!("stock {}: overlaps or overdrawn", stock.id));
            }
            free = stock.first + stock.count;
        }
        if free > CODE_DOMAIN.below {
            self.report.fault("stocks: beyond the last code".to_owned());
        }
        Ok(())
    }

    fn outbox(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let mut after = None;
        loop {
            let page = view.outbox(topic::NUMBER_LIST, after, PAGE_ROWS)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.act);
            for row in page.iter().filter(|row| row.act.0 >= self.acts) {
                self.report.fault(format!("outbox {}: an act that does not exist", row.act));
            }
        }
    }

    /// Hashes every act again and compares with every checkpoint that was signed.
    fn ledger(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let identity = identity(self.platform)?;
        let (covered, entries) = view.subject_index()?;
        let mut with_subject = 0;
        let mut frontier = Frontier::new();
        let mut checkpoints = view.checkpoints(0, PAGE_ROWS)?.into_iter();
        let mut next = checkpoints.next();
        while frontier.size() < self.acts {
            let page = view.acts(ActId(frontier.size()), PAGE_ROWS)?;
            if page.is_empty() {
                self.report.fault("ledger: a gap in the acts".to_owned());
                break;
            }
            for act in &page {
                if act.id.0 != frontier.size() || LeafEntry::parse(&act.entry).is_err() {
                    self.report.fault(format!("act {}: out of place or not a leaf", act.id));
                }
                with_subject += u64::from(act.subject.is_some() && act.id.0 < covered);
                frontier.append(Hash::leaf(&act.entry));
                while let Some(point) = next.take_if(|point| point.size == frontier.size()) {
                    let signed = identity.open(&point.note, &[]).map(|open| *open.head());
                    let head = TreeHead { size: point.size, root: Hash::from_bytes(point.root) };
                    if signed != Ok(head) || frontier.head() != head {
                        self.report.fault(format!("checkpoint {}: does not add up", point.size));
                    }
                    self.report.checkpoints += 1;
                    next = checkpoints.next();
                    if next.is_none() {
                        checkpoints = view.checkpoints(point.size, PAGE_ROWS)?.into_iter();
                        next = checkpoints.next();
                    }
                }
            }
            self.report.acts += page.len() as u64;
            (self.progress)(self.report.walked());
        }
        if with_subject != entries || covered > self.acts {
            self.report.fault("ledger: the index by subject is not complete".to_owned());
        }
        if next.is_some() {
            self.report.fault("ledger: a checkpoint covers more than there is".to_owned());
        }
        Ok(())
    }
}

fn number_states(state: NumberState, rows: &[NumberRow]) -> Option<&'static str> {
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let consecutive = (0..).zip(rows).all(|(generation, row)| row.generation == generation);
    let (provisional, designated) =
        (count(number_state::PROVISIONAL), count(number_state::DESIGNATED));
    let fits = match state {
        NumberState::None => rows.is_empty(),
        NumberState::Provisional => (provisional, rows.len()) == (1, 1),
        NumberState::Designated(generation) => {
            provisional == 0 && designated == 1 && rows.len() == usize::from(generation.get()) + 1
        }
    };
    (!fits || !consecutive).then_some("the numbers do not fit the person's state")
}

const PAGE_ROWS: usize = 4_096;
const FAULTS_KEPT_MAX: usize = 100;

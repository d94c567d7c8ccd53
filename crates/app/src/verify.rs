//! `verify`: walks everything and says what does not hold.
//!
//! Shares with the use cases the ways to open a seal and to name a key, and nothing else: what a
//! row should be is worked out again from the others. Every test of the platform ends with it, and
//! operators call the same.

mod certificates;
mod ledger;
mod verifiers;

use crate::enact::FIRST_KEY_GENERATION;
use crate::epochs::{Epochs, epochs_of};
use crate::key_roles::KeyRole;
use crate::once::open_note;
use crate::people::{self, Person, set_record};
use crate::platform::{CODE_DOMAIN, NUMBER_DOMAIN, Platform};
use crate::resident_event::open_waiting;
use crate::work::{open_key, open_own_key};
use ::ledger::leaf::LeafEntry;
use base::{PersonId, Problem, labels};
use certificates::Tallies;
pub use certificates::verify_lists;
use numbers::{LocalGovernmentCode, assignment};
use policy::Action;
use ports::View;
use ports::rows::{
    FeedCursorRow, FeedMessageRow, NumberListRow, NumberRow, PersonRow, number_state, status, topic,
};
use registry::ResidentRecord;
use registry::resident::NumberState;
use seal::OpenedKey;
use std::sync::Arc;
use verifiers::Register;

/// What was looked at, and what does not hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VerifyReport {
    /// Persons walked.
    pub persons: u64,
    /// Numbers walked, former ones included.
    pub numbers: u64,
    /// Feed messages walked.
    pub messages: u64,
    /// Certificates walked, from their intentions on.
    pub certificates: u64,
    /// Those of them that are still to be signed.
    pub open_certificates: u64,
    /// Verifiers walked.
    pub verifiers: u64,
    /// Revocation lists whose files were looked at: none by `verify` itself, which reads no files.
    pub lists: u64,
    /// Acts walked.
    pub acts: u64,
    /// Checkpoints compared.
    pub checkpoints: u64,
    /// Cosignatures checked.
    pub cosignatures: u64,
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
        let own_key = match open_own_key(platform, view) {
            Ok(key) => Some(key),
            Err(problem) => {
                report.fault(format!("the platform's own data key: {}", problem.label()));
                None
            }
        };
        let (epochs, tallies, register) =
            (epochs_of(platform, view)?, Tallies::default(), Register::default());
        let (report, progress) = (&mut report, &mut *progress);
        let mut walk =
            Walk { platform, epochs, acts, own_key, tallies, register, report, progress };
        for (of, part) in PARTS {
            match part(&mut walk, view) {
                // A row that does not read is a fault like any other, not the end of the walk.
                Err(problem) if problem.label() == labels::STORE_BROKEN.text => {
                    walk.report.fault(format!("{of}: {}", problem.detail_text()));
                }
                walked => walked?,
            }
        }
        Ok(())
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
        self.persons + self.messages + self.certificates + self.acts
    }
}

struct Walk<'a> {
    platform: &'a Platform,
    epochs: Arc<Epochs>,
    acts: u64,
    own_key: Option<OpenedKey>,
    tallies: Tallies,
    register: Register,
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
        let key = match open_key(self.platform, &key) {
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
        if row.status != status::REGISTERED {
            return Ok(row.set_digest.map(|_| "a set digest of nobody registered"));
        }
        let of = resident.municipality;
        let mut epoch = self.epochs.digest_epoch(of);
        let mut found = self.is_in_set(person, record, epoch)?;
        if !found && self.epochs.digest_changes(of) {
            epoch -= 1;
            found = self.is_in_set(person, record, epoch)?;
        }
        Ok((!found).then_some("the set digest is another one"))
    }

    /// Whether place and digest in the municipality's set are those under the key of an epoch.
    fn is_in_set(
        &self,
        Person { row, resident, .. }: &Person,
        record: &ResidentRecord,
        epoch: u32,
    ) -> Result<bool, Problem> {
        let key = self.platform.digest_key(epoch, resident.municipality)?;
        let code = resident.code.reveal();
        let position = key.position(code.as_str().as_bytes()).cast_signed();
        let digest = key.digest(&set_record(&resident.code, record));
        Ok((row.set_position, row.set_digest) == (position, Some(digest)))
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
        let cursors = view.all_cursors()?;
        cursors.iter().try_for_each(|cursor| self.feed(view, cursor))?;
        let mut after = None;
        while let Some(of) = view.next_sender(after)? {
            if cursors.iter().all(|cursor| cursor.municipality != of) {
                self.report.fault(format!("feed {of}: messages without a cursor"));
            }
            after = Some(of);
        }
        Ok(())
    }

    fn feed(&mut self, view: &mut dyn View, cursor: &FeedCursorRow) -> Result<(), Problem> {
        let of = cursor.municipality;
        let (mut after, mut waiting, mut expected) = (0, 0, 1);
        loop {
            let page = view.messages_page(of, after, PAGE_ROWS)?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            for row in &page {
                let taken = row.act.is_some();
                let in_order = taken && row.sequence == expected && expected < cursor.next;
                let early = !taken && row.sequence >= cursor.next;
                if !(in_order || early) || row.act.is_some_and(|act| act.0 >= self.acts) {
                    self.report.fault(format!("feed message {of} {}: out of order", row.sequence));
                }
                if let Some(fault) = self.waiting(row)? {
                    self.report.fault(format!("feed message {of} {}: {fault}", row.sequence));
                }
                waiting += u64::from(!taken);
                expected += u64::from(taken);
            }
            self.report.messages += page.len() as u64;
            (self.progress)(self.report.walked());
        }
        if expected != cursor.next {
            self.report.fault(format!("feed {of}: messages before the next are missing"));
        }
        if waiting != cursor.waiting {
            self.report.fault(format!("feed {of}: waiting miscounted"));
        }
        Ok(())
    }

    /// A message that waits must open, and be the one that its place and its digest say.
    fn waiting(&self, row: &FeedMessageRow) -> Result<Option<&'static str>, Problem> {
        let Some(key) = self.own_key.as_ref().filter(|_| row.act.is_none()) else {
            return Ok(None);
        };
        let Ok(message) = open_waiting(key, row) else { return Ok(Some("does not open")) };
        let content = message.canonical_bytes();
        let mut known = false;
        for key in self.epochs.counting(KeyRole::Repeat)? {
            known |= self.platform.repeat_digest(&key, &content)? == row.digest;
        }
        let place = (message.municipality, message.sequence);
        let same = place == (row.municipality, row.sequence) && known;
        Ok((!same).then_some("is another message"))
    }

    /// What is kept for repeats must open, and name an act.
    fn answers(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let mut after = (String::new(), String::new());
        loop {
            let page = view.answers_page((&after.0, &after.1), PAGE_ROWS)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = (last.actor.clone(), last.key.clone());
            for row in &page {
                if row.act.0 >= self.acts {
                    self.report.fault(format!("answer of act {}: no such act", row.act));
                }
                if self.own_key.as_ref().is_some_and(|key| open_note(key, row).is_err()) {
                    self.report.fault(format!("answer of act {}: does not open", row.act));
                }
            }
        }
    }

    /// A municipality's lists are numbered without gaps, and each is recorded by an act of its own.
    fn lists(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let mut before: Option<(LocalGovernmentCode, i64)> = None;
        loop {
            let page = view.lists_page(before, PAGE_ROWS)?;
            if page.is_empty() {
                return Ok(());
            }
            for row in page {
                let of = row.municipality;
                let number = before.filter(|(last, _)| *last == of).map_or(1, |(_, list)| list + 1);
                if row.list != number {
                    self.report.fault(format!("number list {of} {number}: missing"));
                }
                if !records_list(view, &row)? {
                    self.report.fault(format!("number list {of} {}: no act records it", row.list));
                }
                before = Some((of, row.list));
            }
        }
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
}

fn records_list(view: &mut dyn View, row: &NumberListRow) -> Result<bool, Problem> {
    let act = view.acts(row.act, 1)?.pop().filter(|act| act.id == row.act && act.subject.is_none());
    let leaf = act.and_then(|act| LeafEntry::parse(&act.entry).ok());
    Ok(leaf.is_some_and(|leaf| leaf.fields().act == Action::NumberList.word()))
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

/// A part of the walk.
type Part = fn(&mut Walk<'_>, &mut dyn View) -> Result<(), Problem>;

const PARTS: [(&str, Part); 10] = [
    ("persons", |walk, view| walk.persons(view)),
    ("feeds", |walk, view| walk.feeds(view)),
    ("stocks", |walk, view| walk.stocks(view)),
    ("outbox", |walk, view| walk.outbox(view)),
    ("number lists", |walk, view| walk.lists(view)),
    ("answers", |walk, view| walk.answers(view)),
    ("certificates", |walk, view| walk.certificates(view)),
    // Looks for the acts that the parts before it have named.
    ("ledger", |walk, view| walk.ledger(view)),
    // Does again what the ledger tells.
    ("verifiers", |walk, view| walk.verifiers(view)),
    ("cosignatures", |walk, view| walk.cosignatures(view)),
];

const PAGE_ROWS: usize = 4_096;
const FAULTS_KEPT_MAX: usize = 100;

//! The unit of work: what one transaction has looked at and what it will leave behind.
//!
//! Use cases read through it (each row once) and put changes into it; all of them are written in
//! one go at the end. Because later acts of a batch see what earlier ones left here, a batch of
//! many acts is the same as the acts one by one. Acts get their places in the ledger in the order
//! in which they are recorded.

mod certificates;
mod finish;
mod rows;

use crate::epochs::{Epochs, KEY_EPOCHS, epochs_of};
use crate::key_roles::KeyRole;
use crate::keyed::{KeyedCode, KeyedEntry, KeyedMessage};
use crate::people::Person;
use crate::platform::Platform;
use crate::side_by_side::{OF_SMALL, side_by_side};
use base::{ActId, Date, Entropy, Moment, PersonId, Problem, labels};
use certificates::CertificateRows;
pub(crate) use certificates::Held;
use finish::{ActDraft, NewKey};
use ledger::leaf::{LeafEntry, Salt, commit};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use policy::Permit;
use ports::Tx;
use ports::rows::{
    Changes, DataKeyRow, FeedCursorRow, FeedMessageRow, IdempotencyRow, NumberRow, PersonRow,
    RecordCodeRow, StockRow,
};
use registry::resident::Resident;
use seal::{BlindIndex, OpenedKey, Place, WrapPlace};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use zeroize::Zeroizing;

/// One transaction's view of the world.
pub struct Work<'a> {
    platform: &'a Platform,
    pub(crate) tx: &'a mut dyn Tx,
    pub(crate) entropy: &'a mut dyn Entropy,
    now: Moment,
    epochs: Arc<Epochs>,
    own_key: OpenedKey,
    next_act: u64,
    last_act_at: Option<Option<Moment>>,
    next_person: i64,
    people: BTreeMap<PersonId, Box<Person>>,
    disposed: BTreeMap<PersonId, LocalGovernmentCode>,
    /// Who holds a code now (`Some(Some)`), or held it once (`Some(None)`).
    owners: HashMap<BlindIndex, Option<Option<PersonId>>>,
    codes: BTreeMap<(PersonId, i64), Kept<RecordCodeRow>>,
    numbers: BTreeMap<(PersonId, i64), NumberRow>,
    messages: BTreeMap<(LocalGovernmentCode, u64), Kept<FeedMessageRow>>,
    cursors: BTreeMap<LocalGovernmentCode, Kept<FeedCursorRow>>,
    stocks: BTreeMap<LocalGovernmentCode, Vec<Kept<StockRow>>>,
    stock_tail: Option<(i64, u64)>,
    /// What the keys make of codes that this transaction asks for again and again.
    keyed_codes: HashMap<u64, KeyedCode>,
    answers: BTreeMap<(String, String), IdempotencyRow>,
    acts: Vec<ActDraft>,
    new_keys: Vec<NewKey>,
    certificates: CertificateRows,
    changes: Changes,
    /// How many times something was taken in.
    taken_in: u64,
    /// Messages that waited: how many may be applied in this transaction, and how many were.
    backlog: (usize, usize),
    feeds_left: BTreeSet<LocalGovernmentCode>,
}

/// A row that was looked for: what it is now, and whether that is still to be written.
struct Kept<R> {
    row: Option<R>,
    dirty: bool,
}

/// How an act ended, as its leaf says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done as asked.
    Done,
    /// Personal data was read.
    Read,
    /// To be done by the hands: what comes of it is an act of its own.
    Intended,
    /// Recorded as refused, with the label.
    Refused(&'static str),
}

impl<'a> Work<'a> {
    /// Opens a unit of work in a transaction.
    pub fn begin(
        platform: &'a Platform,
        tx: &'a mut dyn Tx,
        entropy: &'a mut dyn Entropy,
    ) -> Result<Self, Problem> {
        let epochs = epochs_of(platform, tx)?;
        let next_act = tx.act_count()?;
        let next_person = tx.last_person()?.0 + 1;
        let own_key = open_own_key(platform, tx)?;
        let now = platform.clock.now();
        Ok(Self {
            platform,
            tx,
            entropy,
            now,
            epochs,
            own_key,
            next_act,
            last_act_at: None,
            next_person,
            people: BTreeMap::new(),
            disposed: BTreeMap::new(),
            owners: HashMap::new(),
            codes: BTreeMap::new(),
            numbers: BTreeMap::new(),
            messages: BTreeMap::new(),
            cursors: BTreeMap::new(),
            stocks: BTreeMap::new(),
            stock_tail: None,
            keyed_codes: HashMap::new(),
            answers: BTreeMap::new(),
            acts: Vec::new(),
            new_keys: Vec::new(),
            certificates: CertificateRows::default(),
            changes: Changes::default(),
            taken_in: 0,
            backlog: (0, 0),
            feeds_left: BTreeSet::new(),
        })
    }

    /// The moment of this transaction.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The place that the next act will have.
    pub(crate) fn next_act(&self) -> ActId {
        ActId(self.next_act)
    }

    /// When the last act before this transaction was recorded.
    pub(crate) fn last_act_at(&mut self) -> Result<Option<Moment>, Problem> {
        if let Some(known) = self.last_act_at {
            return Ok(known);
        }
        let at = last_act_at(self.tx)?;
        self.last_act_at = Some(at);
        Ok(at)
    }

    /// Today in Japan.
    pub fn today(&self) -> Date {
        self.now.date_in_japan()
    }

    /// The platform.
    pub fn platform(&self) -> &'a Platform {
        self.platform
    }

    /// The epochs of the keys in this transaction.
    pub fn epochs(&self) -> &Arc<Epochs> {
        &self.epochs
    }

    /// Puts other epochs into force, for every transaction after this one and the rest of it.
    pub(crate) fn set_epochs(&mut self, epochs: Epochs) -> Result<(), Problem> {
        self.take_in();
        self.tx.set_setting(KEY_EPOCHS, &epochs.text())?;
        self.epochs = Arc::new(epochs);
        Ok(())
    }

    /// The digest of a message or request under the key in use.
    pub(crate) fn repeat_digest(&self, content: &[u8]) -> Result<[u8; 16], Problem> {
        self.platform.repeat_digest(self.epochs.in_use(KeyRole::Repeat), content)
    }

    /// Whether `kept` is the digest of this content, under the key of whichever epoch. `fresh` is
    /// the content's digest under the key in use.
    pub(crate) fn is_repeat(
        &self,
        kept: [u8; 16],
        fresh: [u8; 16],
        content: &[u8],
    ) -> Result<bool, Problem> {
        if kept == fresh {
            return Ok(true);
        }
        for former in self.epochs.counting(KeyRole::Repeat)?.iter().skip(1) {
            if self.platform.repeat_digest(former, content)? == kept {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The platform's own data key.
    pub fn own_key(&self) -> &OpenedKey {
        &self.own_key
    }

    /// A mark that moves whenever the unit of work takes a change in; that something was refused,
    /// and is on record as refused, is none.
    pub fn mark(&self) -> u64 {
        self.taken_in
    }

    /// What every function that takes a change in begins with.
    fn take_in(&mut self) {
        self.taken_in += 1;
    }

    /// Records an act: its leaf takes the next place in the ledger. `content` is what was asked, as
    /// canonical bytes; the leaf holds only a salted commitment to it.
    pub fn record(
        &mut self,
        permit: &Permit,
        outcome: Outcome,
        subject: Option<PersonId>,
        content: &[u8],
    ) -> Result<ActId, Problem> {
        self.take_in();
        self.push_act(permit, outcome, subject, content)
    }

    fn push_act(
        &mut self,
        permit: &Permit,
        outcome: Outcome,
        subject: Option<PersonId>,
        content: &[u8],
    ) -> Result<ActId, Problem> {
        let id = ActId(self.next_act);
        let key = subject.and_then(|person| self.people.get(&person)).map(|person| &person.key);
        let salt = Zeroizing::new(key.unwrap_or(&self.own_key).leaf_salt(id.0));
        let bound = Salt::new(&*salt).map_err(|_| broken("a salt of a wrong length"))?;
        let content = commit(&bound, "content", content);
        self.acts.push(ActDraft { id, permit: permit.clone(), outcome, subject, salt, content });
        self.next_act += 1;
        Ok(id)
    }

    /// Loads, in few round trips, what messages will need.
    pub(crate) fn prefetch(&mut self, messages: &[KeyedMessage]) -> Result<(), Problem> {
        let places: Vec<_> = messages
            .iter()
            .map(|keyed| (keyed.message.municipality, keyed.message.sequence))
            .collect();
        self.prefetch_messages(&places)?;
        let mut indexes = Vec::with_capacity(messages.len());
        for KeyedMessage { message, code, .. } in messages {
            if let (Some(code), Some(keyed)) = (&message.event.code, code) {
                indexes.push(keyed.index);
                self.keyed_codes.insert(code.reveal_u64(), keyed.clone());
            }
        }
        self.prefetch_owners(&indexes)
    }

    /// Loads, in one round trip, who holds these codes.
    pub(crate) fn prefetch_codes(&mut self, codes: &[ResidentRecordCode]) -> Result<(), Problem> {
        let indexes: Result<Vec<_>, _> = codes.iter().map(|code| self.code_index(code)).collect();
        self.prefetch_owners(&indexes?)
    }

    fn prefetch_owners(&mut self, codes: &[BlindIndex]) -> Result<(), Problem> {
        let mut unknown: Vec<_> =
            codes.iter().filter(|index| !self.owners.contains_key(index)).copied().collect();
        unknown.sort_unstable();
        if unknown.is_empty() {
            return Ok(());
        }
        let mut persons = Vec::new();
        for (index, row) in unknown.iter().zip(self.tx.codes(&unknown)?) {
            self.owners.insert(*index, row.as_ref().map(holder));
            if let Some(row) = row.filter(|row| row.ended_act.is_none()) {
                persons.push(row.person);
                self.know_code(row);
            }
        }
        persons.sort_unstable();
        persons.dedup();
        self.load(&persons)
    }

    fn prefetch_messages(
        &mut self,
        messages: &[(LocalGovernmentCode, u64)],
    ) -> Result<(), Problem> {
        let unknown: Vec<_> =
            messages.iter().filter(|key| !self.messages.contains_key(key)).copied().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let rows = self.tx.messages(&unknown)?;
        for (key, row) in unknown.into_iter().zip(rows) {
            self.messages.insert(key, Kept { row, dirty: false });
        }
        let mut senders: Vec<_> = messages.iter().map(|(of, _)| *of).collect();
        senders.sort_unstable();
        senders.dedup();
        senders.retain(|of| !self.cursors.contains_key(of));
        let rows = self.tx.cursors(&senders)?;
        for (of, row) in senders.into_iter().zip(rows) {
            self.cursors.insert(of, Kept { row, dirty: false });
        }
        Ok(())
    }

    /// Loads persons in few round trips.
    pub(crate) fn load(&mut self, persons: &[PersonId]) -> Result<(), Problem> {
        // Who was disposed of here still has a row and a key in the store until the commit.
        let unknown =
            |id: &&PersonId| !self.people.contains_key(id) && !self.disposed.contains_key(id);
        let wanted: Vec<_> = persons.iter().filter(unknown).copied().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let rows = self.tx.persons(&wanted)?;
        let keys = self.tx.data_keys(&wanted)?;
        let mut sealed = Vec::with_capacity(wanted.len());
        for ((id, row), key) in wanted.into_iter().zip(rows).zip(keys) {
            let row = row.ok_or_else(|| broken("a code leads to no person"))?;
            // Without a data key the content was disposed of; whoever needs it is told by `person`.
            let Some(key) = key else { continue };
            let code = self.code_row(id)?.ok_or_else(|| broken("a person without a code"))?;
            sealed.push((row, key, code));
        }
        let platform = self.platform;
        let open = |(): &mut (), (row, key, code): &(PersonRow, DataKeyRow, RecordCodeRow)| {
            Person::open(row.clone(), open_key(platform, key)?, code)
        };
        for person in side_by_side(&sealed, OF_SMALL, || (), open)? {
            self.people.insert(person.row.id, Box::new(person));
        }
        Ok(())
    }

    fn code_row(&mut self, person: PersonId) -> Result<Option<RecordCodeRow>, Problem> {
        let range = (person, 0)..=(person, i64::MAX);
        let known = self.codes.range(range).next_back().and_then(|(_, kept)| kept.row.clone());
        if known.is_some() {
            return Ok(known);
        }
        let rows = self.tx.codes_of(person)?;
        let current = rows.into_iter().rfind(|row| row.ended_act.is_none());
        current.iter().for_each(|row| self.know_code(row.clone()));
        Ok(current)
    }

    fn know_code(&mut self, row: RecordCodeRow) {
        let place = (row.person, row.ordinal);
        self.codes.entry(place).or_insert(Kept { row: Some(row), dirty: false });
    }

    /// The person who holds this code now.
    pub fn person_by_code(
        &mut self,
        code: &ResidentRecordCode,
    ) -> Result<Option<PersonId>, Problem> {
        Ok(self.owner(code)?.flatten())
    }

    /// Whether anybody holds this code, or ever held it.
    pub(crate) fn code_was_used(&mut self, code: &ResidentRecordCode) -> Result<bool, Problem> {
        Ok(self.owner(code)?.is_some())
    }

    fn owner(&mut self, code: &ResidentRecordCode) -> Result<Option<Option<PersonId>>, Problem> {
        let index = self.code_index(code)?;
        if let Some(known) = self.owners.get(&index) {
            return Ok(*known);
        }
        self.prefetch_owners(&[index])?;
        Ok(self.owners.get(&index).copied().flatten())
    }

    /// Blind index of a code.
    pub(crate) fn code_index(&mut self, code: &ResidentRecordCode) -> Result<BlindIndex, Problem> {
        let plain = code.reveal_u64();
        if let Some(keyed) = self.keyed_codes.get(&plain) {
            return Ok(keyed.index);
        }
        let index = self.platform.code_index(code)?;
        self.keyed_codes.insert(plain, KeyedCode { index, entry: None });
        Ok(index)
    }

    /// What a first entry needs of its code, if it was made ahead.
    pub(crate) fn keyed_entry(&self, code: &ResidentRecordCode) -> Option<&KeyedEntry> {
        self.keyed_codes.get(&code.reveal_u64()).and_then(|keyed| keyed.entry.as_ref())
    }

    /// Whether a stock of the municipality holds this counter.
    pub(crate) fn stock_holds(
        &mut self,
        of: LocalGovernmentCode,
        counter: u64,
    ) -> Result<bool, Problem> {
        self.know_stocks(of)?;
        let mut rows =
            self.stocks.get(&of).into_iter().flatten().filter_map(|kept| kept.row.as_ref());
        Ok(rows.any(|stock| (stock.first..stock.first + stock.count).contains(&counter)))
    }

    /// A person, loaded.
    pub fn person(&mut self, id: PersonId) -> Result<&Person, Problem> {
        self.load(&[id])?;
        let held = self.people.get(&id).map(|held| &**held);
        held.ok_or_else(|| Problem::new(&labels::CONTENT_ERASED, ""))
    }

    /// A person who was loaded before.
    pub(crate) fn loaded(&self, id: PersonId) -> Result<&Person, Problem> {
        let held = self.people.get(&id).map(|held| &**held);
        held.ok_or_else(|| broken("a person was not loaded"))
    }

    /// Gives a person a new state.
    pub(crate) fn change_person(&mut self, id: PersonId, after: Resident) -> Result<(), Problem> {
        self.take_in();
        let person = self.people.get_mut(&id).ok_or_else(|| broken("a person was not loaded"))?;
        person.become_state(after);
        Ok(())
    }

    /// Seals something for a person.
    pub(crate) fn seal_for(
        &mut self,
        person: PersonId,
        seal: impl FnOnce(&OpenedKey, &mut dyn Entropy) -> Vec<u8>,
    ) -> Result<Vec<u8>, Problem> {
        let person = self.people.get(&person).ok_or_else(|| broken("a person was not loaded"))?;
        Ok(seal(&person.key, self.entropy))
    }

    /// Seals something under the platform's own key.
    pub(crate) fn seal_own(&mut self, place: &Place, plain: &[u8]) -> Vec<u8> {
        self.own_key.seal(place, plain, self.entropy)
    }

    /// Number and first counter of the next stock of record codes: all counters before are given.
    pub(crate) fn next_stock(&mut self) -> Result<(i64, u64), Problem> {
        if let Some(tail) = self.stock_tail {
            return Ok(tail);
        }
        let last = self.tx.all_stocks()?.pop();
        let tail = last.map_or((1, 0), |last| (last.id + 1, last.first + last.count));
        self.stock_tail = Some(tail);
        Ok(tail)
    }

    /// Has a person's row sealed anew, as it is.
    pub(crate) fn reseal(&mut self, id: PersonId) -> Result<(), Problem> {
        self.take_in();
        let person = self.people.get_mut(&id).ok_or_else(|| broken("a person was not loaded"))?;
        person.dirty = true;
        Ok(())
    }

    /// Takes in a person, new or changed.
    pub(crate) fn keep_person(&mut self, person: Person) {
        self.take_in();
        self.people.insert(person.row.id, Box::new(person));
    }

    /// The number of a new person.
    pub(crate) fn new_person_id(&mut self) -> PersonId {
        self.take_in();
        let id = PersonId(self.next_person);
        self.next_person += 1;
        id
    }

    /// Takes in a code of a person.
    pub(crate) fn keep_code(&mut self, row: RecordCodeRow) {
        self.take_in();
        self.owners.insert(row.code_index, Some(holder(&row)));
        self.codes.insert((row.person, row.ordinal), Kept { row: Some(row), dirty: true });
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Read => f.write_str("read"),
            Self::Intended => f.write_str("intended"),
            Self::Refused(label) => write!(f, "refused:{label}"),
        }
    }
}

/// Who holds a code now; none for a former one.
fn holder(row: &RecordCodeRow) -> Option<PersonId> {
    row.ended_act.is_none().then_some(row.person)
}

/// Opens a data key, whatever epoch it is wrapped under.
pub(crate) fn open_key(platform: &Platform, row: &DataKeyRow) -> Result<OpenedKey, Problem> {
    let epoch = u32::try_from(row.epoch).map_err(|_| broken("a key epoch out of range"))?;
    let place = WrapPlace { person: row.person.0, generation: generation_of(row.generation)? };
    let label = KeyRole::Kek.label(epoch).map_err(|_| broken("a key epoch out of range"))?;
    Ok(platform.keys.unwrap(&label, &place, &row.wrapped)?.opened())
}

pub(crate) fn generation_of(stored: i64) -> Result<u32, Problem> {
    u32::try_from(stored).map_err(|_| broken("a key generation out of range"))
}

/// The platform's own data key.
pub(crate) fn open_own_key(
    platform: &Platform,
    view: &mut (impl ports::View + ?Sized),
) -> Result<OpenedKey, Problem> {
    let row = view.data_keys(&[PLATFORM_PERSON])?.pop().flatten();
    let row = row.ok_or_else(|| Problem::new(&labels::NOT_INITIALISED, ""))?;
    open_key(platform, &row)
}

/// When the last act that is stored was recorded.
pub(crate) fn last_act_at(
    view: &mut (impl ports::View + ?Sized),
) -> Result<Option<Moment>, Problem> {
    let Some(last) = view.act_count()?.checked_sub(1) else { return Ok(None) };
    let Some(row) = view.acts(ActId(last), 1)?.pop() else { return Ok(None) };
    let leaf = LeafEntry::parse(&row.entry).map_err(|_| broken("a leaf does not parse"))?;
    Ok(Some(Moment::from_us(leaf.fields().at_us)))
}

pub(crate) fn broken(detail: &str) -> Problem {
    Problem::new(&labels::STORE_BROKEN, detail)
}

/// The platform's own data key stands under this person number.
pub(crate) const PLATFORM_PERSON: PersonId = PersonId(0);

#[cfg(test)]
mod tests;

//! The unit of work: what one transaction has looked at and what it will leave behind.
//!
//! Use cases read through it (each row once) and put changes into it; `flush` writes everything in
//! one go. Because later acts of a batch see what earlier ones left here, a batch of many acts is
//! the same as the acts one by one. Acts get their places in the ledger in the order in which they
//! are recorded.

use crate::people::Person;
use crate::platform::Platform;
use base::{ActId, Date, Entropy, Moment, PersonId, Problem, labels};
use ledger::leaf::{LeafEntry, commit};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use policy::Permit;
use ports::rows::{
    ActRow, Changes, DataKeyRow, FeedCursorRow, FeedMessageRow, IdempotencyRow, NumberListRow,
    NumberRow, OutboxRow, RecordCodeRow, StockRow,
};
use ports::{KeyLabel, Tx};
use seal::{BlindIndex, OpenedKey, WrapPlace};
use std::collections::BTreeMap;

/// One transaction's view of the world.
pub struct Work<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) tx: &'a mut dyn Tx,
    pub(crate) entropy: &'a mut dyn Entropy,
    now: Moment,
    kek: KeyLabel,
    own_key: OpenedKey,
    next_act: u64,
    next_person: i64,
    people: BTreeMap<PersonId, Person>,
    owners: BTreeMap<BlindIndex, Option<PersonId>>,
    codes: BTreeMap<(PersonId, i64), RecordCodeRow>,
    numbers: BTreeMap<(PersonId, i64), NumberRow>,
    messages: BTreeMap<(LocalGovernmentCode, u64), Kept<FeedMessageRow>>,
    cursors: BTreeMap<LocalGovernmentCode, Kept<FeedCursorRow>>,
    stocks: BTreeMap<LocalGovernmentCode, Vec<Kept<StockRow>>>,
    answers: BTreeMap<(String, String), IdempotencyRow>,
    changes: Changes,
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
        let kek = kek_in_use(platform, tx)?;
        let next_act = tx.act_count()?;
        let next_person = tx.last_person()?.0 + 1;
        let own_key = open_own_key(platform, tx)?;
        let now = platform.clock.now();
        Ok(Self {
            platform,
            tx,
            entropy,
            now,
            kek,
            own_key,
            next_act,
            next_person,
            people: BTreeMap::new(),
            owners: BTreeMap::new(),
            codes: BTreeMap::new(),
            numbers: BTreeMap::new(),
            messages: BTreeMap::new(),
            cursors: BTreeMap::new(),
            stocks: BTreeMap::new(),
            answers: BTreeMap::new(),
            changes: Changes::default(),
        })
    }

    /// The moment of this transaction.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Today in Japan.
    pub fn today(&self) -> Date {
        self.now.date_in_japan()
    }

    /// The platform.
    pub fn platform(&self) -> &'a Platform {
        self.platform
    }

    /// The key-encryption key in use.
    pub fn kek(&self) -> &KeyLabel {
        &self.kek
    }

    /// The platform's own data key.
    pub fn own_key(&self) -> &OpenedKey {
        &self.own_key
    }

    /// A mark that moves whenever the unit of work takes a change in.
    pub fn mark(&self) -> u64 {
        let kept = self.people.values().filter(|person| person.dirty).count()
            + self.messages.values().filter(|kept| kept.dirty).count()
            + self.changes.outbox.len();
        self.next_act + kept as u64
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
        let id = ActId(self.next_act);
        let pseudonym = subject.map(|person| self.pseudonym(person)).transpose()?;
        let key = subject.and_then(|person| self.people.get(&person)).map(|person| &person.key);
        let salt = key.unwrap_or(&self.own_key).leaf_salt(id.0);
        let entry = LeafEntry::new(
            self.now.us(),
            permit.action().word(),
            &permit.actor().to_string(),
            permit.purpose().word(),
            &permit.basis(),
            &outcome.to_string(),
            pseudonym.map(|bytes| commit(&salt, "subject", &bytes)),
            commit(&salt, "content", content),
        )
        .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
        self.changes.acts.push(ActRow { id, subject: pseudonym, entry: entry.to_bytes() });
        self.next_act += 1;
        Ok(id)
    }

    /// The pseudonym under which the acts about a person are found.
    pub fn pseudonym(&self, person: PersonId) -> Result<[u8; 16], Problem> {
        let message = seal::subject_message(person.0);
        let mac = self.platform.keys.mac(&self.platform.names.pseudonym, &message)?;
        let mut out = [0; 16];
        out.copy_from_slice(&mac[..16]);
        Ok(out)
    }

    /// Loads, in few round trips, what the codes and persons named will need.
    pub fn prefetch(
        &mut self,
        codes: &[BlindIndex],
        messages: &[(LocalGovernmentCode, u64)],
    ) -> Result<(), Problem> {
        self.prefetch_messages(messages)?;
        let unknown: Vec<_> =
            codes.iter().filter(|index| !self.owners.contains_key(index)).copied().collect();
        let mut persons = Vec::new();
        for (index, row) in unknown.iter().zip(self.tx.codes(&unknown)?) {
            let row = row.filter(|row| row.ended_act.is_none());
            self.owners.insert(*index, row.as_ref().map(|row| row.person));
            if let Some(row) = row {
                persons.push(row.person);
                self.codes.insert((row.person, row.ordinal), row);
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

    fn load(&mut self, persons: &[PersonId]) -> Result<(), Problem> {
        let wanted: Vec<_> =
            persons.iter().filter(|id| !self.people.contains_key(id)).copied().collect();
        let rows = self.tx.persons(&wanted)?;
        let keys = self.tx.data_keys(&wanted)?;
        for ((id, row), key) in wanted.into_iter().zip(rows).zip(keys) {
            let row = row.ok_or_else(|| broken("a code leads to no person"))?;
            let key = key.ok_or_else(|| Problem::new(&labels::CONTENT_ERASED, ""))?;
            let code = self.code_row(id)?.ok_or_else(|| broken("a person without a code"))?;
            let key = open_key(self.platform, &self.kek, &key)?;
            self.people.insert(id, Person::open(row, key, &code)?);
        }
        Ok(())
    }

    fn code_row(&mut self, person: PersonId) -> Result<Option<RecordCodeRow>, Problem> {
        let range = (person, 0)..=(person, i64::MAX);
        let known = self.codes.range(range).next_back().map(|(_, row)| row.clone());
        if known.is_some() {
            return Ok(known);
        }
        let mut rows = self.tx.codes_of(person)?;
        rows.retain(|row| row.ended_act.is_none());
        for row in &rows {
            self.codes.insert((row.person, row.ordinal), row.clone());
        }
        Ok(rows.pop())
    }

    /// The person who holds this code now.
    pub fn person_by_code(
        &mut self,
        code: &ResidentRecordCode,
    ) -> Result<Option<PersonId>, Problem> {
        let index = self.platform.code_index(code)?;
        self.prefetch(&[index], &[])?;
        Ok(self.owners.get(&index).copied().flatten())
    }

    /// A person, loaded.
    pub fn person(&mut self, id: PersonId) -> Result<&Person, Problem> {
        self.load(&[id])?;
        self.people.get(&id).ok_or_else(|| broken("a person was not loaded"))
    }

    /// Takes in a person, new or changed.
    pub(crate) fn keep_person(&mut self, person: Person) {
        self.people.insert(person.row.id, person);
    }

    /// The number of a new person.
    pub(crate) fn new_person_id(&mut self) -> PersonId {
        let id = PersonId(self.next_person);
        self.next_person += 1;
        id
    }

    /// Takes in a code of a person.
    pub(crate) fn keep_code(&mut self, row: RecordCodeRow) {
        let holds = row.ended_act.is_none().then_some(row.person);
        self.owners.insert(row.code_index, holds);
        self.changes.codes.push(row.clone());
        self.codes.insert((row.person, row.ordinal), row);
    }

    /// All numbers of a person, former ones first.
    pub(crate) fn numbers_of(&mut self, person: PersonId) -> Result<Vec<NumberRow>, Problem> {
        let mut rows: BTreeMap<i64, NumberRow> =
            self.tx.numbers_of(person)?.into_iter().map(|row| (row.generation, row)).collect();
        let newer = self.numbers.range((person, 0)..=(person, i64::MAX));
        rows.extend(newer.map(|((_, generation), row)| (*generation, row.clone())));
        Ok(rows.into_values().collect())
    }

    /// Takes in a number of a person.
    pub(crate) fn keep_number(&mut self, row: NumberRow) {
        self.numbers.insert((row.person, row.generation), row);
    }

    /// A data key to write.
    pub(crate) fn keep_data_key(&mut self, row: DataKeyRow) {
        self.changes.data_keys.push(row);
    }

    /// A data key to destroy: after the commit nobody can open the person's content again.
    pub(crate) fn destroy_data_key(&mut self, person: PersonId) {
        self.people.remove(&person);
        self.changes.data_keys_destroyed.push(person);
    }

    /// Work for the hands.
    pub(crate) fn put_out(&mut self, row: OutboxRow) {
        self.changes.outbox.push(row);
    }

    /// Work that the hands have done.
    pub(crate) fn outbox_done(&mut self, act: ActId, topic: i64) {
        self.changes.outbox_done.push((act, topic));
    }

    /// A number list that was produced.
    pub(crate) fn keep_list(&mut self, row: NumberListRow) {
        self.changes.lists.push(row);
    }

    /// What is known of a message's place in the feed.
    pub(crate) fn message(
        &mut self,
        of: LocalGovernmentCode,
        sequence: u64,
    ) -> Result<Option<FeedMessageRow>, Problem> {
        self.prefetch_messages(&[(of, sequence)])?;
        Ok(self.messages.get(&(of, sequence)).and_then(|kept| kept.row.clone()))
    }

    /// Takes in a message.
    pub(crate) fn keep_message(&mut self, row: FeedMessageRow) {
        self.messages
            .insert((row.municipality, row.sequence), Kept { row: Some(row), dirty: true });
    }

    /// How far a feed has come.
    pub(crate) fn cursor(&mut self, of: LocalGovernmentCode) -> Result<FeedCursorRow, Problem> {
        if !self.cursors.contains_key(&of) {
            let row = self.tx.cursors(&[of])?.pop().flatten();
            self.cursors.insert(of, Kept { row, dirty: false });
        }
        let known = self.cursors.get(&of).and_then(|kept| kept.row.clone());
        Ok(known.unwrap_or(FeedCursorRow { municipality: of, next: 1, waiting: 0 }))
    }

    /// Takes in a cursor.
    pub(crate) fn keep_cursor(&mut self, row: FeedCursorRow) {
        self.cursors.insert(row.municipality, Kept { row: Some(row), dirty: true });
    }

    /// A municipality's stocks, oldest first.
    pub(crate) fn stocks(&mut self, of: LocalGovernmentCode) -> Result<Vec<StockRow>, Problem> {
        if !self.stocks.contains_key(&of) {
            let rows = self.tx.stocks_of(of)?.into_iter();
            let kept = rows.map(|row| Kept { row: Some(row), dirty: false }).collect();
            self.stocks.insert(of, kept);
        }
        let kept = self.stocks.get(&of).into_iter().flatten();
        Ok(kept.filter_map(|kept| kept.row.clone()).collect())
    }

    /// Takes in a stock, new or used.
    pub(crate) fn keep_stock(&mut self, row: StockRow) {
        let stocks = self.stocks.entry(row.municipality).or_default();
        stocks.retain(|kept| kept.row.as_ref().is_some_and(|old| old.id != row.id));
        stocks.push(Kept { row: Some(row), dirty: true });
        stocks.sort_by_key(|kept| kept.row.as_ref().map(|row| row.id));
    }

    /// The answer kept under an idempotency key.
    pub(crate) fn answer(
        &mut self,
        actor: &str,
        key: &str,
    ) -> Result<Option<IdempotencyRow>, Problem> {
        let key = (actor.to_owned(), key.to_owned());
        if let Some(known) = self.answers.get(&key) {
            return Ok(Some(known.clone()));
        }
        Ok(self.tx.answers(&[key])?.pop().flatten())
    }

    /// Keeps an answer under its idempotency key.
    pub(crate) fn keep_answer(&mut self, row: IdempotencyRow) {
        self.answers.insert((row.actor.clone(), row.key.clone()), row);
    }

    /// Writes everything.
    pub fn flush(self) -> Result<(), Problem> {
        let mut changes = self.changes;
        let changed = self.people.into_values().filter(|person| person.dirty);
        changes.persons = changed.map(|person| person.row).collect();
        changes.numbers = self.numbers.into_values().collect();
        changes.messages = self.messages.into_values().filter_map(Kept::to_write).collect();
        changes.cursors = self.cursors.into_values().filter_map(Kept::to_write).collect();
        changes.stocks =
            self.stocks.into_values().flatten().filter_map(Kept::to_write).collect();
        changes.answers = self.answers.into_values().collect();
        self.tx.write(&changes)
    }
}

impl<R> Kept<R> {
    fn to_write(self) -> Option<R> {
        self.row.filter(|_| self.dirty)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Read => f.write_str("read"),
            Self::Refused(label) => write!(f, "refused:{label}"),
        }
    }
}

/// The key-encryption key that new data keys are wrapped under.
pub(crate) fn kek_in_use(
    platform: &Platform,
    view: &mut (impl ports::View + ?Sized),
) -> Result<KeyLabel, Problem> {
    let epoch = view.setting(KEK_EPOCH)?;
    let epoch = epoch.ok_or_else(|| Problem::new(&labels::NOT_INITIALISED, ""))?;
    let epoch = epoch.parse().map_err(|_| broken("the key epoch is not a number"))?;
    platform.names.kek.with_epoch(epoch).map_err(|_| broken("the key epoch is out of range"))
}

/// Opens a data key, whatever epoch it is wrapped under.
pub(crate) fn open_key(
    platform: &Platform,
    kek: &KeyLabel,
    row: &DataKeyRow,
) -> Result<OpenedKey, Problem> {
    let epoch = u32::try_from(row.epoch).map_err(|_| broken("a key epoch out of range"))?;
    let place = WrapPlace { person: row.person.0, generation: generation_of(row.generation)? };
    let label = kek.with_epoch(epoch).map_err(|_| broken("a key epoch out of range"))?;
    Ok(platform.keys.unwrap(&label, &place, &row.wrapped)?.opened())
}

pub(crate) fn generation_of(stored: i64) -> Result<u32, Problem> {
    u32::try_from(stored).map_err(|_| broken("a key generation out of range"))
}

fn open_own_key(platform: &Platform, tx: &mut dyn Tx) -> Result<OpenedKey, Problem> {
    let row = tx.data_keys(&[PLATFORM_PERSON])?.pop().flatten();
    let row = row.ok_or_else(|| Problem::new(&labels::NOT_INITIALISED, ""))?;
    open_key(platform, &platform.names.kek, &row)
}

pub(crate) fn broken(detail: &str) -> Problem {
    Problem::new(&labels::STORE_BROKEN, detail)
}

/// The platform's own data key stands under this person number.
pub(crate) const PLATFORM_PERSON: PersonId = PersonId(0);

/// Setting: epoch of the key-encryption key in use.
pub(crate) const KEK_EPOCH: &str = "kek_epoch";

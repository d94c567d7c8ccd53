//! The store as it should be, in a few maps: what a commit is refused for and what it leaves.

use crate::certificate_model::Certificates;
use crate::rows::set_entry;
use base::{ActId, PersonId, Problem};
use numbers::LocalGovernmentCode;
use ports::View;
use ports::rows::{
    ActRow, Changes, CheckpointRow, CosignatureRow, DataKeyRow, DeliveryRow, FeedCursorRow,
    FeedMessageRow, IdempotencyRow, NumberListRow, NumberRow, OutboxRow, PersonRow, RecordCodeRow,
    SetRow, StockRow, number_state, status,
};
use seal::BlindIndex;
use std::collections::BTreeMap;

/// The rows by key.
#[derive(Clone, Default)]
pub(crate) struct Model {
    persons: BTreeMap<PersonId, PersonRow>,
    data_keys: BTreeMap<PersonId, DataKeyRow>,
    codes: BTreeMap<(PersonId, i64), RecordCodeRow>,
    numbers: BTreeMap<(PersonId, i64), NumberRow>,
    messages: BTreeMap<(LocalGovernmentCode, u64), FeedMessageRow>,
    cursors: BTreeMap<LocalGovernmentCode, FeedCursorRow>,
    stocks: BTreeMap<i64, StockRow>,
    acts: BTreeMap<ActId, ActRow>,
    outbox: BTreeMap<(i64, ActId), OutboxRow>,
    lists: BTreeMap<(LocalGovernmentCode, i64), NumberListRow>,
    deliveries: BTreeMap<(LocalGovernmentCode, i64), DeliveryRow>,
    answers: BTreeMap<(String, String), IdempotencyRow>,
    checkpoints: BTreeMap<u64, CheckpointRow>,
    cosignatures: BTreeMap<(u64, String), CosignatureRow>,
    settings: BTreeMap<String, String>,
    pub(crate) certificates: Certificates,
}

impl Model {
    /// The model after these changes, if they hold.
    pub(crate) fn with(&self, changes: &Changes) -> Option<Self> {
        let mut next = self.clone();
        for row in &changes.acts {
            let follows = row.id.0 == next.acts.len() as u64;
            insert(follows, &mut next.acts, row.id, row)?;
        }
        for row in last_of_each(&changes.persons, |row| row.id) {
            put(person_holds(row), &mut next.persons, row.id, row)?;
        }
        for row in last_of_each(&changes.data_keys, |row| row.person) {
            put(row.epoch > 0, &mut next.data_keys, row.person, row)?;
        }
        next.take_codes(&changes.codes)?;
        next.take_numbers(&changes.numbers)?;
        for row in last_of_each(&changes.messages, |row| (row.municipality, row.sequence)) {
            let holds = row.sequence > 0 && row.act.is_none() == row.content.is_some();
            put(holds, &mut next.messages, (row.municipality, row.sequence), row)?;
        }
        for row in last_of_each(&changes.cursors, |row| row.municipality) {
            put(row.next > 0, &mut next.cursors, row.municipality, row)?;
        }
        for row in last_of_each(&changes.stocks, |row| row.id) {
            let others = next.stocks.values().filter(|other| other.id != row.id);
            let free = others.map(|other| other.first).all(|first| first != row.first);
            let holds = row.count > 0 && row.used <= row.count;
            put(free && holds, &mut next.stocks, row.id, row)?;
        }
        for row in &changes.outbox {
            insert(true, &mut next.outbox, (row.topic, row.act), row)?;
        }
        for row in &changes.lists {
            insert(row.list > 0, &mut next.lists, (row.municipality, row.list), row)?;
        }
        for row in &changes.deliveries {
            let key = (row.municipality, row.list);
            insert(row.list > 0, &mut next.deliveries, key, row)?;
        }
        for row in &changes.answers {
            insert(true, &mut next.answers, (row.actor.clone(), row.key.clone()), row)?;
        }
        next.certificates.take(changes)?;
        next.data_keys.retain(|person, _| !changes.data_keys_destroyed.contains(person));
        next.outbox.retain(|(topic, act), _| !changes.outbox_done.contains(&(*act, *topic)));
        next.deliveries.retain(|key, _| !changes.delivered.contains(key));
        next.answers.retain(|key, _| !changes.answers_forgotten.contains(key));
        Some(next)
    }

    fn take_codes(&mut self, rows: &[RecordCodeRow]) -> Option<()> {
        for row in last_of_each(rows, |row| (row.person, row.ordinal)) {
            let key = (row.person, row.ordinal);
            let here = |place| place == key;
            let mut same = self.codes.iter().filter(|(_, old)| old.code_index == row.code_index);
            let free = same.all(|(place, _)| here(*place));
            let kept = self.codes.get(&key).is_none_or(|old| old.code_index == row.code_index);
            let holds = row.ordinal >= 0 && self.persons.contains_key(&row.person);
            put(free && kept && holds, &mut self.codes, key, row)?;
        }
        Some(())
    }

    fn take_numbers(&mut self, rows: &[NumberRow]) -> Option<()> {
        for row in last_of_each(rows, |row| (row.person, row.generation)) {
            let key = (row.person, row.generation);
            let here = |place| place == key;
            let mut same =
                self.numbers.iter().filter(|(_, old)| old.number_index == row.number_index);
            let free = same.all(|(place, _)| here(*place));
            let kept =
                self.numbers.get(&key).is_none_or(|old| old.number_index == row.number_index);
            let ended = (row.state == number_state::REPLACED) == row.ended_act.is_some();
            let range = (0..=7).contains(&row.generation) && (0..=2).contains(&row.state);
            let holds = ended && range && self.persons.contains_key(&row.person);
            put(free && kept && holds, &mut self.numbers, key, row)?;
        }
        Some(())
    }

    /// The model with one more checkpoint, unless its size is taken.
    pub(crate) fn with_checkpoint(&self, row: &CheckpointRow) -> Option<Self> {
        let mut next = self.clone();
        insert(true, &mut next.checkpoints, row.size, row)?;
        Some(next)
    }

    /// The model with one more cosignature, if its checkpoint is there and its witness new.
    pub(crate) fn with_cosignature(&self, row: &CosignatureRow) -> Option<Self> {
        let mut next = self.clone();
        let there = next.checkpoints.contains_key(&row.size);
        insert(there, &mut next.cosignatures, (row.size, row.witness.clone()), row)?;
        Some(next)
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }
}

fn person_holds(row: &PersonRow) -> bool {
    let known = matches!(
        row.status,
        status::REGISTERED | status::MOVED_OUT | status::DEAD | status::DELETED
    );
    let empty = row.identity.is_none() && row.contact.is_none() && row.name_birth_index.is_none();
    row.id.0 > 0
        && (status::PROVISIONAL..=status::DISPOSED).contains(&row.status)
        && row.number_generation.is_none_or(|generation| (0..=7).contains(&generation))
        && (!known || row.identity.is_some())
        && (row.status != status::DISPOSED || empty)
}

/// The rows after which none has the same key, in their order.
pub(crate) fn last_of_each<R, K: PartialEq>(rows: &[R], key: impl Fn(&R) -> K) -> Vec<&R> {
    let later = |at: usize, row: &R| rows[at + 1..].iter().any(|other| key(other) == key(row));
    rows.iter().enumerate().filter(|(at, row)| !later(*at, row)).map(|(_, row)| row).collect()
}

pub(crate) fn put<K: Ord, R: Clone>(
    holds: bool,
    rows: &mut BTreeMap<K, R>,
    key: K,
    row: &R,
) -> Option<()> {
    holds.then(|| drop(rows.insert(key, row.clone())))
}

pub(crate) fn insert<K: Ord, R: Clone>(
    holds: bool,
    rows: &mut BTreeMap<K, R>,
    key: K,
    row: &R,
) -> Option<()> {
    (holds && rows.insert(key, row.clone()).is_none()).then_some(())
}

pub(crate) type Found<T> = Result<T, Problem>;

pub(crate) fn page<'r, R: Clone + 'r>(
    rows: impl Iterator<Item = &'r R>,
    limit: usize,
    wanted: impl Fn(&R) -> bool,
) -> Found<Vec<R>> {
    Ok(rows.filter(|row| wanted(row)).take(limit).cloned().collect())
}

pub(crate) fn each<K, R: Clone>(
    keys: &[K],
    find: impl Fn(&K) -> Option<R>,
) -> Found<Vec<Option<R>>> {
    Ok(keys.iter().map(find).collect())
}

impl View for Model {
    fn persons(&mut self, ids: &[PersonId]) -> Found<Vec<Option<PersonRow>>> {
        each(ids, |id| self.persons.get(id).cloned())
    }

    fn persons_page(&mut self, after: PersonId, limit: usize) -> Found<Vec<PersonRow>> {
        page(self.persons.values(), limit, |row| row.id > after)
    }

    fn set_of(
        &mut self,
        of: LocalGovernmentCode,
        after: PersonId,
        limit: usize,
    ) -> Found<Vec<SetRow>> {
        let here = self.persons.values().filter(|row| row.municipality == of && row.id > after);
        Ok(here.filter_map(set_entry).take(limit).collect())
    }

    fn persons_named(&mut self, index: &BlindIndex) -> Found<Vec<PersonRow>> {
        page(self.persons.values(), usize::MAX, |row| row.name_birth_index == Some(*index))
    }

    fn last_person(&mut self) -> Found<PersonId> {
        Ok(self.persons.keys().next_back().copied().unwrap_or(PersonId(0)))
    }

    fn data_keys(&mut self, persons: &[PersonId]) -> Found<Vec<Option<DataKeyRow>>> {
        each(persons, |person| self.data_keys.get(person).cloned())
    }

    fn data_keys_not_of(
        &mut self,
        epoch: i64,
        after: PersonId,
        limit: usize,
    ) -> Found<Vec<DataKeyRow>> {
        page(self.data_keys.values(), limit, |row| row.epoch != epoch && row.person > after)
    }

    fn codes(&mut self, indexes: &[BlindIndex]) -> Found<Vec<Option<RecordCodeRow>>> {
        each(indexes, |index| self.codes.values().find(|row| row.code_index == *index).cloned())
    }

    fn codes_of(&mut self, person: PersonId) -> Found<Vec<RecordCodeRow>> {
        page(self.codes.values(), usize::MAX, |row| row.person == person)
    }

    fn numbers(&mut self, indexes: &[BlindIndex]) -> Found<Vec<Option<NumberRow>>> {
        each(indexes, |index| self.numbers.values().find(|row| row.number_index == *index).cloned())
    }

    fn numbers_of(&mut self, person: PersonId) -> Found<Vec<NumberRow>> {
        page(self.numbers.values(), usize::MAX, |row| row.person == person)
    }

    fn messages(
        &mut self,
        keys: &[(LocalGovernmentCode, u64)],
    ) -> Found<Vec<Option<FeedMessageRow>>> {
        each(keys, |key| self.messages.get(key).cloned())
    }

    fn messages_open(
        &mut self,
        of: LocalGovernmentCode,
        waiting: bool,
        after: u64,
        limit: usize,
    ) -> Found<Vec<FeedMessageRow>> {
        page(self.messages.values(), limit, |row| {
            let open = if waiting { row.act.is_none() } else { row.label.is_some() };
            open && row.municipality == of && row.sequence > after
        })
    }

    fn messages_page(
        &mut self,
        of: LocalGovernmentCode,
        after: u64,
        limit: usize,
    ) -> Found<Vec<FeedMessageRow>> {
        page(self.messages.values(), limit, |row| row.municipality == of && row.sequence > after)
    }

    fn cursors(&mut self, of: &[LocalGovernmentCode]) -> Found<Vec<Option<FeedCursorRow>>> {
        each(of, |of| self.cursors.get(of).cloned())
    }

    fn all_cursors(&mut self) -> Found<Vec<FeedCursorRow>> {
        page(self.cursors.values(), usize::MAX, |_| true)
    }

    fn stocks_of(&mut self, of: LocalGovernmentCode) -> Found<Vec<StockRow>> {
        page(self.stocks.values(), usize::MAX, |row| row.municipality == of)
    }

    fn all_stocks(&mut self) -> Found<Vec<StockRow>> {
        let mut rows = page(self.stocks.values(), usize::MAX, |_| true)?;
        rows.sort_by_key(|row| row.first);
        Ok(rows)
    }

    fn act_count(&mut self) -> Found<u64> {
        Ok(self.acts.len() as u64)
    }

    fn acts(&mut self, first: ActId, limit: usize) -> Found<Vec<ActRow>> {
        page(self.acts.values(), limit, |row| row.id >= first)
    }

    fn acts_about(
        &mut self,
        subject: &[u8; 16],
        after: Option<ActId>,
        limit: usize,
    ) -> Found<Vec<ActRow>> {
        page(self.acts.values(), limit, |row| row.subject == Some(*subject) && Some(row.id) > after)
    }

    /// Nothing is indexed by itself, and random acts are too few for a run.
    fn subject_index(&mut self) -> Found<(u64, u64)> {
        Ok((0, 0))
    }

    fn outbox(&mut self, topic: i64, after: Option<ActId>, limit: usize) -> Found<Vec<OutboxRow>> {
        page(self.outbox.values(), limit, |row| row.topic == topic && Some(row.act) > after)
    }

    fn outbox_at(&mut self, topic: i64, acts: &[ActId]) -> Found<Vec<Option<OutboxRow>>> {
        each(acts, |act| self.outbox.get(&(topic, *act)).cloned())
    }

    fn deliveries(&mut self, limit: usize) -> Found<Vec<DeliveryRow>> {
        page(self.deliveries.values(), limit, |_| true)
    }

    fn next_sender(
        &mut self,
        after: Option<LocalGovernmentCode>,
    ) -> Found<Option<LocalGovernmentCode>> {
        let mut senders = self.messages.keys().map(|(of, _)| *of);
        Ok(senders.find(|of| after.is_none_or(|after| *of > after)))
    }

    fn lists_page(
        &mut self,
        after: Option<(LocalGovernmentCode, i64)>,
        limit: usize,
    ) -> Found<Vec<NumberListRow>> {
        page(self.lists.values(), limit, |row| {
            after.is_none_or(|after| (row.municipality, row.list) > after)
        })
    }

    fn answers_page(&mut self, after: (&str, &str), limit: usize) -> Found<Vec<IdempotencyRow>> {
        page(self.answers.values(), limit, |row| (&*row.actor, &*row.key) > after)
    }

    fn lists_of(&mut self, of: LocalGovernmentCode) -> Found<Vec<NumberListRow>> {
        page(self.lists.values(), usize::MAX, |row| row.municipality == of)
    }

    fn answers(&mut self, keys: &[(String, String)]) -> Found<Vec<Option<IdempotencyRow>>> {
        each(keys, |key| self.answers.get(key).cloned())
    }

    fn last_checkpoint(&mut self) -> Found<Option<CheckpointRow>> {
        Ok(self.checkpoints.values().next_back().cloned())
    }

    fn checkpoints(&mut self, first: u64, limit: usize) -> Found<Vec<CheckpointRow>> {
        page(self.checkpoints.values(), limit, |row| row.size >= first)
    }

    fn cosignatures(&mut self, first: u64, last: u64) -> Found<Vec<CosignatureRow>> {
        let within = |row: &CosignatureRow| (first..=last).contains(&row.size);
        page(self.cosignatures.values(), usize::MAX, within)
    }

    fn setting(&mut self, name: &str) -> Found<Option<String>> {
        Ok(self.settings.get(name).cloned())
    }
}

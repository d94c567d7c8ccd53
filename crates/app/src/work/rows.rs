//! The rows of a unit of work that are kept by key: numbers, messages, cursors, stocks, answers,
//! and the work for the hands. Each is read at most once; what is kept here is what later acts see.

use super::{Kept, NewKey, Outcome, Work, broken};
use crate::people::Person;
use base::{ActId, Date, PersonId, Personal, Problem};
use numbers::LocalGovernmentCode;
use policy::Permit;
use ports::rows::{
    DeliveryRow, FeedCursorRow, FeedMessageRow, IdempotencyRow, NumberListRow, NumberRow,
    OutboxRow, StockRow,
};
use registry::text::fold_name;
use seal::DataKey;
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

impl Work<'_> {
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
        self.take_in();
        self.numbers.insert((row.person, row.generation), row);
    }

    /// A data key that was made.
    pub(crate) fn keep_data_key(&mut self, person: PersonId, generation: u32, key: DataKey) {
        self.take_in();
        self.new_keys.push(NewKey { person, generation, key });
    }

    /// Writes a person's row without content and destroys the data key: from here on nobody can
    /// open what was sealed for the person again.
    pub(crate) fn dispose(&mut self, id: PersonId) -> Result<(), Problem> {
        self.take_in();
        let person = self.people.remove(&id).ok_or_else(|| broken("a person was not loaded"))?;
        let municipality = person.resident.municipality;
        self.changes.persons.push(person.emptied());
        self.changes.data_keys_destroyed.push(id);
        self.disposed.insert(id, municipality);
        Ok(())
    }

    /// The municipality that kept the record of a disposed person last.
    pub(crate) fn last_keeper(&mut self, id: PersonId) -> Result<LocalGovernmentCode, Problem> {
        if let Some(municipality) = self.disposed.get(&id) {
            return Ok(*municipality);
        }
        let row = self.tx.persons(&[id])?.pop().flatten();
        Ok(row.ok_or_else(|| broken("a code leads to no person"))?.municipality)
    }

    /// Records an act that was refused. It is committed though the job that asked for it ends with
    /// the problem and leaves nothing else.
    pub(crate) fn record_refusal(
        &mut self,
        permit: &Permit,
        problem: &Problem,
        subject: PersonId,
        content: &[u8],
    ) -> Result<(), Problem> {
        let outcome = Outcome::Refused(problem.label());
        self.push_act(permit, outcome, Some(subject), content).map(|_| ())
    }

    /// The persons of this name and birth date, each with the municipality that keeps the record.
    pub(crate) fn persons_named(
        &mut self,
        name: &Personal,
        birth: Date,
    ) -> Result<Vec<(PersonId, LocalGovernmentCode)>, Problem> {
        let index = self.platform.name_birth_index(name, birth)?;
        let folded = Zeroizing::new(fold_name(name.reveal()));
        let is_meant = |held: &Person| {
            let record = held.resident.record.as_ref().filter(|record| record.birth_date == birth);
            record.is_some_and(|record| *folded == fold_name(record.name.reveal()))
        };
        let here = self.people.values().filter(|held| is_meant(held));
        let mut found: Vec<_> =
            here.map(|held| (held.row.id, held.resident.municipality)).collect();
        let stored = self.tx.persons_named(&index)?;
        let is_unseen =
            |id: &PersonId| !self.people.contains_key(id) && !self.disposed.contains_key(id);
        let unseen = stored.into_iter().filter(|row| is_unseen(&row.id));
        found.extend(unseen.map(|row| (row.id, row.municipality)));
        Ok(found)
    }

    /// Work for the hands.
    pub(crate) fn put_out(&mut self, row: OutboxRow) {
        self.take_in();
        self.changes.outbox.push(row);
    }

    /// Work that the hands have done.
    pub(crate) fn outbox_done(&mut self, act: ActId, topic: i64) {
        self.take_in();
        self.changes.outbox_done.push((act, topic));
    }

    /// A number list that was produced.
    pub(crate) fn keep_list(&mut self, row: NumberListRow) {
        self.take_in();
        self.changes.lists.push(row);
    }

    /// Files to deliver.
    pub(crate) fn keep_delivery(&mut self, row: DeliveryRow) {
        self.take_in();
        self.changes.deliveries.push(row);
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

    /// Lets this transaction apply so many messages that waited, all in all.
    pub(crate) fn may_work_off(&mut self, most: usize) {
        self.backlog.0 = self.backlog.0.max(most);
    }

    /// At most `most` messages of a feed that wait one after the other from this place on, to be
    /// applied now. When this transaction may do no more, the feed is noted instead.
    pub(crate) fn waiting_from(
        &mut self,
        of: LocalGovernmentCode,
        next: u64,
        most: usize,
    ) -> Result<Vec<FeedMessageRow>, Problem> {
        let may = self.backlog.0 - self.backlog.1;
        if self.message(of, next)?.is_none_or(|row| row.act.is_some()) {
            return Ok(Vec::new());
        }
        if may == 0 {
            self.feeds_left.insert(of);
            return Ok(Vec::new());
        }
        let places: Vec<_> = (next..).take(most.min(may)).map(|place| (of, place)).collect();
        self.prefetch_messages(&places)?;
        let rows = places.iter().map_while(|place| self.messages.get(place)?.row.clone());
        let rows: Vec<_> = rows.take_while(|row| row.act.is_none()).collect();
        self.backlog.1 += rows.len();
        Ok(rows)
    }

    /// The feeds in which messages were left that could be applied.
    pub(crate) fn feeds_left(&self) -> &BTreeSet<LocalGovernmentCode> {
        &self.feeds_left
    }

    /// Takes in a message.
    pub(crate) fn keep_message(&mut self, row: FeedMessageRow) {
        self.take_in();
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
        self.take_in();
        self.cursors.insert(row.municipality, Kept { row: Some(row), dirty: true });
    }

    /// A municipality's stocks, oldest first.
    pub(crate) fn stocks(&mut self, of: LocalGovernmentCode) -> Result<Vec<StockRow>, Problem> {
        self.know_stocks(of)?;
        let kept = self.stocks.get(&of).into_iter().flatten();
        Ok(kept.filter_map(|kept| kept.row.clone()).collect())
    }

    pub(super) fn know_stocks(&mut self, of: LocalGovernmentCode) -> Result<(), Problem> {
        if !self.stocks.contains_key(&of) {
            let rows = self.tx.stocks_of(of)?.into_iter();
            let kept = rows.map(|row| Kept { row: Some(row), dirty: false }).collect();
            self.stocks.insert(of, kept);
        }
        Ok(())
    }

    /// Takes in a stock, new or used.
    pub(crate) fn keep_stock(&mut self, row: StockRow) -> Result<(), Problem> {
        self.take_in();
        if self.stock_tail.is_some_and(|(next, _)| row.id >= next) {
            self.stock_tail = Some((row.id + 1, row.first + row.count));
        }
        self.know_stocks(row.municipality)?;
        let stocks = self.stocks.entry(row.municipality).or_default();
        stocks.retain(|kept| kept.row.as_ref().is_some_and(|old| old.id != row.id));
        stocks.push(Kept { row: Some(row), dirty: true });
        stocks.sort_by_key(|kept| kept.row.as_ref().map(|row| row.id));
        Ok(())
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
        self.take_in();
        self.answers.insert((row.actor.clone(), row.key.clone()), row);
    }
}

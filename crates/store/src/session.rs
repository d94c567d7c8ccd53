//! `ports::View` and `ports::Tx` over any engine: every query of the platform, one text each.

mod authority;
mod certificates;
mod subjects;

use crate::engine::{Engine, Param, Row, Type, last_of_each_key};
use crate::record::{Columns, Record, blob, count, int, municipality, text};
use crate::tables::{self, Table};
use base::{ActId, Moment, PersonId, Problem, labels};
use numbers::LocalGovernmentCode;
use ports::rows::{
    ActRow, Changes, CheckpointRow, CosignatureRow, DataKeyRow, DeliveryRow, FeedCursorRow,
    FeedMessageRow, IdempotencyRow, NumberListRow, NumberRow, OutboxRow, PersonRow, RecordCodeRow,
    SetRow, StockRow,
};
use ports::{Tx, View};
use seal::BlindIndex;

/// A transaction or a snapshot: the port's verbs over an engine.
pub(crate) struct Session<E> {
    engine: E,
    /// The first problem of the database, if any: what follows it must not be committed.
    failed: Option<Problem>,
}

impl<E: Engine> Session<E> {
    /// Runs `work`; good only if every statement was, whatever `work` makes of it.
    pub(crate) fn run(
        engine: E,
        work: impl FnOnce(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut session = Self { engine, failed: None };
        work(&mut session)?;
        session.failed.map_or(Ok(()), Err)
    }

    pub(crate) fn ask<T>(
        &mut self,
        ask: impl FnOnce(&mut E) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let said = ask(&mut self.engine);
        if let (Err(problem), None) = (&said, &self.failed) {
            self.failed = Some(problem.clone());
        }
        said
    }

    fn rows<R: Record>(&mut self, tail: &str, params: &[Param<'_>]) -> Result<Vec<R>, Problem> {
        let table = R::TABLE;
        let sql = format!("SELECT {} FROM {} {tail}", table.column_list(), table.name);
        let rows = self.ask(|engine| engine.query(&sql, params, &table.types()))?;
        rows.into_iter().map(R::from_row).collect()
    }

    fn by_key<R: Record>(
        &mut self,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Option<R>>, Problem> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.ask(|engine| look_up(engine, R::TABLE, by, keys))?;
        found.into_iter().map(|row| row.map(R::from_row).transpose()).collect()
    }

    /// Rows that the holders of these indexes have, in the order of the indexes.
    fn held<R: Record>(
        &mut self,
        holders: &'static Table,
        key: &[&'static str],
        indexes: &[BlindIndex],
    ) -> Result<Vec<Option<R>>, Problem> {
        let places = self.holders(holders, indexes)?;
        let keys: Vec<_> = places.iter().flatten().flatten().copied().collect();
        let mut rows = self.by_key(key, &keys)?.into_iter();
        Ok(places.iter().map(|place| place.and_then(|_| rows.next().flatten())).collect())
    }

    fn number(&mut self, sql: &str) -> Result<Option<i64>, Problem> {
        self.number_of(sql, &[])
    }

    fn number_of(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<i64>, Problem> {
        let row = self.ask(|engine| engine.query(sql, params, &[Type::Int]))?.into_iter().next();
        row.map_or(Ok(None), |row| Columns::new(row).int_or_null())
    }

    /// Acts take the next places in the ledger, one after the other.
    fn write_acts(&mut self, acts: &[ActRow]) -> Result<(), Problem> {
        let next = if acts.is_empty() { 0 } else { self.act_count()? };
        if !(next..).zip(acts).all(|(id, act)| act.id.0 == id) {
            let gap = Problem::new(&labels::STORE_CONSTRAINT, "acts have no gaps");
            return self.ask(|_| Err(gap));
        }
        self.write_rows(acts)
    }

    fn write_rows<R: Record>(&mut self, rows: &[R]) -> Result<(), Problem> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut values = Vec::with_capacity(rows.len() * R::TABLE.columns.len());
        rows.iter().for_each(|row| row.push(&mut values));
        self.put(R::TABLE, &last_of_each_key(R::TABLE, &values))
    }

    /// Writes what is laid end to end, if anything.
    pub(crate) fn put(
        &mut self,
        table: &'static Table,
        values: &[Param<'_>],
    ) -> Result<(), Problem> {
        if values.is_empty() { Ok(()) } else { self.ask(|engine| write(engine, table, values)) }
    }

    pub(crate) fn delete(
        &mut self,
        table: &'static Table,
        keys: &[Param<'_>],
    ) -> Result<(), Problem> {
        if keys.is_empty() { Ok(()) } else { self.ask(|engine| engine.delete(table, keys)) }
    }
}

impl<E: Engine> View for Session<E> {
    fn persons(&mut self, ids: &[PersonId]) -> Result<Vec<Option<PersonRow>>, Problem> {
        let keys: Vec<_> = ids.iter().map(|id| int(id.0)).collect();
        self.by_key(&["id"], &keys)
    }

    fn persons_page(&mut self, after: PersonId, limit: usize) -> Result<Vec<PersonRow>, Problem> {
        self.rows("WHERE id > $1 ORDER BY id LIMIT $2", &[int(after.0), page(limit)])
    }

    fn set_of(
        &mut self,
        of: LocalGovernmentCode,
        after: PersonId,
        limit: usize,
    ) -> Result<Vec<SetRow>, Problem> {
        let sql = "SELECT id, set_position, set_digest FROM person WHERE municipality = $1 \
             AND id > $2 AND set_digest IS NOT NULL ORDER BY id LIMIT $3";
        let params = [municipality(of), int(after.0), page(limit)];
        let types = [Type::Int, Type::Int, Type::Blob];
        let rows = self.ask(|engine| engine.query(sql, &params, &types))?;
        let read = |row| {
            let mut columns = Columns::new(row);
            let person = PersonId(columns.int()?);
            Ok(SetRow { person, position: columns.int()?, digest: columns.array()? })
        };
        rows.into_iter().map(read).collect()
    }

    fn persons_named(&mut self, index: &BlindIndex) -> Result<Vec<PersonRow>, Problem> {
        let persons = self.named(index)?;
        Ok(self.persons(&persons)?.into_iter().flatten().collect())
    }

    fn last_person(&mut self) -> Result<PersonId, Problem> {
        Ok(PersonId(self.number("SELECT MAX(id) FROM person")?.unwrap_or(0)))
    }

    fn data_keys(&mut self, persons: &[PersonId]) -> Result<Vec<Option<DataKeyRow>>, Problem> {
        let keys: Vec<_> = persons.iter().map(|id| int(id.0)).collect();
        self.by_key(&["person"], &keys)
    }

    fn data_keys_not_of(
        &mut self,
        epoch: i64,
        after: PersonId,
        limit: usize,
    ) -> Result<Vec<DataKeyRow>, Problem> {
        self.rows(
            "WHERE person > $1 AND epoch <> $2 ORDER BY person LIMIT $3",
            &[int(after.0), int(epoch), page(limit)],
        )
    }

    fn codes(&mut self, indexes: &[BlindIndex]) -> Result<Vec<Option<RecordCodeRow>>, Problem> {
        self.held(&tables::CODE_HOLDER, &["person", "ordinal"], indexes)
    }

    fn codes_of(&mut self, person: PersonId) -> Result<Vec<RecordCodeRow>, Problem> {
        self.rows("WHERE person = $1 ORDER BY ordinal", &[int(person.0)])
    }

    fn numbers(&mut self, indexes: &[BlindIndex]) -> Result<Vec<Option<NumberRow>>, Problem> {
        self.held(&tables::NUMBER_HOLDER, &["person", "generation"], indexes)
    }

    fn numbers_of(&mut self, person: PersonId) -> Result<Vec<NumberRow>, Problem> {
        self.rows("WHERE person = $1 ORDER BY generation", &[int(person.0)])
    }

    fn messages(
        &mut self,
        keys: &[(LocalGovernmentCode, u64)],
    ) -> Result<Vec<Option<FeedMessageRow>>, Problem> {
        let mut laid = Vec::with_capacity(keys.len() * 2);
        keys.iter().for_each(|(of, sequence)| laid.extend([municipality(*of), count(*sequence)]));
        self.by_key(&["municipality", "sequence"], &laid)
    }

    fn messages_open(
        &mut self,
        of: LocalGovernmentCode,
        waiting: bool,
        after: u64,
        limit: usize,
    ) -> Result<Vec<FeedMessageRow>, Problem> {
        let tail = if waiting {
            "WHERE municipality = $1 AND sequence > $2 AND act IS NULL ORDER BY sequence LIMIT $3"
        } else {
            "WHERE municipality = $1 AND sequence > $2 AND label IS NOT NULL \
             ORDER BY sequence LIMIT $3"
        };
        self.rows(tail, &[municipality(of), count(after), page(limit)])
    }

    fn messages_page(
        &mut self,
        of: LocalGovernmentCode,
        after: u64,
        limit: usize,
    ) -> Result<Vec<FeedMessageRow>, Problem> {
        self.rows(
            "WHERE municipality = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            &[municipality(of), count(after), page(limit)],
        )
    }

    fn cursors(
        &mut self,
        municipalities: &[LocalGovernmentCode],
    ) -> Result<Vec<Option<FeedCursorRow>>, Problem> {
        let keys: Vec<_> = municipalities.iter().map(|code| municipality(*code)).collect();
        self.by_key(&["municipality"], &keys)
    }

    fn all_cursors(&mut self) -> Result<Vec<FeedCursorRow>, Problem> {
        self.rows("ORDER BY municipality", &[])
    }

    fn stocks_of(&mut self, of: LocalGovernmentCode) -> Result<Vec<StockRow>, Problem> {
        self.rows("WHERE municipality = $1 ORDER BY id", &[municipality(of)])
    }

    fn all_stocks(&mut self) -> Result<Vec<StockRow>, Problem> {
        self.rows("ORDER BY first", &[])
    }

    fn act_count(&mut self) -> Result<u64, Problem> {
        let last = self.number("SELECT MAX(id) FROM act")?;
        Ok(last.map_or(0, |id| id.cast_unsigned() + 1))
    }

    fn acts(&mut self, first: ActId, limit: usize) -> Result<Vec<ActRow>, Problem> {
        self.rows("WHERE id >= $1 ORDER BY id LIMIT $2", &[count(first.0), page(limit)])
    }

    fn acts_about(
        &mut self,
        subject: &[u8; 16],
        after: Option<ActId>,
        limit: usize,
    ) -> Result<Vec<ActRow>, Problem> {
        let after = int(after.map_or(-1, |id| id.0.cast_signed()));
        // Run by run, one search each: a run is found by its number first.
        let indexed = "SELECT s.act FROM subject_run r CROSS JOIN subject_act s \
             WHERE r.end_act > $2 AND s.run = r.id AND s.subject = $1 AND s.act > $2 \
             ORDER BY s.act LIMIT $3";
        let params = [blob(subject), after, page(limit)];
        let found = self.ask(|engine| engine.query(indexed, &params, &[Type::Int]))?;
        let ids = found.into_iter().map(|row| Columns::new(row).int().map(int));
        let found = self.by_key(&["id"], &ids.collect::<Result<Vec<_>, _>>()?)?;
        let mut acts: Vec<ActRow> = found.into_iter().flatten().collect();
        let beyond = "WHERE id >= $1 AND id > $2 AND subject = $3 ORDER BY id LIMIT $4";
        let covered = self.covered_acts()?;
        let left = page(limit - acts.len());
        acts.extend(self.rows(beyond, &[count(covered), after, blob(subject), left])?);
        Ok(acts)
    }

    fn subject_index(&mut self) -> Result<(u64, u64), Problem> {
        let found =
            "SELECT COUNT(*) FROM subject_run r CROSS JOIN subject_act s WHERE s.run = r.id";
        let entries = self.number(found)?;
        Ok((self.covered_acts()?, entries.unwrap_or(0).cast_unsigned()))
    }

    fn outbox(
        &mut self,
        topic: i64,
        after: Option<ActId>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, Problem> {
        let after = after.map_or(-1, |id| id.0.cast_signed());
        self.rows(
            "WHERE topic = $1 AND act > $2 ORDER BY act LIMIT $3",
            &[int(topic), int(after), page(limit)],
        )
    }

    fn outbox_at(&mut self, topic: i64, acts: &[ActId]) -> Result<Vec<Option<OutboxRow>>, Problem> {
        let keys: Vec<_> = acts.iter().flat_map(|act| [int(topic), count(act.0)]).collect();
        self.by_key(&["topic", "act"], &keys)
    }

    fn deliveries(&mut self, limit: usize) -> Result<Vec<DeliveryRow>, Problem> {
        self.rows("ORDER BY municipality, list LIMIT $1", &[page(limit)])
    }

    fn next_sender(
        &mut self,
        after: Option<LocalGovernmentCode>,
    ) -> Result<Option<LocalGovernmentCode>, Problem> {
        let sql = "SELECT municipality FROM feed_message WHERE municipality > $1 \
             ORDER BY municipality LIMIT 1";
        let params = [after.map_or(int(0), municipality)];
        let row = self.ask(|engine| engine.query(sql, &params, &[Type::Int]))?.into_iter().next();
        row.map(|row| Columns::new(row).municipality()).transpose()
    }

    fn lists_page(
        &mut self,
        after: Option<(LocalGovernmentCode, i64)>,
        limit: usize,
    ) -> Result<Vec<NumberListRow>, Problem> {
        let (of, list) = after.map_or((int(0), 0), |(of, list)| (municipality(of), list));
        self.rows(
            "WHERE (municipality, list) > ($1, $2) ORDER BY municipality, list LIMIT $3",
            &[of, int(list), page(limit)],
        )
    }

    fn answers_page(
        &mut self,
        (actor, key): (&str, &str),
        limit: usize,
    ) -> Result<Vec<IdempotencyRow>, Problem> {
        self.rows(
            "WHERE (actor, key) > ($1, $2) ORDER BY actor, key LIMIT $3",
            &[text(actor), text(key), page(limit)],
        )
    }

    fn lists_of(&mut self, of: LocalGovernmentCode) -> Result<Vec<NumberListRow>, Problem> {
        self.rows("WHERE municipality = $1 ORDER BY list", &[municipality(of)])
    }

    fn answers(
        &mut self,
        keys: &[(String, String)],
    ) -> Result<Vec<Option<IdempotencyRow>>, Problem> {
        let mut laid = Vec::with_capacity(keys.len() * 2);
        keys.iter().for_each(|(actor, key)| laid.extend([text(actor), text(key)]));
        self.by_key(&["actor", "key"], &laid)
    }

    fn last_checkpoint(&mut self) -> Result<Option<CheckpointRow>, Problem> {
        Ok(self.rows("ORDER BY size DESC LIMIT 1", &[])?.into_iter().next())
    }

    fn checkpoints(&mut self, first: u64, limit: usize) -> Result<Vec<CheckpointRow>, Problem> {
        self.rows("WHERE size >= $1 ORDER BY size LIMIT $2", &[count(first), page(limit)])
    }

    fn cosignatures(&mut self, first: u64, last: u64) -> Result<Vec<CosignatureRow>, Problem> {
        self.rows(
            "WHERE size >= $1 AND size <= $2 ORDER BY size, witness",
            &[count(first), count(last)],
        )
    }

    fn setting(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let found =
            self.ask(|engine| look_up(engine, &tables::SETTING, &["name"], &[text(name)]))?;
        let row = found.into_iter().next().flatten();
        row.map(|row| {
            let mut columns = Columns::new(row);
            columns.text()?;
            columns.text()
        })
        .transpose()
    }
}

impl<E: Engine> Tx for Session<E> {
    fn write(&mut self, changes: &Changes) -> Result<(), Problem> {
        self.write_acts(&changes.acts)?;
        let renamed = self.renamed(&changes.persons)?;
        self.write_rows(&changes.persons)?;
        self.rename(renamed)?;
        self.write_rows(&changes.data_keys)?;
        self.write_rows(&changes.codes)?;
        self.hold_codes(&changes.codes)?;
        self.write_rows(&changes.numbers)?;
        self.hold_numbers(&changes.numbers)?;
        self.write_rows(&changes.messages)?;
        self.write_rows(&changes.cursors)?;
        self.write_rows(&changes.stocks)?;
        self.write_rows(&changes.outbox)?;
        self.write_rows(&changes.lists)?;
        self.write_rows(&changes.deliveries)?;
        self.write_rows(&changes.answers)?;
        self.write_authority(changes)?;
        let destroyed: Vec<_> = changes.data_keys_destroyed.iter().map(|id| int(id.0)).collect();
        self.delete(&tables::DATA_KEY, &destroyed)?;
        let done = changes.outbox_done.iter();
        let done: Vec<_> = done.flat_map(|(act, topic)| [int(*topic), count(act.0)]).collect();
        self.delete(&tables::OUTBOX, &done)?;
        let done = changes.delivered.iter();
        let done: Vec<_> = done.flat_map(|(of, list)| [municipality(*of), int(*list)]).collect();
        self.delete(&tables::DELIVERY, &done)?;
        let forgotten = changes.answers_forgotten.iter();
        let forgotten: Vec<_> =
            forgotten.flat_map(|(actor, key)| [text(actor), text(key)]).collect();
        self.delete(&tables::ANSWER, &forgotten)
    }

    fn index_subjects(&mut self) -> Result<bool, Problem> {
        let added = self.add_run()?;
        self.merge_step()?;
        Ok(added)
    }

    fn write_checkpoint(&mut self, checkpoint: &CheckpointRow) -> Result<(), Problem> {
        self.write_rows(std::slice::from_ref(checkpoint)).map_err(|problem| {
            if problem.label() == labels::STORE_CONSTRAINT.text {
                return Problem::new(&labels::LEDGER_SPLIT, "a checkpoint of this size is there");
            }
            problem
        })
    }

    fn write_cosignatures(&mut self, cosignatures: &[CosignatureRow]) -> Result<(), Problem> {
        self.write_rows(cosignatures)
    }

    fn forget_ocsp_answers(&mut self, before: Moment, limit: usize) -> Result<usize, Problem> {
        self.forget_ended(before, limit)
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        self.ask(|engine| write(engine, &tables::SETTING, &[text(name), text(value)]))
    }
}

fn write<E: Engine>(
    engine: &mut E,
    table: &'static Table,
    values: &[Param<'_>],
) -> Result<(), Problem> {
    check_texts(values)?;
    engine.write(table, values)
}

fn look_up<E: Engine>(
    engine: &mut E,
    table: &'static Table,
    by: &[&'static str],
    keys: &[Param<'_>],
) -> Result<Vec<Option<Row>>, Problem> {
    check_texts(keys)?;
    engine.look_up(table, by, keys)
}

/// PostgreSQL keeps no NUL in a text and SQLite compares texts up to it: neither is given one.
fn check_texts(values: &[Param<'_>]) -> Result<(), Problem> {
    let holds_nul =
        |value: &Param<'_>| matches!(value, Param::Text(Some(text)) if text.contains('\0'));
    if values.iter().any(holds_nul) {
        return Err(Problem::new(&labels::STORE_CONSTRAINT, "a text holds a NUL"));
    }
    Ok(())
}

fn page(limit: usize) -> Param<'static> {
    int(i64::try_from(limit).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;

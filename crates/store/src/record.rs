//! Rows of `ports::rows` as parameters and back.
//!
//! Each implementation names the columns in the order of its table in `tables`; a test writes and
//! reads every one of them on both databases.

mod certificates;

use crate::engine::{Param, Row, Value};
use crate::tables::{self, Table};
use base::{ActId, Moment, PersonId, Problem, labels};
use numbers::LocalGovernmentCode;
use ports::rows::{
    ActRow, CheckpointRow, CosignatureRow, DataKeyRow, DeliveryRow, FeedCursorRow, FeedMessageRow,
    IdempotencyRow, NumberListRow, NumberRow, OutboxRow, PersonRow, RecordCodeRow, StockRow,
};
use seal::BlindIndex;
use std::vec::IntoIter;

pub(crate) use certificates::{
    certificate, delegate, municipality_or_zero, ocsp, partition, status,
};

/// A row type with its table.
pub(crate) trait Record: Sized {
    /// The table.
    const TABLE: &'static Table;
    /// Appends the columns in table order.
    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>);
    /// Reads the columns in table order.
    fn read(columns: &mut Columns) -> Result<Self, Problem>;

    /// Reads a whole row.
    fn from_row(row: Row) -> Result<Self, Problem> {
        Self::read(&mut Columns(row.into_iter()))
    }
}

/// The columns of a row that came out, taken one after the other.
pub(crate) struct Columns(IntoIter<Value>);

impl Columns {
    pub(crate) fn new(row: Row) -> Self {
        Self(row.into_iter())
    }

    pub(crate) fn int_or_null(&mut self) -> Result<Option<i64>, Problem> {
        match self.0.next() {
            Some(Value::Int(value)) => Ok(value),
            _ => Err(shape()),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, Problem> {
        self.int_or_null()?.ok_or_else(shape)
    }

    pub(crate) fn count(&mut self) -> Result<u64, Problem> {
        u64::try_from(self.int()?).map_err(|_| shape())
    }

    pub(crate) fn skip(&mut self) {
        self.0.next();
    }

    pub(crate) fn index_or_null(&mut self) -> Result<Option<BlindIndex>, Problem> {
        Ok(self.array_or_null()?.map(BlindIndex::from_bytes))
    }

    fn blob_or_null(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        match self.0.next() {
            Some(Value::Blob(value)) => Ok(value),
            _ => Err(shape()),
        }
    }

    fn blob(&mut self) -> Result<Vec<u8>, Problem> {
        self.blob_or_null()?.ok_or_else(shape)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        self.blob()?.try_into().map_err(|_| shape())
    }

    fn array_or_null<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Problem> {
        self.blob_or_null()?.map(|bytes| bytes.try_into().map_err(|_| shape())).transpose()
    }

    fn text_or_null(&mut self) -> Result<Option<String>, Problem> {
        match self.0.next() {
            Some(Value::Text(value)) => Ok(value),
            _ => Err(shape()),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, Problem> {
        self.text_or_null()?.ok_or_else(shape)
    }

    pub(crate) fn municipality(&mut self) -> Result<LocalGovernmentCode, Problem> {
        let code = u32::try_from(self.int()?).map_err(|_| shape())?;
        LocalGovernmentCode::from_u32(code).map_err(|_| shape())
    }

    fn act(&mut self) -> Result<ActId, Problem> {
        self.count().map(ActId)
    }

    fn act_or_null(&mut self) -> Result<Option<ActId>, Problem> {
        let id = self.int_or_null()?;
        id.map(|id| u64::try_from(id).map(ActId).map_err(|_| shape())).transpose()
    }

    fn index(&mut self) -> Result<BlindIndex, Problem> {
        self.array().map(BlindIndex::from_bytes)
    }
}

fn shape() -> Problem {
    Problem::new(&labels::STORE_BROKEN, "a column does not have the shape of its table")
}

/// A municipality as it is stored.
pub(crate) fn municipality(code: LocalGovernmentCode) -> Param<'static> {
    Param::Int(Some(i64::from(code.as_u32())))
}

/// A count or an act's place as it is stored. Counts end far below 2^63.
pub(crate) const fn count(value: u64) -> Param<'static> {
    Param::Int(Some(value.cast_signed()))
}

/// An integer.
pub(crate) const fn int(value: i64) -> Param<'static> {
    Param::Int(Some(value))
}

/// Bytes.
pub(crate) const fn blob(value: &[u8]) -> Param<'_> {
    Param::Blob(Some(value))
}

/// Text.
pub(crate) const fn text(value: &str) -> Param<'_> {
    Param::Text(Some(value))
}

fn act_or_null(id: Option<ActId>) -> Param<'static> {
    Param::Int(id.map(|id| id.0.cast_signed()))
}

impl Record for PersonRow {
    const TABLE: &'static Table = &tables::PERSON;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            int(self.id.0),
            municipality(self.municipality),
            int(self.status),
            Param::Int(self.number_generation),
            int(self.key_generation),
            Param::Blob(self.identity.as_deref()),
            Param::Blob(self.contact.as_deref()),
            Param::Blob(self.name_birth_index.as_ref().map(|index| &index.as_bytes()[..])),
            int(self.set_position),
            Param::Blob(self.set_digest.as_ref().map(|digest| &digest[..])),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            id: PersonId(columns.int()?),
            municipality: columns.municipality()?,
            status: columns.int()?,
            number_generation: columns.int_or_null()?,
            key_generation: columns.int()?,
            identity: columns.blob_or_null()?,
            contact: columns.blob_or_null()?,
            name_birth_index: columns.index_or_null()?,
            set_position: columns.int()?,
            set_digest: columns.array_or_null()?,
        })
    }
}

impl Record for DataKeyRow {
    const TABLE: &'static Table = &tables::DATA_KEY;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            int(self.person.0),
            int(self.generation),
            int(self.epoch),
            blob(&self.wrapped),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            person: PersonId(columns.int()?),
            generation: columns.int()?,
            epoch: columns.int()?,
            wrapped: columns.blob()?,
        })
    }
}

impl Record for RecordCodeRow {
    const TABLE: &'static Table = &tables::RECORD_CODE;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            int(self.person.0),
            int(self.ordinal),
            blob(self.code_index.as_bytes()),
            blob(&self.code),
            count(self.assigned_act.0),
            act_or_null(self.ended_act),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            person: PersonId(columns.int()?),
            ordinal: columns.int()?,
            code_index: columns.index()?,
            code: columns.blob()?,
            assigned_act: columns.act()?,
            ended_act: columns.act_or_null()?,
        })
    }
}

impl Record for NumberRow {
    const TABLE: &'static Table = &tables::INDIVIDUAL_NUMBER;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            int(self.person.0),
            int(self.generation),
            blob(self.number_index.as_bytes()),
            blob(&self.number),
            int(self.state),
            count(self.assigned_act.0),
            act_or_null(self.ended_act),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            person: PersonId(columns.int()?),
            generation: columns.int()?,
            number_index: columns.index()?,
            number: columns.blob()?,
            state: columns.int()?,
            assigned_act: columns.act()?,
            ended_act: columns.act_or_null()?,
        })
    }
}

impl Record for FeedMessageRow {
    const TABLE: &'static Table = &tables::FEED_MESSAGE;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            municipality(self.municipality),
            count(self.sequence),
            blob(&self.digest),
            act_or_null(self.act),
            Param::Text(self.label.as_deref()),
            Param::Blob(self.content.as_deref()),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            municipality: columns.municipality()?,
            sequence: columns.count()?,
            digest: columns.array()?,
            act: columns.act_or_null()?,
            label: columns.text_or_null()?,
            content: columns.blob_or_null()?,
        })
    }
}

impl Record for FeedCursorRow {
    const TABLE: &'static Table = &tables::FEED_CURSOR;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([municipality(self.municipality), count(self.next), count(self.waiting)]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            municipality: columns.municipality()?,
            next: columns.count()?,
            waiting: columns.count()?,
        })
    }
}

impl Record for StockRow {
    const TABLE: &'static Table = &tables::STOCK;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            int(self.id),
            municipality(self.municipality),
            count(self.first),
            count(self.count),
            count(self.used),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            id: columns.int()?,
            municipality: columns.municipality()?,
            first: columns.count()?,
            count: columns.count()?,
            used: columns.count()?,
        })
    }
}

impl Record for ActRow {
    const TABLE: &'static Table = &tables::ACT;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            count(self.id.0),
            Param::Blob(self.subject.as_ref().map(|subject| &subject[..])),
            blob(&self.entry),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self { id: columns.act()?, subject: columns.array_or_null()?, entry: columns.blob()? })
    }
}

impl Record for OutboxRow {
    const TABLE: &'static Table = &tables::OUTBOX;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            count(self.act.0),
            int(self.topic),
            municipality(self.municipality),
            int(self.person.0),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            act: columns.act()?,
            topic: columns.int()?,
            municipality: columns.municipality()?,
            person: PersonId(columns.int()?),
        })
    }
}

impl Record for NumberListRow {
    const TABLE: &'static Table = &tables::NUMBER_LIST;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            municipality(self.municipality),
            int(self.list),
            count(self.act.0),
            count(self.entries),
            blob(&self.digest),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            municipality: columns.municipality()?,
            list: columns.int()?,
            act: columns.act()?,
            entries: columns.count()?,
            digest: columns.array()?,
        })
    }
}

impl Record for DeliveryRow {
    const TABLE: &'static Table = &tables::DELIVERY;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([municipality(self.municipality), int(self.list), blob(&self.content)]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            municipality: columns.municipality()?,
            list: columns.int()?,
            content: columns.blob()?,
        })
    }
}

impl Record for IdempotencyRow {
    const TABLE: &'static Table = &tables::ANSWER;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([
            text(&self.actor),
            text(&self.key),
            blob(&self.digest),
            count(self.act.0),
            blob(&self.answer),
        ]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            actor: columns.text()?,
            key: columns.text()?,
            digest: columns.array()?,
            act: columns.act()?,
            answer: columns.blob()?,
        })
    }
}

impl Record for CheckpointRow {
    const TABLE: &'static Table = &tables::CHECKPOINT;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([count(self.size), blob(&self.root), text(&self.note), int(self.at.us())]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self {
            size: columns.count()?,
            root: columns.array()?,
            note: columns.text()?,
            at: Moment::from_us(columns.int()?),
        })
    }
}

impl Record for CosignatureRow {
    const TABLE: &'static Table = &tables::COSIGNATURE;

    fn push<'a>(&'a self, out: &mut Vec<Param<'a>>) {
        out.extend([count(self.size), text(&self.witness), text(&self.line)]);
    }

    fn read(columns: &mut Columns) -> Result<Self, Problem> {
        Ok(Self { size: columns.count()?, witness: columns.text()?, line: columns.text()? })
    }
}

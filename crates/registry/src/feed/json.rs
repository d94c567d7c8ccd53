//! JSON: one message as one object, in a JSON Lines feed, in the API, and back.
//!
//! Read straight from the text into cells, so that a field that stands twice is seen (a map would
//! keep the last one in silence) and nothing else is built.

use super::{
    columns::{Cells, Column},
    fields,
};
use crate::{event::FeedMessage, record::date_text};
use base::{Problem, labels};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

impl FeedMessage {
    /// Reads one message out of the JSON text of an object with the columns of a feed as fields:
    /// `sequence` a number, all others texts; missing, `null` and `""` are the same.
    pub fn from_json(text: &[u8]) -> Result<Self, Problem> {
        let row = serde_json::from_slice::<Row<'_>>(text);
        row.map_err(|error| malformed(&error))?.message()
    }

    /// The same out of text that is known to be UTF-8.
    pub(super) fn from_json_line(text: &str) -> Result<Self, Problem> {
        let row = serde_json::from_str::<Row<'_>>(text);
        row.map_err(|error| malformed(&error))?.message()
    }

    /// The same out of a JSON value.
    pub fn from_json_value(value: &Value) -> Result<Self, Problem> {
        Row::deserialize(value).map_err(|error| malformed(&error))?.message()
    }

    /// The message as a JSON object. Holds personal values.
    pub fn to_json(&self) -> Value {
        let event = &self.event;
        let mut object = Map::new();
        let mut set = |column: Column, value: Value| {
            object.insert(column.name().to_owned(), value);
        };
        set(Column::Municipality, self.municipality.to_string().into());
        set(Column::Sequence, self.sequence.into());
        set(Column::Event, event.kind.word().into());
        set(Column::EventDate, date_text(event.on).into());
        if let Some(code) = &event.code {
            set(Column::ResidentRecordCode, code.reveal().as_str().into());
        }
        if let Some(record) = &event.record {
            set(Column::Name, record.name.reveal().into());
            set(Column::NameKana, record.name_kana.reveal().into());
            set(Column::BirthDate, date_text(record.birth_date).into());
            set(Column::Sex, record.sex.word().into());
            if let Some(code) = record.postal_code {
                set(Column::PostalCode, code.reveal().into());
            }
            set(Column::Address, record.address.reveal().into());
        }
        Value::Object(object)
    }
}

/// Names the place alone: the message of a JSON error can quote what was read.
fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(&labels::FEED_JSON, format!("at character {}", error.column()))
}

#[derive(Default)]
struct Row<'a> {
    cells: Cells<'a>,
    seen: [bool; Column::ALL.len()],
    fault: Option<Problem>,
}

impl<'a> Row<'a> {
    fn message(self) -> Result<FeedMessage, Problem> {
        match self.fault {
            Some(fault) => Err(fault),
            None => fields::message(&self.cells),
        }
    }

    fn take(&mut self, column: Column, field: Field<'a>) {
        if std::mem::replace(&mut self.seen[column as usize], true) {
            self.refuse(Problem::new(&labels::FEED_JSON, "twice").in_field(column.name()));
        }
        match (field, column) {
            (Field::Null, _) => {}
            (Field::Number(number), Column::Sequence) => {
                self.cells.set(column, Cow::Owned(number.to_string()));
            }
            (_, Column::Sequence) => {
                let problem = Problem::new(&labels::FEED_SEQUENCE, "not a whole number");
                self.refuse(problem.in_field(column.name()));
            }
            (Field::Text(text), _) => self.cells.set(column, text),
            (Field::Number(_) | Field::Other, _) => {
                self.refuse(Problem::new(&labels::FEED_JSON, "not a text").in_field(column.name()));
            }
        }
    }

    fn refuse(&mut self, problem: Problem) {
        self.fault.get_or_insert(problem);
    }
}

impl<'de> Deserialize<'de> for Row<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a feed message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
        let mut row = Row::default();
        while let Some(key) = map.next_key::<Field<'de>>()? {
            let column = match &key {
                Field::Text(name) => Column::of_name(name),
                _ => None,
            };
            match column {
                Some(column) => row.take(column, map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                    row.refuse(Problem::new(&labels::FEED_FIELD_UNKNOWN, ""));
                }
            }
        }
        Ok(row)
    }
}

/// A value as far as a feed has use for it.
enum Field<'a> {
    Null,
    Text(Cow<'a, str>),
    Number(u64),
    Other,
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Field<'de>, E> {
        Ok(Field::Number(number))
    }

    fn visit_unit<E: Error>(self) -> Result<Field<'de>, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}

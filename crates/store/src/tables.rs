//! The tables as the program sees them: name, key, columns in order, and whether a row may be
//! replaced. The statements of both databases are made from this.

use crate::engine::Type::{self, Blob, Int, Text};

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [&'static str],
    pub(crate) columns: &'static [(&'static str, Type)],
    pub(crate) replace: bool,
}

impl Table {
    /// The column names, comma separated.
    pub(crate) fn column_list(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The column types in order.
    pub(crate) fn types(&self) -> Vec<Type> {
        self.columns.iter().map(|(_, kind)| *kind).collect()
    }

    /// The type of a column.
    pub(crate) fn type_of(&self, column: &str) -> Type {
        self.columns.iter().find(|(name, _)| *name == column).map_or(Int, |(_, kind)| *kind)
    }

    /// `ON CONFLICT …`: what happens when a row with this key is there.
    pub(crate) fn conflict_clause(&self) -> String {
        let kept = |name: &&str| !self.key.contains(name);
        let names = self.columns.iter().map(|(name, _)| *name);
        let set: Vec<String> =
            names.filter(kept).map(|name| format!("{name} = excluded.{name}")).collect();
        if !self.replace {
            return String::new();
        }
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", self.key.join(", "), set.join(", "))
    }
}

pub(crate) static SETTING: Table = Table {
    name: "setting",
    key: &["name"],
    columns: &[("name", Text), ("value", Text)],
    replace: true,
};

pub(crate) static PERSON: Table = Table {
    name: "person",
    key: &["id"],
    columns: &[
        ("id", Int),
        ("municipality", Int),
        ("status", Int),
        ("number_generation", Int),
        ("key_generation", Int),
        ("identity", Blob),
        ("contact", Blob),
        ("name_birth_index", Blob),
        ("set_position", Int),
        ("set_digest", Blob),
    ],
    replace: true,
};

pub(crate) static DATA_KEY: Table = Table {
    name: "data_key",
    key: &["person"],
    columns: &[("person", Int), ("generation", Int), ("epoch", Int), ("wrapped", Blob)],
    replace: true,
};

pub(crate) static RECORD_CODE: Table = Table {
    name: "record_code",
    key: &["person", "ordinal"],
    columns: &[
        ("person", Int),
        ("ordinal", Int),
        ("code_index", Blob),
        ("code", Blob),
        ("assigned_act", Int),
        ("ended_act", Int),
    ],
    replace: true,
};

pub(crate) static INDIVIDUAL_NUMBER: Table = Table {
    name: "individual_number",
    key: &["person", "generation"],
    columns: &[
        ("person", Int),
        ("generation", Int),
        ("number_index", Blob),
        ("number", Blob),
        ("state", Int),
        ("assigned_act", Int),
        ("ended_act", Int),
    ],
    replace: true,
};

pub(crate) static FEED_MESSAGE: Table = Table {
    name: "feed_message",
    key: &["municipality", "sequence"],
    columns: &[
        ("municipality", Int),
        ("sequence", Int),
        ("digest", Blob),
        ("act", Int),
        ("label", Text),
        ("content", Blob),
    ],
    replace: true,
};

pub(crate) static FEED_CURSOR: Table = Table {
    name: "feed_cursor",
    key: &["municipality"],
    columns: &[("municipality", Int), ("next", Int), ("waiting", Int)],
    replace: true,
};

pub(crate) static STOCK: Table = Table {
    name: "stock",
    key: &["id"],
    columns: &[("id", Int), ("municipality", Int), ("first", Int), ("count", Int), ("used", Int)],
    replace: true,
};

pub(crate) static ACT: Table = Table {
    name: "act",
    key: &["id"],
    columns: &[("id", Int), ("subject", Blob), ("entry", Blob)],
    replace: false,
};

pub(crate) static SUBJECT_RUN: Table = Table {
    name: "subject_run",
    key: &["id"],
    columns: &[("id", Int), ("end_act", Int)],
    replace: false,
};

pub(crate) static SUBJECT_ACT: Table = Table {
    name: "subject_act",
    key: &["run", "subject", "act"],
    columns: &[("run", Int), ("subject", Blob), ("act", Int)],
    replace: false,
};

pub(crate) static OUTBOX: Table = Table {
    name: "outbox",
    key: &["topic", "act"],
    columns: &[("act", Int), ("topic", Int), ("municipality", Int), ("person", Int)],
    replace: false,
};

pub(crate) static NUMBER_LIST: Table = Table {
    name: "number_list",
    key: &["municipality", "list"],
    columns: &[
        ("municipality", Int),
        ("list", Int),
        ("act", Int),
        ("entries", Int),
        ("digest", Blob),
    ],
    replace: false,
};

pub(crate) static ANSWER: Table = Table {
    name: "answer",
    key: &["actor", "key"],
    columns: &[("actor", Text), ("key", Text), ("digest", Blob), ("act", Int), ("answer", Blob)],
    replace: false,
};

pub(crate) static CHECKPOINT: Table = Table {
    name: "checkpoint",
    key: &["size"],
    columns: &[("size", Int), ("root", Blob), ("note", Text), ("at", Int)],
    replace: false,
};

/// Written by the migrations alone.
static MIGRATION: Table = Table {
    name: "migration",
    key: &["number"],
    columns: &[("number", Int), ("digest", Text), ("at", Int)],
    replace: false,
};

/// Every table, for the tests that compare them with both databases.
pub(crate) static ALL: [&Table; 16] = [
    &SETTING,
    &PERSON,
    &DATA_KEY,
    &RECORD_CODE,
    &INDIVIDUAL_NUMBER,
    &FEED_MESSAGE,
    &FEED_CURSOR,
    &STOCK,
    &ACT,
    &SUBJECT_RUN,
    &SUBJECT_ACT,
    &OUTBOX,
    &NUMBER_LIST,
    &ANSWER,
    &CHECKPOINT,
    &MIGRATION,
];

//! The tables as the program sees them: name, key, columns in order, and whether a row may be
//! replaced. The statements of both databases are made from this.

mod certificates;

use crate::engine::Type::{self, Blob, Int, Text};

pub(crate) use certificates::{
    AUTHORITY, CERTIFICATE, CERTIFICATE_EXPIRY, CERTIFICATE_KEY, CERTIFICATE_OF, CERTIFICATE_OPEN,
    CERTIFICATE_STATUS, DELEGATE, INTENTION, INTENTION_HEAD, OCSP_ANSWER, REVOCATION_LIST,
    VERIFIER,
};

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [&'static str],
    pub(crate) columns: &'static [(&'static str, Type)],
    pub(crate) replace: Replace,
}

/// What becomes of a row when another with its key comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Replace {
    /// It stays, and the other is refused.
    Never,
    /// The other takes its place.
    Whole,
    /// The other takes its place, and is refused if it differs in one of these columns.
    Keeping(&'static [&'static str]),
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

    /// `ON CONFLICT …`: what happens when a row with this key is there. A column that is kept
    /// becomes null, which it may not be, when the new row has another value.
    pub(crate) fn conflict_clause(&self) -> String {
        let set = |name: &'static str| {
            let new = format!("excluded.{name}");
            if matches!(self.replace, Replace::Keeping(kept) if kept.contains(&name)) {
                format!("{name} = CASE WHEN {}.{name} = {new} THEN {new} END", self.name)
            } else {
                format!("{name} = {new}")
            }
        };
        if self.replace == Replace::Never {
            return String::new();
        }
        let names = self.columns.iter().map(|(name, _)| *name);
        let others = names.filter(|name| !self.key.contains(name));
        let set = others.map(set).collect::<Vec<_>>().join(", ");
        format!(" ON CONFLICT ({}) DO UPDATE SET {set}", self.key.join(", "))
    }
}

pub(crate) static SETTING: Table = Table {
    name: "setting",
    key: &["name"],
    columns: &[("name", Text), ("value", Text)],
    replace: Replace::Whole,
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
    replace: Replace::Whole,
};

pub(crate) static DATA_KEY: Table = Table {
    name: "data_key",
    key: &["person"],
    columns: &[("person", Int), ("generation", Int), ("epoch", Int), ("wrapped", Blob)],
    replace: Replace::Whole,
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
    replace: Replace::Keeping(&["code_index"]),
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
    replace: Replace::Keeping(&["number_index"]),
};

pub(crate) static CODE_HOLDER: Table = Table {
    name: "code_holder",
    key: &["code_index"],
    columns: &[("code_index", Blob), ("person", Int), ("ordinal", Int)],
    replace: Replace::Keeping(&["person", "ordinal"]),
};

pub(crate) static NUMBER_HOLDER: Table = Table {
    name: "number_holder",
    key: &["number_index"],
    columns: &[("number_index", Blob), ("person", Int), ("generation", Int)],
    replace: Replace::Keeping(&["person", "generation"]),
};

pub(crate) static NAME_HOLDER: Table = Table {
    name: "name_holder",
    key: &["name_birth_index", "person"],
    columns: &[("name_birth_index", Blob), ("person", Int)],
    replace: Replace::Never,
};

/// What is read of a person to keep [`NAME_HOLDER`].
pub(crate) static PERSON_NAME: Table = Table {
    name: "person",
    key: &["id"],
    columns: &[("id", Int), ("name_birth_index", Blob)],
    replace: Replace::Never,
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
    replace: Replace::Whole,
};

pub(crate) static FEED_CURSOR: Table = Table {
    name: "feed_cursor",
    key: &["municipality"],
    columns: &[("municipality", Int), ("next", Int), ("waiting", Int)],
    replace: Replace::Whole,
};

pub(crate) static STOCK: Table = Table {
    name: "stock",
    key: &["id"],
    columns: &[("id", Int), ("municipality", Int), ("first", Int), ("count", Int), ("used", Int)],
    replace: Replace::Whole,
};

pub(crate) static ACT: Table = Table {
    name: "act",
    key: &["id"],
    columns: &[("id", Int), ("subject", Blob), ("entry", Blob)],
    replace: Replace::Never,
};

pub(crate) static SUBJECT_RUN: Table = Table {
    name: "subject_run",
    key: &["id"],
    columns: &[("id", Int), ("end_act", Int)],
    replace: Replace::Never,
};

pub(crate) static SUBJECT_ACT: Table = Table {
    name: "subject_act",
    key: &["run", "subject", "act"],
    columns: &[("run", Int), ("subject", Blob), ("act", Int)],
    replace: Replace::Never,
};

pub(crate) static OUTBOX: Table = Table {
    name: "outbox",
    key: &["topic", "act"],
    columns: &[("act", Int), ("topic", Int), ("municipality", Int), ("person", Int)],
    replace: Replace::Never,
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
    replace: Replace::Never,
};

pub(crate) static DELIVERY: Table = Table {
    name: "delivery",
    key: &["municipality", "list"],
    columns: &[("municipality", Int), ("list", Int), ("content", Blob)],
    replace: Replace::Never,
};

pub(crate) static ANSWER: Table = Table {
    name: "answer",
    key: &["actor", "key"],
    columns: &[("actor", Text), ("key", Text), ("digest", Blob), ("act", Int), ("answer", Blob)],
    replace: Replace::Never,
};

pub(crate) static CHECKPOINT: Table = Table {
    name: "checkpoint",
    key: &["size"],
    columns: &[("size", Int), ("root", Blob), ("note", Text), ("at", Int)],
    replace: Replace::Never,
};

pub(crate) static COSIGNATURE: Table = Table {
    name: "cosignature",
    key: &["size", "witness"],
    columns: &[("size", Int), ("witness", Text), ("line", Text)],
    replace: Replace::Never,
};

/// Written by the migrations alone.
static MIGRATION: Table = Table {
    name: "migration",
    key: &["number"],
    columns: &[("number", Int), ("digest", Text), ("at", Int)],
    replace: Replace::Never,
};

/// Every table, for the tests that compare them with both databases.
pub(crate) static ALL: [&Table; 33] = [
    &SETTING,
    &PERSON,
    &DATA_KEY,
    &RECORD_CODE,
    &INDIVIDUAL_NUMBER,
    &CODE_HOLDER,
    &NUMBER_HOLDER,
    &NAME_HOLDER,
    &FEED_MESSAGE,
    &FEED_CURSOR,
    &STOCK,
    &ACT,
    &SUBJECT_RUN,
    &SUBJECT_ACT,
    &OUTBOX,
    &NUMBER_LIST,
    &DELIVERY,
    &ANSWER,
    &CHECKPOINT,
    &COSIGNATURE,
    &AUTHORITY,
    &INTENTION,
    &CERTIFICATE,
    &CERTIFICATE_OPEN,
    &CERTIFICATE_OF,
    &CERTIFICATE_KEY,
    &CERTIFICATE_EXPIRY,
    &CERTIFICATE_STATUS,
    &REVOCATION_LIST,
    &OCSP_ANSWER,
    &DELEGATE,
    &VERIFIER,
    &MIGRATION,
];

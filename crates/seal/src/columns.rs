//! What every column of the store may hold, who reads it and how long it stays.
//!
//! The one list is `columns.toml`, compiled in. A column that is in a database and not in the list,
//! or the other way round, or that holds personal content in the clear, is a fault: [`compare`]
//! names it, and a test of each database asks.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

/// What a column may hold, the most delicate first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Individual Numbers and resident record codes.
    Number,
    /// Who somebody is: name, reading, birth date, sex.
    Identity,
    /// How somebody is reached: address, postal code.
    Contact,
    /// Keys and whatever opens something else.
    Secret,
    /// What ties rows together without telling more: blind indexes, pseudonyms, row references.
    Linkage,
    /// What anybody might know.
    Public,
}

/// One entry of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
    /// What it may hold.
    pub class: Class,
    /// Which part of the platform reads it.
    pub reader: String,
    /// How long it stays, in words.
    pub retention: String,
}

/// A column as a database declares it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found<'a> {
    /// Table.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// Whether the declared type is bytes (`BLOB` in SQLite, `bytea` in PostgreSQL).
    pub bytes: bool,
}

/// Where list and database disagree.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// The database has a column (`table.column`) that the list does not know.
    Unlisted(String),
    /// The list has a column that the database does not.
    Missing(String),
    /// A column of a class that is always sealed is not of bytes.
    NotSealed(String),
}

/// Every entry, by table and column.
pub fn all() -> &'static [Column] {
    &ALL
}

/// The entry of this column.
pub fn find(table: &str, column: &str) -> Option<&'static Column> {
    let key = (table, column);
    let place = ALL.binary_search_by(|entry| (&*entry.table, &*entry.column).cmp(&key));
    place.ok().map(|place| &ALL[place])
}

/// Holds a database's columns against the list: no fault, no entry in the answer.
pub fn compare(found: &[Found<'_>]) -> Vec<Fault> {
    compare_with(all(), found)
}

impl Class {
    /// All classes, the most delicate first.
    pub const ALL: [Self; 6] =
        [Self::Number, Self::Identity, Self::Contact, Self::Secret, Self::Linkage, Self::Public];

    /// The word used in the list.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Identity => "identity",
            Self::Contact => "contact",
            Self::Secret => "secret",
            Self::Linkage => "linkage",
            Self::Public => "public",
        }
    }

    /// Whether a column of this class holds sealed bytes only.
    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::Number | Self::Identity | Self::Contact | Self::Secret)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlisted(name) => write!(f, "{name} has no class in columns.toml"),
            Self::Missing(name) => write!(f, "{name} is not in the database"),
            Self::NotSealed(name) => write!(f, "{name} must hold sealed bytes"),
        }
    }
}

fn compare_with(list: &[Column], found: &[Found<'_>]) -> Vec<Fault> {
    let entries: BTreeMap<_, _> =
        list.iter().map(|entry| ((&*entry.table, &*entry.column), entry.class)).collect();
    let present: BTreeSet<_> = found.iter().map(|one| (one.table, one.column)).collect();
    let absent = entries.keys().filter(|key| !present.contains(*key));
    let mut faults: Vec<_> = absent.map(|key| Fault::Missing(name(*key))).collect();
    for one in found {
        let key = (one.table, one.column);
        match entries.get(&key) {
            None => faults.push(Fault::Unlisted(name(key))),
            Some(class) if class.is_sealed() && !one.bytes => {
                faults.push(Fault::NotSealed(name(key)));
            }
            Some(_) => {}
        }
    }
    faults.sort();
    faults
}

fn name((table, column): (&str, &str)) -> String {
    format!("{table}.{column}")
}

/// The entries of a list, or which one is wrong.
fn parse(text: &str) -> Result<Vec<Column>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        class: Class,
        reader: String,
        retention: String,
    }
    type Tables = BTreeMap<String, BTreeMap<String, Entry>>;
    let tables: Tables = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut list = Vec::new();
    for (table, columns) in tables {
        for (column, Entry { class, reader, retention }) in columns {
            if reader.trim().is_empty() || retention.trim().is_empty() {
                return Err(format!("{table}.{column} lacks its reader or retention"));
            }
            list.push(Column { table: table.clone(), column, class, reader, retention });
        }
    }
    Ok(list)
}

#[expect(clippy::expect_used, reason = "the list is compiled in and a test reads it")]
static ALL: LazyLock<Vec<Column>> =
    LazyLock::new(|| parse(include_str!("../columns.toml")).expect("columns.toml"));

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [person]
        id = { class = "linkage", reader = "registry", retention = "always" }
        identity = { class = "identity", reader = "registry", retention = "until disposal" }
    "#;

    fn found<'a>(column: &'a str, bytes: bool) -> Found<'a> {
        Found { table: "person", column, bytes }
    }

    #[test]
    fn the_list_reads_and_is_in_order() {
        assert!(all().is_sorted_by_key(|entry| (&entry.table, &entry.column)));
        for entry in all() {
            assert_eq!(find(&entry.table, &entry.column), Some(entry));
        }
        assert_eq!(find("person", "no_such_column"), None);
        assert_eq!(find("data_key", "wrapped").map(|entry| entry.class), Some(Class::Secret));
    }

    #[test]
    fn every_class_reads_by_its_word() {
        for class in Class::ALL {
            let text = LIST.replace("\"linkage\"", &format!("\"{class}\""));
            assert_eq!(parse(&text).unwrap()[0].class, class);
        }
        let sealed = Class::ALL.into_iter().filter(|class| class.is_sealed()).count();
        assert_eq!(sealed, 4);
    }

    #[test]
    fn a_list_that_agrees_has_no_fault() {
        let list = parse(LIST).unwrap();
        assert_eq!(compare_with(&list, &[found("identity", true), found("id", false)]), []);
    }

    #[test]
    fn each_fault_is_named() {
        let list = parse(LIST).unwrap();
        let faults = compare_with(&list, &[found("identity", false), found("nickname", true)]);
        let shown: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "person.nickname has no class in columns.toml",
                "person.id is not in the database",
                "person.identity must hold sealed bytes",
            ]
        );
    }

    #[test]
    fn lists_that_are_refused() {
        let cases = [
            LIST.replace("\"linkage\"", "\"linked\""),
            LIST.replace("\"always\"", "\" \""),
            LIST.replace("reader = \"registry\", ", ""),
            LIST.replace("class = \"linkage\"", "class = \"linkage\", note = \"x\""),
            LIST.replace("id = {", "identity = {"),
        ];
        for text in cases {
            assert!(parse(&text).is_err(), "{text}");
        }
    }
}

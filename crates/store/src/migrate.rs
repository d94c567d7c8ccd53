//! Migrations: numbered texts, each run once, in one transaction with the note that it ran.
//!
//! A text that has run is final: its digest is noted, and a program whose text differs refuses to
//! start (`store_schema`). A store newer than the program is refused as well.

use crate::engine::Type;
use crate::tables::ALL;
use base::{Moment, Problem, labels};

/// The schema that this program works with.
pub const SCHEMA_VERSION: i64 = 2;

/// The dialects a migration is written for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    Sqlite,
    Postgresql,
}

/// A database that migrations run on.
pub(crate) trait Target {
    /// Opens the transaction, keeps others out and runs `table`, which makes the table of
    /// migrations if it is not there.
    fn begin(&mut self, table: &str) -> Result<(), Problem>;
    /// Numbers and digests of the migrations that ran.
    fn done(&mut self) -> Result<Vec<(i64, String)>, Problem>;
    /// Runs one and notes it.
    fn apply(&mut self, text: &str, number: i64, digest: &str, at: i64) -> Result<(), Problem>;
    /// Commits or rolls back.
    fn finish(&mut self, good: bool) -> Result<(), Problem>;
}

/// Brings the schema up to date; running it again changes nothing.
pub(crate) fn run(target: &mut impl Target, dialect: Dialect, at: Moment) -> Result<(), Problem> {
    target.begin(&translate(MIGRATION_TABLE, dialect))?;
    let ran = run_missing(target, dialect, at);
    target.finish(ran.is_ok())?;
    ran
}

fn run_missing(target: &mut impl Target, dialect: Dialect, at: Moment) -> Result<(), Problem> {
    let done = target.done()?;
    if done.last().is_some_and(|(number, _)| *number > SCHEMA_VERSION) {
        return Err(schema("the store was made by a newer program"));
    }
    for (number, text) in (1..).zip(TEXTS) {
        let digest = digest(text);
        match done.iter().find(|(ran, _)| *ran == number) {
            Some((_, noted)) if *noted == digest => {}
            Some(_) => return Err(schema("a migration that has run was changed")),
            None => target.apply(&translate(text, dialect), number, &digest, at.us())?,
        }
    }
    Ok(())
}

/// Every column that the program knows of, `table.column` → `int|blob|text`, in order within its
/// table: for the test that holds the databases and the column classes against it.
pub fn columns_in_use() -> Vec<(String, &'static str)> {
    let columns = ALL.iter().flat_map(|table| table.columns.iter().map(move |one| (table, one)));
    columns
        .map(|(table, (column, kind))| {
            let kind = match kind {
                Type::Int => "int",
                Type::Blob => "blob",
                Type::Text => "text",
            };
            (format!("{}.{column}", table.name), kind)
        })
        .collect()
}

/// The triggers that the migrations create.
pub(crate) fn triggers(dialect: Dialect) -> Vec<String> {
    let texts = TEXTS.iter().map(|text| translate(text, dialect)).collect::<String>();
    let after = texts.split("CREATE TRIGGER ").skip(1);
    after.filter_map(|rest| rest.split_whitespace().next().map(str::to_owned)).collect()
}

fn translate(text: &str, dialect: Dialect) -> String {
    let (name, words) = match dialect {
        Dialect::Sqlite => ("sqlite", SQLITE_WORDS),
        Dialect::Postgresql => ("postgresql", POSTGRESQL_WORDS),
    };
    let mut wanted = true;
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        match line.strip_prefix("-- only ") {
            Some(only) => wanted = only == name,
            None if line == "-- all" => wanted = true,
            None if wanted && !line.starts_with("--") => {
                out.push_str(line);
                out.push('\n');
            }
            None => {}
        }
    }
    words.iter().fold(out, |text, (word, is)| text.replace(word, is))
}

/// A digest that tells two texts apart (FNV-1a, 64 bits); it guards against slips, not attackers,
/// who could change the noted digest as well.
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn schema(detail: &str) -> Problem {
    Problem::new(&labels::STORE_SCHEMA, detail)
}

const MIGRATION_TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (
  number :int NOT NULL PRIMARY KEY,
  digest :text NOT NULL,
  at :int NOT NULL
) :strict";

const TEXTS: [&str; 2] = [
    include_str!("../migrations/0001_foundation.sql"),
    include_str!("../migrations/0002_authority.sql"),
];

const SQLITE_WORDS: &[(&str, &str)] = &[
    (":int", "INTEGER"),
    (":blob", "BLOB"),
    (":text", "TEXT"),
    (" :strict", " STRICT"),
    (" :clustered", " STRICT, WITHOUT ROWID"),
];

const POSTGRESQL_WORDS: &[(&str, &str)] = &[
    (":int", "BIGINT"),
    (":blob", "BYTEA"),
    (":text", "TEXT"),
    (" :strict", ""),
    (" :clustered", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_version_agree() {
        assert_eq!(i64::try_from(TEXTS.len()).unwrap(), SCHEMA_VERSION);
    }

    #[test]
    fn a_translation_leaves_no_word_and_no_foreign_block() {
        for text in TEXTS {
            let lite = translate(text, Dialect::Sqlite);
            let pg = translate(text, Dialect::Postgresql);
            assert!(!lite.contains(" :") && !pg.contains(" :"));
            assert!(lite.contains("RAISE(ABORT") && !lite.contains("EXECUTE FUNCTION"));
            assert!(pg.contains("EXECUTE FUNCTION") && !pg.contains("RAISE(ABORT"));
        }
    }

    #[test]
    fn the_digest_sees_a_changed_letter() {
        assert_ne!(digest("a"), digest("b"));
    }
}

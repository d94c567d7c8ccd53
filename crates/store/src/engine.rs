//! The little that differs between the databases: how a query is run, how rows go in and out.

use crate::tables::{Replace, Table};
use base::Problem;
use std::borrow::Cow;
use std::collections::HashSet;

/// A value on its way into the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Param<'a> {
    /// An integer, if any.
    Int(Option<i64>),
    /// Bytes, if any.
    Blob(Option<&'a [u8]>),
    /// Text, if any.
    Text(Option<&'a str>),
}

/// A value that came out of the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    /// An integer, if any.
    Int(Option<i64>),
    /// Bytes, if any.
    Blob(Option<Vec<u8>>),
    /// Text, if any.
    Text(Option<String>),
}

/// Type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Int,
    Blob,
    Text,
}

/// A row that came out, in column order.
pub(crate) type Row = Vec<Value>;

/// An open transaction or snapshot of a database.
pub(crate) trait Engine {
    /// Runs a query; `$1 $2 …` stand for the parameters; rows have columns of these types.
    fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        types: &[Type],
    ) -> Result<Vec<Row>, Problem>;

    /// Rows of `table` by key, in the order of the keys. `keys` are laid end to end, as many values
    /// per key as `by` has columns.
    fn look_up(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Option<Row>>, Problem>;

    /// All rows of `table` for each key, in the order of the keys and then of the table's key.
    fn look_up_all(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Vec<Row>>, Problem>;

    /// Writes rows laid end to end; a row with the key of another replaces it where the table
    /// allows that.
    fn write(&mut self, table: &'static Table, values: &[Param<'_>]) -> Result<(), Problem>;

    /// Deletes rows by key.
    fn delete(&mut self, table: &'static Table, keys: &[Param<'_>]) -> Result<(), Problem>;
}

/// The rows after which none has the same key: a later row replaces an earlier one of the same
/// batch, but a statement of PostgreSQL cannot touch a row twice. The key is the first columns.
pub(crate) fn last_of_each_key<'v, 'p>(
    table: &Table,
    values: &'v [Param<'p>],
) -> Cow<'v, [Param<'p>]> {
    let key = table.key.len();
    let rows = values.chunks_exact(table.columns.len());
    if table.replace == Replace::Never || rows.clone().is_sorted_by(|a, b| a[..key] < b[..key]) {
        return Cow::Borrowed(values);
    }
    let mut seen = HashSet::with_capacity(rows.len());
    let mut kept: Vec<&[Param<'_>]> = rows.rev().filter(|row| seen.insert(&row[..key])).collect();
    kept.reverse();
    Cow::Owned(kept.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{ACT, ALL, RECORD_CODE, SETTING};

    fn texts<'a>(values: &[&'a str]) -> Vec<Param<'a>> {
        values.iter().map(|value| Param::Text(Some(value))).collect()
    }

    #[test]
    fn the_last_row_of_a_key_stays_in_its_place() {
        let values = texts(&["b", "1", "a", "2", "b", "3", "c", "4", "a", "5"]);
        let kept = last_of_each_key(&SETTING, &values);
        assert_eq!(*kept, texts(&["b", "3", "c", "4", "a", "5"]));
    }

    #[test]
    fn rows_in_key_order_are_not_copied() {
        let values = texts(&["a", "1", "b", "2"]);
        assert!(matches!(last_of_each_key(&SETTING, &values), Cow::Borrowed(_)));
    }

    #[test]
    fn what_may_not_be_replaced_is_left_for_the_database_to_refuse() {
        let act = [Param::Int(Some(1)), Param::Blob(None), Param::Blob(Some(b"x"))];
        let values = [act, act].concat();
        assert_eq!(last_of_each_key(&ACT, &values).len(), 6);
    }

    #[test]
    fn a_key_of_two_columns_is_looked_at_whole() {
        let row = |person, ordinal| {
            let mut row = vec![Param::Int(Some(person)), Param::Int(Some(ordinal))];
            row.resize(RECORD_CODE.columns.len(), Param::Blob(None));
            row
        };
        let values = [row(2, 0), row(1, 1), row(1, 0), row(2, 0)].concat();
        let kept = last_of_each_key(&RECORD_CODE, &values);
        assert_eq!(*kept, [row(1, 1), row(1, 0), row(2, 0)].concat());
    }

    #[test]
    fn where_rows_are_replaced_the_key_is_the_first_columns() {
        for table in ALL.iter().filter(|table| table.replace != Replace::Never) {
            let first: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
            assert!(first.starts_with(table.key), "{}", table.name);
        }
    }
}

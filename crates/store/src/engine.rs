//! The little that differs between the databases: how a query is run and how many rows go in at once.

use crate::tables::Table;
use base::Problem;

/// A value on its way into the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

    /// Writes rows laid end to end; a row with the key of another replaces it where the table
    /// allows that.
    fn write(&mut self, table: &'static Table, values: &[Param<'_>]) -> Result<(), Problem>;

    /// Deletes rows by key.
    fn delete(&mut self, table: &'static Table, keys: &[Param<'_>]) -> Result<(), Problem>;
}

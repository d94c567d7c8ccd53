//! Values on their way to PostgreSQL and back: one parameter, one array per column, one row.

use crate::engine::{Param, Row, Type, Value};
use crate::postgresql::problem;
use base::Problem;
use postgres::types::{ToSql, Type as PgType};

pub(crate) fn single<'a>(param: &'a Param<'a>) -> Box<dyn ToSql + Sync + 'a> {
    match param {
        Param::Int(value) => Box::new(*value),
        Param::Blob(value) => Box::new(*value),
        Param::Text(value) => Box::new(*value),
    }
}

/// Column `at` of rows laid end to end, `width` values each.
pub(crate) fn column<'a>(
    values: &[Param<'a>],
    at: usize,
    width: usize,
    kind: Type,
) -> Box<dyn ToSql + Sync + 'a> {
    let cells = values.iter().skip(at).step_by(width);
    match kind {
        Type::Int => Box::new(cells.map(as_int).collect::<Vec<_>>()),
        Type::Blob => Box::new(cells.map(as_blob).collect::<Vec<_>>()),
        Type::Text => Box::new(cells.map(as_text).collect::<Vec<_>>()),
    }
}

const fn as_int(param: &Param<'_>) -> Option<i64> {
    if let Param::Int(value) = param { *value } else { None }
}

const fn as_blob<'a>(param: &Param<'a>) -> Option<&'a [u8]> {
    if let Param::Blob(value) = param { *value } else { None }
}

const fn as_text<'a>(param: &Param<'a>) -> Option<&'a str> {
    if let Param::Text(value) = param { *value } else { None }
}

pub(crate) const fn array_type(kind: Type) -> PgType {
    match kind {
        Type::Int => PgType::INT8_ARRAY,
        Type::Blob => PgType::BYTEA_ARRAY,
        Type::Text => PgType::TEXT_ARRAY,
    }
}

/// `$1::bigint[], $2::bytea[], …`
pub(crate) fn arrays(types: &[Type]) -> String {
    let name = |kind: &Type| match kind {
        Type::Int => "bigint",
        Type::Blob => "bytea",
        Type::Text => "text",
    };
    let places = (1..).zip(types).map(|(n, kind)| format!("${n}::{}[]", name(kind)));
    places.collect::<Vec<_>>().join(", ")
}

pub(crate) fn read(row: &postgres::Row, skip: usize, types: &[Type]) -> Result<Row, Problem> {
    let columns = (skip..).zip(types);
    columns
        .map(|(at, kind)| {
            Ok(match kind {
                Type::Int => Value::Int(row.try_get(at).map_err(problem)?),
                Type::Blob => Value::Blob(row.try_get(at).map_err(problem)?),
                Type::Text => Value::Text(row.try_get(at).map_err(problem)?),
            })
        })
        .collect()
}

//! The rules of the fields, the same for CSV and JSON: from cells to a message.
//!
//! Fields are looked at in the order of the columns and the first problem is reported, with its
//! field and without its value.

use super::columns::{Cells, Column};
use crate::{
    event::{EventKind, FeedMessage, ResidentEvent},
    record::{ResidentRecord, Sex},
};
use base::{
    Date, Label, Personal, Problem, labels,
    limits::{ADDRESS_BYTES_MAX, NAME_BYTES_MAX},
};
use numbers::NumberRefusal;
use std::str::FromStr;

/// The message that these cells write.
pub(super) fn message(cells: &Cells<'_>) -> Result<FeedMessage, Problem> {
    Ok(FeedMessage {
        municipality: number(Column::Municipality, needed(cells, Column::Municipality)?)?,
        sequence: sequence(needed(cells, Column::Sequence)?)?,
        event: ResidentEvent {
            kind: kind(needed(cells, Column::Event)?)?,
            on: date(cells, Column::EventDate)?,
            code: match cells.get(Column::ResidentRecordCode) {
                "" => None,
                code => Some(number(Column::ResidentRecordCode, code)?),
            },
            record: if RECORD.iter().all(|column| cells.get(*column).is_empty()) {
                None
            } else {
                Some(record(cells)?)
            },
        },
    })
}

fn record(cells: &Cells<'_>) -> Result<ResidentRecord, Problem> {
    Ok(ResidentRecord {
        name: words(cells, Column::Name, NAME_BYTES_MAX)?,
        name_kana: match cells.get(Column::NameKana) {
            "" => Personal::default(),
            _ => words(cells, Column::NameKana, NAME_BYTES_MAX)?,
        },
        birth_date: date(cells, Column::BirthDate)?,
        sex: sex(needed(cells, Column::Sex)?)?,
        postal_code: match cells.get(Column::PostalCode) {
            "" => None,
            code => {
                let code = code.parse();
                Some(code.map_err(|_| at(&labels::FEED_POSTAL_CODE, Column::PostalCode))?)
            }
        },
        address: words(cells, Column::Address, ADDRESS_BYTES_MAX)?,
    })
}

fn needed<'a>(cells: &'a Cells<'_>, column: Column) -> Result<&'a str, Problem> {
    match cells.get(column) {
        "" => Err(at(&labels::FEED_FIELD_MISSING, column)),
        cell => Ok(cell),
    }
}

fn number<T: FromStr<Err = NumberRefusal>>(column: Column, cell: &str) -> Result<T, Problem> {
    cell.parse().map_err(|refusal: NumberRefusal| {
        Problem::from_refusal(refusal.label()).in_field(column.name())
    })
}

/// From 1 to 2^63 - 1, the greatest whole number that both databases hold.
fn sequence(cell: &str) -> Result<u64, Problem> {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { cell.parse().ok() } else { None };
    number
        .filter(|number| (1..=i64::MAX as u64).contains(number))
        .ok_or_else(|| at(&labels::FEED_SEQUENCE, Column::Sequence))
}

fn kind(cell: &str) -> Result<EventKind, Problem> {
    cell.parse().map_err(|_| at(&labels::FEED_EVENT, Column::Event))
}

fn sex(cell: &str) -> Result<Sex, Problem> {
    cell.parse().map_err(|_| at(&labels::FEED_SEX, Column::Sex))
}

fn date(cells: &Cells<'_>, column: Column) -> Result<Date, Problem> {
    let cell = needed(cells, column)?;
    calendar_date(cell.as_bytes()).ok_or_else(|| at(&labels::FEED_DATE, column))
}

/// `YYYY-MM-DD` and nothing else that ISO 8601 knows.
fn calendar_date(text: &[u8]) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let read = |digits: &[u8]| {
        digits.iter().try_fold(0i16, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0'))
        })
    };
    let (month, day) = (read(&[m1, m2])? as i8, read(&[d1, d2])? as i8);
    Date::new(read(&[y1, y2, y3, y4])?, month, day).ok()
}

/// A name or an address: some characters that are not blank, none that control.
fn words(cells: &Cells<'_>, column: Column, bytes_max: usize) -> Result<Personal, Problem> {
    let cell = needed(cells, column)?;
    if cell.len() > bytes_max {
        return Err(at(&labels::FEED_FIELD_TOO_LONG, column));
    }
    if holds_control(cell) {
        return Err(at(&labels::FEED_CONTROL_CHARACTER, column));
    }
    if cell.chars().all(char::is_whitespace) {
        return Err(at(&labels::FEED_FIELD_MISSING, column));
    }
    Ok(Personal::new(cell))
}

fn holds_control(text: &str) -> bool {
    // Every control character has a byte below 0x20, 0x7F, or begins with 0xC2 or 0xE2 in UTF-8.
    let suspicious = |byte| byte < 0x20 || matches!(byte, 0x7F | 0xC2 | 0xE2);
    let any = text.bytes().fold(false, |any, byte| any | suspicious(byte));
    any && text.chars().any(is_control)
}

/// Controls proper, line and paragraph separators, and the marks that reverse what is shown.
const fn is_control(c: char) -> bool {
    let marks = matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    marks || matches!(c, '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}')
}

fn at(label: &'static Label, column: Column) -> Problem {
    Problem::new(label, "").in_field(column.name())
}

const RECORD: [Column; 6] = [
    Column::Name,
    Column::NameKana,
    Column::BirthDate,
    Column::Sex,
    Column::PostalCode,
    Column::Address,
];

//! CSV: the header, the lines, and writing a line. RFC 4180, except that a field holds no line
//! break.

use super::{Column, columns::Cells, fields};
use crate::{event::FeedMessage, record::date_text};
use base::{Label, Problem, labels};
use std::borrow::Cow;

/// The header of a feed in CSV, in the order in which [`FeedMessage::to_csv_line`] writes.
pub const CSV_HEADER: &str = "municipality,sequence,event,event_date,resident_record_code,\
                              name,name_kana,birth_date,sex,postal_code,address";

/// Which column stands where.
#[derive(Debug)]
pub(super) struct Header([Column; Column::ALL.len()]);

impl Header {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let mut found = Vec::new();
        let mut unknown = None;
        let mut position = 0;
        split(text, |cell| {
            position += 1;
            match Column::of_name(&cell) {
                Some(column) => found.push(column),
                None => unknown = unknown.or(Some(position)),
            }
        })
        .map_err(|label| Problem::new(label, ""))?;
        // A file without a header has a resident's line here: name the position, not the text.
        if let Some(position) = unknown {
            let label =
                if found.is_empty() { &labels::FEED_HEADER } else { &labels::FEED_FIELD_UNKNOWN };
            return Err(Problem::new(label, format!("column {position}")));
        }
        if let Some(missing) = Column::ALL.iter().find(|column| !found.contains(column)) {
            return Err(Problem::new(&labels::FEED_HEADER, "missing").in_field(missing.name()));
        }
        found.try_into().map(Self).map_err(|_| Problem::new(&labels::FEED_HEADER, "a column twice"))
    }

    /// The message of a line.
    pub(super) fn message(&self, text: &str) -> Result<FeedMessage, Problem> {
        let mut cells = Cells::default();
        let mut count = 0;
        split(text, |cell| {
            if let Some(column) = self.0.get(count) {
                cells.set(*column, cell);
            }
            count += 1;
        })
        .map_err(|label| Problem::new(label, format!("column {}", count + 1)))?;
        if count != self.0.len() {
            let detail = format!("{count} instead of {}", self.0.len());
            return Err(Problem::new(&labels::FEED_COLUMNS, detail));
        }
        fields::message(&cells)
    }
}

impl FeedMessage {
    /// The message as a line of a CSV feed in the columns of [`CSV_HEADER`], with LF. Holds
    /// personal values.
    pub fn to_csv_line(&self) -> String {
        let event = &self.event;
        let (code, on) = (event.code.as_ref().map(|code| code.reveal()), date_text(event.on));
        let code = code.as_deref().unwrap_or_default();
        let mut line =
            format!("{},{},{},{on},{code}", self.municipality, self.sequence, event.kind);
        match &event.record {
            None => line.push_str(",,,,,,"),
            Some(record) => {
                let postal_code = record.postal_code.map(|code| code.reveal()).unwrap_or_default();
                for cell in [
                    record.name.reveal(),
                    record.name_kana.reveal(),
                    &date_text(record.birth_date),
                    record.sex.word(),
                    &postal_code,
                    record.address.reveal(),
                ] {
                    line.push(',');
                    push_cell(&mut line, cell);
                }
            }
        }
        line.push('\n');
        line
    }
}

fn push_cell(line: &mut String, cell: &str) {
    if !cell.contains([',', '"', '\r', '\n']) {
        return line.push_str(cell);
    }
    line.push('"');
    line.push_str(&cell.replace('"', "\"\""));
    line.push('"');
}

/// Gives each cell of a line to `take`.
fn split<'a>(line: &'a str, mut take: impl FnMut(Cow<'a, str>)) -> Result<(), &'static Label> {
    let mut rest = line;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted)?,
            None => plain_cell(rest)?,
        };
        take(cell);
        match after {
            Some(next) => rest = next,
            None => return Ok(()),
        }
    }
}

/// A cell and, unless it is the last, what stands after its comma.
type Cell<'a> = Result<(Cow<'a, str>, Option<&'a str>), &'static Label>;

fn plain_cell(text: &str) -> Cell<'_> {
    match text.bytes().position(|byte| matches!(byte, b',' | b'"')) {
        None => Ok((Cow::Borrowed(text), None)),
        Some(end) if text.as_bytes()[end] == b',' => {
            Ok((Cow::Borrowed(&text[..end]), Some(&text[end + 1..])))
        }
        Some(_) => Err(&labels::FEED_QUOTE),
    }
}

/// `text` begins after the opening quotation mark.
fn quoted_cell(text: &str) -> Cell<'_> {
    let mut unescaped = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"').ok_or(&labels::FEED_QUOTE)?;
        if let Some(next) = after.strip_prefix('"') {
            unescaped.push_str(before);
            unescaped.push('"');
            rest = next;
            continue;
        }
        let cell = if unescaped.is_empty() {
            Cow::Borrowed(before)
        } else {
            Cow::Owned(unescaped + before)
        };
        return match after.strip_prefix(',') {
            Some(next) => Ok((cell, Some(next))),
            None if after.is_empty() => Ok((cell, None)),
            None => Err(&labels::FEED_QUOTE),
        };
    }
}

//! One line of a municipal feed and its form as CSV (RFC 4180 quoting, UTF-8, LF).
//!
//! Owns the column order. Although nobody in the feed exists, its values are handled like personal
//! ones: `Debug` leaves them out, so that a run on invented residents shows what a real one would.

use std::fmt;

use jiff::civil::Date;
use numbers::LocalGovernmentCode;

/// The first line of a CSV feed, line end included.
pub const CSV_HEADER: &str = "municipality,sequence,event,event_date,resident_record_code,name,\
                              name_kana,birth_date,sex,postal_code,address\n";

/// One resident event as its municipality reports it.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedLine {
    /// The reporting municipality, or ward of a designated city.
    pub municipality: LocalGovernmentCode,
    /// Position among this municipality's lines, from 1, without gaps.
    pub sequence: u64,
    /// `ex_officio_entry`, `birth`, `move_in`, `move_within`, `move_out`, `name_change`, `death`,
    /// `ex_officio_correction` or `ex_officio_deletion`.
    pub event: &'static str,
    /// The day it happened.
    pub event_date: Date,
    /// The resident record code, as the caller supplied it.
    pub code: String,
    /// The resident's record after the event; `None` when the event ends it here (`move_out`,
    /// `death`, `ex_officio_deletion`).
    pub record: Option<FeedRecord>,
}

/// The four facts of identification and the reading of the name.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedRecord {
    /// Family and given name with U+3000 between; Latin names in capitals with a space.
    pub name: String,
    /// Reading in full-width katakana with U+3000 between.
    pub name_kana: String,
    /// Day of birth.
    pub birth_date: Date,
    /// `male`, `female` or `unknown`.
    pub sex: &'static str,
    /// Seven digits.
    pub postal_code: &'static str,
    /// From the prefecture on, digits in full width.
    pub address: String,
}

impl FeedLine {
    /// The line as CSV, line end included; the fields of an absent record are empty.
    #[must_use]
    pub fn to_csv_line(&self) -> String {
        let mut out = String::with_capacity(256);
        self.write_csv(&mut out);
        out
    }

    /// Appends the line as CSV, line end included.
    pub fn write_csv(&self, out: &mut String) {
        push_field(out, &self.municipality.to_string());
        push_field(out, &self.sequence.to_string());
        push_field(out, self.event);
        push_field(out, &self.event_date.to_string());
        push_field(out, &self.code);
        match &self.record {
            Some(record) => record.push_fields(out),
            None => out.push_str(",,,,,,"),
        }
        out.pop();
        out.push('\n');
    }
}

impl FeedRecord {
    fn push_fields(&self, out: &mut String) {
        push_field(out, &self.name);
        push_field(out, &self.name_kana);
        push_field(out, &self.birth_date.to_string());
        push_field(out, self.sex);
        push_field(out, self.postal_code);
        push_field(out, &self.address);
    }
}

impl fmt::Debug for FeedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedLine")
            .field("municipality", &format_args!("{}", self.municipality))
            .field("sequence", &self.sequence)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FeedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedRecord").finish_non_exhaustive()
    }
}

/// Appends a field and the comma behind it.
fn push_field(out: &mut String, field: &str) {
    if field.contains([',', '"', '\r', '\n']) {
        out.push('"');
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(field);
    }
    out.push(',');
}

#[cfg(test)]
mod tests {
    use csv_core::{ReadRecordResult, Reader};
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn line(address: &str) -> FeedLine {
        let record = FeedRecord {
            name: "\u{20BB7}田　花子".to_owned(),
            name_kana: "ヨシダ　ハナコ".to_owned(),
            birth_date: date(1990, 2, 3),
            sex: "female",
            postal_code: "1000000",
            address: address.to_owned(),
        };
        FeedLine {
            municipality: "131016".parse().expect("a valid code"),
            sequence: 7,
            event: "move_in",
            event_date: date(2025, 4, 1),
            code: "24727059608".to_owned(),
            record: Some(record),
        }
    }

    #[test]
    fn a_plain_line_is_not_quoted() {
        let expected = "131016,7,move_in,2025-04-01,24727059608,𠮷田　花子,ヨシダ　ハナコ,\
                        1990-02-03,female,1000000,東京都千代田区\n";
        assert_eq!(line("東京都千代田区").to_csv_line(), expected);
    }

    #[test]
    fn a_comma_a_quote_or_a_line_end_is_quoted() {
        let quoted = |address: &str| line(address).to_csv_line();
        assert!(quoted("光,弐番館").ends_with(",\"光,弐番館\"\n"));
        assert!(quoted("\"花\"").ends_with(",\"\"\"花\"\"\"\n"));
        assert!(quoted("一\n二").ends_with(",\"一\n二\"\n"));
    }

    #[test]
    fn an_absent_record_leaves_its_fields_empty() {
        let mut line = line("");
        line.record = None;
        assert_eq!(line.to_csv_line(), "131016,7,move_in,2025-04-01,24727059608,,,,,,\n");
        assert_eq!(CSV_HEADER.matches(',').count(), line.to_csv_line().matches(',').count());
    }

    /// The fields of one line as an independent reader sees them.
    fn read_back(line: &str) -> Vec<String> {
        let (mut out, mut ends) = (vec![0; line.len() + 16], [0; 32]);
        let read = Reader::new().read_record(line.as_bytes(), &mut out, &mut ends);
        let (ReadRecordResult::Record, taken, _, fields) = read else { panic!("no record") };
        assert_eq!(taken, line.len());
        let starts = [0].into_iter().chain(ends);
        let field = |(start, end): (usize, &usize)| out[start..*end].to_vec();
        let bytes = starts.zip(&ends[..fields]).map(field);
        bytes.map(|bytes| String::from_utf8(bytes).expect("UTF-8")).collect()
    }

    proptest! {
        #[test]
        fn an_independent_reader_sees_what_was_written(address: String, name: String) {
            let mut line = line(&address);
            line.record.as_mut().expect("a record").name = name.clone();
            let fields = read_back(&line.to_csv_line());
            prop_assert_eq!(fields.len(), 11);
            prop_assert_eq!((&fields[5], &fields[10]), (&name, &address));
        }
    }

    #[test]
    fn debug_shows_no_resident() {
        let line = line("東京都千代田区");
        let shown = format!("{line:?} {:?}", line.record);
        assert!(shown.contains("131016") && shown.contains("move_in"), "{shown}");
        for personal in ["24727059608", "花子", "ハナコ", "1990", "千代田"] {
            assert!(!shown.contains(personal), "{personal}");
        }
    }
}

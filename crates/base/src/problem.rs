//! What went wrong, said so that the caller knows what to do.
//!
//! A problem carries a label from the one table in `labels`, a detail in plain words and, for
//! files and forms, the place. Neither ever holds a personal value: the place names line and
//! field, the detail names rules and positions.

use crate::labels::{self, Label, Remedy};
use std::fmt;
use std::io::{self, ErrorKind};

/// Something that went wrong, with its stable label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    label: &'static Label,
    detail: String,
    place: Place,
}

/// Where in the input it went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Line of the file, counted from 1.
    pub line: Option<u64>,
    /// Field or parameter.
    pub field: Option<&'static str>,
}

impl Problem {
    /// A problem of the table, with a detail that holds no personal value.
    pub fn new(label: &'static Label, detail: impl Into<String>) -> Self {
        Self { label, detail: detail.into(), place: Place::default() }
    }

    /// A problem from the label of a refusal of a pure crate. A label that the table does not know
    /// becomes `internal`, which a test keeps from happening.
    pub fn from_refusal(label: &'static str) -> Self {
        match labels::find(label) {
            Some(entry) => Self::new(entry, ""),
            None => Self::new(&labels::INTERNAL, format!("unlisted label {label}")),
        }
    }

    /// A file or stream that could not be read or written: `store_full` where there was no room,
    /// `io` otherwise.
    #[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
    pub fn from_io(error: io::Error) -> Self {
        let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        Self::new(if full { &labels::STORE_FULL } else { &labels::IO }, error.kind().to_string())
    }

    /// The same problem with a detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same problem at a line.
    #[must_use]
    pub const fn at_line(mut self, line: u64) -> Self {
        self.place.line = Some(line);
        self
    }

    /// The same problem in a field.
    #[must_use]
    pub const fn in_field(mut self, field: &'static str) -> Self {
        self.place.field = Some(field);
        self
    }

    /// The stable label's text.
    pub const fn label(&self) -> &'static str {
        self.label.text
    }

    /// The table's entry.
    pub const fn entry(&self) -> &'static Label {
        self.label
    }

    /// What the caller should do.
    pub const fn remedy(&self) -> Remedy {
        self.label.remedy
    }

    /// Whether the platform itself is at fault, its store or its keys: whoever asks for something
    /// else now meets it too, and what was begun must not go on without its rest.
    pub fn is_of_the_platform(&self) -> bool {
        self.remedy() == Remedy::Broken || OF_THE_PLATFORM.contains(&self.label)
    }

    /// The detail in plain words; may be empty.
    pub fn detail_text(&self) -> &str {
        &self.detail
    }

    /// Where it went wrong.
    pub const fn place(&self) -> Place {
        self.place
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.place.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(field) = self.place.field {
            write!(f, "{field}: ")?;
        }
        write!(f, "{} [{}]", self.label.english, self.label.text)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// What passes by itself, and yet is nobody's request's fault.
const OF_THE_PLATFORM: [&Label; 5] = [
    &labels::STORE_BUSY,
    &labels::STORE_FULL,
    &labels::STORE_UNREACHABLE,
    &labels::HSM_UNAVAILABLE,
    &labels::HSM_GONE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_place_words_label_and_detail() {
        let problem = Problem::from_refusal("feed_line_cut").at_line(7).in_field("address");
        let shown = problem.detail("no line end").to_string();
        assert!(shown.starts_with("line 7: address: "), "{shown}");
        assert!(shown.ends_with("[feed_line_cut]: no line end"), "{shown}");
    }

    #[test]
    fn no_room_is_told_from_other_failures() {
        for (kind, label) in [
            (ErrorKind::StorageFull, "store_full"),
            (ErrorKind::QuotaExceeded, "store_full"),
            (ErrorKind::PermissionDenied, "io"),
            (ErrorKind::BrokenPipe, "io"),
        ] {
            let problem = Problem::from_io(kind.into());
            assert_eq!((problem.label(), problem.detail_text()), (label, &*kind.to_string()));
        }
    }

    #[test]
    fn what_ails_the_platform_is_told_from_what_ails_a_request() {
        for (label, is) in [
            ("store_busy", true),
            ("hsm_unavailable", true),
            ("hsm_gone", true),
            ("hsm_answer_wrong", true),
            ("internal", true),
            ("overloaded", false),
            ("individual_number_length", false),
            ("hsm_mechanism", false),
        ] {
            assert_eq!(Problem::from_refusal(label).is_of_the_platform(), is, "{label}");
        }
    }

    #[test]
    fn an_unlisted_label_is_internal() {
        assert_eq!(Problem::from_refusal("no_such_label").label(), "internal");
    }
}

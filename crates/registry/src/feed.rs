//! The reader of feed files: CSV in UTF-8 or Shift_JIS, or JSON Lines, one message per line.
//!
//! Owns the limits of what is held at once: one line, whatever the size of the file; a longer line
//! is skipped without being held. A bad line is a problem with line and field, never with the
//! value, and reading goes on after it. What is kept is kept as written: nothing is normalised.

mod columns;
mod csv;
mod encoding;
mod fields;
mod json;
mod lines;

use crate::event::FeedMessage;
use base::{Label, Problem, labels};
use columns::Column;
pub use csv::CSV_HEADER;
use csv::Header;
use encoding::Decoder;
use lines::{Extent, Lines};
use std::io::{self, BufRead};

/// A feed being read. Gives each message with its line, counted from 1, or what is wrong there.
///
/// After a fault of the input itself (`io`) or of the CSV header there is nothing further.
#[derive(Debug)]
pub struct FeedReader<R> {
    lines: Lines<R>,
    decoder: Decoder,
    state: State,
}

/// How messages are written in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// RFC 4180 with a header, but no line breaks within fields.
    Csv,
    /// One JSON object per line, in UTF-8.
    JsonLines,
}

#[derive(Debug)]
enum State {
    Start(Option<Format>),
    Csv(Header),
    JsonLines,
    Ended,
}

impl<R: BufRead> FeedReader<R> {
    /// A reader from the first byte on. Without a format the first byte after a byte-order mark
    /// decides: `{` begins JSON Lines, anything else CSV.
    pub fn new(input: R, format: Option<Format>) -> Self {
        let decoder = Decoder::default();
        Self { lines: Lines::new(input), decoder, state: State::Start(format) }
    }

    /// What the next line holds; `None` for a line without a message: header or empty.
    fn read_line(&mut self, extent: Extent) -> Result<Option<FeedMessage>, Problem> {
        let mut line = self.lines.line();
        if let State::Start(format) = self.state {
            line = self.decoder.strip_mark(line);
            let json = format.map_or(line.first() == Some(&b'{'), |f| f == Format::JsonLines);
            if !json {
                self.state = State::Ended;
                let text = self.decoder.decode(whole(extent, line)?).map_err(plain)?;
                self.state = State::Csv(Header::read(text)?);
                return Ok(None);
            }
            self.decoder.expect_utf8();
            self.state = State::JsonLines;
        }
        let line = whole(extent, line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = self.decoder.decode(line).map_err(plain)?;
        let message = match &self.state {
            State::Csv(header) => header.message(text),
            _ => FeedMessage::from_json_line(text),
        };
        message.map(Some)
    }

    /// At the end of the input: a CSV feed without even a header is no feed.
    fn end(&mut self) -> Option<Problem> {
        let state = std::mem::replace(&mut self.state, State::Ended);
        let headless = matches!(state, State::Start(None | Some(Format::Csv)));
        headless.then(|| Problem::new(&labels::FEED_HEADER, "the file is empty").at_line(1))
    }

    fn fail(&mut self, error: &io::Error) -> Problem {
        self.state = State::Ended;
        // The message of an error may hold a path or what was read; its kind holds neither.
        Problem::new(&labels::IO, error.kind().to_string()).at_line(self.lines.number() + 1)
    }
}

impl<R: BufRead> Iterator for FeedReader<R> {
    type Item = Result<(u64, FeedMessage), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        while !matches!(self.state, State::Ended) {
            let extent = match self.lines.advance() {
                Ok(Some(extent)) => extent,
                Ok(None) => return self.end().map(Err),
                Err(error) => return Some(Err(self.fail(&error))),
            };
            let number = self.lines.number();
            match self.read_line(extent) {
                Ok(Some(message)) => return Some(Ok((number, message))),
                Ok(None) => {}
                Err(problem) => return Some(Err(problem.at_line(number))),
            }
        }
        None
    }
}

fn whole(extent: Extent, line: &[u8]) -> Result<&[u8], Problem> {
    match extent {
        Extent::Whole => Ok(line),
        Extent::TooLong => Err(plain(&labels::FEED_LINE_TOO_LONG)),
        Extent::Cut => Err(plain(&labels::FEED_LINE_CUT)),
    }
}

fn plain(label: &'static Label) -> Problem {
    Problem::new(label, "")
}

#[cfg(test)]
mod tests;

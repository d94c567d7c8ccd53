//! What a command answers with: text for people, JSON for programs, an exit code for scripts; and
//! how a problem is told so that the reader knows what to do.

use crate::cli::Colour;
use base::{Problem, Remedy, labels};
use serde_json::{Value, json};
use std::io::{self, ErrorKind, IsTerminal, StdoutLock, Write};

/// The answer of a command.
pub(crate) struct Answer {
    pub(crate) text: String,
    /// Null where the command's own stream is the answer.
    pub(crate) json: Value,
    pub(crate) exit: u8,
}

impl Answer {
    /// Done, and everything holds.
    pub(crate) fn good(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, exit: 0 }
    }

    /// The same answer for something that does not hold.
    pub(crate) fn holds_if(mut self, holds: bool) -> Self {
        self.exit = u8::from(!holds);
        self
    }
}

/// Standard output of a command whose own stream is the answer.
pub(crate) struct Stream {
    out: StdoutLock<'static>,
    failed: Option<ErrorKind>,
}

impl Stream {
    pub(crate) fn open() -> Self {
        Self { out: io::stdout().lock(), failed: None }
    }

    /// What came of the command: what it says itself, unless the stream failed before.
    pub(crate) fn end(mut self, done: Result<(), Problem>) -> Result<(), Problem> {
        // Noted as any other failure.
        drop(self.flush());
        self.failed.map_or(done, |kind| unless_closed(Err(kind.into())))
    }

    fn noted<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        let kind = written.as_ref().err().map(io::Error::kind);
        // An interrupted write is tried again by whoever asked for it.
        self.failed = self.failed.or(kind.filter(|kind| *kind != ErrorKind::Interrupted));
        written
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.noted(flushed)
    }
}

/// Prints an answer on standard output. Refused with `io` when it cannot be written as a whole.
pub(crate) fn print(answer: &Answer, as_json: bool) -> Result<(), Problem> {
    if as_json && !answer.json.is_null() {
        return print_line(&answer.json);
    }
    let mut out = io::stdout().lock();
    let end = if answer.text.is_empty() || answer.text.ends_with('\n') { "" } else { "\n" };
    unless_closed(write!(out, "{}{end}", answer.text).and_then(|()| out.flush()))
}

/// A closed pipe is no failure: its reader has had enough, and there is nobody left to tell.
pub(crate) fn unless_closed(written: io::Result<()>) -> Result<(), Problem> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let told = format!("standard output: {}; what was done stays done", error.kind());
            Err(Problem::new(&labels::IO, told))
        }
        _ => Ok(()),
    }
}

/// Prints a problem and what to do about it.
pub(crate) fn print_problem(problem: &Problem, as_json: bool, colour: Colour) -> io::Result<()> {
    // Where standard output takes nothing, standard error is the only place left.
    if as_json && print_line(&problem_json(problem)).is_ok() {
        return Ok(());
    }
    let mut err = io::stderr().lock();
    let (red, bold, plain) =
        if coloured(colour) { ("\u{1b}[1;31m", "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
    writeln!(err, "{red}error{plain}{bold}: {problem}{plain}")?;
    writeln!(err, "  {}", problem.entry().japanese)?;
    writeln!(err, "  {bold}what to do{plain}: {}", advice(problem))
}

/// Prints what kind of mistake the command line holds, as JSON.
pub(crate) fn print_usage(kind: clap::error::ErrorKind) -> Result<(), Problem> {
    let answer = json!({
        "label": "usage",
        "title": "The command line is not one of this program",
        "title_ja": "コマンドの使い方が正しくありません",
        "detail": kind.as_str().unwrap_or_default(),
        "line": null,
        "field": null,
    });
    print_line(&answer)
}

fn print_line(document: &Value) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    unless_closed(writeln!(out, "{document}").and_then(|()| out.flush()))
}

/// A problem as JSON.
pub(crate) fn problem_json(problem: &Problem) -> Value {
    json!({
        "label": problem.label(),
        "title": problem.entry().english,
        "title_ja": problem.entry().japanese,
        "detail": problem.detail_text(),
        "line": problem.place().line,
        "field": problem.place().field,
    })
}

/// The exit code of a problem.
pub(crate) fn exit_code(problem: &Problem) -> u8 {
    match problem.remedy() {
        Remedy::Refused => 3,
        Remedy::Absent => 4,
        Remedy::Again => 5,
        Remedy::Broken => 6,
    }
}

/// A table for people.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(header.iter().copied());
    rows.iter().for_each(|row| {
        table.add_row(row);
    });
    table.to_string()
}

/// The program by the name it was called, so that a command shown can be given as it stands.
pub(crate) fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "sekisho".to_owned())
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn coloured(colour: Colour) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    }
}

fn advice(problem: &Problem) -> &'static str {
    match problem.label() {
        "not_initialised" => "run `sekisho init` first, or `sekisho up` for a country in small",
        "already_initialised" => "choose another --data directory; nothing was changed",
        "keystore_permissions" => "chmod 700 the directory and 600 the file, and ask who read it",
        "keystore_passphrase" | "passphrase_missing" => {
            "give the passphrase in a file (keys.passphrase_file) or in SEKISHO_PASSPHRASE"
        }
        "config_key_unknown" | "config_malformed" => "`sekisho config` prints every key explained",
        "store_full" => {
            "make room on the disk and run the same command again; nothing is half done"
        }
        "ledger_split" => "stop, keep both copies as evidence, and find out which one was replaced",
        "revocation_list_ahead" => {
            "stop: the store is older than the lists; put its newest copy back (docs/authority.md)"
        }
        "witness_quorum" => {
            "wait for the next checkpoint, or ask the ledger's operator which witness is missing"
        }
        "stock_empty" => {
            "give the municipality a stock: `sekisho stock --municipality CODE --count N`"
        }
        "key_in_use" => "`sekisho keys status` shows which keys nothing needs any more",
        "key_label_unknown" => "`sekisho keys status` names the keys; the next epoch is one more",
        "ceremony_unfit" => "correct the file, have it reviewed again, and `--check` it",
        "number_change_reason" => "name the leak: theft, loss, disclosure, intrusion or misuse",
        _ => match problem.remedy() {
            Remedy::Refused => "correct the input; the same request will be refused again",
            Remedy::Absent => "check what was asked for",
            Remedy::Again => "try again later, as it is",
            Remedy::Broken => "run `sekisho verify`, keep the logs, and call an operator",
        },
    }
}

/// The exit code of a command line that is not understood.
pub(crate) const USAGE: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn every_label_has_an_exit_code_and_advice() {
        for label in labels::ALL {
            let problem = Problem::new(label, "");
            assert!((3..=6).contains(&exit_code(&problem)));
            assert!(!advice(&problem).is_empty());
        }
    }
}

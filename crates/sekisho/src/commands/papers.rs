//! `number`, `kat`, `completions` and `man`: what needs no platform.

use crate::cli::{Cli, Family, Number};
use crate::output::{Answer, Stream};
use crate::{kat, number};
use base::{Problem, labels};
use clap::CommandFactory;
use serde_json::Value;
use std::io::{BufRead, Write};
use std::path::Path;

/// Checks or explains numbers.
pub(crate) fn number(asked: Number) -> Result<Answer, Problem> {
    match asked {
        Number::Check { numbers } => {
            let lines = number::check(read_numbers(numbers)?.into_iter(), None);
            let valid = lines.iter().all(number::CheckLine::is_valid);
            let answer: Vec<_> = lines.iter().map(number::CheckLine::json).collect();
            Ok(Answer::good(number::check_table(&lines), answer.into()).holds_if(valid))
        }
        Number::Explain { number, family } => {
            let explained = number::explain(&number, family.map(Family::into_numbers))
                .map_err(|refusal| Problem::new(&labels::REQUEST_MALFORMED, refusal.to_string()))?;
            let text = number::explain_table(&explained);
            Ok(Answer::good(text, number::explain_json(&explained)))
        }
    }
}

/// Answers known-answer questions, line by line.
pub(crate) fn kat() -> Result<Answer, Problem> {
    let mut out = Stream::open();
    let answered = std::io::stdin().lock().lines().try_for_each(|line| {
        let line = line?;
        if line.trim().is_empty() { Ok(()) } else { writeln!(out, "{}", kat::answer_line(&line)) }
    });
    out.end(answered.map_err(Problem::from_io))?;
    Ok(Answer::good("", Value::Null))
}

/// Prints a completion script.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Answer, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sekisho", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let answer = serde_json::json!({ "shell": shell.to_string(), "script": script });
    Ok(Answer::good(script, answer))
}

/// Writes a manual page for the program and for each command.
pub(crate) fn man(directory: &Path) -> Result<Answer, Problem> {
    std::fs::create_dir_all(directory).map_err(Problem::from_io)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(Problem::from_io)?;
    let text = format!("manual pages are in {}", directory.display());
    Ok(Answer::good(text, serde_json::json!({ "directory": directory })))
}

fn read_numbers(arguments: Vec<String>) -> Result<Vec<String>, Problem> {
    if arguments != ["-"] {
        return Ok(arguments);
    }
    let lines: Result<Vec<_>, _> = std::io::stdin().lock().lines().collect();
    lines.map_err(Problem::from_io)
}

impl Family {
    const fn into_numbers(self) -> numbers::Family {
        match self {
            Self::IndividualNumber => numbers::Family::IndividualNumber,
            Self::ResidentRecordCode => numbers::Family::ResidentRecordCode,
            Self::CorporateNumber => numbers::Family::CorporateNumber,
            Self::LocalGovernmentCode => numbers::Family::LocalGovernmentCode,
        }
    }
}

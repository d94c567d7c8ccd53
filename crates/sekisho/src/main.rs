//! The one program: configuration, wiring, subcommands. No rule of the domain lives here.

mod bench;
mod cli;
mod commands;
mod config;
mod draw;
mod kat;
mod number;
mod output;
mod progress;
mod wiring;

use clap::Parser;
use clap::error::ErrorKind;
use cli::Cli;
use std::process::ExitCode;

/// An import makes and drops some dozens of small values per message, on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let (as_json, colour) = (cli.global.json, cli.global.color);
    let told = match commands::run(cli) {
        Ok(answer) => output::print(&answer, as_json).map(|()| answer.exit),
        Err(problem) => {
            output::print_problem(&problem, as_json, colour).map(|()| output::exit_code(&problem))
        }
    };
    // A closed pipe: the reader has had enough, and there is nobody left to tell.
    ExitCode::from(told.unwrap_or(0))
}

/// Help, version, or what is wrong with the command line. In JSON without the words given, which may
/// hold a number.
fn usage(error: &clap::Error) -> ExitCode {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let as_json = std::env::args_os().any(|word| word == "--json");
    // A closed pipe, as above.
    drop(if as_json && !asked_for { output::print_usage(error.kind()) } else { error.print() });
    ExitCode::from(if asked_for { 0 } else { output::USAGE })
}

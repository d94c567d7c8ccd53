//! The one program: configuration, wiring, subcommands. No rule of the domain lives here.

mod bench;
mod ceremony;
mod cli;
mod commands;
mod config;
mod draw;
mod kat;
mod key_devices;
mod number;
mod output;
mod progress;
mod rounds;
mod wiring;

use clap::Parser;
use clap::error::ErrorKind;
use cli::Cli;
use std::io::Write as _;
use std::process::ExitCode;

/// An import makes and drops some dozens of small values per message, on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before anything else: a child knows no configuration, and nobody is to start one by hand.
    if std::env::args_os().skip(1).eq([key_devices::CHILD]) {
        return hsm::child::run();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let (as_json, colour) = (cli.global.json, cli.global.color);
    let code = match commands::run(cli) {
        Ok(answer) => output::print(&answer, as_json).map(|()| answer.exit),
        Err(problem) => Err(problem),
    };
    ExitCode::from(code.unwrap_or_else(|problem| {
        // What cannot be told is told by the exit code.
        drop(output::print_problem(&problem, as_json, colour));
        output::exit_code(&problem)
    }))
}

/// Help, version, or what is wrong with the command line. In JSON without the words given, which
/// may hold a number.
fn usage(error: &clap::Error) -> ExitCode {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let as_json = std::env::args_os().any(|word| word == "--json");
    let told = if as_json && !asked_for {
        output::print_usage(error.kind())
    } else {
        output::unless_closed(error.print().and_then(|()| std::io::stdout().flush()))
    };
    ExitCode::from(match told {
        _ if !asked_for => output::USAGE,
        Ok(()) => 0,
        Err(problem) => output::exit_code(&problem),
    })
}

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
use cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
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

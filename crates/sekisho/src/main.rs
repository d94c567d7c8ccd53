//! The one program: configuration, wiring, subcommands. No logic lives here.

fn main() {}

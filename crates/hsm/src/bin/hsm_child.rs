//! The child for tests of this crate: loads the library that it is told to load, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho_hsm::child::run()
}

//! A witness of the ledger, as the publisher asks it (C2SP tlog-witness).
//!
//! Trust: none. Whatever is answered counts only if the witness's verifier key confirms it, and a
//! witness that is silent costs no more than the time it was given.

use base::Problem;
use std::time::Duration;

/// The way to one witness.
pub trait Witness: Send + Sync {
    /// Puts the body of an `add-checkpoint` request to the witness. Returns within the time given,
    /// give or take a scheduler's moment.
    ///
    /// `witness_unreachable` when there is no whole answer by then; the witness may have cosigned
    /// all the same.
    fn add_checkpoint(&self, request: &str, within: Duration) -> Result<WitnessAnswer, Problem>;
}

/// What a witness answered; not yet believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty if it was not text.
    pub body: String,
}

//! Identifiers that the platform gives out itself. None of them says anything about a person.

use std::fmt;

/// A person in the store: a row number, given in the order in which persons became known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PersonId(pub i64);

/// An acknowledged act: its place in the ledger, counted from 0 and without gaps.
///
/// The place is given in the transaction that commits the act, so the id that a caller is
/// answered with can be read back, and proved, for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ActId(pub u64);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for ActId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

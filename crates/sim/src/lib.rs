//! A country in small, drawn from a seed: invented residents spread over the real registrars of
//! Japan, and the lines their municipalities would feed in over a year.
//!
//! Owns the tables of names and streets and the order of events. Nobody in it exists. Assumes
//! nothing about who reads the feed: resident record codes are handed in by the caller, and what
//! comes out is plain lines. The same seed, residents, registrars, start day and codes give the
//! same bytes on every platform and in every version; the tests keep one such feed.

mod address;
mod dice;
mod feed;
mod names;
mod offices;
mod population;
mod resident;

pub use dice::Dice;
pub use feed::{CSV_HEADER, FeedLine, FeedRecord};
pub use population::Population;

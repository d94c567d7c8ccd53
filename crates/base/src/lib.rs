//! The words every part of Sekisho says: ids, actors, purposes, time, limits, problems.
//!
//! Owns the vocabulary that crosses crate borders and nothing else: no rule, no format, no I/O.
//! Time and chance enter the platform as values of this crate (`Moment`, `Entropy`), so that a
//! decision can be replayed with the ones it was made with.

mod actor;
mod entropy;
mod ids;
pub mod labels;
pub mod limits;
mod moment;
mod problem;
mod purpose;
mod secret;

pub use actor::{Actor, ActorRefusal};
pub use entropy::Entropy;
pub use ids::{ActId, PersonId};
pub use jiff::civil::Date;
pub use labels::{Label, Remedy};
pub use moment::{Clock, Moment};
pub use problem::{Place, Problem};
pub use purpose::{Purpose, PurposeRefusal};
pub use secret::Personal;

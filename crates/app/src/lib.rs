//! The use cases: where the decisions meet the store, the keys and the ledger.
//!
//! Each use case is one file with one function: ask for the permit, look at what is so, let the
//! decision crate decide, put the rows and the act into the unit of work (`work`). Nothing is
//! written on the way: the one write door is [`commit`], which carries many acts in one transaction.

pub mod commit;
pub mod init;
pub mod platform;
pub mod publish;
pub mod work;

mod people;

pub use commit::Committer;
pub use platform::{KeyNames, Platform};
pub use publish::Publisher;
pub use work::Work;

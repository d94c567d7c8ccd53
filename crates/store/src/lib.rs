//! The stores of the platform: SQLite (embedded) and PostgreSQL, behind `ports::Store`.
//!
//! Owns all SQL. One description of the tables (`tables`), one text per query (`session`), one
//! migration runner (`migrate`); an `Engine` is the little that differs between the two databases.
//! Assumes that callers hand in sealed bytes only: nothing here can open them.

mod checkpointer;
mod directory;
mod engine;
mod holders;
mod links;
mod migrate;
mod pg_values;
mod postgresql;
mod record;
mod session;
mod sqlite;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;

pub use directory::PublicationDirectory;
pub use migrate::{SCHEMA_VERSION, columns_in_use};
pub use postgresql::PostgresStore;
pub use sqlite::{SqliteOptions, SqliteStore};

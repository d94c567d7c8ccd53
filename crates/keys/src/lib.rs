//! The soft key store: keys in one file, sealed under a passphrase.
//!
//! Owns the file's format, its protection on disk and the keys at work in memory; gives nothing
//! private away. Also here: where passphrases come from, the operating system's entropy, and the
//! suite that every key store must pass. Assumes a Unix file system with owners, permissions,
//! atomic renaming and advisory locks.

mod entropy;
mod file;
mod format;
mod passphrase;
mod placed;
mod ring;
mod signing;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use entropy::OsEntropy;
pub use format::KdfParams;
pub use passphrase::Passphrase;
pub use placed::PlacedKeyStore;
pub use store::SoftKeyStore;

//! The ledger's mechanisms: an append-only Merkle log that anybody can check from outside.
//!
//! Owns the formats of RFC 6962 §2 and of C2SP tlog-tiles, signed-note, tlog-checkpoint,
//! tlog-cosignature (version 1) and tlog-witness, and the form of this platform's own leaves.
//! Everything is bytes in, bytes out: storage, clocks and private keys are the caller's.
//!
//! Read in the order of the modules: hashes, tiles, proofs, then what is signed, then what a leaf
//! says, and last the audit that needs all of them.

pub mod tree;

pub mod bundle;
pub mod grow;
pub mod tile;

pub mod proof;
pub mod prove;

pub mod checkpoint;
pub mod note;
pub mod witness;

pub mod leaf;

pub mod audit;

pub use tree::{Frontier, Hash, TreeHead};

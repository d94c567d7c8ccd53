//! Envelope sealing, blind indexes and the classes of every stored column.
//!
//! Personal content is sealed under a data key per person; the data key is wrapped by a key that
//! never leaves the key store. This crate owns the formats and the pure half of the work: it is
//! handed keys and chance, and knows neither files nor databases. What needs a key of the key
//! store (blind index, pseudonym, wrapping) is prepared here as a message and finished there.
//!
//! Assumes that a data key is drawn from real entropy and used for one person only.

mod aead;
mod blind;
pub mod columns;
mod data_key;
mod digest_key;
pub mod fields;
mod place;
mod prf;
mod refusal;

pub use aead::{OVERHEAD, SealingKey};
pub use blind::{BlindIndex, blind_index, blind_message, subject_message};
pub use columns::Class;
pub use data_key::{DataKey, OpenedKey, open, seal};
pub use digest_key::DigestKey;
pub use place::{Place, WrapPlace};
pub use refusal::SealRefusal;

//! The traits through which the use cases meet the world.
//!
//! Owns contracts, no behaviour: what a store promises when it says a transaction is committed,
//! what a key store never gives away. The hands (`store`, `keys`) implement them; one suite of
//! tests per trait is run on every implementation.

pub mod keys;
pub mod publication;
pub mod rows;
pub mod store;
pub mod witness;

pub use keys::{DeviceCondition, DeviceState, Domain, KeyInfo, KeyKind, KeyLabel, KeyStore};
pub use publication::Publication;
pub use store::{CertificateView, Store, Tx, TxWork, View, ViewWork};
pub use witness::{Witness, WitnessAnswer};

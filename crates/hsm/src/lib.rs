//! Keys in hardware: PKCS#11 devices, each behind a child process of its own.
//!
//! [`HsmStore`] is the key store. A vendor's library is loaded in a child only, so that a crash or
//! an endless wait in it costs the child; the child is watched, killed and started again. Each call
//! has a deadline, each device a fixed pool of sessions and a circuit breaker, and what one device
//! cannot do another one does. Answers are checked before they are used, here or by a caller who
//! verifies them anyway, unless the operator trusts the devices.
//!
//! Assumes that a child is started by running a program that calls [`child::run`] and nothing else.

mod breaker;
mod catalogue;
pub mod child;
mod device;
mod failure;
mod fleet;
mod message;
mod options;
mod pool;
mod process;
mod signatures;
mod status;
mod store;
mod wire;

pub use options::{BreakerPolicy, ChildProgram, DeviceOptions, HsmOptions, TokenChoice};
pub use status::{BreakerState, HsmStatus};
pub use store::HsmStore;

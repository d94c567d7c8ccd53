//! What can be seen of a device from outside.

use ports::KeyKind;
use std::fmt;

/// One device at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HsmStatus {
    /// The library.
    pub module: String,
    /// The token as it is configured.
    pub configured: String,
    /// The token's own label and serial number, once it was reached.
    pub token: Option<(String, String)>,
    /// Whether a child is ready for calls.
    pub ready: bool,
    /// The child's process number.
    pub child: Option<u32>,
    /// How often a child was started again.
    pub restarts: u64,
    /// The breaker.
    pub breaker: BreakerState,
    /// Sessions of the pool.
    pub sessions: usize,
    /// Calls at work.
    pub in_flight: usize,
    /// Calls whose deadline has passed and whose answer is still missing.
    pub late: usize,
    /// Keys of the platform on the token, as last seen.
    pub keys: usize,
    /// The kinds of keys that the token can hold and use.
    pub kinds: Vec<KeyKind>,
    /// What went wrong last.
    pub last_failure: Option<String>,
}

/// The state of a circuit breaker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// The device is left alone.
    Open,
    /// One probe is under way.
    HalfOpen,
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}

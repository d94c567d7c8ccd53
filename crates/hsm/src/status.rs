//! What can be seen of a device from outside.

use ports::{DeviceCondition, DeviceState, KeyKind};
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

impl HsmStatus {
    /// The same as every key store tells it.
    pub(crate) fn as_device(&self) -> DeviceState {
        let condition = match (self.breaker, self.ready) {
            (BreakerState::Closed, true) => DeviceCondition::Ready,
            (BreakerState::Closed, false) => DeviceCondition::Gone,
            (BreakerState::HalfOpen, _) => DeviceCondition::Probing,
            (BreakerState::Open, _) => DeviceCondition::Failing,
        };
        let token = self.token.as_ref().map_or("never reached", |(label, _)| label);
        let child = self.child.map_or_else(|| "none".to_owned(), |child| child.to_string());
        let failed = self.last_failure.as_deref().unwrap_or("nothing");
        let detail = format!(
            "token {token}, child {child}, {} restarts, breaker {}, {} of {} sessions at work, {} \
             late, last failure: {failed}",
            self.restarts, self.breaker, self.in_flight, self.sessions, self.late
        );
        let name = format!("{} {}", self.module, self.configured);
        DeviceState { name, kind: "pkcs11", condition, detail }
    }
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

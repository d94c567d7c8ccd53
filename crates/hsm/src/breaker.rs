//! A circuit breaker: closed while a device works, open after failures in a row, half-open when it
//! has rested: then one call goes through as a probe, and what becomes of it decides.
//!
//! Pure: moments are arguments. A probe whose fate is never told is given up after the longest
//! rest.

use crate::options::BreakerPolicy;
use crate::status::BreakerState;
use std::time::{Duration, Instant};

/// The breaker of one device.
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    state: State,
    /// Rests since the device last worked.
    rests: u32,
}

#[derive(Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen { probe_since: Instant },
}

impl Breaker {
    pub(crate) fn new(policy: BreakerPolicy) -> Self {
        Self { policy, state: State::Closed { failures: 0 }, rests: 0 }
    }

    /// Whether a call may go through now. The one that ends a rest is the probe: what becomes of it
    /// must be told.
    pub(crate) fn admit(&mut self, now: Instant) -> bool {
        let free = match self.state {
            State::Closed { .. } => return true,
            State::Open { until } => now >= until,
            State::HalfOpen { probe_since } => now >= probe_since + self.policy.rest_max,
        };
        if free {
            self.state = State::HalfOpen { probe_since: now };
        }
        free
    }

    /// Whether [`Self::admit`] would let a call through.
    pub(crate) fn would_admit(&self, now: Instant) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until } => now >= until,
            State::HalfOpen { probe_since } => now >= probe_since + self.policy.rest_max,
        }
    }

    /// The device answered.
    pub(crate) fn worked(&mut self) {
        // A late answer of a call from before does not end a rest.
        if !matches!(self.state, State::Open { .. }) {
            self.state = State::Closed { failures: 0 };
            self.rests = 0;
        }
    }

    /// The device failed.
    pub(crate) fn failed(&mut self, now: Instant) {
        match self.state {
            State::Closed { failures } if failures + 1 < self.policy.failures => {
                self.state = State::Closed { failures: failures + 1 };
            }
            State::Open { .. } => {}
            _ => self.open(now),
        }
    }

    /// The device cannot be trusted: it rests at once.
    pub(crate) fn open(&mut self, now: Instant) {
        self.state = State::Open { until: now + self.rest() };
        self.rests = self.rests.saturating_add(1);
    }

    /// A probe was not made after all: the next call is one.
    pub(crate) fn not_tried(&mut self, now: Instant) {
        if let State::HalfOpen { .. } = self.state {
            self.state = State::Open { until: now };
        }
    }

    /// The device was started anew: the next call is a probe, and no rest is waited for.
    pub(crate) fn renewed(&mut self, now: Instant) {
        if let State::Open { .. } = self.state {
            self.state = State::Open { until: now };
        }
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// How often the device had to rest since it last worked.
    pub(crate) fn rests(&self) -> u32 {
        self.rests
    }

    fn rest(&self) -> Duration {
        let doubled = self.policy.rest.saturating_mul(1 << self.rests.min(16));
        doubled.min(self.policy.rest_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn breaker() -> Breaker {
        let policy = BreakerPolicy { failures: 3, rest: 100 * MS, rest_max: 350 * MS };
        Breaker::new(policy)
    }

    #[test]
    fn opens_after_failures_in_a_row_only() {
        let (mut breaker, now) = (breaker(), Instant::now());
        for _ in 0..5 {
            breaker.failed(now);
            breaker.failed(now);
            breaker.worked();
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        (0..3).for_each(|_| breaker.failed(now));
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(!breaker.admit(now + 99 * MS) && !breaker.would_admit(now + 99 * MS));
    }

    #[test]
    fn one_probe_decides() {
        let (mut breaker, now) = (breaker(), Instant::now());
        breaker.open(now);
        let after = now + 100 * MS;
        assert!(breaker.would_admit(after) && breaker.admit(after), "the probe");
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(!breaker.admit(after), "and nobody else");
        breaker.worked();
        assert!(breaker.admit(after) && breaker.admit(after));
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn each_failed_probe_doubles_the_rest_up_to_the_longest() {
        let (mut breaker, mut now) = (breaker(), Instant::now());
        breaker.open(now);
        for rest in [100, 200, 350, 350] {
            assert!(!breaker.admit(now + (rest - 1) * MS));
            now += rest * MS;
            assert!(breaker.admit(now));
            breaker.failed(now);
        }
        now += 350 * MS;
        assert!(breaker.admit(now));
        breaker.worked();
        breaker.open(now);
        assert!(breaker.admit(now + 100 * MS), "what worked begins anew");
    }

    #[test]
    fn answers_and_failures_of_calls_from_before_do_not_end_a_rest() {
        let (mut breaker, now) = (breaker(), Instant::now());
        breaker.open(now);
        breaker.worked();
        breaker.failed(now + 50 * MS);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.admit(now + 100 * MS), "nor make it longer");
    }

    #[test]
    fn a_probe_that_was_not_made_or_is_never_heard_of_is_followed_by_another() {
        let (mut breaker, now) = (breaker(), Instant::now());
        breaker.open(now);
        let after = now + 100 * MS;
        assert!(breaker.admit(after));
        breaker.not_tried(after);
        assert!(breaker.admit(after));
        assert!(!breaker.admit(after + 349 * MS));
        assert!(breaker.admit(after + 350 * MS));
    }

    #[test]
    fn a_device_that_was_started_anew_is_tried_at_once() {
        let (mut breaker, now) = (breaker(), Instant::now());
        breaker.renewed(now);
        assert_eq!(breaker.state(), BreakerState::Closed);
        breaker.open(now);
        breaker.renewed(now);
        assert!(breaker.admit(now) && !breaker.admit(now));
    }
}

//! The door's own bounds. Every one has a default that a laptop and a server can live with.

use std::time::Duration;

/// How much the door takes before it says no.
#[derive(Clone, Debug)]
pub struct DoorLimits {
    /// Connections at a time; one more is told `overloaded` and closed.
    pub connections_max: usize,
    /// Requests at a time, over all connections; one more is told `overloaded`. Times the largest
    /// body, this bounds the memory that callers can fill.
    pub requests_max: usize,
    /// Look-ups at a time, each on a thread and a snapshot of its own; others wait.
    pub looks_max: usize,
    /// Streams of one HTTP/2 connection at a time.
    pub streams_max: u32,
    /// Bytes of a request's line and headers together.
    pub header_bytes_max: usize,
    /// From the first byte of a request's headers to the last; from a connection's beginning to
    /// its first request.
    pub header_timeout: Duration,
    /// For the whole body.
    pub body_timeout: Duration,
    /// For the answer to be worked out; then the caller is told `overloaded`.
    pub answer_timeout: Duration,
    /// How long an answer to `ready` holds: to find one costs a commit, and anybody may ask.
    pub ready_kept: Duration,
    /// How long a connection may be without a request.
    pub idle_timeout: Duration,
    /// How long requests under way may take after the door was told to close.
    pub drain_timeout: Duration,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            requests_max: 1_024,
            looks_max: 16,
            streams_max: 128,
            header_bytes_max: 16 * 1024,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(20),
            answer_timeout: Duration::from_secs(30),
            ready_kept: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

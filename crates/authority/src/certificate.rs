//! A person's certificates as the authority knows them, and what may happen to one next.
//!
//! `decide_…` says what a request or an event means, or refuses it; `apply` carries a change out
//! and cannot fail. A step that is not in the table of `State::after` does not exist: no way leads
//! back from revoked or abandoned.

mod end;
mod issue;
mod refusal;

use crate::{content::CertificateKind, trigger::RevocationReason};
use base::{Date, Moment};
pub use end::{Ending, decide_end, decide_release};
pub use issue::{Application, Card, Issuance, decide_abandon, decide_issue, decide_put_in_force};
pub use refusal::Refusal;
use std::fmt;

/// One certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// Which of the two it is.
    pub kind: CertificateKind,
    /// Its serial number.
    pub serial: u64,
    /// From when on it is valid.
    pub not_before: Moment,
    /// The last second in which it is valid.
    pub not_after: Moment,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub since: Moment,
}

/// How a certificate stands. Time alone changes no state: whether it has expired is asked with
/// [`Certificate::standing`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// The serial is taken and what is to be signed is stored; nothing is in force.
    Intended,
    /// Given up before it came into force. Its serial is never used again.
    Abandoned,
    /// Issued.
    InForce,
    /// Held: not to be trusted, and it may come back.
    Held,
    /// In force again after a hold.
    Released,
    /// Revoked for ever.
    Revoked(RevocationReason),
}

/// What changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Change {
    /// The signed certificate is stored and holds from now on.
    PutInForce,
    /// What was intended will not be.
    Abandon,
    /// It is held.
    Hold,
    /// A hold ends.
    Release,
    /// It is revoked.
    Revoke(RevocationReason),
}

/// What a verifier is to be told at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// No such certificate was issued.
    NotIssued,
    /// Its validity has not begun.
    NotYetValid,
    /// It may be trusted.
    Good,
    /// It is held since then.
    Held(Moment),
    /// It is revoked since then.
    Revoked(Moment, RevocationReason),
    /// Its validity has ended.
    Expired,
}

impl Certificate {
    /// A certificate whose serial was just taken.
    pub const fn intended(issuance: &Issuance, serial: u64, now: Moment) -> Self {
        let (kind, not_before, not_after) =
            (issuance.kind, issuance.not_before, issuance.not_after);
        Self { kind, serial, not_before, not_after, state: State::Intended, since: now }
    }

    /// Carries a change out. What the state does not allow changes nothing.
    #[must_use]
    pub fn apply(mut self, change: Change, at: Moment) -> Self {
        if let Some(state) = self.state.after(change) {
            (self.state, self.since) = (state, at);
        }
        self
    }

    /// What is to be told of it.
    pub fn standing(&self, now: Moment) -> Standing {
        match self.state {
            State::Intended | State::Abandoned => Standing::NotIssued,
            State::Revoked(reason) => Standing::Revoked(self.since, reason),
            _ if self.has_ended(now) => Standing::Expired,
            State::Held => Standing::Held(self.since),
            _ if now < self.not_before => Standing::NotYetValid,
            State::InForce | State::Released => Standing::Good,
        }
    }

    /// Whether it is issued, not revoked and not expired: held ones live.
    pub fn lives(&self, now: Moment) -> bool {
        matches!(self.state, State::InForce | State::Held | State::Released) && !self.has_ended(now)
    }

    /// The last day of its validity, in Japan.
    pub fn end(&self) -> Date {
        self.not_after.date_in_japan()
    }

    /// Whether its last second is over.
    pub const fn has_ended(&self, now: Moment) -> bool {
        now.seconds() > self.not_after.seconds()
    }
}

impl State {
    /// The state after a change; `None` where there is no such step.
    pub const fn after(self, change: Change) -> Option<Self> {
        Some(match (self, change) {
            (Self::Intended, Change::PutInForce) => Self::InForce,
            (Self::Intended, Change::Abandon) => Self::Abandoned,
            (Self::InForce | Self::Released, Change::Hold) => Self::Held,
            (Self::Held, Change::Release) => Self::Released,
            (Self::InForce | Self::Released | Self::Held, Change::Revoke(reason)) => {
                Self::Revoked(reason)
            }
            _ => return None,
        })
    }

    /// The word of the API and the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Abandoned => "abandoned",
            Self::InForce => "in_force",
            Self::Held => "held",
            Self::Released => "released",
            Self::Revoked(_) => "revoked",
        }
    }
}

impl Change {
    /// The word of the API and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PutInForce => "put_in_force",
            Self::Abandon => "abandon",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Revoke(_) => "revoke",
        }
    }
}

/// Shows no end of validity: it tells a birthday.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} {}, {:?}, ..)", self.kind, self.serial, self.state)
    }
}

/// A decision about the present cannot be made by a clock that is behind what is recorded.
fn check_clock(certificates: &[Certificate], now: Moment) -> Result<(), Refusal> {
    let ahead = certificates.iter().any(|known| now < known.since);
    if ahead { Err(Refusal::ClockBehind) } else { Ok(()) }
}

#[cfg(test)]
mod tests;

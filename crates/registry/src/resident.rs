//! A resident as the registry knows one, and what may happen next.
//!
//! `decide` and its siblings say what an event means for a resident, or refuse it; `apply` carries
//! a fact out and cannot fail. No event here changes a resident record code: it comes back with the
//! person after a move abroad or an ex officio deletion (Basic Resident Register Act art. 30-3),
//! and with it the Individual Number, which no event changes either (My Number Act art. 7). Anybody
//! may have the code changed on request (art. 30-4); no message of the feed says so.

mod decide;
mod disposal;
mod number;
mod refusal;

use crate::record::ResidentRecord;
use base::Date;
pub use decide::decide;
pub use disposal::{RETENTION_YEARS, decide_disposal};
pub use number::{
    ChangeGround, LeakReason, LeakReasonRefusal, NumberChange, decide_number_change,
    decide_provisional,
};
use numbers::{LocalGovernmentCode, ResidentRecordCode, assignment::Generation};
pub use refusal::Refusal;
use std::fmt;

/// What the registry knows of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Resident {
    /// The resident record code.
    pub code: ResidentRecordCode,
    /// The municipality that keeps the record, or kept the last one.
    pub municipality: LocalGovernmentCode,
    /// How the record stands.
    pub status: Status,
    /// The day of the event that brought the status about.
    pub since: Date,
    /// How the Individual Number stands.
    pub number: NumberState,
    /// The record, or the last one. `None` before the first entry and after disposal.
    pub record: Option<ResidentRecord>,
}

/// How a record stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Status {
    /// The code is on a provisional list (仮付番); there is no record yet.
    Provisional,
    /// Registered in the municipality.
    Registered,
    /// Moved out of it, and not yet registered elsewhere.
    MovedOut,
    /// Dead.
    Dead,
    /// Deleted ex officio.
    Deleted,
}

/// How an Individual Number stands. The number itself follows from code and generation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NumberState {
    /// There is none.
    None,
    /// Announced on a provisional list, of the first generation, not yet in force.
    Provisional,
    /// Designated (My Number Act art. 7(1)); earlier generations stay reserved for ever.
    Designated(Generation),
}

/// What a decision found to be so: one fact, complete in itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    /// Whom it is about.
    pub code: ResidentRecordCode,
    /// The municipality that acts.
    pub by: LocalGovernmentCode,
    /// The day it is so from: the event's day, or for a number the day of the decision.
    pub on: Date,
    /// What changes.
    pub change: Change,
}

/// What changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// The code and its number stand on a provisional list.
    NumberAnnounced,
    /// A person is entered for the first time.
    Entered {
        /// The first record.
        record: ResidentRecord,
    },
    /// A person comes back into the register.
    MovedIn {
        /// The municipality that kept the last record.
        from: LocalGovernmentCode,
        /// The record from now on.
        record: ResidentRecord,
    },
    /// A closing of the record is undone by the municipality that closed it (回復).
    Restored {
        /// The record from now on.
        record: ResidentRecord,
    },
    /// The record has other content.
    RecordChanged {
        /// The record from now on.
        record: ResidentRecord,
    },
    /// The person moved out.
    MovedOut,
    /// The person died.
    Died,
    /// The record was deleted ex officio.
    Deleted,
    /// A number is designated.
    NumberDesignated {
        /// Its generation.
        generation: Generation,
    },
    /// The number is replaced by one of the next generation after a leak.
    NumberChanged {
        /// The new generation.
        generation: Generation,
        /// On whose initiative.
        ground: ChangeGround,
        /// How the number leaked.
        reason: LeakReason,
    },
}

/// What follows from an event or a request: at least one fact. Only the functions of this module
/// make it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    first: Fact,
    rest: Vec<Fact>,
}

/// Carries a fact out. `state` is the resident as the fact was decided for.
pub fn apply(state: Option<Resident>, fact: &Fact) -> Resident {
    let mut resident = state.unwrap_or_else(|| Resident::blank(fact));
    debug_assert!(resident.code == fact.code, "a fact is applied to the resident it is about");
    match &fact.change {
        Change::NumberAnnounced => resident.number = NumberState::Provisional,
        Change::Entered { record }
        | Change::MovedIn { record, .. }
        | Change::Restored { record } => {
            resident.municipality = fact.by;
            resident.record = Some(record.clone());
            resident.stands(Status::Registered, fact.on);
        }
        Change::RecordChanged { record } => resident.record = Some(record.clone()),
        Change::MovedOut => resident.stands(Status::MovedOut, fact.on),
        Change::Died => resident.stands(Status::Dead, fact.on),
        Change::Deleted => resident.stands(Status::Deleted, fact.on),
        Change::NumberDesignated { generation } | Change::NumberChanged { generation, .. } => {
            resident.number = NumberState::Designated(*generation);
        }
    }
    resident
}

impl Decision {
    /// The facts, in the order in which they are applied.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The resident after all facts.
    pub fn apply(&self, state: Option<Resident>) -> Resident {
        let resident = apply(state, &self.first);
        let resident = self.rest.iter().fold(resident, |r, fact| apply(Some(r), fact));
        debug_assert_eq!(resident.fault(), None);
        resident
    }
}

impl Resident {
    /// The generation of the designated number.
    pub const fn generation(&self) -> Option<Generation> {
        match self.number {
            NumberState::Designated(generation) => Some(generation),
            NumberState::None | NumberState::Provisional => None,
        }
    }

    /// What is wrong with a resident that no sequence of decisions leads to; `None` if it is sound.
    pub const fn fault(&self) -> Option<&'static str> {
        match (self.status, self.number, &self.record) {
            (Status::Provisional, NumberState::None, _) => Some("provisional without a number"),
            (Status::Provisional, _, Some(_)) => Some("provisional with a record"),
            (Status::Registered, _, None) => Some("registered without a record"),
            (Status::Registered, NumberState::None | NumberState::Provisional, _) => {
                Some("registered without a designated number")
            }
            _ => None,
        }
    }

    fn blank(fact: &Fact) -> Self {
        Self {
            code: fact.code.clone(),
            municipality: fact.by,
            status: Status::Provisional,
            since: fact.on,
            number: NumberState::None,
            record: None,
        }
    }

    fn stands(&mut self, status: Status, since: Date) {
        self.status = status;
        self.since = since;
    }
}

impl Status {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Provisional, Self::Registered, Self::MovedOut, Self::Dead, Self::Deleted];

    /// The word of the API and the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Registered => "registered",
            Self::MovedOut => "moved_out",
            Self::Dead => "dead",
            Self::Deleted => "deleted",
        }
    }

    /// The status of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

impl NumberState {
    /// The word of the API and the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Provisional => "provisional",
            Self::Designated(_) => "designated",
        }
    }
}

impl Change {
    /// The word of the API and the ledger.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NumberAnnounced => "number_announced",
            Self::Entered { .. } => "entered",
            Self::MovedIn { .. } => "moved_in",
            Self::Restored { .. } => "restored",
            Self::RecordChanged { .. } => "record_changed",
            Self::MovedOut => "moved_out",
            Self::Died => "died",
            Self::Deleted => "deleted",
            Self::NumberDesignated { .. } => "number_designated",
            Self::NumberChanged { .. } => "number_changed",
        }
    }
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resident({}, {}, {:?}, ..)", self.municipality, self.status.word(), self.number)
    }
}

/// Shows no day: the day of an entry can be the day of a birth.
impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fact({}, by {}, ..)", self.change.word(), self.by)
    }
}

#[cfg(test)]
mod tests;

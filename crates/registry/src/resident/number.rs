//! Numbering: provisional lists, designation, and the change of a number after a leak.
//!
//! My Number Act art. 7(1): a number is designated when a resident record code is first entered;
//! art. 7(2): it is changed only when it has leaked and may be misused, on the person's request
//! (Enforcement Order art. 3: in writing, naming number and reason, at the municipality of
//! residence) or ex officio by the mayor (art. 4). The old number stays reserved: it is of an
//! earlier generation of the same code, which nobody else can have.

use super::{Change, Decision, Fact, Refusal, Resident, Status};
use base::Date;
use numbers::{IndividualNumber, LocalGovernmentCode, ResidentRecordCode};
use std::{fmt, str::FromStr};

/// The change of a number that a municipality asks for.
#[derive(Clone, Copy, Debug)]
pub struct NumberChange<'a> {
    /// The municipality.
    pub by: LocalGovernmentCode,
    /// On whose initiative.
    pub ground: ChangeGround,
    /// How the number leaked.
    pub reason: Option<LeakReason>,
    /// The number to be replaced; the written request of a person must name it.
    pub current: Option<&'a IndividualNumber>,
}

/// On whose initiative a number is changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeGround {
    /// The person's (Enforcement Order art. 3).
    ByRequest,
    /// The mayor's (art. 4).
    ExOfficio,
}

/// How a number leaked so that it may be misused. Marriage, a move or a wish for another number is
/// no reason and has no word here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LeakReason {
    /// A card or paper with the number was stolen.
    Theft,
    /// A card or paper with the number was lost where others may find it.
    Loss,
    /// The number was sent or shown to somebody who must not have it.
    Disclosure,
    /// The number was in data that somebody broke into.
    Intrusion,
    /// The number has been misused already.
    Misuse,
}

/// The text is no reason for which the law allows a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeakReasonRefusal;

/// Decides about a code that municipality `by` sends for a provisional list (仮付番).
pub fn decide_provisional(
    state: Option<&Resident>,
    code: &ResidentRecordCode,
    by: LocalGovernmentCode,
    today: Date,
) -> Result<Decision, Refusal> {
    if let Some(resident) = state {
        return Err(if resident.municipality == by {
            Refusal::NumberAlreadyAssigned
        } else {
            Refusal::RecordCodeTaken
        });
    }
    Ok(one(code, by, today, Change::NumberAnnounced))
}

/// Decides about the change of a number. `present` is the resident's designated number, if there is
/// one: it follows from code and generation under the numbering key, which is not here.
pub fn decide_number_change(
    state: Option<&Resident>,
    ask: &NumberChange<'_>,
    present: Option<&IndividualNumber>,
    today: Date,
) -> Result<Decision, Refusal> {
    let reason = ask.reason.ok_or(Refusal::NumberChangeReason)?;
    let resident = living_here(state, ask.by)?;
    if resident.status == Status::Provisional {
        return Err(Refusal::ResidentUnknown);
    }
    let (generation, present) =
        resident.generation().zip(present).ok_or(Refusal::NumberNotAssigned)?;
    match ask.current {
        Some(named) if named == present => {}
        None if ask.ground == ChangeGround::ExOfficio => {}
        _ => return Err(Refusal::NumberCurrentDiffers),
    }
    let generation = generation.next().ok_or(Refusal::NumberChangesExhausted)?;
    let change = Change::NumberChanged { generation, ground: ask.ground, reason };
    Ok(one(&resident.code, ask.by, today, change))
}

/// The resident, if the municipality keeps an open record or a provisional entry.
fn living_here(state: Option<&Resident>, by: LocalGovernmentCode) -> Result<&Resident, Refusal> {
    let resident = state.ok_or(Refusal::ResidentUnknown)?;
    match resident.status {
        Status::Dead => Err(Refusal::ResidentDead),
        _ if resident.municipality != by => Err(Refusal::ResidentElsewhere),
        Status::Deleted => Err(Refusal::ResidentDeleted),
        Status::MovedOut => Err(Refusal::ResidentAway),
        Status::Provisional | Status::Registered => Ok(resident),
    }
}

fn one(code: &ResidentRecordCode, by: LocalGovernmentCode, on: Date, change: Change) -> Decision {
    Decision { first: Fact { code: code.clone(), by, on, change }, rest: Vec::new() }
}

impl ChangeGround {
    /// The word of the API and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ByRequest => "request",
            Self::ExOfficio => "ex_officio",
        }
    }

    /// The ground of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::ByRequest, Self::ExOfficio].into_iter().find(|ground| ground.word() == word)
    }
}

impl LeakReason {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::Theft, Self::Loss, Self::Disclosure, Self::Intrusion, Self::Misuse];

    /// The word of the API and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Theft => "theft",
            Self::Loss => "loss",
            Self::Disclosure => "disclosure",
            Self::Intrusion => "intrusion",
            Self::Misuse => "misuse",
        }
    }
}

impl FromStr for LeakReason {
    type Err = LeakReasonRefusal;

    fn from_str(text: &str) -> Result<Self, LeakReasonRefusal> {
        Self::ALL.into_iter().find(|reason| reason.word() == text).ok_or(LeakReasonRefusal)
    }
}

impl LeakReasonRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "number_change_reason"
    }
}

impl fmt::Display for LeakReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

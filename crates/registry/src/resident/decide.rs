//! What a resident event means, given how the person stands.
//!
//! First the event is looked at alone, then its meaning is found from status and municipality,
//! then the dates are compared. A closed record (moved out, dead, deleted) keeps its last
//! municipality, and that one alone may still touch it: to correct what was written wrongly
//! (Enforcement Order of the Basic Resident Register Act art. 12(3)), which leaves it closed, or
//! to restore it by an ex officio entry when the closing itself was wrong. So a wrongly registered
//! death can be undone, and never by an ordinary event.

use super::{Change, Decision, Fact, NumberState, Refusal, Resident, Status};
use crate::{
    event::{EventKind, ResidentEvent},
    record::ResidentRecord,
};
use base::Date;
use numbers::{LocalGovernmentCode, ResidentRecordCode, assignment::Generation};

/// Decides about an event that municipality `by` reports on the day `today` (in Japan). `state` is
/// who is known under the event's code. That `by` exists and that a new code comes from its stock
/// is for the caller to know.
pub fn decide(
    state: Option<&Resident>,
    asked: &ResidentEvent,
    by: LocalGovernmentCode,
    today: Date,
) -> Result<Decision, Refusal> {
    let event = Complete::check(asked, today)?;
    debug_assert!(state.is_none_or(|state| state.code == *event.code), "looked up by code");
    let meaning = meaning(state, asked.kind, by)?;
    check_dates(state, &event)?;
    let fact = |on, change| Fact { code: event.code.clone(), by, on, change };
    let (first, then) = changes(meaning, event.record)?;
    let mut rest: Vec<_> = then.map(|change| fact(event.on, change)).into_iter().collect();
    if meaning.enters() && !is_designated(state) {
        let generation = Generation::FIRST;
        rest.push(fact(today, Change::NumberDesignated { generation }));
    }
    Ok(Decision { first: fact(event.on, first), rest })
}

/// An event that brings what its kind needs and does not lie in the future.
struct Complete<'a> {
    kind: EventKind,
    on: Date,
    code: &'a ResidentRecordCode,
    record: Option<&'a ResidentRecord>,
}

/// What an event comes to for the person as the person stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Enter,
    ComeBack { from: LocalGovernmentCode },
    Restore,
    Change,
    Close(Closing),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    MovedOut,
    Died,
    Deleted,
}

impl Meaning {
    const fn enters(self) -> bool {
        matches!(self, Self::Enter | Self::ComeBack { .. } | Self::Restore)
    }
}

impl Closing {
    const fn change(self) -> Change {
        match self {
            Self::MovedOut => Change::MovedOut,
            Self::Died => Change::Died,
            Self::Deleted => Change::Deleted,
        }
    }
}

impl<'a> Complete<'a> {
    fn check(asked: &'a ResidentEvent, today: Date) -> Result<Self, Refusal> {
        let code = asked.code.as_ref().ok_or(Refusal::RecordCodeNeeded)?;
        if asked.on > today {
            return Err(Refusal::EventInFuture);
        }
        let record = asked.record.as_ref();
        if asked.kind.needs_record() && record.is_none() {
            return Err(Refusal::RecordNeeded);
        }
        Ok(Self { kind: asked.kind, on: asked.on, code, record })
    }
}

fn meaning(
    state: Option<&Resident>,
    kind: EventKind,
    by: LocalGovernmentCode,
) -> Result<Meaning, Refusal> {
    let Some(resident) = state else {
        return if kind.enters() { Ok(Meaning::Enter) } else { Err(Refusal::ResidentUnknown) };
    };
    let here = resident.municipality == by;
    match resident.status {
        Status::Provisional if !kind.enters() => Err(Refusal::ResidentUnknown),
        Status::Provisional if !here => Err(Refusal::RecordCodeTaken),
        Status::Provisional => Ok(Meaning::Enter),
        Status::Registered => for_registered(kind, here),
        Status::MovedOut | Status::Dead | Status::Deleted => for_closed(resident, kind, here),
    }
}

fn for_registered(kind: EventKind, here: bool) -> Result<Meaning, Refusal> {
    match kind {
        EventKind::Birth => Err(Refusal::RecordCodeTaken),
        EventKind::MoveIn | EventKind::ExOfficioEntry if here => Err(Refusal::ResidentAlreadyHere),
        EventKind::MoveIn | EventKind::ExOfficioEntry => Err(Refusal::ResidentNotMovedOut),
        _ if !here => Err(Refusal::ResidentElsewhere),
        EventKind::MoveWithin | EventKind::NameChange | EventKind::ExOfficioCorrection => {
            Ok(Meaning::Change)
        }
        EventKind::MoveOut => Ok(Meaning::Close(Closing::MovedOut)),
        EventKind::Death => Ok(Meaning::Close(Closing::Died)),
        EventKind::ExOfficioDeletion => Ok(Meaning::Close(Closing::Deleted)),
    }
}

fn for_closed(resident: &Resident, kind: EventKind, here: bool) -> Result<Meaning, Refusal> {
    match kind {
        EventKind::Birth => Err(Refusal::RecordCodeTaken),
        EventKind::ExOfficioCorrection if here => Ok(Meaning::Change),
        EventKind::ExOfficioEntry if here => Ok(Meaning::Restore),
        EventKind::MoveIn | EventKind::ExOfficioEntry if resident.status != Status::Dead => {
            Ok(Meaning::ComeBack { from: resident.municipality })
        }
        _ => Err(match resident.status {
            Status::Dead => Refusal::ResidentDead,
            Status::Deleted => Refusal::ResidentDeleted,
            _ => Refusal::ResidentAway,
        }),
    }
}

fn check_dates(state: Option<&Resident>, event: &Complete<'_>) -> Result<(), Refusal> {
    let known = state.and_then(|resident| resident.record.as_ref()).map(|r| r.birth_date);
    let told = event.record.map(|record| record.birth_date);
    if told.or(known).is_some_and(|birth| event.on < birth) {
        return Err(Refusal::EventBeforeBirth);
    }
    let differs = told.zip(known).is_some_and(|(told, known)| told != known);
    if differs && event.kind != EventKind::ExOfficioCorrection {
        return Err(Refusal::BirthDateDiffers);
    }
    Ok(())
}

/// A record that comes with a closing event is the record as it is closed.
fn changes(
    meaning: Meaning,
    record: Option<&ResidentRecord>,
) -> Result<(Change, Option<Change>), Refusal> {
    let record = record.cloned();
    if let Meaning::Close(closing) = meaning {
        return Ok(match record {
            Some(record) => (Change::RecordChanged { record }, Some(closing.change())),
            None => (closing.change(), None),
        });
    }
    let record = record.ok_or(Refusal::RecordNeeded)?;
    let change = match meaning {
        Meaning::Enter => Change::Entered { record },
        Meaning::ComeBack { from } => Change::MovedIn { from, record },
        Meaning::Restore => Change::Restored { record },
        Meaning::Change | Meaning::Close(_) => Change::RecordChanged { record },
    };
    Ok((change, None))
}

fn is_designated(state: Option<&Resident>) -> bool {
    state.is_some_and(|resident| matches!(resident.number, NumberState::Designated(_)))
}

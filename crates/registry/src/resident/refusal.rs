//! Why an event or a request about a resident is refused.

use std::fmt;

/// A refusal; each has its entry in the table of labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Refusal {
    /// The event names no resident record code.
    RecordCodeNeeded,
    /// The event lies in the future.
    EventInFuture,
    /// The event must bring the record after it.
    RecordNeeded,
    /// Nobody is registered under the code.
    ResidentUnknown,
    /// The code belongs to somebody already.
    RecordCodeTaken,
    /// The person is registered here already.
    ResidentAlreadyHere,
    /// The person has not moved out of the former municipality.
    ResidentNotMovedOut,
    /// Another municipality keeps the person's record.
    ResidentElsewhere,
    /// The person has moved out.
    ResidentAway,
    /// The person is dead.
    ResidentDead,
    /// The person's record was deleted ex officio.
    ResidentDeleted,
    /// The event lies before the date of birth.
    EventBeforeBirth,
    /// Only a correction changes a date of birth.
    BirthDateDiffers,
    /// A number is announced or designated already.
    NumberAlreadyAssigned,
    /// There is no designated number.
    NumberNotAssigned,
    /// A number is changed after a leak only, and none is named.
    NumberChangeReason,
    /// The number named is not the present one, or a request names none.
    NumberCurrentDiffers,
    /// The number was changed seven times.
    NumberChangesExhausted,
    /// The record is not closed.
    DisposalTooEarly,
    /// The record is closed and still kept.
    DisposalRetention,
}

impl Refusal {
    /// All refusals.
    pub const ALL: [Self; 20] = [
        Self::RecordCodeNeeded,
        Self::EventInFuture,
        Self::RecordNeeded,
        Self::ResidentUnknown,
        Self::RecordCodeTaken,
        Self::ResidentAlreadyHere,
        Self::ResidentNotMovedOut,
        Self::ResidentElsewhere,
        Self::ResidentAway,
        Self::ResidentDead,
        Self::ResidentDeleted,
        Self::EventBeforeBirth,
        Self::BirthDateDiffers,
        Self::NumberAlreadyAssigned,
        Self::NumberNotAssigned,
        Self::NumberChangeReason,
        Self::NumberCurrentDiffers,
        Self::NumberChangesExhausted,
        Self::DisposalTooEarly,
        Self::DisposalRetention,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::RecordCodeNeeded => "record_code_needed",
            Self::EventInFuture => "event_in_future",
            Self::RecordNeeded => "record_needed",
            Self::ResidentUnknown => "resident_unknown",
            Self::RecordCodeTaken => "record_code_taken",
            Self::ResidentAlreadyHere => "resident_already_here",
            Self::ResidentNotMovedOut => "resident_not_moved_out",
            Self::ResidentElsewhere => "resident_elsewhere",
            Self::ResidentAway => "resident_away",
            Self::ResidentDead => "resident_dead",
            Self::ResidentDeleted => "resident_deleted",
            Self::EventBeforeBirth => "event_before_birth",
            Self::BirthDateDiffers => "birth_date_differs",
            Self::NumberAlreadyAssigned => "number_already_assigned",
            Self::NumberNotAssigned => "number_not_assigned",
            Self::NumberChangeReason => "number_change_reason",
            Self::NumberCurrentDiffers => "number_current_differs",
            Self::NumberChangesExhausted => "number_changes_exhausted",
            Self::DisposalTooEarly => "disposal_too_early",
            Self::DisposalRetention => "disposal_retention",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for Refusal {}

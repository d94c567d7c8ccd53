//! When a person's content may be destroyed: not before the time is over for which the law keeps
//! it.

use super::{Refusal, Resident, Status};
use base::Date;

/// How long a closed record is kept, in years from the day of the event that closed it
/// (Enforcement Order of the Basic Resident Register Act art. 34).
pub const RETENTION_YEARS: i16 = 150;

/// Decides whether a person's content may be destroyed on the day `today` (in Japan). Whoever has
/// moved out lives, and is registered nowhere only until another town tells of it.
pub fn decide_disposal(resident: &Resident, today: Date) -> Result<(), Refusal> {
    match resident.status {
        Status::Dead | Status::Deleted if is_over(resident.since, today) => Ok(()),
        Status::Dead | Status::Deleted => Err(Refusal::DisposalRetention),
        Status::Provisional | Status::Registered | Status::MovedOut => {
            Err(Refusal::DisposalTooEarly)
        }
    }
}

/// The first day does not count, so that the day of the same date is the last (Civil Code art. 140,
/// 143). In a year without that date it is the last of February.
fn is_over(since: Date, today: Date) -> bool {
    let last = (since.year() + RETENTION_YEARS, since.month(), since.day());
    (today.year(), today.month(), today.day()) > last
}

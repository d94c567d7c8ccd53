//! A person's content is destroyed (D1): the data key goes, and with it every sealed value, every
//! commitment's salt and every copy in a backup, once the key epoch has moved on. What stays says
//! nothing: that somebody existed, which keyed indexes are taken, and the ledger's hashes.

use crate::number_ask::{Whose, content, find};
use crate::permits::permit;
use crate::work::{Outcome, Work};
use base::{ActId, Actor, Problem, Purpose, labels};
use policy::Action;
use ports::rows::status;
use registry::resident::Status;

/// Destroys the content of a person whose record is closed.
pub fn disposal(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    whose: &Whose,
) -> Result<ActId, Problem> {
    let permit = permit(actor, Action::Disposal, purpose, None)?;
    let person = find(work, whose)?;
    let held = work.person(person)?;
    if !matches!(held.resident().status, Status::Dead | Status::Deleted | Status::MovedOut) {
        return Err(Problem::new(&labels::DISPOSAL_TOO_EARLY, ""));
    }
    let mut row = held.row.clone();
    row.status = status::DISPOSED;
    (row.identity, row.contact, row.name_birth_index, row.set_digest) = (None, None, None, None);
    let act = work.record(&permit, Outcome::Done, Some(person), &content(whose))?;
    work.dispose(row);
    Ok(act)
}

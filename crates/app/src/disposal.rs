//! A person's content is destroyed (D1): the data key goes, and with it every sealed value, every
//! commitment's salt and every copy in a backup, once the key epoch has moved on. What stays says
//! nothing: that somebody existed, which keyed indexes are taken, and the ledger's hashes.

use crate::number_ask::{Whose, content, find};
use crate::permits::permit;
use crate::work::{Outcome, Work};
use base::{ActId, Actor, Problem, Purpose};
use policy::Action;
use registry::resident::decide_disposal;

/// Destroys the content of a person whose record was closed as long ago as the law keeps it.
pub fn disposal(
    work: &mut Work<'_>,
    actor: &Actor,
    purpose: Purpose,
    whose: &Whose,
) -> Result<ActId, Problem> {
    let permit = permit(actor, Action::Disposal, purpose, None)?;
    let person = find(work, whose)?;
    let today = work.today();
    decide_disposal(work.person(person)?.resident(), today)
        .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    let act = work.record(&permit, Outcome::Done, Some(person), &content(whose))?;
    work.dispose(person)?;
    Ok(act)
}

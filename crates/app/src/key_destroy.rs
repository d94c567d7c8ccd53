//! A key that is done with is destroyed: what is still wrapped under it, in backups and old copies,
//! opens never again (D1). Every other key stays.
//!
//! The act is committed before the deed: a crash between the two leaves a key that the same command
//! destroys, and never a key that is gone unseen.

use crate::commit::transact;
use crate::key_generate::is_there;
use crate::key_roles::KeyRole;
use crate::key_status::{Standing, certifying, standing};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use policy::Action;
use ports::KeyLabel;

/// Destroys a key, as `operator` says. Refused with `key_in_use` for every key that something
/// needs.
pub fn key_destroy(
    platform: &Platform,
    operator: &Actor,
    label: &KeyLabel,
) -> Result<ActId, Problem> {
    let permit = permit(operator, Action::KeyDestroy, Purpose::Operation, None)?;
    if !is_there(&*platform.keys, label)? {
        return Err(Problem::new(&labels::KEY_ABSENT, label.as_str()));
    }
    let mut act = None;
    transact(platform, |work| {
        let of_authority = certifying(work.tx, work.now())?.remove(label.as_str());
        let standing = match of_authority {
            Some((_, standing)) => standing,
            None => standing(work.epochs(), label, work.now()),
        };
        let why = standing.needed().or(still_wraps(work, label)?);
        if let Some(why) = why {
            return Err(Problem::new(&labels::KEY_IN_USE, format!("{label}: {why}")));
        }
        leave_behind(work, label, standing)?;
        act = Some(work.record(&permit, Outcome::Done, None, label.as_str().as_bytes())?);
        Ok(())
    })?;
    platform.keys.destroy(label)?;
    act.ok_or_else(|| broken("no act"))
}

/// What the epochs say of a key-encryption key is held against the data keys themselves: what is
/// destroyed does not come back.
fn still_wraps(work: &mut Work<'_>, label: &KeyLabel) -> Result<Option<&'static str>, Problem> {
    if label.name() != KeyRole::Kek.name() {
        return Ok(None);
    }
    let current = i64::from(work.epochs().era(KeyRole::Kek).current);
    let left = work.tx.data_keys_not_of(current, PersonId(-1), 1)?;
    Ok((!left.is_empty()).then_some("data keys of a former epoch are left; `keys rotate kek`"))
}

/// A key that has outlived what it signed counts no more, from this act on.
fn leave_behind(work: &mut Work<'_>, label: &KeyLabel, standing: Standing) -> Result<(), Problem> {
    // The epochs are of the platform's own keys alone.
    let Ok(role) = KeyRole::named(label.name()) else { return Ok(()) };
    let epoch = label.epoch().unwrap_or(0);
    if standing == Standing::Done && epoch >= work.epochs().era(role).oldest {
        let ended = work.epochs().ended(role, epoch + 1)?;
        work.set_epochs(ended)?;
    }
    Ok(())
}

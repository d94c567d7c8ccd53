//! Data keys are wrapped again under the key-encryption key of the epoch in use, while serving.
//!
//! New data keys use that epoch at once; the old ones follow in small transactions, so a crash
//! costs nothing and the work is taken up again. When none is left the former key is done with, and
//! once it is destroyed, so is every backup that still holds keys wrapped under it.

use crate::commit::transact;
use crate::epochs::epochs_of;
use crate::key_roles::KeyRole;
use crate::platform::Platform;
use crate::work::{Outcome, broken, generation_of};
use base::{ActId, PersonId, Problem};
use policy::Permit;
use ports::Tx;
use ports::rows::{Changes, DataKeyRow};
use seal::WrapPlace;

/// Wraps data keys again that are not of the epoch in use; `progress` is told how many were done.
pub(crate) fn rewrap(platform: &Platform, progress: &mut dyn FnMut(u64)) -> Result<u64, Problem> {
    let mut done = 0;
    let mut after = PersonId(-1);
    loop {
        let mut page = Vec::new();
        platform.store.transact("rewrap", &mut |tx| {
            page = rewrap_page(platform, tx, after)?;
            Ok(())
        })?;
        let Some(last) = page.last() else { return Ok(done) };
        after = last.person;
        done += page.len() as u64;
        progress(done);
    }
}

fn rewrap_page(
    platform: &Platform,
    tx: &mut dyn Tx,
    after: PersonId,
) -> Result<Vec<DataKeyRow>, Problem> {
    let epochs = epochs_of(platform, tx)?;
    let epoch = i64::from(epochs.era(KeyRole::Kek).current);
    let mut entropy = (platform.entropy)();
    let mut rows = tx.data_keys_not_of(epoch, after, PAGE_KEYS)?;
    for row in &mut rows {
        let place = WrapPlace { person: row.person.0, generation: generation_of(row.generation)? };
        let old = u32::try_from(row.epoch).map_err(|_| broken("a key epoch out of range"))?;
        let old = KeyRole::Kek.label(old)?;
        let key = platform.keys.unwrap(&old, &place, &row.wrapped)?;
        row.wrapped =
            platform.keys.wrap(epochs.in_use(KeyRole::Kek), &place, &key, &mut *entropy)?;
        row.epoch = epoch;
    }
    tx.write(&Changes { data_keys: rows.clone(), ..Changes::default() })?;
    Ok(rows)
}

/// Notes, as an act, that everything is wrapped under the key in use. None if it is noted already,
/// or if data keys of a former epoch are left: another process has begun the next one.
pub(crate) fn note_rewrapped(
    platform: &Platform,
    permit: &Permit,
) -> Result<Option<ActId>, Problem> {
    let mut act = None;
    transact(platform, |work| {
        act = None;
        let epochs = work.epochs().clone();
        let era = epochs.era(KeyRole::Kek);
        let left = work.tx.data_keys_not_of(i64::from(era.current), PersonId(-1), 1)?;
        if era.oldest == era.current || !left.is_empty() {
            return Ok(());
        }
        work.set_epochs(epochs.ended(KeyRole::Kek, era.current)?)?;
        let content = format!("{} wraps every data key", epochs.in_use(KeyRole::Kek));
        act = Some(work.record(permit, Outcome::Done, None, content.as_bytes())?);
        Ok(())
    })?;
    Ok(act)
}

const PAGE_KEYS: usize = 1_024;

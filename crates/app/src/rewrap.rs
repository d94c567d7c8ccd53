//! A new key epoch: every data key is wrapped again under a new key-encryption key, while serving.
//!
//! New data keys use the new epoch at once; the old ones follow in small transactions, so a crash
//! costs nothing and the work is taken up again. When none is left, the old key can be destroyed,
//! and with it every backup that still holds keys wrapped under it.

use crate::platform::Platform;
use crate::work::{KEK_EPOCH, Outcome, Work, broken, generation_of, kek_in_use};
use base::{PersonId, Problem};
use policy::Permit;
use ports::rows::{Changes, DataKeyRow};
use ports::{KeyKind, KeyLabel, Tx};
use seal::WrapPlace;

/// Makes the key of the next epoch and puts it into use for new data keys.
pub fn next_epoch(work: &mut Work<'_>, permit: &Permit) -> Result<KeyLabel, Problem> {
    let platform = work.platform();
    let epoch = work.kek().epoch().unwrap_or(0) + 1;
    let label = platform.names.kek.with_epoch(epoch)?;
    let at = work.now();
    let made = platform.keys.generate(&label, KeyKind::Wrap, at, work.entropy);
    match made {
        // Made before a crash: it was never used, so it is as good as new.
        Err(problem) if problem.label() == base::labels::KEY_EXISTS.text => {}
        made => drop(made?),
    }
    work.tx.set_setting(KEK_EPOCH, &epoch.to_string())?;
    work.record(permit, Outcome::Done, None, label.as_str().as_bytes())?;
    Ok(label)
}

/// Wraps data keys again that are not of the epoch in use; `progress` is told how many were done.
pub fn rewrap(platform: &Platform, progress: &mut dyn FnMut(u64)) -> Result<u64, Problem> {
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
    let kek = kek_in_use(platform, tx)?;
    let epoch = kek.epoch().map(i64::from).ok_or_else(|| broken("a key without an epoch"))?;
    let mut entropy = (platform.entropy)();
    let mut rows = tx.data_keys_not_of(epoch, after, PAGE_KEYS)?;
    for row in &mut rows {
        let place = WrapPlace { person: row.person.0, generation: generation_of(row.generation)? };
        let old = u32::try_from(row.epoch).map_err(|_| broken("a key epoch out of range"))?;
        let old = platform.names.kek.with_epoch(old)?;
        let key = platform.keys.unwrap(&old, &place, &row.wrapped)?;
        row.wrapped = platform.keys.wrap(&kek, &place, &key, &mut *entropy)?;
        row.epoch = epoch;
    }
    tx.write(&Changes { data_keys: rows.clone(), ..Changes::default() })?;
    Ok(rows)
}

const PAGE_KEYS: usize = 1_024;

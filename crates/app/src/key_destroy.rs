//! A key of a former epoch is destroyed: what is still wrapped under it, in backups and old copies,
//! opens never again (D1). Every other key is in use as long as the platform is.
//!
//! The act is committed before the deed: a crash between the two leaves a key that the same command
//! destroys, and never a key that is gone unseen.

use crate::commit::transact;
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, broken, kek_in_use};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use policy::Action;
use ports::{KeyInfo, KeyLabel, View};

/// A key, and whether something needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyUse {
    /// The key.
    pub key: KeyInfo,
    /// Whether it may not be destroyed.
    pub in_use: bool,
}

/// All keys with their use.
pub fn key_list(platform: &Platform) -> Result<Vec<KeyUse>, Problem> {
    let mut list = Vec::new();
    platform.store.snapshot("key_list", &mut |view| {
        list.clear();
        for key in platform.keys.list()? {
            let in_use = why_in_use(platform, view, &key.label)?.is_some();
            list.push(KeyUse { key, in_use });
        }
        Ok(())
    })?;
    Ok(list)
}

/// Destroys a key, as `operator` says. Refused with `key_in_use` for every key but that of a former
/// epoch, and for that as long as there are data keys of former epochs.
pub fn key_destroy(
    platform: &Platform,
    operator: &Actor,
    label: &KeyLabel,
) -> Result<ActId, Problem> {
    let permit = permit(operator, Action::KeyDestroy, Purpose::Operation, None)?;
    if platform.keys.list()?.iter().all(|key| key.label != *label) {
        return Err(Problem::new(&labels::KEY_ABSENT, label.as_str()));
    }
    let mut act = None;
    transact(platform, |work| {
        if let Some(why) = why_in_use(platform, work.tx, label)? {
            return Err(Problem::new(&labels::KEY_IN_USE, format!("{label}: {why}")));
        }
        act = Some(work.record(&permit, Outcome::Done, None, label.as_str().as_bytes())?);
        Ok(())
    })?;
    platform.keys.destroy(label)?;
    act.ok_or_else(|| broken("no act"))
}

fn why_in_use(
    platform: &Platform,
    view: &mut (impl View + ?Sized),
    label: &KeyLabel,
) -> Result<Option<&'static str>, Problem> {
    let kek = kek_in_use(platform, view)?;
    if label.name() != kek.name() {
        return Ok(Some("only keys that wrapped data keys in a former epoch are ever done with"));
    }
    if label.epoch() >= kek.epoch() {
        return Ok(Some("it wraps the data keys of this epoch"));
    }
    let epoch = i64::from(kek.epoch().unwrap_or(0));
    let left = view.data_keys_not_of(epoch, PersonId(-1), 1)?;
    Ok((!left.is_empty()).then_some("data keys of a former epoch are left; `rewrap` moves them"))
}

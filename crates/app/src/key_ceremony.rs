//! A key ceremony: one reviewed file says what is to be made, by whom, when, and what must be so
//! before. It is held against what is so, carried out, and every act of it commits to the file.
//!
//! Keys come first, then one transaction with all acts and the note that this file was carried out:
//! after a crash the same file goes on, and once it is done it only tells what was done. Assumes
//! that the file was read, digested and is the one that was reviewed.

use crate::commit::transact;
use crate::delegate;
use crate::epochs::epochs_of;
use crate::init::found;
use crate::key_generate::{check_kind, fingerprint};
use crate::key_roles::{KeyRole, Rotation};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, Date, Problem, Purpose, labels};
use ledger::Hash;
use policy::Action;
use ports::{KeyInfo, KeyKind, KeyLabel, KeyStore};
use std::collections::BTreeSet;

/// What the file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ceremony {
    /// SHA-256 of the file.
    pub digest: Hash,
    /// The day, in Japan, on which it is held.
    pub date: Date,
    /// Who is present: name and part.
    pub present: Vec<(String, String)>,
    /// What must be so before.
    pub before: Before,
    /// What is to be made.
    pub keys: Vec<PlannedKey>,
}

/// What must be so before a ceremony.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Before {
    /// The name of the ledger that begins with this ceremony; none where there is a platform.
    pub origin: Option<String>,
    /// The keys that are there.
    pub keys: BTreeSet<KeyLabel>,
}

/// A key that a ceremony makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedKey {
    /// Its label.
    pub label: KeyLabel,
    /// Its kind.
    pub kind: KeyKind,
    /// What it is made for, in the words of the file.
    pub purpose: String,
}

/// What was carried out: each key with its act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carried {
    /// The keys in the order of the file; one that was destroyed since is not there.
    pub keys: Vec<(ActId, Option<KeyInfo>)>,
    /// Whether the same file was carried out before.
    pub repeated: bool,
}

impl Ceremony {
    /// What does not fit, in words; nothing if it may be carried out. `platform` is none where
    /// there is none yet.
    pub fn faults(
        &self,
        keys: &dyn KeyStore,
        platform: Option<&Platform>,
        today: Date,
    ) -> Result<Vec<String>, Problem> {
        let mut faults = self.own_faults();
        if today != self.date {
            faults.push(format!("the ceremony is for {}, and today is {today}", self.date));
        }
        match (&self.before.origin, platform) {
            (Some(_), Some(_)) => faults.push("there is a platform already".to_owned()),
            (None, None) => faults.push("there is no platform yet".to_owned()),
            (Some(_), None) => faults.extend(self.first_faults()),
            (None, Some(platform)) => faults.extend(self.next_faults(platform)?),
        }
        let there: BTreeSet<_> = keys.list()?.into_iter().map(|key| key.label).collect();
        let missing = self.before.keys.difference(&there);
        faults.extend(missing.map(|label| format!("{label} is to be there and is not")));
        let planned = |label: &&KeyLabel| self.keys.iter().any(|key| key.label == **label);
        // A key of this ceremony that is there was made before it was interrupted.
        let other = there.difference(&self.before.keys).filter(|label| !planned(label));
        // Delegates renew themselves, on days that nobody who reviews a file can know.
        let other = other.filter(|label| !delegate::is_ones_key(label));
        faults.extend(other.map(|label| format!("{label} is there and is not to be")));
        Ok(faults)
    }

    /// What does not fit within the file.
    fn own_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let names: BTreeSet<_> = self.present.iter().map(|(name, _)| name).collect();
        if names.len() < PRESENT_MIN {
            faults.push("fewer than two persons are present".to_owned());
        }
        if names.len() < self.present.len() {
            faults.push("a person is present twice".to_owned());
        }
        let labels: BTreeSet<_> = self.keys.iter().map(|key| &key.label).collect();
        if labels.len() < self.keys.len() || self.keys.is_empty() {
            faults.push("no keys, or one of them twice".to_owned());
        }
        for PlannedKey { label, kind, .. } in &self.keys {
            let role = KeyRole::named(label.name());
            if let Err(problem) = role.and_then(|role| check_kind(role, *kind)) {
                faults.push(problem.detail_text().to_owned());
            }
            if self.before.keys.contains(label) {
                faults.push(format!("{label} is to be there before and to be made"));
            }
        }
        faults
    }

    /// A platform begins with all its keys, each of the first epoch.
    fn first_faults(&self) -> Vec<String> {
        let labels: BTreeSet<_> = self.keys.iter().map(|key| key.label.to_string()).collect();
        let first: BTreeSet<_> =
            KeyRole::ALL.into_iter().map(|role| format!("{}/1", role.name())).collect();
        let missing = first.difference(&labels).map(|label| format!("{label} is not made"));
        let early = labels.difference(&first).map(|label| format!("{label} is not a first key"));
        missing.chain(early).collect()
    }

    /// A key that is added is of the epoch that comes next.
    fn next_faults(&self, platform: &Platform) -> Result<Vec<String>, Problem> {
        let mut faults = Vec::new();
        platform.store.snapshot("key_ceremony", &mut |view| {
            faults.clear();
            let epochs = epochs_of(platform, view)?;
            for PlannedKey { label, .. } in &self.keys {
                let Ok(role) = KeyRole::named(label.name()) else { continue };
                if let Rotation::Never(why) = role.rotation() {
                    faults.push(format!("{label}: {why}"));
                }
                let next = role.label(epochs.era(role).current + 1)?;
                if next != *label {
                    faults.push(format!("{label}: the next epoch is {next}"));
                }
            }
            Ok(())
        })?;
        Ok(faults)
    }

    /// The setting that says that the file was carried out, and as which acts.
    fn setting(&self) -> String {
        format!("ceremony/{}", self.digest)
    }
}

/// Carries a ceremony out, as `operator` says; if that was done before, tells what was done.
///
/// # Errors
/// `ceremony_unfit` with everything that does not fit; what the key store and the store refuse.
pub fn key_ceremony(
    platform: &Platform,
    operator: &Actor,
    ceremony: &Ceremony,
) -> Result<Carried, Problem> {
    let permit = permit(operator, Action::KeyGenerate, Purpose::Operation, None)?;
    let (there, done) = state(platform, ceremony)?;
    if let Some(first) = done {
        return told(platform, ceremony, first, true);
    }
    let today = platform.clock.now().date_in_japan();
    let faults = ceremony.faults(&*platform.keys, there.then_some(platform), today)?;
    if !faults.is_empty() {
        return Err(Problem::new(&labels::CEREMONY_UNFIT, faults.join("; ")));
    }
    let made = make(platform, ceremony)?;
    let mut first = None;
    let mut record = |work: &mut Work<'_>| {
        first = None;
        for (key, planned) in made.iter().zip(&ceremony.keys) {
            let content = content(ceremony, planned, key);
            let act = work.record(&permit, Outcome::Done, None, content.as_bytes())?;
            first.get_or_insert(act);
        }
        let said = first.map_or(0, |act| act.0).to_string();
        work.tx.set_setting(&ceremony.setting(), &said)
    };
    match &ceremony.before.origin {
        Some(origin) => found(platform, origin, &mut record)?,
        None => transact(platform, record)?,
    }
    told(platform, ceremony, first.ok_or_else(|| broken("no act"))?, false)
}

/// Whether there is a platform, and the first act of this ceremony if it was carried out.
fn state(platform: &Platform, ceremony: &Ceremony) -> Result<(bool, Option<ActId>), Problem> {
    let (mut there, mut done) = (false, None);
    platform.store.snapshot("key_ceremony", &mut |view| {
        there = view.setting(crate::epochs::KEY_EPOCHS)?.is_some();
        done = view.setting(&ceremony.setting())?;
        Ok(())
    })?;
    let first = done.map(|act| act.parse().map(ActId));
    let first = first.transpose().map_err(|_| broken("a ceremony's act"))?;
    Ok((there, first))
}

/// Makes the keys that are not there yet.
fn make(platform: &Platform, ceremony: &Ceremony) -> Result<Vec<KeyInfo>, Problem> {
    let (at, mut entropy) = (platform.clock.now(), (platform.entropy)());
    for PlannedKey { label, kind, .. } in &ceremony.keys {
        match platform.keys.generate(label, *kind, at, &mut *entropy) {
            Err(problem) if problem.label() == labels::KEY_EXISTS.text => {}
            made => drop(made?),
        }
    }
    let there = platform.keys.list()?;
    let find = |key: &PlannedKey| {
        let found = there.iter().find(|info| info.label == key.label && info.kind == key.kind);
        found.cloned().ok_or_else(|| {
            Problem::new(&labels::CEREMONY_UNFIT, format!("{} is of another kind", key.label))
        })
    };
    ceremony.keys.iter().map(find).collect()
}

/// What an act of a ceremony commits to.
fn content(ceremony: &Ceremony, planned: &PlannedKey, key: &KeyInfo) -> String {
    let print = fingerprint(key);
    let PlannedKey { label, kind, purpose } = planned;
    let print = print.as_deref().unwrap_or("-");
    format!("ceremony {}\n{label} {kind} {print}\n{purpose}", ceremony.digest)
}

fn told(
    platform: &Platform,
    ceremony: &Ceremony,
    first: ActId,
    repeated: bool,
) -> Result<Carried, Problem> {
    let there = platform.keys.list()?;
    let of = |(act, planned): (u64, &PlannedKey)| {
        (ActId(act), there.iter().find(|key| key.label == planned.label).cloned())
    };
    Ok(Carried { keys: (first.0..).zip(&ceremony.keys).map(of).collect(), repeated })
}

const PRESENT_MIN: usize = 2;

//! What keys there are, what each is for and whether something needs it, and how what holds them
//! fares. Shows no person and no secret.

use crate::authorities::Authorities;
use crate::epochs::{Epochs, Era, epochs_of};
use crate::key_roles::{KeyRole, Rotation};
use crate::key_rotate::outlived;
use crate::platform::Platform;
use base::{Moment, Problem};
use ports::rows::delegate_purpose;
use ports::{DeviceState, KeyInfo, KeyLabel, View};
use std::collections::BTreeMap;

/// The keys and what holds them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyStatus {
    /// The file, or the devices.
    pub devices: Vec<DeviceState>,
    /// Every key, by label.
    pub keys: Vec<KeyState>,
    /// Why the keys cannot be named just now: a device does not answer. There are none then.
    pub unlisted: Option<Problem>,
}

/// A key and its use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyState {
    /// The key.
    pub key: KeyInfo,
    /// What it is for; none for a key that is neither the platform's nor an authority's.
    pub purpose: Option<&'static str>,
    /// How it is used.
    pub standing: Standing,
}

/// How a key is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// New things are made with it.
    InUse,
    /// It is of a former epoch and counts still, for this reason.
    Former(&'static str),
    /// It was made ahead.
    Waiting,
    /// Nothing needs it: it may be destroyed.
    Done,
    /// It is for others to say: a witness's.
    Other,
}

impl Standing {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InUse => "in_use",
            Self::Former(_) => "former",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Other => "other",
        }
    }

    /// Why the key may not be destroyed; none if it may.
    pub const fn needed(self) -> Option<&'static str> {
        match self {
            Self::InUse => Some("it is in use"),
            Self::Former(why) => Some(why),
            Self::Waiting => Some("it waits to be put into use"),
            Self::Other => Some("it is not a key of the platform's own"),
            Self::Done => None,
        }
    }
}

/// All keys with their use.
pub fn key_status(platform: &Platform) -> Result<KeyStatus, Problem> {
    let listed = match platform.keys.list() {
        Ok(listed) => listed,
        // How the devices fare is what is asked for when one is sick.
        Err(problem) if problem.is_of_the_platform() => {
            let devices = platform.keys.status();
            return Ok(KeyStatus { devices, keys: Vec::new(), unlisted: Some(problem) });
        }
        Err(problem) => return Err(problem),
    };
    let mut found = Vec::new();
    platform.store.snapshot("key_status", &mut |view| {
        found.clear();
        let (epochs, now) = (epochs_of(platform, view)?, platform.clock.now());
        let certifying = certifying(view, now)?;
        for key in listed.iter().cloned() {
            let of_authority = certifying.get(key.label.as_str()).copied();
            let role = KeyRole::named(key.label.name()).ok();
            let (purpose, standing) = match of_authority {
                Some((purpose, standing)) => (Some(purpose), standing),
                None => (role.map(KeyRole::purpose), standing(&epochs, &key.label, now)),
            };
            found.push(KeyState { key, purpose, standing });
        }
        Ok(())
    })?;
    Ok(KeyStatus { devices: platform.keys.status(), keys: found, unlisted: None })
}

/// The keys of certification authorities and of those that act for them, by label: what each is
/// for, and how it is used. An authority's own is never done with here: what it issued may be asked
/// about for longer than anybody can tell. A delegate's is, with the end of its certificate.
pub(crate) fn certifying(
    view: &mut (impl View + ?Sized),
    now: Moment,
) -> Result<BTreeMap<String, (&'static str, Standing)>, Problem> {
    let mut found = BTreeMap::new();
    for authority in Authorities::read(view)?.iter() {
        let standing = match authority.issues() {
            true => Standing::InUse,
            false => Standing::Former("it signs lists and answers about what it issued"),
        };
        found.insert(authority.row.key_label.clone(), ("signs certificates and lists", standing));
        for (purpose, what) in [
            (delegate_purpose::OCSP, "signs OCSP answers"),
            (delegate_purpose::TIME_STAMP, "signs time stamps"),
        ] {
            let delegates = view.newest_delegates(authority.id(), purpose, usize::MAX)?;
            for (age, row) in delegates.into_iter().enumerate() {
                let standing = match (row.not_after < now, age) {
                    (true, _) => Standing::Done,
                    (false, 0) => Standing::InUse,
                    (false, _) => Standing::Former("its certificate has not ended"),
                };
                found.insert(row.key_label, (what, standing));
            }
        }
    }
    Ok(found)
}

/// How a key is used.
pub(crate) fn standing(epochs: &Epochs, label: &KeyLabel, now: Moment) -> Standing {
    let (Ok(role), Some(epoch)) = (KeyRole::named(label.name()), label.epoch()) else {
        return Standing::Other;
    };
    let era = epochs.era(role);
    let Era { oldest, current, .. } = era;
    if epoch == current {
        Standing::InUse
    } else if epoch > current {
        Standing::Waiting
    } else if epoch < oldest || outlived(role, era, now) {
        Standing::Done
    } else {
        Standing::Former(why_former(role))
    }
}

const fn why_former(role: KeyRole) -> &'static str {
    match (role, role.rotation()) {
        (KeyRole::Kek, _) => "data keys of its epoch may be left; `keys rotate kek` moves them",
        (KeyRole::SetDigest, _) => {
            "municipalities still compare under it; `keys rotate set-digest` moves them"
        }
        (KeyRole::Token, _) => "tokens that it signed may be valid for 31 days",
        (KeyRole::Ledger, _) => "it signs beside the new one until `keys rotate ledger --finish`",
        (KeyRole::Pseudonym, _) => "acts of its time are found with it alone",
        (KeyRole::Repeat, _) => "messages of its time are recognised with it alone",
        (_, Rotation::Never(why)) => why,
        _ => "it counts still",
    }
}

//! What keys there are, what each is for and whether something needs it, and how what holds them
//! fares. Shows no person and no secret.

use crate::delegate;
use crate::epochs::{Epochs, Era, epochs_of};
use crate::key_roles::{KeyRole, Rotation};
use crate::key_rotate::outlived;
use crate::platform::Platform;
use base::{Moment, Problem};
use ports::{DeviceState, KeyInfo, KeyLabel, View};

/// The keys and what holds them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyStatus {
    /// The file, or the devices.
    pub devices: Vec<DeviceState>,
    /// Every key, by label.
    pub keys: Vec<KeyState>,
}

/// A key and its use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyState {
    /// The key.
    pub key: KeyInfo,
    /// What it is for; none for a key that is not the platform's own.
    pub role: Option<KeyRole>,
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
    /// It is for others to say: a witness's, or a certification authority's, which signs lists as
    /// long as it has any.
    Other,
}

impl KeyState {
    /// What it is for, for people.
    pub fn purpose(&self) -> Option<&'static str> {
        let others = || {
            let name = self.key.label.name();
            OTHERS.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, purpose)| *purpose)
        };
        self.role.map(KeyRole::purpose).or_else(others)
    }
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
            Self::Other => Some("a certification authority's or a witness's key stays"),
            Self::Done => None,
        }
    }
}

/// All keys with their use.
pub fn key_status(platform: &Platform) -> Result<KeyStatus, Problem> {
    let mut found = Vec::new();
    platform.store.snapshot("key_status", &mut |view| {
        found.clear();
        let epochs = epochs_of(platform, view)?;
        for key in platform.keys.list()? {
            let role = KeyRole::named(key.label.name()).ok();
            let standing = standing(view, &epochs, &key.label, platform.clock.now())?;
            found.push(KeyState { key, role, standing });
        }
        Ok(())
    })?;
    Ok(KeyStatus { devices: platform.keys.status(), keys: found })
}

/// How a key is used.
pub(crate) fn standing(
    view: &mut (impl View + ?Sized),
    epochs: &Epochs,
    label: &KeyLabel,
    now: Moment,
) -> Result<Standing, Problem> {
    match (KeyRole::named(label.name()), label.epoch()) {
        (Ok(role), Some(epoch)) => Ok(standing_of(epochs, role, epoch, now)),
        _ => Ok(delegate::standing(view, label, now)?.unwrap_or(Standing::Other)),
    }
}

fn standing_of(epochs: &Epochs, role: KeyRole, epoch: u32, now: Moment) -> Standing {
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

/// Keys that are not the platform's own, by the beginning of their names.
const OTHERS: [(&str, &str); 4] = [
    ("ca-", "signs certificates and lists"),
    ("ocsp-", "answers for certificates"),
    ("time-stamp-", "stamps checkpoints and what others show"),
    ("witness", "cosigns checkpoints"),
];

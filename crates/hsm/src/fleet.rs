//! All devices together: who holds a key, who is asked, in which order and for how long.

use crate::device::Device;
use crate::failure::Failure;
use crate::message::HeldKey;
use crate::options::HsmOptions;
use crate::process::SESSIONS_MAX;
use base::{Problem, labels};
use ports::{KeyInfo, KeyLabel};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The devices of a key store.
pub(crate) struct Fleet {
    pub(crate) devices: Vec<Device>,
    pub(crate) options: HsmOptions,
    /// Who is asked first among equals.
    turn: AtomicUsize,
}

/// A key and the devices that hold it.
pub(crate) struct Holders {
    pub(crate) key: Arc<HeldKey>,
    pub(crate) devices: Vec<usize>,
}

impl Fleet {
    /// Starts a child for each device and waits until one is ready.
    pub(crate) fn start(options: HsmOptions) -> Result<Self, Problem> {
        check(&options)?;
        let start = |device: &_| Device::start(Clone::clone(device), options.clone());
        let devices: Vec<Device> = options.devices.iter().map(start).collect();
        if !await_ready(&devices, &options) {
            let failures = devices.iter().filter_map(Device::last_failure);
            let failure = failures.max_by_key(Failure::weight).unwrap_or(Failure::Late);
            return Err(about(&failure, "no key device is ready"));
        }
        Ok(Self { devices, options, turn: AtomicUsize::new(0) })
    }

    /// Who holds the key. One that nobody is known to hold may have been made meanwhile, so all
    /// devices are looked into; only when all have answered is it absent.
    pub(crate) fn holders(&self, label: &KeyLabel, until: Instant) -> Result<Holders, Problem> {
        if let Some(holders) = self.find(label)? {
            return Ok(holders);
        }
        let refreshed = self.refresh(until);
        match (self.find(label)?, refreshed) {
            (Some(holders), _) => Ok(holders),
            (None, Err(failure)) => Err(failure.problem(label)),
            (None, Ok(())) => Err(Failure::Absent.problem(label)),
        }
    }

    /// Who is known to hold the key. Two devices that hold different keys under one label are not
    /// worked with, nor is a key that has come under the label of another.
    pub(crate) fn find(&self, label: &KeyLabel) -> Result<Option<Holders>, Problem> {
        let mut found: Option<Holders> = None;
        for (at, device) in self.devices.iter().enumerate() {
            let Some(key) = device.catalogue(|catalogue| catalogue.get(label)) else { continue };
            if device.catalogue(|catalogue| catalogue.is_swapped(&key)) {
                return Err(Failure::Configuration(SWAPPED.to_owned()).problem(label));
            }
            match &mut found {
                None => found = Some(Holders { key, devices: vec![at] }),
                Some(holders) if holders.key == key => holders.devices.push(at),
                Some(_) => return Err(Failure::Configuration(DIFFERENT.to_owned()).problem(label)),
            }
        }
        Ok(found)
    }

    /// Looks into all tokens, each in its share of the time; the first failure, after all were
    /// tried.
    pub(crate) fn refresh(&self, until: Instant) -> Result<(), Failure> {
        let mut told = Ok(());
        for (at, device) in self.devices.iter().enumerate() {
            let now = Instant::now();
            let share = until.saturating_duration_since(now) / (self.devices.len() - at) as u32;
            let looked = device.refresh(now + share);
            told = told.and(looked);
        }
        told
    }

    pub(crate) fn list(&self, until: Instant) -> Result<Vec<KeyInfo>, Problem> {
        let refreshed = self.refresh(until);
        let known = |device: &Device| device.catalogue(|catalogue| catalogue.is_known());
        if let Err(failure) = refreshed
            && !self.devices.iter().all(known)
        {
            return Err(about(&failure, "not all tokens could be looked into"));
        }
        let mut keys: BTreeMap<KeyLabel, KeyInfo> = BTreeMap::new();
        for device in &self.devices {
            let held: Vec<KeyInfo> = device
                .catalogue(|catalogue| catalogue.keys().map(|key| key.info.clone()).collect());
            keys.extend(held.into_iter().map(|info| (info.label.clone(), info)));
        }
        Ok(keys.into_values().collect())
    }

    /// Asks the devices one after the other until one answers. Each gets its share of what is left
    /// of the time, so that one that stalls leaves some to the others. A device whose child ended
    /// meanwhile is asked once more: its next child may be there at once.
    pub(crate) fn on_any<T>(
        &self,
        holders: &[usize],
        until: Instant,
        ask: impl Fn(&Device, Instant) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut waiting = self.in_order(holders);
        let mut again = true;
        let mut worst: Option<Failure> = None;
        while let Some(at) = waiting.first().copied() {
            waiting.remove(0);
            let now = Instant::now();
            let left = until.saturating_duration_since(now);
            if left.is_zero() {
                break;
            }
            let share = left / (waiting.len() as u32 + 1);
            match ask(&self.devices[at], now + share) {
                Err(failure) if failure.is_of_the_device() || failure == Failure::Absent => {
                    if failure == Failure::Lost && std::mem::take(&mut again) {
                        waiting.push(at);
                    }
                    let heavier = |other: &Failure| other.weight() < failure.weight();
                    if worst.as_ref().is_none_or(heavier) {
                        worst = Some(failure);
                    }
                }
                settled => return settled,
            }
        }
        Err(worst.unwrap_or(Failure::Late))
    }

    /// Those that are ready first, the least busy of them first, in turn among equals.
    fn in_order(&self, holders: &[usize]) -> Vec<usize> {
        if let [only] = holders {
            return vec![*only];
        }
        let mut order = holders.to_vec();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let first = turn % order.len().max(1);
        order.rotate_left(first);
        order.sort_by_cached_key(|at| {
            let (ready, load) = self.devices[*at].readiness();
            (!ready, load)
        });
        order
    }
}

/// Waits for all devices a little, and longer only if none is ready; whether one is.
fn await_ready(devices: &[Device], options: &HsmOptions) -> bool {
    [1, 5].into_iter().any(|deadlines| {
        let until = Instant::now() + options.deadline * deadlines;
        devices.iter().for_each(|device| device.wait_until_settled(until));
        devices.iter().any(|device| device.status().ready)
    })
}

fn check(options: &HsmOptions) -> Result<(), Problem> {
    let wrong = if options.devices.is_empty() {
        "no device is given"
    } else if !(1..=SESSIONS_MAX).contains(&usize::from(options.sessions)) {
        "sessions: 1 to 128"
    } else if options.deadline.is_zero() || options.stuck < options.deadline {
        "the deadline: above zero, and not above the time after which a child is killed"
    } else {
        return Ok(());
    };
    Err(Problem::new(&labels::HSM_CONFIGURATION, wrong))
}

/// A problem of the devices that is no single key's.
fn about(failure: &Failure, what: &str) -> Problem {
    let label = match failure {
        Failure::Gone(_) => &labels::HSM_GONE,
        Failure::Configuration(_) => &labels::HSM_CONFIGURATION,
        Failure::Wrong(_) => &labels::HSM_ANSWER_WRONG,
        _ => &labels::HSM_UNAVAILABLE,
    };
    Problem::new(label, format!("{what}: {}", failure.word()))
}

const SWAPPED: &str = "another key has come under this label";
const DIFFERENT: &str = "two tokens hold different keys under this label";

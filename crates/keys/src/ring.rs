//! The keys at work: schedules computed once, found by label under a lock that is held only for
//! the look-up. What is secret here is wiped by the cryptographic libraries when a key goes.

use crate::{format::Record, signing::SigningKey};
use aws_lc_rs::hmac;
use base::{Entropy, Problem, labels};
use numbers::assignment::WalkingFf1;
use ports::{Domain, KeyInfo, KeyKind, KeyLabel};
use seal::{DataKey, SealingKey, WrapPlace};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};
use x509::PublicKey;
use zeroize::Zeroizing;

/// All keys of a store.
#[derive(Default)]
pub(crate) struct Ring(RwLock<BTreeMap<KeyLabel, Arc<Key>>>);

/// A key ready to work.
pub(crate) struct Key {
    info: KeyInfo,
    work: Work,
}

enum Work {
    Permutation(Permutation),
    Mac(Box<hmac::Key>),
    Wrap(SealingKey),
    Sign(SigningKey),
}

/// A permutation key with the domains that it was asked for so far.
struct Permutation {
    secret: Zeroizing<[u8; 32]>,
    ready: RwLock<HashMap<Domain, Arc<WalkingFf1>>>,
}

impl Ring {
    /// The key of this label, or `key_absent`.
    pub(crate) fn key(&self, label: &KeyLabel) -> Result<Arc<Key>, Problem> {
        let key = read(&self.0).get(label).cloned();
        key.ok_or_else(|| Problem::new(&labels::KEY_ABSENT, label.as_str()))
    }

    /// What is known of every key, by label.
    pub(crate) fn list(&self) -> Vec<KeyInfo> {
        read(&self.0).values().map(|key| key.info.clone()).collect()
    }

    /// Takes one more key in, or refuses it with `key_exists`.
    pub(crate) fn add(&self, key: Key) -> Result<KeyInfo, Problem> {
        let mut keys = write(&self.0);
        if keys.contains_key(&key.info.label) {
            return Err(exists(&key.info.label));
        }
        let info = key.info.clone();
        keys.insert(info.label.clone(), Arc::new(key));
        Ok(info)
    }

    /// Takes a key out. Calls that are at work with it finish.
    pub(crate) fn remove(&self, label: &KeyLabel) -> Result<(), Problem> {
        let removed = write(&self.0).remove(label);
        removed.map(drop).ok_or_else(|| Problem::new(&labels::KEY_ABSENT, label.as_str()))
    }

    /// Holds exactly these keys from now on.
    pub(crate) fn replace(&self, records: &[Record]) -> Result<(), Problem> {
        let ready = |record| Key::new(record).map(|key| (key.info.label.clone(), Arc::new(key)));
        let keys = records.iter().map(ready).collect::<Result<_, _>>()?;
        *write(&self.0) = keys;
        Ok(())
    }
}

impl Key {
    /// What may be known of it.
    pub(crate) fn info(&self) -> &KeyInfo {
        &self.info
    }

    /// Makes a key ready.
    pub(crate) fn new(record: &Record) -> Result<Self, Problem> {
        let secret = || -> Result<[u8; 32], Problem> {
            record.secret[..].try_into().map_err(|_| failed("a secret of another length"))
        };
        let mut public = None;
        let work = match record.kind {
            KeyKind::Permutation => {
                let ready = RwLock::default();
                Work::Permutation(Permutation { secret: Zeroizing::new(secret()?), ready })
            }
            KeyKind::Mac => Work::Mac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &record.secret))),
            KeyKind::Wrap => Work::Wrap(SealingKey::new(&Zeroizing::new(secret()?))),
            KeyKind::Sign(algorithm) => {
                let key = SigningKey::open(algorithm, &record.secret)?;
                public = Some(key.public(algorithm)?);
                Work::Sign(key)
            }
        };
        let (label, kind, created) = (record.label.clone(), record.kind, record.created);
        Ok(Self { info: KeyInfo { label, kind, created, public }, work })
    }

    pub(crate) fn permute(&self, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        let Work::Permutation(permutation) = &self.work else {
            return Err(self.other_kind(KeyKind::Permutation.word()));
        };
        let refused = |label: &str| failed(&format!("the permutation refused: {label}"));
        let walking = permutation.walking(domain).map_err(refused)?;
        walking.permute(values).map_err(|refusal| refused(refusal.label()))
    }

    /// Takes [`Self::permute`] back.
    pub(crate) fn invert(&self, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        let Work::Permutation(permutation) = &self.work else {
            return Err(self.other_kind(KeyKind::Permutation.word()));
        };
        let refused = |label: &str| failed(&format!("the permutation refused: {label}"));
        let walking = permutation.walking(domain).map_err(refused)?;
        walking.invert(values).map_err(|refusal| refused(refusal.label()))
    }

    pub(crate) fn mac(&self, message: &[u8]) -> Result<[u8; 32], Problem> {
        let Work::Mac(key) = &self.work else { return Err(self.other_kind(KeyKind::Mac.word())) };
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(key, message).as_ref());
        Ok(out)
    }

    pub(crate) fn wrap(
        &self,
        place: &WrapPlace,
        key: &DataKey,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Problem> {
        Ok(self.wrapping()?.seal(&self.bound(place), key.reveal(), entropy))
    }

    pub(crate) fn unwrap(&self, place: &WrapPlace, wrapped: &[u8]) -> Result<DataKey, Problem> {
        let opened = self.wrapping()?.open(&self.bound(place), wrapped);
        opened
            .and_then(|bytes| DataKey::from_slice(&bytes))
            .map_err(|refusal| failed(&format!("{}: {refusal}", self.info.label)))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let Work::Sign(key) = &self.work else { return Err(self.other_kind(SOME_SIGNING)) };
        key.sign(message)
    }

    pub(crate) fn public(&self) -> Result<PublicKey, Problem> {
        self.info.public.clone().ok_or_else(|| self.other_kind(SOME_SIGNING))
    }

    fn wrapping(&self) -> Result<&SealingKey, Problem> {
        match &self.work {
            Work::Wrap(key) => Ok(key),
            _ => Err(self.other_kind(KeyKind::Wrap.word())),
        }
    }

    /// What a wrapping is bound to; a label without an epoch counts as epoch 0.
    fn bound(&self, place: &WrapPlace) -> Vec<u8> {
        place.additional(self.info.label.epoch().unwrap_or(0))
    }

    fn other_kind(&self, needed: &str) -> Problem {
        let KeyInfo { label, kind, .. } = &self.info;
        Problem::new(&labels::KEY_KIND, format!("{label} is for {kind}, not for {needed}"))
    }
}

impl Permutation {
    fn walking(&self, domain: Domain) -> Result<Arc<WalkingFf1>, &'static str> {
        if let Some(walking) = read(&self.ready).get(&domain) {
            return Ok(Arc::clone(walking));
        }
        let walking = WalkingFf1::new(&*self.secret, domain.digits, domain.below);
        let walking = Arc::new(walking.map_err(|refusal| refusal.label())?);
        write(&self.ready).insert(domain, Arc::clone(&walking));
        Ok(walking)
    }
}

/// `key_exists` for this label.
pub(crate) fn exists(label: &KeyLabel) -> Problem {
    Problem::new(&labels::KEY_EXISTS, label.as_str())
}

fn failed(why: &str) -> Problem {
    Problem::new(&labels::KEY_OPERATION, why)
}

// Every change of what is behind these locks is one assignment: a panic elsewhere leaves it whole.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

const SOME_SIGNING: &str = "signatures";

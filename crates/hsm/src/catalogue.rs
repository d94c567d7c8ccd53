//! Which keys a device holds, as last seen. It outlives the child: a device that is down is still
//! known to hold its keys, so that they are missing for a while and not absent.

use crate::message::HeldKey;
use crate::wire::{Malformed, Reader};
use ports::KeyLabel;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys of one device.
#[derive(Default)]
pub(crate) struct Catalogue {
    keys: BTreeMap<KeyLabel, Arc<HeldKey>>,
    /// Whether the device was ever looked into.
    known: bool,
    /// The key that was first seen under each label.
    first: BTreeMap<KeyLabel, [u8; 8]>,
}

impl Catalogue {
    pub(crate) fn get(&self, label: &KeyLabel) -> Option<Arc<HeldKey>> {
        self.keys.get(label).cloned()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &HeldKey> {
        self.keys.values().map(|key| &**key)
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known
    }

    /// Whether this is another key than the one that was first seen under its label: one that
    /// somebody put there, such as an older copy of the token.
    pub(crate) fn is_swapped(&self, key: &HeldKey) -> bool {
        self.first.get(&key.info.label).is_some_and(|first| *first != key.identity)
    }

    pub(crate) fn replace(&mut self, keys: Vec<HeldKey>) {
        for key in &keys {
            self.first.entry(key.info.label.clone()).or_insert(key.identity);
        }
        self.keys = keys.into_iter().map(|key| (key.info.label.clone(), Arc::new(key))).collect();
        self.known = true;
    }

    /// A key that was made here.
    pub(crate) fn insert(&mut self, key: HeldKey) {
        self.first.insert(key.info.label.clone(), key.identity);
        self.keys.insert(key.info.label.clone(), Arc::new(key));
    }

    /// The key is not there; one that was destroyed here may be followed by another.
    pub(crate) fn remove(&mut self, label: &KeyLabel, is_destroyed: bool) {
        self.keys.remove(label);
        if is_destroyed {
            self.first.remove(label);
        }
    }
}

/// One answer to a request for keys, and whether there are more behind it.
pub(crate) fn read_page(bytes: &[u8]) -> Result<(Vec<HeldKey>, bool), Malformed> {
    let mut from = Reader::new(bytes);
    let more = from.u8()? == 1;
    let mut keys = Vec::new();
    while !from.is_empty() {
        keys.push(HeldKey::take(&mut from)?);
    }
    Ok((keys, more))
}

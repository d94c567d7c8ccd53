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

    pub(crate) fn replace(&mut self, keys: Vec<HeldKey>) {
        self.keys = keys.into_iter().map(|key| (key.info.label.clone(), Arc::new(key))).collect();
        self.known = true;
    }

    pub(crate) fn insert(&mut self, key: HeldKey) {
        self.keys.insert(key.info.label.clone(), Arc::new(key));
    }

    pub(crate) fn remove(&mut self, label: &KeyLabel) {
        self.keys.remove(label);
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

//! Two key stores as one: some keys, by name, in the second and all others in the first. For tokens
//! that cannot hold every kind of key.

use base::{Entropy, Moment, Problem};
use ports::{DeviceState, Domain, KeyInfo, KeyKind, KeyLabel, KeyStore};
use seal::{DataKey, WrapPlace};
use std::collections::BTreeSet;
use std::sync::Arc;
use x509::PublicKey;

/// Keys in two places. A key is where its name says, in every epoch.
pub struct PlacedKeyStore {
    first: Arc<dyn KeyStore>,
    second: Arc<dyn KeyStore>,
    /// Names without their epochs.
    in_second: BTreeSet<String>,
}

impl PlacedKeyStore {
    /// Keys of these names (without epochs) are in `second`, all others in `first`.
    pub fn new(
        first: Arc<dyn KeyStore>,
        second: Arc<dyn KeyStore>,
        in_second: BTreeSet<String>,
    ) -> Self {
        Self { first, second, in_second }
    }

    fn at(&self, label: &KeyLabel) -> &dyn KeyStore {
        if self.in_second.contains(label.name()) { &*self.second } else { &*self.first }
    }
}

impl KeyStore for PlacedKeyStore {
    fn generate(
        &self,
        label: &KeyLabel,
        kind: KeyKind,
        at: Moment,
        entropy: &mut dyn Entropy,
    ) -> Result<KeyInfo, Problem> {
        self.at(label).generate(label, kind, at, entropy)
    }

    /// Keys that are not where their names say are not in use, and not told.
    fn list(&self) -> Result<Vec<KeyInfo>, Problem> {
        let placed = |second: bool| {
            move |info: &KeyInfo| self.in_second.contains(info.label.name()) == second
        };
        let mut list: Vec<KeyInfo> = self.first.list()?.into_iter().filter(placed(false)).collect();
        list.extend(self.second.list()?.into_iter().filter(placed(true)));
        list.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(list)
    }

    fn status(&self) -> Vec<DeviceState> {
        [self.first.status(), self.second.status()].concat()
    }

    fn permute(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.at(label).permute(label, domain, values)
    }

    fn invert(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.at(label).invert(label, domain, values)
    }

    fn mac(&self, label: &KeyLabel, message: &[u8]) -> Result<[u8; 32], Problem> {
        self.at(label).mac(label, message)
    }

    fn wrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        key: &DataKey,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Problem> {
        self.at(label).wrap(label, place, key, entropy)
    }

    fn unwrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        wrapped: &[u8],
    ) -> Result<DataKey, Problem> {
        self.at(label).unwrap(label, place, wrapped)
    }

    fn sign(&self, label: &KeyLabel, message: &[u8]) -> Result<Vec<u8>, Problem> {
        self.at(label).sign(label, message)
    }

    fn sign_accepted(
        &self,
        label: &KeyLabel,
        message: &[u8],
        accept: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Problem> {
        self.at(label).sign_accepted(label, message, accept)
    }

    fn public_key(&self, label: &KeyLabel) -> Result<PublicKey, Problem> {
        self.at(label).public_key(label)
    }

    fn destroy(&self, label: &KeyLabel) -> Result<(), Problem> {
        self.at(label).destroy(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OsEntropy, SoftKeyStore};

    #[test]
    fn passes_the_suite_wherever_the_keys_are() {
        for names in [&[][..], &["suite-mac"], &["suite-wrap", "suite-sign-ed25519", "suite-other"]]
        {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let store = |_| Arc::new(SoftKeyStore::in_memory());
            let placed = PlacedKeyStore::new(store(1), store(2), names);
            crate::testing::suite(&placed).unwrap();
        }
    }

    #[test]
    fn a_key_is_where_its_name_says_in_every_epoch() {
        let (first, second) =
            (Arc::new(SoftKeyStore::in_memory()), Arc::new(SoftKeyStore::in_memory()));
        let names = ["ledger".to_owned()].into();
        let placed = PlacedKeyStore::new(Arc::clone(&first) as _, Arc::clone(&second) as _, names);
        for text in ["ledger/2", "kek/1", "ledger/1"] {
            let (label, at) = (text.parse().unwrap(), Moment::from_us(0));
            placed.generate(&label, KeyKind::Mac, at, &mut OsEntropy::new()).unwrap();
        }
        let labels = |store: &dyn KeyStore| {
            let list = store.list().unwrap();
            list.iter().map(|info| info.label.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(labels(&*first), ["kek/1"]);
        assert_eq!(labels(&*second), ["ledger/1", "ledger/2"]);
        assert_eq!(labels(&placed), ["kek/1", "ledger/1", "ledger/2"]);
        let stray = "ledger/3".parse().unwrap();
        first.generate(&stray, KeyKind::Mac, Moment::from_us(0), &mut OsEntropy::new()).unwrap();
        assert_eq!(placed.list().unwrap().len(), 3);
        assert_eq!(placed.mac(&stray, b"").unwrap_err().label(), "key_absent");
    }
}

//! A key store whose signatures go another way than to the store: they are counted, refused, made
//! by another key, or whatever a test does with them. Everything else is the store's.

use base::{Entropy, Moment, Problem};
use ports::{DeviceState, Domain, KeyInfo, KeyKind, KeyLabel, KeyStore};
use seal::{DataKey, WrapPlace};
use std::sync::Arc;
use x509::PublicKey;

/// A key store with a test between its signatures and their callers.
pub struct FitfulKeyStore {
    store: Arc<dyn KeyStore>,
    sign: Box<Sign>,
}

/// A signature that is asked for.
pub struct Signing<'a> {
    /// The key.
    pub label: &'a KeyLabel,
    /// What is to be signed.
    pub message: &'a [u8],
    /// Whether the caller verifies it himself ([`KeyStore::sign_accepted`]).
    pub is_verified: bool,
    /// Who would sign it.
    pub store: &'a dyn KeyStore,
}

type Sign = dyn Fn(&Signing<'_>) -> Result<Vec<u8>, Problem> + Send + Sync;

impl FitfulKeyStore {
    /// The same keys; signatures are what `sign` makes of them.
    pub fn new(
        store: Arc<dyn KeyStore>,
        sign: impl Fn(&Signing<'_>) -> Result<Vec<u8>, Problem> + Send + Sync + 'static,
    ) -> Self {
        Self { store, sign: Box::new(sign) }
    }
}

impl Signing<'_> {
    /// What the store would have answered.
    pub fn go_on(&self) -> Result<Vec<u8>, Problem> {
        self.store.sign(self.label, self.message)
    }
}

impl KeyStore for FitfulKeyStore {
    fn sign(&self, label: &KeyLabel, message: &[u8]) -> Result<Vec<u8>, Problem> {
        (self.sign)(&Signing { label, message, is_verified: false, store: &*self.store })
    }

    fn sign_accepted(
        &self,
        label: &KeyLabel,
        message: &[u8],
        accept: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Problem> {
        let signing = Signing { label, message, is_verified: true, store: &*self.store };
        let signature = (self.sign)(&signing)?;
        if accept(&signature) { Ok(signature) } else { Err(refused(label)) }
    }

    fn generate(
        &self,
        label: &KeyLabel,
        kind: KeyKind,
        at: Moment,
        entropy: &mut dyn Entropy,
    ) -> Result<KeyInfo, Problem> {
        self.store.generate(label, kind, at, entropy)
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Problem> {
        self.store.list()
    }

    fn status(&self) -> Vec<DeviceState> {
        self.store.status()
    }

    fn permute(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.store.permute(label, domain, values)
    }

    fn invert(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.store.invert(label, domain, values)
    }

    fn mac(&self, label: &KeyLabel, message: &[u8]) -> Result<[u8; 32], Problem> {
        self.store.mac(label, message)
    }

    fn wrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        key: &DataKey,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Problem> {
        self.store.wrap(label, place, key, entropy)
    }

    fn unwrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        wrapped: &[u8],
    ) -> Result<DataKey, Problem> {
        self.store.unwrap(label, place, wrapped)
    }

    fn public_key(&self, label: &KeyLabel) -> Result<PublicKey, Problem> {
        self.store.public_key(label)
    }

    fn destroy(&self, label: &KeyLabel) -> Result<(), Problem> {
        self.store.destroy(label)
    }
}

fn refused(label: &KeyLabel) -> Problem {
    Problem::new(&base::labels::SIGNING_SIGNATURE, label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SoftKeyStore;

    #[test]
    fn passes_the_suite_where_it_goes_on() {
        let store = FitfulKeyStore::new(Arc::new(SoftKeyStore::in_memory()), |s| s.go_on());
        crate::testing::suite(&store).unwrap();
    }
}

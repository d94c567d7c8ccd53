//! The soft key store: a ring of keys at work, and the sealed file behind it.
//!
//! The file is the truth. A change is made under the writers' lock: read the file again, change,
//! replace it, then take over what it now holds. So several programs may have the same store open;
//! each sees the others' changes with its own next change or `refresh`.

use crate::{
    KdfParams, OsEntropy, Passphrase, file,
    format::{FileKey, Record},
    ring::{Key, Ring, exists},
    signing::SigningKey,
};
use base::{Entropy, Moment, Problem, labels};
use ports::{DeviceCondition, DeviceState, Domain, KeyInfo, KeyKind, KeyLabel, KeyStore};
use seal::{DataKey, WrapPlace};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use x509::PublicKey;
use zeroize::Zeroizing;

/// Keys in a sealed file, or in memory only.
pub struct SoftKeyStore {
    ring: Ring,
    backing: Option<Backing>,
}

struct Backing {
    path: PathBuf,
    key: Mutex<FileKey>,
}

impl SoftKeyStore {
    /// Makes a new, empty store at `path`; its directory is made too, closed to others.
    /// `already_initialised` if something has that name.
    pub fn create(
        path: &Path,
        passphrase: &Passphrase,
        params: KdfParams,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Problem> {
        file::make_directory(path)?;
        let key = FileKey::create(passphrase, params, entropy)?;
        let lock = file::lock(path)?;
        if file::is_there(path)? {
            let detail = format!("{} is there already", path.display());
            return Err(Problem::new(&labels::ALREADY_INITIALISED, detail));
        }
        file::write(path, &key.seal(&mut [], entropy), &lock)?;
        Ok(Self { ring: Ring::default(), backing: Some(Backing::new(path, key)) })
    }

    /// Opens the store at `path`. Refusals: `not_initialised` (nothing there),
    /// `keystore_permissions`, `keystore_passphrase`, `keystore_damaged`, `io`.
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, Problem> {
        let bytes = file::read(path)?;
        let key = FileKey::unlock(&bytes, passphrase)?;
        let ring = Ring::default();
        ring.replace(&key.open(&bytes)?)?;
        Ok(Self { ring, backing: Some(Backing::new(path, key)) })
    }

    /// A store without a file: its keys last as long as it does.
    pub fn in_memory() -> Self {
        Self { ring: Ring::default(), backing: None }
    }

    /// Takes over what other programs changed in the file.
    pub fn refresh(&self) -> Result<(), Problem> {
        let Some(backing) = &self.backing else { return Ok(()) };
        let key = backing.key();
        self.ring.replace(&key.open(&file::read(&backing.path)?)?)
    }

    /// The key of this label. Another program may have made it after the file was last read.
    fn key(&self, label: &KeyLabel) -> Result<Arc<Key>, Problem> {
        match self.ring.key(label) {
            Err(problem)
                if self.backing.is_some() && problem.label() == labels::KEY_ABSENT.text =>
            {
                self.refresh()?;
                self.ring.key(label)
            }
            found => found,
        }
    }

    /// Seals the file under another passphrase. Copies made before still open with the old one.
    pub fn change_passphrase(
        &self,
        passphrase: &Passphrase,
        params: KdfParams,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Problem> {
        let Some(backing) = &self.backing else { return Ok(()) };
        let fresh = FileKey::create(passphrase, params, entropy)?;
        let mut key = backing.key();
        let lock = file::lock(&backing.path)?;
        let mut records = key.open(&file::read(&backing.path)?)?;
        file::write(&backing.path, &fresh.seal(&mut records, entropy), &lock)?;
        *key = fresh;
        self.ring.replace(&records)
    }
}

impl KeyStore for SoftKeyStore {
    fn generate(
        &self,
        label: &KeyLabel,
        kind: KeyKind,
        at: Moment,
        entropy: &mut dyn Entropy,
    ) -> Result<KeyInfo, Problem> {
        let secret = match kind {
            KeyKind::Sign(algorithm) => SigningKey::make(algorithm, entropy)?,
            KeyKind::Permutation | KeyKind::Mac | KeyKind::Wrap => {
                let mut secret = Zeroizing::new(vec![0; 32]);
                entropy.fill(&mut secret);
                secret
            }
        };
        let record = Record { label: label.clone(), kind, created: at, secret };
        let Some(backing) = &self.backing else { return self.ring.add(Key::new(&record)?) };
        let info = Key::new(&record)?.info().clone();
        backing.change(&self.ring, |records| {
            if records.iter().any(|record| record.label == *label) {
                return Err(exists(label));
            }
            records.push(record);
            Ok(())
        })?;
        Ok(info)
    }

    fn list(&self) -> Result<Vec<KeyInfo>, Problem> {
        Ok(self.ring.list())
    }

    fn status(&self) -> Vec<DeviceState> {
        let Some(backing) = &self.backing else {
            let (name, kind) = ("memory".to_owned(), "soft-memory");
            let condition = DeviceCondition::Ready;
            return vec![DeviceState { name, kind, condition, detail: String::new() }];
        };
        // What is in memory works on without the file; another process would not start.
        let (condition, detail) = match file::read(&backing.path) {
            Ok(bytes) => (DeviceCondition::Ready, format!("{} bytes", bytes.len())),
            Err(problem) => (DeviceCondition::Gone, problem.to_string()),
        };
        let name = backing.path.display().to_string();
        vec![DeviceState { name, kind: "soft-file", condition, detail }]
    }

    fn permute(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.key(label)?.permute(domain, values)
    }

    fn invert(&self, label: &KeyLabel, domain: Domain, values: &mut [u64]) -> Result<(), Problem> {
        self.key(label)?.invert(domain, values)
    }

    fn mac(&self, label: &KeyLabel, message: &[u8]) -> Result<[u8; 32], Problem> {
        self.key(label)?.mac(message)
    }

    fn wrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        key: &DataKey,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Problem> {
        self.key(label)?.wrap(place, key, entropy)
    }

    fn unwrap(
        &self,
        label: &KeyLabel,
        place: &WrapPlace,
        wrapped: &[u8],
    ) -> Result<DataKey, Problem> {
        self.key(label)?.unwrap(place, wrapped)
    }

    fn sign(&self, label: &KeyLabel, message: &[u8]) -> Result<Vec<u8>, Problem> {
        self.key(label)?.sign(message)
    }

    fn public_key(&self, label: &KeyLabel) -> Result<PublicKey, Problem> {
        self.key(label)?.public()
    }

    fn destroy(&self, label: &KeyLabel) -> Result<(), Problem> {
        let Some(backing) = &self.backing else { return self.ring.remove(label) };
        backing.change(&self.ring, |records| {
            let place = records.iter().position(|record| record.label == *label);
            let absent = || Problem::new(&labels::KEY_ABSENT, label.as_str());
            records.remove(place.ok_or_else(absent)?);
            Ok(())
        })
    }
}

impl Backing {
    fn new(path: &Path, key: FileKey) -> Self {
        Self { path: path.to_owned(), key: Mutex::new(key) }
    }

    /// The file's key; whoever holds it is the only one of this program to touch the file.
    fn key(&self) -> MutexGuard<'_, FileKey> {
        // The key is replaced by one assignment: a panic elsewhere leaves it whole.
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the file, then the ring.
    fn change(
        &self,
        ring: &Ring,
        edit: impl FnOnce(&mut Vec<Record>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let key = self.key();
        let lock = file::lock(&self.path)?;
        let mut records = key.open(&file::read(&self.path)?)?;
        if let Err(refused) = edit(&mut records) {
            // Another program made or destroyed the key: what it left is taken over all the same.
            ring.replace(&records)?;
            return Err(refused);
        }
        file::write(&self.path, &key.seal(&mut records, &mut OsEntropy::new()), &lock)?;
        ring.replace(&records)
    }
}

impl fmt::Debug for SoftKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.backing.as_ref().map(|backing| &backing.path);
        f.debug_struct("SoftKeyStore").field("path", &path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

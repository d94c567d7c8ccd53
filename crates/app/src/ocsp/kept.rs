//! Answers kept in memory: by the very bytes of the request, and by certificate. Bounded: when one
//! part is full it begins anew, and what was in it comes from the store again. Who signs an answer
//! does so alone.

use base::Moment;
use ports::rows::{OcspAnswerRow, OcspKey};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use x509::{CertStatus, OcspResponse};

use super::Told;

/// A signed answer about one certificate.
pub(super) struct Prepared {
    pub(super) response: Arc<[u8]>,
    pub(super) status: CertStatus,
    pub(super) this_update: Moment,
    pub(super) next_update: Moment,
    /// When the certificate's state was last found to be what the answer says, in µs.
    pub(super) checked: AtomicI64,
}

/// The answers in memory.
#[derive(Default)]
pub(super) struct Kept {
    by_request: Parts<Box<[u8]>>,
    by_key: Parts<OcspKey>,
    signing: Signing,
}

/// Held while an answer is looked for and signed, so that it is signed once. Certificates share a
/// lock by chance.
struct Signing([Mutex<()>; LOCKS]);

/// A map in parts, each under a lock of its own.
struct Parts<K> {
    parts: [RwLock<HashMap<K, Arc<Prepared>>>; PARTS],
    hasher: RandomState,
}

impl Prepared {
    /// Reads an answer that was kept in the store; `None` if it is not one of ours.
    pub(super) fn read(row: OcspAnswerRow) -> Option<Self> {
        let response = OcspResponse::parse(&row.answer).ok()?;
        let status = response.answers().first()?.status;
        Some(Self {
            status,
            this_update: row.this_update,
            next_update: row.next_update,
            checked: AtomicI64::new(i64::MIN),
            response: row.answer.into(),
        })
    }

    /// Whether it may be told: it has not ended, and it is not of a future that the clock came back
    /// from.
    pub(super) fn holds(&self, now: Moment) -> bool {
        self.this_update <= now && now < self.next_update
    }

    /// From when on a new one is signed while this one still holds: after half its time.
    pub(super) fn sign_again_at(&self) -> Moment {
        self.this_update.plus_us((self.next_update.us() - self.this_update.us()) / 2)
    }

    pub(super) fn told(&self, now: Moment) -> Told {
        Told {
            response: Arc::clone(&self.response),
            this_update: Some(self.this_update),
            keep_until: Some(now.plus_us(KEEP_US).min(self.next_update)),
        }
    }
}

impl Kept {
    pub(super) fn of_request(&self, request: &[u8]) -> Option<Arc<Prepared>> {
        self.by_request.get(request)
    }

    pub(super) fn of_key(&self, key: OcspKey) -> Option<Arc<Prepared>> {
        self.by_key.get(&key)
    }

    /// The right to sign an answer about a certificate; waits for whoever has it.
    pub(super) fn alone(&self, key: &OcspKey) -> MutexGuard<'_, ()> {
        self.lock(key).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, unless somebody has it.
    pub(super) fn alone_at_once(&self, key: &OcspKey) -> Option<MutexGuard<'_, ()>> {
        match self.lock(key).try_lock() {
            Ok(alone) => Some(alone),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn lock(&self, key: &OcspKey) -> &Mutex<()> {
        &self.signing.0[self.by_key.hasher.hash_one(key) as usize % LOCKS]
    }

    /// Keeps what was found or signed about a certificate.
    pub(super) fn keep_key(&self, key: OcspKey, prepared: &Arc<Prepared>) {
        self.by_key.insert(key, prepared);
    }

    /// Keeps what these very bytes were answered with.
    pub(super) fn keep_request(&self, request: &[u8], prepared: &Arc<Prepared>) {
        // Longer requests are those of one client; they would only push the others out.
        if request.len() <= REQUEST_BYTES_KEPT {
            self.by_request.insert(request.into(), prepared);
        }
    }
}

impl<K: Hash + Eq> Parts<K> {
    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Arc<Prepared>>
    where
        K: std::borrow::Borrow<Q>,
    {
        let part = self.part(key).read().unwrap_or_else(PoisonError::into_inner);
        part.get(key).map(Arc::clone)
    }

    fn insert(&self, key: K, prepared: &Arc<Prepared>) {
        let mut part = self.part(&key).write().unwrap_or_else(PoisonError::into_inner);
        if part.len() >= PART_MAX && !part.contains_key(&key) {
            part.clear();
        }
        part.insert(key, Arc::clone(prepared));
    }

    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> &RwLock<HashMap<K, Arc<Prepared>>> {
        let place = self.hasher.hash_one(key) as usize % PARTS;
        &self.parts[place]
    }
}

impl<K> Default for Parts<K> {
    fn default() -> Self {
        let parts = std::array::from_fn(|_| RwLock::default());
        Self { parts, hasher: RandomState::new() }
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

const PARTS: usize = 64;
const LOCKS: usize = 1_024;
/// Answers in a part: about 250 MB in all, with a kilobyte each.
const PART_MAX: usize = 4_096;
const REQUEST_BYTES_KEPT: usize = 256;
/// How long others may keep an answer: a revocation is to be seen within a minute.
const KEEP_US: i64 = 30 * 1_000_000;

//! Throw-away platforms for benchmarks: keys in memory, a store in a folder that goes away again.

use crate::cli::Bench;
use crate::wiring::{SystemClock, entropy_source};
use app::{KeyNames, Platform};
use base::{Clock, Moment, Problem, labels};
use keys::{KdfParams, OsEntropy, Passphrase, SoftKeyStore};
use ports::Store;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{PostgresStore, SqliteOptions, SqliteStore};

/// A folder that is removed with everything in it.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(asked: &Bench, name: &str) -> Result<Self, Problem> {
        let base = asked.scratch.clone().unwrap_or_else(|| PathBuf::from("target"));
        let path = base.join(format!("bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)
            .map_err(|error| Problem::new(&labels::DATA_DIRECTORY, error.to_string()))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// A new embedded store.
    pub(super) fn sqlite(&self, name: &str) -> Result<Arc<dyn Store>, Problem> {
        let options = SqliteOptions { create: true, ..SqliteOptions::default() };
        let path = self.0.join(name);
        Ok(Arc::new(SqliteStore::open(&path, options, SystemClock.now())?))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays in the build folder, where it harms nobody.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A store on a PostgreSQL database that must be empty.
pub(super) fn postgresql(url: &str) -> Result<Arc<dyn Store>, Problem> {
    Ok(Arc::new(PostgresStore::open(url, SystemClock.now())?))
}

/// A platform over a store, with new keys that exist only here.
pub(super) fn platform(store: Arc<dyn Store>) -> Result<Platform, Problem> {
    let keys = Arc::new(SoftKeyStore::in_memory());
    let platform = Platform { keys, ..bare(store)? };
    app::init::make_keys(&platform)?;
    app::init::make_store(&platform, "bench.example/ledger")?;
    Ok(platform)
}

/// A platform that a process of its own can open too: store and keys are in the folder.
pub(super) fn shared_platform(folder: &Path, create: bool) -> Result<Platform, Problem> {
    let options = SqliteOptions { create, ..SqliteOptions::default() };
    let store = SqliteStore::open(&folder.join("shared.sqlite"), options, SystemClock.now())?;
    let passphrase = Passphrase::new(b"no secret at all".to_vec())?;
    let path = folder.join("keys").join("keystore");
    let keys = if create {
        let easy = KdfParams { memory_kib: 1_024, passes: 1, lanes: 1 };
        SoftKeyStore::create(&path, &passphrase, easy, &mut OsEntropy::new())?
    } else {
        SoftKeyStore::open(&path, &passphrase)?
    };
    let platform = Platform { keys: Arc::new(keys), ..bare(Arc::new(store))? };
    if create {
        app::init::make_keys(&platform)?;
        app::init::make_store(&platform, "bench.example/ledger")?;
    }
    Ok(platform)
}

fn bare(store: Arc<dyn Store>) -> Result<Platform, Problem> {
    Ok(Platform {
        store,
        keys: Arc::new(SoftKeyStore::in_memory()),
        clock: Arc::new(SystemClock),
        entropy: entropy_source(),
        names: Arc::new(KeyNames::first()?),
        profile: Arc::new(app::CertificateProfile::first()?),
    })
}

/// The machine's clock, put forward by hand: what waits for time to pass need not be waited for.
#[derive(Default)]
pub(super) struct ForwardClock(AtomicI64);

impl ForwardClock {
    pub(super) fn forward_s(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for ForwardClock {
    fn now(&self) -> Moment {
        SystemClock.now().plus_us(self.0.load(Ordering::Relaxed))
    }
}

//! Signatures of SoftHSM through our child process, against SoftHSM called directly by as many
//! threads.
//!
//! Both sign with the same keys of the same token, in turns. The direct side is a process of its
//! own that loads the library, one session for each thread and nothing between. Ours is the key
//! store as issuance has it: what it signs is checked by the caller. A key store that checks its
//! answers itself is told beside it.

use super::scratch::Scratch;
use super::{Bars, failed, limits};
use crate::cli::Bench;
use crate::key_devices::CHILD;
use aws_lc_rs::digest;
use base::{Clock as _, Problem};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use hsm::{ChildProgram, DeviceOptions, HsmOptions, HsmStore, TokenChoice};
use keys::{OsEntropy, Passphrase};
use ports::{KeyKind, KeyLabel, KeyStore};
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use x509::KeyAlgorithm;

/// Measures with the SoftHSM of this machine.
pub(super) fn bench(asked: &Bench) -> Result<Bars, Problem> {
    let mut bars = Bars::new("hsm");
    let scratch = Scratch::new(asked, "hsm")?;
    let settings = make_token(scratch.path())?;
    let store = open(&settings)?;
    for (algorithm, label) in labels()? {
        let kind = KeyKind::Sign(algorithm);
        let now = crate::wiring::SystemClock.now();
        store.generate(&label, kind, now, &mut OsEntropy::new())?;
    }
    for (algorithm, label) in labels()? {
        let (mut direct, mut ours, mut twice) = (0.0, 0.0, 0.0);
        for _ in 0..ROUNDS {
            direct += in_own_process(scratch.path(), &settings, algorithm)? / f64::from(ROUNDS);
            let accepted = || store.sign_accepted(&label, MESSAGE, &|_| true);
            ours += through(accepted)? / f64::from(ROUNDS);
            twice += through(|| store.sign(&label, MESSAGE))? / f64::from(ROUNDS);
        }
        let word = algorithm.word();
        bars.figure(&format!("{word}_direct"), direct, "signatures per second");
        bars.figure(&format!("{word}_through_the_child"), ours, "signatures per second");
        bars.figure(&format!("{word}_checked_as_well"), twice, "signatures per second");
        bars.at_least(&format!("{word}_share_of_direct"), ours / direct, 0.7);
    }
    Ok(bars)
}

/// The part of the process that loads the library itself.
pub(super) fn direct(_folder: &Path) -> Result<Value, Problem> {
    let failed = |error: cryptoki::error::Error| failed(&error.to_string());
    let library = Pkcs11::new(module()?).map_err(failed)?;
    let flags = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    library.initialize(flags).map_err(failed)?;
    let slots = library.get_slots_with_token().map_err(failed)?;
    let is_it = |slot: &&_| library.get_token_info(**slot).is_ok_and(|info| info.label() == TOKEN);
    let slot = *slots.iter().find(is_it).ok_or_else(|| super::failed("no such token"))?;
    let main = library.open_ro_session(slot).map_err(failed)?;
    main.login(UserType::User, Some(&AuthPin::from(PIN))).map_err(failed)?;
    let mut told = Map::new();
    for (algorithm, label) in labels()? {
        let label = Attribute::Label(label.as_str().as_bytes().to_vec());
        let named = [Attribute::Class(ObjectClass::PRIVATE_KEY), label];
        let found = main.find_objects(&named).map_err(failed)?;
        let key = *found.first().ok_or_else(|| super::failed("no key"))?;
        let rate = per_second(|| {
            let session = library.open_ro_session(slot);
            move || {
                let Ok(session) = &session else { return false };
                let digest = digest::digest(&digest::SHA256, MESSAGE);
                match algorithm {
                    KeyAlgorithm::Rsa2048 => {
                        session.sign(&Mechanism::Sha256RsaPkcs, key, MESSAGE).is_ok()
                    }
                    _ => session.sign(&Mechanism::Ecdsa, key, digest.as_ref()).is_ok(),
                }
            }
        });
        told.insert(algorithm.word().to_owned(), rate.into());
    }
    Ok(Value::Object(told))
}

fn in_own_process(folder: &Path, settings: &Path, algorithm: KeyAlgorithm) -> Result<f64, Problem> {
    let program = std::env::current_exe().map_err(Problem::from_io)?;
    let mut command = Command::new(program);
    command.args(["--json", "bench", "hsm", "--part"]).arg(folder).env(SETTINGS, settings);
    let done = command.output().map_err(Problem::from_io)?;
    let told: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
    let rate = told[algorithm.word()].as_f64();
    rate.ok_or_else(|| failed(&String::from_utf8_lossy(&done.stderr)))
}

fn through(sign: impl Fn() -> Result<Vec<u8>, Problem> + Sync) -> Result<f64, Problem> {
    sign()?;
    Ok(per_second(|| || sign().is_ok()))
}

/// How often per second all threads together succeed.
fn per_second<W: FnMut() -> bool>(worker: impl Fn() -> W + Sync) -> f64 {
    let done = AtomicU64::new(0);
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..limits::threads() {
            scope.spawn(|| {
                let mut work = worker();
                while started.elapsed() < TIME {
                    done.fetch_add(u64::from(work()), Ordering::Relaxed);
                }
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

/// A token with nothing in it; the path of the library's configuration.
fn make_token(folder: &Path) -> Result<PathBuf, Problem> {
    let folder = fs::canonicalize(folder).map_err(Problem::from_io)?;
    let tokens = folder.join("tokens");
    fs::create_dir_all(&tokens).map_err(Problem::from_io)?;
    let settings = folder.join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
    fs::write(&settings, text).map_err(Problem::from_io)?;
    let mut make = Command::new("softhsm2-util");
    make.args(["--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", PIN]);
    let made = make.env(SETTINGS, &settings).output().map_err(Problem::from_io)?;
    if made.status.success() { Ok(settings) } else { Err(failed("no token was made")) }
}

fn open(settings: &Path) -> Result<HsmStore, Problem> {
    let threads = u16::try_from(limits::threads()).map_err(|_| failed("too many threads"))?;
    let device = DeviceOptions {
        module: module()?,
        token: TokenChoice::Label(TOKEN.to_owned()),
        pin: Arc::new(Passphrase::new(PIN.as_bytes().to_vec())?),
        environment: vec![(SETTINGS.to_owned(), settings.display().to_string())],
    };
    let child = ChildProgram::itself(&[CHILD]);
    HsmStore::open(HsmOptions { sessions: threads, ..HsmOptions::new(vec![device], child) })
}

fn module() -> Result<PathBuf, Problem> {
    let found = MODULES.iter().map(PathBuf::from).find(|path| path.exists());
    found.ok_or_else(|| failed("SoftHSM is not installed; run 'make deps'"))
}

fn labels() -> Result<Vec<(KeyAlgorithm, KeyLabel)>, Problem> {
    let label = |algorithm: KeyAlgorithm| Ok((algorithm, algorithm.word().parse()?));
    [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048].into_iter().map(label).collect()
}

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];
const SETTINGS: &str = "SOFTHSM2_CONF";
const TOKEN: &str = "bench";
const PIN: &str = "12345678";
const MESSAGE: &[u8] = &[0x5a; 1_024];
const TIME: Duration = Duration::from_secs(2);
const ROUNDS: u32 = 3;

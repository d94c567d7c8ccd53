//! Signatures per second through the child and straight through the library, by as many threads:
//! `throughput MODULE TOKEN PIN THREADS SECONDS [ALGORITHM]`. The token is the caller's to make,
//! and the library's own environment variables hold. A key `throughput` is made in it and destroyed
//! again. Without arguments it says so and ends.

use aws_lc_rs::digest;
use base::{Moment, Problem, labels};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use keys::{OsEntropy, Passphrase};
use ports::{KeyKind, KeyLabel, KeyStore};
use sekisho_hsm::{ChildProgram, DeviceOptions, HsmOptions, HsmStore, TokenChoice, child};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use x509::KeyAlgorithm;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let told = match &words[..] {
        [word] if word == "child" => return child::run(),
        [module, token, pin, threads, seconds] => {
            measure([module, token, pin, "p256"], threads, seconds)
        }
        [module, token, pin, threads, seconds, algorithm] => {
            measure([module, token, pin, algorithm], threads, seconds)
        }
        _ => Ok("throughput MODULE TOKEN PIN THREADS SECONDS [p256|rsa2048]\n".to_owned()),
    };
    let (text, code) = match told {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(problem) => (format!("{problem}\n"), ExitCode::FAILURE),
    };
    // There is nobody to tell that nothing can be told.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

fn measure(
    [module, token, pin, algorithm]: [&str; 4],
    threads: &str,
    seconds: &str,
) -> Result<String, Problem> {
    let number = |text: &str| text.parse::<u16>().map_err(|_| wrong("a number"));
    let (threads, time) = (number(threads)?, Duration::from_secs(number(seconds)?.into()));
    let algorithm = KeyAlgorithm::from_word(algorithm).ok_or_else(|| wrong("an algorithm"))?;
    let device = DeviceOptions {
        module: module.into(),
        token: TokenChoice::Label(token.to_owned()),
        pin: Arc::new(Passphrase::new(pin.as_bytes().to_vec())?),
        environment: Vec::new(),
    };
    let program = ChildProgram::itself(&["child"]);
    let options = HsmOptions { sessions: threads, ..HsmOptions::new(vec![device], program) };
    let store = HsmStore::open(options)?;
    let label: KeyLabel = "throughput".parse()?;
    let kind = KeyKind::Sign(algorithm);
    store.generate(&label, kind, Moment::from_us(0), &mut OsEntropy::new())?;
    let mut text = String::new();
    for _ in 0..3 {
        let direct = direct(module, token, pin, (algorithm, threads, time))?;
        let through = per_second(threads, time, |_| {
            let (store, label) = (store.clone(), label.clone());
            move || store.sign_accepted(&label, b"what is signed", &|_| true).is_ok()
        });
        let ratio = through / direct;
        text += &format!("direct {direct:.0}/s, through the child {through:.0}/s: {ratio:.2}\n");
    }
    store.destroy(&label)?;
    Ok(text)
}

/// The limit: the same library in this process, a session for each thread, and nothing between.
fn direct(
    module: &str,
    token: &str,
    pin: &str,
    (algorithm, threads, time): (KeyAlgorithm, u16, Duration),
) -> Result<f64, Problem> {
    let failed = |error: cryptoki::error::Error| wrong(&error.to_string());
    let library = Pkcs11::new(module).map_err(failed)?;
    let flags = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    library.initialize(flags).map_err(failed)?;
    let slots = library.get_slots_with_token().map_err(failed)?;
    let is_it = |slot: &&_| library.get_token_info(**slot).is_ok_and(|info| info.label() == token);
    let slot = *slots.iter().find(is_it).ok_or_else(|| wrong("no such token"))?;
    let main = library.open_ro_session(slot).map_err(failed)?;
    main.login(UserType::User, Some(&AuthPin::from(pin))).map_err(failed)?;
    let named =
        [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label(b"throughput".to_vec())];
    let key = *main.find_objects(&named).map_err(failed)?.first().ok_or_else(|| wrong("no key"))?;
    let rate = per_second(threads, time, |_| {
        let session = library.open_ro_session(slot);
        move || {
            let Ok(session) = &session else { return false };
            let digest = digest::digest(&digest::SHA256, b"what is signed");
            let mechanism = match algorithm {
                KeyAlgorithm::Rsa2048 => Mechanism::RsaPkcs,
                _ => Mechanism::Ecdsa,
            };
            session.sign(&mechanism, key, digest.as_ref()).is_ok()
        }
    });
    drop(main);
    library.finalize().map_err(failed)?;
    Ok(rate)
}

/// How often per second the threads together succeed.
fn per_second<W>(threads: u16, time: Duration, worker: impl Fn(u16) -> W) -> f64
where
    W: FnMut() -> bool + Send,
{
    let done = AtomicU64::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        for at in 0..threads {
            let (mut work, done) = (worker(at), &done);
            scope.spawn(move || {
                while start.elapsed() < time {
                    done.fetch_add(u64::from(work()), Ordering::Relaxed);
                }
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

fn wrong(why: &str) -> Problem {
    Problem::new(&labels::HSM_CONFIGURATION, why)
}

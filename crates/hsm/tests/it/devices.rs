//! Tokens for tests: SoftHSM2 with a directory of its own, reached directly or through the library
//! that fails on demand.

use keys::Passphrase;
use sekisho_hsm::{BreakerPolicy, ChildProgram, DeviceOptions, HsmOptions, HsmStore, TokenChoice};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

pub(crate) const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub(crate) const PIN: &str = "274135";

/// A token in a directory that goes with it.
pub(crate) struct Token {
    directory: tempfile::TempDir,
    pub(crate) label: String,
}

impl Token {
    /// A new token that holds nothing.
    pub(crate) fn new(label: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("tokens")).unwrap();
        let tokens = directory.path().join("tokens").display().to_string();
        let text = format!(
            "directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        );
        fs::write(directory.path().join("softhsm2.conf"), text).unwrap();
        let token = Self { directory, label: label.to_owned() };
        let words = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "8264"];
        let made = Command::new("softhsm2-util").args(words).env(CONF, token.conf()).output();
        let made = made.expect("softhsm2-util: `make deps` installs it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        token
    }

    /// A copy of the token as the vendor would make one: the same keys.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new("spare");
        let tokens = copy.directory.path().join("tokens");
        fs::remove_dir_all(&tokens).unwrap();
        let copied = Command::new("cp").arg("-r").arg(self.path("tokens")).arg(&tokens).status();
        assert!(copied.unwrap().success());
        Self { label: self.label.clone(), ..copy }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn conf(&self) -> PathBuf {
        self.path("softhsm2.conf")
    }

    /// The token behind SoftHSM itself.
    pub(crate) fn healthy(&self) -> DeviceOptions {
        self.device(Path::new(SOFTHSM))
    }

    /// The token behind the library that fails on demand.
    pub(crate) fn sick(&self) -> DeviceOptions {
        let mut device = self.device(&sick_library());
        device.environment.extend([
            ("SICK_HSM_MODULE".to_owned(), SOFTHSM.to_owned()),
            ("SICK_HSM_CONTROL".to_owned(), self.path("control").display().to_string()),
        ]);
        device
    }

    /// From now on the library has this fault; an empty text heals it.
    pub(crate) fn fault(&self, text: &str) {
        // At once and as a whole: a half-written fault would be another one.
        fs::write(self.path("next"), text).unwrap();
        fs::rename(self.path("next"), self.path("control")).unwrap();
    }

    fn device(&self, module: &Path) -> DeviceOptions {
        DeviceOptions {
            module: module.to_owned(),
            token: TokenChoice::Label(self.label.clone()),
            pin: Arc::new(Passphrase::new(PIN.as_bytes().to_vec()).unwrap()),
            environment: vec![(CONF.to_owned(), self.conf().display().to_string())],
        }
    }
}

/// Options with little patience, so that tests are short.
pub(crate) fn options(devices: Vec<DeviceOptions>) -> HsmOptions {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sekisho-hsm-child"));
    let child = ChildProgram { program, arguments: Vec::new() };
    HsmOptions {
        sessions: 3,
        deadline: Duration::from_millis(1_000),
        stuck: Duration::from_millis(1_500),
        breaker: BreakerPolicy {
            failures: 3,
            rest: Duration::from_millis(50),
            rest_max: Duration::from_millis(400),
        },
        ..HsmOptions::new(devices, child)
    }
}

pub(crate) fn open(devices: Vec<DeviceOptions>) -> HsmStore {
    HsmStore::open(options(devices)).unwrap()
}

/// Waits until it is so. Not for ever: then the test has failed.
pub(crate) fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The library beside this test: it is built with it.
fn sick_library() -> PathBuf {
    let library = env::current_exe().unwrap().with_file_name("libsick_hsm.so");
    assert!(library.exists(), "{} was not built", library.display());
    library
}

pub(crate) const CONF: &str = "SOFTHSM2_CONF";

//! A house: one data directory with the program as its only door.
//!
//! Keeps everything the program ever said, for the tests that search it. The key store of
//! `House::quick` is an ordinary one whose passphrase costs little to check, because every command
//! checks it again.

use app::{KeyNames, Platform};
use base::{Clock, Moment};
use keys::{KdfParams, OsEntropy, Passphrase, SoftKeyStore};
use serde_json::Value;
use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use store::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// A folder with a data directory in it.
pub(crate) struct House {
    folder: TempDir,
    data: PathBuf,
    heard: RefCell<Vec<u8>>,
    config: Option<PathBuf>,
}

/// What a command said, and how it ended.
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    asked: String,
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment::from_us(1_790_000_000_000_000)
    }
}

impl House {
    /// A house in which nothing was made yet.
    pub(crate) fn empty() -> Self {
        // In memory where there is such a place: what waits for a disk here waits for nothing.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        Self::within(folder.unwrap())
    }

    fn within(folder: TempDir) -> Self {
        let data = folder.path().join("var");
        Self { folder, data, heard: RefCell::default(), config: None }
    }

    /// Every command reads this configuration from now on.
    pub(crate) fn configure(&mut self, text: &str) {
        self.config = Some(self.write("sekisho.toml", text).into());
    }

    /// A house after `init`.
    pub(crate) fn quick() -> Self {
        let house = Self::empty();
        house.prepare_keystore();
        house.ask(&["init"]).good();
        house
    }

    /// The key store file and its passphrase, as an interrupted ceremony leaves them.
    pub(crate) fn prepare_keystore(&self) {
        let keys = self.data.join("keys");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys).unwrap();
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(keys.join("passphrase"));
        file.unwrap().write_all(PASSPHRASE.as_bytes()).unwrap();
        let passphrase = Passphrase::new(PASSPHRASE.as_bytes().to_vec()).unwrap();
        let params = KdfParams { memory_kib: 8, passes: 1, lanes: 1 };
        let path = keys.join("keystore");
        SoftKeyStore::create(&path, &passphrase, params, &mut OsEntropy::new()).unwrap();
    }

    /// The same house again: the same keys, the same store.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::empty();
        copy_tree(self.folder.path(), copy.folder.path());
        copy
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// A place beside the data directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the data directory.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.beside(name);
        fs::write(&path, bytes).unwrap();
        path.into_os_string().into_string().unwrap()
    }

    /// The program with this house's data directory.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        for name in [
            "SEKISHO_DATA",
            "SEKISHO_CONFIG",
            "SEKISHO_PASSPHRASE",
            "SEKISHO_OPERATOR",
            "SEKISHO_NEW_PASSPHRASE",
            "COLUMNS",
        ] {
            command.env_remove(name);
        }
        if let Some(config) = &self.config {
            command.env("SEKISHO_CONFIG", config);
        }
        command.arg("--data").arg(&self.data).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the program as people do.
    pub(crate) fn run(&self, arguments: &[&str]) -> Told {
        let output = self.command(arguments).output().unwrap();
        self.told(arguments, output)
    }

    /// Runs the program as programs do.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Told {
        self.run(&[&["--json"], arguments].concat())
    }

    /// The same with something on standard input.
    pub(crate) fn ask_with(&self, arguments: &[&str], input: &[u8]) -> Told {
        let arguments = [&["--json"], arguments].concat();
        let mut command = self.command(&arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that needs no input may have ended before it took any.
        drop(child.stdin.take().unwrap().write_all(input));
        self.told(&arguments, child.wait_with_output().unwrap())
    }

    /// Notes what a command said that was started elsewhere.
    pub(crate) fn told(&self, arguments: &[&str], output: Output) -> Told {
        let mut heard = self.heard.borrow_mut();
        heard.extend_from_slice(&output.stdout);
        heard.extend_from_slice(&output.stderr);
        Told {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            asked: arguments.join(" "),
        }
    }

    /// Everything the program said so far.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.heard.borrow().clone()
    }

    /// New resident record codes of a municipality.
    pub(crate) fn codes(&self, municipality: &str, count: usize) -> Vec<String> {
        let count = count.to_string();
        let told = self.ask(&["stock", "--municipality", municipality, "--count", &count]).good();
        let codes = told["codes"].as_array().unwrap();
        codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    }

    /// Takes in a feed that must be clean.
    pub(crate) fn import(&self, feed: &str) -> Value {
        let path = self.write("feed.csv", feed);
        self.ask(&["import", &path]).good()
    }

    /// What is in the store, opened without the program.
    pub(crate) fn platform(&self) -> Platform {
        let passphrase = Passphrase::new(PASSPHRASE.as_bytes().to_vec()).unwrap();
        let keys = SoftKeyStore::open(&self.data.join("keys/keystore"), &passphrase).unwrap();
        let path = self.data.join("store.sqlite");
        let options = SqliteOptions::default();
        Platform {
            store: Arc::new(SqliteStore::open(&path, options, Noon.now()).unwrap()),
            keys: Arc::new(keys),
            clock: Arc::new(Noon),
            entropy: Arc::new(|| Box::new(OsEntropy::new())),
            names: Arc::new(KeyNames::first().unwrap()),
            profile: Arc::new(app::CertificateProfile::first().unwrap()),
        }
    }

    /// The published ledger's files and what is in them.
    pub(crate) fn published(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = files_below(&self.data.join("ledger"));
        // What a killed writer left half-written is nobody's to read.
        files.retain(|(name, _)| !name.starts_with(".new"));
        files
    }

    /// How every journey ends: the store holds, and so does the published ledger.
    pub(crate) fn done(&self) {
        let verified = self.ask(&["verify"]).good();
        assert_eq!(
            (&verified["holds"], &verified["faults"]),
            (&true.into(), &Value::Array(vec![]))
        );
        self.ask(&["ledger", "checkpoint"]).good();
        assert_eq!(self.ask(&["ledger", "audit"]).good()["holds"], true);
    }
}

impl Told {
    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.out);
        parsed.unwrap_or_else(|error| panic!("{error}: {}", self.shown()))
    }

    /// The answer of a command that must succeed.
    pub(crate) fn good(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.shown());
        self.json()
    }

    /// The answer of a command that was done, though something does not hold.
    pub(crate) fn does_not_hold(&self) -> Value {
        assert_eq!(self.code, 1, "{}", self.shown());
        self.json()
    }

    /// The problem of a command that must end with this code and label.
    pub(crate) fn problem(&self, code: i32, label: &str) -> Value {
        let problem = self.json();
        assert_eq!((self.code, problem["label"].as_str()), (code, Some(label)), "{}", self.shown());
        problem
    }

    fn shown(&self) -> String {
        let Self { code, out, err, asked } = self;
        format!("sekisho {asked}\nexit code {code}\n{out}\n{err}")
    }
}

/// All files below a folder with their paths within it, in order.
pub(crate) fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder with the permissions of everything in it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &place);
        } else {
            fs::copy(&path, &place).unwrap();
        }
    }
}

/// Of every quick key store.
pub(crate) const PASSPHRASE: &str = "a passphrase for rehearsals";

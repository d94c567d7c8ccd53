//! Wiring: from the configuration to a platform with its store, keys, clock and places.

use crate::config::{Config, StoreKind};
use crate::key_devices::DeviceKeys;
use app::cosign::KnownWitness;
use app::platform::EntropySource;
use app::revocation_list::RevocationLists;
use app::{Committer, KeyNames, Platform, Publisher, Work};
use base::{Clock, Entropy, Moment, Problem, labels};
use http_door::WitnessClient;
use jiff::Timestamp;
use keys::{KdfParams, OsEntropy, Passphrase, SoftKeyStore};
use ports::{KeyStore, Publication, Store};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{PostgresStore, PublicationDirectory, SqliteOptions, SqliteStore};

/// The present, from the machine.
pub(crate) struct SystemClock;

/// A clock that stands.
struct StandingClock(Moment);

/// A platform with the places that belong to it.
pub(crate) struct Wired {
    pub(crate) platform: Platform,
    pub(crate) ledger: Arc<dyn Publication>,
    pub(crate) deliveries: Arc<dyn Publication>,
    /// Where revocation lists are published.
    pub(crate) crl: Arc<dyn Publication>,
    pub(crate) witnesses: Vec<KnownWitness>,
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment::from_us(Timestamp::now().as_microsecond())
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Moment {
        self.0
    }
}

impl Wired {
    /// Publishes everything that is committed.
    pub(crate) fn publish(&self) -> Result<u64, Problem> {
        let mut publisher = self.publisher()?;
        publisher.publish()?;
        Ok(publisher.size())
    }

    /// The publisher, with the witnesses of the configuration.
    pub(crate) fn publisher(&self) -> Result<Publisher, Problem> {
        let publisher = Publisher::open(self.platform.clone(), Arc::clone(&self.ledger))?;
        Ok(publisher.with_witnesses(self.witnesses.clone()))
    }

    /// The revocation lists, told of as soon as they are due.
    pub(crate) fn lists(&self) -> RevocationLists {
        RevocationLists::new(self.platform.clone(), Arc::clone(&self.crl)).at_once()
    }

    /// Carries out one act and publishes it. What is refused is on record too.
    pub(crate) fn act<T: Send + 'static>(
        &self,
        act: impl FnMut(&mut Work<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let done = Committer::start(self.platform.clone())?.call(act);
        self.publish()?;
        done
    }
}

/// Opens the platform of the data directory.
pub(crate) fn open(config: &Config) -> Result<Wired, Problem> {
    let wired = wire(config, open_keystore(config)?, false)?;
    // A ceremony that was interrupted before its last step left no platform: `not_initialised`.
    app::publish::identity(&wired.platform)?;
    Ok(wired)
}

/// Makes keys and store in the data directory. Nothing that is there is changed.
pub(crate) fn create(config: &Config, generate_passphrase: bool) -> Result<Wired, Problem> {
    let wired = prepare(config, generate_passphrase)?;
    app::init::make_keys(&wired.platform)?;
    app::init::make_store(&wired.platform, config.origin()?)?;
    Ok(wired)
}

/// Opens the data directory for a platform that is to be made in it, and makes what holds it.
pub(crate) fn prepare(config: &Config, generate_passphrase: bool) -> Result<Wired, Problem> {
    // A key store that is there was left by a ceremony that was interrupted, or there is a platform
    // already: whoever makes it tells.
    let keys = make_keystore(config, generate_passphrase)?;
    let witness = app::witness::label()?;
    if keys.list()?.iter().any(|key| key.label == witness) {
        return Err(Problem::new(&labels::ALREADY_INITIALISED, "it is a witness's"));
    }
    wire(config, keys, true)
}

/// Whether there is a key store.
pub(crate) fn has_keystore(config: &Config) -> bool {
    keystore_path(&config.data()).exists()
        || (config.data().join("keys").exists() && config.are_keys_in_devices() == Ok(true))
}

/// Opens the key store, or makes an empty one. A token is made by its vendor's tool.
pub(crate) fn make_keystore(
    config: &Config,
    generate_passphrase: bool,
) -> Result<Arc<dyn KeyStore>, Problem> {
    private_directory(&config.data())?;
    private_directory(&config.data().join("keys"))?;
    if !config.are_keys_in_devices()? {
        return Ok(Arc::new(make_keystore_file(config, generate_passphrase)?));
    }
    let devices = DeviceKeys::open(config)?;
    let wanted = KeyNames::first()?.all()?;
    devices.check(wanted.iter().map(|(label, kind)| (label, *kind)))?;
    let file = devices.need_file().then(|| make_keystore_file(config, generate_passphrase));
    Ok(devices.with_file(file.transpose()?))
}

/// Opens the key store.
pub(crate) fn open_keystore(config: &Config) -> Result<Arc<dyn KeyStore>, Problem> {
    if !config.are_keys_in_devices()? {
        return Ok(Arc::new(open_keystore_file(config)?));
    }
    if !config.data().join("keys").exists() {
        return Err(not_initialised(config));
    }
    let devices = DeviceKeys::open(config)?;
    let file = devices.need_file().then(|| open_keystore_file(config)).transpose()?;
    Ok(devices.with_file(file))
}

fn make_keystore_file(config: &Config, generate_passphrase: bool) -> Result<SoftKeyStore, Problem> {
    let data = config.data();
    if generate_passphrase && !is_passphrase_given(config) {
        invent_passphrase(&passphrase_path(&data))?;
    }
    let (path, passphrase) = (keystore_path(&data), passphrase(config)?);
    if path.exists() {
        return SoftKeyStore::open(&path, &passphrase);
    }
    SoftKeyStore::create(&path, &passphrase, KdfParams::default(), &mut OsEntropy::new())
}

fn open_keystore_file(config: &Config) -> Result<SoftKeyStore, Problem> {
    let path = keystore_path(&config.data());
    if !path.exists() {
        return Err(not_initialised(config));
    }
    SoftKeyStore::open(&path, &passphrase(config)?)
}

fn not_initialised(config: &Config) -> Problem {
    Problem::new(&labels::NOT_INITIALISED, config.data().display().to_string())
}

fn wire(config: &Config, keys: Arc<dyn KeyStore>, create: bool) -> Result<Wired, Problem> {
    let data = config.data();
    let clock = clock(config)?;
    let platform = Platform {
        store: open_store(config, clock.now(), create)?,
        keys,
        clock,
        entropy: entropy_source(),
        names: Arc::new(KeyNames::first()?),
        profile: Arc::new(crate::config::authority::profile(config)?),
    };
    Ok(Wired {
        platform,
        ledger: Arc::new(PublicationDirectory::open(&data.join("ledger"))?),
        deliveries: Arc::new(PublicationDirectory::open_private(&data.join("deliveries"))?),
        crl: Arc::new(PublicationDirectory::open(&data.join("crl"))?),
        witnesses: witnesses(config)?,
    })
}

fn witnesses(config: &Config) -> Result<Vec<KnownWitness>, Problem> {
    if config.witnesses().is_empty() {
        return Ok(Vec::new());
    }
    let client = WitnessClient::start()?;
    let known = config.witnesses().iter().map(|witness| {
        let way = client.way_to(witness.url.clone());
        KnownWitness { key: witness.key.clone(), way }
    });
    Ok(known.collect())
}

fn open_store(config: &Config, at: Moment, create: bool) -> Result<Arc<dyn Store>, Problem> {
    Ok(match config.store()? {
        StoreKind::Sqlite { cache_mib } => {
            let path = config.data().join("store.sqlite");
            let options = SqliteOptions {
                create: create && !path.exists(),
                cache_mib,
                ..SqliteOptions::default()
            };
            Arc::new(SqliteStore::open(&path, options, at)?)
        }
        StoreKind::Postgresql { url } => Arc::new(PostgresStore::open(&url, at)?),
    })
}

pub(crate) fn clock(config: &Config) -> Result<Arc<dyn Clock>, Problem> {
    Ok(match config.fixed_moment()? {
        Some(moment) => Arc::new(StandingClock(moment)),
        None => Arc::new(SystemClock),
    })
}

/// Chance from the operating system.
pub(crate) fn entropy_source() -> EntropySource {
    Arc::new(|| Box::new(OsEntropy::new()))
}

/// The passphrase: from the file of the configuration, the environment, the file that `init` made,
/// or a prompt.
fn passphrase(config: &Config) -> Result<Passphrase, Problem> {
    if let Some(file) = config.passphrase_file() {
        return Passphrase::from_file(&file);
    }
    if std::env::var_os(PASSPHRASE_VARIABLE).is_some() {
        return Passphrase::from_environment(PASSPHRASE_VARIABLE);
    }
    let file = passphrase_path(&config.data());
    if file.exists() {
        return Passphrase::from_file(&file);
    }
    Passphrase::from_prompt(|| rpassword::prompt_password("Passphrase of the key store: "))
}

/// Whether the configuration or the environment names a passphrase.
fn is_passphrase_given(config: &Config) -> bool {
    config.passphrase_file().is_some() || std::env::var_os(PASSPHRASE_VARIABLE).is_some()
}

/// Seals the key store under another passphrase; the file that keeps an invented one.
pub(crate) fn change_passphrase(
    config: &Config,
    generate: bool,
    new: Option<&Path>,
) -> Result<Option<PathBuf>, Problem> {
    let keys = open_keystore_file(config)?;
    let seal = |passphrase: &Passphrase| {
        keys.change_passphrase(passphrase, KdfParams::default(), &mut OsEntropy::new())
    };
    if !generate {
        seal(&new_passphrase(new)?)?;
        return Ok(None);
    }
    let file = passphrase_path(&config.data());
    if is_passphrase_given(config) || !file.exists() {
        let detail = "the passphrase in use is kept elsewhere: give a new one";
        return Err(Problem::new(&labels::PASSPHRASE_MISSING, detail));
    }
    // Whatever breaks off here, the passphrase that opens the key store stands in one of the two
    // files.
    let beside = write_invented(&file)?;
    seal(&Passphrase::from_file(&beside)?)?;
    fs::rename(&beside, &file).map_err(Problem::from_io)?;
    Ok(Some(file))
}

fn new_passphrase(file: Option<&Path>) -> Result<Passphrase, Problem> {
    if let Some(file) = file {
        return Passphrase::from_file(file);
    }
    if std::env::var_os(NEW_PASSPHRASE_VARIABLE).is_some() {
        return Passphrase::from_environment(NEW_PASSPHRASE_VARIABLE);
    }
    let ask = |what: &str| Passphrase::from_prompt(|| rpassword::prompt_password(what));
    let first = ask("New passphrase: ")?;
    if first.agrees_with(&ask("The same again: ")?) {
        return Ok(first);
    }
    Err(Problem::new(&labels::KEYSTORE_PASSPHRASE, "the two are not the same; nothing was changed"))
}

/// A passphrase of 256 random bits, in a file that only its owner can read: all of it or no file.
fn invent_passphrase(path: &Path) -> Result<(), Problem> {
    if path.exists() {
        return Ok(());
    }
    let beside = write_invented(path)?;
    fs::rename(&beside, path).map_err(unusable)
}

/// Writes a new passphrase beside the file that is to keep it, and says where.
fn write_invented(path: &Path) -> Result<PathBuf, Problem> {
    let mut bytes = [0_u8; 32];
    OsEntropy::new().fill(&mut bytes);
    let mut text = String::with_capacity(65);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    let beside = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(unusable)?;
    Ok(beside)
}

fn unusable(error: io::Error) -> Problem {
    match Problem::from_io(error) {
        full if full.label() == labels::STORE_FULL.text => full,
        other => Problem::new(&labels::DATA_DIRECTORY, other.detail_text()),
    }
}

fn private_directory(path: &Path) -> Result<(), Problem> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(|error| {
        Problem::new(&labels::DATA_DIRECTORY, format!("{}: {error}", path.display()))
    })
}

/// The account that the key store belongs to.
pub(crate) fn owner(config: &Config) -> Result<u32, Problem> {
    // The folder is there even where all keys are in devices.
    let folder = config.data().join("keys");
    let seen = fs::metadata(folder).map_err(Problem::from_io)?;
    Ok(seen.uid())
}

fn keystore_path(data: &Path) -> PathBuf {
    data.join("keys").join("keystore")
}

fn passphrase_path(data: &Path) -> PathBuf {
    data.join("keys").join("passphrase")
}

const PASSPHRASE_VARIABLE: &str = "SEKISHO_PASSPHRASE";
const NEW_PASSPHRASE_VARIABLE: &str = "SEKISHO_NEW_PASSPHRASE";

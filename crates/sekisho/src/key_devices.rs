//! The configuration of key devices, and the key store that they make: keys in PKCS#11 tokens,
//! beside them the key store file for keys that a token cannot hold.

use crate::config::{Config, malformed};
use base::{Problem, labels};
use hsm::{ChildProgram, DeviceOptions, HsmOptions, HsmStore, TokenChoice};
use keys::{Passphrase, PlacedKeyStore, SoftKeyStore};
use ports::{KeyKind, KeyLabel, KeyStore};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use toml::{Table, Value};

/// A device as it is configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyDevice {
    module: PathBuf,
    token: TokenChoice,
    pin: PinFrom,
    environment: Vec<(String, String)>,
}

/// Where a PIN comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
enum PinFrom {
    File(PathBuf),
    Environment(String),
}

/// Keys in devices, with what a ceremony must know of them.
pub(crate) struct DeviceKeys {
    store: HsmStore,
    in_file: BTreeSet<String>,
}

impl KeyDevice {
    /// The PIN itself is not part of the configuration.
    fn options(&self) -> Result<DeviceOptions, Problem> {
        let pin = match &self.pin {
            PinFrom::File(path) => Passphrase::from_file(path)?,
            PinFrom::Environment(name) => Passphrase::from_environment(name)?,
        };
        Ok(DeviceOptions {
            module: self.module.clone(),
            token: self.token.clone(),
            pin: Arc::new(pin),
            environment: self.environment.clone(),
        })
    }
}

impl DeviceKeys {
    /// Starts the devices of the configuration.
    pub(crate) fn open(config: &Config) -> Result<Self, Problem> {
        let configured = config.key_devices();
        let devices = configured.iter().map(KeyDevice::options).collect::<Result<_, _>>()?;
        let child = ChildProgram::itself(&[CHILD]);
        let deadline = Duration::from_millis(config.key_deadline_ms()?.into());
        let store = HsmStore::open(HsmOptions {
            sessions: config.key_sessions()?,
            deadline,
            stuck: deadline * 2,
            check: config.get("keys.check") == "yes",
            ..HsmOptions::new(devices, child)
        })?;
        Ok(Self { store, in_file: config.keys_in_file().clone() })
    }

    /// Whether the key store file is needed too.
    pub(crate) fn need_file(&self) -> bool {
        !self.in_file.is_empty()
    }

    /// Refuses keys that the token which is to hold them cannot hold.
    pub(crate) fn check<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a KeyLabel, KeyKind)>,
    ) -> Result<(), Problem> {
        let kinds = self.store.kinds();
        if kinds.is_empty() {
            // Not reached: making the keys will tell why.
            return Ok(());
        }
        let beyond = |(label, kind): &(&KeyLabel, KeyKind)| {
            !self.in_file.contains(label.name()) && !kinds.contains(kind)
        };
        let beyond: Vec<_> = keys.into_iter().filter(beyond).collect();
        if beyond.is_empty() {
            return Ok(());
        }
        let list: Vec<_> =
            beyond.iter().map(|(label, kind)| format!("{} ({kind})", label.name())).collect();
        let detail = format!(
            "the token cannot hold {}; name them in `keys.soft_for` to keep them in the key store \
             file",
            list.join(", ")
        );
        Err(Problem::new(&labels::HSM_MECHANISM, detail))
    }

    /// The key store, with the file where it is needed.
    pub(crate) fn with_file(self, file: Option<SoftKeyStore>) -> Arc<dyn KeyStore> {
        match file {
            None => Arc::new(self.store),
            Some(file) => {
                let first = Arc::new(self.store);
                Arc::new(PlacedKeyStore::new(first, Arc::new(file), self.in_file))
            }
        }
    }
}

/// Reads the list of devices.
pub(crate) fn read_devices(value: &Value) -> Result<Vec<KeyDevice>, Problem> {
    let Value::Array(list) = value else { return Err(wrong("a list of tables")) };
    let table = |entry: &Value| match entry {
        Value::Table(entry) => read_device(entry),
        _ => Err(wrong("a list of tables")),
    };
    list.iter().map(table).collect()
}

/// Reads the names of keys that stay in the key store file.
pub(crate) fn read_names(key: &str, value: &Value) -> Result<BTreeSet<String>, Problem> {
    let names = "a list of key names without epochs, such as [\"ledger\", \"token\"]";
    let wrong = || malformed(format!("{key}: {names}"));
    let Value::Array(list) = value else { return Err(wrong()) };
    let name = |entry: &Value| {
        let text = entry.as_str().ok_or_else(wrong)?;
        let label: KeyLabel = text.parse().map_err(|_| wrong())?;
        if label.epoch().is_none() { Ok(text.to_owned()) } else { Err(wrong()) }
    };
    list.iter().map(name).collect()
}

fn read_device(entry: &Table) -> Result<KeyDevice, Problem> {
    if let Some(name) = entry.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let detail = format!("`{DEVICES}.{name}`; a device has {}", FIELDS.join(", "));
        return Err(Problem::new(&labels::CONFIG_KEY_UNKNOWN, detail));
    }
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let module = text("module").ok_or_else(|| wrong("a device needs `module`, a path"))?;
    let slot = entry.get("slot").and_then(Value::as_integer).and_then(|slot| slot.try_into().ok());
    let token = match (text("token"), slot) {
        (Some(label), None) => TokenChoice::Label(label.to_owned()),
        (None, Some(slot)) => TokenChoice::Slot(slot),
        _ => return Err(wrong("a device needs `token`, a text, or `slot`, a number")),
    };
    let pin = match (text("pin_file"), text("pin_env")) {
        (Some(file), None) => PinFrom::File(PathBuf::from(file)),
        (None, Some(name)) => PinFrom::Environment(name.to_owned()),
        _ => return Err(wrong("a device needs `pin_file` or `pin_env`, a text")),
    };
    let mut environment = Vec::new();
    if let Some(variables) = entry.get("environment") {
        let texts = || wrong("`environment` is a table of texts");
        for (name, value) in variables.as_table().ok_or_else(texts)? {
            environment.push((name.clone(), value.as_str().ok_or_else(texts)?.to_owned()));
        }
    }
    Ok(KeyDevice { module: PathBuf::from(module), token, pin, environment })
}

fn wrong(why: &str) -> Problem {
    malformed(format!("{DEVICES}: {why}"))
}

/// The word on the command line that makes this program a child. It stands in no help.
pub(crate) const CHILD: &str = "hsm-child";
/// The list of devices in the configuration.
pub(crate) const DEVICES: &str = "keys.devices";
/// The names of keys that stay in the file.
pub(crate) const SOFT_FOR: &str = "keys.soft_for";
const FIELDS: [&str; 6] = ["module", "token", "slot", "pin_file", "pin_env", "environment"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_with_all_that_they_need() {
        let text = "[keys]\nstore = 'pkcs11'\nsessions = 4\ndeadline_ms = 500\nsoft_for = ['ledger']\n\
                    [[keys.devices]]\nmodule = '/a.so'\ntoken = 't'\npin_file = '/pin'\n\
                    environment = { A = 'b' }\n\
                    [[keys.devices]]\nmodule = '/b.so'\nslot = 7\npin_env = 'PIN'\n";
        let config = Config::parse(text).unwrap();
        let [first, second] = config.key_devices() else { panic!() };
        assert_eq!(first.token, TokenChoice::Label("t".to_owned()));
        assert_eq!(first.pin, PinFrom::File("/pin".into()));
        assert_eq!(first.environment, [("A".to_owned(), "b".to_owned())]);
        assert_eq!(second.token, TokenChoice::Slot(7));
        assert_eq!(second.pin, PinFrom::Environment("PIN".to_owned()));
        assert_eq!((config.key_sessions(), config.key_deadline_ms()), (Ok(4), Ok(500)));
        assert_eq!(*config.keys_in_file(), ["ledger".to_owned()].into());
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        let device = |fields: &str| format!("[keys]\ndevices = [{{ {fields} }}]");
        for (text, label, word) in [
            ("[keys]\nstore = 'hsm'".to_owned(), "config_malformed", "soft, pkcs11"),
            ("[keys]\nstore = 'pkcs11'".to_owned(), "config_malformed", "needs a device"),
            ("[keys]\nsessions = 129".to_owned(), "config_malformed", "1 to 128"),
            ("[keys]\ndeadline_ms = 5".to_owned(), "config_malformed", "50 to 60000"),
            ("[keys]\ncheck = 'maybe'".to_owned(), "config_malformed", "yes, no"),
            ("[keys]\nsoft_for = ['kek/1']".to_owned(), "config_malformed", "without epochs"),
            ("[keys]\nsoft_for = 'kek'".to_owned(), "config_malformed", "a list"),
            ("[keys]\ndevices = 'x'".to_owned(), "config_malformed", "a list of tables"),
            ("[keys]\ndevices = ['x']".to_owned(), "config_malformed", "a list of tables"),
            (device("token = 't', pin_env = 'P'"), "config_malformed", "needs `module`"),
            (device("module = 'm', pin_env = 'P'"), "config_malformed", "needs `token`"),
            (device("module = 'm', slot = -1, pin_env = 'P'"), "config_malformed", "`slot`"),
            (
                device("module = 'm', token = 't', slot = 1, pin_env = 'P'"),
                "config_malformed",
                "needs `token`, a text, or `slot`",
            ),
            (device("module = 'm', token = 't'"), "config_malformed", "needs `pin_file`"),
            (
                device("module = 'm', token = 't', pin = '1'"),
                "config_key_unknown",
                "keys.devices.pin",
            ),
            (
                device("module = 'm', token = 't', pin_env = 'P', environment = { A = 1 }"),
                "config_malformed",
                "a table of texts",
            ),
        ] {
            let problem = Config::parse(&text).unwrap_err();
            assert_eq!(problem.label(), label, "{text}: {problem}");
            assert!(problem.detail_text().contains(word), "{text}: {problem}");
        }
    }
}

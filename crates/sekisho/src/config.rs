//! Configuration: one TOML file, every key in one table, unknown keys refused with a suggestion.
//!
//! No file is needed: every key has a default that works on a laptop. A key given on the command
//! line or in the environment wins over the file.

pub(crate) mod authority;

use crate::key_devices::{DEVICES, KeyDevice, SOFT_FOR, read_devices, read_names};
use base::{Problem, labels};
use http_door::WitnessUrl;
use ledger::checkpoint::Origin;
use ledger::note::{KeyName, SignatureKind, VerifierKey};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Value;

/// A key of the configuration: its default and what it means.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) meaning: &'static str,
}

/// Every key there is, in the order of the reference.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(authority::KEYS)
}

static KEYS: &[Key] = &[
    Key {
        name: "data.directory",
        default: "var",
        meaning: "Where everything is kept: store, keys, published ledger, lists.",
    },
    Key {
        name: "store.kind",
        default: "sqlite",
        meaning: "`sqlite` (embedded, needs nothing) or `postgresql`.",
    },
    Key {
        name: "store.url",
        default: "",
        meaning: "PostgreSQL only: `host=/run/postgresql dbname=sekisho user=sekisho`. The \
                  connection carries no TLS: use a Unix socket or a loopback address.",
    },
    Key {
        name: "store.cache_mib",
        default: "256",
        meaning: "SQLite only: page cache of the writer, in MiB.",
    },
    Key {
        name: "keys.passphrase_file",
        default: "",
        meaning: "File with the passphrase of the key store, readable by its owner only. Without \
                  it: the environment variable SEKISHO_PASSPHRASE, else the file `keys/passphrase` that \
                  `init` makes in the data directory, else a prompt.",
    },
    Key {
        name: "keys.store",
        default: "soft",
        meaning: "Where keys are: `soft`, a sealed file in the data directory, or `pkcs11`, the tokens \
                  of `keys.devices`, which no key leaves. Chosen before `init`, for good: no key can \
                  be carried from one to the other.",
    },
    Key {
        name: DEVICES,
        default: "[]",
        meaning: "PKCS#11 devices, the one that makes new keys first: `[{ module = \"/path/to/library.so\", \
                  token = \"label\", pin_file = \"/path/to/pin\" }]`, with `slot` instead of `token` and \
                  `pin_env`, an environment variable, instead of `pin_file` where that is wanted, and \
                  `environment = { NAME = \"value\" }` for what the library reads there: of the program's own \
                  environment it sees PATH, HOME, LANG, LC_ALL, TZ, TMPDIR and LD_LIBRARY_PATH. Further devices \
                  hold copies of the same keys, made by the vendor's means: they share the work, and what \
                  one cannot do another one does. Each library runs in a process of its own.",
    },
    Key {
        name: SOFT_FOR,
        default: "[]",
        meaning: "PKCS#11 only: names of keys that stay in the sealed file because the token cannot hold \
                  them, such as `[\"ledger\", \"token\"]` for a token without Ed25519. They are as safe \
                  as the file and its passphrase, not as safe as the token.",
    },
    Key {
        name: "keys.sessions",
        default: "8",
        meaning: "PKCS#11 only: sessions with each device (1 to 128). As many calls are at work at once; \
                  network devices are at their best with about 30.",
    },
    Key {
        name: "keys.deadline_ms",
        default: "2000",
        meaning: "PKCS#11 only: how long one call may take, in milliseconds (50 to 60000). Who waits \
                  longer is told to try again; a library that owes an answer for twice as long is \
                  killed and started anew.",
    },
    Key {
        name: "keys.check",
        default: "yes",
        meaning: "PKCS#11 only: `yes` tries every answer before it is used, signatures under the public \
                  key and all else by the inverse operation; `no` trusts the device, and about halves \
                  the work.",
    },
    Key {
        name: "http.listen",
        default: "127.0.0.1:8790",
        meaning: "Address of the API. Loopback only: the API speaks plain HTTP.",
    },
    Key {
        name: "ledger.origin",
        default: "sekisho.example/ledger",
        meaning: "The ledger's name, for ever: the first line of each checkpoint. Used by `init`.",
    },
    Key {
        name: "ledger.publish_ms",
        default: "500",
        meaning: "How often committed acts are published, in milliseconds (100 to 700): within a \
                  second everything is.",
    },
    Key {
        name: WITNESSES,
        default: "[]",
        meaning: "Witnesses that are asked to cosign each checkpoint (C2SP tlog-witness), at most 15: \
                  `[{ key = \"<verifier key>\", url = \"http://127.0.0.1:8791\" }]`, the key as \
                  `sekisho witness key` prints it, the address without `/add-checkpoint`. Over plain \
                  HTTP only: what passes is public and signed. Publishing waits for all of them \
                  together at most 400 milliseconds and goes on without those that are silent.",
    },
    Key {
        name: "clock.source",
        default: "system",
        meaning: "`system`, or a fixed moment such as `2026-04-01T00:00:00Z` for rehearsals.",
    },
    Key { name: "log.format", default: "text", meaning: "`text` or `json`, on standard error." },
    Key {
        name: "log.level",
        default: "info",
        meaning: "`error`, `warn`, `info` or `debug`. No level shows personal data.",
    },
];

/// The configuration in force.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    values: BTreeMap<&'static str, String>,
    witnesses: Vec<WitnessAt>,
    key_devices: Vec<KeyDevice>,
    keys_in_file: BTreeSet<String>,
}

/// A witness: its key and where it takes checkpoints.
#[derive(Clone, Debug)]
pub(crate) struct WitnessAt {
    pub(crate) key: VerifierKey,
    pub(crate) url: WitnessUrl,
}

/// Which store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StoreKind {
    Sqlite { cache_mib: u32 },
    Postgresql { url: String },
}

impl Config {
    /// Reads `file`, or takes the defaults where there is none.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Problem> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| malformed(format!("{}: {error}", path.display())))?,
            None => String::new(),
        };
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| malformed(error.message().to_owned()))?;
        let values = keys().map(|key| (key.name, key.default.to_owned())).collect();
        let mut config = Self {
            values,
            witnesses: Vec::new(),
            key_devices: Vec::new(),
            keys_in_file: BTreeSet::new(),
        };
        for (section, entries) in &table {
            let Value::Table(entries) = entries else {
                return Err(unknown(section));
            };
            for (name, value) in entries {
                let name = format!("{section}.{name}");
                let key = keys().find(|key| key.name == name).ok_or_else(|| unknown(&name))?;
                config.take(key, value)?;
            }
        }
        config.check()?;
        Ok(config)
    }

    fn take(&mut self, key: &Key, value: &Value) -> Result<(), Problem> {
        let shown = match key.name {
            WITNESSES => {
                self.witnesses = read_witnesses(value)?;
                value.to_string()
            }
            DEVICES => {
                self.key_devices = read_devices(value)?;
                value.to_string()
            }
            SOFT_FOR => {
                self.keys_in_file = read_names(SOFT_FOR, value)?;
                value.to_string()
            }
            _ => scalar(key, value)?,
        };
        self.values.insert(key.name, shown);
        Ok(())
    }

    /// The same with `value` for `key`, as given on the command line.
    pub(crate) fn with(
        mut self,
        key: &'static str,
        value: Option<String>,
    ) -> Result<Self, Problem> {
        if let Some(value) = value {
            self.values.insert(key, value);
        }
        self.check()?;
        Ok(self)
    }

    fn check(&self) -> Result<(), Problem> {
        self.store()?;
        self.listen()?;
        self.publish_ms()?;
        self.fixed_moment()?;
        self.origin()?;
        authority::profile(self)?;
        self.key_sessions()?;
        self.key_deadline_ms()?;
        self.are_keys_in_devices()?;
        one_of(self.get("keys.check"), "keys.check", &["yes", "no"])?;
        one_of(self.get("log.format"), "log.format", &["text", "json"])?;
        one_of(self.get("log.level"), "log.level", &["error", "warn", "info", "debug"])
    }

    pub(crate) fn get(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    pub(crate) fn data(&self) -> PathBuf {
        PathBuf::from(self.get("data.directory"))
    }

    pub(crate) fn store(&self) -> Result<StoreKind, Problem> {
        match self.get("store.kind") {
            "sqlite" => {
                Ok(StoreKind::Sqlite { cache_mib: self.number("store.cache_mib", 1, 65_536)? })
            }
            "postgresql" if self.get("store.url").is_empty() => {
                Err(malformed("store.url: PostgreSQL needs one".to_owned()))
            }
            "postgresql" => Ok(StoreKind::Postgresql { url: self.get("store.url").to_owned() }),
            _ => Err(malformed("store.kind: `sqlite` or `postgresql`".to_owned())),
        }
    }

    pub(crate) fn passphrase_file(&self) -> Option<PathBuf> {
        let file = self.get("keys.passphrase_file");
        (!file.is_empty()).then(|| PathBuf::from(file))
    }

    /// Whether keys are in PKCS#11 devices.
    pub(crate) fn are_keys_in_devices(&self) -> Result<bool, Problem> {
        one_of(self.get("keys.store"), "keys.store", &["soft", "pkcs11"])?;
        let in_devices = self.get("keys.store") == "pkcs11";
        if in_devices && self.key_devices.is_empty() {
            return Err(malformed(
                "keys.store: `pkcs11` needs a device in keys.devices".to_owned(),
            ));
        }
        Ok(in_devices)
    }

    pub(crate) fn key_devices(&self) -> &[KeyDevice] {
        &self.key_devices
    }

    /// Names of keys that stay in the key store file.
    pub(crate) fn keys_in_file(&self) -> &BTreeSet<String> {
        &self.keys_in_file
    }

    pub(crate) fn key_sessions(&self) -> Result<u16, Problem> {
        self.number("keys.sessions", 1, 128).map(|sessions| sessions as u16)
    }

    pub(crate) fn key_deadline_ms(&self) -> Result<u32, Problem> {
        self.number("keys.deadline_ms", 50, 60_000)
    }

    pub(crate) fn listen(&self) -> Result<SocketAddr, Problem> {
        let wrong = |why: &str| malformed(format!("http.listen: {why}"));
        let text = self.get("http.listen");
        let address: SocketAddr =
            text.parse().map_err(|_| wrong("an address and port, such as 127.0.0.1:8790"))?;
        if !address.ip().is_loopback() {
            return Err(wrong("the API speaks plain HTTP and listens on loopback only"));
        }
        Ok(address)
    }

    pub(crate) fn publish_ms(&self) -> Result<u32, Problem> {
        self.number("ledger.publish_ms", 100, 700)
    }

    pub(crate) fn witnesses(&self) -> &[WitnessAt] {
        &self.witnesses
    }

    /// The ledger's name: as a log's origin and as the name of its key.
    pub(crate) fn origin(&self) -> Result<&str, Problem> {
        let text = self.get("ledger.origin");
        let fits = text.parse::<Origin>().is_ok() && text.parse::<KeyName>().is_ok();
        let wrong =
            "ledger.origin: a name such as example.org/ledger, without spaces and plus signs";
        if fits { Ok(text) } else { Err(malformed(wrong.to_owned())) }
    }

    /// The moment that the clock stands at; none when it runs.
    pub(crate) fn fixed_moment(&self) -> Result<Option<base::Moment>, Problem> {
        match self.get("clock.source") {
            "system" => Ok(None),
            text => text
                .parse::<jiff::Timestamp>()
                .map(|at| Some(base::Moment::from_us(at.as_microsecond())))
                .map_err(|_| malformed("clock.source: `system` or an RFC 3339 moment".to_owned())),
        }
    }

    fn number(&self, key: &str, least: u32, most: u32) -> Result<u32, Problem> {
        let within = |value: &u32| (least..=most).contains(value);
        let value = self.get(key).parse().ok().filter(within);
        value.ok_or_else(|| malformed(format!("{key}: a whole number from {least} to {most}")))
    }
}

/// The reference: a configuration file that holds every key with its default and its meaning.
pub(crate) fn reference() -> String {
    let mut text = String::from("# Sekisho's configuration. Every key, with its default.\n");
    let mut section = "";
    for key in keys() {
        let (of, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if of != section {
            text.push_str(&format!("\n[{of}]\n"));
            section = of;
        }
        for line in wrapped(key.meaning, 96) {
            text.push_str(&format!("# {line}\n"));
        }
        let shown =
            if is_plain(key) { key.default.to_owned() } else { format!("{:?}", key.default) };
        text.push_str(&format!("{name} = {shown}\n"));
    }
    text
}

/// Whether a default stands as it is, without quotes.
fn is_plain(key: &Key) -> bool {
    let number = key.default.parse::<u32>().is_ok();
    number || is_list(key) || ["true", "false"].contains(&key.default)
}

fn is_list(key: &Key) -> bool {
    key.default.starts_with('[')
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines.last().is_some_and(|line| line.len() + word.len() + 1 > width);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn scalar(key: &Key, value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(word) => Ok(word.to_string()),
        Value::Array(_) if is_list(key) => Ok(value.to_string()),
        _ => Err(malformed(format!("{}: a text or a whole number", key.name))),
    }
}

fn read_witnesses(value: &Value) -> Result<Vec<WitnessAt>, Problem> {
    let wrong = |why: &str| malformed(format!("{WITNESSES}: {why}"));
    let Value::Array(list) = value else { return Err(wrong("a list of tables")) };
    let mut witnesses: Vec<WitnessAt> = Vec::new();
    for entry in list {
        let Value::Table(entry) = entry else { return Err(wrong("a list of tables")) };
        if let Some(name) = entry.keys().find(|name| !["key", "url"].contains(&name.as_str())) {
            let detail = format!("`{WITNESSES}.{name}`; a witness has `key` and `url`");
            return Err(Problem::new(&labels::CONFIG_KEY_UNKNOWN, detail));
        }
        let text = |name: &str| {
            let text = entry.get(name).and_then(Value::as_str);
            text.ok_or_else(|| wrong(&format!("a witness needs `{name}`, a text")))
        };
        let key = witness_key(text("key")?).map_err(|why| wrong(&why))?;
        let url = text("url")?.parse().map_err(|no: Problem| wrong(no.detail_text()))?;
        if witnesses.iter().any(|other| other.key == key) {
            return Err(wrong(&format!("{} stands twice", key.name())));
        }
        witnesses.push(WitnessAt { key, url });
    }
    if witnesses.len() > WITNESSES_MAX {
        return Err(wrong(&format!("at most {WITNESSES_MAX}")));
    }
    Ok(witnesses)
}

/// The verifier key of a witness, in the form for cosignatures.
pub(crate) fn witness_key(text: &str) -> Result<VerifierKey, String> {
    let key: VerifierKey = text
        .parse()
        .map_err(|_| "a verifier key looks like `witness.example/w+0123abcd+BA…`".to_owned())?;
    match key.kind() {
        SignatureKind::CosignatureV1 => Ok(key),
        SignatureKind::Ed25519 => {
            Err(format!("{} is a ledger's key, not one for cosignatures", key.name()))
        }
    }
}

fn one_of(value: &str, key: &str, words: &[&str]) -> Result<(), Problem> {
    if words.contains(&value) {
        return Ok(());
    }
    Err(malformed(format!("{key}: one of {}", words.join(", "))))
}

fn unknown(name: &str) -> Problem {
    let nearest = keys().max_by(|a, b| {
        strsim::jaro_winkler(a.name, name).total_cmp(&strsim::jaro_winkler(b.name, name))
    });
    let hint = nearest.map(|key| format!("; did you mean `{}`?", key.name)).unwrap_or_default();
    Problem::new(&labels::CONFIG_KEY_UNKNOWN, format!("`{name}`{hint}"))
}

pub(crate) fn malformed(detail: String) -> Problem {
    Problem::new(&labels::CONFIG_MALFORMED, detail)
}

const WITNESSES: &str = "ledger.witnesses";
/// So many and the ledger's own signature are within what every reader of C2SP notes takes.
const WITNESSES_MAX: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_the_default() {
        let config = Config::parse(&reference()).unwrap();
        for key in keys() {
            assert_eq!(config.get(key.name), key.default);
        }
    }

    #[test]
    fn witnesses_are_read_with_their_keys() {
        let one = |key: &str, url: &str| format!("{{ key = '{key}', url = '{url}' }}");
        let list = |of: &[String]| format!("[ledger]\nwitnesses = [{}]", of.join(", "));
        let good = one(W, "http://127.0.0.1:8791");
        let config = Config::parse(&list(std::slice::from_ref(&good))).unwrap();
        assert_eq!(config.witnesses()[0].key.to_string(), W);
        assert!(config.get(WITNESSES).contains("http://127.0.0.1:8791"));
        let tables = format!("[[ledger.witnesses]]\nkey = '{W}'\nurl = 'http://w.example/a'");
        assert_eq!(Config::parse(&tables).unwrap().witnesses().len(), 1);
        for (text, word) in [
            (list(&[one(W, "https://w.example")]), "over http:// only"),
            (list(&[one(W, "w.example")]), "http://host:port/prefix"),
            (list(&[one(LOG, "http://w.example")]), "a ledger's key"),
            (list(&[good.clone(), good]), "stands twice"),
        ] {
            let problem = Config::parse(&text).unwrap_err();
            assert_eq!(problem.label(), "config_malformed", "{text}");
            assert!(problem.detail_text().contains(word), "{text}: {problem}");
        }
    }

    const W: &str = "example.com/foo+7c264079+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const LOG: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn refusals_name_the_key_and_help() {
        for (text, label, word) in [
            ("[data]\ndirectry = 'x'", "config_key_unknown", "did you mean `data.directory`?"),
            ("directory = 'x'", "config_key_unknown", "`directory`"),
            ("[store]\nkind = 'oracle'", "config_malformed", "sqlite"),
            ("[store]\nkind = 'postgresql'", "config_malformed", "store.url"),
            ("[http]\nlisten = '0.0.0.0:80'", "config_malformed", "loopback"),
            ("[ledger]\npublish_ms = 99", "config_malformed", "100 to 700"),
            ("[ledger]\npublish_ms = 701", "config_malformed", "100 to 700"),
            ("[ledger]\norigin = 'two words'", "config_malformed", "ledger.origin"),
            ("[ledger]\nwitnesses = 'w'", "config_malformed", "a list of tables"),
            ("[ledger]\nwitnesses = ['w']", "config_malformed", "a list of tables"),
            ("[ledger]\nwitnesses = [{ kye = 'w' }]", "config_key_unknown", "ledger.witnesses.kye"),
            ("[ledger]\nwitnesses = [{ key = 'w' }]", "config_malformed", "a verifier key"),
            ("[ledger]\nwitnesses = [{ url = 'w' }]", "config_malformed", "needs `key`"),
            ("[[ledger.witnesses]]\nkey = 1", "config_malformed", "needs `key`"),
            ("[clock]\nsource = 'sundial'", "config_malformed", "RFC 3339"),
            ("[log]\nlevel = 'loud'", "config_malformed", "error, warn"),
            ("[data", "config_malformed", ""),
            ("[data]\ndirectory = [1]", "config_malformed", "data.directory"),
        ] {
            let problem = Config::parse(text).unwrap_err();
            assert_eq!(problem.label(), label, "{text}");
            assert!(problem.detail_text().contains(word), "{text}: {problem}");
        }
    }
}

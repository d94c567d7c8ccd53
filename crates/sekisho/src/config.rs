//! Configuration: one TOML file, every key in one table, unknown keys refused with a suggestion.
//!
//! No file is needed: every key has a default that works on a laptop. A key given on the command
//! line or in the environment wins over the file.

use base::{Problem, labels};
use ledger::checkpoint::Origin;
use ledger::note::KeyName;
use std::collections::BTreeMap;
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
pub(crate) static KEYS: &[Key] = &[
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
                  it: the environment variable SEKISHO_PASSPHRASE, else the file `passphrase` that \
                  `init` makes in the data directory, else a prompt.",
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
        meaning: "How often committed acts are published, in milliseconds (100 to 1000).",
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
        let mut values: BTreeMap<_, _> =
            KEYS.iter().map(|key| (key.name, key.default.to_owned())).collect();
        for (section, entries) in &table {
            let Value::Table(entries) = entries else {
                return Err(unknown(section));
            };
            for (name, value) in entries {
                let name = format!("{section}.{name}");
                let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| unknown(&name))?;
                values.insert(key.name, scalar(key, value)?);
            }
        }
        let config = Self { values };
        config.check()?;
        Ok(config)
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
        self.number("ledger.publish_ms", 100, 1_000)
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
    for key in KEYS {
        let (of, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if of != section {
            text.push_str(&format!("\n[{of}]\n"));
            section = of;
        }
        for line in wrapped(key.meaning, 96) {
            text.push_str(&format!("# {line}\n"));
        }
        let number = key.default.parse::<u32>().is_ok();
        let shown = if number { key.default.to_owned() } else { format!("{:?}", key.default) };
        text.push_str(&format!("{name} = {shown}\n"));
    }
    text
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
        _ => Err(malformed(format!("{}: a text or a whole number", key.name))),
    }
}

fn one_of(value: &str, key: &str, words: &[&str]) -> Result<(), Problem> {
    if words.contains(&value) {
        return Ok(());
    }
    Err(malformed(format!("{key}: one of {}", words.join(", "))))
}

fn unknown(name: &str) -> Problem {
    let nearest = KEYS.iter().max_by(|a, b| {
        strsim::jaro_winkler(a.name, name).total_cmp(&strsim::jaro_winkler(b.name, name))
    });
    let hint = nearest.map(|key| format!("; did you mean `{}`?", key.name)).unwrap_or_default();
    Problem::new(&labels::CONFIG_KEY_UNKNOWN, format!("`{name}`{hint}"))
}

fn malformed(detail: String) -> Problem {
    Problem::new(&labels::CONFIG_MALFORMED, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_the_default() {
        let config = Config::parse(&reference()).unwrap();
        for key in KEYS {
            assert_eq!(config.get(key.name), key.default);
        }
    }

    #[test]
    fn refusals_name_the_key_and_help() {
        for (text, label, word) in [
            ("[data]\ndirectry = 'x'", "config_key_unknown", "did you mean `data.directory`?"),
            ("directory = 'x'", "config_key_unknown", "`directory`"),
            ("[store]\nkind = 'oracle'", "config_malformed", "sqlite"),
            ("[store]\nkind = 'postgresql'", "config_malformed", "store.url"),
            ("[http]\nlisten = '0.0.0.0:80'", "config_malformed", "loopback"),
            ("[ledger]\npublish_ms = 5", "config_malformed", "100 to 1000"),
            ("[ledger]\norigin = 'two words'", "config_malformed", "ledger.origin"),
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

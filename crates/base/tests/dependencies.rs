//! What the program is made of: licences, sources, banned crates, and budgets for their number and
//! for foreign libraries. Rules and lists are those of `deny.toml`; `cargo metadata` says what is
//! so.
//!
//! Needs no network: every crate was downloaded to build this test. Budgets are for the program
//! alone, licences and sources for whatever is built here.
#![cfg(test)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[test]
fn every_licence_is_allowed() {
    let allowed = listed("allow = [");
    for package in Graph::load().packages.values() {
        let name = text(package, "name");
        let licence = package["license"].as_str().unwrap_or_default();
        let fits = Expression::new(licence).met_by(&allowed);
        assert!(fits, "{name}: {licence:?} is not among {allowed:?}");
    }
}

#[test]
fn every_source_is_the_registry_or_this_checkout() {
    let registries = listed("allow-registry = [");
    for package in Graph::load().packages.values() {
        let Some(source) = package["source"].as_str() else {
            let manifest = Path::new(text(package, "manifest_path"));
            assert!(manifest.starts_with(root()), "{} lies elsewhere", manifest.display());
            continue;
        };
        let registry = source.strip_prefix("registry+").unwrap_or_default();
        assert!(registries.contains(registry), "{}: {source}", text(package, "name"));
    }
}

#[test]
fn no_banned_crate_is_in_the_program() {
    let banned = listed("deny = [");
    assert!(banned.contains("openssl-sys"), "{banned:?}");
    for package in Graph::load().program() {
        let name = text(package, "name");
        assert!(!banned.contains(name), "{name} is banned");
    }
}

#[test]
fn the_program_stays_within_its_budgets() {
    let graph = Graph::load();
    let program = graph.program();
    assert!(program.len() <= CRATES_MAX, "{} crates, at most {CRATES_MAX}", program.len());
    assert!(program.len() > 50, "{} crates cannot be the whole program", program.len());
    for package in program {
        let Some(links) = package["links"].as_str() else { continue };
        let known = LINKS.iter().any(|known| links.starts_with(known));
        assert!(known, "{} links {links}; only {LINKS:?} are agreed", text(package, "name"));
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed = ["MIT", "ISC", "Apache-2.0"].map(str::to_owned).into();
    for (licence, met) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("MIT/GPL-3.0-only", true),
        ("GPL-3.0-only / MIT", true),
        ("ISC AND (GPL-3.0-only OR MIT)", true),
        ("ISC AND MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only AND ISC OR MPL-2.0", false),
        ("(MIT OR ISC) AND GPL-3.0-only", false),
        ("Apache-2.0 WITH LLVM-exception", false),
        ("MIT OR", false),
        ("(MIT", false),
        ("MIT ISC", false),
    ] {
        assert_eq!(Expression::new(licence).met_by(&allowed), met, "{licence:?}");
    }
}

/// The packages of the workspace and what depends on what, for this machine.
struct Graph {
    packages: BTreeMap<String, Value>,
    /// Per package those that it needs in order to be built or to run.
    needs: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn load() -> Self {
        let host = cargo(&["-vV"]);
        let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let metadata = cargo(&[
            "metadata",
            "--locked",
            "--offline",
            "--format-version",
            "1",
            "--filter-platform",
            host,
        ]);
        let metadata: Value = serde_json::from_str(&metadata).unwrap();
        let packages = list(&metadata["packages"]).iter();
        let nodes = list(&metadata["resolve"]["nodes"]).iter();
        Self {
            packages: packages.map(|p| (text(p, "id").to_owned(), p.clone())).collect(),
            needs: nodes.map(|node| (text(node, "id").to_owned(), needed(node))).collect(),
        }
    }

    /// The packages that the program is built from, with its own crates.
    fn program(&self) -> Vec<&Value> {
        let mut open = vec![self.id_of("sekisho")];
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(&self.needs[id]);
            }
        }
        seen.into_iter().map(|id| &self.packages[id]).collect()
    }

    fn id_of(&self, name: &str) -> &String {
        let mut found = self.packages.iter().filter(|(_, package)| package["name"] == name);
        found.next().map(|(id, _)| id).unwrap_or_else(|| panic!("no package {name}"))
    }
}

/// The dependencies of a node, without those of its tests.
fn needed(node: &Value) -> Vec<String> {
    let for_tests = |dependency: &&Value| {
        list(&dependency["dep_kinds"]).iter().all(|kind| kind["kind"] == "dev")
    };
    let dependencies = list(&node["deps"]).iter().filter(|dependency| !for_tests(dependency));
    dependencies.map(|dependency| text(dependency, "pkg").to_owned()).collect()
}

/// A licence expression being read: alternatives of conjunctions of names and brackets.
struct Expression {
    /// The words, the last first.
    words: Vec<String>,
}

impl Expression {
    fn new(licence: &str) -> Self {
        let spaced = licence.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
        Self { words: spaced.split_whitespace().rev().map(str::to_owned).collect() }
    }

    /// Whether it can be kept with these licences alone; not, if it cannot be read.
    fn met_by(mut self, allowed: &BTreeSet<String>) -> bool {
        self.alternatives(allowed) == Some(true) && self.words.is_empty()
    }

    fn alternatives(&mut self, allowed: &BTreeSet<String>) -> Option<bool> {
        let mut met = self.conjunction(allowed)?;
        while self.words.pop_if(|word| word == "OR").is_some() {
            met |= self.conjunction(allowed)?;
        }
        Some(met)
    }

    fn conjunction(&mut self, allowed: &BTreeSet<String>) -> Option<bool> {
        let mut met = self.one(allowed)?;
        while self.words.pop_if(|word| word == "AND").is_some() {
            met &= self.one(allowed)?;
        }
        Some(met)
    }

    fn one(&mut self, allowed: &BTreeSet<String>) -> Option<bool> {
        let word = self.words.pop()?;
        if word == "(" {
            let met = self.alternatives(allowed)?;
            return self.words.pop_if(|word| word == ")").map(|_| met);
        }
        // An exception is a licence of its own and has to be listed with its name.
        let exception = self.words.pop_if(|word| word == "WITH").and_then(|_| self.words.pop());
        let name = exception.map_or(word.clone(), |exception| format!("{word} WITH {exception}"));
        Some(allowed.contains(&name))
    }
}

/// The quoted words of a list in `deny.toml`, from the line that opens it to its bracket.
fn listed(opening: &str) -> BTreeSet<String> {
    let rules = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, rest) = rules.split_once(&format!("\n{opening}")).expect(opening);
    let (inside, _) = rest.split_once(']').unwrap();
    inside.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let out = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Packages of the program, its own included.
const CRATES_MAX: usize = 330;

/// How the names of the foreign libraries begin that are compiled in: cryptography, SQLite, memory.
const LINKS: [&str; 3] = ["aws_lc_", "mimalloc", "sqlite3"];

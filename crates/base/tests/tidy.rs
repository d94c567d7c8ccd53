//! The rules of STYLE.md that a machine can keep: layer order, lengths, module docs, stray markers.
//!
//! Reads the sources as text, formatted as `cargo fmt` leaves them.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| !line.starts_with("members"));
    let quoted = lines.take_while(|line| *line != "]").filter_map(|line| line.split('"').nth(1));
    quoted.map(str::to_owned).collect()
}

fn sources_below(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources_below(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

fn all_sources() -> BTreeMap<String, String> {
    let mut paths = Vec::new();
    sources_below(&root().join("crates"), &mut paths);
    sources_below(&root().join("fuzz"), &mut paths);
    let shown = |path: &PathBuf| path.strip_prefix(root()).unwrap().display().to_string();
    paths.iter().map(|path| (shown(path), fs::read_to_string(path).unwrap())).collect()
}

/// Product code: sources without test files.
fn product_sources() -> BTreeMap<String, String> {
    let mut all = all_sources();
    all.retain(|path, _| !is_test(path));
    all
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("fuzz/")
}

/// A source without its `#[cfg(test)] mod tests { … }` at the end.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// What a manifest names in its dependencies and those for building, however it writes them.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut within = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            within = header.ends_with("dependencies") && !header.ends_with("dev-dependencies");
            // A table of its own: `[dependencies.name]`.
            let own = header.rsplit_once("dependencies.");
            names.extend(
                own.filter(|(kind, _)| !kind.ends_with("dev-")).map(|(_, name)| name.into()),
            );
        } else if within && !line.starts_with('#') {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            names.insert(name.to_owned());
        }
    }
    names.remove("");
    names
}

/// What a member is called where others depend on it.
fn alias(member: &str) -> String {
    match member {
        "crates/http" => "http-door".to_owned(),
        other => other.trim_start_matches("crates/").to_owned(),
    }
}

fn dependencies_of(member: &str) -> BTreeSet<String> {
    dependencies(&fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap())
}

#[test]
fn a_crate_depends_only_on_crates_above_it() {
    let members = members();
    for (at, member) in members.iter().enumerate() {
        let named = dependencies_of(member);
        for below in &members[at..] {
            let depends = named.contains(&alias(below));
            assert!(!depends, "{member} depends on {below}, which is not above it");
        }
    }
}

#[test]
fn dependencies_are_seen_however_they_are_written() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\n\
                    b = { workspace = true, features = [] }\nc = \"1\"\n[dev-dependencies]\nd = \"1\"\n\
                    [dev-dependencies.e]\nversion = \"1\"\n[build-dependencies]\nf = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\ng = \"1\"\n[dependencies.h]\nversion = \"1\"\n";
    let names: Vec<_> = dependencies(manifest).into_iter().collect();
    assert_eq!(names, ["a", "b", "c", "f", "g", "h"]);
}

#[test]
fn the_longest_chain_of_crates_is_at_most_seven() {
    let mut depth: BTreeMap<String, usize> = BTreeMap::new();
    for member in &members() {
        let named = dependencies_of(member);
        let above = depth.iter().filter(|(name, _)| named.contains(*name));
        let deepest = above.map(|(_, depth)| *depth).max().unwrap_or(0);
        depth.insert(alias(member), deepest + 1);
    }
    let longest = depth.values().max().unwrap();
    assert!(*longest <= CHAIN_MAX, "{longest}: {depth:?}");
}

#[test]
fn pure_crates_know_no_world() {
    for (path, text) in product_sources() {
        if !PURE.iter().any(|name| path.starts_with(&format!("crates/{name}/src"))) {
            continue;
        }
        for word in WORLD {
            let body = without_tests(&text);
            assert!(!body.contains(word), "{path} names {word}");
        }
    }
}

#[test]
fn sql_stands_in_the_store_and_http_in_its_door() {
    for (path, text) in product_sources() {
        let body = without_tests(&text);
        if !path.starts_with("crates/store/") {
            for word in ["rusqlite", "postgres::", "INSERT INTO", "ON CONFLICT"] {
                assert!(!body.contains(word), "{path} names {word}");
            }
        }
        if !path.starts_with("crates/http/") && !path.starts_with("crates/sekisho/") {
            assert!(!body.contains("axum"), "{path} names axum");
        }
    }
}

#[test]
fn every_file_opens_with_what_it_is() {
    for (path, text) in all_sources() {
        assert!(text.starts_with("//! "), "{path} does not open with module docs");
        let first = text.lines().next().unwrap();
        assert!(first.len() > 20, "{path}: the first line says too little");
    }
}

#[test]
fn no_stray_marker() {
    for (path, text) in all_sources() {
        if path.ends_with("base/tests/tidy.rs") {
            continue;
        }
        for marker in MARKERS {
            assert!(!text.contains(marker), "{path} holds {marker:?}");
        }
    }
}

#[test]
fn files_are_short_enough_to_read() {
    for (path, text) in product_sources() {
        let lines = without_tests(&text).lines().count();
        let allowed = LONG_TABLES.iter().find(|(table, _)| path == *table);
        let most = allowed.map_or(FILE_LINES_MAX, |(_, lines)| *lines);
        assert!(lines <= most, "{path}: {lines} lines, at most {most}");
    }
}

#[test]
fn functions_are_short_enough_to_read() {
    let mut lengths = Vec::new();
    for (path, text) in product_sources() {
        for (name, lines) in functions(without_tests(&text)) {
            assert!(lines <= FUNCTION_LINES_MAX, "{path}: {name}: {lines} lines");
            lengths.push(lines);
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    let p95 = lengths[lengths.len() * 95 / 100];
    assert!(median <= 10 && p95 <= 45, "median {median}, 95th percentile {p95}");
}

#[test]
fn lines_are_at_most_a_hundred_columns() {
    for (path, text) in product_sources() {
        for (at, line) in text.lines().enumerate() {
            let long = line.chars().count() > LINE_COLUMNS_MAX;
            let literal = line.contains('"') || line.contains("://") || line.ends_with('\\');
            assert!(!long || literal, "{path}:{} is too long", at + 1);
        }
    }
}

#[test]
fn every_source_file_is_part_of_a_crate() {
    let sources = all_sources();
    for path in sources.keys().filter(|path| path.contains("/src/")) {
        let file = Path::new(path).file_stem().unwrap().to_str().unwrap();
        if ["lib", "main", "mod"].contains(&file) {
            continue;
        }
        let named = [format!("mod {file};"), format!("mod {file} {{")];
        let somewhere = sources.values().any(|text| named.iter().any(|mod_| text.contains(mod_)));
        let target = path.starts_with("fuzz/") || path.contains("/bin/");
        assert!(somewhere || target, "{path} is in no module tree");
    }
}

/// Names and lengths of the functions of a formatted source: from `fn` to the line that closes it.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        if !starts_function(bare) {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let mut rest = lines[at..].iter();
        let opens =
            |line: &&&str| line.ends_with('{') || line.ends_with('}') || line.ends_with(';');
        let signature = rest.clone().find(opens).copied().unwrap_or_default();
        let declared = !signature.ends_with('{');
        let length =
            if declared { 1 } else { rest.by_ref().take_while(|l| **l != close).count() + 1 };
        out.push((bare.chars().take(60).collect(), length));
    }
    out
}

fn starts_function(bare: &str) -> bool {
    let mut words = bare.split_whitespace().skip_while(|word| {
        word.starts_with("pub") || ["const", "async", "extern", "\"C\"", "default"].contains(word)
    });
    words.next() == Some("fn")
}

#[test]
fn the_ruler_measures() {
    let text = "pub fn a() {\n    1\n}\n\nimpl X {\n    const fn b() -> u8 { 1 }\n}\n";
    assert_eq!(functions(text).iter().map(|(_, n)| *n).collect::<Vec<_>>(), [3, 1]);
}

const CHAIN_MAX: usize = 7;
const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

/// Tables and other texts of one repeated shape, which read well at any length.
const LONG_TABLES: [(&str, usize); 1] = [("crates/base/src/labels.rs", 800)];

const PURE: [&str; 9] =
    ["numbers", "places", "base", "seal", "ledger", "x509", "policy", "registry", "authority"];

const WORLD: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::time::SystemTime",
    "Instant::now",
    "async fn",
    "rand::rng",
    "tracing::",
    "std::thread",
];

const MARKERS: [&str; 8] =
    ["TODO", "FIXME", "XXX ", "HACK", "#[ignore", "#[allow(", "for now", "placeholder"];

//! `up`: a country in small, once and again, and the commands it tells people to try.

use crate::house::{House, files_below};
use numbers::{IndividualNumber, ResidentRecordCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// `up` without serving, with few residents.
fn up(house: &House, seed: &str) -> Value {
    house.ask(&["up", "--no-serve", "--residents", "300", "--seed", seed]).good()
}

#[test]
fn up_makes_a_country_and_changes_nothing_the_second_time() {
    let house = House::empty();
    let first = up(&house, "1");
    assert_eq!(first["municipalities"], 1_741);
    assert_eq!(first["applied"], first["events"]);
    assert!(first["events"].as_u64().unwrap() >= 300);
    assert_eq!((&first["refused"], &first["rejected"]), (&json!({}), &json!({})));
    assert_eq!(first["faults"], json!([]));
    assert_eq!(first["persons"], first["numbers"]);
    assert_eq!(first["list_entries"], first["persons"]);
    assert_eq!(listed(&house).len() as u64, first["persons"].as_u64().unwrap());

    let before = (house.published(), files_below(&house.data().join("deliveries")));
    let again = up(&house, "1");
    assert_eq!((&again["applied"], &again["repeated"]), (&json!(0), &first["events"]));
    assert_eq!((&again["lists"], &again["published"]), (&json!(0), &first["published"]));
    let after = (house.published(), files_below(&house.data().join("deliveries")));
    assert!(before == after, "the second run published or delivered something");
    // Another country has no room beside it, and is refused before anything is drawn or taken in.
    for other in [["--residents", "300", "--seed", "2"], ["--residents", "301", "--seed", "1"]] {
        let arguments = [&["up", "--no-serve"][..], &other].concat();
        house.ask(&arguments).problem(3, "already_initialised");
    }
    let after = (house.published(), files_below(&house.data().join("deliveries")));
    assert!(before == after, "a refused run published or delivered something");
    house.done();
}

#[test]
fn up_names_commands_that_work() {
    let house = House::empty();
    house.prepare_keystore();
    let told = house.run(&["up", "--no-serve", "--residents", "30"]);
    assert_eq!(told.code, 0, "{}", told.err);
    let (_, next) = told.out.split_once("Try next:\n").unwrap();
    let commands: Vec<_> = next.lines().collect();
    assert_eq!(commands.len(), 8, "{next}");
    for command in commands {
        let mut shell = Command::new("sh");
        let output = shell.arg("-ec").arg(command).current_dir(house.beside("")).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let said = !output.stdout.is_empty() || command.contains("openssl");
        assert!(output.status.success() && said, "{command}\n{err}");
    }
    house.done();
}

/// The codes come from the keys, everything else from the seed.
#[test]
fn the_same_seed_draws_the_same_people() {
    let feeds = ["7", "7", "8"].map(|seed| {
        let house = House::empty();
        house.prepare_keystore();
        let facts = up(&house, seed);
        let feed = fs::read_to_string(facts["feed"].as_str().unwrap()).unwrap();
        house.done();
        feed
    });
    let codes = |feed: &str| -> BTreeSet<String> {
        let lines = feed.lines().skip(1);
        lines.map(|line| line.split(',').nth(4).unwrap().to_owned()).collect()
    };
    let without_codes = |feed: &str| -> Vec<String> {
        let strip = |line: &str| {
            let mut cells: Vec<_> = line.split(',').collect();
            cells.remove(4);
            cells.join(",")
        };
        feed.lines().map(strip).collect()
    };
    assert!(codes(&feeds[0]).is_disjoint(&codes(&feeds[1])), "other keys, other codes");
    assert!(without_codes(&feeds[0]) == without_codes(&feeds[1]), "the same seed");
    assert!(without_codes(&feeds[0]) != without_codes(&feeds[2]), "another seed");
}

#[test]
fn deliveries_are_for_their_owner_and_right() {
    let house = House::empty();
    house.prepare_keystore();
    let facts = up(&house, "3");
    let deliveries = house.data().join("deliveries");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&deliveries), 0o700);
    let files = files_below(&deliveries);
    assert_eq!(files.len() as u64, facts["lists"].as_u64().unwrap() * 2);
    for (name, _) in &files {
        let path = deliveries.join(name);
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700), "{name:?}");
    }
    let listed = listed(&house);
    let numbers: BTreeSet<_> = listed.values().collect();
    assert_eq!(numbers.len(), listed.len(), "a number stands twice");
    let notices = files.iter().filter(|(name, _)| shown(name).contains("/notification-"));
    let lines = notices.map(|(_, bytes)| bytes.iter().filter(|byte| **byte == b'\n').count() - 1);
    assert_eq!(lines.sum::<usize>(), listed.len(), "a notice for each number");
    house.done();
}

/// Every code on the number lists with its number, each with the right check digit.
pub(crate) fn listed(house: &House) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, bytes) in files_below(&house.data().join("deliveries")) {
        if !shown(&name).contains("/number-list-") || shown(&name).ends_with(".new") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        let (header, lines) = text.split_once('\n').unwrap();
        assert_eq!(header, "act,resident_record_code,individual_number,state");
        for line in lines.lines() {
            let cells: Vec<_> = line.split(',').collect();
            let [act, code, number, state] = cells[..] else { panic!("{} cells", cells.len()) };
            act.parse::<u64>().unwrap();
            code.parse::<ResidentRecordCode>().unwrap();
            number.parse::<IndividualNumber>().unwrap();
            assert!(["designated", "provisional", "replaced"].contains(&state), "{state}");
            let before = found.insert(code.to_owned(), number.to_owned());
            assert!(before.is_none(), "a code stands on two lines");
        }
    }
    found
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

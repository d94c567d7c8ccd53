//! Invariant S1: marked residents go down every road, and their marks are searched for in
//! everything the program says and keeps: output, errors, logs, file names, the store, its log, the
//! ledger.

use crate::country::listed;
use crate::feeds::{CHIYODA, HEADER, feed, line, long_ago, wrong_check_digit};
use crate::house::{House, files_below};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const NAME: &str = "目印　みどり子";
const KANA: &str = "メジルシ　ミドリコ";
const ADDRESS: &str = "東京都千代田区目印町九丁目８番７号";
const POSTAL_CODE: &str = "9988776";
const BIRTH: &str = "1907-07-17";
/// What a mark looks like in pieces: a cut line shows a piece.
const PIECES: [&str; 6] = ["目印", "みどり子", "メジルシ", "ミドリコ", POSTAL_CODE, BIRTH];

fn record() -> String {
    format!("{NAME},{KANA},{BIRTH},female,{POSTAL_CODE},{ADDRESS}")
}

/// Logs as loud as they get, in JSON.
fn loud(house: &House) -> String {
    house.write("loud.toml", "[log]\nlevel = \"debug\"\nformat = \"json\"\n")
}

#[test]
fn no_mark_is_said_or_kept_in_the_clear() {
    let house = House::quick();
    let config = loud(&house);
    let told = house.command(&["stock", "--municipality", CHIYODA, "--count", "12"]).output();
    // A stock is given on purpose: its output is not searched.
    let codes = String::from_utf8(told.unwrap().stdout).unwrap();
    let codes: Vec<String> = codes.lines().map(str::to_owned).collect();
    good_roads(&house, &config, &codes);
    bad_roads(&house, &config, &codes);
    let log = killed_with_a_log(&house, &config, &codes);
    assert!(log > 4_096, "the store's log was empty");
    house.ask(&["--config", &config, "lists"]).good();
    let numbers: Vec<String> = listed(&house).into_values().collect();
    assert!(numbers.len() >= 3, "{} numbers were assigned", numbers.len());
    let mut marks: Vec<String> = PIECES.map(str::to_owned).to_vec();
    marks.extend(codes.iter().cloned().chain(numbers));
    search(&house, &marks);
    house.ask(&["--config", &config, "verify"]).good();
    search(&house, &marks);
    house.done();
}

fn good_roads(house: &House, config: &str, codes: &[String]) {
    let path = house.write(
        "good.csv",
        feed(&[
            line(1, "move_in", &codes[0], &record()),
            long_ago(&line(2, "move_in", &codes[1], &record().replace(BIRTH, "1840-04-01"))),
            line(3, "name_change", &codes[0], &record().replace("みどり子", "みどり子二")),
            long_ago(&line(4, "death", &codes[1], "")),
            line(6, "move_in", &codes[2], &record()),
        ]),
    );
    let code = codes[1].clone();
    for arguments in [
        &["import", &path][..],
        &["import", &path],
        &["lists"],
        &["keys", "rotate", "kek"],
        &["verify"],
        &["ledger", "checkpoint"],
        &["ledger", "prove", "1"],
        &["ledger", "audit"],
        &["token", "municipality:131016"],
    ] {
        let arguments = [&["--config", config], arguments].concat();
        assert_eq!(house.run(&arguments).code, 0, "{arguments:?}");
        house.ask(&arguments).good();
    }
    let numbers = listed(house).into_values().collect::<Vec<_>>().join("\n");
    let checked = house.ask_with(&["number", "check", "-"], numbers.as_bytes());
    checked.good();
    let arguments = ["--config", config, "dispose", "--operator", "k.sato", "-"];
    house.ask_with(&arguments, code.as_bytes()).good();
    house.ask_with(&arguments, code.as_bytes()).problem(4, "content_erased");
    house.ask_with(&arguments, codes[0].as_bytes()).problem(3, "disposal_too_early");
    house.ask_with(&arguments, wrong_check_digit(&code).as_bytes());
}

/// The marks in every cell where they do not belong, and in lines that are no lines.
fn bad_roads(house: &House, config: &str, codes: &[String]) {
    let good = line(5, "move_in", &codes[3], &record());
    let cells: Vec<_> = good.trim_end().split(',').collect();
    let mut feeds = Vec::new();
    for at in 0..cells.len() {
        for wrong in [NAME, "\"目印", "目印\u{7}", "", codes[3].as_str()] {
            let mut cells = cells.clone();
            cells[at] = wrong;
            if cells.join(",") != good.trim_end() {
                feeds.push(format!("{HEADER}{}\n", cells.join(",")));
            }
        }
    }
    let all = feeds.iter().map(|text| &text[HEADER.len()..]).collect::<String>();
    let json = format!("{{\"name\":\"{NAME}\",\"{NAME}\":\"{}\"", codes[3]);
    let bodies = [
        format!("{HEADER}{all}"),
        good.clone(),
        format!("{HEADER}{}", &good[..good.len() - 4]),
        HEADER.replace("name,", &format!("{NAME},")),
        json.clone(),
        format!("{json}}}\n"),
        format!("{}\n{}\n", json.replace("\"name\"", "\"sequence\""), json),
        format!("{HEADER}{}", line(9, "move_in", &codes[0], &record())),
        format!("{HEADER}{}", line(1, "move_in", &codes[0], &record().replace("九", "八"))),
        format!("{HEADER}{}", line(7_777_777, "move_in", &codes[4], &record())),
    ];
    for body in bodies {
        let path = house.write("bad", body);
        for arguments in [vec!["import", &path], vec!["--json", "import", &path]] {
            let arguments = [vec!["--config", config], arguments].concat();
            let told = house.run(&arguments);
            assert!(told.code <= 1, "{}{}", told.out, told.err);
        }
    }
    // What is wrong on the command line itself is shown to whoever typed it, but not in JSON.
    house.ask(&["--config", config, "number", "explain", &format!("{}7", codes[4])]);
    house.ask(&["--config", config, "stock", "--municipality", &codes[4], "--count", "1"]);
    house.ask(&["--config", config, "token", NAME]);
}

/// An import that is killed after its first commit leaves the store's write-ahead log behind.
fn killed_with_a_log(house: &House, config: &str, codes: &[String]) -> u64 {
    let log = house.data().join("store.sqlite-wal");
    let arguments = ["--config", config, "import", "-"];
    let mut command = house.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let more = [line(5, "move_in", &codes[5], &record()), line(8, "birth", &codes[6], &record())];
    let rubbish = "x\n".repeat(base::limits::IMPORT_COMMIT_MAX);
    input.write_all(format!("{}{rubbish}", feed(&more)).as_bytes()).unwrap();
    let length = || fs::metadata(&log).map_or(0, |log| log.len());
    let patience = Instant::now() + Duration::from_secs(60);
    while length() <= 4_096 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    drop(input);
    house.told(&arguments, child.wait_with_output().unwrap());
    length()
}

/// Nothing but what is delivered on purpose may hold a mark.
fn search(house: &House, marks: &[String]) {
    let heard = house.heard();
    let mut places = vec![("output".to_owned(), heard)];
    for (name, bytes) in files_below(house.data()) {
        assert_clean("a file name", name.display().to_string().as_bytes(), marks);
        if !name.starts_with("deliveries") {
            places.push((name.display().to_string(), bytes));
        }
    }
    assert!(places.iter().any(|(name, _)| name == "store.sqlite"));
    for (name, bytes) in &places {
        assert_clean(name, bytes, marks);
        if Path::new(name).starts_with("store.sqlite") || name.starts_with("store.sqlite") {
            marks.iter().for_each(|mark| assert_no_integer(name, bytes, mark));
        }
    }
}

fn assert_clean(place: &str, bytes: &[u8], marks: &[String]) {
    for mark in marks {
        if let Some(at) = find(bytes, mark.as_bytes()) {
            let around = &bytes[at.saturating_sub(120)..(at + 120).min(bytes.len())];
            panic!("{place} holds {mark}: {}", String::from_utf8_lossy(around));
        }
    }
}

/// A code or number is not kept as an integer either: six bytes, as SQLite would write it.
fn assert_no_integer(place: &str, bytes: &[u8], mark: &str) {
    let Ok(number) = mark.parse::<u64>() else { return };
    // Seven digits fit into three bytes, which stand somewhere by chance.
    if mark.len() > 7 {
        let six = &number.to_be_bytes()[2..];
        assert!(find(bytes, six).is_none(), "{place} holds {mark} as an integer");
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

//! Several programs on one data directory: imports beside each other, and commands beside the API.

use crate::country::listed;
use crate::feeds::{CHIYODA, CHUO, TARO, feed, line, line_of};
use crate::house::House;
use crate::serving::{Serving, started};
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn programs_beside_each_other_wait_for_each_other() {
    let house = House::quick();
    let feeds = [CHIYODA, CHUO].map(|municipality| {
        let codes = house.codes(municipality, EACH);
        let line = |(sequence, code): (u64, &String)| {
            line_of(municipality, sequence, "move_in", code, TARO)
        };
        let lines: Vec<_> = (1..).zip(&codes).map(line).collect();
        house.write(municipality, feed(&lines))
    });
    let same = &feeds[0];
    let all: &[&[&str]] = &[
        &["--json", "import", &feeds[0]],
        &["--json", "import", &feeds[1]],
        &["--json", "import", same],
        &["--json", "lists"],
        &["--json", "ledger", "checkpoint"],
        &["--json", "stock", "--municipality", CHUO, "--count", "1"],
    ];
    let running: Vec<_> = all.iter().map(|arguments| started(&house, arguments)).collect();
    let mut applied = 0;
    for (child, arguments) in running.into_iter().zip(all) {
        let answer = house.told(arguments, child.wait_with_output().unwrap()).good();
        applied += answer["applied"].as_u64().unwrap_or(0);
    }
    assert_eq!(applied, EACH as u64 * 2, "each message once");
    house.ask(&["lists"]).good();
    assert_eq!(listed(&house).len(), EACH * 2);
    house.done();
}

#[test]
fn what_is_imported_beside_the_api_is_published_by_it() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 2);
    let serving = Serving::start(&house, &["--json", "serve"]);
    let before = serving.size();
    house.import(&feed(&[line(1, "move_in", &codes[0], TARO)]));
    let patience = Instant::now() + Duration::from_secs(20);
    while serving.size() == before && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(serving.size() > before, "nothing new was served");
    house.done();
    let answer = serving.stop(&house);
    assert_eq!(answer["served"], "127.0.0.1:0");
    house.done();
}

#[test]
fn up_serves_what_it_made_and_answers_once() {
    let house = House::empty();
    house.prepare_keystore();
    let serving = Serving::start(&house, &["--json", "up", "--residents", "20"]);
    let size = serving.size();
    let facts = serving.stop(&house);
    assert_eq!(facts["published"], size);
    assert_eq!(facts["applied"], facts["events"]);
    house.done();
}

const EACH: usize = 150;
/// A new key epoch starts while another program, which knows only the old key, goes on.
#[test]
fn a_key_epoch_moves_on_beside_a_running_import() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 2);
    let mut command = house.command(&["--json", "import", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let rubbish = "x\n".repeat(base::limits::IMPORT_COMMIT_MAX);
    let first = format!("{}{rubbish}", feed(&[line(1, "move_in", &codes[0], TARO)]));
    input.write_all(first.as_bytes()).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while house.ask(&["verify"]).good()["persons"] == 0 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(house.ask(&["keys", "rotate", "kek"]).good()["key"], "kek/2");
    input.write_all(line(2, "move_in", &codes[1], TARO).as_bytes()).unwrap();
    drop(input);
    let report = house.told(&["import"], child.wait_with_output().unwrap()).does_not_hold();
    assert_eq!(report["applied"], 2, "{report}");
    house.done();
}

//! Bad feeds: each has its label, names line and field and never the value, and leaves the store
//! verified. What a feed may look like and still be good stands here too.

use crate::feeds::{CHIYODA, CHUO, HEADER, TARO, feed, line, line_of, wrong_check_digit};
use crate::golden::golden;
use crate::house::House;
use numbers::LocalGovernmentCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

/// A house in which Chiyoda has sent three messages: two newcomers, of whom one has died.
struct Rehearsed {
    house: House,
    /// Chiyoda's codes: one living, one dead, the others free.
    codes: Vec<String>,
    /// A free code of Chuo's.
    foreign: String,
}

type Feeds = BTreeMap<&'static str, Vec<u8>>;

impl Rehearsed {
    fn new() -> Self {
        let house = House::quick();
        let codes = house.codes(CHIYODA, 6);
        let foreign = house.codes(CHUO, 1).remove(0);
        house.import(&feed(&[
            line(1, "move_in", &codes[0], TARO),
            line(2, "move_in", &codes[1], TARO),
            line(3, "death", &codes[1], ""),
        ]));
        Self { house, codes, foreign }
    }

    /// What must not be shown whatever happens.
    fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<_> = self.codes.clone();
        secrets.extend(self.codes.iter().map(|code| wrong_check_digit(code)));
        secrets.push(self.foreign.clone());
        let parts =
            ["山田", "太郎", "ヤマダ", "タロウ", "霞が関", "千代田区", "1000013", "1990-04"];
        secrets.extend(parts.map(str::to_owned));
        secrets
    }
}

#[test]
fn golden_problems_of_bad_feeds() {
    let rehearsed = Rehearsed::new();
    let mut all = serde_json::Map::new();
    for (name, bytes) in bad_feeds(&rehearsed) {
        let house = rehearsed.house.copy();
        let path = house.write("bad", bytes);
        let told = house.ask(&["import", &path]);
        let said = format!("{}{}", told.out, told.err);
        for secret in rehearsed.secrets() {
            assert!(!said.contains(&secret), "{name} shows {secret}: {said}");
        }
        all.insert(name.to_owned(), outcome(told.code, &told.json()));
        house.done();
    }
    let mut text = serde_json::to_string_pretty(&Value::Object(all)).unwrap();
    text.push('\n');
    golden("import-problems.json", &text);
}

/// The report without titles, which belong to the labels.
fn outcome(code: i32, report: &Value) -> Value {
    let mut outcome = report.clone();
    outcome["exit"] = code.into();
    for problem in outcome["problems"].as_array_mut().unwrap() {
        let problem = problem.as_object_mut().unwrap();
        problem.retain(|name, _| !name.starts_with("title"));
    }
    outcome
}

fn bad_feeds(rehearsed: &Rehearsed) -> Feeds {
    let mut feeds = Feeds::new();
    bad_values(rehearsed, &mut feeds);
    bad_events(rehearsed, &mut feeds);
    bad_order(rehearsed, &mut feeds);
    bad_text(rehearsed, &mut feeds);
    bad_files(rehearsed, &mut feeds);
    feeds
}

fn bad_values(rehearsed: &Rehearsed, feeds: &mut Feeds) {
    let code = &rehearsed.codes[2];
    let good = line(4, "move_in", code, TARO);
    let mut put = |name, bad: String| {
        assert_ne!(bad, good, "{name} is not bad");
        feeds.insert(name, feed(&[bad]).into_bytes());
    };
    put("code_check_digit", line(4, "move_in", &wrong_check_digit(code), TARO));
    put("code_length", line(4, "move_in", &code[1..], TARO));
    put("municipality_check_digit", good.replace(CHIYODA, &wrong_check_digit(CHIYODA)));
    put("municipality_prefecture", line_of("130001", 4, "move_in", code, TARO));
    put("municipality_unknown", line_of(&nowhere(), 4, "move_in", code, TARO));
    put("sequence_zero", line(0, "move_in", code, TARO));
    put("event_unknown", line(4, "moved", code, TARO));
    put("date_no_day", good.replace("2025-05-01", "2025-02-29"));
    put("name_missing", good.replace("山田　太郎", ""));
    put("name_too_long", good.replace("山田", &"山田".repeat(200)));
    put("name_control_character", good.replace("山田", "山\t田"));
    put("address_control_character", good.replace("霞が関", "霞\u{202E}が関"));
    put("sex_unknown", good.replace("male", "m"));
    put("postal_code", good.replace("1000013", "100-0013"));
    put("quote", good.replace("山田", "山\"田"));
    put("columns_too_few", good.replace(",male", ""));
    put("columns_too_many", good.replace(",male", ",male,male"));
}

/// A code with the right check digit that is nowhere in Japan.
fn nowhere() -> String {
    let codes = (0..10).map(|digit| format!("13999{digit}"));
    codes.into_iter().find(|code| code.parse::<LocalGovernmentCode>().is_ok()).unwrap()
}

fn bad_events(rehearsed: &Rehearsed, feeds: &mut Feeds) {
    let [living, dead, free, ..] = &rehearsed.codes[..] else { panic!("too few codes") };
    let mut put = |name, bad: String| {
        // The line after it shows that the feed goes on.
        let after = line(5, "move_within", living, TARO);
        feeds.insert(name, feed(&[bad, after]).into_bytes());
    };
    put("code_in_use_birth", line(4, "birth", living, TARO));
    put("code_in_use_here", line(4, "move_in", living, TARO));
    put("code_not_from_stock", line(4, "birth", &rehearsed.foreign, TARO));
    put("not_moved_out_as_far_as_known", line(4, "move_in", &rehearsed.foreign, TARO));
    put("code_needed", line(4, "death", "", ""));
    put("stock_used_up_elsewhere", line(4, "move_in", dead, TARO));
    put("event_for_the_dead", line(4, "move_out", dead, ""));
    put("event_for_nobody", line(4, "move_out", free, ""));
    put("record_needed", line(4, "move_in", free, ""));
    put("event_in_future", line(4, "move_in", free, TARO).replace("2025-05-01", "2999-01-01"));
    put("event_before_birth", line(4, "move_in", free, TARO).replace("2025-05-01", "1989-05-01"));
    let other_birth = TARO.replace("1990-04-01", "1990-04-02");
    put("birth_date_differs", line(4, "name_change", living, &other_birth));
    let from_chuo = line_of(CHUO, 1, "move_in", living, TARO);
    let stays = [from_chuo, line(4, "move_within", living, TARO)];
    feeds.insert("not_moved_out", feed(&stays).into_bytes());
}

fn bad_order(rehearsed: &Rehearsed, feeds: &mut Feeds) {
    let [living, dead, free, ..] = &rehearsed.codes[..] else { panic!("too few codes") };
    let mut put = |name, lines: &[String]| {
        feeds.insert(name, feed(lines).into_bytes());
    };
    let entered = line(1, "move_in", living, TARO);
    put("gap", &[line(6, "move_in", free, TARO), line(8, "move_within", living, TARO)]);
    put("repeat_same", &[entered.clone(), line(3, "death", dead, "")]);
    put("repeat_differs", &[entered.replace("太郎", "次郎")]);
    put("repeat_differs_by_a_space", &[entered.replace("山田　太郎", "山田　太郎 ")]);
    let waits = line(6, "move_in", free, TARO);
    put("repeat_of_waiting_differs", &[waits.clone(), waits.replace("太郎", "次郎")]);
    put("too_far_ahead", &[line(1_000_005, "move_in", free, TARO)]);
}

fn bad_text(rehearsed: &Rehearsed, feeds: &mut Feeds) {
    let code = &rehearsed.codes[2];
    let first = line(4, "move_in", code, TARO);
    let second = line(5, "move_within", code, SHORT);
    let utf8 = feed(&[first]).into_bytes();
    let mut put = |name, bytes: Vec<u8>| {
        feeds.insert(name, bytes);
    };
    put("mixed_utf8_then_shift_jis", [&utf8[..], &shift_jis(&second)].concat());
    let short = shift_jis(&feed(&[line(4, "move_in", code, SHORT)]));
    put("mixed_shift_jis_then_utf8", [&short[..], second.as_bytes()].concat());
    let neither = [HEADER.as_bytes(), b"131016,4,move_in,2025-05-01,,\xFF\xFF,,,,,\n"].concat();
    put("neither_encoding", neither);
    put("cut_in_a_line", utf8[..utf8.len() - 20].to_vec());
    put("cut_before_the_line_end", utf8[..utf8.len() - 1].to_vec());
    put("cut_in_a_character", utf8[..utf8.len() - 2].to_vec());
    let long = second.replace("東京都", &"東".repeat(6_000));
    put("line_too_long", [&utf8[..], long.as_bytes(), second.as_bytes()].concat());
    put("null_bytes", [HEADER.as_bytes(), &[0; 40], b"\n"].concat());
}

fn bad_files(rehearsed: &Rehearsed, feeds: &mut Feeds) {
    let code = &rehearsed.codes[2];
    let good = line(4, "move_in", code, TARO);
    let mut put = |name, text: String| {
        feeds.insert(name, text.into_bytes());
    };
    put("empty", String::new());
    put("header_only", HEADER.to_owned());
    put("no_header", good.clone());
    put("header_lacks_a_column", HEADER.replace(",sex", ""));
    put("header_with_another_column", HEADER.replace(",sex", ",sex,number"));
    put("header_twice_a_column", HEADER.replace(",sex", ",name"));
    let json = json_line(4, code).to_string();
    put("json_broken", format!("{}\n{json}\n", &json[..json.len() - 5]));
    put("json_unknown_field", format!("{}\n", json.replace("\"sex\"", "\"gender\"")));
    put("json_field_twice", format!("{}\n", json.replace("{\"", "{\"name\":\"山田\",\"")));
    put("json_sequence_is_text", format!("{}\n", json.replace(":4,", ":\"4\",")));
    put("json_not_an_object", format!("{json}\n[\"山田　太郎\"]\n"));
    put("json_then_csv", format!("{json}\n{good}"));
}

fn json_line(sequence: u64, code: &str) -> Value {
    json!({
        "municipality": CHIYODA,
        "sequence": sequence,
        "event": "move_in",
        "event_date": "2025-05-01",
        "resident_record_code": code,
        "name": "山田　太郎",
        "name_kana": "ヤマダ　タロウ",
        "birth_date": "1990-04-01",
        "sex": "male",
        "address": "東京都千代田区",
    })
}

#[test]
fn what_a_good_feed_may_look_like() {
    let Rehearsed { house, codes, .. } = Rehearsed::new();
    let plain = feed(&[line(4, "move_in", &codes[2], SHORT), line(5, "move_out", &codes[2], "")]);
    let json = |sequence| json_line(sequence, &codes[2]).to_string();
    let death = json!({
        "municipality": CHIYODA, "sequence": 5, "event": "death", "event_date": "2025-05-02",
        "resident_record_code": codes[2], "name": null,
    });
    for (name, bytes) in [
        ("plain", plain.clone().into_bytes()),
        ("byte-order mark", format!("\u{FEFF}{plain}").into_bytes()),
        ("CR LF", plain.replace('\n', "\r\n").into_bytes()),
        ("Shift_JIS", shift_jis(&plain)),
        ("empty lines", plain.replace('\n', "\n\n").into_bytes()),
        ("JSON Lines", format!("{}\n{death}\n", json(4)).into_bytes()),
        ("JSON Lines with a mark", format!("\u{FEFF}{}\r\n{death}\r\n", json(4)).into_bytes()),
    ] {
        let house = house.copy();
        let path = house.write("good", bytes);
        let report = house.ask(&["import", &path]).good();
        assert_eq!((&report["messages"], &report["applied"]), (&json!(2), &json!(2)), "{name}");
        house.done();
    }
}

#[test]
fn a_gap_is_named_and_what_waits_falls_into_place() {
    let Rehearsed { house, codes, .. } = Rehearsed::new();
    let entries = [4, 5, 6, 7].map(|sequence| {
        line(sequence, "move_in", &codes[usize::try_from(sequence).unwrap() - 2], TARO)
    });
    let [four, five, six, seven] = entries;
    let early = house.import(&feed(&[seven.clone(), five.clone()]));
    assert_eq!((&early["waiting"], &early["applied"]), (&json!(2), &json!(0)));
    let missing = |ranges| json!([{"municipality": CHIYODA, "waiting": 2, "missing": ranges}]);
    assert_eq!(early["gaps"], missing(json!([[4, 4], [6, 6]])));
    house.done();
    let again = house.import(&feed(&[five, seven]));
    assert_eq!((&again["repeated"], &again["waiting"]), (&json!(2), &json!(0)));
    let text = house.run(&["import", &house.write("empty.csv", HEADER)]).out;
    assert!(text.contains("municipality 131016: waiting 2, missing [[4,4],[6,6]]"), "{text}");
    let filled = house.import(&feed(&[four]));
    assert_eq!(filled["applied"], 1);
    assert_eq!(
        filled["gaps"],
        json!([{"municipality": CHIYODA, "waiting": 1, "missing": [[6, 6]]}])
    );
    let filled = house.import(&feed(&[six]));
    assert_eq!((&filled["applied"], &filled["gaps"]), (&json!(1), &json!([])));
    assert_eq!(house.ask(&["verify"]).good()["persons"], 6);
    house.done();
}

/// The line is past before it is over: never more than a few kilobytes of it are held.
#[test]
fn a_line_of_two_gigabytes_is_one_problem_and_little_memory() {
    let Rehearsed { house, codes, .. } = Rehearsed::new();
    let arguments = ["--json", "import", "-"];
    let mut command = house.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(HEADER.as_bytes()).unwrap();
    let block = vec![b'1'; 1 << 20];
    for _ in 0..LINE_MIB {
        input.write_all(&block).unwrap();
    }
    input.write_all(b"\n").unwrap();
    input.write_all(line(4, "move_in", &codes[2], TARO).as_bytes()).unwrap();
    input.flush().unwrap();
    let held = memory_peak_kib(child.id());
    drop(input);
    let told = house.told(&arguments, child.wait_with_output().unwrap());
    let report = told.does_not_hold();
    assert_eq!(report["rejected"], json!({"feed_line_too_long": 1}));
    assert_eq!((&report["problems"][0]["line"], &report["applied"]), (&json!(2), &json!(1)));
    assert!(held < MEMORY_KIB_MAX, "{held} KiB");
    house.done();
}

/// The most memory that a process has held so far.
fn memory_peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Text in Shift_JIS, for the characters of `SHORT`.
fn shift_jis(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for character in text.chars() {
        match SHIFT_JIS.iter().find(|(known, _)| *known == character) {
            Some((_, two)) => bytes.extend_from_slice(&two.to_be_bytes()),
            None => bytes.push(u8::try_from(character).unwrap()),
        }
    }
    bytes
}

const SHORT: &str = "山田　太郎,ヤマダ　タロウ,1990-04-01,male,1000013,東京都千代田区";
/// JIS X 0208 in the Shift_JIS coded representation (JIS X 0208:1997, annex 1).
const SHIFT_JIS: [(char, u16); 17] = [
    ('山', 0x8E52),
    ('田', 0x9363),
    ('　', 0x8140),
    ('太', 0x91BE),
    ('郎', 0x9859),
    ('ヤ', 0x8384),
    ('マ', 0x837D),
    ('ダ', 0x835F),
    ('タ', 0x835E),
    ('ロ', 0x838D),
    ('ウ', 0x8345),
    ('東', 0x938C),
    ('京', 0x8B9E),
    ('都', 0x9373),
    ('千', 0x90E7),
    ('代', 0x91E3),
    ('区', 0x8BE6),
];
const LINE_MIB: u32 = 2_048;
const MEMORY_KIB_MAX: u64 = 96 * 1024;

//! The command line itself: help, exit codes, configuration, JSON everywhere, papers.

use crate::feeds::{CHIYODA, TARO, feed, line};
use crate::golden::golden;
use crate::house::{House, Told};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

/// Every command, in the order of the help, each as its words.
fn commands(house: &House, above: &[String]) -> Vec<Vec<String>> {
    let mut arguments: Vec<&str> = above.iter().map(String::as_str).collect();
    arguments.push("--help");
    let told = house.run(&arguments);
    assert_eq!(told.code, 0, "{}", told.err);
    let Some((_, list)) = told.out.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut all = Vec::new();
    for name in names.filter_map(|line| line.split_whitespace().next()) {
        if name != "help" {
            let words = [above, &[name.to_owned()]].concat();
            let below = commands(house, &words);
            all.push(words);
            all.extend(below);
        }
    }
    all
}

#[test]
fn golden_help_of_every_command() {
    let house = House::empty();
    let mut all = vec![Vec::new()];
    all.extend(commands(&house, &[]));
    assert!(all.len() > 20, "{all:?}");
    let mut text = String::new();
    for words in all {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let told = house.run(&arguments);
        let shown = told.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        text.push_str(&format!("$ sekisho {}\n{shown}\n\n", arguments.join(" ")));
    }
    golden("help.txt", &text);
}

#[test]
fn golden_configuration_reference_is_a_configuration() {
    let house = House::quick();
    let told = house.run(&["config"]);
    golden("sekisho.toml", &told.out);
    let path = house.write("sekisho.toml", &told.out);
    let checked = house.ask(&["--config", &path, "config", "--check"]).good();
    assert_eq!(checked["data.directory"], house.data().to_str().unwrap());
    assert_eq!(checked["http.listen"], "127.0.0.1:8790");
    house.ask(&["--config", &path, "verify"]).good();
    house.done();
}

#[test]
fn a_wrong_configuration_is_refused_with_a_suggestion() {
    let house = House::quick();
    for (text, label, word) in [
        ("[store]\nkindd = 'sqlite'", "config_key_unknown", "did you mean `store.kind`?"),
        ("[htp]\nlisten = '127.0.0.1:1'", "config_key_unknown", "did you mean `http.listen`?"),
        ("[http]\nlisten = '0.0.0.0:8790'", "config_malformed", "loopback"),
        ("[ledger]\npublish_ms = 1000", "config_malformed", "100 to 700"),
        ("[data", "config_malformed", ""),
    ] {
        let path = house.write("sekisho.toml", text);
        let problem = house.ask(&["--config", &path, "verify"]).problem(3, label);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
        let told = house.run(&["--config", &path, "verify"]);
        assert!(told.err.contains("what to do"), "{}", told.err);
    }
    let nowhere = house.beside("nowhere.toml").display().to_string();
    house.ask(&["--config", &nowhere, "verify"]).problem(3, "config_malformed");
    house.done();
}

/// The codes of the manual, each reached by a command.
#[test]
fn exit_codes_are_those_of_the_manual() {
    let house = House::quick();
    let bad = house.write("bad.csv", "nothing\n");
    let nowhere = house.beside("nowhere.csv").display().to_string();
    let key = house.data().join("keys/keystore");
    let whole = fs::read(&key).unwrap();
    for (code, arguments) in [
        (0, &["verify"][..]),
        (1, &["import", &bad]),
        (1, &["number", "check", "123456789012"]),
        (2, &["frobnicate"]),
        (2, &["ledger", "prove"]),
        (2, &["up", "--residents", "0"]),
        (2, &["up", "--residents", "20000001"]),
        (2, &["token", "municipality:131016", "--minutes", "0"]),
        (3, &["init"]),
        (3, &["stock", "--municipality", "131017", "--count", "1"]),
        (3, &["token", "platform"]),
        (4, &["ledger", "prove", "7"]),
        (4, &["import", &nowhere]),
    ] {
        let told = house.run(arguments);
        assert_eq!(told.code, code, "{arguments:?}: {}{}", told.out, told.err);
        assert_eq!(told.err.is_empty(), code < 2, "{arguments:?}: {}", told.err);
        let json = house.ask(arguments);
        assert_eq!((json.code, json.err.as_str()), (code, ""), "{arguments:?}");
        json.json();
    }
    fs::write(&key, &whole[..40]).unwrap();
    house.ask(&["verify"]).problem(6, "keystore_damaged");
    fs::write(&key, whole).unwrap();
    house.done();
}

/// A problem in colours and in two languages; in JSON on standard output and nothing else.
#[test]
fn a_problem_says_what_to_do() {
    let house = House::empty();
    let told = house.run(&["verify"]);
    assert_eq!((told.code, told.out.as_str()), (3, ""));
    for word in ["not_initialised", "初期化されていません", "what to do", "sekisho init"]
    {
        assert!(told.err.contains(word), "{}", told.err);
    }
    assert!(!told.err.contains('\u{1b}'), "colours where nobody sees them");
    let told = house.run(&["--color", "always", "verify"]);
    assert!(told.err.starts_with("\u{1b}[1;31merror"), "{:?}", told.err);
    let usage = house.ask(&["number", "check", "--famly", "123456789018"]).problem(2, "usage");
    assert!(!usage.to_string().contains("123456789018"), "{usage}");
}

/// Every command that ends by itself, once well and once badly: one JSON document.
#[test]
fn every_command_answers_in_json() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 2);
    let entered = [line(1, "move_in", &codes[0], TARO), line(2, "death", &codes[0], "")];
    let good = house.write("feed.csv", feed(&entered));
    let code = house.write("code.txt", &codes[0]);
    let drawn = house.beside("drawn.csv").display().to_string();
    let man = house.beside("man").display().to_string();
    let runs: &[&[&str]] = &[
        &["up", "--no-serve", "--residents", "3"],
        &["init"],
        &["import", &good],
        &["verify"],
        &["number", "check", "123456789018"],
        &["number", "explain", "123456789018"],
        &["ledger", "key"],
        &["ledger", "checkpoint"],
        &["ledger", "prove", "0"],
        &["ledger", "audit"],
        &["witness", "key"],
        &["certs", "verify", "--anchor", &good, &good],
        &["ca", "init"],
        &["ca", "list"],
        &["ca", "save", &man],
        &["ca", "retire", "1"],
        &["certs", "list", "--code", &code],
        &["verifiers", "list"],
        &["certs", "lists"],
        &["certs", "finish"],
        &["certs", "forecast", "--format", "svg"],
        &["stock", "--municipality", CHIYODA, "--count", "1"],
        &["population", "--residents", "3", "--output", &drawn],
        &["lists"],
        &["token", "agency:nta"],
        &["keys", "rotate", "kek"],
        &["keys", "status"],
        &["keys", "destroy", "kek/1", "--yes"],
        &["keys", "passphrase", "--generate"],
        &["dispose", "--operator", "k.sato", &code],
        &["config"],
        &["config", "--check"],
        &["permissions"],
        &["completions", "bash"],
        &["man", &man],
    ];
    for arguments in runs {
        let told = house.ask(arguments);
        let value = told.json();
        assert!(value.is_object() || value.is_array(), "{arguments:?}: {value}");
        assert_eq!(told.err, "", "{arguments:?}");
    }
    let tried: BTreeSet<_> = runs.iter().map(|words| words[0]).collect();
    let all = commands(&house, &[]);
    let missing: Vec<_> =
        all.iter().map(|words| words[0].as_str()).filter(|name| !tried.contains(name)).collect();
    // `serve` ends when told to, `bench` takes its time, `kat` answers line by line.
    assert_eq!(missing, ["serve", "kat", "bench"]);
    house.done();
}

#[test]
fn numbers_are_checked_masked_and_explained() {
    let house = House::empty();
    let told = house.ask_with(&["number", "check", "-"], b"123456789018\n1234-5678-9012\n131016\n");
    let lines = told.does_not_hold();
    let valid: Vec<_> = lines.as_array().unwrap().iter().map(|line| &line["valid"]).collect();
    assert_eq!(valid, [true, false, true]);
    assert_eq!(lines[0]["shown"], "**********18");
    assert_eq!(lines[1]["refusal"], "individual_number_check_digit");
    assert!(!told.out.contains("12345678"), "{}", told.out);
    let explained = house.ask(&["number", "explain", "123456789018"]).good();
    assert_eq!((&explained["check_digit"], &explained["agrees"]), (&json!(8), &json!(true)));
    let explained = house.ask(&["number", "explain", "13101", "--family", "local-government-code"]);
    assert_eq!(explained.good()["check_digit"], 6);
    let problem = house.ask(&["number", "explain", "1234567890"]).problem(3, "request_malformed");
    assert!(!problem.to_string().contains("1234567890"), "{problem}");
}

#[test]
fn known_answer_questions_go_round() {
    let questions = [
        json!({"id": 1, "op": "ff1_encrypt", "key": KEY, "radix": 10, "digits": "0123456789"}),
        json!({"id": 2, "op": "ff1_decrypt", "key": KEY, "radix": 10, "digits": "2433477484"}),
        json!({"id": 3, "op": "merkle_leaf", "entry": ""}),
        json!({"id": 4, "op": "individual_number", "value": "123456789012"}),
        json!({"id": 5, "op": "divine"}),
    ];
    let mut input: String = questions.iter().map(|question| format!("{question}\n")).collect();
    input.push_str("not json\n");
    let told = House::empty().ask_with(&["kat"], input.as_bytes());
    assert_eq!(told.code, 0, "{}", told.err);
    let answers: Vec<Value> =
        told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let empty_leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    let expected = [
        json!({"id": 1, "ok": true, "output": "2433477484"}),
        json!({"id": 2, "ok": true, "output": "0123456789"}),
        json!({"id": 3, "ok": true, "output": empty_leaf}),
        json!({"id": 4, "ok": false, "refusal": "individual_number_check_digit"}),
        json!({"id": 5, "ok": false, "refusal": "kat_operation"}),
        json!({"id": null, "ok": false, "refusal": "kat_json"}),
    ];
    assert_eq!(answers, expected);
}

#[test]
fn papers_are_written_for_every_command() {
    let house = House::empty();
    let all = commands(&house, &[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = house.run(&["completions", shell]).out;
        for words in &all {
            assert!(script.contains(words.last().unwrap()), "{shell} does not know {words:?}");
        }
        assert_eq!(house.ask(&["completions", shell]).good()["script"], script.as_str());
    }
    let man = house.beside("man");
    house.ask(&["man", man.to_str().unwrap()]).good();
    for words in &all {
        let page = man.join(format!("sekisho-{}.1", words.join("-")));
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.contains(".SH DESCRIPTION") && text.len() > 300, "{page:?}");
    }
    let text = fs::read_to_string(man.join("sekisho.1")).unwrap();
    assert!(text.contains("Exit codes"), "the manual names the exit codes");
}

/// Runs a command whose reader is gone before the first word.
fn unheard(house: &House, arguments: &[&str]) -> Told {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = house.command(arguments);
    house.told(arguments, command.stdout(writer).output().unwrap())
}

/// Whoever closes the pipe early has had enough; that is no error, and what the answer says about
/// the store is said by the exit code all the same.
#[test]
fn a_closed_pipe_keeps_the_answers_exit_code() {
    let house = House::quick();
    for (code, arguments) in [
        (0, &["population", "--residents", "300"][..]),
        (0, &["verify"]),
        (0, &["--help"]),
        (1, &["number", "check", "123456789012"]),
        (1, &["--json", "number", "check", "123456789012"]),
        (2, &["--json", "frobnicate"]),
        (3, &["--json", "init"]),
    ] {
        let told = unheard(&house, arguments);
        assert_eq!((told.code, told.err.as_str()), (code, ""), "{arguments:?}");
    }
    house.done();
}

/// Nobody may take a lost answer for a whole one: the codes of a stock are told once.
#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let house = House::quick();
    for arguments in [
        &["stock", "--municipality", CHIYODA, "--count", "3"][..],
        &["--json", "stock", "--municipality", CHIYODA, "--count", "3"],
        &["verify"],
        &["config"],
        &["population", "--residents", "3"],
        &["--help"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = house.command(arguments);
        let told = house.told(arguments, command.stdout(full).output().unwrap());
        assert_eq!(told.code, 6, "{arguments:?}: {}", told.err);
        assert!(arguments == ["--help"] || told.err.contains("[io]"), "{}", told.err);
    }
    house.done();
}

#[test]
fn a_benchmark_ends_with_one_line_of_json() {
    let house = House::empty();
    let told = house.ask(&["bench", "assign", "--count", "1000"]);
    assert_eq!(told.out.lines().count(), 1, "{}", told.out);
    assert_eq!(told.json()["bench"], "assign");
}

/// `import --prepare` needs nothing to be there before.
#[test]
fn a_feed_of_ones_own_needs_one_command() {
    let house = House::empty();
    house.prepare_keystore();
    let own = feed(&[line(1, "move_in", "", TARO), line(2, "birth", "", TARO)]);
    let own = own.replace("1990-04-01", "2025-05-01");
    let path = house.write("own.csv", own);
    house.ask(&["import", &path]).problem(3, "not_initialised");
    let report = house.ask(&["import", "--prepare", &path]).good();
    assert_eq!(report["applied"], 2);
    let report = house.ask(&["import", "--prepare", &path]).good();
    assert_eq!((&report["applied"], &report["repeated"]), (&json!(0), &json!(2)));
    house.done();
}

/// NIST SP 800-38G, FF1 sample 1.
const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";

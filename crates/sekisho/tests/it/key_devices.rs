//! The whole platform with its keys in a token (SoftHSM2), healthy and sick.

use crate::bureau::{Bureau, P256};
use crate::country::listed;
use crate::feeds::{CHIYODA, newcomers};
use crate::house::House;
use crate::serving::Serving;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn a_platform_lives_with_its_keys_in_a_token() {
    let house = tokened("");
    let made = house.ask(&["init"]).good();
    assert_eq!(made["keys"].as_array().unwrap().len(), 9);
    assert!(!house.data().join("keys/keystore").exists(), "there is no file of keys");
    let codes = house.codes(CHIYODA, 6);
    assert_eq!(house.import(&newcomers(&codes))["applied"], 6);
    house.ask(&["lists"]).good();
    assert_eq!(listed(&house).len(), 6);
    house.ask(&["keys", "rotate", "kek", "--operator", "k.sato"]).good();
    let status = house.ask(&["keys", "status"]).good();
    assert_eq!(status["devices"][0]["kind"], "pkcs11");
    assert_eq!(status["devices"][0]["condition"], "ready");
    let keys = &status["keys"];
    let labels = keys.as_array().unwrap().iter().map(|key| key["label"].as_str().unwrap());
    assert!(labels.clone().any(|label| label == "kek/2"), "{keys}");
    house.ask(&["keys", "destroy", "kek/1", "--yes", "--operator", "k.sato"]).good();
    // Without a file of keys there is a platform all the same, and what it knows is told.
    house.ask(&["ca", "init", "--algorithm", "p256"]).good();
    house.ask(&["ca", "save", &house.beside("ca").display().to_string()]).good();
    let root = house.beside("ca/signature-1.pem").display().to_string();
    let explained = house.ask(&["certs", "explain", &root]).json();
    assert!(explained["act"].as_u64().is_some(), "{explained}");
    house.ask(&["init"]).problem(3, "already_initialised");
    house.ask(&["keys", "passphrase", "--generate"]).problem(3, "not_initialised");
    house.done();
}

#[test]
fn authorities_live_with_their_keys_in_a_token() {
    let house = tokened("");
    house.ask(&["init"]).good();
    let bureau = Bureau::within(house, "p256", 1);
    let request = bureau.request("card", P256);
    infect(&bureau.house, "crash on C_SignInit once");
    bureau.issue("signature", 0, &request, "card.pem").good();
    bureau.believed("card.pem");
    let house = &bureau.house;
    let status = house.ask(&["keys", "status"]).good();
    let names = status["keys"].as_array().unwrap().iter().map(|key| key["label"].as_str().unwrap());
    for name in ["ca-signature/1", "ca-authentication/1", "ocsp-1/1", "time-stamp-1/1"] {
        assert!(names.clone().any(|label| label == name), "{name}: {status}");
    }
    for name in ["kek", "pseudonym", "repeat", "set-digest", "token", "ledger"] {
        house.ask(&["keys", "rotate", name]).good();
    }
    house.ask(&["certs", "end", "--trigger", "card_lost", "--code", &bureau.at("code-0")]).good();
    bureau.refused("card.pem", "path_revoked");
    house.done();
}

#[test]
fn a_killed_child_and_a_sick_library_cost_no_act() {
    let house = tokened("");
    house.ask(&["init"]).good();
    let codes = house.codes(CHIYODA, 5);
    house.import(&newcomers(&codes[..2]));
    let serving = Serving::start(&house, &["--json", "serve"]);
    let token = house.ask(&["token", "agency:nta"]).good()["token"].as_str().unwrap().to_owned();
    let ask = || number_of(&serving, &token, &codes[0]);
    let number = ask().split_once("individual_number").expect("a number").1.to_owned();
    let asked_again =
        || ask().split_once("individual_number").is_some_and(|(_, n)| n[..16] == number[..16]);
    for _ in 0..3 {
        let child = children_of(serving.id());
        assert_eq!(child.len(), 1, "the library is in a process of its own");
        kill(child[0]);
        assert!(asked_again(), "the next child answers within the deadline");
        assert_ne!(children_of(serving.id()), child);
    }
    // The serving program and a command meet the same fault, each in its own child.
    let path = house.write("feed.csv", newcomers(&codes));
    for (fault, code, label) in [
        ("error on C_SignInit", 5, "hsm_unavailable"),
        ("stall on C_SignInit", 5, "hsm_unavailable"),
        ("crash on C_SignInit", 5, "hsm_unavailable"),
        ("wrong on C_Sign", 6, "hsm_answer_wrong"),
        ("removed", 5, "hsm_gone"),
    ] {
        infect(&house, fault);
        let status = format!("HTTP/1.1 {}", if code == 5 { "503" } else { "500" });
        // On a busy machine a child may be late before it is sick.
        until("the fault is told", || {
            let told = ask();
            assert!(!told.starts_with("HTTP/1.1 200"), "{told}");
            told.starts_with(&status) && told.contains(label)
        });
        until("the command meets it too", || {
            let met = house.ask(&["import", &path]);
            assert_ne!(met.code, 0);
            met.code == code && met.json()["label"] == label
        });
        infect(&house, "");
        until("the number is told again", asked_again);
    }
    let answer = house.ask(&["import", &path]).good();
    assert_eq!((&answer["applied"], &answer["repeated"]), (&Value::from(3), &Value::from(2)));
    let last = children_of(serving.id());
    serving.stop(&house);
    assert!(!last.is_empty() && last.iter().all(has_ended));
    let serving = Serving::start(&house, &["--json", "serve"]);
    let last = children_of(serving.id());
    serving.kill();
    until("no child outlives the program", || !last.is_empty() && last.iter().all(has_ended));
    house.done();
}

#[test]
fn a_library_sees_nothing_of_the_service() {
    let house = tokened("");
    house.ask(&["init"]).good();
    let serving = Serving::start(&house, &["--json", "serve"]);
    let report = house.beside("report");
    // The next child is started beside an open store and an open door.
    fs::remove_file(&report).unwrap();
    let first = children_of(serving.id());
    kill(first[0]);
    until("the next library is loaded", || report.exists() && children_of(serving.id()) != first);
    until("the next child is there", || children_of(serving.id()).len() == 1);
    let child = children_of(serving.id())[0];
    let seen = fs::read_to_string(&report).unwrap();
    let named = |word| seen.lines().filter_map(move |line| line.strip_prefix(word));
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "the service sees more");
    let plain = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"];
    let own = |name: &&str| name.starts_with("SICK_HSM_") || *name == "SOFTHSM2_CONF";
    let others: Vec<_> =
        named("variable ").filter(|name| !own(name) && !plain.contains(name)).collect();
    assert_eq!(others, [""; 0]);
    let data = house.data().display().to_string();
    assert!(!named("open ").any(|what| what.starts_with(&data)), "{seen}");
    let sockets = named("open ").filter(|what| what.starts_with("socket:")).count();
    assert_eq!(sockets, 2 + 3, "that to the service, taken up twice, and its sessions: {seen}");
    assert!(
        named("Max core file size").all(|limits| limits.split_whitespace().next() == Some("0"))
    );
    assert!(named("NoNewPrivs:").any(|no| no.trim() == "1"), "{seen}");
    let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
    let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap();
    assert_eq!(group, child.to_string(), "who ends the service does not end it first");
    serving.stop(&house);
    house.done();
}

#[test]
fn keys_that_the_token_cannot_hold_are_told_and_may_stay_in_the_file() {
    let mut house = tokened("");
    infect(&house, "poor");
    let problem = house.ask(&["init"]).problem(3, "hsm_mechanism");
    let detail = problem["detail"].as_str().unwrap();
    for word in ["ledger (sign-ed25519)", "token (sign-ed25519)", "keys.soft_for"] {
        assert!(detail.contains(word), "{detail}");
    }
    house.configure(&config(&house, "soft_for = ['ledger', 'token']\n"));
    house.prepare_keystore();
    let made = house.ask(&["init"]).good();
    assert_eq!(made["keys"].as_array().unwrap().len(), 9);
    let codes = house.codes(CHIYODA, 2);
    house.import(&newcomers(&codes));
    house.done();
    // Neither half alone is the platform.
    let whole = config(&house, "soft_for = ['ledger', 'token']\n");
    house.configure("");
    assert_ne!(house.ask(&["verify"]).code, 0);
    house.configure(&whole);
    house.done();
}

#[test]
fn a_wrong_pin_and_a_loose_pin_file_are_told() {
    let house = tokened("");
    house.ask(&["init"]).good();
    let pin = house.beside("pin");
    fs::write(&pin, "000000").unwrap();
    house.ask(&["verify"]).problem(6, "hsm_configuration");
    fs::write(&pin, PIN).unwrap();
    fs::set_permissions(&pin, fs::Permissions::from_mode(0o644)).unwrap();
    house.ask(&["verify"]).problem(3, "keystore_permissions");
    fs::set_permissions(&pin, fs::Permissions::from_mode(0o600)).unwrap();
    house.done();
    // From the environment instead, which the library does not get to see.
    let text = config(&house, "").replace("pin_file = '", "pin_env = 'TOKEN_PIN' # ");
    let path = house.write("other.toml", text);
    let asked = ["--json", "--config", &path, "keys", "status"];
    let mut command = house.command(&asked);
    let told = house.told(&asked, command.env("TOKEN_PIN", PIN).output().unwrap()).good();
    assert_eq!(told["devices"][0]["condition"], "ready");
    let seen = fs::read_to_string(house.beside("report")).unwrap();
    assert!(!seen.contains("TOKEN_PIN"));
    house.ask(&asked[1..]).problem(3, "passphrase_missing");
    let told = String::from_utf8(house.heard()).unwrap();
    assert!(!told.contains(PIN) && !told.contains("000000"));
}

/// What is asked for when a device is gone is how the devices fare.
#[test]
fn status_tells_of_a_device_that_is_gone() {
    let mut house = tokened("");
    house.ask(&["init"]).good();
    let one = config(&house, "");
    let (head, device) = one.split_once("[[keys.devices]]").unwrap();
    let gone = device.replace("'platform'", "'nobody'");
    house.configure(&format!("{head}[[keys.devices]]{device}[[keys.devices]]{gone}"));
    let told = house.ask(&["keys", "status"]);
    assert_eq!(told.code, 5, "{}", told.err);
    let status = told.json();
    let conditions = status["devices"].as_array().unwrap().iter();
    let ready: Vec<_> = conditions.map(|device| device["condition"] == "ready").collect();
    assert_eq!(ready, [true, false], "{status}");
    assert!(
        ["hsm_gone", "hsm_unavailable"].contains(&status["problem"]["label"].as_str().unwrap())
    );
    house.configure(&one);
    house.done();
}

/// A house whose keys are to be in a new token, behind the library that fails on demand.
pub(crate) fn tokened(more: &str) -> House {
    let mut house = House::empty();
    let tokens = house.beside("tokens");
    fs::create_dir(&tokens).unwrap();
    let softhsm = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    house.write("softhsm2.conf", softhsm);
    let words = ["--init-token", "--free", "--label", "platform", "--pin", PIN, "--so-pin", "8264"];
    let mut tool = Command::new("softhsm2-util");
    let made = tool.args(words).env("SOFTHSM2_CONF", house.beside("softhsm2.conf")).output();
    assert!(made.expect("softhsm2-util: `make deps` installs it").status.success());
    house.write("pin", PIN);
    fs::set_permissions(house.beside("pin"), fs::Permissions::from_mode(0o600)).unwrap();
    house.configure(&config(&house, more));
    house
}

pub(crate) fn config(house: &House, more: &str) -> String {
    let library = std::env::current_exe().unwrap().with_file_name("libsick_hsm.so");
    assert!(library.exists(), "{} was not built", library.display());
    let beside = |name: &str| house.beside(name).display().to_string();
    format!(
        "[keys]\nstore = 'pkcs11'\nsessions = 3\ndeadline_ms = 2000\n{more}\
         [[keys.devices]]\nmodule = '{}'\ntoken = 'platform'\npin_file = '{}'\n\
         environment = {{ SOFTHSM2_CONF = '{}', SICK_HSM_MODULE = '{SOFTHSM}', \
         SICK_HSM_CONTROL = '{}', SICK_HSM_REPORT = '{}' }}\n",
        library.display(),
        beside("pin"),
        beside("softhsm2.conf"),
        beside("control"),
        beside("report"),
    )
}

/// The whole answer of the API to somebody who asks for a number.
fn number_of(serving: &Serving, token: &str, code: &str) -> String {
    let body = format!("{{\"resident_record_code\":\"{code}\"}}");
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    write!(
        stream,
        "POST /v1/numbers/ask HTTP/1.1\r\nHost: sekisho\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nSekisho-Purpose: tax\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// From now on the library has this fault.
pub(crate) fn infect(house: &House, fault: &str) {
    let next = house.write("next", fault);
    fs::rename(next, house.beside("control")).unwrap();
}

/// The processes that this one has started and that still live.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let is =
            |line: &str| status.lines().any(|other| other.split_whitespace().eq(line.split(' ')));
        if is(&format!("PPid: {parent}")) && !status.contains("State:\tZ") {
            children.push(id);
        }
    }
    children
}

pub(crate) fn has_ended(id: &u32) -> bool {
    !Path::new(&format!("/proc/{id}")).exists()
}

fn kill(id: u32) {
    assert!(Command::new("kill").args(["-9", &id.to_string()]).status().unwrap().success());
}

pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const PIN: &str = "274135";
const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

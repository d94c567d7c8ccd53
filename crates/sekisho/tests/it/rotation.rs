//! Keys that follow each other on the real program: while it serves and imports, killed at any
//! moment, and made by a ceremony.

use crate::crash::{Dice, killed};
use crate::house::{House, PASSPHRASE};
use crate::serving::{Serving, started};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CHIYODA: &str = "131016";

/// Everybody who is invented, as a file.
fn population(house: &House, residents: &str) -> String {
    let feed = house.beside("population.csv").into_os_string().into_string().unwrap();
    house.ask(&["population", "--residents", residents, "--output", &feed]).good();
    feed
}

fn token(house: &House) -> String {
    let told = house.ask(&["token", &format!("municipality:{CHIYODA}")]).good();
    told["token"].as_str().unwrap().to_owned()
}

/// The status of a request under a token.
fn asked(serving: &Serving, token: &str) -> u16 {
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    let request = format!(
        "GET /v1/feed/{CHIYODA} HTTP/1.1\r\nHost: sekisho\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Waits until it is so; what is promised within a second is given a minute here.
fn eventually(what: &str, so: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < patience, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn signatures(note: &str) -> usize {
    note.lines().filter(|line| line.starts_with('—')).count()
}

#[test]
fn every_key_is_followed_while_others_serve_and_import() {
    let house = House::quick();
    let feed = population(&house, "150");
    let serving = Serving::start(&house, &["--json", "serve"]);
    let former = token(&house);
    let key = house.ask(&["ledger", "key"]).good()["key"].as_str().unwrap().to_owned();
    let importing = started(&house, &["--json", "import", &feed]);
    for name in ["kek", "pseudonym", "repeat", "set-digest", "token", "ledger"] {
        let told = house.ask(&["keys", "rotate", name, "--operator", "k.sato"]).good();
        assert_eq!(told["key"], format!("{name}/2"));
        assert!(told["begun"].is_u64(), "{told}");
    }
    let imported = importing.wait_with_output().unwrap();
    let report = house.told(&["import"], imported).good();
    // A token by the new key is good at once, one by the former as before.
    assert_eq!((asked(&serving, &token(&house)), asked(&serving, &former)), (200, 200));
    eventually("both sign", || signatures(&serving.body("/checkpoint")) == 2);
    let keys = house.ask(&["ledger", "key"]).good();
    for known in [&key, keys["key"].as_str().unwrap()] {
        assert_eq!(house.ask(&["ledger", "audit", "--key", known]).good()["holds"], true);
    }
    assert_ne!(keys["key"].as_str().unwrap(), key);
    for name in ["token", "ledger"] {
        house.ask(&["keys", "rotate", name, "--finish"]).good();
        house.ask(&["keys", "destroy", &format!("{name}/1"), "--yes"]).good();
    }
    eventually("the former token is refused", || asked(&serving, &former) == 401);
    assert_eq!(asked(&serving, &token(&house)), 200);
    eventually("one signs", || signatures(&serving.body("/checkpoint")) == 1);
    serving.stop(&house);
    let again = house.ask(&["import", &feed]).good();
    assert_eq!(again["repeated"], report["applied"], "{again}");
    house.ask(&["keys", "rotate", "index"]).problem(3, "key_not_rotatable");
    house.ask(&["keys", "rotate", "ca-signature"]).problem(3, "key_label_unknown");
    house.done();
}

#[test]
fn a_rotation_killed_at_any_moment_is_gone_on_with() {
    let mut dice = Dice::new();
    let house = House::quick();
    let feed = population(&house, "80");
    house.ask(&["import", &feed]).good();
    for name in ["kek", "set-digest", "pseudonym", "repeat", "token", "ledger"] {
        let arguments = ["keys", "rotate", name, "--to", "2"];
        let seed = dice.seed;
        for _ in 0..3 {
            killed(&house, &arguments, dice.moment(Duration::from_millis(300)));
            assert_eq!(house.ask(&["verify"]).good()["holds"], true, "seed {seed}, {name}");
        }
        let told = house.ask(&arguments).good();
        assert_eq!(told["key"], format!("{name}/2"), "seed {seed}");
        if ["token", "ledger"].contains(&name) {
            let finish = ["keys", "rotate", name, "--finish"];
            killed(&house, &finish, dice.moment(Duration::from_millis(300)));
            house.ask(&finish).good();
        }
    }
    let status = house.ask(&["keys", "status"]).good();
    let keys = status["keys"].as_array().unwrap();
    let standing = |label: &str| {
        let key = keys.iter().find(|key| key["label"] == label).unwrap();
        key["standing"].as_str().unwrap().to_owned()
    };
    for name in ["kek", "set-digest", "token", "ledger"] {
        assert_eq!(standing(&format!("{name}/1")), "done");
        house.ask(&["keys", "destroy", &format!("{name}/1"), "--yes"]).good();
    }
    assert_eq!((standing("pseudonym/1"), standing("kek/2")), ("former".into(), "in_use".into()));
    assert_eq!(status["devices"][0]["condition"], "ready");
    let again = house.ask(&["import", &feed]).good();
    assert_eq!(again["applied"], 0, "{again}");
    house.done();
}

/// The clock of the sample's day.
fn on_the_day(house: &House) -> String {
    house.write("config.toml", "[clock]\nsource = \"2026-04-01T03:00:00Z\"\n")
}

#[test]
fn a_platform_begins_with_a_ceremony() {
    let sample = include_str!("../../golden/ceremony.toml");
    let house = House::empty();
    let (file, config) = (house.write("ceremony.toml", sample), on_the_day(&house));
    let with =
        |more: &[&str]| house.ask(&[&["--config", &config, "keys", "ceremony"], more].concat());
    let checked = with(&[&file, "--check"]).good();
    assert_eq!((&checked["fits"], checked["keys"].as_array().unwrap().len()), (&true.into(), 9));
    assert!(!house.data().exists(), "a check makes nothing");
    let other = house.write("other.toml", sample.replace("2026-04-01", "2026-04-02"));
    assert_eq!(with(&[&other, "--check"]).does_not_hold()["faults"].as_array().unwrap().len(), 1);
    with(&[&other]).problem(3, "ceremony_unfit");
    assert!(!house.data().exists(), "nor does one that does not fit");
    house.prepare_keystore();
    let mut dice = Dice::new();
    let arguments = ["--config", &config, "keys", "ceremony", &file, "--operator", "k.sato"];
    for _ in 0..3 {
        killed(&house, &arguments, dice.moment(Duration::from_millis(200)));
    }
    let told = house.ask(&arguments).good();
    let again = house.ask(&arguments).good();
    assert_eq!(again, told, "seed {}", dice.seed);
    let hex = told["file_sha256"].as_str().unwrap();
    let folder = house.data().join("ceremonies");
    let text = std::fs::read_to_string(folder.join(format!("{hex}.txt"))).unwrap();
    for part in [hex, "Sato Kazuko", "log.example.org/sekisho", "numbering/1"] {
        assert!(text.contains(part), "{text}");
    }
    let written = std::fs::read(folder.join(format!("{hex}.json"))).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), told);
    let leaf = house.ask(&["ledger", "prove", "8"]).good()["leaf"].to_string();
    assert!(leaf.contains("key_generate") && leaf.contains("operator:k.sato"), "{leaf}");
    assert_eq!(house.ask(&["ledger", "key"]).good()["key"], told["verifier_key"]);
    assert!(!text.contains(PASSPHRASE));
    house.ask(&["init"]).problem(3, "already_initialised");
    house.done();
    a_later_one(&house, &config, &told);
}

/// One more key, by a second file.
fn a_later_one(house: &House, config: &str, first: &Value) {
    let labels = first["keys"].as_array().unwrap().iter().map(|key| key["label"].to_string());
    let labels = labels.collect::<Vec<_>>().join(", ");
    let file = house.write(
        "later.toml",
        format!(
            "title = 'A new key for tokens'\ndate = '2026-04-01'\n\
             [before]\nplatform = true\nkeys = [{labels}]\n\
             [[present]]\nname = 'a'\nrole = 'master'\n[[present]]\nname = 'b'\nrole = 'auditor'\n\
             [[key]]\nlabel = 'token/2'\nkind = 'sign-ed25519'\npurpose = 'callers'\n"
        ),
    );
    let told = house.ask(&["--config", config, "keys", "ceremony", &file]).good();
    let print = &told["keys"][0]["fingerprint"];
    assert_eq!(print.as_str().unwrap().len(), 64);
    assert_eq!(
        house.ask(&["keys", "generate", "token/2", "sign-ed25519"]).json()["label"],
        "key_exists"
    );
    assert_eq!(house.ask(&["keys", "rotate", "token"]).good()["key"], "token/2");
    let status = house.ask(&["keys", "status"]).good();
    let keys = status["keys"].as_array().unwrap();
    let used = keys.iter().find(|key| key["label"] == "token/2").unwrap();
    assert_eq!((&used["fingerprint"], &used["standing"]), (print, &"in_use".into()));
    let made = house.ask(&["keys", "generate", "kek/2", "wrap", "--operator", "k.sato"]).good();
    assert_eq!(made["key"], "kek/2");
    house.ask(&["keys", "generate", "kek/2", "aes"]).problem(3, "key_label_unknown");
    house.done();
}

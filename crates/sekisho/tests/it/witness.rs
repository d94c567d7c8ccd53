//! Witnesses and their ledger, each a program of its own: who is away, who comes back, who is
//! killed, and what becomes of a ledger with two histories.

use crate::feeds::CHIYODA;
use crate::house::{House, Told};
use crate::serving::Serving;
use ledger::checkpoint::Origin;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A witness's data directory and its verifier key.
struct Watch {
    house: House,
    key: String,
    log: String,
}

impl Watch {
    fn new(name: &str, ledger: &House) -> Self {
        let house = House::empty();
        house.prepare_keystore();
        let made = house.ask(&["witness", "init", "--name", name]).good();
        let key = house.ask(&["witness", "key"]).good()["key"].as_str().unwrap().to_owned();
        assert_eq!((&made["name"], &made["key"]), (&json!(name), &json!(key)));
        let log = ledger.ask(&["ledger", "key"]).good()["key"].as_str().unwrap().to_owned();
        Self { house, key, log }
    }

    fn serve(&self) -> Serving {
        self.serve_at("127.0.0.1:0")
    }

    fn serve_at(&self, address: &str) -> Serving {
        let arguments = ["--json", "witness", "serve", "--log", &self.log];
        Serving::start_at(&self.house, &arguments, address)
    }

    fn folder(&self) -> PathBuf {
        self.house.data().join("witness").join(origin_hash())
    }
}

fn origin_hash() -> String {
    "sekisho.example/ledger".parse::<Origin>().unwrap().hash().to_string()
}

/// A configuration with these witnesses, beside the data directory.
fn configured(house: &House, witnesses: &[(&Watch, &str)]) -> String {
    let witnesses: Vec<_> = witnesses
        .iter()
        .map(|(watch, address)| {
            format!("{{ key = \"{}\", url = \"http://{address}\" }}", watch.key)
        })
        .collect();
    house.write("sekisho.toml", format!("[ledger]\nwitnesses = [{}]\n", witnesses.join(", ")))
}

/// Commits so many acts, each published at once, with the witnesses of the configuration.
fn act(house: &House, config: &str, count: usize) {
    for _ in 0..count {
        let stock = ["stock", "--municipality", CHIYODA, "--count", "1"];
        house.ask(&[&["--config", config], &stock[..]].concat()).good();
    }
}

/// Publishes until so many witnesses are away and all others have answered: on a busy machine one
/// may need longer than it is given.
fn checkpoint(house: &House, config: &str, away: usize) -> Told {
    let mut told = house.ask(&["--config", config, "ledger", "checkpoint"]);
    for _ in 0..50 {
        let (_, _, labels) = outcome(&told.good());
        if labels.iter().filter(|label| **label == "witness_unreachable").count() <= away {
            break;
        }
        told = house.ask(&["--config", config, "ledger", "checkpoint"]);
    }
    told
}

fn outcome(told: &Value) -> (u64, Value, Vec<String>) {
    let missing = told["missing"].as_array().unwrap().iter();
    let labels = missing.map(|one| one["label"].as_str().unwrap().to_owned()).collect();
    (told["size"].as_u64().unwrap(), told["cosigned"].clone(), labels)
}

#[test]
fn one_witness_is_away_comes_back_and_neither_cosigns_a_second_history() {
    let house = House::quick();
    let watches = ["w.example/1", "w.example/2"].map(|name| Watch::new(name, &house));
    let [first, second] = watches.each_ref().map(Watch::serve);
    let places = [(&watches[0], &*first.address), (&watches[1], &*second.address)];
    let config = configured(&house, &places);
    act(&house, &config, 3);
    let both = json!(["w.example/1", "w.example/2"]);
    assert_eq!(outcome(&checkpoint(&house, &config, 0).good()), (3, both.clone(), vec![]));
    let fork = house.copy();

    let second_at = second.kill();
    act(&house, &config, 2);
    let told = checkpoint(&house, &config, 1).good();
    let away = vec!["witness_unreachable".to_owned()];
    assert_eq!(outcome(&told), (5, json!(["w.example/1"]), away));
    let keys = watches.each_ref().map(|watch| watch.key.as_str());
    let one_of_two = ["--witness", keys[0], "--witness", keys[1], "--quorum", "1"];
    let audited = house.ask(&[&["ledger", "audit"], &one_of_two[..]].concat()).good();
    assert_eq!(audited["cosigned"], json!(["w.example/1"]));
    house.ask(&["ledger", "audit", "--witness", keys[0]]).good();
    let both_asked = ["ledger", "audit", "--witness", keys[0], "--witness", keys[1]];
    let problem = house.ask(&both_asked).problem(3, "witness_quorum");
    assert_eq!(problem["detail"], "1 of 2 asked for");
    let stranger = Watch::new("w.example/1", &house);
    let wrong = ["ledger", "audit", "--witness", &stranger.key, "--quorum", "1"];
    house.ask(&wrong).problem(3, "witness_quorum");
    let doubled = ["ledger", "audit", "--witness", keys[0], "--witness", keys[0], "--quorum", "2"];
    house.ask(&doubled).problem(3, "witness_quorum");

    let second = watches[1].serve_at(&second_at);
    let remembered = second.body(&format!("/{}/checkpoint", origin_hash()));
    assert!(remembered.contains("\n3\n"), "{remembered}");
    act(&house, &config, 1);
    assert_eq!(outcome(&checkpoint(&house, &config, 0).good()), (6, both.clone(), vec![]));
    house.ask(&both_asked).good();

    refused_as_a_fork(&fork, &config, &watches);
    act(&house, &config, 3);
    assert_eq!(outcome(&checkpoint(&house, &config, 0).good()), (9, both, vec![]));
    for (watch, serving) in watches.iter().zip([first, second]) {
        assert!(serving.stop(&watch.house)["served"].is_string());
    }
    house.done();
}

/// The store and its publication put back to an older copy, and written on from there.
fn refused_as_a_fork(fork: &House, config: &str, watches: &[Watch; 2]) {
    act(fork, config, 1);
    let both = |label: &str| vec![label.to_owned(); 2];
    let told = checkpoint(fork, config, 0).good();
    assert_eq!(outcome(&told), (4, json!([]), both("witness_ahead")));
    act(fork, config, 4);
    let told = checkpoint(fork, config, 0);
    assert_eq!(outcome(&told.good()), (8, json!([]), both("witness_split_view")));
    assert!(told.err.contains("ERROR") && told.err.contains("witness_split_view"), "{}", told.err);
    let trusting = ["ledger", "audit", "--witness", &watches[0].key];
    fork.ask(&trusting).problem(3, "witness_quorum");
    for watch in watches {
        let evidence = watch.folder().join("evidence/6");
        let request = fs::read_to_string(evidence.join("request")).unwrap();
        assert!(request.starts_with("old 6\n"), "{request}");
        let cosigned = fs::read_to_string(evidence.join("checkpoint")).unwrap();
        assert!(cosigned.contains("\n6\n") && cosigned.contains("— w.example/"), "{cosigned}");
    }
    fork.done();
}

#[test]
fn a_killed_witness_remembers_everything_it_cosigned() {
    let house = House::quick();
    let watch = Watch::new("w.example/1", &house);
    let mut serving = watch.serve();
    let config = configured(&house, &[(&watch, &serving.address)]);
    for round in 1..=5 {
        act(&house, &config, 1);
        let told = checkpoint(&house, &config, 0).good();
        assert_eq!(outcome(&told), (round, json!(["w.example/1"]), vec![]));
        serving = watch.serve_at(&serving.kill());
        let remembered = serving.body(&format!("/{}/checkpoint", origin_hash()));
        assert_eq!(told["note"], json!(remembered));
    }
    // The ledger, too, shows the same bytes again when its publication is lost.
    let published = house.published();
    fs::remove_file(house.data().join("ledger/checkpoint")).unwrap();
    house.ask(&["ledger", "checkpoint"]).good();
    assert!(house.published() == published);
    assert_eq!(house.ask(&["verify"]).good()["cosignatures"], 5);
    serving.stop(&watch.house);
    house.done();
}

/// Nothing new is committed: a witness that comes back is asked all the same.
#[test]
fn the_api_serves_what_witnesses_add_later() {
    let house = House::quick();
    let watch = Watch::new("w.example/1", &house);
    let address = watch.serve().kill();
    let config = configured(&house, &[(&watch, &address)]);
    act(&house, &config, 1);
    let serving = Serving::start(&house, &["--json", "--config", &config, "serve"]);
    assert_eq!(serving.body("/checkpoint").matches("— ").count(), 1);
    let witness = watch.serve_at(&address);
    let patience = Instant::now() + Duration::from_secs(30);
    while serving.body("/checkpoint").matches("— ").count() < 2 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(serving.body("/checkpoint").contains("— w.example/1 "), "never cosigned");
    let cosigned = r#"sekisho_witness_answers_total{witness="w.example/1",label=""} 1"#;
    let metrics = serving.body("/metrics");
    assert!(metrics.lines().any(|line| line == cosigned), "{metrics}");
    house.ask(&["ledger", "audit", "--witness", &watch.key]).good();
    serving.stop(&house);
    witness.stop(&watch.house);
    house.done();
}

#[test]
fn what_is_no_witness_is_refused() {
    let house = House::quick();
    house.ask(&["witness", "key"]).problem(3, "not_initialised");
    let named = |name| ["witness", "init", "--name", name];
    house.ask(&named("w.example/1")).problem(3, "already_initialised");
    house.ask(&named("two words")).problem(3, "request_malformed");
    let watch = Watch::new("w.example/1", &house);
    watch.house.ask(&named("w.example/2")).problem(3, "already_initialised");
    watch.house.ask(&["verify"]).problem(3, "not_initialised");
    watch.house.ask(&["init"]).problem(3, "already_initialised");
    let serve = |log| ["witness", "serve", "--listen", "127.0.0.1:0", "--log", log];
    for log in [watch.key.as_str(), "log.example+00000000+AAAA"] {
        watch.house.ask(&serve(log)).problem(3, "request_malformed");
    }
    let serving = watch.serve();
    watch.house.ask(&serve(&watch.log)).problem(5, "store_busy");
    serving.stop(&watch.house);
    for (asked, field) in [(watch.log.as_str(), "witness"), ("w", "witness")] {
        let problem = house.ask(&["ledger", "audit", "--witness", asked]);
        assert_eq!(problem.problem(3, "request_malformed")["field"], field);
    }
    house.ask(&["ledger", "audit", "--quorum", "1"]).problem(2, "usage");
    let secure =
        format!("[ledger]\nwitnesses = [{{ key = \"{}\", url = \"https://w\" }}]", watch.key);
    let secure = house.write("https.toml", secure);
    let problem = house.ask(&["--config", &secure, "verify"]).problem(3, "config_malformed");
    assert!(problem["detail"].as_str().unwrap().contains("http:// only"), "{problem}");
    house.done();
}

//! `kill -9` at any moment, then the same command again: the end is as if nothing had happened.
//!
//! The moments come from a seed that a failure prints; `SEKISHO_SEED` replays it.

use crate::country::listed;
use crate::feeds::{CHIYODA, HEADER, TARO, line};
use crate::house::House;
use keys::OsEntropy;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use store::{SqliteOptions, SqliteStore};

/// Moments by chance.
pub(crate) struct Dice {
    pub(crate) seed: u64,
    state: u64,
}

impl Dice {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let given = std::env::var("SEKISHO_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or(u64::try_from(now % 1_000_000_000).unwrap());
        Self { seed, state: seed }
    }

    /// A number below `end` (SplitMix64).
    fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end.max(1)
    }

    pub(crate) fn moment(&mut self, within: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(within.as_micros()).unwrap()))
    }
}

/// Runs a command and kills it after `moment`; whether it had ended by itself.
pub(crate) fn killed(house: &House, arguments: &[&str], moment: Duration) -> bool {
    let mut command = house.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(moment);
    let ended = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    ended
}

/// How long a command takes that is left alone.
fn undisturbed(house: &House, arguments: &[&str]) -> (Duration, Value) {
    let started = Instant::now();
    let told = house.ask(arguments);
    assert!(told.code <= 1, "{}{}", told.out, told.err);
    (started.elapsed(), told.json())
}

/// Most lines of this feed are rubbish, which costs nothing: so its events come in many commits.
fn sparse_feed(codes: &[String]) -> String {
    let mut feed = String::from(HEADER);
    for (sequence, code) in (1..).zip(codes) {
        let record = TARO.replace("太郎", &format!("太郎{sequence}"));
        feed.push_str(&line(sequence, "move_in", code, &record));
        if sequence % EVENTS_PER_COMMIT == 0 {
            (0..base::limits::IMPORT_COMMIT_MAX).for_each(|_| feed.push_str("x\n"));
        }
    }
    feed
}

/// The road of every act: what was done by whom and how it ended. Times and salts differ.
fn acts(house: &House) -> Vec<String> {
    let platform = house.platform();
    let mut acts = Vec::new();
    let mut page = |view: &mut dyn ports::View| {
        for act in view.acts(base::ActId(0), 1_000_000)? {
            let entry: Value = serde_json::from_slice(&act.entry).unwrap();
            acts.push(format!("{} {} {}", entry["act"], entry["actor"], entry["outcome"]));
        }
        Ok(())
    };
    platform.store.snapshot("acts", &mut page).unwrap();
    acts
}

/// What two stores with the same keys must agree on.
fn state(house: &House) -> String {
    house.ask(&["lists"]).good();
    let mut state = String::new();
    let mut counts = house.ask(&["verify"]).good();
    // How often something was published depends on how often the program ran.
    counts["checkpoints"].take();
    writeln!(state, "{counts}").unwrap();
    for act in acts(house) {
        writeln!(state, "{act}").unwrap();
    }
    for (code, number) in listed(house) {
        writeln!(state, "{code} {number}").unwrap();
    }
    state
}

#[test]
fn an_import_killed_at_any_moment_ends_like_one_that_was_not() {
    let start = House::quick();
    let codes = start.codes(CHIYODA, EVENTS);
    let feed = sparse_feed(&codes);
    let mut dice = Dice::new();
    let calm = start.copy();
    let path = start.write("feed.csv", &feed);
    let (length, report) = undisturbed(&calm, &["import", &path]);
    assert_eq!(report["applied"], EVENTS);
    let expected = state(&calm);
    calm.done();
    let mut house = start.copy();
    let (mut rounds, mut fresh, mut length) = (0, true, length * 3 / 4);
    while rounds < ROUNDS {
        let moment = dice.moment(length);
        let ended = killed(&house, &["import", &path], moment);
        if ended && fresh {
            // The machine was slower when the length was measured.
            length = moment;
        }
        if ended {
            house = start.copy();
        } else {
            rounds += 1;
        }
        fresh = ended;
        if rounds % 4 == 0 {
            let verified = house.ask(&["verify"]).good();
            assert_eq!(verified["holds"], true, "seed {}, round {rounds}", dice.seed);
        }
    }
    let report = house.ask(&["import", &path]).json();
    let (applied, repeated) = (report["applied"].as_u64(), report["repeated"].as_u64());
    assert_eq!(applied.unwrap() + repeated.unwrap(), EVENTS as u64, "seed {}", dice.seed);
    assert!(state(&house) == expected, "another end; seed {}", dice.seed);
    house.done();
}

#[test]
fn an_interrupted_ceremony_is_taken_up() {
    let mut dice = Dice::new();
    let start = House::empty();
    start.prepare_keystore();
    let (length, _) = undisturbed(&start.copy(), &["init"]);
    for _ in 0..8 {
        let house = start.copy();
        killed(&house, &["init"], dice.moment(length));
        let told = house.ask(&["init"]);
        if told.code != 0 {
            told.problem(3, "already_initialised");
        }
        house.ask(&["stock", "--municipality", CHIYODA, "--count", "1"]).good();
        house.done();
    }
}

/// Where a ceremony can have stopped, each place once: both roads go on from there.
#[test]
fn every_stage_of_a_ceremony_is_taken_up() {
    for stage in 0..5 {
        for arguments in [&["init"][..], &["up", "--no-serve", "--residents", "3"]] {
            let house = House::empty();
            house.prepare_keystore();
            interrupt_at(stage, &house);
            house.ask(arguments).good();
            house.ask(&["init"]).problem(3, "already_initialised");
            house.done();
        }
    }
}

/// The store, the first key, all keys; what a killed writer left beside its file.
fn interrupt_at(stage: u32, house: &House) {
    let store = house.data().join("store.sqlite");
    if stage >= 1 {
        let options = SqliteOptions { create: true, ..SqliteOptions::default() };
        SqliteStore::open(&store, options, base::Moment::from_us(0)).unwrap();
    }
    let mut made = 0;
    let platform = (stage >= 2).then(|| house.platform());
    for (label, kind) in platform.iter().flat_map(|platform| platform.names.all().unwrap()) {
        if made < if stage == 2 { 1 } else { usize::MAX } {
            let at = base::Moment::from_us(0);
            let keys = &platform.as_ref().unwrap().keys;
            keys.generate(&label, kind, at, &mut OsEntropy::new()).unwrap();
            made += 1;
        }
    }
    if stage == 4 {
        for name in ["keys/passphrase.new", "keys/keystore.new"] {
            std::fs::write(house.data().join(name), "half a").unwrap();
        }
    }
}

/// The passphrase too is invented whole or not at all; this one costs what a real one costs.
#[test]
fn an_interrupted_first_ceremony_is_taken_up_by_up() {
    let mut dice = Dice::new();
    let house = House::empty();
    let (length, _) = undisturbed(&house, &["init", "--generate-passphrase"]);
    for _ in 0..4 {
        let house = House::empty();
        killed(&house, &["init", "--generate-passphrase"], dice.moment(length));
        let told = house.ask(&["up", "--no-serve", "--residents", "3"]);
        assert_eq!(told.code, 0, "seed {}: {}{}", dice.seed, told.out, told.err);
        house.done();
    }
}

#[test]
fn an_interrupted_up_is_taken_up() {
    let mut dice = Dice::new();
    let start = House::empty();
    start.prepare_keystore();
    let arguments = ["up", "--no-serve", "--residents", "60"];
    let (length, report) = undisturbed(&start.copy(), &arguments);
    let mut house = start.copy();
    for _ in 0..8 {
        if killed(&house, &arguments, dice.moment(length)) {
            house = start.copy();
        }
    }
    let told = house.ask(&arguments);
    assert_eq!(told.code, 0, "seed {}: {}{}", dice.seed, told.out, told.err);
    let again = told.json();
    let known = again["applied"].as_u64().unwrap() + again["repeated"].as_u64().unwrap();
    assert_eq!(known, report["events"].as_u64().unwrap(), "seed {}", dice.seed);
    assert_eq!(again["persons"], report["persons"]);
    assert_eq!(listed(&house).len() as u64, report["persons"].as_u64().unwrap());
    house.done();
}

#[test]
fn interrupted_lists_and_key_epochs_are_taken_up() {
    let mut dice = Dice::new();
    let start = House::quick();
    let feed = start.beside("population.csv").into_os_string().into_string().unwrap();
    start.ask(&["population", "--residents", "400", "--output", &feed]).good();
    let persons = start.ask(&["import", &feed]).good()["applied"].as_u64().unwrap();
    let calm = start.copy();
    let (lists_length, _) = undisturbed(&calm, &["lists"]);
    let (rewrap_length, _) = undisturbed(&calm, &["keys", "rotate", "kek"]);
    let expected = listed(&calm);
    assert!(expected.len() as u64 <= persons);
    calm.done();
    for round in 0..4 {
        let house = start.copy();
        killed(&house, &["keys", "rotate", "kek"], dice.moment(rewrap_length));
        killed(&house, &["lists"], dice.moment(lists_length));
        killed(&house, &["keys", "rotate", "kek"], dice.moment(rewrap_length));
        let seed = dice.seed;
        assert_eq!(house.ask(&["verify"]).good()["holds"], true, "seed {seed}, round {round}");
        house.ask(&["lists"]).good();
        house.ask(&["keys", "rotate", "kek"]).good();
        assert!(listed(&house) == expected, "seed {seed}, round {round}");
        house.done();
    }
}

/// A power cut can lose the end of the store's write-ahead log, cut anywhere. Each whole commit
/// before the cut is there, nothing of the one that was cut, and the same command completes.
#[test]
fn a_torn_log_leaves_whole_commits() {
    let mut dice = Dice::new();
    let house = House::quick();
    let codes = house.codes(CHIYODA, 600);
    let feed = sparse_feed(&codes);
    let path = house.write("feed.csv", &feed);
    let log = "store.sqlite-wal";
    kill_when_taken_in(&house, &feed);
    let whole = std::fs::read(house.data().join(log)).unwrap();
    let mut seen = BTreeSet::new();
    for round in 0..10 {
        let torn = house.copy();
        let kept = usize::try_from(dice.below(whole.len() as u64)).unwrap();
        std::fs::write(torn.data().join(log), &whole[..kept]).unwrap();
        std::fs::remove_file(torn.data().join("store.sqlite-shm")).unwrap();
        let told = torn.ask(&["verify"]);
        assert_eq!(told.code, 0, "seed {}, round {round}: {}", dice.seed, told.out);
        let persons = told.json()["persons"].as_u64().unwrap();
        assert_eq!(persons % EVENTS_PER_COMMIT, 0, "seed {}, round {round}", dice.seed);
        seen.insert(persons);
        let report = torn.ask(&["import", &path]).json();
        assert_eq!(report["repeated"], persons);
        assert_eq!(report["applied"], codes.len() as u64 - persons);
        torn.done();
    }
    assert!(seen.len() > 1, "seed {}: every cut lost the same", dice.seed);
}

/// Gives a feed to an import, waits until all of it is committed, and kills it before its end.
fn kill_when_taken_in(house: &House, feed: &str) {
    let mut command = house.command(&["import", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(feed.as_bytes()).unwrap();
    let events = feed.lines().filter(|line| line.len() > 1).count() as u64 - 1;
    let patience = Instant::now() + Duration::from_secs(60);
    while persons(house) < events && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(input);
}

fn persons(house: &House) -> u64 {
    let mut last = base::PersonId(0);
    let mut look = |view: &mut dyn ports::View| {
        while let Some(row) = view.persons_page(last, 1_000)?.last() {
            last = row.id;
        }
        Ok(())
    };
    house.platform().store.snapshot("persons", &mut look).unwrap();
    u64::try_from(last.0).unwrap()
}

const EVENTS: usize = 1_800;
const EVENTS_PER_COMMIT: u64 = 150;
const ROUNDS: u32 = 12;

//! Two sides of one feed: a municipality writes files, the registry reads them, and in the end both
//! hold the same, or can say where they do not. Digests are keyed elsewhere; here a plain hash
//! stands in.

use base::{Date, Personal};
use numbers::{LocalGovernmentCode, ResidentRecordCode, assignment::Generation};
use proptest::prelude::*;
use sekisho_registry::{
    EventKind, FeedMessage, ResidentEvent, ResidentRecord, Sex,
    difference::differences,
    feed::{CSV_HEADER, FeedReader},
    resident::{Refusal, Resident, Status, decide},
    sequence::{self, Arrival, FeedCursor, Outcome, Seen},
    set_digest::{Entry, Exchange, respond},
};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

const TODAY: Date = Date::constant(2026, 4, 1);

fn town() -> LocalGovernmentCode {
    "131016".parse().unwrap()
}

fn code(person: u64) -> ResidentRecordCode {
    ResidentRecordCode::from_payload(person).unwrap()
}

fn record(name: &str) -> ResidentRecord {
    ResidentRecord {
        name: Personal::new(name),
        name_kana: Personal::new("ヤマダ　ハナコ"),
        birth_date: Date::constant(1990, 1, 31),
        sex: Sex::Female,
        postal_code: "1000013".parse().ok(),
        address: Personal::new("東京都千代田区霞が関一丁目２番３号"),
    }
}

fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let low = hash(parts);
    let high = hash(&[&low.to_be_bytes(), parts.concat().as_slice()]);
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

fn entry(code: &ResidentRecordCode, record: &ResidentRecord) -> Entry {
    let code = code.reveal();
    Entry {
        position: hash(&[code.as_bytes()]),
        digest: digest(&[code.as_bytes(), &record.canonical_bytes()]),
    }
}

/// A registry in memory: the least that an application does around the decisions.
#[derive(Default)]
struct Registry {
    residents: BTreeMap<String, Resident>,
    seen: BTreeMap<u64, Seen>,
    waiting: BTreeMap<u64, FeedMessage>,
    next: u64,
    refused: Vec<(u64, Refusal)>,
}

impl Registry {
    fn new() -> Self {
        Self { next: 1, ..Self::default() }
    }

    fn take(&mut self, message: FeedMessage) -> Arrival {
        let digest = digest(&[&message.canonical_bytes()]);
        let cursor = FeedCursor { next: self.next, waiting: self.waiting.len() as u64 };
        let known = self.seen.get(&message.sequence);
        let arrival = sequence::decide(cursor, message.sequence, digest, known).unwrap();
        match arrival {
            Arrival::Repeat(_) => {}
            Arrival::Wait => {
                self.seen.insert(message.sequence, Seen { digest, outcome: Outcome::Waiting });
                self.waiting.insert(message.sequence, message);
            }
            Arrival::Apply => {
                self.apply(&message, digest);
                while let Some(message) = self.waiting.remove(&self.next) {
                    let digest = self.seen[&message.sequence].digest;
                    self.apply(&message, digest);
                }
            }
        }
        arrival
    }

    fn apply(&mut self, message: &FeedMessage, digest: [u8; 16]) {
        let key = message.event.code.as_ref().unwrap().reveal().to_string();
        let state = self.residents.remove(&key);
        let outcome = match decide(state.as_ref(), &message.event, message.municipality, TODAY) {
            Ok(decision) => {
                self.residents.insert(key, decision.apply(state));
                Outcome::Applied
            }
            Err(refusal) => {
                self.refused.push((message.sequence, refusal));
                self.residents.extend(state.map(|state| (key, state)));
                Outcome::Refused
            }
        };
        self.seen.insert(message.sequence, Seen { digest, outcome });
        self.next = message.sequence + 1;
    }

    fn entries(&self) -> Vec<Entry> {
        let registered = self.residents.values().filter(|r| r.status == Status::Registered);
        let mut entries: Vec<_> =
            registered.map(|r| entry(&r.code, r.record.as_ref().unwrap())).collect();
        entries.sort();
        entries
    }
}

fn message(sequence: u64, kind: EventKind, person: u64, name: &str) -> FeedMessage {
    let record = kind.needs_record().then(|| record(name));
    let event =
        ResidentEvent { kind, on: Date::constant(2026, 3, 1), code: Some(code(person)), record };
    FeedMessage { municipality: town(), sequence, event }
}

fn file(messages: &[FeedMessage]) -> String {
    let lines: String = messages.iter().map(FeedMessage::to_csv_line).collect();
    format!("{CSV_HEADER}\n{lines}")
}

fn compare(registry: &Registry, theirs: Vec<Entry>) -> Exchange {
    let mut theirs = theirs;
    theirs.sort();
    let mut exchange = Exchange::new(registry.entries());
    while let Some(question) = exchange.next_question() {
        exchange.answer(&respond(&question, &theirs).unwrap()).unwrap();
    }
    exchange
}

#[test]
fn a_life_in_one_file() {
    let messages = [
        message(1, EventKind::MoveIn, 5, "山田　花子"),
        message(2, EventKind::NameChange, 5, "髙橋　花子"),
        message(3, EventKind::Death, 5, ""),
        message(4, EventKind::MoveWithin, 5, "髙橋　花子"),
    ];
    let mut registry = Registry::new();
    for read in FeedReader::new(file(&messages).as_bytes(), None) {
        assert_eq!(registry.take(read.unwrap().1), Arrival::Apply);
    }
    let resident = registry.residents.values().next().unwrap();
    assert_eq!(resident.status, Status::Dead);
    assert_eq!(resident.generation(), Some(Generation::FIRST));
    assert_eq!(resident.record, Some(record("髙橋　花子")));
    assert_eq!(registry.refused, [(4, Refusal::ResidentDead)]);
}

#[test]
fn a_trailing_space_among_ten_thousand_is_found_and_called_so() {
    let mut registry = Registry::new();
    for person in 1..=10_000 {
        registry.take(message(person, EventKind::MoveIn, person, &format!("住民{person}")));
    }
    let theirs = |person: u64| match person {
        77 => record("住民77 "),
        _ => record(&format!("住民{person}")),
    };
    let all = (1..=10_000).map(|person| entry(&code(person), &theirs(person))).collect();
    let exchange = compare(&registry, all);
    let findings = exchange.findings();
    assert_eq!(findings.differing, [entry(&code(77), &theirs(77)).position]);
    assert!(findings.only_here.is_empty() && findings.only_there.is_empty());
    assert!(exchange.questions() <= 6);
    let ours = registry.residents[code(77).reveal().as_str()].record.as_ref().unwrap();
    let found: Vec<_> = differences(ours, &theirs(77)).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["name: trailing_space"]);
}

proptest! {
    #[test]
    fn a_feed_in_any_order_and_with_repeats_ends_as_in_order(
        kinds in proptest::collection::vec((0usize..9, 1u64..6), 1..30),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let messages: Vec<_> = (1..)
            .zip(&kinds)
            .map(|(n, (kind, person))| message(n, EventKind::ALL[*kind], *person, &format!("名{n}")))
            .collect();
        let mut straight = Registry::new();
        for read in FeedReader::new(file(&messages).as_bytes(), None) {
            straight.take(read.unwrap().1);
        }
        let mut shuffled = Registry::new();
        for message in order.iter().map(|index| index.get(&messages)).chain(&messages) {
            shuffled.take(message.clone());
        }
        prop_assert_eq!(shuffled.next, messages.len() as u64 + 1);
        prop_assert!(shuffled.waiting.is_empty());
        prop_assert_eq!(&shuffled.refused, &straight.refused);
        prop_assert_eq!(&shuffled.residents, &straight.residents);
        prop_assert_eq!(&shuffled.seen, &straight.seen);
        let exchange = compare(&shuffled, straight.entries());
        prop_assert_eq!(exchange.findings(), Default::default());
    }
}

//! Random roads of certificates, against a model of a few lines: what was meant, signed, stored,
//! left by a crash, ended, held and released. After each step OCSP agrees with the model and nobody
//! has two living certificates of a kind; after each list, so do the list and its delta.

use crate::certifying::{Bureau, chiyoda, operator};
use crate::house::{CHIYODA, House, message, town};
use authority::CertificateKind;
use authority::profile::Partition;
use authority::trigger::Trigger;
use base::Purpose;
use numbers::ResidentRecordCode;
use ports::Publication;
use ports::rows::CertificateId;
use sekisho_app::certificate_end::{certificate_end, certificate_release};
use sekisho_app::certificate_finish::certificate_finish;
use sekisho_app::certificate_issue::{Intended, conclude, sign};
use sekisho_app::delegate;
use sekisho_app::number_ask::Whose;
use std::collections::{BTreeMap, BTreeSet};
use x509::{CertStatus, Crl, CrlNumber, KeyAlgorithm, RevocationReason, Serial};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    Good,
    Held,
    Ended,
}

struct Case {
    id: CertificateId,
    kind: CertificateKind,
    person: usize,
    state: State,
    /// Gone after a crash.
    intended: Option<Intended>,
}

struct World<'a> {
    bureau: &'a Bureau<'a>,
    codes: &'a [ResidentRecordCode],
    cases: Vec<Case>,
    sequence: u64,
    /// Which serial numbers were on which complete list.
    told: BTreeMap<(i64, CrlNumber), BTreeSet<u64>>,
    chance: u64,
    /// What has happened at least once.
    seen: BTreeSet<&'static str>,
}

impl World<'_> {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        usize::try_from(self.chance >> 11).unwrap() % end
    }

    fn step(&mut self) {
        let person = self.below(self.codes.len());
        let kind = CertificateKind::ALL[self.below(2)];
        self.bureau.house.clock.pass_seconds(1);
        match self.below(16) {
            0..=3 => self.intend(person, kind),
            4..=6 => self.conclude(),
            7 => self.cases.iter_mut().for_each(|case| case.intended = None),
            8 => self.finish(),
            9 => self.event(person, "move_within", &[CertificateKind::Signature]),
            10 if self.below(6) == 0 => self.event(person, "death", &CertificateKind::ALL),
            10 | 11 => self.end(person, Trigger::ReportedMissing),
            12 => self.release(person, kind),
            13 if self.below(2) == 0 => self.end(person, Trigger::CardReturned),
            _ => self.list(),
        }
    }

    fn intend(&mut self, person: usize, kind: CertificateKind) {
        let Ok(intended) = self.bureau.intend(kind, &self.codes[person]) else { return };
        let (id, state) = (intended.id, State::Open);
        self.cases.push(Case { id, kind, person, state, intended: Some(intended) });
    }

    fn conclude(&mut self) {
        let ready: Vec<_> =
            (0..self.cases.len()).filter(|at| self.cases[*at].intended.is_some()).collect();
        if ready.is_empty() {
            return;
        }
        let at = ready[self.below(ready.len())];
        let intended = self.cases[at].intended.clone().unwrap();
        let house = self.bureau.house;
        let signed = sign(&house.platform, &intended).unwrap();
        let done = house.act(|work| conclude(work, &signed));
        match self.cases[at].state {
            State::Open => {
                done.unwrap();
                self.in_force(at);
            }
            // Finished by another, or closed without a certificate.
            state => {
                self.seen.insert("late");
                let closed = done.is_err_and(|problem| problem.label() == "certificate_closed");
                assert!(!closed || state == State::Ended);
            }
        }
    }

    fn in_force(&mut self, at: usize) {
        let (kind, person) = (self.cases[at].kind, self.cases[at].person);
        for case in &mut self.cases {
            let lives = matches!(case.state, State::Good | State::Held);
            if lives && (case.kind, case.person) == (kind, person) {
                case.state = State::Ended;
                self.seen.insert("renewed");
            }
        }
        self.cases[at].state = State::Good;
    }

    fn finish(&mut self) {
        let finished = certificate_finish(&self.bureau.house.platform, 0).unwrap();
        let open: Vec<_> =
            (0..self.cases.len()).filter(|at| self.cases[*at].state == State::Open).collect();
        assert_eq!((finished.issued, finished.closed, finished.left), (open.len(), 0, 0));
        for at in open {
            self.seen.insert("finished");
            self.in_force(at);
        }
    }

    fn event(&mut self, person: usize, event: &str, kinds: &[CertificateKind]) {
        let code = &self.codes[person];
        let mut told = message(CHIYODA, self.sequence, event, Some(code));
        if event == "move_within" {
            let street = self.sequence;
            told["address"] = format!("東京都千代田区霞が関一丁目{street}番").into();
        }
        self.sequence += 1;
        if self.bureau.house.take_one(&told) == "applied" {
            self.each_of(person, kinds, |state| match state {
                State::Open | State::Good | State::Held => State::Ended,
                State::Ended => state,
            });
        }
    }

    fn end(&mut self, person: usize, trigger: Trigger) {
        let whose = Whose::Code(self.codes[person].clone());
        let done = self.bureau.house.act(|work| {
            certificate_end(work, &operator(), Purpose::Certification, (&whose, trigger))
        });
        let holds = trigger == Trigger::ReportedMissing;
        if done.is_ok() {
            self.each_of(person, &CertificateKind::ALL, |state| match state {
                State::Good | State::Held if holds => State::Held,
                _ => State::Ended,
            });
        }
    }

    fn release(&mut self, person: usize, kind: CertificateKind) {
        let whose = Whose::Code(self.codes[person].clone());
        let done = self.bureau.house.act(|work| {
            certificate_release(work, &chiyoda(), Purpose::Certification, (&whose, kind))
        });
        let mine = |case: &&mut Case| (case.person, case.kind) == (person, kind);
        let held = self.cases.iter_mut().filter(mine).find(|case| case.state == State::Held);
        assert_eq!(done.is_ok(), held.is_some());
        if let Some(case) = held {
            case.state = State::Good;
            self.seen.insert("released");
        }
    }

    fn each_of(
        &mut self,
        person: usize,
        kinds: &[CertificateKind],
        become_of: impl Fn(State) -> State,
    ) {
        let mine = |case: &&mut Case| case.person == person && kinds.contains(&case.kind);
        for case in self.cases.iter_mut().filter(mine) {
            let after = become_of(case.state);
            match (case.state, after) {
                (State::Open, State::Ended) => self.seen.insert("closed"),
                (State::Good, State::Held) => self.seen.insert("held"),
                (State::Held, State::Ended) => self.seen.insert("revoked while held"),
                _ => false,
            };
            case.state = after;
        }
    }

    fn list(&mut self) {
        self.bureau.house.clock.pass_seconds(10);
        self.bureau.lists.make_due().unwrap();
        for id in [1, 2] {
            let of = |case: &&Case| case.id.authority == id;
            let listed = |case: &&Case| matches!(case.state, State::Held | State::Ended);
            let expected: BTreeSet<u64> =
                self.cases.iter().filter(of).filter(listed).map(|case| case.id.serial).collect();
            let path = self.bureau.issuer_of(id).list_path(Partition::Municipality(town(CHIYODA)));
            let Some(bytes) = self.bureau.place.read(&path).unwrap() else {
                assert!(!self.cases.iter().any(|case| of(&case)), "no list");
                continue;
            };
            let list = Crl::parse(&bytes).unwrap();
            assert_eq!(serials(&list, |_| true), expected, "authority {id}");
            let number = list.number().unwrap();
            let before = self.told.insert((id, number), expected.clone());
            assert!(before.is_none_or(|before| before == expected), "one content of a number");
            self.delta(id, &path, &expected);
        }
    }

    /// What the delta makes of its base is the complete list.
    fn delta(&mut self, id: i64, path: &str, expected: &BTreeSet<u64>) {
        let path = path.replace(".crl", "-delta.crl");
        let Some(bytes) = self.bureau.place.read(&path).unwrap() else { return };
        let delta = Crl::parse(&bytes).unwrap();
        let Some(base) = self.told.get(&(id, delta.delta_of().unwrap())) else { return };
        let is_removal = |reason| reason == Some(RevocationReason::RemoveFromCrl);
        let mut made: BTreeSet<u64> =
            base.difference(&serials(&delta, is_removal)).copied().collect();
        made.extend(serials(&delta, |reason| !is_removal(reason)));
        assert_eq!(made, *expected, "the delta of authority {id}");
        self.seen.insert("delta");
    }

    fn check(&self) {
        for case in &self.cases {
            let told = self.bureau.told_of(case.id);
            let fits = match case.state {
                State::Open => told == CertStatus::Unknown,
                State::Good => told == CertStatus::Good,
                State::Held => matches!(told, CertStatus::Revoked { reason, .. }
                    if reason == Some(RevocationReason::CertificateHold)),
                State::Ended => matches!(told, CertStatus::Revoked { reason, .. }
                    if reason != Some(RevocationReason::CertificateHold)),
            };
            assert!(fits, "{:?} is {:?}, OCSP says {told:?}", case.id, case.state);
        }
        let mut living = BTreeSet::new();
        for case in self.cases.iter().filter(|case| matches!(case.state, State::Good | State::Held))
        {
            assert!(living.insert((case.person, case.kind)), "two living certificates");
        }
    }
}

fn number(serial: &[u8]) -> u64 {
    Serial::from_integer(serial).unwrap().to_u64().unwrap()
}

fn serials(list: &Crl<'_>, wanted: impl Fn(Option<RevocationReason>) -> bool) -> BTreeSet<u64> {
    let entries = list.entries().filter(|entry| wanted(entry.reason));
    entries.map(|entry| number(entry.serial)).collect()
}

fn travel(house: &House, seed: u64, steps: usize) -> BTreeSet<&'static str> {
    let codes = house.stock(CHIYODA, 4);
    for (sequence, code) in (1..).zip(&codes) {
        house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
    }
    let bureau = Bureau::open(house, KeyAlgorithm::P256);
    let (cases, told, seen) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    let (bureau, codes) = (&bureau, &codes[..]);
    let mut world = World { bureau, codes, cases, sequence: 5, told, chance: seed, seen };
    for step in 0..steps {
        if step == steps / 2 {
            // Certificates of the first half may be renewed now.
            house.clock.pass_hours(24 * 1_766);
            delegate::renew(&house.platform).unwrap();
        }
        world.step();
        world.check();
    }
    world.finish();
    world.list();
    world.check();
    assert_eq!(house.faults(), [""; 0], "seed {seed}");
    world.seen
}

#[test]
fn ocsp_lists_and_deltas_agree_on_every_road() {
    let mut seen = travel(&House::postgresql(), 0x2545_f491_4f6c_dd1d, 60);
    for seed in [1, 7, 42] {
        seen.extend(travel(&House::sqlite(), 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed), 120));
    }
    let all = [
        "closed",
        "delta",
        "finished",
        "held",
        "late",
        "released",
        "renewed",
        "revoked while held",
    ];
    assert_eq!(seen, BTreeSet::from(all), "every road was taken");
}

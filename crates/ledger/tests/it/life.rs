//! A log publishes to two witnesses, and then shows them two histories.

use crate::ledger::bundle::encode;
use crate::ledger::checkpoint::{Checkpoint, Comparison, LogIdentity, SignedCheckpoint};
use crate::ledger::grow::{MemoryTiles, TileGrower};
use crate::ledger::leaf::{Commitment, LeafDraft, LeafEntry, Salt, commit};
use crate::ledger::note::{SignatureKind, VerifierKey, sign};
use crate::ledger::prove::{NodeCache, Prover};
use crate::ledger::tile::changed_bundles;
use crate::ledger::witness::{Decision, Request, WatchedLog, WitnessRefusal, decide};
use crate::ledger::{Hash, TreeHead};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use std::convert::Infallible;

struct Key {
    pair: Ed25519KeyPair,
    public: VerifierKey,
}

impl Key {
    fn new(name: &str, kind: SignatureKind, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        Self { pair, public: VerifierKey::new(name.parse().unwrap(), kind, public) }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Infallible> {
        Ok(self.pair.sign(message).as_ref().to_vec())
    }
}

/// The log with its entries in full, so that it can be grown, published and bent.
struct Log {
    key: Key,
    leaves: Vec<LeafEntry>,
    tiles: MemoryTiles,
    grower: TileGrower,
}

impl Log {
    fn new() -> Self {
        let key = Key::new("ledger.example", SignatureKind::Ed25519, 1);
        let (tiles, grower) = (MemoryTiles::new(), TileGrower::new());
        Self { key, leaves: Vec::new(), tiles, grower }
    }

    fn append(&mut self, acts: impl IntoIterator<Item = u64>) {
        let from = self.leaves.len();
        self.leaves.extend(acts.into_iter().map(act));
        let growth = self.grower.append(self.leaves[from..].iter().map(LeafEntry::leaf_hash));
        self.tiles.absorb(growth);
    }

    fn identity(&self) -> LogIdentity {
        let origin = "ledger.example".parse().unwrap();
        LogIdentity { origin, keys: vec![self.key.public.clone()] }
    }

    fn publish(&self) -> SignedCheckpoint {
        let origin = "ledger.example".parse().unwrap();
        let mut note = Checkpoint::new(origin, self.grower.head()).to_note().unwrap();
        let line = sign(note.text(), &self.key.public, |message| self.key.sign(message)).unwrap();
        note.add(line).unwrap();
        self.identity().open(&note.to_string(), &[]).unwrap()
    }

    fn path(&self, from: u64) -> Vec<Hash> {
        let cache = NodeCache::new(8);
        let size = self.grower.size();
        Prover::new(&self.tiles, &cache).consistency(from, size).unwrap().path
    }

    fn ask(&self, old: u64) -> String {
        let note = self.publish().note().clone();
        Request { old, path: self.path(old), note }.to_string()
    }
}

struct Witness {
    key: Key,
    log: WatchedLog,
}

impl Witness {
    fn new(name: &str, seed: u8, identity: LogIdentity) -> Self {
        let key = Key::new(name, SignatureKind::CosignatureV1, seed);
        Self { key, log: WatchedLog { identity, last: None } }
    }

    fn answer(&mut self, body: &str, time_s: u64) -> Result<String, Box<Decision>> {
        let request: Request = body.parse().unwrap();
        match decide(&request, Some(&self.log)) {
            Decision::Cosign(approved) => {
                self.log.last = Some(*approved.head());
                let sign = |message: &[u8]| self.key.sign(message);
                Ok(format!("{}\n", approved.cosign(&self.key.public, time_s, sign).unwrap()))
            }
            other => Err(Box::new(other)),
        }
    }
}

fn act(number: u64) -> LeafEntry {
    let salt = Salt::new(&[9; 32]).unwrap();
    let bytes = number.to_be_bytes();
    LeafEntry::new(LeafDraft {
        at_us: 1_700_000_000_000_000 + number as i64,
        act: "resident_event".into(),
        actor: "municipality:131016".into(),
        purpose: "resident_register".into(),
        basis: "bra-30-6@2024-05-27".into(),
        outcome: "done".into(),
        subject: Some(commit(&salt, "subject", &bytes)),
        content: commit(&salt, "content", &bytes),
    })
    .unwrap()
}

#[test]
fn witnesses_follow_a_growing_log() {
    let mut log = Log::new();
    let mut first = Witness::new("w1", 2, log.identity());
    let mut second = Witness::new("w2", 3, log.identity());
    let witnesses = [first.key.public.clone(), second.key.public.clone()];
    let mut known = 0;
    for step in [1, 255, 300, 5_000] {
        log.append(known..known + step);
        let body = log.ask(known);
        let mut published = log.publish().to_string();
        published += &first.answer(&body, 100 + known).unwrap();
        published += &second.answer(&body, 200 + known).unwrap();
        let opened = log.identity().open(&published, &witnesses).unwrap();
        let times: Vec<_> = opened.cosigners().iter().filter_map(|by| by.time_s).collect();
        assert_eq!(times, [100 + known, 200 + known]);
        known += step;
    }
    assert_eq!(first.answer(&log.ask(1), 9), Err(Box::new(Decision::Conflict { known })));
}

#[test]
fn two_histories_cannot_both_be_cosigned() {
    let (mut shown, mut hidden) = (Log::new(), Log::new());
    shown.append(0..700);
    let mut witness = Witness::new("w", 2, shown.identity());
    witness.answer(&shown.ask(0), 1).unwrap();
    hidden.append((0..700).map(|number| if number == 350 { 9_999 } else { number }));
    let same_size = witness.answer(&hidden.ask(700), 2);
    assert_eq!(same_size, Err(Box::new(Decision::Refused(WitnessRefusal::SplitView))));
    hidden.append(700..900);
    let grown = witness.answer(&hidden.ask(700), 3);
    assert_eq!(grown, Err(Box::new(Decision::Refused(WitnessRefusal::SplitView))));
    shown.append(700..900);
    witness.answer(&shown.ask(700), 4).unwrap();
}

#[test]
fn an_outsider_with_two_checkpoints_sees_the_split() {
    let (mut shown, mut hidden) = (Log::new(), Log::new());
    shown.append(0..700);
    let earlier = shown.publish();
    shown.append(700..1_000);
    let compare =
        |later: &Log| earlier.checkpoint().compare(later.publish().checkpoint(), &later.path(700));
    assert_eq!(compare(&shown), Comparison::Grows);
    hidden.append((0..1_000).filter(|number| *number != 5));
    assert_eq!(compare(&hidden), Comparison::SplitView);
}

#[test]
fn a_resident_finds_their_leaf_and_the_auditor_all_of_them() {
    let mut log = Log::new();
    log.append(0..3_000);
    let head = *log.publish().head();
    let cache = NodeCache::new(8);
    let prover = Prover::new(&log.tiles, &cache);
    let salt = Salt::new(&[9; 32]).unwrap();
    let mine: Commitment = commit(&salt, "subject", &1_234_u64.to_be_bytes());
    let found = |leaf: &LeafEntry| leaf.fields().subject == Some(mine);
    let index = log.leaves.iter().position(found).unwrap() as u64;
    let proof = prover.inclusion(index, head.size).unwrap();
    assert_eq!(proof.verify(&act(1_234).leaf_hash(), &head), Ok(()));
    let mut rebuilt = TileGrower::new();
    for id in changed_bundles(0, head.size) {
        let from = id.first_leaf() as usize;
        let entries = log.leaves[from..from + usize::from(id.width())].iter();
        let bundle = encode(entries.map(LeafEntry::to_bytes)).unwrap();
        let read = crate::ledger::bundle::entries(&bundle).map(|entry| {
            let entry = entry.unwrap();
            assert!(LeafEntry::parse(entry).is_ok());
            Hash::leaf(entry)
        });
        rebuilt.append(read);
    }
    assert_eq!(rebuilt.head(), TreeHead { size: 3_000, root: head.root });
}

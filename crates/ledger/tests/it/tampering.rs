//! Every bit of a proof counts: flipped, dropped, doubled or moved, it proves nothing.

use crate::ledger::proof::{verify_consistency, verify_inclusion};
use crate::ledger::prove::{NodeCache, Prover};
use crate::ledger::{Hash, TreeHead};
use crate::{entry, log};
use proptest::prelude::*;

/// The hash with each of its bits flipped in turn.
fn flips(hash: Hash) -> impl Iterator<Item = Hash> {
    (0..256).map(move |bit| {
        let mut bytes = *hash.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        Hash::from_bytes(bytes)
    })
}

/// Paths that differ from the given one in one bit, or by one hash too few or too many.
fn damaged(path: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..path.len() {
        for flipped in flips(path[at]) {
            let mut bent = path.to_vec();
            bent[at] = flipped;
            all.push(bent);
        }
        let mut dropped = path.to_vec();
        dropped.remove(at);
        all.push(dropped);
        let mut doubled = path.to_vec();
        doubled.insert(at, path[at]);
        all.push(doubled);
    }
    all.push([path, &[Hash::EMPTY]].concat());
    all
}

#[test]
fn any_bit_of_an_inclusion_proof() {
    for size in [1, 2, 3, 7, 8, 13] {
        let (tiles, head) = log(size);
        let cache = NodeCache::new(2);
        let prover = Prover::new(&tiles, &cache);
        for index in 0..size {
            let leaf = Hash::leaf(&entry(index));
            let path = prover.inclusion(index, size).unwrap().path;
            assert_eq!(verify_inclusion(&leaf, index, &head, &path), Ok(()));
            for bent in damaged(&path) {
                assert!(verify_inclusion(&leaf, index, &head, &bent).is_err());
            }
            for bent in flips(leaf) {
                assert!(verify_inclusion(&bent, index, &head, &path).is_err());
            }
            for root in flips(head.root) {
                let bent = TreeHead { size, root };
                assert!(verify_inclusion(&leaf, index, &bent, &path).is_err());
            }
            for other in (0..size + 3).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf, other, &head, &path).is_err(), "{index} {other}");
            }
        }
    }
}

#[test]
fn any_bit_of_a_consistency_proof() {
    let (tiles, _) = log(13);
    let cache = NodeCache::new(2);
    let prover = Prover::new(&tiles, &cache);
    for to in 1..=13 {
        for from in 1..=to {
            let (earlier, later) = (prover.head(from).unwrap(), prover.head(to).unwrap());
            let path = prover.consistency(from, to).unwrap().path;
            for bent in damaged(&path) {
                assert!(verify_consistency(&earlier, &later, &bent).is_err(), "{from} {to}");
            }
            for root in flips(earlier.root) {
                let bent = TreeHead { size: from, root };
                assert!(verify_consistency(&bent, &later, &path).is_err());
            }
            for root in flips(later.root) {
                let bent = TreeHead { size: to, root };
                assert!(verify_consistency(&earlier, &bent, &path).is_err());
            }
        }
    }
}

proptest! {
    #[test]
    fn no_input_makes_a_verifier_fall(
        index: u64,
        from: u64,
        to: u64,
        path in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let path: Vec<_> = path.into_iter().map(Hash::from_bytes).collect();
        let head = |size| TreeHead { size, root: Hash::leaf(b"x") };
        prop_assert!(verify_inclusion(&Hash::leaf(b"y"), index, &head(to), &path).is_err());
        let result = verify_consistency(&head(from), &head(to), &path);
        prop_assert_eq!(result.is_ok(), from == to && path.is_empty() && from > 0);
    }
}

//! The same tree by another implementation: roots and proofs are equal byte for byte.

use crate::ledger::Frontier;
use crate::ledger::Hash;
use crate::ledger::prove::{NodeCache, Prover};
use crate::{entry, log};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

type Theirs = MemoryBackedTree<Sha256, Vec<u8>>;

fn joined(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

#[test]
fn every_pair_of_sizes_up_to_three_hundred() {
    const MAX: u64 = 300;
    let (tiles, _) = log(MAX);
    let cache = NodeCache::new(8);
    let prover = Prover::new(&tiles, &cache);
    let mut theirs = Theirs::new();
    let heads: Vec<_> = (0..=MAX).map(|size| prover.head(size).unwrap()).collect();
    for to in 1..=MAX {
        theirs.push(entry(to - 1));
        let head = heads[to as usize];
        assert_eq!(head.root.as_bytes()[..], theirs.root().as_bytes()[..], "{to}");
        for from in 0..=to {
            let proof = prover.consistency(from, to).unwrap();
            assert_eq!(proof.verify(&heads[from as usize], &head), Ok(()), "{from} {to}");
            if from > 0 {
                let other = theirs.prove_consistency((to - from) as usize);
                assert_eq!(joined(&proof.path), other.as_bytes(), "{from} {to}");
            }
        }
        for index in 0..to {
            let proof = prover.inclusion(index, to).unwrap();
            let leaf = Hash::leaf(&entry(index));
            assert_eq!(proof.verify(&leaf, &head), Ok(()), "{index} {to}");
            let other = theirs.prove_inclusion(index as usize);
            assert_eq!(joined(&proof.path), other.as_bytes(), "{index} {to}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_of_any_length(entries: Vec<Vec<u8>>) {
        let mut theirs = Theirs::new();
        let ours: Frontier = entries.iter().map(|entry| Hash::leaf(entry)).collect();
        entries.into_iter().for_each(|entry| theirs.push(entry));
        let (ours, theirs) = (ours.root(), theirs.root());
        prop_assert_eq!(&ours.as_bytes()[..], &theirs.as_bytes()[..]);
    }
}

#[test]
fn across_the_edges_of_tiles() {
    let sizes = [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000];
    let (tiles, _) = log(66_000);
    let cache = NodeCache::new(600);
    let prover = Prover::new(&tiles, &cache);
    let mut theirs = Theirs::new();
    for to in 1..=66_000 {
        theirs.push(entry(to - 1));
        if !sizes.contains(&to) {
            continue;
        }
        let head = prover.head(to).unwrap();
        assert_eq!(head.root.as_bytes()[..], theirs.root().as_bytes()[..], "{to}");
        for from in sizes.into_iter().filter(|from| *from <= to) {
            let proof = prover.consistency(from, to).unwrap();
            let other = theirs.prove_consistency((to - from) as usize);
            assert_eq!(joined(&proof.path), other.as_bytes(), "{from} {to}");
            let proof = prover.inclusion(from - 1, to).unwrap();
            let other = theirs.prove_inclusion(from as usize - 1);
            assert_eq!(joined(&proof.path), other.as_bytes(), "{from} {to}");
        }
    }
}

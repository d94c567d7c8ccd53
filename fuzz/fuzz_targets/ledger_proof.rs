//! Proofs of any kind between any places: the verifier never panics, and what it takes for sizes
//! and lengths is what RFC 9162 implies. Sizes, then roots, then the path.
#![no_main]

use ledger::proof::{
    ConsistencyProof, InclusionProof, ProofRefusal, verify_consistency, verify_inclusion,
};
use ledger::{Hash, TreeHead};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((from, rest)) = data.split_first_chunk() else { return };
    let Some((to, rest)) = rest.split_first_chunk() else { return };
    let (from, to) = (u64::from_be_bytes(*from), u64::from_be_bytes(*to));
    let mut hashes = Hash::split(rest);
    let (Some(first), Some(root)) = (hashes.next(), hashes.next()) else { return };
    let path: Vec<Hash> = hashes.collect();
    let (earlier, later) = (TreeHead { size: from, root: first }, TreeHead { size: to, root });

    let inclusion = verify_inclusion(&first, from, &later, &path);
    assert_eq!(inclusion == Err(ProofRefusal::Index), from >= to);
    if inclusion.is_ok() {
        assert!(path.len() <= 64);
    }
    let proof = InclusionProof { index: from, size: to, path: path.clone() };
    assert_eq!(proof.verify(&first, &later), inclusion);

    let consistency = verify_consistency(&earlier, &later, &path);
    assert_eq!(consistency == Err(ProofRefusal::Shrinks), from > to);
    if consistency.is_ok() {
        assert!(path.is_empty() == (from == 0 || from == to));
    }
    let proof = ConsistencyProof { from, to, path };
    assert_eq!(proof.verify(&earlier, &later), consistency);
});

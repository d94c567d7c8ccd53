//! Proofs of a real log, then one bit of them turned: made proofs hold, changed ones never do. The
//! bytes choose the size, the places and the bit.
#![no_main]

use ledger::grow::{MemoryTiles, TileGrower};
use ledger::prove::{NodeCache, Prover};
use ledger::{Hash, TreeHead};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

fuzz_target!(|data: &[u8]| {
    let Some(([a, b, c, d, e, f, bit], _)) = data.split_first_chunk() else { return };
    let pick = |a: &u8, b: &u8, below: u64| u64::from(u16::from_be_bytes([*a, *b])) % below;
    let to = pick(a, b, SIZE) + 1;
    let (from, index) = (pick(c, d, to) + 1, pick(e, f, to));
    let prover = Prover::new(&LOG.0, &LOG.1);
    let (earlier, later) = (head(&prover, from), head(&prover, to));
    let leaf = Hash::leaf(&index.to_be_bytes());

    let inclusion = prover.inclusion(index, to).expect("a leaf of the log");
    assert_eq!(inclusion.verify(&leaf, &later), Ok(()));
    let consistency = prover.consistency(from, to).expect("sizes of the log");
    assert_eq!(consistency.verify(&earlier, &later), Ok(()));

    let mut changed = inclusion.clone();
    if turn(&mut changed.path, index, *bit) {
        assert!(changed.verify(&leaf, &later).is_err());
    }
    let mut changed = consistency.clone();
    if turn(&mut changed.path, from, *bit) {
        assert!(changed.verify(&earlier, &later).is_err());
    }
    assert!(inclusion.verify(&flipped(leaf, *bit), &later).is_err());
    let other = TreeHead { root: flipped(earlier.root, *bit), ..earlier };
    assert!(consistency.verify(&other, &later).is_err());
});

fn head(prover: &Prover<'_, MemoryTiles>, size: u64) -> TreeHead {
    prover.head(size).expect("a size of the log")
}

/// Turns a bit in one hash of a path, if it has any.
fn turn(path: &mut [Hash], at: u64, bit: u8) -> bool {
    let at = at as usize % path.len().max(1);
    path.get_mut(at).is_some_and(|hash| {
        *hash = flipped(*hash, bit);
        true
    })
}

fn flipped(hash: Hash, bit: u8) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[usize::from(bit / 8)] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

static LOG: LazyLock<(MemoryTiles, NodeCache)> = LazyLock::new(|| {
    let mut tiles = MemoryTiles::new();
    tiles.absorb(TileGrower::new().append((0..SIZE).map(|leaf| Hash::leaf(&leaf.to_be_bytes()))));
    (tiles, NodeCache::new(64))
});

/// Two full tiles of the second level and a rest on both.
const SIZE: u64 = 700;

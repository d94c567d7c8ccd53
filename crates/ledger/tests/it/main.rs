//! The ledger against others: published vectors, an independent implementation, every small size,
//! every flipped bit, and a log's life among witnesses that one of them is lied to.

#[cfg(test)]
mod independent;
#[cfg(test)]
mod life;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod vectors;

use ledger::grow::{MemoryTiles, TileGrower};
use ledger::{Hash, TreeHead};

use sekisho_ledger as ledger;

/// Entries of eight bytes, different at every index.
fn entry(index: u64) -> Vec<u8> {
    index.to_be_bytes().to_vec()
}

/// A log of so many entries, all in one batch.
fn log(size: u64) -> (MemoryTiles, TreeHead) {
    let (mut tiles, mut grower) = (MemoryTiles::new(), TileGrower::new());
    let growth = grower.append((0..size).map(|index| Hash::leaf(&entry(index))));
    let head = growth.head;
    tiles.absorb(growth);
    (tiles, head)
}

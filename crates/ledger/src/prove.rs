//! Making proofs from tiles: which nodes RFC 6962 §2.1.1 and §2.1.2 ask for, and where they lie.
//!
//! Owns a cache of tiles with their inner nodes, because one cold tile costs 254 hashes and a
//! proof passes a tile on every level. A cache belongs to one log; its tiles never change.

use crate::grow::{ReadError, TileSource, read_tile};
use crate::proof::{ConsistencyProof, InclusionProof};
use crate::tile::{TILE_HEIGHT, TileId};
use crate::tree::{Hash, SIZE_MAX, TreeHead, fold_peaks};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes proofs for any size that the log has had.
#[derive(Debug)]
pub struct Prover<'a, S: ?Sized> {
    source: &'a S,
    cache: &'a NodeCache,
    /// The log's size as it is published, where that is known.
    within: u64,
}

/// Tiles lately used, with their inner nodes; about 16 kB each. May be shared between threads.
#[derive(Debug)]
pub struct NodeCache {
    quarter: usize,
    tiles: Mutex<Shelves>,
}

/// Leaf tiles are many and rarely met twice; they may not crowd out the tiles above them, which
/// every proof passes.
#[derive(Debug, Default)]
struct Shelves {
    leaf: Generations,
    upper: Generations,
}

/// Two halves: what is used moves to the young one; when that is full, the old one is dropped.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Place, Arc<TileNodes>>,
    old: HashMap<Place, Arc<TileNodes>>,
}

/// Level and index of a tile.
type Place = (u8, u64);

/// The complete nodes of a tile, row by row from its hashes upwards.
#[derive(Debug)]
struct TileNodes {
    rows: [Vec<Hash>; TILE_HEIGHT as usize],
}

impl<'a, S: TileSource + ?Sized> Prover<'a, S> {
    /// A prover over the tiles of one log.
    pub const fn new(source: &'a S, cache: &'a NodeCache) -> Self {
        Self { source, cache, within: 0 }
    }

    /// A prover that reads the tiles of the log as it is with `size` leaves, also for proofs about
    /// smaller sizes: the partial tiles of those need not be there any more (C2SP tlog-tiles,
    /// "Partial Tiles").
    #[must_use]
    pub const fn within(self, size: u64) -> Self {
        Self { within: size, ..self }
    }

    /// Proof that the leaf at `index` is in the log as it was with `size` leaves.
    ///
    /// # Errors
    /// [`ReadError`]; `Range` if the index is not below the size.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, ReadError<S::Error>> {
        if index >= size || size > SIZE_MAX {
            return Err(ReadError::Range);
        }
        let (mut low, mut high) = (0, size);
        let mut path = Vec::with_capacity(PATH_MAX);
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                path.push(self.subtree(middle, high, size)?);
                high = middle;
            } else {
                path.push(self.subtree(low, middle, size)?);
                low = middle;
            }
        }
        path.reverse();
        Ok(InclusionProof { index, size, path })
    }

    /// Proof that the log of `to` leaves begins with the log of `from` leaves.
    ///
    /// # Errors
    /// [`ReadError`]; `Range` if `from` is above `to`.
    pub fn consistency(&self, from: u64, to: u64) -> Result<ConsistencyProof, ReadError<S::Error>> {
        if from > to || to > SIZE_MAX {
            return Err(ReadError::Range);
        }
        let (mut low, mut high) = (0, to);
        let mut path = Vec::with_capacity(PATH_MAX);
        while from != 0 && from != high {
            let middle = low + split(high - low);
            if from <= middle {
                path.push(self.subtree(middle, high, to)?);
                high = middle;
            } else {
                path.push(self.subtree(low, middle, to)?);
                low = middle;
            }
        }
        if low != 0 {
            path.push(self.subtree(low, high, to)?);
        }
        path.reverse();
        Ok(ConsistencyProof { from, to, path })
    }

    /// The head that the log had with `size` leaves.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn head(&self, size: u64) -> Result<TreeHead, ReadError<S::Error>> {
        if size > SIZE_MAX {
            return Err(ReadError::Range);
        }
        Ok(TreeHead { size, root: self.subtree(0, size, size)? })
    }

    /// The same head, held against a signed one of this log.
    ///
    /// # Errors
    /// [`ReadError`]; `Range` if the size is above the signed one, `Root` if the tiles do not lead
    /// from one to the other.
    pub fn attested_head(
        &self,
        size: u64,
        signed: &TreeHead,
    ) -> Result<TreeHead, ReadError<S::Error>> {
        let head = self.head(size)?;
        let proof = self.consistency(size, signed.size)?;
        proof.verify(&head, signed).map_err(|_| ReadError::Root)?;
        Ok(head)
    }

    /// The leaf hash at an index.
    ///
    /// # Errors
    /// [`ReadError`]; `Range` if the index is not below the size.
    pub fn leaf(&self, index: u64, size: u64) -> Result<Hash, ReadError<S::Error>> {
        if index >= size || size > SIZE_MAX {
            return Err(ReadError::Range);
        }
        self.node(0, index, size)
    }

    /// Root over the leaves `low..high`, one of the subtrees of the tree of `size` leaves.
    fn subtree(&self, low: u64, high: u64, size: u64) -> Result<Hash, ReadError<S::Error>> {
        let mut peaks = Vec::new();
        let mut at = low;
        while at < high {
            let height = (high - at).ilog2();
            peaks.push(self.node(height, at >> height, size)?);
            at += 1 << height;
        }
        Ok(fold_peaks(peaks.into_iter()))
    }

    /// The complete node at a height, counted from the left.
    fn node(&self, height: u32, index: u64, size: u64) -> Result<Hash, ReadError<S::Error>> {
        let level = (height / TILE_HEIGHT) as u8;
        let row = height % TILE_HEIGHT;
        let per_tile = TILE_HEIGHT - row;
        let published = size.max(self.within);
        let id = TileId::of_tree(level, index >> per_tile, published).ok_or(ReadError::Range)?;
        let nodes = self.nodes(id)?;
        nodes.get(row, index & ((1 << per_tile) - 1)).ok_or(ReadError::Range)
    }

    fn nodes(&self, id: TileId) -> Result<Arc<TileNodes>, ReadError<S::Error>> {
        if let Some(nodes) = self.cache.get(id) {
            return Ok(nodes);
        }
        let nodes = Arc::new(TileNodes::new(&read_tile(self.source, id)?));
        self.cache.put(id, Arc::clone(&nodes));
        Ok(nodes)
    }
}

impl NodeCache {
    /// A cache of at most so many tiles, at least four.
    pub fn new(tiles_max: usize) -> Self {
        Self { quarter: (tiles_max / 4).max(1), tiles: Mutex::default() }
    }

    fn get(&self, id: TileId) -> Option<Arc<TileNodes>> {
        let mut shelves = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.of(id).get((id.level(), id.index()), usize::from(id.width()), self.quarter)
    }

    fn put(&self, id: TileId, nodes: Arc<TileNodes>) {
        let mut shelves = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.of(id).put((id.level(), id.index()), nodes, self.quarter);
    }
}

impl Shelves {
    const fn of(&mut self, id: TileId) -> &mut Generations {
        if id.level() == 0 { &mut self.leaf } else { &mut self.upper }
    }
}

impl Generations {
    fn get(&mut self, place: Place, width: usize, half: usize) -> Option<Arc<TileNodes>> {
        let wide_enough = |nodes: &&Arc<TileNodes>| nodes.width() >= width;
        if let Some(nodes) = self.young.get(&place) {
            return Some(nodes).filter(wide_enough).cloned();
        }
        let nodes = self.old.get(&place).filter(wide_enough).cloned()?;
        self.put(place, Arc::clone(&nodes), half);
        Some(nodes)
    }

    fn put(&mut self, place: Place, nodes: Arc<TileNodes>, half: usize) {
        if self.young.len() >= half && !self.young.contains_key(&place) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(place, nodes);
    }
}

impl TileNodes {
    fn new(tile: &[u8]) -> Self {
        let mut rows: [Vec<Hash>; TILE_HEIGHT as usize] = Default::default();
        let mut row: Vec<Hash> = Hash::split(tile).collect();
        for slot in &mut rows {
            let pairs = row.as_chunks().0;
            let above = pairs.iter().map(|[left, right]| Hash::node(left, right)).collect();
            *slot = std::mem::replace(&mut row, above);
        }
        Self { rows }
    }

    const fn width(&self) -> usize {
        self.rows[0].len()
    }

    fn get(&self, row: u32, index: u64) -> Option<Hash> {
        self.rows.get(row as usize)?.get(usize::try_from(index).ok()?).copied()
    }
}

/// Largest power of two below `size`: where RFC 6962 splits a tree of at least two leaves.
const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Longest proof.
const PATH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grow::{MemoryTiles, TileGrower};
    use crate::tile::LogPath;
    use std::cell::Cell;

    struct Counting<'a>(&'a MemoryTiles, Cell<u32>);

    impl TileSource for Counting<'_> {
        type Error = std::convert::Infallible;
        fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Self::Error> {
            self.1.set(self.1.get() + 1);
            self.0.tile(id)
        }
    }

    fn log(size: u64) -> (MemoryTiles, TreeHead) {
        let (mut tiles, mut grower) = (MemoryTiles::new(), TileGrower::new());
        let growth = grower.append((0..size).map(|leaf| Hash::leaf(&leaf.to_be_bytes())));
        let head = growth.head;
        tiles.absorb(growth);
        (tiles, head)
    }

    #[test]
    fn proofs_over_three_levels_hold_at_every_size() {
        let (tiles, head) = log(66_100);
        let cache = NodeCache::new(8);
        let prover = Prover::new(&tiles, &cache);
        assert_eq!(prover.head(66_100), Ok(head));
        for from in [1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 66_000, 66_100] {
            let earlier = prover.head(from).unwrap();
            let proof = prover.consistency(from, 66_100).unwrap();
            assert_eq!(proof.verify(&earlier, &head), Ok(()), "{from}");
            for index in [0, from / 2, from - 1] {
                let proof = prover.inclusion(index, from).unwrap();
                let leaf = Hash::leaf(&index.to_be_bytes());
                assert_eq!(prover.leaf(index, from), Ok(leaf));
                assert_eq!(proof.verify(&leaf, &earlier), Ok(()), "{index} in {from}");
            }
        }
    }

    /// Only the tiles of the size that is published are there, as in a publication made again.
    struct Published<'a>(&'a MemoryTiles, u64);

    impl TileSource for Published<'_> {
        type Error = std::convert::Infallible;
        fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Self::Error> {
            let is_there = TileId::of_tree(id.level(), id.index(), self.1) == Some(id);
            if is_there { self.0.tile(id) } else { Ok(None) }
        }
    }

    #[test]
    fn older_sizes_are_proved_from_the_newest_tiles() {
        let (tiles, head) = log(66_100);
        let published = Published(&tiles, 66_100);
        for size in [1, 200, 256, 300, 65_535, 65_800, 66_060, 66_100] {
            let (all, cache) = (NodeCache::new(8), NodeCache::new(8));
            let earlier = Prover::new(&tiles, &all).head(size).unwrap();
            let prover = Prover::new(&published, &cache).within(66_100);
            assert_eq!(prover.head(size), Ok(earlier));
            let proof = prover.inclusion(size / 2, size).unwrap();
            let leaf = Hash::leaf(&(size / 2).to_be_bytes());
            assert_eq!(proof.verify(&leaf, &earlier), Ok(()), "{size}");
            let proof = prover.consistency(size, 66_100).unwrap();
            assert_eq!(proof.verify(&earlier, &head), Ok(()), "{size}");
        }
        let cache = NodeCache::new(8);
        let unaware = Prover::new(&published, &cache).head(66_060);
        assert!(matches!(unaware, Err(ReadError::Absent(_))), "{unaware:?}");
    }

    #[test]
    fn a_head_is_held_against_the_signed_one() {
        let (tiles, signed) = log(700);
        let (other, _) = log(701);
        for size in [0, 1, 255, 256, 512, 699, 700] {
            let cache = NodeCache::new(8);
            let prover = Prover::new(&tiles, &cache);
            assert_eq!(prover.attested_head(size, &signed), prover.head(size), "{size}");
            let forged = TreeHead { root: Hash::leaf(b"another"), ..signed };
            let refused = prover.attested_head(size, &forged);
            // Every log begins with the empty one.
            assert_eq!(refused.is_err(), size > 0, "{size}");
            let cache = NodeCache::new(8);
            let prover = Prover::new(&other, &cache);
            assert!(prover.attested_head(701, &signed).is_err());
        }
    }

    #[test]
    fn the_cache_spares_reading_and_stays_small() {
        let (tiles, _) = log(70_000);
        let source = Counting(&tiles, Cell::new(0));
        let cache = NodeCache::new(12);
        let prover = Prover::new(&source, &cache);
        prover.inclusion(5, 70_000).unwrap();
        let cold = source.1.get();
        prover.inclusion(6, 70_000).unwrap();
        assert_eq!(source.1.get(), cold);
        let before = source.1.get();
        for index in (0..70_000).step_by(256) {
            prover.inclusion(index, 70_000).unwrap();
        }
        assert!(source.1.get() - before <= 274, "only leaf tiles are read, each once");
        let shelves = cache.tiles.lock().unwrap();
        let held = |shelf: &Generations| shelf.young.len() + shelf.old.len();
        assert!(held(&shelves.leaf) <= 6 && held(&shelves.upper) <= 6);
    }

    #[test]
    fn a_cached_narrow_tile_does_not_answer_for_a_wider_one() {
        let (tiles, head) = log(100);
        let cache = NodeCache::new(4);
        let prover = Prover::new(&tiles, &cache);
        prover.head(10).unwrap();
        assert_eq!(prover.head(100), Ok(head));
        prover.head(10).unwrap();
        assert_eq!(prover.head(100), Ok(head));
    }

    #[test]
    fn what_is_not_in_the_log_is_refused() {
        let (tiles, _) = log(300);
        let cache = NodeCache::new(4);
        let prover = Prover::new(&tiles, &cache);
        assert_eq!(prover.inclusion(300, 300), Err(ReadError::Range));
        assert_eq!(prover.inclusion(0, 0), Err(ReadError::Range));
        assert_eq!(prover.inclusion(0, u64::MAX), Err(ReadError::Range));
        assert_eq!(prover.leaf(9, 9), Err(ReadError::Range));
        assert_eq!(prover.consistency(2, 1), Err(ReadError::Range));
        let beyond = LogPath::Tile(TileId::new(0, 1, 45).unwrap());
        assert_eq!(prover.inclusion(0, 301), Err(ReadError::Absent(beyond)));
        assert_eq!(prover.head(0), Ok(TreeHead::EMPTY));
        assert_eq!(prover.consistency(0, 300).map(|proof| proof.path), Ok(vec![]));
    }
}

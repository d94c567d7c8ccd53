//! Growing a tiled log: leaf hashes in, the tiles to write and the new head out.
//!
//! Owns the right edge of the tree, at most 255 hashes per level. Assumes that a log's tiles come
//! from somewhere behind [`TileSource`], which answers exactly the width that was asked for.

use crate::tile::{LEVELS, LogPath, TILE_HEIGHT, TILE_WIDTH, TileId, hashes_at};
use crate::tree::{Frontier, HASH_BYTES, Hash, SIZE_MAX, TreeHead, root_of};
use std::{collections::HashMap, fmt, mem};

/// Where the tiles of one log are read from: a table, a directory, a server.
pub trait TileSource {
    /// What can go wrong with the place itself.
    type Error;

    /// The tile in exactly the width named, `id.bytes()` long, or none if it is not there. Who
    /// keeps wider tiles answers with [`TileId::cut`]; who keeps only full ones answers none for
    /// a partial tile, and is then asked for the full one.
    ///
    /// # Errors
    /// Whatever keeps the place from answering.
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Why the tiles of a log could not be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadError<E> {
    /// The place itself failed; trying again may help.
    Source(LogPath, E),
    /// Not there, in the width asked for or in full.
    Absent(LogPath),
    /// There, but not of the length or form that its name promises.
    Malformed(LogPath),
    /// The tiles do not add up to the root that they should have.
    Root,
    /// A size or an index outside the log.
    Range,
}

/// The right edge of a log, ready to take more leaves.
#[derive(Clone, Debug, Default)]
pub struct TileGrower {
    frontier: Frontier,
    edges: [Edge; LEVELS as usize],
}

/// What a batch of leaves adds to a log. The tiles are to be stored before the head is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Growth {
    /// Tiles to write: the full ones as they closed, then the partial ones from level 0 upwards.
    pub tiles: Vec<(TileId, Vec<u8>)>,
    /// The head of the grown log.
    pub head: TreeHead,
}

/// Tiles in memory, the widest of each place; for tests, benchmarks and small logs.
#[derive(Clone, Debug, Default)]
pub struct MemoryTiles {
    tiles: HashMap<(u8, u64), Vec<u8>>,
}

/// The rightmost tile of one level while it is not full.
#[derive(Clone, Debug, Default)]
struct Edge {
    index: u64,
    bytes: Vec<u8>,
}

impl TileGrower {
    /// The edge of a log without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a stored log, reading at most eight tiles. Continues only from tiles that add up
    /// to the root of the head.
    ///
    /// # Errors
    /// [`ReadError`]; `Root` means that the tiles and the head are of different logs.
    pub fn resume<S>(source: &S, head: &TreeHead) -> Result<Self, ReadError<S::Error>>
    where
        S: TileSource + ?Sized,
    {
        if head.size > SIZE_MAX {
            return Err(ReadError::Range);
        }
        let mut edges: [Edge; LEVELS as usize] = Default::default();
        for (level, edge) in (0..).zip(&mut edges) {
            edge.index = hashes_at(level, head.size) / u64::from(TILE_WIDTH);
            if let Some(id) = TileId::of_tree(level, edge.index, head.size) {
                edge.bytes = read_tile(source, id)?;
            }
        }
        let peaks = edges.iter().rev().flat_map(Edge::peaks).collect();
        let frontier = Frontier::from_peaks(head.size, peaks).map_err(|_| ReadError::Root)?;
        if frontier.root() != head.root {
            return Err(ReadError::Root);
        }
        Ok(Self { frontier, edges })
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// Adds leaves by their hashes. One node hash per leaf, memory in proportion to the batch.
    pub fn append(&mut self, leaves: impl IntoIterator<Item = Hash>) -> Growth {
        let before = self.size();
        let mut tiles = Vec::new();
        for leaf in leaves {
            self.push(leaf, &mut |id, bytes| tiles.push((id, bytes)));
        }
        let changed = |id: &TileId| hashes_at(id.level(), before) != self.hashes(id.level());
        let partial = self.partial_tiles().filter(|(id, _)| changed(id));
        tiles.extend(partial.map(|(id, bytes)| (id, bytes.to_vec())));
        Growth { tiles, head: self.head() }
    }

    /// The partial tiles at the edge, from level 0 upwards.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (TileId, &[u8])> {
        (0..).zip(&self.edges).filter_map(|(level, edge)| {
            TileId::of_tree(level, edge.index, self.size()).map(|id| (id, &edge.bytes[..]))
        })
    }

    /// Adds one leaf; every tile that it closes goes to `full`.
    pub(crate) fn push(&mut self, leaf: Hash, full: &mut impl FnMut(TileId, Vec<u8>)) {
        let edges = &mut self.edges;
        let mut complete = |height: u32, hash: &Hash| {
            let level = (height / TILE_HEIGHT) as u8;
            let Some(edge) = edges.get_mut(usize::from(level)) else { return };
            if let Some((index, bytes)) = edge.push(hash)
                && let Ok(id) = TileId::new(level, index, TILE_WIDTH)
            {
                full(id, bytes);
            }
        };
        complete(0, &leaf);
        self.frontier.append_watching(leaf, |height, hash| {
            if height.is_multiple_of(TILE_HEIGHT) {
                complete(height, hash);
            }
        });
    }

    fn hashes(&self, level: u8) -> u64 {
        hashes_at(level, self.size())
    }
}

impl Edge {
    /// Adds a hash; a tile that is thereby full is handed out and the next one begun.
    fn push(&mut self, hash: &Hash) -> Option<(u64, Vec<u8>)> {
        self.bytes.extend_from_slice(hash.as_bytes());
        if self.bytes.len() < usize::from(TILE_WIDTH) * HASH_BYTES {
            return None;
        }
        self.index += 1;
        Some((self.index - 1, mem::take(&mut self.bytes)))
    }

    /// Roots of the complete subtrees within the tile, largest first.
    fn peaks(&self) -> Vec<Hash> {
        let mut rest: &[Hash] = &Hash::split(&self.bytes).collect::<Vec<_>>();
        let mut peaks = Vec::new();
        while let Some(bits) = rest.len().checked_ilog2() {
            let (subtree, right) = rest.split_at(1 << bits);
            peaks.push(root_of(subtree));
            rest = right;
        }
        peaks
    }
}

impl MemoryTiles {
    /// No tiles.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores what a batch added; wider tiles replace narrower ones.
    pub fn absorb(&mut self, growth: Growth) {
        for (id, bytes) in growth.tiles {
            self.tiles.insert((id.level(), id.index()), bytes);
        }
    }

    /// Number of places.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }

    /// The bytes at a place, to be changed by tests of tampering.
    pub fn get_mut(&mut self, level: u8, index: u64) -> Option<&mut Vec<u8>> {
        self.tiles.get_mut(&(level, index))
    }
}

impl TileSource for MemoryTiles {
    type Error = std::convert::Infallible;

    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Self::Error> {
        let wider = self.tiles.get(&(id.level(), id.index()));
        Ok(wider.and_then(|bytes| id.cut(bytes)).map(<[u8]>::to_vec))
    }
}

impl<S: TileSource + ?Sized> TileSource for &S {
    type Error = S::Error;

    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Self::Error> {
        (**self).tile(id)
    }
}

impl<E> ReadError<E> {
    /// The stable label.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Source(..) => "log_source",
            Self::Absent(_) => "log_resource_absent",
            Self::Malformed(_) => "log_resource_malformed",
            Self::Root => "log_root_differs",
            Self::Range => "log_range",
        }
    }
}

impl<E> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())?;
        match self {
            Self::Source(path, _) | Self::Absent(path) | Self::Malformed(path) => {
                write!(f, ": {path}")
            }
            Self::Root | Self::Range => Ok(()),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Source(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Reads a tile in the width named; a partial tile that is gone is cut from the full one, as C2SP
/// tlog-tiles allows.
///
/// # Errors
/// [`ReadError`] naming the tile.
pub fn read_tile<S>(source: &S, id: TileId) -> Result<Vec<u8>, ReadError<S::Error>>
where
    S: TileSource + ?Sized,
{
    let ask = |asked| source.tile(asked).map_err(|e| ReadError::Source(LogPath::Tile(asked), e));
    let (asked, answer) = match ask(id)? {
        None if !id.is_full() => (id.to_full(), ask(id.to_full())?),
        answer => (id, answer),
    };
    let mut bytes = answer.ok_or(ReadError::Absent(LogPath::Tile(id)))?;
    if bytes.len() != asked.bytes() {
        return Err(ReadError::Malformed(LogPath::Tile(asked)));
    }
    bytes.truncate(id.bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::changed_tiles;

    fn leaves(range: std::ops::Range<u64>) -> impl Iterator<Item = Hash> {
        range.map(|leaf| Hash::leaf(&leaf.to_be_bytes()))
    }

    #[test]
    fn batches_of_any_size_end_in_the_same_tiles() {
        let mut whole = MemoryTiles::new();
        let mut once = TileGrower::new();
        whole.absorb(once.append(leaves(0..66_000)));
        let (mut parts, mut grower, mut at) = (MemoryTiles::new(), TileGrower::new(), 0);
        for step in [0, 1, 254, 1, 1, 256, 300, 64_000, 723, 1, 463] {
            let growth = grower.append(leaves(at..at + step));
            let mut written: Vec<_> = growth.tiles.iter().map(|(id, _)| *id).collect();
            written.sort_unstable();
            assert_eq!(written, changed_tiles(at, at + step).collect::<Vec<_>>());
            assert!(growth.tiles.iter().all(|(id, bytes)| bytes.len() == id.bytes()));
            parts.absorb(growth);
            at += step;
        }
        assert_eq!(grower.head(), once.head());
        assert_eq!(parts.tiles, whole.tiles);
    }

    #[test]
    fn a_stored_log_continues_where_it_ended() {
        let (mut tiles, mut grower) = (MemoryTiles::new(), TileGrower::new());
        for size in [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000] {
            tiles.absorb(grower.append(leaves(grower.size()..size)));
            let mut resumed = TileGrower::resume(&tiles, &grower.head()).unwrap();
            assert_eq!(resumed.append(leaves(size..size + 300)), {
                grower.clone().append(leaves(size..size + 300))
            });
        }
        let old = TreeHead { size: 256, root: root_of(&leaves(0..256).collect::<Vec<_>>()) };
        assert_eq!(TileGrower::resume(&tiles, &old).unwrap().head(), old);
    }

    #[test]
    fn tiles_of_another_history_are_not_continued() {
        let (mut tiles, mut grower) = (MemoryTiles::new(), TileGrower::new());
        tiles.absorb(grower.append(leaves(0..600)));
        let head = grower.head();
        let resume = |tiles: &MemoryTiles, head| TileGrower::resume(tiles, &head).err();
        let mut bent = tiles.clone();
        bent.get_mut(0, 2).unwrap()[7] ^= 1;
        assert_eq!(resume(&bent, head), Some(ReadError::Root));
        let other = TreeHead { size: 599, ..head };
        assert_eq!(resume(&tiles, other), Some(ReadError::Root));
        let beyond = TreeHead { size: 601, ..head };
        let missing = LogPath::Tile(TileId::new(0, 2, 89).unwrap());
        assert_eq!(resume(&tiles, beyond), Some(ReadError::Absent(missing)));
        let endless = TreeHead { size: u64::MAX, ..head };
        assert_eq!(resume(&tiles, endless), Some(ReadError::Range));
    }

    #[test]
    fn a_partial_tile_that_is_gone_is_cut_from_the_full_one() {
        struct OnlyFull(Vec<u8>);
        impl TileSource for OnlyFull {
            type Error = ();
            fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, ()> {
                Ok(id.is_full().then(|| self.0.clone()))
            }
        }
        let bytes: Vec<u8> = (0..8192_u32).map(|i| i as u8).collect();
        let id = TileId::new(0, 0, 3).unwrap();
        assert_eq!(read_tile(&OnlyFull(bytes.clone()), id), Ok(bytes[..96].to_vec()));
        let short = OnlyFull(bytes[..8191].to_vec());
        let malformed = ReadError::Malformed(LogPath::Tile(id.to_full()));
        assert_eq!(read_tile(&short, id), Err(malformed));
    }
}

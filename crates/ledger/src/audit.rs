//! The audit of a whole log from outside: every hash computed anew from the entries upwards and
//! held against the tiles and the checkpoint.
//!
//! Owns the walk, one bundle at a time in constant memory, and the name of the first resource
//! that does not fit. Assumes nothing of the source's honesty.

use crate::bundle::{cut, entries};
use crate::grow::{ReadError, TileGrower, TileSource, read_tile};
use crate::tile::{BundleId, LogPath, TileId, changed_bundles};
use crate::tree::{Hash, SIZE_MAX, TreeHead};
use std::fmt;

/// Where the entry bundles of one log are read from.
pub trait BundleSource: TileSource {
    /// The bundle with exactly the number of entries named, or none if it is not there. Who keeps
    /// only full ones answers none for a partial bundle, and is then asked for the full one.
    ///
    /// # Errors
    /// Whatever keeps the place from answering.
    fn bundle(&self, id: BundleId) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// What was checked when nothing was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditReport {
    /// Entries read and hashed.
    pub entries: u64,
    /// Bytes of those entries.
    pub bytes: u64,
    /// Tiles compared.
    pub tiles: u64,
    /// The head that was found, equal to the one asked for.
    pub head: TreeHead,
}

/// The first thing that does not fit, or what kept the audit from looking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditError<E> {
    /// A resource could not be read: its place failed, it is absent, or it is of a wrong length.
    Read(ReadError<E>),
    /// A tile differs from what the entries beneath it hash to.
    Tile {
        /// The tile.
        id: TileId,
        /// Index of the first leaf beneath the first differing hash.
        first_leaf: u64,
    },
    /// Entries and tiles agree with each other, but not with the checkpoint.
    Checkpoint {
        /// What they add up to.
        found: TreeHead,
    },
}

/// Reads a whole log with the head of its checkpoint and recomputes it. `seen` gets every entry
/// with its index, before the tiles above it are compared.
///
/// # Errors
/// [`AuditError`] for the first divergence, from the oldest entries to the newest.
pub fn audit<S>(
    source: &S,
    head: &TreeHead,
    mut seen: impl FnMut(u64, &[u8]),
) -> Result<AuditReport, AuditError<S::Error>>
where
    S: BundleSource + ?Sized,
{
    if head.size > SIZE_MAX {
        return Err(AuditError::Read(ReadError::Range));
    }
    let mut walk = Walk { source, grower: TileGrower::new(), bytes: 0, tiles: 0 };
    for id in changed_bundles(0, head.size) {
        walk.bundle(id, &mut seen)?;
    }
    walk.edge()?;
    let report = walk.report();
    if report.head == *head {
        Ok(report)
    } else {
        Err(AuditError::Checkpoint { found: report.head })
    }
}

struct Walk<'a, S: ?Sized> {
    source: &'a S,
    grower: TileGrower,
    bytes: u64,
    tiles: u64,
}

impl<S: BundleSource + ?Sized> Walk<'_, S> {
    fn bundle(
        &mut self,
        id: BundleId,
        seen: &mut impl FnMut(u64, &[u8]),
    ) -> Result<(), AuditError<S::Error>> {
        let bundle = read_bundle(self.source, id).map_err(AuditError::Read)?;
        let mut full = Vec::new();
        for entry in entries(&bundle) {
            let malformed = |_| AuditError::Read(ReadError::Malformed(LogPath::Bundle(id)));
            let entry = entry.map_err(malformed)?;
            seen(self.grower.size(), entry);
            self.bytes += entry.len() as u64;
            self.grower.push(Hash::leaf(entry), &mut |id, bytes| full.push((id, bytes)));
        }
        for (id, expected) in full {
            self.compare(id, &expected)?;
        }
        Ok(())
    }

    /// Compares the partial tiles at the right edge.
    fn edge(&mut self) -> Result<(), AuditError<S::Error>> {
        let partial: Vec<_> =
            self.grower.partial_tiles().map(|(id, bytes)| (id, bytes.to_vec())).collect();
        partial.iter().try_for_each(|(id, expected)| self.compare(*id, expected))
    }

    fn compare(&mut self, id: TileId, expected: &[u8]) -> Result<(), AuditError<S::Error>> {
        let found = read_tile(self.source, id).map_err(AuditError::Read)?;
        self.tiles += 1;
        match Hash::split(&found).zip(Hash::split(expected)).position(|(is, should)| is != should) {
            None => Ok(()),
            Some(at) => Err(AuditError::Tile { id, first_leaf: first_leaf(id, at) }),
        }
    }

    fn report(&self) -> AuditReport {
        let head = self.grower.head();
        AuditReport { entries: head.size, bytes: self.bytes, tiles: self.tiles, head }
    }
}

impl<E> AuditError<E> {
    /// The stable label.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Read(error) => error.label(),
            Self::Tile { .. } => "audit_tile_differs",
            Self::Checkpoint { .. } => "audit_checkpoint_differs",
        }
    }

    /// The resource that does not fit, relative to the log's prefix.
    pub const fn path(&self) -> Option<LogPath> {
        match self {
            Self::Read(
                ReadError::Source(path, _) | ReadError::Absent(path) | ReadError::Malformed(path),
            ) => Some(*path),
            Self::Read(_) => None,
            Self::Tile { id, .. } => Some(LogPath::Tile(*id)),
            Self::Checkpoint { .. } => Some(LogPath::Checkpoint),
        }
    }
}

impl<E> fmt::Display for AuditError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Tile { id, first_leaf } => {
                write!(f, "{}: {id}, first at leaf {first_leaf}", self.label())
            }
            Self::Checkpoint { found } => {
                write!(f, "{}: {} leaves, root {}", self.label(), found.size, found.root)
            }
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for AuditError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Tile { .. } | Self::Checkpoint { .. } => None,
        }
    }
}

/// Reads a bundle with the number of entries named; a partial one that is gone is cut from the
/// full one, as C2SP tlog-tiles allows.
///
/// # Errors
/// [`ReadError`] naming the bundle.
pub fn read_bundle<S>(source: &S, id: BundleId) -> Result<Vec<u8>, ReadError<S::Error>>
where
    S: BundleSource + ?Sized,
{
    let ask =
        |asked| source.bundle(asked).map_err(|e| ReadError::Source(LogPath::Bundle(asked), e));
    let (asked, answer) = match ask(id)? {
        None if !id.is_full() => (id.to_full(), ask(id.to_full())?),
        answer => (id, answer),
    };
    let mut bytes = answer.ok_or(ReadError::Absent(LogPath::Bundle(id)))?;
    let exact = |width| cut(&bytes, width).map(<[u8]>::len);
    if exact(asked.width()) != Some(bytes.len()) {
        return Err(ReadError::Malformed(LogPath::Bundle(asked)));
    }
    let length = exact(id.width()).unwrap_or_default();
    bytes.truncate(length);
    Ok(bytes)
}

const fn first_leaf(id: TileId, at: usize) -> u64 {
    let hash = id.index() * crate::tile::TILE_WIDTH as u64 + at as u64;
    hash << (id.level() as u32 * crate::tile::TILE_HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::encode;
    use crate::grow::MemoryTiles;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    #[derive(Clone, Default)]
    struct Log {
        tiles: MemoryTiles,
        bundles: BTreeMap<u64, Vec<u8>>,
    }

    impl TileSource for Log {
        type Error = Infallible;
        fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Infallible> {
            self.tiles.tile(id)
        }
    }

    impl BundleSource for Log {
        fn bundle(&self, id: BundleId) -> Result<Option<Vec<u8>>, Infallible> {
            Ok(self.bundles.get(&id.index()).cloned())
        }
    }

    fn entry(index: u64) -> Vec<u8> {
        format!("entry {index}").into_bytes()
    }

    fn log(size: u64) -> (Log, TreeHead) {
        let (mut log, mut grower) = (Log::default(), TileGrower::new());
        let growth = grower.append((0..size).map(|index| Hash::leaf(&entry(index))));
        let head = growth.head;
        log.tiles.absorb(growth);
        for id in changed_bundles(0, size) {
            let range = id.first_leaf()..id.first_leaf() + u64::from(id.width());
            log.bundles.insert(id.index(), encode(range.map(entry)).unwrap());
        }
        (log, head)
    }

    #[test]
    fn a_sound_log_is_read_whole_and_in_order() {
        for size in [0, 1, 255, 256, 257, 66_000] {
            let (log, head) = log(size);
            let mut next = 0;
            let report = audit(&log, &head, |index, bytes| {
                assert_eq!((index, bytes), (next, &entry(next)[..]));
                next += 1;
            })
            .unwrap();
            let bytes = (0..size).map(|index| entry(index).len() as u64).sum();
            let tiles = crate::tile::changed_tiles(0, size).count() as u64;
            assert_eq!(report, AuditReport { entries: size, bytes, tiles, head });
            assert_eq!(next, size);
        }
    }

    #[test]
    fn the_first_divergence_is_named() {
        let (sound, head) = log(66_000);
        let found = |change: &dyn Fn(&mut Log)| {
            let mut log = sound.clone();
            change(&mut log);
            audit(&log, &head, |_, _| {}).unwrap_err()
        };
        let bent_entry = found(&|log| log.bundles.get_mut(&3).unwrap()[5] ^= 1);
        let id = TileId::new(0, 3, 256).unwrap();
        assert_eq!(bent_entry, AuditError::Tile { id, first_leaf: 768 });
        let bent_tile = found(&|log| log.tiles.get_mut(1, 0).unwrap()[32 * 7 + 1] ^= 1);
        let id = TileId::new(1, 0, 256).unwrap();
        assert_eq!(bent_tile, AuditError::Tile { id, first_leaf: 7 * 256 });
        let bent_edge = found(&|log| log.tiles.get_mut(2, 0).unwrap()[0] ^= 1);
        assert_eq!(bent_edge.path().unwrap().to_string(), "tile/2/000.p/1");
        let dropped = found(&|log| drop(log.bundles.remove(&9)));
        assert_eq!(dropped.to_string(), "log_resource_absent: tile/entries/009");
        let short = found(&|log| log.bundles.get_mut(&9).unwrap().truncate(9));
        assert_eq!(short.to_string(), "log_resource_malformed: tile/entries/009");
        let narrow = found(&|log| log.tiles.get_mut(0, 5).unwrap().truncate(8160));
        assert_eq!(narrow.to_string(), "log_resource_absent: tile/0/005");
    }

    #[test]
    fn a_wholly_rewritten_log_fails_at_the_checkpoint() {
        let (sound, head) = log(300);
        let forged = TreeHead { root: Hash::EMPTY, ..head };
        let error = audit(&sound, &forged, |_, _| {}).unwrap_err();
        assert_eq!(error, AuditError::Checkpoint { found: head });
        assert_eq!(error.path(), Some(LogPath::Checkpoint));
        let endless = TreeHead { size: u64::MAX, ..head };
        let error = audit(&sound, &endless, |_, _| {}).unwrap_err();
        assert_eq!(error, AuditError::Read(ReadError::Range));
    }

    #[test]
    fn hidden_entries_behind_a_bundle_are_refused() {
        let (mut log, head) = log(300);
        let bundle = log.bundles.get_mut(&1).unwrap();
        crate::bundle::push_entry(bundle, b"one more").unwrap();
        let error = audit(&log, &head, |_, _| {}).unwrap_err();
        assert_eq!(error.to_string(), "log_resource_malformed: tile/entries/001.p/44");
    }
}

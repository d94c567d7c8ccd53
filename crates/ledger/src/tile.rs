//! Names of the resources of a tiled log (C2SP tlog-tiles): `checkpoint`, `tile/<L>/<N>[.p/<W>]`
//! and `tile/entries/<N>[.p/<W>]`, and which of them a growing log writes anew.
//!
//! Owns paths and widths. A name says nothing about whether the resource exists.

use crate::tree::{HASH_BYTES, SIZE_MAX};
use std::{fmt, str::FromStr};

/// One tile of hashes: 256 neighbours of one level, or fewer at the right edge of the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

/// One bundle of entries: 256 neighbouring leaves in full, or fewer at the end of the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BundleId {
    index: u64,
    width: u16,
}

/// Everything a tiled log serves, relative to its prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LogPath {
    /// The signed checkpoint; the only resource that changes.
    Checkpoint,
    /// A tile of hashes.
    Tile(TileId),
    /// A bundle of entries.
    Bundle(BundleId),
}

/// Why a text or three numbers name no resource of a log, or bytes are not what a name promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TileRefusal {
    /// Not one of the three kinds of path, or not in its one canonical spelling.
    Path,
    /// A level above 63, or not a plain decimal.
    Level,
    /// An index that no log of fewer than 2⁶³ leaves reaches, or not in groups of three digits.
    Index,
    /// A width outside 1–255 (1–256 where full tiles may be named), or not a plain decimal.
    Width,
    /// An entry longer than 65,535 bytes.
    EntryLength,
    /// A bundle that ends within an entry.
    BundleForm,
}

impl TileId {
    /// Names a tile.
    ///
    /// # Errors
    /// [`TileRefusal`] for a level above 63, a width outside 1–256 or an unreachable index.
    pub const fn new(level: u8, index: u64, width: u16) -> Result<Self, TileRefusal> {
        if level > LEVEL_MAX {
            return Err(TileRefusal::Level);
        }
        match BundleId::new(index, width) {
            Ok(_) => Ok(Self { level, index, width }),
            Err(refusal) => Err(refusal),
        }
    }

    /// The tile at this place, as wide as a tree of `size` leaves has it; none if it is empty.
    pub const fn of_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        match width_at(hashes_at(level, size), index) {
            0 => None,
            width => Some(Self { level, index, width }),
        }
    }

    /// Level; at level 0 the hashes are leaf hashes.
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Position within the level.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Number of hashes, 1–256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether all 256 hashes are there; such a tile never changes.
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same place with all 256 hashes.
    #[must_use]
    pub const fn to_full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// Exact length of the tile in bytes.
    pub const fn bytes(&self) -> usize {
        self.width as usize * HASH_BYTES
    }

    /// This tile out of a wider one at the same place; none if that one is narrower.
    pub fn cut<'a>(&self, wider: &'a [u8]) -> Option<&'a [u8]> {
        wider.get(..self.bytes())
    }

    /// The path, `tile/<L>/<N>[.p/<W>]`.
    pub fn path(&self) -> String {
        self.to_string()
    }
}

impl BundleId {
    /// Names a bundle.
    ///
    /// # Errors
    /// [`TileRefusal`] for a width outside 1–256 or an unreachable index.
    pub const fn new(index: u64, width: u16) -> Result<Self, TileRefusal> {
        if index > SIZE_MAX / TILE_WIDTH as u64 {
            return Err(TileRefusal::Index);
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(TileRefusal::Width);
        }
        Ok(Self { index, width })
    }

    /// The bundle at this place, as long as a log of `size` leaves has it; none if it is empty.
    pub const fn of_tree(index: u64, size: u64) -> Option<Self> {
        match width_at(size, index) {
            0 => None,
            width => Some(Self { index, width }),
        }
    }

    /// Position among the bundles.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Number of entries, 1–256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether all 256 entries are there.
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same place with all 256 entries.
    #[must_use]
    pub const fn to_full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// Leaf index of the first entry.
    pub const fn first_leaf(&self) -> u64 {
        self.index * TILE_WIDTH as u64
    }

    /// The path, `tile/entries/<N>[.p/<W>]`.
    pub fn path(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for LogPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Tile(id) => id.fmt(f),
            Self::Bundle(id) => id.fmt(f),
        }
    }
}

impl FromStr for LogPath {
    type Err = TileRefusal;

    fn from_str(text: &str) -> Result<Self, TileRefusal> {
        if text == "checkpoint" {
            return Ok(Self::Checkpoint);
        }
        let rest = text.strip_prefix("tile/").ok_or(TileRefusal::Path)?;
        let (kind, place) = rest.split_once('/').ok_or(TileRefusal::Path)?;
        let (index, width) = read_place(place)?;
        if kind == "entries" {
            return BundleId::new(index, width).map(Self::Bundle);
        }
        let level = read_decimal(kind, 2).ok_or(TileRefusal::Level)?;
        let level = u8::try_from(level).map_err(|_| TileRefusal::Level)?;
        TileId::new(level, index, width).map(Self::Tile)
    }
}

impl FromStr for TileId {
    type Err = TileRefusal;

    fn from_str(text: &str) -> Result<Self, TileRefusal> {
        match text.parse()? {
            LogPath::Tile(id) => Ok(id),
            _ => Err(TileRefusal::Path),
        }
    }
}

impl FromStr for BundleId {
    type Err = TileRefusal;

    fn from_str(text: &str) -> Result<Self, TileRefusal> {
        match text.parse()? {
            LogPath::Bundle(id) => Ok(id),
            _ => Err(TileRefusal::Path),
        }
    }
}

impl TileRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Path => "tile_path",
            Self::Level => "tile_level",
            Self::Index => "tile_index",
            Self::Width => "tile_width",
            Self::EntryLength => "entry_length",
            Self::BundleForm => "bundle_form",
        }
    }
}

impl fmt::Display for TileRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for TileRefusal {}

/// The tiles that differ between a log of `old` and one of `new` leaves: every tile that became
/// full, and per level the partial one at the edge. From level 0 upwards, left to right.
pub fn changed_tiles(old: u64, new: u64) -> impl Iterator<Item = TileId> {
    (0..LEVELS).flat_map(move |level| {
        changed_places(hashes_at(level, old), hashes_at(level, new))
            .map(move |(index, width)| TileId { level, index, width })
    })
}

/// The bundles that differ between a log of `old` and one of `new` leaves, left to right.
pub fn changed_bundles(old: u64, new: u64) -> impl Iterator<Item = BundleId> {
    changed_places(old, new).map(|(index, width)| BundleId { index, width })
}

fn changed_places(old: u64, new: u64) -> impl Iterator<Item = (u64, u16)> {
    let full = u64::from(TILE_WIDTH);
    let end = if old < new { new.div_ceil(full) } else { 0 };
    (old / full..end).map(move |index| (index, width_at(new, index)))
}

/// Number of hashes that a tree of `size` leaves has at a level.
pub(crate) const fn hashes_at(level: u8, size: u64) -> u64 {
    if level >= LEVELS { 0 } else { size >> (level as u32 * TILE_HEIGHT) }
}

const fn width_at(hashes: u64, index: u64) -> u16 {
    match index.checked_mul(TILE_WIDTH as u64) {
        Some(first) if first < hashes => {
            let rest = hashes - first;
            if rest < TILE_WIDTH as u64 { rest as u16 } else { TILE_WIDTH }
        }
        _ => 0,
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut divisor = 1;
    while index / divisor >= GROUP {
        divisor *= GROUP;
    }
    while divisor > 1 {
        write!(f, "x{:03}/", index / divisor % GROUP)?;
        divisor /= GROUP;
    }
    write!(f, "{:03}", index % GROUP)?;
    if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

fn read_place(text: &str) -> Result<(u64, u16), TileRefusal> {
    let (number, width) = match text.split_once(".p/") {
        None => (text, TILE_WIDTH),
        Some((number, width)) => (number, read_width(width).ok_or(TileRefusal::Width)?),
    };
    read_index(number).map(|index| (index, width)).ok_or(TileRefusal::Index)
}

fn read_width(text: &str) -> Option<u16> {
    let width = u16::try_from(read_decimal(text, 3)?).ok()?;
    (1..TILE_WIDTH).contains(&width).then_some(width)
}

fn read_index(text: &str) -> Option<u64> {
    if text.starts_with("x000") || text.len() > INDEX_LENGTH_MAX {
        return None;
    }
    let (upper, last) = text.rsplit_once('/').map_or((None, text), |(up, last)| (Some(up), last));
    let mut index = 0;
    for group in upper.into_iter().flat_map(|upper| upper.split('/')) {
        index = index * GROUP + read_group(group.strip_prefix('x')?)?;
    }
    Some(index * GROUP + read_group(last)?)
}

fn read_group(text: &str) -> Option<u64> {
    let three_digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if three_digits { text.parse().ok() } else { None }
}

/// Plain decimal of at most `digits` digits: no sign, no leading zero.
fn read_decimal(text: &str, digits: usize) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= digits;
    if !plain || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

/// Tree levels per tile level.
pub const TILE_HEIGHT: u32 = 8;
/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;
/// Tile levels that a log of fewer than 2⁶³ leaves can fill.
pub(crate) const LEVELS: u8 = 8;
const LEVEL_MAX: u8 = 63;
const GROUP: u64 = 1000;
/// Six groups, five of them with an `x` and a slash: eighteen digits, more than any index has.
const INDEX_LENGTH_MAX: usize = 6 * 3 + 5 * 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_specification() {
        for (id, path) in [
            ((0, 0, 256), "tile/0/000"),
            ((0, 273, 112), "tile/0/273.p/112"),
            ((1, 1, 17), "tile/1/001.p/17"),
            ((2, 0, 1), "tile/2/000.p/1"),
            ((3, 1_234_067, 256), "tile/3/x001/x234/067"),
            ((63, 1000, 255), "tile/63/x001/000.p/255"),
            ((0, 999_999, 256), "tile/0/x999/999"),
            ((0, SIZE_MAX / 256, 255), "tile/0/x036/x028/x797/x018/x963/967.p/255"),
        ] {
            let id = TileId::new(id.0, id.1, id.2).unwrap();
            assert_eq!(id.path(), path);
            assert_eq!(path.parse(), Ok(id));
        }
        let bundle = BundleId::new(1_234_067, 9).unwrap();
        assert_eq!(bundle.path(), "tile/entries/x001/x234/067.p/9");
        assert_eq!(bundle.path().parse(), Ok(LogPath::Bundle(bundle)));
        assert_eq!("checkpoint".parse(), Ok(LogPath::Checkpoint));
    }

    #[test]
    fn any_other_spelling_is_refused() {
        use TileRefusal::{Index, Level, Path, Width};
        for (path, refusal) in [
            ("", Path),
            ("/checkpoint", Path),
            ("checkpoint/", Path),
            ("tile/0", Path),
            ("tiles/0/000", Path),
            ("tile//000", Level),
            ("tile/00/000", Level),
            ("tile/+1/000", Level),
            ("tile/64/000", Level),
            ("tile/100/000", Level),
            ("tile/data/000", Level),
            ("tile/0/", Index),
            ("tile/0/00", Index),
            ("tile/0/0000", Index),
            ("tile/0/+00", Index),
            ("tile/0/x000", Index),
            ("tile/0/x000/001", Index),
            ("tile/0/001/002", Index),
            ("tile/0/x001/x002", Index),
            ("tile/0/x001//002", Index),
            ("tile/0/../001", Index),
            ("tile/0/000/", Index),
            ("tile/0/００１", Index),
            ("tile/0/x036/x028/x797/x018/x963/968", Index),
            ("tile/0/x001/x000/x000/x000/x000/x000/000", Index),
            ("tile/0/000.p/0", Width),
            ("tile/0/000.p/", Width),
            ("tile/0/000.p/01", Width),
            ("tile/0/000.p/256", Width),
            ("tile/0/000.p/1.p/1", Width),
            ("tile/0/000.p/1 ", Width),
        ] {
            assert_eq!(path.parse::<LogPath>(), Err(refusal), "{path}");
        }
        assert_eq!("tile/entries/000".parse::<TileId>(), Err(Path));
        assert_eq!("tile/0/000".parse::<BundleId>(), Err(Path));
        assert_eq!(TileId::new(0, 0, 257), Err(Width));
    }

    #[test]
    fn seventy_thousand_leaves_as_the_specification_counts_them() {
        let tiles: Vec<_> = changed_tiles(0, 70_000).collect();
        let full = |level| tiles.iter().filter(|t| t.level() == level && t.is_full()).count();
        let partial: Vec<_> = tiles.iter().filter(|t| !t.is_full()).map(TileId::path).collect();
        assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
        assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        let at_256: Vec<_> = changed_tiles(0, 256).map(|t| t.path()).collect();
        assert_eq!(at_256, ["tile/0/000", "tile/1/000.p/1"]);
    }

    #[test]
    fn what_changes_is_exactly_what_differs() {
        let all = |size| changed_tiles(0, size).collect::<std::collections::BTreeSet<_>>();
        for (old, new) in
            [(0, 1), (1, 255), (255, 256), (256, 257), (200, 66_000), (65_536, 65_537)]
        {
            let changed: Vec<_> = changed_tiles(old, new).collect();
            let differs: Vec<_> = all(new).difference(&all(old)).copied().collect();
            assert_eq!(changed, differs, "{old} {new}");
        }
        assert_eq!(changed_tiles(5, 5).count() + changed_tiles(6, 5).count(), 0);
        assert_eq!(changed_tiles(256, 256).count(), 0);
        let bundles: Vec<_> = changed_bundles(255, 257).map(|b| b.path()).collect();
        assert_eq!(bundles, ["tile/entries/000", "tile/entries/001.p/1"]);
    }

    #[test]
    fn widths_follow_the_tree() {
        assert_eq!(TileId::of_tree(0, 273, 70_000).map(|t| t.width()), Some(112));
        assert_eq!(TileId::of_tree(0, 274, 70_000), None);
        assert_eq!(TileId::of_tree(3, 0, 70_000), None);
        assert_eq!(TileId::of_tree(63, 0, SIZE_MAX), None);
        assert_eq!(BundleId::of_tree(u64::MAX, SIZE_MAX), None);
        assert_eq!(BundleId::of_tree(0, 300).map(|b| b.is_full()), Some(true));
    }
}

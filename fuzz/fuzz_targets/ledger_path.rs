//! Paths of a tiled log out of any text, as they come in URLs: one spelling for each place.
#![no_main]

use ledger::tile::{BundleId, LogPath, TileId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let path = text.parse::<LogPath>();
    let (tile, bundle) = (text.parse::<TileId>(), text.parse::<BundleId>());
    match path {
        Ok(path) => {
            assert_eq!(path.to_string(), text);
            assert!(!text.contains("..") && !text.starts_with('/'));
            match path {
                LogPath::Checkpoint => assert!(tile.is_err() && bundle.is_err()),
                LogPath::Tile(id) => {
                    assert_eq!(tile, Ok(id));
                    assert_eq!(TileId::new(id.level(), id.index(), id.width()), Ok(id));
                    assert_eq!(id.to_full().path().parse(), Ok(id.to_full()));
                }
                LogPath::Bundle(id) => {
                    assert_eq!(bundle, Ok(id));
                    assert!(id.first_leaf() / 256 == id.index());
                }
            }
        }
        Err(_) => assert!(tile.is_err() && bundle.is_err()),
    }
});

//! The ledger as anybody reads it: `checkpoint` and `tile/…`, by C2SP tlog-tiles.
//!
//! What is served is what the published checkpoint covers, and nothing beyond it, although the
//! publisher writes tiles before it signs. A partial tile that is no longer kept is cut out of the
//! wider one at its place.

use crate::door::Inside;
use crate::openapi::{Content, Doc};
use crate::reply::{BYTES, Reply, TEXT};
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use app::publish::published_checkpoint;
use base::{Problem, labels};
use hyper::Method;
use ledger::TreeHead;
use ledger::bundle;
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use ledger::tile::{BundleId, LogPath, TileId};
use serde_json::json;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route {
            operation: "checkpoint",
            method: Method::GET,
            path: "/checkpoint",
            access: Access::Public,
            query: &[],
            handle: Handle::Look(checkpoint),
            doc: checkpoint_doc,
        },
        Route {
            operation: "tile",
            method: Method::GET,
            path: "/tile/{+path}",
            access: Access::Public,
            query: &[],
            handle: Handle::Look(tile),
            doc: tile_doc,
        },
    ]
}

/// The head of the published checkpoint, if there is one.
pub(crate) fn published_head(inside: &Inside) -> Result<Option<TreeHead>, Problem> {
    let note = match published_checkpoint(&*inside.state.publication) {
        Err(problem) if problem.label() == labels::CHECKPOINT_ABSENT.text => return Ok(None),
        note => note?,
    };
    let split = || Problem::new(&labels::LEDGER_SPLIT, "the published checkpoint does not read");
    let text = String::from_utf8(note).map_err(|_| split())?;
    let note: Note = text.parse().map_err(|_| split())?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|_| split())?;
    Ok(Some(*checkpoint.head()))
}

fn checkpoint(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    let note = published_checkpoint(&*inside.state.publication)?;
    Ok(Reply::of(TEXT, note).cached("no-cache"))
}

fn tile(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let absent = || Problem::new(&labels::TILE_ABSENT, "");
    let path: LogPath = format!("tile/{}", ask.place()).parse().map_err(|_| absent())?;
    let size = published_head(inside)?.map_or(0, |head| head.size);
    let (bytes, full) = match path {
        LogPath::Tile(id) => (hashes(inside, id, size)?, id.is_full()),
        LogPath::Bundle(id) => (entries(inside, id, size)?, id.is_full()),
        LogPath::Checkpoint => return Err(absent()),
    };
    let cache = if full { FULL } else { PARTIAL };
    Ok(Reply::of(BYTES, bytes.ok_or_else(absent)?).cached(cache))
}

fn hashes(inside: &Inside, id: TileId, size: u64) -> Result<Option<Vec<u8>>, Problem> {
    let edge = TileId::of_tree(id.level(), id.index(), size);
    let Some(edge) = edge.filter(|edge| id.width() <= edge.width()) else { return Ok(None) };
    let cut = |wider: &[u8]| id.cut(wider).map(<[u8]>::to_vec);
    first_of(inside, &[id.path(), edge.path(), id.to_full().path()], cut)
}

fn entries(inside: &Inside, id: BundleId, size: u64) -> Result<Option<Vec<u8>>, Problem> {
    let edge = BundleId::of_tree(id.index(), size);
    let Some(edge) = edge.filter(|edge| id.width() <= edge.width()) else { return Ok(None) };
    let cut = |wider: &[u8]| bundle::cut(wider, id.width()).map(<[u8]>::to_vec);
    first_of(inside, &[id.path(), edge.path(), id.to_full().path()], cut)
}

/// What the first of these that is there gives.
fn first_of(
    inside: &Inside,
    paths: &[String],
    cut: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<Option<Vec<u8>>, Problem> {
    for path in paths {
        if let Some(found) = inside.state.publication.read(path)? {
            return Ok(cut(&found));
        }
    }
    Ok(None)
}

const FULL: &str = "public, max-age=31536000, immutable";
const PARTIAL: &str = "public, max-age=3600";

fn checkpoint_doc() -> Doc {
    let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let example = format!("sekisho.example/ledger\n1\n{root}\n\n— sekisho.example/ledger …\n");
    Doc {
        tag: "ledger",
        summary: "The newest signed checkpoint (C2SP tlog-checkpoint).",
        body: None,
        answer: Content {
            media_type: TEXT,
            schema: json!({ "type": "string" }),
            example: example.into(),
        },
        links: Vec::new(),
    }
}

fn tile_doc() -> Doc {
    Doc {
        tag: "ledger",
        summary: "A tile of hashes or a bundle of leaves (C2SP tlog-tiles), as far as the \
                  published checkpoint covers it.",
        body: None,
        answer: Content { media_type: BYTES, schema: json!({}), example: "".into() },
        links: Vec::new(),
    }
}

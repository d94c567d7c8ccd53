//! Time stamps over HTTP (RFC 3161 §3.4), and those that stand beside the ledger's checkpoints.
//! What the authority refuses it says in the protocol's own words, with status 200.

use crate::door::Inside;
use crate::openapi::{Content, Doc};
use crate::reply::{Reply, TEXT};
use crate::request::Ask;
use crate::route::{Access, Handle, Look, Media, Route};
use app::checkpoint_stamp::{newest_stamp, published_stamp, published_text};
use base::{Problem, labels};
use hyper::Method;
use serde_json::json;
use x509::TIME_STAMP_REQUEST_BYTES_MAX;

pub(crate) fn routes() -> Vec<Route> {
    let get = |operation, path, look: Look, doc| Route {
        operation,
        method: Method::GET,
        path,
        access: Access::Public,
        query: &[],
        handle: Handle::Look(look),
        doc,
    };
    vec![
        Route {
            method: Method::POST,
            handle: Handle::Octets(MEDIA, stamp),
            ..get("time_stamp", "/time-stamp", stamp, stamp_doc)
        },
        get("checkpoint_stamp", "/checkpoint.tsr", newest, newest_doc),
        get("checkpoint_stamped", "/checkpoint.txt", newest_text, newest_text_doc),
        get("checkpoint_stamp_of", "/timestamps/{checkpoint}", of_size, of_size_doc),
        get("checkpoint_stamped_of", "/timestamps/{checkpoint}/text", text_of_size, text_of_doc),
    ]
}

fn stamp(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::of(REPLY, inside.stamper.answer(&ask.body)))
}

fn newest(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::of(REPLY, newest_stamp(&*inside.state.publication)?.0).cached(NEWEST))
}

fn newest_text(inside: &Inside, _: &Ask) -> Result<Reply, Problem> {
    Ok(Reply::of(TEXT, newest_stamp(&*inside.state.publication)?.1).cached(NEWEST))
}

fn of_size(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let stamp = published_stamp(&*inside.state.publication, size(ask)?)?;
    Ok(Reply::of(REPLY, stamp).cached(FOR_EVER))
}

fn text_of_size(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let text = published_text(&*inside.state.publication, size(ask)?)?;
    Ok(Reply::of(TEXT, text).cached(FOR_EVER))
}

/// A size in its one spelling.
fn size(ask: &Ask) -> Result<u64, Problem> {
    let size = ask.place().parse::<u64>().ok().filter(|size| size.to_string() == ask.place());
    size.ok_or_else(|| Problem::new(&labels::TIME_STAMP_ABSENT, ""))
}

const MEDIA: Media =
    Media { kind: "application/timestamp-query", bytes_max: TIME_STAMP_REQUEST_BYTES_MAX };
const REPLY: &str = "application/timestamp-reply";
const NEWEST: &str = "no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

fn stamp_doc() -> Doc {
    Doc {
        tag: "ledger",
        summary: "A time stamp (RFC 3161) by the platform's own key.",
        body: Some(Content { media_type: MEDIA.kind, schema: json!({}), example: "".into() }),
        answer: Content { media_type: REPLY, schema: json!({}), example: "".into() },
        links: Vec::new(),
    }
}

fn stamp_got(summary: &'static str) -> Doc {
    let answer = Content { media_type: REPLY, schema: json!({}), example: "".into() };
    Doc { tag: "ledger", summary, body: None, answer, links: Vec::new() }
}

fn text_got(summary: &'static str) -> Doc {
    let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let example = format!("sekisho.example/ledger\n1\n{root}\n").into();
    let answer = Content { media_type: TEXT, schema: json!({ "type": "string" }), example };
    Doc { tag: "ledger", summary, body: None, answer, links: Vec::new() }
}

fn newest_doc() -> Doc {
    stamp_got("The newest time stamp of a checkpoint; there is one a minute at most.")
}

fn newest_text_doc() -> Doc {
    text_got("What the newest time stamp is about: a checkpoint's text without signatures.")
}

fn of_size_doc() -> Doc {
    stamp_got("The time stamp of the checkpoint of this size, if it was stamped.")
}

fn text_of_doc() -> Doc {
    text_got("What the time stamp of the checkpoint of this size is about.")
}

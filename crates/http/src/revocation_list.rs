//! The revocation lists as anybody fetches them: `GET /crl/…`, by the addresses that certificates
//! name, with what caches need. A list is told to be kept for half a minute and never beyond the
//! moment at which the next one is due, so that a revocation is seen within a minute.

use crate::door::Inside;
use crate::openapi::{Content, Doc};
use crate::reply::{Reply, Validators};
use crate::request::Ask;
use crate::route::{Access, Handle, Route};
use base::{Problem, labels};
use hyper::Method;
use serde_json::json;
use std::fmt::Write as _;
use x509::Crl;

pub(crate) fn routes() -> Vec<Route> {
    vec![Route {
        operation: "revocation_list",
        method: Method::GET,
        path: "/crl/{kind}/{generation}/{list}",
        access: Access::Public,
        query: &[],
        handle: Handle::Look(list),
        doc,
    }]
}

fn list(inside: &Inside, ask: &Ask) -> Result<Reply, Problem> {
    let absent = || Problem::new(&labels::PATH_ABSENT, "");
    let path = ask.path.join("/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-.".contains(&byte);
    if !path.ends_with(".crl") || !path.bytes().all(plain) {
        return Err(absent());
    }
    let place = inside.state.lists.as_ref().ok_or_else(absent)?;
    let bytes = place.read(&path)?.ok_or_else(absent)?;
    let broken = |_| Problem::new(&labels::INTERNAL, "a published list does not parse");
    let list = Crl::parse(&bytes).map_err(broken)?;
    let now = inside.state.platform.clock.now();
    let (modified, next) = (list.this_update(), list.next_update());
    let expires = next.map_or(now, |next| next.min(now.plus_us(KEPT_US)));
    let tag = tag_of(&bytes);
    let left_s = u32::try_from((expires.us() - now.us()) / SECOND_US).unwrap_or(0);
    // A list gathers changes for seconds before it follows another.
    let validators = Validators { tag, modified, expires, by_date: true };
    Ok(Reply::of(MEDIA_TYPE, bytes).cached_for(left_s).validated(validators))
}

/// The entity tag of a list: half of its SHA-256.
fn tag_of(bytes: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in &x509::sha256(bytes)[..16] {
        // Writing into a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

const MEDIA_TYPE: &str = "application/pkix-crl";
const SECOND_US: i64 = 1_000_000;
/// How long others may keep a list.
const KEPT_US: i64 = 30 * SECOND_US;

fn doc() -> Doc {
    Doc {
        tag: "certificates",
        summary: "A revocation list, complete or delta (RFC 5280 §5), by the path in certificates.",
        body: None,
        answer: Content { media_type: MEDIA_TYPE, schema: json!({}), example: "".into() },
        links: Vec::new(),
    }
}
